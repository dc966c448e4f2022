"""Which files an entry of the settings means: a file, a folder, a glob, those in an archive."""

import difflib
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devops_analytics.config import Source
from devops_analytics.errors import ExportError
from devops_analytics.loading.identity import content_of
from devops_analytics.sources import SOURCES
from devops_analytics.sources.archives import is_archive, unpacked
from devops_analytics.store import LoadedFile, is_store

BETWEEN: Final = "!"
"""Stands between the name of an archive and that of a file in it."""

NOT_EXPORTS: Final = frozenset({"devops.toml", "annotations.toml", "README.md", "LICENSE"})
"""Files beside exports that are none; one that is named itself is read all the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Located:
    """An export: the name shown, what identifies its content, where it lies.

    `path` is None where it lies in an archive that is as it was when it was loaded. `is_file` is
    false of clones and databases.
    """

    label: str
    content: str
    path: Path | None
    is_file: bool = True


@dataclass(frozen=True, kw_only=True)
class Found:
    """The exports of an entry, and what was left unread with the reason."""

    exports: list[Located]
    unread: list[tuple[str, str]]


def locate(
    entry: Source, base: Path, *, known: Mapping[str, LoadedFile], settings: str, scratch: Path
) -> Found:
    """Return the exports that an entry's path means.

    Args:
        entry: the entry of the settings.
        base: the folder of the settings file.
        known: what was loaded of the entry before, by label; it need not be recognised again.
        settings: what identifies the settings that decide the entry's rows.
        scratch: a folder that archives are unpacked into.

    Raises:
        ExportError: nothing is there, or nothing of it is an export of the source.
    """
    path = base / entry.path
    state = SOURCES[entry.kind].state
    if state is not None and (content := state(entry, path)) is not None:
        label = label_of(path, base) if path.exists() else entry.path
        located = Located(label=label, content=content, path=path, is_file=False)
        return Found(exports=[located], unread=[])
    paths = _paths(entry, path, base)
    is_chosen = path.is_file() or not path.is_dir()
    found = Found(exports=[], unread=[])
    for number, one in enumerate(paths):
        if not is_archive(one):
            _take(entry, one, base, known, found, is_chosen=is_chosen)
            continue
        _take_archive(entry, one, base, known, settings, scratch / str(number), found)
    if not found.exports:
        title = SOURCES[entry.kind].title
        raise ExportError(
            f"{entry.label}: no file in it is recognised as an export of {title} "
            f"({len(found.unread)} files looked at)."
        )
    return found


def _paths(entry: Source, path: Path, base: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if path.is_dir():
        if SOURCES[entry.kind].reads_folders:
            return [path]
        return _files_below(path)
    matches = sorted(match for match in _glob(base, entry.path) if match.is_file())
    if not matches:
        raise ExportError(
            f"{entry.label}: no such file or folder: {entry.path}{_nearest(path)}. "
            f"The path is relative to the folder of the settings file ({base})."
        )
    return matches


def _files_below(folder: Path) -> list[Path]:
    """Return the files in a folder and its folders; hidden ones and stores are no exports."""
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in NOT_EXPORTS:
            continue
        if path.is_file():
            found.append(path)
        elif path.is_dir() and not is_store(path):
            found.extend(_files_below(path))
    return found


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


def label_of(path: Path, base: Path) -> str:
    """Return how a file is shown: relative to the folder of the settings file."""
    return Path(os.path.relpath(path.resolve(), base.resolve())).as_posix()


def _located(entry: Source, path: Path, base: Path) -> Located:
    return Located(label=label_of(path, base), content=content_of(entry, path), path=path)


def _not_recognised(entry: Source) -> str:
    return f"not recognised as an export of {SOURCES[entry.kind].title}"


def _take(
    entry: Source,
    path: Path,
    base: Path,
    known: Mapping[str, LoadedFile],
    found: Found,
    *,
    is_chosen: bool,
) -> None:
    """Take a file that was chosen by the user, is known, or is recognised."""
    label = label_of(path, base)
    if is_chosen or label in known or SOURCES[entry.kind].recognise(path) is not None:
        found.exports.append(_located(entry, path, base))
    else:
        found.unread.append((label, _not_recognised(entry)))


def _take_archive(
    entry: Source,
    path: Path,
    base: Path,
    known: Mapping[str, LoadedFile],
    settings: str,
    scratch: Path,
    found: Found,
) -> None:
    """Take the files of an archive that are recognised; an archive that is as it was stays shut."""
    label = label_of(path, base)
    content = content_of(entry, path)
    before = [file for name, file in known.items() if name.startswith(f"{label}{BETWEEN}")]
    # Where records complete each other across files, all are read again if one is new.
    is_alone = SOURCES[entry.kind].read_many is None
    if (
        is_alone
        and before
        and all(
            (file.content, file.settings, file.vanished) == (content, settings, False)
            for file in before
        )
    ):
        found.exports.extend(
            Located(label=file.file, content=content, path=None) for file in before
        )
        return
    times: Counter[str] = Counter()
    for member in unpacked(path, scratch):
        name = f"{label}{BETWEEN}{member.name}"
        times[name] += 1
        # An archive may hold several files of one name.
        name = name if times[name] == 1 else f"{name} ({times[name]})"
        if member.path is None:
            found.unread.append((name, member.reason))
        elif SOURCES[entry.kind].recognise(member.path) is None:
            member.path.unlink()
            found.unread.append((name, _not_recognised(entry)))
        else:
            found.exports.append(Located(label=name, content=content, path=member.path))
