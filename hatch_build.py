"""Takes into a wheel what stands beside the package in a checkout; simulator/paths.py finds it in both."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = ("app.py", "scenarios", "data", "static", ".streamlit", "calibration/looks.csv")
POSTERIOR = "calibration/posterior"  # what garment-sim calibrate writes; a checkout can be without it


class ShippedFiles(BuildHookInterface):
    """Copies them only into a real wheel: an editable install reads them where they stand."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name every file to take along; a missing one fails the build."""
        if version == "standard":
            names = [*SHIPPED, *([POSTERIOR] if (Path(self.root) / POSTERIOR).is_dir() else [])]
            build_data["force_include"].update({name: f"simulator/shipped/{name}" for name in names})
