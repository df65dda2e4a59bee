"""The table counts what it says, and a certificate that was changed does not count."""

import json
from dataclasses import replace

import table
from claim_corpus import judged

from normbound.claims.document import read

TEXT = """schema = 1
[vars]
x = "positive"
K = "natural"
[[claim]]
id = "true"
given = ["x <= 1"]
show = "x^K <= 1"
[[claim]]
id = "false"
show = "x^K <= 1"
expect = "refuted"
[[claim]]
id = "expected-wrongly"
show = "x <= 1"
"""


def test_figures_and_text():
    rows = judged([read(TEXT)], 5.0)
    found = json.loads(json.dumps(table.figures(rows)))
    assert (found["claims"], found["proved"], found["certificates_checked"]) == (3, 1, 1)
    assert found["verdicts"] == {"proved (certificate)": 1, "refuted (witness)": 2}
    assert list(found["not_as_expected"]) == ["expected-wrongly"]
    assert found["kinds"]["symbolic exponents"]["claims"] == 2
    shown = table.text(table.figures(rows))
    assert "1 of 1 proved claims" in shown and "expected-wrongly: refuted (witness), expected proved" in shown


def test_changed_certificate_is_not_counted():
    [(_, outcome), *_] = judged([read(TEXT)], 5.0)
    assert table.checked([outcome]) == 1
    goal = outcome.sequent["goal"]
    assert table.checked([replace(outcome, sequent={**outcome.sequent, "given": []})]) == 0
    assert table.checked([replace(outcome, sequent={**outcome.sequent, "goal": goal.replace("1", "1/2")})]) == 0


def test_mutants_are_counted():
    found = table.mutant_figures([read(TEXT.replace('id = "expected-wrongly"', 'id = "expected-wrongly"\nexpect = "refuted"'))], 8, 3.0, 1)
    assert found["mutants"] == 8 and found["false"] >= 4 and not found["false_proved"] and not found["errors"]
    assert sum(found["became"].values()) == found["false"]
