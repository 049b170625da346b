"""Requests that were opened before a model said its terms keep those that were in force: they were committed to."""

import pgtrigger
from django.db import migrations

# A score may lie below that of no model at all, every row weighs alike whatever its class, numbers are taken as they are.
FIRST_TERMS = {"class_weights": False, "free_disposal": False, "clip_numbers": False, "start_rows": 0}


def write_first_terms(apps, schema_editor):
    requests = apps.get_model("marketplace", "DataRequest").objects.exclude(state__in=["draft", "discarded"])
    # Nothing that was committed to changes: what was understood is written down.
    with pgtrigger.ignore("marketplace.DataRequest:terms"):
        for request in requests.iterator():
            request.model_spec = FIRST_TERMS | request.model_spec
            request.save(update_fields=["model_spec"])


class Migration(migrations.Migration):
    dependencies = [("marketplace", "0011_findings_of_a_later_method")]

    operations = [migrations.RunPython(write_first_terms, migrations.RunPython.noop)]
