"""Databases: the rows of one query, nothing written, no password kept."""

import sqlite3
from pathlib import Path

import pytest

from devops_analytics.config import Settings, settings_from
from devops_analytics.loading import LoadReport, load
from devops_analytics.sources import sql
from devops_analytics.store import Store, read_manifest, scan

QUERY = "SELECT id, app, at, result FROM deploys ORDER BY id"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "metrics.db") as database:
        database.execute("CREATE TABLE deploys (id INTEGER, app TEXT, at TEXT, result TEXT)")
        database.executemany(
            "INSERT INTO deploys VALUES (?, ?, ?, ?)",
            [(n, "pay", f"2026-05-{n:02}T10:00:00", "ok" if n % 3 else None) for n in range(1, 8)],
        )
    return tmp_path


def settings(path: str = "metrics.db", query: str = QUERY) -> Settings:
    columns = {
        "deployment_id": {"template": "db:{id}"},
        "service": "app",
        "environment": {"constant": "production"},
        "finished_at": "at",
        "result": {"column": "result", "values": {"ok": "success"}},
    }
    entry = {"kind": "database", "path": path, "query": query, "table": "deployments"}
    return settings_from({"sources": [entry | {"columns": columns, "time_zone": "UTC"}]})


def loaded(base: Path, given: Settings) -> LoadReport:
    return load(given, base=base, store=Store(base / "store"))


def test_rows_of_a_query_become_rows_of_the_table(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "ROWS", 3)  # three frames
    report = loaded(base, settings())
    assert report.problems == ()
    columns = ("state", "read", "loaded", "quarantined", "duplicates")
    assert report.files.select(columns).rows() == [("new", 7, 7, 0, 0)]
    store = Store(base / "store")
    rows = scan(store, read_manifest(store), "deployments").sort("deployment_id").collect()
    assert rows["result"].to_list() == [
        "success", "success", "unknown", "success", "success", "unknown", "success",
    ]  # fmt: skip
    assert rows["source_ref"].to_list() == [f"metrics.db:{n}" for n in range(1, 8)]


def test_the_same_answer_is_not_loaded_again(base: Path) -> None:
    loaded(base, settings())
    assert loaded(base, settings()).files["state"].to_list() == ["unchanged"]
    with sqlite3.connect(base / "metrics.db") as database:
        database.execute("INSERT INTO deploys VALUES (9, 'pay', '2026-05-09T10:00:00', 'ok')")
    report = loaded(base, settings())
    assert report.files.select("state", "loaded").rows() == [("new", 8)]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM deploys",
        "SELECT 1; DROP TABLE deploys",
        "WITH x AS (SELECT 1) DELETE FROM deploys",
    ],
)
def test_a_query_that_does_more_than_read_changes_nothing(base: Path, query: str) -> None:
    report = loaded(base, settings(query=query))
    assert report.problems
    with sqlite3.connect(base / "metrics.db") as database:
        assert database.execute("SELECT count(*) FROM deploys").fetchone() == (7,)


def test_the_url_may_come_from_the_environment_and_is_kept_nowhere(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRICS_URL", f"sqlite:///{base}/metrics.db")
    report = loaded(base, settings("$METRICS_URL"))
    assert report.files["file"].to_list() == ["$METRICS_URL"]
    assert report.files["loaded"].to_list() == [7]
    assert "sqlite:" not in (base / "store" / "manifest.json").read_text()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("$NOT_SET_ANYWHERE", "no variable of this name"),
        ("postgresql://ada:secret@host/db", "with a password in the settings"),
        ("sqlite:///nowhere/metrics.db", "can't be read"),
        ("devops.toml", "is no database"),
    ],
)
def test_what_keeps_a_database_from_being_read_is_said(base: Path, path: str, said: str) -> None:
    (base / "devops.toml").write_text("")
    (problem,) = loaded(base, settings(path)).problems
    assert said in problem
    assert "secret" not in problem
