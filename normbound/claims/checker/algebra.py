"""Exact normal forms: quotients of polynomials with rational coefficients over generators.

A generator is whatever + - * / and constant powers do not take apart: a variable, a member of a family, an exponential, a logarithm, a
root, a symbolic power, a sum over an index, and so on, its own parts in normal form. Two expressions with equal normal
forms are equal wherever both are defined. The converse is not claimed: forms may differ although values agree.

What is used (masks of signs come from ``signs``):
    fractions    p/q = r/s when p s = r q: the denominators are not 0 where the expressions are defined
    roots        the n-th root R of E has R^n = E; x^(k/n) (x^(l/n)) = x^((k+l)/n) for x >= 0; roots of products of factors >= 0
    powers       (xy)^e = x^e y^e, x^(d+e) = x^d x^e, (x^d)^e = x^(de) for x, y > 0, or for exponents that are sums of natural numbers
    exp, log     exp(a+b) = exp(a) exp(b), exp(log(x)) = x, log(exp(x)) = x, log(xy) = log(x) + log(y) for x, y > 0
    sums         linear; products over an index: multiplicative; short numerical ranges written out
    abs, dd      abs(x) = sqrt(x^2); dd symmetric in its nodes, dd(K; a) = a^K, at small numerical depths the polynomial
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from normbound.claims.checker.registry import reject
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.signs import (
    MINUS,
    NONPOSITIVE,
    PLUS,
    ZERO,
    binders,
    of_number,
    plus,
    times,
)
from normbound.claims.sorts import kinds
from normbound.claims.syntax import Node, Op, literal, substitute

MAX_TERMS = 3_000  # of a polynomial
MAX_BITS = 20_000  # of a coefficient
MAX_POWER = 60  # written out
MAX_RANGE = 12  # of a sum or product that is written out
MAX_DEPTH = 8  # of dd that is written out
_ONE, _ZERO = Fraction(1), Fraction(0)

Exponent = Fraction | int
Monomial = tuple[tuple[int, Exponent], ...]  # generators, increasing, with exponents other than 0
Polynomial = dict[Monomial, Fraction]  # coefficients other than 0
Factor = tuple[tuple[Monomial, Fraction], ...]  # a polynomial as a key: sorted, first coefficient 1, no common monomial
UNIT: Monomial = ()


@dataclass(frozen=True, slots=True)
class Quotient:
    """``top`` over the product of the powers in ``bottom``. Exponents in ``top`` may be negative; ``bottom`` holds sums only."""

    top: Polynomial
    bottom: Mapping[Factor, int]

    @property
    def is_zero(self) -> bool:
        return not self.top

    @property
    def constant(self) -> Fraction | None:
        """The number it is, if it has no generators."""
        if self.bottom:
            return None
        if not self.top:
            return _ZERO
        return self.top.get(UNIT) if len(self.top) == 1 else None


def number(q: Fraction | int) -> Quotient:
    """A number as a quotient."""
    return Quotient({UNIT: Fraction(q)} if q else {}, {})


def _whole(e: Exponent) -> Exponent:
    return int(e) if e.denominator == 1 else e


def _times(a: Monomial, b: Monomial) -> Monomial:
    if not a:
        return b
    if not b:
        return a
    exponents = dict(a)
    for g, e in b:
        total = exponents.get(g, 0) + e
        if total:
            exponents[g] = _whole(total)
        else:
            exponents.pop(g, None)
    return tuple(sorted(exponents.items()))


def _power(a: Monomial, e: Exponent) -> Monomial:
    return tuple((g, _whole(x * e)) for g, x in a) if e else UNIT


def _add(a: Polynomial, b: Polynomial) -> Polynomial:
    result = dict(a)
    for m, c in b.items():
        total = result.get(m, _ZERO) + c
        if total:
            result[m] = total
        else:
            result.pop(m, None)
    return result


def _multiply(a: Polynomial, b: Polynomial) -> Polynomial:
    if len(a) * len(b) > 20 * MAX_TERMS:
        reject("the normal form has too many terms")
    result: Polynomial = {}
    for m, c in a.items():
        for n, d in b.items():
            k = _times(m, n)
            total = result.get(k, _ZERO) + c * d
            if total:
                result[k] = total
            else:
                result.pop(k, None)
    if len(result) > MAX_TERMS:
        reject(f"the normal form has more than {MAX_TERMS} terms")
    for c in result.values():
        if max(c.numerator.bit_length(), c.denominator.bit_length()) > MAX_BITS:
            reject(f"the normal form has a coefficient of more than {MAX_BITS} bits")
    return result


def _spread(f: Factor, power: int) -> Polynomial:
    """A power of a factor, multiplied out."""
    if power > MAX_POWER:
        reject(f"the normal form has a power above {MAX_POWER}")
    result: Polynomial = {UNIT: _ONE}
    for _ in range(power):
        result = _multiply(result, dict(f))
    return result


def primitive(p: Polynomial) -> tuple[Fraction, Monomial, Factor]:
    """p != 0 as coefficient times monomial times a factor; the factor is 1 exactly when p has one term."""
    least: dict[int, Exponent] = {}
    first = True
    for m in p:
        exponents = dict(m)
        if first:
            least, first = exponents, False
            continue
        for g in list(least):
            least[g] = min(least[g], exponents.get(g, 0))
        for g, e in exponents.items():
            if g not in least and e < 0:
                least[g] = e
    common = tuple(sorted((g, e) for g, e in least.items() if e))
    inverse = _power(common, -1)
    items = sorted((_times(m, inverse), c) for m, c in p.items())
    lead = items[0][1]
    return lead, common, tuple((m, c / lead) for m, c in items)


class Algebra:
    """Normal forms under the signs of one sequent. Generators are numbered as they occur, so forms of one instance compare."""

    def __init__(self, sequent: Sequent):
        self.sorts = sequent.sorts
        self.signs = sequent.signs
        self.memo: dict[Node, Quotient] = {}
        self.keys: list[tuple[object, ...]] = []  # of generators: kind, then numbers of quotients and names
        self.numbers: dict[tuple[object, ...], int] = {}
        self.masks: list[int] = []  # signs of generators
        self.natural: list[bool] = []  # whether a generator has natural values only
        self.indices: list[frozenset[str]] = []  # indices of enclosing sums that a generator depends on
        self.forms: list[Quotient] = []
        self.form_numbers: dict[object, int] = {}
        self.roots: dict[int, tuple[int, Quotient]] = {}  # generator -> n, E: it is the n-th root of E

    # -- questions ---------------------------------------------------------------------------------------------------
    def equal(self, a: Node, b: Node) -> bool:
        """Whether the expressions have the same normal form."""
        return a == b or self.difference(a, b).is_zero

    def difference(self, a: Node, b: Node) -> Quotient:
        """The normal form of a - b."""
        return self.subtract(self.normal(a), self.normal(b))

    # -- arithmetic of quotients -------------------------------------------------------------------------------------
    def add(self, a: Quotient, b: Quotient) -> Quotient:
        if not a.top:
            return b
        if not b.top:
            return a
        if a.bottom == b.bottom:
            return self._tidy(Quotient(_add(a.top, b.top), a.bottom))
        bottom = {f: max(a.bottom.get(f, 0), b.bottom.get(f, 0)) for f in (*a.bottom, *b.bottom)}
        tops = []
        for q in (a, b):
            top = q.top
            for f, e in bottom.items():
                if e > q.bottom.get(f, 0):
                    top = _multiply(top, _spread(f, e - q.bottom.get(f, 0)))
            tops.append(top)
        return self._tidy(self.reduced(Quotient(_add(tops[0], tops[1]), bottom)))

    def negative(self, a: Quotient) -> Quotient:
        return Quotient({m: -c for m, c in a.top.items()}, a.bottom)

    def subtract(self, a: Quotient, b: Quotient) -> Quotient:
        return self.add(a, self.negative(b))

    def scaled(self, a: Quotient, c: Fraction) -> Quotient:
        return Quotient({m: c * x for m, x in a.top.items()}, a.bottom) if c else number(0)

    def multiply(self, a: Quotient, b: Quotient) -> Quotient:
        if not a.top or not b.top:
            return number(0)
        bottom = dict(a.bottom)
        for f, e in b.bottom.items():
            bottom[f] = bottom.get(f, 0) + e
        tops = []
        for q, other in ((a, b.bottom), (b, a.bottom)):
            top = q.top
            if other and len(top) > 1:  # cancel a factor that the other one divides by
                c, m, f = primitive(top)
                if f in bottom and f in other:
                    bottom[f] -= 1
                    if not bottom[f]:
                        del bottom[f]
                    top = {m: c}
            tops.append(top)
        return self._tidy(self.reduced(Quotient(_multiply(tops[0], tops[1]), bottom)))

    def invert(self, a: Quotient) -> Quotient:
        """1/a; rejected for 0, by which nothing defined divides."""
        if not a.top:
            reject("division by an expression that is 0")
        top: Polynomial = {UNIT: _ONE}
        for f, e in a.bottom.items():
            top = _multiply(top, _spread(f, e))
        c, m, f = primitive(a.top)
        top = _multiply(top, {_power(m, -1): 1 / c})
        return self.reduced(Quotient(top, {f: 1} if len(f) > 1 else {}))

    def power(self, a: Quotient, n: int) -> Quotient:
        """a^n for an integer n."""
        if n < 0:
            return self.power(self.invert(a), -n)
        if len(a.top) == 1 and not a.bottom:
            ((m, c),) = a.top.items()
            if n * max(c.numerator.bit_length(), c.denominator.bit_length()) > MAX_BITS:
                reject(f"the normal form has a coefficient of more than {MAX_BITS} bits")
            return self.reduced(Quotient({_power(m, n): c**n}, {}))
        if n > MAX_POWER:
            return self.generator(("large power", self.form(a), n), self.mask(a) | PLUS | ZERO, False, self.depends(a))
        result = number(1)
        for _ in range(n):
            result = self.multiply(result, a)
        return result

    def _tidy(self, q: Quotient) -> Quotient:
        """Without denominators where nothing is divided, or where the whole top is one of them."""
        if not q.top:
            return number(0)
        if q.bottom and len(q.top) > 1:
            c, m, f = primitive(q.top)
            if f in q.bottom:
                bottom = {g: e - (g == f) for g, e in q.bottom.items()}
                return Quotient({m: c}, {g: e for g, e in bottom.items() if e})
        return q

    def reduced(self, q: Quotient) -> Quotient:
        """Powers of n-th roots brought between 0 and n - 1."""
        if not self.roots:
            return q
        bad = [m for m in q.top if any(g in self.roots and not 0 <= e < self.roots[g][0] for g, e in m)]
        if not bad:
            return q
        total = Quotient({m: c for m, c in q.top.items() if m not in set(bad)}, {})
        for m in bad:
            part = number(q.top[m])
            kept = []
            for g, e in m:
                if g in self.roots:
                    n, radicand = self.roots[g]
                    k, e = divmod(e, n)
                    if k:
                        part = self.multiply(part, self.power(radicand, int(k)))
                if e:
                    kept.append((g, e))
            total = self.add(total, self.multiply(part, Quotient({tuple(kept): _ONE}, {})))
        bottom = dict(total.bottom)
        for f, power in q.bottom.items():
            bottom[f] = bottom.get(f, 0) + power
        return self._tidy(Quotient(total.top, bottom))

    # -- generators --------------------------------------------------------------------------------------------------
    def form(self, q: Quotient) -> int:
        """The number of a normal form."""
        key = (tuple(sorted(q.top.items())), tuple(sorted(q.bottom.items())))
        k = self.form_numbers.get(key)
        if k is None:
            k = self.form_numbers[key] = len(self.forms)
            self.forms.append(q)
        return k

    def generator(self, key: tuple[object, ...], mask: int, natural: bool, depends: frozenset[str],
                  root: tuple[int, Quotient] | None = None) -> Quotient:
        """The generator with that key, as a quotient."""
        g = self.numbers.get(key)
        if g is None:
            g = self.numbers[key] = len(self.keys)
            self.keys.append(key)
            self.masks.append(mask)
            self.natural.append(natural)
            self.indices.append(depends)
            if root is not None:
                self.roots[g] = root
        return Quotient({((g, 1),): _ONE}, {})

    def depends(self, *quotients: Quotient) -> frozenset[str]:
        """The indices of enclosing sums that quotients depend on."""
        found: frozenset[str] = frozenset()
        for q in quotients:
            for m in (*q.top, *(m for f in q.bottom for m, _ in f)):
                for g, _ in m:
                    found |= self.indices[g]
        return found

    def parts(self, g: int) -> list[Quotient]:
        """The quotients inside a generator."""
        key = self.keys[g]
        numbers = [k for k in key[1:] if isinstance(k, int)]
        if key[0] == "large power":
            numbers.pop()
        elif key[0] == "root":
            numbers.pop(0)
        return [self.forms[k] for k in numbers]

    def reach(self, *quotients: Quotient) -> set[int]:
        """The generators of quotients, those inside of these, and so on."""
        found: set[int] = set()
        stack = [*quotients]
        while stack:
            q = stack.pop()
            monomials = [*q.top, *(m for factor in q.bottom for m, _ in factor)]
            for g in {g for m in monomials for g, _ in m}:
                if g not in found:
                    found.add(g)
                    stack.extend(self.parts(g))
        return found

    def inverted(self, q: Quotient) -> set[int]:
        """The generators that are reached by what is divided by in a quotient, or inside of its generators, and may be 0."""
        divisors: list[Quotient] = []
        for r in (q, *(x for g in self.reach(q) for x in self.parts(g))):
            divisors += [Quotient(dict(f), {}) for f in r.bottom]
            divisors += [Quotient({((g, 1),): _ONE}, {}) for m in r.top for g, e in m if e < 0]
        for g in self.reach(q):
            if self.keys[g][0] in ("sympow", "pow", "large power"):
                divisors.append(self.parts(g)[0])
        return self.reach(*(d for d in divisors if self.mask(d) & ZERO))

    def of_monomial(self, m: Monomial) -> Quotient:
        return self.reduced(Quotient({m: _ONE}, {}))

    # -- signs and kinds of quotients --------------------------------------------------------------------------------
    def mask_of_monomial(self, m: Monomial) -> int:
        mask = PLUS
        for g, e in m:
            x = self.masks[g]
            if e.denominator == 1 and e % 2 == 0:
                x = (x & ZERO) | (PLUS if x & (MINUS | PLUS) else 0)
            mask = times(mask, x & ~ZERO if e < 0 else x)
        return mask

    def mask(self, q: Quotient) -> int:
        """The signs of a quotient, by those of its generators."""
        result = self.mask_of_polynomial(q.top)
        for f, e in q.bottom.items():
            x = self.mask_of_polynomial(dict(f)) & ~ZERO
            result = times(result, PLUS if e % 2 == 0 else x)
        return result

    def mask_of_polynomial(self, p: Polynomial) -> int:
        mask = ZERO
        for m, c in p.items():
            mask = plus(mask, times(of_number(c), self.mask_of_monomial(m)))
        return mask

    def is_natural(self, m: Monomial) -> bool:
        """Whether a monomial has natural values only."""
        return all(self.natural[g] and e.denominator == 1 and e > 0 for g, e in m)

    # -- the normal form ---------------------------------------------------------------------------------------------
    def normal(self, root: Node) -> Quotient:
        """The normal form of an expression. Rejected when it is too large."""
        memo = self.memo
        if root in memo:
            return memo[root]
        stack = [root]
        bodies: dict[int, tuple[Node, str]] = {}
        while stack:
            node = stack[-1]
            if node in memo:
                stack.pop()
                continue
            needed: tuple[Node, ...] = node.args
            if node.op in (Op.SUM, Op.PROD):
                terms = self._written_out(node)
                if terms is not None:
                    needed = terms
                else:
                    if id(node) not in bodies:
                        bodies[id(node)] = self._body(node)
                    needed = (*node.args[:2], bodies[id(node)][0])
            elif node.op == Op.DIV:
                needed = (node.args[0], *_factors(node.args[1]))
            missing = [a for a in needed if a not in memo]
            if missing:
                stack.extend(missing)
                continue
            memo[node] = self._apply(node, [memo[a] for a in needed], bodies.get(id(node)))
            stack.pop()
        return memo[root]

    def _written_out(self, node: Node) -> tuple[Node, ...] | None:
        low, high = literal(node.args[0]), literal(node.args[1])
        if low is None or high is None or low.denominator != 1 or high.denominator != 1 or high - low >= MAX_RANGE:
            return None
        return tuple(substitute(node.args[2], {node.value: _integer(i)}) for i in range(int(low), int(high) + 1))

    def _body(self, node: Node) -> tuple[Node, str]:
        """The body over an index that is named by its signs and by the depth of the sums below, whatever its name was."""
        low, high, body = node.args
        mask = 7
        below, above = self.signs.sign(low), self.signs.sign(high)
        if not below & MINUS:
            mask &= PLUS if not below & ZERO else PLUS | ZERO
        if not above & PLUS:
            mask &= MINUS if not above & ZERO else NONPOSITIVE
        name = f"#{mask}:{binders(body)}"
        return substitute(body, {node.value: Node(Op.VAR, (), name)}), name

    def _apply(self, node: Node, a: list[Quotient], body: tuple[Node, str] | None) -> Quotient:
        op = node.op
        if op == Op.NUM:
            return number(node.value)
        if op in (Op.VAR, Op.CONST):
            index = frozenset((node.value,)) if node.value.startswith("#") else frozenset()
            return self.generator((op, node.value), self.signs.sign(node), self._is_natural(node), index)
        if op == Op.ELT:
            return self.generator((op, node.value, self.form(a[0])), self.signs.sign(node), self._is_natural(node), self.depends(a[0]))
        if op == Op.ADD:
            return self.add(a[0], a[1])
        if op == Op.SUB:
            return self.subtract(a[0], a[1])
        if op == Op.NEG:
            return self.negative(a[0])
        if op == Op.MUL:
            return self.multiply(a[0], a[1])
        if op == Op.DIV:
            result = a[0]
            for q in a[1:]:
                result = self.multiply(result, self.invert(q))
            return result
        if op == Op.POW:
            return self.raised(a[0], a[1], node)
        if op == Op.SQRT:
            return self.root(a[0], 2)
        if op == Op.EXP:
            return self.exponential(a[0])
        if op == Op.LOG:
            return self.logarithm(a[0], node)
        if op == Op.ABS:
            return self.absolute(a[0], self.signs.sign(node.args[0]))
        if op in (Op.MIN, Op.MAX):
            forms = sorted({self.form(q) for q in a})
            if len(forms) == 1:
                return a[0]
            return self.generator((op, *forms), self.signs.sign(node), self._is_natural(node), self.depends(*a))
        if op == Op.DD:
            return self.divided_difference(a[0], a[1:], node)
        if op in (Op.SUM, Op.PROD):
            if body is None:
                result = number(int(op == Op.PROD))
                for q in a:
                    result = self.multiply(result, q) if op == Op.PROD else self.add(result, q)
                return result
            count = self.add(self.subtract(a[1], a[0]), number(1))
            nonempty = not self.signs.difference(node.args[1], node.args[0]) & MINUS or not self.mask(count) & NONPOSITIVE
            counted = count if nonempty or not self.mask(count) & MINUS else None
            if op == Op.SUM:
                return self.total(a[0], a[1], a[2], body[1], counted, nonempty)
            return self.product(a[0], a[1], a[2], body[1], counted, nonempty, node)
        reject(f"found {op}; accepted: expressions of variables")

    def _is_natural(self, node: Node) -> bool:
        if node.op == Op.VAR and node.value.startswith("#"):
            return not int(node.value[1]) & MINUS
        return kinds(node, self.sorts)[id(node)] == 2

    # -- roots and powers --------------------------------------------------------------------------------------------
    def pieces(self, q: Quotient) -> tuple[Fraction, list[tuple[Quotient, Exponent]]]:
        """A quotient that is not 0 as a number times powers: generators, and sums in top and bottom."""
        c, m, f = primitive(q.top)
        found = [(self.of_monomial(((g, 1),)), e) for g, e in m]
        if len(f) > 1:
            found.append((Quotient(dict(f), {}), 1))
        found.extend((Quotient(dict(g), {}), -e) for g, e in q.bottom.items())
        return c, found

    def root(self, q: Quotient, n: int) -> Quotient:
        """The n-th root. Factors known to be >= 0 are taken out; the rest is >= 0 where the root is defined."""
        if not q.top:
            return q
        c, found = self.pieces(q)
        if c < 0:  # the sign belongs to the rest
            found.append((number(-1), 1))
            c = -c
        result, rest = number(1), number(1)
        for base, e in found:
            x = self.mask(base)
            if x & MINUS and e.denominator == 1 and e % 2 == 0:
                square = self.power(base, 2)
                result = self.multiply(result, self.power(self.root_of(square, n, 7), int(e) // 2))
            elif x & MINUS:
                rest = self.multiply(rest, self.rational_power(base, e))
            elif len(base.top) == 1 and not base.bottom and not (set(_generators(base)) & set(self.roots)):
                result = self.multiply(result, self.of_monomial(_power(next(iter(base.top)), Fraction(e) / n)))
            else:
                result = self.multiply(result, self.power(self.root_of(base, n, x), int(e)))
        if rest.constant != 1:
            result = self.multiply(result, self.root_of(rest, n, 7))
        for p, e in _primes(c):
            k, left = divmod(e, n)
            result = self.multiply(result, number(Fraction(p) ** k))
            if left:
                result = self.multiply(result, self.power(self.root_of(number(p), n, PLUS), left))
        return result

    def root_of(self, q: Quotient, n: int, mask: int) -> Quotient:
        """The n-th root as a generator."""
        return self.generator(("root", n, self.form(q)), mask & (ZERO | PLUS), False, self.depends(q), (n, q))

    def rational_power(self, q: Quotient, e: Exponent) -> Quotient:
        if e.denominator == 1:
            return self.power(q, int(e))
        return self.power(self.root(q, e.denominator), e.numerator)

    def raised(self, base: Quotient, exponent: Quotient, node: Node) -> Quotient:
        """base^exponent."""
        e = exponent.constant
        if e is not None:
            if e == 0:
                return number(1)
            if e.denominator > MAX_POWER:
                return self.opaque_power(base, exponent, node)
            return self.rational_power(base, e)
        if exponent.bottom or not base.top:
            return self.opaque_power(base, exponent, node)
        return self.symbolic(base, exponent, node) or self.opaque_power(base, exponent, node)

    def opaque_power(self, base: Quotient, exponent: Quotient, node: Node) -> Quotient:
        if base.constant == 1:
            return number(1)
        return self.generator(("pow", self.form(base), self.form(exponent)), self.signs.sign(node), self._is_natural(node),
                              self.depends(base, exponent))

    def symbolic(self, base: Quotient, exponent: Quotient, node: Node) -> Quotient | None:
        """base^exponent split over the factors of the base and the terms of the exponent; None where that is not sound."""
        c, found = self.pieces(base)
        if c < 0:
            found.append((number(-1), 1))
            c = -c
        found.extend((number(p), e) for p, e in _primes(c))
        terms = list(exponent.top.items())
        sums = all(x.denominator == 1 and x > 0 and self.is_natural(m) for m, x in terms)
        result = number(1)
        for factor, k in found:
            positive = not self.mask(factor) & NONPOSITIVE
            if not positive and not (sums and k.denominator == 1):
                return None
            for m, x in terms:
                if factor.constant == -1:  # m is natural here, and x k an integer: only its parity matters
                    x = x * k % 2
                    if not x:
                        continue
                piece = self.unit_power(factor, m, positive)
                if piece is None:
                    return None
                result = self.multiply(result, self.monomial_power(piece, x * k))
        return result

    def monomial_power(self, q: Quotient, e: Exponent) -> Quotient:
        """A power of a quotient with one term and coefficient 1, or of another one with an integer exponent."""
        if e.denominator == 1:
            return self.power(q, int(e))
        if len(q.top) == 1 and not q.bottom and not (set(_generators(q)) & set(self.roots)):
            ((m, c),) = q.top.items()
            if c == 1 and not self.mask_of_monomial(m) & MINUS:
                return self.of_monomial(_power(m, Fraction(e)))
        return self.rational_power(q, e)

    def unit_power(self, factor: Quotient, m: Monomial, positive: bool) -> Quotient | None:
        """factor^m for a monomial m: a generator, or (x^d)^m = x^(dm), exp(d)^m = exp(dm)."""
        if not m:
            return factor
        if len(factor.top) == 1 and not factor.bottom:
            ((inner, c),) = factor.top.items()
            if c == 1 and len(inner) == 1 and inner[0][1] == 1:
                key = self.keys[inner[0][0]]
                if key[0] == "exp":
                    assert isinstance(key[1], int)
                    return self.exponential(self.multiply(self.forms[key[1]], self.of_monomial(m)))
                if key[0] == "sympow":
                    assert isinstance(key[1], int) and isinstance(key[2], int)
                    deeper = self.forms[key[1]]
                    d = next(iter(self.forms[key[2]].top))
                    inside = not self.mask(deeper) & NONPOSITIVE
                    both = self.is_natural(d) and self.is_natural(m)
                    product = _times(d, m)
                    if (inside or both) and product:
                        return self.power_generator(deeper, product)
                    return None
        return self.power_generator(factor, m) if positive or self.is_natural(m) else None

    def power_generator(self, base: Quotient, m: Monomial) -> Quotient:
        """base^m as a generator, m other than 1."""
        if base.constant == 1:
            return base
        x = self.mask(base)
        mask = PLUS if not x & NONPOSITIVE else PLUS | ZERO if not x & MINUS else 7
        value = base.constant
        natural = self.is_natural(m) and ((value is not None and value.denominator == 1 and value >= 0)
                                          or (len(base.top) == 1 and not base.bottom and value is None
                                          and self.is_natural(next(iter(base.top))) and next(iter(base.top.values())) == 1))
        exponent = Quotient({m: _ONE}, {})
        return self.generator(("sympow", self.form(base), self.form(exponent)), mask, natural, self.depends(base, exponent))

    def absolute(self, q: Quotient, mask: int) -> Quotient:
        mask &= self.mask(q)
        if not mask & MINUS:
            return q
        if not mask & PLUS:
            return self.negative(q)
        return self.root(self.multiply(q, q), 2)

    # -- exp and log -------------------------------------------------------------------------------------------------
    def exponential(self, q: Quotient) -> Quotient:
        result = number(1)
        for m, c in q.top.items():
            if c.denominator > MAX_POWER:
                unit = self.exp_generator(Quotient({m: c}, q.bottom))
                result = self.multiply(result, unit)
                continue
            logs = [g for g, e in m if e == 1 and self.keys[g][0] == "log"]
            if logs and not q.bottom:
                key = self.keys[logs[0]]
                assert isinstance(key[1], int)
                rest = tuple((g, e) for g, e in m if g != logs[0])
                if not rest:  # exp(c log x) = x^c
                    result = self.multiply(result, self.rational_power(self.forms[key[1]], _whole(c)))
                    continue
                piece = self.unit_power(self.forms[key[1]], rest, True)
                if piece is not None:
                    result = self.multiply(result, self.monomial_power(piece, _whole(c)))
                    continue
            unit = self.exp_generator(Quotient({m: _ONE}, q.bottom))
            ((g, _),) = next(iter(unit.top))
            result = self.multiply(result, Quotient({((g, _whole(c)),): _ONE}, {}))
        return result

    def exp_generator(self, q: Quotient) -> Quotient:
        return self.generator(("exp", self.form(q)), PLUS, False, self.depends(q))

    def logarithm(self, q: Quotient, node: Node) -> Quotient:
        if not q.top:
            reject("the logarithm of an expression that is 0")
        c, found = self.pieces(q)
        if c < 0 or any(self.mask(f) & NONPOSITIVE for f, _ in found):
            if q.constant is not None:
                reject("the logarithm of a number that is not positive")
            return self.generator(("log", self.form(q)), self.signs.sign(node), False, self.depends(q))
        result = number(0)
        for p, e in _primes(c):
            result = self.add(result, self.scaled(self.log_generator(number(p)), Fraction(e)))
        for f, k in found:
            result = self.add(result, self.scaled(self.log_of(f), Fraction(k)))
        return result

    def log_of(self, f: Quotient) -> Quotient:
        """The logarithm of a positive generator or sum."""
        if len(f.top) == 1 and not f.bottom:
            ((m, _),) = f.top.items()
            if len(m) == 1 and m[0][1] == 1:
                g = m[0][0]
                key = self.keys[g]
                if key[0] == "exp":
                    assert isinstance(key[1], int)
                    return self.forms[key[1]]
                if key[0] == "sympow":
                    assert isinstance(key[1], int) and isinstance(key[2], int)
                    base = self.forms[key[1]]
                    if not self.mask(base) & NONPOSITIVE:
                        return self.multiply(self.forms[key[2]], self.log_generator(base))
                if g in self.roots:
                    n, radicand = self.roots[g]
                    if not self.mask(radicand) & NONPOSITIVE:
                        return self.scaled(self.log_generator(radicand), Fraction(1, n))
        return self.log_generator(f)

    def log_generator(self, f: Quotient) -> Quotient:
        value = f.constant
        mask = 7 if value is None else of_number(value - 1)
        return self.generator(("log", self.form(f)), mask, False, self.depends(f))

    # -- dd, sums, products ------------------------------------------------------------------------------------------
    def divided_difference(self, depth: Quotient, nodes: list[Quotient], node: Node) -> Quotient:
        if len(nodes) == 1:
            return self.raised(nodes[0], depth, Node(Op.POW, (node.args[1], node.args[0])))
        k = depth.constant
        if k is not None and k.denominator == 1 and 0 <= k <= MAX_DEPTH and len(nodes) <= MAX_DEPTH:
            degree = int(k) - len(nodes) + 1  # complete homogeneous symmetric polynomial
            if degree < 0:
                return number(0)
            row = [number(1)] + [number(0)] * degree
            for x in nodes:
                for d in range(1, degree + 1):
                    row[d] = self.add(row[d], self.multiply(x, row[d - 1]))
            return row[degree]
        forms = sorted(self.form(q) for q in nodes)
        return self.generator((Op.DD, self.form(depth), *forms), self.signs.sign(node), self._is_natural(node),
                              self.depends(depth, *nodes))

    def total(self, low: Quotient, high: Quotient, body: Quotient, index: str, count: Quotient | None, nonempty: bool) -> Quotient:
        """A sum over an index: linear in the terms of the body, factors free of the index in front.

        Where the range is empty, the sum is 0 also if a factor in front has no value there. So is the generator; but the number of
        terms could cancel against that factor, and is written out only where this cannot happen.
        """
        inside = {f: e for f, e in body.bottom.items() if index in self.depends(Quotient(dict(f), {}))}
        outside = {f: e for f, e in body.bottom.items() if f not in inside}
        result = number(0)
        for m, c in body.top.items():
            bound = tuple((g, e) for g, e in m if index in self.indices[g])
            free = tuple((g, e) for g, e in m if index not in self.indices[g])
            front = self.reduced(Quotient({free: c}, outside))
            if not bound and not inside and count is not None and (nonempty or not self.reach(count) & self.inverted(front)):
                part = count
            else:
                term = Quotient({bound: _ONE}, inside)
                mask = self.mask(term)
                mask = 7 if (mask & MINUS and mask & PLUS) or not mask else mask | ZERO
                part = self.generator((Op.SUM, self.form(low), self.form(high), self.form(term), index), mask, False,
                                      self.depends(low, high, term) - {index})
            result = self.add(result, self.multiply(part, front))
        return result

    def product(self, low: Quotient, high: Quotient, body: Quotient, index: str, count: Quotient | None, nonempty: bool,
                node: Node) -> Quotient:
        """A product over an index: multiplicative in the factors of the body, integer powers in front. Empty ranges as in ``total``."""
        if not body.top:
            pieces: list[tuple[Quotient, Exponent]] = [(body, 1)]
        else:
            c, pieces = self.pieces(body)
            if c != 1:
                pieces.append((number(c), 1))
        result = number(1)
        for f, e in pieces:
            part: Quotient | None = None
            mask = self.mask(f)
            if count is not None and index not in self.depends(f) and f.top and not count.bottom and (
                    not mask & NONPOSITIVE or _is_count(self, count)) and (nonempty or not self.reach(count) & self.inverted(f)):
                part = self.symbolic(f, count, node) if count.constant is None else self.rational_power(f, count.constant)
            if part is None:
                if e.denominator != 1:
                    f, e = self.rational_power(f, e), 1
                    mask = self.mask(f)
                part = self.generator((Op.PROD, self.form(low), self.form(high), self.form(f), index),
                                      PLUS if not mask & NONPOSITIVE else PLUS | ZERO if not mask & MINUS else 7, False,
                                      self.depends(low, high, f) - {index})
            result = self.multiply(result, self.rational_power(part, e))
        return result


def _is_count(algebra: Algebra, count: Quotient) -> bool:
    return all(c.denominator == 1 and c > 0 and algebra.is_natural(m) for m, c in count.top.items())


def _factors(node: Node) -> list[Node]:
    """The factors of a product, so that each is divided by on its own."""
    found: list[Node] = []
    stack = [node]
    while stack:
        n = stack.pop()
        if n.op == Op.MUL:
            stack.extend(reversed(n.args))
        else:
            found.append(n)
    return found


def _generators(q: Quotient) -> Iterable[int]:
    return (g for m in q.top for g, _ in m)


def _integer(i: int) -> Node:
    n = Node(Op.NUM, (), Fraction(abs(i)))
    return Node(Op.NEG, (n,)) if i < 0 else n


def _primes(c: Fraction) -> list[tuple[int, int]]:
    """c > 0 as a product of powers: of the primes below 1000, and of what is left of numerator and denominator."""
    found: dict[int, int] = {}
    for n, sign in ((c.numerator, 1), (c.denominator, -1)):
        p = 2
        while p < 1000 and p * p <= n:
            while n % p == 0:
                n //= p
                found[p] = found.get(p, 0) + sign
            p += 1 if p == 2 else 2
        if n > 1:
            found[n] = found.get(n, 0) + sign
    return [(p, e) for p, e in sorted(found.items()) if e]


__all__ = ["MAX_TERMS", "Algebra", "Factor", "Monomial", "Polynomial", "Quotient", "number", "primitive"]
