"""A derivation laid out for reading: one line per rule, each quantity in terms of the lines it is built from.

Line n promises, for the part of the network that ends at its place, as a map of that part's own input in with |in| <= B,

    |out - out'| <= L_n |in - in'| + p_n(B) |change of once-used parameters| + sum_g c_g(B) |change of group g|,
    |out| <= b_n + G_n |in|,    p_n(B)^2 = q2 B^2 + q1 B + q0,    c_g(B) = l1 B + l0.

A line writes its quantities with the names of the quantities of its premises: the subterms that are those quantities are
replaced by names, so putting the names' meanings back gives the terms of the derivation exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from normbound.calculus.derivation import Derivation, Step
from normbound.contracts.block import Layer
from normbound.contracts.registry import LAYERS
from normbound.contracts.rules import RULES
from normbound.contracts.summary import Summary
from normbound.network.program import place
from normbound.terms.store import Op, Term, children

if TYPE_CHECKING:
    from normbound.calculus.bound import Bound

SHORT = 7  # nodes of a tree: a quantity up to this size is written out where it is used, not named
MAX_LINES = 240


class Name(NamedTuple):
    """A quantity of a line: "L", "b", "G", "q2", "q1", "q0" or "c1", "c0" (then ``group`` says of which group).

    "state" and "sup" are the norm and the largest entry at the start of an iteration; then ``line`` is the scope.
    """

    quantity: str
    line: int
    group: str = ""


class Fact(NamedTuple):
    """quantity = term, where the term uses names; ``named`` says whether other lines refer to it by name."""

    quantity: str
    term: Term
    named: bool
    group: str = ""


class Reason(NamedTuple):
    """Why a contract or a rule holds. ``text`` is TeX prose where ``ours``, else what a user wrote."""

    of: str
    text: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    number    of the line, from 0
    step      the step of the derivation
    kind      "domain", "layer" (a contract on its own), "then" (a layer or block after what came before), "rule", "sharing"
    title     the layer or the composition rule
    where     its place in words, binder the indices it ranges over ("i = 1..K")
    reason    why, and of what (None for the domain)
    own       for "then": what the layer itself promises (empty when an earlier line says it)
    facts     what the line promises
    premises  the lines it follows from
    neutral   the line changes nothing (a 1-Lipschitz map without parameters that keeps 0)
    part      which part of the layer this is, for layers that are several maps ("Normalize", "Affine")
    """

    number: int
    kind: str
    title: str
    where: str
    binder: str
    reason: Reason | None
    facts: tuple[Fact, ...]
    premises: tuple[int, ...]
    own: tuple[Fact, ...] = ()
    lemma: str | None = None
    neutral: bool = False
    level: int = 0
    part: str = ""
    step: int = 0


@dataclass(frozen=True, slots=True)
class Exposition:
    """The lines, and what every name stands for: ``names`` maps the id of a name's symbol to its Name."""

    lines: tuple[Line, ...]
    names: dict[int, Name] = field(repr=False)
    values: dict[int, Term] = field(repr=False)
    left_out: int = 0
    radii: bool = False
    sensitivities: bool = False

    def expand(self, term: Term) -> Term:
        """``term`` with every name replaced by what it stands for."""
        store = term.store
        while True:
            found = {Term(store, i): self.values[i] for i in store.reachable([term]) if i in self.values}
            if not found:
                return term
            term = store.substitute([term], found)[0]


def expose(bound: Bound) -> Exposition:
    """The derivation of ``bound`` in lines that speak of what the bound needs (L; radii and sensitivities if it uses them)."""
    return _Writer(bound).write()


class _Writer:
    def __init__(self, bound: Bound):
        self.d: Derivation = bound.derivation
        self.store = bound.term.store
        self.sensitivities = bound.wrt == "parameters"
        states = {s.state.id for s in self.d.scopes if s.state is not None}
        lips = [s.summary.L for s in self.d.steps]
        self.radii = bound.wrt != "input" or bound.needs_radius or any(
            i in states for i in self.store.reachable(lips))
        self.wants = ("L",) if bound.wrt == "input" else ("b", "G") if bound.wrt == "radius" else ("L",)
        self.names: dict[int, Name] = {}
        self.values: dict[int, Term] = {}
        self.symbol_of: dict[int, dict[int, Term]] = {}  # line -> term id -> name
        self.states: list[dict[int, Term]] = []  # for each scope: how the states of it and of those around it print
        for number, scope in enumerate(self.d.scopes):
            found = dict(self.states[scope.parent]) if number else {}
            for quantity, state in (("state", scope.state), ("sup", scope.sup_state)):
                if state is not None:
                    found[state.id] = self._introduce(Name(quantity, number), state)
            self.states.append(found)
        self.size: dict[int, int] = {}
        self.hidden: set[int] = set()
        self.number: dict[int, int] = {}  # step -> line

    def write(self) -> Exposition:
        steps = self.d.steps
        merged = self._merged()
        self.hidden = hidden = set(merged.values()) | self._untouched_starts()
        shown = [k for k in range(len(steps)) if k not in hidden]
        self.number = {k: n for n, k in enumerate(shown)}
        left_out = max(0, len(shown) - MAX_LINES)
        if left_out:
            shown = [*shown[:MAX_LINES // 2], *shown[-(MAX_LINES - MAX_LINES // 2):]]
        lines: list[Line] = []
        for k in shown:
            line = self._line(k, merged.get(k))
            premises = tuple(self.number[p] for p in line.premises if p in self.number)
            lines.append(replace(line, number=self.number[k], step=k, premises=premises))
        return Exposition(tuple(lines), self.names, self.values, left_out, self.radii, self.sensitivities)

    def _merged(self) -> dict[int, int]:
        """Series steps whose second premise is the contract just before them: one line says both."""
        found: dict[int, int] = {}
        previous: Step | None = None
        for k, s in enumerate(self.d.steps):
            if s.rule == "series" and previous is not None and previous.rule == "contract" and s.premises[1] == k - 1:
                found[k] = k - 1
            previous = s
        return found

    def _untouched_starts(self) -> set[int]:
        """Steps of the identity at which a Repeat starts when no other start is given: nothing stands there to read."""
        code = self.d.program.code
        starts = {(*s.path, 1) for s in self.d.scopes if s.repeat is not None and s.repeat.start is None}
        return {k for k, s in enumerate(self.d.steps) if s.rule == "contract" and code[s.at].path in starts}

    def _line(self, k: int, own: int | None) -> Line:
        d, s = self.d, self.d.steps[k]
        code = d.program.code
        binder = d.binder(s.scope)
        where = "" if s.rule == "domain" else place(code[s.at].path)
        premises = s.premises if own is None else s.premises[:1]
        level, scope = 0, s.scope
        while scope:
            level, scope = level + 1, d.scopes[scope].parent
        if s.rule == "domain":
            return Line(k, "domain", "domain", "", "", None, self._facts(k, ()), ())
        if s.rule == "sharing":
            return Line(k, "sharing", "sharing", where, binder, None, self._facts(k, premises), premises)
        if own is not None or s.rule == "contract":
            layer = code[s.at].block
            assert isinstance(layer, Layer)
            entry = LAYERS.get(layer.name)
            title = str(getattr(layer, "title", layer.name))
            part = "" if entry is not None else layer.name
            parent = LAYERS.get(title)
            lemma = entry.lemma if entry is not None else parent.lemma if parent is not None else None
            reason = Reason(layer.name, layer.why if entry is None else entry.source, entry is None or entry.origin == "built in")
            neutral = own is not None and _same(s.summary, d.steps[s.premises[0]].summary)
            facts = () if neutral else self._facts(k, premises)
            if own is None:
                return Line(k, "layer", title, where, binder, reason, facts, premises, (), lemma, False, level, part)
            if neutral:
                self.symbol_of[k] = self.symbol_of.get(s.premises[0], {})
            return Line(k, "then", title, where, binder, reason, facts, premises, self._facts(own, (), False), lemma,
                        neutral, level, part)
        rule = RULES[s.rule]
        premises = tuple(p for p in premises if p not in self.hidden)
        reason = Reason(s.rule, rule.reason, True)
        return Line(k, "rule", s.rule, where, binder, reason, self._facts(k, premises), premises, (), rule.lemma, False, level)

    # -- facts -----------------------------------------------------------------------------------------------
    def _facts(self, k: int, premises: tuple[int, ...], name: bool = True) -> tuple[Fact, ...]:
        """What step ``k`` promises, in the names of ``premises`` (and of the body, for a Repeat)."""
        m = self.d.steps[k].summary
        table: dict[int, Term] = dict(self.states[self.d.steps[k].scope])
        for p in premises:
            if name and p not in self.symbol_of and p in self.number:  # a line that is left out still has names
                self._facts(p, ())
            table.update(self.symbol_of.get(p, {}))
        quantities: list[tuple[str, Term, str]] = []
        if "L" in self.wants and self.d.steps[k].rule != "domain":
            quantities.append(("L", m.L, ""))
        if self.radii:
            quantities += [("b", m.b0, ""), ("G", m.G, "")]
        if self.sensitivities:
            quantities += [("q2", m.q2, ""), ("q1", m.q1, ""), ("q0", m.q0, "")]
            quantities += [(q, t, g) for g, c in m.shared.items() for q, t in (("c1", c.l1), ("c0", c.l0))]
        own: dict[int, Term] = {}
        facts = []
        for quantity, term, group in quantities:
            named = False
            if name and term.id not in own and self._compound(term):
                known = table.get(term.id)
                if known is None:
                    own[term.id] = self._introduce(Name(quantity, self.number[k], group), term)
                    named = True
                else:
                    own[term.id] = known
            facts.append(Fact(quantity, self._in_names(term, table), named, group))
        if name:
            self.symbol_of[k] = own
        return tuple(facts)

    def _introduce(self, name: Name, value: Term) -> Term:
        """A symbol that stands for ``value``; no text can name it."""
        symbol = self.store.intern((Op.SYM, f"{name.quantity}@{name.line}{'@' if name.group else ''}{name.group}"))
        self.names[symbol.id] = name
        self.values[symbol.id] = value
        return symbol

    def _compound(self, term: Term) -> bool:
        """Whether a term is long enough for a name."""
        size = self.size
        for i in self.store.reachable([term]) if term.id not in size else ():
            size[i] = min(10**9, 1 + sum(size[c] for c in children(self.store.nodes[i])))
        return size[term.id] > SHORT and self.store.nodes[term.id][0] not in (Op.NUM, Op.SYM)

    def _in_names(self, term: Term, table: dict[int, Term]) -> Term:
        """``term`` with the quantities of the premises replaced by their names; nothing below a name is visited."""
        store = self.store
        if not table:
            return term
        seen: set[int] = set()
        stack = [term.id]
        while stack:
            i = stack.pop()
            if i in seen:
                continue
            seen.add(i)
            if i not in table:
                stack.extend(children(store.nodes[i]))
        image: dict[int, Term] = {}
        for i in sorted(seen):
            image[i] = table[i] if i in table else store.rebuild(i, image)
        return image[term.id]


def _same(a: Summary, b: Summary) -> bool:
    return all(x is y or x == y for x, y in zip(a[:6], b[:6], strict=True)) and dict(a.shared) == dict(b.shared)
