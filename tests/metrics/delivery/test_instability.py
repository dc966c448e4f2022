"""How often deployments fail, and how much of deploying is repair."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from devops_analytics.linking import links_with_window
from devops_analytics.metrics.instability import (
    CHANGE_FAIL_RATE,
    CHANGE_FAIL_RATE_BY_INCIDENT,
    CHANGE_FAIL_RATE_BY_PIPELINE_RESULT,
    CHANGE_FAIL_RATE_BY_REMEDIATION,
    DEPLOYMENT_REWORK_RATE,
    DEPLOYMENTS_UNCLASSIFIED,
)

BASE = datetime(2026, 6, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return BASE + timedelta(hours=hours)


def deployment(name: str, hours: float, version: str | None, **columns: object) -> dict:
    return {"deployment_id": name, "finished_at": at(hours), "artifact": version, **columns}


def incident(name: str, hours: float, **columns: object) -> dict:
    return {"incident_id": name, "started_at": at(hours), **columns}


@pytest.fixture
def ones(found):
    """The keys whose value is 1, and how many rows there are."""

    def run(metric, evidence) -> tuple[list[str], int]:
        rows = found(metric, evidence)
        assert {row[2] for row in rows} <= {0.0, 1.0}
        return [row[0] for row in rows if row[2] == 1.0], len(rows)

    return run


def history(linked_evidence, **columns: object):
    """d1, d2 (rolled back by d3), d4 (two incidents), x (failed attempt), d5."""
    return linked_evidence(
        deployments=[
            deployment("d1", 0, "1"),
            deployment("d2", 100, "2"),
            deployment("d3", 200, "1"),
            deployment("d4", 300, "3"),
            deployment("x", 350, "4", result="failure"),
            deployment("d5", 400, "4"),
            deployment("y", 450, "5", result="cancelled"),
        ],
        incidents=[incident("i1", 301), incident("i2", 310), incident("i3", 390)],
        **columns,
    )


def test_a_deployment_fails_once_however_many_incidents_it_causes(linked_evidence, ones) -> None:
    # Failed: d2 (rolled back) and d4 (two incidents); i3 is 90 h after d4 and blamed on nothing.
    # 2 of 5 successful deployments, never more than all of them.
    assert ones(CHANGE_FAIL_RATE, history(linked_evidence)) == (["d2", "d4"], 5)


def test_the_variants_count_incidents_remedies_and_attempts_apart(linked_evidence, ones) -> None:
    evidence = history(linked_evidence)
    assert ones(CHANGE_FAIL_RATE_BY_INCIDENT, evidence) == (["d4"], 5)
    assert ones(CHANGE_FAIL_RATE_BY_REMEDIATION, evidence) == (["d2"], 5)
    # x failed by its own result; y was cancelled and is no attempt: 1 of 6.
    assert ones(CHANGE_FAIL_RATE_BY_PIPELINE_RESULT, evidence) == (["x"], 6)


def test_a_failed_attempt_that_a_record_names_is_not_among_the_deployments(
    linked_evidence, ones
) -> None:
    evidence = linked_evidence(
        deployments=[deployment("d1", 0, "1"), deployment("x", 1, "2", result="failure")],
        incidents=[incident("i1", 2, deployment_id="x")],
    )
    assert ones(CHANGE_FAIL_RATE, evidence) == ([], 1)


def test_the_rate_by_another_window_needs_no_new_linking_of_commits(linked_evidence, ones) -> None:
    evidence = history(linked_evidence)
    failed = {}
    for hours in (1.0, 24.0, 100.0, None):
        links = links_with_window(evidence.links, evidence.tables, window_hours=hours)
        failed[hours] = ones(CHANGE_FAIL_RATE, replace(evidence, links=links))[0]
    # d4 at 300: i1 at 301 lies in every window. With 100 h i3 (390) is d4's as well, and without
    # a window no record names anything: only the rollback speaks.
    assert failed == {
        1.0: ["d2", "d4"],
        24.0: ["d2", "d4"],
        100.0: ["d2", "d4"],
        None: ["d2"],
    }


# ---- Rework ---- #


def test_rework_is_the_deployment_that_repairs_not_the_one_that_failed(
    linked_evidence, ones
) -> None:
    assert ones(DEPLOYMENT_REWORK_RATE, history(linked_evidence)) == (["d3"], 5)


def test_deploying_the_running_version_again_is_no_rework(linked_evidence, ones) -> None:
    evidence = linked_evidence(deployments=[deployment("d1", 0, "1"), deployment("d2", 1, "1")])
    assert ones(DEPLOYMENT_REWORK_RATE, evidence) == ([], 2)
    assert ones(CHANGE_FAIL_RATE_BY_REMEDIATION, evidence) == ([], 2)


@pytest.mark.parametrize(
    ("start", "end", "service", "is_rework"),
    [
        (9, 11, "shop", True),  # made while the incident was open
        (10, None, "shop", True),  # began at the very second, still open
        (5, 6, "shop", True),  # over for four hours
        (-20, -14, "shop", True),  # over for exactly 24 h
        (-20, -14.5, "shop", False),  # over for longer than the window
        (11, 12, "shop", False),  # began afterwards
        (9, 11, "api", False),  # another service's
        (9, 11, None, False),
    ],
)
def test_an_emergency_is_rework_when_an_incident_of_its_service_called_for_it(
    linked_evidence, ones, start, end, service, is_rework
) -> None:
    evidence = linked_evidence(
        deployments=[
            deployment("d1", -30, "1"),
            deployment("d2", 10, "2", planned=False),
            deployment("d3", 10, "3"),  # nobody says that it was an emergency
        ],
        incidents=[
            incident("i", start, service=service, resolved_at=None if end is None else at(end))
        ],
    )
    assert ones(DEPLOYMENT_REWORK_RATE, evidence) == (["d2"] if is_rework else [], 3)


def test_the_share_that_cannot_be_classified_is_told(linked_evidence, ones) -> None:
    # d1 leads to a commit; d2 has a version but no commit: a revert in it could not be seen; d3
    # has not even a version. The failed attempt x needs none.
    evidence = linked_evidence(
        commits=[{"sha": "a", "committed_at": at(0)}],
        deployments=[
            deployment("d1", 0, None, sha="a"),
            deployment("d2", 1, None, sha="branch-image"),
            deployment("d3", 2, None),
            deployment("x", 3, None, result="failure"),
        ],
    )
    assert ones(DEPLOYMENTS_UNCLASSIFIED, evidence) == (["d2", "d3"], 3)


def test_without_a_graph_commits_are_found_but_a_missing_version_hides_rollbacks(
    linked_evidence, ones
) -> None:
    evidence = linked_evidence(
        commits=[{"sha": "a", "committed_at": at(0), "parents": None}],
        deployments=[deployment("d1", 1, "1"), deployment("d2", 2, None)],
    )
    assert ones(DEPLOYMENTS_UNCLASSIFIED, evidence) == (["d2"], 2)
