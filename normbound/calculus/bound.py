"""Bounds: one number that a derivation promises, with everything needed to state it.

    wrt="input"       L with |f(x) - f(x')| <= L |x - x'|
    wrt="parameters"  P with |f(x; t) - f(x; t')| <= P |t - t'|, uniformly over inputs of the domain
    wrt="radius"      M with |f(x)| <= M on the domain
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import product as corners
from typing import Any, NamedTuple

from normbound.calculus.contributions import Contribution, contributions
from normbound.calculus.derivation import Derivation, Use
from normbound.calculus.derive import analyse
from normbound.calculus.rate import Rate, rate
from normbound.contracts.block import Layer
from normbound.contracts.context import ROLES
from normbound.errors import HypothesisError, NetworkError, TermError, UnsupportedError
from normbound.network.language import excerpt
from normbound.network.program import Network, natural_symbols, place
from normbound.network.sizes import check_sizes
from normbound.terms.evaluate import DEFAULT_BITS, evaluate_exact, evaluate_many, format_ball, format_upper
from normbound.terms.exact import exact
from normbound.terms.store import Op, Store, Term, sqrt

KINDS = ("input", "parameters", "radius")
NORMS = ("l2",)
MAX_MEMBERS = 256  # members of indexed families, and combinations of iterations, that are examined one by one


class Condition(NamedTuple):
    """A necessary condition of a floor: floor * sqrt(divisor) <= radius; otherwise no input meets it.

    ``guard`` lists depths and how large they must be for the iteration to exist at all.
    """

    left: Term
    right: Term
    guard: tuple[tuple[Term, int], ...]
    iteration: str = ""


@dataclass(frozen=True, slots=True)
class Stated:
    """A hypothesis as a bound states it: identifier, kind, layer, condition, binder and the uses it stands for.

    template is the condition in words with {0}, {1}, ... for ``terms``.
    """

    id: str
    kind: str
    title: str
    template: str
    terms: tuple[Term, ...]
    binder: str
    where: str
    uses: tuple[Use, ...] = field(repr=False, default=())

    @property
    def statement(self) -> str:
        condition = self.template.format(*self.terms)
        return f"{self.title}, {self.where}: {condition}" if self.title else condition

    def __str__(self) -> str:
        binder = f" ({self.binder})" if self.binder else ""
        return f"{self.id}  {self.statement}{binder}"


@dataclass(frozen=True, slots=True)
class Value:
    """A bound at numbers: an enclosure, and whether the hypotheses can hold there.

    status  "holds" (nothing speaks against the hypotheses), "vacuous" (no input meets a floor, so the bound says
            nothing), or "unmet" (a hypothesis is false at these numbers)
    """

    ball: Any
    status: str
    reasons: tuple[str, ...] = ()

    def __float__(self) -> float:
        """An approximation; the bound itself is ``upper``."""
        return float(self.ball.mid())

    @property
    def upper(self) -> str:
        """A decimal that is at least the bound, rounded up in the last digit."""
        return format_upper(self.ball)

    def __str__(self) -> str:
        number = f"<= {self.upper}" if self.ball.is_finite() else self.upper
        return number if self.status == "holds" else f"{number} [{self.status}: {'; '.join(self.reasons)}]"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Bound:
    """One bound of one network, plain data over its derivation."""

    wrt: str
    term: Term
    network: Network
    derivation: Derivation
    norms: tuple[str, str] = ("l2", "l2")

    # -- what it says ----------------------------------------------------------------------------------------
    @property
    def form(self) -> str:
        """"closed", "product" (an indexed product or sum), or "recurrence"."""
        nodes = self.term.store.nodes
        kinds = {nodes[i][0] for i in self.term.store.reachable([self.term])}
        return "recurrence" if Op.REC in kinds else "product" if kinds & {Op.PROD, Op.SUM} else "closed"

    @property
    def unbounded(self) -> bool:
        return self.term.is_unbounded

    @property
    def hypotheses(self) -> tuple[Stated, ...]:
        """What the bound assumes; equal statements at several places of one scope are listed once."""
        d = self.derivation
        found: dict[tuple, list[Use]] = {}
        for use in d.uses:
            found.setdefault((use.hypothesis.kind, use.hypothesis.template, use.hypothesis.terms, use.scope,
                              d.program.code[use.at].path), []).append(use)
        stated: list[Stated] = []
        counters = {"floor": "F", "positive": "E", "assumption": "A", "missing": "M"}
        numbers: dict[str, int] = {}
        for (kind, *_), uses in found.items():
            letter = counters[kind]
            numbers[letter] = numbers.get(letter, 0) + 1
            first = uses[0]
            where = place(d.program.code[first.at].path)
            h, binder = first.hypothesis, d.binder(first.scope)
            stated.append(Stated(f"{letter}{numbers[letter]}", kind, h.title, h.template, h.terms, binder, where, tuple(uses)))
            if kind == "floor" and not first.hypothesis.terms[1].is_positive:
                numbers["E"] = numbers.get("E", 0) + 1
                stated.append(Stated(f"E{numbers['E']}", "positive", h.title, "{0} > 0", h.terms[1:2], binder, where,
                                     tuple(uses)))
        for t in self._denominators():
            numbers["E"] = numbers.get("E", 0) + 1
            stated.append(Stated(f"E{numbers['E']}", "positive", "", "{0} > 0", (t,), "", "network"))
        if self.needs_radius:
            assert self.network.input.radius is not None
            radius = (self.network.input.radius,)
            stated.append(Stated("R", "domain", "", "every input has Euclidean norm at most {0}", radius, "", "input"))
        return tuple(stated)

    @property
    def needs_radius(self) -> bool:
        """Whether the bound uses the radius of the domain."""
        radius = self.network.input.radius
        if radius is None:
            return False
        if self.wrt in ("radius",):
            return True
        if radius.literal() is not None:
            return self._unbounded_without_radius()
        mine = self.term.store.symbols(self.term)
        return any(name in mine for name in self.term.store.symbols(radius))

    def _unbounded_without_radius(self) -> bool:
        bare, d = Network(_without_radius(self.network), self.network.body), self.derivation
        return not self.unbounded and bound_of(bare, analyse(bare, d.trainable, d.floors, d.dropped), self.wrt).unbounded

    def _denominators(self) -> list[Term]:
        """Symbols under negative powers that no layer's hypothesis covers (scale factors such as 1/K)."""
        store = self.term.store
        covered = {t.id for u in self.derivation.uses for t in u.hypothesis.terms}
        found: list[Term] = []
        for i in store.reachable([self.term]):
            node = store.nodes[i]
            if node[0] == Op.POW and node[2] < 0 and not store.known_positive(node[1]) and node[1] not in covered:
                found.append(Term(store, node[1]))
        return found

    # -- numbers ---------------------------------------------------------------------------------------------
    def at(self, values: Mapping[str, object] | None = None, bits: int = DEFAULT_BITS, **more: object) -> Value:
        """The bound where symbols take exact ``values`` (families: sequences), with the status of the hypotheses.

        Raises TermError for a missing, inexact, negative or non-natural value.
        """
        numbers = {**(values or {}), **more}
        for name in natural_symbols(self.derivation.program):
            if name in numbers:
                n = exact(numbers[name])
                if not isinstance(n, int) or n < 0:
                    raise TermError(f"{name} = {numbers[name]} must be a natural number")
        for name, value in list(numbers.items()):
            if isinstance(value, str):
                numbers[name] = exact(value)
        known = set(self.symbols())
        unknown = [n for n in numbers if n not in known]
        if unknown:
            raise TermError(f"unknown symbol {unknown[0]!r}; this network has {', '.join(known) or 'no symbols'}")
        check_sizes(self.derivation.program, numbers)
        conditions = list(self.conditions(numbers))
        positive = self._positive_terms(numbers)
        guards = [g for _, c in conditions for g, _ in c.guard]
        terms = [self.term, *positive, *guards]
        balls = evaluate_many(terms, numbers, bits)
        unmet = [f"{t} = 0, and {t} > 0 is needed" for t, v in zip(positive, balls[1:], strict=False) if v == 0]
        if not unmet and not balls[0].is_finite() and not self.unbounded:
            unmet = ["a denominator is 0 at these numbers"]  # in an indexed family, say
        if unmet:
            return Value(balls[0], "unmet", tuple(dict.fromkeys(unmet)))
        guard_value = dict(zip((g.id for g in guards), balls[1 + len(positive):], strict=True))
        live = [(u, c) for u, c in conditions if all(guard_value[g.id] >= n for g, n in c.guard)]
        sides = evaluate_many([t for _, c in live for t in (c.left, c.right)], numbers, bits)
        vacuous = []
        for k, (use, c) in enumerate(live):
            left, right = sides[2 * k], sides[2 * k + 1]
            if left > right:
                where = place(self.derivation.program.code[use.at].path) + (f", {c.iteration}" if c.iteration else "")
                vacuous.append(f"{use.hypothesis.title}, {where}: the floor needs a norm of at least "
                               f"{format_ball(left, 4)}, its input has at most {format_ball(right, 4)}")
        if vacuous:
            extra = len(vacuous) - 3
            reasons = tuple(vacuous[:3]) + ((f"and {extra} more",) if extra > 0 else ())
            return Value(balls[0], "vacuous", reasons)
        return Value(balls[0], "holds")

    def _positive_terms(self, values: Mapping[str, object]) -> list[Term]:
        """What must be positive; members of indexed families one by one."""
        found: dict[int, Term] = {}
        for u in self.derivation.uses:
            t = u.hypothesis.terms[-1] if u.hypothesis.kind == "floor" else \
                u.hypothesis.terms[0] if u.hypothesis.kind == "positive" else None
            if t is None:
                continue
            for mapping in self._members(u.scope, values, [t]):
                member = t.store.substitute([t], mapping)[0] if mapping else t
                found[member.id] = member
        return list(found.values())

    def _members(self, scope: int, values: Mapping[str, object], terms: Sequence[Term]) -> list[dict[Term, Term]]:
        """Substitutions of the indices that ``terms`` mention, one per member (at most MAX_MEMBERS: then the ends)."""
        store = self.term.store
        mentioned = set(store.reachable(terms))
        choices: list[list[tuple[Term, Term]]] = []
        total = 1
        while scope:
            s = self.derivation.scopes[scope]
            if s.index is not None and s.repeat is not None and s.index.id in mentioned:
                last = evaluate_exact(s.repeat.depth, values)
                total *= max(1, int(last))
                picked = range(1, int(last) + 1) if total <= MAX_MEMBERS else sorted({1, int(last)})
                choices.append([(s.index, store.number(k)) for k in picked])
            scope = s.parent
        return [dict(pairs) for pairs in corners(*choices)]

    def symbols(self) -> dict[str, Term]:
        """Every symbol of the network and of the bound, by name."""
        store = self.term.store
        indices = {s.index.node[1] for s in self.derivation.scopes if s.index is not None}
        program = self.derivation.program
        terms: dict[int, Term] = {t.id: t for t in (self.term, program.out.samples, program.out.positions, program.out.features)}
        for i in program.code:
            for t in (*i.shape, *((p.bound for p in i.block.parameters(i.shape)) if isinstance(i.block, Layer) else ())):
                terms[t.id] = t
            for name in ("depth", "factor", "floor"):
                t = getattr(i.block, name, None)
                if isinstance(t, Term):
                    terms[t.id] = t
        for u in self.derivation.uses:
            for t in u.hypothesis.terms:
                terms[t.id] = t
        if self.network.input.radius is not None:
            terms[self.network.input.radius.id] = self.network.input.radius
        return {n: t for n, t in store.symbols(*terms.values()).items() if n not in indices and "." not in n}

    def conditions(self, values: Mapping[str, object] | None = None) -> Iterator[tuple[Use, Condition]]:
        """The vacuity conditions of every floor.

        In a Repeat a floor must be possible at every iteration; radii are monotone in the iteration, so the first and
        the last one are checked in every enclosing Repeat (floors of indexed families: at these two members).
        """
        d = self.derivation
        for use in d.uses:
            h = use.hypothesis
            if h.kind != "floor" or h.divisor is None or use.radius.is_unbounded:
                continue
            left = h.terms[0] * sqrt(h.divisor)
            if not use.scope:
                yield use, Condition(left, use.radius, ())
                continue
            for condition in self._corners(left, use.radius, use.scope, values):
                yield use, condition

    def _corners(self, left: Term, right: Term, scope: int, values: Mapping[str, object] | None) -> Iterator[Condition]:
        d, store, number = self.derivation, self.term.store, scope
        chain = []
        while scope:
            chain.append(d.scopes[scope])
            scope = d.scopes[scope].parent
        indices = [b.partition(" = ")[0] for b in reversed(d.binder(number).split(", "))]
        done: dict[tuple[int, int], list[list[tuple[Term, int]]]] = {}  # the guards of conditions already stated
        choices: list[list[tuple[Term, Term]]] = []  # (iteration, iterations before it) for each enclosing Repeat
        for s in chain:
            assert s.repeat is not None
            depth = s.repeat.depth
            ends = [(store.one, store.zero), (depth, store.monus(depth, store.one) if depth else store.zero)]
            if s.index is not None and values is not None:
                last = evaluate_exact(depth, values)
                if 2 < last <= MAX_MEMBERS:
                    ends = [(store.number(k), store.number(k - 1)) for k in range(1, int(last) + 1)]
            choices.append(ends)
        many = 1
        for c in choices:
            many *= len(c)
        if many > MAX_MEMBERS:  # all first and all last iterations only
            picked = [tuple(c[0] for c in choices), tuple(c[-1] for c in choices)]
        else:
            picked = list(corners(*choices))
        for ends_of in picked:
            pair, guard = [left, right], []
            for s, (iteration, before) in zip(chain, ends_of, strict=True):
                assert s.repeat is not None and s.iteration is not None and s.state is not None and s.entry is not None
                start, least = s.iteration.radius_after(before) if before else s.entry, 1
                if before and before.literal() is None and s.iteration.resets():
                    start, least = s.iteration.body.b0, 2  # the first iteration has a condition of its own
                mapping = {s.state: start}
                if s.sup_state is not None:
                    mapping[s.sup_state] = start  # an entry is at most the norm
                if s.index is not None:
                    mapping[s.index] = iteration
                endless = start.is_unbounded and s.state.id in store.reachable(pair[1:])
                pair = store.substitute(pair, mapping)
                if endless:  # what grows with the radius says nothing then
                    pair[1] = store.unbounded
                guard.append((s.repeat.depth, least))
            known = done.setdefault((pair[0].id, pair[1].id), [])
            if not any(all(a[1] <= b[1] for a, b in zip(g, guard, strict=True)) for g in known):
                known.append(guard)
                which = ", ".join(f"{i} = {k}" for i, (k, _) in reversed(list(zip(indices, ends_of, strict=True))))
                yield Condition(pair[0], pair[1], tuple(guard), which)

    # -- analysis --------------------------------------------------------------------------------------------
    def rate(self, depth: str | Term) -> Rate:
        """The exponential rate in a depth symbol, with its critical line and the order there."""
        K = self.term.store.term(depth)
        if K.literal() is not None:
            raise UnsupportedError(f"{depth} is a number; a rate needs a symbolic depth")
        known = natural_symbols(self.derivation.program)
        if str(K) not in known:
            raise UnsupportedError(f"{K} is not a depth of this network; depths and dimensions: {', '.join(sorted(known))}")
        return rate(self.term, K)

    def depths(self) -> list[Term]:
        """The symbolic depths of the network, outermost first."""
        found = {}
        for s in self.derivation.scopes:
            if s.repeat is not None:
                for t in s.repeat.depth.store.symbols(s.repeat.depth).values():
                    found[t.id] = t
        return list(found.values())

    def drop(self, hypothesis: str) -> Bound:
        """The bound that remains without one hypothesis (by its id), or an unbounded one.

        Dropping a floor leaves the unconditional constant 1/sqrt(eps); dropping the input radius leaves what the
        normalizers bound by themselves; dropping positivity or an assumption leaves nothing.
        """
        h = self._hypothesis(hypothesis)
        d = self.derivation
        if h.kind == "floor":
            paths = frozenset(d.program.code[u.at].path for u in h.uses)
            return bound_of(self.network, analyse(self.network, d.trainable, d.floors, d.dropped | paths), self.wrt)
        if h.kind == "domain":
            bare = Network(_without_radius(self.network), self.network.body, self.network.title)
            return bound_of(bare, analyse(bare, d.trainable, d.floors, d.dropped), self.wrt)
        return Bound(self.wrt, self.term.store.unbounded, self.network, d, self.norms)

    def _hypothesis(self, name: str) -> Stated:
        for h in self.hypotheses:
            if h.id == name:
                return h
        known = ", ".join(h.id for h in self.hypotheses) or "none"
        raise HypothesisError(f"no hypothesis {name!r}; this bound has {known}")

    def witness(self, hypothesis: str) -> str:
        """What goes wrong without a hypothesis: the inputs along which the constant fails."""
        h = self._hypothesis(hypothesis)
        if h.kind == "domain":
            return "scale the input: a change dW of the first weights moves the output by |dW x|, unbounded as |x| grows"
        return h.uses[0].hypothesis.witness if h.uses else "the factor has no finite value"

    @property
    def alternatives(self) -> tuple[Bound, ...]:
        """The other valid bounds: with the unconditional variant of every normalizer, if floors were used."""
        if not self.derivation.floors or not any(u.hypothesis.kind == "floor" for u in self.derivation.uses):
            return ()
        d = analyse(self.network, self.derivation.trainable, floors=False)
        return (bound_of(self.network, d, self.wrt),)

    @property
    def tightest(self) -> Term:
        """The minimum of the bound and its alternatives, valid under the hypotheses of all of them."""
        return self.term.store.minimum([self.term, *(b.term for b in self.alternatives)])

    def contributions(self, values: Mapping[str, object] | None = None, **more: object) -> list[Contribution]:
        """Which layer to blame, at numbers: log10 of each factor of L, and each share of P^2."""
        return contributions(self, {**(values or {}), **more})

    def sympy(self) -> Any:
        """The bound as a SymPy expression, for further work by hand."""
        from normbound.terms.bridge import to_sympy
        return to_sympy(self.term)

    def __repr__(self) -> str:
        return f"Bound({self.wrt}: {self.term})"

    @property
    def digest(self) -> str:
        """A short fingerprint of the bound, its network, domain, parameter set, norms and hypotheses."""
        i = self.network.input
        text = "\n".join([self.wrt, str(self.term), excerpt(self.network.body), f"{i.radius} {i.shape}", *self.norms,
                          *sorted(self.derivation.trainable), *map(str, self.derivation.parameters()),
                          *map(str, self.hypotheses)])
        return sha256(text.encode()).hexdigest()[:12]


def _without_radius(network: Network) -> Any:
    from normbound.network.program import Input
    i = network.input
    return Input(None, i.features, i.samples, i.positions)


def bound_of(network: Network, d: Derivation, wrt: str) -> Bound:
    """The bound of one kind that a derivation of ``network`` promises."""
    store: Store = network.input.features.store
    radius = store.unbounded if network.input.radius is None else network.input.radius
    s = d.summary
    if wrt == "input":
        term = s.L
    elif wrt == "radius":
        term = s.radius(radius)
    else:
        term = sqrt(s.p_squared(radius))
    return Bound(wrt, term, network, d)


def derive(network: Network, wrt: str = "input", trainable: Collection[str] | None = None, floors: bool = True,
           norm: str | tuple[str, str] = "l2") -> Bound:
    """Derive one bound of ``network``.

    wrt        "input", "parameters" or "radius"
    trainable  for "parameters": roles (weight, bias, gain, shift, scale, slope) and group names; default all
    floors     True: normalizers use their declared variance floors; False: their unconditional constants
    norm       norm of inputs and outputs, or a pair of them; l2 (Euclidean over all entries) has contracts
    """
    if wrt not in KINDS:
        raise UnsupportedError(f"wrt={wrt!r}; accepted: {', '.join(KINDS)}")
    pair = (norm, norm) if isinstance(norm, str) else tuple(norm)
    if len(pair) != 2 or any(n not in NORMS for n in pair):
        raise UnsupportedError(f"norm={norm!r}: no layer has a contract in these norms; accepted: {', '.join(NORMS)}")
    if trainable is not None and wrt != "parameters":
        raise UnsupportedError('trainable is read only with wrt="parameters"')
    if not isinstance(network, Network):
        raise NetworkError(f"derive: found {type(network).__name__}; a network is needed, e.g. Input(\"R\", \"d\") >> layers")
    if isinstance(trainable, str):
        trainable = (trainable,)
    roles: Sequence[str] = tuple(trainable) if trainable is not None else ROLES if wrt == "parameters" else ()
    return bound_of(network, analyse(network, roles, floors), wrt)


def derive_all(network: Network, floors: bool = True) -> dict[str, Bound]:
    """The three bounds from one derivation with every parameter trainable."""
    d = analyse(network, ROLES, floors)
    return {wrt: bound_of(network, d, wrt) for wrt in KINDS}


__all__ = ["Bound", "Condition", "Contribution", "Stated", "Value", "bound_of", "derive", "derive_all"]
