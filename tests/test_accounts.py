"""Do people, orders and money balance in every quarter of every shipped scenario?"""

import numpy as np
import pytest

from simulator.model import GarmentModel
from simulator.observe import COLUMN_AT
from simulator.parameters import PARAMETERS
from simulator.scenario import scenario_ids
from simulator.state import DISPLACED, EMPLOYED, KH, NOWHERE, OUTSIDE, TRAINING

TOLERANCE = 1e-9
TERMS = [column for column in COLUMN_AT if column[0].startswith("change_")]


def counted(model):
    """Heads by state, taken afresh from the workers."""
    return {s: int(np.count_nonzero(model.workers.state == s)) for s in (OUTSIDE, EMPLOYED, DISPLACED, TRAINING)}


@pytest.mark.parametrize("scenario", scenario_ids())
def test_books_balance_every_quarter(scenario):
    model = GarmentModel(scenario, seed=1, people_per_agent=400)
    people = len(model.workers)
    employment = None
    while model.running:
        before = counted(model)
        model.step()
        after = counted(model)
        assert sum(after.values()) == people
        flows = model.people
        change = flows["hired"] - sum(flows[k] for k in ("quits", "layoffs", "closures", "retired"))
        assert after[EMPLOYED] - before[EMPLOYED] == change, model.period
        employer = model.workers.factory[model.workers.state == EMPLOYED]
        assert (employer != NOWHERE).all() and model.factories.open[employer].all()
        assert (model.workers.factory[model.workers.state != EMPLOYED] == NOWHERE).all()
        heads = np.bincount(employer, minlength=len(model.factories))
        assert np.array_equal(heads, model.factories.staff.sum(axis=1))
        shipped = model.buyers.orders[:, KH].sum()
        assert shipped == pytest.approx(model.books["revenue"].sum(), rel=TOLERANCE)
        for name, miss in model.residuals().items():
            assert miss <= TOLERANCE, (model.period, name)
        row = model.recorder.values[-1]
        now = row[COLUMN_AT["employment", "all"]]
        if employment is not None:
            explained = sum(row[COLUMN_AT[term]] for term in TERMS)
            assert explained == pytest.approx(now - employment, abs=1e-6)
        employment = now
    assert np.isfinite(model.recorder.values[:, COLUMN_AT["exports", "all"]]).all()


def test_every_dollar_of_value_added_is_found_from_both_sides():
    model = GarmentModel("transition", seed=1, people_per_agent=400, until=2027)
    while model.running:
        model.step()
    f, books, par = model.factories, model.books, model.par
    uv = model.now("unit_value")
    imported = par.production.materials * (1 - par.value_chain.domestic_materials * par.value_chain.upgrading)
    abroad = (1 - par.production.home_part) * (books["energy"] + books["overhead"] + books["maintenance"])
    from_output = (uv * f.output * (f.quote - imported) - books["outage"] - abroad).sum()
    assert model.recorder.values[-1, COLUMN_AT["value_added", "all"]] == pytest.approx(from_output, rel=TOLERANCE)


@pytest.mark.slow
@pytest.mark.parametrize("draw", range(12))
def test_books_balance_anywhere_in_the_box_of_parameters(draw):
    luck = np.random.default_rng(draw)
    ranged = {n: p for n, p in PARAMETERS.items() if n not in ("labour.force", "skills.self_paced_share")}
    values = {n: float(luck.uniform(p.low, p.high)) for n, p in ranged.items()}
    values["skills.facilitated_share"] = 0.4
    values["production.materials"] = 0.5  # leaves room for every other share of cost
    model = GarmentModel("baseline", seed=draw, people_per_agent=800, overrides=values)
    try:
        while model.running:
            model.step()
            assert max(model.residuals().values()) <= TOLERANCE, model.period
    except (
        RuntimeError
    ) as error:  # corners with a boom and high turnover of factories use up the table: said, not hidden
        assert "all 8000 rows are in use" in str(error) and model.period >= "2020"
    headline = [COLUMN_AT[name, "all"] for name in ("employment", "exports", "automation", "factories")]
    assert np.isfinite(model.recorder.values[:, headline]).all()


EXTREMES = {
    "a world that stops buying": {"world.shocks": [{"at": "2026Q1", "quarters": 60, "demand": -0.89, "market": "all"}]},
    "a tariff of 300 %": {
        "world.shocks": [{"at": "2026Q1", "tariff": 3.0, "market": m, "origin": "KH"} for m in ("EU", "US", "other")]
    },
    "machines at the lowest price, fully subsidised": {
        "technology.price_growth": -0.08,
        "automation.subsidy": 0.5,
        "automation.step_cost_sew": 12_000,
    },
    "wages without bound": {"wages.minimum_wage_growth": 0.10, "wages.earnings_factor": 1.48},
    "no seats and no technicians": {
        "skills.training_seats": 0,
        "skills.technician_share": 0,
        "skills.upskilling": 0,
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("overrides", EXTREMES.values(), ids=EXTREMES)
def test_books_balance_at_extremes(overrides):
    model = GarmentModel("baseline", seed=1, people_per_agent=400, overrides=overrides)
    while model.running:
        model.step()
        assert max(model.residuals().values()) <= TOLERANCE, model.period
    assert np.isfinite(model.recorder.values[:, COLUMN_AT["employment", "all"]]).all()
