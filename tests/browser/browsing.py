"""Pages of one test: who opens them, what goes wrong on them, and how they looked when the test failed."""

import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect

from marketplace.demo import totp
from marketplace.demo.cast import PASSWORD

# Chromium reports a blocked file on the console, but not every blocked inline style; the event tells of all.
TELL_VIOLATIONS = """
    document.addEventListener("securitypolicyviolation", (event) => console.error(
        `Content security policy: ${event.violatedDirective} blocked ${event.blockedURI}`));
"""
PHONE = {"viewport": {"width": 360, "height": 800}, "is_mobile": True, "has_touch": True}
WIDE = {"viewport": {"width": 2560, "height": 1440}}
# By how much the content is wider than the window, and what reaches beyond it.
BEYOND = """() => {
  const width = document.documentElement.clientWidth;
  const excess = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - width;
  if (excess <= 0) return [];
  return [...document.body.querySelectorAll("*")]
    .filter((element) => element.getBoundingClientRect().right > width + 0.5)
    .map((element) => `${element.tagName} ${element.className} ${Math.round(element.getBoundingClientRect().right)}`)
    .concat(`${excess} px too wide`);
}"""
TIMEOUT_MS = 15_000
SENDING_SECONDS = 4
SERVER_ERROR = 500


class Browsing:
    """Opens pages, each in a context of its own, and keeps every complaint of the browser."""

    def __init__(self, browser: Browser, site_url: str, sign_ins: dict[str, dict]) -> None:
        self.complaints: list[str] = []
        self._browser = browser
        self._site_url = site_url
        self._sign_ins = sign_ins
        self._expected_statuses: list[int] = []
        self._contexts: list[BrowserContext] = []

    def page(self, **options) -> Page:
        """Open a stranger's page; the options are those of a Playwright context."""
        context = self._browser.new_context(base_url=self._site_url, **options)
        self._contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        context.add_init_script(TELL_VIOLATIONS)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self._complain(str(error.error)))
        context.on(
            "response",
            lambda answer: answer.status >= SERVER_ERROR and self._complain(f"{answer.status} from {answer.url}"),
        )
        return context.new_page()

    def page_of(self, email: str, *, totp_secret: str | None = None, **options) -> Page:
        """Open a signed-in person's page; only a person's first page goes through the sign-in form."""
        if email not in self._sign_ins:
            page = self.page()
            sign_in(page, email, totp_secret=totp_secret)
            self._sign_ins[email] = page.context.storage_state()
            page.context.close()
        return self.page(storage_state=self._sign_ins[email], **options)

    def expects_status(self, status: int) -> None:
        """Say that the test asks for a page that the browser's console will call an error."""
        self._expected_statuses.append(status)

    def photograph(self) -> list[str]:
        """Store a picture of every open page and say where it lies."""
        folder = Path(tempfile.mkdtemp(prefix="faircut-pages-"))
        pages = [page for context in self._contexts for page in context.pages]
        return [self._picture(page, folder / f"{number}.png") for number, page in enumerate(pages, start=1)]

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _picture(self, page: Page, path: Path) -> str:
        try:
            page.screenshot(path=path, full_page=True)
        except Error as error:  # the report of the failure matters more than its picture
            return f"{page.url}: no picture, {error.message}"
        return f"{page.url}: {path}"

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complain(f"{message.text} ({message.location['url']})")

    def _complain(self, text: str) -> None:
        if not any(f"status of {status}" in text for status in self._expected_statuses):
            self.complaints.append(text)


def sign_in(page: Page, email: str, *, totp_secret: str | None = None) -> None:
    """Sign in as people do, with the code of an authenticator app where the account has one."""
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    if totp_secret is not None:
        expect(page.get_by_role("heading", name="Enter your code")).to_be_visible()
        page.get_by_label("Code").fill(code_of(totp_secret))
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


def code_of(totp_secret: str) -> str:
    """The code of the moment, with time left to send it: the site takes no code of the half minute before."""
    left = totp.PERIOD_SECONDS - time.time() % totp.PERIOD_SECONDS
    if left < SENDING_SECONDS:
        time.sleep(left)
    return totp.code_now(totp_secret)


def beyond_the_window(page: Page) -> list[str]:
    """Say what makes the page scroll sideways; nothing should."""
    return page.evaluate(BEYOND)
