"""Rows of a table file → records as an API gives them, so that one reader is enough for both."""

from collections.abc import Mapping
from typing import Final

import msgspec

from devops_analytics.errors import ExportError
from devops_analytics.sources.json_records import Records
from devops_analytics.sources.source import Export
from devops_analytics.sources.tabular import Tabular, column_names, file_format, read_tabular

_SHOWN: Final = 40
REPEATED: Final = "\0"
"""Stands between a column's name and its number, where a table has it more than once."""

Columns = Mapping[str, str]
"""Column of the table, in lower case and with blanks as `_` → key of the record."""


def is_table(export: Export) -> bool:
    """Say whether a file is a table (CSV, TSV, Excel, Parquet) and not JSON."""
    try:
        return file_format(export) != "json"
    except ExportError:
        return False


def table_columns(export: Export) -> list[str]:
    """Return the columns of a table, spelt as in `Columns`; none where a file is no table."""
    found = column_names(export, repeats=REPEATED)
    return list(dict.fromkeys(_plain(name) for name in found))


def table_records(
    export: Export,
    *,
    columns: Columns,
    needed: tuple[str, ...],
    lists: frozenset[str] = frozenset(),
    missing: str = "",
    encoding: str = "utf-8",
) -> Records:
    """Read the rows of a table as JSON objects that have the keys of `columns` only.

    An empty cell, and one that only says `missing`, is left out. Keys in `lists` hold the cells of
    all columns of that name, which some tools write once for each item. `needed` are the keys
    without which no row could be told from another.

    Raises:
        ExportError: the file can't be read as a table, or has no column for a key that is needed.
    """
    found = read_tabular(export, encoding=encoding, repeats=REPEATED)
    _check_columns(export, found, columns, needed)
    return Records(
        rows=[
            (number, msgspec.json.encode(record))
            for number, record in zip(
                found.records, _objects(found, columns, lists, missing), strict=True
            )
        ],
        # The text of a broken line may hold names and messages, so it is left out.
        rejected=[(number, reason, message, "") for number, reason, message, _ in found.rejected],
    )


def _check_columns(
    export: Export, found: Tabular, columns: Columns, needed: tuple[str, ...]
) -> None:
    names = list(dict.fromkeys(_plain(name) for name in found.rows.columns))
    for key in needed:
        wanted = [name for name, one in columns.items() if one == key]
        if not set(wanted) & set(names):
            raise ExportError(
                f"{export}: has no column {' or '.join(wanted)}, so its rows can't be told apart. "
                f"Export it with this column. Found: {', '.join(names[:_SHOWN]) or 'none'}."
            )


def _objects(
    found: Tabular, columns: Columns, lists: frozenset[str], missing: str
) -> list[dict[str, str | list[str]]]:
    keys = {
        name: columns[plain] for name in found.rows.columns if (plain := _plain(name)) in columns
    }
    objects: list[dict[str, str | list[str]]] = [{} for _ in range(found.rows.height)]
    for name, key in keys.items():
        cells = found.rows[name].cast(str).str.strip_chars().fill_null("")
        for record, cell in zip(objects, cells, strict=True):
            if cell in {"", missing}:
                continue
            if key in lists:
                held = record.setdefault(key, [])
                held.append(cell)  # type: ignore[union-attr]
            else:
                record.setdefault(key, cell)
    return objects


def _plain(name: str) -> str:
    return "_".join(name.partition(REPEATED)[0].lower().split())
