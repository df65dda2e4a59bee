"""Syntax as LaTeX."""

import shutil
import subprocess

import pytest
from claim_trees import STATEMENTS
from hypothesis import HealthCheck, given, settings

from normbound.claims.errors import ClaimError
from normbound.claims.grammar import parse_expression, parse_statement
from normbound.claims.syntax import Node, Op, variable
from normbound.claims.tex import to_tex
from normbound.render.names import Names


@pytest.mark.parametrize(("text", "tex"), [
    ("a + b*c^-2", r"a + b\,c^{-2}"), ("(a + b)/c", r"\frac{a + b}{c}"), ("a*(b + c)", r"a\,(b + c)"), ("2*3*a", r"2 \cdot 3\,a"),
    ("-(a + b)", r"-(a + b)"), ("a - (b - c)", r"a - (b - c)"), ("(a/b)^K", r"\left(\frac{a}{b}\right)^{K}"), ("(a^b)^c", r"(a^{b})^{c}"),
    ("a^(b^c)", r"a^{b^{c}}"), ("a^(1/2)", r"a^{1/2}"), ("sqrt(a + 1)", r"\sqrt{a + 1}"), ("abs(a - b)", r"\lvert a - b \rvert"),
    ("sum(i, 1, K, s[i])", r"\sum_{i=1}^{K} s_{i}"), ("sum(i, 1, K, s[i] + 1)", r"\sum_{i=1}^{K} (s_{i} + 1)"),
    ("sum(i, 1, K, s[i])*a", r"\left(\sum_{i=1}^{K} s_{i}\right)\,a"), ("a*prod(i, 1, K, s[i])", r"a\,\prod_{i=1}^{K} s_{i}"),
    ("sum(i, 1, K, s[i]) + a", r"\left(\sum_{i=1}^{K} s_{i}\right) + a"), ("dd(K; a, 1)", r"\operatorname{dd}(K;\, a, 1)"),
    ("max(a, b/2)", r"\max\left\{a, \frac{b}{2}\right\}"), ("exp(-a)*log(b)", r"\exp(-a)\,\log(b)"),
    ("sigma_1*lambda", r"\sigma_{1}\,\lambda"),
    ("bound(my_net)", r"\overline{\operatorname{Lip}}(\mathtt{my\_net})"), ("1.25", "1.25"), ("pi", r"\pi"),
])
def test_expressions(text, tex):
    assert to_tex(parse_expression(text)) == tex


@pytest.mark.parametrize(("text", "tex"), [
    ("a <= b < c", r"a \leq b < c"), ("a == b and c != d", r"a = b \;\text{and}\; c \neq d"),
    ("a >= b implies c > d", r"a \geq b \implies c > d"),
    ("(a <= b implies c <= d) iff e == 1", r"(a \leq b \implies c \leq d) \iff e = 1"),
    ("forall(i, 1, K, s[i] <= L)", r"s_{i} \leq L \;\text{for all}\; i = 1, \dots, K"),
    ("increasing(a*b, b)", r"a\,b \;\text{is nondecreasing in}\; b"),
    ("decreasing(1/b, b)", r"\frac{1}{b} \;\text{is nonincreasing in}\; b"),
    ("limit(1/K, K) == 0", r"\lim_{K \to \infty} \frac{1}{K} = 0"),
    ("rate(a^K, K) == inf", r"\lim_{K \to \infty} (a^{K})^{1/K} = \infty"),
    ("recurrence x(0) = 1, x(i+1) = a*x(i) + i has closed form x(i) = a^i",
     r"x_{0} = 1,\; x_{i+1} = a\,x_{i} + i \implies x_{i} = a^{i}"),
])
def test_statements(text, tex):
    assert to_tex(parse_statement(text)) == tex


def test_names_are_the_users():
    assert to_tex(parse_expression("s*t"), Names({"s": r"\sigma", "t": r"\|T\|"})) == r"\sigma\,\|T\|"


def test_shared_parts_are_capped():
    node = variable("a")
    for _ in range(50):
        node = Node(Op.ADD, (node, node))
    with pytest.raises(ClaimError, match="no formula"):
        to_tex(node)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(STATEMENTS)
def test_braces_and_parentheses_balance(node):
    tex = to_tex(node)
    assert tex.count("{") == tex.count("}") and tex.count(r"\left") == tex.count(r"\right")
    assert tex.count("(") == tex.count(")") and tex.isascii()


def test_tex_accepts_it(tex, tmp_path):
    texts = ["(a/b)^K*sum(i, 1, K, s[i]*abs(a/b)) <= max(a, sqrt(b/2)) iff bound(my_net) == pi",
             "recurrence x(0) = 1, x(i+1) = a*x(i) + i/2, y(0) = 2, y(i+1) = x(i)^2 has closed form x(i) = a^i, y(i) = dd(i; a, 1)",
             "rate(a^K/K, K) == inf and forall(i, 1, K, s[i] <= sigma_1) and increasing(-a, a)"]
    body = "\n".join(rf"\[{to_tex(parse_statement(t))}\]" for t in texts)
    source = "\\documentclass{article}\\usepackage{amsmath}\\begin{document}\n" + body + "\n\\end{document}\n"
    (tmp_path / "claims.tex").write_text(source)
    engine = next(e for e in ("pdflatex", "lualatex", "xelatex", "tectonic") if shutil.which(e))
    options = [] if engine == "tectonic" else ["-no-shell-escape", "-halt-on-error", "-interaction=nonstopmode"]
    run = subprocess.run([engine, *options, "claims.tex"], cwd=tmp_path, capture_output=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout[-2000:]


def test_long_quotients_roots_and_products_can_be_broken_and_read():
    long = "(" + " + ".join(f"longname{k}*x" for k in range(20)) + ")"
    tex = to_tex(parse_expression(f"{long}/{long}*y"))
    assert tex.startswith(r"((") and tex.endswith(r"))\,y") and r"\allowbreak /" in tex
    assert to_tex(parse_expression(f"sqrt{long}^2")).startswith("((") and to_tex(parse_expression(f"sqrt{long}")).endswith(")^{1/2}")
    assert to_tex(parse_expression("log(x)^2")) == r"(\log(x))^{2}"
