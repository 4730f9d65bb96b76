"""People: who comes of age, quits, is laid off, learns, and finds other work."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled import compiled, places
from simulator.state import (
    DISPLACED,
    EMPLOYED,
    ENGINEER_SKILL,
    MOST_YEARS,
    NEVER,
    NO_SKILL,
    NOWHERE,
    OPERATOR,
    OPERATOR_SKILL,
    OUTSIDE,
    TECHNICIAN,
    TECHNICIAN_SKILL,
    TRAINING,
)
from simulator.streams import luck
from simulator.units import MONTHS_PER_YEAR, QUARTER, Array, Number, per_step

if TYPE_CHECKING:
    from simulator.model import GarmentModel
    from simulator.streams import Stream


def renew_generation(model: GarmentModel, rng: Stream) -> None:
    """People go home for good, the older the sooner; as many come of age, better schooled than those before.

    1. The share of upper secondary among those who come of age rises by ``skills.upper_secondary_growth`` × (1 +
       ``skills.ict_gain`` × ``skills.school_ict``) × dt, to 95 % at most (*assumption*). It starts from
       ``education entrant_share``.
    2. Everybody, whatever they do, goes home at the hazard ``home_rate`` of their age. Who is at work leaves the post.
    3. Somebody new takes the row (``come_of_age``) at age ``labour.school_leaving_age``, so the number of people never
       changes. Schooling is drawn from ``entrant_schooling``, skills by ``give_skills``: technicians in the shares that
       ``technician_shares`` finds for a mean of ``skills.technician_cohort`` at the schooling of entrants in 2012,
       engineers ``skills.engineering_share`` × ``skills.engineer_interest`` of upper secondary.
    """
    workers, par, eco = model.workers, model.par, model.economy
    ict = 1 + par.skills.ict_gain * par.skills.school_ict
    eco.upper_secondary = min(0.95, eco.upper_secondary + par.skills.upper_secondary_growth * ict * model.dt)
    since, last = par.labour.school_leaving_age, par.labour.retirement_age
    chance = _by_age(home_rate, model.dt, rise=par.labour.home_rise, since=since, last=last)
    rows = _going_home(rng.key("home"), chance, model.step_number, workers.born)
    at_work = rows[workers.state[rows] == EMPLOYED]
    model.people["retired"] = len(at_work)
    release(model, at_work, OUTSIDE)
    model.people["renewed"] = len(rows)
    if not len(rows):
        return
    come_of_age(model, rng, rows)
    workers.born[rows] = model.step_number - int(par.labour.school_leaving_age / model.dt)
    workers.education[rows] = np.searchsorted(np.cumsum(entrant_schooling(model))[:2], rng.uniform(rows, "education"))
    give_skills(
        model,
        rng,
        rows,
        technician_shares(model, par.skills.technician_cohort, model.entrant_education),
        par.skills.engineering_share * par.skills.engineer_interest,
    )


@lru_cache(maxsize=64)
def _by_age(rate: Callable[..., Array], dt: float, **terms: float) -> Array:
    """Chance within a step for each age in steps, from a yearly hazard: the same until a term changes."""
    return per_step(rate(age=np.arange(int(MOST_YEARS / dt)) * dt, **terms), dt)


@compiled
def _going_home(key: np.uint64, chance: Array, step: int, born: Array) -> Array:
    """Rows of people who go home, with the ``chance`` of each age in steps."""
    last, oldest, most = len(chance) - 1, len(chance) - 1, 0.0
    for age in range(last, -1, -1):
        if chance[age] >= 1:
            oldest = age  # that somebody can be and stay
        else:
            most = max(most, chance[age])
    flags = np.empty(len(born), np.bool_)
    for i in range(len(born)):
        flags[i] = (luck(key, i) < most) | (step - born[i] >= oldest)
    near = places(flags)
    rows, number = np.empty(len(near), np.intp), 0
    for i in near:
        rows[number] = i
        number += luck(key, i) < chance[np.uintp(min(step - born[i], last))]
    return rows[:number].copy()


def home_rate(*, age: Number, rise: Number, since: Number, last: Number) -> Number:
    r"""Yearly hazard of going home for good: family, farm, other work; certain at the ``last`` age.

    .. math:: h = r\,\max(0, a - a_0)

    r ``labour.home_rise``, a age, a_0 ``labour.school_leaving_age``, last ``labour.retirement_age``.

    >>> home_rate(age=np.array([18.0, 30.0, 60.0]), rise=0.0025, since=18.0, last=60.0)
    array([0.  , 0.03,  inf])
    """
    return np.where(age >= last, np.inf, rise * np.maximum(0.0, age - since))


def come_of_age(model: GarmentModel, rng: Stream, rows: Array) -> None:
    """A new person in each row: outside the sector, with tastes and abilities of their own.

    Without skill, employer, layoff or course. A woman with chance ``labour.women``, a migrant with chance
    ``labour.migrant_share``; taste is ``labour.taste_sd`` × a normal number, ability exp(``wages.ability_sd`` × a
    normal number). All are independent of each other (*assumption*).
    """
    w, par = model.workers, model.par
    taste = par.labour.taste_sd * rng.normal(rows, "taste")
    ability = np.exp(par.wages.ability_sd * rng.normal(rows, "ability"))
    _begin_life(
        rows, rng.key("gender"), par.labour.women, rng.key("migrant"), par.labour.migrant_share, taste, ability,
        w.state, w.factory, w.job, w.skill, w.displaced_at, w.course_ends, w.trained_at, w.reskilled, w.settled, w.wage,
        w.woman, w.migrant, w.taste, w.ability,
    )  # fmt: skip


@compiled
def _begin_life(
    rows: Array, gender_key: np.uint64, women: float, migrant_key: np.uint64, migrants: float, tastes: Array,
    abilities: Array, state: Array, factory: Array, job: Array, skill: Array, displaced_at: Array, course_ends: Array,
    trained_at: Array, reskilled: Array, settled: Array, wage: Array, woman: Array, migrant: Array, taste: Array,
    ability: Array,
) -> None:  # fmt: skip
    """``come_of_age`` on the columns; ``tastes`` and ``abilities`` are by place in ``rows``."""
    for n in range(len(rows)):
        i = rows[n]
        state[i], factory[i], job[i], skill[i], wage[i] = OUTSIDE, NOWHERE, OPERATOR, NO_SKILL, 0.0
        displaced_at[i] = course_ends[i] = trained_at[i] = NEVER
        reskilled[i] = settled[i] = False
        woman[i], migrant[i] = luck(gender_key, i) < women, luck(migrant_key, i) < migrants
        taste[i], ability[i] = tastes[n], abilities[n]


def entrant_schooling(model: GarmentModel) -> Array:
    """Shares of primary, lower and upper secondary among people who come of age now.

    What upper secondary leaves is split between the other two as in ``education entrant_share``.
    """
    upper = model.economy.upper_secondary
    first = model.entrant_education
    rest = (1 - upper) / (1 - first[2])
    return np.array([first[0] * rest, first[1] * rest, upper])


def technician_shares(model: GarmentModel, mean: float, schooling: Array) -> Array:
    r"""Share of technicians by schooling, ``mean`` over those with lower secondary and above in ``schooling``.

    .. math:: t_1 = \bar t\,\frac{s_1 + s_2}{s_1 + \rho s_2},\qquad t_2 = \rho\,t_1,\qquad t_0 = 0

    s the shares of lower (1) and upper (2) secondary, rho ``skills.upper_secondary_ratio``. Technical diplomas ask for
    upper secondary more often than not, so better schooling brings more technicians.
    """
    ratio = model.par.skills.upper_secondary_ratio
    lower = mean * (schooling[1] + schooling[2]) / (schooling[1] + ratio * schooling[2])
    return np.array([0.0, lower, ratio * lower])


def give_skills(model: GarmentModel, rng: Stream, rows: Array, technicians: Array, engineers: float) -> None:
    """Some of those with enough schooling are technicians (shares by schooling) or engineers.

    Both chances are tilted by gender so that women are ``skills.women_in_stem`` of the new: for a woman × that over
    ``labour.women``, for a man × the rest over the rest. One uniform number decides: below the chance of a technician
    it makes one; above 1 less the chance of an engineer, with upper secondary only, it makes an engineer.
    """
    workers, par = model.workers, model.par
    women = par.skills.women_in_stem / par.labour.women
    men = (1 - par.skills.women_in_stem) / (1 - par.labour.women)
    tilt = np.where(workers.woman[rows], women, men)
    u = rng.uniform(rows, "skill")
    schooling = workers.education[rows]
    workers.skill[rows[u < technicians[schooling] * tilt]] = TECHNICIAN_SKILL
    workers.skill[rows[(schooling == 2) & (u > 1 - engineers * tilt)]] = ENGINEER_SKILL


def quit_jobs(model: GarmentModel, rng: Stream) -> None:
    """Workers quit, the newer and the worse paid the sooner.

    Everybody employed quits at the hazard ``quit_rate`` and is outside. The relative wage is the person's pay of the
    last step (at least 1 USD) over the usual pay of that job outside: the outside wage × the wage of the job over that
    of operators. Before that, technicians outside settle in another sector for good at the hazard ``skills.leak``; then
    the sector cannot hire them any more.
    """
    workers, par, eco = model.workers, model.par.labour, model.economy
    rows = np.flatnonzero(workers.skill == TECHNICIAN_SKILL)
    rows = rows[(workers.state[rows] == OUTSIDE) & ~workers.settled[rows]]
    workers.settled[rows[rng.uniform(rows, "settle") < per_step(model.par.skills.leak, model.dt)]] = True
    usual = eco.wages / eco.operator_wage * model.now("outside_wage")

    def chance(tenure: Number, relative_wage: Number) -> Number:
        rate = quit_rate(
            tenure=tenure,
            relative_wage=relative_wage,
            rate=par.quit_rate,
            slope=par.quit_tenure,
            norm=par.quit_wage_norm,
            response=par.quit_wage,
        )
        return per_step(rate, model.dt)

    # Hardly anybody earns below half the norm, and nobody above it quits at more than the chance there: the others'
    # luck settles that they stay, without their own chance being worked out.
    half = par.quit_wage_norm / 2
    rows, turn, tenure, relative_wage = _may_quit(
        rng.key(), float(chance(0.0, half)), half * usual, usual, model.step_number, model.dt,
        model.at_work, workers.state, workers.job, workers.wage, workers.hired,
    )  # fmt: skip
    model.quits = rows[turn < chance(tenure, relative_wage)]
    release(model, model.quits, OUTSIDE)
    model.people["quits"] = len(model.quits)


@compiled
def in_state(wanted: int, state: Array) -> Array:
    """Rows of people in the ``wanted`` state."""
    return places(state == wanted)


@compiled
def _may_quit(
    key: np.uint64, most: float, low: Array, usual: Array, step: int, dt: float, at_work: Array, state: Array,
    job: Array, wage: Array, hired: Array,
) -> tuple[Array, Array, Array, Array]:  # fmt: skip
    """Who was at work and still is, with luck below ``most`` or a wage below that of ``low`` for the job.

    Their rows, luck, tenure and relative wage.
    """
    rows, number = np.empty(len(at_work), np.intp), 0
    for i in at_work:
        rows[number] = i
        number += (state[i] == EMPLOYED) & ((luck(key, i) < most) | (wage[i] < low[job[i]]))
    rows = rows[:number].copy()
    turn, tenure, relative = np.empty(number), np.empty(number), np.empty(number)
    for n in range(number):
        i = rows[n]
        turn[n], tenure[n] = luck(key, i), (step - hired[i]) * dt
        relative[n] = max(wage[i], np.float32(1.0)) / usual[job[i]]
    return rows, turn, tenure, relative


def quit_rate(
    *, tenure: Number, relative_wage: Number, rate: Number, slope: Number, norm: Number, response: Number
) -> Number:
    r"""Yearly hazard of quitting.

    .. math:: q = q_0\, e^{-s\,T} \left(\frac{n}{w/w_{out}}\right)^{r}

    q_0 ``labour.quit_rate``, T years in the factory, s ``labour.quit_tenure``, n ``labour.quit_wage_norm``, w/w_out the
    relative wage, r ``labour.quit_wage``.

    >>> round(float(quit_rate(tenure=2.0, relative_wage=1.25, rate=0.24, slope=0.06, norm=1.25, response=1.2)), 4)
    0.2129
    """
    return rate * np.exp(-slope * tenure) * (norm / relative_wage) ** response


def lay_off(model: GarmentModel, rng: Stream) -> None:
    """A factory lets people go beyond its posts and those who would leave anyway within the quarter.

    First the last to come, or those whom machines replace.

    1. By factory and job, the surplus is staff less posts less staff × the chance of a new worker to quit in a quarter
       of a year (``labour.quit_rate``), also where a step is a month; if that is more than 0, in agents. Only open
       factories lay off.
    2. A uniform number (row: number of the factory × 3 + job) is added and the sum rounded down, so that on average the
       surplus goes; never more than the staff.
    3. Those with the lowest ``stay_score`` go; of equals the lower row. Operators of a factory that took a step of
       automation in the last step are scored as replaced by machines, all others as short of orders.

    They are displaced (``displace``).
    """
    f, workers = model.factories, model.workers
    quitting = float(per_step(model.par.labour.quit_rate, QUARTER))
    cells, count = _surplus(rng.key("rounding"), quitting, f.number, f.open, f.posts, f.staff)
    model.people["layoffs"] = count
    model.laid_off = np.empty(0, np.intp)
    if not count:
        return
    rows, cell = _in_cells(cells, model.at_work, workers.state, workers.factory, workers.job)
    order = from_least(stay_score(model, rng, rows))
    displace(model, rows[_while_places_last(order, cell, cells, count)])


@compiled
def _surplus(
    key: np.uint64, quitting: float, number: Array, is_open: Array, posts: Array, staff: Array
) -> tuple[Array, int]:  # fmt: skip
    """How many go by factory and job, in one row of cells, and in all; ``quitting`` is the part who leave anyway."""
    jobs = staff.shape[1]
    cells, count = np.zeros(staff.size, np.intp), 0
    for i in range(len(number)):
        for k in range(jobs):
            surplus = staff[i, k] - posts[i, k] - staff[i, k] * quitting
            if is_open[i] and surplus > 0:
                goes = min(math.floor(surplus + luck(key, number[i] * jobs + k)), staff[i, k])
                cells[i * jobs + k] = goes
                count += goes
    return cells, count


@compiled
def _in_cells(chosen: Array, at_work: Array, state: Array, factory: Array, job: Array) -> tuple[Array, Array]:
    """Rows of people still at work in the cells of factory and job that are not 0 in ``chosen``, and their cells."""
    rows, number = np.empty(len(at_work), np.intp), 0
    for i in at_work:
        rows[number] = i
        number += chosen[factory[i] * np.intp(3) + job[i]] > 0
    there, number = rows[:number], 0
    cells = np.empty(len(there), np.intp)
    for i in there:
        rows[number], cells[number] = i, factory[i] * np.intp(3) + job[i]
        number += state[i] == EMPLOYED
    return rows[:number].copy(), cells[:number].copy()


def from_least(numbers: Array) -> Array:
    """Places of the numbers from the least to the greatest; of equals the lower place first."""
    order = np.argsort(numbers)  # much faster than a stable one, which only equals need
    found = numbers[order]
    return order if (found[1:] > found[:-1]).all() else np.argsort(numbers, kind="stable")


@compiled
def _while_places_last(order: Array, group: Array, places: Array, count: int) -> Array:
    """The first ``count`` in ``order`` whose group has places left; each takes one of its group."""
    taken, number, left = np.empty(count, np.intp), 0, places.copy()
    for i in order:
        if number < count and left[group[i]] > 0:
            left[group[i]] -= 1
            taken[number] = i
            number += 1
    return taken[:number]


def stay_score(model: GarmentModel, rng: Stream, rows: Array) -> Array:
    r"""Who stays: tenure where orders are missing; tenure, gender, age and schooling where machines come.

    .. math:: z = T + u\,dt \quad\text{or}\quad
              z = T/2 - \ln r_w\,[woman] - \ln r_y\,[age < 25] - \ln r_p\,[primary] - G

    T years in the factory, u a uniform number that breaks ties within a step, r_w ``labour.risk_women``, r_y
    ``labour.risk_young``, r_p ``labour.risk_primary``, G a Gumbel number. The relative risks are the seed's: women 1.5,
    under 25 1.1, primary school 1.2.
    """
    w, par = model.workers, model.par.labour
    risks = (np.log(par.risk_women), np.log(par.risk_young), np.log(par.risk_primary))
    return _stay_scores(
        rows, rng.key("tie"), rng.gumbel(rows, "machines"), risks, model.step_number, model.dt,
        model.factories.automated_at, w.factory, w.job, w.hired, w.born, w.woman, w.education,
    )  # fmt: skip


@compiled
def _stay_scores(
    rows: Array, key: np.uint64, gumbel: Array, risks: tuple[float, float, float], step: int, dt: float,
    automated_at: Array, factory: Array, job: Array, hired: Array, born: Array, woman: Array, education: Array,
) -> Array:  # fmt: skip
    """``stay_score`` on the columns, with the logs of the relative risks."""
    out = np.empty(len(rows))
    women, young, primary = risks
    for n in range(len(rows)):
        i = rows[n]
        tenure = (step - hired[i]) * dt
        if job[i] == OPERATOR and step - automated_at[factory[i]] <= 1:
            risk = women * woman[i] + young * ((step - born[i]) * dt < 25) + primary * (education[i] == 0)
            out[n] = tenure / 2 - risk - gumbel[n]
        else:
            out[n] = tenure + luck(key, i) * dt
    return out


def displace(model: GarmentModel, rows: Array) -> None:
    """People lose their job and are displaced; the step is noted as that of their last layoff."""
    model.laid_off = np.concatenate([model.laid_off, rows])
    model.workers.displaced_at[rows] = model.step_number
    release(model, rows, DISPLACED)


def release(model: GarmentModel, rows: Array, state: int) -> None:
    """People leave their factory for another state, without employer and wage; the factory's head count falls."""
    w = model.workers
    _release(rows, state, model.factories.staff, w.state, w.factory, w.job, w.wage)


@compiled
def _release(rows: Array, next_state: int, staff: Array, state: Array, factory: Array, job: Array, wage: Array) -> None:
    """``release`` on the columns."""
    for i in rows:
        staff[factory[i], job[i]] -= 1
        state[i], factory[i], wage[i] = next_state, NOWHERE, 0.0


def train(model: GarmentModel, rng: Stream) -> None:
    """Courses end and begin; factories raise some of their own operators; some displaced find other work.

    In this order: ``finish_courses``, ``start_courses``, ``raise_operators``, ``find_other_work``. Who ended a course
    may so begin another or find other work in the same step. No one is paid by the sector while in a course.
    """
    state = model.workers.state
    people = np.flatnonzero((state == DISPLACED) | (state == TRAINING))
    finish_courses(model, rng, people)
    start_courses(model, rng, people)
    raise_operators(model, rng)
    find_other_work(model, rng, people)


def finish_courses(model: GarmentModel, rng: Stream, people: Array) -> None:
    """Who ends a course completes it or not, by the way it was taught.

    1. It concerns everybody whose last step of a course is this one or past.
    2. The way of teaching is drawn now: self-paced with chance ``skills.self_paced_share``, with a facilitator
       ``skills.facilitated_share``, else on site. The chance of completing is ``skills.completion_self_paced`` × the
       ``education smartphone`` share of the person's schooling, ``skills.completion_facilitated`` or
       ``skills.completion_on_site``.
    3. Everybody returns to being displaced if laid off and neither hired nor in other work since, else to outside.
    4. Who completed is reskilled, recently trained, and at least an operator by skill. Who took the technician's course
       and completed is a technician with chance ``skills.relevance_base`` + ``skills.relevance_gain`` ×
       ``skills.training_relevance``, at most 1.
    """
    w, par = model.workers, model.par.skills
    relevant = min(1.0, par.relevance_base + par.relevance_gain * par.training_relevance)
    model.reskilled = _finish_courses(
        people, model.step_number, (rng.key("mode"), rng.key("completion"), rng.key("relevance")),
        (par.self_paced_share, par.self_paced_share + par.facilitated_share), par.completion_self_paced,
        model.smartphones, par.completion_facilitated, par.completion_on_site, relevant,
        w.state, w.course_ends, w.displaced_at, w.education, w.job, w.skill, w.trained_at, w.reskilled,
    )  # fmt: skip


@compiled
def _finish_courses(
    people: Array, step: int, keys: tuple[np.uint64, np.uint64, np.uint64], ways: tuple[float, float],
    self_paced: float, reach: Array, facilitated: float, on_site: float, relevant: float, state: Array,
    course_ends: Array, displaced_at: Array, education: Array, job: Array, skill: Array, trained_at: Array,
    reskilled: Array,
) -> Array:  # fmt: skip
    """``finish_courses`` on the columns; rows of those who completed.

    ``ways`` are the shares of the first and of the first two ways of teaching, then come the chances of completing.
    """
    rows, number = np.empty(len(people), np.intp), 0
    for i in people:
        if state[i] != TRAINING or course_ends[i] > step:
            continue
        way = luck(keys[0], i)
        chance = self_paced * reach[education[i]] if way < ways[0] else facilitated if way < ways[1] else on_site
        if luck(keys[1], i) < chance:
            skill[i] = max(skill[i], OPERATOR_SKILL)
            if job[i] == TECHNICIAN and luck(keys[2], i) < relevant:
                skill[i] = TECHNICIAN_SKILL
            trained_at[i], reskilled[i] = step, True
            rows[number] = i
            number += 1
        state[i] = OUTSIDE if displaced_at[i] == NEVER else DISPLACED
        course_ends[i], job[i] = NEVER, OPERATOR
    return rows[:number].copy()


def start_courses(model: GarmentModel, rng: Stream, people: Array) -> None:
    """Public seats go to displaced people first, then to those with lower secondary school.

    1. Eligible: below technician by skill, not settled; displaced, or outside with at least lower secondary and no
       finished course.
    2. Seats in a step are ``skills.training_seats`` × dt / people per agent, plus a uniform number, rounded down; no
       more than there are people. Unused seats lapse and cost nothing.
    3. Displaced come first, within both groups the smallest random number.
    4. They are in training for ``skills.training_months``, rounded to whole steps, one at least.
    5. Of those with at least lower secondary each takes the technician's course with the chance of ``course_chances``
       for ``skills.technician_share`` and ``skills.women_in_stem``; until its end the column ``job`` says technician.
       All others take an operator's course.
    """
    workers, par = model.workers, model.par.skills
    seats = int(np.floor(par.training_seats * model.dt / model.weight + float(rng.uniform(1, "rounding")[0])))
    rows = people[(workers.state[people] == DISPLACED) & (workers.skill[people] < TECHNICIAN_SKILL)]
    if len(rows) > seats:
        rows = rows[np.argpartition(rng.uniform(rows, "turn"), seats)[:seats]]
    if len(rows) < seats:
        rows = np.concatenate([rows, _first_outside(model, rng.key("turn"), seats - len(rows))])
    model.seats_taken = len(rows) * model.weight
    if not len(rows):
        return
    workers.state[rows] = TRAINING
    length = max(1, round(par.training_months / MONTHS_PER_YEAR / model.dt))
    workers.course_ends[rows] = model.step_number + length
    fit = rows[workers.education[rows] >= 1]
    chance = course_chances(workers.woman[fit], par.technician_share, par.women_in_stem)
    workers.job[fit[rng.uniform(fit, "course") < chance]] = TECHNICIAN


def _first_outside(model: GarmentModel, key: np.uint64, count: int) -> Array:
    """The ``count`` people outside who are first in turn for a course, or all there are."""
    w = model.workers
    enough = min(1.0, 20 * (count + 10) / len(w))  # first in turn are a few with small numbers: only they are sorted
    for most in (enough, 1.0):
        rows, turn = _outside_in_turn(key, most, w.state, w.skill, w.settled, w.education, w.reskilled)
        if len(rows) >= count:
            break
    return rows[np.argsort(turn, kind="stable")[:count]]


@compiled
def _outside_in_turn(
    key: np.uint64, most: float, state: Array, skill: Array, settled: Array, education: Array, reskilled: Array
) -> tuple[Array, Array]:
    """Rows of people outside who may take a course and whose number is at most ``most``, and the numbers."""
    rows, turn, number = np.empty(len(state), np.intp), np.empty(len(state)), 0
    for i in range(len(state)):
        if state[i] != OUTSIDE or skill[i] >= TECHNICIAN_SKILL or settled[i] or education[i] < 1 or reskilled[i]:
            continue
        u = luck(key, i)
        if u <= most:
            rows[number], turn[number] = i, u
            number += 1
    return rows[:number].copy(), turn[:number].copy()


def course_chances(woman: Array, share: float, women: float) -> Array:
    r"""Chance of a technician's course: ``share`` of people, ``women`` of them women as far as people allow.

    .. math:: P(woman) = \min(1, s\,n\,f/n_w),\qquad P(man) = \min(1, s\,n\,(1-f)/(n - n_w))

    n people, n_w women among them (each divisor at least 1), s ``share``, f ``women``.
    """
    number, count = len(woman), int(np.count_nonzero(woman))
    for_women = share * number * women / max(count, 1)
    for_men = share * number * (1 - women) / max(number - count, 1)
    return np.minimum(1.0, np.where(woman, for_women, for_men))


def raise_operators(model: GarmentModel, rng: Stream) -> None:
    """Short of technicians, factories teach operators with enough schooling.

    1. Only if scarcity z of technicians (``measure_scarcity`` of the last step) is above 1.
    2. As many as the share 1 - exp(-``skills.upskilling`` × min(1, z - 1) × dt) of all operators with at least lower
       secondary, rounded up or down at random, but no factory raises more than it has open technicians' posts.
    3. Who is raised: the least exponential draws over weights that give women their share ``skills.women_in_stem``
       among equals; first within each factory up to its open posts, then over all factories.

    They are technicians by job and skill at once.
    """
    workers, f, par = model.workers, model.factories, model.par.skills
    scarcity = min(float(model.economy.scarcity[0]) - 1, 1.0)
    if scarcity <= 0:
        return
    open_posts = np.maximum(f.posts[:, TECHNICIAN] - f.staff[:, TECHNICIAN], 0) * f.open
    rows, people = _schooled_operators(
        open_posts > 0, model.at_work, workers.state, workers.job, workers.education, workers.factory
    )
    wanted = people * per_step(par.upskilling * scarcity, model.dt)
    count = int(np.floor(wanted + float(rng.uniform(1, "rounding raised")[0])))
    if not count or not len(rows):
        return
    woman = workers.woman[rows]
    women = np.count_nonzero(woman) / len(rows)
    weights = (par.women_in_stem / max(women, 1e-9), (1 - par.women_in_stem) / max(1 - women, 1e-9))
    turn = rng.exponential(rows, "raised") / np.where(woman, max(weights[0], 1e-9), max(weights[1], 1e-9))
    factory = workers.factory[rows].astype(np.intp)
    chosen = rows[first_with_posts(turn, factory, open_posts.astype(np.intp), count)]
    np.subtract.at(f.staff[:, OPERATOR], workers.factory[chosen], 1)
    np.add.at(f.staff[:, TECHNICIAN], workers.factory[chosen], 1)
    workers.job[chosen] = TECHNICIAN
    workers.skill[chosen] = TECHNICIAN_SKILL


@compiled
def _schooled_operators(
    wanted: Array, at_work: Array, state: Array, job: Array, education: Array, factory: Array
) -> tuple[Array, int]:
    """Rows of operators with lower secondary in the ``wanted`` factories; how many there are in all factories."""
    rows, number = np.empty(len(at_work), np.intp), 0
    for i in at_work:
        rows[number] = i
        number += (state[i] == EMPLOYED) & (job[i] == OPERATOR) & (education[i] >= 1)
    people, number = rows[:number], 0
    for i in people:
        rows[number] = i
        number += wanted[factory[i]]
    return rows[:number].copy(), len(people)


def first_with_posts(turn: Array, factory: Array, posts: Array, count: int) -> Array:
    """Places of the first ``count`` in turn, no more of a factory than it has posts; ordered by turn.

    >>> first_with_posts(np.array([0.3, 0.1, 0.2, 0.4]), np.array([0, 0, 0, 1]), np.array([2, 1]), 3)
    array([1, 2, 3])
    """
    near = min(len(turn), 8 * count + 100)  # hardly ever are more of them needed
    while True:
        front = np.argpartition(turn, near - 1)[:near] if near < len(turn) else np.arange(len(turn))
        able = _while_places_last(front[np.argsort(turn[front], kind="stable")], factory, posts, count)
        if len(able) >= count or near >= len(turn):
            return able
        near = min(len(turn), near * 8)


def find_other_work(model: GarmentModel, rng: Stream, people: Array) -> None:
    r"""Displaced people find work outside, the better schooled and the retrained sooner.

    .. math:: h = (f_0 + f_e\,edu + f_r\,[reskilled])\,\big(1 + g\,x \min(1, p_0/p_e)\,c_{te}\big)

    f_0 ``labour.finding``, f_e ``labour.finding_education`` with edu 0, 1 or 2, f_r ``labour.finding_reskilled``, g
    ``business.diversification_gain``, x ``business.diversification``, p_0 ``public.reference_energy_price``, p_e the
    electricity price, c_te the sector's coverage of technicians: other sectors need power and skills too. They are
    outside and no longer displaced.
    """
    workers, par, business = model.workers, model.par.labour, model.par.business
    rows = people[workers.state[people] == DISPLACED]
    damping = (
        min(1.0, model.par.public.reference_energy_price / model.now("energy_price")) * model.economy.coverage_all[0]
    )
    boost = 1 + business.diversification_gain * business.diversification * damping
    rate = (
        par.finding + par.finding_education * workers.education[rows] + par.finding_reskilled * workers.reskilled[rows]
    )
    found = rows[rng.uniform(rows, "other work") < per_step(rate * boost, model.dt)]
    workers.state[found] = OUTSIDE
    workers.displaced_at[found] = NEVER
