"""Loading gigabytes of workflow runs against Polars' and DuckDB's own readers of the same file.

`python benchmarks/bench_loading.py`: every task runs in a process of its own (its import is not
counted), in every round once, so that load on the machine hits all alike; medians are compared.
The readers only read the fields that the load needs; the load also checks every record, makes
canonical rows of them, and writes them. A second load follows after the file grew by one percent.
"""

import argparse
import json
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

MAX_RATIO: Final = 4 / 3
MAX_GROWN: Final = 0.05
MAX_PEAK_GB: Final = 1.0
FIELDS: Final = (
    "id", "run_attempt", "name", "event", "head_branch", "head_sha", "status", "conclusion",
    "created_at", "run_started_at", "updated_at",
)  # fmt: skip
OWNER: Final = {f"{word}_url": f"https://api.example.com/users/harbour/{word}" for word in (
    "avatar", "followers", "following", "gists", "starred", "subscriptions", "organizations",
    "repos", "events", "received_events", "html",
)}  # fmt: skip
REPOSITORY: Final = {"id": 7, "full_name": "harbour/parcels", "private": True, "owner": OWNER} | {
    f"{word}_url": f"https://api.example.com/repos/harbour/parcels/{word}{{/number}}"
    for word in (
        "archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits",
        "compare", "contents", "contributors", "deployments", "downloads", "events", "forks",
        "git_commits", "git_refs", "git_tags", "hooks", "issue_comment", "issue_events", "issues",
        "keys", "labels", "languages", "merges", "milestones", "notifications", "pulls",
        "releases", "stargazers", "statuses", "subscribers", "subscription", "tags", "teams",
    )
}  # fmt: skip


def run(number: int) -> bytes:
    """Return a workflow run as the REST API writes it, about ten kilobytes, on one line."""
    minute, second = divmod(number, 60)
    day, hour = divmod(minute // 60, 24)
    at = f"2026-{day // 28 % 12 + 1:02}-{day % 28 + 1:02}T{hour:02}:{minute % 60:02}:{second:02}Z"
    api = f"https://api.github.com/repos/harbour/parcels/actions/runs/{number}"
    record = {
        "id": number,
        "name": ("build", "test", "deploy")[number % 3],
        "head_branch": "main",
        "head_sha": f"{number:040x}",
        "path": ".github/workflows/build.yml",
        "run_number": number,
        "event": "push",
        "status": "completed",
        "conclusion": ("success", "success", "success", "failure")[number % 4],
        "workflow_id": number % 3,
        "url": api,
        "html_url": f"https://github.com/harbour/parcels/actions/runs/{number}",
        "pull_requests": [],
        "created_at": at,
        "updated_at": at,
        "run_attempt": 1,
        "run_started_at": at,
        "actor": OWNER,
        "triggering_actor": OWNER,
        **{f"{word}_url": f"{api}/{word}" for word in ("jobs", "logs", "artifacts", "cancel")},
        "head_commit": {"id": f"{number:040x}", "message": "Weigh parcels at the counter"},
        "repository": REPOSITORY,
        "head_repository": REPOSITORY,
    }
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def write_runs(path: Path, first: int, n_bytes: int) -> int:
    """Append runs to a file until so many bytes are written; return the next run's number."""
    number = first
    with path.open("ab") as file:
        while n_bytes > 0:
            lines = b"".join(map(run, range(number, number + 1000)))
            file.write(lines)
            n_bytes -= len(lines)
            number += 1000
    return number


def by_polars(path: Path, _: Path) -> int:
    """Read the needed fields with Polars."""
    import polars as pl

    schema: dict[str, pl.DataType] = dict.fromkeys(FIELDS, pl.String())
    schema |= {"id": pl.Int64(), "run_attempt": pl.Int64()}
    rows = pl.scan_ndjson(path, schema=schema).collect(engine="streaming")
    return rows.height


def by_duckdb(path: Path, _: Path) -> int:
    """Read the needed fields with DuckDB."""
    import duckdb

    columns = ", ".join(
        f"{name}: '{'BIGINT' if name in {'id', 'run_attempt'} else 'VARCHAR'}'" for name in FIELDS
    )
    query = f"read_json('{path}', format='newline_delimited', columns={{{columns}}})"
    return duckdb.sql(f"FROM {query}").arrow().read_all().num_rows


def by_load(path: Path, folder: Path) -> int:
    """Load the file as a source of the settings, into a store."""
    from devops_analytics.config import settings_from
    from devops_analytics.loading import load
    from devops_analytics.store import Store

    settings = settings_from({"sources": [{"kind": "github", "path": str(path)}]})
    report = load(settings, base=path.parent, store=Store(folder))
    if report.problems:
        raise SystemExit("\n".join(report.problems))
    return int(report.files["loaded"].sum())


def _timed(task: Callable[[Path, Path], int], path: Path, folder: Path, answer: object) -> None:
    # What is imported when first used is paid before the clock starts.
    small = folder.parent / "small.ndjson"
    small.write_bytes(b"".join(map(run, range(100))))
    task(small, folder.parent / f"warm-{task.__name__}")
    started = time.perf_counter()
    n_rows = task(path, folder)
    lasted = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    answer.put((n_rows, lasted, peak))  # type: ignore[attr-defined]


def measured(
    task: Callable[[Path, Path], int], path: Path, folder: Path
) -> tuple[int, float, float]:
    """Run a task in a process of its own; return rows, seconds and peak memory in GB."""
    context = multiprocessing.get_context("spawn")
    answer = context.SimpleQueue()
    child = context.Process(target=_timed, args=(task, path, folder, answer))
    child.start()
    child.join()
    if child.exitcode != 0:
        raise SystemExit(f"{task.__name__} failed")
    n_rows, lasted, peak = answer.get()
    return n_rows, lasted, peak


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "runs.ndjson"
        n_runs = write_runs(path, 0, int(arguments.gigabytes * 1e9))
        size = path.stat().st_size
        times: dict[str, list[float]] = {}
        peaks: dict[str, list[float]] = {}
        for number in range(arguments.rounds):
            for task in (by_polars, by_duckdb, by_load):
                n_rows, lasted, peak = measured(task, path, folder / f"store-{number}")
                if n_rows != n_runs:
                    raise SystemExit(f"{task.__name__} read {n_rows} of {n_runs} runs")
                times.setdefault(task.__name__, []).append(lasted)
                peaks.setdefault(task.__name__, []).append(peak)
        write_runs(path, n_runs, size // 100)
        for number in range(arguments.rounds):
            _, lasted, peak = measured(by_load, path, folder / f"store-{number}")
            times.setdefault("grown by 1 %", []).append(lasted)
            peaks.setdefault("grown by 1 %", []).append(peak)
    return report(size, n_runs, times, peaks)


def report(
    size: int, n_runs: int, times: dict[str, list[float]], peaks: dict[str, list[float]]
) -> int:
    """Print medians and ratios; return 0 where the goals are met."""
    print(f"{size / 1e9:.2f} GB, {n_runs:,} workflow runs")
    median = {name: statistics.median(values) for name, values in times.items()}
    for name, value in median.items():
        speed = size / 1e6 / value
        print(f"{value:8.2f} s  {speed:7.0f} MB/s  {max(peaks[name]):.2f} GB peak  {name}")
    ratio = median["by_load"] / min(median["by_polars"], median["by_duckdb"])
    grown = median["grown by 1 %"] / median["by_load"]
    peak = max(peaks["by_load"])
    goals = (
        ("load / the faster reader", ratio, MAX_RATIO),
        ("second load / first load", grown, MAX_GROWN),
        ("peak of the load in GB", peak, MAX_PEAK_GB),
    )
    for name, value, goal in goals:
        verdict = "ok" if value <= goal else "MISSED"
        print(f"{name}: {value:.3f} (goal: at most {goal:.3f}) {verdict}")
    return 0 if all(value <= goal for _, value, goal in goals) else 1


if __name__ == "__main__":
    sys.exit(main())
