"""Rates of compound expressions, and rates and limits of divided differences: the rules ``rate_parts``, ``rate_same``, ``rate_limit``,
``rate_zero``, ``rate_dd``, ``limit_dd``.

The goal is rate(e, K) == v or limit(e, K) == v; k, "large k" and "from" are those of ``rules_limits``. A rate v that is proved says that
e(k)^(1/k) has a value for all large k and tends to v, so e(k) >= 0 for large k, and v >= 0. All v here are finite.

rate_parts    e = op(x, ...): "values", one for each argument, texts free of K: the rates of the arguments, v1, v2
                  x*y     v == v1*v2                      x/y     v == v1/v2, 0 < v2
                  x + y, max(x, ...)   v == the largest    min(x, ...)   v == the least (a maximum of maxima is one of their parts)
                  x - y   v == v1, v2 < v1                sqrt(x)  v == sqrt(v1)
                  x^q     v == v1^q, q free of K; q a literal > 0, or 0 < v1; no value is given for q
              For + and max "largest" may give the number of an argument: then v == its value, and it is at least each other value.
rate_same     rate(e2, K) == v and e(k) == e2(k) for large k ("other": e2); or rate(e, K) == w and v == w ("value": w)
rate_limit    v == 1, limit(e, K) == w, 0 < w ("value": w)
rate_zero     v == 0, e(k) == 0 for large k
rate_dd       e = dd(d; x, ..., z), nodes free of K and >= 0, d(k) == p*k + q for large k, p > 0 ("slope": p, "offset": q);
              v == max(x, ..., z)^p; with "largest", the number of a node that is at least each other one, v == that node^p
limit_dd      e as above, nodes of any sign, "case":
                  zero       each node is > -1 and < 1; v == 0
                  one        node number "node" equals 1, each other one x is > -1 and < 1; v == the product of 1/(1 - x)
                  infinite   all nodes are >= 0; node number "node" is > 1, or it and node number "second" are >= 1; v is inf

Why. With n = d - m + 1 for m nodes, dd is the sum of all monomials of degree n in the nodes, C(d, m-1) of them; so for nodes >= 0 with
the maximum M it lies between M^n and C(d, m-1)*M^n, and C(d, m-1)^(1/k) tends to 1. With one node 1 it is the sum of the monomials
of degree at most n in the others, which tends to the product of the geometric series. For x - y: y/x tends to 0.

Source: dd at depth d of m nodes is the complete homogeneous symmetric polynomial of degree d - m + 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from normbound.claims.checker.obligations import needs
from normbound.claims.checker.registry import reject, rule
from normbound.claims.checker.rules_derivative import required
from normbound.claims.checker.rules_limits import Scene
from normbound.claims.checker.rules_logic import checked
from normbound.claims.checker.sequent import Sequent, entry, listing, mentions, number_below, string
from normbound.claims.syntax import Node, Op, literal, number

Data = Mapping[str, Any]
ZERO, ONE = number(0), number(1)


def value_text(scene: Scene, data: object) -> Node:
    """An expression free of the variable."""
    return scene.free(string(data), ZERO)


def rate(scene: Scene, e: Node, v: Node) -> Sequent:
    """The premise that e has the rate v."""
    return checked(scene.sequent.aim(Node(Op.RATE, (e, v), scene.name)))


def chosen(values: Sequence[Node], data: Data) -> tuple[Node, list[Node]]:
    """The maximum, and what shows it: nothing, or that the value with the number "largest" is at least each other one."""
    if "largest" in data:
        j = number_below(data["largest"], len(values), "value")
        return values[j], [Node(Op.LE, (x, values[j])) for n, x in enumerate(values) if n != j]
    parts = tuple(dict.fromkeys(x for v in values for x in (v.args if v.op == Op.MAX else (v,))))
    return parts[0] if len(parts) == 1 else Node(Op.MAX, parts), []


@rule("rate_parts")
def rate_parts(sequent: Sequent, data: Data) -> list[Sequent]:
    """See the head of the module. Premises in the order: values are defined, conditions, e is defined, the rates of the arguments, the
    value."""
    scene = Scene(sequent, data, Op.RATE)
    e = scene.e
    parts = e.args[:1] if e.op == Op.POW else e.args
    values = [value_text(scene, t) for t in listing(entry(data, "values"), len(parts))]
    if len(values) != len(parts):
        reject(f"found {len(values)} values; accepted: {len(parts)}")
    conditions: list[Node] = []
    if e.op == Op.MUL:
        w = Node(Op.MUL, tuple(values))
    elif e.op == Op.DIV:
        w = Node(Op.DIV, tuple(values))
        conditions = [Node(Op.LT, (ZERO, values[1]))]
    elif e.op in (Op.ADD, Op.MAX):
        w, conditions = chosen(values, data)
    elif e.op == Op.MIN:
        w = Node(Op.MIN, tuple(values))
    elif e.op == Op.SUB:
        w = values[0]
        conditions = [Node(Op.LT, (values[1], values[0]))]
    elif e.op == Op.SQRT:
        w = Node(Op.SQRT, tuple(values))
    elif e.op == Op.POW:
        q = e.args[1]
        if mentions(q, scene.name):
            reject(f"found the exponent {str(q)[:60]}; accepted: an exponent free of {scene.name}")
        w = Node(Op.POW, (values[0], q))
        known = literal(q)
        if known is None or known <= 0:
            conditions = [Node(Op.LT, (ZERO, values[0]))]
    else:
        reject(f"found {e.op}; accepted: + - * / ^ sqrt max min")
    return [*needs(sequent, *values, w), *required(sequent, *conditions), *scene.defined(),
            *(rate(scene, x, v) for x, v in zip(parts, values, strict=True)), *required(sequent, Node(Op.EQ, (scene.finite(), w)))]


@rule("rate_same")
def rate_same(sequent: Sequent, data: Data) -> list[Sequent]:
    """See the head of the module."""
    scene = Scene(sequent, data, Op.RATE)
    if "value" in data:
        w = value_text(scene, data["value"])
        return [*needs(sequent, w), rate(scene, scene.e, w), *required(sequent, Node(Op.EQ, (scene.finite(), w)))]
    other = sequent.expression(entry(data, "other"))
    return [checked(s) for s in (*scene.defined(), *needs(scene.large, scene.at(other)),
                                 scene.large.aim(Node(Op.EQ, (scene.at(scene.e), scene.at(other)))), rate(scene, other, scene.finite()))]


@rule("rate_limit")
def rate_limit(sequent: Sequent, data: Data) -> list[Sequent]:
    """See the head of the module."""
    scene = Scene(sequent, data, Op.RATE)
    w = value_text(scene, entry(data, "value"))
    return [*needs(sequent, w), *scene.defined(), scene.limit(scene.e, w),
            *required(sequent, Node(Op.LT, (ZERO, w)), Node(Op.EQ, (scene.finite(), ONE)))]


@rule("rate_zero")
def rate_zero(sequent: Sequent, data: Data) -> list[Sequent]:
    """See the head of the module."""
    scene = Scene(sequent, data, Op.RATE)
    return [*scene.defined(), checked(scene.large.aim(Node(Op.EQ, (scene.at(scene.e), ZERO)))),
            *required(sequent, Node(Op.EQ, (scene.finite(), ZERO)))]


def difference(scene: Scene, data: Data) -> tuple[tuple[Node, ...], Node, list[Sequent]]:
    """The nodes, the slope of the depth, and what shows that the depth grows at that slope and all is defined."""
    e = scene.e
    if e.op != Op.DD:
        reject(f"found {e.op}; accepted: dd")
    depth, nodes = e.args[0], e.args[1:]
    if any(mentions(x, scene.name) for x in nodes):
        reject(f"a node depends on {scene.name}")
    p, q = value_text(scene, entry(data, "slope")), value_text(scene, data.get("offset", "0"))
    line = Node(Op.ADD, (Node(Op.MUL, (p, scene.k)), q))
    sequent = scene.sequent
    return nodes, p, [*needs(sequent, p, q, *nodes), *required(sequent, Node(Op.LT, (ZERO, p))), *scene.defined(),
                      scene.large.aim(Node(Op.EQ, (scene.at(depth), line)))]


@rule("rate_dd")
def rate_dd(sequent: Sequent, data: Data) -> list[Sequent]:
    """See the head of the module."""
    scene = Scene(sequent, data, Op.RATE)
    nodes, p, known = difference(scene, data)
    top, conditions = chosen(nodes, data)
    w = top if p == ONE else Node(Op.POW, (top, p))
    signs = [Node(Op.LE, (ZERO, x)) for x in nodes]
    return [*known, *required(sequent, *signs, *conditions), *required(sequent, Node(Op.EQ, (scene.finite(), w)))]


@rule("limit_dd")
def limit_dd(sequent: Sequent, data: Data) -> list[Sequent]:
    """See the head of the module."""
    scene = Scene(sequent, data)
    nodes, _, known = difference(scene, data)
    case = string(entry(data, "case"))
    if case == "infinite":
        j = number_below(entry(data, "node"), len(nodes), "node")
        conditions = [Node(Op.LE, (ZERO, x)) for x in nodes]
        if "second" in data:
            l = number_below(data["second"], len(nodes), "node")
            if j == l:
                reject("found one node twice")
            conditions += [Node(Op.LE, (ONE, nodes[j])), Node(Op.LE, (ONE, nodes[l]))]
        else:
            conditions.append(Node(Op.LT, (ONE, nodes[j])))
        if scene.v.op != Op.INF:
            reject("the value is not inf")
        return [*known, *required(sequent, *conditions)]
    w, rest = ZERO, nodes
    conditions = []
    if case == "one":
        j = number_below(entry(data, "node"), len(nodes), "node")
        rest = (*nodes[:j], *nodes[j + 1:])
        conditions.append(Node(Op.EQ, (nodes[j], ONE)))
        w = ONE
        for x in rest:
            w = Node(Op.DIV, (w, Node(Op.SUB, (ONE, x))))
    elif case != "zero":
        reject(f"found the case {case[:20]!r}; accepted: zero, one, infinite")
    for x in rest:
        conditions += [Node(Op.LT, (Node(Op.NEG, (ONE,)), x)), Node(Op.LT, (x, ONE))]
    return [*known, *required(sequent, *conditions), *required(sequent, Node(Op.EQ, (scene.finite(), w)))]


__all__ = ["limit_dd", "rate_dd", "rate_limit", "rate_parts", "rate_same", "rate_zero"]
