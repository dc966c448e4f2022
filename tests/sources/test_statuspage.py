"""Statuspage: its API's JSON and its Atom feed say the same of one incident."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from devops_analytics.config import settings_from
from devops_analytics.config_tools import StatuspageSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.source import Context
from devops_analytics.sources.statuspage import STATUSPAGE


def update(status: str, time: str, **fields: Any) -> dict[str, Any]:
    return {"id": status, "status": status, "body": "Ada is on it", "created_at": time, **fields}


def incident(**fields: Any) -> dict[str, Any]:
    return {
        "id": "abc123",
        "name": "Parcels are slow",
        "status": "resolved",
        "impact": "major",
        "created_at": "2026-05-01T10:00:00.000Z",
        "updated_at": "2026-05-01T12:00:00.000Z",
        "resolved_at": "2026-05-01T12:00:00.000Z",
        "shortlink": "https://example.com/abc123",
        "incident_updates": [
            update("resolved", "2026-05-01T12:00:00.000Z"),
            update("monitoring", "2026-05-01T11:30:00.000Z"),
            update("investigating", "2026-05-01T10:00:00.000Z"),
        ],
        "components": [{"id": "c1", "name": "parcels"}],
        **fields,
    }


def loaded(path: Path, **entry: Any) -> Batch:
    source = StatuspageSource(kind="statuspage", path=path.name, **entry)
    context = Context(settings=settings_from({}), label=path.name)
    (draft,) = STATUSPAGE.read(path, source, context)
    batch = conform(draft, entry=source, context=context)
    assert batch.n_read == batch.rows.height + batch.quarantined.height + batch.n_duplicates
    return batch


def page(folder: Path, *incidents: dict[str, Any], key: str = "incidents") -> Path:
    path = folder / "page.json"
    path.write_text(json.dumps({"page": {"id": "p"}, key: list(incidents)}))
    return path


def test_an_incident_has_its_times(tmp_path: Path) -> None:
    (row,) = loaded(page(tmp_path, incident())).rows.to_dicts()
    assert row["incident_id"] == "statuspage:abc123"
    assert row["started_at"] == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert row["mitigated_at"] == datetime(2026, 5, 1, 11, 30, tzinfo=UTC)
    assert row["resolved_at"] == datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert (row["service"], row["severity"], row["planned"]) == ("parcels", "major", False)


def test_an_incident_that_came_back_was_not_mitigated_by_then(tmp_path: Path) -> None:
    updates = [
        update("investigating", "2026-05-01T10:00:00Z"),
        update("monitoring", "2026-05-01T10:30:00Z"),
        update("investigating", "2026-05-01T10:40:00Z"),
    ]
    path = page(
        tmp_path,
        incident(status="investigating", resolved_at=None, incident_updates=updates),
    )
    (row,) = loaded(path).rows.to_dicts()
    assert row["mitigated_at"] is None
    assert row["resolved_at"] is None


def test_a_maintenance_is_planned(tmp_path: Path) -> None:
    updates = [
        update("completed", "2026-05-01T12:00:00Z"),
        update("scheduled", "2026-04-20T10:00:00Z"),
    ]
    record = incident(
        status="completed",
        impact="maintenance",
        scheduled_for="2026-05-01T10:00:00Z",
        resolved_at=None,
        incident_updates=updates,
    )
    (row,) = loaded(page(tmp_path, record, key="scheduled_maintenances")).rows.to_dicts()
    assert row["planned"] is True
    assert row["started_at"] == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert row["resolved_at"] == datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "word",
    # https://developer.statuspage.io: status of an incident, of a scheduled maintenance.
    ["investigating", "identified", "monitoring", "resolved", "postmortem",
     "scheduled", "in_progress", "verifying", "completed"],
)  # fmt: skip
def test_documented_statuses_are_known(tmp_path: Path, word: str) -> None:
    record = incident(status=word, incident_updates=[update(word, "2026-05-01T10:00:00Z")])
    assert not any("is not known" in note for note in loaded(page(tmp_path, record)).notes)


def test_an_undocumented_status_is_counted(tmp_path: Path) -> None:
    record = incident(status="puzzling", resolved_at=None, incident_updates=[])
    batch = loaded(page(tmp_path, record))
    assert batch.notes == ("incidents: the status 'puzzling' is not known (1×)",)
    assert batch.rows["resolved_at"].to_list() == [None]


FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xml:lang="en-US" xmlns="http://www.w3.org/2005/Atom">
  <id>tag:status.example.com,2005:/history</id>
  <entry>
    <id>tag:status.example.com,2005:Incident/17</id>
    <published>2026-01-01T01:00:00Z</published>
    <updated>2026-01-01T01:00:00Z</updated>
    <title>Parcels are slow</title>
    <content type="html">{}</content>
  </entry>
</feed>
"""
CONTENT = (
    "&lt;p&gt;&lt;small&gt;{} &lt;var data-var='date'&gt;{}&lt;/var&gt;, "
    "&lt;var data-var='time'&gt;{}&lt;/var&gt; {}&lt;/small&gt;&lt;br&gt; "
    "&lt;strong&gt;{}&lt;/strong&gt; - Ada is on it&lt;/p&gt;"
)


def test_the_feed_over_new_year_has_the_right_years(tmp_path: Path) -> None:
    path = tmp_path / "history.atom"
    path.write_text(
        FEED.format(
            CONTENT.format("Jan", 1, "01:00", "UTC", "Resolved")
            + CONTENT.format("Dec", 31, "23:00", "UTC", "Investigating")
        )
    )
    (row,) = loaded(path).rows.to_dicts()
    assert row["started_at"] == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert row["resolved_at"] == datetime(2026, 1, 1, 1, tzinfo=UTC)


def test_a_feed_in_another_zone_is_kept_apart(tmp_path: Path) -> None:
    path = tmp_path / "history.atom"
    path.write_text(FEED.format(CONTENT.format("Jan", 1, "01:00", "PST", "Resolved")))
    # With nothing else in it, the whole file is of no use.
    with pytest.raises(ExportError, match="not_in_utc"):
        loaded(path)


def test_a_feed_with_entities_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.atom"
    text = FEED.format("&x;").replace("<feed", '<!DOCTYPE feed [<!ENTITY x "y">]><feed')
    path.write_text(text)
    with pytest.raises(ExportError):
        loaded(path)


def test_it_is_recognised_and_others_are_not(tmp_path: Path) -> None:
    assert STATUSPAGE.recognise(page(tmp_path, incident())) is not None
    other = tmp_path / "other.json"
    other.write_text(json.dumps([{"id": 1, "status": "resolved", "created_at": "2026-05-01"}]))
    assert STATUSPAGE.recognise(other) is None


@pytest.mark.real
def test_lines_and_feed_of_a_public_page_agree(shared_data: Path) -> None:
    folder = shared_data / "incidents-github"
    lines = loaded(folder / "incidents.jsonl", service="github")
    feed = loaded(folder / "github-status-history.atom", service="github")
    # Every record and every entry is loaded: none is kept apart.
    assert (lines.n_read, lines.rows.height) == (819, 819)
    assert feed.quarantined.is_empty()
    columns = ["started_at", "resolved_at", "mitigated_at"]
    both = lines.rows.join(feed.rows, on="incident_id", suffix="_feed")
    assert both.height == feed.rows.height > 0
    for name in columns:
        differing = both.filter(pl.col(name).ne_missing(pl.col(f"{name}_feed")))
        assert differing.is_empty(), (name, differing.height)
