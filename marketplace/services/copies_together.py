"""Several findings of copies decided by one person for one reason, all of them or none."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from marketplace.basics.errors import ConflictError, NotAllowedError
from marketplace.models import CopyFinding, User
from marketplace.selectors.access import is_operator
from marketplace.services import copies
from marketplace.services.copies import FindingDecidedError


@dataclass(frozen=True)
class Refusal:
    """A finding that this person may not decide so, and why."""

    finding: CopyFinding
    why: str


class DecisionsRefusedError(ConflictError):
    """Some of the findings cannot be decided so; none was decided."""

    code = "copy_decisions_refused"

    def __init__(self, refusals: Sequence[Refusal], chosen: int) -> None:
        """Say how many of the chosen findings stand in the way."""
        super().__init__(
            f"{len(refusals)} of the {chosen} findings cannot be decided so by you, and none was decided.",
            remedy="Decide the others without them.",
        )
        self.refusals = tuple(refusals)


@transaction.atomic
def decide(*, findings: Sequence[CopyFinding], decision: str, reason: str, by: User) -> list[CopyFinding]:
    """Decide every one of several findings, each with its own record; in the order of their keys, as locks are taken.

    The seller of a file on which several are decided is told once.

    Raises:
        NotAllowedError: The person is no operator.
        DecisionsRefusedError: Some may not be decided by this person, or so, or any more; none was.
        ReasonMissingError: No reason is given.
    """
    if not is_operator(by):
        raise NotAllowedError("Only operators decide about copies.")
    decided, refusals = [], []
    for finding in sorted(findings, key=lambda each: each.pk):
        try:
            decided.append(copies.record_decision(finding=finding, decision=decision, reason=reason, by=by))
        except (NotAllowedError, FindingDecidedError) as error:
            refusals.append(Refusal(finding, error.message))
    if refusals:
        raise DecisionsRefusedError(refusals, len(findings))
    copies.tell_sellers(decided)
    return [finding for finding, _ in decided]
