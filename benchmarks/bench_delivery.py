"""DORA's five metrics over pipeline runs in Parquet, against hand-written DuckDB SQL.

`python benchmarks/bench_delivery.py [--runs 10000000] [--rounds 3]`: both engines give the numbers
of seven quarters, which are compared; then seconds, their ratio and each process's peak memory.
Every round starts one process for each engine, so load on the machine hits both alike.
"""

import argparse
import importlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from binascii import hexlify
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

GOALS = {"ratio": 1.5, "gigabytes": 1.0}
SERVICES = 200
START = datetime(2024, 7, 1, tzinfo=UTC)
AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
QUARTERS = [f"{year}-Q{quarter}" for year in (2024, 2025, 2026) for quarter in (1, 2, 3, 4)][3:10]
TEAMS = 20
COMMITS = 1_000_000
INCIDENTS = 50_000
SQL = Path(__file__).with_name("bench_delivery.sql")


# ---- The organisation ---- #


def settings() -> dict[str, object]:
    teams: dict[str, dict[str, dict[str, object]]] = {}
    for number in range(SERVICES):
        services = teams.setdefault(f"team-{number % TEAMS:02}", {"services": {}})["services"]
        services[f"service-{number:03}"] = {"repositories": [f"repo-{number:03}"]}
    rule = {"from": "runs", "pattern": "^deploy$", "branch": "^main$"}
    return {"teams": teams, "deployments": [rule]}


def moments(generator: np.random.Generator, n: int) -> pl.Series:
    seconds = int((AS_OF - START).total_seconds())
    offsets = generator.integers(0, seconds, n)
    return (pl.Series(offsets) * 1_000_000).cast(pl.Duration("us")) + START


def hexadecimal(generator: np.random.Generator, n: int) -> pl.Series:
    return pl.Series(np.frombuffer(hexlify(generator.bytes(20 * n)), dtype="S40")).cast(pl.String)


def names(generator: np.random.Generator, prefix: str, n: int) -> pl.Series:
    numbers = pl.Series(generator.integers(0, SERVICES, n)).cast(pl.String).str.zfill(3)
    return prefix + numbers


def make(folder: Path, n_runs: int) -> None:
    """Write runs, commits without a graph, and incidents; 6 % of the runs deploy successfully."""
    generator = np.random.default_rng(20260701)
    runs = _runs(generator, n_runs)
    runs.write_parquet(folder / "pipeline_runs.parquet", compression="zstd")
    _commits(generator).write_parquet(folder / "commits.parquet", compression="zstd")
    _incidents(generator, runs).write_parquet(folder / "incidents.parquet", compression="zstd")


def _runs(generator: np.random.Generator, n: int) -> pl.DataFrame:
    started = moments(generator, n)
    seconds = generator.lognormal(5.5, 0.8, n).round().clip(1, 86_400)
    draw = generator.random(n)
    frame = pl.DataFrame(
        {
            "repo": names(generator, "repo-", n),
            "run_id": pl.Series(range(n)).cast(pl.String),
            "attempt": np.ones(n, dtype=np.int64),
            "pipeline": pl.Series(
                generator.choice(["deploy", "test", "lint"], n, p=[0.1, 0.6, 0.3])
            ),
            "sha": hexadecimal(generator, n),
            "branch": pl.Series(generator.choice(["main", "topic"], n, p=[0.8, 0.2])),
            "trigger": pl.Series(generator.choice(["push", "schedule"], n, p=[0.9, 0.1])),
            "queued_at": started - timedelta(seconds=20),
            "started_at": started,
            "finished_at": started
            + (pl.Series(seconds) * 1e6).cast(pl.Int64).cast(pl.Duration("us")),
            "result": pl.Series(np.where(draw < 0.75, "success", "failure")),
        }
    )
    back = pl.Series(generator.random(n) < 0.03)
    versions = pl.col("sha").shift(2).over("repo", "pipeline", order_by="started_at")
    rolled_back = frame.with_columns(
        sha=pl.when(back).then(pl.coalesce(versions, "sha")).otherwise("sha")
    )
    again = rolled_back.filter(pl.Series(generator.random(n) < 0.02)).with_columns(
        pl.col("started_at", "finished_at") + pl.duration(minutes=30),
        attempt=pl.lit(2, dtype=pl.Int64),
    )
    return pl.concat([rolled_back, again])


def _commits(generator: np.random.Generator) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "repo": names(generator, "repo-", COMMITS),
            "sha": hexadecimal(generator, COMMITS),
            "committed_at": moments(generator, COMMITS),
            "is_merge": generator.random(COMMITS) < 0.1,
            "is_bot": generator.random(COMMITS) < 0.1,
        }
    )


def _incidents(generator: np.random.Generator, runs: pl.DataFrame) -> pl.DataFrame:
    n = INCIDENTS
    started = moments(generator, n)
    lasting = pl.Series(generator.lognormal(4.25, 1.25, n) * 60e6).cast(pl.Int64)
    named = runs.filter(pl.col("pipeline") == "deploy", pl.col("branch") == "main").sample(
        n, with_replacement=True, seed=1
    )
    frame = pl.DataFrame(
        {
            "incident_id": pl.Series(range(n)).cast(pl.String),
            "service": names(generator, "service-", n),
            "started_at": started,
            "resolved_at": started + lasting.cast(pl.Duration("us")),
            "planned": generator.random(n) < 0.05,
            "deployment_id": named.select(
                pl.concat_str(
                    pl.col("repo").str.replace("repo", "service"), pl.lit("@run "), "run_id"
                )
            ).to_series(),
        }
    )
    draw = pl.Series(generator.random(n))
    return frame.with_columns(
        service=pl.when(draw < 0.98).then("service"),
        resolved_at=pl.when((draw < 0.5) | (draw > 0.52)).then("resolved_at"),
        deployment_id=pl.when((draw > 0.9) & (draw < 0.95)).then("deployment_id"),
    )


# ---- The two engines ---- #


def with_package(folder: Path) -> dict[str, float]:
    # Each process loads its own engine only, so that neither pays for the other's memory.
    from devops_analytics.metrics import DORA_FIVE
    from devops_analytics.workspace import Workspace

    workspace = Workspace.from_frames(
        {
            name: pl.scan_parquet(folder / f"{name}.parquet")
            for name in ("pipeline_runs", "commits", "incidents")
        },
        settings=settings(),
        as_of=AS_OF,
    )
    rows = workspace.measure(QUARTERS, metrics=DORA_FIVE)
    return {f"{row['metric']} {row['period']}": row["value"] for row in rows.to_dicts()}


def with_duckdb(folder: Path) -> dict[str, float]:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET threads = 2")
    query = SQL.read_text(encoding="utf-8").replace("$folder", str(folder))
    found = connection.execute(query).fetchall()
    return {f"{metric} {period}": value for metric, period, value in found}


ENGINES: dict[str, Callable[[Path], dict[str, float]]] = {
    "package": with_package,
    "duckdb": with_duckdb,
}


MODULES = {"package": "devops_analytics.workspace", "duckdb": "duckdb"}


def run_engine(engine: str, folder: Path) -> None:
    """Run one engine in this process and print what it cost and gave as JSON."""
    started = time.perf_counter()
    importlib.import_module(MODULES[engine])
    imported = time.perf_counter()
    numbers = ENGINES[engine](folder)
    print(
        json.dumps(
            {
                "import": imported - started,
                "seconds": time.perf_counter() - imported,
                "peak": peak_memory(),
                "numbers": numbers,
            }
        )
    )


def peak_memory() -> int:
    """Return the most bytes that this process held; getrusage would count its parent's too."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def compare(numbers: dict[str, dict[str, float]]) -> int:
    package, duckdb = numbers["package"], numbers["duckdb"]
    if package.keys() != duckdb.keys():
        raise SystemExit(f"different numbers: {sorted(package.keys() ^ duckdb.keys())[:5]}")
    for name, value in package.items():
        if value is None or abs(value - duckdb[name]) > 1e-9 * max(1.0, abs(value)):
            raise SystemExit(f"{name}: package {value}, DuckDB {duckdb[name]}")
    return len(package)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.engine:
        run_engine(arguments.engine, arguments.folder)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        if not (folder / "incidents.parquet").exists():
            make(folder, arguments.runs)
        report(folder, arguments.rounds)


def report(folder: Path, rounds: int) -> None:
    seconds: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    imports: dict[str, list[float]] = {engine: [] for engine in ENGINES}
    peaks = dict.fromkeys(ENGINES, 0)
    numbers = {}
    for _ in range(rounds):
        for engine in ENGINES:
            command = [sys.executable, __file__, "--engine", engine, "--folder", str(folder)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            answer = json.loads(done.stdout)
            seconds[engine].append(answer["seconds"])
            imports[engine].append(answer["import"])
            peaks[engine] = max(peaks[engine], answer["peak"])
            numbers[engine] = answer["numbers"]
    print(f"{compare(numbers)} numbers are equal")
    medians = {engine: statistics.median(times) for engine, times in seconds.items()}
    for engine in ENGINES:
        loading = statistics.median(imports[engine])
        print(
            f"{engine:8} {medians[engine]:6.2f} s   peak {peaks[engine] / 1e9:.2f} GB   "
            f"(and {loading:.2f} s to import)"
        )
    ratio = medians["package"] / medians["duckdb"]
    print(f"ratio    {ratio:6.2f}     (goal: at most {GOALS['ratio']})")
    if ratio > GOALS["ratio"] or peaks["package"] / 1e9 > GOALS["gigabytes"]:
        print("missed the goal")


if __name__ == "__main__":
    main()
