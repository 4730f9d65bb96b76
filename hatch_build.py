"""Takes into a wheel what stands beside the package in a checkout; simulator/paths.py finds it in both."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = (
    *("app.py", "serve.py", "scenarios", "data", "static", ".streamlit"),
    *("calibration/looks.csv", "calibration/posterior"),
)


class ShippedFiles(BuildHookInterface):
    """Copies them only into a real wheel: an editable install reads them where they stand."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name every file to take along; a missing one fails the build."""
        if version == "standard":
            build_data["force_include"].update({name: f"simulator/shipped/{name}" for name in SHIPPED})
