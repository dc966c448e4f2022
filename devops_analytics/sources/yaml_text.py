"""YAML of unknown origin as plain texts, lists and mappings: nothing is executed or expanded.

A loader of PyYAML would turn the version `1.10` into the number 1.1, and the one in C crashes on
deep nesting; so its events are read, which do neither.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from devops_analytics.errors import ExportError

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST: Final = 100
_MOST_MERGED: Final = 100_000
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_MERGE: Final = "<<"


class _TooMuch(Exception):  # noqa: N818 - it is no error of the program
    """A text that nobody would write, and that would take memory or time without end."""


@dataclass(kw_only=True, slots=True)
class _Reading:
    """What is known of a document while its events come in."""

    events: Iterator[Any]
    aliases: bool
    anchors: dict[str, Any] = field(default_factory=dict)
    n_merged: int = 0


def documents(data: bytes, *, name: str, aliases: bool = True) -> list[Any]:
    """Return the documents of a YAML text: texts as they are written, None, lists, mappings.

    What an anchor names stands in every place that refers to it, without being copied; merge keys
    are followed. Keys that are no texts are left out. Without `aliases`, a text that has any is
    refused, so that what comes out is no larger than what went in, wherever it is copied to.

    Raises:
        ExportError: the text is no YAML, or it is nested or merged without end.
    """
    found: list[Any] = []
    try:
        events = iter(yaml.parse(data, Loader=_LOADER))
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                reading = _Reading(events=events, aliases=aliases)
                found.append(_value(next(events), reading, 0))
    except yaml.YAMLError as error:
        raise ExportError(f"{name}: is no YAML that can be read{_place(error)}.") from error
    except _TooMuch as error:
        raise ExportError(f"{name}: {error}; nothing of it is read.") from error
    return found


def _place(error: yaml.YAMLError) -> str:
    """Say where the trouble is, but nothing of the content, which may be secret."""
    mark = getattr(error, "problem_mark", None)
    return "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"


def _value(event: Any, reading: _Reading, depth: int) -> Any:
    """Return what an event, with those that belong to it, stands for."""
    if depth > _DEEPEST:
        raise _TooMuch(f"is nested more than {_DEEPEST} levels deep")
    if isinstance(event, yaml.AliasEvent):
        if not reading.aliases:
            raise _TooMuch("refers to an anchor, as no export of a tool does")
        if event.anchor not in reading.anchors:
            raise _TooMuch("refers to an anchor that it does not have")
        return reading.anchors[event.anchor]
    value: Any
    if isinstance(event, yaml.ScalarEvent):
        value = None if event.implicit[0] and event.value in _NULLS else event.value
    else:
        value = {} if isinstance(event, yaml.MappingStartEvent) else []
    if event.anchor is not None:
        reading.anchors[event.anchor] = value
    if isinstance(value, dict):
        _fill_mapping(value, reading, depth + 1)
    elif isinstance(value, list):
        while not isinstance(inner := next(reading.events), yaml.SequenceEndEvent):
            value.append(_value(inner, reading, depth + 1))
    return value


def _fill_mapping(mapping: dict[str, Any], reading: _Reading, depth: int) -> None:
    merged: list[Any] = []
    while not isinstance(event := next(reading.events), yaml.MappingEndEvent):
        key = _value(event, reading, depth)
        value = _value(next(reading.events), reading, depth)
        if key == _MERGE and isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
            merged.extend(value if isinstance(value, list) else [value])
        elif isinstance(key, str):
            mapping[key] = value
    for other in merged:
        if isinstance(other, dict):
            reading.n_merged += len(other)
            if reading.n_merged > _MOST_MERGED:
                raise _TooMuch(f"merges more than {_MOST_MERGED} keys")
            for key, value in list(other.items()):
                mapping.setdefault(key, value)
