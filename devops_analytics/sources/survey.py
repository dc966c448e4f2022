"""Surveys as CSV or Excel, wide (a column for each item) or long (a row for each answer).

Answers are coded by their label, never by their position; what is not known is missing, not zero.
Columns that no item names are not read: free text never reaches the store.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from devops_analytics.config import Settings
from devops_analytics.config_evidence import Item, SurveySource
from devops_analytics.errors import ExportError, PeriodError
from devops_analytics.periods import named_period
from devops_analytics.sources.source import (
    QUARANTINE,
    Context,
    Draft,
    Export,
    Recognition,
    SourceKind,
)
from devops_analytics.sources.survey_items import AGREEMENT, KNOWN_ITEMS, plain
from devops_analytics.sources.tabular import Tabular, column_names, read_tabular

UNKNOWN_LABEL: Final = "unknown_label"
OUTSIDE_SCALE: Final = "outside_scale"

_FEWEST: Final = 3
"""So many known items make a table a survey."""
_SHOWN: Final = 40
_NAMES: Final = {
    "respondent": ("respondent", "respondent id", "response id", "respondentid", "responseid"),
    "team": ("team", "team name", "your team", "which team are you on?"),
}
"""How surveys call the columns beside the items."""
_SCHEMA: Final[dict[str, Any]] = {
    "record": pl.Int64(),
    "wave": pl.String(),
    "respondent": pl.String(),
    "item": pl.String(),
    "team": pl.String(),
    "at": pl.String(),
    "value": pl.Float64(),
    "label": pl.String(),
    "scale": pl.String(),
    "wording": pl.String(),
}


class Given(NamedTuple):
    """An answer as it stands in the file."""

    record: int
    person: Mapping[str, Any]
    item_id: str
    text: str


def read(export: Export, entry: SurveySource, context: Context) -> Iterator[Draft]:
    """Yield the answers. Every answer counts as a record; an empty cell is none.

    Raises:
        ExportError: the file can't be read, lacks a column that the settings name, or no item is
            declared.
    """
    if not entry.items:
        raise ExportError(
            f"{export}: no items are declared; name the questions under `items` of the source."
        )
    found = read_tabular(export, sheet=entry.sheet)
    columns = _columns(export, entry, found)
    coding = {item_id: _Coding.of(export, item_id, item) for item_id, item in entry.items.items()}
    rows: list[dict[str, Any]] = []
    refused: list[tuple[object, ...]] = [
        (context.label, "answers", number, reason, f"{context.label} {message}", None)
        for number, reason, message, _ in found.rejected
    ]
    for given in _given(found, entry, columns):
        code = coding[given.item_id]
        value, reason = code.coded(given.text, entry.not_known)
        if reason is not None:
            what = f"{context.label} record {given.record}: item {given.item_id}: {reason[1]}"
            refused.append((context.label, "answers", given.record, reason[0], what, None))
            continue
        rows.append(_row(given, value, code, entry, columns, context))
    yield Draft(
        table="answers",
        rows=pl.DataFrame(rows, schema=_SCHEMA, orient="row"),
        n_read=len(rows) + len(refused),
        rejected=pl.DataFrame(refused, schema=QUARANTINE, orient="row"),
        time_zone=entry.time_zone,
        time_format=entry.time_format,
    )


@dataclass(frozen=True, kw_only=True)
class _Coding:
    """How the answers of one item become numbers."""

    item: Item
    low: float
    high: float
    labels: Mapping[str, float]

    @classmethod
    def of(cls, export: Export, item_id: str, item: Item) -> "_Coding":
        ends = item.scale.split("-")
        try:
            low, high = (float(end) for end in ends)
        except ValueError as error:
            raise ExportError(
                f"{export}: items.{item_id}.scale: found {item.scale!r}; expected lowest-highest, "
                "such as '1-7'."
            ) from error
        declared = item.values or AGREEMENT.get(item.scale, {})
        return cls(
            item=item,
            low=low,
            high=high,
            labels={plain(label): value for label, value in declared.items()},
        )

    def coded(self, text: str, not_known: list[str]) -> tuple[float | None, tuple[str, str] | None]:
        """Return the number of an answer (None: don't know), or why it has none."""
        label = plain(text)
        if label in {plain(word) for word in not_known}:
            return None, None
        if label in self.labels:
            return self.labels[label], None
        value = None if self.item.values else _number(label)
        if value is None:
            shown = repr(text[:_SHOWN]) if len(text) <= _SHOWN else "a text"
            allowed = ", ".join(self.labels) or "numbers"
            what = f"found {shown}; allowed: {allowed}"
            return None, (UNKNOWN_LABEL, f"{what}. Add the label to `values`, or to `not_known`")
        if self.low <= value <= self.high:
            return value, None
        return None, (OUTSIDE_SCALE, f"found {text[:_SHOWN]!r}; its scale is {self.item.scale}")


def _number(label: str) -> float | None:
    try:
        return float(label.removesuffix("%"))
    except ValueError:
        return None


def _columns(export: Export, entry: SurveySource, found: Tabular) -> dict[str, str]:
    """Return what the settings call columns → the columns of the file."""
    known = {plain(name): name for name in found.rows.columns}
    is_long = entry.item is not None and entry.answer is not None
    named = {
        "respondent": entry.respondent,
        "team": entry.team,
        "at": entry.at,
        "wave_column": entry.wave_column,
        "item": entry.item,
        "answer": entry.answer,
    }
    if not is_long:
        named |= {f"items.{item_id}": item.column for item_id, item in entry.items.items()}
    missing = [
        f"{key} = {name!r}" for key, name in named.items() if name and plain(name) not in known
    ]
    if missing:
        raise ExportError(
            f"{export}: no column for {', '.join(missing)}; columns: {', '.join(known.values())}."
        )
    return {key: known[plain(name)] for key, name in named.items() if name}


def _given(found: Tabular, entry: SurveySource, columns: dict[str, str]) -> Iterator[Given]:
    """Yield every answer that is not empty."""
    rows = zip(found.records.to_list(), found.rows.iter_rows(named=True), strict=True)
    by_wording = {plain(item.column): item_id for item_id, item in entry.items.items()}
    for record, row in rows:
        if "answer" in columns and "item" in columns:
            item_id = by_wording.get(plain(row[columns["item"]] or ""))
            text = (row[columns["answer"]] or "").strip()
            if item_id is not None and text:
                yield Given(record, row, item_id, text)
            continue
        for item_id in entry.items:
            text = (row[columns[f"items.{item_id}"]] or "").strip()
            if text:
                yield Given(record, row, item_id, text)


def _row(
    given: Given,
    value: float | None,
    code: _Coding,
    entry: SurveySource,
    columns: dict[str, str],
    context: Context,
) -> dict[str, Any]:
    teams, closed, label = _teams(context.settings), _closed(entry), context.label

    def cell(key: str) -> str | None:
        return (given.person[columns[key]] or "").strip() or None if key in columns else None

    wave = cell("wave_column") or entry.wave
    # With the wave in it, nobody's answers can be followed from one wave to the next.
    person = cell("respondent") or f"{label}:{given.record}"
    team = cell("team")
    return {
        "record": given.record,
        "wave": wave,
        "respondent": f"{wave}|{person}",
        "item": given.item_id,
        "team": teams.get(plain(team), team) if team else None,
        "at": cell("at") or closed,
        "value": value,
        "label": given.text if plain(given.text) in code.labels else None,
        "scale": code.item.scale,
        "wording": hashlib.sha256(plain(code.item.column).encode()).hexdigest()[:12],
    }


def _teams(settings: Settings) -> dict[str, str]:
    """Return what people may call a team → the team's key."""
    names = {plain(team.name): key for key, team in settings.teams.items() if team.name}
    return names | {plain(key): key for key in settings.teams}


def _closed(entry: SurveySource) -> str | None:
    """Return when a survey that has no dates was closed: at the end of what its entry covers."""
    if entry.at is not None or entry.covers is None:
        return None
    try:
        zone = ZoneInfo(entry.time_zone or "UTC")
        period = named_period(entry.covers, zone=zone, as_of=datetime.min.replace(tzinfo=UTC))
    except (PeriodError, OverflowError):
        return None
    return (period.end - timedelta(seconds=1)).isoformat()


def recognise(export: Export) -> Recognition | None:
    """Say whether a table's columns are items that are known by their wording."""
    columns = column_names(export)
    items: dict[str, dict[str, Any]] = {}
    for item_id, known in KNOWN_ITEMS.items():
        column = next((name for name in columns if known.wording in plain(name)), None)
        if column is not None:
            values = {"values": known.values} if known.values else {}
            items[item_id] = {"column": column, "scale": known.scale, **values}
    if len(items) < _FEWEST:
        return None
    others = {
        key: column
        for key, names in _NAMES.items()
        if (column := next((name for name in columns if plain(name) in names), None)) is not None
    }
    wave = export.name.split(".")[0]
    return Recognition(
        kind="survey",
        confidence=0.8,
        reason=f"a survey with {len(items)} known items (wide); check the wave's name",
        suggestion={"wave": wave, **others, "items": items},
    )


SURVEY: Final = SourceKind(
    kind="survey",
    title="surveys",
    reads="CSV or Excel, wide or long, with declared items; Westrum's and DORA's are known",
    tables=("answers",),
    read=read,
    recognise=recognise,
)
