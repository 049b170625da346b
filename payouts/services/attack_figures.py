"""What the pieces of an attack come to in money under a round's policy: the figures that are stored of a try."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb

import numpy as np

from payouts.core.attacks import Cells, Gain, gain
from payouts.core.policy import Policy
from payouts.core.verdicts import amount_at_stake
from payouts.documents import AttackFigures, AttackTry, Estimate, SameAsVictim
from payouts.documents.attack_figures import SCHEMA
from payouts.models import AttackTest, PayoutRound
from payouts.models.policies import policy_from_snapshot
from payouts.selectors.money.entitlements import PAYING_RULE, frozen_owner_keys
from valuation.core.games.attacks import (
    CELLS,
    NULL_ACCOUNTS,
    NULL_ACCOUNTS_MANY,
    ImpossibleAttackError,
    Split,
    Spoiling,
    shells_of,
)
from valuation.core.statistics.confidence import LEVEL
from valuation.documents import Seller
from valuation.models import ValuationRun
from valuation.selectors.runs import outcome
from valuation.services import attacks as valuing
from valuation.services.attacks import Disguise, Disguised

Kind = AttackTest.Kind
# With many sellers the ten with the most rows are those who try; their pieces are players, and pairs of them many.
ATTACKERS_MAX = 10
_STRANGER = "stranger"
_SPLITS: dict[str, Split] = {
    Kind.SHELLS_RANDOM: Split.RANDOM,
    Kind.SHELLS_BY_SIZE: Split.BY_SIZE,
    Kind.SHELLS_BY_LABEL: Split.BY_LABEL,
}
_SPOILED: dict[str, tuple[Spoiling, str]] = {
    Kind.LABELS_FLIPPED: (Spoiling.LABELS_FLIPPED, "A stranger with all labels flipped"),
    Kind.HALF_FLIPPED: (Spoiling.HALF_FLIPPED, "A stranger with half of the labels flipped"),
    Kind.ONE_CLASS: (Spoiling.ONE_CLASS, "A stranger with rows of one class"),
    Kind.OUTLIERS: (Spoiling.OUTLIERS, "A stranger with outliers"),
}
_COPIERS = (Kind.COPIER, Kind.COPIER_SMALLEST)


@dataclass(frozen=True, eq=False)
class Scene:
    """A round under attack, and the places of the sellers who attack or are attacked."""

    payout_round: PayoutRound
    run: ValuationRun
    sellers: tuple[Seller, ...]
    owners: list[str]
    policy: Policy

    @property
    def attackers(self) -> list[int]:
        """Places of the sellers who split or merge: the ten with the most rows, in the order of sellers."""
        by_rows = sorted(range(len(self.sellers)), key=lambda place: (-self.sellers[place].rows, place))
        return sorted(by_rows[:ATTACKERS_MAX])

    @property
    def comparisons(self) -> int:
        """How many attacks all kinds together judge."""
        attackers = len(self.attackers)
        strangers = len(NULL_ACCOUNTS) + 1 + len(_COPIERS) + len(_SPOILED)
        return len(_SPLITS) * (CELLS - 1) * attackers + comb(attackers, 2) + strangers

    @property
    def even_share_minor(self) -> int:
        """What everybody would get if all got the same."""
        pot = self.payout_round.pot_minor
        return (pot - self.policy.fee_of(pot)) // max(1, len(self.sellers))

    def victim(self, kind: str) -> int:
        """Whose rows a copier brings: the best-paid seller's, or those of the seller with the fewest."""
        if kind == Kind.COPIER_SMALLEST:
            return min(range(len(self.sellers)), key=lambda place: (self.sellers[place].rows, place))
        best = self.payout_round.lines.order_by("-amount_minor", "number").first()
        return (self.run.manifest.place_of(best.organization_id) if best else None) or 0


def scene_of(payout_round: PayoutRound, run: ValuationRun) -> Scene:
    """The scene of a round whose run has finished."""
    sellers = run.manifest.sellers
    return Scene(
        payout_round=payout_round,
        run=run,
        sellers=sellers,
        owners=frozen_owner_keys(payout_round, [seller.organization_id for seller in sellers]),
        policy=policy_from_snapshot(payout_round.policy_snapshot),
    )


def disguise_of(scene: Scene, kind: str) -> Disguise | None:
    """What has to be valued for an attack; None where the run's own values do.

    Raises:
        ImpossibleAttackError: The pool leaves no room for it.
    """
    if kind in _SPLITS:
        return valuing.shells(run=scene.run, how=_SPLITS[kind], attackers=scene.attackers)
    if kind in _COPIERS:
        return valuing.copier(run=scene.run, victim=scene.victim(kind))
    if kind in _SPOILED:
        return valuing.spoiler(run=scene.run, how=_SPOILED[kind][0])
    if kind == Kind.NULL_SHELLS:
        return valuing.null_shells(run=scene.run)
    if kind == Kind.NULL_SHELLS_MANY:
        return valuing.many_null_shells(run=scene.run)
    return None


def as_valued(scene: Scene) -> Disguised:
    """The sellers as the run valued them, for attacks that bring and part no rows."""
    known = outcome(scene.run)
    rule = known.rules[PAYING_RULE]
    return Disguised(
        values=rule.values,
        covariance=rule.covariance,
        validation_covariance=rule.validation_covariance,
        rows=tuple(player.rows for player in known.players),
        cells=(1,) * len(rule.values),
        strangers=0,
        evaluations=0,
        budget=0,
        is_withheld=bool(scene.run.finished_outcome.withheld),
    )


def figures_of(scene: Scene, kind: str, valued: Disguised) -> AttackFigures:
    """Everything that is stored of a try: a function of the round and the values alone.

    Raises:
        ImpossibleAttackError: Nobody is there to attack.
    """
    victim = scene.victim(kind)
    return AttackFigures(
        schema=SCHEMA,
        level=LEVEL,
        tests=tuple(_tests(scene, kind, valued, victim)),
        parts=tuple(_sums_of_parts(valued)),
        strangers=_strangers(valued),
        same_as_victim=_difference(valued, victim) if kind in _COPIERS else None,
        evaluations=valued.evaluations,
        budget=valued.budget,
        seed=scene.run.seed,
    )


def not_tried(why: str) -> AttackFigures:
    """What is stored of a try that came to nothing."""
    return AttackFigures(schema=SCHEMA, error=why, tests=())


def _tests(scene: Scene, kind: str, valued: Disguised, victim: int) -> Iterable[AttackTry]:
    if kind in _SPLITS:
        return _shell_tests(scene, valued)
    if kind == Kind.MERGERS:
        return _merger_tests(scene, valued)
    if kind in _COPIERS:
        return [_stranger_test(scene, valued, 1, who=f"A copier of {scene.sellers[victim].name}", leaves=True)]
    if kind in _SPOILED:
        return [_stranger_test(scene, valued, 1, who=_SPOILED[kind][1], leaves=True)]
    counts = (NULL_ACCOUNTS_MANY,) if kind == Kind.NULL_SHELLS_MANY else NULL_ACCOUNTS
    return [
        _stranger_test(scene, valued, accounts, who="A stranger", leaves=False)
        for accounts in counts
        if accounts <= valued.strangers
    ]


def _price(
    scene: Scene, valued: Disguised, before: Sequence[str | None], after: Sequence[str | None], controlled: set[str]
) -> Gain:
    covariance = valued.covariance
    if valued.validation_covariance is not None:
        covariance = covariance + valued.validation_covariance
    priced = gain(
        Cells(valued.values, covariance, np.array(valued.rows)),
        before=before,
        after=after,
        controlled=frozenset(controlled),
        pot_minor=scene.payout_round.pot_minor,
        policy=scene.policy,
        salt=str(scene.payout_round.pk),
        comparisons=scene.comparisons,
        rng=np.random.default_rng(scene.payout_round.seed),
    )
    # Where nobody can say how sure the pieces' values are, the gain may be anything up to the pot.
    return replace(priced, half_width_minor=float(scene.payout_round.pot_minor)) if valued.is_withheld else priced


def _shell_tests(scene: Scene, valued: Disguised) -> Iterable[AttackTry]:
    """Every attacker in 2 to 5 shells that nobody has linked, and the same shells linked to their owner."""
    honest = [owner for owner, count in zip(scene.owners, valued.cells, strict=True) for _ in range(count)]
    first = 0
    for place, count in enumerate(valued.cells):
        for shells in range(2, count + 1):
            disguised = list(honest)
            for number, held in enumerate(shells_of(count, shells)):
                for cell in held:
                    disguised[first + cell] = f"shell {number}"
            owner = scene.owners[place]
            found = _price(scene, valued, honest, disguised, {owner, *(f"shell {number}" for number in range(shells))})
            defended = _price(scene, valued, honest, honest, {owner})
            yield _test(scene, scene.sellers[place].name, shells, found, pieces=count, defended=defended)
        first += count


def _stranger_test(scene: Scene, valued: Disguised, accounts: int, *, who: str, leaves: bool) -> AttackTry:
    """A stranger in some accounts beside the sellers, each an owner of its own; and once somebody looked.

    Accounts found to be one person's count as one owner; where `leaves`, what is found is left out of the round.
    """
    known: list[str | None] = list(scene.owners)
    absent: list[str | None] = [None] * valued.strangers
    hidden: list[str | None] = [None] * valued.strangers
    names = {f"{_STRANGER} {number}" for number in range(accounts)}
    for number, held in enumerate(shells_of(valued.strangers, accounts)):
        for piece in held:
            hidden[piece] = f"{_STRANGER} {number}"
    found = _price(scene, valued, known + absent, known + hidden, names)
    unmasked: list[str | None] = absent if leaves else [_STRANGER] * valued.strangers
    defended = _price(scene, valued, known + absent, known + unmasked, {_STRANGER})
    return _test(scene, who, accounts, found, pieces=valued.strangers, defended=defended, honest=False)


def _merger_tests(scene: Scene, valued: Disguised) -> Iterable[AttackTry]:
    """Two sellers of different owners who count as one, against the two apart."""
    places = scene.attackers
    pairs = [(one, other) for one, other in combinations(places, 2) if scene.owners[one] != scene.owners[other]]
    if not pairs:
        raise ImpossibleAttackError("There are no two owners to merge.")
    for one, other in pairs:
        first, second = scene.owners[one], scene.owners[other]
        merged = [first if owner == second else owner for owner in scene.owners]
        found = _price(scene, valued, scene.owners, merged, {first, second})
        apart = _price(scene, valued, scene.owners, scene.owners, {first, second})
        who = f"{scene.sellers[one].name} and {scene.sellers[other].name}"
        yield _test(scene, who, 2, found, pieces=2, defended=apart)


def _test(
    scene: Scene, who: str, accounts: int, found: Gain, *, pieces: int, defended: Gain, honest: bool = True
) -> AttackTry:
    stake = amount_at_stake(
        found.before_minor,
        found.after_minor,
        even_share_minor=scene.even_share_minor,
        pieces=pieces,
        honest=honest,
    )
    return AttackTry(
        who=who,
        accounts=accounts,
        before_minor=found.before_minor,
        after_minor=found.after_minor,
        half_width_minor=found.half_width_minor,
        gain_minor=found.gain_minor,
        at_stake_minor=stake,
        defended_gain_minor=defended.gain_minor,
    )


def _sums_of_parts(valued: Disguised) -> list[Estimate]:
    """What each seller's cells sum to, with its standard error: compared with its value in the round."""
    parts, first = [], 0
    for count in valued.cells:
        own = slice(first, first + count)
        parts.append(_sum(valued, own))
        first += count
    return parts


def _strangers(valued: Disguised) -> Estimate | None:
    """What all strangers' rows are worth together, with the standard error."""
    if not valued.strangers:
        return None
    return _sum(valued, slice(len(valued.values) - valued.strangers, None))


def _sum(valued: Disguised, pieces: slice) -> Estimate:
    return Estimate(
        value=float(valued.values[pieces].sum()), error=float(np.sqrt(valued.covariance[pieces, pieces].sum()))
    )


def _difference(valued: Disguised, victim: int) -> SameAsVictim:
    """A copier's value less its victim's: symmetry says 0, because their rows are the same."""
    contrast = np.zeros(len(valued.values))
    contrast[[victim, -1]] = -1.0, 1.0
    return SameAsVictim(
        value=float(contrast @ valued.values),
        error=float(np.sqrt(np.clip(contrast @ valued.covariance @ contrast, 0.0, None))),
        of=float(valued.values[victim]),
    )
