"""Claims about the true constants Lip(net) and param_Lip(net), which are not computed.

    Lip(net) <= e    holds where bound(net) <= e does: the derivation proves Lip(net) <= bound(net)
    Lip(net) >= e    holds where bound(net) >= e does and the bound is exact: ``theory.attainment`` has networks that attain or
                     approach it, under conditions that have to be proved as well
    Lip(net) <= e    fails where the bound is exact, its conditions are met and bound(net) > e; and where a concrete network with
                     exact numbers has a quotient |f(x) - f(x')|/|x - x'| above e, enclosed in ball arithmetic
    Lip(net) >= e    fails where bound(net) < e

Points at which no input meets the floors of a network are no counterexamples. A constant stands alone on a side of a comparison;
elsewhere (inside an expression, among hypotheses, in the premise of an implication) nothing is known about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from time import monotonic
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from normbound.claims.checker.obligations import opened
from normbound.claims.checker.sequent import Sequent
from normbound.claims.evaluate import resolved
from normbound.claims.names import fault
from normbound.claims.networks import Derived, from_term
from normbound.claims.refute import Found, Witness, search, verify
from normbound.claims.syntax import COMPARISONS, Node, Op, conjunction, number, postorder, rebuild, substitute
from normbound.errors import NormboundError, UnsupportedError
from normbound.terms.store import Term

if TYPE_CHECKING:
    from normbound.calculus.bound import Bound
    from normbound.network.files import Architecture
    from normbound.theory.attainment import Attainment

TRUE = {"Lip": "bound", "param_Lip": "param_bound"}
FACTORS = (Fraction(3), Fraction(3, 2), Fraction(11, 10), Fraction(1))  # how far above e the bound should be: widest first
SMALL = 4  # depths and widths of networks that are measured
RANGE = (Fraction(1, 20), Fraction(20))  # their other numbers
WIDTHS = (1, 2, 4)  # least dimensions that are tried: normalizers of one entry have no input
SECONDS = 4.0  # for all measurements of a claim
NETWORKS = 6
_RELATIONS = {">=": Op.GE, ">": Op.GT, "<=": Op.LE, "<": Op.LT, "==": Op.EQ}
_FLIPPED = {Op.GE: Op.LE, Op.GT: Op.LT}


@dataclass(frozen=True, slots=True)
class Reduced:
    """A sequent without true constants that implies the given one, and the results of the theory that were used.

    equivalent  whether the two say the same: only then is a counterexample to the sequent one to the claim. Where a true constant
                was replaced it is False, and ``refute_constants`` is what may refute the claim.
    """

    sequent: Sequent
    notes: tuple[str, ...] = ()
    equivalent: bool = True


def speaks_of_constants(*statements: Node) -> bool:
    """Whether Lip or param_Lip occurs."""
    return any(n.op == Op.NET and n.value[0] in TRUE for n in postorder(*statements))


def reduce(sequent: Sequent, networks: Derived) -> Reduced:
    """The sequent with bounds in the place of true constants and of bound(net), param_bound(net), radius(net).

    Bounds without an expression (recurrences) stay as they are. Raises UnsupportedError where a constant stands at a place at
    which nothing is known about it, or from a side that no theorem covers.
    """
    if speaks_of_constants(*sequent.given):
        raise UnsupportedError("found Lip or param_Lip among the hypotheses; accepted: in the statement to show")
    positive = _positive(sequent.goal)
    notes: dict[str, None] = {}

    def change(n: Node, args: tuple[Node, ...]) -> Node | None:
        if n.op in COMPARISONS and any(_constant(a) for a in n.args):
            if id(n) not in positive:
                raise _place(n)
            return _replaced(n, networks, notes)
        return None

    goal = rebuild(sequent.goal, change)
    if speaks_of_constants(goal):
        raise _place(sequent.goal)
    given = tuple(resolved(g, networks) for g in sequent.given)
    return Reduced(Sequent(sequent.sorts, given, resolved(goal, networks)), tuple(notes), not speaks_of_constants(sequent.goal))


def refute_constants(sequent: Sequent, networks: Derived, budget: Any = None) -> Found:
    """Look for a counterexample to a statement about true constants; see the head of this module.

    Raises UnsupportedError like ``reduce``. ``budget`` has a ``deadline`` in the time of ``time.monotonic``.
    """
    if speaks_of_constants(*sequent.given):
        raise UnsupportedError("found Lip or param_Lip among the hypotheses; accepted: in the statement to show")
    total = Found()
    tasks = list(_tasks(sequent))
    end = min(getattr(budget, "deadline", float("inf")), monotonic() + SECONDS)
    for k, task in enumerate(tasks):
        share = SimpleNamespace(deadline=monotonic() + max(0.0, end - monotonic()) / (len(tasks) - k))
        found = _refuted(task, networks, share) if speaks_of_constants(task.goal) else search(task, share, networks)
        total.points += found.points
        total.notes += found.notes
        if found.margin is not None and (total.margin is None or found.margin < total.margin):
            total.margin, total.nearest = found.margin, found.nearest
        if found.witness is not None:
            total.witness = found.witness
            break
    return total


# -- replacing constants by bounds --------------------------------------------------------------------------------------
def _constant(node: Node) -> bool:
    return node.op == Op.NET and node.value[0] in TRUE


def _place(node: Node) -> UnsupportedError:
    return UnsupportedError(f"found a true constant inside {str(node)[:120]}; accepted: Lip(net) or param_Lip(net) alone on a side of a "
                            "comparison that is to be shown, not inside expressions or premises")


def _positive(goal: Node) -> set[int]:
    """The comparisons that are to be shown: in parts of conjunctions, conclusions, bodies of forall, and nowhere else."""
    found: set[int] = set()
    other: set[int] = set()
    stack = [goal]
    while stack:
        n = stack.pop()
        if n.op == Op.AND:
            stack.extend(n.args)
        elif n.op == Op.IMPLIES:
            other.update(map(id, postorder(n.args[0])))
            stack.append(n.args[1])
        elif n.op == Op.FORALL:
            stack.append(n.args[2])
        elif n.op in COMPARISONS:
            found.add(id(n))
        else:
            other.update(map(id, postorder(n)))
    return found - other


def _replaced(n: Node, networks: Derived, notes: dict[str, None]) -> Node:
    """A comparison that implies ``n``, with what the theory needs for it."""
    needed: list[Node] = []
    sides = []
    for k, a in enumerate(n.args):
        if not _constant(a):
            sides.append(a)
            continue
        upper = (n.op in (Op.LE, Op.LT) and k == 0) or (n.op in (Op.GE, Op.GT) and k == 1)
        function, net = a.value
        bound = networks.derived(TRUE[function], net)
        needed += positivity(bound)
        if upper:
            notes[f"{function}({net}) <= {TRUE[function]}({net}) by the derivation {bound.digest}"] = None
        else:
            conditions, how = _exact(bound, f"{function}({net})")
            needed += [*shapes(bound), *conditions]
            notes[how] = None
        sides.append(_expression(a, networks))
    return conjunction([*needed, Node(n.op, (sides[0], sides[1]), None, n.at)], n.at)


def _expression(constant: Node, networks: Derived) -> Node:
    function, net = constant.value
    found = networks(TRUE[function], net)
    if not isinstance(found, Node):
        raise UnsupportedError(f"{function}({net}): the derived bound has no expression (a recurrence, or unbounded); accepted: "
                               "networks whose bound is closed, a product or a sum")
    return found


def _attained(bound: Bound) -> Attainment:
    from normbound.theory.attainment import attainment
    with bound.term.store:
        return attainment(bound)


def _exact(bound: Bound, name: str) -> tuple[list[Node], str]:
    """The conditions under which the bound is the constant, and a note. Raises UnsupportedError where that is not known."""
    known = _attained(bound)
    if not known.exact:
        raise UnsupportedError(f"{name} from below: the bound is not known to be attained: {known.obstacle}")
    conditions = []
    indices = _indices(bound)
    for left, relation, right, reason in known.conditions:
        if indices & set(bound.term.store.reachable([left, right])):
            raise UnsupportedError(f"{name} from below: a condition of the witness speaks of every iteration ({reason})")
        conditions.append(Node(_RELATIONS[relation], (from_term(left), from_term(right))))
    known_where = dict.fromkeys([*conditions, *shapes(bound)])
    where = f" where {' and '.join(str(c) for c in known_where)}" if known_where else ""
    return conditions, f"{name} equals its bound{where}: it is {known.mode} by a family of networks"


def _indices(bound: Bound) -> set[int]:
    return {s.index.id for s in bound.derivation.scopes if s.index is not None}


def shapes(bound: Bound, least: int = 1) -> list[Node]:
    """That no tensor of the network is empty: every dimension is at least 1 (or ``least``)."""
    program = bound.derivation.program
    terms = [t for i in program.code for t in (*i.shape[:3], *i.out[:3])] + list(program.out[:3])
    return list(dict.fromkeys(Node(Op.GE, (from_term(t), number(least))) for t in terms if t.literal() is None))


def positivity(bound: Bound) -> list[Node]:
    """What must be positive for the bound to hold: statements over the symbols, for every index of a family. Raises
    UnsupportedError for a bound that lacks a hypothesis."""
    found: dict[Node, None] = {}
    for h in bound.hypotheses:
        if h.kind == "missing":
            raise UnsupportedError(f"the bound lacks a hypothesis: {h.statement}")
        if h.kind != "positive" or h.terms[0].is_positive:
            continue
        scope = h.uses[0].scope if h.uses else 0
        found[_for_all(bound, scope, Node(Op.GT, (from_term(h.terms[0]), number(0))), h.terms[0])] = None
    return list(found)


def _for_all(bound: Bound, scope: int, statement: Node, term: Term) -> Node:
    """The statement for all indices of enclosing scopes that the term mentions."""
    mentioned = set(term.store.reachable([term]))
    taken = set(bound.symbols())
    while scope:
        s = bound.derivation.scopes[scope]
        if s.index is not None and s.repeat is not None and s.index.id in mentioned:
            old = s.index.node[1]
            name = next(n for n in ("i", "j", "k", "l", *(f"i_{k}" for k in range(1000))) if n not in taken and not fault(n))
            taken.add(name)

            def rename(n: Node, args: tuple[Node, ...], old: str = old, name: str = name) -> Node | None:
                return Node(Op.VAR, (), name) if n.op == Op.VAR and n.value == old else None

            statement = Node(Op.FORALL, (number(1), from_term(s.repeat.depth), rebuild(statement, rename)), name)
        scope = s.parent
    return statement


def inhabited(bound: Bound) -> list[Node]:
    """Necessary conditions for some input to meet the floors, where they have expressions."""
    found: dict[Node, None] = {}
    with bound.term.store:
        for _, c in bound.conditions():
            try:
                statement = Node(Op.LE, (from_term(c.left), from_term(c.right)))
                guards = [Node(Op.GE, (from_term(t), number(n))) for t, n in c.guard]
            except UnsupportedError:
                continue
            found[Node(Op.IMPLIES, (conjunction(guards), statement)) if guards else statement] = None
    return list(found)


# -- counterexamples -----------------------------------------------------------------------------------------------------
def _tasks(sequent: Sequent) -> Iterator[Sequent]:
    """Sequents that the given one implies, each with one comparison of constants or without constants."""
    stack = [sequent]
    while stack:
        task = stack.pop()
        goal = task.goal
        if not speaks_of_constants(goal):
            yield task
        elif goal.op == Op.AND:
            stack.extend(task.aim(p) for p in reversed(goal.args))
        elif goal.op == Op.IMPLIES and not speaks_of_constants(goal.args[0]):
            stack.append(task.assume(goal.args[0]).aim(goal.args[1]))
        elif goal.op == Op.FORALL:
            inner, index = opened(task, goal.value, *goal.args[:2])
            stack.append(inner.aim(substitute(goal.args[2], {goal.value: index})))
        elif goal.op == Op.EQ:
            stack.extend((task.aim(Node(Op.LE, goal.args)), task.aim(Node(Op.GE, goal.args))))
        elif goal.op in COMPARISONS and goal.op != Op.NE and all(_constant(a) or not speaks_of_constants(a) for a in goal.args):
            yield task
        else:
            raise _place(goal)


def _refuted(task: Sequent, networks: Derived, budget: Any) -> Found:
    """A counterexample to one comparison: its smaller side from below, its larger side from above."""
    op, (low, high) = task.goal.op, task.goal.args
    if op in _FLIPPED:
        op, low, high = _FLIPPED[op], high, low
    given = [resolved(g, networks) for g in task.given]
    bounds = []
    for a in (low, high):
        if _constant(a):
            bounds.append(networks.derived(TRUE[a.value[0]], a.value[1]))
            given += [*positivity(bounds[-1]), *inhabited(bounds[-1])]
    above = _expression(high, networks) if _constant(high) else resolved(high, networks)
    below = _expression(low, networks) if _constant(low) else resolved(low, networks)
    notes: list[str] = []
    if _constant(low):
        name = f"{low.value[0]}({low.value[1]})"
        try:
            conditions, how = _exact(bounds[0], name)
        except UnsupportedError as error:
            if low.value[0] == "Lip":
                given += [s for b in bounds for s in shapes(b)]
                found = _measured(Sequent(task.sorts, tuple(given), Node(op, (below, above))), low.value[1], networks, budget)
            else:
                found = Found()
            found.notes.append(str(error))
            return found
        given += conditions
        notes.append(how)
    if _constant(high):
        notes.append(f"{high.value[0]}({high.value[1]}) is at most its bound")
    for least in WIDTHS:
        wide = [*given, *(s for b in bounds for s in shapes(b, least))]
        found = search(Sequent(task.sorts, tuple(wide), Node(op, (below, above))), budget)
        if found.witness is None:
            break
        point = found.witness.point
        if all(_holds(b, point) for b in bounds):
            about = tuple(n for b in bounds for n in b.symbols())
            found.witness = Witness(point, found.witness.sequent, "; ".join(notes), about)
            return found
        found.witness = None
        found.notes.append("no input meets the floors of the network at the point that was found")
    return found


def _holds(bound: Bound, point: Mapping[str, Any]) -> bool:
    """Whether nothing speaks against the hypotheses of the bound at a point."""
    try:
        with bound.term.store:
            return bool(bound.at(_values(bound, point)).status == "holds")
    except NormboundError:
        return False


def _values(bound: Bound, point: Mapping[str, Any]) -> dict[str, Any]:
    return {n: list(point[n]) if isinstance(point[n], tuple) else point[n] for n in bound.symbols()}


def _measured(sequent: Sequent, net: str, networks: Derived, budget: Any) -> Found:
    """Measure networks at points where the bound is far above what the claim allows. Small depths and widths only."""
    op, (below, above) = sequent.goal.op, sequent.goal.args
    limits = []
    for name, sort in sequent.sorts.items():
        if sort.length is None and sort.kind in ("natural", "integer"):
            limits.append(Node(Op.LE, (Node(Op.VAR, (), name), number(SMALL))))
        elif sort.length is None:
            limits += [Node(Op.LE, (Node(Op.VAR, (), name), number(RANGE[1]))), Node(Op.GE, (Node(Op.VAR, (), name), number(RANGE[0])))]
    found = Found()
    bound = networks.derived("bound", net)
    tried: set[Any] = set()
    for k, factor in enumerate(FACTORS):
        left = budget.deadline - monotonic()
        if left <= 0.05:
            break
        wide = sequent.assume(*limits).aim(Node(op, (below, Node(Op.MUL, (number(factor), above)))))
        step = search(wide, SimpleNamespace(deadline=monotonic() + left / 8))
        found.points += step.points
        if factor == 1:
            found.margin, found.nearest = step.margin, step.nearest
        if step.witness is None or tuple(step.witness.point.items()) in tried:
            continue
        point = step.witness.point
        tried.add(tuple(point.items()))
        if not _holds(bound, point):
            continue
        quotient = measured(networks.networks[net], bound, point, max(0.1, (budget.deadline - monotonic()) / (len(FACTORS) - k)))
        if quotient is None:
            continue
        false = sequent.aim(Node(op, (number(_short(quotient)), above)))
        if verify(false, point):
            found.witness = Witness(point, false, f"a network of the architecture has |f(x) - f(x')|/|x - x'| >= {false.goal.args[0]}; "
                                     "exact numbers, enclosed in ball arithmetic", tuple(bound.symbols()))
            return found
    found.notes.append(f"no network of {net} was found whose quotient exceeds the claim")
    return found


def _short(q: Fraction) -> Fraction:
    """A rational of at most nine digits that is at most q > 0."""
    from decimal import ROUND_FLOOR, Context, Decimal
    context = Context(prec=9, rounding=ROUND_FLOOR)
    return Fraction(context.divide(Decimal(q.numerator), Decimal(q.denominator)))


def measured(architecture: Architecture, bound: Bound, point: Mapping[str, Any], seconds: float, seed: int = 0) -> Fraction | None:
    """A number that some network of the architecture surely exceeds or attains with |f(x) - f(x')|/|x - x'|, at exact values of
    all symbols and with all hypotheses met; None where no network was found that ball arithmetic can judge."""
    from normbound.check import search as climbing
    values = _values(bound, point)
    try:
        with bound.term.store:
            best = climbing.search(architecture, "input", networks=NETWORKS, seconds=seconds, seed=seed, values=values)
            verdict = climbing.confirmed(architecture, best)
            constant = bound.at(values).ball
    except NormboundError:
        return None
    if verdict.how != "input" or not verdict.left or not verdict.right:
        return None
    left, right = _end(verdict.left, -1), _end(verdict.right, 1)
    if left is None or right is None or left <= 0 or right <= 0 or not constant.is_finite():
        return None
    low = constant.lower().fmpq()
    return left / right * Fraction(int(low.p), int(low.q))  # the right side is the bound times |x - x'|


def _end(text: str, sign: int) -> Fraction | None:
    """The decimal moved outwards by two units of its last digit: it was printed with an error of at most one."""
    from decimal import Decimal, InvalidOperation
    try:
        d = Decimal(text)
    except InvalidOperation:
        return None
    exponent = d.as_tuple().exponent
    if not isinstance(exponent, int) or abs(d.adjusted()) > 5000:
        return None
    return Fraction(d) + sign * 2 * Fraction(10) ** exponent


__all__ = ["Reduced", "inhabited", "measured", "positivity", "reduce", "refute_constants", "shapes", "speaks_of_constants"]
