"""A small marketplace with one request, sellers who submitted, and a valuation whose result is known."""

import datetime as dt
import itertools
import json
from types import SimpleNamespace

import numpy as np
from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from marketplace.models import DataRequest, Dataset, DatasetVersion, Membership, Organization, Submission, User
from payouts.models import PayoutPolicy
from payouts.services import funding, profiles, rounds
from payouts.services.profiles import PayoutDetails
from payouts.services.rounds import ending, opening
from tests.integration.valuation.market import make_market, work_off
from valuation.documents import (
    Manifest,
    ManifestSubmission,
    Outcome,
    RowOutcome,
    RuleCovariances,
    RunSeconds,
    Seller,
)
from valuation.documents import manifest as manifest_document
from valuation.documents import outcome as outcome_document
from valuation.models import PlayerValue, ValuationRun

# Pages call sellers by their places from 1 on; a name is none of those.
NUMBERS = itertools.count(101)
VALUES = (0.5, 0.3, 0.15, 0.05)
POT_MINOR = 1_000_000


def person(role, organization=None):
    number = next(NUMBERS)
    user = User.objects.create_user(f"person{number}@example.org", "correct horse", full_name=f"Person {number}")
    organization = organization or Organization.objects.create(name=f"House {number}")
    Membership.objects.create(user=user, organization=organization, role=role)
    return user


def policy(**parameters):
    """A policy, with the gate where nothing is said: under it the scenario's values are amounts without cents."""
    return PayoutPolicy.objects.create(name=f"Policy {next(NUMBERS)}", **{"rule": "gate"} | parameters)


def payout_details(*, payee="Quayside", iban="DE89370400440532013000"):
    return PayoutDetails(
        payee_name=payee,
        street="Harbour Road",
        building_number="1",
        postcode="20457",
        town="Hamburg",
        country="DE",
        iban=iban,
    )


def iban():
    """A German account number that nobody else here has."""
    account = f"3704004405{next(NUMBERS):08d}"
    return f"DE{98 - int(f'{account}131400') % 97:02d}{account}"


def give_details(organization, by):
    return profiles.give(organization=organization, details=payout_details(payee=organization.name, iban=iban()), by=by)


def submission(request, organization, by, *, classes=None):
    number = next(NUMBERS)
    dataset = Dataset.objects.create(organization=organization, request=request, name=f"Set {number}")
    version = DatasetVersion.objects.create(
        dataset=dataset,
        number=1,
        filename="rows.csv",
        sha256=f"{number:064d}",
        size_bytes=10,
        rows=100 * number,
        original=ContentFile(b"x", "rows.csv"),
        parquet=ContentFile(b"x", "rows.parquet"),
        profile={"columns": [{"name": request.target, "counts": classes}]} if classes else {},
        uploaded_by=by,
    )
    return Submission.objects.create(
        request=request, organization=organization, dataset=dataset, version=version, submitted_by=by
    )


def market(*, sellers=4, names=None, with_details=True, classes=None, **terms):
    """A request with accepted submissions, two operators, a buyer; sellers have said where their money goes."""
    buyer = Organization.objects.create(name=f"Buyer {next(NUMBERS)}")
    request = DataRequest.objects.create(
        title="Incomes",
        buyer=buyer,
        schema={"columns": []},
        target="income",
        task="classification",
        metric="balanced_accuracy",
        currency="EUR",
        validation_file=ContentFile(b"x", "validation.csv"),
        validation_sha256="0" * 64,
        validation_rows=100,
        state=DataRequest.State.OPEN,
        opened_at=timezone.now(),
        **{"model_spec": {"family": "logistic_regression", "params": {}, "seed": 0}} | terms,
    )
    names = names or [f"Seller {next(NUMBERS)}" for _ in range(sellers)]
    organizations = [Organization.objects.create(name=name) for name in names]
    people = [person("seller", organization) for organization in organizations]
    for organization, by, counts in zip(organizations, people, classes or [None] * len(people), strict=True):
        submission(request, organization, by, classes=counts)
        if with_details:
            give_details(organization, by)
    return SimpleNamespace(
        request=request, buyer=buyer, sellers=organizations, people=people,
        first=person("operator"), second=person("operator"),
    )  # fmt: skip


def without_real_valuation(monkeypatch):
    """Start runs that are rows and not work, and leave the broker alone."""
    monkeypatch.setattr(opening.runs, "start", fake_start)
    monkeypatch.setattr(ending.runs.celery_app, "send_task", lambda *_args, **_kwargs: None)


def fake_start(
    *, request, seed, precision_target, evaluations_max, on_end_task, by, due_target=None, gated=False, copiers=()
):
    """Stands in for valuation's start: a run over whoever submitted no copies, with no work planned."""
    submissions = request.submissions.filter(state="accepted").order_by("organization_id")
    # Requests here were opened before a model said its terms, unless a test says them.
    has_terms = "free_disposal" in request.model_spec
    honest = submissions.exclude(organization__in=copiers)
    manifest = Manifest(
        format=manifest_document.FORMAT_VERSION if has_terms else manifest_document.FORMAT_VERSION - 1,
        request=str(request.pk),
        schema=request.schema,
        target=request.target,
        model=request.model_spec | {"metric": request.metric},
        validation_sha256=request.validation_sha256,
        features=(),
        sellers=tuple(
            Seller(organization_id=entry.organization_id, name=entry.organization.name, rows=entry.version.rows)
            for entry in honest
        ),
        submissions=tuple(frozen(entry, 0) for entry in honest),
        left_out_whole=tuple(
            frozen(entry, entry.version.rows) for entry in submissions.filter(organization__in=copiers)
        ),
        arrays={},
        rowwise=True,
        batched=True,
    )
    return ValuationRun.objects.create(
        request=request,
        inputs_sha256=manifest.sha256,
        manifest=manifest,
        seed=seed,
        precision_target=precision_target,
        due_relative=due_target and due_target.relative,
        due_absolute=due_target and due_target.absolute,
        gated=gated,
        evaluations_max=evaluations_max,
        on_end_task=on_end_task,
        triggered_by=by,
    )


def frozen(entry, rows_left_out):
    return ManifestSubmission(
        submission=str(entry.pk),
        organization_id=entry.organization_id,
        version=str(entry.version_id),
        sha256=entry.version.sha256,
        rows=entry.version.rows,
        rows_left_out=rows_left_out,
    )


def raw(instance, column):
    """The JSON of a column as it is stored."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column}::text FROM {instance._meta.db_table} WHERE id = %s", [instance.pk])  # noqa: S608
        return json.loads(cursor.fetchone()[0])


def put_back(instance, column, stored):
    """Store what an earlier release wrote. Only the database's owner can do this: triggers are off."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            f"UPDATE {instance._meta.db_table} SET {column} = %s WHERE id = %s",  # noqa: S608
            [json.dumps(stored), instance.pk],
        )
        cursor.execute("SET session_replication_role = DEFAULT")


def row_outcome(*, points="points/none.parquet", kinds=()):
    """What valuing the rows came to, for runs that valued none: only the file and the means by kind are made up."""
    return RowOutcome(
        points=points,
        points_sha256="0" * 64,
        method_version="hcdv/0",
        evaluations=0,
        encoder_seconds=0.0,
        encoder_refused="",
        repetitions=4,
        nodes=1,
        nodes_faded=0,
        nodes_faded_metric=0,
        depth=0,
        leaves=1,
        levels=(),
        settings={},
        kinds=kinds,
    )


def finish(run, values=VALUES, *, deviation=0.005, validation_deviation=0.01, half_width=0.0125, kept=None):
    """End a run with these FGSV values; the other rules see the sellers a little differently. Keep more, if told."""
    sellers = run.manifest.sellers
    values = np.array(values[: len(sellers)])
    ValuationRun.objects.filter(pk=run.pk).update(state="running", started_at=timezone.now())
    for rule, figures in {"fgsv": values, "gsv": values * 0.9 + 0.01, "leave_one_out": values**2}.items():
        for seller, value in zip(sellers, figures, strict=True):
            PlayerValue.objects.create(
                run=run, organization_id=seller.organization_id, rule=rule, value=value, standard_error=deviation
            )
    covariance = np.eye(values.size) * deviation**2
    validation = np.eye(values.size) * validation_deviation**2 if validation_deviation else None
    ValuationRun.objects.filter(pk=run.pk).update(
        state="finished",
        finished_at=timezone.now(),
        evaluations_spent=min(2000, run.evaluations_max),
        progress=run.progress.model_copy(update={"share_half_width": half_width}),
        outcome=Outcome(
            format=outcome_document.FORMAT_VERSION,
            covariances={
                rule: RuleCovariances(computation=covariance, validation=validation)
                for rule in ("fgsv", "gsv", "leave_one_out")
            },
            seconds=RunSeconds(evaluating=1.5),
            **{"utility_full": 0.8, "utility_empty": 0.5} | (kept or {}),
        ),
    )


def really_reviewed(request=None, **terms):
    """A round in review over a real valuation, worked off in this process, and the operator who started it."""
    request, first = request or make_market(), person("operator")
    funding.record(request=request, amount_minor=POT_MINOR, bank_reference="BUYER-1", by=first)
    draft = rounds.open_round(
        request=request,
        pot_minor=POT_MINOR,
        policy=policy(rule="clip", **terms),
        precision_target=0.2,
        evaluations_max=20_000,
        seed=7,
        by=first,
    )
    run = work_off(rounds.trigger(payout_round=draft, by=first).run)
    return rounds.conclude_valuing(run_id=str(run.pk)), first


def funded_draft(place, *, pot_minor=POT_MINOR, chosen=None, fund=None):
    funding.record(
        request=place.request,
        amount_minor=pot_minor if fund is None else fund,
        bank_reference=f"BANK-{next(NUMBERS)}",
        by=place.first,
    )
    return rounds.open_round(
        request=place.request,
        pot_minor=pot_minor,
        policy=chosen or policy(),
        precision_target=0.02,
        evaluations_max=10_000,
        seed=7,
        by=place.first,
    )


def in_review(place, **options):
    values = options.pop("values", VALUES)
    errors = {
        name: options.pop(name)
        for name in ("deviation", "validation_deviation", "half_width", "kept")
        if name in options
    }
    payout_round = rounds.trigger(payout_round=funded_draft(place, **options), by=place.first)
    finish(payout_round.run, values, **errors)
    return rounds.conclude_valuing(run_id=str(payout_round.run_id))


def approve(payout_round, by):
    return rounds.approve(
        payout_round=payout_round,
        by=by,
        mfa_at=timezone.now() - dt.timedelta(minutes=1),
        lines_sha256=payout_round.lines_sha256,
    )


def approved(place, **options):
    return approve(in_review(place, **options), place.second)


def posted(place, **options):
    return rounds.post(payout_round=approved(place, **options), by=place.first)
