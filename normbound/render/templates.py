"""The Jinja2 templates of the folder ``templates``, with delimiters that TeX leaves alone.

A value that is not ``Tex`` is escaped: a template cannot put unsafe text on a page by accident.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from normbound.render.prose import escape


class Tex(str):
    """Text that is TeX already."""

    __slots__ = ()


def folder() -> Path:
    """Where the templates are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    for place in (package / "templates", package.parent / "templates"):
        if (place / "references.bib").is_file():
            return place
    raise FileNotFoundError("the folder of templates is missing from this installation of normbound")


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    return Environment(loader=FileSystemLoader(folder()), undefined=StrictUndefined, autoescape=False, trim_blocks=True,
                       lstrip_blocks=True, keep_trailing_newline=False, finalize=_safe, block_start_string="<%",
                       block_end_string="%>", variable_start_string="<<", variable_end_string=">>",
                       comment_start_string="<#", comment_end_string="#>")


def _safe(value: Any) -> str:
    return value if isinstance(value, Tex) else escape(str(value))


def render(template: str, **values: Any) -> str:
    """The text of a template with these values."""
    return _environment().get_template(template).render(**values)
