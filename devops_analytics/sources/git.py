"""A local clone, read with the git command line: commits, tags and branches, files changed."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from devops_analytics.config import GitSource, Settings
from devops_analytics.errors import ExportError
from devops_analytics.sources.file_kinds import file_kind
from devops_analytics.sources.git_cache import keep, kept
from devops_analytics.sources.git_command import Clone, answer, open_clone, output_of
from devops_analytics.sources.git_commits import SCHEMA, log, log_since
from devops_analytics.sources.git_refs import REFS, Names, read_names
from devops_analytics.sources.git_statistics import Statistics, read_statistics
from devops_analytics.sources.source import Context, Draft, Recognition, SourceKind

_VERSION: Final = "1"
"""Raised when the same history would now give other commits, so that kept ones are not used."""


def read(path: Path, entry: GitSource, context: Context) -> Iterator[Draft]:
    """Yield drafts of commits, refs and, unless the entry leaves them out, file changes.

    What is kept in the context's cache makes the next read look at new commits only. Nothing of
    a commit message is kept but what it says of reverts and changes.

    Raises:
        ExportError: the path is no clone, it has no commits, git failed or is not installed.
    """
    clone = open_clone(path, context.label)
    repo = entry.repository or repository_name(path)
    cache = _cache_folder(context)
    names = read_names(clone)
    commits = _commits(clone, names, context.settings, cache)
    statistics = None
    if entry.file_statistics:
        months = context.settings.definitions.history_months
        statistics = read_statistics(
            clone,
            _to_count(commits, names.tips, months=months),
            cache=cache,
            progress=context.progress,
        )
    yield _commits_draft(clone, commits, statistics, repo)
    yield _refs_draft(names, commits, repo)
    if statistics is not None:
        yield _files_draft(statistics, repo)


def repository_name(path: Path) -> str:
    """Return the name that a clone's folder gives its repository."""
    full = path.resolve()
    return full.name.removesuffix(".git") or full.parent.name


def recognise(path: Path) -> Recognition | None:
    """Return how a folder is read if it is a clone's own (worktree, bare), not a part of one."""
    if not ((path / ".git").exists() or (path / "HEAD").is_file()):
        return None
    if shutil.which("git") is None:
        return Recognition(
            kind="git",
            confidence=0.4,
            reason="looks like a clone, but git is not installed, so it can't be read",
        )
    try:
        open_clone(path, str(path))
    except ExportError:
        return None
    return Recognition(
        kind="git",
        confidence=1.0,
        reason="git takes it for a clone",
        suggestion={"repository": repository_name(path)},
    )


def state(path: Path) -> str:
    """Return what identifies all that a clone says: where its names point, and what it holds.

    Raises:
        ExportError: the path is no clone, or git is not installed.
    """
    clone = open_clone(path, str(path))
    packs = Path(answer(clone, "rev-parse", "--git-path", "objects/pack") or "")
    parts = (
        repr(
            output_of(clone, "for-each-ref", "--format=%(refname) %(objectname) %(symref)", *REFS)
        ),
        answer(clone, "rev-parse", "--quiet", "--verify", "HEAD"),
        answer(clone, "symbolic-ref", "--quiet", "HEAD"),
        " ".join(sorted(clone.boundary)),
        clone.mailmap,
        # A partial clone may be completed without any name moving.
        " ".join(sorted(pack.name for pack in (path / packs).glob("*.idx"))),
    )
    return hashlib.sha256("\0".join(part or "" for part in parts).encode()).hexdigest()


GIT: Final = SourceKind(
    kind="git",
    title="git",
    reads="a local clone: worktree, bare or mirror",
    tables=("commits", "refs", "file_changes"),
    read=read,
    recognise=recognise,
    state=lambda _, path: state(path),
    reads_folders=True,
)


def _cache_folder(context: Context) -> Path | None:
    if context.cache is None:
        return None
    return context.cache / "git" / hashlib.sha256(context.label.encode()).hexdigest()[:16]


def _commits(clone: Clone, names: Names, settings: Settings, cache: Path | None) -> pl.DataFrame:
    """Return the history, reading only what is not kept; of a shallow clone nothing is kept."""
    if clone.is_shallow:
        cache = None
    name = f"commits-{_fingerprint(clone, settings)}.parquet"
    known = kept(cache, name, SCHEMA)
    commits = log_since(clone, names.tips, settings, known) if known.height else None
    if commits is None:
        commits = log(clone, names.tips, settings)
    elif commits.height == known.height:
        return commits
    if cache is not None:
        for stale in cache.glob("commits-*.parquet"):
            stale.unlink()
        keep(cache, name, commits)
    return commits


def _fingerprint(clone: Clone, settings: Settings) -> str:
    """Return what identifies all that decides, besides git, what a commit becomes."""
    parts = (
        _VERSION,
        clone.mailmap,
        settings.people.model_dump_json(),
        *settings.definitions.hotfix_titles,
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _to_count(commits: pl.DataFrame, tips: tuple[str, ...], *, months: int) -> list[str]:
    """Return the commits whose statistics are wanted, newest first.

    They are those of the last months before the newest tip. A merge has no statistics of its own,
    and where a shallow clone was cut off git would show all files as new.
    """
    newest = pl.col("committed_at").filter(pl.col("sha").is_in(tips)).max()
    recent = pl.col("committed_at") >= newest.dt.offset_by(f"-{months}mo")
    wanted = pl.col("is_merge").not_() & recent
    return commits.filter(wanted).sort("committed_at", descending=True)["sha"].to_list()


def _commits_draft(
    clone: Clone, commits: pl.DataFrame, statistics: Statistics | None, repo: str
) -> Draft:
    # A commit never changes, so its own time is that of its only version; with it, the clone's row
    # wins over what an API tells of the same commit, which knows no graph and no statistics.
    rows = commits.with_columns(
        reverts_sha=resolved(commits), updated_at=pl.col("committed_at")
    ).drop("reverts")
    if statistics is not None:
        rows = rows.join(statistics.commits, on="sha", how="left")
    note = (
        f"shallow clone: what is before its {len(clone.boundary)} cut-off commit(s) is unknown; "
        "`git fetch --unshallow` brings it"
    )
    notes = (note,) if clone.is_shallow else ()
    return _draft("commits", rows, repo, ["committed_at", "sha"], notes)


def resolved(commits: pl.DataFrame) -> pl.Series:
    """Return the full shas that messages name; null where a short one could be several, or none.

    A full sha stays even if its commit is not in the history: it was rebased, or squashed.
    """
    shas, written = commits["sha"], commits["reverts"]
    full = shas.str.len_bytes().max()
    short = written.filter(written.str.len_bytes() < full).unique()
    names: dict[str, str] = {}
    for length in short.str.len_bytes().unique():
        starts = pl.DataFrame({"sha": shas, "start": shas.str.head(length)})
        found = starts.filter(pl.col("start").is_in(short.implode()))
        single = found.filter(pl.col("start").is_unique())
        names.update(zip(single["start"], single["sha"], strict=True))
    is_full = pl.col("reverts").str.len_bytes() == full
    return commits.select(
        pl.when(is_full)
        .then(pl.col("reverts"))
        .otherwise(pl.col("reverts").replace_strict(names, default=None, return_dtype=pl.String))
    ).to_series()


def _refs_draft(names: Names, commits: pl.DataFrame, repo: str) -> Draft:
    """A tag without a date of its own is as old as its commit; a branch is of no known age."""
    dates = commits.select("sha", "committed_at")
    own = pl.coalesce("created_at", "committed_at")
    rows = (
        names.rows.join(dates, on="sha", how="left")
        .with_columns(created_at=pl.when(pl.col("kind") == "tag").then(own))
        .drop("committed_at")
    )
    return _draft("refs", rows, repo, ["name"], names.notes)


def _files_draft(statistics: Statistics, repo: str) -> Draft:
    rows = statistics.files.with_columns(kind=file_kind(pl.col("path")))
    note = (
        f"lines and files changed are unknown for {statistics.n_unread} of "
        f"{statistics.n_unread + statistics.commits.height} commits: the clone lacks their files "
        f"(git says: {statistics.complaint}); a full clone (without --filter) has them"
    )
    notes = (note,) if statistics.n_unread else ()
    return _draft("file_changes", rows, repo, ["sha", "path"], notes)


def _draft(
    table: str, rows: pl.DataFrame, repo: str, order: list[str], notes: tuple[str, ...]
) -> Draft:
    """Sort the rows, so that reading on gives the same as reading all, and number them."""
    ordered = rows.sort(order, maintain_order=True).select(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("record"),
        pl.lit(repo).alias("repo"),
        pl.all(),
    )
    return Draft(table=table, rows=ordered, n_read=ordered.height, has_pseudonyms=True, notes=notes)
