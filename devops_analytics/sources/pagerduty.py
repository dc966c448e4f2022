"""PagerDuty: incidents as the REST API's JSON, and as analytics (raw incidents, JSON or CSV)."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import polars as pl

from devops_analytics.config_tools import PagerdutySource
from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content, utf8_text
from devops_analytics.sources.json_records import first_records, read_records
from devops_analytics.sources.moments import moments
from devops_analytics.sources.source import (
    QUARANTINE,
    Context,
    Draft,
    Recognition,
    SourceKind,
)

WRAPPERS: Final = ("incidents", "incident", "data")
"""Keys that pages of incidents, one incident, and pages of analytics lie under."""
STATUSES: Final = ("triggered", "acknowledged", "resolved")

_BY_PERSON: Final = frozenset({"website", "web_trigger", "sms", "note", "mobile"})
_BY_PROGRAM: Final = frozenset({"api", "nagios", "auto", "timeout"})
"""Channels of log entries; e-mail may come from either, so there the agent decides."""
_SUMMARIES: Final = (("through the website", "person"), ("through the api", "monitoring"))
_OTHER_NAMES: Final = {"created_on": "created_at", "resolved_on": "resolved_at"}
"""Columns of the website's CSV that the API calls otherwise."""
_NEEDED: Final = ("id", "created_at")
_SIGNS: Final = frozenset({"seconds_to_first_ack", "seconds_to_resolve"})
_SAMPLE: Final = 1 << 16
_SCHEMA: Final[dict[str, Any]] = {"record": pl.Int64()} | dict.fromkeys(
    (
        "incident_id", "service", "severity", "started_at", "created_at", "acknowledged_at",
        "resolved_at", "detected_by", "updated_at",
    ),
    pl.String(),
)  # fmt: skip


class Reference(msgspec.Struct):
    """A service or a priority inside an incident."""

    id: str | None = None
    summary: str | None = None
    name: str | None = None


class Kind(msgspec.Struct):
    """A channel or an agent: what sort it is, never who."""

    type: str | None = None


class LogEntry(msgspec.Struct):
    """An entry of an incident's log."""

    type: str | None = None
    summary: str | None = None
    created_at: str | None = None
    channel: Kind | None = None
    agent: Kind | None = None


class Acknowledgement(msgspec.Struct):
    """That somebody took an incident."""

    at: str | None = None


class Incident(msgspec.Struct, kw_only=True):
    """An incident as the REST API has it; no field that names a person."""

    id: str
    status: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    resolved_at: str | None = None
    last_status_change_at: str | None = None
    urgency: str | None = None
    service: Reference | None = None
    priority: Reference | None = None
    acknowledgements: list[Acknowledgement] | None = None
    first_trigger_log_entry: LogEntry | None = None
    log_entries: list[LogEntry] | None = None


class Analysed(msgspec.Struct, kw_only=True):
    """An incident as the analytics have it; no field that names a person."""

    id: str
    status: str | None = None
    created_at: str | None = None
    resolved_at: str | None = None
    seconds_to_first_ack: float | None = None
    urgency: str | None = None
    priority_name: str | None = None
    service_id: str | None = None
    service_name: str | None = None


class Found(NamedTuple):
    """A record and its number in the file."""

    number: int
    record: Incident | Analysed


class Refusal(NamedTuple):
    """A record that becomes no row, and why."""

    number: int
    reason: str
    message: str


_INCIDENT: Final = msgspec.json.Decoder(Incident)
_ANALYSED: Final = msgspec.json.Decoder(Analysed)


def read(path: Path, entry: PagerdutySource, context: Context) -> Iterator[Draft]:
    """Yield a draft of incidents. Titles, descriptions and people are not read at all.

    Raises:
        ExportError: nothing in the file is an incident of PagerDuty.
    """
    start = utf8_text(path, read_content(path, limit=_SAMPLE).data).strip()[:1]
    from_csv = start and start not in b"{[<"
    found, refused = _from_csv(path) if from_csv else _from_json(path)
    n_read = len(found) + len(refused)
    if not n_read:
        return
    if not found and all(refusal.reason == "unknown_record" for refusal in refused):
        raise ExportError(f"{path}: none of its {n_read} records is an incident of PagerDuty.")
    known = _moments(found, entry.time_zone)
    rows = []
    for number, record in found:
        status = (record.status or "").lower()
        if status not in STATUSES and not (isinstance(record, Analysed) and not status):
            refused.append(_unknown_status(number, record))
            continue
        rows.append((number, *_row(record, status, known)))
    yield Draft(
        table="incidents",
        rows=pl.DataFrame(rows, schema=_SCHEMA, orient="row"),
        n_read=n_read,
        rejected=pl.DataFrame(
            [(context.label, "incidents", *one, None) for one in sorted(refused)],
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


# ---- JSON ---- #


def _from_json(path: Path) -> tuple[list[Found], list[Refusal]]:
    records = read_records(path, wrappers=WRAPPERS)
    # The text of a broken record may hold names and messages, so it is left out.
    refused = [Refusal(number, reason, said) for number, reason, said, _ in records.rejected]
    found: list[Found] = []
    for number, raw in records.rows:
        decoder = _decoder(raw)
        if decoder is None:
            message = (
                "no incident of PagerDuty; export GET /incidents or the analytics of incidents"
            )
            refused.append(Refusal(number, "unknown_record", message))
            continue
        try:
            found.append(Found(number, decoder.decode(raw)))
        except msgspec.DecodeError as error:
            message = f"the incident is not as PagerDuty writes it: {error}"
            refused.append(Refusal(number, "unexpected_type", message))
    return found, refused


def _decoder(raw: bytes) -> msgspec.json.Decoder[Any] | None:
    try:
        keys = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).keys()
    except msgspec.DecodeError:
        return None
    if "id" in keys and keys & _SIGNS:
        return _ANALYSED
    is_incident = {"id", "created_at", "status", "service"} <= keys
    return _INCIDENT if is_incident and keys & {"urgency", "incident_number"} else None


# ---- CSV ---- #


def _from_csv(path: Path) -> tuple[list[Found], list[Refusal]]:
    content = read_content(path)
    text = utf8_text(path, content.data).decode("utf-8", "replace")
    reader = csv.reader(io.StringIO(text, newline=""))
    columns = _columns(next(_csv_rows(reader))[1])
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise ExportError(
            f"{path}: no column {' and no column '.join(missing)}; expected the analytics export "
            f"of raw incidents. Found: {', '.join(columns)}."
        )
    found: list[Found] = []
    refused: list[Refusal] = []
    for number, cells in _csv_rows(reader):
        if len(cells) != len(columns):
            message = f"expected {len(columns)} cells as in the header, found {len(cells)}"
            refused.append(Refusal(number, "wrong_columns", message))
            continue
        # Only these columns are looked at: the others hold people and what they wrote.
        row = {
            name: cell.strip()
            for name, cell in zip(columns, cells, strict=True)
            if name in Analysed.__struct_fields__ and cell.strip()
        }
        try:
            found.append(Found(number, msgspec.convert(row, Analysed, strict=False)))
        except msgspec.ValidationError as error:
            refused.append(Refusal(number, "unexpected_type", f"line {number}: {error}"))
    if not content.complete:
        message = "the compressed file ends too early; export it again"
        refused.append(Refusal(reader.line_num + 1, "truncated_csv", message))
    return found, refused


def _columns(header: Iterable[str]) -> list[str]:
    names = ("_".join(name.strip().lower().split()) for name in header)
    return [_OTHER_NAMES.get(name, name) for name in names]


def _csv_rows(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with the lines that they begin in; a row that can't be parsed is empty."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, []
            continue
        if cells:
            yield line, cells


# ---- Rows ---- #


def _moments(found: Iterable[Found], zone: str | None) -> dict[str, datetime]:
    return moments(
        (text for _, record in found for text in _times(record)),
        zone=zone,
    )


def _times(record: Incident | Analysed) -> Iterator[str | None]:
    yield record.created_at
    if isinstance(record, Incident):
        yield from (one.at for one in record.acknowledgements or ())
        yield from (one.created_at for one in record.log_entries or ())


def _row(
    record: Incident | Analysed, status: str, known: Mapping[str, datetime]
) -> tuple[str | None, ...]:
    if isinstance(record, Incident):
        service, severity = _named(record.service), _named(record.priority) or record.urgency
        acknowledged = _first(
            [one.at for one in record.acknowledgements or ()]
            + [one.created_at for one in _of_type(record, "acknowledge_log_entry")],
            known,
        )
        resolved = record.resolved_at or record.last_status_change_at
        detected_by = _detected_by(record, known)
        updated = record.updated_at or record.last_status_change_at
    else:
        service = record.service_name or record.service_id
        severity = record.priority_name or record.urgency
        acknowledged = _after(record, known)
        resolved = record.resolved_at
        detected_by = None
        # The analytics tell no time of a last change; the latest time tells two versions apart.
        updated = record.resolved_at or acknowledged or record.created_at
    is_resolved = status in {"resolved", ""}
    return (
        f"pagerduty:{record.id}",
        service,
        severity,
        record.created_at,
        record.created_at,
        acknowledged,
        resolved if is_resolved else None,
        detected_by,
        updated,
    )


def _named(reference: Reference | None) -> str | None:
    return None if reference is None else reference.summary or reference.name or reference.id


def _of_type(incident: Incident, kind: str) -> list[LogEntry]:
    return [one for one in incident.log_entries or () if (one.type or "").startswith(kind)]


def _first(texts: Iterable[str | None], known: Mapping[str, datetime]) -> str | None:
    times = [text for text in texts if text is not None and text in known]
    return min(times, key=known.__getitem__, default=None)


def _after(record: Analysed, known: Mapping[str, datetime]) -> str | None:
    """Return when the first acknowledgement came, so many seconds after the incident."""
    created = known.get(record.created_at or "")
    if created is None or record.seconds_to_first_ack is None:
        return None
    at = created + timedelta(seconds=record.seconds_to_first_ack)
    return at.astimezone(UTC).isoformat()


def _detected_by(incident: Incident, known: Mapping[str, datetime]) -> str | None:
    """Return whether a program or a person raised the incident; None where it is not said."""
    triggers = _of_type(incident, "trigger_log_entry")
    dated = [one for one in triggers if one.created_at in known]
    first = min(dated, key=lambda one: known[one.created_at or ""], default=None)
    entry = first or incident.first_trigger_log_entry
    if entry is None:
        return None
    channel = (entry.channel.type if entry.channel else None) or ""
    agent = (entry.agent.type if entry.agent else None) or ""
    if channel in _BY_PERSON:
        return "person"
    if channel in _BY_PROGRAM or agent.startswith(("service", "integration")):
        return "monitoring"
    if agent.startswith("user"):
        return "person"
    summary = (entry.summary or "").lower()
    return next((who for words, who in _SUMMARIES if words in summary), None)


# ---- Recognition ---- #


def recognise(path: Path) -> Recognition | None:
    """Return how sure it is that a file holds incidents of PagerDuty, by its first records."""
    found = first_records(path, wrappers=WRAPPERS)
    if found:
        kinds = Counter(decoder is not None for decoder in map(_decoder, found))
        if kinds[True] <= kinds[False]:
            return None
        return Recognition(kind="pagerduty", confidence=0.95, reason="incidents of PagerDuty, JSON")
    try:
        text = utf8_text(path, read_content(path, limit=_SAMPLE).data).decode("utf-8", "replace")
    except ExportError:
        return None
    header = next(csv.reader(io.StringIO(text, newline="")), [])
    columns = set(_columns(header))
    if not (columns >= set(_NEEDED) and columns & _SIGNS):
        return None
    return Recognition(
        kind="pagerduty",
        confidence=0.95,
        reason="analytics of PagerDuty's incidents, CSV; set time_zone if its times have no offset",
    )


PAGERDUTY: Final = SourceKind(
    kind="pagerduty",
    title="PagerDuty",
    reads="incidents as JSON (pages, arrays, JSON lines) and the analytics of raw incidents as CSV",
    tables=("incidents",),
    read=read,
    recognise=recognise,
)
