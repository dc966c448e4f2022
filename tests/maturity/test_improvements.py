"""What would move the scores most, by hand."""

import polars as pl
import pytest

from devops_analytics.maturity import change_index, model_from, score, what_moves_most

DAY = (24.0, 1.0, 168.0, 50)  # 75 points; the next anchor is an hour with 100


def rows(assessment) -> list[dict[str, object]]:
    return assessment.improvements.to_dicts()


def test_the_next_anchor_of_each_indicator_in_points_of_its_dimension(model, measured) -> None:
    found = rows(score(measured(tested=(0.5, 0.4, 0.6, 100), wait=DAY), model, entity="Shop"))
    # wait has 3 of 4 of the weight: (100 - 75) × 3 / 4; tested 1 of 4: (100 - 50) × 1 / 4
    assert [(r["indicator"], r["kind"], r["gain"], r["target"]) for r in found] == [
        ("wait", "reach", 18.75, 1.0),
        ("tested", "reach", 12.5, 1.0),
    ]
    assert [r["blocks_level"] for r in found] == [None, 3]
    assert {r["capability"] for r in found} == {"testing"}


def test_what_is_unknown_is_taken_to_be_like_the_rest(model, measured) -> None:
    found = rows(score(measured(tested="unknown", wait=DAY), model, entity="Shop"))
    unknown = next(r for r in found if r["indicator"] == "tested")
    # like wait: 75 points × 1 / 4; at its best 100 × 1 / 4
    assert (unknown["kind"], unknown["gain"], unknown["gain_most"]) == ("measure", 18.75, 25)
    assert unknown["target"] is None
    nothing = rows(score(measured(tested="unknown", wait="unknown"), model, entity="Shop"))
    # nothing is known: 50 points × 3 / 4
    assert (nothing[0]["indicator"], nothing[0]["gain"]) == ("wait", 37.5)


def test_what_is_best_or_does_not_apply_has_nothing_to_gain(model, measured) -> None:
    best = measured(tested=(1, 1, 1, 100), wait="not_applicable")
    assert rows(score(best, model, entity="Shop")) == []


def test_gains_are_those_of_the_score_that_follows(model, measured) -> None:
    now = score(measured(tested=(0.5, 0.4, 0.6, 100), wait=DAY), model, entity="Shop")
    for row in rows(now):
        reached = (row["target"], row["target"], row["target"], 100)
        frame = {"tested": (0.5, 0.4, 0.6, 100), "wait": DAY} | {row["indicator"]: reached}
        then = score(measured(**frame), model, entity="Shop")
        gain = then.dimensions["range_low"][0] - now.dimensions["range_low"][0]
        assert gain == pytest.approx(row["gain"])


def test_an_indicator_that_serves_two_lenses_adds_up_its_gains(data, metrics, measured) -> None:
    flow = data["lenses"]["main"]["dimensions"]["flow"]
    alone = data["lenses"]["main"] | {"dimensions": {"tests": flow | {"indicators": ["tested"]}}}
    data["lenses"]["other"] = alone
    model = model_from(data, metrics=metrics)
    frame = measured(tested=(0.5, 0.4, 0.6, 100), wait=DAY)
    both = [score(frame, model, entity="Shop", lens=lens) for lens in ("main", "other")]
    found = what_moves_most([(one.lens, one.improvements) for one in both]).to_dicts()
    # tested: 12.5 of main.flow and 50 of other.tests
    assert [(row["indicator"], row["gain"]) for row in found] == [("tested", 62.5), ("wait", 18.75)]
    assert [(one["lens"], one["gain"]) for one in found[0]["moves"]] == [
        ("main", 12.5),
        ("other", 50),
    ]
    assert [one["level"] for one in found[0]["blocks"]] == [3, 3]


def test_points_compare_only_what_is_scored_both_times(model, measured) -> None:
    before = score(measured(tested=(0.1, 0, 0.2, 100), wait=DAY), model, entity="Shop")
    lost = score(measured(tested="unknown", wait=DAY), model, entity="Shop")
    row = change_index(before, lost).to_dicts()[0]
    # the mean of what is known rises from (10 + 225) / 4 to 75, and is no improvement
    assert before.dimensions["score"][0] < lost.dimensions["score"][0]
    assert (row["points_before"], row["points_after"], row["n_alike"]) == (75, 75, 1)
    assert (row["lost"], row["found"]) == (["tested"], [])
    back = change_index(lost, before).to_dicts()[0]
    assert (back["lost"], back["found"]) == ([], ["tested"])
    nothing = score(measured(tested="unknown", wait="unknown"), model, entity="Shop")
    assert change_index(before, nothing).to_dicts()[0]["points_after"] is None


@pytest.mark.parametrize(
    ("note", "reworded", "change"),
    [
        ("wave 2, not comparable with wave 1: other items, wording or scales", ["tested"], None),
        ("wave 2", [], 1),
    ],
)
def test_waves_that_are_worded_differently_are_not_compared(
    data, metrics, measured, note, reworded, change
) -> None:
    data["indicators"]["tested"]["class"] = "survey"
    model = model_from(data, metrics=metrics)

    def scored(value: float, said: str):
        frame = measured(tested=(value, value, value, 100), wait=DAY)
        return score(frame.with_columns(note=pl.lit(said)), model, entity="Shop")

    row = change_index(scored(0.5, "wave 1"), scored(0.8, note)).to_dicts()[0]
    assert (row["reworded"], row["change"]) == (reworded, change)
    assert row["n_alike"] == 2 - len(reworded)
    same = change_index(scored(0.5, note), scored(0.8, note)).to_dicts()[0]
    assert (same["reworded"], same["change"]) == ([], 1)
