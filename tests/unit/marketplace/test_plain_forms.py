"""What forms say of an input that they cannot take."""

import pytest
from django import forms

from marketplace.basics.names import visible
from marketplace.forms.plain import PlainForm


class Everything(PlainForm):
    words = forms.CharField(max_length=3)
    reason = forms.CharField(error_messages={"required": "Say why."})
    address = forms.EmailField()
    whole = forms.IntegerField(min_value=2, max_value=9)
    number = forms.FloatField()
    money = forms.DecimalField(decimal_places=2)
    agreed = forms.BooleanField()
    file = forms.FileField()
    one = forms.ChoiceField(choices=[("a", "A")])
    several = forms.MultipleChoiceField(choices=[("a", "A")])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["late"] = forms.CharField()


INVISIBLE = ["\u202e", "\u200b\u2060", "\u3164", "\u2800 \u115f", "\ufe0f", "\x07"]


def said(field, given=""):
    return Everything({field: given}, {}).errors[field]


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("words", "It is empty. Fill it in."),
        ("late", "It is empty. Fill it in."),
        ("reason", "Say why."),
        ("agreed", "Tick it to go on."),
        ("file", "Choose a file."),
        ("one", "Choose one."),
        ("several", "Choose at least one."),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(field, sentence):
    assert said(field) == [sentence]


@pytest.mark.parametrize(
    ("field", "given", "sentence"),
    [
        ("words", "four", "It has 4 characters, and may have at most 3. Shorten it."),
        ("address", "nobody", "This is not an e-mail address. Write it like name@example.org."),
        ("whole", "1.5", "This is not a whole number. Write it like 12."),
        ("whole", "1", "It is 1, and must be at least 2."),
        ("whole", "10", "It is 10, and may be at most 9."),
        ("number", "nan", "This is not a number. Write it like 12.5."),
        ("money", "ten", "This is not a number. Write it like 12.5."),
        ("money", "0.001", "Write it with at most 2 decimals."),
        ("one", "b", "This is not on the list, or no longer. Choose from what the page shows."),
    ],
)
def test_what_cannot_be_taken_is_said_with_what_would_be(field, given, sentence):
    assert said(field, given) == [sentence]


def test_a_form_that_is_checked_twice_says_the_same():
    form = Everything({}, {})
    form.full_clean()
    form.full_clean()

    assert form.errors["reason"] == ["Say why."]
    assert form.errors["words"] == ["It is empty. Fill it in."]


@pytest.mark.parametrize("text", INVISIBLE)
def test_text_that_nobody_sees_is_no_text(text):
    assert visible(text) == ""
    assert said("reason", text) == ["Nothing of it can be seen. Write it in letters, digits or signs."]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (" North\u200b  Clinic\u202e\n", "North Clinic"),
        ("a\u3164b", "a b"),
        ("e\u0301", "e\u0301"),
        ("数据\u2028社", "数据 社"),
        ("#7", "#7"),
        ("\U0001f33b", "\U0001f33b"),
    ],
)
def test_of_a_name_what_is_seen_is_kept(text, seen):
    assert visible(text) == seen
