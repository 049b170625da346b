"""Snapshots of a posted round for accounting, written once."""

import hashlib

from payouts.models import Export, PayoutRound
from payouts.selectors.money.projection import project
from payouts.selectors.money.renderings import to_csv, to_json


def write(*, payout_round: PayoutRound) -> list[Export]:
    """Store the round's CSV and JSON in the caller's transaction.

    Raises:
        UnbalancedError: The rows do not sum to the pot; nothing is written.
    """
    projection = project(payout_round).prove()
    bodies = ((Export.Kind.CSV, to_csv(projection)), (Export.Kind.JSON, to_json(projection)))
    return Export.objects.bulk_create(
        Export(
            round=payout_round,
            kind=kind,
            schema=projection.schema,
            body=body,
            sha256=hashlib.sha256(body).hexdigest(),
        )
        for kind, body in bodies
    )
