"""Status records in a repository: what they say of times, and nothing that they don't."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from devops_analytics.config import read_settings, settings_from
from devops_analytics.config_tools import StatusRecordsSource
from devops_analytics.loading import load
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.source import Context
from devops_analytics.sources.status_records import STATUS_RECORDS
from devops_analytics.store import Store, quarantine, read_manifest, scan

RECORD = """---
title: {title}
date: 2026-05-01T10:00:00+02:00
resolved: {resolved}
resolvedWhen: {end}
severity: Disrupted
affected:
  - parcels
  - tracking
section: issue
---

Ada (ada@example.com) is looking into it.
"""


def record(title: str = "Slow", resolved: str = "true", end: str = "2026-05-01T11:30:00Z") -> str:
    return RECORD.format(title=title, resolved=resolved, end=end)


def loaded(path: Path, **entry: Any) -> Batch:
    source = StatusRecordsSource(kind="status_records", path=path.name, **entry)
    settings = settings_from({"teams": {"t": {"services": {"tracking": {}}}}})
    context = Context(settings=settings, label=path.name)
    (draft,) = STATUS_RECORDS.read(path, source, context)
    batch = conform(draft, entry=source, context=context)
    assert batch.n_read == batch.rows.height + batch.quarantined.height
    return batch


def write(folder: Path, text: str, name: str = "2026-05-01-slow.md") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_record_with_front_matter_is_an_incident(tmp_path: Path) -> None:
    (row,) = loaded(write(tmp_path, record())).rows.to_dicts()
    assert row["incident_id"] == "status_records:2026-05-01-slow"
    assert row["started_at"] == datetime(2026, 5, 1, 8, tzinfo=UTC)
    assert row["resolved_at"] == datetime(2026, 5, 1, 11, 30, tzinfo=UTC)
    assert (row["severity"], row["planned"]) == ("disrupted", False)
    # Of those affected the one that the settings know.
    assert row["service"] == "tracking"


@pytest.mark.parametrize(
    ("title", "planned"),
    [("Maintenance of the database", True), ("Scheduled restart", True), ("Down", False)],
)
def test_planned_work_is_told_by_its_title(tmp_path: Path, title: str, planned: bool) -> None:
    assert loaded(write(tmp_path, record(title))).rows["planned"].to_list() == [planned]


def test_what_the_record_itself_says_of_being_planned_counts_more(tmp_path: Path) -> None:
    text = record("Database").replace("section: issue", "informational: true")
    assert loaded(write(tmp_path, text)).rows["planned"].to_list() == [True]


def test_an_open_incident_has_no_end(tmp_path: Path) -> None:
    path = write(tmp_path, record(resolved="false"))
    assert loaded(path).rows["resolved_at"].to_list() == [None]


def test_resolved_without_a_time_is_neither_open_nor_closed(tmp_path: Path) -> None:
    batch = loaded(write(tmp_path, record(end="")))
    assert batch.rows.is_empty()
    assert batch.quarantined["reason"].to_list() == ["end_not_known"]


def test_times_without_offset_need_a_zone(tmp_path: Path) -> None:
    text = record().replace("2026-05-01T10:00:00+02:00", "2026-05-01 10:00:00")
    assert loaded(write(tmp_path, text)).quarantined["reason"].to_list() == ["time_without_zone"]
    rows = loaded(write(tmp_path, text), time_zone="Europe/Paris").rows
    assert rows["started_at"].to_list() == [datetime(2026, 5, 1, 8, tzinfo=UTC)]


def test_yaml_and_toml_say_the_same(tmp_path: Path) -> None:
    yaml = write(
        tmp_path,
        "- title: Slow\n  date: 2026-05-01T10:00:00Z\n  resolved: no\n"
        "- title: Slower\n  start: 2026-05-02T10:00:00Z\n  end: 2026-05-02T11:00:00Z\n"
        "- nothing\n",
        "incidents.yml",
    )
    batch = loaded(yaml)
    assert batch.rows["incident_id"].to_list() == [
        "status_records:incidents",
        "status_records:incidents:2",
    ]
    assert batch.quarantined["reason"].to_list() == ["not_read"]
    toml = '+++\ntitle = "Slow"\ndate = 2026-05-01T10:00:00Z\nresolved = false\n+++\ntext\n'
    rows = loaded(write(tmp_path, toml, "a.md")).rows
    assert rows["started_at"].to_list() == [datetime(2026, 5, 1, 10, tzinfo=UTC)]
    assert rows["resolved_at"].to_list() == [None]


@pytest.mark.parametrize(
    "text",
    ["no front matter", "---\ntitle: [\n---\n", "---\ntitle: x\n---\n", "+++\ntitle = \n+++\n", ""],
)
def test_what_is_no_record_is_kept_apart_with_the_reason(tmp_path: Path, text: str) -> None:
    batch = loaded(write(tmp_path, text))
    assert batch.quarantined["reason"].to_list() in (["not_read"], ["not_a_record"])


def test_people_are_not_kept(tmp_path: Path) -> None:
    batch = loaded(write(tmp_path, record()))
    assert "ada" not in repr(batch.rows.rows()).lower()


def test_it_is_recognised_by_its_fields(tmp_path: Path) -> None:
    assert STATUS_RECORDS.recognise(write(tmp_path, record())) is not None
    post = "---\ntitle: A blog post\ndate: 2026-05-01\n---\n"
    assert STATUS_RECORDS.recognise(write(tmp_path, post, "post.md")) is None
    assert STATUS_RECORDS.recognise(write(tmp_path, "name: build\non: push\n", "ci.yml")) is None


@pytest.mark.real
def test_records_and_their_table_give_the_same_incidents(
    shared_data: Path, repository_root: Path, tmp_path: Path
) -> None:
    declared = read_settings(repository_root / "tests" / "real" / "jenkins.toml")
    teams = declared.model_dump(mode="json", include={"teams"})
    folder = tmp_path / "status-issues"
    shutil.copytree(shared_data / "jenkins-infra" / "status-issues", folder)
    shutil.copy(shared_data / "jenkins-infra" / "incidents.csv", tmp_path)
    (table,) = (one for one in declared.sources if one.path.endswith("incidents.csv"))
    # The table calls an incident planned by these words of its title.
    words = "maintenance|update|upgrade|restart|migrat|removed|cleanup"
    sources = [
        {
            "kind": "status_records",
            "path": "status-issues",
            "time_zone": "UTC",
            "planned_titles": [words],
        },
        table.model_dump(mode="json") | {"path": "incidents.csv"},
    ]
    loaded_from = []
    for number, source in enumerate(sources):
        store = Store(tmp_path / f"store-{number}")
        report = load(settings_from({**teams, "sources": [source]}), base=tmp_path, store=store)
        assert report.problems == ()
        assert report.files["read"].sum() == report.files["loaded"].sum() == 297
        manifest = read_manifest(store)
        assert quarantine(store, manifest).is_empty()
        rows = scan(store, manifest, "incidents").collect()
        loaded_from.append(
            rows.with_columns(pl.col("incident_id").str.replace("^status_records:", "")).sort(
                "incident_id"
            )
        )
    records, written = loaded_from
    columns = ["incident_id", "severity", "started_at", "resolved_at", "planned"]
    assert records.select(columns).equals(written.select(columns))
    known = {service for team in declared.teams.values() for service in team.services}
    both = records.select("incident_id", "service").join(
        written.select("incident_id", table="service"), on="incident_id"
    )
    # Of several that the settings don't know, the table takes the first and the records none.
    differing = both.filter(pl.col("service").ne_missing(pl.col("table")))
    assert differing["service"].to_list() == [None] * differing.height
    assert not set(differing["table"]) & known
    backwards = records.filter(pl.col("resolved_at") < pl.col("started_at"))
    at_once = records.filter(pl.col("resolved_at") == pl.col("started_at"))
    assert (backwards.height, at_once.height) == (8, 2)


@pytest.mark.real
def test_real_records_without_a_zone_are_kept_apart(shared_data: Path, tmp_path: Path) -> None:
    source = {"kind": "status_records", "path": str(shared_data / "jenkins-infra/status-issues")}
    store = Store(tmp_path / "store")
    report = load(settings_from({"sources": [source]}), base=tmp_path, store=store)
    kept_apart = quarantine(store, read_manifest(store))
    # Ten say so of their beginning, one more only of its end.
    assert kept_apart["reason"].to_list() == ["time_without_zone"] * 11
    assert report.files["read"].sum() == 297
    assert report.files["loaded"].sum() == 297 - kept_apart.height
