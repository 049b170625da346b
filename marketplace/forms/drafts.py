"""The forms of the guided request, one a step."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat

from marketplace.basics.figures import count
from marketplace.basics.money import POT_CURRENCIES, MoneyError, parse, plain_decimal
from marketplace.forms.fields import organization_field
from marketplace.forms.numbers import DecimalField, NumberField, WholeNumberField, read_amount, unmistakable
from marketplace.forms.plain import PlainForm
from marketplace.models import DataRequest, Organization
from marketplace.services.drafts import VALIDATION_ROWS_MIN

# A pot above this, in whole units of its currency, may be a slip of the finger: it is asked for once more.
LARGE_POT = 10_000_000
PERCENT = 100


class WordsForm(PlainForm):
    """What is wanted, in the buyer's words."""

    title = forms.CharField(
        label="Title",
        max_length=DataRequest._meta.get_field("title").max_length,  # noqa: SLF001 - Django documents _meta as public
        help_text="What sellers read in the list of requests, such as “Chest X-rays of adults, with their finding”.",
    )
    description = forms.CharField(
        label="What it is for",
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Who you are, what the model is for, and which rows you hope for.",
    )


class NewRequestForm(WordsForm):
    """The first step: also says for whom."""

    def __init__(self, *args: Any, organizations: QuerySet[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"] = organization_field(organizations, label="Buyer")
        self.order_fields(["organization"])


class _FileForm(PlainForm):
    # Empty files pass here: the problem list says what is wrong with them.
    file = forms.FileField(label="File", allow_empty_file=True)
    about = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit = filesizeformat(settings.FAIRCUT_UPLOAD_MAX_BYTES)
        self.fields["file"].help_text = f"{self.about} CSV (UTF-8) or Parquet, up to {limit}."
        self.fields["file"].widget.attrs["accept"] = ".csv,.parquet,text/csv"


class SampleForm(_FileForm):
    about = "Some rows as you would like to buy them. They are read once and not kept."


class ValidationForm(_FileForm):
    about = f"At least {VALIDATION_ROWS_MIN} rows with the columns of the request, which no seller sees."


class BaseForm(_FileForm):
    about = "Rows with the columns of the request that you have already, which no seller sees."
    is_leaving_out = forms.BooleanField(
        label="Leave out rows that are also in the validation file",
        required=False,
        help_text="Otherwise a file with such rows is refused: a model would be scored on what it was trained on.",
    )


class ColumnForm(PlainForm):
    """One column of the schema."""

    name = forms.CharField(label="Name", max_length=120, help_text="As it stands in the header of a seller's file.")
    kind = forms.ChoiceField(
        label="Kind",
        choices=[("number", "Number"), ("category", "Category: one of a list of words")],
        widget=forms.RadioSelect,
        initial="number",
    )
    required = forms.BooleanField(
        label="Every row must have it",
        required=False,
        initial=True,
        help_text="Otherwise empty cells are accepted, and the model sees them as unknown.",
    )
    minimum = NumberField(
        label="Least number", required=False, help_text="Rows below it are refused. Empty means no limit."
    )
    maximum = NumberField(
        label="Greatest number", required=False, help_text="Rows above it are refused. Empty means no limit."
    )
    categories = forms.CharField(
        label="Categories",
        required=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="One a line, spelled as in the files. Rows with another word are refused.",
    )

    @classmethod
    def initial_of(cls, column: dict[str, Any]) -> dict[str, Any]:
        """What the form shows of a column of the schema."""
        bounds = {
            key: unmistakable(f"{column[key]:.15g}") for key in ("minimum", "maximum") if column.get(key) is not None
        }
        return {**column, **bounds, "categories": "\n".join(column.get("categories") or ())}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        minimum, maximum = cleaned.get("minimum"), cleaned.get("maximum")
        words = [line.strip() for line in cleaned.get("categories", "").splitlines() if line.strip()]
        if cleaned.get("kind") == "category":
            minimum = maximum = None
            if not words:
                self.add_error("categories", "A category needs its words, one a line.")
        else:
            words = []
            if minimum is not None and maximum is not None and minimum > maximum:
                self.add_error("maximum", "The greatest number is below the least one.")
        return cleaned | {"minimum": minimum, "maximum": maximum, "categories": words}

    def column(self) -> dict[str, Any]:
        """The column as the schema holds it."""
        return {key: self.cleaned_data[key] for key in self.fields}


class TargetForm(PlainForm):
    """Which column is predicted, and how."""

    task = forms.ChoiceField(
        label="Task",
        widget=forms.RadioSelect,
        choices=[
            ("classification", "Classification: the target is a category, such as yes or no"),
            ("regression", "Regression: the target is a number, such as a price"),
        ],
    )

    def __init__(self, *args: Any, columns: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(column["name"], f"{column['name']} ({column['kind']})") for column in columns]
        self.fields["target"] = forms.ChoiceField(
            label="Target",
            choices=[("", "Choose a column"), *names],
            help_text="The column that the model shall predict from all the others.",
        )
        self.order_fields(["target", "task"])


class BudgetForm(PlainForm):
    """What is paid, and how sure the valuation is to be."""

    currency = forms.ChoiceField(label="Currency", choices=[(code, code) for code in POT_CURRENCIES])
    pot = forms.CharField(
        label="Pot",
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text="What all sellers together are paid, like 10000.00.",
    )
    precision = DecimalField(
        label="Precision, percent of the pot",
        min_value=Decimal("0.1"),
        max_value=Decimal(50),
        initial=Decimal(2),
        help_text="With 2, the 95 % interval of every seller's share is at most 2 % of the pot to each side. Half as "
        "wide costs four times as much computing.",
    )
    evaluations_max = WholeNumberField(
        label="Budget, evaluations",
        min_value=1_000,
        max_value=10**9,
        initial=200_000,
        help_text="One evaluation trains your model once. A valuation never spends more, and stops earlier when the "
        "precision is met.",
    )
    large_pot_is_meant = forms.BooleanField(label=f"The pot is above {count(LARGE_POT)}, and I mean it.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not _is_large(self.data.get("pot", ""), self.data.get("currency", "")):
            del self.fields["large_pot_is_meant"]

    @classmethod
    def initial_of(cls, draft: DataRequest) -> dict[str, Any]:
        """What the form shows of a draft."""
        pot = None if draft.pot_minor is None else plain_decimal(draft.pot_minor, draft.currency)
        precision = (Decimal(str(draft.precision_target)) * PERCENT).normalize()
        return {
            "currency": draft.currency,
            "pot": pot,
            "precision": unmistakable(f"{precision:f}"),
            "evaluations_max": draft.evaluations_max,
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        pot, currency = cleaned.get("pot"), cleaned.get("currency")
        if pot and currency:
            try:
                cleaned["pot_minor"] = read_amount(pot, currency)
            except ValidationError as error:
                self.add_error("pot", error)
        if cleaned.get("precision") is not None:
            cleaned["precision_target"] = float(cleaned["precision"]) / PERCENT
        return cleaned


def _is_large(pot: str, currency: str) -> bool:
    try:
        return parse(pot, currency) > parse(str(LARGE_POT), currency)
    except MoneyError:
        return False
