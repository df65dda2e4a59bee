"""Where the refuter looks: numbers that break wrong inequalities, as columns of a matrix.

A row is one variable or one member of a family, a column is one point. Values are simple (1, 1/2, 101/100), spread over many
orders of magnitude, close to 1, equal to each other, and, for naturals, on a ladder to 10^4. Everything is drawn from
generators with fixed seeds: the same claim meets the same points every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import numpy as np

Array = Any
SIMPLE = tuple(float(Fraction(q)) for q in (
    "1", "1/2", "2", "3/2", "1/10", "10", "1/3", "3", "99/100", "101/100", "9/10", "11/10", "1/100", "100", "1/4", "4", "1/1000",
    "1000", "999/1000", "1001/1000", "5", "1/5", "2/3", "4/5", "5/4", "3/5", "5/13", "1/1000000", "1000000", "7", "20"))
NATURALS = (1, 2, 3, 0, 4, 5, 6, 8, 10, 7, 9, 16, 30, 12, 20, 25, 64, 100, 1000, 50, 300, 10_000)
MANY = 1_000_000
DEEP = (1, 2, 3, 0, 4, 5, 6, 8, 10, 16, 30, 100, 1000, 10_000)  # depths that cost little
LONG = (1, 2, 3, 0, 4, 5, 6, 8, 10, 12, 16, 24, 40, 64, 128, 1000)  # lengths of sums and families
FAR_OUT = (10_000, 100_000, 10**6, 10**9, 10**15)  # lengths of sums whose terms are alike
MAX_COMBINATIONS = 60


class Row(NamedTuple):
    """A variable, or the member number ``member`` (from 1) of a family; ``kind`` is that of its sort."""

    name: str
    member: int
    kind: str


def combinations(names: Mapping[str, Sequence[int]]) -> Iterator[dict[str, int]]:
    """Values of several integers from their ladders, small ones first."""
    ladders = list(names.values())
    if len(ladders) == 1:
        yield from ({next(iter(names)): n} for n in ladders[0])
        return
    short = {0: 1, 2: 8, 3: 5}.get(len(ladders), 3)
    ranks = sorted(product(*(range(min(short, len(x))) for x in ladders)), key=lambda r: (max(r, default=0), sum(r)))
    for rank in ranks[:MAX_COMBINATIONS]:
        yield {n: x[r] for (n, x), r in zip(names.items(), rank, strict=True)}
    for k in range(short, max(map(len, ladders), default=0)):  # far out: all of the same size, and one far, the others small
        yield {n: x[min(k, len(x) - 1)] for n, x in names.items()}
        for far in names:
            yield {n: x[min(k, len(x) - 1)] if n == far else x[1] for n, x in names.items()}


def sample(rows: Sequence[Row], count: int, seed: int) -> Array:
    """About ``count`` columns for the rows; the simplest come first."""
    d = len(rows)
    if not d:
        return np.zeros((0, 1), dtype=np.longdouble)
    rng = np.random.default_rng([d, count, seed])
    simple = np.array(SIMPLE)
    parts: list[Array] = []
    if seed == 0:
        few = simple[:14]
        parts.append(np.tile(simple, (d, 1)))
        for r in range(min(d, 6)):
            part = np.ones((d, len(few)))
            part[r] = few
            parts.append(part)
        if d == 2 and count >= 200:
            parts.append(np.array(np.meshgrid(simple[:16], simple[:16])).reshape(2, -1))
    used = sum(p.shape[1] for p in parts)
    rest = max(count - used, 40)
    a, b, c = rest // 3, rest // 3, rest - 2 * (rest // 3)
    parts.append(rng.choice(simple, (d, a)))
    parts.append(10 ** (rng.uniform(-1, 1, (d, b)) * rng.choice([0.3, 1.0, 2.0, 6.0], b)))
    parts.append(1 + rng.choice([-1, 1], (d, c)) * rng.choice([0.3, 1.0, 0.0], (d, c)) * 10.0 ** -rng.integers(1, 6, c))
    x = np.concatenate(parts, axis=1)
    n = x.shape[1]
    first: dict[str, int] = {}
    equal: Array = rng.random(n) < 0.4  # families of equal members
    equal[:used] = False
    for r, row in enumerate(rows):
        if row.member:
            k = first.setdefault(row.name, r)
            x[r, equal] = x[k, equal]
    for _ in range(2 if d > 1 else 0):  # two equal rows
        i, j = rng.choice(d, 2, replace=False)
        where: Array = rng.random(n) < 0.15
        where[:used] = False
        x[i, where] = x[j, where]
    for r, row in enumerate(rows):
        if row.kind in ("natural", "integer"):
            whole = np.array(NATURALS, dtype=float)
            small = rng.integers(0, 12, n).astype(float)
            x[r] = np.where(rng.random(n) < 0.5, small, rng.choice(whole, n))
            spread = min(n, len(whole)) if seed == 0 else 0
            x[r, :spread] = whole[:spread]
            if d == 1 and seed == 0 and n > len(whole) + 1:
                x[r, spread] = MANY
        if row.kind == "nonnegative":
            x[r, rng.random(n) < 0.08] = 0
        if row.kind in ("real", "integer"):
            x[r] *= rng.choice([-1, 1], n)
            x[r, rng.random(n) < 0.05] = 0
    return x.astype(np.longdouble)


def neighbours(rows: Sequence[Row], x: Array, rng: Any) -> Array:
    """The columns of x and points around each of them: one row moved by factors and steps, and several rows at once."""
    found = [x]
    for r, row in enumerate(rows):
        if row.kind in ("natural", "integer"):
            moves = [x[r] + 1, x[r] - 1, x[r] * 2, np.floor(x[r] / 2)]
            if row.kind == "natural":
                moves = [np.maximum(m, 0) for m in moves]
        else:
            moves = [x[r] * f for f in (4, 1.5, 1.1, 1.01, 1.0001, 0.25, 0.7, 0.9, 0.99, 0.9999)]
            if row.kind == "real":
                moves += [x[r] + s for s in (1, 0.1, 0.003, -1, -0.1, -0.003)] + [-x[r]]
        for m in moves:
            y = x.copy()
            y[r] = m
            found.append(y)
    smooth = np.array([row.kind not in ("natural", "integer") for row in rows])
    if smooth.sum() > 1:
        for size in (1.0, 0.2, 0.03, 0.001):
            for _ in range(2):
                y = x.copy()
                steps = np.exp(size * rng.standard_normal(x.shape)).astype(np.longdouble)
                y[smooth] = (x * steps)[smooth]
                found.append(y)
        for f in (1.3, 1.02, 0.75, 0.98):  # along the diagonal
            y = x.copy()
            y[smooth] = y[smooth] * np.longdouble(f)
            found.append(y)
    return np.concatenate(found, axis=1)


def rounded(x: Any, digits: int) -> Fraction:
    """A rational near x: a simple one where x is one up to rounding, else ``digits`` significant digits, 0 for x itself."""
    value = float(x)
    simple = Fraction(value).limit_denominator(1000)
    if abs(float(simple) - value) <= 2e-15 * abs(value):
        return simple
    if not digits:
        return Fraction(value)
    return Fraction(Context(prec=digits).create_decimal(Decimal(value)))
