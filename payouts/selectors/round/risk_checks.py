"""What a reviewer should look at before money moves: each check with its finding in a sentence."""

from collections.abc import Mapping, Sequence

from django.template.defaultfilters import pluralize

from marketplace.basics.figures import count, decimals, percent
from marketplace.basics.money import format_amount
from payouts.models import PayoutLine, PayoutRound
from payouts.selectors.money import profiles
from payouts.selectors.money.owners import owner_of_each, sellers_by_owner
from payouts.selectors.round.amount_checks import RiskCheck, amount_checks
from payouts.selectors.round.class_mix import one_class_owners
from payouts.selectors.round.frozen_copies import frozen_copies, news_since
from valuation.core.checks.label_agreement import Agreement

# An amount this many times the largest that the owner ever got is worth a second look.
UNUSUAL_FACTOR = 3


def risk_checks(payout_round: PayoutRound, *, shared_accounts: int) -> list[RiskCheck]:
    """Every check of a reviewed round, those with something to look at first.

    `shared_accounts` are the accounts that `unlinked_with_one_account` counts: the page asks for them once.
    """
    sellers = sellers_by_owner(payout_round)
    found = [
        _precision(payout_round),
        _copies(payout_round),
        _owners(sellers, shared_accounts),
        _classes(payout_round, sellers),
        _labels(payout_round),
        *amount_checks(payout_round),
        _amounts(payout_round),
        _bank_details(payout_round),
        _earlier_rounds(payout_round),
    ]
    return sorted(found, key=lambda check: check.passed)


def _precision(payout_round: PayoutRound) -> RiskCheck:
    figures = payout_round.audit_report.figures
    wanted, reached = figures.precision_target, figures.share_half_width
    if figures.precision_met:
        return RiskCheck("Precision", True, f"Every share is known to ± {percent(reached, 2)} or better.")
    known = f"± {percent(reached, 2)}" if reached is not None else "nothing"
    unsure = f" Too few evaluations told of {figures.withheld_names} to say how sure their values are."
    return RiskCheck(
        "Precision",
        False,
        f"The budget was spent first: {known} is reached, ± {percent(wanted, 2)} was wanted."
        f"{unsure if figures.withheld else ''}",
    )


def _copies(payout_round: PayoutRound) -> RiskCheck:
    found = frozen_copies(payout_round).summary
    waiting = found.open + found.disputed
    # Only before the decision: what is decided afterwards concerns later rounds.
    news = news_since(payout_round) if payout_round.state == PayoutRound.State.IN_REVIEW else 0
    sentences = []
    if waiting:
        sentences.append(f"Open or in dispute: {count(waiting)} finding{pluralize(waiting)} of copied rows.")
    if news:
        sentences.append(
            f"Since the inputs were frozen {count(news)} finding{pluralize(news)} of copied rows about them "
            f"{pluralize(news, 'was,were')} made or decided; this round does not follow {pluralize(news, 'it,them')}."
        )
    if sentences:
        return RiskCheck("Copies", False, " ".join(sentences))
    left_out = f" {count(found.rows_left_out)} copied rows were left out." if found.rows_left_out else ""
    return RiskCheck("Copies", True, f"No finding of copied rows was open when the inputs were frozen.{left_out}")


def unlinked_with_one_account(payout_round: PayoutRound) -> int:
    """How many bank accounts two or more owners of a round share, who are not linked."""
    owner_of = owner_of_each(payout_round)
    owners_by_iban: dict[str, set[int]] = {}
    for profile in profiles.current_profiles().filter(organization_id__in=owner_of):
        owners_by_iban.setdefault(profile.iban, set()).add(owner_of[profile.organization_id])
    return sum(len(owners) > 1 for owners in owners_by_iban.values())


def _owners(sellers: Mapping[int, Sequence[str]], shared: int) -> RiskCheck:
    """Two owners that are paid into one account look like one; caps and floors act on linked sellers together."""
    linked = "".join(f" {' and '.join(names)} count as one owner." for names in sellers.values() if len(names) > 1)
    if shared:
        accounts = f"{count(shared)} bank account{pluralize(shared)}"
        return RiskCheck("Owners", False, f"Sellers that are not linked share {accounts}.{linked}")
    return RiskCheck("Owners", True, f"No two owners share a bank account.{linked}")


def _classes(payout_round: PayoutRound, sellers: Mapping[int, Sequence[str]]) -> RiskCheck:
    """Shells gain where their owner sorts the rows that hurt into an account of their own (ADR 0010)."""
    owners = one_class_owners(payout_round, sellers)
    if not owners:
        return RiskCheck("Classes", True, "No owner's rows are nearly all of one class of the target.")
    named = ", ".join(f"{' and '.join(owner.sellers)} ({percent(owner.share)} {owner.label})" for owner in owners)
    return RiskCheck(
        "Classes",
        False,
        f"Rows nearly all of one class: {named}. One owner's rows, sorted over several accounts, look like this and "
        "gain as long as the accounts are not linked: ask who owns them.",
    )


def _labels(payout_round: PayoutRound) -> RiskCheck:
    """Labels that say the opposite of the buyer's are a mistake or a trick; either way somebody should ask."""
    run = payout_round.run
    agreements = run.finished_outcome.labels if run else ()
    names = [seller.name for seller in run.manifest.sellers] if run and agreements else []
    turned = [
        f"{name} ({_agreement(agreement, payout_round)})"
        for name, agreement in zip(names, agreements, strict=True)
        if agreement is not None and agreement.contradicts
    ]
    if turned:
        return RiskCheck(
            "Labels",
            False,
            "Labels say the opposite of what the buyer's validation rows say, asked through a plain model: "
            f"{', '.join(turned)}. A column may be turned round, or a class named the wrong way.",
        )
    asked = sum(agreement is not None for agreement in agreements)
    if not asked:
        return RiskCheck("Labels", True, "Nobody brought enough rows to compare labels with the buyer's.")
    return RiskCheck("Labels", True, f"Of {count(asked)} seller{pluralize(asked)} no labels contradict the buyer's.")


def _agreement(agreement: Agreement, payout_round: PayoutRound) -> str:
    if payout_round.request.task == "regression":
        return f"correlation {decimals(agreement.score, 2)}"
    return f"{percent(agreement.score, 0)} agree, {percent(agreement.chance, 0)} would by chance"


def _earlier_rounds(payout_round: PayoutRound) -> RiskCheck:
    """Whoever may draw again until the result suits has to be seen doing it."""
    replaced, last = 0, payout_round
    while (before := PayoutRound.objects.filter(superseded_by=last).first()) is not None:
        replaced, last = replaced + 1, before
    if not replaced:
        return RiskCheck("Earlier rounds", True, "It replaces no round that was in review.")
    seed = "the same seed as" if last.seed == payout_round.seed else "another seed than"
    return RiskCheck(
        "Earlier rounds",
        False,
        f"It replaces {count(replaced)} round{pluralize(replaced)} that {pluralize(replaced, 'was,were')} in review, "
        f"and has {seed} the first: compare what changed.",
    )


def _amounts(payout_round: PayoutRound) -> RiskCheck:
    """Compare each amount with the largest that its owner was credited in an earlier posted round."""
    earlier: dict[int, int] = {}
    settled = PayoutLine.objects.filter(round__state__in=PayoutRound.SETTLED, round__currency=payout_round.currency)
    for owner_key, amount in settled.exclude(round=payout_round).values_list("owner_key", "amount_minor"):
        earlier[owner_key] = max(earlier.get(owner_key, 0), amount)
    unusual = [
        line
        for line in payout_round.lines.select_related("organization")
        if line.owner_key in earlier and line.amount_minor > UNUSUAL_FACTOR * max(earlier[line.owner_key], 1)
    ]
    if not unusual:
        return RiskCheck("Amounts", True, f"No amount is more than {UNUSUAL_FACTOR} times what its owner got before.")
    named = ", ".join(
        f"{line.organization.name} {format_amount(line.amount_minor, payout_round.currency)}" for line in unusual
    )
    return RiskCheck("Amounts", False, f"More than {UNUSUAL_FACTOR} times what the owner ever got before: {named}.")


def _bank_details(payout_round: PayoutRound) -> RiskCheck:
    paid = payout_round.lines.filter(amount_minor__gt=0).select_related("organization").order_by("number")
    sentences = [
        f"{line.organization.name}: {sentence}" for line in paid for sentence in profiles.checks(line.organization)
    ]
    if sentences:
        return RiskCheck("Payout details", False, " ".join(sentences))
    return RiskCheck("Payout details", True, "Everybody who is paid has given payout details that stand long enough.")
