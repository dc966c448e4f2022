"""Trends, change points and how much it takes: scipy.stats, published figures, worked examples."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from devops_analytics.change.changepoint import pettitt
from devops_analytics.change.power import (
    needed_for_durations,
    needed_for_rates,
    needed_for_shares,
)
from devops_analytics.change.ranks import Sample, compare_ranked
from devops_analytics.change.trend import mann_kendall

SERIES = st.lists(st.integers(0, 12), min_size=5, max_size=24).map(
    lambda values: np.array(values, float)
)


def trend(values):
    return mann_kendall(np.arange(float(len(values))), values, confidence=0.95)


# ---- Trend ---- #


@pytest.mark.parametrize(("n", "p"), [(3, 1 / 3), (4, 1 / 12), (5, 1 / 60)])
def test_an_unbroken_rise_has_the_smallest_p_that_so_many_periods_can_have(n, p):
    # One order of n! rises all the way and one falls: 2 / 6, 2 / 24, 2 / 120.
    assert trend(np.arange(float(n))).p == pytest.approx(p)


def test_the_exact_p_counts_the_orders():
    values = np.array([1.0, 3, 2, 5, 4])

    def score(order):
        return sum(np.sign(b - a) for i, a in enumerate(order) for b in order[i + 1 :])

    own = abs(score(values))
    orders = [abs(score(order)) >= own for order in permutations(values)]
    assert trend(values).p == pytest.approx(np.mean(orders))


@given(SERIES)
def test_tau_and_slope_agree_with_scipy(values):
    found, times = trend(values), np.arange(float(len(values)))
    if len(set(values)) > 1:
        assert found.tau == pytest.approx(stats.kendalltau(times, values).statistic)
    if len(set(values)) == len(values):
        exact = stats.kendalltau(times, values, method="exact" if len(values) <= 10 else "auto")
        if len(values) <= 10:
            assert found.p == pytest.approx(exact.pvalue)
    slopes = stats.theilslopes(values, times)
    assert found.slope == pytest.approx(slopes.slope)


def test_the_slopes_limits_are_those_of_scipy():
    values = np.random.default_rng(4).normal(size=15)
    found, expected = trend(values), stats.theilslopes(values, np.arange(15.0))
    assert (found.low, found.high) == pytest.approx((expected.low_slope, expected.high_slope))


def test_ties_lower_the_variance_as_kendall_says():
    # 12 values in pairs: variance (12*11*29 - 6 * 2*1*9) / 18 = 206.7, score 66 - 6 = 60.
    values = np.repeat(np.arange(6.0), 2)
    assert trend(values).p == pytest.approx(2 * stats.norm.sf(59 / (3720 / 18) ** 0.5))


@given(SERIES)
def test_a_series_backwards_falls_as_it_rose(values):
    there, back = trend(values), trend(values[::-1])
    assert there.p == pytest.approx(back.p)
    assert there.tau == pytest.approx(-back.tau)
    assert there.slope == pytest.approx(-back.slope)


def test_a_level_series_has_no_trend():
    found = trend(np.ones(12))
    assert (found.p, found.slope, found.tau) == (1, 0, 0)


# ---- Change point ---- #


def test_a_step_is_found_where_it_is():
    values = np.array([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 9, 8, 7, 9, 8, 7, 9, 8, 7, 9], float)
    found = pettitt(values)
    assert (found.place, found.direction) == (10, 1)
    # Every of the 100 pairs is in order: 2 exp(-6 * 100^2 / (20^3 + 20^2)).
    assert found.p == pytest.approx(2 * np.exp(-60_000 / 8_400))
    assert pettitt(-values).direction == -1
    assert pettitt(np.ones(20)).p == 1


# ---- How much it takes ---- #


@pytest.mark.parametrize(
    ("before", "now", "n"),
    [(0.1, 0.2, 199), (0.2, 0.1, 199), (0.1, 0.05, 435), (0.15, 0.1, 686), (0.05, 0.15, 141),
     (0.3, 0.15, 121)],
)  # fmt: skip
def test_shares_take_as_many_as_fleiss_says(before, now, n):
    # 80 % power, two-sided 5 %; the first is Fleiss's formula worked by hand:
    # (1.96 sqrt(0.255) + 0.8416 sqrt(0.25))^2 / 0.01 = 198.96.
    assert needed_for_shares(before, now, confidence=0.95) == n
    assert needed_for_shares(now, before, confidence=0.95) == n


def test_rates_take_as_many_as_the_variance_of_the_ratio_says():
    # 2.8016^2 * (1 + 1/2) / ln(2)^2 = 24.5 events before, 49 after.
    assert needed_for_rates(2.0, confidence=0.95) == 25
    assert needed_for_rates(1.0, confidence=0.95) is None


def test_durations_take_as_many_as_the_test_then_needs():
    # Lognormal with a spread of 1.25, halved: seen by about 80 of 100 tests.
    n = needed_for_durations(0.5, 1.25, confidence=0.95)
    rng = np.random.default_rng(8)
    seen = 0
    for _ in range(300):
        now, before = (
            Sample(values=rng.lognormal(middle, 1.25, n), groups=np.arange(n))
            for middle in (4.25 - np.log(2), 4.25)
        )
        seen += compare_ranked(now, before, scale="ratio", confidence=0.95).p < 0.05
    assert 0.72 < seen / 300 < 0.88
    assert needed_for_durations(1.0, 1.25, confidence=0.95) is None


@given(change=st.floats(0.01, 0.3))
def test_smaller_changes_take_more(change):
    small, large = 1 - change / 2, 1 - change
    for needed in (
        lambda ratio: needed_for_shares(0.4, 0.4 * ratio, confidence=0.95),
        lambda ratio: needed_for_rates(ratio, confidence=0.95),
        lambda ratio: needed_for_durations(ratio, 1.0, confidence=0.95),
    ):
        assert needed(small) >= needed(large)
