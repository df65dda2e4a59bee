"""The rule ``boxes``: the kernel computes enclosures itself, with the program of ``proofs/ClaimBoxes.v``.

The boxes of the certificate are not used: their sides are bounded by series there and by repeated squares and roots here. A search with
the arithmetic of the Coq file cuts the domain anew; leaves are enclosures on the box, or mean value forms where there is one variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import isqrt
from time import monotonic

from normbound.claims.checker.differential import derivative
from normbound.claims.checker.registry import Rejected
from normbound.claims.checker.rules_boxes import bounds
from normbound.claims.checker.rules_logic import compared
from normbound.claims.replay.premises import Facts
from normbound.claims.replay.scripts import Step, Unreplayed, script
from normbound.claims.replay.scripts_derivative import Curve
from normbound.claims.replay.statement import coq_name, proposition, rational, sort_name, term
from normbound.claims.sorts import Sort
from normbound.claims.syntax import Node, Op, literal, number, postorder, rebuild, substitute, variable

LIBRARY = ("ClaimLimits", "ClaimRates", "ClaimSlopes", "ClaimBoxes")
MAX_CELLS = 1_500
SECONDS = 15.0  # for the search
PRECISIONS = ((64, 32), (128, 64), (224, 112))  # bits, doublings of exp and log
ZERO = number(0)
TWO, THREE = number(2), number(3)
_WRITTEN = {  # constants as ``statement`` writes them
    "log2": Node(Op.LOG, (TWO,)),
    "sigmoid_curvature": Node(Op.DIV, (number(1), Node(Op.MUL, (number(6), Node(Op.SQRT, (THREE,)))))),
    "tanh_curvature": Node(Op.DIV, (number(4), Node(Op.MUL, (THREE, Node(Op.SQRT, (THREE,)))))),
}
_BINARY = {Op.ADD: "OAdd", Op.SUB: "OSub", Op.MUL: "OMul", Op.DIV: "ODiv"}
_UNARY = {Op.NEG: "ONeg", Op.SQRT: "OSqrt", Op.EXP: "OExp", Op.LOG: "OLog", Op.ABS: "OAbs"}
Interval = tuple[int, int]
Tree = str | tuple[int, int, "Tree", "Tree"]


class NoEnclosure(ValueError):
    """An operation has no enclosure on a box."""


# -- programs ----------------------------------------------------------------------------------------------------------------
@dataclass
class Program:
    """Operations on earlier results; the variables and then the constants are there at the beginning, the last result has number 0."""

    operations: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "[" + "; ".join(f"{name} {' '.join(f'{k}' for k in numbers)}" for name, numbers in self.operations) + "]"


def program(root: Node, names: tuple[str, ...], constants: Mapping[Fraction, int]) -> Program:
    """The program of an expression. ``constants`` gives the place of each number."""
    result = Program()
    places: dict[Node, int] = {}  # below 0: variables and constants, counted from the end

    def place(n: Node) -> int:
        done = len(result.operations)
        if n.op == Op.VAR:
            return done + names.index(n.value)
        if n.op == Op.NUM:
            return done + len(names) + constants[n.value]
        return done - 1 - places[n]

    def emit(n: Node, name: str, *numbers: int) -> None:
        result.operations.append((name, numbers))
        places[n] = len(result.operations) - 1

    for n in dict.fromkeys(postorder(root)):
        if n.op in (Op.NUM, Op.VAR):
            continue
        if n.op in _BINARY:
            emit(n, _BINARY[n.op], place(n.args[0]), place(n.args[1]))
        elif n.op in _UNARY:
            emit(n, _UNARY[n.op], place(n.args[0]))
        elif n.op in (Op.MIN, Op.MAX) and len(n.args) == 2:
            emit(n, "OMin" if n.op == Op.MIN else "OMax", place(n.args[0]), place(n.args[1]))
        elif n.op == Op.POW:
            e = literal(n.args[1])
            if e is None or e.denominator != 1 or e == 0 or abs(e) > 64:
                raise Unreplayed(f"{str(n)[:60]} has no enclosure in Coq")
            emit(n, "OPow" if e > 0 else "OPowNeg", place(n.args[0]), abs(int(e)))
        else:
            raise Unreplayed(f"{str(n)[:60]} has no enclosure in Coq")
    if not result.operations or places.get(root) != len(result.operations) - 1:
        raise Unreplayed(f"{str(root)[:60]} is no operation")
    return result


def logarithmic(root: Node) -> tuple[Node, list[Node]]:
    """The expression with u^v = exp(v log(u)) where v is no literal integer, constants written out; and these powers."""
    powers: list[Node] = []

    def change(n: Node, args: tuple[Node, ...]) -> Node | None:
        if n.op == Op.CONST:
            if n.value not in _WRITTEN:
                raise Unreplayed(f"the constant {n.value} has no enclosure in Coq")
            return _WRITTEN[n.value]
        if n.op in (Op.MIN, Op.MAX) and len(args) > 2:
            result = args[0]
            for a in args[1:]:
                result = Node(n.op, (result, a))
            return result
        if n.op == Op.POW:
            e = literal(args[1])
            if e is None or e.denominator != 1:
                powers.append(Node(Op.POW, args))
                return Node(Op.EXP, (Node(Op.MUL, (args[1], Node(Op.LOG, (args[0],)))),))
        return None

    return rebuild(root, change), powers


# -- the arithmetic of ClaimBoxes.v, number by number ----------------------------------------------------------------------
class Arithmetic:
    """Enclosures by lo/2^bits and hi/2^bits."""

    def __init__(self, bits: int, steps: int):
        self.s, self.steps = 1 << bits, steps

    def multiply(self, x: Interval, y: Interval) -> Interval:
        a = [p * q for p in x for q in y]
        return min(a) // self.s, -(-max(a) // self.s)

    def inverse(self, x: Interval) -> Interval:
        a, b = x
        square = self.s * self.s
        if a > 0:
            return square // b, -(-square // a)
        if b < 0:
            return -square // -b, -(square // -a)
        raise NoEnclosure

    def exp(self, x: Interval) -> Interval:
        t = -(-x[1] >> self.steps)
        if t >= self.s:
            raise NoEnclosure
        low, high = max(0, self.s + (x[0] >> self.steps)), -(-self.s * self.s // (self.s - t))
        for _ in range(self.steps):
            low, high = low * low // self.s, -(-high * high // self.s)
            if high.bit_length() > 100_000:
                raise NoEnclosure
        return low, high

    def log(self, x: Interval) -> Interval:
        low, high = x
        if low <= 0:
            raise NoEnclosure
        for _ in range(self.steps):
            low, high = isqrt(low * self.s), isqrt(high * self.s) + 1
        if low <= 0:
            raise NoEnclosure
        return (self.s + (-self.s * self.s // low)) << self.steps, (high - self.s) << self.steps

    def power(self, x: Interval, n: int) -> Interval:
        result = (self.s, self.s)
        for _ in range(n):
            result = self.multiply(x, result)
        return result

    def run(self, p: Program, start: list[Interval]) -> Interval:
        results = list(reversed(start))
        for name, numbers in p.operations:
            power = name.startswith("OPow")
            v = [results[-1 - k] for k in (numbers[:1] if power else numbers)]
            results.append(self.apply(name, v, numbers[1] if power else 0))
        return results[-1]

    def apply(self, name: str, v: list[Interval], n: int) -> Interval:
        x = v[0]
        if name == "ONeg":
            return -x[1], -x[0]
        if name == "OAdd":
            return x[0] + v[1][0], x[1] + v[1][1]
        if name == "OSub":
            return x[0] - v[1][1], x[1] - v[1][0]
        if name == "OMul":
            return self.multiply(x, v[1])
        if name == "ODiv":
            return self.multiply(x, self.inverse(v[1]))
        if name == "OSqrt":
            return isqrt(max(0, x[0]) * self.s), isqrt(max(0, x[1]) * self.s) + 1
        if name == "OExp":
            return self.exp(x)
        if name == "OLog":
            return self.log(x)
        if name == "OAbs":
            return max(0, x[0], -x[1]), max(x[1], -x[0])
        if name == "OMin":
            return min(x[0], v[1][0]), min(x[1], v[1][1])
        if name == "OMax":
            return max(x[0], v[1][0]), max(x[1], v[1][1])
        return self.power(x, n) if name == "OPow" else self.inverse(self.power(x, n))


@dataclass
class Search:
    """A tree of boxes on each of which the value is at least ``least``/2^bits."""

    arithmetic: Arithmetic
    f: Program
    slope: Program | None
    constants: list[Interval]
    least: int
    deadline: float

    def leaf(self, box: list[Interval]) -> str | None:
        """A leaf that suffices for the box."""
        if self._holds(lambda: self.arithmetic.run(self.f, [*box, *self.constants])[0]):
            return "Direct"
        if self.slope is not None:
            a, b = box[0]
            for c in dict.fromkeys(((a + b) // 2, a, b)):
                if self._holds(lambda c=c: self._mean(box[0], c)):  # type: ignore[misc]
                    return f"(Mean {_integer(c)})"
        return None

    def _holds(self, bound: object) -> bool:
        try:
            return bound() >= self.least  # type: ignore[operator, no-any-return]
        except NoEnclosure:
            return False

    def _mean(self, box: Interval, c: int) -> int:
        assert self.slope is not None
        value = self.arithmetic.run(self.f, [(c, c), *self.constants])[0]
        d = self.arithmetic.run(self.slope, [box, *self.constants])
        return value + self.arithmetic.multiply(d, (box[0] - c, box[1] - c))[0]

    def tree(self, domain: list[Interval]) -> str | None:
        """The tree as text of Coq; None where the search ends without one."""
        pending: list[list[Interval] | tuple[int, int]] = [domain]
        done: list[str] = []
        cells = 0
        while pending:
            item = pending.pop()
            if isinstance(item, tuple):
                high, low = done.pop(), done.pop()
                done.append(f"(Cut {item[0]} {_integer(item[1])} {low} {high})")
                continue
            cells += 1
            if cells > MAX_CELLS or monotonic() > self.deadline:
                return None
            found = self.leaf(item)
            if found is not None:
                done.append(found)
                continue
            widths = [b - a for a, b in item]
            if not widths or max(widths) < 2:
                return None
            k = widths.index(max(widths))
            a, b = item[k]
            c = (a + b) // 2
            pending += [(k, c), [*item[:k], (c, b), *item[k + 1:]], [*item[:k], (a, c), *item[k + 1:]]]
        return done[0]


def _integer(n: int) -> str:
    return f"{n}%Z" if n >= 0 else f"({n})%Z"


def _intervals(values: list[Interval]) -> str:
    return f"[{'; '.join(f'({_integer(a)}, {_integer(b)})' for a, b in values)}]"


# -- the rule ----------------------------------------------------------------------------------------------------------------
@script("boxes")
def boxes(step: Step) -> str:
    op, a, b = compared(step.goal, Op.LE, Op.LT, Op.NE)
    names = tuple(step.data["variables"])
    domain: list[tuple[Fraction, Fraction]] = []
    for x in names:
        low, high = bounds(step.sequent, x)
        if low is None or high is None:
            raise Unreplayed(f"{x} has no bounds")
        domain.append((low, high))
    opened = "repeat match goal with q__0 : _ /\\ _ |- _ => destruct q__0 end."
    naturals = [f"pose proof (isnat_ge0 _ {sort_name(x)})." for x in names if step.sequent.sorts[x].kind == "natural"]
    if any(low > high for low, high in domain):
        return "\n".join([opened, *naturals, "exfalso; lra."])
    f, powers = logarithmic(Node(Op.SUB, (b, a)))
    try:
        slope = derivative(f, names[0]) if len(names) == 1 else None
    except Rejected:
        slope = None
    numbers = [n.value for n in dict.fromkeys(postorder(*((f,) if slope is None else (f, slope)))) if n.op == Op.NUM]
    places = {q: k for k, q in enumerate(numbers)}
    code = program(f, names, places)
    try:
        slope_code = None if slope is None else program(slope, names, places)
    except Unreplayed:
        slope_code = None
    deadline = monotonic() + SECONDS
    least = 0 if op == Op.LE else 1
    for bits, steps in PRECISIONS:
        scale = 1 << bits
        constants = [(q.numerator * scale // q.denominator, -(-q.numerator * scale // q.denominator)) for q in numbers]
        box = [(low.numerator * scale // low.denominator, -(-high.numerator * scale // high.denominator)) for low, high in domain]
        derived = ""
        if slope_code is not None:
            assert slope is not None
            try:
                derived = _derived(step, f, slope, names[0], box[0], scale)
            except Unreplayed:
                slope_code = None
        tree = Search(Arithmetic(bits, steps), code, slope_code, constants, least, deadline).tree(box)
        if tree is None:
            continue
        used = "Mean" in tree
        texts = [f"({t})" if level else t for t, level in map(rational, numbers)]
        facts = Facts(step)
        equal = [f"rewrite (pw_exp {step.term(p.args[0])} {step.term(p.args[1])}) by exact {facts.of(Node(Op.LT, (ZERO, p.args[0])))}."
                 for p in powers]
        second = slope_code.text if slope_code is not None else "[]"
        head = f"{_integer(scale)} {steps}%nat"
        values, enclosed = f"[{'; '.join(texts)}]", _intervals(constants)
        point = f"[{'; '.join(coq_name(x) for x in names)}]"
        known = [f"assert (constants__0 : Forall2 (inside {_integer(scale)}) {enclosed} {values}).", f"{{ {_enclosed(len(numbers))} }}",
                 f"assert (box__0 : Forall2 (inside {_integer(scale)}) {_intervals(box)} {point}).", f"{{ {_enclosed(len(names))} }}"]
        how = f"intros _; {derived}" if used else "intros q__0; vm_compute in q__0; discriminate q__0."
        where = _intervals(box)
        known += [f"assert (derived__0 : means {tree} = true -> derived {_integer(scale)} {code.text} {second} {values} {where}).",
                  f"{{ {how} }}",
                  f"assert (covered__0 : covered {head} {code.text} {second} {enclosed} {_integer(least)} {tree} {where} = true).",
                  "{ vm_compute; reflexivity. }",
                  f"assert (q__1 : {least} <= {term(f, argument=True)} * {scale}).",
                  f"{{ exact (covered_sound {head} eq_refl {code.text} {second} {enclosed} {_integer(least)} {values} constants__0 {tree} "
                  f"{where} {point} derived__0 covered__0 box__0). }}"]
        written = f"{term(Node(Op.SUB, (b, a)), argument=True)} = {term(f, argument=True)}"
        end = f"assert (q__2 : {written}).\n{{ {' '.join(equal)} reflexivity. }}"
        last = "intros n__1; lra." if op == Op.NE else "lra."
        return "\n".join([*facts.lines, opened, *naturals, *known, end, f"clear - q__1 q__2; {last}"])
    raise Unreplayed("no enclosures that Coq can compute were found on the box in the time for it")


def _enclosed(count: int) -> str:
    return "apply Forall2_cons; [unfold inside; cbn [fst snd]; split; lra|]. " * count + "apply Forall2_nil."


def _derived(step: Step, f: Node, slope: Node, name: str, box: Interval, scale: int) -> str:
    """That the program of the slope computes the derivative of the function on the box."""
    fresh = step.sequent.fresh(name)
    y = variable(fresh)
    moved = substitute(f, {name: y})
    if derivative(moved, fresh) != substitute(slope, {name: y}):
        raise Unreplayed("the derivative has another form at another variable")
    ends = [Node(Op.LE, (number(Fraction(box[0], scale)), y)), Node(Op.LE, (y, number(Fraction(box[1], scale))))]
    context = Facts(step).context.extended({fresh: Sort("real")}, [(ends[0], "l__1"), (ends[1], "u__1")])
    curve = Curve(moved, fresh, context)
    x = coq_name(fresh)
    curve.lines = [f"intros i__0 e__0 {x} y__0; injection e__0 as <-; destruct y__0 as [l__0 u__0]; cbn [fst snd] in l__0, u__0.",
                   f"assert (l__1 : {proposition(ends[0])}) by lra.", f"assert (u__1 : {proposition(ends[1])}) by lra."]
    return f"{curve.slopes('c__0')}\nexact c__0."


__all__ = ["Arithmetic", "Program", "Search", "boxes", "logarithmic", "program"]
