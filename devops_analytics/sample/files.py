"""Writing exports byte for byte the same every time."""

import csv
import gzip
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

Record = Mapping[str, Any]


def zulu(moment: datetime | None) -> str | None:
    """Return a moment as GitHub and PagerDuty write it; None stays None."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def write_object(path: Path, record: Record) -> None:
    """Write one record as a JSON file."""
    _write(path, _json(record) + "\n")


def write_array(path: Path, records: Iterable[Record]) -> None:
    """Write records as one JSON array."""
    _write(path, _json(list(records)) + "\n")


def write_arrays(path: Path, groups: Iterable[Sequence[Record]]) -> None:
    """Write one JSON array after another, as a loop that appends each answer to a file does."""
    _write(path, "".join(_json(list(group)) + "\n" for group in groups))


def write_pages(
    path: Path, records: Sequence[Record], *, field: str, wrapper: Record, size: int = 100
) -> None:
    """Write records as API pages with their wrapper, concatenated without anything in between."""
    pages = [records[start : start + size] for start in range(0, len(records), size)]
    _write(path, "".join(_json({**wrapper, field: list(page)}) for page in pages))


def write_lines(path: Path, records: Iterable[Record], *, torn: bool = False) -> None:
    """Write records as JSON lines; a torn file lost the end of its last line."""
    text = "".join(_json(record) + "\n" for record in records)
    _write(path, text[: text.rstrip("\n").rfind("\n") + 60] if torn else text)


def csv_text(rows: Sequence[Record], *, separator: str = ",") -> str:
    """Return rows as CSV with a header."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=separator, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8."""
    _write(path, text)


def write_gzip(path: Path, text: str) -> None:
    """Write text compressed, without the time at which that was done."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
