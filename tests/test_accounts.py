"""Do people, orders and money balance in every quarter of every shipped scenario?"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from simulator.model import GarmentModel
from simulator.observe import COLUMN_AT
from simulator.parameters import PARAMETERS
from simulator.processes.closure import wind_up
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


DRAWS = 200
WHOLE = 8  # every eighth draw goes on to 2040, the others to 2027, three years of the scenarios
NOT_DRAWN = ("labour.force", "skills.self_paced_share")  # one sets the size of the test, one the other's room


def balanced(draw):
    """Run one draw from the whole box: the worst miss, and what stopped it, if anything did."""
    luck = np.random.default_rng(draw)
    values = {n: float(luck.uniform(p.low, p.high)) for n, p in PARAMETERS.items() if n not in NOT_DRAWN}
    until = 2027 if draw % WHOLE else 2040
    model = GarmentModel("baseline", seed=draw, people_per_agent=2_000, until=until, overrides=values)
    worst = 0.0
    try:
        while model.running:
            model.step()
            worst = max(worst, *model.residuals().values())
    except (RuntimeError, ValueError) as error:
        return worst, str(error), model.recorder.steps
    headline = [COLUMN_AT[name, "all"] for name in ("employment", "exports", "automation", "factories")]
    return worst, "" if np.isfinite(model.recorder.values[:, headline]).all() else "not finite", model.recorder.steps


@pytest.mark.slow
def test_books_balance_anywhere_in_the_box_of_parameters():
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        found = list(pool.map(balanced, range(DRAWS), chunksize=5))
    assert max(worst for worst, _, _ in found) <= TOLERANCE
    stops = [(reason, steps) for _, reason, steps in found if reason]
    # Two refusals are meant: cost shares that leave nothing for overhead, and a boom that uses up the table.
    assert all("overhead" in reason or "rows are in use" in reason for reason, _ in stops), stops
    assert sum(steps == 0 for _, steps in stops) < DRAWS / 2 and len(stops) < 0.8 * DRAWS


def after_2025(change):
    """The baseline to 2040 with the world or the state changed from 2026 on."""
    model = GarmentModel("baseline", seed=1, people_per_agent=400)
    first = (2026 - 2012) * 4
    while model.running:
        if model.recorder.steps == first:
            change(model, first)
        model.step()
        if model.recorder.steps != first + 1 or change is not only_one_factory:
            assert max(model.residuals().values()) <= TOLERANCE, model.period
    headline = [COLUMN_AT[name, "all"] for name in ("employment", "exports", "automation", "factories", "public_cost")]
    assert np.isfinite(model.recorder.values[:, headline]).all()
    return model


def no_demand(model, first):
    model.world.demand[first:] = 0.0


def free_machines(model, first):
    model.world.robot_price[first:] = 0.0


def no_technicians(model, first):
    workers = model.workers
    workers.settled[workers.skill >= 2] = True
    model.world.outside_wage[first:] *= 3


def wages_times_ten(model, first):
    model.world.minimum_wage[first:] *= 10
    model.world.minimum_wage_before[first:] *= 10


def tariffs_of_a_hundred_per_cent(model, first):
    model.world.duty[first:] = 1.0


def only_one_factory(model, first):
    goes = model.factories.open.copy()
    goes[np.flatnonzero(goes)[0]] = False
    model.laid_off = np.empty(0, np.intp)
    wind_up(model, goes)


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [no_demand, free_machines, no_technicians, wages_times_ten, tariffs_of_a_hundred_per_cent, only_one_factory],
    ids=lambda change: change.__name__,
)
def test_books_balance_at_extremes(change):
    model = after_2025(change)
    if change is no_demand:
        assert model.recorder.values[-1, COLUMN_AT["exports", "all"]] == 0
    if change is wages_times_ten:
        assert model.recorder.values[-1, COLUMN_AT["employment", "all"]] < 100_000
