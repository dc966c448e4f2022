"""SonarQube: issues of both models and hotspots, each open, fixed or suppressed by its words."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.sonarqube import SONARQUBE


def issue(**fields: Any) -> dict[str, Any]:
    return {
        "key": "AY1",
        "rule": "java:S2077",
        "severity": "CRITICAL",
        "component": "harbour:shop:src/Main.java",
        "project": "harbour:shop",
        "status": "OPEN",
        "type": "VULNERABILITY",
        "message": "Ada wrote this",
        "author": "ada@example.invalid",
        "assignee": "ada-login",
        "creationDate": "2026-03-02T10:00:00+0100",
        "updateDate": "2026-03-04T09:00:00+0000",
        **fields,
    }


def hotspot(**fields: Any) -> dict[str, Any]:
    return {
        "key": "AY2",
        "component": "shop:src/a.py",
        "project": "shop",
        "securityCategory": "weak-cryptography",
        "vulnerabilityProbability": "MEDIUM",
        "status": "TO_REVIEW",
        "author": "ada@example.invalid",
        "creationDate": "2026-03-02T09:00:00+0000",
        "updateDate": "2026-03-04T09:00:00+0000",
        **fields,
    }


@pytest.fixture
def finding(load):
    """Return the columns of the only finding, which nothing keeps from being one."""

    def only(record: dict[str, Any], **entry: Any) -> dict[str, Any]:
        batch = load(SONARQUBE, [record], **entry)["findings"]
        assert batch.quarantined.is_empty()
        return batch.rows.row(0, named=True)

    return only


# ---- ROWS ---- #


def test_an_issue_becomes_a_finding(finding):
    row = finding(issue())
    assert (row["tool"], row["repo"], row["fingerprint"]) == ("SonarQube", "harbour:shop", "AY1")
    assert (row["rule"], row["severity"], row["path"]) == ("java:S2077", "high", "src/Main.java")
    assert row["first_seen_at"] == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert (row["fixed_at"], row["suppressed"]) == (None, False)
    assert row["updated_at"] == datetime(2026, 3, 4, 9, tzinfo=UTC)


def test_a_hotspot_becomes_a_finding(finding):
    row = finding(hotspot())
    # the settings know one repository by this name
    assert (row["tool"], row["repo"], row["rule"]) == (
        "SonarQube", "harbour/shop", "weak-cryptography",
    )  # fmt: skip
    assert (row["severity"], row["path"], row["suppressed"]) == ("medium", "src/a.py", False)
    assert finding(hotspot(ruleKey="python:S4790"))["rule"] == "python:S4790"


def test_the_entry_names_the_repository_where_the_project_is_called_otherwise(finding):
    assert finding(issue(), repository="own")["repo"] == "own"


def test_a_finding_of_a_whole_project_has_no_path(finding):
    assert finding(issue(component="harbour:shop"))["path"] is None


def test_pages_of_the_api_are_read_and_a_later_state_wins(load):
    page = {"total": 1, "issues": [issue()], "components": [{"key": "harbour:shop"}], "facets": []}
    later = issue(status="CLOSED", resolution="FIXED", closeDate="2026-03-05T00:00:00+0000",
                  updateDate="2026-03-05T00:00:00+0000")  # fmt: skip
    text = (
        json.dumps({"issues": [later]}) + json.dumps(page) + json.dumps({"hotspots": [hotspot()]})
    )
    batch = load(SONARQUBE, text)["findings"]
    assert (batch.n_read, batch.rows.height, batch.n_duplicates) == (3, 2, 1)
    assert batch.rows.filter(fingerprint="AY1")["fixed_at"].to_list() == [
        datetime(2026, 3, 5, tzinfo=UTC)
    ]


def test_issues_of_pull_requests_are_put_aside(load):
    batch = load(SONARQUBE, [issue(pullRequest="12"), issue()])["findings"]
    assert batch.quarantined["reason"].to_list() == ["not_needed"]


# ---- WORDS ---- #


# Web API api/issues/search: `severities` (standard experience)
@pytest.mark.parametrize(
    ("word", "severity"),
    [("BLOCKER", "critical"), ("CRITICAL", "high"), ("MAJOR", "medium"), ("MINOR", "low"),
     ("INFO", "info")],
)  # fmt: skip
def test_each_severity_of_the_old_model(finding, word, severity):
    assert finding(issue(severity=word))["severity"] == severity


# Web API api/issues/search: `impactSeverities` (multi-quality rule mode)
@pytest.mark.parametrize(
    ("word", "severity"),
    [("BLOCKER", "critical"), ("HIGH", "high"), ("MEDIUM", "medium"), ("LOW", "low"),
     ("INFO", "info")],
)  # fmt: skip
def test_each_severity_of_the_new_model(finding, word, severity):
    impacts = [{"softwareQuality": "SECURITY", "severity": word}]
    assert finding(issue(impacts=impacts, severity="MINOR"))["severity"] == severity


def test_the_worst_impact_counts(finding):
    impacts = [{"severity": "LOW"}, {"severity": "HIGH"}, {"severity": "INFO"}]
    assert finding(issue(impacts=impacts))["severity"] == "high"


# Web API api/hotspots/search: `vulnerabilityProbability`
@pytest.mark.parametrize("word", ["HIGH", "MEDIUM", "LOW"])
def test_each_probability(finding, word):
    assert finding(hotspot(vulnerabilityProbability=word))["severity"] == word.lower()


# Web API api/issues/search: `types`, and `impactSoftwareQualities`
TYPES = {
    "VULNERABILITY": "SonarQube", "SECURITY_HOTSPOT": "SonarQube", "BUG": "SonarQube (bugs)",
    "CODE_SMELL": "SonarQube (code smells)",
}  # fmt: skip
QUALITIES = {
    "SECURITY": "SonarQube", "RELIABILITY": "SonarQube (bugs)",
    "MAINTAINABILITY": "SonarQube (code smells)",
}  # fmt: skip


def test_what_nobody_can_attack_is_of_another_tool(finding, load):
    for word, tool in TYPES.items():
        assert finding(issue(type=word))["tool"] == tool
    for word, tool in QUALITIES.items():
        assert finding(issue(type=None, impacts=[{"softwareQuality": word}]))["tool"] == tool
    both = [{"softwareQuality": "MAINTAINABILITY"}, {"softwareQuality": "SECURITY"}]
    assert finding(issue(type=None, impacts=both))["tool"] == "SonarQube"
    batch = load(SONARQUBE, [issue(type="POETRY"), issue()])["findings"]
    assert batch.quarantined["reason"].to_list() == ["unknown_type"]


# Web API api/issues/search: `statuses` and `resolutions` (before 10.4), `issueStatuses` (since)
ISSUE_STATES = [
    ({"status": "OPEN"}, "open"),
    ({"status": "CONFIRMED"}, "open"),
    ({"status": "REOPENED"}, "open"),
    ({"status": "RESOLVED", "resolution": "FIXED"}, "fixed"),
    ({"status": "RESOLVED", "resolution": "FALSE-POSITIVE"}, "suppressed"),
    ({"status": "RESOLVED", "resolution": "WONTFIX"}, "suppressed"),
    ({"status": "CLOSED", "resolution": "FIXED"}, "fixed"),
    ({"status": "CLOSED", "resolution": "REMOVED"}, "fixed"),
    ({"status": "CLOSED"}, "fixed"),
    ({"status": "RESOLVED"}, "fixed"),
    ({"status": None, "issueStatus": "OPEN"}, "open"),
    ({"status": None, "issueStatus": "CONFIRMED"}, "open"),
    ({"status": None, "issueStatus": "IN_SANDBOX"}, "open"),
    ({"status": "RESOLVED", "issueStatus": "FALSE_POSITIVE"}, "suppressed"),
    ({"status": "RESOLVED", "issueStatus": "ACCEPTED"}, "suppressed"),
    ({"status": "CLOSED", "issueStatus": "FIXED"}, "fixed"),
]
# Web API api/hotspots/search: `status` and `resolution`
HOTSPOT_STATES = [
    ({"status": "TO_REVIEW"}, "open"),
    ({"status": "IN_REVIEW"}, "open"),  # until 8.1
    ({"status": "REVIEWED"}, "open"),
    ({"status": "REVIEWED", "resolution": "FIXED"}, "fixed"),
    ({"status": "REVIEWED", "resolution": "SAFE"}, "suppressed"),
    ({"status": "REVIEWED", "resolution": "ACKNOWLEDGED"}, "open"),
]
CASES = [(issue(), *case) for case in ISSUE_STATES] + [
    (hotspot(), *case) for case in HOTSPOT_STATES
]


@pytest.mark.parametrize(("record", "fields", "state"), CASES)
def test_each_status_and_resolution(finding, record, fields, state):
    row = finding({**record, **fields})
    assert (row["fixed_at"] is not None, row["suppressed"]) == (
        state == "fixed",
        state == "suppressed",
    )


def test_every_documented_word_is_in_the_registry():
    words = SONARQUBE.words
    assert words["severity"].keys() == {
        "BLOCKER", "CRITICAL", "MAJOR", "MINOR", "INFO", "HIGH", "MEDIUM", "LOW",
    }  # fmt: skip
    assert words["issue type"] == TYPES | QUALITIES
    told = {fields.get("issueStatus") or fields["status"] for fields, _ in ISSUE_STATES}
    assert words["issue status"].keys() == told
    assert words["hotspot status"].keys() == {fields["status"] for fields, _ in HOTSPOT_STATES}
    for name, cases in (("issue", ISSUE_STATES), ("hotspot", HOTSPOT_STATES)):
        told = {fields["resolution"] for fields, _ in cases if "resolution" in fields}
        assert words[f"{name} resolution"].keys() == told


def test_a_fixed_issue_is_fixed_when_it_was_closed_else_when_it_was_last_changed(load, finding):
    fixed = issue(status="CLOSED", resolution="FIXED")
    assert finding(fixed)["fixed_at"].day == 4
    assert finding(fixed | {"closeDate": "2026-03-03T00:00:00+0000"})["fixed_at"].day == 3
    undated = fixed | {"updateDate": None}
    batch = load(SONARQUBE, [undated, issue()])["findings"]
    assert batch.quarantined["reason"].to_list() == ["fixed_without_time"]


def test_that_a_hotspots_fix_is_dated_by_its_last_change_is_said(load):
    batch = load(SONARQUBE, [hotspot(status="REVIEWED", resolution="FIXED")])["findings"]
    assert "last changed" in batch.notes[0]


def test_unknown_words_are_counted_or_quarantined(load):
    strange = [issue(severity="AWFUL"), issue(key="2", status="LOST"), hotspot(resolution="EH")]
    batch = load(SONARQUBE, strange)["findings"]
    assert batch.rows["severity"].to_list() == ["unknown"]
    assert "AWFUL" in batch.notes[0]
    assert batch.quarantined["reason"].to_list() == ["unknown_status"] * 2


# ---- DAMAGE AND RECOGNITION ---- #


def test_nobody_is_kept(load, said_anywhere):
    text = said_anywhere(load(SONARQUBE, [issue(), hotspot(), issue(status="odd"), issue(key=[1])]))
    assert "java:S2077" in text
    assert "ada" not in text.lower()


def test_a_record_of_another_kind_is_quarantined_and_a_file_of_them_refused(load):
    batch = load(SONARQUBE, [issue(), {"id": 1}])["findings"]
    assert batch.quarantined["reason"].to_list() == ["unknown_record"]
    with pytest.raises(ExportError, match="SonarQube"):
        load(SONARQUBE, [{"id": 1}])
    cut = json.dumps([issue(), issue()])[:-30]
    assert load(SONARQUBE, cut)["findings"].quarantined["reason"].to_list() == ["truncated_json"]


@given(seed=st.integers(0, 2**32))
def test_damaged_answers_never_break_anything(survives, seed):
    survives(SONARQUBE, json.dumps({"issues": [issue()], "hotspots": [hotspot()]}).encode(), seed)


def test_answers_are_recognised_and_others_are_not(save):
    for own in ([issue()], {"issues": [issue()], "p": 1}, {"hotspots": [hotspot()]}, hotspot()):
        assert SONARQUBE.recognise(save(own)).confidence == 0.95
    measures = {"key": "a", "qualifier": "FIL", "measures": []}
    assert SONARQUBE.recognise(save([measures])).confidence == 0.4
    jira = {"issues": [{"id": "1", "key": "A-1", "fields": {"project": {}}}]}
    for foreign in (jira, [{"id": 1}], {"key": "x", "rule": "y"}, "", "<a/>"):
        assert SONARQUBE.recognise(save(foreign)) is None


@pytest.mark.real
def test_the_real_answers_load(shared_data, judge):
    """6 issues and 5 hotspots load; 6 components with measures are no findings."""
    numbers = {}
    for file in sorted((shared_data / "api-payloads" / "sonarqube").iterdir()):
        assert SONARQUBE.recognise(file) is not None
        batch = judge(SONARQUBE, file)["findings"]
        reasons = batch.quarantined["reason"].to_list()
        numbers[file.stem] = (batch.n_read, batch.rows.height, batch.n_duplicates, reasons)
    assert numbers == {
        "filemetrics": (6, 0, 0, ["not_needed"] * 6),
        "hotspots": (5, 5, 0, []),
        "issues": (6, 6, 0, []),
    }
