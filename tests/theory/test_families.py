"""The exact families against plain NumPy: derivatives by the complex step, with forward passes written here."""

import random
from fractions import Fraction
from math import sqrt

import numpy as np
import pytest

from normbound.calculus.derive import analyse
from normbound.contracts.block import Repeat
from normbound.errors import NetworkError, NormboundError
from normbound.network.language import parse_block, to_text
from normbound.network.program import Network, parts_of_series
from normbound.render import prose
from normbound.terms.evaluate import evaluate
from normbound.terms.store import Store
from normbound.theory import families

DEPTHS = (1, 2, 5, 20)
STEP = 1e-30
LAYER_NORMS = ("LayerNorm", "RMSNorm")
# (s, sigma, g, eps) with a = g s/sqrt(sigma^2 + eps) < 1, = 1 and > 1, for eps = 0 and eps > 0
SHRINKING = [("1/2", "2", "3/2", "0"), ("1/2", "3/5", "1", "16/25")]
CRITICAL = [("4/3", "2", "3/2", "0"), ("5", "3/5", "1/5", "16/25")]
GROWING = [("6/5", "1/2", "1", "0"), ("3/2", "3/10", "4/5", "4/25")]


def value(term):
    return float(evaluate(term, {}).mid())


def unrolled(network):
    """The layers of a concrete network, in order; every Repeat is written out."""
    out = []
    for block in parts_of_series(network.body):
        if isinstance(block, Repeat):
            out += parts_of_series(block.body) * block.depth.literal()
        else:
            out.append(block)
    return out


class Model:
    """The network as lists of NumPy arrays and functions of (samples, features) arrays."""

    def __init__(self, network):
        self.layers = [(b.name, self.tensors(b)) for b in unrolled(network)]

    @staticmethod
    def tensors(block):
        array = {}
        if block.name == "Linear":
            array["W"] = np.array([[complex(x) for x in row] for row in block.weight_value])
            if block.bias_value is not None:
                array["b"] = np.array([complex(x) for x in block.bias_value])
        for part in block.expand() or ():
            if hasattr(part, "floor"):
                array["eps"] = complex(part.eps.literal())
            for name in ("gain", "shift"):
                entries = getattr(part, f"{name}_value", None)
                if entries is not None:
                    array[name] = np.array([complex(x) for x in entries])
        return array

    def __call__(self, x):
        for name, t in self.layers:
            if name == "Linear":
                x = x @ t["W"].T + t.get("b", 0)
            elif name == "ReLU":
                x = np.where(x.real > 0, x, 0)
            elif name != "Identity":
                axis = 0 if name == "BatchNorm" else 1
                z = x if name == "RMSNorm" else x - x.mean(axis=axis, keepdims=True)
                z = z / np.sqrt((z * z).mean(axis=axis, keepdims=True) + t["eps"])
                x = t.get("gain", 1) * z + t.get("shift", 0)
        return x

    def least_deviation(self, x):
        """The smallest deviation that enters a normalizer."""
        least = np.inf
        for k, (name, _) in enumerate(self.layers):
            if name.endswith("Norm"):
                z = Model.__new__(Model)
                z.layers = self.layers[:k]
                y = z(x.astype(complex)).real
                axis = 0 if name == "BatchNorm" else 1
                dev = np.sqrt((y * y).mean(axis=axis)) if name == "RMSNorm" else y.std(axis=axis)
                least = min(least, dev.min())
        return least

    def along_input(self, x, direction):
        return np.linalg.norm(self(x + 1j * STEP * direction).imag) / STEP

    def along_weight(self, x, layer, direction):
        linear = [t for name, t in self.layers if name == "Linear"]
        linear[layer]["W"] = linear[layer]["W"] + 1j * STEP * direction
        try:
            return np.linalg.norm(self(x.astype(complex)).imag) / STEP
        finally:
            linear[layer]["W"] = linear[layer]["W"].real.astype(complex)

    def input_jacobian(self, x):
        columns = []
        for k in range(x.size):
            e = np.zeros(x.size)
            e[k] = STEP
            columns.append(self(x + 1j * e.reshape(x.shape)).imag.ravel() / STEP)
        return np.array(columns).T

    def parameter_jacobian(self, x, names):
        columns = []
        for layer in {id(t): t for _, t in self.layers}.values():
            for name in names:
                if name not in layer:
                    continue
                entries = layer[name]
                for k in np.ndindex(entries.shape):
                    entries[k] += 1j * STEP
                    columns.append(self(x.astype(complex)).imag.ravel() / STEP)
                    entries[k] = entries[k].real
        return np.array(columns).T


def exact_array(rows):
    return np.array([[float(x) for x in row] for row in rows])


def untied(model):
    """Give every use of a repeated layer its own arrays: the families repeat without tying."""
    model.layers = [(name, {k: np.array(v) if isinstance(v, np.ndarray) else v for k, v in t.items()})
                    for name, t in model.layers]
    return model


def model_of(family):
    return untied(Model(family.network))


def check_probes(family):
    model = model_of(family)
    for probe in family.probes:
        x, direction = exact_array(probe.point), exact_array(probe.direction)
        size = np.linalg.norm(direction)
        measured = (model.along_input(x, direction) if probe.layer is None
                    else model.along_weight(x, probe.layer, direction)) / size
        if family.relation == "at least":
            assert measured >= value(probe.constant) * (1 - 1e-9)
        else:
            assert measured == pytest.approx(value(probe.constant), rel=1e-6)


def derived_input(family):
    return value(analyse(family.network).summary.L)


def derived_parameters(family):
    summary = analyse(family.network, trainable=family.trainable).summary
    radius = family.network.input.radius
    return sqrt(value(summary.p_squared(radius)))


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("numbers", SHRINKING + CRITICAL + GROWING)
@pytest.mark.parametrize("norm", LAYER_NORMS)
def test_exact_family_attains_the_derived_input_bound(numbers, depth, norm):
    family = families.exact_family(*numbers, depth, radius=2, norm=norm)
    s, sigma, g, eps = (float(Fraction(x)) for x in numbers)
    measured = model_of(family).along_input(np.zeros((1, 4)), exact_array([families.V]))
    assert measured == pytest.approx((g * s / sqrt(sigma**2 + eps))**depth, rel=1e-9)
    assert derived_input(family) == pytest.approx(measured, rel=1e-6)
    assert value(family.constant) == pytest.approx(measured, rel=1e-6)
    jacobian = model_of(family).input_jacobian(exact_array(family.probes[0].point))
    assert np.linalg.norm(jacobian, 2) == pytest.approx(measured, rel=1e-6)
    check_probes(family)


def test_the_parameter_lists_cover_the_three_regimes():
    for numbers, sign in [(n, k) for k, group in ((-1, SHRINKING), (0, CRITICAL), (1, GROWING)) for n in group]:
        s, sigma, g, eps = map(Fraction, numbers)
        excess = (g * s)**2 - (sigma**2 + eps)
        assert (excess > 0) - (excess < 0) == sign
    assert all({n[3] == "0" for n in group} == {True, False} for group in (SHRINKING, CRITICAL, GROWING))


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("numbers", [n for n in SHRINKING + CRITICAL + GROWING if n[3] == "0"])
@pytest.mark.parametrize("norm", LAYER_NORMS)
def test_exact_family_attains_the_derived_parameter_bound_at_eps_0(numbers, depth, norm):
    family = families.exact_family(*numbers, depth, radius="5/2", norm=norm)
    x = exact_array(family.probes[0].point)
    assert np.linalg.norm(x) == pytest.approx(2.5) and x @ exact_array([families.V]).T == pytest.approx(0)
    jacobian = model_of(family).parameter_jacobian(x, ("W", "b", "shift"))
    assert jacobian.shape == (4, 24 * depth)
    measured = np.linalg.norm(jacobian, 2)
    assert derived_parameters(family) == pytest.approx(measured, rel=1e-6)
    assert value(family.parameters) == pytest.approx(measured, rel=1e-6)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("numbers", [n for n in SHRINKING + CRITICAL + GROWING if n[3] != "0"])
@pytest.mark.parametrize("relu", (False, True))
def test_parameter_constant_at_the_point_for_positive_eps_stays_below_the_bound(numbers, depth, relu):
    family = families.exact_family(*numbers, depth, radius="5/2", norm="RMSNorm", relu=relu)
    jacobian = model_of(family).parameter_jacobian(exact_array(family.probes[0].point), ("W", "b", "shift"))
    measured = np.linalg.norm(jacobian, 2)
    assert value(family.parameters) == pytest.approx(measured, rel=1e-6)
    bound = derived_parameters(family)
    assert bound >= measured * (1 - 1e-9)
    if depth > 1:
        assert bound > measured * 1.0001


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("numbers", SHRINKING + CRITICAL + GROWING)
def test_exact_relu_family(numbers, depth):
    family = families.exact_family(*numbers, depth, norm="RMSNorm", relu=True)
    check_probes(family)
    assert derived_input(family) == pytest.approx(value(family.constant), rel=1e-6)


@pytest.mark.parametrize("numbers", SHRINKING + CRITICAL + GROWING)
def test_exact_family_meets_its_floor_everywhere_and_never_exceeds_its_constant(numbers):
    rng = np.random.default_rng(1)
    for norm, relu in (("LayerNorm", False), ("RMSNorm", False), ("RMSNorm", True)):
        family = families.exact_family(*numbers, 3, norm=norm, relu=relu)
        model, floor = model_of(family), float(Fraction(numbers[1]))
        for scale in (0.1, 1.0, 30.0):
            x, y = rng.normal(size=(2, 1, 4)) * scale
            assert model.least_deviation(x) >= floor * (1 - 1e-12)
            quotient = np.linalg.norm(model(x + 0j) - model(y + 0j)) / np.linalg.norm(x - y)
            assert quotient <= value(family.constant) * (1 + 1e-9)


@pytest.mark.parametrize("depth", (1, 2, 5))
def test_exact_family_without_normalization(depth):
    family = families.exact_family("6/5", "1/2", "1", "1/10", depth)
    plain = family.network.without_normalization()
    assert value(analyse(plain).summary.L) == pytest.approx(1.2**depth, rel=1e-9)
    assert value(family.unnormalized) == pytest.approx(1.2**depth, rel=1e-9)
    x, v = np.zeros((1, 4)), exact_array([families.V])
    assert Model(plain).along_input(x, v) == pytest.approx(1.2**depth, rel=1e-9)


# -- explosion ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("c", ("3/2", "11/10", "2"))
@pytest.mark.parametrize("norm", LAYER_NORMS)
def test_explosion_attains_the_derived_bound_at_sigma_1_over_c(c, depth, norm):
    family = families.explosion(c, depth, norm)
    expected = float(Fraction(c))**depth
    model, x = model_of(family), exact_array(family.probes[0].point)
    measured = model.along_input(x, exact_array([families.V]))
    assert measured == pytest.approx(expected, rel=1e-6)
    assert derived_input(family) == pytest.approx(measured, rel=1e-6)
    assert model.least_deviation(x) == pytest.approx(1 / float(Fraction(c)), rel=1e-9)
    check_probes(family)
    assert value(analyse(family.network.without_normalization()).summary.L) == pytest.approx(1, rel=1e-9)
    assert value(family.unnormalized) == 1


@pytest.mark.parametrize("norm", LAYER_NORMS)
def test_explosion_multiplies_the_tangent_by_c_at_each_step(norm):
    u, v = exact_array([families.U]), exact_array([families.V])
    for depth in (1, 3, 6):
        model = model_of(families.explosion("3/2", depth, norm))
        y = model(2 * (np.cos(0.1) * u + np.sin(0.1) * v) + 0j).real
        assert (y @ v.T / (y @ u.T)).item() == pytest.approx(1.5**depth * np.tan(0.1), rel=1e-9)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("c", ("3/2", "2"))
def test_batch_explosion_attains_the_derived_bound(c, depth):
    family = families.batch_explosion(c, depth)
    expected = float(Fraction(c))**depth
    model, x = model_of(family), exact_array(family.probes[0].point)
    measured = np.linalg.norm(model.input_jacobian(x), 2)
    assert measured == pytest.approx(expected, rel=1e-6)
    assert derived_input(family) == pytest.approx(measured, rel=1e-6)
    check_probes(family)


def test_batch_explosion_multiplies_r_by_c_at_each_step():
    u, v = 2 * exact_array([families.U])[0], 2 * exact_array([families.V])[0]
    for depth in (1, 2, 4):
        r, grown = 0.05, 0.05 * 1.5**depth
        y = model_of(families.batch_explosion("3/2", depth))(np.stack([u + r * v, u - r * v], axis=1) + 0j).real
        wanted = np.stack([u + grown * v, u - grown * v], axis=1) / sqrt(1 + grown**2)
        assert y == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("c", ("3/2", "2"))
def test_parameter_explosion_along_its_direction_stays_below_the_derived_bound(c, depth):
    family = families.parameter_explosion(c, depth)
    model, probe = model_of(family), family.probes[1]
    x, direction = exact_array(probe.point), exact_array(probe.direction)
    measured = model.along_weight(x, 0, direction)
    assert measured == pytest.approx(float(Fraction(c))**depth * 2 * sqrt(2), rel=1e-6)  # sqrt(m) |(1, -1)|, m = 4
    check_probes(family)
    assert np.linalg.norm(x) <= value(family.network.input.radius) * (1 + 1e-12)
    bound = derived_parameters(family)
    whole = np.linalg.norm(model.parameter_jacobian(x, ("W",)), 2)
    assert measured / sqrt(2) <= whole * (1 + 1e-9) <= bound * (1 + 2e-9)
    assert derived_input(family) == pytest.approx(value(family.constant), rel=1e-6)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("norm", LAYER_NORMS)
@pytest.mark.parametrize("numbers", [("1/2", "1", "1/100"), ("1/10", "1", "1/100"), ("1/20", "1", "1/100")])
def test_global_epsilon_attains_the_unconditional_bound(numbers, depth, norm):
    family = families.global_epsilon(*numbers, depth, norm)
    s, g, eps = (float(Fraction(x)) for x in numbers)
    measured = np.linalg.norm(model_of(family).input_jacobian(np.zeros((1, 4))), 2)
    assert measured == pytest.approx((g * s / sqrt(eps))**depth, rel=1e-6)
    assert derived_input(family) == pytest.approx(measured, rel=1e-6)
    check_probes(family)


# -- reduction and products -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize(("s", "r"), [("2", "1/2"), ("1/3", "4"), ("1", "1")])
def test_reduction_is_1_over_r_at_every_depth(s, r, depth):
    family = families.reduction(s, r, depth)
    model, x = model_of(family), exact_array(family.probes[0].point)
    measured = np.linalg.norm(model.input_jacobian(x), 2)
    assert measured == pytest.approx(1 / float(Fraction(r)), rel=1e-6)
    assert derived_input(family) == pytest.approx(measured, rel=1e-6)
    assert value(family.unnormalized) == pytest.approx(float(Fraction(s))**depth, rel=1e-9)
    assert value(analyse(family.network.without_normalization()).summary.L) == pytest.approx(float(Fraction(s))**depth)
    check_probes(family)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("s", ("1/2", "1", "6/5"))
def test_aligned_relu_attains_the_product_and_the_parameter_bound(s, depth):
    family = families.aligned_relu([s] * depth, radius=3)
    model, x = model_of(family), exact_array(family.probes[0].point)
    a = float(Fraction(s))
    measured = np.linalg.norm(model.input_jacobian(x), 2)
    assert measured == pytest.approx(a**depth, rel=1e-6)
    assert derived_input(family) == pytest.approx(measured, rel=1e-6)
    sensitivity = np.linalg.norm(model.parameter_jacobian(x, ("W",)), 2)
    assert sensitivity == pytest.approx(sqrt(depth) * a**(depth - 1) * 3, rel=1e-6)
    assert derived_parameters(family) == pytest.approx(sensitivity, rel=1e-6)
    assert value(family.parameters) == pytest.approx(sensitivity, rel=1e-6)
    check_probes(family)


def test_aligned_relu_with_different_scales_claims_no_parameter_constant():
    family = families.aligned_relu(["1/2", 3, "7/5"])
    check_probes(family)
    assert value(family.constant) == pytest.approx(2.1)
    assert derived_input(family) == pytest.approx(2.1)
    assert family.parameters is None


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("c", ("3/10", "1/4", "1/10"))
def test_positive_weights_grow_at_least_like_c_times_d(c, depth):
    family = families.positive_weights(c, depth)
    check_probes(family)
    weights = [b.weight_value for b in unrolled(family.network) if b.name == "Linear"]
    assert len(weights) == depth and all(x >= Fraction(c) for w in weights for row in w for x in row)
    assert value(family.constant) == pytest.approx((4 * float(Fraction(c)))**depth)
    assert derived_input(family) >= value(family.constant)


# -- all families -----------------------------------------------------------------------------------------------------

def every_family():
    return [families.aligned_relu(["1/2", 2]), families.positive_weights("1/3", 2),
            families.exact_family(1, 1, 1, 0, 2), families.exact_family(1, 1, 1, 0, 2, norm="RMSNorm", relu=True),
            families.explosion(2, 2),
            families.batch_explosion(2, 2), families.parameter_explosion(2, 2), families.global_epsilon(1, 1, 1, 2),
            families.reduction(2, 1, 2)]


def test_every_family_can_be_written_in_the_language():
    for family in every_family():
        again = Network(family.network.input, parse_block(to_text(family.network.body)))
        assert value(analyse(again).summary.L) == pytest.approx(derived_input(family), rel=1e-12)


def test_every_family_says_what_it_states_and_why():
    found = every_family()
    assert len({f.name for f in found}) == len(found)
    for f in found:
        assert f.relation in ("exact", "at least") and f.probes
        for text in (f.statement, f.proof, f.source, f.continuum):
            assert len(text) > 20 and text.isascii()
            prose.check(text)
        assert "For all" in f.statement and f.sources and f.dimension == sum(a.count for a in f.space) > 0


# -- the continuum ----------------------------------------------------------------------------------------------------

def draw(rng, axis):
    """``axis.count`` rational numbers of the interval of an axis."""
    low = Fraction(axis.low)
    high = low + 2 if axis.high is None else Fraction(axis.high)
    return [low + (high - low) * Fraction(rng.randint(0 if axis.closed else 1, 63), 64) for _ in range(axis.count)]


def shaped(axis, numbers):
    if axis.argument == "directions":
        return [numbers[k:k + 3] for k in range(0, len(numbers), 3)]
    if axis.argument == "weights":
        rows = [numbers[k:k + 4] for k in range(0, len(numbers), 4)]
        return [rows[k:k + 4] for k in range(0, len(rows), 4)]
    return numbers if axis.argument in ("turn", "scales") else numbers[0]


MEMBERS = {
    "aligned-relu": (lambda **k: families.aligned_relu(**k), families.aligned_relu([1, 1])),
    "positive-weights": (lambda **k: families.positive_weights("1/3", 2, **k), families.positive_weights("1/3", 2)),
    "exact": (lambda **k: families.exact_family(depth=2, **k), families.exact_family(1, 1, 1, 0, 2)),
    "exact-relu": (lambda **k: families.exact_family(depth=2, norm="RMSNorm", relu=True, **k),
                   families.exact_family(1, 1, 1, 0, 2, norm="RMSNorm", relu=True)),
    "explosion": (lambda **k: families.explosion(depth=2, **k), families.explosion(2, 2)),
    "batch-explosion": (lambda **k: families.batch_explosion(depth=2, **k), families.batch_explosion(2, 2)),
    "parameter-explosion": (lambda **k: families.parameter_explosion(depth=2, **k), families.parameter_explosion(2, 2)),
    "global-epsilon": (lambda **k: families.global_epsilon(depth=2, **k), families.global_epsilon(1, 1, 1, 2)),
    "reduction": (lambda **k: families.reduction(depth=2, **k), families.reduction(2, 1, 2)),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_every_draw_from_the_space_of_a_family_is_a_member(name):
    build, example = MEMBERS[name]
    assert example.name == name
    rng, seen = random.Random(7), set()
    for _ in range(6):
        family = build(**{a.argument: shaped(a, draw(rng, a)) for a in example.space})
        check_probes(family)
        bound = derived_input(family)
        if family.relation == "exact":
            assert bound == pytest.approx(value(family.constant), rel=1e-9)
        else:
            assert bound >= value(family.constant) * (1 - 1e-12)
        if family.parameters is not None:
            model = model_of(family)
            roles = tuple({"weight": "W", "bias": "b", "shift": "shift"}[r] for r in sorted(family.trainable))
            x = exact_array(family.probes[0].point)
            assert np.linalg.norm(model.parameter_jacobian(x, roles), 2) == pytest.approx(value(family.parameters), rel=1e-6)
        seen.add(to_text(family.network.body))
    assert len(seen) == 6


def test_without_the_normalizer_the_relu_of_the_exact_family_acts():
    """Its constant is then below s^K, so no unnormalized constant is claimed."""
    family = families.exact_family(2, 1, 1, 0, 1, norm="RMSNorm", relu=True)
    plain = Model(family.network.without_normalization())
    rng = np.random.default_rng(0)
    steepest = max(np.linalg.norm(plain.input_jacobian(x), 2) for x in 3 * rng.standard_normal((200, 1, 4)))
    assert steepest == pytest.approx(sqrt(2), rel=1e-6) and family.unnormalized is None
    assert value(analyse(family.network.without_normalization()).summary.L) == pytest.approx(2)


@pytest.mark.parametrize("turn", [(0, 0, 0), ("1/3", "-1/2", "2/7"), (1, 0, 0)])
def test_frames_are_orthonormal_and_centred(turn):
    u, v = families._frame(turn)
    assert sum(u) == sum(v) == 0
    assert sum(x * x for x in u) == sum(x * x for x in v) == 1 and sum(x * y for x, y in zip(u, v, strict=True)) == 0


def test_depth_0_is_the_identity():
    for family in (families.exact_family(2, 1, 1, 0, 0), families.explosion(2, 0), families.batch_explosion(2, 0),
                   families.global_epsilon(2, 1, 1, 0), families.aligned_relu([]), families.positive_weights(1, 0)):
        assert value(family.constant) == 1 and derived_input(family) == 1
        check_probes(family)


def test_families_live_in_the_current_store():
    with Store() as store:
        family = families.exact_family(1, 2, 1, 0, 3)
        assert family.constant.store is store
        assert value(analyse(family.network).summary.L) == pytest.approx(1 / 8)


@pytest.mark.parametrize(("build", "message"), [
    (lambda: families.exact_family(0.5, 1, 1, 0, 1), "s: found the float 0.5"),
    (lambda: families.exact_family(1, 0, 1, 0, 1), "sigma: found 0; a number > 0"),
    (lambda: families.exact_family(1, 1, 1, -1, 1), "eps: found -1; a number >= 0"),
    (lambda: families.exact_family(1, 1, 1, 0, -1), "depth: found -1"),
    (lambda: families.exact_family(1, 1, 1, 0, True), "depth: found True"),
    (lambda: families.exact_family(1, 1, 1, 0, 1, norm="BatchNorm"), "accepted: LayerNorm, RMSNorm"),
    (lambda: families.exact_family(1, 1, 1, 0, 1, relu=True), 'norm="RMSNorm" only'),
    (lambda: families.explosion(1, 2), "c: found 1; a number > 1"),
    (lambda: families.explosion(2, 2, "Norm"), "accepted: LayerNorm, RMSNorm"),
    (lambda: families.global_epsilon(1, 1, 0, 2), "eps: found 0; a number > 0"),
    (lambda: families.global_epsilon(1, 1, 1, 2, "Norm"), "accepted: LayerNorm, RMSNorm"),
    (lambda: families.parameter_explosion(2, 0), "at least 1"),
    (lambda: families.reduction(1, 1, 0), "at least 1"),
    (lambda: families.reduction("s", 1, 1), "s: 's' is not an exact number"),
    (lambda: families.aligned_relu([1], radius=0), "radius: found 0"),
    (lambda: families.positive_weights(1, 10**6), "depth: found 1000000"),
    (lambda: families.positive_weights(1, 1, weights=[[[1, 1, 1, "1/2"]] + [[1] * 4] * 3]), "found the entry 1/2"),
    (lambda: families.positive_weights(1, 2, weights=[[[1] * 4] * 4]), "2 matrices of 4 x 4"),
    (lambda: families.aligned_relu([1], directions=[["1/2"] * 3]), "found 1; 2 are needed"),
    (lambda: families.aligned_relu([1], directions=[["3/5"] * 3] * 2), "sum of squares below 1"),
    (lambda: families.explosion(2, 2, turn=(1, 2)), "turn: found 2 numbers"),
])
def test_bad_numbers_are_refused(build, message):
    with pytest.raises(NormboundError) as error:
        build()
    assert message in str(error.value) and isinstance(error.value, NetworkError)
