"""A change is written with its sign and its limits, in per cent, points or its own unit."""

import polars as pl
import pytest

from devops_analytics.change import Comparisons
from devops_analytics.display_changes import (
    Change,
    comparison_table,
    format_change,
    format_change_limits,
)


def change(scale: str | None, unit: str, *ends: float | None) -> Change:
    given = dict.fromkeys(Change.__dataclass_fields__) | {
        "metric": "change_lead_time",
        "unit": unit,
        "scale": scale,
        "verdict": "no detectable change",
    }
    return Change(**given | dict(zip(("change", "low", "high"), ends, strict=True)))


@pytest.mark.parametrize(
    ("found", "size", "limits"),
    [
        (change("ratio", "hours", 0.71, 0.22, 1.5599), "−29 %", "−78 to +56 %"),
        (change("ratio", "per day", 1.075, 0.999, 22.1), "+7.5 %", "−0.1 to +2,110 %"),
        (change("ratio", "per day", None, 3.2, None), "", "at least +220 %"),
        (change("ratio", "per day", 0.0, 0.0, 0.13), "−100 %", "−100 to −87 %"),
        (change("difference", "share", 0.0569, 0.002, 0.11), "+5.7 points", "+0.2 to +11 points"),
        (change("difference", "lines", -6.0, -11.0, -2.0), "−6 lines", "−11 to −2 lines"),
        (change("difference", "lines", 0.0, -1.0, 3.0), "±0 lines", "−1 line to +3 lines"),
        (change("ratio", "hours", 1.0, None, None), "±0 %", ""),
        (change("ratio", "hours", 1.2, None, 1.5), "+20 %", "at most +50 %"),
        (change(None, "hours", None, None, None), "", ""),
    ],
)
def test_a_change_has_a_sign_and_one_unit(found: Change, size: str, limits: str) -> None:
    assert format_change(found) == size
    assert format_change_limits(found) == limits


def test_comparisons_are_a_table_for_people() -> None:
    row = {
        "metric": "change_fail_rate",
        "by": "service",
        "entity": "pay",
        "period": "2026-Q2",
        "baseline": "2026-Q1",
        "value": 0.14527,
        "baseline_value": None,
        "unit": "share",
        "verdict": "not comparable",
        "reason": "2026-Q1: no feed of incidents",
    }
    frame = pl.DataFrame([row], schema=Comparisons.create_empty().schema)
    assert comparison_table(frame).row(0, named=True) == {
        "metric": "change_fail_rate",
        "entity": "pay",
        "2026-Q2": "15 %",
        "2026-Q1": None,
        "change": "",
        "interval": "",
        "verdict": "not comparable",
        "reason": "2026-Q1: no feed of incidents",
    }
    assert comparison_table(frame.clear()).height == 0
