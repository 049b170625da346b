"""What one attack with one budget came to: the figures that are stored of it, or why there are none."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import Field

from marketplace.basics.documents import Document

SCHEMA: Final = "attack.v2"
# 1: an attack paid or did not, no amount was at stake, and a copier's original had no value.
_FIRST_SCHEMA: Final = "attack.v1"


class AttackTry(Document):
    """One attack by one attacker, in minor units; `half_width_minor` is that of the interval of the difference."""

    who: str
    accounts: int
    before_minor: int
    after_minor: int
    half_width_minor: float
    gain_minor: int
    at_stake_minor: int
    defended_gain_minor: int


class Estimate(Document):
    """A figure in metric units with its standard error."""

    value: float
    error: float


class SameAsVictim(Document):
    """A copier's value less its victim's, with the standard error; `of` is the victim's value."""

    value: float
    error: float
    of: float


class AttackFigures(Document):
    """The tries of one kind of attack and what shows whether the rule keeps its promises; or why it was not tried.

    Attributes:
        error: Why there are no figures; empty where there are.
        parts: What each seller's pieces sum to, in the order of the run's sellers.
        strangers: What all strangers' rows are worth together; None without strangers.
        same_as_victim: Of copiers alone.
        evaluations: Spent on the attack; 0 where the round's own values served.
    """

    schema_name: Literal["attack.v1", "attack.v2"] = Field(alias="schema")
    error: str = ""
    level: float | None = None
    tests: tuple[AttackTry, ...]
    parts: tuple[Estimate, ...] = ()
    strangers: Estimate | None = None
    same_as_victim: SameAsVictim | None = None
    evaluations: int = 0
    budget: int = 0
    seed: int | None = None

    @classmethod
    def upgraded(cls, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """What version 1 did not say is what it took for granted."""
        if stored.get("schema") != _FIRST_SCHEMA:
            return stored
        known = {name: found for name, found in stored.items() if name != "seconds"}
        known["tests"] = [_first_try(each) for each in stored["tests"]]
        if known.get("same_as_victim"):
            known["same_as_victim"] = {"of": 0.0, **known["same_as_victim"]}
        return known


def _first_try(stored: Mapping[str, Any]) -> dict[str, Any]:
    stake = max(stored["before_minor"], stored["after_minor"])
    return {"at_stake_minor": stake} | {name: found for name, found in stored.items() if name != "pays"}
