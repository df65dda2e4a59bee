"""Values and truth at a point: exact rationals where possible, balls that enclose the value elsewhere.

A point maps variables to integers or Fractions, and families to sequences of these (the first member has index 1).
Conventions: 0^0 = 1; a sum or a product with hi < lo is empty. ``P implies Q`` and ``P and Q`` need values of the sides of Q only
where P is true; every other statement is undefined where a part of it is, ``forall`` where it is at one index.
Nothing is rounded to decide: two rationals are compared exactly, everything else must be separated by balls. Work is capped;
where the cap is reached nothing is claimed (a ball without information, truth None).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from normbound.claims.errors import ClaimError
from normbound.claims.sorts import Variables
from normbound.claims.syntax import BINDERS, COMPARISONS, Node, Op, bound_name, parts, postorder, rebuild
from normbound.terms.evaluate import precision

LADDER = (128, 512, 4000)  # bits
MAX_EXACT_BITS = 20_000  # of a numerator or a denominator; beyond, balls
MAX_STEPS = 300_000  # values of nodes in one evaluation
LONG_SUM = 20_000  # terms of a sum or a product; longer ones are enclosed run by run
FIRST_TERMS = 2_000  # of a long one, each on its own
MAX_RUNS = 60_000  # of a long one
UNROLLED = 20  # iterations of a recurrence that are compared with its closed form
_MAX_DEPTH_BITS = 2_000  # of the depth of dd

Point = Mapping[str, int | Fraction | Sequence[int | Fraction]]
Number = Any  # fmpq or arb
Resolver = Callable[[str, str], "Node | Callable[[Point, int], Any] | None"]
"""What NET nodes stand for. Called with (function, network), it returns an expression, or a function of (point, bits) that
returns an int, a Fraction, an arb or Undefined, or None for a number that is not known (Lip, param_Lip)."""


@dataclass(frozen=True, slots=True)
class Undefined:
    """An expression has no value at a point: why, and the node that has none."""

    why: str
    node: Node | None = None

    def __bool__(self) -> bool:
        raise TypeError("Undefined is neither true nor false; compare with True, False and None")

    def __str__(self) -> str:
        return self.why


Truth = bool | Undefined | None


def value(node: Node, point: Point, resolver: Resolver | None = None, bits: int = 64, steps: int = MAX_STEPS) -> Any:
    """The value of an expression at ``point``: a Fraction where it is found exactly, else an arb (of ``bits`` relative bits
    where at most 4000 working bits give them; nan where nothing is known), or Undefined. ``steps`` caps the work.

    Raises ClaimError when a variable has no value in ``point``.
    """
    from flint import arb
    if node.is_statement:
        raise ClaimError("found a statement; value takes an expression, truth takes a statement")
    node = resolved(node, resolver)
    result: Any = None
    for working in LADDER:
        with precision(working):
            run = _Evaluation(node, point, resolver, working, steps)
            try:
                result = run.expression(node)
            except _NoValue as none:
                return none.undefined
            except _TooMuch:
                return arb("nan") if result is None else result
        if not isinstance(result, arb):
            return Fraction(int(result.p), int(result.q))
        if not result.is_nan() and result.rel_accuracy_bits() >= bits:
            break
    return result


def truth(node: Node, point: Point, resolver: Resolver | None = None, steps: int = MAX_STEPS) -> Truth:
    """Whether a statement holds at ``point``: True or False are certain; None when balls of 4000 bits do not separate, the work
    is too much, or the statement speaks of more than the point (increasing, decreasing, limit, rate; a recurrence is never
    found true here, and false when one of its first values differs from the closed form); Undefined when a side has no value.

    Raises ClaimError when a variable has no value in ``point``.
    """
    if not node.is_statement:
        raise ClaimError("found an expression; truth takes a statement, value takes an expression")
    node = resolved(node, resolver)
    result: Truth = None
    for working in LADDER:
        with precision(working):
            run = _Evaluation(node, point, resolver, working, steps)
            try:
                found = run.run(run.truth(node))
                result = None if found is _UNKNOWN else found
            except _TooMuch:
                return None
        if result is not None or not run.unsettled:
            break
    return result


def resolved(root: Node, resolver: Resolver | None) -> Node:
    """The root with NET nodes replaced by the expressions that the resolver has for them."""
    if resolver is None or not any(n.op == Op.NET for n in postorder(root)):
        return root
    asked: dict[tuple[str, str], Any] = {}

    def change(n: Node, args: tuple[Node, ...]) -> Node | None:
        if n.op != Op.NET:
            return None
        if n.value not in asked:
            asked[n.value] = resolver(*n.value)
        found = asked[n.value]
        return found if isinstance(found, Node) else None

    return rebuild(root, change)


def misfit(point: Point, variables: Variables) -> str:
    """Why ``point`` does not give each variable a value of its sort; empty when it does."""
    for name, sort in variables.items():
        if name not in point:
            return f"{name} has no value"
        given = point[name]
        if sort.length is not None:
            if isinstance(given, int | Fraction):
                return f"{name} is a family and has one number"
            length = value(sort.length, point)
            if length != len(given):
                return f"{name} has {len(given)} members where its length {sort.length} is {length}"
            members: Sequence[Any] = given
        else:
            members = (given,)
        for x in members:
            if isinstance(x, bool) or not isinstance(x, int | Fraction):
                return f"{name} has the value {x!r}, which is not exact"
            whole = x.denominator == 1
            good = {"positive": x > 0, "nonnegative": x >= 0, "real": True, "integer": whole, "natural": whole and x >= 0}[sort.kind]
            if not good:
                return f"{name} = {x} is not {sort.kind}"
    return ""


_UNKNOWN = object()


def _both(left: Any, right: Any) -> Any:
    """The conjunction of two truths without guards: undefined where one is, known only where both are known to be defined."""
    for side in (left, right):
        if isinstance(side, Undefined):
            return side
    for settled in (_UNKNOWN, False, None):
        if left is settled or right is settled:
            return settled
    return True


class _NoValue(Exception):
    def __init__(self, why: str, node: Node):
        self.undefined = Undefined(why, node)


class _TooMuch(Exception):
    """The cap on work is reached."""


class _Evaluation:
    """One evaluation at one precision, which the caller has set. Values are fmpq (exact) or arb."""

    def __init__(self, root: Node, point: Point, resolver: Resolver | None, bits: int, most: int):
        from flint import arb, fmpq
        self.arb, self.fmpq = arb, fmpq
        self.point = point
        self.resolver = resolver
        self.bits = bits
        self.unsettled = False
        self.steps, self.most = 0, most
        self.env: dict[str, Any] = {}
        self.level: dict[str, int] = {}
        self.memos: list[dict[int, Any]] = [{}]  # one per open binder: what depends on its index, and on none inside it
        self.indices = _indices(root)

    # -- running ----------------------------------------------------------------------------------------------------
    @staticmethod
    def run(rule: Generator[Any, Any, Any]) -> Any:
        """Run a generator; what it yields are generators whose results are sent back, so that nothing nests calls."""
        stack, result = [rule], None
        while stack:
            try:
                stack.append(stack[-1].send(result))
                result = None
            except StopIteration as stop:
                stack.pop()
                result = stop.value
        return result

    def spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > self.most:
            raise _TooMuch

    def afford(self, steps: int) -> None:
        """Stop here when so many steps, which come later, are more than the cap."""
        if self.steps + steps > self.most:
            raise _TooMuch

    def enter(self, names: Sequence[str]) -> int:
        depth = len(self.memos)
        self.memos.append({})
        for x in names:
            self.level[x] = depth
        return depth

    def leave(self, names: Sequence[str]) -> None:
        self.memos.pop()
        for x in names:
            del self.level[x], self.env[x]

    def memo(self, node: Node) -> dict[int, Any]:
        names = self.indices[id(node)]
        if not names:
            return self.memos[0]
        return self.memos[max(self.level.get(x, 0) for x in names)]

    # -- statements -------------------------------------------------------------------------------------------------
    # Inside, None says that all sides have values which balls do not separate, and _UNKNOWN that a side may have no value.
    def truth(self, node: Node) -> Generator[Any, Any, Any]:
        op = node.op
        self.spend(1)
        if op in COMPARISONS:
            return self.compare(node)
        if op == Op.AND:
            result: Any = True
            for part in node.args:
                if result is False or result is _UNKNOWN or isinstance(result, Undefined):
                    break
                found = yield self.truth(part)
                if result is None and found is not False:
                    found = _UNKNOWN if isinstance(found, Undefined) or found is _UNKNOWN else None
                result = found
            return result
        if op == Op.IMPLIES:
            left = yield self.truth(node.args[0])
            if left is False:
                return True
            if left is _UNKNOWN or isinstance(left, Undefined):
                return left
            right = yield self.truth(node.args[1])
            if left is True or right is True:
                return right
            return _UNKNOWN if isinstance(right, Undefined) or right is _UNKNOWN else None
        if op == Op.IFF:
            left = yield self.truth(node.args[0])
            right = yield self.truth(node.args[1])
            found = _both(left, right)
            return found if isinstance(found, Undefined) or found is _UNKNOWN else None if None in (left, right) else left == right
        if op == Op.FORALL:
            found = yield self.forall(node)
            return found
        if op == Op.RECURRENCE:
            return self.recurrence(node)
        return _UNKNOWN

    def forall(self, node: Node) -> Generator[Any, Any, Any]:
        try:
            low, high = self.expression(node.args[0]), self.expression(node.args[1])
            ends = self.ends(node, low, high)
        except _NoValue as none:
            return none.undefined
        if ends is None:
            self.unsettled = True
            return _UNKNOWN
        result: Any = True
        if ends[1] < ends[0]:
            return result
        self.afford(ends[1] - ends[0])
        names = (node.value,)
        depth = self.enter(names)
        for i in range(ends[0], ends[1] + 1):
            self.env[node.value] = self.fmpq(i)
            self.memos[depth].clear()
            result = _both(result, (yield self.truth(node.args[2])))
        self.leave(names)
        return result

    def recurrence(self, node: Node) -> Any:
        index, sequences = parts(node)
        names = (index, *(s.name for s in sequences))
        try:
            states = [self.expression(s.start) for s in sequences]
            depth = self.enter(names)
            differs = False
            for i in range(UNROLLED + 1):  # to the end, also after a difference: a later step without a value leaves no truth at all
                self.memos[depth].clear()
                self.env.update(zip(names, (self.fmpq(i), *states), strict=True))
                for s, x in zip(sequences, states, strict=True):
                    differs = self.order(Op.EQ, x, self.expression(s.form)) is False or differs
                states = [self.expression(s.step) for s in sequences]
            return False if differs else _UNKNOWN
        except _NoValue as none:
            return none.undefined
        finally:
            if any(x in self.level for x in names):
                for x in names:
                    self.env.setdefault(x, None)
                self.leave(names)

    def compare(self, node: Node) -> Any:
        try:
            a, b = self.expression(node.args[0]), self.expression(node.args[1])
        except _NoValue as none:
            return none.undefined
        found = self.order(node.op, a, b)
        if found is None:
            self.unsettled = True
            return _UNKNOWN if self.unknown(a, b) else None
        return found

    def order(self, op: str, a: Number, b: Number) -> bool | None:
        if not isinstance(a, self.arb) and not isinstance(b, self.arb):
            return bool({Op.EQ: a == b, Op.NE: a != b, Op.LE: a <= b, Op.LT: a < b, Op.GE: a >= b, Op.GT: a > b}[op])
        a, b = self.ball(a), self.ball(b)
        if a.is_nan() or b.is_nan():
            return None
        if op in (Op.GE, Op.GT):
            op, a, b = (Op.LE if op == Op.GE else Op.LT), b, a
        if op in (Op.EQ, Op.NE):
            if a < b or b < a:
                return op == Op.NE
            return op == Op.EQ if a.is_exact() and b.is_exact() and a == b else None
        if op == Op.LE:
            return True if a <= b else False if a > b else None
        return True if a < b else False if a >= b else None

    # -- expressions ------------------------------------------------------------------------------------------------
    def expression(self, root: Node) -> Number:
        open_, env, level = len(self.memos), dict(self.env), dict(self.level)
        try:
            return self.run(self.evaluate(root))
        except _NoValue:
            del self.memos[open_:]
            self.env, self.level = env, level
            raise

    def evaluate(self, root: Node) -> Generator[Any, Any, Number]:
        stack = [root]
        while stack:
            node = stack[-1]
            memo = self.memo(node)
            if id(node) in memo:
                stack.pop()
                continue
            binder = node.op in (Op.SUM, Op.PROD)
            missing = [a for a in (node.args[:2] if binder else node.args) if id(a) not in self.memo(a)]
            if missing:
                stack.extend(reversed(missing))
                continue
            self.spend(1)
            values = [self.memo(a)[id(a)] for a in (node.args[:2] if binder else node.args)]
            if binder:
                found = yield self.total(node, *values)
            else:
                found = self.apply(node, values)
            memo[id(node)] = found
            stack.pop()
        return self.memo(root)[id(root)]

    def total(self, node: Node, low: Number, high: Number) -> Generator[Any, Any, Number]:
        """A sum or a product over an index."""
        product, body = node.op == Op.PROD, node.args[2]
        result = self.fmpq(int(product))
        ends = self.ends(node, low, high)
        if ends is None:
            return self.arb("nan")
        first, last = ends
        count = last - first + 1
        if count <= 0:
            return result
        if node.value not in self.indices[id(body)]:
            each = yield self.evaluate(body)
            many = self.fmpq(count)
            return self.power(each, many, node) if product else self.multiply(each, many)
        if count > LONG_SUM:
            return (yield self.long_total(node, first, last))
        self.afford(count)
        names = (node.value,)
        depth = self.enter(names)
        for i in range(first, last + 1):
            self.env[node.value] = self.fmpq(i)
            self.memos[depth].clear()
            each = yield self.evaluate(body)
            result = self.multiply(result, each) if product else self.exact(result + each)
        self.leave(names)
        return result

    def long_total(self, node: Node, first: int, last: int) -> Generator[Any, Any, Number]:
        """A long sum or product as a ball: the indices in runs, in each of which the body is enclosed with a ball around all the
        indices of the run. Runs grow with the index, and are finer at a higher precision."""
        product, body = node.op == Op.PROD, node.args[2]
        if any(n.op in BINDERS for n in postorder(body)):
            raise _TooMuch
        result = self.arb(int(product))
        names = (node.value,)
        depth = self.enter(names)
        fine = min(self.bits // 2, 1_000)
        at, runs = first, 0
        while at <= last:
            size = 1 if at < first + FIRST_TERMS else min(last - at + 1, max(1, min(abs(at), at - first) // fine))
            runs += 1
            if runs > MAX_RUNS:
                raise _TooMuch
            low, high = self.fmpq(at), self.fmpq(at + size - 1)
            self.env[node.value] = low if size == 1 else self.arb(low).union(self.arb(high))
            self.memos[depth].clear()
            each = yield self.evaluate(body)
            if product:
                result = self.ball(self.multiply(result, each if size == 1 else self.run_of_factors(each, size, node)))
            else:
                result = result + self.ball(each) * size
            at += size
        self.leave(names)
        return result

    def run_of_factors(self, each: Number, size: int, node: Node) -> Number:
        """The product of ``size`` numbers in the ball ``each``: they need not agree, so of a ball around 0 only the size counts."""
        if not isinstance(each, self.arb) or not each.contains(0):
            return self.power(each, self.fmpq(size), node)
        most = self.power(self.arb(each.abs_upper()), self.fmpq(size), node)
        return self.ball(most).union(-self.ball(most))

    def ends(self, node: Node, low: Number, high: Number) -> tuple[int, int] | None:
        found = []
        for x, what in ((low, "lower"), (high, "upper")):
            n = self.integer(x)
            if n is None:
                if isinstance(x, self.arb):
                    return None
                raise _NoValue(f"the {what} end of {node.op} is {x}, not an integer", node)
            found.append(n)
        return found[0], found[1]

    def integer(self, x: Number) -> int | None:
        return None if isinstance(x, self.arb) or x.q != 1 else int(x.p)

    def ball(self, x: Number) -> Any:
        return x if isinstance(x, self.arb) else self.arb(x)

    def exact(self, x: Number) -> Number:
        """x, as a ball where it has become too long."""
        if isinstance(x, self.arb) or max(x.p.bit_length(), x.q.bit_length()) <= MAX_EXACT_BITS:
            return x
        return self.arb(x)

    def number(self, x: object) -> Number:
        if isinstance(x, self.arb | self.fmpq):
            return x
        if isinstance(x, int | Fraction) and not isinstance(x, bool):
            return self.exact(self.fmpq(x.numerator, x.denominator))
        raise ClaimError(f"found the value {x!r}; accepted: int and Fraction")

    def multiply(self, a: Number, b: Number) -> Number:
        for x, y in ((a, b), (b, a)):
            if not isinstance(x, self.arb) and x == 0 and not self.unknown(y):
                return x
        return self.exact(a * b)

    def unknown(self, *values: Number) -> bool:
        """Whether one of the values is nan: nothing is known of it, not even that it exists."""
        return any(isinstance(x, self.arb) and x.is_nan() for x in values)

    def apply(self, node: Node, values: list[Number]) -> Number:
        op = node.op
        if op == Op.NUM:
            return self.number(node.value)
        if op in (Op.VAR, Op.STATE):
            return self.variable(node)
        if op == Op.ELT:
            return self.member(node, values[0])
        if op == Op.ADD:
            return self.exact(values[0] + values[1])
        if op == Op.SUB:
            return self.exact(values[0] - values[1])
        if op == Op.MUL:
            return self.multiply(*values)
        if op == Op.NEG:
            return -values[0]
        if op == Op.DIV:
            return self.quotient(node, *values)
        if op == Op.POW:
            return self.power(values[0], values[1], node)
        if op == Op.SQRT:
            return self.power(values[0], self.fmpq(1, 2), node)
        if op == Op.EXP:
            x = values[0]
            return self.fmpq(1) if not isinstance(x, self.arb) and x == 0 else self.ball(x).exp()
        if op == Op.LOG:
            return self.logarithm(node, values[0])
        if op == Op.ABS:
            return abs(values[0])
        if op in (Op.MIN, Op.MAX):
            result = values[0]
            for x in values[1:]:
                result = self.extremum(op == Op.MAX, result, x)
            return result
        if op == Op.DD:
            return self.divided_difference(node, values[0], values[1:])
        if op == Op.CONST:
            from normbound.terms.constants import enclosure
            return enclosure(node.value, self.bits)
        if op == Op.NET:
            return self.network(node)
        raise ClaimError(f"found {op}; accepted: an expression with a value")

    def variable(self, node: Node) -> Number:
        name = node.value
        if name in self.env:
            return self.env[name]
        if name not in self.point:
            raise ClaimError(f"found no value for {name}", *(node.at or ()))
        given = self.point[name]
        if isinstance(given, list | tuple):
            raise ClaimError(f"found a sequence as the value of {name}; accepted: one number", *(node.at or ()))
        return self.number(given)

    def member(self, node: Node, index: Number) -> Number:
        name = node.value
        if name not in self.point:
            raise ClaimError(f"found no value for the family {name}", *(node.at or ()))
        given = self.point[name]
        if not isinstance(given, Sequence):
            raise ClaimError(f"found one number as the value of the family {name}; accepted: a sequence", *(node.at or ()))
        k = self.integer(index)
        if k is None and isinstance(index, self.arb):
            return self.arb("nan")
        if k is None or not 1 <= k <= len(given):
            raise _NoValue(f"{name}[{index}] does not exist; {name} has the members 1 to {len(given)}", node)
        return self.number(given[k - 1])

    def network(self, node: Node) -> Number:
        found = self.resolver(*node.value) if self.resolver is not None else None
        if found is None or isinstance(found, Node):
            return self.arb("nan")
        x = found(self.point, self.bits)
        if isinstance(x, Undefined):
            raise _NoValue(x.why, node)
        return self.number(x)

    def quotient(self, node: Node, a: Number, b: Number) -> Number:
        if not isinstance(b, self.arb):
            if b == 0:
                raise _NoValue("division by zero", node)
            return self.exact(a / b)
        if b.contains(0):
            return self.arb("nan")
        return a if not isinstance(a, self.arb) and a == 0 else a / b

    def logarithm(self, node: Node, x: Number) -> Number:
        if not isinstance(x, self.arb):
            if x <= 0:
                raise _NoValue(f"the logarithm of {x}, which is not positive", node)
            return self.fmpq(0) if x == 1 else self.arb(x).log()
        if x <= 0:
            raise _NoValue("the logarithm of a number that is not positive", node)
        return x.log() if x > 0 else self.arb("nan")

    def extremum(self, greatest: bool, a: Number, b: Number) -> Number:
        if not isinstance(a, self.arb) and not isinstance(b, self.arb):
            return max(a, b) if greatest else min(a, b)
        x, y = self.ball(a), self.ball(b)
        if x.is_nan() or y.is_nan():
            return self.arb("nan")
        if x <= y:
            return b if greatest else a
        if y <= x:
            return a if greatest else b
        return x.max(y) if greatest else x.min(y)

    # -- powers -----------------------------------------------------------------------------------------------------
    def power(self, b: Number, e: Number, node: Node) -> Number:
        if self.unknown(b, e):
            return self.arb("nan")
        if isinstance(e, self.arb):
            return self.transcendental(b, e, node)
        n = self.integer(e)
        if n is None:
            return self.root_power(b, e, node)
        if n == 0:
            return self.fmpq(1)
        if isinstance(b, self.arb):
            return self.ball_power(b, n)
        if b == 0:
            if n < 0:
                raise _NoValue("zero to a negative power", node)
            return b
        if b == 1 or b == -1:
            return b if n % 2 else self.fmpq(1)
        if max(b.p.bit_length(), b.q.bit_length()) * abs(n) <= MAX_EXACT_BITS:
            return b**n
        return self.ball_power(self.arb(b), n)

    def ball_power(self, b: Any, n: int) -> Any:
        """b^n for an integer n other than 0 (the library's power of a ball around zero is nan)."""
        if b.contains(0):
            if n < 0:
                return self.arb("nan")
            most = self.arb(b.abs_upper()) ** n
            return most.union(-most if n % 2 else self.arb(0))
        size = abs(b) ** self.arb(n)
        return -size if n % 2 and b < 0 else size

    def root_power(self, b: Number, e: Any, node: Node) -> Number:
        """b^e for a rational e that is not an integer."""
        if isinstance(b, self.arb):
            if b < 0:
                raise _NoValue("the root of a negative number", node)
            return self.ball(b) ** self.arb(e) if b > 0 else self.arb("nan")
        if b < 0:
            raise _NoValue(f"the root of {b}, which is negative", node)
        if b == 0:
            if e < 0:
                raise _NoValue("zero to a negative power", node)
            return b
        degree = int(e.q)
        if degree <= max(b.p.bit_length(), b.q.bit_length()) or b == 1:
            with suppress(OverflowError, ValueError):
                top, bottom = (b.p.root(degree), b.q.root(degree)) if b != 1 else (b.p, b.q)
                if top**degree == b.p and bottom**degree == b.q:
                    return self.power(self.fmpq(top, bottom), self.fmpq(e.p), node)
        return self.arb(b) ** self.arb(e)

    def transcendental(self, b: Number, e: Any, node: Node) -> Number:
        """b^e for an exponent that is known as a ball only."""
        if b > 0:
            return self.fmpq(1) if not isinstance(b, self.arb) and b == 1 else (self.ball(b).log() * e).exp()
        if not isinstance(b, self.arb) and b == 0 and (e > 0 or e < 0):
            if e < 0:
                raise _NoValue("zero to a negative power", node)
            return b
        if b < 0 and not e.contains_integer():
            raise _NoValue("a negative number to a power that is not an integer", node)
        return self.arb("nan")

    def divided_difference(self, node: Node, depth: Number, nodes: list[Number]) -> Number:
        k = self.integer(depth)
        if k is None and isinstance(depth, self.arb):
            return self.arb("nan")
        if k is None or k < 0:
            raise _NoValue(f"dd with the depth {depth}, which is not a natural number", node)
        m = len(nodes)
        if self.unknown(*nodes):
            return self.arb("nan")
        if k < m - 1:
            return self.fmpq(0)
        if m == 1:
            return self.power(nodes[0], self.fmpq(k), node)
        if k.bit_length() > _MAX_DEPTH_BITS:
            return self.arb("nan")
        self.spend(m**3 * k.bit_length() // 20 + 1)
        from flint import arb_mat, fmpq_mat
        exact = not any(isinstance(x, self.arb) for x in nodes) and (
            (k + 1) * sum(max(x.p.bit_length(), x.q.bit_length()) for x in nodes) <= 4 * MAX_EXACT_BITS)
        make = fmpq_mat if exact else arb_mat
        nodes = nodes if exact else [self.ball(x) for x in nodes]
        # Opitz: the corner of the k-th power of the bidiagonal matrix
        matrix = make(m, m, [nodes[i] if i == j else int(j == i + 1) for i in range(m) for j in range(m)])
        result = None
        while True:
            if k & 1:
                result = matrix if result is None else result * matrix
            k >>= 1
            if not k:
                break
            matrix = matrix * matrix
        assert result is not None  # k >= m - 1 >= 1
        return self.exact(result[0, m - 1])


def _indices(root: Node) -> dict[int, frozenset[str]]:
    """For the id of each node, the indices and sequences it depends on and that an outer node binds."""
    binding: set[str] = set()
    order = postorder(root)
    for n in order:
        if n.op in BINDERS:
            binding.add(n.value)
        elif n.op == Op.RECURRENCE:
            binding.update((n.value[0], *n.value[1]))
    none: frozenset[str] = frozenset()
    found: dict[int, frozenset[str]] = {}
    for n in order:
        names = frozenset((n.value,)) if n.op in (Op.VAR, Op.STATE) and n.value in binding else none
        for k, a in enumerate(n.args):
            inner = found[id(a)]
            if inner:
                bound = bound_name(n, k)
                if n.op == Op.RECURRENCE:
                    inner = inner - {n.value[0], *n.value[1]}
                elif bound:
                    inner = inner - {bound}
                names |= inner
        found[id(n)] = names
    return found
