"""Do the bridges give real libraries what they take, with our ranges, our runs and our numbers?"""

import importlib.util
import sys
import warnings

import mesa
import numpy as np
import pandas as pd
import pytest

import simulator
from simulator.bridges import IAMC_COLUMNS, to_batch_run, to_ema_model, to_iamc, to_salib_problem, to_xarray
from simulator.checks import ScenarioError
from simulator.experiment import run_experiment
from simulator.indicators import INDICATORS
from simulator.model import GarmentModel
from simulator.parameters import PARAMETERS
from simulator.ranges import inside, logarithmic
from simulator.results import InputError
from simulator.run import Request, execute, run

WIDE = "skills.coverage_cell"  # its range spans a factor of ten and more
NAMES = ["automation.step_cost_sew", WIDE]
SMALL = {"people_per_agent": 1000, "until": 2012}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GARMENT_SIM_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Two scenarios, three draws, two seeds; quarters, and the whole sector, women and men."""
    content = {
        "scenarios": ["baseline", "transition"],
        "uncertainties": {"names": NAMES, "design": "lhs", "draws": 3},
        "seeds": 2,
        "indicators": ["employment", "exports", "automation"],
        "groups": ["all", "gender"],
        **SMALL,
    }
    return run_experiment(content, store=tmp_path_factory.mktemp("store"), workers=1)


def test_the_bridges_are_public_names():
    for function in (to_batch_run, to_ema_model, to_iamc, to_salib_problem, to_xarray):
        assert getattr(simulator, function.__name__) is function
        assert function.__name__ in simulator.__all__


# SALib


def test_every_number_of_the_registry_makes_a_problem_that_salib_samples_within_its_range():
    from SALib.sample import latin, morris, sobol

    problem = to_salib_problem(list(PARAMETERS))
    assert problem["num_vars"] == len(problem["bounds"]) == len(problem["dists"]) == len(PARAMETERS)
    assert {n for n, dist in zip(problem["names"], problem["dists"]) if dist == "logunif"} == {
        name for name in PARAMETERS if logarithmic(name)
    }
    few = to_salib_problem(NAMES)
    for sample in (
        sobol.sample(few, 32, calc_second_order=False),
        latin.sample(few, 20, seed=1),
        morris.sample(few, 5),  # stands on the bounds themselves
    ):
        for name, column in zip(NAMES, sample.T):
            values = [inside(name, value) for value in column]
            assert PARAMETERS[name].low <= min(values) < max(values) <= PARAMETERS[name].high
    low, high = PARAMETERS[WIDE].low, PARAMETERS[WIDE].high
    middle = np.median(latin.sample(few, 400, seed=1)[:, 1])
    assert middle == pytest.approx(np.sqrt(low * high), rel=0.1)  # even in the logarithm


@pytest.mark.slow
def test_a_sample_of_salib_is_run_as_an_experiment_and_analysed(tmp_path):
    from SALib.analyze import morris as analyse
    from SALib.sample import morris

    problem = to_salib_problem(NAMES)
    sample = morris.sample(problem, 2, num_levels=4, seed=1)
    done = run_experiment(
        {
            "scenarios": ["baseline"],
            "uncertainties": {"table": pd.DataFrame(sample, columns=problem["names"])},
            "indicators": ["exports"],
            "groups": ["all"],
            "yearly": True,
            **SMALL,
        },
        store=tmp_path,
        workers=1,
    )
    assert done.failures == ()
    assert list(done.series["draw"]) == list(range(len(sample)))  # a row a draw, in the sample's order
    drawn = done.runs[problem["names"]].to_numpy()
    assert drawn == pytest.approx(sample, rel=1e-9)
    indices = analyse.analyze(problem, sample, done.series["value"].to_numpy(), num_levels=4)
    assert list(indices["names"]) == NAMES
    assert np.isfinite(indices["mu_star"]).all()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["automation.noize"], "automation.noize is not a known name; nearest: automation.noise"),
        (["automation.noise", "automation.noise"], "automation.noise is named twice"),
        ([], "it must be a list"),
        ("automation.noise", "it must be a list"),
    ],
)
def test_a_wrong_name_is_one_line(names, message):
    with pytest.raises(InputError, match=message):
        to_salib_problem(names)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"automation.noize": [0.3]}), "the table, row 0: column 1: automation.noize is not a known name"),
        (pd.DataFrame({"automation.noise": [0.3, 0.9]}), "the table, row 2: automation.noise is 0.9, out of range"),
        (pd.DataFrame({"automation.noise": [0.3, np.nan]}), "the table, row 2: automation.noise is nan"),
        (pd.DataFrame({"automation.noise": []}), "the table: has no draws"),
        (pd.DataFrame(), "the table: is empty"),
    ],
)
def test_a_wrong_table_in_memory_is_one_line(frame, message):
    with pytest.raises(ScenarioError, match=message):
        run_experiment({"scenarios": ["baseline"], "uncertainties": {"table": frame}, **SMALL})


# EMA workbench


@pytest.mark.slow
def test_the_workbench_runs_the_real_model_with_levers_and_uncertainties(tmp_path):
    import ema_workbench

    model = to_ema_model(
        "transition",
        uncertainties=[WIDE],
        levers=["automation.subsidy"],
        indicators=["employment", "exports"],
        store=tmp_path,
        **SMALL,
    )
    assert isinstance(model, ema_workbench.Model)
    for kind, name in ((model.uncertainties, WIDE), (model.levers, "automation.subsidy")):
        bounds = [(p.lower_bound, p.upper_bound) for p in kind]
        assert bounds == [pytest.approx((PARAMETERS[name].low, PARAMETERS[name].high))]
    experiments, outcomes = ema_workbench.perform_experiments(model, scenarios=2, policies=2)
    assert len(experiments) == len(outcomes["exports"]) == 4
    assert outcomes["exports_by_year"].shape == (4, 1)
    content = {
        "scenarios": ["transition"],
        "uncertainties": {
            "table": experiments[["skills_coverage_cell", "automation_subsidy"]].rename(
                columns={"skills_coverage_cell": WIDE, "automation_subsidy": "automation.subsidy"}
            )
        },
        "indicators": ["exports"],
        "groups": ["all"],
        "yearly": True,
        **SMALL,
    }
    ours = run_experiment(content, store=tmp_path, workers=1)
    assert list(outcomes["exports"]) == list(ours.series["value"])
    assert len(list(ours.store)) == 4 + 4  # each was kept: as best numbers there, as numbered draws here


def test_without_samples_the_workbench_runs_the_scenario_as_it_stands(tmp_path):
    function = to_ema_model("transition", levers=["automation.subsidy"], store=tmp_path, **SMALL).function
    table = run("transition", track=False, **SMALL).table(["employment"], yearly=True)
    assert function()["employment"] == table["employment"].iloc[-1]
    at_bound = PARAMETERS[WIDE].high * (1 + 1e-15)
    assert np.isfinite(function(**{WIDE: at_bound})["employment"])


def test_a_run_that_fails_leaves_nan_and_its_cause_and_the_rest_go_on(tmp_path):
    import ema_workbench

    names = ["production.materials", "production.wages"]  # together they can leave nothing for overhead
    model = to_ema_model(uncertainties=names, indicators=["exports"], store=tmp_path, **SMALL)
    high = {name.replace(".", "_"): PARAMETERS[name].high for name in names}
    usual = {name.replace(".", "_"): PARAMETERS[name].default for name in names}
    sample = getattr(ema_workbench, "Scenario", None) or ema_workbench.Sample
    points = [sample(f"s{i}", **values) for i, values in enumerate((usual, high, usual))]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        _, outcomes = ema_workbench.perform_experiments(model, scenarios=points)
    first, failed, last = outcomes["exports"]
    assert first == last
    assert np.isnan(failed)
    assert any("cost shares leave" in str(warning.message) for warning in told)


def test_numbers_that_contradict_each_other_leave_nan_too(tmp_path):
    names = ["skills.self_paced_share", "skills.facilitated_share"]  # together more than all seats
    function = to_ema_model(levers=names, indicators=["exports"], store=tmp_path, **SMALL).function
    with pytest.warns(RuntimeWarning, match="a run of baseline .* failed: skills.self_paced_share"):
        outcomes = function(**{name: PARAMETERS[name].high for name in names})
    assert np.isnan(outcomes["exports"])
    assert np.isnan(outcomes["exports_by_year"]).tolist() == [True]


def test_what_the_workbench_cannot_be_given_is_one_line():
    with pytest.raises(InputError, match=r"nearest: automation\.subsidy"):
        to_ema_model(levers=["automation.subsidi"])
    with pytest.raises(InputError, match=r"automation\.noise is named twice"):
        to_ema_model(levers=["automation.noise"], uncertainties=["automation.noise"])
    with pytest.raises(InputError, match="nearest: exports"):
        to_ema_model(indicators=["exprots"])


def test_names_stay_apart_as_identifiers():
    called = [name.replace(".", "_") for name in PARAMETERS]
    assert len(set(called)) == len(called)
    assert all(name.isidentifier() for name in called)


# Mesa


def test_mesas_batch_runner_runs_every_combination():
    overrides = [{}, {"automation.step_cost_sew": PARAMETERS["automation.step_cost_sew"].low}]
    arguments = to_batch_run(seeds=[3, 4], scenario="transition", overrides=overrides, **SMALL)
    rows = pd.DataFrame(mesa.batch_run(**arguments, display_progress=False))
    assert len(rows) == 4
    assert sorted(rows["seed"]) == [3, 3, 4, 4]
    assert set(INDICATORS) <= set(rows.columns)
    for _, row in rows.iterrows():
        model = GarmentModel("transition", seed=row["seed"], overrides=row["overrides"], **SMALL)
        while model.running:
            model.step()
        assert row["employment"] == model.datacollector.get_model_vars_dataframe()["employment"].iloc[-1]


def test_mesas_batch_runner_collects_every_quarter_and_keeps_one_setting_whole():
    arguments = to_batch_run(overrides={"automation.subsidy": 0.3, "automation.noise": 0.4}, **SMALL)
    rows = mesa.batch_run(**arguments, data_collection_period=1, display_progress=False)
    exports = [row["exports"] for row in rows]
    assert len(rows) == 4  # quarters of one run, not a run for each of the two numbers
    scenario = simulator.load_scenario("baseline").with_values({"automation.subsidy": 0.3, "automation.noise": 0.4})
    assert exports == list(run(scenario, track=False, **SMALL).table("exports")["exports"])


def test_newer_mesa_is_given_seeds_as_its_own_argument(monkeypatch):
    def batch_run(model_cls, parameters, rng=None):
        """What Mesa takes from 3.5 on."""

    monkeypatch.setattr(mesa, "batch_run", batch_run)
    arguments = to_batch_run(seeds=(1, 2), people_per_agent=1000)
    assert arguments == {"model_cls": GarmentModel, "parameters": {"people_per_agent": 1000}, "rng": [1, 2]}


def test_an_unknown_parameter_of_the_model_is_one_line():
    with pytest.raises(InputError, match="people_per_agnet is not a known parameter of GarmentModel; nearest: people"):
        to_batch_run(people_per_agnet=1000)


# xarray


def test_a_dataset_holds_the_table_with_labels_and_units(done):
    data = to_xarray(done.series, done.runs)
    assert dict(data.sizes) == {"run": 12, "period": 4, "gender": 2}
    assert data["exports"].attrs == {"units": INDICATORS["exports"].unit, "long_name": INDICATORS["exports"].label}
    assert list(data["gender"].values) == ["women", "men"]
    assert "exports_by_gender" not in data  # it is not split so
    numbers = set(data.coords) - {"run_id", "scenario", "draw", "seed", "period", "time", "gender"}
    assert set(NAMES) <= numbers  # what differs between runs comes along, not what all share
    assert not numbers & {"people_per_agent", "until"}
    for row in done.series.sample(40, random_state=1).itertuples():
        name = row.indicator if row.group == "all" else f"{row.indicator}_by_gender"
        here = (data["run_id"] == row.run_id) & (data["scenario"] == row.scenario)
        cell = data[name].sel(run=here, period=row.period).isel(run=0)
        assert float(cell if row.group == "all" else cell.sel(gender=row.group[7:])) == row.value
    assert (data["employment_by_gender"].sum("gender") == pytest.approx(data["employment"])).all()
    assert list(data["time"].dt.month.values) == [1, 4, 7, 10]


def test_runs_unfold_to_a_cube_of_pairs(done):
    cube = to_xarray(done.series).set_index(run=["scenario", "draw", "seed"]).unstack("run")
    assert dict(cube["employment"].sizes) == {"period": 4, "scenario": 2, "draw": 3, "seed": 2}
    assert not cube["employment"].isnull().any()
    difference = cube.sel(scenario="transition") - cube.sel(scenario="baseline")
    assert (difference["employment"] == 0).all()  # scenarios part in 2025 only


@pytest.mark.parametrize("bridge", [to_xarray, to_iamc])
def test_a_table_that_is_none_is_one_line(bridge, done):
    with pytest.raises(InputError, match="the table has no column unit"):
        bridge(done.series.drop(columns="unit"))
    with pytest.raises(InputError, match="has no rows"):
        bridge(done.series.head(0))


def test_monthly_and_yearly_tables_have_their_dates():
    monthly = execute(Request.of("baseline", steps_per_year=12, **SMALL)).select(["exports"])
    assert list(to_xarray(monthly.series)["time"].dt.month.values) == list(range(1, 13))
    yearly = to_xarray(monthly.yearly().series)
    assert list(yearly["time"].dt.year.values) == [2012]


# IAMC


@pytest.mark.slow
def test_the_long_form_is_read_by_pyam(done):
    import pyam

    table = to_iamc(done.series, variables={"exports": "Trade|Exports"})
    assert tuple(table.columns) == IAMC_COLUMNS
    read = pyam.IamDataFrame(table)
    assert read.region == ["Cambodia"]
    assert set(read.scenario) == {"baseline", "transition"}
    assert {"Trade|Exports", "Trade|Exports|p10", "employment|gender|women|p90"} <= set(read.variable)
    assert "year" in read.data and set(read.year) == {2012}
    assert len(read.data) == len(table)
    every = pyam.IamDataFrame(to_iamc(done.series, quantiles=None))
    assert len(every.data) == 12 * (1 + 3 + 1)  # exports and automation for the whole sector, employment by gender too


def test_years_and_quantiles_are_those_of_our_own_tables(done):
    table = to_iamc(done.series).set_index(["scenario", "variable"])["value"]
    results = [done.store.get(request) for request in done.part]
    exports = [r.yearly().table(["exports"])["exports"].iloc[0] for r in results[:6]]
    for variable, q in (("exports", 0.5), ("exports|p10", 0.1), ("exports|p90", 0.9)):
        assert table["baseline", variable] == pytest.approx(np.quantile(exports, q))
    one = results[0].select(["exports"], ["all"])
    single = to_iamc(one.series)
    assert list(single["variable"]) == ["exports"]  # one run has no band
    assert list(single["value"]) == [exports[0]]
    assert single.equals(to_iamc(one.yearly().series))


def test_settings_of_levers_are_not_mixed_in_silence(done):
    series = done.series.copy()
    series["draw"] = series["draw"] % 2
    with pytest.raises(InputError, match="baseline has several runs with one draw and seed"):
        to_iamc(series)
    assert len(to_iamc(series, quantiles=None)) == 12 * 5
    with pytest.raises(InputError, match="nearest: exports"):
        to_iamc(series, variables={"exprots": "Exports"})


# Without the extras


@pytest.mark.parametrize("package", ["ema_workbench", "xarray"])
def test_a_missing_extra_is_one_line(monkeypatch, done, package):
    assert importlib.util.find_spec(package) is not None
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=rf'{package} is needed: pip install "garment-sim\[bridges\]"'):
        to_ema_model() if package == "ema_workbench" else to_xarray(done.series)
