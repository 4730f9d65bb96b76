"""Are shares those of games whose shares are known, whatever way they are computed?"""

import doctest
import math
from itertools import permutations

import numpy as np
import pytest

from simulator.analysis import shapley
from simulator.analysis.shapley import exact, met, orders, sampled


def game(players, value):
    """Values of all coalitions, from a function of the set of players."""
    return [float(value({i for i in range(players) if s >> i & 1})) for s in range(1 << players)]


def test_in_an_additive_game_each_gets_what_it_adds():
    adds = [3.0, -2.0, 0.0, 7.5]
    assert exact(game(4, lambda s: sum(adds[i] for i in s))).tolist() == pytest.approx(adds, abs=1e-12)


def test_in_the_glove_game_the_scarce_glove_gets_two_thirds():
    """Players 0 and 1 have a left glove, 2 the only right one; a pair is worth 1."""
    shares = exact(game(3, lambda s: 2 in s and (0 in s or 1 in s)))
    assert shares.tolist() == pytest.approx([1 / 6, 1 / 6, 2 / 3], abs=1e-12)


def test_those_who_do_the_same_get_the_same_and_those_who_do_nothing_get_nothing():
    shares = exact(game(5, lambda s: len(s - {4}) ** 3))
    assert shares.tolist() == pytest.approx([16.0, 16.0, 16.0, 16.0, 0.0], abs=1e-12)


def test_exact_shares_are_the_means_over_all_orders():
    rng = np.random.default_rng(3)
    values = rng.normal(size=16)
    every = np.array(list(permutations(range(4))))
    assert exact(values) == pytest.approx(sampled(dict(enumerate(values)), every).shares, abs=1e-12)


@pytest.mark.parametrize("players", [1, 2, 8])
def test_shares_add_up_to_the_whole(players):
    values = 1e6 + 3e5 * np.random.default_rng(players).normal(size=1 << players)
    whole = values[-1] - values[0]
    assert math.fsum(exact(values)) == pytest.approx(whole, abs=1e-9)
    few = orders(players, 4, np.random.default_rng(0))
    assert math.fsum(sampled(dict(enumerate(values)), few).shares) == pytest.approx(whole, abs=1e-9)


def test_sampled_shares_come_close_to_exact_ones_within_their_error():
    values = np.random.default_rng(5).normal(size=1 << 6).cumsum()
    true = exact(values)
    few, many = (sampled(dict(enumerate(values)), orders(6, n, np.random.default_rng(1))) for n in (20, 2000))
    assert (np.abs(many.shares - true) < 4 * many.errors + 1e-12).all()
    assert many.errors.max() < few.errors.max() / 5
    assert np.isnan(sampled(dict(enumerate(values)), orders(6, 2, np.random.default_rng(1))).errors).all()


def test_an_order_and_its_reverse_leave_no_error_where_players_meet_in_pairs_only():
    """Antithetic orders: what two players make together is given half to each."""
    values = game(4, lambda s: len(s) ** 2)
    found = sampled(dict(enumerate(values)), orders(4, 4, np.random.default_rng(2)))
    assert found.shares.tolist() == pytest.approx(exact(values).tolist(), abs=1e-12)
    assert found.errors.tolist() == pytest.approx([0.0] * 4, abs=1e-12)


def test_orders_are_pairs_and_the_coalitions_they_meet_are_known():
    drawn = orders(5, 6, np.random.default_rng(0))
    assert drawn.shape == (6, 5)
    assert (drawn[0::2] == drawn[1::2, ::-1]).all()
    coalitions = met(drawn)
    assert {0, 31} <= set(coalitions) and len(coalitions) == len(set(coalitions)) <= 6 * 4 + 2
    assert met(np.array([[1, 0]])) == [0, 2, 3]


def test_what_is_no_game_is_refused():
    with pytest.raises(ValueError, match="3 values"):
        exact([0.0, 1.0, 2.0])
    for number in (0, 3):
        with pytest.raises(ValueError, match=f"{number} orders"):
            orders(4, number, np.random.default_rng(0))


def test_examples_hold():
    assert doctest.testmod(shapley).failed == 0
