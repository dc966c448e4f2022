"""Process charts: limits worked by hand, rules one by one, false alarms as they are printed."""

import re

import numpy as np
import pytest

from devops_analytics.change import control
from devops_analytics.change.control import p_chart, signals_of, u_chart, xmr

TWELVE = range(12)


def alternating(low, high, n):
    return np.array([low if place % 2 else high for place in range(n)], float)


def test_the_limits_are_2_66_mean_moving_ranges_from_the_mean():
    # 12 points of 4 and 6: mean 5, every moving range 2: 5 ± 2.66 * 2.
    chart = xmr(np.append(alternating(4, 6, 12), [10.4, 10.2]), [TWELVE])
    assert chart.centre[0] == 5
    assert (chart.low[0], chart.high[0]) == pytest.approx((5 - 5.32, 5 + 5.32), abs=0.005)
    assert chart.signals[12:] == (("outside",), ())
    assert chart.in_baseline.tolist() == [True] * 12 + [False] * 2


def test_what_follows_does_not_move_frozen_limits():
    short, long = (
        xmr(np.append(alternating(4, 6, 12), later), [TWELVE]) for later in ([5.0], [500.0, -80])
    )
    assert short.high[0] == long.high[0]


def test_a_baseline_under_twelve_has_no_limits():
    chart = xmr(alternating(4, 6, 11), [range(11)])
    assert np.isnan(chart.centre).all()
    assert set(chart.signals) == {()}


def test_a_new_baseline_has_limits_and_runs_of_its_own():
    values = np.append(alternating(4, 6, 12), alternating(104, 106, 13))
    chart = xmr(values, [TWELVE, range(12, 24)])
    assert chart.centre.tolist() == [5.0] * 12 + [105.0] * 13
    assert set(chart.signals) == {()}


def test_eight_on_one_side_are_a_run_and_seven_are_none():
    assert signals_of(np.full(7, 0.5)) == [()] * 7
    assert signals_of(np.full(9, -0.5))[7:] == [("run",), ("run",)]
    assert signals_of(np.append(np.full(7, 0.5), 0.0)) == [()] * 8


def test_three_of_four_in_the_outer_third_are_a_signal_on_the_same_side_only():
    assert signals_of(np.array([2.1, 0, 2.5, 2.2]))[-1] == ("outer third",)
    assert signals_of(np.array([2.1, 0, -2.5, 2.2]))[-1] == ()
    assert signals_of(np.array([-2.1, -2.5, 0, -2.2]))[-1] == ("outer third",)


def test_counts_get_poisson_limits_for_the_days_that_they_are_of():
    # 49 in 49 days: 1 a day; a week's limits are 1 ± 3 sqrt(1/7), a single day's 1 ± 3.
    counts = np.append(alternating(6, 8, 12), [7, 1])
    days = np.append(np.full(13, 7.0), 1.0)
    chart = u_chart(counts, days, [TWELVE])
    assert (chart.centre[0], chart.high[0]) == pytest.approx((1, 1 + 3 / 7**0.5))
    assert chart.high[-1] == pytest.approx(4)


def test_bursts_widen_the_limits_of_counts_and_shares():
    # 0 and 14 a week: standardised ±sqrt(7), moving range 2 sqrt(7) = 5.29, over 1.128 = 4.69.
    chart = u_chart(alternating(0, 14, 12), np.full(12, 7.0), [TWELVE])
    assert chart.high[0] == pytest.approx(1 + 3 * 4.691 / 7**0.5, rel=1e-3)
    assert set(chart.signals) == {()}
    # Shares of 0 and 1 about one half.
    shares = p_chart(alternating(0, 10, 12), np.full(12, 10.0), [TWELVE])
    assert shares.high[0] == 1


def test_a_constant_baseline_makes_every_other_value_a_signal():
    chart = xmr(np.append(np.full(12, 3.0), [3.0, 3.1]), [TWELVE])
    assert chart.signals[11:] == ((), (), ("outside",))


@pytest.mark.parametrize(("baseline", "after"), [(12, 6), (26, 13), (39, 13)])
def test_stable_series_show_as_many_signals_as_the_module_says(baseline, after):
    row = re.search(rf"\| {baseline} \| {after} \| (\d+) \|", control.__doc__)
    rng = np.random.default_rng(baseline)
    series = 600
    found = sum(
        any(xmr(rng.normal(size=baseline + after), [range(baseline)]).signals[baseline:])
        for _ in range(series)
    )
    assert found / series == pytest.approx(int(row[1]) / 100, abs=0.045)
