"""Does it matter how many people an agent stands for?"""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.growth import Divided
from simulator.model import GarmentModel
from simulator.observe import COLUMN_AT
from simulator.processes.orders import _pair
from simulator.scenario import load_scenario
from simulator.state import Workers

INDICATORS = ("employment", "exports", "factories", "mean_wage", "automation", "technician_coverage")


def last_year(model):
    while model.running:
        model.step()
    rows = model.recorder.values[-model.steps_per_year :]
    return {name: rows[:, COLUMN_AT[name, "all"]].mean() for name in INDICATORS}


def in_2040(scenarios, weight, seed, **options):
    """Each scenario from one history."""
    trunk = GarmentModel("baseline", seed=seed, people_per_agent=weight, **options)
    while trunk.recorder.steps < (2025 - 2012) * trunk.steps_per_year:
        trunk.step()
    return {name: last_year(trunk.branch(load_scenario(name))) for name in scenarios}


def test_the_whole_sector_runs_one_to_one():
    model = GarmentModel("baseline", seed=1, people_per_agent=1, until=2012)
    while model.running:
        model.step()
    assert len(model.workers) == 2_600_000
    assert max(model.residuals().values()) < 1e-9


def test_many_small_factories_find_room():
    """Anywhere in the ranges of the numbers, which a screening goes through, a sector may split up into thousands."""
    model = GarmentModel(Divided(9_000), seed=1, people_per_agent=400, until=2012)
    while model.running:
        model.step()
        assert max(model.residuals().values()) < 1e-9
    assert model.factories.open.sum() > 8_192
    employers = model.workers.factory
    assert employers.max() > 8_192 and np.array_equal(
        np.bincount(employers[employers >= 0], minlength=len(model.factories)), model.factories.staff.sum(axis=1)
    )


def test_each_pair_of_buyer_and_factory_has_luck_of_its_own():
    buyers, factories = np.meshgrid(np.arange(60), [0, 1, 8_191, 8_192, 8_193, 16_384, 32_767])
    rows = {_pair(b, f) for b, f in zip(buyers.ravel(), factories.ravel(), strict=True)}
    assert len(rows) == buyers.size
    assert _pair(3, 8_191) == 3 * 8_192 + 8_191, "as ever where there are no more than 8,192 rows"


@pytest.mark.slow
def test_people_lose_nothing_in_small_columns(monkeypatch):
    """Columns of 8, 16 and 32 bits against 64: the same decisions. Another seed moves jobs by 4 %."""

    def path():
        model = GarmentModel("baseline", seed=1, people_per_agent=100, until=2030)
        last_year(model)
        return model, {name: model.recorder.values[:, COLUMN_AT[name, "all"]] for name in (*INDICATORS, "median_wage")}

    _, small = path()
    for name, column in Workers.columns().items():
        if column.dtype is not bool:
            kind = float if np.issubdtype(column.dtype, np.floating) else np.int64
            monkeypatch.setattr(Workers, name, replace(column, dtype=kind))
    model, large = path()
    assert model.workers.wage.itemsize == model.workers.born.itemsize == model.workers.state.itemsize == 8
    assert np.array_equal(small["employment"], large["employment"])
    for name, values in large.items():
        assert np.allclose(small[name], values, rtol=1e-4, atol=0), name


@pytest.mark.slow
def test_results_do_not_depend_on_people_per_agent():
    """Ten against a hundred people an agent, means of six and four seeds."""
    by_seed = [
        [last_year(GarmentModel("baseline", seed=seed, people_per_agent=weight, until=2024)) for seed in range(count)]
        for weight, count in ((100, 6), (10, 4))
    ]
    for name in INDICATORS:
        coarse, fine = (np.array([values[name] for values in runs]) for runs in by_seed)
        room = max(0.01 * coarse.mean(), 2 * coarse.std(ddof=1))
        assert abs(fine.mean() - coarse.mean()) <= room, (name, fine, coarse)


@pytest.mark.slow
def test_nor_do_the_futures():
    """Fifty against a hundred people an agent in 2040, means of five seeds."""
    futures = ("no_garment_sector", "high_tech_high_skills")
    coarse, fine = ([in_2040(futures, weight, seed) for seed in range(5)] for weight in (100, 50))
    for future in futures:
        for name in ("employment", "exports", "automation"):
            one, other = (np.array([values[future][name] for values in runs]) for runs in (coarse, fine))
            room = max(0.01 * other.mean(), 2 * max(one.std(ddof=1), other.std(ddof=1)))
            assert abs(one.mean() - other.mean()) <= room, (future, name, one, other)


@pytest.mark.slow
def test_a_month_gives_what_a_quarter_gives():
    """In 2040, means of three seeds; the gaps (3.4 % of jobs, 3 points of automation) are told in ODD.md."""
    futures = ("baseline", "high_tech_high_skills")
    quarters, months = ([in_2040(futures, 200, seed, steps_per_year=k) for seed in range(3)] for k in (4, 12))
    for future in futures:
        quarterly, monthly = (
            {name: np.mean([values[future][name] for values in runs]) for name in INDICATORS}
            for runs in (quarters, months)
        )
        assert 3 * monthly["exports"] == pytest.approx(quarterly["exports"], rel=0.02)
        # Wider than they ought to be: ODD.md, section 10, says what is known of the gap.
        assert monthly["employment"] == pytest.approx(quarterly["employment"], rel=0.07)
        assert monthly["automation"] == pytest.approx(quarterly["automation"], abs=0.06)


def test_agents_are_views_of_their_rows():
    model = GarmentModel("baseline", seed=1, people_per_agent=400, until=2013)
    while model.running:
        model.step()
    kinds = {kind.__name__: agents for kind, agents in model.agents_by_type.items()}
    assert set(kinds) == {"Factory", "Buyer"}
    assert len(kinds["Factory"]) == model.factories.open.sum() and len(kinds["Buyer"]) == len(model.buyers)
    factory = next(iter(kinds["Factory"]))
    assert factory.state.capacity == model.factories.capacity[factory.row]
    with pytest.raises(AttributeError, match="read-only"):
        factory.state.capacity = 1.0
    with pytest.raises(AttributeError, match="no column"):
        _ = factory.state.colour
    assert model.worker(3).education == model.workers.education[3]
    frame = model.datacollector.get_model_vars_dataframe()
    assert frame["employment"].iloc[-1] == model.recorder.values[-1, COLUMN_AT["employment", "all"]]


def test_the_model_works_in_mesas_batch_run():
    import mesa

    parameters = {"people_per_agent": 400, "until": 2012, "overrides": [{"automation.subsidy": 0.3}, None]}
    rows = mesa.batch_run(
        GarmentModel, parameters, number_processes=1, data_collection_period=-1, display_progress=False
    )
    assert len(rows) == 2 and all(row["employment"] > 0 for row in rows)


def test_a_model_without_a_seed_draws_one():
    model = GarmentModel("baseline", seed=None, people_per_agent=400, until=2012)
    again = GarmentModel("baseline", seed=model.luck, people_per_agent=400, until=2012)
    assert np.array_equal(model.factories.capacity, again.factories.capacity)
