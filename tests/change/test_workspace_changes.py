"""Comparisons, trends, process charts and what they take, asked of a workspace."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from devops_analytics import Workspace
from devops_analytics.change.process import baselines_of
from devops_analytics.errors import DevopsAnalyticsError, PeriodError, UnknownNameError

FIRST = datetime(2025, 1, 6, tzinfo=UTC)  # a Monday
WEEKS = 78


def workspace(*, per_week=lambda week: 3, hours=lambda number: 2.0, annotations=()) -> Workspace:
    """Deployments of `pay`, so many a week, and an incident every Thursday, so many hours long."""
    deployments, incidents = [], []
    for week in range(WEEKS):
        monday = FIRST + timedelta(weeks=week)
        for nth in range(per_week(week)):
            at = monday + timedelta(hours=10 + 160 / (per_week(week) + 1) * nth)
            deployments.append(
                {
                    "deployment_id": f"{week}-{nth}",
                    "service": "pay",
                    "environment": "production",
                    "finished_at": at,
                    "result": "success",
                }
            )
        start = monday + timedelta(days=3)
        incidents.append(
            {
                "incident_id": str(week),
                "service": "pay",
                "started_at": start,
                "resolved_at": start + timedelta(hours=hours(week)),
            }
        )
    return Workspace.from_frames(
        {"deployments": pl.DataFrame(deployments), "incidents": pl.DataFrame(incidents)},
        settings={
            "teams": {"shop": {"services": {"pay": {}}}},
            "annotations": list(annotations),
        },
        as_of="2026-07-01",
    )


def steady(week: int) -> int:
    return (2, 4, 3, 5, 3, 2, 4)[week % 7]


# ---- Comparisons ---- #


def test_the_baseline_may_be_the_previous_the_year_before_or_any_other() -> None:
    found = workspace()
    asked = {"metrics": ["deployment_frequency"]}
    for to, label in (
        ("previous", "2026-Q1"),
        ("year-before", "2025-Q2"),
        ("2025-Q3", "2025-Q3"),
    ):
        row = found.compare("2026-Q2", to=to, **asked).row(0, named=True)
        assert (row["baseline"], row["verdict"]) == (label, "no detectable change")
    with pytest.raises(PeriodError, match="found 'last'"):
        found.compare("2026-Q2", to="last")
    with pytest.raises(UnknownNameError, match="organisation, team, service"):
        found.compare("2026-Q2", by="person")


def test_twice_as_many_deployments_are_better_for_whoever_owns_them() -> None:
    found = workspace(per_week=lambda week: 3 if week < 65 else 7)
    for by, entity in (("organisation", "Organisation"), ("team", "shop"), ("service", "pay")):
        row = found.compare("2026-Q2", by=by, metrics=["deployment_frequency"]).row(0, named=True)
        assert (row["entity"], row["verdict"]) == (entity, "better")
        # The quarter's 91 days are 13 weeks of 7; the one before is 90 days of mostly 3.
        assert row["change"] == pytest.approx(7 / 3, rel=0.08)
    own = found.compare("2026-Q2", team="shop", metrics=["deployment_frequency"])
    assert own.height == 1


def test_a_year_before_is_known_from_now_on_only_where_the_feeds_reach_back() -> None:
    row = workspace().compare("2025-Q1", to="year-before", metrics=["deployment_frequency"])
    assert row["reason"][0].startswith("2024-Q1: feed of deployments covers 2025-01-06")


# ---- Trends ---- #


def test_a_steady_rise_is_a_trend_and_a_steady_level_is_none() -> None:
    asked = {"metrics": ["deployment_frequency"], "periods": 12}
    rise = workspace(per_week=lambda week: 2 + week // 6).trend("2026-06", **asked)
    assert rise.select("verdict", "n").row(0) == ("better", 12)
    assert rise["change"][0] > 0
    level = workspace(per_week=steady).trend("2026-06", **asked)
    assert level["verdict"][0] == "no detectable change"


def test_under_five_periods_no_trend_is_looked_for() -> None:
    found = workspace().trend("2026-Q2", periods=4, metrics=["deployment_frequency"])
    assert found.select("verdict", "n", "p").row(0) == ("not comparable", 4, None)
    assert found["reason"][0] == "4 periods with a number; a trend takes 5"
    assert found["since_p"][0] is None


def test_a_change_of_level_is_looked_for_from_twenty_periods_on() -> None:
    asked = {"metrics": ["deployment_frequency"]}
    stepped = workspace(per_week=lambda week: 3 if week < 60 else 9)
    found = stepped.trend("2026-W20", periods=30, **asked).row(0, named=True)
    # Week 60 from 6 January 2025 is that of 2 March 2026.
    assert found["since"] == "2026-W10"
    assert found["since_p"] < 0.001
    assert stepped.trend("2026-W20", periods=19, **asked)["since_p"][0] is None


def test_a_trend_begins_anew_where_the_metric_was_redefined() -> None:
    redefined = {"label": "New pipeline", "at": "2026-01-01", "redefines": ["deployment_frequency"]}
    found = workspace(per_week=lambda week: 2 + week // 6, annotations=[redefined])
    asked = {"metrics": ["deployment_frequency"], "periods": 12}
    assert found.trend("2026-06", **asked)["n"][0] == 6


# ---- Process charts ---- #


def test_the_limits_come_from_the_weeks_before_the_period() -> None:
    found = workspace(per_week=lambda week: steady(week) if week != 70 else 12)
    chart = found.process_chart("deployment_frequency", "2026-Q2")
    assert chart.height == 52
    assert chart["label"].to_list()[-1] == "2026-W26"
    before = chart.filter(pl.col("at") < datetime(2026, 4, 1, tzinfo=UTC))
    assert before["in_baseline"].all()
    assert chart["in_baseline"].sum() == before.height
    assert chart["chart"][0] == "u′"
    signals = chart.filter(pl.col("signals").list.len() > 0)
    assert signals.select("label", "value").row(0) == ("2026-W20", 12 / 7)
    assert signals["signals"].to_list() == [["outside"]]


def test_hardly_any_week_has_a_median_so_every_incident_is_a_point() -> None:
    lasting = workspace(hours=lambda week: (1.0, 2.0, 4.0)[week % 3] if week != 75 else 90.0)
    chart = lasting.process_chart("time_to_restore", "2026-Q2", service="pay")
    assert chart["chart"][0] == "XmR of logarithms"
    assert chart["n"].to_list() == [1] * chart.height
    # 1, 2 and 4 hours over and over: the centre is the geometric mean, 2.
    assert chart["centre"][0] == pytest.approx(2, rel=0.02)
    assert chart.filter(pl.col("signals").list.contains("outside"))["value"].to_list() == [90.0]
    assert (chart["low"] > 0).all()


def test_limits_begin_anew_where_the_metric_was_redefined() -> None:
    redefined = {"label": "New pipeline", "at": "2026-01-05", "redefines": ["deployment_frequency"]}
    found = workspace(
        per_week=lambda week: steady(week) * (1 if week < 52 else 3), annotations=[redefined]
    )
    chart = found.process_chart("deployment_frequency", "2026-Q2", team="shop")
    assert chart.filter("is_new_baseline")["label"].to_list() == ["2026-W02"]
    assert chart["centre"].n_unique() == 2
    assert chart["signals"].list.len().sum() == 0


def test_baselines_hold_what_lies_before_and_at_least_twelve() -> None:
    weeks = [FIRST + timedelta(weeks=week) for week in range(40)]
    assert baselines_of(weeks, [], weeks[30]) == [range(30)]
    assert baselines_of(weeks, [], weeks[5]) == [range(12)]
    assert baselines_of(weeks, [weeks[20]], weeks[30]) == [range(20), range(20, 32)]
    assert baselines_of(weeks, [weeks[39] + timedelta(days=9)], weeks[30]) == [range(30)]
    assert baselines_of(weeks[:5], [], weeks[3]) == [range(5)]


def test_a_chart_of_nothing_is_an_empty_frame() -> None:
    assert workspace().process_chart("change_lead_time", "2026-Q2").height == 0
    with pytest.raises(UnknownNameError, match="no service is called 'play'"):
        workspace().process_chart("deployment_frequency", "2026-Q2", service="play")


# ---- What it takes ---- #


def test_what_a_change_would_take_is_reckoned_from_the_period() -> None:
    found = workspace(hours=lambda week: (1.0, 2.0, 4.0)[week % 3])
    rows = {row["metric"]: row for row in found.needed("2026-Q2", ratio=2.0).iter_rows(named=True)}
    # A rate doubled takes 25 events before (see `needed_for_rates`).
    assert rows["deployment_frequency"]["needed_n"] == 25
    assert rows["deployment_frequency"]["n"] == 39
    assert rows["time_to_restore"]["needed_n"] > 6
    assert rows["change_lead_time"]["needed_n"] is None
    with pytest.raises(DevopsAnalyticsError, match="allowed: above 0 and not 1"):
        found.needed("2026-Q2", ratio=1.0)
