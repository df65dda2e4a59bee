"""Integers by their residues: the rules ``residues`` and ``residue_cases``.

Rule ``residues``: {"modulus": M}; goal a != b. b - a, multiplied by the least natural number that makes it so, is a polynomial with
integer coefficients in parts that are integers by their form. Each part gets every residue modulo M that it can have: a power c^e with
an integer literal c and e natural by its form those of c^0, c^1, ...; every other part all of 0, ..., M - 1. If the polynomial is
never 0 modulo M, b - a is not 0. Parts are treated as if they had nothing to do with each other, which only adds values. No premises.

Rule ``residue_cases``: {"name": "n", "modulus": M}; n a natural or integer variable. Premises: for r = 0, ..., M - 1 the sequent with
M*k + r in the place of n, k a new variable of the same sort: n = M*k + r with k = floor(n/M).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from math import lcm, prod
from typing import Any

from normbound.claims.checker.registry import reject, rule
from normbound.claims.checker.rules_logic import checked, compared
from normbound.claims.checker.sequent import Sequent, entry, mentions, number_below, string
from normbound.claims.sorts import Sort, Variables, is_integer, is_natural
from normbound.claims.syntax import Node, Op, literal, number, postorder, substitute, variable

MAX_MODULUS = 1_000
MAX_CASES = 12
MAX_VALUES = 200_000  # of the parts together
MAX_TERMS = 200
MAX_POWER = 24
Monomial = tuple[tuple[Node, int], ...]  # integers by their form, with exponents, in a fixed order
Polynomial = dict[Monomial, Fraction]


class NotWhole(ValueError):
    """The expression is no polynomial over integers."""


def polynomial(root: Node, sorts: Variables) -> Polynomial:
    """The expression as a polynomial over parts that are integers by their form. Raises NotWhole."""
    found: dict[Node, Polynomial] = {}
    rank: dict[Node, int] = {}

    def times(a: Polynomial, b: Polynomial) -> Polynomial:
        if len(a) * len(b) > 20 * MAX_TERMS:
            raise NotWhole("too many terms")
        result: Polynomial = {}
        for m, c in a.items():
            for n, d in b.items():
                powers = dict(m)
                for x, e in n:
                    powers[x] = powers.get(x, 0) + e
                k = tuple(sorted(powers.items(), key=lambda p: rank[p[0]]))
                result[k] = result.get(k, Fraction(0)) + c * d
        if len(result) > MAX_TERMS:
            raise NotWhole("too many terms")
        return result

    for n in postorder(root):
        if n in found or n.is_statement:
            continue
        q = literal(n)
        parts = [found.get(a) for a in n.args]
        e = literal(n.args[1]) if n.op in (Op.POW, Op.DIV) else None
        first, second = (*parts, None, None)[:2]
        if q is not None:
            found[n] = {(): q}
        elif n.op in (Op.ADD, Op.SUB) and first is not None and second is not None:
            total = dict(first)
            for m, c in second.items():
                total[m] = total.get(m, Fraction(0)) + (c if n.op == Op.ADD else -c)
            found[n] = total
        elif n.op == Op.NEG and first is not None:
            found[n] = {m: -c for m, c in first.items()}
        elif n.op == Op.MUL and first is not None and second is not None:
            found[n] = times(first, second)
        elif n.op == Op.DIV and first is not None and e:
            found[n] = {m: c / e for m, c in first.items()}
        elif n.op == Op.POW and first is not None and e is not None and e.denominator == 1 and 0 <= e <= MAX_POWER:
            result: Polynomial = {(): Fraction(1)}
            for _ in range(int(e)):
                result = times(result, first)
            found[n] = result
        elif is_integer(n, sorts):
            rank.setdefault(n, len(rank))
            found[n] = {((n, 1),): Fraction(1)}
    if root not in found:
        raise NotWhole(f"{str(root)[:60]} is no polynomial over integers")
    return {m: c for m, c in found[root].items() if c}


def values(part: Node, modulus: int, sorts: Variables) -> list[int]:
    """The residues that a part can have."""
    if part.op == Op.POW and is_natural(part.args[1], sorts):
        c = literal(part.args[0])
        if c is not None and c.denominator == 1:
            found, at = [], 1 % modulus
            while at not in found:
                found.append(at)
                at = at * int(c) % modulus
            return found
    return list(range(modulus))


def never_zero(p: Polynomial, modulus: int, sorts: Variables) -> bool | None:
    """Whether the polynomial, with integer coefficients, is never 0 modulo ``modulus``; None where that is too much work."""
    scale = lcm(*(c.denominator for c in p.values()))
    whole = {m: int(c * scale) % modulus for m, c in p.items()}
    whole = {m: c for m, c in whole.items() if c}
    parts = list(dict.fromkeys(x for m in whole for x, _ in m))
    ranges = [values(x, modulus, sorts) for x in parts]
    if prod(len(r) for r in ranges) * max(1, len(whole)) > MAX_VALUES:
        return None
    for point in product(*ranges):
        at = dict(zip(parts, point, strict=True))
        if sum(c * prod(pow(at[x], e, modulus) for x, e in m) for m, c in whole.items()) % modulus == 0:
            return False
    return True


@rule("residues")
def residues(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """See the head of the module."""
    _, a, b = compared(sequent.goal, Op.NE)
    modulus = number_below(entry(data, "modulus"), MAX_MODULUS + 1, "modulus")
    if modulus < 2:
        reject(f"found the modulus {modulus}; accepted: from 2 to {MAX_MODULUS}")
    try:
        p = polynomial(Node(Op.SUB, (b, a)), sequent.sorts)
    except NotWhole as error:
        reject(str(error))
    never = never_zero(p, modulus, sequent.sorts)
    if not never:
        reject("there are too many residues" if never is None else f"the sides may be equal modulo {modulus}")
    return []


@rule("residue_cases")
def residue_cases(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """See the head of the module."""
    name = string(entry(data, "name"))
    sort = sequent.sorts.get(name)
    if sort is None or sort.is_family or sort.kind not in ("natural", "integer"):
        reject(f"found {name[:60]!r}; accepted: a natural or integer variable")
    modulus = number_below(entry(data, "modulus"), MAX_CASES + 1, "modulus")
    if modulus < 2:
        reject(f"found the modulus {modulus}; accepted: from 2 to {MAX_CASES}")
    fresh = sequent.fresh("k")
    multiple = Node(Op.MUL, (number(modulus), variable(fresh)))
    found = []
    for r in range(modulus):
        change = {name: Node(Op.ADD, (multiple, number(r))) if r else multiple}
        sorts = {n: Sort(s.kind, substitute(s.length, change)) if s.length is not None and mentions(s.length, name) else s
                 for n, s in sequent.sorts.items() if n != name}
        found.append(checked(Sequent({**sorts, fresh: Sort(sort.kind)}, tuple(substitute(g, change) for g in sequent.given),
                                     substitute(sequent.goal, change))))
    return found


__all__ = ["NotWhole", "never_zero", "polynomial", "residue_cases", "residues"]
