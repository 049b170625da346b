"""What rounds stored: audit figures and attacks of both versions, each read as the newest one."""

import pytest

from marketplace.basics.documents import DocumentError
from payouts.documents import AttackFigures, AuditFigures

CORRELATION = {"count": 2, "pearson": 1.0, "spearman": None, "kendall": None}


def rule(name, *values):
    return {
        "rule": name, "values": list(values), "shares": [0.75, 0.25], "gini": 0.25, "lorenz": [[0.0, 0.0], [1.0, 1.0]],
        "with_leave_one_out": CORRELATION, "with_rows": CORRELATION,
    }  # fmt: skip


SENTENCES = {"freezing": 0.5, "evaluating, all workers together": 20.25, "merging": 5.0}
NAMES = {"freezing": 0.5, "evaluating": 20.25, "merging": 5.0}
SECOND = {
    "schema": "audit_figures.v2",
    "level": 0.95,
    "sellers": [{"organization_id": 7, "name": "A", "rows": 30}, {"organization_id": 3, "name": "B", "rows": 40}],
    "rules": [rule("fgsv", 0.2, 0.1), rule("leave_one_out", 0.15, 0.05)],
    "standard_errors": {"fgsv": {"computation": [0.01, 0.02], "validation": None}},
    "utility_full": 0.75,
    "utility_empty": 0.5,
    "precision_target": 0.02,
    "share_half_width": None,
    "precision_met": False,
    "evaluations": 2000,
    "seconds": NAMES,
    "seed": 2**62,
    "inputs_sha256": "ab" * 32,
    "nothing_paid": False,
    "sum_proof": {"lines_minor": 99, "fee_minor": 1, "unallocated_minor": 0, "pot_minor": 100},
}
FIRST = SECOND | {"schema": "audit_figures.v1", "seconds": SENTENCES}
LATER = {
    "share_half_widths": {"fgsv": [0.01, 0.02], "hcdv": None},
    "total_validation_error": 0.1,
    "row_evaluations": 256,
}


@pytest.mark.parametrize("more", [{}, LATER, {"total_validation_error": None}])
def test_audit_figures_keep_their_json(more):
    assert AuditFigures.from_json(SECOND | more).to_json() == SECOND | more


def test_stages_of_the_first_version_are_read_under_their_names():
    figures = AuditFigures.from_json(FIRST)

    assert figures.to_json() == FIRST | {"seconds": NAMES}
    assert (figures.seconds.evaluating, figures.seconds.embedding_rows, figures.seconds.valuing_rows) == (20.25, 0, 0)


def test_what_older_rounds_did_not_say():
    figures = AuditFigures.from_json(FIRST)

    assert figures.share_half_widths == {}
    assert figures.total_validation_error is None
    assert figures.row_evaluations == 0


def test_a_seller_is_found_by_its_organisation():
    figures = AuditFigures.from_json(SECOND)

    assert [figures.place_of(key) for key in (7, 3, 9)] == [0, 1, None]
    assert (figures.margin_of(7), figures.margin_of(3)) == (0.15, 0.05)
    with pytest.raises(KeyError):
        figures.margin_of(9)


def test_rules_are_found_by_name_and_the_first_pays():
    figures = AuditFigures.from_json(SECOND)

    assert figures.paying is figures.rule("fgsv")
    assert figures.rule("leave_one_out").values == (0.15, 0.05)
    assert figures.gain == 0.25
    with pytest.raises(KeyError):
        figures.rule("gsv")


TRY = {
    "who": "A", "accounts": 2, "before_minor": 100, "after_minor": 150, "half_width_minor": 99.5, "gain_minor": 50,
    "at_stake_minor": 120, "defended_gain_minor": 0,
}  # fmt: skip
TRIED = {
    "schema": "attack.v2",
    "level": 0.95,
    "tests": [TRY],
    "parts": [{"value": 0.2, "error": 0.01}],
    "strangers": {"value": 0.01, "error": 0.02},
    "same_as_victim": {"value": 0.01, "error": 0.02, "of": 0.2},
    "evaluations": 2000,
    "budget": 2000,
    "seed": 2**62,
}
NOT_TRIED = {"schema": "attack.v2", "error": "No seller has two rows to part.", "tests": []}


@pytest.mark.parametrize("stored", [TRIED, NOT_TRIED, TRIED | {"strangers": None, "same_as_victim": None}])
def test_an_attack_keeps_its_json(stored):
    assert AttackFigures.from_json(stored).to_json() == stored


@pytest.mark.parametrize(("before", "after", "stake"), [(100, 150, 150), (150, 100, 150), (0, 0, 0)])
def test_an_attack_of_the_first_version_had_the_larger_amount_at_stake(before, after, stake):
    amounts = {"before_minor": before, "after_minor": after, "gain_minor": after - before}
    old = {name: value for name, value in TRY.items() if name != "at_stake_minor"} | amounts

    figures = AttackFigures.from_json(
        TRIED
        | {"schema": "attack.v1", "tests": [old | {"pays": True}], "seconds": 60.5}
        | {"same_as_victim": {"value": 0.01, "error": 0.02}}
    )

    assert [each.to_json() for each in figures.tests] == [old | {"at_stake_minor": stake}]
    assert (figures.same_as_victim.value, figures.same_as_victim.error, figures.same_as_victim.of) == (0.01, 0.02, 0.0)
    assert figures.evaluations == 2000


def test_an_attack_of_the_first_version_that_was_not_tried_is_read():
    assert AttackFigures.from_json(NOT_TRIED | {"schema": "attack.v1"}).error == "No seller has two rows to part."


@pytest.mark.parametrize(
    ("document", "stored", "said"),
    [
        (AuditFigures, SECOND | {"fairness": 1.0}, "at fairness: "),
        (AuditFigures, SECOND | {"precision_met": "no"}, "at precision_met: "),
        (AuditFigures, SECOND | {"rules": [rule("fgsv", "0.2")]}, r"at rules\.0\.values\.0: "),
        (AuditFigures, SECOND | {"sum_proof": {}}, r"at sum_proof\.lines_minor: "),
        (AuditFigures, SECOND | {"seconds": SENTENCES}, r"at seconds\.evaluating, all workers together: "),
        (AuditFigures, {"schema": "audit_figures.v1"}, r"its earlier version: KeyError\('seconds'\)"),
        (AttackFigures, TRIED | {"seconds": 60.5}, "at seconds: "),
        (AttackFigures, TRIED | {"tests": [TRY | {"pays": True}]}, r"at tests\.0\.pays: "),
        (AttackFigures, TRIED | {"tests": [TRY | {"gain_minor": 0.5}]}, r"at tests\.0\.gain_minor: "),
        (AttackFigures, {"schema": "attack.v1"}, r"its earlier version: KeyError\('tests'\)"),
        (AttackFigures, {}, "at schema: "),
    ],
)
def test_what_does_not_fit_is_refused_by_its_place(document, stored, said):
    with pytest.raises(DocumentError, match=f"^Stored {document.__name__} does not fit {said}"):
        document.from_json(stored)


def test_a_later_schema_is_refused():
    with pytest.raises(DocumentError, match="schema"):
        AttackFigures.from_json({"schema": "attack.v9", "tests": []})
