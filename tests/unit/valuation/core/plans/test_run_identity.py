from dataclasses import replace

import numpy as np

from valuation.core.games.known_games import sou_game
from valuation.core.games.rows import PooledRows
from valuation.core.plans.run_identity import run_identity


def test_rows_that_the_buyer_has_already_tell_runs_apart():
    rows = PooledRows(np.eye(3), np.arange(3), np.eye(3), np.arange(3))
    beside = replace(rows, X_base=np.eye(3), y_base=np.arange(3))
    others = replace(beside, y_base=np.arange(3)[::-1])
    game = sou_game(3, np.random.default_rng(0))

    found = {run_identity(7, game, [np.arange(3)], each) for each in (rows, beside, others)}

    assert len(found) == 3
