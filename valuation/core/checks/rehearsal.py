"""A valuation rehearsed on the buyer's own rows: does the model learn, what does an evaluation cost, how sure is it?

No seller's row is used. Part of the validation rows plays the sellers' rows, the rest scores the model.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np

from valuation.core.errors import BudgetTooSmallError, FitFailedError
from valuation.core.fgsv.plan import FgsvPlan
from valuation.core.games.game import FloatMatrix, FloatVector, Game, IndexVector, is_rowwise, scores
from valuation.core.games.rows import PooledRows
from valuation.core.models import ModelSpec, checked_rows, game_of
from valuation.core.models.buyers_game import buyers_game
from valuation.core.models.cost import evaluation_seconds
from valuation.core.results import GroupValues
from valuation.core.runner import run_block
from valuation.core.statistics.confidence import normal_quantile
from valuation.core.statistics.validation_sample import validation_covariance

DRY_RUN_ROWS = 100
DRY_RUN_DRAWS = 5
MARKET_ROWS_MAX = 2_000
MARKET_EVALUATIONS_MAX = 3_000
_SMALL_MARKET_FRACTION = 0.25
_PROBES = 3
_ALIKE = 20
_FIRSTS_MAX = 20
# Encoded rows, float64 ``(b, d)``, and their targets, ``(b,)``.
EncodedRows = tuple[FloatMatrix, FloatVector]


@dataclass(frozen=True)
class Learning:
    """What the model scores after a few rows.

    Attributes:
        rows: Rows of each training.
        empty: Score without them, which every training has to beat: of the constant predictor, or of the buyer's own
            rows where that is better.
        scores: Score of each training on the rows it did not see.
        sampling_error: Standard error of one such score beyond ``empty``, from the unseen rows being a sample.
    """

    rows: int
    empty: float
    scores: tuple[float, ...]
    sampling_error: float

    @property
    def learns(self) -> bool:
        """Whether the mean beats the score without these rows beyond chance.

        The draws share their rows, so their spread is not divided by their number.
        """
        error = float(np.hypot(np.std(self.scores), self.sampling_error))
        return bool(np.mean(self.scores) - normal_quantile() * error > self.empty)


@dataclass(frozen=True)
class Market:
    """One rehearsed market.

    Attributes:
        rows: Rows of all sellers together.
        evaluations: Trainings spent.
        seconds: What they took on one worker.
        half_width: Widest 95 % half-width of a payable share after them; None where it is not known.
        blind_below: A seller worth less than this part of what is shared cannot be told from nothing, because the
            validation rows are a sample; None where no value is above 0, or a metric has no such error.
    """

    rows: int
    evaluations: int
    seconds: float
    half_width: float | None
    blind_below: float | None = None

    @property
    def seconds_per_evaluation(self) -> float:
        """Mean over the coalition sizes that a plan draws."""
        return self.seconds / self.evaluations

    @property
    def unit_variance(self) -> float | None:
        """Evaluations times squared half-width: ``U / p**2`` evaluations bring the half-width to ``p``."""
        return None if self.half_width is None else self.evaluations * self.half_width**2


@dataclass(frozen=True)
class Projection:
    """What the markets say about one of ``rows`` rows.

    Attributes:
        rows: Rows of all sellers together.
        is_extrapolated: Whether it is larger than any rehearsed market.
        seconds_per_evaluation: On one worker.
        unit_variance: See ``Market``; None where no interval is known.
    """

    rows: int
    is_extrapolated: bool
    seconds_per_evaluation: float
    unit_variance: float | None


def try_model(
    spec: ModelSpec, X: FloatMatrix, y: FloatVector, *, rng: np.random.Generator, base: EncodedRows | None = None
) -> Learning:
    """Train the model on a few rows, several times, and score it on the others.

    Args:
        spec: The buyer's model and metric.
        X: Encoded validation rows, float64 ``(m, d)``, m >= 2.
        y: Their targets, ``(m,)``.
        rng: Source of the draws.
        base: Encoded rows that the buyer has already, ``(b, d)``, and their targets; every training has them too.

    Returns:
        Scores of ``DRY_RUN_DRAWS`` trainings on at most ``DRY_RUN_ROWS`` rows, and never on more than half of all.

    Raises:
        FitFailedError: The model cannot be trained on any of the draws.
        ValuationError: The model cannot be tried at all.
    """
    rows = min(DRY_RUN_ROWS, len(X) // 2)
    found = [_train_once(spec, X, y, rows, rng, base=base) for _ in range(DRY_RUN_DRAWS)]
    empty, full, error, trained = (np.array(column) for column in zip(*found, strict=True))
    if not trained.any():
        raise FitFailedError(
            f"The model cannot be trained on {rows} of your validation rows, in {DRY_RUN_DRAWS} tries. "
            "Such a model is worth no more than a constant answer, and nobody would be paid."
        )
    return Learning(rows, float(empty.mean()), tuple(full.tolist()), float(error.mean()))


def _train_once(
    spec: ModelSpec, X: FloatMatrix, y: FloatVector, rows: int, rng: np.random.Generator, *, base: EncodedRows | None
) -> tuple[float, float, float, bool]:
    """Score of nobody's rows, of ``rows`` drawn rows, the error of their difference, and whether they train a model."""
    train, held_out = _split(y, rows, rng)
    X_base, y_base = base or (None, None)
    encoded = checked_rows(spec, X[train], y[train], X[held_out], y[held_out], X_base=X_base, y_base=y_base)
    game = game_of(spec, encoded)
    coalitions = np.vstack([np.zeros(rows, dtype=np.bool_), np.ones(rows, dtype=np.bool_)])
    (empty, full), by_row = scores(game, coalitions)
    gains = np.diff(cast("FloatMatrix", by_row), axis=0)
    error = float(np.sqrt(validation_covariance(gains, game.row_strata)[0, 0]))
    # A score of its own is a model's; only one that equals nobody's may be no model, and is asked by one more training.
    trained = bool(full != empty) or bool(game.trains(coalitions[1:])[0])
    return float(empty), float(full), error, trained


def try_degenerate(spec: ModelSpec, X: FloatMatrix, y: FloatVector, *, base: EncodedRows | None = None) -> None:
    """Train on the coalitions that every market draws and few models foresee.

    These are single rows, one row of each class, rows that are all alike under one target and under several, and both
    together. What a model cannot be trained on counts as no model; anything else that goes wrong shows here and not in
    a round.

    Args:
        spec: The buyer's model and metric.
        X: Encoded validation rows, float64 ``(m, d)``.
        y: Their targets, ``(m,)``.
        base: See ``try_model``; a coalition is filled up as the terms say, too.

    Raises:
        ValuationError: The model cannot be tried at all.
    """
    _, firsts = np.unique(y, return_index=True)
    firsts = firsts[:: max(1, len(firsts) // _FIRSTS_MAX)]  # a few of the many targets of a regression
    alike = np.full(_ALIKE, firsts[0])
    players = np.concatenate([firsts, alike])
    targets = np.concatenate([y[firsts], np.resize(y[firsts], _ALIKE)])
    is_first = np.arange(len(players)) < len(firsts)
    coalitions = np.vstack(
        [
            np.eye(len(players), dtype=np.bool_)[: len(firsts)],
            is_first,  # one row of each class
            ~is_first,  # rows alike under all targets
            ~is_first & (targets == targets[0]),  # and under one
            is_first | (targets == targets[0]),
            np.ones_like(is_first),
        ]
    )
    scores(buyers_game(spec, PooledRows(X[players], targets, X, y, *(base or (None, None)))), coalitions)


def market_sizes(sellers: int, rows: int) -> tuple[int, int]:
    """Rows of the small and of the large market that stand for one of ``rows`` rows."""
    large = max(2 * sellers, min(rows, MARKET_ROWS_MAX))
    return max(2 * sellers, int(large * _SMALL_MARKET_FRACTION)), large


def rehearse_market(
    spec: ModelSpec,
    X: FloatMatrix,
    y: FloatVector,
    *,
    sellers: int,
    rows: int,
    seconds_max: float,
    rng: np.random.Generator,
    base: EncodedRows | None = None,
) -> Market:
    """Value equal sellers whose rows are drawn, with replacement, from half of the buyer's rows.

    Args:
        spec: The buyer's model and metric.
        X: Encoded validation rows, float64 ``(m, d)``.
        y: Their targets, ``(m,)``.
        sellers: Number of sellers, at least 2.
        rows: Rows of all sellers together.
        seconds_max: About how long it may take; a slow model then gets few evaluations, or none but the probes.
        rng: Source of the draws.
        base: See ``try_model``.

    Returns:
        The market; its half-width is None where the time does not allow the fewest evaluations of an honest interval,
        or no seller's value is above 0.

    Raises:
        ValuationError: The model cannot be trained on these rows.
    """
    game = _market_game(spec, X, y, rows, rng, base=base)
    probe_seconds = _probe(game, rng)
    budget = min(MARKET_EVALUATIONS_MAX, int(seconds_max / probe_seconds))
    seconds_of, n_base = evaluation_seconds(spec, X.shape[1]), len(base[0]) if base else 0
    plan = FgsvPlan(
        tuple(len(part) for part in np.array_split(np.arange(rows), sellers)),
        budget=budget,
        rowwise=is_rowwise(game),
        with_seller_game=True,
        cost=lambda size: seconds_of(max(size, spec.start_rows) + n_base),  # as in a real run
    )
    started = time.perf_counter()
    try:
        state = plan.start()
    except BudgetTooSmallError:
        return Market(rows, _PROBES, probe_seconds * _PROBES, None)
    seed = int(rng.integers(2**31))
    groups = np.array_split(np.arange(rows), sellers)
    while blocks := plan.next_wave(state):
        for block in blocks:
            state = plan.merge(state, block, run_block(game, groups, block, seed))
    half_width = plan.share_half_width(state)
    seconds = time.perf_counter() - started
    known = float(half_width) if np.isfinite(half_width) else None
    return Market(rows, state.evaluations, seconds, known, _blind_below(plan.estimate(state)))


def _blind_below(values: GroupValues) -> float | None:
    """Half-width of the validation interval of a seller's value, as a part of all positive values; see ``Market``."""
    total = float(np.maximum(values.values, 0.0).sum())
    if values.validation_covariance is None or total <= 0:
        return None
    error = float(np.sqrt(np.diag(values.validation_covariance).mean()))
    return normal_quantile() * error / total


def times_as_many(market: Market, other: Market) -> float | None:
    """How many times the other's evaluations a market takes for the same precision; None where it is not known."""
    if market.unit_variance is None or not other.unit_variance:
        return None
    return market.unit_variance / other.unit_variance


def project(small: Market, large: Market, *, rows: int) -> Projection:
    """Carry two markets over to one of ``rows`` rows.

    Beyond the large market, seconds grow by the power that the two show (at most in proportion to the rows), and the
    unit variance by the logarithm of the rows: every doubling of a market adds coalition sizes of about the same
    weight. Both are assumptions, checked on Adult only.
    """
    if rows <= large.rows:
        return Projection(
            rows,
            is_extrapolated=False,
            seconds_per_evaluation=large.seconds_per_evaluation,
            unit_variance=large.unit_variance,
        )
    further, apart = np.log(rows / large.rows), np.log(large.rows / small.rows) if large.rows > small.rows else 1.0
    power = np.clip(np.log(large.seconds_per_evaluation / small.seconds_per_evaluation) / apart, 0.0, 1.0)
    variance = large.unit_variance
    if variance is not None and small.unit_variance is not None:
        variance += max(0.0, variance - small.unit_variance) / apart * further
    seconds = large.seconds_per_evaluation * float(np.exp(power * further))
    return Projection(
        rows,
        is_extrapolated=True,
        seconds_per_evaluation=seconds,
        unit_variance=None if variance is None else float(variance),
    )


def _market_game(
    spec: ModelSpec, X: FloatMatrix, y: FloatVector, rows: int, rng: np.random.Generator, *, base: EncodedRows | None
) -> Game:
    """A game over ``rows`` rows, scored on as many rows as the real one has."""
    pool, held_out = _split(y, len(X) // 2, rng)
    train = rng.choice(pool, size=rows, replace=True)
    scored = np.resize(held_out, len(X))
    return buyers_game(spec, PooledRows(X[train], y[train], X[scored], y[scored], *(base or (None, None))))


def _probe(game: Game, rng: np.random.Generator) -> float:
    """Median seconds of an evaluation of half of the rows, the first one (which warms up) left out."""
    seconds = []
    for coalition in _halves(game.n_players, rng):
        started = time.perf_counter()
        game(coalition)
        seconds.append(time.perf_counter() - started)
    return max(1e-6, float(np.median(seconds[1:])))


def _halves(n_players: int, rng: np.random.Generator) -> Iterator[np.ndarray[tuple[int, int], np.dtype[np.bool_]]]:
    for _ in range(_PROBES + 1):
        yield rng.random((1, n_players)) < 0.5  # noqa: PLR2004 - half


def _split(y: FloatVector, rows: int, rng: np.random.Generator) -> tuple[IndexVector, IndexVector]:
    """Draw ``rows`` rows so that every class (or range of the target) is on both sides in proportion."""
    shuffled = rng.permutation(len(y))
    by_target = shuffled[np.argsort(y[shuffled], kind="stable")]
    drawn = np.zeros(len(y), dtype=np.bool_)
    drawn[np.linspace(0, len(y) - 1, rows).round().astype(int)] = True
    return by_target[drawn], by_target[~drawn]
