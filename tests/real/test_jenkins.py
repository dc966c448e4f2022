"""The Jenkins infrastructure: planned work, dirty records, and rates that stay rates."""

import csv
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from devops_analytics import Workspace
from devops_analytics.check import findings_of

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def records(shared_data: Path) -> list[dict[str, str]]:
    with (shared_data / "jenkins-infra" / "incidents.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        return list(csv.DictReader(file))


def minutes(record: dict[str, str]) -> float:
    start, end = (datetime.fromisoformat(record[name]) for name in ("started_at", "resolved_at"))
    return (end - start).total_seconds() / 60


def test_planned_maintenance_is_no_incident(
    jenkins: Workspace, records: list[dict[str, str]]
) -> None:
    unplanned = [r for r in records if r["planned_guess"] == "0"]
    assert jenkins.table("incidents").collect().height == len(records)
    usable = [r for r in unplanned if minutes(r) >= 0]
    observed = jenkins.observations("time_to_restore")
    assert set(observed["key"]) == {r["incident_id"] for r in usable}


def test_records_that_end_before_they_start_are_flagged(
    jenkins: Workspace, records: list[dict[str, str]]
) -> None:
    backwards = [r for r in records if minutes(r) < 0]
    assert backwards  # eight of them, as the README of the data says
    found = findings_of(jenkins).row(
        by_predicate=pl.col("check") == "incidents_ending_before_start", named=True
    )
    assert found["count"] == len(backwards) == 8
    assert found["total"] == len(records)
    assert set(found["examples"]) <= {r["incident_id"] for r in backwards}


def test_findings_agree_with_a_plain_reading(
    jenkins: Workspace, records: list[dict[str, str]]
) -> None:
    found = {row["check"]: row["count"] for row in findings_of(jenkins).iter_rows(named=True)}
    planned = [r for r in records if r["planned_guess"] == "1"]
    assert found["planned_incidents"] == len(planned) == 202
    # Two records name nothing affected; both are unplanned.
    unnamed = [r for r in records if not r["affected"] and r["planned_guess"] == "0"]
    assert found["incidents_without_service"] == len(unnamed) == 2
    moments = [r for r in records if minutes(r) == 0 and r["planned_guess"] == "0"]
    assert found.get("incidents_of_no_length", 0) == len(moments)
    # The image of weekly stopped in August 2024: its commits and tags are two feeds.
    assert found["feeds_that_stopped"] == 2
    # Deployed to several clusters, each of which the export lists.
    assert found["deployments_of_the_same_version"] > 1000


@pytest.mark.parametrize("period", ["2022", "2023", "2024", "2025"])
def test_no_rate_is_above_one(jenkins: Workspace, period: str) -> None:
    for by in ("organisation", "team", "service"):
        shares = jenkins.measure(period, by=by).filter(pl.col("unit") == "share")
        known = shares.filter(pl.col("denominator").is_not_null())
        assert (known["numerator"] <= known["denominator"]).all()
        assert (known["high"].drop_nulls() <= 1).all()


def test_time_to_restore_agrees_with_a_plain_reading(
    jenkins: Workspace, records: list[dict[str, str]]
) -> None:
    hours = sorted(
        minutes(r) / 60
        for r in records
        if r["planned_guess"] == "0" and r["started_at"].startswith("2022") and minutes(r) >= 0
    )
    found = jenkins.measure("2022", metrics=["time_to_restore"]).row(0, named=True)
    middle = len(hours) // 2
    median = hours[middle] if len(hours) % 2 else (hours[middle - 1] + hours[middle]) / 2
    assert found["n"] == len(hours)
    assert found["value"] == pytest.approx(median)


def test_incidents_find_their_service_by_alias(jenkins: Workspace) -> None:
    named = jenkins.table("incidents").filter(pl.col("service") == "infra-ci-jenkins-io").collect()
    assert named.height > 0
    assert jenkins.links.blamed_on.height > 0
