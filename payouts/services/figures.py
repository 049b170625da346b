"""The audit figures of a round: rules side by side, inequality, agreement, cost, and the proof of the sum."""

from typing import Any

import numpy as np

from payouts.core.allocation import Allocation
from payouts.core.rules import compare_rules
from payouts.documents import AuditFigures, RuleErrors, SumProof
from payouts.documents.audit_figures import SCHEMA
from payouts.models import PayoutRound
from payouts.selectors.money.entitlements import total_validation_error
from valuation.core.games.game import FloatMatrix, FloatVector
from valuation.core.results import share_standard_errors
from valuation.core.statistics.confidence import LEVEL, normal_quantile
from valuation.models import ValuationRun
from valuation.selectors.runs import RunOutcome


def audit_figures(
    payout_round: PayoutRound, run: ValuationRun, outcome: RunOutcome, allocation: Allocation
) -> AuditFigures:
    """Collect what the audit report, the API and the console show."""
    rules = compare_rules(
        {rule: found.values for rule, found in outcome.rules.items()},
        [player.rows for player in outcome.players],
    )
    half_width = run.progress.share_half_width
    return AuditFigures(
        schema=SCHEMA,
        level=LEVEL,
        sellers=outcome.players,
        rules=rules,
        standard_errors={
            rule: RuleErrors(
                computation=_standard_errors(values.covariance) if values.covariance_known else None,
                validation=_standard_errors(values.validation_covariance),
            )
            for rule, values in outcome.rules.items()
        },
        share_half_widths={
            rule: _share_half_widths(values.values, values.covariance) if values.covariance_known else None
            for rule, values in outcome.rules.items()
        },
        utility_full=outcome.utility_full,
        utility_empty=outcome.utility_empty,
        total_validation_error=total_validation_error(outcome),
        withheld=run.finished_outcome.withheld,
        precision_target=run.precision_target,
        share_half_width=half_width,
        # A run whose budget is spent first ends without meeting it.
        precision_met=half_width is not None and half_width <= run.precision_target,
        evaluations=outcome.evaluations,
        row_evaluations=run.finished_outcome.row_evaluations,
        seconds=outcome.seconds,
        seed=payout_round.seed,
        inputs_sha256=payout_round.inputs_sha256,
        nothing_paid=allocation.nothing_paid,
        sum_proof=SumProof(
            lines_minor=sum(account.amount_minor for account in allocation.accounts),
            fee_minor=allocation.fee_minor,
            unallocated_minor=allocation.unallocated_minor,
            pot_minor=allocation.pot_minor,
        ),
    )


def _share_half_widths(values: FloatVector, covariance: FloatMatrix) -> tuple[float, ...] | None:
    """Half-widths of the computation intervals of a rule's shares; None where no value is positive."""
    errors = share_standard_errors(values, covariance)
    return tuple((normal_quantile() * errors).tolist()) if np.isfinite(errors).all() else None


def _standard_errors(covariance: np.ndarray[Any, np.dtype[np.float64]] | None) -> tuple[float, ...] | None:
    return None if covariance is None else tuple(np.sqrt(np.clip(np.diag(covariance), 0.0, None)).tolist())
