"""Files of ServiceNow → drafts of incidents, and of changes as deployments."""

from collections.abc import Callable, Iterator
from typing import Final

from devops_analytics.config_tools import ServicenowSource
from devops_analytics.sources.json_kinds import (
    Keys,
    Reading,
    RecordKind,
    Refused,
    Row,
    read_kinds,
)
from devops_analytics.sources.json_records import read_records
from devops_analytics.sources.servicenow.event_log import with_newest
from devops_analytics.sources.servicenow.records import (
    CHANGE,
    COLUMNS,
    INCIDENT,
    OTHER,
    Record,
    shown,
    state_of,
    table_of,
    time,
    word,
)
from devops_analytics.sources.servicenow.words import (
    CANCELLED,
    CHANGE_STATES,
    CHANGE_TYPES,
    CLOSE_CODES,
    DONE,
    INCIDENT_STATES,
    MONITORING,
)
from devops_analytics.sources.services import service_of
from devops_analytics.sources.source import Context, Draft, Export
from devops_analytics.sources.table_records import is_table, table_columns, table_records

WRAPPERS: Final = ("result", "records")
"""Keys that answers of the table API and older JSON exports hold their records under."""

_CHANGE_COLUMNS: Final = frozenset(
    {"type", "work_start", "start_date", "planned_start_date", "actual_start_date", "actual_start"}
)
_CHANGE_NUMBER: Final = "CHG"
_NO_END: Final = (
    "a change has no actual end, so when it was deployed is not known (export work_start and "
    "work_end; planned dates and the closing of the record tell something else)"
)
_NO_STATE: Final = (
    "an incident is in a state that nobody knows; taken as resolved if it has a time of that"
)
_PROXY: Final = (
    "an incident is resolved without a time of it; taken as resolved when it was last changed"
)
_UNKNOWN_ITEM: Final = (
    "an incident names a configuration item, but no service is called so (add it as an alias)"
)


# ---- Incidents ---- #


def _incident(record: Record, reading: Reading) -> Iterator[Row]:
    number = shown(record.number)
    state = state_of(record)
    phase = INCIDENT_STATES.get(state)
    if phase == CANCELLED:
        raise Refused("not_an_incident", f"incident {number} was cancelled (state {state!r})")
    resolved = _resolved(record, phase, reading)
    created = time(record.opened_at) or time(record.sys_created_on)
    channel = word(record.contact_type) or None
    yield (
        "incidents",
        {
            "incident_id": f"servicenow:{number}" if number else None,
            "service": _service_of_incident(record, reading),
            "severity": shown(record.priority),
            "created_at": created,
            "acknowledged_at": time(record.acknowledged_at),
            "resolved_at": resolved,
            "detected_by": "monitoring" if channel in MONITORING else channel,
            "deployment_id": _cause(record),
            "updated_at": time(record.sys_updated_on) or resolved or created,
        },
    )


def _resolved(record: Record, phase: str | None, reading: Reading) -> str | None:
    """Return when it was resolved; a time of that on an open incident is of an earlier one."""
    dated = time(record.resolved_at) or time(record.closed_at)
    if phase is None:
        reading.notes[_NO_STATE] += 1
        return dated
    if phase != DONE:
        return None
    if dated is None:
        reading.notes[_PROXY] += 1
    return dated or time(record.sys_updated_on)


def _service_of_incident(record: Record, reading: Reading) -> str | None:
    """Return the service; an item that no service is called by may be anybody's laptop."""
    settings = reading.context.settings
    item = shown(record.cmdb_ci)
    if item not in settings.services and item not in settings.service_aliases:
        if item is not None:
            reading.notes[_UNKNOWN_ITEM] += 1
        item = None
    return service_of(
        [shown(record.business_service), item], declared=reading.entry.service, settings=settings
    )


def _cause(record: Record) -> str | None:
    """Return the change that caused it, where it is named by number and not by an internal id."""
    number = shown(record.caused_by)
    return f"servicenow:{number}" if number and number.startswith(_CHANGE_NUMBER) else None


# ---- Changes ---- #


def _change(record: Record, reading: Reading) -> Iterator[Row]:
    number = shown(record.number)
    service = service_of(
        [shown(record.business_service), shown(record.cmdb_ci)],
        declared=reading.entry.service,
        settings=reading.context.settings,
    )
    service = service or shown(record.business_service)
    if service is None:
        message = (
            f"change {number} names no service: its business_service and cmdb_ci are empty or not "
            "exported; export them, or set `service` on the source"
        )
        raise Refused("without_service", message)
    finished = time(record.work_end)
    result = _result(record)
    if finished is None and result in {"success", "failure", "unknown"}:
        reading.notes[_NO_END] += 1
    kind = CHANGE_TYPES.get(word(record.type))
    yield (
        "deployments",
        {
            "deployment_id": f"servicenow:{number}" if number else None,
            "service": service,
            "environment": "production" if word(record.production_system) == "true" else None,
            "started_at": time(record.work_start),
            "finished_at": finished,
            "result": result,
            "planned": None if kind is None else kind == "planned",
            "updated_at": time(record.sys_updated_on) or time(record.closed_at) or finished,
        },
    )


def _result(record: Record) -> str:
    """Return what a change came to; only a closed one has come to anything."""
    state = state_of(record)
    result = CHANGE_STATES.get(state, state)
    if result != "unknown":
        return result
    code = word(record.close_code)
    return CLOSE_CODES.get(code, code) or result


# ---- Files ---- #


def kinds(default: str | None = None) -> tuple[RecordKind, ...]:
    """Return the kinds of records; what doesn't tell its table is of `default`."""

    def is_of(table: str) -> Callable[[Keys], bool]:
        return lambda keys: table_of(keys, default) == table

    return (
        RecordKind(
            name=INCIDENT, is_one=is_of(INCIDENT), table="incidents", struct=Record, rows=_incident
        ),
        RecordKind(
            name=CHANGE, is_one=is_of(CHANGE), table="deployments", struct=Record, rows=_change
        ),
        RecordKind(name=OTHER, is_one=is_of(OTHER), table="incidents", struct=Record),
    )


def read(export: Export, entry: ServicenowSource, context: Context) -> Iterator[Draft]:
    """Yield drafts of incidents and deployments. Descriptions and people are not read at all.

    Raises:
        ExportError: nothing in the file is an incident or a change of ServiceNow.
    """
    default = None
    if is_table(export):
        is_change = _CHANGE_COLUMNS & set(table_columns(export))
        default = CHANGE if is_change else INCIDENT
        records = table_records(
            export, columns=COLUMNS, needed=("number",), missing="?", encoding=entry.encoding
        )
    else:
        records = read_records(export, wrappers=WRAPPERS)
    return read_kinds(
        export,
        entry,
        context,
        kinds=kinds(default),
        title="ServiceNow",
        records=with_newest(records),
    )
