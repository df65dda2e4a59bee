"""Proofs that signs are what they evidently are: the tables of ``checker.signs``, each entry a lemma of ``proofs/ClaimSigns.v``.

A ``Context`` knows the variables and hypotheses of a lemma by their names in Coq. It follows the same rules as the checker, and every
mask it finds comes with the lines that prove it; where the total functions of Coq differ from the partial ones of claims (1/0 is 0
in Coq), it uses what the lemma knows to be defined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import TYPE_CHECKING

from normbound.claims.checker.signs import (
    ANY,
    DIFFERENCE,
    MINUS,
    NONNEGATIVE,
    NONPOSITIVE,
    NONZERO,
    NOUGHT,
    ONE,
    PLUS,
    ZERO,
    of_number,
    opposite,
    plus,
    times,
)
from normbound.claims.replay.statement import Unreplayed, coq_name, proposition, relative, sort_name, term
from normbound.claims.sorts import Sort, is_integer, is_natural
from normbound.claims.syntax import COMPARISONS, Node, Op, literal

if TYPE_CHECKING:
    from normbound.claims.replay.scripts import Step

MASKS = ("never", "neg", "null", "nonpos", "pos", "nonnull", "nonneg", "any")
_ROUNDS = 3
_OF = {Op.EQ: "of_eq", Op.NE: "of_ne", Op.LE: "of_le", Op.LT: "of_lt", Op.GE: "of_ge", Op.GT: "of_gt"}
_TO = {Op.EQ: "to_eq", Op.NE: "to_ne", Op.LE: "to_le", Op.LT: "to_lt", Op.GE: "to_ge", Op.GT: "to_gt"}
_CONSTANTS = {"pi": "sg_PI", "log2": "sg_log_2", "gelu_curvature": "sg_gelu_curvature", "sigmoid_curvature": "sg_sigmoid_curvature",
              "tanh_curvature": "sg_tanh_curvature"}


@dataclass(frozen=True, eq=False)
class Line:
    """One proved proposition: its name, the script that puts it into the context, the lines it uses, how deep its scope is."""

    name: str
    text: str
    uses: tuple[Line, ...]
    depth: int = 0


@dataclass(frozen=True, eq=False)
class Sign:
    """A mask of an expression, and the line that proves it (none for any)."""

    mask: int
    line: Line

    @property
    def name(self) -> str:
        return self.line.name

    @property
    def coq(self) -> str:
        return MASKS[self.mask]


class Context:
    """Variables with sorts, hypotheses with the names they have in Coq."""

    def __init__(self, sorts: Mapping[str, Sort], given: Sequence[tuple[Node, str]], outer: Context | None = None):
        self.sorts = sorts
        self.given = tuple(given)
        self.depth: int = 0 if outer is None else outer.depth + 1
        self.numbers = count(1)
        self.indices: dict[str, str] = {}  # bound indices: the names of the facts that they are integers
        self.memo: dict[Node, Sign] = {}
        self.facts: dict[Node, Sign] = {}
        self.differences: dict[tuple[Node, Node], Sign] = {}
        new = self.given
        if outer is not None:  # what is known outside is known here
            self.indices, self.facts, self.differences = dict(outer.indices), dict(outer.facts), dict(outer.differences)
            new = self.given[len(outer.given):]
        self._learn([pair for s, name in new for pair in _comparisons(s, name)])

    def _learn(self, comparisons: Sequence[tuple[Node, str]]) -> None:
        for s, name in comparisons:
            a, b = s.args
            known = self._sign(DIFFERENCE[s.op], f"{_arg(a)} - {_arg(b)}", f"exact ({_OF[s.op]} _ _ {name})")
            self._known(a, b, known)
            self._known(b, a, self._swapped(known, b, a))
        for _ in range(_ROUNDS if comparisons else 0):
            changed = False
            for s, name in comparisons:
                changed |= self._refine(s, name)
            if not changed:
                break
            self.memo = {}

    @classmethod
    def of(cls, step: Step) -> Context:
        """What the script of a node knows: hypotheses, and conditions that speak of no new variable."""
        given = [(g, step.h(k)) for k, g in enumerate(step.sequent.given)]
        for k, c in enumerate(step.conditions):
            if relative(c, step.sequent) == ([], []):
                given.append((c.goal, step.c(k)))
        return cls(step.sequent.sorts, given)

    def extended(self, sorts: Mapping[str, Sort], given: Iterable[tuple[Node, str]]) -> Context:
        """The context with further variables and hypotheses, in the same scope."""
        other = Context({**self.sorts, **sorts}, (*self.given, *given))
        other.indices = dict(self.indices)
        return other

    def without(self, name: str) -> Context:
        """The context without the hypothesis of that name."""
        return Context(self.sorts, [pair for pair in self.given if pair[1] != name])

    # -- lines ---------------------------------------------------------------------------------------------------------
    def _line(self, statement: str, tactic: str, *uses: Line) -> Line:
        name = f"g__{'_'.join(map(str, (self.depth, next(self.numbers))))}"
        body = f"{{ {tactic}. }}" if "\n" in tactic else f"by ({tactic})."
        text = f"assert ({name} : {statement}) {body}" if body.startswith("by") else f"assert ({name} : {statement}).\n{body}"
        return Line(name, text, uses, self.depth)

    def _sign(self, mask: int, text: str, tactic: str, *uses: Sign | Line) -> Sign:
        lines = tuple(u.line if isinstance(u, Sign) else u for u in uses)
        return Sign(mask, self._line(f"sg {MASKS[mask]} ({text})", tactic, *lines))

    def _meet(self, a: Sign, b: Sign, node_text: str) -> Sign:
        mask = a.mask & b.mask
        if mask == a.mask:
            return a
        if mask == b.mask:
            return b
        return self._sign(mask, node_text, f"exact (sg_meet _ _ {MASKS[mask]} _ {a.name} {b.name} eq_refl)", a, b)

    def _any(self, text: str) -> Sign:
        return self._sign(ANY, text, "apply sg_any")

    # -- hypotheses ----------------------------------------------------------------------------------------------------
    def _known(self, a: Node, b: Node, sign: Sign) -> None:
        old = self.differences.get((a, b))
        self.differences[a, b] = sign if old is None else self._meet(old, sign, f"{_arg(a)} - {_arg(b)}")

    def _swapped(self, sign: Sign, a: Node, b: Node) -> Sign:
        """From the sign of b - a that of a - b."""
        mask = opposite(sign.mask)
        return self._sign(mask, f"{_arg(a)} - {_arg(b)}", f"exact (sg_swap _ {MASKS[mask]} _ _ {sign.name} eq_refl)", sign)

    def _refine(self, s: Node, name: str) -> bool:
        a, b = s.args
        op = s.op
        if op in (Op.GE, Op.GT):
            a, b, op, name = b, a, Op.LE if op == Op.GE else Op.LT, f"({'ge_le' if op == Op.GE else 'gt_lt'} _ _ {name})"
        x, y = self.sign(a), self.sign(b)
        new: list[tuple[Node, Sign, int, str, Sign]] = []  # expression, its sign, the further mask, lemma, what the lemma uses
        if op == Op.EQ:
            new = [(a, x, y.mask, f"left_eq _ _ _ {name} {y.name}", y), (b, y, x.mask, f"right_eq _ _ _ {name} {x.name}", x)]
        elif op == Op.NE:
            if y.mask == ZERO:
                new.append((a, x, NONZERO, f"left_ne _ _ _ {name} {y.name} eq_refl", y))
            if x.mask == ZERO:
                new.append((b, y, NONZERO, f"right_ne _ _ _ {name} {x.name} eq_refl", x))
        else:
            strict = op == Op.LT
            if not x.mask & MINUS:
                positive = strict or not x.mask & ZERO
                lemma = "right_lt" if strict else "right_le_pos" if positive else "right_le"
                new.append((b, y, PLUS if positive else NONNEGATIVE, f"{lemma} _ _ _ {name} {x.name} eq_refl", x))
            if not y.mask & PLUS:
                negative = strict or not y.mask & ZERO
                lemma = "left_lt" if strict else "left_le_neg" if negative else "left_le"
                new.append((a, x, MINUS if negative else NONPOSITIVE, f"{lemma} _ _ _ {name} {y.name} eq_refl", y))
        changed = False
        for node, old, mask, lemma, used in new:
            if old.mask & ~mask and literal(node) is None:
                found = self._sign(mask, _text(node), f"exact ({lemma})", used)
                earlier = self.facts.get(node)
                self.facts[node] = found if earlier is None else self._meet(earlier, found, _text(node))
                self.memo.pop(node, None)
                changed = True
        return changed

    # -- questions -----------------------------------------------------------------------------------------------------
    def holds(self, statement: Node) -> bool:
        """Whether the signs prove a comparison, or a conjunction of comparisons."""
        parts = statement.args if statement.op == Op.AND else (statement,)
        return all(p.op in COMPARISONS and not self.difference(*p.args).mask & ~DIFFERENCE[p.op] for p in parts)

    def evident(self, statement: Node) -> str:
        """A script that proves it. Raises Unreplayed where signs do not."""
        if statement.op == Op.AND:
            scripts = [f"{{ {self.evident(p)} }}" for p in statement.args]
            return "\n".join(f"split.\n{s}" for s in scripts[:-1]) + f"\n{scripts[-1]}"
        if statement.op == Op.IMPLIES:
            premise, rest = statement.args
            inner = self.extended({}, [(premise, "d__0")])
            if not inner.holds(rest) and not self.difference(*premise.args).mask & DIFFERENCE[premise.op]:
                return f"intros d__0.\n{self.absurd(premise, 'd__0')}"
            return f"intros d__0.\n{inner.evident(rest)}"
        if statement.op not in COMPARISONS:
            raise Unreplayed(f"signs say nothing about {statement.op}")
        found = self.difference(*statement.args)
        if found.mask & ~DIFFERENCE[statement.op]:
            raise Unreplayed(f"the signs do not give {str(statement)[:80]} in Coq")
        return f"{self.script(found.line)}\nexact ({_TO[statement.op]} _ _ _ {found.name} eq_refl)."

    def absurd(self, statement: Node, name: str) -> str:
        """A script that proves any goal from a comparison, called ``name``, that the signs exclude; its own fact must not be in the
        context."""
        known = self.difference(*statement.args)
        if known.mask & DIFFERENCE[statement.op]:
            raise Unreplayed(f"the signs do not exclude {str(statement)[:80]} in Coq")
        return (f"{self.script(known.line)}\n"
                f"exact (sg_never _ _ (sg_meet _ _ never _ {known.name} ({_OF[statement.op]} _ _ {name}) eq_refl)).")

    def script(self, *targets: Line) -> str:
        """The lines that the targets need, in order."""
        return "\n".join(line.text for line in _needed(targets, 0))

    def inside(self, target: Line) -> tuple[str, list[Line]]:
        """The lines of this scope that the target needs, and those of outer scopes."""
        lines = _needed([target], self.depth)
        found = {id(u): u for line in (*lines, target) for u in line.uses if u.depth < self.depth}
        if target.depth < self.depth:
            found[id(target)] = target
        return "\n".join(line.text for line in lines), list(found.values())

    # -- differences -----------------------------------------------------------------------------------------------------
    def difference(self, a: Node, b: Node) -> Sign:
        """The sign of a - b."""
        text = f"{_arg(a)} - {_arg(b)}"
        if a == b:
            return self._sign(ZERO, text, "exact (sg_same _)")
        p, q = literal(a), literal(b)
        if p is not None and q is not None:
            return self._number(p - q, text)
        known = self.differences.get((a, b))
        if q == 0:
            x = self.sign(a)
            found = self._sign(x.mask, text, f"exact (sg_minus_0 _ _ {x.name})" if b == NOUGHT else
                               f"replace ({text}) with ({_text(a)}) by lra; exact {x.name}", x)
        elif p == 0:
            x = self.sign(b)
            mask = opposite(x.mask)
            found = self._sign(mask, text, f"exact (sg_swap _ {MASKS[mask]} _ _ (sg_minus_0 _ _ {x.name}) eq_refl)" if a == NOUGHT else
                               f"replace ({text}) with (- {_arg(b)}) by lra; exact (sg_opp _ {MASKS[mask]} _ {x.name} eq_refl)", x)
        else:
            found = self._subtraction(a, b, q, text)
            if p == 1 and found.mask & PLUS and is_integer(b, self.sorts) and not self.sign(b).mask & NONPOSITIVE:
                y, whole = self.sign(b), self._integer(b)
                step = self._sign(NONNEGATIVE, f"{_arg(b)} - 1", f"exact (sg_integer _ _ {whole.name} {y.name} eq_refl)", y, whole)
                found = self._meet(found, self._swapped(step, a, b), text)
        return found if known is None else self._meet(known, found, text)

    def _subtraction(self, a: Node, b: Node, q: Fraction | None, text: str) -> Sign:
        x, y = self.sign(a), self.sign(b)
        mask = plus(x.mask, opposite(y.mask))
        found = self._any(text) if mask == ANY else self._sign(
            mask, text, f"exact (sg_sub _ _ {MASKS[mask]} _ _ {x.name} {y.name} eq_refl)", x, y)
        if q == 1 and not x.mask & NONPOSITIVE and is_integer(a, self.sorts):
            whole = self._integer(a)
            step = self._sign(NONNEGATIVE, f"{_arg(a)} - 1", f"exact (sg_integer _ _ {whole.name} {x.name} eq_refl)", x, whole)
            found = self._meet(found, step, text)
        return found

    def _number(self, q: Fraction, text: str) -> Sign:
        mask = of_number(q)
        return self._sign(mask, text, f"apply sg_{MASKS[mask]}; lra")

    # -- signs of expressions ----------------------------------------------------------------------------------------------
    def sign(self, root: Node) -> Sign:
        """The signs that an expression may have."""
        stack = [root]
        while stack:
            node = stack[-1]
            if node in self.memo:
                stack.pop()
                continue
            parts = node.args[:2] if node.op in (Op.SUM, Op.PROD) else node.args
            missing = [a for a in parts if a not in self.memo]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            found = self._apply(node)
            fact = self.facts.get(node)
            self.memo[node] = found if fact is None else self._meet(found, fact, _text(node))
        return self.memo[root]

    def _apply(self, node: Node) -> Sign:
        op, args, text = node.op, node.args, _text(node)
        q = literal(node)
        if q is not None:
            return self._number(q, text)
        x = self.memo[args[0]] if args else None
        y = self.memo.get(args[1]) if len(args) > 1 else None
        if x is None:
            return self._leaf(node, text)
        if op == Op.ELT:
            return self._member(node, text)
        if op == Op.NEG:
            return self._sign(opposite(x.mask), text, f"exact (sg_opp _ {MASKS[opposite(x.mask)]} _ {x.name} eq_refl)", x)
        if op == Op.SQRT:
            mask = (x.mask & PLUS) | (ZERO if x.mask & NONPOSITIVE else 0)
            return self._sign(mask, text, f"exact (sg_sqrt _ {MASKS[mask]} _ {x.name} eq_refl)", x)
        if op == Op.EXP:
            return self._sign(PLUS, text, "exact (sg_exp _)")
        if op == Op.ABS:
            return self._sign(_square(x.mask), text, f"exact (sg_abs _ {MASKS[_square(x.mask)]} _ {x.name} eq_refl)", x)
        if op == Op.LOG:
            if x.mask & NONPOSITIVE:
                return self._any(text)
            d = self.difference(args[0], ONE)
            return self._sign(d.mask, text, f"exact (sg_log _ _ _ {x.name} eq_refl {d.name})", x, d)
        if op in (Op.SUM, Op.PROD):
            return self._over_index(node, text)
        if op == Op.DD:
            return self._divided_difference(node, text)
        if op in (Op.MIN, Op.MAX):
            return self._extremum(node)
        if y is None:
            return self._any(text)
        if op == Op.ADD:
            return self._binary("sg_add", plus(x.mask, y.mask), text, x, y)
        if op == Op.SUB:
            return self.difference_of_parts(args[0], args[1])
        if op == Op.MUL:
            if args[0] == args[1]:
                return self._sign(_square(x.mask), text, f"exact (sg_square _ {MASKS[_square(x.mask)]} _ {x.name} eq_refl)", x)
            return self._binary("sg_mul", times(x.mask, y.mask), text, x, y)
        if op == Op.DIV:
            return self._binary("sg_div", times(x.mask, y.mask), text, x, y)
        if op == Op.POW:
            return self._power(node, x, y, text)
        return self._any(text)

    def difference_of_parts(self, a: Node, b: Node) -> Sign:
        """The sign of the expression a - b, as the checker finds it for the operator."""
        text = f"{_arg(a)} - {_arg(b)}"
        if a == b:
            return self._sign(ZERO, text, "exact (sg_same _)")
        found = self._subtraction(a, b, literal(b), text)
        known = self.differences.get((a, b))
        return found if known is None else self._meet(known, found, text)

    def _binary(self, lemma: str, mask: int, text: str, x: Sign, y: Sign) -> Sign:
        if mask == ANY:
            return self._any(text)
        return self._sign(mask, text, f"exact ({lemma} _ _ {MASKS[mask]} _ _ {x.name} {y.name} eq_refl)", x, y)

    def _leaf(self, node: Node, text: str) -> Sign:
        if node.op == Op.CONST and node.value in _CONSTANTS:
            return self._sign(PLUS, text, f"exact {_CONSTANTS[node.value]}")
        kind = self.sorts[node.value].kind if node.op == Op.VAR and node.value in self.sorts else "real"
        return self._of_sort(kind, text, sort_name(node.value))

    def _of_sort(self, kind: str, text: str, fact: str, *uses: Line) -> Sign:
        if kind == "positive":
            return self._sign(PLUS, text, f"exact (sg_pos _ {fact})", *uses)
        if kind == "nonnegative":
            return self._sign(NONNEGATIVE, text, f"exact (sg_nonneg _ {fact})", *uses)
        if kind == "natural":
            return self._sign(NONNEGATIVE, text, f"exact (sg_isnat _ {fact})", *uses)
        return self._any(text)

    def _member(self, node: Node, text: str) -> Sign:
        sort = self.sorts[node.value]
        if sort.kind in ("real", "integer"):
            return self._any(text)
        fact, uses = self.member_fact(node)
        return self._of_sort(sort.kind, text, fact, *uses)

    def member_fact(self, node: Node) -> tuple[str, tuple[Line, ...]]:
        """A proof that the member of a family has its sort, the index being in range."""
        sort, (index,) = self.sorts[node.value], node.args
        assert sort.length is not None
        whole = self._integer(index)
        low = self._bound(Node(Op.LE, (ONE, index)))
        high = self._bound(Node(Op.LE, (index, sort.length)))
        return f"({sort_name(node.value)} _ {whole.name} {low.name} {high.name})", (whole, low, high)

    def _bound(self, statement: Node) -> Line:
        """An index is in its range: known by signs, or linear in what is known."""
        a, b = statement.args
        known = self.differences.get((a, b))
        if known is not None and not known.mask & PLUS:
            return self._line(proposition(statement), f"exact (to_le _ _ _ {known.name} eq_refl)", known.line)
        if a != b and literal(a) == 1 and is_integer(b, self.sorts) and not self.sign(b).mask & NONPOSITIVE:
            y, whole = self.sign(b), self._integer(b)
            return self._line(proposition(statement), f"pose proof (isint_lt 0 _ (isint_Z 0) {whole.name} "
                              f"(is_pos _ _ {y.name} eq_refl)); lra", y.line, whole)
        return self._line(proposition(statement), "first [assumption | lra | auto]")

    def _over_index(self, node: Node, text: str) -> Sign:
        low, high, body = node.args
        index, name = node.value, coq_name(node.value)
        whole, first, last = (f"{x}__{self.depth + 1}" for x in ("z", "l", "u"))
        variable = Node(Op.VAR, (), index)
        inner = Context({k: s for k, s in self.sorts.items() if k != index},
                        (*self.given, (Node(Op.LE, (low, variable)), first), (Node(Op.LE, (variable, high)), last)), self)
        inner.indices[index] = whole
        x = inner.sign(body)
        empty = self.difference(high, low)  # not empty when high - low >= 0
        filled = not empty.mask & MINUS
        if node.op == Op.SUM:
            if x.mask in (0, ANY, NONZERO):
                return self._any(text)
            lemma, mask = _SUMS[x.mask, filled and x.mask in (PLUS, MINUS)]
        else:
            if x.mask == 0 or x.mask & MINUS:
                return self._any(text)
            lemma, mask = ("sg_prod_pos", PLUS) if x.mask == PLUS else ("sg_prod", NONNEGATIVE)
        both = [self._integer(low), self._integer(high)]
        lines, outer = inner.inside(x.line)
        bodies = self._line(f"forall {name} : R, isint {name} -> {_low(low)} <= {name} -> {name} <= {_low(high)} -> "
                            f"sg {x.coq} ({_text(body)})", f"intros {name} {whole} {first} {last}.\n{lines}\nexact {x.name}", *outer)
        if lemma.endswith(("_pos", "_neg")) and node.op == Op.SUM:
            order = self._line(f"{_low(low)} <= {_low(high)}", f"pose proof (to_ge _ _ _ {empty.name} eq_refl); lra", empty.line)
            return self._sign(mask, text, f"exact ({lemma} _ _ _ _ {both[0].name} {both[1].name} {order.name} {bodies.name} eq_refl)",
                              *both, order, bodies)
        return self._sign(mask, text, f"exact ({lemma} _ _ _ _ {both[0].name} {both[1].name} {bodies.name} eq_refl)", *both, bodies)

    def _divided_difference(self, node: Node, text: str) -> Sign:
        depth, *nodes = node.args
        if any(self.memo[a].mask & MINUS for a in nodes):
            return self._any(text)
        facts = [self._line(f"0 <= {_low(a)}", f"exact (is_nonneg _ _ {self.memo[a].name} eq_refl)", self.memo[a].line) for a in nodes]
        if len(nodes) == 1 and self.memo[nodes[0]].mask == PLUS and is_natural(depth, self.sorts):
            whole = self._natural(depth)
            return self._sign(PLUS, text, f"rewrite (dd_single _ _ {whole.name}); exact (sg_pw_pos _ _ _ {self.memo[nodes[0]].name} "
                              "eq_refl)", self.memo[nodes[0]], whole)
        return self._sign(NONNEGATIVE, text, "apply sg_dd; repeat (apply Forall_cons; [assumption|]); apply Forall_nil", *facts)

    def _extremum(self, node: Node) -> Sign:
        lemma, function, table = ("sg_max", "Rmax", _greater) if node.op == Op.MAX else ("sg_min", "Rmin", _lesser)
        text, found = _arg(node.args[0]), self.memo[node.args[0]]
        for a in node.args[1:]:
            y = self.memo[a]
            text = f"{function} {text} {_arg(a)}"
            mask = table(found.mask, y.mask)
            found = self._sign(mask, text, f"exact ({lemma} _ _ {MASKS[mask]} _ _ {found.name} {y.name} eq_refl)", found, y)
            text = f"({text})"
        return found

    def _power(self, node: Node, x: Sign, y: Sign, text: str) -> Sign:
        e = literal(node.args[1])
        if e == 0:
            return self._sign(PLUS, text, "apply sg_pw_0; lra")
        if not x.mask & NONPOSITIVE:
            return self._sign(PLUS, text, f"exact (sg_pw_pos _ _ _ {x.name} eq_refl)", x)
        if e is not None and e.denominator == 1:
            mask = _square(x.mask) if e % 2 == 0 else x.mask
            if mask == ANY:
                return self._any(text)
            lemma = "sg_pw_lit" if e > 0 else "sg_pw_inv"
            return self._sign(mask, text, f"refine ({lemma} _ {MASKS[mask]} _ _ {abs(e)} _ {x.name} eq_refl); lra", x)
        if not x.mask & MINUS:
            if e is not None:
                return self._sign(x.mask, text, f"refine (sg_pw_base _ _ _ {x.name} eq_refl _); lra", x)
            return self._sign(NONNEGATIVE, text, f"exact (sg_pw_nonneg _ _ _ {x.name} eq_refl)", x)
        return self._any(text)

    # -- integers --------------------------------------------------------------------------------------------------------
    def _integer(self, node: Node) -> Line:
        return self._line(f"isint {_arg(node)}", f"exact {self._whole(node)[0]}", *self._whole(node)[1])

    def _natural(self, node: Node) -> Line:
        proof, uses = self._counting(node)
        return self._line(f"isnat {_arg(node)}", f"exact {proof}", *uses)

    def integer(self, node: Node) -> str:
        """A script for ``isint (node)``."""
        line = self._integer(node)
        return f"{self.script(line)}\nexact {line.name}."

    def natural(self, node: Node) -> str:
        """A script for ``isnat (node)``."""
        line = self._natural(node)
        return f"{self.script(line)}\nexact {line.name}."

    def _whole(self, node: Node) -> tuple[str, tuple[Line, ...]]:
        """A proof that an expression is an integer, as a term."""
        found: dict[Node, tuple[str, tuple[Line, ...]]] = {}
        stack = [node]
        while stack:
            n = stack[-1]
            if n in found:
                stack.pop()
                continue
            if n.op in (Op.ADD, Op.SUB, Op.MUL, Op.NEG, Op.MIN, Op.MAX, Op.ABS) and literal(n) is None:
                missing = [a for a in n.args if a not in found]
                if missing:
                    stack.extend(missing)
                    continue
                proof, uses = found[n.args[0]]
                lemma = _INTEGERS[n.op]
                if len(n.args) == 1:
                    proof = f"({lemma} _ {proof})"
                for a in n.args[1:]:
                    proof, uses = f"({lemma} _ _ {proof} {found[a][0]})", uses + found[a][1]
                found[n] = proof, uses
            else:
                found[n] = self._whole_leaf(n)
            stack.pop()
        return found[node]

    def _whole_leaf(self, n: Node) -> tuple[str, tuple[Line, ...]]:
        q = literal(n)
        if q is not None and q.denominator == 1 and n.op in (Op.NUM, Op.NEG) and (n.op == Op.NUM or n.args[0].op == Op.NUM):
            return f"(isint_Z ({q}))", ()
        if n.op == Op.VAR and n.value in self.indices:
            return self.indices[n.value], ()
        if n.op == Op.VAR and n.value in self.sorts:
            kind = self.sorts[n.value].kind
            if kind == "integer":
                return sort_name(n.value), ()
            if kind == "natural":
                return f"(isnat_isint _ {sort_name(n.value)})", ()
        if n.op == Op.ELT:
            fact, uses = self.member_fact(n)
            return (f"(isnat_isint _ {fact})" if self.sorts[n.value].kind == "natural" else fact), uses
        if is_natural(n, self.sorts):
            fact, uses = self._counting(n)
            return f"(isnat_isint _ {fact})", uses
        raise Unreplayed(f"no proof in Coq that {str(n)[:60]} is an integer")

    def _counting(self, node: Node) -> tuple[str, tuple[Line, ...]]:
        """A proof that an expression is natural, as a term."""
        q = literal(node)
        if node.op == Op.NUM and q is not None and q.denominator == 1:
            return ("isnat_0" if q == 0 else f"(isnat_pos {q})"), ()
        if node.op == Op.VAR and node.value in self.sorts and self.sorts[node.value].kind == "natural":
            return sort_name(node.value), ()
        if node.op == Op.ELT:
            return self.member_fact(node)
        if node.op in (Op.ADD, Op.MUL, Op.MIN, Op.MAX):
            proof, uses = self._counting(node.args[0])
            for a in node.args[1:]:
                more, lines = self._counting(a)
                proof, uses = f"({_NATURALS[node.op]} _ _ {proof} {more})", uses + lines
            return proof, uses
        if node.op == Op.ABS:
            proof, uses = self._whole(node.args[0])
            return f"(isnat_abs _ {proof})", uses
        if node.op == Op.POW:
            proof, uses = self._counting(node.args[0])
            more, lines = self._counting(node.args[1])
            return f"(isnat_pw _ _ {proof} {more})", uses + lines
        whole, uses = self._whole(node) if not is_natural(node, self.sorts) else ("", ())
        if whole:
            x = self.sign(node)
            if not x.mask & MINUS:
                return f"(isint_isnat _ {whole} (is_nonneg _ _ {x.name} eq_refl))", (*uses, x.line)
        raise Unreplayed(f"no proof in Coq that {str(node)[:60]} is natural")


_INTEGERS = {Op.ADD: "isint_add", Op.SUB: "isint_sub", Op.MUL: "isint_mul", Op.NEG: "isint_opp", Op.MIN: "isint_min",
             Op.MAX: "isint_max", Op.ABS: "isint_abs"}
_NATURALS = {Op.ADD: "isnat_add", Op.MUL: "isnat_mul", Op.MIN: "isnat_min", Op.MAX: "isnat_max"}
_SUMS = {(PLUS, True): ("sg_sum_pos", PLUS), (MINUS, True): ("sg_sum_neg", MINUS), (ZERO, False): ("sg_sum_null", ZERO),
         **dict.fromkeys([(PLUS, False), (NONNEGATIVE, False)], ("sg_sum", NONNEGATIVE)),
         **dict.fromkeys([(MINUS, False), (NONPOSITIVE, False)], ("sg_sum_nonpos", NONPOSITIVE))}


def _needed(targets: Iterable[Line], depth: int) -> list[Line]:
    """The lines that the targets need, in order, from scopes at least so deep."""
    done: dict[int, Line] = {}
    stack = [(line, False) for line in reversed(list(targets))]
    while stack:
        line, ready = stack.pop()
        if id(line) in done or line.depth < depth:
            continue
        if ready:
            done[id(line)] = line
        else:
            stack.append((line, True))
            stack.extend((u, False) for u in reversed(line.uses))
    return list(done.values())


def _comparisons(statement: Node, name: str) -> list[tuple[Node, str]]:
    """The comparisons in a hypothesis, each with its proof."""
    found: list[tuple[Node, str]] = []
    stack = [(statement, name)]
    while stack:
        s, proof = stack.pop()
        if s.op == Op.AND:
            parts, rest = [], proof
            for a in s.args[:-1]:
                parts.append((a, f"(proj1 {rest})"))
                rest = f"(proj2 {rest})"
            stack.extend(reversed([*parts, (s.args[-1], rest)]))
        elif s.op in COMPARISONS:
            found.append((s, proof))
    return found


def _square(mask: int) -> int:
    return (mask & ZERO) | (PLUS if mask & NONZERO else 0)


def _pairs(x: int, y: int, choose: Callable[[int, int], int]) -> int:
    result = 0
    for a in (MINUS, ZERO, PLUS):
        for b in (MINUS, ZERO, PLUS):
            if x & a and y & b:
                result |= choose(a, b)
    return result


def _greater(x: int, y: int) -> int:
    return _pairs(x, y, max)


def _lesser(x: int, y: int) -> int:
    return _pairs(x, y, min)


def _text(node: Node) -> str:
    return term(node)


def _arg(node: Node) -> str:
    return term(node, argument=True)


def _low(node: Node) -> str:
    """The expression as a side of a comparison."""
    return term(node)


__all__ = ["MASKS", "Context", "Line", "Sign"]
