"""The composition language: what it reads, what it refuses, and that it prints what it reads."""

import inspect
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from normbound.calculus.derive import analyse
from normbound.contracts import block as blocks
from normbound.contracts.block import Block, Composite, Layer, Repeat
from normbound.contracts.context import Contract
from normbound.contracts.registry import LAYERS, Entry, register
from normbound.errors import NetworkError, NormboundError, ShapeError, UnsupportedError
from normbound.layers import DyT, Elementwise, Identity, LayerNorm, Linear, Normalize, Outside, activation
from normbound.network.language import COMBINATORS, MAX_TEXT, excerpt, parse_block, parse_network, to_text
from normbound.network.program import Input, Network, parts_of_series
from normbound.terms.normal import same
from normbound.terms.store import Store, current, term

QUICK = settings(max_examples=150, deadline=timedelta(seconds=20), derandomize=True,
                 suppress_health_check=[HealthCheck.too_slow])


def summaries_agree(a: Block, b: Block, domain: Input | None = None) -> bool:
    """Whether two blocks derive the same bounds on a domain, or are refused with the same kind of error."""
    domain = domain or Input("R", 4, samples=2)
    found = []
    for block in (a, b):
        try:
            found.append(analyse(Network(domain, block)).summary)
        except NormboundError as error:
            found.append(type(error))
    if isinstance(found[0], type) or isinstance(found[1], type):
        return found[0] is found[1]
    x, y = found
    R = domain.radius
    assert R is not None
    return same(x.L, y.L) and same(x.radius(R), y.radius(R)) and same(x.p_squared(R), y.p_squared(R))


# -- reading ----------------------------------------------------------------------------------------------------------

def test_series_binds_loosest_and_keeps_its_order():
    f = parse_block("x + Linear(s) >> ReLU >> 2 * Tanh")
    first, second, third = parts_of_series(f)
    assert isinstance(first, Composite) and first.rule == "sum" and [p.name for p in first.parts] == ["Identity",
                                                                                                      "Linear"]
    assert second.name == "ReLU"
    assert third.rule == "scale" and third.factor == term(2) and third.parts[0].name == "Tanh"


def test_text_and_python_build_the_same_network():
    python = Identity() + (LayerNorm(gamma="g", floor="sigma") >> Linear("s", bias="b") >> activation("ReLU"))
    python = Repeat(python >> Linear("t"), "K")
    text = parse_block("Repeat(x + (LayerNorm(gamma=g, floor=sigma) >> Linear(s, bias=b) >> ReLU()) >> Linear(t), K)")
    assert to_text(text) == to_text(python)
    assert summaries_agree(text, python)


def test_residual_is_identity_plus_f():
    assert to_text(parse_block("residual(Linear(s) >> ReLU)")) == "x + (Linear(s) >> ReLU)"


@pytest.mark.parametrize(("text", "factor", "sign"), [
    ("1/2 * x", Fraction(1, 2), 1), ("-1/2 * x", Fraction(1, 2), -1), ("-x", 1, -1), ("x * 3", 3, 1), ("x / 4",
                                                                                                       Fraction(1, 4),
                                                                                                       1),
    ("scale(-2/3, x)", Fraction(2, 3), -1), ("scale(0.25, x)", Fraction(1, 4), 1), ("(1 + 1)^2 * x", 4, 1), ("(-2) * x",
                                                                                                             2, -1),
    ("2 * 3 * x", 6, 1), ("-2 * -3 * x", None, None), ("(3 - 1) * x", 2, 1), ("sqrt(4) * x", 2, 1), ("1e-2 * x",
                                                                                                     Fraction(1, 100),
                                                                                                     1),
])
def test_scale_factors(text, factor, sign):
    if factor is None:
        with pytest.raises(NetworkError, match="column 6"):
            parse_block(text)
        return
    f = parse_block(text)
    assert isinstance(f, Composite) and f.rule == "scale" and isinstance(f.parts[0], Identity)
    assert f.factor == term(factor) and f.sign == sign


def test_symbols_scale_and_blocks_multiply():
    f = parse_block("a * Linear(s) * Tanh")
    assert f.rule == "product" and f.parts[0].rule == "scale" and f.parts[0].factor == term("a")
    g = parse_block("(Linear(r) >> Sigmoid) * Linear(s)")
    assert g.rule == "product" and [p.name for p in parts_of_series(g.parts[0])] == ["Linear", "Sigmoid"]
    h = parse_block("s[i] * x")
    assert h.rule == "scale" and str(h.factor) == "s[i]"
    assert parse_block("x[i] * x").factor == term("x[i]")


def test_differences_are_sums_with_a_negative_scale():
    f = parse_block("x - Linear(s) - 1/2 * ReLU")
    assert f.rule == "sum" and [getattr(p, "sign", 1) for p in f.parts] == [1, -1, -1]
    assert f.parts[2].factor == term("1/2")
    assert to_text(f) == "x - 1 * Linear(s) - 1/2 * ReLU"
    assert summaries_agree(f, Identity() + blocks.scaled(-1, Linear("s")) + blocks.scaled("-1/2", activation("ReLU")))


def test_arguments_by_place_and_by_name():
    assert to_text(parse_block("Linear(norm=s, out=k, bias=b)")) == "Linear(s, bias=b, out=k)"
    assert to_text(parse_block("Linear(s, b, k)")) == "Linear(s, bias=b, out=k)"
    for none in ("none", "None"):
        f = parse_block(f"Linear(s, bias={none})")
        assert f.bias is None and len(f.parameters(Input(1, 4).shape)) == 1
    assert parse_block("LearnedScale(a, normalizer=true)").normalizer is True
    assert parse_block("LearnedScale(a, normalizer=False)").normalizer is False
    assert parse_block("Linear(s + t^2/2)").norm == term("s + t^2/2")
    assert parse_block('Linear("s + t", bias="b")').norm == term("s + t")
    for word in ("train", '"train"'):
        assert parse_block(f"BatchNorm(mode={word}, floor=sigma)").parts[0].partition == "channel"
    assert parse_block("Linear(s, share=core)").share == "core"
    assert isinstance(parse_block("Outside(u)"), Outside)


def test_concrete_matrices_may_be_negative():
    f = parse_block("Linear([[1, -1/2], [0.25, -1e-1/3]], bias=[-1, 2/4])")
    assert f.weight_value == ((1, Fraction(-1, 2)), (Fraction(1, 4), Fraction(-1, 30)))
    assert f.bias_value == (-1, Fraction(1, 2))
    assert to_text(f) == "Linear([[1, -1/2], [1/4, -1/30]], bias=[-1, 1/2])"
    g = parse_block("LayerNorm(gamma=[1, -2], beta=[0, 1/2], floor=1, eps=0)")
    assert g.parts[1].gain_value == (1, -2) and to_text(g) == "LayerNorm(gamma=[1, -2], beta=[0, 1/2], floor=1, eps=0)"


def test_repeat_with_everything():
    f = parse_block("Repeat(body=Linear(s) + Outside(u) + 2*Outside(v), depth=K - 1, tied=true, start=Linear(r, out=d),"
                    " capture=(u = Linear(t, out=d), v = Linear(w, out=d) >> ReLU))")
    assert isinstance(f, Repeat) and f.tied and list(f.capture) == ["u", "v"] and f.start is not None
    assert to_text(f) == ("Repeat(Linear(s) + Outside(u) + 2 * Outside(v), K - 1, tied=true, start=Linear(r, out=d), "
                          "capture=(u = Linear(t, out=d), v = Linear(w, out=d) >> ReLU))")
    assert summaries_agree(f, parse_block(to_text(f)), Input("R", "d"))
    g = parse_block("Repeat(Linear(s[i]), K, index=i, tied=false, start=none)")
    assert g.index == "i" and g.start is None and not g.tied


def test_concat_and_parallel_take_many_parts():
    f = parse_block("concat(x, Linear(s, out=k), ReLU) >> parallel(x, Tanh)")
    first, second = parts_of_series(f)
    assert (first.rule, len(first.parts), second.rule, len(second.parts)) == ("concat", 3, "parallel", 2)
    assert isinstance(parse_block("concat(ReLU)"), Elementwise)


def test_parse_network_puts_the_block_on_the_domain():
    domain = Input("R", "d")
    network = parse_network("Linear(s) >> ReLU", domain, "title")
    assert network.input is domain and network.title == "title"
    assert str(analyse(network).summary.L) == "s"


def test_parsing_belongs_to_the_current_store():
    with Store() as store:
        assert parse_block("Linear(s)").norm.store is store
    outer = current()
    assert parse_block("Linear(s)").norm.store is outer


# -- printing -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", sorted(LAYERS))
def test_every_registered_layer_prints_and_reads_back(name):
    f = parse_block(LAYERS[name].example)
    text = to_text(f)
    assert to_text(parse_block(text)) == text
    body = f"Repeat({text}, K, capture=(u = Linear(t)))" if name == "Outside" else text
    assert summaries_agree(parse_block(body), parse_block(body.replace(text, LAYERS[name].example)))


EVERY_ARGUMENT = [
    "Linear(s, bias=b, out=k, row_norm=r, share=core)",
    "LayerNorm(gamma=g, beta=h, floor=sigma, eps=e, variance=unbiased, share=n)",
    "RMSNorm(gamma=g, beta=h, floor=sigma, eps=0, share=n)", "PixelNorm(floor=sigma, eps=1/100)",
    "InstanceNorm(gamma=g, beta=h, floor=sigma, eps=e, variance=unbiased, share=n)",
    "GroupNorm(k, gamma=g, beta=h, floor=sigma, eps=e, variance=unbiased, share=n)",
    "ScaleNorm(g, floor=r, eps=e, share=n)",
    "L2Norm(floor=r, eps=e)", "BatchNorm(mode=train, gamma=g, beta=h, floor=sigma, eps=e, variance=unbiased, share=n)",
    "BatchNorm(mode=eval, gamma=g, beta=h, eps=e, var=v, mean=u, share=n)", "DyT(a, gamma=g, beta=h, share=n)",
    "LearnedScale(a, share=n, normalizer=true)", "PReLU(a, share=n)", "Dropout(p, mode=eval)", "SiLU(2)", "LayerNorm",
    "Linear(s)",
    "Linear(max(s, t) + dd(K; a, 1)*sqrt(u))", "Linear(gelu_lip^2)", "Linear(prod(i, K, s[i]))",
]


@pytest.mark.parametrize("text", EVERY_ARGUMENT)
def test_every_argument_survives(text):
    printed = to_text(parse_block(text))
    assert to_text(parse_block(printed)) == printed
    named = text.partition("(")[2]
    assert all(part.partition("=")[0].strip() + "=" in printed for part in named.split(", ") if "=" in part)
    assert summaries_agree(parse_block(text), parse_block(printed))


@pytest.mark.parametrize("text", [
    "a * (b * x)", "(x + ReLU) * (x - Tanh)", "x + (ReLU + Tanh)", "x + ReLU * Tanh", "-1 * x * ReLU",
    "x + -1 * ReLU * Tanh",
    "x + (Linear(s) >> ReLU)", "2 * (x >> ReLU)", "x * (ReLU * Tanh)", "scale(-(a + b), x)", "x + 2 * -x", "(-x) * 2",
    "scale(x, ReLU)", "concat(x >> ReLU, -x)", "Repeat(Repeat(x, m), K)", "x - (x - ReLU)", "x - ReLU * Tanh",
    "2 * x + x",
])
def test_operators_survive(text):
    if text == "x + 2 * -x":
        with pytest.raises(NetworkError, match="column 9"):
            parse_block(text)
        return
    f = parse_block(text)
    printed = to_text(f)
    assert to_text(parse_block(printed)) == printed
    assert summaries_agree(f, parse_block(printed))


def test_a_symbol_called_like_a_layer_is_not_read_as_one():
    f = blocks.scaled("x", activation("ReLU"))
    assert to_text(f) == "scale(x, ReLU)"
    assert parse_block(to_text(f)).factor == term("x")
    g = blocks.scaled("none", activation("ReLU"))
    with pytest.raises(NetworkError):
        parse_block(to_text(g))


def recurrence():
    store = current()
    state, index = store.fresh("a"), store.fresh("i")
    return store.recurrence(0, term("K"), index, [state], [store.one], [state + 1])


def test_the_norm_of_a_matrix_scales_by_its_name():
    f = blocks.scaled(current().operator_norm([[1, 2]]), Identity())
    assert parse_block(to_text(f)).factor == f.factor


def test_what_the_language_has_no_words_for():
    for f, message in ((Normalize("row", True, None, term(1)), "not a registered layer"),
                       (Linear("s", share="two words"), "cannot be written"),
                       (blocks.scaled(recurrence(), Identity()), "recurrence")):
        with pytest.raises(NetworkError, match=message):
            to_text(f)


def test_excerpt_is_cut_and_to_text_is_not():
    f = Identity()
    for k in range(200_000):
        f = f >> _SHARED[k % 2]
    assert len(excerpt(f, 500)) == 504 and excerpt(f, 500).startswith("x >> Linear(s) >> ReLU >> ")
    with pytest.raises(NetworkError, match="more than 1000000 characters"):
        to_text(f)
    assert excerpt(Identity()) == "x"


_SHARED = (Linear("s"), activation("ReLU"))


def test_shared_blocks_that_are_exponentially_long_as_text_are_refused_quickly():
    f: Block = activation("ReLU")
    for _ in range(60):
        f = f + f
    assert excerpt(f, 100).endswith(" ...")
    with pytest.raises(NetworkError, match="more than 1000000 characters"):
        to_text(f)


def _user_layer(name: str, **attributes: object) -> type[Layer]:
    class Mine(Layer):
        def __init__(self, size, mode: str = "a"):
            self.size, self.mode = term(size), mode

        def contract(self, context):
            return Contract(self.size, context.store.zero, self.size)

    Mine.name = name
    for key, value in attributes.items():
        setattr(Mine, key, value)
    return Mine


def test_layers_of_users_are_words_of_the_language(monkeypatch):
    monkeypatch.setattr("normbound.contracts.registry.LAYERS", LAYERS)
    try:
        mine = _user_layer("Mine")
        register(Entry("Mine", mine, "L", "exact", "here", "Mine(s)", origin="user"))
        other = _user_layer("Other", arguments=lambda self: {"size": self.size})
        register(Entry("Other", other, "L", "exact", "here", "Other(s)", origin="user"))
        hidden = _user_layer("Hidden")
        register(Entry("Hidden", lambda width: hidden(width), "L", "exact", "here", "Hidden(s)", origin="user"))
        assert to_text(parse_block("Mine(2*s, mode=b) >> Other(t)")) == "Mine(2*s, mode=b) >> Other(t)"
        with pytest.raises(NetworkError, match="no attribute 'width'; define arguments"):
            to_text(parse_block("Hidden(s)"))
    finally:
        for name in ("Mine", "Other", "Hidden"):
            LAYERS.pop(name, None)


# -- size -------------------------------------------------------------------------------------------------------------

def test_a_chain_of_20000_layers():
    text = " >> ".join(f"Linear(s{k}, bias=b)" for k in range(20_000))
    f = parse_block(text)
    assert len(parts_of_series(f)) == 20_000
    assert to_text(f) == text


def test_wide_sums_and_joins_derive():
    for text in ("+".join(["x"] * 30_000), f"concat({','.join(['x'] * 3_000)})"):
        network = parse_network(text, Input(1, 2))
        assert network.program().out.features.literal() in (2, 6_000)
        assert analyse(network).summary.L


def test_nesting_up_to_the_cap():
    inside = "x"
    for _ in range(50):
        inside = f"residual({inside})"
    assert parse_block(inside).rule == "sum"
    brackets = (("(", ")"), ("residual(", ")"), ("concat(", ")"), ("-(", ")"), ("Repeat(", ", K)"), ("2*(", ")"),
                ("Repeat(x, K, start=", ")"), ("scale(2, ", ")"), ("Repeat(x, K, capture=(u = ", "))"))
    for opening, closing in brackets:
        for depth in (61, 110, 5000):
            with pytest.raises(NetworkError, match=r"more than (60|240) nested parentheses"):
                parse_block(opening * depth + "x" + closing * depth)
        for depth in (10, 19):
            assert parse_block(opening * depth + "x" + closing * depth)


@pytest.mark.parametrize("text", [
    "(" * 10**6, "[" * 10**6, "-" * 10**6, "x+" * 499_999 + "x" + "(", "Linear(" + "(" * 900_000, "2*" * 400_000 + "x",
    "x*" * 400_000 + "x",
    "(" * 40 + "1+" * 400_000 + "1" + ")" * 40 + "*x", "Linear(" + "9^1000*" * 100_000 + "1)",
    "Linear(" + "9*" * 400_000 + "1)",
    "Linear([" + ",".join(f"1/{10**300 + k}" for k in range(3000)) + "])", "Linear([" + "1e9999," * 100_000 + "1])",
    "Linear(" + "s" * 900_000 + ")", "9" * 900_000 + "*x", "Linear(9^9^9)", "Linear(9^(9^9))",
    "Linear(" + "(9^1000)^" * 30 + "2)",
    "Linear((((2^900)^900)^900)^900)", "Repeat(x, (10^1000)^1000)", "Repeat(x, (K^1000000)^1000000)", "Linear(1e9999)",
    " " * 999_999 + "@", '"' * 900_000, "x" * (MAX_TEXT + 1),
    "Repeat(x, 10^9999)", "Linear(s, share=" + "a" * 100_000 + ")", "x >> " * 150_000, "1/" * 400_000 + "x",
    "x[" * 300_000,
    "Linear(dd(K; " + "a, " * 100_000 + "a))",
])
def test_texts_made_to_exhaust_the_machine_are_refused(text):
    with pytest.raises(NormboundError) as error:
        to_text(parse_block(text))
        analyse(parse_network(text, Input(1, 2)))
    assert len(str(error.value)) < 500


# -- refusals -------------------------------------------------------------------------------------------------------

BAD = [
    ("", "column 1: expected a layer, a number or '(', found 'end of text'"),
    ("   ", "column 1"),
    ("x >>", "column 5: expected a layer"),
    (">> x", "column 1: expected a layer"),
    ("x >> >> x", "column 6: expected a layer"),
    ("x x", "column 3: expected '>>', '+', '-', '*' or the end, found 'x'"),
    ("Linear(s)(x)", "column 10: expected '>>'"),
    ("(x", "column 3: expected ')'"),
    ("x)", "column 2"),
    ("s", "column 1: found a number or a symbol alone at 's'"),
    ("Relu", "did you mean ReLU"),
    ("2", "column 1: found a number or a symbol alone"),
    ("s + ReLU", "column 1: found a number added to a layer"),
    ("ReLU + s", "column 8: found a number or a symbol added to a block"),
    ("s >> ReLU", "column 1: found a number or a symbol alone"),
    ("x / x", "column 5: found a layer below a fraction bar"),
    ("x / 0", "column 5: division by zero"),
    ("1/0 * x", "division by zero"),
    ("(-a)^2 * x", "column 5: expected '>>', '+', '-' or '*': only nonnegative numbers have powers"),
    ("(1 + -a) * x", "column 6: found a sum with a negative number"),
    ("(1 - 2) * x", "natural difference 1 - 2 is negative"),
    ("ReLU^2", "column 5: expected '>>'"),
    ("Liner(s)", "column 1: unknown layer 'Liner'; did you mean Linear"),
    ("x >> Reptat(x, K)", "column 6: unknown layer 'Reptat'; did you mean Repeat"),
    ("Zzzzzz(s)", "unknown layer 'Zzzzzz'; `normbound layers` lists those known"),
    ("Linear", "column 1: Linear needs norm; accepted: norm, bias, out, row_norm, share"),
    ("Linear()", "column 1: Linear needs norm"),
    ("Linear(bias=b)", "column 1: Linear needs norm"),
    ("Linear(s, bais=b)", "column 11: Linear has no parameter 'bais'; did you mean bias?; accepted: norm, bias, out"),
    ("Linear(s, zzz=b)", "Linear has no parameter 'zzz'; accepted: norm"),
    ("Linear(s, norm=t)", "column 11: Linear: parameter 'norm' is given twice"),
    ("Linear(s, bias=b, bias=c)", "column 19: Linear: parameter 'bias' is given twice"),
    ("Linear(norm=s, b)", "column 16: Linear: found a value without a name after named ones"),
    ("Linear(s, b, d, r, core, s)", "column 26: Linear: found more than 5 values without a name"),
    ("ReLU(a)", "column 6: ReLU: found more than 0 values without a name; it takes none"),
    ("ReLU(a=1)", "ReLU has no parameter 'a'; it takes none"),
    ("Linear(s", "column 9: expected ',' or ')' in Linear(...)"),
    ("Linear(s,, b)", "column 10"),
    ("Linear(s; b)", "column 9: expected ',' or ')'"),
    ("Linear(s bias=b)", "column 10: expected ',' or ')'"),
    ("Linear(-1)", "column 8: expected a number, a name, a function or '('"),
    ("Linear(ReLU)", "column 8: expected an expression, not a layer"),
    ("Linear(true)", "column 8: expected an expression"),
    ("Linear(none)", "Linear norm: found NoneType"),
    ("Linear(s, out=1/2)", "Linear out: found 1/2"),
    ("Linear(s, out=[1])", "Linear out"),
    ("Linear(s, share=2)", "column 17: expected a word"),
    ('Linear(s, share="1.W")', "column 17: expected a word of at most 60"),
    ("Linear([])", "column 9: expected an exact number"),
    ("Linear([1, a])", "column 12: expected an exact number"),
    ("Linear([1/0])", "column 11: division by zero"),
    ("Linear([1/a])", "column 11: expected an exact number below the fraction bar"),
    ("Linear([[1, 2], [3]])", "Linear weight: rows of different lengths"),
    ("Linear([[1], 2])", "column 14: expected a row"),
    ("Linear([1, 2])", "Linear weight: expected a list of rows"),
    ("Linear([[1]", "expected ',' or ']'"),
    ("Linear([1", "expected ',' or ']'"),
    ("Linear([[1]], out=2)", "out=2 but the weight has 1 rows"),
    ("Linear([[1]], bias=[1, 2])", "the bias has 2 entries"),
    ('Linear("s +")', "column 8: in the quoted expression, column 4"),
    ('Linear("s t")', "in the quoted expression, column 3: expected an operator"),
    ("BatchNorm(gamma=g)", "column 1: BatchNorm: mode is required"),
    ("BatchNorm(mode=tran)", "mode is required"),
    ("BatchNorm(mode=eval)", 'mode="eval" needs var'),
    ("BatchNorm(mode=train, var=v)", "running statistics"),
    ("LayerNorm(variance=bised)", "variance='bised'; accepted: biased, unbiased, sum"),
    ("LayerNorm(floor=-1)", "column 17"),
    ("GroupNorm(0)", "at least 1"),
    ("Dropout(2, mode=eval)", "must be below 1"),
    ("LearnedScale(a, normalizer=yes)", "column 28: expected true or false"),
    ("Outside(2)", "column 9: expected a word"),
    ("residual", "column 9: expected '(' after residual"),
    ("residual()", "residual needs blocks"),
    ("residual(x, x)", "residual takes one block, found 2"),
    ("residual(s)", "column 10: found a number or a symbol alone"),
    ("concat(f=x)", "concat takes blocks, without names"),
    ("concat(x", "expected ',' or ')' in concat(...)"),
    ("parallel(x,)", "parallel needs blocks"),
    ("scale(a)", "column 8: expected ',' and a block: write scale(a, f)"),
    ("scale(x + ReLU, x)", "column 11: expected an expression, not a layer"),
    ("scale(a, b)", "found a number or a symbol alone"),
    ("scale(a, x, x)", "scale takes a number and one block"),
    ("Repeat(x)", "column 1: Repeat needs depth; accepted: body, depth, tied, index, start, capture"),
    ("Repeat(K)", "found a number or a symbol alone"),
    ("Repeat(x, 1/2)", "Repeat depth: found 1/2"),
    ("Repeat(x, K, true)", "Repeat: found more than 2 values without a name"),
    ("Repeat(x, K, tied=maybe)", "column 19: expected true or false"),
    ("Repeat(x, K, index=2)", "column 20: expected a word"),
    ("Repeat(x, K, index=dd)", "Repeat: 'dd' is reserved"),
    ("Repeat(x, K, tied=true, index=i)", "an index makes no sense"),
    ("Repeat(x, K, capture=u)", "capture=(u = network, v = network)"),
    ("Repeat(x, K, capture=())", "column 23: expected a word"),
    ("Repeat(x, K, capture=(u))", "column 24: expected '=' and a network"),
    ("Repeat(x, K, capture=(u = s))", "found a number or a symbol alone"),
    ("Repeat(x, K, capture=(u = x, u = x))", "column 30: found 'u'; expected a new name"),
    ("Repeat(x, K, capture=(u = x", "expected ',' or ')' after a captured network"),
    ("__import__('os').system('true')", "column 12: unexpected"),
    ("__import__", "column 1"),
    ("Linear(__class__)", "'__class__' is not a name"),
    ("Linear(s.real)", "column 9: unexpected '.'"),
    ("lambda: 0", "column 7: unexpected ':'"),
    ("x; x", "column 2: expected '>>'"),
    ("x\0", "column 2: unexpected"),
    ("Linéar(s)", "column 4: unexpected"),
    ("Linear(s) >> ReLU # comment", "column 19: unexpected '#'"),
    ("x\n>> Linear(s)\n>> Liner(t)", "line 3, column 4: unknown layer 'Liner'"),
    ("x\n  >>", "line 2, column 5: expected a layer"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[repr(t)[:40] for t, _ in BAD])
def test_bad_text_is_refused_with_its_place(text, message):
    with pytest.raises(NetworkError) as error:
        parse_block(text)
    assert message in str(error.value)
    assert str(error.value).startswith(("column ", "line "))


def test_errors_of_layers_keep_their_class():
    with pytest.raises(UnsupportedError, match=r"column 6: Dropout: mode=\"train\""):
        parse_block("x >> Dropout(mode=train)")
    with pytest.raises(NetworkError, match="found int where the text"):
        parse_block(5)
    with pytest.raises(ShapeError, match="layer 2"):
        parse_network("Linear(s, out=3) >> MaxMin", Input(1, 4)).program()


# -- random text -------------------------------------------------------------------------------------------------------

WORDS = [*sorted(LAYERS), *COMBINATORS, "x", "s", "K", "i", "s[i]", "none", "true", "false", "eval", "train", "1",
         "1/2", "0", "0.5", "1e-3",
         "1e9999", "9^9", '"s"', '"', ">>", "+", "-", "*", "/", "^", "(", ")", "[", "]", ",", ";", "=", "gamma=",
         "bias=", "floor=",
         "tied=", "index=", "capture=(", "mode=", "share=", "sqrt(", "dd(", "max(", "\n", "\t", "é", "__", "."]
CALLS = st.sampled_from([LAYERS[n].example for n in sorted(LAYERS)] + ["x", "2", "a", "Linear(s, bias=b)", "-1/2"])


def only_normbound_errors(text: str) -> None:
    with Store():
        try:
            f = parse_block(text)
            again = parse_block(to_text(f))
        except NormboundError as error:
            assert str(error)
            return
        assert to_text(again) == to_text(f)


@QUICK
@given(st.lists(st.sampled_from(WORDS), max_size=30).map("".join))
def test_random_words_never_raise_anything_else(text):
    only_normbound_errors(text)


@QUICK
@given(st.text(max_size=60))
def test_random_characters_never_raise_anything_else(text):
    only_normbound_errors(text)


@QUICK
@given(st.lists(st.tuples(CALLS, st.sampled_from([" >> ", " + ", " - ", " * ", " / ", ", ", " >> residual(", ") + (",
                                                  "("])), max_size=8))
def test_random_calls_never_raise_anything_else(pieces):
    only_normbound_errors("(" + "".join(c + op for c, op in pieces) + "x)")


@QUICK
@given(st.sampled_from([to for to, _ in BAD] + EVERY_ARGUMENT), st.integers(0, 60), st.sampled_from(WORDS))
def test_mutations_never_raise_anything_else(text, at, word):
    only_normbound_errors(text[:at] + word + text[at + 1:])


LEAVES = st.sampled_from(["x", "ReLU", "Tanh", "Linear(s, bias=b)", "Linear(2/3)", "LayerNorm(gamma=g, floor=sigma)",
                          "DyT(a, gamma=g)",
                          "Linear(s, share=core)", "SiLU(2)",
                          "BatchNorm(mode=train, floor=sigma, eps=0)"]).map(parse_block)
FACTORS = st.sampled_from([2, "-1/3", "a", "a + b", "-a", "x", Fraction(1, 7)])


def grow(inner):
    return st.one_of(
        st.tuples(inner, inner).map(lambda p: p[0] >> p[1]), st.tuples(inner, inner).map(lambda p: p[0] + p[1]),
        st.tuples(inner, inner).map(lambda p: p[0] * p[1]), st.tuples(FACTORS, inner).map(lambda p: blocks.scaled(*p)),
        st.tuples(inner, inner).map(lambda p: blocks.parallel(*p)), st.tuples(inner,
                                                                              inner).map(lambda p: blocks.concat(*p)),
        st.tuples(inner, st.sampled_from([0, 2, "K"]), st.booleans()).map(lambda p: Repeat(*p)),
        st.tuples(inner, inner).map(lambda p: Repeat(p[0] + Outside("u"), 2, capture={"u": p[1]}, start=p[1])))


@settings(QUICK, max_examples=200)
@given(st.recursive(LEAVES, grow, max_leaves=8))
def test_random_blocks_survive_printing_and_reading(block):
    text = to_text(block)
    again = parse_block(text)
    assert to_text(again) == text
    assert summaries_agree(block, again)


def test_signatures_name_what_the_language_accepts():
    for entry in LAYERS.values():
        for parameter in inspect.signature(entry.build).parameters.values():
            assert parameter.kind is parameter.POSITIONAL_OR_KEYWORD, entry.name
    assert isinstance(parse_block("DyT(a)"), DyT)
