"""A run whose buyer has rows already: frozen with the others, in every coalition, proved to be those committed."""

import numpy as np
import pytest
from django.db import transaction

from tests.integration.valuation.market import base_fields, make_market, start_run, table, work_off
from valuation.core.models import ModelSpec, make_utility
from valuation.core.models.features import FeatureEncoder
from valuation.core.runner import run_plan
from valuation.documents import Manifest
from valuation.selectors import runs as selectors
from valuation.services import attacks, inputs
from valuation.services.run_plans import evaluation_cost, plan_of

pytestmark = pytest.mark.django_db

BASE = table(25, seed=50)


@pytest.fixture
def request_():
    return make_market(sizes=(5, 10, 20), **base_fields(BASE))


def columns(rows):
    return {name: rows.column(name).to_numpy(zero_copy_only=False) for name in rows.column_names}


def test_a_run_over_own_rows_gives_the_bits_of_a_library_call(request_):
    run = work_off(start_run(request_))

    manifest, frozen = run.manifest, inputs.load(run)
    spec = ModelSpec.from_json({**request_.model_spec, "metric": request_.metric})
    validation = columns(table(200, seed=99))
    encoder = FeatureEncoder.fit(request_.schema, request_.target, validation, clip_numbers=spec.clip_numbers)
    base = encoder.encode(columns(BASE)).values, encoder.encode_target(columns(BASE))
    rows = frozen.rows
    game = make_utility(spec, rows.X, rows.y, rows.X_valid, rows.y_valid, X_base=base[0], y_base=base[1])
    plan = plan_of(run)
    state = run_plan(plan, game, frozen.groups, run.seed, rows=rows)
    expected = plan.first.estimates(plan.first_state(state), run.seed)["fgsv"].values
    outcome = selectors.outcome(run)
    np.testing.assert_array_equal(outcome.rules["fgsv"].values, expected)
    assert outcome.utility_empty == float(game(np.zeros((1, game.n_players), dtype=np.bool_))[0])
    # A model of the 25 rows is better than a constant answer, and the sellers share what is above it.
    assert outcome.utility_empty > 0.6
    assert outcome.rules["fgsv"].values.sum() == pytest.approx(outcome.utility_full - outcome.utility_empty, abs=1e-12)
    assert (manifest.base_rows, manifest.base_sha256) == (25, request_.base_sha256)
    assert [player.rows for player in outcome.players] == [5, 10, 20]


def test_manifests_without_own_rows_say_nothing_of_them():
    stored = inputs.freeze(request=make_market()).to_json()

    assert not [name for name in (*stored, *stored["arrays"]) if "base" in name]


def test_an_evaluation_costs_the_own_rows_too(request_):
    manifest = inputs.freeze(request=request_)
    without = Manifest.from_json({name: value for name, value in manifest.to_json().items() if name != "base_rows"})

    assert evaluation_cost(manifest)(10) == evaluation_cost(without)(35)


def test_own_rows_that_are_not_those_committed_are_refused(request_):
    with request_.base_file.open("ab") as stream:
        stream.write(b"one byte more")

    with pytest.raises(inputs.InputsChangedError, match="own rows are not those whose hash"), transaction.atomic():
        start_run(request_)


def test_an_attack_plays_the_game_of_the_run():
    run = work_off(start_run(make_market(sizes=(3, 6), **base_fields(BASE))))

    attacked = attacks.copier(run=run, victim=0).game

    assert attacked.n_players == 9 + 3
    assert attacked(np.zeros((1, 12), dtype=np.bool_)).tolist() == [selectors.outcome(run).utility_empty]


def test_rows_that_the_buyer_has_already_add_next_to_nothing():
    submitted = table(40, seed=0)
    gains = {}
    for case, fields in {"own": base_fields(submitted), "none": {}}.items():
        run = start_run(make_market(sizes=(40,), **fields))
        empty, full = inputs.load(run).game(np.stack([np.zeros(40, dtype=np.bool_), np.ones(40, dtype=np.bool_)]))
        gains[case] = full - empty

    assert abs(gains["own"]) < 0.02
    assert gains["none"] > 0.1
