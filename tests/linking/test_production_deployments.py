"""Which deployments count as production, and in what order."""

from datetime import UTC, datetime

import pytest


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, tzinfo=UTC)


def deployment(name: str, day: int, **columns: object) -> dict[str, object]:
    return {"deployment_id": name, "service": "shop", "finished_at": at(day), **columns}


def test_only_attempts_with_a_result_count_and_only_success_succeeds(linked) -> None:
    words = ("success", "failure", "error", "timeout", "cancelled", "skipped", "in_progress")
    links = linked(
        deployments=[deployment(word, 1 + i, result=word) for i, word in enumerate(words)]
    )
    found = links.deployments.select("deployment_id", "succeeded").rows()
    assert found == [("success", True), ("failure", False), ("error", False), ("timeout", False)]


def test_a_service_with_only_staging_deployments_has_none(linked) -> None:
    links = linked(deployments=[deployment("a", 1, environment_kind="staging")])
    assert links.deployments.is_empty()
    assert links.unlinked.is_empty()


def test_the_settings_decide_where_the_table_names_an_environment_without_its_kind(linked) -> None:
    links = linked(
        deployments=[
            deployment("a", 1, environment_kind=None, environment="Production-EU"),
            deployment("b", 2, environment_kind=None, environment="qa"),
            deployment("c", 3, environment_kind=None, environment=None),
        ]
    )
    assert links.deployments["deployment_id"].to_list() == ["a"]


def test_two_deployments_in_one_second_are_ordered_by_their_id(linked) -> None:
    links = linked(deployments=[deployment("b", 1), deployment("a", 1), deployment("c", 1)])
    assert links.deployments["deployment_id"].to_list() == ["a", "b", "c"]


def test_rows_are_sorted_by_service_first(linked) -> None:
    links = linked(
        deployments=[deployment("a", 2), deployment("b", 1), deployment("c", 3, service="api")]
    )
    assert links.deployments["deployment_id"].to_list() == ["c", "b", "a"]


def test_a_result_without_a_time_is_listed_and_not_counted(linked) -> None:
    links = linked(deployments=[deployment("a", 1, finished_at=None, started_at=at(1))])
    assert links.deployments.is_empty()
    assert links.unlinked.select("kind", "key", "reason").rows() == [
        ("deployment", "a", "no_finish_time")
    ]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"service": "unheard-of", "sha": "s1"}, "no_repository"),
        ({"repo": "elsewhere", "sha": "s1"}, "no_commits"),
        ({}, "no_version"),
        ({"artifact": "image:7"}, "no_version"),
        ({"sha": "gone"}, "sha_not_in_clone"),
        ({"ref": "v-gone"}, "sha_not_in_clone"),
        ({"ref": "v9"}, "ref_not_found"),
        ({"ref": "main"}, "ref_is_a_branch"),
        ({"sha": "s1"}, None),
        ({"ref": "v1"}, None),
    ],
)
def test_each_deployment_that_leads_to_no_commit_says_why(linked, columns, reason) -> None:
    links = linked(
        commits=[{"repo": "shop", "sha": "s1", "committed_at": at(1)}],
        refs=[
            {"repo": "shop", "name": "v1", "kind": "tag", "sha": "s1"},
            {"repo": "shop", "name": "v-gone", "kind": "tag", "sha": "gone"},
            {"repo": "shop", "name": "main", "kind": "branch", "sha": "s1"},
        ],
        deployments=[deployment("a", 2, **columns)],
    )
    assert links.unlinked["reason"].to_list() == ([] if reason is None else [reason])


def test_failed_attempts_need_no_commit(linked) -> None:
    links = linked(deployments=[deployment("a", 1, result="failure")])
    assert links.unlinked.is_empty()


def test_the_words_of_a_reason_name_what_was_deployed(linked) -> None:
    links = linked(
        commits=[{"repo": "shop", "sha": "s1", "committed_at": at(1)}],
        deployments=[deployment("a", 2, ref="feature-x")],
    )
    assert links.unlinked["message"].item().endswith("(feature-x)")
