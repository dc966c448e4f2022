"""The mappings of docs/mappings.md load what they are for."""

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.config import TableSource, settings_from
from devops_analytics.errors import ExportError
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.source import Context
from devops_analytics.sources.table import read

SHA = "0123456789abcdef0123456789abcdef01234567"
HEADER = (
    "tr_build_id,tr_job_id,gh_project_name,gh_is_pr,git_branch,git_trigger_commit,"
    "gh_build_started_at,tr_status,tr_duration"
)


def documented(repository_root: Path) -> TableSource:
    page = (repository_root / "docs/mappings.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (entry,) = settings_from(tomllib.loads(block)).sources
    assert isinstance(entry, TableSource)
    return entry


def loaded(path: Path, entry: TableSource) -> Batch:
    context = Context(settings=settings_from({}), label=path.name)
    (draft,) = read(path, entry, context)
    batch = conform(draft, entry=entry, context=context)
    accounted = batch.rows.height + batch.n_duplicates + batch.quarantined.height
    assert batch.n_read == accounted
    return batch


def saved(folder: Path, *lines: str) -> Path:
    path = folder / "travistorrent_1.csv"
    path.write_text("\n".join([HEADER, *lines]), encoding="utf-8")
    return path


def test_builds_of_travis_are_loaded_as_documented(repository_root, tmp_path):
    path = saved(
        tmp_path,
        f"7,70,harbour/shop,true,main,{SHA},2016-03-01 10:00:00,passed,90",
        f"7,71,harbour/shop,true,main,{SHA},2016-03-01 10:00:00,passed,90",
        "8,80,harbour/shop,false,main,NA,2016-03-02 10:00:00,failed,NA",
        "9,90,other/one,false,main,NA,2016-03-02 10:00:00,failed,5",
    )
    batch = loaded(path, documented(repository_root))
    assert batch.rows.select("repo", "run_id", "sha", "branch", "trigger", "result").rows() == [
        ("harbour/shop", "7", SHA, "main", "pull_request", "success"),
        ("harbour/shop", "8", None, "main", "push", "failure"),
    ]
    assert batch.rows.select("started_at", "finished_at").rows() == [
        (datetime(2016, 3, 1, 10, tzinfo=UTC), datetime(2016, 3, 1, 10, 1, 30, tzinfo=UTC)),
        (datetime(2016, 3, 2, 10, tzinfo=UTC), None),
    ]
    assert batch.n_duplicates == 1
    assert batch.quarantined["reason"].to_list() == ["excluded_by_settings"]


@pytest.mark.parametrize(
    ("word", "result"),
    [("passed", "success"), ("failed", "failure"), ("errored", "error"),
     ("canceled", "cancelled"), ("started", "in_progress"), ("odd", "unknown")],
)  # fmt: skip
def test_each_word_of_travis_is_known(repository_root, tmp_path, word, result):
    path = saved(tmp_path, f"7,70,harbour/shop,true,main,{SHA},2016-03-01 10:00:00,{word},90")
    assert loaded(path, documented(repository_root)).rows["result"].to_list() == [result]


# ---- Times that are told by how long something took ---- #


def runs(**finished: Any) -> TableSource:
    columns = {
        "repo": "repo",
        "run_id": "id",
        "started_at": "at",
        "result": {"constant": "success"},
    }
    declared = {"kind": "table", "path": "x", "table": "pipeline_runs", "time_zone": "UTC",
                "columns": columns | finished}  # fmt: skip
    (entry,) = settings_from({"sources": [declared]}).sources
    assert isinstance(entry, TableSource)
    return entry


LATER = {"finished_at": {"column": "at", "plus_seconds": "took"}}


@pytest.mark.parametrize(
    ("took", "second"),
    [("1.5", 1_500_000), ("0", 0), (" 2 ", 2_000_000), ("NA", None), ("", None), ("-1", None),
     ("nan", None), ("inf", None), ("9e99", None)],
)  # fmt: skip
def test_only_what_is_a_span_is_added(tmp_path, took, second):
    path = tmp_path / "runs.csv"
    path.write_text(f"repo,id,at,took\nshop,1,2026-03-01T10:00:00Z,{took}\n", encoding="utf-8")
    (ended,) = loaded(path, runs(**LATER)).rows["finished_at"].to_list()
    found = None if ended is None else ended.second * 1_000_000 + ended.microsecond
    assert found == second


@given(took=st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_the_span_is_what_was_added(tmp_path_factory, took):
    path = tmp_path_factory.mktemp("runs") / "runs.parquet"
    at = datetime(2026, 3, 1, 10, tzinfo=UTC)
    pl.DataFrame({"repo": "shop", "id": range(len(took)), "at": at, "took": took}).write_parquet(
        path
    )
    rows = loaded(path, runs(**LATER)).rows
    spans = rows.sort(pl.col("run_id").cast(int)).select(
        pl.col("finished_at") - pl.col("started_at")
    )
    assert spans.to_series().dt.total_seconds().to_list() == took


def test_a_time_that_is_none_is_told_though_nothing_is_added_to_it(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("repo,id,at,took\nshop,1,soon,5\n", encoding="utf-8")
    assert loaded(path, runs(**LATER)).quarantined["reason"].to_list() == ["not_a_time"]


@pytest.mark.parametrize(
    "column",
    [
        {"branch": {"column": "at", "plus_seconds": "took"}},
        {"finished_at": {"template": "{at}", "plus_seconds": "took"}},
        {"finished_at": {"column": "at", "plus_seconds": "took", "values": {"a": "b"}}},
    ],
)
def test_seconds_are_added_to_times_only(tmp_path, column):
    path = tmp_path / "runs.csv"
    path.write_text("repo,id,at,took\nshop,1,2026-03-01T10:00:00Z,5\n", encoding="utf-8")
    with pytest.raises(ExportError, match=r"plus_seconds: found 'took'.*finished_at"):
        loaded(path, runs(**column))


def test_a_column_of_seconds_that_is_not_there_is_told(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("repo,id,at\nshop,1,2026-03-01T10:00:00Z\n", encoding="utf-8")
    with pytest.raises(ExportError, match="has no column 'took'"):
        loaded(path, runs(**LATER))
