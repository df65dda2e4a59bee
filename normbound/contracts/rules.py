"""Composition rules: summaries of parts -> summary of the whole.

Every rule is plain algebra in + and *, so the same function runs on terms (to derive), on exact fractions and on
floats (to test). ``RULES`` is the table that derivations cite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from normbound.contracts.summary import NO_SHARED, Number, Shared, Summary, hypotenuse, largest
from normbound.errors import UnsupportedError
from normbound.terms.store import ONE_ID, Term


def series(f: Summary, g: Summary) -> Summary:
    """g after f.

    L = L_g L_f, b0 = b_g + G_g b_f, G = G_g G_f, p^2 = L_g^2 p_f^2 + p_g^2(b_f + G_f B), c = L_g c_f + c_g(b_f + G_f B).
    """
    fL, fb, fG, q2, q1, q0, fshared, _ = f
    gL, gb, gG, g2, g1, g0, gshared, sup = g
    if gL is not gG or gb:  # a map such as ReLU, with L = G and b0 = 0, may be neutral: then only ``sup`` changes
        neutral = False
    else:
        neutral = gL == 1 if not isinstance(gL, Term) else gL.id == ONE_ID
    if neutral and not (g2 or g1 or g0 or gshared):
        return f if sup is f.sup else f._replace(sup=sup)
    if q0 or q2 or q1:
        square = gL**2
        q0 = square * q0 if q0 else q0
        q1 = square * q1 if q1 else q1
        q2 = square * q2 if q2 else q2
    if g0 or g2 or g1:
        if fG:
            q2 = q2 + g2 * fG**2
            q1 = q1 + (g1 * fG + 2 * g2 * fG * fb if fb else g1 * fG)
        own = g0
        if fb:
            if g1:
                own = g1 * fb + own
            if g2:
                own = g2 * fb**2 + own
        q0 = q0 + own
    shared = NO_SHARED
    if fshared or gshared:
        carried = {s: Shared(gL * c.l1, gL * c.l0, c.binders) for s, c in fshared.items()}
        moved = {s: Shared(c.l1 * fG, c.l1 * fb + c.l0, c.binders) for s, c in gshared.items()}
        shared = merge(carried, moved, _plus)
    return Summary(fL * gL, gb + gG * fb if gG and fb else gb, gG * fG if fG else fG, q2, q1, q0, shared, sup)


def add(f: Summary, g: Summary) -> Summary:
    """f(x) + g(x), separate parameters: constants, envelopes, p^2 and c add."""
    sup = f.sup + g.sup if f.sup is not None and g.sup is not None else None
    return Summary(f.L + g.L, f.b0 + g.b0, f.G + g.G, f.q2 + g.q2, f.q1 + g.q1, f.q0 + g.q0,
                   merge(f.shared, g.shared, _plus), sup)


def concat(f: Summary, g: Summary) -> Summary:
    """(f(x), g(x)): root-sum-square of L, b0, G and c; coefficientwise maximum of p^2 (Minkowski keeps radii affine)."""
    return Summary(hypotenuse(f.L, g.L), hypotenuse(f.b0, g.b0), hypotenuse(f.G, g.G), largest(f.q2, g.q2),
                   largest(f.q1, g.q1), largest(f.q0, g.q0), merge(f.shared, g.shared, hypotenuse), _sup_max(f, g))


def parallel(f: Summary, g: Summary) -> Summary:
    """(f(x1), g(x2)): maximum of L, G and p^2; root-sum-square of b0 and c."""
    return Summary(largest(f.L, g.L), hypotenuse(f.b0, g.b0), largest(f.G, g.G), largest(f.q2, g.q2),
                   largest(f.q1, g.q1), largest(f.q0, g.q0), merge(f.shared, g.shared, hypotenuse), _sup_max(f, g))


def scale(f: Summary, factor: Number) -> Summary:
    """a f with |a| = factor: everything times factor, p^2 times its square."""
    square = factor**2
    return Summary(factor * f.L, factor * f.b0, factor * f.G, square * f.q2, square * f.q1, square * f.q0,
                   {s: Shared(factor * c.l1, factor * c.l0, c.binders) for s, c in f.shared.items()} or NO_SHARED,
                   None if f.sup is None else factor * f.sup)


def product(f: Summary, g: Summary, sup_f: Number, sup_g: Number) -> Summary:
    """f(x) * g(x) entrywise where every entry of f is at most sup_f and of g at most sup_g, at both points.

    L = F_f L_g + F_g L_f, p^2 = F_f^2 p_g^2 + F_g^2 p_f^2, c = F_f c_g + F_g c_f, |fg| <= F_f (b_g + G_g B).
    """
    a, b = sup_f**2, sup_g**2
    shared = merge({s: Shared(sup_g * c.l1, sup_g * c.l0, c.binders) for s, c in f.shared.items()},
                   {s: Shared(sup_f * c.l1, sup_f * c.l0, c.binders) for s, c in g.shared.items()}, _plus)
    return Summary(sup_f * g.L + sup_g * f.L, sup_f * g.b0, sup_f * g.G, a * g.q2 + b * f.q2, a * g.q1 + b * f.q1,
                   a * g.q0 + b * f.q0, shared, sup_f * sup_g)


def compose(rule: str, parts: Sequence[Summary], factor: Number | None = None) -> Summary:
    """The summary of a bracket from those of its parts, in order.

    factor  of "scale". For "product" both parts state the bound on their entries (``sup``).
    """
    if rule == "scale":
        assert factor is not None
        return scale(parts[0], factor)
    if rule == "product":
        f, g = parts
        return product(f, g, f.sup, g.sup)
    if rule not in ("sum", "concat", "parallel"):
        raise UnsupportedError(f"no composition rule named {rule!r}")
    join = {"sum": add, "concat": concat, "parallel": parallel}[rule]
    total = parts[0]
    for part in parts[1:]:
        total = join(total, part)
    return total


def merge(f: Mapping[str, Shared], g: Mapping[str, Shared], join: Callable[[Number, Number], Number]) \
        -> Mapping[str, Shared]:
    """The shared sensitivities of two parts; a group in both is joined."""
    if not f and not g:
        return NO_SHARED
    out = dict(f)
    for s, c in g.items():
        old = out.get(s)
        if old is not None and old.binders != c.binders:
            raise UnsupportedError(f"parameter group {s} is used inside and outside of an indexed family")
        out[s] = c if old is None else Shared(join(old.l1, c.l1), join(old.l0, c.l0), c.binders)
    return out


def _plus(a: Number, b: Number) -> Number:
    return a + b


def _sup_max(f: Summary, g: Summary) -> Number | None:
    return largest(f.sup, g.sup) if f.sup is not None and g.sup is not None else None


@dataclass(frozen=True, slots=True)
class Rule:
    """A composition rule as derivations cite it; statement, reason and sharpness are TeX prose."""

    name: str
    statement: str
    reason: str
    sharpness: str
    lemma: str | None = None
    apply: Callable[..., Any] | None = None

    @property
    def status(self) -> str:
        return f"lemma {self.lemma}" if self.lemma else "cited"


RULES: dict[str, Rule] = {r.name: r for r in (
    Rule("series",
         r"$L = L_g L_f$; $b_0 = b_g + G_g b_f$, $G = G_g G_f$; $p(B)^2 = L_g^2\, p_f(B)^2 + p_g(b_f + G_f B)^2$; a "
         r"shared group: $c(B) = L_g\, c_f(B) + c_g(b_f + G_f B)$",
         r"Only $f$ moves the input of $g$, and that input has norm at most $b_f + G_f B$: $\abs{g(f(x);\theta) - "
         r"g(f(x');\theta')} \le L_g \abs{f(x) - f(x')} + p_g(b_f + G_f B) \abs{\theta_g - \theta'_g}$. "
         "Cauchy-Schwarz over the separate parameters of $f$ and $g$ makes $p^2$ add; the uses of a shared group "
         "add before squaring.",
         "exact: $f(x) = a x$, $g(x) = b x$; in the parameters scalar chains", lemma="Summary.rule_series",
         apply=series),
    Rule("sum", "$L = L_f + L_g$, $b_0 = b_f + b_g$, $G = G_f + G_g$; $p^2 = p_f^2 + p_g^2$; $c = c_f + c_g$",
         r"Triangle inequality; Cauchy-Schwarz over the separate parameters: $p_f \abs{\delta_f} + p_g "
         r"\abs{\delta_g} \le \sqrt{p_f^2 + p_g^2}\, \abs{(\delta_f, \delta_g)}$.",
         "exact: $f(x) = L_f x$, $g(x) = L_g x$", lemma="Summary.rule_sum", apply=add),
    Rule("concat",
         r"$L = \sqrt{L_f^2 + L_g^2}$, $b_0 = \sqrt{b_f^2 + b_g^2}$, $G = \sqrt{G_f^2 + G_g^2}$; $p^2 = \max(p_f^2, "
         r"p_g^2)$ in each coefficient; $c = \sqrt{c_f^2 + c_g^2}$",
         r"The outputs are orthogonal, so their squared changes add: $\abs{(u, v)}^2 = \abs{u}^2 + \abs{v}^2$; "
         r"Minkowski's inequality in $\mathbb{R}^2$ for the vector $(\abs{u}, \abs{v})$ keeps input and parameter "
         "terms apart. Separate parameters act on orthogonal outputs, so the larger $p$ suffices.",
         r"exact: $f(x) = g(x) = x$ gives $\sqrt{2}$", lemma="Summary.rule_concat", apply=concat),
    Rule("parallel",
         r"$L = \max(L_f, L_g)$, $b_0 = \sqrt{b_f^2 + b_g^2}$, $G = \max(G_f, G_g)$; $p^2 = \max(p_f^2, p_g^2)$ in "
         r"each coefficient; $c = \sqrt{c_f^2 + c_g^2}$",
         r"The two parts see orthogonal inputs and give orthogonal outputs: $L_f^2 \abs{u}^2 + L_g^2 \abs{v}^2 \le "
         r"\max(L_f, L_g)^2 (\abs{u}^2 + \abs{v}^2)$.",
         "exact: $f(x) = L_f x$, $g(x) = L_g x$", lemma="Summary.rule_parallel", apply=parallel),
    Rule("scale", r"$L = \abs{a} L_f$, and so for $b_0$, $G$, $p$ and $c$",
         r"The norm is homogeneous: $\abs{a u} = \abs{a} \abs{u}$.", "exact: $f(x) = L_f x$",
         lemma="Summary.rule_scale", apply=scale),
    Rule("product",
         "$L = F_f L_g + F_g L_f$; $p^2 = F_f^2 p_g^2 + F_g^2 p_f^2$; $c = F_f c_g + F_g c_f$; the norm of the "
         "output is at most $F_f (b_g + G_g B)$, where every entry of $f$ is at most $F_f$ and of $g$ at most $F_g$",
         r"$f(x) \odot g(x) - f(y) \odot g(y) = f(x) \odot (g(x) - g(y)) + (f(x) - f(y)) \odot g(y)$, and $\abs{u "
         r"\odot v} \le \abs{u}_\infty \abs{v}$.",
         r"exact: $x \odot x$ for a number $x$ in $[-R, R]$ gives $2R$", lemma="Summary.rule_product", apply=product),
    Rule("rows",
         r"$n$ rows: $L$, $G$ and $l_1$ stay; $b_0$ becomes $\sqrt{n}\, b_0$ and $l_0$ becomes $\sqrt{n}\, l_0$, "
         "for the Euclidean norm over all rows",
         "The map acts on each of the $n$ rows alone. Squares add over rows, and Minkowski's inequality in "
         r"$\mathbb{R}^n$ gives $\sum_{r} (l_1 \abs{x_r} + l_0)^2 \le (l_1 \abs{x} + \sqrt{n}\, l_0)^2$.",
         "exact: equal rows", lemma="Summary.rule_rows"),
    Rule("repeat",
         r"$L_K = L^K$, $B_K = G^K B + b \operatorname{dd}(K; G, 1)$, and $P_K^2$ is a combination of divided "
         r"differences $\operatorname{dd}(K; L^2, \ldots)$ with further nodes among $G^2$, $G$, $1$",
         "One iteration maps the radius by $B' = G B + b$ and the squared sensitivity by $P' = L^2 P + q_2 B^2 + "
         "q_1 B + q_0$. This is linear in $(P, B^2, B, 1)$ with a triangular matrix of diagonal $L^2, G^2, G, 1$; "
         "its powers are combinations of divided differences of $z^K$ at the diagonal, which may coincide.",
         "exact: scalar chains with bias", lemma="Repeat.rule_repeat"),
    Rule("repeat-tied",
         r"$c_K = l_1 (B \operatorname{dd}(K; L, G) + b \operatorname{dd}(K; L, G, 1)) + l_0 \operatorname{dd}(K; "
         "L, 1)$",
         "Every iteration uses the same parameter group, so its effects may point the same way and add before "
         "squaring: $c' = L c + l_1 B + l_0$ with $B' = G B + b$.",
         "exact: scalar tied chains", lemma="Repeat.rule_repeat_tied"),
    Rule("repeat-family",
         r"$x_i = f_i(x_{i-1})$ for $i = 1, \ldots, K$, each iteration with its own bounds: the recursion itself, "
         "or a product or sum over $i$",
         "Induction over $i$ with the rule for series.", "as its body",
         lemma="Zoo.rule_family"),
    Rule("capture",
         r"$L = L_x + \sum_j T_j L_j$ with $T_j = l_j \operatorname{dd}(K; L, 1)$, where $L_j$ is the constant of "
         "the captured tensor $u_j$ and $l_j$ that of one iteration in $u_j$",
         "The outside tensor enters every iteration; what enters at iteration $i$ is transported by $L^{K-i}$, and "
         r"$1 + L + \ldots + L^{K-1} = \operatorname{dd}(K; L, 1)$.",
         "exact: scalar input injection", lemma="Zoo.rule_capture"),
)}
