"""Folders and files: the data that ship with the package, the cache of the user, and files that appear whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from normbound.errors import UnsupportedError


def shipped(name: str, holding: str) -> Path:
    """The folder of data ``name``, known by the file ``holding``: inside the installed package, or beside it in a checkout.

    Raises FileNotFoundError for an installation without it.
    """
    package = Path(__file__).parent
    for place in (package / name, package.parent / name):
        if (place / holding).is_file():
            return place
    raise FileNotFoundError(f"the folder of {name} is missing from this installation of normbound")


def templates() -> Path:
    """The folder of templates."""
    return shipped("templates", "references.bib")


def environment(**options: Any) -> Any:
    """Jinja2 over the folder of templates, with delimiters that TeX and Coq leave alone: <% %>, << >>, <# #>.

    A name without a value is an error. ``options`` are further ones of ``jinja2.Environment``.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    return Environment(loader=FileSystemLoader(templates()), undefined=StrictUndefined, autoescape=False, trim_blocks=True,
                       lstrip_blocks=True, block_start_string="<%", block_end_string="%>", variable_start_string="<<",
                       variable_end_string=">>", comment_start_string="<#", comment_end_string="#>", **options)


def cache() -> Path:
    """The cache folder: NORMBOUND_CACHE, or ``normbound`` in the cache folder of the user. It need not exist.

    Raises FileNotFoundError where nothing names one and the user has no home.
    """
    named = os.environ.get("NORMBOUND_CACHE")
    if named:
        return Path(named).resolve()
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        return Path(base or Path.home() / ".cache").resolve() / "normbound"
    except RuntimeError as error:
        raise FileNotFoundError(str(error)) from None


def write(path: Path, content: str | bytes) -> Path:
    """Write a file at once: a failed or interrupted write leaves nothing, or what was there before.

    Raises UnsupportedError when the file cannot be written.
    """
    try:
        if not path.name or path.is_dir():
            raise UnsupportedError(f"cannot write {path}: a file name is needed")
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
            temporary.replace(path)
        finally:
            with suppress(OSError):  # the write failed for the same reason, and that is the error to report
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UnsupportedError(f"cannot write {path}: {error.strerror or error}") from None
    return path
