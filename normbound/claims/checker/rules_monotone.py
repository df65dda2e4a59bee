"""Monotonicity of each operator, signs by structure, and maps applied to both sides.

The rules take one operator at a time; a tree of them is a monotonicity tree. Premises speak of arguments of the operator
only, which are defined because the goal is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normbound.claims.checker.obligations import opened
from normbound.claims.checker.registry import reject, rule
from normbound.claims.checker.rules_logic import FLIPPED, compared
from normbound.claims.checker.sequent import Sequent, entry, string
from normbound.claims.checker.signs import DIFFERENCE, NOUGHT, ONE
from normbound.claims.syntax import Node, Op, literal, substitute

Data = Mapping[str, Any]
Pairs = list[tuple[str, Node, Node]]  # op, left, right: comparisons that become premises
OPS = {"ge": Op.GE, "gt": Op.GT, "le": Op.LE, "lt": Op.LT, "ne": Op.NE, "eq": Op.EQ}


def monotone_parts(a: Node, b: Node) -> bool:
    """Whether the two are the same operator with the same number of parts, so that the rule ``monotone`` may apply."""
    return a.op == b.op and len(a.args) == len(b.args) and a.op in (
        Op.ADD, Op.SUB, Op.NEG, Op.MUL, Op.DIV, Op.POW, Op.SQRT, Op.EXP, Op.LOG, Op.ABS, Op.MIN, Op.MAX, Op.DD, Op.SUM, Op.PROD)


@rule("monotone")
def monotone(sequent: Sequent, data: Data) -> list[Sequent]:
    """f(a, ...) <= f(b, ...), also <, from comparisons of the arguments and signs; equal arguments need no comparison.

    a + c <= b + d    a <= b, c <= d                a - c <= b - d    a <= b, d <= c          -a <= -b    b <= a
    a c <= b d        a <= b, c <= d; c >= 0 if a, b differ; b >= 0 if c, d differ;  way "second": d >= 0, a >= 0 instead;
                      way "negative", one factor c common: c <= 0, b <= a
    a/c <= b/d        a <= b, d <= c, d > 0, b >= 0 if c, d differ; way "second": a >= 0 instead; "negative", c = d: c < 0, b <= a
    a^e <= b^e        0 <= a, a <= b, e >= 0; "odd": a <= b for an odd literal e > 0; "even": a <= b, -b <= a for an even literal e > 0;
                      "negative": 0 < b, b <= a, e <= 0
    a^d <= a^e        1 <= a, d <= e; "small": 0 <= a, a <= 1, e <= d, e >= 0
    a^d <= b^e        "large": 0 <= a, a <= b, d >= 0, 1 <= b, d <= e; "small": 0 <= a, a <= 1, e <= d, e >= 0, a <= b
    sqrt, exp, log    a <= b          abs   0 <= a, a <= b; "negative": a <= 0, b <= a          max, min   part by part
    dd(K; a, ...)     the same K, 0 <= a, a <= b for each pair of nodes
    sum(i, l, h, a) <= sum(i, l, h, b)      a <= b for i from l to h; "range" with equal bodies: d >= 0 for i in the larger range
    prod              the same with 0 <= a; "range": 1 <= body in the larger range, "shrink": 0 <= body, body <= 1, the left range larger
    For <: data "strict" is the number of the argument that is strict where one is enough (+, -, *, /).
    """
    op, a, b = compared(sequent.goal, Op.LE, Op.LT)
    way = string(data.get("way", ""))
    if not monotone_parts(a, b):
        reject(f"found {a.op} and {b.op}; accepted: the same operator on both sides")
    if a.op in (Op.SUM, Op.PROD):
        return _over_index(sequent, op, a, b, way)
    strict = data.get("strict", 0)
    if strict not in (0, 1) or isinstance(strict, bool):
        reject(f"found strict = {str(strict)[:20]}; accepted: 0, 1")
    pairs = _pairs(op, a, b, way, strict)
    return [sequent.aim(Node(o, (x, y))) for o, x, y in pairs]


def _pairs(op: str, a: Node, b: Node, way: str, strict: int) -> Pairs:
    kind = a.op
    x, y = a.args, b.args
    if kind in (Op.SQRT, Op.EXP, Op.LOG):
        return [(op, x[0], y[0])]
    if kind == Op.NEG:
        return [(op, y[0], x[0])]
    if kind in (Op.MIN, Op.MAX):
        return [(op, s, t) for s, t in zip(x, y, strict=True) if op == Op.LT or s != t]
    if kind == Op.ABS:
        if way == "negative":
            return [(Op.LE, x[0], NOUGHT), (op, y[0], x[0])]
        return [(Op.LE, NOUGHT, x[0]), (op, x[0], y[0])]
    if kind == Op.DD:
        if x[0] != y[0] or op == Op.LT:
            reject("dd is compared at equal depths, with <=")
        return [p for s, t in zip(x[1:], y[1:], strict=True) for p in ((Op.LE, NOUGHT, s), (Op.LE, s, t))]
    if kind in (Op.ADD, Op.SUB):
        found = []
        for k in (0, 1):
            o = op if op == Op.LE or k == strict else Op.LE
            if x[k] != y[k] or o == Op.LT:
                found.append((o, y[k], x[k]) if kind == Op.SUB and k else (o, x[k], y[k]))
        return found
    if kind == Op.MUL:
        return _product(op, x, y, way, strict)
    if kind == Op.DIV:
        return _quotient(op, x, y, way, strict)
    return _power(op, x, y, way)


def _product(op: str, x: tuple[Node, ...], y: tuple[Node, ...], way: str, strict: int) -> Pairs:
    if way == "negative":
        for k in (0, 1):
            if x[k] == y[k]:
                return [(Op.LE if op == Op.LE else Op.LT, x[k], NOUGHT), (op, y[1 - k], x[1 - k])]
        reject("no factor is common")
    # first: a c <= b c <= b d; second: a c <= a d <= b d
    beside = (x[1], y[0]) if way != "second" else (y[1], x[0])  # what the changes of the first and second factor are multiplied by
    found: Pairs = []
    for k in (0, 1):
        sharp = op == Op.LT and k == strict
        if x[k] != y[k] or sharp:
            found.append((Op.LT if sharp else Op.LE, NOUGHT, beside[k]))
            found.append((Op.LT if sharp else Op.LE, x[k], y[k]))
    return found


def _quotient(op: str, x: tuple[Node, ...], y: tuple[Node, ...], way: str, strict: int) -> Pairs:
    if way == "negative":
        if x[1] != y[1]:
            reject("the denominators differ")
        return [(Op.LT, x[1], NOUGHT), (op, y[0], x[0])]
    found: Pairs = [(Op.LT, NOUGHT, y[1])]  # and x[1] >= y[1], so both are positive
    sharp = op == Op.LT and strict == 0
    if x[0] != y[0] or sharp:
        found.append((Op.LT if sharp else Op.LE, x[0], y[0]))
    sharp = op == Op.LT and strict == 1
    if x[1] != y[1] or sharp:
        found.append((Op.LT if sharp else Op.LE, y[1], x[1]))
        found.append((Op.LT if sharp else Op.LE, NOUGHT, x[0] if way == "second" else y[0]))
    return found


def _power(op: str, x: tuple[Node, ...], y: tuple[Node, ...], way: str) -> Pairs:
    (a, d), (b, e) = x, y
    if d == e:
        n = literal(e)
        if way in ("odd", "even"):
            if n is None or n.denominator != 1 or n <= 0 or (n % 2 == 1) != (way == "odd"):
                reject(f"found the exponent {e}; accepted: a positive {way} literal")
            return [(op, a, b)] if way == "odd" else [(op, a, b), (op, Node(Op.NEG, (b,)), a)]
        if way == "negative":
            return [(Op.LT, NOUGHT, b), (op, b, a), (op, e, NOUGHT)]
        return [(Op.LE, NOUGHT, a), (op, a, b), (op, NOUGHT, e)]
    if a == b:
        if way == "small":
            return [(op, NOUGHT, a), (op, a, ONE), (op, e, d), (Op.LE, NOUGHT, e)]
        return [(op, ONE, a), (op, d, e)]
    if op == Op.LT:
        reject("found < between powers that differ in base and exponent; accepted: <=")
    if way == "small":
        return [(Op.LE, NOUGHT, a), (Op.LE, a, ONE), (Op.LE, e, d), (Op.LE, NOUGHT, e), (Op.LE, a, b)]
    return [(Op.LE, NOUGHT, a), (Op.LE, a, b), (Op.LE, NOUGHT, d), (Op.LE, ONE, b), (Op.LE, d, e)]


def _over_index(sequent: Sequent, op: str, a: Node, b: Node, way: str) -> list[Sequent]:
    """Sums and products over an index."""
    (low_a, high_a, body_a), (low_b, high_b, body_b) = a.args, b.args
    if way in ("range", "shrink"):
        if op == Op.LT:
            reject("found <; accepted: <= between sums or products over different ranges")
        large, small = (a, b) if way == "shrink" else (b, a)
        if way == "shrink" and a.op == Op.SUM:
            reject("found shrink for a sum; accepted for products")
        inner, index = opened(sequent, large.value, *large.args[:2])
        body = substitute(large.args[2], {large.value: index})
        if substitute(small.args[2], {small.value: index}) != body:
            reject("the bodies differ")
        found = [sequent.aim(Node(Op.LE, (large.args[0], small.args[0]))), sequent.aim(Node(Op.LE, (small.args[1], large.args[1])))]
        if way == "shrink":
            return [*found, inner.aim(Node(Op.LE, (NOUGHT, body))), inner.aim(Node(Op.LE, (body, ONE)))]
        return [*found, inner.aim(Node(Op.LE, (NOUGHT if a.op == Op.SUM else ONE, body)))]
    if (low_a, high_a) != (low_b, high_b):
        reject("the ranges differ; accepted with the way range")
    inner, index = opened(sequent, a.value, low_a, high_a)
    left, right = substitute(body_a, {a.value: index}), substitute(body_b, {b.value: index})
    found = [inner.aim(Node(op, (left, right)))]
    if a.op == Op.PROD:
        found.insert(0, inner.aim(Node(Op.LE, (NOUGHT, left))))
    if op == Op.LT:
        if a.op == Op.PROD:
            reject("found < between products; accepted: <=")
        found.insert(0, sequent.aim(Node(Op.LE, (low_a, high_a))))
    return found


@rule("congruence")
def congruence(sequent: Sequent, data: Data) -> list[Sequent]:
    """f(a, ...) == f(b, ...) from a == b, ... for an operator; under an index for each index of the range."""
    _, a, b = compared(sequent.goal, Op.EQ)
    if a.op != b.op or len(a.args) != len(b.args) or not a.args:
        reject(f"found {a.op} and {b.op}; accepted: the same operator on both sides")
    if a.op in (Op.SUM, Op.PROD):
        if a.args[:2] != b.args[:2]:
            reject("the ranges differ")
        inner, index = opened(sequent, a.value, *a.args[:2])
        return [inner.aim(Node(Op.EQ, (substitute(a.args[2], {a.value: index}), substitute(b.args[2], {b.value: index}))))]
    if a.value != b.value or a.op in (Op.NUM, Op.ELT) or a.is_statement:
        reject(f"found {a.op}; accepted: an operator")
    return [sequent.aim(Node(Op.EQ, (x, y))) for x, y in zip(a.args, b.args, strict=True) if x != y]


@rule("sign")
def sign(sequent: Sequent, data: Data) -> list[Sequent]:
    """f(a, ...) op 0 from the signs of arguments that data ``signs`` claims: argument number -> le, lt, ge, gt, ne, eq (compared
    with 0), the rest evident. For sums and products over an index, argument 2 is the body, at every index. a - b op 0 from a op b;
    log(a) op 0 from a op 1."""
    goal = sequent.goal
    if goal.op in DIFFERENCE and goal.args[0] == NOUGHT:
        goal = Node(FLIPPED[goal.op], goal.args[::-1])
    if goal.op not in DIFFERENCE or goal.args[1] != NOUGHT:
        reject(f"found the goal {goal}; accepted: a comparison with 0")
    e = goal.args[0]
    if e.op == Op.SUB:
        return [sequent.aim(Node(goal.op, e.args))]
    if e.op == Op.LOG:
        return [sequent.aim(Node(goal.op, (e.args[0], ONE)))]
    claims = entry(data, "signs")
    if not isinstance(claims, Mapping) or not set(claims) <= {str(k) for k in range(len(e.args))}:
        reject(f"found the signs {str(claims)[:60]}; accepted: argument number -> sign")
    if e.op not in (Op.ADD, Op.NEG, Op.MUL, Op.DIV, Op.POW, Op.SQRT, Op.EXP, Op.ABS, Op.MIN, Op.MAX, Op.DD, Op.SUM, Op.PROD):
        reject(f"found {e.op}; accepted: an operator")
    parts = list(e.args)
    inner = sequent
    if e.op in (Op.SUM, Op.PROD):
        inner, index = opened(sequent, e.value, *e.args[:2])
        parts[2] = substitute(e.args[2], {e.value: index})
    masks = [(inner if k == 2 else sequent).signs.sign(p) for k, p in enumerate(parts)]  # only the body may use the range
    premises: list[Sequent] = []
    for k, part in enumerate(parts):
        text = claims.get(str(k))
        if text is not None:
            if not isinstance(text, str) or text not in OPS:
                reject(f"found the sign {str(text)[:20]}; accepted: {', '.join(OPS)}")
            masks[k] &= DIFFERENCE[OPS[text]]
            premises.append((inner if k == 2 and e.op in (Op.SUM, Op.PROD) else sequent).aim(Node(OPS[text], (part, NOUGHT))))
    if sequent.signs.of_operator(e, tuple(parts), masks) & ~DIFFERENCE[goal.op]:
        reject("these signs of the arguments do not give the sign")
    return premises


@rule("map")
def map_(sequent: Sequent, data: Data) -> list[Sequent]:
    """a <= b (also <, ==) from f(a) <= f(b) for the increasing function that data ``by`` names.

    square  b >= 0, a^2 <= b^2 (for ==: also a >= 0)     exp  exp(a) <= exp(b)     log  a > 0, b > 0, log(a) <= log(b)
    sqrt  a >= 0, b >= 0, sqrt(a) <= sqrt(b)             reciprocal  a > 0, b > 0, 1/b <= 1/a
    """
    op, a, b = compared(sequent.goal, Op.LE, Op.LT, Op.EQ)
    by = string(entry(data, "by"))

    def signed(o: str, *nodes: Node) -> list[Sequent]:
        return [sequent.aim(Node(o, (x, NOUGHT))) for x in nodes]

    if by == "square":
        square = Node(Op.NUM, (), ONE.value + 1)
        premise = sequent.aim(Node(op, (Node(Op.POW, (a, square)), Node(Op.POW, (b, square)))))
        return [*signed(Op.GE, *((a, b) if op == Op.EQ else (b,))), premise]
    if by == "exp":
        return [sequent.aim(Node(op, (Node(Op.EXP, (a,)), Node(Op.EXP, (b,)))))]
    if by == "log":
        return [*signed(Op.GT, a, b), sequent.aim(Node(op, (Node(Op.LOG, (a,)), Node(Op.LOG, (b,)))))]
    if by == "sqrt":
        return [*signed(Op.GE, a, b), sequent.aim(Node(op, (Node(Op.SQRT, (a,)), Node(Op.SQRT, (b,)))))]
    if by == "reciprocal":
        return [*signed(Op.GT, a, b), sequent.aim(Node(op, (Node(Op.DIV, (ONE, b)), Node(Op.DIV, (ONE, a)))))]
    reject(f"found the map {by[:20]!r}; accepted: square, exp, log, sqrt, reciprocal")


__all__ = ["OPS", "monotone_parts"]
