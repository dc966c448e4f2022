"""How often production is deployed to."""

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from devops_analytics.metrics.throughput import DEPLOYMENT_DAYS_PER_WEEK, DEPLOYMENT_FREQUENCY


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def deployments(*times: str, **columns: object) -> list[dict]:
    return [
        {"deployment_id": f"d{i}", "finished_at": utc(text), **columns}
        for i, text in enumerate(times)
    ]


def test_each_successful_production_deployment_counts_once_at_its_finish(
    linked_evidence, found
) -> None:
    rows = deployments("2026-06-01T10:00", "2026-06-01T10:00", "2026-06-02T10:00")
    rows[2]["result"] = "failure"
    rows.append(rows[0] | {"deployment_id": "s", "environment_kind": "staging"})
    assert found(DEPLOYMENT_FREQUENCY, linked_evidence(deployments=rows)) == [
        ("d0", utc("2026-06-01T10:00"), 1.0, True),
        ("d1", utc("2026-06-01T10:00"), 1.0, True),
    ]


def test_only_staging_deployments_are_no_deployments(linked_evidence, found) -> None:
    rows = deployments("2026-06-01T10:00", environment_kind="staging")
    evidence = linked_evidence(deployments=rows)
    assert found(DEPLOYMENT_FREQUENCY, evidence) == []
    assert found(DEPLOYMENT_DAYS_PER_WEEK, evidence) == []


def test_weeks_without_deployments_count_zero_and_only_complete_weeks_count(
    linked_evidence, found
) -> None:
    # Wednesday 3 June: its week had begun before the first deployment and is left out. The week
    # of 8 June has two days (two deployments on one of them), 15 June none, 22 June one; on
    # 1 July, the as-of day, the week of 29 June is not over.
    evidence = linked_evidence(
        deployments=deployments(
            "2026-06-03T10:00",
            "2026-06-08T09:00",
            "2026-06-08T15:00",
            "2026-06-14T23:59",
            "2026-06-22T00:00",
            "2026-06-30T10:00",
        )
    )
    assert found(DEPLOYMENT_DAYS_PER_WEEK, evidence) == [
        ("shop 2026-W24", utc("2026-06-08"), 2.0, True),
        ("shop 2026-W25", utc("2026-06-15"), 0.0, True),
        ("shop 2026-W26", utc("2026-06-22"), 1.0, True),
    ]


def test_a_week_that_begins_on_the_day_of_the_first_deployment_is_complete(
    linked_evidence, found
) -> None:
    evidence = linked_evidence(deployments=deployments("2026-06-22T18:00"))
    assert found(DEPLOYMENT_DAYS_PER_WEEK, evidence) == [
        ("shop 2026-W26", utc("2026-06-22"), 1.0, True)
    ]


def test_a_week_that_ends_as_of_now_is_complete(linked_evidence, found) -> None:
    evidence = linked_evidence(
        deployments=deployments("2026-06-22T18:00"), as_of=utc("2026-06-29T00:00")
    )
    assert len(found(DEPLOYMENT_DAYS_PER_WEEK, evidence)) == 1
    earlier = linked_evidence(
        deployments=deployments("2026-06-22T18:00"), as_of=utc("2026-06-28T23:59")
    )
    assert found(DEPLOYMENT_DAYS_PER_WEEK, earlier) == []


def test_days_and_weeks_are_those_of_the_reporting_zone_across_daylight_saving(
    linked_evidence, found
) -> None:
    # London's summer time begins on Sunday 29 March 2026 at 01:00 UTC, so the week of 23 March
    # has 167 hours and the next Monday begins at 23:00 UTC on Sunday.
    #   23:30 UTC on 29 March is 00:30 on Monday 30 March: the next week's first day.
    #   22:30 UTC on 29 March is 23:30 on Sunday: still the week of 23 March.
    evidence = linked_evidence(
        deployments=deployments("2026-03-16T12:00", "2026-03-29T22:30", "2026-03-29T23:30"),
        as_of=utc("2026-04-05T23:00"),
        time_zone="Europe/London",
    )
    assert found(DEPLOYMENT_DAYS_PER_WEEK, evidence) == [
        ("shop 2026-W12", utc("2026-03-16T00:00"), 1.0, True),
        ("shop 2026-W13", utc("2026-03-23T00:00"), 1.0, True),
        ("shop 2026-W14", utc("2026-03-29T23:00"), 1.0, True),
    ]


def test_the_first_iso_week_of_a_year_may_begin_in_december(linked_evidence, found) -> None:
    # 2025-12-29 is the Monday of 2026-W01.
    evidence = linked_evidence(
        deployments=deployments("2025-12-29T10:00", "2026-01-02T10:00"),
        as_of=utc("2026-01-05T00:00"),
    )
    assert found(DEPLOYMENT_DAYS_PER_WEEK, evidence) == [
        ("shop 2026-W01", utc("2025-12-29"), 2.0, True)
    ]


@pytest.mark.parametrize("zone", ["America/Havana", "Asia/Beirut"])
def test_a_zone_that_skips_midnight_still_has_its_weeks(linked_evidence, zone) -> None:
    # Both change to summer time at midnight of a Sunday; the Mondays after it are ordinary.
    evidence = linked_evidence(
        deployments=deployments("2026-03-02T12:00"), as_of=utc("2026-05-01"), time_zone=zone
    )
    rows = DEPLOYMENT_DAYS_PER_WEEK.observe(evidence).collect()
    assert rows.height == 8
    assert rows["at"].null_count() == 0


def test_weeks_that_the_feed_does_not_reach_are_unknown_and_not_zero(
    linked_evidence, found
) -> None:
    # The feed of deployments ends on 17 June: the week of 15 June is not known to its end.
    coverage = pl.DataFrame(
        {
            "table": ["deployments", "incidents"],
            "service": ["shop", "shop"],
            "live_from": [utc("2026-06-01")] * 2,
            "live_to": [utc("2026-06-17"), utc("2026-07-01")],
        },
        schema_overrides={
            "live_from": pl.Datetime("us", "UTC"),
            "live_to": pl.Datetime("us", "UTC"),
        },
    )
    evidence = replace(
        linked_evidence(deployments=deployments("2026-06-01T10:00")), coverage=coverage
    )
    assert [row[0] for row in found(DEPLOYMENT_DAYS_PER_WEEK, evidence)] == [
        "shop 2026-W23",
        "shop 2026-W24",
    ]
