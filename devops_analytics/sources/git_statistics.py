"""Lines and files changed by each commit: dear, so asked for once per sha and then kept."""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

import polars as pl

from devops_analytics.errors import ExportError
from devops_analytics.sources.git_cache import keep, kept
from devops_analytics.sources.git_command import Clone, run

PROCESSES: Final = 2
CHUNK: Final = 1_000
"""Most commits for one git process: a new one has to unpack anew what the last had at hand."""
_STOPS: Final = 3
_COMMITS_PER_STOP: Final = 20
"""Git stops at a commit whose files the clone lacks. It is started again behind it, as often as
so many stops for nothing, and one more for so many commits read, allow: a few lost files cost only
their commits, and a clone without files is soon given up."""

_COMMAND: Final = (
    *("diff-tree", "--stdin", "-z", "-r", "--root", "--always", "--numstat", "-M"),
    *("--no-ext-diff", "--no-textconv", "--ignore-submodules=none", "--diff-algorithm=myers"),
)
_FILE: Final = "statistics-1.parquet"
_SCHEMA: Final = {
    "sha": pl.String(),
    "path": pl.String(),
    "lines_added": pl.Int64(),
    "lines_deleted": pl.Int64(),
}

Progress = Callable[[str, int, int | None], None]
_Row = tuple[str, str | None, int | None, int | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Statistics:
    """What commits changed.

    `files` has the columns sha, path (after the change), lines_added and lines_deleted (null:
    binary); `commits` has sha, files, lines_added, lines_deleted, one row for every commit that
    could be read. `complaint` is what git said of those that could not, None if there are none.
    """

    files: pl.DataFrame
    commits: pl.DataFrame
    n_unread: int
    complaint: str | None


@dataclass(kw_only=True, slots=True)
class _Chunk:
    """What was read of some commits; a commit that changed nothing has one row without path."""

    rows: list[_Row] = field(default_factory=list)
    complaint: str | None = None


def read_statistics(
    clone: Clone, shas: Sequence[str], *, cache: Path | None, progress: Progress | None = None
) -> Statistics:
    """Return what the given commits changed; none of them may be a merge.

    What was read is kept in `cache`, also when the read is broken off. A commit whose files are
    not in the clone is left out.

    Raises:
        ExportError: git is not installed, or it was killed.
    """
    wanted = pl.DataFrame({"sha": shas}, schema={"sha": pl.String()})
    known = kept(cache, _FILE, _SCHEMA)
    missing = wanted.join(known, on="sha", how="anti", maintain_order="left")["sha"].to_list()
    fresh: list[_Row] = []
    complaint: str | None = None
    try:
        for chunk in _chunks(clone, missing, progress):
            fresh.extend(chunk.rows)
            complaint = complaint or chunk.complaint
    finally:
        if fresh:
            known = pl.concat([known, pl.DataFrame(fresh, schema=_SCHEMA, orient="row")])
            keep(cache, _FILE, known)
    rows = known.join(wanted, on="sha", how="semi")
    commits = rows.group_by("sha").agg(
        files=pl.col("path").count().cast(pl.Int64),
        lines_added=pl.col("lines_added").sum(),
        lines_deleted=pl.col("lines_deleted").sum(),
    )
    return Statistics(
        files=rows.filter(pl.col("path").is_not_null()),
        commits=commits,
        n_unread=wanted.height - commits.height,
        complaint=complaint,
    )


def _chunks(clone: Clone, shas: Sequence[str], progress: Progress | None) -> Iterator[_Chunk]:
    """Read commits with git processes side by side; neighbours share a chunk, and so deltas.

    All chunks are of one size and each process gets as many, so that none waits for another.
    """
    n_rounds = max(1, math.ceil(len(shas) / (PROCESSES * CHUNK)))
    size = max(1, math.ceil(len(shas) / (PROCESSES * n_rounds)))
    parts = [shas[start : start + size] for start in range(0, len(shas), size)]
    executor = ThreadPoolExecutor(max_workers=PROCESSES)
    try:
        done = 0
        for part, chunk in zip(
            parts, executor.map(lambda part: _read_chunk(clone, part), parts), strict=True
        ):
            yield chunk
            done += len(part)
            if progress is not None:
                progress(f"{clone.label}: file statistics", done, len(shas))
    finally:
        executor.shutdown(cancel_futures=True)


def _read_chunk(clone: Clone, shas: Sequence[str]) -> _Chunk:
    """Read some commits; where git stops for want of a file, go on behind that commit."""
    chunk = _Chunk()
    todo, n_read, n_stops = shas, 0, 0
    while todo and n_stops < _STOPS + n_read // _COMMITS_PER_STOP:
        finished = run(clone, *_COMMAND, stdin="\n".join(todo) + "\n")
        if finished.code < 0:
            raise ExportError(
                f"{clone.label}: git was killed while it read file statistics (signal "
                f"{-finished.code}). Load again: what was read so far is kept."
            )
        n_commits = _add(chunk, finished.output, stopped=finished.code != 0)
        n_read += n_commits
        if finished.code == 0:
            break
        n_stops += 1
        chunk.complaint = chunk.complaint or finished.complaint
        todo = todo[n_commits + 1 :]
    return chunk


def _add(chunk: _Chunk, output: bytes, *, stopped: bool) -> int:
    """Add what `diff-tree --numstat -z` printed and return how many commits that are.

    A sha holds no tab, numbers are always followed by one, and the two paths of a rename are
    taken by their place: whatever a path holds, it is not mistaken. Where git stopped, a sha
    without files after it is the commit that it stopped in.
    """
    values = iter(output.decode("utf-8", "replace").split("\0"))
    rows: dict[str, list[_Row]] = {}
    sha = ""
    for value in values:
        added, tab, rest = value.partition("\t")
        if not value:
            break
        if not tab:
            sha = value
            rows[sha] = []
            continue
        deleted, _, path = rest.partition("\t")
        if not path:
            path = next(islice(values, 1, None), "")
        rows[sha].append((sha, path, _lines(added), _lines(deleted)))
    if stopped and sha and not rows[sha]:
        del rows[sha]
    for commit, files in rows.items():
        chunk.rows.extend(files or [(commit, None, None, None)])
    return len(rows)


def _lines(text: str) -> int | None:
    return None if text == "-" else int(text)
