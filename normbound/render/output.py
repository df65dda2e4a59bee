"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from normbound.errors import UnsupportedError


def write(path: Path, content: str | bytes) -> Path:
    """Write a file at once: a failed or interrupted write leaves nothing, or what was there before."""
    if not path.name or path.is_dir():
        raise UnsupportedError(f"cannot write {path}: a file name is needed")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        temporary.replace(path)
    except OSError as error:
        raise UnsupportedError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        temporary.unlink(missing_ok=True)
    return path
