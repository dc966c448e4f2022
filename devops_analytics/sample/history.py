"""Changes become the commits, branches and tags of a repository's history."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from devops_analytics.sample.changes import Change, Draft, Edit
from devops_analytics.sample.organisation import (
    FORMERLY,
    MOVED,
    MOVED_ON,
    OWNER,
    WEB_FLOW,
    Person,
    Repository,
)
from devops_analytics.sample.workdays import END, HISTORY_FROM, ZONE, after, local

MAIN: Final = "main"
_LONGEST_FILE: Final = 110
_FIRST_LENGTH: Final = 30
MAILMAP: Final = f"{MOVED.name} <{MOVED.address}> {FORMERLY.name} <{FORMERLY.address}>\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """A commit; `mark` names it before its sha is known. `{sha}` in the message is `reverts`."""

    mark: int
    branch: str
    parents: tuple[int, ...]
    author: Person
    authored_at: datetime
    committer: Person
    committed_at: datetime
    message: str
    files: Mapping[str, str]
    """Path → whole new content of the files that the commit changes."""
    reverts: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """A tag on a commit; an annotated one says when it was made."""

    name: str
    mark: int
    made_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Merged:
    """Where a change is in the history: the commit on the main branch and its branch's last."""

    merge: int | None
    tip: int | None


@dataclass(kw_only=True, slots=True)
class History:
    """The commits of a repository in an order in which parents come first, as it is built."""

    repository: Repository
    random: Random
    commits: list[Commit] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    main: list[tuple[datetime, int]] = field(default_factory=list)
    """When the main branch moved, and to which commit."""
    places: dict[str, Merged] = field(default_factory=dict)
    """Key of a change → where it is."""
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Path → lines, on the main branch."""

    @property
    def open_branches(self) -> frozenset[str]:
        """Names of the branches that are not merged, and therefore not deleted."""
        tips = {place.tip for place in self.places.values() if place.merge is None}
        return frozenset(commit.branch for commit in self.commits if commit.mark in tips)

    def head_at(self, moment: datetime) -> int:
        """Return the newest commit of the main branch at a moment."""
        later = bisect_right(self.main, moment, key=lambda move: move[0])
        return self.main[max(later - 1, 0)][1]


def history_of(
    repository: Repository, changes: Sequence[Change], numbers: Mapping[str, int], random: Random
) -> History:
    """Return the history that a repository's changes make; `numbers` are those of the requests.

    Merged changes are on the main branch, in the order of their merge. Those that are still open
    have their branches; branches of merged and closed ones are deleted.
    """
    history = History(repository=repository, random=random)
    _begin(history)
    merged = sorted((c for c in changes if c.merged_at), key=_merged_at)
    for change in merged:
        if repository.merge == "squash":
            _squash(history, change, numbers[change.key])
        else:
            _merge(history, change, numbers[change.key])
    for change in changes:
        if change.closed_at is None:
            tip = _branch(history, change)
            history.places[change.key] = Merged(merge=None, tip=tip)
    return history


def _merged_at(change: Change) -> datetime:
    return change.merged_at or END


def _begin(history: History) -> None:
    """Make the first commit: some files, and who is who."""
    part = history.repository.parts[0]
    start = [Edit(path=_in(part, name), added=_FIRST_LENGTH, deleted=0) for name in _FIRST_FILES]
    at = local(HISTORY_FROM, 8)
    contents = {".mailmap": MAILMAP} | _apply(history, history.files, start)
    mark = _add(
        history,
        branch=MAIN,
        parents=(),
        draft=Draft(
            author=WEB_FLOW, authored_at=at, committed_at=at, subject="Initial commit", edits=()
        ),
        message="Initial commit\n",
        files=contents,
    )
    history.main.append((at, mark))


_FIRST_FILES: Final = ("README.md", "src/api.py", "tests/test_api.py", "Dockerfile")


def _in(part: str, name: str) -> str:
    return f"{part}/{name}" if part else name


def _squash(history: History, change: Change, number: int) -> None:
    """Put all of a change into one commit on the main branch, as GitHub's squash button does."""
    at = _merged_at(change)
    edits = [edit for draft in change.drafts for edit in draft.edits]
    lines = [f"{change.title} (#{number})", ""]
    if len(change.drafts) > 1:
        lines += [f"* {draft.subject}" for draft in change.drafts] + [""]
    mark = _add(
        history,
        branch=MAIN,
        parents=(history.main[-1][1],),
        draft=Draft(
            author=change.author, authored_at=at, committed_at=at, subject=change.title, edits=()
        ),
        committer=WEB_FLOW,
        message="\n".join([*lines, *_trailer(history, change)]),
        files=_apply(history, history.files, edits),
        reverts=_reverted(history, change),
    )
    history.main.append((at, mark))
    history.places[change.key] = Merged(merge=mark, tip=None)


def _merge(history: History, change: Change, number: int) -> None:
    """Put a change's commits on a branch of their own and merge it into the main branch."""
    at = _merged_at(change)
    tip = _branch(history, change)
    edits = [edit for draft in change.drafts for edit in draft.edits]
    merger = change.reviews[-1].reviewer if change.reviews else change.author
    mark = _add(
        history,
        branch=MAIN,
        parents=(history.main[-1][1], tip),
        draft=Draft(author=merger, authored_at=at, committed_at=at, subject="", edits=()),
        committer=WEB_FLOW,
        message=(f"Merge pull request #{number} from {OWNER}/{change.branch}\n\n{change.title}\n"),
        files=_apply(history, history.files, edits),
    )
    history.main.append((at, mark))
    history.places[change.key] = Merged(merge=mark, tip=tip)


def _branch(history: History, change: Change) -> int:
    """Write a change's own commits, from where the main branch stood when it began."""
    begun = min(change.drafts[0].authored_at, _merged_at(change))
    parent = history.head_at(begun)
    files = dict(history.files)
    for draft in change.drafts:
        body = _trailer(history, change) if draft is change.drafts[-1] else []
        parent = _add(
            history,
            branch=change.branch,
            parents=(parent,),
            draft=draft,
            message="\n".join([draft.subject, "", *body]),
            files=_apply(history, files, draft.edits),
            reverts=_reverted(history, change),
        )
    return parent


def _reverted(history: History, change: Change) -> int | None:
    if change.reverts is None:
        return None
    place = history.places[change.reverts]
    return place.tip if place.tip is not None else place.merge


def _trailer(history: History, change: Change) -> list[str]:
    if change.reverts is not None:
        return ["This reverts commit {sha}.", ""]
    if len(change.drafts) > 2 and history.random.random() < 0.2:  # noqa: PLR2004 - pairs' work
        helper = change.reviews[0].reviewer if change.reviews else change.author
        return [f"Co-authored-by: {helper.name} <{helper.address}>", ""]
    return []


def _add(
    history: History,
    *,
    branch: str,
    parents: tuple[int, ...],
    draft: Draft,
    message: str,
    files: Mapping[str, str],
    committer: Person | None = None,
    reverts: int | None = None,
) -> int:
    author = _as_then(draft.author, draft.authored_at)
    mark = len(history.commits) + 1
    history.commits.append(
        Commit(
            mark=mark,
            branch=branch,
            parents=parents,
            author=author,
            authored_at=draft.authored_at,
            committer=committer or author,
            committed_at=draft.committed_at,
            message=message,
            files=files,
            reverts=reverts,
        )
    )
    return mark


def _as_then(person: Person, at: datetime) -> Person:
    """Return what somebody was called at the time."""
    is_former = person.login == MOVED.login and at.astimezone(ZONE).date() < MOVED_ON
    return FORMERLY if is_former else person


def _apply(
    history: History, files: dict[str, tuple[str, ...]], edits: Sequence[Edit]
) -> dict[str, str]:
    """Edit files in place and return the new contents of those that changed."""
    random = history.random
    for edit in edits:
        lines = files.get(edit.path, ())
        surplus = max(len(lines) + edit.added - edit.deleted - _LONGEST_FILE, 0)
        at = random.randrange(len(lines) + 1)
        rest = lines[at + edit.deleted + surplus :]
        new = tuple(f"item_{random.getrandbits(20):05x} = {at}" for _ in range(edit.added))
        files[edit.path] = lines[:at] + new + rest
    return {edit.path: "\n".join((*files[edit.path], "")) for edit in edits}


def tag_releases(history: History, releases: Sequence[tuple[datetime, datetime, bool]]) -> None:
    """Tag versions: the moment of the version, when it was tagged, whether it only repairs.

    A release candidate and a moving tag stand among them, as they do in real repositories.
    """
    minor, patch = 0, 0
    for version, made_at, is_repair in releases:
        minor, patch = (minor, patch + 1) if is_repair else (minor + 1, 0)
        mark = history.head_at(version)
        if not is_repair and minor % 8 == 0:
            candidate = f"v1.{minor}.0-rc.1"
            tagged = made_at - timedelta(hours=20)
            history.tags.append(Tag(name=candidate, mark=mark, made_at=max(tagged, version)))
        history.tags.append(Tag(name=f"v1.{minor}.{patch}", mark=mark, made_at=made_at))
    history.tags.append(Tag(name="nightly", mark=history.main[-1][1], made_at=None))


def clock_ahead(changes: Sequence[Change], *, not_before: datetime) -> tuple[Change, ...]:
    """Return the changes, one of which was written by somebody whose clock was two days ahead."""
    chosen = next(
        c
        for c in changes
        if c.merged_at and c.merged_at > not_before and not c.author.is_bot and len(c.drafts) == 1
    )
    return tuple(_ahead(c) if c.key == chosen.key else c for c in changes)


def _ahead(change: Change) -> Change:
    draft = change.drafts[0]
    at = after(_merged_at(change), 48)
    return replace(change, drafts=(replace(draft, authored_at=at, committed_at=at),))
