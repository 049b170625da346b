"""What a quote says, in figures that a page can show."""

from dataclasses import dataclass
from typing import Any

from marketplace.basics.figures import percent
from marketplace.basics.money import format_amount
from marketplace.models import DataRequest
from valuation.core.checks.class_rehearsal import ClassTrial
from valuation.core.checks.rehearsal import Learning, Market, Projection
from valuation.core.fgsv.precision import DUE_MINOR, DUE_PART, due_of_pot
from valuation.core.models import ModelSpec
from valuation.core.statistics.confidence import normal_quantile
from valuation.models import Quote
from valuation.models.quotes import STEPS
from valuation.selectors import units
from valuation.selectors.quoted_terms import terms_sha256

PRECISIONS = (0.01, 0.02, 0.05)
WORKERS = (1, 2, 4, 8)


@dataclass(frozen=True)
class Offer:
    """One precision: how many evaluations it takes, and how long on each number of workers of ``WORKERS``.

    `is_wanted` is what the request asks of shares, `is_due` what rounds ask of amounts.
    """

    half_width: float
    evaluations: int
    seconds: tuple[float, ...]
    is_wanted: bool
    is_due: bool
    is_within_budget: bool


@dataclass(frozen=True)
class QuoteView:
    """A finished quote as its buyer reads it.

    Attributes:
        learning: What the model scored after a few rows.
        mean_score: The mean of those scores.
        markets: The two rehearsed markets.
        projection: What they say about the market that was asked for.
        offers: One a precision; empty where no interval is known.
        budget_half_width: What the request's budget brings the widest interval to; None where not known.
        warnings: What the buyer should know before opening, one sentence each.
        blind_below: What part of the pot a seller must be worth to be told from nothing, by number of validation rows:
            as many as there are, and four times as many. Empty where it is not known.
        filling_up: How many times the evaluations it takes, for the same precision, that small coalitions are filled
            up with rows that say nothing; None where they are not, or it is not known.
        due_floor: What any amount may move by, with its currency.
        budget_seconds: How long the whole budget takes, by ``WORKERS``.
        is_outdated: Whether model, columns or the buyer's rows were changed since.
    """

    learning: Learning
    mean_score: float
    markets: tuple[Market, ...]
    projection: Projection
    offers: tuple[Offer, ...]
    budget_half_width: float | None
    warnings: tuple[str, ...]
    blind_below: tuple[tuple[int, float], ...]
    filling_up: float | None
    due_floor: str
    budget_seconds: tuple[float, ...]
    is_outdated: bool


def latest_quote(request: DataRequest) -> Quote | None:
    """The quote that was asked for last."""
    return Quote.objects.filter(request=request).first()


def step_in_words(quote: Quote) -> str:
    """What a quote at work is doing."""
    return STEPS[min(quote.steps_done, len(STEPS) - 1)]


def view_of(quote: Quote) -> QuoteView | None:
    """The figures of a finished quote; None before it is done."""
    result, request = quote.result, quote.request
    if result is None:
        return None
    learned = result["learning"]
    learning = Learning(learned["rows"], learned["empty"], tuple(learned["scores"]), learned["sampling_error"])
    projection = Projection(**result["projection"])
    budget = request.evaluations_max
    variance = projection.unit_variance
    return QuoteView(
        learning=learning,
        mean_score=sum(learning.scores) / len(learning.scores),
        markets=tuple(Market(**market) for market in result["markets"]),
        projection=projection,
        offers=_offers(projection, request, quote.sellers),
        warnings=_warnings(request, result.get("classes")),
        blind_below=_blind_below(result),
        filling_up=result.get("filling_up"),
        due_floor=format_amount(DUE_MINOR, request.currency),
        budget_half_width=None if variance is None else (variance / budget) ** 0.5,
        budget_seconds=_seconds(projection, budget),
        is_outdated=quote.terms_sha256 != terms_sha256(request),
    )


def _warnings(request: DataRequest, classes: dict[str, Any] | None) -> tuple[str, ...]:
    """What is wrong with how the model treats classes; nothing in quotes from before that was looked at."""
    if classes is None:
        return ()
    trial = ClassTrial(**{**classes, "recalls": tuple(classes["recalls"])})
    target = next(column for column in request.schema["columns"] if column["name"] == request.target)
    warnings = [
        f"The model hardly ever names “{target['categories'][code]}”: {percent(trial.recalls[code], 0)} of its "
        "rows were right."
        for code in trial.ignored
    ]
    if trial.turning_is_better:
        has_weights = ModelSpec.from_json({**request.model_spec, "metric": request.metric}).class_weights
        advice = (
            "without class weights than with them. Turn them off" if has_weights else "with class weights. Turn them on"
        )
        scores = f"{units.written(trial.score_turned or 0.0, request.metric)} instead of "
        scores += f"{units.written(trial.score, request.metric)} {units.unit_of(request.metric)}"
        warnings.append(f"The model scores better {advice} under the model's parameters: {scores}.")
    return tuple(warnings)


def _blind_below(result: dict[str, Any]) -> tuple[tuple[int, float], ...]:
    part = result["markets"][-1].get("blind_below")
    if part is None:
        return ()
    rows = result["validation_rows"]
    # An error of a sample falls with the root of its rows.
    return ((rows, part), (4 * rows, part / 2))


def _offers(projection: Projection, request: DataRequest, sellers: int) -> tuple[Offer, ...]:
    if projection.unit_variance is None:
        return ()
    offers, due = [], _due_half_width(request, sellers)
    for half_width in sorted({*PRECISIONS, request.precision_target, due}):
        evaluations = max(1, round(projection.unit_variance / half_width**2))
        offers.append(
            Offer(
                half_width,
                evaluations,
                _seconds(projection, evaluations),
                is_wanted=half_width == request.precision_target,
                is_due=half_width == due,
                is_within_budget=evaluations <= request.evaluations_max,
            )
        )
    return tuple(offers)


def _due_half_width(request: DataRequest, sellers: int) -> float:
    """Half-width of an even share of which one standard error is a sixth, or 500 minor units if more."""
    allowed = DUE_PART / sellers
    if request.pot_minor:
        allowed = max(allowed, due_of_pot(request.pot_minor).absolute)
    return normal_quantile() * allowed


def _seconds(projection: Projection, evaluations: int) -> tuple[float, ...]:
    return tuple(projection.seconds_per_evaluation * evaluations / workers for workers in WORKERS)
