"""Corrupted certificates are refused, each at the place where it is wrong.

Three kinds: the calculus itself is made wrong, so that the whole certificate agrees with a false bound; the data of a right
certificate are changed; the theorems around the data are changed.
"""

import re
from dataclasses import replace

import pytest

from normbound import Input, Store, builtin, derive
from normbound.contracts import rules
from normbound.contracts.summary import Shared, hypotenuse, largest
from normbound.formal import certificate as writing
from normbound.formal import coq as programs
from normbound.formal.diagnosis import HEADER, answers, data_of, in_words, question
from normbound.formal.nodes import Symbols, Table, number
from normbound.formal.proof import judge, prove
from normbound.formal.sentences import header, objection
from normbound.layers.linear import Linear
from normbound.layers.normalization import Normalize
from normbound.network.builtins import names
from normbound.network.language import parse_block
from normbound.terms.store import sqrt

WRONG = "what the certificate claims of this block does not follow from its parts"
OWN = {"split": "parallel(Linear(s, bias=b), Linear(t, bias=c) >> ReLU)",
       "scaled": "x + 1/2 * (Linear(s, bias=b) >> ReLU)"}


def bound_of(name, wrt):
    network = Input("R", 4) >> parse_block(OWN[name]) if name in OWN else builtin(name).network
    return derive(network, wrt)


# -- a calculus that is wrong -------------------------------------------------------------------------------------
def promise(layer, change):
    """Layers of this class promise something else: a change of their contract."""
    def patch(monkeypatch):
        real = layer.contract
        monkeypatch.setattr(layer, "contract", lambda self, context: change(self, context, real(self, context)))
    return patch


def rule(name, wrong):
    return lambda monkeypatch: monkeypatch.setattr(rules, name, wrong)


def first_sensitivity(**changes):
    def change(self, context, c):
        return c._replace(parameters=(c.parameters[0]._replace(**{k: f(c.parameters[0], context) for k, f in changes.items()}),
                                      *c.parameters[1:]))
    return change


def no_bias_sensitivity(self, context, c):
    return c._replace(parameters=tuple(s._replace(l0=context.store.zero) if s.parameter == "b" else s for s in c.parameters))


def without_square(f, g, real=rules.series):
    """p^2 of the first part is carried on with L instead of L^2."""
    out = real(f, g)
    return out._replace(q0=g.L * f.q0 + g.q0) if f.q0 and g.L != 1 else out


def first_shared_only(f, g, real=rules.series):
    """The second use of a shared tensor is forgotten."""
    out = real(f, g)
    return out._replace(shared={n: Shared(g.L * f.shared[n].l1, g.L * f.shared[n].l0) if n in f.shared else c
                                for n, c in out.shared.items()})


def shared_by_root(f, g, join, real=rules.merge):
    return real(f, g, hypotenuse)


CALCULUS = [  # what is wrong, network, bound, patch, the block that is refused
    ("a weight dropped from the product", "mlp-layernorm", "input", promise(Linear, lambda s, x, c: c._replace(lip=x.store.one)),
     "layer 1.2.1 Linear"),
    ("the factor of the normalizer dropped", "mlp-layernorm", "input", promise(Normalize, lambda s, x, c: c._replace(lip=x.store.one)),
     "layer 1.2.2 LayerNorm"),
    ("epsilon removed from the root", "mlp-layernorm", "input", promise(Normalize, lambda s, x, c: c._replace(lip=1 / s.floor)),
     "layer 1.2.2 LayerNorm"),
    ("the division turned around", "mlp-layernorm", "input",
     promise(Normalize, lambda s, x, c: c._replace(lip=sqrt(s.floor**2 + s.eps))), "layer 1.2.2 LayerNorm"),
    ("the output of the normalizer without the root of the width", "mlp-layernorm", "parameters",
     promise(Normalize, lambda s, x, c: c._replace(offset=x.store.one)), "layer 1.2.2 LayerNorm"),
    ("the bias forgotten in the radius", "pre-norm", "parameters", promise(Linear, lambda s, x, c: c._replace(offset=x.store.zero)),
     "layer 1.2.2.2 Linear"),
    ("no sensitivity to the bias", "pre-norm", "parameters", promise(Linear, no_bias_sensitivity), "layer 1.2.2.2 Linear"),
    ("the sensitivity to the weight halved", "pre-norm", "parameters",
     promise(Linear, first_sensitivity(l1=lambda s, x: s.l1 / 2)), "layer 1.2.2.2 Linear"),
    ("slope and offset of a sensitivity exchanged", "recurrent", "parameters",
     promise(Linear, first_sensitivity(l1=lambda s, x: s.l0, l0=lambda s, x: s.l1)), "layer 1.2.1 Linear"),
    ("sensitivities carried on without the square", "pre-norm", "parameters", rule("series", without_square), "layer 1.2.2.2 Linear"),
    ("the second use of a shared tensor forgotten", "shared", "parameters", rule("series", first_shared_only), "layer 5 Linear"),
    ("two uses of a shared tensor joined by the root", "shared", "parameters", rule("merge", shared_by_root), "layer 5 Linear"),
    ("a residual sum taken for a chain", "pre-norm", "parameters", rule("add", rules.series), "layer 1.2 sum"),
    ("a concat with the maximum instead of the root", "dense", "input", rule("concat", rules.parallel), "layer 1.2.1 concat"),
    ("two branches in parallel by the maximum of their radii", "split", "parameters",
     rule("parallel", lambda f, g, real=rules.parallel: real(f, g)._replace(b0=largest(f.b0, g.b0))), "layer 1 parallel"),
    ("the factor of a branch not squared", "scaled", "parameters",
     rule("scale", lambda f, a: f._replace(L=a * f.L, b0=a * f.b0, G=a * f.G, q2=a**3 * f.q2, q1=a**3 * f.q1, q0=a**3 * f.q0)),
     "layer 1.2 scale"),
]


# -- right data, changed ------------------------------------------------------------------------------------------
def net(old, new):
    """The network as written, changed in one place."""
    def change(data):
        assert len(re.findall(old, data.network)) == 1, data.network
        return replace(data, network=re.sub(old, new, data.network))
    return change


def row(old, new):
    """One row of the table changed; the first of those that match."""
    def change(data):
        k = next(k for k, text in enumerate(data.rows) if re.fullmatch(old, text))
        text = re.sub(old, new, data.rows[k])
        assert text != data.rows[k]
        return replace(data, rows=[*data.rows[:k], text, *data.rows[k + 1:]])
    return change


def rewriting(change_lines):
    return lambda data: replace(data, lines=change_lines(data.lines))


def last_to_first(lines):
    """A line that stands before those it needs."""
    return [lines[-1], *lines[:-1]]


def false_line(lines):
    a = re.match(r"\((\w+), (\w+)\)", lines[0])
    return [f"({a[1]}, d2)", *lines[1:]]


def root_to_first_row(data):
    return replace(data, root="d1")


def radius_for_parameters(data):
    """The bound on the output in place of the bound in the parameters."""
    claim = re.search(r"Claim \w+ \(Some \((\w+), d1\)\)", data.network)
    return replace(data, raw=claim[1], root=claim[1], lines=[])


def later_row(data):
    return replace(data, rows=[f"TAdd {data.root} {data.root}", *data.rows[1:]])


def own_group(data):
    """One of the uses of a shared tensor as a tensor of its own."""
    return replace(data, network=data.network.replace("(Shared 0%nat)", "Once", 1))


def unclosed(data):
    """Shared tensors that nobody turns into parameters."""
    text = re.sub(r"\(Close \[[^\]]*\] (\(Rep .*\)) \(Ann \(Some \(Claim [^\[]*\[\] None\)\) d1\)\) (\(Ann .*)", r"\1 \2", data.network)
    assert text != data.network
    return replace(data, network=text)


DATA = [  # what is wrong, network, bound, change of the data, what the diagnosis says
    ("a wrong width", "pre-norm", "parameters", net(r"(layer 1.2.2.4 Linear \*\) st \(Linear) \(DSym d1\)", r"\1 (DNum 7)"),
     "layer 1.2 sum: " + WRONG),
    ("a floor that is used and not declared", "mlp-layernorm", "input", net(r"Biased \(Some \w+\)", "Biased None"),
     "layer 1.2.2 LayerNorm: " + WRONG),
    ("a partition of the entries changed", "groupnorm", "parameters", net(r"\(PGroup \(DNum 2\)\)", "PRow"),
     "layer 1.2.2 GroupNorm: " + WRONG),
    ("another bound of a weight", "mlp-layernorm", "input", net(r"Build_tensor d4 Once", "Build_tensor d5 Once"),
     "layer 1.2.1 Linear: " + WRONG),
    ("a power in the table turned around", "mlp-layernorm", "input", row(r"TPow (\w+) \(-1\)", r"TPow \1 (1)"),
     "layer 1.2.2 LayerNorm: " + WRONG),
    ("a node of a divided difference replaced", "recurrent", "parameters", row(r"TDD \(DSym (\w+)\) \[d5; d5\]", r"TDD (DSym \1) [d2; d5]"),
     "layer 1 Repeat: " + WRONG),
    ("one iteration more than claimed", "recurrent", "parameters", net(r"\(Rep \(DSym d2\)", "(Rep (DAdd (DSym d2) (DNum 1))"),
     "layer 1 Repeat: " + WRONG),
    ("another depth than claimed", "recurrent", "parameters", net(r"\(Rep \(DSym d2\)", "(Rep (DSym d1)"), "layer 1 Repeat: " + WRONG),
    ("tied iterations with tensors of their own", "recurrent", "parameters", own_group, "layer 1.2.1 Linear: " + WRONG),
    ("shared tensors that are not closed", "recurrent", "parameters", unclosed, "the network as a whole: " + WRONG),
    ("groups of shared tensors dropped", "recurrent", "parameters", lambda data: replace(data, groups=[]), "layer 1.2.1 Linear: " + WRONG),
    ("a group of another size", "recurrent", "parameters", lambda data: replace(data, groups=["(DNum 1, DNum 1)", *data.groups[1:]]),
     "layer 1.2.1 Linear: " + WRONG),
    ("a shared tensor read as two", "shared", "parameters", own_group, "layer 5 Linear: " + WRONG),
    ("a captured tensor with a smaller bound", "injected", "parameters",
     net(r"(Outside 2%nat \(Build_shape [^d]*(?:\(DNum 1\) )*\(DSym d1\)\)) \w+", r"\1 d1"), "layer 1.3.1.2 Outside: " + WRONG),
    ("a captured tensor under another name", "injected", "parameters", net(r"\(Capture 2%nat", "(Capture 1%nat"),
     "layer 1.3.1.2 Outside: " + WRONG),
    ("a false line of rewriting", "pre-norm", "parameters", rewriting(false_line), "line 1 of the rewriting"),
    ("a line that needs a later one", "stages", "parameters", rewriting(last_to_first), "line 1 of the rewriting"),
    ("the lines that lead to the bound missing", "pre-norm", "parameters", rewriting(lambda lines: lines[:-1]),
     "the lines of rewriting do not lead to the printed bound"),
    ("a smaller term as the bound", "pre-norm", "parameters", root_to_first_row, "the lines of rewriting do not lead to the printed bound"),
    ("the bound of the output for that in the parameters", "pre-norm", "parameters", radius_for_parameters, "the bound is not the one"),
    ("no radius of the domain", "pre-norm", "parameters", net(r"\(Ball \w+", "(Skip"), "the domain: " + WRONG),
    ("a row that refers to a later one", "pre-norm", "parameters", later_row, "a row of the table of terms"),
    ("a denominator that is not assumed positive", "mlp-layernorm", "input", lambda data: replace(data, positive=[]),
     "layer 1.2.2 LayerNorm: " + WRONG),
    ("a width that is not assumed positive", "mlp-layernorm", "input", lambda data: replace(data, least=[]),
     "layer 1.2.2 LayerNorm: " + WRONG),
    ("groups that are not assumed to divide the width", "groupnorm", "parameters", lambda data: replace(data, divides=[]),
     "layer 1.2.2 GroupNorm: " + WRONG),
]


def written(name, wrt, change=lambda data: data):
    """The certificate whose data are changed, as a module of a file of many."""
    with Store(), pytest.MonkeyPatch.context() as patching:
        real = writing.export
        patching.setattr(writing, "export", lambda bound: change(real(bound)))
        return writing.certificate(bound_of(name, wrt)).source


def wrongly(name, wrt, patch):
    with Store(), pytest.MonkeyPatch.context() as patching:
        patch(patching)
        return writing.certificate(bound_of(name, wrt)).source


def faults(sources):
    """What the library finds wrong in each (certificate, bound): one run of Coq for all."""
    text = []
    for k, (source, wrt) in enumerate(sources):
        data = data_of(source)
        text.append(f"Module case_{k}.\n{data[data.index('Open Scope'):]}{question(wrt)}End case_{k}.\n")
    done = programs.run(header(sources[0][0]) + HEADER + "".join(text), 120, 4000)
    assert done.status == "ok", (done.place, done.message)
    found = answers(done.stdout)
    assert len(found) == len(sources)
    return [in_words(fault, source) for fault, (source, _) in zip(found, sources, strict=True)]


RIGHT = sorted({(name, wrt) for _, name, wrt, _, _ in CALCULUS + DATA})
_found = {}


@pytest.fixture
def found(coq):
    """What the library says of every case, computed once."""
    if not _found:
        sources = {("calculus", n): (wrongly(name, wrt, patch), wrt) for n, name, wrt, patch, _ in CALCULUS}
        sources |= {("data", n): (written(name, wrt, change), wrt) for n, name, wrt, change, _ in DATA}
        sources |= {("right", name, wrt): (written(name, wrt), wrt) for name, wrt in RIGHT}
        sources |= {("asked", wrt): (written("mlp-layernorm", "input"), wrt) for wrt in ("parameters", "radius")}
        _found.update(zip(sources, faults(list(sources.values())), strict=True))
    return _found


@pytest.mark.parametrize(("name", "place"), [(c[0], c[4]) for c in CALCULUS], ids=[c[0] for c in CALCULUS])
def test_a_calculus_that_is_wrong(found, name, place):
    assert found["calculus", name] == f"{place}: {WRONG}"


@pytest.mark.parametrize(("name", "said"), [(c[0], c[4]) for c in DATA], ids=[c[0] for c in DATA])
def test_data_that_are_wrong(found, name, said):
    assert found["data", name].startswith(said)


def test_the_right_data_are_accepted(found):
    assert [found["right", name, wrt] for name, wrt in RIGHT] == ["nothing is wrong with the data"] * len(RIGHT)


def test_a_bound_of_another_kind(found):
    assert found["asked", "parameters"].startswith("the bound is not the one") and found["asked", "radius"].startswith("the bound is not")


def proof_of(source, name="mlp-layernorm", wrt="input"):
    """The verdict on a bound whose certificate has another text."""
    def certify(bound):
        return replace(writing.certificate(bound), source=source)
    with Store():
        return prove(bound_of(name, wrt), certify=certify)


def test_the_reason_names_the_layer(coq):
    found = proof_of(written("pre-norm", "parameters", DATA[0][3]), "pre-norm", "parameters")
    assert found.status == "rejected" and found.place.endswith(", in bound") and found.reason.endswith(f"layer 1.2 sum: {WRONG}")


def long(number):
    """A chain long enough to be written in parts, with a bound of the weight of one layer that is not the one claimed."""
    with Store():
        block = "Linear(s{k}) >> LayerNorm(gamma=g{k}, floor=f{k}) >> (x + (ReLU >> Linear(t{k})))"
        body = parse_block(" >> ".join(block.format(k=k) for k in range(1, 61)))
        text = writing.certificate(derive(Input("R", "d") >> body, "input")).source
        found = re.search(rf"\(\* layer {number} Linear \*\) (?:st|\(Leaf) (\(Linear \(.*?\) \(Build_tensor )(\(.*?\)|\w+)", text)
        return text[:found.start(2)] + "d1" + text[found.end(2):]


def test_places_in_a_long_chain(coq):
    numbers = ["1", "3.2.2", "76", "78.2.2", "178", "180.2.2"]
    assert faults([(long(n), "input") for n in numbers]) == [f"layer {n} Linear: {WRONG}" for n in numbers]


AXIOM = "Axiom trust : False.\nTheorem bound : input_statement the_certificate.\nProof. destruct trust. Qed.\n"
PARAMETER = "Parameter bound : input_statement the_certificate.\n"
ADMITTED = "Theorem bound : input_statement the_certificate.\nAdmitted.\n"
TAKEN = ("Definition term_value (n : nat) := n.\nTheorem bound : input_statement the_certificate.\n"
         "Proof. apply input_sound. vm_compute. reflexivity. Qed.\n")
CONDITION = "Theorem bound : 1 = 2 -> input_statement the_certificate.\nProof. intros _. apply input_sound. vm_compute. reflexivity. Qed.\n"


@pytest.mark.parametrize(("theorem", "gate", "reason"), [
    (AXIOM, "'Axiom' is no command of a certificate", "rests on Emitted.trust;"),
    (PARAMETER, "'Parameter' is no", "rests on Emitted.bound;"),
    (ADMITTED, "'Admitted' is no command of a certificate", "rests on Emitted.bound;"), (TAKEN, "", "redefines term_value"),
    (CONDITION, "", "does not say what is stated")], ids=["axiom", "parameter", "admitted", "name of the library", "condition"])
def test_other_theorems(coq, theorem, gate, reason):
    """The gate refuses commands that are not those of a certificate; without it the second file refuses what they do."""
    source = written("mlp-layernorm", "input")
    changed = source[:source.index("Theorem bound")] + theorem
    assert objection(source) is None
    assert gate in objection(changed)[1] if gate else objection(changed) is None
    found = judge(changed, "input_statement the_certificate")
    assert found.status == "rejected" and reason in found.reason


def test_a_closed_form_that_is_another(coq):
    source = written("mlp-layernorm", "input")
    changed = source.replace("(ereal E x_s) * (ereal E x_g)", "(ereal E x_g) * (ereal E x_s)", 1)
    assert changed != source
    found = proof_of(changed)
    assert found.status == "rejected" and "closed_form" in found.place


def test_a_theorem_about_another_kind_of_bound(coq):
    """The theorem proves the bound on the output; what is stated is the bound in the input."""
    found = proof_of(written("mlp-layernorm", "radius"))
    assert found.status == "rejected" and found.place == "theorem bound" and "does not say what is stated" in found.reason


# -- statements that nobody can use, or about something else ------------------------------------------------------
def test_hypotheses_that_nobody_meets(coq):
    """0 > 0 among the facts: everything follows, and the theorem ``satisfiable`` does not."""
    def change(data):
        return replace(data, rows=[*data.rows, "TNum 0 1"], positive=[*data.positive, number(len(data.rows) + 1)])
    source = written("mlp-layernorm", "input", change)
    assert faults([(source, "input")]) == ["nothing is wrong with the data"]
    found = proof_of(source)
    assert found.status == "rejected" and "satisfiable" in found.place
    without = re.sub(r"Theorem satisfiable.*?Qed\.", "", source, flags=re.S)
    found = proof_of(without)
    assert found.status == "rejected" and found.place == "theorem satisfiable"


def test_an_assignment_that_does_not_meet_the_hypotheses(coq):
    source = written("mlp-layernorm", "input")
    at = source.index("Theorem satisfiable")
    changed = source[:at] + re.sub(r"\d+%N", "0%N", source[at:])  # width 0
    assert changed != source
    found = proof_of(changed)
    assert found.status == "rejected" and "satisfiable" in found.place


def more_positive(data):
    return replace(data, positive=[*data.positive, number(data.rows.index("TReal d4") + 1)])


def wider(data):
    return replace(data, least=[*data.least, "((DSym d1), 5%N)"])


OTHERS = [("a symbol assumed positive", more_positive), ("a width assumed to be at least 5", wider),
          ("no centring", net("PRow true Biased", "PRow false Biased")), ("another variance", net("PRow true Biased", "PRow true Plain"))]


@pytest.mark.parametrize("change", [c for _, c in OTHERS], ids=[n for n, _ in OTHERS])
def test_a_statement_about_something_else_is_noticed_by_its_text(coq, change):
    """A true statement under one more hypothesis, or about another network: the kernel has nothing to object to. The text of a
    certificate is determined by the bound, so a certificate that says something else is not the one that is written again."""
    changed = written("mlp-layernorm", "input", change)
    assert faults([(changed, "input")]) == ["nothing is wrong with the data"]
    assert written("mlp-layernorm", "input") == written("mlp-layernorm", "input") != changed


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("wrt", ["input", "parameters", "radius"])
def test_a_certificate_assumes_what_the_bound_lists(name, wrt):
    """Terms that a certificate takes to be positive are those that the hypotheses of the bound, as printed, say are positive."""
    with Store():
        bound = bound_of(name, wrt)
        data = writing.export(bound)
        listed = {h.terms[-1] for h in bound.hypotheses if h.kind in ("floor", "positive")}
        writer = Table(bound.term.store, Symbols(set(data.naturals), dict(data.symbols)))
        writer.add([t.id for t in listed])
        rows = dict(zip(map(number, range(1, len(data.rows) + 1)), data.rows, strict=True))
        assert sorted(shape(rows, k) for k in data.positive) == sorted(
            shape(dict(zip(map(number, range(1, len(writer.rows) + 1)), writer.rows, strict=True)), writer(t)) for t in listed)


def shape(rows, k):
    """A term of a table, written out."""
    return re.sub(r"(?<!DSym )(?<!TReal )(?<!TFam )\bd\d+|\(w [^()]*\)", lambda m: f"({shape(rows, m[0])})", rows[k])
