"""FGSV against brute force and closed forms: within its own standard errors, neither too small nor too large."""

import numpy as np
import pytest

from tests.oracles.games_at_random import PolynomialGame, contiguous_groups, group_sums, learning_table
from valuation.core import estimate_fgsv, exact_shapley
from valuation.core.errors import BudgetTooSmallError
from valuation.core.fgsv.plan import FgsvPlan
from valuation.core.games.known_games import sou_game
from valuation.core.runner import run_plan


def z_scores(result, truth):
    return (result.values - truth) / result.standard_errors


def assert_standard(scores):
    """Scores of independent runs (rows) have mean 0 and mean square 1, each within four of its own standard errors."""
    scores = np.array(scores)
    runs = len(scores)
    means = scores.mean(axis=0)
    assert np.abs(means).max() < 4 / np.sqrt(runs)
    squares = (scores**2).mean(axis=1)  # groups of one run are dependent, runs are not
    assert abs(squares.mean() - 1) < 4 * squares.std(ddof=1) / np.sqrt(runs)


def test_random_games_of_ten_rows():
    sizes = (1, 2, 3, 4)
    groups = contiguous_groups(sizes)
    scores = []
    for seed in range(150):
        game = learning_table(10, np.random.default_rng([1, seed]))
        truth = group_sums(exact_shapley(game), groups)

        result = estimate_fgsv(game, groups, budget=600, rng=np.random.default_rng(seed))

        assert result.values.sum() == pytest.approx(truth.sum(), abs=1e-12)
        scores.append(z_scores(result, truth))
    assert_standard(scores)


def test_sizes_one_two_four_eight_by_all_coalitions_of_fifteen_rows():
    groups = contiguous_groups((1, 2, 4, 8))
    scores = []
    for game_seed in range(3):
        game = learning_table(15, np.random.default_rng([2, game_seed]))
        truth = group_sums(exact_shapley(game), groups)
        for seed in range(40):
            result = estimate_fgsv(game, groups, budget=1500, rng=np.random.default_rng(seed))
            scores += [z_scores(result, truth)]
    assert_standard(scores)


def test_few_rows_are_enumerated_and_exact():
    game = learning_table(8, np.random.default_rng(3))
    groups = contiguous_groups((1, 2, 5))

    result = estimate_fgsv(game, groups, budget=256, rng=np.random.default_rng(0))

    np.testing.assert_allclose(result.values, group_sums(exact_shapley(game), groups), atol=1e-12)
    np.testing.assert_array_equal(result.covariance, np.zeros((3, 3)))
    assert result.evaluations == 256


@pytest.mark.parametrize(("n", "floor"), [(64, 0.0007), (128, 0.00035)])
def test_sum_of_unanimity_games_beats_the_measured_floor(n, floor):
    groups = [np.flatnonzero(np.arange(n) % 4 == remainder) for remainder in range(4)]
    errors, scores = [], []
    for seed in range(9):
        game = sou_game(n, np.random.default_rng(100 + seed))
        truth = group_sums(game.shapley_values, groups)

        result = estimate_fgsv(game, groups, budget=20_000, rng=np.random.default_rng(seed))

        assert result.evaluations <= 20_000
        errors.append(np.abs(result.values / truth - 1).mean())
        scores.append(z_scores(result, truth))
    assert np.mean(errors) < floor
    assert_standard(scores)


def test_large_pool_with_pairs_of_both_kinds():
    """1,000 rows, a third-order game: theorem 2's strata must not show their bias next to the claimed error."""
    groups = contiguous_groups((67, 133, 267, 533))
    assert {"covariance", "coupled", "weighing"} == {
        stratum.kind for stratum in FgsvPlan((67, 133, 267, 533), 20_000).strata
    }
    scores = []
    for seed in range(40):
        game = PolynomialGame(1000, np.random.default_rng([4, seed]))
        result = estimate_fgsv(game, groups, budget=4000, rng=np.random.default_rng(seed))
        scores.append(z_scores(result, group_sums(game.shapley_values, groups)))
    assert_standard(scores)


def test_polynomial_game_is_its_own_closed_form():
    game = PolynomialGame(9, np.random.default_rng(5))

    np.testing.assert_allclose(exact_shapley(game), game.shapley_values, atol=1e-12)


def test_algorithm_1_below_its_threshold_is_lemma_1():
    groups = contiguous_groups((1, 3, 5))
    scores = []
    for seed in range(150):
        game = learning_table(9, np.random.default_rng([6, seed]))
        truth = group_sums(exact_shapley(game), groups)
        result = estimate_fgsv(game, groups, budget=1200, rng=np.random.default_rng(seed), method="algorithm_1")
        scores.append(z_scores(result, truth))
    assert_standard(scores)


def test_algorithm_1_pairs_keep_both_constants():
    """Without n / (n - 1), or without n / (s (n - s)), the mean score is far from 0 at this budget."""
    groups = contiguous_groups((20, 40))
    scores = []
    for seed in range(60):
        game = PolynomialGame(60, np.random.default_rng([7, seed]))
        result = estimate_fgsv(game, groups, budget=8000, rng=np.random.default_rng(seed), method="algorithm_1")
        assert result.evaluations <= 8000
        scores.append(z_scores(result, group_sums(game.shapley_values, groups)))
    assert_standard(scores)


@pytest.mark.parametrize("n", [23, 60, 450])
def test_algorithm_1_visits_both_ends_of_the_large_sizes_at_its_smallest_budget(n):
    """One size alone would stand for all larger ones, however far."""
    groups, sizes = contiguous_groups((n // 3, n - n // 3)), set()

    class Sizes:
        n_players = n

        def __call__(self, coalitions):
            sizes.update(coalitions.sum(axis=1).tolist())
            return np.zeros(len(coalitions))

    def price(budget):
        return estimate_fgsv(Sizes(), groups, budget=budget, rng=np.random.default_rng(0), method="algorithm_1")

    with pytest.raises(BudgetTooSmallError) as refused:
        price(2)
    assert price(refused.value.needed).evaluations == refused.value.needed

    assert sizes == {0, *range(1, 21), n - 1, n}


def test_five_shells_leave_the_others_where_they_were():
    """Every seller in turn splits in five; the others' values move by no more than the interval of the difference."""
    game = PolynomialGame(600, np.random.default_rng(8))
    sizes = (40, 80, 160, 320)
    groups = contiguous_groups(sizes)
    whole = estimate_fgsv(game, groups, budget=6000, rng=np.random.default_rng(1))
    scores = []
    for splitter in range(4):
        shells = np.array_split(np.random.default_rng(splitter).permutation(groups[splitter]), 5)
        others = [group for g, group in enumerate(groups) if g != splitter]

        split = estimate_fgsv(game, [*others, *shells], budget=6000, rng=np.random.default_rng(1))

        kept = [g for g in range(4) if g != splitter]
        noise = np.sqrt(whole.standard_errors[kept] ** 2 + split.standard_errors[:3] ** 2)
        scores += ((split.values[:3] - whole.values[kept]) / noise).tolist()
        together = split.covariance[3:, 3:].sum() + whole.standard_errors[splitter] ** 2
        scores.append((split.values[3:].sum() - whole.values[splitter]) / np.sqrt(together))
    assert np.abs(scores).max() < 3.5  # 16 differences: 3.5 standard errors keep the familywise error below 1 %


def test_covariance_draws_are_shared_by_all_groupings():
    game = learning_table(14, np.random.default_rng(9))
    coarse, fine = FgsvPlan((6, 8), 3000), FgsvPlan((6, 4, 4), 3000)
    state_coarse, state_fine = coarse.start(), fine.start()
    blocks = [coarse.next_wave(state_coarse), fine.next_wave(state_fine)]
    assert [block.kind for block in blocks[0]] == [block.kind for block in blocks[1]]
    for plan, sizes in ((coarse, (6, 8)), (fine, (6, 4, 4))):
        state = run_plan(plan, game, contiguous_groups(sizes), 5, enough=lambda _: True)
        if plan is coarse:
            first = plan.estimate(state).values
    np.testing.assert_allclose(plan.estimate(state).values[0], first[0], rtol=1e-12)
