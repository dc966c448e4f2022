"""Which version and commit a deployment put out."""

from datetime import UTC, datetime

import pytest

SHA = "0123456789abcdef0123456789abcdef01234567"


def at(day: int) -> datetime:
    return datetime(2026, 6, day, tzinfo=UTC)


def deployment(name: str, **columns: object) -> dict[str, object]:
    return {"deployment_id": name, "service": "shop", "finished_at": at(9), **columns}


def commit(repo: str, sha: str, **columns: object) -> dict[str, object]:
    return {"repo": repo, "sha": sha, "committed_at": at(1), **columns}


def tag(name: str, sha: str | None, *, repo: str = "shop", kind: str = "tag") -> dict[str, object]:
    return {"repo": repo, "name": name, "kind": kind, "sha": sha}


@pytest.mark.parametrize(
    ("columns", "version", "sha"),
    [
        ({"sha": "s1"}, "s1", "s1"),
        ({"sha": "S1"}, "s1", "s1"),  # exports write upper case
        ({"ref": "v1"}, "s1", "s1"),
        ({"ref": "refs/tags/v1"}, "s1", "s1"),
        ({"ref": "r1"}, "s1", "s1"),  # a release
        ({"ref": SHA}, SHA, SHA),  # a full commit id in the wrong column
        ({"sha": "gone", "ref": "v1"}, "s1", "s1"),  # the history holds only the tag's
        ({"sha": "s1", "ref": "v2"}, "s1", "s1"),  # the commit says it best
        ({"sha": "gone"}, "gone", "gone"),
        ({"ref": "v9"}, "v9", None),
        ({"ref": "v-untargeted"}, "v-untargeted", None),
        ({"ref": "main"}, None, None),  # a branch names another commit every day
        ({"ref": "main", "artifact": "image:7"}, "image:7", None),
        ({"artifact": "image:7"}, "image:7", None),
        ({}, None, None),
    ],
)
def test_version_is_commit_else_ref_else_artifact(linked, columns, version, sha) -> None:
    links = linked(
        commits=[commit("shop", "s1"), commit("shop", "s2"), commit("shop", SHA)],
        refs=[
            tag("v1", "s1"),
            tag("v2", "s2"),
            tag("r1", "s1", kind="release"),
            tag("v-untargeted", None),
            tag("main", "s2", kind="branch"),
        ],
        deployments=[deployment("a", **columns)],
    )
    assert links.deployments.select("version", "sha", "repo").row(0) == (version, sha, "shop")


@pytest.mark.parametrize(
    ("columns", "repo", "reason"),
    [
        ({"sha": "w1"}, "web", None),
        ({"ref": "v1"}, "api", None),
        ({"repo": "api", "sha": "a1"}, "api", None),
        ({"sha": "shared"}, None, "repository_unknown"),  # in both
        ({"sha": "gone"}, None, "repository_unknown"),  # in neither
        ({"repo": "third", "sha": "t1"}, "third", None),  # its own word counts
    ],
)
def test_a_service_of_several_repositories_is_deployed_from_the_one_that_holds_the_version(
    linked, columns, repo, reason
) -> None:
    links = linked(
        services={"shop": ["web", "api"]},
        commits=[
            commit("web", "w1"),
            commit("api", "a1"),
            commit("third", "t1"),
            commit("web", "shared"),
            commit("api", "shared"),
        ],
        refs=[tag("v1", "a1", repo="api")],
        deployments=[deployment("a", **columns)],
    )
    assert links.deployments["repo"].item() == repo
    reasons = links.unlinked.filter(kind="deployment")["reason"].to_list()
    assert reasons == ([] if reason is None else [reason])


def test_repositories_may_come_from_the_table_as_well_as_from_the_settings(linked) -> None:
    links = linked(
        services={},
        service_repositories=[{"service": "shop", "repo": "web", "path_prefix": ""}],
        commits=[commit("web", "w1")],
        deployments=[deployment("a", sha="w1")],
    )
    assert links.deployments["repo"].item() == "web"
    assert links.deployed_in["sha"].to_list() == ["w1"]
