"""How a state looks: a word, a tone and a shape, because colour is never the only sign."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Badge:
    """What a state badge shows; ``tone`` ends its CSS class, ``shape`` chooses its drawing in ``_state_badge.html``."""

    words: str
    tone: str
    shape: str


# One look for all states that mean the same to a reader, whatever noun they belong to.
LOOKS: dict[tuple[str, str], tuple[str, ...]] = {
    ("quiet", "ring"): ("draft", "queued", "pending"),
    ("accent", "half"): ("valuing", "running", "submitted", "disputed"),
    ("warning", "diamond"): ("in_review", "held", "action_required", "look", "nothing_can_be_said"),
    ("accent", "dot"): ("open", "accepted", "approved", "active"),
    ("success", "tick"): (
        *("posted", "paid", "finished", "both_keep", "first_keeps", "left_out", "rows_count", "passed"),
        *("gains_nothing", "holds"),
    ),
    ("danger", "cross"): ("failed", "returned", "reversed", "revoked", "pays", "does_not_hold"),
    ("quiet", "dash"): ("closed", "cancelled", "discarded", "superseded", "withdrawn", "below_minimum", "not_tried"),
}
_LOOK_OF = {state: look for look, states in LOOKS.items() for state in states}


def badge(state: str) -> Badge:
    """Look a state up; one that is not listed is shown quietly by its own name."""
    tone, shape = _LOOK_OF.get(state, ("quiet", "ring"))
    return Badge(words=state.replace("_", " ").capitalize(), tone=tone, shape=shape)
