"""HTML as a PDF for printing: the same bytes for the same content."""

import hashlib
from pathlib import Path

from django.conf import settings

from marketplace.shared.errors import FaircutError

STYLESHEET = Path(settings.BASE_DIR) / "templates" / "payouts" / "paper.css"


class PaperUnavailableError(FaircutError):
    """The libraries that draw letters are missing on this machine."""

    code = "paper_unavailable"
    status = 503


def pdf(html: str) -> bytes:
    """Typeset a page.

    Raises:
        PaperUnavailableError: Pango is missing.
    """
    try:
        from weasyprint import CSS, HTML  # noqa: PLC0415 - loads Pango, which a machine may lack
        from weasyprint.urls import URLFetcher  # noqa: PLC0415
    except OSError as error:
        raise PaperUnavailableError(
            "The library Pango, which draws the letters of a PDF, is missing.",
            remedy="An administrator can install it (on Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0).",
        ) from error
    # Every picture lies inside the page: nothing is fetched from anywhere.
    inside = URLFetcher(allowed_protocols=["data"])
    # The identifier is otherwise drawn by chance; equal pages are equal files.
    identifier = hashlib.sha256(html.encode()).digest()[:16]
    styles = [CSS(string=STYLESHEET.read_text())]
    return bytes(HTML(string=html, url_fetcher=inside).write_pdf(stylesheets=styles, pdf_identifier=identifier))
