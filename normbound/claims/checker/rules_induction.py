"""Induction over a natural variable, recurrences, and monotonicity in a natural variable.

Rule ``induction``: {"variable": "K", "from": n0}. Let G be the hypotheses that speak of K, or of a family whose length does.
The goal P follows from
    P(0), ..., P(n0)     for each number the sequent with K replaced, the variable gone
    P(K+1)               in the sequent with the hypotheses without G, then K >= n0, then G(K+1), then P(K); or, where members g,
                         h, ... of G are not evidently defined and true at K >= n0, ``g(K) implies (h(K) implies ... P(K))`` in its place
    definedness          of each of these g, after the ones before it, and of P: an undefined P(K) would say nothing of P(K+1)
In the step families of a length that speaks of K have the length at K+1: their first members are a family of the length at
K. ``from`` is a number from 0 to 20.

Rule ``recurrence``: no data. x(0) = start, x(i+1) = step has the closed form f: premises start == f(0) for each sequence, then
f(i+1) == step with f(i) for x(i), for a new natural i, then what shows that all of it is defined.

Rule ``successor``: {"variable": "K"}. H, goal with K + 1 in the place of K, and H |- K >= 1 / H |- goal: K stands for K - 1 above.
Families of a length that speaks of K have the length at K + 1.

Rule ``steps``: increasing(e, K) or decreasing(e, K), K natural: no data. Premise: e(K) <= e(K+1) (or >=) where the hypotheses hold at
both, and that e is defined. Each hypothesis that speaks of K must be K >= c, K > c, K <= c or K < c with c free of K: then all
values between two allowed ones are allowed.

Rule ``two_points``: increasing(e, x) or decreasing(e, x), x a variable or a family of any sort: no data. Premise: e(x) <= e(y) (or >=)
for a new y of the sort of x, where the hypotheses hold for x and for y and x <= y, for a family x[i] <= y[i] for each i; and that e is
defined.

Source: Peano induction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normbound.claims.checker.logforms import flatten
from normbound.claims.checker.obligations import distinct, needs
from normbound.claims.checker.registry import reject, rule
from normbound.claims.checker.sequent import Sequent, candidates, entry, mentions, number_below, string
from normbound.claims.sorts import Sort
from normbound.claims.syntax import Node, Op, free_names, number, parts, postorder, rebuild, substitute, variable

MAX_START = 20
_WHOLE = (Op.INCREASING, Op.DECREASING, Op.LIMIT, Op.RATE, Op.RECURRENCE)  # true or false of more than the point


def natural(sequent: Sequent, name: str) -> None:
    sort = sequent.sorts.get(name)
    if sort is None or sort.is_family or sort.kind != "natural":
        reject(f"found {name[:40]!r}, {'not declared' if sort is None else sort}; accepted: a natural variable")


def successor(node: Node) -> Node:
    return Node(Op.ADD, (node, number(1)))


@rule("induction")
def induction(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """See the head of the module."""
    name = string(entry(data, "variable"))
    natural(sequent, name)
    start = number_below(data.get("from", 0), MAX_START + 1, "start")
    for s in (*sequent.given, sequent.goal):
        if any(n.op in _WHOLE for n in postorder(s)) and (mentions(s, name) or s is sequent.goal):
            reject(f"found {str(s)[:60]}; accepted: statements about single points")
    premises = [at(sequent, name, number(k)) for k in range(start + 1)]
    families = {n for n, s in sequent.sorts.items() if s.length is not None and mentions(s.length, name)}
    free = [g for g in sequent.given if not free_names(g) & {name, *families}]
    bound = [g for g in sequent.given if free_names(g) & {name, *families}]
    k, after = variable(name), successor(variable(name))
    least = Node(Op.GE, (k, number(start)))
    context = sequent.replace((*free, least))
    guards = [g for g in bound if not all(context.signs.holds(part) for part in flatten(g)) or needs(context, g)]
    defined: list[Sequent] = []
    earlier = sequent.goal
    for n, g in enumerate(guards):
        defined += needs(context.assume(*guards[:n]), g)
    for g in reversed(guards):
        earlier = Node(Op.IMPLIES, (g, earlier))
    defined += needs(context.assume(*guards), sequent.goal)
    change = {name: after}
    sorts = {n: s if s.length is None else Sort(s.kind, substitute(s.length, change)) for n, s in sequent.sorts.items()}
    step = Sequent(sorts, (*free, least, *(substitute(g, change) for g in bound), earlier), substitute(sequent.goal, change))
    return [*premises, step, *distinct(defined)]


def at(sequent: Sequent, name: str, value: Node, keep: bool = False) -> Sequent:
    """The sequent with ``value`` in the place of a variable, which is gone unless ``keep`` says that the value speaks of it."""
    change = {name: value}
    sorts = {n: s if s.length is None else Sort(s.kind, substitute(s.length, change)) for n, s in sequent.sorts.items()
             if keep or n != name}
    return Sequent(sorts, tuple(substitute(g, change) for g in sequent.given), substitute(sequent.goal, change))


@rule("successor")
def shifted(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """See the head of the module."""
    name = string(entry(data, "variable"))
    natural(sequent, name)
    for s in (*sequent.given, sequent.goal):
        if any(n.op in _WHOLE for n in postorder(s)):
            reject(f"found {str(s)[:60]}; accepted: statements about single points")
    least = Node(Op.GE, (variable(name), number(1)))
    new = at(sequent, name, successor(variable(name)), keep=True)
    return [new] if sequent.signs.holds(least) else [sequent.aim(least), new]


@rule("recurrence")
def recurrence(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """See the head of the module."""
    if sequent.goal.op != Op.RECURRENCE:
        reject(f"found the goal {str(sequent.goal)[:60]}; accepted: a recurrence")
    index, sequences = parts(sequent.goal)
    premises = [sequent.aim(Node(Op.EQ, (s.start, substitute(s.form, {index: number(0)})))) for s in sequences]
    name = sequent.fresh(index)
    inner = sequent.declare(name, "natural")
    i = variable(name)
    forms = {s.name: substitute(s.form, {index: i}) for s in sequences}
    for s in sequences:
        step = rebuild(substitute(s.step, {index: i}), lambda n, args: forms[n.value] if n.op == Op.STATE else None)
        premises.append(inner.aim(Node(Op.EQ, (substitute(s.form, {index: successor(i)}), step))))
    return [*premises, *needs(sequent, sequent.goal)]


@rule("steps")
def steps(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """See the head of the module."""
    goal = sequent.goal
    if goal.op not in (Op.INCREASING, Op.DECREASING):
        reject(f"found the goal {str(goal)[:60]}; accepted: increasing(e, K) or decreasing(e, K)")
    name = goal.value
    natural(sequent, name)
    if any(mentions(s.length, name) for s in sequent.sorts.values() if s.length is not None):
        reject(f"{name} is in the length of a family")
    k = variable(name)
    later = []
    for whole in sequent.given:
        for g in whole.args if whole.op == Op.AND else (whole,):
            if not mentions(g, name):
                continue
            if not (g.op in (Op.LE, Op.LT, Op.GE, Op.GT) and k in g.args and not all(mentions(a, name) for a in g.args)):
                reject(f"found the hypothesis {str(g)[:60]}; accepted: bounds on {name}")
            later.append(substitute(g, {name: successor(k)}))
    e = goal.args[0]
    step = Node(Op.LE if goal.op == Op.INCREASING else Op.GE, (e, substitute(e, {name: successor(k)})))
    return [sequent.assume(*later).aim(step), *needs(sequent, e)]


@rule("two_points")
def two_points(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """See the head of the module."""
    goal = sequent.goal
    if goal.op not in (Op.INCREASING, Op.DECREASING):
        reject(f"found the goal {str(goal)[:60]}; accepted: increasing(e, x) or decreasing(e, x)")
    name = goal.value
    sort = sequent.sorts.get(name)
    if sort is None:
        reject(f"found {name[:40]!r}; accepted: a variable or a family")
    if any(mentions(s.length, name) for s in sequent.sorts.values() if s.length is not None):
        reject(f"{name} is in the length of a family")
    fresh = sequent.fresh(name)
    e = goal.args[0]
    if sort.length is None:
        order = Node(Op.LE, (variable(name), variable(fresh)))
    else:
        i = next(n for n in candidates("i") if n != fresh and n not in sequent.names())
        order = Node(Op.FORALL, (number(1), sort.length, Node(Op.LE, tuple(Node(Op.ELT, (variable(i),), n) for n in (name, fresh)))), i)
    wanted = Node(Op.LE if goal.op == Op.INCREASING else Op.GE, (e, _renamed(e, name, fresh)))
    later = [_renamed(g, name, fresh) for g in sequent.given if mentions(g, name)]
    return [sequent.declare(fresh, sort).assume(*later, order).aim(wanted), *needs(sequent, e)]


def _renamed(root: Node, old: str, new: str) -> Node:
    """``root`` with a variable or a family under a new name. The names are bound nowhere."""
    if any(n.op in _WHOLE for n in postorder(root)):
        reject(f"found {str(root)[:60]}; accepted: statements about single points")
    return rebuild(root, lambda n, args: Node(n.op, args, new) if n.op in (Op.VAR, Op.ELT) and n.value == old else None)


__all__ = ["induction", "recurrence", "shifted", "steps", "two_points"]
