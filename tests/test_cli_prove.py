"""`normbound prove` as a user meets it, with a certificate that stands for the exporter's."""

import json
from functools import partial

import pytest

from normbound import builtin, derive
from normbound.formal import proof as proving
from normbound.formal.certificate import Certificate
from normbound.network.builtins import names

SOURCE = "Theorem bound : 1 + 1 = 2.\nProof. reflexivity. Qed.\n"


def certificate(bound):
    return Certificate(SOURCE, "One and one is two.", "1 + 1 = 2", (), (), "none is needed", True, (), 3)


@pytest.fixture
def run(command_line):
    return partial(command_line, "prove")


@pytest.fixture
def judged(monkeypatch):
    """The exporter and Coq replaced: what was asked, and what is answered."""
    asked = []

    def judge(source, statement, seconds, megabytes, further):
        asked.append((statement, seconds, megabytes))
        return proving.Outcome("proved", "", (), "", 1.5)
    monkeypatch.setattr(proving, "certificate", certificate)
    monkeypatch.setattr(proving, "judge", judge)
    monkeypatch.setattr(proving.coq, "find", lambda: proving.coq.Coq("coqc", "8.16.1", ""))
    return asked


def test_proved(run, judged):
    code, out, err = run("mlp", "--wrt", "parameters", "--time-limit", "7", "--memory-limit", "900")
    assert code == 0 and not err and judged == [("1 + 1 = 2", 7, 900)]
    assert "Lipschitz constant in the parameters" in out and "proved (kernel)" in out and "One and one is two." in out


def test_json(run, judged):
    code, out, _ = run("mlp", "--json")
    data = json.loads(out)
    assert code == 0 and data["name"] == "mlp" and data["verdict"] == "proved (kernel)" and data["wrt"] == "input"
    assert data["digest"] == derive(builtin("mlp").network).digest


def test_the_options_of_derive(run, judged):
    network = builtin("mlp-layernorm").network
    code, out, _ = run("mlp-layernorm", "--no-floors", "--json")
    assert code == 0 and json.loads(out)["digest"] == derive(network, floors=False).digest
    code, out, _ = run("mlp-layernorm", "--wrt", "parameters", "--trainable", "weight, bias", "--json")
    assert code == 0 and json.loads(out)["digest"] == derive(network, "parameters", ["weight", "bias"]).digest


def test_all(run, judged):
    code, out, _ = run("--all")
    assert code == 0 and len(judged) == len(names())
    assert all(name in out for name in names()) and f"{len(names())} of {len(names())} proved" in out
    code, out, _ = run("mlp", "--wrt", "all", "--json")
    assert code == 0 and [d["wrt"] for d in json.loads(out)] == ["input", "parameters", "radius"]


def test_output(run, judged, tmp_path):
    code, out, _ = run("mlp", "--wrt", "input, input", "-o", str(tmp_path / "mlp.v"))  # one bound
    assert code == 0 and (tmp_path / "mlp.v").read_text() == SOURCE and "mlp.v" in out


def test_not_proved_is_exit_code_1(run, judged, monkeypatch):
    monkeypatch.setattr(proving, "judge", lambda *_: proving.Outcome("rejected", "line 1: no", (), "line 1", 0.5))
    code, out, _ = run("mlp")
    assert code == 1 and "rejected" in out and "line 1: no" in out


@pytest.mark.parametrize("arguments", [(), ("mlp", "--all"), ("mlp", "--wrt", "weights"), ("nonsense",), ("mlp", "--time-limit", "0"),
                                       ("mlp", "--memory-limit", "-1"), ("mlp", "--wrt", "all", "-o", "x.v"), ("--all", "-o", "x.v")])
def test_bad_input_is_exit_code_2(run, judged, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert code == 2 and err and not out and not judged and list(tmp_path.iterdir()) == []


def test_no_coq(run, monkeypatch, tmp_path):
    monkeypatch.setattr(proving, "certificate", certificate)
    monkeypatch.setenv("NORMBOUND_COQC", str(tmp_path / "coqc"))
    code, out, _ = run("mlp")
    assert code == 1 and "not run" in out and "apt-get install" in " ".join(out.split())


def test_the_method_of_bounds(judged):
    found = derive(builtin("mlp").network).prove(seconds=9)
    assert found.status == "proved" and judged[0][1] == 9
    assert "proved (kernel)" in str(found)


def test_doctor_names_coq(monkeypatch, tmp_path):
    from normbound.doctor import examine
    program = tmp_path / "coqc"
    program.write_text("#!/bin/sh\necho 'The Coq Proof Assistant, version 8.9.0'\n")
    program.chmod(0o755)
    monkeypatch.setenv("NORMBOUND_COQC", str(program))
    line = next(str(f) for f in examine() if f.name == "coqc")
    assert line.startswith("absent") and "version 8.9.0; accepted: Coq 8.16 to 8.20" in line and "apt-get" in line
