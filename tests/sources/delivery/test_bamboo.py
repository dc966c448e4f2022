"""Bamboo: results of plans and jobs, and deployments with the commits that were built."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.config import settings_from
from devops_analytics.config_tools import BambooSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.bamboo import BAMBOO
from devops_analytics.sources.conform import conform
from devops_analytics.sources.source import Context

SHA = "79b062bd53af15c701193c90b543386557cb7a3a"
NINE = 1_772_442_000_000  # 2026-03-02T09:00:00Z in milliseconds


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, second, tzinfo=UTC)


def revisions(*found: tuple[str, str]) -> dict[str, Any]:
    named = [{"repositoryId": 1, "repositoryName": a, "vcsRevisionKey": b} for a, b in found]
    return {"size": len(named), "expand": "vcsRevision", "vcsRevision": named}


def build(number: int = 12, **fields: Any) -> dict[str, Any]:
    """Make a plan's result as GET result/PROJECT-PLAN?expand=results.result has it."""
    key = f"HAR-SHOP-{number}"
    return {
        "expand": "plan,vcsRevisions,stages",
        "link": {"href": f"https://bamboo.example.com/rest/api/latest/result/{key}"},
        "plan": {
            "shortName": "shop",
            "shortKey": "SHOP",
            "type": "chain",
            "key": "HAR-SHOP",
            "name": "harbour - shop",
            "planKey": {"key": "HAR-SHOP"},
        },
        "planName": "shop",
        "projectName": "harbour",
        "buildResultKey": key,
        "lifeCycleState": "Finished",
        "id": 884_800 + number,
        "buildStartedTime": "2026-03-02T09:00:00.000Z",
        "prettyBuildStartedTime": "Mon, 2 Mar, 09:00 AM",
        "buildCompletedTime": "2026-03-02T10:04:30.500+01:00",
        "buildDuration": 270_500,
        "vcsRevisionKey": SHA,
        "vcsRevisions": revisions(("shop", SHA)),
        "buildReason": 'Manual run by <a href="https://bamboo.example.com/browse/user/ada">Ada</a>',
        "reasonSummary": "Manual run by Ada Harbour",
        "stages": {"size": 2, "start-index": 0, "max-result": 2},
        "key": key,
        "planResultKey": {"key": key, "entityKey": {"key": "HAR-SHOP"}, "resultNumber": number},
        "state": "Successful",
        "buildState": "Successful",
        "number": number,
        "buildNumber": number,
        **fields,
    }


def job(number: int = 12, **fields: Any) -> dict[str, Any]:
    """Make a job's result as GET result/PROJECT-PLAN-JOB has it."""
    key = f"HAR-SHOP-JOB1-{number}"
    plan = {"shortName": "Unit tests", "type": "job", "key": "HAR-SHOP-JOB1"}
    own = {"plan": plan, "planName": "Unit tests", "stage": "Test", "buildResultKey": key}
    queued = {"queueStartedTime": "2026-03-02T08:59:00.000Z", "queueDuration": 60_000}
    return build(number) | own | queued | {"key": key} | fields


def project(**fields: Any) -> dict[str, Any]:
    """Make a deployment project as GET deploy/project/all has it."""
    return {
        "id": 88,
        "oid": "q3067ilzvtvl",
        "key": {"key": "88"},
        "name": "Shop API",
        "planKey": {"key": "HAR-SHOP"},
        "description": "by Ada",
        "environments": [
            {"id": 95, "key": {"key": "88-95"}, "name": "Production", "description": "by Ada"},
            {"id": 96, "key": {"key": "88-96"}, "name": "Staging"},
        ],
        "operations": {"canView": True},
        **fields,
    }


def deployment(number: int = 1, environment: str = "88-95", **fields: Any) -> dict[str, Any]:
    """Make a deployment's result as GET deploy/environment/ID/results has it."""
    built = {"key": "HAR-SHOP-12", "entityKey": {"key": "HAR-SHOP"}, "resultNumber": 12}
    version = {
        "id": 13,
        "name": "release-3",
        "creationDate": NINE,
        "creatorUserName": "ada",
        "items": [{"id": 14, "name": "shop.jar", "planResultKey": built, "type": "BAM_ARTIFACT"}],
        "creatorDisplayName": "Ada Harbour",
        "planBranchName": "main",
    }
    key = f"{environment}-{number}"
    return {
        "deploymentVersion": version,
        "deploymentVersionName": "release-3",
        "id": number,
        "deploymentState": "SUCCESS",
        "lifeCycleState": "FINISHED",
        "startedDate": NINE,
        "queuedDate": NINE + 7,
        "executedDate": NINE + 20,
        "finishedDate": NINE + 90_000,
        "reasonSummary": 'Manual run by <a href="https://bamboo.example.com/user/ada">Ada</a>',
        "key": {"key": key, "entityKey": {"key": environment}, "resultNumber": number},
        "agent": {"id": 36, "name": "adas-laptop"},
        "operations": {"canView": True},
        **fields,
    }


def page(*records: dict[str, Any]) -> dict[str, Any]:
    held = {"size": len(records), "start-index": 0, "max-result": 25, "result": list(records)}
    return {"expand": "results", "link": {"rel": "self"}, "results": held}


def lines(*records: dict[str, Any]) -> str:
    return "\n".join(map(json.dumps, records))


def read_all(paths: list[Path]) -> dict[str, Any]:
    """Read files as one entry; return the only batch of each by its name."""
    made = BambooSource(kind="bamboo", path="exports")
    labels = {path: path.name for path in paths}
    context = Context(settings=settings_from({}), label="exports", labels=labels)
    return {
        path.name: conform(draft, entry=made, context=context)
        for path, draft in BAMBOO.read_many(paths, made, context)
    }


def rows(batches: dict[str, Any], table: str) -> list[dict[str, Any]]:
    assert batches[table].quarantined.rows() == []
    return batches[table].rows.rows(named=True)


def test_the_result_of_a_plan_becomes_a_run(load):
    (found,) = rows(load(BAMBOO, page(build())), "pipeline_runs")
    assert (found["repo"], found["run_id"], found["sha"]) == ("harbour/shop", "HAR-SHOP-12", SHA)
    assert (found["pipeline"], found["branch"]) == ("harbour - shop", None)
    assert (found["trigger"], found["result"]) == ("Manual run", "success")
    assert found["started_at"] == at(9)
    assert found["finished_at"] == at(9, 4, 30).replace(microsecond=500_000)


def test_the_result_of_a_job_belongs_to_the_run_of_its_plan(load):
    for content in (page(job()), page(build(stages={"stage": [{"results": {"result": [job()]}}]}))):
        (found,) = rows(load(BAMBOO, content), "pipeline_jobs")
        assert (found["run_id"], found["job_id"]) == ("HAR-SHOP-12", "HAR-SHOP-JOB1-12")
        assert (found["name"], found["sha"], found["repo"]) == ("Unit tests", SHA, "harbour/shop")
        assert (found["queued_at"], found["started_at"]) == (at(8, 59), at(9))


def test_a_branch_of_a_plan_is_the_same_pipeline_on_another_branch(load):
    master = {"key": "HAR-SHOP", "name": "harbour - shop", "shortName": "shop"}
    plan = {"key": "HAR-SHOP7", "name": "harbour - shop - fix", "shortName": "fix"}
    branch = build(plan=plan | {"master": master}, buildResultKey="HAR-SHOP7-1")
    (found,) = rows(load(BAMBOO, page(branch)), "pipeline_runs")
    assert (found["pipeline"], found["branch"]) == ("harbour - shop", "fix")


def test_of_several_repositories_the_one_with_the_builds_commit_is_meant(load):
    several = revisions(("library", "a" * 40), ("shop", SHA))
    (found,) = rows(load(BAMBOO, page(build(vcsRevisions=several))), "pipeline_runs")
    assert (found["repo"], found["sha"]) == ("harbour/shop", SHA)


def test_a_build_without_a_repository_is_of_the_declared_one_else_of_its_plan(load):
    short = build(vcsRevisions={"size": 1, "expand": "vcsRevision"})
    batch = load(BAMBOO, page(short))["pipeline_runs"]
    assert batch.rows["repo"].to_list() == ["HAR-SHOP"]
    assert any("set `repository`" in note for note in batch.notes)
    batch = load(BAMBOO, page(short), repository="shop")["pipeline_runs"]
    assert (batch.rows["repo"].to_list(), batch.notes) == (["harbour/shop"], ())


def test_a_deployment_is_of_the_commit_that_its_version_was_built_of(load):
    batches = load(BAMBOO, lines(project(), build(), deployment()))
    (found,) = rows(batches, "deployments")
    assert found["deployment_id"] == "bamboo:88-95-1"
    assert (found["service"], found["environment"]) == ("Shop API", "Production")
    # Bamboo calls the repository `shop`; the settings know it as harbour/shop
    assert (found["repo"], found["sha"]) == ("harbour/shop", SHA)
    assert found["artifact"] == "release-3"
    assert (found["started_at"], found["finished_at"]) == (at(9), at(9, 1, 30))
    assert (found["result"], found["trigger"]) == ("success", "person")
    assert found["environment_kind"] == "production"
    assert batches["deployments"].n_absorbed == 1  # the project, which tells of it


def test_projects_builds_and_deployments_of_several_files_are_brought_together(save):
    paths = [
        save([project()], "projects.json"),
        save(page(build()), "builds.json"),
        save({"size": 1, "results": [deployment(environment="88-96")]}, "deployments.json"),
    ]
    batch = read_all(paths)["deployments.json"]
    (found,) = batch.rows.rows(named=True)
    assert (found["sha"], found["environment"]) == (SHA, "Staging")
    assert batch.notes == ()


def test_a_deployment_without_its_project_or_build_says_what_to_export(load):
    batch = load(BAMBOO, [deployment()])["deployments"]
    columns = ("service", "environment", "repo", "sha")
    assert batch.rows.select(columns).rows() == [("HAR-SHOP", None, None, None)]
    assert any("Save deploy/project/all too (1×)" in note for note in batch.notes)
    assert any("its commit is not known" in note for note in batch.notes)
    bare = deployment(deploymentVersion={"id": 1, "name": "release-3"})
    assert load(BAMBOO, [bare])["deployments"].quarantined["reason"][0] == "service_not_known"
    assert rows(load(BAMBOO, [bare], service="shop"), "deployments")[0]["service"] == "shop"


@pytest.mark.parametrize(
    ("reason", "trigger", "named"),
    [
        ("Manual run from the stage: Test by <a>Ada</a>", "person", "Manual run"),
        ("Custom build by Ada", "person", "Custom build"),
        ("Rebuilt by Ada", "person", "Rebuilt"),
        ('Child of <a href="x">HAR-SHOP-12</a>', "pipeline", "Child of"),
        ("Changes by Ada", "pipeline", "Changes"),
        ("Code changes detected", "pipeline", "Code changes detected"),
        ("Scheduled", "schedule", "Scheduled"),
        ("Ada wanted it", None, None),
        (None, None, None),
    ],
)
def test_a_reason_tells_what_started_it_but_not_who(load, reason, trigger, named):
    (found,) = rows(load(BAMBOO, [deployment(reasonSummary=reason)]), "deployments")
    assert found["trigger"] == trigger
    (found,) = rows(load(BAMBOO, page(build(buildReason=reason))), "pipeline_runs")
    assert found["trigger"] == named


# developer.atlassian.com/server/bamboo/rest, lifeCycleState; deployments write IN_PROGRESS
LIFE_CYCLE = {
    "Pending": "queued",
    "Queued": "queued",
    "InProgress": "in_progress",
    "NotBuilt": "skipped",
}
# the same, state and buildState
STATE = {"Successful": "success", "Failed": "failure", "Unknown": "unknown"}
# the same, deploymentState
DEPLOYED = {
    "SUCCESS": "success",
    "FAILED": "failure",
    "UNKNOWN": "unknown",
    "REPLACED": "unknown",
    "SKIPPED": "skipped",
    "NEVER": "skipped",
    "QUEUED": "queued",
    "IN PROGRESS": "in_progress",
    "NOT BUILT": "skipped",
}


@pytest.mark.parametrize("word", LIFE_CYCLE)
def test_every_documented_life_cycle_state_is_known(load, word):
    assert BAMBOO.words["life cycle state"][word] == LIFE_CYCLE[word]
    (found,) = rows(load(BAMBOO, page(build(lifeCycleState=word))), "pipeline_runs")
    assert (found["result"], found["finished_at"]) == (LIFE_CYCLE[word], None)
    loud = {"InProgress": "IN_PROGRESS", "NotBuilt": "NOT_BUILT"}.get(word, word.upper())
    (found,) = rows(load(BAMBOO, [deployment(lifeCycleState=loud)]), "deployments")
    assert (found["result"], found["finished_at"]) == (LIFE_CYCLE[word], None)


@pytest.mark.parametrize("word", STATE)
def test_every_documented_state_of_a_build_is_known(load, word):
    assert BAMBOO.words["build state"][word] == STATE[word]
    (found,) = rows(load(BAMBOO, page(build(state=word))), "pipeline_runs")
    assert found["result"] == STATE[word]
    assert found["finished_at"] is not None


@pytest.mark.parametrize("word", DEPLOYED)
def test_every_documented_state_of_a_deployment_is_known(load, word):
    assert BAMBOO.words["deployment state"][word] == DEPLOYED[word]
    (found,) = rows(load(BAMBOO, [deployment(deploymentState=word)]), "deployments")
    assert found["result"] == DEPLOYED[word]
    is_open = DEPLOYED[word] in {"queued", "in_progress"}
    assert (found["finished_at"] is None) == is_open


def test_an_undocumented_state_is_unknown_and_counted(load):
    batch = load(BAMBOO, page(build(state="Asleep"), build(13)))["pipeline_runs"]
    assert batch.rows["result"].to_list() == ["unknown", "success"]
    assert any("'Asleep' 1×" in note for note in batch.notes)


def test_a_build_that_ended_wins_over_itself_while_it_ran(load):
    running = build(lifeCycleState="InProgress", state="Unknown", buildCompletedTime=None)
    batch = load(BAMBOO, page(build(), running))["pipeline_runs"]
    assert (batch.n_duplicates, batch.rows["result"].to_list()) == (1, ["success"])


def test_people_stay_in_the_export(load, said_anywhere):
    broken = [build(13, id={}, lifeCycleState=3), deployment(2, startedDate="Ada"), {"x": "Ada"}]
    bare = deployment(3, deploymentVersion=None)
    text = lines(project(), build(), job(), deployment(), bare, *broken) + '\n{"name": "Ada'
    assert "ada" not in said_anywhere(load(BAMBOO, text)).lower()


@pytest.mark.parametrize("one", [build(), job(), deployment(), project()])
def test_its_records_are_recognised(save, one):
    found = BAMBOO.recognise(save([one], "x.txt"))
    assert found is not None
    assert (found.kind, found.confidence, found.suggestion) == ("bamboo", 0.9, {})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "a,b\n1,2\n",
        "<x/>",
        "[]",
        # a release of Azure DevOps
        '{"id": 1, "name": "Release-1", "environments": [], "status": "active"}',
        '{"results": [{"id": 1, "state": "Successful"}]}',
    ],
)
def test_other_files_are_not_recognised(save, content):
    assert BAMBOO.recognise(save(content)) is None


def test_a_file_of_something_else_is_refused_with_what_is_read(load):
    with pytest.raises(ExportError, match="build, build of a job, deployment"):
        load(BAMBOO, [{"id": 1}])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32))
def test_damaged_files_lose_nothing_and_raise_nothing_else(survives, seed):
    survives(BAMBOO, lines(project(), build(), job(), deployment()).encode(), seed)


# file: read, loaded, absorbed, duplicates, quarantined. All are one entry. The results of builds
# hold one build six times, in each state; projects tell of deployments; nothing is computed from
# the list of jobs.
REAL = {
    "deploy_builds.ndjson": (14, 14, 0, 0, []),
    "deploy_builds_no_prod_env.ndjson": (6, 6, 0, 0, []),
    "deploys.ndjson": (4, 0, 4, 0, []),
    "job_builds.ndjson": (7, 2, 0, 5, []),
    "jobs.ndjson": (4, 0, 0, 0, ["not_needed"] * 4),
    "plan_builds.ndjson": (18, 13, 0, 5, []),
}


@pytest.mark.real
def test_real_answers_load(shared_data):
    batches = read_all(sorted((shared_data / "api-payloads/bamboo").glob("*.ndjson")))
    assert {
        name: (
            batch.n_read,
            batch.rows.height,
            batch.n_absorbed,
            batch.n_duplicates,
            batch.quarantined["reason"].to_list(),
        )
        for name, batch in batches.items()
    } == REAL
    first = batches["deploy_builds.ndjson"].rows.row(0, named=True)
    assert (first["artifact"], first["service"]) == ("release-3", "TEST-PLA2")
    assert (first["sha"], first["trigger"]) == (SHA, "pipeline")
    assert first["finished_at"] == datetime(2023, 8, 3, 9, 49, 7, 770_000, tzinfo=UTC)


@pytest.mark.real
def test_real_answers_of_other_tools_are_not_recognised(shared_data):
    for path in sorted((shared_data / "api-payloads").rglob("*.ndjson")):
        assert (BAMBOO.recognise(path) is not None) == (path.parent.name == "bamboo"), path
