"""The built-in architectures: their definitions, their files, and numbers at which their bounds say something."""

import tomllib

import pytest

from normbound.calculus.derive import analyse
from normbound.errors import NetworkError
from normbound.network import builtins
from normbound.network.language import parse_block, to_text
from normbound.network.program import Network
from normbound.terms.evaluate import evaluate
from normbound.terms.normal import same
from normbound.terms.store import Store, term

LN = "LayerNorm(gamma=g, beta=h, floor=sigma, eps=eps)"
DEFINITIONS = {  # written in another way than the files where there is one
    "mlp": "Repeat(Linear(s, b) >> ReLU(), K)",
    "mlp-layernorm": f"Repeat(Linear(s, b) >> {LN} >> ReLU(), K)",
    "bias-dominated": "Repeat(Linear(s, b) >> LayerNorm(g, floor=sigma), K)",
    "post-norm": f"Repeat(residual(Linear(s, b) >> ReLU()) >> {LN}, K)",
    "pre-norm": f"Repeat(residual({LN} >> Linear(s, b) >> ReLU() >> Linear(t, c)), K)",
    "stages": f"Repeat(Repeat(residual(Linear(s, b) >> ReLU()), m) >> {LN} >> Linear(t, c), K)",
    "batchnorm-eval": "Repeat(Linear(s, none) >> BatchNorm(eval, g, h, var=v, mean=u, eps=eps) >> ReLU, K)",
    "batchnorm-train": "Repeat(Linear(s, none) >> BatchNorm(train, g, h, sigma) >> ReLU, K)",
    "dyt": "Repeat(residual(DyT(a, g, h) >> Linear(s, b)), K)",
    "dense": "Repeat(concat(Identity(), Linear(s, b, k) >> ReLU()) >> Linear(t, c, d), K)",
    "recurrent": "Repeat(Linear(s, b) >> Tanh(), K, tied=true)",
    "injected": "Repeat((Linear(s, b) + Outside(u)) >> Tanh(), K, tied=true, capture=(u = Linear(t, c)), start=x)",
    "gelu": "Repeat(Linear(s, b) >> GELU(), K)",
    "two-layer": "Repeat(Linear(s, b) >> ReLU() >> Linear(t, c) >> ReLU(), K)",
    "gated": "Repeat(residual(((Linear(r) >> Sigmoid()) * Linear(s)) >> Linear(t)), K)",
    "indexed": "Repeat(Linear(s[j], b[j]) >> LayerNorm(g[j], h[j], sigma[j]) >> ReLU, K, index=j)",
    "groupnorm": "Repeat(Linear(s, b) >> GroupNorm(2, g, h, sigma) >> ReLU, K)",
    "rms-residual": "Repeat(residual(RMSNorm(g, floor=sigma) >> Linear(s, b) >> ReLU >> Linear(t, c)), K)",
    "shared": "Linear(s, b, share=w) >> ReLU >> Linear(t, c) >> ReLU >> Linear(s, b, share=w)",
}
CONSTANTS = {
    "mlp": "s^K", "mlp-layernorm": "(s*g/sqrt(sigma^2 + eps))^K", "bias-dominated": "(s*g/sqrt(sigma^2 + eps))^K",
    "post-norm": "((1 + s)*g/sqrt(sigma^2 + eps))^K", "pre-norm": "(1 + g*s*t/sqrt(sigma^2 + eps))^K",
    "stages": "((1 + s)^m*g*t/sqrt(sigma^2 + eps))^K", "batchnorm-eval": "(s*g/sqrt(v + eps))^K",
    "batchnorm-train": "(s*g/sqrt(sigma^2 + eps))^K", "dyt": "(1 + a*g*s)^K", "dense": "(sqrt(1 + s^2)*t)^K",
    "recurrent": "s^K",
    "injected": "s^K + t*dd(K; s, 1)", "gelu": "(gelu_lip*s)^K", "two-layer": "(s*t)^K",
    "indexed": "prod(i, K, s[i]*g[i]/sqrt(sigma[i]^2 + eps))", "groupnorm": "(s*g/sqrt(sigma^2 + eps))^K",
    "rms-residual": "(1 + g*s*t/sqrt(sigma^2 + eps))^K", "shared": "s^2*t",
}


def derived(network):
    summary = analyse(network).summary
    R = network.input.radius
    return [summary.L, summary.radius(R), summary.p_squared(R)]


def test_the_table_is_complete():
    assert set(builtins.names()) == set(DEFINITIONS)
    assert list(builtins.names()) == sorted(DEFINITIONS)


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_each_is_its_definition(name):
    a = builtins.get(name)
    other = Network(a.network.input, parse_block(DEFINITIONS[name]))
    for x, y in zip(derived(a.network), derived(other), strict=True):
        u, v = evaluate(x, a.values), evaluate(y, a.values)
        assert u.overlaps(v) and u.is_finite() and u > 0


@pytest.mark.parametrize("name", sorted(CONSTANTS))
def test_each_has_the_constant_of_the_table(name):
    assert same(analyse(builtins.get(name).network).summary.L, term(CONSTANTS[name]))


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_each_round_trips_through_the_language(name):
    network = builtins.get(name).network
    again = Network(network.input, parse_block(to_text(network.body)))
    assert to_text(again.body) == to_text(network.body)
    assert all(same(x, y) for x, y in zip(derived(network), derived(again), strict=True))
    plain = network.without_normalization()
    again = Network(network.input, parse_block(to_text(plain.body)))
    assert all(same(x, y) for x, y in zip(derived(plain), derived(again), strict=True))


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_each_file_declares_every_symbol_and_gives_it_a_number(name):
    a = builtins.get(name)
    assert set(a.values) == set(a.symbols) and a.title and a.network.title == a.title and a.name == name
    table = tomllib.loads(a.text)
    assert set(table) == {"title", "network", "input", "symbols", "values"}
    assert set(table["symbols"]) == set(a.symbols)
    letters = {"R", "d", "n", "K", "m", "s", "b", "t", "c", "g", "h", "sigma", "eps", "u", "v", "a", "k", "r", "p"}
    assert set(a.symbols) <= letters
    kinds = dict.fromkeys("dnKmkp", "natural")
    family = {"s", "b", "g", "h", "sigma"} if name == "indexed" else set()
    assert a.symbols == {n: "family" if n in family else kinds.get(n, "nonneg") for n in a.symbols}


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_the_numbers_let_every_floor_hold(name):
    """sigma sqrt(divisor) <= radius in every iteration: otherwise no input meets the hypotheses."""
    a = builtins.get(name)
    found = analyse(a.network)
    floors = [u for u in found.uses if u.hypothesis.kind == "floor"]
    assert bool(floors) == (name in {"mlp-layernorm", "bias-dominated", "post-norm", "pre-norm", "stages",
                                     "batchnorm-train", "indexed",
                                     "groupnorm", "rms-residual"})
    for use in floors:
        scope = found.scopes[use.scope]
        depth = a.values["K"]
        assert isinstance(depth, int) and depth >= 2
        for iteration in range(1, depth + 1):
            entry = evaluate(scope.iteration.radius_after(term(iteration - 1)), a.values)
            at = {**a.values, scope.state.node[1]: entry}
            if scope.index is not None:
                at[scope.index.node[1]] = iteration
            needed = evaluate(use.hypothesis.term, at) * evaluate(use.hypothesis.divisor, at).sqrt()
            assert needed <= evaluate(use.radius, at), iteration


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_names_and_symbols_survive_a_fresh_store(name):
    with Store() as store:
        a = builtins.get(name)
        assert a.network.input.features.store is store
        assert evaluate(analyse(a.network).summary.L, a.values) > 0


def test_both_regimes_are_among_the_defaults():
    small, large = builtins.get("bias-dominated"), builtins.get("mlp-layernorm")
    plain = [analyse(a.network.without_normalization()).summary.L for a in (small, large)]
    with_norms = [analyse(a.network).summary.L for a in (small, large)]
    assert evaluate(with_norms[0], small.values) < evaluate(plain[0], small.values) < 1
    assert evaluate(with_norms[1], large.values) > evaluate(plain[1], large.values) > 1


@pytest.mark.parametrize(("name", "message"), [
    ("mpl", "unknown architecture 'mpl'; did you mean mlp?"), ("batchnorm", "did you mean batchnorm-"),
    ("zzz", "built in: batchnorm-eval"),
    ("", "unknown architecture ''"), ("../builtin/mlp", "unknown architecture"), ("mlp.toml", "did you mean mlp"),
    (None, "unknown"),
    ("x" * 1000, "unknown architecture 'xxx")])
def test_unknown_names_are_refused_with_the_nearest(name, message):
    with pytest.raises(NetworkError) as error:
        builtins.get(name)
    assert message in str(error.value) and len(str(error.value)) < 600
