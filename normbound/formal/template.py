"""The template of certificates, for Jinja2."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    package = Path(__file__).parent.parent
    folders = [str(p) for p in (package / "templates", package.parent / "templates")]  # installed, or a checkout
    return Environment(loader=FileSystemLoader(folders), undefined=StrictUndefined, autoescape=False, trim_blocks=True,
                       lstrip_blocks=True, keep_trailing_newline=True, block_start_string="<%", block_end_string="%>",
                       variable_start_string="<<", variable_end_string=">>", comment_start_string="<#", comment_end_string="#>")


def render(template: str, **values: Any) -> str:
    """The text of a template with these values, which are put there as they are."""
    return _environment().get_template(template).render(**values)
