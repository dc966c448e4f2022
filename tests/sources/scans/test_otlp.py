"""Spans of pipelines, tasks and deployments, as OpenTelemetry's collector writes them."""

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.otlp import OTLP

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HALF_PAST = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TEN = datetime(2026, 3, 2, 10, tzinfo=UTC)
SHA = "0123456789abcdef0123456789abcdef01234567"
TRACE = "5b8efff798038103d269b633813fc60c"
URL = "https://ci.example.com/harbour/shop/actions/runs/12/attempts/2"


def nanoseconds(at: datetime) -> str:
    return str(int(at.timestamp()) * 10**9)


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = {int: "intValue", str: "stringValue"}
    return [
        {"key": key, "value": {kinds[type(value)]: str(value)}} for key, value in values.items()
    ]


def span(name: str, own: dict[str, Any], *, parent: str = "", **more: Any) -> dict[str, Any]:
    return {
        "traceId": TRACE,
        "spanId": name,
        "parentSpanId": parent,
        "name": name,
        "kind": 2,
        "startTimeUnixNano": nanoseconds(NINE),
        "endTimeUnixNano": nanoseconds(TEN),
        "attributes": attributes(own | {"user.email": "ada@example.invalid"}),
        "status": {},
        **more,
    }


RESOURCE = {
    "service.name": "shop",
    "host.name": "ada-harbours-laptop",
    "cicd.pipeline.name": "release",
    "cicd.pipeline.run.id": "12",
    "cicd.pipeline.run.url.full": URL,
    "vcs.repository.url.full": "https://git.example.com/harbour/shop.git",
    "vcs.ref.head.name": "refs/heads/main",
    "vcs.ref.head.revision": SHA,
}
RUN = span("r", {"cicd.pipeline.result": "success"})
TEST = span(
    "t",
    {
        "cicd.pipeline.task.name": "test",
        "cicd.pipeline.task.run.id": 77,
        "cicd.pipeline.task.type": "test",
        "cicd.pipeline.task.run.result": "failure",
    },
    parent="r",
)
DEPLOY = span(
    "d",
    {
        "cicd.pipeline.task.name": "deploy",
        "cicd.pipeline.task.run.id": "78",
        "cicd.pipeline.task.type": "deploy",
        "cicd.pipeline.task.run.result": "success",
        "deployment.environment.name": "production",
        "artifact.purl": "pkg:oci/shop@sha256:1",
    },
    parent="r",
)


def request(*spans: dict[str, Any], resource: dict[str, Any] = RESOURCE) -> dict[str, Any]:
    scope = {"scope": {"name": "ci"}, "spans": list(spans)}
    return {
        "resourceSpans": [{"resource": {"attributes": attributes(resource)}, "scopeSpans": [scope]}]
    }


def only(batches: dict[str, Any], table: str) -> dict[str, Any]:
    assert batches[table].rows.height == 1
    return batches[table].rows.row(0, named=True)


# ---- Rows ---- #


def test_a_trace_gives_a_run_its_jobs_and_the_deployment_of_a_task(load):
    batches = load(OTLP, request(RUN, TEST, DEPLOY, span("http", {"http.method": "GET"})))
    run = only(batches, "pipeline_runs")
    assert (run["repo"], run["run_id"], run["attempt"]) == ("harbour/shop", "12", 2)
    assert (run["pipeline"], run["sha"], run["branch"]) == ("release", SHA, "main")
    assert (run["started_at"], run["finished_at"], run["result"]) == (NINE, TEN, "success")
    assert batches["pipeline_jobs"].rows.select(
        "run_id", "attempt", "job_id", "repo", "name", "branch", "result"
    ).rows() == [
        ("12", 2, "77", "harbour/shop", "test", "main", "failure"),
        ("12", 2, "78", "harbour/shop", "deploy", "main", "success"),
    ]
    deployed = only(batches, "deployments")
    assert (deployed["deployment_id"], deployed["service"]) == (f"otlp:{TRACE}:d", "shop")
    assert (deployed["environment"], deployed["result"]) == ("production", "success")
    assert (deployed["sha"], deployed["ref"]) == (SHA, "main")
    assert (deployed["artifact"], deployed["finished_at"]) == ("pkg:oci/shop@sha256:1", TEN)
    assert batches["pipeline_runs"].quarantined["reason"].to_list() == ["not_needed"]


def test_other_spans_logs_and_metrics_are_put_aside(load):
    lines = [request(RUN, span("http", {"http.method": "GET"}, parent="r"), resource={}),
             {"resourceLogs": []}, {"resourceMetrics": []}]  # fmt: skip
    batch = load(OTLP, "\n".join(map(json.dumps, lines)), repository="shop")["pipeline_runs"]
    assert (batch.n_read, batch.rows.height) == (4, 1)
    assert batch.quarantined["reason"].to_list() == ["not_needed"] * 3


def test_without_own_attributes_the_outermost_span_of_a_resource_is_meant(load):
    task = RESOURCE | {"cicd.pipeline.task.run.id": "5", "cicd.pipeline.task.name": "build"}
    job = span("j", {}, parent="r", status={"code": 2})
    step = span("step", {}, parent="j")
    batches = load(OTLP, request(job, step, resource=task))
    assert only(batches, "pipeline_jobs")["result"] == "failure"
    assert batches["pipeline_runs"].quarantined["reason"].to_list() == ["not_needed"]
    whole = load(OTLP, request(span("r", {}, status={"code": "STATUS_CODE_OK"})))
    assert only(whole, "pipeline_runs")["result"] == "success"


def test_a_span_of_a_deployment_alone_is_one_by_its_own_id(load):
    own = {"deployment.id": 1208, "deployment.status": "failed", "deployment.environment": "prod"}
    batches = load(
        OTLP, request(span("d", own), span("e", own | {"deployment.status": "succeeded"}))
    )
    assert batches["deployments"].n_duplicates == 1
    row = only(batches, "deployments")
    assert (row["deployment_id"], row["environment"]) == ("otlp:shop:prod:1208", "prod")


def test_the_services_of_ordinary_telemetry_deploy_nothing(load):
    usual = {"service.name": "shop", "deployment.environment.name": "production"}
    batches = load(OTLP, request(span("GET /", {"http.method": "GET"}), resource=usual))
    assert set(batches) == {"pipeline_runs"}
    assert batches["pipeline_runs"].quarantined["reason"].to_list() == ["not_needed"]


def test_without_a_run_id_the_trace_joins_a_run_and_its_jobs(load):
    named = {"vcs.owner.name": "harbour", "vcs.repository.name": "shop"}
    batches = load(OTLP, request(RUN, span("t", {"cicd.pipeline.task.name": "x"}), resource=named))
    run, job = only(batches, "pipeline_runs"), only(batches, "pipeline_jobs")
    assert run["run_id"] == job["run_id"] == TRACE
    assert (run["repo"], job["job_id"], job["result"]) == ("harbour/shop", "t", "unknown")


def test_a_run_without_repository_and_a_deployment_without_service_are_quarantined(load):
    batches = load(OTLP, request(RUN, DEPLOY, resource={}))
    assert batches["pipeline_runs"].quarantined["reason"].to_list() == ["without_repository"]
    assert batches["deployments"].quarantined["reason"].to_list() == ["without_service"]
    assert batches["pipeline_jobs"].rows.height == 1
    batches = load(OTLP, request(RUN, DEPLOY, resource={}), repository="shop", service="shop")
    assert only(batches, "pipeline_runs")["repo"] == "harbour/shop"
    assert only(batches, "deployments")["service"] == "shop"


def test_the_entrys_service_stands_in_where_the_settings_do_not_know_the_records(load):
    named = RESOURCE | {"service.name": "ci-server"}
    assert (
        only(load(OTLP, request(DEPLOY, resource=named), service="shop"), "deployments")["service"]
        == "shop"
    )


# semantic-conventions model/cicd/registry.yaml: cicd.pipeline.result, .task.run.result
@pytest.mark.parametrize(
    ("word", "result"),
    [("success", "success"), ("failure", "failure"), ("error", "error"), ("timeout", "timeout"),
     ("cancellation", "cancelled"), ("skip", "skipped"), ("SUCCESS", "success"),
     ("fine", "unknown")],
)  # fmt: skip
def test_each_documented_result_is_known_of_runs_and_tasks(load, word, result):
    run = span("r", {"cicd.pipeline.result": word})
    task = span("t", {"cicd.pipeline.task.name": "x", "cicd.pipeline.task.run.result": word})
    batches = load(OTLP, request(run, task))
    assert only(batches, "pipeline_runs")["result"] == result
    assert only(batches, "pipeline_jobs")["result"] == result


@pytest.mark.parametrize(
    ("state", "result"),  # semantic-conventions: cicd.pipeline.run.state
    [("pending", "queued"), ("executing", "in_progress"), ("finalizing", "in_progress"),
     ("dreaming", "unknown")],
)  # fmt: skip
def test_a_run_that_goes_on_has_no_end(load, state, result):
    run = span("r", {"cicd.pipeline.run.state": state}, endTimeUnixNano="0")
    row = only(load(OTLP, request(run)), "pipeline_runs")
    assert (row["result"], row["started_at"], row["finished_at"]) == (result, NINE, None)


@pytest.mark.parametrize(
    ("word", "result"),  # semantic-conventions: deployment.status
    [("succeeded", "success"), ("failed", "failure"), ("odd", "unknown")],
)
def test_each_documented_status_of_deployments_is_known(load, word, result):
    made = span("d", {"deployment.id": "1", "deployment.status": word})
    assert only(load(OTLP, request(made)), "deployments")["result"] == result


def test_a_revision_that_is_no_sha_is_not_one(load):
    batches = load(OTLP, request(RUN, resource=RESOURCE | {"vcs.ref.head.revision": "r1234"}))
    assert only(batches, "pipeline_runs")["sha"] is None


# ---- As the collector's GitHub receiver has it ---- #

RECEIVED = {
    "service.name": "shop",
    "vcs.repository.name": "shop",
    "vcs.owner.name": "harbour",
    "cicd.pipeline.name": "release",
    "cicd.pipeline.run.id": 12,
}


def received_job(*spans: dict[str, Any], **more: Any) -> dict[str, Any]:
    task = {"cicd.pipeline.task.name": "test", "cicd.pipeline.task.run.id": 77}
    return request(*spans, resource=RECEIVED | task | more)


def test_of_a_job_that_was_received_its_steps_are_no_jobs(load):
    step = {"cicd.pipeline.task.name": "checkout", "cicd.pipeline.run.task.status": "success"}
    queue = span("q", {}, parent="j", endTimeUnixNano=nanoseconds(HALF_PAST))
    queue["attributes"].append({"key": "cicd.pipeline.run.queue.duration",
                                "value": {"doubleValue": 1.8e12}})  # fmt: skip
    spans = [span("j", {}, parent="root", status={"code": 2}), queue, span("s", step, parent="j")]
    run = request(
        span("root", {}, status={"code": "STATUS_CODE_OK"}),
        resource=RECEIVED | {"cicd.pipeline.run.status": "success"},
    )
    failed = received_job(*spans, **{"cicd.pipeline.run.task.status": "failure"})
    batches = load(OTLP, "\n".join(map(json.dumps, [failed, run])))
    job = only(batches, "pipeline_jobs")
    assert (job["run_id"], job["job_id"], job["name"]) == ("12", "77", "test")
    assert (job["queued_at"], job["started_at"], job["finished_at"]) == (NINE, HALF_PAST, TEN)
    assert (job["result"], job["repo"]) == ("failure", "harbour/shop")
    assert only(batches, "pipeline_runs")["result"] == "success"
    assert batches["pipeline_runs"].quarantined["reason"].to_list() == ["not_needed"] * 2


@pytest.mark.parametrize(
    ("word", "result"),  # opentelemetry-collector-contrib receiver/githubreceiver model.go
    [("success", "success"), ("failure", "failure"), ("cancellation", "cancelled"),
     ("skip", "skipped"), ("neutral", "skipped"), ("timed_out", "timeout"),
     ("action_required", "blocked"), ("stale", "unknown"), ("startup_failure", "error"),
     ("odd", "unknown")],
)  # fmt: skip
def test_each_status_of_the_receiver_is_known(load, word, result):
    run = request(span("r", {}), resource=RECEIVED | {"cicd.pipeline.run.status": word})
    assert only(load(OTLP, run), "pipeline_runs")["result"] == result
    job = received_job(span("j", {}, parent="r"), **{"cicd.pipeline.run.task.status": word})
    assert only(load(OTLP, job), "pipeline_jobs")["result"] == result


# ---- Tests ---- #


def case(name: str, word: str | None, *, parent: str = "s", **more: Any) -> dict[str, Any]:
    said = {} if word is None else {"test.case.result.status": word}
    return span(name, {"test.case.name": "logs in"} | said, parent=parent, **more)


def test_a_suite_names_the_results_of_its_cases(load):
    suite = span("s", {"test.suite.name": "web", "test.suite.run.status": "failure"}, parent="r")
    retry = case("b", "pass", endTimeUnixNano=nanoseconds(HALF_PAST))
    batch = load(OTLP, request(RUN, suite, case("a", "fail"), retry))["test_results"]
    assert batch.rows.select("run_id", "suite", "case", "number", "seconds", "result").rows() == [
        ("12", "web", "logs in", 1, 3600.0, "failed"),
        ("12", "web", "logs in", 2, 1800.0, "passed"),
    ]
    assert batch.rows.select("repo", "at").unique().rows() == [("harbour/shop", NINE)]
    assert batch.quarantined["reason"].to_list() == ["not_needed"]


@pytest.mark.parametrize(
    ("word", "code", "result"),  # semantic-conventions: test.case.result.status
    [("pass", None, "passed"), ("fail", 1, "failed"), ("odd", 1, "unknown"), (None, 1, "passed"),
     (None, 2, "failed"), (None, None, "unknown")],
)  # fmt: skip
def test_each_documented_result_of_test_cases_is_known(load, word, code, result):
    one = case("a", word, status={} if code is None else {"code": code})
    batches = load(OTLP, request(one, resource={}))
    row = only(batches, "test_results")
    assert (row["result"], row["suite"], row["run_id"]) == (result, "", TRACE)


# ---- Files ---- #


def test_packed_lines_are_read(load, save):
    lines = "\n".join(json.dumps(request(one)) for one in (RUN, TEST, DEPLOY))
    packed = gzip.compress(lines.encode())
    batches = load(OTLP, packed, name="traces.jsonl.gz")
    assert {table: batch.rows.height for table, batch in batches.items()} == {
        "pipeline_runs": 1, "pipeline_jobs": 2, "deployments": 1,
    }  # fmt: skip
    assert OTLP.recognise(save(packed, "traces.jsonl.gz")).confidence == 0.95


def test_spans_of_the_older_form_are_read(load):
    content = request(RUN)
    content["resourceSpans"][0]["instrumentationLibrarySpans"] = content["resourceSpans"][0].pop(
        "scopeSpans"
    )
    assert only(load(OTLP, content), "pipeline_runs")["run_id"] == "12"


def test_broken_spans_and_lines_are_quarantined_and_the_rest_is_read(load):
    bad = [span("b", {}) | {"startTimeUnixNano": at} for at in ("soon", "9" * 20)]
    lines = [json.dumps(request(*bad, RUN)), '{"resourceSpans": 7}', '{"a": 1}', '{"resourceSp']
    batch = load(OTLP, "\n".join(lines))["pipeline_runs"]
    assert (batch.n_read, batch.rows.height) == (6, 1)
    assert sorted(batch.quarantined["reason"].to_list()) == [
        "truncated_json", "unexpected_type", "unexpected_type", "unexpected_type", "unknown_record",
    ]  # fmt: skip


def test_no_person_or_machine_is_read(load, said_anywhere):
    said = said_anywhere(load(OTLP, request(RUN, TEST, DEPLOY, span("x", {}, parent="r"))))
    assert "ada" not in said.lower()


def test_spans_of_pipelines_are_recognised_surely_others_hardly(save):
    assert OTLP.recognise(save(request(RUN))).confidence == 0.95
    long = "\n".join([json.dumps(request(RUN))] * 2000)
    assert OTLP.recognise(save(long)).confidence == 0.95
    assert OTLP.recognise(save(request(span("x", {}), resource={}))).confidence == 0.4
    for other in ({"resourceLogs": []}, {"spans": []}, [], "", "<a/>", {"items": []}):
        assert OTLP.recognise(save(other)) is None


@pytest.mark.parametrize("content", ["", "[]x", "{", '{"a": 1}', "7"])
def test_what_is_no_otlp_is_refused(load, content):
    with pytest.raises(ExportError, match=r"export\.json"):
        load(OTLP, content)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=100)
def test_no_damage_breaks_the_reading_or_the_count(survives, seed):
    lines = [request(RUN, TEST), request(DEPLOY, span("x", {"deployment.id": "9"})),
             received_job(case("c", "fail"), span("j", {}, parent="r"))]  # fmt: skip
    survives(OTLP, "\n".join(map(json.dumps, lines)).encode(), seed)
