"""What incident records tell."""

from datetime import UTC, datetime

import pytest

from devops_analytics.metrics.operations import (
    DETECTED_BY_MONITORING,
    INCIDENT_TIMESTAMPS_COMPLETE,
    INCIDENTS_REVIEWED,
    INCIDENTS_WITH_EXPLICIT_CAUSE,
    OPERATIONS,
)


def at(hour: int) -> datetime:
    return datetime(2026, 6, 1, hour, tzinfo=UTC)


def incident(name: str, **columns: object) -> dict[str, object]:
    closed = {"service": "pay", "started_at": at(8), "resolved_at": at(10)}
    return {"incident_id": name, **closed, **columns}


def test_timestamps_are_complete_with_start_notice_and_resolution(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        incidents=[
            incident("acknowledged", acknowledged_at=at(9)),
            incident("detected", detected_at=at(8)),
            incident("by record", started_at=None, created_at=at(8), acknowledged_at=at(9)),
            incident("never noticed"),
            incident("ends before it starts", acknowledged_at=at(9), resolved_at=at(7)),
            incident("takes no time", acknowledged_at=at(8), resolved_at=at(8)),
        ]
    )
    found = observed_values(INCIDENT_TIMESTAMPS_COMPLETE, evidence)
    assert {key: value for (_, key), value in found.items()} == {
        "acknowledged": 1.0,
        "detected": 1.0,
        "by record": 1.0,
        "never noticed": 0.0,
        "ends before it starts": 0.0,
        "takes no time": 1.0,
    }


@pytest.mark.parametrize(
    "metric", [INCIDENT_TIMESTAMPS_COMPLETE, INCIDENTS_WITH_EXPLICIT_CAUSE, INCIDENTS_REVIEWED]
)
def test_open_and_planned_and_undated_incidents_are_left_out(
    metric, evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        incidents=[
            incident("open", resolved_at=None, review_url="r"),
            incident("maintenance", planned=True, review_url="r"),
            incident("undated", started_at=None, review_url="r"),
            incident("not said to be planned", review_url="r"),
            incident("unplanned", planned=False, review_url="r"),
        ]
    )
    found = observed_values(metric, evidence)
    assert {key for _, key in found} == {"not said to be planned", "unplanned"}


def test_a_cause_is_a_named_deployment_or_commit(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        incidents=[
            incident("deployment", deployment_id="d1"),
            incident("commit", sha="abc"),
            incident("neither"),
        ]
    )
    assert observed_values(INCIDENTS_WITH_EXPLICIT_CAUSE, evidence) == {
        ("pay", "deployment"): 1.0,
        ("pay", "commit"): 1.0,
        ("pay", "neither"): 0.0,
    }


def test_a_source_that_never_links_a_review_can_not_say(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        incidents=[
            incident("reviewed", source="table:a.csv", review_url="r"),
            incident("not reviewed", source="table:a.csv"),
            incident("from a source that is silent", source="pagerduty:b.json"),
        ]
    )
    assert observed_values(INCIDENTS_REVIEWED, evidence) == {
        ("pay", "reviewed"): 1.0,
        ("pay", "not reviewed"): 0.0,
    }


def test_detection_counts_only_what_is_said_and_open_incidents_too(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        incidents=[
            incident("tool", detected_by="Monitoring", resolved_at=None),
            incident("alert", detected_by="alert: latency"),
            incident("user", detected_by="customer"),
            incident("not said"),
        ]
    )
    assert observed_values(DETECTED_BY_MONITORING, evidence) == {
        ("pay", "tool"): 1.0,
        ("pay", "alert"): 1.0,
        ("pay", "user"): 0.0,
    }


def test_an_incident_of_no_known_service_stays(evidence_of, observed_values) -> None:
    evidence = evidence_of(incidents=[incident("lost", service=None)])
    assert observed_values(INCIDENTS_WITH_EXPLICIT_CAUSE, evidence) == {(None, "lost"): 0.0}


@pytest.mark.parametrize("metric", OPERATIONS, ids=lambda metric: metric.id)
def test_no_incidents_give_no_observations(metric, evidence_of, observed_values) -> None:
    assert observed_values(metric, evidence_of()) == {}
