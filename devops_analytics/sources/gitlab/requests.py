"""Merge requests, notes and approvals → changes and reviews."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

import polars as pl

from devops_analytics.config import Settings
from devops_analytics.sources.gitlab.events import RequestEvent, request_in
from devops_analytics.sources.gitlab.known import Key, Known, RequestFacts
from devops_analytics.sources.gitlab.records import (
    Answer,
    Approvals,
    Discussion,
    MergeRequest,
    Note,
    Person,
    label_names,
)
from devops_analytics.sources.gitlab.runs import without_repository
from devops_analytics.sources.hotfixes import Hotfixes, title_kind
from devops_analytics.sources.json_kinds import NOT_NEEDED, Reading, Refused, Row
from devops_analytics.sources.moments import moments
from devops_analytics.sources.people import are_bots

CHANGE_NOT_KNOWN: Final = "change_not_known"
NOT_A_REVIEW: Final = "not_a_review"

APPROVED: Final = "approved"
SENTENCES: Final = {
    "approved this merge request": APPROVED,
    "unapproved this merge request": "unapproved",
    "requested changes": "changes_requested",
}
"""What GitLab itself notes of a review → the state of it."""
ACTIONS: Final = {
    "approved": APPROVED,
    "approval": APPROVED,
    "unapproved": "unapproved",
    "unapproval": "unapproved",
}
"""What an event says was done → the state of a review."""
_READY: Final = frozenset(
    {"marked this merge request as **ready**", "unmarked as a **work in progress**"}
)
_COMMENTED: Final = "commented"
_REQUEST: Final = "MergeRequest"
_PROGRAM: Final = re.compile(r"(?:project|group)_\d+_bot", re.IGNORECASE)
"""Whom GitLab makes for the access tokens of a project or group."""
_IN_PATH: Final = re.compile(r"(?:^|/)merge_requests/(\d+)/")
_MERGED: Final = "merged"
_WITHOUT_TIME: Final = (
    "approvals say not when they were given (GitLab before 18): save the notes of the requests too"
)


class Given(NamedTuple):
    """A review with the moment it was given, by somebody who is no program."""

    at: datetime
    written_at: str
    reviewer: str
    state: str


@dataclass(kw_only=True, slots=True)
class Reviewed:
    """What was given to each merge request, earliest first, and when it last left draft."""

    given: dict[Key, list[Given]] = field(default_factory=lambda: defaultdict(list))
    ready: dict[Key, str] = field(default_factory=dict)


# ---- What notes and approvals tell of requests ---- #


def reviewed(
    known: Known, approvals: Sequence[tuple[Approvals, str]], settings: Settings
) -> Reviewed:
    """Bring the reviews of all files together; approvals come with the label of their file."""
    noted = [
        (key, note.created_at, _login(note.author), state)
        for note in known.notes
        if (key := key_of_note(note, known)) is not None
        if (state := _state(note)) is not None
    ]
    listed = [
        (key, approval.approved_at, _login(approval.user), APPROVED)
        for record, label in approvals
        if (key := key_of_approvals(record, label, known)) is not None
        for approval in record.approved_by or ()
    ]
    acted = [
        (key, request.updated_at, login, ACTIONS[action])
        for key, request, login, action in known.acts
        if action in ACTIONS
    ]
    said = [*noted, *listed, *acted]
    at = moments([written for _, written, _, _ in said] + [note.created_at for note in known.notes])
    logins = pl.Series([login for _, _, login, _ in said], dtype=pl.String)
    found = Reviewed()
    programs = are_bots(logins, settings.people.bot_patterns)
    for (key, written, login, state), is_bot in zip(said, programs, strict=True):
        if is_bot or is_program(login) or written is None or written not in at:
            continue
        if _is_own(login, key, known):
            continue
        found.given[key].append(Given(at[written], written, login or "", state))
    for given in found.given.values():
        given.sort()
    _add_ready(found, known, at)
    return found


def _add_ready(found: Reviewed, known: Known, at: Mapping[str, datetime]) -> None:
    for note in known.notes:
        key, written = key_of_note(note, known), note.created_at
        if key is None or written is None or written not in at or not _is_ready(note):
            continue
        if key not in found.ready or at[written] > at[found.ready[key]]:
            found.ready[key] = written


def _sentence(note: Note) -> str:
    return (note.body or "").strip().lower()


def _is_ready(note: Note) -> bool:
    return note.system is True and _sentence(note) in _READY


def _state(note: Note) -> str | None:
    return SENTENCES.get(_sentence(note)) if note.system else _COMMENTED


def _login(person: Person | None) -> str | None:
    return person.username if person is not None else None


def _is_own(login: str | None, key: Key, known: Known) -> bool:
    author = known.requests[key].author if key in known.requests else None
    return bool(author) and (login or "").casefold() == (author or "").casefold()


def is_program(login: str | None) -> bool:
    """Say whether an account is one that GitLab made for an access token."""
    return _PROGRAM.match(login or "") is not None


def key_of_note(note: Note, known: Known) -> Key | None:
    """Return the merge request that a note is on; None where it is not known."""
    if note.noteable_type != _REQUEST:
        return None
    key = known.by_id.get(note.noteable_id or 0)
    if key is not None:
        return key
    repo = known.repository(Answer(project_id=note.project_id))
    return None if repo is None or note.noteable_iid is None else Key(repo, str(note.noteable_iid))


def key_of_approvals(record: Approvals, label: str, known: Known) -> Key | None:
    """Return the merge request that approvals are of, by themselves or by their file's path."""
    key = known.by_id.get(record.id or 0)
    if key is not None:
        return key
    repo = known.repository(Answer(project_id=record.project_id))
    in_path = _IN_PATH.search(label)
    number = record.iid if record.iid is not None else (in_path[1] if in_path else None)
    return None if repo is None or number is None else Key(repo, str(number))


# ---- Rows ---- #


def change(
    record: MergeRequest, _reading: Reading, known: Known, found: Reviewed, hotfixes: Hotfixes
) -> Iterator[Row]:
    """Yield a merge request, with its first review and approval by others."""
    repo = known.repository(record)
    if repo is None:
        yield "changes", without_repository(f"merge request {record.iid}")
        return
    key = Key(repo, str(record.iid))
    facts = known.requests.get(key, RequestFacts())
    given = found.given.get(key, [])
    approval = next((one for one in given if one.state == APPROVED), None)
    labels = label_names(record.labels)
    author = _login(record.author) or facts.author
    count = record.changes_count or ""
    yield (
        "changes",
        {
            "repo": repo,
            "change_id": key.number,
            "author": author,
            # An account that looks like a person's may be a program's too: its name decides.
            "is_bot": True if is_program(author) else None,
            "opened_at": record.created_at,
            "ready_at": _ready_at(record, facts, found.ready.get(key)),
            "first_review_at": given[0].written_at if given else None,
            "approved_at": approval.written_at if approval else None,
            **_ends(record, facts),
            "merge_sha": _merge_sha(record),
            "head_sha": record.sha,
            "base": record.target_branch,
            # Of very many GitLab says no more than `1000+`.
            "files": int(count) if count.isdecimal() else None,
            "labels": labels,
            "title_kind": title_kind(record.title, record.source_branch, labels, hotfixes),
            "updated_at": record.updated_at,
        },
    )


def _ready_at(record: MergeRequest, facts: RequestFacts, noted: str | None) -> str | None:
    return None if record.draft or record.work_in_progress else noted or facts.ready_at


def _ends(record: MergeRequest, facts: RequestFacts) -> dict[str, str | None]:
    """Return when it was merged and when it was closed, which a merge does too."""
    is_merged = record.state == _MERGED
    is_over = is_merged or record.state == "closed"
    merged = record.merged_at or (facts.merged_at if is_merged else None)
    closed = record.closed_at or (facts.closed_at if is_over else None)
    return {"merged_at": merged, "closed_at": merged or closed}


def _merge_sha(record: MergeRequest) -> str | None:
    """Return the commit that reached the trunk.

    Where the trunk was moved forward, no merge commit was made: it then ends with the squashed
    commit, else with the request's own last one.
    """
    if record.state != _MERGED:
        return None
    return record.merge_commit_sha or record.squash_commit_sha or record.sha


def change_of_event(
    event: RequestEvent, reading: Reading, known: Known, found: Reviewed, hotfixes: Hotfixes
) -> Iterator[Row]:
    """Yield the merge request of an event."""
    yield from change(request_in(event), reading, known, found, hotfixes)


def review(note: Note, _reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the review that a note is: GitLab's own note of one, or a comment by another."""
    if note.noteable_type != _REQUEST:
        said = f"note {note.id} is on no merge request"
        yield "reviews", Refused(NOT_NEEDED, said)
        return
    state = _state(note)
    if state is None and _is_ready(note):
        yield "reviews", None
        return
    if state is None:
        said = f"note {note.id} is GitLab's own, and tells of no review"
        yield "reviews", Refused(NOT_NEEDED, said)
        return
    key = key_of_note(note, known)
    if key is None:
        said = (
            f"note {note.id}: its merge request is not in the entry's files; save "
            "projects/ID/merge_requests too"
        )
        yield "reviews", Refused(CHANGE_NOT_KNOWN, said)
        return
    login = _login(note.author)
    if note.system is not True and _is_own(login, key, known):
        said = f"note {note.id} is a comment by who wrote the merge request"
        yield "reviews", Refused(NOT_A_REVIEW, said)
        return
    yield (
        "reviews",
        {
            "repo": key.repo,
            "change_id": key.number,
            "review_id": str(note.id),
            "reviewer": login,
            "state": state,
            "at": note.created_at,
            "updated_at": note.updated_at or note.created_at,
        },
    )


def reviews_of_discussion(record: Discussion, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the reviews that the notes of a thread are."""
    for note in record.notes:
        yield from review(note, reading, known)


def approvals_told(record: Approvals, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield nothing where approvals date their request, else why they do not.

    They are no reviews of their own, as GitLab notes each approval too.
    """
    if key_of_approvals(record, reading.context.label, known) is None:
        said = (
            "the approvals name no merge request; save them as merge_requests/NUMBER/approvals.json"
        )
        yield "reviews", Refused(CHANGE_NOT_KNOWN, said)
        return
    if any(one.approved_at is None for one in record.approved_by or ()):
        reading.notes[_WITHOUT_TIME] += 1
