"""The same pot under other rules, side by side: what each rule would share, how equally, and what it agrees with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from payouts.core.correlation import Correlation, correlate
from payouts.core.inequality import LorenzPoint, gini, lorenz_curve


@dataclass(frozen=True)
class ComparedRule:
    """One rule that a round's sellers are compared by.

    Attributes:
        name: As audit figures and the API have it.
        title: As a table has it.
        meaning: What it shares the pot by.
        needs: What has to be valued for it: sellers, which every run does, or rows; or nothing.
    """

    name: str
    title: str
    meaning: str
    needs: Literal["sellers", "rows", "nothing"]


# Shown in this order everywhere. The first is the rule that pays.
_LISTED = (
    ComparedRule(
        "fgsv",
        "FGSV (pays)",
        "Faithful Group Shapley Value: the sum of the Shapley values of a seller's rows; splitting the seller into "
        "several does not change it.",
        "sellers",
    ),
    ComparedRule(
        "gsv",
        "GSV",
        "Group Shapley Value: every seller is one player; splitting a seller changes it.",
        "sellers",
    ),
    ComparedRule(
        "leave_one_out",
        "Leave-one-out",
        "What the score loses when this seller's rows alone are left out.",
        "sellers",
    ),
    ComparedRule(
        "hcdv",
        "HCDV",
        "The sum of the values of a seller's rows by hierarchical contrastive data valuation: the buyer's "
        "metric and how far apart the rows of different classes lie.",
        "rows",
    ),
    ComparedRule(
        "hcdv_metric",
        "HCDV, metric alone",
        "The same sum without the second part: in the buyer's metric alone.",
        "rows",
    ),
    ComparedRule("by_rows", "By rows", "In proportion to the number of rows, whatever they hold.", "nothing"),
    ComparedRule("equal", "Equal", "The same for every seller.", "nothing"),
)
RULES: Final = {rule.name: rule for rule in _LISTED}


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
    names = [
        name for name, rule in RULES.items() if rule.needs == "sellers" or (rule.needs == "rows" and name in values)
    ]
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
