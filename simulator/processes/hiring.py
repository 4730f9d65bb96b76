"""Open posts and the people who take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.processes.production import assess_staff, shift_staff, tasks_per_output
from simulator.state import (
    DISPLACED,
    EMPLOYED,
    ENGINEER,
    ENGINEER_SKILL,
    NEVER,
    NO_SKILL,
    OPERATOR,
    OPERATOR_SKILL,
    OUTSIDE,
    TECHNICIAN,
    TECHNICIAN_SKILL,
)
from simulator.units import Array, per_step, share_of

if TYPE_CHECKING:
    from simulator.model import GarmentModel
    from simulator.streams import Stream

MOST_POSTS = 65_536  # more than one factory can ever open


def hire(model: GarmentModel, rng: Stream) -> None:
    """Factories fill posts from those who look for work: displaced people first, women favoured as operators."""
    f, eco = model.factories, model.economy
    hired = 0
    for job in (ENGINEER, TECHNICIAN, OPERATOR):
        gap = np.maximum(f.posts[:, job] - f.staff[:, job], 0) * f.open
        posts = posts_in_turn(rng, gap, job)
        women = women_weight(model, posts) if job == OPERATOR else 1.0
        rows = choose(model, rng, job, len(posts), women=women)
        hired += len(rows)
        place(model, rng, rows, posts[: len(rows)], job)
    model.people["hired"] = hired
    assess_staff(model)
    open_posts = np.maximum(f.posts - f.staff, 0)[f.open]
    model.open_posts = int(open_posts.sum())
    eco.unfilled = float(share_of(open_posts[:, OPERATOR].sum(), f.posts[f.open, OPERATOR].sum()))
    measure_scarcity(model)


def posts_in_turn(rng: Stream, gap: Array, job: int) -> Array:
    """Factory rows of all open posts, in the order in which they are filled."""
    factory = np.repeat(np.arange(len(gap)), gap)
    first = np.repeat(np.cumsum(gap) - gap, gap)
    place = np.arange(len(factory)) - first
    return factory[np.argsort(rng.uniform(factory * MOST_POSTS + place, f"post {job}"), kind="stable")]


def women_weight(model: GarmentModel, posts: Array) -> float:
    """Weight of women in filling these operators' posts, by the manual work that machines have left there.

    Machines take women's work at ``risk_women`` times the hazard of men's, so the odds of women fall with the part
    of manual work that is left, raised to ``risk_women - 1``. Source: ``seed`` for the relative risk.
    """
    par = model.par.labour
    left = tasks_per_output(model)[posts, OPERATOR]
    return float(par.women_weight * np.mean(left ** (par.risk_women - 1))) if len(posts) else par.women_weight


def choose(
    model: GarmentModel, rng: Stream, job: int, count: int, *, women: float = 1.0, everybody_looks: bool = False
) -> Array:
    """Rows of at most ``count`` people who look for, accept and get a job; ``women`` weighs women as operators."""
    workers, par, eco = model.workers, model.par.labour, model.economy
    if not count:
        return np.empty(0, np.intp)
    idle = (workers.state == OUTSIDE) | (workers.state == DISPLACED)
    if job == OPERATOR:
        idle &= workers.skill < TECHNICIAN_SKILL
    else:
        idle &= (workers.skill == (TECHNICIAN_SKILL if job == TECHNICIAN else ENGINEER_SKILL)) & ~workers.settled
    pool = np.flatnonzero(idle)
    displaced = workers.state[pool] == DISPLACED
    looks = np.where(displaced | (job != OPERATOR), par.search_rate_displaced, par.search_rate)
    looking = everybody_looks | (rng.uniform(pool, f"look {job}") < per_step(looks, model.dt))
    pool, displaced = pool[looking], displaced[looking]
    ratio = {
        OPERATOR: 1.0,
        TECHNICIAN: model.par.wages.technician_ratio,
        ENGINEER: model.par.wages.engineer_ratio,
    }[job]
    age = (model.step_number - workers.born[pool]) * model.dt
    dislike = workers.taste[pool] - par.liking + par.age_cost * np.maximum(0.0, age - par.age_from)
    if job == OPERATOR:
        dislike = dislike + par.education_cost * workers.education[pool] + par.men_outside * ~workers.woman[pool]
    accepts = np.log(eco.wages[job] / (ratio * model.now("outside_wage"))) > dislike
    pool, displaced = pool[accepts], displaced[accepts]
    if len(pool) <= count:
        return pool
    weight = np.where(workers.woman[pool], women, par.men_weight) if job == OPERATOR else np.ones(len(pool))
    turn = rng.exponential(pool, f"turn {job}") / weight + np.where(displaced, 0.0, 1e6)
    return np.sort(pool[np.argpartition(turn, count - 1)[:count]])


def place(model: GarmentModel, rng: Stream, rows: Array, factories: Array, job: int) -> None:
    """People start work; overtime differs from job to job."""
    workers, par = model.workers, model.par.wages
    workers.state[rows] = EMPLOYED
    workers.factory[rows] = factories
    workers.job[rows] = job
    shift_staff(model, rows, +1)
    workers.hired[rows] = model.step_number
    workers.displaced_at[rows] = NEVER
    workers.overtime[rows] = np.exp(par.overtime_sd * rng.normal(rows, "overtime"))
    new = rows[workers.skill[rows] == NO_SKILL]
    workers.skill[new] = OPERATOR_SKILL


def measure_scarcity(model: GarmentModel) -> None:
    """Technicians and engineers needed over those there are, in the sector or willing to come."""
    workers, f = model.workers, model.factories
    there = ~workers.settled
    for k, (job, skill) in enumerate(((TECHNICIAN, TECHNICIAN_SKILL), (ENGINEER, ENGINEER_SKILL))):
        supply = np.count_nonzero((workers.skill == skill) & there) * model.weight
        need = f.needed[f.open, job].sum()
        model.economy.scarcity[k] = float(np.clip(share_of(need, supply, empty=4.0), 0.0, 4.0))
