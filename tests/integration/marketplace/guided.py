"""The steps of the guided request, as a browser asks for them."""

from django.core.files.uploadedfile import SimpleUploadedFile

STEPS = ("words", "columns", "target", "model", "parameters", "validation", "own-rows", "budget", "review")


def upload(content, name="rows.csv"):
    return {"file": SimpleUploadedFile(name, content)}


def address(step, draft):
    return f"/requests/{draft.pk}/draft/{step}/"
