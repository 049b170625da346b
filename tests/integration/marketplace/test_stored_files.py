"""A crash anywhere leaves rows whose files are there, and files that the sweep removes."""

import datetime as dt
import os
import sys
from functools import partial
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections
from django.utils import timezone

from marketplace.models import DatasetVersion, Role, Submission, UploadDraft
from marketplace.services import datasets, stored_files, submissions, upload_drafts
from tests.factories.accounts import make_member
from tests.factories.datasets import make_draft, make_submission, make_version
from tests.factories.requests import GOOD_CSV, make_request

MORE = GOOD_CSV + b"20,1,Male,>50K\n"
KILLED = 9
# What writes files or rows, in the services of uploads, datasets and submissions.
WRITING = {"_store", "_store_rows", "_enter", "_write", "_discard", "remove_after_commit", "_remove"} | {
    *("enter", "_next", "submit", "submit_draft"),
}


def files():
    root = Path(default_storage.location)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def referred_to():
    drafts = UploadDraft.objects.values_list("original", "parquet", "request__validation_file")
    versions = DatasetVersion.objects.values_list("original", "parquet", "dataset__request__validation_file")
    return {name for row in (*drafts, *versions) for name in row if name}


def make_old(*names):
    days_ago = (timezone.now() - stored_files.ORPHAN_AFTER - dt.timedelta(minutes=1)).timestamp()
    for name in names:
        os.utime(default_storage.path(name), (days_ago, days_ago))


@pytest.mark.django_db
def test_an_orphan_is_swept_once_it_is_old():
    submission = make_submission()
    version, kept = submission.version, files()
    for folder in ("originals", "versions", "validation"):
        default_storage.save(f"{folder}/orphan.csv", ContentFile(b"x"))
    default_storage.save("inputs/of-another-app.npy", ContentFile(b"x"))

    assert stored_files.sweep() == 0
    make_old(*files())
    assert stored_files.sweep() == 3

    assert files() == kept | {"inputs/of-another-app.npy"}
    assert version.original.name in kept


@pytest.mark.django_db
def test_an_expired_draft_goes_with_its_files_and_a_version_keeps_them(django_capture_on_commit_callbacks):
    seller, request = make_member(Role.SELLER), make_request()
    make_version(seller=seller, request=request)
    kept = files()
    draft = make_draft(seller=seller, request=request, data=MORE)
    UploadDraft.objects.filter(pk=draft.pk).update(expires_at=timezone.now())
    late = make_draft(seller=seller, request=request, name="Later", data=MORE)

    with django_capture_on_commit_callbacks(execute=True):
        stored_files.sweep()

    assert UploadDraft.objects.exclude(state="entered").get() == late
    assert files() == kept | {late.original.name, late.parquet.name}


@pytest.mark.django_db
def test_the_row_of_an_entered_draft_may_go_and_its_version_keeps_the_files(
    django_capture_on_commit_callbacks, monkeypatch
):
    seller = make_member(Role.SELLER)
    version = make_version(seller=seller)
    before, in_a_week = files(), timezone.now() + dt.timedelta(days=8)
    monkeypatch.setattr(timezone, "now", lambda: in_a_week)

    with django_capture_on_commit_callbacks(execute=True):
        stored_files.sweep()

    assert not UploadDraft.objects.exists()
    assert files() == before
    assert version.original.name in before


def killed_at(line, act):
    """Do something in a child process that is killed at the nth line of what writes; say whether it came so far."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        left = line

        def trace(frame, event, _):
            nonlocal left
            if frame.f_code.co_name not in WRITING or "marketplace/services" not in frame.f_code.co_filename:
                return None
            if event == "line":
                left -= 1
                if left == 0:
                    os._exit(KILLED)
            return trace

        try:
            sys.settrace(trace)
            act()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == KILLED


def correct(draft):
    make_draft(seller=draft.received_by, request=draft.request, data=MORE)


def relax(draft):
    upload_drafts.relax(draft=draft, columns=["sex"], by=draft.received_by)


def submit(draft):
    submissions.submit_draft(draft=draft, by=draft.received_by)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [correct, relax, submit])
def test_a_crash_at_any_line_leaves_nothing_half_stored(act):
    """Every row's files are there, and what is left over goes when it is old."""
    line, was_killed = 0, True
    seller = make_member(Role.SELLER)
    while was_killed:
        line += 1
        was_killed = killed_at(line, partial(act, make_draft(seller=seller, request=make_request())))
        assert referred_to() <= files(), line
        assert Submission.objects.count() == DatasetVersion.objects.count(), line
    make_old(*files())
    stored_files.sweep()
    assert {name for name in files() if not name.startswith("validation/")} <= referred_to() <= files()
    assert line > 10


@pytest.mark.django_db
def test_rows_that_exist_keep_their_files_whatever_their_age():
    seller = make_member(Role.SELLER)
    draft = make_draft(seller=seller)
    before = files()
    make_old(*before)

    assert stored_files.sweep() == 0

    assert files() == before
    assert datasets.enter(draft=draft, by=seller).parquet.size > 0
