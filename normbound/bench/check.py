"""``normbound bench check``: rates of Jacobian spectral norms, by the checker's engine and by what one would write in NumPy and torch.

Rates count CPU seconds of one thread.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

from normbound.bench import fresh

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


def run(quick: bool = False) -> dict[str, Any]:
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
                rates[name].append(fresh(__name__, "measured", name, file, env={**os.environ, **ONE_THREAD})["rate"])
        found = {n: np.load(Path(folder) / f"{list(CONTENDERS).index(n)}.npy") for n in names}
    base = median(rates["torch jacobian loop + SVD"]) if "torch jacobian loop + SVD" in rates else None
    rows = {n: {"median": median(r), "least": min(r), "most": max(r), "ratio": median(r) / base if base else None,
                "disagreement": float(np.max(np.abs(found[n] / found[REFERENCE] - 1)))} for n, r in rates.items()}
    worst = max(float(np.max(np.abs(found[a] / found[b] - 1))) for a, b in combinations(names, 2))
    return {"width": WIDTH, "depth": DEPTH, "inputs": INPUTS, "networks": networks, "turns": turns, "contenders": rows,
            "disagreement": worst}


def table(result: dict[str, Any]) -> str:
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
