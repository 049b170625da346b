import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.basics import money

CURRENCIES = st.sampled_from(sorted(money.MINOR_DIGITS))


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text", "plain"),
    [
        (184217, "EUR", "1,842.17 EUR", "1842.17"),
        (-5, "EUR", "-0.05 EUR", "-0.05"),
        (0, "USD", "0.00 USD", "0.00"),
        (500, "JPY", "500 JPY", "500"),
        (1234567, "JPY", "1,234,567 JPY", "1234567"),
        (1234567, "KWD", "1,234.567 KWD", "1234.567"),
    ],
)
def test_amounts_are_written_for_people_and_for_machines(amount_minor, currency, text, plain):
    assert money.format_amount(amount_minor, currency) == text
    assert money.plain_decimal(amount_minor, currency) == plain


@given(st.integers(-(10**15), 10**15), CURRENCIES)
def test_what_is_written_is_read_back(amount_minor, currency):
    assert money.parse(money.plain_decimal(amount_minor, currency), currency) == amount_minor
    assert (
        money.parse(money.format_amount(amount_minor, currency).removesuffix(f" {currency}"), currency) == amount_minor
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10000", 1000000),
        (" 10000.5 ", 1000050),
        ("10,000.00", 1000000),
        ("10.000,00", 1000000),
        ("10 000,00", 1000000),
        ("10\u00a0000,00", 1000000),
        ("10\u202f000.00", 1000000),
        ("10'000.00", 1000000),
        ("10\u2019000", 1000000),
        ("10,000", 1000000),
        ("1.000.000", 100000000),
        ("1,5", 150),
        ("0,50", 50),
        ("10000.00 EUR", 1000000),
        ("EUR 10,000.00", 1000000),
        ("\u221210.00", -1000),
    ],
)
def test_a_person_may_leave_out_decimals_and_group_thousands(text, expected):
    assert money.parse(text, "EUR") == expected


NO_AMOUNTS = ["", "ten", "1.2345", "0.500", "1,00,000.00", "1,000,00", "1.000.00", "1 000.000", "10 00", "1e3", "NaN"]
NO_AMOUNTS += [".5", "5.", "--1", "+1", "\u0661", "\uff11\uff10", "10 USD", "10 \u20ac", "1.000,000.00", "1,000 000"]


@pytest.mark.parametrize("text", NO_AMOUNTS)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(money.MoneyError):
        money.parse(text, "EUR")


@pytest.mark.parametrize(
    ("text", "currency", "begins", "ends"),
    [
        ("10.000", "EUR", "has 3 decimals; EUR has 2. Write 10000.00 if the point", "give at most 2 decimals"),
        ("100.000", "JPY", "has 3 decimals; JPY has 0. Write 100000 if the point", "give at most 0 decimals"),
        ("10,000", "KWD", "can be read in two ways. Write 10000.000 if the comma", "write a point"),
    ],
)
def test_what_is_a_thousand_times_as_much_to_another_reader_is_asked(text, currency, begins, ends):
    with pytest.raises(money.MoneyError) as refused:
        money.parse(text, currency)

    assert str(refused.value) == f"'{text}' {begins} groups thousands; if it is the decimal mark, {ends}."


def test_decimals_a_currency_lacks_are_refused():
    with pytest.raises(money.MoneyError, match="has 1 decimal; JPY has 0"):
        money.parse("1.5", "JPY")


def test_an_unknown_currency_is_refused_rather_than_guessed():
    with pytest.raises(money.MoneyError, match="'XXX'"):
        money.minor_digits("XXX")
