"""Parquet files in a folder: the tables, the quarantine, and a manifest that says what is valid.

A load writes new part files beside the old ones and then replaces the manifest in one rename; a
part that no manifest names does not exist for a reader. So a killed load leaves the store as it
was.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from devops_analytics.atomic import abandoned, replacing, write_atomically
from devops_analytics.errors import DevopsAnalyticsError
from devops_analytics.schema import TABLES, empty
from devops_analytics.sources.source import QUARANTINE

try:
    import fcntl
except ImportError:  # no Unix
    fcntl = None  # type: ignore[assignment]

VERSION: Final = 2
MANIFEST: Final = "manifest.json"
QUARANTINE_FOLDER: Final = "quarantine"
PENDING: Final = "pending"
CACHE: Final = "cache"
"""What sources keep that can be made again."""
LOCK: Final = ".lock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The rows that one file gave to one table.

    read = rows + absorbed + quarantined + duplicates, where `absorbed` records became part of
    other rows (a status that dated its deployment). `superseded` of the rows lost to a newer
    version of the same record in another file.
    """

    table: str
    name: str
    read: int
    rows: int
    quarantined: int
    duplicates: int
    absorbed: int = 0
    superseded: int = 0
    quarantine: str | None = None

    @property
    def loaded(self) -> int:
        """Records that count: kept as rows, or part of one."""
        return self.rows - self.superseded + self.absorbed

    @property
    def lost_to_others(self) -> int:
        """Records that occur again elsewhere: in this file or in another one."""
        return self.duplicates + self.superseded


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """Where the reading of a file ended: in bytes, in lines, and what identifies all before it."""

    at: int
    lines: int
    content: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedFile:
    """What is known of one export that was loaded."""

    source: str
    file: str
    content: str
    settings: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()
    vanished: bool = False
    end: End | None = None
    """Where to go on when the file has grown; None: a changed file is read anew."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Every file that was loaded, in load order."""

    files: tuple[LoadedFile, ...] = ()
    version: int = VERSION

    def find(self, source: str, file: str) -> LoadedFile | None:
        """Return what is known of a file of a source, if it was loaded."""
        return next((f for f in self.files if (f.source, f.file) == (source, file)), None)

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts in load order."""
        return tuple(part for file in self.files for part in file.parts)


@dataclass(frozen=True)
class Store:
    """A folder that holds tables."""

    folder: Path


def is_store(folder: Path) -> bool:
    """Say whether a folder holds a store."""
    return (folder / MANIFEST).is_file()


@contextmanager
def writing(store: Store) -> Iterator[None]:
    """Keep other processes from writing to a store; one that is killed keeps nobody out.

    Where the system has no such locks (Windows), nobody is kept out.
    """
    store.folder.mkdir(parents=True, exist_ok=True)
    with (store.folder / LOCK).open("w") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def read_manifest(store: Store) -> Manifest:
    """Read what the store holds; a store that does not exist yet is empty.

    Raises:
        DevopsAnalyticsError: the manifest is damaged or of another version.
    """
    path = store.folder / MANIFEST
    if not path.exists():
        return Manifest()
    try:
        files = _files(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise DevopsAnalyticsError(
            f"{path}: not a manifest that this version can read ({error}). Delete the folder "
            f"{store.folder} and load again: it is made from the exports alone."
        ) from error
    return Manifest(files=files)


def _files(data: dict[str, Any]) -> tuple[LoadedFile, ...]:
    if data["version"] != VERSION:
        raise KeyError(f"version {data['version']}")
    return tuple(_file(file) for file in data["files"])


def _file(data: dict[str, Any]) -> LoadedFile:
    held = {
        "parts": tuple(Part(**part) for part in data["parts"]),
        "notes": tuple(data["notes"]),
        "end": End(**data["end"]) if data["end"] else None,
    }
    return LoadedFile(**data | held)


def _pending_path(store: Store, identity: str) -> Path:
    return store.folder / PENDING / f"{hashlib.sha256(identity.encode()).hexdigest()[:24]}.json"


def write_pending(store: Store, identity: str, file: LoadedFile) -> None:
    """Note that a file is loaded, before the manifest says so: a killed load goes on from here.

    `identity` says what its rows were made from.
    """
    write_atomically(_pending_path(store, identity), json.dumps(asdict(file)).encode())


def read_pending(store: Store, identity: str) -> LoadedFile | None:
    """Return what a killed load had noted of a file, if its parts are all there."""
    try:
        text = _pending_path(store, identity).read_text(encoding="utf-8")
        file = _file(json.loads(text))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    names = [name for part in file.parts for name in (part.name, part.quarantine) if name]
    return file if all((store.folder / name).exists() for name in names) else None


def write_manifest(store: Store, manifest: Manifest) -> None:
    """Replace the manifest in one step: what it names is valid from now on, and nothing else."""
    text = json.dumps(
        {"version": manifest.version, "files": [asdict(file) for file in manifest.files]}, indent=1
    )
    write_atomically(store.folder / MANIFEST, text.encode())


def tidy(store: Store, manifest: Manifest) -> None:
    """Delete what the manifest does not name, and what loads that were killed left behind.

    A load may be killed between its manifest and this, so every load does it, also one that
    changed nothing.
    """
    named = {part.name for part in manifest.parts} | {
        part.quarantine for part in manifest.parts if part.quarantine
    }
    for folder in (*TABLES, QUARANTINE_FOLDER):
        for path in (store.folder / folder).glob("*"):
            if f"{folder}/{path.name}" not in named:
                path.unlink()
    for path in (*abandoned(store.folder, MANIFEST), *abandoned(store.folder / CACHE)):
        path.unlink()
    shutil.rmtree(store.folder / PENDING, ignore_errors=True)


def write_part(store: Store, folder: str, frame: pl.DataFrame, identity: str) -> str:
    """Write rows as one Parquet file and return its name in the store.

    `identity` says what the rows were made from (export, its content, the settings that matter),
    so the same input gets the same name and a new one never touches an older part.
    """
    name = f"{folder}/{hashlib.sha256(identity.encode()).hexdigest()[:24]}.parquet"
    with replacing(store.folder / name) as temporary:
        frame.write_parquet(temporary, compression="zstd")
    return name


def scan(store: Store, manifest: Manifest, table: str) -> pl.LazyFrame:
    """Return a table lazily, with the newest version of every record once."""
    parts = [part for part in manifest.parts if part.table == table and part.rows]
    if not parts:
        return empty(table).lazy()
    if not any(part.superseded for part in parts):
        return pl.scan_parquet([store.folder / part.name for part in parts])
    return _newest(_in_load_order(store, parts), table).drop("_order")


def superseded(store: Store, parts: Mapping[str, Part], table: str) -> dict[str, int]:
    """Count, for each part of a table (by name), the rows that lose to a newer version elsewhere.

    Between two versions of a record the later `updated_at` wins, then the one loaded later.
    """
    chosen = [part for part in parts.values() if part.table == table and part.rows]
    if len(chosen) < 2:  # noqa: PLR2004 - one part can't disagree with itself
        return {part.name: 0 for part in chosen}
    key = TABLES[table].primary_key()
    rows = _in_load_order(store, chosen).select(*key, "updated_at", "_order")
    kept = dict(_newest(rows, table).group_by("_order").len().collect().iter_rows())
    return {part.name: part.rows - kept.get(index, 0) for index, part in enumerate(chosen)}


def shares_records(store: Store, known: list[Part], added: list[Part], table: str) -> bool:
    """Say whether some record of the added parts is in another part too."""
    key = TABLES[table].primary_key()
    new, old = (
        pl.concat(
            [
                empty(table).lazy().select(key),
                *(pl.scan_parquet(store.folder / part.name).select(key) for part in parts),
            ]
        )
        for parts in (added, known)
    )
    found = new.collect()
    if found.is_duplicated().any():
        return True
    return old.join(found.lazy(), on=key, how="semi").head(1).collect().height > 0


def _in_load_order(store: Store, parts: list[Part]) -> pl.LazyFrame:
    return pl.concat(
        [
            pl.scan_parquet(store.folder / part.name).with_columns(
                _order=pl.lit(index, dtype=pl.Int64)
            )
            for index, part in enumerate(parts)
        ]
    )


def _newest(rows: pl.LazyFrame, table: str) -> pl.LazyFrame:
    return rows.sort("updated_at", "_order", nulls_last=False, maintain_order=True).unique(
        TABLES[table].primary_key(), keep="last", maintain_order=True
    )


def quarantine(store: Store, manifest: Manifest) -> pl.DataFrame:
    """Return every quarantined record with its source, file, record number and reason."""
    frames: list[pl.DataFrame] = [
        pl.read_parquet(store.folder / part.quarantine).select(
            pl.lit(file.source).alias("source"), *QUARANTINE
        )
        for file in manifest.files
        for part in file.parts
        if part.quarantine
    ]
    schema: dict[str, Any] = {"source": pl.String(), **QUARANTINE}
    return pl.concat(frames) if frames else pl.DataFrame(schema=schema)
