"""What each attack is called, what it means, until when one that pays does, and what ends it."""

from payouts.models import AttackTest

Kind = AttackTest.Kind

NAMES = {
    Kind.SHELLS_RANDOM: "Shells, at random",
    Kind.SHELLS_BY_SIZE: "Shells, by size",
    Kind.SHELLS_BY_LABEL: "Shells, by label",
    Kind.NULL_SHELLS: "Worthless accounts",
    Kind.NULL_SHELLS_MANY: "500 worthless accounts",
    Kind.COPIER: "Copier of the best paid",
    Kind.COPIER_SMALLEST: "Copier of the smallest",
    Kind.LABELS_FLIPPED: "All labels flipped",
    Kind.HALF_FLIPPED: "Half of the labels flipped",
    Kind.ONE_CLASS: "One class only",
    Kind.OUTLIERS: "Outliers",
    Kind.MERGERS: "Mergers",
}
_SPOILED = "A stranger brings as many rows as the median seller has, drawn from everybody's, "
MEANS = {
    Kind.SHELLS_RANDOM: "One seller deals its rows out at random to two to five accounts; each of the ten largest "
    "sellers tries it.",
    Kind.SHELLS_BY_SIZE: "The same with accounts of very different sizes: each holds twice the rows of the one before.",
    Kind.SHELLS_BY_LABEL: "One seller sorts its rows by their label, so that what hurts has an account of its own.",
    Kind.NULL_SHELLS: "A stranger brings rows that say nothing, each column drawn on its own, in 1, 5, 20 and 50 "
    "accounts: as many as have a row each without holding more than a fifth of all rows. Where a policy pays whatever "
    "is above 0 they collect what chance leaves there, and more evaluations leave less.",
    Kind.NULL_SHELLS_MANY: "The same in 500 accounts of a row or more, scored on at most 500 of the validation rows.",
    Kind.COPIER: "A stranger submits a copy of the best-paid seller's rows.",
    Kind.COPIER_SMALLEST: "A stranger submits a copy of the rows of the seller who has the fewest.",
    Kind.LABELS_FLIPPED: f"{_SPOILED}and flips every label: each class becomes the next one; of numbers, each is "
    "mirrored about their mean.",
    Kind.HALF_FLIPPED: f"{_SPOILED}and flips half of the labels.",
    Kind.ONE_CLASS: "A stranger brings as many rows as the median seller has, all true and all of the rarest class; of "
    "numbers, all from the largest tenth.",
    Kind.OUTLIERS: f"{_SPOILED}and multiplies every number in them by 100.",
    Kind.MERGERS: "Two of the ten largest sellers count as one owner, from the round's own values.",
}
_SHELLS = (Kind.SHELLS_RANDOM, Kind.SHELLS_BY_SIZE, Kind.SHELLS_BY_LABEL)
_COPIERS = (Kind.COPIER, Kind.COPIER_SMALLEST)
_SPOILERS = (Kind.LABELS_FLIPPED, Kind.HALF_FLIPPED, Kind.ONE_CLASS, Kind.OUTLIERS)
# In words that follow "pays" and "gain".
WHILE_HIDDEN = {
    **dict.fromkeys(_SHELLS, "while the shells are not linked to their owner"),
    **dict.fromkeys((Kind.NULL_SHELLS, Kind.NULL_SHELLS_MANY), "while the accounts are not linked to one owner"),
    **dict.fromkeys(_COPIERS, "while nobody has found the copy"),
    **dict.fromkeys(_SPOILERS, "while the rows are counted"),
    Kind.MERGERS: "while the two count as one owner",
}
ONCE_FOUND_OUT = {
    **dict.fromkeys(_SHELLS, "once they are linked"),
    **dict.fromkeys((Kind.NULL_SHELLS, Kind.NULL_SHELLS_MANY), "once they are linked"),
    **dict.fromkeys(_COPIERS, "once the copy is found"),
    **dict.fromkeys(_SPOILERS, "once the rows are left out"),
    Kind.MERGERS: "once they are apart",
}
