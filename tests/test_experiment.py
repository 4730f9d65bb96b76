"""Does an experiment's file say what is run, with the same draws and luck for all, and do tables hold just that?"""

import csv
import json
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import duckdb
import jsonschema
import numpy as np
import openpyxl
import pandas as pd
import polars
import pyarrow.parquet as pq
import pytest

import simulator
from calibration.free import Box
from simulator import export
from simulator.batch import Filled
from simulator.checks import ScenarioError
from simulator.experiment import run_experiment
from simulator.export import Row, stored, write_tables
from simulator.indicators import COLUMNS
from simulator.parameters import PARAMETERS
from simulator.plan import take
from simulator.plan_files import SCHEMA_FILE, experiment_ids, json_schema, load_experiment
from simulator.plan_files import check_file as check
from simulator.results import RUN_COLUMNS, SERIES_COLUMNS, InputError, Result
from simulator.run import Request, execute
from simulator.scenario import load_scenario
from simulator.store import Store, merge

SHIPPED = Path(__file__).resolve().parents[1] / "scenarios" / "experiments"
SMALL = {"people_per_agent": 1000, "until": 2012}
NAMES = ["automation.step_cost_sew", "skills.coverage_cell"]  # the second's range spans a factor of ten and more


def made(**keys):
    return load_experiment({"scenarios": ["baseline"], **SMALL, **keys})


def uncertain(**keys):
    return made(uncertainties={"names": NAMES, "design": "sobol", "draws": 8} | keys)


@pytest.fixture
def write(tmp_path):
    def text(body, name="trial.yaml"):
        (tmp_path / name).write_text(body, encoding="utf-8")
        return tmp_path / name

    return text


# What is asked for


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_experiments_are_valid_small_and_complete_in_editors(path):
    experiment = load_experiment(path.stem)
    assert path.stem in experiment_ids()
    assert 20 <= len(experiment) <= 100
    content = load_yaml(path)
    jsonschema.validate(content, json_schema())
    assert path.read_text("utf-8").startswith(f"# yaml-language-server: $schema=./{SCHEMA_FILE}\n")


def load_yaml(path):
    import yaml

    return yaml.safe_load(path.read_text("utf-8"))


def test_the_schema_is_shipped_as_it_is_printed():
    anew = f"write it anew: garment-sim schema experiment > scenarios/experiments/{SCHEMA_FILE}"
    assert json.loads((SHIPPED / SCHEMA_FILE).read_text("utf-8")) == json_schema(), anew


def test_every_scenario_and_setting_meets_the_same_draws_and_seeds():
    experiment = made(
        scenarios=["baseline", "transition"],
        levers={"automation.subsidy": [0.0, 0.3], "skills.training_seats": [8000, {"2026Q1": 9000}]},
        uncertainties={"names": NAMES, "design": "lhs", "draws": 3},
        seeds=[4, 7],
    )
    rows = [(r.scenario.id, r.draw, r.seed, r.numbers.value(NAMES[0], "2030Q1")) for r in experiment]
    assert len(experiment) == len(rows) == 2 * 4 * 3 * 2
    groups = [rows[i : i + 6] for i in range(0, len(rows), 6)]
    assert all([row[1:] for row in group] == [row[1:] for row in groups[0]] for group in groups)
    assert [row[0] for row in rows] == ["baseline"] * 24 + ["transition"] * 24
    assert len({r.key for r in experiment}) == len(experiment)
    assert experiment[-1].key == list(experiment)[-1].key
    ends = [experiment[0].scenario, experiment[-1].scenario]
    assert [s.value("automation.subsidy", "2030Q1") for s in ends] == [0.0, 0.3]
    assert [s.value("skills.training_seats", "2030Q1") for s in ends] == [8000, 9000]


def test_without_draws_the_runs_are_those_of_the_command_run():
    """Finished runs are shared by all who ask for the same."""
    (request,) = made()
    assert request.key == Request.of("baseline", 0, **SMALL).key


@pytest.mark.parametrize("design", ["sobol", "lhs"])
def test_draws_are_even_over_the_registrys_ranges(design):
    values = uncertain(design=design, draws=64).design.values
    assert values.shape == (64, 2)
    box = Box(tuple(NAMES))
    unit = np.array([box.to_unit(dict(zip(NAMES, row))) for row in values])
    for column in unit.T:
        assert sorted((column * 64).astype(int)) == list(range(64))  # one in each of 64 equal parts
    low, high = PARAMETERS[NAMES[1]].low, PARAMETERS[NAMES[1]].high
    assert np.median(values[:, 1]) == pytest.approx(np.sqrt(low * high), rel=0.1)


def test_a_design_is_the_same_each_time_and_another_with_another_seed():
    assert np.array_equal(uncertain().design.values, uncertain().design.values)
    assert not np.array_equal(uncertain().design.values, uncertain(seed=1).design.values)
    longer = uncertain(draws=16)
    assert [r.key for r in longer][:8] == [r.key for r in uncertain()]  # more draws keep the runs there are


def test_an_uneven_sobol_sequence_and_hidden_settings_are_told():
    assert uncertain(draws=12).notes == ("12 draws of a Sobol' sequence are not even; 8 or 16 would be",)
    names = ["technology.price_growth"]
    told = made(scenarios=["transition"], uncertainties={"names": names, "design": "lhs", "draws": 2}).notes
    assert told == ("in transition the draws take the place of what it sets: technology.price_growth",)


def test_posterior_draws_are_those_of_other_commands(posterior):
    experiment = made(uncertainties={"design": "posterior", "draws": 2})
    assert [r.key for r in experiment] == [Request.of("baseline", draw=k, **SMALL).key for k in (0, 1)]
    everything = made(uncertainties={"design": "posterior", "posterior": "judged"})
    assert len(everything) == len(everything.design.numbers) > 2
    some = made(uncertainties={"design": "posterior", "names": [experiment.design.names[0]], "draws": 1})
    assert some[0].numbers.settings != experiment[0].numbers.settings


@pytest.mark.parametrize("form", ["csv", "semicolons", "excel"])
def test_a_table_gives_its_rows_as_draws(tmp_path, form):
    rows = [["draw", *NAMES], [3, 20000, 300], [5, 30000.5, 1e3]]
    if form == "excel":
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(tmp_path / "draws.xlsx")
    else:
        text = "\n".join((";" if form == "semicolons" else ",").join(map(str, row)) for row in rows)
        (tmp_path / "draws.csv").write_text(text + "\n\n", encoding="utf-8-sig")
    name = "draws.xlsx" if form == "excel" else "draws.csv"
    for spelling in ({"table": name}, {"design": {"table": name}}, {"design": f"table: {name}"}):
        path = tmp_path / "e.yaml"
        content = {"schema_version": 1, "scenarios": ["baseline"], "uncertainties": spelling}
        path.write_text(json.dumps(content))
        experiment = load_experiment(path)
        assert experiment.design.numbers == (3, 5)
        assert experiment.design.draw(1) == dict(zip(NAMES, (30000.5, 1000.0)))
    assert [r.draw for r in experiment] == [3, 5]


HEAD = "schema_version: 1\nscenarios: [baseline]\n"  # what follows starts in line 3


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("", 1, "it has at least schema_version: 1 and scenarios: [baseline, transition]"),
        ("schema_version: 2\nscenarios: [baseline]\n", 1, "schema_version is 2; this version reads 1"),
        ("scenarios: [baseline]\n", None, "schema_version is missing"),
        ("schema_version: 1\nseeds: 2\n", None, "scenarios is missing"),
        ("schema_version: 1\nscenarios: []\n", 2, "scenarios is empty"),
        ("schema_version: 1\nscenarios: [baseline,\n  transitoin]\n", 3, "nearest: transition"),
        ("schema_version: 1\nscenarios: [baseline, baseline]\n", 2, "two scenarios are called baseline"),
        ("schema_version: 1\nscenarios: [mine.yaml]\n", 2, "mine.yaml: there is no such file"),
        (HEAD + "sedes: 3\n", 3, "sedes is not a known key of an experiment; nearest: seeds"),
        (HEAD + "seeds: 0\n", 3, "seeds is 0; allowed: a whole number from 1"),
        (HEAD + "seeds: 1.5\n", 3, "seeds is 1.5"),
        (HEAD + "seeds: [1, 1]\n", 3, "one seed twice"),
        (HEAD + "seeds: 2\nseeds: 3\n", 4, "seeds is a duplicate key"),
        (HEAD + "people_per_agent: 2000\n", 3, "from 1 to 1000"),
        (HEAD + "until: 2050\n", 3, "from 2012 to 2040"),
        (HEAD + "yearly: 1\n", 3, "yearly is 1; allowed: true, false"),
        (HEAD + "indicators: [employment,\n  exprots]\n", 4, "exprots is not a known indicator; nearest: exports"),
        (HEAD + "groups: [gendre]\n", 3, "nearest: gender"),
        (HEAD + "indicators: [survival]\ngroups: [gender]\n", 4, "survival: not split by gender"),
        (HEAD + "levers: [automation.subsidy]\n", 3, "levers is a list"),
        (HEAD + "levers:\n  automation.subsidi: [0]\n", 4, "nearest: automation.subsidy"),
        (HEAD + "levers:\n  automation.subsidy: 0.1\n", 4, "automation.subsidy is 0.1, not a list"),
        (HEAD + "levers:\n  automation.subsidy: [0.1, 0.9]\n", 4, "0.9, out of range; allowed: 0 to 0.5"),
        (HEAD + "levers:\n  automation.subsidy: [0.1, 0.1]\n", 4, "values 1 and 2 are the same"),
        (HEAD + "levers:\n  automation.subsidy:\n    - {2011Q1: 0.1}\n", 5, "2011Q1"),
        (HEAD + "levers:\n  automation.hurdle:\n    - {2026Q1: 1.2}\n", 5, "holds for the whole run"),
        (
            HEAD + "levers: {skills.self_paced_share: [0.1, 0.8]}\n",
            3,
            "baseline, skills.self_paced_share 0.8: skills.self_paced_share 0.8 + skills.facilitated_share 0.5",
        ),
        (HEAD + "uncertainties: {names: [automation.noise], draws: 8}\n", 3, "design is missing; allowed: sobol, lhs"),
        (HEAD + "uncertainties:\n  design: sobool\n", 4, "nearest: sobol"),
        (HEAD + "uncertainties: {design: sobol, draws: 8}\n", 3, "names is missing"),
        (HEAD + "uncertainties:\n  design: lhs\n  names: [automation.noise]\n", 3, "draws is missing"),
        (HEAD + "uncertainties:\n  design: lhs\n  draws: 3\n  names:\n    - automation.noize\n", 7, "automation.noise"),
        (HEAD + "uncertainties:\n  design: lhs\n  drawz: 3\n", 5, "nearest: draws"),
        (HEAD + "uncertainties: {design: lhs, draws: 2, names: [automation.noise], table: x.csv}\n", 3, "no use"),
        (
            HEAD + "levers: {automation.noise: [0.3]}\n"
            "uncertainties: {design: lhs, draws: 2, names: [automation.noise]}\n",
            4,
            "automation.noise is among the levers already",
        ),
        (HEAD + "uncertainties: {design: posterior}\n", 3, "no posterior is shipped"),
        (HEAD + "uncertainties:\n  table: none.csv\n", 4, "there is no such file"),
        (HEAD + "uncertainties:\n  table: none.doc\n", 4, "allowed: .csv, .xlsx"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused_in_one_line_with_its_place(write, body, line, message):
    path = write(body)
    with pytest.raises(ScenarioError) as refused:
        load_experiment(path)
    text = str(refused.value)
    assert message in text
    assert "\n" not in text
    assert text.startswith(f"{path}, line {line}: " if line else f"{path}")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("automation.noize\n0.3\n", "row 1: column 1: automation.noize is not a known name; nearest: automation.noise"),
        ("automation.noise\n0.3\n\n0.9\n", "row 4: automation.noise is 0.9, out of range; allowed: 0.2 to 0.6"),
        ("automation.noise,automation.peer\n0.3,\n", "row 2: automation.peer is empty, not a number"),
        ("automation.noise\nmuch\n", "row 2: automation.noise is 'much', not a number"),
        ("automation.noise\nnan\n", "row 2: automation.noise is nan, not a finite number"),
        ("automation.noise,automation.noise\n0.3,0.3\n", "row 1: automation.noise is named twice"),
        ("automation.noise\n0.3,0.4\n", "row 2: has 2 cells, the header 1"),
        ("draw,automation.noise\n1.5,0.3\n", "row 2: draw is 1.5; allowed: a whole number"),
        ("draw,automation.noise\n1,0.3\n1,0.4\n", "draw 1 stands there twice"),
        ("automation.noise\n", "has no draws"),
        ("", "is empty"),
    ],
)
def test_a_wrong_cell_of_a_table_is_refused_with_its_row(write, table, message):
    write(table, "draws.csv")
    with pytest.raises(ScenarioError) as refused:
        load_experiment(write(HEAD + "uncertainties: {table: draws.csv}\n"))
    assert message in str(refused.value)
    assert "draws.csv" in str(refused.value)


def test_files_of_both_kinds_are_checked_and_told_apart(call, write):
    write(HEAD, "good.yaml")
    write(HEAD + "sedes: 2\n", "bad.yaml")
    code, out, err = call("check", "good.yaml", "bad.yaml", SHIPPED.parent / "transition.yaml")
    assert code == 3
    assert out.splitlines()[0] == "good.yaml: valid"
    assert len(out.splitlines()) == 2
    assert err == "bad.yaml, line 3: sedes is not a known key of an experiment; nearest: seeds\n"
    code, _, err = call("run", "good.yaml")
    assert (code, err) == (3, "good.yaml: is an experiment; garment-sim experiment good.yaml runs it\n")
    with pytest.raises(ScenarioError):
        check("bad.yaml")


def test_a_missing_extra_is_one_line(call, write, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    write(HEAD + "people_per_agent: 1000\nuntil: 2012\n", "e.yaml")
    code, _, err = call("experiment", "e.yaml", "--store", "s", "--scheduler", "tcp://127.0.0.1:9")
    assert code == 3
    assert 'pip install "garment-sim[cluster]"' in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--shard", "3/2"], "3/2 is not I/N with I from 1 to N"),
        (["--limit", "0"], "0 is not a number of seconds above 0"),
        (["--format", "stata"], "invalid choice"),
    ],
)
def test_wrong_usage_is_code_2(call, words, message):
    code, _, err = call("experiment", "wage-and-machines", *words)
    assert code == 2
    assert message in err


# Running


BODY = (
    HEAD + "levers: {automation.subsidy: [0.0, 0.3]}\n"
    "uncertainties: {names: [automation.step_cost_sew], design: sobol, draws: 2}\n"
    "people_per_agent: 1000\nuntil: 2012\nindicators: [employment, exports]\nyearly: true\n"
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The experiment above, run once by the command's own function."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "trial.yaml").write_text(BODY)
    return run_experiment(folder / "trial.yaml", store=folder / "store", workers=1)


def test_run_experiment_returns_two_tidy_tables(finished):
    runs, series = finished.runs, finished.series
    assert simulator.run_experiment is run_experiment
    assert finished.failures == ()
    assert tuple(series.columns) == SERIES_COLUMNS
    assert [c for c in runs.columns if c in RUN_COLUMNS] == list(RUN_COLUMNS)
    assert list(runs["automation.subsidy"]) == [0.0, 0.0, 0.3, 0.3]  # also where it is the default
    drawn = [finished.experiment.columns(place)["automation.step_cost_sew"] for place in range(4)]
    assert list(runs["automation.step_cost_sew"]) == drawn
    assert drawn[0] == drawn[2] != drawn[1] == drawn[3]
    assert (runs["status"] == "done").all()
    assert list(runs["run_id"]) == [r.run_id for r in finished.part]
    assert set(series["indicator"]) == {"employment", "exports"}
    assert set(series["period"]) == {"2012"}
    assert set(series["run_id"]) == set(runs["run_id"])
    whole = execute(finished.part[1]).yearly().select(["employment", "exports"])
    assert list(series[series["run_id"] == runs["run_id"][1]]["value"]) == list(whole.values.ravel())


def test_tables_are_read_by_pandas_polars_and_duckdb(finished, tmp_path):
    finished.save(tmp_path)
    series = tmp_path / "series.parquet"
    assert pq.read_metadata(series).row_group(0).column(8).compression == "ZSTD"
    total = finished.series["value"].sum()
    assert polars.read_parquet(series)["value"].sum() == pytest.approx(total)
    query = f"""select sum(value) from '{series}' join '{tmp_path / "runs.parquet"}' using (run_id, scenario)"""
    assert duckdb.sql(query).fetchone()[0] == pytest.approx(total)
    assert pd.read_parquet(series).equals(finished.series)


def test_csv_and_excel_hold_the_same(finished, tmp_path):
    for format in ("csv", "xlsx"):
        finished.save(tmp_path, format)
    assert (tmp_path / "series.csv").read_bytes()[:3] == b"\xef\xbb\xbf"
    with (tmp_path / "series.csv").open(encoding="utf-8-sig", newline="") as file:
        text = list(csv.DictReader(file))
    sheet = pd.read_excel(tmp_path / "series.xlsx")
    assert tuple(text[0]) == tuple(sheet.columns) == SERIES_COLUMNS
    assert [float(row["value"]) for row in text] == list(finished.series["value"])
    assert list(sheet["value"]) == pytest.approx(list(finished.series["value"]), rel=1e-15)  # Excel has 15 digits
    assert list(pd.read_excel(tmp_path / "runs.xlsx")["run_id"]) == list(finished.runs["run_id"])
    with (tmp_path / "runs.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["run_id"] for row in csv.DictReader(file)] == list(finished.runs["run_id"])


def test_a_sheet_that_is_full_is_one_line_and_leaves_no_file(finished, tmp_path, monkeypatch):
    monkeypatch.setattr("simulator.excel.MOST_ROWS", 3)
    with pytest.raises(InputError, match="choose fewer indicators"):
        finished.save(tmp_path, "xlsx")
    assert not list(tmp_path.iterdir())


def test_the_dry_run_tells_what_is_missing_and_where_its_time_comes_from(call, finished, tmp_path):
    file = finished.store.folder.parent / "trial.yaml"
    code, out, _ = call("experiment", file, "--store", "empty", "--dry-run", "--workers", 1)
    assert code == 0
    assert out.startswith("4 runs (1 scenario × 2 settings × 2 draws × 1 seed)\n0 in empty already, 4 to do\n")
    assert "from the start of one run, measured now" in out
    assert not (tmp_path / "empty").exists()
    longer = file.with_name("longer.yaml")
    longer.write_text(BODY.replace("draws: 2", "draws: 4"))
    code, out, _ = call("experiment", longer, "--store", finished.store.folder, "--dry-run")
    assert "4 in " in out and "4 to do" in out
    assert "from 4 stored runs of this experiment" in out


def test_the_command_only_adds_tables_where_all_is_done(call, finished, tmp_path):
    file = finished.store.folder.parent / "trial.yaml"
    for name in ("a", "b"):
        code, out, err = call("experiment", file, "--store", finished.store.folder, "--out", name)
        assert (code, out) == (0, "")
        assert err.splitlines()[-1] == f"wrote runs and series (parquet) to {name}"
    for table in ("runs.parquet", "series.parquet"):
        assert (tmp_path / "a" / table).read_bytes() == (tmp_path / "b" / table).read_bytes()
    assert pd.read_parquet(tmp_path / "a/runs.parquet").equals(finished.runs)


def test_what_is_stored_can_be_exported_without_the_file(call, finished, tmp_path):
    code, _, _ = call("store", "export", "--store", finished.store.folder, "--out", "all", "--format", "csv")
    assert code == 0
    runs = pd.read_csv(tmp_path / "all/runs.csv")
    assert sorted(runs["run_id"]) == sorted(finished.runs["run_id"])
    assert set(pd.read_csv(tmp_path / "all/series.csv")["run_id"]) == set(runs["run_id"])


def test_shards_merge_into_the_whole(call, finished, tmp_path):
    experiment = finished.experiment
    shards = [take(experiment, (i, 3)) for i in (1, 2, 3)]
    assert sorted(r.key for part in shards for r in part) == sorted(r.key for r in experiment)
    for name, part in zip("abc", shards):
        store = Store(tmp_path / name)
        store.note(experiment.name, experiment.described())
        for request in part:
            store.put(request, finished.store.get(request))
    code, out, err = call("merge", "a", "b", "c", "--out", "all")
    assert (code, out, err) == (0, "4 runs in all\n", "")
    file = finished.store.folder.parent / "trial.yaml"
    assert call("experiment", file, "--store", "all", "--out", "t")[0] == 0
    finished.save(tmp_path / "whole")
    for table in ("runs.parquet", "series.parquet"):
        assert (tmp_path / "t" / table).read_bytes() == (tmp_path / "whole" / table).read_bytes()


def test_versions_are_not_mixed_in_silence(call, finished, tmp_path):
    request = finished.part[0]
    result = finished.store.get(request)
    Store(tmp_path / "a").put(request, result)
    old = replace(result, metadata={**result.metadata, "code": "0" * 12})
    Store(tmp_path / "b").put(finished.part[1], old)
    code, out, err = call("merge", "a", "b", "--out", "all")
    assert (code, out) == (3, "")
    assert f'code differs: "{result.metadata["code"]}" in a, "{"0" * 12}" in b' in err
    assert not (tmp_path / "all").exists()
    assert call("merge", "a", "b", "--out", "all", "--mixed")[:2] == (0, "2 runs in all\n")
    about = finished.experiment.described()
    Store(tmp_path / "c").note("trial", about)
    Store(tmp_path / "d").note("trial", about | {"until": 2013})
    with pytest.raises(InputError, match=r"until of experiment trial differs: 2012 in .*c, 2013 in .*d"):
        merge([tmp_path / "c", tmp_path / "d"], tmp_path / "e")


def test_one_run_with_two_results_is_refused_and_damage_is_named(call, finished, tmp_path):
    request = finished.part[0]
    result = finished.store.get(request)
    Store(tmp_path / "a").put(request, result)
    Store(tmp_path / "b").put(request, replace(result, values=result.values + 1))
    code, _, err = call("merge", "a", "b", "--out", "all", "--mixed")
    assert code == 3
    assert "one run with different numbers" in err
    Store(tmp_path / "b").path(request.key).write_bytes(b"PAR1")
    code, out, err = call("merge", "a", "b", "--out", "more")
    assert (code, out) == (5, "1 runs in more\n")
    assert "is damaged" in err


def test_runs_with_equal_numbers_are_one_run_and_stand_twice(tmp_path, write):
    write("schema_version: 1\ntitle: Twin\nbased_on: baseline\n", "twin.yaml")
    path = write(HEAD.replace("[baseline]", "[baseline, twin.yaml]") + "people_per_agent: 1000\nuntil: 2012\n")
    request = load_experiment(path)[0]
    Store(tmp_path / "store").put(request, execute(request))
    done = run_experiment(path, store=tmp_path / "store")
    assert len(list(done.store)) == 1
    assert list(done.runs["scenario"]) == ["baseline", "twin"]
    assert list(done.series["scenario"].unique()) == ["baseline", "twin"]


def tiny(number, columns=2):
    """Runs of a few numbers each."""

    def rows():
        for seed in range(number):
            metadata = Request(BASE, seed).metadata("done") | {"run_id": f"{seed:012x}"}

            def load(metadata=metadata, seed=seed):
                return Result(metadata, np.full((2, columns), float(seed)), ("2012", "2013"), COLUMNS[:columns])

            yield Row(metadata, lambda metadata=metadata: metadata, load)

    return rows


BASE = load_scenario("baseline")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_SERIES_ROWS", 5000)
    monkeypatch.setattr(export, "_RUNS_ROWS", 20)
    peaks = []
    for number in (9, 50, 400):  # the first loads what is loaded once
        tracemalloc.start()
        write_tables(tmp_path, tiny(number, len(COLUMNS)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    numbers = 8 * 400 * 2 * len(COLUMNS)
    assert len(pd.read_parquet(tmp_path / "series.parquet")) == 400 * 2 * len(COLUMNS)
    assert peaks[2] < 1.3 * peaks[1] < numbers / 2


def test_tables_in_many_parts_are_the_tables_in_one(tmp_path, monkeypatch):
    for format in ("parquet", "csv"):
        write_tables(tmp_path / "one", tiny(9), format)
    monkeypatch.setattr(export, "_SERIES_ROWS", 8)
    monkeypatch.setattr(export, "_RUNS_ROWS", 2)
    for format in ("parquet", "csv"):
        write_tables(tmp_path / "many", tiny(9), format)
    for table in ("runs", "series"):
        one, many = (pd.read_parquet(tmp_path / name / f"{table}.parquet") for name in ("one", "many"))
        assert one.equals(many)
        assert (tmp_path / "one" / f"{table}.csv").read_bytes() == (tmp_path / "many" / f"{table}.csv").read_bytes()
    assert pq.ParquetFile(tmp_path / "many/series.parquet").num_row_groups == 5


def test_a_run_that_is_not_there_says_why(tmp_path):
    experiment = made(seeds=2)
    filled = Filled({experiment[0].key: "RuntimeError: full"}, "the disk is full")
    write_tables(tmp_path, lambda: take(experiment).rows(Store(tmp_path / "none"), filled))
    runs = pd.read_parquet(tmp_path / "runs.parquet")
    assert list(runs["status"]) == ["failed", "missing"]
    assert list(runs["error"]) == ["RuntimeError: full", "the disk is full"]
    assert len(pd.read_parquet(tmp_path / "series.parquet")) == 0


def test_damaged_files_are_left_out_of_an_export(tmp_path, capfd):
    store = Store(tmp_path / "s")
    request = made()[0]
    path = store.put(request, execute(request))
    content = bytearray(path.read_bytes())
    content[2000] ^= 255
    path.write_bytes(bytes(content))
    write_tables(tmp_path / "t", lambda: stored(store))
    assert "is damaged" in capfd.readouterr().err
    assert len(pd.read_parquet(tmp_path / "t/series.parquet")) == 0
