"""Records of a tool's JSON, of several kinds in one file, → drafts: the frame of most sources.

A source declares its kinds (`RecordKind`): what a record is known by, the fields that are needed,
and the rows that it becomes. Reading, counting and quarantine are the same for all of them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from devops_analytics.errors import ExportError
from devops_analytics.schema import polars_schema
from devops_analytics.sources.json_records import Records, first_records, read_records
from devops_analytics.sources.json_text import decoded
from devops_analytics.sources.source import QUARANTINE, Context, Draft, Export, Recognition

UNKNOWN_RECORD: Final = "unknown_record"
NOT_NEEDED: Final = "not_needed"
UNEXPECTED_TYPE: Final = "unexpected_type"

Keys = Mapping[str, msgspec.Raw]
"""A record's keys with their values, not yet decoded."""


class Refused(Exception):  # noqa: N818 - it is no error of the program
    """Raised by `rows` for a record that becomes none; it is quarantined with this reason."""

    def __init__(self, reason: str, message: str) -> None:
        """`reason` is a code; `message` says what was found, what is allowed, what to do."""
        super().__init__(message)
        self.reason = reason


Row = tuple[str, dict[str, Any] | Refused | None]
"""A table and its columns; times are texts as the export writes them.

Instead of the columns, `Refused` quarantines a part of the record while the rest goes on, without
its text; None is a part that is no row of its own, but is told of in others.
"""


@dataclass(frozen=True, kw_only=True)
class RecordKind:
    """A kind of record: what it is known by, what is needed of it, and what becomes of it.

    `rows(record, reading)` yields (table, columns). The record itself counts under `table`: where
    it yields no row of it, it counts as absorbed. Rows of other tables count one record each
    there. A kind without `rows` is known, but nothing is computed from it: its records are put
    aside as `not_needed`.
    """

    name: str
    is_one: Callable[[Keys], bool]
    table: str
    struct: type[msgspec.Struct]
    rows: Callable[[Any, "Reading"], Iterable[Row]] | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the rows of a record may need besides it."""

    entry: Any
    context: Context
    name: str
    """The export's name, such as `builds-2026-09.json`."""
    notes: Counter[str] = field(default_factory=Counter)
    """Things to be said of the file, with how often."""


def with_keys(*needed: str, without: tuple[str, ...] = ()) -> Callable[[Keys], bool]:
    """Return a test that a record has all these keys, and none of the others."""
    wanted, unwanted = frozenset(needed), frozenset(without)
    return lambda keys: wanted <= keys.keys() and not unwanted & keys.keys()


@dataclass
class _Counted:
    """What a file gives to one table."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    refused: list[tuple[int, str, str, str | None]] = field(default_factory=list)
    absorbed: int = 0

    @property
    def n_read(self) -> int:
        return len(self.rows) + len(self.refused) + self.absorbed


def read_kinds(
    export: Export,
    entry: Any,
    context: Context,
    *,
    kinds: tuple[RecordKind, ...],
    wrappers: tuple[str, ...] = (),
    title: str,
    records: Records | None = None,
) -> Iterator[Draft]:
    """Yield a draft for each table that the records of a JSON file are rows of.

    Records of no kind, and those that are not as the tool writes them, are refused under the table
    of most records. Their text is kept only as far as it was decoded, as it may name people.
    `records` is given where the file is no JSON, but a table whose rows were made such records.

    Raises:
        ExportError: the file is no JSON, or none of its records is of any kind.
    """
    records = records or read_records(export, wrappers=wrappers)
    reading = Reading(entry=entry, context=context, name=export.name)
    counted: dict[str, _Counted] = {}
    unplaced: list[tuple[int, str, str, str | None]] = [
        (number, reason, message, None) for number, reason, message, _ in records.rejected
    ]
    decoders = {kind.name: msgspec.json.Decoder(kind.struct, strict=False) for kind in kinds}
    for number, raw in records.rows:
        kind = kind_of(raw, kinds)
        if kind is None:
            message = f"no record of {title} that is read: {', '.join(k.name for k in kinds)}"
            unplaced.append((number, UNKNOWN_RECORD, message, None))
            continue
        part = counted.setdefault(kind.table, _Counted())
        if kind.rows is None:
            message = f"nothing is computed from a {kind.name}"
            part.refused.append((number, NOT_NEEDED, message, None))
            continue
        _add(number, raw, kind, decoders[kind.name], reading, counted)
    _place(export, unplaced, counted, title)
    notes = tuple(f"{text} ({n}×)" for text, n in reading.notes.items())
    for table, part in counted.items():
        if part.n_read:
            yield _draft(table, part, context.label, entry, notes)


def read_each(
    paths: Iterable[Path],
    entry: Any,
    context: Context,
    *,
    kinds: tuple[RecordKind, ...],
    wrappers: tuple[str, ...] = (),
    title: str,
) -> Iterator[tuple[Path, Draft]]:
    """Yield the drafts of files that are read by the same kinds, each under its own name.

    Raises:
        ExportError: one of the files is no JSON, or none of its records is of any kind.
    """
    for path in paths:
        own = replace(context, label=context.labels.get(path, context.label))
        for draft in read_kinds(path, entry, own, kinds=kinds, wrappers=wrappers, title=title):
            yield path, draft


def kind_of(raw: bytes, kinds: tuple[RecordKind, ...]) -> RecordKind | None:
    """Return the first kind that a record is of; None: of no kind, or no JSON object."""
    try:
        keys = decoded(raw, dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return None
    return next((kind for kind in kinds if kind.is_one(keys)), None)


def _add(
    number: int,
    raw: bytes,
    kind: RecordKind,
    decoder: msgspec.json.Decoder[Any],
    reading: Reading,
    counted: dict[str, _Counted],
) -> None:
    """Decode one record and add its rows, or the reason why it has none."""
    part = counted[kind.table]
    try:
        record = decoder.decode(raw)
    except msgspec.DecodeError as error:
        message = f"the {kind.name} is not as the tool writes it: {error}"
        part.refused.append((number, UNEXPECTED_TYPE, message, None))
        return
    rows: list[Row] = []
    try:
        rows.extend(kind.rows(record, reading) if kind.rows is not None else ())
    except Refused as refused:
        text = msgspec.json.encode(record).decode()
        part.refused.append((number, refused.reason, str(refused), text))
        return
    for table, row in rows:
        place = counted.setdefault(table, _Counted())
        if row is None:
            place.absorbed += 1
        elif isinstance(row, Refused):
            place.refused.append((number, row.reason, str(row), None))
        else:
            place.rows.append({"record": number, **row})
    if not any(table == kind.table for table, _ in rows):
        part.absorbed += 1


def _place(
    export: Export,
    unplaced: list[tuple[int, str, str, str | None]],
    counted: dict[str, _Counted],
    title: str,
) -> None:
    """Count records of no kind under the table that most records belong to."""
    if not unplaced:
        return
    if not any(part.n_read for part in counted.values()):
        number, reason, message, _ = unplaced[0]
        raise ExportError(
            f"{export}: none of its {len(unplaced)} records is one of {title} that can be read. "
            f"The first, record {number}: {reason}: {message}."
        )
    max(counted.values(), key=lambda part: part.n_read).refused.extend(unplaced)


def _draft(table: str, part: _Counted, label: str, entry: Any, notes: tuple[str, ...]) -> Draft:
    types = polars_schema(table)
    named = list(dict.fromkeys(name for row in part.rows for name in row))
    schema: dict[str, Any] = {"record": pl.Int64()} | {
        name: pl.String() if isinstance(types[name], pl.Datetime) else types[name]
        for name in named
        if name != "record"
    }
    return Draft(
        table=table,
        rows=pl.DataFrame(part.rows, schema=schema, orient="row"),
        n_read=part.n_read,
        n_absorbed=part.absorbed,
        rejected=pl.DataFrame(
            [(label, table, *refused) for refused in sorted(part.refused, key=lambda one: one[0])],
            schema=QUARANTINE,
            orient="row",
        ),
        time_zone=getattr(entry, "time_zone", None),
        time_format=getattr(entry, "time_format", None),
        notes=notes,
    )


def records_like(
    exports: Iterable[Export],
    kinds: tuple[tuple[Callable[[Keys], bool], type[msgspec.Struct]], ...],
    *,
    wrappers: tuple[str, ...] = (),
) -> Iterator[Any]:
    """Yield the records of some kinds in files, for sources whose records complete each other.

    What is not as the tool writes it is left out: `read_kinds` tells of it.

    Raises:
        ExportError: one of the files is no JSON.
    """
    decoders = [(is_one, msgspec.json.Decoder(struct, strict=False)) for is_one, struct in kinds]
    for export in exports:
        for _, raw in read_records(export, wrappers=wrappers).rows:
            try:
                keys = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
                decoder = next((decoder for is_one, decoder in decoders if is_one(keys)), None)
                if decoder is not None:
                    yield decoder.decode(raw)
            except msgspec.DecodeError:
                continue


def recognise_kinds(
    export: Export,
    *,
    kinds: tuple[RecordKind, ...],
    wrappers: tuple[str, ...] = (),
    source: str,
    title: str,
    confidence: float = 0.9,
) -> Recognition | None:
    """Return how sure it is that most records at the beginning of a file are of these kinds."""
    found = first_records(export, wrappers=wrappers)
    names = Counter(kind.name for raw in found if (kind := kind_of(raw, kinds)) is not None)
    if not found or names.total() * 2 < len(found):
        return None
    most = names.most_common(1)[0][0]
    return Recognition(kind=source, confidence=confidence, reason=f"{title}, JSON: {most}")
