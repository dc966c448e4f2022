"""Incidents of PagerDuty: their times, who noticed, and no word of the people."""

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

SETTINGS = settings_from(
    {"teams": {"web": {"services": {"shop": {"repositories": ["shop"], "aliases": ["Shop API"]}}}}}
)
CONTEXT = Context(settings=SETTINGS, label="exports/p")
HEADER = (
    "id,incident_number,description,service_id,service_name,created_at,resolved_at,"
    "seconds_to_first_ack,seconds_to_resolve,urgency,priority_name,assigned_to_user_names,status"
)


@pytest.fixture
def load(tmp_path):
    """Save content as a file, read it, judge the draft, check that nothing is lost."""

    def loaded(content: Any, **entry: Any) -> Batch:
        path = tmp_path / "p"
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")
        return judged(path, **entry)

    return loaded


def judged(path: Path, **entry: Any) -> Batch:
    source = PagerdutySource(kind="pagerduty", path="exports", **entry)
    (draft,) = PAGERDUTY.read(path, source, CONTEXT)
    batch = conform(draft, entry=source, context=CONTEXT)
    accounted = batch.rows.height + batch.n_duplicates + batch.quarantined.height
    assert batch.n_read == accounted
    return batch


def only(batch: Batch) -> dict[str, Any]:
    assert batch.quarantined.rows() == []
    return batch.rows.row(0, named=True)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def incident(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"PT{number}",
        "incident_number": number,
        "title": "Ada broke the basket",
        "created_at": "2026-03-02T09:00:00Z",
        "updated_at": "2026-03-02T11:00:00Z",
        "status": "resolved",
        "resolved_at": "2026-03-02T10:30:00Z",
        "last_status_change_at": "2026-03-02T10:30:00Z",
        "service": {"id": "PS", "summary": "Shop API"},
        "urgency": "high",
        "assignments": [{"assignee": {"summary": "Ada Lovelace"}}],
        **fields,
    }


def entry(kind: str, minute: int, **fields: Any) -> dict[str, Any]:
    return {
        "type": f"{kind}_log_entry",
        "created_at": f"2026-03-02T09:{minute:02}:00Z",
        "agent": {"type": "user_reference", "summary": "Ada Lovelace"},
        **fields,
    }


def test_an_incident_becomes_a_row(load):
    row = only(load({"incidents": [incident()], "limit": 25, "more": False}))
    assert row["incident_id"] == "pagerduty:PT1"
    assert (row["service"], row["severity"]) == ("shop", "high")
    assert (row["started_at"], row["created_at"], row["resolved_at"]) == (at(9), at(9), at(10, 30))
    assert (row["acknowledged_at"], row["detected_by"]) == (None, None)
    assert (row["updated_at"], row["source_ref"]) == (at(11), "exports/p:1")


@pytest.mark.parametrize(
    "wrap", [lambda one: [one], lambda one: {"incident": one}, lambda one: one]
)
def test_arrays_and_single_answers_are_read_too(load, wrap):
    assert load(wrap(incident())).rows.height == 1


def test_the_priority_comes_before_the_urgency(load):
    assert only(load([incident(priority={"id": "P", "summary": "P1"})]))["severity"] == "P1"
    assert only(load([incident(priority={"name": "P2"})]))["severity"] == "P2"


def test_an_open_incident_is_not_resolved(load):
    still = incident(status="acknowledged", resolved_at=None)
    assert only(load([still]))["resolved_at"] is None


def test_without_a_resolve_time_the_last_change_of_status_is_it(load):
    row = only(load([incident(resolved_at=None)]))
    assert row["resolved_at"] == at(10, 30)


def test_the_first_acknowledgement_counts_wherever_it_is_told(load):
    # the list has 9:20 and 9:15, the log 9:07 and 9:40: the first is 9:07
    told = incident(
        acknowledgements=[{"at": "2026-03-02T09:20:00Z"}, {"at": "2026-03-02T09:15:00Z"}],
        log_entries=[entry("acknowledge", 40), entry("acknowledge", 7), entry("notify", 1)],
    )
    assert only(load([told]))["acknowledged_at"] == at(9, 7)
    del told["log_entries"]
    assert only(load([told]))["acknowledged_at"] == at(9, 15)


@pytest.mark.parametrize(
    ("fields", "detected_by"),
    [
        ({"channel": {"type": "api"}}, "monitoring"),
        ({"channel": {"type": "nagios"}}, "monitoring"),
        ({"channel": {"type": "website"}}, "person"),
        ({"channel": {"type": "web_trigger"}}, "person"),
        ({"channel": {"type": "email"}, "agent": {"type": "service_reference"}}, "monitoring"),
        ({"channel": {"type": "email"}, "agent": {"type": "user_reference"}}, "person"),
        ({"channel": None, "agent": {"type": "integration_reference"}}, "monitoring"),
        ({"agent": None, "summary": "Triggered through the website."}, "person"),
        ({"agent": None, "summary": "Triggered through the API."}, "monitoring"),
        ({"agent": None, "summary": "Triggered."}, None),
        ({"channel": {"type": "email"}, "agent": None}, None),
    ],
)
def test_the_first_trigger_tells_who_noticed(load, fields, detected_by):
    first = entry("trigger", 0, **fields)
    assert only(load([incident(first_trigger_log_entry=first)]))["detected_by"] == detected_by
    later = entry("trigger", 30, channel={"type": "api"})
    row = only(load([incident(log_entries=[later, first], first_trigger_log_entry=later)]))
    assert row["detected_by"] == detected_by


def test_an_unknown_status_is_quarantined(load):
    batch = load([incident(1), incident(2, status="snoozed")])
    quarantined = batch.quarantined.row(0, named=True)
    assert (quarantined["record"], quarantined["reason"]) == (2, "unknown_status")
    assert "triggered, acknowledged, resolved" in quarantined["message"]
    assert batch.rows.height == 1


def test_what_is_no_incident_is_quarantined_among_incidents(load):
    text = "\n".join(map(json.dumps, [incident(), {"id": "x"}, incident(2, id=7)])) + "\n{bad\n"
    batch = load(text)
    assert batch.quarantined["reason"].to_list() == [
        "unknown_record",
        "unexpected_type",
        "not_json",
    ]
    assert batch.quarantined["record"].to_list() == [2, 3, 4]


def test_a_record_in_two_versions_is_kept_as_it_was_last(load):
    old = incident(status="triggered", resolved_at=None, updated_at="2026-03-02T09:01:00Z")
    batch = load([incident(), old])
    assert (batch.n_duplicates, batch.rows["resolved_at"].to_list()) == (1, [at(10, 30)])


def test_people_titles_and_descriptions_stay_in_the_export(load):
    said = incident(log_entries=[entry("trigger", 0, summary="Triggered by Ada Lovelace.")])
    row = (
        f"{HEADER}\nA,1,Ada broke it,PS,Shop API,2026-03-02T09:00:00Z,,60,,high,,Ada Lovelace,odd\n"
    )
    for content in ([said, incident(2, status="odd")], row):
        batch = load(content)
        shown = str([batch.rows.rows(), batch.quarantined.rows()]).lower()
        assert "ada" not in shown
        assert "broke" not in shown


# ---- ANALYTICS ---- #


def test_a_row_of_the_analytics_becomes_a_row(load):
    # acknowledged 90 s after 9:00
    times = "2026-03-02T09:00:00Z,2026-03-02T10:00:00Z,90,3600"
    row = only(load(f"{HEADER}\nA,1,text,PS,Shop API,{times},low,P3,Ada,resolved\n"))
    assert (row["incident_id"], row["service"], row["severity"]) == ("pagerduty:A", "shop", "P3")
    assert (row["created_at"], row["resolved_at"]) == (at(9), at(10))
    assert row["acknowledged_at"] == at(9, 1).replace(second=30)
    assert (row["detected_by"], row["source_ref"]) == (None, "exports/p:2")


def test_the_websites_names_of_columns_are_known_and_status_may_be_absent(load):
    header = "ID,Service ID,Created On,Resolved On,Seconds To Resolve"
    row = only(load(f"{header}\nA,PS,2026-03-02 09:00:00+00:00,,\n"))
    assert (row["service"], row["created_at"], row["resolved_at"]) == ("PS", at(9), None)


def test_times_without_an_offset_need_the_entrys_zone(load):
    # New York is 5 h behind until 8 March 2026, 2:00, when clocks go forward: an acknowledgement
    # 2 h after 1:00 (6:00 UTC) is at 8:00 UTC
    text = f"{HEADER}\nA,1,t,PS,Shop API,2026-03-08 01:00:00,,7200,,low,,Ada,acknowledged\n"
    assert load(text).quarantined["reason"].to_list() == ["time_without_zone"]
    row = only(load(text, time_zone="America/New_York"))
    assert row["created_at"] == datetime(2026, 3, 8, 6, tzinfo=UTC)
    assert row["acknowledged_at"] == datetime(2026, 3, 8, 8, tzinfo=UTC)


def test_rows_that_do_not_fit_are_quarantined_with_their_lines(load):
    text = (
        f"{HEADER}\n"
        'A,1,"two\nlines",PS,Shop API,2026-03-02T09:00:00Z,,,,low,,Ada,triggered\n'
        "B,2,short\n"
        "C,3,t,PS,Shop API,2026-03-02T09:00:00Z,,soon,,low,,Ada,triggered\n"
        "\n"
        "D,4,t,PS,Shop API,tomorrow,,60,,low,,Ada,triggered\n"
        ",5,t,PS,Shop API,2026-03-02T09:00:00Z,,60,,low,,Ada,triggered\n"
    )
    batch = load(text)
    assert batch.rows["source_ref"].to_list() == ["exports/p:2"]
    found = dict(batch.quarantined.select("record", "reason").rows())
    assert found == {
        4: "wrong_columns",
        5: "unexpected_type",
        7: "not_a_time",
        8: "unexpected_type",
    }


def test_the_analytics_as_json_are_the_same(load):
    one = {
        "id": "A",
        "created_at": "2026-03-02T09:00:00Z",
        "resolved_at": None,
        "seconds_to_first_ack": 90,
        "seconds_to_resolve": None,
        "service_name": "Shop API",
        "urgency": "high",
        "assigned_user_names": ["Ada"],
    }
    row = only(load({"data": [one], "more": False}))
    assert (row["service"], row["acknowledged_at"]) == ("shop", at(9, 1).replace(second=30))


# ---- FILES ---- #


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("<html>", "login page"),
        ("a;b\n1;2\n", "no column id and no column created_at"),
        (f"id,{'x' * 200_000}\n", "no column id"),
        ('[{"id": 1}]', "none of its 1 records is an incident of PagerDuty"),
        ('{"error": {"message": "Unauthorized"}}', "Unauthorized"),
    ],
)
def test_a_file_with_nothing_to_read_is_an_error_that_says_why(load, content, said):
    with pytest.raises(ExportError, match=said):
        load(content)


def test_an_empty_page_is_no_error_and_no_row(tmp_path):
    path = tmp_path / "p.json"
    path.write_text('{"incidents": []}')
    source = PagerdutySource(kind="pagerduty", path="p")
    assert list(PAGERDUTY.read(path, source, CONTEXT)) == []


@pytest.mark.parametrize(
    "content", [json.dumps({"incidents": [incident()]}), json.dumps(incident()), HEADER + "\n"]
)
def test_a_file_is_recognised_by_its_content(tmp_path, content):
    path = tmp_path / "anything.txt"
    path.write_text(content)
    found = PAGERDUTY.recognise(path)
    assert found is not None
    assert (found.kind, found.confidence) == ("pagerduty", 0.95)


@pytest.mark.parametrize(
    "content", ["", "id,created_at\n", '[{"id": 1, "status": "resolved"}]', "é\x00", "<x>"]
)
def test_other_files_are_not_recognised(tmp_path, content):
    path = tmp_path / "x"
    path.write_text(content)
    assert PAGERDUTY.recognise(path) is None


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(share=st.floats(0, 1), as_csv=st.booleans())
def test_a_file_cut_anywhere_loses_nothing_silently(tmp_path, share, as_csv):
    row = "PT{},1,\"a, 'é'\",PS,Shop API,2026-03-02T09:00:00Z,,90,,low,P3,Ada,acknowledged\n"
    text = (
        HEADER + "\n" + "".join(row.format(n) for n in range(1, 4))
        if as_csv
        else json.dumps({"incidents": [incident(n) for n in range(1, 4)]})
    ).encode()
    path = tmp_path / "cut"
    path.write_bytes(text[: int(len(text) * share)])
    source = PagerdutySource(kind="pagerduty", path="exports")
    try:
        drafts = list(PAGERDUTY.read(path, source, CONTEXT))
    except ExportError:
        return
    if not drafts:
        assert as_csv
        assert path.read_bytes().count(b"\n") <= 1
        return
    batch = judged(path)
    kept = batch.rows["incident_id"].to_list()
    assert kept == [f"pagerduty:PT{n}" for n in range(1, len(kept) + 1)]
    assert batch.quarantined.height <= 1


@pytest.mark.real
def test_real_incidents_are_read(shared_data):
    path = shared_data / "api-payloads" / "pagerduty" / "incidents.ndjson"
    batch = judged(path)
    assert batch.rows["incident_id"].n_unique() == 3
    assert batch.rows["acknowledged_at"].null_count() == 0
    assert batch.rows["resolved_at"].null_count() == 2
    assert batch.rows["detected_by"].to_list() == ["person"] * 3
    assert (batch.rows["acknowledged_at"] >= batch.rows["created_at"]).all()


@pytest.mark.real
def test_answers_of_other_tools_are_not_recognised(shared_data):
    for path in sorted((shared_data / "api-payloads").rglob("*.ndjson")):
        found = PAGERDUTY.recognise(path)
        assert found is None or path.parent.name == "pagerduty", path
