"""Positions in TOML files, against the parser of the standard library."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normbound.claims.places import Places

TEXT = '''# a comment with "quotes" and [brackets]
schema = 1
[vars]
K = "natural"   # "another"
"s" = 'positive[K]'
[networks]
a.builtin = "mlp"
b = {network = "x", input = {radius = "R", 'features' = 3}}

[[claim]]
id = "one"
given = [
  "a <= b",  # first
  """
b <= c""", [1, 2.5, {z = "w"}],
]
[claim.vars]
x = "real"
[[claim]]
show = """\\
   a \\t<= \\u0062 \\
   + c"""
odd = \'\'\'
'quoted' \'\'\'\'
date = 1979-05-27 07:32:00
'''


def leaves(value, path=()):
    if isinstance(value, dict):
        for k, v in value.items():
            yield from leaves(v, (*path, k))
    elif isinstance(value, list):
        for k, v in enumerate(value):
            yield from leaves(v, (*path, k))
    else:
        yield path, value


def test_every_value_has_its_place():
    places = Places(TEXT)
    found = dict(leaves(tomllib.loads(TEXT)))
    for path, value in found.items():
        line, column = places.value(path)
        rest = TEXT.split("\n")[line - 1][column - 1:]
        assert rest[0] in "\"'" if isinstance(value, str) else rest[0].isdigit(), path
    assert set(places.strings) == {p for p, v in found.items() if isinstance(v, str)}
    for path, offsets in places.strings.items():
        assert len(offsets) == len(found[path]) + 1
    assert places.value(("claim", 0, "given", 1)) == (14, 3)
    assert places.key(("claim", 1)) == (19, 1)
    assert places.key(("claim", 0, "vars")) == (17, 1)
    assert places.key(("claim", 0, "vars", "x")) == (18, 1)
    assert places.key(("networks", "b", "input", "features")) == (8, 44)
    assert places.key(("claim", 1, "absent")) == (19, 1)


@pytest.mark.parametrize(("path", "char", "place"), [
    (("claim", 1, "show"), "a", (21, 4)), (("claim", 1, "show"), "\t", (21, 6)), (("claim", 1, "show"), "b", (21, 11)),
    (("claim", 1, "show"), "c", (22, 6)), (("claim", 0, "given", 1), "c", (15, 6)), (("claim", 1, "odd"), "'", (24, 1)),
])
def test_characters_inside_strings(path, char, place):
    value = dict(leaves(tomllib.loads(TEXT)))[path]
    at = value.index(char)
    before = value[:at]
    line, column = before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
    assert Places(TEXT).inside(path, value, line, column) == place


@settings(max_examples=200, derandomize=True)
@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f"), max_size=12), max_size=5),
       st.sampled_from(["basic", "literal", "long"]))
def test_random_strings(texts, style):
    def quoted(t):
        if style == "literal" and "'" not in t:
            return f"'{t}'"
        escaped = t.replace("\\", "\\\\").replace('"', '\\"')
        return f'"""\n{escaped}"""' if style == "long" else f'"{escaped}"'

    text = "[[claim]]\ngiven = [" + ", ".join(quoted(t) for t in texts) + "]\n"
    assert tomllib.loads(text)["claim"][0]["given"] == texts
    places = Places(text)
    for k, t in enumerate(texts):
        offsets = places.strings["claim", 0, "given", k]
        assert len(offsets) == len(t) + 1
        assert [text[o] for o in offsets[:-1]] == [c if text[o] != "\\" else "\\" for c, o in zip(t, offsets, strict=False)]
