"""Networks written in two ways have one bound: repeats against unrolled chains, and needless complications."""

from fractions import Fraction as F

import pytest

from normbound import (
    GELU,
    BatchNorm,
    DyT,
    Identity,
    Input,
    LayerNorm,
    Linear,
    Outside,
    PReLU,
    ReLU,
    Repeat,
    Sigmoid,
    SquaredReLU,
    Store,
    Tanh,
    concat,
    derive_all,
    parallel,
    residual,
)
from normbound.terms.evaluate import evaluate_many

VALUES = {"R": F(3, 2), "d": 4, "s": F(6, 5), "t": F(2, 3), "b": F(1, 3), "c": F(1, 7), "g": F(5, 4), "h": F(1, 5),
          "sigma": F(1, 2), "eps": F(1, 10), "a": F(4, 5), "K": 3, "m": 2}


@pytest.fixture(autouse=True)
def store():
    with Store() as fresh:
        yield fresh


def lin(s="s", b="b", share=None):
    return Linear(s, bias=b, share=share)


def norm(share=None, floor="sigma"):
    return LayerNorm(gamma="g", beta="h", floor=floor, share=share)


BODIES = {
    "linear": lambda: lin(),
    "relu": lambda: lin() >> ReLU(),
    "two layers": lambda: lin() >> ReLU() >> lin("t", "c"),
    "gelu": lambda: lin() >> GELU(),
    "normalized": lambda: lin() >> norm() >> ReLU(),
    "post-norm": lambda: residual(lin() >> ReLU()) >> norm(),
    "pre-norm": lambda: residual(norm() >> lin() >> ReLU() >> lin("t", "c")),
    "scaled residual": lambda: residual(lin() >> Tanh(), "1/2"),
    "sum": lambda: (lin() >> ReLU()) + (lin("t", "c") >> Tanh()),
    "concat": lambda: concat(Identity(), lin() >> ReLU()) >> Linear("t", bias="c", out="d"),
    "concat of two": lambda: concat(lin(), lin("t", "c") >> ReLU()) >> Linear("a", out="d"),
    "parallel": lambda: parallel(lin() >> ReLU(), lin("t", "c")),
    "dyt": lambda: residual(DyT("a", gamma="g", beta="h") >> lin()),
    "product": lambda: residual((lin() >> Sigmoid()) * Linear("t")),
    "squared, peeled": lambda: SquaredReLU() >> lin() >> norm(),
    "prelu": lambda: lin() >> PReLU("a"),
    "nested": lambda: Repeat(residual(lin()), 2) >> norm(),
}


def numbers(block, radius="R", samples=1):
    bounds = derive_all(Input(radius, "d", samples) >> block)
    terms = [bounds[w].term for w in ("radius", "input", "parameters")]
    values = {k: v for k, v in VALUES.items() if k in terms[0].store.symbols(*terms)}
    return evaluate_many(terms, values)


def agree(left, right):
    for x, y in zip(left, right, strict=True):
        assert x.overlaps(y), (left, right)
        assert x.rad() <= abs(x.mid()) * 1e-20 + 1e-25


def chain(blocks):
    blocks = list(blocks)
    result = blocks[0]
    for b in blocks[1:]:
        result = result >> b
    return result


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("samples", [1, 3])
def test_repeat_is_the_unrolled_chain(name, n, samples):
    body = BODIES[name]
    agree(numbers(Repeat(body(), n), samples=samples), numbers(chain(body() for _ in range(n)), samples=samples))


@pytest.mark.parametrize("name", BODIES)
def test_repeat_between_other_layers(name):
    body = BODIES[name]
    unrolled = chain([lin("t", "c"), *(body() for _ in range(3)), lin()])
    agree(numbers(lin("t", "c") >> Repeat(body(), 3) >> lin()), numbers(unrolled))


@pytest.mark.parametrize("name", BODIES)
def test_depth_zero_is_the_identity(name):
    agree(numbers(Repeat(BODIES[name](), 0)), numbers(Identity()))


@pytest.mark.parametrize("name", [n for n in BODIES if n != "nested"])
def test_repeats_nest(name):
    body = BODIES[name]
    agree(numbers(Repeat(Repeat(body(), 2), 3)), numbers(Repeat(body(), 6)))


def test_symbolic_depth_equals_number():
    for name, body in BODIES.items():
        agree(numbers(Repeat(body(), "K")), numbers(Repeat(body(), 3))), name


TIED = {
    "relu": lambda w: lin(share=w) >> ReLU(),
    "two layers": lambda w: lin(share=w and f"{w}1") >> ReLU() >> lin("t", "c", share=w and f"{w}2"),
    "normalized": lambda w: lin(share=w) >> norm(share=w and f"{w}n") >> ReLU(),
    "residual": lambda w: residual(lin(share=w) >> Tanh()),
    "product": lambda w: residual((lin(share=w) >> Sigmoid()) * Linear("t", share=w and f"{w}2")),
    "squared, peeled": lambda w: SquaredReLU() >> lin(share=w) >> norm(share=w and f"{w}n"),
    "concat": lambda w: concat(Identity(), lin(share=w) >> ReLU()) >> Linear("t", bias="c", out="d", share=w and f"{w}2"),
}


@pytest.mark.parametrize("name", TIED)
@pytest.mark.parametrize("n", [1, 2, 4])
@pytest.mark.parametrize("samples", [1, 3])
def test_tied_repeat_is_the_chain_with_shared_tensors(name, n, samples):
    body = TIED[name]
    unrolled = chain(body("w") for _ in range(n))
    agree(numbers(Repeat(body(None), n, tied=True), samples=samples), numbers(unrolled, samples=samples))


@pytest.mark.parametrize("name", TIED)
def test_shared_tensors_inside_an_untied_repeat(name):
    body = TIED[name]
    agree(numbers(Repeat(body("w"), 4)), numbers(Repeat(body(None), 4, tied=True)))


@pytest.mark.parametrize("name", ["relu", "two layers", "normalized", "residual", "concat"])
def test_untied_repeat_inside_a_tied_one(name):
    """Member j of the inner family is one tensor, used once per outer iteration."""
    body = TIED[name]
    left = numbers(Repeat(Repeat(body(None), 3) >> lin("t", "c"), 2, tied=True))
    once = lambda: chain([*(body(f"w{j}x") for j in range(3)), lin("t", "c", share="last")])  # noqa: E731
    agree(left, numbers(chain([once(), once()])))


def test_tied_inside_tied_and_tied_inside_untied():
    body = TIED["two layers"]
    agree(numbers(Repeat(Repeat(body(None), 2, tied=True), 3, tied=True)), numbers(Repeat(body(None), 6, tied=True)))
    left = numbers(Repeat(Repeat(body(None), 2, tied=True), 3))
    agree(left, numbers(chain(body(f"w{k}x") >> body(f"w{k}x") for k in range(3))))


def test_family_is_the_chain_of_its_members():
    members = {"s": [F(1, 2), F(2), F(6, 5)], "b": [F(0), F(1), F(1, 3)], "g": [F(1), F(5, 4), F(2)]}
    body = Linear("s[i]", bias="b[i]") >> LayerNorm(gamma="g[i]", floor="sigma") >> ReLU()
    for extra in (lambda x: x, lambda x: residual(x)):
        left = derive_all(Input("R", "d") >> Repeat(extra(body), "K", index="i"))
        right = derive_all(Input("R", "d") >> chain(
            extra(Linear(str(s), bias=str(b)) >> LayerNorm(gamma=str(g), floor="sigma") >> ReLU())
            for s, b, g in zip(*members.values(), strict=True)))
        for wrt in left:
            x = evaluate_many([left[wrt].term], {**VALUES, **members})[0]
            y = evaluate_many([right[wrt].term], VALUES)[0]
            assert x.overlaps(y)


def test_capture_of_the_input_itself():
    """u = v and x_0 = v: the captured tensor is the input, so routes add."""
    injected = numbers(Repeat(Linear("s") + Outside("u"), 3, tied=True, capture={"u": Identity()}))
    s = VALUES["s"]
    assert abs(float(injected[1].mid()) - float(s**3 + 1 + s + s**2)) < 1e-12


COMPLICATIONS = {
    "identity": lambda f: Identity() >> f >> Identity(),
    "sum with zero": lambda f: f + 0 * Linear(5),
    "scale and unscale": lambda f: "1/2" * (2 * f),
    "repeat once": lambda f: Repeat(f, 1),
    "repeat once, tied": lambda f: Repeat(f, 1, tied=True),
    "start": lambda f: Repeat(Identity(), 3, start=f),
    "empty repeat": lambda f: Repeat(Linear(9, bias=2), 0) >> f,
    "capture nothing used": lambda f: Repeat(f, 1, capture={"u": Linear(7)}),
    "minus minus": lambda f: -1 * (-1 * f),
}


@pytest.mark.parametrize("how", COMPLICATIONS)
@pytest.mark.parametrize("name", BODIES)
def test_needless_complication_changes_nothing(how, name):
    body = BODIES[name]
    if how == "repeat once, tied" and ("concat of two" in name or "parallel" in name):
        # a tied Repeat keeps groups apart, so branches add instead of taking the maximum: larger, still valid
        assert numbers(COMPLICATIONS[how](body()))[2] > numbers(body())[2]
        return
    agree(numbers(COMPLICATIONS[how](body())), numbers(body()))


def test_association_does_not_matter():
    a, b, c = lin() >> ReLU(), norm(), lin("t", "c")
    agree(numbers((a >> b) >> c), numbers(a >> (b >> c)))
    agree(numbers((a + b) + c), numbers(a + (b + c)))


def test_without_normalization_removes_statistics_and_affine():
    with_norm = Input("R", "d") >> Repeat(lin() >> norm() >> ReLU() >> BatchNorm(mode="train", gamma="g"), "K")
    plain = Input("R", "d") >> Repeat(lin() >> ReLU(), "K")
    for wrt, bound in derive_all(with_norm.without_normalization()).items():
        assert bound.term == derive_all(plain)[wrt].term


def test_forty_nested_residuals_stay_small():
    block = lin()
    for k in range(40):
        block = residual(block, f"a{k}")
    bound = derive_all(Input("R", "d") >> block)["input"]
    assert len(bound.term.store.reachable([bound.term])) <= 3 * 40 + 5
    assert len(str(bound.term)) < 4000


def test_long_chain_does_not_recurse():
    net = Input("R", "d") >> chain(lin() >> ReLU() for _ in range(5000))
    bounds = derive_all(net)
    assert bounds["input"].at({"s": 1}).ball == 1
