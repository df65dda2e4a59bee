"""Rigorous verdicts: a violation that floats suspect counts only when ball arithmetic proves all of it.

A suspicion names a step, a kind and a sampled network. It is turned into a concrete witness, two pairs (x, t), (x', t') of
exact numbers (doubles are rational), and everything the step's promise speaks about is enclosed from there:

  the parameter set   norms of all tensors of both networks; a symbol that is measured takes a rational upper end of them
                      (lower end where it is a lower bound); a bound that is given must surely hold, and tensors that
                      exceed it by rounding are scaled back first, in both networks by one factor
  the domain          both inputs, in the same way
  the hypotheses      deviations of all normalizers in both forward passes, against the floor or for it; eps; states
  the inequality      |out - out'| against L |in - in'| + p(B) |dt_once| + sum_s c_s(B) |dt_s|, or |out| against
                      b0 + G |in|, with the tensors before and after the block of that step

The verdict is "violated" iff the lower end of the left side exceeds the upper end of the right side: then the hypotheses
surely hold and the inequality surely fails. There is no allowance anywhere. Precision grows until the comparison is
decided. Suspicions about derivatives ("input", "parameters", "joint") become pairs at a tiny distance in the direction in
which the derivative is largest, reached from the start of the network by moving its input and the tensors that the block
does not use. Suspicions about composition rules are judged in ``confirm_rule``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb

from normbound.calculus.derivation import Step
from normbound.check.balls import Ball, Undecided, bottom, enclose_spectral, largest, norm, to_balls, top
from normbound.check.realization import LEAF, Event, Key, Plan, Realization, draw
from normbound.check.walk import NoOutput, Passage, Walk, walk
from normbound.contracts.block import Composite, Parameter
from normbound.contracts.summary import Shared
from normbound.errors import NormboundError, TermError
from normbound.layers.normalization import Normalize
from normbound.terms.evaluate import evaluate_floats, evaluate_many, precision
from normbound.terms.store import Op, Term

BITS = 128
MAX_BITS = 1024
STEPS = (Fraction(1, 2**40), Fraction(1, 2**120))  # distances of pairs that stand for a derivative
MAX_DIRECTIONS = 1200  # entries of inputs and tensors that are moved to find such a pair
TINY = 1e-30  # imaginary part of a complex step

Array = Any


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What balls say about a suspicion.

    confirmed  True: the hypotheses surely hold and the inequality surely fails; False: at every witness that was tried the
               inequality surely holds; None: neither, and ``reason`` says why
    how        the kind of witness: "pair", "radius", "entries", "input", "parameters", "rule" or "undefined"
    left, right  decimal ends: the left side is at least ``left``, the right side at most ``right``
    bits       working precision
    blind      the layer cannot be evaluated on balls, so nothing can be said about it
    """

    confirmed: bool | None
    how: str
    left: str
    right: str
    bits: int
    reason: str = ""
    witness: Mapping[str, Any] = field(default_factory=dict)
    blind: bool = False

    def to_data(self) -> dict[str, Any]:
        """JSON values."""
        return {"how": self.how, "left": self.left, "right": self.right, "bits": self.bits, "reason": self.reason,
                **self.witness}

    def __str__(self) -> str:
        if self.confirmed:
            return f"confirmed with {self.bits} bits ({self.how}): at least {self.left} against at most {self.right}"
        return f"not confirmed ({self.how}): {self.reason}"


class Unmet(NormboundError, ValueError):
    """A hypothesis does not surely hold at a witness."""


@dataclass(slots=True)
class Witness:
    """One or two (network, input) of exact numbers. tensors: key -> object array (sides, *dims); x: (sides, s, n, d)."""

    how: str
    x: Array
    tensors: dict[Key, Array]
    bits: int = BITS
    notes: dict[str, Any] = field(default_factory=dict)


# -- grouping tensors -----------------------------------------------------------------------------------------------
Member = tuple[tuple[str, ...], tuple[int, ...]]  # (groups with common tensors, member of a family)


def _together(start: list[str], owners: Mapping[str, list[str]]) -> tuple[str, ...]:
    """All groups linked to those in ``start`` by common tensors."""
    found = set(start)
    while True:
        more = {g for groups in owners.values() if found & set(groups) for g in groups} | found
        if more == found:
            return tuple(sorted(found))
        found = more


def sort_keys(step: Step, keys: list[Key], outside: list[str]) -> tuple[list[Key], dict[Member, list[Key]]]:
    """The tensors of a block: those used once, and shared groups (groups with common tensors together)."""
    owners: dict[str, list[str]] = {}
    for group in step.summary.shared:
        if group.startswith("outside "):
            owners[group] = [group]
            continue
        stem, _, last = group.rpartition(".")
        for part in last.split(", "):
            owners.setdefault(f"{stem}.{part}", []).append(group)
    once: list[Key] = []
    shared: dict[Member, list[Key]] = {}
    together: dict[str, tuple[str, ...]] = {}
    every: list[Key] = [*keys, *((name, ()) for name in outside)]
    for key in every:
        if key[0] not in owners:
            once.append(key)
            continue
        groups = together.get(key[0])
        if groups is None:
            groups = together[key[0]] = _together(owners[key[0]], owners)
        depth = len(step.summary.shared[groups[0]].binders)
        shared.setdefault((groups, key[1][len(key[1]) - depth:] if depth else ()), []).append(key)
    return once, shared


# -- the rigorous test of one witness ---------------------------------------------------------------------------------
class _Trial:
    """All facts about one witness, enclosed at one precision."""

    def __init__(self, plan: Plan, r: Realization, witness: Witness, step: int, iterations: tuple[int, ...], bits: int):
        self.plan, self.r, self.witness, self.bits = plan, r, witness, bits
        self.step, self.iterations = step, iterations
        self.values: dict[str, Any] = {n: [_exact(m) for m in v] if isinstance(v, list) else _exact(v)
                                       for n, v in r.values.items()}
        self.measured: dict[tuple[str, int], Fraction] = {}

    def sides(self) -> tuple[arb, arb]:
        """Enclosures of both sides of the inequality; raises Unmet, Undecided or NoOutput."""
        with precision(self.bits):
            tensors = self._parameter_set()
            x = self._domain()
            factors: dict[tuple[int, tuple[int, ...]], Ball] = {}

            def factor(block: Composite, at: int, iterations: tuple[int, ...]) -> Ball:
                if (at, iterations) not in factors:
                    assert block.factor is not None
                    values = self._at(self.plan.scope_of[at], iterations)
                    factors[at, iterations] = Ball(block.sign * self._evaluate([block.factor], values)[0])
                return factors[at, iterations]

            try:
                found = walk(self.r, tensors, x[:, None], self.step, self.iterations, factor)
            except NoOutput as error:
                self._hypotheses(error.so_far, (error.at, error.iterations))
                raise
            self._hypotheses(found)
            assert found.passage is not None
            return self._inequality(found, found.passage, tensors)

    def _evaluate(self, terms: list[Term], values: Mapping[str, Any]) -> list[arb]:
        return evaluate_many(terms, values, self.bits)

    def _at(self, scope: int, iterations: tuple[int, ...]) -> dict[str, Any]:
        return self.plan.with_indices(self.values, scope, iterations)

    def _symbol(self, bound: Term, event: Event) -> tuple[str, int] | None:
        """The symbol (or family member) that is read off the realization, if ``bound`` is nothing else."""
        if bound.kind not in (Op.SYM, Op.ELT):
            return None
        name = bound.node[1]
        if self.plan.direction(name) is None or name in self.r.fixed:
            return None
        if bound.kind == Op.SYM:
            return name, 0
        values = self._at(self.plan.scope_of[event.at], event.iterations)
        return name, round(evaluate_floats([Term(bound.store, bound.node[2])], values)[0])

    def _assign(self, symbol: tuple[str, int], value: Fraction, low: bool) -> None:
        old = self.measured.get(symbol)
        value = value if old is None else min(old, value) if low else max(old, value)
        self.measured[symbol] = value
        name, member = symbol
        if member:
            self.values[name] = list(self.values[name])
            self.values[name][member - 1] = value
        else:
            self.values[name] = value

    # -- tensors ------------------------------------------------------------------------------------------------------
    def _parameter_set(self) -> dict[Key, Array]:
        """The tensors as balls, inside the parameter set; symbols that bound them get their values."""
        r, plan = self.r, self.plan
        tensors: dict[Key, Array] = {}
        scale: dict[Key, Fraction] = {}
        sizes: dict[tuple[Key, str], list[arb]] = {}
        measured: list[tuple[tuple[str, int], Key, str, bool]] = []
        for event in r.schedule:
            if event.op != LEAF:
                continue
            for slot in plan.slots[event.at]:
                key, p = r.key(event.at, slot, event.iterations), slot.parameter
                value = self.witness.tensors[key]
                values = self._at(plan.scope_of[event.at], event.iterations)
                if p.norm == "exact":
                    exact = Ball(self._evaluate([p.bound], values)[0])
                    tensors[key] = np.full((len(value), 1, *value.shape[1:]), exact, dtype=object)
                    continue
                bounds: list[tuple[Term, str]] = []
                if not _as_given(p, value):
                    bounds.append((p.bound, p.norm))
                    if p.row_bound is not None:
                        bounds.append((p.row_bound, "rows"))
                for bound, kind in bounds:
                    if (key, kind) not in sizes:
                        sizes[key, kind] = [_size(p, kind, side, self.bits) for side in value]
                    symbol = self._symbol(bound, event)
                    if symbol is not None:
                        measured.append((symbol, key, kind, kind == "least"))
                        continue
                    limit = self._evaluate([bound], values)[0]
                    for size in sizes[key, kind]:
                        if kind == "least":
                            if not size >= limit:
                                raise Unmet(f"an entry of {key[0]} is not surely at least {bound}")
                        elif not size <= limit:
                            scale[key] = min(scale.get(key, Fraction(1)), bottom(limit / size) * (1 - Fraction(1, 2**100)))
                tensors.setdefault(key, value)
        for symbol, key, kind, low in measured:
            factor = scale.get(key, Fraction(1))
            for size in sizes[key, kind]:
                self._assign(symbol, max(Fraction(0), bottom(size)) if low else top(size * Ball(factor).arb), low)
        for key, value in tensors.items():
            if value.ndim == 0 or not isinstance(value.flat[0] if value.size else None, Ball):
                found = to_balls(value)[:, None]
                tensors[key] = found * Ball(scale[key]) if key in scale else found
        return tensors

    def _domain(self) -> Array:
        """The inputs as balls, inside the domain."""
        plan, x = self.plan, self.witness.x
        radius = plan.network.input.radius
        if radius is None:
            return to_balls(x)
        found = [norm(side) for side in x]
        if radius.kind == Op.SYM and plan.direction(radius.node[1]) == "radius" and radius.node[1] not in self.r.fixed:
            for size in found:
                self._assign((radius.node[1], 0), top(size), False)
            return to_balls(x)
        limit = self._evaluate([radius], self.values)[0]
        factor = Fraction(1)
        for size in found:
            if not size <= limit:
                factor = min(factor, bottom(limit / size) * (1 - Fraction(1, 2**100)))
        return to_balls(x) * Ball(factor) if factor != 1 else to_balls(x)

    # -- hypotheses ---------------------------------------------------------------------------------------------------
    def _hypotheses(self, found: Walk, last: tuple[int, tuple[int, ...]] | None = None) -> None:
        """Floors that are measured get their values, all other hypotheses (up to the layer ``last``) must surely hold."""
        plan = self.plan
        d = plan.derivation
        given: list[tuple[Event, Normalize, arb]] = []
        for event, x in found.inputs:
            layer = self.r.layers[event.at]
            assert isinstance(layer, Normalize)
            if layer.floor is None or not d.floors or (
                    layer.center and layer.size(d.program.code[event.at].shape).literal() == 1):
                continue
            low = arb(0)
            for k, deviation in enumerate(layer.deviations(x).ravel()):
                low = deviation.arb if not k else low.min(deviation.arb)
            symbol = self._symbol(layer.floor, event)
            if symbol is not None:
                self._assign(symbol, max(Fraction(0), bottom(low)), True)
            else:
                given.append((event, layer, low))
        for event, layer, low in given:
            assert layer.floor is not None
            floor = self._evaluate([layer.floor], self._at(plan.scope_of[event.at], event.iterations))[0]
            if low < floor:
                raise Unmet(f"a deviation entering {layer.title} is below the floor {layer.floor}")
            if not low >= floor:
                raise Undecided(f"a deviation entering {layer.title} and the floor {layer.floor} overlap")
        uses: dict[int, list[Any]] = {}
        for use in d.uses:
            uses.setdefault(use.at, []).append(use.hypothesis)
        seen: set[tuple[int, tuple[int, ...]]] = set()
        for event in self.r.schedule:
            if event.op != LEAF or (event.at, event.iterations) in seen:
                continue
            seen.add((event.at, event.iterations))
            for h in uses.get(event.at, ()):
                if h.kind == "assumption":
                    continue  # about tensors, which are in the parameter set
                if h.kind not in ("floor", "positive"):
                    raise Unmet(h.statement)
                values = self._states(found, plan.scope_of[event.at], event.iterations)
                if not self._evaluate([h.terms[-1]], values)[0] > 0:
                    raise Unmet(h.statement)
            if (event.at, event.iterations) == last:
                break

    def _states(self, found: Walk, scope: int, iterations: tuple[int, ...]) -> dict[str, Any]:
        """Values of symbols, indices, and radii at the start of the enclosing iterations."""
        values = self._at(scope, iterations)
        for n, k in enumerate(self.plan.chains[scope]):
            s = self.plan.derivation.scopes[k]
            stream = found.streams[k, iterations[:n + 1]]
            assert s.state is not None
            values[s.state.node[1]] = max(top(norm(side)) for side in stream)
            if s.sup_state is not None:
                values[s.sup_state.node[1]] = top(largest(stream))
        return values

    # -- the inequality -----------------------------------------------------------------------------------------------
    def _inequality(self, found: Walk, passage: Passage, tensors: Mapping[Key, Array]) -> tuple[arb, arb]:
        step = self.plan.derivation.steps[self.step]
        values = self._states(found, step.scope, self.iterations)
        before, after = passage.before, passage.after
        inside = [norm(side) for side in before]
        L, b0, G, q2, q1, q0 = self._coefficients(list(step.summary[:6]), values)
        if self.witness.how == "entries":
            assert step.summary.sup is not None
            return largest(after[0]), self._single(step.summary.sup, values)
        if self.witness.how in ("radius", "undefined"):
            return norm(after[0]), b0 + _times(G, inside[0])
        B = inside[0].max(inside[1])
        right = _times(L, norm(before[0] - before[1]))
        once, shared = sort_keys(step, passage.keys, list(passage.outside))
        moved = _moved([tensors[k] for k in once])
        if not moved.is_zero():
            squared = q0 + _times(q1, B) + _times(q2, B * B)
            right = right + _times(Ball(squared).sqrt().arb, moved)
        for (groups, _), keys in shared.items():
            distance = _moved([passage.outside[k[0]] if k[0] in passage.outside else tensors[k] for k in keys])
            if distance.is_zero():
                continue
            for group in groups:
                l1, l0 = self._member(step.summary.shared[group], values, keys[0])
                right = right + _times(l0 + _times(l1, B), distance)
        return norm(after[0] - after[1]), right

    def _coefficients(self, terms: list[Term], values: Mapping[str, Any]) -> list[arb]:
        try:
            return self._evaluate(terms, values)
        except TermError:
            return [self._single(t, values) for t in terms]

    def _single(self, t: Term, values: Mapping[str, Any]) -> arb:
        """One value; zero times an unbounded factor counts as unbounded, which claims nothing."""
        try:
            return self._evaluate([t], values)[0]
        except TermError as error:
            if "not defined" not in str(error):
                raise Undecided(str(error)) from None
            return arb.pos_inf()

    def _member(self, c: Shared, values: Mapping[str, Any], key: Key) -> list[arb]:
        values = dict(values)
        for (symbol, _), t in zip(c.binders, reversed(key[1]), strict=False):
            values[symbol.node[1]] = t
        return self._coefficients([c.l1, c.l0], values)


def _exact(value: Any) -> Any:
    return Fraction(value) if isinstance(value, float) else value


def _as_given(p: Parameter, value: Array) -> bool:
    """Whether a tensor that the user gave by its entries is that tensor, in all networks."""
    if p.value is None:
        return False
    exact = np.asarray(p.value, dtype=object)
    return all(np.array_equal(side, exact) for side in value)


def _size(p: Parameter, kind: str, value: Array, bits: int) -> arb:
    """An enclosure of the norm of one tensor in which it is bounded."""
    if kind == "rows":
        found = arb(0)
        for row in value:
            found = found.max(norm(row))
        return found
    if kind == "least":
        return Ball(min(np.ravel(value))).arb
    if kind == "spectral" and value.ndim == 2:
        return enclose_spectral(value, bits)
    return largest(value) if kind == "sup" else norm(value)


def _times(a: arb, b: arb) -> arb:
    """a * b for nonnegative numbers; unbounded stays unbounded, so that nothing is claimed."""
    if a.is_zero():
        return a
    return a * b if a.is_finite() else arb.pos_inf()


def _moved(tensors: list[Array]) -> arb:
    """|t - t'| over several tensors of both sides."""
    return norm(np.concatenate([np.ravel(t[0] - t[1]) for t in tensors])) if tensors else arb(0)


# -- witnesses for a suspicion ----------------------------------------------------------------------------------------
_fraction = np.frompyfunc(Fraction, 1, 1)


class Exact:
    """A realization in exact numbers; tensors that the user gave by their entries are those."""

    def __init__(self, r: Realization):
        self.r = r
        self.given: dict[Key, Array] = {}
        for event in r.schedule:
            if event.op == LEAF:
                for slot in r.plan.slots[event.at]:
                    if slot.parameter.value is not None:
                        exact = np.asarray(slot.parameter.value, dtype=object)
                        self.given[r.key(event.at, slot, event.iterations)] = _fraction(exact)

    def tensors(self, network: int) -> dict[Key, Array]:
        """All tensors of one network."""
        out = {}
        for key, stack in self.r.tensors.items():
            value, given = stack[network, 0], self.given.get(key)
            if given is not None and np.array_equal(value, given.astype(float)):
                out[key] = given
            else:
                out[key] = np.asarray(_fraction(value), dtype=object)
        return out

    def point(self, point: int) -> Array:
        return _fraction(self.r.points[point])


def single(r: Realization, network: int, point: int, how: str) -> Witness:
    """One network at one point."""
    e = Exact(r)
    return Witness(how, e.point(point)[None], {k: t[None] for k, t in e.tensors(network).items()})


def pair(r: Realization, first: tuple[int, int], second: tuple[int, int], how: str = "pair") -> Witness:
    """Two (network, point) of the realization."""
    e = Exact(r)
    a, b = e.tensors(first[0]), e.tensors(second[0])
    return Witness(how, np.stack([e.point(first[1]), e.point(second[1])]),
                   {k: np.stack([a[k], b[k]]) for k in a})


class _Directions:
    """The derivative of one executed block and of its input, in the input of the network and all tensors that vary."""

    def __init__(self, r: Realization, network: int, point: int, step: int, iterations: tuple[int, ...]):
        self.r, self.network, self.point = r, network, point
        base = {k: t[network:network + 1] for k, t in r.tensors.items()}
        x = r.points[point][None, None]
        found = walk(r, base, x, step, iterations, self._factor).passage
        assert found is not None
        self.keys, self.outside = found.keys, list(found.outside)
        self.where: dict[Key | None, slice] = {}
        total = 0
        varying = {r.key(e.at, s, e.iterations): None for e in r.schedule if e.op == LEAF
                   for s in r.plan.slots[e.at] if s.varies}
        own = set(self.keys)
        order: list[Key | None] = [*self.keys, None, *(k for k in varying if k not in own)]
        for key in order:
            size = int(np.prod(x.shape if key is None else base[key].shape))
            if total + size > MAX_DIRECTIONS and total and key not in own:
                continue
            self.where[key] = slice(total, total + size)
            total += size
        moved = dict(base)
        for key, rows in self.where.items():
            value = x if key is None else base[key]
            stack = np.broadcast_to(value, (total, *value.shape[1:])).astype(complex)
            stack.reshape(total, -1)[np.arange(rows.start, rows.stop), np.arange(rows.stop - rows.start)] += 1j * TINY
            if key is None:
                x = stack
            else:
                moved[key] = stack
        found = walk(r, moved, x, step, iterations, self._factor).passage
        assert found is not None

        def matrix(y: Array) -> Array:
            y = np.broadcast_to(y, (total, *y.shape[1:]))
            return (np.imag(y) / TINY).reshape(total, -1).T

        self.inside, self.out = matrix(found.before), matrix(found.after)
        self.captured = {name: matrix(y) for name, y in found.outside.items()}
        self.free = np.ones(total, dtype=bool)
        for key in self.keys:
            self.free[self.where[key]] = False

    def _factor(self, block: Composite, at: int, iterations: tuple[int, ...]) -> float:
        assert block.factor is not None
        return block.sign * evaluate_floats([block.factor], self.r.at_scope(self.r.plan.scope_of[at], iterations))[0]

    def along(self, target: str) -> Array | None:
        """The direction in which the output moves most against the input ("") or a captured tensor, others at rest."""
        wanted = self.captured[target] if target else self.inside
        rest = [m for n, m in {"": self.inside, **self.captured}.items() if n != target]
        free = np.flatnonzero(self.free)
        space = np.eye(len(free))
        if rest and len(free):
            _, sizes, basis = np.linalg.svd(np.concatenate(rest)[:, free])
            space = basis[int((sizes > 1e-10 * max(sizes[0], 1e-300)).sum()):].T
        reach = wanted[:, free] @ space
        if not reach.size or not (np.isfinite(reach).all() and np.isfinite(self.out).all()):
            return None
        _, sizes, basis = np.linalg.svd(reach, full_matrices=False)
        good = sizes > 1e-9 * sizes[0]
        if not good.any():
            return None
        unit = basis[good].T / sizes[good]  # moves the target by unit vectors
        best = np.linalg.svd(self.out[:, free] @ space @ unit)[2][0]
        return self._full(free, space @ (unit @ best))

    def of_tensors(self, keys: list[Key]) -> Array | None:
        """The direction of the tensors ``keys`` in which the output moves most, everything that enters at rest."""
        own: Array = np.concatenate([np.arange(self.where[k].start, self.where[k].stop) for k in keys]) if keys else np.zeros(0, dtype=int)
        if not len(own):
            return None
        free = np.flatnonzero(self.free)
        entering = np.concatenate([self.inside, *self.captured.values()])
        through, direct = entering[:, own], self.out[:, own]
        if not (np.isfinite(entering).all() and np.isfinite(self.out).all()):
            return None
        back = np.zeros((len(free), len(own)))
        if through.any() and len(free):  # tensors that are used before the block too: undo what they do to its input
            back = -np.linalg.pinv(entering[:, free], rcond=1e-9) @ through
            direct = direct + self.out[:, free] @ back
        best = np.linalg.svd(direct)[2][0]
        found = self._full(np.asarray(own), best)
        found[free] = back @ best
        return found

    def _full(self, places: Array, values: Array) -> Array:
        out = np.zeros(len(self.free))
        out[places] = values
        return out

    def witness(self, direction: Array, distance: Fraction, how: str) -> Witness:
        """The network and point, and what lies ``distance`` away from them."""
        e = Exact(self.r)
        tensors, x = e.tensors(self.network), e.point(self.point)
        unit = direction / np.abs(direction).max()

        def moved(key: Key | None, value: Array) -> Array:
            if key not in self.where:
                return value
            step = np.asarray(_fraction(unit[self.where[key]]), dtype=object).reshape(value.shape)
            return value + distance * step

        bits = BITS + 2 * (distance.denominator.bit_length() // 32 + 1) * 32
        return Witness(how, np.stack([x, moved(None, x)]), {k: np.stack([t, moved(k, t)]) for k, t in tensors.items()},
                       bits, {"distance": str(distance), "direction": unit.tolist()})


def witnesses(r: Realization, step: int, iterations: tuple[int, ...], kind: str, group: str,
              found: Mapping[str, Any]) -> Iterator[Witness]:
    """Exact pairs that may violate the promise of a step, the likeliest first."""
    network, point = int(found.get("network", 0)), int(found.get("point", 0))
    if kind in ("radius", "entries", "undefined"):
        yield single(r, network, point, kind)
        return
    if kind == "pair":
        yield pair(r, (network, point), (int(found["network'"]), int(found["point'"])))
        return
    with np.errstate(all="ignore"):
        d = _Directions(r, network, point, step, iterations)
        once, shared = sort_keys(r.plan.derivation.steps[step], d.keys, d.outside)
        directions: list[Array | None] = []
        if kind == "input":
            directions.append(d.along(""))
        elif kind == "joint":
            directions.append(d.of_tensors(d.keys))
        elif not group:
            directions.append(d.of_tensors(once))
        for (groups, _), keys in shared.items():
            if group and " and ".join(groups) == group:
                directions.append(d.along(groups[0]) if groups[0] in d.captured else d.of_tensors(keys))
    for direction in directions:
        if direction is not None and direction.any() and np.isfinite(direction).all():
            for distance in STEPS:
                for sign in (1, -1):
                    yield d.witness(sign * direction, distance, kind)


# -- verdicts ---------------------------------------------------------------------------------------------------------
def judge(r: Realization, witness: Witness, step: int, iterations: tuple[int, ...]) -> Confirmation:
    """The verdict on one witness, with as many bits as it takes."""
    how, bits, reason = witness.how, witness.bits, ""
    while bits <= MAX_BITS:
        try:
            with precision(bits):
                left, right = _Trial(r.plan, r, witness, step, iterations, bits).sides()
            if left > right:
                return Confirmation(True, how, shown(left), shown(right), bits, "", witness.notes)
            if left <= right or not right.is_finite():
                return Confirmation(False, how, shown(left), shown(right), bits, "the inequality holds there")
            reason = "the two sides are not separated"
        except Unmet as error:
            return Confirmation(None, how, "", "", bits, f"hypothesis not surely met: {error}")
        except NoOutput as error:
            if error.inside and not type(r.layers[error.at]).__module__.startswith("normbound."):
                return Confirmation(None, how, "", "", bits, str(error), blind=True)
            if how == "undefined" and (error.at, error.iterations) == (r.plan.derivation.steps[step].at, iterations):
                return Confirmation(True, how, "no output", "a number", bits, str(error))
            return Confirmation(None, how, "", "", bits, str(error))
        except Undecided as error:
            reason = str(error)
        except Exception as error:  # whatever a layer of the user's raises
            reason = f"the forward pass does not run on balls: {type(error).__name__}: {error}"
            return Confirmation(None, how, "", "", bits, reason, blind=True)
        bits *= 4
    return Confirmation(None, how, "", "", bits // 4, f"undecided with {bits // 4} bits: {reason}")


def shown(x: arb) -> str:
    return x.str(20, radius=False)


def confirm_in(r: Realization, step: int, iterations: tuple[int, ...], kind: str, group: str,
               found: Mapping[str, Any]) -> Confirmation:
    """The verdict on a suspicion about a realization at hand; ``found`` says where (network, point, ...)."""
    worst: Confirmation | None = None
    if kind == "rule":
        from normbound.check.confirm_rule import confirm_rule
        return confirm_rule(r, step, iterations, group, found)
    for witness in witnesses(r, step, iterations, kind, group, found):
        verdict = judge(r, witness, step, iterations)
        if verdict.confirmed:
            return verdict
        if worst is None or (worst.confirmed is False and verdict.confirmed is None):
            worst = verdict
    return worst or Confirmation(None, kind, "", "", 0, "no pair of networks moves the block in the direction found")


def confirm(plan: Plan, violation: Any) -> Confirmation:
    """Draw the network of a violation again, from its seed, law and fixed values, and judge it."""
    fixed = {k: list(v) if isinstance(v, (list, tuple)) else v for k, v in violation.fixed.items()}
    r = draw(plan, violation.seed, violation.law, violation.points, fixed)
    return confirm_in(r, violation.step, tuple(violation.iterations), violation.kind, violation.group, violation.witness)
