r"""TeX of terms: golden strings, what is printed read back as mathematics, what TeX itself says, and bad names."""

import re
import shutil
import subprocess
from collections.abc import Callable
from fractions import Fraction
from math import comb, prod
from typing import Any

import pytest
from hypothesis import given
from terms.term_reference import FEWER, REALS, ROOTED, STABLE, TREES, VALUES, NotRational, build, homogeneous, rational_root, value

from normbound.calculus.bound import derive_all
from normbound.errors import TermError
from normbound.network import builtins
from normbound.render.names import Names, parse_name, pretty
from normbound.render.tex import COLUMN, MAX_LINES, Tex, measure, to_tex
from normbound.terms.grammar import parse
from normbound.terms.normal import normal
from normbound.terms.store import Store, sqrt

# -- golden strings ------------------------------------------------------------------------------------------------------
GOLDEN = [
    ("(s*g/sqrt(sigma^2 + eps))^K", r"\left(\frac{s g}{\sqrt{\sigma^{2} + \varepsilon}}\right)^{K}"),
    ("s*g/sqrt(sigma^2 + eps)", r"\frac{s g}{\sqrt{\sigma^{2} + \varepsilon}}"),
    ("dd(K; s, 1)*t + s^K", r"t\,\sum_{i=0}^{K-1} s^{i} + s^{K}"),
    ("prod(i, K, s[i]*g[i]/sqrt(sigma[i]^2 + eps))",
     r"\prod_{i=1}^{K} \frac{s_{i}\,g_{i}}{\sqrt{\sigma_{i}^{2} + \varepsilon}}"),
    ("2*3^K*x", r"2 \cdot 3^{K}\,x"), ("2*x", "2 x"), ("2*(a + b)", "2(a + b)"), ("x*2^K", r"x \cdot 2^{K}"),
    ("1/2 + x/4", r"\frac{1}{2} + \frac{x}{4}"), ("max(a, b/2, 1)", r"\max\left\{a, \frac{b}{2}, 1\right\}"),
    ("(a + b*(c + d*(e + f)))*g", r"\Bigl(a + b\,\bigl(c + d\,(e + f)\bigr)\Bigr)\,g"),
    ("sqrt(n)*h + g*sqrt(n)*sqrt(d)", r"\sqrt{n}\,h + g \sqrt{n d}"), ("s^(2*K)", "s^{2 K}"), ("(s*t)^(K - 1)", "(s t)^{K-1}"),
    ("gelu_lip*s_max", r"\rho_{\mathrm{GELU}}\,s_{\mathrm{max}}"), ("unbounded", r"\infty"), ("1e40*x", r"10^{40}\,x"),
    ("dd(K; a, b, 1)", r"\chsp_{K-2}(a, b, 1)"), ("dd(K + 3; a, b)", r"\sum_{i=0}^{K+2} a^{i}\,b^{K+2-i}"),
    ("dd(K; s, s^2)", r"\sum_{i=0}^{K-1} s^{K-1 + i}"), ("dd(K; 1, 1, 1)", r"\binom{K}{2}"), ("dd(K; 1, 1)*b", "K b"),
    ("exp(a)*d", r"\exp(a)\,d"), ("x^(2/3)", "x^{2/3}"), ("1/x", r"\frac{1}{x}"),
    ("(a + b)^2/(c + d)", r"\frac{(a + b)^{2}}{c + d}"),
    ("s[1]*s[K]", r"s_{1}\,s_{K}"), ("0^K*R", r"0^{K}\,R"),
]


@pytest.mark.parametrize(("text", "tex"), GOLDEN)
def test_golden(text, tex):
    with Store() as store:
        assert to_tex(parse(text, store)) == tex


def test_forms_for_positive_depths_are_opt_in_and_reported():
    with Store() as store:
        term = parse("dd(K; a, 0)*x + dd(m; a, a)", store)
        page = Tex()
        assert page.tex(term) == r"a^{K-1}\,x + m a^{m-1}"
        assert page.conditions == [r"K \ge 1", r"m \ge 1"]
        assert [r.name for r in page.used] == ["zero_node", "pair_same"]
        plain = Tex(positive_depths=False)
        plain.tex(term)
        assert plain.conditions == [] and not any(r.condition for r in plain.used)


def test_what_a_page_must_explain():
    with Store() as store:
        page = Tex()
        page.tex(store.operator_norm([[1, 2], [3, 4]]) * store.constant("gelu_lip") * parse("dd(K; a, b, c)", store))
        page.tex(store.operator_norm([[1, 0], [3, 4]]) + store.operator_norm([[1, 2], [3, 4]]))
        assert page.constants == {"gelu_lip": (r"\rho_{\mathrm{GELU}}", page.constants["gelu_lip"][1])}
        assert page.matrices == [("W_{1}", ((1, 2), (3, 4))), ("W_{2}", ((1, 0), (3, 4)))]
        assert page.homogeneous_used and "complete homogeneous" in " ".join(page.notes())
        assert page.tex(store.operator_norm([[1, 0], [3, 4]])) == r"\norm{W_{2}}"


def test_recurrences_print_as_sequences():
    with Store() as store:
        x, i, k = store.fresh("B1"), store.fresh("i"), store.symbol("K")
        term = store.recurrence(0, k, i, [x], [store.symbol("R")], [x**2 + store.element("b", i)])
        assert Tex().lines(term) == [("B_{0}", "R"), ("B_{i}", r"B_{i-1}^{2} + b_{i}\qquad (1 \le i \le K)"), ("", "B_{K}")]
        assert to_tex(sqrt(term)) == (r"\sqrt{B_{K}} \quad\text{with}\quad B_{0} = R,\ "
                                      r"B_{i} = B_{i-1}^{2} + b_{i}\ (1 \le i \le K)")
        page = Tex()  # the same sequence keeps its name; another one gets another name
        page.tex(term)
        other = store.recurrence(0, k, i, [x], [store.symbol("S")], [x * store.element("b", i)])
        assert page.tex(term + other).startswith(r"B_{K} + B_{1,K} \quad\text{with}\quad B_{1,0} = S")


def test_output_does_not_depend_on_other_terms_of_the_store():
    texts = [t for t, _ in GOLDEN]
    found = []
    for order in (texts, texts[::-1]):
        with Store() as store:
            table = {t: parse(t, store) for t in order}
            found.append([to_tex(table[t]) for t in texts])
    assert found[0] == found[1]


# -- reading it back -----------------------------------------------------------------------------------------------------
_TOKEN = re.compile(r"\\(?:left|right|[bB]ig[lr]?)(?=[(){\\])|\\,|\\quad|\\qquad|\\[A-Za-z]+"
                    r"|\\[{}]|\d+|[A-Za-z]|[-+^_{}(),\[\]/=]|\s+")
_GREEKS = {r"\sigma": "sigma"}


class Reader:
    """Exact values of printed TeX, by plain recursive descent; ``definitions`` are the lines beside it."""

    def __init__(self, values: dict[str, Any], definitions: list[tuple[str, str]] = ()):  # type: ignore[assignment]
        self.values = values
        self.lines: list[tuple[str, list[str], str]] = []
        for left, right in definitions:
            head, sub = re.fullmatch(r"(.+?)_\{(.+)\}", left).groups()  # type: ignore[union-attr]
            self.lines.append((head, sub.split(","), re.sub(r"(\\qquad| ) ?\(1 \\le .*", "", unbroken(right))))

    def read(self, tex: str, env: dict[str, Fraction] | None = None) -> Fraction:
        tokens = _TOKEN.findall(tex)
        assert "".join(tokens) == tex, tex
        self.tokens = [t for t in tokens if not t.isspace() and t not in (r"\,", r"\quad", r"\qquad")
                       and not re.fullmatch(r"\\(left|right|[bB]ig[lr]?)", t)]
        saved, self.k, self.env = self.tokens, 0, env or {}
        result = self.sum()
        assert self.k == len(saved), saved[self.k:]
        return result

    def peek(self) -> str:
        return self.tokens[self.k] if self.k < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        assert token and (not expected or token == expected), (expected, self.tokens[self.k:])
        self.k += 1
        return token

    def sum(self) -> Fraction:
        sign = 1
        if self.peek() == "-":
            self.take()
            sign = -1
        total = sign * self.product()
        while self.peek() in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            total += sign * self.product()
        return total

    def product(self) -> Fraction:
        result = self.factor()
        while self.peek() not in ("", "+", "-", "}", ")", ",", r"\}", "="):
            if self.peek() == "/":
                self.take()
                result /= self.factor()
                continue
            if self.peek() == r"\cdot":
                self.take()
            result *= self.factor()
        return result

    def group(self) -> Fraction:
        self.take("{")
        result = self.sum()
        self.take("}")
        return result

    def raw(self) -> str:
        self.take("{")
        depth, found = 1, []
        while depth:
            token = self.take()
            depth += (token == "{") - (token == "}")
            found.append(token)
        return " ".join(found[:-1])

    def factor(self) -> Fraction:
        token = self.take()
        if token in (r"\sum", r"\prod"):
            return self.large(token)
        if token == "(":
            base = self.sum()
            self.take(")")
        elif token == r"\frac":
            above, below = self.group(), self.group()
            if below == 0:
                raise NotRational
            base = above / below
        elif token == r"\binom":
            base = Fraction(comb(int(self.group()), int(self.group())))
        elif token == r"\sqrt":
            base = rational_root(self.group(), 2)
        elif token in (r"\max", r"\min"):
            self.take(r"\{")
            base = (max if token == r"\max" else min)(self.list(r"\}"))
        elif token == r"\chsp":
            self.take("_")
            degree = self.group()
            self.take("(")
            base = homogeneous(int(degree), self.list(")"))
        elif token.isdigit():
            base = Fraction(int(token))
        else:
            base = self.name(_GREEKS.get(token, token))
        if self.peek() == "^":
            self.take()
            exponent = self.group()
            if base == 0 and exponent < 0:
                raise NotRational
            base = rational_root(base, exponent.denominator) ** exponent.numerator
        return base

    def list(self, end: str) -> list[Fraction]:
        found = [self.sum()]
        while self.peek() == ",":
            self.take()
            found.append(self.sum())
        self.take(end)
        return found

    def name(self, head: str) -> Fraction:
        if self.peek() != "_":
            return self.env[head] if head in self.env else Fraction(self.values[head])
        self.take()
        self.take("{")
        index = self.list("}")
        if head in self.values:
            members = self.values[head]
            if not 1 <= index[0] <= len(members):
                raise NotRational
            return Fraction(members[int(index[0]) - 1])
        for exactly in (True, False):
            for other, pattern, right in self.lines:
                literal = all(p.isdigit() for p in pattern)
                if other != head or len(pattern) != len(index) or exactly != literal:
                    continue
                if all(not p.isdigit() or int(p) == v for p, v in zip(pattern, index, strict=True)):
                    inner = {p: v for p, v in zip(pattern, index, strict=True) if not p.isdigit()}
                    below = Reader(self.values)
                    below.lines = self.lines
                    return below.read(right, inner)
        raise AssertionError(f"{head}_{index} is not defined")

    def large(self, token: str) -> Fraction:
        self.take("_")
        self.take("{")
        letter = self.take()
        self.take("=")
        start = int(self.sum())
        self.take("}")
        self.take("^")
        stop = int(self.group())
        at, before, found = self.k, self.env, []
        for k in range(start, stop + 1):
            self.k, self.env = at, {**before, letter: Fraction(k)}
            found.append(self.product())
        if stop < start:  # only to find its end
            self.k, self.env = at, {**before, letter: Fraction(1)}
            try:
                self.product()
            except ZeroDivisionError as error:
                raise NotRational from error
        self.env = before
        return sum(found, Fraction(0)) if token == r"\sum" else Fraction(prod(found))


def unbroken(rows: str) -> str:
    """One line of what was broken into rows."""
    return re.sub(r"\\\\\n&\\q?quad (\{\})?", " ", rows)


def balanced(tex: str) -> bool:
    depth = 0
    for token in re.findall(r"\\.|[{}]", tex):
        depth += (token == "{") - (token == "}")
        if depth < 0:
            return False
    rows_closed = all(len(re.findall(r"\\left\b", row)) == len(re.findall(r"\\right\b", row)) for row in tex.split("\\\\\n"))
    return depth == 0 and rows_closed


@STABLE
@given(TREES)
def test_printed_terms_have_the_value_of_the_term(tree):
    """The formula on one line, and the same broken into rows with named subterms."""
    with Store() as store:
        term = build(store, tree)
        try:
            expected = value(term, VALUES)
        except NotRational:
            return
        for width in (1000.0, 14.0):
            *where, (_, whole) = Tex().lines(term, width)
            assert balanced(whole) and all(balanced(t) for _, t in where)
            try:
                found = Reader(VALUES, where).read(unbroken(whole))
            except NotRational:  # 0^-1 in a part that the value does not need
                continue
            assert found == expected, (width, where, whole)


@FEWER
@given(ROOTED)
def test_roots_have_balanced_braces_too(tree):
    with Store() as store:
        term = build(store, tree)
        for tex in (to_tex(term), *(t for _, t in Tex().lines(term, 12.0))):
            assert balanced(tex)


def test_reading_back_can_fail():
    assert Reader(VALUES).read(r"a + b c") == REALS["a"] + REALS["b"] * REALS["c"]
    with pytest.raises(AssertionError):
        Reader(VALUES).read(r"a + T_{1}")
    assert Reader(VALUES).read(r"\sum_{i=0}^{K-1} b^{i}\,c") == 7 * REALS["c"]  # a sum extends over the whole product


SMALL = ["a", "b", "a + b", "a*b", "a*(a + b)", "(a*b)^K", "a^K*b", "(a + b)^K", "a + b^K", "a/b", "a/(a + b)", "a*b + a", "2*a",
         "a^2", "a^3", "(a + b)^2", "a^2 + b^2", "sqrt(a)", "sqrt(a)*b", "sqrt(a*b)", "sqrt(a + b)", "max(a, b)", "min(a, b)",
         "max(a, b)^2", "max(a^2, b)", "a[1]", "a1*b", "a_1_2", "K*a", "a^(K + 1)", "a^(2*K)", "a*b[K]", "dd(K; a, b)",
         "dd(K; a, b)*a", "dd(K; a, b*a)", "dd(K; a, b, c)", "dd(K; a, b, c)^2", "dd(K; a, b, c^2)", "dd(K + 1; a, b, c)",
         "dd(K; a, 1)", "dd(K; a, 1)^2", "dd(K; a^2, 1)", "sum(i, K, a[i])*b", "sum(i, K, a[i]*b)", "sum(i, K, a[i] + b)",
         "prod(i, K, a[i])*b", "prod(i, K, a[i]*b)", "prod(i, K, a[i] + b)", "sum(i, K, prod(j, K, a[i]*c[j]))", "exp(a)",
         "exp(a)*b", "exp(a*b)", "exp(a)^2", "a - 1", "K - 1 + a", "1e31", "1e31 + 1", "12", "1/12", "a/12",
         "(1/2)^K", "1/2^(K + 1)",
         "sqrt(2)*a", "sqrt(2*a + 1)", "a*2^K", "(2*a)^K*b", "ab", "a*ba", "unbounded"]


def test_different_normal_forms_print_differently():
    with Store() as store:
        seen: dict[str, str] = {}
        page = Tex(positive_depths=False)
        for text in SMALL:
            term = parse(text, store)
            tex = page.tex(term)
            other = seen.setdefault(tex, text)
            assert normal(parse(other, store)) == normal(term), (text, other, tex)
        assert len(seen) >= len(SMALL) - 3


def test_side_by_side_numbers_and_exponents():
    with Store() as store:
        for text, forbidden in [("2*3^K", "23"), ("x*5^K*7^M", "57"), ("a^2*3^K", "}3")]:
            assert forbidden not in to_tex(parse(text, store)).replace(" ", "")


# -- rows ----------------------------------------------------------------------------------------------------------------
def test_long_products_break_between_factors_and_keep_the_order_of_layers():
    with Store() as store:
        term = store.one
        for k in range(1, 31):
            term = term * parse(f"s{k}*g{k}/sqrt(sigma{k}^2 + eps)", store)
        (_, whole), = Tex().lines(term)
        assert whole.count("\\\\\n") >= 2 and r"{}\cdot" in whole
        assert [int(n) for n in re.findall(r"\bs_\{(\d+)\}", whole)] == list(range(1, 31))


def test_shared_subterms_are_named_once():
    with Store() as store:
        x = store.symbol("x")
        for k in range(40):
            x = sqrt(x * x + store.symbol(f"s{k}")) * (x + store.symbol("T1"))
        lines = Tex().lines(x)
        names = [n for n, _ in lines]
        assert len(names) == len(set(names)) <= MAX_LINES + 2
        assert "T_{1}" in names and r"\mathrm{T1}" in "".join(t for _, t in lines)  # the user's T1 is not the page's T_1
        assert sum(len(t) for _, t in lines) < 30_000 and len(to_tex(x)) < 60_000


def test_two_bounds_of_one_page_share_names():
    with Store() as store:
        page = Tex()
        text = "sqrt((alpha_long + beta_long*gamma_long*delta_long)^2*x + (alpha_long + beta_long*gamma_long*delta_long)*y + z)"
        first = page.lines(parse(text, store), 24)
        second = page.lines(parse(text + "*(u + w)", store), 24)
        defined = [n for n, _ in first + second if n]
        assert len(defined) == len(set(defined)) and defined


def test_a_root_that_does_not_fit_is_squared_on_the_left():
    with Store() as store:
        term = parse("sqrt(a^2*b^2*(c + d)^2 + b^2*c^2*(d + e)^2 + c^2*d^2*(e + f)^2 + d^2*e^2*(f + g)^2)", store)
        assert Tex().display("P", term, 22).startswith("P^{2} &= a^{2}")
        assert Tex().display("P^{*}", term, 22).startswith(r"P^{*} &= \sqrt{T_{1}}")
        assert Tex().display("P", term, 60, r"\le").startswith(r"P &\le \sqrt{a^{2}")


def test_thousands_of_layers_take_no_deep_calls():
    with Store() as store:
        x = store.symbol("x")
        for k in range(1500):
            x = x + store.symbol(f"s{k}") * sqrt(x + 1)
        lines = Tex().lines(x)
        assert len(lines) <= MAX_LINES + 2 and any("left out" in t for _, t in lines)


# -- names ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "tex"), [
    ("s", "s"), ("sigma", r"\sigma"), ("eps", r"\varepsilon"), ("s1", "s_{1}"), ("s_max", r"s_{\mathrm{max}}"), ("ell", r"\ell"),
    ("sigma_max", r"\sigma_{\mathrm{max}}"), ("Gamma", r"\Gamma"), ("width", r"\mathit{width}"), ("rho_1_2", r"\rho_{1,2}"),
    ("a_sigma", r"a_{\sigma}"), ("_x", r"\mathrm{\_x}"), ("a_b_c_d", r"\mathrm{a\_b\_c\_d}"), ("w_l2", r"w_{\mathrm{l2}}"),
    ("a" * 60, r"{\scriptstyle\mathrm{" + "a" * 60 + "}}"), ("a" * 30, r"\mathrm{" + "a" * 30 + "}"),
])
def test_default_names(name, tex):
    assert Names().symbol(name).tex == tex


def test_two_symbols_never_print_alike():
    names = Names()
    everything = [f"{a}{u}{b}" for a in ("s", "sigma", "eps", "varepsilon", "foo", "H", "T", "kappa", "_s") for u in ("", "_")
                  for b in ("", "1", "12", "max", "GELU", "1_2")]
    everything = [n for n in everything if not n.endswith("_")] + ["s_1_2", "s12", "s_12", "s_eps", "s_varepsilon"]
    names.register(everything)
    printed = {n: names.symbol(n).tex for n in dict.fromkeys(everything)}
    assert len(set(printed.values())) == len(printed)
    assert printed["s_1"] == "s_{1}" and printed["s1"] == r"\mathrm{s1}"
    assert printed["H"] == "H" and printed["kappa_GELU"] == r"\mathrm{kappa\_GELU}"  # the constant has the other form


def test_members_of_families_are_not_symbols():
    with Store() as store:
        tex = to_tex(parse("s[1]*s_1*T[1]*u1[2]*u_1_2*B1[1]", store))
        assert tex == r"s_{1}\,\mathrm{s\_1}\,\mathrm{T}_{1}\,u_{1,2}\,\mathrm{u\_1\_2}\,B_{1,1}"
        page = Tex()
        assert page.tex(parse("v_1*x", store)) == r"v_{1}\,x"  # printed before the family came
        assert page.tex(parse("v[1]*x", store)) == r"\mathrm{v}_{1}\,x"


@pytest.mark.parametrize(("tex", "printed"), [
    (r"\hat{s}", r"\hat{s}^{2}"), ("s'", r"\left(s^{\prime}\right)^{2}"), ("s_1", "s_{1}^{2}"), ("s^{*}", None),
    (r"\lVert W \rVert", r"\lVert W\rVert^{2}"), (r"\|W\|_2", r"\|W\|_{2}^{2}"), ("s_{max}", "s_{max}^{2}"), ("{s}", "s^{2}"),
    (r"\operatorname{Lip}", r"\operatorname{Lip}^{2}"), (r"\mathrm{L}_{f}", r"\mathrm{L}_{f}^{2}"), ("a b", None), ("a+b", None),
])
def test_chosen_names_take_powers(tex, printed):
    with Store() as store:
        found = to_tex(parse("x^2*y", store), Names({"x": tex}))
        if printed is None:
            assert found.startswith("(") and found.endswith(r")^{2}\,y")
        else:
            assert found == printed.replace(r"\left(", "(").replace(r"\right)", ")") + r"\,y"


@pytest.mark.parametrize("tex", [
    "", " ", "$x$", "50%", "a~b", "a&b", "#1", "x\\\\y", r"\input{a}", r"\write18{ls}", r"\def\x{}", r"\csname a\endcsname", "^^41",
    "{", "}", "}{", "a}b{", "x^", "x_", "^2", "_2", "x^2^3", "x_1_2", "x'^2'", "x^{}", r"\hat", r"\hat s", r"\mathrm", r"x^\hat{s}",
    r"\left(", r"\right)", "(", "x)", "[0,1)", "|x", r"\text{a_b}", r"\text{$}", r"\text{", r"\undefined", "é", "x\ny", "\\",
    "a" * 81, 7, None, r"\operatorname{\input}", r"\lVert x", "x^{y", r"{\hat}", r"\begin{a}", "\x00", r"\text{}", "{x^2}^3" + "^4",
])
def test_bad_names_are_refused(tex):
    with pytest.raises(TermError, match=r"the TeX name of 's'.*accepted"):
        Names({"s": tex})


@pytest.mark.parametrize(("symbols", "macros", "message"), [
    ({"s": "x", "t": "x"}, {}, "clashing names: t and s"), ({"s": "x_1", "t": "x_{1}"}, {}, "clashing"),
    ({"s": "{x}", "t": "x"}, {}, "clash"),
    ({"s 1": "x"}, {}, "not the name of a symbol"),
    ({"sqrt": "x"}, {}, "not the name"), ({"pi": "x"}, {}, "not the name"),
    ({3: "x"}, {}, "not the name"), ({"s": r"\pi"}, {}, "the constant pi"), ({}, {"norm": "norm"}, "a backslash and"),
    ({}, {"norm": r"\input"}, "a backslash and"), ({}, {"norm": r"\write18"}, "a backslash"), ({}, {"norm": r"\a\b"},
     "a backslash"),
    ({}, {"foo": r"\foo"}, "unknown macro"), ({}, {"norm": r"\x", "abs": r"\x"}, "clashing macros"),
    ({}, {"abs": r"\sigma"}, "backslash"),
])
def test_bad_choices_are_refused(symbols, macros, message):
    with pytest.raises(TermError, match=re.escape(message)):
        Names(symbols, macros)


def test_a_default_gives_way_to_a_choice():
    names = Names({"a": "b", "x": "T"})
    assert (names.symbol("a").tex, names.symbol("b").tex, names.subterm) == ("b", r"\mathrm{b}", "Q")
    names = Names({"a": "s_1"})
    assert names.symbol("s_1").tex == r"\mathrm{s\_1}" and names.family("s").tex == r"\mathrm{s}"
    with Store() as store, pytest.raises(TermError, match="clashing names"):
        page = Tex(Names({"w": "s"}))
        page.tex(parse("s_1*x", store))
        page.tex(parse("w[1]", store))  # would print as s_1 does


def test_macros_may_be_renamed():
    names = Names(macros={"norm": r"\mynorm", "homogeneous": r"\hom"})
    with Store() as store:
        tex = to_tex(store.operator_norm([[1, 2]]) * parse("dd(K; a, b, c)", store), names)
    assert tex == r"\mynorm{W_{1}}\,\hom_{K-2}(a, b, c)"
    assert r"\providecommand{\mynorm}[1]{\left\lVert#1\right\rVert}" in names.preamble().splitlines()


# -- TeX's own judgement -------------------------------------------------------------------------------------------------
PDFLATEX = shutil.which("pdflatex")
needs_tex = pytest.mark.usefixtures("tex")


def typeset(body: str, folder: Any, options: str = "10pt", preamble: str = "") -> str:
    (folder / "a.tex").write_text(
        rf"\documentclass[{options}]{{article}}\usepackage{{amsmath,amssymb}}{preamble}" "\n"
        f"{Names(macros={'norm': chr(92) + 'mynorm'}).preamble()}\n{Names().preamble()}\n"
        "\\begin{document}\n" + body + "\n\\end{document}\n")
    run = subprocess.run([str(PDFLATEX), "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "a.tex"], cwd=folder,
                         capture_output=True, text=True, timeout=120)
    log = (folder / "a.log").read_text(errors="replace")
    assert run.returncode == 0, log[-3000:]
    return log


def complaints(log: str) -> list[str]:
    return [line for line in log.splitlines() if re.search(r"^!|Warning|Overfull|Underfull|undefined", line)]


@needs_tex
@pytest.mark.parametrize("options", ["10pt", "12pt"])
def test_bounds_of_all_architectures_compile_without_a_warning(options, tmp_path):
    body = []
    for name in builtins.names():
        page = Tex()
        bounds = list(derive_all(builtins.get(name).network).values())
        bounds += [b.drop("F1") for b in bounds if any(h.id == "F1" for h in b.hypotheses)]
        for bound in bounds:
            body.append("\\begin{align*}\n" + page.display(bound.wrt[0].upper(), bound.term) + "\n\\end{align*}")
        body.append(" ".join(page.notes()))
    assert len(body) > 70
    assert complaints(typeset("\n\n".join(body), tmp_path, options)) == []


@needs_tex
def test_widths_are_honest_and_nothing_hits_the_margin(tmp_path):
    """TeX measures every row; the estimate is never clearly below, and every chosen name compiles."""
    rows: list[str] = []
    estimates: list[float] = []
    names = Names({"x": r"\hat{s}_{\mathrm{max}}'", "y": r"\lVert W \rVert_2", "q": r"\operatorname{Lip}", "r": "a+b"})
    with Store() as store:
        texts = [t for t, _ in GOLDEN] + SMALL + ["x^2*y^3*q^2*r", "w_very_long_name_indeed*" + "a" * 60, "a_b_c_d*rho_1_2*foo"]
        for text in texts:
            page = Tex(names)
            run = page._run(parse(text, store), 300.0, force=False)
            assert run.whole is not None
            rows.append(run.whole.tex)
            estimates.append(run.whole.width)
        long = ["1/3*1e200 + 7", "(" + " + ".join(f"{'long' * 5}{k}" for k in range(9)) + ")^2*z", "max(" + ", ".join(
            f"a{k}*b{k}/(c{k} + d{k})" for k in range(25)) + ")",
                "sqrt(" + "*".join(f"(a{k} + b{k})^2" for k in range(12)) + " + 1)",
            "dd(K; " + ", ".join(f"a{k}/(b{k} + 1)" for k in range(14)) + ")*" + "a" * 60 + "*" + "b" * 60,
            "*".join(f"s{k}*g{k}/sqrt(sigma{k}^2 + eps)" for k in range(20)),
            "prod(i, K, " + " + ".join(f"a{k}[i]^2*b{k}[i]^2/(c{k}[i] + d{k}[i])" for k in range(12)) + ")"]
        displays = ["\\begin{align*}\n" + Tex().display("L", parse(t, store), width) + "\n\\end{align*}"
                    for t in long for width in (COLUMN,)]
    body = "\n".join(rf"\setbox0\hbox{{$\displaystyle {r}$}}\immediate\write-1{{width=\the\wd0}}" for r in rows)
    log = typeset(body + "\n\n" + "\n".join(displays), tmp_path)
    assert complaints(log) == []
    real = [float(w) / 10.0 for w in re.findall(r"width=([\d.]+)pt", log)]
    assert len(real) == len(rows)
    off = [(r, e, t) for r, e, t in zip(rows, estimates, real, strict=True) if not t - 0.2 <= e <= 1.25 * t + 0.8]
    assert off == []


def test_measure_orders_widths():
    assert measure("x") < measure("x_{1}") < measure("x + 1") < measure(r"\sigma_{\mathrm{max}} + x")


def test_pretty_is_a_function_of_the_name_alone():
    check: Callable[[str], Any] = pretty
    assert check("s_max") == check("s_max") and parse_name(" s _ 1 ", "x").tex == "s_{1}"
