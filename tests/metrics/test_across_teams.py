"""Work across teams: home teams are derived, and nobody is named."""

from datetime import UTC, datetime

import pytest

from devops_analytics.metrics.across_teams import (
    CROSS_TEAM_REVIEWS,
    KNOWLEDGE_SPREAD,
    OUTSIDE_CONTRIBUTIONS,
)
from devops_analytics.metrics.metric import Authored

JUNE = datetime(2026, 6, 1, tzinfo=UTC)
OWNED = {
    "services": [
        {"service": "pay", "team": "money"},
        {"service": "web", "team": "shop"},
        {"service": "old"},
    ],
    "service_repositories": [
        {"service": "pay", "repo": "pay", "path_prefix": ""},
        {"service": "web", "repo": "web", "path_prefix": ""},
        {"service": "old", "repo": "old", "path_prefix": ""},
    ],
}


def commit(repo: str, sha: str, author: str | None, **columns: object) -> dict[str, object]:
    return {"repo": repo, "sha": sha, "author": author, "committed_at": JUNE, **columns}


def change(repo: str, name: str, author: str, **columns: object) -> dict[str, object]:
    usual = {"repo": repo, "change_id": name, "author": author, "opened_at": JUNE}
    return {**usual, "merged_at": JUNE, **columns}


def review(repo: str, change_id: str, reviewer: str) -> dict[str, object]:
    return {"repo": repo, "change_id": change_id, "review_id": reviewer, "reviewer": reviewer,
            "at": JUNE}  # fmt: skip


COMMITS = [
    commit("pay", "a", "p-1"),
    commit("pay", "b", "p-1"),
    commit("web", "c", "p-1"),
    commit("web", "d", "p-2"),
    commit("pay", "e", "p-3"),
    commit("web", "f", "p-3"),  # as many in both teams: at home in neither
    commit("web", "merge", "p-2", is_merge=True),
    commit("web", "bot", "p-4", is_bot=True),
    commit("web", "nobody", None),
    commit("old", "g", "p-1"),
]


def test_a_commit_is_from_outside_where_its_author_is_at_home_elsewhere(
    evidence_of, observed_values
) -> None:
    assert observed_values(OUTSIDE_CONTRIBUTIONS, evidence_of(**OWNED, commits=COMMITS)) == {
        ("pay", "pay@a"): 0,
        ("pay", "pay@b"): 0,
        ("web", "web@c"): 1,
        ("web", "web@d"): 0,
    }


def test_where_work_for_one_team_alone_is_known_nobody_is_from_outside(
    evidence_of, observed_values
) -> None:
    of_one = [row for row in COMMITS if row["repo"] == "pay"]
    assert observed_values(OUTSIDE_CONTRIBUTIONS, evidence_of(**OWNED, commits=of_one)) == {}


def test_a_change_is_reviewed_across_teams_where_any_reviewer_is_from_another(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        **OWNED,
        changes=[
            change("pay", "1", "l-1"),
            change("pay", "2", "l-1"),
            change("web", "3", "l-2"),
            change("web", "4", "l-2"),
            change("web", "5", "l-2", merged_at=None),
            change("web", "6", "l-2"),
            change("pay", "7", "l-3"),
        ],
        reviews=[
            review("pay", "1", "l-2"),
            review("pay", "1", "l-3"),
            review("pay", "2", "l-3"),
            review("web", "3", "stranger"),
            review("web", "4", "l-2"),  # of the author
            review("web", "5", "l-1"),
            review("web", "6", "l-1"),
            review("web", "6", "stranger"),
        ],
    )
    # l-1 and l-3 are at home with money, l-2 with shop, and nobody knows the stranger's home.
    assert observed_values(CROSS_TEAM_REVIEWS, evidence) == {
        ("pay", "pay#1"): 1,
        ("pay", "pay#2"): 0,
        ("web", "web#6"): 1,
    }


def test_spread_is_of_the_lines_of_people(evidence_of) -> None:
    lines = {"lines_added": 3, "lines_deleted": 1}
    evidence = evidence_of(
        **OWNED,
        commits=[
            commit("pay", "a", "p-1", **lines),
            commit("pay", "b", "p-2", lines_added=0, lines_deleted=0),
            commit("pay", "c", "p-2"),
            commit("pay", "d", None, **lines),
            commit("pay", "e", "p-3", is_bot=True, **lines),
            commit("pay", "f", "p-3", is_merge=True, **lines),
        ],
    )
    found = Authored.validate(KNOWLEDGE_SPREAD.observe(evidence).collect())
    assert found.select("service", "key", "value", "author").rows() == [
        ("pay", "pay@a", 4.0, "p-1")
    ]


@pytest.mark.parametrize("metric", [CROSS_TEAM_REVIEWS, OUTSIDE_CONTRIBUTIONS])
def test_nothing_known_gives_no_observations(metric, evidence_of, observed_values) -> None:
    assert observed_values(metric, evidence_of()) == {}
