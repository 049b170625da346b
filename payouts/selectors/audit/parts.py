"""The parts of an audit report in their order: what each is called, and what it found in a few words."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.template.defaultfilters import pluralize

from marketplace.basics.figures import count, decimals, percent
from payouts.core.verdicts import PropertyVerdict
from payouts.documents import AuditFigures

_SHOWN_OF_A_HASH = 12


@dataclass(frozen=True)
class Part:
    """One part: its anchor, also the name of its template, its title, and its finding."""

    anchor: str
    title: str
    finding: str

    @property
    def template(self) -> str:
        """Where the part is written."""
        return f"payouts/audit/_{self.anchor}.html"


def parts(report: Mapping[str, Any]) -> tuple[Part, ...]:
    """The ten parts of a report, from its other figures."""
    return (
        Part("paid", "What was paid, and to whom", report["amounts_chart"].title),
        Part("sure", "How sure that is", _sure(report["figures"])),
        Part("equal", "How equal it is", _equal(report["figures"])),
        Part("agrees", "What it agrees with", report["agreement_chart"].title),
        Part("rules", "What other rules would share", report["rules_chart"].title),
        Part("attacks", "Attacks tried", _attacks(report)),
        Part("axioms", "What the rule promises, checked", _axioms(report["axioms"])),
        Part("copies", "Copies", _copies(report["copies"])),
        Part("who", "Who did what", _who(report["approval"])),
        Part("again", "What went in, and how to compute it again", _again(report["round"])),
    )


def _sure(figures: AuditFigures) -> str:
    wanted = f"± {percent(figures.precision_target, 2)} was asked for"
    if figures.share_half_width is None:
        return f"{wanted}; how sure the shares are is not known"
    return f"Every share is known to ± {percent(figures.share_half_width, 2)} or better; {wanted}"


def _equal(figures: AuditFigures) -> str:
    gini = figures.paying.gini
    return "Nobody has a share" if gini is None else f"Gini coefficient {decimals(gini, 2)}"


def _attacks(report: Mapping[str, Any]) -> str:
    running, kinds = len(report["attacks_running"]), len(report["attacks"])
    return f"{running} of {kinds} still being tried" if running else report["attacks_chart"].title


def _axioms(axioms: list[Any]) -> str:
    counted = Counter(axiom.verdict for axiom in axioms)
    told = [
        f"{counted[verdict]} {words}"
        for verdict, words in (
            (PropertyVerdict.DOES_NOT_HOLD, "not"),
            (PropertyVerdict.NOTHING_CAN_BE_SAID, "of which nothing can be said"),
            (PropertyVerdict.NOT_TRIED, "not tried"),
        )
        if counted[verdict]
    ]
    return "; ".join([f"{counted[PropertyVerdict.HOLDS]} of {len(axioms)} hold", *told])


def _copies(copies: Any) -> str:
    left_out, undecided = copies.rows_left_out, copies.open + copies.disputed
    found = f"{count(left_out)} row{pluralize(left_out)} left out" if left_out else "No row left out"
    return f"{found}; {undecided} finding{pluralize(undecided)} undecided" if undecided else found


def _who(approval: Any) -> str:
    return f"Approved by {approval.by.full_name or approval.by.email}" if approval else "Nobody has approved it yet"


def _again(payout_round: Any) -> str:
    return f"Seed {payout_round.seed}, inputs {payout_round.inputs_sha256[:_SHOWN_OF_A_HASH]}"
