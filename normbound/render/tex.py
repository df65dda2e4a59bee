r"""Terms in TeX: one expression, or lines that fit a column.

The printer reads the tables of the normal form, as the printer of plain text does: layers keep their order, shared
subterms are named where the whole would be long, and every pass is a loop. Divided differences are first rewritten
(``terms.rewritings``) into powers, sums and binomials; what remains is the complete homogeneous symmetric polynomial
H_n(l_1, ..., l_m). Recurrences print as sequences that start and step. Widths are estimates in em, on the generous side;
``tests/render/test_tex.py`` compares them with TeX's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

from normbound.render.names import SCRIPT, Name, Names
from normbound.terms.constants import CONSTANTS
from normbound.terms.normal import Exponent, Naturals, Normal
from normbound.terms.rewritings import BINOMIAL, BINOMIAL_3, GEOMETRIC, TWO_NODES, Applied, Rewriting, lowered, rewrite
from normbound.terms.store import ONE_ID, Exact, Op, Store, Term, bound_symbols, children

__all__ = ["COLUMN", "Line", "Tex", "to_tex"]

COLUMN = 31.0  # em: fits the 345pt of a 10pt article (34.5 em) and the 390pt of a 12pt article, with some air
MAX_LINES = 400  # named subterms, and rows of one formula, that are printed
_INLINE = 300.0  # em beyond which even a single expression names its parts
_DIGITS = 30  # digits of one chunk of a long number
_SUM, _PRODUCT, _POWER, _ATOM = range(4)
_PLUS, _EQUALS, _THIN, _DOT = 1.23, 1.34, 0.17, 0.73
_LETTERS = tuple("ijklpqruvwmn")

Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Box:
    """A printed subterm.

    level  how loosely its outermost operator binds
    tall   0 a line of letters, 1 and 2 nested parentheses, 3 fractions and large operators
    solo   a single letter; digit: it begins with a digit; number: it is one
    open   it ends in the scope of a large operator; raised: it has a superscript; close: it begins with a parenthesis
    used   how many levels of summation indices are used inside
    parts  where it may be broken: what joins the parts, and the parts
    """

    tex: str
    width: float
    level: int = _ATOM
    tall: int = 0
    solo: bool = False
    digit: bool = False
    number: bool = False
    open: bool = False
    raised: bool = False
    close: bool = False
    used: int = 0
    joint: str = ""  # "+", "*" or "," between the parts
    parts: tuple[tuple[str, Box], ...] = ()

    def at(self, level: int) -> Box:
        return self if self.level >= level else parenthesized(self)


def parenthesized(box: Box, left: str = "(", right: str = ")") -> Box:
    before, after, width, tall = (("", "", 0.8, 1), (r"\bigl", r"\bigr", 0.95, 2), (r"\Bigl", r"\Bigr", 1.25, 2),
                                  (r"\left", r"\right", 1.75, 3))[box.tall]
    return Box(f"{before}{left}{box.tex}{after}{right}", box.width + width, _ATOM, tall, close=True, used=box.used)


@dataclass(frozen=True, slots=True)
class _Scope:
    """The inside of a binder: how its bound symbols print. The root scope has no parent."""

    env: dict[int, Box] = field(default_factory=dict, compare=False, hash=False)
    number: int = 0
    parent: _Scope | None = None

    def find(self, i: int) -> Box | None:
        scope: _Scope | None = self
        while scope is not None:
            if i in scope.env:
                return scope.env[i]
            scope = scope.parent
        return None


_ROOT = _Scope()
_Key = tuple[int, int]  # id and number of the scope (0 for closed subterms)


@dataclass(frozen=True, slots=True)
class _Definition:
    """A line ``left = box``, for the index values of ``range`` when that is not empty."""

    left: str
    width: float
    box: Box
    range: str = ""
    key: _Key | None = None


class Tex:
    """Prints the terms of one page.

    names              how symbols print
    positive_depths    whether forms that need a depth K >= 1 may be used; ``conditions`` then lists these depths

    What a page must explain: ``rewritings`` (rules used, with their lemmas), ``conditions``, ``constants`` (name, TeX,
    definition), ``matrices`` (TeX, rows), ``homogeneous_used``; ``notes`` says it in prose.
    """

    def __init__(self, names: Names | None = None, positive_depths: bool = True):
        self.names = names or Names()
        self.positive_depths = positive_depths
        self.rewritings: dict[str, Rewriting] = {}
        self.positive: dict[str, None] = {}
        self.constants: dict[str, tuple[str, str]] = {}
        self.matrices: list[tuple[str, tuple[tuple[Exact, ...], ...]]] = []
        self.homogeneous_used = False
        self.symbols_used: dict[str, None] = {}
        self.sums_used = False
        self._matrix_numbers: dict[tuple[tuple[Exact, ...], ...], int] = {}
        self._stores: dict[int, Store] = {}  # alive as long as the page, so that their ids stay theirs
        self._stepped: set[object] = set()  # the sequences that have lines on the page
        self._named: dict[tuple[int, int], Name] = {}  # (store, id) of closed subterms that have a line on the page
        self._count = 0
        self._sequence_names: dict[object, Name] = {}
        self._sequences: dict[str, object] = {}  # names of recurrence states -> the recurrence they belong to

    @property
    def used(self) -> list[Rewriting]:
        """The rewritings of divided differences on the page, in the order of first use."""
        return list(self.rewritings.values())

    @property
    def conditions(self) -> list[str]:
        """TeX of the conditions under which the printed forms equal the terms, such as ``K \\ge 1``."""
        return [rf"{self.names.symbol(name).tex} \ge 1" for name in self.positive]

    # -- printing --------------------------------------------------------------------------------------------------
    def tex(self, term: Term) -> str:
        """``term`` as one expression of math mode; beyond a size, and for recurrences, followed by what its names mean."""
        run = self._run(term, _INLINE, force=False)
        assert run.whole is not None
        if not run.definitions:
            return run.whole.tex
        where = [f"{d.left} = {d.box.tex}" + (rf"\ ({d.range})" if d.range else "") for d in _shortened(run.definitions)]
        return rf"{run.whole.tex} \quad\text{{with}}\quad " + r",\ ".join(where)

    def lines(self, term: Term, width: float = COLUMN, reserve: float = 2.2) -> list[Line]:
        r"""(name, TeX) for each named subterm, then ("", TeX) of the whole.

        Each TeX is the right side of a row of ``aligned`` or ``align``: where it is wider than ``width`` less
        ``reserve`` em (for the left sides) and the relation, it is broken by ``\\ &\quad``. Subterms named on this page
        before are used without being defined again.
        """
        rows = max(width - reserve - _EQUALS, 8.0)
        run = self._run(term, rows, force=True)
        assert run.whole is not None
        found = [(d.left, _rows(d.box, rows, d.range)) for d in _shortened(run.definitions)]
        return [*found, ("", _rows(run.whole, rows))]

    def display(self, left: str, term: Term, width: float = COLUMN, relation: str = "=") -> str:
        """The body of an ``aligned`` or ``align*``: ``left`` related to the term, then what its names mean.

        Where the term is a square root that does not fit and ``left`` is a letter, its square is related to the radicand.
        """
        rows = max(width - max(measure(left) + 0.4, 2.2) - _EQUALS, 8.0)
        run = self._run(term, rows, force=True, square=re.fullmatch(r"(\\?[A-Za-z]+)(_(\w|\{\w+\}))?", left) is not None)
        assert run.whole is not None
        body = [rf"{left}^{{2}} &{relation} {_rows(run.whole, rows)}" if run.squared
                else rf"{left} &{relation} {_rows(run.whole, rows)}"]
        body += [f"{d.left} &= {_rows(d.box, rows, d.range)}" if d.left != r"\vdots" else rf"\vdots &\quad {d.box.tex}"
                 for d in _shortened(run.definitions)]
        return ",\\\\\n".join(body)

    def notes(self) -> list[str]:
        """What a reader must know about the formulas of the page, as prose with ``$...$``."""
        found = []
        if self.conditions:
            found.append(f"The formulas are for {', '.join(f'${c}$' for c in self.conditions)}.")
        if self.homogeneous_used:
            found.append(rf"${self.names.macro('homogeneous')}_{{n}}(l_1, \dots, l_m)$ is the complete homogeneous symmetric "
                         "polynomial, the sum of all monomials of degree $n$ (0 for $n < 0$).")
        if self.sums_used:
            found.append("$0^0 = 1$, and empty sums are 0.")
        return found

    # -- preparation -------------------------------------------------------------------------------------------------
    def _run(self, term: Term, limit: float, force: bool, square: bool = False) -> _Run:
        """Print ``term`` so that nothing unbreakable is wider than ``limit``; with ``force`` also name what is shared.

        With ``square`` the root of a radicand that does not fit is left to the left side: ``run.squared`` says so.
        """
        store = term.store
        forms = Normal(store)
        term, applied = lowered(term, self.positive_depths)
        for rule in applied:
            self._note(rule)
        small = forms(term)
        root = small.id
        squared = False
        form = forms.products.get(root)
        if square and form is not None and form.coefficient == 1 and all(e == {(): Fraction(1, 2)} for _, e in form.factors):
            squared, root = True, forms.assemble([(b, {(): Fraction(1)}) for b, _ in form.factors])
        ids = store.reachable([small])
        nodes = store.nodes
        bound = {b for i in ids for b in bound_symbols(nodes[i])}
        symbols = dict.fromkeys(nodes[i][1] for i in ids if nodes[i][0] == Op.SYM and i not in bound)
        families = dict.fromkeys(nodes[i][1] for i in ids if nodes[i][0] == Op.ELT)
        self.symbols_used |= symbols | families
        self.names.register(symbols, families)
        run = _Run(self, forms, ids, limit, [])
        box = run.print(small.id)
        if not force or (box.width <= limit and not run.named):
            return self._commit(run)
        if squared:
            run = _Run(self, forms, ids, limit, [])
            run.print(root)
        chosen = run.worth_naming(root)
        for _ in range(4):  # until what is named because it is too wide is named everywhere, and every name is used
            run = _Run(self, forms, ids, limit, chosen)
            run.print(root)
            run.squared = squared
            appearing = run.appearing()
            again = [key for key in run.named if key in appearing]
            if again == chosen:
                break
            chosen = again
        return self._commit(run)

    def _commit(self, run: _Run) -> _Run:
        self._count = run.count
        assert run.whole is not None
        self.sums_used |= any(re.search(r"(?<![0-9.])0\^", box.tex) for box in (run.whole, *(d.box for d in run.definitions)))
        if len(run.definitions) <= MAX_LINES:  # otherwise some lines are left out
            self._named |= {(id(run.store), i): name for (i, scope), name in run.named.items() if not scope}
            self._stepped |= run.stepped
        self._stores[id(run.store)] = run.store
        return run

    def _note(self, applied: Applied) -> None:
        self.rewritings.setdefault(applied.rule.name, applied.rule)
        self.positive |= dict.fromkeys(applied.positive)

    def _matrix(self, rows: tuple[tuple[Exact, ...], ...]) -> str:
        number = self._matrix_numbers.setdefault(rows, len(self._matrix_numbers) + 1)
        tex = f"{self.names.matrix}_{{{number}}}"
        if number > len(self.matrices):
            self.matrices.append((tex, rows))
        return tex

    def _sequence(self, name: str, key: object) -> Name:
        known = self._sequence_names.get(key)
        if known is None:
            known = self._sequence_names[key] = self._new_sequence(name, key)
        return known

    def _new_sequence(self, name: str, key: object) -> Name:
        """A name for the sequence of a recurrence's state: its own, unless it stands for something else."""
        short = name.rstrip("0123456789")
        options: list[str] = [short] if len(short) == 1 and name != short else []
        k = 1
        while True:
            options.append(name if k == 1 else f"{name}_{k}")
            for option in options:
                owner = self._sequences.get(option)
                if owner == key or (owner is None and option not in self.symbols_used):
                    self._sequences[option] = key
                    return self.names.family(option)
            options, k = [], k + 1


class _Run:
    """One attempt at printing one term. ``chosen`` are the subterms that get a name wherever they appear."""

    def __init__(self, page: Tex, forms: Normal, ids: Sequence[int], limit: float, chosen: list[_Key]):
        self.page, self.forms, self.store, self.limit, self.chosen = page, forms, forms.store, limit, chosen
        self.names = page.names
        self.squared = False
        self.stepped: set[object] = set()
        self._products: dict[frozenset[tuple[int, Fraction]], _Key] = {}  # products of numbers' powers that have a name
        self.done: dict[_Key, Box] = {}
        self._wanted = frozenset(chosen)
        self.named: dict[_Key, Name] = {}
        self.definitions: list[_Definition] = []
        self.count = page._count
        self.whole: Box | None = None
        self.printed: dict[_Key, _Scope] = {}
        self._scopes: dict[tuple, _Scope] = {}
        self._open: dict[int, frozenset[int]] = {}
        heights = 0
        for i in ids:
            self._find_open(i)
            for b in bound_symbols(self.store.nodes[i]):
                heights = max(heights, _height(self.store, b))
        letters = [x for x in _LETTERS if not self.names.taken(x)]
        letters += [f"i_{{{k}}}" for k in range(1, heights + 40)]
        self.binders, self.indices = letters[:heights], letters[heights:]

    def _find_open(self, i: int) -> frozenset[int]:
        """The bound symbols that ``i`` refers to and does not bind."""
        found = self._open.get(i)
        if found is None:
            node = self.store.nodes[i]
            if node[0] == Op.SYM and "." in node[1]:
                found = frozenset((i,))
            else:
                inner: frozenset[int] = frozenset()
                for c in children(node):
                    inner |= self._open.get(c, frozenset())
                if node[0] == Op.REC:  # the starts are outside the scope of the states
                    outer: frozenset[int] = self._open.get(node[2], frozenset())
                    for c in node[5]:
                        outer |= self._open.get(c, frozenset())
                    steps: frozenset[int] = frozenset()
                    for c in node[6]:
                        steps |= self._open.get(c, frozenset())
                    inner = outer | (steps - set(bound_symbols(node)))
                elif node[0] in (Op.PROD, Op.SUM):
                    inner = self._open.get(node[2], frozenset()) | (self._open.get(node[3], frozenset()) - {node[1]})
                found = inner
            self._open[i] = found
        return found

    def _opened(self, i: int) -> frozenset[int]:
        """As ``_find_open``, also for ids that only the tables of the normal form mention."""
        if i not in self._open:
            for j in self.store.reachable([Term(self.store, i)]):
                self._find_open(j)
        return self._open[i]

    def _key(self, i: int, scope: _Scope) -> _Key:
        return (i, scope.number if self._opened(i) else 0)

    # -- the order of work -----------------------------------------------------------------------------------------
    def print(self, root: int) -> Box:
        """The box of a closed id; children before parents, binders before what they bind."""
        stack: list[tuple[int, _Scope]] = [(root, _ROOT)]
        stack += [(i, _ROOT) for i, number in reversed(self.chosen) if not number and i != root]  # ahead of their uses
        while stack:
            i, scope = stack[-1]
            key = self._key(i, scope)
            if key in self.done:
                stack.pop()
                continue
            if i != root and not key[1] and (reused := self.page._named.get((id(self.store), i))) and key in self._wanted:
                self.done[key] = self._use(key, reused)
                stack.pop()
                continue
            missing = [part for part in self.parts(i, scope) if self._key(*part) not in self.done]
            if missing:
                stack.extend(reversed(missing))
                continue
            stack.pop()
            self.printed[key] = scope
            box = self._render(i, scope)
            self.done[key] = box
            if key in self._wanted and i != root:
                self._define(key, scope, box)
        self.whole = self.done[root, 0]
        return self.whole

    def parts(self, i: int, scope: _Scope) -> list[tuple[int, _Scope]]:
        """The ids, with their scopes, that the print of ``i`` is made of, in order."""
        form = self.forms.products.get(i)
        if form is not None:
            return [(c, scope) for b, e in form.factors for c in (b, *(n for m in e for n in m))]
        total = self.forms.sums.get(i)
        if total is not None:
            return [(b, scope) for _, b in total.summands if b != ONE_ID]
        node = self.store.nodes[i]
        kind = node[0]
        if kind in (Op.MAX, Op.MIN):
            return [(c, scope) for c in node[1:]]
        if kind in (Op.DD, Op.SUB):
            inner = node[2:] if kind == Op.DD else node[1:]
            return [(c, scope) for c in (*inner, *self._shift_parts(node[1]))]
        if kind in (Op.PROD, Op.SUM):
            return [(node[2], scope), (node[3], self._inside(i, scope))]
        if kind in (Op.EXP, Op.POW):
            return [(node[1], scope)]
        if kind == Op.ELT:
            return [(node[2], scope)]
        if kind == Op.REC:
            inside = self._inside(i, scope)
            return [(node[2], scope), *((c, scope) for c in node[5]), *((c, inside) for c in node[6])]
        return []

    def _inside(self, i: int, scope: _Scope) -> _Scope:
        """The scope of the binder ``i``; components of one recurrence share it."""
        node = self.store.nodes[i]
        signature = (node[2:] if node[0] == Op.REC else (i,), scope.number if self._opened(i) else 0)
        found = self._scopes.get(signature)
        if found is None:
            bound = bound_symbols(node)
            letter = self.binders[_height(self.store, bound[0]) - 1]
            env = {bound[0]: Box(letter, measure(letter), solo=len(letter) == 1)}
            if node[0] == Op.REC:
                outer = self._outer_indices(i, scope)
                for b, (name, _) in zip(node[4], self._sequences(i, scope), strict=True):
                    env[b] = self._name_box(self._member(name, outer, f"{letter}-1", 1.4))
            found = self._scopes[signature] = _Scope(env, len(self._scopes) + 1, scope)
        return found

    def _outer_indices(self, i: int, scope: _Scope) -> list[str]:
        """The indices of enclosing binders that ``i`` depends on, outermost first."""
        heights = sorted({_height(self.store, b) for b in self._opened(i)}, reverse=True)
        return [self.binders[h - 1] for h in heights]

    @staticmethod
    def _member(name: Name, outer: list[str], index: str, width: float) -> Name:
        return name.indexed(",".join([*outer, index]), width + 0.6 * len(outer))

    @staticmethod
    def _name_box(name: Name) -> Box:
        box = Box(name.tex, name.width, _ATOM, solo=name.solo, raised=bool(name.sup))
        return parenthesized(box) if name.loose else box

    def _define(self, key: _Key, scope: _Scope, box: Box) -> Box:
        """Give the subterm a name and a line of its own; from now on it prints as its name."""
        reused = self.page._named.get((id(self.store), key[0])) if not key[1] else None
        if reused is not None:
            self.done[key] = self._use(key, reused)
            return self.done[key]
        self.count += 1
        outer = self._outer_indices(key[0], scope)
        index = ",".join([str(self.count), *outer])
        name = Name(f"{self.names.subterm}", index, "", 0.65 + SCRIPT * (0.5 * len(str(self.count)) + 0.6 * len(outer)))
        self.definitions.append(_Definition(name.tex, name.width, box, key=key))
        self.done[key] = self._use(key, name)
        return self.done[key]

    def _use(self, key: _Key, name: Name) -> Box:
        self.named[key] = name
        form = self.forms.products.get(key[0])
        if form is not None and form.coefficient == 1 and all(set(e) == {()} for _, e in form.factors) and not key[1]:
            self._products[frozenset((b, e[()]) for b, e in form.factors)] = key
        return self._name_box(name)

    def worth_naming(self, root: int) -> list[_Key]:
        """Compound subterms that appear several times and whose naming makes the whole clearly shorter, in order."""
        uses: dict[_Key, int] = {}
        products = {}
        for key in self.printed:
            form = self.forms.products.get(key[0])
            if form is not None and not key[1] and form.coefficient == 1 and all(set(e) == {()} for _, e in form.factors):
                products[frozenset((b, e[()]) for b, e in form.factors)] = key
        for (i, _), scope in self.printed.items():
            for part in self.parts(i, scope):
                key = self._key(*part)
                uses[key] = uses.get(key, 0) + 1
        for (i, number), _ in self.printed.items():  # powers of a product show the product too
            form = self.forms.products.get(i)
            for n in {n for _, e in form.factors for n in e if n} if form is not None and not number else ():
                group = frozenset((b, e[n]) for b, e in form.factors if n in e)  # type: ignore[union-attr]
                if len(group) > 1 and group in products:
                    uses[products[group]] = uses.get(products[group], 0) + 1
        simple = (Op.NUM, Op.SYM, Op.CONST, Op.OPNORM, Op.INF, Op.ELT)
        depths = self._depths()
        wide = {d.key: d.box for d in self.definitions}
        found = []
        for key in self.printed:
            box = self.done[key]
            if key in self.named:  # it was too wide: its own width is that of its line
                box = wide.get(key, box)
            size = box.width + (2 if box.tall >= 3 else 0)  # tall formulas are harder to read
            if key[0] == root or self.store.nodes[key[0]][0] in simple or key[0] in depths or size < 4:
                continue
            if (uses.get(key, 0) - 1) * (size - 1.3) > 7:
                found.append(key)
        return found

    def _depths(self) -> set[int]:
        """The natural numbers that stand in exponents and limits: K - 1 gets no name."""
        found: set[int] = set()
        for i, _ in self.printed:
            node = self.store.nodes[i]
            form = self.forms.products.get(i)
            if form is not None:
                found |= {a for _, e in form.factors for n in e for a in n}
            elif node[0] == Op.SUB:
                found |= {i, *node[1:]}
            elif node[0] in (Op.DD, Op.PROD, Op.SUM, Op.REC, Op.ELT):
                found.add(node[2] if node[0] in (Op.PROD, Op.SUM, Op.REC, Op.ELT) else node[1])
        return found

    def appearing(self) -> set[_Key]:
        """The named subterms that the whole, or a definition, mentions."""
        texts = [d.box.tex for d in self.definitions] + ([self.whole.tex] if self.whole is not None else [])
        pattern = re.compile(re.escape(self.names.subterm) + r"_\{(?:[^{}]|\{[^{}]*\})*\}")
        found = {name for text in texts for name in pattern.findall(text)}
        return {key for key, name in self.named.items() if name.tex in found}

    def _inline(self, i: int, scope: _Scope, room: float) -> Box:
        """The box of a part that cannot be broken where it stands; its name when it is wider than ``room``."""
        key = self._key(i, scope)
        box = self.done[key]
        if box.width <= room or key in self.named or self.store.nodes[i][0] in (Op.NUM, Op.SYM, Op.CONST, Op.OPNORM, Op.INF, Op.ELT):
            return box
        return self._define(key, scope, box)

    # -- single nodes ----------------------------------------------------------------------------------------------
    def _render(self, i: int, scope: _Scope) -> Box:
        form = self.forms.products.get(i)
        if form is not None:
            return self._product(form.coefficient, form.factors, scope)
        total = self.forms.sums.get(i)
        if total is not None:
            return self._sum([self._scaled(c, b, scope) for c, b in total.summands])
        node = self.store.nodes[i]
        kind, args = node[0], node[1:]
        if kind == Op.NUM:
            return number_box(args[0])
        if kind == Op.SYM:
            return scope.find(i) or self._name_box(self.names.symbol(args[0]))
        if kind == Op.CONST:
            constant = CONSTANTS[args[0]]
            self.page.constants.setdefault(args[0], (constant.tex, constant.definition))
            tex = constant.tex
            return Box(tex, measure(tex), _PRODUCT if " " in tex else _ATOM)
        if kind == Op.OPNORM:
            return Box(rf"{self.names.macro('norm')}{{{self.page._matrix(self.store.matrices[args[0]])}}}", 2.6, tall=1)
        if kind == Op.INF:
            return Box(r"\infty", 1.0)
        if kind == Op.ELT:
            index = self._box(args[1], scope)
            return self._name_box(self.names.family(args[0]).indexed(index.tex, index.width))
        if kind == Op.EXP:
            inner = parenthesized(self._inline(args[0], scope, self.limit - 4))
            return Box(rf"\exp{inner.tex}", inner.width + 1.6, _ATOM, inner.tall, raised=True, used=inner.used)
        if kind == Op.SUB:
            return self._difference(self._inline(args[0], scope, self.limit / 2), self._inline(args[1], scope, self.limit / 2))
        if kind in (Op.MAX, Op.MIN):
            return self._extremum(r"\max" if kind == Op.MAX else r"\min", args, scope)
        if kind == Op.DD:
            return self._dd(i, args[0], args[1:], scope)
        if kind in (Op.PROD, Op.SUM):
            depth = self._box(args[1], scope)
            inside = self._inside(i, scope)
            letter = inside.env[args[0]].tex
            body = self._inline(args[2], inside, self.limit - 6)
            return _large(r"\prod" if kind == Op.PROD else r"\sum", f"{letter}=1", depth.tex, depth.width, body)
        return self._recurrence(i, scope)

    def _box(self, i: int, scope: _Scope) -> Box:
        return self.done[self._key(i, scope)]

    @staticmethod
    def _difference(left: Box, right: Box) -> Box:
        right = right.at(_PRODUCT)
        return Box(f"{left.tex}-{right.tex}", left.width + _PLUS + right.width, _SUM, max(left.tall, right.tall),
                   digit=left.digit, used=max(left.used, right.used))

    def _sum(self, boxes: list[Box]) -> Box:
        return Box(" + ".join(b.tex for b in boxes), sum(b.width for b in boxes) + _PLUS * (len(boxes) - 1), _SUM,
                   max(b.tall for b in boxes), digit=boxes[0].digit, used=max(b.used for b in boxes), joint="+",
                   parts=tuple(("+" if k else "", b) for k, b in enumerate(boxes)))

    def _extremum(self, word: str, args: tuple[int, ...], scope: _Scope) -> Box:
        return self._listed(word, 1.95, args, scope, (r"\{", r"\}"))

    def _listed(self, head: str, width: float, ids: Sequence[int], scope: _Scope, delimiters: tuple[str, str]) -> Box:
        """``head`` before a list in delimiters; a list that is too long for a row may be broken at its commas."""
        boxes = [self._box(c, scope) for c in ids]
        if sum(b.width + 0.45 for b in boxes) > self.limit - width - 2:
            boxes = [self._inline(c, scope, self.limit / 3) for c in ids]
        inner = Box(", ".join(b.tex for b in boxes), sum(b.width for b in boxes) + 0.45 * (len(boxes) - 1), _SUM,
                    max(b.tall for b in boxes), used=max(b.used for b in boxes))
        listed = parenthesized(inner, *delimiters)
        whole = Box(head + listed.tex, width + listed.width, _ATOM, max(listed.tall, 1), used=inner.used)
        if whole.width <= self.limit:
            return whole
        # \left and \right must stand on one row, delimiters of a fixed size need not
        first = replace(boxes[0], tex=rf"{head}\Bigl{delimiters[0]}{boxes[0].tex}", width=boxes[0].width + width + 0.9)
        last = replace(boxes[-1], tex=rf"{boxes[-1].tex}\Bigr{delimiters[1]}", width=boxes[-1].width + 0.9)
        pieces = [replace(b, parts=()) for b in (first, *boxes[1:-1], last)]
        return replace(whole, tex=", ".join(b.tex for b in pieces), joint=",",
                       parts=tuple(("," if k else "", b) for k, b in enumerate(pieces)))

    # -- divided differences -----------------------------------------------------------------------------------------
    def _shift_parts(self, depth: int) -> list[int]:
        """The ids that ``_shifted`` prints."""
        return [b for _, b in self._offset(depth)[0]]

    def _offset(self, depth: int) -> tuple[list[tuple[Exact, int]], int]:
        """A depth as summands without a literal, and the literal (which may be negative)."""
        offset = 0
        node = self.store.nodes[depth]
        while node[0] == Op.SUB and self.store.nodes[node[2]][0] == Op.NUM:
            offset -= self.store.nodes[node[2]][1]
            depth = node[1]
            node = self.store.nodes[depth]
        if node[0] == Op.NUM:
            return [], offset + node[1]
        total = self.forms.sums.get(depth)
        if total is None:
            return [(1, depth)], offset
        literal = [c for c, b in total.summands if b == ONE_ID]
        if literal and not isinstance(literal[0], int):
            return [(1, depth)], offset
        return [(c, b) for c, b in total.summands if b != ONE_ID], offset + (literal[0] if literal else 0)  # type: ignore

    def _shifted(self, depth: int, minus: int, scope: _Scope) -> Box:
        """``depth - minus``, with literals collected."""
        summands, offset = self._offset(depth)
        offset -= minus
        if not summands:
            return number_box(offset) if offset >= 0 else Box(f"-{-offset}", 1.3, _SUM)
        boxes = [self._scaled(c, b, scope) for c, b in summands]
        box = boxes[0] if len(boxes) == 1 else self._sum(boxes)
        if offset == 0:
            return box
        literal = number_box(abs(offset))
        return Box(f"{box.tex}{'+' if offset > 0 else '-'}{literal.tex}", box.width + _PLUS + literal.width, _SUM, box.tall,
                   digit=box.digit, used=box.used)

    def _dd(self, i: int, depth: int, nodes: tuple[int, ...], scope: _Scope) -> Box:
        applied = rewrite(self.store, i, self.page.positive_depths)
        rule = applied.rule if applied is not None else None
        if applied is not None and applied.result is None:
            self.page._note(applied)
        order = sorted(nodes, key=lambda c: (self.store.nodes[c][0] == Op.NUM, c))
        if rule in (BINOMIAL, BINOMIAL_3):
            top = self._shifted(depth, 0, scope)
            return Box(rf"\binom{{{top.tex}}}{{{len(nodes) - 1}}}", top.width + 1.6, _POWER, 3, used=top.used)
        if rule in (GEOMETRIC, TWO_NODES):
            self.page.sums_used = True
            if rule == GEOMETRIC:
                order.sort(key=lambda c: c == ONE_ID)
            for c in nodes:
                self._inline(c, scope, self.limit / 3)
            level = max(self._box(c, scope).used for c in (*nodes, *self._shift_parts(depth)))
            letter = self.indices[level]
            index = Box(letter, measure(letter))
            top = self._shifted(depth, 1, scope)
            double = self._square(order[0], order[1]) if rule == TWO_NODES else None
            if double is not None:  # a^i (a^2)^(K-1-i), from the last summand to the first
                body = self._power(double, Fraction(1), [self._sum([top, index])], scope)
            else:
                body = self._power(order[0], Fraction(1), [index], scope)
            if rule == TWO_NODES and double is None:
                rest = self._difference(top, index)
                body = _juxtaposed([body, self._power(order[1], Fraction(1), [rest], scope)])
            return replace(_large(r"\sum", f"{letter}=0", top.tex, top.width, body), used=level + 1)
        self.page.homogeneous_used = True
        degree = self._shifted(depth, len(nodes) - 1, scope)
        head = f"{self.names.macro('homogeneous')}_{{{degree.tex}}}"
        return self._listed(head, 0.85 + degree.width * SCRIPT, order, scope, ("(", ")"))

    def _square(self, a: int, b: int) -> int | None:
        """Of two nodes, the one whose square is the other."""

        def powers(i: int) -> dict[int, Exponent]:
            form = self.forms.products.get(i)
            return {i: {(): Fraction(1)}} if form is None or form.coefficient != 1 else dict(form.factors)

        for low, high in ((a, b), (b, a)):
            if {x: {n: 2 * e for n, e in y.items()} for x, y in powers(low).items()} == powers(high):
                return low
        return None

    # -- recurrences ---------------------------------------------------------------------------------------------------
    def _recurrence(self, i: int, scope: _Scope) -> Box:
        component, depth, index, _, starts, steps = self.store.nodes[i][1:]
        inside = self._inside(i, scope)
        outer = self._outer_indices(i, scope)
        letter = inside.env[index].tex
        top = self._box(depth, scope)
        sequences = self._sequences(i, scope)
        wanted = self._reached(i)[component]
        for k, (start, step) in enumerate(zip(starts, steps, strict=True)):
            name, key = sequences[k]
            if k not in wanted or key in self.stepped or key in self.page._stepped:
                continue
            self.stepped.add(key)
            first, general = self._member(name, outer, "0", 0.5), self._member(name, outer, letter, 0.4)
            self.definitions.append(_Definition(first.tex, first.width, self._box(start, scope)))
            self.definitions.append(_Definition(general.tex, general.width, self._box(step, inside),
                                                rf"1 \le {letter} \le {top.tex}"))
        return self._name_box(self._member(sequences[component][0], outer, top.tex, top.width))

    def _reached(self, i: int) -> list[list[int]]:
        """For each state of a recurrence, itself and the states that its steps depend on."""
        states, steps = self.store.nodes[i][4], self.store.nodes[i][6]
        found = []
        for k in range(len(states)):
            seen, stack = [k], [k]
            while stack:
                below = self._opened(steps[stack.pop()])
                more = [j for j, b in enumerate(states) if b in below and j not in seen]
                seen += more
                stack += more
            found.append(seen)
        return found

    def _sequences(self, i: int, scope: _Scope) -> list[tuple[Name, object]]:
        """Name and identity of each state's sequence: equal starts and steps make one sequence, whatever else steps along."""
        node = self.store.nodes[i]
        _, _, index, states, starts, steps = node[1:]
        found: list[tuple[Name, object]] = []
        for k, reached in enumerate(self._reached(i)):
            table = {Term(self.store, states[j]): self.store.intern((Op.SYM, f".state.{n}")) for n, j in enumerate(reached)}
            own = self.store.substitute([Term(self.store, steps[j]) for j in reached], table)
            key = (id(self.store), index, tuple(starts[j] for j in reached), tuple(t.id for t in own),
                   scope.number if self._opened(i) else 0)
            stem = self.forms.stems.get(states[k]) or "x"
            found.append((self.page._sequence(stem, key), key))
        return found

    # -- products ------------------------------------------------------------------------------------------------------
    def _scaled(self, coefficient: Exact, body: int, scope: _Scope) -> Box:
        if body == ONE_ID:
            return number_box(coefficient)
        box = self._box(body, scope)
        if coefficient == 1:
            return box
        form = self.forms.products.get(body)
        if form is not None and self._key(body, scope) not in self.named:
            return self._product(coefficient, form.factors, scope)
        return self._product(coefficient, [(body, {(): Fraction(1)})], scope)

    def _product(self, coefficient: Exact, factors: list[tuple[int, Exponent]], scope: _Scope) -> Box:
        groups: dict[Naturals, list[tuple[int, Fraction]]] = {}
        for b, e in factors:
            for n, x in e.items():
                groups.setdefault(n, []).append((b, x))
        sides: list[tuple[bool, Box]] = []
        for n, items in groups.items():
            if n:
                sides.append(self._raised(items, n, scope))
            else:
                sides += self._sides(items, scope)
        value = Fraction(coefficient)
        return self._quotient(value.numerator, value.denominator, sides)

    def _sides(self, items: list[tuple[int, Fraction]], scope: _Scope) -> list[tuple[bool, Box]]:
        """(whether it stands above, box) of each factor; square roots of letters on one side become one root."""
        half = Fraction(1, 2)
        roots: dict[bool, list[int]] = {True: [], False: []}
        for b, x in items:
            if abs(x) == half:
                roots[x > 0].append(b)
        for side in (True, False):
            plain = [self._box(b, scope) for b in roots[side]]
            if len(plain) < 2 or not all(p.level == _ATOM and p.width < 2.5 and not p.close and not p.tall for p in plain):
                roots[side] = []
        found: list[tuple[bool, Box]] = []
        for b, x in items:
            together = roots[x > 0]
            if abs(x) != half or b not in together:
                found.append((x > 0, self._power(b, abs(x), [], scope)))
            elif b == together[-1]:
                inner = _juxtaposed(sorted((self._box(r, scope) for r in together), key=lambda p: not p.number))
                found.append((x > 0, _root(inner)))
        return found

    def _raised(self, items: list[tuple[int, Fraction]], n: Naturals, scope: _Scope) -> tuple[bool, Box]:
        """A product to the power of a monomial in naturals: (whether it stands above, box)."""
        depth = [self._box(a, scope) for a in n]
        first = items[0][1]
        if len(items) == 1:
            return first > 0, self._power(items[0][0], abs(first), depth, scope)
        above = any(x > 0 for _, x in items)
        named = self._products.get(frozenset((b, x if above else -x) for b, x in items))
        if named is not None:
            return above, _power_box(self.done[named], _exponent(Fraction(1), depth))
        common = abs(first) if all(x == first for _, x in items) and abs(first) != Fraction(1, 2) else Fraction(1)
        sign = 1 if above else -1
        inner = self._quotient(1, 1, self._sides([(b, sign * x / common) for b, x in items], scope))
        return above, _power_box(inner, _exponent(common, depth))

    def _power(self, base: int, x: Fraction, depth: list[Box], scope: _Scope) -> Box:
        """``base`` to the positive power x times the product of ``depth``."""
        room = self.limit * (0.8 if not depth and x == 1 else 0.7)
        if depth and self._key(base, scope) not in self.named:  # (s^2)^i is s^(2i)
            form = self.forms.products.get(base)
            if form is not None and form.coefficient == 1 and all(set(e) == {()} for _, e in form.factors):
                items = [(b, e[()]) for b, e in form.factors]
                if all(y == items[0][1] for _, y in items) and items[0][1] > 0 and items[0][1] != Fraction(1, 2):
                    _, box = self._raised_over([(b, y * x) for b, y in items], depth, scope)
                    return box
        box = self._box(base, scope)
        if not depth and x == 1:
            if box.level >= _POWER if box.width <= room else box.level >= _POWER and not box.parts:
                return box
            if box.open and box.width <= room:
                return box
            return self._inline(base, scope, room).at(_POWER)
        box = self._inline(base, scope, room)
        if not depth and x == Fraction(1, 2):
            return _root(box)
        return _power_box(box, _exponent(x, depth))

    def _raised_over(self, items: list[tuple[int, Fraction]], depth: list[Box], scope: _Scope) -> tuple[bool, Box]:
        common = items[0][1]
        if len(items) == 1:
            box = self._inline(items[0][0], scope, self.limit * 0.7)
            return True, _power_box(box, _exponent(common, depth))
        inner = self._quotient(1, 1, [(True, self._power(b, Fraction(1), [], scope)) for b, _ in items])
        return True, _power_box(inner, _exponent(common, depth))

    def _quotient(self, numerator: int, denominator: int, sides: list[tuple[bool, Box]]) -> Box:
        """A product of factors above and below: simple ones in fractions, bulky ones beside them, a sum last."""
        number = [number_box(numerator).at(_POWER)] if numerator != 1 else []
        if denominator != 1:
            sides = [(False, number_box(denominator).at(_POWER)), *sides]
        if not any(not above for above, _ in sides):
            return _juxtaposed([*number, *_sum_last([b for _, b in sides])])
        sides = [(True, b) for b in number] + sides
        bulky = [above and (b.open or b.tall >= 3 or (b.close and b.width > 5)) for above, b in sides]
        simple = [k for k, (above, _) in enumerate(sides) if above and not bulky[k]]
        if not simple:  # better \frac{(..)}{..} than \frac{1}{..}(..)
            first = next((k for k, (above, b) in enumerate(sides) if above and not b.open and b.tall < 3), None)
            if first is not None:
                bulky[first] = False
        room = self.limit * 0.8
        pieces: list[Box] = []
        top: list[Box] = []
        bottom: list[Box] = []
        for k, (above, box) in enumerate(sides):
            if bulky[k]:
                continue
            side = top if above else bottom
            if side and sum(b.width + _THIN for b in side) + box.width > room:
                pieces += [_fraction(top, bottom)] if bottom else top
                top, bottom = [], []
                side = top if above else bottom
            side.append(box)
        if top or bottom:
            pieces += [_fraction(top, bottom)] if bottom else top
        beside = [b for k, (_, b) in enumerate(sides) if bulky[k]]
        return _juxtaposed([*pieces, *_sum_last(beside)])


def _height(store: Store, bound: int) -> int:
    """The height of the binder of a bound symbol of a normal form, which is called .height.number."""
    return int(store.nodes[bound][1].split(".")[1])


# -- boxes -------------------------------------------------------------------------------------------------------------
def _sum_last(boxes: list[Box]) -> list[Box]:
    """Factors with at most one large operator, at the end: what follows one would be read as its body."""
    large = [k for k, b in enumerate(boxes) if b.open]
    if not large:
        return boxes
    last = large[-1]
    return [b.at(_POWER) if b.open else b for k, b in enumerate(boxes) if k != last] + [boxes[last]]


def _juxtaposed(boxes: list[Box]) -> Box:
    if not boxes:
        return number_box(1)
    if len(boxes) == 1:
        return boxes[0]
    boxes = [b if b.open and k == len(boxes) - 1 else b.at(_POWER) for k, b in enumerate(boxes)]
    tex, width = boxes[0].tex, boxes[0].width
    parts: list[tuple[str, Box]] = [("", boxes[0])]
    for left, right in pairwise(boxes):
        if right.digit:
            sep, extra = r" \cdot ", _DOT
        elif (left.solo or left.number) and not right.close and not right.tall:
            sep, extra = " ", 0.02
        elif left.number and right.close:
            sep, extra = "", 0.0
        else:
            sep, extra = r"\,", _THIN
        tex += sep + right.tex
        width += extra + right.width
        parts.append((sep, right))
    return Box(tex, width, _PRODUCT, max(b.tall for b in boxes), digit=boxes[0].digit, open=boxes[-1].open,
               close=boxes[0].close, used=max(b.used for b in boxes), joint="*", parts=tuple(parts))


def _fraction(top: list[Box], bottom: list[Box]) -> Box:
    if not bottom:
        return _juxtaposed(top)
    above = _juxtaposed(top)
    below = bottom[0] if len(bottom) == 1 and not bottom[0].open else _juxtaposed([b.at(_POWER) for b in bottom])
    if below.close and len(bottom) == 1 and below.tex.startswith("(") and below.parts == () and below.level == _ATOM:
        below = _bare(below)
    return Box(rf"\frac{{{above.tex}}}{{{below.tex}}}", max(above.width, below.width) + 0.3, _POWER, 3,
               used=max(above.used, below.used))


def _bare(box: Box) -> Box:
    """A sum alone below a fraction line needs no parentheses."""
    return replace(box, tex=box.tex[1:-1], width=box.width - 0.8)


def _root(box: Box) -> Box:
    return Box(rf"\sqrt{{{box.tex}}}", box.width + (1.05 if box.tall >= 2 else 0.9), _ATOM, max(box.tall, 0), used=box.used)


def _power_box(base: Box, exponent: Box) -> Box:
    box = base.at(_ATOM)
    if box.raised:
        box = parenthesized(box)
    return Box(f"{box.tex}^{{{exponent.tex}}}", box.width + SCRIPT * exponent.width + 0.1, _POWER, box.tall, digit=box.digit,
               raised=True, close=box.close, used=max(box.used, exponent.used))


def _exponent(x: Fraction, depth: list[Box]) -> Box:
    factors = [number_box(x.numerator)] if x.numerator != 1 or not depth else []
    factors += depth
    box = _juxtaposed(factors) if len(factors) > 1 else factors[0]
    if x.denominator == 1:
        return box
    box = box.at(_PRODUCT)
    return Box(f"{box.tex}/{x.denominator}", box.width + 1.0, _PRODUCT, digit=box.digit, used=box.used)


def _large(operator: str, below: str, above: str, width: float, body: Box) -> Box:
    body = body.at(_PRODUCT)
    limits = max(1.5, SCRIPT * max(width, 2.4))
    return Box(rf"{operator}_{{{below}}}^{{{above}}} {body.tex}", limits + 0.2 + body.width, _PRODUCT, 3, open=True, used=body.used)


def number_box(value: Exact) -> Box:
    """A number with all its digits; long ones as multiples of powers of ten."""
    if isinstance(value, Fraction) and value.denominator != 1:
        above, below = number_box(value.numerator), number_box(value.denominator)
        return Box(rf"\frac{{{above.tex}}}{{{below.tex}}}", max(above.width, below.width) + 0.3, _POWER, 3, number=False)
    value = int(value)
    if value < 10**_DIGITS:
        text = str(value)
        return Box(text, 0.51 * len(text), _ATOM, digit=True, number=True)
    parts: list[Box] = []
    exponent = 0
    while value:
        value, part = divmod(value, 10**_DIGITS)
        if part:
            zeros = 0
            while part % 10 == 0:
                part, zeros = part // 10, zeros + 1
            power = f"10^{{{exponent + zeros}}}"
            if exponent + zeros == 0:
                tex = str(part)
            else:
                tex = power if part == 1 else rf"{part} \cdot {power}"
            powered = 1.1 + 0.51 * SCRIPT * len(str(exponent + zeros)) if exponent + zeros else 0.0
            width = powered if powered and part == 1 else 0.51 * len(str(part)) + (powered + _DOT if powered else 0.0)
            parts.append(Box(tex, width, _PRODUCT if part != 1 and powered else _POWER, digit=True, raised=bool(powered)))
        exponent += _DIGITS
    parts.reverse()
    if len(parts) == 1:
        return parts[0]
    return Box(" + ".join(p.tex for p in parts), sum(p.width + _PLUS for p in parts), _SUM, digit=True, joint="+",
               parts=tuple(("+" if k else "", p) for k, p in enumerate(parts)))


def measure(tex: str) -> float:
    """A rough width of short TeX, in em: letters and commands count, scripts count less."""
    width, k, script = 0.0, 0, 0
    while k < len(tex):
        ch = tex[k]
        if ch == "\\":
            end = k + 1
            while end < len(tex) and tex[end].isalpha():
                end += 1
            word = tex[k + 1:end]
            spaces = {"quad": 1.0, "qquad": 2.0, "le": 1.5, "ge": 1.5, "in": 1.4, "cdot": 0.8}
            silent = ("mathrm", "mathit", "mathbf", "mathsf", "mathcal", "left", "right", "frac", "text", "bigl", "bigr")
            width += 0.0 if word in silent else spaces.get(word, 0.65) * (SCRIPT if script else 1)
            k = max(end, k + 2)
            continue
        if ch in "_^":
            script += 1
        elif ch == "}" and script:
            script -= 1
        elif ch not in "{} &":
            size = 1.2 if ch in "+-=" else 0.4 if ch in "(),.'|ijl" else 0.8 if ch.isupper() else 0.55
            width += size * (SCRIPT if script else 1)
        k += 1
    return width


# -- rows ----------------------------------------------------------------------------------------------------------------
def _shortened(definitions: list[_Definition]) -> list[_Definition]:
    """At most ``MAX_LINES`` definitions; a line in the middle says how many are missing."""
    if len(definitions) <= MAX_LINES:
        return definitions
    half = MAX_LINES // 2
    gap = Box(rf"\text{{({len(definitions) - 2 * half} lines left out)}}", 12)
    return [*definitions[:half], _Definition(r"\vdots", 0.3, gap), *definitions[-half:]]


def _pieces(box: Box, width: float) -> Iterator[tuple[str, Box, int]]:
    """(joint, piece, depth): the pieces that may begin a row; a summand is opened only when it is too wide for one."""
    if not box.parts or box.width <= width:
        yield "", box, 0
        return
    for sep, part in box.parts:
        joint = sep if box.joint != "*" or not sep else "*"
        if box.joint == "+" and part.joint and part.width > width - 2.3:
            for k, (inner_sep, inner) in enumerate(part.parts):
                yield (joint, inner, 0) if k == 0 else (part.joint + inner_sep, inner, 1)
        else:
            yield (joint if box.joint != "*" or not sep else "*" + sep), part, 0


def _rows(box: Box, width: float, note: str = "") -> str:
    r"""The right side of a row of ``aligned``, broken by ``\\ &\quad`` where it does not fit."""
    rows: list[tuple[str, float]] = []
    line, used = "", 0.0
    # a summand that has to be broken begins a row of its own
    openers = [p.parts[0][1] for _, p in box.parts if box.joint == "+" and p.joint and p.width > width - 2.3]
    for joint, piece, depth in _pieces(box, width):
        kind, sep = joint[:1], joint[1:]
        glue, extra = {
            "": ("", 0.0), "+": (" + ", _PLUS), ",": (", ", 0.45), "*": (sep, _DOT if "cdot" in sep else _THIN)}[kind]
        opened = depth == 0 and kind == "+" and piece in openers and used > width / 3
        if not line or (used + extra + piece.width <= width and not opened):
            line += glue + piece.tex if line else piece.tex
            used += extra + piece.width
            continue
        rows.append((line + ("," if kind == "," else ""), used))
        lead = {"+": "{}+ ", "*": r"{}\cdot ", ",": ""}[kind]
        indent, step = (r"\qquad ", 2.0) if depth else (r"\quad ", 1.0)
        line, used = f"&{indent}{lead}{piece.tex}", step + extra + piece.width
    if note:
        size = measure(note) + 2.9
        if used + size <= width:
            line += rf"\qquad ({note})"
        else:
            rows.append((line, used))
            line = rf"&\qquad ({note})"
    rows.append((line, used))
    texts = [tex for tex, _ in rows]
    if len(texts) > MAX_LINES:
        half = MAX_LINES // 2
        texts = [*texts[:half], rf"&\quad \cdots\ \text{{({len(texts) - 2 * half} rows left out)}}\ \cdots", *texts[-half:]]
    return "\\\\\n".join(texts)


def to_tex(term: Term, names: Names | None = None) -> str:
    """``term`` as one expression of math mode, without dollar signs. Forms that need a depth K >= 1 are not used."""
    return Tex(names, positive_depths=False).tex(term)
