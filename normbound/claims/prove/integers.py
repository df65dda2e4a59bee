"""Integers that differ modulo a small number: the rules ``residues`` and ``residue_cases``."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd, lcm
from typing import Any

from normbound.claims.checker import node
from normbound.claims.checker.registry import Rejected
from normbound.claims.checker.rules_integers import MAX_MODULUS, NotWhole, Polynomial, never_zero, polynomial
from normbound.claims.checker.sequent import Sequent
from normbound.claims.errors import ClaimError
from normbound.claims.prove.logic import Certificate, opened
from normbound.claims.syntax import COMPARISONS, Node, Op, free_names, literal, postorder

MODULI = (2, 3, 4, 5, 7, 8, 9, 16, 11, 13)
WHOLE = ("natural", "integer")
MAX_PARTS = 60


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """a != b by residues; a contradiction of a hypothesis a == b; cases of an exponent of a negative number. Else None."""
    goal = sequent.goal
    if goal.op not in COMPARISONS:
        return None
    try:
        if goal.op == Op.NE:
            m = modulus(sequent, *goal.args)
            if m is not None:
                return node("residues", {"modulus": m})
        for k, h in enumerate(sequent.given):
            if h.op == Op.EQ and modulus(sequent, *h.args) is not None:
                return opened(sequent, "contrapose", {"number": k})
        return _signs(sequent)
    except (Rejected, ClaimError):
        return None


def modulus(sequent: Sequent, a: Node, b: Node) -> int | None:
    """A modulus for which integers a and b are never equal."""
    if not any(sequent.sorts[n].kind in WHOLE for n in free_names(a) | free_names(b) if n in sequent.sorts):
        return None
    if len(postorder(a, b)) > MAX_PARTS:
        return None
    try:
        p = polynomial(Node(Op.SUB, (b, a)), sequent.sorts)
    except NotWhole:
        return None
    return next((m for m in _moduli(p) if never_zero(p, m, sequent.sorts)), None)


def _moduli(p: Polynomial) -> Iterator[int]:
    """The common divisor of the coefficients that belong to parts, if it does not divide the number; then small moduli."""
    scale = lcm(*(c.denominator for c in p.values()))
    common = gcd(*(int(c * scale) for m, c in p.items() if m))
    if 1 < common <= MAX_MODULUS and int(p.get((), 0) * scale) % common:
        yield common
    yield from MODULI


def _signs(sequent: Sequent) -> Certificate | None:
    """(-1)^n: whether n is even or odd."""
    for n in postorder(sequent.goal):
        if n.op != Op.POW:
            continue
        c = literal(n.args[0])
        if c is None or c >= 0:
            continue
        for name in sorted(free_names(n.args[1])):
            sort = sequent.sorts.get(name)
            if sort is not None and not sort.is_family and sort.kind in WHOLE and not _doubled(n.args[1], name):
                return opened(sequent, "residue_cases", {"name": name, "modulus": 2})
    return None


def _doubled(exponent: Node, name: str) -> bool:
    """Whether the variable stands in an even product only."""
    for n in postorder(exponent):
        if n.op == Op.MUL and any((literal(x) or 1) % 2 == 0 for x in n.args):
            continue
        if any(a.op == Op.VAR and a.value == name for a in n.args):
            return False
    return exponent.op != Op.VAR


__all__ = ["attempt", "modulus"]
