"""A seller's browser at the steps of an upload."""

import re
from pathlib import Path

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from marketplace.models import Dataset, DatasetVersion, UploadDraft
from tests.factories.requests import GOOD_CSV

EUROPEAN = "Alter;Gain;Sex;Income;Strasse\n39,5;1;male;>50K;Hauptstraße\n50;;FEMALE;<=50K;Ring\n".encode("latin-1")
PAGES = ("upload_draft", "upload_reading", "upload_columns", "upload_check")
STEPS = ("upload_reading", "upload_columns", "upload_relax", "upload_submit", "upload_discard")


def signed_in(user, **options):
    client = Client(**options)
    client.force_login(user)
    return client


def url(name, draft):
    return reverse(f"marketplace:{name}", args=[draft.pk])


def hidden_fields(page):
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.content.decode()))


def upload(client, request, data=GOOD_CSV, *, name="Census extract", filename="census.csv", headers=None, **fields):
    page = client.get(reverse("marketplace:upload", args=[request.pk]))
    file = SimpleUploadedFile(filename, data)
    given = {**hidden_fields(page), "name": name, "file": file, **fields}
    return client.post(page.request["PATH_INFO"], given, headers=headers)


def stored():
    root = Path(default_storage.location)
    files = {str(path) for path in root.rglob("*") if path.is_file()}
    return files, [model.objects.count() for model in (Dataset, DatasetVersion, UploadDraft)]
