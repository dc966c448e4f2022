"""Whatever a file holds: it is read with all counted, or refused as a whole, by every source."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devops_analytics.config import settings_from
from devops_analytics.errors import ExportError
from devops_analytics.loading import LoadReport, load
from devops_analytics.sources import SOURCES
from devops_analytics.store import Store, quarantine, read_manifest, scan

SEEDS = Path(__file__).with_name("seeds")
GIVEN = tomllib.loads((SEEDS / "devops.toml").read_text(encoding="utf-8"))
ENTRIES = {entry["kind"]: entry for entry in GIVEN["sources"] if entry["kind"] in SOURCES}
NO_FILES = {"git", "gitops", "infrastructure", "database"}
"""Their exports are clones and databases; they are made by the tests."""
JUNK = ('"words"', "17", "[null]", '{"broken": ', '{"of": "no kind"}', "}", "x" * 5000)
REFUSED_IF_BROKEN = {"terraform"}
"""A part of their records could be taken for the whole of one."""
MANY = 12


def files_of(kind: str) -> list[Path]:
    return sorted((SEEDS / kind).iterdir())


CASES = [(kind, file.name) for kind in ENTRIES for file in files_of(kind)]
ALL = [file for kind in ENTRIES for file in files_of(kind)]


def keys_of(kind: str) -> dict[str, Any]:
    return {key: value for key, value in ENTRIES[kind].items() if key not in {"kind", "path"}}


def seed_of(kind: str, name: str) -> bytes:
    return next(file for file in files_of(kind) if file.name == name).read_bytes()


def loaded(folder: Path, entries: list[dict[str, Any]], **how: int) -> LoadReport:
    """Load a folder; everything that was read must be somewhere in the store."""
    store = Store(folder / "store")
    report = load(settings_from(GIVEN | {"sources": entries}), base=folder, store=store, **how)
    accounted = pl.col("loaded") + pl.col("quarantined") + pl.col("duplicates")
    assert report.files.filter(pl.col("read") != accounted).is_empty()
    manifest = read_manifest(store)
    parts = manifest.parts
    assert quarantine(store, manifest).height == sum(part.quarantined for part in parts)
    for table in {part.table for part in parts}:
        kept = sum(part.rows - part.superseded for part in parts if part.table == table)
        assert scan(store, manifest, table).collect().height == kept
    return report


def test_every_source_has_a_small_export_that_it_reads(tmp_path: Path) -> None:
    assert set(SOURCES) == set(ENTRIES) | NO_FILES, "put one into tests/sources/seeds"
    entries = [entry | {"path": str(SEEDS / entry["path"])} for entry in ENTRIES.values()]
    report = loaded(tmp_path, entries)
    assert report.problems == ()
    assert report.unread == ()
    found = report.files.group_by("source").agg(pl.col("loaded").sum())
    assert found.height == len(ENTRIES)
    assert found["loaded"].min() > 0  # type: ignore[operator]


@pytest.mark.parametrize(("kind", "name"), CASES)
@settings(max_examples=15)
@given(seed=st.integers(0, 2**32))
def test_a_damaged_export_is_read_with_all_counted_or_refused(
    survives: Callable[..., None], kind: str, name: str, seed: int
) -> None:
    survives(SOURCES[kind], seed_of(kind, name), seed, name=name, **keys_of(kind))


@pytest.mark.parametrize("kind", ENTRIES)
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32), foreign=st.sampled_from(ALL))
def test_another_tools_export_is_read_with_all_counted_or_refused(
    survives: Callable[..., None], kind: str, seed: int, foreign: Path
) -> None:
    survives(SOURCES[kind], foreign.read_bytes(), seed, name=foreign.name, **keys_of(kind))


@pytest.mark.parametrize("kind", ENTRIES)
def test_a_folder_of_damaged_exports_is_accounted_for_and_loads_once(
    tmp_path: Path, damage: ModuleType, kind: str
) -> None:
    chance = Random(kind)
    folder = tmp_path / "exports"
    for number in range(MANY):
        for file in files_of(kind):
            place = folder / str(number) / file.name
            place.parent.mkdir(parents=True, exist_ok=True)
            content = file.read_bytes()
            place.write_bytes(damage.damaged(content, chance) if number else content)
    entry = ENTRIES[kind] | {"path": "exports/*/*"}
    first = loaded(tmp_path, [entry], part_size=2048)
    again = loaded(tmp_path, [entry], part_size=2048)
    assert again.files.drop("state").equals(first.files.drop("state"))
    assert set(again.files["state"]) <= {"unchanged"}
    assert first.files.height or first.problems


@pytest.mark.parametrize(("kind", "name"), [case for case in CASES if case[1].endswith("ndjson")])
def test_every_line_that_is_no_record_is_counted(
    judge: Callable[..., Any], tmp_path: Path, kind: str, name: str
) -> None:
    path = tmp_path / name

    def n_read(lines: list[str]) -> int:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return sum(batch.n_read for batch in judge(SOURCES[kind], path, **keys_of(kind)).values())

    lines = seed_of(kind, name).decode().splitlines()
    if kind in REFUSED_IF_BROKEN:
        with pytest.raises(ExportError, match="could be taken for the whole"):
            n_read([*lines, *JUNK])
    else:
        assert n_read([*lines, *JUNK]) == n_read(lines) + len(JUNK)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_mark_at_the_beginning_and_packing_change_nothing(
    judge: Callable[..., Any], damage: ModuleType, tmp_path: Path, kind: str, name: str
) -> None:
    content = seed_of(kind, name)
    plain, other = tmp_path / "a" / name, tmp_path / "b" / name
    for path in (plain, other):
        path.parent.mkdir()
    plain.write_bytes(content)
    expected = judge(SOURCES[kind], plain, **keys_of(kind))
    for form in (damage.marked, damage.packed):
        other.write_bytes(form(content))
        found = judge(SOURCES[kind], other, **keys_of(kind))
        assert {table: batch.rows.to_dicts() for table, batch in found.items()} == {
            table: batch.rows.to_dicts() for table, batch in expected.items()
        }
