"""A run knows whether its round pays behind a gate; every run before looked at values as the gate does."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('valuation', '0004_precision_in_what_is_due'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='valuationrun',
            name='run_inputs',
        ),
        migrations.AddField(
            model_name='valuationrun',
            name='gated',
            field=models.BooleanField(default=True, help_text='Whether only values above 0 beyond their errors count as paid; so runs were that did not say it.'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='valuationrun',
            trigger=pgtrigger.compiler.Trigger(name='run_inputs', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."request_id" IS DISTINCT FROM (NEW."request_id") OR OLD."inputs_sha256" IS DISTINCT FROM (NEW."inputs_sha256") OR OLD."manifest" IS DISTINCT FROM (NEW."manifest") OR OLD."method_version" IS DISTINCT FROM (NEW."method_version") OR OLD."seed" IS DISTINCT FROM (NEW."seed") OR OLD."precision_target" IS DISTINCT FROM (NEW."precision_target") OR OLD."due_relative" IS DISTINCT FROM (NEW."due_relative") OR OLD."due_absolute" IS DISTINCT FROM (NEW."due_absolute") OR OLD."gated" IS DISTINCT FROM (NEW."gated") OR OLD."evaluations_max" IS DISTINCT FROM (NEW."evaluations_max") OR OLD."row_evaluations_max" IS DISTINCT FROM (NEW."row_evaluations_max"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='c9c3f9e4391c10c6c7b39486f792bd26f8b78e57', operation='UPDATE', pgid='pgtrigger_run_inputs_820a7', table='valuation_valuationrun', when='BEFORE')),
        ),
    ]
