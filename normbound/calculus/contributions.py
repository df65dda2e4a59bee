"""Which layer to blame: the factor of each layer in L, and its share of P^2, at numbers.

P^2 is a sum over parameter groups, each transported to the output. Along the chain at the top the share of an element
is (product of later L)^2 p^2(radius), read off the derivation in one pass; inside an element (a Repeat, a residual
block) it is split by deriving that element with the groups of one layer trainable at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from normbound.calculus.derivation import Derivation, Step
from normbound.calculus.derive import analyse
from normbound.contracts.block import Block, Layer, Repeat
from normbound.contracts.context import ROLES
from normbound.errors import UnsupportedError
from normbound.network.program import LEAF, OPEN, Input, Instruction, Network, Program, group_name, place
from normbound.terms.evaluate import evaluate_many
from normbound.terms.store import Term

if TYPE_CHECKING:
    from normbound.calculus.bound import Bound

MAX_LAYERS = 300


class Contribution(NamedTuple):
    """One row.

    level      0 for an element of the chain at the top, 1 for a layer inside such an element
    log10_lip  log10 of the constant, times the number of applications (None where it varies along a recurrence);
               rows of level 0 sum to log10 L
    share      part of P^2; rows of level 0 and shared groups sum to 1
    """

    where: str
    layer: str
    level: int
    log10_lip: float | None
    share: float


def contributions(bound: Bound, values: Mapping[str, object]) -> list[Contribution]:
    """See ``Bound.contributions``."""
    network = bound.network
    trainable = bound.derivation.trainable if bound.wrt == "parameters" else frozenset(ROLES)
    d = analyse(network, trainable, bound.derivation.floors, bound.derivation.dropped)
    radius = d.summary.L.store.unbounded if network.input.radius is None else network.input.radius
    chain = [(d.steps[s.premises[1]], d.steps[s.premises[0]].summary.radius(radius)) for s in _top_chain(d)]
    terms = [t for own, entry in chain for t in (own.summary.L, own.summary.p_squared(entry))]
    balls = evaluate_many(terms, values)
    lips, squares = balls[0::2], balls[1::2]
    shares: list[Any] = []
    transport = None
    for lip, square in zip(reversed(lips), reversed(squares), strict=True):
        shares.append(square if transport is None else square * transport * transport)
        transport = lip if transport is None else transport * lip
    shares.reverse()
    groups = _shared_groups(bound, d.program, trainable, values)
    total = sum([*shares, *(x for _, x in groups)], start=0)
    rows: list[Contribution] = []
    for (own, entry), lip, share in zip(chain, lips, shares, strict=True):
        i = d.program.code[own.at]
        part = _ratio(share, total)
        rows.append(Contribution(place(i.path), _title(i.block), 0, _log10(lip), part))
        if not isinstance(i.block, Layer):
            rows += _inside(bound, d, i, entry, part, trainable, values)
    rows += [Contribution("shared", name, 0, 0.0, _ratio(x, total)) for name, x in groups]
    return rows


def _top_chain(d: Derivation) -> list[Step]:
    """The series steps that extend the grounded chain at the top, in order."""
    found: list[Step] = []
    last = 0
    for k, s in enumerate(d.steps):
        if s.rule == "series" and s.premises[0] == last:
            found.append(s)
            last = k
    return found


def _title(block: Block) -> str:
    if isinstance(block, Layer):
        return block.name
    return "Repeat" if isinstance(block, Repeat) else block.rule  # type: ignore[attr-defined]


def _ratio(x: Any, total: Any) -> float:
    return float((x / total).mid()) if total > 0 else 0.0


def _log10(ball: Any, times: int = 1) -> float:
    if ball == 0:
        return float("-inf") if times else 0.0
    if not ball.is_finite():
        return float("inf")
    return times * float((ball.log() / ball.const_log10()).mid())


def _inside(bound: Bound, d: Derivation, bracket: Instruction, entry: Term, share: float, trainable: frozenset[str],
            values: Mapping[str, object]) -> list[Contribution]:
    """One row per layer inside a bracket."""
    program = d.program
    n = len(bracket.path)
    scope_of = d.scope_of_instructions()
    own = {s.at: s for s in d.steps if s.rule == "contract"}
    leaves = [k for k, i in enumerate(program.code) if i.op == LEAF and i.path[:n] == bracket.path]
    if len(leaves) > MAX_LAYERS:
        raise UnsupportedError(f"{place(bracket.path)} holds {len(leaves)} layers; contributions are split up to {MAX_LAYERS}")
    states = {s.state.id for s in d.scopes if s.state is not None} | {s.index.id for s in d.scopes if s.index is not None}
    start = next(i for i in program.code if i.op == OPEN and i.path == bracket.path)
    ball = evaluate_many([entry], values)[0]
    radius = entry.store.number(Fraction(float(ball.mid()))) if ball.is_finite() else None
    inner = Network(Input(radius, start.shape.features, start.shape.samples, start.shape.positions), bracket.block)
    rows: list[Contribution] = []
    parts: list[Any] = []
    for k in leaves:
        i = program.code[k]
        lip = own[k].summary.L
        times = 1
        scope = scope_of[k]
        while scope:
            repeat = d.scopes[scope].repeat
            assert repeat is not None
            times *= int(float(evaluate_many([repeat.depth], values)[0].mid()))
            scope = d.scopes[scope].parent
        varies = any(t in states for t in lip.store.reachable([lip]))
        log = None if varies else _log10(evaluate_many([lip], values)[0], times)
        rows.append(Contribution(place(i.path), i.block.name, 1, log, 0.0))  # type: ignore[attr-defined]
        parts.append(_square_alone(bound, inner, i, n, trainable, values))
    total = sum(parts, start=0)
    return [r._replace(share=share * _ratio(p, total)) if total else r for r, p in zip(rows, parts, strict=True)]


def _square_alone(bound: Bound, inner: Network, i: Instruction, n: int, trainable: frozenset[str],
                  values: Mapping[str, object]) -> Any:
    """P^2 of the bracket when only the tensors of one layer change."""
    layer = i.block
    assert isinstance(layer, Layer)
    if layer.share is not None:
        return 0
    path = (1, *i.path[n:])
    names = {group_name(layer, path, p.name) for p in layer.parameters(i.shape)
             if p.role in trainable or group_name(layer, i.path, p.name) in trainable}
    if not names:
        return 0
    dropped = frozenset((1, *p[n:]) for p in bound.derivation.dropped)
    s = analyse(inner, names, bound.derivation.floors, dropped).summary
    radius = s.L.store.unbounded if inner.input.radius is None else inner.input.radius
    return evaluate_many([s.p_squared(radius)], values)[0]


def _shared_groups(bound: Bound, program: Program, trainable: frozenset[str],
                   values: Mapping[str, object]) -> list[tuple[str, Any]]:
    """P^2 of each explicitly shared group."""
    names = dict.fromkeys(group_name(i.block, i.path, p.name) for i in program.code if i.op == LEAF
                          and isinstance(i.block, Layer) and i.block.share is not None for p in i.block.parameters(i.shape)
                          if not trainable.isdisjoint((p.role, group_name(i.block, i.path, p.name))))
    radius = bound.network.input.radius or bound.term.store.unbounded
    terms = [analyse(bound.network, {name}, bound.derivation.floors, bound.derivation.dropped).summary.p_squared(radius)
             for name in names]
    return list(zip(names, evaluate_many(terms, values), strict=True))
