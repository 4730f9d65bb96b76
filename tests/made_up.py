"""A comparison made up of smooth paths and a little luck, so that pages can be tested without running the model."""

import numpy as np

from simulator.compare import Comparison, comparison_requests
from simulator.indicators import COLUMNS
from simulator.results import Result

YEARS = range(2012, 2041)
# indicator: value in 2012, in 2024, and in 2040 in the baseline and the four named scenarios
ENDS = {
    "employment": (535e3, 910e3, (933e3, 1250e3, 308e3, 954e3, 602e3)),
    "exports": (4850, 12_900, (26_500, 30_500, 11_500, 31_800, 31_400)),
    "value_added": (1900, 4800, (9800, 10_700, 5000, 10_600, 14_600)),
    "skilled_jobs": (20e3, 40e3, (59e3, 50e3, 24e3, 163e3, 166e3)),
    "mean_wage": (110, 290, (470, 344, 1000, 390, 790)),
    "real_wage": (150, 290, (316, 232, 674, 262, 532)),
    "women_share": (0.83, 0.76, (0.74, 0.76, 0.75, 0.70, 0.66)),
    "labour_cost_index": (0.7, 1.0, (1.31, 0.96, 2.8, 1.05, 2.1)),
    "automation": (0.04, 0.07, (0.29, 0.15, 0.34, 0.58, 0.78)),
    "public_cost": (0, 6, (6, 6, 2, 190, 420)),
}
NAMED = ("baseline", "status_quo", "no_garment_sector", "transition", "high_tech_high_skills")
NEAREST = (0, 1, 2, 3, 4)  # the future each of them ends in
FLOWS = ("exports", "value_added", "public_cost")


def comparison(scenarios=None, seeds=3, grid=True):
    """The named scenarios, or files of scenarios, against the baseline."""
    requests = comparison_requests(scenarios, seeds=seeds, grid=grid)
    return Comparison.from_results(requests, [made(request) for request in requests])


def made(request):
    """The made-up run of a request; a scenario of one's own behaves like ``transition``."""
    name, _, part = request.scenario.id.partition("@")
    place = NAMED.index(name) if name in NAMED else NAMED.index("transition")
    weight = {"policy": 0.6, "world": 0.5}.get(part, 1.0)
    luck = np.random.default_rng(request.seed).normal(0, 0.01, len(YEARS)).cumsum()
    own = np.random.default_rng((request.seed, place)).normal(0, 0.006, len(YEARS))
    years = np.arange(YEARS[0], YEARS[-1] + 1)
    values = np.zeros((4 * len(years), len(COLUMNS)))
    for indicator, (first, middle, last) in ENDS.items():
        end = last[0] + weight * (last[place] - last[0])
        path = np.interp(years, (2012, 2024, 2040), (first, middle, end))
        path = path * (1 + luck + np.where(years > 2024, own, 0))
        values[:, COLUMNS.index((indicator, "all"))] = np.repeat(path / (4 if indicator in FLOWS else 1), 4)
    for k in range(6):
        values[:, COLUMNS.index((f"scenario_{k}", "all"))] = np.repeat(
            np.where(years > 2030, NEAREST[place], 1) == k, 4
        )
    periods = tuple(f"{year}Q{quarter}" for year in YEARS for quarter in range(1, 5))
    return Result(request.metadata(), values, periods)


def fill(store, seeds=3, leave=0):
    """Put the made-up runs of the named scenarios into a store, all but the last ``leave``."""
    requests = comparison_requests(seeds=seeds)
    for request in requests[: len(requests) - leave]:
        store.put(request, made(request))
    return requests
