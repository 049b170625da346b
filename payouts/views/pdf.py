"""A page of ours as PDF, by weasyprint; nothing is fetched from anywhere."""

import hashlib
import logging
from pathlib import Path

from django.contrib.staticfiles import finders

from marketplace.basics.errors import FaircutError


class PdfUnavailableError(FaircutError):
    """This machine lacks what makes PDF files."""

    code = "pdf_unavailable"
    status = 503


def pdf_of(html: str, *, stylesheet: str) -> bytes:
    """Lay a page out as PDF.

    Args:
        html: The whole page; its pictures are ``data:`` addresses or inline SVG.
        stylesheet: Its stylesheet among the static files, such as ``faircut/statement.css``.

    Raises:
        PdfUnavailableError: Pango, which weasyprint draws text with, is missing.
    """
    try:
        import weasyprint  # noqa: PLC0415 - a second of import, and it needs Pango: for those who print
    except OSError as error:
        raise PdfUnavailableError(
            "PDF files cannot be made here, because the library Pango is missing.",
            remedy="Print the page from your browser, or ask the operators to install Pango.",
        ) from error
    for chatty in ("weasyprint.progress", "fontTools"):  # a line a step of the layout
        logging.getLogger(chatty).setLevel(logging.ERROR)
    path = finders.find(stylesheet)
    if not isinstance(path, str):
        raise FileNotFoundError(stylesheet)
    fetcher = weasyprint.urls.URLFetcher(allowed_protocols={"data"})
    rules = weasyprint.CSS(string=Path(path).read_text(encoding="utf-8"), url_fetcher=fetcher)
    # The identifier is otherwise drawn by chance; equal pages are equal files.
    identifier = hashlib.sha256(html.encode()).digest()[:16]
    page = weasyprint.HTML(string=html, url_fetcher=fetcher)
    written: bytes = page.write_pdf(stylesheets=[rules], pdf_identifier=identifier)
    return written
