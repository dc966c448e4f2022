"""Kinds of JSON records whose rows need what all files of an entry know together."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from devops_analytics.sources.json_kinds import Keys, Reading, RecordKind, Row, records_like
from devops_analytics.sources.source import Export


class Shape(NamedTuple):
    """A kind of record before the files of an entry are known.

    `rows(record, reading, known)` is as that of a `RecordKind`, with what is known besides.
    """

    name: str
    is_one: Callable[[Keys], bool]
    table: str
    struct: type[msgspec.Struct]
    rows: Callable[[Any, Reading, Any], Iterator[Row]]


def absorbed(_record: Any, _reading: Reading, _known: Any) -> Iterator[Row]:
    """Yield nothing: other records are told of by it."""
    return iter(())


def kinds_with(shapes: tuple[Shape, ...], known: Any) -> tuple[RecordKind, ...]:
    """Return the kinds of records, with what is known for their rows; None to recognise them."""
    return tuple(
        RecordKind(
            name=shape.name,
            is_one=shape.is_one,
            table=shape.table,
            struct=shape.struct,
            rows=_with(shape.rows, known),
        )
        for shape in shapes
    )


def _with(
    rows: Callable[[Any, Reading, Any], Iterator[Row]], known: Any
) -> Callable[[Any, Reading], Iterator[Row]]:
    return lambda record, reading: rows(record, reading, known)


def records_of(
    exports: Iterable[Export], shapes: tuple[Shape, ...], *, wrappers: tuple[str, ...]
) -> Iterator[Any]:
    """Yield the records of any of the shapes in files.

    Raises:
        ExportError: one of the files is no JSON.
    """
    kinds = tuple((shape.is_one, shape.struct) for shape in shapes)
    return records_like(exports, kinds, wrappers=wrappers)


def decoded(raw: bytes, shapes: tuple[Shape, ...]) -> Any:
    """Return a record of one of the shapes; None where it is of none, or not as it should be."""
    try:
        keys = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        shape = next((shape for shape in shapes if shape.is_one(keys)), None)
        return msgspec.json.decode(raw, type=shape.struct, strict=False) if shape else None
    except msgspec.DecodeError:
        return None
