"""Attacks on a round in review, over a real valuation: tried once each, kept, and without effect on the lines."""

import itertools
import uuid
from dataclasses import replace

import numpy as np
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.core.cache import cache
from django.db import OperationalError, connection

from payouts import tasks
from payouts.core.verdicts import AttackVerdict, of_gain
from payouts.documents import AttackFigures
from payouts.models import AttackProgress, AttackTest
from payouts.selectors.audit import attack_tries
from payouts.selectors.money.digest import lines_sha256
from payouts.services import attacks
from tests.integration.payouts import scenario
from tests.integration.valuation.market import make_market, start_run
from valuation.selectors import runs as valuation
from valuation.services import attacks as valuing
from valuation.services import runs

pytestmark = pytest.mark.real_valuation

SHELLS = ("shells_random", "shells_by_size", "shells_by_label")
STRANGERS = ("labels_flipped", "half_flipped", "one_class", "outliers")


@pytest.fixture
def review(really_reviewed):
    return really_reviewed[0]


def test_every_attack_is_tried_once_and_changes_no_line(review):
    before = lines_sha256(review, review.lines.all())
    assert attack_tries.rounds_to_try() == [review]
    for kind in attacks.Kind.values:
        tasks.try_attack(round_id=str(review.pk), kind=kind)
    figures = {test.kind: test.figures for test in review.attack_tests.all()}
    tasks.try_attack(round_id=str(review.pk), kind="copier")

    assert set(figures) == set(attacks.Kind.values)
    assert AttackTest.objects.count() == len(figures)
    assert lines_sha256(review, review.lines.all()) == before
    assert attack_tries.rounds_to_try() == []
    for kind in SHELLS:
        tests = figures[kind].tests
        assert [test.accounts for test in tests] == [2, 3, 4, 5] * 3
        assert all(test.defended_gain_minor == 0 for test in tests)
    assert [test.accounts for test in figures["null_shells"].tests] == [1, 5, 20]
    assert figures["null_shells_many"].error.startswith("500 worthless accounts need a pool of at least 2,500 rows")
    assert abs(figures["null_shells"].strangers.value) < 0.1
    (copier,) = figures["copier"].tests
    assert copier.after_minor > 0
    for kind in ("copier", "copier_smallest"):
        same = figures[kind].same_as_victim
        assert abs(same.value) < 4 * same.error
        assert figures[kind].tests[0].defended_gain_minor == 0
    for kind in STRANGERS:
        (test,) = figures[kind].tests
        assert test.before_minor == test.defended_gain_minor == 0
        assert test.at_stake_minor == max(test.after_minor, scenario.POT_MINOR // 3)
    assert figures["labels_flipped"].strangers.value < 0
    assert figures["labels_flipped"].tests[0].after_minor == 0


def test_two_who_are_paid_gain_nothing_by_merging_where_all_above_0_are_paid(review):
    attacks.try_attack(round_id=review.pk, kind="mergers")

    figures = review.attack_tests.get().figures
    assert len(figures.tests) == 3
    assert figures.evaluations == 0
    assert all(abs(test.gain_minor) <= 1 for test in figures.tests)


def test_the_parts_of_a_seller_sum_to_its_value(review):
    attacks.try_attack(round_id=review.pk, kind="shells_random")

    parts = review.attack_tests.get().figures.parts
    fgsv = valuation.outcome(review.run).rules["fgsv"]
    errors = np.hypot([part.error for part in parts], np.sqrt(np.diag(fgsv.covariance)))
    assert (np.abs([part.value for part in parts] - fgsv.values) < 4 * errors).all()


@pytest.mark.parametrize(
    ("spent", "budget", "whole"),
    [
        (0, 500, 500),
        (300, 500, 500),
        (1_700, 1_700, 1_700),
        (6_000, 2_000, 6_000),
        (10_000, 2_500, 10_000),
        (400_000, 20_000, 20_000),
    ],
)
def test_a_budget_follows_from_what_the_run_spent(db, monkeypatch, spent, budget, whole):
    scenario.without_real_valuation(monkeypatch)
    run = scenario.in_review(scenario.market()).run
    run.blocks.create(number=0, wave=0, kind="covariance", params={}, evaluations=spent, seconds=1e6)
    run.blocks.create(number=1, wave=0, kind="hcdv_games", params={}, evaluations=10**6, seconds=1.0)

    assert valuing.budget_of(run=run) == budget
    assert valuing.budget_of(run=run, whole=True) == whole


def test_a_machine_that_has_to_pause_after_every_block_finds_the_same_figures(review, monkeypatch):
    sent = []
    monkeypatch.setattr(attacks, "_send", lambda *what: sent.append(what))
    in_one_go = attacks.try_attack(round_id=review.pk, kind="labels_flipped", times=4).figures
    # Every look at the clock finds it 21 seconds later: no block fits beside another.
    monkeypatch.setattr(valuing, "monotonic", itertools.count(0, 21).__next__)
    scene = attacks.attack_figures.scene_of(review, review.run)
    disguise = attacks.attack_figures.disguise_of(scene, "labels_flipped")
    found, pauses = None, 0
    while not isinstance(found, valuing.Disguised):
        found = valuing.go_on(run=review.run, disguise=disguise, times=4, paused=found, seconds=21)
        pauses += 1

    assert pauses > 5
    assert attacks.attack_figures.figures_of(scene, "labels_flipped", found) == in_one_go
    assert sent == []


def test_an_attack_that_takes_long_lets_others_have_the_worker_and_goes_on(review, monkeypatch):
    sent = []
    monkeypatch.setattr(attacks, "_send", lambda *what: sent.append(what))
    monkeypatch.setattr(attacks, "SECONDS_AT_A_TIME", 0.0)
    clock = itertools.count()
    monkeypatch.setattr(valuing, "monotonic", lambda: next(clock) // 3)

    tries = 0
    while attacks.try_attack(round_id=review.pk, kind="outliers") is None:
        tries += 1
        assert AttackProgress.objects.get().evaluations < valuing.budget_of(run=review.run)

    assert tries > 2
    assert sent == [(review.pk, "outliers", 1)] * tries
    assert not AttackProgress.objects.exists()
    assert review.attack_tests.get().figures.tests


def test_what_an_earlier_release_left_half_done_is_begun_anew(review):
    AttackProgress.objects.create(
        round=review, kind="copier", times=1, method_version="fgsv-auto/0", archive=b"?", wave=[], evaluations=9
    )

    test = attacks.try_attack(round_id=review.pk, kind="copier")

    assert test.figures.tests
    assert not AttackProgress.objects.exists()


def test_an_attack_that_cannot_be_valued_says_so(review, monkeypatch):
    monkeypatch.setattr(valuing, "budget_of", lambda **_: 3)
    monkeypatch.setattr(valuing, "EVALUATIONS_MAX", 3)

    attacks.try_attack(round_id=review.pk, kind="null_shells")

    assert "evaluations" in review.attack_tests.get().figures.error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ZeroDivisionError("division by zero"), "It broke down with ZeroDivisionError: division by zero"),
        (SoftTimeLimitExceeded(), "One block of evaluations took longer than a task may take."),
    ],
)
def test_an_attack_that_breaks_down_says_why_and_is_not_tried_for_ever(review, monkeypatch, error, said):
    def break_down(**_):
        raise error

    monkeypatch.setattr(attacks, "go_on", break_down)

    attacks.try_attack(round_id=review.pk, kind="one_class")

    assert review.attack_tests.get().figures == AttackFigures(schema="attack.v2", error=said, tests=())


def test_a_database_that_is_away_is_no_verdict(review, monkeypatch):
    def away(**_):
        raise OperationalError("gone")

    monkeypatch.setattr(attacks, "go_on", away)

    with pytest.raises(OperationalError):
        attacks.try_attack(round_id=review.pk, kind="one_class")
    assert not review.attack_tests.exists()


def test_a_budget_without_a_pilot_for_so_many_accounts_is_raised_to_one(review, monkeypatch):
    monkeypatch.setattr(valuing, "budget_of", lambda **_: 20)

    attacks.try_attack(round_id=review.pk, kind="null_shells")

    figures = review.attack_tests.get().figures
    assert figures.budget > 20
    assert figures.evaluations == figures.budget


def test_a_second_worker_leaves_an_attack_that_is_being_tried_alone(review, monkeypatch):
    """The lock belongs to a database session: a second session finds it taken."""
    name = f"attack:{review.pk}:copier:1"
    second = connection.copy()
    try:
        with second.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        assert attacks.try_attack(round_id=review.pk, kind="copier") is None
    finally:
        second.close()
    assert not review.attack_tests.exists()


def test_where_too_few_draws_told_of_the_pieces_nothing_can_be_said(review):
    scene = attacks.attack_figures.scene_of(review, review.run)
    valued = attacks.attack_figures.as_valued(scene)

    known = attacks.attack_figures.figures_of(scene, "mergers", valued)
    unknown = attacks.attack_figures.figures_of(scene, "mergers", replace(valued, is_withheld=True))

    assert all(each.half_width_minor < review.pot_minor for each in known.tests)
    assert [each.half_width_minor for each in unknown.tests] == [review.pot_minor] * len(known.tests)
    assert {of_gain(e.gain_minor, half_width_minor=e.half_width_minor, amount_minor=e.at_stake_minor)
            for e in unknown.tests} == {AttackVerdict.NOTHING_CAN_BE_SAID}  # fmt: skip


def test_a_round_without_a_finished_run_is_left_alone(db):
    place = scenario.market()
    draft = scenario.funded_draft(place)

    assert attacks.try_attack(round_id=draft.pk, kind="copier") is None
    assert isinstance(draft.pk, uuid.UUID)


def test_an_attack_waits_while_a_round_is_being_valued(review):
    valuing_run = start_run(make_market())

    assert attacks.try_attack(round_id=review.pk, kind="one_class") is None
    assert not review.attack_tests.exists()
    assert not cache.get(f"attack:{review.pk}:one_class:1"), "the sweeper has to ask again"

    runs.cancel(run=valuing_run, by=valuing_run.triggered_by)
    assert attacks.try_attack(round_id=review.pk, kind="one_class").figures.tests
