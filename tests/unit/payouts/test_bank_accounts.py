"""IBANs: what is read, and the one sentence for what is not."""

import pytest

from payouts.core.bank_accounts import IbanError, masked, read_iban

GERMAN = "DE89370400440532013000"


@pytest.mark.parametrize("typed", [GERMAN, "de89 3704 0044 0532 0130 00", " DE89-3704-0044-0532-0130-00\u200b"])
def test_spaces_hyphens_and_small_letters_do_not_matter(typed):
    account = read_iban(typed)

    assert (account.iban, account.country, account.bank_name) == (GERMAN, "DE", "Commerzbank")


def test_every_single_wrong_digit_and_every_swap_of_neighbours_is_noticed():
    for place in range(4, len(GERMAN)):
        wrong = GERMAN[:place] + str((int(GERMAN[place]) + 1) % 10) + GERMAN[place + 1 :]
        with pytest.raises(IbanError, match="The check digits do not match"):
            read_iban(wrong)
    for place in range(4, len(GERMAN) - 1):
        if GERMAN[place] != GERMAN[place + 1]:
            swapped = GERMAN[:place] + GERMAN[place + 1] + GERMAN[place] + GERMAN[place + 2 :]
            with pytest.raises(IbanError, match="two are swapped"):
                read_iban(swapped)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "An IBAN begins with a country's two letters and two digits, like DE89. Copy it whole from a statement."),
        ("DE89;", "An IBAN holds only letters and digits; this one holds “;”."),
        ("XX89370400440532013000", "No country with IBANs has the letters XX. Compare them with a statement."),
        (
            "DE8937040044053201300",
            "An IBAN that begins with DE has 22 characters; this one has 21. Look for a missing character.",
        ),
        (
            "GB29NWBK601613319268199",
            "An IBAN that begins with GB has 22 characters; this one has 23. Look for a doubled character.",
        ),
        (
            "GB291WBK60161331926819",
            "In an IBAN that begins with GB a letter stands where a digit should, or a digit for a letter.",
        ),
        (
            "DE88370400440532013000",
            "The check digits do not match: a character is mistyped, or two are swapped. Compare with a statement.",
        ),
    ],
)
def test_one_sentence_says_how_to_mend_it(typed, sentence):
    with pytest.raises(IbanError) as refused:
        read_iban(typed)

    assert str(refused.value) == sentence


def test_a_page_shows_only_the_ends():
    assert masked(GERMAN) == "DE89 … 3000"
