"""Nonnegative solutions of linear equations: found in floating point, then solved exactly. Search only; nothing here is trusted."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from math import inf
from time import monotonic
from typing import Any

Column = Mapping[Any, Fraction]


def nonnegative(columns: Sequence[Column], target: Column, rounds: int = 400,
                deadline: float = inf) -> list[Fraction] | None:
    """x >= 0 with sum x_j * columns[j] == target, exactly, or None where none was found before the time ``deadline``."""
    import numpy as np
    rows: dict[Hashable, int] = {}
    for column in (*columns, target):
        for k in column:
            rows.setdefault(k, len(rows))
    if not target:
        return [Fraction(0)] * len(columns)
    if not columns or len(rows) * len(columns) > 400_000:
        return None
    a = np.zeros((len(rows), len(columns)))
    for j, column in enumerate(columns):
        for k, c in column.items():
            a[rows[k], j] = float(c)
    b = np.zeros(len(rows))
    for k, c in target.items():
        b[rows[k]] = float(c)
    norms = np.linalg.norm(a, axis=0)
    norms[norms == 0] = 1
    support = _support(a / norms, b / np.linalg.norm(b), rounds, deadline)
    if support is None:
        return None
    solved = solve([columns[j] for j in support], target)
    if solved is None or any(x < 0 for x in solved):
        return None
    result = [Fraction(0)] * len(columns)
    for j, x in zip(support, solved, strict=True):
        result[j] = x
    return result


def _support(a: Any, b: Any, rounds: int, deadline: float) -> list[int] | None:
    """The columns of positive weight in the nonnegative least squares solution (Lawson and Hanson), if the residual is 0."""
    import numpy as np
    count = a.shape[1]
    x = np.zeros(count)
    passive = np.zeros(count, dtype=bool)
    residual = b.copy()
    for _ in range(rounds):
        if np.linalg.norm(residual) < 1e-9:
            break
        gradient = a.T @ residual
        gradient[passive] = -np.inf
        j = int(np.argmax(gradient))
        if gradient[j] < 1e-10:
            return None
        passive[j] = True
        for _ in range(count):
            if monotonic() > deadline:
                return None
            chosen = np.flatnonzero(passive)
            s, *_ = np.linalg.lstsq(a[:, chosen], b, rcond=None)
            if (s > 1e-12).all():
                break
            bad = s <= 1e-12
            current = x[chosen]
            step = np.min(current[bad] / np.maximum(current[bad] - s[bad], 1e-300))
            x[chosen] = current + step * (s - current)
            passive[chosen[x[chosen] <= 1e-12]] = False
            x[~passive] = 0
            if not passive.any():
                return None
        x[:] = 0
        x[chosen] = s
        residual = b - a @ x
    else:
        return None
    return [int(j) for j in np.flatnonzero(passive)]


def solve(columns: Sequence[Column], target: Column) -> list[Fraction] | None:
    """Some x, of any signs, with sum x_j * columns[j] == target exactly; None where there is none."""
    equations: dict[Hashable, dict[int, Fraction]] = {}
    for j, column in enumerate(columns):
        for k, c in column.items():
            equations.setdefault(k, {})[j] = c
    right = {k: target.get(k, Fraction(0)) for k in equations}
    if any(k not in equations for k in target):
        return None
    work: list[tuple[dict[int, Fraction], Fraction]] = [(dict(row), right[k]) for k, row in equations.items()]
    pivots: list[tuple[int, dict[int, Fraction], Fraction]] = []
    for row, start in work:
        value: Fraction = start
        for j, pivot, v in pivots:
            times = row.get(j, Fraction(0))
            if times:
                for n, d in pivot.items():
                    total = row.get(n, Fraction(0)) - times * d
                    if total:
                        row[n] = total
                    else:
                        row.pop(n, None)
                value -= times * v
        if not row:
            if value:
                return None
            continue
        j = min(row)
        lead = row[j]
        pivots.append((j, {n: d / lead for n, d in row.items()}, value / lead))
    result = [Fraction(0)] * len(columns)
    for j, pivot, v in reversed(pivots):
        result[j] = v - sum((d * result[n] for n, d in pivot.items() if n != j), Fraction(0))
    return result


__all__ = ["nonnegative", "solve"]
