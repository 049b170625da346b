"""The accounting API: who may read what, in which form, and that every refusal is a problem, never a page."""

import base64
import csv
import datetime as dt
import io
import json
import uuid
from pathlib import Path
from urllib.parse import quote, urlencode

import jsonschema
import pytest
import yaml
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone

from payouts.api.v1 import views
from payouts.models import ApiKey
from payouts.services import api_keys, rounds
from tests.integration.payouts import scenario

SCOPES = ["rounds:read", "lines:read"]


def make_key(by, scopes=SCOPES, days=30):
    return api_keys.create(
        name="ERP", client="Books Ltd", scopes=scopes, expires_at=timezone.now() + dt.timedelta(days=days), by=by
    )


@pytest.fixture
def posted(place):
    return scenario.posted(place, chosen=scenario.policy(fee_basis_points=100))


@pytest.fixture
def ask(client, place):
    _, secret = make_key(place.first)

    def ask(path, *, secret=secret, method="get", **headers):
        if secret:
            headers["Authorization"] = f"Bearer {secret}"
        return getattr(client, method)(f"/api/v1/{path}", headers=headers)

    return ask


def is_problem(response, status, code):
    assert response["Content-Type"] == "application/problem+json"
    problem = json.loads(response.content)
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["type"] == f"urn:faircut:problem:{code}"
    assert uuid.UUID(problem["request_id"])
    assert problem["instance"].startswith("/api/v1/")
    return problem


def test_posted_rounds_are_listed_newest_first(ask, posted, place):
    later = scenario.posted(scenario.market())
    scenario.in_review(scenario.market())

    listed = ask("rounds").json()

    assert [entry["id"] for entry in listed["results"]] == [str(later.pk), str(posted.pk)]
    assert listed["results"][1]["pot"] == "10000.00"
    assert listed["next"] is None


def test_the_list_is_walked_by_cursor(ask, posted, place):
    scenario.posted(scenario.market())

    first = ask("rounds?limit=1").json()
    second = ask(first["next"].partition("/api/v1/")[2]).json()

    assert len(first["results"]) == len(second["results"]) == 1
    assert second["results"][0]["id"] == str(posted.pk)


def test_a_round_shows_its_proof_and_its_audit_figures(ask, posted, django_assert_max_num_queries):
    with django_assert_max_num_queries(7):
        found = ask(f"rounds/{posted.pk}").json()

    assert found["totals"] == {
        "paid": "9900.00", "held": "0.00", "fee": "100.00", "unallocated": "0.00", "sum": "10000.00",
        "pot": "10000.00", "proved": True,
    }  # fmt: skip
    assert [rule["rule"] for rule in found["audit"]["rules"]] == ["fgsv", "gsv", "leave_one_out", "by_rows", "equal"]
    assert found["audit"]["rules"][4]["with_leave_one_out"]["pearson"] is None
    errors = {"computation": [0.005] * 4, "validation": [0.01] * 4}
    assert found["audit"]["standard_errors"] == dict.fromkeys(("fgsv", "gsv", "leave_one_out"), errors)
    precision = {name: found["audit"][name] for name in ("precision_target", "share_half_width", "precision_met")}
    assert precision == {"precision_target": 0.02, "share_half_width": 0.0125, "precision_met": True}
    assert {export["kind"]: export["sha256"] for export in found["exports"]} == dict(
        posted.exports.values_list("kind", "sha256")
    )
    assert found["policy"]["fee_basis_points"] == 100


def test_lines_csv_and_json_are_the_same_figures(ask, posted):
    listed = ask(f"rounds/{posted.pk}/lines").json()
    document = ask(f"rounds/{posted.pk}/lines.json").json()
    body = ask(f"rounds/{posted.pk}/lines.csv").content.decode()
    rows = list(csv.DictReader(io.StringIO(body, newline="")))

    assert listed["results"] == document["lines"]
    assert [row["credit"] for row in rows] == [line["credit"] for line in document["lines"]]
    assert [row["value_lower"] for row in rows[:4]] == [str(line["value_lower"]) for line in document["lines"][:4]]
    assert sum(round(float(row["credit"]) * 100) for row in rows) == 1_000_000


def test_lines_are_walked_by_cursor_without_a_gap(ask, posted):
    seen, path = [], f"rounds/{posted.pk}/lines?limit=4"
    while path:
        page = ask(path).json()
        seen += [line["number"] for line in page["results"]]
        path = page["next"] and page["next"].partition("/api/v1/")[2]

    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_csv_for_excel_starts_with_a_byte_order_mark(ask, posted):
    plain, marked = ask(f"rounds/{posted.pk}/lines.csv"), ask(f"rounds/{posted.pk}/lines.csv?bom=1")

    assert marked.content == b"\xef\xbb\xbf" + plain.content
    assert marked["ETag"] != plain["ETag"]
    assert plain["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("path", ["lines.csv", "lines.csv?bom=1", "lines.json"])
def test_an_export_is_sent_once_and_then_not_modified(ask, posted, path):
    first = ask(f"rounds/{posted.pk}/{path}")
    again = ask(f"rounds/{posted.pk}/{path}", **{"If-None-Match": first["ETag"]})
    other = ask(f"rounds/{posted.pk}/{path}", **{"If-None-Match": '"something else"'})

    assert not first["ETag"].startswith("W/")
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert (other.status_code, other.content) == (200, first.content)


def test_an_export_stays_the_same_when_the_round_is_paid(ask, posted, place):
    before = ask(f"rounds/{posted.pk}/lines.csv")

    rounds.mark_paid(payout_round=posted, bank_reference="SEPA-1", by=place.first)

    assert ask(f"rounds/{posted.pk}/lines.csv").content == before.content
    assert ask(f"rounds/{posted.pk}").json()["state"] == "paid"


@pytest.mark.parametrize("accept", ["text/csv", "*/*"])
def test_a_client_may_ask_for_csv(ask, posted, accept):
    assert ask(f"rounds/{posted.pk}/lines.csv", Accept=accept).status_code == 200


@pytest.mark.parametrize("path", ["", "/lines", "/lines.csv", "/lines.json"])
def test_a_round_that_is_not_posted_does_not_exist_here(ask, place, path):
    payout_round = scenario.approved(place)

    is_problem(ask(f"rounds/{payout_round.pk}{path}"), 404, "not_found")
    is_problem(ask(f"rounds/{uuid.uuid4()}{path}"), 404, "not_found")


@pytest.mark.parametrize("path", ["rounds", "rounds/{pk}", "rounds/{pk}/lines", "rounds/{pk}/lines.csv"])
def test_strangers_are_told_to_bring_a_key(ask, posted, path):
    path = path.format(pk=posted.pk)

    response = ask(path, secret=None)
    is_problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="Faircut"'
    is_problem(ask(path, secret="fck_00000000_" + "x" * 43), 401, "authentication_failed")
    is_problem(ask(path, secret="fck_\x00é"), 401, "authentication_failed")
    is_problem(ask(path, secret=None, Authorization="Basic eDp5"), 401, "authentication_failed")


@pytest.mark.parametrize(
    ("scopes", "path", "allowed"),
    [
        (["rounds:read"], "rounds", True),
        (["rounds:read"], "rounds/{pk}", True),
        (["rounds:read"], "rounds/{pk}/lines", False),
        (["rounds:read"], "rounds/{pk}/lines.csv", False),
        (["rounds:read"], "rounds/{pk}/lines.json", False),
        (["lines:read"], "rounds", False),
        (["lines:read"], "rounds/{pk}", False),
        (["lines:read"], "rounds/{pk}/lines", True),
        (["lines:read"], "rounds/{pk}/lines.csv", True),
        (["lines:read"], "rounds/{pk}/lines.json", True),
    ],
)
def test_a_key_reads_what_its_scopes_say(ask, posted, scopes, path, allowed):
    _, secret = make_key(posted.posted_by, scopes)

    response = ask(path.format(pk=posted.pk), secret=secret)

    if allowed:
        assert response.status_code == 200
    else:
        is_problem(response, 403, "permission_denied")


def test_expired_and_revoked_keys_are_refused(ask, place):
    _, expired = make_key(place.first, days=-1)
    key, revoked = make_key(place.first)
    assert ask("rounds", secret=revoked).status_code == 200
    api_keys.revoke(key=key, by=place.second)

    is_problem(ask("rounds", secret=expired), 401, "authentication_failed")
    is_problem(ask("rounds", secret=revoked), 401, "authentication_failed")


def test_the_use_of_a_key_is_noted_and_its_secret_is_nowhere(ask, place):
    key, secret = make_key(place.first)

    ask("rounds", secret=secret)

    key.refresh_from_db()
    assert timezone.now() - key.last_used_at < dt.timedelta(seconds=10)
    assert secret.removeprefix(f"fck_{key.prefix}_") not in json.dumps(list(ApiKey.objects.values()), default=str)


def test_a_key_with_an_unknown_scope_is_not_made(place):
    with pytest.raises(ValidationError):
        make_key(place.first, ["rounds:write"])
    with pytest.raises(ValidationError):
        make_key(place.first, [])


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_other_methods_are_problems(ask, posted, method):
    is_problem(ask("rounds", method=method), 405, "method_not_allowed")
    is_problem(ask(f"rounds/{posted.pk}/lines.csv", method=method), 405, "method_not_allowed")


@pytest.mark.parametrize("method", ["get", "post", "delete"])
@pytest.mark.parametrize("path", ["", "nothing", "rounds/", "rounds/not-a-uuid", "rounds/1/lines/extra"])
def test_other_addresses_are_problems(ask, path, method):
    is_problem(ask(path, method=method), 404, "not_found")


def test_other_formats_are_problems(ask, posted):
    is_problem(ask("rounds", Accept="application/xml"), 406, "not_acceptable")
    is_problem(ask(f"rounds/{posted.pk}/lines.csv", Accept="application/json"), 406, "not_acceptable")
    is_problem(ask("rounds?format=xml"), 404, "not_found")


@pytest.mark.parametrize("query", ["cursor=%00", "cursor=cD14", "cursor=bz0x", "cursor=cD0lMDA=", "cursor=-1"])
def test_a_cursor_that_is_not_ours_breaks_nothing(ask, posted, query):
    is_problem(ask(f"rounds/{posted.pk}/lines?{query}"), 404, "not_found")
    # DRF reads some of these as the start of the list.
    assert ask(f"rounds?{query}").status_code in {200, 404}


@pytest.mark.parametrize(
    "position",
    [
        "9999-12-31 23:59:59-23:59",
        "2026-01-01 00:00:00+15:59:59",
        "2026-01-01 00:00:00",
        "2026-01-01",
        "2026-13-01 00:00:00+00:00",
        "0000-00-00 00:00:00+00:00",
        "infinity",
    ],
)
def test_a_position_that_no_page_ended_at_never_reaches_the_database(ask, posted, position):
    cursor = base64.b64encode(urlencode({"p": position}).encode()).decode()

    is_problem(ask(f"rounds?cursor={quote(cursor)}"), 404, "not_found")
    is_problem(ask("rounds?cursor=cD05OTk5LTEyLTMxIDIzOjU5OjU5LTIzOjU5"), 404, "not_found")


def test_what_nobody_foresaw_is_a_problem_that_tells_nothing(ask, posted, monkeypatch):
    monkeypatch.setattr(views, "project", lambda _: 1 / 0)

    problem = is_problem(ask(f"rounds/{posted.pk}/lines"), 500, "internal")

    assert "division" not in json.dumps(problem)


def test_the_committed_schema_is_the_one_that_is_served(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "openapi.yaml"))

    committed = (Path(__file__).parents[3] / "docs" / "openapi.yaml").read_text()
    assert (tmp_path / "openapi.yaml").read_text() == committed, "run make schema"


def test_answers_match_the_schema(ask, posted, client):
    schema = yaml.safe_load(client.get("/api/schema/").content)

    for path, name in {"": "RoundDetail", "/lines": "PaginatedLineList", "/lines.json": "LinesDocument"}.items():
        answer = ask(f"rounds/{posted.pk}{path}").json()
        jsonschema.validate(answer, {"$ref": f"#/components/schemas/{name}", "components": schema["components"]})
    jsonschema.validate(
        ask("rounds").json(), {"$ref": "#/components/schemas/PaginatedRoundList", "components": schema["components"]}
    )
    jsonschema.validate(
        ask("rounds", secret=None).json(), {"$ref": "#/components/schemas/Problem", "components": schema["components"]}
    )
