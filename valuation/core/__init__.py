"""What is data worth: games, estimators of group values, and plans that run them as blocks; no framework needed."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from valuation.core.errors import ValuationError
from valuation.core.estimators.du_shapley import du_shapley
from valuation.core.estimators.exact import exact_shapley
from valuation.core.estimators.gsv import estimate_gsv
from valuation.core.estimators.knn_shapley import knn_shapley
from valuation.core.estimators.leave_one_out import leave_one_out
from valuation.core.estimators.points import estimate_points
from valuation.core.fgsv.estimate import estimate_fgsv
from valuation.core.fgsv.plan import FgsvPlan
from valuation.core.games import CachedGame, Game, GroupGame, RowwiseGame, group_game
from valuation.core.hcdv.config import HcdvConfig
from valuation.core.hcdv.encoder import Encoder, EncoderConfig, train_encoder
from valuation.core.hcdv.estimate import estimate_hcdv
from valuation.core.hcdv.plan import HcdvPlan
from valuation.core.plan import Block, BlockResult, Plan, PlansInTurn, PlanState, run_block, run_plan
from valuation.core.results import GroupValues, HcdvValues, NoStandardErrorsError, PointValues, share_interval
from valuation.core.rows import PooledRows

if TYPE_CHECKING:
    from valuation.core.utility import ModelSpec, UtilityGame, make_utility

__all__ = [
    "Block",
    "BlockResult",
    "CachedGame",
    "Encoder",
    "EncoderConfig",
    "FgsvPlan",
    "Game",
    "GroupGame",
    "GroupValues",
    "HcdvConfig",
    "HcdvPlan",
    "HcdvValues",
    "ModelSpec",
    "NoStandardErrorsError",
    "Plan",
    "PlanState",
    "PlansInTurn",
    "PointValues",
    "PooledRows",
    "RowwiseGame",
    "UtilityGame",
    "ValuationError",
    "du_shapley",
    "estimate_fgsv",
    "estimate_gsv",
    "estimate_hcdv",
    "estimate_points",
    "exact_shapley",
    "group_game",
    "knn_shapley",
    "leave_one_out",
    "make_utility",
    "run_block",
    "run_plan",
    "share_interval",
    "train_encoder",
]


def __getattr__(name: str) -> Any:
    # Model families load scikit-learn; whoever only reads results should not wait for it.
    if name in {"ModelSpec", "UtilityGame", "make_utility"}:
        return getattr(import_module("valuation.core.utility"), name)
    raise AttributeError(name)
