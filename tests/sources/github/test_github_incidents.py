"""Issues are incidents by label, and nothing that people wrote leaves the reader."""

from datetime import UTC, datetime

import pytest

TABLE = "incidents"


def at(hour: int) -> datetime:
    return datetime(2026, 3, 2, hour, tzinfo=UTC)


def only(batches, file="i.json"):
    return batches[file, TABLE].rows.row(0, named=True)


def test_a_labelled_issue_is_an_incident(load, issue):
    row = only(load(files={"i.json": {"total_count": 1, "items": [issue()]}}))
    assert (row["incident_id"], row["service"]) == ("github:shop:9", "shop")
    assert (row["started_at"], row["created_at"], row["resolved_at"]) == (at(10), at(10), at(12))
    assert (row["detected_at"], row["planned"], row["severity"]) == (None, None, None)


def test_an_open_issue_is_not_resolved(load, issue):
    assert only(load(files={"i.json": [issue(state="open")]}))["resolved_at"] is None


def test_other_issues_and_pull_requests_are_quarantined_with_the_reason(load, issue):
    batch = load(
        files={
            "i.json": [
                issue(1, labels=["bug"]),
                issue(2, pull_request={"url": "https://x.example"}),
                issue(3, labels=["OUTAGE"]),
            ]
        }
    )["i.json", TABLE]
    assert batch.quarantined["reason"].to_list() == ["not_an_incident", "is_a_pull_request"]
    assert "incident, outage" in batch.quarantined["message"][0]
    assert batch.rows["incident_id"].to_list() == ["github:shop:3"]


def test_the_entry_says_which_labels_make_an_incident(load, issue):
    batch = load(files={"i.json": [issue(labels=["bug"])]}, incident_labels=["Bug"])
    assert batch["i.json", TABLE].rows.height == 1


@pytest.mark.parametrize(
    ("labels", "severity"),
    [
        (["incident", "sev1"], "sev1"),
        (["incident", "SEV-2"], "SEV-2"),
        (["incident", "severity:high"], "high"),
        (["incident", "severity/critical"], "critical"),
        (["incident", "P1"], "P1"),
        (["incident", "php8", "several"], None),
    ],
)
def test_a_label_may_name_the_severity(load, issue, labels, severity):
    assert only(load(files={"i.json": [issue(labels=labels)]}))["severity"] == severity


@pytest.mark.parametrize(
    ("body", "sha", "deployment_id"),
    [
        ("Root cause: " + "E" * 40 + ".", "e" * 40, None),
        ("root cause: `abc1234`", "abc1234", None),
        ("The root cause: a typo", None, None),
        ("Caused by deployment 17.", None, "github:shop:17"),
        ("caused by deployment: github:acme/shop:17", None, "github:acme/shop:17"),
        ("Caused by deployments", None, None),
        (None, None, None),
    ],
)
def test_the_text_may_name_the_cause(load, issue, body, sha, deployment_id):
    row = only(load(files={"i.json": [issue(body=body)]}))
    assert (row["sha"], row["deployment_id"]) == (sha, deployment_id)


def test_titles_texts_and_names_stay_in_the_export(load, issue):
    batch = load(files={"i.json": [issue(1, body="Ada did it"), issue(2, labels=[])]})
    shown = str([(one.rows.rows(), one.quarantined.rows()) for one in batch.values()])
    assert "ada" not in shown.lower()
    assert "basket" not in shown


def test_an_issue_of_a_repository_that_is_no_service_names_none(load, issue, deployment):
    url = "https://api.github.example/repos/acme/incidents"
    central = issue(url=f"{url}/issues/9", repository_url=url)
    assert only(load(files={"i.json": [central]}))["service"] is None
    assert only(load({}, {"i.json": [central]}))["service"] == "incidents"
    assert only(load(files={"i.json": [central]}, service="shop"))["service"] == "shop"
    deployed = deployment(url=f"{url}/deployments/1")
    assert only(load(files={"i.json": [central], "d.json": [deployed]}))["service"] == "incidents"


def test_an_issue_of_a_repository_of_several_services_names_none(load, issue):
    services = {name: {"repositories": ["shop"]} for name in ("api", "ui")}
    row = only(load({"teams": {"web": {"services": services}}}, {"i.json": [issue()]}))
    assert (row["service"], row["incident_id"]) == (None, "github:shop:9")
