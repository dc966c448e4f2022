"""The store: one manifest decides, the newest version wins, nothing is half written."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from devops_analytics.atomic import write_atomically
from devops_analytics.errors import DevopsAnalyticsError
from devops_analytics.frames import canonical
from devops_analytics.store import (
    LoadedFile,
    Manifest,
    Part,
    Store,
    quarantine,
    read_manifest,
    scan,
    superseded,
    tidy,
    write_manifest,
    write_part,
)


def commits(versions: dict[str, int | None], author: str) -> pl.DataFrame:
    """One commit for each sha, changed on the given day of May (None: the export doesn't say)."""
    days = [
        None if day is None else datetime(2026, 5, day, tzinfo=UTC) for day in versions.values()
    ]
    rows = pl.DataFrame(
        {"sha": list(versions), "updated_at": days},
        schema={"sha": pl.String, "updated_at": pl.Datetime("us", "UTC")},
    ).with_columns(
        repo=pl.lit("r"), author=pl.lit(author), committed_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    return canonical("commits", rows).collect()


def loaded(store: Store, name: str, rows: pl.DataFrame) -> LoadedFile:
    part = Part(
        table="commits",
        name=write_part(store, "commits", rows, name),
        read=rows.height,
        rows=rows.height,
        quarantined=0,
        duplicates=0,
    )
    return LoadedFile(source="git:r", file=name, content=name, settings="s", parts=(part,))


def settled(store: Store, *files: LoadedFile) -> Manifest:
    manifest = Manifest(files=files)
    lost = superseded(store, {part.name: part for part in manifest.parts}, "commits")
    return Manifest(
        files=tuple(
            replace(f, parts=tuple(replace(p, superseded=lost[p.name]) for p in f.parts))
            for f in files
        )
    )


def test_a_store_that_is_not_there_is_empty(tmp_path: Path) -> None:
    store = Store(tmp_path / "none")
    manifest = read_manifest(store)
    assert manifest == Manifest()
    assert scan(store, manifest, "commits").collect().height == 0
    assert quarantine(store, manifest).height == 0


def test_the_newest_version_wins_by_its_own_update_time_then_by_load_order(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = loaded(store, "first", commits({"a": 3, "b": 1, "c": None}, "first"))
    second = loaded(store, "second", commits({"a": 2, "b": 2, "c": None, "d": 1}, "second"))
    manifest = settled(store, first, second)
    rows = scan(store, manifest, "commits").sort("sha").collect()
    # a: 3 May beats 2 May. b: 2 May beats 1 May. c: nobody says, the later file wins. d: only one.
    assert rows["author"].to_list() == ["first", "second", "second", "second"]
    # first loses b and c, second loses a: loaded + duplicates stay what was read.
    assert [part.superseded for part in manifest.parts] == [2, 1]
    assert [part.loaded + part.lost_to_others for part in manifest.parts] == [3, 4]


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    store = Store(tmp_path)
    manifest = settled(store, loaded(store, "first", commits({"a": 1}, "x")))
    write_manifest(store, manifest)
    assert read_manifest(store) == manifest


def test_a_part_that_no_manifest_names_does_not_exist_and_is_removed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    kept = loaded(store, "kept", commits({"a": 1}, "x"))
    dropped = loaded(store, "dropped", commits({"b": 1}, "x"))
    manifest = settled(store, kept)
    assert scan(store, manifest, "commits").collect()["sha"].to_list() == ["a"]
    tidy(store, manifest)
    assert not (tmp_path / dropped.parts[0].name).exists()
    assert (tmp_path / kept.parts[0].name).exists()


def test_a_damaged_manifest_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"version": 1, "files": [{"sour')
    with pytest.raises(DevopsAnalyticsError, match="load again: it is made from the exports"):
        read_manifest(Store(tmp_path))


def test_a_failed_write_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
