"""Issues of Jira of the types that are incidents, as search JSON with changelog or as CSV."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from devops_analytics.config_tools import JiraSource
from devops_analytics.sources.jira.records import (
    Category,
    Fields,
    Issue,
    Line,
    Loose,
    Named,
    Status,
)
from devops_analytics.sources.jira.words import (
    BUILT_IN_STATUSES,
    CATEGORIES,
    DONE,
    DUPLICATE,
    IN_PROGRESS,
    OPEN,
    STATUSES,
)
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
from devops_analytics.sources.json_records import first_records
from devops_analytics.sources.moments import moment
from devops_analytics.sources.services import service_of
from devops_analytics.sources.source import Context, Draft, Export, Recognition
from devops_analytics.sources.table_records import is_table, table_columns, table_records

WRAPPERS: Final = ("issues", "values")
"""Keys that pages of issues and of changelogs hold their records under."""
TIME_FORMAT: Final = "%d/%b/%y %I:%M %p"
"""How Jira writes times in CSV unless its administrator chose otherwise (dd/MMM/yy h:mm a)."""

_COLUMNS: Final = {
    "issue_key": "key",
    "key": "key",
    "issue_type": "issue_type",
    "status": "status",
    "status_category": "category",
    "status_category_changed": "category_changed",
    "priority": "priority",
    "resolution": "resolution",
    "created": "created",
    "updated": "updated",
    "resolved": "resolved",
    "component/s": "components",
    "components": "components",
}
_SIGNS: Final = frozenset({"issue_key", "issue_type", "status", "created"})

_REOPENED: Final = (
    "an issue has a resolution date, but its status is not one of category Done; taken as open"
)
_PROXY: Final = (
    "an issue is done without a date of it; taken as resolved when it was last changed (export the "
    "resolution date or the changelog)"
)
_PARTIAL: Final = (
    "the changelog of an issue is only a part of it, so when it was acknowledged is not known "
    "(export it with the changelog's own pages)"
)


# ---- Rows ---- #


def _incident(issue: Issue, reading: Reading) -> Iterator[Row]:
    fields = issue.fields
    _check_is_incident(issue, reading.entry)
    changes = _changes(issue)
    resolved = _resolved(fields, changes, reading)
    yield (
        "incidents",
        {
            "incident_id": f"jira:{issue.key}",
            "service": service_of(
                [one.name for one in fields.components or ()],
                declared=reading.entry.service,
                settings=reading.context.settings,
            ),
            "severity": _name(fields.priority),
            "created_at": fields.created,
            "acknowledged_at": _acknowledged(issue, changes, resolved, reading),
            "resolved_at": resolved,
            "updated_at": fields.updated or resolved or fields.created,
        },
    )


def _from_line(line: Line, reading: Reading) -> Iterator[Row]:
    fields = Fields(
        created=line.created,
        updated=line.updated,
        resolutiondate=line.resolved,
        statuscategorychangedate=line.category_changed,
        issuetype=Named(line.issue_type),
        status=Status(name=line.status, status_category=Category(line.category)),
        priority=Named(line.priority),
        resolution=Named(line.resolution),
        components=[Named(name) for name in line.components],
    )
    return _incident(Issue(key=line.key, fields=fields), reading)


def _without_issue(_: Loose, __: Reading) -> Iterator[Row]:
    raise Refused(
        "without_issue",
        "a history that does not say of which issue; export the issues with expand=changelog",
    )


def _name(named: Named | None) -> str | None:
    return None if named is None else named.name


def _check_is_incident(issue: Issue, entry: JiraSource) -> None:
    found = (_name(issue.fields.issuetype) or "").strip()
    if found.casefold() not in {name.strip().casefold() for name in entry.incident_types}:
        raise Refused(
            "not_an_incident",
            f"issue {issue.key} is of type {found!r}, which is none of those that are incidents "
            f"({', '.join(entry.incident_types)}); set `incident_types` for others",
        )
    if (_name(issue.fields.resolution) or "").strip().casefold() == DUPLICATE:
        raise Refused(
            "not_an_incident", f"issue {issue.key} is resolved as a duplicate of another issue"
        )


# ---- When it was taken and done ---- #


class Change(NamedTuple):
    """That an issue came into a status; the phase is None where nobody knows the status."""

    at: datetime
    text: str
    phase: str | None


def _phase(status: Status | None) -> str | None:
    if status is None:
        return None
    key = status.status_category.key if status.status_category else None
    by_category = CATEGORIES.get((key or "").strip().casefold())
    return by_category or STATUSES.get((status.name or "").strip().casefold())


def _changes(issue: Issue) -> list[Change]:
    """Return every change of status, the earliest first."""
    status = issue.fields.status or Status()
    found = []
    for history in issue.changelog.histories if issue.changelog else ():
        at = moment(history.created)
        for item in history.items:
            if item.field != "status" or at is None:
                continue
            is_current = item.to is not None and item.to == status.id
            named = STATUSES.get((item.to_string or "").strip().casefold())
            phase = BUILT_IN_STATUSES.get(item.to or "") or named
            phase = _phase(status) if is_current else phase
            found.append(Change(at, history.created or "", phase))
    return sorted(found, key=lambda change: change.at)


def _resolved(fields: Fields, changes: list[Change], reading: Reading) -> str | None:
    """Return when an issue was done for the last time; None while it is not."""
    phase = _phase(fields.status)
    if phase in {OPEN, IN_PROGRESS}:
        if fields.resolutiondate is not None:
            reading.notes[_REOPENED] += 1
        return None
    if phase is None and fields.resolutiondate is None:
        return None
    since = _done_since(changes)
    dated = moment(fields.resolutiondate)
    if dated is not None and since is not None and _is_reopened(changes, dated):
        return since
    if fields.resolutiondate or since or fields.statuscategorychangedate:
        return fields.resolutiondate or since or fields.statuscategorychangedate
    reading.notes[_PROXY] += 1
    return fields.updated


def _done_since(changes: list[Change]) -> str | None:
    """Return when the last stretch of statuses that mean done began."""
    since = None
    for change in reversed(changes):
        if change.phase != DONE:
            break
        since = change.text
    return since


def _is_reopened(changes: list[Change], resolved: datetime) -> bool:
    return any(change.at > resolved and change.phase in {OPEN, IN_PROGRESS} for change in changes)


def _acknowledged(
    issue: Issue, changes: list[Change], resolved: str | None, reading: Reading
) -> str | None:
    """Return when work on an issue began; a status that nobody knows counts while it is open."""
    log = issue.changelog
    if log is not None and (log.total or 0) > len(log.histories):
        reading.notes[_PARTIAL] += 1
        return None
    end = moment(resolved)
    for change in changes:
        if change.phase == DONE or (end is not None and change.at >= end):
            return None
        if change.phase != OPEN:
            return change.text
    return None


# ---- Kinds ---- #


def _is_history(keys: Keys) -> bool:
    has_keys = with_keys("id", "created", "items", without=("fields", "key"))(keys)
    return has_keys and b'"fromString"' in bytes(keys["items"])


KINDS: Final = (
    RecordKind(
        name="issue",
        is_one=with_keys("id", "key", "fields"),
        table="incidents",
        struct=Issue,
        rows=_incident,
    ),
    RecordKind(
        name="history", is_one=_is_history, table="incidents", struct=Loose, rows=_without_issue
    ),
)
LINES: Final = (
    RecordKind(
        name="issue", is_one=with_keys("key"), table="incidents", struct=Line, rows=_from_line
    ),
)


def read(export: Export, entry: JiraSource, context: Context) -> Iterator[Draft]:
    """Yield a draft of incidents. Summaries, comments and people are not read at all.

    Raises:
        ExportError: nothing in the file is an issue of Jira.
    """
    if is_table(export):
        records = table_records(
            export, columns=_COLUMNS, needed=("key",), lists=frozenset({"components"})
        )
        entry = entry.model_copy(update={"time_format": entry.time_format or TIME_FORMAT})
        return read_kinds(export, entry, context, kinds=LINES, title="Jira", records=records)
    entry = entry.model_copy(update={"time_format": None})
    return read_kinds(export, entry, context, kinds=KINDS, wrappers=WRAPPERS, title="Jira")


# ---- Recognition ---- #


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file holds issues of Jira, by its first records."""
    if is_table(export):
        if not _SIGNS.issubset(table_columns(export)):
            return None
        return Recognition(
            kind="jira",
            confidence=0.9,
            reason="issues of Jira, CSV; set time_zone, and time_format if its times are not as "
            "12/Jun/26 8:13 AM",
        )
    found = recognise_kinds(export, kinds=KINDS, wrappers=WRAPPERS, source="jira", title="Jira")
    if found is None:
        return None
    types = _types(first_records(export, wrappers=WRAPPERS))
    wanted = {name.casefold() for name in JiraSource(kind="jira", path="").incident_types}
    if any(name.strip().casefold() in wanted for name in types):
        return found
    names = f"none of a type that is an incident (types: {', '.join(types) or 'not said'})"
    return replace(found, confidence=0.4, reason=f"{found.reason}; {names}; see incident_types")


def _types(records: Iterable[bytes]) -> list[str]:
    decoder = msgspec.json.Decoder(Issue, strict=False)
    found: dict[str, None] = {}
    for raw in records:
        try:
            found[_name(decoder.decode(raw).fields.issuetype) or "(none)"] = None
        except msgspec.DecodeError:
            continue
    return sorted(found)
