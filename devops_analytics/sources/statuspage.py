"""Statuspage: incidents and maintenances as its API's JSON, and as the Atom feed of its history."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from devops_analytics.config_tools import StatuspageSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content
from devops_analytics.sources.json_kinds import (
    Reading,
    RecordKind,
    Refused,
    Row,
    read_kinds,
    recognise_kinds,
)
from devops_analytics.sources.json_records import Records
from devops_analytics.sources.services import service_of
from devops_analytics.sources.source import Context, Draft, Export, Recognition, SourceKind
from devops_analytics.sources.statuspage_feed import feed_records, is_feed

WRAPPERS: Final = ("incidents", "scheduled_maintenances", "incident", "scheduled_maintenance")
STATUS_WORDS: Final[dict[str, str]] = {
    "investigating": "open",
    "identified": "open",
    "monitoring": "open",
    "update": "open",
    "resolved": "resolved",
    "postmortem": "resolved",
    "scheduled": "planned",
    "in_progress": "planned",
    "verifying": "planned",
    "completed": "planned",
}
"""Every documented status of incidents and maintenances; `update` stands in feeds only."""
_ENDED: Final = frozenset({"resolved", "postmortem", "completed"})
_TITLE: Final = "Statuspage"


class Component(msgspec.Struct):
    """A part of the system as the page calls it."""

    name: str | None = None


class Update(msgspec.Struct):
    """A message about an incident: its status and when; never its text."""

    status: str | None = None
    at: str | None = None
    display_at: str | None = None
    created_at: str | None = None

    @property
    def word(self) -> str:
        """The status as the API writes it."""
        return "_".join((self.status or "").lower().split())

    @property
    def time(self) -> str | None:
        """When it was said; the page may show another time than that of writing."""
        return self.display_at or self.at or self.created_at


class Incident(msgspec.Struct, kw_only=True):
    """An incident or a maintenance."""

    id: str
    status: str | None = None
    impact: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    published_at: str | None = None
    started_at: str | None = None
    resolved_at: str | None = None
    scheduled_for: str | None = None
    incident_updates: list[Update] | None = None
    updates: list[Update] | None = None
    components: list[Component | str] | None = None


def _is_incident(keys: Mapping[str, msgspec.Raw]) -> bool:
    if "id" not in keys or not keys.keys() & {"incident_updates", "updates"}:
        return False
    return "impact" in keys or "status_sequence" in keys or "scheduled_for" in keys


def _rows(record: Incident, reading: Reading) -> Iterator[Row]:
    entry: StatuspageSource = reading.entry
    # The API tells the newest first; of two in one minute the later one is to stay the later one.
    told = [*reversed(record.incident_updates or ()), *(record.updates or ())]
    updates = [one for one in told if one.time]
    updates.sort(key=lambda one: one.time or "")
    words = [one.word for one in updates]
    status = (record.status or (words[-1] if words else "")).lower()
    _count_unknown([status, *words], reading)
    started = record.started_at or record.scheduled_for or _time(updates[:1]) or record.created_at
    if started is None:
        raise Refused("time_not_known", "neither the incident nor an update of it has a time")
    ended = _time([one for one in updates if one.word in _ENDED][:1])
    resolved = record.resolved_at or ended
    if resolved is None and status in _ENDED:
        raise Refused("end_not_known", f"is {status}, but nothing says since when")
    names = [one.name if isinstance(one, Component) else one for one in record.components or ()]
    is_planned = STATUS_WORDS.get(status) == "planned" or record.impact == "maintenance"
    yield (
        "incidents",
        {
            "incident_id": f"statuspage:{record.id}",
            "service": service_of(names, declared=entry.service, settings=reading.context.settings),
            "severity": (record.impact or "").lower() or None,
            "started_at": started,
            "created_at": record.created_at or _time(updates[:1]),
            "mitigated_at": _mitigated(updates),
            "resolved_at": resolved,
            "planned": is_planned or any(STATUS_WORDS.get(word) == "planned" for word in words),
            "updated_at": record.updated_at or _time(updates[-1:]) or resolved,
        },
    )


def _time(updates: list[Update]) -> str | None:
    return updates[0].time if updates else None


def _mitigated(updates: list[Update]) -> str | None:
    """Return since when a fix is in place and watched, if nothing came after but the end."""
    watched = None
    for update in updates:
        if update.word == "monitoring":
            watched = watched or update.time
        elif update.word in {"investigating", "identified"}:
            watched = None
    return watched


def _count_unknown(words: list[str], reading: Reading) -> None:
    for word in dict.fromkeys(words):
        if word and word not in STATUS_WORDS:
            reading.notes[f"incidents: the status {word[:40]!r} is not known"] += 1


KINDS: Final = (
    RecordKind(
        name="incident", is_one=_is_incident, table="incidents", struct=Incident, rows=_rows
    ),
)


def read(export: Export, entry: StatuspageSource, context: Context) -> Iterator[Draft]:
    """Yield the incidents; titles and messages are not read.

    Raises:
        ExportError: the file is neither the API's JSON nor the Atom feed.
    """
    records: Records | None = None
    if is_feed(read_content(export, limit=1 << 12).data):
        records = feed_records(export)
    yield from read_kinds(
        export, entry, context, kinds=KINDS, wrappers=WRAPPERS, title=_TITLE, records=records
    )


def recognise(export: Export) -> Recognition | None:
    """Say whether a file holds incidents of Statuspage, as JSON or Atom."""
    try:
        start = read_content(export, limit=1 << 12).data
    except ExportError:
        return None
    if is_feed(start):
        return Recognition(kind="statuspage", confidence=0.95, reason="Statuspage's history, Atom")
    return recognise_kinds(
        export, kinds=KINDS, wrappers=WRAPPERS, source="statuspage", title=_TITLE
    )


STATUSPAGE: Final = SourceKind(
    kind="statuspage",
    title=_TITLE,
    reads="incidents and scheduled maintenances as the API's JSON, and the history's Atom feed",
    tables=("incidents",),
    read=read,
    recognise=recognise,
    words={"incident status": STATUS_WORDS},
    by_line=True,
)
