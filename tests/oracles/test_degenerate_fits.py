"""Whatever rows come together, no exception leaves the game, and it keeps its word."""

import pytest

from tests.oracles.degenerate_fits import METRICS, MODELS, check_fits

COALITIONS = 20
SOAK_FITS = 2_000


def _name(model):
    return "-".join(model)


@pytest.mark.parametrize("model", MODELS, ids=_name)
def test_games_of_degenerate_rows(model):
    for seed, metric in enumerate(METRICS[model[0]]):
        check_fits(*model, metric, count=8, seed=[60, seed])


@pytest.mark.soak
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("model", MODELS, ids=_name)
def test_two_thousand_fits_of_every_family_and_metric(model):
    for metric in METRICS[model[0]]:
        for seed in range(SOAK_FITS // COALITIONS):
            check_fits(*model, metric, count=COALITIONS, seed=[61, seed])
