"""Every metric of the suite at once: seconds, peak memory, the slowest five, and how time grows.

`python benchmarks/bench_metrics.py [--scales 0.1 1 10]`: at scale 1 there are 10 million pipeline
runs, 1 million commits (200 repositories, each a line of commits) with 5 million file changes,
200,000 changes with reviews, 1 million deployments and 100,000 incidents over two years. Each scale
is measured in a process of its own; loading from Parquet and linking are counted, imports are not.
Scale 10 (100 million runs) needs some 20 GB of disk and memory for its making: ask for it.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from bench_delivery import hexadecimal, moments, names

GOALS = {"seconds": 60.0, "gigabytes": 4.0}
RUNS = 10_000_000
COMMITS = 1_000_000
FILES_A_COMMIT = 5
CHANGES = 200_000
DEPLOYMENTS = 1_000_000
INCIDENTS = 100_000
SERVICES = 200
AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
PERIOD = "2026-Q2"
AUTHORS = 500


def settings() -> dict[str, object]:
    teams: dict[str, dict[str, dict[str, object]]] = {}
    for number in range(SERVICES):
        services = teams.setdefault(f"team-{number % 20:02}", {"services": {}})["services"]
        services[f"service-{number:03}"] = {"repositories": [f"repo-{number:03}"]}
    return {"teams": teams}


def make(folder: Path, scale: float) -> None:
    """Write the tables of an organisation."""
    generator = np.random.default_rng(20260701)
    commits = _commits(generator, int(COMMITS * scale))
    tables = {
        "commits": commits,
        "file_changes": _file_changes(generator, commits),
        "pipeline_runs": _runs(generator, commits, int(RUNS * scale)),
        "changes": _changes(generator, commits, int(CHANGES * scale)),
        "deployments": _deployments(generator, commits, int(DEPLOYMENTS * scale)),
        "incidents": _incidents(generator, int(INCIDENTS * scale)),
    }
    tables["reviews"] = _reviews(generator, tables["changes"])
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet", compression="zstd")


def _commits(generator: np.random.Generator, n: int) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "repo": names(generator, "repo-", n),
            "sha": hexadecimal(generator, n),
            "committed_at": moments(generator, n),
            "author": "author-" + pl.Series(generator.integers(0, AUTHORS, n)).cast(pl.String),
            "is_merge": generator.random(n) < 0.1,
            "is_bot": generator.random(n) < 0.1,
            "lines_added": generator.integers(0, 200, n),
            "lines_deleted": generator.integers(0, 100, n),
        }
    ).sort("repo", "committed_at")
    return frame.with_columns(
        authored_at="committed_at",
        parents=pl.concat_list(pl.col("sha").shift(1).over("repo")).list.drop_nulls(),
    )


def _file_changes(generator: np.random.Generator, commits: pl.DataFrame) -> pl.DataFrame:
    n = commits.height * FILES_A_COMMIT
    kinds = ["source", "test", "docs", "ci", "infrastructure", "config"]
    repeated = commits.select("repo", "sha").select(
        pl.all().repeat_by(FILES_A_COMMIT).list.explode()
    )
    numbers = pl.Series(np.tile(np.arange(FILES_A_COMMIT), commits.height)).cast(pl.String)
    return repeated.with_columns(
        path="src/file-" + numbers + ".py",
        lines_added=pl.Series(generator.integers(0, 50, n)),
        lines_deleted=pl.Series(generator.integers(0, 50, n)),
        kind=pl.Series(generator.choice(kinds, n, p=[0.6, 0.2, 0.05, 0.05, 0.05, 0.05])),
    )


def _runs(generator: np.random.Generator, commits: pl.DataFrame, n: int) -> pl.DataFrame:
    which = commits.select("repo", "sha", "committed_at")[generator.integers(0, commits.height, n)]
    seconds = generator.lognormal(5.5, 0.8, n).round().clip(1, 86_400)
    started = which["committed_at"] + timedelta(seconds=90)
    return pl.DataFrame(
        {
            "repo": which["repo"],
            "run_id": pl.Series(range(n)).cast(pl.String),
            "attempt": np.ones(n, dtype=np.int64),
            "pipeline": pl.Series(generator.choice(["build", "test", "lint"], n)),
            "sha": which["sha"],
            "branch": pl.Series(generator.choice(["main", "topic"], n, p=[0.8, 0.2])),
            "trigger": pl.Series(generator.choice(["push", "schedule"], n, p=[0.9, 0.1])),
            "queued_at": started - timedelta(seconds=20),
            "started_at": started,
            "finished_at": started
            + (pl.Series(seconds) * 1e6).cast(pl.Int64).cast(pl.Duration("us")),
            "result": pl.Series(np.where(generator.random(n) < 0.85, "success", "failure")),
        }
    )


def _changes(generator: np.random.Generator, commits: pl.DataFrame, n: int) -> pl.DataFrame:
    merged = commits.filter(~pl.col("is_bot"))[
        np.sort(generator.choice(commits.filter(~pl.col("is_bot")).height, n, replace=False))
    ]
    hours = pl.Series(generator.lognormal(2.5, 1.2, n))
    opened = merged["committed_at"] - (hours * 3.6e9).cast(pl.Int64).cast(pl.Duration("us"))
    return pl.DataFrame(
        {
            "repo": merged["repo"],
            "change_id": pl.Series(range(n)).cast(pl.String),
            "author": merged["author"],
            "opened_at": opened,
            "ready_at": opened,
            "first_review_at": opened + (merged["committed_at"] - opened) / 3,
            "approved_at": opened + (merged["committed_at"] - opened) / 2,
            "merged_at": merged["committed_at"],
            "merge_sha": merged["sha"],
            "lines_added": generator.integers(0, 400, n),
            "lines_deleted": generator.integers(0, 200, n),
            "files": generator.integers(1, 20, n),
            "base": pl.Series(["main"]).new_from_index(0, n),
        }
    )


def _reviews(generator: np.random.Generator, changes: pl.DataFrame) -> pl.DataFrame:
    n = changes.height
    return changes.select(
        "repo",
        "change_id",
        review_id="change_id",
        reviewer="author-" + pl.Series(generator.integers(0, AUTHORS, n)).cast(pl.String),
        state=pl.lit("approved"),
        at="approved_at",
    )


def _deployments(generator: np.random.Generator, commits: pl.DataFrame, n: int) -> pl.DataFrame:
    which = commits.select("repo", "sha", "committed_at")[generator.integers(0, commits.height, n)]
    waits = (pl.Series(generator.lognormal(2, 1, n)) * 3.6e9).cast(pl.Int64)
    finished = which["committed_at"] + waits.cast(pl.Duration("us"))
    return pl.DataFrame(
        {
            "deployment_id": pl.Series(range(n)).cast(pl.String),
            "service": which["repo"].str.replace("repo", "service"),
            "environment": pl.Series(["production"]).new_from_index(0, n),
            "repo": which["repo"],
            "sha": which["sha"],
            "finished_at": finished,
            "result": pl.Series(np.where(generator.random(n) < 0.96, "success", "failure")),
            "trigger": pl.Series(generator.choice(["pipeline", "person"], n, p=[0.9, 0.1])),
        }
    )


def _incidents(generator: np.random.Generator, n: int) -> pl.DataFrame:
    started = moments(generator, n)
    lasting = pl.Series(generator.lognormal(4.25, 1.25, n) * 60e6).cast(pl.Int64)
    resolved = started + lasting.cast(pl.Duration("us"))
    frame = pl.DataFrame(
        {
            "incident_id": pl.Series(range(n)).cast(pl.String),
            "service": names(generator, "service-", n),
            "started_at": started,
            "detected_at": started + timedelta(minutes=4),
            "created_at": started + timedelta(minutes=5),
            "acknowledged_at": started + timedelta(minutes=9),
            "resolved_at": resolved,
            "planned": generator.random(n) < 0.05,
        }
    )
    still_open = pl.Series(generator.random(n) < 0.02)
    return frame.with_columns(resolved_at=pl.when(~still_open).then("resolved_at"))


def measured(folder: Path) -> dict[str, object]:
    """Measure every metric by service, team and organisation; say how long each took."""
    from devops_analytics import Workspace
    from devops_analytics.metrics import METRICS

    started = time.perf_counter()
    frames = {path.stem: pl.scan_parquet(path) for path in folder.glob("*.parquet")}
    workspace = Workspace.from_frames(frames, settings=settings(), as_of=AS_OF)
    _ = workspace.links
    linked = time.perf_counter() - started
    seconds = {}
    n_rows = 0
    for declared in METRICS:
        before = time.perf_counter()
        for by in ("service", "team", "organisation"):
            n_rows += workspace.measure(PERIOD, by=by, metrics=[declared.id]).height
        seconds[declared.id] = time.perf_counter() - before
    return {
        "seconds": time.perf_counter() - started,
        "linking": linked,
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        "metrics": len(seconds),
        "measurements": n_rows,
        "slowest": sorted(seconds.items(), key=lambda pair: -pair[1])[:5],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scales", type=float, nargs="+", default=[0.1, 1.0])
    parser.add_argument("--measure", type=Path, help="(for the processes of its own)")
    arguments = parser.parse_args()
    if arguments.measure is not None:
        print(json.dumps(measured(arguments.measure)))
        return 0
    is_met = True
    for scale in arguments.scales:
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), scale)
            command = [sys.executable, __file__, "--measure", name]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        print(
            f"{RUNS * scale:12,.0f} runs: {found['seconds']:7.1f} s ({found['linking']:.1f} s of "
            f"linking), {found['gigabytes']:.2f} GB, {found['metrics']} metrics, "
            f"{found['measurements']:,} measurements"
        )
        for metric_id, seconds in found["slowest"]:
            print(f"{'':14}{seconds:7.1f} s  {metric_id}")
        if scale == 1:
            for what, goal in GOALS.items():
                verdict = "ok" if found[what] <= goal else "MISSED"
                print(f"{what}: {found[what]:.2f} (goal: at most {goal:.2f}) {verdict}")
                is_met &= found[what] <= goal
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
