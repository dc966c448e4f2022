"""GOV.UK's files read with nothing but the standard library, to check the package's answers."""

import csv
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

PERIODS = {
    # London's midnight of 1 April and 1 July is 23:00 UTC the day before; of 1 January, 0:00 UTC.
    "2026-Q2": (datetime(2026, 3, 31, 23, tzinfo=UTC), datetime(2026, 6, 30, 23, tzinfo=UTC)),
    "2025": (datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
}


@dataclass(frozen=True)
class Deployment:
    at: datetime
    tag: str
    sha: str | None


@dataclass(frozen=True)
class Reading:
    deployments: int
    rollbacks: int
    lead_times: list[float]
    waiting: int
    unlinked: int

    @property
    def median_lead_time(self) -> float:
        return median(self.lead_times)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_app(folder: Path, app: str, period: str) -> Reading:
    """Read one app's numbers of one period."""
    start, end = PERIODS[period]
    commits = {row["sha"]: row for row in rows(folder / f"{app}.commits.csv")}
    tags = {row["tag"]: row["commit_sha"] for row in rows(folder / f"{app}.tags.csv")}
    history = deployments(folder, app, commits, tags)
    carried, first = carried_by(history, commits)
    in_period = [d for d in history if start <= d.at < end]
    lead_times = [
        (carried[sha].at - datetime.fromisoformat(row["committed_at"])).total_seconds() / 3600
        for sha, row in commits.items()
        if sha in carried
        and carried[sha] is not first
        and start <= carried[sha].at < end
        and counts(row)
    ]
    waiting = [
        sha
        for sha, row in commits.items()
        if sha not in carried
        and counts(row)
        and start <= datetime.fromisoformat(row["committed_at"]) < end
    ]
    return Reading(
        deployments=len(in_period),
        rollbacks=rollbacks(history, start, end),
        lead_times=[hours for hours in lead_times if hours >= 0],
        waiting=len(waiting),
        unlinked=sum(d.sha is None for d in history),
    )


def counts(row: dict[str, str]) -> bool:
    return len(row["parents"].split()) < 2 and row["author_is_bot"] == "0"


def deployments(
    folder: Path, app: str, commits: dict[str, dict[str, str]], tags: dict[str, str]
) -> list[Deployment]:
    found = []
    for row in rows(folder / "deployments-production.csv"):
        if row["app"] != app or row["kind"] not in {"deploy", "rollback"}:
            continue
        tag = row["image_tag"]
        bare = re.fullmatch(r"(?:release-)?([0-9a-f]{40})", tag)
        sha = bare.group(1) if bare else tags.get(tag)
        at = datetime.fromisoformat(row["deployed_at"])
        found.append(Deployment(at, tag, sha if sha in commits else None))
    return sorted(found, key=lambda d: d.at)


def carried_by(
    history: list[Deployment], commits: dict[str, dict[str, str]]
) -> tuple[dict[str, Deployment], Deployment | None]:
    """Return the first deployment that reaches each commit, and the very first one."""
    carried: dict[str, Deployment] = {}
    placed = [d for d in history if d.sha is not None]
    for deployment in placed:
        stack = [deployment.sha]
        while stack:
            sha = stack.pop()
            if sha in commits and sha not in carried:
                carried[sha] = deployment
                stack.extend(commits[sha]["parents"].split())
    return carried, placed[0] if placed else None


def rollbacks(history: list[Deployment], start: datetime, end: datetime) -> int:
    """Count the period's deployments that put an earlier version back."""
    first_seen: dict[str, int] = {}
    found = 0
    running = None
    for position, deployment in enumerate(history):
        version = deployment.sha or deployment.tag
        went_back = (
            running is not None
            and version != running
            and version in first_seen
            and first_seen[version] < first_seen[running]
        )
        if went_back and start <= deployment.at < end:
            found += 1
        first_seen.setdefault(version, position)
        running = version
    return found
