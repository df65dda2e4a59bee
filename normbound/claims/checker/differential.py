"""Derivatives of expressions, by the rules of the syntax tree.

A part free of the variable has the derivative 0 and is dropped; nothing else is simplified away. So the derivative has a value only
where every part that depends on the variable is differentiable, given that the expression itself has values around it:
sqrt(u) gives u'/(2 sqrt(u)), which needs u != 0; u^v gives log(u), which needs u > 0.
"""

from __future__ import annotations

from normbound.claims.checker.registry import reject
from normbound.claims.checker.sequent import Sequent
from normbound.claims.sorts import is_integer
from normbound.claims.syntax import Node, Op, free_names, literal, number, postorder

ZERO, ONE, TWO = number(0), number(1), number(2)
MAX_NODES = 4_000


def derivative(root: Node, name: str) -> Node:
    """d root / d name. Rejected where an operator is not differentiable by the rules."""
    found: dict[Node, Node | None] = {}
    order = postorder(root)
    for n in order:
        if n not in found:
            found[n] = _of(n, name, [found[a] for a in n.args]) if name in free_names(n) else None
    result = found[root]
    if result is None:
        return ZERO
    if len(postorder(result)) > MAX_NODES:
        reject(f"the derivative has more than {MAX_NODES} parts")
    return result


def _times(a: Node, b: Node) -> Node:
    if a == ONE:
        return b
    return a if b == ONE else Node(Op.MUL, (a, b))


def _of(n: Node, name: str, inner: list[Node | None]) -> Node:
    op = n.op
    if op == Op.VAR:
        return ONE
    if op in (Op.ADD, Op.SUB, Op.NEG):
        if op == Op.NEG:
            return Node(Op.NEG, (_some(inner[0]),))
        a, b = inner
        if a is None:
            return _some(b) if op == Op.ADD else Node(Op.NEG, (_some(b),))
        return a if b is None else Node(op, (a, b))
    if op in (Op.MUL, Op.DIV):
        u, v = n.args
        du, dv = inner
        if op == Op.MUL:
            if du is None:
                return _times(u, _some(dv))
            if dv is None:
                return _times(du, v)
            return Node(Op.ADD, (_times(du, v), _times(u, dv)))
        if dv is None:
            return Node(Op.DIV, (_some(du), v))
        second = Node(Op.DIV, (_times(u, dv), Node(Op.POW, (v, TWO))))
        return Node(Op.NEG, (second,)) if du is None else Node(Op.SUB, (Node(Op.DIV, (du, v)), second))
    if op == Op.SQRT:
        return Node(Op.DIV, (_some(inner[0]), Node(Op.MUL, (TWO, n))))
    if op == Op.EXP:
        return _times(n, _some(inner[0]))
    if op == Op.LOG:
        return Node(Op.DIV, (_some(inner[0]), n.args[0]))
    if op == Op.POW:
        return _power(n, inner)
    reject(f"found {op} of {name}; accepted in a derivative: + - * / ^ sqrt exp log")


def _power(n: Node, inner: list[Node | None]) -> Node:
    (u, v), (du, dv) = n.args, inner
    if dv is None:
        e = literal(v)
        if e is not None:
            if e == 1:
                return _some(du)
            return _times(Node(Op.MUL, (v, Node(Op.POW, (u, number(e - 1))) if e != 2 else u)), _some(du))
        return _times(Node(Op.MUL, (v, Node(Op.POW, (u, Node(Op.SUB, (v, ONE)))))), _some(du))
    outer = _times(dv, Node(Op.LOG, (u,)))
    if du is not None:
        outer = Node(Op.ADD, (outer, Node(Op.DIV, (_times(v, du), u))))
    return Node(Op.MUL, (n, outer))


def _some(node: Node | None) -> Node:
    assert node is not None
    return node


def positive_bases(sequent: Sequent, root: Node, name: str) -> list[Node]:
    """u > 0 for each power u^v of which v depends on the variable, or u does and v is no literal and no integer by its form."""
    found = []
    for n in dict.fromkeys(postorder(root)):
        if n.op != Op.POW:
            continue
        u, v = n.args
        if name in free_names(v) or (name in free_names(u) and literal(v) is None and not is_integer(v, sequent.sorts)):
            found.append(Node(Op.GT, (u, ZERO)))
    return found


__all__ = ["derivative", "positive_bases"]
