"""What is observed of the model: name, label, unit, how it adds over a year, and the groups it is split by.

Tables, charts, the command line and ODD.md work from this registry alone; the values of a quarter are taken
by :func:`simulator.observe.measure`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

DIMENSIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "gender": ("women", "men"),
        "age": ("18-24", "25-34", "35-44", "45+"),
        "education": ("primary", "lower_secondary", "upper_secondary"),
        "skill": ("none", "operator", "technician", "engineer"),
        "goods": ("garments", "footwear", "travel_goods"),
        "tier": ("1", "2", "3"),
        "market": ("EU", "US", "Japan", "ASEAN", "other"),
        "stage": ("cut", "sew", "finish", "pack"),
        "owner": ("domestic", "foreign"),
        "buyers": ("brand_linked", "other"),
        "origin": ("CN", "VN", "BD", "MM", "ROW", "AUT"),
        "lever": (
            "automation.subsidy",
            "automation.interest_rate",
            "skills.training_seats",
            "skills.training_relevance",
            "skills.upper_secondary_growth",
            "skills.school_ict",
            "skills.engineering_share",
            "skills.women_in_stem",
            "infrastructure.logistics",
            "infrastructure.broadband",
            "energy.price",
            "energy.outage",
            "value_chain.upgrading",
            "value_chain.local_brands",
            "innovation.research",
            "business.e_government",
            "business.fintech",
            "business.investor_attraction",
            "business.diversification",
        ),
    }
)

HIT = ("gender", "age", "education", "skill")
PEOPLE = ("gender", "age", "education", "skill", "goods", "tier")
FACTORY = ("goods", "tier", "owner", "buyers")


@dataclass(frozen=True)
class Indicator:
    """One observed quantity; ``over_year`` is ``sum``, ``mean`` or ``last``."""

    name: str
    label: str
    unit: str
    over_year: str
    groups: tuple[str, ...] = ()
    meaning: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The fields as the command line prints them."""
        return asdict(self)


_USD, _WAGE, _PEOPLE, _SHARE = "USD million", "USD/month", "persons", "share"

_TABLE = (
    # people
    ("employment", "Jobs", _PEOPLE, "mean", PEOPLE, "People employed in the sector."),
    ("operators", "Operators", _PEOPLE, "mean", ("gender", "goods", "tier"), "Employed as operators."),
    ("technicians", "Technicians", _PEOPLE, "mean", ("gender", "goods", "tier"), "Employed as technicians."),
    ("engineers", "Engineers", _PEOPLE, "mean", ("gender", "goods", "tier"), "Employed as engineers."),
    ("skilled_jobs", "Skilled jobs", _PEOPLE, "mean", ("gender",), "Technicians and engineers."),
    ("women_share", "Women's share of jobs", _SHARE, "mean", (), "Women among people employed."),
    ("vacancies", "Open posts", _PEOPLE, "mean", (), "Posts that factories could not fill."),
    ("turnover", "Staff turnover", "share/year", "mean", (), "Leavers over people employed, at a yearly rate."),
    ("technician_coverage", "Technician coverage", _SHARE, "mean", (), "Technicians employed over those needed."),
    ("layoffs", "Layoffs", _PEOPLE, "sum", HIT, "People laid off, closures included."),
    ("reskilled", "Reskilled workers", _PEOPLE, "sum", HIT, "People who finished a public course."),
    ("displaced", "Displaced workers", _PEOPLE, "mean", HIT,
     "Laid off, not yet back at work and not in a course."),
    ("displaced_over_year", "Displaced for over a year", _PEOPLE, "mean", HIT,
     "Laid off more than a year ago, not yet back at work and not in a course."),
    # pay
    ("mean_wage", "Mean wage", _WAGE, "mean", PEOPLE, "Mean earnings with overtime of people employed."),
    ("median_wage", "Median wage", _WAGE, "mean", (), "Median earnings with overtime of people employed."),
    ("wage_gini", "Wage inequality (Gini)", "index", "mean", (), "Gini index of earnings, 0 equal to 1."),
    ("skill_premium", "Skill premium", "ratio", "mean", (), "Technicians' mean wage over operators'."),
    ("real_wage", "Real wage", "USD/month of 2024", "mean", (), "Mean wage at consumer prices of 2024."),
    ("operator_cost", "Operator cost", _WAGE, "mean", (), "Operator's wage with employer contributions."),
    ("labour_cost_index", "Labour cost", "2024 = 1", "mean", (),
     "Operator cost over export unit values, 2024 = 1: the map's horizontal axis."),
    ("household_income", "Household income", _WAGE, "mean", ("gender", "education", "skill"),
     "Mean income of an employed worker's household, of which other members may work in the sector."),
    ("remittances", "Remittances", _USD, "sum", PEOPLE, "Wages sent home by migrant workers."),
    ("living_wage_ratio", "Mean wage over living wage", "ratio", "mean", (), "Mean wage over a living wage."),
    # output
    ("exports", "Exports", _USD, "sum", ("goods", "market"), "Goods shipped abroad, at current prices."),
    ("real_exports", "Real exports", "USD million of 2024", "sum", (), "Exports at export unit values of 2024."),
    ("value_added", "Value added", _USD, "sum", (), "Domestic value added: own plus purchases at home."),
    ("gdp_share", "Share of GDP", _SHARE, "mean", (), "Own value added over GDP (base rebased in 2024)."),
    ("output_per_worker", "Output per worker", "USD/year", "mean", (), "Shipments a worker a year."),
    ("unit_labour_cost", "Unit labour cost", _SHARE, "mean", (), "Wages and contributions over shipments."),
    ("profit_margin", "Profit margin", _SHARE, "mean", ("goods", "tier"),
     "Profit before tax and write-offs over shipments."),
    ("investment", "Investment", _USD, "sum", (), "Machines and capacity bought, before subsidy."),
    # markets
    ("market_share", "World market share", _SHARE, "mean", ("goods", "market"),
     "Cambodia's part of five markets' demand for the three goods."),
    ("reshored_share", "Near-market makers' share", _SHARE, "mean", ("market",),
     "Part of demand met by automated makers near the market."),
    # technology
    ("automation", "Automation", _SHARE, "mean", ("stage", "goods", "tier", "owner", "buyers"),
     "Automatable work done by machines, weighted by output: the map's vertical axis."),
    ("world_automation", "Automation abroad", _SHARE, "mean", (), "The same in other origins, by their shares."),
    ("payback", "Payback of one more step", "years", "mean", ("stage",), "Median years in which a step repays itself."),
    # factories
    ("factories", "Factories", "factories", "last", FACTORY, "Factories open at the end."),
    ("factories_opened", "Factories opened", "factories", "sum", ("goods", "owner"), "New factories."),
    ("factories_closed", "Factories closed", "factories", "sum", ("goods", "owner"), "Closed, without those moved."),
    ("factories_relocated", "Factories relocated", "factories", "sum", ("origin",), "Moved to another country."),
    ("factory_size", "Factory size", _PEOPLE, "last", (), "Median workers of an open factory."),
    # public account
    ("public_cost", "Public cost", _USD, "sum", ("lever",), "Spending on levers."),
    ("public_revenue", "Public revenue", _USD, "sum", (), "Profit tax and contributions from the sector."),
    ("public_balance", "Public balance", _USD, "sum", (), "Revenue less spending on levers."),
    # futures
    ("survival", "Survival of the sector", "ratio", "last", (), "Below 1 the sector has vanished."),
    ("scenario_0", "Costly survivor", _SHARE, "last", (), "Closeness to the future: high cost, few machines."),
    ("scenario_1", "Status quo", _SHARE, "last", (), "Closeness to the future: low cost, few machines."),
    ("scenario_2", "No garment sector", _SHARE, "last", (), "Closeness to the future: the sector has gone."),
    ("scenario_3", "Transition", _SHARE, "last", (), "Closeness to the future: low cost, many machines."),
    ("scenario_4", "High tech with high skills", _SHARE, "last", (),
     "Closeness to the future: high cost, many machines, high skills and value added."),
    ("scenario_5", "Forced automation", _SHARE, "last", (),
     "Closeness to the future: high cost, many machines, without the gain."),
    # why employment changed
    ("change_scale", "Jobs by world demand", _PEOPLE, "sum", (), "Change of jobs by the volume of world demand."),
    ("change_competitiveness", "Jobs by competitiveness", _PEOPLE, "sum", (), "Change by shares of demand."),
    ("change_efficiency", "Jobs by efficiency", _PEOPLE, "sum", (), "Change by efficiency."),
    ("change_displacement", "Operators displaced by machines", _PEOPLE, "sum", (), "Operators machines replace."),
    ("change_reinstatement", "Skilled jobs from machines", _PEOPLE, "sum", (), "Technicians and engineers added."),
    ("change_staffing", "Jobs by staffing", _PEOPLE, "sum", (), "Change by posts filled against posts needed."),
    ("change_opening", "Jobs in new factories", _PEOPLE, "sum", (), "First staff of new factories."),
    ("change_closure", "Jobs in closed factories", _PEOPLE, "sum", (), "Last staff of closed factories."),
    ("change_relocation", "Jobs in relocated factories", _PEOPLE, "sum", (), "Last staff of factories moved away."),
)  # fmt: skip

INDICATORS: Mapping[str, Indicator] = MappingProxyType({row[0]: Indicator(*row) for row in _TABLE})

COLUMNS: tuple[tuple[str, str], ...] = tuple(
    (name, group)
    for name, indicator in INDICATORS.items()
    for group in ("all", *(f"{d}={value}" for d in indicator.groups for value in DIMENSIONS[d]))
)
