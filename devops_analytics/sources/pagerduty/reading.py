"""The files of a PagerDuty entry → drafts of incidents, and what a file is recognised by."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from devops_analytics.config_tools import PagerdutySource
from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content, utf8_text
from devops_analytics.sources.json_records import first_records
from devops_analytics.sources.moments import moments
from devops_analytics.sources.pagerduty.files import (
    NEEDED,
    SAMPLE,
    Contents,
    Refusal,
    contents_of,
    csv_columns,
)
from devops_analytics.sources.pagerduty.records import (
    ANALYSED,
    INCIDENT,
    LOG_ENTRY,
    STATUSES,
    WRAPPERS,
    Analysed,
    Incident,
    SingleEntry,
    kind_of,
)
from devops_analytics.sources.pagerduty.rows import SCHEMA, TELLING, log_of, row, times
from devops_analytics.sources.source import QUARANTINE, Context, Draft, Recognition

Logs = Mapping[str, list[SingleEntry]]
"""Id of an incident → its log entries that were exported apart."""

_SIGNS: Final = frozenset({"seconds_to_first_ack", "seconds_to_resolve"})


def read(path: Path, entry: PagerdutySource, context: Context) -> Iterator[Draft]:
    """Yield a draft of one file's incidents, as if it were the entry's only one.

    Raises:
        ExportError: nothing in the file is a record of PagerDuty.
    """
    for _, draft in read_many([path], entry, context):
        yield draft


def read_many(
    paths: list[Path], entry: PagerdutySource, context: Context
) -> Iterator[tuple[Path, Draft]]:
    """Yield the incidents of each file; log entries complete those of any file of the entry.

    Titles, descriptions and people are not read at all.

    Raises:
        ExportError: nothing in one of the files is a record of PagerDuty.
    """
    files = [contents_of(path) for path in paths]
    logs: dict[str, list[SingleEntry]] = {
        found.record.id: [] for file in files for found in file.incidents
    }
    for file in files:
        for _, one in file.entries:
            if one.incident.id in logs:
                logs[one.incident.id].append(one)
    for file in files:
        if file.n_read:
            label = context.labels.get(file.path, context.label)
            yield file.path, _draft(file, logs, entry, label)


def _draft(file: Contents, logs: Logs, entry: PagerdutySource, label: str) -> Draft:
    refused = list(file.refused)
    told = [
        (number, record, log_of(record, logs.get(record.id, ())))
        for number, record in file.incidents
    ]
    known = moments(
        (text for _, record, log in told for text in times(record, log)), zone=entry.time_zone
    )
    rows = []
    for number, record, log in told:
        status = (record.status or "").lower()
        if status not in STATUSES and not (isinstance(record, Analysed) and not status):
            refused.append(_unknown_status(number, record))
            continue
        resolved = status in {"resolved", ""}
        rows.append((number, *row(record, log, known, resolved=resolved)))
    n_absorbed = 0
    for number, one in file.entries:
        refusal = _refusal(number, one, logs)
        if refusal is None:
            n_absorbed += 1
        else:
            refused.append(refusal)
    return Draft(
        table="incidents",
        rows=pl.DataFrame(rows, schema=SCHEMA, orient="row"),
        n_read=file.n_read,
        n_absorbed=n_absorbed,
        rejected=pl.DataFrame(
            [(label, "incidents", *one, None) for one in sorted(refused)],
            schema=QUARANTINE,
            orient="row",
        ),
        time_zone=entry.time_zone,
    )


def _unknown_status(number: int, record: Incident | Analysed) -> Refusal:
    return Refusal(
        number,
        "unknown_status",
        f"incident {record.id}: status: found {record.status!r}; allowed: {', '.join(STATUSES)}",
    )


def _refusal(number: int, entry: SingleEntry, logs: Logs) -> Refusal | None:
    """Return why a log entry became part of no incident; None where it did."""
    if not entry.type.startswith(TELLING):
        message = (
            "only log entries of incidents that are triggered, acknowledged or resolved complete "
            "incidents; nothing is computed from this one"
        )
        return Refusal(number, "not_needed", message)
    if entry.incident.id not in logs:
        message = (
            f"the log entry is of incident {entry.incident.id}, which is in no file of this "
            "entry; export GET /incidents into the same folder"
        )
        return Refusal(number, "without_incident", message)
    return None


# ---- Recognition ---- #


def recognise(path: Path) -> Recognition | None:
    """Return how sure it is that a file holds incidents of PagerDuty, by its first records."""
    found = first_records(path, wrappers=WRAPPERS)
    if found:
        return _recognised(Counter(map(kind_of, found)))
    try:
        text = utf8_text(path, read_content(path, limit=SAMPLE).data).decode("utf-8", "replace")
    except ExportError:
        return None
    header = next(csv.reader(io.StringIO(text, newline="")), [])
    columns = set(csv_columns(header))
    if not (columns >= set(NEEDED) and columns & _SIGNS):
        return None
    return Recognition(
        kind="pagerduty",
        confidence=0.95,
        reason="analytics of PagerDuty's incidents, CSV; set time_zone if its times have no offset",
    )


def _recognised(kinds: Counter[str | None]) -> Recognition | None:
    if kinds[None] * 2 >= kinds.total():
        return None
    if kinds[INCIDENT] or kinds[ANALYSED]:
        return Recognition(kind="pagerduty", confidence=0.95, reason="incidents of PagerDuty, JSON")
    if kinds[LOG_ENTRY]:
        return Recognition(
            kind="pagerduty",
            confidence=0.6,
            reason="log entries of PagerDuty, JSON; they complete the incidents of the same entry, "
            "so keep both in one folder",
        )
    reason = "records of PagerDuty, JSON, of which nothing is computed"
    return Recognition(kind="pagerduty", confidence=0.4, reason=reason)
