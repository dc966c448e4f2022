"""Where a change spends its time: the stages of one change always add up."""

from datetime import UTC, datetime, timedelta

import pytest

from devops_analytics.metrics.lead_time_stages import LEAD_TIME_STAGES, lead_time_stages

BASE = datetime(2026, 6, 1, tzinfo=UTC)
POINTS = ("opened", "ready", "first_review", "approved", "merged")
STAGES = ("coding", "draft", "pickup", "review", "merge", "deploy", "unaccounted", "total")


def at(hours: float) -> datetime:
    return BASE + timedelta(hours=hours)


def one_change(linked_evidence, *, first_commit: float | None, deployed: float | None, **points):
    """Evidence with one request; it is deployed by its merging commit m."""
    commits = [
        {"sha": "a", "committed_at": at(0)},
        {"sha": "m", "parents": ["a"], "committed_at": at(points["merged"])},
    ]
    if first_commit is not None:
        commits.append(
            {"sha": "x", "parents": ["a"], "committed_at": at(first_commit), "change_id": "1"}
        )
    deployments = [{"deployment_id": "d1", "sha": "a", "finished_at": at(1)}]
    if deployed is not None:
        deployments.append({"deployment_id": "d2", "sha": "m", "finished_at": at(deployed)})
    times = {f"{name}_at": at(hours) for name, hours in points.items() if hours is not None}
    return linked_evidence(
        as_of=at(100),
        commits=commits,
        changes=[{"change_id": "1", "merge_sha": "m", **times}],
        deployments=deployments,
    )


@pytest.mark.parametrize(
    ("first_commit", "points", "expected"),
    [
        # Every point is known: 10→12→13→16→20→21→30.
        (10, (12, 13, 16, 20, 21), (2, 1, 3, 4, 1, 9, 0, 20)),
        # Never a draft: ready when opened.
        (10, (12, None, 16, 20, 21), (2, 0, 4, 4, 1, 9, 0, 20)),
        # No review is known: the 9 h from ready at 12 to the merge at 21 are unaccounted.
        (10, (12, 12, None, None, 21), (2, 0, None, None, None, 9, 9, 20)),
        # Only the approval is missing: 16 → 21 is unaccounted.
        (10, (12, 12, 16, None, 21), (2, 0, 4, None, None, 9, 5, 20)),
        # Squashed: no commit before the opening is known, so coding isn't; the total is 30 - 12.
        (None, (12, 13, 16, 20, 21), (None, 1, 3, 4, 1, 9, 0, 18)),
        # Reviewed at 13 while a draft until 15: the review counts as made at 15.
        (10, (12, 15, 13, 20, 21), (2, 3, 0, 5, 1, 9, 0, 20)),
        # Approved at 25, after the merge: no part of the way. 16 → 21 is unaccounted.
        (10, (12, 12, 16, 25, 21), (2, 0, 4, None, None, 9, 5, 20)),
        # Deployed from the branch at 30, merged at 40 only: 20 → 30 is unaccounted.
        (10, (12, 12, 16, 20, 40), (2, 0, 4, 4, None, None, 10, 20)),
    ],
)
def test_stages_and_the_unaccounted_rest_add_up_to_the_total(
    linked_evidence, first_commit, points, expected
) -> None:
    evidence = one_change(
        linked_evidence,
        first_commit=first_commit,
        deployed=30,
        **dict(zip(POINTS, points, strict=True)),
    )
    row = lead_time_stages(evidence).collect().row(0, named=True)
    assert tuple(row[f"{stage}_hours"] for stage in STAGES) == expected
    assert row["at"] == at(30)
    known = [row[f"{stage}_hours"] for stage in STAGES[:-1]]
    assert sum(hours for hours in known if hours is not None) == row["total_hours"]


def test_each_stage_is_a_metric_over_the_changes_where_it_is_known(linked_evidence, found) -> None:
    evidence = one_change(
        linked_evidence,
        first_commit=10,
        deployed=30,
        opened=12,
        ready=None,
        first_review=16,
        approved=None,
        merged=21,
    )
    rows = {metric.id: found(metric, evidence) for metric in LEAD_TIME_STAGES}
    values = {
        name.removeprefix("lead_time_stage_"): [r[2] for r in row] for name, row in rows.items()
    }
    assert values == {
        "coding": [2.0],
        "draft": [0.0],
        "pickup": [4.0],
        "review": [],
        "merge": [],
        "deploy": [9.0],
        "unaccounted": [5.0],
    }


def test_a_merged_change_that_waits_is_censored_in_the_last_stage_only(
    linked_evidence, found
) -> None:
    evidence = one_change(
        linked_evidence,
        first_commit=10,
        deployed=None,
        opened=12,
        ready=12,
        first_review=16,
        approved=20,
        merged=21,
    )
    rows = {metric.id: found(metric, evidence) for metric in LEAD_TIME_STAGES}
    assert rows.pop("lead_time_stage_deploy") == [("shop#1", at(21), 79.0, False)]
    assert all(row == [] for row in rows.values())
