"""Incidents of PagerDuty → rows, each with what its log tells."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl

from devops_analytics.sources.pagerduty.records import Analysed, Entry, Incident, Reference

SCHEMA: Final[dict[str, Any]] = {"record": pl.Int64()} | dict.fromkeys(
    (
        "incident_id", "service", "severity", "started_at", "created_at", "acknowledged_at",
        "resolved_at", "detected_by", "updated_at",
    ),
    pl.String(),
)  # fmt: skip

_BY_PERSON: Final = frozenset({"website", "web_trigger", "sms", "note", "mobile"})
_BY_PROGRAM: Final = frozenset({"api", "nagios", "auto", "timeout"})
"""Channels of log entries; e-mail may come from either, so there the agent decides."""
_SUMMARIES: Final = (("through the website", "person"), ("through the api", "monitoring"))
_TRIGGER: Final = "trigger_log_entry"
_ACKNOWLEDGE: Final = "acknowledge_log_entry"
_RESOLVE: Final = "resolve_log_entry"
TELLING: Final = (_TRIGGER, _ACKNOWLEDGE, _RESOLVE)
"""Types of log entries that a row is completed from."""


def log_of(record: Incident | Analysed, apart: Iterable[Entry]) -> list[Entry]:
    """Return all log entries of an incident: those inside it, and those exported apart."""
    inside = record.log_entries or [] if isinstance(record, Incident) else []
    return [*inside, *apart]


def times(record: Incident | Analysed, log: Iterable[Entry]) -> Iterator[str | None]:
    """Yield every time of an incident that is compared or added to."""
    yield record.created_at
    yield from (one.created_at for one in log)
    if isinstance(record, Incident):
        yield from (one.at for one in record.acknowledgements or ())


def row(
    record: Incident | Analysed, log: list[Entry], known: Mapping[str, datetime], *, resolved: bool
) -> tuple[str | None, ...]:
    """Return the columns of an incident, as in `SCHEMA` but without the record's number."""
    acknowledged = [one.created_at for one in _of_type(log, _ACKNOWLEDGE)]
    ends = [one.created_at for one in _of_type(log, _RESOLVE)]
    if isinstance(record, Incident):
        service, severity = _named(record.service), _named(record.priority) or record.urgency
        taken = _first(acknowledged + [one.at for one in record.acknowledgements or ()], known)
        ended = record.resolved_at or _last(ends, known) or record.last_status_change_at
        detected_by = _detected_by(record, log, known)
        updated = record.updated_at or record.last_status_change_at
    else:
        service = record.service_name or record.service_id
        severity = record.priority_name or record.urgency
        taken = _after(record, known) or _first(acknowledged, known)
        ended = record.resolved_at
        detected_by = _detected_by(None, log, known)
        # The analytics tell no time of a last change; the latest time tells two versions apart.
        updated = record.resolved_at or taken or record.created_at
    return (
        f"pagerduty:{record.id}",
        service,
        severity,
        record.created_at,
        record.created_at,
        taken,
        ended if resolved else None,
        detected_by,
        updated,
    )


def _named(reference: Reference | None) -> str | None:
    return None if reference is None else reference.summary or reference.name or reference.id


def _of_type(log: Iterable[Entry], kind: str) -> list[Entry]:
    return [one for one in log if (one.type or "").startswith(kind)]


def _first(texts: Iterable[str | None], known: Mapping[str, datetime]) -> str | None:
    found = [text for text in texts if text is not None and text in known]
    return min(found, key=known.__getitem__, default=None)


def _last(texts: Iterable[str | None], known: Mapping[str, datetime]) -> str | None:
    found = [text for text in texts if text is not None and text in known]
    return max(found, key=known.__getitem__, default=None)


def _after(record: Analysed, known: Mapping[str, datetime]) -> str | None:
    """Return when the first acknowledgement came, so many seconds after the incident."""
    created = known.get(record.created_at or "")
    if created is None or record.seconds_to_first_ack is None:
        return None
    try:
        at = created + timedelta(seconds=record.seconds_to_first_ack)
    except (OverflowError, ValueError):
        return None
    return at.astimezone(UTC).isoformat()


def _detected_by(
    incident: Incident | None, log: Iterable[Entry], known: Mapping[str, datetime]
) -> str | None:
    """Return whether a program or a person raised the incident; None where it is not said."""
    dated = [one for one in _of_type(log, _TRIGGER) if one.created_at in known]
    entry: Entry | None = min(dated, key=lambda one: known[one.created_at or ""], default=None)
    if entry is None and incident is not None:
        entry = incident.first_trigger_log_entry
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
