"""Proved equations of roots: sqrt(x*y) = sqrt(x)*sqrt(y), x^0.75 = (x^0.25)^3, as ``checker.algebra`` takes them apart.

``Rooted`` is a scope in which roots and absolute values become rational expressions over unit roots. A unit u of x has the equation
u^n = x, with which ring and field decide; that a product of units is the root of something follows from its n-th power, both being >= 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import lcm

from normbound.claims.checker.algebra import Algebra, Monomial, Quotient
from normbound.claims.checker.logforms import monomial_node, to_node
from normbound.claims.replay.equations import Flat, Scope, both, chain
from normbound.claims.replay.rendering import power, render
from normbound.claims.replay.scripts import Step
from normbound.claims.replay.signs import Context
from normbound.claims.replay.statement import Unreplayed, coq_name, term
from normbound.claims.syntax import Node, Op, literal, number, postorder, substitute

ZERO = number(0)
MAX_DEPTH = 8  # of dd that is written out
MAX_RANGE = 12  # of a sum or product that is written out
_TAKEN_APART = (Op.SQRT, Op.ABS, Op.MIN, Op.MAX)


class Rooted(Scope):
    """A scope for the expressions ``nodes``, whose normal forms say which units are needed."""

    def __init__(self, step: Step, context: Context, nodes: Iterable[Node]):
        super().__init__(step, context=context)
        self.algebra = Algebra(step.sequent)
        self.generators: dict[int, Node] = {}
        self.degrees: dict[int, int] = {}
        self.atoms: dict[int, tuple[Node, str]] = {}  # root generators: the radicand and its flat text
        self.extremes: list[tuple[str, list[Quotient | None], list[str]]] = []
        self.units: dict[Node, int] = {}  # roots that are units, and their generators
        self.chosen: dict[int, tuple[Node, Monomial, Fraction]] = {}  # root generators: the unit, and by what the unit is larger
        self.denominator = 1  # of the arguments of exponentials
        for n in postorder(*nodes):
            if n.is_statement:
                continue
            q = self._normal(n)
            if n.op == Op.EXP:
                self.denominator = lcm(self.denominator, *(c.denominator for c in self.forms.plain(n.args[0]).values()))
            if q is None:
                continue
            for m in (*q.top, *(m for f in q.bottom for m, _ in f)):
                for g, e in m:
                    self.degrees[g] = lcm(self.degrees.get(g, 1), Fraction(e).denominator)
                    if self.algebra.keys[g][0] == "exp":
                        self.denominator = lcm(self.denominator, Fraction(e).denominator)
            if _is_generator(q):
                ((m, _),) = q.top.items()
                self.generators.setdefault(m[0][0], n)
            self._choose(n, q)

    def _choose(self, node: Node, q: Quotient) -> None:
        """Take a root that occurs as the unit of its generator, when ring takes its equation: no fractions."""
        root = Node(Op.SQRT, (Node(Op.POW, (node.args[0], number(2))),)) if node.op == Op.ABS else node
        if root.op not in (Op.SQRT, Op.POW) or len(q.top) != 1 or q.bottom or not _whole(root.args[0]):
            return
        ((m, c),) = q.top.items()
        varying = [(g, k) for g, k in m if g not in self.algebra.roots or self.algebra.roots[g][1].constant is None]
        if len(varying) != 1 or varying[0][1] != 1 or varying[0][0] not in self.algebra.roots or varying[0][0] in self.chosen:
            return
        g = varying[0][0]
        n = self.algebra.roots[g][0]
        if (root.op == Op.SQRT and n == 2) or (root.op == Op.POW and literal(root.args[1]) == Fraction(1, n)):
            self.chosen[g] = root, tuple(p for p in m if p[0] != g), c
            self.units[root] = g

    def _normal(self, node: Node) -> Quotient | None:
        try:
            return self.algebra.normal(node)
        except Exception as error:
            if type(error).__name__ not in ("Rejected", "KeyError"):
                raise
            return None

    def fields(self, left: str, right: str) -> str:
        return super().fields(left, right).replace("nonzeros.", "nonnulls.")

    def canonical(self, node: Node) -> Flat:
        if self.denominator != 1 and any(n.op == Op.EXP for n in postorder(node)):  # forms do not know the unit of exponentials
            return self.flat(node)
        return super().canonical(node)

    # -- expressions ---------------------------------------------------------------------------------------------------
    def _leaf(self, node: Node) -> Flat:
        op = node.op
        e = literal(node.args[1]) if op == Op.POW else None
        if op == Op.SQRT or (e is not None and e.denominator != 1):
            return self._root(node, Fraction(1, 2) if e is None else e)
        if op == Op.ABS:
            return self._absolute(node)
        if op == Op.DD:
            k = literal(node.args[0])
            if k is not None and k.denominator == 1 and 0 <= k <= MAX_DEPTH:
                return self._written_out(node, int(k))
        if op in (Op.SUM, Op.PROD):
            low, high = literal(node.args[0]), literal(node.args[1])
            if low is not None and high is not None and low.denominator == high.denominator == 1 and high - low < MAX_RANGE:
                return self._short(node, int(low), int(high))
        if op == Op.POW and e is None:
            return self._symbolic(node)
        if op == Op.EXP:
            return self._exponential(node.args[0])
        if op == Op.LOG:
            return self._logarithm(node)
        return super()._leaf(node)

    def _logarithm(self, node: Node) -> Flat:
        """A logarithm; of a sum of fractions: of the one fraction that it is."""
        q = self._normal(node.args[0])
        whole = None if q is None or not q.bottom else self._quotient(q)
        if whole is None or not self.context.holds(Node(Op.GT, (whole, ZERO))):
            return super()._leaf(node)
        flat, other = self.flat(node.args[0]), self.flat(whole)
        back = None if other.proof is None else f"(eq_sym {other.proof})"
        moved = chain(flat.proof, self.same(flat.text, other.text), back)
        inner = super()._leaf(Node(Op.LOG, (whole,)))
        return Flat(inner.text, chain(None if moved is None else f"(f_equal log {moved})", inner.proof))

    def _short(self, node: Node, low: int, high: int) -> Flat:
        """A sum or a product over a short numerical range, written out."""
        name, sign, function, end = ("rsum", "+", "Rplus", "0") if node.op == Op.SUM else ("rprod", "*", "Rmult", "1")
        index = coq_name(node.value)
        body = f"(fun {index} : R => {term(node.args[2])})"
        found = Flat(end, f"({name}_none ({max(high, low - 1) + 1}) ({high}) {body} eq_refl)")
        for k in range(high, low - 1, -1):
            part = self.flat(substitute(node.args[2], {str(node.value): number(k)}))
            step = f"({name}_step ({k}) ({high}) {body} eq_refl)"
            found = Flat(f"({part.text} {sign} {found.text})", f"(eq_trans {step} (f_equal2 {function} {part.equation} {found.equation}))")
        return found

    def _symbolic(self, node: Node) -> Flat:
        """A power with a symbolic exponent: of the base over units, where that is another expression."""
        base, exponent = node.args
        q = self._normal(base)
        if q is not None and _has_roots(base):
            units = self._quotient(q)
            if units != base:
                flat, other = self.flat(base), self.flat(units)
                whole = self.flat(Node(Op.POW, (units, exponent)))
                back = None if other.proof is None else f"(eq_sym {other.proof})"
                moved = chain(flat.proof, self.same(flat.text, other.text), back)
                e = self.step.term(exponent)
                return Flat(whole.text, chain(None if moved is None else f"(f_equal (fun t__ : R => pw t__ {e}) {moved})", whole.proof))
        return super()._leaf(node)

    def _exponential(self, t: Node) -> Flat:
        """exp(t) as a product of powers of exp(m/D), D the common denominator of all arguments here."""
        q = self._normal(t) if _has_roots(t) else None
        units = t if q is None else self._quotient(q)
        if units != t:
            flat, other, whole = self.flat(t), self.flat(units), self._exponential(units)
            back = None if other.proof is None else f"(eq_sym {other.proof})"
            moved = chain(flat.proof, self.same(flat.text, other.text), back)
            return Flat(whole.text, chain(None if moved is None else f"(f_equal exp {moved})", whole.proof))
        form = self.forms.plain(t)
        if self.denominator == 1 or not form or any((c * self.denominator).denominator != 1 or abs(c * self.denominator) > 60
                                                    for c in form.values()):
            return super()._exponential(t)
        flat = self.flat(t)
        total, value, proof = "", "", ""
        for m, c in sorted(form.items(), key=lambda p: str(monomial_node(p[0])), reverse=True):
            k = int(c * self.denominator)
            u = render(to_node({m: Fraction(1, self.denominator)}))
            summand = f"({abs(k)} * {u})" if k > 0 else f"(- ({abs(k)} * {u}))"
            part = power(f"(exp {u})", k)
            lemma = f"({'exp_times' if k > 0 else 'exp_minus_times'} {u} {abs(k)})"
            if total:
                proof = f"(eq_trans (exp_plus {summand} {total}) (f_equal2 Rmult {lemma} {proof}))"
                total, value = f"({summand} + {total})", f"({part} * {value})"
            else:
                total, value, proof = summand, part, lemma
        moved = chain(flat.proof, self.same(flat.text, total))
        return Flat(value, chain(None if moved is None else f"(f_equal exp {moved})", proof))

    def _absolute(self, node: Node) -> Flat:
        (a,) = node.args
        flat = self.flat(a)
        if self.context.holds(Node(Op.GE, (a, ZERO))):
            return Flat(flat.text, chain(f"(Rabs_pos_eq _ {self.require(Node(Op.LE, (ZERO, a)))})", flat.proof))
        if self.context.holds(Node(Op.LE, (a, ZERO))):
            proof = f"(Rabs_left1 _ {self.require(Node(Op.LE, (a, ZERO)))})"
            return Flat(f"(- {flat.text})", chain(proof, None if flat.proof is None else f"(f_equal Ropp {flat.proof})"))
        root = self.flat(Node(Op.SQRT, (Node(Op.POW, (a, number(2))),)))
        return Flat(root.text, chain(f"(abs_root {self.text(a)})", root.proof))

    def _extremum(self, node: Node) -> Flat:
        """max, min: one text for all with equal parts, in the order in which they stand first."""
        parts = [self.flat(a) for a in node.args]
        forms = [self._normal(a) for a in node.args]
        first = next((f for f in self.extremes if f[0] == node.op and len(f[1]) == len(forms) and all(q in f[1] for q in forms)), None)
        if first is None:
            first = (node.op, forms, [p.text for p in parts])
            self.extremes.append(first)
        order = [first[1].index(q) for q in forms]
        if order != sorted(order) and len(order) != 2:
            raise Unreplayed(f"found {node.op} of {len(order)} arguments in another order; accepted: two")
        function = "Rmin" if node.op == Op.MIN else "Rmax"
        found: Flat | None = None
        for p, k in zip(parts, order, strict=True):
            text = first[2][k]
            arranged = Flat(text, chain(p.proof, self.same(p.text, text)))
            found = arranged if found is None else Flat(f"({function} {found.text} {text})", both(function, found, arranged))
        assert found is not None
        if order == sorted(order):
            return found
        a, b = first[2]
        return Flat(f"({function} {a} {b})", chain(found.proof, f"({function}_comm {b} {a})"))

    def _written_out(self, node: Node, k: int) -> Flat:
        """dd at a small numerical depth: the complete homogeneous polynomial."""
        nodes = [self.flat(a) for a in node.args[1:]]
        degree = k - len(nodes) + 1
        row = ["1"] + ["0"] * max(degree, 0)
        for x in nodes:
            for d in range(1, degree + 1):
                row[d] = f"({row[d]} + {x.text} * {row[d - 1]})"
        text = row[degree] if degree >= 0 else "0"
        rewrites = "".join(f"rewrite ({p}). " for p in dict.fromkeys(x.proof for x in nodes) if p is not None)
        return Flat(f"({text})", f"unfold dd. {rewrites}rewrite Int_part_IZR. simpl. ring.")

    # -- roots -----------------------------------------------------------------------------------------------------------
    def _root(self, node: Node, e: Fraction) -> Flat:
        q = self._normal(node)
        if q is None:
            raise Unreplayed(f"{str(node)[:60]} has no normal form")
        radicand = node.args[0]
        if node in self.units:
            return self._atom(self.units[node], node, radicand, e.denominator)
        if len(q.top) == 1 and not q.bottom:
            ((m, c),) = q.top.items()
            if c == 1 and len(m) == 1 and e.numerator == 1:
                g, k = m[0]
                if (g in self.algebra.roots and g not in self.chosen and k == 1 and self.algebra.roots[g][0] == e.denominator
                        and self._scale(g) == 1):
                    return self._atom(g, node, radicand, e.denominator)
                if (Fraction(k) == Fraction(1, self.degrees[g]) and self.degrees[g] == e.denominator
                        and self.algebra.keys[g][0] != "exp"):
                    return self._atom(-1 - g, node, radicand, e.denominator)
        return self._product_of_units(node, radicand, e, self._quotient(q))

    def _atom(self, key: int, node: Node, radicand: Node, n: int) -> Flat:
        """A root that is not taken apart: the same text for all that are the same generator."""
        inner = self.canonical(radicand)
        if key not in self.atoms:
            self.atoms[key] = radicand, inner.text
            root = f"(sqrt {inner.text})" if n == 2 else f"(pw {inner.text} (1 / {n}))"
            fact = f"(fact_ge0 _ _ {self.nonnegative(radicand)} {inner.equation})"
            lemma = f"(sqrt_unit _ {fact})" if n == 2 else f"(pw_unit _ {n} {fact})"
            self.roots[root] = self.have(f"{root} ^ {n} = {inner.text}", lemma, "r")
            positive = self.prove(Node(Op.LT, (ZERO, radicand)))
            if positive is not None:
                above = f"(pos_eq _ _ {inner.equation} {positive})"
                self.have(f"{root} <> 0", f"(nz_pos _ ({f'sqrt_lt_R0 _ {above}' if n == 2 else f'pw_pos _ _ {above}'}))", "nz")
        text = self.atoms[key][1]
        root = f"(sqrt {text})" if n == 2 else f"(pw {text} (1 / {n}))"
        proof = chain(inner.proof, self.same(inner.text, text))
        if node.op == Op.SQRT:
            return Flat(root, None if proof is None else f"(f_equal sqrt {proof})")
        moved = None if proof is None else f"(f_equal (fun t__ : R => pw t__ {self.step.term(node.args[1])}) {proof})"
        half = f"rewrite <- pw_half by exact (fact_ge0 _ _ {self.nonnegative(radicand)} {proof or 'eq_refl'}). " if n == 2 else ""
        exponent = self.have(f"pw {text} {self.step.term(node.args[1])} = {root}", f"{half}f_equal; lra.")
        return Flat(root, chain(moved, exponent))

    def _product_of_units(self, node: Node, radicand: Node, e: Fraction, units: Node) -> Flat:
        """The root as a product of units: it is >= 0 and its power is that of the radicand."""
        below, value = self.nonnegative(radicand), self.nonnegative(units)
        left, right = self.flat(radicand), self.flat(units)
        p, n = e.numerator, e.denominator
        if p > 0:
            fact = self.have(f"{right.text} ^ {n} = {left.text} ^ {p}", self.fields(f"{right.text} ^ {n}", f"{left.text} ^ {p}"))
        else:
            self.nonnull(radicand)
            fact = self.have(f"{right.text} ^ {n} = / {left.text} ^ {-p}", self.fields(f"{right.text} ^ {n}", f"/ {left.text} ^ {-p}"))
        proofs = f"{below} {value} {left.equation} {right.equation} {fact}"
        if node.op == Op.SQRT:
            proof = f"(sqrt_is _ _ _ _ {proofs})"
        else:
            exponent = self.have(f"{self.step.term(node.args[1])} = {f'{p} / {n}' if p > 0 else f'- {-p} / {n}'}", "lra.")
            proof = f"({'pw_is' if p > 0 else 'pw_is_inverse'} _ _ _ _ _ {abs(p)} {n} {exponent} {proofs})"
        return Flat(right.text, proof)

    def nonnegative(self, node: Node) -> str:
        """A proof of 0 <= node."""
        known = self.prove(Node(Op.LE, (ZERO, node)))
        if known is None:
            back = self.prove(Node(Op.GE, (node, ZERO)))
            if back is not None:
                return f"(Rge_le _ _ {back})"
            return f"(Rlt_le _ _ {self.positive(node)})"
        return known

    # -- normal forms as expressions ---------------------------------------------------------------------------------------
    def _quotient(self, q: Quotient) -> Node:
        """A normal form as an expression over units."""
        result = self._polynomial(q.top.items())
        for f, e in q.bottom.items():
            below = self._polynomial(f)
            result = Node(Op.DIV, (result, below if e == 1 else Node(Op.POW, (below, number(e)))))
        return result

    def _polynomial(self, terms: Iterable[tuple[Monomial, Fraction]]) -> Node:
        total: Node | None = None
        for m, c in terms:
            part = self._monomial(m, c)
            total = part if total is None else Node(Op.ADD, (total, part))
        return ZERO if total is None else total

    def _monomial(self, m: Monomial, c: Fraction) -> Node:
        parts: list[Node] = [] if c == 1 else [number(c)]
        for g, e in m:
            degree = self.degrees.get(g, 1)
            k = Fraction(e) * degree
            if k.denominator != 1:
                degree, k = Fraction(e).denominator, Fraction(Fraction(e).numerator)
            unit = self.generator(g)
            if unit.op == Op.EXP:
                parts.append(Node(Op.EXP, (unit.args[0] if e == 1 else Node(Op.MUL, (number(e), unit.args[0])),)))
                continue
            if degree != 1:
                unit = Node(Op.SQRT, (unit,)) if degree == 2 else Node(Op.POW, (unit, number(Fraction(1, degree))))
            parts.append(unit if k == 1 else Node(Op.POW, (unit, number(k))))
        result = parts[0] if parts else number(1)
        for p in parts[1:]:
            result = Node(Op.MUL, (result, p))
        return result

    def generator(self, g: int) -> Node:
        """An expression whose normal form is the generator."""
        if g in self.chosen:
            root, rest, c = self.chosen[g]
            return root if c == 1 and not rest else Node(Op.DIV, (root, self._monomial(rest, c)))
        if g in self.algebra.roots and self._scale(g) != 1:
            return self._scaled(g)
        if g not in self.generators:
            self.generators[g] = self._of_key(g)
        return self.generators[g]

    def _scale(self, g: int) -> int:
        """What makes the coefficients of a radicand integers; ring takes no others in its equations."""
        radicand = self.algebra.roots[g][1]
        return lcm(*(c.denominator for c in radicand.top.values()))

    def _scaled(self, g: int) -> Node:
        """A root of a radicand E with fractions: the root of L^n E over L."""
        (n, radicand), scale = self.algebra.roots[g], self._scale(g)
        whole = self._quotient(Quotient({m: c * scale**n for m, c in radicand.top.items()}, radicand.bottom))
        root = Node(Op.SQRT, (whole,)) if n == 2 else Node(Op.POW, (whole, number(Fraction(1, n))))
        self.units[root] = g
        return Node(Op.DIV, (root, number(scale)))

    def _factor(self, text: str, fact: str, factor: str, other: str) -> None:
        if not any(f in factor for f in ("sqrt", "pw ", "Rabs", "Rmax", "Rmin", "dd ", "exp ")):  # forms do not know units
            super()._factor(text, fact, factor, other)

    def _of_key(self, g: int) -> Node:
        key = self.algebra.keys[g]
        forms = self.algebra.forms
        kind = key[0]
        if kind in (Op.VAR, Op.CONST):
            return Node(str(kind), (), key[1])
        if kind == "root":
            n, radicand = self.algebra.roots[g]
            e = self._quotient(radicand)
            return Node(Op.SQRT, (e,)) if n == 2 else Node(Op.POW, (e, number(Fraction(1, n))))
        parts = [self._quotient(forms[k]) for k in key[1:] if isinstance(k, int)]
        if kind in ("exp", "log"):
            return Node(Op.EXP if kind == "exp" else Op.LOG, (parts[0],))
        if kind in ("sympow", "pow"):
            return Node(Op.POW, (parts[0], parts[1]))
        if kind == Op.ELT:
            return Node(Op.ELT, (parts[0],), key[1])
        raise Unreplayed(f"found {kind} inside of a root")


def _has_roots(root: Node) -> bool:
    """Whether something in it is taken apart here and not by forms."""
    for n in postorder(root):
        e = literal(n.args[1]) if n.op == Op.POW else None
        if n.op in _TAKEN_APART or (e is not None and e.denominator != 1):
            return True
    return False


def _whole(root: Node) -> bool:
    """Whether an expression has no fractions."""
    for n in postorder(root):
        e = literal(n.args[1]) if n.op == Op.POW else None
        if n.op in (Op.DIV, Op.CONST) or (n.op == Op.NUM and n.value.denominator != 1) or (e is not None and e < 0):
            return False
    return True


def _is_generator(q: Quotient) -> bool:
    if len(q.top) != 1 or q.bottom:
        return False
    ((m, c),) = q.top.items()
    return c == 1 and len(m) == 1 and m[0][1] == 1


__all__ = ["Rooted"]
