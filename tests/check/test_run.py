"""Runs: the same bytes for any number of workers and for Dask, files that show whether they are whole, replay."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from functools import partial

import joblib
import pytest

from normbound.check import falsify
from normbound.check import report as reports
from normbound.check.falsify import Batch, check, examine
from normbound.check.realization import LAWS, plan
from normbound.check.report import Report, ReportError, Tightness, merge
from normbound.check.run import batches, read_record, replay_record, run
from normbound.check.source import pack, unpack
from normbound.contracts import rules
from normbound.contracts.block import Repeat
from normbound.errors import HypothesisError, NetworkError, NormboundError, UnsupportedError
from normbound.layers import LayerNorm, Linear, activation
from normbound.network.builtins import get, names, source
from normbound.network.files import read
from normbound.network.program import Input
from normbound.terms.evaluate import evaluate_floats
from normbound.terms.store import Op, Store, current
from normbound.version import VERSION

SOME = ("recurrent", "indexed")
OTHER = "network = \"Linear(s)\"\n[input]\nfeatures = 3\nradius = 1\n"


def own():
    """A network that no file declares, with a symbol that is > 0."""
    eps = current().symbol("e0", positive=True)
    block = Linear("s", bias="b") >> LayerNorm(gamma="g", floor="sigma", eps=eps) >> activation("ReLU")
    return Input("R", "d", positions="n") >> Repeat(block, "K")


def written(architectures=None, networks=40, **options):
    """(lines without the times, reports) of a run."""
    sink = io.StringIO()
    found = run(architectures or [get(n) for n in SOME], networks, points=2, seed=5, sink=sink, **options)
    lines = sink.getvalue().splitlines(keepends=True)
    assert sum(json.loads(line)["normbound"] == "times" for line in lines) == 1
    return "".join(line for line in lines if json.loads(line)["normbound"] != "times"), found


@pytest.fixture(scope="module")
def alone():
    with Store():
        return written(workers=1)[0]


@pytest.fixture
def broken(monkeypatch):
    """Sums that forget one branch."""
    true = rules.add
    monkeypatch.setattr(rules, "add", lambda f, g: true(f, g)._replace(L=f.L))


# -- the same bytes -------------------------------------------------------------------------------------------------
def test_two_workers_give_the_bytes_of_one(alone):
    assert written(workers=2)[0] == alone


@pytest.fixture(scope="module")
def cluster():
    import distributed
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as local, \
            distributed.Client(local):
        yield local


def test_a_users_dask_cluster_gives_the_same_bytes(alone, cluster):
    before = cluster.scheduler.transition_counter
    with joblib.parallel_config(backend="dask"):
        assert written(workers=2)[0] == alone
    assert cluster.scheduler.transition_counter >= before + len(SOME) * len(batches(40))  # it did the work


def test_the_named_backend_uses_the_users_client(alone, cluster):
    assert written(workers=2, backend="dask")[0] == alone


def test_history_of_the_process_does_not_show(alone):
    current().symbol("sigma", positive=True)  # signs of another network
    check(get("stages"), 2, seed=9)
    assert written()[0] == alone


def test_the_cut_into_batches_changes_only_the_cut(alone, monkeypatch):
    monkeypatch.setattr(falsify, "BATCH", 7)
    lines, found = written()
    whole = [json.loads(line) for line in alone.splitlines()]
    assert [r.to_data() for r in found] == [{k: v for k, v in line.items() if k != "normbound"} for line in whole
                                            if line["normbound"] == "architecture"]
    assert lines.count('"batch"') == len(SOME) * 6


def test_a_run_is_check(alone):
    found = written([get("pre-norm")])[1][0]
    assert found.to_json() == check(get("pre-norm"), 40, seed=5, points=2).to_json()


def test_another_seed_is_another_run(alone):
    sink = io.StringIO()
    run([get(n) for n in SOME], 40, points=2, seed=6, sink=sink)
    first, second = (json.loads(text.splitlines()[-1])["totals"] for text in (alone, sink.getvalue()))
    assert first != second


@pytest.mark.parametrize("networks", [1, 31, 32, 33, 100])
def test_batches_cover_every_network_once(networks):
    numbers = [k for first, count in batches(networks) for k in range(first, first + count)]
    assert numbers == list(range(networks))


# -- merging --------------------------------------------------------------------------------------------------------
def test_merged_batches_are_the_whole(broken):
    p = plan(get("post-norm").network)
    parts = [examine(p, Batch(first, count, 3, LAWS, 4), "x") for first, count in ((0, 5), (5, 1), (6, 12))]
    whole = examine(p, Batch(0, 18, 3, LAWS, 4), "x")
    assert whole.verdict == "violated" and merge(parts).to_json() == whole.to_json()
    assert sum(len(r.violations) for r in parts) > len(whole.violations)  # first ones are kept, all are counted
    with pytest.raises(ValueError, match="not consecutive"):
        merge(parts[::-1])


def test_reports_are_data(broken):
    found = check(get("post-norm"), 12, seed=3, points=4)
    data = json.loads(found.to_json())
    again = Report.from_data(data)
    assert again.to_json() == found.to_json() and found.violations
    assert data["version"] == VERSION and len(data["digest"]) == 16
    for key, value in (("seed", "7"), ("steps", None), ("executed", True), ("extra", 1)):
        with pytest.raises(ReportError, match=key):
            Report.from_data({**data, key: value})
    with pytest.raises(ReportError, match="lacks 'title'"):
        Report.from_data({k: v for k, v in data.items() if k != "title"})


def test_not_a_number_survives_json():
    v = check(Input(1, 3) >> Linear("s"), 1, laws=("gaussian",))
    assert Report.from_data(v.to_data()).to_json() == v.to_json()
    made = reports.Violation(0, "contract", "x", "", (1, 2), "undefined", "", float("nan"), float("inf"), 1, "zero", 4, {}, {}, {}, {})
    again = reports.Violation.from_data(json.loads(json.dumps(made.to_data(), allow_nan=False)))
    assert again.iterations == (1, 2) and again.measured != again.measured and again.bound == float("inf")


def test_distribution():
    t = Tightness()
    for k, ratio in enumerate((0.1, 0.9, 0.2, 0.2, 1.0)):
        t.note(ratio, k, 10 + k, "aligned")
    assert (t.count, t.best, t.network, t.seed, t.median) == (5, 1.0, 4, 14, 0.2)
    assert t.quantile(0.8) == 0.9 and Tightness().median == 0.0
    u = Tightness()
    u.note(1.0, 9, 99, "zero")
    t.add(u)
    assert t.count == 6 and t.network == 4  # the first of equals
    assert Tightness.from_data(t.to_data()) == t


# -- counting -------------------------------------------------------------------------------------------------------
def test_triples_count_drawn_networks_and_points_once():
    found = check(Input("R", 3) >> Linear("s") >> activation("ReLU"), 5, points=6)
    assert [r.triples for r in found.steps[1:]] == [30] * (len(found.steps) - 1)
    assert found.triples == 30 * (len(found.steps) - 1)
    deep = check(Input("R", 3) >> Repeat(Linear("s"), 3), 5, points=6)
    inner = next(r for r in deep.steps if "Linear" in r.label)
    assert inner.executed == 15 and inner.triples == 30  # iterations do not count again


def test_points_below_a_floor_are_no_triples():
    found = check(Input(4, 4) >> LayerNorm(floor="3/2", eps="eps"), 12, laws=("gaussian",))
    row = next(r for r in found.steps if r.rule == "contract")
    assert row.unmet > 0 and row.triples < 12 * 8 and found.met <= 12
    assert found.verdict == "survived" and f"{row.unmet}" in str(found)


def test_unbounded_steps_are_no_triples():
    found = run([Input(None, 3) >> Linear("s", bias="b")], 3)[0]  # no radius: the parameters have no bound
    assert found.steps[-1].triples > 0  # the input constant was still tested
    assert not found.tightness("P").count


# -- networks as data -----------------------------------------------------------------------------------------------
def summaries(make):
    with Store():
        return [str(step.summary) for step in make().derivation.steps]


@pytest.mark.parametrize("name", names())
def test_packed_files_derive_the_same(name):
    data = json.loads(json.dumps(pack(get(name))))
    assert summaries(lambda: unpack(data)) == summaries(lambda: plan(get(name).network))


def numbers(p):
    values = {n: [2, "1/3", 4] if n in ("s", "b", "g", "h", "sigma") and p.symbols[n].kind == Op.ELT else k + 2
              for k, n in enumerate(sorted(p.symbols))}
    whole = p.derivation.summary
    return evaluate_floats([whole.L, whole.q2, whole.q1, whole.q0], {**values, "K": 2})


@pytest.mark.parametrize("given", [*(get(n).network for n in names()), own()], ids=[*names(), "own"])
def test_packed_texts_derive_the_same(given):
    data = json.loads(json.dumps(pack(given)))
    assert "toml" not in data
    with Store():
        p = unpack(data)
        assert p.symbols.keys() == plan(given).symbols.keys()
        assert {n for n, t in p.symbols.items() if t.is_positive} == {n for n, t in plan(given).symbols.items() if t.is_positive}
        assert numbers(p) == pytest.approx(numbers(plan(given)), rel=1e-12)


def test_text_and_file_have_one_digest():
    a = get("pre-norm")
    assert pack(a)["digest"] == pack(a.network)["digest"] == pack(replace(a, text=""))["digest"]
    others = [pack(a, ("weight",)), pack(a, floors=False), pack(get("post-norm"))]
    assert len({d["digest"] for d in (pack(a), *others)}) == 4


def test_text_of_another_network_is_refused():
    with Store(), pytest.raises(NetworkError, match="digest"):
        unpack({**pack(get("mlp")), "toml": source("two-layer")})
    with Store(), pytest.raises(NetworkError, match="no packed network"):
        unpack({"name": "x"})


def test_own_networks_run_in_workers():
    one, two = (written([own()], workers=k)[0] for k in (1, 2))
    assert one == two


# -- bad requests ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("options, kind, message", [
    ({"networks": 0}, NetworkError, "at least 1"), ({"workers": 0}, UnsupportedError, "1 to 256"),
    ({"workers": True}, UnsupportedError, "1 to 256"), ({"backend": "mpi"}, UnsupportedError, "accepted: loky, dask"),
    ({"laws": ("cauchy",)}, NetworkError, "accepted: gaussian"), ({"values": {"zz": 1}}, NetworkError, "mlp: found a value for 'zz'"),
    ({"trainable": ("weigth",)}, NormboundError, "mlp: ")])
def test_bad_requests(options, kind, message):
    with pytest.raises(kind, match=message):
        run([get("mlp")], **{"networks": 2, **options})


def test_nothing_to_run():
    with pytest.raises(NetworkError, match="no architecture"):
        run([], 2)
    with pytest.raises(NetworkError, match="needs a network"):
        run([Linear("s")], 2)


@pytest.mark.parametrize("workers", [1, 2])
def test_errors_of_workers_name_the_architecture(workers):
    wide = read(OTHER.replace("3", "1000"), "wide")
    with pytest.raises(UnsupportedError, match=r"^wide: .*1000 entries, the checker samples at most 160"):
        run([get("mlp"), wide, *[get("mlp")] * 4], 40, workers=workers)  # the rest is given up without a word
    hopeless = read('network = "LayerNorm(floor=100, eps=1)"\n[input]\nfeatures = 4\nradius = 1\n', "hopeless")
    with pytest.raises(HypothesisError, match=r"hopeless: .*40 networks with 8 points .* gaussian"):
        run([hopeless], 40, workers=workers)


# -- files ----------------------------------------------------------------------------------------------------------
def test_unfinished_files_are_recognised(tmp_path, broken):
    text, found = written([get("post-norm")])
    file = tmp_path / "run.jsonl"
    file.write_text(text)
    whole = read_record(file)
    assert whole.finished and [v for _, v in whole.violations] == found[0].violations
    lines = text.splitlines(keepends=True)
    for cut in (lines[:-1], lines[:2], [*lines[:2], lines[2][:500]]):
        file.write_text("".join(cut))
        assert not read_record(file).finished and read_record(file).violations
    with pytest.raises(RuntimeError, match="stop"):
        def stop(report):
            raise RuntimeError("stop")
        with file.open("w") as sink:
            run([get("post-norm")], 40, sink=sink, progress=stop)
    assert not read_record(file).finished


@pytest.mark.parametrize("text, message", [
    ("", "empty"), ("hello", "not JSON"), ("{", "not JSON"), ("[1]", "neither a run"), ('{"a": 1}', "neither a run"),
    ('{"normbound": "batch"}', "begins with the line 'run'"), ('{"normbound": "run", "version": "0.0.0"}', "written by normbound 0.0.0"),
    (f'{{"normbound": "run", "version": "{VERSION}", "format": 99}}', "format 99"),
    (f'{{"normbound": "run", "version": "{VERSION}", "format": 1, "architectures": [{{}}]}}', "damaged"),
    (f'{{"normbound": "run", "version": "{VERSION}", "format": 1, "architectures": []}}\n7\n', "line 2: not a line"),
    (f'{{"normbound": "run", "version": "{VERSION}", "format": 1, "architectures": []}}\n{{"normbound": "batch"}}\n',
     "line 2: a report lacks"),
    (f'{{"normbound": "run", "version": "{VERSION}", "format": 1, "architectures": []}}\n{{]\n', "line 2: not JSON"),
    (f'{{"witness": 1, "digest": "", "version": "{VERSION}"}}', "a violation lacks"),
    ('{"witness": 1, "digest": "", "version": "9"}', "written by normbound 9"), ("[" * 100_000, "not JSON")])
def test_foreign_files(tmp_path, text, message):
    file = tmp_path / "file"
    file.write_text(text)
    with pytest.raises(ReportError, match=message):
        read_record(file)


def test_unreadable_files(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(ReportError, match="no such file"):
            read_record(path)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(ReportError, match="UTF-8"):
        read_record(tmp_path / "bytes")


# -- replay ---------------------------------------------------------------------------------------------------------
def test_replay_sees_the_same_numbers_until_the_rule_is_right(tmp_path, monkeypatch):
    true = rules.add
    file = tmp_path / "run.jsonl"
    with monkeypatch.context() as m:
        m.setattr(rules, "add", lambda f, g: true(f, g)._replace(L=f.L))
        file.write_text(written([get("post-norm")], values={"d": 4})[0])
        found = replay_record(read_record(file))
        assert found and all(r.same_numbers and "confirmed again (the same numbers)" in str(r) for r in found)
    found = replay_record(read_record(file))
    assert all(r.again is None and str(r).startswith("not confirmed again") for r in found)


def test_replay_of_one_violation_finds_its_builtin(tmp_path, broken):
    violation = json.loads(check(get("post-norm"), 12, points=4).to_json())["violations"][0]
    file = tmp_path / "violation.json"
    file.write_text(json.dumps(violation, indent=1))
    assert replay_record(read_record(file))[0].same_numbers
    assert replay_record(read_record(file), [get("post-norm").network])[0].same_numbers
    with pytest.raises(ReportError, match="mlp has another"):
        replay_record(read_record(file), [get("mlp")])
    file.write_text(json.dumps({**violation, "digest": "0" * 16}))
    with pytest.raises(ReportError, match="no built-in architecture has it"):
        replay_record(read_record(file))
    for key, value in (("law", "cauchy"), ("step", 99), ("seed", -1), ("points", 10**9)):
        file.write_text(json.dumps({**violation, key: value}))
        with pytest.raises(ReportError, match="does not fit post-norm"):
            replay_record(read_record(file))


def test_nothing_to_replay_is_an_error(tmp_path):
    file = tmp_path / "run.jsonl"
    file.write_text(written([get("mlp")], networks=2)[0])
    with pytest.raises(ReportError, match="holds no violation"):
        replay_record(read_record(file))


# -- the command ----------------------------------------------------------------------------------------------------
@pytest.fixture
def command(command_line):
    return partial(command_line, "check")


def test_command_writes_lines_and_replays_them(command, tmp_path, monkeypatch):
    file = tmp_path / "run.jsonl"
    true = rules.add
    with monkeypatch.context() as m:
        m.setattr(rules, "add", lambda f, g: true(f, g)._replace(L=f.L))
        code, out, _ = command("post-norm", "--networks", 20, "--jsonl", file)
        assert code == 1 and "violated" in out and "post-norm: step" in out
        code, out, _ = command("--replay", file)
        count = len(read_record(file).violations)
        assert code == 1 and f"{count} of {count} violations confirmed again" in out
        code, out, _ = command("post-norm", "--replay", file, "--json")
        assert code == 1 and all(r["again"] and r["same_numbers"] for r in json.loads(out))
    code, out, _ = command("--replay", file)
    assert code == 0 and f"0 of {count} violations confirmed again" in out
    code, _, err = command("mlp", "--replay", file)
    assert code == 2 and "mlp has another" in err
    code, _, err = command("--replay", tmp_path / "none")
    assert code == 2 and "no such file" in err
    code, _, err = command("mlp", "--jsonl", tmp_path)
    assert code == 2 and "cannot write" in err
    code, _, err = command("--replay", file, "--set", "s=1")
    assert code == 2 and "--set" in err


def test_table_is_the_same_for_two_workers(command):
    one, two = (command("mlp", "shared", "--networks", 40, "--workers", k) for k in (1, 2))
    assert one == two and one[0] == 0
    header, _, *rows = one[1].splitlines()
    assert header.split()[-7:] == ["unmet", "best", "L", "median", "best", "P", "median", "verdict"][-7:]
    assert [r.split()[0] for r in rows[:2]] == ["mlp", "shared"] and "triples (network, point, step) checked" in rows[2]


def test_progress_bar_shows_rate_and_tightness(command, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    code, out, err = command("mlp", "--networks", 40)
    assert code == 0 and "survived" in out
    assert "triples/s" in err and "closest" in err and "2/2" in err
