"""The audit figures of a round: rules side by side, inequality, agreement, cost, and the proof of the sum."""

from dataclasses import asdict
from typing import Any

import numpy as np

from payouts.core.allocation import Allocation
from payouts.core.intervals import LEVEL
from payouts.core.rules import compare_rules
from payouts.models import PayoutRound
from payouts.selectors.entitlements import total_validation_error
from valuation.core.games import FloatMatrix, FloatVector
from valuation.core.results import normal_quantile, share_standard_errors
from valuation.models import ValuationRun
from valuation.selectors.runs import RunOutcome

SCHEMA = "audit_figures.v1"


def audit_figures(
    payout_round: PayoutRound, run: ValuationRun, outcome: RunOutcome, allocation: Allocation
) -> dict[str, Any]:
    """Collect what the audit report, the API and the console show; plain JSON types only."""
    rules = compare_rules(
        {rule: found.values for rule, found in outcome.rules.items()},
        [player.rows for player in outcome.players],
    )
    return {
        "schema": SCHEMA,
        "level": LEVEL,
        "sellers": [
            {"organization_id": player.organization_id, "name": player.name, "rows": player.rows}
            for player in outcome.players
        ],
        "rules": [asdict(rule) | {"lorenz": [list(point) for point in rule.lorenz]} for rule in rules],
        "standard_errors": {
            rule: {
                "computation": _standard_errors(values.covariance) if values.covariance_known else None,
                "validation": _standard_errors(values.validation_covariance),
            }
            for rule, values in outcome.rules.items()
        },
        "share_half_widths": {
            rule: _share_half_widths(values.values, values.covariance) if values.covariance_known else None
            for rule, values in outcome.rules.items()
        },
        "utility_full": outcome.utility_full,
        "utility_empty": outcome.utility_empty,
        "total_validation_error": total_validation_error(outcome),
        **_precision(run),
        "evaluations": outcome.evaluations,
        "row_evaluations": (run.outcome or {}).get("hcdv", {}).get("evaluations", 0),
        "seconds": dict(outcome.seconds),
        "seed": payout_round.seed,
        "inputs_sha256": payout_round.inputs_sha256,
        "nothing_paid": allocation.nothing_paid,
        "sum_proof": {
            "lines_minor": sum(account.amount_minor for account in allocation.accounts),
            "fee_minor": allocation.fee_minor,
            "unallocated_minor": allocation.unallocated_minor,
            "pot_minor": allocation.pot_minor,
        },
    }


def _precision(run: ValuationRun) -> dict[str, Any]:
    """What was asked for and what was reached; a run whose budget is spent first ends without meeting it."""
    half_width = run.progress.get("share_half_width")
    return {
        "precision_target": run.precision_target,
        "share_half_width": half_width,
        "precision_met": half_width is not None and half_width <= run.precision_target,
    }


def _share_half_widths(values: FloatVector, covariance: FloatMatrix) -> list[float] | None:
    """Half-widths of the computation intervals of a rule's shares; None where no value is positive."""
    errors = share_standard_errors(values, covariance)
    return [float(half) for half in normal_quantile(LEVEL) * errors] if np.isfinite(errors).all() else None


def _standard_errors(covariance: np.ndarray[Any, np.dtype[np.float64]] | None) -> list[float] | None:
    return None if covariance is None else [float(root) for root in np.sqrt(np.clip(np.diag(covariance), 0.0, None))]
