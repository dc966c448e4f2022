"""Big, packed, grown and interrupted exports: the same rows as one clean load of one clean file."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.config import Settings, settings_from
from devops_analytics.loading import LoadReport, load
from devops_analytics.sources.parts import PART
from devops_analytics.store import Store, quarantine, read_manifest, scan

HEADER = "id,app,at,result,changed\n"


def line(key: object, *, day: int = 1, result: str = "success", changed: int = 1) -> str:
    return f"{key},pay,2026-05-{day:02}T10:00:00Z,{result},2026-06-{changed:02}T00:00:00Z\n"


def given_settings(path: str, **changes: object) -> Settings:
    columns = {
        "deployment_id": "id",
        "service": "app",
        "environment": {"constant": "production"},
        "finished_at": "at",
        "result": "result",
        "updated_at": "changed",
    }
    entry = {"kind": "table", "path": path, "table": "deployments", "columns": columns}
    return settings_from({"sources": [entry | changes]})


def loaded(folder: Path, path: str = "a.csv", part_size: int = PART) -> LoadReport:
    store = Store(folder / "store")
    return load(given_settings(path), base=folder, store=store, part_size=part_size)


def rows(folder: Path) -> pl.DataFrame:
    store = Store(folder / "store")
    return scan(store, read_manifest(store), "deployments").sort("deployment_id").collect()


def kept_apart(folder: Path) -> pl.DataFrame:
    store = Store(folder / "store")
    return quarantine(store, read_manifest(store)).sort("file", "record")


def accounted(report: LoadReport) -> list[tuple[str, int, int, int, int]]:
    files = report.files
    assert (files["read"] == files["loaded"] + files["quarantined"] + files["duplicates"]).all()
    return files.select("state", "read", "loaded", "quarantined", "duplicates").rows()


LINES = st.lists(
    st.one_of(
        st.builds(
            line,
            st.integers(1, 12),
            day=st.integers(1, 28),
            result=st.sampled_from(["success", "failure", "odd"]),
            changed=st.integers(1, 28),
        ),
        st.just("7,pay,not a time,success,2026-06-01T00:00:00Z\n"),
        st.just("too,few\n"),
        st.just('"quoted, with\na line end",pay,2026-05-03T10:00:00Z,success,\n'),
    ),
    min_size=1,
    max_size=25,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(lines=LINES, size=st.integers(20, 400))
def test_a_file_read_in_parts_gives_what_it_gives_as_a_whole(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], size: int
) -> None:
    whole, parts = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("parts")
    for folder in (whole, parts):
        (folder / "a.csv").write_text(HEADER + "".join(lines))
    at_once, in_parts = loaded(whole), loaded(parts, part_size=size)
    assert accounted(in_parts) == accounted(at_once)
    assert rows(parts).equals(rows(whole))
    columns = ["file", "table", "record", "reason"]
    assert kept_apart(parts).select(columns).equals(kept_apart(whole).select(columns))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(before=LINES, after=LINES)
def test_a_grown_file_gives_what_one_load_of_all_of_it_gives(
    tmp_path_factory: pytest.TempPathFactory, before: list[str], after: list[str]
) -> None:
    once, twice = tmp_path_factory.mktemp("once"), tmp_path_factory.mktemp("twice")
    (twice / "a.csv").write_text(HEADER + "".join(before))
    loaded(twice)
    for folder in (once, twice):
        (folder / "a.csv").write_text(HEADER + "".join(before + after))
    of_one, of_two = accounted(loaded(once)), accounted(loaded(twice))
    assert of_two[0][0] == "grown"
    assert of_two[0][1:] == of_one[0][1:]
    assert rows(twice).equals(rows(once))
    columns = ["file", "table", "record", "reason"]
    assert kept_apart(twice).select(columns).equals(kept_apart(once).select(columns))


def test_a_file_that_was_changed_at_its_beginning_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + line(1) + line(2))
    loaded(tmp_path)
    path.write_text(HEADER + line(1, result="failure") + line(2) + line(3))
    assert accounted(loaded(tmp_path)) == [("new", 3, 3, 0, 0)]
    assert rows(tmp_path)["result"].to_list() == ["failure", "success", "success"]


def test_a_file_that_ended_within_a_line_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    text = HEADER + line(1) + line(2)
    path.write_text(text[:-9])
    loaded(tmp_path)
    path.write_text(text + line(3))
    assert accounted(loaded(tmp_path)) == [("new", 3, 3, 0, 0)]


def test_a_grown_file_is_not_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + "".join(line(n) for n in range(50)))
    loaded(tmp_path)
    store = Store(tmp_path / "store")
    before = {part.name for part in read_manifest(store).parts}
    path.write_text(path.read_text() + line(99))
    loaded(tmp_path)
    parts = read_manifest(store).parts
    assert before < {part.name for part in parts}
    assert [part.rows for part in parts] == [50, 1]
    assert rows(tmp_path).filter(deployment_id="99")["source_ref"].to_list() == ["a.csv:52"]


@pytest.mark.parametrize("name", ["exports.zip", "exports.tar.gz"])
def test_an_archive_gives_what_its_files_give(tmp_path: Path, name: str) -> None:
    files = {
        "one.csv": HEADER + line(1),
        "deep/two.csv": HEADER + line(2) + "bad,line\n",
        "notes.txt": "nothing",
    }
    pack(tmp_path / name, files)
    report = loaded(tmp_path, name)
    assert sorted(report.files["file"]) == [f"{name}!deep/two.csv", f"{name}!one.csv"]
    assert sorted(accounted(report)) == [("new", 1, 1, 0, 0), ("new", 2, 1, 1, 0)]
    assert [file for file, _ in report.unread] == [f"{name}!notes.txt"]
    assert rows(tmp_path)["source_ref"].to_list() == [f"{name}!one.csv:2", f"{name}!deep/two.csv:2"]
    assert {state for state, *_ in accounted(loaded(tmp_path, name))} == {"unchanged"}


def pack(path: Path, files: dict[str, str]) -> None:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))


def test_a_file_that_leaves_an_archive_is_said_to_have_vanished(tmp_path: Path) -> None:
    pack(tmp_path / "a.zip", {"one.csv": HEADER + line(1), "two.csv": HEADER + line(2)})
    loaded(tmp_path, "a.zip")
    pack(tmp_path / "a.zip", {"two.csv": HEADER + line(2)})
    states = [state for state, *_ in accounted(loaded(tmp_path, "a.zip"))]
    assert sorted(states) == ["new", "vanished"]
    assert rows(tmp_path).height == 2


def test_a_packed_file_in_parts_gives_what_it_gives_plain(tmp_path: Path) -> None:
    text = HEADER + "".join(line(n, day=n % 28 + 1) for n in range(300))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert accounted(loaded(tmp_path, "a.csv.gz", part_size=500)) == [("new", 300, 300, 0, 0)]
    assert rows(tmp_path)["source_ref"].str.extract(r":(\d+)$").cast(int).sort().to_list() == list(
        range(2, 302)
    )


def test_one_bad_file_of_a_glob_is_reported_and_the_others_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + line(1))
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "c.csv").write_text(HEADER + line(3))
    report = loaded(tmp_path, "*.csv")
    assert rows(tmp_path)["deployment_id"].to_list() == ["1", "3"]
    (problem,) = report.problems
    assert "b.csv" in problem
