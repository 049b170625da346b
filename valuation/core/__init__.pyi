from .baselines.algorithm_1 import estimate_by_algorithm_1
from .baselines.algorithm_2 import estimate_by_algorithm_2
from .baselines.beta_shapley import beta_shapley
from .baselines.data_oob import data_oob
from .baselines.du_shapley import du_shapley
from .baselines.exact import exact_shapley
from .baselines.gsv import estimate_gsv
from .baselines.influence import InfluenceValues, influence_game, influence_values
from .baselines.leave_one_out import leave_one_out
from .baselines.points import estimate_points
from .baselines.srs import estimate_srs
from .baselines.truncated import truncated_shapley
from .errors import ValuationError
from .fgsv.by_size import SizeContributions, by_size
from .fgsv.plan import FgsvPlan
from .fgsv.segments import SegmentContributions, by_segment
from .games.game import CachedGame, Game, GroupGame, RowwiseGame, group_game
from .games.progress_game import ProgressGame
from .games.rows import PooledRows
from .library.augmentation import AugmentationRanking, rank_augmented
from .library.estimate_fgsv import estimate_fgsv
from .library.estimate_fsrs import estimate_fsrs
from .library.estimate_hcdv import estimate_hcdv
from .models import ModelSpec, UtilityGame, make_utility
from .models.topped_up import ToppedUpGame, make_topped_up_utility
from .plans.block_folder import BlockFolder
from .plans.plan import Block, BlockResult, Plan, PlanState, SavedBlocks
from .plans.sequence import PlanSequence
from .results import (
    GroupValues,
    HcdvValues,
    NoStandardErrorsError,
    PointValues,
    RoyaltyShares,
    share_interval,
)
from .rows.config import HcdvConfig
from .rows.encoder.config import EncoderConfig
from .rows.encoder.encoder import Encoder
from .rows.encoder.frozen import FrozenEmbedding
from .rows.encoder.train import train_encoder
from .rows.games.knn_shapley import knn_shapley
from .rows.growing.incremental import start_incremental, update_incremental
from .rows.growing.incremental_state import IncrementalConfig, IncrementalState
from .rows.plan import HcdvPlan
from .rows.repetitions import RepeatedHcdvPlan, hcdv_group_sums
from .rows.tree.hierarchy import Hierarchy, build_hierarchy
from .runner import run_block, run_plan

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
    "PlanSequence",
    "PlanState",
    "PointValues",
    "PooledRows",
    "ProgressGame",
    "RepeatedHcdvPlan",
    "RowwiseGame",
    "RoyaltyShares",
    "SavedBlocks",
    "SegmentContributions",
    "SizeContributions",
    "ToppedUpGame",
    "UtilityGame",
    "ValuationError",
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
