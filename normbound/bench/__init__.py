"""Benchmarks: what normbound does, timed beside what one would write by hand. Not part of the tests.

A benchmark is a module of this package with ``run(quick) -> figures`` (plain data for JSON) and ``table(figures) -> text``; it is named
in BENCHMARKS and nowhere else. Each figure is measured in a fresh process, which runs one function of the module
(``normbound.bench.__main__``): wall seconds, and the peak resident memory of that process (rates of the checker: CPU seconds of its one
thread).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from importlib import import_module
from typing import Any

BENCHMARKS = {  # name of the module: what it times
    "derive": "the calculus, beside SymPy",
    "check": "the checker's Jacobian norms, beside NumPy and torch",
    "prove": "certificates of bounds in Coq",
    "claims": "claims decided and certificates checked, beside SymPy",
}


class TimeLimit(RuntimeError):
    """A measurement did not end within its time."""


def benchmark(name: str) -> Any:
    """The module of a benchmark. Raises UnsupportedError for a name that is not in BENCHMARKS."""
    from normbound.errors import UnsupportedError
    if name not in BENCHMARKS:
        raise UnsupportedError(f"no benchmark {name!r}; accepted: {', '.join(BENCHMARKS)}")
    return import_module(f"{__name__}.{name}")


def fresh(module: str, function: str, *arguments: object, env: dict[str, str] | None = None, seconds: float | None = None) -> Any:
    """What a function of a module of this package returns, run in a process of its own, with its ``peak_mb``.

    arguments   texts, or numbers, which arrive as integers;  seconds: after which the process is killed, None for no limit

    Raises TimeLimit, and RuntimeError for a measurement that fails.
    """
    command = [sys.executable, "-m", __name__, module.rpartition(".")[2], function, json.dumps(arguments)]
    shown = " ".join(map(str, (function, *arguments)))
    try:
        out = subprocess.run(command, capture_output=True, text=True, check=False, env=env, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise TimeLimit(f"benchmark {shown} took more than {seconds:g} s") from None
    if out.returncode:
        raise RuntimeError(f"benchmark {shown} failed: {out.stderr.strip().splitlines()[-1:]}")
    return json.loads(out.stdout)


def started(code: str) -> float:
    """Median wall seconds of seven fresh interpreters that run ``code``, less the bare start."""
    from statistics import median

    def once(text: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", text], check=True, capture_output=True)
        return time.perf_counter() - start

    once(code)
    pairs = [(once(code), once("pass")) for _ in range(7)]
    return median(a for a, _ in pairs) - median(b for _, b in pairs)


__all__ = ["BENCHMARKS", "TimeLimit", "benchmark", "fresh", "started"]
