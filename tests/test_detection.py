"""`init`: every export is found, by its content, and the settings it writes load what was found."""

import json
import tomllib
import zipfile
from pathlib import Path
from typing import Any

from devops_analytics import Workspace
from devops_analytics.detection import detect, write_settings
from devops_analytics.loading import LoadReport

REPOSITORY = "harbour/parcels"


def run(number: int, repository: str = REPOSITORY) -> dict[str, Any]:
    return {
        "id": number,
        "workflow_id": 1,
        "run_attempt": 1,
        "name": "build",
        "event": "push",
        "status": "completed",
        "conclusion": "success",
        "head_branch": "main",
        "head_sha": f"{number:040x}",
        "created_at": "2026-05-01T10:00:00Z",
        "run_started_at": "2026-05-01T10:00:00Z",
        "updated_at": "2026-05-01T10:05:00Z",
        "url": f"https://api.github.com/repos/{repository}/actions/runs/{number}",
        "repository": {"full_name": repository},
    }


def incident(number: int) -> dict[str, Any]:
    return {
        "id": f"P{number}",
        "incident_number": number,
        "status": "resolved",
        "urgency": "high",
        "created_at": "2026-05-01T10:00:00Z",
        "resolved_at": "2026-05-01T11:00:00Z",
        "service": {"id": "S1", "summary": "parcels"},
    }


def write(path: Path, records: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(records), encoding="utf-8")


def entries(folder: Path) -> list[tuple[str, str]]:
    text = write_settings(folder, detect(folder)).read_text()
    return [(entry["kind"], entry["path"]) for entry in tomllib.loads(text)["sources"]]


def load_report(folder: Path) -> LoadReport:
    report = Workspace.open(folder / "devops.toml").load_report
    assert report is not None
    return report


def test_many_files_of_one_kind_in_a_folder_are_one_entry(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / "runs" / f"{number}.json", [run(number)])
    write(tmp_path / "incidents.json", {"incidents": [incident(1)]})
    assert entries(tmp_path) == [("pagerduty", "incidents.json"), ("github", "runs")]
    loaded = load_report(tmp_path)
    assert loaded.files["loaded"].sum() == 6
    assert loaded.unread == ()


def test_a_folder_of_several_kinds_has_an_entry_for_each(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / "all" / f"run-{number}.json", [run(number)])
        write(tmp_path / "all" / f"incident-{number}.json", {"incidents": [incident(number)]})
    assert entries(tmp_path) == [("github", "all"), ("pagerduty", "all")]
    loaded = load_report(tmp_path)
    assert loaded.files["loaded"].sum() == 6
    assert loaded.unread == ()


def test_files_of_several_repositories_are_one_entry_that_names_none(tmp_path: Path) -> None:
    for number in range(4):
        write(tmp_path / "runs" / f"{number}.json", [run(number, f"harbour/{number % 2}")])
    assert entries(tmp_path) == [("github", "runs")]
    assert "repository =" not in (tmp_path / "devops.toml").read_text()
    assert load_report(tmp_path).files["loaded"].sum() == 4


def test_an_archive_is_looked_into(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "exports.zip", "w") as archive:
        archive.writestr("runs.json", json.dumps([run(1), run(2)]))
        archive.writestr("incidents.json", json.dumps({"incidents": [incident(1)]}))
        archive.writestr("readme.txt", "nothing")
    assert entries(tmp_path) == [("github", "exports.zip"), ("pagerduty", "exports.zip")]
    loaded = load_report(tmp_path)
    assert loaded.files["loaded"].sum() == 3


def test_what_is_left_unread_is_said_with_the_reason(tmp_path: Path) -> None:
    write(tmp_path / "incidents.json", {"incidents": [incident(1)]})
    write(tmp_path / "weather.json", [{"temperature": 21}])
    (tmp_path / "notes.txt").write_text("nothing")
    lines = detect(tmp_path).lines()
    assert lines[0].startswith("pagerduty        95%  incidents.json: incidents of PagerDuty")
    assert lines[1:] == ["left out: notes.txt and 1 more there: no source recognises its content"]


def test_the_store_of_an_earlier_load_is_no_export(tmp_path: Path) -> None:
    write(tmp_path / "incidents.json", {"incidents": [incident(1)]})
    entries(tmp_path)
    Workspace.open(tmp_path / "devops.toml")
    assert [file for file, _ in detect(tmp_path).files] == ["incidents.json"]


def test_files_of_the_folder_itself_that_complete_each_other_are_one_entry(tmp_path: Path) -> None:
    write(tmp_path / "a.json", [run(1)])
    write(tmp_path / "b.json", [run(2)])
    write(tmp_path / "incidents.json", {"incidents": [incident(1)]})
    assert entries(tmp_path) == [("github", "."), ("pagerduty", "incidents.json")]
    loaded = load_report(tmp_path)
    assert loaded.files["loaded"].sum() == 3
    assert loaded.unread == ()
    # The store lies in the same folder, and is no export.
    assert load_report(tmp_path).files["state"].unique().to_list() == ["unchanged"]


def test_a_file_that_is_alone_is_its_own_entry(tmp_path: Path) -> None:
    write(tmp_path / "runs.json", [run(1)])
    write(tmp_path / "more" / "runs.json", [run(2)])
    assert [path for _, path in entries(tmp_path)] == ["more/runs.json", "runs.json"]
