import itertools
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import Context, Template

from marketplace.charts import palette, plotly_files, static
from marketplace.charts.chart import Chart, Series, histogram_series
from marketplace.charts.plotly_figure import figure
from marketplace.templatetags.charts import number

STATIC = Path(settings.BASE_DIR, "marketplace/static/faircut")
PAIRS = re.findall(r"--chart-\d: light-dark\((#\w+), (#\w+)\)", (STATIC / "faircut.css").read_text())
GROUNDS = {0: "#ffffff", 1: "#12191b"}
# Machado, Oliveira and Fernandes 2009, severity 1: what an eye without one kind of cone sees, in linear RGB.
EYES = {
    "protanopia": [(0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)],
    "deuteranopia": [(0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)],
    "tritanopia": [(1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)],
    "all cones": np.eye(3).tolist(),
}
NAMES = ("North Clinic", "East <Registry> & Sons")


def chart(kind="intervals", **changed):
    series = changed.pop("series", (Series("Value", NAMES, (1.2, -0.3), (1.0, -0.4), (1.4, -0.2)),))
    words = {"title": "North adds most", "x_title": "Seller", "y_title": "Value, points", "alternative": "North leads"}
    return Chart(kind=kind, series=series, **(words | changed))


def linear(colour):
    channels = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) + 0.05 for colour in (one, other))
    return light[1] / light[0]


def lab(rgb):
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ rgb
    x, y, z = np.cbrt(np.maximum(xyz / [0.9505, 1, 1.089], 0))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_the_palette_is_the_stylesheets():
    assert tuple(light for light, _ in PAIRS) == palette.LIGHT


@pytest.mark.parametrize("theme", GROUNDS)
def test_every_colour_stands_out_from_the_page(theme):
    assert min(contrast(pair[theme], GROUNDS[theme]) for pair in PAIRS) >= 3


@pytest.mark.parametrize("theme", GROUNDS)
@pytest.mark.parametrize("eye", EYES)
def test_colour_blind_eyes_tell_all_colours_apart(theme, eye):
    seen = [lab(np.clip(np.array(EYES[eye]) @ linear(pair[theme]), 0, 1)) for pair in PAIRS]

    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2)) > 12


@pytest.mark.parametrize("kind", ["bars", "intervals", "line", "histogram", "scatter"])
@pytest.mark.parametrize(
    "series",
    [
        (),
        (Series("nobody", (), ()),),
        (Series("one", (1.0,), (-2.0,), (-3.0,), (-1.0,)),),
        (Series("a", (0.0, 1.0), (-1.0, 1.0)), Series("b", (0.0, 1.0), (0.0, 0.0), (-1.0, -1.0), (1.0, 1.0))),
    ],
)
def test_partial_data_is_drawn_the_same_way_twice(kind, series):
    described = chart(kind, series=series)
    drawn = static.svg(described)

    assert drawn == static.svg(described)
    assert ET.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own
    json.dumps(figure(described), allow_nan=False)


def test_names_run_down_and_whiskers_follow_the_numbers():
    (trace,) = figure(chart(coloured="points"))["data"]

    assert trace["y"] == [0, 1]
    assert trace["text"] == ["North Clinic", "East &lt;Registry&gt; &amp; Sons"]
    assert trace["marker"]["color"] == ["--chart-1", "--chart-2"]
    assert trace["error_x"]["array"] == pytest.approx([0.2, 0.1])
    assert trace["error_x"]["arrayminus"] == pytest.approx([0.2, 0.1])


def test_the_largest_stands_first_and_keeps_its_colour():
    names = ("Little", "Most", "Some")
    described = chart(series=(Series("v", names, (1.0, 9.0, 4.0)),), coloured="points", largest_first=True)
    (trace,) = figure(described)["data"]

    assert described.names == ["Most", "Some", "Little"]
    assert dict(zip(trace["text"], trace["y"], strict=True)) == {"Most": 0, "Some": 1, "Little": 2}
    assert trace["marker"]["color"] == ["--chart-1", "--chart-2", "--chart-3"]
    assert re.findall(r'<th scope="row">(\w+)</th>', rendered(described)) == ["Most", "Some", "Little"]


def test_large_numbers_of_an_axis_are_grouped_as_on_the_page():
    money = chart(series=(Series("v", NAMES, (30_000.0, 0.0)),), thousands=",")

    assert figure(money)["layout"]["separators"] == ".,"
    assert figure(chart())["layout"]["separators"] == ".\u202f"
    assert static.svg(money) != static.svg(chart(series=money.series))


def points(*places):
    return tuple(Series(name, (x,), (y,), (y - 1.0,), (y + 1.0,)) for name, x, y in places)


def test_names_stand_beside_their_points_where_they_have_room():
    apart = chart("scatter", series=points(("North", 0.0, 1.0), ("East", 2.0, 9.0), ("South", 4.0, 4.0)))
    drawn = figure(apart)

    assert [trace["textposition"] for trace in drawn["data"]] == ["middle right", "middle right", "middle left"]
    assert [trace["text"] for trace in drawn["data"]] == [["North"], ["East"], ["South"]]
    assert drawn["layout"]["showlegend"] is False
    ET.fromstring(static.svg(apart))  # noqa: S314 - our own


def test_a_legend_tells_points_apart_whose_names_would_touch():
    places = (("A long name", 0.0, 1.0), ("Another long name", 0.1, 1.1), ("C", 0.2, 1.0), ("D", 2.0, 5.0))
    near = chart("scatter", series=points(*places))

    assert figure(near)["layout"]["showlegend"] is True
    assert {trace["mode"] for trace in figure(near)["data"]} == {"markers"}


def test_the_ninth_seller_shares_the_first_ones_colour():
    names = tuple(f"Seller {place}" for place in range(9))
    (trace,) = figure(chart(series=(Series("v", names, (1.0,) * 9),), coloured="points"))["data"]

    assert trace["marker"]["color"][8] == "--chart-1"


def test_long_names_leave_room_for_the_drawing():
    names = ("A data cooperative whose founders liked long names, and said so", "x" * 90, "_hidden $ 1 $")

    for kind in ("intervals", "line"):
        series = tuple(
            Series(name, names if kind == "intervals" else (0.0, 1.0, 2.0), (1.0, 2.0, 3.0)) for name in names
        )
        ET.fromstring(static.svg(chart(kind, series=series)))  # noqa: S314 - our own


def test_a_histogram_counts_every_value_once():
    series = histogram_series("rows", [0.1, 0.2, 0.2, 0.9], bins=2)

    assert series.y == (3.0, 1.0)
    assert series.x == pytest.approx((0.3, 0.7))
    assert histogram_series("rows", []) == Series("rows", (), ())


def rendered(described):
    return Template("{% load charts %}{% chart c %}").render(Context({"c": described}))


def test_a_figure_reads_without_a_script():
    html = rendered(chart())

    assert "<figcaption>North adds most</figcaption>" in html
    assert 'src="data:image/svg+xml;base64,' in html
    assert 'alt="North leads"' in html
    assert '<td class="number" data-label="Between">1 to 1.400</td>' in html
    assert "East <Registry>" not in html
    data = re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1]
    assert json.loads(data)["data"][0]["x"] == [1.2, -0.3]


def test_a_chart_of_nothing_stays_a_picture():
    html = rendered(chart(series=()))

    assert "data-chart" not in html
    assert "<details>" not in html


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (2000.0, "2\u202f000"),
        (0.0312345, "0.03123"),
        (-12.34567, "\N{MINUS SIGN}12.35"),
        (98765.4, "98\u202f765"),
        (0, "0"),
    ],
)
def test_numbers_keep_four_digits(value, written):
    assert number(value) == written


def test_what_rounding_left_of_nothing_is_written_as_nothing():
    dusty = Chart(
        "bars", "One part", "Part", "Points", (Series("Mine", ("One", "None"), (0.5, 2.125e-16)),), "One bar."
    )

    assert re.findall(r'class="number" data-label="Points">([^<]*)<', rendered(dusty)) == ["0.5000", "0"]


def test_plotly_js_comes_from_the_wheel_and_is_the_version_our_rules_were_copied_from():
    source = Path(finders.find("plotly/plotly.min.js"))

    assert source.parent == plotly_files.folder()
    text = source.read_text()
    assert "plotly.js v4.1.1" in text[:60]
    assert '"plotly.js-style-"' in text
    assert ".no-inline-styles" in text
    maps = re.search(r'maps\.id = "(\w+)"', (STATIC / "charts.js").read_text())[1]
    assert f'document.getElementById("{maps}")' in text
