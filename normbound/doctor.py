"""What this machine has: required and optional packages, and external programs."""

from __future__ import annotations

import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from normbound.version import VERSION

_REQUIRED = ("sympy", "numpy", "mpmath", "jinja2", "python-flint", "typer", "rich", "pylatexenc", "joblib", "threadpoolctl")
_OPTIONAL = (("matplotlib", "plots of `paper` and `compare --figure`", 'pip install "normbound[plots]"'),
             ("distributed", "`check --backend dask`", 'pip install "normbound[cluster]"'),
             ("pytest", "runs the tests", 'pip install "normbound[test]"'),
             ("hypothesis", "property-based tests", 'pip install "normbound[test]"'))


class Finding(NamedTuple):
    """One examined item; ``version`` is None when it is missing."""

    name: str
    version: str | None
    needed: bool
    use: str
    hint: str

    def __str__(self) -> str:
        if self.version is not None:
            return f"ok       {self.name:<14}{self.version:<24}{self.use}"
        return f"{'MISSING' if self.needed else 'absent':<9}{self.name:<14}{'':<24}{self.use}; get it with: {self.hint}"


def examine() -> list[Finding]:
    """Python, the packages, and the programs that other commands can use."""
    found = [Finding("normbound", VERSION, True, "", ""),
             Finding("python", platform.python_version(), True, "3.11 or newer", "")]
    found += [Finding(name, _version(name), True, "required", f"pip install {name}") for name in _REQUIRED]
    found += [Finding(name, _version(name), False, use, hint) for name, use, hint in _OPTIONAL]
    found.append(_coq())
    from normbound.render.pdf import ENGINES, INSTALL
    engine = next((e for e in ENGINES if shutil.which(e)), ENGINES[0])
    found.append(Finding("TeX", _program(engine, "--version"), False, f"PDFs of `render` and `paper` ({engine})", INSTALL))
    return found


def _coq() -> Finding:
    from normbound.formal import coq
    try:
        return Finding("coqc", coq.find().version, False, "`prove`, and the proof library (make -C proofs verify)", coq.INSTALL)
    except coq.CoqError as error:
        return Finding("coqc", None, False, "`prove`, and the proof library (make -C proofs verify)"
                       + (f"; {error}" if error.status == "version" else ""), coq.INSTALL)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _program(name: str, *arguments: str) -> str | None:
    path = shutil.which(name)
    if path is None:
        return None
    try:
        shown = subprocess.run([path, *arguments], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = [w for w in shown.split() if w[:1].isdigit()]
    return words[0] if words else "unknown version"
