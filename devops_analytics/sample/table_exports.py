"""What the depots' own deployment tool and a maintenance calendar write as CSV."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from devops_analytics.sample.organisation import SERVICES
from devops_analytics.sample.rollouts import Rollout
from devops_analytics.sample.troubles import Maintenance
from devops_analytics.sample.workdays import ZONE, after
from devops_analytics.sample.world import Exported

APPLICATIONS: Final = {"sorting": "SORT", "partner-gateway": "PGW"}
"""The tool's own names of the services."""
WORDS: Final = {"success": "gone live", "failure": "broken", "cancelled": "stopped"}
UNKNOWN_WORD: Final = "half"
"""A word that nobody has explained: neither success nor failure."""
NO_DATE: Final = "31-02-2026 10:00:00"


def depot_rows(exported: Exported) -> list[tuple[datetime, dict[str, Any]]]:
    """Return the tool's rows with the moment each finished, in order.

    Among them, in 2026: one whose time is no date, one without an application, one whose word is
    not known.
    """
    found: list[tuple[datetime, dict[str, Any]]] = []
    for name in APPLICATIONS:
        found += _rows(name, exported.world.rollouts[name], exported)
    found.sort(key=lambda row: (row[0], row[1]["app"], row[1]["ring"]))
    numbered = [(at, {"nr": 4000 + number} | row) for number, (at, row) in enumerate(found)]
    moment, last = next(
        row for row in reversed(numbered) if row[1]["app"] == "SORT" and row[1]["ring"] == "LIVE"
    )
    broken: tuple[dict[str, Any], ...] = (
        {"nr": 9001, "begin": NO_DATE, "end": NO_DATE},
        {"nr": 9002, "app": ""},
        {"nr": 9003, "state": UNKNOWN_WORD},
    )
    return [*numbered, *((moment, {**last, **change}) for change in broken)]


def _rows(
    name: str, rollouts: Sequence[Rollout], exported: Exported
) -> Iterator[tuple[datetime, dict[str, Any]]]:
    service = next(found for found in SERVICES if found.name == name)
    versions = {
        version: number
        for number, version in enumerate(sorted({rollout.version for rollout in rollouts}), 1)
    }
    for rollout in rollouts:
        repository = service.repository
        sha = "" if repository is None else exported.deployed_sha(rollout, repository)
        build = versions[rollout.version]
        if service.has_staging and rollout.reason == "ordinary":
            earlier = replace(
                rollout,
                started_at=after(rollout.started_at, -1.5),
                finished_at=after(rollout.finished_at, -1.5),
                result="success",
            )
            yield earlier.finished_at, _row(earlier, "UAT", sha, build)
        yield rollout.finished_at, _row(rollout, "LIVE", sha, build)


def _row(rollout: Rollout, ring: str, sha: str, build: int) -> dict[str, Any]:
    return {
        "app": APPLICATIONS[rollout.service],
        "ring": ring,
        "build": f"{rollout.service}-{build}",
        "commit": sha,
        "begin": _wall(rollout.started_at),
        "end": _wall(rollout.finished_at),
        "state": WORDS[rollout.result],
        "by": "hand" if rollout.reason == "rollback" else "robot",
        "kind": "emergency" if rollout.remedies is not None else "regular",
    }


def _wall(moment: datetime) -> str:
    return moment.astimezone(ZONE).strftime("%d-%m-%Y %H:%M:%S")


def maintenance_rows(windows: Sequence[Maintenance]) -> list[dict[str, Any]]:
    """Return the maintenance calendar's rows, with offsets."""
    return [
        {
            "window": f"M{number:03}",
            "service": window.service,
            "from": window.started_at.astimezone(ZONE).isoformat(),
            "until": window.ended_at.astimezone(ZONE).isoformat(),
            "what": "database upgrade",
        }
        for number, window in enumerate(windows, 1)
    ]
