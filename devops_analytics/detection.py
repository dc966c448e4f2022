"""What exports a folder holds, and a settings file that loads them."""

import json
import os
import secrets
import tempfile
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from devops_analytics.clone import VERSION_TAG
from devops_analytics.config import settings_from
from devops_analytics.errors import DevopsAnalyticsError
from devops_analytics.loading.locating import BETWEEN, NOT_EXPORTS
from devops_analytics.sources import SOURCES
from devops_analytics.sources.archives import is_archive, unpacked
from devops_analytics.sources.source import Recognition
from devops_analytics.store import is_store

SURE: Final = 0.5
"""From this confidence on, an export is put into the settings; below, it is only mentioned."""

MANY: Final = 3
"""So many files of one kind in a folder are one entry."""


@dataclass(frozen=True, kw_only=True)
class Detected:
    """Every file, clone or archived file below a folder, with what it was recognised as.

    The source that is surest comes first; nothing: no source recognises it.
    """

    files: tuple[tuple[str, tuple[Recognition, ...]], ...]

    @property
    def sure(self) -> list[tuple[str, Recognition]]:
        """What is recognised well enough to be loaded, by its surest source."""
        return [(file, known[0]) for file, known in self.files if _is_sure(known)]

    @property
    def entries(self) -> list[tuple[str, Recognition]]:
        """The paths of the entries that load what is sure; a folder of one kind is one entry."""
        return _entries(self.files)

    def lines(self) -> list[str]:
        """Return what goes into the settings, then what is left out and why, for people."""
        chosen = [
            f"{found.kind:15} {found.confidence:4.0%}  {path}: {found.reason}"
            for path, found in self.entries
        ]
        left: dict[tuple[str, str], list[str]] = {}
        for file, known in self.files:
            if not _is_sure(known):
                why = known[0].reason if known else "no source recognises its content"
                left.setdefault((PurePosixPath(file).parent.as_posix(), why), []).append(file)
        others = [
            f"left out: {names[0]}{f' and {len(names) - 1} more there' if names[1:] else ''}: {why}"
            for (_, why), names in left.items()
        ]
        return chosen + others


def _is_sure(known: tuple[Recognition, ...]) -> bool:
    return bool(known) and known[0].confidence >= SURE


def detect(folder: Path) -> Detected:
    """Ask every source about every file below a folder, in archives too; a clone is one export.

    Raises:
        DevopsAnalyticsError: there is no such folder, or nothing in it.
    """
    if not folder.is_dir():
        raise DevopsAnalyticsError(f"{folder}: no such folder. Give the folder of your exports.")
    found: list[tuple[str, tuple[Recognition, ...]]] = []
    for path in _candidates(folder):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and is_archive(path):
            found.extend(_in_archive(path, name))
        else:
            found.append((name, _recognised(path)))
    if not found:
        raise DevopsAnalyticsError(
            f"{folder}: the folder is empty. Put exports or clones into it, or try "
            "`devops-analytics demo` first."
        )
    return Detected(files=tuple(found))


def _candidates(folder: Path) -> list[Path]:
    taken: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in NOT_EXPORTS or is_store(path):
            continue
        if path.is_dir() and not _recognised(path):
            taken.extend(_candidates(path))
        else:
            taken.append(path)
    return taken


def _in_archive(path: Path, name: str) -> list[tuple[str, tuple[Recognition, ...]]]:
    with tempfile.TemporaryDirectory(prefix="devops-analytics-") as scratch:
        return [
            (
                f"{name}{BETWEEN}{member.name}",
                _recognised(member.path) if member.path is not None else (),
            )
            for member in unpacked(path, Path(scratch))
        ]


def _recognised(path: Path) -> tuple[Recognition, ...]:
    """Return what the sources take an export for, the surest first."""
    is_folder = path.is_dir()
    found = [
        known
        for source in SOURCES.values()
        if source.reads_folders == is_folder and (known := source.recognise(path)) is not None
    ]
    return tuple(sorted(found, key=lambda one: -one.confidence))


# ---- Entries ---- #


_Files = tuple[tuple[str, tuple[Recognition, ...]], ...]
"""Files with what they are recognised as, the surest first."""


def _entries(files: _Files) -> list[tuple[str, Recognition]]:
    """Return one entry for each folder or archive that a kind has to itself, else for each file."""
    entries: list[tuple[str, Recognition]] = []
    taken: set[str] = set()
    for place in sorted(_places(files), key=lambda place: (place.count("/"), place)):
        inside = tuple(
            one for one in files if one[0].startswith(f"{place}/") or _archive(one[0]) == place
        )
        for kind in dict.fromkeys(known[0].kind for _, known in inside if _is_sure(known)):
            asked = {f: known for f, known in inside if any(one.kind == kind for one in known)}
            if not asked.keys() & taken and _is_one_entry(kind, asked, _archive(inside[0][0])):
                found = _shared([known[0] for known in asked.values()])
                entries.append((_common_place(list(asked)), found))
                taken |= asked.keys()
    for asked in _completing(files, taken).values():
        entries.append((".", _shared([known[0] for known in asked.values()])))
        taken |= asked.keys()
    singles = [
        (file, one)
        for file, known in files
        if _is_sure(known) and file not in taken
        for one in _of_one(known)
    ]
    return sorted([*entries, *singles], key=lambda entry: (entry[0], entry[1].kind))


def _completing(files: _Files, taken: set[str]) -> dict[str, dict[str, tuple[Recognition, ...]]]:
    """Return the kinds whose files all lie in the first folder itself and complete each other."""
    found: dict[str, dict[str, tuple[Recognition, ...]]] = {}
    for file, known in files:
        for kind in {one.kind for one in known if SOURCES[one.kind].read_many is not None}:
            found.setdefault(kind, {})[file] = known
    return {
        kind: asked
        for kind, asked in found.items()
        if not asked.keys() & taken
        and all("/" not in file for file in asked)
        and any(_is_sure(known) for known in asked.values())
        and _is_one_entry(kind, asked, None)
    }


def _is_one_entry(
    kind: str, asked: dict[str, tuple[Recognition, ...]], archive: str | None
) -> bool:
    """Say whether one entry may load all files of a place that its source takes for its own."""
    known = [found[0] for found in asked.values()]
    if any(one.kind != kind for one in known):
        return False
    if SOURCES[kind].read_many is not None:
        # Records of one file complete those of another, if they are one entry.
        return len(known) > 1 or archive is not None
    # A repository is suggested where the records name it, so that they need no suggestion.
    others = [{k: v for k, v in one.suggestion.items() if k != "repository"} for one in known]
    is_alike = all(one == others[0] for one in others)
    is_sure = all(one.confidence >= SURE for one in known)
    return archive is not None or (is_alike and is_sure and len(known) >= MANY)


def _common_place(files: list[str]) -> str:
    """Return the archive, or the innermost folder, that all of the files are in."""
    archive = _archive(files[0])
    if archive is not None:
        return archive
    return Path(os.path.commonpath([PurePosixPath(file).parent for file in files])).as_posix()


def _of_one(known: tuple[Recognition, ...]) -> list[Recognition]:
    """Return the surest recognition; of a clone, every sure one: it is several exports in one."""
    is_clone = SOURCES[known[0].kind].reads_folders
    return [one for one in known if one.confidence >= SURE] if is_clone else [known[0]]


def _archive(file: str) -> str | None:
    return file.split(BETWEEN, 1)[0] if BETWEEN in file else None


def _places(files: tuple[tuple[str, tuple[Recognition, ...]], ...]) -> set[str]:
    """Return the folders below the first, and the archives, that hold files."""
    folders = {
        parent.as_posix()
        for file, _ in files
        for parent in PurePosixPath(_archive(file) or file).parents
        if parent.as_posix() != "."
    }
    return folders | {archive for file, _ in files if (archive := _archive(file))}


def _shared(known: list[Recognition]) -> Recognition:
    """Return one recognition for several files: what they all suggest."""
    first = max(known, key=lambda one: one.confidence)
    common = {
        key: value
        for key, value in first.suggestion.items()
        if all(one.suggestion.get(key) == value for one in known)
    }
    reason = f"{first.reason} ({len(known)} files)"
    return replace(first, reason=reason, suggestion=common)


def write_settings(folder: Path, detected: Detected, *, force: bool = False) -> Path:
    """Write `devops.toml` for what was detected and return its path.

    Raises:
        DevopsAnalyticsError: the file is there already and `force` is false, or nothing was
            recognised.
    """
    path = folder / "devops.toml"
    if path.exists() and not force:
        raise DevopsAnalyticsError(f"{path} exists; give --force to replace it.")
    if not detected.sure:
        raise DevopsAnalyticsError(
            f"{folder}: no file is recognised. `devops-analytics sources` lists what can be "
            'read; any table can be declared with kind = "table".'
        )
    text = _settings_text(folder, detected)
    path.write_text(text, encoding="utf-8")
    return path


def _settings_text(folder: Path, detected: Detected) -> str:
    repositories = sorted(
        {
            str(found.suggestion["repository"])
            for _, found in detected.sure
            if "repository" in found.suggestion
        }
    )
    name = folder.resolve().name
    lines = [
        "# Written by `devops-analytics init`. Everything that is not here has a default;",
        "# docs/settings.md explains every key.",
        "",
        "[organisation]",
        f"name = {json.dumps(name)}",
        'time_zone = "UTC"  # the zone that days, weeks and months are counted in',
        "",
        "# Teams own services, services are built from repositories. Split and rename these:",
        "[teams.everyone.services]",
        *(
            f"{json.dumps(short)} = {{ repositories = [{json.dumps(repository)}] }}"
            for repository, short in _short_names(repositories).items()
        ),
        "",
        "[people]",
        f'salt = "{secrets.token_hex(16)}"  # keep it secret: with it, pseudonyms can be guessed',
    ]
    for path, found in detected.entries:
        lines += [
            "",
            f"# {found.reason}",
            *_entry({"kind": found.kind, "path": path, **found.suggestion}),
        ]
    lines += _tags_as_deployments(detected)
    text = "\n".join(lines) + "\n"
    settings_from(tomllib.loads(text), where="the settings that were to be written")
    return text


def _short_names(repositories: list[str]) -> dict[str, str]:
    """Return a service name for each repository: the last part, the whole where that repeats."""
    last = [repository.rsplit("/", 1)[-1] for repository in repositories]
    return {
        repository: short if last.count(short) == 1 else repository
        for repository, short in zip(repositories, last, strict=True)
    }


def _entry(values: dict[str, Any]) -> list[str]:
    return ["[[sources]]", *(f"{key} = {toml_value(value)}" for key, value in values.items())]


def toml_value(value: object) -> str:
    """Return a plain value as TOML; tables are written inline."""
    if isinstance(value, dict):
        pairs = ", ".join(f"{json.dumps(str(k))} = {toml_value(v)}" for k, v in value.items())
        return f"{{ {pairs} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)


def _tags_as_deployments(detected: Detected) -> list[str]:
    """Where nothing else says what was deployed, take a clone's version tags."""
    kinds = {found.kind for _, found in detected.sure}
    if kinds - {"infrastructure"} != {"git"}:
        return []
    return [
        "",
        "# No export says what was deployed, so version tags are taken as deployments:",
        "[[deployments]]",
        'from = "tags"',
        f"pattern = {json.dumps(VERSION_TAG)}",
    ]
