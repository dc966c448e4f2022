"""Webhook events become the rows of what they are about."""

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.github import GITHUB

SENDER = {"login": "ada-harbour", "type": "User"}
HOME = {"full_name": "acme/shop", "owner": {"login": "acme"}}


def event(action: str | None = None, **inside: Any) -> dict[str, Any]:
    """Return an event as GitHub sends it."""
    said = {} if action is None else {"action": action}
    return {**said, **inside, "repository": HOME, "sender": SENDER}


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def test_events_of_a_deployment_date_it(load, deployment, status):
    steps = [("queued", 1), ("in_progress", 2), ("success", 7), ("inactive", 40)]
    events = [event("created", deployment=deployment())]
    for state, minute in steps:
        changed = deployment(updated_at=f"2026-03-02T09:{minute:02}:00Z")
        one = event("created", deployment_status=status(state, minute), deployment=changed)
        events.append(one)
    batch = load(files={"hooks.ndjson": "\n".join(map(json.dumps, events))})
    found = batch["hooks.ndjson", "deployments"]
    assert (found.n_read, found.rows.height, found.n_duplicates) == (5, 1, 4)
    row = found.rows.row(0, named=True)
    assert (row["started_at"], row["finished_at"], row["result"]) == (at(9, 2), at(9, 7), "success")
    assert row["deployment_id"] == "github:shop:1"


def test_an_event_and_an_answer_are_the_same_deployment(load, deployment, status):
    told = event("created", deployment_status=status("success", 5), deployment=deployment())
    found = load(files={"d.json": [deployment()], "e.json": told})
    for name in ("d.json", "e.json"):
        row = found[name, "deployments"].rows.row(0, named=True)
        assert (row["deployment_id"], row["result"]) == ("github:shop:1", "success")


def test_the_last_event_of_a_run_stays(load, run):
    asked = run(status="queued", conclusion=None, updated_at="2026-03-02T09:00:00Z")
    events = [event("completed", workflow_run=run(), workflow={"id": 1}),
              event("requested", workflow_run=asked, workflow={"id": 1})]  # fmt: skip
    found = load(files={"e.json": events})["e.json", "pipeline_runs"]
    assert (found.rows["result"].to_list(), found.n_duplicates) == (["success"], 1)


def test_a_job_that_deploys_is_a_job(load, job, deployment):
    found = load(files={"e.json": event("completed", workflow_job=job(), deployment=deployment())})
    assert list(found) == [("e.json", "pipeline_jobs")]
    assert found["e.json", "pipeline_jobs"].rows["job_id"].to_list() == ["70"]


def test_an_event_names_the_repository(load, run):
    told = event("completed", workflow_run=run(repository=None, url=None), workflow={})
    assert load(files={"e.json": told})["e.json", "pipeline_runs"].rows["repo"][0] == "shop"


def test_an_event_of_a_request_tells_when_it_left_draft(load, pull):
    first, again = "2026-03-01T10:00:00Z", "2026-03-01T15:00:00Z"
    files = {
        "list.json": [pull()],
        "a.json": event("ready_for_review", number=5, pull_request=pull(updated_at=again)),
        "b.json": event("ready_for_review", number=5, pull_request=pull(updated_at=first)),
        "c.json": event("closed", number=6, pull_request=pull(6)),
    }
    found = load(files=files)
    ready = {name: batch.rows["ready_at"][0] for (name, _), batch in found.items()}
    moment = datetime(2026, 3, 1, 15, tzinfo=UTC)
    assert ready == {"list.json": moment, "a.json": moment, "b.json": moment, "c.json": None}


def test_a_review_counts_for_its_request(load, pull, review):
    told = event("submitted", review=review("grace", "approved", 12), pull_request=pull())
    found = load(files={"p.json": [pull()], "e.json": told})
    assert found["p.json", "changes"].rows["approved_at"][0] == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert list(found) == [("p.json", "changes"), ("e.json", "reviews")]


def test_an_incident_is_resolved_by_its_last_event(load, issue):
    opened = issue(state="open", closed_at=None, updated_at="2026-03-02T10:00:00Z")
    events = [event("closed", issue=issue()), event("opened", issue=opened)]
    found = load(files={"e.json": events})["e.json", "incidents"]
    assert found.rows["resolved_at"].to_list() == [at(12)]


@pytest.mark.parametrize("action", ["deleted", "unpublished"])
def test_a_release_that_is_gone_is_put_aside(load, action):
    release = {"tag_name": "v1", "draft": False, "target_commitish": "main"}
    found = load(files={"e.json": event(action, release=release)})["e.json", "refs"]
    assert found.quarantined["reason"].to_list() == ["is_gone"]


@pytest.mark.parametrize(
    ("told", "table"),
    [
        (event("completed", check_run={"id": 1, "head_sha": "a" * 40}), "pipeline_jobs"),
        (event("completed", check_suite={"id": 1, "head_sha": "a" * 40}), "pipeline_runs"),
        (event(id=1, sha="a" * 40, context="ci", state="success", branches=[]), "pipeline_jobs"),
        (event("requested", workflow_run={"id": 1}, environment="production"), "deployments"),
        (event("created", comment={"id": 1}, issue={"number": 1}), "reviews"),
        (event("resolved", thread={}, pull_request={"number": 1}), "reviews"),
        (event("created", alert={"number": 1}), "pipeline_runs"),
        (event("started", starred_at=None), "pipeline_runs"),
        (event(zen="Keep it logically awesome.", hook={}), "pipeline_runs"),
    ],
)
def test_events_of_which_nothing_is_computed_are_put_aside(load, told, table):
    found = load(files={"e.json": told})["e.json", table]
    assert found.quarantined["reason"].to_list() == ["not_needed"]
    assert found.quarantined["raw"].to_list() == [None]


def test_what_a_hook_keeps_beside_the_event_does_no_harm(load, run):
    kept = {"headers": {"X-GitHub-Event": "workflow_run"},
            "payload": event("completed", workflow_run=run(), workflow={})}  # fmt: skip
    found = load(files={"e.ndjson": "\n".join(json.dumps(kept) for _ in range(2))})
    assert found["e.ndjson", "pipeline_runs"].n_read == 2


def test_events_are_recognised_and_their_repositories_left_to_them(tmp_path, run):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(event("completed", workflow_run=run(), workflow={})))
    found = GITHUB.recognise(path)
    assert found is not None
    assert (found.kind, found.confidence, found.suggestion) == ("github", 0.9, {})
    assert "webhook events" in found.reason


def test_messages_of_other_tools_are_not_recognised(tmp_path):
    path = tmp_path / "x.json"
    for other in (
        {"sender": "ada", "subject": "Hello"},
        {"object_kind": "push", "before": "a", "after": "b", "commits": [], "project": {}},
        {"event": "deployment", "action": "created", "id": 1, "repository": "x"},
        {"push": {"changes": []}, "repository": {}, "actor": {}},
    ):
        path.write_text(json.dumps(other))
        assert GITHUB.recognise(path) is None, other


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**9))
def test_no_mutation_breaks_or_loses_anything(load, request, seed):
    names = ("run", "job", "deployment", "status", "pull", "review", "issue")
    run, job, deployment, status, pull, review, issue = map(request.getfixturevalue, names)
    chance = random.Random(seed)
    alert = {"number": 1, "state": "open", "rule": {"id": "x"}, "tool": {"name": "y"}}
    push = {"before": "0", "after": "1", "commits": [{"id": "ab", "timestamp": "2026-01-01"}]}
    records = [
        event("completed", workflow_run=run()),
        event("created", deployment_status=status("success", 5), deployment=deployment()),
        event("opened", pull_request=pull(commits=[{"sha": "a", "commit": {}, "parents": []}])),
        event("created", alert=alert | {"created_at": "2026-03-02T09:00:00Z"}),
        event("submitted", review=review("grace", "approved", 3), pull_request={}),
        event(**push), run(), job(), status("failure", 3), issue(), pull(), review("ada", "x", 4),
    ]  # fmt: skip
    changed = [_mutated(one, chance) for one in chance.sample(records, 4)]
    # The fixture checks that every record is accounted for.
    try:
        found = load(files={"x.ndjson": "\n".join(map(json.dumps, changed))})
    except ExportError:
        return
    said = "".join(str(batch.rows.rows()) for batch in found.values())
    assert "ada-harbour" not in said


def _mutated(record: Any, chance: random.Random) -> Any:
    """Return a record with some values replaced or missing, at any depth."""
    if isinstance(record, dict):
        return {
            key: _mutated(value, chance) for key, value in record.items() if chance.random() > 0.03
        }
    if isinstance(record, list):
        return [_mutated(value, chance) for value in record]
    if chance.random() < 0.06:
        return chance.choice([None, "", 0, -5, 1.5, True, [], {}, "x", "2026-02-30", "\ud800"])
    return record


DELIVERED = {
    "probot": lambda one: {"id": "d-1", "name": "deployment", "payload": one},
    "headers": lambda one: {"headers": {"x-github-event": "deployment"}, "body": one},
    "text": lambda one: {"event": "deployment", "payload": json.dumps(one)},
    # As GET /repos/OWNER/REPO/hooks/HOOK/deliveries/ID answers.
    "answer": lambda one: {
        "id": 12,
        "guid": "d-1",
        "delivered_at": "2026-03-02T09:00:01Z",
        "event": "deployment",
        "action": "created",
        "request": {"headers": {}, "payload": one},
        "response": {"headers": {}, "payload": "ok"},
    },
}


@pytest.mark.parametrize("how", DELIVERED)
def test_events_are_found_in_the_deliveries_that_receivers_keep(load, deployment, tmp_path, how):
    one = DELIVERED[how](event("created", deployment=deployment()))
    row = load(files={"hooks.ndjson": json.dumps(one)})["hooks.ndjson", "deployments"]
    assert (row.n_read, row.rows.height) == (1, 1)
    path = tmp_path / "hooks.json"
    path.write_text(json.dumps([one]), encoding="utf-8")
    assert GITHUB.recognise(path).confidence == 0.9


@pytest.mark.parametrize(
    "held", [{"payload": 7}, {"body": "text"}, {"request": {"request": {}}}, {"payload": None}]
)
def test_a_delivery_without_an_event_is_none(load, held):
    with pytest.raises(ExportError, match="of no kind that is read"):
        load(files={"hooks.ndjson": json.dumps({"id": 1, **held})})
