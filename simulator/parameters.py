"""Every number the model reads: default, range, unit, kind, label and source, declared once.

``lever``: somebody in Cambodia, or a partner of Cambodia, sets it. ``uncertainty``: the world does, or nobody
knows. ``measured``: taken from data. ``fitted``: estimated by calibration, its default the centre of the prior.
Levers and drivers of the world hold from the start of a scenario (``from_="start"``), so that they can never
change history; everything else holds for the whole run. The source ``assumption`` means that no source was
found and that an expert should look at the number; other sources are keys of ``data/sources.csv``.
Series in time and tables by origin, market, goods, stage or owner stand in ``data/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Parameter:
    """One number: who decides it, what it may be, and where it comes from."""

    name: str
    label: str
    unit: str
    default: float | dict[str, float]
    low: float
    high: float
    kind: str
    from_: str
    source: str
    lag: float = 0.0
    cost: float = 0.0

    @property
    def group(self) -> str:
        """Group of the name, for instance ``wages``."""
        return self.name.partition(".")[0]

    @property
    def field(self) -> str:
        """Name inside the group, for instance ``minimum_wage_growth``."""
        return self.name.partition(".")[2]

    def default_at(self, period: str) -> float:
        """The default in force in ``period`` ("2027Q1"); a dated default is a path."""
        if not isinstance(self.default, dict):
            return self.default
        first = next(iter(self.default.values()))
        return next((v for p, v in reversed(self.default.items()) if p <= period), first)

    def as_dict(self) -> dict[str, Any]:
        """The fields as the command line prints them, ``from_`` under its public name ``from``."""
        names = ("name", "label", "unit", "default", "low", "high", "kind", "source", "lag", "cost")
        return {n: getattr(self, n) for n in names} | {"from": self.from_, "group": self.group}


def _declare(kind: str, from_: str) -> Any:
    def declare(
        default: Any,
        low: float,
        high: float,
        unit: str,
        label: str,
        source: str = "assumption",
        **more: float,
    ) -> Any:
        path = default if isinstance(default, dict) else None
        about = dict(low=low, high=high, unit=unit, label=label, source=source, kind=kind, from_=from_, path=path)
        value = path[max(path)] if path else default
        return field(default=value, metadata=about | more)

    return declare


lever = _declare("lever", "start")
driver = _declare("uncertainty", "start")
uncertainty = _declare("uncertainty", "always")
measured = _declare("measured", "always")
fitted = _declare("fitted", "always")


@dataclass(frozen=True)
class Wages:
    """Pay in the sector."""

    minimum_wage_growth: float = lever(
        0.035, 0.0, 0.10, "1/year", "Growth of the minimum wage after the last statutory value"
    )
    earnings_factor: float = fitted(
        1.39, 1.30, 1.48, "ratio", "Earnings with overtime over the minimum wage", "shoeint_2017"
    )
    pass_through: float = uncertainty(
        0.75, 0.6, 1.0, "share", "Part of a minimum-wage rise paid in its first year", "shoeint_2017"
    )
    benefits_floor: float = measured(
        1.10, 1.08, 1.13, "ratio", "Lowest legal pay over the minimum wage", "estatedia_2025"
    )
    outside_floor: float = uncertainty(1.02, 1.0, 1.1, "ratio", "Lowest pay over the outside wage")
    technician_ratio: float = uncertainty(1.6, 1.3, 2.2, "ratio", "Technician's wage over operator's", "P135")
    engineer_ratio: float = uncertainty(3.4, 2.5, 4.5, "ratio", "Engineer's wage over operator's")
    scarcity_exponent: float = uncertainty(0.4, 0.2, 0.8, "", "Response of skilled wages to scarcity")
    scarcity_least: float = uncertainty(0.7, 0.5, 1.0, "ratio", "Lowest scarcity that moves skilled wages")
    scarcity_most: float = uncertainty(4.0, 2.0, 6.0, "ratio", "Highest scarcity that moves skilled wages")
    tightness_speed: float = uncertainty(0.6, 0.2, 1.0, "1/year", "Rise of operator wages per share of unfilled posts")
    tightness_norm: float = uncertainty(0.03, 0.0, 0.06, "share", "Share of unfilled posts at which wages rest")
    tightness_cap: float = uncertainty(0.6, 0.3, 0.9, "share", "Largest premium for a tight labour market")
    contributions: float = measured(0.034, 0.02, 0.06, "share of wages", "Employer contributions to social insurance")
    ability_sd: float = uncertainty(0.12, 0.05, 0.2, "log", "Spread of pay between people of one grade")
    overtime_sd: float = uncertainty(0.15, 0.05, 0.25, "log", "Spread of overtime pay")
    tenure_premium: float = uncertainty(0.012, 0.0, 0.03, "1/year", "Rise of pay with years in the factory")
    tenure_years: float = uncertainty(8.0, 4.0, 12.0, "years", "Years in the factory after which pay stops rising")
    women_gap: float = measured(0.10, 0.05, 0.18, "share", "Women's shortfall in overtime and grade", "ilo_b8_2018")
    living_wage: float = measured(232.0, 200.0, 300.0, "USD/month", "Living wage in 2025", "cnv_fwm_2025")


@dataclass(frozen=True)
class Automation:
    """What a step of automation costs, and who takes it."""

    subsidy: float = lever(0.0, 0.0, 0.5, "share of price", "Subsidy on automation machines")
    interest_rate: float = lever(0.10, 0.05, 0.18, "1/year", "Interest rate for machinery", "P144")
    step_cost_cut: float = uncertainty(
        14_000.0, 7_000.0, 21_000.0, "USD of 2015/operator", "Machines replacing a cutter"
    )
    step_cost_sew: float = uncertainty(
        24_000.0, 12_000.0, 36_000.0, "USD of 2015/operator", "Machines replacing a sewer"
    )
    step_cost_finish: float = uncertainty(
        17_000.0, 8_500.0, 25_500.0, "USD of 2015/operator", "Machines replacing a finisher"
    )
    step_cost_pack: float = uncertainty(
        15_000.0, 7_500.0, 22_500.0, "USD of 2015/operator", "Machines replacing a packer"
    )
    convexity: float = uncertainty(2.0, 1.0, 4.0, "", "Rise of a stage's step cost with its automation")
    review_rate: float = uncertainty(2.4, 1.6, 3.5, "1/year", "How often a factory reviews an investment")
    hurdle: float = uncertainty(1.35, 1.1, 2.2, "ratio", "Median return required over the cost of capital")
    hurdle_sd: float = uncertainty(0.45, 0.3, 0.6, "log", "Spread of required returns over factories")
    noise: float = uncertainty(0.35, 0.2, 0.6, "log", "Spread of a factory's judgement from review to review")
    skill_gate: float = uncertainty(2.0, 1.0, 3.0, "", "Brake of missing technicians on adoption")
    unskilled_yield: float = uncertainty(0.35, 0.2, 0.5, "share", "What machines deliver without technicians")
    peer: float = uncertainty(0.35, 0.0, 0.8, "", "Pull of peers who have automated")
    brand: float = uncertainty(0.15, 0.0, 0.3, "log", "Push by large buyers towards automation")
    relocation: float = uncertainty(0.6, 0.0, 1.2, "", "Preference of squeezed foreign owners for moving")
    funds_share: float = uncertainty(0.55, 0.3, 1.0, "share", "Part of cash that may go into machines")
    brand_funds: float = uncertainty(1.6, 1.0, 2.5, "ratio", "Better access of brand-linked factories to funds")
    subsidy_leverage: float = uncertainty(2.0, 0.0, 4.0, "", "Funds opened by a share of subsidy")
    least_margin: float = uncertainty(-0.01, -0.05, 0.03, "share", "Margin below which no factory invests")
    foresight: float = uncertainty(2.0, 0.0, 4.0, "years", "Years of wage growth a review looks ahead")
    installation: float = uncertainty(0.35, 0.1, 0.6, "share", "Surcharge for installing without broadband")
    quality: float = uncertainty(0.016, 0.0, 0.03, "share of output", "Quality gain from full automation")
    brand_quality: float = uncertainty(0.010, 0.0, 0.02, "share of output", "More of it for brand-linked factories")
    machine_life: float = uncertainty(8.0, 5.0, 12.0, "years", "Life of machines")
    maintenance: float = uncertainty(0.06, 0.03, 0.10, "1/year", "Maintenance over the value of machines")
    domestic_spread: float = uncertainty(0.03, 0.0, 0.06, "1/year", "Interest paid more by domestic owners")


@dataclass(frozen=True)
class Skills:
    """Training and schooling."""

    training_seats: float = lever(8_000.0, 0.0, 100_000.0, "seats/year", "Public training seats")
    training_months: float = lever(6.0, 2.0, 12.0, "months", "Length of a public course")
    self_paced_share: float = lever(0.0, 0.0, 1.0, "share of seats", "Seats taught self-paced online")
    facilitated_share: float = lever(0.5, 0.0, 1.0, "share of seats", "Seats taught with a facilitator")
    technician_share: float = lever(0.5, 0.0, 0.9, "share of seats", "Seats that lead to technician")
    training_relevance: float = lever(0.5, 0.0, 1.0, "0-1", "Fit of courses with factories' needs", lag=1, cost=6)
    upper_secondary_growth: float = lever(
        0.006, 0.0, 0.02, "share/year", "Rise of the share finishing upper secondary", lag=4, cost=2400
    )
    school_ict: float = lever(0.0, 0.0, 1.0, "0-1", "Electricity, computers and internet in schools", lag=3, cost=10)
    engineering_share: float = lever(
        0.06, 0.03, 0.15, "share of graduates", "Graduates in engineering", lag=4, cost=111
    )
    women_in_stem: float = lever(0.25, 0.1, 0.5, "share", "Women among new technicians and engineers", lag=2, cost=12)
    completion_self_paced: float = uncertainty(0.20, 0.0, 0.33, "share", "Who finishes a self-paced course", "seed")
    completion_facilitated: float = uncertainty(0.85, 0.6, 0.95, "share", "Who finishes a facilitated course")
    completion_on_site: float = uncertainty(0.80, 0.6, 0.9, "share", "Who finishes a course on site")
    cost_self_paced: float = uncertainty(0.3, 0.1, 0.6, "ratio", "Cost of a self-paced seat")
    cost_on_site: float = uncertainty(1.3, 1.0, 1.8, "ratio", "Cost of a seat on site")
    seat_cost: float = uncertainty(700.0, 400.0, 1_500.0, "USD", "Public cost of a seat of six months", "P125")
    administration: float = uncertainty(0.15, 0.05, 0.25, "share", "Administration over the cost of seats")
    reference_months: float = measured(6.0, 4.0, 12.0, "months", "Length of course the other figures refer to", "P121")
    ict_gain: float = uncertainty(0.3, 0.0, 0.6, "share", "Growth of schooling gained by full school ICT")
    relevance_base: float = uncertainty(0.7, 0.5, 0.9, "share", "Graduates who count as technicians at relevance 0")
    relevance_gain: float = uncertainty(0.6, 0.2, 0.8, "share", "More of them per unit of relevance")
    technician_stock: float = uncertainty(
        0.014, 0.007, 0.021, "share", "Technicians among lower-secondary and above, 2012"
    )
    technician_cohort: float = uncertainty(
        0.006, 0.003, 0.009, "share", "Technicians among new lower-secondary entrants"
    )
    upper_secondary_ratio: float = uncertainty(
        3.0, 1.0, 5.0, "ratio", "Technicians among upper-secondary people against lower-secondary"
    )
    engineer_stock: float = uncertainty(0.008, 0.004, 0.012, "share", "Engineers among upper-secondary people, 2012")
    engineer_interest: float = uncertainty(0.10, 0.05, 0.2, "share", "Engineers who would consider the sector")
    leak: float = uncertainty(0.09, 0.045, 0.135, "1/year", "Technicians outside who settle in other sectors")
    upskilling: float = uncertainty(0.02, 0.0, 0.04, "1/year", "Operators raised in the factory per unit of scarcity")
    trained_gain: float = uncertainty(0.055, 0.02, 0.11, "share", "Output gained by trained operators", "P128")
    supervisor_gain: float = uncertainty(0.05, 0.0, 0.10, "share", "Output gained by trained supervisors", "P138")
    supervisor_span: float = uncertainty(20.0, 10.0, 40.0, "operators", "Operators a trained technician supervises")
    trained_memory: float = uncertainty(5.0, 3.0, 10.0, "years", "Years for which a course is felt")
    novice_loss: float = uncertainty(0.3, 0.15, 0.45, "share", "Output missing from operators just hired")
    coverage_cell: float = uncertainty(
        500.0, 100.0, 2_000.0, "persons", "Size from which a group's own coverage counts"
    )
    coverage_factory: float = uncertainty(
        100.0, 20.0, 500.0, "persons", "Size from which a factory's own coverage counts"
    )
    coverage_agents: float = uncertainty(3.0, 1.0, 6.0, "agents", "The same, in agents of the model")
    novice_months: float = uncertainty(4.0, 2.0, 8.0, "months", "Months until a new operator works at full speed")


@dataclass(frozen=True)
class Technology:
    """Machines and what they can do, anywhere in the world."""

    price_growth: float = driver(-0.04, -0.08, -0.01, "1/year", "Change of machine prices", "P06")
    sewing_ceiling: float = driver(0.85, 0.35, 0.90, "share", "Sewing that machines can do in the end", "P07")
    sewing_midyear: float = driver(2032.0, 2028.0, 2040.0, "year", "Year in which sewing is half mastered")
    price_growth_before: float = uncertainty(-0.05, -0.08, -0.02, "1/year", "Change of machine prices to 2024", "P04")
    sewing_floor: float = uncertainty(0.20, 0.1, 0.3, "share", "Sewing that machines could always do")
    sewing_scale: float = uncertainty(4.0, 2.0, 8.0, "years", "Time scale on which sewing is mastered")
    cut_ceiling: float = uncertainty(0.95, 0.80, 0.95, "share", "Cutting that machines can do", "P17")
    finish_ceiling: float = uncertainty(0.85, 0.60, 0.90, "share", "Finishing that machines can do")
    pack_ceiling: float = uncertainty(0.90, 0.60, 0.95, "share", "Packing and checking that machines can do")


@dataclass(frozen=True)
class Infrastructure:
    """Roads, ports and lines."""

    logistics: float = lever(0.0, 0.0, 1.0, "0-1", "Roads, rail and ports", lag=3, cost=60)
    broadband: float = lever(0.45, 0.0, 1.0, "0-1", "Broadband at factories", lag=3, cost=50)
    freight_saving: float = uncertainty(0.30, 0.1, 0.4, "share", "Freight saved by full logistics")
    lead_saving: float = uncertainty(0.35, 0.1, 0.5, "share", "Lead-time cost saved by full logistics")


@dataclass(frozen=True)
class Energy:
    """Electricity."""

    price: float = lever(0.15, 0.10, 0.20, "USD/kWh", "Electricity price for industry", "P97")
    outage: float = lever(0.03, 0.005, 0.07, "share of hours", "Hours without electricity", lag=2, cost=-2000)
    outage_before: float = uncertainty(0.04, 0.02, 0.07, "share of hours", "Hours without electricity to 2024")
    reference_price: float = measured(0.165, 0.146, 0.165, "USD/kWh", "Electricity price in 2015", "P97")
    public_part: float = uncertainty(0.5, 0.0, 1.0, "share", "Part of a price cut that the budget pays")


@dataclass(frozen=True)
class ValueChain:
    """Design, inputs and brands of one's own."""

    upgrading: float = lever(0.0, 0.0, 1.0, "0-1", "Upgrading in the value chain", lag=3, cost=30)
    local_brands: float = lever(0.0, 0.0, 1.0, "0-1", "Brands of one's own", lag=4, cost=5)
    premium: float = uncertainty(0.08, 0.0, 0.12, "share of price", "Price premium for full service")
    service: float = uncertainty(0.625, 0.4, 0.9, "share", "Part of the premium worth its price to buyers")
    domestic_materials: float = uncertainty(0.10, 0.0, 0.2, "share", "Materials bought at home at full upgrading")
    brand_sales: float = uncertainty(0.02, 0.0, 0.05, "share of sales", "Own-brand sales at full effect")


@dataclass(frozen=True)
class Innovation:
    """Research at universities."""

    research: float = lever(0.0, 0.0, 1.0, "0-1", "University research for the sector", lag=3, cost=25)
    efficiency_gain: float = uncertainty(0.006, 0.0, 0.012, "1/year", "Efficiency growth from full research")
    years_gained: float = uncertainty(1.0, 0.0, 3.0, "years", "Years by which research brings sewing machines forward")


@dataclass(frozen=True)
class Ownership:
    """Who owns the factories."""

    domestic_share: float = lever(
        0.08, 0.0, 0.4, "share of entrants", "Cambodian-owned among new factories", "ppp_2014_01"
    )
    multinational: float = uncertainty(0.4, 0.2, 0.6, "share", "Foreign owners with plants in several countries")
    domestic_exit: float = uncertainty(0.45, 0.3, 0.8, "ratio", "Domestic owners' exit rate against others'")
    domestic_brand: float = uncertainty(0.6, 0.3, 1.0, "ratio", "Domestic owners' pull on large buyers")


@dataclass(frozen=True)
class Business:
    """Administration, finance and the rest of the economy."""

    e_government: float = lever(0.0, 0.0, 1.0, "0-1", "Digital government services", lag=2, cost=15)
    fintech: float = lever(0.0, 0.0, 1.0, "0-1", "Digital payments and credit", lag=2, cost=3)
    investor_attraction: float = lever(0.0, 0.0, 1.0, "0-1", "Attracting relocating firms", lag=1, cost=5)
    diversification: float = lever(0.0, 0.0, 1.0, "0-1", "Jobs in other sectors", lag=3, cost=20)
    overhead_saving: float = uncertainty(0.25, 0.1, 0.4, "share", "Overhead saved by full e-government")
    entry_days: float = measured(99.0, 15.0, 120.0, "days", "Time to register a factory", "P153")
    entry_days_digital: float = uncertainty(15.0, 5.0, 60.0, "days", "The same with full e-government")
    entry_gain: float = uncertainty(0.15, 0.0, 0.3, "share", "Entry gained by full e-government")
    fintech_overhead: float = uncertainty(0.02, 0.0, 0.05, "share", "Overhead saved by full fintech")
    fintech_funds: float = uncertainty(0.05, 0.0, 0.15, "share", "Funds share gained by full fintech")
    attraction_gain: float = uncertainty(0.2, 0.0, 0.5, "share", "Entry gained by full attraction")
    diversification_gain: float = uncertainty(0.5, 0.2, 1.0, "share", "Outside job finding gained by diversification")


@dataclass(frozen=True)
class Trade:
    """Access to markets."""

    eu_preference: float = lever(
        {"2012Q1": 1.0, "2020Q3": 0.8, "2033Q1": 0.2},
        0.0,
        1.0,
        "share",
        "Duty-free access to the EU kept",
        "seed",
    )
    us_preference: float = lever(0.0, -2.0, 1.0, "share", "US duty taken off (below 0: added)")
    asean_agreement: float = lever(0.0, 0.0, 1.0, "0-1", "ASEAN agreement for garments", lag=1)


@dataclass(frozen=True)
class World:
    """What Cambodia cannot set."""

    demand_growth: float = driver(0.025, -0.01, 0.05, "1/year", "Growth of world demand, nominal", "P76")
    price_growth: float = driver(0.015, 0.0, 0.03, "1/year", "Growth of export unit values")
    competitor_wage_growth: float = driver(0.025, 0.0, 0.06, "1/year", "Growth of competitors' real wages")
    competitor_automation: float = driver(0.35, 0.10, 0.90, "share in 2040", "Competitors' automation in 2040")
    outside_wage_growth: float = driver(0.035, 0.0, 0.06, "1/year", "Growth of wages outside the sector")
    competitor_wage_part: float = uncertainty(0.6, 0.3, 1.0, "share", "Competitors' wage growth that reaches unit cost")
    competitor_automation_before: float = uncertainty(
        0.35, 0.2, 0.5, "share", "Course of competitors' automation to 2024"
    )
    rival_fixed: float = uncertainty(0.78, 0.7, 0.85, "share", "Rivals' cost apart from labour")
    rival_machine_saving: float = uncertainty(0.75, 0.5, 0.9, "share", "Rivals' labour saved at full automation")
    rival_machine_cost: float = uncertainty(0.15, 0.08, 0.22, "share", "Rivals' machine cost at full automation, 2015")
    near_fixed: float = uncertainty(0.94, 0.85, 1.05, "USD", "Near-market makers' cost apart from labour and machines")
    near_labour: float = uncertainty(0.10, 0.05, 0.2, "USD", "Near-market makers' labour cost, 2015")
    near_labour_growth: float = uncertainty(0.02, 0.0, 0.04, "1/year", "Growth of it")
    near_machines: float = uncertainty(0.56, 0.4, 0.8, "USD", "Near-market makers' machine cost, 2015")
    inflation: float = uncertainty(0.025, 0.01, 0.04, "1/year", "Consumer prices in Cambodia after 2024")
    gdp_growth: float = uncertainty(0.07, 0.04, 0.09, "1/year", "Nominal GDP of Cambodia after the last figure")


@dataclass(frozen=True)
class Sourcing:
    """How buyers choose where to buy."""

    elasticity: float = fitted(3.1, 2.0, 5.0, "", "Long-run price elasticity of sourcing", "P142")
    elasticity_sd: float = uncertainty(0.25, 0.0, 0.5, "log", "Spread of it over buyers")
    adjustment: float = fitted(0.20, 0.15, 0.5, "1/year", "Speed at which buyers move their shares")
    gap_eu: float = fitted(2.1, 1.0, 3.2, "ratio", "Share the EU had still to reach in 2012")
    gap_us: float = fitted(1.5, 0.5, 3.2, "ratio", "Share the US had still to reach in 2012")
    gap_other: float = fitted(1.6, 1.0, 3.2, "ratio", "Share other markets had still to reach in 2012")
    appeal_trend: float = fitted(0.033, -0.01, 0.035, "1/year", "Growth of Cambodia's appeal to 2024")
    agglomeration: float = uncertainty(0.0, 0.0, 0.4, "", "Pull of a large sector on buyers")
    travel_goods_access: float = fitted(
        110.0, 20.0, 600.0, "ratio", "Travel goods' appeal after the US preference of 2016"
    )
    buyers: float = uncertainty(120.0, 60.0, 240.0, "buyers", "Number of buyers in the model")
    large_buyers: float = uncertainty(20.0, 10.0, 40.0, "buyers", "Buyers that count as large brands")
    buyer_size_sd: float = uncertainty(1.0, 0.5, 1.5, "log", "Spread of buyers' sizes")
    compliance_weight: float = uncertainty(0.10, 0.0, 0.2, "share of price", "Largest weight of compliance")
    link_size: float = uncertainty(2.0, 1.0, 4.0, "million USD/year", "Orders a buyer gives to one factory")
    links_least: float = uncertainty(3.0, 1.0, 5.0, "factories", "Factories a buyer has at least")
    review_rate: float = uncertainty(0.35, 0.2, 0.7, "1/year", "How often a buyer reviews a supplier")
    candidates: float = uncertainty(6.0, 3.0, 12.0, "factories", "Factories seen in a review")
    score_price: float = uncertainty(4.0, 2.0, 8.0, "", "Weight of price in the choice of a supplier")
    score_compliance: float = uncertainty(0.5, 0.0, 1.0, "", "Weight of compliance in it")
    score_automation: float = uncertainty(0.5, 0.0, 1.0, "", "Weight of automation in it")
    score_loyalty: float = uncertainty(0.3, 0.0, 0.6, "", "Weight of years linked in it")
    score_noise: float = uncertainty(0.5, 0.2, 1.0, "", "Noise in it")


@dataclass(frozen=True)
class Pricing:
    """What factories ask for."""

    markup: float = uncertainty(0.07, 0.04, 0.10, "share of cost", "Markup that factories aim at")
    pass_through: float = fitted(0.26, 0.2, 0.7, "share", "Cost passed on at once")
    reversion: float = fitted(0.17, 0.1, 0.5, "1/year", "Speed at which margins return to the markup")
    automation_service: float = uncertainty(0.02, 0.0, 0.04, "share of price", "Price of automated makers' service")


@dataclass(frozen=True)
class Production:
    """What a million dollars of output takes, in 2015 money."""

    operators: float = fitted(106.0, 95.0, 130.0, "operators/million USD", "Operators for a million USD a year, 2012")
    materials: float = uncertainty(0.57, 0.50, 0.59, "share", "Materials in the price", "P82")
    wages: float = measured(0.24, 0.15, 0.26, "share", "Wages in the price, 2015", "ppp_2023_06")
    energy: float = uncertainty(0.025, 0.020, 0.030, "share", "Electricity in the price, 2015")
    machines: float = uncertainty(0.02, 0.01, 0.03, "share", "Automated machines in the price, 2015")
    outage: float = uncertainty(0.004, 0.002, 0.008, "share", "Outages in the price, 2015")
    energy_intensity: float = uncertainty(1.8, 1.0, 3.0, "ratio", "Electricity added by full automation")
    outage_loss: float = uncertainty(0.35, 0.2, 0.5, "share", "Output lost per hour of outage")
    outage_manual: float = uncertainty(0.25, 0.1, 0.5, "share", "Part of it that hits manual work")
    outage_automated: float = uncertainty(0.9, 0.5, 1.2, "share", "Part of it that hits automated work")
    home_part: float = uncertainty(0.5, 0.3, 0.7, "share", "Energy, overhead and maintenance bought at home")
    plant: float = uncertainty(0.35, 0.2, 0.6, "million USD per million USD/year", "Plant and building", "P149")
    plant_life: float = uncertainty(20.0, 10.0, 30.0, "years", "Life of plant")
    technicians: float = uncertainty(0.015, 0.0075, 0.0225, "per operator", "Technicians in manual work")
    technicians_automated: float = uncertainty(0.15, 0.075, 0.225, "per operator", "More of them at full automation")
    engineers: float = uncertainty(0.002, 0.001, 0.003, "per operator", "Engineers in manual work")
    engineers_automated: float = uncertainty(0.016, 0.008, 0.024, "per operator", "More of them at full automation")
    trend: float = fitted(0.016, 0.008, 0.045, "1/year", "Efficiency growth whatever wages do")
    wage_induced: float = fitted(0.03, 0.0, 0.4, "", "Efficiency growth per point of wage growth")
    wage_norm: float = uncertainty(0.02, 0.0, 0.04, "1/year", "Wage growth that induces no efficiency")
    wage_growth_cap: float = uncertainty(0.12, 0.08, 0.2, "1/year", "Wage growth beyond which no more is induced")
    new_gap: float = uncertainty(0.25, 0.1, 0.4, "share", "Efficiency missing in a new factory")
    learning_years: float = uncertainty(2.0, 1.0, 4.0, "years", "Time in which a new factory learns")
    efficiency_sd: float = uncertainty(0.12, 0.05, 0.2, "log", "Spread of efficiency over factories")
    hours_slack: float = uncertainty(0.10, 0.05, 0.2, "share", "Output that longer hours add within a quarter")
    smoothing: float = uncertainty(0.5, 0.25, 1.0, "years", "Time over which factories smooth what they see")


@dataclass(frozen=True)
class Factories:
    """Entry, growth and exit."""

    opening: float = measured(
        900.0, 700.0, 1_000.0, "factories", "Factories open at the start of 2012", "asiatoday_2013_12"
    )
    opening_age: float = uncertainty(8.0, 4.0, 12.0, "years", "Mean age of a factory at the start of 2012")
    capacity: float = uncertainty(5.8, 4.0, 7.0, "million USD/year", "Mean capacity of a factory, 2012")
    capacity_sd: float = uncertainty(0.9, 0.6, 1.2, "log", "Spread of capacity over factories")
    entry_rate: float = fitted(0.12, 0.05, 0.22, "1/year", "New factories over those of 2012")
    entry_sensitivity: float = fitted(8.0, 8.0, 20.0, "", "Response of entry to margins")
    entry_pressure: float = uncertainty(3.0, 2.0, 4.0, "", "Response of entry to orders over capacity")
    entry_pressure_cap: float = uncertainty(4.0, 2.0, 6.0, "ratio", "Largest ratio of orders to capacity that is heard")
    entry_most: float = uncertainty(0.4, 0.3, 1.0, "1/year", "Most new factories a year over those of 2012")
    entry_use: float = uncertainty(0.5, 0.2, 1.0, "ratio", "Output a new factory plans for against the usual use")
    entry_noise: float = uncertainty(0.3, 0.0, 0.6, "log", "Spread of new factories' automation")
    compliance_sd: float = uncertainty(0.1, 0.0, 0.2, "0-1", "Spread of compliance over factories")
    entry_size: float = uncertainty(0.6, 0.3, 1.0, "ratio", "Size of a new factory against the mean")
    exit_rate: float = fitted(0.053, 0.05, 0.13, "1/year", "Factories leaving at the usual margin", "xinhua_2015_12")
    exit_sensitivity: float = uncertainty(14.0, 8.0, 20.0, "", "Response of exit to margins", "xinhua_2009_07")
    exit_least: float = uncertainty(0.2, 0.1, 0.5, "ratio", "Lowest exit rate against the usual one")
    exit_most: float = uncertainty(13.0, 8.0, 20.0, "ratio", "Highest exit rate against the usual one")
    relocation_sensitivity: float = uncertainty(6.0, 3.0, 12.0, "", "Response of moving to landed cost abroad")
    utilisation: float = uncertainty(0.88, 0.8, 0.95, "share", "Use of capacity that factories aim at")
    utilisation_most: float = uncertainty(1.08, 1.0, 1.2, "share", "Use of capacity that is possible for a quarter")
    growth_speed: float = uncertainty(1.5, 0.75, 3.0, "1/year", "Growth of capacity per point of use")
    growth_most: float = uncertainty(0.14, 0.08, 0.2, "1/year", "Fastest growth of capacity")
    shrink_most: float = uncertainty(0.10, 0.05, 0.2, "1/year", "Fastest shrinking of capacity")
    growth_margin: float = uncertainty(0.01, 0.0, 0.03, "share", "Margin below which capacity does not grow")
    dividends: float = uncertainty(0.30, 0.1, 0.6, "1/year", "Spare cash paid out")


@dataclass(frozen=True)
class Labour:
    """People and jobs."""

    force: float = uncertainty(2_600_000.0, 2_000_000.0, 3_200_000.0, "persons", "People who would consider the sector")
    women: float = uncertainty(0.62, 0.55, 0.7, "share", "Women among them")
    school_leaving_age: float = measured(18.0, 15.0, 18.0, "years", "Age at which people enter", "fw_2016_up7")
    retirement_age: float = uncertainty(60.0, 55.0, 65.0, "years", "Age at which people leave for good")
    home_rise: float = uncertainty(
        0.0025, 0.001, 0.005, "1/year/year", "Rise of going home for good with every year of age"
    )
    quit_rate: float = fitted(0.24, 0.18, 0.30, "1/year", "New workers who quit", "2bkk_2013")
    quit_tenure: float = uncertainty(0.06, 0.03, 0.1, "1/year", "Fall of quits with years in the factory")
    quit_wage_norm: float = uncertainty(1.25, 1.1, 1.4, "ratio", "Wage over outside wage at the usual quit rate")
    quit_wage: float = uncertainty(1.2, 0.6, 2.0, "", "Response of quits to the wage")
    search_rate: float = uncertainty(0.8, 0.4, 1.6, "1/year", "People outside who look for a job in the sector")
    search_rate_displaced: float = uncertainty(4.0, 2.0, 8.0, "1/year", "Displaced people who look for one")
    liking: float = uncertainty(0.6, 0.2, 0.9, "log wage", "Liking for a job in the sector at equal pay")
    taste_sd: float = uncertainty(0.35, 0.2, 0.6, "log wage", "Spread of the liking for factory work")
    age_cost: float = fitted(0.03, 0.01, 0.06, "log wage/year", "Dislike of factory work per year beyond the age")
    age_from: float = uncertainty(25.0, 20.0, 30.0, "years", "Age from which it counts")
    education_cost: float = uncertainty(
        0.10, 0.0, 0.3, "log wage/level", "Dislike of operators' work per level of schooling"
    )
    men_outside: float = uncertainty(0.25, 0.0, 0.5, "log wage", "Men's better pay outside the sector")
    women_weight: float = uncertainty(0.62, 0.5, 0.75, "", "Weight of women in hiring operators")
    men_weight: float = uncertainty(0.24, 0.15, 0.4, "", "Weight of men in hiring operators")
    outside_wage: float = uncertainty(118.0, 100.0, 136.0, "USD/month", "Wage outside the sector, 2015", "lfs_2012")
    outside_wage_growth_before: float = uncertainty(0.05, 0.03, 0.07, "1/year", "Growth of it to 2024")
    finding: float = uncertainty(0.5, 0.25, 0.8, "1/year", "Displaced people who find work outside")
    finding_education: float = uncertainty(0.25, 0.1, 0.4, "1/year", "More of them per level of schooling")
    finding_reskilled: float = uncertainty(0.6, 0.2, 1.0, "1/year", "More of them after a course")
    risk_women: float = measured(1.5, 1.2, 2.0, "ratio", "Women's risk when machines replace people", "seed")
    risk_young: float = measured(1.1, 1.0, 1.3, "ratio", "Risk under 25 when machines replace people", "seed")
    risk_primary: float = measured(
        1.2, 1.0, 1.5, "ratio", "Risk with primary school when machines replace people", "seed"
    )
    migrant_share: float = uncertainty(0.7, 0.5, 0.9, "share", "Workers whose household lives elsewhere")
    remittance: float = measured(0.25, 0.15, 0.35, "share of wage", "Wage sent home by migrants", "crump_2012")
    household_workers: float = measured(
        2.0, 1.0, 3.0, "persons", "People of one household who would consider the sector", "ilo_b8_2018"
    )
    household_other: float = uncertainty(1.0, 0.5, 1.5, "outside wages", "Other income of a worker's household")


@dataclass(frozen=True)
class Public:
    """The public account."""

    stipend: float = uncertainty(
        0.6, 0.4, 0.8, "share of seat cost", "Part of a training seat paid to trainees", "P125"
    )
    profit_tax: float = uncertainty(0.04, 0.0, 0.2, "share", "Tax on profit after holidays")
    reference_interest: float = measured(
        0.10, 0.09, 0.12, "1/year", "Interest rate the budget need not support", "P144"
    )
    reference_energy_price: float = uncertainty(0.15, 0.14, 0.165, "USD/kWh", "Electricity price it need not support")


@dataclass(frozen=True)
class Thresholds:
    """Where one future ends and the next begins."""

    labour_cost: float = uncertainty(1.25, 1.1, 1.5, "ratio to 2024", "Labour cost that counts as high")
    automation: float = uncertainty(0.40, 0.3, 0.5, "share", "Automation that counts as high")
    survival_employment: float = uncertainty(
        0.5, 0.3, 0.6, "ratio to 2024", "Jobs below which the sector may have vanished"
    )
    survival_exports: float = uncertainty(0.8, 0.5, 0.9, "ratio to 2024", "Real exports below which it has vanished")
    high_value_added: float = uncertainty(1.3, 1.1, 1.6, "ratio to 2024", "Real value added of the high-tech future")
    high_skilled: float = uncertainty(0.12, 0.08, 0.2, "share", "Skilled jobs of the high-tech future")
    cost_scale: float = uncertainty(0.5, 0.25, 1.0, "ratio", "Width of the map's labour-cost axis")
    automation_scale: float = uncertainty(0.2, 0.1, 0.4, "share", "Width of the map's automation axis")
    softness: float = uncertainty(0.5, 0.25, 1.0, "", "Softness of the borders")


@dataclass(frozen=True)
class Parameters:
    """All numbers in force in one step: ``par.wages.minimum_wage_growth``."""

    wages: Wages = field(default_factory=Wages)
    automation: Automation = field(default_factory=Automation)
    skills: Skills = field(default_factory=Skills)
    technology: Technology = field(default_factory=Technology)
    infrastructure: Infrastructure = field(default_factory=Infrastructure)
    energy: Energy = field(default_factory=Energy)
    value_chain: ValueChain = field(default_factory=ValueChain)
    innovation: Innovation = field(default_factory=Innovation)
    ownership: Ownership = field(default_factory=Ownership)
    business: Business = field(default_factory=Business)
    trade: Trade = field(default_factory=Trade)
    world: World = field(default_factory=World)
    sourcing: Sourcing = field(default_factory=Sourcing)
    pricing: Pricing = field(default_factory=Pricing)
    production: Production = field(default_factory=Production)
    factories: Factories = field(default_factory=Factories)
    labour: Labour = field(default_factory=Labour)
    public: Public = field(default_factory=Public)
    thresholds: Thresholds = field(default_factory=Thresholds)

    @classmethod
    def from_flat(cls, values: Mapping[str, float]) -> Parameters:
        """From ``{"wages.minimum_wage_growth": 0.02, …}``; what is not named keeps its default."""
        grouped: dict[str, dict[str, float]] = {}
        for name, value in values.items():
            group, _, key = name.partition(".")
            grouped.setdefault(group, {})[key] = value
        return cls(**{g: GROUPS[g](**grouped[g]) for g in grouped})


GROUPS: Mapping[str, Any] = MappingProxyType({f.name: f.default_factory for f in fields(Parameters)})


def _registry() -> dict[str, Parameter]:
    registry: dict[str, Parameter] = {}
    for group, cls in GROUPS.items():
        for item in fields(cls):
            about: dict[str, Any] = dict(item.metadata)
            default: Any = about.pop("path") or item.default
            name = f"{group}.{item.name}"
            registry[name] = Parameter(name=name, default=default, **about)
    return registry


PARAMETERS: Mapping[str, Parameter] = MappingProxyType(_registry())
SHOCKS = "world.shocks"  # the one entry that is a list of dated events and not a number
