"""The lives of some people of the model in the baseline and in the four futures, and what became of all followed.

The people are those that every run follows (:mod:`simulator.tracking`) and that are at work at the end of 2024. Until
then their life is one; the model goes on from there in five scenarios with the same luck.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.lessons.floor import SETTLED, read_json
from simulator.lessons.plan import SHIPPED, Plan, scenario
from simulator.paths import home
from simulator.run import FIRST_YEAR, Progress, Request

if TYPE_CHECKING:
    from simulator.tracking import Tracks

RUNS = 3  # pairs that are followed: the lives shown are those of the first
SHOWN = 4  # people to choose from
STATES = ("operator", "technician", "engineer", "displaced", "training", "outside", "home")
OPERATOR, TECHNICIAN, ENGINEER, DISPLACED, TRAINING, OUTSIDE, HOME = range(len(STATES))
COUNTED = ("still", "skilled", "laid_off", "course")
YEARS = tuple(range(2024, 2041))
_FORM = 1


def record(plan: Plan, progress: Progress | None = None) -> dict[str, Any]:
    """Run the futures of the first pairs and take the lives down, ready for JSON."""
    from simulator.model import GarmentModel

    pairs = plan.pairs[:RUNS]
    quarters = (plan.until - FIRST_YEAR + 1) * 4
    done, total = 0, len(pairs) * len(SHIPPED) * quarters
    counts: list[dict[str, Any]] = []
    shown: list[dict[str, Any]] = []
    for draw, seed in pairs:
        requests = {name: Request.of(scenario(name), seed, plan.people_per_agent, plan.until, draw) for name in SHIPPED}
        start = requests[SHIPPED[0]]
        trunk = GarmentModel(start.numbers, seed, plan.people_per_agent, until=plan.until, track=True)
        while trunk.running and trunk.period != SETTLED:
            trunk.step()
        done += len(SHIPPED) * trunk.recorder.steps
        lives: dict[str, dict[str, Any]] = {}
        for name in SHIPPED:
            model = trunk.branch(requests[name].numbers)
            while model.running:
                model.step()
                done += 1
                if progress is not None:
                    progress(done, total)
            assert model.tracker is not None
            lives[name] = courses(model.tracker.tracks(tuple(model.recorder.periods)))
        counts.append({name: tally(found) for name, found in lives.items()})
        shown = shown or choose(lives)
    ids = [[draw, seed] for draw, seed in pairs]
    return {
        "form": _FORM,
        "pairs": ids,
        "years": list(YEARS),
        "states": list(STATES),
        "people": shown,
        "counts": counts,
    }


def courses(tracks: Tracks) -> dict[str, Any]:
    """Who was at work at the end of 2024, and their state and wage at the end of every year from then on.

    Arrays: ``state`` and ``wage`` have shape [person, year], ``laid_off``, ``skilled`` and ``course`` one entry a
    person: whether that ever was so after 2024.
    """
    people = tracks.people
    names = people["person"]
    last = tracks.periods.index(SETTLED)
    at_end = people["period"] == last
    mine = at_end & (people["state"] == 1)
    who = names[mine]
    place = {name: i for i, name in enumerate(who)}
    shape = len(who), len(YEARS)
    state, wage = np.full(shape, HOME), np.zeros(shape)
    ever = {name: np.zeros(len(who), bool) for name in ("laid_off", "skilled", "course")}
    stage = _states(people)
    later = np.flatnonzero((people["period"] >= last) & np.isin(names, who))
    for i in later:
        person, step = place[names[i]], int(people["period"][i])
        if step > last:
            ever["laid_off"][person] |= stage[i] == DISPLACED
            ever["skilled"][person] |= stage[i] in (TECHNICIAN, ENGINEER)
            ever["course"][person] |= stage[i] == TRAINING
        if (step - last) % 4 == 0:
            year = (step - last) // 4
            state[person, year], wage[person, year] = stage[i], people["wage"][i]
    about = {name: people[name][mine] for name in ("gender", "age", "education")}
    return {"who": who, "state": state, "wage": wage, **ever, **about}


def _states(people: Mapping[str, Any]) -> Any:
    """The state of every row as a place in ``STATES``."""
    _outside, at_work, _displaced, _training = range(4)
    of = np.array([OUTSIDE, OPERATOR, DISPLACED, TRAINING])[people["state"]]
    return np.where(people["state"] == at_work, people["job"].astype(int) - 1, of)


def tally(found: Mapping[str, Any]) -> dict[str, int]:
    """How many of the people followed, and of how many that is so which ``COUNTED`` names."""
    still = int(np.count_nonzero(found["state"][:, -1] <= ENGINEER))
    ever = {name: int(np.count_nonzero(found[name])) for name in ("skilled", "laid_off", "course")}
    return {"people": len(found["who"]), "still": still, **ever}


def choose(lives: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The people to show, settled by what they were in 2024: women and men, operators, nearest to 24 years of age."""
    start = lives[SHIPPED[0]]
    operator = start["state"][:, 0] == OPERATOR
    out: list[dict[str, Any]] = []
    for woman in (0, 0, 0, 1)[:SHOWN]:
        left = [i for i in np.flatnonzero(operator & (start["gender"] == woman)) if i not in {p["row"] for p in out}]
        if not left:
            continue
        row = min(left, key=lambda i: (abs(start["age"][i] - 24), i))
        out.append(
            {
                "row": int(row),
                "woman": woman == 0,
                "age": int(start["age"][row]),
                "education": int(start["education"][row]),
                "futures": {
                    name: {"state": found["state"][row].tolist(), "wage": found["wage"][row].round().tolist()}
                    for name, found in lives.items()
                },
            }
        )
    return out


def path(plan: Plan) -> Path:
    """Where the lives of a plan are kept."""
    pairs = plan.pairs[:RUNS]
    requests = [plan.request(scenario(name), *pair) for name in SHIPPED for pair in pairs]
    keys = "".join(request.key for request in requests)
    return home() / "lessons" / f"lives-{hashlib.sha256(f'{_FORM}{keys}'.encode()).hexdigest()[:12]}.json"


def load(plan: Plan) -> dict[str, Any] | None:
    """The stored lives; None where there are none or the file is damaged."""
    return read_json(path(plan))
