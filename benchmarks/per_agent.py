"""The workers' rules of a quarter as a Mesa user writes them: an object a person, a method a rule.

The rules are those of ``simulator/processes/workers.py``, ``hiring.py`` and ``wages.pay``: go home and be replaced,
quit, settle elsewhere, be laid off, find other work, look for work, be hired, be paid. Courses are left out; nobody is
in one where there are no seats. Factories are fixed and are given their posts.
"""

from __future__ import annotations

import math
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import mesa

from simulator.state import (
    DISPLACED,
    EMPLOYED,
    ENGINEER,
    ENGINEER_SKILL,
    NO_SKILL,
    OPERATOR,
    OPERATOR_SKILL,
    OUTSIDE,
    TECHNICIAN,
    TECHNICIAN_SKILL,
)
from simulator.units import MILLION, MONTHS_PER_YEAR

if TYPE_CHECKING:
    from simulator.model import GarmentModel

JOBS = (OPERATOR, TECHNICIAN, ENGINEER)
LAYOFF_ORDER = attrgetter("tenure_and_luck")


class Plant(mesa.Agent):
    """A factory: its posts and its people, by job."""

    def __init__(self, model: PerAgent) -> None:
        super().__init__(model)
        self.posts = [0, 0, 0]
        self.staff: tuple[set[Person], ...] = (set(), set(), set())
        self.wage_bill = 0.0

    def lay_off(self) -> None:
        """Let the last to come go, beyond posts and those who would quit anyway."""
        for job, staff in enumerate(self.staff):
            surplus = len(staff) - self.posts[job] - len(staff) * self.model.new_worker_quits
            number = min(math.floor(max(surplus, 0.0) + self.random.random()), len(staff))
            if number:
                for person in staff:
                    person.tenure_and_luck = self.model.quarter - person.hired + self.random.random()
                for person in sorted(staff, key=LAYOFF_ORDER)[:number]:
                    person.leave(DISPLACED)
                self.model.layoffs += number


class Person(mesa.Agent):
    """Somebody who would consider the sector."""

    def __init__(
        self, model: PerAgent, woman: bool, born: int, education: int, skill: int, state: int, plant: Plant | None,
        job: int, hired: int, settled: bool, taste: float, ability: float, overtime: float, wage: float,
    ) -> None:  # fmt: skip
        super().__init__(model)
        self.woman, self.born, self.education, self.skill = woman, born, education, skill
        self.state, self.plant, self.job, self.hired, self.settled = state, plant, job, hired, settled
        self.taste, self.ability, self.overtime, self.wage = taste, ability, overtime, wage
        self.tenure_and_luck = self.level = 0.0
        if plant is not None:
            plant.staff[job].add(self)

    def leave(self, state: int) -> None:
        """Leave the factory for another state."""
        assert self.plant is not None
        self.plant.staff[self.job].remove(self)
        self.plant, self.state, self.wage = None, state, 0.0

    def go_home(self) -> None:
        """Go home for good, the older the sooner; somebody who comes of age takes the place."""
        model, labour = self.model, self.model.par.labour
        age = (model.quarter - self.born) * model.dt
        if age < labour.retirement_age:
            hazard = labour.home_rise * max(0.0, age - labour.school_leaving_age)
            if self.random.random() >= 1 - math.exp(-hazard * model.dt):
                return
        if self.state == EMPLOYED:
            self.leave(OUTSIDE)
        self.come_of_age()

    def come_of_age(self) -> None:
        """Be somebody new."""
        model, par, random = self.model, self.model.par, self.random
        self.state, self.skill, self.job, self.settled = OUTSIDE, NO_SKILL, OPERATOR, False
        self.born = model.quarter - int(par.labour.school_leaving_age / model.dt)
        self.woman = random.random() < par.labour.women
        self.taste = par.labour.taste_sd * random.gauss()
        self.ability = math.exp(par.wages.ability_sd * random.gauss())
        u = random.random()
        self.education = 0 if u < model.schooling[0] else 1 if u < model.schooling[0] + model.schooling[1] else 2
        tilt = model.women_in_skills if self.woman else model.men_in_skills
        u = random.random()
        if u < model.technicians[self.education] * tilt:
            self.skill = TECHNICIAN_SKILL
        if self.education == 2 and u > 1 - model.engineers * tilt:
            self.skill = ENGINEER_SKILL

    def quit_job(self) -> None:
        """Quit, the newer and the worse paid the sooner; technicians outside may settle elsewhere."""
        model, labour = self.model, self.model.par.labour
        if self.state == EMPLOYED:
            relative = max(self.wage, 1.0) / model.usual_wage[self.job]
            tenure = (model.quarter - self.hired) * model.dt
            rate = labour.quit_rate * math.exp(-labour.quit_tenure * tenure)
            rate *= (labour.quit_wage_norm / relative) ** labour.quit_wage
            if self.random.random() < 1 - math.exp(-rate * model.dt):
                self.leave(OUTSIDE)
                model.quits += 1
        if (
            self.state == OUTSIDE
            and self.skill == TECHNICIAN_SKILL
            and not self.settled
            and self.random.random() < model.settles
        ):
            self.settled = True

    def find_other_work(self) -> None:
        """Find work elsewhere after a layoff, the better schooled the sooner."""
        if self.state == DISPLACED:
            labour = self.model.par.labour
            rate = labour.finding + labour.finding_education * self.education
            if self.random.random() < 1 - math.exp(-rate * self.model.dt):
                self.state = OUTSIDE

    def look_for_work(self) -> None:
        """Look for a post and accept it or not; the displaced come first in turn."""
        if self.state not in (OUTSIDE, DISPLACED) or (self.settled and self.skill >= TECHNICIAN_SKILL):
            return
        model, labour = self.model, self.model.par.labour
        job = max(self.skill - OPERATOR_SKILL, OPERATOR)
        displaced = self.state == DISPLACED
        eager = displaced or job != OPERATOR
        if self.random.random() >= (model.looks_eagerly if eager else model.looks):
            return
        age = (model.quarter - self.born) * model.dt
        dislike = self.taste - labour.liking + labour.age_cost * max(0.0, age - labour.age_from)
        weight = 1.0
        if job == OPERATOR:
            dislike += labour.education_cost * self.education + (0.0 if self.woman else labour.men_outside)
            weight = labour.women_weight if self.woman else labour.men_weight
        if model.log_offer[job] > dislike:
            turn = self.random.expovariate(1.0) / weight
            model.applicants[job].append((not displaced, turn, self.unique_id, self))

    def start(self, plant: Plant, job: int) -> None:
        """Take a post."""
        self.state, self.plant, self.job, self.hired = EMPLOYED, plant, job, self.model.quarter
        self.overtime = math.exp(self.model.par.wages.overtime_sd * self.random.gauss())
        self.skill = max(self.skill, OPERATOR_SKILL)
        plant.staff[job].add(self)

    def compare_pay(self) -> None:
        """Place within the grade, before it is scaled to the wage of the job."""
        if self.state == EMPLOYED:
            model, wages = self.model, self.model.par.wages
            tenure = min((model.quarter - self.hired) * model.dt, wages.tenure_years)
            self.level = self.ability * self.overtime * (1 + wages.tenure_premium * tenure)
            if self.woman:
                self.level *= 1 - wages.women_gap
            model.levels[self.job] += self.level
            model.heads[self.job] += 1

    def be_paid(self) -> None:
        """Earn."""
        if self.state == EMPLOYED:
            self.wage = self.level * self.model.pay_for_level[self.job]
            assert self.plant is not None
            self.plant.wage_bill += self.wage * self.model.bill_factor


class PerAgent(mesa.Model):
    """The people and factories of a :class:`GarmentModel`, each an object, at the state it is in."""

    def __init__(self, twin: GarmentModel) -> None:
        super().__init__(seed=twin.luck)
        self.par, self.dt = twin.par, twin.dt
        self.wages = [float(wage) for wage in twin.economy.wages]
        self.operator_wage = twin.economy.operator_wage
        self.first_schooling = [float(share) for share in twin.entrant_education]
        self.upper_secondary = twin.economy.upper_secondary
        self.bill_factor = twin.weight * MONTHS_PER_YEAR / MILLION
        self.plants = [Plant(self) for _ in range(len(twin.factories))]
        w = twin.workers
        columns: tuple[Any, ...] = (w.woman, w.born, w.education, w.skill, w.state, w.factory, w.job, w.hired,
                                    w.settled, w.taste, w.ability, w.overtime, w.wage)  # fmt: skip
        for row in zip(*(column.tolist() for column in columns)):
            woman, born, education, skill, state, factory, *rest = row
            plant = self.plants[factory] if state == EMPLOYED else None
            Person(self, woman, born, education, skill, state, plant, *rest)

    def step(self, quarter: int = 0, outside_wage: float = 0.0, posts: Any = (), activate: str = "do") -> None:
        """One quarter, people acting one after the other by ``do`` or ``shuffle_do``."""
        self._begin(quarter, outside_wage)
        for plant, given in zip(self.plants, posts):
            plant.posts, plant.wage_bill = given, 0.0
        people, plants = self.agents_by_type[Person], self.agents_by_type[Plant]
        everybody = getattr(people, activate)
        everybody("go_home")
        everybody("quit_job")
        plants.do("lay_off")
        everybody("find_other_work")
        everybody("look_for_work")
        for job in JOBS:
            self._fill_posts(job)
        everybody("compare_pay")
        self.pay_for_level = [
            wage * count / total if total else 0.0 for wage, count, total in zip(self.wages, self.heads, self.levels)
        ]
        everybody("be_paid")

    def _begin(self, quarter: int, outside_wage: float) -> None:
        """What is the same for everybody this quarter is worked out once."""
        skills, labour, dt = self.par.skills, self.par.labour, self.dt
        self.quarter, self.quits, self.layoffs = quarter, 0, 0
        self.applicants: tuple[list[Any], ...] = ([], [], [])
        self.levels, self.heads = [0.0] * 3, [0] * 3
        self.upper_secondary += skills.upper_secondary_growth * (1 + skills.ict_gain * skills.school_ict) * dt
        self.upper_secondary = min(0.95, self.upper_secondary)
        first = self.first_schooling
        rest = (1 - self.upper_secondary) / (1 - first[2])
        self.schooling = [first[0] * rest, first[1] * rest, self.upper_secondary]
        ratio = skills.upper_secondary_ratio
        lower = skills.technician_cohort * (first[1] + first[2]) / (first[1] + ratio * first[2])
        self.technicians = [0.0, lower, ratio * lower]
        self.engineers = skills.engineering_share * skills.engineer_interest
        self.women_in_skills = skills.women_in_stem / labour.women
        self.men_in_skills = (1 - skills.women_in_stem) / (1 - labour.women)
        self.usual_wage = [wage / self.operator_wage * outside_wage for wage in self.wages]
        ratios = (1.0, self.par.wages.technician_ratio, self.par.wages.engineer_ratio)
        self.log_offer = [math.log(wage / (r * outside_wage)) for wage, r in zip(self.wages, ratios)]
        self.settles = 1 - math.exp(-skills.leak * dt)
        self.new_worker_quits = 1 - math.exp(-labour.quit_rate * dt)
        self.looks = 1 - math.exp(-labour.search_rate * dt)
        self.looks_eagerly = 1 - math.exp(-labour.search_rate_displaced * dt)

    def _fill_posts(self, job: int) -> None:
        """Open posts in random order go to those who accept, first in turn first."""
        vacant = [plant for plant in self.plants for _ in range(plant.posts[job] - len(plant.staff[job]))]
        self.random.shuffle(vacant)
        waiting = self.applicants[job]
        if len(waiting) > len(vacant):
            waiting.sort()
        for plant, (*_, person) in zip(vacant, waiting):
            person.start(plant, job)

    def statistics(self) -> dict[str, float]:
        """What both ways of writing it must agree on."""
        employed = [person for person in self.agents_by_type[Person] if person.state == EMPLOYED]
        return {
            "employment": len(employed),
            "quits": self.quits,
            "layoffs": self.layoffs,
            "mean wage": sum(person.wage for person in employed) / len(employed),
            "women's share": sum(person.woman for person in employed) / len(employed),
        }
