"""``normbound bench prove``: certificates of bounds in Coq. Chains whose layers have symbols of their own, and one repeated block at
symbolic and literal depths.
"""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Callable
from typing import Any

from normbound.bench import fresh

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


def run(quick: bool = False) -> dict[str, Any]:
    """All figures of ``normbound bench prove``. Raises CoqError without an accepted Coq."""
    from normbound.formal import coq
    version = coq.find().version
    sizes = {"input": (300, 1_000) if quick else (300, 1_000, 3_000, 10_000), "parameters": (300,) if quick else (300, 1_000)}
    depths = (0, 10, 1_000_000) if quick else (0, 10, 1_000, 1_000_000)
    chains = {wrt: {n: fresh(__name__, f"prove_{wrt}", n) for n in ns} for wrt, ns in sizes.items()}
    rows = chains["input"]
    first, last = min(rows), max(rows)
    growth = math.log(rows[last]["coq"] / rows[first]["coq"]) / math.log(last / first)
    return {"kernel": f"Coq {version}", "chain": chains, "growth": growth, "depth": {n: fresh(__name__, "prove_depth", n) for n in depths},
            "bars": [{"layers": n, "seconds": rows[n]["coq"], "bar": bar, "met": rows[n]["status"] == "proved" and rows[n]["coq"] < bar}
                     for n, bar in BARS.items() if n in rows]}


def table(result: dict[str, Any]) -> str:
    """The figures as text."""
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
