"""Same seed, same luck; another seed, other luck; and nobody's luck depends on anybody else's."""

import numpy as np
from scipy import stats

from simulator.model import GarmentModel
from simulator.streams import Stream


def ran(seed=1, scenario="baseline", **options):
    model = GarmentModel(scenario, seed=seed, people_per_agent=400, until=2015, **options)
    while model.running:
        model.step()
    return model


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    first = ran().recorder.values.tobytes()
    assert first == ran().recorder.values.tobytes()
    assert first != ran(seed=2).recorder.values.tobytes()


def test_a_number_is_the_same_whoever_asks():
    stream = Stream(7, "hire", 12)
    everybody = stream.uniform(1000, "look")
    assert np.array_equal(stream.uniform(np.array([5, 900, 17]), "look"), everybody[[5, 900, 17]])
    assert np.array_equal(Stream(7, "hire", 12).uniform(1000, "look"), everybody)


def test_seed_process_step_and_label_each_change_the_luck():
    base = Stream(7, "hire", 12).uniform(50, "look")
    for other in (Stream(8, "hire", 12), Stream(7, "quit", 12), Stream(7, "hire", 13)):
        assert not np.array_equal(base, other.uniform(50, "look"))
    assert not np.array_equal(base, Stream(7, "hire", 12).uniform(50, "turn"))


def test_luck_is_uniform_and_rows_and_steps_are_unrelated():
    u = Stream(1, "hire", 0).uniform(200_000)
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    v = Stream(1, "hire", 1).uniform(200_000)
    assert abs(np.corrcoef(u, v)[0, 1]) < 0.01
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 0.01
    assert abs(stats.norm.fit(Stream(1, "x", 0).normal(200_000))[1] - 1) < 0.01
    assert abs(Stream(1, "x", 0).exponential(200_000).mean() - 1) < 0.01
    assert abs(Stream(1, "x", 0).gumbel(200_000).mean() - np.euler_gamma) < 0.01


def test_two_scenarios_with_one_seed_share_their_opening():
    one, other = (GarmentModel(s, seed=3, people_per_agent=400) for s in ("baseline", "no_garment_sector"))
    assert np.array_equal(one.factories.capacity, other.factories.capacity)
    assert np.array_equal(one.workers.taste, other.workers.taste)
