"""The `table` source: any table file, by the mapping that the settings declare."""

import difflib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import polars as pl

from devops_analytics.config import TableSource
from devops_analytics.config_sources import MappedSource
from devops_analytics.errors import ExportError
from devops_analytics.schema import EVENT_TIME, TABLES
from devops_analytics.sources.casting import as_text, most_frequent
from devops_analytics.sources.json_records import NOT_JSON, Records, first_records, read_records
from devops_analytics.sources.json_text import decoded
from devops_analytics.sources.mapping import (
    Mapper,
    check_mapping,
    holds,
    reached,
    required_columns,
    source_columns,
)
from devops_analytics.sources.people import PEOPLE
from devops_analytics.sources.source import (
    QUARANTINE,
    Context,
    Draft,
    Export,
    Recognition,
    SourceKind,
)
from devops_analytics.sources.tabular import (
    Rejected,
    Tabular,
    column_names,
    file_format,
    read_tabular,
)
from devops_analytics.text import filled

EXCLUDED: Final = "excluded_by_settings"
NOT_MAPPED: Final = "not_mapped"

_WRAPPERS: Final = ("items", "values", "value", "data", "results", "records")
"""Keys that pages of many APIs hold their records under."""
_SHOWN: Final = 80
_KEYS_SHOWN: Final = 100
_LOADABLE: Final = tuple(name for name in TABLES if not name.startswith("service"))


def read(path: Export, entry: TableSource, context: Context) -> Iterator[Draft]:
    """Yield one draft of the declared table.

    Raises:
        ExportError: the file can't be read, or lacks a column that the settings name.
    """
    yield mapped(_read(path, entry), path, entry, context)


def mapped(found: Tabular, path: Export, entry: MappedSource, context: Context) -> Draft:
    """Return the draft of the declared table that the rows of a table become.

    Raises:
        ExportError: it lacks a column that the settings name.
    """
    check_mapping(entry)
    _check_columns(path, entry, found)
    rows = found.rows.with_columns(found.records.alias(_RECORD))
    asides = [_rejected(found, entry, context.label)]
    rows = _chosen(rows, entry, context.label, asides)
    mapper = Mapper(rows=rows, entry=entry, settings=context.settings)
    columns = [rows[_RECORD].alias("record")]
    notes = []
    is_kept = pl.repeat(True, rows.height, eager=True)  # noqa: FBT003 - a column's value
    for name in entry.columns:
        values, strange = mapper.mapped(name)
        columns.append(values)
        if strange is None or not strange.count():
            continue
        if name == "result":
            notes.append(_unknown_words(entry, strange))
            continue
        is_strange = strange.is_not_null() & is_kept
        asides.append(_unmapped(rows, name, strange, is_strange, entry, context.label))
        is_kept = is_kept & ~is_strange
    return Draft(
        table=entry.table,
        rows=pl.DataFrame(columns).filter(is_kept),
        n_read=found.rows.height + len(found.rejected),
        rejected=pl.concat(asides),
        time_zone=entry.time_zone,
        time_format=entry.time_format,
        notes=tuple(notes),
    )


_RECORD: Final = "\0record"
"""No file has a column of this name."""


# ---- Rows ---- #


def _read(path: Export, entry: TableSource) -> Tabular:
    if file_format(path) != "json":
        return read_tabular(
            path, encoding=entry.encoding, separator=entry.separator, sheet=entry.sheet
        )
    wanted = source_columns(entry)
    reached_into = {name.split(".")[0] for name in wanted}
    wrappers = tuple(key for key in _WRAPPERS if key not in reached_into)
    records = read_records(path, wrappers=wrappers, encoding=entry.encoding)
    numbers, values, rejected = _decoded(records)
    if values or rejected:
        _check_keys(path, entry, values)
    return Tabular(
        rows=pl.DataFrame(
            {
                name: pl.Series([_text(_value(r, name)) for r in values], dtype=pl.String)
                for name in wanted
            }
        ),
        records=pl.Series(numbers, dtype=pl.Int64),
        rejected=rejected,
    )


def _decoded(records: Records) -> tuple[list[int], list[Any], list[Rejected]]:
    """Return numbers and values of the records, and what is rejected: what can't be decoded too."""
    numbers: list[int] = []
    values: list[Any] = []
    rejected: list[Rejected] = list(records.rejected)
    for number, raw in records.rows:
        try:
            values.append(decoded(raw, object))
        except msgspec.DecodeError as error:  # a number beyond all bounds
            rejected.append((number, NOT_JSON, f"no JSON record that can be read: {error}", None))
        else:
            numbers.append(number)
    return numbers, values, rejected


class _Nothing:
    """Stands for a key that a record does not have; null is a value."""


def _value(record: Any, name: str) -> Any:
    """Return what a key or a dotted path leads to; through a list it leads to a list."""
    if isinstance(record, dict) and name in record:
        return record[name]
    for part in name.split("."):
        if isinstance(record, list):
            items = [_value(item, part) for item in record]
            record = _Nothing if items and all(item is _Nothing for item in items) else items
        elif isinstance(record, dict):
            record = record.get(part, _Nothing)
        else:
            return record if record is None else _Nothing
    return record


def _text(value: Any) -> str | None:
    if value is _Nothing or value is None or isinstance(value, str):
        return value if isinstance(value, str) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, list):
        value = [item for item in value if item is not None and item is not _Nothing]
    return msgspec.json.encode(value).decode()


def _check_keys(path: Export, entry: MappedSource, records: Sequence[Any]) -> None:
    for name in source_columns(entry):
        if all(_value(record, name) is _Nothing for record in records):
            keys = dict.fromkeys(
                key
                for record in records[:_KEYS_SHOWN]
                if isinstance(record, dict)
                for key in record
            )
            raise _no_column(path, entry, name, list(keys))


def _check_columns(path: Export, entry: MappedSource, found: Tabular) -> None:
    for name in source_columns(entry):
        if not holds(found.rows, name):
            raise _no_column(path, entry, name, found.rows.columns)


def _no_column(path: Export, entry: MappedSource, name: str, found: list[str]) -> ExportError:
    near = difflib.get_close_matches(name, found, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return ExportError(
        f"{path}: has no column {name!r}, which the settings of {entry.label} name; columns "
        f"found: {', '.join(found) or 'none'}.{hint}"
    )


# ---- Records put aside ---- #


def _rejected(found: Tabular, entry: MappedSource, label: str) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (label, entry.table, number, reason, f"{label} {message}", raw)
            for number, reason, message, raw in found.rejected
        ],
        schema=QUARANTINE,
        orient="row",
    )


def _chosen(
    rows: pl.DataFrame, entry: MappedSource, label: str, asides: list[pl.DataFrame]
) -> pl.DataFrame:
    """Return the rows that `where` keeps, and add the others to what is put aside."""
    for name, values in entry.where.items():
        texts = as_text(reached(rows, name)).str.strip_chars().fill_null("")
        is_wanted = texts.is_in(values)
        what = filled(
            "left out by `where` in the settings ({}): found '{}'",
            pl.lit(f"{name} is not {' or '.join(values)}"),
            texts.filter(~is_wanted).str.head(_SHOWN),
        )
        asides.append(_aside(rows.filter(~is_wanted), EXCLUDED, what, entry, label))
        rows = rows.filter(is_wanted)
    return rows


def _unmapped(
    rows: pl.DataFrame,
    name: str,
    strange: pl.Series,
    is_strange: pl.Series,
    entry: MappedSource,
    label: str,
) -> pl.DataFrame:
    what = filled(
        "{}: found '{}', which `values` doesn't map; mapped: {}. Add the word to `values`",
        pl.lit(name),
        strange.filter(is_strange).str.head(_SHOWN),
        pl.lit(", ".join(entry.columns[name].values)),
    )
    return _aside(rows.filter(is_strange), NOT_MAPPED, what, entry, label)


def _aside(
    rows: pl.DataFrame, reason: str, what: pl.Expr, entry: MappedSource, label: str
) -> pl.DataFrame:
    """Return rows as quarantined; of their text only what is mapped, and no person."""
    if rows.is_empty():
        return pl.DataFrame(schema=QUARANTINE)
    shown = source_columns(entry, without=frozenset(PEOPLE))
    texts = pl.DataFrame([as_text(reached(rows, name)).alias(name) for name in shown])
    raw = (
        texts.select(pl.struct(pl.all()).struct.json_encode()).to_series()
        if shown
        else pl.Series([None], dtype=pl.String).new_from_index(0, rows.height)
    )
    return rows.select(
        file=pl.lit(label),
        table=pl.lit(entry.table),
        record=_RECORD,
        reason=pl.lit(reason),
        message=filled("{} record {}: {}", pl.lit(label), _RECORD, what),
        raw=raw,
    )


def _unknown_words(entry: MappedSource, strange: pl.Series) -> str:
    return (
        f"{entry.table}: {strange.count()} results are taken as unknown, as `values` doesn't map "
        f"their words: {most_frequent(strange)}"
    )


# ---- Recognition ---- #


def recognise(path: Export) -> Recognition | None:
    """Say which canonical table a file's columns fit; None where it is no table.

    Only a table whose columns carry the canonical names can be loaded without a mapping.
    """
    columns = _names(path)
    if len(columns) < 2:  # noqa: PLR2004 - any text file has one column
        return None
    fits = {table: _fit(table, columns) for table in _LOADABLE}
    best = max(fits, key=lambda table: len(fits[table]))
    if fits[best]:
        return Recognition(
            kind="table",
            confidence=0.6,
            reason=f"a table with the columns of {best}",
            suggestion={"table": best, "columns": {name: name for name in fits[best]}},
        )
    return Recognition(
        kind="table",
        confidence=0.2,
        reason=f"a table with the columns {', '.join(columns[:8])}; declare what they mean",
    )


def _names(path: Export) -> list[str]:
    try:
        if file_format(path) != "json":
            return column_names(path)
        records = first_records(path, wrappers=_WRAPPERS)
    except ExportError:
        return []
    return list(decoded(records[0], dict[str, msgspec.Raw])) if records else []


def _fit(table: str, columns: list[str]) -> list[str]:
    """Return the table's columns among a file's; none where the file lacks one that it needs.

    What happened at no time is nothing: of the columns that date a row, one has to be there.
    """
    own = set(TABLES[table].column_names()) - {"source", "source_ref"}
    found = [name for name in columns if name in own]
    is_dated = table not in EVENT_TIME or not set(EVENT_TIME[table]).isdisjoint(found)
    return found if is_dated and set(required_columns(table)) <= set(found) else []


TABLE: Final = SourceKind(
    kind="table",
    title="any table",
    reads="CSV, TSV, JSON, NDJSON, Parquet or Excel (also .gz), with a declared column mapping",
    tables=_LOADABLE,
    read=read,
    recognise=recognise,
    by_line=True,
)
