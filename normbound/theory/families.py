"""Exact families: concrete networks whose true Lipschitz constants are known in closed form.

Each function takes exact rational numbers and returns a ``Family``: the network with all its entries, the points and
directions at which the constant is attained, and the true constants as terms. They show that a bound cannot be
improved (the derived bound equals the truth), and in which direction normalization moves the constant: it can reduce it
exponentially, leave it, and increase it exponentially. Nothing here samples or prints.

Notation: C = I - 11^T/d centres a vector of R^d; Var(z) = |Cz|^2/d; N(z) = Cz/sqrt(Var(z) + eps) is LayerNorm without
parameters, and RMSNorm where the centring is left out. All norms are Euclidean over all entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from normbound.contracts.block import Block, Repeat
from normbound.errors import NetworkError
from normbound.layers import BatchNorm, Identity, LayerNorm, Linear, RMSNorm, activation
from normbound.network.program import Input, Network
from normbound.terms.exact import exact
from normbound.terms.store import Exact, Term, current, sqrt

Vector = tuple[Exact, ...]
Matrix = tuple[Vector, ...]
Number = int | Fraction | str
MAX_DEPTH = 10_000
NORMS = ("LayerNorm", "RMSNorm")

# Orthonormal centred vectors with rational entries: U is the direction that biases or carries the norm, V the signal.
U: Vector = (Fraction(1, 2), Fraction(-1, 2), Fraction(1, 2), Fraction(-1, 2))
V: Vector = (Fraction(1, 2), Fraction(1, 2), Fraction(-1, 2), Fraction(-1, 2))
WIDTH = 4


@dataclass(frozen=True, slots=True)
class Probe:
    """Where a constant is attained: the derivative at ``point`` along ``direction`` has norm constant * |direction|.

    point      an input, samples x features
    direction  a change of the input, samples x features, or of one parameter tensor (then ``layer`` counts the Linear
               layers of the unrolled network from 0, and the change is one of its weight)
    constant   |derivative| / |direction|
    """

    point: Matrix
    direction: Matrix
    constant: Term
    layer: int | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """A network with its true constants.

    name          the name of the family
    statement     what is true of it, with the quantifiers
    network       concrete: every matrix, bias and norm is exact, the depth a number
    constant      Lipschitz constant in the input, or a lower bound for it (``relation``)
    relation      "exact": ``constant`` is the Lipschitz constant of the network on its domain (where the floors hold);
                  "at least": the Lipschitz constant is at least ``constant``
    probes        points and directions at which the constants are attained
    parameters    Lipschitz constant in the parameters at the point of the first probe, or None where none is claimed
    trainable     the roles whose change ``parameters`` counts
    unnormalized  Lipschitz constant of the same weights without the normalizers, where it is known
    proof         the argument
    source        where families of this kind are treated
    """

    name: str
    statement: str
    network: Network = field(repr=False)
    constant: Term
    relation: str
    probes: tuple[Probe, ...]
    proof: str
    source: str
    parameters: Term | None = None
    trainable: frozenset[str] = frozenset()
    unnormalized: Term | None = None
    numbers: Mapping[str, Exact] = field(default_factory=dict)


# -- without normalization ----------------------------------------------------------------------------------------

def aligned_relu(scales: Sequence[Number], radius: Number = 1) -> Family:
    """Bias-free ReLU layers W_i = s_i u_i u_(i-1)^T with positive unit vectors u_i: Lip = s_1 ... s_K exactly.

    With equal scales s also the parameter constant on |x| <= B is attained: sqrt(K) s^(K-1) B.
    """
    factors = [_positive(s, "scale") for s in scales]
    B = _positive(radius, "radius")
    _depth(len(factors))
    units: tuple[Vector, ...] = (
        (Fraction(1, 2),) * 4, (Fraction(1, 5), Fraction(2, 5), Fraction(2, 5), Fraction(4, 5)),
        (Fraction(4, 5), Fraction(2, 5), Fraction(2, 5), Fraction(1, 5)))
    chain: list[Block] = []
    for k, s in enumerate(factors):
        chain += [Linear(_outer(units[(k + 1) % 3], units[k % 3], s)), activation("ReLU")]
    store = current()
    total = store.one
    for s in factors:
        total = total * store.number(s)
    equal = len(set(factors)) == 1
    point = (_scaled(units[0], B),)
    depth = len(factors)
    bound = sqrt(store.number(depth)) * store.number(factors[0]) ** (depth - 1) * B if equal else None
    return Family(
        "aligned-relu",
        "For all s_1, ..., s_K > 0 and unit vectors u_0, ..., u_K with positive entries, the network x -> ReLU(W_K "
        "... ReLU(W_1 x)) with W_i = s_i u_i u_(i-1)^T has Lipschitz constant s_1 ... s_K. If all s_i = s, its "
        "Lipschitz constant in (W_1, ..., W_K) at |x| <= B is at least sqrt(K) s^(K-1) B, the value of the bound.",
        _chain(Input(B, WIDTH), chain), total, "exact", (Probe(point, (units[0],), total),),
        "Along u_0 every pre-activation is positive, so the network is x -> s_1 ... s_K u_K <u_0, x> there, and the "
        "product of the spectral norms is an upper bound. A change of W_j moves the output along u_K by s^(K-j) <u_j, "
        "dW_j u_(j-1)> s^(j-1) B, largest for dW_j parallel to u_j u_(j-1)^T: the squared norms s^(2K-2) B^2 add over "
        "j.",
        "products of spectral norms are attained", bound, frozenset({"weight"}),
        numbers={"K": depth, "B": B})


def positive_weights(least: Number, depth: int, radius: Number = 1) -> Family:
    """Bias-free ReLU layers of width d with all entries at least c > 0: Lip >= (c d)^K, an open set of networks."""
    c, B = _positive(least, "least entry"), _positive(radius, "radius")
    _depth(depth)
    chain: list[Block] = []
    for k in range(depth):
        rows = [[c * (1 + Fraction((5 * i + 3 * j + k) % 7, 50)) for j in range(WIDTH)] for i in range(WIDTH)]
        chain += [Linear(rows), activation("ReLU")]
    ones: Vector = (Fraction(1, 2),) * WIDTH
    constant = current().number(c * WIDTH) ** depth
    return Family(
        "positive-weights",
        "For all c > 0 and all d x d matrices W_1, ..., W_K with entries at least c (a set with interior: positive "
        "Lebesgue measure), x -> ReLU(W_K ... ReLU(W_1 x)) has Lipschitz constant at least (c d)^K: exponential for c "
        "d > 1.",
        _chain(Input(B, WIDTH), chain), constant, "at least", (Probe((_scaled(ones, B),), (ones,), constant),),
        "On positive vectors no ReLU acts, and W_i (t 1) >= c d t 1 entrywise; so f(t 1) - f(0) >= (c d)^K t 1 "
        "entrywise.",
        "open sets of networks with exponential constants", numbers={"K": depth, "B": B, "c": c})


# -- normalized, exact in both directions -------------------------------------------------------------------------

def exact_family(s: Number, sigma: Number, g: Number, eps: Number, depth: int, radius: Number = 1,
                 norm: str = "LayerNorm", relu: bool = False) -> Family:
    """x -> g N(W x + b), K times, with W = s v v^T and b = sigma sqrt(d) u: Lip = (g s/sqrt(sigma^2 + eps))^K exactly.

    The floor sigma holds for every x. The parameter constant is that of (W, b, beta) with gamma fixed, at x = B u.
    relu adds beta = g sqrt(d) 1 and a ReLU, which changes no constant (RMSNorm only: for LayerNorm the beta that keeps
    every entry positive, g sqrt(d - 1) 1, is irrational for d = 4).
    """
    if norm not in NORMS:
        raise NetworkError(f"exact family: norm={norm!r}; accepted: {', '.join(NORMS)}")
    if relu and norm != "RMSNorm":
        raise NetworkError('exact family: relu=True is exact with norm="RMSNorm" only')
    S, F, G, B = (_positive(x, n) for x, n in ((s, "s"), (sigma, "sigma"), (g, "g"), (radius, "radius")))
    e = _nonnegative(eps, "eps")
    _depth(depth)
    shift: Exact = 2 * G if relu else 0
    weight, bias = _outer(V, V, S), _scaled(U, 2 * F)
    layer = LayerNorm if norm == "LayerNorm" else RMSNorm
    body = Linear(weight, bias=bias) >> layer(gamma=[G] * WIDTH, beta=[shift] * WIDTH, floor=F, eps=e)
    if relu:
        body = body >> activation("ReLU")
    store = current()
    q = sqrt(store.number(F**2 + e))
    ratio = store.number(G * S) / q
    gain = store.number(G) / q
    total = store.zero
    for j in range(1, depth + 1):
        before: Term = store.number(B**2) if j == 1 else store.number(G**2 * WIDTH * F**2) / q**2 + WIDTH * shift**2
        total = total + ratio ** (2 * (depth - j)) * (gain**2 * (before + 1) + 1)
    zero: Vector = (0,) * WIDTH
    constant = ratio**depth
    return Family(
        "exact-relu" if relu else "exact",
        "For all s, sigma, g > 0, eps >= 0 and orthonormal centred u, v in R^d, the map f(x) = g N(s v v^T x + sigma "
        "sqrt(d) u) meets the floor Var >= sigma^2 for every x, and its K-th iterate has Lipschitz constant exactly "
        "(g s/sqrt(sigma^2 + eps))^K on all of R^d. Without N the same weights have s^K: the ratio of the true "
        "constants is (g/sqrt(sigma^2 + eps))^K. The Lipschitz constant in (W, b, beta), gamma fixed, at x = B u is "
        "the square root of the sum over j of a^(2(K-j)) [(g/q)^2 (B_(j-1)^2 + 1) + 1] with a = g s/q, q = "
        "sqrt(sigma^2 + eps), B_0 = B, B_j = g sqrt(d) sigma/q.",
        Input(B, WIDTH) >> Repeat(body, depth), constant, "exact", (Probe((_scaled(U, B),), (V,), constant),
                                                                   Probe((zero,), (V,), constant)),
        "Var(Wx + b) = sigma^2 + s^2 <v,x>^2/d. With t = <v,x>, <v,f(x)> = h(t) = a t/sqrt(1 + s^2 t^2/(d q^2)), and "
        "1/h^2 is affine in 1/t^2, so the K-th iterate of h has slope a^K at 0, the bound. At t = 0 the Jacobian of N "
        "is P/q on the centred space away from u (P the projection), a change of (W_j, b_j, beta_j) enters "
        "isotropically, and W carries its component along v alone: the squared contributions add.",
        "the product bound with active floors is tight at every depth",
        sqrt(total), frozenset({"weight", "bias", "shift"}), store.number(S) ** depth,
        {"s": S, "sigma": F, "g": G, "eps": e, "K": depth, "B": B})


# -- explosion: ||W|| = 1 and yet c^K --------------------------------------------------------------------------------

def explosion(c: Number, depth: int, norm: str = "LayerNorm") -> Family:
    """W = u u^T/c + v v^T, ||W|| = 1, with LayerNorm or RMSNorm, eps = 0: Lip = c^K on the floor set sigma = 1/c."""
    if norm not in NORMS:
        raise NetworkError(f"explosion: norm={norm!r}; accepted: {', '.join(NORMS)}")
    C = _expanding(c)
    _depth(depth)
    weight = _sum(_outer(U, U, 1 / C), _outer(V, V, 1))
    layer = LayerNorm if norm == "LayerNorm" else RMSNorm
    store = current()
    constant = store.number(C) ** depth
    return Family(
        "explosion",
        "For all c > 1 and orthonormal centred u, v: x -> N(W x) with W = u u^T/c + v v^T and eps = 0 maps sqrt(d) "
        "(cos t_0 u + sin t_0 v) after K steps to the same with tan t_K = c^K tan t_0. All deviations are at least "
        "1/c on that circle, so the bound (||W||/sigma)^K = c^K is attained at t_0 = 0, while the network without N "
        "has Lipschitz constant 1.",
        Input(None, WIDTH) >> Repeat(Linear(weight) >> layer(floor=1 / C, eps=0), depth), constant, "exact",
        (Probe((_scaled(U, 2),), (V,), constant),),
        "W divides the component along u by c and keeps the one along v; N rescales both by one factor, so their "
        "quotient tan t is multiplied by c. At t_0 = 0 the speed along v is that of tan t.",
        "normalization can increase the constant exponentially", unnormalized=store.one, numbers={"c": C, "K": depth})


def batch_explosion(c: Number, depth: int) -> Family:
    """Two channels under BatchNorm in training mode, ||W|| = 1, eps = 0: the batch map has Lip = c^K at sigma = 1/c."""
    C = _expanding(c)
    _depth(depth)
    store = current()
    constant = store.number(C) ** depth
    body = Linear(_batch_weight(C)) >> BatchNorm(mode="train", floor=1 / C, eps=0)
    return Family(
        "batch-explosion",
        "For all c > 1, W with eigenpairs ((1,1)/sqrt 2, 1/c) and ((1,-1)/sqrt 2, 1), and centred orthogonal u, v in "
        "R^m of unit variance: BatchNorm in training mode (eps = 0) after W maps the batch with columns (u + r v, u - "
        "r v) after K steps to (u + r_K v, u - r_K v)/sqrt(1 + r_K^2) with r_K = c^K r. The batch map has derivative "
        "c^K at r = 0, where all deviations are 1/c; ||W|| = 1.",
        Input(None, 2, samples=WIDTH) >> Repeat(body, depth), constant, "exact",
        (Probe(_columns(_scaled(U, 2), _scaled(U, 2)), _columns(_scaled(V, 2), _scaled(V, -2)), constant),),
        "W divides the sum of the columns by c and keeps their difference; both columns have the same variance (1 + "
        "r^2 c^2)/c^2, so BatchNorm rescales them by one factor.",
        "normalization can increase the constant exponentially", unnormalized=store.one, numbers={"c": C, "K": depth})


def parameter_explosion(c: Number, depth: int) -> Family:
    """The batch family with a third input channel that the first weight ignores: |dF_K| = c^K sqrt(m) |(t, -t)|."""
    C = _expanding(c)
    if depth < 1:
        raise NetworkError(f"parameter explosion: depth {depth}; at least 1 is needed")
    _depth(depth)
    store = current()
    weight = _batch_weight(C)
    first = tuple((*row, 0) for row in weight)

    def norm() -> Block:
        return BatchNorm(mode="train", floor=1 / C, eps=0)

    u, v = _scaled(U, 2), _scaled(V, 2)
    constant = store.number(C) ** depth
    change: Matrix = ((0, 0, 1), (0, 0, -1))
    point = _columns(u, u, v)
    return Family(
        "parameter-explosion",
        "For all c > 1: with input columns (u, u, v), first weight [W | 0] (2 x 3) and then W, each followed by "
        "BatchNorm in training mode (eps = 0), the derivative of the output after K steps in the first weight along "
        "(t, -t) in the third column has norm c^K sqrt(m) |(t, -t)|, although all weights have spectral norm 1.",
        Input(sqrt(store.number(3 * WIDTH)), 3, samples=WIDTH) >> (
            Linear(first) >> norm() >> Repeat(Linear(weight) >> norm(), depth - 1)),
        constant, "exact",
        (Probe(point, _columns(v, _scaled(v, -1), (0,) * WIDTH), constant),
         Probe(point, change, constant * store.number(2), layer=0)),
        "The change adds (t v, -t v) to the batch (u/c, u/c) that enters the first BatchNorm, which multiplies it by "
        "c; each further step multiplies by c (the family of the batch). |(t v, -t v)| = sqrt(m) |(t, -t)|, sqrt(m) = "
        "2 here.",
        "the constant in the parameters can increase exponentially", trainable=frozenset({"weight"}),
        numbers={"c": C, "K": depth, "m": WIDTH})


def global_epsilon(s: Number, g: Number, eps: Number, depth: int, norm: str = "LayerNorm") -> Family:
    """x -> g N(s x), K times, no floor: Lip = (g s/sqrt(eps))^K on all of space, attained at 0 at every depth."""
    if norm not in NORMS:
        raise NetworkError(f"global epsilon: norm={norm!r}; accepted: {', '.join(NORMS)}")
    S, G, e = _positive(s, "s"), _positive(g, "g"), _positive(eps, "eps")
    _depth(depth)
    layer = LayerNorm if norm == "LayerNorm" else RMSNorm
    store = current()
    constant = (store.number(G * S) / sqrt(store.number(e))) ** depth
    zero: Vector = (0,) * WIDTH
    return Family(
        "global-epsilon",
        "For all s, g, eps > 0 the K-th iterate of x -> g N(s x) has Lipschitz constant exactly (g s/sqrt(eps))^K on "
        "all of R^d: without a floor the bound grows exponentially where g s > sqrt(eps), and it is attained.",
        Input(None, WIDTH) >> Repeat(Linear(_identity(S)) >> layer(gamma=[G] * WIDTH, eps=e), depth), constant, "exact",
        (Probe((zero,), (V,), constant),),
        "N has derivative C/sqrt(eps) at 0 (RMSNorm: I/sqrt(eps)), 0 is a fixed point, and 1/sqrt(eps) bounds the "
        "constant of N.",
        "the unconditional bound is attained in depth", unnormalized=store.number(S) ** depth,
        numbers={"s": S, "g": G, "eps": e, "K": depth})


# -- reduction -------------------------------------------------------------------------------------------------------

def reduction(s: Number, least: Number, depth: int) -> Family:
    """W_i = s I with LayerNorm, eps = 0, on |Cx| >= r sqrt(d): Lip = 1/r for every K >= 1; without N it is s^K."""
    S, r = _positive(s, "s"), _positive(least, "r")
    if depth < 1:
        raise NetworkError(f"reduction: depth {depth}; at least 1 is needed")
    _depth(depth)
    store = current()
    weight = _identity(S)
    constant = store.number(r) ** -1
    point = (_scaled(U, 2 * r),)
    rest = Repeat(Linear(weight) >> LayerNorm(floor=S, eps=0), depth - 1)
    return Family(
        "reduction",
        "For all s, r > 0 and K >= 1 the K-th iterate of x -> N(s x) with eps = 0 is sqrt(d) Cx/|Cx|: its Lipschitz "
        "constant on {|Cx| >= r sqrt(d)} is exactly 1/r, whatever K and s are. Without N it is s^K: the ratio of the "
        "true constants is s^(-K)/r.",
        Input(None, WIDTH) >> (Linear(weight) >> LayerNorm(floor=S * r, eps=0) >> rest), constant, "exact",
        (Probe(point, (V,), constant),),
        "N(s z) = N(z) and N(N(z)) = N(z) for eps = 0, s > 0. The projection onto the sphere of radius sqrt(d) has "
        "constant 1/r outside the ball of radius r sqrt(d) of the centred space, attained tangentially on its "
        "boundary.",
        "normalization can reduce the constant exponentially", unnormalized=store.number(S) ** depth,
        numbers={"s": S, "r": r, "K": depth})


# -- exact vectors and matrices --------------------------------------------------------------------------------------

def _chain(domain: Input, blocks: Sequence[Block]) -> Network:
    body: Block = blocks[0] if blocks else Identity()
    for b in blocks[1:]:
        body = body >> b
    return domain >> body


def _scaled(v: Sequence[Exact], a: Exact) -> Vector:
    return tuple(a * x for x in v)


def _outer(a: Sequence[Exact], b: Sequence[Exact], factor: Exact) -> Matrix:
    return tuple(tuple(factor * x * y for y in b) for x in a)


def _sum(a: Matrix, b: Matrix) -> Matrix:
    return tuple(tuple(x + y for x, y in zip(p, q, strict=True)) for p, q in zip(a, b, strict=True))


def _identity(s: Exact) -> Matrix:
    return tuple(tuple(s if i == j else 0 for j in range(WIDTH)) for i in range(WIDTH))


def _columns(*columns: Vector) -> Matrix:
    return tuple(zip(*columns, strict=True))


def _batch_weight(c: Fraction) -> Matrix:
    half = Fraction(1, 2)
    return _sum(_outer((1, 1), (1, 1), half / c), _outer((1, -1), (1, -1), half))


def _number(value: Number, what: str) -> Fraction:
    try:
        return Fraction(exact(value))
    except ValueError as error:
        raise NetworkError(f"{what}: {error}") from None


def _positive(value: Number, what: str) -> Fraction:
    q = _number(value, what)
    if q <= 0:
        raise NetworkError(f"{what}: found {q}; a number > 0 is needed")
    return q


def _nonnegative(value: Number, what: str) -> Fraction:
    q = _number(value, what)
    if q < 0:
        raise NetworkError(f"{what}: found {q}; a number >= 0 is needed")
    return q


def _expanding(value: Number) -> Fraction:
    q = _number(value, "c")
    if q <= 1:
        raise NetworkError(f"c: found {q}; a number > 1 is needed")
    return q


def _depth(depth: int) -> None:
    if isinstance(depth, bool) or not isinstance(depth, int) or not 0 <= depth <= MAX_DEPTH:
        raise NetworkError(f"depth: found {depth!r}; a natural number up to {MAX_DEPTH} is needed")
