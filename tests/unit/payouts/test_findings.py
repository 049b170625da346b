import pytest

from payouts.core.correlation import Correlation
from payouts.core.rules import RuleFigures
from payouts.documents import AuditFigures, SumProof
from payouts.selectors.audit.charts import rules
from payouts.selectors.round.findings import amounts_finding, values_finding
from valuation.documents import RunSeconds, Seller


def rows(*figures):
    return [
        {"label": name, "value": value, "low": value - width, "high": value + width}
        for name, (value, width) in zip("ABCD", figures, strict=False)
    ]


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        ([(0, 0), (0, 0)], "Nobody earns anything"),
        ([(5, 1), (0, 0)], "A alone earns something"),
        ([(9, 1), (2, 1), (9, 1), (9, 0)], "A, C and D earn the same, and most"),
        ([(5, 1), (20, 1)], "B earns most; the two intervals lie apart"),
        ([(5, 1), (20, 1), (6, 1)], "B earns most; the intervals of the next two overlap"),
        ([(20, 1), (10, 1), (5, 1)], "A earns most; no two intervals overlap"),
        ([(20, 1), (10, 1), (5, 1), (4, 1)], "A earns most; its interval lies apart from all others"),
        ([(20, 5), (12, 4), (2, 1)], "A earns most, but its interval overlaps that of B"),
        ([(20, 5), (12, 4), (11, 6)], "A earns most, but its interval overlaps those of 2 others"),
    ],
)
def test_a_title_says_who_earns_most_and_whether_that_is_sure(figures, sentence):
    assert amounts_finding(rows(*figures)) == sentence


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        ([(-1, 1), (0, 1)], "Values so far: nobody adds anything"),
        ([(3, 1)], "Values so far: there is one seller"),
        ([(3, 1), (-3, 1)], "Values so far: A adds most; the two intervals lie apart"),
    ],
)
def test_a_running_valuation_says_who_adds_most_so_far(figures, sentence):
    assert values_finding(rows(*figures)) == sentence


def rule(name, *shares):
    unknown = Correlation(count=2, pearson=None, spearman=None, kendall=None)
    return RuleFigures(name, shares, shares, gini=None, lorenz=(), with_leave_one_out=unknown, with_rows=unknown)


def test_shares_under_two_rules_differ_in_percentage_points():
    figures = AuditFigures(
        schema="audit_figures.v2",
        level=0.95,
        sellers=tuple(Seller(organization_id=key, name=name, rows=1) for key, name in ((1, "North"), (2, "South"))),
        rules=(rule("fgsv", 0.75, 0.25), rule("equal", 0.5, 0.5)),
        standard_errors={},
        utility_full=0.8,
        utility_empty=0.5,
        precision_target=0.02,
        share_half_width=None,
        precision_met=False,
        evaluations=0,
        seconds=RunSeconds(),
        seed=0,
        inputs_sha256="0" * 64,
        nothing_paid=False,
        sum_proof=SumProof(lines_minor=0, fee_minor=0, unallocated_minor=0, pot_minor=0),
    )

    finding = rules(figures).title

    assert finding == "The choice of the rule matters most to North: its share differs by up to 25.0 percentage points"
