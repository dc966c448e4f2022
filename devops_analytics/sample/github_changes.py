"""GitHub's REST answers about pull requests, reviews, issues and releases."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from random import Random
from typing import Any, Final

from devops_analytics.sample.changes import Change
from devops_analytics.sample.files import zulu
from devops_analytics.sample.history import MAIN, History
from devops_analytics.sample.organisation import OWNER, PEOPLE, Person
from devops_analytics.sample.rollouts import Trouble
from devops_analytics.sample.workdays import END, after
from devops_analytics.sample.world import Exported

API: Final = "https://api.github.com/repos"
SITE: Final = "https://github.com"


def number_for(*parts: object) -> int:
    """Return an id for a record, the same every time."""
    text = "/".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=5).digest())


def user(person: Person) -> dict[str, Any]:
    """Return an account as it stands in other records."""
    return {
        "login": person.login,
        "id": number_for("user", person.login),
        "type": "Bot" if person.is_bot else "User",
    }


def repository(name: str) -> dict[str, Any]:
    """Return a repository as it stands in other records."""
    return {
        "id": number_for("repository", name),
        "name": name,
        "full_name": f"{OWNER}/{name}",
    }


def pull(change: Change, exported: Exported, *, at: datetime = END) -> dict[str, Any]:
    """Return a pull request as the API would have shown it at a moment."""
    name, number = change.repository, exported.world.numbers[change.key]
    merged = change.merged_at if change.merged_at and change.merged_at < at else None
    closed = change.closed_at if change.closed_at and change.closed_at < at else None
    events = [change.opened_at, change.ready_at, merged, closed, *(r.at for r in change.reviews)]
    edits = [edit for draft in change.drafts for edit in draft.edits]
    return {
        "url": f"{API}/{OWNER}/{name}/pulls/{number}",
        "id": number_for("pull", name, number),
        "number": number,
        "state": "closed" if closed else "open",
        "title": change.title,
        "user": user(change.author),
        "body": None,
        "created_at": zulu(change.opened_at),
        "updated_at": zulu(max(event for event in events if event and event < at)),
        "closed_at": zulu(closed),
        "merged_at": zulu(merged),
        "merge_commit_sha": exported.merge_sha(change) if merged else None,
        "labels": [{"id": number_for("label", word), "name": word} for word in change.labels],
        "draft": change.ready_at is not None and change.ready_at >= at,
        "head": {
            "ref": change.branch,
            "sha": exported.head_sha(change),
        },
        "base": {"ref": MAIN, "repo": repository(name)},
        "merged": merged is not None,
        "commits": len(change.drafts),
        "additions": sum(edit.added for edit in edits),
        "deletions": sum(edit.deleted for edit in edits),
        "changed_files": len({edit.path for edit in edits}),
    }


def reviews(changes: Sequence[Change], exported: Exported) -> Iterator[dict[str, Any]]:
    """Yield the reviews of changes, each naming its pull request."""
    for change in changes:
        number = exported.world.numbers[change.key]
        address = f"{API}/{OWNER}/{change.repository}/pulls/{number}"
        for index, review in enumerate(change.reviews):
            yield {
                "id": number_for("review", change.key, index),
                "user": user(review.reviewer),
                "body": "",
                "state": review.state,
                "pull_request_url": address,
                "submitted_at": zulu(review.at),
                "commit_id": exported.head_sha(change),
            }


def issues(
    name: str, troubles: Sequence[Trouble], first_number: int, random: Random
) -> list[dict[str, Any]]:
    """Return a repository's issues: incidents by their label, and wishes between them."""
    found: list[tuple[datetime, datetime | None, str, tuple[str, ...]]] = []
    for trouble in troubles:
        words = ("incident", "sev1" if trouble.severity == "high" else "sev3")
        wished = after(trouble.started_at, -random.uniform(1, 200))
        found.append((wished, None, "Export as a spreadsheet", ("enhancement",)))
        found.append((trouble.started_at, trouble.resolved_at, trouble.title, words))
    people = [person for team in PEOPLE.values() for person in team]
    return [
        _issue(name, first_number + index, values, random.choice(people))
        for index, values in enumerate(sorted(found, key=lambda values: values[0]))
    ]


def _issue(
    name: str,
    number: int,
    values: tuple[datetime, datetime | None, str, tuple[str, ...]],
    author: Person,
) -> dict[str, Any]:
    opened, closed, title, labels = values
    return {
        "url": f"{API}/{OWNER}/{name}/issues/{number}",
        "repository_url": f"{API}/{OWNER}/{name}",
        "html_url": f"{SITE}/{OWNER}/{name}/issues/{number}",
        "id": number_for("issue", name, number),
        "number": number,
        "title": title,
        "user": user(author),
        "labels": [{"id": number_for("label", word), "name": word} for word in labels],
        "state": "closed" if closed else "open",
        "state_reason": "completed" if closed else None,
        "created_at": zulu(opened),
        "updated_at": zulu(closed or opened),
        "closed_at": zulu(closed),
        "body": None,
    }


def releases(history: History, author: Person) -> list[dict[str, Any]]:
    """Return the releases of a repository's tags, and one that is still a draft."""
    name = history.repository.name
    dated = {commit.mark: commit.committed_at for commit in history.commits}
    found: list[tuple[str, datetime, datetime | None]] = [
        (tag.name, dated[tag.mark], tag.made_at) for tag in history.tags if tag.made_at is not None
    ]
    found.append(("v2.0.0", dated[history.main[-1][1]], None))
    return [
        {
            "url": f"{API}/{OWNER}/{name}/releases/{number_for('release', name, tag)}",
            "html_url": f"{SITE}/{OWNER}/{name}/releases/tag/{tag}",
            "id": number_for("release", name, tag),
            "author": user(author),
            "tag_name": tag,
            "target_commitish": MAIN,
            "name": tag,
            "draft": published is None,
            "prerelease": "-rc." in tag,
            "created_at": zulu(created),
            "published_at": zulu(published),
            "assets": [],
            "body": "",
        }
        for tag, created, published in found
    ]
