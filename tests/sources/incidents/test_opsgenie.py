"""Opsgenie: alerts and incidents, dated as far as its exports tell, and no word of the people."""

import json
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.opsgenie import OPSGENIE


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, second, tzinfo=UTC)


def alert(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Make an alert as GET /v2/alerts has it."""
    return {
        "id": f"70413a06-{number}",
        "tinyId": f"{number}",
        "alias": "event_573",
        "message": "Ada's basket is slow",
        "status": "closed",
        "acknowledged": True,
        "isSeen": True,
        "tags": ["OverwriteQuietHours"],
        "snoozed": False,
        "count": 1,
        "lastOccurredAt": "2026-03-02T09:00:00Z",
        "createdAt": "2026-03-02T09:00:00Z",
        "updatedAt": "2026-03-02T11:00:00.5Z",
        "source": "ada@example.com",
        "owner": "ada@example.com",
        "priority": "P2",
        "responders": [{"type": "user", "id": "ada"}],
        "integration": {"id": "4513b7ea", "name": "Nagios", "type": "Nagios"},
        "report": {
            "ackTime": 90_000,
            "closeTime": 3_600_000,
            "acknowledgedBy": "ada@example.com",
            "closedBy": "Alert API",
        },
        **fields,
    }


def incident(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Make an incident as GET /v1/incidents has it."""
    return {
        "id": f"3a74524a-{number}",
        "description": "Ada broke the basket",
        "impactedServices": ["Shop API"],
        "tinyId": f"{number}",
        "message": "Ada broke the basket",
        "status": "resolved",
        "tags": [],
        "createdAt": "2026-03-02T09:10:00.346Z",
        "updatedAt": "2026-03-02T11:00:00Z",
        "priority": "P1",
        "ownerTeam": "",
        "responders": [{"type": "user", "id": "ada"}],
        "extraProperties": {},
        "links": {"web": "https://acme.app.opsgenie.com/incident/detail/3a", "api": "x"},
        "impactStartDate": "2026-03-02T09:00:00Z",
        "impactEndDate": "2026-03-02T10:30:00Z",
        "actions": [],
        **fields,
    }


def row(batches: dict[str, Any], table: str) -> dict[str, Any]:
    assert batches[table].quarantined.rows() == []
    return batches[table].rows.row(0, named=True)


def test_an_alert_becomes_a_row(load):
    # acknowledged after 90 s, closed after an hour
    found = row(load(OPSGENIE, {"data": [alert()], "paging": {}, "took": 0.1}), "alerts")
    assert found["alert_id"] == "opsgenie:70413a06-1"
    assert (found["severity"], found["service"], found["name"]) == ("p2", None, None)
    assert (found["started_at"], found["acknowledged_at"]) == (at(9), at(9, 1, 30))
    assert (found["ended_at"], found["actionable"]) == (at(10), None)
    assert found["updated_at"] == at(11).replace(microsecond=500_000)


def test_an_open_alert_has_not_ended_and_one_without_a_report_is_not_acknowledged(load):
    found = row(load(OPSGENIE, [alert(status="open")]), "alerts")
    assert (found["ended_at"], found["acknowledged_at"]) == (None, at(9, 1, 30))
    found = row(load(OPSGENIE, [alert(status="open", report=None)]), "alerts")
    assert (found["ended_at"], found["acknowledged_at"]) == (None, None)


def test_a_closed_alert_without_a_time_of_closing_ends_at_its_last_change_and_it_is_said(load):
    batch = load(OPSGENIE, [alert(1, report=None), alert(2, report={"ackTime": 5})])["alerts"]
    assert batch.rows["ended_at"].to_list() == [at(11).replace(microsecond=500_000)] * 2
    said = "an alert is closed without a time of closing; taken as ended when it was last changed"
    assert batch.notes == (f"{said} (2×)",)


@pytest.mark.parametrize(
    ("fields", "service"),
    [
        ({"details": {"service": "Shop API"}, "entity": "db"}, "shop"),
        ({"extraProperties": {"service": "Shop API"}}, "shop"),
        ({"entity": "basket"}, "basket"),
    ],
)
def test_an_alert_is_of_the_service_that_it_names(load, fields, service):
    assert row(load(OPSGENIE, [alert(**fields)]), "alerts")["service"] == service


def test_an_entrys_service_counts_where_the_record_names_none_that_is_known(load):
    batches = load(OPSGENIE, [alert(1), alert(2, entity="db")], service="shop")
    assert batches["alerts"].rows["service"].to_list() == ["shop", "shop"]


def test_alerts_of_jira_service_management_are_the_same(load):
    # as the operations API lists them: /jsm/ops/api/…/v1/alerts
    one = {
        "id": "0a6a-1",
        "tinyId": "9",
        "message": "m",
        "status": "open",
        "acknowledged": False,
        "seen": False,
        "createdAt": "2026-03-02T09:00:00Z",
        "updatedAt": "2026-03-02T09:00:01Z",
        "priority": "P4",
        "integrationName": "Prometheus",
        "extraProperties": {"alertname": "HighLatency", "service": "Shop API"},
    }
    found = row(load(OPSGENIE, {"values": [one], "count": 1, "links": {"next": "x"}}), "alerts")
    assert (found["service"], found["name"], found["severity"]) == ("shop", "HighLatency", "p4")
    assert (found["started_at"], found["ended_at"]) == (at(9), None)


def test_an_incident_becomes_a_row(load):
    found = row(load(OPSGENIE, {"data": [incident()], "paging": {}}), "incidents")
    assert (found["incident_id"], found["service"]) == ("opsgenie:3a74524a-1", "shop")
    assert found["severity"] == "P1"
    assert (found["started_at"], found["mitigated_at"]) == (at(9), at(10, 30))
    assert found["created_at"] == at(9, 10).replace(microsecond=346_000)
    assert (found["resolved_at"], found["acknowledged_at"]) == (at(10, 30), None)
    assert found["updated_at"] == at(11)


def test_an_incident_of_several_services_is_of_the_one_that_the_settings_know(load):
    several = [incident(1, impactedServices=["x", "shop"]), incident(2, impactedServices=["x"])]
    several.append(incident(3, impactedServices=["x", "y"]))
    batch = load(OPSGENIE, several)["incidents"]
    assert batch.rows["service"].to_list() == ["shop", "x", None]


# docs.opsgenie.com, "Alert API" and "Incident API", field status
@pytest.mark.parametrize("status", ["open", "closed"])
def test_every_documented_status_of_an_alert_is_known(load, status):
    assert OPSGENIE.words["alert status"][status] == status
    found = row(load(OPSGENIE, [alert(status=status)]), "alerts")
    assert (found["ended_at"] is None) == (status == "open")


@pytest.mark.parametrize(("status", "is_open"), [("open", 1), ("resolved", 0), ("closed", 0)])
def test_every_documented_status_of_an_incident_is_known(load, status, is_open):
    assert OPSGENIE.words["incident status"][status] == ("open" if is_open else "closed")
    found = row(load(OPSGENIE, [incident(status=status, impactEndDate=None)]), "incidents")
    assert found["resolved_at"] == (None if is_open else at(11))


def test_an_undocumented_status_is_quarantined(load):
    batches = load(OPSGENIE, [alert(status="asleep"), incident(), incident(2, status=None)])
    for table, found in (("alerts", "'asleep'"), ("incidents", "None")):
        quarantined = batches[table].quarantined.row(0, named=True)
        assert quarantined["reason"] == "unknown_status"
        assert f"found {found}; allowed: open, " in quarantined["message"]


def test_a_record_in_two_versions_is_kept_as_it_was_last(load):
    old = incident(status="open", impactEndDate=None, updatedAt="2026-03-02T09:30:00Z")
    batch = load(OPSGENIE, [incident(), old])["incidents"]
    assert (batch.n_duplicates, batch.rows["resolved_at"].to_list()) == (1, [at(10, 30)])


def test_people_and_messages_stay_in_the_export(load):
    text = "\n".join(
        json.dumps(one)
        for one in [alert(), incident(), alert(2, status="odd"), alert(3, priority=1), {"a": "Ada"}]
    )
    for batch in load(OPSGENIE, text + "\n{'Ada").values():
        shown = str([batch.rows.rows(), batch.quarantined.rows(), batch.notes]).lower()
        assert "ada" not in shown
        assert "basket" not in shown


@pytest.mark.parametrize("one", [alert(), incident()])
def test_its_records_are_recognised(tmp_path, one):
    path = tmp_path / "x.txt"
    path.write_text(json.dumps({"data": [one]}))
    found = OPSGENIE.recognise(path)
    assert found is not None
    assert (found.kind, found.confidence, found.suggestion) == ("opsgenie", 0.9, {})


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "<x>", '{"data": [{"id": 1}]}', "[]"])
def test_other_files_are_not_recognised(tmp_path, content):
    path = tmp_path / "x.json"
    path.write_text(content)
    assert OPSGENIE.recognise(path) is None


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.sampled_from(sorted(alert() | incident())),
    value=st.none() | st.integers() | st.text(max_size=8) | st.just({}) | st.just(["x", 1]),
    cut=st.integers(0, 1800),
)
def test_whatever_a_record_holds_nothing_is_lost(load, key, value, cut):
    text = "\n".join(json.dumps(one | {key: value}) for one in (alert(), incident()))
    for content in (text, text[:cut]):
        try:
            batches = load(OPSGENIE, content)
        except ExportError:
            continue
        # conservation itself is checked as each batch is made
        assert sum(batch.n_read for batch in batches.values()) <= 3


@pytest.mark.real
def test_real_exports_load(shared_data, judge):
    folder = shared_data / "api-payloads" / "opsgenie"
    batch = judge(OPSGENIE, folder / "incidents.ndjson")["incidents"]
    assert (batch.n_read, batch.rows.height, batch.n_duplicates) == (2, 2, 0)
    assert batch.quarantined.height == 0
    first, second = batch.rows.sort("started_at", descending=True).rows(named=True)
    assert (first["severity"], first["resolved_at"]) == ("P3", None)
    end = datetime(2023, 9, 5, 18, 21, 21, 490_000, tzinfo=UTC)
    assert (second["severity"], second["resolved_at"], second["mitigated_at"]) == ("P5", end, end)
    # teams: nothing is computed from them
    batch = judge(OPSGENIE, folder / "teams.ndjson")["incidents"]
    assert (batch.n_read, batch.rows.height) == (2, 0)
    assert batch.quarantined["reason"].to_list() == ["not_needed"] * 2
    found = OPSGENIE.recognise(folder / "teams.ndjson")
    assert found is not None
    assert found.confidence < 0.5


@pytest.mark.real
def test_real_exports_of_other_tools_are_not_recognised(shared_data):
    for path in sorted((shared_data / "api-payloads").rglob("*.ndjson")):
        assert (OPSGENIE.recognise(path) is not None) == (path.parent.name == "opsgenie"), path


def test_an_alert_that_is_dated_out_of_the_calendar_is_no_traceback(load):
    odd = alert(report={"ackTime": 1e300, "closeTime": -1e300})
    batch = load(OPSGENIE, [odd])["alerts"]
    assert batch.rows.select(pl.col("acknowledged_at")).item() is None
