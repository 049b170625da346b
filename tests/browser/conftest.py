"""A running Faircut made of real processes, and a Chromium in which nothing may go wrong unnoticed."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from marketplace.demo.stack import Stack
from marketplace.demo.story import Story
from tests.browser import census, chromium
from tests.browser.browsing import TIMEOUT_MS, Browsing

SEED = "import django; django.setup(); from tests.browser import seeding; seeding.seed()"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# FAIRCUT_BROWSER=window shows what the tests do, a fifth of a second a step.
WINDOW = {"headless": False, "slow_mo": 200} if os.environ.get("FAIRCUT_BROWSER") == "window" else {}


@dataclass(frozen=True)
class Site:
    """Where the stack answers, what its processes find in their environment, and the id of each journey's request."""

    url: str
    folder: Path
    environment: dict[str, str]
    requests: dict[str, str]
    worker: int  # the process group


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Show where pictures of the open pages lie when a test fails."""
    report = yield
    browsing = getattr(item, "funcargs", {}).get("browsing")
    if report.when == "call" and report.failed and browsing is not None:
        report.sections.append(("open pages", "\n".join([*browsing.photograph(), *browsing.complaints])))
    return report


@pytest.fixture(scope="session")
def site():
    with tempfile.TemporaryDirectory(prefix="faircut-browser-", ignore_cleanup_errors=True) as name:
        # PostgreSQL runs as another user when the tests run as root, and must be able to walk in.
        Path(name).chmod(0o755)
        stack = Stack(Path(name), port=_free_port()).start()
        try:
            seeded = subprocess.run(
                [sys.executable, "-c", SEED], env=stack.environment, stdout=subprocess.PIPE, check=True
            )
            worker = stack._processes["worker"].pid
            yield Site(stack.site_url, Path(name), stack.environment, json.loads(seeded.stdout), worker)
        finally:
            stack.stop()


@pytest.fixture(scope="session")
def story(site):
    """The demo's story up to the point where five small files are submitted to the request of the pages."""
    told = Story(site.url, site.requests["pages"], census.sellers(), site.folder / "story.json", lambda _: None)
    told.bring_data()
    return told


@pytest.fixture(scope="session")
def reviewed_round(story):
    """The id of a round that waits for its approval."""
    round_id = story.draft_round(seed=1, precision="15", bank_reference="REVIEWED")
    story.trigger(round_id)
    story.wait_for_review(round_id)
    return round_id


@pytest.fixture(scope="session")
def paid_round(story):
    """The id of a round that is paid."""
    round_id = story.draft_round(seed=2, precision="15", bank_reference="PAID")
    story.trigger(round_id)
    story.wait_for_review(round_id)
    story.approve_and_pay(round_id)
    return round_id


# Not for the whole session: Playwright keeps an event loop in this thread, and Django's ORM refuses to work beside one.
@pytest.fixture(scope="package")
def browser():
    path = chromium.find()
    assert path is not None, "No Chromium was found; `make test` installs one."
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, **WINDOW)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def sign_ins():
    """The cookies of who has signed in, by e-mail address: the site takes thirty sign-ins a minute."""
    return {}


@pytest.fixture
def browsing(browser, site, sign_ins):
    """Pages for one test; whatever the browser complains about fails it."""
    opened = Browsing(browser, site.url, sign_ins)
    yield opened
    opened.close()
    assert opened.complaints == []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
