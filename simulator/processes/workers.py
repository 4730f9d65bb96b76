"""People: who comes of age, quits, is laid off, learns, and finds other work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.compiled import compiled
from simulator.processes.production import shift_staff
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
    hazard = home_rate(
        age=np.arange(int(MOST_YEARS / model.dt)) * model.dt,
        rise=par.labour.home_rise,
        since=par.labour.school_leaving_age,
        last=par.labour.retirement_age,
    )
    rows = _going_home(rng.key("home"), per_step(hazard, model.dt), model.step_number, workers.born)
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


@compiled
def _going_home(key: np.uint64, chance: Array, step: int, born: Array) -> Array:
    """Rows of people who go home, with the ``chance`` of each age in steps."""
    rows, number = np.empty(len(born), np.intp), 0
    for i in range(len(born)):
        if luck(key, i) < chance[min(step - born[i], len(chance) - 1)]:
            rows[number] = i
            number += 1
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
    workers, par = model.workers, model.par
    workers.state[rows] = OUTSIDE
    workers.factory[rows] = NOWHERE
    workers.job[rows] = OPERATOR
    workers.skill[rows] = NO_SKILL
    for stamp in (workers.displaced_at, workers.course_ends, workers.trained_at):
        stamp[rows] = NEVER
    workers.reskilled[rows] = False
    workers.settled[rows] = False
    workers.wage[rows] = 0.0
    workers.woman[rows] = rng.uniform(rows, "gender") < par.labour.women
    workers.migrant[rows] = rng.uniform(rows, "migrant") < par.labour.migrant_share
    workers.taste[rows] = par.labour.taste_sd * rng.normal(rows, "taste")
    workers.ability[rows] = np.exp(par.wages.ability_sd * rng.normal(rows, "ability"))


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
    rows = np.flatnonzero((workers.skill == TECHNICIAN_SKILL) & (workers.state == OUTSIDE) & ~workers.settled)
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
    model.at_work = in_state(EMPLOYED, workers.state)
    rows = _may_quit(rng.key(), float(chance(0.0, half)), half * usual, model.at_work, workers.job, workers.wage)
    tenure = (model.step_number - workers.hired[rows]) * model.dt
    relative_wage = np.maximum(workers.wage[rows], 1.0) / usual[workers.job[rows]]
    model.quits = rows[rng.uniform(rows) < chance(tenure, relative_wage)]
    release(model, model.quits, OUTSIDE)
    model.people["quits"] = len(model.quits)


@compiled
def in_state(wanted: int, state: Array) -> Array:
    """Rows of people in the ``wanted`` state, without a jump the processor could guess wrong."""
    rows, number = np.empty(len(state), np.int32), 0
    for i in range(len(state)):
        rows[number] = i
        number += state[i] == wanted
    return rows[:number].copy()


@compiled
def _may_quit(key: np.uint64, most: float, low: Array, at_work: Array, job: Array, wage: Array) -> Array:
    """Rows of people at work whose luck is below ``most`` or whose wage is below that of ``low`` for their job."""
    rows, number = np.empty(len(at_work), np.intp), 0
    for i in at_work:
        if (luck(key, i) < most) | (wage[i] < low[job[i]]):
            rows[number] = i
            number += 1
    return rows[:number].copy()


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
    leavers = f.staff * per_step(model.par.labour.quit_rate, QUARTER)
    surplus = np.maximum(f.staff - f.posts - leavers, 0.0) * f.open[:, None]
    places = f.number[:, None] * surplus.shape[1] + np.arange(surplus.shape[1])
    turn = rng.uniform(places.ravel(), "rounding").reshape(surplus.shape)
    cells = np.minimum(np.floor(surplus + turn).astype(int), f.staff).ravel()
    model.people["layoffs"] = int(cells.sum())
    model.laid_off = np.empty(0, np.intp)
    if not cells.sum():
        return
    rows = _in_cells(cells > 0, model.at_work, workers.state, workers.factory, workers.job)
    cell = workers.factory[rows].astype(np.intp) * 3 + workers.job[rows]
    machines = (model.step_number - f.automated_at <= 1)[workers.factory[rows]] & (workers.job[rows] == OPERATOR)
    score = stay_score(model, rng, rows, machines)
    order = np.lexsort((score, cell))
    rows, cell = rows[order], cell[order]
    start = np.searchsorted(cell, np.arange(len(cells)))
    rank = np.arange(len(rows)) - start[cell]
    goes = rows[rank < cells[cell]]
    displace(model, goes)


@compiled
def _in_cells(chosen: Array, at_work: Array, state: Array, factory: Array, job: Array) -> Array:
    """Rows of people still at work in the ``chosen`` cells of factory and job."""
    rows, number = np.empty(len(at_work), np.intp), 0
    for i in at_work:
        if state[i] == EMPLOYED and chosen[factory[i] * np.intp(3) + job[i]]:
            rows[number] = i
            number += 1
    return rows[:number].copy()


def stay_score(model: GarmentModel, rng: Stream, rows: Array, machines: Array) -> Array:
    r"""Who stays: tenure where orders are missing; tenure, gender, age and schooling where machines come.

    .. math:: z = T + u\,dt \quad\text{or}\quad
              z = T/2 - \ln r_w\,[woman] - \ln r_y\,[age < 25] - \ln r_p\,[primary] - G

    T years in the factory, u a uniform number that breaks ties within a step, r_w ``labour.risk_women``, r_y
    ``labour.risk_young``, r_p ``labour.risk_primary``, G a Gumbel number. The relative risks are the seed's: women 1.5,
    under 25 1.1, primary school 1.2.
    """
    workers, par = model.workers, model.par.labour
    tenure = (model.step_number - workers.hired[rows]) * model.dt
    tie = rng.uniform(rows, "tie") * model.dt
    age = (model.step_number - workers.born[rows]) * model.dt
    risk = (
        np.log(par.risk_women) * workers.woman[rows]
        + np.log(par.risk_young) * (age < 25)
        + np.log(par.risk_primary) * (workers.education[rows] == 0)
    )
    return np.where(machines, tenure / 2 - risk - rng.gumbel(rows, "machines"), tenure + tie)


def displace(model: GarmentModel, rows: Array) -> None:
    """People lose their job and are displaced; the step is noted as that of their last layoff."""
    model.laid_off = np.concatenate([model.laid_off, rows])
    model.workers.displaced_at[rows] = model.step_number
    release(model, rows, DISPLACED)


def release(model: GarmentModel, rows: Array, state: int) -> None:
    """People leave their factory for another state, without employer and wage; the factory's head count falls."""
    workers = model.workers
    shift_staff(model, rows, -1)
    workers.state[rows] = state
    workers.factory[rows] = NOWHERE
    workers.wage[rows] = 0.0


def train(model: GarmentModel, rng: Stream) -> None:
    """Courses end and begin; factories raise some of their own operators; some displaced find other work.

    In this order: ``finish_courses``, ``start_courses``, ``raise_operators``, ``find_other_work``. Who ended a course
    may so begin another or find other work in the same step. No one is paid by the sector while in a course.
    """
    finish_courses(model, rng)
    start_courses(model, rng)
    raise_operators(model, rng)
    find_other_work(model, rng)


def finish_courses(model: GarmentModel, rng: Stream) -> None:
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
    workers, par = model.workers, model.par.skills
    rows = np.flatnonzero((workers.state == TRAINING) & (workers.course_ends <= model.step_number))
    mode = rng.uniform(rows, "mode")
    self_paced = mode < par.self_paced_share
    facilitated = mode < par.self_paced_share + par.facilitated_share
    reach = model.smartphones[workers.education[rows]]
    completes = np.where(
        self_paced,
        par.completion_self_paced * reach,
        np.where(facilitated, par.completion_facilitated, par.completion_on_site),
    )
    done = rng.uniform(rows, "completion") < completes
    technician = (workers.job[rows] == TECHNICIAN) & (
        rng.uniform(rows, "relevance") < min(1.0, par.relevance_base + par.relevance_gain * par.training_relevance)
    )
    back = np.where(workers.displaced_at[rows] == NEVER, OUTSIDE, DISPLACED)
    workers.state[rows] = back
    workers.course_ends[rows] = NEVER
    model.reskilled = rows[done]
    workers.skill[rows[done]] = np.maximum(workers.skill[rows[done]], OPERATOR_SKILL)
    workers.skill[rows[done & technician]] = TECHNICIAN_SKILL
    workers.trained_at[rows[done]] = model.step_number
    workers.reskilled[rows[done]] = True
    workers.job[rows] = OPERATOR


def start_courses(model: GarmentModel, rng: Stream) -> None:
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
    displaced = np.flatnonzero((workers.state == DISPLACED) & (workers.skill < TECHNICIAN_SKILL))
    turn = rng.uniform(displaced, "turn")
    rows = displaced[np.argsort(turn, kind="stable")[:seats]]
    if len(rows) < seats:
        rows = np.concatenate([rows, _first_outside(model, rng.key("turn"), seats - len(rows))])
    model.seats_taken = len(rows) * model.weight
    if not len(rows):
        return
    rows = np.sort(rows)
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
    scarcity = float(np.clip(model.economy.scarcity[0] - 1, 0, 1))
    open_posts = np.maximum(f.posts[:, TECHNICIAN] - f.staff[:, TECHNICIAN], 0) * f.open
    if scarcity <= 0 or not open_posts.any():
        return
    rows, people = _schooled_operators(
        open_posts > 0, workers.state, workers.job, workers.education, workers.factory
    )  # fmt: skip
    wanted = people * per_step(par.upskilling * scarcity, model.dt)
    count = int(np.floor(wanted + float(rng.uniform(1, "rounding raised")[0])))
    women = np.count_nonzero(workers.woman[rows]) / max(len(rows), 1)
    weight = np.where(workers.woman[rows], par.women_in_stem / max(women, 1e-9),
                      (1 - par.women_in_stem) / max(1 - women, 1e-9))  # fmt: skip
    turn = rng.exponential(rows, "raised") / np.maximum(weight, 1e-9)
    chosen = np.sort(rows[first_with_posts(turn, workers.factory[rows].astype(np.intp), open_posts, count)])
    shift_staff(model, chosen, -1)
    workers.job[chosen] = TECHNICIAN
    shift_staff(model, chosen, +1)
    workers.skill[chosen] = TECHNICIAN_SKILL


@compiled
def _schooled_operators(
    wanted: Array, state: Array, job: Array, education: Array, factory: Array
) -> tuple[Array, int]:  # fmt: skip
    """Rows of operators with lower secondary in the ``wanted`` factories; how many there are in all factories."""
    rows, number, people = np.empty(len(state), np.intp), 0, 0
    for i in range(len(state)):
        if state[i] == EMPLOYED and job[i] == OPERATOR and education[i] >= 1:
            people += 1
            if wanted[factory[i]]:
                rows[number] = i
                number += 1
    return rows[:number].copy(), people


def first_with_posts(turn: Array, factory: Array, posts: Array, count: int) -> Array:
    """Places of the first ``count`` in turn, no more of a factory than it has posts; ordered by turn.

    >>> first_with_posts(np.array([0.3, 0.1, 0.2, 0.4]), np.array([0, 0, 0, 1]), np.array([2, 1]), 3)
    array([1, 2, 3])
    """
    near = min(len(turn), 8 * count + 1_000)  # hardly ever are more of them needed
    while True:
        front = np.argpartition(turn, near - 1)[:near] if near < len(turn) else np.arange(len(turn))
        front = front[np.argsort(turn[front], kind="stable")]
        order = np.argsort(factory[front], kind="stable")
        there = factory[front][order]
        rank = np.empty(len(front), np.intp)
        rank[order] = np.arange(len(front)) - np.searchsorted(there, there)
        able = front[rank < posts[factory[front]]]
        if len(able) >= count or near >= len(turn):
            return able[:count]
        near *= 8


def find_other_work(model: GarmentModel, rng: Stream) -> None:
    r"""Displaced people find work outside, the better schooled and the retrained sooner.

    .. math:: h = (f_0 + f_e\,edu + f_r\,[reskilled])\,\big(1 + g\,x \min(1, p_0/p_e)\,c_{te}\big)

    f_0 ``labour.finding``, f_e ``labour.finding_education`` with edu 0, 1 or 2, f_r ``labour.finding_reskilled``, g
    ``business.diversification_gain``, x ``business.diversification``, p_0 ``public.reference_energy_price``, p_e the
    electricity price, c_te the sector's coverage of technicians: other sectors need power and skills too. They are
    outside and no longer displaced.
    """
    workers, par, business = model.workers, model.par.labour, model.par.business
    rows = np.flatnonzero(workers.state == DISPLACED)
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
