"""Pull requests and their reviews → changes and reviews."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import polars as pl

from devops_analytics.sources.github.answers import Export, Found, Refusal
from devops_analytics.sources.github.part import REPOSITORY_NOT_KNOWN, Part
from devops_analytics.sources.github.records import Account, PullRequest, Review
from devops_analytics.sources.hotfixes import Hotfixes, title_kind
from devops_analytics.sources.moments import moments
from devops_analytics.sources.people import are_bots
from devops_analytics.sources.repositories import Names, repository_name

CHANGE_COLUMNS: Final = (
    "repo", "change_id", "author", "is_bot", "opened_at", "ready_at", "first_review_at",
    "approved_at", "merged_at", "closed_at", "merge_sha", "head_sha", "base", "lines_added",
    "lines_deleted", "files", "labels", "title_kind", "updated_at",
)  # fmt: skip
REVIEW_COLUMNS: Final = ("repo", "change_id", "review_id", "reviewer", "state", "at", "updated_at")

_NUMBER: Final = re.compile(r"/pulls?/(\d+)")
_APPROVED: Final = "approved"
_LEFT_DRAFT: Final = "ready_for_review"


class Key(NamedTuple):
    """A pull request of a repository."""

    repo: str
    number: str


class Given(NamedTuple):
    """A review with the moment it was given, by somebody who is no program."""

    at: datetime
    written_at: str
    reviewer: str
    state: str


def given_reviews(
    exports: Sequence[Export], names: Names, bot_patterns: Sequence[str]
) -> dict[Key, list[Given]]:
    """Return the submitted reviews of each pull request in all files, earliest first."""
    reviews = [found.record for export in exports for found in export.of("review")]
    known = moments(review.submitted_at for review in reviews)
    logins = pl.Series([_login(review.user) for review in reviews], dtype=pl.String)
    given: dict[Key, list[Given]] = {}
    found_reviews = (found for export in exports for found in export.of("review"))
    for found, is_bot in zip(found_reviews, are_bots(logins, bot_patterns), strict=True):
        review: Review = found.record
        key = _reviewed(found, names)
        at = known.get(review.submitted_at or "")
        is_program = is_bot or (review.user is not None and review.user.type == "Bot")
        if key is None or at is None or review.submitted_at is None or is_program:
            continue
        login = _login(review.user) or ""
        state = (review.state or "").lower()
        given.setdefault(key, []).append(Given(at, review.submitted_at, login, state))
    return {key: sorted(found) for key, found in given.items()}


def _login(account: Account | None) -> str | None:
    return account.login if account is not None else None


def _reviewed(found: Found, names: Names) -> Key | None:
    repo = repository_name(names, found.repository)
    review: Review = found.record
    number = _NUMBER.search(review.pull_request_url or "") or _NUMBER.search(review.html_url or "")
    return None if repo is None or number is None else Key(repo, number[1])


def readied(exports: Sequence[Export], names: Names) -> dict[Key, str]:
    """Return when each pull request last left draft, which only events tell."""
    events = [
        found
        for export in exports
        for found in export.of("pull_request")
        if found.action == _LEFT_DRAFT
    ]
    known = moments(found.record.updated_at for found in events)
    ready: dict[Key, str] = {}
    for found in events:
        at, repo = found.record.updated_at, repository_name(names, found.repository)
        if repo is None or at not in known:
            continue
        key = Key(repo, str(found.record.number))
        if key not in ready or known[at] > known[ready[key]]:
            ready[key] = at
    return ready


def changes(
    export: Export,
    names: Names,
    reviews: Mapping[Key, list[Given]],
    ready: Mapping[Key, str],
    hotfixes: Hotfixes,
) -> Part:
    """Make rows of a file's pull requests, with their first review and approval by others.

    The API does not say when a draft became ready: without events `ready_at` is not known.
    """
    part = Part(table="changes", columns=CHANGE_COLUMNS)
    for found in export.of("pull_request"):
        repo = repository_name(names, found.repository)
        if repo is None:
            part.refused.append(Refusal(found.number, *REPOSITORY_NOT_KNOWN))
            continue
        pull: PullRequest = found.record
        author = (_login(pull.user) or "").casefold()
        key = Key(repo, str(pull.number))
        others = [
            given
            for given in reviews.get(key, ())
            if not author or given.reviewer.casefold() != author
        ]
        row = _change_row(pull, others, ready.get(key), hotfixes)
        part.rows.append((found.number, *key, *row))
    return part


def _change_row(
    pull: PullRequest, others: Sequence[Given], ready_at: str | None, hotfixes: Hotfixes
) -> tuple[Any, ...]:
    approval = next((given for given in others if given.state == _APPROVED), None)
    labels = _labels(pull)
    return (
        _login(pull.user),
        # An account that is called a user may be a program's too: its name decides.
        True if pull.user is not None and pull.user.type == "Bot" else None,
        pull.created_at,
        ready_at,
        others[0].written_at if others else None,
        approval.written_at if approval else None,
        pull.merged_at,
        pull.closed_at,
        # Of an open request the API names a commit that only tries out the merge.
        pull.merge_commit_sha if pull.merged_at else None,
        pull.head.sha if pull.head else None,
        pull.base.ref if pull.base else None,
        pull.additions,
        pull.deletions,
        pull.changed_files,
        labels,
        title_kind(pull.title, pull.head.ref if pull.head else None, labels, hotfixes),
        pull.updated_at,
    )


def _labels(pull: PullRequest) -> list[str] | None:
    return None if pull.labels is None else [label.name for label in pull.labels if label.name]


def reviews(export: Export, names: Names) -> Part:
    """Make rows of a file's reviews; a pending one has no time."""
    part = Part(table="reviews", columns=REVIEW_COLUMNS)
    for found in export.of("review"):
        key = _reviewed(found, names)
        if key is None:
            part.refused.append(
                Refusal(
                    found.number,
                    "change_not_known",
                    f"review {found.record.id}: names no pull request; export it with its "
                    "pull_request_url",
                )
            )
            continue
        review: Review = found.record
        state = review.state.lower() if review.state else None
        row = (*key, str(review.id), _login(review.user), state, review.submitted_at)
        part.rows.append((found.number, *row, review.updated_at or review.submitted_at))
    return part
