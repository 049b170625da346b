"""Which requests a person may see, and which columns a request asks for in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from marketplace.basics.figures import NARROW_SPACE, count
from marketplace.models import DataRequest, Role, Submission, User
from marketplace.selectors.access import is_operator, organizations_of

# Of fewer sellers than this, people outside of operations learn only that there are few: a seller who knows of one
# other must not learn that one's rows.
SELLERS_TOLD_MIN = 3


@dataclass(frozen=True)
class ColumnWords:
    """One column of a schema as a page shows it."""

    name: str
    is_target: bool
    kind: str
    accepted: str
    required: bool


def visible_requests(user: User) -> QuerySet[DataRequest]:
    """Requests a person may see: buyers their own, sellers open ones and those they brought data to, operators all.

    A draft is its buyer's alone: until it is opened, it asks nothing of anybody.
    """
    requests = DataRequest.objects.select_related("buyer").exclude(state=DataRequest.State.DISCARDED)
    seen = Q(buyer__in=organizations_of(user, Role.BUYER))
    if is_operator(user):
        return requests.filter(seen | ~Q(state=DataRequest.State.DRAFT))
    sellers = organizations_of(user, Role.SELLER)
    if sellers.exists():
        brought = DataRequest.objects.filter(datasets__organization__in=sellers)
        seen |= Q(state=DataRequest.State.OPEN) | Q(pk__in=brought.values("pk"))
    return requests.filter(seen)


def with_accepted(requests: QuerySet[DataRequest]) -> QuerySet[DataRequest]:
    """Add ``sellers_accepted`` and ``rows_accepted``, how much data is before the buyer; newest request first."""
    accepted = Q(submissions__state=Submission.State.ACCEPTED)
    return requests.annotate(
        sellers_accepted=Count("submissions__organization", filter=accepted, distinct=True),
        rows_accepted=Sum("submissions__version__rows", filter=accepted, default=0),
    ).order_by("-created_at", "pk")


def may_be_answered_by(request: DataRequest, user: User) -> bool:
    """Whether a person sells for an organisation whose owner is not the buyer's."""
    owner = request.buyer.owner_key
    own = Q(pk=owner) | Q(beneficial_owner=owner)
    return request.is_open and organizations_of(user, Role.SELLER).exclude(own).exists()


def submitted_in_words(request: DataRequest, *, exactly: bool) -> str:
    """How much is before the buyer; `request` comes from ``with_accepted``, and only operators are told exactly."""
    sellers, rows = request.sellers_accepted, request.rows_accepted  # type: ignore[attr-defined]
    if not sellers:
        return "Nothing yet"
    if sellers < SELLERS_TOLD_MIN and not exactly:
        return f"Rows of fewer than {SELLERS_TOLD_MIN} sellers"
    return f"{count(rows)} row{'' if rows == 1 else 's'} of {count(sellers)} seller{'' if sellers == 1 else 's'}"


def columns_in_words(request: DataRequest) -> list[ColumnWords]:
    """The schema as a table: what each column is and what it may hold."""
    return [
        ColumnWords(
            name=column["name"],
            is_target=column["name"] == request.target,
            kind="Number" if column["kind"] == "number" else "Category",
            accepted=_accepted(column),
            required=column.get("required", True),
        )
        for column in request.schema.get("columns", [])
    ]


def _accepted(column: Mapping[str, Any]) -> str:
    if column["kind"] == "category":
        return ", ".join(column["categories"])
    minimum, maximum = _number(column.get("minimum")), _number(column.get("maximum"))
    if minimum and maximum:
        return f"{minimum} to {maximum}"
    if minimum:
        return f"{minimum} or more"
    return f"{maximum} or less" if maximum else "Any number"


def _number(bound: float | None) -> str:
    return "" if bound is None else f"{bound:,.15g}".replace(",", NARROW_SPACE)
