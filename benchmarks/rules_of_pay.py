"""Rules that turn noisy values into pay: honest spread, worthless accounts, splits and mergers. No model is trained.

Run from the repository root: ``python -m benchmarks.rules_of_pay``. It takes about twenty seconds on one core. What it
printed last is in docs/evidence/rules-of-pay.md.

A world has honest sellers of 50 rows. A row is worth .784 + .9 where its class is the rare one (about a quarter) + .3
times a score + the seller's quality + noise: 1 on average. A seller's value is known to about z standard errors of an
ordinary seller; errors are those of sums of rows, and all values sum to what is shared. Worthless accounts have 50
rows that cost .05 each on average.
"""

import time

import numpy as np

from payouts.core.chances import PRIOR, Kinds, fit
from payouts.core.policy import SIGNIFICANT

ROWS, BIG = 50, 1_000
RARE, QUALITY_SD, WORTHLESS = 0.24, 0.15, -0.05
WEAK = (2, 2.5, 3, 4, 5)
# Paid less than this part of a fair pay is as good as nothing.
NOTHING = 0.02
# Null, like and unlike owners that are counted beside those that are there.
PRIORS = {
    "½ : 1 : ½": PRIOR,
    "½ : 1 : .1": Kinds(0.5, 1.0, 0.1),
    "½ : 2 : .1": Kinds(0.5, 2.0, 0.1),
    "1 : 1 : .1": Kinds(1.0, 1.0, 0.1),
    "1 : 4 : .2": Kinds(1.0, 4.0, 0.2),
    "2 : 8 : .4": Kinds(2.0, 8.0, 0.4),
    "1 : 19 : .8": Kinds(1.0, 19.0, 0.8),
}


class Sellers:
    """Sellers of as many rows each in every world: what they are truly worth, and the error of what was measured."""

    def __init__(self, worth, rows, rng):
        self.worth, self.rows = worth, np.full(worth.shape[1], rows)
        self.error = np.sqrt(rows) * rng.standard_normal(worth.shape)

    def joined(self):
        """The same rows in one account."""
        whole = Sellers.__new__(Sellers)
        whole.worth, whole.error = (each.sum(axis=1, keepdims=True) for each in (self.worth, self.error))
        whole.rows = np.array([self.rows.sum()])
        return whole


def honest(rng, worlds, count):
    rare = rng.binomial(ROWS, rng.beta(20 * RARE, 20 * (1 - RARE), (worlds, count))) / ROWS
    score = 0.5 * rng.standard_normal((worlds, count)) + rng.standard_normal((worlds, count)) / np.sqrt(ROWS)
    quality = QUALITY_SD * rng.standard_normal((worlds, count))
    noise = np.sqrt(ROWS) * rng.standard_normal((worlds, count))
    return Sellers(ROWS * (0.784 + 0.9 * rare + 0.3 * score + quality) + noise, ROWS, rng)


def one_seller(rng, worlds):
    """One honest seller of 1,000 rows, dealt at random to accounts of 50."""
    quality = 0.784 + 0.9 * RARE + QUALITY_SD * rng.standard_normal((worlds, 1))
    worth = ROWS * quality + np.sqrt(ROWS) * rng.standard_normal((worlds, BIG // ROWS))
    return Sellers(worth, ROWS, rng)


def worthless(rng, worlds, count, rows=ROWS):
    return Sellers(WORTHLESS * rows + 0.3 * np.sqrt(rows) * rng.standard_normal((worlds, count)), rows, rng)


def clip(values, _errors, _rows):
    return np.maximum(values, 0.0)


def gate(values, errors, _rows):
    return np.where(values > SIGNIFICANT * errors, values, 0.0)


def chance(values, errors, rows, prior=PRIOR):
    return fit(values, errors, rows, prior=prior).chances(values) * np.maximum(values, 0.0)


def shares(rule, z, *groups):
    """Shares by a rule, and fair ones by what everybody is truly worth: each ``(worlds, sellers)``."""
    worth, error = (np.concatenate([getattr(group, name) for group in groups], axis=1) for name in ("worth", "error"))
    rows = np.concatenate([group.rows for group in groups])
    error = error - rows / rows.sum() * error.sum(axis=1, keepdims=True)
    one = np.sqrt(ROWS) / z
    paid = rule(worth + one * error, one * np.sqrt(rows), rows)
    fair = np.maximum(worth, 0.0)
    return paid / np.maximum(paid.sum(axis=1, keepdims=True), 1e-12), fair / fair.sum(axis=1, keepdims=True)


def honest_alone(rule, z, sellers):
    """Spread, part of them with nothing, and pay over fair pay of the quarter worth least."""
    paid, fair = shares(rule, z, sellers)
    least = sellers.worth < np.quantile(sellers.worth, 0.25)
    spread = (paid - fair).std() / fair.mean()
    return spread, (paid <= NOTHING * fair.mean()).mean(), paid[least].sum() / fair[least].sum()


def beside(rule, z, sellers, others):
    """What each of the others gets of an honest pay, and all of them together."""
    count = sellers.worth.shape[1]
    paid, _ = shares(rule, z, sellers, others)
    ordinary = paid[:, :count].mean()
    return paid[:, count:].mean() / ordinary, paid[:, count:].sum(axis=1).mean() / ordinary


def split(rule, z, sellers, pieces):
    """What a seller of 1,000 rows gains by splitting into accounts of 50, and its pay in one account by a fair one."""
    count = sellers.worth.shape[1]
    one, fair = shares(rule, z, sellers, pieces.joined())
    many, _ = shares(rule, z, sellers, pieces)
    joined = one[:, count:].sum()
    return many[:, count:].sum() / joined - 1, joined / fair[:, count:].sum()


def table_of_200(worlds=80):
    rng = np.random.default_rng(7)
    sellers, few, many = honest(rng, worlds, 200), worthless(rng, worlds, 20), worthless(rng, worlds, 2_000)
    pieces, null = one_seller(rng, worlds), worthless(rng, worlds, 1, BIG)
    print("200 honest sellers")
    print("rule    z  spread  nothing  poorest  split   merged  20 nulls  null of 1,000  loot of 2,000")
    for name, rule in (("clip", clip), ("gate", gate), ("chance", chance)):
        for z in (3, 6):
            spread, nothing, poorest = honest_alone(rule, z, sellers)
            gained, merged = split(rule, z, sellers, pieces)
            print(
                f"{name:6s}  {z}   {spread:5.2f}   {nothing:5.1%}    {poorest:5.2f}  {gained:+6.1%}   {merged:5.2f}"
                f"     {beside(rule, z, sellers, few)[0]:5.2f}          {beside(rule, z, sellers, null)[0]:5.2f}"
                f"          {beside(rule, z, sellers, many)[1]:6.1f}",
                flush=True,
            )


def table_of_few(count, worlds=500):
    rng = np.random.default_rng(8)
    sellers, pieces = honest(rng, worlds, count), one_seller(rng, worlds)
    nulls = {many: worthless(rng, min(worlds, 25_000 // many), many) for many in (1, 5, 20, 50, 500)}
    rules = {"clip": clip, "gate": gate}
    rules |= {
        f"chance, prior {name}": lambda *known, prior=prior: chance(*known, prior=prior)
        for name, prior in PRIORS.items()
    }
    print(f"\n{count} honest sellers; loot of so many worthless accounts, in honest pays")
    print(f"{'rule':26s} z  spread  nothing  poorest  split   merged  " + "".join(f"{many:>8}" for many in nulls))
    for name, rule in rules.items():
        for z in (3, 6):
            spread, nothing, poorest = honest_alone(rule, z, sellers)
            gained, merged = split(rule, z, sellers, pieces)
            loot = [beside(rule, z, first(sellers, len(group.worth)), group)[1] for group in nulls.values()]
            print(
                f"{name:26s} {z}   {spread:5.2f}   {nothing:5.1%}    {poorest:5.2f}  {gained:+6.1%}   {merged:5.2f}  "
                + "".join(f"{each:8.2f}" for each in loot),
                flush=True,
            )


def table_of_one_weak():
    """One seller worth a few errors beside twelve worth twenty, and worthless accounts: its chance."""
    rng = np.random.default_rng(9)
    print("\nchance of one weak seller beside 12 whose rows are worth 20 errors each, and so many worthless accounts")
    print(f"{'rule':26s} nulls" + "".join(f" {z:4}" for z in WEAK))
    for name, prior in PRIORS.items():
        for nulls in (0, 3, 20):
            chances = []
            for z in WEAK:
                strong, worthless_ones = rng.normal(20, 1.5, (200, 12)), rng.standard_normal((200, nulls))
                values = np.concatenate([strong, worthless_ones, np.full((200, 1), z)], axis=1)
                known = np.ones(values.shape[1])
                chances.append(fit(values, known, known, prior=prior).chances(values)[:, -1].mean())
            print(f"chance, prior {name:12s} {nulls:5d}" + "".join(f" {each:4.2f}" for each in chances), flush=True)


def first(sellers, worlds):
    """The same sellers in the first worlds only."""
    few = Sellers.__new__(Sellers)
    few.worth, few.error, few.rows = sellers.worth[:worlds], sellers.error[:worlds], sellers.rows
    return few


if __name__ == "__main__":
    began = time.perf_counter()
    table_of_200()
    table_of_few(12)
    table_of_few(4)
    table_of_one_weak()
    print(f"\n{time.perf_counter() - began:.0f} seconds")
