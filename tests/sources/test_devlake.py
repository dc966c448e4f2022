"""DevLake's domain tables: as files and from its database the same, joined as DevLake joins."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from devops_analytics.config import Settings, settings_from
from devops_analytics.loading import LoadReport, load
from devops_analytics.sources.devlake import DEVLAKE
from devops_analytics.store import Store, read_manifest, scan

AT = "2026-05-01 10:00:00.000"
TABLES: dict[str, list[dict[str, Any]]] = {
    "repos": [{"id": "gh:R:1", "name": "harbour/parcels"}],
    "cicd_scopes": [{"id": "gh:S:1", "name": "parcels"}],
    "cicd_deployment_commits": [
        {
            "id": f"gh:D:{number}",
            "cicd_scope_id": "gh:S:1",
            "result": result,
            "status": status,
            "environment": "PRODUCTION",
            "created_date": AT,
            "started_date": AT,
            "finished_date": None if status == "IN_PROGRESS" else "2026-05-01 10:05:00.000",
            "commit_sha": "a" * 40,
            "repo_id": "gh:R:1",
        }
        for number, (result, status) in enumerate(
            [("SUCCESS", "DONE"), ("FAILURE", "DONE"), ("ABORT", "DONE"), ("", "IN_PROGRESS"),
             ("", "DONE"), ("MANUAL", "OTHER")]
        )
    ],
    "pull_requests": [
        {
            "id": "gh:P:7",
            "base_repo_id": "gh:R:1",
            "pull_request_key": 7,
            "author_id": "gh:A:1",
            "author_name": "ada",
            "created_date": AT,
            "merged_date": "2026-05-02 10:00:00.000",
            "closed_date": "2026-05-02 10:00:00.000",
            "merge_commit_sha": "b" * 40,
            "additions": 12,
            "deletions": 3,
        }
    ],
    "pull_request_labels": [
        {"pull_request_id": "gh:P:7", "label_name": "hotfix"},
        {"pull_request_id": "gh:P:7", "label_name": "risk: low"},
    ],
    "pull_request_comments": [
        {
            "id": f"gh:C:{number}",
            "pull_request_id": "gh:P:7",
            "account_id": account,
            "created_date": f"2026-05-01 1{number}:00:00.000",
            "type": kind,
            "review_id": f"gh:V:{number}",
            "status": status,
        }
        for number, (account, kind, status) in enumerate(
            [("gh:A:1", "DIFF", ""), ("gh:A:2", "NORMAL", ""), ("gh:A:2", "DIFF", ""),
             ("gh:A:2", "REVIEW", "APPROVED")]
        )
    ],
    "commits": [
        {"sha": letter * 40, "author_email": "ada@example.com", "author_name": "Ada",
         "authored_date": AT, "committed_date": AT, "additions": 1, "deletions": 0}
        for letter in "ab"
    ],
    "repo_commits": [{"repo_id": "gh:R:1", "commit_sha": letter * 40} for letter in "ab"],
    "commit_parents": [{"commit_sha": "b" * 40, "parent_commit_sha": "a" * 40}],
    "issues": [
        {"id": f"j:{number}", "issue_key": f"OPS-{number}", "type": kind, "status": status,
         "created_date": AT, "resolution_date": None if status != "DONE" else AT,
         "component": "parcels"}
        for number, (kind, status) in enumerate(
            [("INCIDENT", "DONE"), ("INCIDENT", "IN_PROGRESS"), ("BUG", "DONE")]
        )
    ],
}  # fmt: skip


def settings(path: str) -> Settings:
    return settings_from({"sources": [{"kind": "devlake", "path": path}], "people": {"salt": "s"}})


def loaded(base: Path, path: str) -> tuple[LoadReport, dict[str, pl.DataFrame]]:
    store = Store(base / f"store-{path}")
    report = load(settings(path), base=base, store=store)
    manifest = read_manifest(store)
    names = ("deployments", "changes", "reviews", "commits", "incidents")
    tables = {name: scan(store, manifest, name).collect() for name in names}
    return report, {name: rows.drop("source", "source_ref") for name, rows in tables.items()}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "lake"
    folder.mkdir()
    with sqlite3.connect(tmp_path / "lake.db") as database:
        for name, rows in TABLES.items():
            frame = pl.DataFrame(rows)
            frame.write_csv(folder / f"{name}.csv")
            columns = ", ".join(f'"{column}"' for column in frame.columns)
            marks = ", ".join("?" for _ in frame.columns)
            database.execute(f"CREATE TABLE {name} ({columns})")
            database.executemany(f"INSERT INTO {name} VALUES ({marks})", frame.rows())
    return tmp_path


def test_files_and_the_database_give_the_same(base: Path) -> None:
    from_files, tables = loaded(base, "lake")
    from_database, same = loaded(base, "lake.db")
    assert from_files.problems == from_database.problems == ()
    for name, rows in tables.items():
        key = rows.columns[:3]
        assert rows.sort(key).equals(same[name].sort(key)), name


def test_deployments_have_their_words_service_and_repository(base: Path) -> None:
    _, tables = loaded(base, "lake")
    rows = tables["deployments"].sort("deployment_id")
    assert rows["result"].to_list() == [
        "success", "failure", "cancelled", "in_progress", "unknown", "blocked",
    ]  # fmt: skip
    assert set(rows["service"]) == {"parcels"}
    assert set(rows["repo"]) == {"harbour/parcels"}
    assert set(rows["environment_kind"]) == {"production"}
    assert rows["started_at"][0] == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert rows.filter(result="in_progress")["finished_at"].to_list() == [None]


def test_a_change_is_dated_by_reviews_of_others(base: Path) -> None:
    _, tables = loaded(base, "lake")
    (change,) = tables["changes"].rows(named=True)
    # The author's own comment at ten and the plain one at eleven are no reviews.
    assert change["first_review_at"] == datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert change["approved_at"] == datetime(2026, 5, 1, 13, tzinfo=UTC)
    assert change["labels"] == ["hotfix", "risk: low"]
    (review,) = tables["reviews"].rows(named=True)
    assert (review["change_id"], review["state"]) == ("7", "approved")


def test_commits_have_their_repository_and_parents(base: Path) -> None:
    _, tables = loaded(base, "lake")
    parents = dict(tables["commits"].select("sha", "parents").iter_rows())
    assert parents == {"a" * 40: None, "b" * 40: ["a" * 40]}
    assert "ada" not in repr(tables["commits"].rows()).lower()


def test_only_incidents_of_the_issues_are_incidents(base: Path) -> None:
    report, tables = loaded(base, "lake")
    resolved = dict(tables["incidents"].select("incident_id", "resolved_at").iter_rows())
    assert resolved == {"devlake:j:0": datetime(2026, 5, 1, 10, tzinfo=UTC), "devlake:j:1": None}
    files = report.files
    assert (files["read"] == files["loaded"] + files["quarantined"] + files["duplicates"]).all()
    assert files["read"].sum() == sum(map(len, TABLES.values()))


def test_a_file_is_recognised_by_name_and_columns(base: Path) -> None:
    found = {path.stem: DEVLAKE.recognise(path) for path in (base / "lake").iterdir()}
    assert {name for name, known in found.items() if known is not None} == set(TABLES)
    other = base / "commits.csv"
    other.write_text("sha,author\n1,2\n")
    assert DEVLAKE.recognise(other) is None


@pytest.mark.parametrize(
    ("word", "result"),
    [("SUCCESS", "success"), ("FAILURE", "failure"), ("ABORT", "cancelled"), ("MANUAL", "blocked")],
)
def test_documented_results_are_mapped(word: str, result: str) -> None:
    # The constants of backend/core/models/domainlayer/devops/cicd_pipeline.go.
    assert DEVLAKE.words["result"][word] == result
