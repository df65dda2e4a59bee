"""Repeat: from the summary of a body to the summary of ``depth`` iterations.

With radius B' = G B + b and squared sensitivity P' = L^2 P + q2 B^2 + q1 B + q0, the vector (P, B^2, B, 1) evolves
linearly, with the nodes L^2, G^2, G and 1 on the diagonal: its solution is a combination of divided differences of z^K
at these nodes. They are polynomials in the nodes with nonnegative coefficients, so ratio 1, coinciding or zero nodes
and depth 0 need no case distinction. The result is again of summary form, so repeats nest.

When coefficients depend on the radius at the start of an iteration (products) or on the iteration index (families),
the recursion itself is the answer: a recurrence term, or an indexed product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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
    sup_state, sup_entry   the same as state and entry for the largest entry of the tensor, where products need it
    """

    body: Summary
    depth: Term
    state: Term
    entry: Term
    index: Term | None = None
    once: frozenset[str] = frozenset()
    sup_state: Term | None = None
    sup_entry: Term | None = None

    @property
    def store(self) -> Store:
        return self.depth.store

    def mentions(self, symbol: Term | None, terms: Iterable[Term] | None = None) -> bool:
        if symbol is None:
            return False
        roots = self.body.coefficients() if terms is None else terms
        return symbol.id in self.store.reachable(roots)

    def varies(self, terms: Iterable[Term] | None = None) -> bool:
        """Whether coefficients (or ``terms``) depend on the tensor at the start of the iteration."""
        return self.mentions(self.state, terms) or self.mentions(self.sup_state, terms)

    def form(self) -> str:
        """"closed", "peeled" (the first iteration differs), or "recurrence"."""
        if self.mentions(self.index):
            return "recurrence"
        if not self.varies():
            return "closed"
        return "recurrence" if self.body.G or self.varies((self.body.b0, self._next_sup())) else "peeled"

    def _next_sup(self) -> Term:
        """The largest entry after one iteration."""
        return self.body.radius(self.state) if self.body.sup is None else self.body.sup

    def radius_after(self, iterations: Term) -> Term:
        """The radius bound after ``iterations`` iterations."""
        s, store = self.body, self.store
        if self.varies((s.b0, s.G)) or self.mentions(self.index, (s.b0, s.G)):
            return self._run(iterations, self.state, self.entry, s.radius(self.state))
        return self.entry * store.dd(iterations, [s.G]) + s.b0 * store.dd(iterations, [s.G, store.one])

    def resets(self) -> bool:
        """Whether the radius after an iteration is one number, whatever it was before."""
        s = self.body
        return not s.G and not self.varies((s.b0,)) and not self.mentions(self.index, (s.b0,))

    def _run(self, iterations: Term, symbol: Term, start: Term, step: Term) -> Term:
        """``symbol`` after the iterations, with the radius and the largest entry as further states where it needs them."""
        index = self.index or self.store.fresh("i")
        chain = [(symbol, start, step)]
        radius = (self.state, self.entry, self.body.radius(self.state))
        sup = None if self.sup_state is None or self.sup_entry is None else \
            (self.sup_state, self.sup_entry, self._next_sup())
        for _ in range(2):
            for state in (radius, sup):
                if state is not None and state not in chain and self.mentions(state[0], [c[2] for c in chain]):
                    chain.append(state)
        symbols, starts, steps = zip(*chain, strict=True)
        return self.store.recurrence(0, iterations, index, symbols, starts, steps)

    def close(self) -> Summary:
        """The summary of all iterations, relative to the input of the first one."""
        closed = {"closed": self._closed, "peeled": self._peeled, "recurrence": self._recurrence}[self.form()]()
        return closed._replace(sup=self._final_sup())

    def _final_sup(self) -> Term | None:
        """The largest entry after all iterations; with a symbolic depth also that of no iteration."""
        sup = self.body.sup
        if sup is None or self.sup_state is None or self.sup_entry is None:
            return None
        if self.varies((sup,)) or self.mentions(self.index, (sup,)):
            return self._run(self.depth, self.sup_state, self.sup_entry, sup)
        if self.depth.literal() is None:
            return self.store.maximum((self.sup_entry, sup))
        return sup if self.depth else self.sup_entry

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
        first, later = self._at(self.entry, self.sup_entry), self._at(self.body.b0, self._next_sup())
        M, l = self.body.b0, later.L**2
        dd = store.dd
        once, rest = dd(K, [l, zero]), dd(K, [l, one, zero])
        p = first.p_squared(self.entry) * once + later.p_squared(M) * rest
        shared = {g: Shared(zero, (first.shared[g].l1 * self.entry + first.shared[g].l0) * dd(K, [later.L, zero])
                            + (c.l1 * M + c.l0) * dd(K, [later.L, one, zero]), c.binders)
                  for g, c in later.shared.items()}
        return Summary(dd(K, [zero]) + first.L * dd(K, [later.L, zero]), M * dd(K, [zero, one]), dd(K, [zero]), zero, zero,
                       p, shared or NO_SHARED)

    def _at(self, radius: Term, sup: Term | None) -> Summary:
        s = self.body
        names = list(s.shared)
        mapping = {self.state: radius}
        if self.sup_state is not None and sup is not None:
            mapping[self.sup_state] = sup
        terms = self.store.substitute(s.coefficients(), mapping)
        shared = {g: Shared(terms[6 + 2 * k], terms[7 + 2 * k], s.shared[g].binders) for k, g in enumerate(names)}
        L, b0, G, q2, q1, q0 = terms[:6]
        return Summary(L, b0, G, q2, q1, q0, shared or NO_SHARED)

    # -- recurrence ------------------------------------------------------------------------------------------
    def _recurrence(self) -> Summary:
        self._refuse_families()
        s, store, K, zero, one = self.body, self.store, self.depth, self.store.zero, self.store.one
        B = self.state

        def accumulated(start: Term, stem: str, step_of: Callable[[Term], Term]) -> Term:
            symbol = store.fresh(stem)
            return self._run(K, symbol, start, step_of(symbol))

        if self.varies((s.L,)):
            L = accumulated(one, "L", lambda a: s.L * a)
        elif self.index is not None and self.mentions(self.index, (s.L,)):
            L = store.product(self.index, K, s.L)
        else:
            L = store.dd(K, [s.L])
        p = s.p_squared(B)
        P = accumulated(zero, "Q", lambda a: s.L**2 * a + p) if p else zero
        shared = {}
        for g, c in s.shared.items():
            own = c.l1 * B + c.l0
            shared[g] = Shared(zero, accumulated(zero, "C", lambda a, own=own: s.L * a + own), c.binders)  # type: ignore[misc]
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
