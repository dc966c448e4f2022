"""Tags and branches of a clone, and the commit that its default branch is at."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from devops_analytics.errors import ExportError
from devops_analytics.sources.git_command import Clone, answer, output_of
from devops_analytics.sources.git_commits import utc

REFS: Final = ("refs/tags/", "refs/heads/", "refs/remotes/")
"""Where the names are that matter, those first that keep a name which two would have."""

_FIELDS: Final = (
    "refname",
    "objecttype",
    "objectname",
    "*objecttype",
    "*objectname",
    "taggerdate:unix",
    "symref",
)
_FORMAT: Final = "%00".join(f"%({field})" for field in _FIELDS)
_USUAL_NAMES: Final = ("main", "master", "trunk")
_SCHEMA: Final = dict.fromkeys(("name", "kind", "sha", "tagged"), pl.String())


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """The names of a clone.

    `rows` has the columns name, kind (tag or branch), sha (null: it names no commit) and
    created_at (null: not an annotated tag). `tips` are the commits of the default branch and of
    the tags: what can be reached from them is the history.
    """

    rows: pl.DataFrame
    tips: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ref:
    full_name: str
    sha: str | None
    tagged: str
    """When an annotated tag was made, in epoch seconds; empty: it is none, or has no date."""
    target: str
    """The full name of the ref that it stands for; empty: it stands for itself."""


def read_names(clone: Clone) -> Names:
    """Return tags, branches and, as `HEAD`, the default branch.

    The default branch is the one that HEAD is at. A HEAD without commits (a fresh mirror whose
    HEAD names another branch) gives way to the remote's default branch, then to the only branch,
    then to one of a usual name.

    Raises:
        ExportError: the clone has no commits, or a name points at what is not there.
    """
    refs = _refs(clone)
    default, notes = _default(clone, refs)
    named = _named([ref for ref in refs if not _is_remote_head(ref)])
    rows = [
        {
            "name": name,
            "kind": "tag" if ref.full_name.startswith("refs/tags/") else "branch",
            "sha": ref.sha,
            "tagged": ref.tagged,
        }
        for name, ref in named.items()
    ]
    if default is not None:
        rows.append({"name": "HEAD", "kind": "branch", "sha": default, "tagged": ""})
    tips = {row["sha"] for row in rows if row["kind"] == "tag" or row["name"] == "HEAD"} - {None}
    if not tips:
        raise ExportError(_no_commits(clone, refs))
    if not any(row["kind"] == "tag" for row in rows):
        notes = (*notes, "the clone has no tags, so no version of it can be found by name")
    return Names(
        rows=pl.DataFrame(rows, schema=_SCHEMA).select(
            "name", "kind", "sha", created_at=utc("tagged")
        ),
        tips=tuple(sorted(map(str, tips))),
        notes=notes,
    )


def default_branch(clone: Clone) -> tuple[str, tuple[str, ...]]:
    """Return the commit that the default branch is at, and what is odd about it.

    Raises:
        ExportError: the clone has no commits, or none of its branches is plainly the default one.
    """
    refs = _refs(clone)
    sha, notes = _default(clone, refs)
    if sha is None:
        raise ExportError(_no_commits(clone, refs))
    return sha, notes


def _refs(clone: Clone) -> list[_Ref]:
    listed = output_of(clone, "for-each-ref", f"--format={_FORMAT}", *REFS)
    return [_ref(clone, line) for line in listed.decode("utf-8", "replace").splitlines()]


def _ref(clone: Clone, line: str) -> _Ref:
    name, kind, sha, inner_kind, inner_sha, tagged, target = line.split("\0")
    commit: str | None = None
    if "commit" in (kind, inner_kind):
        commit = sha if kind == "commit" else inner_sha
    elif inner_kind == "tag":
        # Git before 2.45 looks only one step into a tag of a tag.
        commit = answer(clone, "rev-parse", "--quiet", "--verify", f"{name}^{{commit}}")
    return _Ref(
        full_name=name,
        sha=commit,
        tagged=tagged,
        target=target,
    )


def _is_remote_head(ref: _Ref) -> bool:
    return ref.full_name.startswith("refs/remotes/") and ref.full_name.endswith("/HEAD")


def _named(refs: list[_Ref]) -> dict[str, _Ref]:
    """Give every ref its short name; where two would share one, the tag keeps it."""
    named: dict[str, _Ref] = {}
    for folder in REFS:
        for ref in refs:
            if ref.full_name.startswith(folder):
                short = ref.full_name.removeprefix(folder)
                taken = short in named or short == "HEAD"
                named[ref.full_name.removeprefix("refs/") if taken else short] = ref
    return named


def _default(clone: Clone, refs: list[_Ref]) -> tuple[str | None, tuple[str, ...]]:
    """Return the commit of the default branch, and what is odd about it."""
    head = answer(clone, "rev-parse", "--quiet", "--verify", "HEAD^{commit}")
    remote = next((ref for ref in refs if _is_remote_head(ref) and ref.sha), None)
    if head is not None:
        if remote is None or remote.sha == head:
            return head, ()
        branch = answer(clone, "symbolic-ref", "--quiet", "--short", "HEAD") or head[:12]
        default = (remote.target or remote.full_name).removeprefix("refs/remotes/")
        note = (
            f"HEAD ({branch}) is not where {default} is; the commits of HEAD are read, as "
            f"`git log` shows them (for those of {default}, check it out)"
        )
        return head, (note,)
    usual = remote or _usual(refs)
    if usual is None:
        return None, ()
    name = (usual.target or usual.full_name).removeprefix("refs/")
    return usual.sha, (f"HEAD names a branch without commits; {name} is read instead",)


def _usual(refs: list[_Ref]) -> _Ref | None:
    """Return the branch that must be meant where HEAD names none."""
    branches = [ref for ref in refs if ref.full_name.startswith("refs/heads/")]
    if len(branches) == 1:
        return branches[0]
    named = {ref.full_name.removeprefix("refs/heads/"): ref for ref in branches}
    return next((named[name] for name in _USUAL_NAMES if name in named), None)


def _no_commits(clone: Clone, refs: list[_Ref]) -> str:
    branches = [ref.full_name.removeprefix("refs/") for ref in refs if ref.sha]
    if not branches:
        return (
            f"{clone.label}: the repository at {clone.path} has no commits. Fetch its history "
            "(`git fetch`), or remove the source from the settings."
        )
    return (
        f"{clone.label}: HEAD of {clone.path} names a branch without commits, and none of its "
        f"branches is plainly the default one: {', '.join(branches[:10])}. Say which: "
        "`git symbolic-ref HEAD refs/heads/<branch>`."
    )
