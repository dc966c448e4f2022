"""What is read of PagerDuty's records, and what kind each record is; no field names a person."""

from typing import Final

import msgspec

WRAPPERS: Final = (
    "incidents", "incident", "data", "log_entries", "log_entry", "change_events", "services",
    "teams",
)  # fmt: skip
"""Keys that pages of the API, and one answer of it, hold their records under."""
STATUSES: Final = {"triggered": "open", "acknowledged": "open", "resolved": "resolved"}

INCIDENT: Final = "incident"
ANALYSED: Final = "analysed incident"
LOG_ENTRY: Final = "log entry"

NOT_NEEDED: Final = {
    "change_event": "a change event says neither where something was deployed nor what came of it, "
    "and may be any change; load deployments from the tool that makes them",
    "service": "nothing is computed from a service; incidents name theirs",
    "team": "nothing is computed from a team; teams are declared in the settings",
}
"""Types of records that no number comes from, with why."""

_ANALYTICS: Final = frozenset({"seconds_to_first_ack", "seconds_to_resolve"})


class Reference(msgspec.Struct):
    """A service, a priority or an incident inside a record."""

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


class Owner(msgspec.Struct):
    """The incident that a log entry is of."""

    id: str


class SingleEntry(msgspec.Struct, kw_only=True):
    """A log entry that was exported apart from its incident."""

    type: str
    incident: Owner
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


Entry = LogEntry | SingleEntry


def kind_of(raw: bytes) -> str | None:
    """Return what a record is: a kind, or a type that is not needed; None where nobody knows."""
    try:
        keys = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return None
    if "id" in keys and keys.keys() & _ANALYTICS:
        return ANALYSED
    is_incident = {"id", "created_at", "status", "service"} <= keys.keys()
    if is_incident and keys.keys() & {"urgency", "incident_number"}:
        return INCIDENT
    kind = bytes(keys.get("type", b"")).decode("utf-8", "replace").strip('"')
    if {"id", "incident"} <= keys.keys() and "_log_entry" in kind:
        return LOG_ENTRY
    named = kind.removesuffix("_reference")
    is_listed = "id" in keys and {"self", "timestamp", "html_url"} & keys.keys()
    return named if is_listed and named in NOT_NEEDED else None
