"""What every form of the site says of an input that it cannot take: what is wrong, and how to mend it."""

from typing import Any

from django import forms

from marketplace.basics.names import require_visible

# By the codes of Django's validators, which name what was given and what is expected.
_OF_VALIDATORS = {
    "min_value": "It is %(show_value)s, and must be at least %(limit_value)s.",
    "max_value": "It is %(show_value)s, and may be at most %(limit_value)s.",
    "min_length": "It has %(show_value)s characters, and needs at least %(limit_value)s.",
    "max_length": "It has %(show_value)s characters, and may have at most %(limit_value)s. Shorten it.",
    "max_decimal_places": "Write it with at most %(max)s decimals.",
}
_OFF_THE_LIST = "This is not on the list, or no longer. Choose from what the page shows."
# By kind of field; of several that fit a field, the later one speaks.
_OF_FIELDS: tuple[tuple[type[forms.Field], dict[str, str]], ...] = (
    (forms.Field, {"required": "It is empty. Fill it in."}),
    (forms.CharField, _OF_VALIDATORS),
    (forms.EmailField, {"invalid": "This is not an e-mail address. Write it like name@example.org."}),
    (forms.IntegerField, _OF_VALIDATORS | {"invalid": "This is not a whole number. Write it like 12."}),
    (forms.FloatField, {"invalid": "This is not a number. Write it like 12.5."}),
    (forms.DecimalField, {"invalid": "This is not a number. Write it like 12.5."}),
    (forms.BooleanField, {"required": "Tick it to go on."}),
    (forms.FileField, {"required": "Choose a file."}),
    (forms.ChoiceField, {"required": "Choose one.", "invalid_choice": _OFF_THE_LIST}),
    (forms.ModelChoiceField, {"required": "Choose one.", "invalid_choice": _OFF_THE_LIST}),
    (forms.MultipleChoiceField, {"required": "Choose at least one."}),
)


class PlainForm(forms.Form):
    """A form that speaks as the pages do; words that a field was given stay its own."""

    def full_clean(self) -> None:
        # Not when the form is made: many forms add fields after that.
        for field in self.fields.values():
            field.error_messages = _words_of(field)
            is_secret = isinstance(field.widget, forms.PasswordInput)
            if isinstance(field, forms.CharField) and not is_secret and require_visible not in field.validators:
                field.validators.append(require_visible)
        super().full_clean()


def _words_of(field: forms.Field) -> dict[str, Any]:
    default: dict[str, Any] = {}
    for kind in reversed(type(field).__mro__):
        default |= vars(kind).get("default_error_messages", {})
    own = {code: words for code, words in field.error_messages.items() if words is not default.get(code)}
    plain: dict[str, str] = {}
    for kind, words in _OF_FIELDS:
        if isinstance(field, kind):
            plain |= words
    return default | plain | own
