"""Commits of pull requests, pushes and lists → commits.

The API gives no statistics of commits in lists, and a clone knows the history better: its commits
have an update time, which these have not, so theirs win.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, Final, NamedTuple

from devops_analytics.sources.github.answers import Export, Found, Refusal
from devops_analytics.sources.github.part import REPOSITORY_NOT_KNOWN, Part
from devops_analytics.sources.github.records import (
    Account,
    Commit,
    PullRequest,
    PushedCommit,
    Signature,
)
from devops_analytics.sources.hotfixes import Hotfixes, subject_kind, subject_of
from devops_analytics.sources.moments import moments
from devops_analytics.sources.people import identity
from devops_analytics.sources.repositories import Names, repository_name

COLUMNS: Final = (
    "repo", "sha", "parents", "author", "is_bot", "authored_at", "committed_at", "is_merge",
    "reverts_sha", "change_id", "subject_kind",
)  # fmt: skip

_CHANGE: Final = re.compile(r"^Merge pull request #(\d+)\b|\(#(\d+)\)$")
_REVERTED: Final = re.compile(r"This reverts commit ([0-9a-f]{40})\b")


class Key(NamedTuple):
    """A commit of a repository."""

    repo: str
    sha: str


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """What is known of the commits of all files together."""

    records: Mapping[Key, Commit | PushedCommit]
    """The fullest record of each."""
    changes: Mapping[Key, str]
    """The pull request that each is of."""
    with_graph: frozenset[str]
    """Repositories of which every commit's parents are there too."""


def history(exports: Sequence[Export], names: Names) -> History:
    """Bring the commits of all files together with the pull requests that they are of."""
    records: dict[Key, Commit | PushedCommit] = {}
    changes: dict[Key, str] = {}
    for found in (one for export in exports for one in export.of("commit")):
        key = commit_key(found, names)
        if key is None:
            continue
        if key not in records or isinstance(found.record, Commit):
            records[key] = found.record
        if found.change is not None:
            changes[key] = found.change
    parents = {key: _parents(record) for key, record in records.items()}
    gaps = {
        key.repo
        for key, above in parents.items()
        if above is None or any(Key(key.repo, sha) not in records for sha in above)
    }
    with_graph = frozenset({key.repo for key in records} - gaps)
    for key, number in _walked(exports, names, _graph(records), with_graph):
        changes.setdefault(key, number)
    return History(records=records, changes=changes, with_graph=with_graph)


def commit_key(found: Found, names: Names) -> Key | None:
    """Return what identifies a commit among all files; None: it names no repository."""
    repo = repository_name(names, found.repository)
    return None if repo is None else Key(repo, _sha(found.record))


def _sha(record: Commit | PushedCommit) -> str:
    return (record.sha if isinstance(record, Commit) else record.id).lower()


def _parents(record: Commit | PushedCommit) -> list[str] | None:
    if not isinstance(record, Commit) or record.parents is None:
        return None
    return [parent.sha.lower() for parent in record.parents if parent.sha]


class _Node(NamedTuple):
    """Where a commit stands: seconds since 1970 (0: not known), its parents."""

    at: float
    parents: list[Key]


def _graph(records: Mapping[Key, Commit | PushedCommit]) -> dict[Key, _Node]:
    times = {key: _times(record)[1] for key, record in records.items()}
    known = moments(times.values())
    graph = {}
    for key, record in records.items():
        at = known.get(times[key] or "")
        parents = [Key(key.repo, sha) for sha in _parents(record) or ()]
        graph[key] = _Node(0 if at is None else at.timestamp(), parents)
    return graph


def _walked(
    exports: Sequence[Export],
    names: Names,
    graph: Mapping[Key, _Node],
    with_graph: frozenset[str],
) -> Iterator[tuple[Key, str]]:
    """Yield each commit that lies between the base and the head of a pull request.

    A commit that several requests hold, as when one builds on another, is of the oldest of them.
    """
    ends: dict[tuple[str, int], tuple[set[Key], set[Key]]] = {}
    for found in (one for export in exports for one in export.of("pull_request")):
        pull: PullRequest = found.record
        repo = repository_name(names, found.repository)
        if repo is None:
            continue
        heads, bases = ends.setdefault((repo, pull.number), (set(), set()))
        if pull.head is not None and pull.head.sha:
            heads.add(Key(repo, pull.head.sha.lower()))
        if pull.base is not None and pull.base.sha:
            bases.add(Key(repo, pull.base.sha.lower()))
        merge = graph.get(Key(repo, (pull.merge_commit_sha or "").lower()))
        # The trunk just before the merge; the base of a request may be older.
        bases.update(merge.parents[:1] if merge is not None and pull.merged_at else ())
    taken: set[Key] = set()
    for (repo, number), (heads, bases) in sorted(ends.items()):
        # Without a base, all of a history would be the request's.
        if repo in with_graph and not bases & graph.keys():
            continue
        own = _between(bases, heads - taken, graph) - taken
        taken |= own
        yield from ((key, str(number)) for key in sorted(own))


def _between(bases: set[Key], heads: set[Key], graph: Mapping[Key, _Node]) -> set[Key]:
    """Return the known commits that heads reach and bases do not.

    As git does it, from the newest on, so that only what is newer than the fork is looked at.
    """
    own: set[Key] = set()
    below: set[Key] = set()
    waiting: list[tuple[float, bool, Key]] = []
    _await(waiting, heads, graph, is_own=True)
    _await(waiting, bases, graph, is_own=False)
    while any(is_own for _, is_own, _ in waiting):
        _, is_own, key = heappop(waiting)
        if key in below or (is_own and key in own):
            continue
        (own if is_own else below).add(key)
        if not is_own:
            own.discard(key)
        _await(waiting, graph[key].parents, graph, is_own=is_own)
    return own


def _await(
    waiting: list[tuple[float, bool, Key]],
    keys: Iterable[Key],
    graph: Mapping[Key, _Node],
    *,
    is_own: bool,
) -> None:
    for key in keys:
        if key in graph:
            heappush(waiting, (-graph[key].at, is_own, key))


def commits(export: Export, names: Names, known: History, hotfixes: Hotfixes) -> Part:
    """Make rows of a file's commits, each with all that the files of the entry know of it."""
    part = Part(table="commits", columns=COLUMNS)
    for found in export.of("commit"):
        key = commit_key(found, names)
        if key is None:
            part.refused.append(Refusal(found.number, *REPOSITORY_NOT_KNOWN))
        else:
            part.rows.append((found.number, *key, *_row(key, known, hotfixes)))
    return part


def _times(record: Commit | PushedCommit) -> tuple[str | None, str | None]:
    """Return when a commit was written and when it was made.

    A push tells one time of a commit, which does not say when it was first written.
    """
    if isinstance(record, PushedCommit):
        return None, record.timestamp
    written, made = record.commit.author, record.commit.committer
    authored = written.date if written is not None else None
    return authored, (made.date if made is not None else None) or authored


def _row(key: Key, known: History, hotfixes: Hotfixes) -> tuple[Any, ...]:
    record = known.records[key]
    parents = _parents(record)
    text = record.commit if isinstance(record, Commit) else record
    account = record.author if isinstance(record, Commit) else None
    reverted = _REVERTED.search(text.message or "")
    return (
        # Commits of some requests are no history: all of it would seem to be unlinked.
        parents if key.repo in known.with_graph else None,
        _author(text.author),
        True if isinstance(account, Account) and account.type == "Bot" else None,
        *_times(record),
        None if parents is None else len(parents) > 1,
        reverted[1] if reverted else None,
        known.changes.get(key) or _named_change(text.message),
        subject_kind(text.message, hotfixes),
    )


def _author(signature: Signature | None) -> str | None:
    """Return name and address as git has them, so that a clone gives the same pseudonym."""
    return None if signature is None else identity(signature.name, signature.email)


def _named_change(message: str | None) -> str | None:
    found = _CHANGE.search(subject_of(message))
    return (found[1] or found[2]) if found else None
