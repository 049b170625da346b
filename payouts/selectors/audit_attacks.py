"""The attacks tried on a round, as its audit report shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

from payouts.models import AttackTest, PayoutRound

Kind = AttackTest.Kind
NAMES = {
    Kind.SHELLS_RANDOM: "Shells, at random",
    Kind.SHELLS_BY_SIZE: "Shells, by size",
    Kind.SHELLS_BY_LABEL: "Shells, by label",
    Kind.NULL_SHELLS: "Worthless accounts",
    Kind.COPIER: "Copier",
}
MEANS = {
    Kind.SHELLS_RANDOM: "One seller deals its rows out at random to two to five accounts.",
    Kind.SHELLS_BY_SIZE: "The same with accounts of very different sizes: each holds twice the rows of the one before.",
    Kind.SHELLS_BY_LABEL: "One seller sorts its rows by their label, so that what hurts has an account of its own.",
    Kind.NULL_SHELLS: "A stranger opens twenty accounts of rows that say nothing: each column drawn on its own.",
    Kind.COPIER: "A stranger submits a copy of the best-paid seller's rows.",
}
# Until when an attack pays that does, and what ends it.
_HIDDEN = {
    **dict.fromkeys(
        (Kind.SHELLS_RANDOM, Kind.SHELLS_BY_SIZE, Kind.SHELLS_BY_LABEL),
        ("while the shells are not linked to their owner", "once they are linked"),
    ),
    Kind.NULL_SHELLS: ("while the accounts are not linked to one owner", "once they are linked"),
    Kind.COPIER: ("while nobody has found the copy", "once the copy is found"),
}


@dataclass(frozen=True)
class Try:
    """One attack by one attacker, in minor units."""

    who: str
    accounts: int
    before_minor: int
    after_minor: int
    gain_minor: int
    half_width_minor: int
    defended_gain_minor: int
    pays: bool

    def beyond_chance(self) -> int:
        """By how much the gain exceeds the interval of the difference; below 0 where it does not."""
        return self.gain_minor - self.half_width_minor


@dataclass(frozen=True)
class AttackRows:
    """All tries of one kind of attack, and what the report says first: the most successful one."""

    kind: str
    name: str
    means: str
    tries: tuple[Try, ...]
    error: str
    evaluations: int

    @property
    def while_hidden(self) -> str:
        """Until when the attack can pay, in words that follow a yes."""
        return _HIDDEN[AttackTest.Kind(self.kind)][0]

    @property
    def once_found_out(self) -> str:
        """What ends it, in words that follow its gain."""
        return _HIDDEN[AttackTest.Kind(self.kind)][1]

    @property
    def best(self) -> Try | None:
        """The try that gains most beyond the interval of its difference."""
        return max(self.tries, key=Try.beyond_chance, default=None)

    @property
    def best_by_attacker(self) -> tuple[Try, ...]:
        """For each attacker its best number of accounts, the most successful attacker first."""
        best: dict[str, Try] = {}
        for each in self.tries:
            known = best.get(each.who)
            if known is None or Try.beyond_chance(each) > Try.beyond_chance(known):
                best[each.who] = each
        return tuple(sorted(best.values(), key=Try.beyond_chance, reverse=True))


@dataclass(frozen=True)
class AttackBar:
    """The best try of a kind as a chart draws it."""

    name: str
    gain_minor: int
    half_width_minor: int
    defended_gain_minor: int
    pays: bool


def attack_rows(payout_round: PayoutRound) -> tuple[AttackRows, ...]:
    """The attacks that have been tried, in the order of their kinds."""
    stored = {test.kind: test.figures for test in payout_round.attack_tests.all()}
    return tuple(
        AttackRows(
            kind=kind.value,
            name=NAMES[kind],
            means=MEANS[kind],
            tries=tuple(_try(each) for each in stored[kind]["tests"]),
            error=stored[kind].get("error", ""),
            evaluations=stored[kind].get("evaluations", 0),
        )
        for kind in Kind
        if kind in stored
    )


def untried(rows: Sequence[AttackRows]) -> list[str]:
    """Names of the attacks that a worker still has before it."""
    done = {row.kind for row in rows}
    return [NAMES[kind] for kind in Kind if kind.value not in done]


def refused(rows: Sequence[AttackRows]) -> int:
    """How many kinds could not be tried on this round."""
    return sum(bool(row.error) for row in rows)


def bars(rows: Sequence[AttackRows]) -> list[AttackBar]:
    """The best try of each kind."""
    return [
        AttackBar(row.name, best.gain_minor, best.half_width_minor, best.defended_gain_minor, best.pays)
        for row in rows
        if (best := row.best) is not None
    ]


def _try(stored: dict[str, object]) -> Try:
    figures = {name: stored[name] for name in Try.__dataclass_fields__}
    return Try(**figures | {"half_width_minor": round(float(str(stored["half_width_minor"])))})  # type: ignore[arg-type]
