"""Why a number is empty or partial: each reason on an organisation of a few rows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from devops_analytics.check import material_of
from devops_analytics.quality import Material, why


def t(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


COVERED = "2026-01-01..2026-06-30"
TABLES = ("deployments", "commits", "incidents")
COLUMNS = {
    "deployments": {"deployment_id": "id", "service": "s", "result": "r"},
    "commits": {"repo": "r", "sha": "s", "committed_at": "c"},
    "incidents": {"incident_id": "i"},
}
SETTINGS = {
    "teams": {"web": {"services": {"shop": {"repositories": ["shop"]}, "pay": {}}}},
    "sources": [
        {"kind": "table", "path": f"{name}.csv", "table": name, "covers": COVERED,
         "columns": COLUMNS[name]}
        for name in TABLES
    ],
}  # fmt: skip
SHAS = [f"{number:040x}" for number in range(20)]


def history(n: int) -> dict[str, list[dict]]:
    """A commit a day from 1 May, each deployed an hour later; the first is the baseline."""
    days = [t("05-01") + timedelta(days=day) for day in range(n)]
    return {
        "commits": [
            {"repo": "shop", "sha": SHAS[day], "parents": SHAS[day - 1 : day] if day else [],
             "committed_at": days[day]}
            for day in range(n)
        ],
        "deployments": [
            {"deployment_id": f"d{day:02}", "service": "shop", "repo": "shop", "sha": SHAS[day],
             "finished_at": days[day] + timedelta(hours=1)}
            for day in range(n)
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def reasons(workspace_of):
    """The reasons of one metric: `reasons("change_lead_time", period="2026-05", …)`."""

    def run(
        metric: str,
        *,
        by: str = "organisation",
        entity: str | None = None,
        services: Sequence[str] | None = None,
        quarantine: pl.DataFrame | None = None,
        **tables: list[dict],
    ) -> tuple[bool, list[str]] | None:
        made = workspace_of(settings=SETTINGS, **tables)
        seen = material_of(made)
        if quarantine is not None:
            seen = Material(
                evidence=seen.evidence, as_of=seen.as_of, feeds=seen.feeds, quarantine=quarantine
            )
        measured = made.measure("2026-05", by=by, metrics=[metric])
        known = {} if services is None else {entity: services}
        rows = why(measured, seen, services=known)
        if entity is not None:
            rows = rows.filter(pl.col("entity") == entity)
        if rows.is_empty():
            return None
        row = rows.row(0, named=True)
        return row["is_empty"], row["reasons"]

    return run


def test_what_is_whole_has_no_reasons(reasons) -> None:
    found = reasons("deployment_frequency", by="service", entity="shop", **history(10))
    assert found is None


def test_a_missing_feed_empties_a_number(reasons) -> None:
    empty, said = reasons("pipeline_duration", **history(10))
    assert empty
    assert said == ["no feed of pipeline runs that says started_at and finished_at"]


def test_too_few_empty_a_number_and_say_which(reasons) -> None:
    empty, said = reasons("change_lead_time", by="service", entity="shop", services=["shop"],
                          **history(4))  # fmt: skip
    assert empty
    assert said[0] == "only 3: 1.0, 1.0, 1.0 hours"
    assert said[-1] == "left out as history of the first known deployment: commits (1)"


def test_deployments_without_a_commit_are_counted_by_reason(reasons) -> None:
    tables = history(12)
    tables["deployments"][5]["sha"] = "f" * 40
    tables["deployments"][6]["sha"] = None
    tables["deployments"].append(
        {"deployment_id": "p", "service": "pay", "finished_at": t("05-03")}
    )
    empty, said = reasons("change_lead_time", **tables)
    assert not empty
    (links,) = [text for text in said if "lead to no commit" in text]
    assert links.startswith("3 of 13 deployments lead to no commit: ")
    assert "not in the loaded history" in links
    assert "names no commit, tag or release (1)" in links
    assert "has no repository" in links
    own = reasons("change_lead_time", by="service", entity="shop", services=["shop"], **tables)
    assert own is not None
    assert any(text.startswith("2 of 12 deployments lead to no commit") for text in own[1])


def test_links_outside_the_period_are_not_counted(reasons) -> None:
    tables = history(12)
    late = {"deployment_id": "late", "service": "shop", "repo": "shop", "sha": "f" * 40,
            "finished_at": t("06-03")}  # fmt: skip
    _, said = reasons("change_lead_time", **{**tables, "deployments": [
        *tables["deployments"], late]})  # fmt: skip
    assert not any("lead to no commit" in text for text in said)


def test_incidents_that_nobody_is_blamed_for_are_counted_by_reason(reasons) -> None:
    incidents = [
        {"incident_id": "i1", "service": "shop", "started_at": t("05-02 02:00")},
        {"incident_id": "i2", "service": "shop", "started_at": t("05-20")},
        {"incident_id": "i3", "service": None, "started_at": t("05-20")},
        {"incident_id": "i4", "service": "shop", "started_at": t("05-21"), "planned": True},
    ]
    _, said = reasons("change_fail_rate", incidents=incidents, **history(10))
    (links,) = [text for text in said if "blamed on no deployment" in text]
    assert links.startswith("2 of 3 incidents are blamed on no deployment: ")
    assert "longer ago than the attribution window (1)" in links
    assert "names no service that the settings know (1)" in links


def test_what_is_still_open_is_said(reasons) -> None:
    incidents = [
        {"incident_id": f"i{n}", "service": "shop", "started_at": t("05-02"),
         "resolved_at": t("05-02 01:00") if n < 8 else None}
        for n in range(10)
    ]  # fmt: skip
    empty, said = reasons("time_to_restore", incidents=incidents)
    assert not empty
    assert "2 of 10 are still open: known to last at least as long" in said


def test_the_quarantine_of_the_tables_that_a_metric_needs_is_said(reasons) -> None:
    rows = [("deployments", "not_a_time"), ("deployments", "not_a_time"),
            ("deployments", "missing_value"), ("deployments", "excluded_by_settings"),
            ("incidents", "time_without_zone")]  # fmt: skip
    kept = pl.DataFrame(rows, schema=["table", "reason"], orient="row")
    _, said = reasons("deployment_frequency", quarantine=kept, **history(10))
    assert said[-1] == (
        "in quarantine, whatever their time, are records of deployments: not a time (2), missing "
        "value (1)"
    )


def test_a_column_that_no_export_fills_is_named(reasons) -> None:
    empty, said = reasons("change_lead_time_from_authored", **history(10))
    assert empty
    assert "no authored_at in any record of commits: map it, if the export has it" in said
    tables = history(10)
    for row in tables["commits"]:
        row["authored_at"] = row["committed_at"]
    assert not reasons("change_lead_time_from_authored", **tables)[0]
