"""Intervals hold the truth as often as they say, and open incidents don't make medians better."""

import numpy as np
import pytest

from devops_analytics.simulation import censorings, coverages, worlds

SEED = 20260701
DRAWN = 2000
# Four standard errors of a share of 95 % of so many samples.
CHANCE = 4 * (0.95 * 0.05 / DRAWN) ** 0.5


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, int], object]:
    return {(one.world, one.n): one for one in coverages(SEED, DRAWN)}


def test_every_kind_is_there_at_every_size(found) -> None:
    worlds_seen = {world for world, _ in found}
    assert len(worlds_seen) == 8
    assert {n for _, n in found} == {6, 20, 100}
    assert len(found) == 24


def test_a_method_holds_as_often_as_its_own_arithmetic_says(found) -> None:
    exact = [one for one in found.values() if one.expected is not None]
    assert len(exact) == 6
    for one in exact:
        assert one.covered == pytest.approx(one.expected, abs=CHANCE)


def test_intervals_hold_between_93_and_97_in_a_hundred(found) -> None:
    # Order statistics, Poisson and Wilson are discrete: at few n no ranks or counts hold exactly
    # 95 %. Wilson's interval of 20 at a true rate of 15 % is known to hold 97.8 %.
    for one in found.values():
        highest = 0.97 if one.expected is None else max(0.97, one.expected)
        assert 0.93 - CHANCE / 4 <= one.covered <= highest + CHANCE / 2


def test_bursts_are_allowed_for(found) -> None:
    for n in (6, 20, 100):
        assert found["rates, in bursts (3-fold)", n].method == "Poisson, widened for bursts"


def test_the_median_of_many_is_where_it_should_be(found) -> None:
    for world in ("durations, all ended", "durations, 30% open"):
        assert abs(found[world, 100].bias) < 0.03
        assert abs(found[world, 100].middle_bias) < 0.03


def test_keeping_open_incidents_is_right_and_leaving_them_out_is_not() -> None:
    by = {(one.treatment, one.n): one.bias for one in censorings(SEED, 500)}
    assert abs(by["kept as open (Kaplan-Meier)", 100]) < 0.03
    assert abs(by["kept as open (Kaplan-Meier)", 1000]) < 0.01
    assert by["left out", 1000] < -0.25
    assert by["counted as if they ended now", 1000] < -0.15


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_the_window_leaves_the_share_open_that_was_asked_for(share: float) -> None:
    seen = worlds.partly_open(np.random.default_rng(1), 100_000, worlds.window_for(share))
    assert 1 - seen.ended.mean() == pytest.approx(share, abs=0.01)
    assert (np.diff(seen.hours) >= 0).all()


def test_bursts_have_the_variance_that_was_asked_for() -> None:
    counts = worlds.bursty_counts(np.random.default_rng(1), 20, 3, 100_000)
    assert counts.mean() == pytest.approx(20, rel=0.02)
    assert counts.var() / counts.mean() == pytest.approx(3, rel=0.05)


def test_the_same_seed_gives_the_same_numbers() -> None:
    assert list(coverages(1, 50)) == list(coverages(1, 50))
