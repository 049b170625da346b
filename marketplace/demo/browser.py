"""A person at the site, over HTTP as a browser speaks it: pages, forms with their hidden fields, files, cookies."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import requests

from marketplace.demo import totp
from marketplace.demo.stack import StackError

TIMEOUT_SECONDS = 120


class RefusedError(StackError):
    """The site said no; the message holds what the page says."""


@dataclass
class Form:
    """A form of a page: where it goes and what it sends untouched."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Page(HTMLParser):
    """A page's text, and its forms with what a browser would send if nobody touched them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.text: list[str] = []
        self._form: Form | None = None
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(attributes.get("action", ""))
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "input" and _is_sent(attributes):
            self._form.fields[attributes["name"]] = attributes.get("value", "")
        elif tag == "select":
            self._select = attributes.get("name", "")
        elif tag == "option" and ("selected" in attributes or self._select not in self._form.fields):
            self._form.fields[self._select] = attributes.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text.append(data.strip())


def _is_sent(attributes: dict[str, str]) -> bool:
    kind = attributes.get("type", "text")
    if "name" not in attributes or kind in ("submit", "button", "file", "reset"):
        return False
    return kind not in ("checkbox", "radio") or "checked" in attributes


class Person:
    """One signed-in person."""

    def __init__(self, site_url: str, email: str) -> None:
        self.site_url = site_url
        self.email = email
        self._session = requests.Session()

    def sign_in(self, password: str, *, totp_secret: str | None = None) -> None:
        """Sign in as on the page, with the code of an authenticator app where the account asks for one."""
        response = self.send("/accounts/login/", "login", {"login": self.email, "password": password})
        if totp_secret is not None:
            self.send_form(response, "authenticate", {"code": totp.code_now(totp_secret)})
        if "sessionid" not in self._session.cookies:
            raise RefusedError(f"{self.email} could not sign in.")

    def get(self, path: str) -> requests.Response:
        return self._checked(self._session.get(self._url(path), timeout=TIMEOUT_SECONDS))

    def send(
        self, path: str, form: str, fields: dict[str, Any], files: dict[str, tuple[str, bytes]] | None = None
    ) -> requests.Response:
        """Open a page and send its form whose address contains `form`, filled with `fields`."""
        return self.send_form(self.get(path), form, fields, files)

    def send_form(
        self,
        page: requests.Response,
        form: str,
        fields: dict[str, Any],
        files: dict[str, tuple[str, bytes]] | None = None,
    ) -> requests.Response:
        found = next(
            (candidate for candidate in _Page(page.text).forms if form in (candidate.action or page.url)), None
        )
        if found is None:
            raise RefusedError(f"{page.url} has no form '{form}': {_summary(page)}")
        return self._checked(
            self._session.post(
                self._url(found.action) if found.action else page.url,
                data={**found.fields, **fields},
                files=files,
                headers={"Referer": page.url},
                timeout=TIMEOUT_SECONDS,
            )
        )

    def _url(self, path: str) -> str:
        return path if path.startswith("http") else f"{self.site_url}{path}"

    def _checked(self, response: requests.Response) -> requests.Response:
        if not response.ok:
            raise RefusedError(
                f"{response.request.method} {response.url} → {response.status_code}: {_summary(response)}"
            )
        return response


def words_of(html: str) -> str:
    """A page's words without its tags."""
    return " ".join(_Page(html).text)


def _summary(page: requests.Response) -> str:
    return words_of(page.text)[:600]
