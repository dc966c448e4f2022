"""Evidence becomes a score: by hand, and what must hold of every score."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.errors import PeriodError, UnknownNameError
from devops_analytics.maturity import Outcome, model_from, read_model, score
from devops_analytics.maturity.evidence import points_at, points_between
from devops_analytics.metrics import METRICS

GOOD = (0.5, 0.4, 0.6, 100)
DAY = (24.0, 1.0, 168.0, 50)
LEAD_TIME = ((1.0, 100.0), (24.0, 75.0), (168.0, 50.0), (730.0, 25.0), (4380.0, 0.0))


def only(frame: pl.DataFrame) -> dict[str, object]:
    return frame.to_dicts()[0]


def flow_of(data) -> dict[str, Any]:
    return data["lenses"]["main"]["dimensions"]["flow"]


def outcomes(assessment) -> dict[str, str]:
    rows = assessment.evidence.filter(role="indicator")
    return dict(rows.select("indicator", "outcome").iter_rows())


# ---- By hand ---- #


@pytest.mark.parametrize(
    ("hours", "points"),
    [
        (0, 100),  # beyond the first anchor
        (1, 100),
        (12.5, 87.5),  # half way from 1 (100) to 24 (75)
        (24, 75),
        (96, 62.5),  # half way from 24 (75) to 168 (50)
        (4380, 0),
        (9999, 0),  # beyond the last anchor
    ],
)
def test_points_run_straight_between_anchors_and_flat_beyond(hours, points) -> None:
    assert points_at(LEAD_TIME, hours) == pytest.approx(points)


def test_an_end_of_an_interval_that_is_not_bounded_counts_as_the_farthest() -> None:
    assert points_between(LEAD_TIME, 24, None) == (0, 75)
    assert points_between(LEAD_TIME, None, 24) == (75, 100)
    assert points_between(((0.0, 0.0), (1.0, 100.0)), 0.4, None) == (40, 100)


def test_a_score_is_the_weighted_mean_of_points_with_their_ends(model, measured) -> None:
    found = only(score(measured(tested=GOOD, wait=DAY), model, entity="Shop").dimensions)
    # tested: 0.5 (0.4-0.6) → 50 (40-60) points, weight 1
    # wait: 24 h (1-168 h) → 75 (50-100) points, weight 3
    assert found["score"] == pytest.approx((50 + 3 * 75) / 4)  # 68.75
    assert found["low"] == pytest.approx((40 + 3 * 50) / 4)  # 47.5
    assert found["high"] == pytest.approx((60 + 3 * 100) / 4)  # 90
    assert found["coverage"] == 1
    assert (found["range_low"], found["range_high"]) == (68.75, 68.75)
    assert found["confidence"] == "high"
    assert found["status"] == "assessed"
    assert found["reason"] == (
        "69 of 100 points (48\N{EN DASH}90) from 2 of 2 indicators, 100 % of the weight."
    )


def test_what_is_unknown_widens_the_range_and_leaves_the_score_to_what_is_known(
    model, measured
) -> None:
    found = only(score(measured(tested="unknown", wait=DAY), model, entity="Shop").dimensions)
    # only wait is scored: 75; coverage 3 / 4; range (0 + 225) / 4 … (100 + 225) / 4
    assert found["score"] == 75
    assert found["coverage"] == 0.75
    assert (found["range_low"], found["range_high"]) == (56.25, 81.25)
    assert found["confidence"] == "medium"
    assert "Tested: Not known: it needs live exports of commits and pipeline runs." in str(
        found["reason"]
    )


def test_under_half_of_the_weight_there_is_no_score(model, measured) -> None:
    assessment = score(measured(tested=GOOD, wait="unknown"), model, entity="Shop")
    found = only(assessment.dimensions)
    assert found["status"] == "not assessed"
    assert found["coverage"] == 0.25
    assert [found[key] for key in ("score", "low", "high", "level", "confidence")] == [None] * 5
    # (50 + 0) / 4 … (50 + 300) / 4
    assert (found["range_low"], found["range_high"]) == (12.5, 87.5)
    assert str(found["reason"]).startswith(
        "Not assessed: 1 of 2 indicators, 25 % of the weight known, 50 % needed. Wait: Not known"
    )
    assert assessment.weights.scores.is_empty()


def test_exactly_half_of_the_weight_is_enough(data, metrics, measured) -> None:
    data["indicators"]["wait"]["weight"] = 1
    model = model_from(data, metrics=metrics)
    found = only(score(measured(tested=GOOD, wait="unknown"), model, entity="Shop").dimensions)
    assert (found["score"], found["status"]) == (50, "assessed")


def test_confidence_is_high_only_where_most_is_measured(data, metrics, measured) -> None:
    data["indicators"]["wait"]["class"] = "derived"  # 3 of 4 of the weight
    model = model_from(data, metrics=metrics)
    found = only(score(measured(tested=GOOD, wait=DAY), model, entity="Shop").dimensions)
    assert (found["coverage"], found["confidence"]) == (1, "medium")


def test_what_does_not_apply_leaves_the_denominator(model, measured) -> None:
    found = only(
        score(measured(tested=GOOD, wait="not_applicable"), model, entity="Shop").dimensions
    )
    assert (found["score"], found["coverage"]) == (50, 1)
    nothing = measured(tested="not_applicable", wait="not_applicable")
    found = only(score(nothing, model, entity="Shop").dimensions)
    assert (found["status"], found["score"], found["coverage"]) == ("not applicable", None, None)


@pytest.mark.parametrize(
    ("what", "outcome", "reason"),
    [
        (GOOD, "scored", "50 % (40\N{EN DASH}60), n = 100: 50 of 100 points."),
        (
            (0.5, 0.2, 0.8, 9),
            "insufficient",
            "Too few to score: 50 % (20\N{EN DASH}80), n = 9, and",
        ),
        ("insufficient", "insufficient", "Not enough for a number: n = 0."),
        ("suppressed", "insufficient", "Not shown, as too few people"),
        ("none", "insufficient", "Nothing happened in the period"),
        ("unknown", "not_available", "Not known: it needs live exports of commits and pipeline"),
        ("not_applicable", "not_applicable", "Does not apply."),
        ((None, None, None, 100), "error", "said to be ok and has no value"),
        ("odd", "error", "unknown status 'odd'"),
    ],
)
def test_each_status_becomes_an_outcome_with_a_reason(
    model, measured, what, outcome, reason
) -> None:
    evidence = score(measured(tested=what, wait=DAY), model, entity="Shop").evidence
    found = evidence.filter(indicator="tested").to_dicts()[0]
    assert found["outcome"] == outcome
    assert reason in found["reason"]
    assert (found["points"] is None) is (outcome != "scored")


def test_what_was_not_measured_is_not_available(model, measured) -> None:
    assert outcomes(score(measured(wait=DAY), model, entity="Shop"))["tested"] == "not_available"


def test_a_source_that_saw_the_events_and_never_tells_is_not_supported(
    data, metrics, measured
) -> None:
    data["indicators"]["tested"]["occasions"] = "wait"
    model = model_from(data, metrics=metrics)
    evidence = score(measured(tested="none", wait=DAY), model, entity="Shop").evidence
    found = evidence.filter(indicator="tested").to_dicts()[0]
    assert found["outcome"] == Outcome.NOT_SUPPORTED
    assert "wait has n = 50 in the period" in found["reason"]
    quiet = score(measured(tested="none", wait="none"), model, entity="Shop")
    assert outcomes(quiet)["tested"] == Outcome.INSUFFICIENT


def test_what_lacks_the_same_export_is_named_together(model, measured) -> None:
    frame = measured(tested="unknown", wait="unknown").with_columns(note=pl.lit("no feed of x"))
    found = only(score(frame, model, entity="Shop").dimensions)
    assert found["reason"] == (
        "Not assessed: 0 of 2 indicators, 0 % of the weight known, 50 % needed. "
        "Tested, Wait: Not known: no feed of x."
    )


def test_notes_of_a_measurement_stand_in_its_reason(model, measured) -> None:
    frame = measured(tested=GOOD, wait=DAY).with_columns(note=pl.lit("1 of 2 services unknown: b"))
    evidence = score(frame, model, entity="Shop").evidence
    assert evidence["reason"].str.ends_with("points; 1 of 2 services unknown: b.").all()


def test_coverage_counts_what_can_be_computed(data, metrics, measured, indicator) -> None:
    data["indicators"]["known"] = indicator(
        "measurement_coverage",
        name="Known",
        of=["tested", "wait", "failing"],
        covered=["ok", "none"],
        minimum_n=3,
    )
    flow_of(data)["indicators"].append("known")
    model = model_from(data, metrics=metrics)
    frame = measured(tested=GOOD, wait="none", failing="unknown")
    found = score(frame, model, entity="Shop").evidence.filter(indicator="known").to_dicts()[0]
    # ok and none count, unknown does not: 2 of 3
    assert found["value"] == found["low"] == found["high"] == pytest.approx(2 / 3)
    assert (found["n"], found["points"]) == (3, pytest.approx(200 / 3))
    assert found["reason"] == ("66.7 %, n = 3: 67 of 100 points; not computed: failing (unknown).")
    partly = score(measured(tested=GOOD, wait=DAY), model, entity="Shop")
    assert outcomes(partly)["known"] == "not_available"


def test_a_dimension_is_not_shown_without_what_must_stand_beside_it(
    data, metrics, measured
) -> None:
    flow_of(data).update(beside=["failing"], beside_why="Fast is not safe.")
    model = model_from(data, metrics=metrics)
    alone = score(measured(tested=GOOD, wait=DAY, failing="unknown"), model, entity="Shop")
    found = only(alone.dimensions)
    assert (found["score"], found["status"]) == (None, "not assessed")
    assert "Beside it, Failing: Not known: it needs live exports of deployments" in str(
        found["reason"]
    )
    both = score(measured(tested=GOOD, wait=DAY, failing=(0.1, 0, 0.2, 40)), model, entity="Shop")
    found = only(both.dimensions)
    assert found["score"] == 68.75
    assert str(found["reason"]).endswith("Beside it, Failing: 10 % (0\N{EN DASH}20), n = 40.")
    beside = both.evidence.filter(role="beside").to_dicts()[0]
    assert (beside["value"], beside["points"], beside["weight"]) == (0.1, None, None)
    assert beside["why"] == "Fast is not safe."


def test_culture_without_answers_is_not_assessed_and_its_signals_are_unscored(measured) -> None:
    model = read_model(None, metrics=METRICS)
    frame = measured(incidents_reviewed=GOOD, review_coverage=GOOD)
    assessment = score(frame, model, entity="Shop")
    culture = assessment.dimensions.filter(dimension="culture").to_dicts()[0]
    assert (culture["status"], culture["score"], culture["coverage"]) == ("not assessed", None, 0)
    assert (culture["range_low"], culture["range_high"]) == (0, 100)
    assert "Westrum culture: Not measured." in culture["reason"]
    context = assessment.evidence.filter(dimension="culture", role="context")
    assert {"incidents_reviewed", "review_coverage"} < set(context["indicator"])
    assert context["points"].null_count() == context.height


def test_nothing_measured_gives_no_score_anywhere(measured) -> None:
    model = read_model(None, metrics=METRICS)
    unknown = measured(**{metric.id: "unknown" for metric in METRICS})
    assessment = score(unknown, model, entity="Shop")
    assert assessment.dimensions["score"].null_count() == 5
    # All five of DORA's metrics are unknown, and that is known.
    assert set(outcomes(assessment).values()) == {"not_available", "scored", "not_applicable"}


# ---- Which entity, which period ---- #


def test_the_entity_and_period_must_be_clear(model, measured) -> None:
    both = pl.concat(
        [
            measured(tested=GOOD, wait=DAY),
            measured(period="2026-Q1", tested=(0.9, 0.8, 1.0, 100), wait=DAY),
        ]
    )
    assert score(both, model, entity="Shop", period="2026-Q1").period == "2026-Q1"
    with pytest.raises(PeriodError, match="several periods, name one: 2026-Q1, 2026-Q2"):
        score(both, model, entity="Shop")
    with pytest.raises(PeriodError, match="not measured in '2025'; measured: 2026-Q1, 2026-Q2"):
        score(both, model, entity="Shop", period="2025")
    with pytest.raises(UnknownNameError, match="no measurements of 'Shpo'; measured: Shop"):
        score(both, model, entity="Shpo")
    with pytest.raises(UnknownNameError, match="measured by organisation and by team"):
        score(
            pl.concat([both, measured(by="team", tested=GOOD)]),
            model,
            entity="Shop",
            period="2026-Q2",
        )


# ---- What must hold of every score ---- #

SHARES = st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)).map(sorted)
N = st.integers(0, 200)
FOUND = st.one_of(
    st.tuples(SHARES, N).map(lambda pair: (pair[0][1], pair[0][0], pair[0][2], pair[1])),
    st.sampled_from(["unknown", "none", "insufficient", "suppressed", "not_applicable"]),
)


@given(tested=FOUND, wait=FOUND)
def test_a_range_holds_the_score_and_shares_stay_shares(model, measured, tested, wait) -> None:
    found = only(score(measured(tested=tested, wait=wait), model, entity="Shop").dimensions)
    if found["status"] == "not applicable":
        return
    assert 0 <= found["coverage"] <= 1
    assert -1e-9 <= found["range_low"] <= found["range_high"] <= 100 + 1e-9
    if found["score"] is None:
        assert found["coverage"] < 0.5
        return
    assert found["range_low"] - 1e-9 <= found["score"] <= found["range_high"] + 1e-9
    assert found["low"] - 1e-9 <= found["score"] <= found["high"] + 1e-9
    assert found["reason"]


@given(share=SHARES, hours=st.floats(0, 5000))
def test_evidence_that_goes_missing_shows_in_coverage_and_stays_in_range(
    model, measured, share, hours
) -> None:
    tested = (share[1], share[0], share[2], 100)
    full = only(
        score(
            measured(tested=tested, wait=(hours, None, None, 50)), model, entity="Shop"
        ).dimensions
    )
    part = only(
        score(
            measured(tested="unknown", wait=(hours, None, None, 50)), model, entity="Shop"
        ).dimensions
    )
    assert part["coverage"] < full["coverage"]
    assert part["range_low"] - 1e-9 <= full["score"] <= part["range_high"] + 1e-9


@given(one=SHARES, more=st.floats(0, 1))
def test_a_better_measurement_never_lowers_a_score(model, measured, one, more) -> None:
    def scored(value: float) -> float:
        frame = measured(tested=(value, value, value, 100), wait=DAY)
        return only(score(frame, model, entity="Shop").dimensions)["score"]

    assert scored(one[0]) <= scored(max(one[0], more)) + 1e-9


def test_the_order_of_measurements_does_not_matter(model, measured) -> None:
    frame = measured(tested=GOOD, wait=DAY)
    forwards = score(frame, model, entity="Shop")
    backwards = score(frame.reverse(), model, entity="Shop")
    assert forwards.dimensions.equals(backwards.dimensions)
    assert forwards.evidence.equals(backwards.evidence)
