"""Exports of one entry → parts in the store: what is new is read, what is big in little memory."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from devops_analytics.config import Settings, Source
from devops_analytics.errors import ExportError
from devops_analytics.loading.ahead import done_behind, read_ahead
from devops_analytics.loading.identity import beginning_of
from devops_analytics.loading.locating import Located
from devops_analytics.sources import SOURCES
from devops_analytics.sources.conform import Batch, conform
from devops_analytics.sources.drafts import counted_from, how_read, merged
from devops_analytics.sources.parts import PART, FilePart, parts_of
from devops_analytics.sources.source import Context, Draft, Held
from devops_analytics.sources.together import conform_together
from devops_analytics.store import (
    CACHE,
    QUARANTINE_FOLDER,
    End,
    LoadedFile,
    Part,
    Store,
    read_pending,
    write_part,
    write_pending,
)

Progress = Callable[[str, int, int | None], None]

ROWS_OF: Final = "records of "
"""Begins what progress calls the records of a file; without it the file's bytes are told."""
SMALL: Final = 1 << 20
"""Bytes up to which a file is read and judged in one thread."""
ROWS: Final = 20_000
"""Rows that are judged at once, at least."""
TOGETHER: Final = 200
"""Small files that are judged at once."""
MOST_NOTES: Final = 8
"""Notes that are kept of a file: one that was read in parts may repeat itself."""


_Done = dict[str, tuple[LoadedFile, str] | None]
"""Label of an export → what is known of it now, and its state; None: nothing."""


@dataclass(frozen=True, kw_only=True)
class Loader:
    """What all exports of one entry are loaded with.

    `fingerprint` identifies the settings that decide its rows, `known` is what was loaded of it
    before, by label.
    """

    entry: Source
    settings: Settings
    fingerprint: str
    store: Store
    known: dict[str, LoadedFile]
    progress: Progress | None = None
    part_size: int = PART
    problems: list[str] = field(default_factory=list)

    def load(self, exports: list[Located]) -> list[tuple[LoadedFile, str]]:
        """Load what is new and return every file with its state, in order.

        States are new, grown, unchanged and vanished. A file that can't be read is put into
        `problems` and keeps what was known of it.
        """
        joint = [one for one in exports if self._is_joint(one)]
        done = self._load_joint(joint) if any(map(self._is_fresh, joint)) else {}
        done |= self._load_small([one for one in exports if self._is_small(one)])
        result = []
        for export in exports:
            loaded = done[export.label] if export.label in done else self._load_one(export)
            if loaded is not None:
                result.append(loaded)
        labels = {export.label for export in exports}
        gone = [file for file in self.known.values() if file.file not in labels]
        return [*result, *((replace(file, vanished=True), "vanished") for file in gone)]

    def _is_fresh(self, export: Located) -> bool:
        old = self.known.get(export.label)
        now = (export.content, self.fingerprint, False)
        return old is None or (old.content, old.settings, old.vanished) != now

    def _is_joint(self, export: Located) -> bool:
        """Say whether records of this file may complete those of others, and the reverse."""
        source = SOURCES[self.entry.kind]
        if source.read_many is None or not export.is_file:
            return False
        path = export.path
        is_big = path is not None and path.stat().st_size > self.part_size
        return not (path is not None and is_big and source.is_by_line(path))

    # ---- Files whose records complete each other ---- #

    def _load_joint(self, exports: list[Located]) -> _Done:
        """Load all of them, as all decide what each holds; on a fault all stay as they were."""
        together = "|".join(export.content for export in exports)
        made_of = hashlib.sha256(together.encode()).hexdigest()
        try:
            return {
                file.file: (file, "new" if self._is_fresh(export) else "unchanged")
                for export, file in self._joint_files(exports, made_of)
            }
        except ExportError as error:
            self.problems.append(str(error))
            return {
                export.label: (old, "unchanged")
                for export in exports
                if (old := self.known.get(export.label)) is not None
            }

    def _joint_files(
        self, exports: list[Located], made_of: str
    ) -> Iterator[tuple[Located, LoadedFile]]:
        source = SOURCES[self.entry.kind]
        by_path = {export.path: export for export in exports if export.path is not None}
        if source.read_many is None or not by_path:
            return
        labels = {path: export.label for path, export in by_path.items()}
        first = next(iter(by_path.values()))
        drafts: dict[Path, list[Draft]] = {path: [] for path in by_path}
        context = self._context(first.label, labels=labels)
        for path, draft in source.read_many(list(by_path), self.entry, context):
            drafts[path].append(draft)
        for path, export in by_path.items():
            context = self._context(export.label, labels=labels)
            batches = [conform(draft, entry=self.entry, context=context) for draft in drafts[path]]
            parts = self._written(batches, self._identity(export, made_of))
            yield export, self._file(export, parts, _notes(batches), end=None)

    # ---- Small files that stand alone: one file a record, by the thousand ---- #

    def _is_small(self, export: Located) -> bool:
        """Say whether a new file may be judged together with others."""
        path = export.path
        if path is None or not export.is_file or self._is_joint(export):
            return False
        if path.stat().st_size >= min(SMALL, self.part_size) or not self._is_fresh(export):
            return False
        old = self.known.get(export.label)
        return old is None or not self._has_grown(path, old)

    def _load_small(self, exports: list[Located]) -> _Done:
        done: _Done = {}
        for start in range(0, len(exports), TOGETHER):
            done |= self._load_together(exports[start : start + TOGETHER])
            if self.progress is not None and len(exports) > TOGETHER:
                self.progress(self.entry.label, min(start + TOGETHER, len(exports)), len(exports))
        return done

    def _load_together(self, exports: list[Located]) -> _Done:
        done: _Done = {}
        read: list[tuple[Located, FilePart, list[Draft]]] = []
        for export in exports:
            pending = read_pending(self.store, self._identity(export, export.content))
            if pending is not None:
                done[export.label] = pending, "new"
                continue
            try:
                piece = next(self._pieces(self._path(export), None))
                read.append((export, piece, merged(self._drafts(export, piece))))
            except ExportError as error:
                self.problems.append(str(error))
                done[export.label] = self._as_it_was(export)
        try:
            batches = self._judged_together(read)
        except ExportError as error:
            self.problems.append(str(error))
            return done | {export.label: self._as_it_was(export) for export, _, _ in read}
        for (export, piece, _), found in zip(read, batches, strict=True):
            identity = self._identity(export, export.content)
            parts = self._written(found, f"{identity}|{piece.before}")
            file = self._file(export, parts, _notes(found), _end(self._path(export), piece))
            write_pending(self.store, identity, file)
            done[export.label] = file, "new"
        return done

    def _judged_together(
        self, read: list[tuple[Located, FilePart, list[Draft]]]
    ) -> list[list[Batch]]:
        """Judge the drafts of several files, those of one table and one way to read it at once."""
        found: list[dict[int, Batch]] = [{} for _ in read]
        alike: dict[tuple[object, ...], list[tuple[int, int, Draft]]] = {}
        for number, (_, _, drafts) in enumerate(read):
            for place, draft in enumerate(drafts):
                alike.setdefault(how_read(draft), []).append((number, place, draft))
        for group in alike.values():
            labelled = [(read[number][0].label, draft) for number, _, draft in group]
            context = self._context(labelled[0][0])
            batches = conform_together(labelled, entry=self.entry, context=context)
            for (number, place, _), batch in zip(group, batches, strict=True):
                found[number][place] = batch
        # In the order of the file's own drafts, whatever files it was judged with.
        return [[batches[place] for place in sorted(batches)] for batches in found]

    def _as_it_was(self, export: Located) -> tuple[LoadedFile, str] | None:
        old = self.known.get(export.label)
        return None if old is None else (old, "unchanged")

    def _path(self, export: Located) -> Path:
        if export.path is None:
            raise AssertionError(f"{export.label} was not unpacked")
        return export.path

    # ---- Files that stand alone ---- #

    def _load_one(self, export: Located) -> tuple[LoadedFile, str] | None:
        old = self.known.get(export.label)
        if old is not None and not self._is_fresh(export):
            return old, "unchanged"
        try:
            if old is not None and self._has_grown(self._path(export), old):
                return self._read(export, old), "grown"
            return self._read(export, None), "new"
        except ExportError as error:
            self.problems.append(str(error))
            return self._as_it_was(export)

    def _has_grown(self, path: Path, old: LoadedFile) -> bool:
        """Say whether a file still begins with all that was read of it, and goes on."""
        if old.end is None or old.settings != self.fingerprint or old.vanished:
            return False
        if path.stat().st_size <= old.end.at:
            return False
        return beginning_of(path, old.end.at) == old.end.content

    def _read(self, export: Located, old: LoadedFile | None) -> LoadedFile:
        """Read a file, or what follows its known beginning, and write each part as it is read."""
        identity = self._identity(export, export.content)
        if old is None and (pending := read_pending(self.store, identity)) is not None:
            return pending
        path = self._path(export)
        parts = list(old.parts) if old is not None else []
        notes = list(old.notes) if old is not None else []
        last, n_read = None, 0
        # Threads are worth their while only where there is much to do.
        is_small = not path.is_file() or path.stat().st_size < SMALL
        pieces = self._pieces(path, old.end if old is not None else None)
        ahead = pieces if is_small else read_ahead(pieces)
        groups = _grouped((piece, self._drafts(export, piece)) for piece in ahead)
        judge = partial(self._judged, export, identity)
        judged = map(judge, groups) if is_small else done_behind(judge, groups)
        for last, written, said in judged:
            parts.extend(written)
            notes.extend(said)
            n_read += sum(part.read for part in written)
            self._tell(path, last, n_read)
        end = None if last is None else _end(path, last)
        file = self._file(export, parts, notes, end)
        if old is None:
            write_pending(self.store, identity, file)
        return file

    def _pieces(self, path: Path, begun: End | None) -> Iterator[FilePart]:
        """Yield the parts of a file whose records stand alone, else the whole file."""
        is_wide = getattr(self.entry, "encoding", "utf-8") == "utf-16"
        if is_wide or not SOURCES[self.entry.kind].is_by_line(path):
            yield FilePart(export=path)
            return
        start, lines = (begun.at, begun.lines) if begun is not None else (0, 0)
        yield from parts_of(path, start=start, lines=lines, size=self.part_size)

    def _tell(self, path: Path, piece: FilePart, n_read: int) -> None:
        if self.progress is None or not isinstance(piece.export, Held):
            return
        total = None if piece.end is None else path.stat().st_size
        self.progress(f"{ROWS_OF}{path.name}", n_read, None)
        self.progress(path.name, n_read if piece.end is None else piece.end, total)

    def _drafts(self, export: Located, piece: FilePart) -> list[Draft]:
        context = self._context(export.label)
        drafts = SOURCES[self.entry.kind].read(piece.export, self.entry, context)
        return [counted_from(draft, piece.before) for draft in drafts]

    def _judged(
        self, export: Located, identity: str, group: tuple[FilePart, list[Draft]]
    ) -> tuple[FilePart, list[Part], list[str]]:
        """Judge the drafts of some parts and write them; return what is written, and to be said."""
        last, drafts = group
        context = self._context(export.label)
        batches = [conform(draft, entry=self.entry, context=context) for draft in merged(drafts)]
        return last, self._written(batches, f"{identity}|{last.before}"), _notes(batches)

    # ---- What both have in common ---- #

    def _context(self, label: str, *, labels: dict[Path, str] | None = None) -> Context:
        return Context(
            settings=self.settings,
            label=label,
            labels=labels or {},
            cache=self.store.folder / CACHE,
            progress=self.progress,
        )

    def _identity(self, export: Located, made_of: str) -> str:
        return f"{self.entry.label}|{export.label}|{made_of}|{self.fingerprint}"

    def _written(self, batches: list[Batch], identity: str) -> list[Part]:
        return [
            _write(self.store, batch, f"{identity}|{index}") for index, batch in enumerate(batches)
        ]

    def _file(
        self, export: Located, parts: list[Part], notes: list[str], end: End | None
    ) -> LoadedFile:
        said = list(dict.fromkeys(notes))
        more = len(said) - MOST_NOTES
        return LoadedFile(
            source=self.entry.label,
            file=export.label,
            content=export.content,
            settings=self.fingerprint,
            parts=tuple(parts),
            notes=(*said[:MOST_NOTES], *((f"and {more} more notes",) if more > 0 else ())),
            end=end,
        )


def _grouped(
    parts: Iterable[tuple[FilePart, list[Draft]]],
) -> Iterator[tuple[FilePart, list[Draft]]]:
    """Yield the drafts of as many parts as make a good number of rows, with the last part."""
    held: list[Draft] = []
    last = None
    for last, drafts in parts:
        held.extend(drafts)
        if sum(draft.rows.height for draft in held) >= ROWS:
            yield last, held
            held = []
    if last is not None and held:
        yield last, held


def _end(path: Path, piece: FilePart) -> End | None:
    if piece.end is None or piece.lines is None:
        return None
    return End(at=piece.end, lines=piece.lines, content=beginning_of(path, piece.end))


def _notes(batches: list[Batch]) -> list[str]:
    return [note for batch in batches for note in batch.notes]


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
