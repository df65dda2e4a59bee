"""Rigorous verdicts on composition rules: linear maps whose exact composition exceeds what the rule promises.

The derivatives of the premises at one point, as doubles, are taken as exact affine maps (in the input and in every
tensor), with the exact values there. They are composed exactly as the block composes its parts. The rule, rebuilt over
symbols from the function that derivations use, is evaluated in balls at rational upper ends of the premises' norms; it is
refuted iff the conclusion's norm surely exceeds the promise. Upstream slack plays no part: no derived constant enters.

A promise p(B)^2 = q2 B^2 + q1 B + q0 (and c = l1 B + l0, |out| <= b0 + G B) that is tight at B is spread over all of its
coefficients, so that a wrong treatment of any of them shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, arb_mat

from normbound.calculus import repeat
from normbound.check.balls import Ball, Undecided, bottom, enclose_spectral, largest, norm, to_arb, top
from normbound.check.confirm import Confirmation, Member, shown, sort_keys
from normbound.check.forward import Record, execute
from normbound.check.realization import Key, Realization
from normbound.contracts import rules
from normbound.contracts.block import Composite, Repeat
from normbound.contracts.summary import Shared, Summary
from normbound.errors import NormboundError
from normbound.terms.evaluate import evaluate_floats, evaluate_many, precision
from normbound.terms.store import Store, Term

BITS = 256
_arbs = np.frompyfunc(to_arb, 1, 1)

Array = Any


@dataclass(slots=True)
class _Map:
    """An affine map near one point: values at both ends, its matrix in the input (None) and in every tensor.

    Rows are directions, columns entries of the output; entries are enclosures (exact for the premises).
    """

    before: Array
    after: Array
    parts: dict[Key | None, Array]

    def then(self, g: _Map) -> _Map:
        through = g.parts[None]
        parts = {k: _times(m, through) for k, m in self.parts.items()}
        for k, m in g.parts.items():
            if k is not None:
                parts[k] = parts[k] + m if k in parts else m
        return _Map(self.before, g.after, parts)


def _times(a: Array, b: Array) -> Array:
    if not (a.size and b.size):
        return np.full((a.shape[0], b.shape[1]), arb(0), dtype=object)
    product = arb_mat(a.tolist()) * arb_mat(b.tolist())
    out = np.empty(a.shape[0] * b.shape[1], dtype=object)
    out[:] = product.entries()
    return out.reshape(a.shape[0], b.shape[1])


def _of(rec: Record, i: int) -> _Map:
    """The map of a record of the first network at point ``i``, with its doubles as exact numbers."""
    t = rec.tangents
    matrix = _arbs(t.matrix[i])
    parts: dict[Key | None, Array] = {None: matrix[:t.inputs]}
    for key, rows in t.where.items():
        parts[key] = matrix[rows]
    return _Map(_arbs(rec.before[0, i]), _arbs(rec.after[0, i]), parts)


@dataclass(slots=True)
class _Numbers:
    """Values of the symbols that stand for the constants of the premises."""

    store: Store
    values: dict[str, Any] = field(default_factory=dict)

    def symbol(self, name: str, value: Fraction | int) -> Term:
        old = self.values.get(name)
        self.values[name] = value if old is None else max(old, value)
        return self.store.symbol(name)


def _spread(size: Fraction, B: Fraction) -> tuple[Fraction, Fraction]:
    """(constant, slope) of an affine function that is ``size`` at B."""
    return (size * Fraction(2, 5), size * Fraction(3, 5) / B) if B else (size, Fraction(0))


def _spectral(matrices: list[Array]) -> Fraction:
    """A rational upper end of the norm of stacked exact matrices."""
    rows = [[bottom(x) for x in row] for m in matrices for row in m]
    return top(enclose_spectral(rows, 80)) if rows and rows[0] else Fraction(0)


def _summary(rec: Record, m: _Map, step: Any, numbers: _Numbers, stem: str) -> Summary:
    """A promise over symbols; the values of the symbols make it exactly what the map does at its point.

    Called for several maps under one stem, the symbols take the largest values.
    """
    B, out = top(norm(m.before)), top(norm(m.after))
    b0, G = _spread(out, B)
    keys = list(rec.tangents.where)
    once, shared = sort_keys(step, keys, [])
    p = _spectral([m.parts[k] for k in once]) ** 2
    q2, q1, q0 = (p * Fraction(3, 10) / B**2, p * Fraction(3, 10) / B, p * Fraction(2, 5)) if B else (0, 0, p)
    named: dict[Any, Shared] = {}
    for member, group in shared.items():
        l0, l1 = _spread(_spectral([m.parts[k] for k in group]), B)
        tag = "".join(c if c.isalnum() else "x" for c in f"{member}")
        named[member] = Shared(numbers.symbol(f"{stem}u{tag}", l1), numbers.symbol(f"{stem}w{tag}", l0))
    symbols = [numbers.symbol(stem + n, v) for n, v in zip(
        ("L", "b", "G", "s", "r", "q", "F"),
        (_spectral([m.parts[None]]), b0, G, q2, q1, q0, top(largest(m.after))), strict=True)]
    lip, offset, growth, square, cross, constant, reach = symbols
    return Summary(lip, offset, growth, square, cross, constant, named, reach)


def _joined(rec: Record, block: Composite, maps: list[_Map], factor: Fraction) -> _Map:
    """The parts of a bracket composed exactly."""
    rule, before = block.rule, _arbs(rec.before[0, 0] * 0)
    if rule == "scale":
        (m,) = maps
        return _Map(m.before, m.after * to_arb(factor), {k: v * to_arb(factor) for k, v in m.parts.items()})
    shape = rec.after.shape[2:]
    parts: dict[Key | None, Array] = {}
    entries = int(np.prod(before.shape))
    positions = np.arange(entries).reshape(before.shape)
    offset = 0
    after: Array = None
    for k, m in enumerate(maps):
        width = before.shape[-1] // len(maps)
        if rule in ("concat", "parallel"):
            here = np.arange(int(np.prod(shape))).reshape(shape)[..., offset:offset + m.after.shape[-1]].ravel()
            offset += m.after.shape[-1]
        for key, rows in m.parts.items():
            if rule in ("concat", "parallel"):
                wide = np.full((len(rows), int(np.prod(shape))), arb(0), dtype=object)
                wide[:, here] = rows
                rows = wide
            elif rule == "product":
                rows = rows * maps[1 - k].after.reshape(1, -1)
            if rule == "parallel" and key is None:
                tall = np.full((entries, rows.shape[1]), arb(0), dtype=object)
                tall[positions[..., k * width:(k + 1) * width].ravel()] = rows
                rows = tall
            parts[key] = parts[key] + rows if key in parts else rows
        if after is None:
            after = m.after
        elif rule in ("concat", "parallel"):
            after = np.concatenate([after, m.after], axis=-1)
        else:
            after = after + m.after if rule == "sum" else after * m.after
    return _Map(before, after, parts)


def _lower(m: Array) -> arb:
    """A ball whose lower end is a lower bound of the spectral norm: |v m|/|v| for the best v that floats find."""
    if not m.size:
        return arb(0)
    v = _arbs(np.linalg.svd(m.astype(float))[0][:, 0].reshape(1, -1))
    return norm(_times(v, m)) / norm(v)


def confirm_rule(r: Realization, step: int, iterations: tuple[int, ...], group: str,
                 found: Mapping[str, Any]) -> Confirmation:
    """Whether the rule of ``step`` is surely refuted by the linear maps at a point of the first network."""
    trace = execute(r)
    rec = next((t for t in trace.records if (t.step, t.iterations) == (step, iterations)), None)
    if rec is None:
        return Confirmation(None, "rule", "", "", 0, "the step is not executed")
    try:
        with precision(BITS):
            sides = _sides(r, rec, group, int(found.get("point", 0)))
    except (Undecided, NormboundError) as error:
        return Confirmation(None, "rule", "", "", BITS, str(error))
    if sides is None:
        return Confirmation(None, "rule", "", "", BITS, "no rigorous form of this test: families of groups")
    left, right = sides
    confirmed = True if left > right else None
    return Confirmation(confirmed, "rule", shown(left), shown(right), BITS,
                        "" if confirmed else "the exact composition does not surely exceed the promise")


def _sides(r: Realization, rec: Record, group: str, i: int) -> tuple[arb, arb] | None:
    d = r.plan.derivation
    step = d.steps[rec.step]
    block = d.program.code[step.at].block
    maps = [_of(q, i) for q in rec.premises]
    with Store() as store:
        numbers = _Numbers(store)
        parts = [_summary(q, m, d.steps[q.step], numbers, f"p{k}") for k, (q, m) in enumerate(
            zip(rec.premises, maps, strict=True))]
        once, shared = sort_keys(step, list(rec.tangents.where), [])
        B = top(norm(_arbs(rec.before[0, i])))
        if step.rule == "series":
            whole, promised = maps[0].then(maps[1]), rules.series(*parts)
        elif isinstance(block, Repeat):
            whole = maps[0]
            bodies = [_of(q, i) for q in rec.bodies]
            for q, m in zip(rec.bodies, bodies, strict=True):
                body = _summary(q, m, d.steps[q.step], numbers, "y")
                whole = whole.then(m)
            if not bodies or step.rule == "repeat-family" or any(k[1] or len(k[0]) > 1 for k in (*body.shared, *shared)):
                return None
            numbers.symbol("K", len(bodies))
            closed = repeat.Iteration(body, store.symbol("K"), store.symbol("state"), store.zero).close()
            promised = rules.series(parts[0], closed)
            stem = f"outside {'.'.join(map(str, d.program.code[step.at].path))}"
            for k, name in enumerate(block.capture, 1):
                member: Any = ((f"{stem} {name}",), ())
                promised = repeat.release(promised, member, parts[k], numbers.symbol("B", B))
                whole = _released(whole, (f"{stem} {name}", ()), maps[k])
            promised = repeat.close_groups(promised, shared)  # type: ignore[arg-type]
        else:
            assert isinstance(block, Composite)
            factor = Fraction(0)
            if block.factor is not None:
                scope = r.plan.scope_of[step.at]
                factor = Fraction(evaluate_floats([block.factor], r.at_scope(scope, rec.iterations))[0])
            whole = _joined(rec, block, maps, factor)
            promised = rules.compose(block.rule, parts, numbers.symbol("factor", factor) if block.rule == "scale" else None)
        left, wanted = _tested(whole, promised, group, once, shared, store, numbers, B)
        right = evaluate_many([wanted], numbers.values, BITS)[0]
    return left, Ball(right).sqrt().arb if group == "parameters" else right


def _released(whole: _Map, key: Key, source: _Map) -> _Map:
    """The captured tensor is read off the network that computes it."""
    parts = dict(whole.parts)
    through = parts.pop(key, None)
    if through is None:
        return whole
    for k, m in source.parts.items():
        more = _times(m, through)
        parts[k] = parts[k] + more if k in parts else more
    return _Map(whole.before, whole.after, parts)


def _tested(whole: _Map, promised: Summary, group: str, once: list[Key], shared: Mapping[Member, list[Key]], store: Store,
            numbers: _Numbers, B: Fraction) -> tuple[arb, Term]:
    """(enclosure of what the conclusion does, the promise as a term; squared for the tensors used once)."""
    radius = numbers.symbol("B", B)
    if group == "radius":
        return norm(whole.after), promised.radius(radius)
    if group == "input":
        return _lower(whole.parts[None]), promised.L
    if group == "parameters":
        rows = [whole.parts[k] for k in once if k in whole.parts]
        return (_lower(np.concatenate(rows)) if rows else arb(0)), promised.p_squared(radius)
    for member, keys in shared.items():
        if f"parameters {member[0][0]}" == group and len(member[0]) == 1:
            c = promised.shared.get(member)  # type: ignore[call-overload]
            return _lower(np.concatenate([whole.parts[k] for k in keys])), \
                c.l1 * radius + c.l0 if c is not None else store.zero
    raise Undecided(f"no group {group!r} in this step")
