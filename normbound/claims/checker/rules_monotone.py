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
from normbound.claims.syntax import (
    ABS,
    ADD,
    DD,
    DIV,
    ELT,
    EQ,
    EXP,
    GE,
    GT,
    LE,
    LOG,
    LT,
    MAX,
    MIN,
    MUL,
    NE,
    NEG,
    NUM,
    POW,
    PROD,
    SQRT,
    SUB,
    SUM,
    Node,
    literal,
    substitute,
)

Data = Mapping[str, Any]
Pairs = list[tuple[str, Node, Node]]  # op, left, right: comparisons that become premises
OPS = {"ge": GE, "gt": GT, "le": LE, "lt": LT, "ne": NE, "eq": EQ}


def monotone_parts(a: Node, b: Node) -> bool:
    """Whether the two are the same operator with the same number of parts, so that the rule ``monotone`` may apply."""
    return a.op == b.op and len(a.args) == len(b.args) and a.op in (
        ADD, SUB, NEG, MUL, DIV, POW, SQRT, EXP, LOG, ABS, MIN, MAX, DD, SUM, PROD)


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
    op, a, b = compared(sequent.goal, LE, LT)
    way = string(data.get("way", ""))
    if not monotone_parts(a, b):
        reject(f"found {a.op} and {b.op}; accepted: the same operator on both sides")
    if a.op in (SUM, PROD):
        return _over_index(sequent, op, a, b, way)
    strict = data.get("strict", 0)
    if strict not in (0, 1) or isinstance(strict, bool):
        reject(f"found strict = {str(strict)[:20]}; accepted: 0, 1")
    pairs = _pairs(op, a, b, way, strict)
    return [sequent.aim(Node(o, (x, y))) for o, x, y in pairs]


def _pairs(op: str, a: Node, b: Node, way: str, strict: int) -> Pairs:
    kind = a.op
    x, y = a.args, b.args
    if kind in (SQRT, EXP, LOG):
        return [(op, x[0], y[0])]
    if kind == NEG:
        return [(op, y[0], x[0])]
    if kind in (MIN, MAX):
        return [(op, s, t) for s, t in zip(x, y, strict=True) if op == LT or s != t]
    if kind == ABS:
        if way == "negative":
            return [(LE, x[0], NOUGHT), (op, y[0], x[0])]
        return [(LE, NOUGHT, x[0]), (op, x[0], y[0])]
    if kind == DD:
        if x[0] != y[0] or op == LT:
            reject("dd is compared at equal depths, with <=")
        return [p for s, t in zip(x[1:], y[1:], strict=True) for p in ((LE, NOUGHT, s), (LE, s, t))]
    if kind in (ADD, SUB):
        found = []
        for k in (0, 1):
            o = op if op == LE or k == strict else LE
            if x[k] != y[k] or o == LT:
                found.append((o, y[k], x[k]) if kind == SUB and k else (o, x[k], y[k]))
        return found
    if kind == MUL:
        return _product(op, x, y, way, strict)
    if kind == DIV:
        return _quotient(op, x, y, way, strict)
    return _power(op, x, y, way)


def _product(op: str, x: tuple[Node, ...], y: tuple[Node, ...], way: str, strict: int) -> Pairs:
    if way == "negative":
        for k in (0, 1):
            if x[k] == y[k]:
                return [(LE if op == LE else LT, x[k], NOUGHT), (op, y[1 - k], x[1 - k])]
        reject("no factor is common")
    # first: a c <= b c <= b d; second: a c <= a d <= b d
    beside = (x[1], y[0]) if way != "second" else (y[1], x[0])  # what the changes of the first and second factor are multiplied by
    found: Pairs = []
    for k in (0, 1):
        sharp = op == LT and k == strict
        if x[k] != y[k] or sharp:
            found.append((LT if sharp else LE, NOUGHT, beside[k]))
            found.append((LT if sharp else LE, x[k], y[k]))
    return found


def _quotient(op: str, x: tuple[Node, ...], y: tuple[Node, ...], way: str, strict: int) -> Pairs:
    if way == "negative":
        if x[1] != y[1]:
            reject("the denominators differ")
        return [(LT, x[1], NOUGHT), (op, y[0], x[0])]
    found: Pairs = [(LT, NOUGHT, y[1])]  # and x[1] >= y[1], so both are positive
    sharp = op == LT and strict == 0
    if x[0] != y[0] or sharp:
        found.append((LT if sharp else LE, x[0], y[0]))
    sharp = op == LT and strict == 1
    if x[1] != y[1] or sharp:
        found.append((LT if sharp else LE, y[1], x[1]))
        found.append((LT if sharp else LE, NOUGHT, x[0] if way == "second" else y[0]))
    return found


def _power(op: str, x: tuple[Node, ...], y: tuple[Node, ...], way: str) -> Pairs:
    (a, d), (b, e) = x, y
    if d == e:
        n = literal(e)
        if way in ("odd", "even"):
            if n is None or n.denominator != 1 or n <= 0 or (n % 2 == 1) != (way == "odd"):
                reject(f"found the exponent {e}; accepted: a positive {way} literal")
            return [(op, a, b)] if way == "odd" else [(op, a, b), (op, Node(NEG, (b,)), a)]
        if way == "negative":
            return [(LT, NOUGHT, b), (op, b, a), (op, e, NOUGHT)]
        return [(LE, NOUGHT, a), (op, a, b), (op, NOUGHT, e)]
    if a == b:
        if way == "small":
            return [(op, NOUGHT, a), (op, a, ONE), (op, e, d), (LE, NOUGHT, e)]
        return [(op, ONE, a), (op, d, e)]
    if op == LT:
        reject("found < between powers that differ in base and exponent; accepted: <=")
    if way == "small":
        return [(LE, NOUGHT, a), (LE, a, ONE), (LE, e, d), (LE, NOUGHT, e), (LE, a, b)]
    return [(LE, NOUGHT, a), (LE, a, b), (LE, NOUGHT, d), (LE, ONE, b), (LE, d, e)]


def _over_index(sequent: Sequent, op: str, a: Node, b: Node, way: str) -> list[Sequent]:
    """Sums and products over an index."""
    (low_a, high_a, body_a), (low_b, high_b, body_b) = a.args, b.args
    if way in ("range", "shrink"):
        if op == LT:
            reject("found <; accepted: <= between sums or products over different ranges")
        large, small = (a, b) if way == "shrink" else (b, a)
        if way == "shrink" and a.op == SUM:
            reject("found shrink for a sum; accepted for products")
        inner, index = opened(sequent, large.value, *large.args[:2])
        body = substitute(large.args[2], {large.value: index})
        if substitute(small.args[2], {small.value: index}) != body:
            reject("the bodies differ")
        found = [sequent.aim(Node(LE, (large.args[0], small.args[0]))), sequent.aim(Node(LE, (small.args[1], large.args[1])))]
        if way == "shrink":
            return [*found, inner.aim(Node(LE, (NOUGHT, body))), inner.aim(Node(LE, (body, ONE)))]
        return [*found, inner.aim(Node(LE, (NOUGHT if a.op == SUM else ONE, body)))]
    if (low_a, high_a) != (low_b, high_b):
        reject("the ranges differ; accepted with the way range")
    inner, index = opened(sequent, a.value, low_a, high_a)
    left, right = substitute(body_a, {a.value: index}), substitute(body_b, {b.value: index})
    found = [inner.aim(Node(op, (left, right)))]
    if a.op == PROD:
        found.insert(0, inner.aim(Node(LE, (NOUGHT, left))))
    if op == LT:
        if a.op == PROD:
            reject("found < between products; accepted: <=")
        found.insert(0, sequent.aim(Node(LE, (low_a, high_a))))
    return found


@rule("congruence")
def congruence(sequent: Sequent, data: Data) -> list[Sequent]:
    """f(a, ...) == f(b, ...) from a == b, ... for an operator; under an index for each index of the range."""
    _, a, b = compared(sequent.goal, EQ)
    if a.op != b.op or len(a.args) != len(b.args) or not a.args:
        reject(f"found {a.op} and {b.op}; accepted: the same operator on both sides")
    if a.op in (SUM, PROD):
        if a.args[:2] != b.args[:2]:
            reject("the ranges differ")
        inner, index = opened(sequent, a.value, *a.args[:2])
        return [inner.aim(Node(EQ, (substitute(a.args[2], {a.value: index}), substitute(b.args[2], {b.value: index}))))]
    if a.value != b.value or a.op in (NUM, ELT) or a.is_statement:
        reject(f"found {a.op}; accepted: an operator")
    return [sequent.aim(Node(EQ, (x, y))) for x, y in zip(a.args, b.args, strict=True) if x != y]


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
    if e.op == SUB:
        return [sequent.aim(Node(goal.op, e.args))]
    if e.op == LOG:
        return [sequent.aim(Node(goal.op, (e.args[0], ONE)))]
    claims = entry(data, "signs")
    if not isinstance(claims, Mapping) or not set(claims) <= {str(k) for k in range(len(e.args))}:
        reject(f"found the signs {str(claims)[:60]}; accepted: argument number -> sign")
    if e.op not in (ADD, NEG, MUL, DIV, POW, SQRT, EXP, ABS, MIN, MAX, DD, SUM, PROD):
        reject(f"found {e.op}; accepted: an operator")
    parts = list(e.args)
    inner = sequent
    if e.op in (SUM, PROD):
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
            premises.append((inner if k == 2 and e.op in (SUM, PROD) else sequent).aim(Node(OPS[text], (part, NOUGHT))))
    if sequent.signs.of_operator(e, tuple(parts), masks) & ~DIFFERENCE[goal.op]:
        reject("these signs of the arguments do not give the sign")
    return premises


@rule("map")
def map_(sequent: Sequent, data: Data) -> list[Sequent]:
    """a <= b (also <, ==) from f(a) <= f(b) for the increasing function that data ``by`` names.

    square  b >= 0, a^2 <= b^2 (for ==: also a >= 0)     exp  exp(a) <= exp(b)     log  a > 0, b > 0, log(a) <= log(b)
    sqrt  a >= 0, b >= 0, sqrt(a) <= sqrt(b)             reciprocal  a > 0, b > 0, 1/b <= 1/a
    """
    op, a, b = compared(sequent.goal, LE, LT, EQ)
    by = string(entry(data, "by"))

    def signed(o: str, *nodes: Node) -> list[Sequent]:
        return [sequent.aim(Node(o, (x, NOUGHT))) for x in nodes]

    if by == "square":
        square = Node(NUM, (), ONE.value + 1)
        premise = sequent.aim(Node(op, (Node(POW, (a, square)), Node(POW, (b, square)))))
        return [*signed(GE, *((a, b) if op == EQ else (b,))), premise]
    if by == "exp":
        return [sequent.aim(Node(op, (Node(EXP, (a,)), Node(EXP, (b,)))))]
    if by == "log":
        return [*signed(GT, a, b), sequent.aim(Node(op, (Node(LOG, (a,)), Node(LOG, (b,)))))]
    if by == "sqrt":
        return [*signed(GE, a, b), sequent.aim(Node(op, (Node(SQRT, (a,)), Node(SQRT, (b,)))))]
    if by == "reciprocal":
        return [*signed(GT, a, b), sequent.aim(Node(op, (Node(DIV, (ONE, b)), Node(DIV, (ONE, a)))))]
    reject(f"found the map {by[:20]!r}; accepted: square, exp, log, sqrt, reciprocal")


__all__ = ["OPS", "monotone_parts"]
