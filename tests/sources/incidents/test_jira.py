"""Jira: issues that are incidents, dated by their changelog or by what a line of CSV tells."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.jira import JIRA

STATUSES = {
    "open": {"id": "1", "name": "Open", "statusCategory": {"id": 2, "key": "new"}},
    "working": {"id": "10022", "name": "At work", "statusCategory": {"key": "indeterminate"}},
    "done": {"id": "10033", "name": "Fertig", "statusCategory": {"id": 3, "key": "done"}},
}
NAMES = {"3": "In Progress", "1": "Offen", "10022": "At work", "10033": "Fertig", "5": "Erledigt"}
ADA = {"displayName": "Ada Lovelace", "emailAddress": "ada@example.com"}


def at(hour: int, minute: int = 0, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def text(hour: int, minute: int = 0, day: int = 2) -> str:
    """Write a time as Jira does, in a zone 8 hours ahead."""
    return f"2026-03-{day:02}T{hour + 8:02}:{minute:02}:00.000+0800"


def moved(to: str, hour: int, minute: int = 0) -> dict[str, Any]:
    item = {"field": "status", "fieldtype": "jira", "fieldId": "status"}
    states = {"from": "0", "fromString": "?", "to": to, "toString": NAMES.get(to, to)}
    given_to = {"field": "assignee", "from": None, "to": "ada", "toString": "Ada Lovelace"}
    return {
        "id": "9",
        "author": ADA,
        "created": text(hour, minute),
        "items": [given_to, item | states],
    }


def issue(number: int = 1, *moves: dict[str, Any], status: str = "done", **fields: Any) -> dict:
    told: dict[str, Any] = {
        "summary": "Ada broke the basket",
        "created": text(9),
        "updated": text(15),
        "issuetype": {"id": "7", "name": "Incident"},
        "status": STATUSES[status],
        "priority": {"name": "High"},
        "resolution": None,
        "resolutiondate": None,
        "reporter": ADA,
        "components": [{"name": "Shop API"}],
    }
    return {
        "expand": "changelog",
        "id": f"{number}",
        "key": f"OPS-{number}",
        "fields": told | fields,
        "changelog": {"startAt": 0, "total": len(moves), "histories": list(moves)},
    }


def row(batches: dict[str, Any]) -> dict[str, Any]:
    assert batches["incidents"].quarantined.rows() == []
    return batches["incidents"].rows.row(0, named=True)


def times(batches: dict[str, Any]) -> tuple[Any, Any]:
    found = row(batches)
    return found["acknowledged_at"], found["resolved_at"]


# ---- JSON ---- #


def test_an_issue_becomes_a_row(load):
    page = {"startAt": 0, "total": 1, "issues": [issue(1, resolutiondate=text(12))]}
    found = row(load(JIRA, page))
    assert (found["incident_id"], found["service"], found["severity"]) == (
        "jira:OPS-1",
        "shop",
        "High",
    )
    assert (found["created_at"], found["resolved_at"], found["updated_at"]) == (
        at(9),
        at(12),
        at(15),
    )
    # the record says neither when users were affected nor that somebody took it
    for name in ("started_at", "detected_at", "acknowledged_at", "mitigated_at", "planned"):
        assert found[name] is None


@pytest.mark.parametrize(
    ("components", "service"),
    [([], "pay"), ([{"name": "x"}], "pay"), ([{"name": "x"}, {"name": "shop"}], "shop")],
)
def test_an_entrys_service_counts_where_no_component_is_known(load, components, service):
    found = row(load(JIRA, [issue(1, components=components)], service="pay"))
    assert found["service"] == service


def test_work_begins_with_the_first_status_that_is_in_progress(load):
    # taken at 9:10, done at 11:00; the order of the histories says nothing
    moves = [moved("10033", 11), moved("3", 9, 40), moved("10022", 9, 10)]
    found = load(JIRA, [issue(1, *moves, resolutiondate=text(11))])
    assert times(found) == (at(9, 10), at(11))


def test_coming_back_to_open_is_no_work(load):
    moves = [moved("1", 9, 5), moved("3", 9, 40), moved("10033", 11)]
    assert times(load(JIRA, [issue(1, *moves)])) == (at(9, 40), at(11))


def test_a_status_that_nobody_knows_is_work_while_the_issue_is_not_done(load):
    moves = [moved("777", 9, 30), moved("10033", 11)]
    assert times(load(JIRA, [issue(1, *moves)])) == (at(9, 30), at(11))
    # done at 11 in a status of its own, then closed: 11 is no start of work
    moves = [moved("777", 11), moved("10033", 14)]
    found = load(JIRA, [issue(1, *moves, resolutiondate=text(11))])
    assert times(found) == (None, at(11))


def test_an_issue_that_is_done_at_once_was_never_acknowledged(load):
    # what came after it was opened again is no first acknowledgement
    moves = [moved("5", 10), moved("4", 11), moved("3", 12), moved("10033", 13)]
    assert times(load(JIRA, [issue(1, *moves, resolutiondate=text(13))])) == (None, at(13))


def test_an_issue_that_is_open_again_is_not_resolved_and_it_is_said(load):
    batches = load(JIRA, [issue(1, status="working", resolutiondate=text(10))])
    assert row(batches)["resolved_at"] is None
    assert "has a resolution date, but" in batches["incidents"].notes[0]
    assert load(JIRA, [issue(1, status="open")])["incidents"].notes == ()


def test_after_opening_again_the_last_time_that_it_was_done_counts(load):
    # the resolution date stayed that of the first time
    moves = [moved("3", 9, 30), moved("5", 10), moved("4", 11), moved("10033", 13)]
    assert times(load(JIRA, [issue(1, *moves, resolutiondate=text(10))])) == (at(9, 30), at(13))


def test_closing_what_is_resolved_does_not_move_the_resolution(load):
    moves = [moved("3", 9, 30), moved("5", 10), moved("10033", 14)]
    assert times(load(JIRA, [issue(1, *moves)])) == (at(9, 30), at(10))
    found = load(JIRA, [issue(1, *moves, resolutiondate=text(10, 1))])
    assert times(found) == (at(9, 30), at(10, 1))


def test_without_resolution_and_changelog_the_change_of_category_dates_it_else_the_last_change(
    load,
):
    assert row(load(JIRA, [issue(1, statuscategorychangedate=text(12))]))["resolved_at"] == at(12)
    batches = load(JIRA, [issue(1)])
    assert row(batches)["resolved_at"] == at(15)
    assert "done without a date of it" in batches["incidents"].notes[0]


def test_a_part_of_a_changelog_does_not_tell_when_work_began(load):
    one = issue(1, moved("3", 9, 30), moved("10033", 11))
    one["changelog"]["total"] = 140
    batches = load(JIRA, [one])
    assert times(batches) == (None, at(11))
    assert "only a part" in batches["incidents"].notes[0]


def test_other_types_and_duplicates_are_no_incidents(load):
    told = [
        issue(1),
        issue(2, issuetype={"name": "Story"}),
        issue(3, resolution={"name": "Duplicate"}),
        issue(4, issuetype=None),
        issue(5, issuetype={"name": "BUG"}),
    ]
    batch = load(JIRA, told)["incidents"]
    assert batch.rows["incident_id"].to_list() == ["jira:OPS-1", "jira:OPS-5"]
    assert batch.quarantined["reason"].to_list() == ["not_an_incident"] * 3
    story, duplicate, nothing = batch.quarantined["message"]
    assert "OPS-2 is of type 'Story'" in story
    assert "(incident, outage, bug, production incident); set `incident_types`" in story
    assert "duplicate of another issue" in duplicate
    assert "type ''" in nothing
    chosen = load(JIRA, told, incident_types=["story"])["incidents"]
    assert chosen.rows["incident_id"].to_list() == ["jira:OPS-2"]


def test_a_history_without_its_issue_tells_nothing(load):
    batch = load(JIRA, [issue(1), moved("3", 9)])["incidents"]
    quarantined = batch.quarantined.row(0, named=True)
    assert (quarantined["record"], quarantined["reason"]) == (2, "without_issue")
    assert "expand=changelog" in quarantined["message"]


# support.atlassian.com, "What are issue statuses, priorities, and resolutions?", and the default
# workflows of Jira Software and Jira Service Management
DOCUMENTED = {
    "Open": "open",
    "To Do": "open",
    "Reopened": "open",
    "Backlog": "open",
    "Selected for Development": "open",
    "Waiting for support": "open",
    "Waiting for approval": "open",
    "In Progress": "in_progress",
    "Work in progress": "in_progress",
    "In Review": "in_progress",
    "Under review": "in_progress",
    "Approved": "in_progress",
    "Building": "in_progress",
    "Build Broken": "in_progress",
    "Awaiting CAB approval": "in_progress",
    "Awaiting implementation": "in_progress",
    "Escalated": "in_progress",
    "Implementing": "in_progress",
    "Peer review / change manager approval": "in_progress",
    "Pending": "in_progress",
    "Planning": "in_progress",
    "Under investigation": "in_progress",
    "Waiting for customer": "in_progress",
    "Done": "done",
    "Resolved": "done",
    "Closed": "done",
    "Completed": "done",
    "Cancelled": "done",
    "Canceled": "done",
    "Rejected": "done",
    "Declined": "done",
    "Failed": "done",
}


@pytest.mark.parametrize(("name", "phase"), DOCUMENTED.items())
def test_every_documented_status_is_known(load, name, phase):
    assert JIRA.words["status"][name.lower()] == phase
    one = issue(1, moved("x", 9, 30))
    one["changelog"]["histories"][0]["items"][1]["toString"] = name
    one["fields"]["status"] = {"id": "x", "name": name}
    expected = {"open": (None, None), "in_progress": (at(9, 30), None), "done": (None, at(9, 30))}
    assert times(load(JIRA, [one])) == expected[phase]


# developer.atlassian.com, "Get all status categories"
@pytest.mark.parametrize(
    ("key", "name", "phase"),
    [
        ("new", "To Do", "open"),
        ("indeterminate", "In Progress", "in_progress"),
        ("done", "Done", "done"),
    ],
)
def test_every_status_category_is_known(key, name, phase):
    words = JIRA.words["status category"]
    assert (words[key], words[name.lower()]) == (phase, phase)


def test_without_a_category_the_resolution_tells(load):
    # the fourth category, `undefined`, says nothing
    status = {"id": "8", "name": "Eigen", "statusCategory": {"key": "undefined"}}
    assert row(load(JIRA, [issue(1) | {}]))["resolved_at"] is not None
    one = issue(1)
    one["fields"]["status"] = status
    assert row(load(JIRA, [one]))["resolved_at"] is None
    one["fields"]["resolutiondate"] = text(12)
    assert row(load(JIRA, [one]))["resolved_at"] == at(12)


# ---- CSV ---- #

HEADER = (
    "Summary,Issue key,Issue id,Issue Type,Status,Priority,Resolution,Assignee,Reporter,Created,"
    "Updated,Resolved,Component/s,Component/s,Labels,Labels,Comment,Comment"
)


def line(number: int = 1, **cells: str) -> str:
    told = {
        "type": "Incident",
        "status": "Done",
        "created": "12/Jun/26 8:13 AM",
        "updated": "13/Jun/26 1:00 PM",
        "resolved": "12/Jun/26 12:05 PM",
        "first": "",
        "second": "Shop API",
        "key": f"OPS-{number}",
    } | cells
    return (
        f'"Ada\nbroke, it",{told["key"]},{number},{told["type"]},{told["status"]},High,Done,'
        f"Ada Lovelace,ada,{told['created']},{told['updated']},{told['resolved']},{told['first']},"
        f'{told["second"]},a,b,"12/Jun/26;ada;said",\n'
    )


def test_lines_of_csv_with_repeated_columns_become_rows(load):
    # Berlin is 2 hours ahead of UTC in June
    content = f"{HEADER}\n{line()}"
    batches = load(JIRA, content, name="export.csv", time_zone="Europe/Berlin")
    found = row(batches)
    assert (found["incident_id"], found["service"]) == ("jira:OPS-1", "shop")
    assert found["created_at"] == datetime(2026, 6, 12, 6, 13, tzinfo=UTC)
    assert found["resolved_at"] == datetime(2026, 6, 12, 10, 5, tzinfo=UTC)
    assert found["updated_at"] == datetime(2026, 6, 13, 11, 0, tzinfo=UTC)
    assert found["source_ref"] == "exports/export.csv:2"


def test_times_of_csv_need_a_zone_and_may_be_written_otherwise(load):
    content = f"{HEADER}\n{line()}"
    batch = load(JIRA, content, name="x.csv")["incidents"]
    assert batch.quarantined["reason"].to_list() == ["time_without_zone"]
    cells = {"created": "2026-06-12 08:13", "updated": "2026-06-12 09:13", "resolved": ""}
    iso = f"{HEADER}\n{line(status='In Progress', **cells)}"
    found = row(load(JIRA, iso, name="x.csv", time_zone="UTC"))
    assert (found["created_at"].hour, found["resolved_at"]) == (8, None)
    own = f"{HEADER}\n{line(created='12.06.2026 08:13', updated='', resolved='')}"
    batches = load(JIRA, own, name="x.csv", time_zone="UTC", time_format="%d.%m.%Y %H:%M")
    assert row(batches)["created_at"].month == 6


def test_of_csv_the_status_tells_whether_it_is_open(load):
    lines = line(1, status="Reopened") + line(2, status="Eigen") + line(3, resolved="")
    batch = load(JIRA, f"{HEADER}\n{lines}", name="x.csv", time_zone="UTC")["incidents"]
    assert batch.rows["resolved_at"].is_null().to_list() == [True, False, False]
    assert batch.rows["resolved_at"][2] == datetime(2026, 6, 13, 13, 0, tzinfo=UTC)
    assert len(batch.notes) == 2


def test_lines_that_do_not_fit_are_quarantined(load):
    content = f"{HEADER}\n{line(1)}too,short\n{line(2, type='Story')}{line(3, key='')}"
    batch = load(JIRA, content, name="x.csv", time_zone="UTC")["incidents"]
    assert dict(batch.quarantined.select("record", "reason").rows()) == {
        4: "wrong_number_of_fields",
        5: "not_an_incident",
        7: "unknown_record",
    }


def test_a_table_without_keys_is_an_error_that_says_so(load):
    with pytest.raises(ExportError, match="has no column issue_key or key"):
        load(JIRA, "a,b\n1,2\n", name="x.csv")
    with pytest.raises(ExportError, match="empty"):
        load(JIRA, "", name="x.csv")


# ---- Both ---- #


def test_people_and_what_they_wrote_stay_in_the_export(load):
    told = [
        issue(1, moved("3", 9)),
        issue(2, moved("3", 9), issuetype={"name": "Story"}),
        issue(3, created="odd"),
        issue(4, moved("3", 9), updated=7, issuetype=[]),
        moved("3", 9),
        {"Ada": "basket"},
    ]
    as_json = "\n".join(map(json.dumps, told)) + "\n{'Ada"
    as_csv = f"{HEADER}\n{line(1)}{line(2, type='Story')}Ada,x\n{line(3, created='odd')}"
    for name, content in (("x.json", as_json), ("x.csv", as_csv)):
        batch = load(JIRA, content, name=name, time_zone="UTC")["incidents"]
        shown = str([batch.rows.rows(), batch.quarantined.rows(), batch.notes]).lower()
        assert "ada" not in shown
        assert "basket" not in shown
        assert "broke" not in shown


def test_its_exports_are_recognised(tmp_path):
    path = tmp_path / "x.txt"
    for content in (json.dumps({"issues": [issue(1)]}), json.dumps(issue(1)), f"{HEADER}\n"):
        path.write_text(content)
        found = JIRA.recognise(path)
        assert found is not None
        assert (found.kind, found.confidence) == ("jira", 0.9)
    path.write_text(json.dumps([issue(1, issuetype={"name": "Story"})]))
    found = JIRA.recognise(path)
    assert found is not None
    assert found.confidence < 0.5
    assert "Story" in found.reason


@pytest.mark.parametrize(
    "content",
    ["", "a,b\n1,2\n", "<x>", '{"issues": [{"id": 1, "number": 2, "title": "x"}]}', "é\x00"],
)
def test_other_files_are_not_recognised(tmp_path, content):
    path = tmp_path / "x"
    path.write_text(content)
    assert JIRA.recognise(path) is None


VALUES = st.none() | st.integers() | st.text(max_size=8) | st.just({}) | st.just(["x", 1])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    field=st.sampled_from(sorted(issue()["fields"])), key=VALUES, value=VALUES, cut=st.integers(0)
)
def test_whatever_an_issue_holds_nothing_is_lost(load, field, key, value, cut):
    one = issue(1, moved("3", 9), moved("10033", 11))
    one["fields"][field] = value
    one["changelog"]["histories"][0]["created"] = key
    as_json = "\n".join([json.dumps(one), json.dumps(issue(2))])
    as_csv = f"{HEADER}\n{line(1, created=str(value))}{line(2, status=str(key))}"
    for content in (as_json, as_json[: cut % len(as_json)], as_csv, as_csv[: cut % len(as_csv)]):
        try:
            batches = load(JIRA, content, name="x", time_zone="UTC")
        except ExportError:
            continue
        # conservation itself is checked as each batch is made
        assert sum(batch.n_read for batch in batches.values()) <= 5


# ---- Real exports ---- #


@pytest.mark.real
def test_real_exports_load(shared_data, judge):
    folder = shared_data / "api-payloads" / "jira"
    # none of the 33 issues is of a type that is an incident unless it is told
    batch = judge(JIRA, folder / "issues.ndjson")["incidents"]
    assert (batch.n_read, batch.rows.height, batch.n_duplicates) == (33, 0, 0)
    assert batch.quarantined["reason"].to_list() == ["not_an_incident"] * 33
    # one defect, 21 sub-tasks and stories …; the names are in the language of the site
    types = ["缺陷", "Story"]
    batch = judge(JIRA, folder / "issues.ndjson", incident_types=types)["incidents"]
    assert (batch.n_read, batch.rows.height, batch.quarantined.height) == (33, 3, 30)
    defect, story, _ = batch.rows.sort("created_at").rows(named=True)
    assert defect["incident_id"] == "jira:EE-23"
    assert defect["created_at"] == datetime(2020, 6, 12, 0, 33, 57, 204_000, tzinfo=UTC)
    assert defect["resolved_at"] == datetime(2020, 6, 15, 9, 7, 56, 798_000, tzinfo=UTC)
    assert (story["resolved_at"], story["severity"]) == (None, "Medium")
    # histories that don't say of which issue they are
    batch = judge(JIRA, folder / "issue_changelogs.ndjson")["incidents"]
    assert (batch.n_read, batch.rows.height) == (279, 0)
    assert batch.quarantined["reason"].to_list() == ["without_issue"] * 279


@pytest.mark.real
def test_real_exports_of_other_tools_are_not_recognised(shared_data):
    for path in sorted(shared_data.rglob("*")):
        if path.suffix in {".ndjson", ".csv", ".json"}:
            assert (JIRA.recognise(path) is not None) == (path.parent.name == "jira"), path
