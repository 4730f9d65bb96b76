"""Open posts and the people who take them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled import compiled, places
from simulator.processes.production import assess_staff
from simulator.processes.workers import from_least, in_state
from simulator.state import (
    DISPLACED,
    EMPLOYED,
    ENGINEER,
    ENGINEER_SKILL,
    JOBS,
    NEVER,
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
    f, par = model.factories, model.par.labour
    gaps = np.maximum(f.posts - f.staff, 0) * f.open[:, None]
    willing = who_accepts(model, rng)
    still_open, rows, factories, jobs = [0] * len(JOBS), [], [], []
    for job in (ENGINEER, TECHNICIAN, OPERATOR):
        gap = gaps[:, job].copy()
        if not gap.any():
            continue
        posts = posts_in_turn(rng, f.number, gap, job)
        manual = model.plan.tasks[:, OPERATOR][posts] if job == OPERATOR else posts[:0]
        women = women_weight(usual=par.women_weight, left=manual, risk=par.risk_women)
        people = choose(model, rng, job, len(posts), women=women, willing=willing[job])
        rows.append(people)
        factories.append(posts[: len(people)])
        jobs.append(np.full(len(people), job, np.int8))
        still_open[job] = len(posts) - len(people)
    if rows:
        place(model, rng, np.concatenate(rows), np.concatenate(factories), np.concatenate(jobs))
    model.people["hired"] = sum(map(len, rows))
    model.at_work = in_state(EMPLOYED, model.workers.state)
    assess_staff(model)
    model.open_posts = sum(still_open)
    model.economy.unfilled = float(share_of(still_open[OPERATOR], f.posts[:, OPERATOR][f.open].sum()))
    measure_scarcity(model)


def posts_in_turn(rng: Stream, number: Array, gap: Array, job: int) -> Array:
    """Factory rows of all open posts, in the order in which they are filled.

    Each post has a random number of its own (row: number of the factory × 65,536 + place among its open posts of the
    job); the smallest comes first.
    """
    factory, turn = _each_post(rng.key(f"post {job}"), number, gap)
    return factory[from_least(turn)]


@compiled
def _each_post(key: np.uint64, number: Array, gap: Array) -> tuple[Array, Array]:
    """Factory and luck of each open post."""
    posts, place = gap.sum(), 0
    factory, turn = np.empty(posts, np.intp), np.empty(posts)
    for i in range(len(gap)):
        for k in range(gap[i]):
            factory[place], turn[place] = i, luck(key, number[i] * MOST_POSTS + k)
            place += 1
    return factory, turn


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
    model: GarmentModel,
    rng: Stream,
    job: int,
    count: int,
    *,
    women: float = 1.0,
    everybody_looks: bool = False,
    willing: Array | None = None,
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
    workers = model.workers  # ``willing`` are those of step 3 where they are known already
    if not count:
        return np.empty(0, np.intp)
    pool = who_accepts(model, rng, everybody_looks=everybody_looks)[job] if willing is None else willing
    if len(pool) <= count:
        return pool
    turn = rng.exponential(pool, f"turn {job}")
    if job == OPERATOR:
        turn /= np.where(workers.woman[pool], women, model.par.labour.men_weight)
    turn += 1e6 * (workers.state[pool] != DISPLACED)
    return np.sort(pool[np.argpartition(turn, count - 1)[:count]])


def who_accepts(model: GarmentModel, rng: Stream, *, everybody_looks: bool = False) -> tuple[Array, Array, Array]:
    """Rows of those who pass the first three steps of ``choose``, by job: nobody's skill fits two jobs."""
    w, par, eco = model.workers, model.par.labour, model.economy
    ratios = np.array((1.0, model.par.wages.technician_ratio, model.par.wages.engineer_ratio))
    pay = eco.wages / (ratios * model.now("outside_wage"))
    left = np.zeros(len(w), bool)
    left[model.quits] = left[model.laid_off] = True
    return _who_accepts(
        np.array([rng.key(f"look {job}") for job in range(len(JOBS))]),
        _looks(par.search_rate, par.search_rate_displaced, model.dt, everybody_looks),
        np.log(pay),
        (par.liking, par.age_cost, par.age_from, par.men_outside, par.education_cost),
        model.step_number, model.dt, left, w.state, w.skill, w.settled, w.taste, w.born, w.education, w.woman,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _looks(rate: float, rate_displaced: float, dt: float, everybody: bool) -> Array:
    """Chances to look by job, [in a step, in what is left of one] and state: the same until a rate changes."""
    chances = np.full((len(JOBS), 2, len(STATES)), np.nan)  # who is at work or in a course never does
    chances[:, :, (OUTSIDE, DISPLACED)] = 1.0
    if not everybody:
        for k, chance in enumerate((per_step, per_rest)):
            chances[:, k, (OUTSIDE, DISPLACED)] = chance(rate_displaced, dt)
            chances[OPERATOR, k, OUTSIDE] = chance(rate, dt)
    return chances


@compiled
def _who_accepts(
    keys: Array, looks: Array, pay: Array, costs: tuple[float, float, float, float, float], step: int, dt: float,
    left: Array, state: Array, skill: Array, settled: Array, taste: Array, born: Array, education: Array, woman: Array,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """``who_accepts`` on the columns: the skilled who are free, the others who look; then who of them is willing.

    By job: ``looks`` are the chances of [left a job in this step, state], ``pay`` the log of relative pay. ``costs``
    are lambda, a, a_0, m and e of the formula.
    """
    key, outside, displaced = keys[OPERATOR], looks[OPERATOR, 0, OUTSIDE], looks[OPERATOR, 0, DISPLACED]
    flags = np.empty(len(state), np.bool_)
    for i in range(len(state)):
        u = luck(key, i)
        looking = (u < outside) & (state[i] == OUTSIDE) | (u < displaced) & (state[i] == DISPLACED)
        flags[i] = looking & (skill[i] <= OPERATOR_SKILL)
    operators = places(flags)
    for i in range(len(state)):
        flags[i] = (skill[i] > OPERATOR_SKILL) & ((state[i] == OUTSIDE) | (state[i] == DISPLACED))
    skilled = places(flags)
    people = step, dt, left, state, settled, taste, born, education, woman
    none = (costs[0], costs[1], costs[2], 0.0, 0.0)
    technicians = skilled[skill[skilled] == TECHNICIAN_SKILL]
    engineers = skilled[skill[skilled] == ENGINEER_SKILL]
    return (
        _willing(operators, keys[OPERATOR], looks[OPERATOR], pay[OPERATOR], costs, people),
        _willing(technicians, keys[TECHNICIAN], looks[TECHNICIAN], pay[TECHNICIAN], none, people),
        _willing(engineers, keys[ENGINEER], looks[ENGINEER], pay[ENGINEER], none, people),
    )


@compiled
def _willing(
    free: Array, key: np.uint64, looks: Array, pay: float, costs: tuple[float, float, float, float, float],
    people: tuple[int, float, Array, Array, Array, Array, Array, Array, Array],
) -> Array:  # fmt: skip
    """Who of the ``free`` looks and accepts one job."""
    liking, age_cost, age_from, men, schooling = costs
    step, dt, left, state, settled, taste, born, education, woman = people
    rows, number = np.empty(len(free), np.intp), 0
    for i in free:
        dislike = taste[i] - liking + age_cost * max(0.0, (step - born[i]) * dt - age_from) + men * (not woman[i])
        looks_still = (luck(key, i) < looks[np.uintp(left[i]), np.uintp(state[i])]) & (not settled[i])
        rows[number] = i
        number += looks_still & (pay > dislike + schooling * education[i])
    return rows[:number].copy()


def place(model: GarmentModel, rng: Stream, rows: Array, factories: Array, job: int | Array) -> None:
    """People start work; overtime differs from job to job.

    State, employer, job and step of hiring are set, a layoff is forgotten, people without skill become operators.
    Overtime is exp(``wages.overtime_sd`` × a normal number), drawn anew with every job.
    """
    w, jobs = model.workers, np.full(len(rows), job, np.int8)
    overtime = np.exp(model.par.wages.overtime_sd * rng.normal(rows, "overtime"))
    _start_work(
        rows, factories, jobs, overtime, model.step_number, model.factories.staff,
        w.state, w.factory, w.job, w.hired, w.displaced_at, w.overtime, w.skill,
    )  # fmt: skip


@compiled
def _start_work(
    rows: Array, factories: Array, jobs: Array, extra: Array, step: int, staff: Array, state: Array, factory: Array,
    job: Array, hired: Array, displaced_at: Array, overtime: Array, skill: Array,
) -> None:  # fmt: skip
    """``place`` on the columns, of which those from ``staff`` on change; ``extra`` is the new overtime."""
    for n in range(len(rows)):
        i = rows[n]
        staff[factories[n], jobs[n]] += 1
        state[i], factory[i], job[i] = EMPLOYED, factories[n], jobs[n]
        hired[i], displaced_at[i], overtime[i] = step, NEVER, extra[n]
        skill[i] = max(skill[i], OPERATOR_SKILL)


def measure_scarcity(model: GarmentModel) -> None:
    """Technicians and engineers needed over those there are, in the sector or willing to come.

    Needed people of open factories over people with the skill who are not settled elsewhere, whatever they do now;
    between 0 and 4, and 4 where there is nobody (*assumption*).
    """
    workers, f = model.workers, model.factories
    there = ~workers.settled
    for k, (job, skill) in enumerate(((TECHNICIAN, TECHNICIAN_SKILL), (ENGINEER, ENGINEER_SKILL))):
        supply = np.count_nonzero((workers.skill == skill) & there) * model.weight
        need = f.needed[:, job][f.open].sum()
        model.economy.scarcity[k] = min(need / supply, 4.0) if supply else 4.0
