"""The order of one quarter: who moves when, and what each may change.

Processes run one after the other; each acts on all factories, people or buyers at once and sees what those before it
left. Within a process nobody goes first unless its description says so. New factories open last and act from the next
step on.

A step begins with its numbers of the registry and of the world and with an empty ledger; it ends with observation.
Where a step is a month, everything happens every month with dt 1/12, and "quarter" below means the step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.processes.automation import automate
from simulator.processes.closure import adjust_capacity, enter, leave
from simulator.processes.government import govern
from simulator.processes.hiring import hire
from simulator.processes.orders import allocate_orders, choose_origins, review_links, set_quotes
from simulator.processes.production import keep_books, plan_staff, produce, set_technology
from simulator.processes.wages import pay, set_wages
from simulator.processes.workers import lay_off, quit_jobs, renew_generation, train

if TYPE_CHECKING:
    from simulator.model import GarmentModel
    from simulator.streams import Stream


@dataclass(frozen=True)
class Process:
    """One thing that happens in a quarter; ``changes`` names the columns it may touch."""

    run: Callable[[GarmentModel, Stream], None]
    changes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The verb."""
        return self.run.__name__


STAFF = ("factories.staff",)
ASSESSED = ("factories.trained", "factories.graduates", "factories.novices")

QUARTER: tuple[Process, ...] = (
    Process(set_wages, ("economy",)),
    Process(set_technology, ("economy", "factories.efficiency", "factories.effective", "factories.working",
                             "factories.coverage")),
    Process(set_quotes, ("economy", "factories.unit_cost", "factories.quote", "factories.compared")),
    Process(choose_origins, ("buyers.appeal", "buyers.share", "buyers.spending", "buyers.orders", "buyers.large")),
    Process(review_links, ("links",)),
    Process(allocate_orders, ("factories.accepted", "factories.brand_linked", "factories.expected")),
    Process(renew_generation, ("economy", "workers.*", *STAFF)),
    Process(plan_staff, ("factories.needed", "factories.posts")),
    Process(quit_jobs, ("workers.state", "workers.factory", "workers.wage", "workers.settled", *STAFF)),
    Process(lay_off, ("workers.state", "workers.factory", "workers.wage", "workers.displaced_at", *STAFF)),
    Process(train, ("workers.state", "workers.course_ends", "workers.skill", "workers.trained_at", "workers.reskilled",
                    "workers.job", "workers.displaced_at", *STAFF)),
    Process(hire, ("economy", "workers.state", "workers.factory", "workers.job", "workers.hired",
                   "workers.displaced_at", "workers.overtime", "workers.skill", *STAFF, *ASSESSED)),
    Process(pay, ("workers.wage", "factories.wage_bill", "factories.pay_level")),
    Process(produce, ("factories.output", "buyers.orders")),
    Process(keep_books, ("factories.cash", "factories.loans", "factories.machines", "factories.plant",
                         "factories.units", "factories.automation", "factories.capacity", "factories.margin",
                         "factories.utilisation")),
    Process(automate, ("factories.automation", "factories.units", "factories.machines", "factories.automated_at",
                       "factories.cash", "factories.loans")),
    Process(adjust_capacity, ("factories.capacity", "factories.plant", "factories.machines", "factories.units",
                              "factories.cash", "factories.loans")),
    Process(leave, ("economy", "factories.*", "workers.state", "workers.factory", "workers.wage",
                    "workers.displaced_at")),
    Process(enter, ("economy", "factories.*")),
    Process(govern, ("economy",)),
)  # fmt: skip
