"""Metrics beside delivery on real exports, against a plain reading of the same files."""

import csv
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from devops_analytics import Workspace
from devops_analytics.check import material_of
from devops_analytics.metrics import METRICS
from devops_analytics.quality import why

pytestmark = pytest.mark.real


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def measured(workspace: Workspace, metric: str, period: str) -> dict[str, object]:
    return workspace.measure(period, metrics=[metric]).row(0, named=True)


def test_half_of_a_years_lines_of_ants_agree_with_a_plain_count(
    ants: Workspace, shared_data: Path
) -> None:
    end = datetime(2023, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    lines: Counter[str] = Counter()
    for row in read(shared_data / "ants-git" / "ants.commits.csv"):
        at = datetime.fromisoformat(row["committed_at"])
        if end - timedelta(days=365) < at + timedelta(microseconds=1) <= end and not (
            int(row["is_merge"]) or int(row["author_is_bot"])
        ):
            lines[row["author_id"]] += int(row["insertions"]) + int(row["deletions"])
    made = [n for _, n in lines.most_common() if n]
    fewest = next(k for k in range(1, len(made) + 1) if sum(made[:k]) >= sum(made) / 2)
    found = measured(ants, "knowledge_spread", "2022")
    assert (found["value"], found["n"]) == (fewest, len(made)) == (1, 6)


def test_time_between_releases_of_ants_agrees_with_its_tags(
    ants: Workspace, shared_data: Path
) -> None:
    times = sorted(
        datetime.fromisoformat(row["created_at"])
        for row in read(shared_data / "ants-git" / "ants.tags.csv")
        if "beta" not in row["tag"] and "rc" not in row["tag"]
    )
    gaps = sorted(
        (later - earlier) / timedelta(hours=1)
        for earlier, later in pairwise(times)
        if earlier.astimezone(ZoneInfo("Asia/Shanghai")).year == 2023
    )
    middle = len(gaps) // 2
    median = gaps[middle] if len(gaps) % 2 else (gaps[middle - 1] + gaps[middle]) / 2
    found = measured(ants, "release_interval", "2023")
    assert found["n"] == len(gaps) == 8
    assert found["value"] == pytest.approx(median)


def test_incidents_outside_working_hours_agree_with_a_plain_count(
    jenkins: Workspace, shared_data: Path
) -> None:
    zone = jenkins.settings.organisation.zone
    records = read(shared_data / "jenkins-infra" / "incidents.csv")
    starts = [
        datetime.fromisoformat(row["started_at"]).astimezone(zone)
        for row in records
        if row["planned_guess"] == "0"
    ]
    outside = [
        at for at in starts if at.year == 2022 and not (at.weekday() < 5 and 8 <= at.hour < 18)
    ]
    found = measured(jenkins, "out_of_hours_interruptions", "2022")
    assert found["n"] == len(outside) == 11
    weeks = measured(jenkins, "incidents_per_service_week", "2022")
    assert weeks["denominator"] > 52


def test_merges_to_the_trunk_of_gov_uk_are_its_first_parents(
    govuk: Workspace, shared_data: Path
) -> None:
    landed = 0
    for app in ("collections", "publishing-api"):
        rows = read(shared_data / "govuk" / f"{app}.commits.csv")
        by_sha = {row["sha"]: row for row in rows}
        parents = {parent for row in rows for parent in row["parents"].split()}
        (tip,) = [sha for sha in by_sha if sha not in parents]
        while tip in by_sha:
            row = by_sha[tip]
            day = datetime.fromisoformat(row["committed_at"]).astimezone(ZoneInfo("Europe/London"))
            landed += (day.year, (day.month - 1) // 3) == (2026, 1) and not int(
                row["author_is_bot"]
            )
            tip = next(iter(row["parents"].split()), "")
    found = measured(govuk, "merges_to_trunk", "2026-Q2")
    assert found["numerator"] == landed == 142


@pytest.mark.parametrize("name", ["ants", "govuk", "jenkins"])
def test_why_says_of_every_empty_number_why_it_is(
    name: str, request: pytest.FixtureRequest
) -> None:
    workspace = request.getfixturevalue(name)
    everything = workspace.measure("2022", by="organisation")
    assert everything.height == len(METRICS)
    empty = everything.filter(everything["value"].is_null())
    said = why(everything, material_of(workspace))
    reasons = {row["metric"]: row["reasons"] for row in said.to_dicts() if row["is_empty"]}
    assert reasons.keys() == set(empty["metric"])
    assert all(reasons.values())
