"""Everything that must hold so that a claim is defined, the evident parts too: the theorem ``defined`` of a replayed certificate.

The checker lists only what signs do not show (``checker.obligations``); a reader of the theorem wants the whole list. The contexts are the
checker's, so that a condition that it lists is found among its proofs.
"""

from __future__ import annotations

from collections.abc import Iterator

from normbound.claims.checker import Sequent
from normbound.claims.checker.obligations import opened
from normbound.claims.checker.sequent import mentions
from normbound.claims.checker.signs import NOUGHT, ONE
from normbound.claims.replay.statement import Unreplayed, binder, ordered, relative_text
from normbound.claims.sorts import is_integer, is_natural
from normbound.claims.syntax import COMPARISONS, Node, Op, literal, parts, postorder, rebuild, substitute, variable

MAX_CONDITIONS = 2_000
_VARYING = (Op.INCREASING, Op.DECREASING, Op.LIMIT, Op.RATE, Op.RECURRENCE)


def definedness(sequent: Sequent) -> list[Sequent]:
    """The conditions: each hypothesis is defined wherever the earlier ones hold, the goal wherever all hold."""
    found: list[Sequent] = []
    for k, hypothesis in enumerate(sequent.given):
        found.extend(conditions(sequent.replace(sequent.given[:k]), hypothesis))
    found.extend(conditions(sequent, sequent.goal))
    unique: list[Sequent] = []
    for s in found:
        if s not in unique:
            unique.append(s)
    if len(unique) > MAX_CONDITIONS:
        raise Unreplayed(f"more than {MAX_CONDITIONS} conditions say whether the claim is defined")
    return unique


def definedness_text(sequent: Sequent) -> str:
    """The theorem: the conjunction of the conditions for all values of the variables; empty when there is none."""
    base = Sequent(sequent.sorts, (), sequent.goal)
    texts = [relative_text(c, base) for c in definedness(sequent)]
    if not texts:
        return ""
    joined = " /\\ ".join(f"({t})" for t in texts) if len(texts) > 1 else texts[0]
    return binder(sequent.sorts, ordered(sequent)) + joined


def conditions(context: Sequent, root: Node) -> list[Sequent]:
    """The conditions under which a statement or an expression is defined, under the hypotheses of ``context``."""
    found: list[Sequent] = []
    work = [(context, root)]
    while work:
        where, node = work.pop()
        inside: list[tuple[Sequent, Node]] = []
        for n in _visible(node):
            inside.extend(_inside(where, n))
            found.extend(where.aim(s) for s in _own(where, n))
        work.extend(reversed(inside))
        if len(found) + len(work) > MAX_CONDITIONS:
            raise Unreplayed(f"more than {MAX_CONDITIONS} conditions say whether the claim is defined")
    return found


def _visible(root: Node) -> list[Node]:
    """The nodes outside of scopes and guards, parts first."""
    order: list[Node] = []
    seen: set[int] = set()
    stack = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            if node.op in (Op.SUM, Op.PROD, Op.FORALL):
                below = node.args[:2]
            elif node.op in (Op.IMPLIES, Op.AND):
                below = node.args[:1]
            else:
                below = () if node.op in (Op.LIMIT, Op.RATE, Op.RECURRENCE) else node.args
            stack.extend((a, False) for a in reversed(below))
    return order


def _inside(context: Sequent, node: Node) -> Iterator[tuple[Sequent, Node]]:
    """What is below a scope or a guard, with its hypotheses."""
    if node.op in (Op.SUM, Op.PROD, Op.FORALL):
        inner, index = opened(context, node.value, *node.args[:2])
        yield inner, substitute(node.args[2], {node.value: index})
    elif node.op == Op.IMPLIES:
        yield context.assume(node.args[0]), node.args[1]
    elif node.op == Op.AND:
        for k in range(1, len(node.args)):
            plain = not any(n.op in _VARYING for n in postorder(*node.args[:k]))
            yield (context.assume(*node.args[:k]) if plain else context), node.args[k]
    elif node.op in (Op.LIMIT, Op.RATE):
        yield context, node.args[1]
        yield _far(context, node)
    elif node.op == Op.RECURRENCE:
        yield from _sequences(context, node)


def _own(context: Sequent, node: Node) -> list[Node]:
    """What makes one operator defined, its parts being so."""
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
    if op == Op.POW and not is_natural(args[1], context.sorts):
        base, exponent = args
        e = literal(exponent)
        whole = is_integer(exponent, context.sorts) or (e is not None and e.denominator == 1)
        wanted = [] if whole else [Node(Op.GE, (base, NOUGHT))]
        if e is None:
            wanted.append(Node(Op.IMPLIES, (Node(Op.LT, (exponent, NOUGHT)), Node(Op.NE, (base, NOUGHT)))))
        elif e < 0:
            wanted.append(Node(Op.NE, (base, NOUGHT)))
        return wanted
    return []


def _far(context: Sequent, node: Node) -> tuple[Sequent, Node]:
    """The expression of a limit at every large value of its variable."""
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
    return inner, rebuild(node.args[0], lambda n, args: Node(Op.VAR, (), fresh) if n.op == Op.VAR and n.value == name else None)


def _sequences(context: Sequent, node: Node) -> Iterator[tuple[Sequent, Node]]:
    """Starts; forms and steps at every natural index, the sequences having the values of the forms."""
    index, sequences = parts(node)
    name = context.fresh(index)
    inner = context.declare(name, "natural")
    forms = {s.name: substitute(s.form, {index: variable(name)}) for s in sequences}
    for s in sequences:
        yield context, s.start
    for s in sequences:
        yield inner, forms[s.name]
    for s in sequences:
        step = substitute(s.step, {index: variable(name)})
        yield inner, rebuild(step, lambda n, args: forms[n.value] if n.op == Op.STATE else None)


__all__ = ["conditions", "definedness", "definedness_text"]
