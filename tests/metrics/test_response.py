"""How fast incidents are noticed, taken and ended, when they come, and who notices."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from devops_analytics.metrics.operations import (
    DETECTED_BY_CUSTOMERS,
    INCIDENTS_PER_SERVICE_WEEK,
)
from devops_analytics.metrics.response import (
    ACTIONABLE_ALERTS,
    OUT_OF_HOURS_INTERRUPTIONS,
    TIME_TO_ACKNOWLEDGE,
    TIME_TO_DETECT,
    TIME_TO_MITIGATE,
)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 6, 1, hour, minute, tzinfo=UTC)  # a Monday


def incident(name: str, **columns: object) -> dict[str, object]:
    return {"incident_id": name, "service": "pay", "started_at": at(8), **columns}


def spans(metric, evidence) -> list[tuple[str, float, bool]]:
    found = metric.observe(evidence).collect().sort("key")
    return found.select("key", "value", "observed").rows()


def test_detection_needs_a_start_and_a_notice(evidence_of) -> None:
    evidence = evidence_of(
        incidents=[
            incident("noticed", detected_at=at(8, 30)),
            incident("at once", detected_at=at(8)),
            incident("not told"),
            incident("only a record", started_at=None, created_at=at(8), detected_at=at(9)),
            incident("before it started", detected_at=at(7)),
            incident("maintenance", detected_at=at(9), planned=True),
        ]
    )
    assert spans(TIME_TO_DETECT, evidence) == [("at once", 0.0, True), ("noticed", 0.5, True)]


def test_acknowledgement_runs_from_the_record_and_is_censored_while_open(evidence_of) -> None:
    evidence = evidence_of(
        as_of=at(20),
        incidents=[
            incident("taken", created_at=at(9), acknowledged_at=at(10)),
            incident("no record time", acknowledged_at=at(10)),
            incident("open", created_at=at(10)),
            incident("resolved by itself", created_at=at(10), resolved_at=at(11)),
            incident("backwards", created_at=at(10), acknowledged_at=at(9)),
            incident("undated", started_at=None, acknowledged_at=at(9)),
        ],
    )
    assert spans(TIME_TO_ACKNOWLEDGE, evidence) == [
        ("no record time", 2.0, True),
        ("open", 10.0, False),
        ("taken", 1.0, True),
    ]


def test_mitigation_ends_the_effect_and_is_censored_while_it_lasts(evidence_of) -> None:
    evidence = evidence_of(
        as_of=at(20),
        incidents=[
            incident("mitigated", mitigated_at=at(9), resolved_at=at(18)),
            incident("by its record", started_at=None, created_at=at(7), mitigated_at=at(9)),
            incident("lasting"),
            incident("resolved, not told when mitigated", resolved_at=at(9)),
            incident("backwards", mitigated_at=at(7)),
        ],
    )
    assert spans(TIME_TO_MITIGATE, evidence) == [
        ("by its record", 2.0, True),
        ("lasting", 12.0, False),
        ("mitigated", 1.0, True),
    ]


def test_out_of_hours_is_judged_in_the_reporting_time_zone(evidence_of, observed_values) -> None:
    incidents = [
        incident("first minute of work", created_at=at(8)),
        incident("last minute of work", created_at=at(17, 59)),
        incident("evening", created_at=at(18)),
        incident("early", created_at=at(7, 59)),
        incident("record beats start", created_at=at(9), started_at=at(3)),
        incident("no record time", started_at=at(3)),
        incident("saturday", created_at=datetime(2026, 6, 6, 12, tzinfo=UTC)),
        incident("maintenance", created_at=at(3), planned=True),
    ]
    evidence = evidence_of(incidents=incidents)
    found = {key for _, key in observed_values(OUT_OF_HOURS_INTERRUPTIONS, evidence)}
    assert found == {"evening", "early", "no record time", "saturday"}
    # In London it is summer time, one hour later: 07:59 is 08:59, 17:59 is 18:59.
    in_london = replace(evidence, time_zone="Europe/London")
    found = {key for _, key in observed_values(OUT_OF_HOURS_INTERRUPTIONS, in_london)}
    assert found == {"last minute of work", "evening", "no record time", "saturday"}


def test_customers_are_told_by_the_words_of_sources_that_know_them(
    evidence_of, observed_values
) -> None:
    evidence = evidence_of(
        incidents=[
            incident("1", detected_by="Customer complaint"),
            incident("2", detected_by="End user"),
            incident("3", detected_by="monitoring"),
            incident("4"),
            incident("5", detected_by="monitoring", source="a tool without customers"),
            incident("6", detected_by="person", source="a tool without customers"),
        ]
    )
    assert observed_values(DETECTED_BY_CUSTOMERS, evidence) == {
        ("pay", "1"): 1,
        ("pay", "2"): 1,
        ("pay", "3"): 0,
    }


def test_incidents_of_no_known_service_are_of_no_service_week(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        incidents=[
            incident("1"),
            incident("2", service=None),
            incident("3", planned=True),
            incident("4", started_at=None),
        ]
    )
    assert observed_values(INCIDENTS_PER_SERVICE_WEEK, evidence) == {("pay", "1"): 1}


def test_alerts_that_do_not_say_are_left_out(evidence_of, observed_values) -> None:
    fired = {"service": "pay", "started_at": at(8)}
    evidence = evidence_of(
        alerts=[
            {"alert_id": "acted on", "actionable": True, **fired},
            {"alert_id": "noise", "actionable": False, **fired},
            {"alert_id": "not said", **fired},
            {"alert_id": "undated", "actionable": True, "service": "pay"},
        ]
    )
    assert observed_values(ACTIONABLE_ALERTS, evidence) == {
        ("pay", "acted on"): 1,
        ("pay", "noise"): 0,
    }


@pytest.mark.parametrize(
    "metric",
    [TIME_TO_DETECT, TIME_TO_ACKNOWLEDGE, TIME_TO_MITIGATE, ACTIONABLE_ALERTS,
     OUT_OF_HOURS_INTERRUPTIONS],
)  # fmt: skip
def test_nothing_known_gives_no_observations(metric, evidence_of, observed_values) -> None:
    assert observed_values(metric, evidence_of()) == {}
