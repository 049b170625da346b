"""What small fixed runs of the paid plan come to, by method version: another constant is another version.

Rounds of one version are recomputed and compared. So whoever changes a constant that moves a stored or running round
raises `METHOD_VERSION` and puts down here what the new version gives; figures of versions before are not kept, because
their code is gone. Sums may differ in their last bits between processors: nine digits are compared.
"""

from importlib import import_module
from pkgutil import iter_modules

import numpy as np
import pytest

from tests.oracles.games_at_random import contiguous_groups
from valuation.core import FgsvPlan, run_plan
from valuation.core.fgsv.plan import METHOD_VERSION
from valuation.core.fgsv.precision import DueTarget
from valuation.core.games.known_games import LearningCurveGame, NeedleGame


class Rowwise:
    """A learning curve scored by rows: each validation row learns at a rate of its own."""

    def __init__(self, n, n_valid=12):
        rng = np.random.default_rng(3)
        self.n_players = n
        self._worth = rng.gamma(1.0, 1.0, n) / n
        self._rates = rng.uniform(0.5, 6.0, n_valid)

    def __call__(self, coalitions):
        return self.rowwise(coalitions).mean(axis=1)

    def rowwise(self, coalitions):
        return -np.expm1(-np.outer(coalitions @ self._worth, self._rates))


class Constant:
    """Rows that say nothing."""

    def __init__(self, n):
        self.n_players = n

    def __call__(self, coalitions):
        return np.full(len(coalitions), 0.25)


def curve(n):
    return LearningCurveGame(np.random.default_rng(5).gamma(1.0, 1.0, n) * 4 / n)


def needle(n, row):
    effects = np.zeros(n)
    effects[row] = 1.0
    return NeedleGame(effects, 0.0)


# A name, the game, the sellers' rows, and what is asked of the plan.
RUNS = {
    "few rows, all sizes": (curve(9), (2, 3, 4), {"budget": 2_000}),
    "pairs of few sellers, to a target": (curve(300), (20, 80, 200), {"budget": 20_000, "target": 0.02}),
    "many sellers": (curve(600), (10,) * 60, {"budget": 3_000}),
    "sellers as players": (curve(120), (20, 40, 60), {"budget": 6_000, "with_seller_game": True}),
    "by validation rows, gated": (
        Rowwise(150), (30, 50, 70), {"budget": 8_000, "target": 0.004, "rowwise": True, "gated": True}),
    "amounts that are due": (
        Rowwise(150), (30, 50, 70), {"budget": 8_000, "due_target": DueTarget(1 / 300, 5e-4), "rowwise": True}),
    "one row that counts": (needle(90, 89), (1, 89), {"budget": 12_000}),
    "too few draws for an interval": (needle(90, 0), (1, 89), {"budget": 1_000}),
    "nothing ever moves": (Constant(40), (10, 30), {"budget": 1_500}),
}  # fmt: skip


VERSION = "fgsv-auto/6"
# By run: evaluations, blocks, waves and how many sellers get no interval; then the figures.
FINGERPRINTS = {
    "few rows, all sizes": ([512, 9, 1, 0], {"fgsv": 0.49137787059664906, "fgsv, covariance": 0.0}),
    "pairs of few sellers, to a target": (
        [2610, 51, 2, 0],
        {"fgsv": -0.06794088669287673, "fgsv, covariance": -0.00010468169070966906},
    ),
    "many sellers": ([3000, 43, 2, 0], {"fgsv": -0.02511566275436517, "fgsv, covariance": 1.2106471200218703e-05}),
    "sellers as players": (
        [5986, 46, 3, 0],
        {
            "fgsv": 0.043178701588726526,
            "fgsv, covariance": -2.4881423224607837e-05,
            "gsv": 0.13669431738273438,
            "gsv, covariance": 0.0,
            "leave_one_out": -0.03934914513053424,
            "leave_one_out, covariance": 0.0,
        },
    ),
    "by validation rows, gated": (
        [7992, 56, 3, 0],
        {
            "fgsv": 0.12311324262353449,
            "fgsv, covariance": -1.4607587012983726e-05,
            "fgsv, validation rows": 0.00021558687485023274,
        },
    ),
    "amounts that are due": (
        [1595, 37, 2, 0],
        {
            "fgsv": 0.11904998456962751,
            "fgsv, covariance": -0.00011905830587279536,
            "fgsv, validation rows": 0.00020520332231145204,
        },
    ),
    "one row that counts": ([12000, 61, 3, 0], {"fgsv": 0.541003360214391, "fgsv, covariance": -1.992807099041016e-06}),
    "too few draws for an interval": (
        [996, 43, 3, 2],
        {"fgsv": 0.9942984629074367, "fgsv, covariance": -0.00021085612875315217},
    ),
    "nothing ever moves": ([1398, 45, 3, 2], {"fgsv": 0.0, "fgsv, covariance": 0.0}),
}


CONSTANTS = {
    "fgsv.allocation._BISECTIONS": 60,
    "fgsv.allocation._NEIGHBOUR_PART": 0.2,
    "fgsv.allocation._ROUNDS": 8,
    "fgsv.blocks._PAIRS_PER_SLOPE": 3,
    "fgsv.blocks._CURVE_DEGREE": 2,
    "fgsv.blocks._LEVERAGE_MAX": 0.9,
    "fgsv.draws._CHUNK_PART": 20,
    "fgsv.draws.DEVIATION": 0.1,
    "fgsv.draws._SIGN_TRIES": 3,
    "fgsv.plan.BLOCK_SECONDS": 1.5,
    "fgsv.spending.BLOCK_SECONDS": 1.5,
    "fgsv.spending._BLOCK_DRAWS_MIN": 8,
    "fgsv.spending._WAVE_GROWTH": 3.0,
    "fgsv.spending._FLOOR_PART": 10,
    "fgsv.spending._DUE_AIM": 0.9,
    "fgsv.precision._AIM": 0.94,
    "fgsv.precision.DUE_PART": 0.16666666666666666,
    "fgsv.precision.DUE_MINOR": 500,
    "fgsv.precision._OF_VALIDATION": 0.25,
    "fgsv.seller_sums.CIRCLES_MIN": 4,
    "fgsv.seller_sums.EXACT_GROUPS_OF_RUNS_MAX": 12,
    "fgsv.seller_sums._CIRCLES_MAX": 8,
    "fgsv.seller_sums._BUDGET_PART": 4,
    "fgsv.strata.DEVIATION": 0.1,
    "fgsv.strata._COVARIANCE_SIZES_MAX": 12,
    "fgsv.strata._COVARIANCE_ROWS_PER_GROUP": 2,
    "fgsv.strata._WEIGHING_ROWS_PER_GROUP": 100,
    "fgsv.strata._FEW_GROUPS": 8,
    "fgsv.strata._PAIRS_PART": 8,
    "fgsv.strata._COUNT_VARIANCE_MIN": 0.1,
    "fgsv.strata._PILOT_DRAWS": 32,
    "fgsv.strata._PILOT_DRAWS_MIN": 8,
    "fgsv.strata._PILOT_PART": 3,
    "fgsv.strata._ENUMERATION_PART": 16,
    "fgsv.strata._ENUMERATION_MAX": 512,
    "fgsv.unseen._EVENTS": 3.0,
    "fgsv.unseen._FADE": 0.7,
    "fgsv.unseen._BORROWED": 2.0,
    "fgsv.unseen._TELLING": 10.0,
    "fgsv.unseen._MOST": 0.5,
    "fgsv.unseen._TOLD_MIN": 5.0,
    "fgsv.unseen._ALIKE_DRAWS": 300.0,
    "fgsv.unseen._NOTHING_DRAWS": 1000.0,
    "sampling.circles.ORDERS_MIN": 8,
    "sampling.circles.CIRCLES_MIN": 4,
    "sampling.coalition_draws.PAIRS_MIN": 32,
    "sampling.coalition_draws._MANY": 10**300,
    "sampling.orders.ORDERS_MIN": 8,
    "sampling.seller_blocks.EXACT_GROUPS_MAX": 18,
    "sampling.seller_blocks.EXACT_GROUPS_OF_RUNS_MAX": 12,
    "statistics.confidence.LEVEL": 0.95,
    "statistics.rounding._EPSILONS": 1000.0,
    "statistics.validation_sample.STRATUM_ROWS_MIN": 4,
    "statistics.validation_sample._MATTERING_ROWS": 20,
    "statistics.validation_sample._ROWS_ADDED": 4,
    "statistics.validation_sample._ROUNDING": 1e-20,
}


def fingerprint(name):
    """Counts of the run, and of every series of figures one mixture of all of them."""
    game, sizes, asked = RUNS[name]
    plan = FgsvPlan(sizes, **asked)
    state = run_plan(plan, game, contiguous_groups(sizes), 7)
    counts = [state.evaluations, state.blocks_merged, state.wave]
    figures = {}
    for rule, found in plan.estimates(state, 7).items():
        figures |= {rule: mixed(found.values), f"{rule}, covariance": mixed(found.covariance)}
        if rule == "fgsv":
            counts.append(int(found.withheld.sum()))
        if found.validation_covariance is not None:
            figures[f"{rule}, validation rows"] = mixed(found.validation_covariance)
    return counts, figures


def mixed(figures):
    return float(np.ravel(figures) @ np.cos(np.arange(np.size(figures))))


@pytest.mark.parametrize("name", RUNS)
def test_a_version_gives_what_it_gave(name):
    assert METHOD_VERSION == VERSION, "Raise the version here too, and put down what it gives."
    counts, figures = fingerprint(name)

    assert counts == FINGERPRINTS[name][0]
    assert figures == pytest.approx(FINGERPRINTS[name][1], rel=1e-9, abs=1e-15)


def constants():
    """Every number that modules of the plan, and what they stand on, name in capitals."""
    found = {}
    for room in ("fgsv", "sampling", "statistics"):
        package = import_module(f"valuation.core.{room}")
        for module in iter_modules(package.__path__):
            named = vars(import_module(f"{package.__name__}.{module.name}"))
            found |= {
                f"{room}.{module.name}.{name}": value
                for name, value in named.items()
                if name.isupper() and isinstance(value, int | float)
            }
    return found


def test_a_version_has_the_constants_that_it_had():
    """Thresholds that no small run reaches move stored rounds all the same."""
    assert METHOD_VERSION == VERSION
    assert constants() == CONSTANTS
