"""Steps that change the form of a sequent for other provers: K + 1 in the place of a K that is not 0, thresholds by contraposition,
products in the place of sums of logarithms, variables in the place of exponentials.

With K + 1 powers of 0, powers with exponents K - 1 and divided differences with equal nodes have normal forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from normbound.claims.checker.logforms import Forms, add, to_node
from normbound.claims.checker.registry import Rejected
from normbound.claims.checker.rules_logic import upward
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.signs import ONE
from normbound.claims.errors import ClaimError
from normbound.claims.prove.logic import Certificate, opened
from normbound.claims.syntax import BINDERS, COMPARISONS, Node, Op, literal, postorder

MAX_GIVEN = 40
MAX_EXPONENTIALS = 4


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """The first of ``attempts``."""
    return next(iter(attempts(sequent, budget)), None)


def attempts(sequent: Sequent, budget: Any) -> list[Certificate]:
    """Nodes of the rules successor, contrapose, cut and generalize, their premises left open."""
    found: list[Certificate] = []
    if sequent.goal.op not in COMPARISONS or len(sequent.given) > MAX_GIVEN:
        return found
    for rule, data in (*_successors(sequent), *_thresholds(sequent), *_without_logarithms(sequent), *_variables(sequent)):
        try:
            found.append(opened(sequent, rule, data))
        except (Rejected, ClaimError):
            continue
    return found


def _successors(sequent: Sequent) -> Iterator[tuple[str, dict[str, Any]]]:
    """Natural variables that are at least 1 and stand where K + 1 says more: K - 1, 0^K, dd(K; a, a)."""
    names: dict[str, None] = {}
    for n in postorder(sequent.goal):
        inner: Node | None = None
        if n.op == Op.SUB and literal(n.args[1]) == 1:
            inner = n.args[0]
        elif n.op == Op.POW and literal(n.args[0]) == 0:
            inner = n.args[1]
        elif n.op == Op.DD and (len(set(n.args[1:])) < len(n.args) - 1 or any(literal(a) in (0, 1) for a in n.args[1:])):
            inner = n.args[0]
        if inner is not None and inner.op == Op.VAR:
            names[inner.value] = None
    for name in names:
        sort = sequent.sorts.get(name)
        if sort is not None and not sort.is_family and sort.kind == "natural" and sequent.signs.holds(
                Node(Op.GE, (Node(Op.VAR, (), name), ONE))):
            yield "successor", {"variable": name}


def _thresholds(sequent: Sequent) -> Iterator[tuple[str, dict[str, Any]]]:
    """Hypotheses with symbolic powers, for a goal without."""
    if sequent.goal.op == Op.NE or _symbolic(sequent.goal):
        return
    for k, h in enumerate(sequent.given):
        if h.op in COMPARISONS and h.op not in (Op.NE, Op.EQ) and _symbolic(h):
            yield "contrapose", {"number": k}


def _without_logarithms(sequent: Sequent) -> Iterator[tuple[str, dict[str, Any]]]:
    """a <= b from exp(a) <= exp(b), where logarithms are terms of a or b: log(1 + x) + K*log(a) becomes (1 + x)*a^K."""
    goal = upward(sequent.goal)
    if goal.op not in (Op.LE, Op.LT) or not any(n.op == Op.LOG for n in postorder(goal)):
        return
    forms = Forms(sequent)
    try:
        difference = add(forms.plain(goal.args[1]), forms.plain(goal.args[0]), -1)
    except (ArithmeticError, LookupError, ValueError):
        return
    sides: list[Node | None] = [None, None]
    for m, c in sorted(difference.items(), key=lambda t: str(to_node({t[0]: t[1]}))):
        logs = [x for x, k in m if x.op == Op.LOG and k == 1]
        if len(logs) > 1 or any("%" in str(x) for x, _ in m):
            return
        if logs:
            e = to_node({m - {(logs[0], 1)}: abs(c)})
            factor = logs[0].args[0] if literal(e) == 1 else Node(Op.POW, (logs[0].args[0], e))
        else:
            factor = Node(Op.EXP, (to_node({m: abs(c)}),))
        k = 1 if c > 0 else 0
        old = sides[k]
        sides[k] = factor if old is None else Node(Op.MUL, (old, factor))
    left, right = (ONE if s is None else s for s in sides)
    lemma = Node(goal.op, (left, right))
    if lemma not in sequent.given:
        yield "cut", {"lemma": str(lemma)}


def _variables(sequent: Sequent) -> Iterator[tuple[str, dict[str, Any]]]:
    """A new variable for an exponential."""
    if any(n.op in BINDERS for n in postorder(sequent.goal, *sequent.given)):
        return
    inner = dict.fromkeys(n for n in postorder(sequent.goal) if n.op == Op.EXP and any(a.op == Op.VAR for a in postorder(n)))
    if 1 <= len(inner) <= MAX_EXPONENTIALS and not any(
            n.op in (Op.LOG, Op.POW) and literal(n.args[-1]) is None for n in postorder(sequent.goal)):
        yield "generalize", {"of": str(next(iter(inner)))}


def _symbolic(statement: Node) -> bool:
    return any(n.op == Op.POW and literal(n.args[1]) is None for n in postorder(statement))


__all__ = ["attempt", "attempts"]
