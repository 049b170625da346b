"""Progress, cancellation and going on from saved blocks, as a library user has them."""

import numpy as np
import pytest

from tests.oracles.games_at_random import PolynomialGame, contiguous_groups
from valuation.core import (
    BlockFolder,
    CachedGame,
    FgsvPlan,
    Game,
    HcdvConfig,
    ProgressGame,
    RowwiseGame,
    estimate_fgsv,
    estimate_hcdv,
    estimate_points,
    run_plan,
)
from valuation.core.errors import InvalidSpecError, SavedBlocksError

SIZES = (10, 20, 30)
GROUPS = contiguous_groups(SIZES)


class CancelledError(Exception):
    """What a caller raises to stop."""


class Counted:
    def __init__(self):
        self.game = PolynomialGame(60, np.random.default_rng(0))
        self.n_players = 60
        self.evaluations = 0

    def __call__(self, coalitions):
        self.evaluations += len(coalitions)
        return self.game(coalitions)


def price(game, seed=3, budget=4000, **options):
    return estimate_fgsv(game, GROUPS, budget=budget, rng=np.random.default_rng(seed), **options)


@pytest.mark.parametrize("cancelled_at", [0, 150, 1500, 3500])
def test_a_cancelled_estimate_goes_on_where_it_was_and_ends_at_the_same_bits(tmp_path, cancelled_at):
    def cancel(spent, _budget):
        if spent >= cancelled_at:
            raise CancelledError

    saved, before, after = BlockFolder(tmp_path / "run"), Counted(), Counted()
    with pytest.raises(CancelledError):
        price(before, progress=cancel, saved=saved)
    assert len(saved) > 0

    result = price(after, saved=saved)

    whole = Counted()
    expected = price(whole)
    np.testing.assert_array_equal(result.values, expected.values)
    np.testing.assert_array_equal(result.covariance, expected.covariance)
    assert before.evaluations + after.evaluations == whole.evaluations == expected.evaluations


def test_a_whole_run_can_be_read_back_without_the_game(tmp_path):
    plan = FgsvPlan(SIZES, 3000)
    state = run_plan(plan, Counted(), GROUPS, 7, saved=BlockFolder(tmp_path))
    again = Counted()

    replayed = run_plan(plan, again, GROUPS, 7, saved=BlockFolder(tmp_path))

    assert again.evaluations == 0
    assert replayed.to_bytes() == state.to_bytes()


def test_blocks_of_another_seed_or_grouping_are_refused(tmp_path):
    price(Counted(), saved=BlockFolder(tmp_path), stop=lambda _: True)

    with pytest.raises(SavedBlocksError, match="new folder"):
        price(Counted(), seed=4, saved=BlockFolder(tmp_path))
    with pytest.raises(SavedBlocksError):
        price(Counted(), budget=90, saved=BlockFolder(tmp_path))


def first_wave(folder, game=None, groups=GROUPS):
    rng = np.random.default_rng(3)
    return estimate_fgsv(game or Counted(), groups, budget=4000, rng=rng, stop=lambda _: True, saved=folder)


def test_blocks_of_another_grouping_of_the_same_sizes_are_refused(tmp_path):
    first_wave(BlockFolder(tmp_path))
    swapped = [GROUPS[0] + 1, np.append(0, GROUPS[1][1:]), GROUPS[2]]

    with pytest.raises(SavedBlocksError, match="new folder"):
        first_wave(BlockFolder(tmp_path), groups=swapped)


def test_blocks_of_a_game_of_other_players_or_scores_are_refused(tmp_path):
    class Larger(Counted):
        def __init__(self):
            super().__init__()
            self.game, self.n_players = PolynomialGame(61, np.random.default_rng(0)), 61

    class Rowwise(Counted):
        def rowwise(self, coalitions):
            return np.repeat(self(coalitions)[:, None], 2, axis=1)

    first_wave(BlockFolder(tmp_path))

    for game in (Larger(), Rowwise()):
        with pytest.raises(SavedBlocksError):
            first_wave(BlockFolder(tmp_path), game=game)


def test_blocks_of_a_game_by_another_name_are_refused(tmp_path):
    expected = first_wave(BlockFolder(tmp_path, about="ridge of May"))

    with pytest.raises(SavedBlocksError, match="game"):
        first_wave(BlockFolder(tmp_path, about="ridge of June"))
    again = first_wave(BlockFolder(tmp_path, about="ridge of May"))
    np.testing.assert_array_equal(again.values, expected.values)


@pytest.mark.parametrize("labels", [np.array(["a", "b"] * 10), np.array(["a", "b"] * 10, dtype=object)])
def test_blocks_of_other_rows_are_refused(tmp_path, labels):
    X = np.random.default_rng(0).normal(size=(20, 2))
    game = PolynomialGame(20, np.random.default_rng(0))
    config = HcdvConfig(embedding="given", leaf_size=4, children=(3,))

    def value(features, classes):
        rng = np.random.default_rng(1)
        return estimate_hcdv(game, features, classes, config=config, rng=rng, saved=BlockFolder(tmp_path)).values

    first = value(X, labels)

    np.testing.assert_array_equal(value(X, labels.copy()), first)
    with pytest.raises(SavedBlocksError, match="table"):
        value(X + 1, labels)
    with pytest.raises(SavedBlocksError):
        value(X, labels[::-1])


@pytest.mark.parametrize("damage", ["empty", "short", "flipped", "text"])
def test_a_damaged_file_is_named(tmp_path, damage):
    first_wave(BlockFolder(tmp_path))
    path = tmp_path / "000001.npz"
    data = path.read_bytes()
    middle = len(data) // 2
    damaged = {
        "empty": b"",
        "short": data[:middle],
        "flipped": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        "text": b"no archive at all, but longer than the checksum of one",
    }
    path.write_bytes(damaged[damage])

    with pytest.raises(SavedBlocksError, match="is damaged") as refused:
        first_wave(BlockFolder(tmp_path))
    assert str(path) in str(refused.value)
    path.unlink()
    first_wave(BlockFolder(tmp_path))


def test_a_file_half_written_is_no_block(tmp_path):
    (tmp_path / "000000.unfinished").write_bytes(b"half")

    assert len(BlockFolder(tmp_path)) == 0
    price(Counted(), saved=BlockFolder(tmp_path), stop=lambda _: True)


@pytest.mark.parametrize("method", ["permutation", "one_for_all", "leverage_shap", "banzhaf"])
def test_points_tell_how_far_they_are_and_can_be_cancelled(method):
    told = []

    def estimate(progress):
        game = PolynomialGame(20, np.random.default_rng(0))
        return estimate_points(game, method=method, budget=900, rng=np.random.default_rng(1), progress=progress)

    def cancel(spent, _budget):
        if spent > 300:
            raise CancelledError

    result = estimate(lambda spent, budget: told.append((spent, budget)))

    assert [budget for _, budget in told] == [900] * len(told)
    assert told == sorted(told)
    assert told[-1][0] == result.evaluations
    np.testing.assert_array_equal(result.values, estimate(None).values)
    with pytest.raises(CancelledError):
        estimate(cancel)


def test_algorithm_1_tells_how_far_it_is_and_refuses_what_it_cannot_do(tmp_path):
    told = []
    result = price(Counted(), method="algorithm_1", progress=lambda spent, _: told.append(spent))

    assert told[-1] == result.evaluations
    with pytest.raises(InvalidSpecError, match="auto"):
        price(Counted(), method="algorithm_1", stop=lambda _: True)
    with pytest.raises(InvalidSpecError, match="auto"):
        price(Counted(), method="algorithm_1", saved=BlockFolder(tmp_path))
    with pytest.raises(InvalidSpecError, match="algorithm_3"):
        price(Counted(), method="algorithm_3")


def test_a_watched_game_is_the_game():
    class Rows:
        n_players = 3

        def __call__(self, coalitions):
            return self.rowwise(coalitions).mean(axis=1)

        def rowwise(self, coalitions):
            return np.outer(coalitions.sum(axis=1), [1.0, 2.0])

    told = []
    watched = ProgressGame(Rows(), told.append)
    masks = np.eye(3, dtype=bool)

    np.testing.assert_array_equal(watched(masks), [1.5] * 3)
    np.testing.assert_array_equal(watched.rowwise(masks[:2]), [[1, 2], [1, 2]])
    assert told == [3, 5]
    assert isinstance(watched, RowwiseGame)
    plain = ProgressGame(CachedGame(Counted()), told.append)
    assert isinstance(plain, Game)
    assert not hasattr(plain, "rowwise")
