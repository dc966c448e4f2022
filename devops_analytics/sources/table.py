"""The `table` source: any table file, by the mapping that the settings declare."""

import difflib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from devops_analytics.config import Column, Settings, TableSource
from devops_analytics.errors import ExportError
from devops_analytics.schema import TABLES, TIME, polars_schema
from devops_analytics.sources.json_records import read_records
from devops_analytics.sources.source import QUARANTINE, Context, Draft, Recognition, SourceKind
from devops_analytics.sources.tabular import Tabular, file_format, read_tabular

EXCLUDED: Final = "excluded_by_settings"
NOT_MAPPED: Final = "not_mapped"
_FIELD: Final = re.compile(r"\{([^{}]+)\}")


def read(path: Path, entry: TableSource, context: Context) -> Iterator[Draft]:
    """Yield one draft of the declared table.

    Raises:
        ExportError: the file can't be read, or lacks a column that the settings name.
    """
    _check_mapping(entry)
    found = _rows(path, entry)
    rows, n_read = found.rows, found.rows.height + len(found.rejected)
    _check_columns(path, entry, rows)
    kept, excluded = _chosen(rows, entry, context.label)
    mapped = kept.select(
        "record",
        *(
            _mapped(kept, name, column, entry, context.settings)
            for name, column in entry.columns.items()
        ),
    )
    good, unmapped = _without_unmapped(kept, mapped, entry, context.label)
    yield Draft(
        table=entry.table,
        rows=good,
        n_read=n_read,
        rejected=pl.concat([_rejected(found, entry, context.label), excluded, unmapped]),
        time_zone=entry.time_zone,
        time_format=entry.time_format,
    )


def _check_mapping(entry: TableSource) -> None:
    required = [
        name
        for name, column in TABLES[entry.table].columns().items()
        if name not in {"source", "source_ref", "attempt", "method"}
        and (not column.nullable or name in TABLES[entry.table].primary_key())
    ]
    for name in required:
        if name not in entry.columns:
            hint = (
                ' (map its words, or give result = { constant = "success" } if the export lists '
                "only what succeeded)"
                if name == "result"
                else ""
            )
            raise ExportError(
                f"{entry.label}: columns.{name}: this key is missing; {entry.table} need it{hint}."
            )


def _rows(path: Path, entry: TableSource) -> Tabular:
    if file_format(path) != "json":
        return read_tabular(
            path, encoding=entry.encoding, separator=entry.separator, sheet=entry.sheet
        )
    records = read_records(path, encoding=entry.encoding)
    decoded = [msgspec.json.decode(raw) for _, raw in records.rows]
    wanted = sorted(_source_columns(entry))
    data = {
        name: pl.Series([_text(_reached(record, name)) for record in decoded], dtype=pl.String)
        for name in wanted
        if any(_has(record, name) for record in decoded)
    }
    numbers = pl.Series([number for number, _ in records.rows], dtype=pl.Int64)
    rows = pl.DataFrame(data) if data else pl.DataFrame()
    return Tabular(rows=rows.with_columns(record=numbers), rejected=records.rejected)


def _reached(record: Any, name: str) -> Any:
    for part in (name,) if isinstance(record, dict) and name in record else name.split("."):
        if not isinstance(record, dict):
            return None
        record = record.get(part)
    return record


def _has(record: Any, name: str) -> bool:
    if isinstance(record, dict) and name in record:
        return True
    *outer, last = name.split(".")
    for part in outer:
        record = record.get(part) if isinstance(record, dict) else None
    return isinstance(record, dict) and last in record


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def _source_columns(entry: TableSource) -> set[str]:
    names = set(entry.where)
    for column in entry.columns.values():
        if column.column is not None:
            names.add(column.column)
        if column.template is not None:
            names.update(_FIELD.findall(column.template))
    return names


def _check_columns(path: Path, entry: TableSource, rows: pl.DataFrame) -> None:
    found = [name for name in rows.columns if name != "record"]
    for name in sorted(_source_columns(entry) - set(found)):
        near = difflib.get_close_matches(name, found, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ExportError(
            f"{path}: has no column {name!r}, which the settings of {entry.label} name; columns "
            f"found: {', '.join(found) or 'none'}.{hint}"
        )


# ---- Rows that the settings leave out ---- #


def _chosen(
    rows: pl.DataFrame, entry: TableSource, label: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    if not entry.where:
        return rows, pl.DataFrame(schema=QUARANTINE)
    is_wanted = rows.select(
        pl.all_horizontal(
            pl.col(name).cast(pl.String).is_in(values).fill_null(value=False)
            for name, values in entry.where.items()
        )
    ).to_series()
    left_out = rows.filter(~is_wanted)
    conditions = "; ".join(f"{k} is not {' or '.join(v)}" for k, v in entry.where.items())
    message = pl.format(
        "record {}: left out by `where` in the settings ({})", "record", pl.lit(conditions)
    )
    return rows.filter(is_wanted), _aside(left_out, EXCLUDED, message, entry.table, label)


def _aside(
    rows: pl.DataFrame, reason: str, message: pl.Expr, table: str, label: str
) -> pl.DataFrame:
    if rows.is_empty():
        return pl.DataFrame(schema=QUARANTINE)
    shown = [name for name in rows.columns if name != "record"]
    return rows.select(
        file=pl.lit(label),
        table=pl.lit(table),
        record="record",
        reason=pl.lit(reason),
        message=message,
        raw=pl.struct(shown).struct.json_encode(),
    )


def _rejected(found: Tabular, entry: TableSource, label: str) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "file": label,
                "table": entry.table,
                "record": number,
                "reason": reason,
                "message": message,
                "raw": raw,
            }
            for number, reason, message, raw in found.rejected
        ],
        schema=QUARANTINE,
    )


# ---- Mapping ---- #


def _mapped(
    rows: pl.DataFrame, name: str, column: Column, entry: TableSource, settings: Settings
) -> pl.Series:
    dtype = polars_schema(entry.table)[name]
    if column.constant is not None:
        return pl.Series(name, [str(column.constant)]).new_from_index(0, rows.height)
    if column.template is not None:
        values = rows.select(_filled(column.template)).to_series()
    else:
        values = rows[column.column or name]
    is_list = isinstance(dtype, pl.List)
    if column.pattern is not None:
        values = _each(values.cast(pl.String), _taken(column.pattern))
    if column.separator is not None and is_list:
        return _parted(values.cast(pl.String), column.separator).alias(name)
    if column.separator is not None:
        known = set(settings.services) | set(settings.service_aliases)
        values = _each(values.cast(pl.String), _first_known(column.separator, known))
    if column.values:
        words = {word: str(to) for word, to in column.values.items()}
        values = values.cast(pl.String).str.strip_chars().replace(words)
    typed = dtype == TIME and values.dtype in (pl.Datetime, pl.Date)
    is_typed = typed or isinstance(values.dtype, pl.List)
    return (values if is_typed else values.cast(pl.String)).alias(name)


def _filled(template: str) -> pl.Expr:
    names = _FIELD.findall(template)
    text = _FIELD.sub("{}", template)
    return pl.format(text, *(pl.col(name).cast(pl.String) for name in names))


def _each(values: pl.Series, function: Callable[[str], str | None]) -> pl.Series:
    """Apply a function to each distinct text; Python's patterns are what the settings allow."""
    made = {value: function(value) for value in values.drop_nulls().unique()}
    return values.replace_strict(made, default=None, return_dtype=pl.String)


def _taken(pattern: str) -> Callable[[str], str | None]:
    searched = re.compile(pattern)

    def take(value: str) -> str | None:
        found = searched.search(value)
        if found is None:
            return None
        if "value" in searched.groupindex:
            return found["value"]
        return found[1] if searched.groups else found[0]

    return take


def _parted(values: pl.Series, separator: str) -> pl.Series:
    parts = pl.col("value").str.split(separator).list.eval(pl.element().str.strip_chars())
    return (
        values.to_frame("value")
        .select(
            pl.when(pl.col("value").is_null())
            .then(pl.lit([], dtype=pl.List(pl.String)))
            .otherwise(parts.list.eval(pl.element().filter(pl.element() != "")))
        )
        .to_series()
    )


def _first_known(separator: str, known: set[str]) -> Callable[[str], str | None]:
    def first(value: str) -> str | None:
        parts = [part.strip() for part in value.split(separator) if part.strip()]
        return next((part for part in parts if part in known), parts[0] if parts else None)

    return first


def _without_unmapped(
    rows: pl.DataFrame, mapped: pl.DataFrame, entry: TableSource, label: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Put aside rows with a word that a mapping lacks; a result is taken for unknown instead."""
    asides = [pl.DataFrame(schema=QUARANTINE)]
    is_good = pl.Series([True]).new_from_index(0, mapped.height)
    for name, column in entry.columns.items():
        if not column.values or name == "result":
            continue
        allowed = {str(to) for to in column.values.values()}
        strange = mapped[name].is_not_null() & ~mapped[name].is_in(list(allowed)) & is_good
        if strange.any():
            message = pl.format(
                "record {}: {}: found '{}', which `values` doesn't map; mapped: {}",
                "record",
                pl.lit(name),
                mapped[name].filter(strange),
                pl.lit(", ".join(column.values)),
            )
            asides.append(_aside(rows.filter(strange), NOT_MAPPED, message, entry.table, label))
            is_good &= ~strange
    return mapped.filter(is_good), pl.concat(asides)


# ---- Recognition ---- #


def recognise(path: Path) -> Recognition | None:
    """Say which canonical table a file's columns fit; None where it is no table.

    Only a table whose columns carry the canonical names can be loaded without a mapping.
    """
    try:
        if file_format(path) == "json":
            return None
        columns = [name for name in read_tabular(path).rows.columns if name != "record"]
    except ExportError:
        return None
    if len(columns) < 2:  # noqa: PLR2004 - any text file has one column
        return None
    fits = {table: _fit(table, columns) for table in TABLES if not table.startswith("service")}
    best = max(fits, key=lambda table: len(fits[table]))
    if fits[best] and set(TABLES[best].primary_key()) <= set(fits[best]):
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


def _fit(table: str, columns: list[str]) -> list[str]:
    own = set(TABLES[table].column_names()) - {"source", "source_ref"}
    required = [
        name
        for name, column in TABLES[table].columns().items()
        if not column.nullable and name in own and name not in {"attempt", "method"}
    ]
    found = [name for name in columns if name in own]
    return found if set(required) <= set(found) else []


TABLE: Final = SourceKind(
    kind="table",
    title="any table",
    reads="CSV, TSV, JSON, NDJSON, Parquet or Excel (also .gz), with a declared column mapping",
    tables=tuple(name for name in TABLES if not name.startswith("service")),
    read=read,
    recognise=recognise,
)
