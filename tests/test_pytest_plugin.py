"""The plugin, in a pytest of its own."""

import os
import subprocess
import sys

import pytest

HEAD = 'schema = 1\n[vars]\nK = "natural"\nq = "positive"\n'
GOOD = HEAD + '[[claim]]\nid = "power"\ngiven = ["q <= 1"]\nshow = "q^K <= 1"\n'
GOOD += '[[claim]]\nid = "false"\nshow = "q^K <= 1"\nexpect = "refuted"\n'
BAD = HEAD + '[[claim]]\nid = "wrong"\nshow = "q^K <= 1"\n[[claim]]\nid = "right"\ngiven = ["q <= 1"]\nshow = "q^K <= 1"\n'


@pytest.fixture
def run(tmp_path):
    def call(*arguments):
        environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "NORMBOUND_CACHE": str(tmp_path / "cache")}
        environment.pop("PYTEST_ADDOPTS", None)
        (tmp_path / "pytest.ini").touch()
        found = subprocess.run([sys.executable, "-m", "pytest", "-p", "normbound.pytest_plugin", "-p", "no:cacheprovider", "-c",
                                str(tmp_path / "pytest.ini"), *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True)
        return found.returncode, found.stdout + found.stderr
    return call


def test_one_test_for_each_claim(run, tmp_path):
    (tmp_path / "good.claims.toml").write_text(GOOD)
    (tmp_path / "other.toml").write_text("not = 'claims'")
    code, out = run("-v")
    assert code == 0 and "good.claims.toml::power PASSED" in out and "2 passed" in out


def test_a_failure_shows_the_counterexample_and_the_others_go_on(run, tmp_path):
    (tmp_path / "bad.claims.toml").write_text(BAD)
    code, out = run()
    assert code == 1 and "1 failed, 1 passed" in out
    assert "refuted (witness), expected proved: q^K <= 1" in out and "is false" in out and "Traceback" not in out


def test_a_malformed_file_is_an_error(run, tmp_path):
    (tmp_path / "m.claims.toml").write_text(HEAD + '[[claim]]\nid = "a"\nshow = "q^ <= 1"\n')
    code, out = run()
    assert code == 2 and "m.claims.toml:7:" in out


def test_a_claim_without_a_verdict_fails(run, tmp_path):
    (tmp_path / "good.claims.toml").write_text(GOOD)
    (tmp_path / "conftest.py").write_text("from normbound.claims import pool\n"
                                          "pool.Worker.start = lambda self: (_ for _ in ()).throw(OSError('no processes here'))\n")
    code, out = run("-o", "claims_cache=false")
    assert code == 1 and "2 failed" in out and "no processes here" in out


def test_a_wrong_option_is_named(run, tmp_path):
    (tmp_path / "good.claims.toml").write_text(GOOD)
    code, out = run("-o", "claims_seconds=soon")
    assert code != 0 and "claims_seconds: found 'soon'" in out


def test_the_fixture(run, tmp_path):
    (tmp_path / "data.toml").write_text(GOOD)
    (tmp_path / "test_it.py").write_text("def test_it(claim_outcomes):\n    found = claim_outcomes('data.toml')\n"
                                         "    assert found['power'].verdict == 'proved (certificate)' and found['false'].as_expected\n")
    code, out = run()
    assert code == 0 and "1 passed" in out


def test_projects_without_claims_notice_nothing(run, tmp_path):
    (tmp_path / "test_it.py").write_text("import sys\n\ndef test_it():\n    assert not [m for m in sys.modules if "
                                         "m.startswith('normbound.claims') or m in ('numpy', 'sympy', 'flint')]\n")
    code, out = run()
    assert code == 0 and "1 passed" in out
