"""What is open: waits for approval, work in progress, and how much of the time is waiting."""

from datetime import UTC, datetime

import pytest

from devops_analytics.metrics.flow import FILES_PER_CHANGE
from devops_analytics.metrics.flow_open import (
    APPROVAL_WAIT,
    FLOW_EFFICIENCY,
    WORK_IN_PROGRESS,
    WORK_IN_PROGRESS_AGE,
)


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, tzinfo=UTC)


def change(name: str, **columns: object) -> dict[str, object]:
    return {"repo": "shop", "change_id": name, "opened_at": at(1), "author": "p-1", **columns}


def review(name: str, change_id: str, when: datetime, **columns: object) -> dict[str, object]:
    given = {"review_id": name, "change_id": change_id, "at": when, "reviewer": "p-2"}
    return {"repo": "shop", "state": "approved", **given, **columns}


def commit(sha: str, when: datetime, **columns: object) -> dict[str, object]:
    return {"repo": "shop", "sha": sha, "committed_at": when, **columns}


def test_files_come_from_the_change_else_from_its_squashed_commit(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        changes=[
            change("told", merged_at=at(2), files=4, merge_sha="a"),
            change("squashed", merged_at=at(2), merge_sha="b"),
            change("merged", merged_at=at(2), merge_sha="c"),
            change("open", files=9),
        ],
        commits=[
            commit("a", at(2), files=9, change_id="told", is_merge=False),
            commit("b", at(2), files=3, change_id="squashed", is_merge=False),
            commit("c", at(2), files=7, change_id="merged", is_merge=True),
        ],
    )
    assert observed_values(FILES_PER_CHANGE, evidence) == {
        (None, "shop#told"): 4,
        (None, "shop#squashed"): 3,
    }


def test_approval_wait_runs_from_ready_to_the_first_approval_by_somebody_else(evidence_of) -> None:
    evidence = evidence_of(
        as_of=at(11),
        changes=[
            change("remarked", ready_at=at(1, 6)),
            change("by itself", author="p-2"),
            change("told by the tool", approved_at=at(1, 3)),
            change("draft", ready_at=at(2), approved_at=at(1, 4)),
            change("open"),
            change("merged without", merged_at=at(2), closed_at=at(2)),
            change("given up", closed_at=at(2)),
            change("before it was opened", approved_at=datetime(2026, 5, 1, tzinfo=UTC)),
        ],
        reviews=[
            review("1", "remarked", at(1, 7), state="commented"),
            review("2", "remarked", at(1, 9)),
            review("3", "remarked", at(1, 8)),
            review("4", "by itself", at(1, 1)),
        ],
    )
    found = APPROVAL_WAIT.observe(evidence).collect().sort("key")
    # open: and approved only by its author: 1 June → 11 June = 240 h, at least
    assert found.select("key", "value", "observed").rows() == [
        ("shop#by itself", 240.0, False),
        ("shop#draft", 4.0, True),  # approved as a draft: from its opening
        ("shop#open", 240.0, False),
        ("shop#remarked", 2.0, True),  # 06:00 → 08:00; the remark at 07:00 is no approval
        ("shop#told by the tool", 3.0, True),
    ]


def test_without_any_known_approval_a_repository_can_not_say(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        changes=[change("1")], reviews=[review("1", "1", at(2), state="commented")]
    )
    assert observed_values(APPROVAL_WAIT, evidence) == {}


@pytest.mark.parametrize("metric", [WORK_IN_PROGRESS, WORK_IN_PROGRESS_AGE])
def test_a_change_is_open_until_it_is_merged_or_closed(metric, evidence_of) -> None:
    evidence = evidence_of(
        as_of=at(3),
        changes=[
            change("open"),
            change("merged", merged_at=at(2)),  # its end is in no other column
            change("closed", closed_at=at(1, 12)),
            change("both", merged_at=at(1, 6), closed_at=at(1, 7)),
            change("of a bot", is_bot=True),
            change("closed before it was opened", opened_at=at(2), closed_at=at(1)),
        ],
    )
    found = metric.observe(evidence).collect().sort("key")
    assert found.select("key", "value", "observed").rows() == [
        ("shop#both", 6.0, True),
        ("shop#closed", 12.0, True),
        ("shop#merged", 24.0, True),
        ("shop#open", 48.0, False),
    ]


def test_flow_efficiency_takes_the_waits_for_review_and_for_merge_from_the_whole(
    evidence_of, observed_values
) -> None:
    merged = {"merged_at": at(2), "opened_at": at(1, 4), "merge_sha": "m"}
    evidence = evidence_of(
        changes=[
            change("1", first_review_at=at(1, 8), approved_at=at(1, 12), **merged),
            change("2", first_review_at=at(1, 8), **merged),
            change("draft", ready_at=at(1, 10), first_review_at=at(1, 8), **merged),
            change("no commit", first_review_at=at(1, 8), **merged),
            change("not reviewed", **merged),
            change("reviewed too late", first_review_at=at(3), **merged),
            change("at once", first_review_at=at(1), merged_at=at(1)),
        ],
        commits=[
            commit(name, at(1), change_id=name)
            for name in ("1", "2", "draft", "not reviewed", "reviewed too late", "at once")
        ],
    )
    found = observed_values(FLOW_EFFICIENCY, evidence)
    # Whole: 00:00 of the first commit → 24 h later. 1: waits 04-08 and 12-24 = 16 h, 8 of 24 left.
    # 2: no approval known, so only 04-08: 20 of 24. draft: reviewed before it was ready: 24 of 24.
    assert found == {
        (None, "shop#1"): pytest.approx(8 / 24),
        (None, "shop#2"): pytest.approx(20 / 24),
        (None, "shop#draft"): pytest.approx(1.0),
    }


def test_the_squashed_commit_tells_nothing_of_when_the_work_began(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        changes=[change("1", first_review_at=at(1, 2), merged_at=at(1, 4), merge_sha="s")],
        commits=[commit("s", at(1, 4), change_id="1")],
    )
    assert observed_values(FLOW_EFFICIENCY, evidence) == {}
