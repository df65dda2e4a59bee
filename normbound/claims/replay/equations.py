"""Proved equations between expressions and their canonical forms (``checker.logforms``).

``flat`` turns an expression into a rational expression over canonical atoms, ``canonical`` into the text of its form; both come with a
term of Coq that proves the equation. Atoms are what field cannot open: variables, powers with symbolic exponents, roots,
exponentials, logarithms, sums and products over an index. The equations of atoms are lemmas of ``proofs/ClaimLog.v``; between them
ring and field decide, with the squares of the roots as further equations.

A ``Scope`` is the context of a script: variables, hypotheses, what is known to be positive or not 0. Inside a sum or a product over an
index stands a ``Scope`` of its own, with the index as a variable.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import NamedTuple

from normbound.claims.checker import Sequent
from normbound.claims.checker.logforms import (
    MAX_POWER,
    ONE,
    ZERO,
    Form,
    Forms,
    Monomial,
    factors,
    key,
    mentions,
    monomial_node,
    to_node,
)
from normbound.claims.checker.logforms import _last as last_index
from normbound.claims.checker.logforms import renamed as canonical_index
from normbound.claims.checker.sequent import candidates
from normbound.claims.replay.rendering import power, render
from normbound.claims.replay.scripts import Step
from normbound.claims.replay.signs import Context
from normbound.claims.replay.statement import Unreplayed, coq_name, relative, sort_name
from normbound.claims.sorts import Sort, is_natural
from normbound.claims.syntax import COMPARISONS, Node, Op, literal, number, postorder, substitute, variable

MAX_DEPTH = 150  # of nested operators
_BINARY = {Op.ADD: ("+", "Rplus"), Op.SUB: ("-", "Rminus"), Op.MUL: ("*", "Rmult"), Op.DIV: ("/", "Rdiv")}


class Flat(NamedTuple):
    """A text, and a term that proves: the expression equals it. None: they are the same."""

    text: str
    proof: str | None

    @property
    def equation(self) -> str:
        return self.proof or "eq_refl"


def chain(*proofs: str | None) -> str | None:
    """a = b, b = c, ... as one proof."""
    found: str | None = None
    for p in proofs:
        if p is not None:
            found = p if found is None else f"(eq_trans {found} {p})"
    return found


def both(function: str, a: Flat, b: Flat) -> str | None:
    """f a b = f A B."""
    return None if a.proof is None and b.proof is None else f"(f_equal2 {function} {a.equation} {b.equation})"


def one(function: str, a: Flat) -> str | None:
    """f a = f A."""
    return None if a.proof is None else f"(f_equal {function} {a.proof})"


def depth(root: Node) -> int:
    """How many operators are inside each other."""
    found: dict[int, int] = {}
    for n in postorder(root):
        found[id(n)] = 1 + max((found[id(a)] for a in n.args), default=0)
    return found[id(root)]


class Scope:
    """Where equations are proved: the script so far is ``lines``."""

    def __init__(self, step: Step, sequent: Sequent | None = None, context: Context | None = None, outer: Scope | None = None,
                 index: str = ""):
        self.step = step
        self.outer = outer
        self.index = index
        self.numbers: count[int] = count(1) if outer is None else outer.numbers
        self.sequent = sequent or step.sequent
        self.forms = Forms(self.sequent)
        self.lines: list[str] = []
        self.proved: dict[Node, str] = {}
        self.flats: dict[Node, Flat] = {}
        self.canonicals: dict[Node, Flat] = {}
        self.nonnulls: set[str] = set()
        self.roots: dict[str, str] = {}
        if context is None:
            given = [(p.goal, step.p(k)) for k, p in enumerate(step.premises)
                     if relative(p, step.sequent) == ([], []) and (p.goal.op in COMPARISONS or p.goal.op == Op.AND)]
            context = step.context.extended({}, given) if given else step.context
        self.context = context

    # -- the script ----------------------------------------------------------------------------------------------------
    def have(self, statement: str, proof: str, stem: str = "e") -> str:
        """State a fact; ``proof`` is a term, or tactics that end with a full stop."""
        name = f"{stem}__{next(self.numbers)}"
        body = f"{{ {proof} }}" if proof.rstrip().endswith((".", "}")) else f"{{ exact {proof}. }}"
        self.lines.append(f"assert ({name} : {statement}).\n{body}")
        return name

    def script(self) -> str:
        return "\n".join(self.lines)

    def text(self, node: Node) -> str:
        return self.step.term(node)

    def outward(self) -> Iterable[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def fields(self, left: str, right: str) -> str:
        """Tactics that prove left = right, rational expressions over atoms."""
        roots = [fact for s in self.outward() for text, fact in s.roots.items() if text in left or text in right]
        hint = f" [{' '.join(roots)}]" if roots else ""
        if "/" in left or "/" in right:
            return f"field{hint}; nonzeros."
        return f"ring{hint}."

    def same(self, left: str, right: str) -> str | None:
        """A proof of left = right, rational expressions over atoms."""
        return None if left == right else self.have(f"{left} = {right}", self.fields(left, right))

    # -- facts -----------------------------------------------------------------------------------------------------------
    def prove(self, statement: Node) -> str | None:
        """The name of a fact, or None."""
        for scope in self.outward():
            if statement in scope.proved:
                return scope.proved[statement]
        known = next((name for s, name in self.context.given if s == statement), None)
        if known is None and statement.op in COMPARISONS and self.context.holds(statement):
            known = self.have(self.step.prop(statement), self.context.evident(statement), "v")
        if known is None:
            known = next((self.step.p(k) for k, p in enumerate(self.step.premises)
                          if p.goal == statement and relative(p, self.step.sequent) == ([], [])), None)
        if known is not None:
            self.proved[statement] = known
        return known

    def require(self, statement: Node) -> str:
        name = self.prove(statement)
        if name is None:
            raise Unreplayed(f"no proof of {str(statement)[:80]} is at hand")
        return name

    def integer(self, node: Node) -> str:
        return self.have(f"isint {self.text(node)}", self.context.integer(node), "zz")

    def natural(self, node: Node) -> str:
        return self.have(f"isnat {self.text(node)}", self.context.natural(node), "zz")

    def positive(self, node: Node) -> str:
        """A proof of 0 < node."""
        name = self.prove(Node(Op.LT, (ZERO, node)))
        if name is not None:
            return name
        op, args = node.op, node.args
        if op in (Op.MUL, Op.DIV):
            return f"({'Rmult_lt_0_compat' if op == Op.MUL else 'pos_div'} _ _ {self.positive(args[0])} {self.positive(args[1])})"
        if op == Op.SQRT:
            return f"(sqrt_lt_R0 _ {self.positive(args[0])})"
        if op == Op.EXP:
            return "(exp_pos _)"
        if op == Op.POW:
            return f"(pw_pos _ _ {self.positive(args[0])})"
        if op == Op.PROD:
            lo, hi, body = args
            inner = self.inside(str(node.value), lo, hi)
            fact = inner.positive(substitute(body, {str(node.value): variable(inner.index)}))
            each = self.each(inner, lo, hi, f"0 < {inner.text(substitute(body, {str(node.value): variable(inner.index)}))}", fact)
            return f"(rprod_pos _ _ _ {self.integer(lo)} {self.integer(hi)} {each})"
        raise Unreplayed(f"no proof of 0 < {str(node)[:80]} is at hand")

    def nonnull(self, node: Node) -> None:
        """State that a denominator is not 0, as field will ask."""
        flat = self.flat(node)
        if any(flat.text in s.nonnulls for s in self.outward()) or literal(node) is not None:
            return
        fact = self.prove(Node(Op.NE, (node, ZERO)))
        if fact is None:
            fact = f"(nz_pos _ {self.positive(node)})"
        name = self.have(f"{flat.text} <> 0", f"(nz_eq _ _ {flat.equation} {fact})", "nz")
        self._divide(node, name)
        form = self.forms.plain(node)
        if len(form) == 1:
            (m, c), = form.items()
            for x, k in m:
                if k > 0:
                    rest = dict(m)
                    rest[x] -= 1
                    other = render(to_node({frozenset((y, j) for y, j in rest.items() if j): c}))
                    self._factor(flat.text, name, render(x), other)
        elif form:
            unit, content = self.forms.primitive(form)
            self._factor(flat.text, name, render(to_node(unit)), render(number(content)))

    def _factor(self, text: str, fact: str, factor: str, other: str) -> None:
        """text = factor*other is not 0, nor is the factor."""
        if factor == text or any(factor in s.nonnulls for s in self.outward()):
            return
        self.nonnulls.add(factor)
        product = f"({factor} * {other})"
        self.have(f"{factor} <> 0", f"intro z__. apply {fact}. transitivity {product}.\n{{ {self.fields(text, product)} }}\n"
                                    "rewrite z__. ring.", "nz")

    def _divide(self, node: Node, name: str) -> None:
        """The parts of a denominator that is not 0."""
        self.nonnulls.add(self.flat(node).text)
        op, args = node.op, node.args
        steps: list[tuple[Node, str]] = []
        if op == Op.MUL:
            steps = [(args[0], f"(nz_left _ _ {name})"), (args[1], f"(nz_right _ _ {name})")]
        elif op == Op.DIV:
            steps = [(args[0], f"(nz_div _ _ {name})")]
        elif op == Op.NEG:
            steps = [(args[0], f"(nz_opp _ {name})")]
        elif op == Op.POW and literal(args[1]) is not None and literal(args[1]).denominator == 1 and literal(args[1]) != 0:  # type: ignore[union-attr]
            n = int(literal(args[1]))  # type: ignore[arg-type]
            steps = [(args[0], f"({'nz_pow' if n > 0 else 'nz_inv_pow'} _ {abs(n) - 1} {name})")]
        for part, proof in steps:
            text = self.flat(part).text
            if literal(part) is None and not any(text in s.nonnulls for s in self.outward()):
                self._divide(part, self.have(f"{text} <> 0", proof, "nz"))

    # -- indices -----------------------------------------------------------------------------------------------------------
    def inside(self, index: str, lo: Node, hi: Node) -> Scope:
        """The scope of the parts of a sum, with a new variable for the index."""
        name = next(n for n in candidates(index) if n not in self.sequent.names())
        kind = Sort("natural" if is_natural(lo, self.sequent.sorts) else "integer")
        bounds = (Node(Op.LE, (lo, variable(name))), Node(Op.LE, (variable(name), hi)))
        sequent = Sequent({**self.sequent.sorts, name: kind}, (*self.sequent.given, *bounds), self.sequent.goal)
        facts = [(bounds[0], f"l__{name}"), (bounds[1], f"u__{name}")]
        variables = [*[s.index for s in self.outward() if s.index][::-1], name]
        for s, fact in [*((c, self.step.c(k)) for k, c in enumerate(self.step.conditions)),
                        *((p, self.step.p(k)) for k, p in enumerate(self.step.premises))]:
            found = self._instance(s, fact, variables, sequent)
            if found is not None:
                facts.append(found)
        context = self.context.extended({name: kind}, facts)
        return Scope(self.step, sequent, context, self, name)

    def _instance(self, other: Sequent, fact: str, variables: list[str], inner: Sequent) -> tuple[Node, str] | None:
        """A condition or a premise that speaks of new indices, for the indices of the scope."""
        names, given = relative(other, self.step.sequent)
        if not names or len(names) > len(variables) or other.goal.op not in COMPARISONS:
            return None
        change = dict(zip(names, variables, strict=False))
        if variables[-1] not in change.values() or any(other.sorts[x].kind != inner.sorts[y].kind for x, y in change.items()):
            return None
        try:
            wanted = [substitute(g, {x: variable(y) for x, y in change.items()}) for g in given]
            goal = substitute(other.goal, {x: variable(y) for x, y in change.items()})
        except ValueError:
            return None
        known = {g: n for s in self.outward() for g, n in s.context.given}
        known |= {Node(Op.LE, g.args): f"{'l' if g.args[1] == variable(variables[-1]) else 'u'}__{variables[-1]}" for g in inner.given[-2:]}
        if any(g not in known for g in wanted):
            return None
        arguments = [*(coq_name(y) for y in change.values()), *(sort_name(y) for y in change.values()), *(known[g] for g in wanted)]
        return goal, f"({fact} {' '.join(arguments)})"

    def each(self, inner: Scope, lo: Node, hi: Node, statement: str, proof: str) -> str:
        """The name of: statement for each index of the range; ``proof`` is a term in the inner scope."""
        x = coq_name(inner.index)
        start = f"intros {x} i__{x} l__{inner.index} u__{inner.index}."
        if inner.sequent.sorts[inner.index].kind == "natural":
            start += (f"\nassert ({sort_name(inner.index)} : isnat {x}).\n{{ apply (isint_isnat _ i__{x}). "
                      f"refine (Rle_trans _ _ _ (isnat_ge0 _ _) l__{inner.index}).\n{self.context.natural(lo)} }}")
        else:
            start += f"\nassert ({sort_name(inner.index)} := i__{x})."
        range_ = f"forall {x} : R, isint {x} -> {self.text(lo)} <= {x} -> {x} <= {self.text(hi)} -> {statement}"
        end = f"exact {proof}." if not proof.rstrip().endswith((".", "}")) else proof
        return self.have(range_, "\n".join([start, *inner.lines, end]), "i")

    # -- expressions -------------------------------------------------------------------------------------------------------
    def flat(self, node: Node) -> Flat:
        """A rational expression over atoms."""
        for scope in self.outward():
            if node in scope.flats:
                return scope.flats[node]
        if self.outer is None and depth(node) > MAX_DEPTH:
            raise Unreplayed(f"found more than {MAX_DEPTH} operators inside each other")
        found = self._flat(node)
        self.flats[node] = found
        return found

    def _flat(self, node: Node) -> Flat:
        op, args = node.op, node.args
        if op in (Op.NUM, Op.VAR, Op.CONST):
            return Flat(render(node), None)
        if op in _BINARY:
            sign, function = _BINARY[op]
            a, b = self.flat(args[0]), self.flat(args[1])
            if op == Op.DIV:
                self.nonnull(args[1])
            return Flat(f"({a.text} {sign} {b.text})", both(function, a, b))
        if op == Op.NEG:
            a = self.flat(args[0])
            return Flat(f"(- {a.text})", one("Ropp", a))
        found = self._leaf(node)
        if found.proof is None:
            return found
        return Flat(found.text, self.have(f"{self.text(node)} = {found.text}", found.proof))

    def canonical(self, node: Node) -> Flat:
        """The text of the form."""
        for scope in self.outward():
            if node in scope.canonicals:
                return scope.canonicals[node]
        flat = self.flat(node)
        text = render(to_node(self.forms.plain(node)))
        found = Flat(text, chain(flat.proof, self.same(flat.text, text)))
        if found.proof is not None and not found.proof.startswith("e__"):
            found = Flat(text, self.have(f"{self.text(node)} = {text}", found.proof))
        self.canonicals[node] = found
        return found

    def _leaf(self, node: Node) -> Flat:
        op, args = node.op, node.args
        if op == Op.POW:
            from normbound.claims.replay.powers import power_of
            return power_of(self, node)
        if op == Op.LOG:
            from normbound.claims.replay.logarithms import logarithm
            known = self.prove(Node(Op.LT, (ZERO, args[0])))
            if known is None:
                known = self.prove(Node(Op.GT, (args[0], ZERO)))
            found = logarithm(self, args[0], known)
            return Flat(found.value, found.proof)
        if op == Op.EXP:
            return self._exponential(args[0])
        if op == Op.SQRT:
            u = self.canonical(args[0])
            text = f"(sqrt {u.text})"
            if not any(text in s.roots for s in self.outward()):
                fact, back = self.prove(Node(Op.LE, (ZERO, args[0]))), self.prove(Node(Op.GE, (args[0], ZERO)))
                if fact or back:
                    known = fact or f"(Rge_le _ _ {back})"
                    self.roots[text] = self.have(f"{text} * {text} = {u.text}", f"(root_square _ (fact_ge0 _ _ {known} {u.equation}))", "r")
            return Flat(text, one("sqrt", u))
        if op == Op.ABS:
            u = self.canonical(args[0])
            return Flat(f"(Rabs {u.text})", one("Rabs", u))
        if op == Op.ELT:
            u = self.canonical(args[0])
            return Flat(f"({coq_name(node.value)} {u.text})", one(coq_name(node.value), u))
        if op in (Op.MIN, Op.MAX):
            return self._extremum(node)
        if op == Op.DD:
            return self._difference(node)
        if op == Op.SUM:
            return self._sum(node)
        if op == Op.PROD:
            return self._product(node)
        raise Unreplayed(f"{op} has no equation in Coq")

    def _exponential(self, t: Node) -> Flat:
        """exp(2*x - y/3) = exp(x)^2 / exp(y/3)."""
        form = self.forms.plain(t)
        flat = self.flat(t)
        pieces: list[tuple[str, str, str]] = []  # a summand, the power, the proof
        for m, c in sorted(form.items(), key=lambda p: key(monomial_node(p[0]))):
            whole = int(c) if c.denominator == 1 and abs(c) <= MAX_POWER else 1
            u = render(to_node({m: c / whole}))
            lemma = "exp_times" if whole > 0 else "exp_minus_times"
            pieces.append((f"({abs(whole)} * {u})" if whole > 0 else f"(- ({abs(whole)} * {u}))", power(f"(exp {u})", whole),
                           f"({lemma} {u} {abs(whole)})"))
        if not pieces:
            return Flat("1", f"(eq_trans (f_equal exp {chain(flat.proof, self.same(flat.text, '0')) or 'eq_refl'}) exp_0)")
        total, value, proof = pieces[-1]
        for s, v, p in reversed(pieces[:-1]):
            proof = f"(eq_trans (exp_plus {s} {total}) (f_equal2 Rmult {p} {proof}))"
            total, value = f"({s} + {total})", f"({v} * {value})"
        whole_sum = Flat(total, chain(flat.proof, self.same(flat.text, total)))
        return Flat(value, chain(one("exp", whole_sum), proof))

    def _extremum(self, node: Node) -> Flat:
        function = "Rmin" if node.op == Op.MIN else "Rmax"
        parts = [self.canonical(a) for a in node.args]
        order = sorted(range(len(parts)), key=lambda k: key(to_node(self.forms.plain(node.args[k]))))
        found = parts[0]
        for p in parts[1:]:
            found = Flat(f"({function} {found.text} {p.text})", both(function, found, p))
        if order == list(range(len(parts))):
            return found
        if len(parts) > 2:
            raise Unreplayed(f"found {node.op} of {len(parts)} arguments in another order; accepted: two")
        a, b = parts
        return Flat(f"({function} {b.text} {a.text})", chain(found.proof, f"({function}_comm {a.text} {b.text})"))

    def _difference(self, node: Node) -> Flat:
        d = self.canonical(node.args[0])
        nodes = [self.canonical(a) for a in node.args[1:]]
        keys = [key(to_node(self.forms.plain(a))) for a in node.args[1:]]
        listed = Flat("nil", None)
        for x in reversed(nodes):
            listed = Flat("", both("cons", x, listed))
        texts = [x.text for x in nodes]
        proof = both("dd", d, listed)
        swaps: list[str] = []
        for end in range(len(keys) - 1, 0, -1):
            for k in range(end):
                if keys[k] > keys[k + 1]:
                    rest = "; ".join(texts[k + 2:])
                    swap = f"(perm_swap {texts[k + 1]} {texts[k]} [{rest}])"
                    for t in reversed(texts[:k]):
                        swap = f"(perm_skip {t} {swap})"
                    swaps.append(f"(dd_order {d.text} _ _ {swap})")
                    keys[k], keys[k + 1] = keys[k + 1], keys[k]
                    texts[k], texts[k + 1] = texts[k + 1], texts[k]
        return Flat(f"(dd {d.text} [{'; '.join(texts)}])", chain(proof, *swaps))

    # -- sums and products over an index ---------------------------------------------------------------------------------
    def _sum(self, node: Node) -> Flat:
        lo, hi, body = node.args
        inner = self.inside(str(node.value), lo, hi)
        opened = substitute(body, {str(node.value): variable(inner.index)})
        flat = inner.flat(opened)
        form = inner.forms.plain(opened)
        terms, linear = self.linear(inner, lo, hi, form)
        proof = chain(flat.proof, inner.same(flat.text, terms))
        if proof is None:
            return linear
        fact = self.each(inner, lo, hi, f"{inner.text(opened)} = {terms}", proof)
        x = coq_name(inner.index)
        first = (f"(rsum_ext {self.text(lo)} {self.text(hi)} (fun {x} : R => {inner.text(opened)}) (fun {x} : R => {terms}) "
                 f"{self.integer(lo)} {self.integer(hi)} {fact})")
        return Flat(linear.text, chain(first, linear.proof))

    def linear(self, inner: Scope, lo: Node, hi: Node, form: Form) -> tuple[str, Flat]:
        """Terms in the index of the inner scope, as the form has them, and the sum of them over the range with its proof."""
        name, x = inner.index, coq_name(inner.index)
        low, high = self.text(lo), self.text(hi)
        whole = f"{self.integer(lo)} {self.integer(hi)}"
        if not form:
            return "0", Flat("0", f"(rsum_null {low} {high} (fun {x} : R => 0) {whole} (fun _ _ _ _ => eq_refl))")
        pieces: list[tuple[str, str, str]] = []  # the term, its sum, the proof
        for m, c in sorted(form.items(), key=lambda p: key(monomial_node(p[0]))):
            part: Monomial = frozenset(f for f in m if mentions(f[0], name))
            scale = render(to_node({m - part: c}))
            start, stop = self.canonical(lo), self.canonical(hi)
            if not part:
                counted = self.require(Node(Op.LE, (lo, Node(Op.ADD, (hi, ONE)))))
                number_of = Flat(f"({stop.text} - {start.text} + 1)", None if start.proof is None and stop.proof is None else
                                 f"(f_equal2 Rplus (f_equal2 Rminus {stop.equation} {start.equation}) eq_refl)")
                proof = f"(rsum_count {low} {high} {scale} {whole} {counted})"
                pieces.append((f"({scale} * 1)", f"({scale} * {number_of.text})", chain(proof, one(f"(Rmult {scale})", number_of)) or ""))
                continue
            body = render(monomial_node(part))
            atom = Node(Op.SUM, (to_node(self.forms.plain(lo)), to_node(self.forms.plain(hi)),
                                 canonical_index(monomial_node(part), name)), last_index(part))
            proof = f"(rsum_scal {low} {high} {scale} (fun {x} : R => {body}))"
            ends = None if start.proof is None and stop.proof is None else Flat(
                "", f"(rsum_ends {low} {high} {start.text} {stop.text} (fun {x} : R => {body}) {start.equation} {stop.equation})")
            pieces.append((f"({scale} * {body})", f"({scale} * {render(atom)})",
                           chain(proof, one(f"(Rmult {scale})", ends) if ends else None) or ""))
        total, value, proof = pieces[-1]
        for t, v, p in reversed(pieces[:-1]):
            proof = (f"(eq_trans (rsum_add {low} {high} (fun {x} : R => {t}) (fun {x} : R => {total})) "
                     f"(f_equal2 Rplus {p} {proof}))")
            total, value = f"({t} + {total})", f"({v} + {value})"
        return total, Flat(value, proof)

    def _product(self, node: Node) -> Flat:
        lo, hi, body = node.args
        inner = self.inside(str(node.value), lo, hi)
        opened = substitute(body, {str(node.value): variable(inner.index)})
        found = inner.canonical(opened)
        start, stop = self.canonical(lo), self.canonical(hi)
        x = coq_name(inner.index)
        proof: str | None = None
        if found.proof is not None:
            fact = self.each(inner, lo, hi, f"{inner.text(opened)} = {found.text}", found.proof)
            proof = (f"(rprod_ext {self.text(lo)} {self.text(hi)} (fun {x} : R => {inner.text(opened)}) (fun {x} : R => {found.text}) "
                     f"{self.integer(lo)} {self.integer(hi)} {fact})")
        if start.proof is not None or stop.proof is not None:
            ends = (f"(rprod_ends {self.text(lo)} {self.text(hi)} {start.text} {stop.text} (fun {x} : R => {found.text}) "
                    f"{start.equation} {stop.equation})")
            proof = chain(proof, ends)
        (m, _), = self.forms.plain(node).items()
        return Flat(render(monomial_node(m)), proof)


def arranged(form: Form) -> list[tuple[int | Node, int]]:
    """A form of one term as factors: -1, primes and atoms with their exponents."""
    (m, c), = form.items()
    found: list[tuple[int | Node, int]] = [(-1, 1)] if c < 0 else []
    for n, sign in ((abs(c.numerator), 1), (c.denominator, -1)):
        found.extend((p, sign * k) for p, k in factors(n).items())
    atoms: list[tuple[Node, int]] = sorted(m, key=lambda f: key(f[0]))
    found.extend(atoms)
    return found


__all__ = ["Flat", "Scope", "arranged", "both", "chain", "one"]
