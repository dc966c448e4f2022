"""PagerDuty's log entries, exported apart from the incidents that they complete; other lists."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.config import settings_from
from devops_analytics.config_tools import PagerdutySource
from devops_analytics.errors import ExportError
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.pagerduty import PAGERDUTY
from devops_analytics.sources.source import Context


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def incident(number: int = 1, /, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"PT{number}",
        "incident_number": number,
        "type": "incident",
        "title": "Ada broke the basket",
        "created_at": "2026-03-02T09:00:00Z",
        "updated_at": "2026-03-02T11:00:00Z",
        "status": "resolved",
        "resolved_at": None,
        "last_status_change_at": "2026-03-02T10:45:00Z",
        "service": {"id": "PS", "summary": "shop"},
        "urgency": "high",
        "acknowledgements": [],
        "teams": [{"id": "T", "type": "team_reference", "summary": "Ada's team"}],
        **fields,
    }


def entry(kind: str, time: str, of: str = "PT1", /, **fields: Any) -> dict[str, Any]:
    """Make a log entry as GET /log_entries has it."""
    return {
        "id": f"R{kind}{time}",
        "type": f"{kind}_log_entry",
        "summary": f"{kind} by Ada Lovelace",
        "self": f"https://api.pagerduty.example/log_entries/R{kind}",
        "created_at": f"2026-03-02T{time}:00Z",
        "agent": {"id": "PADA", "type": "user_reference", "summary": "Ada Lovelace"},
        "channel": {"type": "website"},
        "incident": {"id": of, "type": "incident_reference", "summary": "Ada broke the basket"},
        "service": {"id": "PS", "summary": "shop"},
        "teams": [],
        **fields,
    }


@pytest.fixture
def load(tmp_path):
    """Save files, read them as one entry, judge the drafts, check that nothing is lost."""

    def loaded(**files: Any) -> dict[str, Batch]:
        paths = []
        for name, content in files.items():
            path = tmp_path / name
            text = content if isinstance(content, str) else json.dumps(content)
            path.write_text(text, encoding="utf-8")
            paths.append(path)
        source = PagerdutySource(kind="pagerduty", path="exports")
        labels = {path: f"exports/{path.name}" for path in paths}
        context = Context(settings=settings_from({}), label=labels[paths[0]], labels=labels)
        batches = {}
        assert PAGERDUTY.read_many is not None
        for path, draft in PAGERDUTY.read_many(paths, source, context):
            batch = conform(draft, entry=source, context=context)
            accounted = batch.rows.height + batch.n_absorbed + batch.n_duplicates
            assert batch.n_read == accounted + batch.quarantined.height
            batches[path.name] = batch
        return batches

    return loaded


def test_log_entries_of_another_file_complete_an_incident(load):
    # triggered by a program, taken at 9:07 and again at 9:40, resolved at 10:30
    log = [
        entry("resolve", "10:30"),
        entry("acknowledge", "09:40"),
        entry("acknowledge", "09:07"),
        entry("trigger", "09:00", channel={"type": "api"}),
    ]
    batches = load(log={"log_entries": log, "more": False}, incidents={"incidents": [incident()]})
    found = batches["incidents"].rows.row(0, named=True)
    assert (found["acknowledged_at"], found["resolved_at"]) == (at(9, 7), at(10, 30))
    assert found["detected_by"] == "monitoring"
    assert (batches["log"].n_read, batches["log"].n_absorbed) == (4, 4)
    assert batches["log"].rows.height == 0


def test_without_the_log_the_last_change_of_status_is_the_resolution(load):
    found = load(incidents=[incident()])["incidents"].rows.row(0, named=True)
    assert (found["acknowledged_at"], found["resolved_at"]) == (None, at(10, 45))


def test_a_resolution_in_the_log_does_not_close_an_incident_that_is_open_again(load):
    log = [entry("resolve", "10:30")]
    found = load(one=[incident(status="triggered"), *log])["one"].rows.row(0, named=True)
    assert found["resolved_at"] is None


def test_analytics_are_completed_too(load):
    analysed = {
        "id": "PT1",
        "created_at": "2026-03-02T09:00:00Z",
        "resolved_at": "2026-03-02T10:00:00Z",
        "seconds_to_first_ack": None,
        "seconds_to_resolve": 3600,
        "service_name": "shop",
    }
    log = [entry("acknowledge", "09:07"), entry("trigger", "09:00")]
    found = load(a={"data": [analysed]}, log=log)["a"].rows.row(0, named=True)
    assert (found["acknowledged_at"], found["detected_by"]) == (at(9, 7), "person")
    assert found["resolved_at"] == at(10)


def test_log_entries_that_complete_nothing_are_explained(load):
    log = [
        entry("acknowledge", "09:07", "PT9"),
        entry("notify", "09:01"),
        entry("acknowledge", "09:07", incident={}),
        entry("acknowledge", "09:07"),
    ]
    batch = load(log=log, incidents=[incident()])["log"]
    assert batch.n_absorbed == 1
    assert dict(batch.quarantined.select("record", "reason").rows()) == {
        1: "without_incident",
        2: "not_needed",
        3: "unexpected_type",
    }
    assert "incident PT9, which is in no file" in batch.quarantined["message"][0]


def test_lists_that_nothing_is_computed_from_are_explained(load):
    deploy = {
        "id": "01BBYA",
        "type": "change_event",
        "summary": "Ada deployed",
        "timestamp": "2026-03-02T09:00:00Z",
        "services": [{"id": "PS", "type": "service_reference"}],
        "integration": {"id": "PI"},
    }
    service = {"id": "PS", "type": "service", "name": "shop", "self": "https://x", "teams": []}
    team = {"id": "T", "type": "team", "name": "Ada's team", "self": "https://x"}
    batches = load(
        changes={"change_events": [deploy]}, services={"services": [service]}, teams=[team]
    )
    for name, said in (
        ("changes", "load deployments from the tool that makes them"),
        ("services", "incidents name theirs"),
        ("teams", "declared in the settings"),
    ):
        batch = batches[name]
        assert (batch.n_read, batch.quarantined["reason"].to_list()) == (1, ["not_needed"])
        assert said in batch.quarantined["message"][0]


# developer.pagerduty.com, "List incidents", field status
@pytest.mark.parametrize(
    ("status", "phase"),
    [("triggered", "open"), ("acknowledged", "open"), ("resolved", "resolved")],
)
def test_every_documented_status_is_known(load, status, phase):
    assert PAGERDUTY.words["incident status"][status] == phase
    batch = load(x=[incident(status=status)])["x"]
    assert batch.rows["resolved_at"].is_null().to_list() == [phase == "open"]


def test_people_stay_in_the_export(load):
    log = [entry("acknowledge", "09:07"), entry("notify", "09:01"), entry("resolve", "x", "PT9")]
    for batch in load(log=log, incidents=[incident(), incident(2, status="odd")]).values():
        shown = str([batch.rows.rows(), batch.quarantined.rows(), batch.notes]).lower()
        assert "ada" not in shown
        assert "basket" not in shown


def test_log_entries_alone_are_recognised_less_surely(tmp_path):
    path = tmp_path / "log.json"
    path.write_text(json.dumps({"log_entries": [entry("resolve", "10:30")]}))
    found = PAGERDUTY.recognise(path)
    assert found is not None
    assert found.confidence == 0.6
    assert "keep both in one folder" in found.reason
    path.write_text('{"teams": [{"id": "T", "type": "team", "self": "https://x", "name": "web"}]}')
    found = PAGERDUTY.recognise(path)
    assert found is not None
    assert found.confidence < 0.5
    path.write_text(json.dumps([incident(), entry("resolve", "10:30"), entry("notify", "10:30")]))
    found = PAGERDUTY.recognise(path)
    assert found is not None
    assert found.confidence == 0.95


VALUES = st.none() | st.integers() | st.text(max_size=8) | st.just({}) | st.just(["x", 1])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(sorted(incident() | entry("x", "y"))), value=VALUES, cut=st.integers(0))
def test_whatever_a_record_holds_nothing_is_lost(load, key, value, cut):
    log = "\n".join(
        json.dumps(one | {key: value})
        for one in (entry("resolve", "10:30"), entry("acknowledge", "09:07"))
    )
    told = [incident() | {key: value}, incident(2)]
    try:
        batches = load(log=log[: cut % len(log) + 1], incidents=told)
    except ExportError:
        return
    # conservation itself is checked as each batch is made
    assert batches["incidents"].n_read == 2


@pytest.mark.real
def test_real_incidents_are_what_their_own_log_says(shared_data):
    path: Path = shared_data / "api-payloads" / "pagerduty" / "incidents.ndjson"
    source = PagerdutySource(kind="pagerduty", path="exports")
    context = Context(settings=settings_from({}), label="incidents.ndjson")
    (draft,) = PAGERDUTY.read(path, source, context)
    batch = conform(draft, entry=source, context=context)
    # 3 incidents; nothing quarantined, nothing twice, the log lies within them
    assert (batch.n_read, batch.rows.height, batch.n_absorbed) == (3, 3, 0)
    assert (batch.quarantined.height, batch.n_duplicates) == (0, 0)
