"""Sums of roots and fractions by induction, the step left to other provers.

The step of an induction says something of sum(i, 1, K+1, e), its hypothesis of sum(i, 1, K, e). The last term is taken off (rule
``unfold``); what is left is a comparison of single terms, which is where roots are dealt with (``products``).

A bound c free of K is rarely kept by the step. Then sum(i, 1, K, e(i)) <= c - g(K) is tried, g(K) = (c - e(1))*K*e(K)/e(1): it is the
bound itself at K = 1, and what is left of the sum for powers of i.

prod(i, 1, K, 1 + e(i)) <= exp(t) is shown through exp(sum(i, 1, K, e(i))).
"""

from __future__ import annotations

from typing import Any

from normbound.claims.budget import Budget
from normbound.claims.checker.logforms import UNIT, Forms, add
from normbound.claims.checker.rules_logic import upward
from normbound.claims.checker.sequent import Sequent
from normbound.claims.checker.signs import NOUGHT, ONE
from normbound.claims.prove.forms import Writer
from normbound.claims.prove.induction import least
from normbound.claims.prove.logic import Certificate, closed, opened
from normbound.claims.prove.loglinear import REFUSED
from normbound.claims.refute import search
from normbound.claims.syntax import COMPARISONS, Node, Op, free_names, literal, postorder, rebuild, substitute, variable

MAX_SUMS = 12  # in the whole sequent
LOOK = 0.04  # seconds for a point at which a bound fails


def attempt(sequent: Sequent, budget: Any) -> Certificate | None:
    """The first of ``attempts``."""
    return next(iter(attempts(sequent, budget)), None)


def attempts(sequent: Sequent, budget: Any) -> list[Certificate]:
    """One term taken off, or inductions over the upper end of a sum of roots or fractions; the rest is left open."""
    if sequent.goal.op not in COMPARISONS:
        return []
    here = [n for n in postorder(sequent.goal) if n.op in (Op.SUM, Op.PROD)]
    if not here:
        return []
    try:
        shorter = _shorter(sequent)
        if shorter is not None:
            return [shorter]
        through = _sum_of_product(upward(sequent.goal))
        if through is not None:
            return [opened(sequent, "transitive", {"through": str(through)})]
        ends = [(t, name) for t in here if (name := _end(sequent, t)) is not None]
        if ends and not any(n.op in (Op.SUM, Op.PROD) for n in postorder(*sequent.given)):
            found = (_stronger(sequent, *ends[0], budget), _induction(sequent, ends[0][1]))
            return [x for x in found if x is not None]
    except REFUSED:
        return []
    return []


def _shorter(sequent: Sequent) -> Certificate | None:
    """The last term taken off a sum or product that reaches one further than one of a hypothesis."""
    here = [n for n in postorder(sequent.goal) if n.op in (Op.SUM, Op.PROD)]
    there = [n for n in postorder(*sequent.given) if n.op in (Op.SUM, Op.PROD)]
    if len(here) + len(there) > MAX_SUMS:
        return None
    forms = Forms(sequent)
    for term in here:
        if any(_one_further(forms, term, earlier) for earlier in there):
            return opened(sequent, "unfold", {"term": str(term), "equation": "last"})
    return None


def _sum_of_product(goal: Node) -> Node | None:
    """exp(sum of e) between a product of 1 + e, e a root or a fraction, and an exponential."""
    left, right = goal.args
    if goal.op != Op.LE or left.op != Op.PROD or right.op != Op.EXP or left.args[2].op != Op.ADD:
        return None
    a, b = left.args[2].args
    e = b if a == ONE else a if b == ONE else None
    if e is None or not any(_fraction(n, left.value) for n in postorder(e)):
        return None
    total = Node(Op.SUM, (*left.args[:2], e), left.value)
    return None if right.args[0] == total else Node(Op.EXP, (total,))


def _induction(sequent: Sequent, name: str) -> Certificate:
    """From the least value that hypotheses allow; the last term of the step taken off."""
    return opened(sequent, "induction", {"variable": name, "from": least(sequent, name)}, lambda p: closed(p) or _shorter(p))


def _end(sequent: Sequent, term: Node) -> str | None:
    """The natural variable that is the upper end, where the terms are roots or fractions."""
    end = term.args[1]
    sort = sequent.sorts.get(end.value) if end.op == Op.VAR else None
    if sort is None or sort.kind != "natural" or sort.is_family or not any(_fraction(n, term.value) for n in postorder(term.args[2])):
        return None
    return str(end.value)


def _stronger(sequent: Sequent, term: Node, name: str, budget: Any) -> Certificate | None:
    """The cut with a bound that the step keeps; before that, K = 0 on its own."""
    goal = upward(sequent.goal)
    if goal.op not in (Op.LE, Op.LT) or term.args[0] != ONE:
        return None
    k, c = variable(name), goal.args[1]
    if goal.args[0] != term:  # a + sum <= b
        beside = rebuild(goal.args[0], lambda n, args: NOUGHT if n == term else None)
        if not sequent.algebra.equal(goal.args[0], Node(Op.ADD, (beside, term))):
            return None
        c = Node(Op.SUB, (c, beside))
    if name in free_names(c):
        return None
    first, last = (substitute(term.args[2], {term.value: at}) for at in (ONE, k))
    factor = Node(Op.DIV, (Node(Op.MUL, (Node(Op.SUB, (c, first)), k)), first))
    some = Node(Op.GE, (k, ONE))
    evident = sequent.signs.holds(some)
    after = sequent if evident else sequent.assume(some)
    rest = Writer(after.algebra, after.names()).quotient(after.algebra.normal(Node(Op.MUL, (factor, last))))
    if rest is None:
        return None
    lemma = after.statement(str(Node(Op.LE, (term, Node(Op.SUB, (c, rest))))))
    if search(after.aim(lemma), Budget(budget.deadline).share(LOOK), quick=True).witness is not None:
        return None
    cut = opened(after, "cut", {"lemma": str(lemma)}, lambda p: _induction(p, name) if p.goal == lemma else closed(p))
    return cut if evident else opened(sequent, "zero", {"name": name}, lambda p: cut if p.given[-1] == some else closed(p))


def _fraction(node: Node, index: str) -> bool:
    """A root, or a quotient by what depends on the index."""
    e = literal(node.args[1]) if node.op == Op.POW else None
    return node.op == Op.SQRT or (e is not None and e.denominator != 1) or (node.op == Op.DIV and index in free_names(node.args[1]))


def _one_further(forms: Forms, term: Node, earlier: Node) -> bool:
    """Whether the two differ in the upper end alone, by 1."""
    if (term.op, term.value, term.args[0], term.args[2]) != (earlier.op, earlier.value, earlier.args[0], earlier.args[2]):
        return False
    gap = add(forms.plain(term.args[1]), forms.plain(earlier.args[1]), -1)
    return set(gap) == {UNIT} and gap[UNIT] == 1


__all__ = ["attempt"]
