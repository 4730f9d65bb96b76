"""Headline numbers of the shipped scenarios, to notice when they move: ``python -m tests.golden`` prints the moves.

``python -m tests.golden --write`` takes the new numbers over; the commit says why they moved.
"""

import json
import sys
from pathlib import Path

from simulator import run
from simulator.scenario import scenario_ids

FILE = Path(__file__).with_name("golden.json")
INDICATORS = ["employment", "exports", "value_added", "automation", "skilled_jobs", "factories", "mean_wage"]
YEARS = ["2012", "2019", "2024", "2040"]


def measured(scenario: str) -> dict[str, dict[str, float]]:
    """Indicators by year of one seed at a hundred people an agent."""
    table = run(scenario, seed=1, people_per_agent=100).table(INDICATORS, yearly=True)
    return {year: {name: float(f"{table.loc[year, name]:.6g}") for name in INDICATORS} for year in YEARS}


def main() -> None:
    new = {scenario: measured(scenario) for scenario in scenario_ids()}
    old = json.loads(FILE.read_text()) if FILE.exists() else {}
    for scenario, years in new.items():
        for year, values in years.items():
            for name, value in values.items():
                before = old.get(scenario, {}).get(year, {}).get(name)
                if before != value:
                    change = f"{value / before - 1:+.2%}" if before else "new"
                    print(f"{scenario:22} {year} {name:14} {before} -> {value} {change}")
    if "--write" in sys.argv:
        FILE.write_text(json.dumps(new, indent=1) + "\n")


if __name__ == "__main__":
    main()
