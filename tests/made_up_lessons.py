"""Runs for the lessons, made up of simple rules with planted effects, so that pages can be tested without the model."""

import numpy as np

from simulator.indicators import COLUMNS
from simulator.lessons import floor, lives
from simulator.lessons.plan import SHIPPED
from simulator.results import Result

WAYS = {"self_paced": 0.14, "facilitated": 0.85, "on_site": 0.8}  # who finishes, after smartphones
YEARS = range(2012, 2041)


def made(request):
    """A run whose numbers follow from its levers; draws differ in level and a little in effect."""

    def value(name):
        return request.numbers.value(name, "2030Q1")

    luck = np.random.default_rng((request.seed, request.draw + 2))
    level, strength = 1 + 0.05 * luck.normal(), 1 + 0.1 * luck.normal()
    seats, share = value("skills.training_seats"), value("skills.technician_share")
    self_paced, facilitated = value("skills.self_paced_share"), value("skills.facilitated_share")
    mix = {"self_paced": self_paced, "facilitated": facilitated, "on_site": 1 - self_paced - facilitated}
    finish = sum(part * WAYS[way] for way, part in mix.items())
    price = mix["self_paced"] * 0.3 + mix["facilitated"] + mix["on_site"] * 1.3
    price *= 700 * 1.15 * value("skills.training_months") / 6
    trained = seats * share * finish * strength
    squeeze = value("wages.minimum_wage_growth") - 0.035
    cheap = -0.04 - value("technology.price_growth")
    machines = 0.3 + 2e-6 * trained + 3 * cheap + squeeze
    numbers = {
        "technicians": 40e3 + trained,
        "technician_coverage": 0.6 + 4e-6 * trained,
        "automation": machines,
        "employment": level * (860e3 - 2 * trained - 3e6 * squeeze - 1e6 * cheap),
        "operators": level * (800e3 - 3 * trained - 3e6 * squeeze - 1e6 * cheap),
        "skilled_jobs": 45e3 + trained,
        "displaced": 44e3 - 0.1 * seats * finish,
        "mean_wage": 400 + 4000 * squeeze,
        "real_wage": 300 + 3000 * squeeze,
        "value_added": (8000 - 0.001 * trained) / 4,
        "exports": (24_000 - 1e5 * cheap * luck.normal()) / 4,
        "women_share": 0.75,
        "reskilled": seats * finish / 4,
        "layoffs": 25e3,
        "public_cost": 2 + seats * price / 4e6,
    }
    grouped = {("layoffs", "gender=women"): 18e3, ("public_cost", "lever=skills.training_seats"): seats * price / 4e6}
    values = np.ones((4 * len(YEARS), len(COLUMNS)))
    for name, number in numbers.items():
        values[:, COLUMNS.index((name, "all"))] = number
    for column, number in grouped.items():
        values[:, COLUMNS.index(column)] = number
    periods = tuple(f"{year}Q{quarter}" for year in YEARS for quarter in range(1, 5))
    return Result(request.metadata(), values, periods)


def lived():
    """Lives of two people, as ``lives.record`` leaves them."""
    quiet = {"state": [lives.OPERATOR] * len(lives.YEARS), "wage": [300.0] * len(lives.YEARS)}
    moved = {"state": [0, 3, 4, 1] + [5] * 12 + [6], "wage": [250.0, 0, 0, 400.0] + [0] * 13}
    people = [
        {"row": i, "woman": i == 0, "age": 24, "education": 1, "futures": dict.fromkeys(SHIPPED, life)}
        for i, life in enumerate((quiet, moved))
    ]
    count = {"people": 70, "still": 30, "skilled": 5, "laid_off": 12, "course": 4}
    counts = [dict.fromkeys(SHIPPED, count)] * 3
    return {"form": 1, "pairs": [], "years": list(lives.YEARS), "states": list(lives.STATES), "people": people,
            "counts": counts}  # fmt: skip


def fill(store, plan, recording, leave=0):
    """Put everything the lessons need into a store and beside it, all but the last ``leave`` runs."""
    requests = plan.requests()
    for request in requests[: len(requests) - leave]:
        store.put(request, made(request))
    floor.keep(floor.path(plan), recording)
    floor.keep(lives.path(plan), lived())
    return requests
