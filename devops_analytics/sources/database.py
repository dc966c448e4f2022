"""The `database` source: the rows of a query, by the mapping that the settings declare."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from devops_analytics.config_evidence import DatabaseSource
from devops_analytics.errors import ExportError
from devops_analytics.schema import ABOUT
from devops_analytics.sources.source import Context, Draft, Recognition, SourceKind
from devops_analytics.sources.sql import connected, rows_of, url_of
from devops_analytics.sources.table import mapped
from devops_analytics.sources.tabular import Tabular


def read(path: Path, entry: DatabaseSource, context: Context) -> Iterator[Draft]:
    """Yield drafts of the declared table; a record is a row of the query's answer, from 1.

    Raises:
        ExportError: the database can't be read, the query does more than read, or its answer
            lacks a column that the settings name.
    """
    number = 0
    for rows in _frames(path, entry):
        records = pl.int_range(number + 1, number + rows.height + 1, dtype=pl.Int64, eager=True)
        number += rows.height
        yield mapped(Tabular(rows=rows, records=records, rejected=[]), path, entry, context)


def _frames(path: Path, entry: DatabaseSource) -> Iterator[pl.DataFrame]:
    url = url_of(entry.path, path)
    if url is None:
        raise ExportError(
            f"{entry.path}: is no database; expected an SQLite file, SQLAlchemy's URL, or $NAME of "
            "a variable that holds it."
        )
    with connected(url, entry.path) as connection:
        yield from rows_of(connection, entry.query, entry.path)


def state(entry: DatabaseSource, path: Path) -> str:
    """Return what identifies the answer of the query: a database says nowhere what is new."""
    digest = hashlib.sha256()
    for rows in _frames(path, entry):
        digest.update("\0".join(rows.columns).encode())
        digest.update(rows.hash_rows().to_numpy().tobytes())
    return digest.hexdigest()


def recognise(_: object) -> Recognition | None:
    """Return nothing: what a database's tables mean has to be declared."""
    return None


DATABASE: Final = SourceKind(
    kind="database",
    title="any database",
    reads="the rows of a query (SQLAlchemy URL or SQLite file), with a declared column mapping",
    tables=tuple(ABOUT),
    read=read,
    recognise=recognise,
    state=state,
)
