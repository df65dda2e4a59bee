"""Named inequalities about powers, exponentials and sums: the rules ``lemma`` and ``squared``.

    {"name": lemma, "args": ["expression", ...]}
adds the conclusion of the lemma to the hypotheses. Premises: that the arguments are defined, the conditions of the lemma that are
not evident, then the sequent with the conclusion as its last hypothesis.

    bernoulli(t, n)       1 + n*t <= (1 + t)^n                    n natural by form, t >= -1
    exp(t)                1 + t <= exp(t)
    log(u)                log(u) <= u - 1                         u > 0
    log_above(u)          1 - 1/u <= log(u)                       u > 0
    amgm(a, b, ...)       a*b*... <= ((a + b + ...)/n)^n          n terms, 2 <= n <= 20, all >= 0
    cauchy(A, B)          sum(a*b)^2 <= sum(a^2)*sum(b^2)         A, B are the sums of a and b over the same range
    triangle(A)           abs(sum(a)) <= sum(abs(a))              A is the sum of a
    means(A)              prod(a) <= (sum(a)/m)^m, m = hi-lo+1    A is the sum of a over lo, ..., hi; lo <= hi, all a >= 0
    member(A, e)          a at e <= sum(a)                        A as above, lo <= e <= hi, e integer by form, all a >= 0
    geometric(A)          sum(q^i) == (q^lo - q^(hi+1))/(1 - q)   A is the sum of q^i, lo natural by form, lo <= hi+1, q != 1
    powersum(A)           sum(i^p) in closed form                 A is the sum of i, i^2 or i^3 over 0 or 1, ..., hi; hi >= 0
    small(x, n)           x^n <= 1                                n natural by form, 0 <= x <= 1
    large(x, n)           1 <= x^n                                n natural by form, x >= 1
    ordered(x, y, n)      x^n <= y^n                              n natural by form, 0 <= x <= y
    exp_ordered(x, y)     exp(x) <= exp(y)                        x <= y
    dd_above(D)           dd(n; x, y) <= n*y^(n-1)                D = dd(n; x, y), 0 <= x <= y, n >= 1
    dd_below(D)           n*x^(n-1) <= dd(n; x, y)                D = dd(n; x, y), 0 <= x <= y, n >= 1
    dd_small(D)           dd(n; x, y) <= n                        D = dd(n; x, y), 0 <= x <= 1, 0 <= y <= 1
    dd_member(D, x)       x^(n-1) <= dd(n; x, y)                  D = dd(n; x, y) or dd(n; y, x), x, y >= 0, n >= 1

Rule ``squared``: a <= b from 0 <= b and a^2 <= b^2.

Sources: Bernoulli; convexity of exp; the inequality of arithmetic and geometric means; Cauchy and Schwarz.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from normbound.claims.checker.obligations import needs
from normbound.claims.checker.registry import reject, rule
from normbound.claims.checker.sequent import Sequent, entry, listing, mentions, string
from normbound.claims.sorts import is_integer, is_natural
from normbound.claims.syntax import Node, Op, number, substitute, variable

ZERO, ONE, TWO = number(0), number(1), number(2)
MAX_MEANS = 20
Lemma = Callable[[Sequent, list[Node]], tuple[list[Node], Node]]  # to conditions and conclusion


def expect(args: list[Node], count: int) -> None:
    if len(args) != count:
        reject(f"found {len(args)} arguments; accepted: {count}")


def summed(node: Node) -> tuple[str, Node, Node, Node]:
    """Index, ends and body of a sum."""
    if node.op != Op.SUM:
        reject(f"found {str(node)[:60]}; accepted: a sum over an index")
    return node.value, *node.args  # type: ignore[return-value]


def bernoulli(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 2)
    t, n = args
    if not is_natural(n, sequent.sorts):
        reject(f"found the exponent {str(n)[:60]}; accepted: a natural number by its form")
    line, power = Node(Op.ADD, (ONE, Node(Op.MUL, (n, t)))), Node(Op.POW, (Node(Op.ADD, (ONE, t)), n))
    return [Node(Op.LE, (number(-1), t))], Node(Op.LE, (line, power))


def exponential(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 1)
    return [], Node(Op.LE, (Node(Op.ADD, (ONE, args[0])), Node(Op.EXP, (args[0],))))


def logarithm(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 1)
    return [Node(Op.LT, (ZERO, args[0]))], Node(Op.LE, (Node(Op.LOG, (args[0],)), Node(Op.SUB, (args[0], ONE))))


def logarithm_above(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 1)
    line = Node(Op.SUB, (ONE, Node(Op.DIV, (ONE, args[0]))))
    return [Node(Op.LT, (ZERO, args[0]))], Node(Op.LE, (line, Node(Op.LOG, (args[0],))))


def amgm(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    count = len(args)
    if not 2 <= count <= MAX_MEANS:
        reject(f"found {count} terms; accepted: 2 to {MAX_MEANS}")
    total = product = args[0]
    for a in args[1:]:
        total, product = Node(Op.ADD, (total, a)), Node(Op.MUL, (product, a))
    mean = Node(Op.DIV, (total, number(count)))
    return [Node(Op.LE, (ZERO, a)) for a in args], Node(Op.LE, (product, Node(Op.POW, (mean, number(count)))))


def cauchy(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 2)
    i, lo, hi, a = summed(args[0])
    j, lo_b, hi_b, b = summed(args[1])
    if (lo, hi) != (lo_b, hi_b):
        reject("the two sums have different ranges")
    if i != j:
        if mentions(b, i):
            reject(f"the second sum speaks of the index {i} of the first")
        b = substitute(b, {j: variable(i)})

    mixed, squares_a, squares_b = (Node(Op.SUM, (lo, hi, e), i) for e in (
        Node(Op.MUL, (a, b)), Node(Op.POW, (a, TWO)), Node(Op.POW, (b, TWO))))
    return [], Node(Op.LE, (Node(Op.POW, (mixed, TWO)), Node(Op.MUL, (squares_a, squares_b))))


def triangle(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 1)
    i, lo, hi, a = summed(args[0])
    return [], Node(Op.LE, (Node(Op.ABS, (args[0],)), Node(Op.SUM, (lo, hi, Node(Op.ABS, (a,))), i)))


def means(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 1)
    i, lo, hi, a = summed(args[0])
    count = hi if lo == ONE else Node(Op.ADD, (Node(Op.SUB, (hi, lo)), ONE))
    conditions = [Node(Op.LE, (lo, hi)), Node(Op.FORALL, (lo, hi, Node(Op.LE, (ZERO, a))), i)]
    return conditions, Node(Op.LE, (Node(Op.PROD, (lo, hi, a), i), Node(Op.POW, (Node(Op.DIV, (args[0], count)), count))))


def member(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 2)
    i, lo, hi, a = summed(args[0])
    e = args[1]
    if not is_integer(e, sequent.sorts):
        reject(f"found the index {str(e)[:60]}; accepted: an integer by its form")
    conditions = [Node(Op.LE, (lo, e)), Node(Op.LE, (e, hi)), Node(Op.FORALL, (lo, hi, Node(Op.LE, (ZERO, a))), i)]
    return conditions, Node(Op.LE, (substitute(a, {i: e}), args[0]))


def geometric(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 1)
    i, lo, hi, a = summed(args[0])
    if a.op != Op.POW or a.args[1] != variable(i) or mentions(a.args[0], i):
        reject(f"found the term {str(a)[:60]}; accepted: q^{i}, q free of {i}")
    if not is_natural(lo, sequent.sorts):
        reject(f"found the lower end {str(lo)[:60]}; accepted: a natural number by its form")
    q, after = a.args[0], Node(Op.ADD, (hi, ONE))
    value = Node(Op.DIV, (Node(Op.SUB, (Node(Op.POW, (q, lo)), Node(Op.POW, (q, after)))), Node(Op.SUB, (ONE, q))))
    return [Node(Op.LE, (lo, after)), Node(Op.NE, (Node(Op.SUB, (ONE, q)), ZERO))], Node(Op.EQ, (args[0], value))


def powersum(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 1)
    i, lo, n, a = summed(args[0])
    index, after = variable(i), Node(Op.ADD, (n, ONE))
    if lo not in (ZERO, ONE):
        reject(f"found the lower end {str(lo)[:60]}; accepted: 0, 1")
    half = Node(Op.DIV, (Node(Op.MUL, (n, after)), TWO))
    if a == index:
        value = half
    elif a == Node(Op.POW, (index, TWO)):
        value = Node(Op.DIV, (Node(Op.MUL, (half, Node(Op.ADD, (Node(Op.MUL, (TWO, n)), ONE)))), number(3)))
    elif a == Node(Op.POW, (index, number(3))):
        value = Node(Op.POW, (half, TWO))
    else:
        reject(f"found the term {str(a)[:60]}; accepted: {i}, {i}^2, {i}^3")
    return [Node(Op.LE, (ZERO, n))], Node(Op.EQ, (args[0], value))


def power_of(sequent: Sequent, base: Node, exponent: Node) -> Node:
    if not is_natural(exponent, sequent.sorts):
        reject(f"found the exponent {str(exponent)[:60]}; accepted: a natural number by its form")
    return Node(Op.POW, (base, exponent))


def small(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 2)
    return [Node(Op.LE, (ZERO, args[0])), Node(Op.LE, (args[0], ONE))], Node(Op.LE, (power_of(sequent, *args), ONE))


def large(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 2)
    return [Node(Op.LE, (ONE, args[0]))], Node(Op.LE, (ONE, power_of(sequent, *args)))


def ordered(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 3)
    x, y, n = args
    return [Node(Op.LE, (ZERO, x)), Node(Op.LE, (x, y))], Node(Op.LE, (power_of(sequent, x, n), power_of(sequent, y, n)))


def exp_ordered(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 2)
    x, y = args
    return [Node(Op.LE, (x, y))], Node(Op.LE, (Node(Op.EXP, (x,)), Node(Op.EXP, (y,))))


def two_nodes(node: Node) -> tuple[Node, Node, Node, Node]:
    """Depth n, the two nodes, and n - 1 of a divided difference."""
    if node.op != Op.DD or len(node.args) != 3:
        reject(f"found {str(node)[:60]}; accepted: dd with two nodes")
    n, x, y = node.args
    return n, x, y, Node(Op.SUB, (n, ONE))


def dd_above(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 1)
    n, x, y, less = two_nodes(args[0])
    return ([Node(Op.LE, (ZERO, x)), Node(Op.LE, (x, y)), Node(Op.LE, (ONE, n))],
            Node(Op.LE, (args[0], Node(Op.MUL, (n, Node(Op.POW, (y, less)))))))


def dd_below(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 1)
    n, x, y, less = two_nodes(args[0])
    return ([Node(Op.LE, (ZERO, x)), Node(Op.LE, (x, y)), Node(Op.LE, (ONE, n))],
            Node(Op.LE, (Node(Op.MUL, (n, Node(Op.POW, (x, less)))), args[0])))


def dd_small(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 1)
    n, x, y, _ = two_nodes(args[0])
    return [Node(Op.LE, pair) for e in (x, y) for pair in ((ZERO, e), (e, ONE))], Node(Op.LE, (args[0], n))


def dd_member(sequent: Sequent, args: list[Node]) -> tuple[list[Node], Node]:
    expect(args, 2)
    n, x, y, less = two_nodes(args[0])
    if args[1] not in (x, y):
        reject(f"found {str(args[1])[:60]}; accepted: one of the nodes")
    return ([Node(Op.LE, (ZERO, x)), Node(Op.LE, (ZERO, y)), Node(Op.LE, (ONE, n))], Node(Op.LE, (Node(Op.POW, (args[1], less)), args[0])))


LEMMAS: dict[str, Lemma] = {
    "bernoulli": bernoulli, "exp": exponential, "log": logarithm,
    "log_above": logarithm_above, "amgm": amgm, "cauchy": cauchy, "triangle": triangle,
    "means": means, "member": member, "geometric": geometric,
    "powersum": powersum, "small": small, "large": large, "ordered": ordered,
    "exp_ordered": exp_ordered, "dd_above": dd_above, "dd_below": dd_below, "dd_small": dd_small,
    "dd_member": dd_member}


@rule("lemma")
def lemma(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """See the head of the module."""
    name = string(entry(data, "name"))
    if name not in LEMMAS:
        reject(f"found the lemma {name[:40]!r}; accepted: {', '.join(LEMMAS)}")
    args = [sequent.expression(t) for t in listing(entry(data, "args"), MAX_MEANS)]
    conditions, conclusion = LEMMAS[name](sequent, args)
    premises = needs(sequent, *args)
    if name == "geometric":  # q is a part that an empty sum need not define
        premises += needs(sequent, args[0].args[2].args[0])
    premises += [sequent.aim(c) for c in conditions if not sequent.signs.holds(c)]
    return [*premises, sequent.assume(conclusion)]


@rule("squared")
def squared(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """a <= b (or <) from 0 <= b and a^2 <= b^2 (or <); >= and > are read turned round. No data."""
    goal = sequent.goal
    if goal.op not in (Op.LE, Op.LT, Op.GE, Op.GT):
        reject(f"found the goal {str(goal)[:60]}; accepted: <=, <, >=, >")
    a, b = goal.args if goal.op in (Op.LE, Op.LT) else goal.args[::-1]
    squares = tuple(Node(Op.POW, (x, TWO)) for x in (a, b))
    return [sequent.aim(Node(Op.LE, (ZERO, b))), sequent.aim(Node(Op.LE if goal.op in (Op.LE, Op.GE) else Op.LT, squares))]


__all__ = ["LEMMAS", "lemma", "squared"]
