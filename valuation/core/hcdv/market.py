"""HCDV's settings for a marketplace run: what a request's task and metric need, within a stated budget."""

from dataclasses import replace

from valuation.core.hcdv.config import HcdvConfig
from valuation.core.hcdv.dispersion import Task
from valuation.core.hcdv.encoder import EncoderConfig

# Most utility evaluations that values of rows may take, beside the budget of the sellers' values: of a model that
# trains a batch of coalitions at once, and of one that is fitted coalition by coalition.
EVALUATIONS_BATCHED = 60_000
EVALUATIONS_LOOPED = 3_000

# Losses without a lower bound: cut at twice the constant predictor's loss, and lambda in units of that loss.
_LOSSES = {"neg_log_loss", "neg_mse"}
_BALANCED = {"balanced_accuracy", "macro_f1", "roc_auc"}
# Eight children play an exact game of 255 coalitions, for which 16 children ask 3,840 in random orders.
_CHILDREN = 8
# Rows times epochs that an encoder is trained on: 10 epochs of the demo's 10,000 rows.
_ROWS_TRAINED = 100_000


def market_config(*, n_rows: int, task: Task, metric: str, batched: bool) -> HcdvConfig:
    """The settings of a run.

    Args:
        n_rows: Pooled rows.
        task: The request's.
        metric: The buyer's.
        batched: Whether the buyer's model trains many coalitions at once.

    Returns:
        Settings under which a run over ``n_rows`` rows stays within ``EVALUATIONS_BATCHED`` or
        ``EVALUATIONS_LOOPED``, whose leaves are as small as that allows.
    """
    epochs = max(1, min(10, _ROWS_TRAINED // max(1, n_rows)))
    config = HcdvConfig(
        task=task,
        embedding="encoder",
        encoder=EncoderConfig(device="cpu", epochs=epochs),
        children=(_CHILDREN,),
        permutations=(64,),
        balanced_classes=metric in _BALANCED,
    )
    if task == "regression":
        # Numbers have no KNN-Shapley here: small leaves, reached by cheap cuts in four, are divided evenly.
        config = replace(config, children=(8, 8, 8, 4), leaf_size=8, large_leaf="uniform")
    if metric in _LOSSES:
        config = replace(config, metric_range=(-2.0, 0.0), in_baselines=True)
    return config.within(n_rows, EVALUATIONS_BATCHED if batched else EVALUATIONS_LOOPED)
