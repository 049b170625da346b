"""A run may be asked to know amounts, and not only shares of the pot: earlier runs were asked for shares alone."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('marketplace', '0013_buyers_own_rows'),
        ('valuation', '0003_quotes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='valuationrun',
            name='run_inputs',
        ),
        migrations.AddField(
            model_name='valuationrun',
            name='due_absolute',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='valuationrun',
            name='due_relative',
            field=models.FloatField(help_text='One standard error of an amount may be this part of it, or `due_absolute` of the pot.', null=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='valuationrun',
            trigger=pgtrigger.compiler.Trigger(name='run_inputs', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."request_id" IS DISTINCT FROM (NEW."request_id") OR OLD."inputs_sha256" IS DISTINCT FROM (NEW."inputs_sha256") OR OLD."manifest" IS DISTINCT FROM (NEW."manifest") OR OLD."method_version" IS DISTINCT FROM (NEW."method_version") OR OLD."seed" IS DISTINCT FROM (NEW."seed") OR OLD."precision_target" IS DISTINCT FROM (NEW."precision_target") OR OLD."due_relative" IS DISTINCT FROM (NEW."due_relative") OR OLD."due_absolute" IS DISTINCT FROM (NEW."due_absolute") OR OLD."evaluations_max" IS DISTINCT FROM (NEW."evaluations_max") OR OLD."row_evaluations_max" IS DISTINCT FROM (NEW."row_evaluations_max"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='e2054acaa49c98a9d918ef357b906a0de5d6b36d', operation='UPDATE', pgid='pgtrigger_run_inputs_820a7', table='valuation_valuationrun', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='valuationrun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('due_absolute__isnull', True), ('due_relative__isnull', True)), models.Q(('due_absolute__gte', 0), ('due_relative__gt', 0)), _connector='OR'), name='run_due_target_whole'),
        ),
    ]
