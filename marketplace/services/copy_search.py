"""Compare the files of a request pair by pair; each pair once, whoever asks, with its findings in one transaction."""

import time
import uuid

import numpy as np
import structlog
from django.db import connection, transaction
from django.db.models import F

from marketplace.copies.compare import Copies, compare
from marketplace.copies.rows import Rows, column_names, kinds_of, read_rows
from marketplace.copies.within import repeats
from marketplace.models import CopyComparison, CopyFinding, DataRequest, DatasetVersion
from marketplace.selectors import copies as selectors
from marketplace.selectors.stored_rows import validation_table, version_table
from marketplace.services import events

log = structlog.get_logger(__name__)

# A file takes part in one comparison with each other file: keep this many in memory. Versions never change.
FILES_IN_MEMORY = 40
# A seller had the rows before when this part of them stands in a version that it uploaded earlier.
HELD_BEFORE = 0.5

# The version that comes first, or None for the validation rows; the one that copies; and what it copies.
Found = tuple[DatasetVersion | None, DatasetVersion, Copies]


class CopySearch:
    """The comparisons of one request; files are read once."""

    def __init__(self, request: DataRequest) -> None:
        self.request = request
        self._files: dict[uuid.UUID | None, Rows] = {}

    @transaction.atomic
    def compare(self, earlier: DatasetVersion | None, later: DatasetVersion, *, is_waiting: bool) -> None:
        """Compare two versions, one with itself, or with the validation rows (None), unless it is done.

        `is_waiting` for whoever does it now.
        """
        name = "validation" if earlier is None else str(earlier.pk)
        if not _locked(f"copies:{name}:{later.pk}", is_waiting=is_waiting):
            return
        if CopyComparison.objects.filter(earlier=earlier, later=later, method=selectors.METHOD).exists():
            return
        started = time.monotonic()
        found = self._found(earlier, later)
        for first, second, copies in found:
            self._record(first, second, copies)
        CopyComparison.objects.create(
            request=self.request,
            earlier=earlier,
            later=later,
            method=selectors.METHOD,
            seconds=time.monotonic() - started,
        )
        log.info("copies.compared", earlier=name, later=str(later.pk), findings=len(found))

    def _found(self, earlier: DatasetVersion | None, later: DatasetVersion) -> list[Found]:
        if earlier is None:
            return [(None, later, copies) for copies in self._compared(None, later)]
        return self._within(later) if earlier == later else self._between(earlier, later)

    def _within(self, version: DatasetVersion) -> list[Found]:
        others = [self._rows(other) for other in selectors.accepted_versions(self.request) if other != version]
        found = repeats(self._rows(version), others) if others else []
        return [(version, version, copies) for copies in found]

    def _between(self, earlier: DatasetVersion, later: DatasetVersion) -> list[Found]:
        """The findings between two versions; whoever held the rows in an older version still comes first."""
        found = self._compared(earlier, later)
        if found and self._held_before(later, earlier, found):
            return [(later, earlier, copies) for copies in self._compared(later, earlier)]
        return [(earlier, later, copies) for copies in found]

    def _compared(self, first: DatasetVersion | None, second: DatasetVersion) -> list[Copies]:
        files = [first, second]
        within = CopyFinding.objects.filter(first=F("second"), second__in=[file for file in files if file is not None])
        padded = set(within.exclude(state=CopyFinding.State.BOTH_KEEP).values_list("second_id", flat=True))
        return compare(
            self._rows(first),
            self._rows(second),
            is_first_padded=first is not None and first.pk in padded,
            is_second_padded=second.pk in padded,
        )

    def _held_before(self, later: DatasetVersion, earlier: DatasetVersion, found: list[Copies]) -> bool:
        """Whether the later version's seller had uploaded most of these rows before the earlier version came."""
        older = DatasetVersion.objects.filter(
            dataset__request=self.request,
            dataset__organization=later.dataset.organization,
            uploaded_at__lt=earlier.uploaded_at,
        ).exclude(dataset__organization=earlier.dataset.organization)
        rows = np.unique(np.concatenate([copies.pairs[:, 1] for copies in found]))
        for version in older:
            old, new = kinds_of(self._rows(version), self._rows(later))
            if np.isin(new[rows], old).mean() >= HELD_BEFORE:
                return True
        return False

    def _rows(self, version: DatasetVersion | None) -> Rows:
        """The rows of a version; the validation rows where it is None."""
        key = version.pk if version else None
        if key not in self._files:
            if len(self._files) >= FILES_IN_MEMORY:
                self._files.pop(next(iter(self._files)))
            table = version_table(version) if version else validation_table(self.request)
            columns = {name: table.column(name).to_numpy(zero_copy_only=False) for name in table.column_names}
            self._files[key] = read_rows(columns, self.request.schema)
        return self._files[key]

    def _record(self, first: DatasetVersion | None, second: DatasetVersion, copies: Copies) -> None:
        """Write a finding down, less the rows that findings of an earlier method name: those stay as they are."""
        earlier = CopyFinding.objects.filter(first=first, second=second, kind=copies.kind)
        named = {row for pairs in earlier.values_list("pairs", flat=True) for _, row in pairs}
        pairs = [pair for pair in copies.pairs.tolist() if pair[1] not in named]
        if not pairs:
            return
        names = column_names(self.request.schema)
        finding = CopyFinding.objects.create(
            request=self.request,
            first=first,
            second=second,
            kind=copies.kind,
            method=selectors.METHOD,
            rows_matched=len(pairs),
            expected_by_chance=copies.expected_rows * len(pairs) / len(copies.pairs),
            log10_p_value=copies.verdict.log10_p,
            pairs=pairs,
            columns_ignored=[names[column] for column in copies.columns],
        )
        data = {"kind": copies.kind, "rows": len(pairs), "second": str(second.pk)}
        data["first"] = "validation rows" if first is None else str(first.pk)
        events.record(action="copies.found", subject=finding, by=None, data=data)


def _locked(name: str, *, is_waiting: bool) -> bool:
    """Take a lock for the rest of the transaction, waiting for it or not."""
    function = "pg_advisory_xact_lock" if is_waiting else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [name])
        return is_waiting or bool(cursor.fetchone()[0])
