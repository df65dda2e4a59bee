"""Normal forms as syntax again, so that certificates can speak of generators. What is printed here is read and checked anew."""

from __future__ import annotations

from fractions import Fraction

from normbound.claims.checker.algebra import Algebra, Monomial, Quotient
from normbound.claims.checker.sequent import Sequent
from normbound.claims.syntax import Node, Op, free_names, number, postorder

ONE = Node(Op.NUM, (), Fraction(1))


class Writer:
    """Expressions for the generators of one algebra. Indices of sums get the names i_1, i_2, ... by their depth."""

    def __init__(self, algebra: Algebra, taken: frozenset[str]):
        self.algebra = algebra
        self.taken = taken
        self.generators: dict[int, Node | None] = {}

    @classmethod
    def of(cls, sequent: Sequent) -> Writer:
        """With the roots of the goal written as there: that they have a value is known of them, not of roots of sums multiplied out."""
        algebra = sequent.algebra
        writer = cls(algebra, sequent.names())
        bound = sequent.names() - set(sequent.sorts)
        for n in postorder(sequent.goal):
            if n.op != Op.SQRT or free_names(n) & bound:
                continue
            root, inside = algebra.normal(n), algebra.normal(n.args[0])
            for g in {g for m in root.top for g, _ in m if g in algebra.roots and g not in writer.generators}:
                degree, radicand = algebra.roots[g]
                lead = next(iter(radicand.top), ())
                if degree == 2 and radicand.constant is None and lead in inside.top:  # sqrt(c*e) may be sqrt(c)*sqrt(e)
                    c = inside.top[lead] / radicand.top[lead]
                    node = n if c == 1 else Node(Op.SQRT, (Node(Op.DIV, (n.args[0], number(c))),))
                    if c > 0 and algebra.subtract(inside, algebra.scaled(radicand, c)).is_zero:
                        writer.generators[g] = node
        return writer

    def index(self, name: str) -> str:
        """What the index "#signs:depth" is called."""
        stem = f"i_{name.partition(':')[2]}_{name[1]}"
        while stem in self.taken:
            stem += "_"
        return stem

    def generator(self, g: int) -> Node | None:
        """The generator as an expression. None for kinds that have no expression."""
        todo = [g]
        while todo:
            top = todo[-1]
            if top in self.generators:
                todo.pop()
                continue
            missing = [h for q in self._forms(top) for h in self._inside(q) if h not in self.generators]
            if missing:
                todo.extend(missing)
                continue
            self.generators[top] = self._write(top)
            todo.pop()
        return self.generators[g]

    def _forms(self, g: int) -> list[Quotient]:
        key = self.algebra.keys[g]
        if key[0] in (Op.VAR, Op.CONST):
            return []
        first = 2 if key[0] in (Op.ELT, "root") else 1
        last = 2 if key[0] == "large power" else len(key)
        return [self.algebra.forms[k] for k in key[first:last] if isinstance(k, int)]

    @staticmethod
    def _inside(q: Quotient) -> list[int]:
        return [g for m in (*q.top, *(m for f in q.bottom for m, _ in f)) for g, _ in m]

    def _write(self, g: int) -> Node | None:
        key = self.algebra.keys[g]
        kind = key[0]
        parts = [self._quotient(q) for q in self._forms(g)]
        if any(p is None for p in parts):
            return None
        nodes = tuple(p for p in parts if p is not None)
        if kind == Op.VAR:
            name = str(key[1])
            return Node(Op.VAR, (), self.index(name) if name.startswith("#") else name)
        if kind == Op.CONST:
            return Node(Op.CONST, (), key[1])
        if kind == Op.ELT:
            return Node(Op.ELT, nodes, key[1])
        if kind in ("pow", "sympow"):
            return Node(Op.POW, nodes)
        if kind == "large power":
            return Node(Op.POW, (nodes[0], number(key[2])))  # type: ignore[arg-type]
        if kind == "root":
            n = self.algebra.roots[g][0]
            return Node(Op.SQRT, nodes) if n == 2 else Node(Op.POW, (*nodes, number(Fraction(1, n))))
        if kind in (Op.EXP, Op.LOG, Op.MIN, Op.MAX, Op.DD):
            return Node(str(kind), nodes)
        if kind in (Op.SUM, Op.PROD):
            return Node(str(kind), nodes, self.index(str(key[4])))
        return None

    def monomial(self, m: Monomial) -> Node | None:
        """The monomial as an expression."""
        top: Node | None = None
        bottom: Node | None = None
        for g, e in m:
            base = self.generator(g) if g not in self.generators else self.generators[g]
            if base is None:
                return None
            size = abs(Fraction(e))
            power = base if size == 1 else Node(Op.POW, (base, number(size)))
            if e > 0:
                top = power if top is None else Node(Op.MUL, (top, power))
            else:
                bottom = power if bottom is None else Node(Op.MUL, (bottom, power))
        top = top if top is not None else ONE
        return top if bottom is None else Node(Op.DIV, (top, bottom))

    def polynomial(self, terms: object) -> Node | None:
        """A sum of terms as an expression."""
        total: Node | None = None
        for m, c in terms:  # type: ignore[attr-defined]
            node = self.monomial(m)
            if node is None:
                return None
            if abs(c) != 1:
                node = number(abs(c)) if not m else Node(Op.MUL, (number(abs(c)), node))
            if total is None:
                total = node if c > 0 else Node(Op.SUB, (number(0), node))
            else:
                total = Node(Op.ADD if c > 0 else Op.SUB, (total, node))
        return total if total is not None else number(0)

    def _quotient(self, q: Quotient) -> Node | None:
        result = self.polynomial(sorted(q.top.items()))
        for f, e in q.bottom.items():
            below = self.polynomial(f)
            if result is None or below is None:
                return None
            result = Node(Op.DIV, (result, below if e == 1 else Node(Op.POW, (below, number(e)))))
        return result

    def quotient(self, q: Quotient) -> Node | None:
        """The normal form as an expression; None where it has none."""
        for g in self._inside(q):
            self.generator(g)
        return self._quotient(q)


__all__ = ["Writer"]
