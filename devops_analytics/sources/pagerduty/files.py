"""Files of PagerDuty: which records they hold, and which are refused."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content, utf8_text
from devops_analytics.sources.json_records import read_records
from devops_analytics.sources.pagerduty.records import (
    ANALYSED,
    INCIDENT,
    LOG_ENTRY,
    NOT_NEEDED,
    WRAPPERS,
    Analysed,
    Incident,
    SingleEntry,
    kind_of,
)

SAMPLE: Final = 1 << 16

_OTHER_NAMES: Final = {"created_on": "created_at", "resolved_on": "resolved_at"}
"""Columns of the website's CSV that the API calls otherwise."""
NEEDED: Final = ("id", "created_at")
_DECODERS: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    INCIDENT: msgspec.json.Decoder(Incident),
    ANALYSED: msgspec.json.Decoder(Analysed),
    LOG_ENTRY: msgspec.json.Decoder(SingleEntry),
}


class Found(NamedTuple):
    """An incident and its number in the file."""

    number: int
    record: Incident | Analysed


class Refusal(NamedTuple):
    """A record that becomes no row, and why."""

    number: int
    reason: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What one file holds."""

    path: Path
    incidents: list[Found] = field(default_factory=list)
    entries: list[tuple[int, SingleEntry]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    @property
    def n_read(self) -> int:
        """How many records it has."""
        return len(self.incidents) + len(self.entries) + len(self.refused)


def contents_of(path: Path) -> Contents:
    """Read a file.

    Raises:
        ExportError: nothing in it is a record of PagerDuty.
    """
    start = utf8_text(path, read_content(path, limit=SAMPLE).data).strip()[:1]
    from_csv = start and start not in b"{[<"
    found = _from_csv(path) if from_csv else _from_json(path)
    unknown = [refusal for refusal in found.refused if refusal.reason == "unknown_record"]
    if found.n_read and len(unknown) == found.n_read:
        raise ExportError(
            f"{path}: none of its {found.n_read} records is an incident of PagerDuty."
        )
    return found


# ---- JSON ---- #


def _from_json(path: Path) -> Contents:
    records = read_records(path, wrappers=WRAPPERS)
    # The text of a broken record may hold names and messages, so it is left out.
    refused = [Refusal(number, reason, said) for number, reason, said, _ in records.rejected]
    contents = Contents(path=path, refused=refused)
    for number, raw in records.rows:
        kind = kind_of(raw)
        if kind is None:
            message = (
                "no incident of PagerDuty; export GET /incidents or the analytics of incidents"
            )
            refused.append(Refusal(number, "unknown_record", message))
        elif kind in NOT_NEEDED:
            refused.append(Refusal(number, "not_needed", NOT_NEEDED[kind]))
        else:
            _decode(number, raw, kind, contents)
    return contents


def _decode(number: int, raw: bytes, kind: str, contents: Contents) -> None:
    try:
        record = _DECODERS[kind].decode(raw)
    except msgspec.DecodeError as error:
        what = LOG_ENTRY if kind == LOG_ENTRY else INCIDENT
        message = f"the {what} is not as PagerDuty writes it: {error}"
        contents.refused.append(Refusal(number, "unexpected_type", message))
        return
    if isinstance(record, SingleEntry):
        contents.entries.append((number, record))
    else:
        contents.incidents.append(Found(number, record))


# ---- CSV ---- #


def _from_csv(path: Path) -> Contents:
    content = read_content(path)
    text = utf8_text(path, content.data).decode("utf-8", "replace")
    reader = csv.reader(io.StringIO(text, newline=""))
    columns = csv_columns(next(_csv_rows(reader))[1])
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise ExportError(
            f"{path}: no column {' and no column '.join(missing)}; expected the analytics export "
            f"of raw incidents. Found: {', '.join(columns)}."
        )
    found = Contents(path=path)
    for number, cells in _csv_rows(reader):
        _add_line(number, cells, columns, found)
    if not content.complete:
        message = "the compressed file ends too early; export it again"
        found.refused.append(Refusal(reader.line_num + 1, "truncated_csv", message))
    return found


def _add_line(number: int, cells: list[str], columns: list[str], found: Contents) -> None:
    if len(cells) != len(columns):
        message = f"expected {len(columns)} cells as in the header, found {len(cells)}"
        found.refused.append(Refusal(number, "wrong_columns", message))
        return
    # Only these columns are looked at: the others hold people and what they wrote.
    row = {
        name: cell.strip()
        for name, cell in zip(columns, cells, strict=True)
        if name in Analysed.__struct_fields__ and cell.strip()
    }
    try:
        found.incidents.append(Found(number, msgspec.convert(row, Analysed, strict=False)))
    except msgspec.ValidationError as error:
        found.refused.append(Refusal(number, "unexpected_type", f"line {number}: {error}"))


def csv_columns(header: Iterable[str]) -> list[str]:
    """Return the names of a table's columns as the API calls them."""
    names = ("_".join(name.strip().lower().split()) for name in header)
    return [_OTHER_NAMES.get(name, name) for name in names]


def _csv_rows(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with the lines that they begin in; a row that can't be parsed is empty."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, []
            continue
        if cells:
            yield line, cells
