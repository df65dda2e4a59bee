"""From claims to verdicts."""

import pytest
from claim_files import CLAIMS, claims

from normbound.claims import engine, kernel, pipeline, target
from normbound.claims.checker import check, from_json, node
from normbound.claims.document import read
from normbound.claims.engine import Prover
from normbound.claims.pipeline import judge

NETWORK = '''schema = 1
[vars]
K = "natural"
t = "nonnegative"
R = "nonnegative"
d = "natural"
[networks.plain]
network = "Repeat(Linear(t) >> ReLU, K)"
input = {radius = "R", features = "d"}
[[claim]]
id = "a"
'''


@pytest.mark.parametrize("name", CLAIMS)
def test_verdicts(name):
    outcome = judge(claims(name).claims[0], 10)
    assert outcome.kind == CLAIMS[name][0], outcome
    if outcome.certificate is not None:
        check(from_json(outcome.sequent), outcome.certificate)
    else:
        assert outcome.witness and outcome.reason


@pytest.mark.parametrize(("given", "show", "kind"), [
    ("", "Lip(plain) <= t^K", "proved"), ('given = ["t <= 1"]', "bound(plain) <= 1", "proved"), ("", "bound(plain) == t^K", "proved"),
    ('given = ["t <= 1"]', "Lip(plain) < 1", "refuted"), ("", "bound(plain) <= t", "refuted"),
    ("", "Lip(plain) + 1 <= 1 + t^K", "unsupported")])
def test_networks(given, show, kind):
    outcome = judge(read(f'{NETWORK}{given}\nshow = "{show}"\n').claims[0], 15)
    assert outcome.kind == kind, outcome
    if kind == "proved" and "Lip" in show:
        assert any("by the derivation" in n for n in outcome.notes)


FLOORED = NETWORK.replace("Repeat(Linear(t) >> ReLU, K)", "Linear(t) >> LayerNorm(gamma=1, beta=0, floor=sigma, eps=0)").replace(
    'K = "natural"', 'sigma = "positive"')


@pytest.mark.parametrize("show", ["Lip(plain) <= t/(2*sigma)", "Lip(plain) >= 2*t/sigma", "Lip(plain) < t/sigma"])
def test_a_bound_in_the_place_of_a_constant_refutes_nothing(show):
    """No input meets the floor: the bound fails the claim, the constant of no network does."""
    claim = read(f'{FLOORED}given = ["sigma*sqrt(d) > t*R", "d >= 1", "t > 0"]\nshow = "{show}"\n').claims[0]
    assert not target.equivalent(claim)
    assert judge(claim, 3).kind in ("undecided", "unsupported")


@pytest.mark.parametrize(("show", "verdict"), [("Lip(plain) >= t^K", False), ("Lip(plain) == t^K", False), ("Lip(plain) <= t^K", True),
                                               ("t^K >= Lip(plain)", True), ("bound(plain) == t^K", True)])
def test_what_a_derivation_says_by_itself(show, verdict):
    claim = read(f'{NETWORK}show = "{show}"\n').claims[0]
    assert kernel._plain(claim, target.sequent_of(claim)[0]) == verdict


def test_undecided_says_what_was_tried():
    document = read('schema = 1\n[vars]\nx = "real"\ny = "real"\n[[claim]]\nid = "a"\nshow = "exp(x*y) + x^4*y^2 + 3 >= 3*x^2*y^2"\n')
    outcome = judge(document.claims[0], 1.5)
    assert outcome.verdict in ("undecided", "proved (certificate)", "refuted (witness)")
    if outcome.verdict == "undecided":
        assert outcome.margin is not None and any("points" in t for t in outcome.tried)


def test_what_the_checker_rejects_is_never_proved(monkeypatch):
    false = claims("power").claims[0]
    monkeypatch.setattr(engine, "provers", lambda: [Prover("liar", lambda s, b: node("evident"), None)])
    outcome = judge(false, 2)
    assert outcome.verdict == "error" and "checker" in outcome.reason


def test_a_broken_prover_is_an_error_of_its_claim(monkeypatch):
    def broken(sequent, budget):
        raise KeyError("lost")
    monkeypatch.setattr(engine, "provers", lambda: [Prover("broken", broken, None)])
    outcome = judge(claims("power").claims[0], 2)
    assert outcome.verdict == "error" and "broken failed" in outcome.reason and "lost" in outcome.reason


def test_anything_unforeseen_is_an_error(monkeypatch):
    def fail(claim):
        raise RuntimeError("unforeseen")
    monkeypatch.setattr(pipeline, "sequent_of", fail)
    assert "unforeseen" in judge(claims("power").claims[0], 2).reason


@pytest.mark.parametrize(("status", "relative", "show", "verdict"), [
    ("proved", (), "Lip(plain) <= t^K", "proved (kernel)"), ("proved", ("a layer",), "Lip(plain) <= t^K", "proved (certificate)"),
    ("rejected", (), "Lip(plain) <= t^K", "proved (certificate)"), ("proved", (), "Lip(plain) <= 2*t^K", "proved (certificate)")])
def test_the_kernel(monkeypatch, status, relative, show, verdict):
    from types import SimpleNamespace

    from normbound.formal import proof
    monkeypatch.setattr(proof, "prove", lambda bound, seconds: SimpleNamespace(status=status, relative=relative, reason="r"))
    seen = []
    outcome = judge(read(f'{NETWORK}show = "{show}"\n').claims[0], 15, 9.0, interim=seen.append)
    assert outcome.verdict == verdict and seen[0].verdict == "proved (certificate)"
    assert any("Coq" in n for n in outcome.notes)


def test_ball_arithmetic_is_named():
    assert target.uses_balls(node("split", {}, [node("boxes", {"balls": True}), node("evident")]))
    assert not target.uses_balls(node("split", {}, [node("boxes", {"balls": False}), node("evident")]))
