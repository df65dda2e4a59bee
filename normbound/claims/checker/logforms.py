"""Logarithms as polynomials: the exact normal form behind the rule loglinear.

A ``Form`` is a polynomial with rational coefficients over atoms, which are expressions: {monomial: coefficient}, a monomial
being a frozenset of (atom, exponent), exponents integers other than 0 (a negative one says that the atom divides something).
``Forms.plain`` rewrites an expression, ``Forms.log`` the logarithm of one: products become sums, exponents coefficients, and
the logarithm of a product over an index becomes a sum over the index. Both hold wherever the expression has a value and the
``demands`` (comparisons that the rewriting needs and that are not evident) are true; they are handed on as premises.

Equal forms mean equal values; different forms mean nothing. Powers: x^(2*K+1) is (x^K)^2*x for natural K (also at x = 0, as
0^0 = 1); for exponents that are not natural only where x > 0 is evident.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from normbound.claims.checker.registry import reject
from normbound.claims.checker.sequent import Sequent
from normbound.claims.sorts import Sort, is_natural
from normbound.claims.syntax import Node, Op, free_names, number, postorder, rebuild, substitute

Monomial = frozenset[tuple[Node, int]]
Form = dict[Monomial, Fraction]
UNIT: Monomial = frozenset()
ZERO, ONE = number(0), number(1)
MAX_TERMS = 400  # of a form
MAX_POWER = 12  # that is multiplied out, unless the base is a monomial
MAX_NUMBER = 40  # that is factored, in bits
MAX_INSIDE = 12  # sums, products and logarithms inside each other
INDEX = "%"  # canonical names of indices; no name of the grammar begins so


# -- forms -------------------------------------------------------------------------------------------------------------------
def constant(q: Fraction | int) -> Form:
    return {UNIT: Fraction(q)} if q else {}


def atom(node: Node, power: int = 1) -> Form:
    return {frozenset(((node, power),)): Fraction(1)}


def add(a: Form, b: Form, factor: Fraction | int = 1) -> Form:
    """a + factor*b."""
    result = dict(a)
    for m, c in b.items():
        total = result.get(m, Fraction(0)) + factor * c
        if total:
            result[m] = total
        else:
            result.pop(m, None)
    return result


def scale(a: Form, factor: Fraction | int) -> Form:
    return {m: c * factor for m, c in a.items()} if factor else {}


def times(m: Monomial, n: Monomial) -> Monomial:
    if not m:
        return n
    if not n:
        return m
    powers = dict(m)
    for x, k in n:
        total = powers.get(x, 0) + k
        if total:
            powers[x] = total
        else:
            del powers[x]
    return frozenset(powers.items())


def multiply(a: Form, b: Form) -> Form:
    """a*b. Rejected where the product is too long."""
    if len(a) * len(b) > 16 * MAX_TERMS:
        reject(f"a product of forms has up to {len(a) * len(b)} terms")
    result: Form = {}
    for m, c in a.items():
        for n, d in b.items():
            key = times(m, n)
            total = result.get(key, Fraction(0)) + c * d
            if total:
                result[key] = total
            else:
                result.pop(key, None)
    if len(result) > MAX_TERMS:
        reject(f"a form has {len(result)} terms; accepted: at most {MAX_TERMS}")
    return result


def key(node: Node) -> str:
    """A total order of atoms, the same in every process."""
    return str(node)


def to_node(form: Form) -> Node:
    """The form as an expression, the same for equal forms."""
    terms = sorted(((monomial_node(m), c) for m, c in form.items()), key=lambda t: (t[1] < 0, t[0] == ONE, key(t[0])))
    result: Node | None = None
    for node, c in terms:
        size = node if abs(c) == 1 and node != ONE else number(abs(c)) if node == ONE else Node(Op.MUL, (number(abs(c)), node))
        if result is None:
            result = size if c > 0 else Node(Op.NEG, (size,))
        else:
            result = Node(Op.ADD if c > 0 else Op.SUB, (result, size))
    return ZERO if result is None else result


def monomial_node(m: Monomial) -> Node:
    parts = [x if k == 1 else Node(Op.POW, (x, number(k))) for x, k in sorted(m, key=lambda f: key(f[0]))]
    result = parts[0] if parts else ONE
    for part in parts[1:]:
        result = Node(Op.MUL, (result, part))
    return result


def factors(n: int) -> dict[int, int]:
    """n as a product; the factors are primes, but for numbers above 2^40 perhaps the last."""
    found: dict[int, int] = {}
    p = 2
    while p * p <= n and p < 2_000:
        while n % p == 0:
            found[p] = found.get(p, 0) + 1
            n //= p
        p += 1 if p == 2 else 2
    if n > 1:
        found[n] = found.get(n, 0) + 1
    return found


def log_number(q: Fraction) -> Form:
    """log q for a rational q > 0, over the logarithms of the factors of numerator and denominator."""
    result: Form = {}
    for n, sign in ((q.numerator, 1), (q.denominator, -1)):
        for p, k in factors(n).items():
            result = add(result, atom(Node(Op.LOG, (number(p),))), sign * k)
    return result


def flatten(hypothesis: Node) -> tuple[Node, ...]:
    """The parts of a conjunction, or the statement itself."""
    return hypothesis.args if hypothesis.op == "and" else (hypothesis,)


def mentions(m: Monomial | Node, name: str) -> bool:
    return name in free_names(m) if isinstance(m, Node) else any(name in free_names(x) for x, _ in m)


class Forms:
    """Forms of the expressions of one sequent.

    demands  sequents that must be valid for the forms to be right; they grow as expressions are rewritten
    """

    def __init__(self, sequent: Sequent):
        self.sequent = sequent
        self.demands: list[Sequent] = []
        self._scope: tuple[tuple[str, Node, Node], ...] = ()  # indices around the expression at hand: name, lo, hi
        self._inside = 0
        self._roots: dict[Node, Form] = {}  # the forms below square roots
        self._sums: dict[Node, Form] = {}  # the forms of sums that occur as denominators
        self._memo: dict[tuple[str, Node, tuple[tuple[str, Node, Node], ...]], Form] = {}
        self._inner: dict[tuple[tuple[str, Node, Node], ...], tuple[Sequent, dict[str, Node]]] = {}

    # -- the sequent inside sums and products -------------------------------------------------------------------------
    def inside(self) -> tuple[Sequent, dict[str, Node]]:
        """The sequent with the indices of the scope as variables, and what they are called there."""
        if self._scope not in self._inner:
            s = self.sequent
            renamed: dict[str, Node] = {}
            for name, lo, hi in self._scope:
                fresh = next(n for n in _names(name) if n not in s.names())
                ends = [substitute(x, renamed) for x in (lo, hi)]
                kind = "natural" if is_natural(ends[0], s.sorts) else "integer"
                s = Sequent({**s.sorts, fresh: Sort(kind)}, s.given, s.goal)
                renamed[name] = Node(Op.VAR, (), fresh)
                s = s.assume(Node(Op.LE, (ends[0], renamed[name])), Node(Op.LE, (renamed[name], ends[1])))
            self._inner[self._scope] = (s, renamed)
        return self._inner[self._scope]

    def evident(self, comparison: Node) -> bool:
        s, renamed = self.inside()
        return bool(s.signs.holds(substitute(comparison, renamed) if renamed else comparison))

    def demand(self, comparison: Node) -> None:
        """Note that ``comparison`` must hold, unless it is evident."""
        s, renamed = self.inside()
        statement = substitute(comparison, renamed) if renamed else comparison
        if not s.signs.holds(statement):
            wanted = s.aim(statement)
            if all(w.goal != statement or w.given != wanted.given for w in self.demands):
                self.demands.append(wanted)

    def positive(self, node: Node) -> bool:
        return self.evident(Node(Op.LT, (ZERO, node)))

    # -- plain forms -------------------------------------------------------------------------------------------------------
    def plain(self, root: Node) -> Form:
        """The form of an expression."""
        if self._inside > MAX_INSIDE:
            reject(f"found sums, products or logarithms inside each other; accepted: {MAX_INSIDE} levels")
        self._inside += 1
        try:
            return self._plain_loop(root)
        finally:
            self._inside -= 1

    def _plain_loop(self, root: Node) -> Form:
        work = [root]
        while work:
            node = work[-1]
            if ("plain", node, self._scope) in self._memo:
                work.pop()
                continue
            inner = () if node.op in (Op.SUM, Op.PROD, Op.LOG) else node.args
            missing = [a for a in inner if ("plain", a, self._scope) not in self._memo]
            if missing:
                work.extend(missing)
                continue
            self._memo["plain", node, self._scope] = self._plain(node)
            work.pop()
        return self._memo["plain", root, self._scope]

    def _plain(self, node: Node) -> Form:
        op = node.op
        if op == Op.NUM:
            return constant(node.value)
        if op in (Op.VAR, Op.CONST):
            return atom(node)
        if op == Op.SUM:
            return self.total(node.value, node.args[0], node.args[1], lambda: self.plain(node.args[2]))
        if op == Op.PROD:
            return atom(self.indexed(node))
        if op == Op.LOG:
            return self.log(node.args[0], defined=True)
        parts = [self.plain(a) for a in node.args]
        if op in (Op.ADD, Op.SUB):
            return add(parts[0], parts[1], 1 if op == Op.ADD else -1)
        if op == Op.NEG:
            return scale(parts[0], -1)
        if op == Op.MUL:
            return self.without_roots(multiply(parts[0], parts[1]))
        if op == Op.DIV:
            return self.without_roots(multiply(parts[0], self.inverse(parts[1])))
        if op == Op.POW:
            return self.without_roots(self.power(node.args[0], parts[0], parts[1]))
        if op == Op.EXP:
            result = constant(1)
            for m, c in parts[0].items():  # exp(2*x + y/3) = exp(x)^2 * exp(y/3)
                whole = c if c.denominator == 1 and abs(c) <= MAX_POWER else Fraction(1)
                result = multiply(result, atom(Node(Op.EXP, (to_node({m: c / whole}),)), int(whole)))
            return result
        if op == Op.SQRT:
            root = Node(Op.SQRT, (to_node(parts[0]),))
            self._roots[root] = parts[0]
            return atom(root)
        args = [to_node(p) for p in parts]
        if op == Op.DD:
            args[1:] = sorted(args[1:], key=key)
        elif op in ("min", "max"):
            args = sorted(args, key=key)
        return atom(Node(op, tuple(args), node.value))

    def inverse(self, form: Form) -> Form:
        """1/form, for a form that has the value of a denominator of the sequent (hence not 0)."""
        if not form:
            reject("found a denominator that is 0")
        if len(form) == 1:
            (m, c), = form.items()
            return {frozenset((x, -k) for x, k in m): 1 / c}
        unit, content = self.primitive(form)
        node = to_node(unit)
        self._sums[node] = unit
        return {frozenset(((node, -1),)): 1 / content}

    def is_zero(self, form: Form) -> bool:
        """Whether the form is 0 once denominators are cleared and squares of roots are replaced. True is certain."""
        for _ in range(20):
            form = self.without_roots(form)
            sums = {x for m in form for x, k in m if k < 0 and x in self._sums}
            if not sums:
                return not form
            x = min(sums, key=key)
            lowest = min((k for m in form for y, k in m if y == x), default=0)
            result: Form = {}
            for m, c in form.items():
                rest = times(m, frozenset(((x, -lowest),)))
                k = dict(rest).get(x, 0)
                term: Form = {frozenset(f for f in rest if f[0] != x): c}
                for _ in range(k):
                    term = multiply(term, self._sums[x])
                result = add(result, term)
            form = result
        return not form

    def without_roots(self, form: Form) -> Form:
        """sqrt(u)^2 = u, as often as it occurs; and 1/sqrt(u) = sqrt(u)/u for a u of one term, so that u/sqrt(u) is sqrt(u). Where a
        root divides it is not 0, and neither is u."""
        if not any(x in self._roots and (abs(k) > 1 or (k < 0 and len(self._roots[x]) == 1)) for m in form for x, k in m):
            return form
        result: Form = {}
        for m, c in form.items():
            term: Form = {UNIT: c}
            for x, k in m:
                if x in self._roots and k < 0 and len(self._roots[x]) == 1:
                    for _ in range(min((1 - k) // 2, 50)):
                        term = multiply(term, self.inverse(self._roots[x]))
                    left = k + 2 * min((1 - k) // 2, 50)
                    term = multiply(term, atom(x, left)) if left else term
                elif x in self._roots and abs(k) > 1:
                    half = self._roots[x]
                    for _ in range(min(abs(k) // 2, 50)):
                        term = multiply(term, half if k > 0 else self.inverse(half))
                    left = abs(k) - 2 * min(abs(k) // 2, 50)
                    term = multiply(term, atom(x, left if k > 0 else -left)) if left else term
                else:
                    term = multiply(term, atom(x, k))
            result = add(result, term)
        return result

    @staticmethod
    def primitive(form: Form) -> tuple[Form, Fraction]:
        """(f, c) with form = c*f, c > 0, the same f for all positive multiples of a form."""
        from math import gcd, lcm
        denominator = lcm(*(c.denominator for c in form.values()))
        content = Fraction(gcd(*(int(c * denominator) for c in form.values())), denominator)
        return scale(form, 1 / content), content

    def natural(self, form: Form) -> bool:
        return is_natural(to_node(form), self.inside()[0].sorts) and all(c > 0 and c.denominator == 1 for c in form.values())

    def power(self, base_node: Node, base: Form, exponent: Form) -> Form:
        """base^exponent. ``base_node`` is the base as it was, for its sign."""
        n = exponent.get(UNIT, Fraction(0))
        if exponent == constant(n) and n.denominator == 1 and abs(n) <= (10_000 if len(base) == 1 else MAX_POWER):
            if n == 0:
                return constant(1)
            if len(base) == 1:
                (m, c), = base.items()
                if c.numerator.bit_length() + c.denominator.bit_length() > 2 + 2_000 / abs(n) and abs(c) != 1:
                    return self.opaque(base, exponent)
                return {frozenset((x, k * int(n)) for x, k in m): c**int(n)}
            result = constant(1)
            for _ in range(abs(int(n))):
                result = multiply(result, base)
            return result if n > 0 else self.inverse(result)
        if base == constant(1):
            return constant(1)
        rest = {m: c for m, c in exponent.items() if m != UNIT}
        whole = all(c.denominator == 1 for c in exponent.values())
        positive = self.positive(base_node)
        pieces = [({m: Fraction(1)}, c) for m, c in rest.items()]
        split = whole and (positive or (n >= 0 and all(c > 0 and self.natural(p) for p, c in pieces)))
        if not rest or not split or abs(n) > MAX_POWER or any(abs(c) > MAX_POWER for c in exponent.values()):
            return self.opaque(base, exponent)
        result = self.power(base_node, base, constant(n))
        for piece, c in pieces:
            one = self.symbolic(base, piece, positive)
            if len(one) != 1:
                return self.opaque(base, exponent)
            (m, d), = one.items()
            result = multiply(result, {frozenset((x, k * int(c)) for x, k in m): d**int(c)})
        return result

    def symbolic(self, base: Form, exponent: Form, positive: bool) -> Form:
        """base^M, M a monomial: a monomial, the power of the factors of the base where that is allowed."""
        e = to_node(exponent)
        if not self.natural(exponent):
            if len(base) == 1 and positive:
                (m, c), = base.items()
                if c > 0 and all(not _canonical(x) and self.positive(x) for x, _ in m):
                    return self.product_of_powers(m, c, exponent)
            return atom(Node(Op.POW, (to_node(base), e)))
        if len(base) == 1:
            (m, c), = base.items()
            return self.product_of_powers(m, c, exponent)
        if not base:
            return atom(Node(Op.POW, (ZERO, e)))
        unit, content = self.primitive(base)
        return multiply(self.product_of_powers(UNIT, content, exponent), atom(Node(Op.POW, (to_node(unit), e))))

    def product_of_powers(self, m: Monomial, c: Fraction, exponent: Form) -> Form:
        """(c*m)^exponent, factor by factor, c not 0."""
        e = to_node(exponent)
        powers: dict[Node, int] = {}
        if c < 0:
            powers[Node(Op.POW, (number(-1), e))] = 1
        for n, sign in ((abs(c.numerator), 1), (c.denominator, -1)):
            for p, k in (factors(n) if n.bit_length() <= MAX_NUMBER else {n: 1}).items():
                powers[Node(Op.POW, (number(p), e))] = sign * k
        for x, k in m:
            if x.op == Op.POW and self.natural(exponent) and is_natural(x.args[1], self.inside()[0].sorts):
                (inner, d), = multiply(self.plain(x.args[1]), exponent).items() if len(self.plain(x.args[1])) == 1 else ((UNIT, 0),)
                if d == 1:
                    x, e_x = x.args[0], to_node({inner: Fraction(1)})
                    powers[Node(Op.POW, (x, e_x))] = powers.get(Node(Op.POW, (x, e_x)), 0) + k
                    continue
            powers[Node(Op.POW, (x, e))] = powers.get(Node(Op.POW, (x, e)), 0) + k
        return {frozenset((x, k) for x, k in powers.items() if k): Fraction(1)}

    def opaque(self, base: Form, exponent: Form) -> Form:
        return atom(Node(Op.POW, (to_node(base), to_node(exponent))))

    # -- sums and products over an index -----------------------------------------------------------------------------------
    def total(self, index: str, lo: Node, hi: Node, body) -> Form:  # type: ignore[no-untyped-def]
        """The sum over index = lo, ..., hi of the form that ``body()`` returns inside the scope of the index."""
        low, high = self.plain(lo), self.plain(hi)
        low_node, high_node = to_node(low), to_node(high)
        outer = self._scope
        self._scope = (*outer, (index, lo, hi))
        try:
            form = body()
        finally:
            self._scope = outer
        result: Form = {}
        counted = False
        for m, c in form.items():
            inner = frozenset(f for f in m if mentions(f[0], index))
            free = m - inner
            for x, k in free:
                if k < 0 and _canonical(x):
                    reject(f"found a denominator {str(x)[:60]} inside a sum over an index")
                if k < 0:
                    self.demand(Node(Op.NE, (x, ZERO)))
            if not inner:
                if not counted:
                    self.demand(Node(Op.LE, (lo, Node(Op.ADD, (hi, ONE)))))
                    counted = True
                each = add(add(high, low, -1), constant(1))
            else:
                each = atom(Node(Op.SUM, (low_node, high_node, renamed(monomial_node(inner), index)), _last(inner)))
            result = add(result, multiply({free: c}, each))
        return result

    def indexed(self, node: Node) -> Node:
        """A product over an index with canonical parts."""
        lo, hi, body = node.args
        ends = [to_node(self.plain(x)) for x in (lo, hi)]
        outer = self._scope
        self._scope = (*outer, (node.value, lo, hi))
        try:
            inner = to_node(self.plain(body))
        finally:
            self._scope = outer
        name = INDEX + str(_deepest((inner,)) + 1)
        return Node(Op.PROD, (*ends, rebuild(inner, _renaming(node.value, name))), name)

    # -- logarithms --------------------------------------------------------------------------------------------------------
    def log(self, node: Node, defined: bool = False) -> Form:
        """The form of log(node). Positivity of the parts is demanded; of the node itself not, if ``defined`` says that the
        sequent contains log(node) where it must have a value."""
        memo = ("log" if not defined else "log!", node, self._scope)
        if memo not in self._memo:
            if self._inside > MAX_INSIDE:
                reject(f"found sums, products or logarithms inside each other; accepted: {MAX_INSIDE} levels")
            self._inside += 1
            try:
                self._memo[memo] = self._log(node, defined)
            finally:
                self._inside -= 1
        return self._memo[memo]

    def _log(self, root: Node, defined: bool) -> Form:
        result: Form = {}
        stack: list[tuple[Node, Form, bool]] = [(root, constant(1), defined)]
        while stack:
            node, factor, known = stack.pop()
            op = node.op
            if op in (Op.MUL, Op.DIV):
                a, b = node.args
                both = known and (self.positive(a) or self.positive(b))  # one factor > 0 and the product > 0
                stack.append((b, factor if op == Op.MUL else scale(factor, -1), both))
                stack.append((a, factor, both))
            elif op == Op.SQRT:
                stack.append((node.args[0], scale(factor, Fraction(1, 2)), known))
            elif op == Op.POW:
                # a power is positive also where the base is negative
                stack.append((node.args[0], multiply(factor, self.plain(node.args[1])), False))
            elif op == Op.DD and len(node.args) == 2:
                stack.append((node.args[1], multiply(factor, self.plain(node.args[0])), False))
            elif op == Op.EXP:
                result = add(result, multiply(factor, self.plain(node.args[0])))
            elif op == Op.PROD:
                name, lo, hi, body = node.value, *node.args
                result = add(result, multiply(factor, self.total(name, lo, hi, lambda body=body: self.log(body))))
            else:
                result = add(result, multiply(factor, self.log_form(node, known)))
        return result

    def log_form(self, node: Node, known: bool) -> Form:
        """log of a sum, a variable, a number, ..."""
        form = self.plain(node)
        if not form:
            reject(f"found the logarithm of {str(node)[:60]}, which is 0")
        if len(form) > 1:
            if not known:
                self.demand(Node(Op.LT, (ZERO, node)))
            unit, content = self.primitive(form)
            return add(atom(Node(Op.LOG, (to_node(unit),))), log_number(content))
        (m, c), = form.items()
        if c < 0:
            reject(f"found the logarithm of {str(node)[:60]}; accepted: a product of positive factors")
        result = log_number(c)
        lone = len(m) == 1
        for x, k in m:
            if x == node or (x.op in (Op.VAR, Op.ELT, Op.CONST, Op.SUM, "min", "max", "abs", Op.DD) and k == 1):
                if not lone and _canonical(x):
                    reject(f"found the logarithm of {str(node)[:60]}; accepted: products of simpler factors")
                if not (lone and known):
                    self.demand(Node(Op.LT, (ZERO, node if lone else x)))
                result = add(result, atom(Node(Op.LOG, (x,))), k)
            elif _canonical(x):
                reject(f"found the logarithm of {str(node)[:60]}; accepted: products, quotients, powers, roots")
            else:
                result = add(result, self.log(x), k)
        return result


def _canonical(node: Node) -> bool:
    return any(isinstance(n.value, str) and n.value.startswith(INDEX) for n in postorder(node))


def _names(like: str) -> Iterable[str]:
    from normbound.claims.checker.sequent import candidates
    return candidates(like)


def _deepest(nodes: Iterable[Node]) -> int:
    """The largest number of a canonical index below the nodes; -1 where there is none."""
    return max((int(n.value[1:]) for n in postorder(*nodes) if isinstance(n.value, str) and n.value.startswith(INDEX)), default=-1)


def _last(m: Monomial) -> str:
    return INDEX + str(_deepest(x for x, _ in m) + 1)


def _renaming(old: str, new: str):  # type: ignore[no-untyped-def]
    return lambda n, args: Node(Op.VAR, (), new) if n.op == Op.VAR and n.value == old else None


def renamed(node: Node, index: str) -> Node:
    """``node`` with the index under its canonical name."""
    return rebuild(node, _renaming(index, INDEX + str(_deepest((node,)) + 1)))


__all__ = ["ONE", "UNIT", "ZERO", "Form", "Forms", "Monomial", "add", "atom", "constant", "flatten", "key", "log_number",
           "multiply", "scale", "to_node"]
