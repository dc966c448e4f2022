"""Azure DevOps: builds and timelines, deployments, pull requests with votes, work items."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.config import settings_from
from devops_analytics.config_tools import AzuredevopsSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.azure_devops import AZURE_DEVOPS
from devops_analytics.sources.azure_devops.words import VOTES, result_of_deployment
from devops_analytics.sources.conform import conform
from devops_analytics.sources.source import Context

SHA = "49874a6ac988e2b3433501d4a4554c54583e6820"
MERGE = "c0e12b61e44b7c6c1a4e8f0d9b2a3c4d5e6f7a8b"
GUID = "0d50ba13-f9ad-49b0-9b21-d29eda50ca33"
REPO = "harbour/shop"
GIT = f"https://dev.azure.com/port/x/_apis/git/repositories/{GUID}"
ADA = {"displayName": "Ada L", "uniqueName": "ada@example.invalid", "id": "a"}
BEN = {"displayName": "Ben F", "uniqueName": "ben@example.invalid", "id": "b"}
SERVICE = {"displayName": "harbour Build Service (port)", "uniqueName": "Build\\1234"}
NO_TIME = "0001-01-01T00:00:00"


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, second, tzinfo=UTC)


def iso(hour: int, minute: int = 0) -> str:
    """Write a time as Azure DevOps does, with seven digits of a second."""
    return f"2026-03-02T{hour:02}:{minute:02}:00.0000000Z"


def build(number: int = 12, **fields: Any) -> dict[str, Any]:
    """Make a build as GET build/builds lists it."""
    return {
        "id": number,
        "buildNumber": "20260302.1",
        "status": "completed",
        "result": "succeeded",
        "queueTime": iso(9),
        "startTime": iso(9, 1),
        "finishTime": iso(9, 10),
        "definition": {"id": 5, "name": "shop-ci"},
        "project": {"id": "p", "name": "harbour"},
        "repository": {"id": GUID, "type": "TfsGit", "name": "shop"},
        "sourceBranch": "refs/heads/main",
        "sourceVersion": SHA,
        "reason": "individualCI",
        "requestedFor": ADA,
        "lastChangedDate": iso(9, 11),
        **fields,
    }


def record(name: str = "test", **fields: Any) -> dict[str, Any]:
    """Make a record of a timeline."""
    return {
        "id": f"job-{name}",
        "parentId": "phase",
        "type": "Job",
        "name": name,
        "startTime": iso(9, 2),
        "finishTime": iso(9, 9),
        "state": "completed",
        "result": "succeeded",
        "changeId": 18,
        "workerName": "ADAS-LAPTOP",
        "attempt": 1,
        "identifier": f"stage.{name}",
        "log": {"url": "https://dev.azure.com/port/x/_apis/build/builds/12/logs/10"},
        **fields,
    }


def timeline(*records: dict[str, Any]) -> dict[str, Any]:
    """Make an answer of GET build/builds/NUMBER/timeline."""
    return {
        "records": list(records),
        "lastChangedBy": "a",
        "lastChangedOn": iso(9, 10),
        "id": "t",
        "changeId": 18,
        "url": "https://dev.azure.com/port/x/_apis/build/Builds/12/timeline/t",
    }


STAGE = record("Deploy", id="stage", type="Stage", parentId=None, log=None)
PHASE = record("Deploy it", id="phase", type="Phase", parentId="stage", log=None)


def artifact(kind: str = "Build", **said: Any) -> dict[str, Any]:
    told = {"version": {"id": "12", "name": "20260302.1"}, **said}
    return {"alias": "_shop", "type": kind, "isPrimary": True, "definitionReference": told}


def deployment(number: int = 77, **fields: Any) -> dict[str, Any]:
    """Make a deployment as GET release/deployments lists it."""
    return {
        "id": number,
        "release": {"id": 3, "name": "Release-3", "artifacts": [artifact()]},
        "releaseDefinition": {"id": 1, "name": "shop-cd"},
        "releaseEnvironment": {"id": 9, "name": "Production"},
        "attempt": 2,
        "reason": "automated",
        "deploymentStatus": "succeeded",
        "operationStatus": "Approved",
        "requestedBy": ADA,
        "queuedOn": iso(10),
        "startedOn": iso(10, 5),
        "completedOn": iso(10, 20),
        "lastModifiedOn": iso(10, 21),
        "preDeployApprovals": [{"id": 1, "isAutomated": True, "status": "approved"}],
        **fields,
    }


def environment_record(number: int = 41, **fields: Any) -> dict[str, Any]:
    """Make a record as GET distributedtask/environments/7/environmentdeploymentrecords does."""
    return {
        "id": number,
        "environmentId": 7,
        "definition": {"id": 5, "name": "shop-ci"},
        "owner": {"id": 12, "name": "20260302.1"},
        "planType": "Build",
        "stageName": "Deploy",
        "stageAttempt": 1,
        "jobName": "deploy",
        "result": "succeeded",
        "queueTime": iso(9, 4),
        "startTime": iso(9, 5),
        "finishTime": iso(9, 8),
        **fields,
    }


ENVIRONMENT = {
    "id": 7,
    "name": "prod-eu",
    "createdBy": ADA,
    "createdOn": iso(1),
    "lastModifiedBy": ADA,
    "lastModifiedOn": iso(1),
}


def pull(number: int = 22, **fields: Any) -> dict[str, Any]:
    """Make a pull request as GET git/pullrequests lists it."""
    return {
        "repository": {"id": GUID, "name": "shop", "project": {"name": "harbour"}},
        "pullRequestId": number,
        "status": "completed",
        "createdBy": ADA,
        "creationDate": iso(8),
        "closedDate": iso(11),
        "title": "Faster basket",
        "description": "Ada's words",
        "sourceRefName": "refs/heads/basket",
        "targetRefName": "refs/heads/main",
        "isDraft": False,
        "lastMergeSourceCommit": {"commitId": SHA},
        "lastMergeCommit": {"commitId": MERGE},
        "reviewers": [{**BEN, "vote": 10}],
        "labels": [{"name": "fast", "active": True}, {"name": "old", "active": False}],
        **fields,
    }


def thread(number: int = 148, *comments: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Make a thread as GET git/repositories/ID/pullRequests/NUMBER/threads lists it."""
    return {
        "id": number,
        "pullRequestThreadContext": None,
        "comments": list(comments),
        "properties": None,
        "isDeleted": False,
        "_links": {"self": {"href": f"{GIT}/pullRequests/22/threads/{number}"}},
        **fields,
    }


def comment(minute: int, author: dict[str, str] = BEN, **fields: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "author": author,
        "content": "Ben says so",
        "publishedDate": iso(9, minute),
        "commentType": "text",
        **fields,
    }


def vote(number: int, value: int, minute: int, author: dict[str, str] = BEN) -> dict[str, Any]:
    kind = {"$type": "System.String", "$value": "VoteUpdate"}
    told = {"CodeReviewThreadType": kind, "CodeReviewVoteResult": {"$value": str(value)}}
    said = comment(minute, author, commentType="system")
    return thread(number, said, properties=told)


def commit(sha: str = SHA, **fields: Any) -> dict[str, Any]:
    """Make a commit as GET git/repositories/ID/commits lists it."""
    return {
        "commitId": sha,
        "author": {"name": "Ada L", "email": "ada@example.invalid", "date": iso(7)},
        "committer": {"name": "Ada L", "email": "ada@example.invalid", "date": iso(7, 30)},
        "comment": "Faster",
        "url": f"{GIT}/commits/{sha}",
        **fields,
    }


def work_item(number: int = 5, **fields: Any) -> dict[str, Any]:
    """Make a work item as GET wit/workitems has it."""
    told = {
        "System.WorkItemType": "Bug",
        "System.State": "Closed",
        "System.Title": "Ada can't pay",
        "System.AssignedTo": ADA,
        "System.AreaPath": "harbour\\shop",
        "System.Tags": "slow; Outage",
        "System.CreatedDate": iso(12),
        "System.ChangedDate": iso(20),
        "Microsoft.VSTS.Common.ClosedDate": iso(14),
        "Microsoft.VSTS.Common.Severity": "2 - High",
    }
    return {"id": number, "rev": 3, "fields": told | fields, "url": "https://example.invalid"}


def page(*records: dict[str, Any]) -> dict[str, Any]:
    return {"count": len(records), "value": list(records)}


def lines(*records: dict[str, Any]) -> str:
    return "\n".join(map(json.dumps, records))


def read_all(paths: list[Path], **entry: Any) -> dict[str, dict[str, Any]]:
    """Read files as one entry; return the batch of each table by the file's name."""
    made = AzuredevopsSource(kind="azuredevops", path="exports", **entry)
    labels = {path: path.name for path in paths}
    context = Context(settings=settings_from({}), label="exports", labels=labels)
    batches: dict[str, dict[str, Any]] = {path.name: {} for path in paths}
    for path, draft in AZURE_DEVOPS.read_many(paths, made, context):
        batch = conform(draft, entry=made, context=context)
        batches[path.name][batch.table] = batch
    return batches


def rows(batches: dict[str, Any], table: str) -> list[dict[str, Any]]:
    assert batches[table].quarantined.rows() == []
    return batches[table].rows.rows(named=True)


def reasons(batches: dict[str, Any], table: str) -> list[str]:
    return batches[table].quarantined["reason"].to_list()


# ---- Builds ---- #


def test_a_build_becomes_a_run(load):
    (found,) = rows(load(AZURE_DEVOPS, page(build())), "pipeline_runs")
    assert (found["repo"], found["run_id"], found["attempt"]) == (REPO, "12", 1)
    assert (found["pipeline"], found["trigger"]) == ("shop-ci", "individualCI")
    assert (found["sha"], found["branch"], found["result"]) == (SHA, "main", "success")
    times = (found["queued_at"], found["started_at"], found["finished_at"], found["updated_at"])
    assert times == (at(9), at(9, 1), at(9, 10), at(9, 11))


@pytest.mark.parametrize(
    ("repository", "named"),
    [
        ({"id": "harbour/till", "type": "GitHub"}, "harbour/till"),
        ({"id": GUID, "type": "TfsGit", "name": "till"}, "harbour/till"),
        ({"id": GUID, "type": "TfsGit"}, None),
    ],
)
def test_the_repository_of_a_build(load, repository, named):
    batches = load(AZURE_DEVOPS, page(build(repository=repository)))
    if named is None:
        assert reasons(batches, "pipeline_runs") == ["repository_not_known"]
    else:
        assert rows(batches, "pipeline_runs")[0]["repo"] == named


def test_the_record_of_a_repository_names_it_for_its_builds(load):
    named = {"id": GUID, "name": "shop", "project": {"name": "harbour"}, "remoteUrl": "x"}
    bare = build(repository={"id": GUID.upper(), "type": "TfsGit"})
    batch = load(AZURE_DEVOPS, lines(bare, named))["pipeline_runs"]
    assert (batch.rows["repo"].to_list(), batch.n_absorbed) == ([REPO], 1)


@pytest.mark.parametrize(
    ("ref", "branch"),
    [
        ("refs/heads/release/1", "release/1"),
        ("refs/tags/v1", "v1"),
        ("refs/pull/22/merge", "pull/22/merge"),
        (None, None),
    ],
)
def test_a_branch_goes_without_what_says_that_it_is_one(load, ref, branch):
    (found,) = rows(load(AZURE_DEVOPS, page(build(sourceBranch=ref))), "pipeline_runs")
    assert found["branch"] == branch


def test_the_jobs_of_a_timeline_are_named_by_their_stages(load):
    again = record("test", attempt=2)
    task = record("Checkout", id="task", type="Task", parentId="job-test")
    found = load(AZURE_DEVOPS, lines(timeline(STAGE, PHASE, record(), again, task), build()))
    assert found["pipeline_jobs"].n_read == 2
    first, second = rows(found, "pipeline_jobs")
    assert (first["run_id"], first["attempt"], first["job_id"]) == ("12", 1, "job-test")
    assert second["job_id"] == "job-test/2"
    assert (first["name"], first["repo"]) == ("Deploy / test", REPO)
    assert (first["sha"], first["branch"], first["runner"]) == (SHA, "main", None)
    assert (first["started_at"], first["finished_at"]) == (at(9, 2), at(9, 9))


def test_a_pipeline_without_stages_has_one_that_names_nothing(load):
    default = STAGE | {"name": "__default", "identifier": "__default"}
    (found,) = rows(load(AZURE_DEVOPS, timeline(default, PHASE, record())), "pipeline_jobs")
    assert found["name"] == "test"


def test_a_record_of_a_timeline_alone_names_its_build_by_its_log(load):
    alone = [record(), record("unit", log=None), STAGE]
    batches = load(AZURE_DEVOPS, lines(*alone))
    assert batches["pipeline_jobs"].rows["run_id"].to_list() == ["12"]
    assert reasons(batches, "pipeline_jobs") == ["build_not_known", "not_needed"]


def test_a_time_that_stands_for_none_is_none(load):
    undated = build(startTime=NO_TIME, finishTime=NO_TIME)
    (found,) = rows(load(AZURE_DEVOPS, page(undated)), "pipeline_runs")
    assert (found["started_at"], found["finished_at"]) == (None, None)


# learn.microsoft.com/rest/api/azure/devops/build/builds/list, BuildStatus and BuildResult
BUILD = {
    ("none", None): "unknown",
    ("notStarted", None): "queued",
    ("postponed", None): "queued",
    ("inProgress", None): "in_progress",
    ("cancelling", None): "in_progress",
    ("completed", None): "unknown",
    ("completed", "none"): "unknown",
    ("completed", "succeeded"): "success",
    ("completed", "partiallySucceeded"): "failure",
    ("completed", "failed"): "failure",
    ("completed", "canceled"): "cancelled",
}
# learn.microsoft.com/rest/api/azure/devops/build/timeline/get, TimelineRecordState, TaskResult;
# the last two are only in learn.microsoft.com/javascript/api/azure-devops-extension-api/taskresult
TASK = {
    ("pending", None): "queued",
    ("inProgress", None): "in_progress",
    ("completed", None): "unknown",
    ("completed", "succeeded"): "success",
    ("completed", "succeededWithIssues"): "success",
    ("completed", "failed"): "failure",
    ("completed", "canceled"): "cancelled",
    ("completed", "skipped"): "skipped",
    ("completed", "abandoned"): "error",
    ("completed", "manuallyQueued"): "blocked",
    ("completed", "dependentOnManualQueue"): "blocked",
}
# learn.microsoft.com/rest/api/azure/devops/release/deployments/list, DeploymentStatus and
# DeploymentOperationStatus
DEPLOYMENT = {
    ("undefined", None): "unknown",
    ("notDeployed", None): "skipped",
    ("inProgress", None): "in_progress",
    ("succeeded", "Approved"): "success",
    ("partiallySucceeded", "PhasePartiallySucceeded"): "failure",
    ("failed", "PhaseFailed"): "failure",
    ("undefined", "undefined"): "unknown",
    ("notDeployed", "queued"): "queued",
    ("notDeployed", "scheduled"): "queued",
    ("notDeployed", "pending"): "blocked",
    ("notDeployed", "rejected"): "cancelled",
    ("notDeployed", "deferred"): "queued",
    ("notDeployed", "gateFailed"): "cancelled",
    ("notDeployed", "evaluatingGates"): "blocked",
    ("notDeployed", "canceled"): "cancelled",
    ("inProgress", "approved"): "in_progress",
    ("inProgress", "queuedForAgent"): "queued",
    ("inProgress", "queuedForPipeline"): "queued",
    ("inProgress", "phaseInProgress"): "in_progress",
    ("inProgress", "phaseSucceeded"): "in_progress",
    ("inProgress", "phasePartiallySucceeded"): "in_progress",
    ("inProgress", "phaseFailed"): "failure",
    ("inProgress", "phaseCanceled"): "cancelled",
    ("inProgress", "manualInterventionPending"): "blocked",
    ("inProgress", "cancelling"): "in_progress",
}
OPEN = {"in_progress", "blocked", "queued"}


def test_every_word_is_tried():
    words = {name: set(known) for name, known in AZURE_DEVOPS.words.items()}
    assert words == {
        "status or result of a build": {word for pair in BUILD for word in pair if word},
        "state or result of a job": {word for pair in TASK for word in pair if word},
        "status of a release's deployment": {status for status, _ in DEPLOYMENT},
        "operation status of a release's deployment": {
            word[0].lower() + word[1:] for _, word in DEPLOYMENT if word
        },
    }


@pytest.mark.parametrize("pair", BUILD)
def test_every_documented_status_of_a_build_is_known(load, pair):
    one = build(status=pair[0], result=pair[1])
    (found,) = rows(load(AZURE_DEVOPS, page(one)), "pipeline_runs")
    assert found["result"] == BUILD[pair]
    assert (found["finished_at"] is None) == (BUILD[pair] in OPEN)
    assert (found["started_at"] is None) == (BUILD[pair] == "queued")


@pytest.mark.parametrize("pair", TASK)
def test_every_documented_result_of_a_job_is_known(load, pair):
    one = record(state=pair[0], result=pair[1])
    (found,) = rows(load(AZURE_DEVOPS, page(one)), "pipeline_jobs")
    assert found["result"] == TASK[pair]
    assert (found["finished_at"] is None) == (TASK[pair] in OPEN)
    assert (found["started_at"] is None) == (TASK[pair] in {"queued", "skipped"})


@pytest.mark.parametrize("pair", DEPLOYMENT)
def test_every_documented_status_of_a_deployment_is_known(load, pair):
    one = deployment(deploymentStatus=pair[0], operationStatus=pair[1])
    (found,) = rows(load(AZURE_DEVOPS, page(one)), "deployments")
    assert found["result"] == DEPLOYMENT[pair]
    assert (found["finished_at"] is None) == (DEPLOYMENT[pair] in OPEN)
    assert (found["started_at"] is None) == (DEPLOYMENT[pair] in {"queued", "blocked", "skipped"})


def test_an_undocumented_word_is_unknown_and_counted(load):
    batch = load(AZURE_DEVOPS, page(build(result="asleep")))["pipeline_runs"]
    assert batch.rows.select("result", "finished_at").rows() == [("unknown", None)]
    assert any("'asleep' 1×" in note for note in batch.notes)
    assert result_of_deployment("asleep", "Approved") == "asleep"


# ---- Deployments ---- #


def test_a_deployment_of_a_release_is_of_its_build(load):
    (found,) = rows(load(AZURE_DEVOPS, lines(deployment(), build())), "deployments")
    assert found["deployment_id"] == "azuredevops:release:77"
    assert (found["service"], found["repo"], found["sha"]) == ("shop", REPO, SHA)
    assert (found["environment"], found["environment_kind"]) == ("Production", "production")
    assert (found["artifact"], found["attempt"]) == ("20260302.1", 2)
    assert (found["started_at"], found["finished_at"]) == (at(10, 5), at(10, 20))
    assert (found["result"], found["trigger"]) == ("success", "pipeline")


def test_what_a_release_deploys(load):
    by_build = artifact(
        sourceVersion={"id": MERGE},
        repository={"id": GUID, "name": "shop"},
        project={"id": "p", "name": "harbour"},
    )
    version = {"id": SHA, "name": SHA[:8]}
    project = {"id": "p", "name": "harbour"}
    of_git = artifact("Git", version=version, definition={"name": "shop"}, project=project)
    of_github = artifact("GitHub", version=version, definition={"name": REPO})
    image = artifact("AzureContainerRepository", version={"id": "1.2", "name": "1.2"})
    found = [
        rows(load(AZURE_DEVOPS, deployment(release={"artifacts": [one]})), "deployments")[0]
        for one in (by_build, of_git, of_github, image)
    ]
    assert [(one["repo"], one["sha"], one["artifact"], one["service"]) for one in found] == [
        (REPO, MERGE, "20260302.1", "shop"),
        (REPO, SHA, None, "shop"),
        (REPO, SHA, None, "shop"),
        (None, None, "1.2", "shop-cd"),
    ]


@pytest.mark.parametrize(
    ("reason", "approval", "trigger"),
    [
        ("automated", {"isAutomated": True, "status": "approved"}, "pipeline"),
        ("automated", {"isAutomated": False, "status": "approved"}, "person"),
        ("automated", {"isAutomated": False, "status": "skipped"}, "pipeline"),
        ("manual", {"isAutomated": True, "status": "approved"}, "person"),
        ("scheduled", {"isAutomated": True, "status": "approved"}, "schedule"),
        ("redeployTrigger", {"isAutomated": True, "status": "approved"}, "pipeline"),
        ("none", {"isAutomated": True, "status": "approved"}, None),
    ],
)
def test_what_started_a_deployment(load, reason, approval, trigger):
    one = deployment(reason=reason, preDeployApprovals=[approval])
    assert rows(load(AZURE_DEVOPS, one), "deployments")[0]["trigger"] == trigger


def test_a_deployment_to_an_environment_is_of_its_build(load):
    later = environment_record(42, owner={"id": 13}, result=None, finishTime=NO_TIME)
    batches = load(AZURE_DEVOPS, lines(environment_record(), later, build(), ENVIRONMENT))
    first, second = rows(batches, "deployments")
    assert first["deployment_id"] == "azuredevops:environment:41"
    assert (first["service"], first["repo"], first["sha"]) == ("shop", REPO, SHA)
    assert (first["environment"], first["environment_kind"]) == ("prod-eu", "production")
    assert (first["started_at"], first["finished_at"]) == (at(9, 5), at(9, 8))
    assert (first["result"], first["trigger"], first["attempt"]) == ("success", "pipeline", 1)
    assert (second["service"], second["result"]) == ("shop-ci", "in_progress")
    assert (second["sha"], second["trigger"], second["finished_at"]) == (None, None, None)
    notes = batches["deployments"].notes
    assert any("save build/builds too (1×)" in note for note in notes)


@pytest.mark.parametrize(
    ("results", "together", "ended"),
    [
        (["succeeded", "succeeded"], "success", at(9, 30)),
        (["succeeded", "skipped"], "success", at(9, 30)),
        (["failed", "succeeded"], "failure", at(9, 30)),
        (["succeeded", "canceled"], "cancelled", at(9, 30)),
        (["failed", None], "in_progress", None),
    ],
)
def test_the_machines_that_a_stage_deploys_to_are_one_deployment(load, results, together, ended):
    first, second = results
    records = [
        environment_record(41, result=first, startTime=iso(9, 6), finishTime=iso(9, 20)),
        environment_record(42, result=second, startTime=iso(9, 5), finishTime=iso(9, 30)),
        environment_record(43, stageAttempt=2),
        environment_record(44, environmentId=8),
    ]
    batches = load(AZURE_DEVOPS, lines(*records, build()))
    found = rows(batches, "deployments")
    assert [one["deployment_id"].rpartition(":")[2] for one in found] == ["41", "43", "44"]
    assert batches["deployments"].n_absorbed == 1
    assert (found[0]["result"], found[0]["finished_at"]) == (together, ended)
    assert found[0]["started_at"] == at(9, 5)


def test_an_environment_that_is_not_there_is_called_by_the_stage_and_it_is_said(load):
    batches = load(AZURE_DEVOPS, page(environment_record()))
    assert rows(batches, "deployments")[0]["environment"] == "Deploy"
    notes = batches["deployments"].notes
    assert any("its stage stands for it" in note for note in notes)


def test_a_deployment_of_a_repository_with_several_services_needs_one(tmp_path):
    path = tmp_path / "deployments.json"
    path.write_text(lines(deployment(), build()))
    shared = {"repositories": [REPO]}
    known = settings_from({"teams": {"web": {"services": {"shop": shared, "till": shared}}}})
    context = Context(settings=known, label="deployments.json")
    for service, reason in ((None, ["service_not_known"]), ("till", [])):
        entry = AzuredevopsSource(kind="azuredevops", path="exports", service=service)
        drafts = {draft.table: draft for draft in AZURE_DEVOPS.read(path, entry, context)}
        batch = conform(drafts["deployments"], entry=entry, context=context)
        assert batch.quarantined["reason"].to_list() == reason
        assert batch.rows["service"].to_list() == [service] * (not reason)


# ---- Pull requests ---- #


def test_threads_date_the_reviews_of_a_pull_request(load):
    happened = [
        thread(1, comment(1, ADA)),
        thread(2, comment(2, SERVICE)),
        thread(3, comment(3), comment(4, ADA, id=2)),
        vote(4, -5, 5),
        vote(5, 5, 6),
        vote(6, 0, 7),
        thread(7, comment(8, commentType="system")),
        thread(8, comment(9, isDeleted=True)),
    ]
    batches = load(AZURE_DEVOPS, lines(pull(), *happened))
    (found,) = rows(batches, "changes")
    assert (found["repo"], found["change_id"], found["base"]) == (REPO, "22", "main")
    assert (found["opened_at"], found["merged_at"], found["closed_at"]) == (at(8), at(11), at(11))
    assert (found["first_review_at"], found["approved_at"]) == (at(9, 3), at(9, 6))
    assert (found["merge_sha"], found["head_sha"], found["labels"]) == (MERGE, SHA, ["fast"])
    reviews = batches["reviews"].rows
    assert reviews["state"].to_list() == [
        "commented", "commented", "commented", "commented", "waiting_for_author",
        "approved_with_suggestions",
    ]  # fmt: skip
    assert reasons(batches, "reviews") == ["not_needed", "not_needed", "is_gone"]
    assert reviews["reviewer"][0] == found["author"] != reviews["reviewer"][5]


@pytest.mark.parametrize(
    "voted_by",
    [
        {"properties": {"CodeReviewVotedByIdentity": {"$value": "1"}}, "identities": {"1": BEN}},
        {"properties": {"CodeReviewVotedByTfId": {"$value": "B"}}},
    ],
)
def test_a_vote_that_the_system_wrote_is_its_voters(load, voted_by):
    system = {"displayName": "Service Accounts", "isContainer": True}
    told = vote(5, 10, 6, system)
    told = told | voted_by | {"properties": told["properties"] | voted_by["properties"]}
    batches = load(AZURE_DEVOPS, lines(pull(), told, thread(1, comment(7))))
    voter, commenter = rows(batches, "reviews")
    assert voter["reviewer"] == commenter["reviewer"] is not None


def test_the_path_of_a_file_names_the_pull_request_of_its_threads(tmp_path):
    folder = tmp_path / "pullRequests"
    folder.mkdir()
    paths = [tmp_path / "pulls.json", folder / "22.json"]
    paths[0].write_text(json.dumps(page(pull())))
    paths[1].write_text(json.dumps(page(thread(1, comment(3), _links=None))))
    entry = AzuredevopsSource(kind="azuredevops", path="exports")
    labels = {path: path.relative_to(tmp_path).as_posix() for path in paths}
    context = Context(settings=settings_from({}), label="pulls.json", labels=labels)
    drafts = [draft for _, draft in AZURE_DEVOPS.read_many(paths, entry, context)]
    assert drafts[0].rows["first_review_at"].to_list() == [iso(9, 3)]
    assert drafts[-1].rows["change_id"].to_list() == ["22"]


@pytest.mark.parametrize("value", [10, 5, 0, -5, -10])
def test_a_vote_without_its_thread_has_no_time_and_it_is_said(load, value):
    group = {"displayName": "Everybody", "vote": value, "isContainer": True}
    batches = load(AZURE_DEVOPS, pull(reviewers=[{**BEN, "vote": value}, group]))
    assert rows(batches, "changes")[0]["approved_at"] is None
    if value == 0:
        assert "reviews" not in batches
    else:
        (found,) = rows(batches, "reviews")
        assert (found["state"], found["at"]) == (VOTES[value], None)
        notes = batches["changes"].notes
        assert any("votes without their times" in note for note in notes)


def test_what_became_of_a_pull_request(load):
    ends = {"active": (None, None, None), "abandoned": (None, at(11), None)}
    for status, (merged_at, closed_at, merge_sha) in ends.items():
        (found,) = rows(load(AZURE_DEVOPS, pull(status=status)), "changes")
        assert (found["merged_at"], found["closed_at"]) == (merged_at, closed_at)
        assert found["merge_sha"] == merge_sha


def test_a_build_service_is_a_program(load):
    (found,) = rows(load(AZURE_DEVOPS, pull(createdBy=SERVICE)), "changes")
    assert found["is_bot"] is True


def test_a_commit_is_of_the_pull_request_that_names_it_or_that_it_names(load):
    merge = commit(MERGE, comment="Merged PR 22: Faster", parents=[SHA])
    other = commit("a" * 40)
    batches = load(AZURE_DEVOPS, lines(pull(), commit(), merge, other))
    found = {one["sha"]: one for one in rows(batches, "commits")}
    assert [found[sha]["change_id"] for sha in (SHA, MERGE, "a" * 40)] == ["22", "22", None]
    assert (found[SHA]["authored_at"], found[SHA]["committed_at"]) == (at(7), at(7, 30))
    assert found[SHA]["author"] == rows(batches, "changes")[0]["author"]
    # Of a part of a history the graph is not known.
    assert (found[MERGE]["parents"], found[MERGE]["is_merge"]) == (None, False)
    whole = load(AZURE_DEVOPS, lines(pull(), commit(parents=[]), merge))
    assert rows(whole, "commits")[1]["parents"] == [SHA]


def test_a_commit_of_a_repository_that_nothing_names_is_put_aside(load):
    assert reasons(load(AZURE_DEVOPS, page(commit())), "commits") == ["repository_not_known"]
    (found,) = rows(load(AZURE_DEVOPS, page(commit()), repository=REPO), "commits")
    assert found["repo"] == REPO


def test_tags_and_branches_are_names_of_commits(load):
    told = {"creator": ADA, "url": f"{GIT}/refs"}
    tag = {"name": "refs/tags/v1", "objectId": MERGE, "peeledObjectId": SHA, **told}
    branch = {"name": "refs/heads/main", "objectId": SHA, **told}
    asked = {"name": "refs/pull/22/merge", "objectId": SHA, **told}
    batches = load(AZURE_DEVOPS, lines(pull(), tag, branch, asked))
    found = batches["refs"].rows.select("repo", "kind", "name", "sha").rows()
    assert found == [(REPO, "tag", "v1", SHA), (REPO, "branch", "main", SHA)]
    assert reasons(batches, "refs") == ["not_needed"]


# ---- Work items ---- #


def test_a_work_item_of_a_declared_type_or_tag_is_an_incident(load):
    (found,) = rows(load(AZURE_DEVOPS, page(work_item())), "incidents")
    assert (found["incident_id"], found["service"]) == ("azuredevops:5", "shop")
    assert (found["started_at"], found["resolved_at"]) == (at(12), at(14))
    assert found["severity"] == "2 - High"
    again = work_item(**{"System.Tags": None, "System.State": "Active"})
    (found,) = rows(load(AZURE_DEVOPS, page(again), incident_labels=["bug"]), "incidents")
    assert found["resolved_at"] is None


def test_other_work_items_are_no_incidents(load):
    task = work_item(**{"System.WorkItemType": "Task", "System.Tags": "slow"})
    removed = work_item(6, **{"System.State": "Removed"})
    batches = load(AZURE_DEVOPS, page(task, removed))
    assert reasons(batches, "incidents") == ["not_an_incident", "not_an_incident"]


# ---- Files ---- #

ALL = (
    build(), timeline(STAGE, PHASE, record()), record("unit"), deployment(), environment_record(),
    ENVIRONMENT, pull(), thread(1, comment(1)), vote(2, 10, 2), commit(), work_item(),
)  # fmt: skip


def test_records_of_several_files_complete_each_other(save):
    paths = [save(page(one), f"{number}.json") for number, one in enumerate(ALL)]
    batches = read_all(paths)
    assert rows(batches["1.json"], "pipeline_jobs")[0]["sha"] == SHA
    assert rows(batches["3.json"], "deployments")[0]["sha"] == SHA
    assert rows(batches["4.json"], "deployments")[0]["environment"] == "prod-eu"
    assert rows(batches["6.json"], "changes")[0]["approved_at"] == at(9, 2)
    assert rows(batches["9.json"], "commits")[0]["change_id"] == "22"


def test_people_stay_in_the_export(load, said_anywhere):
    broken = [pull(8, labels=1), build(13, status={}), {"createdBy": ADA}, work_item(7)]
    undone = [deployment(78, release={}, releaseDefinition=None), thread(9, comment(1), _links={})]
    text = lines(*ALL, *broken, *undone) + '\n{"displayName": "Ada'
    said = said_anywhere(load(AZURE_DEVOPS, text)).lower()
    assert [word for word in ("ada", "ben", "laptop", "example.invalid") if word in said] == []


@pytest.mark.parametrize("one", [build(), pull()])
def test_its_records_are_recognised_with_their_repository(save, one):
    found = AZURE_DEVOPS.recognise(save(page(one), "x.txt"))
    assert found is not None
    assert (found.kind, found.confidence) == ("azuredevops", 0.9)
    assert found.suggestion == {"repository": REPO}


@pytest.mark.parametrize("one", ALL)
def test_its_records_are_recognised(save, one):
    found = AZURE_DEVOPS.recognise(save(page(one)))
    assert found is not None
    assert found.kind == "azuredevops"


@pytest.mark.parametrize(
    "content", ["", "a,b\n1,2\n", "<x/>", '{"value": [{"id": 1, "status": "completed"}]}', "[]"]
)
def test_other_files_are_not_recognised(save, content):
    assert AZURE_DEVOPS.recognise(save(content)) is None


def test_a_file_of_something_else_is_refused_with_what_is_read(load):
    with pytest.raises(ExportError, match="build, timeline, record of a timeline, deployment"):
        load(AZURE_DEVOPS, [{"id": 1}])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32))
def test_damaged_files_lose_nothing_and_raise_nothing_else(survives, seed):
    survives(AZURE_DEVOPS, lines(*ALL).encode(), seed)


# file: read, loaded, absorbed, duplicates, quarantined. All are one entry; of the records of
# timelines only the first is a job.
REAL = {
    "builds.ndjson": (7, 7, 0, 0, []),
    "pull_request_commits.ndjson": (1, 1, 0, 0, []),
    "pull_requests.ndjson": (1, 1, 0, 0, []),
    "timeline_records.ndjson": (5, 1, 0, 0, ["not_needed"] * 4),
}


@pytest.mark.real
def test_real_answers_load(shared_data):
    batches = read_all(sorted((shared_data / "api-payloads/azuredevops_go").glob("*.ndjson")))
    found = {}
    for name, (batch,) in ((name, tuple(one.values())) for name, one in batches.items()):
        counts = (batch.n_read, batch.rows.height, batch.n_absorbed, batch.n_duplicates)
        found[name] = (*counts, batch.quarantined["reason"].to_list())
    assert found == REAL
    (job,) = rows_of(batches, "timeline_records.ndjson")
    assert (job["run_id"], job["repo"]) == ("12", "johndoe/test-repo")
    assert job["finished_at"] == datetime(2023, 2, 25, 6, 22, 43, 233333, tzinfo=UTC)
    (commit_row,) = rows_of(batches, "pull_request_commits.ndjson")
    assert (commit_row["repo"], commit_row["change_id"]) == ("test-project/test-repo2", "1")
    results = [one["result"] for one in rows_of(batches, "builds.ndjson")]
    assert results == ["success"] * 4 + ["in_progress", "queued", "cancelled"]


def rows_of(batches: dict[str, dict[str, Any]], name: str) -> list[dict[str, Any]]:
    (batch,) = batches[name].values()
    return batch.rows.rows(named=True)


@pytest.mark.real
def test_real_answers_of_other_tools_are_not_recognised(shared_data):
    for path in sorted((shared_data / "api-payloads").rglob("*.ndjson")):
        is_its_own = path.parent.name == "azuredevops_go"
        assert (AZURE_DEVOPS.recognise(path) is not None) == is_its_own, path
