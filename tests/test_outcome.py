"""Is what a trial shows that of the runs it asks for, paired as on the first page, and are warm runs the same runs?"""

import numpy as np
import pytest
from made_up import made
from served import pretend

from simulator.branching import Histories
from simulator.compare import Comparison, comparison_requests
from simulator.outcome import HEADLINES, Question, load_outcome
from simulator.run import Request, execute
from simulator.scenario import START, load_scenario
from simulator.store import Store
from simulator.trial import Trial

TRIAL = Trial("transition").with_steps("automation.subsidy", {START: 0.4})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def put(store, requests):
    for request in requests:
        store.put(request, pretend(request))


def test_the_runs_of_shipped_scenarios_are_those_of_the_first_page():
    shown = {request.key for request in comparison_requests()}
    question = Question(TRIAL, "status_quo")
    band = [r for some in question.requests[1:] for r in some if r.scenario.id != "tried"]
    assert {r.key for r in band} <= shown
    assert {r.draw for r in question.requests[0]} == {-1}


def test_the_best_set_is_shown_first_and_the_band_grows(store):
    question = Question(TRIAL)
    assert question.pairs(store) is None
    put(store, question.requests[0])
    assert question.pairs(store) == 0
    best = load_outcome(question, 0, store)
    figure = best.figures["employment"]
    assert figure.n == 1 and figure.low == figure.value == figure.high
    for some in question.requests[1:]:
        put(store, some)
        assert question.pairs(store) in (0, *question.stages)
    assert question.pairs(store) == len(question.band)
    whole = load_outcome(question, len(question.band), store)
    assert whole.figures["employment"].n == len(question.band)
    assert whole.figures["employment"].low < whole.figures["employment"].high


def test_figures_and_differences_are_those_of_a_comparison(store):
    question = Question(TRIAL, "status_quo")
    put(store, [r for some in question.requests for r in some])
    outcome = load_outcome(question, len(question.band), store)
    requests = comparison_requests([TRIAL.scenario()], "status_quo", grid=False)
    table = Comparison.from_results(requests, map(pretend, requests)).summary
    last = table[(table["period"] == "2040") & (table["group"] == "all") & (table["scenario"] == "tried")]
    last = last.set_index("indicator")
    for name in HEADLINES:
        figure = outcome.figures[name]
        assert np.isclose(figure.value, last.loc[name, "median"]) and np.isclose(figure.low, last.loc[name, "p10"])
        assert np.isclose(figure.difference, last.loc[name, "difference"])
        assert np.isclose(figure.sign_share, last.loc[name, "sign_share"], equal_nan=True)
    assert list(outcome.tables.titles) == ["baseline", "status_quo", "tried"]


def test_what_is_tried_may_be_the_baseline_itself(store):
    question = Question(Trial())
    assert all(len(some) == 1 for some in question.requests)
    put(store, question.requests[0])
    outcome = load_outcome(question, 0, store)
    assert not outcome.compared and outcome.figures["exports"].value > 0


def test_a_damaged_run_is_removed_and_made_again(store):
    question = Question(TRIAL.with_steps("energy.price", {START: 0.11}))
    put(store, question.requests[0])
    path = store.path(question.requests[0][0].key)
    path.write_bytes(b"half a file")
    assert load_outcome(question, 0, store) is None
    assert not path.is_file() and question.pairs(store) is None


def test_a_warm_run_is_the_same_to_the_bit():
    warm = Histories(most=1)
    for scenario in (TRIAL.scenario(), load_scenario("no_garment_sector")):
        request = Request.of(scenario, 3, 1000)
        assert warm.execute(request).values.tobytes() == execute(request).values.tobytes()
    assert len(warm._models) == 1


def test_made_up_runs_tell_scenarios_apart():
    request = Request.of(TRIAL.scenario(), 0)
    assert (pretend(request).values != made(request).values).any()
