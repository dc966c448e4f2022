"""ServiceNow: incidents, their event logs, and changes as deployments."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.servicenow import SERVICENOW


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, second, tzinfo=UTC)


def reference(name: str) -> dict[str, str]:
    return {"display_value": name, "link": f"https://acme.example/api/now/table/x/{name}"}


def incident(number: int = 1, /, **fields: Any) -> dict[str, Any]:
    """Make an incident as GET /api/now/table/incident?sysparm_display_value=true has it."""
    return {
        "number": f"INC000{number}",
        "sys_id": f"9c573169c611228700193229fff72400{number}",
        "short_description": "Ada broke the basket",
        "caller_id": reference("Ada Lovelace"),
        "opened_by": reference("Ada Lovelace"),
        "assigned_to": reference("Ada Lovelace"),
        "state": "Closed",
        "incident_state": "Closed",
        "opened_at": "2026-03-02 09:00:00",
        "sys_created_on": "2026-03-02 09:00:05",
        "sys_updated_on": "2026-03-02 15:00:00",
        "resolved_at": "2026-03-02 10:30:00",
        "closed_at": "2026-03-02 14:00:00",
        "priority": "1 - Critical",
        "business_service": reference("Shop API"),
        "cmdb_ci": "",
        "contact_type": "Phone",
        "caused_by": "",
        "reopen_count": "0",
        "sys_mod_count": "4",
        **fields,
    }


def change(number: int = 1, /, **fields: Any) -> dict[str, Any]:
    return {
        "number": f"CHG000{number}",
        "sys_class_name": "Change Request",
        "requested_by": reference("Ada Lovelace"),
        "type": "Normal",
        "state": "Closed",
        "close_code": "Successful",
        "start_date": "2026-03-02 08:00:00",
        "end_date": "2026-03-02 08:30:00",
        "work_start": "2026-03-02 09:00:00",
        "work_end": "2026-03-02 09:20:00",
        "opened_at": "2026-03-01 09:00:00",
        "closed_at": "2026-03-02 12:00:00",
        "sys_updated_on": "2026-03-02 12:00:00",
        "business_service": reference("Shop API"),
        "cmdb_ci": reference("shop-web-01"),
        **fields,
    }


def row(batches: dict[str, Any], table: str) -> dict[str, Any]:
    assert batches[table].quarantined.rows() == []
    return batches[table].rows.row(0, named=True)


def loaded(load: Any, *records: Any, **entry: Any) -> dict[str, Any]:
    return load(SERVICENOW, {"result": list(records)}, time_zone="UTC", **entry)


# ---- Incidents ---- #


def test_an_incident_becomes_a_row(load):
    found = row(load(SERVICENOW, {"result": [incident()]}, time_zone="Europe/Berlin"), "incidents")
    assert (found["incident_id"], found["service"]) == ("servicenow:INC0001", "shop")
    assert (found["severity"], found["detected_by"]) == ("1 - Critical", "phone")
    # Berlin is an hour ahead in March
    assert (found["created_at"], found["resolved_at"]) == (at(8), at(9, 30))
    assert (found["acknowledged_at"], found["started_at"]) == (None, None)
    assert found["updated_at"] == at(14)


def test_a_time_without_a_zone_needs_the_entrys(load):
    batch = load(SERVICENOW, {"result": [incident()]})["incidents"]
    assert batch.quarantined["reason"].to_list() == ["time_without_zone"]


def test_stored_values_are_read_as_what_is_shown(load):
    # as the table API answers unless it is asked for what is shown
    stored = incident(
        1,
        state="6",
        incident_state="6",
        priority="1",
        business_service={"link": "https://acme.example/x", "value": "27d32778c0a8"},
    )
    found = row(loaded(load, stored), "incidents")
    assert (found["service"], found["severity"]) == ("27d32778c0a8", "1")
    assert found["resolved_at"] == at(10, 30)


def test_of_fields_with_both_the_stored_time_is_in_utc_whatever_is_shown(load):
    # sysparm_display_value=all, exported by somebody in New York
    def both(value: str, shown: str) -> dict[str, str]:
        return {"value": value, "display_value": shown}

    one = incident(
        1,
        number=both("INC0001", "INC0001"),
        state=both("7", "Closed"),
        opened_at=both("2026-03-02 09:00:00", "03/02/2026 04:00:00 AM"),
        resolved_at=both("2026-03-02 10:30:00", "03/02/2026 05:30:00 AM"),
        sys_updated_on=both("2026-03-02 15:00:00", "03/02/2026 10:00:00 AM"),
        business_service=both("27d32778c0a8", "Shop API"),
        closed_at=both("", ""),
    )
    found = row(load(SERVICENOW, [one], time_zone="America/New_York"), "incidents")
    assert (found["incident_id"], found["service"]) == ("servicenow:INC0001", "shop")
    assert (found["created_at"], found["resolved_at"]) == (at(9), at(10, 30))


def test_an_incident_that_was_opened_again_is_open(load):
    found = row(loaded(load, incident(1, state="In Progress")), "incidents")
    assert found["resolved_at"] is None


def test_a_resolution_without_a_time_is_when_it_was_closed_else_last_changed(load):
    assert row(loaded(load, incident(1, resolved_at="")), "incidents")["resolved_at"] == at(14)
    batches = loaded(load, incident(1, resolved_at="", closed_at=""))
    assert row(batches, "incidents")["resolved_at"] == at(15)
    assert "without a time of it" in batches["incidents"].notes[0]


def test_a_state_that_nobody_knows_is_said_and_its_time_counts(load):
    batches = loaded(load, incident(1, state="-100", resolved_at="", closed_at=""))
    assert row(batches, "incidents")["resolved_at"] is None
    assert "a state that nobody knows" in batches["incidents"].notes[0]
    assert row(loaded(load, incident(1, state="-100")), "incidents")["resolved_at"] == at(10, 30)


def test_a_cancelled_incident_is_none(load):
    batch = loaded(load, incident(1, state="8"), incident(2))["incidents"]
    assert batch.quarantined["reason"].to_list() == ["not_an_incident"]
    assert "INC0001 was cancelled" in batch.quarantined["message"][0]


def test_events_are_what_monitoring_noticed(load):
    assert row(loaded(load, incident(1, contact_type="Event")), "incidents")["detected_by"] == (
        "monitoring"
    )


def test_a_configuration_item_is_a_service_only_if_the_settings_say_so(load):
    # it may be anybody's laptop
    told = incident(1, business_service="", cmdb_ci=reference("Ada's laptop"))
    batches = loaded(load, told)
    assert row(batches, "incidents")["service"] is None
    assert "configuration item" in batches["incidents"].notes[0]
    told["cmdb_ci"] = reference("shop")
    assert row(loaded(load, told), "incidents")["service"] == "shop"


def test_the_change_that_caused_an_incident_is_the_deployment_that_it_names(load):
    batches = loaded(load, incident(1, caused_by=reference("CHG0001")), change(1))
    assert row(batches, "incidents")["deployment_id"] == "servicenow:CHG0001"
    assert row(batches, "deployments")["deployment_id"] == "servicenow:CHG0001"
    internal = incident(1, caused_by={"value": "a9e30c7dc61122760116894de7bcc7bd", "link": "x"})
    assert row(loaded(load, internal), "incidents")["deployment_id"] is None


# docs.servicenow.com, "Incident states", and for the longer list releases before Geneva
STATES = {
    "new": ["1", "New"],
    "taken": [
        "2",
        "In Progress",
        "Active",
        "3",
        "On Hold",
        "Awaiting Problem",
        "4",
        "Awaiting User Info",
        "Awaiting Caller",
        "5",
        "Awaiting Evidence",
        "Awaiting Vendor",
        "Awaiting Change",
    ],
    "done": ["6", "Resolved", "7", "Closed"],
    "cancelled": ["8", "Canceled"],
}


@pytest.mark.parametrize(("phase", "state"), [(p, s) for p in STATES for s in STATES[p]])
def test_every_documented_state_of_an_incident_is_known(load, phase, state):
    assert SERVICENOW.words["incident state"][state.lower()] == phase
    batch = loaded(load, incident(1, state=state))["incidents"]
    expected = {"new": [None], "taken": [None], "done": [at(10, 30)], "cancelled": []}
    assert batch.rows["resolved_at"].to_list() == expected[phase]
    assert batch.notes == ()


# ---- Changes ---- #


def test_a_change_becomes_a_deployment_dated_by_what_was_done_and_not_planned(load):
    found = row(loaded(load, change()), "deployments")
    assert (found["service"], found["result"], found["planned"]) == ("shop", "success", True)
    assert (found["started_at"], found["finished_at"]) == (at(9), at(9, 20))
    assert (found["environment"], found["method"]) == (None, "reported")


def test_a_change_without_actual_times_is_not_dated_and_it_is_said(load):
    batches = loaded(load, change(1, work_start="", work_end=""))
    found = row(batches, "deployments")
    assert (found["started_at"], found["finished_at"], found["result"]) == (None, None, "success")
    assert "planned dates" in batches["deployments"].notes[0]


def test_a_change_that_names_no_service_is_explained(load):
    nothing = change(1, business_service="", cmdb_ci="")
    batch = loaded(load, nothing, change(2))["deployments"]
    assert batch.quarantined["reason"].to_list() == ["without_service"]
    assert "CHG0001 names no service" in batch.quarantined["message"][0]
    assert row(loaded(load, nothing, service="shop"), "deployments")["service"] == "shop"


@pytest.mark.parametrize(
    ("service", "item", "found"),
    [("Payroll", "db-1", "Payroll"), ("Payroll", "shop", "shop"), ("", "db-1", "db-1")],
)
def test_a_change_is_of_the_service_that_the_settings_know_else_that_it_names(
    load, service, item, found
):
    told = change(1, business_service=service, cmdb_ci=reference(item))
    assert row(loaded(load, told), "deployments")["service"] == found


def test_a_change_to_a_production_system_is_in_production(load):
    found = row(loaded(load, change(1, production_system="true")), "deployments")
    assert (found["environment"], found["environment_kind"]) == ("production", "production")


# docs.servicenow.com, "Change request states" (State model), "Close code", "Types of change"
@pytest.mark.parametrize(
    ("states", "result"),
    [
        (["-5", "New", "-4", "Assess", "-2", "Scheduled"], "queued"),
        (["-3", "Authorize"], "blocked"),
        (["-1", "Implement", "0", "Review"], "in_progress"),
        (["4", "Canceled"], "cancelled"),
        (["3", "Closed"], "unknown"),
    ],
)
def test_every_documented_state_of_a_change_is_known(load, states, result):
    for state in states:
        assert SERVICENOW.words["change state"][state.lower()] == result
        found = row(loaded(load, change(1, state=state, close_code="")), "deployments")
        assert found["result"] == result


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("successful", "success"),
        ("Successful", "success"),
        ("successful_issues", "success"),
        ("Successful with issues", "success"),
        ("unsuccessful", "failure"),
        ("Unsuccessful", "failure"),
    ],
)
def test_every_documented_close_code_is_known(load, code, result):
    assert SERVICENOW.words["change close code"][code.lower()] == result
    assert row(loaded(load, change(1, close_code=code)), "deployments")["result"] == result


@pytest.mark.parametrize(
    ("kind", "planned"), [("normal", True), ("Standard", True), ("Emergency", False), ("", None)]
)
def test_only_an_emergency_is_unplanned(load, kind, planned):
    if kind:
        word = SERVICENOW.words["change type"][kind.lower()]
        assert word == ("planned" if planned else "unplanned")
    assert row(loaded(load, change(1, type=kind)), "deployments")["planned"] is planned


@pytest.mark.parametrize("fields", [{"state": "Paused"}, {"close_code": "so so"}])
def test_an_undocumented_word_is_unknown_and_counted(load, fields):
    batches = loaded(load, change(1, **fields))
    assert row(batches, "deployments")["result"] == "unknown"
    assert any("taken as unknown" in note for note in batches["deployments"].notes)


def test_records_of_other_tables_are_put_aside(load):
    problem = {"number": "PRB1", "sys_class_name": "Problem", "state": "1"}
    batch = loaded(load, incident(1), problem)["incidents"]
    assert batch.quarantined["reason"].to_list() == ["not_needed"]


# ---- CSV and event logs ---- #

LOG_HEADER = (
    "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,"
    "opened_by,opened_at,sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,"
    "cmdb_ci,priority,caused_by,resolved_by,resolved_at,closed_at"
)


def log(number: int, state: str, updates: int, updated: str) -> str:
    return (
        f"INC{number},{state},true,0,0,{updates},true,Ada Lovelace,Opened by 8,29-02-2016 01:16,?,"
        f"29-02-2016 01:23,ada,{updated},Phone,?,3 - Moderate,?,Ada Lovelace,29-02-2016 11:29,"
        "05-03-2016 12:00\n"
    )


LOG = {"time_zone": "UTC", "time_format": "%d-%m-%Y %H:%M"}


def test_of_an_event_log_the_newest_row_of_each_incident_counts(load):
    # newest first, as tables are shown; two updates within one minute; taken at 8:57
    text = (
        f"{LOG_HEADER}\n"
        + log(45, "Closed", 6, "05-03-2016 12:00")
        + log(45, "Resolved", 4, "29-02-2016 11:29")
        + log(45, "Active", 3, "29-02-2016 11:29")
        + log(45, "Awaiting User Info", 2, "29-02-2016 08:57")
        + log(45, "New", 0, "29-02-2016 01:23")
        + log(47, "Active", 1, "29-02-2016 05:00")
        + log(47, "New", 0, "29-02-2016 04:40")
        + log(48, "New", 0, "29-02-2016 04:40")
    )
    batch = load(SERVICENOW, text, name="log.csv", **LOG)["incidents"]
    assert (batch.n_read, batch.rows.height, batch.n_duplicates) == (8, 3, 5)
    assert batch.quarantined.height == 0
    closed, taken, new = batch.rows.sort("incident_id").rows(named=True)
    day = datetime(2016, 2, 29, tzinfo=UTC)
    assert closed["incident_id"] == "servicenow:INC45"
    assert closed["created_at"] == day.replace(hour=1, minute=16)
    assert closed["acknowledged_at"] == day.replace(hour=8, minute=57)
    assert closed["resolved_at"] == day.replace(hour=11, minute=29)
    assert closed["updated_at"] == datetime(2016, 3, 5, 12, 0, tzinfo=UTC)
    # the log gives every row the last times, but this one is not resolved yet
    assert (taken["acknowledged_at"], taken["resolved_at"]) == (day.replace(hour=5), None)
    assert (new["acknowledged_at"], new["resolved_at"]) == (None, None)


def test_rows_within_one_minute_are_told_apart_by_the_count_of_updates(load):
    text = (
        f"{LOG_HEADER}\n"
        + log(45, "Resolved", 2, "29-02-2016 11:29")
        + log(45, "Active", 1, "29-02-2016 11:29")
    )
    found = row(load(SERVICENOW, text, name="log.csv", **LOG), "incidents")
    assert found["resolved_at"] == datetime(2016, 2, 29, 11, 29, tzinfo=UTC)


def test_a_log_as_json_is_the_same(load):
    rows = [
        incident(1, number="OPS7", sys_mod_count="2"),
        incident(1, number="OPS7", sys_mod_count="1", state="2", sys_updated_on=""),
        incident(
            1, number="OPS7", sys_mod_count="0", state="2", sys_updated_on="2026-03-02 09:10:00"
        ),
    ]
    batch = loaded(load, *rows)["incidents"]
    assert (batch.rows.height, batch.n_duplicates) == (1, 2)
    assert batch.rows["acknowledged_at"].to_list() == [at(9, 10)]
    assert batch.rows["resolved_at"].to_list() == [at(10, 30)]


def test_a_list_exported_with_labels_is_read(load):
    text = (
        "Number,Opened,Short description,Caller,Priority,State,Assignment group,Updated,Resolved,"
        "Configuration item\n"
        'TKT1,2026-03-02 09:00:00,"Ada, again",Ada Lovelace,2 - High,Resolved,Web,'
        "2026-03-02 11:00:00,2026-03-02 10:00:00,shop\n"
    )
    found = row(load(SERVICENOW, text, name="x.csv", time_zone="UTC"), "incidents")
    assert (found["incident_id"], found["service"]) == ("servicenow:TKT1", "shop")
    assert (found["created_at"], found["resolved_at"]) == (at(9), at(10))


def test_a_list_of_changes_is_read(load):
    text = (
        "Number,Type,State,Close code,Service,Actual start date,Actual end date\n"
        "CHG1,Emergency,Closed,Unsuccessful,Café,2026-03-02 09:00:00,2026-03-02 10:00:00\n"
    )
    content = text.encode("latin-1")
    entry = {"time_zone": "UTC", "encoding": "latin-1"}
    found = row(load(SERVICENOW, content, name="x.csv", **entry), "deployments")
    assert (found["service"], found["result"], found["planned"]) == ("Café", "failure", False)
    assert (found["started_at"], found["finished_at"]) == (at(9), at(10))
    with pytest.raises(ExportError, match="is not utf-8 text"):
        load(SERVICENOW, content, name="x.csv")


# ---- Both ---- #


def test_people_and_what_they_wrote_stay_in_the_export(load):
    told = [
        incident(1),
        incident(2, state="8"),
        incident(3, opened_at="odd"),
        incident(4, priority=["Ada"]),
        change(1),
        change(2, business_service="", cmdb_ci=""),
        {"Ada": "basket"},
    ]
    as_json = "\n".join(map(json.dumps, told)) + "\n{'Ada"
    as_csv = f"{LOG_HEADER}\n{log(1, 'Canceled', 1, '')}{log(2, 'Closed', 1, 'odd')}Ada,x\n"
    for name, content in (("x.json", as_json), ("x.csv", as_csv)):
        for batch in load(SERVICENOW, content, name=name, time_zone="UTC").values():
            assert batch.quarantined.height
            shown = str([batch.rows.rows(), batch.quarantined.rows(), batch.notes]).lower()
            assert "ada" not in shown
            assert "basket" not in shown


def test_its_exports_are_recognised(tmp_path):
    path = tmp_path / "x.txt"
    for content in (json.dumps({"result": [incident()]}), json.dumps(change()), f"{LOG_HEADER}\n"):
        path.write_text(content)
        found = SERVICENOW.recognise(path)
        assert found is not None
        assert (found.kind, found.confidence, found.suggestion) == ("servicenow", 0.9, {})
    path.write_text("Number,Opened,Short description,Caller,State\n")
    assert SERVICENOW.recognise(path) is not None


def test_of_stored_values_the_zone_is_known(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"result": [incident(1, state="7")]}))
    found = SERVICENOW.recognise(path)
    assert found is not None
    assert found.suggestion == {"time_zone": "UTC"}


def test_other_tables_of_it_are_only_mentioned(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"result": [{"number": "PRB1", "sys_class_name": "problem", "state": "1"}]}')
    found = SERVICENOW.recognise(path)
    assert found is not None
    assert found.confidence < 0.5


@pytest.mark.parametrize(
    "content",
    ["", "number,title\n1,2\n", "<x>", '[{"number": 3, "state": "open", "title": "x"}]', "é\x00"],
)
def test_other_files_are_not_recognised(tmp_path, content):
    path = tmp_path / "x"
    path.write_text(content)
    assert SERVICENOW.recognise(path) is None


@pytest.mark.real
def test_real_exports_of_other_tools_are_not_recognised(shared_data):
    for path in sorted(shared_data.rglob("*")):
        if path.suffix in {".ndjson", ".csv", ".json"}:
            assert SERVICENOW.recognise(path) is None, path


VALUES = st.none() | st.integers() | st.text(max_size=8) | st.just({}) | st.just(["x", 1])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(sorted(incident() | change())), value=VALUES, cut=st.integers(0))
def test_whatever_a_record_holds_nothing_is_lost(load, key, value, cut):
    told = [incident(1) | {key: value}, incident(1, sys_mod_count="5"), change(1) | {key: value}]
    as_json = "\n".join(map(json.dumps, told))
    as_csv = f"{LOG_HEADER}\n{log(1, str(value), 1, '')}{log(1, 'New', 0, str(value))}"
    for content in (as_json, as_json[: cut % len(as_json)], as_csv, as_csv[: cut % len(as_csv)]):
        try:
            batches = load(SERVICENOW, content, name="x", time_zone="UTC")
        except ExportError:
            continue
        # conservation itself is checked as each batch is made
        assert sum(batch.n_read for batch in batches.values()) <= 6
