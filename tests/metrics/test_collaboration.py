"""Is knowledge shared while the work is done?"""

from datetime import UTC, datetime

import pytest

from devops_analytics.metrics.collaboration import (
    COLLABORATION,
    DOCS_CHANGED_WITH_CODE,
    REVIEW_COVERAGE,
)

SHOP = {"service": "shop", "repo": "shop", "path_prefix": ""}


def at(day: int) -> datetime:
    return datetime(2026, 6, day, tzinfo=UTC)


def merged(name: str, **columns: object) -> dict[str, object]:
    times = {"opened_at": at(1), "merged_at": at(5), "author": "p-1"}
    return {"repo": "shop", "change_id": name, **times, **columns}


def review(change: str, day: int, reviewer: str | None = "p-2") -> dict[str, object]:
    who = {"reviewer": reviewer, "review_id": f"{change}/{day}/{reviewer}"}
    return {"repo": "shop", "change_id": change, "at": at(day), **who}


def test_a_review_counts_when_somebody_else_gave_it_before_the_merge(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        service_repositories=[SHOP],
        changes=[merged(name) for name in ("before", "at", "after", "own", "none", "nobody known")]
        + [
            merged("column", first_review_at=at(2)),
            merged("open", merged_at=None),
            merged("bot", is_bot=True),
        ],
        reviews=[
            review("before", 4),
            review("at", 5),
            review("after", 6),
            review("own", 4, "p-1"),
            review("nobody known", 4, None),
        ],
    )
    found = observed_values(REVIEW_COVERAGE, evidence)
    assert {key.removeprefix("shop#"): value for (_, key), value in found.items()} == {
        "before": 1,
        "at": 1,
        "after": 0,
        "own": 0,
        "none": 0,
        "nobody known": 1,
        "column": 1,
    }


def test_a_repository_without_any_known_review_can_not_say(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        changes=[merged("1"), merged("2"), merged("3", repo="silent")], reviews=[review("1", 4)]
    )
    assert observed_values(REVIEW_COVERAGE, evidence) == {(None, "shop#1"): 1, (None, "shop#2"): 0}


def commit(sha: str, day: int = 1, **columns: object) -> dict[str, object]:
    return {"repo": "shop", "sha": sha, "committed_at": at(day), **columns}


def touched(sha: str, path: str, kind: str) -> dict[str, object]:
    return {"repo": "shop", "sha": sha, "path": path, "kind": kind}


def test_docs_count_with_the_commit_or_with_the_change_that_commits_name(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        service_repositories=[SHOP],
        commits=[
            commit("both"),
            commit("code only"),
            commit("docs only"),
            commit("bot", is_bot=True),
            commit("merge", is_merge=True),
            commit("part 1", 2, change_id="7"),
            commit("part 2", 3, change_id="7"),
            commit("statistics not read"),
        ],
        file_changes=[
            touched("both", "a.py", "source"),
            touched("both", "b.py", "source"),
            touched("both", "README.md", "docs"),
            touched("code only", "a.py", "source"),
            touched("code only", "test_a.py", "test"),
            touched("docs only", "README.md", "docs"),
            touched("bot", "a.py", "source"),
            touched("merge", "a.py", "source"),
            touched("part 1", "a.py", "source"),
            touched("part 2", "docs/a.md", "docs"),
        ],
    )
    assert observed_values(DOCS_CHANGED_WITH_CODE, evidence) == {
        ("shop", "shop@both"): 1,
        ("shop", "shop@code only"): 0,
        ("shop", "shop#7"): 1,
    }
    last = DOCS_CHANGED_WITH_CODE.observe(evidence).collect().filter(key="shop#7")
    assert last["at"].to_list() == [at(3)]


def test_documentation_of_a_monorepo_may_live_outside_the_folder(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        service_repositories=[{"service": "pay", "repo": "shop", "path_prefix": "pay"}],
        commits=[
            commit("a"),
            commit("b"),
            commit("code", change_id="7"),
            commit("docs", 2, change_id="7"),
        ],
        file_changes=[
            touched("a", "pay/a.py", "source"),
            touched("a", "docs/pay.md", "docs"),
            touched("b", "search/a.py", "source"),
            touched("code", "pay/a.py", "source"),
            touched("docs", "docs/pay.md", "docs"),
        ],
    )
    assert observed_values(DOCS_CHANGED_WITH_CODE, evidence) == {
        ("pay", "shop@a"): 1,
        ("pay", "shop#7"): 1,
        (None, "shop@b"): 0,
    }


@pytest.mark.parametrize("metric", COLLABORATION, ids=lambda metric: metric.id)
def test_nothing_known_gives_no_observations_of_collaboration(
    metric, evidence_of, observed_values
) -> None:
    assert observed_values(metric, evidence_of()) == {}
