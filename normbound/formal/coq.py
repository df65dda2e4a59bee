"""The Coq of this machine: found, its version judged, and run on one file under limits."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from normbound.errors import NormboundError
from normbound.formal import library
from normbound.formal.process import Finished, limited
from normbound.formal.sentences import required, sentences

OLDEST, NEWEST = (8, 16), (8, 20)
ACCEPTED = f"Coq {'.'.join(map(str, OLDEST))} to {'.'.join(map(str, NEWEST))}"
INSTALL = "apt-get install --no-install-recommends coq"
PREFIX = "Certified"  # the logical folder of what is compiled here; the library is Normbound
Status = Literal["ok", "rejected", "timeout", "memory", "missing", "version"]
_EXHAUSTED = re.compile(r"\bout of memory\b|\bOut of memory\b|\bStack overflow\b|Cannot allocate memory|Out_of_memory")
_FOREIGN = re.compile(r"bad version number|bad magic number|premature end of file|makes inconsistent assumptions|"
                      r"Compiled library \S+ (?:is|was) ")


class CoqError(NormboundError):
    """There is no Coq here, or not one that is accepted; ``status`` says which."""

    def __init__(self, status: Literal["missing", "version"], message: str) -> None:
        super().__init__(message)
        self.status: Literal["missing", "version"] = status


class Coq(NamedTuple):
    """A compiler: its path, its version, and all it says about itself."""

    path: str
    version: str
    banner: str


class Place(NamedTuple):
    """Where an error is: the line (from 1) and the definition or theorem that contains it ("" if none does)."""

    line: int
    name: str

    def __str__(self) -> str:
        return f"line {self.line}" + (f", in {self.name}" if self.name else "")


class Run(NamedTuple):
    """What Coq said about a file.

    status   "ok", "rejected" (an error at ``place``), "timeout", "memory" (memory or stack exhausted), "missing" (no Coq that can
             be run), "version" (not an accepted Coq, or the compiled library is damaged or of another one)
    message  the error in one line, "" if there is none
    """

    status: Status
    stdout: str
    stderr: str
    seconds: float
    place: Place | None = None
    message: str = ""


def find() -> Coq:
    """The compiler that NORMBOUND_COQC names, or coqc of the PATH.

    Raises CoqError: none found, it cannot be run, or its version is not accepted.
    """
    named = os.environ.get("NORMBOUND_COQC")
    path = shutil.which(named or "coqc")
    if path is None:
        what = f"NORMBOUND_COQC={named} is no program" if named else "coqc is not installed"
        raise CoqError("missing", f"{what}; accepted: {ACCEPTED}; get it with: {INSTALL}")
    return _examined(os.path.abspath(path))


@lru_cache(maxsize=8)
def _examined(path: str) -> Coq:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, errors="replace", timeout=60, check=False,
                              stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        why = getattr(error, "strerror", None) or error
        raise CoqError("missing", f"{path} cannot be run: {why}; accepted: {ACCEPTED}; get it with: {INSTALL}") from None
    banner = " ".join(done.stdout.split())
    found = re.search(r"\bversion ((\d+)\.(\d+)[\w.+]*)", banner)
    if found is None or not OLDEST <= (int(found[2]), int(found[3])) <= NEWEST:
        shown = f"version {found[1]}" if found else f"no Coq, its --version prints {banner[:80]!r}"
        raise CoqError("version", f"{path} is {shown}; accepted: {ACCEPTED}; get it with: {INSTALL}")
    return Coq(path, found[1], banner)


def run(source: str, seconds: float = 120, megabytes: int = 4000, folder: Path | None = None, name: str = "Emitted",
        notify: Callable[[str], None] = library.say) -> Run:
    """Compile ``source`` as ``Certified.NAME`` with the library that it requires, in ``folder`` (default: a temporary one).

    At most ``seconds`` and ``megabytes`` (0: no limit), not counting the library, which is compiled the first time. Raises
    LibraryError when the library is at fault.
    """
    try:
        coq = find()
    except CoqError as error:
        return Run(error.status, "", "", 0.0, None, str(error))
    try:
        modules = required(source, library.ROOT)
    except ValueError as error:
        return Run("rejected", "", "", 0.0, Place(source.count("\n") + 1, ""), str(error))
    compiled = library.compiled(coq.path, coq.banner, modules, notify)
    if folder is not None:
        return _run(coq, compiled, source, seconds, megabytes, folder, name)
    with tempfile.TemporaryDirectory(prefix="normbound-coq-") as temporary:
        return _run(coq, compiled, source, seconds, megabytes, Path(temporary), name)


def _run(coq: Coq, compiled: Path, source: str, seconds: float, megabytes: int, folder: Path, name: str) -> Run:
    (folder / f"{name}.v").write_text(source, encoding="utf-8")
    # Folders that Coq would search on its own stay out: only the library, its own standard library, and this folder count.
    environment = {k: v for k, v in os.environ.items() if k not in ("COQPATH", "XDG_DATA_DIRS", "XDG_DATA_HOME")}
    environment |= {"XDG_DATA_HOME": str(folder), "XDG_DATA_DIRS": str(folder)}
    command = [coq.path, "-q", "-Q", str(compiled), library.ROOT, "-Q", ".", PREFIX, f"{name}.v"]
    try:
        done = limited(command, folder, seconds, megabytes, environment)
    except OSError as error:
        return Run("missing", "", "", 0.0, None, f"{coq.path} cannot be run: {error.strerror or error}")
    status = _status(done)
    place, message = _error(done.stderr, source, name) if status not in ("ok", "timeout") else (None, "")
    if status == "ok" and not (folder / f"{name}.vo").is_file():
        status, message = "rejected", "Coq ended without an error and without a compiled file"
    if status == "version":
        place, message = None, f"{message}; the compiled proof library is in {compiled}: without that folder it is compiled again"
    return Run(status, done.stdout, done.stderr, done.seconds, place, message)


def _status(done: Finished) -> Status:
    if done.code is None:
        return "timeout"
    if done.code == 0:
        return "ok"
    said = " ".join(done.stderr[-4000:].split())  # Coq breaks lines anywhere
    if done.code < 0 or _EXHAUSTED.search(said):
        return "memory"  # a signal: killed by the system, stack overflow, abort of the allocator
    if done.code in (126, 127):
        return "missing"  # the shell could not start it
    return "version" if _FOREIGN.search(said) else "rejected"


def _error(stderr: str, source: str, name: str) -> tuple[Place | None, str]:
    """The place and the text of the error: the last one, since warnings come before."""
    found = list(re.finditer(rf'^File "[^"\n]*{re.escape(name)}\.v", line (\d+), characters [^\n]*:\n', stderr, re.M))
    if not found:
        return None, " ".join(stderr.split())[-400:]
    line = int(found[-1][1])
    message = " ".join(stderr[found[-1].end():].split()).removeprefix("Error:").strip()
    return Place(line, _enclosing(source, line)), message if len(message) <= 400 else message[:397] + "..."


def _enclosing(source: str, line: int) -> str:
    """What the last definition or theorem that begins at or before ``line`` is called."""
    last = ""
    for s in sentences(source):
        if s.line > line:
            break
        if s.name:
            last = s.name
    return last
