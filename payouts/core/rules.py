"""The same pot under other rules, side by side: what each rule would share, how equally, and what it agrees with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from payouts.core.correlation import Correlation, correlate
from payouts.core.inequality import LorenzPoint, gini, lorenz_curve

# Shown in this order everywhere. The first is the rule that pays; sums of row values are not there for every run.
RULES: Final = ("fgsv", "gsv", "leave_one_out", "hcdv", "hcdv_metric", "by_rows", "equal")
_VALUED: Final = ("fgsv", "gsv", "leave_one_out")
_OPTIONAL: Final = ("hcdv", "hcdv_metric")


@dataclass(frozen=True)
class RuleFigures:
    """One rule over the sellers of a round.

    Attributes:
        rule: A name of ``RULES``.
        values: What the rule measures, ``(P,)``: metric units for the valuation rules, rows, or 1.
        shares: ``max(0, value) / sum max(0, value)``, before any cap, floor or gate; empty where no value is positive.
        gini: Gini coefficient of the shares, None where there are none.
        lorenz: Corners of their Lorenz curve.
        with_leave_one_out: Correlation of the values with the leave-one-out margins.
        with_rows: Correlation of the values with the sellers' numbers of rows.
    """

    rule: str
    values: tuple[float, ...]
    shares: tuple[float, ...]
    gini: float | None
    lorenz: tuple[LorenzPoint, ...]
    with_leave_one_out: Correlation
    with_rows: Correlation


def compare_rules(values: Mapping[str, npt.ArrayLike], rows: npt.ArrayLike) -> tuple[RuleFigures, ...]:
    """Compare the rules of ``RULES`` on the same sellers.

    Args:
        values: Values by rule for ``fgsv``, ``gsv`` and ``leave_one_out``, and where rows were valued ``hcdv`` and
            ``hcdv_metric``, each float64 ``(P,)`` in metric units. Other rules are passed over.
        rows: Number of rows of each seller, ``(P,)``.

    Returns:
        One entry per rule that is there, in the order of ``RULES``. Shares here are plain: rules
        are compared, not policies.

    Raises:
        KeyError: A valuation rule is missing.
        ValueError: The vectors differ in length or hold a figure that is not finite.
    """
    row_counts = np.asarray(rows, dtype=np.float64)
    names = (*_VALUED, *(name for name in _OPTIONAL if name in values))
    measured = {name: np.asarray(values[name], dtype=np.float64) for name in names}
    measured |= {"by_rows": row_counts, "equal": np.ones_like(row_counts)}
    margins = measured["leave_one_out"]
    return tuple(_figures(rule, measured[rule], margins, row_counts) for rule in RULES if rule in measured)


def _figures(
    rule: str, values: npt.NDArray[np.float64], margins: npt.NDArray[np.float64], rows: npt.NDArray[np.float64]
) -> RuleFigures:
    clipped = np.clip(values, 0.0, None)
    total = float(clipped.sum())
    shares = clipped / total if total > 0 else np.array([])
    return RuleFigures(
        rule=rule,
        values=tuple(values.tolist()),
        shares=tuple(shares.tolist()),
        gini=gini(shares),
        lorenz=lorenz_curve(shares),
        with_leave_one_out=correlate(values, margins),
        with_rows=correlate(values, rows),
    )
