"""A long select says what Django's own says, without a template for each option."""

import time

import pytest
from django import forms
from pytest_django.asserts import assertHTMLEqual

from marketplace.forms.fields import LongSelect

CHOICES = [("", "Choose"), ("0", "<age> & “more”"), ("1", "town (Ely, Bath)")]


@pytest.mark.parametrize("value", [None, "", "1", 0, '"><script>'])
@pytest.mark.parametrize("attrs", [None, {"id": "id_x", "required": True, "aria-describedby": 'a"b'}])
def test_it_is_written_as_django_writes_it(value, attrs):
    long, own = LongSelect(choices=CHOICES), forms.Select(choices=CHOICES)

    assertHTMLEqual(long.render("column_1", value, attrs), own.render("column_1", value, attrs))


def test_a_hundred_thousand_options_take_no_while():
    many = LongSelect(choices=[(str(number), f"column {number}") for number in range(100_000)])

    started = time.process_time()
    many.render("column_1", "7")

    assert time.process_time() - started < 5
