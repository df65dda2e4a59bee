"""Derivatives of terms by a real symbol, as a difference of two terms.

Terms are nonnegative, derivatives are not: the positive and the negative part of a derivative are carried side by
side, and only their values are subtracted. One forward sweep over the ids; the number of new nodes is linear in the
size of the term. Only negative powers swap the parts; without them the negative part is the literal zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from normbound.errors import TermError
from normbound.terms.evaluate import DEFAULT_BITS, GUARD_BITS, Values, evaluate_many, precision
from normbound.terms.store import Node, Op, Store, Term, bound_symbols, children

__all__ = ["Difference", "differentiate"]

_NATURAL = {Op.DD: "the depth of dd", Op.PROD: "the depth of an indexed product", Op.SUM: "the depth of an indexed sum",
            Op.REC: "the depth of a recurrence", Op.ELT: "the index of a family", Op.SUB: "a natural difference"}


@dataclass(frozen=True, slots=True)
class Difference:
    """``positive - negative``: a real number of any sign, as two nonnegative terms."""

    positive: Term
    negative: Term

    def at(self, values: Values, bits: int = DEFAULT_BITS) -> Any:
        """An enclosure of the difference where symbols take ``values``; TermError when both parts are unbounded."""
        up, down = evaluate_many([self.positive, self.negative], values, bits)
        with precision(bits + GUARD_BITS):
            result = up - down
        if result.is_nan():
            raise TermError("the derivative is not defined at these numbers (unbounded minus unbounded)")
        return result

    def __str__(self) -> str:
        if not self.negative:
            return str(self.positive)
        return f"{self.positive} - ({self.negative})" if self.positive else f"-({self.negative})"


def differentiate(term: Term, symbol: Term | str) -> Difference:
    """The partial derivative of ``term`` by a real symbol.

    Rules: sums, products, rational powers and exp as usual; d/dx dd(K; x, r) = dd(K; x, x, r), once for every
    position of x (the divided difference of z^K at a doubled node is its derivative); an indexed product is the
    recursion x_i = body * x_(i-1); a recurrence becomes one whose state also carries the derivatives of its states.

    Raises:
        TermError: ``symbol`` is no free symbol, names a family, or is used as a depth, an index or in a natural
            difference; or a maximum or minimum has an argument that depends on it; or the term is unbounded.
    """
    store = term.store
    if isinstance(symbol, str):
        symbol = store.symbol(symbol)
    if symbol.store is not store:
        store.refuse(symbol)
    if symbol.kind != Op.SYM:
        raise TermError(f"found {symbol}; derivatives are taken by a symbol")
    if term.is_unbounded:
        raise TermError("an unbounded term has no derivative")
    return _Sweep(store, term, symbol).difference()


class _Sweep:
    def __init__(self, store: Store, term: Term, symbol: Term):
        self.store = store
        self.term = term
        self.symbol = symbol
        self.name: str = symbol.node[1]
        self.ids = store.reachable([term])
        nodes = store.nodes
        for i in self.ids:
            node = nodes[i]
            if node[0] == Op.ELT and node[1] == self.name:
                raise TermError(f"{self.name} is a family; derivatives are taken by a symbol, not by {self.name}[i]")
            if symbol.id in bound_symbols(node):
                raise TermError(f"{self.name} is bound as an index or a state; it has no value to differentiate by")
        self.depends = self._dependence()
        self.signed = any(nodes[i][0] == Op.POW and nodes[i][2] < 0 and self.depends[nodes[i][1]] for i in self.ids)
        self.up: dict[int, Term] = {symbol.id: store.one}
        self.down: dict[int, Term] = {}

    def _dependence(self) -> dict[int, bool]:
        """Which nodes depend on the symbol; states of a recurrence that does so count as dependent."""
        nodes = self.store.nodes
        carriers = {self.symbol.id}
        while True:
            depends: dict[int, bool] = {}
            found = set(carriers)
            for i in self.ids:
                depends[i] = i in carriers or any(depends[c] for c in children(nodes[i]))
                if depends[i] and nodes[i][0] == Op.REC:
                    found.update(nodes[i][4])
            if found == carriers:
                return depends
            carriers = found

    def difference(self) -> Difference:
        store, nodes, depends = self.store, self.store.nodes, self.depends
        for i in self.ids:  # the derivatives of states are symbols, known before the steps that use them
            node = nodes[i]
            if node[0] == Op.REC and depends[i]:
                for s in node[4]:
                    if s not in self.up:
                        stem = nodes[s][1].split(".")[0] or "x"
                        self.up[s] = store.fresh(f"{stem}_up")
                        if self.signed:
                            self.down[s] = store.fresh(f"{stem}_down")
        for i in self.ids:
            if depends[i] and nodes[i][0] != Op.SYM:
                self._check(i, nodes[i])
                up, down = self._node(i, nodes[i])
                if up:
                    self.up[i] = up
                if down:
                    self.down[i] = down
        return Difference(*self._parts(self.term.id))

    def _check(self, i: int, node: Node) -> None:
        kind = node[0]
        if kind in (Op.MAX, Op.MIN):
            word = "max" if kind == Op.MAX else "min"
            text = str(Term(self.store, i))
            raise TermError(f"{word} is not differentiable where its arguments cross, found {text[:200]}; fix the "
                            f"argument that attains it, or differentiate by a symbol other than {self.name}")
        place = node[1] if kind == Op.DD else node[2] if kind in (Op.PROD, Op.SUM, Op.REC, Op.ELT) else None
        if kind == Op.SUB or (place is not None and self.depends[place]):
            raise TermError(f"{self.name} is used as a natural number ({_NATURAL[kind]}); derivatives are taken by "
                            "real symbols")

    def _parts(self, i: int) -> tuple[Term, Term]:
        zero = self.store.zero
        return self.up.get(i, zero), self.down.get(i, zero)

    def _node(self, i: int, node: Node) -> tuple[Term, Term]:
        store, kind = self.store, node[0]
        if kind == Op.ADD:
            (a, b), (c, d) = self._parts(node[1]), self._parts(node[2])
            return a + c, b + d
        if kind == Op.MUL:
            x, y = Term(store, node[1]), Term(store, node[2])
            (a, b), (c, d) = self._parts(node[1]), self._parts(node[2])
            return a * y + x * c, b * y + x * d
        if kind == Op.POW:
            e = node[2]
            a, b = self._parts(node[1])
            slope = store.number(abs(e)) * store.power(Term(store, node[1]), e - 1)
            return (slope * a, slope * b) if e > 0 else (slope * b, slope * a)
        if kind == Op.EXP:
            a, b = self._parts(node[1])
            return Term(store, i) * a, Term(store, i) * b
        if kind == Op.DD:
            return self._divided_difference(node)
        if kind == Op.SUM:
            a, b = self._parts(node[3])
            index, depth = Term(store, node[1]), Term(store, node[2])
            return store.sum(index, depth, a), store.sum(index, depth, b)
        if kind == Op.PROD:
            x = store.fresh("x")
            self.up[x.id] = store.fresh("x_up")
            if self.signed:
                self.down[x.id] = store.fresh("x_down")
            body = Term(store, node[3])
            a, b = self._parts(node[3])
            step = (body * x, a * x + body * self._parts(x.id)[0], b * x + body * self._parts(x.id)[1])
            return self._augmented(0, node[2], node[1], [x], [store.one], [(store.zero, store.zero)], [step[0]],
                                   [step[1:]])
        _, component, depth_id, index_id, states, starts, steps = node
        handles = [[Term(store, c) for c in part] for part in (states, starts, steps)]
        return self._augmented(component, depth_id, index_id, handles[0], handles[1],
                               [self._parts(c) for c in starts], handles[2], [self._parts(c) for c in steps])

    def _divided_difference(self, node: Node) -> tuple[Term, Term]:
        store = self.store
        nodes = [Term(store, c) for c in node[2:]]
        up = down = store.zero
        for c in sorted(set(node[2:])):
            if self.depends[c]:
                a, b = self._parts(c)
                slope = store.number(node[2:].count(c)) * store.dd(Term(store, node[1]), [*nodes, Term(store, c)])
                up, down = up + slope * a, down + slope * b
        return up, down

    def _augmented(self, component: int, depth: int, index: int, states: Sequence[Term], starts: Sequence[Term],
                   start_parts: Sequence[tuple[Term, Term]], steps: Sequence[Term],
                   step_parts: Sequence[tuple[Term, Term]]) -> tuple[Term, Term]:
        """The component's derivative in the recurrence of (states, positive parts, negative parts)."""
        store, m = self.store, len(states)
        signs = (0, 1) if self.signed else (0,)
        all_states = [*states, *(self._parts(s.id)[k] for k in signs for s in states)]
        all_starts = [*starts, *(p[k] for k in signs for p in start_parts)]
        all_steps = [*steps, *(p[k] for k in signs for p in step_parts)]
        parts = [store.recurrence((k + 1) * m + component, Term(store, depth), Term(store, index), all_states,
                                  all_starts, all_steps) for k in signs]
        return parts[0], parts[1] if self.signed else store.zero
