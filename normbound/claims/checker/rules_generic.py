"""Identities of rational functions from points in general position: the rule ``generic``.

    {"variables": ["x", ...], "conditions": ["x - y != 0", ...], "point": {"x": "2", "y": "3", ...}}
Goal a == b; the variables are positive, nonnegative or real. Premise: the goal where these variables are positive and the
conditions hold; hypotheses that speak of the variables are dropped.

    rational      by its form each side is a rational function of the variables at fixed values of everything else: an expression
                  free of them; a variable; + - * /; a power with an exponent that is an integer by its form and free of them; dd
                  at a depth free of them; a sum or product over an index with ends free of them; their parts of this kind
    conditions    !=, < or > between polynomials of the variables alone (numbers, + - *, powers with literal natural exponents)
    point         a positive rational number for each variable; all conditions hold there

Why it is sound. Take a point P of the sequent with all hypotheses true and both sides defined, and fix all else than the variables x.
By induction over its form, each part E agrees with a rational function of x, and both are defined wherever finitely many polynomials
that are not 0 at P are not 0: denominators and bases with negative exponents, defined at P, give these; depths and exponents are
the same as at P. The points with positive x and true conditions form an open set, not empty since it holds the given point. Off the
zeros of those polynomials, which have no interior, the premise says a = b there. So the numerator of a - b is 0 on a nonempty
open set, hence everywhere, and a = b at P, where the denominators are not 0.

Source: a polynomial that is 0 on a nonempty open set is 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normbound.claims.checker.registry import reject, rule
from normbound.claims.checker.rules_logic import checked
from normbound.claims.checker.sequent import Sequent, entry, listing, rational, string
from normbound.claims.checker.signs import rational_value
from normbound.claims.sorts import Sort, is_integer
from normbound.claims.syntax import Node, Op, free_names, literal, number, postorder, substitute

MAX_VARIABLES = 20
MAX_CONDITIONS = 200
_FIELD = (Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.NEG)


def unfit(sequent: Sequent, root: Node, names: frozenset[str]) -> str | None:
    """What keeps the expression from being a rational function of the variables by its form; None where nothing does."""
    varying: set[int] = set()  # nodes that depend on the variables; no index has the name of one
    for n in postorder(root):
        if n.op == Op.VAR and n.value in names:
            varying.add(id(n))
        if not any(id(a) in varying for a in n.args):
            continue
        varying.add(id(n))
        if n.op == Op.POW:
            if id(n.args[1]) in varying or not is_integer(n.args[1], sequent.sorts):
                return f"the exponent {str(n.args[1])[:60]}"
        elif n.op == Op.DD:
            if id(n.args[0]) in varying:
                return f"the depth {str(n.args[0])[:60]}"
        elif n.op in (Op.SUM, Op.PROD):
            if id(n.args[0]) in varying or id(n.args[1]) in varying:
                return f"an end of {str(n)[:60]}"
        elif n.op not in _FIELD:
            return f"{n.op} in {str(n)[:60]}"
    return None


def condition(sequent: Sequent, data: object, names: frozenset[str]) -> Node:
    """A comparison of polynomials of the variables alone, read and checked."""
    node = sequent.statement(data)
    if node.op not in (Op.NE, Op.LT, Op.GT):
        reject(f"found the condition {str(node)[:60]}; accepted: !=, <, >")
    for n in postorder(node):
        if n is node or n.op == Op.NUM or (n.op == Op.VAR and n.value in names) or n.op in (Op.ADD, Op.SUB, Op.MUL, Op.NEG):
            continue
        e = literal(n.args[1]) if n.op == Op.POW else None
        if e is None or e.denominator != 1 or e < 0:
            reject(f"found {str(n)[:60]} in a condition; accepted: polynomials of the variables alone")
    return node


def holds(node: Node, point: Mapping[str, Node]) -> bool:
    """Whether a condition is true at a point of rational numbers; not where a number is too large to look at."""
    a, b = (rational_value(substitute(side, point)) for side in node.args)
    if a is None or b is None:
        return False
    return a != b if node.op == Op.NE else a < b if node.op == Op.LT else a > b


def whole_names(statement: Node) -> frozenset[str]:
    """Every name in it, free, bound or varying."""
    found: set[str] = set(free_names(statement))
    for n in postorder(statement):
        if isinstance(n.value, str):
            found.add(n.value)
    return frozenset(found)


@rule("generic")
def generic(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """See the head of the module."""
    goal = sequent.goal
    if goal.op != Op.EQ:
        reject(f"found the goal {str(goal)[:60]}; accepted: ==")
    names = frozenset(string(x) for x in listing(entry(data, "variables"), MAX_VARIABLES))
    for name in names:
        sort = sequent.sorts.get(name)
        if sort is None or sort.is_family or sort.kind not in ("positive", "nonnegative", "real"):
            reject(f"found {name[:40]!r}, {'not declared' if sort is None else sort}; accepted: a positive, nonnegative or real variable")
    for side in goal.args:
        why = unfit(sequent, side, names)
        if why is not None:
            reject(f"found {why}; accepted: rational functions of {', '.join(sorted(names))}")
    given = entry(data, "point")
    if not isinstance(given, Mapping) or set(given) != names:
        reject("accepted: a point with a number for each of the variables")
    point = {name: number(rational(given[name])) for name in names}
    if any(rational(given[name]) <= 0 for name in names):
        reject("found a number of the point that is not positive")
    conditions = [condition(sequent, c, names) for c in listing(data.get("conditions", []), MAX_CONDITIONS)]
    for c in conditions:
        if not holds(c, point):
            reject(f"the condition {str(c)[:60]} is not true at the point")
    sorts = {n: Sort("positive") if n in names else s for n, s in sequent.sorts.items()}
    kept = tuple(h for h in sequent.given if not whole_names(h) & names)
    return [checked(Sequent(sorts, (*kept, *conditions), goal))]


__all__ = ["condition", "generic", "unfit"]
