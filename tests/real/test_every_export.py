"""Every real export: what was read of it, and what became of each record."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from devops_analytics import Workspace
from devops_analytics.detection import detect, write_settings

pytestmark = pytest.mark.real

# Folder, table: read, loaded, duplicates, and how many are kept apart for which reason.
EXPECTED: dict[tuple[str, str], tuple[int, int, int, dict[str, int]]] = {
    ("api-payloads/azuredevops_go", "changes"): (1, 1, 0, {}),
    ("api-payloads/azuredevops_go", "commits"): (1, 1, 0, {}),
    ("api-payloads/azuredevops_go", "pipeline_jobs"): (5, 1, 0, {"not_needed": 4}),
    ("api-payloads/azuredevops_go", "pipeline_runs"): (7, 7, 0, {}),
    ("api-payloads/bamboo", "deployments"): (24, 18, 6, {}),
    ("api-payloads/bamboo", "pipeline_jobs"): (7, 2, 5, {}),
    ("api-payloads/bamboo", "pipeline_runs"): (22, 13, 5, {"not_needed": 4}),
    ("api-payloads/bitbucket", "changes"): (57, 57, 0, {}),
    ("api-payloads/bitbucket", "commits"): (8, 8, 0, {}),
    ("api-payloads/bitbucket", "deployments"): (27, 27, 0, {}),
    ("api-payloads/bitbucket", "incidents"): (30, 0, 0, {"not_an_incident": 30}),
    ("api-payloads/bitbucket", "pipeline_jobs"): (35, 35, 0, {}),
    ("api-payloads/bitbucket", "pipeline_runs"): (23, 23, 0, {}),
    ("api-payloads/bitbucket", "reviews"): (18, 18, 0, {}),
    ("api-payloads/circleci", "pipeline_jobs"): (15, 8, 6, {"workflow_not_known": 1}),
    ("api-payloads/circleci", "pipeline_runs"): (27, 20, 6, {"not_needed": 1}),
    ("api-payloads/github", "changes"): (52, 51, 1, {}),
    ("api-payloads/github", "commits"): (91, 90, 1, {}),
    ("api-payloads/github", "incidents"): (
        42,
        0,
        0,
        {"is_a_pull_request": 16, "not_an_incident": 26},
    ),
    ("api-payloads/github", "pipeline_jobs"): (35, 35, 0, {}),
    ("api-payloads/github", "pipeline_runs"): (35, 35, 0, {}),
    ("api-payloads/github", "reviews"): (33, 30, 1, {"change_not_known": 2}),
    ("api-payloads/gitlab", "changes"): (39, 24, 15, {}),
    ("api-payloads/gitlab", "commits"): (37, 37, 0, {}),
    ("api-payloads/gitlab", "deployments"): (8, 8, 0, {}),
    ("api-payloads/gitlab", "incidents"): (16, 0, 0, {"not_an_incident": 16}),
    ("api-payloads/gitlab", "pipeline_jobs"): (76, 76, 0, {}),
    ("api-payloads/gitlab", "pipeline_runs"): (45, 45, 0, {}),
    ("api-payloads/gitlab", "reviews"): (26, 9, 0, {"not_a_review": 2, "not_needed": 15}),
    ("api-payloads/jenkins", "pipeline_jobs"): (89, 81, 8, {}),
    ("api-payloads/jenkins", "pipeline_runs"): (29, 29, 0, {}),
    ("api-payloads/opsgenie", "incidents"): (2, 2, 0, {}),
    ("api-payloads/pagerduty", "incidents"): (3, 3, 0, {}),
    ("api-payloads/sonarqube", "findings"): (11, 11, 0, {}),
    ("github-webhooks", "changes"): (28, 1, 27, {}),
    ("github-webhooks", "commits"): (6, 1, 1, {"not_needed": 4}),
    ("github-webhooks", "deployments"): (7, 1, 5, {"not_needed": 1}),
    ("github-webhooks", "findings"): (8, 6, 1, {"time_not_known": 1}),
    ("github-webhooks", "pipeline_jobs"): (18, 3, 4, {"not_needed": 11}),
    ("github-webhooks", "pipeline_runs"): (13, 1, 3, {"not_needed": 9}),
    ("github-webhooks", "refs"): (12, 1, 9, {"is_gone": 2}),
    ("github-webhooks", "reviews"): (3, 1, 2, {}),
    ("incidents-github", "incidents"): (844, 819, 25, {}),
    ("jenkins-infra", "incidents"): (594, 583, 0, {"time_without_zone": 11}),
    ("jenkins-nodejs", "pipeline_jobs"): (193, 154, 36, {"build_without_number": 3}),
    ("jenkins-nodejs", "pipeline_runs"): (18, 15, 0, {"build_without_number": 3}),
    ("jenkins-nodejs", "test_results"): (4676, 4676, 0, {}),
    ("junit", "test_results"): (
        565,
        559,
        0,
        {"broken_xml": 1, "missing_value": 4, "suite_without_cases": 1},
    ),
    ("security/cyclonedx", "components"): (1084, 1084, 0, {}),
    ("security/cyclonedx", "scans"): (4, 3, 0, {"scan_without_time": 1}),
    ("security/sarif", "scans"): (30, 1, 0, {"no_runs": 1, "scan_without_time": 28}),
    ("security/scorecard", "scans"): (790, 790, 0, {}),
}


def folder_of(file: str) -> str:
    """Name the folder of an export as the README of the data does."""
    parts = Path(file).parent.parts
    return "/".join(parts[:2] if parts[0] in {"api-payloads", "security"} else parts[:1])


def accounted(workspace: Workspace) -> dict[tuple[str, str], tuple[int, int, int, dict[str, int]]]:
    report = workspace.load_report
    assert report is not None
    assert report.problems == ()
    place = ["folder", "table"]
    named = pl.col("file").map_elements(folder_of, return_dtype=pl.String)
    apart = workspace.quarantine.with_columns(folder=named)
    reasons: dict[tuple[str, str], dict[str, int]] = {}
    for row in apart.group_by(*place, "reason").len().sort("reason").iter_rows(named=True):
        reasons.setdefault((row["folder"], row["table"]), {})[row["reason"]] = row["len"]
    counts = (
        report.files.with_columns(folder=named)
        .group_by(place)
        .agg(pl.col("read", "loaded", "duplicates", "quarantined").sum())
    )
    found = {}
    for row in counts.sort(place).iter_rows(named=True):
        key = row["folder"], row["table"]
        why = reasons.get(key, {})
        assert row["quarantined"] == sum(why.values())
        assert row["read"] == row["loaded"] + row["duplicates"] + row["quarantined"]
        found[key] = row["read"], row["loaded"], row["duplicates"], why
    return found


def test_every_record_of_what_init_recognises_is_accounted_for(everything: Workspace) -> None:
    assert accounted(everything) == EXPECTED


# ---- Nobody is named ---- #

ADDRESS = re.compile(r"[\w.+-]+@(?:[\w-]+\.)+[A-Za-z]{2,}\b")
NAMING = frozenset(
    {
        "login",
        "username",
        "user_name",
        "displayName",
        "display_name",
        "nickname",
        "email",
        "emailAddress",
        "uniqueName",
        "author_name",
        "author_email",
    }
)
"""Keys that the tools write people's names, logins and addresses under."""


def people_named(value: Any) -> Iterator[str]:
    """Yield what a record says under the keys that name people, however deep."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in NAMING and isinstance(item, str) and item:
                yield item
            yield from people_named(item)
    elif isinstance(value, list):
        for item in value:
            yield from people_named(item)


def known_people(folder: Path) -> set[str]:
    """Return everybody whom the JSON exports name."""
    found: set[str] = set()
    for path in [*folder.glob("api-payloads/*/*.ndjson"), *folder.glob("github-webhooks/*/*.json")]:
        text = path.read_text(encoding="utf-8")
        records = text.splitlines() if path.suffix == ".ndjson" else [text]
        for record in filter(str.strip, records):
            found.update(people_named(json.loads(record)))
    return found


def texts(workspace: Workspace) -> Iterator[tuple[str, str, str]]:
    """Yield every text that was kept: table, column, text."""
    frames = {name: frame.collect() for name, frame in workspace.tables.items()}
    for table, frame in {**frames, "quarantine": workspace.quarantine}.items():
        for column in frame.columns:
            series = frame[column]
            if isinstance(series.dtype, pl.List):
                series = series.explode()
            # A package URL has an @ before its version.
            if series.dtype == pl.String and column != "purl":
                for text in series.drop_nulls().unique():
                    yield table, column, text


@pytest.mark.parametrize("name", ["everything", "govuk", "jenkins", "ants"])
def test_no_address_is_kept(request: pytest.FixtureRequest, name: str) -> None:
    kept = [(table, column) for table, column, text in texts(request.getfixturevalue(name))
            if ADDRESS.search(text)]  # fmt: skip
    assert kept == []


def test_nobody_whom_the_exports_name_is_kept(everything: Workspace, shared_data: Path) -> None:
    people = known_people(shared_data)
    assert len(people) > 100
    assert [one for one in texts(everything) if one[2] in people] == []


# ---- A mix of exports ---- #

MIX = (
    "api-payloads/github/runs.ndjson",
    "api-payloads/gitlab/pipeline_details.ndjson",
    "api-payloads/circleci/workflows.ndjson",
    "api-payloads/bamboo/plan_builds.ndjson",
    "api-payloads/jenkins/builds.ndjson",
    "api-payloads/pagerduty/incidents.ndjson",
    "api-payloads/opsgenie/incidents.ndjson",
    "api-payloads/sonarqube/issues.ndjson",
    "incidents-github/github-status-history.atom",
    "jenkins-infra/status-issues/2026-06-11-postgres-public-db-upgrade.md",
    "junit/junit-xml/pytest/junit.fail.xml",
    "security/cyclonedx/SBOM_juice-shop_v11.1.2_bom.json",
    "security/scorecard/nodejs-org-database.json",
)
"""Exports of more than ten tools, as they may lie in one folder."""


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "archive"])
def test_init_writes_settings_that_load_a_mix_of_exports_without_an_edit(
    shared_data: Path, tmp_path: Path, *, packed: bool
) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name in MIX:
        shutil.copyfile(shared_data / name, folder / f"{name.replace('/', '-')}")
    if packed:
        archive = shutil.make_archive(str(tmp_path / "all"), "zip", folder)
        shutil.rmtree(folder)
        folder.mkdir()
        shutil.move(archive, folder)
    report = Workspace.open(write_settings(folder, detect(folder))).load_report
    assert report is not None
    assert report.problems == ()
    assert report.unread == ()
    assert report.files["file"].n_unique() == len(MIX)
    assert report.files["source"].n_unique() >= 10
    assert (report.files.group_by("file").agg(pl.col("loaded").sum())["loaded"] > 0).all()
