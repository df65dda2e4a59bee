"""The Coq library that certificates rest on: its sources, and their compiled form in a cache folder.

The sources ship with the package (folder ``proofs`` of a checkout). What a certificate requires, and what that imports, is compiled
once for each version of Coq and of the sources.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from normbound.errors import NormboundError
from normbound.files import cache, shipped
from normbound.formal.process import limited
from normbound.formal.sentences import required

ROOT = "Normbound"
SECONDS = 1800.0  # for one file of the library on a slow, busy machine


class LibraryError(NormboundError):
    """The proof library is missing, does not compile, or is another one than this version of normbound needs."""


def say(message: str) -> None:
    """A message on progress."""
    print(f"normbound: {message}", file=sys.stderr, flush=True)


def sources() -> Path:
    """Where the .v files are: inside the installed package, or beside it in a checkout."""
    try:
        return shipped("proofs", "theorems.toml")
    except FileNotFoundError as error:
        raise LibraryError(str(error)) from None


def needed(names: Iterable[str], folder: Path | None = None) -> dict[str, bytes]:
    """The named files and all that they require, each after what it requires: dotted name and content.

    Raises LibraryError for a file that the library does not have.
    """
    folder = folder or sources()
    content: dict[str, bytes] = {}
    imports: dict[str, list[str]] = {}
    order: dict[str, bytes] = {}
    stack = [(name, "a certificate") for name in reversed(list(names))]
    while stack:
        name, by = stack[-1]
        if name in order:
            stack.pop()
            continue
        if name not in content:
            path = _source(folder, name)
            if not path.is_file():
                raise LibraryError(f"{by} requires {ROOT}.{name}, and the proof library has no such file")
            content[name] = path.read_bytes()
            imports[name] = required(content[name].decode("utf-8"), ROOT)
        open_ones = {n for n, _ in stack}
        missing = [n for n in imports[name] if n not in order]
        if any(n in content and n in open_ones for n in missing):
            raise LibraryError(f"{name}.v of the proof library requires itself")
        stack.extend((n, f"{name}.v") for n in missing)
        if not missing:
            stack.pop()
            order[name] = content[name]
    return order


def compiled(program: str, version: str, names: Iterable[str], notify: Callable[[str], None] = say) -> Path:
    """The folder that holds the named files compiled, for ``coqc -Q FOLDER Normbound``; compiles them if they are not there.

    program, version: the compiler, and all it says about its version. NORMBOUND_PROOFS names a folder that is compiled already;
    its sources must be the ones needed. Otherwise the folder is in the cache (``normbound.files.cache``); it appears there
    complete or not at all, and one from which files were removed is made again. Raises LibraryError.
    """
    files = needed(names)
    given = os.environ.get("NORMBOUND_PROOFS")
    if given:
        return _checked(Path(given), files)
    digest = hashlib.sha256(version.encode())
    for name, text in files.items():
        digest.update(f"\n{name} {len(text)}\n".encode() + text)
    try:
        base = cache() / "coq"
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = base / digest.hexdigest()[:32]
        if not _whole(folder, files):
            with _lock(base / ".lock", notify):
                if not _whole(folder, files):
                    shutil.rmtree(folder, ignore_errors=True)
                    _build(program, files, folder, notify)
        return folder
    except OSError as error:
        raise LibraryError(f"the cache for the compiled proof library cannot be used: {error}; NORMBOUND_CACHE names another folder") \
            from None


def _whole(folder: Path, files: Iterable[str]) -> bool:
    return all(_source(folder, name).with_suffix(".vo").is_file() for name in files)


def _source(folder: Path, name: str) -> Path:
    return folder / (name.replace(".", "/") + ".v")


def _checked(folder: Path, files: dict[str, bytes]) -> Path:
    for name, text in files.items():
        source = _source(folder, name)
        target = source.with_suffix(".vo")
        if not source.is_file() or not target.is_file():
            raise LibraryError(f"NORMBOUND_PROOFS={folder}: {name}.v is not compiled there (make core)")
        if source.read_bytes() != text:
            raise LibraryError(f"NORMBOUND_PROOFS={folder}: {name}.v is not the file that this version of normbound has")
        if target.stat().st_mtime < source.stat().st_mtime:
            raise LibraryError(f"NORMBOUND_PROOFS={folder}: {name}.v is newer than its compiled form (make core)")
    return folder.resolve()


@contextlib.contextmanager
def _lock(path: Path, notify: Callable[[str], None]) -> Iterator[None]:
    """One process compiles at a time. The system frees the lock when its holder ends, whatever way."""
    try:
        import fcntl
    except ImportError:  # not POSIX: two processes may then do the same work; the renaming keeps the result whole
        yield
        return
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            notify("waiting for another process that compiles the proof library")
            fcntl.flock(handle, fcntl.LOCK_EX)
        for left in path.parent.glob(".building-*"):  # of a process that was killed: it would hold the lock otherwise
            shutil.rmtree(left, ignore_errors=True)
        yield


def _build(program: str, files: dict[str, bytes], folder: Path, notify: Callable[[str], None]) -> None:
    notify(f"compiling the proof library, once ({len(files)} files, a minute or two)")
    place = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        for name, text in files.items():
            path = _source(place, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
            done = limited([program, "-q", "-Q", ".", ROOT, str(path.relative_to(place))], place, SECONDS)
            if done.code != 0 or not path.with_suffix(".vo").is_file():
                what = f"more than {SECONDS:g} seconds" if done.code is None else \
                    " ".join(done.stderr.split())[-600:] or f"no compiled file, exit code {done.code}"
                raise LibraryError(f"the proof library does not compile with {program}: {name}.v: {what}")
        for extra in [p for p in place.rglob("*") if p.is_file() and p.suffix not in (".v", ".vo")]:
            extra.unlink()
        place.replace(folder)
    except OSError:
        if not _whole(folder, files):  # without a lock another process may have been faster
            raise
    finally:
        shutil.rmtree(place, ignore_errors=True)
