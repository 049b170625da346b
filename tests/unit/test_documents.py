"""Whatever code, templates, tests and pages name of the documents is there: pages, decisions, sections, files."""

import re
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from payouts.management.commands import draw_states
from valuation.models import WorkBlock

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("marketplace", "valuation", "payouts", "templates", "tests", "benchmarks", "docs", ".ci")
KINDS = {".py", ".md", ".html", ".txt", ".css", ".js", ".toml", ".yml", ".yaml", ".sh"}
ROOT_FILES = (".env.sample", "Makefile", "Dockerfile", "docker-compose.yml", "pyproject.toml", "requirements.txt")

LINK = re.compile(r"\]\(([^()\s]+)\)")
PAGE_NAME = re.compile(r"(?<![\w*/.-])((?:\.\./)*[\w][\w./-]*\.md)\b")
CODE_PATH = re.compile(r"(?<![\w*/.-])((?:marketplace|valuation|payouts|templates|tests|benchmarks)/[\w./-]+\.\w+)\b")
DECISION = re.compile(r"\bADRs? (\d+)")
DECISION_LINK = re.compile(r"\[ADR (\d+)\]\(([^)]+)\)")
SECTION = re.compile(r"\b[Ss]ections? (\d[\d.]*|[A-Z]\b)")
# What a section is of, right before it: a page of ours, by name or by link, or somebody else's work.
OURS = re.compile(r"([\w./-]+\.md)(?:#[\w-]+)?\)?,? $")
OUTSIDE = re.compile(r"(paper, |arXiv:[\d.]+, |\b[A-Z]\w+ \d{4}, |HCDV's )$")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def sources() -> Iterator[Path]:
    """Every file of the repository that is written by hand, this one excepted: it names what is not there."""
    for folder in FOLDERS:
        yield from (path for path in (ROOT / folder).rglob("*") if path.suffix in KINDS)
    yield from (ROOT / name for name in ROOT_FILES)
    yield from ROOT.glob("*.md")


def pages() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def anchors(page: str) -> set[str]:
    """The anchors that a code host gives the headings of a page."""
    words = (re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", title)).strip() for title in HEADING.findall(page))
    return {title.lower().replace(" ", "-") for title in words}


def sections(page: str) -> set[str]:
    return {number for title in HEADING.findall(page) for number in re.findall(r"^(\d+)\. ", title)}


def resolved(name: str, path: Path) -> Path | None:
    """The file of a name: from the root of the repository, and from a page's own folder or, in code, from docs/."""
    places = (ROOT / name, (path.parent if path.suffix == ".md" else ROOT / "docs") / name)
    return next((place for place in places if place.exists()), None)


def decisions() -> dict[int, Path]:
    return {int(page.name[:4]): page for page in (ROOT / "docs" / "adr").glob("*.md")}


def one_line(text: str) -> str:
    """Text without its line ends and the marks that begin a line of a comment."""
    return re.sub(r"\s+(?:# +)?", " ", text)


def dangling(path: Path, text: str) -> list[str]:
    """Everything that a file names of the documents and that is not there, as sentences."""
    text = one_line(text)
    # A link names where it leads, whatever its words; a quoted part of a path is opened by the code that has it.
    named = PAGE_NAME.findall(re.sub(r'"[\w.-]+\.md"', "", re.sub(r"\[[^\]]*\]\(([^)]+)\)", r"\1", text)))
    missing = [f"there is no page {name}" for name in named if not resolved(name, path)]
    known = decisions()
    missing += [f"there is no ADR {number}" for number in DECISION.findall(text) if int(number) not in known]
    missing += [
        f"ADR {number} is not {target}"
        for number, target in DECISION_LINK.findall(text)
        if resolved(target, path) is None or not Path(target).name.startswith(f"{int(number):04}-")
    ]
    for mention in SECTION.finditer(text):
        before, number = text[max(0, mention.start() - 80) : mention.start()], mention.group(1).rstrip(".")
        if OUTSIDE.search(before):
            continue
        page = OURS.search(before)
        file = resolved(page.group(1), path) if page else path
        if not page and path.suffix != ".md":
            missing.append(f"section {number} of what? Name a page of docs/, or the paper: …{before[-60:]}")
        elif file and number not in sections(file.read_text()):
            missing.append(f"{file.name} has no section {number}")
    return missing


def broken_links(path: Path, text: str) -> list[str]:
    """Links of a page that lead to no file, or to no heading of it."""
    missing = []
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        if not file.exists():
            missing.append(f"the link leads nowhere: {target}")
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
            missing.append(f"the page has no such heading: {target}")
    return missing


def test_every_page_decision_and_section_that_is_named_is_there():
    missing = {
        str(path.relative_to(ROOT)): sentences
        for path in sources()
        if path != Path(__file__) and (sentences := dangling(path, path.read_text(errors="replace")))
    }

    assert missing == {}


def test_links_of_pages_lead_to_files_and_headings():
    missing = {
        str(page.relative_to(ROOT)): sentences
        for page in pages()
        if (sentences := broken_links(page, page.read_text()))
    }

    assert missing == {}


def test_files_that_pages_name_are_there():
    missing = {
        f"{page.relative_to(ROOT)}: {name}"
        for page in pages()
        for name in CODE_PATH.findall(page.read_text())
        if not (ROOT / name).exists()
    }

    assert missing == set()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("# as docs/nowhere.md says", "there is no page docs/nowhere.md"),
        ("# (nowhere.md, section A)", "there is no page nowhere.md"),
        ('"""Decided in ADR 9999."""', "there is no ADR 9999"),
        ("[ADR 0001](docs/adr/0002-postgresql-holds-the-work.md)", "ADR 0001 is not docs/adr/0002-postgresql"),
        ("# docs/mathematics.md section 99", "mathematics.md has no section 99"),
        ("# see docs/mathematics.md\n    # section 99.", "mathematics.md has no section 99"),
        ("# design section 6", "section 6 of what?"),
        ("# (valuation-math section 4)", "section 4 of what?"),
        ("# (nowhere, section A)", "section A of what?"),
    ],
)
def test_what_is_not_there_is_noticed(text, sentence):
    assert any(each.startswith(sentence) for each in dangling(ROOT / "valuation" / "anything.py", text))


def test_a_page_without_sections_has_none_of_its_own():
    assert dangling(ROOT / "docs" / "library.md", "as section 4 says") == ["library.md has no section 4"]


@pytest.mark.parametrize("target", ["nowhere.md", "../nowhere.py", "mathematics.md#no-such-heading", "#nor-this"])
def test_a_link_that_leads_nowhere_is_noticed(target):
    page = ROOT / "docs" / "library.md"

    assert broken_links(page, f"[text]({target})")


@pytest.mark.parametrize(
    "text",
    [
        "# docs/mathematics.md section 4 (ADR 0011)",
        "(FGSV paper, section 3.4), Lee et al. 2025, arXiv:2505.19013, section 3.5.2, Lowe 2004, section 7.1",
        "# see docs/mathematics.md\n    # section 4.",
    ],
)
def test_what_is_there_is_no_fault(text):
    assert dangling(ROOT / "valuation" / "anything.py", text) == []


def test_the_index_lists_every_page():
    index = ROOT / "docs" / "README.md"
    listed = {(index.parent / target.partition("#")[0]).resolve() for target in LINK.findall(index.read_text())}

    unlisted = [str(page.relative_to(ROOT)) for page in pages() if page != index and page not in listed]

    assert unlisted == []


def test_the_states_are_drawn_as_the_models_have_them():
    page = StringIO()
    call_command("draw_states", stdout=page)

    assert (ROOT / "docs" / "states.md").read_text() == page.getvalue(), "run make states"


def test_a_move_without_words_is_not_drawn():
    words = dict(draw_states.MACHINES[0].words)
    del words["draft", "valuing"]

    with pytest.raises(ValueError, match="moves without words"):
        draw_states.drawn(replace(draw_states.MACHINES[0], words=words))


def test_the_moves_of_a_block_lead_between_its_states():
    block = draw_states.MACHINES[-1]

    assert {state for move in block.words for state in move} == set(WorkBlock.State.values)
    assert not any(start == WorkBlock.State.DONE for start, _ in block.words)
