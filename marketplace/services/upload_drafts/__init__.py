"""A received file's way: read as its seller says, checked as often as they like, entered as a version once."""

from marketplace.services.upload_drafts.ending import discard
from marketplace.services.upload_drafts.reading import match_columns, preview_of, read_as, relax
from marketplace.services.upload_drafts.receiving import receive

__all__ = ["discard", "match_columns", "preview_of", "read_as", "receive", "relax"]
