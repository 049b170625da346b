"""What pages say of attacks on a round, on constructed figures: what still runs, what was not tried, what pays."""

import datetime as dt
import re

import pytest
from django.utils.html import strip_tags

from marketplace.basics.errors import ConflictError
from marketplace.models import AuditEvent
from payouts.documents import AttackFigures, AttackTry, Estimate, SameAsVictim
from payouts.models import AttackRetry, AttackTest
from payouts.selectors.audit import attack_tries
from payouts.selectors.audit import report as audit
from payouts.selectors.audit.attack_words import MEANS, NAMES, ONCE_FOUND_OUT, WHILE_HIDDEN
from payouts.selectors.audit.attacks import attack_check, attack_rows
from payouts.services import attacks, rounds
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, page
from valuation.selectors import runs as valuation

Kind = AttackTest.Kind


@pytest.fixture
def review(place):
    return scenario.in_review(place)


def a_try(*, before=0, after=0, half=100.0, stake=1_000, who="A stranger", accounts=1, defended=0):
    return AttackTry(
        who=who,
        accounts=accounts,
        before_minor=before,
        after_minor=after,
        gain_minor=after - before,
        half_width_minor=half,
        at_stake_minor=stake,
        defended_gain_minor=defended,
    )


def store(payout_round, kind, *tries, times=1, error=None, **figures):
    stored = AttackFigures(schema="attack.v2", tests=tries, evaluations=2_000 * times, **figures)
    if error is not None:
        stored = AttackFigures(schema="attack.v2", error=error, tests=())
    return AttackTest.objects.create(round=payout_round, kind=kind, times=times, figures=stored)


def store_all(payout_round, *, times=1, but=()):
    for kind in Kind:
        if kind not in but:
            store(payout_round, kind, a_try(), times=times)


def words_of(answer):
    return re.sub(r"\s+", " ", strip_tags(answer.content.decode())).replace("\u202f", " ")


@pytest.fixture
def a_day_later(monkeypatch):
    """What was asked for before has waited for too long."""
    monkeypatch.setattr(attack_tries, "WAITED_FOR", dt.timedelta(0))


def test_every_kind_has_its_words():
    for words in (NAMES, MEANS, WHILE_HIDDEN, ONCE_FOUND_OUT):
        assert set(words) == set(Kind)


def test_the_approver_sees_what_is_still_being_tried(review, place):
    store_all(review, but=(Kind.OUTLIERS, Kind.MERGERS, Kind.COPIER))

    said = words_of(browser(place.second).get(page("round_detail", review.pk)))

    assert (
        "Attacks. 3 of 12 attacks are still being tried: Copier of the best paid, Outliers, Mergers. "
        "9 of 12 gain nothing beyond chance."
    ) in said
    assert not attack_check(review).passed


def test_of_a_round_that_has_just_come_into_review_every_attack_is_being_tried(review):
    assert attack_check(review).finding == "12 of 12 attacks are still being tried."
    assert {row.verdict.value for row in attack_rows(review)} == {"not_tried"}


def test_the_check_passes_only_where_every_attack_was_tried_and_gains_nothing(review):
    store_all(review)

    assert attack_check(review).passed
    assert attack_check(review).finding == "12 of 12 gain nothing beyond chance."


def test_the_approver_sees_what_pays_what_says_nothing_and_what_was_not_tried(review, place):
    store_all(review, but=(Kind.SHELLS_BY_LABEL, Kind.OUTLIERS, Kind.NULL_SHELLS_MANY))
    store(review, Kind.SHELLS_BY_LABEL, a_try(who="Seller", accounts=2, before=100, after=900))
    store(review, Kind.OUTLIERS, a_try(half=1_001.0))
    store(review, Kind.NULL_SHELLS_MANY, error="500 worthless accounts need a pool.")

    said = words_of(browser(place.second).get(page("round_detail", review.pk)))

    assert (
        "Attacks. Shells, by label: pays while the shells are not linked to their owner. "
        "Nothing can be said of Outliers: the interval is wider than the amount. "
        "Not tried: 500 worthless accounts. 500 worthless accounts need a pool. "
        "9 of 12 gain nothing beyond chance."
    ) in said
    assert not attack_check(review).passed


@pytest.mark.usefixtures("a_day_later")
def test_what_no_worker_tried_in_a_day_was_not_tried_and_has_not_passed(review):
    store_all(review, but=(Kind.OUTLIERS,))

    check = attack_check(review)
    assert not check.passed
    assert check.finding == (
        "Not tried: Outliers. No worker tried it within a day of its being asked for. "
        "11 of 12 gain nothing beyond chance."
    )  # fmt: skip
    assert attack_tries.rounds_to_try() == []


def test_the_report_names_each_verdict_and_its_reason(review, place):
    store_all(review, but=(Kind.SHELLS_BY_LABEL, Kind.OUTLIERS, Kind.NULL_SHELLS_MANY))
    store(review, Kind.SHELLS_BY_LABEL, a_try(who="Harbour", accounts=2, before=100, after=900))
    store(review, Kind.OUTLIERS, a_try(half=1_001.0))
    store(review, Kind.NULL_SHELLS_MANY, error="500 worthless accounts need a pool.")

    said = words_of(browser(place.first).get(page("round_audit", review.pk)))

    assert "Shells, by label Pays Harbour gains 8.00 EUR ± 1.00" in said
    assert "Outliers Nothing can be said A stranger gains 0.00 EUR ± 10.01" in said
    assert "Mergers Gains nothing" in said
    assert "Not tried: 500 worthless accounts need a pool." in said
    assert (
        "While nobody has found it, 1 of 11 kinds of attack tried gains more than chance explains; of 1 nothing can be "
        "said; linked to one owner, or with its rows left out, none does; 1 was not tried"
    ) in said


def test_figures_of_the_first_schema_are_still_read(review):
    test = store(review, Kind.SHELLS_RANDOM, a_try(who="Seller", accounts=2, before=100, after=150, half=99.0))
    figures = test.figures.to_json()
    (old,) = figures["tests"]
    del old["at_stake_minor"]
    stored = figures | {"schema": "attack.v1", "tests": [old | {"pays": False}], "seconds": 1.5}
    scenario.put_back(test, "figures", stored)

    (row,) = [row for row in attack_rows(review) if row.kind == Kind.SHELLS_RANDOM]
    assert row.verdict == "gains_nothing"


def test_the_largest_budget_that_led_to_figures_counts_and_the_others_stay(review, place):
    store_all(review)
    attacks.try_again(payout_round=review, times=4, by=place.first)
    store(review, Kind.COPIER, a_try(after=5_000, half=50.0), times=4)
    store(review, Kind.OUTLIERS, times=4, error="It broke down.")
    rows = {row.kind: row for row in attack_rows(review)}

    assert rows[Kind.COPIER].verdict == "pays"
    assert rows[Kind.COPIER].evaluations == 8_000
    assert [row.evaluations for row in rows[Kind.COPIER].earlier] == [2_000]
    assert rows[Kind.OUTLIERS].verdict == "gains_nothing"
    assert [row.error for row in rows[Kind.OUTLIERS].earlier] == ["It broke down."]
    assert rows[Kind.MERGERS].running
    assert attack_check(review).finding.startswith(
        "10 of 12 attacks are still being tried again with more evaluations: "
    )
    said = words_of(browser(place.first).get(page("round_audit", review.pk)))
    assert "Another try: 2 000 evaluations, A stranger gains 0.00 EUR ± 1.00." in said
    assert "Another try: not tried. It broke down." in said
    assert "10 of 12 attacks" in said


def test_an_operator_asks_again_and_a_second_press_changes_nothing(review, place):
    store_all(review)
    client = browser(place.first)
    form = {
        "times": re.search(r'name="times" value="(\d+)"', client.get(page("round_audit", review.pk)).content.decode())[
            1
        ]
    }

    answers = [client.post(page("round_try_attacks", review.pk), form, follow=True) for _ in range(2)]

    assert form == {"times": "4"}
    assert all("The attacks are tried again with more evaluations." in words_of(answer) for answer in answers)
    retry = AttackRetry.objects.get()
    assert (retry.times, retry.by) == (4, place.first)
    assert AuditEvent.objects.filter(action="round.attacks_asked_again").count() == 1
    assert "The attacks are tried again with more evaluations" in words_of(client.get(page("round_detail", review.pk)))
    assert attack_tries.running(review) == list(Kind)
    assert "Try again with" not in words_of(client.get(page("round_audit", review.pk)))


def test_hints_name_the_budget(review, place, monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(attacks.celery_app, "send_task", lambda name, kwargs: sent.append((name, kwargs["times"])))
    store_all(review)

    with django_capture_on_commit_callbacks(execute=True):
        attacks.try_again(payout_round=review, times=4, by=place.first)

    assert sent == [("payouts.try_attack", 4)] * len(Kind)


def test_the_largest_budget_has_no_button(review, place):
    for times in (1, 4, 16, 64):
        if times > 1:
            attacks.try_again(payout_round=review, times=times, by=place.first)
        store_all(review, times=times)

    assert attack_tries.next_times(review) is None
    assert "Try again with" not in words_of(browser(place.first).get(page("round_audit", review.pk)))


@pytest.mark.parametrize("times", ["", "x", "-4", "1", "5", "16"])
def test_another_budget_than_the_next_is_refused(review, place, times):
    store_all(review)

    answer = browser(place.first).post(page("round_try_attacks", review.pk), {"times": times}, follow=True)

    assert "the button" in words_of(answer)
    assert not AttackRetry.objects.exists()


def test_nobody_asks_again_while_attacks_are_being_tried(review, place):
    store_all(review, but=(Kind.OUTLIERS,))

    with pytest.raises(ConflictError, match="still being tried"):
        attacks.try_again(payout_round=review, times=4, by=place.first)
    assert not AttackRetry.objects.exists()


def test_a_round_whose_attacks_nobody_tried_can_be_asked_again(review, place, monkeypatch):
    with monkeypatch.context() as later:
        later.setattr(attack_tries, "WAITED_FOR", dt.timedelta(0))
        attacks.try_again(payout_round=review, times=4, by=place.first)

    assert attack_tries.running(review) == list(Kind)
    assert attack_tries.rounds_to_try() == [review]


def test_a_cancelled_round_is_left_alone(review, place):
    store_all(review)
    rounds.cancel(payout_round=review, by=place.first, reason="Not needed.")

    with pytest.raises(ConflictError, match="cannot be tried"):
        attacks.try_again(payout_round=review, times=4, by=place.first)


def test_only_operators_ask_again_and_only_by_pressing(review, place):
    store_all(review)
    address = page("round_try_attacks", review.pk)

    for person in (place.people[0], scenario.person("buyer", place.buyer)):
        assert browser(person).post(address, {"times": "4"}).status_code == 403
    assert browser(place.first).get(address).status_code == 405
    strict = browser(place.first)
    strict.handler.enforce_csrf_checks = True
    assert strict.post(address, {"times": "4"}).status_code == 403
    assert not AttackRetry.objects.exists()


VALUES = (0.5, 0.3, 0.15, 0.05)


def axioms_of(payout_round):
    return {axiom.name: axiom for axiom in audit.axioms(payout_round, valuation.outcome(payout_round.run))}


def verdicts_of(payout_round):
    return {name: axiom.verdict.value for name, axiom in axioms_of(payout_round).items()}


def parts(error, *moved):
    moved = moved or (0.0,) * 4
    return tuple(Estimate(value=value + by, error=error) for value, by in zip(VALUES, moved, strict=True))


def test_properties_that_were_not_tried_have_not_passed(review, place):
    assert verdicts_of(review) == {
        # The scenario's values sum to 1 and its scores differ by .3: not a valuation, and the check sees it.
        "Efficiency": "does_not_hold",
        "Money": "holds",
        "Faithfulness": "not_tried",
        "Null player": "not_tried",
        "Symmetry": "not_tried",
    }
    said = words_of(browser(place.first).get(page("round_audit", review.pk)))
    assert "1 of 5 hold; 1 not; 3 not tried" in said
    store(review, Kind.SHELLS_RANDOM, error="No seller has two rows to part.")
    assert verdicts_of(review)["Faithfulness"] == "not_tried"


# All rows add .3, so an even share of four sellers is .075.
@pytest.mark.parametrize(
    ("figures", "verdict"),
    [
        (parts(0.005), "holds"),
        (parts(0.005, 0.0, 0.1, 0.0, 0.0), "does_not_hold"),
        (parts(0.05), "nothing_can_be_said"),  # 2.5 standard errors are wider than the smallest value and an even share
    ],
)
def test_faithfulness(review, figures, verdict):
    store(review, Kind.SHELLS_RANDOM, a_try(), parts=figures)

    assert verdicts_of(review)["Faithfulness"] == verdict


@pytest.mark.parametrize(
    ("value", "error", "verdict"),
    [
        (0.01, 0.01, "holds"),
        (-0.2, 0.01, "holds"),  # worthless rows may do harm
        (0.03, 0.01, "does_not_hold"),
        (0.01, 0.05, "nothing_can_be_said"),
    ],
)
def test_null_player(review, value, error, verdict):
    store(review, Kind.NULL_SHELLS, a_try(), strangers=Estimate(value=value, error=error))

    assert verdicts_of(review)["Null player"] == verdict


@pytest.mark.parametrize(
    ("best", "smallest", "verdict"),
    [
        ((0.01, 0.02, 0.5), None, "holds"),
        ((0.01, 0.02, 0.5), (0.0, 0.03, 0.05), "holds"),
        ((0.01, 0.02, 0.5), (0.0, 0.05, 0.05), "nothing_can_be_said"),
        ((-0.2, 0.02, 0.5), (0.0, 0.05, 0.05), "does_not_hold"),
    ],
)
def test_symmetry_by_both_copiers(review, best, smallest, verdict):
    for kind, figures in ((Kind.COPIER, best), (Kind.COPIER_SMALLEST, smallest)):
        if figures:
            value, error, of = figures
            store(review, kind, a_try(), same_as_victim=SameAsVictim(value=value, error=error, of=of))

    assert verdicts_of(review)["Symmetry"] == verdict
