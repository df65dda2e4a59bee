r"""Claims in LaTeX: what is proved as a theorem with its proof in words, what is refuted with its counterexample.

A fragment for \input that needs amsmath, amssymb and amsthm and an environment ``theorem``. The proof is the certificate read
from the leaves to the root: a numbered line for each step that is not evident. Nothing is computed or decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from normbound.claims.checker import Sequent, from_json
from normbound.claims.checker.logforms import flatten as flat_parts
from normbound.claims.checker.registry import Rejected, rules
from normbound.claims.document import Claim
from normbound.claims.errors import ClaimError
from normbound.claims.report import Row
from normbound.claims.syntax import Node, Op, free_names, number, substitute
from normbound.claims.tex import to_tex
from normbound.claims.verdict import ENCLOSED, KERNEL, PROVED, REFUTED, Outcome
from normbound.render.names import Names
from normbound.render.prose import code, escape

MAX_LINES = 60  # of a proof
MAX_TERMS = 10  # of a sum that is written out
MAX_TEXT = 1_500  # characters of a formula
_EVIDENT = ("evident", "hypothesis")
_SORTS = {"positive": "positive", "nonnegative": "nonnegative", "real": "real", "natural": "natural", "integer": "integer"}
_WHY = {  # how a rule reaches its goal, where the data adds nothing
    "defined": "every expression has a value",
    "split": "from its parts",
    "intro": "the premise is assumed, or an index taken at will",
    "absurd": "the hypotheses contradict each other",
    "contradiction": "the hypotheses contradict each other",
    "negate": "its opposite leads to a contradiction",
    "flip": "turned round",
    "contrapose": "its opposite contradicts a hypothesis",
    "generalize": "an expression is one of the values of a new variable",
    "successor": "the natural number is at least 1, so one more than another",
    "stronger": "from a stronger statement",
    "parts": "a hypothesis is taken apart",
    "apply": "an implication among the hypotheses is used",
    "instance": "a hypothesis is used at one index",
    "weaken": "a hypothesis is not needed",
    "cut": "by way of a further statement",
    "cases": "by cases",
    "zero": "the natural number is 0, or at least 1",
    "replace": "equals are replaced by equals",
    "transitive": "by transitivity",
    "extremum": "by the meaning of maximum, minimum and absolute value",
    "extremum_cases": "by cases for the maximum, minimum or absolute value",
    "algebra": "both sides have the same normal form, or differ by a constant",
    "unequal": "if it were an equality, so would be a hypothesis that says otherwise",
    "monotone": "both sides are the same monotone expression in comparable arguments",
    "congruence": "both sides are the same expression in equal arguments",
    "sign": "from the signs of the parts",
    "map": "an increasing function is applied to both sides",
    "squared": "both sides are squared",
    "recurrence": "by induction: the closed form starts and steps as the sequences do",
    "steps": "from one natural number to the next",
    "two_points": "compared at two points",
    "derivative": "the difference of the sides is monotone, by the sign of its derivative, up to a point at which it is compared",
    "slope": "the derivative has one sign on the interval",
    "limit_terms": "the dominant terms are compared",
    "rate_terms": "the bases of the dominant terms are compared",
    "limit_parts": "from the limits of the parts, by continuity or the rules for infinity",
    "limit_power": r"from the limits of the base and of the exponent times (base $-$ 1)",
    "limit_same": "from the limit of an equal expression, or an equal value",
    "squeeze": "squeezed between expressions with the same limit",
}
_LEMMAS = {"bernoulli": "Bernoulli's inequality", "exp": r"$1+t\le e^t$", "log": r"$\log u\le u-1$",
           "amgm": "the inequality of arithmetic and geometric means", "cauchy": "the inequality of Cauchy and Schwarz",
           "triangle": "the triangle inequality", "means": "the inequality of arithmetic and geometric means",
           "member": "a member is at most the sum of nonnegative terms", "geometric": "the sum of a geometric progression"}


def fragment(rows: Sequence[Row], environment: str = "theorem") -> str:
    """The claims of the rows that are proved or refuted; the others are named at the end with their verdict."""
    parts = ["% needs amsmath, amssymb, amsthm; written by normbound claims"]
    rest = []
    for _, claim, outcome in rows:
        if outcome.verdict in PROVED and outcome.certificate is not None and outcome.sequent is not None:
            parts.append(theorem(claim, outcome, environment))
        elif outcome.verdict in REFUTED:
            parts.append(refutation(claim, outcome))
        else:
            rest.append(rf"\texttt{{{escape(claim.id)}}} ({escape(outcome.verdict)})")
    if rest:
        parts.append(r"\noindent Not decided here: " + ", ".join(rest) + ".")
    return "\n\n".join(parts) + "\n"


def theorem(claim: Claim, outcome: Outcome, environment: str = "theorem") -> str:
    """A proved claim: the statement and the certificate in words."""
    names = Names()
    title = f"[{escape(claim.title)}]" if claim.title else ""
    lines = [rf"\begin{{{environment}}}{title}\label{{clm:{claim.id}}}", statement(claim, names) + _source(claim),
             rf"\end{{{environment}}}", r"\begin{proof}", *proof(outcome, names), r"\end{proof}"]
    how = {KERNEL: "Checked by the kernel of Coq.", ENCLOSED: "The certificate was checked; it rests on ball arithmetic."}.get(
        outcome.verdict, "The certificate was checked in exact arithmetic.")
    notes = " ".join(escape(n) + "." for n in outcome.notes)
    lines.append(rf"\noindent{{\footnotesize {how} {notes}}}\par".replace(r" }\par", r"}\par"))
    return "\n".join(lines)


def refutation(claim: Claim, outcome: Outcome) -> str:
    """A refuted claim: the statement and the point at which it fails."""
    names = Names()
    head = escape(claim.title) if claim.title else rf"\texttt{{{escape(claim.id)}}}"
    text = [rf"\noindent\textbf{{Refuted: {head}.}} The following is false{_source(claim)}. \emph{{{statement(claim, names)}}}"]
    if outcome.witness:
        said = ", ".join(f"${to_tex(Node('var', (), n), names) if not isinstance(v, list) else names.symbol(n).tex} = {_value(v)}$"
                         for n, v in outcome.witness.items())
        text.append(rf"\par\noindent\emph{{Counterexample.}} {said}.")
    text.append(rf"{{\small {code(outcome.reason)}.}}\par")
    return "\n".join(text)


def statement(claim: Claim, names: Names) -> str:
    """Variables, hypotheses and the statement, in words and formulas."""
    used = {n for s in (*claim.given, claim.show) for n in free_names(s)} | {x for a in claim.networks.values() for x in a.symbols}
    for sort in [claim.vars[n] for n in used if n in claim.vars]:
        used |= free_names(sort.length) if sort.length is not None else set()
    variables = {n: s for n, s in claim.vars.items() if n in used}
    names.register([n for n, s in variables.items() if not s.is_family], {n for n, s in variables.items() if s.is_family})
    groups: dict[str, list[str]] = {}
    families = []
    for name, sort in variables.items():
        if sort.length is not None:
            families.append(rf"${names.family(name).tex}_1, \dots$ be {_SORTS[sort.kind]} numbers, ${to_tex(sort.length, names)}$ of them")
        else:
            groups.setdefault(_SORTS[sort.kind], []).append(f"${names.symbol(name).tex}$")
    said = [f"{', '.join(g)} be {kind}" for kind, g in groups.items()] + families
    text = f"Let {'; '.join(said)}. " if said else ""
    if claim.given:
        text += "Suppose that " + " and ".join(_math(g, names) for g in claim.given) + ". Then " + _math(claim.show, names) + "."
    else:
        text += ("Then " if said else "") + _math(claim.show, names) + "."
    return text


def _source(claim: Claim) -> str:
    return f" (Source: {escape(claim.source)}.)" if claim.source else ""


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "(" + ", ".join(_value(v) for v in value[:20]) + (r", \dots" if len(value) > 20 else "") + ")"
    q = Fraction(value)
    return str(q.numerator) if q.denominator == 1 else ("-" if q < 0 else "") + rf"\frac{{{abs(q.numerator)}}}{{{q.denominator}}}"


def _math(node: Node, names: Names) -> str:
    try:
        text = to_tex(node, names)
    except ClaimError:
        return "(a formula that is too long to print)"
    return f"${text}$" if len(text) <= MAX_TEXT else "(a formula that is too long to print)"


# -- proofs --------------------------------------------------------------------------------------------------------------
def proof(outcome: Outcome, names: Names) -> list[str]:
    """The lines of a proof, from the leaves to the root."""
    assert outcome.sequent is not None and outcome.certificate is not None
    root = from_json(outcome.sequent)
    order: list[tuple[Sequent, Mapping[str, Any], list[int]]] = []
    stack: list[tuple[Sequent, Mapping[str, Any], int]] = [(root, outcome.certificate, -1)]
    known = rules()
    while stack:
        sequent, node, parent = stack.pop()
        here = len(order)
        order.append((sequent, node, []))
        if parent >= 0:
            order[parent][2].append(here)
        stack.extend((s, p, here) for s, p in zip(known[node["rule"]](sequent, node["data"]), node["premises"], strict=True))
    lines: list[str] = []
    numbers: dict[int, int] = {}
    said: dict[Any, int] = {}
    given = set(root.given)
    for k in range(len(order) - 1, -1, -1):
        sequent, node, below = order[k]
        if node["rule"] in _EVIDENT and k:
            continue
        if len(lines) >= MAX_LINES and k:
            numbers[k] = 0
            continue
        same = (sequent.goal, frozenset(sequent.given))
        if same in said:
            numbers[k] = said[same]
            continue
        extra = [h for h in sequent.given if h not in given]
        from_ = [f"({n})" for n in sorted({numbers[j] for j in below if numbers.get(j)})]
        text = _math(sequent.goal, names)
        if extra:
            text += ", if " + " and ".join(_math(h, names) for h in extra[:6]) + (" and so on" if len(extra) > 6 else "")
        numbers[k] = said[same] = len(lines) + 1
        lines.append(rf"({numbers[k]})~{text}: {_why(sequent, node, names)}" + (f"; by {', '.join(from_)}" if from_ else "") + ".")
    if any(n == 0 for n in numbers.values()):
        lines.insert(0, f"The certificate has {len(order)} steps; the last {MAX_LINES} are shown.")
    return [line + r"\par" for line in lines[:-1]] + lines[-1:]


def _why(sequent: Sequent, node: Mapping[str, Any], names: Names) -> str:
    rule, data = node["rule"], node["data"]
    try:
        if rule == "evident":
            return "evident from the signs"
        if rule == "hypothesis":
            return "a hypothesis"
        if rule == "products":
            return _products(sequent, data, names)
        if rule == "loglinear":
            return _loglinear(sequent, data, names)
        if rule == "lemma":
            of = ", ".join(_math(sequent.expression(a), names) for a in data["args"])
            return f"by {_LEMMAS.get(data['name'], escape(str(data['name'])))} for {of}"
        if rule == "induction":
            return f"by induction on ${names.symbol(data['variable']).tex}$ from {int(data['from'])}"
        if rule == "boxes":
            parts = sum(isinstance(x, str) for x in data["tree"])
            return f"bounded by intervals on {parts} box{'es' if parts != 1 else ''} that cover the domain"
        if rule == "unfold":
            return f"with {_math(sequent.expression(data['term']), names)} written out ({escape(str(data['equation']))})"
        if rule == "cut":
            return f"by way of {_math(sequent.statement(data['lemma']), names)}"
    except (Rejected, ClaimError, LookupError, TypeError, ValueError):
        pass
    return _WHY.get(rule, rf"by the rule \texttt{{{escape(rule)}}}")


def _products(sequent: Sequent, data: Mapping[str, Any], names: Names) -> str:
    from normbound.claims.checker.rules_linear import fact
    terms = data["terms"]
    if not terms or len(terms) > MAX_TERMS:
        return f"the difference of the sides is a sum of {len(terms)} products of hypotheses and signs, with rational weights"
    total: Node | None = None
    for weight, factors in terms:
        q = Fraction(weight)
        top: Node | None = number(abs(q)) if abs(q) != 1 or not factors else None
        bottom: Node | None = None
        for k, exponent in factors:
            e = fact(sequent, data["facts"][k])[0]
            n = int(exponent)
            x = e if abs(n) == 1 else Node(Op.POW, (e, number(abs(n))))
            if n > 0:
                top = x if top is None else Node(Op.MUL, (top, x))
            elif n < 0:
                bottom = x if bottom is None else Node(Op.MUL, (bottom, x))
        part = top or number(1)
        part = part if bottom is None else Node(Op.DIV, (part, bottom))
        total = part if total is None else Node(Op.SUB if q < 0 else Op.ADD, (total, part))
    assert total is not None
    return f"the difference of the sides, larger minus smaller, is {_math(total, names)}, in which the sign of each term is known"


def _loglinear(sequent: Sequent, data: Mapping[str, Any], names: Names) -> str:
    sides = "the logarithms of the sides" if data["mode"] == "log" else "the sides"
    rows = data["rows"]
    if not rows:
        return f"{sides} are equal"
    facts = [_fact(sequent, f, names) for f in data["facts"]]
    letters = [rf"\mathrm{{F}}_{{{k + 1}}}" for k in range(len(facts))]
    if len(rows) > MAX_TERMS:
        return f"the difference of {sides} is a sum of {len(rows)} products of known facts, with rational weights"
    total = " + ".join((rf"{_value(row[0])}\," if Fraction(row[0]) != 1 or not row[1] else "") + r"\,".join(letters[j] for j in row[1])
                       for row in rows)
    known = ", ".join(f"${letter}$: {text}" for letter, text in zip(letters, facts, strict=True))
    return f"the difference of {sides} is ${total}$, each fact read as a quantity of known sign ({known})"


def _fact(sequent: Sequent, data: Mapping[str, Any], names: Names) -> str:
    logs = ", in logarithms" if data.get("mode") == "log" else ""
    if "given" in data:
        return _math(flat_parts(sequent.hypothesis(data["given"]))[data.get("part", 0)], names) + logs
    if "instance" in data:
        whole = sequent.hypothesis(data["instance"])
        part = flat_parts(whole.args[2])[data.get("part", 0)]
        return _math(substitute(part, {whole.value: sequent.expression(data["at"])}), names) + logs
    if "each" in data:
        return f"the sum of {_math(sequent.hypothesis(data['each']), names)}{logs}"
    if "stated" in data:
        stated = sequent.statement(data["stated"])
        return ("the sum of " if stated.op == Op.FORALL else "") + _math(stated, names) + logs
    if "sign" in data:
        return _math(Node(Op.LE, (number(0), sequent.expression(data["sign"]))), names)
    if "square" in data:
        return _math(Node(Op.LE, (number(0), Node(Op.POW, (sequent.expression(data["square"]), number(2))))), names)
    if "exp" in data:
        t = sequent.expression(data["exp"])
        return _math(Node(Op.LE, (Node(Op.ADD, (number(1), t)), Node(Op.EXP, (t,)))), names)
    if "log" in data:
        u = sequent.expression(data["log"])
        return _math(Node(Op.LE, (Node(Op.LOG, (u,)), Node(Op.SUB, (u, number(1))))), names)
    if "logs" in data:
        return rf"$\log u\le u-1$ summed as in {_math(sequent.expression(data['logs']), names)}"
    return rf"$0<\log {_value(data['above'])}$"


__all__ = ["fragment", "proof", "refutation", "statement", "theorem"]
