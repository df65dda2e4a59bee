"""Exact families: concrete networks whose true Lipschitz constants are known in closed form.

Each function takes exact rational numbers and returns a ``Family``: the network with all its entries, the points and
directions at which the constant is attained, and the true constants as terms. They show that a bound cannot be
improved (the derived bound equals the truth), and in which direction normalization moves the constant: it can reduce it
exponentially, leave it, and increase it exponentially. Each family is a continuum: ``space`` lists the real numbers
that its function takes, so that members can be drawn, and ``continuum`` says how large the whole family is. Texts are
TeX prose. Nothing here samples or prints.

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
REST: Vector = (Fraction(1, 2), Fraction(-1, 2), Fraction(-1, 2), Fraction(1, 2))  # completes U, V to a centred basis
WIDTH = 4
NO_TURN: Vector = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Axis:
    """Real numbers that the function of a family takes: ``count`` of them in one interval.

    argument  name of the argument of the function
    count     how many numbers it holds (a vector or a list of vectors counts all its entries)
    low       lower end of the interval, which belongs to it where ``closed``
    high      upper end, which does not belong to it, or None: unbounded
    """

    argument: str
    count: int
    low: Exact
    high: Exact | None
    closed: bool = False


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
    source        what the family shows
    continuum     how many networks of this kind there are, and what they are
    space         the real numbers that the function takes; every rational choice is a member, and members are dense in
                  a manifold whose dimension is at most ``dimension``
    sources       keys of the bibliography: where families of this kind are treated
    statement, proof, source and continuum are TeX prose.
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
    continuum: str = ""
    space: tuple[Axis, ...] = ()
    sources: tuple[str, ...] = ()
    numbers: Mapping[str, Exact] = field(default_factory=dict)

    @property
    def dimension(self) -> int:
        """How many real numbers the function of the family takes."""
        return sum(axis.count for axis in self.space)


# -- without normalization ----------------------------------------------------------------------------------------

def aligned_relu(scales: Sequence[Number], radius: Number = 1,
                 directions: Sequence[Sequence[Number]] | None = None) -> Family:
    """Bias-free ReLU layers W_i = s_i u_i u_(i-1)^T with positive unit vectors u_i: Lip = s_1 ... s_K exactly.

    With equal scales s also the parameter constant on |x| <= B is attained: sqrt(K) s^(K-1) B.
    directions  K + 1 points y with y_1, y_2, y_3 > 0 and |y| < 1: stereographic coordinates of u_0, ..., u_K
    """
    factors = [_positive(s, "scale") for s in scales]
    B = _positive(radius, "radius")
    depth = len(factors)
    _depth(depth)
    cycle: tuple[Vector, ...] = (
        (Fraction(1, 2),) * 4, (Fraction(1, 5), Fraction(2, 5), Fraction(2, 5), Fraction(4, 5)),
        (Fraction(4, 5), Fraction(2, 5), Fraction(2, 5), Fraction(1, 5)))
    if directions is None:
        units = [cycle[k % 3] for k in range(depth + 1)]
    elif len(directions) == depth + 1:
        units = [_positive_unit(y) for y in directions]
    else:
        raise NetworkError(f"directions: found {len(directions)}; {depth + 1} are needed, one more than scales")
    chain: list[Block] = []
    for k, s in enumerate(factors):
        chain += [Linear(_outer(units[k + 1], units[k], s)), activation("ReLU")]
    store = current()
    total = store.one
    for s in factors:
        total = total * store.number(s)
    equal = len(set(factors)) == 1
    point = (_scaled(units[0], B),)
    bound = sqrt(store.number(depth)) * store.number(factors[0]) ** (depth - 1) * B if equal else None
    return Family(
        "aligned-relu",
        r"For all $d \ge 1$, all $s_1, \ldots, s_K > 0$ and all unit vectors $u_0, \ldots, u_K$ in $\mathbb{R}^d$ with "
        r"positive entries, the network $f(x) = \max(0, W_K \ldots \max(0, W_1 x))$ with $W_i = s_i u_i u_{i-1}^T$ has "
        r"Lipschitz constant exactly $s_1 \ldots s_K$ on $\mathbb{R}^d$ and on every ball around $0$. If all "
        r"$s_i$ equal $s$, its derivative in $(W_1, \ldots, W_K)$ at this network and at $x = B u_0$ has norm "
        r"$\sqrt{K} s^{K-1} B$, which is also the upper bound for all networks with $\norm{W_i} \le s$ and all "
        r"$\abs{x} \le B$.",
        _chain(Input(B, WIDTH), chain), total, "exact", (Probe(point, (units[0],), total),),
        r"For $x = t u_0$ with $t > 0$ every pre-activation has positive entries, so near $x$ the network is $x "
        r"\mapsto s_1 \ldots s_K u_K \langle u_0, x \rangle$; the product of the spectral norms $\norm{W_i} = "
        r"s_i$ is an upper bound. A change $D_j$ of $W_j$ moves the output by $s^{K-j} u_K \langle u_j, D_j "
        r"u_{j-1} \rangle s^{j-1} B$ (for $j = K$ by $D_K u_{K-1} s^{K-1} B$), at most $s^{K-1} B \abs{D_j}$, "
        r"with equality for $D_j = \delta_j u_j u_{j-1}^T$, all of them along $u_K$: the derivative in all of "
        r"them has norm $s^{K-1} B \sqrt{1 + \ldots + 1}$, with $K$ summands.",
        r"products of spectral norms are attained", bound, frozenset({"weight"}),
        continuum=r"Uncountably many: the parameters are $K$ numbers $s_i > 0$ and $K + 1$ points of the open "
                  r"positive part of the unit sphere of $\mathbb{R}^d$, a manifold of dimension $K + (K + 1)(d "
                  r"- 1)$. Its weights have rank one: for $d \ge 2$ a null set among all weights.",
        space=(Axis("scales", depth, 0, None), Axis("directions", 3 * (depth + 1), 0, Fraction(1, 2))),
        sources=("than2025hidden",), numbers={"K": depth, "B": B})


def positive_weights(least: Number, depth: int, radius: Number = 1,
                     weights: Sequence[Sequence[Sequence[Number]]] | None = None) -> Family:
    """Bias-free ReLU layers of width d with all entries at least c > 0: Lip >= (c d)^K, an open set of networks.

    weights  ``depth`` matrices of width 4 with entries at least ``least``; by default entries between c and 1.12 c
    """
    c, B = _positive(least, "least entry"), _positive(radius, "radius")
    _depth(depth)
    if weights is None:
        matrices: list[Matrix] = [tuple(tuple(c * (1 + Fraction((5 * i + 3 * j + k) % 7, 50)) for j in range(WIDTH))
                                        for i in range(WIDTH)) for k in range(depth)]
    else:
        matrices = [tuple(tuple(_number(x, "weight") for x in row) for row in rows) for rows in weights]
        if len(matrices) != depth or any(len(m) != WIDTH or any(len(row) != WIDTH for row in m) for m in matrices):
            raise NetworkError(f"weights: {depth} matrices of {WIDTH} x {WIDTH} entries are needed")
        smallest = min((x for m in matrices for row in m for x in row), default=c)
        if smallest < c:
            raise NetworkError(f"weights: found the entry {smallest}; every entry must be at least {c}")
    chain: list[Block] = []
    for rows in matrices:
        chain += [Linear(rows), activation("ReLU")]
    ones: Vector = (Fraction(1, 2),) * WIDTH
    constant = current().number(c * WIDTH) ** depth
    return Family(
        "positive-weights",
        r"For all $d \ge 1$, all $c > 0$ and all $d \times d$ matrices $W_1, \ldots, W_K$ with entries at least "
        r"$c$, the network $f(x) = \max(0, W_K \ldots \max(0, W_1 x))$ has Lipschitz constant at least $(c "
        r"d)^K$ on $\mathbb{R}^d$ and on every ball around $0$: exponential in $K$ for $c d > 1$.",
        _chain(Input(B, WIDTH), chain), constant, "at least", (Probe((_scaled(ones, B),), (ones,), constant),),
        r"Let $e$ be the vector of ones. On nonnegative vectors no ReLU acts, and $W_i (t e) \ge c d t e$ in "
        r"every entry for $t \ge 0$; so $f(t e) - f(0) \ge (c d)^K t e$ in every entry, of norm at least $(c "
        r"d)^K \abs{t e}$.",
        r"open sets of networks have exponential constants",
        continuum=r"The networks with all entries greater than $c$ are an open set in the space $\mathbb{R}^{K "
                  r"d^2}$ of all weights: uncountably many, of positive (indeed infinite) Lebesgue measure.",
        space=(Axis("weights", WIDTH**2 * depth, c, None, closed=True),),
        sources=("than2025hidden",), numbers={"K": depth, "B": B, "c": c})


# -- normalized, exact in both directions -------------------------------------------------------------------------

_PAIR = r"a pair of orthonormal centred vectors (a Stiefel manifold of dimension $2 d - 5$ for $d \ge 3$)"


def exact_family(s: Number, sigma: Number, g: Number, eps: Number, depth: int, radius: Number = 1,
                 norm: str = "LayerNorm", relu: bool = False, turn: Sequence[Number] = NO_TURN) -> Family:
    """x -> g N(W x + b), K times, with W = s v v^T and b = sigma sqrt(d) u: Lip = (g s/sqrt(sigma^2 + eps))^K exactly.

    The floor sigma holds for every x. The parameter constant is that of (W, b, beta) with gamma fixed, at x = B u.
    relu adds beta = g sqrt(d) 1 and a ReLU, which changes no constant (RMSNorm only: for LayerNorm the beta that keeps
    every entry nonnegative, g sqrt(d - 1) 1, is irrational for d = 4). Without the normalizer that ReLU acts, and the
    constant of the rest is at most s^K; no exact value is claimed for it.
    turn  rotates the pair (u, v): rational quaternion coordinates, see ``_frame``
    """
    if norm not in NORMS:
        raise NetworkError(f"exact family: norm={norm!r}; accepted: {', '.join(NORMS)}")
    if relu and norm != "RMSNorm":
        raise NetworkError('exact family: relu=True is exact with norm="RMSNorm" only')
    S, F, G, B = (_positive(x, n) for x, n in ((s, "s"), (sigma, "sigma"), (g, "g"), (radius, "radius")))
    e = _nonnegative(eps, "eps")
    _depth(depth)
    u, v = _frame(turn)
    shift: Exact = 2 * G if relu else 0
    weight, bias = _outer(v, v, S), _scaled(u, 2 * F)
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
    title = "LayerNorm" if norm == "LayerNorm" else "RMSNorm"
    step = (r"$f(x) = g N(s v v^T x + \sigma \sqrt{d}\, u)$" if not relu else
            r"$f(x) = \max(0, g N(s v v^T x + \sigma \sqrt{d}\, u) + g \sqrt{d}\, e)$, with $e$ the vector of ones,")
    squares = r"B_j = \frac{g \sqrt{d}\, \sigma}{q}" if not relu else r"B_j^2 = \frac{g^2 d \sigma^2}{q^2} + g^2 d^2"
    without = (r" Without $N$ the same weights have exactly $s^K$, so the ratio of the two true constants is "
               r"$(\frac{g}{\sqrt{\sigma^2 + \varepsilon}})^K$." if not relu else
               r" Without normalizer and shift the same weights have at most $s^K$ (the ReLU then acts).")
    return Family(
        "exact-relu" if relu else "exact",
        rf"Let $N$ be {title} without parameters. For all $d \ge 3$, $s, \sigma, g > 0$, $\varepsilon \ge 0$ and "
        rf"orthonormal centred $u, v$ in $\mathbb{{R}}^d$, the input of $N$ in {step} has variance at least "
        rf"$\sigma^2$ for every $x$, and the "
        r"$K$-th iterate of $f$ has Lipschitz constant exactly $(\frac{g s}{\sqrt{\sigma^2 + \varepsilon}})^K$ "
        r"on all of "
        rf"$\mathbb{{R}}^d$.{without} At these parameters and at $x = B u$ the derivative of the $K$-th iterate, "
        rf"with separate "
        r"parameters in each step, in all $(W_j, b_j, \beta_j)$ with $\gamma$ fixed has norm "
        r"$\sqrt{\sum_{j=1}^{K} a^{2(K-j)} (\frac{g^2}{q^2} (B_{j-1}^2 + 1) + 1)}$, where $q = \sqrt{\sigma^2 + "
        r"\varepsilon}$, $a = "
        rf"\frac{{g s}}{{q}}$, $B_0 = B$ and ${squares}$ for $j \ge 1$.",
        Input(B, WIDTH) >> Repeat(body, depth), constant, "exact", (Probe((_scaled(u, B),), (v,), constant),
                                                                   Probe((zero,), (v,), constant)),
        r"The input of $N$ has mean $0$ and variance $\sigma^2 + s^2 \langle v, x \rangle^2 / d$, so the "
        r"product bound with this floor applies at every depth. With $t = \langle v, x \rangle$, $\langle v, "
        r"f(x) \rangle = h(t)$ for $h(t) = a t / \sqrt{1 + s^2 t^2 / (d q^2)}$, and $1/h(t)^2$ is affine in "
        r"$1/t^2$: the $K$-th iterate of $h$ has slope $a^K$ at $0$, which is the bound. At $t = 0$ the "
        r"derivative of $N$ maps $y$ orthogonal to $u$ (and centred, for LayerNorm) to $y/q$; $\beta_j$ moves "
        r"the output of step $j$ by its own change, $W_j$ and $b_j$ by $\frac{g}{q} \sqrt{B_{j-1}^2 + 1}$ times "
        r"theirs. Later steps transport only the component along $v$, by $a$ each. So the largest change points "
        r"along $v$, and the squared contributions of the steps add."
        + (r" The input of $N$ is centred and not $0$, so the entries of $g N$ are greater than $-g \sqrt{d}$ and the "
           r"ReLU never acts; $v$ is centred, so the shift does not change $\langle v, f(x) \rangle$." if relu else ""),
        r"the product bound with active floors is tight at every depth",
        sqrt(total), frozenset({"weight", "bias", "shift"}), None if relu else store.number(S) ** depth,
        rf"Uncountably many: the parameters are four real numbers $s, \sigma, g > 0$, $\varepsilon \ge 0$ and "
        rf"{_PAIR}. Each of the regimes $g s < q$ and $g s > q$ is a relatively open set of these parameters; $g s = q$ "
        "is the border.",
        (Axis("s", 1, 0, None), Axis("sigma", 1, 0, None), Axis("g", 1, 0, None), Axis("eps", 1, 0, None, closed=True),
         Axis("turn", 3, -1, 1)),
        ("than2025hidden",), {"s": S, "sigma": F, "g": G, "eps": e, "K": depth, "B": B})


# -- explosion: ||W|| = 1 and yet c^K --------------------------------------------------------------------------------

def explosion(c: Number, depth: int, norm: str = "LayerNorm", turn: Sequence[Number] = NO_TURN) -> Family:
    """W = u u^T/c + v v^T, ||W|| = 1, with LayerNorm or RMSNorm, eps = 0: Lip = c^K on the floor set sigma = 1/c."""
    if norm not in NORMS:
        raise NetworkError(f"explosion: norm={norm!r}; accepted: {', '.join(NORMS)}")
    C = _expanding(c)
    _depth(depth)
    u, v = _frame(turn)
    weight = _sum(_outer(u, u, 1 / C), _outer(v, v, 1))
    layer = LayerNorm if norm == "LayerNorm" else RMSNorm
    store = current()
    constant = store.number(C) ** depth
    return Family(
        "explosion",
        rf"Let $N$ be {norm} without parameters, $\varepsilon = 0$. For all $d \ge 3$, $c > 1$ and orthonormal "
        rf"centred $u, v$ in "
        r"$\mathbb{R}^d$, let $W = \frac{1}{c} u u^T + v v^T$, so $\norm{W} = 1$. The $K$-th iterate of $x "
        r"\mapsto N(W x)$ maps $\sqrt{d} (\cos(t_0) u + \sin(t_0) v)$ with $\abs{t_0} < \frac{\pi}{2}$ to "
        r"$\sqrt{d} (\cos(t_K) u + \sin(t_K) v)$ with $\tan(t_K) = c^K \tan(t_0)$. On the set of inputs where "
        r"every deviation is at least $\frac{1}{c}$ (that circle belongs to it) its Lipschitz constant is "
        r"exactly $c^K$, while that of the $K$-th iterate of $x \mapsto W x$ is $1$.",
        Input(None, WIDTH) >> Repeat(Linear(weight) >> layer(floor=1 / C, eps=0), depth), constant, "exact",
        (Probe((_scaled(u, 2),), (v,), constant),),
        r"$W$ divides the component along $u$ by $c$ and keeps the one along $v$; $N$ rescales both by one "
        r"factor, so their quotient $\tan(t)$ is multiplied by $c$. On the circle $\abs{W x} \ge \frac{1}{c} "
        r"\sqrt{d}$. At $t_0 = 0$ the derivative of $t_K$ in $t_0$ is $c^K$, which is the upper bound "
        r"$(\norm{W}/\sigma)^K$ for $\sigma = \frac{1}{c}$.",
        r"normalization can increase the constant exponentially", unnormalized=store.one,
        continuum=rf"Uncountably many: the parameters are $c > 1$ and {_PAIR}.",
        space=(Axis("c", 1, 1, None), Axis("turn", 3, -1, 1)), sources=("openreview2026uv1q",),
        numbers={"c": C, "K": depth})


def batch_explosion(c: Number, depth: int, turn: Sequence[Number] = NO_TURN) -> Family:
    """Two channels under BatchNorm in training mode, ||W|| = 1, eps = 0: the batch map has Lip = c^K at sigma = 1/c."""
    C = _expanding(c)
    _depth(depth)
    u, v = _frame(turn)
    store = current()
    constant = store.number(C) ** depth
    body = Linear(_batch_weight(C)) >> BatchNorm(mode="train", floor=1 / C, eps=0)
    return Family(
        "batch-explosion",
        r"For all $m \ge 3$, $c > 1$ and centred orthogonal $u, v$ in $\mathbb{R}^m$ of unit variance, let $W$ "
        r"be the symmetric $2 \times 2$ matrix with eigenvectors $(1, 1)$ and $(1, -1)$ of eigenvalues "
        r"$\frac{1}{c}$ and $1$, so $\norm{W} = 1$. BatchNorm in training mode ($\varepsilon = 0$) after $W$, "
        r"iterated $K$ times, maps the batch of $m$ samples with columns $(u + r v, u - r v)$ to $(u + r_K v, u "
        r"- r_K v)$ divided by $\sqrt{1 + r_K^2}$, with $r_K = c^K r$. On the batches where every deviation is "
        r"at least $\frac{1}{c}$ (these belong to them) this map has Lipschitz constant exactly $c^K$ in the "
        r"Euclidean norm over all entries, while without BatchNorm it is $1$.",
        Input(None, 2, samples=WIDTH) >> Repeat(body, depth), constant, "exact",
        (Probe(_columns(_scaled(u, 2), _scaled(u, 2)), _columns(_scaled(v, 2), _scaled(v, -2)), constant),),
        r"$W$ divides the sum of the two columns by $c$ and keeps their difference; both new columns have the "
        r"same variance $\frac{1}{c^2} (1 + c^2 r^2)$, so BatchNorm rescales them by one factor, and $r$ is "
        r"multiplied by $c$. The derivative at $r = 0$ along $(v, -v)$ is $c^K$ times that direction, which is "
        r"the upper bound $(\norm{W}/\sigma)^K$ for $\sigma = \frac{1}{c}$.",
        r"normalization can increase the constant exponentially", unnormalized=store.one,
        continuum=r"Uncountably many: the parameters are $c > 1$ and a pair of orthogonal centred vectors of "
                  r"unit variance in $\mathbb{R}^m$ (a Stiefel manifold of dimension $2 m - 5$ for $m \ge 3$).",
        space=(Axis("c", 1, 1, None), Axis("turn", 3, -1, 1)), sources=("openreview2026uv1q",),
        numbers={"c": C, "K": depth})


def parameter_explosion(c: Number, depth: int, turn: Sequence[Number] = NO_TURN) -> Family:
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

    u, v = (_scaled(x, 2) for x in _frame(turn))
    constant = store.number(C) ** depth
    change: Matrix = ((0, 0, 1), (0, 0, -1))
    point = _columns(u, u, v)
    return Family(
        "parameter-explosion",
        r"For all $m \ge 3$, $K \ge 1$, $c > 1$ and centred orthogonal $u, v$ in $\mathbb{R}^m$ of unit "
        r"variance: let the batch of $m$ samples have the columns $(u, u, v)$, let the first weight be $[W, 0]$ "
        r"($2 \times 3$) and the others $W$, the symmetric $2 \times 2$ matrix with eigenvectors $(1, 1)$ and "
        r"$(1, -1)$ of eigenvalues $\frac{1}{c}$ and $1$, each followed by BatchNorm in training mode "
        r"($\varepsilon = 0$). All weights have spectral norm $1$, yet the derivative of the output of $K$ "
        r"steps in the first weight, along $(t, -t)$ in its third column, has norm $c^K \sqrt{m} \abs{(t, "
        r"-t)}$. In the input the Lipschitz constant is exactly $c^K$ on the batches where every deviation is "
        r"at least $\frac{1}{c}$.",
        Input(sqrt(store.number(3 * WIDTH)), 3, samples=WIDTH) >> (
            Linear(first) >> norm() >> Repeat(Linear(weight) >> norm(), depth - 1)),
        constant, "exact",
        (Probe(point, _columns(v, _scaled(v, -1), (0,) * WIDTH), constant),
         Probe(point, change, constant * store.number(2), layer=0)),
        r"The change adds $(t v, -t v)$ to the batch $(\frac{u}{c}, \frac{u}{c})$ that enters the first "
        r"BatchNorm. There all deviations are $\frac{1}{c}$, and $v$ is centred and orthogonal to $u$, so "
        r"BatchNorm multiplies the change by $c$; each further step keeps it under $W$ and multiplies it by "
        r"$c$. Its norm is $\abs{(t v, -t v)} = \sqrt{m} \abs{(t, -t)}$, since $\abs{v}^2 = m$.",
        r"the constant in the parameters can increase exponentially", trainable=frozenset({"weight"}),
        continuum=r"Uncountably many: the parameters are $c > 1$ and a pair of orthogonal centred vectors of "
                  r"unit variance in $\mathbb{R}^m$ (a Stiefel manifold of dimension $2 m - 5$ for $m \ge 3$).",
        space=(Axis("c", 1, 1, None), Axis("turn", 3, -1, 1)), sources=("openreview2026uv1q",),
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
        rf"Let $N$ be {norm} without parameters. For all $d \ge 2$ and $s, g, \varepsilon > 0$ the $K$-th "
        rf"iterate of $x \mapsto g N(s x)$ "
        r"has Lipschitz constant exactly $(\frac{g s}{\sqrt{\varepsilon}})^K$ on all of $\mathbb{R}^d$. Without "
        r"a floor the bound grows exponentially where $g s > \sqrt{\varepsilon}$, and it is attained. Without "
        r"$N$ the constant is $s^K$.",
        Input(None, WIDTH) >> Repeat(Linear(_identity(S)) >> layer(gamma=[G] * WIDTH, eps=e), depth), constant, "exact",
        (Probe((zero,), (V,), constant),),
        r"At $0$, a fixed point, $N$ has the derivative $y \mapsto \frac{y}{\sqrt{\varepsilon}}$ on centred $y$ "
        r"(for RMSNorm on all $y$), so along a centred direction the iterate has slope $(\frac{g "
        r"s}{\sqrt{\varepsilon}})^K$; and $\frac{1}{\sqrt{\varepsilon}}$ bounds the Lipschitz constant of $N$ "
        r"everywhere.",
        r"the unconditional bound is attained in depth", unnormalized=store.number(S) ** depth,
        continuum=r"Uncountably many: three real parameters $s, g, \varepsilon > 0$; $g s > \sqrt{\varepsilon}$ "
                  r"is an open set of them.",
        space=(Axis("s", 1, 0, None), Axis("g", 1, 0, None), Axis("eps", 1, 0, None)), sources=("openreview2026uv1q",),
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
        r"Let $N$ be LayerNorm without parameters, $\varepsilon = 0$, and $C$ the centring. For all $d \ge 3$, "
        r"$s, r > 0$ and $K \ge 1$ the $K$-th iterate of $x \mapsto N(s x)$ is $x \mapsto \frac{\sqrt{d}\, C "
        r"x}{\abs{C x}}$. Its Lipschitz constant on the set of all $x$ with $\abs{C x} \ge r \sqrt{d}$ is "
        r"exactly $\frac{1}{r}$, whatever $K$ and $s$ are. Without $N$ it is $s^K$ there: for $s > 1$ the ratio "
        r"$\frac{1}{r s^K}$ of the true constants falls exponentially.",
        Input(None, WIDTH) >> (Linear(weight) >> LayerNorm(floor=S * r, eps=0) >> rest), constant, "exact",
        (Probe(point, (V,), constant),),
        r"$N(s z) = N(z)$ and $N(N(z)) = N(z)$ for $\varepsilon = 0$ and $s > 0$. The first normalizer meets "
        r"the floor $s r$, the later ones $s$. The projection of the centred space onto the sphere of radius "
        r"$\sqrt{d}$ has constant $\frac{1}{r}$ outside the ball of radius $r \sqrt{d}$, attained along the "
        r"tangents of its boundary.",
        r"normalization can reduce the constant exponentially", unnormalized=store.number(S) ** depth,
        continuum=r"Uncountably many: two real parameters $s, r > 0$; $s > 1$ is an open set of them. Only "
                  r"$\frac{s}{\sigma}$ matters: a larger weight raises the deviations by the same factor.",
        space=(Axis("s", 1, 0, None), Axis("least", 1, 0, None)), sources=("than2025hidden",),
        numbers={"s": S, "r": r, "K": depth})


# -- exact vectors and matrices --------------------------------------------------------------------------------------

def _chain(domain: Input, blocks: Sequence[Block]) -> Network:
    body: Block = blocks[0] if blocks else Identity()
    for b in blocks[1:]:
        body = body >> b
    return domain >> body


def _frame(turn: Sequence[Number]) -> tuple[Vector, Vector]:
    """U and V turned within the centred space of R^4, which is three-dimensional.

    ``turn`` = (x, y, z) is the rotation of the quaternion 1 + x i + y j + z k: rational numbers give exactly the
    rational rotations but half-turns, which are dense in all of them.
    """
    if len(turn) != 3:
        raise NetworkError(f"turn: found {len(turn)} numbers; three are needed")
    x, y, z = (_number(t, "turn") for t in turn)
    n = 1 + x * x + y * y + z * z
    columns = ((1 + x * x - y * y - z * z, 2 * (x * y + z), 2 * (x * z - y)),
               (2 * (x * y - z), 1 - x * x + y * y - z * z, 2 * (y * z + x)))
    u, v = (tuple((a * p + b * q + c * r) / n for p, q, r in zip(U, V, REST, strict=True)) for a, b, c in columns)
    return u, v


def _positive_unit(coordinates: Sequence[Number]) -> Vector:
    """The unit vector (2 y, 1 - |y|^2)/(1 + |y|^2) of R^4; its entries are positive for y > 0 with |y| < 1."""
    y = [_positive(x, "direction") for x in coordinates]
    square = sum((x * x for x in y), Fraction(0))
    if len(y) != WIDTH - 1 or square >= 1:
        raise NetworkError(f"direction: {WIDTH - 1} positive numbers with a sum of squares below 1 are needed")
    return (*(2 * x / (1 + square) for x in y), (1 - square) / (1 + square))


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
