"""Pull requests, their activity and commits of Bitbucket → changes, reviews and commits."""

import re
from collections.abc import Iterator
from typing import Any, Final

from devops_analytics.sources.bitbucket.known import (
    SHORT,
    Given,
    Key,
    Known,
    account,
    full_sha,
    is_app,
    pull_request_of,
    repository_changed,
)
from devops_analytics.sources.bitbucket.pipelines import without_repository
from devops_analytics.sources.bitbucket.records import (
    Account,
    Activity,
    Comment,
    Commit,
    PullRequest,
    Ref,
    hrefs,
    pull_request_in,
    repository_at,
    repository_of,
)
from devops_analytics.sources.hotfixes import subject_kind, subject_of, title_kind
from devops_analytics.sources.json_kinds import Reading, Refused, Row
from devops_analytics.sources.moments import moment
from devops_analytics.sources.repositories import repository_name

CHANGE_NOT_KNOWN: Final = "change_not_known"
IS_GONE: Final = "is_gone"

_ENDS: Final = frozenset({"MERGED", "DECLINED", "SUPERSEDED"})
_NAMED: Final = re.compile(r"\(pull request #(\d+)\)")
_REVERTED: Final = re.compile(r"This reverts commit ([0-9a-f]{40})\b")
_BY_ITS_CHANGE: Final = (
    "the export does not say when a pull request was merged or declined; taken as when it was "
    "changed last, which may be later: save its activity (pullrequests/NUMBER/activity) too"
)


# ---- Pull requests ---- #


def change(pull: PullRequest, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield a change with its first review and approval by others, and the reviews inside it."""
    said = repository_changed(pull)
    repo = repository_name(known.names, said)
    if repo is None:
        yield "changes", without_repository(f"pull request {pull.id}")
        return
    key = Key(said or "", pull.id)
    author = account(pull.author)
    branch = pull.source.branch.name if pull.source is not None and pull.source.branch else None
    to = pull.destination.branch if pull.destination is not None else None
    head = pull.source.commit.hash if pull.source is not None and pull.source.commit else None
    row = {
        "repo": repo,
        "change_id": str(pull.id),
        "author": author,
        "is_bot": True if is_app(pull.author) else None,
        "opened_at": pull.created_on,
        "head_sha": full_sha(head, known),
        "base": to.name if to is not None else None,
        "title_kind": title_kind(pull.title, branch, None, known.hotfixes),
        "updated_at": pull.updated_on,
    }
    yield "changes", row | _reviewed(key, author, known) | _ended(pull, key, reading, known)
    if key not in known.judged:
        for one in pull.participants or ():
            state = "approved" if one.approved else one.state
            if state and one.participated_on:
                given = _review(repo, pull.id, f"{state}:{one.participated_on}", one.user)
                yield "reviews", given | {"state": state, "at": one.participated_on}


def _reviewed(key: Key, author: str | None, known: Known) -> dict[str, Any]:
    others: list[Given] = [
        one
        for one in known.given.get(key, ())
        if one.reviewer != author and one.reviewer not in known.programs
    ]
    approvals = (one.written_at for one in others if one.state == "approved")
    return {
        "first_review_at": others[0].written_at if others else None,
        "approved_at": next(approvals, None),
    }


def _ended(pull: PullRequest, key: Key, reading: Reading, known: Known) -> dict[str, Any]:
    state = (pull.state or "").upper()
    if state not in _ENDS:
        return {"merged_at": None, "closed_at": None, "merge_sha": None}
    is_merged = state == "MERGED"
    at = known.ended.get((key, state)) or (_merged_by_commit(pull, known) if is_merged else None)
    if at is None:
        reading.notes[_BY_ITS_CHANGE] += 1
        at = pull.updated_on
    merge = pull.merge_commit.hash if pull.merge_commit is not None and is_merged else None
    return {
        "merged_at": at if is_merged else None,
        "closed_at": at,
        "merge_sha": full_sha(merge, known),
    }


def _merged_by_commit(pull: PullRequest, known: Known) -> str | None:
    """Return when the commit was made that the merge made.

    A merge that only moved the branch made none: it names one that was there before.
    """
    merge = pull.merge_commit
    whole = known.commits.get((merge.hash or "").lower()[:SHORT]) if merge is not None else None
    if whole is None or _change_named(whole) != str(pull.id):
        return None
    made, opened = moment(whole.date), moment(pull.created_on)
    return whole.date if made is not None and opened is not None and made >= opened else None


# ---- Reviews ---- #


def activity(record: Activity, _reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the review that a judgement or a comment is; an update only dates its request."""
    key = pull_request_of(record)
    if record.comment is not None:
        yield from _comment(record.comment, key, known)
        return
    judged = record.approval or record.changes_requested
    if judged is None:
        return
    repo = repository_name(known.names, key.repo if key is not None else None)
    if key is None or repo is None:
        yield "reviews", _without_change("a judgement")
        return
    state = "approved" if record.approval is not None else "changes_requested"
    given = _review(repo, key.number, f"{state}:{judged.date}", judged.user)
    yield "reviews", given | {"state": state, "at": judged.date, "updated_at": judged.date}


def comment(record: Comment, _reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the review that a comment is."""
    yield from _comment(record, pull_request_of(record), known)


def _comment(record: Comment, key: Key | None, known: Known) -> Iterator[Row]:
    repo = repository_name(known.names, key.repo if key is not None else None)
    if record.deleted:
        yield "reviews", Refused(IS_GONE, f"comment {record.id} was deleted")
    elif key is None or repo is None:
        yield "reviews", _without_change(f"comment {record.id}")
    else:
        at = {"at": record.created_on, "updated_at": record.updated_on or record.created_on}
        given = _review(repo, key.number, str(record.id), record.user)
        yield "reviews", given | {"state": "commented"} | at


def _review(repo: str, number: int, review_id: str, user: Account | None) -> dict[str, Any]:
    told = {"repo": repo, "change_id": str(number), "review_id": review_id}
    return told | {"reviewer": account(user)}


def _without_change(what: str) -> Refused:
    said = f"{what} names no pull request; export it with its `pullrequest` and its links"
    return Refused(CHANGE_NOT_KNOWN, said)


# ---- Commits and their names ---- #


def commit(record: Commit, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield a commit; the pull request is what its message or the path of its file names."""
    said = repository_of(record)
    repo = repository_name(known.names, said)
    if repo is None:
        yield "commits", without_repository(f"commit {record.hash}")
        return
    parents = None
    if record.parents is not None:
        parents = [full_sha(one.hash, known) or "" for one in record.parents]
    reverted = _REVERTED.search(record.message or "")
    number = pull_request_in(f"/{reading.context.label}")
    yield (
        "commits",
        {
            "repo": repo,
            "sha": record.hash,
            # Commits of some requests are no history: all of it would seem to be unlinked.
            "parents": parents if said in known.with_graph else None,
            "author": record.author.raw if record.author is not None else None,
            # It tells one time, and not whether the commit was first written then.
            "committed_at": record.date,
            "is_merge": None if parents is None else len(parents) > 1,
            "reverts_sha": reverted[1] if reverted else None,
            "change_id": _change_named(record) or (None if number is None else str(number)),
            "subject_kind": subject_kind(record.message, known.hotfixes),
        },
    )


def _change_named(record: Commit) -> str | None:
    found = _NAMED.search(subject_of(record.message))
    return found[1] if found else None


def ref(record: Ref, _reading: Reading, known: Known) -> Iterator[Row]:
    """Yield a tag or a branch."""
    target = record.target
    inside = target.repository.full_name if target is not None and target.repository else None
    repo = repository_name(known.names, inside or repository_at(*hrefs(record.links)))
    if repo is None:
        yield "refs", without_repository(f"{record.type} {record.name}")
        return
    row = {"repo": repo, "kind": record.type, "name": record.name, "updated_at": record.date}
    sha = target.hash if target is not None else None
    yield "refs", row | {"sha": sha, "created_at": record.date}
