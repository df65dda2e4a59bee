"""Unrolled reference recurrences for the built-in architectures, in exact rational arithmetic.

Every function follows one network from its input to its output, one layer at a time, and carries three
numbers: how large the tensor can be, how much it can move when the input moves, and (squared) how much it
can move when all trainable parameters move.  Depth is a loop; there are no symbols, and closed forms appear
only in the self-check at the end.

Conventions.  The input is n rows of width d; norms are Euclidean over all entries; the input norm is at most
R.  Parameters are measured together, by the Euclidean norm of all of them (Frobenius for matrices).  Both
networks of a comparison obey the norm bounds and the variance floors.  Irrational numbers are passed in as
exact rationals, at points where they are rational:

    root_n   sqrt(n), n the number of rows             root_d   sqrt(d), d the width at the normalizer
    ell      1/sqrt(sigma^2 + eps), the constant of a normalizer under its floor (1/sqrt(eps) without one)
    root_v   1/sqrt(v + eps), the fixed scaling of an evaluated batch normalization
    hyp      sqrt(1 + s^2), the constant of x -> (x, ReLU(Linear(s, b)(x)))
    rho      the Lipschitz constant of the activation

Parameter kinds, for `trainable`: weight and bias (of a linear layer), gain and shift (the affine part of a
normalizer or of DyT), scale (the scalar inside the tanh of DyT).  A kind left out is held fixed: it keeps its
norm bound but adds nothing to the parameter bound.
"""

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import NamedTuple

Rational = Fraction | int

ALL = frozenset({"weight", "bias", "gain", "shift", "scale"})


class Bounds(NamedTuple):
    """What is known about a tensor: its norm, and how far it moves with the input and with the parameters."""

    radius: Fraction
    lip: Fraction
    param_sq: Fraction


class Setting(NamedTuple):
    """Rows, width and the kinds of parameters that count; made by `_setting`, which checks the roots."""

    n: Rational
    root_n: Rational
    d: Rational
    root_d: Rational
    trainable: frozenset[str]

    def counts(self, kind: str) -> int:
        """1 if parameters of this kind are trainable, else 0."""
        return int(kind in self.trainable)


def _setting(
    n: Rational, root_n: Rational, trainable: Collection[str], d: Rational = 1, root_d: Rational = 1
) -> Setting:
    assert root_n >= 0
    assert root_n * root_n == n, f"root_n = {root_n} is not the square root of n = {n}"
    assert root_d >= 0
    assert root_d * root_d == d, f"root_d = {root_d} is not the square root of d = {d}"
    assert not isinstance(trainable, str), "trainable is a collection of kinds, not one string"
    assert set(trainable) <= ALL, f"unknown parameter kinds: {sorted(set(trainable) - ALL)}"
    return Setting(n, root_n, d, root_d, frozenset(trainable))


# Layers: each takes what is known about its input and returns what is known about its output.


def _start(radius: Rational) -> Bounds:
    """The tensor everything is measured from: it moves as itself and depends on no parameter."""
    return Bounds(Fraction(radius), Fraction(1), Fraction(0))


def _linear(x: Bounds, s: Rational, b: Rational | None, at: Setting) -> Bounds:
    """W x + c on each row; b = None means there is no bias parameter.

    Radius: s times the old one, plus the same bias on n rows, sqrt(n) b.  Moving W moves the output by at
    most the radius of the input, moving c by sqrt(n), both jointly by the root of the sum of squares.
    """
    own = at.counts("weight") * x.radius**2
    radius = s * x.radius
    if b is not None:
        own += at.counts("bias") * at.n
        radius += at.root_n * b
    return Bounds(radius, s * x.lip, s * s * x.param_sq + own)


def _activation(x: Bounds, rho: Rational = 1, growth: Rational = 1) -> Bounds:
    """An elementwise map that fixes 0: distances grow by rho, norms by the growth ratio."""
    return Bounds(growth * x.radius, rho * x.lip, rho * rho * x.param_sq)


def _standardize(x: Bounds, ell: Rational, at: Setting) -> Bounds:
    """The parameter-free part of a normalizer: distances grow by ell, the norm is at most sqrt(n d)."""
    return Bounds(Fraction(at.root_n * at.root_d), ell * x.lip, ell * ell * x.param_sq)


def _affine(x: Bounds, g: Rational, h: Rational, own: Rational, at: Setting) -> Bounds:
    """gamma * x + beta, the same for each row; `own` is the squared sensitivity in (gamma, beta)."""
    return Bounds(g * x.radius + at.root_n * h, g * x.lip, g * g * x.param_sq + own)


def _layernorm(x: Bounds, g: Rational, h: Rational | None, ell: Rational, at: Setting) -> Bounds:
    """Standardize each row, then the affine part; h = None means there is no shift parameter.

    No entry of a standardized row exceeds sqrt(d-1): on n rows the gain contributes n (d-1), the shift n.
    """
    own = at.counts("gain") * at.n * (at.d - 1)
    if h is not None:
        own += at.counts("shift") * at.n
    return _affine(_standardize(x, ell, at), g, h or 0, own, at)


def _residual(x: Bounds, body: Bounds) -> Bounds:
    """x + f(x), where `body` is f started afresh at the radius of x.

    So `body.lip` and `body.param_sq` are f's own: constants become 1 + L_f times the old ones, radii add, and
    the squared parameter constant is multiplied by (1 + L_f)^2 and gains the squared sensitivity of f.
    """
    total = 1 + body.lip
    return Bounds(x.radius + body.radius, total * x.lip, total**2 * x.param_sq + body.param_sq)


class Block(NamedTuple):
    """A block relative to its own input of norm B: |out| <= b0 + G B, constant L, own q2 B^2 + q1 B + q0."""

    L: Fraction
    b0: Fraction
    G: Fraction
    q2: Fraction
    q1: Fraction
    q0: Fraction


IDENTITY = Block(Fraction(1), Fraction(0), Fraction(1), Fraction(0), Fraction(0), Fraction(0))


def _concat(f: Block, g: Block, lip: Rational, offset: Rational, growth: Rational) -> Block:
    """x -> (f(x), g(x)) with parameters not shared: roots of sums of squares, given and checked here.

    The radius stays affine by Minkowski: sqrt((b + G B)^2 + (b' + G' B)^2) <= |(b, b')| + |(G, G')| B.
    The branches move in orthogonal directions, by different parameters: coefficientwise maximum.
    """
    assert lip >= 0
    assert lip**2 == f.L**2 + g.L**2, "lip is not the root of the sum of squares"
    assert offset >= 0
    assert offset**2 == f.b0**2 + g.b0**2, "offset is not the root of the sum of squares"
    assert growth >= 0
    assert growth**2 == f.G**2 + g.G**2, "growth is not the root of the sum of squares"
    return Block(
        Fraction(lip), Fraction(offset), Fraction(growth), max(f.q2, g.q2), max(f.q1, g.q1), max(f.q0, g.q0)
    )


def _through(x: Bounds, block: Block) -> Bounds:
    """A tensor sent through a block: its squared sensitivity is transported by L^2, the own one is added."""
    own = block.q2 * x.radius**2 + block.q1 * x.radius + block.q0
    return Bounds(block.b0 + block.G * x.radius, block.L * x.lip, block.L**2 * x.param_sq + own)


# Architectures.


def mlp(
    *, R: Rational, K: int, s: Rational, b: Rational,
    n: Rational = 1, root_n: Rational = 1, trainable: Collection[str] = ALL,
) -> Bounds:
    """K x [Linear(s, b), ReLU].

    Each step: the radius becomes s times itself plus sqrt(n) b; the input constant is multiplied by s; the
    squared parameter constant is multiplied by s^2 and gains the squared radius of the step's input, plus n.
    """
    at = _setting(n, root_n, trainable)
    x = _start(R)
    for _ in range(K):
        x = _activation(_linear(x, s, b, at))
    return x


def mlp_layernorm(
    *, R: Rational, K: int, s: Rational, b: Rational, g: Rational, h: Rational, ell: Rational,
    d: Rational, root_d: Rational, n: Rational = 1, root_n: Rational = 1, trainable: Collection[str] = ALL,
) -> Bounds:
    """K x [Linear(s, b), LN(g, h), ReLU].

    Each step: the radius is replaced by g sqrt(n d) + sqrt(n) h; the input constant is multiplied by g ell s;
    the squared parameter constant becomes g^2 ell^2 times (s^2 times itself, plus the squared radius of the
    step's input, plus n), plus n (d-1) for the gain, plus n for the shift.
    """
    at = _setting(n, root_n, trainable, d, root_d)
    x = _start(R)
    for _ in range(K):
        x = _activation(_layernorm(_linear(x, s, b, at), g, h, ell, at))
    return x


def bias_dominated(
    *, R: Rational, K: int, s: Rational, b: Rational, g: Rational, ell: Rational,
    d: Rational, root_d: Rational, n: Rational = 1, root_n: Rational = 1, trainable: Collection[str] = ALL,
) -> Bounds:
    """K x [Linear(s, b), LN(g, no shift)].

    As for the layer-normalized perceptron, but without a shift parameter: the radius is replaced by
    g sqrt(n d), and the affine part adds n (d-1) only.
    """
    at = _setting(n, root_n, trainable, d, root_d)
    x = _start(R)
    for _ in range(K):
        x = _layernorm(_linear(x, s, b, at), g, None, ell, at)
    return x


def post_norm(
    *, R: Rational, K: int, s: Rational, b: Rational, g: Rational, h: Rational, ell: Rational,
    d: Rational, root_d: Rational, n: Rational = 1, root_n: Rational = 1, trainable: Collection[str] = ALL,
) -> Bounds:
    """K x [x + ReLU(Linear(s, b)(x)), LN(g, h)].

    Each step: the skip multiplies the input constant by 1 + s and the squared parameter constant by (1+s)^2,
    adding the squared radius plus n; the normalizer multiplies them by g ell and its square, adds n (d-1) + n
    to the latter, and replaces the radius by g sqrt(n d) + sqrt(n) h.
    """
    at = _setting(n, root_n, trainable, d, root_d)
    x = _start(R)
    for _ in range(K):
        x = _residual(x, _activation(_linear(_start(x.radius), s, b, at)))
        x = _layernorm(x, g, h, ell, at)
    return x


def pre_norm(
    *, R: Rational, K: int, s: Rational, b: Rational, t: Rational, c: Rational, g: Rational, h: Rational,
    ell: Rational, d: Rational, root_d: Rational, n: Rational = 1, root_n: Rational = 1,
    trainable: Collection[str] = ALL,
) -> Bounds:
    """K x [x + Linear(t, c)(ReLU(Linear(s, b)(LN(g, h)(x))))].

    The body is followed layer by layer from the current radius: its constant is t s g ell, and its radius and
    own sensitivity do not depend on the current radius at all.  Each step multiplies the input constant by
    1 + t s g ell, the squared parameter constant by the square of that, and adds the body's radius and its
    squared sensitivity.
    """
    at = _setting(n, root_n, trainable, d, root_d)
    x = _start(R)
    for _ in range(K):
        body = _layernorm(_start(x.radius), g, h, ell, at)
        body = _activation(_linear(body, s, b, at))
        x = _residual(x, _linear(body, t, c, at))
    return x


def stages(
    *, R: Rational, K: int, m: int, s: Rational, b: Rational, t: Rational, c: Rational, g: Rational,
    h: Rational, ell: Rational, d: Rational, root_d: Rational, n: Rational = 1, root_n: Rational = 1,
    trainable: Collection[str] = ALL,
) -> Bounds:
    """K x [m x [x + ReLU(Linear(s, b)(x))], LN(g, h), Linear(t, c)].

    Each stage: m times, the radius is multiplied by 1 + s and gains sqrt(n) b, the input constant is
    multiplied by 1 + s, the squared parameter constant by (1+s)^2 and gains the squared radius plus n.  Then
    one normalizer and one linear layer.  All K m inner blocks have their own parameters.
    """
    at = _setting(n, root_n, trainable, d, root_d)
    x = _start(R)
    for _ in range(K):
        for _ in range(m):
            x = _residual(x, _activation(_linear(_start(x.radius), s, b, at)))
        x = _linear(_layernorm(x, g, h, ell, at), t, c, at)
    return x


def batchnorm_eval(
    *, R: Rational, K: int, s: Rational, g: Rational, h: Rational, u: Rational, root_v: Rational,
    n: Rational = 1, root_n: Rational = 1, trainable: Collection[str] = ALL,
) -> Bounds:
    """K x [Linear(s) without bias, BN-eval(g, h, u, v), ReLU], mean and variance constants.

    Each step: the standardized tensor has norm at most root_v (s B + sqrt(n) u), where B is the current
    radius; the gain multiplies it by g and the shift adds sqrt(n) h.  The input constant is multiplied by
    g root_v s.  The squared parameter constant becomes g^2 root_v^2 times (s^2 times itself plus B^2), plus
    the squared norm of the standardized tensor for the gain, plus n for the shift.
    """
    at = _setting(n, root_n, trainable)
    x = _start(R)
    for _ in range(K):
        z = _linear(x, s, None, at)
        standard = Bounds(root_v * (z.radius + at.root_n * u), root_v * z.lip, root_v**2 * z.param_sq)
        own = at.counts("gain") * standard.radius**2 + at.counts("shift") * at.n
        x = _activation(_affine(standard, g, h, own, at))
    return x


def batchnorm_train(
    *, R: Rational, K: int, s: Rational, g: Rational, h: Rational, ell: Rational,
    d: Rational, root_d: Rational, n: Rational = 1, root_n: Rational = 1, trainable: Collection[str] = ALL,
) -> Bounds:
    """K x [Linear(s) without bias, BN-train(g, h), ReLU], statistics per channel over the n rows.

    Each step: the radius is replaced by g sqrt(n d) + sqrt(n) h; the input constant is multiplied by g ell s;
    the squared parameter constant becomes g^2 ell^2 times (s^2 times itself plus the squared radius of the
    step's input), plus n for gain and shift together: a standardized channel is orthogonal to the constant
    one and at most sqrt(n) long, so that the two effects do not add.
    """
    at = _setting(n, root_n, trainable, d, root_d)
    x = _start(R)
    for _ in range(K):
        own = max(at.counts("gain"), at.counts("shift")) * at.n
        x = _standardize(_linear(x, s, None, at), ell, at)
        x = _activation(_affine(x, g, h, own, at))
    return x


def dyt(
    *, R: Rational, K: int, s: Rational, b: Rational, a: Rational, g: Rational, h: Rational,
    d: Rational, root_d: Rational, n: Rational = 1, root_n: Rational = 1, trainable: Collection[str] = ALL,
) -> Bounds:
    """K x [x + Linear(s, b)(DyT(a, g, h)(x))], DyT = gamma * tanh(alpha x) + beta.

    DyT at the current radius B: its constant is g a, its norm at most g sqrt(n d) + sqrt(n) h; the scalar
    alpha moves it by g B, the gain by sqrt(n) (tanh is below 1), the shift by sqrt(n), jointly by the root of
    the sum of squares.  A linear layer follows, then the skip: the input constant is multiplied by 1 + s g a,
    the squared parameter constant by the square of that, gaining s^2 times the squared sensitivity of DyT,
    plus the squared norm of its output, plus n.
    """
    at = _setting(n, root_n, trainable, d, root_d)
    x = _start(R)
    for _ in range(K):
        own = at.counts("scale") * g**2 * x.radius**2 + (at.counts("gain") + at.counts("shift")) * at.n
        squashed = Bounds(Fraction(g * at.root_n * at.root_d + at.root_n * h), Fraction(g * a), Fraction(own))
        x = _residual(x, _linear(squashed, s, b, at))
    return x


def dense(
    *, R: Rational, K: int, s: Rational, b: Rational, t: Rational, c: Rational, hyp: Rational,
    n: Rational = 1, root_n: Rational = 1, trainable: Collection[str] = ALL,
) -> Bounds:
    """K x [concat(x, ReLU(Linear(s, b)(x))), Linear(t, c)], with hyp^2 = 1 + s^2.

    Each step: the concatenation has norm at most hyp times the current radius plus sqrt(n) b, multiplies the
    input constant by hyp and the squared parameter constant by hyp^2, adding the squared radius plus n (the
    copied branch has no parameters).  Then one linear layer.
    """
    at = _setting(n, root_n, trainable)
    weight, bias = Fraction(at.counts("weight")), Fraction(at.counts("bias") * at.n)
    new = Block(Fraction(s), Fraction(at.root_n * b), Fraction(s), weight, Fraction(0), bias)
    both = _concat(IDENTITY, new, lip=hyp, offset=at.root_n * b, growth=hyp)
    x = _start(R)
    for _ in range(K):
        x = _linear(_through(x, both), t, c, at)
    return x


def recurrent(
    *, R: Rational, K: int, s: Rational, b: Rational,
    n: Rational = 1, root_n: Rational = 1, trainable: Collection[str] = ALL,
) -> Bounds:
    """K x [Linear(s, b), tanh], the same parameters each time.

    Each step: the movement caused by the one matrix is multiplied by s and gains the current radius; that
    caused by the one bias is multiplied by s and gains sqrt(n); both accumulate linearly, as the same
    parameter acts at every step.  Radius: s times itself plus sqrt(n) b.  At the end the squares of the two
    movements add.
    """
    at = _setting(n, root_n, trainable)
    radius, lip, by_weight, by_bias = Fraction(R), Fraction(1), Fraction(0), Fraction(0)
    for _ in range(K):
        by_weight = s * by_weight + radius
        by_bias = s * by_bias + at.root_n
        lip = s * lip
        radius = s * radius + at.root_n * b
    return Bounds(radius, lip, at.counts("weight") * by_weight**2 + at.counts("bias") * by_bias**2)


def injected(
    *, R: Rational, K: int, s: Rational, b: Rational, t: Rational, c: Rational,
    n: Rational = 1, root_n: Rational = 1, trainable: Collection[str] = ALL,
) -> Bounds:
    """K x tied [tanh(Linear(s, b)(x) + u)], u = Linear(t, c)(v), v the network's input, x_0 = v.

    Each step: the input reaches the state through the state (times s) and through u (plus t).  The tied
    matrix: times s, plus the current radius.  The tied bias: times s, plus sqrt(n).  The matrix of the
    injection: times s, plus R, because u enters anew at every step; its bias: times s, plus sqrt(n).  The
    routes of one parameter add; at the end the squares of the four movements add.  Radius: s times itself
    plus sqrt(n) b plus the norm of u, t R + sqrt(n) c.
    """
    at = _setting(n, root_n, trainable)
    outside = t * Fraction(R) + at.root_n * c
    radius, lip = Fraction(R), Fraction(1)
    by_weight, by_bias, by_outer_weight, by_outer_bias = (Fraction(0),) * 4
    for _ in range(K):
        by_weight = s * by_weight + radius
        by_bias = s * by_bias + at.root_n
        by_outer_weight = s * by_outer_weight + R
        by_outer_bias = s * by_outer_bias + at.root_n
        lip = s * lip + t
        radius = s * radius + at.root_n * b + outside
    weights = by_weight**2 + by_outer_weight**2
    biases = by_bias**2 + by_outer_bias**2
    return Bounds(radius, lip, at.counts("weight") * weights + at.counts("bias") * biases)


def gelu(
    *, R: Rational, K: int, s: Rational, b: Rational, rho: Rational,
    n: Rational = 1, root_n: Rational = 1, trainable: Collection[str] = ALL,
) -> Bounds:
    """K x [Linear(s, b), GELU], GELU of Lipschitz constant rho and growth ratio 1.

    Each step: the radius becomes s times itself plus sqrt(n) b, without rho; the input constant is multiplied
    by rho s; the squared parameter constant becomes rho^2 times (s^2 times itself, plus the squared radius of
    the step's input, plus n).
    """
    at = _setting(n, root_n, trainable)
    x = _start(R)
    for _ in range(K):
        x = _activation(_linear(x, s, b, at), rho=rho, growth=1)
    return x


def two_layer(
    *, R: Rational, K: int, s: Rational, b: Rational, t: Rational, c: Rational,
    n: Rational = 1, root_n: Rational = 1, trainable: Collection[str] = ALL,
) -> Bounds:
    """K x [Linear(s, b), ReLU, Linear(t, c), ReLU].

    Two steps of the perceptron per iteration, first with (s, b), then with (t, c): the second multiplies what
    the first has left by t^2, then adds the squared radius of the hidden tensor, plus n.
    """
    at = _setting(n, root_n, trainable)
    x = _start(R)
    for _ in range(K):
        x = _activation(_linear(x, s, b, at))
        x = _activation(_linear(x, t, c, at))
    return x


def gated(
    *, R: Rational, K: int, r: Rational, s: Rational, t: Rational,
    n: Rational = 1, root_n: Rational = 1, trainable: Collection[str] = ALL,
) -> Bounds:
    """K x [x + Linear(t)(sigmoid(Linear(r)(x)) * Linear(s)(x))], no biases.

    At the current radius B the gate is at most 1, has constant r/4 and moves by B/4 with its matrix; the
    other factor is at most s B, has constant s and moves by B with its matrix.  Product rule: each factor's
    largest value multiplies the other's movement; constants add, parameter movements add in squares; the
    product has norm at most s B.  A linear layer follows, then the skip.
    """
    at = _setting(n, root_n, trainable)
    gate_slope = Fraction(1, 4)
    x = _start(R)
    for _ in range(K):
        gate = _activation(_linear(_start(x.radius), r, None, at), rho=gate_slope)
        value = _linear(_start(x.radius), s, None, at)
        gate_top, value_top = 1, value.radius
        product = Bounds(
            gate_top * value.radius,
            gate_top * value.lip + value_top * gate.lip,
            gate_top**2 * value.param_sq + value_top**2 * gate.param_sq,
        )
        x = _residual(x, _linear(product, t, None, at))
    return x


def indexed(
    *, R: Rational, K: int, s: Sequence[Rational], b: Sequence[Rational], g: Sequence[Rational],
    h: Sequence[Rational], ell: Sequence[Rational], d: Rational, root_d: Rational,
    n: Rational = 1, root_n: Rational = 1, trainable: Collection[str] = ALL,
) -> Bounds:
    """The layer-normalized perceptron with its own bounds in every iteration: K entries in each sequence.

    Step i: the radius is replaced by g_i sqrt(n d) + sqrt(n) h_i; the input constant is multiplied by
    g_i ell_i s_i; the squared parameter constant becomes g_i^2 ell_i^2 times (s_i^2 times itself, plus the
    squared radius of the step's input, plus n), plus n (d-1) for the gain, plus n for the shift.
    """
    at = _setting(n, root_n, trainable, d, root_d)
    assert all(len(family) == K for family in (s, b, g, h, ell)), "each family needs exactly K entries"
    x = _start(R)
    for s_i, b_i, g_i, h_i, ell_i in zip(s, b, g, h, ell, strict=True):
        x = _activation(_layernorm(_linear(x, s_i, b_i, at), g_i, h_i, ell_i, at))
    return x


# Self-check against formulas solved by hand.


def _mlp_solved(R: Rational, K: int, s: Rational, c: Rational, tau: Rational) -> Bounds:
    """The perceptron in closed form: c is added to the radius each step, tau to the squared sensitivity."""
    s = Fraction(s)
    if s == 1:
        quadratic = Fraction((K - 1) * K * (2 * K - 1), 6)
        return Bounds(
            Fraction(R + K * c), Fraction(1), K * (R**2 + tau) + R * c * K * (K - 1) + c**2 * quadratic
        )
    fixed = c / (1 - s)
    gap = R - fixed
    param_sq = Fraction(0)
    if K > 0:
        param_sq += K * s ** (2 * K - 2) * gap**2
        param_sq += 2 * gap * fixed * s ** (K - 1) * (s**K - 1) / (s - 1)
        param_sq += (fixed**2 + tau) * (s ** (2 * K) - 1) / (s**2 - 1)
    return Bounds(s**K * R + c * (s**K - 1) / (s - 1), s**K, param_sq)


def _mlp_layernorm_solved(
    R: Rational, K: int, s: Rational, g: Rational, h: Rational, ell: Rational, d: int, root_d: int,
    n: int, root_n: int,
) -> Bounds:
    """The layer-normalized perceptron in closed form: from the second step on the radius is constant."""
    if K == 0:
        return Bounds(Fraction(R), Fraction(1), Fraction(0))
    a = Fraction(g * ell * s)
    radius = Fraction(g * root_n * root_d + root_n * h)
    first = g**2 * ell**2 * (R**2 + n) + n * (d - 1 + 1)
    later = g**2 * ell**2 * (radius**2 + n) + n * (d - 1 + 1)
    if a == 1:
        return Bounds(radius, Fraction(1), Fraction(first + (K - 1) * later))
    decay = a ** (2 * (K - 1))
    return Bounds(radius, a**K, decay * first + later * (decay - 1) / (a**2 - 1))


def _self_check() -> int:
    """Compare both closed forms with the loops; the number of comparisons made."""
    q = Fraction
    made = 0
    for R, s, b, root_n in [
        (q(1), q(1, 2), q(1, 3), 1), (q(3, 2), q(6, 5), q(7, 10), 2), (q(2), q(1), q(2, 3), 1),
        (q(5, 7), q(1), q(3), 3), (q(0), q(9, 4), q(1, 5), 2), (q(4, 3), q(1, 7), q(0), 5),
    ]:
        n = root_n**2
        for K in range(7):
            loop = mlp(R=R, K=K, s=s, b=b, n=n, root_n=root_n)
            assert loop == _mlp_solved(R, K, s, root_n * b, n), (R, s, b, n, K)
            fixed_bias = mlp(R=R, K=K, s=s, b=b, n=n, root_n=root_n, trainable={"weight"})
            assert fixed_bias == _mlp_solved(R, K, s, root_n * b, 0), (R, s, b, n, K)
            made += 2
    for R, s, b, g, h, ell, root_d, root_n in [
        (q(1), q(1, 2), q(1, 3), q(3, 4), q(1, 5), q(2, 3), 2, 1),
        (q(7, 3), q(6, 5), q(2), q(3, 2), q(0), q(5, 4), 3, 2),
        (q(2), q(3, 2), q(1, 7), q(1), q(1, 2), q(2, 3), 2, 1),
        (q(1, 9), q(2), q(4), q(1, 4), q(5, 3), q(2), 4, 3),
    ]:
        n, d = root_n**2, root_d**2
        for K in range(7):
            loop = mlp_layernorm(
                R=R, K=K, s=s, b=b, g=g, h=h, ell=ell, d=d, root_d=root_d, n=n, root_n=root_n
            )
            solved = _mlp_layernorm_solved(R, K, s, g, h, ell, d, root_d, n, root_n)
            assert loop == solved, (R, s, g, h, ell, d, n, K)
            made += 1
    return made


if __name__ == "__main__":
    print(f"{_self_check()} exact comparisons with the closed forms passed")
