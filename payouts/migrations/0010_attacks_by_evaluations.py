
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payouts', '0009_chances'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AttackProgress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('shells_random', 'Shells, rows dealt at random'), ('shells_by_size', 'Shells of very different sizes'), ('shells_by_label', 'Shells, rows sorted by their label'), ('null_shells', 'Up to fifty accounts of worthless rows'), ('null_shells_many', 'Five hundred accounts of worthless rows'), ('copier', "A copy of the best-paid seller's rows"), ('copier_smallest', "A copy of the smallest seller's rows"), ('labels_flipped', 'Rows whose labels are all flipped'), ('half_flipped', 'Rows of which half have flipped labels'), ('one_class', 'Rows of one class only'), ('outliers', 'Rows with numbers a hundred times too large'), ('mergers', 'Two sellers who count as one owner')], max_length=20)),
                ('times', models.PositiveSmallIntegerField()),
                ('method_version', models.CharField(help_text='Two methods must not share one result.', max_length=40)),
                ('archive', models.BinaryField(help_text='What is merged so far.')),
                ('wave', models.JSONField(help_text='The blocks that are left of the wave.')),
                ('evaluations', models.PositiveBigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='AttackRetry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('times', models.PositiveSmallIntegerField(help_text='How many times the first budget of evaluations.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['times'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='attacktest',
            name='attack_tried_once_per_kind',
        ),
        migrations.AddField(
            model_name='attacktest',
            name='times',
            field=models.PositiveSmallIntegerField(default=1, help_text='How many times the first budget of evaluations.'),
        ),
        migrations.AlterField(
            model_name='attacktest',
            name='kind',
            field=models.CharField(choices=[('shells_random', 'Shells, rows dealt at random'), ('shells_by_size', 'Shells of very different sizes'), ('shells_by_label', 'Shells, rows sorted by their label'), ('null_shells', 'Up to fifty accounts of worthless rows'), ('null_shells_many', 'Five hundred accounts of worthless rows'), ('copier', "A copy of the best-paid seller's rows"), ('copier_smallest', "A copy of the smallest seller's rows"), ('labels_flipped', 'Rows whose labels are all flipped'), ('half_flipped', 'Rows of which half have flipped labels'), ('one_class', 'Rows of one class only'), ('outliers', 'Rows with numbers a hundred times too large'), ('mergers', 'Two sellers who count as one owner')], max_length=20),
        ),
        migrations.AddConstraint(
            model_name='attacktest',
            constraint=models.UniqueConstraint(fields=('round', 'kind', 'times'), name='attack_tried_once_per_kind_and_budget'),
        ),
        migrations.AddField(
            model_name='attackprogress',
            name='round',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='payouts.payoutround'),
        ),
        migrations.AddField(
            model_name='attackretry',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='attackretry',
            name='round',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attack_retries', to='payouts.payoutround'),
        ),
        migrations.AddConstraint(
            model_name='attackprogress',
            constraint=models.UniqueConstraint(fields=('round', 'kind', 'times'), name='attack_goes_on_from_one_place'),
        ),
        migrations.AddConstraint(
            model_name='attackretry',
            constraint=models.UniqueConstraint(fields=('round', 'times'), name='attacks_asked_again_once_per_budget'),
        ),
        migrations.AddConstraint(
            model_name='attackretry',
            constraint=models.CheckConstraint(condition=models.Q(('times__gt', 1)), name='attacks_asked_again_with_more'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='attackretry',
            trigger=pgtrigger.compiler.Trigger(name='append_only', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;", hash='86cb547a1ebfbdecd43c7580b6d117b471fbba06', operation='UPDATE OR DELETE', pgid='pgtrigger_append_only_f435b', table='payouts_attackretry', when='BEFORE')),
        ),
    ]
