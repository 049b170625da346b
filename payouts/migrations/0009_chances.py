"""A policy pays by one of three rules, lines keep the chance, and the standard policy pays by it from now on.

What a policy said it goes on saying: a gate stays a gate. The standard policy, which came with the installation, is
what new rounds begin with, so it is renewed where nobody made it differ: in place where no round was drafted with it;
else it keeps its terms under another name, because rounds point at it, and a new standard policy takes its place as the
default. Rounds that exist have their own copy of their policy and read their rule off that, so that drafts and posted
rounds pay what they said they would.
"""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

STANDARD, STANDARD_BEFORE = "Standard", "Standard (gate)"
AS_INSTALLED = {
    "negative": "clip",
    "rule": "gate",
    "cap_basis_points": 10_000,
    "floor_basis_points": 0,
    "minimum_minor": 0,
    "fee_basis_points": 0,
}


def from_gates(apps, _schema_editor):
    policies = apps.get_model("payouts", "PayoutPolicy").objects
    policies.filter(significant_only=True).update(rule="gate")
    policies.filter(significant_only=False).update(rule="clip")


def to_gates(apps, _schema_editor):
    # The older program knows no chances; a gate is what it would have been written as.
    apps.get_model("payouts", "PayoutPolicy").objects.filter(rule="clip").update(significant_only=False)


def renew_the_standard(apps, _schema_editor):
    policies = apps.get_model("payouts", "PayoutPolicy").objects
    standard = policies.filter(name=STANDARD, **AS_INSTALLED).first()
    if standard is None or policies.filter(name=STANDARD_BEFORE).exists():
        return
    if not standard.rounds.exists():
        standard.rule = "chance"
        standard.save(update_fields=["rule"])
        return
    was_default = standard.is_default
    standard.name, standard.is_default = STANDARD_BEFORE, False
    standard.save(update_fields=["name", "is_default"])
    policies.create(name=STANDARD, rule="chance", is_default=was_default)


class Migration(migrations.Migration):

    dependencies = [
        ('marketplace', '0011_findings_of_a_later_method'),
        ('payouts', '0008_releases'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='payoutline',
            name='line_facts',
        ),
        migrations.AddField(
            model_name='payoutline',
            name='chance',
            field=models.FloatField(help_text="That the owner's rows are not worth nothing; null where the policy did not ask.", null=True),
        ),
        migrations.AddField(
            model_name='payoutpolicy',
            name='rule',
            field=models.CharField(choices=[('clip', 'clip'), ('gate', 'gate'), ('chance', 'chance')], default='chance', max_length=10),
        ),
        migrations.RunPython(from_gates, to_gates),
        migrations.RunPython(renew_the_standard, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='payoutpolicy',
            name='significant_only',
        ),
        migrations.AlterField(
            model_name='payoutline',
            name='reason',
            field=models.CharField(choices=[('proportional', 'proportional'), ('capped', 'capped'), ('floored', 'floored'), ('below_minimum', 'below_minimum'), ('not_significant', 'not_significant'), ('not_positive', 'not_positive'), ('nothing_to_share', 'nothing_to_share'), ('rounded_to_nothing', 'rounded_to_nothing'), ('copies', 'copies')], max_length=20),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='payoutline',
            trigger=pgtrigger.compiler.Trigger(name='line_facts', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."round_id" IS DISTINCT FROM (NEW."round_id") OR OLD."organization_id" IS DISTINCT FROM (NEW."organization_id") OR OLD."owner_key" IS DISTINCT FROM (NEW."owner_key") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."rows" IS DISTINCT FROM (NEW."rows") OR OLD."amount_minor" IS DISTINCT FROM (NEW."amount_minor") OR OLD."amount_lower_minor" IS DISTINCT FROM (NEW."amount_lower_minor") OR OLD."amount_upper_minor" IS DISTINCT FROM (NEW."amount_upper_minor") OR OLD."amount_validation_lower_minor" IS DISTINCT FROM (NEW."amount_validation_lower_minor") OR OLD."amount_validation_upper_minor" IS DISTINCT FROM (NEW."amount_validation_upper_minor") OR OLD."share_numerator" IS DISTINCT FROM (NEW."share_numerator") OR OLD."share_denominator" IS DISTINCT FROM (NEW."share_denominator") OR OLD."share_lower" IS DISTINCT FROM (NEW."share_lower") OR OLD."share_upper" IS DISTINCT FROM (NEW."share_upper") OR OLD."share_validation_lower" IS DISTINCT FROM (NEW."share_validation_lower") OR OLD."share_validation_upper" IS DISTINCT FROM (NEW."share_validation_upper") OR OLD."value" IS DISTINCT FROM (NEW."value") OR OLD."value_lower" IS DISTINCT FROM (NEW."value_lower") OR OLD."value_upper" IS DISTINCT FROM (NEW."value_upper") OR OLD."value_validation_lower" IS DISTINCT FROM (NEW."value_validation_lower") OR OLD."value_validation_upper" IS DISTINCT FROM (NEW."value_validation_upper") OR OLD."chance" IS DISTINCT FROM (NEW."chance"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='e2a90abe2f87448baa1d20628a0d5200e1c69e65', operation='UPDATE', pgid='pgtrigger_line_facts_6b9b5', table='payouts_payoutline', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='payoutline',
            constraint=models.CheckConstraint(condition=models.Q(('chance__isnull', True), models.Q(('chance__gt', 0), ('chance__lte', 1)), _connector='OR'), name='line_chance_is_one'),
        ),
        migrations.AddConstraint(
            model_name='payoutpolicy',
            constraint=models.CheckConstraint(condition=models.Q(('rule__in', ['clip', 'gate', 'chance'])), name='policy_rule_known'),
        ),
    ]
