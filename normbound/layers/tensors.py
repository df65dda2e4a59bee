"""Concrete tensors: exact entries given by the user, and their norms as terms."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from normbound.contracts.block import bound
from normbound.errors import NetworkError
from normbound.terms.exact import exact
from normbound.terms.store import Exact, Term, TermLike, current, sqrt

MAX_ENTRIES = 1_000_000


def is_concrete(value: Any) -> bool:
    """Whether a parameter is given by its entries rather than by a norm bound."""
    return value.__class__ is not str and value is not None and (isinstance(value, (list, tuple)) or hasattr(value, "tolist"))


def vector(value: Any, what: str) -> tuple[Exact, ...]:
    """An exact vector from a sequence of exact numbers."""
    entries = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(entries, (list, tuple)) or not entries:
        raise NetworkError(f"{what}: expected a non-empty list of exact numbers")
    if len(entries) > MAX_ENTRIES:
        raise NetworkError(f"{what}: {len(entries)} entries, at most {MAX_ENTRIES} are accepted")
    try:
        return tuple(exact(x) for x in entries)
    except ValueError as error:
        raise NetworkError(f"{what}: {error}") from None


def matrix(value: Any, what: str) -> tuple[tuple[Exact, ...], ...]:
    """An exact matrix from nested sequences of exact numbers."""
    rows = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(rows, (list, tuple)) or not rows or not all(isinstance(r, (list, tuple)) for r in rows):
        raise NetworkError(f"{what}: expected a list of rows of exact numbers")
    checked = tuple(vector(r, what) for r in rows)
    if len({len(r) for r in checked}) != 1:
        raise NetworkError(f"{what}: rows of different lengths")
    return checked


def euclidean(entries: Sequence[Exact]) -> Term:
    """|v| as a term."""
    return sqrt(current().number(sum(Fraction(x) ** 2 for x in entries)))


def sup_norm(entries: Sequence[Exact]) -> Term:
    """|v|_inf as a term."""
    return current().number(max(abs(Fraction(x)) for x in entries))


def optional_bound(value: TermLike | None, *what: str) -> Term | None:
    return None if value is None else bound(value, *what)
