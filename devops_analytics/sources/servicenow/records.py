"""What is read of ServiceNow's records; no field that names a person."""

from typing import Final

import msgspec

from devops_analytics.sources.json_kinds import Keys

INCIDENT: Final = "incident"
CHANGE: Final = "change request"
OTHER: Final = "record of another table"

_CLASSES: Final = {"incident": INCIDENT, "change_request": CHANGE, "change request": CHANGE}
_INCIDENT_SIGNS: Final = frozenset({"incident_state", "caller_id", "resolved_at", "reopen_count"})
_CHANGE_SIGNS: Final = frozenset(
    {"chg_model", "cab_required", "start_date", "backout_plan", "production_system", "work_end"}
)
_TOLD: Final = frozenset({"state", "incident_state", "opened_at", "sys_id", "sys_created_on"})
_PREFIXES: Final = {b'"INC': INCIDENT, b'"CHG': CHANGE}

COLUMNS: Final = {
    "number": "number",
    "sys_class_name": "sys_class_name",
    "task_type": "sys_class_name",
    "state": "state",
    "incident_state": "incident_state",
    "sys_mod_count": "sys_mod_count",
    "updates": "sys_mod_count",
    "opened_at": "opened_at",
    "opened": "opened_at",
    "resolved_at": "resolved_at",
    "resolved": "resolved_at",
    "closed_at": "closed_at",
    "closed": "closed_at",
    "sys_created_on": "sys_created_on",
    "sys_created_at": "sys_created_on",
    "created": "sys_created_on",
    "sys_updated_on": "sys_updated_on",
    "sys_updated_at": "sys_updated_on",
    "updated": "sys_updated_on",
    "priority": "priority",
    "business_service": "business_service",
    "service": "business_service",
    "cmdb_ci": "cmdb_ci",
    "configuration_item": "cmdb_ci",
    "contact_type": "contact_type",
    "channel": "contact_type",
    "caused_by": "caused_by",
    "caused_by_change": "caused_by",
    "type": "type",
    "close_code": "close_code",
    "work_start": "work_start",
    "actual_start_date": "work_start",
    "actual_start": "work_start",
    "work_end": "work_end",
    "actual_end_date": "work_end",
    "actual_end": "work_end",
    "production_system": "production_system",
}
"""Column of a CSV export, by the field's name or by its label, → field."""


class Value(msgspec.Struct):
    """A field as stored and as shown; a reference to another record also has a link."""

    value: str | int | float | bool | None = None
    display_value: str | int | float | bool | None = None


Field = str | int | float | bool | Value | None


class Record(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A record of the incident or change table, with or without what its fields show."""

    number: Field = None
    state: Field = None
    incident_state: Field = None
    sys_mod_count: Field = None
    opened_at: Field = None
    resolved_at: Field = None
    closed_at: Field = None
    sys_created_on: Field = None
    sys_updated_on: Field = None
    priority: Field = None
    business_service: Field = None
    cmdb_ci: Field = None
    contact_type: Field = None
    caused_by: Field = None
    type: Field = None
    close_code: Field = None
    work_start: Field = None
    work_end: Field = None
    production_system: Field = None
    acknowledged_at: Field = None
    """When an event log first shows the incident as taken; no field of ServiceNow's."""


def shown(field: Field) -> str | None:
    """Return what a form shows in a field, else what is stored; None where that is nothing."""
    if isinstance(field, Value):
        return shown(field.display_value) or shown(field.value)
    if field is None:
        return None
    text = str(field).lower() if isinstance(field, bool) else str(field)
    return text.strip() or None


def word(field: Field) -> str:
    """Return what a field shows in lower case, to be looked up."""
    return (shown(field) or "").lower()


def time(field: Field) -> str | None:
    """Return a time, in UTC where the record has it as stored beside what is shown.

    Stored times are in UTC; shown ones are in the zone of who exported them.
    """
    if isinstance(field, Value) and field.display_value is not None and shown(field.value):
        return f"{shown(field.value)}Z"
    return shown(field)


def state_of(record: Record) -> str:
    """Return the state in lower case; older releases have a state of incidents of its own."""
    return word(record.state) or word(record.incident_state)


def table_of(keys: Keys, default: str | None = None) -> str | None:
    """Return which table a record is of; `default` where it doesn't tell; None for no record."""
    if "number" not in keys or not (default or _TOLD & keys.keys()):
        return None
    if "sys_class_name" in keys:
        text = bytes(keys["sys_class_name"]).decode("utf-8", "replace").lower()
        named = [table for name, table in _CLASSES.items() if f'"{name}"' in text]
        return named[0] if named else OTHER
    number = bytes(keys["number"])
    by_prefix = [table for prefix, table in _PREFIXES.items() if prefix in number]
    if by_prefix:
        return by_prefix[0]
    if _CHANGE_SIGNS & keys.keys():
        return CHANGE
    return INCIDENT if _INCIDENT_SIGNS & keys.keys() else default
