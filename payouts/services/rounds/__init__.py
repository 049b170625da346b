"""The life of a payout round (docs/states.md): each step checks its guard, moves the state and records who did it."""

from payouts.services.rounds.concluding import conclude_valuing
from payouts.services.rounds.deciding import approve
from payouts.services.rounds.ending import cancel, supersede
from payouts.services.rounds.opening import open_round, trigger
from payouts.services.rounds.posting import mark_line_paid, mark_paid, post
from payouts.services.rounds.releasing import release, release_what_is_free
from payouts.services.rounds.resuming import resume

__all__ = [
    "approve",
    "cancel",
    "conclude_valuing",
    "mark_line_paid",
    "mark_paid",
    "open_round",
    "post",
    "release",
    "release_what_is_free",
    "resume",
    "supersede",
    "trigger",
]
