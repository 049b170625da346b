"""Attacks on a round in review, over a real valuation: tried once each, kept, and without effect on the lines."""

import uuid

import numpy as np
import pytest
from django.db import connection

from payouts import tasks
from payouts.models import AttackTest
from payouts.selectors.digest import lines_sha256
from payouts.services import attacks
from tests.integration.payouts import scenario
from valuation.selectors import runs as valuation

pytestmark = pytest.mark.real_valuation


@pytest.fixture
def review(really_reviewed):
    return really_reviewed[0]


def test_every_attack_is_tried_once_and_changes_no_line(review):
    before = lines_sha256(review, review.lines.all())
    for kind in attacks.Kind.values:
        tasks.try_attack(round_id=str(review.pk), kind=kind)
    figures = {test.kind: test.figures for test in review.attack_tests.all()}
    tasks.try_attack(round_id=str(review.pk), kind="copier")

    assert set(figures) == set(attacks.Kind.values)
    assert AttackTest.objects.count() == len(figures)
    assert lines_sha256(review, review.lines.all()) == before
    assert not attacks.rounds_with_untried().exists()
    for kind in ("shells_random", "shells_by_size", "shells_by_label"):
        tests = figures[kind]["tests"]
        assert [test["accounts"] for test in tests] == [2, 3, 4, 5] * 3
        assert all(test["defended_gain_minor"] == 0 for test in tests)
    (stranger,) = figures["null_shells"]["tests"]
    assert stranger["accounts"] == 20
    (copier,) = figures["copier"]["tests"]
    assert copier["after_minor"] > 0
    same = figures["copier"]["same_as_victim"]
    assert abs(same["value"]) < 4 * same["error"]
    assert abs(figures["null_shells"]["strangers"]["value"]) < 0.1
    assert copier["defended_gain_minor"] == 0


def test_the_parts_of_a_seller_sum_to_its_value(review):
    attacks.try_attack(round_id=review.pk, kind="shells_random")

    parts = review.attack_tests.get().figures["parts"]
    fgsv = valuation.outcome(review.run).rules["fgsv"]
    errors = np.hypot([part["error"] for part in parts], np.sqrt(np.diag(fgsv.covariance)))
    assert (np.abs([part["value"] for part in parts] - fgsv.values) < 4 * errors).all()


def test_an_attack_that_cannot_be_valued_says_so(review, monkeypatch):
    monkeypatch.setattr("valuation.services.attacks.EVALUATIONS_MAX", 3)
    monkeypatch.setattr("valuation.services.attacks.EVALUATIONS_MIN", 3)

    attacks.try_attack(round_id=review.pk, kind="null_shells")

    assert "evaluations" in review.attack_tests.get().figures["error"]


def test_a_second_worker_leaves_an_attack_that_is_being_tried_alone(review, monkeypatch):
    """The lock belongs to a database session: a second session finds it taken."""
    name = f"attack:{review.pk}:copier"
    second = connection.copy()
    try:
        with second.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        assert attacks.try_attack(round_id=review.pk, kind="copier") is None
    finally:
        second.close()
    assert not review.attack_tests.exists()


def test_a_round_without_a_finished_run_is_left_alone(db):
    place = scenario.market()
    draft = scenario.funded_draft(place)

    assert attacks.try_attack(round_id=draft.pk, kind="copier") is None
    assert isinstance(draft.pk, uuid.UUID)
