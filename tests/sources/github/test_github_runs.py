"""Runs end when their last job ends, and every documented word has a meaning."""

from datetime import UTC, datetime

import pytest

from devops_analytics.schema import RESULTS
from devops_analytics.sources.github.words import STATUS_WORDS

RUNS, JOBS = "pipeline_runs", "pipeline_jobs"


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def test_a_run_becomes_a_row(load, run):
    page = {"total_count": 1, "workflow_runs": [run()]}
    row = load(files={"r.json": page})["r.json", RUNS].rows.row(0, named=True)
    assert row["source_ref"] == "exports/r.json:1"
    assert (row["repo"], row["run_id"], row["attempt"]) == ("shop", "7", 1)
    assert (row["pipeline"], row["branch"], row["trigger"]) == ("CI", "main", "push")
    assert row["sha"] == "b" * 40
    assert (row["queued_at"], row["started_at"]) == (at(9), at(9))
    assert (row["finished_at"], row["result"]) == (at(9, 30), "success")


def test_a_run_without_a_name_is_called_by_its_file(load, run):
    rows = load(files={"r.json": [run(name=None)]})["r.json", RUNS].rows
    assert rows["pipeline"].to_list() == [".github/workflows/ci.yml"]


def test_a_later_attempt_was_asked_for_when_it_was_started(load, run):
    again = run(run_attempt=2, run_started_at="2026-03-02T11:00:00Z")
    row = load(files={"r.json": [again]})["r.json", RUNS].rows.row(0, named=True)
    assert (row["attempt"], row["queued_at"], row["started_at"]) == (2, at(11), at(11))


def test_three_attempts_of_a_run_are_three_rows(load, run):
    tries = [
        run(run_attempt=n, conclusion=c) for n, c in enumerate(["failure"] * 2 + ["success"], 1)
    ]
    batch = load(files={"r.json": tries})["r.json", RUNS]
    assert batch.rows.select("attempt", "result").rows() == [
        (1, "failure"),
        (2, "failure"),
        (3, "success"),
    ]


def test_a_run_ends_with_its_last_job_when_all_have_ended(load, run, job):
    # jobs end at 9:05 and 9:12, the run was last changed at 9:30: the end is 9:12
    jobs = [job(70), job(71, completed_at="2026-03-02T09:12:00Z")]
    batches = load(files={"r.json": [run()], "j.json": {"total_count": 2, "jobs": jobs}})
    assert batches["r.json", RUNS].rows["finished_at"].to_list() == [at(9, 12)]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "in_progress", "conclusion": None, "completed_at": None},
        {"run_attempt": 2, "completed_at": "2026-03-02T10:00:00Z"},
    ],
)
def test_jobs_still_going_or_of_another_attempt_do_not_end_a_run(load, run, job, fields):
    # job 70 is the attempt's only one that ended, at 9:05; without it all the run's own time
    jobs = [job(71, **fields)] if "run_attempt" in fields else [job(70), job(71, **fields)]
    batches = load(files={"r.json": [run()], "j.json": jobs})
    assert batches["r.json", RUNS].rows["finished_at"].to_list() == [at(9, 30)]


def test_a_job_becomes_a_row_without_the_runners_name(load, job):
    batch = load(files={"j.json": [job()]})["j.json", JOBS]
    row = batch.rows.row(0, named=True)
    assert (row["run_id"], row["attempt"], row["job_id"], row["repo"]) == ("7", 1, "70", "shop")
    assert (row["queued_at"], row["started_at"]) == (at(9), at(9, 1))
    assert (row["finished_at"], row["result"]) == (at(9, 5), "success")
    assert row["runner"] == "self-hosted, linux"
    assert "laptop" not in str(row)


def test_of_two_versions_of_a_job_the_finished_one_stays(load, job):
    going = job(status="in_progress", conclusion=None, completed_at=None)
    batch = load(files={"j.json": [job(), going]})["j.json", JOBS]
    assert batch.n_duplicates == 1
    assert batch.rows["result"].to_list() == ["success"]


@pytest.mark.parametrize(
    ("status", "conclusion", "result", "ended"),
    [
        ("completed", "success", "success", True),
        ("completed", "failure", "failure", True),
        ("completed", "timed_out", "timeout", True),
        ("completed", "startup_failure", "error", True),
        ("completed", "cancelled", "cancelled", True),
        ("completed", "skipped", "skipped", True),
        ("completed", "neutral", "skipped", True),
        ("completed", "stale", "unknown", True),
        ("completed", "action_required", "blocked", False),
        ("COMPLETED", "SUCCESS", "success", True),
        ("completed", None, "unknown", True),
        ("in_progress", None, "in_progress", False),
        ("queued", None, "queued", False),
        ("requested", None, "queued", False),
        ("pending", "", "queued", False),
        ("waiting", None, "blocked", False),
        ("melted", None, "unknown", False),
        (None, None, "unknown", False),
    ],
)
def test_words_become_results(load, run, job, status, conclusion, result, ended):
    said = {"status": status, "conclusion": conclusion}
    batches = load(files={"r.json": [run(**said)], "j.json": [job(**said, run_id=8)]})
    of_run = batches["r.json", RUNS].rows.row(0, named=True)
    of_job = batches["j.json", JOBS].rows.row(0, named=True)
    assert (of_run["result"], of_run["finished_at"]) == (result, at(9, 30) if ended else None)
    assert (of_job["result"], of_job["finished_at"]) == (result, at(9, 5) if ended else None)
    begun = result not in {"queued", "blocked"}
    assert (of_run["started_at"], of_job["started_at"]) == (
        (at(9), at(9, 1)) if begun else (None, None)
    )


def test_a_word_that_nobody_knows_is_counted(load, run):
    batch = load(files={"r.json": [run(1, conclusion="melted"), run(2)]})["r.json", RUNS]
    assert any("melted" in note and "1" in note for note in batch.notes)


def test_every_word_means_a_result_of_the_schema():
    assert set(STATUS_WORDS.values()) <= set(RESULTS)
