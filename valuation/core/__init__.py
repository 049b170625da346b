"""What is data worth: games, estimators of group values, and plans that run them as blocks; no framework needed."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from valuation.core.block_folder import BlockFolder
from valuation.core.errors import ValuationError
from valuation.core.estimators.beta_shapley import beta_shapley
from valuation.core.estimators.du_shapley import du_shapley
from valuation.core.estimators.exact import exact_shapley
from valuation.core.estimators.gsv import estimate_gsv
from valuation.core.estimators.knn_shapley import knn_shapley
from valuation.core.estimators.leave_one_out import leave_one_out
from valuation.core.estimators.points import estimate_points
from valuation.core.estimators.srs import estimate_srs
from valuation.core.estimators.truncated import truncated_shapley
from valuation.core.fgsv.algorithm_1 import estimate_by_algorithm_1
from valuation.core.fgsv.by_size import SizeContributions, by_size
from valuation.core.fgsv.estimate import estimate_fgsv
from valuation.core.fgsv.fsrs import estimate_fsrs
from valuation.core.fgsv.plan import FgsvPlan
from valuation.core.games import CachedGame, Game, GroupGame, RowwiseGame, group_game
from valuation.core.hcdv.augmentation import AugmentationRanking, rank_augmented
from valuation.core.hcdv.config import HcdvConfig
from valuation.core.hcdv.encoder import Encoder, EncoderConfig, train_encoder
from valuation.core.hcdv.estimate import estimate_hcdv
from valuation.core.hcdv.frozen import FrozenEmbedding
from valuation.core.hcdv.hierarchy import Hierarchy, build_hierarchy
from valuation.core.hcdv.incremental import start_incremental, update_incremental
from valuation.core.hcdv.incremental_state import IncrementalConfig, IncrementalState
from valuation.core.hcdv.plan import HcdvPlan
from valuation.core.hcdv.repetitions import RepeatedHcdvPlan, hcdv_group_sums
from valuation.core.plan import Block, BlockResult, Plan, PlanState, SavedBlocks, run_block, run_plan
from valuation.core.plans_in_turn import PlansInTurn
from valuation.core.results import (
    GroupValues,
    HcdvValues,
    NoStandardErrorsError,
    PointValues,
    RoyaltyShares,
    share_interval,
)
from valuation.core.rows import PooledRows
from valuation.core.segments import SegmentContributions, by_segment
from valuation.core.watched import WatchedGame

if TYPE_CHECKING:
    from valuation.core.estimators.data_oob import data_oob
    from valuation.core.estimators.influence import InfluenceValues, influence_game, influence_values
    from valuation.core.fgsv.algorithm_2 import ToppedUpGame, estimate_by_algorithm_2, make_topped_up_utility
    from valuation.core.utility import ModelSpec, UtilityGame, make_utility

__all__ = [
    "AugmentationRanking",
    "Block",
    "BlockFolder",
    "BlockResult",
    "CachedGame",
    "Encoder",
    "EncoderConfig",
    "FgsvPlan",
    "FrozenEmbedding",
    "Game",
    "GroupGame",
    "GroupValues",
    "HcdvConfig",
    "HcdvPlan",
    "HcdvValues",
    "Hierarchy",
    "IncrementalConfig",
    "IncrementalState",
    "InfluenceValues",
    "ModelSpec",
    "NoStandardErrorsError",
    "Plan",
    "PlanState",
    "PlansInTurn",
    "PointValues",
    "PooledRows",
    "RepeatedHcdvPlan",
    "RowwiseGame",
    "RoyaltyShares",
    "SavedBlocks",
    "SegmentContributions",
    "SizeContributions",
    "ToppedUpGame",
    "UtilityGame",
    "ValuationError",
    "WatchedGame",
    "beta_shapley",
    "build_hierarchy",
    "by_segment",
    "by_size",
    "data_oob",
    "du_shapley",
    "estimate_by_algorithm_1",
    "estimate_by_algorithm_2",
    "estimate_fgsv",
    "estimate_fsrs",
    "estimate_gsv",
    "estimate_hcdv",
    "estimate_points",
    "estimate_srs",
    "exact_shapley",
    "group_game",
    "hcdv_group_sums",
    "influence_game",
    "influence_values",
    "knn_shapley",
    "leave_one_out",
    "make_topped_up_utility",
    "make_utility",
    "rank_augmented",
    "run_block",
    "run_plan",
    "share_interval",
    "start_incremental",
    "train_encoder",
    "truncated_shapley",
    "update_incremental",
]

# Model families load scikit-learn, and some torch; whoever only reads results should not wait for them.
_LAZY = {
    "InfluenceValues": "valuation.core.estimators.influence",
    "ModelSpec": "valuation.core.utility",
    "ToppedUpGame": "valuation.core.fgsv.algorithm_2",
    "UtilityGame": "valuation.core.utility",
    "data_oob": "valuation.core.estimators.data_oob",
    "estimate_by_algorithm_2": "valuation.core.fgsv.algorithm_2",
    "influence_game": "valuation.core.estimators.influence",
    "influence_values": "valuation.core.estimators.influence",
    "make_topped_up_utility": "valuation.core.fgsv.algorithm_2",
    "make_utility": "valuation.core.utility",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(name)
