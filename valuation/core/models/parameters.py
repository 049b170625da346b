"""Parameters of models: what each accepts, is called and does."""

from dataclasses import dataclass, replace
from typing import Any, Literal


@dataclass(frozen=True)
class Check:
    """What a parameter accepts, for a sentence and for a form as well as for the check itself.

    Attributes:
        kind: ``number``, ``integer`` or ``choice``.
        low: Least number.
        high: Greatest number.
        options: Words of a choice.
        nullable: Whether null is accepted as well.
    """

    kind: Literal["number", "integer", "choice"]
    low: float = 0
    high: float = 0
    options: tuple[str, ...] = ()
    nullable: bool = False

    @property
    def expected(self) -> str:
        """What would be accepted, as the end of a sentence."""
        if self.kind == "choice":
            words = "one of " + ", ".join(self.options)
        elif self.kind == "integer":
            words = f"a whole number from {self.low} to {self.high}"
        else:
            words = f"a number from {self.low:g} to {self.high:g}"
        return f"{words} or null" if self.nullable else words

    def accepts(self, value: object) -> bool:
        """Whether the value is allowed."""
        if value is None:
            return self.nullable
        if self.kind == "choice":
            return isinstance(value, str) and value in self.options
        types = int if self.kind == "integer" else int | float
        return isinstance(value, types) and not isinstance(value, bool) and self.low <= value <= self.high


def number(low: float, high: float) -> Check:
    """Accept a number from ``low`` to ``high``."""
    return Check("number", low, high)


def integer(low: int, high: int) -> Check:
    """Accept a whole number from ``low`` to ``high``."""
    return Check("integer", low, high)


def choice(*options: str) -> Check:
    """Accept one of the options."""
    return Check("choice", options=options)


def or_none(check: Check) -> Check:
    """Accept null as well."""
    return replace(check, nullable=True)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a model.

    Attributes:
        name: As the spec has it.
        label: As a form has it.
        sentence: What it does, plainly.
        default: A value that is seldom wrong.
        check: What is accepted.
    """

    name: str
    label: str
    sentence: str
    default: Any
    check: Check


def parameter(name: str, default: Any, check: Check) -> Parameter:
    """Make a parameter whose words are those of all models that have one of this name.

    Raises:
        KeyError: Nobody has said what it does.
    """
    return Parameter(name, *_WORDS[name], default, check)


_WORDS: dict[str, tuple[str, str]] = {
    "C": ("Freedom (C)", "Larger lets the weights follow the rows more closely, smaller holds them back."),
    "alpha": ("Restraint (alpha)", "Larger holds the weights back more, smaller follows the rows more closely."),
    "n_neighbors": ("Neighbours", "How many similar rows are asked; more is smoother and coarser."),
    "var_smoothing": ("Smoothing", "Widens every column's spread a little, against divisions by almost nothing."),
    "max_depth": ("Questions in a row at most", "How deep a tree may grow; empty means until it cannot split."),
    "min_samples_leaf": ("Rows in a leaf at least", "Larger makes a tree coarser and steadier."),
    "criterion": ("What a split improves", "Gini and entropy seldom differ much."),
    "n_estimators": ("Trees", "More is steadier and slower in proportion."),
    "max_features": ("Columns tried a split", "Fewer makes the trees differ more; empty means all columns."),
    "max_iter": ("Rounds of training at most", "Training stops earlier when nothing improves."),
    "learning_rate": ("Step of a round", "Smaller learns more slowly and needs more rounds."),
    "max_leaf_nodes": ("Leaves of a tree at most", "How fine one tree may be; empty means no limit."),
    "l2_regularization": ("Restraint", "Larger holds the trees' answers back."),
    "solver": ("Method", "Only lsqr can shrink."),
    "shrinkage": ("Shrinkage", "Larger assumes simpler classes, good with few rows; empty means none."),
    "hidden_units": ("Units of a layer", "More can learn finer patterns, needs more rows, and is slower."),
    "hidden_layers": ("Layers of units", "One is enough for most tables."),
    "epochs": ("Passes over the rows", "More fits closer, and is slower in proportion."),
    "image_height": ("Height of the image, pixels", "Empty means that images are square."),
    "image_channels": ("Colours", "1 for grey, 3 for colour: then all red columns come first."),
    "filters": ("Filters", "How many small patterns are looked for; more is finer and slower."),
}
