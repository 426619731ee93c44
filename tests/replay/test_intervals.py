"""A sample of intervals: chosen by the auditor's seed, with a probability that is exact."""

import itertools
from fractions import Fraction

import pytest

from glassloop.errors import UserError
from glassloop.replay.intervals import Interval, caught, intervals, odds, sample


def test_one_bad_interval_of_a_thousand_is_caught_by_a_hundred_replays_in_one_case_of_ten() -> None:
    assert caught(1000, 1, 100) == Fraction(1, 10)


@pytest.mark.parametrize("bad", range(7))
@pytest.mark.parametrize("count", range(1, 7))
def test_the_probability_is_the_share_of_all_samples_that_hold_a_bad_one(bad: int, count: int) -> None:
    chosen = list(itertools.combinations(range(6), count))
    assert caught(6, bad, count) == Fraction(sum(any(one < bad for one in some) for some in chosen), len(chosen))


def test_checkpoints_cut_a_run_into_parts_that_hold_every_step_once() -> None:
    assert intervals([40, 20], 50) == [Interval(0, 20), Interval(20, 40), Interval(40, 50)]
    assert intervals([20, 50], 50) == [Interval(0, 20), Interval(20, 50)]
    assert intervals([], 7) == [Interval(0, 7)]


def test_the_same_seed_chooses_the_same_intervals_and_another_seed_others() -> None:
    parts = intervals(range(10, 1000, 10), 1000)
    chosen = sample(parts, 10, seed=7)
    assert chosen == sample(parts, 10, seed=7) == sorted(set(chosen))
    assert chosen != sample(parts, 10, seed=8)
    # As `for s in $(seq 0 10 990); do echo "$(printf 7:$s | sha256sum) $s"; done | sort | head -10` gives them.
    assert [part.start for part in chosen] == [250, 260, 340, 370, 430, 450, 540, 700, 770, 930]


def test_each_interval_is_chosen_as_often_as_another() -> None:
    parts = intervals(range(10, 100, 10), 100)
    counts = dict.fromkeys(parts, 0)
    for seed in range(2000):
        for part in sample(parts, 3, seed):
            counts[part] += 1
    assert all(500 < count < 700 for count in counts.values()), counts  # 600 expected, standard deviation 20


def test_more_than_there_are_is_refused() -> None:
    with pytest.raises(UserError, match="into 2 intervals"):
        sample(intervals([5], 10), 3, seed=0)


def test_the_odds_name_one_bad_interval_and_shares_of_all() -> None:
    assert [bad for bad, _ in odds(1000, 100)] == [1, 10, 100, 500]
    assert odds(1000, 100)[0][1] == 0.1
    assert odds(1, 1) == [(1, 1.0)]
