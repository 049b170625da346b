"""HCDV in a marketplace run: repetitions, and settings that a request's task and metric need, in a stated budget."""

from collections.abc import Callable
from dataclasses import replace

from valuation.core.metrics.registry import facts_of
from valuation.core.rows.config import HcdvConfig
from valuation.core.rows.dispersion import Task
from valuation.core.rows.encoder.config import EncoderConfig
from valuation.core.rows.plan import HcdvPlan
from valuation.core.rows.repetitions import RepeatedHcdvPlan

# Most utility evaluations that values of rows may take, beside the budget of the sellers' values: of a model that
# trains a batch of coalitions at once, and of one that is fitted coalition by coalition.
EVALUATIONS_BATCHED = 60_000
EVALUATIONS_LOOPED = 3_000
REPETITIONS = 4

# Measured (docs/evidence/hcdv-rows.md): with leaves of 20 rows sellers' sums scatter nearly three times as much over
# repetitions as with some hundreds, and cost four times as much; the neighbours that divide a leaf agree better than
# local games of a few rows. Small markets keep one level of games.
_LEAF_SIZE = 512
# A quarter of the validation rows of the demo's market: each repetition asks other ones.
_NEIGHBOR_PAIRS = 12_500_000
# Losses have no bound: cut at twice the constant predictor's loss, and lambda in units of that loss. All other metrics
# have 1 as their best, which the range of ``HcdvConfig`` keeps.
_LOSS_RANGE = (-2.0, 0.0)
# Eight children play an exact game of 255 coalitions, for which 16 children ask 3,840 in random orders; below the root
# there are many nodes, and games of four ask 15.
_CHILDREN = (8, 4)
# Rows times epochs that an encoder is trained on: 10 epochs of the demo's 10,000 rows.
_ROWS_TRAINED = 100_000


def market_plan(
    *, n_rows: int, task: Task, metric: str, batched: bool, cost: Callable[[float], float]
) -> RepeatedHcdvPlan:
    """The plan of a run's row values: :func:`market_config` repeated, within the stated budget in all.

    Args:
        n_rows: Pooled rows.
        task: The request's.
        metric: The buyer's.
        batched: Whether the buyer's model trains many coalitions at once.
        cost: Seconds of one evaluation by coalition size.
    """
    config = market_config(n_rows=n_rows, task=task, metric=metric, batched=batched)
    return RepeatedHcdvPlan(HcdvPlan(n_rows, config, cost), REPETITIONS)


def market_config(*, n_rows: int, task: Task, metric: str, batched: bool) -> HcdvConfig:
    """The settings of one repetition.

    Args:
        n_rows: Pooled rows.
        task: The request's.
        metric: The buyer's.
        batched: Whether the buyer's model trains many coalitions at once.

    Returns:
        Settings under which all repetitions over ``n_rows`` rows stay within ``EVALUATIONS_BATCHED`` or
        ``EVALUATIONS_LOOPED``.
    """
    facts = facts_of(metric)
    epochs = max(1, min(10, _ROWS_TRAINED // max(1, n_rows)))
    config = HcdvConfig(
        task=task,
        embedding="encoder",
        encoder=EncoderConfig(device="cpu", epochs=epochs),
        children=_CHILDREN,
        leaf_size=max(_CHILDREN[0], min(_LEAF_SIZE, -(-n_rows // _CHILDREN[0]))),
        permutations=(64,),
        balanced_classes=facts.classes_alike,
        neighbor_pairs=_NEIGHBOR_PAIRS,
    )
    if task == "regression":
        # Numbers have no KNN-Shapley here: small leaves, reached by cheap cuts in four, are divided evenly.
        config = replace(config, children=(8, 8, 8, 4), leaf_size=8, large_leaf="uniform")
    if facts.is_loss:
        config = replace(config, metric_range=_LOSS_RANGE, in_baselines=True)
    return config.within(n_rows, (EVALUATIONS_BATCHED if batched else EVALUATIONS_LOOPED) // REPETITIONS)
