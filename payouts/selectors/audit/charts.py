"""The charts of the audit report: each says its finding in its title."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.template.defaultfilters import pluralize

from marketplace.basics.figures import decimals
from marketplace.basics.money import minor_digits
from marketplace.charts.chart import Chart, Series
from payouts.core.rules import RULES, RuleFigures
from payouts.core.verdicts import AttackVerdict
from payouts.documents import AuditFigures
from payouts.selectors.audit.attacks import AttackBar
from payouts.selectors.money.projection import LineRecord
from payouts.selectors.round.findings import amounts_finding
from valuation.core.statistics.confidence import normal_quantile
from valuation.selectors.runs import RunOutcome
from valuation.selectors.units import digits_of, in_unit, metric_name, unit_of

# 95 % of a normal distribution lies within so many standard errors.
Z = normal_quantile()
_SELLERS_OF_A_ROUND = "Seller"
AMOUNT_THOUSANDS = ","


def amounts(records: Sequence[LineRecord], currency: str) -> Chart:
    """What each seller is paid, with both intervals."""
    scale = 10 ** minor_digits(currency)
    names = tuple(record.organization for record in records)
    finding = amounts_finding(
        [
            {
                "label": record.organization,
                "value": record.amount_minor,
                "low": record.amount_lower_minor,
                "high": record.amount_upper_minor,
            }
            for record in records
        ]
    )
    paid = tuple(record.amount_minor / scale for record in records)

    def ends(name: str) -> tuple[float, ...]:
        found = (getattr(record, name) for record in records)
        return tuple(own if end is None else end / scale for end, own in zip(found, paid, strict=True))

    series = [Series("Computation", names, paid, ends("amount_lower_minor"), ends("amount_upper_minor"))]
    if any(record.amount_validation_lower_minor is not None for record in records):
        lows, highs = ends("amount_validation_lower_minor"), ends("amount_validation_upper_minor")
        series.append(Series("Validation rows", names, paid, lows, highs))
    title = f"Amount, {currency}, with 95 % intervals"
    alternative = f"Amounts by seller: {finding}."
    return Chart(
        "intervals",
        finding,
        _SELLERS_OF_A_ROUND,
        title,
        tuple(series),
        alternative,
        largest_first=True,
        thousands=AMOUNT_THOUSANDS,
    )


def values(outcome: RunOutcome, metric: str) -> Chart:
    """The values that pay, with the interval of the computation."""
    rule = outcome.rules["fgsv"]
    errors = rule.covariance.diagonal() ** 0.5
    names = tuple(player.name for player in outcome.players)
    widest = in_unit(float(Z * errors.max()), metric)
    unit = f" {unit_of(metric)}".rstrip()
    finding = f"Every value is known to within {decimals(widest, digits_of(metric))}{unit} of {metric_name(metric)}"

    def scaled(figures: Any) -> tuple[float, ...]:
        return tuple(in_unit(float(figure), metric) for figure in figures)

    title = f"Value,{unit or ''} of {metric_name(metric)}, with 95 % intervals of the computation".replace(
        ", of", " of"
    )
    series = Series("Value", names, scaled(rule.values), *(scaled(rule.values + side * Z * errors) for side in (-1, 1)))
    return Chart(
        "intervals",
        finding,
        _SELLERS_OF_A_ROUND,
        title,
        (series,),
        f"{finding}.",
        coloured="points",
        largest_first=True,
    )


def lorenz(figures: AuditFigures) -> Chart:
    """Which part of the pot the poorest sellers hold together, under each rule."""
    drawn = [rule for rule in figures.rules if rule.lorenz]
    series = tuple(
        Series(RULES[rule.rule].title, *(tuple(100 * point[axis] for point in rule.lorenz) for axis in (0, 1)))
        for rule in drawn
    )
    paying = figures.paying
    finding = "Nobody has a share, so there is no inequality to draw"
    if paying.gini is not None:
        equal = (len(figures.sellers) - 1) / len(figures.sellers)
        finding = (
            f"The rule that pays has a Gini coefficient of {decimals(paying.gini, 2)}, "
            f"between 0 (all equal) and {decimals(equal, 2)} (one seller holds everything)"
        )
    axes = "Sellers, the poorest first, %", "What they hold of the pot, %"
    return Chart("line", finding, *axes, series, f"Lorenz curves. {finding}.")


def agreement(outcome: RunOutcome, metric: str) -> Chart:
    """The rule that pays against leave-one-out, a point a seller."""
    paying, margins = outcome.rules["fgsv"], outcome.rules["leave_one_out"]
    errors = paying.covariance.diagonal() ** 0.5
    unit = f"{unit_of(metric)} of {metric_name(metric)}".strip()
    series = tuple(
        Series(
            player.name,
            (in_unit(float(margins.values[place]), metric),),
            (in_unit(float(paying.values[place]), metric),),
            (in_unit(float(paying.values[place] - Z * errors[place]), metric),),
            (in_unit(float(paying.values[place] + Z * errors[place]), metric),),
        )
        for place, player in enumerate(outcome.players)
    )
    finding = _agreement_finding(paying.values.tolist(), margins.values.tolist(), [p.name for p in outcome.players])
    titles = f"Leave-one-out drop, {unit}", f"Value, {unit}"
    return Chart("scatter", finding, *titles, series, f"Values against leave-one-out drops. {finding}.")


def _agreement_finding(paying: list[float], margins: list[float], names: list[str]) -> str:
    if not names:
        return "There is no seller"
    best, most = names[paying.index(max(paying))], names[margins.index(max(margins))]
    if best == most:
        return f"{best} comes first under both the rule that pays and leave-one-out"
    return f"{best} has the greatest value, {most} the greatest leave-one-out drop"


def rules(figures: AuditFigures) -> Chart:
    """Every seller's share under every rule."""
    names = tuple(seller.name for seller in figures.sellers)
    drawn = [rule for rule in figures.rules if rule.shares]
    series = tuple(_shares_of(rule, names, figures.share_half_widths) for rule in drawn)
    finding = "No rule has a share to give"
    if drawn and names:
        spans = [
            max(rule.shares[place] for rule in drawn) - min(rule.shares[place] for rule in drawn)
            for place in range(len(names))
        ]
        most = spans.index(max(spans))
        finding = (
            f"The choice of the rule matters most to {names[most]}: its share differs by up to "
            f"{decimals(100 * spans[most], 1)} percentage points"
        )
    title = "Share before gate, cap and floor, %, with 95 % computation intervals where a rule samples"
    alternative = f"Shares under each rule. {finding}."
    return Chart("bars", finding, _SELLERS_OF_A_ROUND, title, series, alternative, largest_first=True)


def _shares_of(
    rule: RuleFigures, names: tuple[str, ...], half_widths: Mapping[str, tuple[float, ...] | None]
) -> Series:
    shares = tuple(100 * share for share in rule.shares)
    known = half_widths.get(rule.rule)
    if not known:
        return Series(RULES[rule.rule].title, names, shares)
    widths = [100 * half for half in known]
    low = tuple(max(0.0, share - width) for share, width in zip(shares, widths, strict=True))
    high = tuple(share + width for share, width in zip(shares, widths, strict=True))
    return Series(RULES[rule.rule].title, names, shares, low, high)


def attacks(rows: Sequence[AttackBar], currency: str, *, not_tried: int) -> Chart:
    """What the deciding try of each attack would gain, with the interval of the difference.

    `not_tried` is how many kinds were not: a finding about the others must not hide them.
    """
    scale = 10 ** minor_digits(currency)
    names = tuple(row.name for row in rows)
    gains = tuple(row.gain_minor / scale for row in rows)
    series = Series(
        "While nobody has found it",
        names,
        gains,
        tuple((row.gain_minor - row.half_width_minor) / scale for row in rows),
        tuple((row.gain_minor + row.half_width_minor) / scale for row in rows),
    )
    defended = Series("Once it is found", names, tuple(row.defended_gain_minor / scale for row in rows))
    finding = _attacks_finding(rows, not_tried)
    title = f"Gain of the best try, {currency}, with the 95 % interval of the difference"
    both = series, defended
    return Chart("intervals", finding, "Attack", title, both, f"{finding}.", thousands=AMOUNT_THOUSANDS)


def _attacks_finding(rows: Sequence[AttackBar], not_tried: int) -> str:
    """What the attacks tried come to, in the order of what a reader has to know first."""
    untried = f"; {not_tried} {pluralize(not_tried, 'was,were')} not tried" if not_tried else ""
    if not rows:
        return f"No attack was tried{untried}"
    verdicts = Counter(row.verdict for row in rows)
    paying, unsaid = verdicts[AttackVerdict.PAYS], verdicts[AttackVerdict.NOTHING_CAN_BE_SAID]
    kinds = f"of {len(rows)} kind{pluralize(len(rows))} of attack tried"
    if paying:
        finding = f"While nobody has found it, {paying} {kinds} gain{pluralize(paying, 's,')} more than chance explains"
    elif unsaid:
        nothing = verdicts[AttackVerdict.GAINS_NOTHING]
        finding = f"{nothing} {kinds} gain{pluralize(nothing, 's,')} nothing beyond the interval of the difference"
    else:
        finding = "No attack that was tried gains more than the interval of the difference"
    if unsaid:
        finding += f"; of {unsaid} nothing can be said"
    if any(row.defended_gain_minor > row.half_width_minor for row in rows):
        finding += "; linking accounts does not end all of them"
    elif paying:
        finding += "; linked to one owner, or with its rows left out, none does"
    return f"{finding}{untried}"
