"""Content of a text export: plain or compressed (gzip, Zstandard), also where it was cut off."""

import codecs
import zlib
from typing import Final, NamedTuple

from devops_analytics.errors import ExportError
from devops_analytics.sources.source import Export

_GZIP: Final = b"\x1f\x8b"
_ZSTANDARD: Final = b"\x28\xb5\x2f\xfd"
_BLOCK: Final = 1 << 16
_CHUNK: Final = 1 << 20


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
            packed = file.read() if limit is None else file.read(limit)
            cut = limit is not None and bool(file.read(1))
    except OSError as error:
        raise ExportError(f"{path}: can't be read ({error.strerror}).") from error
    if packed.startswith(_GZIP):
        return _limited(_from_gzip(packed), limit)
    if packed.startswith(_ZSTANDARD):
        return _limited(_from_zstandard(packed), limit)
    return Content(packed, not cut)


def _limited(content: Content, limit: int | None) -> Content:
    if limit is None or len(content.data) <= limit:
        return content
    return Content(content.data[:limit], complete=False)


def _from_gzip(packed: bytes) -> Content:
    parts: list[bytes] = []
    while packed.startswith(_GZIP):
        unpack = zlib.decompressobj(wbits=31)
        try:
            parts.append(unpack.decompress(packed))
        except zlib.error:
            return Content(b"".join(parts), complete=False)
        if not unpack.eof:
            return Content(b"".join(parts), complete=False)
        packed = unpack.unused_data
    return Content(b"".join(parts), complete=True)


def _from_zstandard(packed: bytes) -> Content:
    # pyarrow takes a while to import, and few exports are packed this way.
    import pyarrow as pa  # type: ignore[import-untyped]  # noqa: PLC0415

    data = bytearray()
    size = _BLOCK
    while True:
        with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream:
            try:
                stream.read(len(data))
                while block := stream.read(size):
                    data += block
            except OSError:
                if size == 1:
                    return Content(bytes(data), complete=False)
                # A read that meets the cut gives nothing, so the rest is taken byte by byte.
                size = 1
            else:
                return Content(bytes(data), complete=True)


def utf8_text(path: Export, data: bytes, encoding: str = "utf-8") -> bytes:
    """Return text as UTF-8 without a byte order mark; it may end within a sign.

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
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ExportError(
            f"{path}: is UTF-16 text; expected UTF-8. Save it again as UTF-8 (in PowerShell: "
            "`| Out-File -Encoding utf8`)."
        )
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
