"""From TeX to PDF with the TeX installation of this machine, if there is one.

TeX runs in a folder of its own, without shell escape, with input restricted to that folder, and with a time limit.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from normbound.errors import NormboundError

ENGINES = ("pdflatex", "lualatex", "xelatex")
INSTALL = "apt-get install --no-install-recommends texlive-latex-recommended texlive-fonts-recommended lmodern"
SECONDS = 120
MAX_RUNS = 4


class TexError(NormboundError):
    """TeX is missing, failed, or took too long."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A PDF and what the log complains about."""

    pdf: bytes
    warnings: tuple[str, ...]
    pages: int


def engine() -> str | None:
    """The path of a TeX engine, or None."""
    for name in ENGINES:
        path = shutil.which(name)
        if path:
            return path
    return None


def compile_tex(source: str, attachments: Mapping[str, bytes] | None = None, bibliography: bool = False) -> Compiled:
    """Compile ``source``; ``attachments`` are the files it reads (figures, a .bib), by plain file name.

    Raises TexError when no engine is installed (with the command that installs one), when TeX stops at an error (its line
    is shown) or exceeds the time limit.
    """
    program = engine()
    if program is None:
        raise TexError(f"no TeX engine found ({', '.join(ENGINES)}); the .tex file can be compiled elsewhere, or: {INSTALL}")
    bibtex = shutil.which("bibtex")
    if bibliography and bibtex is None:
        raise TexError(f"bibtex is not installed beside {program}; install it with: {INSTALL}")
    with tempfile.TemporaryDirectory(prefix="normbound-tex-") as name:
        folder = Path(name)
        (folder / "main.tex").write_text(source, encoding="utf-8")
        for file, data in (attachments or {}).items():
            if not file or Path(file).name != file:
                raise TexError(f"attachment {file!r}: a plain file name is needed")
            (folder / file).write_bytes(data)
        command = [program, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "-file-line-error", "main.tex"]
        before = ""
        for run in range(MAX_RUNS):
            _run(command, folder)
            log = (folder / "main.log").read_text(encoding="utf-8", errors="replace")
            if run == 0 and bibliography and bibtex is not None:
                _run([bibtex, "main"], folder)
                continue
            state = "".join((folder / f"main.{x}").read_text(errors="replace") for x in ("aux", "toc", "out")
                            if (folder / f"main.{x}").exists())
            if state == before or not (run or "Rerun" in log or "undefined references" in log):
                break
            before = state
        pages = re.search(r"Output written on .*?\((\d+) pages?", log, re.S)
        return Compiled((folder / "main.pdf").read_bytes(), complaints(log), int(pages[1]) if pages else 0)


def _run(command: list[str], folder: Path) -> None:
    # openin_any and openout_any: read and write below the folder only; max_print_line keeps log lines whole.
    environment = {**os.environ, "openin_any": "p", "openout_any": "p", "shell_escape": "f", "max_print_line": "1000",
                   "error_line": "254", "half_error_line": "238", "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
    name = Path(command[0]).name
    try:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=SECONDS, check=False,
                              stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise TexError(f"{name} did not finish within {SECONDS} seconds") from None
    except OSError as error:
        raise TexError(f"{name} cannot be run: {error.strerror or error}") from None
    if done.returncode:
        raise TexError(f"{name} failed: {_first_error(folder, done.stdout)}")


def _first_error(folder: Path, output: bytes) -> str:
    """The first error of the log with the line of TeX it stands in."""
    log = folder / "main.log"
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else output.decode(errors="replace")
    lines = text.splitlines()
    for k, line in enumerate(lines):
        if line.startswith("!") or re.match(r"\S*main\.(tex|bbl):\d+: ", line):
            where = next((x for x in lines[k + 1:k + 12] if re.match(r"l\.\d+", x)), "")
            return f"{line.strip()} {where.strip()}".strip()[:400]
    tail = [line for line in output.decode(errors="replace").splitlines() if line.strip()][-2:]
    return " ".join(tail)[:400] or "no message"


def complaints(log: str) -> tuple[str, ...]:
    """Warnings and overfull boxes of a log, each once."""
    wanted = re.compile(r"^((LaTeX|Package|Class)\b.*Warning|Overfull|pdfTeX warning|Missing character)")
    found: dict[str, None] = {}
    for line in log.splitlines():
        if wanted.match(line) and "rerun" not in line.lower():
            found[line.strip()] = None
    return tuple(found)
