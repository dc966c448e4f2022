"""Files with a record on each line, read in parts: big ones in little memory, grown ones onwards.

A part is some whole lines of the file, of CSV under its header, so that any source whose records
stand alone reads it as if it were a file.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import msgspec
import numpy as np

from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import is_packed, opened, read_content
from devops_analytics.sources.json_text import decoded
from devops_analytics.sources.source import Export, Held

PART: Final = 16 << 20
"""Bytes of content that are read at once: much bigger pieces of memory are got anew each time."""

_LINE_END: Final = ord("\n")
_SAMPLE: Final = 1 << 20
_LOOKED_AT: Final = 20
"""Lines that tell the layout; some of them may be damaged."""
_LONGEST_LINE: Final = 64 << 20
_NOT_LINES: Final = (b"<", b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""XML, Parquet and workbooks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FilePart:
    """A file, or some lines of it.

    `before` lines of the file stand before it, not counting a header. `end` and `lines` say where
    in the file it ends, in bytes and lines; they are None where reading can't go on from there
    later (packed, no line end at the end, not by line).
    """

    export: Export
    before: int = 0
    end: int | None = None
    lines: int | None = None


def parts_of(path: Path, *, start: int = 0, lines: int = 0, size: int = PART) -> Iterator[FilePart]:
    """Yield a file in parts of about `size` bytes; whole where it is smaller, or not by line.

    With `start` (in bytes) and `lines` (before it) only what follows is read.

    Raises:
        ExportError: the file can't be read, or a line is too long to be a record.
    """
    layout = _layout(path)
    if layout is None or (not start and _is_small(path, size)):
        yield _whole(path, is_by_line=layout is not None)
        return
    is_csv = layout == "csv"
    with opened(path) as file:
        header = _header(path, file) if is_csv else b""
        at, before = start, lines
        if start:
            file.seek(start)
        else:
            at, before = len(header), header.count(b"\n")
        is_plain = not is_packed(path)
        for block in _blocks(path, file, size, is_csv=is_csv):
            # Counted by numpy, as bytes.count would keep other threads from going on.
            n_lines = int(np.count_nonzero(np.frombuffer(block, np.uint8) == _LINE_END))
            at += len(block)
            can_go_on = is_plain and block.endswith(b"\n")
            yield FilePart(
                export=Held(path.name, header + block if header else block, path),
                before=before - header.count(b"\n"),
                end=at if can_go_on else None,
                lines=before + n_lines if can_go_on else None,
            )
            before += n_lines


def _layout(path: Path) -> str | None:
    """Return json or csv where every line holds a record (of CSV: outside quotes), else None."""
    start = read_content(path, limit=_SAMPLE).data
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in start:
        return None
    text = start.removeprefix(codecs.BOM_UTF8).lstrip()
    if not text or text.startswith(_NOT_LINES):
        return None
    if not text.startswith((b"{", b"[")):
        return "csv" if b"\n" in text else None
    lines = text.split(b"\n", _LOOKED_AT)
    if len(lines) == 1 or lines[0].strip() in {b"{", b"["}:
        return None
    return "json" if any(map(_is_record, lines[:_LOOKED_AT])) else None


def _is_record(line: bytes) -> bool:
    if not line.startswith((b"{", b"[")):
        return False
    try:
        decoded(line, msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def _is_small(path: Path, size: int) -> bool:
    if not is_packed(path):
        return path.stat().st_size <= size
    return read_content(path, limit=size + 1).complete


def _whole(path: Path, *, is_by_line: bool) -> FilePart:
    if not is_by_line or is_packed(path):
        return FilePart(export=path)
    data = path.read_bytes()
    if not data.endswith(b"\n"):
        return FilePart(export=path)
    return FilePart(export=path, end=len(data), lines=data.count(b"\n"))


def _header(path: Path, file: IO[bytes]) -> bytes:
    """Return the first line that holds anything, with what stands before it."""
    before = b""
    while line := file.readline(_LONGEST_LINE):
        if line.removeprefix(codecs.BOM_UTF8).strip():
            return before + _closed(path, file, line)
        before += line
    return before


def _blocks(path: Path, file: IO[bytes], size: int, *, is_csv: bool) -> Iterator[bytes]:
    """Yield the rest of a file in blocks of whole records; the last may lack its line end."""
    while block := file.read(size):
        block += file.readline(_LONGEST_LINE)
        yield _closed(path, file, block) if is_csv else block


def _closed(path: Path, file: IO[bytes], lines: bytes) -> bytes:
    """Return whole lines of CSV, with those that follow while a quoted field goes on."""
    is_open = lines.count(b'"') % 2
    if not is_open:
        return lines
    # Each line is counted and copied once, as doing so with all of them at each one never ends.
    found, n_more = [lines], 0
    while is_open and (more := file.readline(_LONGEST_LINE)):
        found.append(more)
        n_more += len(more)
        is_open ^= more.count(b'"') % 2
        if n_more > _LONGEST_LINE:
            raise ExportError(
                f"{path}: more than {_LONGEST_LINE >> 20} MB are no record. If its quotes "
                "don't pair up, correct them."
            )
    return b"".join(found)
