"""Does every plausible set of numbers reach every run, under what a scenario sets itself, and is damage told?"""

import importlib.util
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up import FITTED, posterior_files

from simulator import cli
from simulator.batch import Failure, run_many
from simulator.compare import DRAWS, GRID_DRAWS, Comparison, compare, comparison_requests, named_requests
from simulator.parameters import PARAMETERS
from simulator.paths import posterior_folder
from simulator.posterior import BEST, KINDS, find_draw, is_shipped, load_posterior, stale, under_draw
from simulator.results import InputError
from simulator.run import Request, run
from simulator.scenario import load_scenario
from simulator.store import Store

ROOT = Path(__file__).resolve().parents[1]
NAME = "sourcing.elasticity"
QUICK = {"people_per_agent": 1000, "until": 2012}


def edit(folder, kind="refit", **changes):
    """Change the description of a posterior."""
    path = folder / f"{kind}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes), encoding="utf-8")


def rewrite(folder, change, kind="refit"):
    """Change the table of a posterior."""
    path = folder / f"{kind}.parquet"
    change(pd.read_parquet(path)).to_parquet(path)


# The files


def test_a_posterior_holds_its_draws_and_its_best_set(posterior):
    found = load_posterior()
    assert (found.kind, len(found), set(found.values)) == ("refit", 6, set(FITTED))
    table = pd.read_parquet(posterior / "refit.parquet").set_index("draw")
    assert found.draw(4) == {name: table.loc[4, name] for name in FITTED}
    assert found.best == json.loads((posterior / "refit.json").read_text())["best"]
    assert len(found.digest) == 12 and found.digest != load_posterior("judged").digest


def test_draws_are_found_by_their_number_whatever_the_order_of_rows(posterior):
    before = load_posterior().draw(2)
    rewrite(posterior, lambda table: table.iloc[::-1])
    assert load_posterior().draw(2) == before


def test_new_files_are_read_without_a_restart(posterior):
    before = load_posterior().digest
    edit(posterior, seed=99)
    assert load_posterior().digest != before


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (6, r"draw 6: the refit posterior has 6 draws, 0 to 5; or use best"),
        (-2, "draw is -2; it must be best or a whole number from 0"),
        (1.5, "draw is 1.5"),
        (True, "draw is True"),
        ("worst", "draw is 'worst'"),
        (None, "draw is None"),
    ],
)
def test_a_wrong_draw_is_answered_with_what_there_is(posterior, draw, words):
    with pytest.raises(InputError, match=words) as told:
        find_draw(draw)
    assert "\n" not in str(told.value)


def test_a_draw_is_best_or_a_number(posterior):
    assert [find_draw(draw) for draw in ("best", -1, "-1", 0, "5", np.int64(3))] == [BEST, BEST, BEST, 0, 5, 3]


def test_without_a_posterior_only_the_best_set_is_there():
    assert not is_shipped()
    assert under_draw(load_scenario("baseline")) == (load_scenario("baseline"), "")
    for kind, draw in (("refit", 0), ("judged", "best"), ("judged", 2)):
        with pytest.raises(InputError, match="no posterior is shipped"):
            under_draw(load_scenario("baseline"), draw, kind)
    with pytest.raises(InputError, match="bogus is not a known posterior; nearest"):
        under_draw(load_scenario("baseline"), "best", "bogus")


def add_lever(table):
    return table.assign(**{"automation.subsidy": 0.1})


def swap(name, value):
    def change(table):
        table.loc[0, name] = value
        return table

    return change


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda f: (f / "refit.parquet").write_bytes(b"PAR1 half a file"), ""),
        (lambda f: (f / "refit.json").write_text("{"), ""),
        (lambda f: (f / "refit.json").write_text("[]"), ""),
        (lambda f: shutil.copy(f / "judged.json", f / "refit.json"), "describes 'judged'"),
        (lambda f: edit(f, best={}), "different parameters"),
        (lambda f: edit(f, free=[NAME]), "different parameters"),
        (lambda f: edit(f, best=None), ""),
        (lambda f: rewrite(f, lambda t: t.drop(columns="draw")), "'draw' is missing"),
        (lambda f: rewrite(f, lambda t: t.assign(draw=0)), "not numbered"),
        (lambda f: rewrite(f, lambda t: t.iloc[:0]), "not numbered"),
        (lambda f: rewrite(f, lambda t: t.rename(columns={NAME: "sourcing.elastic"})), "different parameters"),
        (lambda f: rewrite(f, swap(NAME, 1e9)), "sourcing.elasticity leaves its range"),
        (lambda f: rewrite(f, swap(NAME, float("nan"))), "sourcing.elasticity leaves its range"),
    ],
)  # fmt: skip
def test_a_damaged_posterior_is_refused_in_one_line(posterior, damage, words):
    damage(posterior)
    with pytest.raises(InputError, match=f"the refit posterior in .* is damaged .*{words}.*calibrate") as told:
        load_posterior()
    assert "\n" not in str(told.value)
    assert len(load_posterior("judged")) == 6


def test_a_posterior_may_set_neither_levers_nor_what_is_unknown(posterior):
    for name, words in (("automation.subsidy", "no number that calibration may set"), ("a.b", "a.b is not a known")):
        rewrite(posterior, lambda table, name=name: table.assign(**{name: 0.1}))
        about = json.loads((posterior / "refit.json").read_text())
        edit(posterior, free=[*FITTED, name], best=about["best"] | {name: 0.1})
        with pytest.raises(InputError, match=words):
            load_posterior()
        posterior_files(posterior)


def test_what_was_fitted_with_other_code_or_data_is_stale(posterior):
    assert not stale(load_posterior())
    edit(posterior, code="0" * 12)
    assert stale(load_posterior())


# Runs


def test_a_draw_takes_the_place_of_calibration_and_of_nothing_a_scenario_chose(posterior):
    numbers = load_posterior().draw(1)
    scenario = load_scenario("transition").with_values({NAME: 2.5})
    for chosen, expected in ((load_scenario("transition"), numbers[NAME]), (scenario, 2.5)):
        request = Request.of(chosen, draw=1)
        assert request.numbers.value(NAME, "2012Q1") == expected
        assert request.numbers.value("production.trend", "2030Q1") == numbers["production.trend"]
        for name, steps in chosen.settings.items():
            if name not in FITTED:
                assert request.numbers.settings[name] == steps
        assert request.scenario is chosen


def test_a_number_chosen_at_its_calibrated_value_is_chosen_all_the_same(posterior):
    base = load_scenario("baseline")
    same = base.with_values({NAME: base.value(NAME, "2012Q1")})
    assert same == base
    assert Request.of(same, draw=1).numbers.value(NAME, "2012Q1") == base.value(NAME, "2012Q1")


def test_posterior_and_draw_are_part_of_the_key(posterior):
    keys = {Request.of("baseline", draw=draw, posterior=kind).key for kind in KINDS for draw in (0, 1, "best")}
    assert len(keys) == 6
    before = Request.of("baseline", draw=0).key
    edit(posterior, seed=99)
    assert Request.of("baseline", draw=0).key != before
    assert Request.of("baseline").key == Request.of("baseline", draw=BEST).key


def test_the_row_of_a_run_says_which_draw_and_every_number_that_differs(posterior):
    row = Request.of("baseline", draw=2, posterior="judged").metadata()
    judged = load_posterior("judged")
    assert (row["draw"], row["posterior"]) == (2, f"judged {judged.digest}")
    assert all(row.get(name, PARAMETERS[name].default) == value for name, value in judged.draw(2).items())
    assert f"{NAME}: {judged.draw(2)[NAME]}" in row["scenario_text"]
    assert Request.of("baseline").metadata()["posterior"] == ""


def test_the_same_numbers_in_a_scenario_of_ones_own_give_the_same_values(posterior, tmp_path):
    drawn = run("transition", draw=3, track=False, **QUICK)
    path = tmp_path / "own.yaml"
    path.write_text(drawn.metadata["scenario_text"], encoding="utf-8")
    np.testing.assert_array_equal(drawn.values, run(path, track=False, **QUICK).values)
    other = run("transition", draw=3, posterior="judged", track=False, **QUICK)
    assert not np.array_equal(drawn.values, other.values, equal_nan=True)


# Comparisons


def test_every_scenario_meets_the_baseline_with_the_same_draws_and_seeds(posterior):
    requests = comparison_requests(["transition"], draws=3, seeds=2, grid=False)
    pairs = [(draw, seed) for draw in range(3) for seed in range(2)]
    for name in ("baseline", "transition"):
        mine = [r for r in requests if r.scenario.id == name]
        assert [(r.draw, r.seed) for r in mine] == pairs
        assert [r.numbers.value(NAME, "2012Q1") for r in mine[::2]] == [
            load_posterior().draw(k)[NAME] for k in range(3)
        ]


def test_without_being_asked_the_first_draws_are_compared_where_a_posterior_is_shipped(posterior):
    assert {r.draw for r in comparison_requests()} == set(range(6))
    with pytest.raises(InputError, match="draw 6: the refit posterior has 6 draws"):
        comparison_requests(draws=7)
    posterior_files(posterior, draws=25)
    requests = comparison_requests()
    ids = {r.scenario.id for r in requests}
    grid = {name for name in ids if "@" in name}
    assert len(ids - grid) == 5 and len(requests) == 5 * DRAWS + len(grid) * GRID_DRAWS
    assert {r.seed for r in requests} == {0}
    best = comparison_requests(draws=0)
    assert len(best) == 3 * len(ids) and {r.draw for r in best} == {BEST}
    assert len(comparison_requests("transition", seeds=2, grid=False)) == 2 * DRAWS * 2


def test_the_runs_of_the_pages_are_those_of_the_comparison_and_follow_the_posterior(posterior):
    def keys(requests):
        return [request.key for request in requests]

    first = named_requests()
    assert keys(first) == keys(comparison_requests()) and named_requests()[0] is first[0]
    posterior_files(posterior, draws=25)
    assert keys(named_requests()) == keys(comparison_requests()) != keys(first)
    (posterior / "refit.parquet").write_bytes(b"no table")
    with pytest.raises(InputError, match="damaged"):
        named_requests()


def test_without_a_posterior_seeds_of_the_best_set_are_compared():
    assert {(r.draw, r.seed) for r in comparison_requests()} == {(BEST, 0), (BEST, 1), (BEST, 2)}
    with pytest.raises(InputError, match="draw 19: no posterior is shipped"):
        comparison_requests(draws=20)


def test_differences_are_taken_within_a_draw(posterior):
    from test_compare import TINY, made, row

    requests = comparison_requests(["transition"], draws=3, seeds=2, until=2026, grid=False)
    jobs = {
        ("baseline", 0, 0): 100, ("baseline", 0, 1): 110, ("baseline", 1, 0): 500, ("baseline", 1, 1): 520,
        ("baseline", 2, 0): 900, ("baseline", 2, 1): 910,
        ("transition", 0, 0): 103, ("transition", 0, 1): 112, ("transition", 1, 0): 501, ("transition", 1, 1): 518,
        ("transition", 2, 0): 905, ("transition", 2, 1): 914,
    }  # fmt: skip
    results = [made(r, jobs[r.scenario.id, r.draw, r.seed], columns=TINY) for r in requests]
    found = row(Comparison.from_results(requests, results))
    # differences 3, 2, 1, −2, 5, 4: median 2.5, five of six with its sign
    assert (found["n"], found["difference"]) == (6, 2.5)
    assert found["sign_share"] == pytest.approx(5 / 6)
    assert found["median"] == (501 + 518) / 2
    failure = Failure(requests[-1], "RuntimeError: no")
    assert str(failure) == "transition, draw 2, seed 1: RuntimeError: no"
    less = Comparison.from_results(requests, results[:-1], [failure])
    assert row(less)["n"] == 5
    assert less.metadata["draws"] == [0, 1, 2] and less.metadata["posterior"] == load_posterior().name


@pytest.mark.slow
def test_the_same_bytes_on_any_number_of_processes(posterior, tmp_path):
    requests = [Request.of("baseline", seed, 1000, 2012, draw) for draw in range(2) for seed in range(2)]
    outcomes = [run_many(requests, Store(tmp_path / str(workers)), workers) for workers in (1, 2)]
    contents = [[result.series.drop(columns="run_id").to_csv() for result in outcome.results] for outcome in outcomes]
    assert contents[0] == contents[1]
    assert len(set(contents[0])) == 4


def test_python_and_command_line_compare_alike(posterior, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    words = ["--draws", "2", "--seeds", "1", "--people-per-agent", "1000", "--until", "2012", "--workers", "1"]
    assert cli.main(["compare", "transition", *words, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    found = compare("transition", draws=2, seeds=1, **QUICK)
    assert document["metadata"] == json.loads(json.dumps(found.metadata))
    assert {row["n"] for row in document["summary"] if row["indicator"] == "exports"} == {2}


def test_the_command_runs_a_draw_and_says_what_is_stale(posterior, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path))
    words = ["run", "baseline", "--people-per-agent", "1000", "--until", "2012"]
    assert cli.main([*words, "--draw", "2", "--posterior", "judged", "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert json.loads(out)["metadata"]["posterior"] == load_posterior("judged").name
    assert cli.main([*words, "--draw", "6"]) == 3
    assert capsys.readouterr().err == "draw 6: the refit posterior has 6 draws, 0 to 5; or use best\n"
    edit(posterior, data="0" * 12)
    assert cli.main([*words, "--draw", "2"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("baseline, draw 2 of refit ")
    assert err.startswith("the refit posterior was fitted with other code or data") and err.count("\n") == 1
    assert cli.main(words) == 0
    assert capsys.readouterr().err == "", "the best set needs no posterior"


def test_the_folder_of_posteriors_can_be_chosen(posterior, monkeypatch):
    assert posterior_folder() == posterior
    monkeypatch.delenv("GARMENT_SIM_POSTERIOR")
    assert posterior_folder().parts[-2:] == ("calibration", "posterior")
    assert os.environ.get("GARMENT_SIM_POSTERIOR") is None


def test_a_wheel_takes_the_posteriors_along(tmp_path):
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    hook = build.ShippedFiles(str(tmp_path), {}, None, None, str(tmp_path), "wheel")
    taken = {"force_include": {}}
    hook.initialize("standard", taken)
    for name in ("calibration/posterior", "calibration/looks.csv"):
        assert taken["force_include"][name] == f"simulator/shipped/{name}"
    hook.initialize("editable", taken := {"force_include": {}})
    assert taken["force_include"] == {}
