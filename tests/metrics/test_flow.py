"""How big pieces of work are, and how long they wait."""

from datetime import UTC, datetime

import polars as pl
import pytest

from devops_analytics.config import Definitions
from devops_analytics.metrics.flow import (
    BATCH_SIZE,
    CHANGE_OPEN_TIME,
    COMMITS_PER_DEPLOYMENT,
    FLOW,
    REVIEW_WAIT,
)


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, tzinfo=UTC)


def change(name: str, **columns: object) -> dict[str, object]:
    return {"repo": "shop", "change_id": name, "opened_at": at(1), "author": "p-1", **columns}


SHOP = {"service": "shop", "repo": "shop", "path_prefix": ""}


def test_batch_size_is_lines_added_and_deleted_of_merged_changes(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        service_repositories=[SHOP],
        changes=[
            change("1", merged_at=at(2), lines_added=10, lines_deleted=5),
            change("2", merged_at=at(2), lines_added=0, lines_deleted=0),
            change("3", merged_at=at(2)),  # the export doesn't say and no commit is known
            change("4", lines_added=7, lines_deleted=7),  # not merged
            change("5", merged_at=at(2), lines_added=1, lines_deleted=1, is_bot=True),
        ],
    )
    assert observed_values(BATCH_SIZE, evidence) == {("shop", "shop#1"): 15, ("shop", "shop#2"): 0}


def test_batch_size_falls_back_on_a_squashed_commit_and_on_no_other(
    evidence_of, observed_values
) -> None:
    lines = {"repo": "shop", "committed_at": at(2), "lines_added": 30, "lines_deleted": 3}
    evidence = evidence_of(
        service_repositories=[SHOP],
        changes=[
            change("1", merged_at=at(2), merge_sha="squash"),
            change("2", merged_at=at(2), merge_sha="rebased"),
            change("3", merged_at=at(2), merge_sha="merge"),
        ],
        commits=[
            lines | {"sha": "squash", "is_merge": False, "change_id": "1"},
            lines | {"sha": "rebased", "is_merge": False},  # the last of several commits
            lines | {"sha": "merge", "is_merge": True, "change_id": "3"},
        ],
    )
    assert observed_values(BATCH_SIZE, evidence) == {("shop", "shop#1"): 33}


def test_bots_are_counted_when_the_settings_say_so(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        definitions=Definitions(count_bots=True),
        changes=[change("1", merged_at=at(2), lines_added=1, lines_deleted=1, is_bot=True)],
    )
    assert observed_values(BATCH_SIZE, evidence) == {(None, "shop#1"): 2}


def test_a_change_counts_once_for_each_service_of_its_repository(
    evidence_of, observed_values
) -> None:
    """A whole-repository service, the service whose folder it touched, and no other."""
    evidence = evidence_of(
        service_repositories=[
            {"service": "all", "repo": "shop", "path_prefix": ""},
            {"service": "all", "repo": "shop", "path_prefix": "pay"},
            {"service": "pay", "repo": "shop", "path_prefix": "pay"},
            {"service": "pay", "repo": "shop", "path_prefix": "/shared/"},
            {"service": "search", "repo": "shop", "path_prefix": "search"},
        ],
        changes=[
            change("1", merged_at=at(2), merge_sha="a", lines_added=4, lines_deleted=0),
            change("2", repo="elsewhere", merged_at=at(2), lines_added=1, lines_deleted=0),
        ],
        file_changes=[
            {"repo": "shop", "sha": "a", "path": "pay/card.py", "kind": "source"},
            {"repo": "shop", "sha": "a", "path": "shared/money.py", "kind": "source"},
            {"repo": "shop", "sha": "a", "path": "searching/not_search.py", "kind": "source"},
        ],
    )
    assert observed_values(BATCH_SIZE, evidence) == {
        ("all", "shop#1"): 4,
        ("pay", "shop#1"): 4,
        (None, "elsewhere#2"): 1,
    }


def test_a_monorepo_change_of_no_service_stays_without_one(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        service_repositories=[{"service": "pay", "repo": "shop", "path_prefix": "pay"}],
        changes=[change("1", merged_at=at(2), lines_added=4, lines_deleted=0)],
    )
    assert observed_values(BATCH_SIZE, evidence) == {(None, "shop#1"): 4}


def test_commits_per_deployment_counts_what_it_was_the_first_to_carry(
    evidence_of, observed_values
) -> None:
    deployed = {"service": "shop", "succeeded": True, "method": "reported"}
    carried = {"service": "shop", "repo": "shop", "is_baseline": False, "method": "graph"}
    evidence = evidence_of(
        linked_deployments=[
            deployed | {"deployment_id": "d0", "finished_at": at(1)},
            deployed | {"deployment_id": "d1", "finished_at": at(2)},
            deployed | {"deployment_id": "d2", "finished_at": at(3)},  # the same version again
        ],
        deployed_in=[
            carried | {"sha": "old", "deployment_id": "d0", "is_baseline": True},
            carried | {"sha": "a", "deployment_id": "d1"},
            carried | {"sha": "b", "deployment_id": "d1"},
            carried | {"sha": "m", "deployment_id": "d1"},
        ],
        commits=[{"repo": "shop", "sha": "m", "committed_at": at(2), "is_merge": True}],
    )
    assert observed_values(COMMITS_PER_DEPLOYMENT, evidence) == {("shop", "d1"): 2}


def test_review_wait_runs_from_ready_to_the_first_review_by_somebody_else(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        service_repositories=[SHOP],
        changes=[
            change("1", ready_at=at(2)),
            change("2", first_review_at=at(1, 5), merged_at=at(2), closed_at=at(2)),
            change("3", ready_at=at(3)),  # reviewed as a draft
        ],
        reviews=[
            {"repo": "shop", "change_id": "1", "review_id": "1", "reviewer": "p-1", "at": at(2, 1)},
            {"repo": "shop", "change_id": "1", "review_id": "2", "reviewer": "p-2", "at": at(2, 6)},
            {"repo": "shop", "change_id": "1", "review_id": "3", "reviewer": "p-3", "at": at(2, 3)},
            {"repo": "shop", "change_id": "3", "review_id": "4", "reviewer": "p-2", "at": at(1, 4)},
        ],
    )
    # 1: 2 June 00:00 → 03:00 (the author's own remark at 01:00 is none); 2: 00:00 → 05:00;
    # 3: the review came before it was ready, so from opening: 00:00 → 04:00
    assert observed_values(REVIEW_WAIT, evidence) == {
        ("shop", "shop#1"): 3,
        ("shop", "shop#2"): 5,
        ("shop", "shop#3"): 4,
    }


def test_an_open_unreviewed_change_is_censored_and_a_merged_one_no_wait(evidence_of) -> None:
    evidence = evidence_of(
        as_of=at(11),
        changes=[
            change("open", opened_at=at(1)),
            change("merged", merged_at=at(2), closed_at=at(2)),
            change("merged, end not exported", merged_at=at(2)),
            change("given up", closed_at=at(2)),
            change("reviewed", first_review_at=at(1, 1)),
        ],
    )
    found = REVIEW_WAIT.observe(evidence).collect().sort("key")
    # open: 1 June → 11 June = 10 days = 240 h, at least
    assert found.select("key", "value", "observed", "at").rows() == [
        ("shop#open", 240.0, False, at(1)),
        ("shop#reviewed", 1.0, True, at(1)),
    ]


def test_a_repository_without_any_known_review_can_not_say_how_long_it_waits(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(changes=[change("1"), change("2", merged_at=at(2), closed_at=at(2))])
    assert observed_values(REVIEW_WAIT, evidence) == {}


def test_change_open_time_is_censored_while_open(evidence_of) -> None:
    evidence = evidence_of(
        as_of=at(3),
        changes=[
            change("merged", merged_at=at(1, 12), closed_at=at(1, 12)),
            change("open", opened_at=at(2)),
            change("given up", closed_at=at(2)),
            change("merged before it was opened", opened_at=at(2), merged_at=at(1)),
        ],
    )
    found = CHANGE_OPEN_TIME.observe(evidence).collect().sort("key")
    assert found.select("key", "value", "observed").rows() == [
        ("shop#merged", 12.0, True),
        ("shop#open", 24.0, False),
    ]


@pytest.mark.parametrize("metric", FLOW, ids=lambda metric: metric.id)
def test_nothing_known_gives_no_observations(metric, evidence_of, observed_values) -> None:
    assert observed_values(metric, evidence_of()) == {}


def test_row_order_does_not_matter(evidence_of) -> None:
    rows = [
        change(str(number), merged_at=at(2), lines_added=number, lines_deleted=0)
        for number in range(6)
    ]
    forwards = BATCH_SIZE.observe(evidence_of(changes=rows)).collect().sort("key")
    backwards = BATCH_SIZE.observe(evidence_of(changes=rows[::-1])).collect().sort("key")
    assert forwards.equals(backwards)
    assert forwards.schema["value"] == pl.Float64()
