"""Cursors: a page names where the next begins, so that nothing is skipped when rounds are posted meanwhile."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import NotFound
from rest_framework.pagination import BasePagination, Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from payouts.selectors.money.projection import LineRecord

LIMIT_DEFAULT = 100
LIMIT_MAX = 500


def page_schema(schema: dict[str, Any], *, links: tuple[str, ...]) -> dict[str, Any]:
    """A page in OpenAPI 3.1, where null is a type; DRF's own still says `nullable`."""
    properties: dict[str, Any] = {link: {"type": ["string", "null"], "format": "uri"} for link in links}
    return {"type": "object", "required": [*links, "results"], "properties": properties | {"results": schema}}


class RoundCursor(CursorPagination):
    """Newest posting first."""

    ordering = ("-posted_at", "-id")
    page_size = LIMIT_DEFAULT
    page_size_query_param = "limit"
    max_page_size = LIMIT_MAX

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Read the query's cursor; one that somebody wrote by hand may hold anything, and never reaches a query."""
        cursor: Cursor | None = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None and not _is_written_by_us(str(cursor.position)):
            raise NotFound("The cursor is not one of ours.")
        return cursor

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return page_schema(schema, links=("next", "previous"))


def _is_written_by_us(position: str) -> bool:
    """Whether a position is a moment as this list writes it, in UTC."""
    try:
        moment = parse_datetime(position)
    except ValueError:
        return False
    return moment is not None and moment.utcoffset() == dt.timedelta(0) and str(moment) == position


class LineCursor(BasePagination):
    """Pages over a round's records, which never change once posted: the cursor is the last number seen."""

    def paginate_records(self, records: Sequence[LineRecord], request: Request) -> list[LineRecord]:
        """Cut the page that the query asks for and remember whether more follows."""
        self.request = request
        after = self._whole("cursor", 0, None)
        limit = self._whole("limit", LIMIT_DEFAULT, LIMIT_MAX)
        rest = [record for record in records if record.number > after]
        self.page = rest[: max(limit, 1)]
        self.has_next = len(rest) > len(self.page)
        return self.page

    def get_paginated_response(self, data: Any) -> Response:
        following = None
        if self.has_next:
            url = self.request.build_absolute_uri()
            following = replace_query_param(url, "cursor", self.page[-1].number)
        return Response({"next": following, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return page_schema(schema, links=("next",))

    def _whole(self, name: str, default: int, most: int | None) -> int:
        text = self.request.query_params.get(name, "")
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(2**31))):
            raise NotFound(f"{name} must be a whole number.")
        return min(int(text), most) if most is not None else int(text)
