"""The wall of refuted rules: every witness refutes its claim, every corrected statement survives it."""

import json
from dataclasses import replace
from fractions import Fraction

import mpmath
import pytest
from typer.testing import CliRunner

from normbound.check import refuted as wall
from normbound.check.refuted import data, read, replay
from normbound.cli import app
from normbound.contracts import rules
from normbound.contracts.context import Contract
from normbound.contracts.summary import largest
from normbound.errors import NetworkError, NormboundError
from normbound.layers.normalization import Normalize
from normbound.render import pdf, prose
from normbound.render import refuted as rendering
from normbound.render.latex import document

ENTRIES = wall.wall()
BY_NAME = {e.id: e for e in ENTRIES}
each = pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: e.id)


@pytest.fixture(scope="module")
def shown():
    return [data(replay(e)) for e in ENTRIES]


def test_the_wall_has_many_entries():
    assert len(ENTRIES) >= 30
    assert sum(e.kind == "network" for e in ENTRIES) >= 20


@each
def test_the_witness_refutes_the_claim_and_not_the_correction(entry):
    found = replay(entry)
    assert found.verdict == "refuted"
    assert found.measured > found.claimed if entry.side == "upper" else found.measured < found.claimed
    assert found.corrected
    assert all(c.standing in ("holds", "attained") for c in found.corrected)


@each
def test_the_correction_put_in_place_of_the_claim_is_not_refuted(entry):
    for c in replay(entry).corrected:
        changed = replay(replace(entry, claimed=c.term, side=c.side, facts=entry.facts))
        assert changed.verdict == "not refuted"


@each
def test_the_claim_put_in_place_of_the_correction_is_contradicted(entry):
    found = replay(replace(entry, bound=entry.claimed, bound_side=entry.side))
    assert found.corrected[0].standing == "contradicted"


@each
def test_networks_are_held_against_the_derived_bound(entry):
    derived = [c.derived for c in replay(entry).corrected]
    expected = entry.kind == "loss" or (entry.kind == "network" and entry.bound is None)
    assert any(derived) or not expected


@each
def test_printed_numbers_are_rigorous(entry):
    found = replay(entry)
    shown = data(found)
    claimed, measured = (Fraction(shown[k]["value"]) for k in ("claimed", "measured"))
    from normbound.check.balls import bottom, top
    if entry.side == "upper":
        assert top(found.claimed) <= claimed < measured <= bottom(found.measured)
    else:
        assert top(found.measured) <= measured < claimed <= bottom(found.claimed)
    for c, printed in zip(found.corrected, shown["corrected"], strict=True):
        value = Fraction(printed["value"])
        assert value >= top(c.value) if c.side == "upper" else value <= bottom(c.value)


@each
def test_prose_is_prose(entry):
    for field in wall.TEXTS:
        prose.check(getattr(entry, field))
        assert "  " not in getattr(entry, field)


def logistic(x):
    return 1 / (1 + mpmath.exp(-x))


def gelu(x):
    return x * mpmath.ncdf(x)


BY_HAND = {
    "layernorm-nonexpansive": lambda: 1 / mpmath.sqrt(mpmath.mpf(2) ** -20 + mpmath.mpf("1e-5")),
    "layernorm-sigma-of-one-point": lambda: (2 / mpmath.sqrt(4 + mpmath.mpf("1e-5")) + mpmath.mpf("0.01")
                                             / mpmath.sqrt(mpmath.mpf("1.1e-4"))) / mpmath.mpf("2.01"),
    "layernorm-largest-jacobian": lambda: 1 / mpmath.sqrt(mpmath.mpf("2.55")),
    "epsilon-outside-the-root": lambda: mpmath.sqrt(2) / 2,
    "normalized-entries-at-most-one": lambda: 9 / mpmath.sqrt(9 + mpmath.mpf("1e-5")),
    "relu-keeps-half": lambda: mpmath.mpf(1),
    "gelu-nonexpansive": lambda: 16 * (gelu(mpmath.mpf(23) / 16) - gelu(mpmath.mpf(22) / 16)),
    "silu-nonexpansive": lambda: 39 * logistic(mpmath.mpf(39) / 16) - 38 * logistic(mpmath.mpf(38) / 16),
    "mish-nonexpansive": lambda: 24 * mpmath.tanh(mpmath.log(1 + mpmath.exp(1.5)))
    - 23 * mpmath.tanh(mpmath.log(1 + mpmath.exp(1.4375))),
    "hardswish-nonexpansive": lambda: 8 * (3 - mpmath.mpf(23) / 8 * 47 / 48),
    "elu-nonexpansive": lambda: 128 * (1 - mpmath.exp(-mpmath.mpf(1) / 64)),
    "envelope-from-the-value-at-zero": lambda: gelu(mpmath.mpf("1.5")),
    "sum-takes-the-maximum": lambda: mpmath.mpf(7),
    "residual-of-a-contraction": lambda: mpmath.mpf("1.5"),
    "concat-takes-the-maximum": lambda: mpmath.mpf(5),
    "product-of-constants": lambda: mpmath.mpf(5),
    "gates-only-shrink": lambda: 32 * (logistic(mpmath.mpf("0.25")) - logistic(mpmath.mpf("-0.25"))),
    "product-of-norms-is-the-constant": lambda: mpmath.mpf(1),
    "input-and-parameters-take-the-maximum": lambda: (12 - mpmath.mpf(253 * 47) / 1024) * 64 / 5,
    "one-row-sensitivity-for-all-rows": lambda: mpmath.sqrt(5),
    "offset-of-one-row-for-all-rows": lambda: mpmath.mpf(3),
    "one-root-per-use": lambda: 64 * (1 - (mpmath.mpf(63) / 64) ** 3),
    "sigma-of-the-unnormalized-network": lambda: (lambda m: m / mpmath.sqrt(m * m + 1))(64 / mpmath.sqrt(65)),
    "batchnorm-eval-is-bounded": lambda: 100 / mpmath.sqrt(1 + mpmath.mpf("1e-5")),
    "spectral-norm-of-the-kernel": lambda: mpmath.mpf(2),
    "zero-padding-below-circular": lambda: mpmath.mpf(1),
    "cross-entropy-nonexpansive": lambda: (mpmath.log(1 + mpmath.exp(20)) - mpmath.log(1 + mpmath.exp(16)))
    / mpmath.sqrt(8),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_measured_numbers_agree_with_a_calculation_by_hand(name):
    with mpmath.workdps(40):
        measured = mpmath.mpf(replay(BY_NAME[name]).measured.mid().str(40, radius=False))
        assert abs(measured - BY_HAND[name]()) < mpmath.mpf("1e-30")


def changed(name, **parts):
    entry = BY_NAME[name]
    return replace(entry, witness={**entry.witness, **parts})


@pytest.mark.parametrize("entry", [
    changed("layernorm-nonexpansive", x=[2, -2], y=[-2, 2]),
    changed("layernorm-sigma-of-one-point", y=[-2, 2]),
    changed("gelu-nonexpansive", x=["1/2"], y=["1/4"]),
    changed("hardswish-nonexpansive", x=[0], y=[1]),
    changed("elu-nonexpansive", y=[-4]),
    changed("relu-keeps-half", x=[4, -1, -1, -1, -1]),
    changed("normalized-entries-at-most-one", x=[1, -1, 1, -1]),
    changed("sum-takes-the-maximum", network="Scaling(a)"),
    changed("product-of-constants", x=["1/4"], y=["1/8"]),
    changed("one-row-sensitivity-for-all-rows", x=[["1/2"]]),
    changed("offset-of-one-row-for-all-rows", x=[[1]]),
    changed("one-root-per-use", network="Repeat(Linear(s), 1, tied=true)"),
    changed("normalization-only-reduces", tensors={"W": [[1, 0], [0, 1]]}, x=[1, 1], y=[1, -1]),
    changed("product-of-norms-is-the-constant", matrices=[[[3, 0], [0, 1]], [[3, 0], [0, 1]]]),
    changed("weight-standardization-is-a-bound", matrices=[[["1/2", "-1/2", "1/2", "-1/2"]]]),
    changed("cross-entropy-nonexpansive", x=[0, 0], y=[1, 1]),
], ids=lambda e: e.id)
def test_another_witness_does_not_refute(entry):
    assert replay(entry).verdict == "not refuted"


@pytest.mark.parametrize(("entry", "message"), [
    (changed("layernorm-largest-jacobian", y=[-1, 1]), "known to meet the floor"),
    (changed("normalization-only-reduces", tensors={"W": [[1, 1], [0, 1]]}), "outside of the parameter set"),
    (changed("normalization-only-reduces", tensors={"W": [["65/64", 0], [0, 1]]}), "outside of the parameter set"),
    (changed("normalization-only-reduces", tensors={"W": [[1]]}), r"shape \(1, 1\)"),
    (changed("normalization-only-reduces", tensors={}), "gives no value"),
    (changed("normalization-only-reduces", tensors={"W": [[1, 0], [0, 1]], "V": [1]}), "'V' names no tensor"),
    (changed("product-of-constants", x=[4]), "outside of the radius"),
    (changed("gelu-nonexpansive", y=["23/16"]), "moves neither"),
    (changed("gelu-nonexpansive", y=[1, 2]), "differ in shape"),
    (changed("gelu-nonexpansive", x=[1.5]), "float"),
    (changed("gelu-nonexpansive", network="Gelu"), "did you mean GELU"),
    (changed("gelu-nonexpansive", norm="l1"), "accepted: l2, linf"),
    (changed("layernorm-nonexpansive", network="LayerNorm(eps=0)", x=[1, 1], y=[1, 2]), "division by zero"),
    (changed("sum-takes-the-maximum", network="Scaling(a + b)"), "no exact value"),
    (changed("gain-sensitivity-at-most-one", moved={"gamma": [2, "1 x 9"]}), "outside of the parameter set"),
    (changed("one-root-per-use", network="Repeat(Linear(s), K)"), "tied Repeat"),
    (changed("one-root-per-use", network="Repeat(Linear(s), 65, tied=true)"), "from 1 to 64"),
    (changed("batchnorm-train-per-sample", rows=[4]), "from 1 to 3"),
    (changed("product-of-norms-is-the-constant", matrices=[[[1, 2]], [[1, 2]]]), "do not fit"),
    (changed("cross-entropy-nonexpansive", label=3), "a label from 1"),
    (replace(BY_NAME["rmsnorm-largest-entry-norm"], bound=None), "no derived bound"),
    (replace(BY_NAME["gelu-nonexpansive"], claimed="nonsense"), "nonsense"),
], ids=lambda x: x.id if hasattr(x, "id") else x)
def test_a_witness_that_does_not_fit_is_one_clear_error(entry, message):
    with pytest.raises(NormboundError, match=message) as caught:
        replay(entry)
    assert str(caught.value).startswith(entry.id)
    assert "\n" not in str(caught.value)


GOOD = """
[[entry]]
id = "a"
claim = "c"
believed = "b"
measures = "m"
why = "w"
correct = "k"
use = ["GELU"]
claimed = "1"
witness = {network = "GELU", x = ["23/16"], y = ["22/16"]}
"""


def test_reading_what_is_well_formed():
    (entry,) = read(GOOD)
    assert replay(entry).verdict == "refuted"


@pytest.mark.parametrize(("text", "message"), [
    ("", r"expected \[\[entry\]\]"),
    ("entry = 3", r"expected \[\[entry\]\]"),
    (GOOD + "[more]\n", "found 'more'"),
    ("[[entry]\n", "wall.toml"),
    (GOOD + GOOD, "two entries are called 'a'"),
    (GOOD.replace('claim = "c"\n', ""), "claim: found None"),
    (GOOD + 'verdict = "refuted"\n', "unknown key 'verdict'"),
    (GOOD.replace('["GELU"]', '["Gelu"]'), "no layer, rule or loss is called 'Gelu'"),
    (GOOD.replace('"23/16"', "1.4375"), "found 1.4375; numbers are integers or strings"),
    (GOOD.replace("network =", "net ="), "unknown key 'net'"),
    (GOOD + 'values = {a = "1/0"}\n', "denominator 0"),
    (GOOD + 'side = "left"\n', "accepted: upper, lower"),
    (GOOD + 'kind = "graph"\n', "accepted: network, matrix, loss"),
    (GOOD + 'facts = {a = 3}\n', "tables are needed"),
    (GOOD.replace('id = "a"', "id = 7"), "id: found 7"),
])
def test_malformed_data_is_one_clear_error(text, message):
    with pytest.raises(NetworkError, match=message) as caught:
        read(text, "wall.toml")
    assert str(caught.value).startswith("wall.toml")


@pytest.mark.parametrize("item", ["1 x 0", "1 x 99999", "1 x -2", "1 x x"])
def test_repetitions_are_bounded(item):
    with pytest.raises(NetworkError, match="stands for three entries"):
        replay(replace(read(GOOD)[0], witness={"network": "GELU", "x": [item], "y": [0]}))


def test_the_sign_of_a_gap_is_exact():
    sign = wall._sign_of_gap
    third = Fraction(1, 3)
    assert sign([[Fraction(3), Fraction(0)], [Fraction(0), third]], Fraction(3)) == 0
    assert sign([[Fraction(3), Fraction(0)], [Fraction(0), third]], Fraction(3) - Fraction(1, 10**40)) < 0
    assert sign([[Fraction(3), Fraction(0)], [Fraction(0), third]], Fraction(3) + Fraction(1, 10**40)) > 0
    assert sign([[Fraction(0), Fraction(1)], [Fraction(1), Fraction(0)]], Fraction(1)) == 0
    assert sign([[Fraction(1), Fraction(1)]], Fraction(1)) < 0


def test_the_wall_in_a_terminal(shown):
    text = rendering.wall_text(shown)
    assert "36 of 36 refuted" in text
    assert "x  claimed at most 1, true at least 302.1" in text
    assert "claimed at most max(a, b) (4), true at least 5" in text
    assert "claimed at least sqrt(d/2) (1.581), true at most 1" in text
    assert "CONTRADICTED" not in text and "\x1b" not in text
    assert max(map(len, text.splitlines())) <= rendering.WIDTH
    coloured = rendering.wall_text(shown, colour=True)
    assert "\x1b[9mGELU is 1-Lipschitz, like ReLU.\x1b[0m" in coloured


def test_what_no_longer_refutes_is_said():
    entry = changed("gelu-nonexpansive", x=["1/2"], y=["1/4"])
    text = rendering.wall_text([data(replay(entry))])
    assert "0 of 1 refuted" in text and "this witness does not refute it" in text
    assert "not refuted" in rendering.wall_latex([data(replay(entry))])


def test_what_is_contradicted_is_said():
    entry = replace(BY_NAME["sum-takes-the-maximum"], bound="max(a, b)")
    shown = [data(replay(entry))]
    assert "CONTRADICTED HERE" in rendering.wall_text(shown) and "CONTRADICTED HERE" in rendering.wall_latex(shown)


def test_the_wall_as_json(shown):
    found = json.loads(json.dumps(rendering.wall_json(shown)))
    assert {e["verdict"] for e in found} == {"refuted"}
    assert found[0]["correct"].startswith("The constant is g/√ε")


def test_the_wall_compiles_without_warnings(shown, tex):
    compiled = pdf.compile_tex(document([rendering.wall_latex(shown)]))
    assert compiled.warnings == ()
    assert compiled.pages >= 2


def test_the_command_line():
    run = CliRunner().invoke
    text = run(app, ["layers", "--refuted"])
    assert text.exit_code == 0 and "36 of 36 refuted" in text.output
    found = run(app, ["layers", "RMSNorm", "--refuted", "--json"])
    assert found.exit_code == 0 and len(json.loads(found.output)["refuted"]) == 2
    assert r"\textbf{1.}" in run(app, ["layers", "GELU", "--refuted", "--latex"]).output
    wrong = run(app, ["layers", "nothing", "--refuted"])
    assert isinstance(wrong.exception, NetworkError) and "RMSNorm" in str(wrong.exception)
    assert run(app, ["layers", "--latex"]).exit_code == 2


def test_the_command_line_fails_when_a_witness_does(monkeypatch):
    broken = (changed("gelu-nonexpansive", x=["1/2"], y=["1/4"]),)
    monkeypatch.setattr(wall, "wall", lambda: broken)
    assert CliRunner().invoke(app, ["layers", "--refuted"]).exit_code == 1


def _largest_of_two(f, g):
    return rules.add(f, g)._replace(L=largest(f.L, g.L))


@pytest.mark.parametrize(("rule", "names"), [
    ("add", ("sum-takes-the-maximum", "residual-of-a-contraction")), ("concat", ("concat-takes-the-maximum",))])
def test_a_rule_that_falls_for_the_folklore_is_contradicted(monkeypatch, rule, names):
    wrong = _largest_of_two if rule == "concat" else lambda f, g: rules.concat(f, g)._replace(L=largest(f.L, g.L))
    monkeypatch.setattr(rules, rule, wrong)
    for name in names:
        (corrected,) = replay(BY_NAME[name]).corrected
        assert corrected.derived and corrected.standing == "contradicted"


def test_a_contract_that_falls_for_the_folklore_is_contradicted(monkeypatch):
    monkeypatch.setattr(Normalize, "contract", lambda self, context: Contract(
        context.store.one, self.facts(context).range, context.store.zero))
    for name in ("layernorm-nonexpansive", "normalization-only-reduces"):
        (corrected,) = replay(BY_NAME[name]).corrected
        assert corrected.derived and corrected.standing == "contradicted"
