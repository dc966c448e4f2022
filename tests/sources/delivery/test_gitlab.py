"""GitLab: pipelines and jobs, deployments and their environments, and what its words mean."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.config import settings_from
from devops_analytics.config_tools import GitlabSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.conform import conform
from devops_analytics.sources.gitlab import GITLAB
from devops_analytics.sources.source import Context
from tests.sources.delivery.gitlab_records import (
    HOST,
    SHA,
    at,
    commit,
    deployment,
    deployment_event,
    detailed,
    environment,
    issue,
    job,
    job_event,
    note,
    pipeline,
    pipeline_event,
    project,
    request,
    request_event,
    time,
)


def lines(*records: dict[str, Any]) -> str:
    return "\n".join(map(json.dumps, records))


def rows(batch: Any) -> list[dict[str, Any]]:
    assert batch.quarantined.rows() == []
    return batch.rows.rows(named=True)


def read_all(paths: list[Path], **entry: Any) -> dict[str, dict[str, Any]]:
    """Read files as one entry; return the batches of each file by its name."""
    made = GitlabSource(kind="gitlab", path="exports", **entry)
    labels = {path: path.name for path in paths}
    context = Context(settings=settings_from({}), label="exports", labels=labels)
    batches: dict[str, dict[str, Any]] = {path.name: {} for path in paths}
    for path, draft in GITLAB.read_many(paths, made, context):
        batch = conform(draft, entry=made, context=context)
        batches[path.name][batch.table] = batch
    return batches


# ---- Pipelines and jobs ---- #


def test_a_pipeline_with_details_is_a_run_with_its_own_times(load):
    (found,) = rows(load(GITLAB, detailed())["pipeline_runs"])
    assert (found["repo"], found["run_id"], found["attempt"]) == ("harbour/shop", "47", 1)
    assert (found["sha"], found["branch"], found["trigger"]) == (SHA, "main", "push")
    assert (found["queued_at"], found["started_at"]) == (at(9), at(9, 1))
    assert (found["finished_at"], found["result"]) == (at(9, 20), "success")
    # It may say who started it.
    assert found["pipeline"] is None


def test_a_listed_pipeline_ends_with_its_update_and_it_is_said(load):
    batch = load(GITLAB, [pipeline()])["pipeline_runs"]
    (found,) = rows(batch)
    assert (found["started_at"], found["finished_at"]) == (None, at(9, 30))
    assert any("its last update stands for its end" in note for note in batch.notes)
    assert any("its duration is not known" in note for note in batch.notes)


def test_a_listed_pipeline_has_the_times_of_its_jobs_in_any_file(save):
    late = job(8, started_at=time(9, 5), finished_at=time(9, 25), status="failed")
    paths = [save([pipeline()], "pipelines.json"), save([job(), late], "jobs.json")]
    batches = read_all(paths)
    (found,) = rows(batches["pipelines.json"]["pipeline_runs"])
    assert (found["started_at"], found["finished_at"]) == (at(9, 2), at(9, 25))
    assert batches["pipelines.json"]["pipeline_runs"].notes == ()


def test_while_a_job_runs_the_last_of_the_others_is_not_the_end(load):
    running = job(8, status="running", finished_at=None)
    (found,) = rows(load(GITLAB, lines(pipeline(), job(), running))["pipeline_runs"])
    assert found["finished_at"] == at(9, 30)


def test_the_detail_form_tells_the_times_of_the_list_form_whichever_comes_last(load):
    for content in (lines(detailed(), pipeline()), lines(pipeline(), detailed())):
        batch = load(GITLAB, content)["pipeline_runs"]
        assert batch.n_duplicates == 1
        (found,) = rows(batch)
        assert (found["started_at"], found["finished_at"]) == (at(9, 1), at(9, 20))


def test_a_retried_pipeline_ends_later_than_its_older_record_says(load):
    old = detailed(status="failed")
    again = pipeline(updated_at=time(13))
    (found,) = rows(load(GITLAB, lines(again, old))["pipeline_runs"])
    assert (found["result"], found["started_at"]) == ("success", at(9, 1))
    assert found["finished_at"] == at(13)


def test_a_pipeline_that_no_file_could_make_is_an_error(load):
    broken = detailed(status="failed", yaml_errors="jobs:rspec config is wrong", started_at=None)
    (found,) = rows(load(GITLAB, broken)["pipeline_runs"])
    assert found["result"] == "error"


def test_a_job_waits_from_when_it_could_have_begun(load):
    (found,) = rows(load(GITLAB, [job()])["pipeline_jobs"])
    assert (found["run_id"], found["job_id"], found["attempt"]) == ("47", "7", 1)
    assert (found["repo"], found["name"], found["runner"]) == (
        "harbour/shop",
        "rspec",
        "docker, linux",
    )
    assert (found["sha"], found["branch"], found["result"]) == (SHA, "main", "success")
    assert (found["queued_at"], found["started_at"]) == (at(9, 1, 29.5), at(9, 2))
    assert found["finished_at"] == at(9, 12)
    (found,) = rows(load(GITLAB, [job(queued_duration=None, tag_list=[])])["pipeline_jobs"])
    assert (found["queued_at"], found["runner"]) == (at(9), "group_type")


def test_retried_and_trigger_jobs_are_jobs_of_their_own(load):
    bridge = job(9, name="child", downstream_pipeline={"id": 48, "sha": SHA, "status": "pending"})
    first = job(6, status="failed", failure_reason="runner_system_failure", retried=True)
    batch = load(GITLAB, [first, job(7), bridge])["pipeline_jobs"]
    assert batch.rows.sort("job_id")["result"].to_list() == ["error", "success", "success"]


def test_a_job_that_may_fail_is_a_failure_still(load):
    batch = load(GITLAB, [job(status="failed", allow_failure=True)])["pipeline_jobs"]
    assert batch.rows["result"].to_list() == ["failure"]


def test_a_job_without_a_pipeline_says_what_to_export(load):
    batch = load(GITLAB, [job(pipeline=None), job(8)])["pipeline_jobs"]
    assert batch.quarantined["reason"].to_list() == ["pipeline_not_known"]


def test_a_project_names_the_repository_of_records_without_an_address(save):
    bare = pipeline(web_url=None)
    paths = [save([bare], "pipelines.json"), save(project(), "project.json")]
    batches = read_all(paths)
    (found,) = rows(batches["pipelines.json"]["pipeline_runs"])
    assert found["repo"] == "harbour/shop"
    assert batches["project.json"]["pipeline_runs"].n_absorbed == 1
    alone = read_all(paths[:1])["pipelines.json"]["pipeline_runs"]
    assert alone.quarantined["reason"].to_list() == ["repository_not_known"]
    (found,) = rows(read_all(paths[:1], repository="quay")["pipelines.json"]["pipeline_runs"])
    assert found["repo"] == "quay"


@pytest.mark.parametrize(
    ("address", "repo"),
    [
        ("https://gitlab.example.com/a/b/c/-/pipelines/47", "a/b/c"),
        ("https://gitlab.example.com/a/pipelines/-/pipelines/47", "a/pipelines"),
        ("https://gitlab.example.com/a/b/pipelines/47", "a/b"),
        ("http://10.0.0.1:3000/Harbour/Shop/-/pipelines/47", "harbour/shop"),
    ],
)
def test_the_address_of_a_record_names_its_repository(load, address, repo):
    (found,) = rows(load(GITLAB, detailed(web_url=address))["pipeline_runs"])
    assert found["repo"] == repo


# ---- Deployments ---- #


def test_a_deployment_ends_with_its_job(load):
    (found,) = rows(load(GITLAB, [deployment()])["deployments"])
    assert found["deployment_id"] == "gitlab:harbour/shop:41"
    assert (found["service"], found["repo"]) == ("shop", "harbour/shop")
    assert (found["environment"], found["environment_kind"]) == ("production", "production")
    assert (found["sha"], found["ref"], found["artifact"]) == (SHA, "main", None)
    assert (found["started_at"], found["finished_at"]) == (at(10), at(10, 5))
    assert (found["result"], found["trigger"], found["attempt"]) == ("success", "pipeline", None)
    assert found["method"] == "reported"


def test_a_deployment_told_by_a_tool_ends_with_its_update_and_it_is_said(load):
    batch = load(GITLAB, [deployment(deployable=None)], repository="harbour/shop")["deployments"]
    (found,) = rows(batch)
    assert (found["started_at"], found["finished_at"]) == (at(9), at(10, 6))
    assert found["trigger"] is None
    assert any("its last update stands for its end (1×)" in note for note in batch.notes)
    own = deployment(deployable=None, finished_at=time(10, 2))
    (found,) = rows(load(GITLAB, [own], repository="harbour/shop")["deployments"])
    assert found["finished_at"] == at(10, 2)


def test_a_deployment_of_no_known_project_says_what_to_do(load):
    batch = load(GITLAB, [deployment(deployable=None)])["deployments"]
    assert batch.quarantined["reason"].to_list() == ["repository_not_known"]
    assert "set `repository`" in batch.quarantined["message"][0]


def test_the_pipelines_source_says_what_started_a_deployment(load):
    for source, trigger in {"schedule": "schedule", "web": "person", "api": "pipeline"}.items():
        batches = load(GITLAB, lines(deployment(), pipeline(source=source)))
        assert rows(batches["deployments"])[0]["trigger"] == trigger


def test_tries_of_one_job_of_one_pipeline_are_numbered(load):
    failed = deployment(40, status="failed")
    elsewhere = deployment(43, environment={"id": 8, "name": "staging"})
    batch = load(GITLAB, [deployment(41), failed, elsewhere])["deployments"]
    attempts = dict(batch.rows.select("deployment_id", "attempt").rows())
    assert attempts == {
        "gitlab:harbour/shop:40": 1,
        "gitlab:harbour/shop:41": 2,
        # Alone, it need not be the first.
        "gitlab:harbour/shop:43": None,
    }


def test_the_tier_tells_where_the_settings_rules_say_nothing(load):
    # The rules know "staging" by its name; they do not know "eu-1".
    named = deployment(environment={"id": 1, "name": "staging"})
    unnamed = deployment(42, environment={"id": 2, "name": "eu-1"})
    other = deployment(43, environment={"id": 3, "name": "eu-2"})
    tiers = [
        environment(1, name="staging", tier="production"),
        environment(2, name="eu-1", tier="production"),
        environment(3, name="eu-2", tier="other"),
    ]
    batch = load(GITLAB, lines(named, unnamed, other, *tiers))["deployments"]
    assert batch.n_absorbed == 3
    kinds = dict(batch.rows.select("environment", "environment_kind").rows())
    assert kinds == {"staging": "staging", "eu-1": "production", "eu-2": "unknown"}


def test_a_service_of_a_repository_with_several_has_to_be_declared(tmp_path):
    path = tmp_path / "deployments.json"
    path.write_text(json.dumps([deployment()]))
    shared = {"repositories": ["harbour/shop"]}
    declared = settings_from({"teams": {"web": {"services": {"shop": shared, "pay": shared}}}})
    for service, reasons in ((None, ["service_not_known"]), ("pay", [])):
        entry = GitlabSource(kind="gitlab", path="x", service=service)
        (draft,) = GITLAB.read(path, entry, Context(settings=declared, label="x"))
        assert draft.rejected is not None
        assert draft.rejected["reason"].to_list() == reasons


# ---- Words ---- #

# gitlabhq/gitlabhq, app/models/concerns/ci/has_status.rb; the jobs API's scope has the same.
STATUS = {
    "created": "queued",
    "waiting_for_resource": "queued",
    "preparing": "queued",
    "waiting_for_callback": "queued",
    "pending": "queued",
    "running": "in_progress",
    "success": "success",
    "failed": "failure",
    "canceling": "in_progress",
    "canceled": "cancelled",
    "skipped": "skipped",
    "manual": "blocked",
    "scheduled": "queued",
}
# gitlabhq/gitlabhq, app/models/deployment.rb
DEPLOYMENT = {
    "created": "queued",
    "running": "in_progress",
    "success": "success",
    "failed": "failure",
    "canceled": "cancelled",
    "skipped": "skipped",
    "blocked": "blocked",
}
OPEN = {"queued", "in_progress", "blocked"}


@pytest.mark.parametrize("word", STATUS)
def test_every_documented_status_of_pipelines_and_jobs_is_known(load, word):
    assert GITLAB.words["status of a pipeline or job"][word] == STATUS[word]
    batches = load(GITLAB, lines(detailed(status=word), job(status=word)))
    for table in ("pipeline_runs", "pipeline_jobs"):
        (found,) = rows(batches[table])
        assert found["result"] == STATUS[word]
        assert (found["finished_at"] is None) == (STATUS[word] in OPEN)
        assert (found["started_at"] is None) == (STATUS[word] in {"queued", "blocked"})


@pytest.mark.parametrize("word", DEPLOYMENT)
def test_every_documented_status_of_deployments_is_known(load, word):
    assert GITLAB.words["status of a deployment"][word] == DEPLOYMENT[word]
    (found,) = rows(load(GITLAB, [deployment(status=word)])["deployments"])
    assert found["result"] == DEPLOYMENT[word]
    assert (found["finished_at"] is None) == (DEPLOYMENT[word] in OPEN)


def test_no_other_words_are_claimed():
    assert GITLAB.words["status of a pipeline or job"] == STATUS
    assert GITLAB.words["status of a deployment"] == DEPLOYMENT
    assert set(GITLAB.words["reason why a job failed"].values()) == {"failure", "error", "timeout"}


@pytest.mark.parametrize(
    ("reason", "result"),
    [
        ("script_failure", "failure"),
        (None, "failure"),
        ("of_a_later_version", "failure"),
        ("stuck_or_timeout_failure", "timeout"),
        ("job_execution_timeout", "timeout"),
        ("runner_system_failure", "error"),
    ],
)
def test_the_reason_tells_what_a_failed_job_came_to(load, reason, result):
    failed = job(status="failed", failure_reason=reason)
    assert rows(load(GITLAB, [failed])["pipeline_jobs"])[0]["result"] == result
    passed = job(failure_reason=reason)
    assert rows(load(GITLAB, [passed])["pipeline_jobs"])[0]["result"] == "success"


def test_an_undocumented_status_is_unknown_and_counted(load):
    batch = load(GITLAB, [detailed(status="asleep")])["pipeline_runs"]
    assert batch.rows.select("result", "finished_at").rows() == [("unknown", None)]
    assert any("'asleep' 1×" in note for note in batch.notes)


# ---- Files ---- #

ALL = (
    pipeline(),
    detailed(48),
    job(),
    deployment(),
    environment(),
    project(),
    request(),
    note(),
    issue(),
    commit(),
    pipeline_event(),
    job_event(),
    deployment_event(),
    request_event(),
)


def test_people_stay_in_the_export(load, said_anywhere):
    broken = [{**one, "id": {}} for one in ALL] + [{"author": "Ada Harbour"}]
    odd = [{**one, "created_at": "Ada's morning"} for one in ALL]
    text = lines(*ALL, *broken, *odd) + '\n{"username": "ada'
    said = said_anywhere(load(GITLAB, text)).lower()
    for name in ("ada h", "ada.h", "ada@", "bob", "quay", "laptop", "gravatar", ".png"):
        assert name not in said


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.get("object_kind") or min(one))
def test_its_records_are_recognised(save, one):
    for content in (one, [one, one], lines(one, one)):
        found = GITLAB.recognise(save(content, "x.txt"))
        assert found is not None
        assert (found.kind, found.confidence) == ("gitlab", 0.9)


def test_files_that_nothing_is_computed_from_are_hardly_recognised(save):
    branch = {"name": "main", "commit": {"id": SHA}, "merged": False, "protected": True}
    task = issue(issue_type="issue", labels=["backend"])
    for one in (branch, task, {"object_kind": "wiki_page", "project": {}}):
        found = GITLAB.recognise(save([one]))
        assert found is not None
        assert found.confidence == 0.4


@pytest.mark.parametrize(
    "content",
    ["", "a,b\n1,2\n", "<x/>", "[]", '[{"id": 1, "status": "success"}]', '{"message": "404"}'],
)
def test_other_files_are_not_recognised(save, content):
    assert GITLAB.recognise(save(content)) is None


def test_a_file_of_something_else_is_refused_with_what_is_read(load):
    with pytest.raises(ExportError, match="deployment, environment, job, pipeline, merge request"):
        load(GITLAB, [{"id": 1}])


def test_the_api_saying_no_is_said(load):
    with pytest.raises(ExportError, match="401 Unauthorized"):
        load(GITLAB, {"message": "401 Unauthorized"})


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32))
def test_damaged_files_lose_nothing_and_raise_nothing_else(survives, seed):
    survives(GITLAB, lines(*ALL).encode(), seed)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(ALL))
def test_the_order_of_records_makes_no_difference(load, order):
    def kept(records: Any) -> dict[str, Any]:
        batches = load(GITLAB, lines(*records))
        return {
            name: sorted(map(str, batch.rows.drop("source_ref").rows()))
            for name, batch in batches.items()
            # The job and its event are of one moment, and differ on purpose: the later one stays.
            if name != "pipeline_jobs"
        }

    assert kept(order) == kept(ALL)


# file, table: read, loaded, absorbed, duplicates, quarantined. All are one entry.
REAL = {
    # "completed" and "undeployed" are no words of GitLab: they are unknown.
    ("deployments", "deployments"): (8, 8, 0, 0, {}),
    ("issues", "incidents"): (16, 0, 0, 0, {"not_an_incident": 16}),
    ("job", "pipeline_jobs"): (75, 75, 0, 0, {}),
    ("merge_request_commits", "commits"): (37, 37, 0, 0, {}),
    # 15 are what GitLab notes of pushes, assignments and the merge; two are by the author.
    ("merge_request_notes", "reviews"): (26, 8, 1, 0, {"not_needed": 15, "not_a_review": 2}),
    ("merge_requests", "changes"): (18, 18, 0, 0, {}),
    ("merge_requests_for_mr_commit_test", "changes"): (5, 5, 0, 0, {}),
    ("merge_requests_for_mr_notes_test", "changes"): (16, 16, 0, 0, {}),
    ("pipeline", "pipeline_runs"): (29, 29, 0, 0, {}),
    ("pipeline_details", "pipeline_runs"): (16, 16, 0, 0, {}),
    ("trigger_job", "pipeline_jobs"): (1, 1, 0, 0, {}),
}


@pytest.mark.real
def test_real_answers_load(shared_data):
    paths = sorted((shared_data / "api-payloads/gitlab").glob("*.ndjson"))
    found = {}
    batches = read_all(paths)
    for name, tables in batches.items():
        for table, batch in tables.items():
            reasons = dict(batch.quarantined["reason"].value_counts().rows())
            counts = (batch.n_read, batch.rows.height, batch.n_absorbed, batch.n_duplicates)
            found[name.removesuffix(".ndjson"), table] = (*counts, reasons)
    assert found == REAL
    changes = batches["merge_requests.ndjson"]["changes"].rows
    row = changes.filter(change_id="1").row(0, named=True)
    assert row["repo"] == "gitlab-data/snowflake_spend"
    # "unmarked as a Work In Progress"
    assert row["ready_at"] == datetime(2019, 6, 28, 10, 55, 26, 170_000, tzinfo=UTC)
    row = batches["deployments.ndjson"]["deployments"].rows.row(0, named=True)
    assert (row["repo"], row["environment_kind"]) == ("merico-dev/ee/vdev.co", "staging")
    assert row["finished_at"] == datetime(2019, 3, 13, 14, 17, 47, 640_000, tzinfo=UTC)


@pytest.mark.real
def test_real_answers_of_other_tools_are_not_recognised(shared_data):
    for path in sorted((shared_data / "api-payloads").rglob("*.ndjson")):
        assert (GITLAB.recognise(path) is not None) == (path.parent.name == "gitlab"), path


def test_addresses_in_records_are_of_the_host_only(load, said_anywhere):
    said = said_anywhere(load(GITLAB, lines(*ALL)))
    assert HOST not in said


def test_only_records_that_no_others_complete_may_be_read_in_parts(save):
    for alone in ([detailed()], [job(), detailed()], [job_event()]):
        assert GITLAB.is_by_line(save(lines(*alone, *alone)))
    for joined in ([pipeline()], [detailed(), pipeline()], [deployment()], [request(), job()]):
        assert not GITLAB.is_by_line(save(lines(*joined, *joined)))
    assert not GITLAB.is_by_line(save("nothing"))
