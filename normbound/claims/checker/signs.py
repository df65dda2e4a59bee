"""What the sign of an expression evidently is: by its structure, the sorts, and hypotheses that compare its parts.

A sign is the set of the signs that a value may have, as bits: NEG, ZERO, POS. The set holds for every defined value at
every point at which the hypotheses hold; the empty set says that there is no such point. Nothing is searched: one pass
over the expression, with tables for the operators.
"""

from __future__ import annotations

from fractions import Fraction

from normbound.claims.checker.sequent import Sequent
from normbound.claims.sorts import is_integer
from normbound.claims.syntax import COMPARISONS, Node, Op, literal, postorder, substitute

MINUS, ZERO, PLUS = 1, 2, 4
NONNEGATIVE, NONPOSITIVE, NONZERO, ANY = ZERO | PLUS, ZERO | MINUS, MINUS | PLUS, 7
OF_KIND = {"positive": PLUS, "nonnegative": NONNEGATIVE, "natural": NONNEGATIVE, "real": ANY, "integer": ANY}
DIFFERENCE = {Op.EQ: ZERO, Op.NE: NONZERO, Op.LE: NONPOSITIVE, Op.LT: MINUS, Op.GE: NONNEGATIVE, Op.GT: PLUS}  # of a - b where a op b holds
ONE, NOUGHT = Node(Op.NUM, (), Fraction(1)), Node(Op.NUM, (), Fraction(0))
_ROUNDS = 3
_MAX_BITS = 4_000


def opposite(mask: int) -> int:
    """The signs of -x."""
    return (mask & ZERO) | (PLUS if mask & MINUS else 0) | (MINUS if mask & PLUS else 0)


def _pairs(x: int, y: int, table: dict[tuple[int, int], int]) -> int:
    result = 0
    for a in (MINUS, ZERO, PLUS):
        for b in (MINUS, ZERO, PLUS):
            if x & a and y & b:
                result |= table[a, b]
    return result


_SUM = {(a, b): (a if b == ZERO else b if a == ZERO else a if a == b else ANY)
        for a in (MINUS, ZERO, PLUS) for b in (MINUS, ZERO, PLUS)}
_PRODUCT = {(a, b): (ZERO if ZERO in (a, b) else PLUS if a == b else MINUS)
            for a in (MINUS, ZERO, PLUS) for b in (MINUS, ZERO, PLUS)}
_GREATER = {(a, b): max(a, b) for a in (MINUS, ZERO, PLUS) for b in (MINUS, ZERO, PLUS)}
_LESSER = {(a, b): min(a, b) for a in (MINUS, ZERO, PLUS) for b in (MINUS, ZERO, PLUS)}


def plus(x: int, y: int) -> int:
    """The signs of a sum."""
    return _pairs(x, y, _SUM)


def times(x: int, y: int) -> int:
    """The signs of a product."""
    return _pairs(x, y, _PRODUCT)


def of_number(q: Fraction) -> int:
    """The sign of a number."""
    return PLUS if q > 0 else MINUS if q < 0 else ZERO


class Signs:
    """The evident signs under the hypotheses of one sequent."""

    def __init__(self, sequent: Sequent):
        self.sorts = sequent.sorts
        self.facts: dict[Node, int] = {}  # signs that hypotheses give to expressions
        self.differences: dict[tuple[Node, Node], int] = {}  # signs that they give to a - b
        self.memo: dict[Node, int] = {}
        comparisons: list[Node] = []
        stack = list(reversed(sequent.given))
        while stack:
            statement = stack.pop()
            if statement.op == Op.AND:
                stack.extend(reversed(statement.args))
            elif statement.op in COMPARISONS:
                comparisons.append(statement)
        for statement in comparisons:
            a, b = statement.args
            self._refine_difference(a, b, DIFFERENCE[statement.op])
        for _ in range(_ROUNDS if comparisons else 0):
            changed = False
            for statement in comparisons:
                changed |= self._refine(statement)
            if not changed:
                break
            self.memo = {}

    # -- hypotheses --------------------------------------------------------------------------------------------------
    def _refine_difference(self, a: Node, b: Node, mask: int) -> None:
        self.differences[a, b] = self.differences.get((a, b), ANY) & mask
        self.differences[b, a] = self.differences.get((b, a), ANY) & opposite(mask)

    def _refine(self, statement: Node) -> bool:
        """Use one comparison: what the sign of one side says about the other."""
        a, b = statement.args
        op = statement.op
        if op in (Op.GE, Op.GT):
            a, b, op = b, a, Op.LE if op == Op.GE else Op.LT
        x, y = self.sign(a), self.sign(b)
        new_x, new_y = x, y
        if op == Op.EQ:
            new_x = new_y = x & y
        elif op == Op.NE:
            new_x = x & ~ZERO if y == ZERO else x
            new_y = y & ~ZERO if x == ZERO else y
        else:  # a <= b or a < b
            strict = op == Op.LT
            if not x & MINUS:
                new_y &= PLUS if strict or not x & ZERO else NONNEGATIVE
            if not y & PLUS:
                new_x &= MINUS if strict or not y & ZERO else NONPOSITIVE
        changed = False
        for node, old, new in ((a, x, new_x), (b, y, new_y)):
            if new != old and literal(node) is None:
                self.facts[node] = self.facts.get(node, ANY) & new
                self.memo.pop(node, None)
                changed = True
        return changed

    # -- questions ---------------------------------------------------------------------------------------------------
    def is_positive(self, node: Node) -> bool:
        return not self.sign(node) & NONPOSITIVE

    def is_nonnegative(self, node: Node) -> bool:
        return not self.sign(node) & MINUS

    def is_nonzero(self, node: Node) -> bool:
        return not self.sign(node) & ZERO

    def holds(self, statement: Node) -> bool:
        """Whether a comparison is evident. A conjunction is, when its parts are."""
        stack = [statement]
        while stack:
            s = stack.pop()
            if s.op == Op.AND:
                stack.extend(s.args)
            elif s.op not in COMPARISONS or self.difference(*s.args) & ~DIFFERENCE[s.op]:
                return False
        return True

    def difference(self, a: Node, b: Node) -> int:
        """The sign of a - b."""
        if a == b:
            return ZERO
        known = self.differences.get((a, b), ANY)
        if literal(b) == 0:
            return known & self.sign(a)
        if literal(a) == 0:
            return known & opposite(self.sign(b))
        p, q = literal(a), literal(b)
        if p is not None and q is not None:
            return of_number(p - q)
        mask = known & plus(self.sign(a), opposite(self.sign(b)))
        if mask & NONNEGATIVE and q == 1 and not self.sign(a) & NONPOSITIVE and is_integer(a, self.sorts):
            mask &= NONNEGATIVE  # an integer > 0 is at least 1
        if p == 1 and not self.sign(b) & NONPOSITIVE and is_integer(b, self.sorts):
            mask &= NONPOSITIVE
        return mask

    def sign(self, root: Node) -> int:
        """The signs that the value of an expression may have."""
        memo = self.memo
        if root in memo:
            return memo[root]
        stack = [root]
        bodies: dict[int, Node] = {}  # bodies of sums and products over an index of which only the sign is known
        while stack:
            node = stack[-1]
            if node in memo:
                stack.pop()
                continue
            if node.op in (Op.SUM, Op.PROD):
                low, high, body = node.args
                missing = [a for a in (low, high) if a not in memo]
                if not missing:
                    if id(node) not in bodies:
                        bodies[id(node)] = substitute(body, {node.value: Node(Op.VAR, (), f"#{self._index(node)}:{binders(body)}")})
                    body = bodies[id(node)]
                    missing = [] if body in memo else [body]
                parts: tuple[Node, ...] = (low, high, body)
            else:
                parts = node.args
                missing = [a for a in parts if a not in memo]
            if missing:
                stack.extend(missing)
                continue
            memo[node] = self._apply(node, parts) & self.facts.get(node, ANY)
            stack.pop()
        return memo[root]

    def of_operator(self, node: Node, parts: tuple[Node, ...], masks: list[int]) -> int:
        """The signs that the operator of ``node`` gives when its parts (for sums: ends and body) have those signs."""
        kept = self.memo
        if node.op in (Op.SUM, Op.PROD):  # of the body only where the index is in the range, so it is not the end that it may look like
            parts = (*parts[:2], Node(Op.VAR, (), f"#{masks[2]}:"))
        self.memo = dict(zip(parts, masks, strict=True))
        try:
            return self._apply(node, parts)
        finally:
            self.memo = kept

    def _index(self, node: Node) -> int:
        """The signs of the index of a sum or product: it is at least the lower end and at most the upper one."""
        mask = ANY
        low, high = self.memo[node.args[0]], self.memo[node.args[1]]
        if not low & MINUS:
            mask &= NONNEGATIVE if low & ZERO else PLUS
        if not high & PLUS:
            mask &= NONPOSITIVE if high & ZERO else MINUS
        return mask

    def _apply(self, node: Node, parts: tuple[Node, ...]) -> int:
        memo, op = self.memo, node.op
        if op == Op.NUM:
            return of_number(node.value)
        if op == Op.VAR:
            if node.value.startswith("#"):
                return int(node.value[1:node.value.index(":")])
            return OF_KIND[self.sorts[node.value].kind] if node.value in self.sorts else ANY
        if op == Op.ELT:
            return OF_KIND[self.sorts[node.value].kind] if node.value in self.sorts else ANY
        if op == Op.CONST:
            return PLUS  # suprema and lengths, by their definitions
        if op == Op.ADD:
            return plus(memo[parts[0]], memo[parts[1]])
        if op == Op.NEG:
            return opposite(memo[parts[0]])
        if op == Op.SUB:
            return self._subtract(*parts)
        if op == Op.MUL:
            x = memo[parts[0]]
            return self._square(x) if parts[0] == parts[1] else times(x, memo[parts[1]])
        if op == Op.DIV:
            return times(memo[parts[0]], memo[parts[1]] & ~ZERO)
        if op == Op.POW:
            return self._power(*parts)
        if op == Op.SQRT:
            return memo[parts[0]] & NONNEGATIVE
        if op == Op.EXP:
            return PLUS
        if op == Op.LOG:
            return self._subtract(parts[0], ONE)
        if op == Op.ABS:
            return self._square(memo[parts[0]])
        if op in (Op.MIN, Op.MAX):
            mask = memo[parts[0]]
            for a in parts[1:]:
                mask = _pairs(mask, memo[a], _GREATER if op == Op.MAX else _LESSER)
            return mask
        if op == Op.DD:
            if len(parts) == 2:
                return self._power(parts[1], parts[0])
            return ANY if any(memo[a] & MINUS for a in parts[1:]) else NONNEGATIVE
        if op == Op.SUM:
            mask = memo[parts[2]]
            if mask == 0:
                return ANY
            if mask & MINUS and mask & PLUS:
                return ANY
            return mask if not self.difference(parts[1], parts[0]) & MINUS else mask | ZERO  # not an empty sum
        if op == Op.PROD:
            mask = memo[parts[2]]
            return ANY if mask & MINUS or mask == 0 else mask | PLUS
        return ANY

    def _subtract(self, a: Node, b: Node) -> int:
        memo = self.memo
        p, q = literal(a), literal(b)
        if a == b:
            return ZERO
        if p is not None and q is not None:
            return of_number(p - q)
        known = self.differences.get((a, b), ANY)
        y = memo[b] if b in memo else of_number(q) if q is not None else ANY
        mask = known & plus(memo[a], opposite(y))
        if q == 1 and not memo[a] & NONPOSITIVE and is_integer(a, self.sorts):
            mask &= NONNEGATIVE
        return mask

    @staticmethod
    def _square(mask: int) -> int:
        return (mask & ZERO) | (PLUS if mask & NONZERO else 0)

    def _power(self, base: Node, exponent: Node) -> int:
        b = self.memo[base]
        e = literal(exponent)
        if e is not None:
            if e == 0:
                return PLUS
            if e.denominator != 1:
                b &= NONNEGATIVE  # the base is not negative where the power is defined
            if e < 0:
                b &= ~ZERO
            return self._square(b) if e.denominator == 1 and e.numerator % 2 == 0 else b
        if not b & NONPOSITIVE:
            return PLUS
        if not b & MINUS:
            return NONNEGATIVE
        return ANY


def binders(root: Node) -> int:
    """How deep sums and products are nested in it. Indices visible at one place differ in it, so it tells them apart."""
    height: dict[int, int] = {}
    for n in postorder(root):
        height[id(n)] = max((height[id(a)] for a in n.args), default=0) + (n.op in (Op.SUM, Op.PROD))
    return height[id(root)]


def rational_value(node: Node) -> Fraction | None:
    """The exact value of an expression without variables, built with + - * / and integer powers; None for others."""
    found: dict[int, Fraction] = {}
    for n in postorder(node):
        a = [found.get(id(x)) for x in n.args]
        if n.op == Op.NUM:
            found[id(n)] = n.value
            continue
        if not a or any(x is None for x in a):
            return None
        x = a[0]
        y = a[1] if len(a) > 1 else None
        assert x is not None
        if n.op == Op.NEG:
            value = -x
        elif n.op == Op.ABS:
            value = abs(x)
        elif y is None:
            return None
        elif n.op == Op.ADD:
            value = x + y
        elif n.op == Op.SUB:
            value = x - y
        elif n.op == Op.MUL:
            value = x * y
        elif n.op == Op.DIV:
            if y == 0:
                return None
            value = x / y
        elif n.op == Op.POW:
            size = max(x.numerator.bit_length(), x.denominator.bit_length())
            if y.denominator != 1 or abs(y) * size > _MAX_BITS or (x == 0 and y < 0):
                return None
            value = x ** int(y)
        elif n.op in (Op.MIN, Op.MAX):
            values = [v for v in a if v is not None]
            value = max(values) if n.op == Op.MAX else min(values)
        else:
            return None
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MAX_BITS:
            return None
        found[id(n)] = value
    return found[id(node)]


__all__ = ["ANY", "MINUS", "NONNEGATIVE", "NONPOSITIVE", "NONZERO", "NOUGHT", "ONE", "PLUS", "ZERO", "Signs", "binders",
           "of_number", "opposite", "plus", "rational_value", "times"]
