"""Repeat: from the summary of a body to the summary of ``depth`` iterations.

With radius B' = G B + b and squared sensitivity P' = L^2 P + q2 B^2 + q1 B + q0, the vector (P, B^2, B, 1) evolves
linearly, with the nodes L^2, G^2, G and 1 on the diagonal: its solution is a combination of divided differences of z^K
at these nodes. They are polynomials in the nodes with nonnegative coefficients, so ratio 1, coinciding or zero nodes
and depth 0 need no case distinction. The result is again of summary form, so repeats nest.

When coefficients depend on the radius at the start of an iteration (products) or on the iteration index (families),
the recursion itself is the answer: a recurrence term, or an indexed product.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from normbound.contracts.rules import merge
from normbound.contracts.summary import NO_SHARED, Shared, Summary
from normbound.errors import UnsupportedError
from normbound.terms.store import Store, Term


@dataclass(frozen=True, slots=True)
class Iteration:
    """One Repeat about to be closed.

    state     the symbol that stands for the radius at the start of an iteration, in the coefficients of ``body``
    entry     the radius at the start of the first iteration
    index     the symbol of the iteration index, if the body is an indexed family
    once      names of shared groups that belong to one iteration each (an untied body inside a tied one)
    """

    body: Summary
    depth: Term
    state: Term
    entry: Term
    index: Term | None = None
    once: frozenset[str] = frozenset()

    @property
    def store(self) -> Store:
        return self.depth.store

    def mentions(self, symbol: Term | None, terms: Iterable[Term] | None = None) -> bool:
        if symbol is None:
            return False
        roots = self.body.coefficients() if terms is None else terms
        return symbol.id in self.store.reachable(roots)

    def form(self) -> str:
        """"closed", "peeled" (the first iteration differs), or "recurrence"."""
        if self.mentions(self.index):
            return "recurrence"
        if not self.mentions(self.state):
            return "closed"
        return "recurrence" if self.body.G or self.mentions(self.state, (self.body.b0,)) else "peeled"

    def radius_after(self, iterations: Term) -> Term:
        """The radius bound after ``iterations`` iterations."""
        s, store = self.body, self.store
        if self.mentions(self.state, (s.b0, s.G)) or self.mentions(self.index, (s.b0, s.G)):
            index = self.index or store.fresh("i")
            return store.recurrence(0, iterations, index, [self.state], [self.entry], [s.radius(self.state)])
        return self.entry * store.dd(iterations, [s.G]) + s.b0 * store.dd(iterations, [s.G, store.one])

    def close(self) -> Summary:
        """The summary of all iterations, relative to the input of the first one."""
        return {"closed": self._closed, "peeled": self._peeled, "recurrence": self._recurrence}[self.form()]()

    # -- closed form -----------------------------------------------------------------------------------------
    def _closed(self) -> Summary:
        s, store, K = self.body, self.store, self.depth
        one, dd = store.one, store.dd
        L, G, b = s.L, s.G, s.b0
        l, G2 = L**2, G**2
        q2, q1, q0 = s.q2, s.q1, s.q0
        Q2 = q2 * dd(K, [l, G2])
        Q1 = 2 * q2 * G * b * dd(K, [l, G2, G]) + q1 * dd(K, [l, G])
        Q0 = (q2 * b**2 * (dd(K, [l, G2, one]) + 2 * G * dd(K, [l, G2, G, one])) + q1 * b * dd(K, [l, G, one])
              + q0 * dd(K, [l, one]))
        shared = {g: (self._member(c) if g in self.once else self._tied(c)) for g, c in s.shared.items()}
        return Summary(dd(K, [L]), b * dd(K, [G, one]), dd(K, [G]), Q2, Q1, Q0, shared or NO_SHARED)

    def _tied(self, c: Shared) -> Shared:
        """One group used in every iteration: its uses add up along the stream before anything is squared."""
        s, store, K = self.body, self.store, self.depth
        one, dd = store.one, store.dd
        return Shared(c.l1 * dd(K, [s.L, s.G]), c.l1 * s.b0 * dd(K, [s.L, s.G, one]) + c.l0 * dd(K, [s.L, one]), c.binders)

    def _member(self, c: Shared) -> Shared:
        """A family of groups, member j used in iteration j alone: L^(K-j) (l1 B_(j-1) + l0)."""
        s, store, K = self.body, self.store, self.depth
        j = store.fresh("j")
        rest, before = store.monus(K, j), store.monus(j, store.one)
        transport = store.dd(rest, [s.L])
        return Shared(transport * c.l1 * store.dd(before, [s.G]),
                      transport * (c.l1 * s.b0 * store.dd(before, [s.G, store.one]) + c.l0), (*c.binders, (j, K)))

    # -- a first iteration that differs -----------------------------------------------------------------------
    def _peeled(self) -> Summary:
        """The body ends in a bounded range: every iteration but the first starts from the radius b0."""
        self._refuse_families()
        store, K, zero, one = self.store, self.depth, self.store.zero, self.store.one
        first, later = self._at(self.entry), self._at(self.body.b0)
        M, l = self.body.b0, later.L**2
        dd = store.dd
        once, rest = dd(K, [l, zero]), dd(K, [l, one, zero])
        p = first.p_squared(self.entry) * once + later.p_squared(M) * rest
        shared = {g: Shared(zero, (first.shared[g].l1 * self.entry + first.shared[g].l0) * dd(K, [later.L, zero])
                            + (c.l1 * M + c.l0) * dd(K, [later.L, one, zero]), c.binders)
                  for g, c in later.shared.items()}
        return Summary(dd(K, [zero]) + first.L * dd(K, [later.L, zero]), M * dd(K, [zero, one]), dd(K, [zero]), zero, zero,
                       p, shared or NO_SHARED)

    def _at(self, radius: Term) -> Summary:
        s = self.body
        names = list(s.shared)
        terms = self.store.substitute(s.coefficients(), {self.state: radius})
        shared = {g: Shared(terms[6 + 2 * k], terms[7 + 2 * k], s.shared[g].binders) for k, g in enumerate(names)}
        return Summary(*terms[:6], shared=shared or NO_SHARED)

    # -- recurrence ------------------------------------------------------------------------------------------
    def _recurrence(self) -> Summary:
        self._refuse_families()
        s, store, K, zero, one = self.body, self.store, self.depth, self.store.zero, self.store.one
        index = self.index or store.fresh("i")
        B = self.state
        move = s.radius(B)

        def accumulated(start: Term, step_of: object, stem: str) -> Term:
            acc = store.fresh(stem)
            step = step_of(acc)  # type: ignore[operator]
            if self.mentions(B, (step,)):
                return store.recurrence(1, K, index, [B, acc], [self.entry, start], [move, step])
            return store.recurrence(0, K, index, [acc], [start], [step])

        L = accumulated(one, lambda a: s.L * a, "L") if self.mentions(B, (s.L,)) else store.product(index, K, s.L)
        if not self.mentions(B, (s.L,)) and not self.mentions(self.index, (s.L,)):
            L = store.dd(K, [s.L])
        p = s.p_squared(B)
        P = accumulated(zero, lambda a: s.L**2 * a + p, "P") if p else zero
        shared = {g: Shared(zero, accumulated(zero, lambda a, c=c: s.L * a + (c.l1 * B + c.l0), "C"), c.binders)
                  for g, c in s.shared.items()}
        return Summary(L, self.radius_after(K), zero, zero, zero, P, shared or NO_SHARED)

    def _refuse_families(self) -> None:
        if self.once or any(c.binders for c in self.body.shared.values()):
            raise UnsupportedError("an untied Repeat inside a tied one whose constants change along the iterations (a "
                                   "product or an indexed family) has no contract; tie the inner Repeat or untie the outer")


def close_groups(s: Summary, keep: Iterable[str]) -> Summary:
    """Groups that are used no more enter p^2: (l1 B + l0)^2 = l1^2 B^2 + 2 l1 l0 B + l0^2, summed over families."""
    kept = {g: c for g, c in s.shared.items() if g in keep}
    if len(kept) == len(s.shared):
        return s
    q2, q1, q0 = s.q2, s.q1, s.q0
    for g, c in s.shared.items():
        if g in kept:
            continue
        terms = [c.l1**2, 2 * c.l1 * c.l0, c.l0**2]
        for j, depth in c.binders:
            terms = [t.store.sum(j, depth, t) for t in terms]
        q2, q1, q0 = q2 + terms[0], q1 + terms[1], q0 + terms[2]
    return s._replace(q2=q2, q1=q1, q0=q0, shared=kept or NO_SHARED)


def release(s: Summary, name: str, source: Summary, radius: Term) -> Summary:
    """Replace the sensitivity to a captured tensor by what its network promises.

    |du| <= L_u |dx| + p_u |d theta| + sum_g c_g |d theta_g|: routes of one group add before squaring.
    """
    if name not in s.shared:
        return s
    c = s.shared[name]
    factor = c.l1 * radius + c.l0
    rest = {g: v for g, v in s.shared.items() if g != name}
    moved = {g: Shared(factor * v.l1, factor * v.l0, v.binders) for g, v in source.shared.items()}
    square = factor**2
    shared: Mapping[str, Shared] = merge(rest, moved, lambda a, b: a + b)
    return s._replace(L=s.L + factor * source.L, q2=s.q2 + square * source.q2, q1=s.q1 + square * source.q1,
                      q0=s.q0 + square * source.q0, shared=shared)
