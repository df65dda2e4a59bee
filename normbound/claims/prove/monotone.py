"""Monotonicity trees: two expressions of the same shape are compared part by part down to hypotheses."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from normbound.claims.checker import node
from normbound.claims.checker.registry import Rejected
from normbound.claims.checker.rules_logic import FLIPPED, upward
from normbound.claims.checker.rules_monotone import monotone_parts
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.signs import DIFFERENCE, NOUGHT, ONE
from normbound.claims.errors import ClaimError
from normbound.claims.prove import OPEN, premises, products
from normbound.claims.prove.logic import Certificate, closed, instances
from normbound.claims.syntax import COMPARISONS, Node, Op, literal

MAX_LEVEL = 40  # of a tree
SLICE = 0.3  # seconds for one leaf
MAX_STEPS = 400
MAX_OPEN = 2
_WAYS: dict[str, tuple[dict[str, Any], ...]] = {
    Op.MUL: ({}, {"way": "second"}, {"way": "negative"}),
    Op.DIV: ({}, {"way": "second"}, {"way": "negative"}),
    Op.ABS: ({}, {"way": "negative"}),
    Op.SUM: ({}, {"way": "range"}),
    Op.PROD: ({}, {"way": "range"}, {"way": "shrink"}),
}
_SIGNS: dict[str, tuple[tuple[str, str], ...]] = {  # operator -> pairs (goal, signs of all arguments in turn)
    Op.ADD: ((Op.GE, "ge ge"), (Op.GT, "gt ge"), (Op.GT, "ge gt"), (Op.LE, "le le"), (Op.LT, "lt le"), (Op.LT, "le lt"),
             (Op.NE, "gt ge"), (Op.NE, "ge gt")),
    Op.MUL: ((Op.GE, "ge ge"), (Op.GE, "le le"), (Op.GT, "gt gt"), (Op.GT, "lt lt"), (Op.LE, "ge le"), (Op.LE, "le ge"), (Op.NE, "ne ne")),
    Op.DIV: ((Op.GE, "ge gt"), (Op.GE, "le lt"), (Op.GT, "gt gt"), (Op.GT, "lt lt"), (Op.LE, "le gt"), (Op.LE, "ge lt"), (Op.NE, "ne -")),
    Op.NEG: ((Op.GE, "le"), (Op.GT, "lt"), (Op.LE, "ge"), (Op.LT, "gt"), (Op.NE, "ne")),
    Op.POW: ((Op.GE, "ge -"), (Op.GT, "gt -"), (Op.NE, "gt -"), (Op.NE, "ne -")),
    Op.SQRT: ((Op.GT, "gt"), (Op.NE, "gt")),
    Op.ABS: ((Op.GT, "ne"), (Op.NE, "ne")),
    Op.SUM: ((Op.GE, "- - ge"), (Op.GT, "- - gt"), (Op.LE, "- - le")),
    Op.PROD: ((Op.GE, "- - ge"), (Op.GT, "- - gt"), (Op.NE, "- - gt")),
}


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """A monotonicity tree; up to two of its leaves may be left open."""
    goal = upward(sequent.goal)
    if goal.op not in COMPARISONS and goal.op != Op.FORALL:
        return None
    tree = _Tree(budget.deadline)
    found = tree.close(sequent, 0)
    if found is not None:
        return found
    return tree.partial(sequent)


class _Tree:
    """One search. Its calls nest at most MAX_LEVEL deep."""

    def __init__(self, deadline: float):
        self.deadline = deadline
        self.steps = 0
        self.failed: set[tuple[tuple[Node, ...], Node]] = set()

    def close(self, sequent: Sequent, level: int) -> Certificate | None:
        """A whole proof, or None."""
        key = (sequent.given, sequent.goal)
        self.steps += 1
        if key in self.failed or level > MAX_LEVEL or self.steps > MAX_STEPS or time.monotonic() > self.deadline:
            return None
        try:
            found = closed(sequent) or self.step(sequent, level)
        except (Rejected, ClaimError):
            found = None
        if found is None:
            self.failed.add(key)
        return found

    def step(self, sequent: Sequent, level: int) -> Certificate | None:
        goal = upward(sequent.goal)
        if goal.op == Op.FORALL:
            return self.through(sequent, "intro", {}, level)
        if goal.op not in COMPARISONS:
            return None
        instance = instances(sequent)
        if instance is not None:
            rest = self.close(premises(sequent, instance)[-1], level + 1)
            return None if rest is None else {**instance, "premises": [*instance["premises"][:-1], rest]}
        a, b = goal.args
        if _false(sequent, goal):
            return None
        if goal.op == Op.EQ:
            if sequent.algebra.equal(a, b):
                return node("algebra")
            return self.through(sequent, "congruence", {}, level) if a.op == b.op and a.args and a.value == b.value else None
        if goal.op in (Op.LE, Op.LT) and monotone_parts(a, b):
            for data in ways(goal):
                found = self.through(sequent, "monotone", data, level)
                if found is not None:
                    return found
            found = self.swapped(sequent, goal, level)
            if found is not None:
                return found
        for link in units(goal):
            found = self.through(sequent, "transitive", {"through": str(link), "strict": int(goal.args[0] == ONE)}, level + 5)
            if found is not None:
                return found
        if NOUGHT in (a, b):
            for claims in signs(goal):
                found = self.through(sequent, "sign", {"signs": claims}, level)
                if found is not None:
                    return found
        short = _Slice(min(self.deadline, time.monotonic() + SLICE))
        return products.attempt(sequent, short) or self.chained(sequent, goal, level)

    def through(self, sequent: Sequent, rule: str, data: Mapping[str, Any], level: int) -> Certificate | None:
        """The rule with every premise closed, or None."""
        bare = node(rule, data)
        try:
            wanted = premises(sequent, bare)
        except (Rejected, ClaimError):
            return None
        if any(_false(p, p.goal) for p in wanted):
            return None
        parts = []
        for p in wanted:
            found = self.close(p, level + 1)
            if found is None:
                return None
            parts.append(found)
        return node(rule, data, parts)

    def swapped(self, sequent: Sequent, goal: Node, level: int) -> Certificate | None:
        """Sums and products whose parts stand in another order."""
        a, b = goal.args
        if a.op not in (Op.ADD, Op.MUL) or not ({a.args[0], a.args[1]} & {b.args[0], b.args[1]}
                                          or (monotone_parts(a.args[0], b.args[1]) and a.args[0].op != a.args[1].op)):
            return None
        if a.args[0] == b.args[0] or a.args[1] == b.args[1]:
            return None
        other = Node(a.op, a.args[::-1])
        data = {"through": str(other), "strict": 1}
        return self.through(sequent, "transitive", data, level + 5)

    def chained(self, sequent: Sequent, goal: Node, level: int) -> Certificate | None:
        """One hypothesis used as a link of a chain."""
        if goal.op not in (Op.LE, Op.LT):
            return None
        a, b = goal.args
        for h in sequent.given:
            link = upward(h)
            if link.op not in (Op.LE, Op.LT, Op.EQ):
                continue
            for x, y in ((link.args,) if link.op != Op.EQ else (link.args, link.args[::-1])):
                strict = link.op == Op.LT
                if x == a and y != b:
                    found = self.through(sequent, "transitive", {"through": str(y), "strict": 0 if strict else 1}, level + 5)
                elif y == b and x != a:
                    found = self.through(sequent, "transitive", {"through": str(x), "strict": 1 if strict else 0}, level + 5)
                else:
                    continue
                if found is not None:
                    return found
        return None

    def partial(self, sequent: Sequent) -> Certificate | None:
        """The first step of a tree of which at most two premises stay open."""
        goal = upward(sequent.goal)
        if goal.op not in (Op.LE, Op.LT) or not monotone_parts(*goal.args):
            return None
        for data in ways(goal):
            bare = node("monotone", data)
            try:
                wanted = premises(sequent, bare)
            except (Rejected, ClaimError):
                continue
            if any(_false(p, p.goal) for p in wanted):
                continue
            parts = [self.close(p, 1) for p in wanted]
            if sum(p is OPEN for p in parts) <= min(MAX_OPEN, len(parts) - 1) or len(parts) == 1:
                return node("monotone", data, parts)  # type: ignore[arg-type]
        return None


class _Slice:
    """A part of the time, and little effort: a leaf is simple, or belongs to another prover."""

    effort = 1

    def __init__(self, deadline: float):
        self.deadline = deadline


def _false(sequent: Sequent, goal: Node) -> bool:
    """Whether the signs say that a comparison is never true; then it is proved by no tree."""
    if goal.op not in COMPARISONS:
        return False
    mask = sequent.signs.difference(*goal.args)
    return mask != 0 and not mask & DIFFERENCE[goal.op]


def ways(goal: Node) -> Iterator[dict[str, Any]]:
    """The data of the rule ``monotone`` that may fit."""
    a, b = goal.args
    if a.op == Op.POW:
        options: list[dict[str, Any]] = []
        if a.args[1] == b.args[1]:
            n = literal(a.args[1])
            if n is not None and n.denominator == 1 and n > 0 and n % 2 == 1:
                options.append({"way": "odd"})
            else:
                options.append({})
            if n is not None and n.denominator == 1 and n > 0 and n % 2 == 0:
                options.append({"way": "even"})
            if n is None or n < 0:
                options.append({"way": "negative"})
        else:
            options = [{}, {"way": "small"}] if a.args[0] == b.args[0] else [{"way": "large"}, {"way": "small"}]
    else:
        options = list(_WAYS.get(a.op, ({},)))
    for option in options:
        yield option
        if goal.op == Op.LT and a.op in (Op.ADD, Op.SUB, Op.MUL, Op.DIV):
            yield {**option, "strict": 1}


def units(goal: Node) -> Iterator[Node]:
    """For a power or a product over an index beside 1: the same with the value 1, in the shape of the other side."""
    if goal.op not in (Op.LE, Op.LT) or ONE not in goal.args:
        return
    e = goal.args[1] if goal.args[0] == ONE else goal.args[0]
    if e.op == Op.POW:
        yield Node(Op.POW, (e.args[0], NOUGHT))
        yield Node(Op.POW, (ONE, e.args[1]))
    elif e.op == Op.PROD:
        yield Node(Op.PROD, (*e.args[:2], ONE), e.value)
    elif e.op == Op.EXP:
        yield Node(Op.EXP, (NOUGHT,))


def signs(goal: Node) -> Iterator[dict[str, str]]:
    """The data of the rule ``sign`` that may fit."""
    a, b = goal.args
    e, op = (a, goal.op) if b == NOUGHT else (b, FLIPPED[goal.op])
    if e.op in (Op.SUB, Op.LOG):
        yield {}
        return
    if e.op in (Op.MIN, Op.MAX, Op.DD):
        name = {Op.GE: "ge", Op.GT: "gt", Op.LE: "le", Op.LT: "lt"}.get(op)
        if name is None:
            return
        if e.op == Op.DD:
            if op == Op.GE:
                yield {str(k): "ge" for k in range(1, len(e.args))}
            return
        if (e.op == Op.MAX) == (op in (Op.GE, Op.GT)):
            for k in range(len(e.args)):
                yield {str(k): name}
        else:
            yield {str(k): name for k in range(len(e.args))}
        return
    for wanted, names in _SIGNS.get(e.op, ()):
        if wanted == op:
            yield {str(k): name for k, name in enumerate(names.split()) if name != "-"}


__all__ = ["attempt", "signs", "ways"]
