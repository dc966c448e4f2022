"""What the settings make of a file's columns: the values of each canonical column."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import polars as pl

from devops_analytics.config import Column, Settings
from devops_analytics.config_sources import MappedSource
from devops_analytics.errors import ExportError
from devops_analytics.schema import TABLES, polars_schema
from devops_analytics.sources.casting import as_text, word_lists
from devops_analytics.sources.times import utc_times

_FIELD: Final = re.compile(r"\{([^{}]+)\}")
_UNKNOWN: Final = "unknown"
_LONGEST: Final = 1e9
"""Seconds that anything may take, some 30 years: what is more is a mistake."""
_GIVEN: Final = frozenset({"source", "source_ref", "method", "attempt"})
"""Columns that need no mapping, as the program fills them."""


class Mapped(NamedTuple):
    """Values of a canonical column, and the words that the declared ones don't explain."""

    values: pl.Series
    strange: pl.Series | None = None
    """Null where a word is explained; None where no words are declared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapper:
    """Makes canonical columns out of a file's."""

    rows: pl.DataFrame
    entry: MappedSource
    settings: Settings

    def mapped(self, name: str) -> Mapped:
        """Return the values of a canonical column; text stays text, to be judged later."""
        column = self.entry.columns[name]
        is_list = isinstance(polars_schema(self.entry.table)[name], pl.List)
        values = self._found(name, column)
        if column.pattern is not None:
            values = _each(as_text(values), _taken(column.pattern))
        if column.separator is not None:
            values = self._parted(values, column, is_list=is_list)
        elif column.values:
            return _with_words(as_text(values), column.values, name)
        if column.plus_seconds is not None:
            values = self._later(values, column.plus_seconds)
        return Mapped(values.alias(name))

    def _later(self, values: pl.Series, seconds: str) -> pl.Series:
        """Add the seconds of a column to times."""
        zone, time_format = self.entry.time_zone, self.entry.time_format
        times, _ = utc_times(values, zone=zone, time_format=time_format)
        took = as_text(reached(self.rows, seconds)).str.strip_chars().cast(pl.Float64, strict=False)
        micros = (pl.col("took") * 1e6).round().cast(pl.Int64, strict=False)
        is_known = pl.col("took").is_between(0, _LONGEST)
        later = pl.col("at") + pl.duration(microseconds=pl.when(is_known).then(micros))
        return pl.select(at=times, took=took).select(later).to_series()

    def _found(self, name: str, column: Column) -> pl.Series:
        if column.constant is not None:
            constant = column.constant
            text = str(constant).lower() if isinstance(constant, bool) else str(constant)
            return pl.Series([text]).new_from_index(0, self.rows.height)
        if column.template is not None:
            return self._filled(column.template)
        return reached(self.rows, column.column or name)

    def _filled(self, template: str) -> pl.Series:
        """Fill the columns' values in; null where all of them are empty."""
        literals = [pl.lit(text) for text in _FIELD.split(template)[::2]]
        names = _FIELD.findall(template)
        cells = pl.DataFrame(
            [as_text(reached(self.rows, name)).alias(str(n)) for n, name in enumerate(names)]
        ).with_columns(pl.all().fill_null("").str.strip_chars())
        fields = [pl.col(str(number)) for number in range(len(names))]
        pieces = [piece for pair in zip(literals, fields, strict=False) for piece in pair]
        is_filled = pl.any_horizontal(field != "" for field in fields)
        text = pl.when(is_filled).then(pl.concat_str([*pieces, literals[-1]]))
        return cells.select(text).to_series()

    def _parted(self, values: pl.Series, column: Column, *, is_list: bool) -> pl.Series:
        lists = word_lists(values, separator=column.separator)
        words = _words(column.values)
        parts = lists.list.eval(pl.element().replace(words))
        if is_list:
            return parts
        known = [*self.settings.services, *self.settings.service_aliases]
        is_known = pl.element().filter(pl.element().is_in(known))
        first_known = pl.col("parts").list.eval(is_known).list.first()
        return (
            parts.to_frame("parts")
            .select(pl.coalesce(first_known, pl.col("parts").list.first()))
            .to_series()
        )


def reached(rows: pl.DataFrame, name: str) -> pl.Series:
    """Return a file's column, by its name or, in nested records, by its dotted path."""
    if name in rows.columns:
        return rows[name]
    first, *inner = name.split(".")
    found = pl.col(first)
    for part in inner:
        found = found.struct.field(part)
    return rows.select(found.alias(name)).to_series()


def holds(rows: pl.DataFrame, name: str) -> bool:
    """Say whether a file has a column, by its name or its dotted path."""
    if name in rows.columns:
        return True
    first, *inner = name.split(".")
    dtype: object = rows.schema.get(first)
    for part in inner:
        fields = dict(dtype) if isinstance(dtype, pl.Struct) else {}
        dtype = fields.get(part)
    return bool(inner) and dtype is not None


def columns_behind(name: str, column: Column) -> list[str]:
    """Return the file's columns that a canonical column is made of."""
    if column.constant is not None:
        return []
    if column.template is not None:
        return _FIELD.findall(column.template)
    added = [] if column.plus_seconds is None else [column.plus_seconds]
    return [column.column or name, *added]


def source_columns(entry: MappedSource, *, without: frozenset[str] = frozenset()) -> list[str]:
    """Return the file's columns that the settings name, but for those of some canonical ones."""
    hidden = {
        name
        for canonical, column in entry.columns.items()
        if canonical in without
        for name in columns_behind(canonical, column)
    }
    named = [
        *entry.where,
        *(
            name
            for canonical, column in entry.columns.items()
            for name in columns_behind(canonical, column)
        ),
    ]
    return [name for name in dict.fromkeys(named) if name not in hidden]


def check_mapping(entry: MappedSource) -> None:
    """Make sure that a declared mapping can be followed, before the file is read.

    Raises:
        ExportError: a column that the table needs is not mapped, or a mapping contradicts itself.
    """
    for name in required_columns(entry.table):
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
    times = {name for name, dtype in polars_schema(entry.table).items() if dtype == pl.Datetime}
    for name, column in entry.columns.items():
        _check_column(entry.label, name, column)
        if column.plus_seconds is not None and (name not in times or not _is_plain(column)):
            raise ExportError(
                f"{entry.label}: columns.{name}.plus_seconds: found {column.plus_seconds!r}; "
                f"seconds are added to a time that is taken from a column as it is; times of "
                f"{entry.table} are {', '.join(sorted(times))}."
            )


def required_columns(table: str) -> list[str]:
    """Return the columns that a table can't do without and that only an export can give."""
    return [
        name
        for name, column in TABLES[table].columns().items()
        if name not in _GIVEN and (not column.nullable or column.primary_key)
    ]


def _is_plain(column: Column) -> bool:
    return column.constant is None and column.template is None and not column.values


def _check_column(label: str, name: str, column: Column) -> None:
    origins = ("column", "constant", "template")
    given = [origin for origin in origins if getattr(column, origin) is not None]
    if len(given) > 1:
        raise ExportError(
            f"{label}: columns.{name}: found {' and '.join(given)}; give one of them."
        )
    if column.template is None:
        return
    literal = _FIELD.sub("", column.template)
    if "{" in literal or "}" in literal or literal == column.template:
        raise ExportError(
            f"{label}: columns.{name}.template: found {column.template!r}; expected text with "
            "columns' names in braces, such as '{app}@{deployed_at}'."
        )


# ---- Text taken apart ---- #


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


# ---- Words ---- #


def _words(values: Mapping[str, str | bool]) -> dict[str, str]:
    return {word: str(to).lower() if isinstance(to, bool) else to for word, to in values.items()}


def _with_words(texts: pl.Series, values: Mapping[str, str | bool], name: str) -> Mapped:
    """Put the canonical words in the place of the export's; only declared ones are explained.

    What a result's other words mean nobody has said, so they are unknown; elsewhere their rows
    are put aside.
    """
    words = _words(values)
    in_any_case = {word.casefold(): to for word, to in words.items()}
    stripped = texts.str.strip_chars().fill_null("")
    if "" not in words:
        stripped = pl.select(pl.when(stripped != "").then(stripped)).to_series()
    found = _each(stripped, lambda word: words.get(word, in_any_case.get(word.casefold())))
    is_strange = stripped.is_not_null() & found.is_null()
    strange = pl.select(pl.when(is_strange).then(stripped)).to_series()
    if name == "result":
        found = pl.select(pl.when(is_strange).then(pl.lit(_UNKNOWN)).otherwise(found)).to_series()
    return Mapped(found.alias(name), strange)
