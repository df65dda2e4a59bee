"""Normal form: products as factor -> exponent maps, sums as monomial -> coefficient maps.

Products are not distributed over sums, so the form stays as small as the graph. Two terms with the same normal
form are equal as functions on the positive values of their symbols; the converse is not claimed. Exponents are
rational combinations of monomials in naturals, so ``dd(K; a)*dd(K; b)`` and ``dd(K; a*b)`` have one form.

The same tables keep the order in which factors and summands appear, left to right: printers read them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from normbound.terms.store import (ADD, DD, MAX, MIN, MUL, NUM, ONE_ID, POW, Exact, Store, Term, _rational_power,
                                   children)

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

    def __call__(self, term: Term) -> Term:
        """The normal form of ``term``."""
        self._prepare([term.id])
        return Term(self.store, self.image[term.id])

    # -- which nodes are heads of a maximal product or sum -----------------------------------------------------
    def _prepare(self, roots: Iterable[int]) -> None:
        nodes = self.store.nodes
        heads: set[int] = set()
        stack = [i for i in roots if i not in self.image]
        while stack:
            i = stack.pop()
            if i in heads or i in self.image:
                continue
            heads.add(i)
            kind = nodes[i][0]
            if _is_multiplicative(nodes[i]):
                bases, depths = self._product_leaves(i)
                stack.extend(bases)
                stack.extend(depths)
            elif kind == ADD:
                stack.extend(self._region(i, ADD))
            else:
                stack.extend(children(nodes[i]))
        for i in sorted(heads):
            self.image[i] = self._head(i)

    def _region(self, head: int, kind: int) -> list[int]:
        """The children below the maximal tree of ``kind`` nodes at ``head``, first appearance, left to right."""
        nodes, seen, stack, leaves = self.store.nodes, set(), [head], []
        while stack:
            i = stack.pop()
            if i in seen:
                continue
            seen.add(i)
            if nodes[i][0] == kind:
                stack.extend(reversed(nodes[i][1:]))
            else:
                leaves.append(i)
        return leaves

    def _product_leaves(self, head: int) -> tuple[list[int], list[int]]:
        nodes, seen, stack = self.store.nodes, set(), [head]
        bases: list[int] = []
        depths: list[int] = []
        while stack:
            i = stack.pop()
            if i in seen:
                continue
            seen.add(i)
            node = nodes[i]
            if not _is_multiplicative(node):
                bases.append(i)
            elif node[0] == MUL:
                stack.append(node[2])
                stack.append(node[1])
            elif node[0] == POW:
                stack.append(node[1])
            else:
                depths.append(node[1])
                stack.append(node[2])
        return bases, depths

    # -- forms ------------------------------------------------------------------------------------------------
    def _head(self, i: int) -> int:
        node = self.store.nodes[i]
        if _is_multiplicative(node):
            return self._product(i)
        if node[0] == ADD:
            return self._sum(i)
        if node[0] in (MAX, MIN):
            below = sorted({self.image[c] for c in node[1:]})
            terms = [Term(self.store, c) for c in below]
            return (self.store.maximum(terms) if node[0] == MAX else self.store.minimum(terms)).id
        return self.store.rebuild(i, {c: Term(self.store, self.image[c]) for c in children(node)}).id

    def _product(self, head: int) -> int:
        nodes = self.store.nodes
        bases, _ = self._product_leaves(head)
        weights: dict[int, Exponent] = {head: {(): Fraction(1)}}
        pending = {head}
        import heapq
        heap = [-head]
        while heap:
            i = -heapq.heappop(heap)
            node = nodes[i]
            if not _is_multiplicative(node):
                continue
            w = weights[i]
            if node[0] == MUL:
                below = ((node[1], w), (node[2], w))
            elif node[0] == POW:
                below = ((node[1], {n: e * node[2] for n, e in w.items()}),)  # type: ignore[assignment]
            else:
                scale, power = self._natural(node[1])
                below = ((node[2], {tuple(sorted(n + power)): e * scale for n, e in w.items()}),)  # type: ignore
            for c, extra in below:
                target = weights.setdefault(c, {})
                for n, e in extra.items():
                    target[n] = target.get(n, Fraction(0)) + e
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
            return (Fraction(node[1]), ()) if node[0] == NUM else (Fraction(1), (i,))
        atoms: list[int] = []
        for base, exponent in form.factors:
            e = exponent.get((), Fraction(0))
            if len(exponent) != 1 or e.denominator != 1 or e < 0:
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
            pieces = [(base, {(): Fraction(1)})] if inner is None else inner.factors
            if inner is not None and inner.coefficient != 1:
                pieces = [(store.number(inner.coefficient).id, {(): Fraction(1)}), *pieces]
            for b, e in pieces:
                target = factors.setdefault(b, {})
                for n, x in e.items():
                    for m, y in exponent.items():
                        key = tuple(sorted(n + m))
                        target[key] = target.get(key, Fraction(0)) + x * y
        kept: list[tuple[int, Exponent]] = []
        for b, e in factors.items():
            e = {n: x for n, x in e.items() if x}
            node = store.nodes[b]
            if node[0] == NUM and () in e:
                whole = _rational_power(node[1], e[()])
                if whole is not None:
                    coefficient *= whole
                    del e[()]
            if e and b != ONE_ID:
                kept.append((b, e))
        if coefficient == 0:
            return store.zero.id
        result = self._emit(coefficient, kept)
        if len(kept) != 1 or coefficient != 1 or kept[0][1] != {(): 1}:
            self.products.setdefault(result, Product(coefficient, kept))
        return result

    def _emit(self, coefficient: Exact, factors: list[tuple[int, Exponent]]) -> int:
        store = self.store
        groups: dict[Naturals, list[tuple[int, Fraction]]] = {}
        for b, e in sorted(factors, key=lambda f: f[0]):
            for n, x in e.items():
                groups.setdefault(n, []).append((b, x))
        result = store.number(coefficient)
        for n in sorted(groups):
            part = store.one
            for b, x in groups[n]:
                part = part * store.power(Term(store, b), x)
            if n:
                depth = store.one
                for atom in n:
                    depth = depth * Term(store, atom)
                part = store.dd(depth, [part])
            result = result * part
        return result.id

    def _sum(self, head: int) -> int:
        store = self.store
        weights: dict[int, int] = {head: 1}
        collected: dict[int, Exact] = {}
        leaves = self._region(head, ADD)
        import heapq
        heap, pending = [-head], {head}
        while heap:
            i = -heapq.heappop(heap)
            node = store.nodes[i]
            if node[0] != ADD:
                continue
            for c in node[1:]:
                weights[c] = weights.get(c, 0) + weights[i]
                if c not in pending:
                    pending.add(c)
                    heapq.heappush(heap, -c)
        for leaf in leaves:
            i = self.image[leaf]
            node = store.nodes[i]
            inner = self.sums.get(i)
            parts = [(c, b) for c, b in inner.summands] if inner is not None else [self.split(i)]
            for c, body in parts:
                collected[body] = collected.get(body, 0) + c * weights[leaf]
        result = store.zero
        for body in sorted(collected, key=lambda b: (b == ONE_ID, b)):
            result = result + store.number(collected[body]) * Term(store, body)
        summands = [(c, b) for b, c in collected.items() if c]
        if len(summands) > 1:
            self.sums.setdefault(result.id, Sum(summands))
        return result.id

    def split(self, i: int) -> tuple[Exact, int]:
        """A normalized id as coefficient times a body without one."""
        node = self.store.nodes[i]
        if node[0] == NUM:
            return node[1], ONE_ID
        form = self.products.get(i)
        if form is None or form.coefficient == 1:
            return 1, i
        body = self._emit(1, form.factors)
        if len(form.factors) != 1 or form.factors[0][1] != {(): 1}:
            self.products.setdefault(body, Product(1, form.factors))
        return form.coefficient, body


def _is_multiplicative(node: tuple) -> bool:
    kind = node[0]
    return kind == MUL or kind == POW or (kind == DD and len(node) == 3)


def normal(term: Term) -> Term:
    """The normal form of one term."""
    return Normal(term.store)(term)


def same(a: Term, b: Term) -> bool:
    """Whether two terms of one store have the same normal form."""
    forms = Normal(a.store)
    return forms(a) == forms(b)
