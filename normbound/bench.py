"""Benchmarks of the calculus and of the checker, side by side with what one would write by hand, and of certificates. Not part
of the tests.

Each figure is measured in a fresh process: wall seconds, and the peak resident memory of that process (rates of the
checker: CPU seconds of its one thread).
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

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


def started(code: str) -> float:
    """Median wall seconds of seven fresh interpreters that run ``code``, less the bare start."""
    def once(text: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", text], check=True, capture_output=True)
        return time.perf_counter() - start

    once(code)
    pairs = [(once(code), once("pass")) for _ in range(7)]
    return median(a for a, _ in pairs) - median(b for _, b in pairs)


# -- certificates ---------------------------------------------------------------------------------------------------
BARS = {1_000: 5.0, 10_000: 30.0}  # seconds of Coq that a chain of so many layers may take


def _certified(network: Callable[[], Any], wrt: str) -> dict[str, Any]:
    """Derive a bound, write its certificate, and let Coq judge it; the library is compiled before the clock starts."""
    from normbound import Store, derive
    from normbound.formal import coq, library
    from normbound.formal.certificate import certificate
    from normbound.formal.proof import judge
    from normbound.formal.sentences import required
    from normbound.terms.evaluate import collector_paused
    with Store(), collector_paused():
        body = network()
        start = time.perf_counter()
        bound = derive(body, wrt)
        derived = time.perf_counter()
        made = certificate(bound)
        written = time.perf_counter()
    found = coq.find()
    library.compiled(found.path, found.banner, required(made.source))
    start_of_coq = time.perf_counter()
    outcome = judge(made.source, made.statement, 900, 0, made.further)
    seconds = time.perf_counter() - start_of_coq
    return {"derive": derived - start, "write": written - derived, "coq": seconds, "kilobytes": len(made.source) / 1000,
            "terms": made.nodes, "status": outcome.status, "reason": outcome.reason,
            "coq_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}


def _layers(n: int) -> Any:
    """A chain of n layers, Linear-LayerNorm-ReLU and again, each with its own symbols."""
    from normbound import Input, LayerNorm, Linear, ReLU
    from normbound.contracts.block import Block
    body: Block | None = None
    for k in range((n + 2) // 3):
        for layer in (Linear(f"s{k}"), LayerNorm(gamma=f"g{k}", floor=f"f{k}"), ReLU())[:n - 3 * k]:
            body = layer if body is None else body >> layer
    assert body is not None
    return Input("R", "d") >> body


def prove_input(n: int) -> dict[str, Any]:
    """The bound in the input of a chain of n layers, certified."""
    return _certified(lambda: _layers(n), "input")


def prove_parameters(n: int) -> dict[str, Any]:
    """The bound in the parameters of a chain of n layers, certified."""
    return _certified(lambda: _layers(n), "parameters")


def prove_depth(n: int) -> dict[str, Any]:
    """The bound in the parameters of one repeated block, certified: depth n, or K for 0."""
    from normbound import Input, LayerNorm, Linear, ReLU, Repeat
    return _certified(lambda: Input("R", "d") >> Repeat(Linear("s", bias="b") >> LayerNorm(gamma="g", beta="h", floor="sigma") >> ReLU(),
                                                        n or "K"), "parameters")


def prove(quick: bool = False) -> dict[str, Any]:
    """All figures of ``normbound bench prove``. Raises CoqError without an accepted Coq."""
    from normbound.formal import coq
    version = coq.find().version
    sizes = {"input": (300, 1_000) if quick else (300, 1_000, 3_000, 10_000), "parameters": (300,) if quick else (300, 1_000)}
    depths = (0, 10, 1_000_000) if quick else (0, 10, 1_000, 1_000_000)
    chains = {wrt: {n: _fresh(f"prove_{wrt}", n) for n in ns} for wrt, ns in sizes.items()}
    rows = chains["input"]
    first, last = min(rows), max(rows)
    growth = math.log(rows[last]["coq"] / rows[first]["coq"]) / math.log(last / first)
    return {"kernel": f"Coq {version}", "chain": chains, "growth": growth, "depth": {n: _fresh("prove_depth", n) for n in depths},
            "bars": [{"layers": n, "seconds": rows[n]["coq"], "bar": bar, "met": rows[n]["status"] == "proved" and rows[n]["coq"] < bar}
                     for n, bar in BARS.items() if n in rows]}


def prove_table(result: dict[str, Any]) -> str:
    """The figures of ``prove`` as text."""
    lines = [f"{'certificates, ' + result['kernel']:<46}{'derive':>8}{'write':>8}{'Coq':>9}{'kB':>8}{'terms':>9}{'Coq MB':>8}  verdict"]

    def add(what: str, r: dict[str, Any]) -> None:
        lines.append(f"  {what:<44}{r['derive']:>7.2f}s{r['write']:>7.2f}s{r['coq']:>8.2f}s{r['kilobytes']:>8,.0f}{int(r['terms']):>9,}"
                     f"{r['coq_mb']:>8,.0f}  {r['status']}{': ' + r['reason'] if r['reason'] else ''}")

    for wrt, rows in result["chain"].items():
        for n, r in rows.items():
            add(f"{int(n):,} layers, own symbols, {wrt}", r)
    lines.append(f"  growth exponent of Coq's time, input: {result['growth']:.2f}")
    for n, r in result["depth"].items():
        add(f"repeated block, depth {int(n):,}, parameters" if int(n) else "repeated block, depth K, parameters", r)
    lines += [f"  {bar['layers']:,} layers in {bar['seconds']:.1f} s, bar {bar['bar']:.0f} s: {'met' if bar['met'] else 'missed'}"
              for bar in result["bars"]]
    lines.append("Coq: both files, the certificate and the one that compares its theorems and lists its axioms; fresh processes")
    return "\n".join(lines)


_WORK: dict[str, Callable[[int], dict[str, Any]]] = {f.__name__: f for f in (
    chain, family, product_sympy, product_here, depth, prove_input, prove_parameters, prove_depth)}


def _fresh(name: str, *arguments: object, env: dict[str, str] | None = None) -> dict[str, float]:
    """Run one measurement in a process of its own."""
    command = [sys.executable, "-m", "normbound.bench", name, *map(str, arguments)]
    out = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if out.returncode:
        shown = " ".join(map(str, (name, *arguments)))
        raise RuntimeError(f"benchmark {shown} failed: {out.stderr.strip().splitlines()[-1:]}")
    return json.loads(out.stdout)


def derive(quick: bool = False) -> dict[str, Any]:
    """All figures of ``normbound bench derive``."""
    sizes = (1_000, 10_000) if quick else (1_000, 10_000, 100_000)
    chains = {n: _fresh("chain", n) for n in sizes}
    growth = math.log(chains[sizes[-1]]["total"] / chains[sizes[0]]["total"]) / math.log(sizes[-1] / sizes[0])
    products = {n: (_fresh("product_here", n)["total"], _fresh("product_sympy", n)["total"]) for n in (128, 512)}
    show = "import sys; sys.argv = ['normbound', 'derive', 'mlp-layernorm']; from normbound.cli import main; main()"
    return {"chain": chains, "growth": growth, "family": {sizes[-1]: _fresh("family", sizes[-1])}, "product": products,
            "depth": _fresh("depth", 1_000_000),
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


# -- Jacobian norms -----------------------------------------------------------------------------------------------
WIDTH, DEPTH, INPUTS, EPS = 32, 8, 100, 1e-5
SPENT = 0.5  # CPU seconds of passes per process, at least one pass
REFERENCE = "numpy einsum + SVD"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
Arrays = dict[str, Any]  # W (networks, depth, out, in), b, g, h (networks, depth, width), x (networks, inputs, width)


def drawn(networks: int) -> Arrays:
    """The networks and inputs that all contenders measure."""
    import numpy as np
    rng = np.random.default_rng(0)
    shape = (networks, DEPTH, WIDTH)
    return {"W": rng.normal(size=(*shape, WIDTH)) / math.sqrt(WIDTH), "b": 0.3 * rng.normal(size=shape),
            "g": 1 + 0.1 * rng.normal(size=shape), "h": 0.1 * rng.normal(size=shape),
            "x": rng.normal(size=(networks, INPUTS, WIDTH))}


def engine(given: Arrays) -> Callable[[], Any]:
    """The checker's engine on realizations of the network."""
    import numpy as np

    from normbound import Input, LayerNorm, Linear, ReLU, Store
    from normbound.check.jacobian import input_norms
    from normbound.check.realization import draw, plan
    from normbound.contracts.block import Block
    with Store():
        body: Block | None = None
        for i in range(DEPTH):
            block = Linear(f"s{i}", bias=f"b{i}") >> LayerNorm(gamma=f"g{i}", beta=f"h{i}", eps="1/100000") >> ReLU()
            body = block if body is None else body >> block
        assert body is not None
        p = plan(Input("R", WIDTH) >> body)
        realizations = []
        for k in range(len(given["x"])):
            r = draw(p, k, "gaussian", 1)
            order: dict[str, list[Any]] = {}
            for at, slots in p.slots.items():  # program order, which is the order of the blocks
                for slot in slots:
                    order.setdefault(slot.parameter.name, []).append(r.key(at, slot, ()))
            for name, letter in (("W", "W"), ("b", "b"), ("gamma", "g"), ("beta", "h")):
                for i, key in enumerate(order[name]):
                    r.tensors[key] = given[letter][k, i][None, None]
            for key in order["eps"]:
                r.tensors[key] = r.tensors[key][:1]
            r.points = given["x"][k][:, None, None, :]
            realizations.append(r)
    return lambda: np.stack([input_norms(r)[0] for r in realizations])


def _by_hand(given: Arrays, k: int, product: Callable[[Any, Any], Any]) -> Any:
    """Jacobians of network k at all its inputs, from the formulas of the layers."""
    import numpy as np
    x, J = given["x"][k], None
    centre = np.eye(WIDTH) - 1 / WIDTH
    for W, b, g, h in zip(given["W"][k], given["b"][k], given["g"][k], given["h"][k], strict=True):
        z = x @ W.T + b
        z = z - z.mean(axis=1, keepdims=True)
        q = np.sqrt((z * z).mean(axis=1, keepdims=True) + EPS)
        u = z / q
        y = g * u + h
        slope = g / q * (y > 0)
        local = slope[:, :, None] * ((centre - u[:, :, None] * u[:, None, :] / WIDTH) @ W)
        J = local if J is None else product(local, J)
        x = np.maximum(y, 0)
    return J


def einsum_svd(given: Arrays) -> Callable[[], Any]:
    """NumPy: a Jacobian per block, multiplied with einsum, then SVD."""
    import numpy as np
    return lambda: np.stack([np.linalg.svd(_by_hand(given, k, lambda a, b: np.einsum("nij,njk->nik", a, b)),
                                           compute_uv=False)[:, 0] for k in range(len(given["x"]))])


def matmul_gram(given: Arrays) -> Callable[[], Any]:
    """NumPy: a Jacobian per block, multiplied with BLAS, then the largest eigenvalue of the Gram matrix."""
    import numpy as np

    def top(J: Any) -> Any:
        return np.sqrt(np.linalg.eigvalsh(J.swapaxes(1, 2) @ J)[:, -1])

    return lambda: np.stack([top(_by_hand(given, k, np.matmul)) for k in range(len(given["x"]))])


def _torch(given: Arrays) -> tuple[Any, Any, Callable[[int], Callable[[Any], Any]]]:
    """torch, the inputs, and the networks, in double precision on one thread."""
    import torch
    torch.set_num_threads(1)
    t = {name: torch.from_numpy(value) for name, value in given.items()}
    f = torch.nn.functional

    def network(k: int) -> Callable[[Any], Any]:
        def apply(x: Any) -> Any:
            for i in range(DEPTH):
                x = torch.relu(f.layer_norm(f.linear(x, t["W"][k, i], t["b"][k, i]), (WIDTH,), t["g"][k, i], t["h"][k, i], EPS))
            return x
        return apply

    return torch, t["x"], network


def torch_loop(given: Arrays) -> Callable[[], Any]:
    """torch: autograd.functional.jacobian and SVD, one input after the other."""
    torch, x, network = _torch(given)

    def norm(f: Any, point: Any) -> Any:
        return torch.linalg.svdvals(torch.autograd.functional.jacobian(f, point))[0]

    return lambda: torch.stack([torch.stack([norm(network(k), point) for point in points])
                                for k, points in enumerate(x)]).numpy()


def torch_vmap(given: Arrays) -> Callable[[], Any]:
    """torch: func.vmap(func.jacrev) over the inputs, then the largest eigenvalue of the Gram matrix."""
    torch, x, network = _torch(given)

    def norms(k: int) -> Any:
        J = torch.func.vmap(torch.func.jacrev(network(k)))(x[k])
        return torch.linalg.eigvalsh(J.mT @ J)[:, -1].sqrt()

    return lambda: torch.stack([norms(k) for k in range(len(x))]).numpy()


CONTENDERS: dict[str, Callable[[Arrays], Callable[[], Any]]] = {
    "torch jacobian loop + SVD": torch_loop, "torch vmap(jacrev) + eigvalsh": torch_vmap,
    "numpy einsum + SVD": einsum_svd, "numpy matmul + eigvalsh": matmul_gram, "normbound": engine}


def measured(name: str, file: str) -> dict[str, float]:
    """One contender on the networks of ``file``, warmed up; its norms go beside the file."""
    import numpy as np
    with np.load(file) as stored:
        given = dict(stored)
    run = CONTENDERS[name](given)
    norms = run()
    passes, start = 0, time.process_time()
    while not passes or time.process_time() - start < SPENT:
        norms = run()
        passes += 1
    seconds = time.process_time() - start
    np.save(Path(file).with_name(f"{list(CONTENDERS).index(name)}.npy"), norms)
    return {"rate": norms.size * passes / seconds}


def check(quick: bool = False) -> dict[str, Any]:
    """All figures of ``normbound bench check``: rates of all contenders, taken in turns, one thread each."""
    import numpy as np
    networks, turns = (2, 3) if quick else (4, 7)
    names = [n for n in CONTENDERS if find_spec("torch") or not n.startswith("torch")]
    rates: dict[str, list[float]] = {n: [] for n in names}
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "networks.npz")
        np.savez(file, **drawn(networks))
        for _ in range(turns):
            for name in names:
                rates[name].append(_fresh("measured", name, file, env={**os.environ, **ONE_THREAD})["rate"])
        found = {n: np.load(Path(folder) / f"{list(CONTENDERS).index(n)}.npy") for n in names}
    base = median(rates["torch jacobian loop + SVD"]) if "torch jacobian loop + SVD" in rates else None
    rows = {n: {"median": median(r), "least": min(r), "most": max(r), "ratio": median(r) / base if base else None,
                "disagreement": float(np.max(np.abs(found[n] / found[REFERENCE] - 1)))} for n, r in rates.items()}
    worst = max(float(np.max(np.abs(found[a] / found[b] - 1))) for a, b in combinations(names, 2))
    return {"width": WIDTH, "depth": DEPTH, "inputs": INPUTS, "networks": networks, "turns": turns, "contenders": rows,
            "disagreement": worst}


def check_table(result: dict[str, Any]) -> str:
    """The same as text."""
    lines = [f"Jacobian spectral norms, width {result['width']}, {result['depth']} Linear-LayerNorm-ReLU blocks, "
             f"{result['inputs']} inputs for each of {result['networks']} networks",
             f"{'contender':<32}{'norms/s':>10}{'least':>10}{'most':>10}{'ratio':>9}{'disagreement':>15}"]
    for name, r in result["contenders"].items():
        ratio = "-" if r["ratio"] is None else f"{r['ratio']:.1f}x"
        lines.append(f"{name:<32}{r['median']:>10,.0f}{r['least']:>10,.0f}{r['most']:>10,.0f}{ratio:>9}{r['disagreement']:>15.1e}")
    lines.append(f"norms/s: norms per CPU second of one thread, in double precision; median over {result['turns']} fresh "
                 "processes per contender, taken in turns")
    lines.append("accounting, for all alike: the same weights and inputs, drawn before the clock starts; forward pass, Jacobian "
                 "and norm are inside; start-up and one warm-up pass are not")
    lines.append(f"ratio: to the torch loop; disagreement: largest relative difference from {REFERENCE} (between any two: "
                 f"{result['disagreement']:.1e})")
    if not any(n.startswith("torch") for n in result["contenders"]):
        lines.append("torch is not installed, so its two contenders are missing: pip install torch")
    return "\n".join(lines)


if __name__ == "__main__":
    figures = measured(*sys.argv[2:]) if sys.argv[1] == "measured" else _WORK[sys.argv[1]](int(sys.argv[2]))
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures))
