"""Nothing that changed is seldom called a change, and a real change is mostly seen."""

import polars as pl
import pytest

from devops_analytics.simulation import false_alarms, powers, study

SEED = 20260701


@pytest.mark.parametrize("place", [0, 1], ids=["independent", "bursts"])
def test_stable_pages_name_a_change_on_at_most_one_in_twenty(place: int) -> None:
    found = list(false_alarms(SEED, 120))[place]
    assert found.verdicts == 120 * 30
    # Three standard errors above 5 % of 120 pages.
    assert found.of_pages <= 0.05 + 3 * (0.05 * 0.95 / 120) ** 0.5
    assert found.false_share <= 0.01


def test_a_change_is_seen_about_as_often_as_is_said() -> None:
    for found in powers(SEED, 200):
        # Bursts are allowed for even where there are none, which costs some power.
        assert found.promised - 0.15 <= found.seen <= found.promised + 0.12


def test_the_study_holds_all_four_and_is_the_same_again() -> None:
    one, other = study(drawn=40), study(drawn=40)
    for name in ("coverage", "censoring", "false_alarms", "power"):
        frame = getattr(one, name)
        assert isinstance(frame, pl.DataFrame)
        assert frame.height > 0
        assert frame.equals(getattr(other, name))
