"""Branches, merges to the trunk, and releases."""

from datetime import UTC, datetime

import pytest

from devops_analytics.config import Definitions
from devops_analytics.metrics.flow_trunk import (
    BRANCH_LIFE,
    MERGES_TO_TRUNK,
    OPEN_BRANCHES,
    RELEASE_INTERVAL,
)

SHOP = {"service": "shop", "repo": "shop", "path_prefix": ""}


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, tzinfo=UTC)


def commit(sha: str, day: int, *parents: str, **columns: object) -> dict[str, object]:
    usual = {"repo": "shop", "sha": sha, "parents": list(parents), "committed_at": at(day)}
    return {**usual, **columns}


def ref(name: str, sha: str | None, kind: str = "branch", **columns: object) -> dict[str, object]:
    return {"repo": "shop", "name": name, "kind": kind, "sha": sha, **columns}


# root - a --- m - b        m merges x and y; b is the head
#     \_ x - y _/
HISTORY = [
    commit("root", 1),
    commit("a", 2, "root"),
    commit("x", 3, "root"),
    commit("y", 4, "x"),
    commit("m", 6, "a", "y", is_merge=True),
    commit("b", 7, "m"),
]


def test_a_branch_lives_from_its_first_commit_to_its_merge(evidence_of, observed_values) -> None:
    evidence = evidence_of(service_repositories=[SHOP], commits=HISTORY, refs=[ref("HEAD", "b")])
    # x on 3 June → merged on 6 June = 72 h
    assert observed_values(BRANCH_LIFE, evidence) == {("shop", "shop@m"): 72}


def test_branches_of_bots_and_clocks_that_run_backwards_are_left_out(
    evidence_of, observed_values
) -> None:
    of_a_bot = [row | {"is_bot": row["sha"] in {"x", "y"}} for row in HISTORY]
    assert observed_values(BRANCH_LIFE, evidence_of(commits=of_a_bot)) == {}
    counted = evidence_of(commits=of_a_bot, definitions=Definitions(count_bots=True))
    assert observed_values(BRANCH_LIFE, counted) == {(None, "shop@m"): 72}
    backwards = [row | {"committed_at": at(1)} if row["sha"] == "m" else row for row in HISTORY]
    assert observed_values(BRANCH_LIFE, evidence_of(commits=backwards)) == {}


def test_a_branch_belongs_to_the_services_whose_folders_it_touched(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        service_repositories=[
            {"service": "pay", "repo": "shop", "path_prefix": "pay"},
            {"service": "web", "repo": "shop", "path_prefix": "web"},
        ],
        commits=HISTORY,
        file_changes=[
            {"repo": "shop", "sha": "y", "path": "pay/card.py", "kind": "source"},
            {"repo": "shop", "sha": "b", "path": "web/page.py", "kind": "source"},
        ],
    )
    assert observed_values(BRANCH_LIFE, evidence) == {("pay", "shop@m"): 72}


def test_the_trunks_own_commits_are_merges_to_it(evidence_of, observed_values) -> None:
    evidence = evidence_of(commits=HISTORY, refs=[ref("HEAD", "b")])
    assert {key for _, key in observed_values(MERGES_TO_TRUNK, evidence)} == {
        "shop@root",
        "shop@a",
        "shop@m",
        "shop@b",
    }
    without_graph = [row | {"parents": None} for row in HISTORY]
    assert observed_values(MERGES_TO_TRUNK, evidence_of(commits=without_graph)) == {}


def test_a_branch_is_open_where_the_trunk_does_not_hold_its_last_commit(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        commits=[*HISTORY, commit("tagged", 5, "x")],
        refs=[
            ref("HEAD", "b"),
            ref("main", "b"),
            ref("merged", "y"),
            ref("gone on", "not in the clone"),
            ref("origin/gone on", "not in the clone"),
            ref("kept by a tag", "tagged"),
            ref("v1", "tagged", "tag"),
            {"repo": "other", "name": "feature", "kind": "branch", "sha": "f"},
        ],
    )
    assert observed_values(OPEN_BRANCHES, evidence) == {
        (None, "shop@main"): 0,
        (None, "shop@merged"): 0,
        (None, "shop@gone on"): 1,
        (None, "shop@kept by a tag"): 1,
    }


def test_a_release_lasts_until_the_next_one_and_the_last_is_censored(evidence_of) -> None:
    evidence = evidence_of(
        as_of=at(20),
        service_repositories=[SHOP],
        commits=[commit("a", 2), commit("c", 9)],
        refs=[
            ref("v1.0", "a", "tag"),  # no annotated tag: dated by its commit
            ref("v1.1", "b", "tag", created_at=at(5)),
            ref("v1.1", None, "release", created_at=at(5)),  # the record of the same release
            ref("v1.2-rc1", "c", "tag", created_at=at(8)),
            ref("v1.2", "c", "tag", created_at=at(9)),
            ref("latest", "c", "tag", created_at=at(10)),
            ref("web-3", "d", "tag", created_at=at(6)),
            ref("v9", "unknown", "tag"),
        ],
    )
    found = RELEASE_INTERVAL.observe(evidence).collect().sort("at")
    assert found.select("key", "value", "observed").rows() == [
        ("shop@v1.0", 72.0, True),
        ("shop@v1.1", 96.0, True),
        ("shop@web-3", 14 * 24.0, False),
        ("shop@v1.2", 11 * 24.0, False),
    ]


@pytest.mark.parametrize("metric", [BRANCH_LIFE, MERGES_TO_TRUNK, OPEN_BRANCHES, RELEASE_INTERVAL])
def test_nothing_known_gives_no_observations(metric, evidence_of, observed_values) -> None:
    assert observed_values(metric, evidence_of()) == {}
