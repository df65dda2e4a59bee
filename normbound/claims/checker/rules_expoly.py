"""Equations of sums, products, powers and divided differences: the rule ``unfold``.

    {"equation": name, "term": "expression", ...}
Every occurrence of the term in goal and hypotheses is replaced by the other side. Premises: the conditions that are not
evident, then the new sequent. Together with induction and the exact linear algebra of ``loglinear`` these equations prove
identities of exponential polynomials: nothing else is known here about closed forms.

    last       sum(i, lo, hi, e) = sum(i, lo, hi-1, e) + e at hi               lo <= hi; products likewise
    first      sum(i, lo, hi, e) = e at lo + sum(i, lo+1, hi, e)               lo <= hi; products likewise
    empty      sum = 0, product = 1                                            hi < lo
    listed     all terms, one by one                                           ends that are numbers, at most 20 terms
    depth      dd(d; a, ..., r) = r*dd(d-1; a, ..., r) + dd(d-1; a, ...)       d >= 1, r the node number "node"
    short      dd(d; a1, ..., am) = 0 for d < m-1, 1 for d = m-1               d a number
    single     dd(d; a) = a^d
    distinct   dd(d; a, b, ...) = (dd(d; a, ...) - dd(d; b, ...))/(a - b)      a != b, the nodes with numbers "nodes"
    equal      dd(d; a, ..., a) = d*(d-1)*.../(m-1)!*a^(d-m+1), m nodes      d >= m-1 or a != 0; 2 <= m <= 8
    terms      dd(d; a, b) = sum(i, 0, d-1, a^i*b^(d-1-i))                 two nodes
    order      dd(d; ...) with its nodes in the order "order"
    nought     0^d = 0                                                     d >= 1
    factor     x^(e+f) = x^e*x^f                                               e, f natural by form, or x > 0

Source: Newton's recursion of divided differences; normbound's design.md (dd is the divided difference of z^d).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from normbound.claims.checker.registry import reject, rule
from normbound.claims.checker.rules_logic import checked, rewritten
from normbound.claims.checker.sequent import Sequent, entry, listing, number_below, string
from normbound.claims.checker.signs import rational_value
from normbound.claims.sorts import is_natural
from normbound.claims.syntax import Node, Op, literal, number, substitute

ZERO, ONE = number(0), number(1)
MAX_LISTED = 20
MAX_EQUAL = 8
Data = Mapping[str, Any]
Equation = tuple[list[Node], Node]  # conditions and the other side


def before(node: Node) -> Node:
    """node - 1, short where that is possible."""
    q = literal(node)
    if q is not None:
        return number(q - 1)
    if node.op == Op.ADD and node.args[1].op == Op.NUM and node.args[1].value >= 1:
        return node.args[0] if node.args[1] == ONE else Node(Op.ADD, (node.args[0], number(node.args[1].value - 1)))
    if (node.op in (Op.ADD, Op.SUB) and literal(node.args[1]) is not None and node.args[0].op == Op.ADD
            and literal(node.args[0].args[1]) == 1):
        return Node(node.op, (node.args[0].args[0], node.args[1]))  # (K + 1) - 1 becomes K - 1
    return Node(Op.SUB, (node, ONE))


def after(node: Node) -> Node:
    q = literal(node)
    return Node(Op.ADD, (node, ONE)) if q is None else number(q + 1)


def ranged(term: Node) -> tuple[str, Node, Node, Node, str]:
    """Index, ends, body, and what joins the parts."""
    if term.op not in (Op.SUM, Op.PROD):
        reject(f"found {str(term)[:60]}; accepted: a sum or a product over an index")
    lo, hi, body = term.args
    return term.value, lo, hi, body, Op.ADD if term.op == Op.SUM else Op.MUL


def difference(term: Node) -> tuple[Node, tuple[Node, ...]]:
    """Depth and nodes."""
    if term.op != Op.DD:
        reject(f"found {str(term)[:60]}; accepted: dd")
    return term.args[0], term.args[1:]


def last(sequent: Sequent, term: Node, data: Data) -> Equation:
    i, lo, hi, body, join = ranged(term)
    return [Node(Op.LE, (lo, hi))], Node(join, (Node(term.op, (lo, before(hi), body), i), substitute(body, {i: hi})))


def first(sequent: Sequent, term: Node, data: Data) -> Equation:
    i, lo, hi, body, join = ranged(term)
    return [Node(Op.LE, (lo, hi))], Node(join, (substitute(body, {i: lo}), Node(term.op, (after(lo), hi, body), i)))


def empty(sequent: Sequent, term: Node, data: Data) -> Equation:
    _, lo, hi, _, join = ranged(term)
    return [Node(Op.LT, (hi, lo))], ZERO if join == Op.ADD else ONE


def listed(sequent: Sequent, term: Node, data: Data) -> Equation:
    i, lo, hi, body, join = ranged(term)
    p, q = rational_value(lo), rational_value(hi)
    if p is None or q is None or p.denominator != 1 or q.denominator != 1 or q - p >= MAX_LISTED:
        reject(f"found the range {str(lo)[:30]}, ..., {str(hi)[:30]}; accepted: integers, at most {MAX_LISTED} of them")
    terms = [substitute(body, {i: number(k)}) for k in range(int(p), int(q) + 1)]
    if not terms:
        return [], ZERO if join == Op.ADD else ONE
    total = terms[0]
    for t in terms[1:]:
        total = Node(join, (total, t))
    return [], total


def depth(sequent: Sequent, term: Node, data: Data) -> Equation:
    d, nodes = difference(term)
    k = number_below(data.get("node", len(nodes) - 1), len(nodes), "node")
    less = before(d)
    product = Node(Op.MUL, (nodes[k], Node(Op.DD, (less, *nodes))))
    rest = (*nodes[:k], *nodes[k + 1:])
    return [Node(Op.LE, (ONE, d))], Node(Op.ADD, (product, Node(Op.DD, (less, *rest)))) if rest else product


def short(sequent: Sequent, term: Node, data: Data) -> Equation:
    d, nodes = difference(term)
    q = rational_value(d)
    if q is None or q.denominator != 1 or not 0 <= q <= len(nodes) - 1:
        reject(f"found the depth {str(d)[:30]}; accepted: a number from 0 to {len(nodes) - 1}")
    return [], ONE if q == len(nodes) - 1 else ZERO


def single(sequent: Sequent, term: Node, data: Data) -> Equation:
    d, nodes = difference(term)
    if len(nodes) != 1:
        reject(f"found {len(nodes)} nodes; accepted: one")
    return [], Node(Op.POW, (nodes[0], d))


def distinct(sequent: Sequent, term: Node, data: Data) -> Equation:
    d, nodes = difference(term)
    chosen = listing(entry(data, "nodes"), 2)
    if len(chosen) != 2:
        reject("accepted: the numbers of two nodes")
    j, k = (number_below(c, len(nodes), "node") for c in chosen)
    if j == k:
        reject("found one node twice")
    a, b = nodes[j], nodes[k]
    without_a, without_b = (Node(Op.DD, (d, *(x for n, x in enumerate(nodes) if n != m))) for m in (j, k))
    gap = Node(Op.SUB, (a, b))
    return [Node(Op.NE, (gap, ZERO))], Node(Op.DIV, (Node(Op.SUB, (without_b, without_a)), gap))


def equal(sequent: Sequent, term: Node, data: Data) -> Equation:
    d, nodes = difference(term)
    count = len(nodes)
    if not 2 <= count <= MAX_EQUAL or len(set(nodes)) != 1:
        reject(f"found {str(term)[:60]}; accepted: dd with one node 2 to {MAX_EQUAL} times")
    product, less, factorial = d, before(d), 1
    for k in range(2, count):
        product, less, factorial = Node(Op.MUL, (product, less)), before(less), factorial * k
    power = Node(Op.POW, (nodes[0], less))
    chosen = product if factorial == 1 else Node(Op.DIV, (product, number(factorial)))
    # at depths 0, ..., m-2 a factor d, d-1, ... is 0, and so is dd; only the power must have a value
    conditions = [] if sequent.signs.is_nonzero(nodes[0]) else [Node(Op.LE, (number(count - 1), d))]
    return conditions, Node(Op.MUL, (chosen, power))


def complete(sequent: Sequent, term: Node, data: Data) -> Equation:
    d, nodes = difference(term)
    if len(nodes) != 2:
        reject(f"found {len(nodes)} nodes; accepted: two")
    i = sequent.fresh("i")
    less, index = before(d), Node(Op.VAR, (), i)
    product = Node(Op.MUL, (Node(Op.POW, (nodes[0], index)), Node(Op.POW, (nodes[1], Node(Op.SUB, (less, index))))))
    return [], Node(Op.SUM, (ZERO, less, product), i)


def order(sequent: Sequent, term: Node, data: Data) -> Equation:
    d, nodes = difference(term)
    permutation = [number_below(k, len(nodes), "node") for k in listing(entry(data, "order"), len(nodes))]
    if sorted(permutation) != list(range(len(nodes))):
        reject("found no permutation of the nodes")
    return [], Node(Op.DD, (d, *(nodes[k] for k in permutation)))


def nought(sequent: Sequent, term: Node, data: Data) -> Equation:
    if term.op != Op.POW or literal(term.args[0]) != 0:
        reject(f"found {str(term)[:60]}; accepted: 0^d")
    return [Node(Op.LE, (ONE, term.args[1]))], ZERO


def factor(sequent: Sequent, term: Node, data: Data) -> Equation:
    if term.op != Op.POW or term.args[1].op != Op.ADD:
        reject(f"found {str(term)[:60]}; accepted: x^(e+f)")
    x, (e, f) = term.args[0], term.args[1].args
    whole = is_natural(e, sequent.sorts) and is_natural(f, sequent.sorts)
    return [] if whole else [Node(Op.LT, (ZERO, x))], Node(Op.MUL, (Node(Op.POW, (x, e)), Node(Op.POW, (x, f))))


EQUATIONS = {"last": last, "first": first, "empty": empty, "listed": listed, "depth": depth, "short": short, "single": single,
             "distinct": distinct, "equal": equal, "order": order, "nought": nought, "terms": complete, "factor": factor}


@rule("unfold")
def unfold(sequent: Sequent, data: Data) -> list[Sequent]:
    """See the head of the module."""
    name = string(entry(data, "equation"))
    if name not in EQUATIONS:
        reject(f"found the equation {name[:40]!r}; accepted: {', '.join(EQUATIONS)}")
    term = sequent.expression(entry(data, "term"))
    conditions, other = EQUATIONS[name](sequent, term, data)
    given = [rewritten(h, term, other) for h in sequent.given]
    new = checked(sequent.replace(given).aim(rewritten(sequent.goal, term, other)))
    return [*(sequent.aim(c) for c in conditions if not sequent.signs.holds(c)), new]


__all__ = ["EQUATIONS", "after", "before", "unfold"]
