"""Infrastructure: under code since when, changed by which way, and as its code says."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from devops_analytics import Workspace
from devops_analytics.metrics.infrastructure import (
    BASE_IMAGE_AGE,
    INFRASTRUCTURE,
    INFRASTRUCTURE_CHANGES_BY_MERGE,
    INFRASTRUCTURE_DRIFT,
    MODULE_AGE,
    REPOSITORIES_UNDER_CODE,
    SERVICES_UNDER_CODE,
)
from devops_analytics.metrics.metric import Evidence, Observations

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)


def june(day: int) -> datetime:
    return datetime(2026, 6, day, tzinfo=UTC)


def commit(sha: str, day: int, repo: str = "shop", **columns: Any) -> dict[str, Any]:
    return {"repo": repo, "sha": sha, "committed_at": june(day), **columns}


def touched(sha: str, path: str, kind: str, repo: str = "shop") -> dict[str, Any]:
    return {"repo": repo, "sha": sha, "path": path, "kind": kind}


def values(metric, evidence: Evidence, *, at: datetime | None = None) -> dict[Any, float]:
    found = Observations.validate(metric.observe(evidence).collect())
    if at is not None:
        found = found.filter(at=at)
    return {(row["service"], row["key"]): row["value"] for row in found.iter_rows(named=True)}


def test_a_repository_is_under_code_from_the_commit_that_first_touched_such_a_file(
    evidence_of,
) -> None:
    evidence = evidence_of(
        service_repositories=[{"service": "web", "repo": "shop", "path_prefix": ""}],
        commits=[
            commit("a", 1), commit("b", 17),
            commit("c", 1, "library"),
            commit("d", 1, "without statistics"),
        ],
        file_changes=[
            touched("a", "main.py", "source"), touched("b", "Dockerfile", "infrastructure"),
            touched("c", "main.py", "source", "library"),
        ],
    )  # fmt: skip
    found = REPOSITORIES_UNDER_CODE.observe(evidence).collect()
    shop = found.filter(key="shop").sort("at").select(pl.col("at").dt.day(), "value").rows()
    # The ends of weeks (Sundays) from the first commit on, the month's end, and now.
    assert shop == [(7, 0), (14, 0), (21, 1), (28, 1), (30, 1), (1, 1)]
    assert values(REPOSITORIES_UNDER_CODE, evidence, at=AS_OF) == {
        ("web", "shop"): 1.0,
        (None, "library"): 0.0,
    }


def test_where_the_head_was_looked_at_only_what_is_there_counts(evidence_of) -> None:
    evidence = evidence_of(
        commits=[commit("a", 1), commit("b", 1, "site")],
        file_changes=[
            touched("a", "deploy.yaml", "config"),
            touched("a", "Dockerfile", "infrastructure"),
            touched("b", "Dockerfile", "infrastructure", "site"),
        ],
        infrastructure_files=[
            {"repo": "shop", "path": "deploy.yaml", "tool": "kubernetes", "found_by": "content",
             "at": june(30)},
        ],
    )  # fmt: skip
    # deploy.yaml is Kubernetes by its content, and so it was when it was first touched.
    assert set(values(REPOSITORIES_UNDER_CODE, evidence).values()) == {1.0}


def test_a_service_of_a_monorepo_has_what_is_in_its_folder_or_in_nobodys(evidence_of) -> None:
    parts = [
        {"service": name, "repo": "mono", "path_prefix": f"apps/{name}"} for name in ("a", "ab")
    ]
    known = {"commits": [commit("1", 1, "mono")], "service_repositories": parts}
    own = [touched("1", "apps/a/Dockerfile", "infrastructure", "mono")]
    evidence = evidence_of(file_changes=own, **known)
    assert values(SERVICES_UNDER_CODE, evidence, at=AS_OF) == {("a", "a"): 1.0, ("ab", "ab"): 0.0}
    shared = [touched("1", "terraform/main.tf", "infrastructure", "mono")]
    evidence = evidence_of(file_changes=shared, **known)
    assert values(SERVICES_UNDER_CODE, evidence, at=AS_OF) == {("a", "a"): 1.0, ("ab", "ab"): 1.0}


def test_a_service_without_a_known_repository_is_left_out(evidence_of) -> None:
    evidence = evidence_of(
        service_repositories=[
            {"service": "web", "repo": "shop", "path_prefix": ""},
            {"service": "bought", "repo": "elsewhere", "path_prefix": ""},
        ],
        commits=[commit("a", 1)],
        file_changes=[touched("a", "main.py", "source")],
    )
    assert values(SERVICES_UNDER_CODE, evidence, at=AS_OF) == {("web", "web"): 0.0}


def test_changes_came_by_merge_where_a_change_is_named_or_a_merge_brought_them_in(
    evidence_of,
) -> None:
    """The trunk is pushed ← squashed ← rebased ← merge; the merge brings in `side`."""
    commits = [
        commit("pushed", 1, parents=[]),
        commit("squashed", 2, parents=["pushed"], change_id="7"),
        commit("rebased", 3, parents=["squashed"]),
        commit("side", 4, parents=["rebased"]),
        commit("merge", 5, parents=["rebased", "side"], is_merge=True),
        commit("by bot", 6, parents=["merge"], is_bot=True),
        commit("software", 7, parents=["by bot"]),
        commit("not merged", 8, parents=["software"]),
        commit("no graph", 8, "other"),
    ]
    evidence = evidence_of(
        commits=commits,
        file_changes=[
            touched(c["sha"], "main.tf", "infrastructure", c["repo"])
            for c in commits
            if c["sha"] != "software"
        ],
        refs=[{"repo": "shop", "kind": "branch", "name": "HEAD", "sha": "software"}],
        changes=[
            {"repo": "shop", "change_id": "8", "opened_at": june(1), "merged_at": june(3),
             "merge_sha": "rebased"},
        ],
    )  # fmt: skip
    assert values(INFRASTRUCTURE_CHANGES_BY_MERGE, evidence) == {
        (None, "shop@pushed"): 0.0,
        (None, "shop@squashed"): 1.0,
        (None, "shop@rebased"): 1.0,
        (None, "shop@side"): 1.0,
    }


def plan(name: str, **columns: Any) -> dict[str, Any]:
    return {
        "plan_id": name, "kind": "plan", "tool": "terraform", "at": june(10), "drifted": 0,
        "succeeded": True, **columns,
    }  # fmt: skip


def test_a_plan_that_does_not_tell_is_no_plan_without_drift(evidence_of) -> None:
    evidence = evidence_of(
        service_repositories=[{"service": "web", "repo": "infra", "path_prefix": ""}],
        infrastructure_plans=[
            plan("clean", service="web"),
            plan("drifted", repo="infra", drifted=2),
            plan("of nobody", succeeded=None),
            plan("failed", succeeded=False),
            plan("does not say", drifted=None),
            plan("a state", kind="state"),
            plan("undated", at=None),
        ],
    )
    assert values(INFRASTRUCTURE_DRIFT, evidence) == {
        ("web", "clean"): 0.0,
        ("web", "drifted"): 1.0,
        (None, "of nobody"): 0.0,
    }


def test_images_and_modules_are_told_apart_by_their_package_urls(evidence_of) -> None:
    purls = ("pkg:oci/debian@12", "pkg:docker/library/nginx@1.27", "pkg:npm/docker@1",
             "pkg:terraform/aws/vpc@5", "pkg:helm/redis@19")  # fmt: skip
    evidence = evidence_of(components=[{"repo": "r", "purl": p, "at": june(1)} for p in purls])
    assert {key for _, key in values(BASE_IMAGE_AGE, evidence)} == {
        "r pkg:oci/debian@12",
        "r pkg:docker/library/nginx@1.27",
    }
    assert {key for _, key in values(MODULE_AGE, evidence)} == {
        "r pkg:terraform/aws/vpc@5",
        "r pkg:helm/redis@19",
    }


@pytest.mark.parametrize("metric", INFRASTRUCTURE, ids=lambda metric: metric.id)
def test_nothing_in_gives_nothing_out(metric, evidence_of) -> None:
    assert Observations.validate(metric.observe(evidence_of()).collect()).is_empty()


def test_plans_without_a_service_are_a_feed_of_the_organisation() -> None:
    rows = [plan(f"p{n}", at=june(n), drifted=int(n > 6)) for n in range(1, 9)]
    trace = {"source": "terraform:plans", "source_ref": "plans:1"}
    workspace = Workspace.from_frames(
        {"infrastructure_plans": pl.DataFrame([trace | row for row in rows])}, as_of=june(10)
    )
    found = workspace.measure("2026-06", metrics=["infrastructure_drift"]).row(0, named=True)
    assert (found["numerator"], found["n"], found["status"]) == (2, 8, "ok")
