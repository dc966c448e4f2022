"""Exports inside of zip and tar archives, unpacked one by one into a folder of ours.

An archive is not trusted: its names are shown, never used as paths; links and devices are left
out; what is read of it is bounded, whatever its headers claim.
"""

import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import most_unpacked

MOST_FILES: Final = 100_000
MOST_BYTES: Final = 64 << 30
"""Of all files of an archive together, unpacked."""

_ZIP_START: Final = b"PK\x03\x04"
_WORKBOOK: Final = "[Content_Types].xml"
_BLOCK: Final = 1 << 20
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME: Final = 80
_DAMAGED: Final = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, ValueError)


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A file of an archive: its name there, and where it was unpacked to; else why not."""

    name: str
    path: Path | None = None
    reason: str = ""


def is_archive(path: Path) -> bool:
    """Say whether a file is a zip or tar archive, by its content; a workbook is none."""
    try:
        with path.open("rb") as file:
            if file.read(len(_ZIP_START)) == _ZIP_START:
                with zipfile.ZipFile(path) as archive:
                    return _WORKBOOK not in archive.namelist()
        return tarfile.is_tarfile(path)
    except _DAMAGED:
        return False


def unpacked(path: Path, folder: Path) -> Iterator[Member]:
    """Unpack the files of an archive into `folder`, each into a folder of its own.

    Raises:
        ExportError: the archive is damaged, or holds more than can be an export.
    """
    opened = _zip_files if zipfile.is_zipfile(path) else _tar_files
    # What each file says of its packed size may be said of the same bytes again and again.
    budget = min(MOST_BYTES, most_unpacked(path.stat().st_size))
    try:
        for number, (name, size, content, reason) in enumerate(opened(path)):
            if number >= MOST_FILES:
                raise ExportError(
                    f"{path}: holds more than {MOST_FILES:,} files. Unpack it and point to a part."
                )
            if content is None or reason:
                yield Member(name=name, reason=reason)
                continue
            target = folder / f"{number:06}" / _plain(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            most = min(budget, most_unpacked(size))
            budget -= _copied(content, target, most=most, what=f"{path}: {name}")
            yield Member(name=name, path=target)
    except _DAMAGED as error:
        raise ExportError(f"{path}: the archive is damaged ({error}); copy it again.") from error


def _plain(name: str) -> str:
    """Return the last part of a name, as far as it is harmless; its ending tells the format."""
    return _NOT_PLAIN.sub("_", PurePosixPath(name).name)[-_LONGEST_NAME:].lstrip(".") or "export"


def _copied(content: IO[bytes], target: Path, *, most: int, what: str) -> int:
    size = 0
    with target.open("wb") as file:
        while block := content.read(_BLOCK):
            size += len(block)
            if size > most:
                raise ExportError(
                    f"{what}: unpacks to more than {most >> 20:,} MB, far more than its packed "
                    "size lets expect. Unpack it yourself if you trust it."
                )
            file.write(block)
    return size


_Found = tuple[str, int, IO[bytes] | None, str]
"""Name, packed size, content, and why the content is not to be read."""


def _leads_out(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/"))
    return parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[0]


def _zip_files(path: Path) -> Iterator[_Found]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            if _leads_out(info.filename):
                yield info.filename, 0, None, "its name leads out of the archive"
            elif info.flag_bits & 0x1:
                yield info.filename, 0, None, "it is encrypted; unpack it with its password"
            else:
                with archive.open(info) as content:
                    yield info.filename, info.compress_size, content, ""


def _tar_files(path: Path) -> Iterator[_Found]:
    with tarfile.open(path) as archive:
        for info in archive:
            if info.isdir():
                continue
            if _leads_out(info.name):
                yield info.name, 0, None, "its name leads out of the archive"
            elif not info.isfile():
                yield info.name, 0, None, "it is a link or a device, no file"
            else:
                yield info.name, info.size, archive.extractfile(info), ""
