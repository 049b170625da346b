"""Where randomness comes from: a NumPy generator, of which every estimate takes one seed to report."""

import numpy as np

from valuation.core.errors import InvalidRngError


def require_generator(rng: object) -> None:
    """Refuse a seed where a generator is wanted.

    Raises:
        InvalidRngError: It is no generator.
    """
    if not isinstance(rng, np.random.Generator):
        raise InvalidRngError(rng)


def seed_from(rng: np.random.Generator) -> int:
    """The generator's next draw, as a seed below 2^63.

    Raises:
        InvalidRngError: It is no generator.
    """
    require_generator(rng)
    return int(rng.integers(2**63))
