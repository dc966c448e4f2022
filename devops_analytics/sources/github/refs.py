"""Releases and tags → refs."""

import re
from typing import Any, Final

from devops_analytics.sources.github.answers import Export, Found, Refusal
from devops_analytics.sources.github.part import REPOSITORY_NOT_KNOWN, Part
from devops_analytics.sources.github.records import Release, Tag
from devops_analytics.sources.repositories import Names, repository_name

COLUMNS: Final = ("repo", "name", "kind", "sha", "created_at", "updated_at")

_COMMIT: Final = re.compile(r"[0-9a-f]{40}", re.IGNORECASE)


def refs(export: Export, names: Names) -> Part:
    """Make rows of a file's releases and tags; a draft of a release names nothing yet."""
    part = Part(table="refs", columns=COLUMNS)
    for found in (*export.of("release"), *export.of("tag")):
        repo = repository_name(names, found.repository)
        if repo is None:
            part.refused.append(Refusal(found.number, *REPOSITORY_NOT_KNOWN))
        elif isinstance(found.record, Release) and found.record.draft:
            message = f"release {found.record.tag_name} is a draft: nothing was released"
            part.refused.append(Refusal(found.number, "draft_release", message))
        else:
            part.rows.append((found.number, repo, *_row(found)))
    return part


def _row(found: Found) -> tuple[Any, ...]:
    if isinstance(found.record, Release):
        release = found.record
        target = release.target_commitish or ""
        # A release mostly names the branch it was made from, which has moved since.
        sha = target if _COMMIT.fullmatch(target) else None
        published = release.published_at or release.created_at
        return release.tag_name, "release", sha, published, release.updated_at
    tag: Tag = found.record
    return tag.name, "tag", tag.commit.sha, None, None
