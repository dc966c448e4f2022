"""How far a score is the weights' doing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.maturity import weight_sensitivity

NAMES = {name: name.capitalize() for name in ("a", "b", "flow", "fixed", "loose", "low", "high")}


def test_one_indicator_leaves_nothing_to_weigh() -> None:
    found = weight_sensitivity({"flow": [40.0]}, {"flow": 40.0}, names=NAMES)
    assert found.scores.rows() == [("flow", 40.0, 40.0, 40.0, 1)]
    assert found.order_changes is None
    assert found.sentence == (
        "With weights drawn at random (1,000 draws, the middle 95 %): Flow between 40 and 40."
    )


def test_two_indicators_at_0_and_100_spread_evenly() -> None:
    """The weight of one of two is uniform on 0-1, so the middle 95 % are 2.5 to 97.5."""
    found = weight_sensitivity({"flow": [0.0, 100.0]}, {"flow": 50.0}, names=NAMES, draws=100_000)
    (_, _, low, high, _) = found.scores.row(0)
    assert (low, high) == (pytest.approx(2.5, abs=0.3), pytest.approx(97.5, abs=0.3))


def test_the_order_changes_as_often_as_the_draws_say() -> None:
    """One dimension is fixed at 50, the other uniform on 0-100 around 50: half of the draws."""
    found = weight_sensitivity(
        {"fixed": [50.0], "loose": [0.0, 100.0]},
        {"fixed": 50.0, "loose": 60.0},
        names=NAMES,
        draws=100_000,
    )
    assert found.order_changes == pytest.approx(0.5, abs=0.01)
    assert "the order of dimensions is another one in " in found.sentence


def test_dimensions_far_apart_keep_their_order() -> None:
    points = {"low": [0.0, 10.0], "high": [90.0, 100.0]}
    assert weight_sensitivity(points, {"low": 5.0, "high": 95.0}, names=NAMES).order_changes == 0


def test_the_same_evidence_gives_the_same_answer_twice() -> None:
    points, scores = {"a": [1.0, 50.0, 99.0], "b": [40.0, 60.0]}, {"a": 50.0, "b": 50.0}
    first, second = (weight_sensitivity(points, scores, names=NAMES) for _ in range(2))
    assert first.scores.equals(second.scores)
    assert first.order_changes == second.order_changes


def test_nothing_assessed_has_no_weights() -> None:
    found = weight_sensitivity({}, {}, names=NAMES)
    assert found.scores.is_empty()
    assert found.sentence == "No dimension is assessed, so there are no weights to vary."


@given(points=st.lists(st.floats(0, 100), min_size=1, max_size=6))
def test_drawn_scores_stay_within_the_evidence(points) -> None:
    found = weight_sensitivity(
        {"a": points}, {"a": sum(points) / len(points)}, names=NAMES, draws=50
    )
    (_, _, low, high, _) = found.scores.row(0)
    assert min(points) - 1e-6 <= low <= high <= max(points) + 1e-6
