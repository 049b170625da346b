"""Which constants the values of rows have, by method version: another constant is another version.

Rounds of one version are recomputed and compared. Whoever changes a constant that moves a stored or running round
raises `METHOD_VERSION` and puts it down here.
"""

from importlib import import_module
from pkgutil import walk_packages

from valuation.core.rows.plan import METHOD_VERSION

VERSION = "hcdv/3"
CONSTANTS = {
    "blocks.ENDS_EVALUATIONS": 2,
    "blocks.TREE_ARRAYS": ("order", "starts", "stops", "parents", "levels", "first_children", "child_counts"),
    "blocks.SUMS": ("totals", "squares", "alone"),
    "config.ENDS_EVALUATIONS": 2,
    "dispersion.LARGEST": 2.0,
    "dispersion._CHUNK": 256,
    "dispersion._ROUNDING": 1e-12,
    "encoder.inputs.SCALED_MAX": 10.0,
    "encoder.inputs._TAIL": 0.005,
    "encoder.inputs._IMAGE_AXES": (3, 4),
    "encoder.networks._CELLS": 4,
    "encoder.networks._KERNEL": 3,
    "encoder.networks._SHORTEST": 0.001,
    "encoder.networks._ROWS_AT_ONCE": 1024,
    "encoder.networks._IMAGE_AXES": 3,
    "encoder.training._BATCHES": 8,
    "encoder.training._SMALLEST_BATCH": 16,
    "encoder.training._IMAGE_AXES": 4,
    "games.cached_games.KEY_BYTES": 16,
    "games.local_game._CODES_AT_ONCE": 4096,
    "games.local_game._WALK_CELLS": 4194304,
    "games.pot._CANCELLED": 1e-12,
    "growing.incremental.ENDS_EVALUATIONS": 2,
    "growing.incremental._EMPTY_TOLERANCE": 1e-09,
    "growing.incremental_state.TREE_ARRAYS": (
        "order",
        "starts",
        "stops",
        "parents",
        "levels",
        "first_children",
        "child_counts",
    ),
    "growing.incremental_state._ROWS": ("keys", "z", "y", "z_valid", "y_valid"),
    "growing.row_keys.KEY_BYTES": 16,
    "market.EVALUATIONS_BATCHED": 60000,
    "market.EVALUATIONS_LOOPED": 3000,
    "market.REPETITIONS": 4,
    "market._LEAF_SIZE": 512,
    "market._NEIGHBOR_PAIRS": 12500000,
    "market._LOSS_RANGE": (-2.0, 0.0),
    "market._CHILDREN": (8, 4),
    "market._ROWS_TRAINED": 100000,
    "plan.BLOCK_SECONDS": 1.5,
    "plan.SUMS": ("totals", "squares", "alone"),
    "plan.TREE_ARRAYS": ("order", "starts", "stops", "parents", "levels", "first_children", "child_counts"),
    "plan.ENDS_EVALUATIONS": 2,
    "plan._AIMED_SECONDS": 0.5,
    "plan._PAIR_SECONDS": 3e-08,
    "repetitions.REPETITIONS_MIN": 4,
    "row_kinds.STRATUM_ROWS_MIN": 4,
    "tree.agglomerative.CELLS": 1000,
    "tree.balanced_kmeans._POWER_STEPS": 8,
    "tree.balanced_kmeans._SPLIT_STEPS": 10,
    "tree.spectral.LANDMARKS": 256,
    "tree.spectral._NEAREST": 7,
    "tree.spectral._ROUNDING": 1e-10,
    "tree.spectral._SAME": 1e-14,
}


def constants():
    """Every number that modules of the rows name in capitals."""
    package = import_module("valuation.core.rows")
    return {
        f"{module.name.removeprefix('valuation.core.rows.')}.{name}": value
        for module in walk_packages(package.__path__, f"{package.__name__}.")
        for name, value in vars(import_module(module.name)).items()
        if name.isupper() and isinstance(value, int | float | tuple)
    }


def test_a_version_has_the_constants_that_it_had():
    assert METHOD_VERSION == VERSION, "Raise the version here too, and put down its constants."
    assert constants() == CONSTANTS
