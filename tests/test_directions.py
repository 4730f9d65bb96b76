"""Does each number pull the way theory settles? Paired over seeds; strict: beyond two standard errors.

The first rows of the table of signs in the model's design: minimum wage, machine prices, training, EU preference,
electricity. Where the table leaves a sign open, or the effect is below half a per cent, none is asked for.
"""

import numpy as np
import pytest

from simulator.batch import run_many
from simulator.run import Request
from simulator.scenario import load_scenario
from simulator.store import Store

SEEDS = range(8)
CHANGES = {
    "minimum wage up": {"wages.minimum_wage_growth": 0.055},
    "minimum wage down": {"wages.minimum_wage_growth": 0.015},
    "machines cheaper": {"technology.price_growth": -0.08},
    "machines dearer": {"technology.price_growth": -0.01},
    "training five times": {"skills.training_seats": 40_000},
    "EU preference lost": {"trade.eu_preference": 0.0},
    "EU preference kept": {"trade.eu_preference": 1.0},
    "electricity cheaper": {"energy.price": 0.105},
    "electricity dearer": {"energy.price": 0.195},
}
SIGNS = [
    ("minimum wage up", "automation", +1),
    ("minimum wage up", "operators", -1),
    ("minimum wage up", "employment", -1),
    ("minimum wage up", "exports", -1),
    ("minimum wage down", "automation", -1),
    ("minimum wage down", "operators", +1),
    ("minimum wage down", "employment", +1),
    ("minimum wage down", "exports", +1),
    ("machines cheaper", "automation", +1),
    ("machines cheaper", "operators", -1),
    ("machines cheaper", "employment", -1),
    ("machines cheaper", "reshored_share", +1),
    ("machines dearer", "automation", -1),
    ("machines dearer", "operators", +1),
    ("machines dearer", "employment", +1),
    ("machines dearer", "reshored_share", -1),
    ("training five times", "automation", +1),
    ("training five times", "skilled_jobs", +1),
    ("training five times", "displaced", -1),
    ("training five times", "public_cost", +1),
    ("EU preference lost", "operators", -1),
    ("EU preference lost", "skilled_jobs", -1),
    ("EU preference lost", "employment", -1),
    ("EU preference lost", "exports", -1),
    ("EU preference kept", "operators", +1),
    ("EU preference kept", "employment", +1),
    ("EU preference kept", "exports", +1),
    ("electricity cheaper", "automation", +1),
    ("electricity cheaper", "skilled_jobs", +1),
    ("electricity cheaper", "employment", +1),
    ("electricity cheaper", "exports", +1),
    ("electricity dearer", "automation", -1),
    ("electricity dearer", "skilled_jobs", -1),
    ("electricity dearer", "employment", -1),
    ("electricity dearer", "exports", -1),
]


@pytest.fixture(scope="module")
def final(tmp_path_factory):
    """Values of 2040 by change and seed."""
    base = load_scenario("baseline")
    scenarios = {"": base} | {name: base.with_values(values) for name, values in CHANGES.items()}
    requests = {(n, s): Request(scenario=scenarios[n], seed=s) for n in scenarios for s in SEEDS}
    outcome = run_many(list(requests.values()), Store(tmp_path_factory.mktemp("runs")))
    assert not outcome.failures
    indicators = sorted({indicator for _, indicator, _ in SIGNS})
    tables = (result.table(indicators, yearly=True).loc["2040"] for result in outcome.results)
    return dict(zip(requests, tables, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("change, indicator, sign", SIGNS, ids=lambda v: str(v).replace(" ", "-"))
def test_number_pulls_the_way_theory_settles(final, change, indicator, sign):
    effects = np.array([final[change, s][indicator] / final["", s][indicator] - 1 for s in SEEDS])
    error = effects.std(ddof=1) / np.sqrt(len(effects))
    assert sign * effects.mean() > 2 * error, f"{effects.mean():+.2%} ± {error:.2%}"


@pytest.mark.slow
def test_training_does_not_lower_exports(final):
    effects = np.array([final["training five times", s]["exports"] / final["", s]["exports"] - 1 for s in SEEDS])
    assert effects.mean() > -2 * effects.std(ddof=1) / np.sqrt(len(effects))
