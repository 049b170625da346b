"""Values cut by segments of the validation rows: the parts are those of the games that each segment alone would be."""

from dataclasses import replace

import numpy as np
import pytest

from tests.oracles.games_at_random import contiguous_groups, group_sums
from tests.oracles.test_two_errors import FEW, ROWS, LoudRows
from valuation.core import ProgressGame, du_shapley, estimate_gsv, exact_shapley, group_game
from valuation.core.errors import InvalidDataError
from valuation.core.fgsv.plan import FgsvPlan
from valuation.core.fgsv.segments import by_segment
from valuation.core.models import ModelSpec, make_utility
from valuation.core.results import group_values
from valuation.core.runner import run_plan
from valuation.core.statistics.validation_sample import validation_covariance


class RowwiseTable:
    """Any game of few players whose utility is a mean over validation rows."""

    def __init__(self, scores):
        self.n_players = len(scores).bit_length() - 1
        self.scores = scores

    def __call__(self, coalitions):
        return self.rowwise(coalitions).mean(axis=1)

    def rowwise(self, coalitions):
        return self.scores[coalitions @ (1 << np.arange(self.n_players))]


def test_the_part_of_a_segment_is_the_value_of_its_own_game():
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(2**7, 30))
    segments = rng.integers(0, 3, 30)
    groups = contiguous_groups((1, 2, 4))
    plan = FgsvPlan((1, 2, 4), 128, rowwise=True)
    values = plan.estimate(run_plan(plan, RowwiseTable(scores), groups, 0))

    found = by_segment(values, segments, 3)

    for segment in range(3):
        alone = RowwiseTable(np.where(segments == segment, scores, 0.0))
        expected = group_sums(exact_shapley(alone), groups)
        np.testing.assert_allclose(found.contributions[segment], expected, atol=1e-13)
    np.testing.assert_allclose(found.contributions.sum(axis=0), values.values, atol=1e-15)


def test_standard_errors_are_those_of_the_rows_of_each_segment():
    rng = np.random.default_rng(4)
    contributions = rng.normal(size=(2, 50))
    segments = np.repeat([0, 1], [20, 30])
    values = group_values(
        contributions.mean(axis=1), np.zeros((2, 2)),
        contributions=contributions, evaluations=0, seed=None, method_version="test/1",
    )  # fmt: skip

    found = by_segment(values, segments, 2)

    for segment in (0, 1):
        within = contributions[:, segments == segment]
        size = within.shape[1]
        student = np.sqrt((size - 1) / (size - 3))
        expected = student * size / 50 * within.std(axis=1, ddof=1) / np.sqrt(size)
        np.testing.assert_allclose(found.standard_errors[segment], expected, rtol=1e-12)
        together = student * size / 50 * within.sum(axis=0).std(ddof=1) / np.sqrt(size)
        np.testing.assert_allclose(found.total_standard_errors[segment], together, rtol=1e-12)


def test_a_segment_of_one_row_is_as_uncertain_as_it_is_large():
    contributions = np.array([[0.5, 1.0, 3.0]])
    values = group_values(
        contributions.mean(axis=1), np.zeros((1, 1)),
        contributions=contributions, evaluations=0, seed=None, method_version="test/1",
    )  # fmt: skip

    found = by_segment(values, np.array([0, 0, 1]), 2)

    assert found.standard_errors[1, 0] == pytest.approx(3.0 / 3)


def test_without_contributions_there_is_nothing_to_cut():
    values = group_values(
        np.array([0.5]), np.zeros((1, 1)), contributions=None, evaluations=0, seed=None, method_version="test/1"
    )
    assert by_segment(values, np.zeros(3, dtype=np.int64), 1) is None


@pytest.mark.parametrize("n_segments", [1, 4])
def test_empty_segments_hold_nothing(n_segments):
    contributions = np.ones((1, 5))
    values = group_values(
        np.array([1.0]), np.zeros((1, 1)),
        contributions=contributions, evaluations=0, seed=None, method_version="test/1",
    )  # fmt: skip

    found = by_segment(values, np.zeros(5, dtype=np.int64), n_segments)

    assert found.contributions[:, 0].tolist() == [1.0] + [0.0] * (n_segments - 1)


@pytest.mark.parametrize(("groups", "budget"), [(contiguous_groups((3,) * 80), 2_000), (FEW, 3_000)])
def test_errors_of_segments_hold_no_noise_of_sampled_coalitions(groups, budget):
    game, segments = LoudRows(0.5), np.arange(ROWS) % 3
    plan = FgsvPlan(tuple(map(len, groups)), budget, rowwise=True)
    state = run_plan(plan, game, groups, 1)
    values = plan.estimate(state)
    exact = by_segment(replace(values, contributions=game.contributions(groups)), segments, 3)

    noisy = by_segment(values, segments, 3)
    found = by_segment(values, segments, 3, halves=plan.half_contributions(state))

    truth = (exact.standard_errors**2).mean()
    assert (noisy.standard_errors**2).mean() / truth > 5
    assert (found.standard_errors**2).mean() / truth == pytest.approx(1.0, abs=0.25)
    assert (found.standard_errors <= noisy.standard_errors).all()
    np.testing.assert_array_equal(found.contributions, noisy.contributions)
    # What all sellers add together is known row by row, and was never sampled.
    np.testing.assert_allclose(found.total_standard_errors, exact.total_standard_errors, rtol=1e-9)


def test_where_nothing_is_sampled_halves_change_nothing():
    scores = np.random.default_rng(3).normal(size=(2**7, 30))
    plan, segments = FgsvPlan((1, 2, 4), 128, rowwise=True), np.arange(30) % 3
    state = run_plan(plan, RowwiseTable(scores), contiguous_groups((1, 2, 4)), 0)

    found, alone = (
        by_segment(plan.estimate(state), segments, 3, halves=halves)
        for halves in (plan.half_contributions(state), None)
    )

    # Four rows or more a segment, and of few rows the scatter of squares is no larger than their sum.
    np.testing.assert_allclose(found.total_standard_errors, alone.total_standard_errors, rtol=1e-12)
    np.testing.assert_allclose(
        (found.standard_errors**2).sum(axis=1), (alone.standard_errors**2).sum(axis=1), rtol=0.05
    )


def test_balanced_accuracy_is_uncertain_within_classes_by_every_rule():
    rng = np.random.default_rng(6)
    y, y_valid = np.arange(30) % 2, (np.arange(600) < 300).astype(int)
    X, X_valid = rng.normal(size=(30, 2)) + y[:, None], rng.normal(size=(600, 2)) + y_valid[:, None]
    game = make_utility(ModelSpec("logistic_regression", {}, "balanced_accuracy"), X, y, X_valid, y_valid)
    groups = contiguous_groups((10, 10, 10))
    plan = FgsvPlan((10, 10, 10), 600, rowwise=True, with_seller_game=True)
    found = plan.estimates(run_plan(plan, ProgressGame(game, lambda _: None), groups, 0))
    found["gsv alone"] = estimate_gsv(group_game(game, groups), [[0], [1], [2]], budget=8, rng=rng)
    found["du"] = du_shapley(game, groups, budget=100, rng=rng)

    for rule, values in found.items():
        expected = validation_covariance(values.contributions, y_valid)
        if rule in {"fgsv", "du"}:  # sampled: what contributions hold of that is no error of the validation rows
            assert 0.1 < np.trace(values.validation_covariance) / np.trace(expected) < 1.0, rule
        else:
            np.testing.assert_allclose(values.validation_covariance, expected, rtol=1e-9, atol=1e-15)
        classes = by_segment(values, y_valid, 2).standard_errors
        np.testing.assert_allclose(np.diag(expected), (classes**2).sum(axis=0), atol=1e-12)


@pytest.mark.parametrize(
    ("segments", "said"),
    [([0, 1, 2], "0..1"), ([0, 1, -1], "0..1"), ([0, 1], "each of 3"), ([0, 1, 0, 1], "each of 3"),
     ([[0, 1, 0]], "each of 3"), ([0.0, 0.5, 1.0], "float64")],
)  # fmt: skip
def test_rows_without_a_segment_are_refused(segments, said):
    contributions = np.array([[1.0, 2.0, 3.0]])
    values = group_values(
        np.array([2.0]), np.zeros((1, 1)),
        contributions=contributions, evaluations=0, seed=None, method_version="test/1",
    )  # fmt: skip

    with pytest.raises(InvalidDataError, match=said):
        by_segment(values, np.array(segments), 2)
