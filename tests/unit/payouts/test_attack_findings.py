"""What the audit report says of attacks in one sentence: it counts those that could not be tried too."""

import pytest

from payouts.selectors.audit_attacks import AttackBar
from payouts.selectors.audit_charts import attacks

GAINS = AttackBar("Shells, by label", 11_982, 100, 0, pays=True)
GAINS_EVEN_LINKED = AttackBar("Shells, at random", 11_982, 100, 500, pays=True)
NOTHING = AttackBar("Copier", 10, 100, 0, pays=False)


@pytest.mark.parametrize(
    ("rows", "refused", "finding"),
    [
        (
            [GAINS], 4,
            ("While nobody has found it, 1 of 1 kind of attack tried gains more than chance explains; linked to one "
            "owner, or found to be a copy, none does; 4 could not be tried"),
        ),
        (
            [GAINS, NOTHING, GAINS_EVEN_LINKED], 0,
            ("While nobody has found it, 2 of 3 kinds of attack tried gain more than chance explains; linking accounts "
            "does not end all of them"),
        ),
        ([NOTHING], 1, "No attack that was tried gains more than the interval of the difference; 1 could not be tried"),
        ([NOTHING], 0, "No attack that was tried gains more than the interval of the difference"),
        ([], 5, "No attack was tried; 5 could not be tried"),
    ],
)  # fmt: skip
def test_the_finding(rows, refused, finding):
    assert attacks(rows, "EUR", refused=refused).title == finding
