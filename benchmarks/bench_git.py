"""Reading a clone against git writing to nowhere: `python benchmarks/bench_git.py CLONE`.

Every round runs each task once, so that load on the machine hits all alike; medians are compared.
The clone is only read: what must change is a shared clone of it in a temporary folder.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from devops_analytics.config import Settings, settings_from
from devops_analytics.sources.git import GIT
from devops_analytics.sources.git_command import open_clone
from devops_analytics.sources.git_statistics import read_statistics
from devops_analytics.sources.source import Context, Draft

NEW_COMMITS = 100
GOALS = {"metadata and tags": 1.5, "file statistics": 1.0}


def git(clone: Path, *arguments: str, stdin: str = "") -> str:
    command = ["git", "-c", "safe.directory=*", "-C", str(clone), *arguments]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, errors="replace", check=True
    ).stdout


def git_to_nowhere(clone: Path, *arguments: str, stdin: str = "") -> None:
    command = ["git", "-c", "safe.directory=*", "-C", str(clone), *arguments]
    subprocess.run(command, input=stdin.encode(), stdout=subprocess.DEVNULL, check=True)


def seconds(task: Callable[[], object]) -> float:
    started = time.perf_counter()
    task()
    return time.perf_counter() - started


def loader(clone: Path, *, cache: Path | None, file_statistics: bool) -> Callable[[], list[Draft]]:
    entry = {"kind": "git", "path": str(clone), "file_statistics": file_statistics}
    settings: Settings = settings_from({"sources": [entry]})
    context = Context(settings=settings, label="bench", cache=cache)
    return lambda: list(GIT.read(clone, settings.sources[0], context))


def measure(clone: Path, rounds: int, folder: Path) -> tuple[dict[str, list[float]], int]:
    """Return the seconds of every task in every round, and how many commits had statistics."""
    drafts = {draft.table: draft for draft in loader(clone, cache=None, file_statistics=True)()}
    commits = drafts["commits"].rows
    counted = commits.filter(commits["files"].is_not_null())["sha"]
    shas = "".join(f"{sha}\n" for sha in counted)
    opened = open_clone(clone, "bench")
    expected = int(git(clone, "rev-list", "--count", "HEAD", "--tags"))
    if commits.height != expected:
        raise SystemExit(f"read {commits.height} commits, git counts {expected}")

    moving = folder / "moving.git"
    git(clone, "clone", "--quiet", "--bare", "--shared", ".", str(moving))
    branch = git(moving, "symbolic-ref", "HEAD").strip()
    newest = git(moving, "rev-parse", "HEAD").strip()
    before = git(moving, "rev-parse", f"HEAD~{NEW_COMMITS}").strip()

    times: dict[str, list[float]] = {}
    for number in range(rounds):
        cache = folder / str(number)
        git(moving, "update-ref", branch, before)
        loader(moving, cache=cache, file_statistics=True)()
        git(moving, "update-ref", branch, newest)
        tasks: dict[str, Callable[[], object]] = {
            "git log": lambda: git_to_nowhere(clone, "log"),
            "git log HEAD --tags": lambda: git_to_nowhere(clone, "log", "HEAD", "--tags"),
            "metadata and tags": loader(clone, cache=None, file_statistics=False),
            "git log --numstat": lambda: git_to_nowhere(
                clone, "log", "--numstat", "--no-walk=unsorted", "--stdin", stdin=shas
            ),
            "file statistics": lambda: read_statistics(opened, counted.to_list(), cache=None),
            "second load, new commits": loader(moving, cache=cache, file_statistics=True),
            "second load, nothing new": loader(moving, cache=cache, file_statistics=True),
        }
        for name, task in tasks.items():
            times.setdefault(name, []).append(seconds(task))
    return times, counted.len()


def report(times: dict[str, list[float]], n_counted: int) -> bool:
    """Print medians and ratios; return whether the goals are met."""
    median = {name: statistics.median(values) for name, values in times.items()}
    for name, value in median.items():
        print(f"{value:8.3f} s  {name}")
    ratios = {
        "metadata and tags": median["metadata and tags"] / median["git log"],
        "file statistics": median["file statistics"] / median["git log --numstat"],
    }
    print(f"file statistics of {n_counted} commits; second load after {NEW_COMMITS} on the branch")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores: ratios need idle ones")
    for name, ratio in ratios.items():
        verdict = "ok" if ratio <= GOALS[name] else "MISSED"
        print(f"{name}: {ratio:.2f} times git's own (goal: at most {GOALS[name]}) {verdict}")
    return all(ratio <= GOALS[name] for name, ratio in ratios.items())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clone", type=Path, help="a clone with tags and 10,000 commits or more")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        times, n_counted = measure(arguments.clone.resolve(), arguments.rounds, Path(folder))
    return 0 if report(times, n_counted) else 1


if __name__ == "__main__":
    sys.exit(main())
