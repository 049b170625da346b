"""What the audit report says of attacks in one sentence: it counts those that say nothing or were not tried too."""

import pytest

from payouts.core.verdicts import AttackVerdict
from payouts.selectors.audit.attacks import AttackBar
from payouts.selectors.audit.charts import attacks

GAINS = AttackBar("Shells, by label", 11_982, 100, 0, AttackVerdict.PAYS)
GAINS_EVEN_LINKED = AttackBar("Shells, at random", 11_982, 100, 500, AttackVerdict.PAYS)
NOTHING = AttackBar("Copier", 10, 100, 0, AttackVerdict.GAINS_NOTHING)
UNSAID = AttackBar("Outliers", 10, 9_000, 0, AttackVerdict.NOTHING_CAN_BE_SAID)


@pytest.mark.parametrize(
    ("rows", "not_tried", "finding"),
    [
        (
            [GAINS], 4,
            ("While nobody has found it, 1 of 1 kind of attack tried gains more than chance explains; linked to one "
            "owner, or with its rows left out, none does; 4 were not tried"),
        ),
        (
            [GAINS, NOTHING, GAINS_EVEN_LINKED], 0,
            ("While nobody has found it, 2 of 3 kinds of attack tried gain more than chance explains; linking accounts "
            "does not end all of them"),
        ),
        (
            [GAINS, UNSAID], 1,
            ("While nobody has found it, 1 of 2 kinds of attack tried gains more than chance explains; of 1 nothing "
            "can be said; linked to one owner, or with its rows left out, none does; 1 was not tried"),
        ),
        (
            [NOTHING, NOTHING, UNSAID], 0,
            ("2 of 3 kinds of attack tried gain nothing beyond the interval of the difference; of 1 nothing can be "
            "said"),
        ),
        ([NOTHING], 1, "No attack that was tried gains more than the interval of the difference; 1 was not tried"),
        ([NOTHING], 0, "No attack that was tried gains more than the interval of the difference"),
        ([], 5, "No attack was tried; 5 were not tried"),
    ],
)  # fmt: skip
def test_the_finding(rows, not_tried, finding):
    assert attacks(rows, "EUR", not_tried=not_tried).title == finding
