"""Normal form: products as factor -> exponent maps, sums as monomial -> coefficient maps.

Products are not distributed over sums, so the form stays as small as the graph. Two terms with the same normal
form are equal as functions on the positive values of their symbols; the converse is not claimed. Exponents are
rational combinations of monomials in naturals, so ``dd(K; a)*dd(K; b)`` and ``dd(K; a*b)`` have one form.
Bound symbols are renamed by the height of their binder, so forms do not depend on the names of indices.

A subterm that is used in several places and has a long form stays one base or one summand (``MAX_FACTORS``,
``MAX_SUMMANDS``): n nested residuals x + s_i x keep O(n) nodes instead of n^2. The form stays sound; beyond those
sizes it is only less complete.

The same tables keep the order in which factors and summands appear, left to right: printers read them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from normbound.terms.store import INF_ID, MAX_FLAT, ONE_ID, ZERO_ID, Exact, Op, Store, Term, bound_symbols, children, rational_power

MAX_FACTORS = 64
MAX_SUMMANDS = 16
_BINDERS = (Op.PROD, Op.REC, Op.SUM)
_ONE, _NONE = Fraction(1), Fraction(0)

Naturals = tuple[int, ...]  # a monomial in naturals: the ids of its factors, with repetition; () is 1
Exponent = dict[Naturals, Fraction]


@dataclass(slots=True)
class Product:
    """coefficient * prod base^exponent, in order of appearance."""

    coefficient: Exact
    factors: list[tuple[int, Exponent]]


@dataclass(slots=True)
class Sum:
    """sum of coefficient * body, in order of appearance (body id 1 is the constant)."""

    summands: list[tuple[Exact, int]]


@dataclass(slots=True)
class Normal:
    """The normal forms of terms of one store, and the appearance order of their parts."""

    store: Store
    image: dict[int, int] = field(default_factory=dict)
    products: dict[int, Product] = field(default_factory=dict)
    sums: dict[int, Sum] = field(default_factory=dict)
    stems: dict[int, str] = field(default_factory=dict)  # how a renamed bound symbol was called
    _shared: set[int] = field(default_factory=set)  # ids with several parents
    _opaque: set[int] = field(default_factory=set)  # their images, where these stay whole

    def __call__(self, term: Term) -> Term:
        """The normal form of ``term``."""
        root = self._rename(term.id)
        while True:
            self._prepare([root])
            result = self.image[root]
            root = self._rename(result)  # differs only when a binder cancelled out below another one
            if root == result:
                return Term(self.store, result)

    def trace(self, term: Term) -> tuple[Term, list[tuple[int, int]]]:
        """The normal form of ``term`` with bound symbols as they are, and pairs of equal ids that lead to it: each follows
        from those before it and the normal forms of products and sums. ``opaque`` are the ids that stay whole in them.
        """
        root = term.id
        while True:
            self._prepare([root])
            if self.image[root] == root:
                break
            root = self.image[root]
        return Term(self.store, root), [(a, b) for a, b in self.image.items() if a != b]

    @property
    def opaque(self) -> frozenset[int]:
        return frozenset(self._opaque)

    def _rename(self, root: int) -> int:
        """``root`` with bound symbols named after the height of their binder, so that names do not matter."""
        store = self.store
        nodes = store.nodes
        ids = store.reachable([Term(store, root)])
        if not any(nodes[i][0] in _BINDERS for i in ids):
            return root
        heights: dict[int, int] = {}
        image: dict[int, Term] = {}
        for i in ids:
            node = nodes[i]
            below = max((heights[c] for c in children(node)), default=0)
            bound = bound_symbols(node)
            heights[i] = below + bool(bound)
            if bound:
                names = {b: store.intern((Op.SYM, f".{heights[i]}.{k}")) for k, b in enumerate(bound)}
                for b, name in names.items():
                    self.stems.setdefault(name.id, self.stems.get(b) or nodes[b][1].split(".")[0] or "i")
                inner = node[6] if node[0] == Op.REC else (node[3],)
                changed = {Term(store, b): t for b, t in names.items() if b != t.id}
                bodies = store.substitute([image[c] for c in inner], changed)
                if node[0] == Op.REC:  # starts do not see the states, even where a step is the same node
                    image[i] = store.recurrence(node[1], image[node[2]], names[node[3]], [names[b] for b in node[4]],
                                                [image[c] for c in node[5]], bodies)
                else:
                    make = store.product if node[0] == Op.PROD else store.sum
                    image[i] = make(names[node[1]], image[node[2]], bodies[0])
            else:
                image[i] = store.rebuild(i, image)
        return image[root].id

    # -- which nodes are heads of a maximal product or sum -----------------------------------------------------
    def _prepare(self, roots: Iterable[int]) -> None:
        nodes = self.store.nodes
        roots = [i for i in roots if i not in self.image]
        if not roots:
            return
        parents: set[int] = set()
        for i in self.store.reachable([Term(self.store, r) for r in roots]):
            if i in self.image:
                continue
            for c in children(nodes[i]):
                if c in parents:
                    self._shared.add(c)
                parents.add(c)
        heads: set[int] = set()
        stack = list(roots)
        while stack:
            i = stack.pop()
            if i in heads or i in self.image:
                continue
            heads.add(i)
            if _is_multiplicative(nodes[i]):
                bases, depths = self._product_leaves(i)
                stack.extend(bases)
                stack.extend(depths)
            elif nodes[i][0] == Op.ADD:
                stack.extend(self._sum_leaves(i))
            else:
                stack.extend(children(nodes[i]))
        for i in sorted(heads):
            if i not in self.image:
                self.image[i] = result = self._head(i)
                self.image.setdefault(result, result)
                if i in self._shared and self._is_long(result):
                    self._opaque.add(result)

    def _is_long(self, i: int) -> bool:
        product, total = self.products.get(i), self.sums.get(i)
        return ((product is not None and len(product.factors) > MAX_FACTORS)
                or (total is not None and len(total.summands) > MAX_SUMMANDS))

    def _sum_leaves(self, head: int) -> list[int]:
        """What the maximal tree of unshared sums at ``head`` adds up, first appearance, left to right."""
        nodes, seen, stack, leaves = self.store.nodes, set(), [head], []
        while stack:
            i = stack.pop()
            if i in seen:
                continue
            seen.add(i)
            if nodes[i][0] == Op.ADD and (i == head or i not in self._shared):
                stack.extend(reversed(nodes[i][1:]))
            else:
                leaves.append(i)
        return leaves

    def _product_leaves(self, head: int) -> tuple[list[int], list[int]]:
        """The bases and the depths of the maximal tree of unshared products and powers at ``head``."""
        nodes, seen, stack = self.store.nodes, set(), [head]
        bases: list[int] = []
        depths: list[int] = []
        while stack:
            i = stack.pop()
            if i in seen:
                continue
            seen.add(i)
            node = nodes[i]
            if not self._opens(i, head):
                bases.append(i)
            elif node[0] == Op.MUL:
                stack.append(node[2])
                stack.append(node[1])
            elif node[0] == Op.POW:
                stack.append(node[1])
            else:
                depths.append(node[1])
                stack.append(node[2])
        return bases, depths

    def _opens(self, i: int, head: int) -> bool:
        return _is_multiplicative(self.store.nodes[i]) and (i == head or i not in self._shared)

    # -- forms ------------------------------------------------------------------------------------------------
    def _head(self, i: int) -> int:
        store = self.store
        node = store.nodes[i]
        if _is_multiplicative(node):
            return self._product(i)
        if node[0] == Op.ADD:
            return self._sum(i)
        if node[0] in (Op.MAX, Op.MIN):
            flat: set[int] = set()
            for c in node[1:]:
                below = store.nodes[self.image[c]]
                flat.update(below[1:] if below[0] == node[0] and len(below) <= MAX_FLAT else (self.image[c],))
            terms = [Term(store, c) for c in sorted(flat)]
            return (store.maximum(terms) if node[0] == Op.MAX else store.minimum(terms)).id
        image = {c: Term(store, self.image[c]) for c in children(node)}
        result = store.rebuild(i, image).id
        if store.nodes[result][0] != node[0]:  # folded, for instance dd(2; a, b) to a + b
            self._prepare([result])
            return self.image[result]
        return result

    def _product(self, head: int) -> int:
        nodes = self.store.nodes
        bases, _ = self._product_leaves(head)
        weights: dict[int, Exponent] = {head: {(): _ONE}}
        pending = {head}
        heap = [-head]
        while heap:
            i = -heapq.heappop(heap)
            node = nodes[i]
            if not self._opens(i, head):
                continue
            w = weights[i]
            if node[0] == Op.MUL:
                below = ((node[1], w), (node[2], w))
            elif node[0] == Op.POW:
                below = ((node[1], {n: e * node[2] for n, e in w.items()}),)  # type: ignore[assignment]
            else:
                scale, power = self._natural(node[1])
                below = ((node[2], {tuple(sorted(n + power)): e * scale for n, e in w.items()}),)  # type: ignore
            for c, extra in below:
                target = weights.setdefault(c, {})
                for n, e in extra.items():
                    before = target.get(n)
                    target[n] = e if before is None else before + e
                if c not in pending:
                    pending.add(c)
                    heapq.heappush(heap, -c)
        return self.assemble([(self.image[b], weights[b]) for b in bases])

    def _natural(self, depth: int) -> tuple[Fraction, Naturals]:
        """A depth as coefficient and monomial of atomic naturals."""
        i = self.image[depth]
        form = self.products.get(i)
        if form is None:
            node = self.store.nodes[i]
            return (Fraction(node[1]), ()) if node[0] == Op.NUM else (Fraction(1), (i,))
        atoms: list[int] = []
        for base, exponent in form.factors:
            e = exponent.get((), Fraction(0))
            if set(exponent) != {()} or e.denominator != 1 or e < 0:
                return Fraction(1), (i,)
            atoms.extend([base] * int(e))
        return Fraction(form.coefficient), tuple(sorted(atoms))

    def assemble(self, parts: Iterable[tuple[int, Exponent]]) -> int:
        """The product of normalized bases to exponents, as a normalized id; bases may themselves be products."""
        store = self.store
        coefficient: Exact = 1
        factors: dict[int, Exponent] = {}
        for base, exponent in parts:
            inner = self.products.get(base)
            if base in self._opaque:
                inner = None
            pieces = [(base, {(): _ONE})] if inner is None else inner.factors
            if inner is not None and inner.coefficient != 1:
                pieces = [(store.number(inner.coefficient).id, {(): Fraction(1)}), *pieces]
            for b, e in pieces:
                for n, x in e.items():
                    for m, y in exponent.items():
                        _raise(factors, b, tuple(sorted(n + m)) if n and m else n or m, x if y is _ONE else x * y)
        # Literals: rational powers go into the coefficient, p/q under a root becomes p and q^-1.
        roots: dict[int, Fraction] = {}
        for b in [b for b in factors if store.nodes[b][0] == Op.NUM]:
            value = Fraction(store.nodes[b][1])
            weight = factors[b].pop((), _NONE)
            if value == 0 and weight:
                if weight < 0:
                    _raise(factors, INF_ID, (), Fraction(1))
                else:
                    coefficient = 0
            elif weight and (power := rational_power(store.nodes[b][1], weight)) is not None:
                coefficient *= power
            elif weight:
                roots[value.numerator] = roots.get(value.numerator, Fraction(0)) + weight
                roots[value.denominator] = roots.get(value.denominator, Fraction(0)) - weight
        for literal, rest in roots.items():
            for part in (rest, Fraction(int(rest))):
                power = rational_power(literal, part)
                if power is not None:
                    coefficient *= power
                    rest -= part
                    break
            if rest:
                _raise(factors, store.number(literal).id, (), rest)
        if coefficient == 0:
            return ZERO_ID
        ends = factors.get(INF_ID, {})
        if () in ends:
            return INF_ID if ends[()] > 0 else ZERO_ID
        self._merge_literals(factors)
        kept = [(b, e) for b, e in ((b, {n: x for n, x in e.items() if x}) for b, e in factors.items())
                if e and b != ONE_ID]
        result = self._emit(coefficient, kept)
        if _is_multiplicative(store.nodes[result]):
            self.products.setdefault(result, Product(coefficient, kept))
        return result

    def _merge_literals(self, factors: dict[int, Exponent]) -> None:
        """One literal under each symbolic exponent: 2^K*(3/2)^K is 3^K, and 0^K absorbs what stands beside it."""
        store = self.store
        literals: dict[Naturals, Exact] = {}
        for b in [b for b in factors if store.nodes[b][0] == Op.NUM]:
            for n, x in list(factors[b].items()):
                value = store.nodes[b][1]
                power = rational_power(value, x) if n and x and (value or x > 0) else None
                if power is not None:
                    literals[n] = literals.get(n, 1) * power
                    del factors[b][n]
        for n, value in literals.items():
            if value == 0:
                for e in factors.values():
                    e.pop(n, None)
            if value != 1:
                _raise(factors, store.number(value).id, n, Fraction(1))

    def _emit(self, coefficient: Exact, factors: list[tuple[int, Exponent]]) -> int:
        store = self.store
        groups: dict[Naturals, list[tuple[int, Fraction]]] = {}
        for b, e in sorted(factors, key=lambda f: f[0]):
            for n, x in e.items():
                groups.setdefault(n, []).append((b, x))
        result = store.number(coefficient)
        for n in sorted(groups):
            depth = store.one
            for atom in n:
                depth = depth * Term(store, atom)
            part = store.one
            for b, x in groups[n]:
                if b == ZERO_ID and x < 0:  # 1/0^K is 1 at K = 0, but 1/0 has no finite value
                    result = result * store.power(store.dd(depth, [store.zero]), x)
                else:
                    part = part * store.power(Term(store, b), x)
            result = result * (store.dd(depth, [part]) if n else part)
        return result.id

    def _sum(self, head: int) -> int:
        store = self.store
        nodes = store.nodes
        weights: dict[int, int] = {head: 1}
        leaves = self._sum_leaves(head)
        ends = set(leaves)
        heap, pending = [-head], {head}
        while heap:
            i = -heapq.heappop(heap)
            if i in ends:
                continue
            for c in nodes[i][1:]:
                weights[c] = weights.get(c, 0) + weights[i]
                if c not in pending:
                    pending.add(c)
                    heapq.heappush(heap, -c)
        collected: dict[int, Exact] = {}
        for leaf in leaves:
            for c, body in self._summands(self.image[leaf]):
                collected[body] = collected.get(body, 0) + c * weights[leaf]
        if INF_ID in collected:
            return INF_ID
        self._cancel_differences(collected)
        summands = [(c, b) for b, c in collected.items() if c]
        if len(summands) < 2:
            if not summands:
                return ZERO_ID
            factor, body = summands[0]
            one: Exponent = {(): Fraction(1)}
            return self.assemble([(store.number(factor).id, one), (body, one)])
        result: Term | None = None
        for factor, body in sorted(summands, key=lambda part: (part[1] == ONE_ID, part[1])):
            part = store.number(factor) * Term(store, body)
            if result is None:
                result = part
            else:  # not ``+``, which would fold (n - c) + c below a form that does not say so
                result = store.intern((Op.ADD, result.id, part.id))
        assert result is not None
        self.sums.setdefault(result.id, Sum(summands))
        return result.id

    def _summands(self, i: int) -> list[tuple[Exact, int]]:
        inner = self.sums.get(i)
        if inner is None or i in self._opaque:
            return [self.split(i)]
        return inner.summands

    def _cancel_differences(self, collected: dict[int, Exact]) -> None:
        """(n - c) + c becomes n."""
        nodes = self.store.nodes
        pending = sorted(b for b in collected if nodes[b][0] == Op.SUB)
        while pending:
            body = pending.pop(0)
            w = collected.get(body, 0)
            taken = self._summands(nodes[body][2])
            if w and all(collected.get(b, 0) >= w * c for c, b in taken):
                del collected[body]
                for c, b in taken:
                    collected[b] -= w * c
                for c, b in self._summands(nodes[body][1]):
                    collected[b] = collected.get(b, 0) + w * c
                pending = sorted(b for b in collected if nodes[b][0] == Op.SUB and collected[b])

    def split(self, i: int) -> tuple[Exact, int]:
        """A normalized id as coefficient times a body without one."""
        node = self.store.nodes[i]
        if node[0] == Op.NUM:
            return node[1], ONE_ID
        form = self.products.get(i)
        if form is None or form.coefficient == 1:
            return 1, i
        body = self._emit(1, form.factors)
        if len(form.factors) != 1 or form.factors[0][1] != {(): 1}:
            self.products.setdefault(body, Product(1, form.factors))
        return form.coefficient, body


def _raise(factors: dict[int, Exponent], base: int, monomial: Naturals, exponent: Fraction) -> None:
    target = factors.setdefault(base, {})
    before = target.get(monomial)
    target[monomial] = exponent if before is None else before + exponent


def _is_multiplicative(node: tuple) -> bool:
    kind = node[0]
    return kind in (Op.MUL, Op.POW) or (kind == Op.DD and len(node) == 3)


def normal(term: Term) -> Term:
    """The normal form of one term."""
    return Normal(term.store)(term)


def same(a: Term, b: Term) -> bool:
    """Whether two terms of one store have the same normal form."""
    forms = Normal(a.store)
    return forms(a) == forms(b)
