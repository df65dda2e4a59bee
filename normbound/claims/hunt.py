"""The search for a point at which one sequent fails.

Points are sampled (``sampling``) and judged in floating point (``numeric``); hypotheses that are equalities are solved for a
variable, inequalities are made tight in turn; the best points walk downhill on the margin; what looks false is rounded to simple
rationals, the solved variables computed exactly, and handed to ``witness.verify``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from time import monotonic
from typing import TYPE_CHECKING, Any

from normbound.claims.checker.sequent import Sequent
from normbound.claims.errors import ClaimError
from normbound.claims.evaluate import Resolver, value
from normbound.claims.syntax import BINDERS, COMPARISONS, Node, Op, conjunction, free_names, number, postorder, substitute, tree_size
from normbound.claims.witness import Found, Witness, completed, verify

if TYPE_CHECKING:
    from normbound.claims.sampling import Row

MAX_SOLVED = 3  # equalities among the hypotheses that are solved
MAX_DEFINED = 12  # variables that hypotheses define
MAX_TREE = 5_000  # parts of the statements in which these are replaced
SIMPLE_ROOT = 1000  # largest denominator of a root that may be exact
WHOLE = ("natural", "integer")
MOST = 10_000_000  # of integers
LARGEST = 1e300
FAR = 100  # integers from which fewer points are looked at
TIE = 1e-13  # margins up to this size may be equalities
ROUGH = 1e-9  # with logarithms of huge numbers
MAX_TIES = 12  # equalities looked at exactly, per claim
MAX_FALSE = 60  # other suspicions looked at exactly, per claim
FAR_NUMBER, MAX_WRITTEN = 10**6, 8  # numbers in statements that become values of integers
SIMPLER = 60  # points that are tried to make a counterexample simple
_SIMPLER: tuple[int | Fraction, ...] = (0, 1, 2, Fraction(1, 2), 3, -1, 4, 10, Fraction(1, 10), 100)
Array = Any


@dataclass(frozen=True, slots=True)
class _Solve:
    """A variable, or a member of a family, that is set such that two expressions are equal: affine in it, else by a search for
    a root."""

    row: Row
    difference: Node
    affine: bool = True

    @property
    def name(self) -> str:
        return self.row.name

    def at(self, point: Mapping[str, Any], q: Any) -> dict[str, Any]:
        """The point with the value q."""
        k = self.row.member
        old = point[self.name]
        return {**point, self.name: (*old[:k - 1], q, *old[k:]) if k else q}


class Hunt:
    """The search for a point at which one sequent fails."""

    def __init__(self, sequent: Sequent, note: str, found: Found, deadline: float, resolver: Resolver | None, quick: bool):
        from normbound.claims.numeric import structural
        self.sequent, self.note, self.found, self.deadline = sequent, note, found, deadline
        self.resolver, self.quick = resolver, quick
        self.sorts = sequent.sorts
        self.defined: dict[str, Node] = {}  # variables that hypotheses define: values in terms of the others
        given = [p for g in sequent.given for p in (g.args if g.op == Op.AND else (g,))]
        self.given, self.goal = self._without_defined(given, sequent.goal)
        self.statements = [*self.given, self.goal]
        self.structural = structural(self.statements, self.sorts)
        self.used = set(free_names(conjunction(self.statements))) & set(self.sorts)
        if any(n.op == Op.NET for n in postorder(*self.statements)):
            self.used = set(self.sorts) - set(self.defined)  # networks may depend on all of them
        for name in list(self.used):
            length = self.sorts[name].length
            if length is not None:
                self.used |= free_names(length)
                self.structural |= free_names(length)
        self.ties = self.false = 0
        self.tried: set[Any] = set()

    def _without_defined(self, given: list[Node], goal: Node) -> tuple[list[Node], Node]:
        """The statements without the real variables that a hypothesis x == e defines: e stands for x, and has to have its sort."""
        changed = True
        while changed:
            changed = False
            for k, g in enumerate(given):
                if g.op != Op.EQ or len(self.defined) >= MAX_DEFINED:
                    continue
                for x, e in (g.args, g.args[::-1]):
                    sort = self.sorts.get(x.value) if x.op == Op.VAR else None
                    if sort is None or sort.is_family or sort.kind in WHOLE or x.value in free_names(e):
                        continue
                    change = {x.value: e}
                    try:
                        others = [substitute(h, change) for j, h in enumerate(given) if j != k]
                        aim, earlier = substitute(goal, change), {n: substitute(d, change) for n, d in self.defined.items()}
                    except ClaimError:
                        continue
                    if tree_size(conjunction([*others, aim]), MAX_TREE) > MAX_TREE:
                        continue
                    if sort.kind != "real":
                        others.append(Node(Op.GT if sort.kind == "positive" else Op.GE, (e, number(0))))
                    given, goal, self.defined, changed = others, aim, {**earlier, x.value: e}, True
                    break
                if changed:
                    break
        return given, goal

    def _whole(self, point: dict[str, Any]) -> dict[str, Any] | None:
        """The point with the defined variables; None where one of them has no rational value."""
        if not self.defined:
            return point
        found = {n: v for n, v in point.items() if n not in self.defined}
        for name, e in self.defined.items():
            try:
                q = value(e, found)
            except ClaimError:
                return None
            if not isinstance(q, Fraction):
                return None
            found[name] = q
        return found

    def run(self) -> None:
        from normbound.claims.numeric import NotNumeric
        from normbound.claims.sampling import DEEP, FAR_OUT, LONG, combinations
        long, alike = self._long(), self._alike()
        ladders = {n: (*LONG, *(FAR_OUT if n in alike else ())) if n in long else DEEP for n in sorted(self.structural)}
        ladders = {n: (*ladder, *self._written(n, ladder)) for n, ladder in ladders.items()}
        best: list[tuple[float, dict[str, int], list[Row], Array, list[_Solve]]] = []
        refused = ""
        for k, integers in enumerate(combinations(ladders)):
            if monotonic() > self.deadline or (self.quick and k >= 12):
                break
            rows = self._rows(integers)
            if rows is None:
                continue
            try:
                for solves in self._variants(k == 0, integers, rows) if max(integers.values(), default=0) < FAR else ([],):
                    best += self._batch(integers, rows, solves, k)
                    if self.found.witness is not None:
                        return
            except NotNumeric as error:
                refused = str(error)
        if not best and refused:
            self._blind(ladders)
            return
        if not self.quick:
            best.sort(key=lambda b: b[0])
            with suppress(NotNumeric):  # out of time
                for start in best[:8]:
                    self._descend(*start[1:])
                    if self.found.witness is not None or monotonic() > self.deadline:
                        return
                self._again(best)

    def _written(self, name: str, ladder: Sequence[int]) -> list[int]:
        """Whole numbers that the statements hold and the ladder does not, for an integer also their opposites: something happens there."""
        numbers = {int(n.value) for n in postorder(*self.statements) if n.op == Op.NUM and n.value.denominator == 1
                   and n.value <= FAR_NUMBER}
        signs = (1, -1) if self.sorts[name].kind == "integer" else (1,)
        return [s * q for q in sorted(numbers) for s in signs if s * q not in ladder][:MAX_WRITTEN]

    def _long(self) -> set[str]:
        """Structural names that make sums, products, forall or families long."""
        found: set[str] = set()
        for n in postorder(*self.statements):
            if n.op in BINDERS:
                found |= free_names(n.args[0]) | free_names(n.args[1])
            length = self.sorts[n.value].length if n.op == Op.ELT and n.value in self.sorts else None
            if length is not None:
                found |= free_names(length)
        return found

    def _alike(self) -> set[str]:
        """Structural names that only stand at the upper ends of sums and products whose terms are alike (not members of families,
        divided differences or further sums), so that thousands of terms cost little."""
        found: set[str] = set()
        other: set[str] = set()
        for n in postorder(*self.statements):
            if n.op in (Op.SUM, Op.PROD) and not any(x.op in (*BINDERS, Op.ELT, Op.DD) for x in postorder(n.args[2])):
                found |= free_names(n.args[1])
                other |= free_names(n.args[0])
            elif n.op in BINDERS:
                other |= free_names(n.args[0]) | free_names(n.args[1])
            elif n.op in (Op.ELT, Op.DD):
                other |= free_names(n.args[0])
        lengths = [self.sorts[n].length for n in self.used]
        return found - other - {x for length in lengths if length is not None for x in free_names(length)}

    def _rows(self, integers: Mapping[str, int]) -> list[Row] | None:
        """The rows of the matrix of points; None where a family has no length there."""
        from normbound.claims.sampling import Row
        rows: list[Row] = []
        for name in self.sorts:
            if name not in self.used or name in integers:
                continue
            sort = self.sorts[name]
            if sort.length is None:
                rows.append(Row(name, 0, sort.kind))
                continue
            length = value(sort.length, integers)
            if not isinstance(length, Fraction) or not 0 <= length <= FAR:
                return None
            if length >= FAR / 2 and sum(x.length is not None for n, x in self.sorts.items() if n in self.used) > 1:
                return None
            rows.extend(Row(name, k + 1, sort.kind) for k in range(int(length)))
        return rows

    # -- hypotheses that become equalities -------------------------------------------------------------------------
    def _variants(self, first: bool, integers: Mapping[str, int], rows: list[Row]) -> Iterator[list[_Solve]]:
        """Equalities among the hypotheses are always solved; then each inequality is made tight in turn."""
        equal: list[_Solve] = []
        for g in self.given:
            if g.op == Op.EQ and len(equal) < MAX_SOLVED:
                s = self._affine(g, integers, rows, equal)
                if s is not None:
                    equal.append(s)
        yield equal
        tight = 0
        for g in self.given:
            if g.op in COMPARISONS and g.op not in (Op.EQ, Op.NE) and tight < 3 and (first or not self.quick):
                s = self._affine(g, integers, rows, equal)
                if s is not None and s.affine:
                    tight += 1
                    yield [*equal, s]

    def _affine(self, g: Node, integers: Mapping[str, int], rows: list[Row],
                earlier: Sequence[_Solve]) -> _Solve | None:
        """A variable in which both sides of a comparison differ by an affine function, to all appearances, where the earlier
        equalities are solved."""
        import numpy as np

        from normbound.claims.sampling import sample
        difference = Node(Op.SUB, g.args)
        names = free_names(difference)
        taken = {e.row for e in earlier}
        for e in earlier:
            names |= free_names(e.difference)
        last = {r.name: r for r in rows}  # of a family, the last member
        single = [r for r in last.values() if r.name in names and r not in taken]
        single.sort(key=lambda r: (r.kind in WHOLE, r.member > 0,
                                   not any(a.op == Op.VAR and a.value == r.name for a in g.args)))
        x = sample(rows, 40, 1)
        for row in single:
            found = self._values(difference, integers, rows, x, row, (1, 2, 3), earlier)
            if found is None:
                continue
            f1, f2, f3 = found
            size = np.abs(f1) + np.abs(f2) + np.abs(f3)
            good = np.isfinite(size) & (size > 0)
            if good.sum() >= 5 and (np.abs(f3 - 2 * f2 + f1)[good] <= 1e-12 * size[good]).all() and (f2 != f1)[good].any():
                return _Solve(row, difference)
        smooth = [r for r in single if r.kind not in WHOLE]
        return _Solve(smooth[-1], difference, False) if smooth else None

    def _values(self, difference: Node, integers: Mapping[str, int], rows: list[Row], x: Array, row: Row,
                at: Sequence[Any], earlier: Sequence[_Solve]) -> Any:
        """The difference where the row has the values ``at`` and the earlier equalities are solved."""
        import numpy as np

        from normbound.claims.numeric import PLAIN, Batch
        count = x.shape[1]
        found = []
        for k in at:
            y = x.copy()
            y[rows.index(row)] = k
            arrays, families = _split(rows, self._solved(earlier, integers, rows, y))
            found.append(np.broadcast_to(Batch(PLAIN, integers, arrays, families, self.deadline).value(difference), (count,)))
        return found

    def _solved(self, solves: Sequence[_Solve], integers: Mapping[str, int], rows: list[Row], x: Array) -> Array:
        """x with its solved rows: the last equality first, the earlier ones solved inside it. At most MAX_SOLVED deep."""
        import numpy as np
        if not solves:
            return x
        s, earlier = solves[-1], solves[:-1]
        k = rows.index(s.row)
        if s.affine:
            f1, f2 = self._values(s.difference, integers, rows, x, s.row, (1, 2), earlier)
            solution = 1 - f1 / (f2 - f1)
        else:
            solution = self._root(s, integers, rows, x, k, earlier)
        if s.row.kind in WHOLE:  # the integers on either side
            up = np.arange(x.shape[1]) % 2 == 0
            near = np.rint(solution)
            solution = np.where(np.abs(solution - near) < 1e-9, near, np.where(up, np.ceil(solution), np.floor(solution)))
        x[k] = np.where(np.isfinite(solution), solution, x[k])
        return self._solved(earlier, integers, rows, x)

    def _root(self, s: _Solve, integers: Mapping[str, int], rows: list[Row], x: Array, k: int, earlier: Sequence[_Solve]) -> Array:
        """A zero of the difference near the value of row k, by secants."""
        import numpy as np
        a, b = x[k], x[k] * np.longdouble(1.1) + (x[k] == 0)
        fa, fb = self._values(s.difference, integers, rows, x, s.row, (a, b), earlier)
        for _ in range(25):
            c = np.where(fa == fb, b, b - fb * (b - a) / (fb - fa))
            if np.array_equal(c, b):
                break
            a, fa, b = b, fb, c
            fb = self._values(s.difference, integers, rows, x, s.row, (b,), earlier)[0]
        return b

    # -- floating point ---------------------------------------------------------------------------------------------
    def _batch(self, integers: dict[str, int], rows: list[Row], solves: list[_Solve],
               seed: int) -> list[tuple[float, dict[str, int], list[Row], Array, list[_Solve]]]:
        """Look at a sample; the best columns with their score."""
        from normbound.claims.sampling import sample
        count = (120 if seed else 220) if len(rows) < 12 else 100
        if max(integers.values(), default=0) >= FAR:
            count = 40
        x = sample(rows, count if not self.quick else count // 2, 0 if seed == 0 else seed)
        x = self._solved(solves, integers, rows, x)
        score = self._look(integers, rows, x, solves)
        order = score.argsort()[:4]
        return [(float(score[order[0]]), integers, rows, x[:, order].copy(), solves)]

    def _look(self, integers: dict[str, int], rows: list[Row], x: Array, solves: list[_Solve]) -> Array:
        """The score of each column: the margin of the goal where the hypotheses hold, 2 - their margin elsewhere. What looks
        false is verified."""
        import numpy as np

        from normbound.claims.numeric import margins
        count = x.shape[1]
        self.found.points += count
        arrays, families = _split(rows, x)
        found = margins(self.statements, integers, arrays, families, count, self.deadline)
        goal = found[-1]
        least = np.full(count, 1.0)
        for g, m in zip(self.given, found[:-1], strict=True):
            least = np.minimum(least, np.where(m <= 0, np.minimum(m, -ROUGH), m) if g.op in (Op.LT, Op.GT, Op.NE) else m)
        fits = (np.abs(x) < LARGEST).all(axis=0)
        for r, row in enumerate(rows):
            if row.kind in WHOLE:
                fits &= (x[r] == np.rint(x[r])) & (np.abs(x[r]) <= MOST)
            if row.kind == "positive":
                fits &= x[r] > 0
            elif row.kind in ("nonnegative", "natural"):
                fits &= x[r] >= 0
        holds = fits & (least >= -TIE) & np.isfinite(goal)
        score = np.where(holds, goal, np.where(fits & np.isfinite(least), 2 - least, 9.0))
        if holds.any():
            k = int(np.argmin(np.where(holds, goal, 9.0)))
            if self.found.margin is None or goal[k] < self.found.margin:
                self.found.margin = float(goal[k])
                self.found.nearest = self._point(integers, rows, x[:, k], (), 6) or {}
        equal = self.goal.op in (Op.LE, Op.GE, Op.EQ)  # then what is equal is true
        suspects = np.flatnonzero(holds & (goal <= TIE) & ((goal != 0) | (not equal)))
        suspects = suspects[np.argsort(goal[suspects], kind="stable")]
        strong = goal[suspects] < -ROUGH
        plain = np.sort(suspects[goal[suspects] < -1e-6])[:3]  # the first columns are the simplest
        for k in plain:
            self.false += 1
            if self.false > MAX_FALSE or monotonic() > self.deadline or self._decide(integers, rows, x[:, k], solves, (0, 2, 4, 8)):
                return score
        for k in suspects[strong][:6]:
            self.false += 1
            if self.false > MAX_FALSE or monotonic() > self.deadline or self._decide(integers, rows, x[:, k], solves, (0, 3, 6, 12)):
                return score
        for k in suspects[~strong][:4]:
            self.ties += 1
            if self.ties > MAX_TIES or monotonic() > self.deadline or self._decide(integers, rows, x[:, k], solves, (0,)):
                return score
        return score

    def _descend(self, integers: dict[str, int], rows: list[Row], x: Array, solves: list[_Solve]) -> None:
        """Walk downhill on the score from a few columns."""
        import numpy as np

        from normbound.claims.sampling import neighbours
        if not rows:
            return
        rng = np.random.default_rng(7)
        last, idle = float("inf"), 0
        for _ in range(40):
            if monotonic() > self.deadline:
                return
            x = self._solved(solves, integers, rows, neighbours(rows, x, rng))
            score = self._look(integers, rows, x, solves)
            if self.found.witness is not None:
                return
            order = score.argsort(kind="stable")[:4]
            x = x[:, order].copy()
            best = float(score[order[0]])
            idle = idle + 1 if best > last - 1e-4 * abs(last) else 0
            last = min(last, best)
            if idle >= 4:
                return

    def _again(self, best: Sequence[Any]) -> None:
        """Fresh samples for the integers that looked best, while there is time."""
        for seed in (101, 102):
            for _, integers, rows, _, solves in best[:4]:
                if monotonic() > self.deadline or not rows:
                    return
                self._batch(integers, rows, solves, seed)
                if self.found.witness is not None:
                    return

    # -- exact arithmetic -------------------------------------------------------------------------------------------
    def _decide(self, integers: Mapping[str, int], rows: list[Row], column: Array, solves: Sequence[_Solve],
                digits: Sequence[int]) -> bool:
        """Round the column to simple rationals and verify."""
        for d in sorted(digits, key=lambda d: d or 99):
            point = self._point(integers, rows, column, solves, d)
            if point is None:
                continue
            key = tuple(point.items())
            if key in self.tried:
                continue
            self.tried.add(key)
            if verify(self.sequent, point, self.resolver):
                self.found.witness = Witness(self._simplified(point, integers), self.sequent, self.note)
                return True
            if monotonic() > self.deadline:
                return False
        return False

    def _simplified(self, point: dict[str, Any], integers: Mapping[str, int]) -> dict[str, Any]:
        """The counterexample with simpler numbers, where these are a counterexample too."""
        tries = 0
        for name in sorted(self.used - set(integers)):
            old = point[name]
            members = (0,) if not isinstance(old, tuple) else range(len(old))
            for k in members[:4]:
                for q in _SIMPLER:
                    tries += 1
                    if tries > SIMPLER or monotonic() > self.deadline:
                        return point
                    now = point[name][k] if isinstance(old, tuple) else point[name]
                    if _size(q) >= _size(now):
                        break
                    value = (*point[name][:k], q, *point[name][k + 1:]) if isinstance(old, tuple) else q
                    moved = self._whole({**point, name: value})
                    if moved is not None and verify(self.sequent, moved, self.resolver):
                        point = moved
                        break
        return point

    def _point(self, integers: Mapping[str, int], rows: list[Row], column: Array, solves: Sequence[_Solve],
               digits: int) -> dict[str, Any] | None:
        """The column as an exact point with a value for every variable, the solved variables computed exactly."""
        from normbound.claims.sampling import rounded
        point: dict[str, Any] = dict(integers)
        for row, x in zip(rows, column, strict=True):
            if not abs(float(x)) < float("inf"):
                return None
            q: Any = rounded(x, digits)
            if row.kind in WHOLE:
                if q.denominator != 1:
                    return None
                q = int(q)
            if row.member:
                point.setdefault(row.name, []).append(q)
            else:
                point[row.name] = q
        point = {n: tuple(v) if isinstance(v, list) else v for n, v in point.items()}
        if not completed(point, self.sorts):
            return None
        exact = _exactly(solves, point)
        return None if exact is None else self._whole(exact)

    def _blind(self, ladders: Mapping[str, Sequence[int]]) -> None:
        """Without floating point (a network without an expression, say): exact truth at a few points."""
        from normbound.claims.sampling import combinations, sample
        for integers in combinations(ladders):
            rows = self._rows(integers)
            if rows is None:
                continue
            for column in sample(rows, 40, 0).T[:12]:
                if monotonic() > self.deadline:
                    return
                self.found.points += 1
                if self._decide(integers, rows, column, (), (6,)):
                    return


def _size(q: int | Fraction) -> int:
    return q.numerator.bit_length() + q.denominator.bit_length() + (q < 0)


def _exactly(solves: Sequence[_Solve], point: dict[str, Any]) -> dict[str, Any] | None:
    """The point with its solved variables in exact numbers; None where an equality is not affine there or a root is not simple.
    At most MAX_SOLVED deep."""
    if not solves:
        return point
    s, earlier = solves[-1], solves[:-1]
    if s.row.kind in WHOLE:
        return _exactly(earlier, point)  # rounded before
    if not s.affine:
        q = point[s.name][s.row.member - 1] if s.row.member else point[s.name]
        return _exactly(earlier, point) if q.denominator <= SIMPLE_ROOT else None
    found = []
    for k in (1, 2, 3):
        there = _exactly(earlier, s.at(point, k))
        if there is None:
            return None
        f = value(s.difference, there)
        if not isinstance(f, Fraction):
            return None
        found.append(f)
    f1, f2, f3 = found
    if f3 - 2 * f2 + f1 != 0 or f1 == f2:
        return None
    return _exactly(earlier, s.at(point, 1 - f1 / (f2 - f1)))


def _split(rows: Sequence[Row], x: Array) -> tuple[dict[str, Array], dict[str, list[Array]]]:
    """The rows as arrays by name, and families as lists of arrays."""
    arrays: dict[str, Array] = {}
    families: dict[str, list[Array]] = {}
    for row, column in zip(rows, x, strict=True):
        if row.member:
            families.setdefault(row.name, []).append(column)
        else:
            arrays[row.name] = column
    return arrays, families


__all__ = ["Hunt"]
