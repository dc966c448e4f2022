"""Prometheus Alertmanager: when an alert fired and when it ended, over all messages of it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.alertmanager import ALERTMANAGER

NEVER = "0001-01-01T00:00:00Z"


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def sent(status: str = "resolved", **fields: Any) -> dict[str, Any]:
    """Make an alert as a webhook sends it."""
    return {
        "status": status,
        "labels": {
            "alertname": "HighLatency",
            "severity": "Critical",
            "service": "Shop API",
            "owner": "ada",
        },
        "annotations": {"summary": "Ada's basket is slow"},
        "startsAt": "2026-03-02T09:00:00Z",
        "endsAt": "2026-03-02T09:30:00Z" if status == "resolved" else NEVER,
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": "e2f3a4b5c6d7e8f9",
        **fields,
    }


def group(*alerts: dict[str, Any]) -> dict[str, Any]:
    """Make a webhook message, which tells of all alerts of a group."""
    return {
        "receiver": "ada",
        "status": "firing",
        "alerts": list(alerts),
        "groupLabels": {"alertname": "HighLatency"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example",
        "version": "4",
        "groupKey": '{}:{alertname="HighLatency"}',
        "truncatedAlerts": 0,
    }


def listed(**fields: Any) -> dict[str, Any]:
    """Make an alert as GET /api/v2/alerts has it."""
    state = {"state": "active", "silencedBy": [], "inhibitedBy": []}
    return sent("firing") | {
        "endsAt": "2026-03-02T09:19:00.000Z",
        "updatedAt": "2026-03-02T09:15:00.000Z",
        "startsAt": "2026-03-02T09:00:00.000Z",
        "receivers": [{"name": "ada"}],
        "status": state,
        **fields,
    }


def row(batches: dict[str, Any]) -> dict[str, Any]:
    assert batches["alerts"].quarantined.rows() == []
    return batches["alerts"].rows.row(0, named=True)


def test_an_alert_becomes_a_row(load):
    found = row(load(ALERTMANAGER, group(sent())))
    assert found["alert_id"] == "alertmanager:e2f3a4b5c6d7e8f9:2026-03-02T09:00:00+00:00"
    assert (found["service"], found["name"]) == ("shop", "HighLatency")
    assert (found["severity"], found["acknowledged_at"]) == ("critical", None)
    assert (found["started_at"], found["ended_at"], found["updated_at"]) == (
        at(9),
        at(9, 30),
        at(9, 30),
    )


def test_an_alert_that_fires_has_not_ended(load):
    assert row(load(ALERTMANAGER, group(sent("firing"))))["ended_at"] is None
    # of an alert of the API the end is when it is given up if nobody tells of it again
    assert row(load(ALERTMANAGER, [listed()]))["ended_at"] is None


def test_an_alert_of_the_api_whose_end_is_past_has_ended(load):
    ended = listed(endsAt="2026-03-02T09:14:00Z")
    assert row(load(ALERTMANAGER, [ended]))["ended_at"] == at(9, 14)


def test_the_first_version_of_the_api_is_read_too(load):
    old = listed(receivers=["ada"])
    del old["updatedAt"]
    found = row(load(ALERTMANAGER, {"status": "success", "data": [old]}))
    assert (found["started_at"], found["ended_at"]) == (at(9), None)


def test_of_all_messages_of_an_alert_the_one_that_ends_it_stays(load):
    # a log with one message on each line: repeated, ended, and fired again at 11:00
    again = sent("firing", startsAt="2026-03-02T11:00:00Z")
    lines = [group(sent("firing")), group(sent(), again), group(sent("firing")), group(again)]
    text = "\n".join(map(json.dumps, [*lines, listed()]))
    batch = load(ALERTMANAGER, text)["alerts"]
    assert (batch.n_read, batch.n_duplicates) == (6, 4)
    found = batch.rows.sort("started_at").select("started_at", "ended_at").rows()
    assert found == [(at(9), at(9, 30)), (at(11), None)]


def test_fractions_beyond_a_microsecond_make_no_other_alert(load):
    told = [sent("firing", startsAt="2026-03-02T10:00:00.123456789+01:00")]
    told.append(sent(startsAt="2026-03-02T09:00:00.123456Z"))
    batch = load(ALERTMANAGER, [group(*told)])["alerts"]
    assert (batch.rows.height, batch.n_duplicates) == (1, 1)
    assert batch.rows["ended_at"].to_list() == [at(9, 30)]


@pytest.mark.parametrize(
    ("labels", "service"),
    [({}, "pay"), ({"app": "basket"}, "pay"), ({"app": "shop"}, "shop")],
)
def test_an_entrys_service_counts_where_no_label_names_one_that_is_known(load, labels, service):
    found = row(load(ALERTMANAGER, [sent(labels=labels)], service="pay"))
    assert (found["service"], found["name"], found["severity"]) == (service, None, None)


# prometheus.io, "Configuration: webhook_config" and the API's own description (openapi.yaml)
@pytest.mark.parametrize("status", ["firing", "resolved"])
def test_every_documented_status_of_a_webhook_is_known(load, status):
    assert ALERTMANAGER.words["alert status"][status] == status
    found = row(load(ALERTMANAGER, [sent(status)]))
    assert (found["ended_at"] is None) == (status == "firing")


@pytest.mark.parametrize("state", ["active", "suppressed", "unprocessed"])
def test_every_documented_state_of_the_api_is_known(load, state):
    assert ALERTMANAGER.words["alert status"][state] == "firing"
    found = row(load(ALERTMANAGER, [listed(status={"state": state})]))
    assert found["ended_at"] is None


def test_what_tells_too_little_is_quarantined(load):
    told = [
        sent(),
        sent("asleep"),
        sent(fingerprint=None),
        sent(startsAt="soon", fingerprint="b"),
        {"a": 1},
    ]
    batch = load(ALERTMANAGER, told)["alerts"]
    assert dict(batch.quarantined.select("record", "reason").rows()) == {
        2: "unknown_status",
        3: "without_fingerprint",
        4: "not_a_time",
        5: "unknown_record",
    }


def test_people_and_messages_stay_in_the_export(load):
    told = [sent(), sent("odd"), sent(fingerprint=""), sent(startsAt="x"), sent(startsAt=3)]
    for content in (group(*told), "\n".join(map(json.dumps, told)) + "\n{'Ada"):
        batch = load(ALERTMANAGER, content)["alerts"]
        assert batch.quarantined.height >= 4
        shown = str([batch.rows.rows(), batch.quarantined.rows(), batch.notes]).lower()
        assert "ada" not in shown
        assert "basket" not in shown


def test_its_exports_are_recognised(tmp_path):
    path = tmp_path / "x.log"
    for content in (group(sent()), [listed()], {"status": "success", "data": [listed()]}):
        path.write_text(json.dumps(content))
        found = ALERTMANAGER.recognise(path)
        assert found is not None
        assert (found.kind, found.confidence) == ("alertmanager", 0.95)


@pytest.mark.parametrize(
    "content", ["", "a,b\n1,2\n", "<x>", '{"alerts": [{"number": 1, "state": "open"}]}', "é\x00"]
)
def test_other_files_are_not_recognised(tmp_path, content):
    path = tmp_path / "x"
    path.write_text(content)
    assert ALERTMANAGER.recognise(path) is None


@pytest.mark.real
def test_real_exports_of_other_tools_are_not_recognised(shared_data):
    for path in sorted(shared_data.rglob("*")):
        if path.suffix in {".ndjson", ".csv", ".json"}:
            assert ALERTMANAGER.recognise(path) is None, path


VALUES = st.none() | st.integers() | st.text(max_size=8) | st.just({}) | st.just(["x", 1])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(sorted(listed())), value=VALUES, cut=st.integers(0))
def test_whatever_an_alert_holds_nothing_is_lost(load, key, value, cut):
    told = [group(sent() | {key: value}, sent("firing")), listed() | {key: value}]
    text = "\n".join(map(json.dumps, told))
    for content in (text, text[: cut % len(text)]):
        try:
            batches = load(ALERTMANAGER, content)
        except ExportError:
            continue
        # conservation itself is checked as each batch is made
        assert sum(batch.n_read for batch in batches.values()) <= 4
