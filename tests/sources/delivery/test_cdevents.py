"""CDEvents: events about runs, changes, services and incidents, put together to rows."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devops_analytics.config import settings_from
from devops_analytics.config_tools import CdeventsSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.cdevents import CDEVENTS
from devops_analytics.sources.cdevents.known import Artifact, artifact_of
from devops_analytics.sources.conform import conform
from devops_analytics.sources.source import Context

SHA = "0123456789abcdef0123456789abcdef01234567"
IMAGE = "pkg:oci/shop@sha256%3Aabc"
PRODUCTION = {"id": "prod-1"}
REPOSITORY = {"id": "harbour/shop", "source": "https://git.example.com"}


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def event(
    kind: str,
    when: str,
    content: dict[str, Any] | None = None,
    *,
    subject: str = "1",
    source: str | None = None,
    **context: Any,
) -> dict[str, Any]:
    """Make an event of version 0.5; without an id of its own it is the only such one then."""
    about = {"id": subject, "content": content or {}}
    if source is not None:
        about["source"] = source
    return {
        "context": {
            "specversion": "0.5.0",
            "id": f"{kind}-{subject}-{when}",
            "source": "/ci",
            "type": f"dev.cdevents.{kind}.0.3.0",
            "timestamp": f"2026-03-02T{when}:00Z",
            **context,
        },
        "subject": about,
    }


def cloud_event(one: Any, **attributes: Any) -> dict[str, Any]:
    around = {"specversion": "1.0", "id": "e", "source": "/ci", "type": one["context"]["type"]}
    return around | {"datacontenttype": "application/json", "data": one} | attributes


def lines(*events: Any) -> str:
    return "\n".join(json.dumps(one) for one in events)


def only(batches: dict[str, Any], table: str) -> dict[str, Any]:
    assert batches[table].rows.height == 1
    return batches[table].rows.row(0, named=True)


def reasons(batches: dict[str, Any], table: str) -> list[str]:
    return batches[table].quarantined["reason"].to_list()


RUN = [
    event("pipelinerun.queued", "09:00", {"pipelineName": "release"}),
    event("pipelinerun.started", "09:05", {"pipelineName": "release"}),
    event("pipelinerun.finished", "09:20", {"pipelineName": "release", "outcome": "success"}),
]
TASK = [
    event("taskrun.started", "09:06", {"taskName": "test", "pipelineRun": {"id": "1"}}),
    event("taskrun.finished", "09:10", {"taskName": "test", "outcome": "failure"}),
]


# ---- Runs ---- #


def test_a_run_and_its_task_are_put_together_from_their_events(load):
    batches = load(CDEVENTS, lines(*reversed(RUN), *TASK), repository="harbour/shop")
    run, job = only(batches, "pipeline_runs"), only(batches, "pipeline_jobs")
    assert (run["repo"], run["run_id"], run["pipeline"]) == ("harbour/shop", "/ci#1", "release")
    assert (run["queued_at"], run["started_at"]) == (at(9), at(9, 5))
    assert (run["finished_at"], run["result"], run["attempt"]) == (at(9, 20), "success", 1)
    assert (job["run_id"], job["job_id"], job["name"]) == ("/ci#1", "/ci#1", "test")
    assert (job["started_at"], job["finished_at"]) == (at(9, 6), at(9, 10))
    assert (job["result"], job["repo"]) == ("failure", "harbour/shop")
    assert (batches["pipeline_runs"].n_read, batches["pipeline_runs"].n_absorbed) == (3, 2)


@pytest.mark.parametrize(("n", "result"), [(1, "queued"), (2, "in_progress"), (3, "success")])
def test_a_run_that_has_not_ended_has_no_end(load, n, result):
    row = only(load(CDEVENTS, lines(*RUN[:n]), repository="shop"), "pipeline_runs")
    assert (row["result"], row["finished_at"] is None) == (result, n < 3)


# cdevents/spec core.md of 0.1 to 0.6: outcome of pipelineRun and taskRun
@pytest.mark.parametrize(
    ("word", "result"),
    [("success", "success"), ("failure", "failure"), ("error", "error"), ("cancel", "cancelled"),
     ("Failure", "failure"), ("fine", "unknown"), (None, "unknown")],
)  # fmt: skip
def test_each_documented_outcome_of_runs_is_known(load, word, result):
    ends = [event(f"{kind}.finished", "09:00", {"outcome": word, "pipelineRun": {"id": "1"}})
            for kind in ("pipelinerun", "taskrun")]  # fmt: skip
    batches = load(CDEVENTS, ends, repository="shop")
    assert only(batches, "pipeline_runs")["result"] == result
    assert only(batches, "pipeline_jobs")["result"] == result


def test_subjects_of_different_sources_are_different_ones(load):
    other = [event("pipelinerun.finished", "09:40", {"outcome": "error"}, source="/other")]
    rows = load(CDEVENTS, RUN + other, repository="shop")["pipeline_runs"].rows
    assert dict(rows.select("run_id", "result").rows()) == {
        "/ci#1": "success",
        "/other#1": "error",
    }


def test_a_run_belongs_to_the_repository_of_its_chain_or_to_none(load):
    change = event("change.created", "08:00", {"repository": REPOSITORY}, chainId="c")
    run = event("pipelinerun.started", "09:00", chainId="c")
    assert only(load(CDEVENTS, [change, run]), "pipeline_runs")["repo"] == "harbour/shop"
    elsewhere = event("change.merged", "08:10", {"repository": {"id": "b/c"}}, chainId="c")
    assert reasons(load(CDEVENTS, [change, elsewhere, run]), "pipeline_runs") == [
        "repository_not_known"
    ]


def test_a_task_of_no_run_is_told(load):
    assert reasons(load(CDEVENTS, TASK[1:], repository="shop"), "pipeline_jobs") == [
        "run_not_known"
    ]


# ---- Changes ---- #


def test_a_change_is_opened_reviewed_and_merged(load):
    about = {"repository": {"id": "r7"}}
    events = [
        event("repository.created", "07:00", {"name": "shop", "owner": "harbour"}, subject="r7"),
        event("change.created", "08:00", about, subject="12"),
        event("change.updated", "08:10", about, subject="12"),
        event("change.reviewed", "08:20", about, subject="12"),
        event("change.reviewed", "08:30", about, subject="12"),
        event("change.merged", "08:40", about, subject="12"),
    ]
    batch = load(CDEVENTS, events)["changes"]
    row = batch.rows.row(0, named=True)
    assert (row["repo"], row["change_id"], row["opened_at"]) == ("harbour/shop", "12", at(8))
    assert (row["first_review_at"], row["merged_at"]) == (at(8, 20), at(8, 40))
    assert (row["closed_at"], batch.n_absorbed, batch.quarantined.height) == (at(8, 40), 5, 0)


def test_an_abandoned_change_is_closed_and_one_without_a_beginning_is_told(load):
    about = {"repository": REPOSITORY}
    events = [event("change.created", "08:00", about), event("change.abandoned", "09:00", about)]
    row = only(load(CDEVENTS, events), "changes")
    assert (row["merged_at"], row["closed_at"]) == (None, at(9))
    assert reasons(load(CDEVENTS, events[1:]), "changes") == ["start_not_known"]
    assert reasons(load(CDEVENTS, [event("change.created", "08:00")]), "changes") == [
        "repository_not_known"
    ]


# ---- Deployments ---- #


def deployed(predicate: str, when: str, artifact: str = IMAGE, **more: Any) -> dict[str, Any]:
    about = {"environment": PRODUCTION, "artifactId": artifact}
    return event(f"service.{predicate}", when, about, **({"subject": "shop"} | more))


def test_deployments_upgrades_and_rollbacks_are_rows_of_their_own(load):
    events = [
        event("environment.created", "07:00", {"name": "production"}, subject="prod-1"),
        deployed("deployed", "09:00"),
        deployed("upgraded", "10:00", "pkg:generic/shop@2"),
        deployed("rolledback", "11:00"),
        deployed("removed", "12:00"),
        deployed("published", "12:30"),
    ]
    batch = load(CDEVENTS, events)["deployments"]
    rows = batch.rows.sort("finished_at")
    assert rows.select("service", "environment", "environment_kind", "result").unique().rows() == [
        ("shop", "production", "production", "success")
    ]
    assert rows["finished_at"].to_list() == [at(9), at(10), at(11)]
    assert rows["artifact"].to_list() == [IMAGE, "pkg:generic/shop@2", IMAGE]
    assert rows["deployment_id"][0] == "cdevents:/ci#service.deployed-shop-09:00"
    assert batch.quarantined["reason"].to_list() == ["not_needed"] * 2
    assert batch.n_absorbed == 1


def test_an_event_that_is_delivered_twice_is_one_deployment(load):
    batch = load(CDEVENTS, [deployed("deployed", "09:00")] * 2)["deployments"]
    assert (batch.rows.height, batch.n_absorbed) == (1, 1)


@pytest.mark.parametrize(
    ("subject", "entry", "service"),
    [("shop", {}, "shop"), ("deployment/shop", {}, "shop"), ("/ns/shop/", {}, "shop"),
     ("daemonset/log", {}, "daemonset/log"), ("daemonset/log", {"service": "logs"}, "logs")],
)  # fmt: skip
def test_ids_of_services_may_say_what_runs_them(load, subject, entry, service):
    batches = load(CDEVENTS, [deployed("deployed", "09:00", subject=subject)], **entry)
    assert only(batches, "deployments")["service"] == service


def test_an_artifact_leads_to_the_commit_that_it_was_packaged_from(load):
    change = {"id": SHA.upper(), "source": "my-git.example/harbour/shop"}
    packaged = event("artifact.packaged", "08:00", {"change": change}, subject=IMAGE)
    batches = load(CDEVENTS, [packaged, deployed("deployed", "09:00")])
    row = only(batches, "deployments")
    assert (row["repo"], row["sha"], row["artifact"]) == ("harbour/shop", SHA, IMAGE)
    assert batches["deployments"].n_absorbed == 1


def test_the_change_that_an_artifact_is_of_may_name_its_repository(load):
    events = [
        event("change.merged", "07:00", {"repository": REPOSITORY}, subject="12"),
        event("artifact.packaged", "08:00", {"change": {"id": "12"}}, subject=IMAGE),
        deployed("deployed", "09:00"),
    ]
    row = only(load(CDEVENTS, events), "deployments")
    assert (row["repo"], row["sha"]) == ("harbour/shop", None)


@pytest.mark.parametrize("kind", ["build.finished", "artifact.published"])
def test_what_makes_an_artifact_leads_to_the_repository_of_its_chain(load, kind):
    is_build = kind == "build.finished"
    made = event(kind, "08:00", {"artifactId": IMAGE} if is_build else {},
                 subject="b1" if is_build else IMAGE, chainId="c")  # fmt: skip
    change = event("change.created", "07:00", {"repository": REPOSITORY}, chainId="c")
    batches = load(CDEVENTS, [change, made, deployed("deployed", "09:00")])
    assert only(batches, "deployments")["repo"] == "harbour/shop"
    table = "pipeline_runs" if is_build else "deployments"
    assert (batches[table].n_absorbed, batches[table].quarantined.height) == (1, 0)


# package-url/purl-spec: types github, bitbucket, golang, oci; the qualifier vcs_url
@pytest.mark.parametrize(
    ("purl", "artifact"),
    [
        ("six-1.14.0-py2.py3-none-any.whl", (None, None, None)),
        ("pkg:oci/shop@sha256%3Aabc", (None, None, None)),
        ("pkg:oci/shop@sha256:abc?tag=v1.2&repository_url=r.example", (None, None, "v1.2")),
        ("pkg:npm/%40harbour/shop@1.2.3", (None, None, "1.2.3")),
        ("pkg:npm/@harbour/shop", (None, None, None)),
        (f"pkg:generic/shop@{SHA.upper()}", (None, SHA, None)),
        (f"pkg:github/harbour/shop@{SHA}", ("harbour/shop", SHA, None)),
        ("pkg:bitbucket/harbour/shop@v2#docs", ("harbour/shop", None, "v2")),
        ("pkg:golang/git.example.com/harbour/shop/api@v2", ("harbour/shop", None, "v2")),
        ("pkg:golang/strings", (None, None, None)),
        (
            f"pkg:npm/shop@1?vcs_url=git%2Bhttps://git.example.com/harbour/shop.git%40{SHA}",
            ("harbour/shop", SHA, "1"),
        ),
        ("pkg:npm/shop@1?vcs_url=git%2Bssh://git@git.example.com/a/b", ("a/b", None, "1")),
    ],
)
def test_what_package_urls_say_of_the_code(purl, artifact):
    assert artifact_of(purl) == Artifact(*artifact)


# ---- Incidents ---- #


def incident(predicate: str, when: str, **content: Any) -> dict[str, Any]:
    about = {"environment": PRODUCTION, "service": {"id": "shop"}, "description": "Ada is slow"}
    return event(f"incident.{predicate}", when, about | content)


def test_an_incident_is_detected_reported_and_resolved(load):
    events = [
        incident("detected", "09:00"),
        incident("reported", "09:10", ticketURI="https://tickets.example.com/1"),
        incident("resolved", "10:00"),
    ]
    row = only(load(CDEVENTS, events), "incidents")
    assert (row["incident_id"], row["service"]) == ("cdevents:/ci#1", "shop")
    assert (row["detected_at"], row["created_at"]) == (at(9), at(9, 10))
    assert row["resolved_at"] == at(10)
    open_still = only(load(CDEVENTS, events[:1]), "incidents")
    assert (open_still["created_at"], open_still["resolved_at"]) == (at(9), None)
    assert reasons(load(CDEVENTS, events[2:]), "incidents") == ["start_not_known"]


def test_an_incident_elsewhere_than_in_production_is_none(load):
    found = load(CDEVENTS, [incident("detected", "09:00", environment={"id": "staging"})])
    assert reasons(found, "incidents") == ["not_in_production"]


def ticket(predicate: str, when: str, kind: str = "incident", **content: Any) -> dict[str, Any]:
    about = {"summary": "Ada is slow", "creator": "Ada", "assignees": ["Ada"], "priority": "high",
             "uri": "https://tickets.example.com/1", "ticketType": kind}  # fmt: skip
    return event(f"ticket.{predicate}", when, about | content, subject="t1")


def test_tickets_of_incidents_are_incidents_others_are_work(load):
    events = [ticket("created", "09:00"), ticket("updated", "09:10"),
              ticket("closed", "09:30", resolution="completed", updatedBy="Ada")]  # fmt: skip
    row = only(load(CDEVENTS, events, service="shop"), "incidents")
    assert (row["created_at"], row["resolved_at"]) == (at(9), at(9, 30))
    assert (row["severity"], row["service"]) == ("high", "shop")
    again = [*events, ticket("updated", "10:00")]
    assert only(load(CDEVENTS, again), "incidents")["resolved_at"] is None
    assert reasons(load(CDEVENTS, events[1:]), "incidents") == ["start_not_known"] * 2
    for kind in ("bug", "enhancement", "task", "question", "own"):
        found = load(CDEVENTS, [ticket("created", "09:00", kind)])
        assert reasons(found, "incidents") == ["not_needed"]


def test_an_incident_and_the_ticket_that_reports_it_count_once(load):
    events = [ticket("created", "09:00"),
              incident("reported", "09:01", ticketURI="https://tickets.example.com/1")]  # fmt: skip
    batches = load(CDEVENTS, events)
    assert only(batches, "incidents")["incident_id"] == "cdevents:/ci#1"
    assert reasons(batches, "incidents") == ["not_needed"]


# ---- Tests ---- #

CASE = {"testCase": {"id": "7", "name": "logs in"}, "testSuiteRun": {"id": "s1"}}


def test_a_test_case_run_takes_the_time_between_its_events(load):
    events = [
        event("testsuiterun.started", "08:59", {"testSuite": {"id": "4", "name": "web"}},
              subject="s1"),
        event("testcaserun.queued", "09:00", CASE, subject="a"),
        event("testcaserun.started", "09:01", CASE, subject="a"),
        event("testcaserun.finished", "09:03", CASE | {"outcome": "failure"}, subject="a"),
        event("testcaserun.finished", "09:05", CASE | {"outcome": "success"}, subject="b"),
    ]  # fmt: skip
    rows = load(CDEVENTS, events, repository="shop")["test_results"].rows.sort("number")
    assert rows.select("run_id", "suite", "case", "number", "seconds", "result").rows() == [
        ("/ci#s1", "web", "logs in", 1, 120.0, "failed"),
        ("/ci#s1", "web", "logs in", 2, None, "passed"),
    ]
    assert rows["at"].to_list() == [at(9, 1), at(9, 5)]


# cdevents/spec testing-events.md of 0.3 to 0.6: outcome of testCaseRun
@pytest.mark.parametrize(
    ("word", "result"),
    [("pass", "passed"), ("fail", "failed"), ("success", "passed"), ("failure", "failed"),
     ("cancel", "skipped"), ("error", "error"), ("odd", "unknown")],
)  # fmt: skip
def test_each_documented_outcome_of_test_cases_is_known(load, word, result):
    ended = event("testcaserun.finished", "09:00", CASE | {"outcome": word})
    assert only(load(CDEVENTS, [ended]), "test_results")["result"] == result
    skipped = event("testcaserun.skipped", "09:00", CASE)
    assert only(load(CDEVENTS, [skipped]), "test_results")["result"] == "skipped"
    going_on = event("testcaserun.started", "09:00", CASE)
    assert reasons(load(CDEVENTS, [going_on]), "test_results") == ["not_needed"]


# ---- Files ---- #

OTHERS = (
    "approval.created", "artifact.signed", "artifact.downloaded", "artifact.deleted",
    "branch.created", "branch.deleted", "build.queued", "build.started", "build.finished",
    "environment.modified", "environment.deleted", "repository.modified", "repository.deleted",
    "service.published", "service.removed", "testoutput.published", "testsuiterun.finished",
    "testcase.finished", "testsuite.started", "invented.happened",
)  # fmt: skip


@pytest.mark.parametrize("kind", OTHERS)
def test_events_that_nothing_is_computed_from_are_put_aside(load, kind):
    (batch,) = load(CDEVENTS, [event(kind, "09:00")]).values()
    assert (batch.rows.height, batch.quarantined["reason"].to_list()) == (0, ["not_needed"])
    assert kind.replace(".", " ") in batch.quarantined["message"][0]


def test_events_of_a_tools_own_are_put_aside(load):
    own = event("x", "09:00", type="dev.cdeventsx.mytool-resource.created.0.1.0")
    assert reasons(load(CDEVENTS, [own]), "pipeline_runs") == ["not_needed"]


WRAPPED = {
    "bare": RUN,
    "events": {"events": RUN},
    "structured": [cloud_event(one) for one in RUN],
    "text": [cloud_event(one, data=json.dumps(one)) for one in RUN],
    "base64": [
        cloud_event(one, data=None, data_base64=base64.b64encode(json.dumps(one).encode()).decode())
        for one in RUN
    ],
    "lines": lines(*[cloud_event(one) for one in RUN]),
}


@pytest.mark.parametrize("how", WRAPPED)
def test_events_are_read_however_they_were_saved(load, save, how):
    batch = load(CDEVENTS, WRAPPED[how], repository="shop")["pipeline_runs"]
    assert (batch.n_read, batch.rows.height, batch.quarantined.height) == (3, 1, 0)
    assert CDEVENTS.recognise(save(WRAPPED[how])).confidence == 0.95


def test_events_of_several_files_complete_each_other(tmp_path):
    paths = [tmp_path / f"{number}.json" for number in range(3)]
    for path, one in zip(paths, reversed(RUN), strict=True):
        path.write_text(json.dumps(one), encoding="utf-8")
    entry = CdeventsSource(kind="cdevents", path="x", repository="shop")
    context = Context(
        settings=settings_from({}), label="x", labels={path: path.name for path in paths}
    )
    found = [
        (path.name, conform(draft, entry=entry, context=context))
        for path, draft in CDEVENTS.read_many(paths, entry, context)
    ]
    assert [(name, batch.rows.height, batch.n_absorbed) for name, batch in found] == [
        ("0.json", 1, 0), ("1.json", 0, 1), ("2.json", 0, 1),
    ]  # fmt: skip
    assert found[0][1].rows["queued_at"].to_list() == [at(9)]


def test_what_is_broken_is_told_and_the_rest_is_read(load):
    undated = event("pipelinerun.queued", "09:00", timestamp="2026-03-02 09:00")
    shapeless = event("pipelinerun.queued", "09:00") | {"subject": 7}
    batches = load(CDEVENTS, lines(*RUN, undated, shapeless, {"a": 1}), repository="shop")
    assert only(batches, "pipeline_runs")["result"] == "success"
    assert sorted(reasons(batches, "pipeline_runs")) == [
        "not_a_time", "unexpected_type", "unknown_record",
    ]  # fmt: skip


@pytest.mark.parametrize("content", ["", "{", "7", '{"a": 1}', '[{"context": {}, "subject": {}}]'])
def test_what_is_no_cdevent_is_refused(load, save, content):
    assert CDEVENTS.recognise(save(content)) is None
    with pytest.raises(ExportError, match=r"export\.json"):
        load(CDEVENTS, content)


def test_other_cloud_events_are_not_recognised(save):
    other = {"specversion": "1.0", "type": "com.example.thing", "data": {"context": {}}}
    assert CDEVENTS.recognise(save([other] * 3)) is None


def test_no_person_and_no_text_is_kept(load, said_anywhere):
    events = [
        ticket("created", "09:00"),
        ticket("created", "09:00", "task"),
        incident("detected", "09:00"),
        event("artifact.signed", "09:00", {"user": "ada"}),
        event("pipelinerun.started", "09:00", {"pipelineName": 7, "errors": "Ada"}),
    ]
    assert "ada" not in said_anywhere(load(CDEVENTS, events)).lower()


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40)
def test_no_damage_breaks_the_reading_or_the_count(survives, seed):
    events = [*RUN, *TASK, deployed("upgraded", "09:00"), incident("detected", "09:30"),
              ticket("created", "09:00"), event("testcaserun.finished", "09:03", CASE)]  # fmt: skip
    survives(CDEVENTS, lines(*events).encode(), seed, repository="shop")


@given(order=st.permutations(range(12)))
@settings(max_examples=15)
def test_the_order_of_events_does_not_matter(judge, tmp_path_factory, order):
    events = [*RUN, *TASK, deployed("upgraded", "09:00"), incident("detected", "09:30"),
              incident("resolved", "09:40"), event("testcaserun.finished", "09:03", CASE),
              event("change.created", "08:00", {"repository": REPOSITORY}),
              event("change.reviewed", "08:05"), event("change.merged", "08:10")]  # fmt: skip
    path = tmp_path_factory.mktemp("order") / "events.json"

    def rows(chosen: list[dict[str, Any]]) -> dict[str, Any]:
        path.write_text(json.dumps(chosen), encoding="utf-8")
        found = judge(CDEVENTS, path, repository="shop")
        return {name: batch.rows.drop("source_ref").to_dicts() for name, batch in found.items()}

    assert rows([events[one] for one in order]) == rows(events)
