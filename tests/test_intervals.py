"""Intervals in closed form, against published figures, definitions and scipy.stats."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from devops_analytics.estimates.intervals import (
    order_statistic_ranks,
    poisson,
    quantile,
    wilson,
)


@pytest.mark.parametrize(
    ("n", "ranks"),
    [
        (5, (None, None)),  # (min, max) would hold the median only 1 - 2 / 2^5 = 93.75 %
        (6, (1, 6)),  # 1 - 2 / 2^6 = 96.9 %
        (10, (2, 9)),
        (20, (6, 15)),
        (30, (10, 21)),
        (50, (18, 33)),
        (100, (40, 61)),
    ],
)
def test_the_median_lies_between_these_ranks(n, ranks):
    assert order_statistic_ranks(n, 0.5, 0.95) == ranks


@pytest.mark.parametrize(("q", "n"), [(0.85, 23), (0.9, 36), (0.95, 72)])
def test_an_upper_quantile_has_an_upper_limit_from_this_n_on(q, n):
    # The largest value is above the quantile with probability 1 - q^n, which must reach 97.5 %.
    assert 1 - q ** (n - 1) < 0.975 <= 1 - q**n
    assert order_statistic_ranks(n - 1, q, 0.95)[1] is None
    assert order_statistic_ranks(n, q, 0.95)[1] == n


@given(
    n=st.integers(1, 200),
    q=st.sampled_from([0.5, 0.85, 0.9]),
    confidence=st.sampled_from([0.8, 0.9, 0.95, 0.99]),
)
def test_ranks_are_the_innermost_that_keep_half_of_the_error_on_each_side(n, q, confidence):

    below = stats.binom(n, q)
    tail = (1 - confidence) / 2
    lower, upper = order_statistic_ranks(n, q, confidence)
    # The lower limit is wrong where fewer than `lower` values are below the quantile.
    fits = [rank for rank in range(1, n + 1) if below.cdf(rank - 1) <= tail]
    assert lower == (max(fits) if fits else None)
    fits = [rank for rank in range(1, n + 1) if below.sf(rank - 1) <= tail]
    assert upper == (min(fits) if fits else None)


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (0, 5, 0, 43.4),
        (0, 10, 0, 27.8),
        (1, 10, 1.8, 40.4),
        (0, 20, 0, 16.1),
        (2, 20, 2.8, 30.1),
        (5, 50, 4.3, 21.4),
        (10, 100, 5.5, 17.4),
        (20, 200, 6.6, 14.9),
    ],
)
def test_wilson_gives_the_published_limits(k, n, low, high):
    found = wilson(k, n, 0.95)
    assert [100 * limit for limit in found] == pytest.approx([low, high], abs=0.05)


def test_fail_rate_of_at_most_5_percent_takes_73_deployments_without_a_failure():
    # With k = 0 the upper limit is z^2 / (n + z^2): 3.8415 / 76.84 = 0.04999 at n = 73.
    assert wilson(0, 72, 0.95)[1] > 0.05
    assert wilson(0, 73, 0.95)[1] <= 0.05


@given(n=st.integers(1, 500), share=st.floats(0, 1), confidence=st.sampled_from([0.8, 0.95]))
def test_wilson_agrees_with_scipy_and_encloses_the_share(n, share, confidence):
    k = round(n * share)
    low, high = wilson(k, n, confidence)
    expected = stats.binomtest(k, n).proportion_ci(confidence, method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= k / n <= high <= 1


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [
        (0, 0, 3.7),
        (1, 0, 5.6),
        (2, 0.2, 7.2),
        (4, 1.1, 10.2),
        (12, 6.2, 21.0),
        (30, 20.2, 42.8),
        (60, 45.8, 77.2),
    ],
)
def test_poisson_gives_the_published_limits(count, low, high):
    assert poisson(count, 0.95) == pytest.approx((low, high), abs=0.05)


@given(count=st.integers(0, 300), confidence=st.sampled_from([0.8, 0.95]))
def test_poisson_limits_are_the_means_that_leave_half_the_error_on_one_side(count, confidence):

    low, high = poisson(count, confidence)
    tail = (1 - confidence) / 2
    assert stats.poisson.cdf(count, high) == pytest.approx(tail)
    if count:
        assert stats.poisson.sf(count - 1, low) == pytest.approx(tail)
    assert low <= count <= high


@given(
    values=st.lists(st.floats(0, 1e6), min_size=1, max_size=60),
    q=st.sampled_from([0.5, 0.85, 0.9]),
)
def test_quantiles_are_those_of_numpy(values, q):
    ordered = np.sort(np.array(values))
    found = quantile(ordered, q)
    assert found == pytest.approx(float(np.quantile(ordered, q)))
    assert ordered[0] <= found <= ordered[-1]


def test_the_median_of_an_even_number_is_exactly_the_mean_of_the_middle_two():
    assert quantile(np.array([1.0, 1.1, 2.3, 9.0]), 0.5) == (1.1 + 2.3) / 2
    assert quantile(np.array([1.0, 1.1, 2.3]), 0.5) == 1.1
