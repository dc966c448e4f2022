"""Exports → store: which files an entry of the settings means, what is new, what came of them."""

import difflib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import polars as pl

from devops_analytics.config import GitSource, Settings, Source
from devops_analytics.errors import ExportError
from devops_analytics.sources import SOURCES
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.git import state as git_state
from devops_analytics.sources.source import Context, Draft, SourceKind
from devops_analytics.store import (
    QUARANTINE_FOLDER,
    LoadedFile,
    Manifest,
    Part,
    Store,
    read_manifest,
    superseded,
    write_manifest,
    write_part,
)

PROGRAM: Final = "2"
"""Raised when the same export would now become other rows, so that stores are filled again."""

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """What a load did.

    `files` has the columns source, file, table, state (new, unchanged, vanished), read, loaded,
    quarantined, duplicates, notes; read = loaded + quarantined + duplicates in every row.
    """

    files: pl.DataFrame
    problems: tuple[str, ...]
    unread: tuple[tuple[str, str], ...]
    """Files in a folder of an entry that its source does not recognise, with the reason."""
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
    settings: Settings, *, base: Path, store: Store, progress: Progress | None = None
) -> LoadReport:
    """Bring the store up to date with the exports that the settings name.

    A file whose content and settings are as they were is skipped. What one entry can't give is
    reported in `problems` and keeps its last state; the other entries are loaded.
    """
    before = read_manifest(store)
    files: list[LoadedFile] = []
    states: dict[tuple[str, str], str] = {}
    problems: list[str] = []
    unread: list[tuple[str, str]] = []
    for entry in settings.sources:
        known = [file for file in before.files if file.source == entry.label]
        try:
            names = frozenset(file.file for file in known)
            found, left_out = entry_files(entry, base, known=names)
            unread.extend(left_out)
            loaded = _load_entry(
                entry,
                found,
                settings=settings,
                store=store,
                known=known,
                base=base,
                progress=progress,
            )
        except ExportError as error:
            problems.append(str(error))
            loaded = [(file, "unchanged") for file in known]
        for file, state in loaded:
            files.append(file)
            states[file.source, file.file] = state
    manifest = _settled(store, Manifest(files=tuple(files)))
    if manifest != before:
        write_manifest(store, manifest)
    return LoadReport(
        files=report_frame(manifest, states),
        problems=tuple(problems),
        unread=tuple(unread),
        contents={(file.source, file.file): file.content for file in manifest.files},
    )


def report_frame(
    manifest: Manifest, states: dict[tuple[str, str], str] | None = None
) -> pl.DataFrame:
    """Return one row per file and table of what was loaded, in load order."""
    rows = [
        {
            "source": file.source,
            "file": file.file,
            "table": part.table,
            "state": "vanished"
            if file.vanished
            else (states or {}).get((file.source, file.file), "unchanged"),
            "read": part.read,
            "loaded": part.loaded,
            "quarantined": part.quarantined,
            "duplicates": part.lost_to_others,
            "notes": "; ".join(file.notes),
        }
        for file in manifest.files
        for part in file.parts
    ]
    return pl.DataFrame(rows, schema=REPORT_SCHEMA)


def entry_files(
    entry: Source, base: Path, *, known: frozenset[str] = frozenset()
) -> tuple[list[Path], list[tuple[str, str]]]:
    """Return the files that an entry's path means, and those in its folder left unread.

    `known` are the names of files that were loaded before; they need not be recognised again.

    Raises:
        ExportError: nothing is there.
    """
    path = base / entry.path
    if isinstance(entry, GitSource):
        return [path], []
    if path.is_file():
        return [path], []
    if path.is_dir():
        return _recognised(entry, path, base=base, known=known)
    matches = sorted(match for match in _glob(base, entry.path) if match.is_file())
    if not matches:
        raise ExportError(
            f"{entry.label}: no such file or folder: {entry.path}{_nearest(path)}. "
            f"The path is relative to the folder of the settings file ({base})."
        )
    return matches, []


def _glob(base: Path, pattern: str) -> Iterator[Path]:
    if not any(sign in pattern for sign in "*?["):
        return iter(())
    absolute = Path(pattern)
    if absolute.is_absolute():
        return Path(absolute.anchor).glob(str(absolute.relative_to(absolute.anchor)))
    return base.glob(pattern)


def _nearest(path: Path) -> str:
    if not path.parent.is_dir():
        return ""
    names = [other.name for other in path.parent.iterdir()]
    close = difflib.get_close_matches(path.name, names, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _recognised(
    entry: Source, folder: Path, *, base: Path, known: frozenset[str]
) -> tuple[list[Path], list[tuple[str, str]]]:
    source = SOURCES[entry.kind]
    taken: list[Path] = []
    left: list[tuple[str, str]] = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name.startswith("."):
            continue
        if _label(path, base) in known or source.recognise(path) is not None:
            taken.append(path)
        else:
            left.append((str(path), f"not recognised as an export of {source.title}"))
    if not taken:
        raise ExportError(
            f"{entry.label}: no file in the folder is recognised as an export of {source.title} "
            f"({len(left)} files looked at)."
        )
    return taken, left


def _load_entry(
    entry: Source,
    paths: list[Path],
    *,
    settings: Settings,
    store: Store,
    known: list[LoadedFile],
    base: Path,
    progress: Progress | None,
) -> list[tuple[LoadedFile, str]]:
    fingerprint = settings_fingerprint(settings, entry)
    contents = {path: content_hash(entry, path) for path in paths}
    labels = {path: _label(path, base) for path in paths}
    old = {file.file: file for file in known}
    fresh = {
        path
        for path in paths
        if (file := old.get(labels[path])) is None
        or (file.content, file.settings) != (contents[path], fingerprint)
        or file.vanished
    }
    source = SOURCES[entry.kind]
    # Records of one file may complete those of another: then all files decide what a part holds.
    together = hashlib.sha256("|".join(contents.values()).encode()).hexdigest()
    to_read = paths if fresh and source.read_many is not None else sorted(fresh)
    read = {
        path: (batches, notes)
        for path, batches, notes in _read(
            source,
            entry,
            to_read,
            settings=settings,
            labels=labels,
            store=store,
            progress=progress,
        )
    }
    result: list[tuple[LoadedFile, str]] = []
    for path in paths:
        if path in read:
            batches, notes = read[path]
            made_of = together if source.read_many is not None else contents[path]
            identity = "|".join((PROGRAM, entry.label, labels[path], made_of, fingerprint))
            parts = tuple(
                _write(store, batch, f"{identity}|{index}") for index, batch in enumerate(batches)
            )
            file = LoadedFile(
                source=entry.label,
                file=labels[path],
                content=contents[path],
                settings=fingerprint,
                parts=parts,
                notes=notes,
            )
            result.append((file, "new" if path in fresh else "unchanged"))
        else:
            result.append((old[labels[path]], "unchanged"))
    gone = [file for file in known if file.file not in labels.values()]
    result.extend((replace(file, vanished=True), "vanished") for file in gone)
    return result


def _read(
    source: SourceKind,
    entry: Source,
    paths: list[Path],
    *,
    settings: Settings,
    labels: dict[Path, str],
    store: Store,
    progress: Progress | None,
) -> Iterator[tuple[Path, list[Batch], tuple[str, ...]]]:
    """Yield every file with its judged batches and what is to be said of it."""
    if not paths:
        return
    contexts = {
        path: Context(
            settings=settings, label=labels[path], cache=store.folder / "cache", progress=progress
        )
        for path in paths
    }
    drafts: dict[Path, list[Draft]] = {path: [] for path in paths}
    if source.read_many is not None:
        for path, draft in source.read_many(paths, entry, contexts[paths[0]]):
            drafts[path].append(draft)
    else:
        for path in paths:
            drafts[path].extend(source.read(path, entry, contexts[path]))
    for path in paths:
        batches = [conform(draft, entry=entry, context=contexts[path]) for draft in drafts[path]]
        notes = dict.fromkeys(note for batch in batches for note in batch.notes)
        yield path, batches, tuple(notes)


def _write(store: Store, batch: Batch, identity: str) -> Part:
    name = write_part(store, batch.table, batch.rows, f"{identity}|{batch.table}")
    rejected = (
        write_part(store, QUARANTINE_FOLDER, batch.quarantined, f"{identity}|{batch.table}")
        if batch.quarantined.height
        else None
    )
    return Part(
        table=batch.table,
        name=name,
        read=batch.n_read,
        rows=batch.rows.height,
        quarantined=batch.quarantined.height,
        duplicates=batch.n_duplicates,
        absorbed=batch.n_absorbed,
        quarantine=rejected,
    )


def _settled(store: Store, manifest: Manifest) -> Manifest:
    """Count which rows lose to a newer version of the same record in another file."""
    parts = {part.name: part for part in manifest.parts}
    lost: dict[str, int] = {}
    for table in dict.fromkeys(part.table for part in parts.values()):
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


def _label(path: Path, base: Path) -> str:
    return Path(os.path.relpath(path.resolve(), base.resolve())).as_posix()


def content_hash(entry: Source, path: Path) -> str:
    """Return what identifies the content of an export: of a clone, where its names point."""
    if isinstance(entry, GitSource):
        return git_state(path)
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise ExportError(f"{entry.label}: {path.name} can't be read: {error.strerror}.") from error
    return digest.hexdigest()


def settings_fingerprint(settings: Settings, entry: Source) -> str:
    """Return what identifies the settings that decide how an entry's records become rows."""
    relevant = {
        "entry": entry.model_dump(mode="json"),
        "teams": settings.model_dump(mode="json", include={"teams"}),
        "environments": settings.environments.model_dump(mode="json"),
        "people": settings.people.model_dump(mode="json"),
        "definitions": settings.definitions.model_dump(
            mode="json",
            include={"hotfix_labels", "hotfix_branches", "hotfix_titles", "history_months"},
        ),
    }
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()[:16]


def totals(files: pl.DataFrame) -> dict[str, int]:
    """Add up read, loaded, quarantined and duplicates over all files of a load report."""
    columns: Iterable[str] = ("read", "loaded", "quarantined", "duplicates")
    return {name: int(files[name].sum()) for name in columns}
