import pytest

from payouts.selectors.audit_charts import rules
from payouts.selectors.findings import amounts_finding, values_finding


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


def test_shares_under_two_rules_differ_in_percentage_points():
    drawn = [{"rule": "fgsv", "shares": [0.75, 0.25]}, {"rule": "equal", "shares": [0.5, 0.5]}]

    finding = rules({"sellers": [{"name": "North"}, {"name": "South"}], "rules": drawn}).title

    assert finding == "The choice of the rule matters most to North: its share differs by up to 25.0 percentage points"
