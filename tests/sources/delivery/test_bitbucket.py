"""Bitbucket: pipelines with their steps, deployments, pull requests with their activity, issues."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.config import settings_from
from devops_analytics.config_tools import BitbucketSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.bitbucket import BITBUCKET
from devops_analytics.sources.conform import conform
from devops_analytics.sources.source import Context

SHA = "49874a6ac988e2b3433501d4a4554c54583e6820"
MERGE = "c0e12b61e44b7c6c1a4e8f0d9b2a3c4d5e6f7a8b"
REPO = "harbour/shop"
API = f"https://api.bitbucket.org/2.0/repositories/{REPO}"
ADA = {"type": "user", "nickname": "Ada", "account_id": "557058:ada", "display_name": "Ada L"}
BEN = {"type": "user", "nickname": "Ben", "account_id": "557058:ben", "display_name": "Ben F"}
BOT = {"type": "app_user", "nickname": "Checker", "account_id": "557058:app"}
REPOSITORY = {"type": "repository", "full_name": REPO, "name": "shop"}


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, second, tzinfo=UTC)


def iso(hour: int, minute: int = 0) -> str:
    return at(hour, minute).isoformat()


def uuid(number: int) -> str:
    return f"{{23622ee4-e150-4920-9d66-{number:012d}}}"


def plain(number: int) -> str:
    return uuid(number).strip("{}")


def state(name: str, result: str | None = None, *, of: str = "result") -> dict[str, Any]:
    return {"name": name} | ({of: {"name": result}} if result else {})


def pipeline(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Make a pipeline as GET repositories/REPO/pipelines/ lists it."""
    return {
        "type": "pipeline",
        "uuid": uuid(number),
        "build_number": number,
        "creator": ADA,
        "repository": REPOSITORY,
        "state": state("COMPLETED", "SUCCESSFUL"),
        "target": {
            "type": "pipeline_ref_target",
            "ref_type": "branch",
            "ref_name": "main",
            "selector": {"type": "branches", "pattern": "main"},
            "commit": {"type": "commit", "hash": SHA},
        },
        "trigger": {"name": "PUSH", "type": "pipeline_trigger_push"},
        "created_on": iso(9),
        "completed_on": iso(9, 10),
        **fields,
    }


def step(number: int = 5, of: int = 1, **fields: Any) -> dict[str, Any]:
    """Make a step as GET repositories/REPO/pipelines/UUID/steps/ lists it."""
    return {
        "type": "pipeline_step",
        "uuid": uuid(100 + number),
        "pipeline": {"uuid": uuid(of), "type": "pipeline"},
        "name": "test",
        "trigger": {"type": "pipeline_step_trigger_automatic"},
        "state": state("COMPLETED", "SUCCESSFUL"),
        "started_on": iso(9, 1),
        "completed_on": iso(9, 9),
        "run_number": 1,
        **fields,
    }


def deployment(number: int = 1, of_step: int = 5, **fields: Any) -> dict[str, Any]:
    """Make a deployment as GET repositories/REPO/deployments lists it."""
    return {
        "type": "deployment",
        "uuid": uuid(200 + number),
        "step": {"uuid": uuid(100 + of_step)},
        "environment": {"uuid": uuid(300)},
        "release": {
            "name": "#1",
            "url": f"https://bitbucket.org/{REPO}/addon/pipelines/home#!/results/1",
            "pipeline": {"uuid": uuid(1)},
            "commit": {"hash": SHA},
        },
        "state": {
            **state("COMPLETED", "SUCCESSFUL", of="status"),
            "started_on": iso(9, 1),
            "completed_on": iso(9, 9),
        },
        "last_update_time": iso(9, 9),
        **fields,
    }


ENVIRONMENT = {
    "type": "deployment_environment",
    "uuid": uuid(300),
    "name": "eu-west",
    "environment_type": {"name": "Production", "rank": 2},
}


def pull(number: int = 7, **fields: Any) -> dict[str, Any]:
    """Make a pull request as GET repositories/REPO/pullrequests lists it."""
    return {
        "type": "pullrequest",
        "id": number,
        "title": "Faster basket",
        "description": "Ada's words",
        "state": "MERGED",
        "author": ADA,
        "created_on": iso(8),
        "updated_on": iso(20),
        "merge_commit": {"hash": MERGE[:12]},
        "source": {
            "branch": {"name": "basket"},
            "commit": {"hash": SHA[:12]},
            "repository": REPOSITORY,
        },
        "destination": {"branch": {"name": "main"}, "repository": REPOSITORY},
        **fields,
    }


def activity(number: int = 7, **what: Any) -> dict[str, Any]:
    """Make an entry of GET repositories/REPO/pullrequests/NUMBER/activity."""
    links = {"self": {"href": f"{API}/pullrequests/{number}"}}
    return {"pull_request": {"type": "pullrequest", "id": number, "links": links}, **what}


def comment(number: int = 1, user: dict[str, str] = BEN, **fields: Any) -> dict[str, Any]:
    """Make a comment as GET repositories/REPO/pullrequests/NUMBER/comments lists it."""
    return {
        "type": "pullrequest_comment",
        "id": number,
        "created_on": iso(9, number),
        "updated_on": iso(9, number),
        "content": {"raw": "Ben says so"},
        "user": user,
        "deleted": False,
        "links": {"self": {"href": f"{API}/pullrequests/7/comments/{number}"}},
        **fields,
    }


def commit(sha: str = SHA, **fields: Any) -> dict[str, Any]:
    """Make a commit as GET repositories/REPO/commits lists it."""
    return {
        "type": "commit",
        "hash": sha,
        "date": iso(7),
        "author": {"type": "author", "raw": "Ada L <ada@example.invalid>", "user": ADA},
        "message": "Faster\n",
        "repository": REPOSITORY,
        **fields,
    }


def issue(number: int = 3, **fields: Any) -> dict[str, Any]:
    """Make an issue as GET repositories/REPO/issues lists it."""
    return {
        "type": "issue",
        "id": number,
        "repository": REPOSITORY,
        "title": "Ada can't pay",
        "content": {"raw": f"root cause: {SHA}"},
        "reporter": ADA,
        "kind": "bug",
        "state": "resolved",
        "priority": "blocker",
        "component": None,
        "created_on": iso(10),
        "updated_on": iso(20),
        **fields,
    }


def page(*records: dict[str, Any]) -> dict[str, Any]:
    return {"pagelen": 10, "page": 1, "values": list(records)}


def lines(*records: dict[str, Any]) -> str:
    return "\n".join(map(json.dumps, records))


def read_all(paths: list[Path], **entry: Any) -> dict[str, dict[str, Any]]:
    """Read files as one entry; return the batch of each table by the file's name."""
    made = BitbucketSource(kind="bitbucket", path="exports", **entry)
    labels = {path: path.name for path in paths}
    context = Context(settings=settings_from({}), label="exports", labels=labels)
    batches: dict[str, dict[str, Any]] = {path.name: {} for path in paths}
    for path, draft in BITBUCKET.read_many(paths, made, context):
        batch = conform(draft, entry=made, context=context)
        batches[path.name][batch.table] = batch
    return batches


def rows(batches: dict[str, Any], table: str) -> list[dict[str, Any]]:
    assert batches[table].quarantined.rows() == []
    return batches[table].rows.rows(named=True)


def reasons(batches: dict[str, Any], table: str) -> list[str]:
    return batches[table].quarantined["reason"].to_list()


# ---- Pipelines and steps ---- #


def test_a_pipeline_becomes_a_run_that_began_with_its_first_step(load):
    later = step(6, started_on=iso(9, 5))
    found = load(BITBUCKET, lines(pipeline(), later, step()))
    (run,) = rows(found, "pipeline_runs")
    assert (run["repo"], run["run_id"], run["attempt"]) == (REPO, plain(1), 1)
    assert (run["sha"], run["branch"], run["trigger"]) == (SHA, "main", "push")
    assert run["pipeline"] == "branches: main"
    assert (run["queued_at"], run["started_at"], run["finished_at"]) == (at(9), at(9, 1), at(9, 10))
    assert run["result"] == "success"
    first = rows(found, "pipeline_jobs")[1]
    assert (first["run_id"], first["job_id"], first["name"]) == (plain(1), plain(105), "test")
    assert (first["sha"], first["branch"], first["repo"]) == (SHA, "main", REPO)
    assert (first["started_at"], first["finished_at"]) == (at(9, 1), at(9, 9))


def test_without_steps_nobody_knows_how_long_a_pipeline_waited(load):
    (run,) = rows(load(BITBUCKET, page(pipeline())), "pipeline_runs")
    assert (run["queued_at"], run["started_at"]) == (None, at(9))


def test_a_pipeline_of_a_pull_request_says_so(load):
    target = {"type": "pipeline_pullrequest_target", "source": "basket", "commit": {"hash": SHA}}
    (run,) = rows(load(BITBUCKET, page(pipeline(target=target))), "pipeline_runs")
    assert (run["trigger"], run["branch"]) == ("pull_request", "basket")


def test_a_step_that_ran_again_is_another_job_of_the_run(load):
    again = step(run_number=2, started_on=iso(10), completed_on=iso(10, 5))
    found = rows(load(BITBUCKET, lines(pipeline(), step(), again)), "pipeline_jobs")
    assert [(one["attempt"], one["job_id"]) for one in found] == [
        (1, plain(105)),
        (1, f"{plain(105)}/2"),
    ]


def test_a_pipeline_that_names_no_repository_is_of_its_deployments(load):
    link = f"http://pipelines.example/rest/1.0/accounts/{{x}}/repositories/{uuid(9)}/pipelines/"
    bare = [pipeline(n, repository=None, links={"self": {"href": link}}) for n in (1, 2)]
    found = rows(load(BITBUCKET, lines(*bare, deployment())), "pipeline_runs")
    assert [one["repo"] for one in found] == [REPO, REPO]
    alone = load(BITBUCKET, page(bare[0]))
    assert reasons(alone, "pipeline_runs") == ["repository_not_known"]
    named = {"type": "repository", "uuid": uuid(9), "full_name": REPO, "scm": "git", "owner": ADA}
    told = load(BITBUCKET, lines(bare[0], named))["pipeline_runs"]
    assert (told.rows["repo"].to_list(), told.n_absorbed) == ([REPO], 1)


# developer.atlassian.com/cloud/bitbucket/rest, schemas pipeline_state_*; the last ones are those
# that the list can be asked for, jira.atlassian.com/browse/BCLOUD-21254
PIPELINE = {
    ("PENDING", None): "queued",
    ("IN_PROGRESS", "RUNNING"): "in_progress",
    ("IN_PROGRESS", "PAUSED"): "blocked",
    ("IN_PROGRESS", "HALTED"): "blocked",
    ("COMPLETED", "SUCCESSFUL"): "success",
    ("COMPLETED", "FAILED"): "failure",
    ("COMPLETED", "ERROR"): "error",
    ("COMPLETED", "STOPPED"): "cancelled",
    ("COMPLETED", "EXPIRED"): "timeout",
    ("COMPLETED", None): "unknown",
    ("PARSING", None): "queued",
    ("BUILDING", None): "in_progress",
    ("PASSED", None): "success",
    ("SKIPPED", None): "skipped",
    ("UNKNOWN", None): "unknown",
}
# the same, schemas pipeline_step_state_*
STEP = {
    ("PENDING", None): "queued",
    ("READY", None): "queued",
    ("IN_PROGRESS", None): "in_progress",
    ("COMPLETED", "SUCCESSFUL"): "success",
    ("COMPLETED", "FAILED"): "failure",
    ("COMPLETED", "ERROR"): "error",
    ("COMPLETED", "STOPPED"): "cancelled",
    ("COMPLETED", "EXPIRED"): "timeout",
    ("COMPLETED", "NOT_RUN"): "skipped",
    ("PENDING", "PAUSED"): "blocked",
    ("PENDING", "HALTED"): "blocked",
}
# the same, schemas deployment_state_*; then those of Data Center's deployments
DEPLOYMENT = {
    ("UNDEPLOYED", None): "blocked",
    ("IN_PROGRESS", None): "in_progress",
    ("COMPLETED", "SUCCESSFUL"): "success",
    ("COMPLETED", "FAILED"): "failure",
    ("COMPLETED", "STOPPED"): "cancelled",
    ("COMPLETED", None): "unknown",
    ("PENDING", None): "queued",
    ("CANCELLED", None): "cancelled",
    ("ROLLED_BACK", None): "failure",
    ("UNKNOWN", None): "unknown",
}
OPEN = {"in_progress", "blocked", "queued"}


def test_every_word_is_tried():
    for name, tried in (
        ("state or result of a pipeline", PIPELINE),
        ("state or result of a step", STEP),
        ("state or status of a deployment", DEPLOYMENT),
    ):
        assert set(BITBUCKET.words[name]) == {word for pair in tried for word in pair if word}


@pytest.mark.parametrize("pair", PIPELINE)
def test_every_documented_state_of_a_pipeline_is_known(load, pair):
    of = "stage" if pair[0] == "IN_PROGRESS" else "result"
    (found,) = rows(load(BITBUCKET, page(pipeline(state=state(*pair, of=of)))), "pipeline_runs")
    assert found["result"] == PIPELINE[pair]
    assert (found["finished_at"] is None) == (PIPELINE[pair] in OPEN)
    assert (found["started_at"] is None) == (PIPELINE[pair] in {"queued", "skipped"})


@pytest.mark.parametrize("pair", STEP)
def test_every_documented_state_of_a_step_is_known(load, pair):
    of = "stage" if pair[0] == "PENDING" else "result"
    (found,) = rows(load(BITBUCKET, page(step(state=state(*pair, of=of)))), "pipeline_jobs")
    assert found["result"] == STEP[pair]
    assert (found["finished_at"] is None) == (STEP[pair] in OPEN)
    assert (found["started_at"] is None) == (STEP[pair] in {"queued", "skipped"})


@pytest.mark.parametrize("pair", DEPLOYMENT)
def test_every_documented_state_of_a_deployment_is_known(load, pair):
    said = state(*pair, of="status") | {"started_on": iso(9), "completed_on": iso(9, 5)}
    (found,) = rows(load(BITBUCKET, page(deployment(state=said))), "deployments")
    assert found["result"] == DEPLOYMENT[pair]
    assert (found["finished_at"] is None) == (DEPLOYMENT[pair] in OPEN)
    assert (found["started_at"] is None) == (DEPLOYMENT[pair] in {"queued", "blocked"})


def test_an_undocumented_state_is_unknown_and_counted(load):
    batch = load(BITBUCKET, page(pipeline(state=state("ASLEEP"))))["pipeline_runs"]
    assert batch.rows.select("result", "finished_at").rows() == [("unknown", None)]
    assert any("'ASLEEP' 1×" in note for note in batch.notes)


# ---- Deployments ---- #


def test_a_deployment_is_completed_by_its_step_pipeline_and_environment(load):
    batches = load(BITBUCKET, lines(deployment(), step(), pipeline(), ENVIRONMENT))
    (found,) = rows(batches, "deployments")
    assert found["deployment_id"] == f"bitbucket:{plain(201)}"
    assert (found["service"], found["repo"], found["sha"]) == ("shop", REPO, SHA)
    assert (found["environment"], found["environment_kind"]) == ("eu-west", "production")
    assert (found["started_at"], found["finished_at"]) == (at(9, 1), at(9, 9))
    assert (found["result"], found["trigger"], found["attempt"]) == ("success", "pipeline", 1)
    assert batches["deployments"].n_absorbed == 1


@pytest.mark.parametrize(
    ("of_step", "of_pipeline", "trigger"),
    [
        ("manual", "PUSH", "person"),
        ("redeploy", "SCHEDULE", "person"),
        ("automatic", "MANUAL", "person"),
        ("automatic", "SCHEDULE", "schedule"),
        ("automatic", "PUSH", "pipeline"),
    ],
)
def test_what_started_a_deployment(load, of_step, of_pipeline, trigger):
    by_step = step(trigger={"type": f"pipeline_step_trigger_{of_step}"})
    whole = pipeline(trigger={"name": of_pipeline})
    (found,) = rows(load(BITBUCKET, lines(deployment(), by_step, whole)), "deployments")
    assert found["trigger"] == trigger


def test_that_a_deployment_is_completed_does_not_say_that_it_succeeded(load):
    bare = deployment(state={"name": "COMPLETED", "completed_on": iso(9, 9)})
    failed = step(state=state("COMPLETED", "FAILED"))
    (by_step,) = rows(load(BITBUCKET, lines(bare, failed, pipeline())), "deployments")
    (by_pipeline,) = rows(load(BITBUCKET, lines(bare, pipeline())), "deployments")
    red = pipeline(state=state("COMPLETED", "FAILED"))
    batches = load(BITBUCKET, lines(bare, red))
    (neither,) = rows(batches, "deployments")
    results = [one["result"] for one in (by_step, by_pipeline, neither)]
    assert results == ["failure", "success", "unknown"]
    assert any("save the pipelines' steps too" in note for note in batches["deployments"].notes)


def test_a_deployment_of_a_repository_with_several_services_needs_one(tmp_path):
    path = tmp_path / "deployments.json"
    path.write_text(json.dumps(page(deployment())))
    shared = {"repositories": [REPO]}
    known = settings_from({"teams": {"web": {"services": {"shop": shared, "till": shared}}}})
    context = Context(settings=known, label="deployments.json")
    for service, reason in ((None, ["service_not_known"]), ("till", [])):
        entry = BitbucketSource(kind="bitbucket", path="exports", service=service)
        (draft,) = BITBUCKET.read(path, entry, context)
        batch = conform(draft, entry=entry, context=context)
        assert batch.quarantined["reason"].to_list() == reason
        assert batch.rows["service"].to_list() == [service] * (not reason)


# ---- Pull requests ---- #


def test_activity_dates_a_pull_request_and_its_reviews(load):
    happened = [
        activity(comment=comment(1, ADA)),
        activity(comment=comment(2, BOT)),
        activity(comment=comment(3)),
        activity(changes_requested={"date": iso(9, 30), "user": BEN}),
        activity(approval={"date": iso(10), "user": BEN}),
        activity(update={"date": iso(11), "state": "MERGED", "author": ADA}),
        activity(update={"date": iso(19), "state": "MERGED", "title": "again"}),
    ]
    batches = load(BITBUCKET, lines(pull(), *happened))
    (found,) = rows(batches, "changes")
    assert (found["repo"], found["change_id"], found["base"]) == (REPO, "7", "main")
    assert (found["opened_at"], found["merged_at"], found["closed_at"]) == (at(8), at(11), at(11))
    assert (found["first_review_at"], found["approved_at"]) == (at(9, 3), at(10))
    assert (found["merge_sha"], found["head_sha"]) == (MERGE[:12], SHA[:12])
    given_by = rows(batches, "reviews")
    assert [one["state"] for one in given_by] == [
        "commented", "commented", "commented", "changes_requested", "approved",
    ]  # fmt: skip
    assert batches["reviews"].n_absorbed == 2
    assert given_by[0]["reviewer"] == found["author"] != given_by[4]["reviewer"]
    assert {one["change_id"] for one in given_by} == {"7"}


def test_participants_tell_of_reviews_where_the_activity_is_not_there(load):
    took_part = [
        {"user": BEN, "role": "REVIEWER", "approved": True, "state": "approved",
         "participated_on": iso(9)},
        {"user": ADA, "role": "PARTICIPANT", "approved": False, "state": None},
    ]  # fmt: skip
    batches = load(BITBUCKET, pull(participants=took_part))
    assert rows(batches, "changes")[0]["approved_at"] == at(9)
    assert [one["state"] for one in rows(batches, "reviews")] == ["approved"]
    both = load(
        BITBUCKET,
        lines(pull(participants=took_part), activity(approval={"date": iso(10), "user": BEN})),
    )
    assert [one["at"] for one in rows(both, "reviews")] == [at(10)]


def test_commits_of_the_files_complete_pull_requests(load):
    merge = commit(MERGE, message="Merged in basket (pull request #7)\n", date=iso(11, 30))
    batches = load(BITBUCKET, lines(pull(), commit(), merge))
    (found,) = rows(batches, "changes")
    assert (found["merged_at"], found["merge_sha"], found["head_sha"]) == (at(11, 30), MERGE, SHA)
    assert {one["sha"]: one["change_id"] for one in rows(batches, "commits")} == {
        SHA: None,
        MERGE: "7",
    }


def test_a_merge_that_nothing_dates_is_taken_from_its_last_change_and_it_is_said(load):
    batch = load(BITBUCKET, page(pull(), pull(8, state="DECLINED"), pull(9, state="OPEN")))[
        "changes"
    ]
    found = batch.rows.select("merged_at", "closed_at").rows()
    assert found == [(at(20), at(20)), (None, at(20)), (None, None)]
    assert any("save its activity" in note and "(2×)" in note for note in batch.notes)


def test_a_file_of_a_pull_request_names_it_for_its_commits(load, save):
    parents = [{"hash": MERGE}]
    (found,) = read_all([save(page(commit(parents=parents)), "x.json")])["x.json"].values()
    assert found.rows.select("change_id", "parents", "is_merge").rows() == [(None, None, False)]
    root = commit(MERGE, parents=[])
    (found,) = load(BITBUCKET, page(commit(parents=parents), root)).values()
    assert found.rows["parents"].to_list() == [[MERGE], []]


def test_the_path_of_a_file_names_the_pull_request(tmp_path):
    folder = tmp_path / "pullrequests"
    folder.mkdir()
    path = folder / "31-commits.json"
    path.write_text(json.dumps(page(commit())))
    entry = BitbucketSource(kind="bitbucket", path="exports")
    context = Context(settings=settings_from({}), label="pullrequests/31-commits.json")
    (draft,) = BITBUCKET.read(path, entry, context)
    assert draft.rows["change_id"].to_list() == ["31"]


def test_a_deleted_comment_and_one_of_nothing_are_put_aside(load):
    batches = load(BITBUCKET, page(comment(deleted=True), comment(2, links=None)))
    assert reasons(batches, "reviews") == ["is_gone", "change_not_known"]


def test_tags_and_branches_are_names_of_commits(load):
    links = {"self": {"href": f"{API}/refs/tags/v1"}}
    tag = {"type": "tag", "name": "v1", "target": {"hash": SHA}, "date": iso(9), "links": links}
    branch = {"type": "branch", "name": "main", "target": {"hash": SHA, "repository": REPOSITORY}}
    found = rows(load(BITBUCKET, page(tag, branch)), "refs")
    assert [(one["repo"], one["kind"], one["name"], one["sha"]) for one in found] == [
        (REPO, "tag", "v1", SHA),
        (REPO, "branch", "main", SHA),
    ]


def test_a_pull_request_of_data_center(load):
    end = {
        "displayId": "main",
        "latestCommit": SHA,
        "repository": {"slug": "shop", "project": {"key": "PORT"}},
    }
    user = {"name": "ada", "emailAddress": "ada@example.invalid", "type": "NORMAL"}
    there = {
        "id": 4,
        "title": "Faster",
        "state": "MERGED",
        "fromRef": end | {"displayId": "basket"},
        "toRef": end,
        "author": {"user": user, "role": "AUTHOR"},
        "createdDate": int(at(8).timestamp() * 1000),
        "updatedDate": int(at(12).timestamp() * 1000),
        "closedDate": int(at(11).timestamp() * 1000),
        "properties": {"mergeCommit": {"id": MERGE}},
    }
    batches = load(BITBUCKET, lines(there, commit()))
    (found,) = rows(batches, "changes")
    assert (found["repo"], found["change_id"], found["base"]) == ("PORT/shop", "4", "main")
    assert (found["opened_at"], found["merged_at"], found["merge_sha"]) == (at(8), at(11), MERGE)
    assert found["author"] == rows(batches, "commits")[0]["author"]


# ---- Issues ---- #


def test_an_issue_of_a_declared_kind_or_component_is_an_incident(load):
    changed = {
        "type": "issue_change",
        "created_on": iso(12),
        "issue": {"id": 3, "repository": REPOSITORY},
        "changes": {"state": {"old": "open", "new": "resolved"}},
    }
    plan = issue(4, kind="task", component={"name": "Outage"}, state="open")
    batches = load(BITBUCKET, lines(issue(), plan, changed), incident_labels=["bug", "outage"])
    first, second = rows(batches, "incidents")
    assert (first["incident_id"], first["service"]) == (f"bitbucket:{REPO}:3", "shop")
    assert (first["severity"], first["sha"]) == ("blocker", SHA)
    assert (first["started_at"], first["resolved_at"]) == (at(10), at(12))
    assert (second["incident_id"], second["resolved_at"]) == (f"bitbucket:{REPO}:4", None)


def test_other_issues_are_no_incidents(load):
    assert reasons(load(BITBUCKET, page(issue())), "incidents") == ["not_an_incident"]
    found = load(BITBUCKET, page(issue(state="duplicate")), incident_labels=["bug"])
    assert reasons(found, "incidents") == ["not_an_incident"]


def test_an_issue_that_nothing_dates_is_closed_by_its_last_change_and_it_is_said(load):
    batch = load(BITBUCKET, page(issue()), incident_labels=["bug"])["incidents"]
    assert batch.rows["resolved_at"].to_list() == [at(20)]
    assert any("save its changes" in note for note in batch.notes)


# ---- Files ---- #

ALL = (pipeline(), step(), deployment(), ENVIRONMENT, pull(), commit(), comment(), issue())


def test_records_of_several_files_complete_each_other(save):
    paths = [save(page(one), f"{number}.json") for number, one in enumerate(ALL)]
    batches = read_all(paths, incident_labels=["bug"])
    assert rows(batches["0.json"], "pipeline_runs")[0]["started_at"] == at(9, 1)
    assert rows(batches["2.json"], "deployments")[0]["environment"] == "eu-west"
    assert rows(batches["4.json"], "changes")[0]["first_review_at"] == at(9, 1)
    assert rows(batches["4.json"], "changes")[0]["head_sha"] == SHA


def test_people_stay_in_the_export(load, said_anywhere):
    broken = [pull(8, updated_on={}), pull(9, destination=None), {"user": ADA}, issue(5)]
    happened = activity(approval={"date": iso(10), "user": BEN})
    text = lines(*ALL, happened, *broken) + '\n{"user": "Ada'
    said = said_anywhere(load(BITBUCKET, text)).lower()
    assert [word for word in ("ada", "ben", "557058", "example.invalid") if word in said] == []


@pytest.mark.parametrize("one", [pipeline(), deployment(), pull(), comment(), commit(), issue()])
def test_its_records_are_recognised_with_their_repository(save, one):
    found = BITBUCKET.recognise(save(page(one), "x.txt"))
    assert found is not None
    assert (found.kind, found.confidence) == ("bitbucket", 0.9)
    assert found.suggestion == {"repository": REPO}


@pytest.mark.parametrize(
    "content", ["", "a,b\n1,2\n", "<x/>", '{"values": [{"id": 1, "state": "OPEN"}]}', "[]"]
)
def test_other_files_are_not_recognised(save, content):
    assert BITBUCKET.recognise(save(content)) is None


def test_a_file_of_something_else_is_refused_with_what_is_read(load):
    with pytest.raises(ExportError, match="pipeline, step, deployment, environment, pull request"):
        load(BITBUCKET, [{"id": 1}])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32))
def test_damaged_files_lose_nothing_and_raise_nothing_else(survives, seed):
    survives(BITBUCKET, lines(*ALL).encode(), seed, incident_labels=["bug"])


# file: read, loaded, absorbed, duplicates, quarantined. All are one entry.
REAL = {
    "deployments.ndjson": (27, 27, 0, 0, set()),
    "issues.ndjson": (30, 0, 0, 0, {"not_an_incident"}),
    "pipeline_steps.ndjson": (35, 35, 0, 0, set()),
    "pipelines.ndjson": (22, 22, 0, 0, set()),
    "pull_request_commits.ndjson": (8, 8, 0, 0, set()),
    "pull_requests.ndjson": (57, 57, 0, 0, set()),
    "pullrequest_comments.ndjson": (18, 18, 0, 0, set()),
    "repositories.ndjson": (1, 0, 1, 0, set()),
}


@pytest.mark.real
def test_real_answers_load(shared_data):
    batches = read_all(sorted((shared_data / "api-payloads/bitbucket").glob("*.ndjson")))
    found = {}
    for name, (batch,) in ((name, tuple(one.values())) for name, one in batches.items()):
        reason = set(batch.quarantined["reason"])
        counts = (batch.n_read, batch.rows.height, batch.n_absorbed, batch.n_duplicates)
        found[name] = (*counts, reason)
    assert found == REAL
    deployed = batches["deployments.ndjson"]["deployments"].rows
    assert set(deployed["repo"]) == {"likyh/likyhphp"}
    first = deployed.row(0, named=True)
    assert (first["environment_kind"], first["result"]) == ("staging", "success")
    assert first["finished_at"] == datetime(2023, 2, 20, 9, 38, 52, 307323, tzinfo=UTC)
    # Completed, but its step failed: what says that it succeeded is wrong.
    failed = deployed.filter(started_at=datetime(2023, 2, 20, 8, 58, 31, 520377, tzinfo=UTC))
    assert failed["result"].to_list() == ["failure"]


@pytest.mark.real
def test_real_incidents_load_where_a_kind_is_declared(shared_data):
    path = shared_data / "api-payloads/bitbucket/issues.ndjson"
    batch = read_all([path], incident_labels=["bug"])[path.name]["incidents"]
    assert batch.rows.height == 9
    assert set(batch.rows["severity"]) == {"major", "critical", "blocker", "minor", "trivial"}


@pytest.mark.real
def test_real_answers_of_other_tools_are_not_recognised(shared_data):
    for path in sorted((shared_data / "api-payloads").rglob("*.ndjson")):
        assert (BITBUCKET.recognise(path) is not None) == (path.parent.name == "bitbucket"), path
