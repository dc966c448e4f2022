"""Commits, releases and tags → commits and refs.

A clone knows the history better: its commits have an update time, which these have not, so theirs
win.
"""

import re
from collections.abc import Iterator
from typing import Final

from devops_analytics.sources.gitlab.events import ReleaseEvent, release_in
from devops_analytics.sources.gitlab.known import Key, Known
from devops_analytics.sources.gitlab.records import Commit, Release, Tag
from devops_analytics.sources.gitlab.runs import without_repository
from devops_analytics.sources.hotfixes import Hotfixes, subject_kind
from devops_analytics.sources.json_kinds import Reading, Refused, Row
from devops_analytics.sources.people import identity

IS_GONE: Final = "is_gone"
UPCOMING: Final = "upcoming_release"

_WITHOUT_REQUEST: Final = (
    "a commit names no merge request; save those of each as merge_requests/NUMBER/commits.json, or "
    "read a clone"
)
_REVERTED: Final = re.compile(r"This reverts commit ([0-9a-f]{40})\b")
_MERGED: Final = re.compile(r"^See merge request (\S*)!(\d+)\s*$", re.MULTILINE)


def commit(record: Commit, reading: Reading, known: Known, hotfixes: Hotfixes) -> Iterator[Row]:
    """Yield a commit.

    Its request is the one whose path its file has (`merge_requests/NUMBER/commits`), else the one
    that it merged by that one's record or by its own message.
    """
    repo = known.repository(record)
    if repo is None:
        yield "commits", without_repository(f"commit {record.id}")
        return
    parents = known.parents.get(Key(repo, record.id.lower()))
    change = _change(record, repo, known)
    if change is None and parents is None:
        reading.notes[_WITHOUT_REQUEST] += 1
    message = record.message or record.title
    reverted = _REVERTED.search(message or "")
    yield (
        "commits",
        {
            "repo": repo,
            "sha": record.id.lower(),
            # Commits of some requests are no history: all of it would seem to be unlinked.
            "parents": parents,
            "author": identity(record.author_name, record.author_email),
            "authored_at": record.authored_date,
            "committed_at": record.committed_date or record.created_at,
            "is_merge": None if parents is None else len(parents) > 1,
            "reverts_sha": reverted[1] if reverted else None,
            "change_id": change,
            "subject_kind": subject_kind(message, hotfixes),
        },
    )


def _change(record: Commit, repo: str, known: Known) -> str | None:
    named = known.of_commit.get(Key(repo, record.id.lower()))
    if named is not None:
        return named
    for project, number in _MERGED.findall(record.message or ""):
        if project in {"", repo} or project.rpartition("/")[2] == repo:
            return str(number)
    return None


def release(record: Release, _reading: Reading, known: Known) -> Iterator[Row]:
    """Yield a release; one that is to come has released nothing yet."""
    page = record.links.page if record.links is not None else None
    repo = known.repository(record, record.commit, page=page)
    if repo is None:
        yield "refs", without_repository(f"release {record.tag_name}")
    elif record.upcoming_release:
        said = f"release {record.tag_name} is still to come: nothing was released"
        yield "refs", Refused(UPCOMING, said)
    else:
        yield (
            "refs",
            {
                "repo": repo,
                "name": record.tag_name,
                "kind": "release",
                "sha": record.commit.id if record.commit is not None else None,
                "created_at": record.released_at or record.created_at,
            },
        )


def release_of_event(event: ReleaseEvent, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the release of an event, unless it tells of its end."""
    if event.action == "delete":
        yield "refs", Refused(IS_GONE, f"the release {event.tag} was deleted")
        return
    yield from release(release_in(event), reading, known)


def tag(record: Tag, _reading: Reading, known: Known) -> Iterator[Row]:
    """Yield a tag; GitLab tells when it was made only of annotated ones."""
    repo = known.repository(record, record.commit)
    if repo is None:
        yield "refs", without_repository(f"tag {record.name}")
        return
    row = {"repo": repo, "name": record.name, "kind": "tag", "created_at": record.created_at}
    sha = record.commit.id if record.commit is not None else None
    yield "refs", row | {"sha": sha}
