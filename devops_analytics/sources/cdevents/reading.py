"""The files of a CDEvents entry → drafts, and what a file is recognised by."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from devops_analytics.config_tools import CdeventsSource
from devops_analytics.schema import polars_schema
from devops_analytics.sources.cdevents.events import EventFile, Refusal, first_types, read_events
from devops_analytics.sources.cdevents.known import known_of
from devops_analytics.sources.cdevents.rows import TABLE_OF, NotARow, places
from devops_analytics.sources.source import QUARANTINE, Context, Draft, Export, Recognition


@dataclass
class _Part:
    """What a file gives to one table."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    absorbed: int = 0

    @property
    def n_read(self) -> int:
        return len(self.rows) + len(self.refused) + self.absorbed


def read(export: Export, entry: CdeventsSource, context: Context) -> Iterator[Draft]:
    """Yield the drafts of one file, as if it were the entry's only one.

    Raises:
        ExportError: none of its records is a CDEvent.
    """
    yield from (draft for _, draft in _drafts([read_events(export, 0)], entry, context))


def read_many(
    paths: list[Path], entry: CdeventsSource, context: Context
) -> Iterator[tuple[Path, Draft]]:
    """Yield the drafts of each file; events of any file complete those of the others.

    A row counts as the last event about its subject; the others are absorbed.

    Raises:
        ExportError: none of the records of a file is a CDEvent.
    """
    files = []
    for index, path in enumerate(paths):
        files.append(read_events(path, index))
        if context.progress is not None:
            context.progress(entry.label, index + 1, len(paths))
    for index, draft in _drafts(files, entry, context):
        yield paths[index], draft


def _drafts(
    files: Sequence[EventFile], entry: CdeventsSource, context: Context
) -> Iterator[tuple[int, Draft]]:
    """Yield the drafts of files whose events complete each other, with the index of the file."""
    events = [event for file in files for event in file.events]
    known = known_of(events, entry, context.settings)
    parts: list[defaultdict[str, _Part]] = [defaultdict(_Part) for _ in files]
    for event, table, found in places(events, known):
        part = parts[event.file][table]
        if found is None:
            part.absorbed += 1
        elif isinstance(found, NotARow):
            part.refused.append(Refusal(event.number, found.reason, found.message))
        else:
            part.rows.append({"record": event.number, **found})
    for index, (file, tables) in enumerate(zip(files, parts, strict=True)):
        _place_refused(file, tables)
        label = context.labels.get(file.path) if isinstance(file.path, Path) else None
        for table, part in tables.items():
            yield index, _draft(table, part, label or context.label)


def _place_refused(file: EventFile, tables: defaultdict[str, _Part]) -> None:
    """Count what is no event under the table of most events."""
    unplaced = [refusal for subject, refusal in file.refused if subject is None]
    for subject, refusal in file.refused:
        if subject is not None:
            tables[TABLE_OF.get(subject, "pipeline_runs")].refused.append(refusal)
    if unplaced:
        most = max(tables.values(), key=lambda part: part.n_read)
        most.refused.extend(unplaced)


def _draft(table: str, part: _Part, label: str) -> Draft:
    types = polars_schema(table)
    named = list(dict.fromkeys(name for row in part.rows for name in row if name != "record"))
    schema: dict[str, Any] = {"record": pl.Int64()} | {
        name: pl.String() if isinstance(types[name], pl.Datetime) else types[name] for name in named
    }
    return Draft(
        table=table,
        rows=pl.DataFrame(part.rows, schema=schema, orient="row"),
        n_read=part.n_read,
        n_absorbed=part.absorbed,
        rejected=pl.DataFrame(
            [(label, table, *refused, None) for refused in sorted(part.refused)],
            schema=QUARANTINE,
            orient="row",
        ),
    )


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file holds CDEvents, by the types of its first records."""
    found = first_types(export)
    named = [one for one in found if one is not None]
    if not named or len(named) * 2 < len(found):
        return None
    most = max(named, key=named.count)
    reason = f"CDEvents, most of a {most[0]} {most[1]}"
    return Recognition(kind="cdevents", confidence=0.95, reason=reason)
