"""Logarithms, then exact linear combinations of products of facts (Farkas).

Rule ``loglinear``: the goal a <= b (or <, >=, >, ==) holds because its difference is a sum of products of facts. A fact is a
form (see ``logforms``) that is known to be >= 0, > 0 or == 0. In mode "plain" the difference is b - a, in mode "log" it is
log b - log a. Since forms are polynomials, log(s)*K, m*log(q) or s*exp(x) may all take part.

    {"mode": "plain" | "log",
     "facts": [fact, ...],
     "rows": [["p/q", [number of a fact, ...]], ...]             difference = sum of p/q * product of the facts
             or [["p/q", [...], "an expression"], ...]}          with a further factor of any sign; one fact is then == 0

Facts
    {"given": k, "part": j, "mode": ...}     part j of hypothesis k, a comparison (not !=)
    {"instance": k, "at": "e", "part": j, "mode": ...}    hypothesis k, forall(i, lo, hi, P), at i = e; premises lo <= e <= hi
    {"each": k, "part": j, "lo": "e", "hi": "e", "mode": ...}    the same summed over i from lo to hi; without lo, hi: over all
    {"stated": "a <= b", "mode": ...}        premise: this comparison, and that it is defined; of a stated forall(i, lo, hi, a <= b) the
                                             sum over i
    {"sign": "e"}                            e >= 0 or e > 0, evident from signs
    {"square": "e"}                          e^2 >= 0
    {"exp": "t"}                             exp(t) - 1 - t >= 0
    {"log": "u"}                             u - 1 - log(u) >= 0; premise: u > 0
    {"logs": "sum(i, lo, hi, u)"}            the sum of u - 1 - log(u) over i is >= 0; premise: u > 0 for lo <= i <= hi
    {"above": "p/q"}                         log(p/q) > 0 for p/q > 1

Rule ``unequal``: a != b from a hypothesis c != d, when a == b would make c == d.

Premises: in the order of the facts, each with the demands of its form, then those of the goal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from normbound.claims.checker.logforms import (
    ZERO,
    Form,
    Forms,
    add,
    constant,
    flatten,
    log_number,
    multiply,
    scale,
    to_node,
)
from normbound.claims.checker.obligations import needs, opened
from normbound.claims.checker.registry import reject, rule
from normbound.claims.checker.sequent import Sequent, entry, listing, number_below, rational, string
from normbound.claims.sorts import is_integer
from normbound.claims.syntax import Node, Op, substitute

MODES = ("plain", "log")
MAX_FACTS, MAX_ROWS, MAX_FACTORS = 400, 400, 6
NONNEGATIVE, POSITIVE, NULL = "nonnegative", "positive", "zero"


class Fact(NamedTuple):
    """A form and what is known of it: NONNEGATIVE, POSITIVE or NULL."""

    form: Form
    sign: str


def oriented(comparison: Node) -> tuple[Node, Node, str]:
    """(small, large, sign of large - small). Rejected where the statement is no comparison, or is !=."""
    op = comparison.op
    if op not in (Op.EQ, Op.LE, Op.LT, Op.GE, Op.GT):
        reject(f"found {str(comparison)[:60]}; accepted: a comparison other than !=")
    a, b = comparison.args
    return (b, a, POSITIVE if op == Op.GT else NONNEGATIVE) if op in (Op.GE, Op.GT) else (
        a, b, NULL if op == Op.EQ else POSITIVE if op == Op.LT else NONNEGATIVE)


def difference(forms: Forms, comparison: Node, mode: str) -> Fact:
    """The fact that a comparison states, or wants."""
    a, b, sign = oriented(comparison)
    if mode == "log":
        return Fact(add(forms.log(b), forms.log(a), -1), sign)
    return Fact(add(forms.plain(b), forms.plain(a), -1), sign)


class Reader:
    """Facts from data; premises in ``premises``, and in the demands of the forms."""

    def __init__(self, sequent: Sequent):
        self.sequent = sequent
        self.forms = Forms(sequent)
        self.premises: list[Sequent] = []

    def mode(self, data: Mapping[str, Any]) -> str:
        mode = string(data.get("mode", "plain"))
        if mode not in MODES:
            reject(f"found the mode {mode[:20]!r}; accepted: {', '.join(MODES)}")
        return mode

    def require(self, statement: Node) -> None:
        """A premise, unless it is evident."""
        if not self.sequent.signs.holds(statement):
            self.premises.append(self.sequent.aim(statement))

    def expression(self, text: object) -> Node:
        """An expression of the certificate, which must be defined."""
        node = self.sequent.expression(text)
        self.premises.extend(needs(self.sequent, node))
        return node

    def part(self, statement: Node, data: Mapping[str, Any]) -> Node:
        parts = flatten(statement)
        return parts[number_below(data.get("part", 0), len(parts), "part")]

    def forall(self, data: Mapping[str, Any], name: str) -> Node:
        hypothesis = self.sequent.hypothesis(entry(data, name))
        if hypothesis.op != Op.FORALL:
            reject(f"found the hypothesis {str(hypothesis)[:60]}; accepted: a forall")
        return hypothesis

    def fact(self, data: Any) -> Fact:
        if not isinstance(data, Mapping):
            reject(f"found {type(data).__name__}; accepted: a fact")
        s = self.sequent
        if "given" in data:
            return difference(self.forms, self.part(s.hypothesis(data["given"]), data), self.mode(data))
        if "instance" in data:
            whole = self.forall(data, "instance")
            at = self.expression(entry(data, "at"))
            if not is_integer(at, s.sorts):
                reject(f"found the index {str(at)[:60]}; accepted: an integer")
            self.require(Node(Op.LE, (whole.args[0], at)))
            self.require(Node(Op.LE, (at, whole.args[1])))
            return difference(self.forms, substitute(self.part(whole.args[2], data), {whole.value: at}), self.mode(data))
        if "each" in data:
            return self.each(data)
        if "stated" in data:
            statement = s.statement(data["stated"])
            self.premises.extend(needs(s, statement))
            if statement.op == Op.FORALL:
                self.premises.append(s.aim(statement))
                return self.summed(statement, statement.args[2], statement.args[0], statement.args[1], self.mode(data))
            self.require(statement)
            return difference(self.forms, statement, self.mode(data))
        if "sign" in data:
            e = self.expression(data["sign"])
            if s.signs.holds(Node(Op.LT, (ZERO, e))):
                return Fact(self.forms.plain(e), POSITIVE)
            if not s.signs.holds(Node(Op.LE, (ZERO, e))):
                reject(f"{str(e)[:60]} >= 0 is not evident")
            return Fact(self.forms.plain(e), NONNEGATIVE)
        if "square" in data:
            form = self.forms.plain(self.expression(data["square"]))
            return Fact(multiply(form, form), NONNEGATIVE)
        if "exp" in data:
            t = self.expression(data["exp"])
            return Fact(add(add(self.forms.plain(Node(Op.EXP, (t,))), constant(1), -1), self.forms.plain(t), -1), NONNEGATIVE)
        if "log" in data:
            u = self.expression(data["log"])
            self.require(Node(Op.LT, (ZERO, u)))
            return Fact(add(add(self.forms.plain(u), constant(1), -1), self.forms.log(u, defined=True), -1), NONNEGATIVE)
        if "logs" in data:
            return self.logs(self.expression(data["logs"]))
        if "above" in data:
            q = rational(data["above"])
            if q <= 1:
                reject(f"found {q}; accepted: a number above 1")
            return Fact(log_number(q), POSITIVE)
        reject("found an unknown kind of fact; accepted: given, instance, each, stated, sign, square, exp, log, logs, above")

    def logs(self, total: Node) -> Fact:
        """The sum over an index of u - 1 - log(u)."""
        if total.op != Op.SUM:
            reject(f"found {str(total)[:60]}; accepted: a sum over an index")
        lo, hi, u = total.args
        inner, index = opened(self.sequent, total.value, lo, hi)
        condition = inner.aim(Node(Op.LT, (ZERO, substitute(u, {total.value: index}))))
        if not condition.signs.holds(condition.goal):
            self.premises.append(condition)
        forms = self.forms
        body = lambda: add(add(forms.plain(u), constant(1), -1), forms.log(u, defined=True), -1)  # noqa: E731
        return Fact(forms.total(total.value, lo, hi, body), NONNEGATIVE)

    def each(self, data: Mapping[str, Any]) -> Fact:
        whole = self.forall(data, "each")
        lo, hi, body = whole.args
        ends = [lo, hi]
        for k, name in enumerate(("lo", "hi")):
            if name in data:
                ends[k] = self.expression(data[name])
                if not is_integer(ends[k], self.sequent.sorts):
                    reject(f"found the end {str(ends[k])[:60]}; accepted: an integer")
        if "lo" in data:
            self.require(Node(Op.LE, (lo, ends[0])))
        if "hi" in data:
            self.require(Node(Op.LE, (ends[1], hi)))
        return self.summed(whole, self.part(body, data), ends[0], ends[1], self.mode(data))

    def summed(self, whole: Node, comparison: Node, lo: Node, hi: Node, mode: str) -> Fact:
        """The sum over an index of the differences that a comparison states for each."""
        sign = oriented(comparison)[2]
        form = self.forms.total(whole.value, lo, hi, lambda: difference(self.forms, comparison, mode).form)
        return Fact(form, NULL if sign == NULL else NONNEGATIVE)  # the range may be empty


@rule("loglinear")
def loglinear(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """See the head of the module."""
    reader = Reader(sequent)
    facts = [reader.fact(f) for f in listing(entry(data, "facts"), MAX_FACTS)]
    wanted, sign = difference(reader.forms, sequent.goal, reader.mode(data))
    total: Form = {}
    strict = False
    for row in listing(entry(data, "rows"), MAX_ROWS):
        form, kind = product(reader, facts, listing(row, 3))
        if kind != NULL and sign == NULL:
            reject("an equality needs a fact that is an equality in each row")
        strict = strict or kind == POSITIVE
        total = add(total, form)
    rest = add(wanted, total, -1)
    if rest and not reader.forms.is_zero(rest):
        reject(f"the rows miss the goal by {str(to_node(rest))[:200]}")
    if sign == POSITIVE and not strict:
        reject("a strict goal needs a row that is > 0")
    return [*reader.premises, *reader.forms.demands]


@rule("unequal")
def unequal(sequent: Sequent, data: Mapping[str, Any]) -> list[Sequent]:
    """H, a == b |- c == d / H |- a != b, where c != d is the hypothesis ``number``."""
    given = sequent.hypothesis(entry(data, "number"))
    if given.op != Op.NE or sequent.goal.op != Op.NE:
        reject(f"found {str(given)[:60]} and the goal {str(sequent.goal)[:60]}; accepted: two comparisons with !=")
    return [sequent.assume(Node(Op.EQ, sequent.goal.args)).aim(Node(Op.EQ, given.args))]


def product(reader: Reader, facts: list[Fact], row: list[Any]) -> tuple[Form, str]:
    """One row: its form and sign."""
    if len(row) < 2:
        reject("found a short row; accepted: a number and numbers of facts")
    q = rational(row[0])
    chosen = [facts[number_below(k, len(facts), "fact")] for k in listing(row[1], MAX_FACTORS)]
    form = constant(1)
    for f in chosen:
        form = multiply(form, f.form)
    form = scale(form, q)
    if any(f.sign == NULL for f in chosen):
        if len(row) > 2:
            form = multiply(form, reader.forms.plain(reader.expression(row[2])))
        return form, NULL
    if len(row) > 2 or q < 0:
        reject("a negative multiplier or a further factor needs a fact that is an equality in the row")
    if q == 0:
        return {}, NULL
    return form, POSITIVE if all(f.sign == POSITIVE for f in chosen) else NONNEGATIVE


__all__ = ["NONNEGATIVE", "NULL", "POSITIVE", "Fact", "Reader", "difference", "loglinear", "oriented", "unequal"]
