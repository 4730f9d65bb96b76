"""The bargainers as Mesa agents: each is a thin view of its row, where its state lives."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import mesa

from simulator.state import GOODS, KH, MARKETS, OWNERS

if TYPE_CHECKING:
    from simulator.model import GarmentModel


class Row:
    """Read-only view of a row of a table: every column is an attribute."""

    def __init__(self, table: Any, row: int) -> None:
        self.__dict__.update(_table=table, row=row)

    def __getattr__(self, name: str) -> Any:
        if name in self._table.columns():
            return getattr(self._table, name)[self.row]
        raise AttributeError(f"no column {name!r}; there are {', '.join(self._table.columns())}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("a view is read-only")


class _Counters:
    """Numbers for agents, by model. Mesa 3.3 keeps every model for ever in a dictionary of its own; these let it go."""

    def __init__(self) -> None:
        self._by_model: WeakKeyDictionary[mesa.Model, Iterator[int]] = WeakKeyDictionary()

    def __getitem__(self, model: mesa.Model) -> Iterator[int]:
        return self._by_model.setdefault(model, count(1))


class _Agent(mesa.Agent):
    _ids = _Counters()

    def __deepcopy__(self, memo: dict[int, Any]) -> _Agent:
        """The same view in a copy of the model; there are thousands, so the usual detour costs a branch its time."""
        twin = object.__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__.update(self.__dict__, model=copy.deepcopy(self.model, memo))
        return twin


class Factory(_Agent):
    """A factory: reviews automation, hires, ships, stays or leaves. Its columns: :class:`simulator.state.Factories`."""

    def __init__(self, model: GarmentModel, row: int) -> None:
        super().__init__(model)
        self.row, self.number = row, int(model.factories.number[row])

    @property
    def state(self) -> Row:
        """The factory's row. Raises LookupError where the factory has closed and another has taken the row."""
        if self.model.factories.number[self.row] != self.number:
            raise LookupError(f"factory {self.number} has closed, and another has taken its row")
        return Row(self.model.factories, self.row)

    def __repr__(self) -> str:
        s = self.state
        return f"<Factory {self.number}: {GOODS[s.goods]}, owner {OWNERS[s.owner]}, {'open' if s.open else 'closed'}>"


class Buyer(_Agent):
    """A buyer: compares origins, reviews suppliers, places orders. Its columns: :class:`simulator.state.Buyers`."""

    def __init__(self, model: GarmentModel, row: int) -> None:
        super().__init__(model)
        self.row = row

    @property
    def state(self) -> Row:
        """The buyer's row."""
        return Row(self.model.buyers, self.row)

    def __repr__(self) -> str:
        s = self.state
        return f"<Buyer {self.row}: {GOODS[s.goods]} for {MARKETS[s.market]}, {s.share[KH]:.1%} from Cambodia>"
