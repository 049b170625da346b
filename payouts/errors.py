"""What the payouts app refuses, each with a stable code; edges turn them into pages and problem+json."""

from marketplace.basics.errors import ConflictError, FaircutError, NotAllowedError


class RoundStateError(ConflictError):
    """The round is not in the state that this step starts from."""

    code = "round_state"


class PotNotFundedError(ConflictError):
    """The request's pot holds less than the round wants to pay."""

    code = "pot_not_funded"


class NothingSubmittedError(ConflictError):
    """No submission of the request is accepted."""

    code = "nothing_submitted"


class FourEyesError(NotAllowedError):
    """The person who triggered a round, or belongs to one of its sellers, wants to approve it."""

    code = "four_eyes"


class OwnersUnclearError(ConflictError):
    """Unlinked sellers share a bank account, and nobody has said that their owners differ."""

    code = "owners_unclear"


class SecondFactorError(NotAllowedError):
    """The second factor was proved too long ago, or not at all."""

    code = "second_factor"


class ChangedSinceReviewError(ConflictError):
    """Inputs or lines are not what the approver read."""

    code = "changed_since_review"


class LineHeldError(ConflictError):
    """What holds a line's money is not over."""

    code = "line_held"


class PaymentFileError(ConflictError):
    """The payments of a round cannot be written as a file for the bank now."""

    code = "payment_file"


class NaturalKeyError(ConflictError):
    """The same happening was recorded before, with other figures."""

    code = "natural_key_taken"


class AmountError(FaircutError):
    """An amount that cannot be moved: zero or negative."""

    code = "amount"


class UnbalancedError(FaircutError):
    """Figures that must sum to the pot do not; nothing was written."""

    code = "unbalanced"
    status = 500
