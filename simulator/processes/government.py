"""The public account: what levers cost, what the sector pays, and who gets the money."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from simulator.parameters import PARAMETERS
from simulator.units import MILLION

if TYPE_CHECKING:
    from simulator.model import GarmentModel
    from simulator.streams import Stream

GENERAL = tuple((p, attrgetter(p.name)) for p in PARAMETERS.values() if p.cost)


def govern(model: GarmentModel, rng: Stream) -> None:
    """Taxes and contributions come in, every lever is paid for, and each payment arrives somewhere.

    Million USD for the step. Government decides nothing: the scenario sets its levers.

    1. Revenue: profit tax and employers' contributions from the ledger.
    2. Machine subsidies, to factories.
    3. Cheap credit: max(0, ``public.reference_interest`` - ``automation.interest_rate``) × all loans at the start of
       the step × dt, to banks.
    4. Cheap power, from 2025 on: max(0, ``public.reference_energy_price`` - electricity price) × ``electricity`` ×
       ``energy.public_part``, to the utility.
    5. Training: ``seat_cost`` × people who took seats; the share ``public.stipend`` to households, the rest to centres,
       and ``skills.administration`` on top to centres.
    6. Every lever with a cost in the registry, from 2025 on: (its setting, before any lag, less the default in force) ×
       the cost × dt, never below 0, to suppliers.

    Revenue less spending adds to the balance. Nothing follows from a deficit.
    """
    par, books, dt = model.par, model.books, model.dt
    account = model.account
    account.open()
    account.receive("profit_tax", float(books["tax"].sum()))
    account.receive("contributions", float(books["contributions"].sum()))
    account.spend("automation.subsidy", float(books["subsidy"].sum()), "factories")
    cheap = max(0.0, par.public.reference_interest - par.automation.interest_rate)
    account.spend("automation.interest_rate", cheap * model.loans_before * dt, "banks")
    lower = max(0.0, par.public.reference_energy_price - model.now("energy_price")) if model.policy_started else 0.0
    cheaper = lower * electricity(model) * par.energy.public_part if lower else 0.0
    account.spend("energy.price", cheaper, "utility")
    seats = seat_cost(model) * model.seats_taken / MILLION
    stipend = par.public.stipend
    account.spend("skills.training_seats", seats * stipend, "households")
    account.spend("skills.training_seats", seats * (1 - stipend), "centres")
    account.spend("skills.training_seats", seats * par.skills.administration, "centres")
    period, started, settings = model.now_period, model.policy_started, model.settings
    for lever, setting in GENERAL:
        above = 0.0
        if started:
            above = (setting(settings) - lever.default_at(period)) * lever.cost
        account.spend(lever.name, max(0.0, above) * dt, "suppliers")
    model.economy.balance += account.balance


def seat_cost(model: GarmentModel) -> float:
    r"""Mean public cost of one seat, USD: by length and by the way of teaching.

    .. math:: C \frac{M}{M_0}\,(s_p c_p + s_f + s_o c_o)

    C ``skills.seat_cost``, M ``skills.training_months``, M_0 ``skills.reference_months``, s_p
    ``skills.self_paced_share``, c_p ``skills.cost_self_paced``, s_f ``skills.facilitated_share``, s_o the rest (not
    below 0), c_o ``skills.cost_on_site``.
    """
    s = model.par.skills
    on_site = max(0.0, 1 - s.self_paced_share - s.facilitated_share)
    mix = s.self_paced_share * s.cost_self_paced + s.facilitated_share + on_site * s.cost_on_site
    return s.seat_cost * s.training_months / s.reference_months * mix


def electricity(model: GarmentModel) -> float:
    """Electricity the sector used this quarter, million kWh.

    The sum over factories of ``production.energy`` / ``energy.reference_price`` × ``energy_use`` × output.
    """
    pro = model.par.production
    per_dollar = pro.energy / model.par.energy.reference_price
    use = 1 + pro.energy_intensity * model.installed()
    return per_dollar * float(np.sum(use * model.factories.output))
