"""Where the keys and values of a TOML text stand. The parser of the standard library gives no positions.

The text has been accepted by ``tomllib`` before; this reader only follows its structure. Keys and values are named by
paths such as ("claim", 0, "given", 2). Within strings, escapes and trimmed line breaks are followed character by character.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from normbound.claims.errors import ClaimError
from normbound.claims.syntax import Position

Path = tuple[str | int, ...]
MAX_NESTING = 20
_SPACE = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_OTHER = re.compile(r"[^,\]}\n#]*")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\", "e": "\x1b"}


class Places:
    """The places of one TOML text (line breaks are \\n)."""

    def __init__(self, text: str):
        self.text = text
        self.lines = [0] + [m.end() for m in re.finditer("\n", text)]
        self.keys: dict[Path, int] = {}
        self.values: dict[Path, int] = {}
        self.strings: dict[Path, list[int]] = {}  # the offset of each character, and of the closing quote
        self._arrays: dict[Path, int] = {}
        self._position = 0
        self._read()

    # -- answers ----------------------------------------------------------------------------------------------------
    def key(self, path: Path) -> Position:
        """Where the key at ``path`` (or the header of the table) stands; of the nearest table around it when it is absent."""
        while path and path not in self.keys and path not in self.values:
            path = path[:-1]
        return self.position(self.keys.get(path, self.values.get(path, 0)))

    def value(self, path: Path) -> Position:
        """Where the value at ``path`` stands, else where its key does."""
        return self.position(self.values[path]) if path in self.values else self.key(path)

    def inside(self, path: Path, text: str, line: int, column: int) -> Position:
        """Where the character at (line, column) of the string ``text`` at ``path`` stands in the file."""
        offsets = self.strings.get(path)
        if offsets is None or line < 1 or len(offsets) != len(text) + 1:
            return self.value(path)
        start = 0
        for _ in range(line - 1):
            start = text.find("\n", start) + 1
        return self.position(offsets[min(start + column - 1, len(offsets) - 1)])

    def position(self, offset: int) -> Position:
        line = bisect_right(self.lines, offset)
        return Position(line, offset - self.lines[line - 1] + 1)

    # -- reading ----------------------------------------------------------------------------------------------------
    def _skip(self) -> str:
        match = _SPACE.match(self.text, self._position)
        assert match is not None
        self._position = match.end()
        return self.text[self._position: self._position + 1]

    def _read(self) -> None:
        table: Path = ()
        while self._skip():
            if self.text[self._position] == "[":
                start = self._position
                double = self.text.startswith("[[", start)
                self._position += 1 + double
                parts = self._key()
                self._position = self.text.index("]", self._position) + 1 + double
                table = self._enter(parts, double)
                self.keys.setdefault(table, start)
            else:
                self._pair(table, 0)

    def _enter(self, parts: list[str], double: bool) -> Path:
        path: Path = ()
        for k, part in enumerate(parts):
            path += (part,)
            if double and k == len(parts) - 1:
                self._arrays[path] = self._arrays.get(path, 0) + 1
            if path in self._arrays:
                path += (self._arrays[path] - 1,)
        return path

    def _pair(self, table: Path, depth: int) -> None:
        start = self._position
        path = table
        for part in self._key():
            path += (part,)
            self.keys.setdefault(path, start)
        self._skip()
        self._position += 1  # the equals sign
        self._value(path, depth)

    def _key(self) -> list[str]:
        parts: list[str] = []
        while True:
            char = self._skip()
            if char in ('"', "'"):
                parts.append(self._string()[0])
            else:
                match = _BARE.match(self.text, self._position)
                if match is None:
                    raise ClaimError("found a key that cannot be located; accepted: keys of letters, digits, _ and -",
                                     *self.position(self._position))
                parts.append(match[0])
                self._position = match.end()
            if self._skip() != ".":
                return parts
            self._position += 1

    def _value(self, path: Path, depth: int) -> None:
        char = self._skip()
        if depth > MAX_NESTING:
            raise ClaimError(f"found more than {MAX_NESTING} nested arrays or tables; accepted: at most {MAX_NESTING}",
                             *self.position(self._position))
        self.values[path] = self._position
        if char and char in "\"'":
            self.strings[path] = self._string()[1]
        elif char and char in "[{":
            close = "]" if char == "[" else "}"
            self._position += 1
            k = 0
            while self._skip() not in (close, ""):
                if char == "[":
                    self._value((*path, k), depth + 1)
                else:
                    self._pair(path, depth + 1)
                k += 1
                if self._skip() == ",":
                    self._position += 1
            self._position += 1
        else:
            match = _OTHER.match(self.text, self._position)
            assert match is not None
            self._position = match.end()

    def _string(self) -> tuple[str, list[int]]:
        """The string at the position, and the offset of each of its characters and of its end."""
        text, k = self.text, self._position
        quote = text[k]
        long = text.startswith(3 * quote, k)
        k += 3 if long else 1
        if long and text.startswith("\n", k):
            k += 1
        chars: list[str] = []
        offsets: list[int] = []
        while k < len(text):
            if long and text.startswith(3 * quote, k):
                extra = 0
                while extra < 2 and text.startswith(quote, k + 3 + extra):
                    extra += 1
                for _ in range(extra):
                    chars.append(quote)
                    offsets.append(k)
                    k += 1
                break
            if not long and text[k] == quote:
                break
            start = k
            if text[k] == "\\" and quote == '"':
                code = text[k + 1: k + 2]
                if code in ("u", "U", "x"):
                    size = {"x": 2, "u": 4, "U": 8}[code]
                    chars.append(chr(int(text[k + 2: k + 2 + size], 16)))
                    k += 2 + size
                elif code in _ESCAPES:
                    chars.append(_ESCAPES[code])
                    k += 2
                else:  # a line break that is not part of the string
                    k += 1
                    while k < len(text) and text[k] in " \t\n":
                        k += 1
                    continue
            else:
                chars.append(text[k])
                k += 1
            offsets.append(start)
        offsets.append(k)
        self._position = k + (3 if long else 1)
        return "".join(chars), offsets
