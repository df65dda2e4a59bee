"""Linear programs with many columns: a feasible basis found in floating point, then solved exactly. Search only."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from normbound.claims.prove.farkas import solve

Column = Mapping[Any, Fraction]
TOLERANCE = 1e-9
PERTURBATION = 1e-7


def feasible(columns: Sequence[Column], target: Column, deadline: float) -> list[Fraction] | None:
    """x >= 0 with sum x_j * columns[j] == target, exactly, or None where none was found before the deadline."""
    import numpy as np
    rows: dict[Hashable, int] = {}
    for column in (*columns, target):
        for k in column:
            rows.setdefault(k, len(rows))
    if not columns:
        return [] if not target else None
    table = np.zeros((len(rows), len(columns) + 1))
    try:
        for j, column in enumerate((*columns, target)):
            for k, c in column.items():
                table[rows[k], j] = float(c)
    except OverflowError:
        return None
    table /= np.abs(table).max(axis=1, keepdims=True)  # no row is empty
    basis = _basis(table[:, :-1], table[:, -1], deadline)
    if basis is None:
        return None
    solved = solve([columns[j] for j in basis], target)
    if solved is None or any(x < 0 for x in solved):
        return None
    result = [Fraction(0)] * len(columns)
    for j, x in zip(basis, solved, strict=True):
        result[j] = x
    return result


def _basis(a: Any, b: Any, deadline: float) -> list[int] | None:
    """Columns of a feasible basis: the first phase of the simplex method. A feasible change of the right side breaks ties."""
    import numpy as np
    count, width = a.shape
    norms = np.linalg.norm(a, axis=0)
    norms[norms == 0] = 1
    a = a / norms
    b = b + a @ (PERTURBATION * np.random.default_rng(0).uniform(0.5, 1.5, width))
    turn = np.where(b < 0, -1.0, 1.0)
    t = np.hstack([a * turn[:, None], (b * turn)[:, None]])
    basis = np.full(count, -1)  # -1: an artificial variable
    cost = -t.sum(axis=0)  # reduced costs of the sum of the artificial variables
    for _ in range(20 * count + 50):
        if -cost[-1] < TOLERANCE:
            break
        j = int(np.argmin(cost[:-1]))
        if cost[j] > -TOLERANCE:
            return None
        if time.monotonic() > deadline:
            return None
        column = t[:, j]
        able = column > 1e-9
        if not able.any():
            return None
        ratios = np.full(count, np.inf)
        ratios[able] = t[able, -1] / column[able]
        i = int(np.argmin(ratios))
        t[i] /= t[i, j]
        others = t[:, j].copy()
        others[i] = 0
        t -= np.outer(others, t[i])
        cost -= cost[j] * t[i]
        basis[i] = j
    else:
        return None
    return sorted({int(j) for j in basis if j >= 0})


__all__ = ["feasible"]
