"""Jenkins: builds with what they were made of, their stages and parts, and test reports."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.jenkins import JENKINS
from devops_analytics.sources.jenkins.names import Place, place_of_url

START = 1_772_442_000_000  # 2026-03-02T09:00:00Z in milliseconds
SHA = "0f886c74949c3ee7e489188911c7dc0c1d547418"
PEOPLE = ("ada", "harbour@")


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, second, tzinfo=UTC)


def git_data(
    url: str = "git@git.example.com:harbour/shop.git",
    branch: str = "refs/remotes/origin/main",
    sha: str = SHA,
) -> dict[str, Any]:
    return {
        "_class": "hudson.plugins.git.util.BuildData",
        "buildsByBranchName": {branch: {"buildNumber": 7, "marked": {"SHA1": "f" * 40}}},
        "lastBuiltRevision": {"SHA1": sha, "branch": [{"SHA1": sha, "name": branch}]},
        "remoteUrls": [url],
        "scmName": "",
    }


def caused(name: str = "hudson.model.Cause$UserIdCause") -> dict[str, Any]:
    cause = {"_class": name, "shortDescription": "Started by user Ada Harbour", "userId": "ada"}
    return {"_class": "hudson.model.CauseAction", "causes": [cause | {"userName": "Ada Harbour"}]}


def build(number: int = 7, job: str = "job/shop", **fields: Any) -> dict[str, Any]:
    """Make a build as GET job/NAME/NUMBER/api/json has it."""
    return {
        "_class": "hudson.model.FreeStyleBuild",
        "actions": [caused(), {}, git_data(), {"_class": "hudson.plugins.git.GitTagAction"}],
        "building": False,
        "description": "by Ada Harbour",
        "displayName": f"#{number}",
        "duration": 330_000,
        "fullDisplayName": f"shop #{number}",
        "id": f"{number}",
        "number": number,
        "queueId": 12,
        "result": "SUCCESS",
        "timestamp": START,
        "url": f"https://ci.example.com/{job}/{number}/",
        "builtOn": "adas-laptop",
        "culprits": [{"fullName": "Ada Harbour"}],
        **fields,
    }


def stage(name: str = "deploy", node: int = 28, **fields: Any) -> dict[str, Any]:
    """Make a stage as job/NAME/NUMBER/wfapi/describe has it."""
    href = f"/job/shop/job/main/7/execution/node/{node}/wfapi/describe"
    return {
        "_links": {"self": {"href": href}},
        "id": f"{node}",
        "name": name,
        "execNode": "",
        "status": "SUCCESS",
        "startTimeMillis": START,
        "durationMillis": 90_000,
        "pauseDurationMillis": 0,
        **fields,
    }


def suite(*cases: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": "cart", "timestamp": "2026-03-02T09:00:00+01:00", "cases": list(cases)} | fields


def case(name: str = "adds", status: str = "PASSED", **fields: Any) -> dict[str, Any]:
    printed = {"stdout": "Hello Ada Harbour", "errorDetails": None, "age": 0}
    return {
        "className": "shop.Cart",
        "name": name,
        "status": status,
        "duration": 0.25,
        **printed,
        **fields,
    }


def report(*suites: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Make a report as job/NAME/NUMBER/testReport/api/json has it."""
    return {
        "_class": "hudson.tasks.junit.TestResult",
        "duration": 1.5,
        "failCount": 0,
        "passCount": 1,
        "skipCount": 0,
        "suites": list(suites),
        **fields,
    }


def runs(batches: dict[str, Any]) -> list[dict[str, Any]]:
    assert batches["pipeline_runs"].quarantined.rows() == []
    return batches["pipeline_runs"].rows.rows(named=True)


def jobs(batches: dict[str, Any]) -> list[dict[str, Any]]:
    assert batches["pipeline_jobs"].quarantined.rows() == []
    return batches["pipeline_jobs"].rows.rows(named=True)


# ---- Builds ---- #


def test_a_build_becomes_a_run(load):
    # 330,000 ms after its start it had ended
    (found,) = runs(load(JENKINS, build()))
    assert (found["repo"], found["run_id"], found["attempt"]) == ("harbour/shop", "shop#7", 1)
    assert (found["pipeline"], found["branch"], found["sha"]) == ("shop", "main", SHA)
    assert (found["trigger"], found["result"]) == ("UserId", "success")
    assert (found["started_at"], found["finished_at"]) == (at(9), at(9, 5, 30))
    assert (found["queued_at"], found["updated_at"]) == (None, at(9, 5, 30))


def test_a_running_build_has_no_end_and_no_result_yet(load):
    running = [
        build(1, building=True, result=None, duration=0),
        build(2, building=True, result="SUCCESS", duration=4),  # post-build steps still run
        {**build(3, result=None, duration=0), "building": None},
    ]
    for found in runs(load(JENKINS, running)):
        assert (found["result"], found["finished_at"]) == ("in_progress", None)
        assert found["started_at"] == at(9)


def test_a_build_that_ended_wins_over_itself_while_it_ran(load):
    batch = load(JENKINS, [build(), build(building=True, result=None, duration=0)])["pipeline_runs"]
    assert (batch.n_duplicates, batch.rows["result"].to_list()) == (1, ["success"])


# javadoc.jenkins.io, hudson.model.Result
@pytest.mark.parametrize(
    ("word", "result"),
    [
        ("SUCCESS", "success"),
        ("UNSTABLE", "failure"),
        ("FAILURE", "failure"),
        ("NOT_BUILT", "skipped"),
        ("ABORTED", "cancelled"),
    ],
)
def test_every_documented_result_is_known(load, word, result):
    assert JENKINS.words["build result"][word] == result
    assert runs(load(JENKINS, build(result=word)))[0]["result"] == result


def test_an_undocumented_result_is_unknown_and_counted(load):
    batch = load(JENKINS, [build(1, result="NOT_BUILD"), build(2)])["pipeline_runs"]
    assert batch.rows["result"].to_list() == ["unknown", "success"]
    assert any("'NOT_BUILD' 1×" in note for note in batch.notes)


def test_a_build_that_took_too_long_was_no_ones_to_cancel(load):
    cause = {"_class": "org.jenkinsci.plugins.workflow.steps.TimeoutStepExecution$ExceededTimeout"}
    stopped = {"_class": "jenkins.model.InterruptedBuildAction", "causes": [cause]}
    (found,) = runs(load(JENKINS, build(result="ABORTED", actions=[caused(), stopped])))
    assert (found["result"], found["trigger"]) == ("timeout", "UserId")


def test_the_time_in_the_queue_is_what_the_metrics_plugin_says(load):
    queued = {
        "_class": "jenkins.metrics.impl.TimeInQueueAction",
        "blockedDurationMillis": 1_000,
        "buildableDurationMillis": 2_000,
        "waitingDurationMillis": 7_000,
    }
    (found,) = runs(load(JENKINS, build(actions=[queued])))
    assert found["queued_at"] == at(9) - timedelta(seconds=10)
    (found,) = runs(load(JENKINS, build(actions=[queued | {"queuingDurationMillis": 60_000}])))
    assert found["queued_at"] == at(8, 59)


@pytest.mark.parametrize(
    ("said", "branch"),
    [
        ("refs/remotes/origin/main", "main"),
        ("refs/remotes/upstream/feature/x", "feature/x"),
        ("origin/main", "main"),
        ("refs/tags/v1.2", "v1.2"),
        ("release/2.0", "release/2.0"),
        ("detached", None),
    ],
)
def test_a_branch_is_named_without_its_remote(load, said, branch):
    (found,) = runs(load(JENKINS, build(actions=[git_data(branch=said)])))
    assert (found["branch"], found["sha"]) == (branch, SHA)


def test_parameters_fill_in_the_address_of_the_repository(load):
    parameters = {
        "_class": "hudson.model.ParametersAction",
        "parameters": [
            {"name": "ORG", "value": "harbour"},
            {"name": "REPO", "value": "shop"},
            {"name": "SAFE", "value": True},
            {"name": "WHO", "value": "Ada Harbour"},
        ],
    }
    data = git_data("git@git.example.com:$ORG/${REPO}.git")
    assert runs(load(JENKINS, build(actions=[parameters, data])))[0]["repo"] == "harbour/shop"
    # an address of which a part is not known is none
    assert runs(load(JENKINS, build(actions=[data])))[0]["repo"] == "shop"


def test_of_several_repositories_the_one_that_the_settings_know_is_meant(load):
    library = git_data("https://git.example.com/harbour/library.git", sha="a" * 40)
    (found,) = runs(load(JENKINS, build(actions=[library, git_data()])))
    assert (found["repo"], found["sha"]) == ("harbour/shop", SHA)
    # else the one that the job is named after
    named = build(job="job/library", actions=[git_data("https://x.example/y/z.git"), library])
    assert runs(load(JENKINS, named))[0]["sha"] == "a" * 40
    # else none
    odd = build(job="job/night", actions=[git_data("https://x.example/y/z.git"), library])
    batch = load(JENKINS, odd)["pipeline_runs"]
    assert batch.rows.select("repo", "sha").rows() == [("night", None)]
    assert any("several repositories" in note for note in batch.notes)


def test_a_build_without_a_repository_is_of_the_declared_one_else_of_its_jobs_name(load):
    bare = build(job="job/team/job/night", actions=[])
    batch = load(JENKINS, bare)["pipeline_runs"]
    assert batch.rows.select("repo", "sha").rows() == [("team/night", None)]
    assert any(note.endswith("(1×)") and "`repository`" in note for note in batch.notes)
    batch = load(JENKINS, bare, repository="harbour/shop")["pipeline_runs"]
    assert (batch.rows["repo"].to_list(), batch.notes) == (["harbour/shop"], ())


@pytest.mark.parametrize(
    ("job", "name"),
    [
        ("job/a/job/b", "a/b"),
        ("jenkins/view/all/job/a/view/mine/job/b", "a/b"),
        ("job/Auto%20Init", "Auto Init"),
        ("job/job/job/view", "job/view"),
    ],
)
def test_a_run_is_named_by_its_address(load, job, name):
    (found,) = runs(load(JENKINS, build(job=job)))
    assert (found["run_id"], found["pipeline"]) == (f"{name}#7", name)


def test_a_run_without_an_address_is_named_by_its_job(load):
    named = [
        build(7, url=None, fullDisplayName="team » shop #7"),
        build(8, url=None, fullDisplayName="team » shop 1.2 (beta)", displayName="1.2 (beta)"),
    ]
    assert [one["run_id"] for one in runs(load(JENKINS, named))] == ["team/shop#7", "team/shop#8"]


def test_branches_of_a_multibranch_project_are_one_pipeline(load):
    event = caused("jenkins.branch.BranchEventCause")
    several = [
        build(1, "job/org/job/shop/job/main", actions=[event, git_data(branch="main")]),
        build(2, "job/org/job/shop/job/PR-2", actions=[event]),
        build(3, "job/org/job/shop/job/feature%252Fx", actions=[git_data(branch="feature/x")]),
        build(4, "job/org/job/shop/job/fix%252Fy", actions=[event]),
    ]
    found = runs(load(JENKINS, several))
    assert {one["pipeline"] for one in found} == {"org/shop"}
    assert [one["branch"] for one in found] == ["main", "PR-2", "feature/x", "fix/y"]
    assert [one["trigger"] for one in found] == ["BranchEvent", "BranchEvent", None, "BranchEvent"]


def test_builds_are_read_out_of_their_jobs_and_folders(load):
    short = {"_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun", "result": "FAILURE"}
    short |= {"timestamp": START, "duration": 1000, "building": False}
    folder = {
        "_class": "com.cloudbees.hudson.plugins.folder.Folder",
        "jobs": [
            {
                "_class": "hudson.model.FreeStyleProject",
                "name": "shop",
                "url": "https://ci.example.com/job/team/job/shop/",
                "allBuilds": [short | {"number": 1}, short | {"number": 2}],
                "builds": [short | {"number": 2}],
            },
            {"_class": "hudson.model.FreeStyleProject", "name": "empty", "color": "blue"},
        ],
    }
    batch = load(JENKINS, folder)["pipeline_runs"]
    assert (batch.n_read, batch.quarantined.height) == (2, 0)
    assert batch.rows["run_id"].to_list() == ["team/shop#1", "team/shop#2"]
    assert set(batch.rows["result"]) == {"failure"}


def test_one_broken_build_of_a_job_leaves_the_others(load):
    job = {
        "_class": "hudson.model.FreeStyleProject",
        "url": "https://ci.example.com/job/shop/",
        "builds": [build(1), build(2, timestamp={}), {"number": 3}, build(4)],
    }
    batch = load(JENKINS, job)["pipeline_runs"]
    assert batch.rows["run_id"].to_list() == ["shop#1", "shop#4"]
    reasons = batch.quarantined["reason"].to_list()
    assert reasons == ["unexpected_type", "build_without_details"]


def test_a_job_without_builds_says_what_to_export(load):
    job = {"_class": "hudson.model.FreeStyleProject", "name": "x", "url": "u", "color": "blue"}
    batch = load(JENKINS, [job, job])["pipeline_runs"]
    assert batch.quarantined["reason"].to_list() == ["not_needed", "not_needed"]
    assert "tree=allBuilds[number,url," in batch.quarantined["message"][0]


def test_a_build_that_cannot_be_told_from_others_is_quarantined(load):
    batch = load(JENKINS, [build(url=None, fullDisplayName=None), build(8)])["pipeline_runs"]
    assert batch.quarantined["reason"].to_list() == ["build_without_number"]
    assert batch.rows["run_id"].to_list() == ["shop#8"]


# ---- Parts of builds ---- #


def test_configurations_of_a_matrix_are_jobs_of_its_run(load):
    configuration = "https://ci.example.com/job/shop/os={}/{}/"
    matrix = build(
        _class="hudson.matrix.MatrixBuild",
        result="FAILURE",
        runs=[
            {"number": 7, "url": configuration.format("linux", 7), "result": "SUCCESS"},
            # it did not run again: it is of an earlier build
            {"number": 5, "url": configuration.format("mac", 5), "result": "FAILURE"},
            {"number": 7, "url": configuration.format("win", 7)},
        ],
    )
    part = build(_class="hudson.matrix.MatrixRun", job="job/shop/os=linux", result="SUCCESS")
    batches = load(JENKINS, [matrix, part])
    assert [one["run_id"] for one in runs(batches)] == ["shop#7"]
    found = {one["job_id"]: one for one in jobs(batches)}
    # of the configuration that has a record of its own, the fuller one is kept
    assert batches["pipeline_jobs"].n_duplicates == 1
    assert batches["pipeline_jobs"].n_absorbed == 1
    assert (found["os=linux"]["run_id"], found["os=linux"]["finished_at"]) == (
        "shop#7",
        at(9, 5, 30),
    )
    assert (found["os=mac"]["run_id"], found["os=mac"]["result"]) == ("shop#5", "failure")


def test_builds_of_a_multijob_are_its_jobs_and_what_they_started_theirs(load):
    inner = {"buildNumber": 3, "jobName": "lint", "result": None, "url": "job/lint/3/"}
    inner["duration"] = "24 sec and counting"
    sub = {"buildNumber": 40, "jobName": "test", "result": "UNSTABLE", "url": "job/test/40/"}
    sub["build"] = {"_class": "com.tikal.jenkins.plugins.multijob.MultiJobBuild"}
    sub["build"]["subBuilds"] = [inner]
    batches = load(JENKINS, build(subBuilds=[sub]))
    found = [(one["run_id"], one["job_id"], one["name"], one["result"]) for one in jobs(batches)]
    assert found == [
        ("shop#7", "test#40", "test", "failure"),
        ("test#40", "lint#3", "lint", "in_progress"),
    ]


def test_stages_are_jobs_of_their_run(load):
    waiting = stage("approve", 30, status="PAUSED_PENDING_INPUT")
    never = stage("smoke", 31, status="NOT_EXECUTED", startTimeMillis=0, durationMillis=0)
    run = {
        "_links": {"self": {"href": "/job/shop/job/main/7/wfapi/describe"}},
        "id": "7",
        "name": "#7",
        "status": "PAUSED_PENDING_INPUT",
        "startTimeMillis": START,
        "stages": [stage(), waiting, never],
    }
    for content in (run, [stage(), waiting, never]):
        batch = load(JENKINS, content)["pipeline_jobs"]
        assert batch.n_read == 3
        found = jobs({"pipeline_jobs": batch})
        assert {one["run_id"] for one in found} == {"shop/main#7"}
        assert [one["job_id"] for one in found] == ["28", "30", "31"]
        assert [one["started_at"] for one in found] == [at(9), at(9), None]
        assert [one["finished_at"] for one in found] == [at(9, 1, 30), None, None]


# pipeline-stage-view plugin, StatusExt
@pytest.mark.parametrize(
    ("word", "result"),
    [
        ("SUCCESS", "success"),
        ("FAILED", "failure"),
        ("UNSTABLE", "failure"),
        ("ABORTED", "cancelled"),
        ("NOT_EXECUTED", "skipped"),
        ("IN_PROGRESS", "in_progress"),
        ("PAUSED_PENDING_INPUT", "blocked"),
    ],
)
def test_every_documented_status_of_a_stage_is_known(load, word, result):
    assert JENKINS.words["stage status"][word] == result
    (found,) = jobs(load(JENKINS, stage(status=word)))
    assert found["result"] == result
    has_ended = result in {"success", "failure", "cancelled"}
    assert (found["finished_at"] is not None) == has_ended


# ---- Test reports ---- #


def test_cases_of_a_report_are_test_results(load):
    batch = load(JENKINS, report(suite(case(), case("pays", "FAILED"))))["test_results"]
    first, second = batch.rows.rows(named=True)
    assert (first["suite"], first["case"], first["number"]) == ("cart", "shop.Cart.adds", 1)
    assert (first["result"], first["seconds"], first["at"]) == ("passed", 0.25, at(8))
    assert (second["case"], second["result"]) == ("shop.Cart.pays", "failed")
    assert first["run_id"] == second["run_id"]
    assert first["run_id"].startswith("exports/export.json@")


# javadoc.jenkins.io, plugin junit, hudson.tasks.junit.CaseResult.Status
@pytest.mark.parametrize(
    ("word", "result"),
    [
        ("PASSED", "passed"),
        ("FIXED", "passed"),
        ("FAILED", "failed"),
        ("REGRESSION", "failed"),
        ("SKIPPED", "skipped"),
    ],
)
def test_every_documented_status_of_a_test_is_known(load, word, result):
    assert JENKINS.words["test status"][word] == result
    batch = load(JENKINS, report(suite(case(status=word))))["test_results"]
    assert batch.rows["result"].to_list() == [result]


def test_parts_of_a_matrix_are_no_retries_but_the_same_case_again_is(load):
    child = {"_class": "hudson.matrix.MatrixRun", "number": 7}
    reports = [
        {
            "child": child | {"url": f"https://ci.example.com/job/shop/os={name}/7/"},
            "result": report(suite(case(), case(status="FAILED"))),
        }
        for name in ("linux", "mac")
    ]
    aggregated = {"_class": "hudson.tasks.test.MatrixTestResult", "failCount": 2, "skipCount": 0}
    batch = load(JENKINS, aggregated | {"childReports": reports})["test_results"]
    assert set(batch.rows["run_id"]) == {"shop#7"}
    assert batch.rows.select("suite", "number").rows() == [
        ("os=linux: cart", 1),
        ("os=linux: cart", 2),
        ("os=mac: cart", 1),
        ("os=mac: cart", 2),
    ]


def test_parallel_branches_of_a_pipeline_are_no_retries(load):
    blocks = {"enclosingBlockNames": ["mac", "Test"]}
    both = report(suite(case()), suite(case(), **blocks))
    batch = load(JENKINS, both)["test_results"]
    assert batch.rows.select("suite", "number").rows() == [("cart", 1), ("Test / mac: cart", 1)]


def test_two_reports_of_one_file_are_told_apart(load):
    lines = [report(suite(case())), report(suite(case(status="FAILED")))]
    batch = load(JENKINS, "\n".join(map(json.dumps, lines)))["test_results"]
    assert (batch.rows.height, batch.rows["run_id"].n_unique()) == (2, 2)


def test_times_of_suites_without_a_zone_need_one(load):
    naive = report(suite(case(), timestamp="2026-03-02T09:00:00"))
    batch = load(JENKINS, naive)["test_results"]
    assert batch.quarantined["reason"].to_list() == ["time_without_zone"]
    batch = load(JENKINS, naive, time_zone="Europe/Paris")["test_results"]
    assert batch.rows["at"].to_list() == [at(8)]


def test_a_report_without_cases_is_read_without_a_row(load):
    batch = load(JENKINS, report())["test_results"]
    assert (batch.n_read, batch.n_absorbed, batch.rows.height) == (1, 1, 0)


# ---- All of it ---- #


def everything() -> list[dict[str, Any]]:
    return [build(), stage(), report(suite(case())), build(9, url=None, fullDisplayName=None)]


def test_people_stay_in_the_export(load, said_anywhere):
    text = "\n".join(json.dumps(one) for one in [*everything(), {"x": "Ada"}, build(timestamp={})])
    said = said_anywhere(load(JENKINS, text + '\n{"userId": "ada')).lower()
    assert not any(name in said for name in PEOPLE)


@pytest.mark.parametrize("one", [build(), stage(), report(suite(case()))])
def test_its_records_are_recognised(save, one):
    found = JENKINS.recognise(save([one], "x.txt"))
    assert found is not None
    assert (found.kind, found.confidence) == ("jenkins", 0.95)


def test_the_repository_of_all_builds_is_suggested(save):
    found = JENKINS.recognise(save([build(1), build(2)]))
    assert found is not None
    assert found.suggestion == {"repository": "harbour/shop"}
    for others in (build(3, actions=[]), build(3, actions=[git_data("https://x.example/y/z")])):
        found = JENKINS.recognise(save([build(1), others]))
        assert found is not None
        assert found.suggestion == {}


def test_one_long_report_is_recognised_by_its_beginning(save):
    found = JENKINS.recognise(save(report(*[suite(case(f"case {n}")) for n in range(9000)])))
    assert found is not None
    assert (found.confidence, found.reason) == (0.9, "Jenkins, JSON: one long test report")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "a,b\n1,2\n",
        "<x/>",
        '[{"id": 1, "result": "SUCCESS", "actions": []}]',
        '{"_class": "com.example.Cart", "number": 1, "jobs": []}',
        '{"jobs": [{"id": 1, "run_id": 2}]}',
    ],
)
def test_other_files_are_not_recognised(save, content):
    assert JENKINS.recognise(save(content)) is None


def test_a_file_of_something_else_is_refused_with_what_is_read(load):
    with pytest.raises(ExportError, match="test report, part of a build, build, stage"):
        load(JENKINS, [{"id": 1}])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 1 << 32))
def test_damaged_files_lose_nothing_and_raise_nothing_else(survives, seed):
    survives(JENKINS, "\n".join(map(json.dumps, everything())).encode(), seed)


# ---- Real exports ---- #

API = {
    # file: table → read, loaded, duplicates, quarantined. One build has NOT_BUILD, which Jenkins
    # never writes, and is unknown; the stages hold the same step of a build again and again, with
    # each status in turn; a list of jobs has nothing to be computed.
    "builds.ndjson": {"pipeline_runs": (14, 14, 0, {})},
    "builds_multibranch.ndjson": {"pipeline_runs": (15, 15, 0, {})},
    "jobs_multibranch.ndjson": {"pipeline_runs": (4, 0, 0, {"not_needed": 4})},
    "stages.ndjson": {"pipeline_jobs": (24, 16, 8, {})},
    "stages_multibranch.ndjson": {"pipeline_jobs": (65, 65, 0, {})},
}


def counted(batches: dict[str, Any]) -> dict[str, Any]:
    return {
        table: (
            batch.n_read,
            batch.rows.height,
            batch.n_duplicates,
            dict(batch.quarantined["reason"].value_counts().rows()),
        )
        for table, batch in batches.items()
    }


@pytest.mark.real
@pytest.mark.parametrize("name", API)
def test_real_answers_load(shared_data, judge, name):
    assert counted(judge(JENKINS, shared_data / "api-payloads/jenkins" / name)) == API[name]


# table → read, loaded, absorbed, duplicates, of all files together. Three matrices and three of
# their configurations were saved without address and number, so that nobody can tell which builds
# they are; 61 configurations are named by their matrix with no word of what they came to.
NODEJS = {
    "pipeline_runs": (18, 15, 0, 0),
    "pipeline_jobs": (193, 129, 61, 0),
    "test_results": (4676, 4676, 0, 0),
}
NODEJS_QUARANTINED = {
    ("pipeline_runs", "build_without_number"): 3,
    ("pipeline_jobs", "build_without_number"): 3,
}


@pytest.mark.real
def test_every_report_of_a_large_jenkins_loads(shared_data, judge):
    totals: dict[str, tuple[int, ...]] = {}
    reasons: Counter[tuple[str, str]] = Counter()
    foreign: list[Path] = []
    for path in sorted((shared_data / "jenkins-nodejs/jenkins").rglob("*.json")):
        if JENKINS.recognise(path) is None:
            foreign.append(path)
            continue
        for table, batch in judge(JENKINS, path).items():
            numbers = (batch.n_read, batch.rows.height, batch.n_absorbed, batch.n_duplicates)
            so_far = totals.get(table, (0, 0, 0, 0))
            totals[table] = tuple(a + b for a, b in zip(so_far, numbers, strict=True))
            reasons.update((table, reason) for reason in batch.quarantined["reason"])
    assert totals == NODEJS
    assert reasons == NODEJS_QUARANTINED
    # what another tool made of the builds is no export of Jenkins
    assert {path.name[:8] for path in foreign} == {"expected"}
    assert len(foreign) == 13


@pytest.mark.real
def test_a_real_build_has_the_commit_and_the_repository_that_its_parameters_name(
    shared_data, judge
):
    folder = shared_data / "jenkins-nodejs/jenkins"
    batches = judge(JENKINS, folder / "pending/node-test-pull-request-32777.json")
    (found,) = runs(batches)
    assert (found["repo"], found["result"], found["finished_at"]) == (
        "nodejs/node",
        "in_progress",
        None,
    )
    assert found["sha"] == "fd987b66ed783f78aff1785eecfc1b0b1d92075f"
    assert found["started_at"] == datetime(2020, 8, 14, 3, 58, 10, 175_000, tzinfo=UTC)
    batches = judge(JENKINS, folder / "citgm/citgm-smoker-2400-testReport.json")
    results = dict(batches["test_results"].rows["result"].value_counts().iter_rows())
    # as the report itself counts: 21 failed and 233 skipped of 848
    assert results == {"passed": 594, "failed": 21, "skipped": 233}


@pytest.mark.real
def test_real_answers_of_other_tools_are_not_recognised(shared_data):
    for path in sorted((shared_data / "api-payloads").rglob("*.ndjson")):
        assert (JENKINS.recognise(path) is not None) == (path.parent.name == "jenkins"), path


def test_an_address_with_a_number_that_no_build_has_is_no_address_of_one():
    assert place_of_url("/job/shop/7/") == Place("shop", 7)
    assert place_of_url(f"/job/shop/{'9' * 5000}/") is None
