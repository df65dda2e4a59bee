"""Terms to SymPy and back.

SymPy is the language in which users exchange expressions; here it neither decides nor evaluates a bound. Functions
that SymPy does not know are the classes of this module: ``dd``, ``Recurrence``, ``NamedConstant`` and
``OperatorNorm``. Text is never read by SymPy: ``normbound.terms.grammar.parse`` reads text.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import sympy
from sympy.core.expr import AtomicExpr

from normbound.errors import TermError, UnsupportedError
from normbound.terms.constants import CONSTANTS, enclosure
from normbound.terms.exact import exact
from normbound.terms.norms import spectral_norm
from normbound.terms.store import Op, Store, Term, bound_symbols, children, current

__all__ = ["NamedConstant", "OperatorNorm", "Recurrence", "dd", "from_sympy", "to_sympy"]

LIMIT = 2000
MAX_TREE = 200_000
MAX_DOIT = 1000
MAX_NESTING = 100
MAX_READ_NESTING = 150


class dd(sympy.Function):
    """``dd(K, l1, ..., lm)``: the divided difference of z^K at the nodes l1..lm.

    It equals the complete homogeneous symmetric polynomial of degree K - m + 1 in the nodes (0 for K < m - 1), with
    coinciding or zero nodes allowed. One node is the power l1**K. ``doit`` expands an integer depth up to 1000,
    ``rewrite(sympy.Sum)`` writes the sum over monomials, ``evalf`` powers the bidiagonal matrix (Opitz).
    """

    @classmethod
    def eval(cls, depth: Any, *nodes: Any) -> Any:  # the hook by which SymPy builds instances; no text is evaluated
        if not nodes:
            raise TermError("dd needs at least one node")
        if len(nodes) == 1:
            return nodes[0] ** depth
        if depth.is_Integer and depth.is_nonnegative:
            if depth < len(nodes) - 1:
                return sympy.S.Zero
            if depth == len(nodes) - 1:
                return sympy.S.One
        ordered = tuple(sorted(nodes, key=sympy.default_sort_key))
        return None if ordered == nodes else cls(depth, *ordered)

    def doit(self, deep: bool = True, **hints: Any) -> Any:
        """The polynomial when the depth is an integer up to 1000; otherwise the same expression."""
        depth, *nodes = (a.doit(**hints) for a in self.args) if deep else self.args
        if not (depth.is_Integer and 0 <= depth <= MAX_DOIT):
            return self.func(depth, *nodes)
        row: list[Any] = [sympy.S.Zero] * (len(nodes) - 1) + [sympy.S.One]  # row[i] = dd(k; nodes[i:])
        for _ in range(int(depth)):
            for i, node in enumerate(nodes):
                row[i] = sympy.expand(row[i] * node + (row[i + 1] if i + 1 < len(nodes) else 0))
        return row[0]

    def fdiff(self, argindex: int = 1) -> Any:
        """By a node: dd with that node doubled. By the depth: an error."""
        if argindex == 1:
            raise UnsupportedError("dd has no derivative by its depth, which is a natural number")
        return self.func(*self.args, self.args[argindex - 1])

    def _eval_rewrite_as_Sum(self, depth: Any, *nodes: Any, **hints: Any) -> Any:
        m = len(nodes)
        degree = depth - m + 1
        indices = [sympy.Dummy(f"j{k}", integer=True, nonnegative=True) for k in range(1, m)]
        left = degree
        body, limits = sympy.S.One, []
        for index, node in zip(indices, nodes, strict=False):
            limits.append((index, 0, left))
            body *= node**index
            left = left - index
        total = sympy.Sum(body * nodes[-1] ** left, *reversed(limits))
        return total if m == 2 else sympy.Piecewise((total, depth >= m - 1), (0, True))

    def _eval_evalf(self, prec: int) -> Any:
        depth, *nodes = self.args
        values = [n._evalf(prec + 30) for n in nodes]
        if not (depth.is_Integer and depth >= 0 and all(v.is_Float or v.is_Rational for v in values)):
            return None
        import mpmath
        with mpmath.workprec(prec + 30):
            m = len(values)
            matrix = mpmath.matrix(m, m)
            for i, v in enumerate(values):
                matrix[i, i] = v._to_mpmath(prec + 30)
                if i + 1 < m:
                    matrix[i, i + 1] = 1
            corner = (matrix ** int(depth))[0, m - 1]
            return sympy.Float(corner, precision=prec)

    def _eval_is_nonnegative(self) -> Any:
        return True if all(n.is_nonnegative for n in self.args[1:]) else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        depth, *nodes = (printer._print(a) for a in self.args)
        text = rf"\operatorname{{dd}}_{{{depth}}}\!\left({', '.join(nodes)}\right)"
        return text if exp is None else rf"{text}^{{{exp}}}"


class Recurrence(sympy.Expr):
    """Component ``component`` of the state after ``depth`` simultaneous steps, with index = 1..depth.

    ``doit`` runs the recursion for an integer depth up to 1000; with a symbolic depth it returns itself.
    """

    is_nonnegative = True

    def __new__(cls, component: Any, depth: Any, index: Any, states: Any, starts: Any, steps: Any) -> Any:
        return super().__new__(cls, sympy.Integer(component), depth, index, sympy.Tuple(*states),
                               sympy.Tuple(*starts), sympy.Tuple(*steps))

    @property
    def bound_symbols(self) -> list[Any]:
        return [self.args[2], *self.args[3]]

    @property
    def free_symbols(self) -> set[Any]:
        _, depth, _, _, starts, steps = self.args
        return depth.free_symbols | starts.free_symbols | (steps.free_symbols - set(self.bound_symbols))

    def _eval_subs(self, old: Any, new: Any) -> Any:
        if old in self.bound_symbols:
            return self
        if set(self.bound_symbols) & new.free_symbols:
            raise UnsupportedError(f"{new} contains a symbol that the recurrence binds; rename it first")
        return None

    def doit(self, **hints: Any) -> Any:
        """The value for an integer depth; the same expression for a symbolic one."""
        component, depth, index, states, starts, steps = self.args
        depth = depth.doit(**hints)
        if not (depth.is_Integer and 0 <= depth <= MAX_DOIT):
            return self.func(component, depth, index, states, starts, steps)
        values = [s.doit(**hints) for s in starts]
        for k in range(1, int(depth) + 1):
            table = {index: sympy.Integer(k), **dict(zip(states, values, strict=True))}
            values = [f.xreplace(table).doit(**hints) for f in steps]
        return values[int(component)]

    def _eval_evalf(self, prec: int) -> Any:
        done = self.doit()
        return None if done.func is Recurrence else done._evalf(prec)

    def _sympystr(self, printer: Any) -> str:
        _, depth, index, states, starts, steps = self.args
        lines = "; ".join(f"{x}' = {printer._print(f)}, {x}_0 = {printer._print(a)}"
                          for x, a, f in zip(states, starts, steps, strict=True))
        return f"Recurrence({states[int(self.args[0])]} after {index} = 1..{depth}: {lines})"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        component, depth, index, states, starts, steps = self.args
        p = printer._print
        lines = r",\; ".join(rf"{p(x)}_{{{p(index)}}} = {p(f)},\; {p(x)}_{{0}} = {p(a)}"
                             for x, a, f in zip(states, starts, steps, strict=True))
        text = rf"\left[{p(states[int(component)])}_{{{p(depth)}}} \mid {lines}\right]"
        return text if exp is None else rf"{text}^{{{exp}}}"


class NamedConstant(AtomicExpr):
    """A positive real constant of ``normbound.terms.constants`` without elementary closed form.

    Its definition is ``normbound.terms.constants.CONSTANTS[name].definition``; ``evalf`` encloses it rigorously.
    """

    is_number = True
    is_real = True
    is_positive = True
    is_commutative = True
    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str) -> Any:
        if name not in CONSTANTS:
            raise TermError(f"unknown constant {name!r}; known: {', '.join(CONSTANTS)}")
        found = super().__new__(cls)
        found.name = name
        return found

    def __getnewargs__(self) -> tuple[str]:
        return (self.name,)

    def _hashable_content(self) -> tuple[str]:
        return (self.name,)

    def _eval_evalf(self, prec: int) -> Any:
        return _float(enclosure(self.name, prec + 20), prec)

    def _sympystr(self, printer: Any) -> str:
        return self.name

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        tex = CONSTANTS[self.name].tex
        return tex if exp is None else rf"{{{tex}}}^{{{exp}}}"

    @cache  # noqa: B019 - one entry per constant
    def sort_key(self, order: Any = None) -> Any:
        return self.class_key(), (1, (self.name,)), sympy.S.One.sort_key(), sympy.S.One


class OperatorNorm(sympy.Expr):
    """The spectral norm of an exact matrix."""

    is_number = True
    is_real = True
    is_positive = True
    is_commutative = True

    def __new__(cls, matrix: Any) -> Any:
        return super().__new__(cls, sympy.ImmutableDenseMatrix(matrix))

    def rows(self) -> list[list[Fraction]]:
        matrix = self.args[0]
        return [[Fraction(int(x.p), int(x.q)) for x in matrix.row(i)] for i in range(matrix.rows)]

    def _eval_evalf(self, prec: int) -> Any:
        return _float(spectral_norm(self.rows(), prec + 20), prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        text = rf"\left\|{printer._print(self.args[0])}\right\|"
        return text if exp is None else rf"{text}^{{{exp}}}"


def _float(ball: Any, prec: int) -> Any:
    mantissa, exponent = ball.mid().man_exp()
    with sympy.evaluate(True):
        return sympy.Float(sympy.Integer(int(mantissa)) * sympy.Integer(2) ** int(exponent), precision=prec)


@cache
def _closed() -> dict[str, Any]:
    """The constants that are elementary or error-function expressions."""
    one, two, three, pi = sympy.Integer(1), sympy.Integer(2), sympy.Integer(3), sympy.pi
    alpha = sympy.sqrt(two / pi) / (1 - sympy.exp(one / 2) * sympy.erfc(1 / sympy.sqrt(two)))
    scale = sympy.sqrt(two) / sympy.sqrt(1 + alpha**2 * (1 - 2 * sympy.exp(one / 2) * sympy.erfc(1 / sympy.sqrt(two))
                                                         + sympy.exp(two) * sympy.erfc(sympy.sqrt(two))))
    return {"pi": pi, "log2": sympy.log(2), "gelu_lip": (1 + sympy.erf(1)) / 2 + sympy.exp(-1) / sympy.sqrt(pi),
            "gelu_curvature": sympy.sqrt(two / pi), "sigmoid_curvature": 1 / (6 * sympy.sqrt(three)),
            "silu_min": sympy.LambertW(sympy.exp(-1)), "selu_alpha": alpha, "selu_scale": scale,
            "selu_lip": scale * alpha, "tanh_curvature": 4 / (3 * sympy.sqrt(three))}


def _rational(value: int | Fraction) -> Any:
    return sympy.Rational(value.numerator, value.denominator)


def to_sympy(term: Term, limit: int = LIMIT, naturals: Collection[str] = (), closed: bool = True) -> Any:
    """``term`` as a SymPy expression.

    Symbols are nonnegative (positive where the term says so); those used as a depth, an index or in a natural
    difference, and those named in ``naturals``, are also integers. Families become ``IndexedBase``. ``closed``
    writes constants as elementary expressions where there is one; with ``closed=False`` they keep their names, and
    ``from_sympy`` gives back the same term.

    Raises:
        UnsupportedError: the term has more than ``limit`` nodes, or its tree (SymPy does not share subterms) more
            than 200,000, or is nested deeper than 100 levels; the message names the size.
    """
    store = term.store
    ids = store.reachable([term])
    if len(ids) > limit:
        raise UnsupportedError(f"the term has {len(ids)} nodes; to_sympy converts at most {limit} (limit=...)")
    nodes = store.nodes
    size: dict[int, int] = {}
    for i in ids:
        size[i] = 1 + sum(size[c] for c in children(nodes[i]))
    if size[term.id] > MAX_TREE:
        raise UnsupportedError(f"written without sharing the term has {float(size[term.id]):.3g} nodes; SymPy "
                               f"expressions do not share subterms, and at most {MAX_TREE} are converted")
    if (nesting := _nesting(store, ids)) > MAX_NESTING:
        raise UnsupportedError(f"the term is nested {nesting} deep; SymPy recurses, and at most {MAX_NESTING} levels "
                               "are converted")
    names = _symbol_names(store, ids)
    wanted = _natural_ids(store, ids) | {i for i in ids if nodes[i][0] == Op.SYM and nodes[i][1] in naturals}
    image: dict[int, Any] = {}
    for i in ids:
        node = nodes[i]
        kind, args = node[0], node[1:]
        if kind == Op.NUM:
            image[i] = _rational(args[0])
        elif kind == Op.SYM:
            facts = {"positive": True} if store.known_positive(i) else {"nonnegative": True}
            if i in wanted:
                facts["integer"] = True
            image[i] = sympy.Symbol(names[i], **facts)
        elif kind == Op.ELT:
            image[i] = sympy.IndexedBase(args[0], nonnegative=True)[image[args[1]]]
        elif kind == Op.CONST:
            image[i] = _closed()[args[0]] if args[0] in _closed() and closed else _named(args[0])
        elif kind == Op.OPNORM:
            image[i] = OperatorNorm([[_rational(x) for x in row] for row in store.matrices[args[0]]])
        elif kind == Op.ADD:
            image[i] = image[args[0]] + image[args[1]]
        elif kind == Op.MUL:
            image[i] = image[args[0]] * image[args[1]]
        elif kind == Op.POW:
            image[i] = image[args[0]] ** _rational(args[1])
        elif kind in (Op.MAX, Op.MIN):
            image[i] = (sympy.Max if kind == Op.MAX else sympy.Min)(*(image[c] for c in args))
        elif kind == Op.DD:
            image[i] = dd(*(image[c] for c in args))
        elif kind == Op.EXP:
            image[i] = sympy.exp(image[args[0]])
        elif kind == Op.SUB:
            image[i] = image[args[0]] - image[args[1]]
        elif kind in (Op.PROD, Op.SUM):
            index, depth, body = (image[c] for c in args)
            if kind == Op.PROD and index not in body.free_symbols:  # SymPy takes an empty product of zeros for zero
                image[i] = body**depth
            else:
                image[i] = (sympy.Product if kind == Op.PROD else sympy.Sum)(body, (index, 1, depth))
        elif kind == Op.REC:
            component, depth, index, states, starts, steps = args
            image[i] = Recurrence(component, image[depth], image[index], [image[c] for c in states],
                                  [image[c] for c in starts], [image[c] for c in steps])
        else:
            assert kind == Op.INF
            image[i] = sympy.oo
    return image[term.id]


def _named(name: str) -> Any:
    if name == "pi":
        return sympy.pi
    return sympy.log(2) if name == "log2" else NamedConstant(name)


def _nesting(store: Store, ids: Sequence[int]) -> int:
    """The depth of the tree in which sums of sums and products of products are one level."""
    nodes = store.nodes
    depth: dict[int, int] = {}
    for i in ids:
        kind = nodes[i][0]
        below = children(nodes[i])
        depth[i] = max((depth[c] + (kind not in (Op.ADD, Op.MUL) or nodes[c][0] != kind) for c in below), default=0)
    return max(depth.values())


def _natural_ids(store: Store, ids: Sequence[int]) -> set[int]:
    nodes, wanted = store.nodes, set[int]()
    for i in reversed(ids):
        node = nodes[i]
        if node[0] == Op.DD:
            wanted.add(node[1])
        elif node[0] == Op.ELT:
            wanted.add(node[2])
        elif node[0] in (Op.PROD, Op.SUM):
            wanted.update(node[1:3])
        elif node[0] == Op.REC:
            wanted.update(node[2:4])
        elif node[0] == Op.SUB:
            wanted.add(i)
        if i in wanted:
            wanted.update(children(node))
    return wanted


def _symbol_names(store: Store, ids: Sequence[int]) -> dict[int, str]:
    """SymPy names; every bound symbol gets one of its own, since SymPy knows symbols by name."""
    nodes = store.nodes
    bound = {b for i in ids for b in bound_symbols(nodes[i])}
    names = {i: nodes[i][1] for i in ids if nodes[i][0] == Op.SYM and i not in bound}
    taken = set(names.values()) | {nodes[i][1] for i in ids if nodes[i][0] == Op.ELT}
    for b in sorted(bound):
        stem = nodes[b][1].split(".")[0] or "i"
        name, k = stem, 2
        while name in taken:
            name, k = f"{stem}_{k}", k + 1
        taken.add(name)
        names[b] = name
    return names


def from_sympy(expr: Any, store: Store | None = None) -> Term:
    """The term that a SymPy expression denotes.

    Accepted: Add and Mul with nonnegative coefficients, Pow with rational exponents or with exponents made of
    nonnegative integer symbols, Symbol, Rational, Max, Min, sqrt, exp, dd, one-dimensional Indexed, Sum and Product
    over (i, 1, K), Recurrence, the constants of this package, and differences of integers (taken as natural
    differences). Symbols are read as nonnegative reals whatever their assumptions say.

    Raises:
        TermError: anything else, named; text (use ``parse``); floats; nesting beyond 150.
    """
    return _Reader(store or current()).read(expr)


class _Reader:
    def __init__(self, store: Store):
        self.store = store
        self.memo: dict[Any, Term] = {}
        self.nesting = 0

    def read(self, expr: Any) -> Term:
        """The term of one expression; recursion is capped."""
        if not isinstance(expr, sympy.Basic):
            raise TermError(f"found {type(expr).__name__} {str(expr)[:40]!r}; a SymPy expression is expected (parse "
                            "reads text)")
        found = self.memo.get(expr)
        if found is None:
            self.nesting += 1
            if self.nesting > MAX_READ_NESTING:
                raise TermError(f"the expression is nested deeper than {MAX_READ_NESTING}")
            found = self.memo[expr] = self._read(expr)
            self.nesting -= 1
        return found

    def _read(self, expr: Any) -> Term:
        store = self.store
        if isinstance(expr, NamedConstant):
            return store.constant(expr.name)
        for name in ("pi", "log2"):
            if expr == _named(name):
                return store.constant(name)
        if expr is sympy.S.Infinity:
            return store.unbounded
        if expr.is_Rational:
            if expr < 0:
                raise TermError(f"found the negative number {expr}; terms are nonnegative")
            return store.number(exact(Fraction(int(expr.p), int(expr.q))))
        if expr.is_Float:
            raise TermError(f"found the float {expr}, which is not exact; use sympy.Rational")
        if expr.is_Symbol:
            return store.symbol(expr.name)
        if expr.is_Add:
            return self._sum(expr)
        if expr.is_Mul:
            coefficient = expr.args[0]
            if coefficient.is_Rational and coefficient < 0:
                raise TermError(f"found the negative coefficient {coefficient} in {_short(expr)}; terms are "
                                "nonnegative")
            result = store.one
            for a in expr.args:
                result = result * self.read(a)
            return result
        if isinstance(expr, sympy.exp):
            inner = expr.args[0]
            if inner.could_extract_minus_sign():
                return store.exp(self.read(-inner)) ** -1
            return store.exp(self.read(inner))
        if expr.is_Pow:
            return self._power(expr)
        if isinstance(expr, sympy.Max | sympy.Min):
            parts = [self.read(a) for a in sorted(expr.args, key=sympy.default_sort_key)]
            return store.maximum(parts) if isinstance(expr, sympy.Max) else store.minimum(parts)
        if isinstance(expr, dd):
            return store.dd(self.read(expr.args[0]), [self.read(a) for a in expr.args[1:]])
        if isinstance(expr, sympy.Indexed):
            if len(expr.indices) != 1:
                raise TermError(f"found {_short(expr)}; a family has one index")
            return store.element(str(expr.base.label), self.read(expr.indices[0]))
        if isinstance(expr, OperatorNorm):
            return store.operator_norm([[exact(x) for x in row] for row in expr.rows()])
        if isinstance(expr, sympy.Sum | sympy.Product):
            return self._indexed(expr)
        if isinstance(expr, Recurrence):
            return self._recurrence(expr)
        name = expr.func.__name__
        raise TermError(f"{name} is not accepted (in {_short(expr)}); accepted are sums, products, powers, Max, Min, "
                        "sqrt, exp, dd, Sum, Product, Indexed, symbols and exact numbers")

    def _sum(self, expr: Any) -> Term:
        store = self.store
        above = [a for a in expr.args if not a.could_extract_minus_sign()]
        below = [-a for a in expr.args if a.could_extract_minus_sign()]
        result = store.zero
        for a in above:
            result = result + self.read(a)
        if not below:
            return result
        if not all(a.is_integer and a.is_nonnegative for a in (*above, *below)):
            raise TermError(f"found the negative summand {_short(-below[0])}; terms are nonnegative, and only naturals "
                            "are subtracted")
        taken = store.zero
        for a in below:
            taken = taken + self.read(a)
        return store.monus(result, taken)

    def _power(self, expr: Any) -> Term:
        store = self.store
        base, exponent = self.read(expr.base), expr.exp
        if exponent.is_Rational:
            return store.power(base, exact(Fraction(int(exponent.p), int(exponent.q))))
        if exponent.is_integer and exponent.is_nonnegative:
            return store.dd(self.read(exponent), [base])
        result = store.one
        for part in sympy.Add.make_args(exponent):
            factor, rest = part.as_coeff_Mul()
            if not factor.is_Rational or not (rest.is_integer and rest.is_nonnegative):
                raise TermError(f"found the exponent {_short(exponent)} in {_short(expr)}; exponents are rational "
                                "numbers or made of nonnegative integer symbols")
            scaled = store.power(base, exact(Fraction(int(factor.p), int(factor.q))))
            result = result * store.dd(self.read(rest), [scaled])
        return result

    def _indexed(self, expr: Any) -> Term:
        store = self.store
        make = store.sum if isinstance(expr, sympy.Sum) else store.product
        term = self.read(expr.function)
        for limit in expr.limits:  # the innermost first; the depth of an inner one may use an outer index
            if len(limit) != 3 or limit[1] != 1:
                raise TermError(f"found {_short(expr)}; sums and products run over (i, 1, K)")
            bound = store.fresh(limit[0].name)
            body = store.substitute([term], {store.symbol(limit[0].name): bound})[0]
            term = make(bound, self.read(limit[2]), body)
        return term

    def _recurrence(self, expr: Any) -> Term:
        component, depth, index, states, starts, steps = expr.args
        body, (bound, *inner) = self._scoped(list(steps), [index, *states])
        return self.store.recurrence(int(component), self.read(depth), bound, inner, [self.read(a) for a in starts],
                                     body)

    def _scoped(self, bodies: Sequence[Any], bound: Sequence[Any]) -> tuple[list[Term], list[Term]]:
        store = self.store
        symbols = [store.symbol(b.name) for b in bound]
        fresh = [store.fresh(b.name) for b in bound]
        terms = [self.read(b) for b in bodies]
        return store.substitute(terms, dict(zip(symbols, fresh, strict=True))), fresh


def _short(expr: Any) -> str:
    text = str(expr)
    return text if len(text) <= 60 else f"{text[:57]}..."
