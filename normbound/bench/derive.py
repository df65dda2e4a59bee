"""``normbound bench derive``: time of the calculus, beside SymPy. Chains whose layers have symbols of their own, the same chain as one
indexed family, a product of constants step by step, the closed form at a large depth, and start-up.
"""

from __future__ import annotations

import math
import time
from typing import Any

from normbound.bench import fresh, started

EXACT = {"R": 1, "d": 16, "eps": "1/100000"}


def chain(n: int) -> dict[str, float]:
    """n separately constructed Linear-LayerNorm-ReLU blocks, each with its own symbols.

    Built with the cyclic garbage collector paused, as derivation and evaluation pause it themselves.
    """
    from normbound import Input, LayerNorm, Linear, ReLU, Store, derive_all
    from normbound.contracts.block import Block
    from normbound.terms.evaluate import collector_paused, evaluate_many
    with Store(), collector_paused():
        start = time.perf_counter()
        body: Block | None = None
        values: dict[str, object] = dict(EXACT)
        for i in range(n):
            block = Linear(f"s{i}", bias=f"b{i}") >> LayerNorm(gamma=f"g{i}", beta=f"h{i}", floor=f"sigma{i}") >> ReLU()
            body = block if body is None else body >> block
        assert body is not None
        network = Input("R", "d") >> body
        built = time.perf_counter()
        bounds = derive_all(network)
        derived = time.perf_counter()
        for i in range(n):
            values |= {f"s{i}": "6/5", f"b{i}": "1/3", f"g{i}": 1, f"h{i}": "1/7", f"sigma{i}": "9/8"}
        prepared = time.perf_counter()
        balls = evaluate_many([bounds["input"].term, bounds["parameters"].term], values)
        done = time.perf_counter()
        steps = len(bounds["input"].derivation.steps)
    return {"build": built - start, "derive": derived - built, "evaluate": done - prepared,
            "total": done - start - (prepared - derived), "steps": steps, "bits": min(b.rel_accuracy_bits() for b in balls)}


def family(n: int) -> dict[str, float]:
    """The same network as one indexed family in one Repeat of depth n."""
    from normbound import Input, LayerNorm, Linear, ReLU, Repeat, Store, derive_all
    from normbound.terms.evaluate import evaluate_many
    with Store():
        start = time.perf_counter()
        body = Linear("s[i]", bias="b[i]") >> LayerNorm(gamma="g[i]", beta="h[i]", floor="sigma[i]") >> ReLU()
        bounds = derive_all(Input("R", "d") >> Repeat(body, "K", index="i"))
        derived = time.perf_counter()
        values = {**EXACT, "K": n, "s": ["6/5"] * n, "b": ["1/3"] * n, "g": [1] * n, "h": ["1/7"] * n, "sigma": ["9/8"] * n}
        prepared = time.perf_counter()
        balls = evaluate_many([bounds["input"].term, bounds["parameters"].term], values)
        done = time.perf_counter()
    return {"derive": derived - start, "evaluate": done - prepared, "total": done - prepared + derived - start,
            "bits": min(b.rel_accuracy_bits() for b in balls)}


def product_sympy(n: int) -> dict[str, float]:
    """The product of the normalized chain, one factor after the other, in SymPy."""
    from sympy import Integer, Symbol, sqrt
    start = time.perf_counter()
    L = Integer(1)
    for i in range(n):
        s, g, sigma, eps = (Symbol(f"{name}{i}", positive=True) for name in ("s", "g", "sigma", "eps"))
        L = L * s
        L = L * g / sqrt(sigma**2 + eps)
    return {"total": time.perf_counter() - start}


def product_here(n: int) -> dict[str, float]:
    """The same product as terms, built over and over until a tenth of a second has passed."""
    from normbound.terms.store import MINUS_HALF, Store
    rounds = 0
    start = time.perf_counter()
    while time.perf_counter() - start < 0.1:
        store = Store()
        L = store.one
        for i in range(n):
            s, g, sigma, eps = (store.symbol(f"{name}{i}") for name in ("s", "g", "sigma", "eps"))
            L = L * s
            L = L * g * store.power(sigma**2 + eps, MINUS_HALF)
        rounds += 1
    return {"total": (time.perf_counter() - start) / rounds}


def depth(n: int) -> dict[str, float]:
    """P of n equal blocks with bias at ratio 1 + 1e-7: size of the closed form, time and accuracy of its value."""
    from normbound import Input, Linear, ReLU, Repeat, Store, derive
    with Store():
        bound = derive(Input("R", "d") >> Repeat(Linear("s", bias="b") >> ReLU(), "K"), "parameters")
        values = {"R": 2, "s": "10000001/10000000", "b": "7/10", "K": n}
        bound.at(values)
        start = time.perf_counter()
        ball = bound.at(values).ball
        seconds = time.perf_counter() - start
        return {"subterms": len(bound.term.store.reachable([bound.term])), "evaluate": seconds,
                "relative_radius": float(ball.rad() / ball.mid())}


def run(quick: bool = False) -> dict[str, Any]:
    """All figures of ``normbound bench derive``."""
    sizes = (1_000, 10_000) if quick else (1_000, 10_000, 100_000)
    chains = {n: fresh(__name__, "chain", n) for n in sizes}
    growth = math.log(chains[sizes[-1]]["total"] / chains[sizes[0]]["total"]) / math.log(sizes[-1] / sizes[0])
    products = {n: (fresh(__name__, "product_here", n)["total"], fresh(__name__, "product_sympy", n)["total"]) for n in (128, 512)}
    show = "import sys; sys.argv = ['normbound', 'derive', 'mlp-layernorm']; from normbound.cli import main; main()"
    return {"chain": chains, "growth": growth, "family": {sizes[-1]: fresh(__name__, "family", sizes[-1])}, "product": products,
            "depth": fresh(__name__, "depth", 1_000_000),
            "start": {"import sympy": started("import sympy"), "import normbound": started("import normbound"),
                      "normbound derive": started(show)}}


def table(result: dict[str, Any]) -> str:
    """The figures as text."""
    head = "".join(f"{name:>8}" for name in ("build", "derive", "balls", "total"))
    lines = [f"{'Linear-LayerNorm-ReLU blocks, own symbols':<44}{head}{'peak MB':>9}"]
    for n, r in result["chain"].items():
        lines.append(f"  {int(n):>9,} blocks, {int(r['steps']):>9,} steps kept{'':<13}{r['build']:>7.2f}s{r['derive']:>7.2f}s"
                     f"{r['evaluate']:>7.2f}s{r['total']:>7.2f}s{r['peak_mb']:>9.0f}")
    lines.append(f"  growth exponent of the total: {result['growth']:.3f}")
    for n, r in result["family"].items():
        lines.append(f"  the same {int(n):,} as one indexed family{'':<14}{r['derive']:>7.2f}s{r['evaluate']:>7.2f}s"
                     f"{r['total']:>7.2f}s{r['peak_mb']:>9.0f}")
    lines.append("normalized product, step by step             normbound      SymPy     ratio")
    for n, (here, other) in result["product"].items():
        lines.append(f"  {int(n):>9,} layers{'':<26}{here * 1e3:>9.2f} ms{other:>9.3f} s{other / here:>9.0f}x")
    d = result["depth"]
    lines.append(f"P of 1,000,000 equal blocks with bias at ratio 1 + 1e-7: {int(d['subterms'])} subterms, "
                 f"{d['evaluate'] * 1e3:.2f} ms, relative radius {d['relative_radius']:.1e}")
    s = result["start"]
    lines.append("start-up: " + ", ".join(f"{k} {v:.3f} s ({v / s['import sympy']:.2f} of SymPy's)" for k, v in s.items()))
    return "\n".join(lines)
