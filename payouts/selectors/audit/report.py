"""The audit report of a round: everything that an auditor reads, from the amounts down to how to compute them again."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from marketplace.basics.figures import MINUS, count, decimals
from marketplace.basics.money import format_amount
from payouts.core.correlation import SELLERS_COMPARED_MIN, Correlation, CorrelationIntervals, correlation_intervals
from payouts.core.rules import RULES
from payouts.core.verdicts import PropertyVerdict, of_distances
from payouts.documents import AttackFigures, AuditFigures
from payouts.models import Approval, AttackTest, PayoutRound
from payouts.models.policies import rule_of
from payouts.selectors.audit import attack_tries
from payouts.selectors.audit import attacks as audit_attacks
from payouts.selectors.audit import charts as audit_charts
from payouts.selectors.audit.parts import parts
from payouts.selectors.money.projection import project
from payouts.selectors.round.frozen_copies import frozen_copies
from payouts.selectors.round.rounds import (
    rules_in_words,
    shares_by_seller,
    timeline,
    times_in_words,
)
from payouts.selectors.round.terms import policy_in_words
from payouts.selectors.round.why import SCALE_IN_WORDS, nothing_shared_among
from valuation.core.statistics.confidence import LEVEL
from valuation.documents import Manifest
from valuation.selectors import runs as valuation
from valuation.selectors.runs import RunOutcome
from valuation.selectors.units import metric_name, unit_of, written
from valuation.services.run_plans import METHOD_VERSION

Kind = AttackTest.Kind
# Sums of floats miss their total by a rounding error a term; anything larger is a fault.
EFFICIENCY_RESIDUAL_MAX = 1e-12
_UNDEFINED = "undefined"
# What the rules are compared with.
_OTHERS = ("leave-one-out", "rows")


@dataclass(frozen=True)
class Coefficient:
    """One coefficient with its interval, written out."""

    text: str
    between: str


@dataclass(frozen=True)
class AgreementRow:
    """What one rule agrees with: Pearson, Spearman and Kendall with leave-one-out, then with rows."""

    rule: str
    gini: float | None
    coefficients: tuple[tuple[str, Coefficient], ...]

    def says_nothing_of(self, other: str) -> bool:
        """Whether every coefficient with leave-one-out, or with rows, is undefined."""
        return all(found.text == _UNDEFINED for words, found in self.coefficients if words.endswith(other))

    def without(self, others: list[str]) -> "AgreementRow":
        """The same row without the coefficients with these."""
        kept = tuple(pair for pair in self.coefficients if not pair[0].endswith(tuple(others)))
        return AgreementRow(self.rule, self.gini, kept)


@dataclass(frozen=True)
class Axiom:
    """A property that the rule promises, and the figure that shows whether it holds here."""

    name: str
    means: str
    figure: str
    verdict: PropertyVerdict


def report(payout_round: PayoutRound) -> dict[str, Any]:
    """Everything that the report's templates show, for a round that came as far as review."""
    run = payout_round.run
    if run is None:
        raise ValueError(f"{payout_round} was never valued")
    figures, outcome = payout_round.audit_report.figures, valuation.outcome(run)
    projection, metric = project(payout_round), payout_round.request.metric
    sellers = [record for record in projection.records if record.kind == "seller"]
    rows, frozen = audit_attacks.attack_rows(payout_round), frozen_copies(payout_round)
    next_times = attack_tries.next_times(payout_round)
    rules_agree, undefined = agreement(figures, outcome, seed=payout_round.seed)
    said = {
        "round": payout_round,
        "run": run,
        "computed_by_this_method": run.method_version == METHOD_VERSION,
        "figures": figures,
        "projection": projection,
        "totals": projection.totals,
        "policy_words": policy_in_words(payout_round.policy_snapshot, payout_round.currency),
        "rule": rule_of(payout_round.policy_snapshot).value,
        "chance_scale": SCALE_IN_WORDS,
        "nothing_shared": nothing_shared_among(payout_round, [record.reason for record in sellers]),
        "metric": metric_name(metric),
        "unit": unit_of(metric),
        "score_empty": written(outcome.utility_empty, metric),
        "score_full": written(outcome.utility_full, metric),
        "amounts_chart": audit_charts.amounts(sellers, payout_round.currency),
        "values_chart": audit_charts.values(outcome, metric),
        "lorenz_chart": audit_charts.lorenz(figures),
        "agreement_chart": audit_charts.agreement(outcome, metric),
        "rules_chart": audit_charts.rules(figures),
        "attacks_chart": audit_charts.attacks(
            audit_attacks.bars(rows), payout_round.currency, not_tried=len(audit_attacks.untried(rows))
        ),
        "attacks": rows,
        "attacks_running": audit_attacks.being_tried(rows),
        "attacks_next": next_times and {"times": next_times, "factor": attack_tries.RETRY_FACTOR},
        "agreement": rules_agree,
        "agreement_undefined": undefined,
        "agreement_says_nothing": len(outcome.players) < SELLERS_COMPARED_MIN,
        "rules": rules_in_words(figures),
        "shares": shares_by_seller(figures),
        "axioms": axioms(payout_round, outcome),
        "copies": frozen.summary,
        "copy_decisions": frozen.decisions,
        "approval": Approval.objects.select_related("by").filter(round=payout_round).first(),
        "timeline": timeline(payout_round),
        "times": times_in_words(figures),
        "submissions": _submissions(run.manifest),
    }
    return said | {"parts": parts(said)}


def agreement(figures: AuditFigures, outcome: RunOutcome, *, seed: int) -> tuple[list[AgreementRow], list[str]]:
    """How each rule agrees with leave-one-out and with the number of rows, each with its interval.

    No coefficient where there are too few sellers for any to say something; nor with what is the same for all sellers,
    which is named in the second place.
    """
    if len(outcome.players) < SELLERS_COMPARED_MIN:
        return [AgreementRow(RULES[rule.rule].title, rule.gini, ()) for rule in figures.rules], []
    margins = outcome.rules["leave_one_out"].values, _errors(outcome, "leave_one_out")
    counts = np.array([player.rows for player in outcome.players], dtype=np.float64)
    exact = np.zeros((len(counts), len(counts)))
    rows = []
    for rule in figures.rules:
        rng = np.random.default_rng(seed)
        own = np.array(rule.values, dtype=np.float64), _errors(outcome, rule.rule)
        with_margins = correlation_intervals(*own, *margins, level=LEVEL, rng=rng)
        with_rows = correlation_intervals(*own, counts, exact, level=LEVEL, rng=rng)
        coefficients = (
            *_coefficients(_OTHERS[0], rule.with_leave_one_out, with_margins, is_itself=rule.rule == "leave_one_out"),
            *_coefficients(_OTHERS[1], rule.with_rows, with_rows, is_itself=rule.rule == "by_rows"),
        )
        rows.append(AgreementRow(RULES[rule.rule].title, rule.gini, coefficients))
    undefined = [other for other in _OTHERS if all(row.says_nothing_of(other) for row in rows)]
    return [row.without(undefined) for row in rows], undefined


def _coefficients(
    other: str, stored: Correlation, found: CorrelationIntervals, *, is_itself: bool
) -> list[tuple[str, Coefficient]]:
    written_out = []
    for name in ("pearson", "spearman", "kendall"):
        coefficient, ends = getattr(stored, name), getattr(found, name)
        text = _UNDEFINED if coefficient is None else decimals(coefficient, 2)
        between = "" if ends is None or is_itself else f"{decimals(ends[0], 2)} to {decimals(ends[1], 2)}"
        written_out.append((f"{name.capitalize()}, {other}", Coefficient(text, between)))
    return written_out


def _errors(outcome: RunOutcome, rule: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Both errors of a rule together; none where it measures without one."""
    found = outcome.rules.get(rule)
    if found is None:
        return np.zeros((len(outcome.players), len(outcome.players)))
    both = found.covariance
    return both if found.validation_covariance is None else both + found.validation_covariance


def axioms(payout_round: PayoutRound, outcome: RunOutcome) -> list[Axiom]:
    """The properties of the rule that pays, each checked with a figure of this round."""
    metric, paying = payout_round.request.metric, outcome.rules["fgsv"]
    added = outcome.utility_full - outcome.utility_empty
    residual = float(paying.values.sum() - added)
    totals = project(payout_round).totals
    stored = {kind: tests[0].figures for kind, tests in attack_tries.best_tries(payout_round).items()}
    # Beside this an interval of a value says something, however small the value itself is.
    even_share = abs(added) / max(1, len(outcome.players))
    return [
        Axiom(
            "Efficiency",
            "The values add up to what all rows together add to the score.",
            f"{_left_over(residual)} left over of {_with_unit(added, metric)}",
            _exactly(abs(residual) <= EFFICIENCY_RESIDUAL_MAX * max(1.0, abs(outcome.utility_full)) * 10),
        ),
        Axiom(
            "Money",
            "The amounts, the fee and what goes back to the buyer add up to the pot.",
            f"{format_amount(totals.sum_minor, payout_round.currency)} of "
            f"{format_amount(totals.pot_minor, payout_round.currency)}",
            _exactly(totals.is_proved),
        ),
        _sampled(
            "Faithfulness",
            "A seller's value does not depend on its accounts: its shells, valued anew, sum to its value.",
            _regrouped(stored.get(Kind.SHELLS_RANDOM), outcome),
            metric,
            even_share,
        ),
        _sampled(
            "Null player",
            "Rows that say nothing are worth nothing: what all worthless accounts were worth together. Such rows can "
            "do harm, so a value below 0 is no contradiction.",
            _worthless(stored.get(Kind.NULL_SHELLS)),
            metric,
            even_share,
            only_above=True,
        ),
        _sampled(
            "Symmetry",
            "Equal rows are worth the same: the value of an exact copy less that of its original.",
            [found for kind in (Kind.COPIER, Kind.COPIER_SMALLEST) for found in _copied(stored.get(kind), kind)],
            metric,
            even_share,
        ),
    ]


@dataclass(frozen=True)
class _Comparison:
    """A figure that is promised to be 0, with its standard error, and the value it belongs to."""

    whose: str
    figure: float
    error: float
    value: float


def _regrouped(figures: AttackFigures | None, outcome: RunOutcome) -> list[_Comparison]:
    if figures is None or not figures.parts:
        return []
    paying = outcome.rules["fgsv"]
    errors = np.sqrt(np.clip(paying.covariance.diagonal(), 0.0, None))
    return [
        _Comparison(player.name, part.value - float(value), float(np.hypot(part.error, error)), float(value))
        for player, part, value, error in zip(outcome.players, figures.parts, paying.values, errors, strict=True)
    ]


def _worthless(figures: AttackFigures | None) -> list[_Comparison]:
    if figures is None or figures.strangers is None:
        return []
    return [_Comparison("", figures.strangers.value, figures.strangers.error, 0.0)]


def _copied(figures: AttackFigures | None, kind: AttackTest.Kind) -> list[_Comparison]:
    same = figures.same_as_victim if figures else None
    if same is None:
        return []
    whose = "the best-paid seller" if kind == Kind.COPIER else "the smallest seller"
    return [_Comparison(whose, same.value, same.error, same.of)]


def _sampled(
    name: str,
    means: str,
    compared: list[_Comparison],
    metric: str,
    even_share: float,
    *,
    only_above: bool = False,
) -> Axiom:
    """A property judged by its comparisons together: their intervals are Bonferroni's."""
    if not compared:
        return Axiom(name, means, "No attack that shows it was valued", PropertyVerdict.NOT_TRIED)
    quantile = _quantile(len(compared))
    distances = [
        (found.figure if only_above else abs(found.figure), found.error * quantile, max(abs(found.value), even_share))
        for found in compared
    ]
    furthest = int(np.argmax([distance - half for distance, half, _ in distances]))
    whose = f"furthest: {compared[furthest].whose}, " if len(compared) > 1 else ""
    figure = f"{whose}{_within(compared[furthest].figure, distances[furthest][1], metric)}"
    return Axiom(name, means, figure, of_distances(distances))


def _exactly(holds: bool) -> PropertyVerdict:  # noqa: FBT001 - the question itself
    return PropertyVerdict.HOLDS if holds else PropertyVerdict.DOES_NOT_HOLD


def _left_over(residual: float) -> str:
    """A rounding error as what it is, with its exact size beside it."""
    if residual == 0:
        return "exactly 0"
    figure, exponent = f"{abs(residual):.1e}".split("e")
    power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    size = f"{MINUS if residual < 0 else ''}{figure} \u00d7 10{power}"
    return f"0 to rounding ({size})" if abs(residual) < EFFICIENCY_RESIDUAL_MAX else size


def _within(figure: float, half_width: float, metric: str) -> str:
    return f"{written(figure, metric)} ± {_with_unit(half_width, metric)}"


def _with_unit(figure: float, metric: str) -> str:
    return f"{written(figure, metric)} {unit_of(metric)}".rstrip()


def _quantile(comparisons: int) -> float:
    return NormalDist().inv_cdf(1 - (1 - LEVEL) / (2 * comparisons))


def _submissions(manifest: Manifest) -> list[dict[str, str]]:
    names = {seller.organization_id: seller.name for seller in manifest.sellers}
    return [
        {
            "seller": names[submission.organization_id],
            "version": submission.version,
            "sha256": submission.sha256,
            "rows": count(submission.rows),
        }
        for submission in manifest.submissions
    ]
