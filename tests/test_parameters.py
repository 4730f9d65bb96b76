"""Has every number a range, a known source and a reader, and one home only?"""

import re
from pathlib import Path

import pytest

import simulator
from simulator import data
from simulator.parameters import GROUPS, PARAMETERS, Parameters

PACKAGE = Path(simulator.__file__).parent
KINDS = {"lever", "uncertainty", "measured", "fitted"}


def science():
    files = [
        *PACKAGE.glob("processes/*.py"),
        *(PACKAGE / f"{n}.py" for n in ("world", "population", "observe", "census", "model")),
    ]
    return "\n".join(f.read_text(encoding="utf-8") for f in files)


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda p: p.name)
def test_number_is_complete(parameter):
    p = parameter
    values = p.default.values() if isinstance(p.default, dict) else [p.default]
    assert all(p.low <= v <= p.high for v in values)
    assert p.low < p.high and p.kind in KINDS and p.from_ in {"start", "always"} and p.label
    for source in p.source.split(";"):
        assert source in data.sources()


def test_every_number_has_a_reader():
    text = science()
    formed = ("step_cost_", "gap_")  # read by names put together from stage and market
    assert not [
        n for n, p in PARAMETERS.items() if not re.search(rf"\b{p.field}\b", text) and not p.field.startswith(formed)
    ]


def test_flat_values_become_groups():
    par = Parameters.from_flat({"wages.minimum_wage_growth": 0.02})
    assert par.wages.minimum_wage_growth == 0.02
    assert par.energy.price == PARAMETERS["energy.price"].default
    assert set(GROUPS) == {p.group for p in PARAMETERS.values()}


def test_a_dated_default_is_a_path():
    p = PARAMETERS["trade.eu_preference"]
    assert [p.default_at(q) for q in ("2012Q1", "2020Q2", "2020Q3", "2032Q4", "2033Q1")] == [
        1,
        1,
        0.8,
        0.8,
        0.2,
    ]


def test_cost_shares_of_2015_add_to_one():
    from simulator.processes.production import overhead

    par = Parameters()
    pro = par.production
    plant = pro.plant / pro.plant_life / par.factories.utilisation
    wages = pro.wages * (1 + par.wages.contributions)
    margin = par.pricing.markup / (1 + par.pricing.markup)
    total = pro.materials + wages + pro.energy + plant + pro.machines + pro.outage + margin + overhead(par)
    assert total == pytest.approx(1.0)
    with pytest.raises(ValueError, match="overhead"):
        overhead(Parameters.from_flat({"production.materials": 0.62}))
