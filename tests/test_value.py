"""What a change is worth: worked by hand, ranges that hold, and no number where one is missing."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics import Workspace
from devops_analytics.config import settings_from
from devops_analytics.config_value import Value
from devops_analytics.errors import SettingsError
from devops_analytics.value import CAPACITY, CASH, METRICS_OF_VALUE, OUTCOMES, valued

Q1 = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
Q2 = (datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 6, 30, tzinfo=UTC))  # as long as Q1

WORTH = {
    "currency": "EUR",
    "hour_of_failure": 1000,
    "day_of_delay": {"low": 10, "mid": 20, "high": 40},
    "hours_of_rework": 8,
    "hours_of_manual_deployment": 2,
    "people_on_incident": 3,
}
# metric: n and count, then the value in Q1 and in Q2; an interval of a tenth either way.
VALUES = {
    "deployment_frequency": (100, 1.0, 1.0),
    "change_fail_rate": (100, 0.2, 0.1),
    "failed_deployment_recovery_time": (10, 5.0, 2.0),
    "change_lead_time_by_change": (50, 72.0, 48.0),
    "deployment_rework_rate": (100, 0.1, 0.05),
    "deployments_by_pipeline": (100, 0.5, 0.9),
    "time_to_restore": (10, 4.0, 3.0),
}


def row(metric: str, which: int, **others: Any) -> dict[str, Any]:
    n, *values = VALUES[metric]
    start, end = (Q1, Q2)[which]
    value = values[which]
    return {
        "metric": metric,
        "period": ("2026-Q1", "2026-Q2")[which],
        "period_start": start,
        "period_end": end,
        "value": value,
        "low": value * 0.9,
        "high": value * 1.1,
        "n": n,
        "numerator": float(n),
        "status": "ok",
        **others,
    }


def frame(which: int, **changed: dict[str, Any]) -> pl.DataFrame:
    rows = [row(name, which, **changed.get(name, {})) for name in METRICS_OF_VALUE]
    return pl.DataFrame(rows)


def value_of(**keys: Any) -> Value:
    return settings_from({"value": {**WORTH, **keys}}).value


def worth(now: pl.DataFrame, before: pl.DataFrame, value: Value) -> dict[str, dict[str, Any]]:
    return {one["outcome"]: one for one in valued(now, before, value)[0].to_dicts()}


def test_each_outcome_is_worked_by_hand() -> None:
    found = worth(frame(1), frame(0), value_of())
    # 100 x (0.2 x 5 - 0.1 x 2) x 1000
    assert found["failures"]["mid"] == pytest.approx(80_000)
    # 50 x (72 - 48) / 24 x 20
    assert found["time_to_market"]["mid"] == pytest.approx(1_000)
    # 100 x (0.1 - 0.05) x 8
    assert found["rework"]["mid"] == pytest.approx(40)
    # 100 x (0.9 - 0.5) x 2
    assert found["automation"]["mid"] == pytest.approx(80)
    # (10 x 4 - 10 x 3) x 3
    assert found["incidents"]["mid"] == pytest.approx(30)


def test_low_and_high_are_the_worst_and_the_best_case() -> None:
    found = worth(frame(1), frame(0), value_of())["time_to_market"]
    # Worst: 64.8 h then, 52.8 h now, 10 a day; best: 79.2 h then, 43.2 h now, 40 a day.
    assert found["low"] == pytest.approx(50 * (64.8 - 52.8) / 24 * 10)
    assert found["high"] == pytest.approx(50 * (79.2 - 43.2) / 24 * 40)


def test_money_and_hours_of_work_are_kept_apart() -> None:
    found = worth(frame(1), frame(0), value_of())
    assert {one["kind"]: one["unit"] for one in found.values()} == {
        CASH: "EUR",
        CAPACITY: "hours of work",
    }


def test_a_longer_baseline_is_brought_to_the_same_length() -> None:
    start, end = Q1
    longer = {"period_start": start - (end - start)}
    found = worth(frame(1), frame(0, time_to_restore=longer), value_of())
    assert found["incidents"]["mid"] == pytest.approx((5 * 4 - 10 * 3) * 3)


def test_no_incidents_now_leave_all_work_of_the_baseline() -> None:
    nothing = dict.fromkeys(("value", "low", "high")) | {"status": "none", "n": 0}
    found = worth(frame(1, time_to_restore=nothing), frame(0), value_of())
    assert found["incidents"]["mid"] == pytest.approx(10 * 4 * 3)


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda one: one.id)
@pytest.mark.parametrize("which", [0, 1])
def test_an_unknown_factor_leaves_an_outcome_not_estimated(outcome: Any, which: int) -> None:
    unknown = dict.fromkeys(("value", "low", "high", "n", "numerator")) | {"status": "unknown"}
    frames = [frame(0), frame(1)]
    last = outcome.metrics[-1]
    frames[which] = frame(which, **{last: unknown})
    found = worth(frames[1], frames[0], value_of())[outcome.id]
    assert found["low"] is found["mid"] is found["high"] is None
    assert "not estimated" in found["reason"]
    assert last in found["reason"]


def test_without_unit_values_nothing_is_estimated_and_the_key_is_named() -> None:
    outcomes, swings = valued(frame(1), frame(0), Value())
    assert outcomes["mid"].null_count() == outcomes.height == len(OUTCOMES)
    assert outcomes["reason"].str.contains(r"`\w+` is not given in \[value\]").all()
    assert swings.is_empty()


def test_the_factor_that_moves_an_outcome_most_comes_first() -> None:
    _, swings = valued(frame(1), frame(0), value_of())
    own = swings.filter(pl.col("outcome") == "time_to_market")
    # 24 h x 50 / 24 = 50 days at 10 to 40; lead times move it by 14.4 and 9.6 h at 20 a day.
    assert own["factor"].to_list()[:3] == [
        "day_of_delay",
        "change_lead_time_by_change, baseline",
        "change_lead_time_by_change, now",
    ]
    assert own["swing"].to_list()[:3] == pytest.approx([1500.0, 600.0, 400.0])
    assert own.filter(pl.col("factor") == "deployed changes")["swing"].item() == 0


positive = st.floats(min_value=0, max_value=1000)


@given(st.lists(positive, min_size=14, max_size=14), st.lists(positive, min_size=3, max_size=3))
def test_the_middle_lies_between_the_ends_and_no_change_is_worth_nothing(
    values: list[float], amount: list[float]
) -> None:
    low, mid, high = sorted(amount)
    spread = {"low": low, "mid": mid, "high": high}
    value = settings_from({"value": {name: spread for name in WORTH if name != "currency"}}).value
    changed = {
        name: {"low": one * 0.5, "value": one, "high": one * 2, "n": 7, "numerator": 7.0}
        for name, one in zip(METRICS_OF_VALUE, values, strict=False)
    }
    for found in worth(frame(1), frame(0, **changed), value).values():
        assert found["low"] <= found["mid"] * (1 + 1e-9) + 1e-6
        assert found["mid"] <= found["high"] * (1 + 1e-9) + 1e-6
    for found in worth(frame(1, **changed), frame(0, **changed), value).values():
        assert found["mid"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("given_value", "said"),
    [
        ({"hour_of_failure": -1}, "hour_of_failure"),
        ({"hour_of_failure": {"low": 3, "mid": 2, "high": 4}}, "in this order"),
        ({"hour_of_failure": {"low": 3}}, "mid"),
        ({"hour_of_fun": 3}, "hour_of_fun"),
    ],
)
def test_a_wrong_amount_is_named(given_value: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        settings_from({"value": given_value})


def test_a_workspace_values_the_demo() -> None:
    workspace = Workspace.demo()
    outcomes, swings = workspace.value("2026-Q2", compare_to="2026-Q1")
    assert outcomes["outcome"].to_list() == [one.id for one in OUTCOMES]
    assert outcomes["reason"].str.contains("not given").any()
    assert swings.is_empty()
