"""A few factories of one run, taken down quarter by quarter with everybody who works there, to be drawn as a floor.

The model is run once to the end of 2024 and then goes on twice, without and with the skills programme, under the same
luck. Which factories are followed is settled at the end of 2024, so that nothing is picked by its outcome.
"""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simulator.lessons.plan import WITH, WITHOUT, Plan, scenario
from simulator.paths import home
from simulator.results import write_together
from simulator.run import FIRST_YEAR, Progress, Request
from simulator.state import EMPLOYED, GOODS, JOBS, OPERATOR, STAGES, TECHNICIAN
from simulator.units import Array, share_of

if TYPE_CHECKING:
    from simulator.model import GarmentModel

PEOPLE = 10  # people a figure stands for: a factory of the usual size has some fifty figures
SETTLED = "2024Q4"
FIGURES = 45  # of the factories to choose from, those nearest to so many figures are followed
_FORM = 1  # of the file; another number makes old files useless


def followed(model: GarmentModel) -> list[int]:
    """Rows of the factories to look at: of each tier the open garment factory nearest to ``FIGURES`` figures."""
    f = model.factories
    rows = []
    for tier in range(3):
        able = np.flatnonzero(f.open & (f.tier == tier) & (f.goods == GOODS.index("garments")))
        if len(able):
            gap = np.abs(f.staff[able].sum(axis=1) - FIGURES)
            rows.append(int(able[np.argmin(gap)]))
    return rows


class Floor:
    """Takes down a factory at the end of each quarter; operators keep their place while there is work in it."""

    def __init__(self, row: int) -> None:
        self.row = row
        self.quarters: list[dict[str, Any]] = []
        self._stage: dict[str, int] = {}

    def take_down(self, model: GarmentModel, people: dict[str, list[int]]) -> None:
        """The factory as it stands; ``people`` gets those seen for the first time.

        A person: woman (0, 1), step of birth, schooling. A figure: name, job, skill, USD a month, quarters in the
        factory and, of operators, the stage.
        """
        f, w, row = model.factories, model.workers, self.row
        if not f.open[row]:
            self.quarters.append({"open": 0})
            return
        rows = np.flatnonzero((w.factory == row) & (w.state == EMPLOYED))
        names = [f"{i}.{int(w.born[i])}" for i in rows]
        for i, name in zip(rows, names, strict=True):
            people.setdefault(name, [int(w.woman[i]), int(w.born[i]), int(w.education[i])])
        hands = model.stage_weights[f.goods[row]] * (1 - model.labour_saved * f.working[row])
        operators = [name for i, name in zip(rows, names, strict=True) if w.job[i] == OPERATOR]
        self._stage = places(operators, hands, self._stage)
        staff = [
            [name, int(w.job[i]), int(w.skill[i]), round(float(w.wage[i])), model.step_number - int(w.hired[i]),
             self._stage.get(name, -1)]
            for i, name in zip(rows, names, strict=True)
        ]  # fmt: skip
        automated = model.automated[row] if row < len(model.automated) else -1
        self.quarters.append(
            {
                "open": 1,
                "machines": [round(float(v), 3) for v in f.automation[row]],
                "working": [round(float(v), 3) for v in f.working[row]],
                "posts": [int(v) for v in f.posts[row]],
                "coverage": round(float(f.coverage[row, TECHNICIAN - 1]), 3),
                "output": round(float(f.output[row] / model.dt), 2),
                "bought": int(automated),
                "staff": staff,
            }
        )


def places(names: list[str], hands: Array, before: dict[str, int]) -> dict[str, int]:
    """A stage for each operator, in the proportions of the hands that stages need; who can, stays where they were.

    >>> places(["a", "b", "c", "d"], np.array([1.0, 2.0, 1.0, 0.0]), {"c": 0, "d": 2})
    {'c': 0, 'd': 2, 'a': 1, 'b': 1}
    """
    wanted = len(names) * hands / hands.sum()
    room = np.floor(wanted).astype(int)
    left = len(names) - int(room.sum())
    room[np.argsort(room - wanted, kind="stable")[:left]] += 1
    out: dict[str, int] = {}
    for name in names:
        stage = before.get(name, -1)
        if stage >= 0 and room[stage] > 0:
            out[name] = stage
            room[stage] -= 1
    for name in names:
        if name not in out:
            out[name] = int(np.argmax(room))
            room[out[name]] -= 1
    return out


def record(without: Request, with_: Request, progress: Progress | None = None) -> dict[str, Any]:
    """Run both scenarios and take their factories down: what the drawing needs, ready for JSON."""
    from simulator.model import GarmentModel

    model = GarmentModel(without.numbers, without.seed, without.people_per_agent, until=without.until)
    quarters = (without.until - FIRST_YEAR + 1) * without.steps_per_year
    first = 0
    while model.running and model.period != SETTLED:
        model.step()
        first += 1
        if progress is not None:
            progress(first, 2 * quarters - first)
    rows = followed(model)
    people: dict[str, list[int]] = {}
    variants = []
    twin = model.branch(with_.numbers)
    for at, (name, going) in enumerate(((WITHOUT, model), (WITH, twin))):
        floors = [Floor(row) for row in rows]
        _take_down(floors, going, people)
        done = first
        while going.running:
            going.step()
            _take_down(floors, going, people)
            done += 1
            if progress is not None:
                progress(done + at * (quarters - first), 2 * quarters - first)
        variants.append({"id": name, "factories": [floor.quarters for floor in floors]})
    f = model.factories
    about = [
        {"row": row, "tier": int(f.tier[row]), "owner": int(f.owner[row]), "brand": int(f.brand_linked[row])}
        for row in rows
    ]
    periods = list(twin.recorder.periods)[first - 1 :]
    return {
        "form": _FORM,
        "run": {"draw": without.draw, "seed": without.seed, "ids": [without.run_id, with_.run_id]},
        "people_per_figure": without.people_per_agent,
        "first_step": first - 1,
        "steps_per_year": without.steps_per_year,
        "periods": periods,
        "stages": list(STAGES),
        "jobs": list(JOBS),
        "factories": about,
        "people": people,
        "variants": variants,
    }


def _take_down(floors: list[Floor], model: GarmentModel, people: dict[str, list[int]]) -> None:
    for floor in floors:
        floor.take_down(model, people)


def stopped(quarter: dict[str, Any], weights: Array) -> float:
    """Part of a factory's machines that stand still for want of technicians and engineers."""
    there = float(np.dot(weights, quarter["machines"]))
    return 1 - float(share_of(np.dot(weights, quarter["working"]), there, empty=1.0))


def requests(plan: Plan) -> tuple[Request, Request]:
    """The two runs of the floor: the first pair, with few people a figure."""
    draw, seed = plan.pairs[0]
    people = min(PEOPLE, plan.people_per_agent) if plan.people_per_agent <= 50 else plan.people_per_agent
    return (
        Request.of(scenario(WITHOUT), seed, people, plan.until, draw),
        Request.of(scenario(WITH), seed, people, plan.until, draw),
    )


def path(plan: Plan) -> Path:
    """Where the recording of a plan is kept: its name hangs on the runs' keys."""
    keys = "".join(request.key for request in requests(plan))
    return home() / "lessons" / f"floor-{hashlib.sha256(f'{_FORM}{keys}'.encode()).hexdigest()[:12]}.json"


def load(plan: Plan) -> dict[str, Any] | None:
    """The stored recording; None where there is none or it is damaged."""
    return read_json(path(plan))


def read_json(file: Path) -> dict[str, Any] | None:
    """A stored document; None where there is none or it is damaged."""
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def keep(file: Path, document: dict[str, Any]) -> None:
    """Store a document; whoever reads meanwhile sees all of it or nothing. Raises OSError."""
    content = json.dumps(document, separators=(",", ":"))
    write_together({file: partial(Path.write_text, data=content, encoding="utf-8")})
