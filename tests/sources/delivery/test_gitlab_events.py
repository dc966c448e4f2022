"""GitLab: bodies of webhook events are the records that they tell of."""

import json
from typing import Any

import pytest

from devops_analytics.sources.gitlab import GITLAB
from tests.sources.delivery.gitlab_records import (
    ADA,
    BOB,
    IN_EVENT,
    SHA,
    at,
    deployment,
    deployment_event,
    detailed,
    issue,
    job,
    job_event,
    pipeline_event,
    request,
    request_event,
    time,
)


def lines(*records: dict[str, Any]) -> str:
    return "\n".join(map(json.dumps, records))


def rows(batch: Any) -> list[dict[str, Any]]:
    assert batch.quarantined.rows() == []
    return batch.rows.rows(named=True)


def test_a_pipelines_event_is_its_run_with_its_jobs(load):
    batches = load(GITLAB, pipeline_event())
    (run,) = rows(batches["pipeline_runs"])
    assert (run["repo"], run["run_id"], run["trigger"]) == ("harbour/shop", "47", "push")
    assert (run["queued_at"], run["started_at"], run["finished_at"]) == (at(9), at(9, 2), at(9, 20))
    (job_row,) = rows(batches["pipeline_jobs"])
    assert (job_row["repo"], job_row["run_id"], job_row["job_id"]) == ("harbour/shop", "47", "7")
    assert (job_row["sha"], job_row["branch"], job_row["runner"]) == (SHA, "main", "docker")
    assert (job_row["started_at"], job_row["finished_at"]) == (at(9, 2), at(9, 12))


def test_of_many_events_of_a_pipeline_the_last_stays(load):
    running = pipeline_event(status="running", finished_at=None)
    batch = load(GITLAB, lines(pipeline_event(), running))["pipeline_runs"]
    assert (batch.n_duplicates, rows(batch)[0]["result"]) == (1, "success")


def test_an_event_and_an_answer_tell_of_one_run(load):
    batches = load(GITLAB, lines(detailed(), job(), pipeline_event()))
    assert batches["pipeline_runs"].n_duplicates == 1
    (run,) = rows(batches["pipeline_runs"])
    assert (run["started_at"], run["finished_at"]) == (at(9, 1), at(9, 20))
    assert batches["pipeline_jobs"].n_duplicates == 1


def test_a_jobs_event_is_a_job(load):
    (found,) = rows(load(GITLAB, job_event())["pipeline_jobs"])
    assert (found["repo"], found["run_id"], found["job_id"]) == ("harbour/shop", "47", "7")
    assert (found["name"], found["sha"], found["branch"]) == ("rspec", SHA, "main")
    assert (found["result"], found["runner"]) == ("timeout", "instance_type")
    assert (found["queued_at"], found["finished_at"]) == (at(9), at(9, 12))


def test_a_deployments_events_tell_its_beginning_and_its_end(load):
    began = deployment_event(status="running", status_changed_at="2026-03-02 11:00:00 +0100")
    batch = load(GITLAB, lines(deployment_event(), began))["deployments"]
    assert batch.n_duplicates == 1
    (found,) = rows(batch)
    assert found["deployment_id"] == "gitlab:harbour/shop:41"
    assert (found["started_at"], found["finished_at"]) == (at(10), at(10, 5))
    assert (found["sha"], found["result"], found["trigger"]) == (SHA, "success", "pipeline")
    # The settings' rules say nothing of eu-1; its tier does.
    assert (found["environment"], found["environment_kind"]) == ("eu-1", "production")


def test_an_event_and_an_answer_tell_of_one_deployment(load):
    batch = load(GITLAB, lines(deployment_event(), deployment()))["deployments"]
    assert (batch.n_duplicates, rows(batch)[0]["finished_at"]) == (1, at(10, 5))


def test_the_events_of_a_merge_request_tell_its_life(load):
    opened = request_event(draft=True, work_in_progress=True)
    ready = request_event(
        action="update",
        updated_at="2026-03-02 09:00:00 UTC",
        changes={"draft": {"previous": True, "current": False}},
    )
    approved = request_event(action="approved", user=BOB, updated_at="2026-03-02 10:00:00 UTC")
    merged = request_event(
        action="merge",
        state="merged",
        user=BOB,
        merge_commit_sha="2" * 40,
        updated_at="2026-03-02 11:00:00 UTC",
    )
    batch = load(GITLAB, lines(merged, approved, ready, opened))["changes"]
    assert batch.n_duplicates == 3
    (found,) = rows(batch)
    assert (found["repo"], found["change_id"]) == ("harbour/shop", "3")
    assert (found["opened_at"], found["ready_at"]) == (at(8), at(9))
    assert (found["first_review_at"], found["approved_at"]) == (at(10), at(10))
    assert (found["merged_at"], found["closed_at"]) == (at(11), at(11))
    assert (found["merge_sha"], found["head_sha"]) == ("2" * 40, "1" * 40)
    assert found["labels"] == ["backend"]
    # Only the event of its opening has its author act.
    assert found["author"].startswith("p-")


def test_a_reopened_request_is_open(load):
    closed = request_event(action="close", state="closed", updated_at="2026-03-02 09:00:00 UTC")
    again = request_event(action="reopen", updated_at="2026-03-02 10:00:00 UTC")
    (found,) = rows(load(GITLAB, lines(closed, again))["changes"])
    assert found["closed_at"] is None


def test_an_approval_of_ones_own_request_is_none(load):
    own = request_event(action="approval", user=ADA)
    (found,) = rows(load(GITLAB, lines(request(), own))["changes"])
    assert found["approved_at"] is None


def test_an_incidents_event_is_an_incident(load):
    event = {
        "object_kind": "work_item",
        "user": ADA,
        "project": IN_EVENT,
        "object_attributes": {
            "id": 805,
            "iid": 5,
            "title": "Ada's shop is down",
            "type": "Incident",
            "state": "closed",
            "severity": "high",
            "created_at": "2026-03-02 09:00:00 UTC",
            "updated_at": "2026-03-02 11:00:00 UTC",
            "closed_at": "2026-03-02 10:00:00 UTC",
            "labels": [{"title": "severity::1"}],
        },
    }
    batch = load(GITLAB, lines(event, issue()))["incidents"]
    assert batch.n_duplicates == 1
    (found,) = rows(batch)
    assert (found["incident_id"], found["severity"]) == ("gitlab:harbour/shop:5", "high")
    assert (found["started_at"], found["resolved_at"]) == (at(9), at(10))


@pytest.mark.parametrize("action", ["create", "update", "delete"])
def test_a_releases_event_is_a_release_unless_it_is_gone(load, action):
    event = {
        "object_kind": "release",
        "id": 1,
        "tag": "v1.1",
        "action": action,
        "created_at": "2026-03-02 09:00:00 UTC",
        "released_at": "2026-03-02 10:00:00 UTC",
        "project": IN_EVENT,
        "commit": {"id": SHA, "author": {"name": "Ada Harbour"}},
    }
    batch = load(GITLAB, event)["refs"]
    if action == "delete":
        assert batch.quarantined["reason"].to_list() == ["is_gone"]
    else:
        (found,) = rows(batch)
        assert (found["repo"], found["name"], found["sha"]) == ("harbour/shop", "v1.1", SHA)
        assert found["created_at"] == at(10)


def test_other_events_are_not_needed(load):
    other = {"object_kind": "wiki_page", "project": IN_EVENT, "user": ADA}
    batch = load(GITLAB, lines(detailed(created_at=time(9)), other))["pipeline_runs"]
    assert batch.quarantined["reason"].to_list() == ["not_needed"]
    assert batch.quarantined["raw"].to_list() == [None]
