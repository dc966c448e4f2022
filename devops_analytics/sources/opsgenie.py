"""Opsgenie, and the operations of Jira Service Management: alerts and incidents as JSON."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

import msgspec

from devops_analytics.config_tools import OpsgenieSource
from devops_analytics.sources.json_kinds import (
    Keys,
    Reading,
    RecordKind,
    Refused,
    Row,
    read_kinds,
    recognise_kinds,
    with_keys,
)
from devops_analytics.sources.moments import moment
from devops_analytics.sources.services import service_of
from devops_analytics.sources.source import Context, Draft, Export, Recognition, SourceKind

WRAPPERS: Final = ("data", "values")
"""Keys that pages of Opsgenie and of Jira Service Management hold their records under."""

OPEN: Final = "open"
CLOSED: Final = "closed"
ALERT_STATUSES: Final = {"open": OPEN, "closed": CLOSED}
INCIDENT_STATUSES: Final = {"open": OPEN, "resolved": CLOSED, "closed": CLOSED}

_LISTED: Final = "team or service"
_ALERT_PROXY: Final = (
    "an alert is closed without a time of closing; taken as ended when it was last changed"
)
_INCIDENT_PROXY: Final = (
    "an incident is closed without an end of impact, and Opsgenie exports no time of closing; "
    "taken as resolved when it was last changed"
)


class Report(msgspec.Struct, kw_only=True):
    """How long after an alert came it was acknowledged and closed, in milliseconds; not by whom."""

    ackTime: float | None = None  # noqa: N815 - the tool's own name
    closeTime: float | None = None  # noqa: N815


class Details(msgspec.Struct):
    """What integrations write into an alert's own fields."""

    service: str | None = None
    alertname: str | None = None


class Alert(msgspec.Struct, kw_only=True, rename="camel"):
    """An alert; its message and whom it concerns are not read."""

    id: str
    status: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    priority: str | None = None
    entity: str | None = None
    report: Report | None = None
    details: Details | None = None
    extra_properties: Details | None = None


class Incident(msgspec.Struct, kw_only=True, rename="camel"):
    """An incident; its message and its responders are not read."""

    id: str
    status: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    priority: str | None = None
    impacted_services: list[str] | None = None
    impact_start_date: str | None = None
    impact_end_date: str | None = None


class Listed(msgspec.Struct):
    """A team or a service: nothing is computed from it."""

    id: str


# ---- Rows ---- #


def _alert(alert: Alert, reading: Reading) -> Iterator[Row]:
    is_closed = _is_closed(alert.status, ALERT_STATUSES, f"alert {alert.id}")
    report = alert.report or Report()
    own = alert.details or alert.extra_properties or Details()
    ended = _after(alert.created_at, report.closeTime) if is_closed else None
    if is_closed and ended is None:
        ended = alert.updated_at
        reading.notes[_ALERT_PROXY] += 1
    yield (
        "alerts",
        {
            "alert_id": f"opsgenie:{alert.id}",
            "service": _service([own.service or alert.entity], reading),
            "name": own.alertname,
            "severity": alert.priority.lower() if alert.priority else None,
            "started_at": alert.created_at,
            "ended_at": ended,
            "acknowledged_at": _after(alert.created_at, report.ackTime),
            "updated_at": alert.updated_at or ended or alert.created_at,
        },
    )


def _incident(incident: Incident, reading: Reading) -> Iterator[Row]:
    is_closed = _is_closed(incident.status, INCIDENT_STATUSES, f"incident {incident.id}")
    resolved = incident.impact_end_date if is_closed else None
    if is_closed and resolved is None:
        resolved = incident.updated_at
        reading.notes[_INCIDENT_PROXY] += 1
    yield (
        "incidents",
        {
            "incident_id": f"opsgenie:{incident.id}",
            "service": _service(incident.impacted_services or [], reading),
            "severity": incident.priority,
            "started_at": incident.impact_start_date,
            "created_at": incident.created_at,
            "mitigated_at": incident.impact_end_date,
            "resolved_at": resolved,
            "updated_at": incident.updated_at or resolved or incident.created_at,
        },
    )


def _is_closed(status: str | None, words: dict[str, str], what: str) -> bool:
    word = words.get((status or "").strip().lower())
    if word is None:
        message = f"{what}: status: found {status!r}; allowed: {', '.join(words)}"
        raise Refused("unknown_status", message)
    return word == CLOSED


def _service(named: Iterable[str | None], reading: Reading) -> str | None:
    return service_of(named, declared=reading.entry.service, settings=reading.context.settings)


def _after(created: str | None, milliseconds: float | None) -> str | None:
    """Return the time so long after an alert came; None where it is not said."""
    at = moment(created)
    if at is None or milliseconds is None:
        return None
    try:
        return (at + timedelta(milliseconds=milliseconds)).isoformat()
    except (OverflowError, ValueError):
        return None


# ---- Kinds ---- #


def _is_incident(keys: Keys) -> bool:
    told = {"impactedServices", "impactStartDate"} & keys.keys()
    return bool(told) and with_keys("id", "tinyId", "createdAt", without=("acknowledged",))(keys)


def _is_listed(keys: Keys) -> bool:
    """Say whether it is a team or a service, by the address that leads to it."""
    has_keys = with_keys("id", "name", "links", without=("tinyId", "createdAt"))(keys)
    return has_keys and b"opsgenie.com/" in bytes(keys["links"])


KINDS: Final = (
    RecordKind(
        name="alert",
        is_one=with_keys("id", "tinyId", "createdAt", "acknowledged"),
        table="alerts",
        struct=Alert,
        rows=_alert,
    ),
    RecordKind(
        name="incident", is_one=_is_incident, table="incidents", struct=Incident, rows=_incident
    ),
    RecordKind(name=_LISTED, is_one=_is_listed, table="incidents", struct=Listed),
)


def read(export: Export, entry: OpsgenieSource, context: Context) -> Iterator[Draft]:
    """Yield drafts of alerts and incidents. Messages, notes and people are not read at all.

    Raises:
        ExportError: nothing in the file is a record of Opsgenie.
    """
    return read_kinds(
        export, entry, context, kinds=KINDS, wrappers=WRAPPERS, title="Opsgenie or its successor"
    )


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file holds alerts or incidents, by its first records."""
    found = recognise_kinds(
        export, kinds=KINDS, wrappers=WRAPPERS, source="opsgenie", title="Opsgenie"
    )
    if found is None or _LISTED not in found.reason:
        return found
    return replace(found, confidence=0.4, reason=f"{found.reason}; nothing is computed from these")


OPSGENIE: Final = SourceKind(
    kind="opsgenie",
    title="Opsgenie",
    reads="alerts and incidents of Opsgenie and of Jira Service Management as JSON",
    tables=("alerts", "incidents"),
    read=read,
    recognise=recognise,
    words={"alert status": ALERT_STATUSES, "incident status": INCIDENT_STATUSES},
    by_line=True,
)
