"""Two shares or two rates: published examples, scipy.stats, and what must hold of any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from devops_analytics.change.rates import compare_rates
from devops_analytics.change.shares import compare_shares, fisher_mid_p
from devops_analytics.estimates.dispersion import (
    Dispersion,
    dispersion_of_counts,
    dispersion_of_shares,
)

BURSTS = Dispersion(factor=3.0, degrees=24)


@st.composite
def pairs(draw):
    n, n_before = draw(st.integers(1, 300)), draw(st.integers(1, 300))
    return draw(st.integers(0, n)), n, draw(st.integers(0, n_before)), n_before


# ---- Shares ---- #


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10.
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0000),
    ],
)
def test_newcombe_gives_the_published_limits(counts, low, high):
    found = compare_shares(*counts, confidence=0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    assert found.scale == "difference"


def test_the_mid_p_is_worked_by_hand():
    # 3 of 3 against 0 of 3: of the 20 ways to choose 3 of 6, one is this table and one its mirror.
    # The smaller tail is half of this one table, 1/40, doubled.
    assert fisher_mid_p(3, 3, 0, 3) == pytest.approx(1 / 20)


@given(pairs())
def test_the_mid_p_agrees_with_scipys_hypergeometric(counts):
    k, n, k_before, n_before = counts
    table = stats.hypergeom(n + n_before, k + k_before, n)
    own = table.pmf(k) / 2
    expected = min(1.0, 2 * min(table.cdf(k) - own, table.sf(k) + own))
    assert fisher_mid_p(*counts) == pytest.approx(expected, abs=1e-9)


@given(pairs())
def test_shares_swapped_are_the_same_difference_the_other_way(counts):
    k, n, k_before, n_before = counts
    one = compare_shares(k, n, k_before, n_before, confidence=0.95, dispersion=BURSTS)
    other = compare_shares(k_before, n_before, k, n, confidence=0.95, dispersion=BURSTS)
    assert (one.value, one.low, one.high) == pytest.approx(
        (-other.value, -other.high, -other.low), abs=1e-12
    )
    assert one.p == pytest.approx(other.p)
    assert one.direction == -other.direction
    assert one.low <= one.value <= one.high


@given(pairs())
def test_bursts_never_make_a_share_surer(counts):
    plain = compare_shares(*counts, confidence=0.95)
    wide = compare_shares(*counts, confidence=0.95, dispersion=BURSTS)
    assert wide.p >= plain.p
    assert wide.high - wide.low >= plain.high - plain.low - 1e-12


# ---- Rates ---- #


def test_four_deployments_after_two_show_nothing():
    found = compare_rates(4, 30, 2, 30, confidence=0.95)
    assert found.value == 2
    # Given 6 in all, 4 or more of a fair coin: (15 + 6 + 1) / 64, doubled.
    assert found.p == pytest.approx(22 / 32)
    assert found.low < 1 < found.high


def test_the_ratio_allows_for_how_long_the_feeds_lived():
    found = compare_rates(30, 30, 60, 60, confidence=0.95)
    assert found.value == 1
    assert found.p == 1
    assert found.direction == 0


def test_without_an_earlier_event_the_ratio_has_a_lower_limit_only():
    found = compare_rates(12, 90, 0, 90, confidence=0.95)
    assert (found.value, found.high) == (None, None)
    assert found.low > 1
    assert found.direction == 1
    none = compare_rates(0, 90, 0, 90, confidence=0.95)
    assert (none.p, none.direction) == (1, 0)


@given(
    counts=st.tuples(st.integers(0, 300), st.integers(0, 300)),
    days=st.tuples(st.floats(1, 400), st.floats(1, 400)),
)
def test_rates_agree_with_scipys_binomial(counts, days):
    (x, y), (d, e) = counts, days
    found = compare_rates(x, d, y, e, confidence=0.95)
    share = d / (d + e)
    tails = stats.binom.cdf(x, x + y, share), stats.binom.sf(x - 1, x + y, share)
    assert found.p == pytest.approx(min(1.0, 2 * min(tails)), abs=1e-9)
    if x + y:
        limits = stats.binomtest(x, x + y, share).proportion_ci(0.95, method="exact")
        assert found.low == pytest.approx(limits.low / (1 - limits.low) * e / d)
        if y:
            assert found.high == pytest.approx(limits.high / (1 - limits.high) * e / d)


@given(x=st.integers(0, 200), y=st.integers(0, 200), d=st.floats(1, 100), e=st.floats(1, 100))
def test_rates_swapped_are_the_same_ratio_the_other_way(x, y, d, e):
    one = compare_rates(x, d, y, e, confidence=0.95, dispersion=BURSTS)
    other = compare_rates(y, e, x, d, confidence=0.95, dispersion=BURSTS)
    assert one.p == pytest.approx(other.p)
    assert one.direction == -other.direction
    if x and y:
        assert one.low == pytest.approx(1 / other.high)
        assert one.value == pytest.approx(1 / other.value)
    assert one.p >= compare_rates(x, d, y, e, confidence=0.95).p


# ---- Bursts ---- #


def test_the_dispersion_is_pearsons_worked_by_hand():
    # Two periods of two weeks: 2 and 6 about 4: (4 + 4) / 4 = 2; 5 and 5: 0. Over 2 degrees: 1.
    weeks = np.array([7.0, 7.0])
    found = dispersion_of_counts([(np.array([2.0, 6.0]), weeks), (np.array([5.0, 5.0]), weeks)])
    assert (found.factor, found.degrees) == (1.0, 2)
    # 0 and 8 about 4: 8; over 1 degree.
    found = dispersion_of_counts([(np.array([0.0, 8.0]), weeks)])
    assert (found.factor, found.degrees) == (8.0, 1)
    # 4 of 4 and 0 of 4 about one half: twice 4 / 1.
    found = dispersion_of_shares([(np.array([4.0, 0.0]), np.array([4.0, 4.0]))])
    assert (found.factor, found.degrees) == (8.0, 1)


def test_nothing_to_tell_bursts_from_is_no_bursts():
    one_week = (np.array([3.0]), np.array([7.0]))
    silent = (np.zeros(4), np.full(4, 7.0))
    dead = (np.array([3.0, 0.0]), np.array([7.0, 0.0]))
    for period in (one_week, silent, dead):
        assert dispersion_of_counts([period]).widening(0.95) == 1
    all_failed = (np.array([3.0, 4.0]), np.array([3.0, 4.0]))
    assert dispersion_of_shares([all_failed]).widening(0.95) == 1
