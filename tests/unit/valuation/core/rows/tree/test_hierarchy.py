"""The tree: nested, exact in its sizes, and refusing what it cannot build."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valuation.core.errors import InvalidSpecError
from valuation.core.rows.tree.hierarchy import build_hierarchy


def tree_of(n_rows, children=(3,), leaf_size=4, seed=0):
    rng = np.random.default_rng(seed)
    return build_hierarchy(rng.normal(size=(n_rows, 2)), children=children, leaf_size=leaf_size, rng=rng)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 120), st.lists(st.integers(2, 6), min_size=1, max_size=3), st.integers(1, 9))
def test_children_divide_their_parents_rows_evenly(n_rows, children, leaf_size):
    tree = tree_of(n_rows, tuple(children), leaf_size)

    assert sorted(tree.rows(0)) == list(range(n_rows))
    for node in range(tree.n_nodes):
        rows, parts = tree.rows(node), [tree.rows(child) for child in tree.children(node)]
        if len(rows) <= leaf_size:
            assert not parts
            continue
        n_parts = min(children[min(tree.levels[node], len(children) - 1)], len(rows))
        assert sorted({len(part) for part in parts}) == sorted({len(rows) // n_parts, -(-len(rows) // n_parts)})
        assert np.concatenate(parts).tolist() == rows.tolist()
        assert {int(tree.parents[child]) for child in tree.children(node)} == {node}
        assert {int(tree.levels[child]) for child in tree.children(node)} == {tree.levels[node] + 1}


def test_few_rows_are_one_leaf():
    tree = tree_of(4)

    assert (tree.n_nodes, len(tree.rows(0)), tree.parents.tolist()) == (1, 4, [-1])


@pytest.mark.parametrize(("children", "leaf_size"), [((), 4), ((1,), 4), ((2,), 0)])
def test_settings_out_of_range_are_refused(children, leaf_size):
    with pytest.raises(InvalidSpecError):
        tree_of(10, children, leaf_size)
