"""Are published numbers unchanged? Two per cent leave room for another processor's last digits, not for a mistake."""

import json

import pytest

from simulator.scenario import scenario_ids
from tests.golden import FILE, measured


@pytest.mark.slow
@pytest.mark.parametrize("scenario", scenario_ids())
def test_published_numbers_stand(scenario):
    published = json.loads(FILE.read_text())[scenario]
    for year, values in measured(scenario).items():
        assert values == pytest.approx(published[year], rel=0.02), year
