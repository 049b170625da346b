"""Why a dry run failed is a code; of those that failed before, their sentences tell it a last time."""

import pgtrigger
from django.conf import settings
from django.db import migrations, models

# How the sentences begin that say nothing against the terms.
BEGINNINGS = {
    "The dry run took too long": "too_little",
    "The dry run broke down with MemoryError": "too_little",
    "The dry run was interrupted": "unfinished",
    "The dry run could not reach": "unfinished",
}


def code_of(error):
    return next((code for beginning, code in BEGINNINGS.items() if error.startswith(beginning)), "impossible")


def give_codes(apps, schema_editor):
    failed = apps.get_model("valuation", "Quote").objects.filter(state="failed")
    with pgtrigger.ignore("valuation.Quote:quote_ended_is_final"):
        for quote in failed.iterator():
            quote.failure = code_of(quote.error)
            quote.save(update_fields=["failure"])


class Migration(migrations.Migration):

    dependencies = [
        ('marketplace', '0013_buyers_own_rows'),
        ('valuation', '0005_whom_the_stop_rule_looks_at'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='quote',
            name='failure',
            field=models.CharField(blank=True, choices=[('impossible', 'No round could be valued'), ('too_little', 'The worker had too little time or memory'), ('unfinished', 'Nobody finished it')], max_length=10),
        ),
        migrations.RunPython(give_codes, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='quote',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('failure__in', ['impossible', 'too_little', 'unfinished']), ('state', 'failed')), models.Q(models.Q(('state', 'failed'), _negated=True), ('failure', '')), _connector='OR'), name='quote_failed_has_a_code'),
        ),
    ]
