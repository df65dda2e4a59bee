"""The command line as a user meets it: outputs, exit codes, and one clear error for each kind of bad input."""

import json

import pytest

from normbound.network.builtins import names


@pytest.fixture
def run(command_line):
    return command_line


@pytest.mark.parametrize("wrt", ["input", "parameters", "radius"])
@pytest.mark.parametrize("name", names())
def test_derive_every_builtin(run, name, wrt):
    code, out, err = run("derive", name, "--wrt", wrt)
    assert code == 0 and not err
    for word in ("claim", "Theta", "norms", "assuming", "form", "digest"):
        assert word in out
    assert max(map(len, out.splitlines())) < 2500


@pytest.mark.parametrize("name", names())
def test_json_carries_the_statement(run, name):
    code, out, _ = run("derive", name, "--json", "--set", "K=2") if name != "shared" else run("derive", name, "--json")
    assert code == 0
    data = json.loads(out)
    assert data["bound"] and data["digest"] and data["norms"] == ["l2", "l2"]
    if name != "shared":
        assert data["value"]["status"] in ("holds", "vacuous")


def test_list_names_every_builtin(run):
    code, out, _ = run("derive", "--list")
    assert code == 0 and all(name in out for name in names()) and len(names()) >= 10


def test_values_and_status(run):
    code, out, _ = run("derive", "mlp-layernorm", "--set", "s=6/5", "--set", "K=24", "--set", "sigma=1/10")
    assert code == 0 and "at " in out and "K = 24" in out
    code, out, _ = run("derive", "mlp-layernorm", "--set", "sigma=100")
    assert code == 0 and "vacuous" in out
    code, out, _ = run("derive", "mlp-layernorm", "--set", "sigma=0", "--set", "eps=0")
    assert code == 0 and "unmet" in out


def test_blame_and_drop(run):
    code, out, _ = run("derive", "pre-norm", "--blame")
    assert code == 0 and "share of P^2" in out
    code, out, _ = run("derive", "mlp-layernorm", "--drop", "F1")
    assert code == 0 and "sigma" not in out.split("L    ")[1].splitlines()[0] and "1/sqrt(eps)" in out
    code, _, err = run("derive", "mlp-layernorm", "--drop", "F9")
    assert code == 2 and "F1" in err


def test_large_values_print_as_powers_of_ten(run):
    code, out, _ = run("derive", "mlp", "--set", "s=10", "--set", "K=900")
    assert code == 0 and "e+900" in out


def test_check_and_layers(run):
    code, out, _ = run("check", "mlp", "two-layer", "--networks", "5")
    assert code == 0 and out.count("survived") == 2
    code, out, _ = run("check", "mlp", "--networks", "3", "--json")
    assert code == 0 and json.loads(out)[0]["verdict"] == "survived"
    code, out, _ = run("check", "mlp", "--networks", "3", "--steps")
    assert code == 0 and "series" in out
    code, out, _ = run("layers")
    assert code == 0 and "LayerNorm" in out and "Composition rules" in out and "status" in out
    code, out, _ = run("layers", "--json")
    assert len(json.loads(out)["layers"]) > 30


def test_a_violation_gives_exit_code_1(run, monkeypatch):
    from normbound.contracts import rules
    right = rules.series
    monkeypatch.setattr(rules, "series", lambda f, g: right(f, g)._replace(L=g.L))
    code, out, _ = run("check", "mlp", "--networks", "60")
    assert code == 1 and "violated" in out


def test_doctor(run):
    code, out, _ = run("doctor")
    assert code == 0 and "python-flint" in out


BAD = [
    (("derive", "nope"), "unknown architecture"),
    (("derive", "pre-nrom"), "did you mean pre-norm"),
    (("derive", "mlp", "--wrt", "weights"), "accepted: input, parameters, radius"),
    (("derive", "mlp", "--norm", "linf"), "accepted: l2"),
    (("derive", "mlp", "--trainable", "weight"), "wrt"),
    (("derive", "mlp", "--wrt", "parameters", "--trainable", "weigth"), "accepted: the roles"),
    (("derive", "mlp", "--set", "s"), "write name=value"),
    (("derive", "mlp", "--set", "s=0.5.5"), "not an exact number"),
    (("derive", "mlp", "--set", "s=-1"), "nonnegative"),
    (("derive", "mlp", "--set", "K=5/2"), "natural number"),
    (("derive", "mlp", "--set", "K=-3"), "natural number"),
    (("derive", "mlp", "--set", "zeta=1"), "unknown symbol 'zeta'"),
    (("derive", "mlp", "--set", "s=1e99999999"), "exponent"),
    (("derive", "mlp", "--set", "s=__import__('os')"), "not an exact number"),
    (("derive", "missing.toml"), "no such file"),
    (("derive", "/"), "directory"),
    (("derive", "mlp", "-o", "/nonexistent/file"), "cannot write"),
    (("check", "mlp", "--networks", "0"), "at least 1"),
    (("check", "mlp", "two-layer", "--set", "s=1"), "one architecture"),
    (("layers", "LayerNrom"), "did you mean LayerNorm"),
    (("bench", "nothing"), "accepted: derive, check"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=lambda x: " ".join(x) if isinstance(x, tuple) else "")
def test_bad_input_is_one_clear_error(run, arguments, message):
    code, _, err = run(*arguments)
    assert code == 2
    assert message in err
    assert "Traceback" not in err and len(err.strip().splitlines()) == 1


def test_failed_write_leaves_nothing(run, tmp_path):
    target = tmp_path / "out.txt"
    code, _, _ = run("derive", "mlp", "-o", str(target))
    assert code == 0 and target.read_text().startswith("Lipschitz constant")
    code, _, _ = run("derive", "mlp", "-o", str(tmp_path))
    assert code == 2 and [p.name for p in tmp_path.iterdir()] == ["out.txt"]
