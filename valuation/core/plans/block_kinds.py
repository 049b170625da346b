"""The kinds of blocks: which step of a run each belongs to. What runs each is attached in ``valuation.core.runner``."""

from enum import Enum, StrEnum, auto
from typing import Self


class Step(Enum):
    """What a run works on: values of sellers, with coalitions of whole sellers beside them; then values of rows."""

    WHOLE_SELLERS = auto()
    SELLERS_VALUES = auto()
    TREES = auto()
    ROWS = auto()


class BlockKind(StrEnum):
    """One kind of block; its value is stored with the blocks of every run, so that it never changes.

    Attributes:
        step: The step of a run that it belongs to.
        is_built_on: Whether later blocks are given its result.
    """

    ENDS = "ends", Step.WHOLE_SELLERS
    COALITIONS = "coalitions", Step.WHOLE_SELLERS
    WITHOUT_ONE = "without_one", Step.WHOLE_SELLERS
    CIRCLES = "circles", Step.WHOLE_SELLERS
    ENUMERATION = "enumeration", Step.SELLERS_VALUES
    COVARIANCE = "covariance", Step.SELLERS_VALUES
    COUPLED = "coupled", Step.SELLERS_VALUES
    WEIGHING = "weighing", Step.SELLERS_VALUES
    TREE = "hcdv_tree", Step.TREES, True
    NEIGHBORS = "hcdv_neighbors", Step.ROWS
    GAMES = "hcdv_games", Step.ROWS

    step: Step
    is_built_on: bool

    def __new__(cls, value: str, step: Step, is_built_on: bool = False) -> Self:  # noqa: FBT001, FBT002 - listed above
        """Make a member of its stored value and its facts."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.step = step
        member.is_built_on = is_built_on
        return member

    @classmethod
    def stored(cls, value: str) -> Self:
        """The kind that is stored as ``value``.

        Raises:
            ValueError: There is none.
        """
        for kind in cls:
            if kind.value == value:
                return kind
        raise ValueError(f"There is no kind of block {value!r}.")

    @property
    def is_of_rows(self) -> bool:
        """Whether it works on values of rows, and so sees what they hold."""
        return self.step in {Step.TREES, Step.ROWS}


def kinds_of(*steps: Step) -> tuple[BlockKind, ...]:
    """All kinds of blocks of some steps."""
    return tuple(kind for kind in BlockKind if kind.step in steps)
