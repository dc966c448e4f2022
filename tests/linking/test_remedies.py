"""Which deployment put which earlier one right."""

from datetime import UTC, datetime

import pytest


def at(day: int) -> datetime:
    return datetime(2026, 6, day, tzinfo=UTC)


def sequence(*versions: str | None, service: str = "shop") -> list[dict]:
    """Deployments d0, d1 … of versions that are only known as artifacts, a day apart."""
    return [
        {
            "deployment_id": f"d{i}",
            "service": service,
            "artifact": version,
            "finished_at": at(1 + i),
        }
        for i, version in enumerate(versions)
    ]


def found(links) -> list[tuple[str, str, str]]:
    return links.remedies.rows()


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        (("1", "2", "1"), [("d2", "d1")]),
        # V1 → V2 → V3 → V1 speaks against V2, the first after V1.
        (("1", "2", "3", "1"), [("d3", "d1")]),
        # Back to 2 from 3: 3 was the first after 2.
        (("1", "2", "3", "2"), [("d3", "d2")]),
        # Deploying the running version again is nothing.
        (("1", "2", "2"), []),
        # 2 is newer than the running 1: going forward again is no rollback.
        (("1", "2", "1", "2"), [("d2", "d1")]),
        # The last deployment of 1 is d2, so the second way back speaks against d3.
        (("1", "2", "1", "3", "1"), [("d2", "d1"), ("d4", "d3")]),
        # Two steps back, one after the other.
        (("1", "2", "3", "2", "1"), [("d3", "d2"), ("d4", "d1")]),
        # A deployment without a version tells nothing and is passed over.
        (("1", None, "1"), []),
        (("1", None, "2", "1"), [("d3", "d2")]),
        (("1", "2", "3"), []),
        ((None, None), []),
    ],
)
def test_a_rollback_is_an_older_version_than_the_running_one_again(
    linked, versions, expected
) -> None:
    links = linked(deployments=sequence(*versions))
    assert found(links) == [(fix, failed, "rollback") for fix, failed in expected]


def test_failed_attempts_are_no_part_of_the_sequence(linked) -> None:
    # The attempt to deploy 2 failed: 1 was running all the time.
    rows = sequence("1", "2", "1")
    rows[1]["result"] = "failure"
    assert found(linked(deployments=rows)) == []


def test_versions_are_compared_within_one_service_and_repository(linked) -> None:
    def row(name: str, day: int, repo: str, version: str) -> dict:
        return {
            "deployment_id": name,
            "service": "shop",
            "repo": repo,
            "artifact": version,
            "finished_at": at(day),
        }

    links = linked(
        deployments=[
            row("w1", 1, "web", "1"),
            row("a1", 2, "api", "5"),
            row("w2", 3, "web", "1"),
            row("a2", 4, "api", "6"),
            row("a3", 5, "api", "5"),
        ]
    )
    assert found(links) == [("a3", "a2", "rollback")]


# ---- Reverts and hotfixes ---- #


def chain(*shas: str, **marks: dict) -> list[dict]:
    """Commits one after the other, with marks such as `c={"reverts_sha": "b"}`."""
    return [
        {
            "repo": "shop",
            "sha": sha,
            "parents": [shas[i - 1]] if i else [],
            "committed_at": at(1),
            **marks.get(sha, {}),
        }
        for i, sha in enumerate(shas)
    ]


def deployed(*shas: str) -> list[dict]:
    return [
        {"deployment_id": f"d{i}", "service": "shop", "sha": sha, "finished_at": at(1 + i)}
        for i, sha in enumerate(shas)
    ]


def test_a_revert_speaks_against_the_deployment_that_carried_the_reverted_commit(linked) -> None:
    # d1 carries b, d2 carries c, d3 carries the revert of b.
    links = linked(
        commits=chain("a", "b", "c", "r", r={"reverts_sha": "b"}),
        deployments=deployed("a", "b", "c", "r"),
    )
    assert found(links) == [("d3", "d1", "revert")]


def test_a_revert_in_the_same_deployment_puts_nothing_right(linked) -> None:
    links = linked(
        commits=chain("a", "b", "r", r={"reverts_sha": "b"}), deployments=deployed("a", "r")
    )
    assert found(links) == []


def test_a_revert_of_history_puts_no_known_deployment_right(linked) -> None:
    links = linked(
        commits=chain("a", "b", "r", r={"reverts_sha": "a"}), deployments=deployed("b", "r")
    )
    assert found(links) == []


def test_a_revert_of_a_merge_is_found_in_a_part_of_a_repository(linked) -> None:
    # The merge m itself touches no file; what it brought touches the shop's folder.
    links = linked(
        services={"shop": [{"name": "shop", "path": "app"}]},
        commits=[
            *chain("a", "b"),
            {"repo": "shop", "sha": "m", "parents": ["a", "b"], "committed_at": at(1)},
            {
                "repo": "shop",
                "sha": "r",
                "parents": ["m"],
                "committed_at": at(1),
                "reverts_sha": "m",
            },
        ],
        file_changes=[
            {"repo": "shop", "sha": sha, "path": "app/x", "kind": "source"} for sha in ("b", "r")
        ],
        deployments=deployed("a", "m", "r"),
    )
    assert found(links) == [("d2", "d1", "revert")]


def test_a_hotfix_speaks_against_the_last_deployment_of_another_version(linked) -> None:
    # d2 deploys b again; the hotfix c comes with d3, so b's last deployment d2 is put right.
    links = linked(
        commits=chain("a", "b", "c", c={"subject_kind": "hotfix"}),
        deployments=deployed("a", "b", "b", "c"),
    )
    assert found(links) == [("d3", "d2", "hotfix")]


def test_a_hotfix_passes_over_deployments_of_its_own_version(linked) -> None:
    # d1 carried the hotfix b first; deploying it again remedies nothing more.
    links = linked(
        commits=chain("a", "b", b={"subject_kind": "hotfix"}), deployments=deployed("a", "b", "b")
    )
    assert found(links) == [("d1", "d0", "hotfix")]


def test_a_hotfix_in_history_is_history(linked) -> None:
    links = linked(
        commits=chain("a", "b", a={"subject_kind": "hotfix"}), deployments=deployed("a", "b")
    )
    assert found(links) == []


def test_a_change_marked_as_hotfix_marks_the_first_deployment_of_any_of_its_commits(
    linked,
) -> None:
    # Label, branch or title made request 7 a hotfix. d1 is made from its branch, so d2, which
    # carries the merge m, repairs nothing more.
    links = linked(
        commits=[
            *chain("a"),
            {"repo": "shop", "sha": "x", "parents": ["a"], "committed_at": at(1)},
            {"repo": "shop", "sha": "m", "parents": ["a", "x"], "committed_at": at(1)},
        ],
        refs=[{"repo": "shop", "name": "HEAD", "kind": "branch", "sha": "m"}],
        changes=[
            {
                "repo": "shop",
                "change_id": "7",
                "opened_at": at(1),
                "merged_at": at(1),
                "merge_sha": "m",
                "title_kind": "hotfix",
            }
        ],
        deployments=deployed("a", "x", "m"),
    )
    assert found(links) == [("d1", "d0", "hotfix")]


def test_a_hotfix_without_known_versions_speaks_against_the_deployment_before(linked) -> None:
    links = linked(
        changes=[
            {
                "repo": "shop",
                "change_id": "7",
                "opened_at": at(1),
                "merged_at": at(2),
                "title_kind": "hotfix",
            }
        ],
        deployments=sequence(None, None, None),
    )
    # Merged at the second in which d1 finished, so d1 carried it.
    assert found(links) == [("d1", "d0", "hotfix")]


def test_one_deployment_may_put_several_right_in_several_ways(linked) -> None:
    links = linked(
        commits=chain("a", "b", "c", "r", r={"reverts_sha": "b", "subject_kind": "hotfix"}),
        deployments=deployed("a", "b", "c", "r"),
    )
    assert found(links) == [("d3", "d1", "revert"), ("d3", "d2", "hotfix")]
