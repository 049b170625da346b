"""What the database holds of runs and rounds is what the documents write, and what earlier releases wrote is read."""

import hashlib
import json

import pytest

from marketplace.basics.documents import DocumentError
from payouts.models import AuditReport, PayoutRound
from payouts.services import attacks, rounds
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, page, words
from tests.integration.payouts.test_api import make_key
from valuation.models import ValuationRun

SENTENCES = {"freezing": 0.5, "evaluating, all workers together": 20.25, "merging": 5.0}


def sha256_of(stored):
    return hashlib.sha256(json.dumps(stored, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@pytest.mark.real_valuation
def test_a_real_rounds_documents_are_read_and_written_as_they_are_stored(really_reviewed):
    payout_round = really_reviewed[0]
    attacks.try_attack(round_id=payout_round.pk, kind="mergers")
    run, report, attack = payout_round.run, payout_round.audit_report, payout_round.attack_tests.get()

    columns = [(run, name) for name in ("manifest", "progress", "outcome")]
    for instance, column in [*columns, (report, "figures"), (attack, "figures")]:
        fresh = type(instance).objects.get(pk=instance.pk)
        assert getattr(fresh, column).to_json() == scenario.raw(instance, column)
    assert (
        sha256_of(scenario.raw(run, "manifest"))
        == run.manifest.sha256
        == run.inputs_sha256
        == payout_round.inputs_sha256
    )


@pytest.mark.real_valuation
def test_manifests_of_every_format_keep_the_hash_that_was_approved(really_reviewed):
    run = really_reviewed[0].run
    third = scenario.raw(run, "manifest")
    files = [{name: value for name, value in file.items() if name != "rows_left_out"} for file in third["submissions"]]
    terms = ("class_weights", "free_disposal", "clip_numbers", "start_rows")
    second = {name: value for name, value in third.items() if name != "left_out_whole"} | {
        "format": 2,
        "submissions": files,
        "model": {name: value for name, value in third["model"].items() if name not in terms},
    }
    first = {name: value for name, value in second.items() if name != "batched"} | {"format": 1}

    for stored in (third, second, first):
        scenario.put_back(run, "manifest", stored)
        manifest = ValuationRun.objects.get(pk=run.pk).manifest
        assert manifest.sha256 == sha256_of(stored)
        assert manifest.spec.free_disposal is (stored is third)


def first_version(report):
    later = ("share_half_widths", "total_validation_error", "row_evaluations")
    return {name: value for name, value in scenario.raw(report, "figures").items() if name not in later} | {
        "schema": "audit_figures.v1",
        "seconds": SENTENCES,
    }


def test_an_older_rounds_figures_are_shown_and_approved(place):
    review = scenario.in_review(place)
    scenario.put_back(review.audit_report, "figures", first_version(review.audit_report))
    outcome = {name: value for name, value in scenario.raw(review.run, "outcome").items() if name != "format"}
    scenario.put_back(review.run, "outcome", outcome | {"seconds": SENTENCES})
    operator = browser(place.first)

    for name in ("round_detail", "round_audit"):
        said = words(operator.get(page(name, review.pk)))
        assert "Training and scoring, all workers together 20" in said
    review = PayoutRound.objects.get(pk=review.pk)
    posted = rounds.post(payout_round=scenario.approve(review, place.second), by=place.first)
    assert operator.get(page("round_detail", posted.pk)).status_code == 200


def test_the_api_gives_every_key_of_an_older_rounds_figures(client, place):
    posted = scenario.posted(place)
    _, secret = make_key(place.first)

    def audit():
        headers = {"Authorization": f"Bearer {secret}"}
        return client.get(f"/api/v1/rounds/{posted.pk}", headers=headers).json()["audit"]

    new = audit()
    scenario.put_back(posted.audit_report, "figures", first_version(posted.audit_report))
    old = audit()

    assert new["schema"] == "audit_figures.v2"
    assert list(new["seconds"]) == ["freezing", "evaluating", "embedding_rows", "valuing_rows", "merging"]
    assert old == new | {
        "schema": "audit_figures.v1",
        "seconds": {"freezing": 0.5, "evaluating": 20.25, "embedding_rows": 0, "valuing_rows": 0, "merging": 5.0},
        "share_half_widths": {},
        "total_validation_error": None,
        "row_evaluations": 0,
    }


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("manifest", {"rowwise": "yes"}),
        ("manifest", {"later": 1}),
        ("outcome", {"utility_full": None}),
        ("outcome", {"seconds": SENTENCES}),
        ("progress", {"wave": "2"}),
    ],
)
def test_a_run_that_holds_something_else_is_not_read(place, column, change):
    run = scenario.in_review(place).run
    scenario.put_back(run, column, scenario.raw(run, column) | change)

    with pytest.raises(DocumentError, match=f"^Stored {column.title()} does not fit at {next(iter(change))}"):
        ValuationRun.objects.get(pk=run.pk)


def test_no_plain_json_is_stored(place):
    review = scenario.in_review(place)

    with pytest.raises(DocumentError, match="manifest takes Manifest documents, and no dict"):
        ValuationRun.objects.create(manifest=review.run.manifest.to_json())
    with pytest.raises(DocumentError, match="outcome takes Outcome documents, and no dict"):
        ValuationRun.objects.filter(pk=review.run_id).update(outcome=review.run.outcome.to_json())
    with pytest.raises(DocumentError, match="figures takes AuditFigures documents, and no dict"):
        AuditReport.objects.create(round=review, figures=review.audit_report.figures.to_json())
