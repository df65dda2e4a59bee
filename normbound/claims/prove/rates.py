"""Rates of compound expressions from those of their parts, and rates and limits of divided differences.

The functions take a ``limits.Search`` and return a value with a certificate, or None. A condition is shown or the way is left.
"""

from __future__ import annotations

from typing import Any

from normbound.claims.checker.rules_rates import chosen
from normbound.claims.checker.sequent import mentions
from normbound.claims.checker.signs import rational_value
from normbound.claims.syntax import Node, Op, literal, number, postorder, variable

Certificate = dict[str, Any]
Result = tuple[Node, Certificate] | None
ZERO, ONE = number(0), number(1)
MINUS_ONE = Node(Op.NEG, (ONE,))
INFINITE = Node(Op.INF)
COMPOUND = (Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.POW, Op.SQRT, Op.MAX, Op.MIN)


def differs(e: Node, name: str) -> bool:
    """Whether a divided difference of two or more nodes at a depth that grows occurs in it."""
    return any(n.op == Op.DD and len(n.args) > 2 and mentions(n, name) for n in postorder(e))


def largest(search: Any, values: list[Node]) -> int | None:
    """The number of a value that can be shown to be at least each other one."""
    for j, top in enumerate(values):
        if all(k == j or x == top or search.holds(Node(Op.LE, (x, top))) for k, x in enumerate(values)):
            return j
    return None


def short(a: Node, op: str, b: Node) -> Node:
    """a op b without factors, divisors and exponents 1, and without 0 as a factor."""
    p, q = rational_value(a), rational_value(b)
    if op == Op.MUL and 0 in (p, q):
        return ZERO
    if q == 1 or (op == Op.POW and p in (0, 1) and q != 0):
        return a
    if op == Op.MUL and p == 1:
        return b
    if p is not None and q is not None and op in (Op.MUL, Op.DIV) and (q or op == Op.MUL):
        return number(p * q if op == Op.MUL else p / q)
    return Node(op, (a, b))


def of_parts(search: Any, e: Node, depth: int) -> Result:
    """The rate of a compound expression."""
    if e.op not in COMPOUND or (e.op == Op.POW and mentions(e.args[1], search.name)):
        return None
    found = []
    for x in e.args[:1] if e.op == Op.POW else e.args:
        part = search.rate(x, depth - 1)
        if part is None:
            return None
        found.append(part)
    values = [f.value for f in found]
    data: dict[str, Any] = {"values": [str(v) for v in values], "from": search.start(e)}
    if e.op in (Op.ADD, Op.MAX):
        j = largest(search, values)
        if j is not None:
            data["largest"] = j
        value = chosen(values, data)[0]
    elif e.op == Op.MIN:
        value = Node(Op.MIN, tuple(values))
    elif e.op == Op.SUB:
        value = values[0]
    elif e.op == Op.SQRT:
        value = values[0] if rational_value(values[0]) in (0, 1) else Node(Op.SQRT, tuple(values))
    elif e.op == Op.POW:
        value = short(values[0], Op.POW, e.args[1])
    else:
        same = e.op == Op.DIV and search.sequent.algebra.equal(*values)
        value = ONE if same else short(values[0], e.op, values[1])
    node = search.assemble(search.goal(e, value, Op.RATE), "rate_parts", data, [f.certificate for f in found])
    return None if node is None else (value, node)


def of_zero(search: Any, e: Node) -> Result:
    """The rate of what is 0."""
    if not search.sequent.algebra.equal(e, ZERO):
        return None
    node = search.assemble(search.goal(e, ZERO, Op.RATE), "rate_zero", {"from": search.start(e)}, [])
    return None if node is None else (ZERO, node)


def of_limit(search: Any, e: Node, depth: int) -> Result:
    """Rate 1 from a limit that is a positive number."""
    found = search.limit(e, depth)
    if found is None or found.value.op == Op.INF:
        return None
    node = search.assemble(search.goal(e, ONE, Op.RATE), "rate_limit", {"value": str(found.value)}, [found.certificate])
    return None if node is None else (ONE, node)


def of_sum(search: Any, e: Node, depth: int) -> Result:
    """The rate of the sum of q^i or x^i*y^(n-i), as that of a divided difference."""
    if e.op != Op.SUM or mentions(e.args[0], search.name):
        return None
    (low, high, body), i = e.args, variable(e.value)
    start = literal(low)
    if start is None or start.denominator != 1 or start < 0:
        return None
    powers = body.args if body.op == Op.MUL else (body, Node(Op.POW, (ONE, Node(Op.SUB, (high, i)))))
    if any(p.op != Op.POW or mentions(p.args[0], e.value) or mentions(p.args[0], search.name) for p in powers):
        return None
    if {p.args[1] for p in powers} != {i, Node(Op.SUB, (high, i))} or (start and body.op == Op.MUL):
        return None
    nodes = tuple(p.args[0] for p in powers)
    if start:
        count = high if start == 1 else Node(Op.SUB, (high, number(start - 1)))
    else:
        count = high.args[0] if high.op == Op.SUB and high.args[1] == ONE else Node(Op.ADD, (high, ONE))
    other = Node(Op.DD, (count, *nodes))
    if start:
        other = Node(Op.MUL, (short(nodes[0], Op.POW, low), other))
    found = search.rate(other, depth - 1)
    if found is None:
        return None
    data = {"other": str(other), "from": search.start(e) + int(start)}
    node = search.assemble(search.goal(e, found.value, Op.RATE), "rate_same", data, [found.certificate])
    return None if node is None else (found.value, node)


def of_difference(search: Any, e: Node) -> Result:
    """The rate of a divided difference: a power of its largest node."""
    data = slope(search, e)
    if data is None:
        return None
    nodes = list(dict.fromkeys(e.args[1:]))
    if not search.holds(*(Node(Op.LE, (ZERO, x)) for x in nodes)):
        return None
    j = largest(search, nodes)
    if j is not None and len(e.args) > 2:
        data["largest"] = e.args[1:].index(nodes[j])
    top = chosen(e.args[1:], data)[0]
    value = top if data["slope"] == "1" else Node(Op.POW, (top, search.sequent.expression(data["slope"])))
    node = search.assemble(search.goal(e, value, Op.RATE), "rate_dd", data, [])
    return None if node is None else (value, node)


def limit_of_difference(search: Any, e: Node) -> Result:
    """The limit of a divided difference whose nodes can be compared with 1."""
    data = slope(search, e)
    if data is None:
        return None
    nodes = e.args[1:]

    def inside(rest: tuple[Node, ...]) -> bool:
        return all(search.holds(Node(Op.LT, (x, ONE)), Node(Op.LT, (MINUS_ONE, x))) for x in dict.fromkeys(rest))

    ones = [j for j, x in enumerate(nodes) if literal(x) == 1]
    value: Node
    if not ones and inside(nodes):
        data["case"], value = "zero", ZERO
    elif len(ones) == 1 and inside((*nodes[:ones[0]], *nodes[ones[0] + 1:])):
        data.update(case="one", node=ones[0])
        value = ONE
        for j, x in enumerate(nodes):
            if j != ones[0]:
                value = Node(Op.DIV, (value, Node(Op.SUB, (ONE, x))))
    elif search.holds(*(Node(Op.LE, (ZERO, x)) for x in dict.fromkeys(nodes))):
        above = [j for j, x in enumerate(nodes) if search.holds(Node(Op.LT, (ONE, x)))]
        least = [j for j, x in enumerate(nodes) if search.holds(Node(Op.LE, (ONE, x)))]
        if above:
            data.update(case="infinite", node=above[0])
        elif len(least) > 1:
            data.update(case="infinite", node=least[0], second=least[1])
        else:
            return None
        value = INFINITE
    else:
        return None
    node = search.assemble(search.goal(e, value), "limit_dd", data, [])
    return None if node is None else (value, node)


def slope(search: Any, e: Node) -> dict[str, Any] | None:
    """Data of the rules: p and q with depth = p*K + q, and from where on it is one; nodes free of K."""
    if e.op != Op.DD or any(mentions(x, search.name) for x in e.args[1:]) or not mentions(e.args[0], search.name):
        return None
    p, q = search.line(e.args[0])
    if not search.holds(Node(Op.LT, (ZERO, p))):
        return None
    return {"slope": str(p), "offset": str(q), "from": search.start(e)}


__all__ = ["differs", "limit_of_difference", "of_difference", "of_limit", "of_parts", "of_sum", "of_zero"]
