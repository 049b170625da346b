"""The forms of an upload: one file, how it is read, and which of its columns is which."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.forms import BoundField
from django.template.defaultfilters import filesizeformat
from django.utils.html import conditional_escape

from marketplace.basics.figures import count
from marketplace.forms.fields import LongSelect, organization_field
from marketplace.forms.plain import PlainForm
from marketplace.ingest import Column, Limits, Preview, Reading, TableSchema
from marketplace.ingest.marks import two_readings
from marketplace.ingest.problems import shorten
from marketplace.ingest.reading import DECIMALS, DELIMITERS, ENCODINGS
from marketplace.models import Dataset, Organization

EXAMPLES_SHOWN = 3


class UploadForm(PlainForm):
    """One file for one dataset of one organisation."""

    name = forms.CharField(
        label="Dataset name",
        max_length=Dataset._meta.get_field("name").max_length,  # noqa: SLF001 - Django documents _meta as public
        help_text="A name that you use already makes the next version of that dataset.",
    )
    # Empty files pass here: the problem list says what is wrong with them.
    file = forms.FileField(label="File", allow_empty_file=True)

    def __init__(self, *args: Any, organizations: QuerySet[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"] = organization_field(organizations, label="Organisation")
        self.order_fields(["organization"])
        self.fields["file"].help_text = (
            f"CSV or Parquet, up to {filesizeformat(settings.FAIRCUT_UPLOAD_MAX_BYTES)}, "
            f"{count(Limits.rows)} rows and {count(Limits.columns)} columns. You see how we read it before it counts."
        )
        self.fields["file"].widget.attrs["accept"] = ".csv,.txt,.tsv,.parquet,text/csv"


class ReadingForm(PlainForm):
    """How a CSV file is read."""

    delimiter = forms.ChoiceField(
        label="What separates the columns", choices=[(sign, words.capitalize()) for sign, words in DELIMITERS.items()]
    )
    encoding = forms.ChoiceField(
        label="Encoding",
        choices=list(ENCODINGS.items()),
        help_text="Wrong where letters such as é or ü look odd below.",
    )
    decimal = forms.ChoiceField(
        label="Decimal mark", choices=[(sign, f"{w}".capitalize()) for sign, w in DECIMALS.items()]
    )
    header = forms.BooleanField(label="The first row holds the names of the columns", required=False)

    def __init__(self, *args: Any, reading: Reading, **kwargs: Any) -> None:
        """Begin with what a reading says; a decimal mark that no number tells is asked, and nothing is proposed."""
        is_doubtful = bool(reading.doubtful) and not reading.decimal
        named = {name: getattr(reading, name) for name in ("delimiter", "encoding", "header")}
        kwargs["initial"] = {**named, "decimal": "" if is_doubtful else reading.mark}
        super().__init__(*args, **kwargs)
        if is_doubtful:
            decimal: Any = self.fields["decimal"]
            decimal.choices = [("", "Choose"), *decimal.choices]
            decimal.help_text = f"{two_readings(reading.doubtful)} Say what the mark is."


class ColumnsForm(PlainForm):
    """For each column that is asked for, one of the file's columns or none."""

    def __init__(self, *args: Any, schema: TableSchema, reading: Reading, seen: Preview, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._columns = schema.columns
        found = [(str(at), conditional_escape(_in_words(seen, at))) for at in range(len(seen.labels))]
        for number, column in enumerate(schema.columns):
            position = (reading.positions or {}).get(column.name)
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=column.name,
                widget=LongSelect,
                choices=[("", "Choose a column" if column.required else "Not in my file"), *found],
                required=column.required,
                initial="" if position is None else str(position),
                error_messages={"required": "Choose the column of your file that holds it; it must be there."},
            )

    def rows(self) -> Iterator[tuple[Column, BoundField]]:
        """Each column that is asked for with its field."""
        for number, column in enumerate(self._columns):
            yield column, self[f"column_{number}"]

    @property
    def positions(self) -> dict[str, int | None]:
        """What was chosen, by column asked for."""
        chosen = {column.name: self.cleaned_data[f"column_{at}"] for at, column in enumerate(self._columns)}
        return {name: int(value) if value else None for name, value in chosen.items()}

    def clean(self) -> dict[str, Any]:
        taken: dict[str, str] = {}
        for number, column in enumerate(self._columns):
            chosen = self.cleaned_data.get(f"column_{number}")
            if chosen and chosen in taken:
                self.add_error(f"column_{number}", f"This column is matched to {taken[chosen]} already.")
            elif chosen:
                taken[chosen] = column.name
        return self.cleaned_data


def _in_words(seen: Preview, position: int) -> str:
    """A column of the file with its first values, so that names that say nothing can still be told apart."""
    label = shorten(seen.labels[position]) or f"Column {position + 1}, unnamed"
    values = [row[position] for row in seen.rows if position < len(row) and row[position].strip()]
    examples = ", ".join(shorten(value)[:20] for value in values[:EXAMPLES_SHOWN])
    return f"{label} ({examples})" if examples else label
