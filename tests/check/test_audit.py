"""The audit passes on the registry, and fails at the right row when a contract or a rule is broken."""

import json

import pytest

from normbound.check import samples
from normbound.check.audit import Audit, AuditError, audit, subjects
from normbound.contracts import rules
from normbound.contracts.block import Layer, scaled
from normbound.contracts.registry import LAYERS
from normbound.contracts.rules import RULES
from normbound.layers.activations import Elementwise
from normbound.layers.linear import Linear
from normbound.layers.normalization import Affine, Normalize
from normbound.render import audit as rendering
from normbound.terms.store import Store


@pytest.fixture(scope="module")
def quick():
    """Everything that is built in; other tests may have registered layers of their own."""
    return audit([n for n in subjects() if n not in LAYERS or LAYERS[n].origin == "built in"], quick=True)


def test_the_quick_audit_passes(quick):
    assert quick.passed, rendering.table(quick.to_data())
    built_in = {n for n, e in LAYERS.items() if e.origin == "built in"}
    assert {r.name for r in quick.rows} == built_in | set(RULES) | {"Normalize", "Affine", "Standardize", "Squash"}


def test_everything_was_measured_and_most_mutants_die(quick):
    data = quick.to_data()
    assert all(r.tests and r.networks and all(o.cells for _, o in r.outcomes) for r in quick.rows)
    assert data["mutants"] > 5000 and data["killed"] > 0.97 * data["mutants"] and not data["unexplained"]
    assert all(o.reached >= 1 - 1e-9 for r in quick.rows if r.claimed == "exact" for _, o in r.outcomes if o.claim == "input")
    assert data["tightness"]["min"] >= 0.999


def test_survivors_have_reasons_from_facts(quick):
    for r in quick.rows:
        for _, o in r.outcomes:
            for s in o.survivors:
                assert s.explained
                assert o.status == "upper" or "same function" in s.reason or "no value" in s.reason


def test_the_table_and_the_json(quick):
    data = quick.to_data()
    text = rendering.table(data)
    assert "LayerNorm" in text and "Composition rules" in text and "FAILED" not in text
    assert f"{data['killed']} of {data['mutants']} killed" in text
    assert all(len(line) <= 125 for line in text.splitlines())
    assert json.loads(json.dumps(rendering.to_json(data), allow_nan=False))["rows"][0]["claims"]
    assert len(rendering.table(data, survivors=True)) > len(text)


def test_equal_seeds_give_equal_tables():
    def timeless(a):
        data = a.to_data()
        return [{k: v for k, v in r.items() if k != "seconds"} for r in data["rows"]]
    names = ["PixelNorm", "scale"]
    assert timeless(audit(names, quick=True, seed=5)) == timeless(audit(names, quick=True, seed=5))
    assert timeless(audit(["PixelNorm"], quick=True, seed=5)) != timeless(audit(["PixelNorm"], quick=True, seed=6))


def failing(name, *others):
    """The audit of one broken row, beside others that must pass."""
    found = audit([name, *others], quick=True)
    assert [r.name for r in found.rows if not r.passed] == [name]
    return "\n".join(found.rows[0].problems)


def contract(monkeypatch, cls, change):
    original = cls.contract
    monkeypatch.setattr(cls, "contract", lambda self, context: change(self, context, original(self, context)))


def test_a_floor_without_eps_is_not_exact(monkeypatch):
    def wrong(self, context, c):
        return c._replace(lip=self.floor**-1) if self.floor is not None and context.floors else c
    contract(monkeypatch, Normalize, wrong)
    assert "input is claimed exact, but its witness measures only" in failing("LayerNorm", "GELU", "Affine")


def test_a_floor_for_both_regimes_is_falsified(monkeypatch):
    contract(monkeypatch, Normalize, lambda self, context, c: c._replace(lip=(1 + self.eps)**-1))
    assert "falsified: input" in failing("PixelNorm", "ReLU")


def test_gelu_is_not_1_lipschitz(monkeypatch):
    def wrong(self, context, c):
        return c._replace(lip=context.store.one) if self.name == "GELU" else c
    contract(monkeypatch, Elementwise, wrong)
    assert "falsified: input: measured 1.128" in failing("GELU", "SiLU")


def test_the_offset_of_the_sigmoid_counts(monkeypatch):
    def wrong(self, context, c):
        return c._replace(offset=context.store.zero) if self.name == "Sigmoid" else c
    contract(monkeypatch, Elementwise, wrong)
    assert "falsified: radius" in failing("Sigmoid", "Tanh")


def test_concat_is_not_the_maximum(monkeypatch):
    monkeypatch.setattr(rules, "concat", rules.parallel)
    assert "falsified: input" in failing("concat", "sum")


def test_rows_count(monkeypatch):
    monkeypatch.setattr(samples.Probe, "rowwise", False)
    assert "falsified: radius" in failing("rows", "Linear")


def test_the_rows_of_a_linear_layer_count(monkeypatch):
    monkeypatch.setattr(Linear, "rowwise", False)
    problems = failing("Linear", "LearnedScale")
    assert "falsified: radius" in problems and "falsified: bias" in problems


def test_a_bound_that_is_twice_too_large_is_seen(monkeypatch):
    contract(monkeypatch, Affine, lambda self, context, c: c._replace(offset=2 * c.offset))
    assert "unexplained mutant" in failing("Affine", "Squash")


def test_series_needs_the_growth_of_the_first_part(monkeypatch):
    original = rules.series
    monkeypatch.setattr(rules, "series", lambda f, g: original(f._replace(G=f.L), g))
    assert "radius is claimed supremum, but its witness measures only" in failing("series", "parallel")


def test_a_user_layer_is_audited_like_the_others(monkeypatch):
    class Twice(Layer):
        name = "Twice"

        def contract(self, context):
            from normbound.contracts.context import Contract
            return Contract(context.store.number(2), context.store.zero, context.store.number(3))

        def forward(self, tensors, x):
            return 2 * x

    from normbound.contracts.registry import Entry
    monkeypatch.setitem(LAYERS, "Twice", Entry("Twice", Twice, "L = 2", "exact: every x", "linear", "Twice()", origin="user"))
    found = audit(["Twice"], quick=True)
    assert not found.passed and any("radius" in p for p in found.rows[0].problems)
    assert not any("input" in p for p in found.rows[0].problems)


def test_a_layer_without_a_forward_pass_is_a_failed_row(monkeypatch):
    monkeypatch.delattr(Linear, "forward")
    found = audit(["Linear", "ReLU"], quick=True)
    assert [r.passed for r in found.rows] == [False, True]
    assert "cannot be measured" in found.rows[0].problems[0] and "no forward pass" in found.rows[0].problems[0]


def test_unknown_names_are_refused_and_audits_have_no_truth_value():
    with pytest.raises(AuditError, match=r"found 'LayerNrom'; accepted: .*LayerNorm"):
        audit(["LayerNrom"])
    with pytest.raises(TypeError, match="no truth value"):
        bool(Audit([], 0, True, 0.0))
    assert not Audit([], 0, True, 0.0).passed
    assert all(s.cases for s in subjects().values())


def test_probes_attain_their_contract():
    """At every point, for every coefficient: what rules are measured on meets its own contract and no smaller one."""
    with Store() as store:
        case = samples.Case("probe", lambda: samples.probe(store, "f", 2), ("f",))
        block = scaled(1, case.build())
        found = samples.promises(case, block, store, lambda claim: "exact")
        samples.measure(case, block, found, store, 1, True)
        from normbound.check.mutants import examine
        outcomes = [examine(c) for p in found for c in p.claims.values()]
    assert outcomes and all(o.attained and not o.falsified for o in outcomes)


def test_the_command(monkeypatch):
    from typer.testing import CliRunner

    from normbound.cli import app
    good = CliRunner().invoke(app, ["audit", "--quick", "--layer", "Squash", "--layer", "scale"])
    assert good.exit_code == 0 and "passed" in good.output and "2 contracts and rules" in good.output
    data = CliRunner().invoke(app, ["audit", "--quick", "--layer", "Squash", "--json"])
    assert json.loads(data.output)["rows"][0]["name"] == "Squash"
    contract(monkeypatch, Elementwise, lambda self, context, c: c._replace(growth=context.store.zero))
    bad = CliRunner().invoke(app, ["audit", "--quick", "--layer", "ReLU"])
    assert bad.exit_code == 1 and "FAILED ReLU" in bad.output and "falsified: radius" in bad.output
