"""What other tools would show, worked by hand on one small history."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from devops_analytics import Workspace
from devops_analytics.errors import UnknownNameError
from devops_analytics.metrics import METRICS
from devops_analytics.peers import AS_PEER, PEERS

SHAS = {name: str(number) * 40 for number, name in enumerate(("c0", "c1", "c2", "c3"))}


def at(day: int, hour: int, minute: int = 0, month: int = 5) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def deployment(name: str, sha: str, finished_at: datetime) -> dict[str, Any]:
    return {
        "deployment_id": name,
        "service": "pay",
        "environment": "production",
        "repo": "pay",
        "sha": SHAS[sha],
        "finished_at": finished_at,
        "result": "success",
    }


def commit(sha: str, parent: str | None, authored: datetime, committed: datetime) -> dict[str, Any]:
    return {
        "repo": "pay",
        "sha": SHAS[sha],
        "parents": [SHAS[parent]] if parent else [],
        "authored_at": authored,
        "committed_at": committed,
        "is_merge": False,
        "change_id": sha.removeprefix("c"),
    }


def change(number: str, opened: datetime, merged: datetime) -> dict[str, Any]:
    return {
        "repo": "pay",
        "change_id": number,
        "opened_at": opened,
        "merged_at": merged,
        "merge_sha": SHAS[f"c{number}"],
    }


def incident(
    name: str, start: datetime, created: datetime, resolved: datetime | None, sha: str | None = None
) -> dict[str, Any]:
    return {
        "incident_id": name,
        "service": "pay",
        "started_at": start,
        "created_at": created,
        "resolved_at": resolved,
        "sha": sha,
    }


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    """Return four deployments in May (one a rollback) with three changes and three incidents."""
    return Workspace.from_frames(
        {
            "deployments": pl.DataFrame(
                [
                    deployment("d0", "c0", at(20, 10, month=4)),
                    deployment("d1", "c1", at(4, 10)),
                    deployment("d2", "c2", at(5, 10)),
                    deployment("d3", "c1", at(5, 12)),
                    deployment("d4", "c3", at(20, 10)),
                ]
            ),
            "commits": pl.DataFrame(
                [
                    commit("c0", None, at(19, 10, month=4), at(19, 10, month=4)),
                    commit("c1", "c0", at(1, 8), at(3, 10)),
                    commit("c2", "c1", at(5, 9), at(5, 9)),
                    commit("c3", "c2", at(19, 10), at(19, 10)),
                ]
            ),
            "changes": pl.DataFrame(
                [
                    change("1", at(3, 12), at(4, 8)),
                    change("2", at(5, 9, 10), at(5, 9, 30)),
                    change("3", at(19, 11), at(20, 4)),
                ]
            ),
            "incidents": pl.DataFrame(
                [
                    incident("i1", at(5, 10, 30), at(5, 10, 40), at(5, 12, 10), SHAS["c2"]),
                    incident("i2", at(22, 10), at(22, 10), None),
                    incident("i3", at(6, 9), at(6, 9), at(6, 11)),
                ],
                schema_overrides={"sha": pl.String()},
            ),
        },
        settings={"teams": {"money": {"services": {"pay": {"repositories": ["pay"]}}}}},
        as_of=datetime(2026, 6, 1, tzinfo=UTC),
    )


# Weeks of May have 0, 2, 0, 1 and 0 days with a deployment. Lead times: of commits 24, 1 and 24 h;
# of changes from first authored 74, 1 and 24 h, from merged 2, 0.5 and 6 h. Incidents: i1 is d2's
# and lasts 1.5 h since its record, i3 comes 21 h after d3 and lasts 2 h, i2 comes 48 h after d4 and
# is open for 230 h. d3 rolls d2 back after 2 h, while i1 goes on.
EXPECTED = {
    ("devlake", "deployment_days_per_week"): (0, 4),
    ("devlake", "change_lead_time_by_change"): (24, 3),
    ("devlake", "change_fail_rate"): (3 / 4, 4),
    ("devlake", "failed_deployment_recovery_time"): (2 + 10 / 60, 2),
    ("devlake", "time_to_restore"): (1.5, 2),
    ("fourkeys", "deployment_days_per_week"): (0, 4),
    ("fourkeys", "change_lead_time"): (24, 3),
    ("fourkeys", "change_fail_rate"): (1 / 4, 4),
    ("fourkeys", "time_to_restore"): (1.75, 2),
    ("gitlab", "deployment_frequency"): (4 / 31, 4),
    ("gitlab", "change_lead_time_by_change"): (2, 3),
    ("gitlab", "change_fail_rate"): (3 / 4, 4),
    ("gitlab", "time_to_restore"): (1.75, 2),
    ("datadog", "deployment_frequency"): (4 / 31, 4),
    ("datadog", "change_lead_time"): (24, 3),
    ("datadog", "change_fail_rate"): (1 / 4, 4),
    ("datadog", "failed_deployment_recovery_time"): (2, 1),
    ("sleuth", "deployment_frequency"): (4 / (31 / 7 * 5), 4),
    ("sleuth", "change_lead_time_by_change"): (49 / 3, 3),
    ("sleuth", "change_fail_rate"): (2 / 4, 4),
    ("sleuth", "time_to_restore"): ((1 + 40 / 60 + 2 + 230) / 3, 3),
}


def test_each_number_of_each_tool(workspace: Workspace) -> None:
    frame = workspace.as_tools("2026-05", list(PEERS))
    assert dict(frame.schema) == AS_PEER
    found = {(row["tool"], row["metric"]): (row["value"], row["n"]) for row in frame.to_dicts()}
    assert found.keys() == EXPECTED.keys()
    for key, (value, n) in EXPECTED.items():
        assert found[key] == (pytest.approx(value), n), key


def test_ours_stands_beside_it(workspace: Workspace) -> None:
    frame = workspace.as_tools("2026-05", ["gitlab"], by="service")
    own = workspace.measure("2026-05", by="service", metrics=["change_fail_rate"])
    (row,) = frame.filter(pl.col("metric") == "change_fail_rate").to_dicts()
    assert row["entity"] == "pay"
    assert (row["ours"], row["our_status"]) == (own["value"].item(), own["status"].item())


def test_a_period_with_nothing_has_no_number_but_counts(workspace: Workspace) -> None:
    frame = workspace.as_tools("2026-01", list(PEERS))
    shown = {(row["tool"], row["metric"]): row["value"] for row in frame.to_dicts()}
    for (_, metric), value in shown.items():
        if metric in {"deployment_frequency", "deployment_days_per_week"}:
            assert value == 0
        else:
            assert value is None


def test_by_team_is_the_same_as_by_service_where_a_team_has_one(workspace: Workspace) -> None:
    by_team = workspace.as_tools("2026-05", list(PEERS), by="team")
    by_service = workspace.as_tools("2026-05", list(PEERS), by="service")
    assert by_team["entity"].unique().to_list() == ["money"]
    assert by_team["value"].equals(by_service["value"])


def test_an_unknown_tool_is_told_with_those_that_are_known(workspace: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="devlake, fourkeys, gitlab, datadog, sleuth"):
        workspace.as_tools("2026-05", ["jira"])


def test_every_tool_says_what_it_does_and_why_it_differs() -> None:
    known = {one.id for one in METRICS}
    for tool in PEERS.values():
        assert tool.source
        for theirs in tool.metrics:
            assert theirs.metric in known
            assert theirs.definition.endswith(".")
            assert theirs.differs.endswith(".")
