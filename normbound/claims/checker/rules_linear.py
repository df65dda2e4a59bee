"""Nonnegative combinations of products of facts: the difference of the two sides is an exact identity.

A fact is an expression whose sign is known: the difference of the sides of a hypothesis, or an expression with an evident
sign. If b - a = sum of c_k * product_k as normal forms, every c_k > 0 and every product >= 0, then a <= b.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from normbound.claims.checker.algebra import MAX_POWER, Quotient, number
from normbound.claims.checker.obligations import needs
from normbound.claims.checker.registry import reject, rule
from normbound.claims.checker.rules_logic import compared, upward
from normbound.claims.checker.sequent import Sequent, entry, listing, number_below, rational
from normbound.claims.checker.signs import MINUS, NONNEGATIVE, ONE, PLUS, ZERO, times
from normbound.claims.sorts import is_integer
from normbound.claims.syntax import COMPARISONS, Node, Op

MAX_FACTS = 400
MAX_PRODUCTS = 400
Data = Mapping[str, Any]


def fact(sequent: Sequent, data: object) -> tuple[Node, int, list[Node]]:
    """The expression of a fact, its signs, and what of it is new to the sequent and must be defined.

    {"hypothesis": k}   a <= b or a < b gives b - a; a == b gives b - a, which is 0; a != b gives b - a, which is not
    {"gap": k}          a < b between integers gives b - a - 1 >= 0
    {"sign": e}         e with the sign that is evident, also none: then it is used with even exponents only
    {"part": e, "number": k}  for e = max(...): e minus the part number k; min: that part minus e; abs(a): e - a or e + a
    """
    if not isinstance(data, Mapping) or not ((set(data) <= {"hypothesis", "gap", "sign"} and len(data) == 1)
                                             or set(data) == {"part", "number"}):
        reject(f"found the fact {str(data)[:60]}; accepted: hypothesis, gap, sign, part")
    if "sign" in data:
        e = sequent.expression(data["sign"])
        return e, sequent.signs.sign(e), [e]
    if "part" in data:
        e = sequent.expression(data["part"])
        if e.op not in (Op.MAX, Op.MIN, Op.ABS):
            reject(f"found {e.op}; accepted: max, min, abs")
        options = e.args if e.op != Op.ABS else (e.args[0], Node(Op.NEG, e.args))
        x = options[number_below(data["number"], len(options), "part")]
        return Node(Op.SUB, (x, e) if e.op == Op.MIN else (e, x)), NONNEGATIVE, [e]
    given = sequent.hypothesis(data["hypothesis"] if "hypothesis" in data else data["gap"])
    if given.op not in COMPARISONS:
        reject(f"found the hypothesis {given.op}; accepted: a comparison")
    turned = upward(given)
    a, b = turned.args
    difference = Node(Op.SUB, (b, a))
    if "gap" in data:
        if turned.op != Op.LT or not is_integer(a, sequent.sorts) or not is_integer(b, sequent.sorts):
            reject(f"found {given}; accepted: a < b between integers")
        return Node(Op.SUB, (difference, ONE)), NONNEGATIVE, []
    return difference, {Op.LE: NONNEGATIVE, Op.LT: PLUS, Op.EQ: ZERO, Op.NE: MINUS | PLUS}[turned.op], []


def even(mask: int) -> int:
    """The signs of a square."""
    return (mask & ZERO) | (PLUS if mask & (MINUS | PLUS) else 0)


@rule("products")
def products(sequent: Sequent, data: Data) -> list[Sequent]:
    """Each new expression among the facts is defined / H |- a op b, where b - a is exactly the sum of the products.

    facts  list, see ``fact``
    terms  list of [c, [[k, e], ...]]: the rational c times facts k to integer exponents e (negative: the fact is not 0)
    <=     every c * product is >= 0                         <      moreover one is > 0
    ==     every product is 0                               !=     as < for b - a, or, with "negative": true, for a - b
    """
    op, a, b = compared(sequent.goal)
    if op == Op.NE and data.get("negative") is True:
        a, b = b, a
    algebra = sequent.algebra
    facts = [fact(sequent, f) for f in listing(entry(data, "facts"), MAX_FACTS)]
    forms: dict[int, Quotient] = {}
    total = number(0)
    strict = False
    for item in listing(entry(data, "terms"), MAX_PRODUCTS):
        pair = listing(item, 2)
        if len(pair) != 2:
            reject("found a malformed term; accepted: [c, [[fact, exponent], ...]]")
        c, mask = rational(pair[0]), PLUS
        product = number(c)
        for factor in listing(pair[1], MAX_POWER):
            k, e = _factor(factor, len(facts))
            if k not in forms:
                forms[k] = algebra.normal(facts[k][0])
            sign = facts[k][1]
            if e < 0 and sign & ZERO:
                reject(f"{facts[k][0]} may be 0 and has the exponent {e}")
            mask = times(mask, even(sign) if e % 2 == 0 else sign)
            product = algebra.multiply(product, algebra.power(forms[k], e))
        if mask & ~ZERO and c:
            _accept(op, c, mask)
            strict = strict or not mask & ZERO
        total = algebra.add(total, product)
    if op in (Op.LT, Op.NE) and not strict:
        reject("no product is strictly positive")
    if not algebra.subtract(algebra.difference(b, a), total).is_zero:
        reject("the difference of the sides is not the sum of the products")
    return needs(sequent, *(x for f in facts for x in f[2]))


def _factor(data: object, count: int) -> tuple[int, int]:
    pair = listing(data, 2)
    if len(pair) != 2 or not isinstance(pair[1], int) or isinstance(pair[1], bool) or not 0 < abs(pair[1]) <= MAX_POWER:
        reject(f"found the factor {str(data)[:40]}; accepted: [fact, exponent]")
    return number_below(pair[0], count, "fact"), pair[1]


def _accept(op: str, c: Fraction, mask: int) -> None:
    if op == Op.EQ:
        reject("a product is not known to be 0")
    if mask & MINUS and mask & PLUS:
        reject("a product has no known sign")
    if mask & (PLUS if c < 0 else MINUS):
        reject("a product has the wrong sign")


@rule("algebra")
def algebra(sequent: Sequent, data: Data) -> list[Sequent]:
    """a == b, a <= b, a >= b when the sides have the same normal form; a < b and a != b when they differ by a constant."""
    op, a, b = compared(sequent.goal)
    difference = sequent.algebra.difference(b, a)
    c = difference.constant
    holds = c is not None and {Op.EQ: c == 0, Op.NE: c != 0, Op.LE: c >= 0, Op.LT: c > 0}[op]
    if not holds:
        reject("the normal forms do not decide it")
    return []


__all__ = ["MAX_FACTS", "MAX_PRODUCTS", "even", "fact"]
