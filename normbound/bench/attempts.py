"""What one would ask SymPy about the claims of claims.toml: the best of the attempts made with documented functions.

A hypothesis that assumptions of symbols cannot hold is put into the expression, as one would by hand: q < 1 as q = w/(1 + w). Other
steps that a person takes first are said in ``by_hand``; they are in SymPy's favour, for normbound takes them itself. An attempt returns
True, False, or what SymPy gives where it does not decide: None, or the unevaluated statement. NotImplementedError means the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Attempt(NamedTuple):
    """ask: the question; calls: what of SymPy is in it, for the table; by_hand: what a person does first, empty for nothing."""

    ask: Callable[[], Any]
    calls: str
    by_hand: str


ATTEMPTS: dict[str, Attempt] = {}


def attempt(claim: str, calls: str, by_hand: str = "") -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Register the attempt at a claim."""
    def register(function: Callable[[], Any]) -> Callable[[], Any]:
        ATTEMPTS[claim] = Attempt(function, calls, by_hand)
        return function
    return register


def _natural(names: str) -> Any:
    from sympy import symbols
    return symbols(names, integer=True, nonnegative=True)


def _positive(names: str) -> Any:
    from sympy import symbols
    return symbols(names, positive=True)


@attempt("threshold-of-gains", "Product.doit, expand_log, simplify", "logarithms of both sides, for which the statement is an identity")
def threshold_of_gains() -> Any:
    """simplify(Equivalent(...)), ask(Q.le(...)) and reduce_inequalities leave the statement itself open."""
    from sympy import Product, expand_log, log, simplify, sqrt
    i, j, K, m = _natural("i j K m")
    s, g, sigma, eps = _positive("s g sigma eps")
    product = Product(s, (i, 1, K)).doit()*Product(g/sqrt(sigma**2 + eps), (j, 1, m)).doit()
    return simplify(expand_log(log(product)) - (K*log(s) - m*log(sqrt(sigma**2 + eps)/g))) == 0


@attempt("powers-decrease", "expand_log, simplify, is_nonnegative", "q = 0 apart; q = 1/(1 + w), n = m + k; logarithms of both sides")
def powers_decrease() -> Any:
    """ask(Q.le(q**n, q**m), Q.le(q, 1) & Q.le(m, n)) is None, and so is is_nonnegative of the difference."""
    from sympy import expand_log, log, simplify, symbols
    m, k = _natural("m k")
    q = 1/(1 + symbols("w", nonnegative=True))
    return simplify(expand_log(log(q**m) - log(q**(m + k)))).is_nonnegative


@attempt("recurrence", "rsolve, simplify")
def recurrence() -> Any:
    """The recurrence solved, and compared with the form."""
    from sympy import Function, rsolve, simplify, symbols
    i = _natural("i")
    q = _positive("q")
    b, r = symbols("b r", nonnegative=True)
    x = Function("x")
    return simplify(rsolve(x(i + 1) - q*x(i) - b, x(i), {x(0): r}) - (r*q**i + b*(1 - q**i)/(1 - q))) == 0


@attempt("geometric-sum", "summation, simplify, is_nonnegative", "q = w/(1 + w)")
def geometric_sum() -> Any:
    """The difference of the sides; ask with Q.lt(q, 1) is None."""
    from sympy import simplify, summation, symbols
    i, K = _natural("i K")
    w = symbols("w", nonnegative=True)
    q = w/(1 + w)
    return simplify(1/(1 - q) - summation(q**i, (i, 0, K - 1))).is_nonnegative


@attempt("bounded-terms", "Sum, is_nonnegative", "s[i] = L - t[i] with t[i] nonnegative")
def bounded_terms() -> Any:
    """The sum of the nonnegative slacks; simplify and ask leave the statement as it is."""
    from sympy import IndexedBase, Sum
    i, K = _natural("i K")
    return Sum(IndexedBase("t", nonnegative=True)[i], (i, 1, K)).is_nonnegative


@attempt("cauchy-schwarz", "Sum, simplify")
def cauchy_schwarz() -> Any:
    """Also None: is_nonnegative and ask(Q.nonnegative(...)) of the difference."""
    from sympy import IndexedBase, Sum, simplify
    i, K = _natural("i K")
    a, b = IndexedBase("a", real=True), IndexedBase("b", real=True)
    return simplify(Sum(a[i]*b[i], (i, 1, K))**2 <= Sum(a[i]**2, (i, 1, K))*Sum(b[i]**2, (i, 1, K)))


@attempt("exponential", "maximum")
def exponential() -> Any:
    """The maximum over the reals; solve_univariate_inequality raises NotImplementedError."""
    from sympy import S, exp, symbols
    from sympy.calculus.util import maximum
    x = symbols("x", real=True)
    return maximum(x*exp(1 - x), x, S.Reals) <= 1


@attempt("silu-tail", "simplify, together, minimum, is_positive", "a fraction with a positive denominator has the sign of its numerator")
def silu_tail() -> Any:
    """maximum and solve_univariate_inequality raise NotImplementedError, is_decreasing is None for the statement as it is."""
    from sympy import Interval, Rational, exp, fraction, oo, simplify, symbols, together
    from sympy.calculus.util import minimum
    x = symbols("x", real=True)
    above, below = fraction(together(Rational(1, 2000) - simplify(x - x/(1 + exp(-x)))))
    return below.is_positive and minimum(above, x, Interval(10, oo)) >= 0


@attempt("limit", "limit", "q = 1/(1 + u)")
def limit_of_powers() -> Any:
    """With a symbol q it raises NotImplementedError: the sign of log(q)."""
    from sympy import limit, oo
    K, u = _natural("K"), _positive("u")
    return limit(K**2*(1/(1 + u))**K, K, oo) == 0


@attempt("rate", "limit", "the larger of a and b taken out of the root; a > b, a = b and a < b apart")
def rate() -> Any:
    """With the symbols a and b it raises NotImplementedError: the sign of log(a)."""
    from sympy import Integer, limit, oo
    K, u = _natural("K"), _positive("u")
    smaller = (1/(1 + u))**K
    return all(limit(term**(1/K), K, oo) == 1 for term in (3 + 5*smaller, Integer(3 + 5), 3*smaller + 5))


@attempt("bound-of-network", "expand_log, simplify, is_nonpositive",
         "the bound written out, (g s/sqrt(sigma^2 + eps))^K; s = sqrt(sigma^2 + eps)/(g (1 + w)); logarithms of both sides")
def bound_of_network() -> Any:
    """ask(Q.le(bound, 1), Q.le(g*s, sqrt(sigma**2 + eps))) is None; SymPy knows no networks."""
    from sympy import expand_log, log, simplify, sqrt, symbols
    K = _natural("K")
    g, sigma, eps = _positive("g sigma eps")
    s = sqrt(sigma**2 + eps)/(g*(1 + symbols("w", nonnegative=True)))
    return simplify(expand_log(log((g*s/sqrt(sigma**2 + eps))**K))).is_nonpositive


@attempt("bernoulli-reversed", "subs", "small numbers to try")
def bernoulli_reversed() -> Any:
    """simplify leaves the statement as it is, so small numbers are tried; that can only refute."""
    from sympy import false, symbols
    K, x = _natural("K"), symbols("x", nonnegative=True)
    statement = (1 + x)**K <= 1 + K*x
    return False if any(statement.subs({K: k, x: v}) is false for k in range(4) for v in range(3)) else None


@attempt("integers", "minimum, subs", "K = 0 apart; real K from 1 on")
def integers() -> Any:
    """minimum over S.Naturals0 and solve_univariate_inequality raise NotImplementedError, ask is None."""
    from sympy import Interval, oo, symbols
    from sympy.calculus.util import minimum
    x = symbols("x", real=True)
    gap = 2**x - x - 1
    return gap.subs(x, 0) >= 0 and minimum(gap, x, Interval(1, oo)) >= 0


__all__ = ["ATTEMPTS", "Attempt"]
