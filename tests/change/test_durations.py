"""Two samples of durations: scipy.stats as the reference, and what must hold of any."""

from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from devops_analytics.change.effect import grouped_mean, smallest_p
from devops_analytics.change.multiple import benjamini_hochberg
from devops_analytics.change.ranks import Sample, compare_ranked, differences
from devops_analytics.change.survival import Running, compare_quantiles

DURATIONS = st.lists(st.integers(1, 10_000), min_size=6, max_size=40).map(
    lambda hundredths: np.array(hundredths) / 100
)


def alone(values):
    return Sample(values=np.asarray(values, float), groups=np.arange(len(values)))


def running(values, observed=None, groups=None):
    n = len(values)
    return Running(
        values=np.asarray(values, float),
        observed=np.ones(n, bool) if observed is None else np.asarray(observed, bool),
        groups=np.arange(n) if groups is None else np.asarray(groups),
    )


def ranked(x, y, scale="ratio"):
    return compare_ranked(alone(x), alone(y), scale=scale, confidence=0.95)


def median_ratio(x, y, q=0.5):
    return compare_quantiles(x, y, q=q, scale="ratio", confidence=0.95)


# ---- Ranks ---- #


def test_the_shift_is_the_median_of_all_differences():
    # 1 4 9 less 0 3: -2, 1, 1, 4, 6, 9: the middle two are 1 and 4.
    assert differences(np.array([9.0, 1, 4]), np.array([3.0, 0])).tolist() == [-2, 1, 1, 4, 6, 9]
    assert ranked([9, 1, 4], [3, 0], scale="difference").value == 2.5


def test_hollander_and_wolfe_is_reproduced():
    # Permeability of membranes: M. Hollander and D. A. Wolfe, Nonparametric Statistical Methods
    # (1973), table 4.1; their shift is 0.305.
    at_term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    early = [1.15, 0.88, 0.90, 0.74, 1.21]
    assert ranked(at_term, early, scale="difference").value == pytest.approx(0.305)


@given(x=DURATIONS, y=DURATIONS)
def test_ranks_agree_with_scipy(x, y):
    found = ranked(x, y)
    # Ratios are compared by logarithms, in which two floats next to each other may be the same.
    expected = stats.mannwhitneyu(np.log(x), np.log(y), method="asymptotic").pvalue
    if np.isnan(expected):  # every value the same
        expected = 1.0
    assert found.p == pytest.approx(max(expected, smallest_p(len(x), len(y))), abs=1e-9)
    logs = np.subtract.outer(np.log(x), np.log(y))
    assert log(found.value) == pytest.approx(np.median(logs), abs=1e-9)


@given(x=DURATIONS, y=DURATIONS)
def test_samples_swapped_are_the_same_ratio_the_other_way(x, y):
    one, other = ranked(x, y), ranked(y, x)
    assert one.p == pytest.approx(other.p)
    assert one.direction == -other.direction
    assert one.value * other.value == pytest.approx(1)
    assert (one.low is None) == (other.high is None)
    if one.low is not None:
        assert one.low * other.high == pytest.approx(1)
        assert one.low <= one.value * (1 + 1e-12)


@given(x=DURATIONS)
def test_the_same_sample_twice_is_no_change(x):
    for found in (ranked(x, x), median_ratio(running(x), running(x), q=0.85)):
        assert (found.p, found.value, found.direction) == (1, 1, 0)


def test_ranks_that_differ_without_a_shift_have_no_direction():
    # Most of both are 1 day a week, more of the later ones than of the earlier: the median of all
    # differences is 0.
    found = ranked([1] * 90 + [2] * 10, [1] * 60 + [2] * 40, scale="difference")
    assert found.p < 0.001
    assert (found.value, found.direction) == (0, 0)


def test_zeros_count_as_a_second_where_a_ratio_is_taken():
    found = ranked([0.0] * 8, [1.0] * 8)
    assert found.value == pytest.approx(1 / 3600)
    assert found.p < 0.05


def test_rows_that_belong_together_tell_no_more_than_one():
    # Six deployments against six, each of fifty commits of one age.
    ages = np.array([1, 2, 3, 4, 5, 6]), np.array([2.5, 3.5, 4.5, 5.5, 6.5, 7.5])
    many = [
        Sample(values=np.repeat(one, 50).astype(float), groups=np.repeat(np.arange(6), 50))
        for one in ages
    ]
    together = compare_ranked(*many, scale="difference", confidence=0.95)
    one_by_one = compare_ranked(
        *(alone(sample.values) for sample in many), scale="difference", confidence=0.95
    )
    assert one_by_one.p < 1e-6
    assert together.p > 0.05
    assert together.low < together.value < together.high


def test_huge_samples_are_thinned_without_moving_the_shift():
    rng = np.random.default_rng(1)
    x, y = rng.lognormal(1.2, 1, 40_000), rng.lognormal(1, 1, 30_000)
    assert ranked(x, y).value == pytest.approx(exp(0.2), rel=0.02)


def test_the_variance_between_groups_is_the_usual_one_where_each_row_is_a_group():
    values = np.array([1.0, 4, 7, 12])
    found = grouped_mean(values, np.arange(4))
    assert found.variance == pytest.approx(values.var(ddof=1) / 4)
    assert found.degrees == 3
    # Two groups with sums of deviations -7 and 7: 2 / 1 * (49 + 49) / 16.
    assert grouped_mean(values, np.array([0, 0, 1, 1])).variance == pytest.approx(12.25)


# ---- What still runs ---- #


def plain_weighted_log_rank(x, x_seen, y, y_seen):
    """Return the statistic, written as the definition says, time by time."""
    excess = variance = 0.0
    still = 1.0
    times = sorted({*x[x_seen], *y[y_seen]})
    for time in times:
        n, m = (x >= time).sum(), (y >= time).sum()
        d, e = ((x == time) & x_seen).sum(), ((y == time) & y_seen).sum()
        both, ended = n + m, d + e
        excess += still * (ended * n / both - d)
        if both > 1:
            variance += still**2 * ended * n * m * (both - ended) / (both**2 * (both - 1))
        still *= 1 - ended / both
    return excess / variance**0.5


@given(seed=st.integers(0, 10_000))
@settings(max_examples=40)
def test_the_log_rank_test_is_the_one_written_time_by_time(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(6, 40, 2)
    x, y = rng.integers(1, 30, n) / 2, rng.integers(1, 40, m) / 2
    x_seen, y_seen = rng.random(n) < 0.7, rng.random(m) < 0.7
    x_seen[0] = x_seen[1] = y_seen[0] = y_seen[1] = True
    x_seen[2] = False
    found = median_ratio(running(x, x_seen), running(y, y_seen))
    expected = 2 * stats.t.sf(abs(plain_weighted_log_rank(x, x_seen, y, y_seen)), n + m - 2)
    assert found.p == pytest.approx(max(expected, smallest_p(n, m)), rel=1e-6)


def test_one_open_incident_hardly_moves_the_p_of_the_ranks():
    rng = np.random.default_rng(3)
    x, y = rng.lognormal(1, 1, 60), rng.lognormal(1.5, 1, 50)
    is_over = np.ones(60, bool)
    is_over[x.argmax()] = False
    assert median_ratio(running(x, is_over), running(y)).p == pytest.approx(ranked(x, y).p, rel=0.3)


def test_the_ratio_is_that_of_the_kaplan_meier_medians():
    # Ends at 1 2 3 4 5 6 7 8: half have ended at 4. With the 3 open: 7/8 6/8, then at 4 of five
    # left 6/8 * 4/5 = 0.6, at 5 of four 0.45: the median is 5.
    done = running([1, 2, 3, 4, 5, 6, 7, 8])
    is_open = running([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 0, 1, 1, 1, 1, 0])
    found = median_ratio(is_open, running([1, 2, 3, 4, 5, 6, 7, 8], [1] * 7 + [0]))
    assert found.value == pytest.approx(5 / 4)
    assert median_ratio(is_open, done).direction in {0, 1}


def test_a_median_that_is_not_reached_has_no_ratio():
    found = median_ratio(running([1, 2, 3, 4, 5, 6], [1, 0, 0, 0, 0, 0]), running(range(1, 8)))
    assert (found.value, found.low, found.high, found.direction) == (None, None, None, 0)


@given(x=DURATIONS, y=DURATIONS, share=st.floats(0.5, 0.9))
def test_running_samples_swapped_are_the_same_ratio_the_other_way(x, y, share):
    one, other = (
        running(values, np.arange(len(values)) < share * len(values)) for values in (x, y)
    )
    there, back = median_ratio(one, other), median_ratio(other, one)
    assert there.p == pytest.approx(back.p)
    assert there.direction == -back.direction
    if there.value is not None:
        assert there.value * back.value == pytest.approx(1)


# ---- Many at once ---- #


def test_the_q_of_benjamini_and_hochberg_is_worked_by_hand():
    # 0.01 * 4 / 1, 0.02 * 4 / 2, 0.04 * 4 / 3 and 0.2: the first two are both 0.04.
    found = benjamini_hochberg(np.array([0.2, 0.01, 0.04, 0.02]))
    assert found.tolist() == pytest.approx([0.2, 0.04, 0.16 / 3, 0.04])
    assert benjamini_hochberg(np.array([])).tolist() == []


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=60).map(np.array))
def test_the_q_agrees_with_scipy_and_keeps_the_order(p):
    found = benjamini_hochberg(p)
    assert found == pytest.approx(stats.false_discovery_control(p))
    assert (np.diff(found[np.argsort(p, kind="stable")]) >= 0).all()
    assert (found >= p - 1e-15).all()
