"""When is one bound below another? The inequality between two terms, with everything common cancelled.

Every step keeps the sign of the difference for all positive values of the symbols, depths being natural numbers:

    F a < F b        iff  F > 0 and a < b            (common factors)
    a^N < b^N        iff  N > 0 and a < b            (common exponents, natural or rational)
    c + a < c + b    iff  a < b                      (common summands)

What has to be positive for a step is kept as the guard; where it fails, the two terms are equal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from normbound.errors import TermError
from normbound.terms.evaluate import evaluate_many
from normbound.terms.exact import exact
from normbound.terms.normal import Exponent, Naturals, Normal, Product
from normbound.terms.store import ONE_ID, ZERO_ID, Exact, Op, Store, Term, children, rational_power

PRECISIONS = (108, 432, 1728)
_MAX_BITS = 1_000_000  # of an exact power
_MAX_STEPS = 100
_Factors = list[tuple[int, Exponent]]


@dataclass(frozen=True, slots=True)
class Inequality:
    """``first < second``, equivalently: every term of ``guard`` is positive and ``left < right``.

    At all positive values of the symbols (depths: natural numbers) at which both are finite, first - second has the sign
    of left - right where the guard is positive, and is 0 elsewhere.

    solved  both sides are products of powers in which no symbol occurs twice (depths may, as exponents), so that the
            inequality can be read as a threshold for each of them
    always  True or False where the answer does not depend on the symbols (given the guard), else None
    """

    left: Term
    right: Term
    solved: bool
    guard: tuple[Term, ...] = ()
    always: bool | None = None
    relation: str = "<"

    def __str__(self) -> str:
        return f"{self.left} {self.relation} {self.right}"

    def sign(self, values: Mapping[str, object]) -> int | None:
        """The sign of first - second at exact positive numbers: -1, 0 or 1; None where no precision tried decides it."""
        for g in self.guard:
            positive = sign(g, g.store.zero, values)
            if positive is None:
                return None
            if positive == 0:
                return 0
        return sign(self.left, self.right, values)


def sign(left: Term, right: Term, values: Mapping[str, object]) -> int | None:
    """The sign of left - right at exact numbers, by balls of growing precision, then by exact rational powers."""
    for bits in PRECISIONS:
        a, b = evaluate_many([left, right], values, bits)
        if a < b:
            return -1
        if a > b:
            return 1
        if a == b:
            return 0
    forms = Normal(left.store)
    if forms(left) == forms(right):
        return 0
    return _exact_sign(forms, left, right, values)


# -- cancelling ------------------------------------------------------------------------------------------------------

def quotient(first: Term, second: Term) -> Term:
    """first/second in normal form, with indexed products of one depth joined; ``second`` must not be 0 or unbounded."""
    forms = Normal(first.store)
    coefficient, factors = _joined(forms, *_divided(forms, first, second)[:2])
    above, below = _sides(forms, coefficient, factors)
    return above if below.id == ONE_ID else above / below


def below(first: Term, second: Term, depths: Collection[str] = ()) -> Inequality:
    """The reduced form of ``first < second``; ``depths`` names the symbols that can be 0 (numbers of iterations)."""
    left, right = first, second
    guard: dict[int, Term] = {}
    store = first.store
    for _ in range(_MAX_STEPS):
        forms = Normal(store)
        if forms(left) == forms(right):
            return Inequality(store.one, store.one, True, tuple(guard.values()), False)
        if not left or not right:
            break
        coefficient, factors, common = _divided(forms, left, right)
        doubtful = [b for b in common if not _positive(store, b, depths)]
        if any(set(e) != {()} for b, e in _exponents(forms, left, right) if b in doubtful):
            break
        for b in doubtful:
            guard[b] = Term(store, b)
        coefficient, factors = _joined(forms, coefficient, factors)
        root = _common_power(store, coefficient, factors)
        if root:
            power = store.one
            for n in root:
                power = power * Term(store, n)
                if not _positive(store, n, depths):
                    guard[n] = Term(store, n)
            factors = [(b, {_without(n, root): x for n, x in e.items()}) for b, e in factors]
        scale = _common_scale(store, coefficient, factors)
        new = _sides(forms, coefficient, factors, scale)
        shorter = _less_common(store, *new)
        if shorter is None:
            left, right = new
            break
        left, right = shorter
    return Inequality(left, right, _solved(left, right), tuple(guard.values()), _decided(left, right, depths))


def _decided(left: Term, right: Term, depths: Collection[str]) -> bool | None:
    a, b = left.literal(), right.literal()
    if a is not None and b is not None:
        return a < b
    if a == 0 and _positive(left.store, right.id, depths):
        return True
    if b == 0:
        return False
    if left.store.symbols(left, right):
        return None
    try:
        found = sign(left, right, {})
    except TermError:
        return None
    return None if found is None else found < 0


def _form(forms: Normal, t: Term) -> Product:
    i = forms(t).id
    literal = t.store.nodes[i]
    if literal[0] == Op.NUM:
        return Product(literal[1], [])
    return forms.products.get(i) or Product(1, [(i, {(): Fraction(1)})])


def _exponents(forms: Normal, *terms: Term) -> list[tuple[int, Exponent]]:
    return [factor for t in terms for factor in _form(forms, t).factors]


def _divided(forms: Normal, first: Term, second: Term) -> tuple[Fraction, _Factors, list[int]]:
    """first/second as coefficient and factors, and the bases that stand in both."""
    a, b = _form(forms, first), _form(forms, second)
    found: dict[int, Exponent] = {base: dict(e) for base, e in a.factors}
    common = [base for base, _ in b.factors if base in found]
    for base, e in b.factors:
        target = found.setdefault(base, {})
        for n, x in e.items():
            target[n] = target.get(n, Fraction(0)) - x
    kept = [(base, {n: x for n, x in e.items() if x}) for base, e in found.items()]
    return Fraction(a.coefficient) / Fraction(b.coefficient), [(base, e) for base, e in kept if e], common


def _joined(forms: Normal, coefficient: Fraction, factors: _Factors) -> tuple[Fraction, _Factors]:
    """Indexed products over one range as one: prod f/prod g = prod f/g."""
    store = forms.store
    groups: dict[int, _Factors] = {}
    for base, e in factors:
        if store.nodes[base][0] == Op.PROD and set(e) == {()}:
            groups.setdefault(store.nodes[base][2], []).append((base, e))
    groups = {depth: members for depth, members in groups.items() if len(members) > 1}
    if not groups:
        return coefficient, factors
    taken = {base for members in groups.values() for base, _ in members}
    rest = [(base, e) for base, e in factors if base not in taken]
    for depth, members in groups.items():
        stem = forms.stems.get(store.nodes[members[0][0]][1], "i")
        index = store.fresh(stem)
        body = store.one
        for base, e in members:
            _, own, _, inner = store.nodes[base]
            body = body * store.power(store.substitute([Term(store, inner)], {Term(store, own): index})[0], e[()])
        rest.append((store.product(index, Term(store, depth), Normal(store)(body)).id, {(): Fraction(1)}))
    return coefficient, rest


def numerator_denominator(term: Term) -> tuple[Term, Term]:
    """A term as a quotient of two without negative exponents."""
    forms = Normal(term.store)
    form = _form(forms, term)
    return _sides(forms, Fraction(form.coefficient), form.factors)


def _sides(forms: Normal, coefficient: Fraction, factors: _Factors, scale: Fraction = Fraction(1)) -> tuple[Term, Term]:
    """The ``scale``-th root of a product, as numerator and denominator."""
    store = forms.store
    written: dict[int, int] = {}  # as the terms were written, so that the order of summands survives
    for original, image in forms.image.items():
        written.setdefault(image, original)
    sides = [store.power(store.number(part), 1 / scale) for part in (coefficient.numerator, coefficient.denominator)]
    for base, exponent in factors:
        for naturals, x in exponent.items():
            e = x / scale
            part = store.power(Term(store, written.get(base, base)), abs(e))
            if naturals:
                depth = store.one
                for n in naturals:
                    depth = depth * Term(store, n)
                part = store.dd(depth, [part])
            side = 0 if e > 0 else 1
            sides[side] = sides[side] * part
    return sides[0], sides[1]


def _common_power(store: Store, coefficient: Fraction, factors: _Factors) -> Naturals:
    """The largest monomial in naturals that divides every exponent."""
    exponents = [n for _, e in factors for n in e]
    if coefficient != 1 or not exponents:
        return ()
    common = list(exponents[0])
    for n in exponents[1:]:
        rest = list(n)
        kept = []
        for atom in common:
            if atom in rest:
                rest.remove(atom)
                kept.append(atom)
        common = kept
    return tuple(common)


def _without(monomial: Naturals, divisor: Naturals) -> Naturals:
    rest = list(monomial)
    for atom in divisor:
        rest.remove(atom)
    return tuple(rest)


def _common_scale(store: Store, coefficient: Fraction, factors: _Factors) -> Fraction:
    """What to divide all exponents by: the greatest common divisor of those of the symbols above (else below, else of all).

    Where the coefficient has no rational root of that order, exponents only become whole.
    """
    plain = [x for b, e in factors if store.nodes[b][0] in (Op.SYM, Op.ELT) for x in e.values()]
    values = [x for x in plain if x > 0] or plain or [x for _, e in factors for x in e.values()]
    if not values:
        return Fraction(1)
    bottom = lcm(*(x.denominator for x in values))
    scale = Fraction(gcd(*(int(x * bottom) for x in values)), bottom)
    return scale if rational_power(coefficient, 1 / scale) is not None else Fraction(1, bottom)


def _less_common(store: Store, left: Term, right: Term) -> tuple[Term, Term] | None:
    """Both sides without their common summands; None when they have none."""
    forms = Normal(store)
    sides: list[dict[int, Exact]] = []
    for t in (left, right):
        i = forms(t).id
        total = forms.sums.get(i)
        sides.append({body: c for c, body in (total.summands if total is not None else [forms.split(i)])})
    common = [body for body in sides[0] if body in sides[1]]
    if not common:
        return None
    written: dict[int, int] = {}
    for original, image in forms.image.items():
        written.setdefault(image, original)
    out = []
    for own, other in (sides, sides[::-1]):
        total_term = store.zero
        for body, c in own.items():
            rest = c - min(c, other.get(body, 0))
            if rest:
                total_term = total_term + store.number(rest) * Term(store, written.get(body, body))
        out.append(total_term)
    return out[0], out[1]


def _solved(left: Term, right: Term) -> bool:
    store = left.store
    forms = Normal(store)
    seen: set[str] = set()
    powers: set[str] = set()
    for base, e in _exponents(forms, left, right):
        if store.nodes[base][0] not in (Op.NUM, Op.SYM, Op.ELT, Op.CONST, Op.OPNORM, Op.ADD, Op.EXP):
            return False
        naturals = [Term(store, n) for monomial in e for n in monomial]
        powers |= set(store.symbols(*naturals)) if naturals else set()
        names = set(store.symbols(Term(store, base)))
        if names & seen:
            return False
        seen |= names
    return not seen & powers


def _positive(store: Store, root: int, depths: Collection[str]) -> bool:
    """Whether a term is positive for all positive values of its symbols and all natural ``depths``."""
    signs: dict[int, bool] = {}
    for i in store.reachable([Term(store, root)]):
        node = store.nodes[i]
        kind = node[0]
        below_ = [signs[c] for c in children(node)]
        if kind == Op.NUM:
            signs[i] = node[1] > 0
        elif kind == Op.SYM:
            signs[i] = node[1] not in depths
        elif kind in (Op.CONST, Op.OPNORM, Op.EXP, Op.ELT):
            signs[i] = True
        elif kind in (Op.ADD, Op.MAX):
            signs[i] = any(below_)
        elif kind in (Op.MUL, Op.MIN, Op.POW):
            signs[i] = all(below_)
        elif kind == Op.DD:
            signs[i] = len(node) == 3 and below_[1]
        elif kind == Op.PROD:
            signs[i] = below_[2]
        else:
            signs[i] = i not in (ZERO_ID,) and kind not in (Op.SUB,) and store.known_positive(i)
    return signs[root]


# -- exact comparison ------------------------------------------------------------------------------------------------

def _exact_sign(forms: Normal, left: Term, right: Term, values: Mapping[str, object]) -> int | None:
    """The sign of left - right when left/right is a product of rational powers of rational numbers, else None."""
    store = left.store
    if not left or not right:
        return None
    coefficient, factors, _ = _divided(forms, left, right)
    numbers = _rationals(store, [b for b, _ in factors] + [n for _, e in factors for m in e for n in m], values)
    powers: list[tuple[Fraction, Fraction]] = []
    for base, e in factors:
        value = numbers.get(base)
        if value is None or value <= 0:
            return None
        total = Fraction(0)
        for monomial, x in e.items():
            for n in monomial:
                if numbers.get(n) is None:
                    return None
                x = x * numbers[n]  # type: ignore[operator]
            total += x
        powers.append((value, total))
    bottom = lcm(*(e.denominator for _, e in powers)) if powers else 1
    result = coefficient**bottom
    for value, power in powers:
        whole = int(power * bottom)
        if abs(whole) * max(value.numerator.bit_length(), value.denominator.bit_length()) > _MAX_BITS:
            return None
        result *= value**whole
    return (result > 1) - (result < 1)


def _rationals(store: Store, roots: Sequence[int], values: Mapping[str, object]) -> dict[int, Fraction | None]:
    """The exact values of terms that are rational by inspection; None for the others."""
    found: dict[int, Fraction | None] = {}
    for i in store.reachable([Term(store, r) for r in roots]):
        found[i] = _rational(store.nodes[i], found, values)
    return found


def _rational(node: Any, found: Mapping[int, Fraction | None], values: Mapping[str, object]) -> Fraction | None:
    kind = node[0]
    below_ = [found[c] for c in children(node)]
    if kind == Op.NUM:
        return Fraction(node[1])
    if kind in (Op.SYM, Op.ELT):
        given = values.get(node[1])
        if kind == Op.ELT and isinstance(given, (list, tuple)):
            k = below_[0]
            given = given[int(k) - 1] if k is not None and 1 <= k <= len(given) and k.denominator == 1 else None
        try:
            return None if given is None or isinstance(given, (list, tuple)) else Fraction(exact(given))
        except TermError:
            return None
    if any(x is None for x in below_):
        return None
    numbers = [x for x in below_ if x is not None]
    if kind == Op.ADD:
        return numbers[0] + numbers[1]
    if kind == Op.MUL:
        return numbers[0] * numbers[1]
    if kind in (Op.MAX, Op.MIN):
        return max(numbers) if kind == Op.MAX else min(numbers)
    if kind == Op.SUB:
        return max(numbers[0] - numbers[1], Fraction(0))
    if kind == Op.POW and (numbers[0] or node[2] > 0):
        power = rational_power(numbers[0], node[2])
        return None if power is None else Fraction(power)
    if kind == Op.DD and len(node) == 3 and numbers[0].denominator == 1:
        power = rational_power(numbers[1], int(numbers[0]))
        return None if power is None else Fraction(power)
    return None
