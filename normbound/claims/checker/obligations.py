"""What must be shown so that statements and expressions are defined: the checker's own walk over the syntax.

Every obligation is a sequent. Those that are evident (``signs``) are left out, so provers see only what needs a proof. An
obligation about a part is itself defined when the obligations before it in the list hold.
"""

from __future__ import annotations

from collections.abc import Iterable

from normbound.claims.checker.registry import reject
from normbound.claims.checker.sequent import Sequent, mentions
from normbound.claims.checker.signs import NOUGHT, ONE
from normbound.claims.sorts import is_integer, is_natural
from normbound.claims.syntax import COMPARISONS, Node, Op, literal, parts, postorder, rebuild, substitute, variable

MAX_OBLIGATIONS = 2_000
_PARTIAL = frozenset((Op.DIV, Op.SQRT, Op.LOG, Op.POW, Op.DD, Op.ELT, Op.RECURRENCE))


def obligations(sequent: Sequent) -> list[Sequent]:
    """What shows that each hypothesis is defined wherever the earlier ones hold, and the goal wherever all hold."""
    found: list[Sequent] = []
    for k, hypothesis in enumerate(sequent.given):
        if partial(hypothesis):
            found.extend(needs(sequent.replace(sequent.given[:k]), hypothesis))
    found.extend(needs(sequent, sequent.goal))
    return distinct(found)


def needs(sequent: Sequent, *new: Node) -> list[Sequent]:
    """What shows that new expressions or statements are defined wherever the hypotheses of the sequent hold."""
    found: list[Sequent] = []
    work = [(sequent, node) for node in reversed(new)]
    while work:
        context, node = work.pop()
        if partial(node):
            work.extend(reversed(_walk(context, node, found)))
        if len(found) + len(work) > MAX_OBLIGATIONS:
            reject(f"more than {MAX_OBLIGATIONS} conditions say whether the statement is defined")
    return distinct(found)


def partial(root: Node) -> bool:
    """Whether some operator in it is not defined everywhere."""
    return any(n.op in _PARTIAL for n in postorder(root))


def distinct(sequents: Iterable[Sequent]) -> list[Sequent]:
    """Without repetitions."""
    found: list[Sequent] = []
    seen: dict[int, list[Sequent]] = {}
    for s in sequents:
        same = seen.setdefault(hash(s), [])
        if s not in same:
            same.append(s)
            found.append(s)
    return found


def _walk(context: Sequent, root: Node, found: list[Sequent]) -> list[tuple[Sequent, Node]]:
    """The obligations of ``root`` outside of scopes and guards; what is inside is returned, with its context."""
    inside: list[tuple[Sequent, Node]] = []
    order: list[Node] = []
    stack: list[tuple[Node, bool]] = [(root, False)]
    seen: set[int] = set()
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
            continue
        if id(node) in seen:
            continue
        seen.add(id(node))
        stack.append((node, True))
        if node.op in (Op.SUM, Op.PROD, Op.FORALL):
            stack.extend((a, False) for a in reversed(node.args[:2]))
        elif node.op in (Op.IMPLIES, Op.AND):
            stack.append((node.args[0], False))
        elif node.op not in (Op.LIMIT, Op.RATE, Op.RECURRENCE):
            stack.extend((a, False) for a in reversed(node.args))
    for node in order:
        if node.op in (Op.SUM, Op.PROD, Op.FORALL):
            inside.append(_indexed(context, node))
        elif node.op == Op.IMPLIES:
            inside.append((context.assume(node.args[0]), node.args[1]))
        elif node.op == Op.AND:
            inside.extend((context.assume(*node.args[:k]) if _plain(node.args[:k]) else context, node.args[k])
                          for k in range(1, len(node.args)))
        elif node.op in (Op.LIMIT, Op.RATE):
            inside.extend(_limit(context, node))
        elif node.op == Op.RECURRENCE:
            inside.extend(_recurrence(context, node))
        else:
            for statement in conditions(context, node):
                if not context.signs.holds(statement):
                    found.append(context.aim(statement))
    return inside


def conditions(context: Sequent, node: Node) -> list[Node]:
    """The statements that make one operator defined, given that its arguments are."""
    op, args = node.op, node.args
    if op == Op.DIV:
        return [Node(Op.NE, (args[1], NOUGHT))]
    if op == Op.SQRT:
        return [Node(Op.GE, (args[0], NOUGHT))]
    if op == Op.LOG:
        return [Node(Op.GT, (args[0], NOUGHT))]
    if op == Op.DD:
        return [] if is_natural(args[0], context.sorts) else [Node(Op.GE, (args[0], NOUGHT))]
    if op == Op.ELT:
        length = context.sorts[node.value].length
        assert length is not None
        return [Node(Op.LE, (ONE, args[0])), Node(Op.LE, (args[0], length))]
    if op == Op.POW:
        return _power(context, *args)
    if op in (Op.NET, Op.STATE):
        reject(f"found {op} in a sequent; networks and sequences are replaced before")
    return []


def _power(context: Sequent, base: Node, exponent: Node) -> list[Node]:
    """An integer exponent needs a base other than 0 or an exponent >= 0; any other one a base > 0, or >= 0 with the same."""
    if is_natural(exponent, context.sorts):
        return []
    e = literal(exponent)
    integer = is_integer(exponent, context.sorts) or (e is not None and e.denominator == 1)
    signs = context.signs
    result: list[Node] = []
    if not integer:
        if signs.is_positive(base):
            return []
        result.append(Node(Op.GE, (base, NOUGHT)))
    if e is not None:
        if e < 0:
            result.append(Node(Op.NE, (base, NOUGHT)))
    elif not signs.is_nonzero(base) and not signs.is_nonnegative(exponent):
        result.append(Node(Op.IMPLIES, (Node(Op.LT, (exponent, NOUGHT)), Node(Op.NE, (base, NOUGHT)))))
    return result


def _indexed(context: Sequent, node: Node) -> tuple[Sequent, Node]:
    """The body of a sum, a product or a forall: for a new index in the range."""
    low, high, body = node.args
    inner, index = opened(context, node.value, low, high)
    return inner, substitute(body, {node.value: index})


def opened(context: Sequent, like: str, low: Node, high: Node) -> tuple[Sequent, Node]:
    """The sequent with a new integer variable from ``low`` to ``high``, and the variable."""
    name = context.fresh(like)
    index = variable(name)
    sort = "natural" if is_natural(low, context.sorts) else "integer"
    return context.declare(name, sort).assume(Node(Op.LE, (low, index)), Node(Op.LE, (index, high))), index


def _plain(statements: tuple[Node, ...]) -> bool:
    return not any(n.op in (Op.INCREASING, Op.DECREASING, Op.LIMIT, Op.RATE, Op.RECURRENCE) for n in postorder(*statements))


def _limit(context: Sequent, node: Node) -> list[tuple[Sequent, Node]]:
    """A limit needs its value, and the expression at every large K: hypotheses K >= c, with c free of K, are kept, and K >= 1."""
    name = node.value
    fresh = context.fresh(name)
    k = variable(fresh)
    kept = []
    for h in context.given:
        if not mentions(h, name):
            kept.append(h)
        elif h.op in COMPARISONS:
            a, b = h.args
            if (h.op in (Op.GE, Op.GT) and a == variable(name) and not mentions(b, name)) or (
                    h.op in (Op.LE, Op.LT) and b == variable(name) and not mentions(a, name)):
                kept.append(substitute(h, {name: k}))
    inner = Sequent({**context.sorts, fresh: context.sorts[name]}, (*kept, Node(Op.GE, (k, ONE))), context.goal)
    return [(context, node.args[1]), (inner, _renamed(node.args[0], name, fresh))]


def _renamed(root: Node, old: str, new: str) -> Node:
    return rebuild(root, lambda n, args: Node(Op.VAR, (), new) if n.op == Op.VAR and n.value == old else None)


def _recurrence(context: Sequent, node: Node) -> list[tuple[Sequent, Node]]:
    """Starts and forms at every natural index; steps there too, the sequences having the values of the forms."""
    index, sequences = parts(node)
    name = context.fresh(index)
    inner = context.declare(name, "natural")
    forms = {s.name: substitute(s.form, {index: variable(name)}) for s in sequences}
    work = [(context, s.start) for s in sequences]
    work += [(inner, forms[s.name]) for s in sequences]
    for s in sequences:
        step = substitute(s.step, {index: variable(name)})
        work.append((inner, rebuild(step, lambda n, args: forms[n.value] if n.op == Op.STATE else None)))
    return work


__all__ = ["MAX_OBLIGATIONS", "conditions", "distinct", "needs", "obligations", "opened", "partial"]
