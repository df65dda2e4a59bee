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
from normbound.claims.checker.sequent import members
from normbound.claims.checker.signs import ZERO
from normbound.claims.document import Claim
from normbound.claims.errors import ClaimError
from normbound.claims.report import Row, folders
from normbound.claims.syntax import COMPARISONS, Node, Op, free_names, number, postorder, substitute
from normbound.claims.tex import to_tex
from normbound.claims.verdict import ENCLOSED, KERNEL, PROVED, REFUTED, WITNESS, Outcome
from normbound.claims.witness import failing, sides
from normbound.claims.wording import EQUATIONS, LEMMAS, RULES
from normbound.network.language import described
from normbound.render.names import Names
from normbound.render.prose import code, escape

MAX_LINES = 60  # of a proof
MAX_TERMS = 10  # of a sum that is written out
MAX_TEXT = 1_500  # characters of a formula
_EVIDENT = ("evident", "hypothesis")
_SORTS = {"positive": "positive", "nonnegative": "nonnegative", "real": "real", "natural": "natural", "integer": "integer"}


def fragment(rows: Sequence[Row], environment: str = "theorem") -> str:
    """The claims of the rows that are proved or refuted; the others are named at the end with their verdict."""
    parts = ["% needs amsmath, amssymb, amsthm; written by normbound claims"]
    networks = {(name, described(a.network)): a for _, claim, _ in rows for name, a in claim.networks.items() if name in _mentioned(claim)}
    if networks:
        said = (rf"\item[\texttt{{{escape(name)}}}] {escape(a.title + ': ' if a.title else '')}{code(text)}"
                for (name, text), a in networks.items())
        head = (r"\noindent Networks; inputs are samples $\times$ positions $\times$ features. A bar over $\operatorname{Lip}$ denotes the "
                r"bound that is derived for all networks with norms at most those that are named, under the hypotheses of its derivation:")
        parts.append("\n".join((head, r"\begin{description}\raggedright", *said, r"\end{description}")))
    if any(n.op == Op.DD for _, claim, o in rows for n in postorder(*_statements(claim, o))):
        parts.append(r"\noindent $\operatorname{dd}(K;\, x_1, \dots, x_m)$ is the divided difference of $z^K$ at these nodes, equal nodes "
                     r"taken as limits; $0^0 = 1$.")
    rest = []
    places = folders([d.where for d, _, _ in rows])
    for document, claim, outcome in rows:
        if outcome.verdict in PROVED and outcome.certificate is not None and outcome.sequent is not None:
            folder = places[document.where]
            parts.append(theorem(claim, outcome, environment, f"clm:{folder}{':' if folder else ''}{claim.id}"))
        elif outcome.verdict in REFUTED:
            parts.append(refutation(claim, outcome))
        else:
            rest.append(f"{_id(claim)} ({escape(outcome.verdict)})")
    if rest:
        parts.append(r"{\sloppy\noindent Not decided here: " + ", ".join(rest) + r".\par}")
    return "\n\n".join(parts) + "\n"


def _statements(claim: Claim, outcome: Outcome) -> list[Node]:
    """The statements of a claim, also with the bounds of networks written out."""
    written = [] if outcome.sequent is None else [from_json(outcome.sequent).goal]
    return [*claim.given, claim.show, *written]


def theorem(claim: Claim, outcome: Outcome, environment: str = "theorem", label: str = "") -> str:
    """A proved claim: the statement and the certificate in words."""
    names = Names()
    title = f"[{{{escape(claim.title)}}}]" if claim.title else ""
    said = statement(claim, names)
    assert outcome.sequent is not None
    goal = from_json(outcome.sequent).goal
    written = [] if goal == claim.show else [
        rf"With the bounds of the networks written out, it is to be shown that {_math(goal, names)}.\par"]
    lines = [rf"\begin{{{environment}}}{title}\label{{{label or 'clm:' + claim.id}}}", said + _source(claim),
             rf"\end{{{environment}}}", r"\begin{proof}\sloppy", *written, *proof(outcome, names), r"\end{proof}"]
    how = {KERNEL: "Checked by the kernel of Coq.", ENCLOSED: "The certificate was checked; it rests on ball arithmetic."}.get(
        outcome.verdict, "The certificate was checked in exact arithmetic.")
    notes = " ".join(escape(n) + "." for n in outcome.notes)
    lines.append(rf"\noindent{{\footnotesize {' '.join((how, notes)).strip()}}}\par\medskip")
    return "\n".join(lines)


def refutation(claim: Claim, outcome: Outcome) -> str:
    """A refuted claim: the statement and the point at which it fails."""
    names = Names()
    head = escape(claim.title) if claim.title else _id(claim)
    text = [rf"\noindent\textbf{{Refuted: {head}.}} The following is false{_source(claim)}. \emph{{{statement(claim, names)}}}"]
    used = _used(claim)
    there, further = _sides(outcome, names)
    if there:
        used |= further
    elif claim.show.op in (Op.LIMIT, Op.RATE):
        used -= {claim.show.value}
    said = ", ".join(f"${to_tex(Node(Op.VAR, (), n), names) if not isinstance(v, list) else names.family(n).tex} = {_value(v)}$"
                     for n, v in (outcome.witness or {}).items() if n in used)
    if said:
        text.append(rf"\par\noindent\emph{{Counterexample.}} {said}.")
    text.append((there or rf"{{\sloppy\small {code(outcome.reason)}.}}") + r"\par\medskip")
    return "\n".join(text)


def _sides(outcome: Outcome, names: Names) -> tuple[str, set[str]]:
    """The comparison that fails at the point, with the values of its sides, and its variables; empty where the claim fails in another
    way."""
    if outcome.verdict != WITNESS or outcome.sequent is None or outcome.witness is None:
        return "", set()
    sequent = from_json(outcome.sequent)
    point = {n: tuple(Fraction(x) for x in v) if isinstance(v, list) else Fraction(v) for n, v in outcome.witness.items()}
    failed = failing(sequent.goal, point) if point.keys() >= sequent.sorts.keys() else None
    if failed is None:
        return "", set()
    families = {n for n, s in sequent.sorts.items() if s.is_family}
    names.register([n for n in sequent.sorts if n not in families], families)
    left, right = (_scientific(x) for x in sides(failed, point))
    return f"There {_math(failed, names)} is false: the left side is {left}, the right side is {right}.", set(free_names(failed))


def _scientific(text: str) -> str:
    """A number as ``witness.digits`` writes it; what has a decimal point was rounded."""
    head, e, exponent = text.strip("[]").partition("e")
    number = rf"${head}\cdot 10^{{{int(exponent)}}}$" if e else f"${head}$"
    return f"about {number}" if e or "." in head else number


def statement(claim: Claim, names: Names) -> str:
    """Variables, hypotheses and the statement, in words and formulas."""
    used = _used(claim)
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
        text += f"Suppose that {_joined(claim.given, names)}. Then {_math(claim.show, names)}."
    else:
        text += ("Then " if said else "") + _math(claim.show, names) + "."
    return text


def _used(claim: Claim) -> set[str]:
    """The variables that the claim, its networks and the lengths of its families mention."""
    used = {n for s in (*claim.given, claim.show) for n in free_names(s)} | {x for a in claim.networks.values() for x in a.symbols}
    for sort in [claim.vars[n] for n in used if n in claim.vars]:
        used |= free_names(sort.length) if sort.length is not None else set()
    return used


def _mentioned(claim: Claim) -> set[str]:
    """The networks that the claim speaks of."""
    return {n.value[1] for n in postorder(*claim.given, claim.show) if n.op == Op.NET}


def _id(claim: Claim) -> str:
    """The id, which may be broken at its marks."""
    text = escape(claim.id)
    for mark in ":-.":
        text = text.replace(mark, mark + r"\allowbreak ")
    return rf"\texttt{{{text}}}"


def _source(claim: Claim) -> str:
    return f" (Source: {escape(claim.source)}.)" if claim.source else ""


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "(" + ", ".join(_value(v) for v in value[:20]) + (r", \dots" if len(value) > 20 else "") + ")"
    q = Fraction(value)
    return str(q.numerator) if q.denominator == 1 else ("-" if q < 0 else "") + rf"\frac{{{abs(q.numerator)}}}{{{q.denominator}}}"


def _joined(statements: Sequence[Node], names: Names) -> str:
    """The statements with "and" between them, each in parentheses where it could be read beyond its end."""
    if len(statements) == 1:
        return _math(statements[0], names)
    return " and ".join(_math(s, names) if s.op in COMPARISONS else f"({_math(s, names)})" for s in statements)


def _math(node: Node, names: Names) -> str:
    if node.op in (Op.INCREASING, Op.DECREASING):  # words outside of the formula, so that a line can be broken there
        varying = names.family(node.value) if node.value in members(node.args[0]) else names.symbol(node.value)
        return f"{_math(node.args[0], names)} is {'nondecreasing' if node.op == Op.INCREASING else 'nonincreasing'} in ${varying.tex}$"
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
    order: list[tuple[Sequent, Mapping[str, Any], list[int]]] = []  # with the numbers of the premises, the last one first
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
    above = {j: k for k, (_, _, below) in enumerate(order) for j in below[:1]}  # the step of which it is the last premise
    chains: dict[int, tuple[list[tuple[Sequent, Mapping[str, Any]]], set[int]]] = {}  # equations that are told with those above
    said: dict[Any, int] = {}
    given = set(root.given)
    for k in range(len(order) - 1, -1, -1):
        sequent, node, below = order[k]
        if node["rule"] in _EVIDENT and k:
            continue
        if len(lines) >= MAX_LINES and k:
            numbers[k] = 0
            continue
        same = (sequent.goal, frozenset(sequent.given), frozenset(sequent.sorts.items()))
        if same in said:
            numbers[k] = said[same]
            continue
        earlier, cited = chains.pop(below[0], ([], set())) if below else ([], set())
        cited |= {numbers[j] for j in below if numbers.get(j)}
        if node["rule"] == "unfold" and k in above and order[above[k]][1]["rule"] == "unfold":
            chains[k] = [(sequent, node), *earlier], cited
            continue
        extra = [h for h in sequent.given if h not in given]
        from_ = [f"({n})" for n in sorted(cited)]
        text = _math(sequent.goal, names)
        free = free_names(sequent.goal).union(*(free_names(h) for h in extra))
        new = [f"{_SORTS[s.kind]} ${(names.family(n) if s.is_family else names.symbol(n)).tex}$" for n, s in sequent.sorts.items()
               if n in free and root.sorts.get(n) != s]
        if new:
            text += ", for " + ", ".join(new)
        if extra:
            text += f", if {_joined(extra[:6], names)}" + (" and so on" if len(extra) > 6 else "")
        numbers[k] = said[same] = len(lines) + 1
        why = _equations([(sequent, node), *earlier], names) if node["rule"] == "unfold" else _why(sequent, node, names)
        lines.append(rf"({numbers[k]})~{text}: {why}" + (f"; by {', '.join(from_)}" if from_ else "") + ".")
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
            return f"{LEMMAS[data['name']]}, for {of}"
        if rule == "induction":
            return f"by induction on ${names.symbol(data['variable']).tex}$ from {int(data['from'])}"
        if rule == "boxes":
            parts = sum(isinstance(x, str) for x in data["tree"])
            return f"bounded by intervals on {parts} box{'es' if parts != 1 else ''} that cover the domain"
        if rule == "cut":
            return f"by way of {_math(sequent.statement(data['lemma']), names)}"
    except (Rejected, ClaimError, LookupError, TypeError, ValueError):
        pass
    return RULES.get(rule, rf"by the rule \texttt{{{escape(rule)}}}")


def _equations(chain: Sequence[tuple[Sequent, Mapping[str, Any]]], names: Names) -> str:
    """What is written in another way, from one step to the next."""
    terms: dict[str, list[str]] = {}
    for sequent, node in chain:
        of = terms.setdefault(EQUATIONS[node["data"]["equation"]], [])
        text = _math(sequent.expression(node["data"]["term"]), names)
        if text not in of:
            of.append(text)
    return "; ".join(f"{equation}, for {', '.join(of)}" for equation, of in terms.items())


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
            if e.op == Op.SUB and e.args[1] == number(0):
                e = e.args[0]
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
        e = sequent.expression(data["sign"])
        return _math(Node(Op.LE if sequent.signs.sign(e) & ZERO else Op.LT, (number(0), e)), names)
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
