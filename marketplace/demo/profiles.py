"""The five seller organisations of the demo, cut out of UCI Adult to the profiles of HCDV's table 4."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

HIGH_INCOME = ">50K"
FEMALE = "Female"

Counts = npt.NDArray[np.float64]
Labels = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Figures:
    """One row of HCDV's table 4."""

    rows: int
    high_income_percent: float
    female_percent: float
    median_age: float
    education_levels: int


@dataclass(frozen=True)
class Profile:
    """A seller of table 4 under its code in the paper and a name invented here."""

    code: str
    name: str
    target: Figures


@dataclass(frozen=True)
class Seller:
    """A profile with the rows drawn for it; ``row_numbers`` are positions in the table they were drawn from."""

    profile: Profile
    row_numbers: npt.NDArray[np.int64]
    rows: pa.Table


@dataclass(frozen=True)
class ProfileLine:
    """What a seller should look like beside what its rows are."""

    code: str
    name: str
    target: Figures
    actual: Figures
    women_with_high_income: int


TABLE_4 = (
    Profile("p1", "Larkfield Payroll Bureau", Figures(2000, 33.1, 35.4, 38, 13)),
    Profile("p2", "Quayside Digital Staffing", Figures(2100, 41.8, 48.7, 34, 14)),
    Profile("p3", "Old Mill Farm Mutual", Figures(1950, 25.6, 31.9, 42, 11)),
    Profile("p4", "Ferrybank Trades Register", Figures(2000, 30.2, 37.1, 36, 12)),
    Profile("p5", "Kestrel Employee Benefits", Figures(1950, 36.7, 43.6, 39, 13)),
)


def sample_sellers(table: pa.Table, *, seed: int) -> tuple[Seller, ...]:
    """Draw the sellers of table 4 from ``table`` without replacement, the same rows for the same seed."""
    rng = np.random.default_rng(seed)
    unused = np.ones(table.num_rows, dtype=np.bool_)
    sellers = []
    for profile in TABLE_4:
        row_numbers = _draw(table, profile, unused=unused, rng=rng)
        unused[row_numbers] = False
        sellers.append(Seller(profile, row_numbers, table.take(pa.array(row_numbers))))
    return tuple(sellers)


def profile_table(sellers: Sequence[Seller]) -> list[ProfileLine]:
    """Put the target beside what each seller's rows really are."""
    return [_profile_line(seller) for seller in sellers]


def _draw(
    table: pa.Table, profile: Profile, *, unused: npt.NDArray[np.bool_], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Draw one seller's rows: exact row count and margins of income and sex, exact median age."""
    target = profile.target
    held = _education_held(_column(table, "education"), levels=target.education_levels)
    cell = 2 * (_column(table, "income") == HIGH_INCOME) + (_column(table, "sex") == FEMALE)
    band = 1 + np.sign(table["age"].to_numpy().astype(np.int64) - round(target.median_age))
    population = np.zeros((4, 3))
    np.add.at(population, (cell[held], band[held]), 1)
    wanted = _bands(population, _cells(population.sum(axis=1), target))
    drawn = []
    for (cell_index, band_index), count in np.ndenumerate(wanted):
        candidates = np.flatnonzero(held & unused & (cell == cell_index) & (band == band_index))
        if count > len(candidates):
            raise ValueError(f"{profile.code} needs {count} rows of one kind and {len(candidates)} are left")
        drawn.append(rng.choice(candidates, size=count, replace=False))
    return np.sort(np.concatenate(drawn))


def _education_held(education: Labels, *, levels: int) -> npt.NDArray[np.bool_]:
    """Mark the rows of the commonest ``levels`` levels: who has 13 levels lacks the three rarest."""
    names, counts = np.unique(education, return_counts=True)
    return np.isin(education, names[np.argsort(-counts, kind="stable")[:levels]])


def _cells(population: Counts, target: Figures) -> npt.NDArray[np.int64]:
    """Split the rows over income x sex as [low men, low women, high men, high women], both margins exact.

    Independent margins would need 1,357 women with high income where 1,179 exist. The margins are therefore fitted to
    the population's own table, which keeps its odds ratio: women with high income stay as rare, given the margins, as
    they are.
    """
    high = _nearest(target.rows, target.high_income_percent)
    women = _nearest(target.rows, target.female_percent)
    fitted = _fitted(
        population.reshape(2, 2),
        row_totals=np.array([target.rows - high, high]),
        column_totals=np.array([target.rows - women, women]),
    )
    both = round(fitted[1, 1])
    return np.array([target.rows - high - women + both, women - both, high - both, both])


def _bands(population: Counts, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Split each cell over the ages [below, at, above] the target median so that the median is met exactly.

    As many rows lie below as above, and those at the median (2 to 3 % of all) keep their natural share. Rounding each
    cell on its own unbalances the two sides by a few rows, far fewer than lie between them.
    """
    rows = cells.sum()
    at_median = (cells * population[:, 1] / population.sum(axis=1)).sum()
    beside = (rows - at_median) / 2
    fitted = _fitted(population, row_totals=cells, column_totals=np.array([beside, at_median, beside]))
    below, above = np.rint(fitted[:, 0]).astype(np.int64), np.rint(fitted[:, 2]).astype(np.int64)
    return np.stack([below, cells - below - above, above], axis=1)


def _fitted(population: Counts, *, row_totals: npt.NDArray[np.number], column_totals: npt.NDArray[np.number]) -> Counts:
    """Scale rows and columns in turn until both totals hold: iterative proportional fitting (Deming, Stephan 1940)."""
    counts = population.astype(np.float64)
    for _ in range(200):
        counts *= (row_totals / counts.sum(axis=1))[:, np.newaxis]
        counts *= column_totals / counts.sum(axis=0)
    return counts


def _nearest(rows: int, percent: float) -> int:
    return round(rows * percent / 100)


def _column(table: pa.Table, name: str) -> Labels:
    return np.asarray(table[name].to_pylist(), dtype=np.object_)


def _profile_line(seller: Seller) -> ProfileLine:
    high = _column(seller.rows, "income") == HIGH_INCOME
    women = _column(seller.rows, "sex") == FEMALE
    actual = Figures(
        rows=seller.rows.num_rows,
        high_income_percent=100 * float(high.mean()),
        female_percent=100 * float(women.mean()),
        median_age=float(np.median(seller.rows["age"].to_numpy())),
        education_levels=len(seller.rows["education"].unique()),
    )
    profile = seller.profile
    return ProfileLine(profile.code, profile.name, profile.target, actual, int((high & women).sum()))
