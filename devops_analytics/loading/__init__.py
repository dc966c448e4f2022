"""Exports → store: which files an entry of the settings means, what is new, what came of them."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import polars as pl

from devops_analytics.config import Settings
from devops_analytics.errors import ExportError
from devops_analytics.loading.identity import rows_fingerprint
from devops_analytics.loading.locating import locate
from devops_analytics.loading.reading import ROWS_OF, Loader, Progress
from devops_analytics.sources.parts import PART
from devops_analytics.store import (
    LoadedFile,
    Manifest,
    Part,
    Store,
    read_manifest,
    shares_records,
    superseded,
    tidy,
    write_manifest,
    writing,
)

__all__ = ["ROWS_OF", "LoadReport", "Progress", "load", "report_frame", "totals"]


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """What a load did.

    `files` has the columns source, file, table, state (new, grown, unchanged, vanished), read,
    loaded, quarantined, duplicates, notes; read = loaded + quarantined + duplicates in every row.
    """

    files: pl.DataFrame
    problems: tuple[str, ...]
    unread: tuple[tuple[str, str], ...]
    """Files in an entry's folder or archive that no entry reads, with the reason."""
    contents: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Source and file → what identifies the file's content."""


REPORT_SCHEMA: Final = {
    "source": pl.String(),
    "file": pl.String(),
    "table": pl.String(),
    "state": pl.String(),
    "read": pl.Int64(),
    "loaded": pl.Int64(),
    "quarantined": pl.Int64(),
    "duplicates": pl.Int64(),
    "notes": pl.String(),
}


def load(
    settings: Settings,
    *,
    base: Path,
    store: Store,
    progress: Progress | None = None,
    part_size: int = PART,
) -> LoadReport:
    """Bring the store up to date with the exports that the settings name.

    A file whose content and settings are as they were is skipped, one with a record on each line
    that has grown is read from where it ended. Files bigger than `part_size` (in bytes) are read in
    parts. What can't be read is reported in `problems` and keeps its last state; the rest is
    loaded.
    """
    with writing(store):
        return _load(settings, base, store, progress, part_size)


def _load(
    settings: Settings, base: Path, store: Store, progress: Progress | None, part_size: int
) -> LoadReport:
    before = read_manifest(store)
    files: list[LoadedFile] = []
    states: dict[tuple[str, str], str] = {}
    problems: list[str] = []
    unread: list[tuple[str, str]] = []
    with _scratch(store) as scratch:
        for number, entry in enumerate(settings.sources):
            known = {file.file: file for file in before.files if file.source == entry.label}
            loader = Loader(
                entry=entry,
                settings=settings,
                fingerprint=rows_fingerprint(settings, entry),
                store=store,
                known=known,
                progress=progress,
                part_size=part_size,
                problems=problems,
            )
            try:
                found = locate(
                    entry,
                    base,
                    known=known,
                    settings=loader.fingerprint,
                    scratch=scratch / str(number),
                )
                unread.extend(found.unread)
                loaded = loader.load(found.exports)
            except ExportError as error:
                problems.append(str(error))
                loaded = [(file, "unchanged") for file in known.values()]
            for file, state in loaded:
                files.append(file)
                states[file.source, file.file] = state
    # What one entry passes over may be another's.
    read = {file.file for file in files}
    manifest = _settled(store, Manifest(files=tuple(files)), before)
    if manifest != before:
        write_manifest(store, manifest)
    tidy(store, manifest)
    return LoadReport(
        files=report_frame(manifest, states),
        problems=tuple(problems),
        unread=tuple((file, reason) for file, reason in unread if file not in read),
        contents={(file.source, file.file): file.content for file in manifest.files},
    )


@contextmanager
def _scratch(store: Store) -> Iterator[Path]:
    """Give a folder for what is unpacked; what a killed load left there goes away too."""
    folder = store.folder / "scratch"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def report_frame(
    manifest: Manifest, states: dict[tuple[str, str], str] | None = None
) -> pl.DataFrame:
    """Return one row per file and table of what was loaded, in load order."""
    rows = [
        {
            "source": file.source,
            "file": file.file,
            "table": table,
            "state": "vanished"
            if file.vanished
            else (states or {}).get((file.source, file.file), "unchanged"),
            "read": sum(part.read for part in parts),
            "loaded": sum(part.loaded for part in parts),
            "quarantined": sum(part.quarantined for part in parts),
            "duplicates": sum(part.lost_to_others for part in parts),
            "notes": "; ".join(file.notes),
        }
        for file in manifest.files
        for table, parts in _by_table(file).items()
    ]
    return pl.DataFrame(rows, schema=REPORT_SCHEMA)


def _by_table(file: LoadedFile) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    for part in file.parts:
        found.setdefault(part.table, []).append(part)
    return found


def _settled(store: Store, manifest: Manifest, before: Manifest) -> Manifest:
    """Count which rows lose to a newer version of the same record in another file."""
    parts = {part.name: part for part in manifest.parts}
    lost: dict[str, int] = {}
    for table in dict.fromkeys(part.table for part in parts.values()):
        known = {part.name: part for part in before.parts if part.table == table}
        now = [part for part in parts.values() if part.table == table]
        kept = [part for part in now if part.name in known]
        added = [part for part in now if part.name not in known]
        # Where nothing went away and every new record is new indeed, all is as it was.
        is_longer = [part.name for part in kept] == list(known)
        if is_longer and not shares_records(store, kept, added, table):
            lost.update({name: part.superseded for name, part in known.items()})
        else:
            lost.update(superseded(store, parts, table))
    return Manifest(
        files=tuple(
            replace(
                file,
                parts=tuple(
                    replace(part, superseded=lost.get(part.name, 0)) for part in file.parts
                ),
            )
            for file in manifest.files
        )
    )


def totals(files: pl.DataFrame) -> dict[str, int]:
    """Add up read, loaded, quarantined and duplicates over all files of a load report."""
    columns: Iterable[str] = ("read", "loaded", "quarantined", "duplicates")
    return {name: int(files[name].sum()) for name in columns}
