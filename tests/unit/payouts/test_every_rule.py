"""Every compared rule, rule of pay and way to cheat through every place that needs to know it."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings

from marketplace.demo.report import RULE_NAMES, SHARING
from payouts.api.v1.serializers import RuleFiguresSerializer
from payouts.core.allocation import Account, allocate
from payouts.core.policy import Policy, Rule
from payouts.core.rules import RULES, compare_rules
from payouts.forms import TriedPolicyForm
from payouts.models import AttackTest, PayoutPolicy
from payouts.selectors.audit.attack_words import MEANS, NAMES, ONCE_FOUND_OUT, WHILE_HIDDEN
from payouts.selectors.round.rounds import rule_rows
from payouts.selectors.round.terms import RULES_IN_WORDS
from payouts.services import attack_figures
from valuation.core.games.attacks import Split, Spoiling
from valuation.services import attacks

VALUED = {name: [1.0, 2.0] for name, rule in RULES.items() if rule.needs != "nothing"}


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_a_compared_rule_is_computed_named_and_told_by_the_api(rule):
    (figures,) = [found for found in compare_rules(VALUED, [3, 4]) if found.rule == rule.name]
    (row,) = rule_rows(SimpleNamespace(rules=(figures,)))

    assert len(figures.values) == 2
    assert (row.words, row.means) == (rule.title, rule.meaning)
    assert rule.meaning.endswith(".")
    assert rule.name in RuleFiguresSerializer().fields["rule"].choices
    assert RULE_NAMES[rule.name].lower() == rule.title.lower()
    assert (rule.name in SHARING) == (rule.name != "leave_one_out")


@pytest.mark.parametrize("rule", list(Rule))
def test_a_rule_of_pay_can_be_chosen_stored_and_read(rule):
    constraint = next(one for one in PayoutPolicy._meta.constraints if one.name == "policy_rule_known")
    page = Path(settings.BASE_DIR, "templates/payouts/audit/_sure.html").read_text()

    assert rule.value in dict(TriedPolicyForm.base_fields["rule"].choices)
    assert RULES_IN_WORDS[rule]
    assert rule.value in dict(constraint.condition.children)["rule__in"]
    # A clip is what is left where no condition of the page holds.
    assert (f'rule == "{rule.value}"' in page) == (rule is not Rule.CLIP)


def test_every_rule_of_pay_pays_a_value_of_one_standard_error_another_amount():
    accounts = [Account("large", "large", 1.0, 100), Account("small", "small", 0.1, 100)]
    found = [
        allocate(
            accounts,
            owner_errors={"large": 0.1, "small": 0.1},
            pot_minor=100_000,
            policy=Policy(rule=rule),
            salt="round",
        )
        for rule in Rule
    ]

    assert len({allocation.accounts[1].amount_minor for allocation in found}) == len(Rule)


@pytest.mark.parametrize("kind", list(AttackTest.Kind))
def test_a_way_to_cheat_has_words_for_every_sentence(kind):
    assert NAMES[kind]
    assert MEANS[kind].endswith(".")
    assert WHILE_HIDDEN[kind].startswith("while ")
    assert ONCE_FOUND_OUT[kind].startswith("once ")


def test_every_way_to_split_and_to_spoil_rows_is_tried_and_draws_its_own_chance():
    seeds = [*attacks._DEALS.values(), *attacks._SPOILED.values(), attacks._WORTHLESS, attacks._SCORED]

    assert set(attack_figures._SPLITS.values()) == set(attacks._DEALS) == set(Split)
    assert {how for how, _ in attack_figures._SPOILED.values()} == set(attacks._SPOILED) == set(Spoiling)
    assert len(set(seeds)) == len(seeds)
