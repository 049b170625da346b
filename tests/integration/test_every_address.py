"""Every address of the site, asked by everybody: nothing breaks, and nobody sees what belongs to somebody else."""

import io
import re
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from marketplace.models import CopyFinding, Membership, Organization, Role
from payouts.models import PayoutPolicy
from payouts.services import funding, rounds
from tests.factories.accounts import make_member, make_organization, organization_of
from tests.factories.datasets import make_draft, make_submission, make_version
from tests.factories.requests import make_request
from tests.integration.valuation.market import SCHEMA, csv_of, table, work_off

pytestmark = pytest.mark.django_db

SECRET_SELLER = "Zanzibar Pepper Cooperative"
SECRET_DATASET = "Peppercorn ledger"


@pytest.fixture
def place():
    """A posted round in which a seller with memorable names earned something, and people who are not that seller."""
    buyer = make_member(Role.BUYER)
    request = make_request(schema=SCHEMA, buyer=organization_of(buyer), validation_file=validation())
    victim = make_member(Role.SELLER, organization=make_organization(name=SECRET_SELLER), full_name="Pepper Person")
    rival = make_member(Role.SELLER, organization=make_organization(name="Rival"))
    submission = make_submission(request=request, seller=victim, name=SECRET_DATASET, data=csv_of(table(40, seed=1)))
    draft = make_draft(request=request, seller=victim, name=SECRET_DATASET, data=csv_of(table(20, seed=3)))
    rivals = make_submission(request=request, seller=rival, name="Own rows", data=csv_of(table(30, seed=2)))
    first, second = make_member(Role.OPERATOR), make_member(Role.OPERATOR)
    payout_round = post_a_round(request, first=first, second=second)
    finding = CopyFinding.objects.create(
        request=request, first=submission.version, second=rivals.version, kind="exact", rows_matched=1,
        expected_by_chance=0.0, log10_p_value=-7.0, pairs=[[0, 0]],
    )  # fmt: skip
    return SimpleNamespace(
        objects={
            "requests": request.pk, "rounds": payout_round.pk, "results": payout_round.pk,
            "datasets": submission.version_id, "uploads": draft.pk, "keys": 1, "copies": finding.pk,
            "organisations": organization_of(victim).pk,
            "lines": payout_round.lines.get(organization=organization_of(victim)).pk,
            "owners": organization_of(victim).pk,
            "statements": payout_round.lines.get(organization=organization_of(victim)).pk,
        },
        people={
            "stranger": None,
            "newcomer": make_member(Role.SELLER),
            "rival": rival,
            "buyer": buyer,
            "other buyer": make_member(Role.BUYER),
            "victim": victim,
            "operator": first,
        },
        amount=payout_round.lines.get(organization=organization_of(victim)).amount_minor,
    )  # fmt: skip


def validation():
    sink = io.BytesIO()
    pq.write_table(table(200, seed=99), sink)
    return SimpleUploadedFile("validation.parquet", sink.getvalue())


def post_a_round(request, *, first, second):
    policy = PayoutPolicy.objects.create(name="Everything positive", rule="clip")
    funding.record(request=request, amount_minor=1_234_567, bank_reference="BANK-1", by=first)
    draft = rounds.open_round(
        request=request,
        pot_minor=1_234_567,
        policy=policy,
        precision_target=0.4,
        evaluations_max=20_000,
        seed=1,
        by=first,
    )
    valuing = rounds.trigger(payout_round=draft, by=first)
    work_off(valuing.run)
    reviewed = rounds.conclude_valuing(run_id=str(valuing.run_id))
    rounds.approve(payout_round=reviewed, by=second, mfa_at=timezone.now(), lines_sha256=reviewed.lines_sha256)
    return rounds.post(payout_round=reviewed, by=second)


def addresses(objects):
    """Every address that the resolver knows, with the victim's objects where it asks for one."""
    found = set()
    for route in routes(get_resolver().url_patterns):
        head = route.split("/")[0]
        route = route.replace("<int:place>", "0")  # noqa: PLW2901 - the place of a column, not somebody's object
        path = re.sub(r"<(?:uuid|int):\w+>", lambda _, head=head: str(objects.get(head, objects["rounds"])), route)
        path = re.sub(r"<[^>]+>", "x", path)
        found.add("/" + path)
    found.add(f"/copies/together/?finding={objects['copies']}")  # of no finding it is a way back to the list
    return sorted(found)


def routes(patterns, prefix=""):
    for entry in patterns:
        route = getattr(entry.pattern, "_route", None)
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, prefix + (route or ""))
        elif isinstance(entry, URLPattern):
            yield prefix + (route if route is not None else "unknown")


WHO_MAY_SEE_THE_VICTIM = {"victim", "operator"}


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_sees_what_is_not_theirs_and_nothing_breaks(client, place, method):
    known = addresses(place.objects)
    assert len(known) > 40, "the walk lost sight of the resolver"
    secrets = (SECRET_SELLER, SECRET_DATASET, "Pepper Person", f"{place.amount / 100:.2f}")
    for name, person in place.people.items():
        for address in known:
            client.logout()
            if person is not None:
                client.force_login(person)
            response = getattr(client, method)(address)
            seen = text_of(response)
            assert response.status_code < 500, f"{method} {address} as {name} broke"
            shown = [secret for secret in secrets if without_spaces(secret) in without_spaces(seen)]
            assert not shown or name in WHO_MAY_SEE_THE_VICTIM, f"{method} {address} shows {shown} to the {name}"


def test_the_walk_would_notice(client, place):
    client.force_login(place.people["operator"])

    seen = without_spaces(text_of(client.get(f"/rounds/{place.objects['rounds']}/")))

    assert without_spaces(SECRET_SELLER) in seen
    assert f"{place.amount / 100:.2f}" in seen


def test_a_stranger_is_led_to_sign_in_or_refused_everywhere(client, place):
    # An invitation's link is the right to read it: a new colleague has no account yet.
    public = ("/accounts/", "/healthz", "/readyz", "/api/schema/", "/invitations/")
    for address in addresses(place.objects):
        response = client.get(address)
        if address == "/" or address.startswith(public):
            continue
        assert response.status_code in {302, 401, 404, 405}, address
        if response.status_code == 302:
            assert response["Location"].startswith("/accounts/login/"), address


def test_head_is_answered_as_get_is(client, place):
    client.force_login(place.people["victim"])

    for address in addresses(place.objects):
        if (got := client.get(address).status_code) == 200:
            assert client.head(address).status_code == got, address


def test_own_result_and_own_rows_are_there(client, place):
    client.force_login(place.people["victim"])

    result = text_of(client.get(f"/results/{place.objects['rounds']}/"))
    version = text_of(client.get(f"/datasets/{place.objects['datasets']}/"))
    statement = text_of(client.get(f"/statements/{place.objects['statements']}/"))

    assert SECRET_DATASET in version
    assert f"{place.amount / 100:.2f}" in without_spaces(statement)
    assert f"{place.amount / 100:.2f}" in without_spaces(result)


def test_a_seller_cannot_act_on_anothers_submission(client, place):
    version = place.objects["datasets"]
    for name in ("rival", "newcomer", "buyer", "operator"):
        client.force_login(place.people[name])
        for step in ("submit", "withdraw"):
            assert client.post(f"/datasets/{version}/{step}/").status_code in {403, 404}, (name, step)


def test_a_seller_cannot_act_on_anothers_upload(client, place):
    draft = place.objects["uploads"]
    for name in ("rival", "newcomer", "buyer", "operator"):
        client.force_login(place.people[name])
        for step in ("submit", "discard", "relax"):
            assert client.post(f"/uploads/{draft}/{step}/").status_code in {403, 404}, (name, step)


def test_a_person_of_two_houses_sees_both_and_no_more(client, place):
    both = place.people["rival"]
    mine = make_version(request=make_request(), seller=make_member(Role.SELLER), name="Third house rows")
    Membership.objects.create(user=both, organization=mine.dataset.organization, role=Role.SELLER)
    client.force_login(both)

    home = text_of(client.get("/"))

    assert "Third house rows" in home
    assert SECRET_DATASET not in home
    assert Organization.objects.filter(name=SECRET_SELLER).exists()


def without_spaces(text):
    """Pages write 1 234.56 with a thin space, exports 1234.56."""
    return re.sub(r"[\s,]", "", text)


def text_of(response):
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode(errors="replace")
