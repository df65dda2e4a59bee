"""Bounds on divided differences: the rule ``difference``.

    {"bound": name, "term": "dd(d; x, ..., z)", ...}
adds the conclusion to the hypotheses. Premises: that the term is defined, the conditions that are not evident, then the sequent with the
conclusion as its last hypothesis. D is the term, m the number of its nodes, n = d - m + 1, C = d*(d-1)*...*(d-m+2)/(m-1)!.

    positive    0 < D              all nodes >= 0, node number "node" > 0, d >= m-1
    member      x^n <= D           all nodes >= 0, x the node number "node", d >= m-1
    above       D <= C*x^n         0 <= each node <= x, x the node number "node", d >= m-1
    below       C*x^n <= D         0 <= x <= each node, x the node number "node", d >= m-1
    small       D <= C             all nodes >= 0 and <= 1
    geometric   D <= 1/(1-x)/...   node number "node" == 1, a factor for each other node x, 0 <= x < 1
    ordered     D <= dd(d; y, ...) 0 <= x <= y for each node and that of "nodes" with the same number
    reversed    dd(d; y, ...) <= D 0 <= y <= x likewise

D is the sum of all C monomials of degree n in the nodes, and 0 for n < 0, where C = 0 too: C has then a factor 0.

Source: dd at depth d of m nodes is the complete homogeneous symmetric polynomial of degree d - m + 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normbound.claims.checker.obligations import needs
from normbound.claims.checker.registry import reject, rule
from normbound.claims.checker.rules_derivative import required
from normbound.claims.checker.sequent import Sequent, entry, listing, number_below, string
from normbound.claims.syntax import Node, Op, number

ZERO, ONE = number(0), number(1)
MAX_NODES = 8
BOUNDS = ("positive", "member", "above", "below", "small", "geometric", "ordered", "reversed")


def monomials(depth: Node, nodes: int) -> Node:
    """C, the number of monomials."""
    result: Node = depth if nodes > 1 else ONE
    factorial = 1
    for k in range(1, nodes - 1):
        result = Node(Op.MUL, (result, Node(Op.SUB, (depth, number(k)))))
        factorial *= k + 1
    return result if factorial == 1 else Node(Op.DIV, (result, number(factorial)))


@rule("difference")
def difference(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """See the head of the module."""
    name = string(entry(data, "bound"))
    if name not in BOUNDS:
        reject(f"found the bound {name[:40]!r}; accepted: {', '.join(BOUNDS)}")
    term = sequent.expression(entry(data, "term"))
    if term.op != Op.DD or len(term.args) > MAX_NODES + 1:
        reject(f"found {str(term)[:60]}; accepted: dd with at most {MAX_NODES} nodes")
    depth, nodes = term.args[0], term.args[1:]
    degree = Node(Op.SUB, (depth, number(len(nodes) - 1))) if len(nodes) > 1 else depth
    deep = Node(Op.LE, (number(len(nodes) - 1), depth))
    signs = [Node(Op.LE, (ZERO, x)) for x in nodes]
    new: list[Node] = [term]
    if name in ("ordered", "reversed"):
        others = [sequent.expression(t) for t in listing(entry(data, "nodes"), len(nodes))]
        if len(others) != len(nodes):
            reject(f"found {len(others)} nodes; accepted: {len(nodes)}")
        other = Node(Op.DD, (depth, *others))
        new.append(other)
        less, more = (nodes, tuple(others)) if name == "ordered" else (tuple(others), nodes)
        conditions = [s for x, y in zip(less, more, strict=True) for s in (Node(Op.LE, (ZERO, x)), Node(Op.LE, (x, y)))]
        conclusion = Node(Op.LE, (term, other) if name == "ordered" else (other, term))
    elif name == "small":
        conditions = [*signs, *(Node(Op.LE, (x, ONE)) for x in nodes)]
        conclusion = Node(Op.LE, (term, monomials(depth, len(nodes))))
    else:
        j = number_below(entry(data, "node"), len(nodes), "node")
        x = nodes[j]
        rest = (*nodes[:j], *nodes[j + 1:])
        power = Node(Op.POW, (x, degree))
        product = Node(Op.MUL, (monomials(depth, len(nodes)), power))
        if name == "positive":
            conditions = [*signs, Node(Op.LT, (ZERO, x)), deep]
            conclusion = Node(Op.LT, (ZERO, term))
        elif name == "member":
            conditions = [*signs, deep]
            conclusion = Node(Op.LE, (power, term))
        elif name == "above":
            conditions = [*signs, *(Node(Op.LE, (y, x)) for y in rest), deep]
            conclusion = Node(Op.LE, (term, product))
        elif name == "below":
            conditions = [Node(Op.LE, (ZERO, x)), *(Node(Op.LE, (x, y)) for y in rest), deep]
            conclusion = Node(Op.LE, (product, term))
        else:
            conditions = [Node(Op.EQ, (x, ONE))]
            value = ONE
            for y in rest:
                conditions += [Node(Op.LE, (ZERO, y)), Node(Op.LT, (y, ONE))]
                value = Node(Op.DIV, (value, Node(Op.SUB, (ONE, y))))
            conclusion = Node(Op.LE, (term, value))
    return [*needs(sequent, *new), *required(sequent, *conditions), sequent.assume(conclusion)]


__all__ = ["BOUNDS", "difference", "monomials"]
