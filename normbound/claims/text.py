"""Syntax as text, with the fewest parentheses the grammar reads back: parse(to_text(x)) == x."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from normbound.claims.errors import TooLongError
from normbound.claims.syntax import COMPARISONS, Node, Op, postorder, tree_size

MAX_TREE = 100_000  # nodes, shared parts counted each time
SIGNS = {"eq": "==", "ne": "!=", "le": "<=", "lt": "<", "ge": ">=", "gt": ">"}
IFF_LEVEL, IMPLIES_LEVEL, AND_LEVEL, COMPARE_LEVEL, SUM_LEVEL, PRODUCT_LEVEL, POWER_LEVEL, ATOM_LEVEL = range(1, 9)
_LEVELS = {Op.IFF: IFF_LEVEL, Op.IMPLIES: IMPLIES_LEVEL, Op.AND: AND_LEVEL, Op.ADD: SUM_LEVEL, Op.SUB: SUM_LEVEL, Op.NEG: SUM_LEVEL,
           Op.MUL: PRODUCT_LEVEL, Op.DIV: PRODUCT_LEVEL, Op.POW: POWER_LEVEL, Op.LIMIT: COMPARE_LEVEL, Op.RATE: COMPARE_LEVEL,
           Op.RECURRENCE: COMPARE_LEVEL, **dict.fromkeys(COMPARISONS, COMPARE_LEVEL)}


def level(node: Node) -> int:
    """How tightly the outermost operator of ``node`` binds in text."""
    return _LEVELS.get(node.op, ATOM_LEVEL)


def needs(node: Node, part: int) -> int:
    """How tightly part number ``part`` of ``node`` must bind to stand there without parentheses."""
    op = node.op
    if op in (Op.ADD, Op.SUB):
        return SUM_LEVEL if part == 0 else PRODUCT_LEVEL
    if op == Op.NEG:
        return PRODUCT_LEVEL
    if op in (Op.MUL, Op.DIV):
        return PRODUCT_LEVEL if part == 0 else POWER_LEVEL
    if op == Op.POW:
        return ATOM_LEVEL
    if op in COMPARISONS:
        return SUM_LEVEL
    if op == Op.AND:
        return COMPARE_LEVEL
    if op == Op.IMPLIES:
        return AND_LEVEL
    if op == Op.IFF:
        return IMPLIES_LEVEL
    return IFF_LEVEL


def chained(node: Node) -> list[list[Node]]:
    """The parts of an AND in runs that print as chains a <= b <= c."""
    runs: list[list[Node]] = []
    for part in node.args:
        if runs and part.op in COMPARISONS and runs[-1][-1].op in COMPARISONS and runs[-1][-1].args[1] == part.args[0]:
            runs[-1].append(part)
        else:
            runs.append([part])
    return runs


def to_text(root: Node) -> str:
    """The text of an expression or a statement. Raises TooLongError where shared parts would make it too long."""
    if tree_size(root, MAX_TREE) > MAX_TREE:
        raise TooLongError(f"the text would have more than {MAX_TREE} parts; shared subterms have no text")
    done: dict[int, str] = {}

    def part(node: Node, k: int) -> str:
        inner = node.args[k]
        text = done[id(inner)]
        return text if level(inner) >= needs(node, k) else f"({text})"

    for node in postorder(root):
        done[id(node)] = _render(node, part)
    return done[id(root)]


def _render(node: Node, part: Callable[[Node, int], str]) -> str:
    op = node.op
    if op == Op.NUM:
        return decimal(node.value)
    if op in (Op.VAR, Op.CONST):
        return str(node.value)
    if op == Op.INF:
        return "inf"
    if op == Op.STATE:
        return f"{node.value}(.)"  # the recurrence puts the index there
    if op == Op.ELT:
        return f"{node.value}[{part(node, 0)}]"
    if op == Op.NET:
        return f"{node.value[0]}({node.value[1]})"
    if op == Op.NEG:
        return f"-{part(node, 0)}"
    if op in (Op.ADD, Op.SUB):
        return f"{part(node, 0)} {'+' if op == Op.ADD else '-'} {part(node, 1)}"
    if op in (Op.MUL, Op.DIV):
        return f"{part(node, 0)}{'*' if op == Op.MUL else '/'}{part(node, 1)}"
    if op == Op.POW:
        return f"{part(node, 0)}^{part(node, 1)}"
    if op in COMPARISONS:
        return f"{part(node, 0)} {SIGNS[op]} {part(node, 1)}"
    count = len(node.args)
    if op in (Op.SUM, Op.PROD, Op.FORALL):
        return f"{op}({node.value}, {', '.join(part(node, k) for k in range(count))})"
    if op == Op.DD:
        return f"dd({part(node, 0)}; {', '.join(part(node, k) for k in range(1, count))})"
    if op in (Op.INCREASING, Op.DECREASING):
        return f"{op}({part(node, 0)}, {node.value})"
    if op in (Op.LIMIT, Op.RATE):
        return f"{op}({part(node, 0)}, {node.value}) == {part(node, 1)}"
    if op == Op.AND:
        texts, k = [], 0
        for run in chained(node):
            text = part(node, k)
            for c in range(k + 1, k + len(run)):
                text += f" {SIGNS[node.args[c].op]} {part(node.args[c], 1)}"
            texts.append(text)
            k += len(run)
        return " and ".join(texts)
    if op in (Op.IMPLIES, Op.IFF):
        return f"{part(node, 0)} {op} {part(node, 1)}"
    if op == Op.RECURRENCE:
        index, names = node.value
        n = len(names)
        definitions = ", ".join(f"{x}(0) = {part(node, k)}, {x}({index}+1) = {_stated(part(node, n + k), index)}"
                                for k, x in enumerate(names))
        forms = ", ".join(f"{x}({index}) = {part(node, 2 * n + k)}" for k, x in enumerate(names))
        return f"recurrence {definitions} has closed form {forms}"
    return f"{op}({', '.join(part(node, k) for k in range(count))})"


def _stated(step: str, index: str) -> str:
    return step.replace("(.)", f"({index})")


def decimal(q: Fraction) -> str:
    """The finite decimal expansion of q >= 0."""
    places, scale = 0, q.denominator
    while scale % 10 == 0:
        places, scale = places + 1, scale // 10
    while scale != 1:  # 2^a or 5^a: each step makes one more decimal place
        scale = scale // 2 if scale % 2 == 0 else scale // 5
        places += 1
    if not places:
        return str(q.numerator)
    digits = str(q.numerator * 10**places // q.denominator).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"
