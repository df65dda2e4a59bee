"""What statements about several points come down to, for the refuter.

    increasing(e, x)   x <= x' implies e at x <= e at x', with the hypotheses at both points; decreasing likewise
    recurrence         the closed form at the indices 0 to 20
    conjunctions       one part after the other
    limit, rate        are not refuted by points: a note says what the values do
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from normbound.claims.checker.sequent import Sequent
from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import UNROLLED, misfit, truth, value
from normbound.claims.sorts import is_natural
from normbound.claims.syntax import Node, Op, conjunction, free_names, number, parts, postorder, rebuild
from normbound.claims.witness import completed, digits, shown

FAR_OUT = (10, 1000, 100_000)  # where a limit is looked at
_TWO_POINTS = (Op.INCREASING, Op.DECREASING)
_SPECIAL = frozenset((*_TWO_POINTS, Op.LIMIT, Op.RATE, Op.RECURRENCE))


def reductions(sequent: Sequent, notes: list[str], unroll: bool = True) -> Iterator[tuple[Sequent, str]]:
    """Sequents without special statements in the goal, each of which the sequent implies; what is left out goes into notes. Without
    ``unroll`` a recurrence stays as it is."""
    stack = [(sequent, "")]
    while stack:
        task, note = stack.pop()
        goal = task.goal
        if not any(n.op in _SPECIAL for n in postorder(goal)):
            yield task, note
        elif goal.op == Op.AND:
            stack.extend((task.aim(p), note) for p in reversed(goal.args))
        elif goal.op == Op.IMPLIES and not any(n.op in _SPECIAL for n in postorder(goal.args[0])):
            stack.append((task.assume(goal.args[0]).aim(goal.args[1]), note))
        elif goal.op in _TWO_POINTS:
            yield two_points(task)
        elif goal.op == Op.RECURRENCE:
            yield task.aim(unrolled(goal)) if unroll else task, f"the closed form at the indices 0 to {UNROLLED}"
        elif goal.op == Op.FORALL:
            name = task.fresh(goal.value)
            index = Node(Op.VAR, (), name)
            low, high, body = goal.args
            kind = "natural" if is_natural(low, task.sorts) else "integer"
            inner = task.declare(name, kind).assume(Node(Op.LE, (low, index)), Node(Op.LE, (index, high)))
            stack.append((inner.aim(_renamed(body, {goal.value: name})), note))
        else:
            notes.append(f"{goal.op} is not refuted by points{_course(task) if goal.op in (Op.LIMIT, Op.RATE) else ''}")


def _course(task: Sequent) -> str:
    """What the expression of a limit or a rate does far out, at one point, for the reader of an undecided claim."""
    goal, name = task.goal, task.goal.value
    e, claimed = goal.args
    here: dict[str, Any] = {}
    if not completed(here, task.sorts):
        return ""
    if goal.op == Op.RATE:
        e = Node(Op.POW, (e, Node(Op.DIV, (number(1), Node(Op.VAR, (), name)))))
    far = []
    for k in FAR_OUT:
        there = {**here, name: k}
        try:
            if any(truth(g, there) is not True for g in task.given) or misfit(there, task.sorts):
                return ""
            x = value(e, there, bits=40)
            limit = "inf" if claimed.op == Op.INF else digits(value(claimed, there, bits=40))
        except ClaimError:
            return ""
        far.append(f"{digits(x)} at {name} = {k}")
    rest = ", ".join(f"{n} = {shown(v)}" for n, v in here.items() if n in free_names(goal) and n != name)
    return f"; {'for ' + rest + ' ' if rest else ''}the values are {', '.join(far)}, and {limit} is claimed"


def two_points(sequent: Sequent) -> tuple[Sequent, str]:
    """What increasing(e, x) or decreasing(e, x) comes down to: the hypotheses at two points, x <= x', and a comparison."""
    goal, name = sequent.goal, sequent.goal.value
    other = sequent.fresh(f"{name}_1")
    sort = sequent.sorts[name]
    task = sequent.declare(other, sort)
    second = {name: other}
    if sort.length is None:
        order = Node(Op.LE, (Node(Op.VAR, (), name), Node(Op.VAR, (), other)))
    else:
        index = task.fresh("i")
        i = Node(Op.VAR, (), index)
        order = Node(Op.FORALL, (number(1), sort.length, Node(Op.LE, (Node(Op.ELT, (i,), name), Node(Op.ELT, (i,), other)))), index)
    e = goal.args[0]
    sides = (e, _renamed(e, second)) if goal.op == Op.INCREASING else (_renamed(e, second), e)
    again = [_renamed(g, second) for g in sequent.given if name in free_names(g)]
    return task.assume(*again, order).aim(Node(Op.LE, sides)), f"{goal.op} fails between {name} and {other}"


def _renamed(root: Node, names: Mapping[str, str]) -> Node:
    """The root with variables and families renamed. The new names are fresh and the old ones are not bound inside."""
    return rebuild(root, lambda n, args: Node(n.op, args, names[n.value], n.at)
                   if n.op in (Op.VAR, Op.ELT, *_TWO_POINTS, Op.LIMIT, Op.RATE) and n.value in names else None)


def unrolled(recurrence: Node, last: int = UNROLLED) -> Node:
    """The closed forms at the indices 0 to ``last``, with the iterates written out."""
    index, sequences = parts(recurrence)
    states = {s.name: s.start for s in sequences}
    found = []
    for i in range(last + 1):
        here = number(i)

        def at(root: Node, here: Node = here, states: Mapping[str, Node] = states) -> Node:
            return rebuild(root, lambda n, args: here if n.op == Op.VAR and n.value == index else
                           states[n.value] if n.op == Op.STATE else None)

        found += [Node(Op.EQ, (states[s.name], at(s.form))) for s in sequences]
        if i < last:
            states = {s.name: at(s.step) for s in sequences}
    return conjunction(found)


def first_difference(recurrence: Node, point: Mapping[str, Any], last: int = UNROLLED) -> str:
    """The first index at which a sequence certainly differs from its closed form at the point, with both values; empty without one."""
    names = [s.name for s in parts(recurrence)[1]]
    whole = unrolled(recurrence, last)
    for k, comparison in enumerate(whole.args if whole.op == Op.AND else (whole,)):
        try:
            if truth(comparison, point) is not False:
                continue
            x, y = (digits(value(side, point, bits=40)) for side in comparison.args)
        except ClaimError:
            return ""
        return f"{names[k % len(names)]}({k // len(names)}) is {x}, the closed form gives {y}"
    return ""


__all__ = ["first_difference", "reductions", "two_points", "unrolled"]
