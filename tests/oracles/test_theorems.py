"""The papers' theorems on games whose exact terms are known: FGSV's theorem 2 by size, HCDV's theorem 2 by count."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.games_at_random import TableGame, learning_table
from valuation.core import HcdvConfig, estimate_hcdv, exact_shapley
from valuation.core.baselines.algorithm_1 import estimate_by_algorithm_1
from valuation.core.games.known_games import DualGame, SumOfUnanimityGame
from valuation.core.rows.dispersion import dispersion_of_parts, unit_rows


class MeanGame:
    """Every coalition is worth the mean ``mu(s, s1)`` of all that have its size and its number of members of a group.

    T(s) depends on a game through these means alone, so the game has the same terms for that group, and Algorithm 1
    values it without any noise.
    """

    def __init__(self, means, group):
        self.n_players, self.means, self.group = len(means) - 1, means, group

    def __call__(self, coalitions):
        return self.means[coalitions.sum(axis=1), coalitions[:, self.group].sum(axis=1)]

    def term_of_pairs(self, s):
        """T(s) as theorem 2 has it, from Algorithm 1 of a game in which coalitions of other sizes are worth nothing."""
        only = np.zeros_like(self.means)
        only[s] = self.means[s]
        return self.by_algorithm_1(threshold=1, means=only)

    def by_algorithm_1(self, *, threshold, means=None):
        game = MeanGame(self.means if means is None else means, self.group)
        # Four subsets or pairs of every cell; more would say the same.
        budget = 2 + 4 * (min(threshold, game.n_players) * (len(self.group) + 1) + 2 * game.n_players)
        value = estimate_by_algorithm_1(
            game, [self.group], budget=budget, rng=np.random.default_rng(0), threshold=threshold
        )
        assert value.standard_errors[0] < 1e-15
        return value.values[0]

    def chances(self, s):
        n, s0 = self.n_players, len(self.group)
        return np.array([comb(s0, s1) * comb(n - s0, s - s1) / comb(n, s) if s1 <= s else 0 for s1 in range(s0 + 1)])

    def term(self, s):
        """T(s) by lemma 1."""
        n, s0 = self.n_players, len(self.group)
        return n / (s * (n - s)) * self.chances(s) @ ((np.arange(s0 + 1) - s * s0 / n) * self.means[s])

    def bound(self, s):
        """``n / (s (n-s)) D(s)/2 E[|s1 - E s1| (s1 - s1*)^2]``, D(s) the largest second difference of the means.

        What Taylor's theorem leaves of ``Cov(s1, mu)`` behind the slope at ``s1*``: of the order of ``D(s) sqrt(s)``.
        """
        n, s0 = self.n_players, len(self.group)
        feasible = np.arange(max(0, s - (n - s0)), min(s, s0) + 1)
        bend = np.abs(np.diff(self.means[s, feasible], 2)).max(initial=0)
        k, middle = np.arange(s0 + 1), s * s0 / n
        moment = self.chances(s) @ (np.abs(k - middle) * (k - round(middle)) ** 2)
        return n / (s * (n - s)) * bend / 2 * moment


def mean_game(game, group):
    """From all coalitions."""
    n = game.n_players
    coalitions = ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(bool)
    at = coalitions.sum(axis=1), coalitions[:, group].sum(axis=1)
    sums, counts = np.zeros((2, n + 1, len(group) + 1))
    np.add.at(sums, at, game(coalitions))
    np.add.at(counts, at, 1)
    return MeanGame(sums / np.maximum(counts, 1), group)


def learning_curve(n, s0, exponent):
    """``U = 1 - (1 + information)^-exponent``; a row of the group says three times as much as any other."""
    size, members = np.ogrid[: n + 1, : s0 + 1]
    information = np.maximum(size + 2 * members, 0)
    return MeanGame(1 - (1.0 + information) ** -exponent, np.arange(s0))


def dual_of_sets(sets, coefficients, group):
    """Means of the dual of a sum of unanimity games: a set counts unless the coalition misses all of its members."""
    n, s0 = sets.shape[1], len(group)
    inside = sets[:, group].sum(axis=1)
    weights = np.zeros((s0 + 1, n - s0 + 1))
    np.add.at(weights, (inside, sets.sum(axis=1) - inside), coefficients)

    def missed(rows):
        return np.array([[comb(rows - a, k) / comb(rows, k) for k in range(rows + 1)] for a in range(rows + 1)])

    worth = weights.sum() - missed(s0).T @ weights @ missed(n - s0)
    means = np.zeros((n + 1, s0 + 1))
    for k, others in np.ndindex(worth.shape):
        means[k + others, k] = worth[k, others]
    return MeanGame(means, group)


def shapley_of_kinds(game):
    """Sum of the group's Shapley values by definition: a member's mean marginal contribution at every size."""
    n, s0 = game.n_players, len(game.group)
    total = 0.0
    for s in range(n):
        for k in range(max(0, s - (n - s0)), min(s, s0 - 1) + 1):
            chance = comb(s0 - 1, k) * comb(n - s0, s - k) / comb(n - 1, s)
            total += chance * (game.means[s + 1, k + 1] - game.means[s, k])
    return s0 / n * total


@pytest.mark.parametrize(("n", "s0"), [(6, 2), (9, 3), (11, 7), (14, 5)])
def test_fgsv_terms_of_size_s_are_a_slope_up_to_the_bend_of_the_means(n, s0):
    """FGSV theorem 2, by all coalitions of random games, with both constants: at 1 and n - 1 rows nothing bends."""
    for seed in range(4):
        table = learning_table(n, np.random.default_rng([1, n, seed]))
        group = np.random.default_rng(seed).permutation(n)[:s0]
        game = mean_game(table, group)
        linear = s0 / n * (table.utilities[-1] - table.utilities[0])
        terms = np.array([game.term(s) for s in range(1, n)])
        slopes = np.array([game.term_of_pairs(s) for s in range(1, n)])

        value = exact_shapley(table)[group].sum()
        assert linear + terms.sum() == pytest.approx(value, abs=1e-12)
        assert game.by_algorithm_1(threshold=n) == pytest.approx(value, abs=1e-12)
        np.testing.assert_allclose(slopes[[0, -1]], terms[[0, -1]], atol=1e-13)
        assert (np.abs(slopes - terms) <= np.array([game.bound(s) for s in range(1, n)]) + 1e-13).all()


@pytest.mark.parametrize("exponent", [0.25, 0.5, 1])
def test_the_error_of_the_slope_decays_with_the_size(exponent):
    """On ``U = 1 - (1 + information)^-a`` T(s) is of the order of ``s^-(1+a)``, second differences of ``s^-(2+a)``.

    Theorem 2 then promises an error of ``s^-(3/2+a)`` (second-order stability of exponent 3/2 + v gives s^-(1+v)). With
    half of the rows in the group the third central moment of ``s1`` is 0, and Taylor's next term says how much it is:
    ``|slope - T| / T -> (1+a)(2+a)/8 (1 - s/n)/s``.
    """
    n, sizes = 256, np.array([16, 32, 64, 128])
    game = learning_curve(n, n // 2, exponent)
    terms = np.array([game.term(s) for s in sizes])
    errors = np.abs(np.array([game.term_of_pairs(s) for s in sizes]) - terms)

    rate = np.polyfit(np.log(sizes), np.log(errors / (1 - sizes / n)), 1)[0]
    assert rate == pytest.approx(-(2 + exponent), abs=0.15)
    constant = errors / terms * sizes / (1 - sizes / n)
    np.testing.assert_allclose(constant[-2:], (1 + exponent) * (2 + exponent) / 8, rtol=0.05)
    assert (errors <= [game.bound(s) for s in sizes]).all()


def test_the_bias_of_algorithm_1_falls_with_its_threshold_and_ends_at_0():
    """What is left above the threshold is the tail of a sum of errors of the order of ``s^-2``."""
    game = learning_curve(96, 48, 0.5)
    truth = shapley_of_kinds(game)

    bias = np.abs([game.by_algorithm_1(threshold=threshold) - truth for threshold in (4, 16, 64, 96)])

    assert (bias[:2] > 4 * bias[1:3]).all()
    assert bias[3] < 1e-13


def test_theorem_2_on_the_learning_curve_of_the_papers_benchmark():
    """The dual of SOU, whose rows differ: steep in its first rows, and the Shapley values of SOU."""
    n, rng = 64, np.random.default_rng(64)
    set_sizes = rng.integers(1, n, size=n**2)
    sets = np.argsort(rng.random((n**2, n)), axis=1) < set_sizes[:, None]
    coefficients = sets @ (np.arange(n) % 4) / set_sizes / n**2
    group = np.flatnonzero(np.arange(n) % 4 == 1)
    game = dual_of_sets(sets, coefficients, group)
    truth = DualGame(SumOfUnanimityGame(sets, coefficients)).shapley_values[group].sum()

    terms = np.array([game.term(s) for s in range(1, n)])
    slopes = np.array([game.term_of_pairs(s) for s in range(1, n)])

    assert game.means[n, len(group)] / 4 + terms.sum() == pytest.approx(truth, rel=1e-12)
    assert game.by_algorithm_1(threshold=n) == pytest.approx(truth, rel=1e-12)
    assert (np.abs(slopes - terms) <= np.array([game.bound(s) for s in range(1, n)]) + 1e-15).all()
    np.testing.assert_allclose(slopes[n // 8 : n // 2], terms[n // 8 : n // 2], rtol=0.02)


def hcdv_and_shapley(seed, n, children, context):
    """HCDV's values of a random game of ``n`` rows, and the Shapley values of the same v, dispersion included."""
    rng = np.random.default_rng([5, seed])
    game, z, y = learning_table(n, rng), rng.normal(size=(n, 3)), rng.integers(2, size=n)
    coalitions = ((np.arange(2**n)[:, None] >> np.arange(n)) & 1).astype(bool)
    dispersion = dispersion_of_parts(unit_rows(z), y, np.arange(n), n, "classification")
    config = HcdvConfig(
        children=(children,), leaf_size=1, dispersion_weight=0.3, context=context, metric_range=None, shares_limit=100
    )
    result = estimate_hcdv(game, z, y, config=config, rng=np.random.default_rng(seed))
    return result.values, exact_shapley(TableGame(game.utilities + 0.3 * dispersion(coalitions)))


def best(values, k):
    return np.argsort(-values, kind="stable")[:k]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(2, 9), st.sampled_from(["alone", "rest"]))
def test_hcdvs_best_rows_lose_at_most_twice_the_largest_difference_a_row(seed, n, children, context):
    """HCDV theorem 2 in the form that holds: ``0 <= U_Sh(S_Sh) - U_Sh(S_H) <= 2 k eps``, both sets by one valuation."""
    ours, shapley = hcdv_and_shapley(seed, n, children, context)
    largest = np.abs(ours - shapley).max()

    for k in range(n + 1):
        regret = shapley[best(shapley, k)].sum() - shapley[best(ours, k)].sum()
        assert -1e-12 <= regret <= 2 * k * largest + 1e-12
        if children >= n:  # one level of single rows: HCDV is the Shapley value
            assert regret < 1e-10


def test_the_printed_form_of_hcdvs_theorem_2_does_not_hold():
    """It takes ``U_H(S_H)`` from ``U_Sh(S_Sh)``: sums by two valuations, whose difference may have either sign."""
    printed = []
    for seed in range(20):
        ours, shapley = hcdv_and_shapley(seed, 9, 3, "alone")
        printed += [shapley[best(shapley, k)].sum() - ours[best(ours, k)].sum() for k in range(1, 9)]

    assert min(printed) < -0.01
