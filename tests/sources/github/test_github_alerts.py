"""Alerts of code scanning, Dependabot and secret scanning become findings."""

from datetime import UTC, datetime
from typing import Any

import pytest

from devops_analytics.schema_evidence import SEVERITIES
from devops_analytics.sources.github import GITHUB
from devops_analytics.sources.github.alerts import (
    RESOLUTION_WORDS,
    SEVERITY_WORDS,
    STATE_WORDS,
)

API = "https://api.github.example/repos/acme/shop"
FOUND, LATER = "2026-03-01T09:00:00Z", "2026-03-04T12:00:00Z"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def code(**fields: Any) -> dict[str, Any]:
    return {
        "number": 3,
        "url": f"{API}/code-scanning/alerts/3",
        "created_at": FOUND,
        "updated_at": FOUND,
        "state": "open",
        "fixed_at": None,
        "dismissed_by": None,
        "dismissed_at": None,
        "rule": {
            "id": "py/sql-injection",
            "severity": "error",
            "security_severity_level": "critical",
            "description": "Query built by hand",
        },
        "tool": {"name": "CodeQL", "version": "2.20.1"},
        "most_recent_instance": {
            "ref": "refs/heads/main",
            "state": "open",
            "location": {"path": "parcels/query.py", "start_line": 12},
        },
        **fields,
    }


def dependency(**fields: Any) -> dict[str, Any]:
    return {
        "number": 4,
        "url": f"{API}/dependabot/alerts/4",
        "state": "open",
        "dependency": {
            "package": {"ecosystem": "pip", "name": "jinja2"},
            "manifest_path": "requirements.txt",
            "scope": "runtime",
        },
        "security_advisory": {
            "ghsa_id": "GHSA-aaaa-bbbb-cccc",
            "cve_id": "CVE-2026-1234",
            "severity": "low",
        },
        "security_vulnerability": {"severity": "high", "package": {"name": "jinja2"}},
        "created_at": FOUND,
        "updated_at": FOUND,
        "dismissed_at": None,
        "dismissed_by": None,
        "dismissed_comment": None,
        "fixed_at": None,
        **fields,
    }


def secret(**fields: Any) -> dict[str, Any]:
    return {
        "number": 5,
        "url": f"{API}/secret-scanning/alerts/5",
        "created_at": FOUND,
        "state": "open",
        "resolution": None,
        "resolved_at": None,
        "resolved_by": None,
        "secret_type": "mailgun_api_key",
        "secret": "key-of-nobody-123456",
        **fields,
    }


def only(load: Any, record: dict[str, Any]) -> dict[str, Any]:
    batch = load(files={"a.json": [record]})["a.json", "findings"]
    assert batch.rows.height == 1
    return batch.rows.row(0, named=True)


def test_an_alert_of_code_scanning_becomes_a_finding(load):
    row = only(load, code())
    assert (row["tool"], row["repo"], row["rule"]) == ("CodeQL", "shop", "py/sql-injection")
    assert (row["severity"], row["path"]) == ("critical", "parcels/query.py")
    assert (row["first_seen_at"], row["fixed_at"]) == (at(FOUND), None)
    assert (row["suppressed"], row["dependency"]) == (False, None)


def test_an_alert_of_dependabot_becomes_a_finding(load):
    row = only(load, dependency(state="fixed", fixed_at=LATER, updated_at=LATER))
    assert (row["tool"], row["rule"], row["severity"]) == ("Dependabot", "CVE-2026-1234", "high")
    assert (row["dependency"], row["path"]) == ("jinja2", "requirements.txt")
    assert (row["first_seen_at"], row["fixed_at"]) == (at(FOUND), at(LATER))
    assert row["suppressed"] is False


def test_an_advisory_without_a_cve_is_named_by_its_own_id(load):
    advisory = {"ghsa_id": "GHSA-aaaa-bbbb-cccc", "cve_id": None, "severity": "medium"}
    row = only(load, dependency(security_advisory=advisory, security_vulnerability=None))
    assert (row["rule"], row["severity"]) == ("GHSA-aaaa-bbbb-cccc", "medium")


def test_a_secret_is_never_read(load):
    found = load(files={"a.json": [secret(), secret(number=6, url=None)]})["a.json", "findings"]
    text = str(found.rows.rows()) + str(found.quarantined.rows())
    assert "key-of-nobody" not in text
    row = found.rows.row(0, named=True)
    assert (row["tool"], row["rule"]) == ("secret scanning", "mailgun_api_key")
    # No word of GitHub's says how bad a secret is.
    assert row["severity"] == "unknown"


# docs.github.com/rest: code-scanning, dependabot and secret-scanning alerts, `state`, `resolution`
@pytest.mark.parametrize(
    ("record", "fixed", "suppressed"),
    [
        (code(), None, False),
        (code(state="fixed", fixed_at=LATER), LATER, False),
        (code(state="dismissed", dismissed_at=LATER), None, True),
        (dependency(), None, False),
        (dependency(state="fixed", fixed_at=LATER), LATER, False),
        (dependency(state="dismissed", dismissed_at=LATER), None, True),
        (dependency(state="auto_dismissed", auto_dismissed_at=LATER), None, True),
        (secret(), None, False),
        (secret(state="resolved", resolution="revoked", resolved_at=LATER), LATER, False),
        (secret(state="resolved", resolution=None, resolved_at=LATER), LATER, False),
        (secret(state="resolved", resolution="false_positive", resolved_at=LATER), None, True),
        (secret(state="resolved", resolution="wont_fix", resolved_at=LATER), None, True),
        (secret(state="resolved", resolution="used_in_tests", resolved_at=LATER), None, True),
        (secret(state="resolved", resolution="pattern_edited", resolved_at=LATER), None, True),
        (secret(state="resolved", resolution="pattern_deleted", resolved_at=LATER), None, True),
    ],
)
def test_states_tell_whether_it_was_fixed_or_dismissed(load, record, fixed, suppressed):
    row = only(load, record)
    assert row["fixed_at"] == (at(fixed) if fixed else None)
    assert row["suppressed"] is suppressed


@pytest.mark.parametrize(
    ("rule", "severity"),
    [
        ({"severity": "error"}, "high"),
        ({"severity": "warning"}, "medium"),
        ({"severity": "note"}, "low"),
        ({"severity": "none"}, "info"),
        ({"severity": "error", "security_severity_level": "low"}, "low"),
        ({"severity": "note", "security_severity_level": "medium"}, "medium"),
        ({"security_severity_level": "high"}, "high"),
        ({"severity": None, "security_severity_level": None}, "unknown"),
        ({"severity": "apocalyptic"}, "unknown"),
    ],
)
def test_severities_are_the_suites(load, rule, severity):
    assert only(load, code(rule={"id": "x", **rule}))["severity"] == severity


def test_an_undocumented_severity_is_counted(load):
    batch = load(files={"a.json": [code(rule={"severity": "apocalyptic"})]})["a.json", "findings"]
    assert any("apocalyptic" in note for note in batch.notes)


def test_an_undocumented_state_is_counted_and_not_taken_for_dismissed(load):
    batch = load(files={"a.json": [code(state="paused")]})["a.json", "findings"]
    assert batch.rows["suppressed"].to_list() == [None]
    assert any("1 alerts are in a state that is not known" in note for note in batch.notes)


def test_a_fixed_alert_without_its_time_is_not_taken_for_open(load):
    batch = load(files={"a.json": [code(state="fixed")]})["a.json", "findings"]
    assert batch.quarantined["reason"].to_list() == ["time_not_known"]


def test_of_two_versions_the_later_stays(load):
    fixed = dependency(state="fixed", fixed_at=LATER, updated_at=LATER)
    batch = load(files={"a.json": [fixed, dependency()]})["a.json", "findings"]
    assert (batch.n_read, batch.n_duplicates) == (2, 1)
    assert batch.rows["fixed_at"].to_list() == [at(LATER)]


def test_a_dismissal_without_an_update_time_is_later_than_the_find(load):
    closed = code(state="dismissed", dismissed_at=LATER, updated_at=None)
    batch = load(files={"a.json": [closed, code(updated_at=None)]})["a.json", "findings"]
    assert batch.rows["suppressed"].to_list() == [True]


def test_an_alert_without_a_repository_is_quarantined(load):
    batch = load(files={"a.json": [code(url=None)]})["a.json", "findings"]
    assert batch.quarantined["reason"].to_list() == ["repository_not_known"]


def test_alerts_of_an_organisation_name_their_repository(load):
    row = only(load, code(url=None, repository={"full_name": "acme/till"}))
    assert row["repo"] == "acme/till"


def test_every_documented_word_is_mapped():
    # docs.github.com/rest/code-scanning, /rest/dependabot/alerts, /rest/secret-scanning
    levels = {"critical", "high", "medium", "low", "error", "warning", "note", "none"}
    assert levels <= set(SEVERITY_WORDS)
    assert set(SEVERITY_WORDS.values()) <= set(SEVERITIES)
    assert {"open", "fixed", "dismissed", "auto_dismissed", "resolved"} == set(STATE_WORDS)
    assert {
        "false_positive", "wont_fix", "revoked", "pattern_edited", "pattern_deleted",
        "used_in_tests",
    } == set(RESOLUTION_WORDS)  # fmt: skip
    assert GITHUB.words["severity of an alert"] is SEVERITY_WORDS
