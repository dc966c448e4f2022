"""A load that is killed at any moment leaves the store as it was, and the next one goes on."""

import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path

import polars as pl
import pytest

from devops_analytics.config import Settings, settings_from
from devops_analytics.loading import load
from devops_analytics.store import PENDING, Store, quarantine, read_manifest, scan

KILLS = 50
ROWS = 400
CHANGES = frozenset({"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"})
"""What the interpreter tells of as it is about to happen to a file or folder."""
WRITES = os.O_WRONLY | os.O_RDWR
FEWEST_STEPS = 20


def settings() -> Settings:
    columns = {
        "deployment_id": "id",
        "service": "app",
        "environment": {"constant": "production"},
        "finished_at": "at",
        "result": "result",
        "updated_at": "changed",
    }
    table = {"kind": "table", "path": "*.csv", "table": "deployments", "columns": columns}
    runs = {"kind": "github", "path": "runs", "repository": "harbour/parcels"}
    return settings_from({"sources": [table, runs]})


def deployment(number: int, result: str, changed: int) -> str:
    at = f"2026-05-{number % 28 + 1:02}T10:00:00Z"
    return f"{number},pay,{at},{result},2026-06-{changed:02}T00:00:00Z\n"


def run(number: int) -> dict[str, object]:
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
        "jobs_url": "https://api.github.example/repos/harbour/parcels/actions/runs/1/jobs",
    }


def write_first(folder: Path) -> None:
    header = "id,app,at,result,changed\n"
    for name, first in (("a", 0), ("b", ROWS), ("c", 2 * ROWS)):
        lines = [deployment(first + n, "success", 1) for n in range(ROWS)]
        (folder / f"{name}.csv").write_text(header + "".join(lines))
    (folder / "runs").mkdir()
    (folder / "runs" / "1.json").write_text(json.dumps([run(n) for n in range(50)]))


def write_second(folder: Path) -> None:
    """One file grows, one changes, one vanishes, two are new, one of them with bad rows."""
    with (folder / "a.csv").open("a") as file:
        file.writelines(deployment(n, "failure", 2) for n in range(ROWS // 2))
    text = (folder / "b.csv").read_text()
    (folder / "b.csv").write_text(text.replace("success", "failure"))
    (folder / "c.csv").unlink()
    (folder / "d.csv").write_text("id,app,at,result,changed\n1,pay,no time,success,\nshort\n")
    (folder / "runs" / "2.json").write_text(json.dumps([run(n) for n in range(40, 90)]))


def load_it(folder: Path) -> None:
    load(settings(), base=folder, store=Store(folder / "store"), part_size=4096)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of the store that belongs to it, with its bytes."""
    store = folder / "store"
    return {
        path.relative_to(store).as_posix(): path.read_bytes()
        for path in sorted(store.rglob("*"))
        if path.is_file() and "cache" not in path.parts
    }


def tables(folder: Path) -> list[pl.DataFrame]:
    store = Store(folder / "store")
    manifest = read_manifest(store)
    rows = [
        scan(store, manifest, "deployments").sort("deployment_id").collect(),
        scan(store, manifest, "pipeline_runs").sort("run_id").collect(),
    ]
    return [*rows, quarantine(store, manifest).sort("file", "record")]


def is_one_of(found: list[pl.DataFrame], states: list[list[pl.DataFrame]]) -> bool:
    return any(all(a.equals(b) for a, b in zip(found, one, strict=True)) for one in states)


def load_up_to(folder: Path, step: int) -> None:
    """Load, and be killed right before the step-th change of any file or folder of the store."""
    n_done = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal n_done
        if event not in CHANGES or (event == "open" and not arguments[2] & WRITES):  # type: ignore[operator]
            return
        place = Path(str(arguments[0]))
        # What is removed with its folder is named within that folder.
        if not place.is_absolute() or place.is_relative_to(folder):
            n_done += 1
            if n_done == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    load_it(folder)


@dataclass(frozen=True)
class Killing:
    """Loads that are killed between two states of the exports, and what must hold after each."""

    folder: Path
    context: ForkServerContext

    def prepare(self) -> float:
        """Load both states, the second in another process; return how long that took."""
        first, clean = self.folder / "first", self.folder / "clean"
        first.mkdir()
        write_first(first)
        load_it(first)
        shutil.copytree(first, clean)
        write_second(clean)
        began = time.perf_counter()
        child = self.context.Process(target=load_it, args=(clean,))
        child.start()
        child.join()
        lasts = time.perf_counter() - began
        assert child.exitcode == 0
        assert not is_one_of(tables(first), [tables(clean)])
        return lasts

    def is_killed(
        self, target: Callable[..., None], *arguments: object, within: float | None = None
    ) -> bool:
        """Load the second state over the first, killed by itself or after some seconds.

        Readers see one of both states, and the next load makes the very files of a clean one.
        """
        first, clean, folder = (self.folder / name for name in ("first", "clean", "killed"))
        shutil.copytree(first, folder)
        write_second(folder)
        child = self.context.Process(target=target, args=(folder, *arguments))
        child.start()
        child.join(within)
        child.kill()
        child.join()
        assert child.exitcode in {0, -signal.SIGKILL}
        assert is_one_of(tables(folder), [tables(first), tables(clean)])
        load_it(folder)
        assert contents(folder) == contents(clean)
        shutil.rmtree(folder)
        return child.exitcode != 0


@pytest.fixture
def killing(tmp_path: Path) -> Killing:
    # Children come from a server that has only imported the library, so each is there at once.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["devops_analytics.loading"])
    return Killing(tmp_path, context)


@pytest.fixture
def moments() -> random.Random:
    """When to kill; the seed is fixed, how fast the machine is then decides what it hits."""
    return random.Random(20260923)


def test_a_load_killed_before_any_of_its_changes_gives_what_a_clean_one_gives(
    killing: Killing,
) -> None:
    killing.prepare()
    step = 1
    while killing.is_killed(load_up_to, step):
        step += 1
    # At least each of the six new parts and the manifest is opened or renamed at some step.
    assert step > FEWEST_STEPS


def test_a_load_killed_fifty_times_at_random_gives_what_a_clean_one_gives(
    killing: Killing, moments: random.Random
) -> None:
    lasts = killing.prepare()
    n_killed = 0
    while n_killed < KILLS:
        is_killed = killing.is_killed(load_it, within=moments.uniform(0, lasts))
        n_killed += is_killed
        # On a machine that has become faster, the moments would all come too late.
        lasts *= 1 if is_killed else 0.95


def test_what_a_killed_load_had_done_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_first(tmp_path)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("devops_analytics.loading.write_manifest", killed)
        with pytest.raises(KeyboardInterrupt):
            load_it(tmp_path)
    store = tmp_path / "store"
    assert len(list((store / PENDING).iterdir())) == 4
    done = {path: path.stat().st_mtime_ns for path in (store / "deployments").iterdir()}
    load_it(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert not (store / PENDING).exists()
