"""Cambodia's garment sector between automation and labour cost: an agent-based simulator.

The public names are loaded when first used, so that the command line starts at once.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from simulator.version import __version__

if TYPE_CHECKING:
    from simulator.analysis.explain import explain
    from simulator.bridges import to_batch_run, to_ema_model, to_iamc, to_salib_problem, to_xarray
    from simulator.compare import compare
    from simulator.experiment import run_experiment
    from simulator.indicators import INDICATORS
    from simulator.model import GarmentModel
    from simulator.parameters import PARAMETERS
    from simulator.run import run
    from simulator.scenario import load_scenario

__all__ = [
    "INDICATORS",
    "PARAMETERS",
    "GarmentModel",
    "__version__",
    "compare",
    "explain",
    "load_scenario",
    "run",
    "run_experiment",
    "to_batch_run",
    "to_ema_model",
    "to_iamc",
    "to_salib_problem",
    "to_xarray",
]

_HOMES = {
    "GarmentModel": "simulator.model",
    "INDICATORS": "simulator.indicators",
    "PARAMETERS": "simulator.parameters",
    "compare": "simulator.compare",
    "explain": "simulator.analysis.explain",
    "load_scenario": "simulator.scenario",
    "run": "simulator.run",
    "run_experiment": "simulator.experiment",
    "to_batch_run": "simulator.bridges",
    "to_ema_model": "simulator.bridges",
    "to_iamc": "simulator.bridges",
    "to_salib_problem": "simulator.bridges",
    "to_xarray": "simulator.bridges",
}


class _Package(ModuleType):
    """Keeps ``simulator.run`` the function when the module of the same name is loaded."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _HOMES and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'simulator' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
