"""CircleCI: workflows with the commits of their pipelines, their tries, and their jobs."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.config import settings_from
from devops_analytics.config_tools import CircleciSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.circleci import CIRCLECI
from devops_analytics.sources.conform import conform
from devops_analytics.sources.source import Context

SHA = "49874a6ac988e2b3434501d4a4554c54583e6820"
SLUG = "gh/harbour/shop"


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, second, tzinfo=UTC)


def uuid(number: int) -> str:
    return f"23622ee4-e150-4920-9d66-{number:012d}"


def pipeline(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Make a pipeline as GET project/SLUG/pipeline lists it."""
    return {
        "id": uuid(number),
        "errors": [],
        "project_slug": SLUG,
        "updated_at": "2026-03-02T09:00:00.500Z",
        "number": number,
        "state": "created",
        "created_at": "2026-03-02T09:00:00.000Z",
        "trigger": {
            "received_at": "2026-03-02T08:59:59.000Z",
            "type": "webhook",
            "actor": {"login": "ada", "avatar_url": "https://example.com/ada.png"},
        },
        "vcs": {
            "origin_repository_url": "https://github.com/ada/shop",
            "target_repository_url": "https://github.com/harbour/shop",
            "revision": SHA,
            "provider_name": "GitHub",
            "commit": {"subject": "Ada's change", "body": ""},
            "branch": "main",
        },
        **fields,
    }


def workflow(number: int = 1, of: int = 1, **fields: Any) -> dict[str, Any]:
    """Make a workflow as GET pipeline/ID/workflow lists it."""
    return {
        "pipeline_id": uuid(of),
        "id": uuid(100 + number),
        "name": "build-and-test",
        "project_slug": SLUG,
        "status": "success",
        "started_by": "ada",
        "pipeline_number": of,
        "created_at": "2026-03-02T09:00:01Z",
        "stopped_at": "2026-03-02T09:10:00Z",
        **fields,
    }


def job(number: int = 5, **fields: Any) -> dict[str, Any]:
    """Make a job as GET workflow/ID/job lists it."""
    return {
        "dependencies": [],
        "job_number": number,
        "id": uuid(200 + number),
        "started_at": "2026-03-02T09:01:00Z",
        "name": "test",
        "approved_by": "ada",
        "project_slug": SLUG,
        "status": "success",
        "type": "build",
        "stopped_at": "2026-03-02T09:09:00Z",
        **fields,
    }


def page(*records: dict[str, Any]) -> dict[str, Any]:
    return {"next_page_token": None, "items": list(records)}


def lines(*records: dict[str, Any]) -> str:
    return "\n".join(map(json.dumps, records))


def read_all(paths: list[Path], **entry: Any) -> dict[str, dict[str, Any]]:
    """Read files as one entry; return the batch of each table by the file's name."""
    made = CircleciSource(kind="circleci", path="exports", **entry)
    labels = {path: path.name for path in paths}
    context = Context(settings=settings_from({}), label="exports", labels=labels)
    batches: dict[str, dict[str, Any]] = {path.name: {} for path in paths}
    for path, draft in CIRCLECI.read_many(paths, made, context):
        batch = conform(draft, entry=made, context=context)
        batches[path.name][batch.table] = batch
    return batches


def runs(batches: dict[str, Any]) -> list[dict[str, Any]]:
    assert batches["pipeline_runs"].quarantined.rows() == []
    return batches["pipeline_runs"].rows.rows(named=True)


def test_a_workflow_becomes_a_run_of_its_pipelines_commit(load):
    batches = load(CIRCLECI, lines(pipeline(), workflow()))
    (found,) = runs(batches)
    assert batches["pipeline_runs"].n_absorbed == 1
    assert (found["repo"], found["sha"], found["branch"]) == ("harbour/shop", SHA, "main")
    assert (found["pipeline"], found["trigger"]) == ("build-and-test", "webhook")
    assert (found["run_id"], found["attempt"]) == (f"{uuid(1)}/build-and-test", 1)
    assert (found["started_at"], found["finished_at"]) == (at(9, 0, 1), at(9, 10))
    assert found["result"] == "success"


def test_pipelines_workflows_and_jobs_of_several_files_are_brought_together(save):
    paths = [
        save(page(pipeline()), "pipelines.json"),
        save(page(workflow()), "workflows.json"),
        save(page(job()), f"jobs-{uuid(101)}.json"),
    ]
    batches = read_all(paths)
    (run,) = runs(batches["workflows.json"])
    (found,) = batches[paths[2].name]["pipeline_jobs"].rows.rows(named=True)
    assert (run["sha"], found["sha"], found["branch"]) == (SHA, SHA, "main")
    assert (found["run_id"], found["attempt"]) == (run["run_id"], run["attempt"])
    assert (found["job_id"], found["name"], found["repo"]) == ("5", "test", "harbour/shop")
    assert (found["started_at"], found["finished_at"]) == (at(9, 1), at(9, 9))
    assert batches["pipelines.json"]["pipeline_runs"].n_absorbed == 1


def test_a_workflow_that_runs_again_is_another_try_of_the_same_run(load):
    again = workflow(2, created_at="2026-03-02T10:00:00Z", stopped_at="2026-03-02T10:10:00Z")
    other = workflow(3, name="deploy")
    failed = workflow(1, status="failed")
    found = runs(load(CIRCLECI, lines(again, failed, other, pipeline())))
    named = {(one["pipeline"], one["attempt"]): one["result"] for one in found}
    assert named == {
        ("build-and-test", 1): "failure",
        ("build-and-test", 2): "success",
        ("deploy", 1): "success",
    }


def test_a_workflow_that_ended_wins_over_itself_while_it_ran(load):
    running = workflow(status="running", stopped_at=None)
    batch = load(CIRCLECI, lines(workflow(), running, pipeline()))["pipeline_runs"]
    assert (batch.n_duplicates, batch.rows["result"].to_list()) == (1, ["success"])


def test_a_workflow_without_its_pipeline_has_no_commit_and_it_is_said(load):
    batch = load(CIRCLECI, page(workflow()))["pipeline_runs"]
    assert batch.rows.select("repo", "sha", "trigger").rows() == [("harbour/shop", None, None)]
    assert any("save project/SLUG/pipeline too (1×)" in note for note in batch.notes)


def test_a_pipeline_that_never_came_to_a_workflow_is_an_error(load):
    broken = pipeline(state="errored", vcs=None, errors=[{"type": "config", "message": "Ada"}])
    (found,) = runs(load(CIRCLECI, page(broken)))
    assert (found["run_id"], found["result"]) == (uuid(1), "error")
    assert (found["repo"], found["sha"]) == ("harbour/shop", None)


def test_a_pipeline_whose_workflows_are_not_there_says_what_to_export(load):
    batch = load(CIRCLECI, page(pipeline()))["pipeline_runs"]
    assert batch.quarantined["reason"].to_list() == ["pipeline_without_workflows"]
    assert f"save pipeline/{uuid(1)}/workflow too" in batch.quarantined["message"][0]


def test_a_job_names_its_workflow_or_is_of_the_only_one_that_ran_then(load):
    listed = [job(5), job(6, workflow_id=uuid(102)), job(7, started_at="2026-03-02T11:00:00Z")]
    later = {"created_at": "2026-03-02T09:30:00Z", "stopped_at": "2026-03-02T09:40:00Z"}
    batch = load(CIRCLECI, lines(workflow(1), workflow(2, of=2, **later), *listed))["pipeline_jobs"]
    found = dict(batch.rows.select("job_id", "run_id").rows())
    assert found == {"5": f"{uuid(1)}/build-and-test", "6": f"{uuid(2)}/build-and-test"}
    assert batch.quarantined["reason"].to_list() == ["workflow_not_known"]
    assert any("names no workflow" in note and "(1×)" in note for note in batch.notes)


def test_a_job_of_two_workflows_at_once_is_of_none(load):
    batch = load(CIRCLECI, lines(workflow(1), workflow(2, of=2), job()))["pipeline_jobs"]
    assert batch.quarantined["reason"].to_list() == ["workflow_not_known"]


def test_a_job_alone_says_more(load):
    # as GET project/SLUG/job/NUMBER has it
    alone = {
        "web_url": "https://app.circleci.com/jobs/github/harbour/shop/5",
        "project": {"id": "x", "slug": SLUG, "name": "shop"},
        "started_at": "2026-03-02T09:01:00Z",
        "queued_at": "2026-03-02T09:00:30Z",
        "stopped_at": "2026-03-02T09:09:00Z",
        "latest_workflow": {"id": uuid(101), "name": "build-and-test"},
        "name": "test",
        "executor": {"resource_class": "large", "type": "docker"},
        "status": "timedout",
        "number": 5,
        "pipeline": {"id": uuid(1)},
        "duration": 480_000,
        "created_at": "2026-03-02T09:00:02Z",
    }
    (found,) = load(CIRCLECI, alone)["pipeline_jobs"].rows.rows(named=True)
    assert (found["run_id"], found["job_id"], found["result"]) == (uuid(101), "5", "timeout")
    assert (found["queued_at"], found["runner"]) == (at(9, 0, 30), "large")


def test_insights_tell_of_a_run_where_its_workflow_is_not_there(load):
    insight = {
        "id": uuid(101),
        "branch": "main",
        "duration": 600,
        "created_at": "2026-03-02T09:00:00Z",
        "stopped_at": "2026-03-02T09:10:00Z",
        "credits_used": 12,
        "status": "failed",
        "is_approval": False,
    }
    (found,) = runs(load(CIRCLECI, page(insight), repository="harbour/shop"))
    assert (found["run_id"], found["branch"], found["result"]) == (uuid(101), "main", "failure")
    assert found["finished_at"] == at(9, 10)
    both = load(CIRCLECI, lines(insight, workflow()), repository="harbour/shop")["pipeline_runs"]
    assert (both.n_absorbed, both.rows["result"].to_list()) == (1, ["success"])
    batch = load(CIRCLECI, page(insight))["pipeline_runs"]
    assert batch.quarantined["reason"].to_list() == ["repository_not_known"]


def test_a_project_of_ids_is_named_by_its_pipelines_address(load):
    slug = "circleci/9YytKzouJxzu4TjCRFqAoD/44n9wujWcTnVZ2b5S8Fnat"
    named = lines(pipeline(project_slug=slug), workflow(project_slug=slug))
    assert runs(load(CIRCLECI, named))[0]["repo"] == "harbour/shop"
    batch = load(CIRCLECI, page(workflow(project_slug=slug)))["pipeline_runs"]
    assert batch.quarantined["reason"].to_list() == ["repository_not_known"]
    declared = load(CIRCLECI, page(workflow(project_slug=slug)), repository="harbour/shop")
    assert runs(declared)[0]["repo"] == "harbour/shop"


# circleci.com/docs/api/v2, schema Workflow, field status
WORKFLOW = {
    "success": "success",
    "running": "in_progress",
    "not_run": "skipped",
    "failed": "failure",
    "error": "error",
    "failing": "in_progress",
    "on_hold": "blocked",
    "canceled": "cancelled",
    "unauthorized": "error",
}
# circleci.com/docs/api/v2, schema Job, field status
JOB = {
    "success": "success",
    "running": "in_progress",
    "not_run": "skipped",
    "failed": "failure",
    "retried": "unknown",
    "queued": "queued",
    "not_running": "queued",
    "infrastructure_fail": "error",
    "timedout": "timeout",
    "on_hold": "blocked",
    "terminated-unknown": "unknown",
    "blocked": "blocked",
    "canceled": "cancelled",
    "unauthorized": "error",
}
# circleci.com/docs/api/v2, schema Pipeline, field state
PIPELINE = {
    "created": "unknown",
    "errored": "error",
    "setup-pending": "queued",
    "setup": "in_progress",
    "pending": "queued",
}
OPEN = {"in_progress", "blocked", "queued"}


@pytest.mark.parametrize("word", WORKFLOW)
def test_every_documented_status_of_a_workflow_is_known(load, word):
    assert CIRCLECI.words["workflow status"][word] == WORKFLOW[word]
    (found,) = runs(load(CIRCLECI, page(workflow(status=word))))
    assert found["result"] == WORKFLOW[word]
    assert (found["finished_at"] is None) == (WORKFLOW[word] in OPEN)


@pytest.mark.parametrize("word", JOB)
def test_every_documented_status_of_a_job_is_known(load, word):
    assert CIRCLECI.words["job status"][word] == JOB[word]
    listed = job(status=word, workflow_id=uuid(101))
    (found,) = load(CIRCLECI, page(listed))["pipeline_jobs"].rows.rows(named=True)
    assert found["result"] == JOB[word]
    assert (found["finished_at"] is None) == (JOB[word] in OPEN)
    assert (found["started_at"] is None) == (JOB[word] in {"queued", "skipped"})


def test_every_documented_state_of_a_pipeline_is_known():
    assert CIRCLECI.words["pipeline state"] == PIPELINE


def test_an_undocumented_status_is_unknown_and_counted(load):
    batch = load(CIRCLECI, page(workflow(status="asleep")))["pipeline_runs"]
    assert batch.rows.select("result", "finished_at").rows() == [("unknown", None)]
    assert any("'asleep' 1×" in note for note in batch.notes)


def test_people_stay_in_the_export(load, said_anywhere):
    broken = [pipeline(2, state="errored"), workflow(2, status={}), {"actor": "Ada"}, job(9)]
    text = lines(pipeline(), workflow(), job(), *broken) + '\n{"login": "ada'
    assert "ada" not in said_anywhere(load(CIRCLECI, text)).lower()


@pytest.mark.parametrize("one", [pipeline(), workflow(), job()])
def test_its_records_are_recognised_with_their_repository(save, one):
    found = CIRCLECI.recognise(save(page(one), "x.txt"))
    assert found is not None
    assert (found.kind, found.confidence) == ("circleci", 0.9)
    assert found.suggestion == {"repository": "harbour/shop"}


@pytest.mark.parametrize(
    "content", ["", "a,b\n1,2\n", "<x/>", '{"items": [{"id": 1, "status": "success"}]}', "[]"]
)
def test_other_files_are_not_recognised(save, content):
    assert CIRCLECI.recognise(save(content)) is None


def test_a_file_of_something_else_is_refused_with_what_is_read(load):
    with pytest.raises(ExportError, match="workflow, pipeline, job, run of a workflow"):
        load(CIRCLECI, [{"id": 1}])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32))
def test_damaged_files_lose_nothing_and_raise_nothing_else(survives, seed):
    survives(CIRCLECI, lines(pipeline(), workflow(), job(), job(6)).encode(), seed)


# file: read, loaded, absorbed, duplicates, quarantined. All are one entry. Of two workflows that
# ran at once nobody can tell which a job is of; pipelines tell the commits of workflows.
REAL = {
    "jobs.ndjson": (9, 8, 0, 0, ["workflow_not_known"]),
    "jobs_incremental.ndjson": (6, 6, 0, 0, []),
    "pipelines.ndjson": (10, 1, 9, 0, []),
    "projects.ndjson": (1, 0, 0, 0, ["not_needed"]),
    "workflows.ndjson": (10, 10, 0, 0, []),
    "workflows_incremental.ndjson": (6, 6, 0, 0, []),
}


@pytest.mark.real
def test_real_answers_load(shared_data):
    paths = sorted((shared_data / "api-payloads/circleci").glob("*.ndjson"))
    found = {}
    for name, batches in read_all(paths).items():
        (batch,) = batches.values()
        quarantined = batch.quarantined["reason"].to_list()
        counts = (batch.n_read, batch.rows.height, batch.n_absorbed, batch.n_duplicates)
        found[name] = (*counts, quarantined)
        if name == "workflows.ndjson":
            row = batch.rows.filter(pipeline="say-hello-workflow", trigger="api").row(0, named=True)
    assert found == REAL
    assert row["sha"] == "9fcceda0e9749bc63e6397b23531fb6bf83634df"
    assert row["branch"] == "circleci-project-setup"
    assert row["finished_at"] == datetime(2023, 3, 25, 17, 12, 22, tzinfo=UTC)


@pytest.mark.real
def test_real_answers_of_other_tools_are_not_recognised(shared_data):
    for path in sorted((shared_data / "api-payloads").rglob("*.ndjson")):
        assert (CIRCLECI.recognise(path) is not None) == (path.parent.name == "circleci"), path
