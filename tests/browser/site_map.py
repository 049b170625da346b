"""Every page that people reach by links, found as they find them: from the home page on, one address a kind of page."""

import re
from collections.abc import Iterator
from urllib.parse import urldefrag, urlsplit

from playwright.sync_api import Page

# Pages of one address that show each role something else.
DIFFERS_BY_ROLE = (
    "/",
    "/requests/",
    "/requests/:id/",
    "/requests/:id/fund/",
    "/organisations/",
    "/organisations/:id/",
)
IDENTIFIER = re.compile(r"/(?:[0-9a-f]{8}-[0-9a-f-]{27}|\d+)(?=/|$)")
LINKS = "() => [...document.querySelectorAll('a[href]:not([download])')].map((link) => link.href)"


def kind_of(address: str) -> str:
    """The address with every identifier taken out: `/rounds/:id/`."""
    return IDENTIFIER.sub("/:id", urlsplit(address).path)


def walk(page: Page, role: str, seen: set[str], named: dict[str, str]) -> Iterator[str]:
    """Open the named addresses and every kind of page that is not in `seen` yet, and yield each while it is open.

    A named page is opened whatever its kind; from each page the links lead on. What one role is refused another sees.
    """
    waiting, tried = ["/", *named.values()], set()
    names = {address: name for name, address in named.items()}
    while waiting:
        address = waiting.pop(0)
        name, kind = names.pop(address, None), kind_of(address)
        key = f"{role} {kind}" if kind in DIFFERS_BY_ROLE else kind
        if name is None and (key in seen or key in tried):
            continue
        tried.add(key)
        answer = page.goto(address)
        if answer is not None and answer.ok:
            seen.add(key)
        yield name or kind
        waiting += [urldefrag(link).url for link in page.evaluate(LINKS) if is_page(link, page.url)]


def is_page(link: str, here: str) -> bool:
    """Whether a link stays on the site and leads to a page, not to a file."""
    there, site = urlsplit(link), urlsplit(here)
    return there.netloc == site.netloc and "." not in there.path.rsplit("/", 1)[-1] and "logout" not in there.path
