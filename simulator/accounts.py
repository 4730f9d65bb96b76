"""What must balance every quarter: people, orders, factories' books and the public account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.state import DISPLACED, EMPLOYED, KH, NOWHERE, OUTSIDE, TRAINING
from simulator.units import Array

if TYPE_CHECKING:
    from simulator.model import GarmentModel

USES = (
    "imported_materials",
    "domestic_materials",
    "energy",
    "overhead",
    "maintenance",
    "outage",
    "wages",
    "contributions",
    "depreciation",
    "scrapped",
    "interest",
)
OTHER = (
    "revenue",
    "tax",
    "dividends",
    "equity",
    "borrowed",
    "repaid",
    "loans_settled",
    "settled",
    "subsidy",
    "machines_bought",
    "replacement",
    "capacity_bought",
)
_FLOW = {name: row for row, name in enumerate((*USES, *OTHER))}


class Books:
    """The flows of one quarter by factory, nominal million USD; each is posted once where it arises.

    Uses are taken off revenue to give profit. The other flows move cash, loans and book values without being a cost.
    """

    def __init__(self, rows: int) -> None:
        self._flows = np.zeros((len(_FLOW), rows))

    def __getitem__(self, name: str) -> Array:
        return self._flows[_FLOW[name]]

    def post(self, name: str, amount: Array) -> None:
        """Add an amount for each factory to a flow."""
        self._flows[_FLOW[name]] += amount

    def extend(self, rows: int) -> None:
        """Make room for factories opened during the quarter."""
        flows = self._flows
        self._flows = np.zeros((len(flows), rows))
        self._flows[:, : flows.shape[1]] = flows

    def profit(self) -> Array:
        """Profit before tax of each factory."""
        return self["revenue"] - self._flows[: len(USES)].sum(axis=0)

    def totals(self) -> dict[str, float]:
        """Each flow over all factories."""
        return dict(zip(_FLOW, self._flows.sum(axis=1).tolist(), strict=True))


class Account:
    """The public account of one quarter, million USD: every payment is posted at both ends."""

    RECEIVERS = ("factories", "banks", "utility", "households", "centres", "suppliers")

    def __init__(self) -> None:
        self.open()

    def open(self) -> None:
        """Start a new quarter."""
        self.spending: dict[str, float] = {}
        self.revenue: dict[str, float] = {}
        self.received: dict[str, float] = dict.fromkeys(self.RECEIVERS, 0.0)

    def spend(self, lever: str, amount: float, receiver: str) -> None:
        """Pay for a lever."""
        self.spending[lever] = self.spending.get(lever, 0.0) + amount
        self.received[receiver] += amount

    def receive(self, source: str, amount: float) -> None:
        """Take in a tax or contribution."""
        self.revenue[source] = self.revenue.get(source, 0.0) + amount

    @property
    def cost(self) -> float:
        """All spending."""
        return sum(self.spending.values())

    @property
    def income(self) -> float:
        """All revenue."""
        return sum(self.revenue.values())

    @property
    def balance(self) -> float:
        """Revenue less spending."""
        return self.income - self.cost


class Snapshot:
    """Stocks at the start of a quarter, to check the flows against."""

    def __init__(self, model: GarmentModel) -> None:
        f = model.factories
        self.employed = int(np.count_nonzero(model.workers.state == EMPLOYED))
        self.cash, self.loans = f.cash.copy(), f.loans.copy()
        self.book = f.plant + sum(f.machines.T)
        self.open = int(np.count_nonzero(f.open))
        self.balance = model.economy.balance


def residuals(model: GarmentModel, before: Snapshot) -> dict[str, float]:
    """What each identity misses in the quarter just done: 0 where it must be exact, relative otherwise.

    Money of a factory, over the step; book is plant and machines:

    - change of (cash + book - loans) = profit - tax - dividends + equity - settled
    - change of cash = profit - tax + depreciation + scrapped + subsidy + borrowed - repaid + equity - machines bought -
      replacement - capacity bought - dividends - settled - loans settled
    - change of loans = borrowed - repaid - loans settled
    - value added from quantities (revenue less imported materials, outage and the imported part of services) = wages,
      contributions, depreciation, scrapped, interest and profit + what is bought at home; services are energy, overhead
      and maintenance, of which ``production.home_part`` is bought at home
    """
    w, f, b, books, people = model.workers, model.factories, model.buyers, model.books, model.people
    counts = np.bincount(w.state, minlength=4)
    employed = counts[EMPLOYED]
    flows = people["hired"] - people["quits"] - people["layoffs"] - people["closures"] - people["retired"]
    has_factory = w.factory != NOWHERE
    living = f.open[np.where(has_factory, w.factory, 0)] | ~has_factory
    placed = np.bincount(w.factory[has_factory], minlength=len(f))
    o = model.orders
    demand = b.spending
    revenue = books["revenue"]
    pad = len(f) - len(before.cash)
    start = {n: np.concatenate([getattr(before, n), np.zeros(pad)]) for n in ("cash", "loans", "book")}
    book = f.plant + f.machines.sum(axis=1)
    change = (f.cash + book - f.loans) - (start["cash"] + start["book"] - start["loans"])
    profit = books.profit()
    from_stocks = change + books["tax"] + books["dividends"] - books["equity"] + books["settled"]
    cash = (
        profit - books["tax"] + books["depreciation"] + books["scrapped"] + books["subsidy"] + books["borrowed"]
        - books["repaid"] + books["equity"] - books["machines_bought"] - books["replacement"] - books["capacity_bought"]
        - books["dividends"] - books["settled"] - books["loans_settled"]
    )  # fmt: skip
    loans = books["borrowed"] - books["repaid"] - books["loans_settled"]
    scale = np.maximum(1.0, revenue)
    own = sum(books[name] for name in ("wages", "contributions", "depreciation", "scrapped", "interest")) + profit
    return {
        "I1 people": float(abs(counts[[OUTSIDE, EMPLOYED, DISPLACED, TRAINING]].sum() - len(w))),
        "I2 employed have a living factory": float(np.sum((w.state == EMPLOYED) != has_factory) + np.sum(~living)),
        "I2 head counts": float(np.abs(placed - f.staff.sum(axis=1)).sum()),
        "I2 flows": float(abs(employed - before.employed - flows)),
        "I3 shares": float(np.abs(b.share.sum(axis=1) - 1).max()),
        "I3 orders meet demand": float(np.abs(b.orders.sum(axis=1) - demand).max() / demand.max())
        if demand.max() > 0
        else 0.0,
        "I3 orders are shipped or diverted": _relative(o.ordered, o.shipped + o.diverted_capacity + o.diverted_staff),
        "I3 shipped is revenue": float(abs(b.orders[:, KH].sum() - revenue.sum()) / max(1.0, revenue.sum())),
        "I4 profit": float((np.abs(profit - from_stocks) / scale).max()),
        "I5 value added": float((np.abs(_value_added(model) - own - _domestic(model)) / scale).max()),
        "I6 cash": float((np.abs(f.cash - start["cash"] - cash) / scale).max()),
        "I6 loans": float((np.abs(f.loans - start["loans"] - loans) / scale).max()),
        "I7 public account": abs(model.economy.balance - before.balance - model.account.balance)
        + abs(model.account.cost - sum(model.account.received.values())),
        "I8 factories": float(abs(f.open.sum() - before.open - len(model.opened) + model.leaving.sum())),
        "I9 wage bill": abs(books["wages"].sum() - model.paid_wages) / max(1.0, model.paid_wages),
    }


def _value_added(model: GarmentModel) -> Array:
    """Domestic value added of each factory from quantities and prices: what is left when imports are paid."""
    f, books, pro, chain = model.factories, model.books, model.par.production, model.par.value_chain
    imported = pro.materials * (1 - chain.domestic_materials * chain.upgrading)
    services = (1 - pro.home_part) * (books["energy"] + books["overhead"] + books["maintenance"])
    made = np.where(books["revenue"] > 0, f.output, 0.0)
    return model.now("unit_value") * made * (f.quote - imported) - books["outage"] - services


def _domestic(model: GarmentModel) -> Array:
    """What each factory buys at home, from postings."""
    books = model.books
    services = books["energy"] + books["overhead"] + books["maintenance"]
    return books["domestic_materials"] + model.par.production.home_part * services


def _relative(one: Array, other: Array) -> float:
    return float(np.abs(one - other).max() / max(1.0, np.abs(one).max()))
