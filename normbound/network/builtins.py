"""The built-in architectures: one TOML file each, in the folder ``builtin``, read like any other file."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from normbound.errors import NetworkError
from normbound.network.files import Architecture, read


@cache
def names() -> tuple[str, ...]:
    """The names of the built-in architectures, in alphabetical order."""
    folder = files("normbound.network") / "builtin"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def source(name: str) -> str:
    """The TOML text of the built-in ``name``; an unknown name is an error that shows the nearest."""
    if name not in names():
        close = get_close_matches(name, names(), 2, 0.5) if isinstance(name, str) else []
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise NetworkError(f"unknown architecture {str(name)[:60]!r}{hint}; built in: {', '.join(names())}")
    return (files("normbound.network") / "builtin" / f"{name}.toml").read_text(encoding="utf-8")


def get(name: str) -> Architecture:
    """The built-in architecture ``name``, over the current store."""
    return read(source(name), name, f"built-in {name}")
