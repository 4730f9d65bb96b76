"""Are the years that were kept out judged fairly: right scores, naive forecasts that saw nothing, every look told?"""

import doctest
import json

import numpy as np
import pandas as pd
import pytest
from made_up import posterior_files, run_by

from simulator import cli, paths
from simulator.analysis import benchmarks as naive
from simulator.analysis import holdout, looks, projection, scores, validate
from simulator.analysis.holdout import SERIES, judge, kept_out, known
from simulator.batch import Failure
from simulator.indicators import COLUMNS
from simulator.results import InputError, Result
from simulator.run import Request
from simulator.scenario import load_scenario
from simulator.store import Store

YEARS = range(2012, 2020)
SCORED = {"exports": range(2020, 2025), "employment": (2022, 2024), "factories": (2022, 2024)}


def figure(indicator, year, value, use, sd=0.05, **more):
    about = {"series": holdout.CONSOLIDATED, "group": "all", "coverage": "all", "source_id": f"s{year}"}
    return about | {
        "indicator": indicator, "period_start": pd.Timestamp(year, 1, 1), "period": "year", "value": value, "use": use,
        "sd": sd, "status": "verified",
    } | more  # fmt: skip


def observed(last=200.0, first=100.0):
    """Figures from 100 to 170 until 2019, then ``last`` for ever, in all series."""
    rows = [figure(s, y, first + 10 * (y - 2012), "fit") for s in SERIES for y in YEARS]
    rows += [figure(s, y, last, "kept_out") for s, years in SCORED.items() for y in years]
    rows += [
        figure("exports", 2020, 230.0, "kept_out", 0.03, series="customs", source_id="a;b"),
        figure("exports", 2021, 1.0, "kept_out", 0.03, series="exporters", coverage="export_only"),
        figure("exports", 2021, 2.0, "kept_out", 0.03, series="shirts", group="goods=garments"),
        figure("employment", 2023, 190.0, "kept_out", 0.05, series="ministry"),
        figure("employment", 2021, 5.0, "kept_out", float("nan"), series="bound"),
        figure("factories", 2020, 3.0, "context", series="other"),
    ]
    return pd.DataFrame(rows)


def model(value=200.0, spread=0.0, draws=5):
    """The model's values: the same in all years, evenly spread over draws."""
    path = value * (1 + spread * np.linspace(-1, 1, draws))
    return {series: np.repeat(path[:, None], 5, axis=1) for series in SERIES}


# Scores


def test_examples_in_the_code_hold():
    for module in (scores, naive):
        assert doctest.testmod(module).failed == 0


def test_the_score_of_a_normal_forecast_is_the_known_one():
    # CRPS of N(0, 1) against 0 is (√2 − 1)/√π = 0.23370; against 1 it is 0.60244
    ensemble = scores.normal_points(2000)
    assert scores.crps(ensemble, 0.0) == pytest.approx(0.23370, abs=2e-3)
    assert scores.crps(ensemble, 1.0) == pytest.approx(0.60244, abs=2e-3)


def test_the_score_is_the_mean_over_all_pairs():
    rng = np.random.default_rng(0)
    x, y = rng.lognormal(size=37), 1.3
    by_pairs = np.abs(x - y).mean() - np.abs(x[:, None] - x).mean() / 2
    assert scores.crps(x, y) == pytest.approx(by_pairs)


def test_a_band_that_misses_pays_by_its_promise():
    # 95 %: a miss of 1 costs 2/0.05 = 40; above or below alike
    assert scores.interval_score(0, 10, 11, 0.95) == pytest.approx(50)
    assert scores.interval_score(0, 10, -1, 0.95) == pytest.approx(50)
    assert scores.interval_score(0, 10, 10, 0.95) == 10


def test_an_error_widens_an_ensemble_about_its_median():
    ensemble = scores.with_error(np.array([50.0, 100.0, 200.0]), 0.1)
    assert np.median(ensemble) == pytest.approx(100)
    low, high = scores.band(scores.with_error(np.array([100.0]), 0.1), 0.8)
    assert (low, high) == pytest.approx((100 * np.exp(-0.128), 100 * np.exp(0.128)), rel=0.02)


# Naive forecasts


def test_naive_forecasts_by_hand():
    path = dict(zip(YEARS, [100.0, 110, 120, 130, 140, 150, 160, 170], strict=True))
    found = naive.benchmarks("exports", path, [2020, 2024])
    assert set(found) == {"random_walk", "linear_trend", "ar1", "constant_share"}
    assert found["random_walk"].median.tolist() == [170, 170]
    assert found["linear_trend"].median == pytest.approx([180, 220])
    assert found["linear_trend"].sd == pytest.approx([0, 0], abs=1e-9)
    demand = naive.demand()
    assert found["constant_share"].median == pytest.approx([170 * demand[y] / demand[2019] for y in (2020, 2024)])
    step = np.sqrt(np.mean(np.diff(np.log(list(path.values()))) ** 2))
    assert found["random_walk"].sd == pytest.approx([step, step * np.sqrt(5)])
    jobs = naive.benchmarks("employment", path, [2022])["constant_output_per_worker"]
    volume = naive.real_demand()
    assert jobs.median == pytest.approx([170 * volume[2022] / volume[2019]])


def test_a_line_that_falls_stays_above_nothing_and_a_still_series_stays_still():
    falling = {2016 + k: value for k, value in enumerate((40.0, 30.0, 20.0, 10.0))}
    assert (naive.linear_trend(falling, [2024]).median > 0).all()
    still = naive.autoregression(dict.fromkeys(range(2016, 2020), 5.0), [2020, 2023])
    assert still.median == pytest.approx([5, 5])
    assert still.sd == pytest.approx([0, 0])


@pytest.mark.parametrize(
    ("path", "ahead"),
    [
        ({2018: 1.0, 2019: 1.0}, [2020]),
        (dict.fromkeys((2013, 2014, 2016, 2019), 1.0), [2020]),
        (dict.fromkeys(YEARS, 1.0), [2019]),
    ],
)
def test_what_cannot_be_forecast_is_refused(path, ahead):
    with pytest.raises(InputError, match="naive forecasts need"):
        naive.benchmarks("exports", path, ahead)


# What was kept out


def test_consolidated_figures_are_scored_and_the_spread_of_sources_is_told():
    first, *_ = kept_out("exports", observed())
    assert (first.year, first.value, first.sd, first.scored) == (2020, 200, 0.05, True)
    assert (first.low, first.high) == (190, 230)  # five per cent below, and the customs' figure
    assert first.sources == ("a", "b", "s2020")
    jobs = {one.year: one for one in kept_out("employment", observed())}
    assert sorted(jobs) == [2022, 2023, 2024]
    assert [one.scored for one in jobs.values()] == [True, False, True]
    assert (jobs[2023].value, jobs[2023].low) == (190, pytest.approx(180.5))
    with pytest.raises(InputError, match="no consolidated figure of exports"):
        kept_out("exports", observed().query("use == 'fit'"))


def test_naive_forecasts_never_see_what_was_kept_out():
    before, _ = judge(model(), observed())
    other = observed(last=99_999.0)
    after, _ = judge(model(), other)
    assert [row["benchmarks"] for row in before] == [row["benchmarks"] for row in after]
    hidden = observed()
    hidden.loc[hidden["use"] == "kept_out", "value"] = float("nan")
    assert known("exports", hidden) == known("exports", observed()) == {y: 100.0 + 10 * (y - 2012) for y in YEARS}
    moved = observed()
    moved.loc[moved["use"] == "kept_out", "use"] = "fit"  # even where a later year is let into the fit
    assert max(known("exports", moved)) == 2019


def test_a_good_model_wins_and_a_bad_one_is_said_to_lose():
    _, good = judge(model(200.0, 0.01), observed())
    assert all(row["model_wins"] == {"mape": True, "crps": True} for row in good)
    assert all(row["text"]["en"].endswith("The model is better.") for row in good)
    assert [row["n"] for row in good] == [5, 2, 2]
    assert good[0]["model"]["coverage_95"] == 1.0 and good[0]["model"]["mape"] == pytest.approx(0, abs=1e-9)
    _, bad = judge(model(400.0, 0.01), observed())
    assert all(row["model_wins"] == {"mape": False, "crps": False} for row in bad)
    assert all("The model loses." in row["text"]["en"] for row in bad)
    assert all(row["text"]["km"] and row["text"]["km"] != row["text"]["en"] for row in bad)
    assert bad[0]["model"] == pytest.approx(
        bad[0]["model"] | {"mape": 1.0, "bias": 1.0, "coverage_50": 0, "coverage_80": 0, "coverage_95": 0}
    )


def test_where_middle_and_whole_forecast_disagree_both_are_told():
    ours, theirs = {"mape": 0.1}, {"ar1": {"mape": 0.05}, "random_walk": {"mape": 0.2}}
    best = {"mape": "ar1", "crps": "random_walk"}
    told = holdout.verdict("exports", 5, ours, theirs, best, {"mape": False, "crps": True}, "en")
    first, second = told.split(" The model loses. ")
    assert first == (
        "Exports: over 5 kept-out figures the model is off by 10% on average, "
        "the best naive forecast (an autoregression of 2012–2019) by 5%."
    )
    assert second.endswith("it is better than the best naive one (no change since 2019).")


def test_rows_have_their_shape_and_bands_lie_inside_each_other():
    rows, _ = judge(model(spread=0.3, draws=50), observed())
    names = {"series", "period", "observed", "observed_low", "observed_high", "median", "p10", "p90", "p2_5", "p97_5"}
    for row in rows:
        assert names | {"benchmarks"} <= set(row)
        ends = [row[n] for n in ("p2_5", "p10", "p25", "median", "p75", "p90", "p97_5")]
        assert ends == sorted(ends)
        assert row["inside_50"] <= row["inside_80"] <= row["inside_95"]
    assert [(row["series"], row["period"]) for row in rows if row["scored"]] == [
        (series, str(year)) for series, years in SCORED.items() for year in years
    ]
    json.dumps(rows, allow_nan=False)


# The log of looks


def test_the_log_is_read_and_the_last_look_named(monkeypatch, tmp_path):
    path = tmp_path / "looks.csv"
    path.write_text("date,who,what,reason\n2026-02-01,B,all,new data\n2026-01-01,A,all,first\n", encoding="utf-8")
    monkeypatch.setitem(paths._PLACES, "looks", str(path))
    assert looks.reminder().startswith(
        "this looks at outcomes that were kept out; looks in the log: 2, the last on 2026-02-01 by B (new data); add"
    )
    path.write_text("date,who,what,reason\n", encoding="utf-8")
    assert "in the log: none;" in looks.reminder()


@pytest.mark.parametrize(
    "content",
    ["", "when,who\n", "date,who,what,reason\nyesterday,A,b,c\n", "date,who,what,reason\n2026-01-01,A,b\n",
     "date,who,what,reason\n2026-01-01,,b,c\n", None],
)  # fmt: skip
def test_a_damaged_log_is_told_in_one_line(monkeypatch, tmp_path, content):
    path = tmp_path / "looks.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    monkeypatch.setitem(paths._PLACES, "looks", str(path))
    with pytest.raises(InputError, match=r"calibration/looks\.csv, the log of looks") as told:
        looks.looks()
    assert "\n" not in str(told.value)


def test_the_shipped_log_is_whole():
    assert looks.looks()


# Everything together


@pytest.fixture
def quick(monkeypatch, posterior, tmp_path):
    """Made-up runs and figures: no kept-out outcome is looked at by a test."""
    calls = []

    def execute(request):
        calls.append(request)
        rng = np.random.default_rng([request.seed, request.draw + 1])
        periods = tuple(f"{y}Q{q}" for y in range(2012, request.until + 1) for q in range(1, 5))
        values = np.full((len(periods), len(COLUMNS)), 0.5) * rng.uniform(0.9, 1.1)
        return Result(request.metadata(), values, periods)

    run_by(monkeypatch, execute)
    monkeypatch.setattr("simulator.batch.os.cpu_count", lambda: 1)  # a process of its own would run the model
    monkeypatch.setattr(validate.history, "follow_factories", lambda *_: {"linked": 0.5, "other": 0.4, "first": 0.9})
    monkeypatch.setattr(holdout, "observations", observed)
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path / "home"))
    return calls


def test_every_part_rests_on_its_posterior_and_the_same_luck_in_all_scenarios(quick):
    found = validate.validate(draws=3, workers=1)
    assert set(found.metadata["draws"]) == set(validate.PARTS)
    for part, told in found.metadata["draws"].items():
        assert told.startswith("3 runs of draws of " + validate.KINDS[part])
    pairs = {(r.scenario.id, r.posterior[:6]): set() for r in quick}
    for request in quick:
        pairs[request.scenario.id, request.posterior[:6]].add((request.draw, request.seed))
    assert set(map(tuple, map(sorted, pairs.values()))) == {((0, 0), (1, 1), (2, 2))}
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert {"statements", "patterns", "holdout", "projection", "events"} <= set(document)
    assert all(document[part] for part in validate.PARTS)
    names = {"id", "text", "verdict", "value", "threshold", "share_of_draws"}
    assert all(names <= set(row) for part in ("statements", "patterns") for row in document[part])
    assert [row["id"] for row in document["events"]] == ["P7", "P8"]
    assert {(row["series"], row["period"]) for row in document["projection"]} == {
        (series, year) for series in projection.columns() for year in ("2025", "2026")
    }
    assert all({"median", "p10", "p90"} <= set(row) for row in document["projection"])
    assert {row["name"] for row in document["drivers"]} >= {"minimum_wage", "unit_value", "duty[market=EU]"}


def test_a_run_that_fails_after_the_kept_out_years_costs_the_test_nothing(quick, monkeypatch):
    from simulator import batch

    good = batch.execute

    def execute(request):
        if request.until > 2024 and request.draw == 0:
            raise RuntimeError("no more rows")
        return good(request)

    run_by(monkeypatch, execute)
    found = validate.validate(["holdout", "patterns"], draws=2, workers=1)
    assert {(r.until, r.draw) for r in quick if r.scenario.id == "baseline"} == {(2024, 0), (2024, 1), (2040, 1)}
    assert found.metadata["draws"]["holdout"].startswith("2 runs")
    assert found.metadata["draws"]["patterns"].startswith("1 runs")


def test_only_named_parts_are_run(quick):
    found = validate.validate(["projection"], draws=2, project=2030, workers=1)
    assert {(r.scenario.id, r.until, r.posterior[:5]) for r in quick} == {("baseline", 2031, "refit")}
    assert found.statements.empty and not found.holdout and len(found.projection) == 12
    assert {row["period"] for row in found.projection} == {"2030", "2031"}


def test_more_seeds_share_no_luck_between_draws(quick):
    validate.validate(["holdout"], draws=2, seeds=3, workers=1)
    assert [(r.draw, r.seed) for r in quick] == [(0, 0), (0, 1), (0, 2), (1, 3), (1, 4), (1, 5)]


def test_a_draw_with_a_failed_run_is_left_out_of_its_part_alone(quick, monkeypatch):
    from simulator import batch

    good = batch.execute

    def execute(request):
        if request.draw == 1 and request.scenario.id == "baseline+P7":
            raise RuntimeError("no more rows")
        return good(request)

    run_by(monkeypatch, execute)
    found = validate.validate(["holdout", "events"], draws=3, workers=1)
    assert found.metadata["draws"]["events"].startswith("2 runs")
    assert found.metadata["draws"]["holdout"].startswith("3 runs")
    assert isinstance(found.failures[0], Failure) and "baseline+P7, draw 1, seed 1" in str(found.failures[0])
    assert found.events[0]["n"] == 2


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        ({"draws": 0}, "draws is 0"),
        ({"draws": 7}, "draw 6: the judged posterior has 6 draws"),
        ({"seeds": 0}, "seeds is 0"),
        ({"seeds": True}, "seeds is True"),
        ({"parts": ["holdup"]}, "'holdup' is not one of"),
        ({"project": 2024}, "project is 2024; it must be a year from 2025 to 2039"),
    ],
)
def test_what_cannot_be_judged_is_refused_in_one_line(quick, ask, words):
    with pytest.raises(InputError, match=words):
        validate.validate(**({"parts": ["holdout"]} | ask))
    assert not quick


def test_by_default_as_many_draws_are_taken_as_there_are(quick):
    validate.validate(["holdout"], workers=1)
    assert len(quick) == 6
    assert max(validate.DRAWS.values()) == 100


def test_without_a_posterior_the_rest_is_left_out_or_refused(monkeypatch, tmp_path, quick, capsys):
    monkeypatch.setenv("GARMENT_SIM_POSTERIOR", str(tmp_path / "none"))
    with pytest.raises(InputError, match="holdout: no posterior is shipped"):
        validate.validate(["holdout"])
    assert cli.main(["validate", "--seeds", "1", "--json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["holdout"] == document["events"] == document["projection"] == []
    assert all(told == f"1 runs; {validate.BEST_ALONE}" for told in document["metadata"]["draws"].values())
    assert "left out: holdout, events, projection\n" in err
    assert cli.main(["validate", "--events"]) == 3
    assert (
        capsys.readouterr().err
        == "events: no posterior is shipped with this version; statements and patterns need none\n"
    )


def test_the_command_says_that_it_looks_and_prints_who_wins(quick, capsys, tmp_path):
    words = ["validate", "--holdout", "--events", "--project", "2026", "--draws", "2"]
    assert cli.main(words) == 0
    out, err = capsys.readouterr()
    assert "this looks at outcomes that were kept out" in err and "the last on " in err
    assert out.count("The model loses.") == 3 and "Inside the bands, of 5: 0 % in 50 %" in out
    assert "P7" in out and "Projection under the drivers below" in out and "minimum_wage" in out
    path = tmp_path / "made/validation.json"
    assert cli.main([*words, "--out", str(path)]) == 0
    out, err = capsys.readouterr()
    assert out == "" and err.endswith(f"wrote {path}\n")
    before = path.read_bytes()
    assert cli.main([*words, "--out", str(path), "--json"]) == 0
    assert capsys.readouterr().out.encode() == path.read_bytes() == before
    assert cli.main(["validate", "--project", "2026", "--draws", "1"]) == 0
    assert "kept out" not in capsys.readouterr().err, "a projection looks at nothing that was kept out"


def test_the_drivers_of_a_projection_are_those_of_the_world():
    rows = {(row["name"], row["period"]): row["value"] for row in projection.drivers(load_scenario("baseline"), 2025)}
    assert rows["minimum_wage", "2025"] == 208 and rows["minimum_wage", "2026"] == 210
    assert 0 < rows["duty[market=EU]", "2025"] < 0.12
    assert rows["world_demand[goods=garments]", "2026"] > 100_000


def test_a_projection_holds_the_error_of_published_figures_and_the_models_own(monkeypatch):
    from simulator.analysis.runs import Runs

    request = Request.of("baseline", until=2026)
    periods = tuple(f"{y}Q{q}" for y in range(2012, 2027) for q in range(1, 5))
    run = Result(request.metadata(), np.full((len(periods), len(COLUMNS)), 25.0), periods)
    rows = projection.project("baseline", Runs({"baseline": [run]}), 2025)
    exports = next(row for row in rows if row["series"] == "exports")
    sd = projection.error_of("exports")
    assert 0.03 <= sd <= 0.07
    assert exports["median"] == pytest.approx(100)
    assert exports["p90"] == pytest.approx(100 * np.exp(1.28 * np.hypot(sd, 0.05)), rel=0.01)
    jobs = next(row for row in rows if row["series"] == "employment")
    assert jobs["median"] == pytest.approx(25)


@pytest.mark.slow
def test_the_model_itself_is_judged_with_any_number_of_processes_alike(posterior, monkeypatch, tmp_path):
    monkeypatch.setattr(holdout, "observations", observed)
    posterior_files(posterior, draws=3)
    documents = [
        validate.validate(
            ["holdout", "projection"], draws=2, people_per_agent=1000, store=Store(tmp_path / str(n)), workers=n
        ).to_json()
        for n in (1, 2)
    ]
    assert json.dumps(documents[0]) == json.dumps(documents[1])
