"""The `[[sources]]` entries of the settings, and what every section of the settings shares."""

import re
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, field_validator

from devops_analytics.schema import ABOUT, TABLES


def _is_time_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("expected a time zone of the IANA database, such as 'Europe/London'")
    return value


def _is_event_table(value: str) -> str:
    if value not in ABOUT:
        raise ValueError(f"expected one of {', '.join(ABOUT)}")
    return value


def _is_pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"expected a regular expression: {error}") from error
    return value


TimeZone = Annotated[str, BeforeValidator(_is_time_zone)]
Pattern = Annotated[str, BeforeValidator(_is_pattern)]
TableName = Annotated[str, BeforeValidator(_is_event_table)]


class Section(BaseModel):
    """A section of the settings: unknown keys are errors, values can't be changed."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True
    )


class Column(Section):
    """Where the value of a canonical column comes from in a user's table."""

    column: str | None = None
    """The column (or dotted path in JSON) that the value is taken from."""
    constant: str | int | float | bool | None = None
    """The same value in every row."""
    template: str | None = None
    """Text with column names in braces, such as `{app}@{deployed_at}`."""
    pattern: Pattern | None = None
    """A regular expression that takes the value out of the text: its group `value`, else its first
    group, else the whole match.
    """
    separator: str | None = None
    """What parts a list; on a column that holds one value, the first known one is taken."""
    values: dict[str, str | bool] = {}
    """The export's word → the canonical word."""
    plus_seconds: str | None = None
    """A column with seconds that are added to the time, where the export says how long something
    took instead of when it ended; unknown where either is.
    """


def _column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


class SourceBase(Section):
    """What the entry of every source may say."""

    path: str
    """File, folder, glob or clone, relative to the settings file."""
    covers: str | None = None
    """Period that the export is known to be complete for, such as `2025-01-01..2026-06-30`;
    without it, the time from first to last event counts.
    """
    services: list[str] = []
    """The services that the export speaks for; empty: those it mentions (incidents: all)."""

    @property
    def label(self) -> str:
        """How rows, feeds and messages name this entry: its kind and path."""
        return f"{getattr(self, 'kind', 'source')}:{self.path}"


class GitSource(SourceBase):
    """A local clone, read with the git command line."""

    kind: Literal["git"]
    repository: str | None = None
    """The repository's name; without it, the folder's."""
    file_statistics: bool = True
    """Read lines and files changed (25 to 30 times dearer than the rest)."""


class MappedSource(SourceBase):
    """What an entry says whose columns the user maps to a canonical table."""

    table: TableName
    """The canonical table that the rows become."""
    columns: dict[str, Annotated[Column, BeforeValidator(_column)]]
    """Canonical column → where its value comes from."""
    where: dict[str, list[str]] = {}
    """Column → values; rows with another value are put aside, and counted."""
    time_zone: TimeZone | None = None
    """Zone of times that carry none; without it such rows are quarantined."""
    time_format: str | None = None
    """How times are written, in strptime's signs, where they are not ISO 8601."""

    @field_validator("columns")
    @classmethod
    def _columns_are_canonical(cls, value: dict[str, Column], info: object) -> dict[str, Column]:
        table = getattr(info, "data", {}).get("table")
        allowed = set(TABLES[table].column_names()) - {"source", "source_ref"} if table else set()
        for name in value:
            if allowed and name not in allowed:
                raise ValueError(
                    f"{name!r} is not a column of {table}; allowed: {', '.join(sorted(allowed))}"
                )
        return value


class TableSource(MappedSource):
    """Any CSV, TSV, JSON, NDJSON, Parquet or Excel file, or a folder of Parquet, with a mapping."""

    kind: Literal["table"]
    encoding: Literal["utf-8", "utf-16", "latin-1"] = "utf-8"
    """How the text is encoded."""
    separator: str | None = None
    """What parts the columns; without it, it is found out."""
    sheet: str | None = None
    """The sheet of a workbook; without it, the first."""


class InRepository(SourceBase):
    """What an entry says whose records may not name their repository or service."""

    repository: str | None = None
    """The repository's name, where the records don't say."""
    service: str | None = None
    """The service that deployments and incidents belong to, where a repository has several."""


class InZone(SourceBase):
    """What an entry says whose times may carry no offset."""

    time_zone: TimeZone | None = None
    """Zone of times that carry none; without it such rows are quarantined."""
