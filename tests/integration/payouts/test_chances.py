"""Rounds that pay by chance: amounts, the words for how sure they are, and rounds in which nothing is shared."""

from html import unescape
from importlib import import_module

import numpy as np
import pgtrigger
import pytest
from django.apps import apps
from django.urls import reverse

from marketplace.models import DatasetVersion
from payouts.core.attacks import Cells, gain
from payouts.models import PayoutPolicy
from payouts.models.policies import policy_from_snapshot
from payouts.selectors.money.digest import lines_sha256
from payouts.selectors.money.projection import project
from payouts.selectors.round.risk_checks import risk_checks
from payouts.selectors.round.why import lower_of
from payouts.selectors.seller.statements import statement_of
from payouts.services import attack_figures
from payouts.services.recomputing import _amounts_check, _lines_check
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, page, words

pytestmark = pytest.mark.django_db


def by_chance(**terms):
    return scenario.policy(rule="chance", **terms)


def read(response):
    return unescape(words(response))


def line(payout_round, number):
    return payout_round.lines.get(number=number)


# Values of sellers of 100, 200, ... rows known to about .0112: the third may be worth nothing, the fourth does harm.
UNSURE = (0.1, 0.2, 0.022, -0.05)


def test_a_small_value_is_paid_by_its_chance(place):
    payout_round = scenario.in_review(place, chosen=by_chance(), values=UNSURE)

    unsure = line(payout_round, 3)
    weights = [each.chance * max(each.value, 0) for each in payout_round.lines.order_by("number")]
    assert 0.3 < unsure.chance < 0.99
    assert (unsure.reason, line(payout_round, 4).reason) == ("proportional", "not_positive")
    for each, weight in zip(payout_round.lines.order_by("number"), weights, strict=True):
        assert each.amount_minor == pytest.approx(weight / sum(weights) * payout_round.pot_minor, abs=1)
    assert unsure.amount_lower_minor < unsure.amount_minor < unsure.amount_upper_minor


def test_lines_that_were_signed_without_a_chance_keep_their_hash(place):
    payout_round = scenario.in_review(place)

    assert set(payout_round.lines.values_list("chance", flat=True)) == {None}
    stored = list(payout_round.lines.all())
    assert lines_sha256(payout_round, stored) == payout_round.lines_sha256
    stored[0].chance = 0.5
    assert lines_sha256(payout_round, stored) != payout_round.lines_sha256


def test_a_snapshot_of_before_there_were_three_rules_pays_as_it_said():
    old = {
        "name": "Standard", "negative": "clip", "cap_basis_points": 10_000, "floor_basis_points": 0,
        "minimum_minor": 0, "fee_basis_points": 0,
    }  # fmt: skip

    assert policy_from_snapshot(old | {"significant_only": True}).rule == "gate"
    assert policy_from_snapshot(old | {"significant_only": False}).rule == "clip"


def standard(**terms):
    """The standard policy as it was installed, before the migration."""
    PayoutPolicy.objects.filter(name="Standard").delete()
    return PayoutPolicy.objects.create(**{"name": "Standard", "rule": "gate", "is_default": True} | terms)


def renew():
    import_module("payouts.migrations.0009_chances").renew_the_standard(apps, None)


def test_the_standard_policy_is_renewed_in_place_where_no_round_has_used_it():
    policy = standard()

    renew()

    policy.refresh_from_db()
    assert (policy.rule, policy.is_default) == ("chance", True)
    assert PayoutPolicy.objects.count() == 1


def test_a_standard_policy_that_rounds_point_at_keeps_its_terms_under_another_name(place):
    payout_round = scenario.in_review(place, chosen=standard())

    renew()

    payout_round.policy.refresh_from_db()
    old, new = payout_round.policy, PayoutPolicy.objects.get(name="Standard")
    assert (old.name, old.rule, old.is_default) == ("Standard (gate)", "gate", False)
    assert (new.rule, new.is_default) == ("chance", True)
    assert payout_round.policy_snapshot["rule"] == "gate"


@pytest.mark.parametrize("terms", [{"fee_basis_points": 100}, {"rule": "clip"}])
def test_a_standard_policy_that_somebody_made_differ_stays(terms):
    policy = standard(**terms)

    renew()

    policy.refresh_from_db()
    assert policy.rule == terms.get("rule", "gate")
    assert PayoutPolicy.objects.count() == 1


@pytest.mark.parametrize(("rule", "gated"), [("chance", False), ("clip", False), ("gate", True)])
def test_the_stop_rule_looks_at_those_whom_the_policy_pays(place, rule, gated):
    assert scenario.in_review(place, chosen=scenario.policy(rule=rule)).run.gated is gated


@pytest.mark.parametrize("values", [UNSURE, (0.1, 0.1, 0.1, 0.1)])
def test_a_round_by_chance_is_computed_again_to_the_cent(place, values):
    payout_round = scenario.in_review(place, chosen=by_chance(fee_basis_points=100), values=values)

    assert _amounts_check(payout_round, payout_round.run).is_same
    assert _lines_check(payout_round).is_same


def test_every_page_says_how_sure_a_value_is(place):
    payout_round = scenario.posted(place, chosen=by_chance(), values=UNSURE)
    sure, unsure, harmful = (line(payout_round, number) for number in (2, 3, 4))

    own = read(browser(place.people[2]).get(page("result", payout_round.pk)))
    assert "probably above 0" in own
    assert "your value times its chance, divided by the same of all paid sellers" in own
    assert (
        "surely from 99 % where the value's own interval of both errors lies above 0, probably from 80 %, else perhaps"
        in own
    )
    assert "holds 0" not in own
    assert "surely above 0" in read(browser(place.people[1]).get(page("result", payout_round.pk)))
    below = read(browser(place.people[3]).get(page("result", payout_round.pk)))
    assert "not above 0" in below
    assert "surely above 0" not in below

    detail = read(browser(place.first).get(page("round_detail", payout_round.pk)))
    assert "In proportion to its value times its chance; surely above 0" in detail
    assert "In proportion to its value times its chance; probably above 0" in detail
    report = read(browser(place.first).get(page("round_audit", payout_round.pk)))
    assert "In proportion to its value times its chance; probably above 0" in report
    assert "A value above 0 counts times the chance that its rows are not worth nothing" in report
    assert statement_of(unsure).how_sure == "probably above 0"
    assert statement_of(sure).how_sure == "surely above 0"
    assert (statement_of(harmful).how_sure, statement_of(harmful).nothing_earned) == ("", "Its value is not above 0")
    assert [record.chance for record in project(payout_round).records if record.kind != "seller"] == [None, None]


def test_surely_is_never_said_beside_an_interval_that_holds_0():
    """Twenty sellers alike make each as good as certain, at 1.92 errors above 0 of its own."""
    place = scenario.market(sellers=20)
    with pgtrigger.ignore("marketplace.DatasetVersion:immutable"):
        DatasetVersion.objects.update(rows=500)
    payout_round = scenario.posted(place, chosen=by_chance(), values=(0.0215,) * 20)
    one = line(payout_round, 1)
    assert one.chance > 0.99
    assert one.value_lower > 0
    assert one.value_validation_lower > 0
    assert lower_of(one) < 0

    own = read(browser(place.people[0]).get(page("result", payout_round.pk)))

    assert "probably above 0, 99" in own
    assert (
        "The interval of your value by itself, both errors together, holds 0: it is the likeness of your rows to the "
        "others of the round that makes it probable." in own
    )
    detail = read(browser(place.first).get(page("round_detail", payout_round.pk)))
    report = read(browser(place.first).get(page("round_audit", payout_round.pk)))
    for text in (own, detail, report):
        assert "surely above 0" not in text
    assert "In proportion to its value times its chance; probably above 0" in detail
    assert statement_of(one).how_sure == "probably above 0"


def test_where_the_average_and_the_last_rows_disagree_both_are_said(place):
    """Leave-one-out is the square of the value here: the score falls without a seller whose value is below 0."""
    payout_round = scenario.posted(place, chosen=by_chance(), values=(0.1, 0.2, 0.3, -0.2))

    text = read(browser(place.people[3]).get(page("result", payout_round.pk)))

    assert (
        "what your rows change, averaged over all mixtures, does not raise the buyer's score. You owe nothing." in text
    )
    assert (
        "Added to everybody else's rows yours raise the score (from 76.00 to 80.00); averaged over mixtures "
        "of all sizes, small ones above all, they lower it, and all sizes count." in text
    )


def test_nothing_is_shared_where_all_rows_together_do_not_beat_nobodys(place):
    """All rows add 30 points in the scenario; validation rows that tell four sellers to .1 each tell the sum to .2."""
    payout_round = scenario.posted(place, chosen=by_chance(fee_basis_points=500), validation_deviation=0.1)

    assert set(payout_round.lines.values_list("reason", "amount_minor")) == {("nothing_to_share", 0)}
    assert (payout_round.fee_minor, payout_round.unallocated_minor) == (0, payout_round.pot_minor)
    why = (
        "All rows together did not beat a model without rows by more than the buyer's validation rows can tell "
        "(+30.00 points of balanced accuracy ± 39.20 points), so nothing is shared and the pot returns to the buyer."
    )
    operator = browser(place.first)
    assert why in read(browser(place.people[0]).get(page("result", payout_round.pk)))
    assert "All of it goes back to the buyer." in read(browser(place.people[0]).get(page("result", payout_round.pk)))
    assert why in read(operator.get(page("round_detail", payout_round.pk)))
    assert why in read(operator.get(page("round_audit", payout_round.pk)))
    assert statement_of(line(payout_round, 1)).nothing_earned == why.removesuffix(".")
    assert checks_of(payout_round)["Paid nothing"].passed
    buyer = scenario.person("buyer", place.buyer)
    assert why in read(browser(buyer).get(reverse("payouts:buyer_results", args=[place.request.pk])))


@pytest.mark.parametrize(("error", "shared"), [(0.1, True), (0.2, False)])
def test_the_error_of_the_whole_gain_is_the_runs_own_where_it_was_kept(place, error, shared):
    payout_round = scenario.in_review(place, chosen=by_chance(), kept={"total_validation_error": error})

    assert payout_round.audit_report.figures.total_validation_error == error
    assert payout_round.lines.filter(amount_minor__gt=0).exists() == shared


@pytest.mark.parametrize("rule", ["gate", "clip", "chance"])
def test_with_free_disposal_that_is_a_term_of_the_game_under_every_rule(rule):
    model = {"family": "logistic_regression", "params": {}, "seed": 0, "free_disposal": True}
    place = scenario.market(model_spec=model)
    chosen = scenario.policy(rule=rule, fee_basis_points=500)
    payout_round = scenario.posted(place, chosen=chosen, validation_deviation=0.1)

    assert set(payout_round.lines.values_list("reason", "amount_minor")) == {("nothing_to_share", 0)}
    assert (payout_round.fee_minor, payout_round.unallocated_minor) == (0, payout_round.pot_minor)
    assert _amounts_check(payout_round, payout_round.run).is_same
    told = read(browser(place.people[0]).get(page("result", payout_round.pk)))
    assert "so nothing is shared and the pot returns to the buyer" in told


@pytest.mark.parametrize("rule", ["gate", "clip"])
def test_rounds_over_earlier_terms_under_the_older_rules_were_never_asked_that(place, rule):
    payout_round = scenario.in_review(place, chosen=scenario.policy(rule=rule), validation_deviation=0.1)

    assert "nothing_to_share" not in set(payout_round.lines.values_list("reason", flat=True))


def test_the_attack_lab_pays_the_same_values_as_the_round_because_it_knows_the_rows(place):
    """Chances depend on how many rows a value is of: without them the lab would compare with amounts nobody is paid."""
    payout_round = scenario.in_review(place, chosen=by_chance(), values=UNSURE)
    valued = attack_figures.as_valued(attack_figures.scene_of(payout_round, payout_round.run))
    lines = list(payout_round.lines.order_by("number"))
    owners = [str(each.owner_key) for each in lines]

    found = gain(
        Cells(valued.values, valued.covariance + valued.validation_covariance, np.array(valued.rows)),
        before=owners,
        after=owners,
        controlled=frozenset(owners[2:3]),
        pot_minor=payout_round.pot_minor,
        policy=policy_from_snapshot(payout_round.policy_snapshot),
        salt=str(payout_round.pk),
        comparisons=1,
        rng=np.random.default_rng(0),
    )

    assert valued.rows == tuple(each.rows for each in lines)
    assert found.before_minor == found.after_minor == lines[2].amount_minor


def checks_of(payout_round):
    return {check.name: check for check in risk_checks(payout_round, shared_accounts=0)}


def test_amounts_that_values_explain_pass_the_checks(place):
    checks = checks_of(scenario.in_review(place, chosen=by_chance()))

    assert all(checks[name].passed for name in ("Paid nothing", "One takes nearly all", "Alike"))


def test_reviewers_are_told_of_sellers_paid_nothing_without_whom_the_score_falls(place):
    checks = checks_of(scenario.in_review(place, chosen=by_chance(), values=(0.5, 0.3, -0.05, -0.2)))

    # Leave-one-out is the square of the value, .0025 and .04, known to .0112.
    found = checks["Paid nothing"]
    assert not found.passed
    assert found.finding.startswith(
        f"The score falls by more than its error without {place.sellers[3].name} (4.00 points), yet nothing is paid"
    )


def test_reviewers_are_told_of_one_who_takes_nearly_all(place):
    checks = checks_of(scenario.in_review(place, chosen=by_chance(), values=(0.95, 0.03, 0.03, -0.2)))

    found = checks["One takes nearly all"]
    assert not found.passed
    assert f"{place.sellers[0].name} takes 9" in found.finding
    assert "beside 3 other owners" in found.finding


def test_reviewers_are_told_of_two_alike_who_are_paid_unlike(place):
    """The cliff of the gate: .021 is not paid at an error of .0112, .023 is."""
    checks = checks_of(scenario.in_review(place, values=(0.5, 0.3, 0.023, 0.021)))

    found = checks["Alike"]
    assert not found.passed
    assert f"{place.sellers[2].name} (2.30 points, " in found.finding
    assert f"and {place.sellers[3].name} (2.10 points, 0.00 EUR)" in found.finding
