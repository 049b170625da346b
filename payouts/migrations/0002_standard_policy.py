"""A first policy, so that a fresh installation can open a round: proportional shares of significant values."""

from django.db import migrations

NAME = "Standard"


def create(apps, _schema_editor):
    policy = apps.get_model("payouts", "PayoutPolicy")
    is_first = not policy.objects.filter(is_default=True).exists()
    policy.objects.get_or_create(name=NAME, defaults={"is_default": is_first})


def remove(apps, _schema_editor):
    # A policy that a round has used stays: the round's history points at it.
    apps.get_model("payouts", "PayoutPolicy").objects.filter(name=NAME, rounds__isnull=True).delete()


class Migration(migrations.Migration):
    dependencies = [("payouts", "0001_initial")]

    operations = [migrations.RunPython(create, remove)]
