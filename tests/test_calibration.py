"""Does calibration find what is there, from the record it may see, and end with the same bytes however it is run?"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from calibration import calibrate as command
from calibration import runs, search
from calibration import targets as targets_module
from calibration.calibrate import calibrate, places
from calibration.emulator import Emulator, fit
from calibration.free import ADOPTION, Box, fitted
from calibration.identify import at_bounds, contraction, correlations, differences, ridge
from calibration.runs import Done, Folder, Run, Task, run_all
from calibration.sampling import different, effective_size, inside, shares, systematic, tempered
from calibration.search import Calibration, Plan
from calibration.targets import FACTS, FIRST, JUDGED, Target, Targets, load_targets
from calibration.verify import failures, ranks, recovery, uniform, whole_box
from simulator import cli, data
from simulator.indicators import COLUMNS
from simulator.parameters import PARAMETERS
from simulator.results import InputError
from simulator.scenario import load_scenario
from simulator.units import Refused

FEW = ("sourcing.elasticity", "production.operators", "factories.exit_rate")
SMALL = {"budget": 90, "people_per_agent": 1000, "free": FEW}


# Targets


@pytest.mark.parametrize("kind", ["judged", "refit"])
def test_targets_are_read_from_the_data_with_their_errors(kind):
    targets = load_targets(kind)
    assert len({t.name for t in targets.rows}) == len(targets)
    assert {t.fact for t in targets.rows} == set(FACTS)
    for target in targets.rows:
        assert target.observed > 0 and target.sd > 0 and target.discrepancy > 0 and target.compared
        assert target.sources and set(target.sources) <= set(data.sources())
    assert set(targets.columns) <= set(COLUMNS)
    assert np.linalg.eigvalsh(targets.covariance).min() > 0
    np.testing.assert_allclose(targets.sd**2, [t.sd**2 + t.discrepancy**2 for t in targets.rows])


def test_what_was_kept_out_is_no_target_of_the_judged_posterior():
    judged, refit = load_targets("judged"), load_targets("refit")
    assert not any(t.kept_out for t in judged.rows)
    assert all(year <= JUDGED for t in judged.rows for year in t.years) and judged.last == JUDGED
    added = {t.name for t in refit.rows} - {t.name for t in judged.rows}
    assert {t.fact for t in refit.rows if t.name in added} == {"exports", "employment", "factories"}
    assert {t.name for t in judged.rows} < {t.name for t in refit.rows} and refit.last == 2024
    assert judged.digest != refit.digest


def test_a_later_year_is_one_row(monkeypatch):
    frame = data.observations()
    row = frame[(frame["series"] == "model_design_target") & (frame["indicator"] == "exports")].iloc[[-1]].copy()
    row["period_start"] = row["period_start"] + np.timedelta64(366, "D")
    longer = pd.concat([frame, row])
    monkeypatch.setattr(targets_module, "observations", lambda: longer)
    assert load_targets("refit").last == 2025
    assert load_targets("judged").digest == load_targets("judged").digest and load_targets("judged").last == JUDGED


def test_disagreement_of_sources_is_error():
    """Published 0.91, 0.80, 0.86 and 0.80: mean 0.8425, half of the spread 0.055."""
    (women,) = (t for t in load_targets("judged").rows if t.fact == "women_share")
    assert women.observed == pytest.approx(0.8425) and women.sd == pytest.approx(0.055 / 0.8425, rel=0.01)
    assert women.years == (2012, 2013, 2015, 2016)


def test_cumulated_months_are_brought_to_a_year():
    opened = {t.period: t.observed for t in load_targets("judged").rows if t.fact == "factories_opened"}
    assert opened["2014"] == pytest.approx(149 * 12 / 9) and opened["2016"] == 149


def test_what_has_no_target_is_named():
    assert all(reason for reason in load_targets("judged").missing.values())
    assert not set(load_targets("judged").missing) & set(FACTS)


def test_moments_are_logarithms_of_the_models_own_numbers():
    targets = load_targets("judged")
    values = {column: np.full(JUDGED - FIRST + 1, 2.0) for column in targets.columns}
    values["exports", "market=US"] = np.linspace(0.1, 0.8, 8)
    found = dict(zip([t.name for t in targets.rows], np.exp(targets.moments(values, {"P7": 0.9}))))
    assert found["exports 2015"] == pytest.approx(2.0)
    assert found["share_to_us 2015"] == pytest.approx(0.4 / 2.0)
    assert found["factories_closed 2016"] == pytest.approx(4.0)  # closed and relocated
    assert found["eu_preference_lost P7"] == pytest.approx(0.9)
    assert np.isnan(found["minimum_wage_raised P8"])
    old, new = data.yearly("gdp", "old_base")[2014], data.yearly("gdp", "rebased")[2014]
    assert found["gdp_share 2014"] == pytest.approx(2.0 * new / old)


def test_an_unknown_posterior_is_refused():
    with pytest.raises(InputError, match="judged and refit"):
        load_targets("latest")


# Free numbers


def test_free_numbers_are_those_of_the_registry():
    assert set(Box.of().names) == set(fitted()) | set(ADOPTION)
    assert all(PARAMETERS[name].kind == "uncertainty" for name in ADOPTION)
    assert set(load_scenario("calibrated").settings) <= set(Box.of().names)


def test_the_unit_cube_is_the_range():
    box = Box.of()
    low, high = box.from_unit(np.zeros(len(box))), box.from_unit(np.ones(len(box)))
    for name in box.names:
        about = PARAMETERS[name]
        assert low[name] == about.low and about.high * (1 - 1e-12) <= high[name] <= about.high
    point = np.linspace(0.05, 0.95, len(box))
    np.testing.assert_allclose(box.to_unit(box.from_unit(point)), point)
    middle = box.from_unit(np.full(len(box), 0.5))
    wide = "sourcing.travel_goods_access"  # spans a factor of thirty
    assert middle[wide] == pytest.approx((PARAMETERS[wide].low * PARAMETERS[wide].high) ** 0.5)


@pytest.mark.parametrize(
    "names, message",
    [
        (["sourcing.elastcity"], "nearest: sourcing.elasticity"),
        (["automation.subsidy"], "cannot be fitted"),
        (["pricing.reversion", "pricing.reversion"], "once"),
        ([], "at least one"),
    ],
)
def test_numbers_that_cannot_be_fitted_are_refused(names, message):
    with pytest.raises(InputError, match=message):
        Box.of(names)


# Samples


def test_the_sampler_finds_a_normal_distribution():
    centre, sd = np.array([0.5, 0.3, 0.6, 0.5]), np.array([0.05, 0.03, 0.1, 0.02])
    sample = tempered(lambda x: -0.5 * (((x - centre) / sd) ** 2).sum(axis=1), 4, 3000, np.random.default_rng(1))
    np.testing.assert_allclose(sample.points.mean(axis=0), centre, atol=4 * sd.max() / 3000**0.5)
    np.testing.assert_allclose(sample.points.std(axis=0), sd, rtol=0.08)
    assert sample.reached == 1.0 and len(np.unique(sample.points, axis=0)) > 2500


def test_the_sampler_finds_both_of_two_hills():
    def hills(x):
        return np.logaddexp(*(-0.5 * (((x - c) / 0.05) ** 2).sum(axis=1) + np.log(w) for c, w in ((0.2, 1), (0.8, 3))))

    left = (tempered(hills, 2, 4000, np.random.default_rng(2)).points[:, 0] < 0.5).mean()
    assert left == pytest.approx(0.25, abs=0.05)


def test_what_no_target_rules_out_is_filled_evenly():
    ball = inside(lambda x: np.sqrt(((x - 0.5) ** 2).sum(axis=1)), 0.1, 5, 2000, np.random.default_rng(3))
    radius = np.sqrt(((ball.points - 0.5) ** 2).sum(axis=1)) / 0.1
    assert ball.reached == 0.1 and radius.max() <= 1
    assert np.mean(radius**5) == pytest.approx(0.5, abs=0.03)  # uniform in a ball of five dimensions


def test_a_region_that_does_not_exist_is_said_to():
    missed = inside(lambda x: 1.0 + x.sum(axis=1), 0.5, 3, 500, np.random.default_rng(4))
    assert 1.0 <= missed.reached < 1.2


def test_weights_become_chances_of_different_draws():
    weights = np.array([0.5, 0.2, 0.15, 0.1, 0.05])
    np.testing.assert_allclose(shares(weights, 2), [1.0, 0.4, 0.3, 0.2, 0.1])
    rng = np.random.default_rng(5)
    count = np.zeros(5)
    for _ in range(4000):
        chosen = different(weights, 2, rng)
        assert len(set(chosen)) == 2
        count[chosen] += 1
    np.testing.assert_allclose(count / 4000, [1.0, 0.4, 0.3, 0.2, 0.1], atol=0.04)
    assert len(different(np.array([1.0, 0.0, 0.0]), 2, rng)) == 1
    assert np.bincount(systematic(weights, 20, rng), minlength=5).tolist() == [10, 4, 3, 2, 1]
    assert effective_size(np.full(7, 0.2)) == pytest.approx(7)


# Emulator


def test_the_emulator_finds_a_smooth_model_and_its_own_error():
    rng = np.random.default_rng(6)
    x = rng.random((400, 12))

    def model(x):
        return np.stack([x[:, 0] + 2 * x[:, 1] ** 2, np.exp(x[:, 2]) * x[:, 3] + 0.5 * x[:, 0] * x[:, 1]], axis=1)

    noise = np.array([0.02, 0.05])
    emulator = fit(x, model(x) + noise * rng.standard_normal((400, 2)))
    new = rng.random((2000, 12))
    np.testing.assert_allclose((emulator(new) - model(new)).std(axis=0), 0, atol=0.025)
    np.testing.assert_allclose(emulator.error, noise, rtol=0.25)
    assert (emulator.explained > 0.9).all()


def test_few_runs_make_the_emulator_unsure_and_not_sure():
    """Fewer runs than terms: the error of runs left out stays as large as the spread allows."""
    rng = np.random.default_rng(7)
    x, y = rng.random((30, 20)), rng.standard_normal((30, 1))
    assert fit(x, y).error[0] > 0.8 * y.std()


def test_targets_with_fewer_runs_are_fitted_to_those():
    rng = np.random.default_rng(8)
    x = rng.random((90, 3))
    y = np.stack([x[:, 0], x[:, 1] + 0.01 * rng.standard_normal(90)], axis=1)
    y[::3, 1] = np.nan
    emulator = fit(x, y)
    assert emulator.runs.tolist() == [90, 60] and emulator.covariance[0, 1] == 0.0
    assert emulator.error[1] == pytest.approx(0.01, rel=0.4)


# The whole, with a model that is known


TOY = Targets(
    "judged",
    tuple(
        Target("exports", str(year), (year,), float(np.exp(y)), 0.1, 0.03, ("seed",), "")
        for year, y in zip(range(2012, 2016), (0.6, 0.2, 0.55, 0.9))
    ),
)
SLOPES = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.0], [0.5, 0.5, 0.0], [1.0, 0.5, 0.0]])


class Toy:
    """A run of a linear model with luck."""

    refused, residual = "", 0.0

    def __init__(self, task):
        luck = np.random.default_rng(task.seed).standard_normal(4)
        self.found = SLOPES @ Box.of(FEW).to_unit(task.values) + 0.03 * luck

    def moments(self, targets):
        return self.found


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """A calibration of the linear model."""
    monkeypatch.setattr(search, "run_all", lambda tasks, *_: Done([Toy(task) for task in tasks], {}))
    return Calibration(Plan("judged", budget=2000), Box.of(FEW), TOY, Folder(tmp_path))


@pytest.mark.parametrize("budget", [search.LEAST_BUDGET, 91, 200, 999, search.BUDGET])
def test_a_plan_keeps_to_its_budget(budget):
    assert 0.95 * budget - 10 <= Plan("judged", budget).cost <= budget


def test_a_known_posterior_is_found(toy):
    box, done = toy.box, toy.run()
    x = np.random.default_rng(0).random((200_000, 3))
    missed = x @ SLOPES.T - TOY.observed
    wide = TOY.covariance + 0.03**2 * np.eye(4)
    weights = np.exp(-0.5 * np.einsum("ij,ij->i", missed @ np.linalg.inv(wide), missed))
    mean = weights @ x / weights.sum()
    sd = np.sqrt(weights @ (x - mean) ** 2 / weights.sum())
    kept = int(search._KEPT * len(done.stages["posterior"].points))
    assert len(np.unique(done.draws, axis=0)) == len(done.draws) == kept
    np.testing.assert_allclose(done.draws.mean(axis=0), mean, atol=0.03)
    np.testing.assert_allclose(done.draws.std(axis=0), sd, rtol=0.12)
    assert done.effective_size > 200 and done.moved < 0.1
    narrowed = contraction(box, done.draws)
    assert narrowed[FEW[0]] > 0.5 and abs(narrowed[FEW[2]]) < 0.1
    best = box.to_unit(done.best)
    assert abs(best[:2] - mean[:2]).max() < 0.15


@pytest.mark.slow
def test_planted_values_are_found_again(toy):
    toy.run()
    found = recovery(toy, np.random.default_rng(11), number=30)
    assert found["planted"] == 30 and found["correlation"][FEW[0]] > 0.5
    for row in found["coverage"].values():
        assert row["low"] <= row["share"] <= row["high"]
    box = whole_box(toy)
    about = {"targets_digest": toy.targets.digest}
    sound = {"sbc": {"p": 0.5}, "recovery": found, "box": box, "remade": True, "other_seed": {"far": 1}}
    assert failures(sound, toy.targets, about) == []
    wrong = {"sbc": {"p": 1e-5}, "recovery": found, "box": box | {"worst_residual": 0.1}, "remade": False,
             "other_seed": {"far": 5}}  # fmt: skip
    assert len(failures(wrong, toy.targets, {"targets_digest": "other"})) == 5


@pytest.mark.slow
def test_synthetic_truth_lies_anywhere_among_its_draws():
    paired = np.arange(3)
    middle, coefficients = np.zeros(4), np.zeros((12, 4))
    coefficients[:3] = SLOPES.T / 12**0.5
    toy = Emulator(paired, middle, coefficients, 0.03**2 * np.eye(4), np.ones(4), np.full(4, 100))
    places = ranks(toy, TOY.covariance + toy.covariance, 3, np.random.default_rng(9), number=60, particles=200)
    assert min(uniform(places, FEW)["least"].values()) > 0.001
    assert min(uniform(places**2, FEW)["least"].values()) < 0.001  # and it would be noticed if not


# What the data can tell


def test_numbers_at_bounds_and_ridges_are_named():
    rng = np.random.default_rng(10)
    box = Box.of(("sourcing.elasticity", "pricing.pass_through", "pricing.reversion"))
    elasticity = rng.uniform(2.0, 5.0, 3000)
    through = 1.2 / elasticity * np.exp(0.02 * rng.standard_normal(3000))
    names = dict(zip(box.names, (elasticity, through, 0.1 + 0.01 * rng.random(3000))))
    draws = np.array([box.to_unit({n: v[i] for n, v in names.items()}) for i in range(3000)])
    found = ridge(box, draws)
    assert found["r"] < -0.95 and found["left_product"] < 0.2 and found["left_a"] > 0.8
    assert found["median_product"] == pytest.approx(1.2, rel=0.01)
    (pair,) = correlations(box, draws)
    assert {pair["a"], pair["b"]} == set(box.names[:2]) and pair["r"] < -0.8
    assert at_bounds(box, draws) == ["pricing.reversion"]
    apart = differences(box, draws[:1500], draws[1500:], (1500, 1500))
    assert max(map(abs, apart.values())) < 4


# Runs on disk


@pytest.fixture
def tasks():
    """Two runs of the model with few people."""
    box, targets = Box.of(FEW), load_targets("judged")
    return [Task(box.from_unit(np.full(3, x)), 1, 1000, 2013, False, targets.columns[:4]) for x in (0.4, 0.6)]


def test_a_run_is_found_again_and_a_damaged_one_is_named(tasks, tmp_path, capsys):
    folder = Folder(tmp_path)
    first = run_all(tasks, folder, workers=1)
    assert first.fresh == 2 and not first.errors
    again = run_all(tasks, folder, workers=1)
    assert again.fresh == 0
    for a, b in zip(first.runs, again.runs):
        assert all((a.values[c] == b.values[c]).all() for c in tasks[0].columns)
    folder.path(tasks[0].key).write_text('{"key": 1}')
    assert run_all(tasks, folder, workers=1).fresh == 1
    assert "damaged" in capsys.readouterr().err
    assert len({task.key for task in (*tasks, replace(tasks[0], seed=2), replace(tasks[0], until=2014))}) == 4


def test_refused_numbers_are_kept_as_refused(tasks, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise Refused("cost shares leave 0.010 for overhead")

    monkeypatch.setattr(runs, "GarmentModel", refuse)
    folder = Folder(tmp_path)
    run = run_all(tasks[:1], folder, workers=1).runs[0]
    assert "overhead" in run.refused and np.isnan(run.moments(load_targets("judged"))).all()
    assert run_all(tasks[:1], folder, workers=1).fresh == 0
    with pytest.raises(InputError, match=r"only 0 of \d+ runs can be used; the first refusal: .*overhead"):
        Calibration(Plan("judged", 90, people_per_agent=1000), Box.of(FEW), load_targets("judged"), folder, 1).run()


def test_a_fault_of_the_model_is_no_refusal(tasks, tmp_path, monkeypatch):
    def fault(*_, **__):
        raise ValueError("shapes do not match")

    monkeypatch.setattr(runs, "GarmentModel", fault)
    with pytest.raises(ValueError, match="shapes"):
        run_all(tasks[:1], Folder(tmp_path), workers=1)


def test_a_run_survives_the_disk_to_the_last_digit(tasks):
    run = Run({("exports", "all"): np.array([1 / 3, np.nan])}, {"P7": 0.1 + 0.2}, 1e-15)
    back = Run.from_json(run.to_json("k"), "k")
    np.testing.assert_array_equal(back.values["exports", "all"], run.values["exports", "all"])
    assert (back.events, back.residual) == (run.events, run.residual)


# Command


@pytest.mark.parametrize(
    "words, message",
    [
        (["--budget", "10"], "10 is not a whole number from 90"),
        (["--posterior", "best"], "best"),
        (["--seed", "-1"], "-1"),
    ],
)
def test_bad_words_are_refused_in_one_line(words, message, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["calibrate", *words])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_a_small_budget_is_refused(tmp_path):
    with pytest.raises(InputError, match="at least 90"):
        calibrate("judged", budget=20, out=tmp_path, store=tmp_path)


def test_a_checkout_replaces_what_it_ships_and_an_installation_does_not(monkeypatch, tmp_path):
    monkeypatch.delenv("GARMENT_SIM_POSTERIOR", raising=False)
    folder, scenario = places("refit", None)
    assert folder.parts[-2:] == ("calibration", "posterior") and scenario.name == "calibrated.yaml"
    assert places("judged", None)[1] is None
    assert places("refit", tmp_path) == (tmp_path, tmp_path / "calibrated.yaml")
    monkeypatch.setattr(command, "posterior_folder", lambda: tmp_path / "shipped")
    with pytest.raises(InputError, match="--out"):
        places("refit", None)


# The real thing, small


@pytest.mark.slow
def test_two_processes_or_one_that_finds_their_runs_end_with_the_same_bytes_and_good_files(tmp_path):
    calibrate("refit", out=tmp_path / "two", store=tmp_path / "runs", workers=2, **SMALL)
    one = calibrate("refit", out=tmp_path / "one", store=tmp_path / "runs", workers=1, **SMALL)
    for path in one.files:
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    table = pq.read_table(tmp_path / "one" / "refit.parquet")
    assert table.schema.metadata is None
    frame = table.to_pandas()
    assert frame.columns.tolist() == ["draw", *FEW, "distance", "weight"]
    assert frame["draw"].tolist() == list(range(len(frame))) and frame["weight"].sum() == pytest.approx(1)
    assert not frame[list(FEW)].duplicated().any() and (frame["distance"] > 0).all()
    about = json.loads((tmp_path / "one" / "refit.json").read_text())
    assert about["free"] == list(FEW) and about["fitted_to"] == [2012, 2024] and about["effective_size"] >= 1
    assert {row["target"] for row in about["fit"]} == set(FACTS)
    best = load_scenario(tmp_path / "one" / "calibrated.yaml")
    assert {n: best.value(n, "2012Q1") for n in FEW} == about["best"]
    assert best.question["km"].replace("2024", "2019") == load_scenario("calibrated").question["km"].replace(
        "2024", "2019"
    )


def _environment(tmp_path):
    return os.environ | {"GARMENT_SIM_HOME": str(tmp_path / "home"), "PYTHONUNBUFFERED": "1"}


def _default_signal():
    """Ctrl-C works in the child even where the tests themselves run in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _start(tmp_path):
    words = ["calibrate", "--budget", "90", "--people-per-agent", "1000", "--posterior", "judged", "--workers", "2"]
    return subprocess.Popen(
        [sys.executable, "-m", "simulator", *words, "--out", str(tmp_path / "out")],
        env=_environment(tmp_path), stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=_default_signal,
    )  # fmt: skip


def _finished(tmp_path):
    return {path for path in (tmp_path / "home").rglob("*.json") if not path.name.startswith(".")}


@pytest.mark.slow
@pytest.mark.parametrize("sign, code", [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_what_was_interrupted_goes_on_where_it_stopped(tmp_path, sign, code):
    before: dict[object, int] = {}
    for wanted in (4, 8):  # interrupted, and interrupted again after it went on
        program = _start(tmp_path)
        until = time.monotonic() + 120
        while len(_finished(tmp_path)) < wanted and time.monotonic() < until:
            time.sleep(0.05)
        os.killpg(program.pid, sign)
        _, message = program.communicate(timeout=60)
        assert program.returncode == code and "Traceback" not in message
        assert not (tmp_path / "out").exists()
        found = {path: path.stat().st_mtime_ns for path in _finished(tmp_path)}
        assert len(found) >= wanted and found.items() >= before.items()  # nothing lost, nothing run twice
        before = found
