"""The proof library and the registry name each other; where Coq is present (always in CI) the library is compiled."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import normbound.layers  # noqa: F401 - registers the layers
from normbound.contracts.registry import LAYERS
from normbound.contracts.rules import RULES

PROOFS = Path(__file__).parents[2] / "proofs"
THEOREMS = tomllib.loads((PROOFS / "theorems.toml").read_text())["theorem"]
BY_NAME = {t["file"].removesuffix(".v") + "." + t["name"]: t for t in THEOREMS}
SCOPE = tomllib.loads((PROOFS / "scope.toml").read_text())
ENTRIES = {e.name: e.lemma for e in LAYERS.values() if e.origin == "built in"} | {r.name: r.lemma for r in RULES.values()}
SOURCES = sorted(PROOFS.rglob("*.v"))
INSTALL = "apt-get install --no-install-recommends coq libcoq-interval make"


def filed_under(theorem):
    return [r for r in theorem["rule"].split(", ") if r]


@pytest.mark.parametrize("name", ENTRIES)
def test_lemma_exists_and_is_filed_under_the_name(name):
    """A name without a lemma must give its reason instead; one with a lemma must not."""
    lemma = ENTRIES[name]
    assert (lemma is None) == (name in SCOPE["without"])
    for full in lemma.split(", ") if lemma else []:
        assert full in BY_NAME, f"{name}: no theorem {full}"
        assert name in filed_under(BY_NAME[full]), f"{full} is not filed under {name}"


def test_theorems_are_filed_under_known_names():
    assert not set(ENTRIES) & set(SCOPE["topics"])
    known = set(ENTRIES) | set(SCOPE["topics"])
    used = {r for t in THEOREMS for r in filed_under(t)}
    assert used <= known, used - known
    assert set(SCOPE["topics"]) <= used
    for table in ("scope", "without"):
        assert set(SCOPE[table]) <= set(ENTRIES)


def test_names_are_unique_and_stand_in_their_files():
    assert len(BY_NAME) == len(THEOREMS) > 250
    for t in THEOREMS:
        text = (PROOFS / t["file"]).read_text()
        assert len(re.findall(rf"^\s*Theorem {re.escape(t['name'])}(?![\w'])", text, re.M)) == 1, t["name"]
        assert t["says"] and t["statement"] and re.fullmatch("[0-9a-f]{16}", t["hash"])


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PROOFS)))
def test_nothing_is_assumed(path):
    text = path.read_text()
    while (bare := re.sub(r"\(\*(?:(?!\(\*|\*\)).)*\*\)", " ", text, flags=re.S)) != text:
        text = bare  # comments nest
    assert not re.findall(r"\b(?:Admitted|admit|give_up|Axioms?|Parameters?|Conjectures?|bypass_check)\b", text)
    # Variables of a section become premises; outside of one they would be axioms.
    depth = 0
    for word in re.findall(r"^\s*(Section|End|Variables?|Hypothes[ie]s|Context)\b", text, re.M):
        depth += {"Section": 1, "End": -1}.get(word, 0)
        assert depth > 0 or word == "End"


def test_table_is_current():
    done = subprocess.run([sys.executable, str(PROOFS / "table.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_table_that_is_out_of_date_is_noticed(tmp_path):
    copy = shutil.copytree(PROOFS, tmp_path / "proofs", ignore=shutil.ignore_patterns("*.v*", "*.glob", ".*"))
    table = copy / "TABLE.md"
    table.write_text(table.read_text().replace("Acts.act_relu", "Acts.act_abs"))
    done = subprocess.run([sys.executable, str(copy / "table.py"), "--check"], capture_output=True, text=True)
    assert done.returncode == 1 and "out of date" in done.stderr


def test_most_contracts_are_proved():
    elementary = [n for n in ENTRIES if SCOPE["without"].get(n, {"elementary": True})["elementary"]]
    assert sum(ENTRIES[n] is not None for n in elementary) >= 0.9 * len(elementary)


def test_catalogue_shows_the_status():
    assert LAYERS["ReLU"].status == "lemma Acts.act_relu"
    assert LAYERS["Mish"].status == "cited"


def _has_coq():
    if not all(map(shutil.which, ("coqc", "make"))):
        return False
    where = subprocess.run(["coqc", "-where"], capture_output=True, text=True, check=True).stdout.strip()
    return (Path(where) / "user-contrib" / "Interval").is_dir()


def test_the_library_compiles_and_is_checked(tmp_path):
    """Compiled, axioms and statements compared, wrong statements refused; a run of `make verify` elsewhere is reused."""
    digest = subprocess.run([sys.executable, str(PROOFS / "check.py"), "digest"], capture_output=True, text=True, check=True)
    verified = os.environ.get("NORMBOUND_PROOFS")
    if verified:
        mark = Path(verified) / "VERIFIED"
        assert mark.is_file(), f"{verified}: `make verify` did not succeed there"
        assert mark.read_text() == digest.stdout, f"{verified} was verified for other sources"
        return
    if not _has_coq():
        assert os.environ.get("CI") != "true", f"CI must have Coq: {INSTALL}"
        pytest.skip(f"Coq 8.16 is not installed; to compile the proofs: {INSTALL}")
    copy = shutil.copytree(PROOFS, tmp_path / "proofs", ignore=shutil.ignore_patterns("*.vo*", "*.glob", "*.aux"))
    for target in ("all", "check-axioms", "negative"):
        done = subprocess.run(["make", "-C", str(copy), f"PYTHON={sys.executable}", target], capture_output=True, text=True)
        assert done.returncode == 0, f"make {target}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
