"""How far a run has come, as written after every merged wave."""

from marketplace.basics.documents import Document


class SellerProgress(Document):
    """The step of sellers' values."""

    evaluations_left: int


class RowProgress(Document):
    """The step of rows' values: levels of the slowest repetition, in all None before its tree is there."""

    # Rows were valued once before repetitions told how sure a value is.
    repetitions: int = 1
    levels: int | None
    levels_played: int
    evaluations: int
    evaluations_left: int


class Progress(Document):
    """Seconds from the start; figures from the first merged wave on; values in the order of the manifest's sellers."""

    freeze_seconds: float = 0.0
    merge_seconds: float = 0.0
    wave: int | None = None
    blocks: int | None = None
    evaluations: int | None = None
    evaluations_left: int | None = None
    values: tuple[float, ...] = ()
    standard_errors: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    share_half_width: float | None = None
    sellers: SellerProgress | None = None
    rows: RowProgress | None = None
