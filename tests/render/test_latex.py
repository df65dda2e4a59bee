"""Fragments: every built-in compiles without a complaint, the text is stable, bad input is one error."""

import re

import pytest

from normbound import Input, Linear, ReLU, Repeat, Store, builtin, derive, parse_block
from normbound.calculus.exposition import expose
from normbound.errors import TermError, UnsupportedError
from normbound.network.builtins import names
from normbound.render.latex import Style, document, inline, to_latex
from normbound.render.names import Names
from normbound.render.pdf import compile_tex

KINDS = ("input", "parameters", "radius")
GOLDEN = [("mlp-layernorm", "input"), ("mlp-layernorm", "parameters"), ("pre-norm", "parameters"), ("stages", "parameters"),
          ("gated", "input"), ("indexed", "input"), ("shared", "parameters"), ("injected", "input"), ("batchnorm-train", "radius")]
SKELETON = (r"\documentclass[%s]{article}" "\n" r"\usepackage{array,amsmath,amssymb,amsthm}" "\n"
            r"\newtheorem{theorem}{Theorem}" "\n" r"\begin{document}" "\n%s\n" r"\end{document}")


def fragments():
    for name in names():
        with Store():
            network = builtin(name).network
            for wrt in KINDS:
                yield to_latex(derive(network, wrt))


@pytest.mark.parametrize("name, wrt", GOLDEN, ids=lambda x: x)
def test_fragments_are_stable(name, wrt, golden):
    with Store():
        golden(f"{name}-{wrt}.tex", re.sub(r"digest \w+", "digest", to_latex(derive(builtin(name).network, wrt))))


def test_the_same_bound_gives_the_same_bytes():
    def once():
        with Store():
            return to_latex(derive(builtin("stages").network, "parameters"))
    assert once() == once()


def test_all_built_ins_compile_in_several_classes(tex):
    found = list(fragments())
    assert len(found) == 3 * len(names())
    for source in (document(found), *(SKELETON % (options, "\n\\clearpage\n".join(found)) for options in ("", "12pt"))):
        compiled = compile_tex(source)
        assert compiled.warnings == () and compiled.pages >= len(found)


def test_without_floors_and_without_normalizers(tex):
    found = []
    for name in names():
        with Store():
            network = builtin(name).network
            found += [to_latex(derive(network, "parameters", floors=False), Style(label=f"a:{name}")),
                      to_latex(derive(network.without_normalization(), "parameters"), Style(label=f"b:{name}"))]
    assert compile_tex(document(found)).warnings == ()


def test_a_residual_network_of_twelve_blocks_fits_one_page(tex):
    body = parse_block("Repeat(x + (LayerNorm(gamma=g, beta=h, floor=sigma) >> Linear(s, bias=b) >> ReLU >> Linear(t, bias=c)), 12)")
    compiled = compile_tex(document([to_latex(derive(Input("R", "d") >> body, "parameters"))]))
    assert compiled.pages == 1 and compiled.warnings == ()


def test_a_short_paper_inputs_three_fragments(tex):
    files = {f"bound-{k}.tex": to_latex(derive(builtin(n).network, w)).encode() for k, (n, w) in enumerate(
        (("mlp", "parameters"), ("mlp-layernorm", "input"), ("pre-norm", "parameters")))}
    body = r"""\title{A short paper}\author{Somebody}\maketitle
\section{Bounds} We use Theorem~\ref{nb:mlp:parameters} and Theorem~\ref{nb:mlp-with-layernorm-after-each-linear:input}.
\input{bound-0}
\input{bound-1}
\section{Residual networks}
\input{bound-2}"""
    compiled = compile_tex(SKELETON % ("", body), files)
    assert compiled.warnings == ()


def test_every_line_and_hypothesis_is_on_the_page():
    for name in names():
        with Store():
            bound = derive(builtin(name).network, "parameters")
            text = to_latex(bound)
            for line in expose(bound).lines:
                assert rf"\item[({line.number})]" in text
            for h in bound.hypotheses:
                assert f"({h.id})" in text
            for symbol in ("Domain", "Parameters", "Norms", "Sharpness", "Notation", "Derivation"):
                assert rf"\nbhead{{{symbol}}}" in text


def test_unbounded_says_so():
    bound = derive(Input(None, "d") >> Linear("s") >> ReLU(), "parameters")
    assert bound.unbounded and r"P=\infty" in to_latex(bound) and inline(bound) == r"$\displaystyle P = \infty$"


def test_users_choose_names_macros_environment_and_label(tex):
    bound = derive(Input("R", "d") >> Repeat(Linear("s", bias="b") >> ReLU(), "K"), "parameters")
    style = Style(Names({"s": r"\varsigma", "R": r"\mathcal{R}"}, {"norm": r"\mynorm"}), "proposition*", "prop:mine")
    text = to_latex(bound, style)
    assert r"\varsigma^{2" in text and r"\mynorm{W}\le \varsigma" in text and r"\mathcal{R}" in text
    assert r"\begin{proposition*}" in text and r"\label{prop:mine}" in text
    source = (SKELETON % ("", text)).replace(r"\newtheorem{theorem}{Theorem}", r"\newtheorem*{proposition*}{Proposition}")
    assert compile_tex(source).warnings == ()


@pytest.mark.parametrize("symbols", [
    {"s": r"\input{x}"}, {"s": r"\write18{ls}"}, {"s": "a}b"}, {"s": "{"}, {"s": ""}, {"s": "x" * 200}, {"s": "a%b"}, {"s": "$x$"},
    {"s": "a&b"}, {"s": "^^5cinput"}, {"s": r"\csname x\endcsname"}, {"not a name": "x"}, {"s": "y", "b": "y"}, {"s": "a#1"}])
def test_bad_names_are_one_error(symbols):
    with pytest.raises(TermError):
        Names(symbols)


@pytest.mark.parametrize("options", [
    {"environment": "the}orem"}, {"environment": ""}, {"environment": r"a\b"}, {"label": "a b"}, {"label": "a}"}, {"label": "x" * 99}])
def test_bad_styles_are_one_error(options):
    with pytest.raises(UnsupportedError, match=next(iter(options))):
        Style(**options)


def test_font_sizes_are_sizes():
    with pytest.raises(UnsupportedError, match="a font size such as 10pt"):
        document([], size=r"10pt]{article}\input{x}")


def test_clashing_labels_are_one_error():
    bound = derive(builtin("mlp").network)
    with pytest.raises(UnsupportedError, match="used by two fragments"):
        document([to_latex(bound), to_latex(bound)])


def test_awkward_symbols_and_layer_names_compile(tex):
    long = "a_very_long_name_for_the_norm_of_a_weight_matrix"
    body = parse_block(f"Linear({long}, bias=b_1) >> ReLU >> Linear(s1, bias=b1, share=the_shared_one) >> Linear(sigma_max)")
    bound = derive(Input("R_0", "d_in") >> body >> Linear("t", out="d_in") >> parse_block("Linear(s1, bias=b1, share=the_shared_one)"),
                   "parameters")
    assert compile_tex(document([to_latex(bound)])).warnings == ()


def test_symbols_that_are_called_like_our_letters_stay_apart(tex):
    body = parse_block("Repeat(Linear(L, bias=P) >> LayerNorm(gamma=B, floor=x, beta=f) >> Linear(i, bias=p) >> ReLU, theta)")
    bound = derive(Input("D", "d") >> body, "parameters")
    text = to_latex(bound)
    assert r"\mathsf{P} &= " in text and r"norm at most $p+i\,\mathsf{B}$" in text  # ours are sans serif, the user's italic
    assert r"\mathrm{x}" in text and r"$j=1,\dots,\mathrm{theta}$" in text  # the index avoids the symbol i
    assert "(layer 1.2.1, j = 1..theta)" in str(bound) and "<= P_f |theta - theta'|" in str(bound)
    assert compile_tex(document([text])).warnings == ()
    with pytest.raises(TermError, match="is the input on this page"):
        to_latex(derive(builtin("mlp").network), Style({"s": "x"}))


def test_long_chains_compile_and_define_what_they_use(tex):
    chain = " >> ".join(f"Linear(s{k}, bias=b{k}) >> LayerNorm(gamma=g{k}, floor=sigma{k}) >> ReLU" for k in range(130))
    bound = derive(Input("R", "d") >> parse_block(chain), "parameters")
    text = to_latex(bound)
    assert compile_tex(document([text])).warnings == ()
    whole = text[:text.index(r"\end{theorem}")]
    for name in set(re.findall(r"T_\{\d+\}", whole)):
        assert re.search(re.escape(name) + r"(\^\{2\})? &= ", whole), name
    assert "lines of the same kinds are left out" in text


def test_titles_are_escaped(tex):
    bound = derive(builtin("mlp").network)
    text = to_latex(bound, None, r"100% of $x$ & \input{y} #1 ~^ {")
    assert r"\input{y}" not in text and compile_tex(document([text])).pages


def test_user_layers_are_escaped():
    from dataclasses import dataclass

    from normbound import Contract, Layer, layer
    from normbound.contracts.registry import LAYERS

    @layer("Odd", constants="L = 1 & $", sharpness="?", source=r"because \input{x} 100% $y$", example="Odd()", origin="user")
    @dataclass(frozen=True, eq=False)
    class Odd(Layer):
        def contract(self, context):
            return Contract(context.store.one, context.store.zero, context.store.one)

        def forward(self, tensors, x):
            return x
    try:
        text = to_latex(derive(Input("R", "d") >> Odd() >> Linear("s")))
        assert r"\input{x}" not in text and "100\\%" in text
    finally:
        del LAYERS["Odd"]


def test_notebooks_get_one_formula():
    bound = derive(builtin("mlp-layernorm").network)
    assert bound._repr_latex_() == r"$\displaystyle L = \left(\frac{s g}{\sqrt{\sigma^{2} + \varepsilon}}\right)^{K}$"
    assert "Lipschitz constant in the input" in str(bound)
    assert bound.to_latex().startswith("% normbound")


