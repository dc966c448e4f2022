"""What every source gives: drafts of canonical rows, and the tools to make and judge them."""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from devops_analytics.config import Settings


@dataclass(frozen=True, slots=True)
class Held:
    """An export, or a part of one, that is no file of its own: out of an archive, or some lines.

    It is read as a file is: by its `name`, and by what `open` gives.
    """

    name: str
    data: bytes
    within: Path
    """The file that it was taken out of."""

    @property
    def suffix(self) -> str:
        """The end of the name, with its dot."""
        return Path(self.name).suffix

    @property
    def suffixes(self) -> list[str]:
        """All endings of the name."""
        return Path(self.name).suffixes

    def open(self, _mode: str = "rb") -> io.BytesIO:
        """Return the content as a binary file."""
        return io.BytesIO(self.data)

    def __str__(self) -> str:
        """Return the name for messages."""
        return f"{self.within} ({self.name})"


Export = Path | Held
"""What a source reads; its content comes from `read_content` or `open`, never by its path."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Rows of one table as one source read them from one file, not yet judged.

    `rows` has some of the canonical columns of `table` (missing ones become null); times may be
    strings or typed; plus `record` (Int64, 1-based line or item in the file) and, where cheap,
    `raw` (the record as text, for quarantine). `rejected` are records that could not even become
    rows, with the columns of `QUARANTINE`. `n_read` counts all records read for this table, and
    `n_absorbed` those that are no rows of their own but became part of other rows (a status that
    dates a deployment, maybe of another file): n_read = rows + rejected + n_absorbed. Absorbed
    records are printed as loaded. Where `has_pseudonyms` is true, the people columns already hold
    pseudonyms (and is_bot what came of the names), and are left as they are.
    """

    table: str
    rows: pl.DataFrame
    n_read: int
    rejected: pl.DataFrame | None = None
    n_absorbed: int = 0
    has_pseudonyms: bool = False
    time_zone: str | None = None
    time_format: str | None = None
    notes: tuple[str, ...] = ()


QUARANTINE: dict[str, pl.DataType] = {
    "file": pl.String(),
    "table": pl.String(),
    "record": pl.Int64(),
    "reason": pl.String(),
    "message": pl.String(),
    "raw": pl.String(),
}
"""Columns of quarantined records: where, which, why (code and words), and the record itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recognition:
    """What a source thinks a file is, how sure it is (0-1) and why, for `init`."""

    kind: str
    confidence: float
    reason: str
    suggestion: dict[str, Any] = field(default_factory=dict)
    """Further keys for the `[[sources]]` entry, ready to be written as TOML."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What a source may need besides its own entry."""

    settings: Settings
    label: str
    """The file's name as shown to users: relative to the settings file."""
    cache: Path | None = None
    """A folder where a source may keep what is dear to compute; None: keep nothing."""
    labels: Mapping[Path, str] = field(default_factory=dict)
    """The names of all files that are read together with this one."""
    progress: Callable[[str, int, int | None], None] | None = None
    """Called with (what, done, total) while a long read goes on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceKind:
    """A source as the registry knows it.

    `read(export, entry, context)` yields drafts; it raises `ExportError` when nothing in the
    export can be read. `read_many(paths, entry, context)` is there where records of one file
    complete those of another: it takes all files of an entry and yields each draft with its file;
    `context` then is the first file's. `recognise(export)` returns None when it is not this tool's.

    `words` has every status word that the tool documents with the canonical one, by what it is a
    status of (`"build result"`). `by_line` says that the records of a file with one on each line
    are independent of each other, so that such a file may be read in parts, and from where it
    ended the last time; where that depends on the file, it is a function that looks at it.
    `reads_folders` says that a folder is one export of it.
    `state(entry, path)` is there where an export is no file (a clone, a query): it returns what
    identifies its content, or None where it is a file after all.
    """

    kind: str
    title: str
    reads: str
    tables: tuple[str, ...]
    read: Callable[[Any, Any, Context], Iterator[Draft]]
    recognise: Callable[[Any], Recognition | None]
    read_many: Callable[[list[Path], Any, Context], Iterator[tuple[Path, Draft]]] | None = None
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    by_line: bool | Callable[[Path], bool] = False
    reads_folders: bool = False
    state: Callable[[Any, Path], str | None] | None = None

    def is_by_line(self, path: Path) -> bool:
        """Say whether a file with one record on each line may be read in parts."""
        return self.by_line(path) if callable(self.by_line) else self.by_line
