"""Levels are cumulative, and what blocks the next one is said with the number that does."""

import pytest

from devops_analytics.errors import DevopsAnalyticsError
from devops_analytics.maturity import change_index, model_from, score
from devops_analytics.maturity.words import against_in_words, estimate_in_words, value_in_words

DAY = (24.0, 1.0, 168.0, 50)
DASH = "\N{EN DASH}"


def levels_of(data) -> dict[str, dict[str, object]]:
    return data["lenses"]["main"]["dimensions"]["flow"]["levels"]


def flow(assessment) -> dict[str, object]:
    return assessment.dimensions.filter(dimension="flow").to_dicts()[0]


@pytest.mark.parametrize(
    ("tested", "level"), [(0.49, 1), (0.5, 2), (0.79, 2), (0.8, 3), (0.9, 4), (1.0, 5)]
)
def test_a_level_holds_when_all_below_hold(model, measured, tested, level) -> None:
    found = flow(score(measured(tested=(tested, 0, 1, 100), wait=DAY), model, entity="Shop"))
    assert found["level"] == level
    assert (found["blocking"] is None) is (level == 5)


def test_the_blocking_sentence_has_the_statement_and_the_number(model, measured) -> None:
    found = flow(score(measured(tested=(0.62, 0.55, 0.69, 120), wait=DAY), model, entity="Shop"))
    assert found["blocking"] == (
        "Level 3 is blocked: At least 80% is tested. "
        f"Tested: measured 62 % (55{DASH}69), n = 120; needed ≥ 80 %."
    )


def test_unknown_evidence_blocks_and_names_the_export_that_is_missing(model, measured) -> None:
    found = flow(score(measured(tested="unknown", wait=DAY), model, entity="Shop"))
    assert found["level"] == 1
    assert found["blocking"] == (
        "Level 2 is blocked: At least 50% is tested. "
        "Tested: Not known: it needs live exports of commits and pipeline runs."
    )


def test_a_dimension_that_is_not_assessed_has_no_level_and_says_what_blocks_the_first(
    model, measured
) -> None:
    found = flow(score(measured(tested=(1, 1, 1, 100), wait="unknown"), model, entity="Shop"))
    assert found["level"] is None
    assert str(found["blocking"]).startswith(
        "Level 1 is blocked: It is assessed. Not assessed: 1 of 2 indicators, 25 % of the weight"
    )


def test_a_higher_level_that_holds_by_itself_does_not_lift_a_lower_one(
    data, metrics, measured
) -> None:
    levels_of(data)["2"]["conditions"] = [{"evidence": "wait", "operator": "<=", "value": 12}]
    model = model_from(data, metrics=metrics)
    assessment = score(measured(tested=(1, 1, 1, 100), wait=DAY), model, entity="Shop")
    assert assessment.levels["holds"].to_list() == [True, False, True, True, True]
    assert flow(assessment)["level"] == 1
    assert f"Wait: measured 24 h (1 h{DASH}7 d), n = 50; needed ≤ 12 h." in str(
        flow(assessment)["blocking"]
    )


def test_every_failing_condition_of_a_statement_is_named(data, metrics, measured) -> None:
    levels_of(data)["2"]["conditions"] += [
        {"evidence": "wait", "operator": "<=", "value": 12},
        {"evidence": "failing", "operator": "<=", "value": 0.5},
    ]
    model = model_from(data, metrics=metrics)
    found = flow(score(measured(tested=(0.1, 0, 0.2, 99), wait=DAY), model, entity="Shop"))
    text = str(found["blocking"])
    assert [name in text for name in ("Tested: measured", "Wait: measured", "Failing: Not")] == [
        True,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("status", "holds"),
    [("none", True), ("unknown", False), ("insufficient", False), ("not_applicable", True)],
)
def test_a_condition_may_hold_by_status_instead_of_number(
    data, metrics, measured, status, holds
) -> None:
    levels_of(data)["2"]["conditions"] = [
        {"evidence": "failing", "operator": "<=", "value": 0.1, "status": ["none"]}
    ]
    model = model_from(data, metrics=metrics)
    frame = measured(tested=(0.1, 0, 0.2, 99), wait=DAY, failing=status)
    found = flow(score(frame, model, entity="Shop"))
    assert (found["level"] == 2) is holds


def test_a_source_that_can_not_say_does_not_hold_by_nothing_having_happened(
    data, metrics, measured
) -> None:
    data["indicators"]["tested"]["occasions"] = "wait"
    levels_of(data)["2"]["conditions"][0]["status"] = ["none"]
    model = model_from(data, metrics=metrics)
    assert flow(score(measured(tested="none", wait=DAY), model, entity="Shop"))["level"] == 1


def test_a_condition_on_status_alone(data, metrics, measured) -> None:
    levels_of(data)["2"]["conditions"] = [{"evidence": "failing", "status": ["ok"]}]
    model = model_from(data, metrics=metrics)
    frame = measured(tested=(0.1, 0, 0.2, 99), wait=DAY, failing=(0.9, 0.8, 1, 20))
    assert flow(score(frame, model, entity="Shop"))["level"] == 2


def test_change_index_counts_levels_gained_and_is_null_where_one_is_not_assessed(
    data, metrics, measured, indicator, ladder
) -> None:
    data["indicators"]["failing"] = indicator("failing", anchors=[[0, 100], [1, 0]])
    dimensions = data["lenses"]["main"]["dimensions"]
    safety = {"indicators": ["failing"], "levels": ladder({2: 0.5, 3: 0.6, 4: 0.7, 5: 0.8})}
    dimensions["safety"] = dimensions["flow"] | safety
    model = model_from(data, metrics=metrics)
    before = score(measured(tested=(0.9, 0.8, 1, 99), wait=DAY), model, entity="Shop")
    after = score(
        measured(tested=(0.5, 0.4, 0.6, 99), wait=DAY, failing=(0.1, 0, 0.2, 30)),
        model,
        entity="Shop",
    )
    index = change_index(before, after)
    assert index.select("dimension", "level_before", "level_after", "change").rows() == [
        ("flow", 4, 2, -2),
        ("safety", None, 2, None),
    ]


def test_assessments_of_two_models_or_entities_are_not_compared(data, metrics, measured) -> None:
    frame = measured(tested=(0.5, 0.4, 0.6, 99), wait=DAY)
    first = score(frame, model_from(data, metrics=metrics), entity="Shop")
    data["version"] = "t2"
    second = score(frame, model_from(data, metrics=metrics), entity="Shop")
    with pytest.raises(DevopsAnalyticsError, match="one model version: found 't1' and 't2'"):
        change_index(first, second)


# ---- Numbers in words ---- #


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.62, "share", "62 %"),
        (1.0, "share", "100 %"),
        (0.05123, "share", "5.12 %"),
        (0.25, "hours", "15 min"),
        (0, "hours", "0 h"),
        (30, "hours", "30 h"),
        (168, "hours", "7 d"),
        (1, "commits", "1 commit"),
        (1234567, "lines", "1230000 lines"),
        (0.5, "per day", "0.5 per day"),
    ],
)
def test_values_in_words(value, unit, text) -> None:
    assert value_in_words(value, unit) == text


def test_estimates_in_words() -> None:
    assert estimate_in_words(0.6, 0.5, 0.7, 9, "share") == f"60 % (50{DASH}70), n = 9"
    assert estimate_in_words(5, 0.5, 60, 9, "hours") == f"5 h (30 min{DASH}2.5 d), n = 9"
    assert estimate_in_words(5, 4, None, 9, "hours") == f"5 h (4{DASH}?), n = 9"
    assert estimate_in_words(5, None, None, 9, "lines") == "5 lines, n = 9"
    assert estimate_in_words(1, 1, 2, 9, "commits") == f"1 commit (1{DASH}2), n = 9"
    assert estimate_in_words(None, None, None, 0, "lines") == "no value, n = 0"


def test_a_limit_that_is_just_missed_is_told_apart_from_the_value() -> None:
    assert against_in_words(0.79999, 0.8, ">=", "share") == ("79.999 %", "≥ 80 %")
    assert against_in_words(0.62, 0.8, ">=", "share") == ("62 %", "≥ 80 %")
