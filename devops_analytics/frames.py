"""The door for dataframes: any kind in, canonical Polars tables out."""

from typing import Any

import narwhals as nw
import polars as pl

from devops_analytics.errors import UnknownNameError
from devops_analytics.schema import TABLES, empty, polars_schema

SOURCE = "frame"
"""The `source` of rows that came in as a dataframe and name none themselves."""


def canonical(table: str, native: Any) -> pl.LazyFrame:
    """Take a dataframe of any kind (pandas, Polars, DuckDB, Arrow …) as a canonical table.

    Columns that are no canonical ones are left out, missing ones become null. A Polars lazy
    frame stays lazy; other engines hand over only the columns that are asked for.

    Raises:
        UnknownNameError: there is no such table, a key column is missing, or times have no zone.
    """
    if table not in TABLES:
        raise UnknownNameError(f"no table is called {table!r}; tables: {', '.join(TABLES)}.")
    schema = polars_schema(table)
    frame = nw.from_native(native).lazy()
    found = frame.collect_schema().names()
    missing = [name for name in TABLES[table].primary_key() if name not in found]
    if missing:
        raise UnknownNameError(
            f"{table}: the key column {missing[0]!r} is missing; found: {', '.join(found)}."
        )
    chosen = frame.select([name for name in schema if name in found]).to_native()
    lazy = chosen if isinstance(chosen, pl.LazyFrame) else _collected(frame, schema, found)
    return _filled(lazy, table, found)


def _collected(frame: Any, schema: dict[str, pl.DataType], found: list[str]) -> pl.LazyFrame:
    chosen = frame.select([name for name in schema if name in found])
    polars: pl.DataFrame = chosen.collect("polars").to_native()
    return polars.lazy()


def _filled(lazy: pl.LazyFrame, table: str, found: list[str]) -> pl.LazyFrame:
    defaults: dict[str, pl.Expr] = {
        "source": pl.lit(SOURCE),
        "source_ref": pl.lit(f"{SOURCE}:{table}"),
        "method": pl.lit("reported"),
    }
    given = lazy.collect_schema()
    columns = []
    for name, dtype in polars_schema(table).items():
        if name not in found:
            columns.append(defaults.get(name, pl.lit(None)).cast(dtype).alias(name))
            continue
        found_type = given[name]
        if isinstance(found_type, pl.Datetime) and found_type.time_zone is None:
            raise UnknownNameError(
                f"{table}.{name}: its times carry no zone, so they are not known. Give them one "
                "(in pandas: .dt.tz_localize('Europe/London'))."
            )
        columns.append(pl.col(name).cast(dtype))
    return lazy.select(columns)


def rows_as_table(rows: list[dict[str, object]], table: str, given: pl.LazyFrame) -> pl.LazyFrame:
    """Return rows (from the settings) followed by those of a table whose key is not among them."""
    made = pl.DataFrame(rows, schema=polars_schema(table)) if rows else empty(table)
    key = TABLES[table].primary_key()
    return pl.concat([made.lazy(), given.join(made.lazy(), on=key, how="anti")])
