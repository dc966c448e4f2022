"""Is every change built and tested, does it pass, how long does it take?"""

from datetime import UTC, datetime

import pytest

from devops_analytics.metrics.pipelines import (
    DEPLOYMENTS_BY_PIPELINE,
    PIPELINE_DURATION,
    PIPELINE_SUCCESS_RATE,
    PIPELINES,
    RE_RUN_SHARE,
    TRUNK_COMMITS_TESTED,
)

SHOP = {"service": "shop", "repo": "shop", "path_prefix": ""}


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 6, 1, hour, minute, tzinfo=UTC)


def run(name: str, result: str = "success", **columns: object) -> dict[str, object]:
    usual = {"attempt": 1, "branch": "main", "started_at": at(8), "finished_at": at(9)}
    return {"repo": "shop", "run_id": name, "result": result, **usual, **columns}


def commit(sha: str, *parents: str, **columns: object) -> dict[str, object]:
    usual = {"repo": "shop", "sha": sha, "parents": list(parents), "committed_at": at(1)}
    return {**usual, **columns}


def ref(name: str, sha: str) -> dict[str, object]:
    return {"repo": "shop", "name": name, "kind": "branch", "sha": sha}


def test_success_rate_counts_verdicts_on_the_trunk(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        service_repositories=[SHOP],
        pipeline_runs=[
            run("green"),
            run("red", "failure"),
            run("broken", "error"),
            run("slow", "timeout"),
            run("stopped", "cancelled"),
            run("passed over", "skipped"),
            run("going", "in_progress", finished_at=None),
            run("strange", "unknown"),
            run("branch", branch="feature"),
            run("fork", branch="main", trigger="pull_request"),
            run("no branch", branch=None),
        ],
    )
    assert observed_values(PIPELINE_SUCCESS_RATE, evidence) == {
        ("shop", "shop/green/1"): 1,
        ("shop", "shop/red/1"): 0,
        ("shop", "shop/broken/1"): 0,
        ("shop", "shop/slow/1"): 0,
    }


def test_a_run_re_run_three_times_counts_each_verdict(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        pipeline_runs=[
            run("1", "failure", attempt=1),
            run("1", "failure", attempt=2),
            run("1", "success", attempt=3),
        ]
    )
    assert sum(observed_values(PIPELINE_SUCCESS_RATE, evidence).values()) == 1
    assert len(observed_values(PIPELINE_SUCCESS_RATE, evidence)) == 3
    assert observed_values(RE_RUN_SHARE, evidence) == {(None, "shop/1"): 1}


def test_the_trunk_is_the_branch_at_head_where_refs_tell_it(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        refs=[ref("HEAD", "a"), ref("origin/dev", "a"), ref("main", "b")],
        pipeline_runs=[run("dev", branch="dev"), run("main", branch="main")],
    )
    assert observed_values(PIPELINE_SUCCESS_RATE, evidence) == {(None, "shop/dev/1"): 1}


def test_a_fresh_branch_at_head_is_not_taken_for_the_trunk(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        refs=[ref("HEAD", "a"), ref("main", "a"), ref("feature", "a")],
        pipeline_runs=[run("feature", branch="feature"), run("main", branch="main")],
    )
    assert observed_values(PIPELINE_SUCCESS_RATE, evidence) == {(None, "shop/main/1"): 1}


def test_duration_is_from_start_to_verdict(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        pipeline_runs=[
            run("quarter", queued_at=at(7), started_at=at(8), finished_at=at(8, 15)),
            run("red, on a branch", "failure", branch="feature", finished_at=at(10)),
            run("stopped", "cancelled"),
            run("never started", started_at=None),
            run("clock ran backwards", finished_at=at(7)),
        ]
    )
    assert observed_values(PIPELINE_DURATION, evidence) == {
        (None, "shop/quarter/1"): 0.25,
        (None, "shop/red, on a branch/1"): 2,
    }


def test_a_source_that_never_shows_a_second_attempt_can_not_say(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        pipeline_runs=[
            run("1", source="table:a.csv"),
            run("2", source="github:b.json", attempt=1),
            run("3", source="github:b.json", attempt=2),  # only the last attempt is exported
        ]
    )
    assert observed_values(RE_RUN_SHARE, evidence) == {(None, "shop/2"): 0, (None, "shop/3"): 1}


def test_trunk_commits_are_the_first_parents_of_head(evidence_of, observed_values) -> None:
    """The commits are a ← m ← b, where m merged side; b and m are tested, a only cancelled."""
    evidence = evidence_of(
        service_repositories=[SHOP],
        refs=[ref("HEAD", "b")],
        commits=[
            commit("a"),
            commit("side", "a"),
            commit("m", "a", "side"),
            commit("b", "m"),
            commit("unmerged", "b"),
        ],
        pipeline_runs=[
            run("1", sha="b"),
            run("2", "failure", sha="m"),
            run("3", "cancelled", sha="a"),
            run("4", sha="side"),
        ],
    )
    assert observed_values(TRUNK_COMMITS_TESTED, evidence) == {
        ("shop", "shop@b"): 1,
        ("shop", "shop@m"): 1,
        ("shop", "shop@a"): 0,
    }


def test_without_head_the_longest_chain_is_the_trunk(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        refs=[ref("HEAD", "made after as-of")],
        commits=[commit("c", "b"), commit("branch", "a"), commit("a"), commit("b", "a")],
        pipeline_runs=[run("1", sha="c")],
    )
    assert observed_values(TRUNK_COMMITS_TESTED, evidence) == {
        (None, "shop@c"): 1,
        (None, "shop@b"): 0,
        (None, "shop@a"): 0,
    }


def test_repositories_without_runs_or_graph_are_left_out(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        commits=[commit("a", repo="never built"), commit("a", repo="no graph", parents=None)],
        pipeline_runs=[run("1", repo="no graph", sha="a"), run("2", repo="no commits", sha="a")],
    )
    assert observed_values(TRUNK_COMMITS_TESTED, evidence) == {}


def test_a_commit_of_a_monorepo_belongs_to_the_folders_it_touched(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        service_repositories=[
            {"service": "pay", "repo": "shop", "path_prefix": "pay"},
            {"service": "search", "repo": "shop", "path_prefix": "search"},
        ],
        refs=[ref("HEAD", "b")],
        commits=[commit("a"), commit("b", "a")],
        file_changes=[
            {"repo": "shop", "sha": "a", "path": "pay/x.py", "kind": "source"},
            {"repo": "shop", "sha": "a", "path": "pay/y.py", "kind": "source"},
            {"repo": "shop", "sha": "a", "path": "search/x.py", "kind": "source"},
        ],
        pipeline_runs=[run("1", sha="a")],
    )
    assert observed_values(TRUNK_COMMITS_TESTED, evidence) == {
        ("pay", "shop@a"): 1,
        ("search", "shop@a"): 1,
        (None, "shop@b"): 0,
    }


def test_deployments_by_pipeline_leaves_out_what_does_not_say(evidence_of, observed_values) -> None:
    triggers = {"ci": "pipeline", "nightly": "schedule", "hand": "person", "silent": None}
    evidence = evidence_of(
        deployments=[
            {
                "deployment_id": name,
                "service": "shop",
                "result": "success",
                "method": "reported",
                "trigger": trigger,
            }
            for name, trigger in triggers.items()
        ],
        linked_deployments=[
            {
                "deployment_id": name,
                "service": "shop",
                "finished_at": at(9),
                "succeeded": True,
                "method": "reported",
            }
            for name in triggers
        ],
    )
    assert observed_values(DEPLOYMENTS_BY_PIPELINE, evidence) == {
        ("shop", "ci"): 1,
        ("shop", "nightly"): 1,
        ("shop", "hand"): 0,
    }


@pytest.mark.parametrize("metric", PIPELINES, ids=lambda metric: metric.id)
def test_nothing_known_gives_no_observations_of_pipelines(
    metric, evidence_of, observed_values
) -> None:
    assert observed_values(metric, evidence_of()) == {}
