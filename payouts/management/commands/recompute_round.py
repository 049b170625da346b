"""Compute a round's values anew from its frozen inputs, in this process, and compare them bit for bit."""

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from payouts.models import PayoutRound
from payouts.services.recomputing import recompute


class Command(BaseCommand):
    help = (
        "Value a round's frozen inputs once more in this process, and compare values and amounts with what is stored, "
        "to the last bit. Nothing is changed; the exit status is 1 where anything differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("round_id", type=uuid.UUID)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            payout_round = PayoutRound.objects.select_related("run").get(pk=options["round_id"])
        except (PayoutRound.DoesNotExist, ValidationError):
            raise CommandError(f"There is no round {options['round_id']}.") from None
        if payout_round.run is None or not payout_round.lines_sha256:
            raise CommandError(f"Round {payout_round.pk} is {payout_round.state}: there is no result to compare with.")
        found = recompute(payout_round=payout_round)
        for check in found.checks:
            self.stdout.write(f"{'same     ' if check.is_same else 'DIFFERENT'}  {check.what}")
            for line in check.differences:
                self.stdout.write(f"           {line}")
        if found.release:
            self.stdout.write(f"not run    values: {found.release} computed them, and only the release of that tag can")
        spent = f"{found.evaluations:,} evaluations for sellers' values in {found.seconds:.1f} s"
        self.stdout.write(f"{spent}, seed {payout_round.seed}")
        if not found.is_same:
            raise CommandError("The round is not what its inputs give on this machine.")
