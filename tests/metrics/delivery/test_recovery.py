"""How long it takes until users are served again."""

from datetime import UTC, datetime, timedelta

import pytest

from devops_analytics.metrics.recovery import (
    RECOVERY_TIME,
    RECOVERY_TIME_BY_REMEDIATION,
    RECOVERY_TIME_FROM_INCIDENT,
    TIME_TO_RESTORE,
    incidents_ending_before_start,
)

BASE = datetime(2026, 6, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return BASE + timedelta(hours=hours)


def deployment(name: str, hours: float, version: str, **columns: object) -> dict:
    return {"deployment_id": name, "finished_at": at(hours), "artifact": version, **columns}


def incident(name: str, start: float | None, end: float | None, **columns: object) -> dict:
    return {
        "incident_id": name,
        "started_at": None if start is None else at(start),
        "resolved_at": None if end is None else at(end),
        **columns,
    }


# d2 at hour 10 is rolled back by d3 at hour 16.
ROLLED_BACK = [deployment("d1", 0, "1"), deployment("d2", 10, "2"), deployment("d3", 16, "1")]


@pytest.mark.parametrize(
    ("incidents", "from_deployment", "from_incident"),
    [
        # No incident: 16 - 10 h to the remedy.
        ([], [(6.0, True)], []),
        # The incident's end decides, before the remedy or after it.
        ([incident("i", 11, 13)], [(3.0, True)], [(2.0, True)]),
        ([incident("i", 11, 20)], [(10.0, True)], [(9.0, True)]),
        # Of two, the first start and the last end.
        ([incident("i", 12, 20), incident("j", 11, 13)], [(10.0, True)], [(9.0, True)]),
        # One of them is open at hour 100: at least 90 h, or 89 from its start.
        ([incident("i", 12, None), incident("j", 11, 13)], [(90.0, False)], [(89.0, False)]),
        # A record that ends before it starts says nothing: the remedy does.
        ([incident("i", 12, 11)], [(6.0, True)], []),
    ],
)
def test_a_failed_deployment_recovers_with_its_last_incident_or_else_its_remedy(
    linked_evidence, found, incidents, from_deployment, from_incident
) -> None:
    evidence = linked_evidence(as_of=at(100), deployments=ROLLED_BACK, incidents=incidents)

    def values(metric) -> list[tuple[float, bool]]:
        rows = found(metric, evidence)
        assert all(row[:2] == ("d2", at(10)) for row in rows)
        return [row[2:] for row in rows]

    assert values(RECOVERY_TIME) == from_deployment
    assert values(RECOVERY_TIME_FROM_INCIDENT) == from_incident
    assert values(RECOVERY_TIME_BY_REMEDIATION) == [(6.0, True)]


def test_without_a_remedy_only_incidents_tell(linked_evidence, found) -> None:
    evidence = linked_evidence(
        as_of=at(100),
        deployments=[deployment("d1", 0, "1"), deployment("d2", 10, "2")],
        incidents=[incident("i", 11, 15)],
    )
    assert found(RECOVERY_TIME, evidence) == [("d2", at(10), 5.0, True)]
    assert found(RECOVERY_TIME_BY_REMEDIATION, evidence) == []


def test_the_first_of_several_remedies_ends_the_failure(linked_evidence, found) -> None:
    # d1 (hour 10, b) is put right by the hotfix c in d2 at 12 and by the revert r in d3 at 18; d2
    # itself is followed by no hotfix.
    commits = [
        {"sha": "a", "committed_at": at(0)},
        {"sha": "b", "parents": ["a"], "committed_at": at(1)},
        {"sha": "c", "parents": ["b"], "committed_at": at(11), "subject_kind": "hotfix"},
        {"sha": "r", "parents": ["c"], "committed_at": at(17), "reverts_sha": "b"},
    ]
    evidence = linked_evidence(
        commits=commits,
        deployments=[
            {"deployment_id": f"d{i}", "sha": sha, "finished_at": at(hours)}
            for i, (sha, hours) in enumerate([("a", 1), ("b", 10), ("c", 12), ("r", 18)])
        ],
    )
    assert found(RECOVERY_TIME_BY_REMEDIATION, evidence) == [("d1", at(10), 2.0, True)]


def test_an_incident_that_was_over_before_the_named_deployment_gives_no_time(
    linked_evidence, found
) -> None:
    evidence = linked_evidence(
        deployments=[deployment("d1", 10, "1")],
        incidents=[incident("i", 2, 5, deployment_id="d1")],
    )
    assert found(RECOVERY_TIME, evidence) == []


# ---- Time to restore ---- #


def test_time_to_restore_is_start_to_resolution_and_open_at_as_of_is_censored(
    linked_evidence, found
) -> None:
    evidence = linked_evidence(
        as_of=at(100),
        incidents=[
            incident("a", 10, 12.5),
            incident("b", 90, None),
            incident("c", 20, 20),  # no time at all is a time
            incident("d", 20, 30, planned=True),
            incident("e", 20, 30, planned=False, service=None),
            incident("f", None, 30, created_at=at(28)),
            incident("g", None, 30),
        ],
    )
    assert found(TIME_TO_RESTORE, evidence) == [
        ("a", at(10), 2.5, True),
        ("b", at(90), 10.0, False),
        ("c", at(20), 0.0, True),
        ("e", at(20), 10.0, True),
        ("f", at(28), 2.0, True),
    ]
    rows = TIME_TO_RESTORE.observe(evidence).collect()
    assert rows.filter(key="e")["service"].item() is None


def test_incidents_that_end_before_they_start_are_left_out_and_counted(
    linked_evidence, found
) -> None:
    evidence = linked_evidence(incidents=[incident("a", 10, 8), incident("b", 10, 12)])
    assert [row[0] for row in found(TIME_TO_RESTORE, evidence)] == ["b"]
    assert incidents_ending_before_start(evidence).collect().select("key", "value").rows() == [
        ("a", -2.0)
    ]
