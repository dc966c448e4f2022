"""Apache DevLake: its domain tables, exported as files (one a table) or read from its database.

Tables are told apart by their names and columns, as DevLake's domain models declare them
(backend/core/models/domainlayer of apache/incubator-devlake). Its times are UTC without saying so.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import polars as pl

from devops_analytics.config_evidence import DevlakeSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.casting import as_text
from devops_analytics.sources.devlake_tables import LOOKUPS, TABLES, WORDS, Rows
from devops_analytics.sources.source import Context, Draft, Export, Recognition, SourceKind
from devops_analytics.sources.sql import connected, rows_of, url_of
from devops_analytics.sources.tabular import column_names, read_tabular

_KNOWN: Final = {**{name: one.columns for name, one in TABLES.items()}, **LOOKUPS}
"""Every table that is read, with the columns that are needed of it."""


def read(path: Path, entry: DevlakeSource, context: Context) -> Iterator[Draft]:
    """Yield the drafts of one file, or of all tables of a database.

    Raises:
        ExportError: it holds none of DevLake's domain tables, or can't be read.
    """
    url = url_of(entry.path, path)
    if url is None:
        for _, draft in read_many([path], entry, context):
            yield draft
        return
    tables = _from_database(url, entry.path)
    frames = {name: pl.concat(parts) for name, parts in tables.items()}
    yield from _drafts(frames, {name: name for name in frames}).values()


def read_many(paths: list[Path], entry: DevlakeSource, _: Context) -> Iterator[tuple[Path, Draft]]:
    """Yield every draft of the files, each of which is one of DevLake's tables.

    Raises:
        ExportError: a file is none of them.
    """
    frames: dict[str, pl.DataFrame] = {}
    owners: dict[str, Path] = {}
    for path in paths:
        name = _table_of(path, column_names(path))
        if name is None:
            raise ExportError(
                f"{path}: is none of DevLake's domain tables that are read: "
                f"{', '.join(_KNOWN)}. Call the file as its table is called."
            )
        found = read_tabular(path)
        rows = _numbered(found.rows, found.records, name)
        frames[name] = pl.concat([frames[name], rows]) if name in frames else rows
        owners[name] = path
    if any(list(owners.values()).count(path) > 1 for path in paths) or len(owners) < len(paths):
        raise ExportError(
            f"{entry.path}: several files hold the same table of DevLake; give each an entry."
        )
    for name, draft in _drafts(frames, owners).items():
        yield owners[name], draft


def _drafts(frames: Mapping[str, pl.DataFrame], owners: Mapping[str, Any]) -> dict[str, Draft]:
    """Return the draft of each of DevLake's tables, and the lookups as absorbed in the others."""
    drafts: dict[str, Draft] = {}
    for name in owners:
        rows = frames[name]
        if name in TABLES:
            made = TABLES[name].rows(rows, Rows(frames))
            drafts[name] = Draft(
                table=TABLES[name].table,
                rows=made,
                n_read=rows.height,
                n_absorbed=rows.height - made.height,
                time_zone="UTC",
            )
            continue
        table = TABLES[_USED_BY[name]].table
        drafts[name] = Draft(
            table=table,
            rows=pl.DataFrame(schema={"record": pl.Int64()}),
            n_read=rows.height,
            n_absorbed=rows.height,
        )
    return drafts


_USED_BY: Final = {
    "repos": "pull_requests",
    "cicd_scopes": "cicd_deployment_commits",
    "repo_commits": "commits",
    "commit_parents": "commits",
    "cicd_pipeline_commits": "cicd_pipelines",
    "pull_request_labels": "pull_requests",
}
"""The table whose rows each lookup becomes a part of, first of all."""


def _numbered(rows: pl.DataFrame, records: pl.Series, name: str) -> pl.DataFrame:
    """Return the needed columns as text, null where a table of an older version lacks one."""
    columns = [records.alias("record")]
    for column in _KNOWN[name]:
        values = (
            as_text(rows[column])
            if column in rows.columns
            else pl.Series([None], dtype=pl.String).new_from_index(0, rows.height)
        )
        columns.append(values.alias(column))
    texts = [pl.col(column).str.strip_chars() for column in _KNOWN[name]]
    return pl.DataFrame(columns).with_columns(
        pl.when(text != "").then(text).alias(column)
        for text, column in zip(texts, _KNOWN[name], strict=True)
    )


def _table_of(export: Export, columns: list[str]) -> str | None:
    """Return which of DevLake's tables a file is: by its name, if it has the columns to it."""
    stem = export.name.split(".")[0].lower()
    for name in sorted(_KNOWN, key=len, reverse=True):
        needed = TABLES[name].needed if name in TABLES else _KNOWN[name]
        if name in stem and set(needed) <= set(columns):
            return name
    return None


def _from_database(url: str, place: str) -> dict[str, list[pl.DataFrame]]:
    found: dict[str, list[pl.DataFrame]] = {}
    with connected(url, place) as connection:
        import sqlalchemy  # noqa: PLC0415 - as in sql.py

        there = sqlalchemy.inspect(connection)
        for name in set(there.get_table_names()) & _KNOWN.keys():
            held = {column["name"] for column in there.get_columns(name)}
            chosen = ", ".join(column for column in _KNOWN[name] if column in held)
            number = 1
            query = f"SELECT {chosen} FROM {name}"  # noqa: S608 - all of these names are ours
            for rows in rows_of(connection, query, place):
                end = number + rows.height
                records = pl.int_range(number, end, dtype=pl.Int64, eager=True)
                found.setdefault(name, []).append(_numbered(rows, records, name))
                number = end
    if not found.keys() & TABLES.keys():
        raise ExportError(f"{place}: has none of DevLake's domain tables ({', '.join(TABLES)}).")
    return found


def state(entry: DevlakeSource, path: Path) -> str | None:
    """Return what identifies the tables of a database; None where the path is of files."""
    url = url_of(entry.path, path)
    if url is None:
        return None
    digest = hashlib.sha256()
    for name, parts in sorted(_from_database(url, entry.path).items()):
        digest.update(name.encode())
        for rows in parts:
            digest.update(rows.hash_rows().to_numpy().tobytes())
    return digest.hexdigest()


def recognise(export: Export) -> Recognition | None:
    """Say whether a file is one of DevLake's tables, by its name and its columns."""
    name = _table_of(export, column_names(export))
    if name is None:
        return None
    return Recognition(kind="devlake", confidence=0.9, reason=f"DevLake's table {name}")


DEVLAKE: Final = SourceKind(
    kind="devlake",
    title="Apache DevLake",
    reads="its domain tables as CSV or Parquet (a file called as each table), or its database",
    tables=tuple(dict.fromkeys(one.table for one in TABLES.values())),
    read=read,
    recognise=recognise,
    read_many=read_many,
    state=state,
    words=WORDS,
)
