"""How long a change takes from commit to production."""

from datetime import UTC, datetime, timedelta

import pytest

from devops_analytics.metrics.delivery import negative_lead_times
from devops_analytics.metrics.lead_time import (
    CHANGE_LEAD_TIME,
    CHANGE_LEAD_TIME_BY_CHANGE,
    CHANGE_LEAD_TIME_FROM_AUTHORED,
)

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
BASE = datetime(2026, 6, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return BASE + timedelta(hours=hours)


def commit(sha: str, parent: str | None, hours: float, **columns: object) -> dict:
    return {
        "sha": sha,
        "parents": [parent] if parent else [],
        "committed_at": at(hours),
        **columns,
    }


def deployment(name: str, sha: str, hours: float, **columns: object) -> dict:
    return {"deployment_id": name, "sha": sha, "finished_at": at(hours), **columns}


HEAD = {"repo": "shop", "name": "HEAD", "kind": "branch"}


def test_hours_from_commit_to_the_end_of_the_deployment_without_history(
    linked_evidence, found
) -> None:
    # a is history; b waited 10 - 4 = 6 h, c 10 - 9.5 = 0.5 h.
    evidence = linked_evidence(
        commits=[commit("a", None, 0), commit("b", "a", 4), commit("c", "b", 9.5)],
        deployments=[deployment("d1", "a", 2), deployment("d2", "c", 10)],
    )
    assert found(CHANGE_LEAD_TIME, evidence) == [
        ("shop@b", at(10), 6.0, True),
        ("shop@c", at(10), 0.5, True),
    ]


def test_zero_is_kept_and_a_negative_time_is_left_out_and_counted(linked_evidence, found) -> None:
    # b is committed at the second of its deployment, c an hour after it: a clock ran wrong.
    evidence = linked_evidence(
        commits=[commit("a", None, 0), commit("b", "a", 10), commit("c", "b", 11)],
        deployments=[deployment("d1", "a", 2), deployment("d2", "c", 10)],
    )
    assert found(CHANGE_LEAD_TIME, evidence) == [("shop@b", at(10), 0.0, True)]
    assert negative_lead_times(evidence).collect().select("key", "value").rows() == [
        ("shop@c", -1.0)
    ]


def test_merges_and_bots_are_left_out_unless_the_definitions_count_them(
    linked_evidence, found
) -> None:
    rows = {
        "commits": [
            commit("a", None, 0),
            commit("b", "a", 4, is_bot=True),
            commit("c", "b", 5, is_merge=True),
            commit("d", "c", 6, is_merge=False, is_bot=False),
        ],
        "deployments": [deployment("d1", "a", 2), deployment("d2", "d", 10)],
    }

    def keys(**definitions: bool) -> list[str]:
        evidence = linked_evidence(definitions=definitions, **rows)
        return [row[0] for row in found(CHANGE_LEAD_TIME, evidence)]

    assert keys() == ["shop@d"]
    assert keys(count_bots=True) == ["shop@b", "shop@d"]
    assert keys(count_merge_commits=True) == ["shop@c", "shop@d"]


def test_a_rebased_commit_counts_from_the_rebase_and_from_its_writing_in_the_variant(
    linked_evidence, found
) -> None:
    # Written at hour 3, rebased at hour 9, deployed at hour 10: 1 h, or 7 h from its writing.
    rows = {
        "commits": [commit("a", None, 0), commit("b", "a", 9, authored_at=at(3))],
        "deployments": [deployment("d1", "a", 2), deployment("d2", "b", 10)],
    }
    evidence = linked_evidence(**rows)
    assert found(CHANGE_LEAD_TIME, evidence) == [("shop@b", at(10), 1.0, True)]
    assert found(CHANGE_LEAD_TIME_FROM_AUTHORED, evidence) == [("shop@b", at(10), 7.0, True)]
    chosen = linked_evidence(definitions={"lead_time_start": "authored_at"}, **rows)
    assert found(CHANGE_LEAD_TIME, chosen) == [("shop@b", at(10), 7.0, True)]


def test_what_waits_on_the_trunk_is_censored_at_as_of(linked_evidence, found) -> None:
    # b waits since hour 4; as of hour 100 that is at least 96 h.
    evidence = linked_evidence(
        as_of=at(100),
        commits=[commit("a", None, 0), commit("b", "a", 4), commit("x", "a", 5)],
        refs=[HEAD | {"sha": "b"}],
        deployments=[deployment("d1", "a", 2)],
    )
    assert found(CHANGE_LEAD_TIME, evidence) == [("shop@b", at(4), 96.0, False)]


def test_a_wait_is_known_until_the_next_deployment_of_unknown_content(
    linked_evidence, found
) -> None:
    # At hour 30 a branch image went out that may have carried b: b is known to wait for 26 h only.
    evidence = linked_evidence(
        as_of=at(100),
        commits=[commit("a", None, 0), commit("b", "a", 4)],
        deployments=[
            deployment("d1", "a", 2),
            deployment("d2", "branch-image", 3),  # before the commit
            deployment("d3", "branch-image", 20, result="failure"),
            deployment("d4", "branch-image", 25, service="api"),
            deployment("d5", "branch-image", 30),
        ],
    )
    assert found(CHANGE_LEAD_TIME, evidence) == [("shop@b", at(4), 26.0, False)]


def test_a_commit_of_two_services_counts_for_each(linked_evidence) -> None:
    evidence = linked_evidence(
        services={"shop": ["shop"], "admin": ["shop"]},
        commits=[commit("a", None, 0), commit("b", "a", 4)],
        deployments=[
            deployment("s1", "a", 2),
            deployment("s2", "b", 5),
            deployment("a1", "a", 2, service="admin"),
            deployment("a2", "b", 8, service="admin"),
        ],
    )
    rows = CHANGE_LEAD_TIME.observe(evidence).collect().sort("service")
    assert rows.select("service", "value").rows() == [("admin", 4.0), ("shop", 1.0)]


def test_a_period_without_deployments_has_no_rows(linked_evidence, found) -> None:
    evidence = linked_evidence(commits=[commit("a", None, 0)])
    assert found(CHANGE_LEAD_TIME, evidence) == []


# ---- By change ---- #


def change(number: str, opened: float, merged: float | None, **columns: object) -> dict:
    return {
        "change_id": number,
        "opened_at": at(opened),
        "merged_at": None if merged is None else at(merged),
        **columns,
    }


@pytest.mark.parametrize(
    ("commit_hour", "expected"),
    [
        (4, 16.0),  # written at 4, opened at 6: 20 - 4
        (9, 14.0),  # opened first, committed later: 20 - 6
    ],
)
def test_a_change_counts_from_its_first_commit_or_its_opening(
    linked_evidence, found, commit_hour, expected
) -> None:
    evidence = linked_evidence(
        commits=[
            commit("a", None, 0),
            commit("x", "a", commit_hour, change_id="1"),
            commit("y", "x", 10, change_id="1"),
        ],
        changes=[change("1", 6, 11, merge_sha="y")],
        deployments=[deployment("d1", "a", 2), deployment("d2", "y", 20)],
    )
    assert found(CHANGE_LEAD_TIME_BY_CHANGE, evidence) == [("shop#1", at(20), expected, True)]


def test_a_merged_change_that_is_not_deployed_is_censored_and_one_of_a_bot_left_out(
    linked_evidence, found
) -> None:
    rows = {
        "as_of": at(100),
        "commits": [commit("a", None, 0), commit("b", "a", 8), commit("c", "b", 9)],
        "changes": [
            change("1", 6, 8, merge_sha="b"),
            change("2", 6, 9, merge_sha="c", is_bot=True),
            change("3", 6, None),
        ],
        "deployments": [deployment("d1", "a", 2)],
    }
    expected = [("shop#1", at(6), 94.0, False)]
    assert found(CHANGE_LEAD_TIME_BY_CHANGE, linked_evidence(**rows)) == expected
    with_bots = linked_evidence(definitions={"count_bots": True}, **rows)
    assert len(found(CHANGE_LEAD_TIME_BY_CHANGE, with_bots)) == 2
