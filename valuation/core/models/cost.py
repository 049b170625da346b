"""What one evaluation of a model costs, from its parameters alone: for sizing work before anything is trained.

What the seconds are: :mod:`~valuation.core.models.training_seconds`.
"""

from valuation.core.errors import InvalidSpecError
from valuation.core.models.families import FAMILIES
from valuation.core.models.spec import ModelSpec
from valuation.core.models.training_seconds import Seconds

# One training on all rows may take this long. Blocks hold some dozens, and a block has to end within its lease.
EVALUATION_SECONDS_MAX = 5.0


def evaluation_seconds(spec: ModelSpec, n_features: int) -> Seconds:
    """Seconds of one evaluation by the coalition's rows.

    Args:
        spec: The buyer's model.
        n_features: Encoded features of a row.

    Returns:
        A function of the number of rows.
    """
    return FAMILIES[spec.family].seconds(spec.params, n_features)


def check_affordable(spec: ModelSpec, *, n_rows: int, n_features: int) -> None:
    """Refuse a model that would keep a worker on one training for too long.

    Raises:
        InvalidSpecError: One training on all rows would take longer than ``EVALUATION_SECONDS_MAX``.
    """
    seconds = evaluation_seconds(spec, n_features)(n_rows)
    if seconds > EVALUATION_SECONDS_MAX:
        raise InvalidSpecError(
            "params",
            dict(spec.params),
            f"a quicker model: training it once on {n_rows} rows takes about {seconds:.0f} seconds, and at most "
            f"{EVALUATION_SECONDS_MAX:.0f} are allowed",
        )
