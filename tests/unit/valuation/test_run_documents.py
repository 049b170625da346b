"""What runs stored: manifests of every format with their hash, outcomes of both, and how far older runs had come."""

import hashlib
import json

import pytest

from marketplace.basics.documents import DocumentError
from valuation.documents import Manifest, Outcome, Progress, RowProgress

SHA = "ab" * 32


def file(number, owner, **more):
    return {
        "submission": f"s{number}", "organization_id": owner, "version": f"v{number}", "sha256": SHA, "rows": 40
    } | more  # fmt: skip


FIRST = {
    "format": 1,
    "request": "r",
    "schema": {"columns": [{"name": "age", "kind": "number", "required": True, "minimum": 1e-05}]},
    "target": "age",
    "model": {"family": "ridge_regression", "params": {"alpha": 1.0}, "seed": 0, "metric": "r2"},
    "validation_sha256": SHA,
    "features": ["age"],
    "sellers": [{"organization_id": 7, "name": "Höfe", "rows": 30}, {"organization_id": 3, "name": "B", "rows": 40}],
    "submissions": [file(1, 7), file(2, 3)],
    "arrays": {"X": SHA},
    "rowwise": True,
}
LEFT_OUT = [(3, 9, 40), (4, 7, 40), (5, 2, 40), (6, 9, 2)]
SECOND = FIRST | {"format": 2, "batched": True}
THIRD = SECOND | {
    "format": 3,
    "submissions": [file(1, 7, rows_left_out=10), file(2, 3, rows_left_out=0)],
    "left_out_whole": [file(number, owner, rows_left_out=rows) for number, owner, rows in LEFT_OUT],
}
WITH_BASE = THIRD | {"base_sha256": SHA, "base_rows": 25}
MANIFESTS = {"1": FIRST, "2": SECOND, "3": THIRD, "3 with own rows": WITH_BASE}


@pytest.mark.parametrize("stored", MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_keeps_its_json_and_its_hash(stored):
    manifest = Manifest.from_json(stored)

    assert manifest.to_json() == stored
    # Written out here: rounds were approved under this hash.
    text = json.dumps(stored, sort_keys=True, separators=(",", ":"))
    assert manifest.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_a_manifest_that_differs_anywhere_has_another_hash():
    changes = [{"rowwise": False}, {"features": []}, {"base_rows": 0}, {"left_out_whole": []}, {"arrays": {"X": "c"}}]

    hashes = {Manifest.from_json(THIRD | change).sha256 for change in [{}, *changes]}

    assert len(hashes) == 1 + len(changes)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"seed": 7}, "seed"),
        ({"rowwise": "yes"}, "rowwise"),
        ({"sellers": [{"organization_id": 7, "rows": 30}]}, "sellers.0.name"),
        ({"submissions": [file(1, "7")]}, "submissions.0.organization_id"),
        ({"columns_schema": {}}, "columns_schema"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused_by_its_place(change, place):
    with pytest.raises(DocumentError, match=f"^Stored Manifest does not fit at {place}: "):
        Manifest.from_json(THIRD | change)


def test_sellers_have_the_places_of_their_figures():
    manifest = Manifest.from_json(THIRD)

    assert [manifest.place_of(key) for key in (7, 3, 9, 2, 1)] == [0, 1, None, None, None]
    assert manifest.n_rows == 70


def test_sellers_of_whom_no_row_was_left_are_told_from_those_with_rows_elsewhere():
    assert list(Manifest.from_json(THIRD).left_out_sellers.items()) == [(2, 40), (9, 42)]
    assert [file.submission for file in Manifest.from_json(THIRD).files] == ["s1", "s2", "s3", "s4", "s5", "s6"]


@pytest.mark.parametrize("stored", [FIRST, SECOND], ids=["1", "2"])
def test_runs_before_copies_were_looked_for_left_out_nobody(stored):
    manifest = Manifest.from_json(stored)

    assert manifest.left_out_sellers == {}
    assert [file.rows_left_out for file in manifest.files] == [0, 0]


def test_manifests_alike_are_one_and_the_same_key():
    assert Manifest.from_json(THIRD) == Manifest.from_json(json.loads(json.dumps(THIRD)))
    assert len({Manifest.from_json(THIRD), Manifest.from_json(THIRD), Manifest.from_json(SECOND)}) == 2


SENTENCES = {
    "freezing": 0.5,
    "evaluating, all workers together": 20.25,
    "embedding rows": 7.5,
    "valuing rows, all workers together": 11.0,
    "merging": 5.0,
}
NAMES = {"freezing": 0.5, "evaluating": 20.25, "embedding_rows": 7.5, "valuing_rows": 11.0, "merging": 5.0}
OUTCOME = {
    "covariances": {"fgsv": {"computation": [[0.1, 0.0], [0.0, 0.2]], "validation": None}},
    "utility_empty": 0.5,
    "utility_full": 0.8,
}
LEVEL = {
    "level": 0, "nodes": 1, "leaves": 0, "enumerated": 1, "sampled": 0, "by_neighbors": 0, "uniform": 0, "faded": 0,
    "faded_metric": 0, "evaluations": 256, "psi_error": 0.0,
}  # fmt: skip
ROWS = {
    "points": "points/1.parquet", "points_sha256": SHA, "method_version": "hcdv/3", "evaluations": 256,
    "encoder_seconds": 1.5, "encoder_refused": "", "nodes": 1, "nodes_faded": 0, "nodes_faded_metric": 0, "depth": 0,
    "leaves": 0, "levels": [LEVEL], "settings": {"leaf_rows": 32},
}  # fmt: skip
KINDS = {"kinds": [0, 1], "rows": [20, 30], "means": [0.1, 0.2], "standard_errors": [0.01, 0.02]}
KINDS |= {"ahead": [-0.1, 0.1], "ahead_standard_errors": [0.03, 0.04]}
CUT = {
    "column": "town", "segments": ["north", "south"], "rows": [60, 40], "contributions": [[0.1, 0.2], [0.3, 0.4]],
    "standard_errors": [[0.1, 0.2], [0.3, 0.4]], "total_standard_errors": [0.1, 0.2],
}  # fmt: skip
EXPLAINED = {
    "total_validation_error": 0.02,
    "by_size": {
        "edges": [0, 1, 70],
        "contributions": [[0.1, 0.2], [0.3, 0.4]],
        "curve": {"rows": [0.0, 70.0], "utilities": [0.5, 0.8]},
    },
    "removal": {"best_first": [0.8, 0.6, 0.5], "worst_first": [0.8, 0.7, 0.5]},
    "by_class": CUT | {"scores": [0.8, 0.9], "score_standard_errors": [0.01, 0.02]},
    "by_segment": [CUT],
    "labels": [{"score": 0.9, "chance": 0.5, "error": 0.01}, None],
    "hcdv": ROWS
    | {
        "repetitions": 4,
        "kinds": [{"column": "town", "kinds": ["north", "south"], "sellers": [KINDS, KINDS], "all": KINDS}],
    },
}
SECOND_OUTCOME = OUTCOME | {"format": 2, "seconds": NAMES}


@pytest.mark.parametrize("more", [{}, {"by_segment": []}, {"total_validation_error": None}, {"hcdv": ROWS}, EXPLAINED])
def test_an_outcome_keeps_its_json(more):
    assert Outcome.from_json(SECOND_OUTCOME | more).to_json() == SECOND_OUTCOME | more


@pytest.mark.parametrize("missing", [(), ("embedding rows", "valuing rows, all workers together")])
def test_stages_of_the_first_format_are_read_under_their_names(missing):
    seconds = {stage: taken for stage, taken in SENTENCES.items() if stage not in missing}

    outcome = Outcome.from_json(OUTCOME | {"seconds": seconds})

    expected = NAMES | ({"embedding_rows": 0.0, "valuing_rows": 0.0} if missing else {})
    assert {stage: getattr(outcome.seconds, stage) for stage in NAMES} == expected
    assert outcome.format == 1
    assert outcome.row_evaluations == 0


def test_of_an_outcome_of_the_first_format_only_the_stages_change():
    outcome = Outcome.from_json(OUTCOME | EXPLAINED | {"seconds": SENTENCES})

    assert outcome.to_json() == SECOND_OUTCOME | EXPLAINED | {"format": 1}


def test_rows_that_were_valued_once_had_one_repetition():
    outcome = Outcome.from_json(SECOND_OUTCOME | {"hcdv": ROWS})

    assert (outcome.hcdv.repetitions, outcome.row_evaluations, outcome.hcdv.kinds) == (1, 256, ())


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (OUTCOME | {"seconds": {"sleeping": 1.0}}, r"at seconds\.sleeping: "),
        (OUTCOME, "its earlier version: KeyError\\('seconds'\\)"),
        ({}, "its earlier version: KeyError\\('seconds'\\)"),
        (SECOND_OUTCOME | {"seconds": SENTENCES}, r"at seconds\.evaluating, all workers together: "),
        (SECOND_OUTCOME | {"utility_full": None}, "at utility_full: "),
        (SECOND_OUTCOME | {"by_class": CUT | {"rows": [60, "40"]}}, r"at by_class\.rows\.1: "),
        (SECOND_OUTCOME | {"hcdv": ROWS | {"levels": [LEVEL | {"nodes": "1"}]}}, r"at hcdv\.levels\.0\.nodes: "),
        (SECOND_OUTCOME | {"labels": [{"score": 0.9}]}, r"at labels\.0\.chance: "),
    ],
)
def test_an_outcome_that_does_not_fit_is_refused_by_its_place(stored, said):
    with pytest.raises(DocumentError, match=f"^Stored Outcome does not fit {said}"):
        Outcome.from_json(stored)


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"freeze_seconds": 0.5, "merge_seconds": 0.0},
        {"freeze_seconds": 0.5, "merge_seconds": 1.5, "wave": 1, "blocks": 3, "evaluations": 900}
        | {"evaluations_left": 20, "values": [0.1, 0.2], "standard_errors": [0.01, 0.02], "shares": [0.4, 0.6]}
        | {"share_half_width": None, "rows": {"levels": None, "levels_played": 0, "evaluations": 0}},
    ],
)
def test_how_far_a_run_has_come_keeps_its_json(stored):
    if "rows" in stored:
        stored = stored | {"rows": stored["rows"] | {"evaluations_left": 300}}

    assert Progress.from_json(stored).to_json() == stored


def test_rows_that_are_valued_once_come_on_in_one_repetition():
    stored = {"levels": 3, "levels_played": 1, "evaluations": 10, "evaluations_left": 20}

    assert RowProgress.from_json(stored).repetitions == 1
