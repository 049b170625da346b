"""The payouts' forms: they say whether an input can be read, services say whether it may be done."""

import datetime as dt
import secrets
import unicodedata
from decimal import Decimal
from typing import Any

import pycountry
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from marketplace.basics import money
from marketplace.forms.numbers import DecimalField, WholeNumberField, read_amount, unmistakable
from marketplace.forms.plain import PlainForm
from marketplace.models import DataRequest, Organization
from payouts.core.bank_accounts import IbanError, read_iban
from payouts.core.policy import Policy, Rule
from payouts.models import ApiKey, PayoutPolicy, PayoutProfile
from payouts.models.policies import policy_from_snapshot
from payouts.selectors.money.balances import requests_for_rounds
from payouts.selectors.money.owners import possible_owners
from payouts.services.policies import PolicyTerms
from payouts.services.profiles import PayoutDetails

KEY_DAYS_MAX = 730


def new_seed() -> int:
    return secrets.randbelow(2**31)


class RequestChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs only
    def label_from_instance(self, obj: Any) -> str:  # a DataRequest of with_pots()
        return f"{obj.title} ({money.format_amount(obj.available_minor, obj.currency)} in its pot)"


class RoundForm(PlainForm):
    request = RequestChoice(requests_for_rounds(), label="Request", empty_label="Choose a request")
    pot = forms.CharField(label="Pot", max_length=30, help_text="In the request's currency, like 10000.00.")
    policy = forms.ModelChoiceField(PayoutPolicy.objects.all(), label="Policy", empty_label=None)
    precision = DecimalField(
        label="Precision, percent of the pot",
        min_value=Decimal("0.01"),
        max_value=Decimal(50),
        initial=Decimal("2.0"),
        help_text="The valuation stops when every seller's 95 % interval of the share that the policy pays is at most "
        "this wide to each side, or when the budget is spent.",
    )
    evaluations_max = WholeNumberField(
        label="Budget, evaluations",
        min_value=10,
        max_value=10**9,
        initial=200_000,
        help_text="One evaluation trains the buyer's model once. Sellers' values never take more, and stop earlier "
        "when the precision is met; values of single rows, which pay nobody, have a small budget of their own.",
    )
    seed = WholeNumberField(
        label="Seed",
        min_value=0,
        max_value=2**31 - 1,
        initial=new_seed,
        help_text="The same inputs and seed give the same values.",
    )

    def __init__(self, *args: Any, asked_for: DataRequest | None = None, **kwargs: Any) -> None:
        """Begin with what the buyer announced; the request is then fixed, as the terms are those of no other."""
        if asked_for is not None:
            kwargs["initial"] = _announced(asked_for)
        super().__init__(*args, **kwargs)
        if asked_for is not None:
            self.fields["request"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        request, pot = cleaned.get("request"), cleaned.get("pot")
        if request is not None and pot:
            try:
                cleaned["pot_minor"] = read_amount(pot, request.currency)
            except ValidationError as error:
                self.add_error("pot", error)
        return cleaned


def request_asked_for(request_id: str) -> DataRequest | None:
    """The request that a new round is for, if a round can be drafted over it."""
    try:
        found: DataRequest = RoundForm.base_fields["request"].clean(request_id)
    except ValidationError:
        return None
    return found


def _announced(request: DataRequest) -> dict[str, Any]:
    # What a person may type in, so that nothing that was announced is refused.
    precision = Decimal(str(request.precision_target)) * 100
    initial: dict[str, Any] = {
        "request": str(request.pk),
        "precision": unmistakable(f"{precision.normalize():f}"),
        "evaluations_max": request.evaluations_max,
    }
    if request.pot_minor is not None:
        initial["pot"] = money.plain_decimal(request.pot_minor, request.currency)
    return initial


def _percent(label: str, *, initial: int, most: Decimal, hint: str) -> DecimalField:
    """A share in percent, to the hundredth: what basis points can hold."""
    return DecimalField(
        label=label, min_value=Decimal(0), max_value=most, decimal_places=2, initial=initial, help_text=hint
    )


class TriedPolicyForm(PlainForm):
    """The terms of a policy, acting on owners and not on accounts."""

    rule = forms.ChoiceField(
        label="What a value is paid by",
        choices=[
            (Rule.CHANCE.value, "Every value above 0, times the chance that its rows are not worth nothing"),
            (Rule.GATE.value, "Only values above 0 beyond chance, in full"),
            (Rule.CLIP.value, "Every value above 0, in full"),
        ],
        initial=Rule.CHANCE.value,
        help_text="The first pays small sellers their due and worthless accounts the less, the more of them there are. "
        "The second pays nothing just below its bound and everything just above. By the third worthless accounts "
        "collect whatever chance leaves above 0.",
    )
    cap = _percent("At most for one owner, percent", initial=100, most=Decimal(100), hint="100 caps nobody.")
    floor = _percent("At least for each paid owner, percent", initial=0, most=Decimal(100), hint="0 lifts nobody.")
    minimum = WholeNumberField(
        label="Smallest payment, minor units",
        min_value=0,
        max_value=money.AMOUNT_MAX_MINOR,
        initial=0,
        help_text="In cents where the currency has them; smaller amounts stay owed to their owner.",
    )
    fee = _percent("Platform fee, percent of the pot", initial=0, most=Decimal("99.99"), hint="Taken first.")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        floor, cap = cleaned.get("floor"), cleaned.get("cap")
        if cap == 0:
            self.add_error("cap", "A cap of 0 pays nobody. Set it above 0.")
        elif floor is not None and cap is not None and floor > cap:
            self.add_error("floor", f"The floor of {floor} % is above the cap of {cap} %. Lower it, or raise the cap.")
        return cleaned

    @property
    def terms(self) -> PolicyTerms:
        chosen = self.cleaned_data
        return PolicyTerms(
            rule=Rule(chosen["rule"]),
            cap_basis_points=int(chosen["cap"] * 100),
            floor_basis_points=int(chosen["floor"] * 100),
            minimum_minor=chosen["minimum"],
            fee_basis_points=int(chosen["fee"] * 100),
        )

    @property
    def policy(self) -> Policy:
        return policy_from_snapshot({"negative": "clip", **vars(self.terms)})


class PolicyForm(TriedPolicyForm):
    name = forms.CharField(label="Name", max_length=80)
    field_order = ("name",)


class FundingForm(PlainForm):
    amount = forms.CharField(label="Amount", max_length=30)
    bank_reference = forms.CharField(
        label="Bank reference", max_length=140, help_text="As on the bank statement; the same reference counts once."
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        self.fields["amount"].help_text = f"In {currency}, like 10000.00."

    def clean_amount(self) -> int:
        return read_amount(self.cleaned_data["amount"], self.currency)


class PaidForm(PlainForm):
    bank_reference = forms.CharField(label="Bank reference", max_length=140, help_text="As on the bank statement.")


class OwnerForm(PlainForm):
    owner = forms.ModelChoiceField(Organization.objects.none(), label="Owner", empty_label="Choose an organisation")
    reason = forms.CharField(label="Reason", max_length=500, help_text="What shows that the two are one company.")

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        candidates = possible_owners(organization)
        owner: Any = self.fields["owner"]
        owner.queryset = Organization.objects.filter(pk__in=[candidate.pk for candidate in candidates])
        owner.choices = [("", owner.empty_label), *((candidate.pk, candidate.name) for candidate in candidates)]


class ReasonForm(PlainForm):
    reason = forms.CharField(label="Reason", max_length=500)


class ReplacementForm(ReasonForm):
    policy = forms.ModelChoiceField(
        PayoutPolicy.objects.all(), label="Policy of the new round", empty_label=None, required=False
    )


class ApprovalForm(PlainForm):
    """Carries the hash of what was on the page, so that nobody approves something that they have not read."""

    lines_sha256 = forms.RegexField(
        r"^[0-9a-f]{64}$",
        widget=forms.HiddenInput,
        label="Not approved",
        error_messages=dict.fromkeys(
            ("required", "invalid"), "Open the round's page, read it, and approve from there."
        ),
    )
    owners_differ = forms.BooleanField(
        label="Sellers that are paid into one bank account have different owners; I have asked.", required=False
    )

    def __init__(self, *arguments: Any, shared_accounts: int = 1, **options: Any) -> None:
        """Ask about owners only where sellers share a bank account."""
        super().__init__(*arguments, **options)
        if not shared_accounts:
            del self.fields["owners_differ"]


class ApiKeyForm(PlainForm):
    name = forms.CharField(label="Name", max_length=80, help_text="What the key is for.")
    client = forms.CharField(label="Client", max_length=120, help_text="The organisation or system that uses it.")
    scopes = forms.MultipleChoiceField(
        label="Scopes", choices=ApiKey.Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    days = WholeNumberField(
        label="Valid for, days", min_value=1, max_value=KEY_DAYS_MAX, initial=365, help_text="At most two years."
    )

    @property
    def expires_at(self) -> dt.datetime:
        return timezone.now() + dt.timedelta(days=self.cleaned_data["days"])


def countries() -> list[tuple[str, str]]:
    """Codes and names of ISO 3166, by name as if it had no accents."""
    return sorted(
        ((country.alpha_2, country.name) for country in pycountry.countries),
        key=lambda pair: unicodedata.normalize("NFKD", pair[1]).encode("ascii", "ignore").lower(),
    )


def _text(name: str, label: str, autocomplete: str, hint: str = "", *, required: bool = True) -> forms.CharField:
    field: Any = PayoutProfile._meta.get_field(name)  # noqa: SLF001 - Django documents _meta as public
    widget = forms.TextInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, max_length=field.max_length, widget=widget, help_text=hint, required=required)


class PayoutDetailsForm(PlainForm):
    """Payee, address in parts, IBAN: what a bank asks for."""

    ADDRESS = ("payee_name", "street", "building_number", "postcode", "town", "country")

    payee_name = _text("payee_name", "Payee", "name", "As the bank knows the owner of the account.")
    street = _text("street", "Street", "off", "Without the number.")
    building_number = _text("building_number", "Building number", "off", "If the house has one.", required=False)
    postcode = _text("postcode", "Postcode", "postal-code")
    town = _text("town", "Town", "address-level2")
    country = forms.ChoiceField(label="Country", choices=lambda: [("", "Choose a country"), *countries()])
    iban = forms.CharField(
        label="IBAN",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
        help_text="With or without spaces. It is checked here, stored once, and shown only by its ends.",
    )

    def clean_iban(self) -> str:
        try:
            return read_iban(self.cleaned_data["iban"]).iban
        except IbanError as error:
            raise ValidationError(str(error)) from error

    @property
    def details(self) -> PayoutDetails:
        return PayoutDetails(**self.cleaned_data)
