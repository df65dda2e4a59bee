"""Proved equations of logarithms: products become sums, exponents factors, as ``checker.logforms`` rewrites them."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from normbound.claims.checker.logforms import ZERO, factors, key, to_node
from normbound.claims.replay.equations import Scope, chain
from normbound.claims.replay.rendering import power, render
from normbound.claims.replay.statement import Unreplayed, coq_name
from normbound.claims.syntax import Node, Op, substitute, variable

_ATOMS = (Op.VAR, Op.ELT, Op.CONST, Op.SUM, Op.MIN, Op.MAX, Op.ABS, Op.DD)


class Log(NamedTuple):
    """A text that is positive (``fact`` proves it), the value of its logarithm, and the proof: log (text) = value."""

    text: str
    fact: str
    value: str
    proof: str


def of_product(a: Log, b: Log) -> Log:
    return Log(f"({a.text} * {b.text})", f"(Rmult_lt_0_compat _ _ {a.fact} {b.fact})", f"({a.value} + {b.value})",
               f"(eq_trans (log_mul {a.text} {b.text} {a.fact} {b.fact}) (f_equal2 Rplus {a.proof} {b.proof}))")


def of_power(a: Log, k: int) -> Log:
    scale = str(k) if k > 0 else f"- {-k}"
    lemma = "log_pow_lit" if k > 0 else "log_inv_pow_lit"
    return Log(power(a.text, k), f"({f'pow_lt _ {k}' if k > 0 else f'pos_inv_pow _ {-k}'} {a.fact})", f"({scale} * {a.value})",
               f"(eq_trans ({lemma} {a.text} {abs(k)} {a.fact}) (f_equal (Rmult ({scale})) {a.proof}))")


def product(parts: list[Log]) -> Log:
    found = parts[-1]
    for p in reversed(parts[:-1]):
        found = of_product(p, found)
    return found


def logarithm(scope: Scope, node: Node, known: str | None = None) -> Log:
    """The logarithm of an expression as the claim writes it; ``known`` proves that it is positive, if anything does."""
    op, args = node.op, node.args
    text = scope.text(node)
    if op in (Op.MUL, Op.DIV):
        fact_a, fact_b = (scope.prove(Node(Op.LT, (ZERO, x))) for x in args)
        if known:
            if fact_a and not fact_b:
                fact_b = f"({'pos_second' if op == Op.MUL else 'pos_over'} _ _ {fact_a} {known})"
            elif fact_b and not fact_a:
                fact_a = f"({'pos_first' if op == Op.MUL else 'pos_top'} _ _ {fact_b} {known})"
        a, b = logarithm(scope, args[0], fact_a), logarithm(scope, args[1], fact_b)
        if op == Op.MUL:
            return of_product(a, b)._replace(text=text)
        return Log(text, f"(pos_div _ _ {a.fact} {b.fact})", f"({a.value} - {b.value})",
                   f"(eq_trans (log_div {a.text} {b.text} {a.fact} {b.fact}) (f_equal2 Rminus {a.proof} {b.proof}))")
    if op == Op.SQRT:
        a = logarithm(scope, args[0], f"(pos_root _ {known})" if known else None)
        return Log(text, f"(sqrt_lt_R0 _ {a.fact})", f"((1 / 2) * {a.value})",
                   f"(eq_trans (log_sqrt {a.text} {a.fact}) (f_equal (Rmult (1 / 2)) {a.proof}))")
    if op == Op.POW:
        a, e = logarithm(scope, args[0]), scope.flat(args[1])
        return Log(text, f"(pw_pos _ _ {a.fact})", f"({e.text} * {a.value})",
                   f"(eq_trans (log_pw {a.text} {scope.text(args[1])} {a.fact}) (f_equal2 Rmult {e.equation} {a.proof}))")
    if op == Op.DD and len(args) == 2:
        a, e = logarithm(scope, args[1]), scope.flat(args[0])
        whole = scope.natural(args[0])
        return Log(text, f"(eq_ind_r (fun t__ : R => 0 < t__) (pw_pos _ {scope.text(args[0])} {a.fact}) (dd_single _ {a.text} {whole}))",
                   f"({e.text} * {a.value})",
                   f"(eq_trans (log_dd {scope.text(args[0])} {a.text} {whole} {a.fact}) (f_equal2 Rmult {e.equation} {a.proof}))")
    if op == Op.EXP:
        e = scope.flat(args[0])
        return Log(text, f"(exp_pos {scope.text(args[0])})", e.text, chain(f"(log_exp {scope.text(args[0])})", e.proof) or "")
    if op == Op.PROD:
        return _indexed(scope, node)
    return _atom(scope, node, known)


def _indexed(scope: Scope, node: Node) -> Log:
    lo, hi, body = node.args
    index = str(node.value)
    inner = scope.inside(index, lo, hi)
    opened = substitute(body, {index: variable(inner.index)})
    a = logarithm(inner, opened)
    x = coq_name(inner.index)
    terms, linear = scope.linear(inner, lo, hi, inner.forms.log(opened))
    equation = chain(a.proof, inner.same(a.value, terms))
    fact = scope.each(inner, lo, hi, f"0 < {a.text} /\\ log {a.text} = {terms}", f"(conj {a.fact} {equation})")
    low, high = scope.text(lo), scope.text(hi)
    whole = f"{scope.integer(lo)} {scope.integer(hi)}"
    first = f"(fun {x} I__ L__ U__ => proj1 ({fact} {x} I__ L__ U__))"
    second = f"(fun {x} I__ L__ U__ => proj2 ({fact} {x} I__ L__ U__))"
    function = f"(fun {x} : R => {a.text})"
    proof = chain(f"(log_rprod {low} {high} {function} {whole} {first})",
                  f"(rsum_ext {low} {high} (fun {x} : R => log {a.text}) (fun {x} : R => {terms}) {whole} {second})", linear.proof)
    return Log(scope.text(node), f"(rprod_pos {low} {high} {function} {whole} {first})", linear.text, proof or "")


def of_number(scope: Scope, q: Fraction) -> Log:
    """log q for a rational q > 0, over the logarithms of primes."""
    parts: list[Log] = []
    for n, sign in ((q.numerator, 1), (q.denominator, -1)):
        for p, k in factors(n).items():
            prime = Log(str(p), scope.have(f"0 < {p}", "lra.", "q"), f"(log {p})", "eq_refl")
            parts.append(of_power(prime, sign * k))
    if not parts:
        return Log("1", "Rlt_0_1", "0", "log_1")
    return product(parts)


def _atom(scope: Scope, node: Node, known: str | None) -> Log:
    """The logarithm of a sum, a variable, a number: what the form of the expression says."""
    form = scope.forms.plain(node)
    text = scope.text(node)
    if not form:
        raise Unreplayed(f"found the logarithm of {str(node)[:60]}, which is 0")
    flat = scope.flat(node)
    if len(form) > 1:
        positive = known or scope.positive(node)
        unit, content = scope.forms.primitive(form)
        u = render(to_node(unit))
        if content == 1:
            equation = chain(flat.proof, scope.same(flat.text, u))
            return Log(text, positive, f"(log {u})", f"(f_equal log {equation})" if equation else "eq_refl")
        c = of_number(scope, content)
        whole = f"({c.text} * {u})"
        equation = chain(flat.proof, scope.same(flat.text, whole)) or "eq_refl"
        below = f"(pos_second {c.text} {u} {c.fact} (pos_eq _ _ {equation} {positive}))"
        log = of_product(c, Log(u, below, f"(log {u})", "eq_refl"))
        return Log(text, positive, log.value, f"(eq_trans (f_equal log {equation}) {log.proof})")
    (m, q), = form.items()
    if q <= 0:
        raise Unreplayed(f"found the logarithm of {str(node)[:60]}; accepted: a product of positive factors")
    lone = len(m) == 1
    parts: list[Log] = [] if q == 1 and m else [of_number(scope, q)]
    for x, k in sorted(m, key=lambda f: key(f[0])):
        t = render(x)
        if x == node or (x.op in _ATOMS and k == 1 and not (x.op == Op.DD and len(x.args) == 2)):
            if lone:
                equation = chain(flat.proof, scope.same(flat.text, t if q == 1 else f"({parts[0].text} * {t})")) or "eq_refl"
                fact = f"(pos_eq _ _ {equation} {known or scope.positive(node)})"
                if q != 1:
                    fact = f"(pos_second {parts[0].text} {t} {parts[0].fact} {fact})"
            else:
                fact = f"(pos_eq _ _ {scope.canonical(x).equation} {scope.positive(x)})"
            parts.append(Log(t, fact, f"(log {t})", "eq_refl"))
        else:
            inner, same = logarithm(scope, x), scope.canonical(x)
            if same.text != t:
                raise Unreplayed(f"found the factor {str(x)[:60]} in another form")
            if same.proof is None:
                inner = inner._replace(text=t)
            else:
                inner = Log(t, f"(pos_eq _ _ {same.proof} {inner.fact})", inner.value,
                            f"(eq_trans (f_equal log (eq_sym {same.proof})) {inner.proof})")
            parts.append(of_power(inner, k))
    joined = product(parts)
    last = chain(flat.proof, scope.same(flat.text, joined.text))
    if last is None:
        return joined._replace(text=text)
    return Log(text, f"(pos_eq _ _ (eq_sym {last}) {joined.fact})", joined.value, f"(eq_trans (f_equal log {last}) {joined.proof})")


__all__ = ["Log", "logarithm", "of_number"]
