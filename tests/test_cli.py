"""The command: what it prints, what it exits with, and what a stranger reads when it fails."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from devops_analytics.change import Comparisons
from devops_analytics.cli import main
from devops_analytics.estimates import Measurements
from devops_analytics.metrics import DORA_FIVE

SETTINGS = """
[organisation]
name = "Example & Sons"
time_zone = "Europe/Amsterdam"

[teams.shop.services]
pay = {}

[[sources]]
kind = "table"
path = "deployments.csv"
table = "deployments"

[sources.columns]
deployment_id = "id"
service = "app"
environment = { constant = "production" }
artifact = "id"
finished_at = "at"
result = "result"
"""


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["devops-analytics", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err + captured.out
        return Done(code, captured.out, captured.err)

    return call


@pytest.fixture
def config(tmp_path: Path) -> Path:
    days = [f"{day},pay,2026-05-{day:02}T10:00:00Z,success" for day in range(1, 29, 3)]
    (tmp_path / "deployments.csv").write_text("id,app,at,result\n" + "\n".join(days) + "\n")
    path = tmp_path / "devops.toml"
    path.write_text(SETTINGS)
    return path


def test_json_is_a_list_of_records_and_nothing_else(run: Run, config: Path) -> None:
    done = run("measure", "-c", config, "-p", "2026-05", "--as-of", "2026-06-01", "-f", "json")
    assert done.code == 0
    records = json.loads(done.out)
    assert list(records[0]) == Measurements.column_names()
    frequency = next(r for r in records if r["metric"] == "deployment_frequency")
    # Ten deployments from 1 May, 10:00 UTC, the feed's first event; every third day until 28 May.
    assert frequency["numerator"] == 10
    assert frequency["status"] == "ok"
    assert frequency["period_start"] == "2026-04-30T22:00:00Z"
    unknown = next(r for r in records if r["metric"] == "time_to_restore")
    assert (unknown["status"], unknown["value"]) == ("unknown", None)
    assert done.err == ""


def test_the_same_question_twice_gives_the_same_bytes(run: Run, config: Path) -> None:
    question = ("measure", "-c", config, "-p", "2026-05", "--as-of", "2026-06-01", "-f", "json")
    assert run(*question).out == run(*question).out


def test_csv_and_parquet_hold_what_json_holds(run: Run, config: Path, tmp_path: Path) -> None:
    question = (
        "measure",
        "-c",
        config,
        "-p",
        "2026-05",
        "--by",
        "service",
        "--as-of",
        "2026-06-01",
    )
    assert run(*question, "-f", "csv", "--out", tmp_path / "m.csv").code == 0
    assert run(*question, "-f", "parquet", "--out", tmp_path / "m.parquet").code == 0
    table = pl.read_parquet(tmp_path / "m.parquet")
    assert table.columns == Measurements.column_names()
    assert pl.read_csv(tmp_path / "m.csv")["metric"].to_list() == table["metric"].to_list()
    lost = run(*question, "-f", "parquet")
    assert lost.code == 1
    assert "--out FILE" in lost.err


def test_compare_says_what_changed_or_why_it_cannot_be_said(run: Run, config: Path) -> None:
    asked = ("compare", "-c", config, "-m", "deployment_frequency", "--as-of", "2026-06-01")
    weeks = ("-p", "2026-05-15..2026-05-28", "--to", "2026-05-01..2026-05-14")
    records = json.loads(run(*asked, *weeks, "-f", "json").out)
    assert list(records[0]) == Comparisons.column_names()
    # Five deployments in each fortnight; the feed of the first begins at noon.
    assert records[0]["verdict"] == "no detectable change"
    assert records[0]["p"] == 1
    shown = run(*asked, *weeks).out
    for word in ("no detectable change", "−3.6 %", "verdict"):
        assert word in shown
    early = json.loads(run(*asked, "-p", "2026-05", "-f", "json").out)
    assert early[0]["baseline"] == "2026-04"
    assert early[0]["reason"].startswith("2026-04: feed of deployments covers")
    assert (
        json.loads(run(*asked, "-p", "2026-05", "--to", "year-before", "-f", "json").out)[0][
            "baseline"
        ]
        == "2025-05"
    )
    wrong = run(*asked, "-p", "2026-05", "--to", "last")
    assert wrong.code == 1
    assert "found 'last'" in wrong.err


def test_rows_lead_back_to_the_line_of_the_export(run: Run, config: Path) -> None:
    done = run(
        "rows",
        "deployment_frequency",
        "-c",
        config,
        "-p",
        "2026-05",
        "--service",
        "pay",
        "--as-of",
        "2026-06-01",
        "-f",
        "json",
    )
    records = json.loads(done.out)
    assert [r["source_ref"] for r in records][:2] == ["deployments.csv:2", "deployments.csv:3"]
    assert records[0]["key"] == "1"


def test_load_accounts_for_every_record(run: Run, config: Path) -> None:
    path = config.parent / "deployments.csv"
    path.write_text(path.read_text() + "x,pay,soon,success\nshort,line\n1,pay,2026-05-01,success\n")
    done = run("load", "-c", config)
    assert done.code == 0
    assert "read 13 = loaded 10 + quarantined 3 + duplicates 0" in done.out
    listed = run("check", "-c", config, "--quarantine")
    for word in ("not_a_time", "wrong_number_of_fields", "time_without_zone", "record", "message"):
        assert word in listed.out
    assert "found 'soon'" in listed.out
    found = json.loads(run("check", "-c", config, "--quarantine", "-f", "json").out)
    assert {(r["record"], r["reason"]) for r in found} == {
        (12, "not_a_time"),
        (13, "wrong_number_of_fields"),
        (14, "time_without_zone"),
    }
    assert next(r["raw"] for r in found if r["record"] == 12)


def test_a_long_quarantine_is_counted_in_whole_and_listed_in_part(run: Run, config: Path) -> None:
    path = config.parent / "deployments.csv"
    path.write_text(path.read_text() + "".join(f"x{n},pay,soon,success\n" for n in range(25)))
    listed = run("check", "-c", config, "--quarantine").out
    assert "25" in listed
    assert listed.count("found 'soon'") == 20
    assert "5 more are in what --format csv --out FILE writes" in listed
    out = config.parent / "quarantine.csv"
    assert run("check", "-c", config, "--quarantine", "-f", "csv", "--out", out).code == 0
    assert pl.read_csv(out).height == 25


def test_check_says_what_is_unknown_and_why(run: Run, config: Path) -> None:
    done = run("check", "-c", config, "--as-of", "2026-06-01")
    assert done.code == 0
    for word in ("Feeds", "Not linked", "no_repository", "Data quality", "Unknown", "incidents"):
        assert word in done.out


def test_check_prints_the_findings_as_records_too(run: Run, config: Path) -> None:
    done = run("check", "-c", config, "--as-of", "2026-06-01", "-f", "json")
    found = {r["check"]: r for r in json.loads(done.out)}
    lost = found["deployments_no_repository"]
    assert lost["severity"] == "leaves records out"
    assert lost["count"] == lost["total"]
    assert len(lost["examples"]) == len(lost["details"]) == 5
    csv = run("check", "-c", config, "--as-of", "2026-06-01", "-f", "csv")
    assert csv.out.startswith("check,title,severity,count,total,among,examples")


def test_score_prints_every_dimension(run: Run, config: Path) -> None:
    done = run("score", "-c", config, "-p", "2026-05", "--as-of", "2026-06-01", "-f", "json")
    records = json.loads(done.out)
    assert [r["dimension"] for r in records] == [
        "culture",
        "automation",
        "lean",
        "measurement",
        "sharing",
    ]
    assert records[0]["status"] == "not assessed"
    assert records[0]["score"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--lens", "spectrum"), "team_structure"),
        (("--lens", "devsecops", "--evidence"), "builds_with_provenance"),
        (("--improvements",), "measuring it"),
        (("--compare-to", "2026-04"), "level before"),
    ],
)
def test_score_shows_a_lens_its_evidence_what_moves_it_and_what_changed(
    run: Run, config: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = run("score", "-c", config, "-p", "2026-05", "--as-of", "2026-06-01", *arguments)
    assert done.code == 0
    assert words in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--lens", "calm"), 1, "no lens is called 'calm'; lenses of the model: calms, pillars"),
        (("--evidence", "--improvements"), 2, "give one of --evidence"),
    ],
)
def test_a_lens_that_is_not_there_is_said(
    run: Run, config: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = run("score", "-c", config, "-p", "2026-05", "--as-of", "2026-06-01", *arguments)
    assert done.code == code
    assert words in " ".join(done.err.replace("│", "").split())


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("-p", "2026-Q5"), 1, "2026-Q5"),
        (("-p", "2027"), 1, "future"),
        (("-p", "2026-05", "--metric", "change_failure_rate"), 1, "change_fail_rate"),
        (("-p", "2026-05", "--by", "person"), 1, "organisation, team, service"),
        (("-p", "2026-05", "--as-of", "tomorrow"), 1, "expected a day or a time"),
        (("-p", "2026-05", "--out", "/dev/null/x", "-f", "csv"), 1, "/dev/null"),
        ((), 2, "--period"),
        (("-p", "2026-05", "--format", "xml"), 2, "xml"),
    ],
)
def test_bad_input_is_said_and_exits_with_its_code(
    run: Run, config: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    if "--as-of" not in arguments:
        arguments += ("--as-of", "2026-06-01")
    done = run("measure", "-c", config, *arguments)
    assert done.code == code
    assert words in " ".join(done.err.split())
    assert done.out == ""


def test_paths_that_are_not_there(run: Run, tmp_path: Path) -> None:
    assert "no such settings file" in run("load", "-c", tmp_path / "none.toml").err
    assert "no such folder" in run("load", "--git", tmp_path / "none").err
    assert "no such folder" in run("init", tmp_path / "none").err


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with a commit every day of May 2026 and a version tag every third day."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "shop"

    def git(*arguments: str, day: int = 1) -> None:
        at = f"2026-05-{day:02}T12:00:00Z"
        subprocess.run(
            ["git", "-c", "user.name=dev", "-c", "user.email=dev@example.invalid", *arguments],
            cwd=folder if folder.exists() else tmp_path,
            env={
                "GIT_AUTHOR_DATE": at,
                "GIT_COMMITTER_DATE": at,
                "PATH": "/usr/bin:/bin:/usr/local/bin",
            },
            check=True,
            capture_output=True,
        )

    git("init", "--initial-branch=main", str(folder))
    for day in range(1, 29):
        git("commit", "--allow-empty", "-m", f"day {day}", day=day)
        if day % 3 == 0:
            git("tag", "-a", f"v1.{day}", "-m", "release", day=day)
    return folder


def test_a_clone_needs_no_settings(run: Run, clone: Path) -> None:
    question = ("measure", "--git", clone, "-p", "2026-05", "--as-of", "2026-06-01", "-f", "json")
    records = {r["metric"]: r for r in json.loads(run(*question).out)}
    assert records["deployment_frequency"]["numerator"] == 9  # tags on days 3, 6 … 27
    # Tag v1.3 is the baseline. The other 24 commits waited 2, 1 and 0 days, eight of each; day 28
    # waits still. Of 25, the 13th is one day.
    assert records["change_lead_time"]["value"] == 24.0
    assert records["change_lead_time"]["n"] == 25
    assert records["change_fail_rate"]["status"] == "unknown"
    # A tag cannot fail, so nine tags say nothing of attempts that did.
    assert records["change_fail_rate_by_pipeline_result"]["n"] == 0


def test_a_clone_without_tags_or_commits_is_said(run: Run, tmp_path: Path, clone: Path) -> None:
    empty = tmp_path / "empty"
    subprocess.run(["git", "init", str(empty)], check=True, capture_output=True)
    done = run("load", "--git", empty)
    assert done.code == 1
    assert "no commits" in done.err
    for tag in subprocess.run(
        ["git", "tag"], cwd=clone, check=True, capture_output=True, text=True
    ).stdout.split():
        subprocess.run(["git", "tag", "-d", tag], cwd=clone, check=True, capture_output=True)
    done = run("measure", "--git", clone, "-p", "2026-05", "--as-of", "2026-06-01", "-f", "json")
    assert done.code == 0
    # Without a tag nothing is known of deployments; the commits still speak for themselves.
    statuses = {r["status"] for r in json.loads(done.out) if r["metric"] in DORA_FIVE}
    assert statuses == {"unknown"}


def test_init_writes_settings_that_load(run: Run, tmp_path: Path, clone: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    clone.rename(folder / "shop")
    table = (
        "deployment_id,service,environment,finished_at,result\n"
        "1,pay,prod,2026-05-01T10:00:00Z,success\n"
    )
    (folder / "deployments.csv").write_text(table)
    (folder / "notes.txt").write_text("nothing to see\n")
    done = run("init", folder)
    assert done.code == 0
    assert "notes.txt" in done.err
    assert run("load", "-c", folder / "devops.toml").code == 0
    again = run("init", folder)
    assert again.code == 1
    assert "--force" in again.err


def test_definitions_and_sources_are_listed(run: Run) -> None:
    assert "deployment_frequency" in run("metrics").out
    text = run("metrics", "change_fail_rate").out
    for label in ("Definition", "Unknown when", "Moved without improvement by", "Source"):
        assert label in text
    assert "did you mean" in run("metrics", "change_fial_rate").err.lower()
    assert "PagerDuty" in run("sources").out


def test_the_module_runs_as_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "devops_analytics", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "0.1.0"
