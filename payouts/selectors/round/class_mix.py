"""Owners whose rows are nearly all of one class: what one seller sorted by label over several accounts looks like."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from marketplace.models import DatasetVersion
from payouts.models import PayoutRound
from payouts.selectors.money.owners import owner_of_each

# An owner counts as sorted from this share of its largest class on, where the market as a whole stays below it.
SORTED_SHARE = 0.95


@dataclass(frozen=True)
class OneClassOwner:
    """An owner of whose rows ``share`` are of class ``label``; ``sellers`` are the names of its accounts."""

    sellers: tuple[str, ...]
    label: str
    share: float


def one_class_owners(payout_round: PayoutRound, sellers: Mapping[int, Sequence[str]]) -> list[OneClassOwner]:
    """The owners in a round whose rows are nearly all of one class, while the market's are not; in the lines' order.

    Linked accounts count together, as they are paid. Counted in the frozen versions as uploaded: copies that were left
    out are still in. Empty for a regression. `sellers` are the names of each owner's accounts.
    """
    counts = _class_counts(payout_round)
    market = sum(counts.values(), Counter[str]())
    if not market or max(market.values()) >= SORTED_SHARE * market.total():
        return []
    found = []
    for owner_key, names in sellers.items():
        classes = counts.get(owner_key, Counter())
        ((label, rows),) = classes.most_common(1) or [("", 0)]
        if rows and rows >= SORTED_SHARE * classes.total():
            found.append(OneClassOwner(tuple(names), label, rows / classes.total()))
    return found


def _class_counts(payout_round: PayoutRound) -> dict[int, Counter[str]]:
    """Rows of each class of the target by owner, from the profiles of the frozen versions."""
    owners = owner_of_each(payout_round)
    submissions = payout_round.started_run.manifest.submissions
    owner_of = {file.version: owners[file.organization_id] for file in submissions}
    found: dict[int, Counter[str]] = {}
    for version in DatasetVersion.objects.filter(pk__in=owner_of):
        for column in version.profile.get("columns", []):
            if column["name"] == payout_round.request.target:
                found.setdefault(owner_of[str(version.pk)], Counter()).update(column.get("counts", {}))
    return found
