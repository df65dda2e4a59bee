"""Polynomials modulo equations that give a power of a generator, exact division, exact square roots. Search only; nothing here is trusted.

x^2 == u^2 + a makes x as good as a root: wherever x^2 (or u^2) occurs, the other side can stand.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from normbound.claims.checker.algebra import Algebra, Monomial, Polynomial, Quotient
from normbound.claims.checker.signs import MINUS

MAX_STEPS = 300
MAX_ROOT = 16  # terms of a square root
MAX_LONG = 200  # terms of a polynomial that is rewritten
Vectors = dict[tuple[int, ...], Fraction]
Cofactors = dict[tuple[int, Monomial], Fraction]  # number of an equation, monomial -> coefficient


def divided(p: Polynomial, f: Polynomial) -> Polynomial | None:
    """p/f where f divides p and no exponent is negative or a fraction; else None."""
    generators = _generators(p, f)
    rest, below = _vectors(p, generators), _vectors(f, generators)
    if rest is None or not below:
        return None
    lead = max(below)
    result: Vectors = {}
    while rest:
        if len(result) > MAX_STEPS:
            return None
        top = max(rest)
        ratio = tuple(a - b for a, b in zip(top, lead, strict=True))
        if min(ratio, default=0) < 0:
            return None
        c = result[ratio] = rest[top] / below[lead]
        _subtract(rest, below, ratio, c)
    return _polynomial(result, generators)


def square_root(p: Polynomial) -> Polynomial | None:
    """s with p = c*s^2 for a number c, s with the first coefficient 1; None where there is none of at most MAX_ROOT terms."""
    generators = _generators(p)
    rest = _vectors(p, generators)
    if not rest:
        return None
    top = max(rest)
    if any(e % 2 for e in top):
        return None
    lead = tuple(e // 2 for e in top)
    c = rest[top]
    result: Vectors = {lead: Fraction(1)}
    _subtract(rest, result, lead, c)
    while rest:
        top = max(rest)
        v = tuple(a - b for a, b in zip(top, lead, strict=True))
        if min(v, default=0) < 0 or v in result or len(result) == MAX_ROOT:
            return None
        d = rest[top] / (2 * c)
        _subtract(rest, result, v, 2 * c * d)  # (s + d*v)^2 - s^2 = 2*d*v*s + d^2*v^2
        _subtract(rest, {v: Fraction(1)}, v, c * d * d)
        result[v] = d
    return _polynomial(result, generators)


def _generators(*polynomials: Polynomial) -> list[int]:
    return sorted({g for p in polynomials for m in p for g, _ in m})


def _vectors(p: Polynomial, generators: list[int]) -> Vectors | None:
    """Exponents as vectors; None where one is negative or a fraction."""
    places = {g: k for k, g in enumerate(generators)}
    found: Vectors = {}
    for m, c in p.items():
        v = [0] * len(places)
        for g, e in m:
            if e < 0 or e.denominator != 1:
                return None
            v[places[g]] = int(e)
        found[tuple(v)] = c
    return found


def _polynomial(vectors: Vectors, generators: list[int]) -> Polynomial:
    return {tuple((g, e) for g, e in zip(generators, v, strict=True) if e): c for v, c in vectors.items()}


def _subtract(p: Vectors, q: Vectors, v: tuple[int, ...], c: Fraction) -> None:
    """p less c times the monomial v times q, in place."""
    for w, d in q.items():
        place = tuple(a + b for a, b in zip(v, w, strict=True))
        total = p.get(place, Fraction(0)) - c * d
        if total:
            p[place] = total
        else:
            p.pop(place, None)


class Rewriting:
    """Equations p_k == 0 as rules c*g^e -> c*g^e - p_k. No rule brings back a power that another one removes.

    rules  generator -> (e, number of the equation, c)
    """

    def __init__(self, algebra: Algebra, equations: Iterable[tuple[int, Polynomial]]):
        self.algebra = algebra
        self.rules: dict[int, tuple[int, int, Fraction]] = {}
        self.tops: dict[int, Polynomial] = {}
        others: set[int] = set()  # generators beside those that are eliminated
        for k, top in equations:
            found = self._lead(top, others)
            if found is None:
                continue
            g, e = found
            self.rules[g] = (e, k, top[((g, e),)])
            self.tops[k] = top
            others |= {h for m in top for h, _ in m if h != g}

    def _lead(self, top: Polynomial, others: set[int]) -> tuple[int, int] | None:
        """The power that an equation gives: of a generator of no known sign if possible, then the highest one."""
        if any(h in self.rules for m in top for h, _ in m) or any(e < 0 for m in top for _, e in m):
            return None
        best: tuple[tuple[bool, int, int], int, int] | None = None
        for m in top:
            if len(m) != 1 or m[0][1].denominator != 1:
                continue
            g, e = m[0][0], int(m[0][1])
            if g in others or g in self.algebra.roots or any(n != m and any(h == g for h, _ in n) for n in top):
                continue
            rank = (not self.algebra.masks[g] & MINUS, -e, g)
            if best is None or rank < best[0]:
                best = (rank, g, e)
        return None if best is None else best[1:]

    def powers(self) -> Iterable[Monomial]:
        """What is eliminated."""
        return [((g, e),) for g, (e, _, _) in self.rules.items()]

    def reduce(self, p: Polynomial) -> tuple[Polynomial, Cofactors] | None:
        """(r, cofactors) with p = r + the sum of the cofactors times their equations, r without the powers; None where p gets too long."""
        cofactors: Cofactors = {}
        for _ in range(MAX_STEPS):
            found = next(((m, g, e) for m in p for g, e in m if g in self.rules and e >= self.rules[g][0]), None)
            if found is None:
                return p, cofactors
            m, g, power = found
            e, k, c = self.rules[g]
            left = power - e
            cofactor = tuple((h, x if h != g else (int(left) if left.denominator == 1 else left)) for h, x in m if h != g or left)
            factor = p[m] / c
            q = self.algebra.subtract(Quotient(p, {}), self.algebra.multiply(Quotient({cofactor: factor}, {}), Quotient(self.tops[k], {})))
            if q.bottom or len(q.top) > MAX_LONG or m in q.top:
                return None
            p = q.top
            total = cofactors.get((k, cofactor), Fraction(0)) + factor
            if total:
                cofactors[k, cofactor] = total
            else:
                cofactors.pop((k, cofactor))
        return None


__all__ = ["Cofactors", "Rewriting", "divided", "square_root"]
