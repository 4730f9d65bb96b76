"""Open posts and the people who take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled import compiled
from simulator.processes.production import assess_staff, shift_staff, tasks_per_output
from simulator.processes.workers import in_state
from simulator.state import (
    DISPLACED,
    EMPLOYED,
    ENGINEER,
    ENGINEER_SKILL,
    MOST_YEARS,
    NEVER,
    NO_SKILL,
    OPERATOR,
    OPERATOR_SKILL,
    OUTSIDE,
    STATES,
    TECHNICIAN,
    TECHNICIAN_SKILL,
)
from simulator.streams import luck
from simulator.units import Array, per_rest, per_step, share_of

if TYPE_CHECKING:
    from simulator.model import GarmentModel
    from simulator.streams import Stream

MOST_POSTS = 65_536  # more than one factory can ever open


def hire(model: GarmentModel, rng: Stream) -> None:
    """Factories fill posts from those who look for work: displaced people first, women favoured as operators.

    For engineers, then technicians, then operators:

    1. Every open factory has posts less staff of the job to fill, in agents, if that is more than 0.
    2. All open posts of the sector are put into one random order (``posts_in_turn``).
    3. At most that many people are chosen (``choose``): who looks, accepts and comes first in turn. Women's weight is 1
       for the skilled and ``women_weight`` for operators; it is worked out once for all posts.
    4. The people chosen, in order of their rows, take the posts in their random order and start work (``place``). If
       there are fewer people than posts, the last posts stay open.

    Wages do not differ between factories when people accept, so nobody chooses a factory. Who quit, was laid off or
    came of age earlier in the step may be hired in it; people at work, in a course or settled elsewhere are not. Then
    staff is assessed (``assess_staff``), the share of operators' posts still open is kept for ``set_wages``, and
    ``measure_scarcity`` follows.
    """
    f, workers, eco, par = model.factories, model.workers, model.economy, model.par.labour
    manual, hired = tasks_per_output(model)[:, OPERATOR], 0
    for job in (ENGINEER, TECHNICIAN, OPERATOR):
        gap = np.maximum(f.posts[:, job] - f.staff[:, job], 0) * f.open
        posts = posts_in_turn(rng, f.number, gap, job)
        women = women_weight(usual=par.women_weight, left=manual[posts], risk=par.risk_women)
        rows = choose(model, rng, job, len(posts), women=women)
        hired += len(rows)
        place(model, rng, rows, posts[: len(rows)], job)
    model.people["hired"] = hired
    model.at_work = in_state(EMPLOYED, workers.state)
    assess_staff(model)
    open_posts = np.maximum(f.posts - f.staff, 0)[f.open]
    model.open_posts = int(open_posts.sum())
    eco.unfilled = float(share_of(open_posts[:, OPERATOR].sum(), f.posts[f.open, OPERATOR].sum()))
    measure_scarcity(model)


def posts_in_turn(rng: Stream, number: Array, gap: Array, job: int) -> Array:
    """Factory rows of all open posts, in the order in which they are filled.

    Each post has a random number of its own, by the factory's ``number`` and the place among its open posts of the job;
    the smallest comes first.
    """
    factory = np.repeat(np.arange(len(gap)), gap)
    first = np.repeat(np.cumsum(gap) - gap, gap)
    post = number[factory] * np.int64(MOST_POSTS) + np.arange(len(factory)) - first
    return factory[np.argsort(rng.uniform(post, f"post {job}"), kind="stable")]


def women_weight(*, usual: float, left: Array, risk: float) -> float:
    r"""Weight of women in filling operators' posts, by the manual work that machines have ``left`` [post] there.

    .. math:: \omega = \omega_0\; \overline{n_{op}^{\,\rho - 1}}

    omega_0 ``usual`` (``labour.women_weight``), rho ``risk`` (``labour.risk_women``), n_op ``left``: operators' tasks
    (``tasks_per_output``) in the factory of each post, the mean over posts; omega_0 where there are none. Machines take
    women's work at rho times the hazard of men's, so the odds of women fall with the part of manual work that is left.
    Source: ``seed`` for the relative risk.

    >>> round(women_weight(usual=0.6, left=np.array([1.0, 0.64]), risk=1.5), 3)
    0.54
    """
    return float(usual * np.mean(left ** (risk - 1))) if len(left) else usual


def choose(
    model: GarmentModel, rng: Stream, job: int, count: int, *, women: float = 1.0, everybody_looks: bool = False
) -> Array:
    r"""Rows of at most ``count`` people who look for, accept and get a job; ``women`` weighs women as operators.

    1. Eligible: outside the sector or displaced. As operator, with no skill or an operator's; as technician or
       engineer, with just that skill and not settled in another sector.
    2. Each of them looks at the hazard ``labour.search_rate_displaced`` if displaced or skilled, else
       ``labour.search_rate``: with the chance ``per_step``, or ``per_rest`` for who left a job in this step. Everybody
       looks at the opening.
    3. Who looks accepts when the log of relative pay exceeds the dislike:

    .. math:: \ln\frac{w_k}{r_k\,w_{out}} > taste - \lambda + a \max(0, age - a_0) + [operator]\,(e\, edu + m\,[man])

    w_k the wage of the job, r_k 1, ``wages.technician_ratio`` or ``wages.engineer_ratio``, w_out the outside wage,
    lambda ``labour.liking``, a ``labour.age_cost``, a_0 ``labour.age_from``, e ``labour.education_cost`` with edu 0, 1
    or 2, m ``labour.men_outside``.

    4. If those who accept are no more than ``count``, all are taken. Otherwise each draws an exponential number, which
       for operators is divided by the weight: ``women`` for a woman, ``labour.men_weight`` for a man. All displaced
       come before all others, then the smallest number comes first: a draw without replacement with chances as the
       weights.

    They are returned in order of rows.
    """
    workers, par, eco = model.workers, model.par.labour, model.economy
    if not count:
        return np.empty(0, np.intp)
    skills = {OPERATOR: (NO_SKILL, OPERATOR_SKILL), TECHNICIAN: (TECHNICIAN_SKILL,), ENGINEER: (ENGINEER_SKILL,)}[job]
    ratio = {
        OPERATOR: 1.0,
        TECHNICIAN: model.par.wages.technician_ratio,
        ENGINEER: model.par.wages.engineer_ratio,
    }[job]
    looks = np.full((2, len(STATES)), np.nan)  # who is at work or in a course never does
    outside = par.search_rate if job == OPERATOR else par.search_rate_displaced
    for state, rate in ((OUTSIDE, outside), (DISPLACED, par.search_rate_displaced)):
        looks[:, state] = 1.0 if everybody_looks else (per_step(rate, model.dt), per_rest(rate, model.dt))
    left = np.zeros(len(workers), bool)
    left[model.quits] = left[model.laid_off] = True
    age = np.arange(int(MOST_YEARS / model.dt)) * model.dt
    line = job == OPERATOR
    pool = _willing(
        rng.key(f"look {job}"),
        looks,
        float(np.log(eco.wages[job] / (ratio * model.now("outside_wage")))),
        min(skills),
        max(skills),
        par.age_cost * np.maximum(0.0, age - par.age_from),
        par.liking,
        par.education_cost * line,
        par.men_outside * line,
        model.step_number,
        left, workers.state, workers.skill, workers.settled, workers.taste, workers.born, workers.education,
        workers.woman,
    )  # fmt: skip
    displaced = workers.state[pool] == DISPLACED
    if len(pool) <= count:
        return pool
    weight = np.where(workers.woman[pool], women, par.men_weight) if job == OPERATOR else np.ones(len(pool))
    turn = rng.exponential(pool, f"turn {job}") / weight + np.where(displaced, 0.0, 1e6)
    return np.sort(pool[np.argpartition(turn, count - 1)[:count]])


@compiled
def _willing(
    key: np.uint64, looks: Array, pay: float, lowest: int, highest: int, ageing: Array, liking: float,
    schooling: float, men: float, step: int, left: Array, state: Array, skill: Array, settled: Array, taste: Array,
    born: Array, education: Array, woman: Array,
) -> Array:  # fmt: skip
    """Rows of people with a fitting skill who look, by the chance of their state, and accept the log of ``pay``.

    ``looks`` has shape [left a job in this step, state].
    """
    rows, number = np.empty(len(state), np.intp), 0
    for i in range(len(state)):
        if skill[i] < lowest or skill[i] > highest or settled[i]:
            continue
        if not luck(key, i) < looks[np.intp(left[i]), state[i]]:
            continue
        dislike = taste[i] - liking + ageing[min(step - born[i], len(ageing) - 1)]
        if not woman[i]:
            dislike += men
        if pay > dislike + schooling * education[i]:
            rows[number] = i
            number += 1
    return rows[:number].copy()


def place(model: GarmentModel, rng: Stream, rows: Array, factories: Array, job: int) -> None:
    """People start work; overtime differs from job to job.

    State, employer, job and step of hiring are set, a layoff is forgotten, people without skill become operators.
    Overtime is exp(``wages.overtime_sd`` × a normal number), drawn anew with every job.
    """
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
    """Technicians and engineers needed over those there are, in the sector or willing to come.

    Needed people of open factories over people with the skill who are not settled elsewhere, whatever they do now;
    between 0 and 4, and 4 where there is nobody (*assumption*).
    """
    workers, f = model.workers, model.factories
    there = ~workers.settled
    for k, (job, skill) in enumerate(((TECHNICIAN, TECHNICIAN_SKILL), (ENGINEER, ENGINEER_SKILL))):
        supply = np.count_nonzero((workers.skill == skill) & there) * model.weight
        need = f.needed[f.open, job].sum()
        model.economy.scarcity[k] = float(np.clip(share_of(need, supply, empty=4.0), 0.0, 4.0))
