"""Architecture files: what they mean, and that every bad one is refused with its place."""

import os
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from normbound.calculus.derive import analyse
from normbound.errors import NetworkError, NormboundError
from normbound.network.files import MAX_BYTES, Architecture, load, read
from normbound.terms.normal import same
from normbound.terms.store import Store, term

QUICK = settings(max_examples=100, deadline=timedelta(seconds=20), derandomize=True,
                 suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])

WHOLE = '''
title = "A network"
network = """
Repeat(Linear(s[i], bias=b) >> LayerNorm(gamma=g, floor=sigma, eps=eps)
       >> 1/m * ReLU, K, index=i)
"""

[input]
radius = "R"
features = "d"
samples = 3

[symbols]
R = "nonneg"
d = "natural"
m = "natural"
s = "family"
b = "nonneg"
g = "nonneg"
sigma = "nonneg"
eps = "positive"
K = "natural"

[values]
s = ["6/5", 1, "0.5"]
K = 3
eps = "1e-5"
'''
SMALL = 'network = "Linear(s, bias=b)"\n[input]\nfeatures = "d"\nradius = "R"\n'


@pytest.fixture(autouse=True)
def fresh_store():
    with Store() as store:
        yield store


def write(tmp_path, content, name="net.toml"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refused(content, tmp_path) -> str:
    path = write(tmp_path, content)
    with pytest.raises(NormboundError) as error:
        load(path)
    message = str(error.value)
    assert message.startswith(f"{path}: ") and len(message) < 600 + len(str(path))
    return message.removeprefix(f"{path}: ")


# -- meaning ----------------------------------------------------------------------------------------------------------

def test_a_whole_file(tmp_path):
    a = load(write(tmp_path, WHOLE, "mine.toml"))
    assert isinstance(a, Architecture)
    assert (a.name, a.title, a.network.title) == ("mine", "A network", "A network")
    assert a.values == {"s": (Fraction(6, 5), 1, Fraction(1, 2)), "K": 3, "eps": Fraction(1, 100000)}
    assert a.symbols["s"] == "family" and a.symbols["m"] == "natural" and "i" not in a.symbols
    assert a.network.input.samples == term(3) and a.network.input.radius == term("R")
    assert a.text == WHOLE
    assert same(analyse(a.network).summary.L, term("prod(i, K, s[i]*g/(m*sqrt(eps + sigma^2)))"))


def test_positive_symbols_are_positive_before_anything_is_parsed(tmp_path):
    load(write(tmp_path, WHOLE))
    assert term("eps").is_positive and not term("sigma").is_positive


def test_a_small_file_needs_no_declarations():
    a = read(SMALL, "small")
    assert a.symbols == {"d": "natural", "R": "nonneg", "s": "nonneg", "b": "nonneg"}
    assert a.values == {} and a.title == "" and a.name == "small"


def test_without_a_radius_the_domain_is_all_of_space():
    assert read('network = "ReLU"\n[input]\nfeatures = 4', "n").network.input.radius is None


def test_kinds_follow_from_use():
    a = read('network = "Repeat(Linear(s[i]) >> 1/(2*m) * x, K + 1, index=i) >> Linear(t^n, out=q) '
             '>> Linear(prod(j, l, r[j]))"\n[input]\nfeatures = "2*e"\nradius = "R"', "n")
    assert a.symbols == {"e": "natural", "R": "nonneg", "K": "natural", "s": "family", "m": "nonneg", "t": "nonneg",
                         "n": "natural",
                         "q": "natural", "l": "natural", "r": "family"}


def test_an_index_is_bound_inside_its_repeat_alone():
    with pytest.raises(NetworkError, match="choose another name for the index"):
        read('network = "Repeat(Linear(s[i]), K, index=i) >> Linear(i)"\n[input]\nfeatures = "d"', "n")
    nested = 'network = "Repeat(Repeat(Linear(s[i]), m, index=j) >> Linear(t[i]), K, index=i)"\n[input]\nfeatures = "d"'
    assert set(read(nested, "n").symbols) == {"d", "K", "m", "s", "t"}


def test_captured_names_and_scales_are_seen():
    a = read('network = "Repeat(a * Linear(s) + Outside(u), K, capture=(u = Linear(t)))"\n[input]\nfeatures = "d"', "n")
    assert set(a.symbols) == {"d", "K", "a", "s", "t"}


def test_values_as_strings_and_integers():
    a = read(SMALL + '[values]\ns = "0.1"\nb = 2\nR = "6/5"\nd = 4', "n")
    assert a.values == {"s": Fraction(1, 10), "b": 2, "R": Fraction(6, 5), "d": 4}


def test_a_sign_already_in_use_is_a_conflict(fresh_store):
    term("eps")
    with pytest.raises(NetworkError, match=r"symbols\.eps: declared positive, but 'eps' is already in use as nonneg"):
        read(WHOLE, "n")
    fresh_store.symbol("q", positive=True)
    with pytest.raises(NetworkError, match=r"symbols\.q: declared nonneg, but 'q' is already in use as positive"):
        read('network = "Linear(q)"\n[input]\nfeatures = 1\n[symbols]\nq = "nonneg"', "n")


# -- bad files --------------------------------------------------------------------------------------------------------

def test_missing_file_directory_device_and_link_loop(tmp_path):
    for path, message in ((tmp_path / "no.toml", "no such file"), (tmp_path,
                                                                   "found a directory; a TOML file is needed"),
                          ("/dev/zero", "found a device or a pipe"), ("a\0b", "is not a path"),
                          (str(tmp_path / ("x" * 5000)), "cannot be read: File name too long"),
                          (write(tmp_path, "x") / "y", "cannot be read: Not a directory")):
        with pytest.raises(NetworkError) as error:
            load(path)
        assert message in str(error.value) and str(path)[:50].replace("\0", "\\x00") in str(error.value)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(NetworkError, match="cannot be read"):
        load(loop)


def test_a_pipe_is_not_waited_for(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(NetworkError, match="found a device or a pipe"):
        load(pipe)


def test_a_large_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "large.toml"
    with path.open("wb") as stream:
        stream.truncate(100 * 2**20)
    monkeypatch.setattr("pathlib.Path.open", lambda *_: pytest.fail("the file was opened"))
    with pytest.raises(NetworkError, match=f"found 104857600 bytes; at most {MAX_BYTES} are read"):
        load(path)


def test_a_file_that_grows_while_it_is_read(tmp_path, monkeypatch):
    path = write(tmp_path, SMALL)
    monkeypatch.setattr("normbound.network.files.MAX_BYTES", 10)
    status = os.stat(write(tmp_path, "", "empty"))
    monkeypatch.setattr("pathlib.Path.stat", lambda self: status)
    with pytest.raises(NetworkError, match="more than 10 bytes"):
        load(path)


BAD = [
    (b'network = "x\xff"', "byte offset 12: found 0xff, which is not UTF-8"),
    (b"\xfe\xff", "byte offset 0"),
    ("network = ", "not TOML: Invalid value (at end of document)"),
    ('network = "x"\n[input\n', "not TOML: Expected ']' at the end of a table declaration (at line 2, column 7)"),
    ('network = "x"\nnetwork = "x"', "not TOML: Cannot overwrite a value (at end of document)"),
    ("a = " + "[" * 100_000, "nested too deeply"),
    ("a = " + "{a=" * 100_000, "nested too deeply"),
    ("a = " + "9" * 5000, "not TOML"),
    ("a = 2024-13-45", "not TOML"),
    ("x = 1\n" + "a." * 400_000 + "a = 1", "line 2: found a key of more than 20 dotted parts"),
    ('"a".' * 400_000 + "a = 1", "line 1: found a key of more than 20 dotted parts"),
    ("[" + "a . " * 400_000 + "a]", "line 1: found a key of more than 20 dotted parts"),
    ("", "the key 'network' is missing; accepted keys: title, network, input, symbols, values"),
    ('network = "x"', "the key 'input' is missing"),
    ('netwrok = "x"', "unknown key 'netwrok'; did you mean network?; accepted: title, network, input"),
    (SMALL + "[zzz]\na = 1", "unknown key 'zzz'; accepted: title"),
    ("network = 5\n[input]\nfeatures = 1", "network: found an integer; a string is needed"),
    ("network = 0.5\n[input]\nfeatures = 1", "network: found the float 0.5; a string is needed"),
    ("network = [1]\n[input]\nfeatures = 1", "network: found an array; a string is needed"),
    ("title = true\n" + SMALL, "title: found a boolean; a string is needed"),
    ("title = 2024-01-01\n" + SMALL, "title: found a date or a time; a string is needed"),
    ('network = "x"\ninput = 4', "input: found an integer; a table [input] is needed"),
    ('network = "x"\ninput = [4]', "input: found an array"),
    ('network = "x"\n[input]', "input: the key 'features' is missing"),
    ('network = "x"\n[input]\nfeatures = 4\nradus = 1',
     "input: unknown key 'radus'; did you mean radius?; accepted: radius, features"),
    ('network = "x"\n[input]\nfeatures = 4.0', 'input.features: found the float 4.0; write the string "4.0"'),
    ('network = "x"\n[input]\nfeatures = true',
     "input.features: found a boolean; an integer or an expression in a string"),
    ('network = "x"\n[input]\nfeatures = "1/2"', "input.features: Input features: found 1/2; a natural number"),
    ('network = "x"\n[input]\nfeatures = 0', "input.features: Input features: found 0; at least 1"),
    ('network = "x"\n[input]\nfeatures = "d +"', "input.features: column 4"),
    ('network = "x"\n[input]\nfeatures = 4\nradius = -1', "input.radius: found -1"),
    ('network = "x"\n[input]\nfeatures = 4\nradius = inf', "input.radius: found the float inf"),
    ('network = "x"\n[input]\nfeatures = 4\nsamples = []', "input.samples: found an array"),
    ('network = "Liner(s)"\n[input]\nfeatures = 4', "network: column 1: unknown layer 'Liner'; did you mean Linear"),
    ('network = """x\n>> Linear(s, 2)\n>> Linear(s"""\n[input]\nfeatures = 4', "network: line 3, column 12"),
    ('network = "x + Linear(s, out=3)"\n[input]\nfeatures = 4', "network: layer 1: the parts of a sum have shapes"),
    ('network = "Repeat(Linear(s, out=3), K)"\n[input]\nfeatures = 4',
     "network: layer 1: the body of a Repeat must keep the shape"),
    ('network = "__import__(\'os\')"\n[input]\nfeatures = 4', "network: column 12: unexpected"),
    ('network = "Dropout(mode=train)"\n[input]\nfeatures = 4',
     'network: column 1: Dropout: mode="train" has no contract'),
    ("network = '" + "x" * 1_000_001 + "'\n[input]\nfeatures = 4",
     "network: found 1000001 characters; at most 1000000"),
    ('network = "Linear(s) >> Linear(s[1])"\n[input]\nfeatures = 4',
     "network: 's' is used as a family, s[...], and as a symbol"),
    ('network = "Repeat(Linear(K[1]), K)"\n[input]\nfeatures = 4', "network: 'K' is used as a family"),
    (SMALL + "[symbols]\ns = 'nonneg'\nb = 'nonneg'\nd = 'natural'",
     "symbols: the network uses 'R', which is not declared"),
    (SMALL + "[symbols]\ns = 'real'", "symbols.s: found 'real'; accepted: nonneg, positive, natural, family"),
    (SMALL + "[symbols]\ns = 1", "symbols.s: found an integer; accepted: nonneg"),
    (SMALL + "[symbols]\ns = 1.5", "symbols.s: found the float 1.5; accepted: nonneg"),
    (SMALL + "[symbols]\n'a b' = 'nonneg'", "symbols.a b: 'a b' is not a name"),
    (SMALL + "[symbols]\nsqrt = 'nonneg'", "symbols.sqrt: 'sqrt' is reserved"),
    (SMALL + "[symbols]\ns = 'nonneg'\nb = 'nonneg'\nd = 'natural'\nR = 'nonneg'\nt = 'nonneg'",
     "symbols.t: declared, but the network does not use it"),
    (SMALL + "[symbols]\ns = 'nonneg'\nb = 'nonneg'\nd = 'nonneg'\nR = 'nonneg'",
     "symbols.d: declared nonneg, but the network uses 'd' as a natural number"),
    (SMALL + "[symbols]\ns = 'family'\nb = 'nonneg'\nd = 'natural'\nR = 'nonneg'",
     "symbols.s: declared family, but the network uses 's' as one symbol"),
    ('network = "Linear(s[1])"\n[input]\nfeatures = 4\n[symbols]\ns = "nonneg"',
     "symbols.s: declared nonneg, but the network uses 's' as a family, s[...]"),
    (SMALL + "[symbols]\nsymbols = 'nonneg'\n[symbols.s]\na = 1", "symbols.s: found a table; accepted: nonneg"),
    ("values = 1\n" + SMALL, "values: found an integer; a table [values] is needed"),
    (SMALL + "[values]\ns = 0.1", 'values.s: found the float 0.1, which is not exact; write the string "0.1"'),
    (SMALL + "[values]\ns = nan", "values.s: found the float nan"),
    (SMALL + "[values]\ns = true", "values.s: found a boolean; an integer or an exact number in a string"),
    (SMALL + "[values]\ns = 'abc'", "values.s: 'abc' is not an exact number"),
    (SMALL + "[values]\ns = '1/0'", "values.s: '1/0' has denominator 0"),
    (SMALL + "[values]\ns = -1", "values.s: found -1; a number >= 0 is needed"),
    (SMALL + "[values]\nd = '1/2'", "values.d: found 1/2; a natural number is needed"),
    (SMALL + "[values]\nd = -4", "values.d: found -4; a natural number is needed"),
    (SMALL + "[values]\nt = 1", "values.t: the network has no such symbol"),
    (SMALL + "[values]\ns = [1]", "values.s: found an array; an integer"),
    (WHOLE + "s = 1", "not TOML: Cannot overwrite a value"),
    (WHOLE.replace('s = ["6/5", 1, "0.5"]', "s = 1"),
     "values.s: found an integer; 's' is a family: a list with one number"),
    (WHOLE.replace('s = ["6/5", 1, "0.5"]', "s = []"), "values.s: found an array; 's' is a family"),
    (WHOLE.replace('s = ["6/5", 1, "0.5"]', "s = [1, 0.5]"), "values.s[2]: found the float 0.5"),
    (WHOLE.replace('eps = "1e-5"', "eps = 0"), "values.eps: found 0; a number > 0 is needed"),
    (WHOLE.replace('"6/5", 1, "0.5"', "1," * 100_001), "values.s: found 100001 numbers; at most 100000"),
]


@pytest.mark.parametrize(("content", "message"), BAD, ids=[str(m)[:50] for _, m in BAD])
def test_bad_files_are_refused_with_their_place(content, message, tmp_path):
    assert message in refused(content, tmp_path)


@QUICK
@given(st.binary(max_size=200))
def test_random_bytes_never_raise_anything_else(tmp_path, content):
    try:
        load(write(tmp_path, content))
    except NormboundError as error:
        assert str(error)


LINES = ['network = "x"', 'network = "Repeat(Linear(s), K)"', "[input]", "features = 4", 'features = "d"',
         'radius = "R"', "radius = 1.5",
         "[symbols]", 's = "family"', 's = "positive"', 'K = "natural"', 'd = "natural"', "[values]", 's = "1/2"',
         "K = 3", "s = [1]",
         'title = "t"', "x.y = 1", "[[input]]", "[input.x]", "# comment", "s = 1979-05-27", '"" = 1', "[values.s]",
         "K = -0", 's = "1e9999"']


@QUICK
@given(st.lists(st.sampled_from(LINES), max_size=12))
def test_random_files_never_raise_anything_else(lines):
    with Store():
        try:
            a = read("\n".join(lines), "n")
        except NormboundError as error:
            assert str(error).startswith("n: ")
        else:
            assert analyse(a.network).summary.L is not None
