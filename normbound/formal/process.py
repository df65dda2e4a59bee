"""A program of its own under a limit of time and of memory; nothing of it survives the call."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

SHOWN = 4_000_000  # bytes of each stream that are kept: a program that floods its output does not fill this process
# The stack follows the memory limit where the system allows it (deep terms need it); files stay below 2 GB. The limit of
# processor time ends what is left when this process is killed and can end nothing itself.
_LIMITS = """ulimit -s unlimited 2>/dev/null || ulimit -s "$(ulimit -H -s)" 2>/dev/null
ulimit -c 0 2>/dev/null
ulimit -f 4000000 2>/dev/null
[ "$1" = 0 ] || ulimit -v "$1" 2>/dev/null
[ "$2" = 0 ] || ulimit -t "$2" 2>/dev/null
shift 2
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended. ``code`` is None when its time was over, and negative (the signal) when a signal ended it."""

    code: int | None
    stdout: str
    stderr: str
    seconds: float


def limited(command: Sequence[str], folder: Path, seconds: float, megabytes: int = 0,
            environment: Mapping[str, str] | None = None) -> Finished:
    """Run ``command`` in ``folder`` for at most ``seconds``, with at most ``megabytes`` of address space (0: no limit).

    When the time is over, or this process is interrupted or asked to end (SIGTERM, SIGHUP), the program and all it started are
    killed. Limits of memory need a POSIX system; elsewhere only the time is limited. A program that cannot be started ends with
    code 126 or 127 on a POSIX system, as in a shell; elsewhere OSError is raised.
    """
    posix = os.name == "posix"
    processor = math.ceil(seconds) + 5 if seconds < 1e9 else 0
    whole = ["/bin/sh", "-c", _LIMITS, "sh", str(megabytes * 1024), str(processor), *command] if posix else list(command)
    begun = time.monotonic()
    with _orderly_end(), tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(whole, cwd=folder, env=dict(environment) if environment is not None else None, stdin=subprocess.DEVNULL,
                                 stdout=out, stderr=err, start_new_session=posix)
        code: int | None = None
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = child.wait(seconds)
        finally:
            _end(child, posix)
        return Finished(code, _head(out), _tail(err), time.monotonic() - begun)


@contextlib.contextmanager
def _orderly_end() -> Iterator[None]:
    """A request to end unwinds this process, as an interrupt does, so that nothing is left behind."""
    def stop(number: int, frame: object) -> NoReturn:
        raise SystemExit(128 + number)

    caught = []
    if threading.current_thread() is threading.main_thread():  # others may set no handler
        numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
        caught = [s for s in numbers if signal.getsignal(s) is signal.SIG_DFL]
    try:
        for s in caught:
            signal.signal(s, stop)
        yield
    finally:
        for s in caught:
            signal.signal(s, signal.SIG_DFL)


def _end(child: subprocess.Popen[bytes], posix: bool) -> None:
    """Kill what is left of the group; the group is its own, so nothing else is hit."""
    if posix:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.wait()


def _head(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read(SHOWN).decode("utf-8", "replace")


def _tail(stream: IO[bytes]) -> str:
    # Errors stand at the end.
    stream.seek(max(0, stream.seek(0, os.SEEK_END) - SHOWN))
    return stream.read().decode("utf-8", "replace")
