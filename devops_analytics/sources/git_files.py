"""Files of a clone: which ones commits changed, which ones a commit holds, what is in them."""

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from devops_analytics.errors import ExportError
from devops_analytics.sources.git_command import Clone, output_of, records, run

_FORMAT: Final = ("%H", "%P", "%ct", "%aN", "%aE")
_CHANGED: Final = ("diff-tree", "--stdin", "-z", "-r", "--root", "--raw", "--no-renames")
_REGULAR: Final = "100"
"""How the modes of regular files begin; links and submodules have others."""
_AT_ONCE: Final = 1 << 25
"""Bytes of content that are asked for at a time, so that not all of it is in memory."""


class Commit(NamedTuple):
    """A commit of the mainline; `committed` is in epoch seconds, `author` is `name <address>`."""

    sha: str
    parent: str
    committed: str
    author: str | None


class Change(NamedTuple):
    """A file that a commit changed; `blob` is None where it is gone, or no regular file."""

    commit: str
    path: str
    blob: str | None


class Blob(NamedTuple):
    """The content of a file; None where it can't be had, and `lack` says why."""

    sha: str
    data: bytes | None
    lack: str = ""


def mainline(clone: Clone, head: str) -> list[Commit]:
    """Return the commits that a branch itself went through, oldest first: first parents only.

    Raises:
        ExportError: git failed.
    """
    found: list[Commit] = []
    arguments = ("log", "-z", "--first-parent", "--encoding=UTF-8")
    wanted = f"--format={'%x00'.join(_FORMAT)}"
    for block in records(clone, *arguments, wanted, head, fields=len(_FORMAT), stdin=""):
        values = iter(block.decode("utf-8", "replace").split("\0"))
        for sha, parents, committed, name, address in zip(*[values] * len(_FORMAT), strict=True):
            author = f"{name} <{address}>" if address.strip() else name.strip()
            found.append(Commit(sha, parents.partition(" ")[0], committed, author or None))
    return found[::-1]


def changes(clone: Clone, commits: Iterable[Commit]) -> Iterator[Change]:
    """Yield the files that differ between each commit and its first parent, in this order.

    Raises:
        ExportError: git failed.
    """
    asked = "".join(f"{commit.sha} {commit.parent}".rstrip() + "\n" for commit in commits)
    sha = ""
    for values in _values(clone, *_CHANGED, "--no-abbrev", stdin=asked):
        for value in values:
            if not value.startswith(":"):
                sha = value
                continue
            _, mode, _, blob, _ = value.split(" ")
            yield Change(sha, next(values), blob if mode.startswith(_REGULAR) else None)


def _values(clone: Clone, *arguments: str, stdin: str) -> Iterator[Iterator[str]]:
    """Yield the values that git ends by NULs; a path stays with what is said of it."""
    pending: list[str] = []
    for block in records(clone, *arguments, fields=1, stdin=stdin):
        values = [*pending, *os.fsdecode(block).split("\0")]
        pending = values[-1:] if values[-1].startswith(":") else []
        yield islice(iter(values), len(values) - len(pending))


def tree(clone: Clone, commit: str) -> dict[str, str]:
    """Return the regular files of a commit: path → blob.

    Raises:
        ExportError: git failed.
    """
    listed = os.fsdecode(output_of(clone, "ls-tree", "-r", "-z", "--full-tree", commit))
    found: dict[str, str] = {}
    for entry in listed.split("\0")[:-1]:
        about, _, path = entry.partition("\t")
        mode, _, blob = about.split(" ")
        if mode.startswith(_REGULAR):
            found[path] = blob
    return found


def blobs(clone: Clone, shas: Iterable[str], *, largest: int) -> Iterator[Blob]:
    """Yield the content of each blob once; of one with more than `largest` bytes only the lack.

    Raises:
        ExportError: git failed.
    """
    wanted = list(dict.fromkeys(shas))
    sizes = _sizes(clone, wanted)
    chosen: list[str] = []
    total = 0
    for sha in wanted:
        size = sizes.get(sha)
        if size is None:
            yield Blob(sha, None, "the clone lacks its content (a full clone has it)")
        elif size > largest:
            yield Blob(sha, None, f"it has {size} bytes; at most {largest} are read")
        else:
            if chosen and total + size > _AT_ONCE:
                yield from _contents(clone, chosen)
                chosen, total = [], 0
            chosen.append(sha)
            total += size
    yield from _contents(clone, chosen)


def _sizes(clone: Clone, shas: list[str]) -> dict[str, int]:
    """Return the sizes of those blobs that are in the clone."""
    if not shas:
        return {}
    asked = run(clone, "cat-file", "--batch-check", stdin="".join(f"{sha}\n" for sha in shas))
    listed = asked.output
    if asked.code != 0:
        # At a partial clone git gives up over the first blob that it lacks.
        listed = output_of(clone, "cat-file", "--batch-check", "--batch-all-objects", "--unordered")
    known = set(shas)
    sizes: dict[str, int] = {}
    for line in listed.decode("ascii", "replace").splitlines():
        sha, _, about = line.partition(" ")
        kind, _, size = about.partition(" ")
        if kind == "blob" and sha in known:
            sizes[sha] = int(size)
    return sizes


def _contents(clone: Clone, shas: list[str]) -> Iterator[Blob]:
    if not shas:
        return
    output = output_of(clone, "cat-file", "--batch", stdin="".join(f"{sha}\n" for sha in shas))
    at = 0
    for sha in shas:
        end = output.find(b"\n", at)
        about = output[at:end].split(b" ")
        if end < 0 or len(about) != 3:  # noqa: PLR2004 - sha, kind, size
            raise ExportError(
                f"{clone.label}: git could not read the file content {sha}. Look at the clone with "
                f"`git -C {clone.path} fsck`, or clone the repository again."
            )
        start, size = end + 1, int(about[2])
        yield Blob(sha, output[start : start + size])
        at = start + size + 1
