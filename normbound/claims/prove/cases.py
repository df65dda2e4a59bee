"""Steps that branch: maxima, absolute values, a natural number that is 0 or not, implications used without a proof at hand."""

from __future__ import annotations

from typing import Any

from normbound.claims.checker.registry import Rejected
from normbound.claims.checker.rules_logic import FALSE, upward
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.signs import NOUGHT, ONE
from normbound.claims.errors import ClaimError
from normbound.claims.prove import orders
from normbound.claims.prove.logic import Certificate, opened
from normbound.claims.syntax import BINDERS, COMPARISONS, Node, Op, free_names, postorder

MAX_GIVEN = 40


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """One case distinction, its premises left open, or None where there is nothing to distinguish."""
    return next(iter(attempts(sequent, budget)), None)


def attempts(sequent: Sequent, budget: Any) -> list[Certificate]:
    """Every case distinction that suggests itself, the most promising first."""
    found: list[Certificate] = []
    if len(sequent.given) > MAX_GIVEN:
        return found
    for make in (_extrema, _choices, _equality, _implications, _zero, _order):
        try:
            found.extend(make(sequent))
        except (Rejected, ClaimError):
            continue
    return found


def _extrema(sequent: Sequent) -> list[Certificate]:
    """The value of a maximum, a minimum or an absolute value by cases."""
    bound = {n.value for n in postorder(*sequent.given, sequent.goal) if n.op in BINDERS}
    for n in postorder(sequent.goal, *sequent.given):
        if n.op in (Op.MAX, Op.MIN, Op.ABS) and not free_names(n) & bound:
            return [opened(sequent, "extremum_cases", {"of": str(n)})]
    return []


def _choices(sequent: Sequent) -> list[Certificate]:
    """c <= max(a, b) through one of the parts."""
    turned = upward(sequent.goal)
    if turned.op not in (Op.LE, Op.LT):
        return []
    a, b = turned.args
    side, inner = ("right", b) if b.op in (Op.MAX, Op.ABS) else ("left", a)
    if inner.op not in ((Op.MAX, Op.ABS) if side == "right" else (Op.MIN,)):
        return []
    count = 2 if inner.op == Op.ABS else len(inner.args)
    return [opened(sequent, "extremum", {"side": side, "choose": k}) for k in range(count)]


def _equality(sequent: Sequent) -> list[Certificate]:
    """a == b from both inequalities; a != b by contradiction."""
    if sequent.goal.op == Op.EQ:
        return [opened(sequent, "split")]
    if sequent.goal.op == Op.NE:
        return [opened(sequent, "negate")]
    return []


def _implications(sequent: Sequent) -> list[Certificate]:
    return [opened(sequent, "apply", {"number": k}) for k, h in enumerate(sequent.given)
            if h.op == Op.IMPLIES and h.args[1] not in sequent.given and sequent.goal != h.args[0]]


def _order(sequent: Sequent) -> list[Certificate]:
    """Variables that may be exchanged, in order."""
    found = orders.symmetric(sequent)
    return [] if found is None else [found]


def _zero(sequent: Sequent) -> list[Certificate]:
    """A natural variable of the goal that may be 0."""
    if sequent.goal == FALSE or sequent.goal.op not in COMPARISONS:
        return []
    found = []
    for name in sorted(free_names(sequent.goal)):
        sort = sequent.sorts.get(name)
        if sort is None or sort.is_family or sort.kind != "natural":
            continue
        n = Node(Op.VAR, (), name)
        if sequent.signs.is_positive(n) or Node(Op.EQ, (n, NOUGHT)) in sequent.given or Node(Op.GE, (n, ONE)) in sequent.given:
            continue
        found.append(opened(sequent, "zero", {"name": name}))
    return found


__all__ = ["attempt", "attempts"]
