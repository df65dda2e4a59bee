"""Derivatives of expressions, by the rules of the syntax tree.

A part free of the variable has the derivative 0 and is dropped; nothing else is simplified away. So the derivative has a value only
where every part that depends on the variable is differentiable, given that the expression itself has values around it:
sqrt(u) gives u'/(2 sqrt(u)), which needs u != 0; u^v gives log(u), which needs u > 0.
"""

from __future__ import annotations

from normbound.claims.checker.registry import reject
from normbound.claims.checker.sequent import Sequent
from normbound.claims.sorts import is_integer
from normbound.claims.syntax import (
    ADD,
    DIV,
    EXP,
    GT,
    LOG,
    MUL,
    NEG,
    POW,
    SQRT,
    SUB,
    VAR,
    Node,
    free_names,
    literal,
    number,
    postorder,
)

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
    return a if b == ONE else Node(MUL, (a, b))


def _of(n: Node, name: str, inner: list[Node | None]) -> Node:
    op = n.op
    if op == VAR:
        return ONE
    if op in (ADD, SUB, NEG):
        if op == NEG:
            return Node(NEG, (_some(inner[0]),))
        a, b = inner
        if a is None:
            return _some(b) if op == ADD else Node(NEG, (_some(b),))
        return a if b is None else Node(op, (a, b))
    if op in (MUL, DIV):
        u, v = n.args
        du, dv = inner
        if op == MUL:
            if du is None:
                return _times(u, _some(dv))
            if dv is None:
                return _times(du, v)
            return Node(ADD, (_times(du, v), _times(u, dv)))
        if dv is None:
            return Node(DIV, (_some(du), v))
        second = Node(DIV, (_times(u, dv), Node(POW, (v, TWO))))
        return Node(NEG, (second,)) if du is None else Node(SUB, (Node(DIV, (du, v)), second))
    if op == SQRT:
        return Node(DIV, (_some(inner[0]), Node(MUL, (TWO, n))))
    if op == EXP:
        return _times(n, _some(inner[0]))
    if op == LOG:
        return Node(DIV, (_some(inner[0]), n.args[0]))
    if op == POW:
        return _power(n, inner)
    reject(f"found {op} of {name}; accepted in a derivative: + - * / ^ sqrt exp log")


def _power(n: Node, inner: list[Node | None]) -> Node:
    (u, v), (du, dv) = n.args, inner
    if dv is None:
        e = literal(v)
        if e is not None:
            if e == 1:
                return _some(du)
            return _times(Node(MUL, (v, Node(POW, (u, number(e - 1))) if e != 2 else u)), _some(du))
        return _times(Node(MUL, (v, Node(POW, (u, Node(SUB, (v, ONE)))))), _some(du))
    outer = _times(dv, Node(LOG, (u,)))
    if du is not None:
        outer = Node(ADD, (outer, Node(DIV, (_times(v, du), u))))
    return Node(MUL, (n, outer))


def _some(node: Node | None) -> Node:
    assert node is not None
    return node


def positive_bases(sequent: Sequent, root: Node, name: str) -> list[Node]:
    """u > 0 for each power u^v of which v depends on the variable, or u does and v is no literal and no integer by its form."""
    found = []
    for n in dict.fromkeys(postorder(root)):
        if n.op != POW:
            continue
        u, v = n.args
        if name in free_names(v) or (name in free_names(u) and literal(v) is None and not is_integer(v, sequent.sorts)):
            found.append(Node(GT, (u, ZERO)))
    return found


__all__ = ["derivative", "positive_bases"]
