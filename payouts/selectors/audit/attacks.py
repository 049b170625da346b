"""The attacks tried on a round, as its audit report and its approval page show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.template.defaultfilters import pluralize

from payouts.core.verdicts import AttackVerdict, of_gain, of_kind
from payouts.documents import AttackFigures, AttackTry
from payouts.models import AttackTest, PayoutRound
from payouts.selectors.audit import attack_tries
from payouts.selectors.audit.attack_words import MEANS, NAMES, ONCE_FOUND_OUT, WHILE_HIDDEN
from payouts.selectors.round.amount_checks import RiskCheck

Kind = AttackTest.Kind
NEVER_TRIED = "no worker tried it within a day of its being asked for."


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
    verdict: AttackVerdict

    def beyond_chance(self) -> int:
        """By how much the gain exceeds the interval of the difference; below 0 where it does not."""
        return self.gain_minor - self.half_width_minor


@dataclass(frozen=True)
class AttackRows:
    """One kind of attack: all its tries with the largest budget that led to figures, or why there are none.

    Attributes:
        error: Why it was not tried; empty where it was.
        running: Whether a worker still has it before it, with the first budget or with a larger one.
        evaluations: Spent on these tries; 0 where the round's own values served.
        earlier: What smaller budgets, and larger ones that failed, came to.
    """

    kind: AttackTest.Kind
    tries: tuple[Try, ...]
    error: str
    running: bool
    evaluations: int
    earlier: tuple["AttackRows", ...] = ()

    @property
    def name(self) -> str:
        """What the attack is called."""
        return NAMES[self.kind]

    @property
    def means(self) -> str:
        """What is done."""
        return MEANS[self.kind]

    @property
    def while_hidden(self) -> str:
        """Until when the attack can pay, in words that follow a yes."""
        return WHILE_HIDDEN[self.kind]

    @property
    def once_found_out(self) -> str:
        """What ends it, in words that follow its gain."""
        return ONCE_FOUND_OUT[self.kind]

    @property
    def verdict(self) -> AttackVerdict:
        """What is known of the attack."""
        return of_kind(each.verdict for each in self.tries)

    @property
    def best(self) -> Try | None:
        """The try that gives the verdict; of several the one that gains most beyond the interval of its difference."""
        deciding = [each for each in self.tries if each.verdict == self.verdict]
        return max(deciding, key=Try.beyond_chance, default=None)

    @property
    def best_by_attacker(self) -> tuple[Try, ...]:
        """For each attacker its best number of accounts, the most successful attacker first."""
        best: dict[str, Try] = {}
        for each in self.tries:
            known = best.get(each.who)
            if known is None or Try.beyond_chance(each) > Try.beyond_chance(known):
                best[each.who] = each
        return tuple(sorted(best.values(), key=Try.beyond_chance, reverse=True))

    @property
    def shown(self) -> tuple[Try, ...]:
        """The rows of its table: where a stranger tries several numbers of accounts, each of them."""
        return self.tries if len({each.who for each in self.tries}) == 1 else self.best_by_attacker


@dataclass(frozen=True)
class AttackBar:
    """The deciding try of a kind as a chart draws it."""

    name: str
    gain_minor: int
    half_width_minor: int
    defended_gain_minor: int
    verdict: AttackVerdict


def attack_rows(payout_round: PayoutRound) -> tuple[AttackRows, ...]:
    """Every kind of attack in order, tried or not."""
    stored, running = attack_tries.best_tries(payout_round), set(attack_tries.running(payout_round))
    rows = []
    for kind in Kind:
        tests = [_rows(kind, test.figures, running=kind in running) for test in stored.get(kind.value, [])]
        if not tests:
            why = "" if kind in running else NEVER_TRIED
            tests = [AttackRows(kind, (), why, running=kind in running, evaluations=0)]
        first, *earlier = tests
        rows.append(_with_earlier(first, earlier))
    return tuple(rows)


def being_tried(rows: Sequence[AttackRows]) -> list[str]:
    """Names of the attacks that a worker still has before it."""
    return [row.name for row in rows if row.running]


def untried(rows: Sequence[AttackRows]) -> list[AttackRows]:
    """The attacks of which no try led to figures, and which nobody is trying: none of them has passed."""
    return [row for row in rows if row.verdict == AttackVerdict.NOT_TRIED and not row.running]


def bars(rows: Sequence[AttackRows]) -> list[AttackBar]:
    """The deciding try of each kind that was tried."""
    return [
        AttackBar(row.name, best.gain_minor, best.half_width_minor, best.defended_gain_minor, best.verdict)
        for row in rows
        if (best := row.best) is not None
    ]


def attack_check(payout_round: PayoutRound) -> RiskCheck:
    """What an approver should know of the attacks: passed only where each was tried and gains nothing."""
    rows = attack_rows(payout_round)
    running, missing = being_tried(rows), untried(rows)
    paying = [row for row in rows if row.verdict == AttackVerdict.PAYS]
    unsaid = [row.name for row in rows if row.verdict == AttackVerdict.NOTHING_CAN_BE_SAID]
    gains_nothing = sum(row.verdict == AttackVerdict.GAINS_NOTHING for row in rows)
    sentences = []
    if running:
        again = " again with more evaluations" if all(row.tries or row.error for row in rows if row.running) else ""
        which = f": {', '.join(running)}" if len(running) < len(rows) else ""
        are = pluralize(len(running), "is,are")
        sentences.append(f"{len(running)} of {len(rows)} attacks {are} still being tried{again}{which}.")
    if paying:
        sentences.append("; ".join(f"{row.name}: pays {row.while_hidden}" for row in paying) + ".")
    if unsaid:
        sentences.append(f"Nothing can be said of {', '.join(unsaid)}: the interval is wider than the amount.")
    sentences += [f"Not tried: {row.name}. {_sentence(row.error)}" for row in missing]
    if gains_nothing:
        sentences.append(f"{gains_nothing} of {len(rows)} gain{pluralize(gains_nothing, 's,')} nothing beyond chance.")
    return RiskCheck("Attacks", gains_nothing == len(rows) and not running, " ".join(sentences))


def _rows(kind: AttackTest.Kind, figures: AttackFigures, *, running: bool) -> AttackRows:
    return AttackRows(
        kind=kind,
        tries=tuple(_try(each) for each in figures.tests),
        error=figures.error,
        running=running,
        evaluations=figures.evaluations,
    )


def _with_earlier(first: AttackRows, earlier: Sequence[AttackRows]) -> AttackRows:
    return AttackRows(first.kind, first.tries, first.error, first.running, first.evaluations, tuple(earlier))


def _try(stored: AttackTry) -> Try:
    return Try(
        who=stored.who,
        accounts=stored.accounts,
        before_minor=stored.before_minor,
        after_minor=stored.after_minor,
        gain_minor=stored.gain_minor,
        half_width_minor=round(stored.half_width_minor),
        defended_gain_minor=stored.defended_gain_minor,
        verdict=of_gain(
            stored.gain_minor, half_width_minor=stored.half_width_minor, amount_minor=stored.at_stake_minor
        ),
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
