"""Draw the states of rounds, lines, runs and blocks from the tables that the database enforces: docs/states.md."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pgtrigger
from django.core.management.base import BaseCommand
from django.db import models

from payouts.models import PayoutLine, PayoutRound
from valuation.models import ValuationRun, WorkBlock

Move = tuple[str, str]

HEAD = """# States

Written by `make states` from the tables in the models, which triggers of the database enforce; a test compares. Do not edit it by hand: the words of a move are in `payouts/management/commands/draw_states.py`. Why the states are these: [ADR 0005](adr/0005-states-exactly-as-drawn.md),
for money that waits [ADR 0009](adr/0009-what-waits-leaves-by-a-release.md), for blocks [ADR 0002](adr/0002-postgresql-holds-the-work.md).
"""  # noqa: E501 - pages of docs/ have long lines


@dataclass(frozen=True)
class Machine:
    """The states of one model: what is said of it, who makes each move, and the moves where no trigger lists them."""

    title: str
    model: type[models.Model]
    about: str
    words: Mapping[Move, str]
    is_enforced: bool = True


NOBODY = "no service does this yet"
MACHINES = (
    Machine(
        "Round",
        PayoutRound,
        "A payout round: one pot, one valuation, one decision. Stopping a valuation fails its round; after posting "
        "nothing is undone, corrections are new transactions.",
        {
            ("draft", "valuing"): "an operator triggers it, the pot is set aside and inputs are frozen",
            ("draft", "cancelled"): "an operator cancels",
            ("valuing", "in_review"): "its run has finished, lines are computed and sums proved",
            ("valuing", "failed"): "its run failed, or an operator stopped it",
            ("in_review", "approved"): "another operator approves, with a second factor",
            ("in_review", "cancelled"): "an operator cancels",
            ("in_review", "superseded"): "an operator replaces it by a new round",
            ("approved", "posted"): "an operator posts it, one ledger transaction a line",
            ("posted", "paid"): "an operator records the bank's confirmation",
        },
    ),
    Machine(
        "Line",
        PayoutLine,
        "What one seller earns in one round. A line is approved with its round; posting finds out whether its money "
        "can be sent. What waits leaves by a release, which the database asks for.",
        {
            ("pending", "approved"): "the round is approved",
            ("pending", "below_minimum"): "the round is approved, with nothing or too little to pay",
            ("pending", "held"): NOBODY,
            ("pending", "action_required"): NOBODY,
            ("approved", "submitted"): "the round is posted",
            ("approved", "held"): "the round is posted while payout details are paused",
            ("approved", "action_required"): "the round is posted without payout details",
            ("below_minimum", "submitted"): "a later round takes it along",
            ("below_minimum", "held"): "a later round would, while details are paused",
            ("below_minimum", "action_required"): "a later round would, without details",
            ("held", "submitted"): "released, the pause is over",
            ("action_required", "submitted"): "released, details were given",
            ("submitted", "paid"): "an operator records the bank's confirmation",
            ("paid", "returned"): NOBODY,
            ("paid", "reversed"): NOBODY,
        },
    ),
    Machine(
        "Run",
        ValuationRun,
        "One valuation over frozen inputs. An ended run never changes.",
        {
            ("queued", "running"): "a worker begins its first block",
            ("queued", "failed"): "it cannot be started or merged",
            ("queued", "cancelled"): "an operator stops its round",
            ("running", "finished"): "the last wave is merged, precise enough or the budget spent",
            ("running", "failed"): "a block or a merge broke down",
            ("running", "cancelled"): "an operator stops its round",
        },
    ),
    Machine(
        "Block",
        WorkBlock,
        "A few seconds of work of a run. A worker holds it under a lease; whose lease runs out loses it to another. A "
        "result is stored once: the database refuses every change of a block that is done.",
        {
            ("queued", "leased"): "a worker claims it",
            ("leased", "leased"): "its holder fell silent, another worker claims it",
            ("leased", "done"): "its result is stored",
        },
        is_enforced=False,
    ),
)


class Command(BaseCommand):
    help = "Print docs/states.md: the states of rounds, lines, runs and blocks, and who moves them."

    def handle(self, **_: Any) -> None:
        self.stdout.write("\n".join([HEAD, *(drawn(machine) for machine in MACHINES)]), ending="")


def drawn(machine: Machine) -> str:
    """One section of the page.

    Raises:
        ValueError: The model allows a move that has no words here, or words are left of one that it does not allow.
    """
    moves = list(enforced(machine.model)) if machine.is_enforced else list(machine.words)
    if set(moves) != set(machine.words):
        unlike = sorted(set(moves) ^ set(machine.words))
        raise ValueError(f"{machine.title}: moves without words here, or not in the model: {unlike}")
    lines = "\n".join(_mermaid(machine, moves))
    return f"## {machine.title}\n\n{machine.about}\n\n```mermaid\nstateDiagram-v2\n{lines}\n```\n"


def enforced(model: type[models.Model]) -> Iterator[Move]:
    """The moves that the model's trigger lets through."""
    for trigger in model._meta.triggers:  # type: ignore[attr-defined]  # noqa: SLF001 - pgtrigger keeps them there
        if isinstance(trigger, pgtrigger.FSM):
            yield from trigger.transitions


def _mermaid(machine: Machine, moves: Iterable[Move]) -> Iterator[str]:
    states = [str(value) for value in machine.model.State.values]  # type: ignore[attr-defined]
    yield f"    [*] --> {states[0]}"
    ordered = sorted(moves, key=lambda move: (states.index(move[0]), states.index(move[1])))
    yield from (f"    {start} --> {end}: {machine.words[start, end]}" for start, end in ordered)
    left = {start for start, end in ordered if start != end}
    yield from (f"    {state} --> [*]" for state in states if state not in left)
