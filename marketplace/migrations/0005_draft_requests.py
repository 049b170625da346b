import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('marketplace', '0004_upload_drafts'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='datarequest',
            name='terms',
        ),
        migrations.AddField(
            model_name='datarequest',
            name='evaluations_max',
            field=models.PositiveBigIntegerField(default=200000, help_text='Most trainings of the model that a round is to spend.'),
        ),
        migrations.AddField(
            model_name='datarequest',
            name='pot_minor',
            field=models.PositiveBigIntegerField(help_text='The pot that the buyer announces to sellers.', null=True),
        ),
        migrations.AddField(
            model_name='datarequest',
            name='precision_target',
            field=models.FloatField(default=0.02, help_text='Largest 95 % half-width of a share that the buyer wants, as a fraction of the pot.'),
        ),
        migrations.AddField(
            model_name='datarequest',
            name='validation_profile',
            field=models.JSONField(blank=True, default=dict, help_text="Summary of the validation rows, for the buyer's eyes only."),
        ),
        migrations.AlterField(
            model_name='datarequest',
            name='metric',
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AlterField(
            model_name='datarequest',
            name='model_spec',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AlterField(
            model_name='datarequest',
            name='schema',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AlterField(
            model_name='datarequest',
            name='target',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AlterField(
            model_name='datarequest',
            name='task',
            field=models.CharField(blank=True, choices=[('classification', 'Classification'), ('regression', 'Regression')], max_length=14),
        ),
        migrations.AlterField(
            model_name='datarequest',
            name='validation_file',
            field=models.FileField(blank=True, upload_to='validation/'),
        ),
        migrations.AlterField(
            model_name='datarequest',
            name='validation_rows',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='datarequest',
            name='validation_sha256',
            field=models.CharField(blank=True, max_length=64),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='datarequest',
            trigger=pgtrigger.compiler.Trigger(name='request_state', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE _is_valid_transition BOOLEAN;', func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{draft:open,open:closed}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;', hash='75528927e47b0c7cb4faf1e2a3dd29dd46f5e2f6', operation='UPDATE', pgid='pgtrigger_request_state_5da2d', table='marketplace_datarequest', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='datarequest',
            trigger=pgtrigger.compiler.Trigger(name='request_identity', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."buyer_id" IS DISTINCT FROM (NEW."buyer_id") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at"))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='62738ca4eb00301e0b582a3fe10121a0cb3a973c', operation='UPDATE', pgid='pgtrigger_request_identity_122e6', table='marketplace_datarequest', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='datarequest',
            trigger=pgtrigger.compiler.Trigger(name='terms', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (NOT (OLD."state" = \'draft\') AND (OLD."schema" IS DISTINCT FROM (NEW."schema") OR OLD."target" IS DISTINCT FROM (NEW."target") OR OLD."task" IS DISTINCT FROM (NEW."task") OR OLD."model_spec" IS DISTINCT FROM (NEW."model_spec") OR OLD."metric" IS DISTINCT FROM (NEW."metric") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."pot_minor" IS DISTINCT FROM (NEW."pot_minor") OR OLD."precision_target" IS DISTINCT FROM (NEW."precision_target") OR OLD."evaluations_max" IS DISTINCT FROM (NEW."evaluations_max") OR OLD."validation_file" IS DISTINCT FROM (NEW."validation_file") OR OLD."validation_sha256" IS DISTINCT FROM (NEW."validation_sha256") OR OLD."validation_rows" IS DISTINCT FROM (NEW."validation_rows") OR OLD."validation_profile" IS DISTINCT FROM (NEW."validation_profile") OR OLD."opened_at" IS DISTINCT FROM (NEW."opened_at")))', func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;", hash='26dc706238fa7ad5e2bc388c386dfac47c7d7139', operation='UPDATE', pgid='pgtrigger_terms_75a93', table='marketplace_datarequest', when='BEFORE')),
        ),
        migrations.AddConstraint(
            model_name='datarequest',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(models.Q(('target', ''), _negated=True), models.Q(('task', ''), _negated=True), models.Q(('metric', ''), _negated=True), models.Q(('validation_file', ''), _negated=True), models.Q(('validation_sha256', ''), _negated=True), ('validation_rows__gt', 0)), _connector='OR'), name='request_opened_is_complete'),
        ),
        migrations.AddConstraint(
            model_name='datarequest',
            constraint=models.CheckConstraint(condition=models.Q(('pot_minor__isnull', True), ('pot_minor__gt', 0), _connector='OR'), name='request_pot_above_zero'),
        ),
        migrations.AddConstraint(
            model_name='datarequest',
            constraint=models.CheckConstraint(condition=models.Q(('precision_target__gt', 0), ('precision_target__lte', 0.5)), name='request_precision_in_range'),
        ),
    ]
