"""Every method has a page that says what it is, when to use it, its cost, its error, its source and its departures."""

import re
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[4] / "docs" / "algorithms"
# Which method to take, and the families of models that buyers choose from: neither is a method.
OVERVIEWS = {"points.md", "models.md"}
METHODS = sorted(page.name for page in PAGES.glob("*.md") if page.name not in OVERVIEWS)


@pytest.mark.parametrize("page", METHODS)
def test_a_page_says_the_six_things(page):
    text = (PAGES / page).read_text()
    missing = [
        word
        for word in ("What", "When", "Cost", "Error", "Reference", "Departures")
        # Bold at the start of a paragraph, or in a heading: "## Cost and error".
        if not re.search(rf"^(\*\*{word}\.\*\*|## .*\b{word}\b)", text, re.MULTILINE | re.IGNORECASE)
    ]
    assert not missing


def test_pages_lead_to_pages_that_are_there():
    for page in PAGES.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+\.md)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
