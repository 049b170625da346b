"""A seller's result explained, row by row and size by size; nothing of others, nothing before posting."""

import csv
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from marketplace.basics.figures import MINUS
from marketplace.models import Dataset, DatasetVersion
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, words
from valuation.documents import LearningCurve, Removal, SegmentCut, SizeCut

ROWS = 24


def version_of_rows(place, index):
    """A dataset version with cells that say whose row they are."""
    organization = place.sellers[index]
    dataset = Dataset.objects.create(organization=organization, request=place.request, name=f"Rows of {index}")
    sink = io.BytesIO()
    pq.write_table(
        pa.table({"age": [float(30 + row) for row in range(ROWS)], "note": [f"s{index}r{row}" for row in range(ROWS)]}),
        sink,
    )
    return DatasetVersion.objects.create(
        dataset=dataset, number=1, filename="rows.csv", sha256=f"{index:064x}", size_bytes=10, rows=ROWS,
        original=ContentFile(b"x", "rows.csv"), parquet=ContentFile(sink.getvalue(), "rows.parquet"), profile={},
        uploaded_by=place.people[index],
    )  # fmt: skip


def explanations(place):
    """What a finished run keeps beside its values: cut by size and by class, and the values of two sellers' rows."""
    versions = [version_of_rows(place, index) for index in (0, 1)]
    columns = {
        "organization_id": [place.sellers[index].pk for index in (0, 1) for _ in range(ROWS)],
        "version_id": [str(versions[index].pk) for index in (0, 1) for _ in range(ROWS)],
        "row": [row for _ in (0, 1) for row in range(ROWS)],
        "value": [0.002 * (row - 7) for _ in (0, 1) for row in range(ROWS)],
        "value_without_lambda": [0.001 * (row - 8) for _ in (0, 1) for row in range(ROWS)],
    }
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    values = np.array(scenario.VALUES)
    return {
        "by_size": SizeCut(
            edges=(0, 1, 2, 20, 1000),
            contributions=np.outer([0.2, 0.2, 0.5, 0.1], values),
            curve=LearningCurve(rows=[0, 1, 2, 11, 500, 1000], utilities=[0.5, 0.55, 0.6, 0.7, 0.79, 0.8]),
        ),
        "removal": Removal(best_first=[0.8, 0.55, 0.6, 0.62, 0.5], worst_first=[0.8, 0.81, 0.7, 0.65, 0.5]),
        "by_class": SegmentCut(
            column="income",
            segments=("low", "high"),
            rows=(70, 30),
            contributions=np.outer([-0.1, 1.1], values),
            standard_errors=np.full((2, 4), 0.001),
            total_standard_errors=[0.002, 0.002],
        ),
        "by_segment": (
            SegmentCut(
                column="town",
                segments=("north", "south"),
                rows=(60, 40),
                contributions=np.outer([0.75, 0.25], values),
                standard_errors=np.full((2, 4), 0.001),
                total_standard_errors=[0.002, 0.002],
            ),
        ),
        "hcdv": scenario.row_outcome(points=default_storage.save("points/test.parquet", ContentFile(sink.getvalue()))),
    }


def test_a_result_is_explained_by_size_class_and_rows(place):
    payout_round = scenario.posted(place, kept=explanations(place))

    response = browser(place.people[0]).get(reverse("payouts:result", args=[payout_round.pk]))
    text = words(response)

    assert "Half of your value was decided in mixtures of at most 20 rows out of" in text
    assert f"Your rows help where income is high (+55.00 points) and cost where it is low ({MINUS}5.00 points)" in text
    assert "15 of your 24 rows helped, 8 hurt" in text
    # Row 25 of the file is the last of 24 rows: row 1 is the header.
    assert "Row 25 1.500 age 53 note s0r23" in text
    assert f"Row 2 {MINUS}0.800 age 30 note s0r0" in text
    assert text.count("Row 1 ") == 0
    assert "s1r" not in response.content.decode()
    for step in ("Pot", "Policy", "Share", "Value", "Model"):
        assert f'<span class="chain-name">{step}</span>' in response.content.decode()


def test_a_result_without_explanations_says_so(place):
    payout_round = scenario.posted(place)
    client = browser(place.people[0])

    text = words(client.get(reverse("payouts:result", args=[payout_round.pk])))

    assert "This round valued sellers and no single rows" in text
    assert "What decided your value" not in text
    assert client.get(reverse("payouts:result_rows", args=[payout_round.pk])).status_code == 404


def test_own_row_values_are_downloaded_and_nobody_elses(place):
    payout_round = scenario.posted(place, kept=explanations(place))
    address = reverse("payouts:result_rows", args=[payout_round.pk])

    found = list(csv.DictReader(io.StringIO(browser(place.people[1]).get(address).content.decode())))

    assert len(found) == ROWS
    assert found[0] == {
        "organization": place.sellers[1].name, "dataset": "Rows of 1", "version": "1", "row": "2",
        "value": "-0.014", "value_without_lambda": "-0.008",
    }  # fmt: skip
    assert [int(row["row"]) for row in found] == list(range(2, ROWS + 2))
    strangers = (place.first, scenario.person("seller"), scenario.person("buyer", place.buyer))
    assert {browser(person).get(address).status_code for person in strangers} == {404}


def test_rows_are_not_shown_before_posting(place):
    payout_round = scenario.approved(place, kept=explanations(place))

    client = browser(place.people[0])

    assert client.get(reverse("payouts:result", args=[payout_round.pk])).status_code == 404
    assert client.get(reverse("payouts:result_rows", args=[payout_round.pk])).status_code == 404
