"""Comparisons and monotonicity by the sign of a derivative: the rules ``derivative`` and ``slope``.

Rule ``derivative``: {"variable": "x", "at": "p", "side": "right"}; goal a <= b or a < b (>= and > are read turned round), x a variable
that is no family, p an expression free of x. With f = b - a and a new real y:
    right    H |- p <= x;   H, p <= y, y <= x |- f(y) is defined;   H, p < y, y < x |- f'(y) is defined and 0 <= f'(y);
             H |- the goal at x = p
    left     the same with x <= p, x <= y <= p, and f'(y) <= 0
H keeps what it says of x, so nothing is asked of the form of the hypotheses. With "strict": true the goal a < b needs only a <= b at
p, and p < x, and 0 < f'(y).

Rule ``slope``: increasing(e, x) or decreasing(e, x), x positive, nonnegative or real; no data. Each hypothesis that speaks of x must be
x >= c, x > c, x <= c or x < c with c free of x, so that x ranges over an interval. Premises: e is defined; inside the interval the
derivative is defined and 0 <= e' (or e' <= 0).

Powers u^v with v not literal that depend on the variable need u > 0 as well. Source: the mean value theorem. An expression of + - * / ^
sqrt exp log is continuous where it is defined, powers 0^v with varying v excluded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normbound.claims.checker.differential import derivative, positive_bases
from normbound.claims.checker.obligations import needs
from normbound.claims.checker.registry import reject, rule
from normbound.claims.checker.rules_logic import checked, compared
from normbound.claims.checker.sequent import Sequent, entry, mentions, string
from normbound.claims.syntax import Node, Op, number, substitute, variable

ZERO = number(0)
STRICT = {Op.LE: Op.LT, Op.LT: Op.LT, Op.GE: Op.GT, Op.GT: Op.GT}


def required(sequent: Sequent, *statements: Node) -> list[Sequent]:
    """The sequents of the statements that are not evident."""
    return [sequent.aim(s) for s in statements if not sequent.signs.holds(s)]


@rule("derivative")
def by_derivative(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """See the head of the module. Premises in the order: p is defined; p <= x; f(y) is defined; f'(y) is defined; its sign; the goal
    at p."""
    op, a, b = compared(sequent.goal, Op.LE, Op.LT)
    name = string(entry(data, "variable"))
    sort = sequent.sorts.get(name)
    if sort is None or sort.is_family:
        reject(f"found {name[:60]!r}; accepted: a variable that is no family")
    if any(mentions(s.length, name) for s in sequent.sorts.values() if s.length is not None):
        reject(f"{name} is in the length of a family")
    at = sequent.expression(entry(data, "at"))
    if mentions(at, name):
        reject(f"the end {str(at)[:60]} depends on {name}")
    side = string(entry(data, "side"))
    if side not in ("right", "left"):
        reject(f"found the side {side[:20]!r}; accepted: right, left")
    strict = data.get("strict") is True
    if strict and op != Op.LT:
        reject("strict is for the goal <")
    fresh = sequent.fresh(name)
    x, y = variable(name), variable(fresh)
    f = Node(Op.SUB, (b, a))
    slope = substitute(derivative(f, name), {name: y})
    low, high = (at, x) if side == "right" else (x, at)
    inner = sequent.declare(fresh, "real")
    closed = inner.assume(Node(Op.LE, (low, y)), Node(Op.LE, (y, high)))
    opened = inner.assume(Node(Op.LT, (low, y)), Node(Op.LT, (y, high)))
    moved = substitute(f, {name: y})
    sign = Node(Op.LT if strict else Op.LE, (ZERO, slope) if side == "right" else (slope, ZERO))
    start = Node(Op.LE if strict else op, (substitute(a, {name: at}), substitute(b, {name: at})))
    premises = [*needs(sequent, at), *required(sequent, Node(Op.LT if strict else Op.LE, (low, high))), *needs(closed, moved),
                *required(closed, *positive_bases(closed, moved, fresh)), *needs(opened, slope), opened.aim(sign), sequent.aim(start)]
    return [checked(s) for s in premises]


@rule("slope")
def by_slope(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """See the head of the module. Premises in the order: e is defined; e' is defined inside; its sign."""
    goal = sequent.goal
    if goal.op not in (Op.INCREASING, Op.DECREASING):
        reject(f"found the goal {str(goal)[:60]}; accepted: increasing(e, x) or decreasing(e, x)")
    name = goal.value
    sort = sequent.sorts.get(name)
    if sort is None or sort.is_family or sort.kind not in ("positive", "nonnegative", "real"):
        reject(f"found {name[:60]!r}; accepted: a positive, nonnegative or real variable")
    x = variable(name)
    inside = [Node(Op.GT, (x, ZERO))] if sort.kind == "nonnegative" else []
    for whole in sequent.given:
        for h in whole.args if whole.op == Op.AND else (whole,):
            if not mentions(h, name):
                continue
            if h.op not in STRICT or x not in h.args or all(mentions(s, name) for s in h.args):
                reject(f"found the hypothesis {str(h)[:60]}; accepted: bounds on {name}")
            inside.append(Node(STRICT[h.op], h.args))
    e = goal.args[0]
    slope = derivative(e, name)
    inner = sequent.assume(*inside).aim(Node(Op.LE, (ZERO, slope) if goal.op == Op.INCREASING else (slope, ZERO)))
    return [*needs(sequent, e), *required(sequent, *positive_bases(sequent, e, name)), *needs(inner, slope), inner]


__all__ = ["by_derivative", "by_slope", "required"]
