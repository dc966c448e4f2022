"""Status records that people keep in a repository: Markdown with front matter, or YAML.

cState writes a Markdown file for each incident; others keep a YAML file with one record, or with a
list of them. Titles are only looked at to tell planned work; the text is not read at all.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final

import polars as pl

from devops_analytics.config_tools import StatusRecordsSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content, utf8_text
from devops_analytics.sources.services import service_of
from devops_analytics.sources.source import (
    QUARANTINE,
    Context,
    Draft,
    Export,
    Recognition,
    SourceKind,
)
from devops_analytics.sources.toml_text import parsed
from devops_analytics.sources.yaml_text import documents

NOT_A_RECORD: Final = "not_a_record"
NOT_READ: Final = "not_read"
END_NOT_KNOWN: Final = "end_not_known"

_SAMPLE: Final = 1 << 16
_ENDINGS: Final = (".md", ".markdown", ".yml", ".yaml")
_FENCES: Final = {b"---": "YAML", b"+++": "TOML"}
_STARTED: Final = ("date", "started_at", "start", "startTime", "start_time")
_RESOLVED: Final = ("resolvedWhen", "resolved_at", "end", "endTime", "end_time")
"""Keys that the times lie under; the first ones are cState's."""
_SHORT_HOUR: Final = re.compile(r"^(\d{4}-\d{2}-\d{2}[Tt ])(\d:)")
_TRUE: Final = frozenset({"true", "yes", "on"})
_FALSE: Final = frozenset({"false", "no", "off"})
_SCHEMA: Final[dict[str, Any]] = {"record": pl.Int64(), "planned": pl.Boolean()} | dict.fromkeys(
    ("incident_id", "service", "severity", "started_at", "resolved_at", "updated_at"), pl.String()
)

_Fields = Mapping[str, Any]


class _Refused(Exception):  # noqa: N818 - it is no error of the program
    """A record that becomes no row: its reason, and what was found."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def read(export: Export, entry: StatusRecordsSource, context: Context) -> Iterator[Draft]:
    """Yield the incidents of a file: a Markdown file is one record, YAML one or a list of them.

    Raises:
        ExportError: the file can't be read.
    """
    rows: list[dict[str, Any]] = []
    refused: list[tuple[object, ...]] = []
    planned = [re.compile(pattern, re.IGNORECASE) for pattern in entry.planned_titles]
    for number, fields in enumerate(_records(export), 1):
        try:
            if isinstance(fields, ExportError):
                raise _Refused(NOT_READ, str(fields))  # noqa: TRY301 - counted with the others
            row = _row(fields, number, export, entry, context)
        except _Refused as found:
            message = f"{context.label} record {number}: {found}"
            refused.append((context.label, "incidents", number, found.reason, message, None))
            continue
        rows.append({"record": number, "planned": _is_planned(fields, planned), **row})
    yield Draft(
        table="incidents",
        rows=pl.DataFrame(rows, schema=_SCHEMA, orient="row"),
        n_read=len(rows) + len(refused),
        rejected=pl.DataFrame(refused, schema=QUARANTINE, orient="row"),
        time_zone=entry.time_zone,
    )


def _records(export: Export) -> list[_Fields | ExportError]:
    """Return the fields of every record; an error stands for one that can't be read."""
    text = utf8_text(export, read_content(export).data).replace(b"\r\n", b"\n").lstrip()
    try:
        found = _front_matter(text, export.name)
    except ExportError as error:
        return [error]
    if found is not None:
        return [found]
    if PurePath(export.name).suffix.lower() not in {".yml", ".yaml"}:
        message = "has no front matter: expected fields between two lines of --- at its beginning"
        return [ExportError(f"{export.name}: {message}.")]
    held = documents(text, name=export.name)
    lists = [item if isinstance(item, list) else [item] for item in held]
    return [
        item
        if isinstance(item, dict)
        else ExportError(f"{export.name}: expected fields, found something else.")
        for items in lists
        for item in items
    ]


def _front_matter(text: bytes, name: str) -> _Fields | None:
    """Return the fields between the fences at the beginning of a file; None where there are none.

    Raises:
        ExportError: what is between them is no YAML or TOML.
    """
    fence = text[:3]
    if fence not in _FENCES:
        return None
    head, closing, _ = text[3:].partition(b"\n" + fence)
    if not closing:
        return None
    if _FENCES[fence] == "TOML":
        return parsed(head, name=f"{name}: its front matter")
    found = documents(head, name=name)
    return found[0] if len(found) == 1 and isinstance(found[0], dict) else None


def _row(
    fields: _Fields,
    number: int,
    export: Export,
    entry: StatusRecordsSource,
    context: Context,
) -> dict[str, Any]:
    started = _time(fields, _STARTED)
    if started is None:
        raise _Refused(
            NOT_A_RECORD, f"names no time; expected one of the keys {', '.join(_STARTED)}"
        )
    resolved = _time(fields, _RESOLVED)
    says = _text(fields.get("resolved")) or ""
    if says.lower() in _FALSE:
        resolved = None
    elif says.lower() in _TRUE and resolved is None:
        raise _Refused(
            END_NOT_KNOWN,
            f"is resolved, but says not when; expected one of the keys {', '.join(_RESOLVED)}",
        )
    stem = PurePath(export.name).stem
    own = _text(fields.get("id")) or (stem if number == 1 else f"{stem}:{number}")
    return {
        "incident_id": f"status_records:{own}",
        "service": service_of(_affected(fields), declared=entry.service, settings=context.settings),
        "severity": (_text(fields.get("severity")) or "").lower() or None,
        "started_at": started,
        "resolved_at": resolved,
        "updated_at": resolved or started,
    }


def _affected(fields: _Fields) -> list[str]:
    found = fields.get("affected")
    items = found if isinstance(found, list) else [found]
    return [text for item in items if (text := _text(item))]


def _is_planned(fields: _Fields, planned: list[re.Pattern[str]]) -> bool:
    says = (_text(fields.get("planned")) or _text(fields.get("informational")) or "").lower()
    if says in _TRUE | _FALSE:
        return says in _TRUE
    title = _text(fields.get("title")) or ""
    return any(pattern.search(title) for pattern in planned)


def _time(fields: _Fields, names: tuple[str, ...]) -> str | None:
    """Return a time; YAML's may have hours of one digit."""
    found = _first(fields, names)
    return None if found is None else _SHORT_HOUR.sub(r"\g<1>0\2", found)


def _first(fields: _Fields, names: tuple[str, ...]) -> str | None:
    return next((text for name in names if (text := _text(fields.get(name)))), None)


def _text(value: object) -> str | None:
    """Return a value as text; TOML has times and flags of its own."""
    if value is None or isinstance(value, list | dict):
        return None
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return str(value).strip() or None


def recognise(export: Export) -> Recognition | None:
    """Say whether a file's first record has the fields of a status record."""
    if PurePath(export.name).suffix.lower() not in _ENDINGS:
        return None
    try:
        text = utf8_text(export, read_content(export, limit=_SAMPLE).data)
        fields: Any = _front_matter(text.replace(b"\r\n", b"\n").lstrip(), export.name)
        if fields is None and export.suffix.lower() in {".yml", ".yaml"}:
            held = documents(text, name=export.name)
            first = held[0] if held else None
            fields = first[0] if isinstance(first, list) and first else first
    except ExportError:
        return None
    if not isinstance(fields, dict) or "title" not in fields or _first(fields, _STARTED) is None:
        return None
    if not fields.keys() & {"resolved", "severity", "affected", *_RESOLVED}:
        return None
    return Recognition(
        kind="status_records",
        confidence=0.9,
        reason="status records; set time_zone if their times have no offset",
    )


STATUS_RECORDS: Final = SourceKind(
    kind="status_records",
    title="status records (cState and alike)",
    reads="Markdown with YAML or TOML front matter, one file a record, or YAML records",
    tables=("incidents",),
    read=read,
    recognise=recognise,
)
