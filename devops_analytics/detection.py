"""What exports a folder holds, and a settings file that loads them."""

import json
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from devops_analytics.clone import VERSION_TAG
from devops_analytics.config import settings_from
from devops_analytics.errors import DevopsAnalyticsError
from devops_analytics.sources import SOURCES
from devops_analytics.sources.source import Recognition

SURE: Final = 0.5
"""From this confidence on, an export is put into the settings; below, it is only mentioned."""

_NOT_EXPORTS: Final = {"devops.toml", "README.md", "LICENSE"}


@dataclass(frozen=True, kw_only=True)
class Detected:
    """Every file (or clone) of a folder with what it was recognised as; None: as nothing."""

    files: tuple[tuple[str, Recognition | None], ...]

    @property
    def sure(self) -> list[tuple[str, Recognition]]:
        """What is recognised well enough to be loaded."""
        return [(f, r) for f, r in self.files if r is not None and r.confidence >= SURE]

    def frame(self) -> pl.DataFrame:
        """Return file, kind, sure (0-1), loaded and reason, for people."""
        return pl.DataFrame(
            [
                {
                    "file": file,
                    "kind": found.kind if found else None,
                    "sure": found.confidence if found else None,
                    "in settings": "yes" if found and found.confidence >= SURE else "no",
                    "why": found.reason if found else "no source recognises its content",
                }
                for file, found in self.files
            ],
            schema={
                "file": pl.String,
                "kind": pl.String,
                "sure": pl.Float64,
                "in settings": pl.String,
                "why": pl.String,
            },
        )


def detect(folder: Path) -> Detected:
    """Ask every source about every file below a folder; a clone counts as one export.

    Raises:
        DevopsAnalyticsError: there is no such folder, or nothing in it.
    """
    if not folder.is_dir():
        raise DevopsAnalyticsError(f"{folder}: no such folder. Give the folder of your exports.")
    found = [(_relative(path, folder), _surest(path)) for path in _candidates(folder)]
    if not found:
        raise DevopsAnalyticsError(
            f"{folder}: the folder is empty. Put exports or clones into it, or try "
            "`devops-analytics demo` first."
        )
    return Detected(files=tuple(found))


def _relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _candidates(folder: Path) -> list[Path]:
    taken: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in _NOT_EXPORTS or path.name == "store":
            continue
        if path.is_dir() and SOURCES["git"].recognise(path) is None:
            taken.extend(_candidates(path))
        else:
            taken.append(path)
    return taken


def _surest(path: Path) -> Recognition | None:
    kinds = ["git"] if path.is_dir() else [kind for kind in SOURCES if kind != "git"]
    found = [r for kind in kinds if (r := SOURCES[kind].recognise(path)) is not None]
    return max(found, key=lambda r: r.confidence, default=None)


def write_settings(folder: Path, detected: Detected, *, replace: bool = False) -> Path:
    """Write `devops.toml` for what was detected and return its path.

    Raises:
        DevopsAnalyticsError: the file is there already and `replace` is false, or nothing was
            recognised.
    """
    path = folder / "devops.toml"
    if path.exists() and not replace:
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
    for file, found in detected.sure:
        lines += [
            "",
            f"# {found.reason}",
            *_entry({"kind": found.kind, "path": file, **found.suggestion}),
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
    if kinds != {"git"}:
        return []
    return [
        "",
        "# No export says what was deployed, so version tags are taken as deployments:",
        "[[deployments]]",
        'from = "tags"',
        f"pattern = {json.dumps(VERSION_TAG)}",
    ]
