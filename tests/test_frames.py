"""Dataframes of any kind at the door."""

from datetime import UTC, datetime

import duckdb
import pandas as pd
import polars as pl
import pytest

from devops_analytics.errors import UnknownNameError
from devops_analytics.frames import canonical
from devops_analytics.schema import polars_schema

ROWS = pl.DataFrame(
    {
        "deployment_id": ["a", "b"],
        "service": ["pay", "pay"],
        "finished_at": [datetime(2026, 5, 1, tzinfo=UTC), None],
        "result": ["success", "in_progress"],
        "not canonical": [1, 2],
    },
    schema_overrides={"finished_at": pl.Datetime("us", "UTC")},
)


@pytest.mark.parametrize(
    "native",
    [
        pytest.param(ROWS, id="polars"),
        pytest.param(ROWS.lazy(), id="polars lazy"),
        pytest.param(ROWS.to_pandas(), id="pandas"),
        pytest.param(ROWS.to_arrow(), id="arrow"),
    ],
)
def test_every_kind_of_frame_becomes_the_same_table(native: object) -> None:
    table = canonical("deployments", native).collect()
    assert table.schema == pl.Schema(polars_schema("deployments"))
    assert table["finished_at"].to_list() == ROWS["finished_at"].to_list()
    assert table["method"].to_list() == ["reported", "reported"]
    assert table["sha"].null_count() == 2


def test_a_duckdb_relation_comes_in() -> None:
    relation = duckdb.sql("SELECT 'r' AS repo, 'v1' AS name, 'tag' AS kind")
    assert canonical("refs", relation).collect()["name"].to_list() == ["v1"]


def test_pandas_without_a_zone_is_not_taken_for_utc() -> None:
    naive = pd.DataFrame(
        {"repo": ["r"], "sha": ["a"], "committed_at": [pd.Timestamp("2026-05-01")]}
    )
    with pytest.raises(UnknownNameError, match="committed_at: its times carry no zone"):
        canonical("commits", naive)


def test_a_missing_key_and_an_unknown_table_are_named() -> None:
    with pytest.raises(UnknownNameError, match="the key column 'sha' is missing; found: repo"):
        canonical("commits", pl.DataFrame({"repo": ["r"]}))
    with pytest.raises(UnknownNameError, match="no table is called 'comits'; tables: services"):
        canonical("comits", pl.DataFrame({"repo": ["r"]}))
