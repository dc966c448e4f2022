"""Many rows of one incident, one for each change of it → its newest state, and when it was taken.

Each row of an incident gets the content of its newest one, so that whichever is kept is right and
the others count as duplicates. Which is newest the count of updates says: times are often written
to the minute only.
"""

from typing import NamedTuple

import msgspec

from devops_analytics.sources.json_records import Records
from devops_analytics.sources.servicenow.records import Record, shown, state_of
from devops_analytics.sources.servicenow.words import INCIDENT_STATES, TAKEN

_DECODER = msgspec.json.Decoder(Record, strict=False)


class Row(NamedTuple):
    """A row, by the count of updates to the incident before it."""

    updates: int
    position: int
    record: Record
    raw: bytes


def with_newest(records: Records) -> Records:
    """Return the records, those of an incident that has several with the content of the newest."""
    rows: dict[str, list[Row]] = {}
    for position, (_, raw) in enumerate(records.rows):
        row = _row(position, raw)
        if row is not None:
            rows.setdefault(shown(row.record.number) or "", []).append(row)
    contents = [raw for _, raw in records.rows]
    for several in rows.values():
        if len(several) == 1:
            continue
        content = _newest(sorted(several, key=lambda row: row[:2]))
        for row in several:
            contents[row.position] = content
    return Records(
        rows=[(number, raw) for (number, _), raw in zip(records.rows, contents, strict=True)],
        rejected=records.rejected,
    )


def _row(position: int, raw: bytes) -> Row | None:
    if b'"sys_mod_count"' not in raw:
        return None
    try:
        record = _DECODER.decode(raw)
        return Row(int(shown(record.sys_mod_count) or ""), position, record, raw)
    except (msgspec.DecodeError, ValueError):
        return None


def _newest(rows: list[Row]) -> bytes:
    """Return the last row, with the time of the first that shows the incident as taken."""
    for row in rows:
        if INCIDENT_STATES.get(state_of(row.record)) == TAKEN:
            fields = msgspec.json.decode(rows[-1].raw, type=dict[str, msgspec.Raw])
            taken = msgspec.json.encode(row.record.sys_updated_on)
            return msgspec.json.encode(fields | {"acknowledged_at": msgspec.Raw(taken)})
    return rows[-1].raw
