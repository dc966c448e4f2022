"""From exports to the store: what is new, what is lost, what comes back the same."""

import random
from pathlib import Path

import polars as pl
import pytest

from devops_analytics import ExportError, Workspace
from devops_analytics.config import Settings, settings_from
from devops_analytics.loading import LoadReport, load
from devops_analytics.store import Store, read_manifest, scan

HEADER = "id,app,at,result,changed\n"


def line(key: str, *, day: int = 1, result: str = "success", changed: int = 1) -> str:
    return f"{key},pay,2026-05-{day:02}T10:00:00Z,{result},2026-06-{changed:02}T00:00:00Z\n"


def settings(path: str = "*.csv", **changes: object) -> Settings:
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


def loaded(folder: Path, given: Settings | None = None) -> LoadReport:
    return load(given or settings(), base=folder, store=Store(folder / "store"))


def rows(folder: Path) -> pl.DataFrame:
    store = Store(folder / "store")
    return scan(store, read_manifest(store), "deployments").sort("deployment_id").collect()


def accounted(report: LoadReport) -> list[tuple[str, int, int, int, int]]:
    files = report.files
    assert (files["read"] == files["loaded"] + files["quarantined"] + files["duplicates"]).all()
    return files.select("state", "read", "loaded", "quarantined", "duplicates").rows()


def test_loading_twice_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + line("1") + line("2", day=2))
    assert accounted(loaded(tmp_path)) == [("new", 2, 2, 0, 0)]
    before = rows(tmp_path)
    manifest = (tmp_path / "store" / "manifest.json").stat().st_mtime_ns
    assert accounted(loaded(tmp_path)) == [("unchanged", 2, 2, 0, 0)]
    assert rows(tmp_path).equals(before)
    assert (tmp_path / "store" / "manifest.json").stat().st_mtime_ns == manifest


def test_a_copy_of_an_export_is_all_duplicates(tmp_path: Path) -> None:
    text = HEADER + line("1") + line("2", day=2)
    (tmp_path / "a.csv").write_text(text)
    (tmp_path / "b.csv").write_text(text)
    # The later file wins a tie, so the earlier one is the copy.
    assert accounted(loaded(tmp_path)) == [("new", 2, 0, 0, 2), ("new", 2, 2, 0, 0)]
    assert rows(tmp_path).height == 2


def test_an_export_that_grew_and_a_record_that_changed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + line("1", result="in_progress"))
    loaded(tmp_path)
    path.write_text(HEADER + line("1", result="success", changed=2) + line("2", day=2))
    assert accounted(loaded(tmp_path)) == [("new", 2, 2, 0, 0)]
    assert rows(tmp_path)["result"].to_list() == ["success", "success"]


def test_the_newest_version_wins_by_its_own_update_time_whatever_the_file(tmp_path: Path) -> None:
    (tmp_path / "a-newer.csv").write_text(HEADER + line("1", result="failure", changed=9))
    (tmp_path / "b-older.csv").write_text(HEADER + line("1", result="success", changed=3))
    assert accounted(loaded(tmp_path)) == [("new", 1, 1, 0, 0), ("new", 1, 0, 0, 1)]
    assert rows(tmp_path)["result"].to_list() == ["failure"]


def test_a_file_that_vanished_is_kept_and_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + line("1"))
    (tmp_path / "b.csv").write_text(HEADER + line("2"))
    loaded(tmp_path)
    (tmp_path / "a.csv").unlink()
    assert [row[0] for row in accounted(loaded(tmp_path))] == ["unchanged", "vanished"]
    assert rows(tmp_path).height == 2


def test_a_changed_mapping_reads_the_same_file_anew(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + line("1", result="fine"))
    loaded(tmp_path)
    assert rows(tmp_path)["result"].to_list() == ["unknown"]
    columns = settings().sources[0].model_dump()["columns"]
    columns["result"] = {"column": "result", "values": {"fine": "success"}}
    assert accounted(loaded(tmp_path, settings(columns=columns))) == [("new", 1, 1, 0, 0)]
    assert rows(tmp_path)["result"].to_list() == ["success"]


def test_one_bad_entry_is_reported_and_the_others_are_loaded(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + line("1"))
    both = settings_from(
        {
            "sources": [
                e.model_dump() for e in (settings("a.cvs").sources[0], settings("a.csv").sources[0])
            ]
        }
    )
    report = loaded(tmp_path, both)
    assert rows(tmp_path).height == 1
    assert "no such file or folder: a.cvs (did you mean 'a.csv'?)" in report.problems[0]


def test_opening_a_workspace_with_a_bad_entry_is_an_error(tmp_path: Path) -> None:
    config = tmp_path / "devops.toml"
    config.write_text("[[sources]]\nkind = 'git'\npath = 'nowhere'\n")
    with pytest.raises(ExportError, match="nowhere"):
        Workspace.open(config)


def test_a_load_that_was_killed_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.csv").write_text(HEADER + line("1"))
    loaded(tmp_path)
    before = rows(tmp_path)
    (tmp_path / "b.csv").write_text(HEADER + line("2"))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("devops_analytics.loading.write_manifest", killed)
    with pytest.raises(KeyboardInterrupt):
        loaded(tmp_path)
    assert rows(tmp_path).equals(before)
    monkeypatch.undo()
    assert [row[0] for row in accounted(loaded(tmp_path))] == ["unchanged", "new"]
    assert rows(tmp_path).height == 2


def test_records_in_any_order_and_any_split_give_the_same_table(tmp_path: Path) -> None:
    chosen = random.Random(7)
    lines = [line(str(n % 9), day=1 + n % 28, changed=1 + n) for n in range(20)]
    tables = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        chosen.shuffle(lines)
        cut = chosen.randrange(len(lines))
        (folder / "a.csv").write_text(HEADER + "".join(lines[:cut]))
        (folder / "b.csv").write_text(HEADER + "".join(lines[cut:]))
        accounted(loaded(folder))
        tables.append(rows(folder).drop("source_ref"))
    assert tables[0].equals(tables[1])
