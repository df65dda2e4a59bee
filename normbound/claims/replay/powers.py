"""Proved equations of powers: x^(2*K+1) = (x^K)^2*x and (x*y)^K = x^K*y^K, as ``checker.logforms`` splits them.

Exponents that are natural split for any base, others only where the base is positive.
"""

from __future__ import annotations

from fractions import Fraction

from normbound.claims.checker.logforms import UNIT, Form, Monomial, constant, key, monomial_node, multiply, to_node
from normbound.claims.replay.equations import Flat, Scope, arranged, both, chain, one
from normbound.claims.replay.rendering import power, render
from normbound.claims.replay.statement import Unreplayed
from normbound.claims.sorts import is_natural
from normbound.claims.syntax import Node, Op, number


def power_of(scope: Scope, node: Node) -> Flat:
    """A power as a rational expression over atoms."""
    base, exponent = node.args
    forms = scope.forms
    below, above = forms.plain(base), forms.plain(exponent)
    n = above.get(UNIT, Fraction(0))
    if above == constant(n) and n.denominator == 1:
        flat, e = scope.flat(base), scope.canonical(exponent)
        if n == 0:
            return Flat("1", f"(pw_null {scope.text(base)} _ {e.equation})")
        text = power(flat.text, int(n))
        if n < 0:
            scope.nonnull(base)
        lemma = f"({'pw_lit' if n > 0 else 'pw_neg'} {scope.text(base)} {scope.text(exponent)} {abs(n)} {e.equation})"
        function = f"(fun t__ : R => {power('t__', int(n))})"
        return Flat(text, chain(lemma, one(function, flat)))
    if below == constant(1):
        return Flat("1", f"(pw_one {scope.text(base)} {scope.text(exponent)} {scope.canonical(base).equation})")
    form = forms.plain(node)
    whole = Node(Op.POW, (to_node(below), to_node(above)))
    if form == {frozenset(((whole, 1),)): Fraction(1)}:
        b, e = scope.canonical(base), scope.canonical(exponent)
        return Flat(render(whole), both("pw", b, e))
    return _split(scope, base, exponent, below, above)


def _split(scope: Scope, base: Node, exponent: Node, below: Form, above: Form) -> Flat:
    forms = scope.forms
    n = above.get(UNIT, Fraction(0))
    pieces = sorted(((m, c) for m, c in above.items() if m != UNIT), key=lambda p: key(monomial_node(p[0])))
    positive = forms.positive(base)
    b, e = scope.canonical(base), scope.flat(exponent)
    fact = scope.have(f"0 < {b.text}", f"(pos_eq _ _ {b.equation} {scope.positive(base)})", "q") if positive else ""
    summands: list[tuple[str, Flat, str]] = []  # the exponent, the power with its proof, that the exponent is natural
    for m, c in pieces:
        if c.denominator != 1:
            raise Unreplayed(f"found the exponent {exponent}; accepted: integer multiples of variables")
        k = int(c)
        part = {m: Fraction(1)}
        text = render(monomial_node(m))
        natural = natural_monomial(scope, m) if forms.natural(part) else ""
        inner = _product(scope, below, b.text, part, text, natural, fact)
        scaled = f"({abs(k)} * {text})" if k > 0 else f"(- ({abs(k)} * {text}))"
        if fact:
            lemma = f"({'pw_times' if k > 0 else 'pw_minus_times'} {b.text} {text} {abs(k)} {fact})"
        else:
            lemma = f"(pw_times_nat {b.text} {text} {abs(k)} {natural})"
        if k < 0:
            _apart(scope, inner, f"(pw_nz {b.text} {text} {fact})")
        flat = Flat(power(inner.text, k), chain(lemma, one(f"(fun t__ : R => {power('t__', k)})", inner)))
        summands.append((scaled, flat, f"(isnat_mul _ _ (isnat_pos {k}) {natural})" if natural and k > 0 else ""))
    if n:
        k = int(n)
        if k < 0:
            scope.nonnull(base)
        lemma = f"(pw_pos_lit {b.text} {k})" if k > 0 else f"(pw_neg {b.text} (- {-k}) {-k} eq_refl)"
        summands.append((str(k) if k > 0 else f"(- {-k})", Flat(power(b.text, k), lemma), f"(isnat_pos {k})" if k > 0 else ""))
    total, last, natural = summands[-1]
    value, proof = last.text, last.equation
    for s, f, nat in reversed(summands[:-1]):
        lemma = f"(pw_add {b.text} {s} {total} {fact})" if fact else f"(pw_add_nat {b.text} {s} {total} {nat} {natural})"
        proof = f"(eq_trans {lemma} (f_equal2 Rmult {f.equation} {proof}))"
        total, value = f"({s} + {total})", f"({f.text} * {value})"
        natural = f"(isnat_add _ _ {nat} {natural})" if nat and natural else ""
    arranged_exponent = Flat(total, chain(e.proof, scope.same(e.text, total)))
    return Flat(value, chain(both("pw", b, arranged_exponent), proof))


def natural_monomial(scope: Scope, m: Monomial) -> str:
    """A proof that a product of powers of natural atoms is natural, as rendered."""
    proof = ""
    for x, k in sorted(m, key=lambda f: key(f[0])):
        if k < 0 or not is_natural(x, scope.sequent.sorts):
            raise Unreplayed(f"found the exponent {monomial_node(m)}; accepted: natural by its form")
        fact = scope.natural(x)
        c = scope.canonical(x)
        if c.proof is not None:
            fact = f"(isnat_eq _ _ {c.proof} {fact})"
        fact = fact if k == 1 else f"(isnat_pow _ {k} {fact})"
        proof = f"(isnat_mul _ _ {proof} {fact})" if proof else fact
    return proof


def _apart(scope: Scope, product: Flat, fact: str) -> None:
    """The power is not 0, by ``fact``, so neither are the factors of the product, which stand in a denominator."""
    if product.text in scope.nonnulls:
        return
    scope.nonnulls.add(product.text)
    scope.have(f"{product.text} <> 0", f"(nz_eq _ _ {product.equation} {fact})", "nz")


def _product(scope: Scope, below: Form, text: str, part: Form, exponent: str, natural: str, positive: str) -> Flat:
    """base^M for a monomial M: the product of the powers of the factors of the base."""
    forms = scope.forms
    if len(below) == 1:
        if not natural:
            (m, c), = below.items()
            if not (positive and c > 0 and all(forms.positive(x) for x, _ in m)):
                return Flat(f"(pw {text} {exponent})", None)
        return _factors(scope, arranged(below), text, part, exponent, natural)
    if not natural:
        return Flat(f"(pw {text} {exponent})", None)
    unit, content = forms.primitive(below)
    if content == 1:
        return Flat(f"(pw {text} {exponent})", None)
    u = render(to_node(unit))
    number_ = _factors(scope, arranged({UNIT: content}), render(number(content)), part, exponent, natural)
    equation = scope.same(text, f"({render(number(content))} * {u})")
    first = None if equation is None else f"(f_equal (fun t__ : R => pw t__ {exponent}) {equation})"
    lemma = f"(pw_mul_nat {render(number(content))} {u} {exponent} {natural})"
    return Flat(f"({number_.text} * (pw {u} {exponent}))", chain(first, lemma, both("Rmult", number_, Flat("", None))))


def _factors(scope: Scope, listed: list[tuple[int | Node, int]], text: str, part: Form, exponent: str, natural: str) -> Flat:
    """(x^k*y^j*...)^M."""
    pieces: list[tuple[str, Flat, str]] = []  # the factor, its power, that the factor is positive
    for x, k in listed:
        if x == -1:
            pieces.append(("(- 1)", Flat(f"(pw (- 1) {exponent})", None), ""))
            continue
        if isinstance(x, Node):
            t, whole, fact = render(x), _nested(scope, x, part, exponent, natural), ""
            if not natural:
                c = scope.canonical(x)
                fact = f"(pos_eq _ _ {c.equation} {scope.positive(x)})"
        else:
            t, whole = str(x), Flat(f"(pw {x} {exponent})", None)
            fact = scope.have(f"0 < {t}", "lra.", "q")
        if k < 0:
            nonzero = f"(pw_nz {t} {exponent} {fact})" if fact else f"(pw_nat_nz {t} {exponent} {natural} {_nonzero(scope, x, t)})"
            _apart(scope, whole, nonzero)
        lemma = {(True, True): "pw_pow_nat", (True, False): "pw_inv_pow_nat", (False, True): "pw_pow",
                 (False, False): "pw_inv_pow"}[bool(natural), k > 0]
        proof = f"({lemma} {t} {abs(k)} {exponent} {natural or fact})"
        value = Flat(power(whole.text, k), chain(proof, one(f"(fun t__ : R => {power('t__', k)})", whole)))
        powered = f"({'pow_lt _ ' + str(k) if k > 0 else 'pos_inv_pow _ ' + str(-k)} {fact})" if fact else ""
        pieces.append((power(t, k), value, powered))
    if not pieces:
        return Flat("1", f"(pw_one {text} {exponent} {scope.same(text, '1') or 'eq_refl'})")
    total, last, fact = pieces[-1]
    value_text, proof = last.text, last.equation
    for t, v, f in reversed(pieces[:-1]):
        lemma = f"(pw_mul_nat {t} {total} {exponent} {natural})" if natural else f"(pw_mul {t} {total} {exponent} {f} {fact})"
        proof = f"(eq_trans {lemma} (f_equal2 Rmult {v.equation} {proof}))"
        total, value_text = f"({t} * {total})", f"({v.text} * {value_text})"
        fact = f"(Rmult_lt_0_compat _ _ {f} {fact})" if not natural else ""
    equation = scope.same(text, total)
    first = None if equation is None else f"(f_equal (fun t__ : R => pw t__ {exponent}) {equation})"
    return Flat(value_text, chain(first, proof))


def _nonzero(scope: Scope, x: int | Node, text: str) -> str:
    """That an atom is not 0: stated when it became a denominator, or evident."""
    if any(text in s.nonnulls for s in scope.outward()):
        return scope.have(f"{text} <> 0", "assumption.", "nz")
    if not isinstance(x, Node):
        raise Unreplayed(f"no proof that {text[:60]} is not 0 is at hand")
    fact = scope.prove(Node(Op.NE, (x, number(0)))) or f"(nz_pos _ {scope.positive(x)})"
    return scope.have(f"{text} <> 0", f"(nz_eq _ _ {scope.canonical(x).equation} {fact})", "nz")


def _nested(scope: Scope, x: Node, part: Form, exponent: str, natural: str) -> Flat:
    """(y^N)^M = y^(N*M) for natural N and M, where the checker joins them."""
    text = f"(pw {render(x)} {exponent})"
    if x.op != Op.POW or not natural or not is_natural(x.args[1], scope.sequent.sorts):
        return Flat(text, None)
    y, inner = x.args
    joined = multiply(scope.forms.plain(inner), part)
    if len(joined) != 1 or next(iter(joined.values())) != 1:
        return Flat(text, None)
    (m, _), = joined.items()
    a = scope.canonical(inner)
    fact = scope.natural(inner)
    if a.proof is not None:
        fact = f"(isnat_eq _ _ {a.proof} {fact})"
    e = render(monomial_node(m))
    lemma = f"(pw_pw_nat {render(y)} {render(inner)} {exponent} {fact} {natural})"
    equation = scope.same(f"({render(inner)} * {exponent})", e)
    return Flat(f"(pw {render(y)} {e})", chain(lemma, one(f"(pw {render(y)})", Flat(e, equation)) if equation else None))


__all__ = ["natural_monomial", "power_of"]
