"""The paid round as text: everything comes from what the API said."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from marketplace.demo.profiles import ProfileLine

RULE_NAMES = {
    "fgsv": "FGSV (pays)",
    "gsv": "GSV",
    "leave_one_out": "leave-one-out",
    "hcdv": "HCDV",
    "hcdv_metric": "HCDV, metric alone",
    "by_rows": "by rows",
    "equal": "equal",
}
# Rules that share the pot, in the order of the table; those that a round does not have are left out.
SHARING = ("fgsv", "hcdv", "hcdv_metric", "gsv", "by_rows", "equal")
KINDS = ("pearson", "spearman", "kendall")


def print_profiles(profiles: Sequence[ProfileLine]) -> None:
    """The five sellers as drawn, beside the published profile each was drawn to."""
    print("\nFive sellers of UCI Adult, as drawn (target in brackets)")
    rows = [
        [
            line.name,
            f"{line.actual.rows:,}",
            *(
                f"{actual:.1f} ({target:.1f})"
                for actual, target in (
                    (line.actual.high_income_percent, line.target.high_income_percent),
                    (line.actual.female_percent, line.target.female_percent),
                )
            ),
            f"{line.actual.median_age:.0f} ({line.target.median_age:.0f})",
            f"{line.actual.education_levels} ({line.target.education_levels})",
        ]
        for line in profiles
    ]
    _table(["seller", "rows", "% high income", "% women", "median age", "education levels"], rows)


def print_round(paid: dict[str, Any], *, seconds: dict[str, float], total: float) -> None:
    """The paid round: lines with both intervals, the other rules beside them, the proof, what it cost."""
    figures = paid["round"]["audit"]
    lines = [line for line in paid["lines"]["lines"] if line["kind"] == "seller"]
    pot = f"{Decimal(paid['round']['pot']):,} {paid['round']['currency']}"
    print(f"\nThe paid round: a pot of {pot}, shared by FGSV")
    print("Each value and amount with its 95 % interval twice: from sampling coalitions, then from the validation rows")
    _table(
        ["seller", "rows", "value", "computation", "validation", "share", "amount", "computation", "validation"],
        [_line(line) for line in lines],
    )
    _print_rules(lines, figures)
    _print_proof(paid["round"])
    _print_costs(figures, seconds, total)


def _line(line: dict[str, Any]) -> list[str]:
    return [
        line["organization"],
        f"{line['rows']:,}",
        f"{line['value']:+.4f}",
        _range(line["value_lower"], line["value_upper"], "+.4f"),
        _range(line["value_validation_lower"], line["value_validation_upper"], "+.4f"),
        f"{float(line['share']):.2%}",
        line["credit"],
        _range(line["amount_lower"], line["amount_upper"]),
        _range(line["amount_validation_lower"], line["amount_validation_upper"]),
    ]


def _range(lower: Any, upper: Any, spec: str = "") -> str:
    return "n/a" if lower is None else f"{lower:{spec}} … {upper:{spec}}"


def _print_rules(lines: list[dict[str, Any]], figures: dict[str, Any]) -> None:
    rules = {rule["rule"]: rule for rule in figures["rules"]}
    print("\nThe same pot under other rules: shares before any policy, ± the 95 % interval of computation")
    shown = [name for name in SHARING if name in rules]
    rows = []
    for index, line in enumerate(lines):
        shares = [rules[name]["shares"] for name in shown]
        drop = 100 * rules["leave_one_out"]["values"][index]
        rows.append(
            [
                line["organization"],
                *(
                    _share(share, figures["share_half_widths"].get(name), index)
                    for name, share in zip(shown, shares, strict=True)
                ),
                f"{drop:+.2f}",
            ]
        )
    _table(["seller", *(RULE_NAMES[name] for name in shown), "leave-one-out drop, points"], rows)
    print()
    correlations = [(other, kind) for other in ("with_leave_one_out", "with_rows") for kind in KINDS]
    _table(
        [
            "rule",
            "Gini",
            "with leave-one-out: Pearson",
            "Spearman",
            "Kendall",
            "with rows: Pearson",
            "Spearman",
            "Kendall",
        ],
        [
            [
                RULE_NAMES[rule["rule"]],
                _figure(rule["gini"]),
                *(_figure(rule[other][kind]) for other, kind in correlations),
            ]
            for rule in figures["rules"]
        ],
    )


def _share(shares: list[float] | None, half_widths: list[float] | None, index: int) -> str:
    if not shares:
        return "none"
    return f"{shares[index]:.2%}" + (f" ± {half_widths[index]:.2%}" if half_widths and half_widths[index] else "")


def _figure(figure: float | None) -> str:
    return "undefined" if figure is None else f"{figure:.2f}"


def _print_proof(paid_round: dict[str, Any]) -> None:
    totals = paid_round["totals"]
    print(
        f"\nSum: paid {totals['paid']} + held {totals['held']} + fee {totals['fee']} + returned {totals['unallocated']}"
        f" = {totals['sum']} {paid_round['currency']}, the pot is {totals['pot']}: "
        f"{'proved' if totals['proved'] else 'NOT PROVED'}"
    )


def _print_costs(figures: dict[str, Any], seconds: dict[str, float], total: float) -> None:
    print(
        f"The model scores {figures['utility_full']:.4f} with all rows and {figures['utility_empty']:.4f} with none; "
        f"{figures['evaluations']:,} evaluations, seed {figures['seed']}, inputs {figures['inputs_sha256'][:16]}…"
    )
    stages = [f"{name} {spent:.1f}" for name, spent in seconds.items()]
    if "valuing" in seconds:
        stages += [f"{name.replace('_', ' ')} {spent:.1f}" for name, spent in figures["seconds"].items()]
    print(f"Seconds: {', '.join(stages)}; {total:.1f} in all")
    if "valuing" not in seconds:
        print("The round was played at an earlier start and is printed again; `make clean` forgets it.")


def _table(head: list[str], rows: list[list[str]]) -> None:
    """Columns as wide as they need, the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        print("  " + "   ".join(cells))
