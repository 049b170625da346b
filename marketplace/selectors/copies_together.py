"""What deciding several findings of copies together would do."""

from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.basics.figures import count
from marketplace.models import CopyFinding

State = CopyFinding.State
_FROM_NOW_ON = "Rounds that have started stay as they are. This cannot be undone."


@dataclass(frozen=True)
class Together:
    """Chosen findings, the consequence of each decision in words, and whether a dispute can be noted of all of them."""

    findings: Sequence[CopyFinding]
    counted: str
    left_out: str
    kept: str
    disputed: str
    can_be_disputed: bool


def together(findings: Sequence[CopyFinding]) -> Together:
    """Say what each decision would do to these findings; they come with their rows."""
    rows: dict[object, set[int]] = {}
    for finding in findings:
        rows.setdefault(finding.second_id, set()).update(row for _, row in finding.pairs)
    total = sum(len(of_version) for of_version in rows.values())
    sellers = sorted({finding.second.dataset.organization.name for finding in findings})
    earn = "earns" if len(sellers) == 1 else "earn"
    of_files = f"{count(total)} rows of {_counted(len(rows), 'file')} by {_named(sellers)}"
    return Together(
        findings=findings,
        counted=_counted(len(findings), "finding"),
        left_out=f"Rounds that start from now on leave out {of_files}, who {earn} nothing for them; a row repeated "
        "within a file counts once, and each finding holds only while the file that came first stays submitted. "
        f"{_of_validation(findings)}{_FROM_NOW_ON}",
        kept=f"The {of_files} count, in this and in later rounds, as do those of the files that came first. "
        "This cannot be undone.",
        disputed="Rounds may start, and all rows count until somebody decides otherwise. The round's page names the "
        "disputes.",
        can_be_disputed=all(finding.state == State.OPEN for finding in findings),
    )


def _of_validation(findings: Sequence[CopyFinding]) -> str:
    if not any(finding.is_of_validation for finding in findings):
        return ""
    return "One about validation rows holds for good, and the buyer is told how many of them a seller brought. "


def _named(sellers: Sequence[str]) -> str:
    return sellers[0] if len(sellers) == 1 else f"{', '.join(sellers[:-1])} and {sellers[-1]}"


def _counted(number: int, thing: str) -> str:
    return f"1 {thing}" if number == 1 else f"{count(number)} {thing}s"
