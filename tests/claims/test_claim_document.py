"""Files of claims: what they mean, and that every bad one is refused at its place."""

import time
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from normbound.claims import document
from normbound.claims.document import MAX_BYTES, read
from normbound.claims.errors import ClaimError
from normbound.claims.grammar import parse_statement
from normbound.claims.sorts import Sort

WHOLE = '''schema = 1
title = "Normalization"
[vars]
K = "natural"
s = "positive[K]"
[networks]
normalized = {builtin = "mlp"}
[networks.plain]
network = "Repeat(Linear(t) >> ReLU, K)"
input = {radius = "R", features = "d"}

[[claim]]
id = "products-below-powers"
title = "Products, \u00e9crits"
source = "folklore"
vars = {L = "positive"}
given = ["forall(i, 1, K, s[i] <= L)"]
show = """
prod(i, 1, K, s[i])
   <= L^K"""
seconds = 2.5
[[claim]]
id = "b"
vars = {t = "nonnegative", R = "nonnegative", d = "natural"}
show = "Lip(plain) <= bound(plain)"
expect = "undecided"
reason = "open"
'''


def test_the_whole_file():
    d = read(WHOLE)
    assert d.title == "Normalization" and len(d.claims) == 2 and set(d.networks) == {"normalized", "plain"}
    one, two = d.claims
    assert (one.id, one.line, one.expect, one.seconds, one.source, one.reason) == ("products-below-powers", 12, "proved", 2.5,
                                                                                  "folklore", "")
    assert one.vars["L"] == Sort("positive") and set(one.vars) == {"K", "s", "L"}
    assert one.given == (parse_statement("forall(i, 1, K, s[i] <= L)"),)
    assert one.show == parse_statement("prod(i,1,K,s[i]) <= L^K") and not one.networks
    assert two.expect == "undecided" and two.reason == "open" and set(two.networks) == {"plain"} and two.line == 22
    assert two.networks["plain"].symbols["t"] == "nonneg"
    assert d.claim("b") is two
    with pytest.raises(ClaimError, match="found no claim 'c'"):
        d.claim("c")


def test_a_path(tmp_path):
    path = tmp_path / "claims.toml"
    path.write_bytes(WHOLE.replace("\n", "\r\n").encode())
    assert read(path).claims[0].show == read(WHOLE).claims[0].show == read(str(path)).claims[0].show
    path.write_bytes(WHOLE.replace("<= L^K", "<= M^K").replace("\n", "\r\n").encode())
    with pytest.raises(ClaimError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:20:7: ")
    path.write_bytes(b"schema = 1\ntitle = \"\xff\"")
    with pytest.raises(ClaimError, match=r":2:10: found the byte 0xff, which is not UTF-8"):
        read(path)
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ClaimError, match=r"more than 1000000 bytes"):
        read(path)
    with pytest.raises(ClaimError, match=r"no such file"):
        read(tmp_path / "absent.toml")
    with pytest.raises(ClaimError, match=r"found a directory"):
        read(tmp_path)
    with pytest.raises(ClaimError, match=r"is not a path"):
        read("a\0b")


MALFORMED = [
    ("no schema", "schema = 1\n", ""), ("schema 2", "schema = 1", "schema = 2"), ("schema text", "schema = 1", 'schema = "1"'),
    ("unknown key of the file", "[vars]", "[var]"), ("unknown key of a claim", "seconds = 2.5", "second = 2.5"),
    ("no claims", WHOLE[WHOLE.index("[[claim]]"):], ""), ("claim as a table", WHOLE[WHOLE.index("[[claim]]"):], '[claim]\nid = "x"\n'),
    ("no id", 'id = "b"\n', ""), ("no show", 'show = "Lip(plain) <= bound(plain)"\n', ""),
    ("id with spaces", 'id = "b"', 'id = "b c"'), ("id again", 'id = "b"', 'id = "products-below-powers"'),
    ("id as a number", 'id = "b"', "id = 7"), ("unknown variable", "<= L^K", "<= M^K"),
    ("unknown variable in given", "s[i] <= L", "s[j] <= L"), ("look-alike", "<= L^K", "<= \u041b^K"),
    ("look-alike by escape", "<= L^K", r"<= \u041b^K"), ("double star", "<= L^K", "<= L**K"),
    ("expression", 'show = "Lip(plain) <= bound(plain)"', 'show = "bound(plain)"'), ("show as a list", 'show = "Lip(', 'show = ["Lip('),
    ("show as an array", 'show = "Lip(plain) <= bound(plain)"', "show = [1]"), ("given as text", 'given = ["', 'given = "'),
    ("given as one string", '["forall(i, 1, K, s[i] <= L)"]', '"L <= 1"'), ("given of numbers", '["forall(i, 1, K, s[i] <= L)"]', "[1]"),
    ("sort", '"positive[K]"', '"pos[K]"'), ("length", '"positive[K]"', '"positive[K-1]"'),
    ("length unknown", '"positive[K]"', '"positive[J]"'),
    ("sort as a number", 'K = "natural"', "K = 3"), ("variable declared twice", "{L = ", '{K = "real", L = '),
    ("unused variable", "{L = ", '{M = "real", L = '), ("name of a function", 'K = "natural"', 'K = "natural"\nlog = "real"'),
    ("variable and network", 'K = "natural"', 'K = "natural"\nplain = "real"'), ("expect", 'expect = "undecided"', 'expect = "prooved"'),
    ("no reason", 'reason = "open"', ""), ("empty reason", 'reason = "open"', 'reason = " "'),
    ("seconds zero", "seconds = 2.5", "seconds = 0"),
    ("seconds inf", "seconds = 2.5", "seconds = inf"), ("seconds nan", "seconds = 2.5", "seconds = nan"),
    ("seconds text", "seconds = 2.5", 'seconds = "2"'), ("unknown builtin", '"mlp"', '"mpl"'),
    ("key beside builtin", '{builtin = "mlp"}', '{builtin = "mlp", input = 1}'), ("network as text", '{builtin = "mlp"}', '"Linear(s)"'),
    ("unknown layer", "Linear(t)", "Linea(t)"), ("network without input", 'input = {radius = "R", features = "d"}\n', ""),
    ("unknown key of input", "features", "featurs"), ("radius", 'radius = "R"', 'radius = "R+)"'),
    ("network with look-alike", "Linear(t)", "Linear(\u0442)"), ("symbols not declared", 'R = "nonnegative", ', ""),
    ("symbol declared otherwise", 't = "nonnegative"', 't = "real"'), ("unknown network", "bound(plain)", "bound(plan)"),
    ("not TOML", "title =", "title"), ("unclosed string", '"Normalization"', '"Normalization'),
    ("key twice", "[vars]", 'title = "x"\n[vars]'),
    ("control character", "folklore", r"folk\u0007lore"), ("title as a number", 'title = "Normalization"', "title = 1.5"),
    ("network twice a name", "[networks.plain]", "[networks.sqrt]"), ("vars as text", "[vars]\n", 'vars = "K"\n[varss]\n'),
]


def test_malformed_files(golden):
    """Each message names file, line and column, the finding and what is accepted; the golden file is read by people."""
    lines = []
    for title, old, new in MALFORMED:
        assert old in WHOLE, title
        with pytest.raises(ClaimError) as caught:
            read(WHOLE.replace(old, new, 1), "f.toml")
        assert caught.value.line and str(caught.value).isascii()
        lines.append(f"{title}\n    {caught.value}\n")
    golden("malformed-claims.txt", "".join(lines))


@pytest.mark.parametrize(("text", "message"), [
    ("a" + ".a" * 100_000 + " = 1\n", "dotted parts"), ("x = " + "[" * 100_000 + "\n", "nested too deeply"),
    ("schema = 1\nx = " + "[" * 50 + "]" * 50 + "\n", "more than 20 nested"), ("x = " + "9" * 100_000 + "\n", "not TOML"),
    ("\n" * (MAX_BYTES + 1), "characters; accepted: at most"), ("schema = 1\n" + "[[claim]]\n" * 50_000, "found no key id"),
    ('schema = 1\n[[claim]]\nid = "a"\nshow = "' + "(" * 900_000 + '"\n', "found a text of 900000 characters"),
])
def test_hostile_files_are_refused_in_time(text, message):
    start = time.perf_counter()
    with pytest.raises(ClaimError, match=message):
        read(text)
    assert time.perf_counter() - start < 3


def test_networks_of_one_file_do_not_share_symbols():
    text = WHOLE.replace("[[claim]]", '[networks.other]\nnetwork = "Linear(t)"\ninput = {features = "d"}\n'
                         '[networks.other.symbols]\nt = "positive"\nd = "natural"\n[[claim]]', 1)
    d = read(text)
    assert d.networks["other"].symbols["t"] == "positive" and d.networks["plain"].symbols["t"] == "nonneg"


def test_the_example_of_the_documentation():
    from importlib.resources import files
    page = (files("normbound.claims") / "GRAMMAR.md").read_text(encoding="utf-8")
    example = page[page.index("```toml") + 8:]
    example = example[: example.index("```")]
    assert [c.id for c in read(example).claims] == ["products-below-powers", "plain-bound-below-one"]
    module = document.__doc__ or ""
    text = "\n".join(line[4:] for line in module.split("\n") if line.startswith("    "))
    assert read(text).claims[0].reason == "..."


@settings(max_examples=150, deadline=timedelta(seconds=5), derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_mutilated_files_are_read_or_refused(data):
    at = data.draw(st.integers(0, len(WHOLE)))
    end = data.draw(st.integers(at, min(len(WHOLE), at + 8)))
    text = WHOLE[:at] + data.draw(st.text('ab"\'[]{}=.,\n\\#10u\u00e9(', max_size=4)) + WHOLE[end:]
    try:
        read(text)
    except ClaimError as error:
        assert str(error).startswith("claims") and str(error).isascii()
