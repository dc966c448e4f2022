"""What a user holds: settings and tables, and everything computed from them, lazily and once."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from devops_analytics import __version__
from devops_analytics.assessing import Assessing
from devops_analytics.clone import cache_folder, kept_salt, settings_for_clone, user_cache
from devops_analytics.config import DEFAULT_FILE, Settings, read_settings, settings_from
from devops_analytics.errors import ExportError
from devops_analytics.frames import canonical
from devops_analytics.loading import Progress, load
from devops_analytics.sample import SAMPLE_END, write_sample
from devops_analytics.schema import TABLES, empty
from devops_analytics.store import Store, quarantine, read_manifest, scan


class Workspace(Assessing):
    """Settings, tables and what is computed from them.

    Make one with `open` (a settings file), `from_git` (a clone) or `from_frames` (dataframes).
    Every result is a Polars frame; `.to_pandas()` is one step away.
    """

    @classmethod
    def open(
        cls,
        config: str | Path = DEFAULT_FILE,
        *,
        as_of: datetime | str | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Open the workspace of a settings file, loading what is new in its exports.

        Raises:
            SettingsError: the settings can't be used.
            ExportError: an export can't be read; what could be read is in the store.
        """
        path = Path(config)
        settings = read_settings(path)
        return cls._stored(
            settings,
            base=path.parent,
            store=Store(path.parent / settings.organisation.store),
            as_of=as_of,
            progress=progress,
            origin=path,
        )

    @classmethod
    def from_git(
        cls,
        clone: str | Path,
        *,
        as_of: datetime | str | None = None,
        progress: Progress | None = None,
        cache: Path | None = None,
    ) -> Self:
        """Open a local clone without a settings file: its version tags are the deployments.

        What was read is kept in the user's cache folder, so the next time only what is new is
        read.

        Raises:
            ExportError: there is no clone, or it has no commits.
        """
        path = Path(clone).expanduser().resolve()
        if not path.is_dir():
            raise ExportError(f"{clone}: no such folder; give the path of a local git clone.")
        folder = cache if cache is not None else cache_folder(path)
        settings = settings_for_clone(path, salt=kept_salt(folder))
        return cls._stored(
            settings,
            base=path.parent,
            store=Store(folder / "store"),
            as_of=as_of,
            progress=progress,
            origin=path,
        )

    @classmethod
    def demo(cls, *, progress: Progress | None = None) -> Self:
        """Open the sample organisation, writing it to the user's cache where it is missing."""
        folder = user_cache() / f"demo-{__version__}"
        if not (folder / DEFAULT_FILE).exists():
            write_sample(folder)
        return cls.open(folder / DEFAULT_FILE, as_of=SAMPLE_END, progress=progress)

    @classmethod
    def _stored(
        cls,
        settings: Settings,
        *,
        base: Path,
        store: Store,
        as_of: datetime | str | None,
        progress: Progress | None,
        origin: Path,
    ) -> Self:
        report = load(settings, base=base, store=store, progress=progress)
        if report.problems:
            raise ExportError("\n".join(report.problems))
        manifest = read_manifest(store)
        return cls(
            settings=settings,
            tables={name: scan(store, manifest, name) for name in TABLES},
            as_of=as_of,
            load_report=report,
            quarantined=quarantine(store, manifest),
            origin=origin,
        )

    @classmethod
    def from_frames(
        cls,
        frames: Mapping[str, Any],
        *,
        settings: Settings | Mapping[str, object] | None = None,
        as_of: datetime | str | None = None,
    ) -> Self:
        """Open canonical tables given as dataframes (pandas, Polars, DuckDB, Arrow …).

        Columns that a frame lacks are null, except the table's key. Columns that are no canonical
        ones are left out.

        Raises:
            UnknownNameError: a table or a key column is not known or not there.
        """
        checked = settings if isinstance(settings, Settings) else settings_from(settings or {})
        tables = {name: empty(name).lazy() for name in TABLES}
        tables.update({name: canonical(name, frame) for name, frame in frames.items()})
        return cls(settings=checked, tables=tables, as_of=as_of)
