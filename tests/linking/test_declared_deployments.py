"""Deployments made out of tags, releases, runs, jobs and merges."""

from datetime import UTC, datetime

import polars as pl
import pytest

from devops_analytics.errors import SettingsError
from devops_analytics.linking import declared_deployments
from devops_analytics.schema import polars_schema


def at(hour: float) -> datetime:
    return datetime(2026, 6, 1, int(hour), round(hour % 1 * 60), tzinfo=UTC)


@pytest.fixture(scope="session")
def declared(make_tables, make_settings):
    def make(rule: dict | list[dict], *, services: dict | None = None, **rows) -> pl.DataFrame:
        rules = rule if isinstance(rule, list) else [rule]
        owned = {"shop": ["shop"]} if services is None else services
        tables = make_tables(**rows)
        return declared_deployments(tables, make_settings(owned, {"deployments": rules})).collect()

    return make


def ref(name: str, *, kind: str = "tag", repo: str = "shop", **columns: object) -> dict:
    return {
        "repo": repo,
        "name": name,
        "kind": kind,
        "sha": f"sha of {name}",
        "created_at": at(1),
        **columns,
    }


def run(run_id: str, finished: float | None, **columns: object) -> dict:
    return {
        "repo": "shop",
        "run_id": run_id,
        "attempt": 1,
        "pipeline": "deploy",
        "branch": "main",
        "sha": f"sha of {run_id}",
        "finished_at": None if finished is None else at(finished),
        "result": "success",
        **columns,
    }


def test_a_tag_that_the_pattern_is_found_in_is_a_deployment_at_its_time(declared) -> None:
    rows = declared(
        {"from": "tags", "pattern": r"^v\d+$"},
        refs=[ref("v1"), ref("v2-rc1"), ref("x"), ref("v3", kind="branch")],
    )
    assert rows.schema == polars_schema("deployments")
    assert rows.select(
        "deployment_id", "service", "environment", "environment_kind", "repo", "sha", "ref",
        "finished_at", "result", "method", "source_ref",
    ).rows() == [
        (
            "shop@v1", "shop", "production", "production", "shop", "sha of v1", "v1", at(1),
            "success", "declared from tags", "rows.csv:1",
        )
    ]  # fmt: skip


def test_patterns_are_those_of_python(declared) -> None:
    # A look-ahead is checked by the settings as Python's; Polars itself knows none.
    rows = declared(
        {"from": "tags", "pattern": r"^v(?!0)\d"}, refs=[ref("v0.1"), ref("v1.0"), ref("v2.0")]
    )
    assert rows["ref"].to_list() == ["v1.0", "v2.0"]


def test_releases_leave_plain_tags_out(declared) -> None:
    rows = declared({"from": "releases"}, refs=[ref("v1"), ref("v2", kind="release")])
    assert rows["ref"].to_list() == ["v2"]
    both = declared({"from": "tags"}, refs=[ref("v1"), ref("v2", kind="release")])
    assert both["ref"].to_list() == ["v1", "v2"]


def test_a_tag_without_a_time_has_that_of_its_commit(declared) -> None:
    rows = declared(
        {"from": "tags"},
        refs=[ref("v1", created_at=None), ref("v2", created_at=None, sha="gone")],
        commits=[{"repo": "shop", "sha": "sha of v1", "committed_at": at(7)}],
    )
    assert rows["finished_at"].to_list() == [at(7), None]


@pytest.mark.parametrize(
    ("rule", "services", "expected"),
    [
        # Every service that is built from the repository.
        ({}, {"shop": ["shop"], "admin": ["shop"]}, ["admin@v1", "shop@v1"]),
        # Of a service of several repositories the repository is part of the id.
        ({}, {"shop": ["shop", "lib"]}, ["shop@lib/v1", "shop@shop/v1"]),
        ({"repository": "lib"}, {"shop": ["shop", "lib"]}, ["shop@lib/v1"]),
        # The service that the rule names, whatever it is built from.
        ({"service": "web", "repository": "lib"}, {"web": []}, ["web@v1"]),
        # A repository that no service has is left out, unless a rule names it.
        ({}, {"shop": ["shop"]}, ["shop@v1"]),
        ({"repository": "lib"}, {"shop": ["shop"]}, ["lib@v1"]),
        # Without any service, the repositories are the services.
        ({}, {}, ["lib@v1", "shop@v1"]),
        ({"environment": "staging"}, {"shop": ["shop"]}, ["shop@v1 in staging"]),
    ],
)
def test_which_services_a_rule_makes_deployments_of(declared, rule, services, expected) -> None:
    rows = declared(
        {"from": "tags", **rule}, services=services, refs=[ref("v1"), ref("v1", repo="lib")]
    )
    assert sorted(rows["deployment_id"]) == expected


def test_the_environment_s_kind_follows_the_settings(declared) -> None:
    rows = declared({"from": "tags", "environment": "uat"}, refs=[ref("v1")])
    assert rows["environment_kind"].to_list() == ["staging"]


def test_what_two_rules_make_alike_counts_once(declared) -> None:
    rows = declared(
        [{"from": "tags", "pattern": "^v"}, {"from": "tags", "pattern": "1$"}],
        refs=[ref("v1"), ref("x1")],
    )
    assert rows["deployment_id"].to_list() == ["shop@v1", "shop@x1"]


def test_a_merge_to_the_branch_is_a_deployment_of_its_commit(declared) -> None:
    def change(number: str, **columns: object) -> dict:
        return {"repo": "shop", "change_id": number, "opened_at": at(1), **columns}

    rows = declared(
        {"from": "merges", "branch": "^main$"},
        changes=[
            change("1", base="main", merged_at=at(2), merge_sha="m"),
            change("2", base="develop", merged_at=at(2)),
            change("3", base="main"),
        ],
    )
    assert rows.select("deployment_id", "sha", "finished_at", "method").rows() == [
        ("shop@merge 1", "m", at(2), "declared from merges")
    ]


# ---- Runs ---- #


def test_runs_of_the_named_pipeline_on_the_branch_are_deployments_with_their_results(
    declared,
) -> None:
    rows = declared(
        {"from": "runs", "pattern": "^deploy$", "branch": "^main$"},
        pipeline_runs=[
            run("1", 1),
            run("2", 2, result="failure"),
            run("3", 3, pipeline="test"),
            run("4", 4, branch="feature"),
            run("5", None, result="in_progress"),
            run("6", 6, branch=None),
        ],
    )
    assert rows.select("deployment_id", "sha", "finished_at", "result", "trigger").rows() == [
        ("shop@run 1", "sha of 1", at(1), "success", "pipeline"),
        ("shop@run 2", "sha of 2", at(2), "failure", "pipeline"),
        ("shop@run 5", "sha of 5", None, "in_progress", "pipeline"),
    ]


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        # Re-run three times, the third try succeeded: one deployment, at that time.
        (["failure", "failure", "success"], ("success", 3, 3)),
        # Re-run after it had succeeded: the first success is the deployment.
        (["failure", "success", "success"], ("success", 2, 2)),
        (["success", "failure", "failure"], ("success", 1, 1)),
        # Never succeeded: one failed deployment, at the last try.
        (["failure", "timeout", "error"], ("error", 3, 3)),
        (["failure", "cancelled"], ("cancelled", 2, 2)),
    ],
)
def test_a_run_re_run_is_one_deployment_dated_by_its_first_success(
    declared, attempts, expected
) -> None:
    tries = [
        run("7", number, attempt=number, result=result)
        for number, result in enumerate(attempts, start=1)
    ]
    result, attempt, hour = expected
    for rows in (tries, tries[::-1]):
        found = declared({"from": "runs", "pattern": "deploy"}, pipeline_runs=rows)
        assert found.select("deployment_id", "result", "attempt", "finished_at").rows() == [
            ("shop@run 7", result, attempt, at(hour))
        ]


def test_re_running_an_old_run_after_a_newer_one_brings_the_old_version_back(declared) -> None:
    rows = declared(
        {"from": "runs", "pattern": "deploy"},
        pipeline_runs=[
            run("1", 1),
            run("2", 2),
            run("1", 3, attempt=2),  # back to run 1's version
            run("1", 4, attempt=3),  # the same again: nothing new
            run("2", 5, attempt=2, result="failure"),
        ],
    )
    assert rows.select("deployment_id", "finished_at").sort("finished_at").rows() == [
        ("shop@run 1", at(1)),
        ("shop@run 2", at(2)),
        ("shop@run 1 attempt 2", at(3)),
    ]


def test_runs_and_jobs_need_a_pattern(declared) -> None:
    with pytest.raises(SettingsError, match=r"deployments\[1\]\.pattern: this key is missing"):
        declared([{"from": "tags"}, {"from": "runs"}])


# ---- Jobs ---- #


def job(job_id: str, name: str, finished: float | None, **columns: object) -> dict:
    return {
        "run_id": "1",
        "attempt": 1,
        "job_id": job_id,
        "repo": "shop",
        "name": name,
        "branch": "main",
        "sha": "s1",
        "finished_at": None if finished is None else at(finished),
        "result": "success",
        **columns,
    }


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (("success", "success"), ("success", at(3))),
        (("success", "skipped"), ("success", at(3))),
        (("failure", "success"), ("failure", at(3))),
        (("cancelled", "timeout"), ("timeout", at(3))),
    ],
)
def test_the_matching_jobs_of_a_run_are_one_deployment_that_needs_all_of_them(
    declared, results, expected
) -> None:
    rows = declared(
        {"from": "jobs", "pattern": "^deploy", "branch": "main"},
        pipeline_jobs=[
            job("a", "deploy eu", 2, result=results[0]),
            job("b", "deploy us", 3, result=results[1]),
            job("c", "test", 9, result="failure"),
        ],
    )
    assert rows.select("deployment_id", "sha", "result", "finished_at").rows() == [
        ("shop@job of run 1", "s1", *expected)
    ]


def test_jobs_take_repository_commit_and_branch_from_their_run_where_they_have_none(
    declared,
) -> None:
    rows = declared(
        {"from": "jobs", "pattern": "deploy", "branch": "main"},
        pipeline_jobs=[job("a", "deploy", 2, repo=None, sha=None, branch=None)],
        pipeline_runs=[run("1", 5)],
    )
    assert rows.select("service", "repo", "sha", "finished_at").rows() == [
        ("shop", "shop", "sha of 1", at(2))
    ]


def test_a_run_with_an_unfinished_job_is_not_finished(declared) -> None:
    rows = declared(
        {"from": "jobs", "pattern": "deploy"},
        pipeline_jobs=[
            job("a", "deploy eu", 2),
            job("b", "deploy us", None, result="in_progress"),
        ],
    )
    assert rows.select("result", "finished_at").rows() == [("in_progress", None)]


@pytest.mark.parametrize("origin", ["tags", "releases", "runs", "jobs", "merges"])
def test_a_rule_that_nothing_fits_makes_nothing(declared, origin) -> None:
    rule = {"from": origin, "pattern": "^no(thing)?$", "branch": "^no(where)?$"}
    rows = declared(
        rule,
        refs=[ref("v1"), ref("v2", kind="release")],
        pipeline_runs=[run("1", 1)],
        pipeline_jobs=[job("a", "deploy", 2)],
        changes=[
            {
                "repo": "shop",
                "change_id": "1",
                "opened_at": at(1),
                "merged_at": at(2),
                "base": "main",
            }
        ],
    )
    assert rows.is_empty()
    assert rows.schema == polars_schema("deployments")
