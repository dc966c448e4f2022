"""Two apps of GOV.UK: the package's links and numbers against a plain reading of the same files."""

import csv
import re
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pytest

from devops_analytics.metrics.lead_time import CHANGE_LEAD_TIME
from devops_analytics.metrics.throughput import DEPLOYMENT_FREQUENCY

pytestmark = pytest.mark.real

APPS = ("collections", "publishing-api")
# The second quarter of 2026 in London: summer time on both ends.
START, END = datetime(2026, 3, 31, 23, tzinfo=UTC), datetime(2026, 6, 30, 23, tzinfo=UTC)
AS_OF = datetime(2026, 8, 21, 18, tzinfo=UTC)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.fixture(scope="module")
def files(shared_data: Path) -> dict[str, list[dict[str, str]]]:
    folder = shared_data / "govuk"
    found = {"deployments": read(folder / "deployments-production.csv")}
    for app in APPS:
        found[f"{app} commits"] = read(folder / f"{app}.commits.csv")
        found[f"{app} tags"] = read(folder / f"{app}.tags.csv")
    return found


@pytest.fixture(scope="module")
def evidence(files, linked_evidence):
    """The same files as canonical tables."""
    commits = [
        {
            "repo": app,
            "sha": row["sha"],
            "parents": row["parents"].split(),
            "is_bot": row["author_is_bot"] == "1",
            "is_merge": row["is_merge"] == "1",
            "authored_at": utc(row["authored_at"]),
            "committed_at": utc(row["committed_at"]),
            "reverts_sha": row["reverts_sha"] or None,
        }
        for app in APPS
        for row in files[f"{app} commits"]
    ]
    refs = [
        {"repo": app, "name": row["tag"], "kind": "tag", "sha": row["commit_sha"]}
        for app in APPS
        for row in files[f"{app} tags"]
    ]
    deployments = []
    for number, row in enumerate(files["deployments"]):
        if row["app"] in APPS and row["kind"] in {"deploy", "rollback"}:
            sha = re.fullmatch(r"(?:release-)?([0-9a-f]{40})", row["image_tag"])
            deployments.append(
                {
                    "deployment_id": f"{row['app']} {number:06}",
                    "service": row["app"],
                    "sha": sha[1] if sha else None,
                    "ref": None if sha else row["image_tag"],
                    "finished_at": utc(row["deployed_at"]),
                }
            )
    return linked_evidence(
        as_of=AS_OF,
        time_zone="Europe/London",
        services={app: [app] for app in APPS},
        commits=commits,
        refs=refs,
        deployments=deployments,
    )


def plain_history(files, app: str) -> list[tuple[datetime, str, str | None]]:
    """Return the app's deployments in order: time, version, commit (None: not in the clone)."""
    commits = {row["sha"] for row in files[f"{app} commits"]}
    tags = {row["tag"]: row["commit_sha"] for row in files[f"{app} tags"]}
    found = []
    for row in files["deployments"]:
        if row["app"] == app and row["kind"] in {"deploy", "rollback"}:
            name = row["image_tag"].removeprefix("release-")
            sha = tags.get(name, name)
            found.append((utc(row["deployed_at"]), sha, sha if sha in commits else None))
    return sorted(found, key=lambda deployment: deployment[0])


def plain_carriers(files, app: str, history) -> dict[str, int]:
    """Return for each commit the place in the history of the first deployment that reaches it."""
    parents = {row["sha"]: row["parents"].split() for row in files[f"{app} commits"]}
    carrier: dict[str, int] = {}
    for place, (_, _, sha) in enumerate(history):
        todo = [sha] if sha else []
        while todo:
            one = todo.pop()
            if one in parents and one not in carrier:
                carrier[one] = place
                todo += parents[one]
    return carrier


def plain_rollbacks(history) -> list[datetime]:
    found, first = [], {}
    running: str | None = None
    for place, (at, version, _) in enumerate(history):
        if running is not None and first.get(version, place) < first[running]:
            found.append(at)
        first.setdefault(version, place)
        running = version
    return found


@pytest.mark.parametrize("app", APPS)
def test_frequency_lead_time_and_rollbacks_agree_with_a_plain_reading(
    files, evidence, app: str
) -> None:
    history = plain_history(files, app)
    carrier = plain_carriers(files, app, history)
    baseline = min(carrier.values())

    frequency = DEPLOYMENT_FREQUENCY.observe(evidence).collect().filter(service=app)
    times = [at for at in frequency["at"] if START <= at < END]
    assert len(times) == sum(START <= at < END for at, _, _ in history) > 60

    expected = []
    for row in files[f"{app} commits"]:
        place = carrier.get(row["sha"], baseline)
        counts = place != baseline and row["is_merge"] == "0" and row["author_is_bot"] == "0"
        hours = (history[place][0] - utc(row["committed_at"])).total_seconds() / 3600
        if counts and START <= history[place][0] < END and hours >= 0:
            expected.append(hours)
    rows = CHANGE_LEAD_TIME.observe(evidence).collect().filter("observed", service=app)
    found = rows.filter((rows["at"] >= START) & (rows["at"] < END))["value"].to_list()
    assert len(found) == len(expected) > 30
    assert sorted(found) == pytest.approx(sorted(expected), abs=1e-9)
    assert median(found) == pytest.approx(median(expected))

    ids = evidence.links.remedies.filter(method="rollback").select("deployment_id")
    back = evidence.links.deployments.filter(service=app).join(ids, on="deployment_id", how="semi")
    assert back["finished_at"].to_list() == plain_rollbacks(history)
    assert len(plain_rollbacks(history)) >= 4

    lost = evidence.links.unlinked.filter(kind="deployment", service=app)
    assert lost["at"].sort().to_list() == [at for at, _, sha in history if sha is None]
