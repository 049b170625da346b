"""Two hundred sellers of 50 rows drawn alike from Adult: who is paid, and do the amounts of two seeds agree?

Run from the repository root: ``python -m benchmarks.alike_sellers [EVALUATIONS]``. By default 200,000 evaluations are
spent, twice, in about four minutes on one core. What it printed last is in docs/evidence/rules-of-pay.md.
"""

import sys
import time

import numpy as np

from benchmarks.utility_speed import adult
from payouts.core.allocation import Account, allocate
from payouts.core.policy import Policy
from valuation.core import FgsvPlan, run_plan
from valuation.core.fgsv.precision import due_of_pot
from valuation.core.models import ModelSpec, make_utility
from valuation.core.models.cost import evaluation_seconds
from valuation.core.statistics.confidence import normal_quantile

SELLERS, ROWS, POT_MINOR = 200, 50, 1_000_000


def paid(game, n_features: int, budget: int, seed: int) -> tuple[np.ndarray, str]:
    """Amounts under the standard policy, and a line about them."""
    started = time.process_time()
    plan = FgsvPlan(
        (ROWS,) * SELLERS,
        budget,
        target=0.02,
        due_target=due_of_pot(POT_MINOR),
        rowwise=True,
        cost=evaluation_seconds(game.spec, n_features),
    )
    groups = np.array_split(np.arange(SELLERS * ROWS), SELLERS)
    found = plan.estimate(run_plan(plan, game, groups, seed))
    computation, validation = (
        np.sqrt(np.diag(covariance)) for covariance in (found.covariance, found.validation_covariance)
    )
    names = [f"{number:03}" for number in range(SELLERS)]
    errors = np.hypot(computation, validation).tolist()
    allocation = allocate(
        [Account(name, name, value, ROWS) for name, value in zip(names, found.values.tolist(), strict=True)],
        owner_errors=dict(zip(names, errors, strict=True)),
        pot_minor=POT_MINOR,
        policy=Policy(),
        salt="alike",
    )
    amounts = np.array([account.amount_minor for account in allocation.accounts])
    above, mean = found.values > normal_quantile() * validation, found.values.mean()
    return amounts, (
        f"{found.evaluations:>11,} {time.process_time() - started:>7.0f} {computation.mean() / mean:>12.2f}"
        f" {validation.mean() / mean:>11.2f} {(amounts > 0).sum():>5} {above.sum():>6}"
        f" {(amounts[above] > 0).sum():>9} {amounts.max() / POT_MINOR:>8.2%}"
    )


def main() -> None:
    X, y, X_valid, y_valid = adult()
    drawn = np.random.default_rng(3).permutation(len(X))[: SELLERS * ROWS]
    spec = ModelSpec("logistic_regression", metric="balanced_accuracy")
    game = make_utility(spec, X[drawn], y[drawn], X_valid, y_valid)
    budget = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    print("evaluations   CPU s  computation  validation  paid  above  of those   largest")
    runs = []
    for seed in (1, 2):
        amounts, line = paid(game, X.shape[1], budget, seed)
        print(line, flush=True)
        runs.append(amounts)
    print(f"Amounts of the two seeds correlate by {np.corrcoef(runs)[0, 1]:.2f}")


if __name__ == "__main__":
    main()
