"""Which deployment is held responsible for an incident."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from devops_analytics.linking import link, links_with_window

BASE = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def at(hours: float) -> datetime:
    return BASE + timedelta(hours=hours)


def deployment(name: str, hours: float, **columns: object) -> dict:
    return {
        "deployment_id": name,
        "service": "shop",
        "artifact": name,
        "finished_at": at(hours),
        **columns,
    }


def incident(start: datetime | None, **columns: object) -> dict:
    return {"incident_id": "i", "service": "shop", "started_at": start, **columns}


def blamed(links) -> list[tuple[str, str]]:
    return links.blamed_on.select("deployment_id", "method").rows()


def reason(links) -> str:
    return links.unlinked.filter(kind="incident")["reason"].item()


def test_an_incident_at_the_very_second_of_a_deployment_is_blamed_on_it(linked) -> None:
    links = linked(
        deployments=[deployment("d1", 0), deployment("d2", 5)], incidents=[incident(at(5))]
    )
    assert links.blamed_on.rows() == [("i", "d2", "within window", 0.0)]


def test_of_two_deployments_in_one_second_the_later_id_is_blamed(linked) -> None:
    links = linked(
        deployments=[deployment("d2", 5), deployment("d1", 5)], incidents=[incident(at(6))]
    )
    assert links.blamed_on.rows() == [("i", "d2", "within window", 1.0)]


def test_the_window_holds_its_last_second_and_nothing_beyond(linked) -> None:
    rows = [deployment("d1", 0)]
    assert blamed(linked(deployments=rows, incidents=[incident(at(24))])) == [
        ("d1", "within window")
    ]
    after = linked(deployments=rows, incidents=[incident(at(24) + SECOND)])
    assert after.blamed_on.is_empty()
    assert reason(after) == "outside_window"


def test_a_failed_attempt_and_another_service_are_not_blamed(linked) -> None:
    links = linked(
        deployments=[
            deployment("d1", 0),
            deployment("d2", 2, result="failure"),
            deployment("d3", 2, service="api"),
            deployment("d4", 2, environment_kind="staging"),
        ],
        incidents=[incident(at(3))],
    )
    assert blamed(links) == [("d1", "within window")]


def test_the_record_s_time_stands_in_for_an_unknown_start(linked) -> None:
    links = linked(deployments=[deployment("d1", 0)], incidents=[incident(None, created_at=at(1))])
    assert links.blamed_on["gap_hours"].to_list() == [1.0]


def test_planned_maintenance_is_no_incident(linked) -> None:
    links = linked(deployments=[deployment("d1", 0)], incidents=[incident(at(1), planned=True)])
    assert links.blamed_on.is_empty()
    assert links.unlinked.filter(kind="incident").is_empty()


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (incident(at(1), service=None), "no_service"),
        (incident(None), "no_start"),
        (incident(at(1), service="api"), "service_not_deployed"),
        (incident(at(-1)), "before_first_deployment"),
        (incident(at(500)), "outside_window"),
    ],
)
def test_each_incident_that_no_deployment_is_blamed_for_says_why(linked, row, expected) -> None:
    links = linked(deployments=[deployment("d1", 0)], incidents=[row])
    assert reason(links) == expected


# ---- What the record names ---- #


def test_the_named_deployment_goes_before_everything_else(linked) -> None:
    # d1 was a day and more ago and of another service, but the record names it.
    links = linked(
        deployments=[deployment("d1", 0, service="api"), deployment("d2", 40)],
        incidents=[incident(at(41), deployment_id="d1", sha="d2")],
    )
    assert links.blamed_on.rows() == [("i", "d1", "explicit id", 41.0)]


def test_a_named_deployment_that_nobody_knows_leaves_the_other_rules(linked) -> None:
    links = linked(
        deployments=[deployment("d1", 0)], incidents=[incident(at(1), deployment_id="4711")]
    )
    assert blamed(links) == [("d1", "within window")]


def history(**columns: object) -> dict:
    """Commits a-b-c of one repository that two services are built from."""
    return {
        "services": {"shop": ["mono"], "api": ["mono"]},
        "commits": [
            {"repo": "mono", "sha": "a", "parents": [], "committed_at": at(0)},
            {"repo": "mono", "sha": "b", "parents": ["a"], "committed_at": at(0)},
            {"repo": "mono", "sha": "c", "parents": ["b"], "committed_at": at(0)},
        ],
        "deployments": [
            deployment("s1", 1, sha="a"),
            deployment("s2", 4, sha="c"),
            deployment("p1", 1, sha="a", service="api"),
            deployment("p2", 3, sha="c", service="api"),
        ],
        **columns,
    }


def test_a_named_commit_leads_to_the_deployment_of_the_service_that_carried_it(linked) -> None:
    links = linked(**history(incidents=[incident(at(100), sha="B")]))
    assert links.blamed_on.rows() == [("i", "s2", "explicit sha", 96.0)]


def test_a_named_commit_without_a_service_leads_to_the_earliest_deployment_of_any(linked) -> None:
    links = linked(**history(incidents=[incident(at(100), sha="b", service=None)]))
    assert blamed(links) == [("p2", "explicit sha")]


def test_a_named_commit_of_history_only_leads_to_the_deployment_of_exactly_it(linked) -> None:
    links = linked(**history(incidents=[incident(at(100), sha="a")]))
    assert blamed(links) == [("s1", "explicit sha")]


# ---- Remediation ---- #


def rolled_back(**columns: object) -> list[dict]:
    """d1 at 0, d2 at 10, rolled back by d3 at 50."""
    return [
        deployment("d1", 0),
        deployment("d2", 10),
        deployment("d3", 50, artifact="d1", **columns),
    ]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (10.0, None, ("d2", "remediation")),  # at the very second of d2, open
        (49.0, 60.0, ("d2", "remediation")),  # 39 hours after d2: beyond the window
        (11.0, 26.0, ("d2", "remediation")),  # over for 24 hours when the remedy came
        (11.0, 25.0, ("d2", "within window")),  # over for 25: the window decides, with d2 as well
        (40.0, 41.0, ("d2", "remediation")),
        (50.0, 51.0, ("d3", "within window")),  # at the very second of the remedy
        (9.0, 60.0, ("d1", "within window")),  # before d2
    ],
)
def test_an_incident_between_a_deployment_and_its_remedy_is_blamed_on_it(
    linked, start, end, expected
) -> None:
    links = linked(
        deployments=rolled_back(),
        incidents=[incident(at(start), resolved_at=None if end is None else at(end))],
    )
    assert blamed(links) == [expected]


def test_an_incident_long_over_is_not_blamed_by_a_late_remedy(linked) -> None:
    # Over since hour 36, remedied at 100: more than a day later. The last deployment before the
    # incident, d2, is 25 hours old.
    rows = [*rolled_back()[:2], deployment("d3", 100, artifact="d1")]
    links = linked(deployments=rows, incidents=[incident(at(35), resolved_at=at(36))])
    assert reason(links) == "outside_window"


def test_the_remedy_that_came_soonest_decides(linked) -> None:
    # d3 (hour 50) goes back from 3 to 2, d4 (hour 60) back to 1: at 45 d2 and d1 were running bad.
    links = linked(
        deployments=[
            deployment("d0", 0, artifact="1"),
            deployment("d1", 10, artifact="2"),
            deployment("d2", 20, artifact="3"),
            deployment("d3", 50, artifact="2"),
            deployment("d4", 60, artifact="1"),
        ],
        incidents=[incident(at(45))],
    )
    assert blamed(links) == [("d2", "remediation")]


# ---- Other windows ---- #


def test_another_window_links_incidents_anew_and_nothing_else(make_tables, make_settings) -> None:
    tables = make_tables(
        deployments=[deployment("d1", 0)],
        incidents=[
            incident(at(3), incident_id="a"),
            incident(at(20), incident_id="b"),
            incident(at(60), incident_id="c"),
            incident(at(60), incident_id="d", deployment_id="d1"),
            incident(at(60), incident_id="e", service="unheard-of"),
        ],
    )
    links = link(tables, make_settings({"shop": []}, {}), at(100))
    counts = {}
    for hours in (4.0, 24.0, 72.0, None):
        other = links_with_window(links, tables, window_hours=hours)
        counts[hours] = other.blamed_on["incident_id"].to_list()
        listed = other.unlinked.filter(kind="incident")["key"].to_list()
        assert sorted(counts[hours] + listed) == ["a", "b", "c", "d", "e"]
        assert other.deployments.equals(links.deployments)
        assert other.unlinked.filter(pl.col("kind") != "incident").equals(
            links.unlinked.filter(pl.col("kind") != "incident")
        )
    assert counts == {
        4.0: ["a", "d"],
        24.0: ["a", "b", "d"],
        72.0: ["a", "b", "c", "d"],
        None: ["d"],
    }
