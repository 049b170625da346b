import datetime as dt
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from marketplace.basics import figures
from marketplace.basics.money import MINOR_DIGITS, format_amount
from marketplace.basics.states import LOOKS, badge
from marketplace.ingest.problems import Problem
from marketplace.models import DataRequest, Submission
from marketplace.templatetags.intervals import interval_bars, width
from payouts.models import PayoutLine, PayoutRound
from valuation.models import ValuationRun

STYLESHEET = Path(settings.BASE_DIR, "marketplace/static/faircut/faircut.css").read_text()
TEMPLATES = sorted(Path(settings.BASE_DIR, "templates").rglob("*.html"))


@given(amount_minor=st.integers(-(10**15), 10**15), currency=st.sampled_from(sorted(MINOR_DIGITS)))
def test_amounts_read_as_in_letters_and_files_but_for_the_minus_sign(amount_minor, currency):
    assert figures.amount(amount_minor, currency).replace(figures.MINUS, "-") == format_amount(amount_minor, currency)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (figures.amount(184217, "EUR"), "1,842.17 EUR"),
        (figures.amount(-5, "EUR"), "\N{MINUS SIGN}0.05 EUR"),
        (figures.amount(None, "EUR"), ""),
        (figures.plain_amount(500, "JPY"), "500"),
        (figures.count(48842), "48\u202f842"),
        (figures.decimals(-0.03125, 4), "\N{MINUS SIGN}0.0312"),
        (figures.decimals(-0.00001, 4), "0.0000"),
        (figures.percent(0.1842), "18.4\u202f%"),
        (figures.day(dt.date(2026, 11, 21)), "21 Nov 2026"),
        (figures.clock(dt.datetime(2026, 11, 21, 20, 55, tzinfo=dt.UTC)), "21 Nov 2026, 20:55 UTC"),
        (figures.duration(3.24), "3.2 s"),
        (figures.duration(252), "4 min 12 s"),
        (figures.duration(dt.timedelta(hours=3)), "3 h"),
        (figures.duration(59.7), "1 min"),
        (width(0.5), "50.00%"),
        (width(1.7), "100.00%"),
    ],
)
def test_figures_read_as_the_pages_speak(written, expected):
    assert written == expected


def test_every_tone_and_shape_of_a_state_is_drawn():
    for (tone, shape), states in LOOKS.items():
        for state in states:
            assert (badge(state).tone, badge(state).shape) == (tone, shape)
        assert tone == "quiet" or f".badge-{tone} " in STYLESHEET


@pytest.mark.parametrize(
    "choices", [DataRequest.State, Submission.State, ValuationRun.State, PayoutRound.State, PayoutLine.State]
)
def test_every_stored_state_has_a_look(choices):
    assert set(choices.values) <= {state for states in LOOKS.values() for state in states}


def test_a_state_badge_says_its_word():
    html = render_to_string("partials/_state_badge.html", {"state": "in_review"})

    assert html.strip().endswith("</svg>In review</span>")


def test_interval_bars_share_an_axis_that_holds_zero():
    bars = interval_bars(
        [
            {"label": "North", "value": 284217, "low": 278077, "high": 290357},
            {"label": "South", "value": -1000, "low": -3000, "high": 2000},
        ],
        currency="EUR",
    )

    assert [tick.text for tick in bars.axis.ticks] == ["\N{MINUS SIGN}1,000", "0", "1,000", "2,000", "3,000"]
    assert bars.axis.zero == bars.axis.ticks[1].at == "29.50%"
    assert bars.rows[0].spread == "± 61.40"
    assert bars.rows[0].sentence == "2,842.17 EUR, between 2,780.77 EUR and 2,903.57 EUR"
    assert bars.rows[1].spread == "\N{MINUS SIGN}30.00 to 20.00"


def test_ticks_have_the_decimals_that_tell_them_apart():
    bars = interval_bars([{"label": "Only", "value": 3e-6, "low": 1e-6, "high": 7e-6}])

    assert [tick.text for tick in bars.axis.ticks] == ["0.000000", "0.000002", "0.000004", "0.000006", "0.000008"]


@pytest.mark.parametrize("value", [0.0, 5e-324, 1e-9, 1e12])
def test_one_exact_estimate_still_has_an_axis(value):
    bars = interval_bars([{"label": "Only", "value": value, "low": value, "high": value}])

    assert bars.rows[0].low == bars.rows[0].high == bars.rows[0].at


def test_a_problem_list_counts_all_and_says_where_and_how_to_mend():
    problem = Problem("type-error", "Age must be a number.", "Write whole years.", row=1204, column="age", value="<b>")

    html = render_to_string("partials/_problem_list.html", {"title": "a.csv", "problems": [problem], "total": 2})

    assert "a.csv: 2 problems to mend" in html
    assert "Row 1\u202f204, column <code>age</code>, holds <code>&lt;b&gt;</code>" in html
    assert "Write whole years." in html


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_inline_style_or_script(path):
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)|javascript:", path.read_text())


def colours() -> dict[str, tuple[str, str]]:
    pattern = r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);"
    return {name: (light, dark) for name, light, dark in re.findall(pattern, STYLESHEET)}


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


GROUNDS = ("paper", "surface", "accent-soft", "warning-soft", "danger-soft", "success-soft")
TEXTS = [
    *((ink, ground) for ink in ("ink", "ink-quiet", "accent", "accent-strong") for ground in GROUNDS),
    *(
        (f"{tone}", ground)
        for tone in ("warning", "danger", "success")
        for ground in ("paper", "surface", f"{tone}-soft")
    ),
    *(("on-accent", ground) for ground in ("accent", "accent-strong", "danger", "danger-strong")),
]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXTS)
def test_text_keeps_a_contrast_of_7(ink, ground, theme):
    assert contrast(colours()[ink][theme], colours()[ground][theme]) >= 7


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_controls_keep_a_contrast_of_3(ground, theme):
    assert contrast(colours()["control"][theme], colours()[ground][theme]) >= 3
