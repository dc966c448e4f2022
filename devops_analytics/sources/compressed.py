"""Content of a text export: plain or compressed (gzip, Zstandard), also where it was cut off."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from devops_analytics.errors import ExportError
from devops_analytics.sources.source import Export

_GZIP: Final = b"\x1f\x8b"
_ZSTANDARD: Final = b"\x28\xb5\x2f\xfd"
_BLOCK: Final = 1 << 16
_CHUNK: Final = 1 << 20


MOST_BYTES: Final = 512 << 20
"""Of a file that is read at once, unpacked."""
MOST_TIMES: Final = 1_000
"""A file that unpacks to more than so many times its packed size is no export."""
SMALL: Final = 16 << 20
"""Up to here no ratio is looked at: repeated text packs very well."""


def most_unpacked(size: int) -> int:
    """Return to how many bytes so many packed ones may unpack."""
    return max(SMALL, size * MOST_TIMES)


class Content(NamedTuple):
    """The bytes of a file after decompression, and whether that is all of them."""

    data: bytes
    complete: bool


def read_content(path: Export, *, limit: int | None = None) -> Content:
    """Read a file, decompressing it where its first bytes say that it is compressed.

    `limit` stops after that many bytes of content. A compressed file that was cut off gives what
    can still be decompressed.

    Raises:
        ExportError: the file can't be read, or is damaged from its beginning.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(MOST_BYTES + 1 if limit is None else limit)
            cut = limit is not None and bool(file.read(1))
    except OSError as error:
        raise ExportError(f"{path}: can't be read ({error.strerror}).") from error
    most = MOST_BYTES + 1 if limit is None else limit
    if packed.startswith(_GZIP):
        content = _limited(_from_gzip(packed, most), most)
    elif packed.startswith(_ZSTANDARD):
        content = _limited(_from_zstandard(packed, most), most)
    else:
        content = Content(packed, not cut)
    if limit is None and len(content.data) > MOST_BYTES:
        raise ExportError(
            f"{path}: holds more than {MOST_BYTES >> 20:,} MB in a form that can't be read in "
            "parts. Write it with one record on each line (JSON lines, such as `jq -c '.[]'` "
            "makes, or CSV), or in several files."
        )
    return content


def is_packed(export: Export) -> bool:
    """Say whether a file is compressed, by its first bytes."""
    with export.open("rb") as file:
        return file.read(len(_ZSTANDARD)).startswith((_GZIP, _ZSTANDARD))


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Give the content of a file as a stream, decompressing it as it is read.

    Raises:
        ExportError: a compressed file turns out to be damaged, while it is read.
    """
    if not is_packed(path):
        with path.open("rb") as file:
            yield file
        return
    try:
        with _unpacked(path) as stream:
            yield io.BufferedReader(_Bounded(path, stream), _CHUNK)
    except (EOFError, zlib.error, OSError) as error:
        raise ExportError(
            f"{path}: the compressed file is damaged or ends too early; copy it again."
        ) from error


class _Bounded(io.RawIOBase):
    """A stream that ends with an error where it gives more than its packed size lets expect."""

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self._path = path
        self._stream = stream
        self._left = most_unpacked(path.stat().st_size)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self._stream.read(len(buffer))
        self._left -= len(found)
        if self._left < 0:
            raise ExportError(
                f"{self._path}: unpacks to far more than its packed size lets expect. Unpack it "
                "yourself if you trust it."
            )
        buffer[: len(found)] = found
        return len(found)


def _unpacked(path: Path) -> Any:
    with path.open("rb") as file:
        is_gzip = file.read(len(_GZIP)) == _GZIP
    if is_gzip:
        return gzip.open(path, "rb")
    import pyarrow as pa  # type: ignore[import-untyped]  # noqa: PLC0415

    return pa.CompressedInputStream(str(path), "zstd")


def _limited(content: Content, limit: int | None) -> Content:
    if limit is None or len(content.data) <= limit:
        return content
    return Content(content.data[:limit], complete=False)


def _from_gzip(packed: bytes, most: int) -> Content:
    parts: list[bytes] = []
    size = 0
    while packed.startswith(_GZIP) and size <= most:
        unpack = zlib.decompressobj(wbits=31)
        try:
            parts.append(unpack.decompress(packed, most + 1 - size))
        except zlib.error:
            return Content(b"".join(parts), complete=False)
        size += len(parts[-1])
        if not unpack.eof:
            return Content(b"".join(parts), complete=False)
        packed = unpack.unused_data
    return Content(b"".join(parts), complete=True)


def _from_zstandard(packed: bytes, most: int) -> Content:
    # pyarrow takes a while to import, and few exports are packed this way.
    import pyarrow as pa  # noqa: PLC0415

    data = bytearray()
    size = _BLOCK
    while True:
        with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream:
            try:
                stream.read(len(data))
                while len(data) <= most and (block := stream.read(size)):
                    data += block
            except OSError:
                if size == 1:
                    return Content(bytes(data), complete=False)
                # A read that meets the cut gives nothing, so the rest is taken byte by byte.
                size = 1
            else:
                return Content(bytes(data), complete=True)


def is_marked_utf16(data: bytes) -> bool:
    """Say whether text begins with the mark of UTF-16, as PowerShell writes it."""
    return data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def utf8_text(path: Export, data: bytes, encoding: str = "utf-8") -> bytes:
    """Return text as UTF-8 without a byte order mark; it may end within a sign.

    UTF-16 that is marked as such needs no `encoding`.

    Raises:
        ExportError: the bytes are no text in this encoding.
    """
    if codecs.lookup(encoding).name != "utf-8":
        try:
            return data.decode(encoding).removeprefix("\ufeff").encode()
        except UnicodeDecodeError as error:
            raise ExportError(
                f"{path}: byte {error.start + 1} is no {encoding} text, as the settings say it is."
            ) from error
    if is_marked_utf16(data):
        try:
            return codecs.getincrementaldecoder("utf-16")().decode(data).encode()
        except UnicodeError as error:
            raise ExportError(
                f"{path}: begins as UTF-16 text, but is none. Save the file again as UTF-8."
            ) from error
    data = data.removeprefix(codecs.BOM_UTF8)
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), _CHUNK):
        try:
            decoder.decode(data[start : start + _CHUNK])
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, start + error.start) + 1
            raise ExportError(
                f"{path}: expected UTF-8 text, found byte 0x{error.object[error.start]:02x} in "
                f"line {line}. Save the file again as UTF-8."
            ) from error
    return data
