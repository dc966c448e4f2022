"""Kaplan-Meier quantiles, by hand and against an independent implementation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from devops_analytics.estimates.survival import survival_quantile


def found(times, observed, q=0.5, confidence=0.95):
    return survival_quantile(np.array(times, dtype=float), np.array(observed), q, confidence)


def test_the_median_is_the_first_time_at_which_half_or_fewer_are_left():
    # 1: 5/6; 2: censored; 3: 5/6 * 3/4 = 0.625; 4: 0.625 * 2/3 = 0.4167 <= 0.5.
    result = found([1, 2, 3, 4, 5, 6], [True, False, True, True, True, False])
    assert result.value == 4


def test_a_survival_of_exactly_one_half_counts_as_reached():
    # 9/10 * 8/9 * 7/8 * 6/7 * 5/6 is 0.5, but not in floating point.
    times = list(range(1, 11))
    assert found(times, [time <= 5 for time in times]).value == 5


def test_at_equal_times_events_come_before_censorings():
    # All four are at risk at 2: survival 3/4 - were the censored gone before, it would be 2/3;
    # then at 3 two are left: 3/4 * 1/2 = 0.375.
    result = found([2, 2, 3, 4], [True, False, True, True], q=0.3)
    assert result.value == 3
    assert found([2, 2, 3, 4], [True, False, True, True], q=0.25).value == 2


def test_a_median_that_is_not_reached_is_null():
    result = found([1, 2, 3, 4, 5, 6], [True, True, False, False, False, False])
    assert result.value is None
    assert result.high is None


def test_limits_by_hand():
    # n = 10, nothing censored before 4. Survival after the i-th event is s = 1 - i/10 and
    # Greenwood's sum is sum of 1 / (r (r - 1)) = i / (10 (10 - i)).
    # Lower limit s^exp(1.96 * sqrt(sum) / |ln s|):
    #   i=1: 0.9^exp(1.96 * 0.10541 / 0.10536) = 0.9^7.106 = 0.473  <= 0.5, so low = 1
    # Upper limit s^exp(-1.96 * sqrt(sum) / |ln s|):
    #   i=7: 0.3^exp(-1.96 * 0.48305 / 1.20397) = 0.3^0.4555 = 0.578 > 0.5
    #   i=8: 0.2^exp(-1.96 * 0.63246 / 1.60944) = 0.2^0.4629 = 0.475 <= 0.5, so high = 8
    times = list(range(1, 11))
    result = found(times, [time != 9 for time in times])
    assert (result.low, result.value, result.high) == (1, 5, 8)


def test_nothing_observed_at_all_has_no_quantile():
    result = found([1, 2], [False, False])
    assert (result.value, result.low, result.high) == (None, None, None)


ROWS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=30)


def kaplan_meier(rows):
    """Return (time, survival, Greenwood's sum) at each event time, one risk set at a time."""
    survival, greenwood, steps = 1.0, 0.0, []
    for time in sorted({time for time, ended in rows if ended}):
        at_risk = sum(1 for other, _ in rows if other >= time)
        deaths = sum(1 for other, ended in rows if other == time and ended)
        survival *= 1 - deaths / at_risk
        greenwood += math.inf if deaths == at_risk else deaths / (at_risk * (at_risk - deaths))
        steps.append((time, survival, greenwood))
    return steps


@given(rows=ROWS, q=st.sampled_from([0.5, 0.85]))
def test_value_and_limits_agree_with_an_independent_implementation(rows, q):
    result = found([time for time, _ in rows], [ended for _, ended in rows], q)
    value = low = high = None
    for time, survival, greenwood in kaplan_meier(rows):
        lower, upper = 0.0, 1.0
        if survival > 0:
            reach = math.exp(1.959963984540054 * math.sqrt(greenwood) / -math.log(survival))
            lower, upper = survival**reach, survival ** (1 / reach)
        reached = 1 - q + 1e-9
        value = time if value is None and survival <= reached else value
        low = time if low is None and lower <= reached else low
        high = time if high is None and upper <= reached else high
    assert (result.value, result.low, result.high) == (value, low, high)


@given(rows=ROWS)
def test_limits_enclose_the_value(rows):
    result = found([time for time, _ in rows], [ended for _, ended in rows])
    if result.value is not None:
        assert result.low is not None
        assert result.low <= result.value
    if result.high is not None:
        assert result.value is not None
        assert result.value <= result.high


@given(rows=ROWS.filter(lambda rows: any(ended for _, ended in rows)))
def test_the_curve_is_that_of_scipy(rows):
    data = stats.CensoredData.right_censored(
        [float(time) for time, _ in rows], [not ended for _, ended in rows]
    )
    curve = stats.ecdf(data).sf
    for time, survival, _ in kaplan_meier(rows):
        assert curve.evaluate(time) == pytest.approx(survival)
