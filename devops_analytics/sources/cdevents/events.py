"""CDEvents as they are saved: bare, in CloudEvents, on lines, in arrays → events to be joined."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from devops_analytics.errors import ExportError
from devops_analytics.sources.json_records import first_records, read_records
from devops_analytics.sources.moments import moments
from devops_analytics.sources.source import Export

WRAPPERS: Final = ("events",)
"""Keys that people wrap an archive of events into."""

_TYPE: Final = "dev.cdevents."
_OWN_TYPE: Final = "dev.cdeventsx."
"""Begins the types of events that a tool defined for itself."""
_PARTS: Final = 2


class Reference(msgspec.Struct, kw_only=True):
    """What an event says of another subject; without a source it is one of the event's own."""

    id: str | int | None = None
    source: str | None = None
    name: str | None = None


class Content(msgspec.Struct, kw_only=True, rename="camel"):
    """What is needed of the content of any subject; texts and people are not."""

    name: str | None = None
    owner: str | None = None
    outcome: str | None = None
    pipeline_name: str | None = None
    task_name: str | None = None
    artifact_id: str | None = None
    pipeline_run: Reference | None = None
    repository: Reference | None = None
    environment: Reference | None = None
    service: Reference | None = None
    change: Reference | None = None
    test_case: Reference | None = None
    test_suite: Reference | None = None
    test_suite_run: Reference | None = None
    ticket_type: str | None = None
    priority: str | None = None
    uri: str | None = None
    ticket_uri: str | None = msgspec.field(default=None, name="ticketURI")


class _Context(msgspec.Struct, kw_only=True, rename="camel"):
    id: str
    source: str
    type: str
    timestamp: str
    chain_id: str | None = None


class _Subject(msgspec.Struct, kw_only=True):
    id: str | int
    source: str | None = None
    content: Content = msgspec.field(default_factory=Content)


class _Written(msgspec.Struct, kw_only=True):
    """An event as it is written."""

    context: _Context
    subject: _Subject


class _Envelope(msgspec.Struct, kw_only=True):
    """A CloudEvent around an event: as JSON, as JSON in a text, or as Base64."""

    data: msgspec.Raw = msgspec.Raw(b"null")
    data_base64: str | None = None


Key = tuple[str, str]
"""Source and id: what tells a subject, or an event, from all others."""


class Event(NamedTuple):
    """An event, and where it was read."""

    file: int
    """Index of the file among those of its entry."""
    number: int
    subject: str
    """Lower case, as in the type: `pipelinerun`."""
    predicate: str
    key: Key
    """Of the subject."""
    own_key: Key
    """Of the event: one that was delivered twice has it twice."""
    written_at: str
    chain: str | None
    content: Content

    @property
    def place(self) -> tuple[int, int]:
        """What tells a record from all others of its entry."""
        return self.file, self.number

    def key_of(self, reference: Reference | None) -> Key | None:
        """Return the key of a subject that the event names."""
        if reference is None or reference.id is None:
            return None
        return reference.source or self.own_key[0], str(reference.id)


class Refusal(NamedTuple):
    """A record that becomes no row, and why."""

    number: int
    reason: str
    message: str


@dataclass(frozen=True, kw_only=True)
class EventFile:
    """The events of one file, and what of it is none, by subject (None: not known)."""

    path: Export
    events: list[Event] = field(default_factory=list)
    refused: list[tuple[str | None, Refusal]] = field(default_factory=list)


_DECODER: Final = msgspec.json.Decoder(_Written, strict=False)
_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_KEYS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_events(export: Export, index: int) -> EventFile:
    """Read one file; what of it is no event is refused, without its text.

    Raises:
        ExportError: the file is no JSON, or none of its records is an event.
    """
    records = read_records(export, wrappers=WRAPPERS)
    file = EventFile(path=export)
    for number, reason, message, _ in records.rejected:
        file.refused.append((None, Refusal(number, reason, message)))
    for number, raw in records.rows:
        _take(file, index, number, raw)
    known = moments(event.written_at for event in file.events)
    undated = [event for event in file.events if event.written_at not in known]
    for event in undated:
        message = (
            f"timestamp: found {event.written_at[:40]!r}; expected ISO 8601 with an offset, such "
            "as 2026-03-01T09:30:00Z"
        )
        file.refused.append((event.subject, Refusal(event.number, "not_a_time", message)))
    file.events[:] = [event for event in file.events if event.written_at in known]
    if file.refused and not file.events and all(of is None for of, _ in file.refused):
        raise ExportError(_nothing_read(export, file.refused))
    return file


def _take(file: EventFile, index: int, number: int, raw: bytes) -> None:
    """Put a record where it belongs: to the events or to what is refused."""
    bare = _bare(raw)
    named = type_of(bare) if bare is not None else None
    if bare is None or named is None:
        message = "is no CDEvent: expected `context` and `subject`, or a CloudEvent around them"
        file.refused.append((None, Refusal(number, "unknown_record", message)))
        return
    subject, predicate = named
    try:
        written = _DECODER.decode(bare)
    except msgspec.DecodeError as error:
        message = f"the {subject} event is not as CDEvents are written: {error}"
        file.refused.append((subject, Refusal(number, "unexpected_type", message)))
        return
    file.events.append(
        Event(
            file=index,
            number=number,
            subject=subject,
            predicate=predicate,
            key=(written.subject.source or written.context.source, str(written.subject.id)),
            own_key=(written.context.source, written.context.id),
            written_at=written.context.timestamp,
            chain=written.context.chain_id,
            content=written.subject.content,
        )
    )


def _bare(raw: bytes) -> bytes | None:
    """Return an event without the CloudEvent around it; None where a record is neither."""
    keys = _keys(raw)
    if {"context", "subject"} <= keys.keys():
        return raw
    if not {"specversion", "type"} <= keys.keys():
        return None
    try:
        envelope = _ENVELOPE.decode(raw)
        if envelope.data_base64 is not None:
            return base64.b64decode(envelope.data_base64, validate=True)
        data = bytes(envelope.data)
        return msgspec.json.decode(data, type=str).encode() if data.startswith(b'"') else data
    except (msgspec.DecodeError, binascii.Error, ValueError):
        return None


def type_of(bare: bytes) -> tuple[str, str] | None:
    """Return subject and predicate of an event; None where it is no CDEvent."""
    try:
        found = msgspec.json.decode(_keys(_keys(bare)["context"])["type"], type=str)
    except (KeyError, msgspec.DecodeError):
        return None
    for beginning in (_TYPE, _OWN_TYPE):
        parts = found.lower().removeprefix(beginning).split(".")
        if found.lower().startswith(beginning) and len(parts) >= _PARTS and all(parts[:_PARTS]):
            return ("own" if beginning == _OWN_TYPE else parts[0]), parts[1]
    return None


def _keys(raw: bytes | msgspec.Raw) -> Mapping[str, msgspec.Raw]:
    try:
        return _KEYS.decode(raw)
    except msgspec.DecodeError:
        return {}


def first_types(export: Export) -> list[tuple[str, str] | None]:
    """Return subject and predicate of each record at the beginning of a file; None: no event."""
    found = [_bare(raw) for raw in first_records(export, wrappers=WRAPPERS)]
    return [None if bare is None else type_of(bare) for bare in found]


def _nothing_read(export: Export, refused: list[tuple[str | None, Refusal]]) -> str:
    first = refused[0][1]
    return (
        f"{export}: none of its {len(refused)} records is a CDEvent. The first, record "
        f"{first.number}: {first.reason}: {first.message}."
    )
