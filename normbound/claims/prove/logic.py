"""Steps that lose nothing: what is evident, what connectives mean, hypotheses taken apart and used."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from normbound.claims.checker import node
from normbound.claims.checker.registry import Rejected
from normbound.claims.checker.rules_logic import follows, upward
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.signs import DIFFERENCE
from normbound.claims.errors import ClaimError
from normbound.claims.prove import OPEN, premises
from normbound.claims.sorts import is_integer
from normbound.claims.syntax import BINDERS, COMPARISONS, Node, Op, free_names, postorder, substitute

MAX_GIVEN = 60
Certificate = dict[str, Any]


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """One step, its premises left open, or a proof that needs no search."""
    try:
        found = closed(sequent)
        if found is not None:
            return found
        for step in (_goal, _taken_apart, _replaced, _used, instances):
            found = step(sequent)
            if found is not None:
                return found
    except (Rejected, ClaimError):
        return None
    return None


def closed(sequent: Sequent) -> Certificate | None:
    """A proof without premises: evident, a hypothesis, or a contradiction among the hypotheses."""
    goal = sequent.goal
    if goal.op in COMPARISONS:
        if sequent.signs.holds(goal):
            return node("evident")
        for k, h in enumerate(sequent.given):
            if follows(goal, h):
                return node("hypothesis", {"number": k})
    elif goal in sequent.given:
        return node("hypothesis", {"number": sequent.given.index(goal)})
    for k, h in enumerate(sequent.given):
        if h.op in COMPARISONS and not sequent.signs.difference(*h.args) & DIFFERENCE[h.op]:
            others = sequent.replace((*sequent.given[:k], *sequent.given[k + 1:]))
            if not others.signs.difference(*h.args) & DIFFERENCE[h.op]:
                return node("absurd", {"number": k})
    return None


def opened(sequent: Sequent, rule: str, data: Mapping[str, Any] | None = None,
           close: Callable[[Sequent], Certificate | None] = closed) -> Certificate:
    """The node of a rule, its premises closed where that is easy and else left open. Raises what the rule raises."""
    bare = node(rule, data)
    return node(rule, data, [close(p) or OPEN for p in premises(sequent, bare)])


def every(parts: Iterable[Certificate | None]) -> list[Certificate] | None:
    """The certificates; None, and nothing further is looked at, where one is missing."""
    found = []
    for p in parts:
        if p is None:
            return None
        found.append(p)
    return found


# -- the goal --------------------------------------------------------------------------------------------------------------
def _goal(sequent: Sequent) -> Certificate | None:
    goal = sequent.goal
    if goal.op in (Op.AND, Op.IFF):
        return opened(sequent, "split")
    if goal.op in (Op.IMPLIES, Op.FORALL):
        return opened(sequent, "intro")
    turned = upward(goal)
    if turned.op in (Op.LE, Op.LT):
        a, b = turned.args
        if a.op in (Op.MAX, Op.ABS):
            return opened(sequent, "extremum", {"side": "left"})
        if b.op == Op.MIN:
            return opened(sequent, "extremum", {"side": "right"})
    return None


# -- hypotheses ------------------------------------------------------------------------------------------------------------
def _taken_apart(sequent: Sequent) -> Certificate | None:
    if len(sequent.given) > MAX_GIVEN:
        return None
    known = set(sequent.given)
    for k, h in enumerate(sequent.given):
        turned = upward(h)
        more: list[Node] = []
        if h.op == Op.AND:
            more = list(h.args)
        elif h.op == Op.IFF:
            more = [Node(Op.IMPLIES, h.args), Node(Op.IMPLIES, h.args[::-1])]
        elif turned.op in (Op.LE, Op.LT) and turned.args[0].op == Op.MAX:
            more = [Node(turned.op, (x, turned.args[1])) for x in turned.args[0].args]
        elif turned.op in (Op.LE, Op.LT) and turned.args[1].op == Op.MIN:
            more = [Node(turned.op, (turned.args[0], x)) for x in turned.args[1].args]
        if any(m not in known for m in more):
            return opened(sequent, "parts", {"number": k})
    return None


def _replaced(sequent: Sequent) -> Certificate | None:
    """Every variable that a hypothesis defines is replaced everywhere else, one after the other."""
    used: set[int] = set()  # a hypothesis keeps its number; used in both directions it would go round in circles
    root = tip = _replacement(sequent, used)
    here = sequent
    while tip is not None and OPEN in tip["premises"]:
        used.add(tip["data"]["number"])
        (here,) = premises(here, tip)
        inner = _replacement(here, used)
        tip["premises"][0] = OPEN if inner is None else inner
        tip = inner
    return root


def _replacement(sequent: Sequent, used: Collection[int]) -> Certificate | None:
    """One variable replaced, by a hypothesis that is not among the used ones."""
    for k, h in enumerate(sequent.given):
        if h.op != Op.EQ or k in used:
            continue
        others = [g for j, g in enumerate(sequent.given) if j != k]
        for back, (x, e) in ((False, h.args), (True, h.args[::-1])):
            if x.op != Op.VAR or x.value in free_names(e):
                continue
            if any(x.value in free_names(s) for s in (*others, sequent.goal)):
                try:
                    return opened(sequent, "replace", {"number": k, **({"back": True} if back else {})})
                except (Rejected, ClaimError):
                    continue
    return None


def _used(sequent: Sequent) -> Certificate | None:
    """An implication whose left side is evident or a hypothesis."""
    for k, h in enumerate(sequent.given):
        if h.op == Op.IMPLIES and h.args[1] not in sequent.given:
            first = closed(sequent.aim(h.args[0]))
            if first is not None:
                return node("apply", {"number": k}, [first, OPEN])
    return None


def instances(sequent: Sequent) -> Certificate | None:
    """A universal hypothesis at an index that occurs in the goal."""
    if len(sequent.given) > MAX_GIVEN:
        return None
    for k, h in enumerate(sequent.given):
        if h.op != Op.FORALL:
            continue
        for at in indices(sequent):
            if substitute(h.args[2], {h.value: at}) in sequent.given:
                continue
            found = opened(sequent, "instance", {"number": k, "at": str(at)})
            if all(p is not OPEN for p in found["premises"][:-1]):
                return found
    return None


def indices(sequent: Sequent) -> Iterator[Node]:
    """Integer expressions that stand as indices, and integer variables, outside of sums; those of the goal first."""
    bound = {n.value for n in postorder(*sequent.given, sequent.goal) if n.op in BINDERS}
    seen: set[Node] = set()
    for root in (sequent.goal, *sequent.given):
        for n in postorder(root):
            at = n.args[0] if n.op == Op.ELT else n if n.op == Op.VAR else None
            if at is None or at in seen or free_names(at) & bound:
                continue
            seen.add(at)
            if is_integer(at, sequent.sorts):
                yield at


__all__ = ["attempt", "closed", "every", "indices", "instances", "opened"]
