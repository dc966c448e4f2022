"""What a file of ServiceNow is recognised by."""

from dataclasses import replace
from typing import Final

import msgspec

from devops_analytics.sources.json_kinds import recognise_kinds
from devops_analytics.sources.json_records import first_records
from devops_analytics.sources.servicenow.reading import WRAPPERS, kinds
from devops_analytics.sources.servicenow.records import OTHER, Record, Value, state_of
from devops_analytics.sources.source import Export, Recognition
from devops_analytics.sources.table_records import is_table, table_columns

_STORED: Final = "times as stored, which is in UTC"
_BY_NAME: Final = frozenset(
    {"sys_mod_count", "sys_created_on", "sys_updated_on", "sys_updated_at", "incident_state"}
)
_BY_LABEL: Final = frozenset({"assignment_group", "configuration_item", "caller"})


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file holds incidents or changes, by its first records."""
    if is_table(export):
        return _table(set(table_columns(export)))
    found = recognise_kinds(
        export, kinds=kinds(), wrappers=WRAPPERS, source="servicenow", title="ServiceNow"
    )
    if found is None:
        return None
    if OTHER in found.reason:
        return replace(found, confidence=0.4, reason=f"{found.reason}; nothing is computed from it")
    if _is_stored(first_records(export, wrappers=WRAPPERS)):
        return replace(found, reason=f"{found.reason}; {_STORED}", suggestion={"time_zone": "UTC"})
    return found


def _table(columns: set[str]) -> Recognition | None:
    if "number" not in columns:
        return None
    by_label = _BY_LABEL & columns and {"opened", "state"} <= columns
    if not (_BY_NAME & columns or by_label):
        return None
    return Recognition(
        kind="servicenow",
        confidence=0.9 if _BY_NAME & columns else 0.7,
        reason="records of ServiceNow, CSV; set time_zone, and time_format if its times are not "
        "ISO 8601",
    )


def _is_stored(records: list[bytes]) -> bool:
    """Say whether fields are as stored: states then are numbers, and not what forms show."""
    decoder = msgspec.json.Decoder(Record, strict=False)
    for raw in records:
        try:
            record = decoder.decode(raw)
        except msgspec.DecodeError:
            continue
        is_number = state_of(record).lstrip("-").isdigit()
        return is_number and not isinstance(record.state or record.incident_state, Value)
    return False
