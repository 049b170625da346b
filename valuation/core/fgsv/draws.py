"""Random coalitions: uniform ones of a size, and balanced pairs around the proportional composition."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from valuation.core.games.game import BoolMatrix, FloatMatrix, FloatVector, IndexVector

IntMatrix = npt.NDArray[np.int64]

# One random row order is cut into several disjoint coalitions while they are this small a part of all rows: the
# dependence between chunks inflates the variance by less than this fraction, and a permutation costs as much as a
# small model.
_CHUNK_PART = 20
# Deviation of a balanced pair, as a part of what the composition allows. Measured (benchmarks/fgsv_design.py) on
# sellers who hold one class each: 0.5 biases T(s) by a tenth, and the bias falls with the square.
DEVIATION = 0.1
# Signs that put one group against all others differ little and inform little; the best of three tries avoids most of
# them and still reaches every contrast.
_SIGN_TRIES = 3


def sizes_in(low: int, high: int, draws: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Sizes spread evenly over ``low..high`` from one random start, each uniform on the range, in random order."""
    n_sizes = high - low + 1
    spread = low + np.floor((np.arange(draws) + rng.random()) * n_sizes / draws).astype(np.int64)
    return rng.permutation(np.minimum(spread, high))


def uniform_coalitions(n_players: int, sizes: npt.NDArray[np.int64], rng: np.random.Generator) -> Iterator[IndexVector]:
    """Uniform coalitions of the given sizes; a coalition above half is the complement of a uniform one.

    They depend on ``(rng, n_players, sizes)`` only, never on groups.
    """
    order = rng.permutation(n_players)
    used = 0
    for size in sizes:
        small = min(int(size), n_players - int(size))
        reusable = small * _CHUNK_PART <= n_players and used + small <= n_players
        if used and not reusable:
            order, used = rng.permutation(n_players), 0
        chunk = order[used : used + small]
        used += small
        yield chunk if small == size else np.setdiff1d(order, chunk, assume_unique=True)


def hypergeometric_counts(
    group_sizes: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64], rng: np.random.Generator
) -> tuple[IntMatrix, IntMatrix, FloatVector]:
    """Compositions of pairs of independent uniform coalitions.

    For independent ``k_plus`` and ``k_minus``, ``E[(k_plus - k_minus)(U_plus - U_minus)] = 2 Cov(k, U)`` however the
    two sets share their rows, so pairs cut from the same row orders estimate lemma 1 without bias.

    Args:
        group_sizes: Rows of each group, int ``(n_groups,)``.
        sizes: Coalition size of each pair, int ``(n_pairs,)``.
        rng: Source of randomness.

    Returns:
        Counts of both sets, int ``(n_pairs, n_groups)`` each, and the reach of each pair, float64 ``(n_pairs,)``: the
        root mean square of the difference at its size.
    """
    n = int(group_sizes.sum())
    counts = np.array([rng.multivariate_hypergeometric(group_sizes, int(size), size=2) for size in sizes])
    mixture = 1.0 - float(((group_sizes / n) ** 2).sum())
    return counts[:, 0], counts[:, 1], np.sqrt(2.0 * sizes * (n - sizes) / (n - 1) * mixture)


def balanced_counts(
    group_sizes: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64], rng: np.random.Generator
) -> tuple[IntMatrix, IntMatrix, FloatVector]:
    """Compositions of pairs, ``base + d`` and ``base - d``, with ``sum_g d_g = 0`` and counts rounded without bias.

    ``base_g = s s_g / n``; ``d`` has random signs and is a fixed part of what the composition allows, where mu is
    close to linear: the error is of third order in the composition. Each side uses the room its groups have, the
    larger side scaled down to match.

    Args:
        group_sizes: Rows of each group, int ``(n_groups,)``.
        sizes: Coalition size of each pair, int ``(n_pairs,)``.
        rng: Source of signs and roundings.

    Returns:
        Counts of both sets, int ``(n_pairs, n_groups)`` each, every row summing to its size, and the reach of each
        pair, float64 ``(n_pairs,)``: how large a difference its size allows, whatever its signs.
    """
    n = int(group_sizes.sum())
    base = sizes[:, None] * (group_sizes / n)
    room = np.minimum(base, group_sizes - base)
    deviation = DEVIATION * _signed(room, rng)
    return (
        _round_counts(base + deviation, group_sizes, sizes, rng),
        _round_counts(base - deviation, group_sizes, sizes, rng),
        2.0 * DEVIATION * np.sqrt((room**2).sum(axis=1)),
    )


def _signed(room: FloatMatrix, rng: np.random.Generator) -> FloatMatrix:
    """Random signs on the room of each group, both sides brought to one sum; the best balanced of a few tries."""
    signs = rng.choice(np.array([-1.0, 1.0]), size=(_SIGN_TRIES, *room.shape))
    up, down = (room * (signs > 0)).sum(axis=2), (room * (signs < 0)).sum(axis=2)
    best = np.minimum(up, down).argmax(axis=0), np.arange(len(room))
    signs, up, down = signs[best], up[best], down[best]
    common = np.minimum(up, down)
    scale_up = np.divide(common, up, out=np.zeros_like(up), where=up > 0)
    scale_down = np.divide(common, down, out=np.zeros_like(down), where=down > 0)
    return np.asarray(signs * room * np.where(signs > 0, scale_up[:, None], scale_down[:, None]))


def _round_counts(
    wanted: FloatMatrix, group_sizes: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64], rng: np.random.Generator
) -> IntMatrix:
    """Round to integers of the same sum, each count to floor or ceiling with the right mean (systematic sampling)."""
    columns = rng.permutation(wanted.shape[1])
    ends = np.cumsum(np.clip(wanted[:, columns], 0, group_sizes[columns]), axis=1)
    ends[:, -1] = sizes
    marks = np.floor(ends + rng.random((len(wanted), 1))).astype(np.int64)
    counts = np.empty_like(marks)
    counts[:, columns] = np.diff(marks, axis=1, prepend=0)
    return np.minimum(counts, group_sizes)


def paired_coalitions(
    labels: IndexVector, plus: IntMatrix, minus: IntMatrix, rng: np.random.Generator
) -> Iterator[tuple[IndexVector, IndexVector]]:
    """Pairs of coalitions with the given compositions that share all the rows they can.

    Both sets of a pair are prefixes of the same random order inside each group. The orders come from one random order
    of all rows, so a group and its shells see their rows in the same order under the same seed.
    """
    n = len(labels)
    larger = np.maximum(plus, minus)
    available = np.bincount(labels, minlength=plus.shape[1])
    orders: list[IndexVector] = []
    used = available.copy()
    for pair in range(len(plus)):
        fresh_order = larger[pair].sum() * _CHUNK_PART > n or np.any(used + larger[pair] > available)
        if fresh_order:
            orders, used = _orders_within(labels, available, rng), np.zeros_like(available)
        starts = list(zip(orders, used, strict=True))
        yield (
            np.concatenate([order[at : at + count] for (order, at), count in zip(starts, plus[pair], strict=True)]),
            np.concatenate([order[at : at + count] for (order, at), count in zip(starts, minus[pair], strict=True)]),
        )
        used = used + larger[pair]


def _orders_within(labels: IndexVector, available: IndexVector, rng: np.random.Generator) -> list[IndexVector]:
    order = rng.permutation(len(labels))
    by_group = order[np.argsort(labels[order], kind="stable")]
    return np.split(by_group, np.cumsum(available)[:-1])


def masks_of(members: Sequence[IndexVector], n_players: int) -> BoolMatrix:
    """Coalitions as masks, bool ``(n_coalitions, n_players)``."""
    masks = np.zeros((len(members), n_players), dtype=np.bool_)
    for mask, rows in zip(masks, members, strict=True):
        mask[rows] = True
    return masks
