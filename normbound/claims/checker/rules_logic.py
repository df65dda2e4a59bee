"""Rules of logic and of order: what connectives mean, cuts, cases, maxima.

Each docstring states the rule: premises above, what they prove below, H the hypotheses; "defined e" stands for
``obligations.needs(sequent, e)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normbound.claims.checker.obligations import needs, obligations, opened
from normbound.claims.checker.registry import reject, rule
from normbound.claims.checker.sequent import Sequent, entry, listing, number_below, string
from normbound.claims.checker.signs import DIFFERENCE, NOUGHT, ONE
from normbound.claims.sorts import check, is_integer
from normbound.claims.syntax import BINDERS, COMPARISONS, Node, Op, free_names, postorder, substitute

Data = Mapping[str, Any]
FALSE = Node(Op.LT, (NOUGHT, NOUGHT))
NEGATION = {Op.EQ: Op.NE, Op.NE: Op.EQ, Op.LE: Op.GT, Op.LT: Op.GE, Op.GE: Op.LT, Op.GT: Op.LE}
FLIPPED = {Op.EQ: Op.EQ, Op.NE: Op.NE, Op.LE: Op.GE, Op.LT: Op.GT, Op.GE: Op.LE, Op.GT: Op.LT}
_IMPLIED = {Op.EQ: (Op.EQ, Op.LE, Op.GE), Op.NE: (Op.NE,), Op.LE: (Op.LE,), Op.LT: (Op.LT, Op.LE, Op.NE),
            Op.GE: (Op.GE,), Op.GT: (Op.GT, Op.GE, Op.NE)}
_VARYING = (Op.INCREASING, Op.DECREASING, Op.LIMIT, Op.RATE, Op.RECURRENCE)


def upward(comparison: Node) -> Node:
    """The comparison with >= and > turned round."""
    if comparison.op in (Op.GE, Op.GT):
        return Node(FLIPPED[comparison.op], (comparison.args[1], comparison.args[0]))
    return comparison


def compared(goal: Node, *ops: str) -> tuple[str, Node, Node]:
    """Operator and sides of a comparison, >= and > turned round; rejected when it is another statement."""
    accepted = ops or COMPARISONS
    turned = upward(goal)
    if goal.op not in COMPARISONS or turned.op not in accepted:
        reject(f"found the goal {goal}; accepted: a comparison with {', '.join(accepted)}")
    return turned.op, turned.args[0], turned.args[1]


def follows(goal: Node, hypothesis: Node) -> bool:
    """Whether a comparison is a hypothesis, or weaker than it, or the same turned round; or they are equal statements."""
    if goal == hypothesis:
        return True
    if goal.op not in COMPARISONS or hypothesis.op not in COMPARISONS:
        return False
    return (goal.args == hypothesis.args and goal.op in _IMPLIED[hypothesis.op]) or (
        goal.args == hypothesis.args[::-1] and goal.op in _IMPLIED[FLIPPED[hypothesis.op]])


def rewritten(root: Node, old: Node, new: Node) -> Node:
    """``root`` with every occurrence of the expression ``old`` replaced. Rejected where an index or a varying variable of
    ``root`` is one of theirs."""
    names = free_names(old) | free_names(new)
    for n in postorder(root):
        bound = {n.value} if n.op in (*BINDERS, Op.INCREASING, Op.DECREASING, Op.LIMIT, Op.RATE) else set()
        bound |= {n.value[0], *n.value[1]} if n.op == Op.RECURRENCE else set()
        if bound & names:
            reject(f"{', '.join(sorted(bound & names))} varies in {n.op}; nothing can be replaced by its value there")
    if root == old:
        return new
    image: dict[int, Node] = {}
    for n in postorder(root):
        args = tuple(new if a == old else image[id(a)] for a in n.args)
        image[id(n)] = n if args == n.args else Node(n.op, args, n.value, n.at)
    return image[id(root)]


def checked(sequent: Sequent) -> Sequent:
    """The sequent, its sorts checked anew: after a substitution a depth or an index may be none."""
    for statement in (*sequent.given, sequent.goal):
        check(statement, sequent.sorts)
    return sequent


# -- connectives -----------------------------------------------------------------------------------------------------------
@rule("defined")
def defined(sequent: Sequent, data: Data) -> list[Sequent]:
    """Everything in the sequent is defined, H |- goal / H |- goal. The root of a certificate of ``checker.check``."""
    return [*obligations(sequent), sequent]


@rule("split")
def split(sequent: Sequent, data: Data) -> list[Sequent]:
    """A conjunction from its parts, each under those before it; P iff Q from both implications; a == b from <= and >=."""
    goal = sequent.goal
    if goal.op == Op.AND:
        pure = not any(n.op in _VARYING for n in postorder(goal))
        return [sequent.aim(g).assume(*goal.args[:k]) if pure and k else sequent.aim(g) for k, g in enumerate(goal.args)]
    if goal.op == Op.IFF:
        p, q = goal.args
        return [sequent.assume(p).aim(q), sequent.assume(q).aim(p)]
    if goal.op == Op.EQ:
        return [sequent.aim(Node(Op.LE, goal.args)), sequent.aim(Node(Op.GE, goal.args))]
    reject(f"found the goal {goal.op}; accepted: and, iff, ==")


@rule("intro")
def intro(sequent: Sequent, data: Data) -> list[Sequent]:
    """H, P |- Q / H |- P implies Q; and H, lo <= i, i <= hi |- P / H |- forall(i, lo, hi, P) with a new integer i."""
    goal = sequent.goal
    if goal.op == Op.IMPLIES:
        return [sequent.assume(goal.args[0]).aim(goal.args[1])]
    if goal.op == Op.FORALL:
        low, high, body = goal.args
        inner, index = opened(sequent, goal.value, low, high)
        return [inner.aim(substitute(body, {goal.value: index}))]
    reject(f"found the goal {goal.op}; accepted: implies, forall")


@rule("hypothesis")
def hypothesis(sequent: Sequent, data: Data) -> list[Sequent]:
    """A hypothesis (data: number), or a comparison weaker than it."""
    given = sequent.hypothesis(entry(data, "number"))
    if not follows(sequent.goal, given):
        reject(f"the goal {sequent.goal} is not the hypothesis {given}, nor weaker")
    return []


@rule("evident")
def evident(sequent: Sequent, data: Data) -> list[Sequent]:
    """A comparison that the signs decide (``signs.Signs.holds``)."""
    if not sequent.signs.holds(sequent.goal):
        reject(f"the signs do not decide {sequent.goal}")
    return []


@rule("absurd")
def absurd(sequent: Sequent, data: Data) -> list[Sequent]:
    """Anything from a hypothesis (data: number) that is a comparison and evidently false, its own fact not used."""
    k = number_below(entry(data, "number"), len(sequent.given))
    given = sequent.given[k]
    if given.op not in COMPARISONS:
        reject(f"found the hypothesis {given.op}; accepted: a comparison")
    others = sequent.replace((*sequent.given[:k], *sequent.given[k + 1:]))
    if others.signs.difference(*given.args) & DIFFERENCE[given.op]:
        reject(f"the hypothesis {given} is not evidently false")
    return []


@rule("contradiction")
def contradiction(sequent: Sequent, data: Data) -> list[Sequent]:
    """H |- 0 < 0 / H |- goal."""
    return [sequent.aim(FALSE)]


@rule("negate")
def negate(sequent: Sequent, data: Data) -> list[Sequent]:
    """H, not (a op b) |- 0 < 0 / H |- a op b for a comparison."""
    if sequent.goal.op not in COMPARISONS:
        reject(f"found the goal {sequent.goal.op}; accepted: a comparison")
    return [sequent.assume(Node(NEGATION[sequent.goal.op], sequent.goal.args)).aim(FALSE)]


@rule("contrapose")
def contrapose(sequent: Sequent, data: Data) -> list[Sequent]:
    """All of it is defined, H, not (a op b) |- not h / H, h |- a op b, both comparisons; h is the hypothesis ``number``."""
    k = number_below(entry(data, "number"), len(sequent.given))
    given, goal = sequent.given[k], sequent.goal
    if given.op not in COMPARISONS or goal.op not in COMPARISONS:
        reject(f"found {given.op} and {goal.op}; accepted: comparisons")
    others = (*sequent.given[:k], *sequent.given[k + 1:], Node(NEGATION[goal.op], goal.args))
    new = sequent.replace(others).aim(Node(NEGATION[given.op], given.args))
    return [*obligations(new), new]


@rule("flip")
def flip(sequent: Sequent, data: Data) -> list[Sequent]:
    """b op' a / a op b, the comparison turned round."""
    goal = sequent.goal
    if goal.op not in COMPARISONS:
        reject(f"found the goal {goal.op}; accepted: a comparison")
    return [sequent.aim(Node(FLIPPED[goal.op], goal.args[::-1]))]


@rule("stronger")
def stronger(sequent: Sequent, data: Data) -> list[Sequent]:
    """a < b or a == b / a <= b; a < b or a > b / a != b; a <= b or a >= b / ... the comparison that data names (op)."""
    goal, op = sequent.goal, string(entry(data, "op"))
    if goal.op not in COMPARISONS or op not in _IMPLIED or goal.op not in _IMPLIED[op]:
        reject(f"{op} does not imply the goal {goal.op}")
    return [sequent.aim(Node(op, goal.args))]


# -- hypotheses ------------------------------------------------------------------------------------------------------------
@rule("parts")
def parts(sequent: Sequent, data: Data) -> list[Sequent]:
    """The hypothesis ``number`` gives further ones: the parts of a conjunction, both implications of an equivalence,
    a <= b and b <= a of an equality; a + 1 <= b of a < b between integers; of max(a, b) <= c and c <= min(a, b) each part."""
    given = sequent.hypothesis(entry(data, "number"))
    if given.op == Op.AND:
        return [sequent.assume(*given.args)]
    if given.op == Op.IFF:
        p, q = given.args
        return [sequent.assume(Node(Op.IMPLIES, (p, q)), Node(Op.IMPLIES, (q, p)))]
    if given.op == Op.EQ:
        return [sequent.assume(Node(Op.LE, given.args), Node(Op.LE, given.args[::-1]))]
    if given.op in COMPARISONS:
        turned = upward(given)
        a, b = turned.args
        if turned.op in (Op.LE, Op.LT) and (a.op == Op.MAX or b.op == Op.MIN):
            more = [Node(turned.op, (x, b)) for x in a.args] if a.op == Op.MAX else [Node(turned.op, (a, x)) for x in b.args]
            return [sequent.assume(*more)]
        if turned.op == Op.LT and is_integer(a, sequent.sorts) and is_integer(b, sequent.sorts):
            return [sequent.assume(Node(Op.LE, (Node(Op.ADD, (a, ONE)), b)))]
    reject(f"found the hypothesis {given}; accepted: and, iff, ==, a bound on a maximum or minimum, a < b between integers")


@rule("apply")
def apply(sequent: Sequent, data: Data) -> list[Sequent]:
    """H |- P and H, Q |- goal / H |- goal, where P implies Q is the hypothesis ``number``."""
    given = sequent.hypothesis(entry(data, "number"))
    if given.op != Op.IMPLIES:
        reject(f"found the hypothesis {given.op}; accepted: implies")
    return [sequent.aim(given.args[0]), sequent.assume(given.args[1])]


@rule("instance")
def instance(sequent: Sequent, data: Data) -> list[Sequent]:
    """defined e, H |- lo <= e, H |- e <= hi, and H, P(e) |- goal / H |- goal, where forall(i, lo, hi, P) is the hypothesis
    ``number`` and e the expression ``at``, an integer by its form."""
    given = sequent.hypothesis(entry(data, "number"))
    if given.op != Op.FORALL:
        reject(f"found the hypothesis {given.op}; accepted: forall")
    at = sequent.expression(entry(data, "at"))
    if not is_integer(at, sequent.sorts):
        reject(f"found {at}; accepted: an expression that is an integer by its form")
    low, high, body = given.args
    new = substitute(body, {given.value: at})
    return [*needs(sequent, at), sequent.aim(Node(Op.LE, (low, at))), sequent.aim(Node(Op.LE, (at, high))), sequent.assume(new)]


@rule("weaken")
def weaken(sequent: Sequent, data: Data) -> list[Sequent]:
    """H' |- goal / H |- goal, H' the hypotheses whose numbers ``keep`` lists."""
    return [sequent.replace(sequent.hypothesis(k) for k in listing(entry(data, "keep")))]


@rule("cut")
def cut(sequent: Sequent, data: Data) -> list[Sequent]:
    """defined P, H |- P, and H, P |- goal / H |- goal, P the statement ``lemma``."""
    lemma = sequent.statement(entry(data, "lemma"))
    if any(n.op in _VARYING for n in postorder(lemma)):
        reject("accepted as a lemma: comparisons, and, implies, iff, forall")
    return [*needs(sequent, lemma), sequent.aim(lemma), sequent.assume(lemma)]


@rule("cases")
def cases(sequent: Sequent, data: Data) -> list[Sequent]:
    """defined a, b; H, a <= b |- goal and H, a > b |- goal / H |- goal (``left``, ``right``: a, b)."""
    a, b = sequent.expression(entry(data, "left")), sequent.expression(entry(data, "right"))
    return [*needs(sequent, a, b), sequent.assume(Node(Op.LE, (a, b))), sequent.assume(Node(Op.GT, (a, b)))]


@rule("zero")
def zero(sequent: Sequent, data: Data) -> list[Sequent]:
    """H, n == 0 |- goal and H, n >= 1 |- goal / H |- goal for a natural variable n (``name``)."""
    name = string(entry(data, "name"))
    sort = sequent.sorts.get(name)
    if sort is None or sort.is_family or sort.kind != "natural":
        reject(f"found {name[:60]!r}; accepted: a natural variable")
    n = Node(Op.VAR, (), name)
    return [sequent.assume(Node(Op.EQ, (n, NOUGHT))), sequent.assume(Node(Op.GE, (n, ONE)))]


@rule("replace")
def replace(sequent: Sequent, data: Data) -> list[Sequent]:
    """H', a == b |- goal' / H, a == b |- goal, where a is replaced by b in goal and other hypotheses; the equality is the
    hypothesis ``number``; with ``back`` true b is replaced by a."""
    k = number_below(entry(data, "number"), len(sequent.given))
    given = sequent.given[k]
    if given.op != Op.EQ:
        reject(f"found the hypothesis {given.op}; accepted: ==")
    old, new = given.args[::-1] if data.get("back") is True else given.args
    others = [h if j == k else rewritten(h, old, new) for j, h in enumerate(sequent.given)]
    return [checked(sequent.replace(others).aim(rewritten(sequent.goal, old, new)))]


@rule("generalize")
def generalize(sequent: Sequent, data: Data) -> list[Sequent]:
    """defined e, all of the following defined, and H', goal' with a new variable in the place of the expression e (``of``) / H |- goal.
    The variable is positive, nonnegative or real, as the sign of e evidently is."""
    e = sequent.expression(entry(data, "of"))
    if not any(n.op in (Op.VAR, Op.ELT) for n in postorder(e)) or is_integer(e, sequent.sorts):
        reject(f"found {e}; accepted: an expression that varies and is no integer by its form")
    name = sequent.fresh("x")
    sort = "positive" if sequent.signs.is_positive(e) else "nonnegative" if sequent.signs.is_nonnegative(e) else "real"
    x = Node(Op.VAR, (), name)
    given = [rewritten(h, e, x) for h in sequent.given]
    new = checked(sequent.declare(name, sort).replace(given).aim(rewritten(sequent.goal, e, x)))
    return [*needs(sequent, e), *obligations(new), new]


# -- order -----------------------------------------------------------------------------------------------------------------
@rule("transitive")
def transitive(sequent: Sequent, data: Data) -> list[Sequent]:
    """defined b, H |- a op1 b, H |- b op2 c / H |- a op c (``through``: b); when op is <, ``strict`` says which of the
    two is < (0 or 1), the other is <=; else both are op, which is <= or ==. Goals with >= and > are read turned round."""
    op, a, c = compared(sequent.goal, Op.LE, Op.LT, Op.EQ)
    b = sequent.expression(entry(data, "through"))
    first = second = op
    if op == Op.LT:
        strict = number_below(entry(data, "strict"), 2, "premise")
        first, second = (Op.LT, Op.LE) if strict == 0 else (Op.LE, Op.LT)
    return [*needs(sequent, b), sequent.aim(Node(first, (a, b))), sequent.aim(Node(second, (b, c)))]


@rule("extremum")
def extremum(sequent: Sequent, data: Data) -> list[Sequent]:
    """max(a, b) <= c from a <= c and b <= c; c <= min(a, b) in the same way; c <= max(a, b) and min(a, b) <= c from the
    part with the number ``choose``; abs(a) <= c from a <= c and -a <= c; c <= abs(a) from c <= a or c <= -a (0 or 1)."""
    op, a, b = compared(sequent.goal, Op.LE, Op.LT)
    side = string(entry(data, "side"))
    if side not in ("left", "right"):
        reject(f"found the side {side[:20]!r}; accepted: left, right")
    inner = a if side == "left" else b
    if inner.op not in (Op.MAX, Op.MIN, Op.ABS):
        reject(f"found {inner.op}; accepted: max, min, abs")
    options = inner.args if inner.op != Op.ABS else (inner.args[0], Node(Op.NEG, (inner.args[0],)))
    goals = [Node(op, (x, b) if side == "left" else (a, x)) for x in options]
    if (inner.op == Op.MIN) == (side == "left"):
        return [sequent.aim(goals[number_below(entry(data, "choose"), len(goals), "part")])]
    return [sequent.aim(g) for g in goals]


@rule("extremum_cases")
def extremum_cases(sequent: Sequent, data: Data) -> list[Sequent]:
    """defined e; for each part x of e = max(...), H', x >= the other parts |- goal' with e replaced by x / H |- goal; min in the
    same way; abs(a) with a >= 0 and with a < 0. Data: ``of``, the expression."""
    e = sequent.expression(entry(data, "of"))
    if e.op not in (Op.MAX, Op.MIN, Op.ABS):
        reject(f"found {e.op}; accepted: max, min, abs")

    def premise(value: Node, *more: Node) -> Sequent:
        given = [rewritten(h, e, value) for h in sequent.given]
        return sequent.replace([*given, *more]).aim(rewritten(sequent.goal, e, value))

    if e.op == Op.ABS:
        a = e.args[0]
        return [*needs(sequent, e), premise(a, Node(Op.GE, (a, NOUGHT))), premise(Node(Op.NEG, (a,)), Node(Op.LT, (a, NOUGHT)))]
    op = Op.GE if e.op == Op.MAX else Op.LE
    return [*needs(sequent, e), *(premise(x, *(Node(op, (x, y)) for j, y in enumerate(e.args) if j != k))
                                  for k, x in enumerate(e.args))]


__all__ = ["FALSE", "FLIPPED", "NEGATION", "compared", "follows", "rewritten", "upward"]
