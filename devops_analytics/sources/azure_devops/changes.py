"""Pull requests, their votes and comments, commits and refs → changes, reviews, commits, refs."""

import re
from collections.abc import Iterator
from typing import Any, Final

from devops_analytics.sources.azure_devops.builds import without_repository
from devops_analytics.sources.azure_devops.known import (
    Given,
    Key,
    Known,
    account,
    change_of_thread,
    giver_of,
    is_service,
    repository_named,
    state_of,
)
from devops_analytics.sources.azure_devops.records import (
    Commit,
    PullRequest,
    Ref,
    Signature,
    Thread,
    branch_name,
    known_time,
    pull_request_in,
    repository_id_in,
)
from devops_analytics.sources.azure_devops.words import APPROVALS, VOTES
from devops_analytics.sources.hotfixes import subject_kind, subject_of, title_kind
from devops_analytics.sources.json_kinds import NOT_NEEDED, Reading, Refused, Row
from devops_analytics.sources.people import identity
from devops_analytics.sources.repositories import repository_name

CHANGE_NOT_KNOWN: Final = "change_not_known"
IS_GONE: Final = "is_gone"

_COMPLETED: Final = "completed"
_ABANDONED: Final = "abandoned"
_PREFIXES: Final = {"tag": "refs/tags/", "branch": "refs/heads/"}
_MERGED: Final = re.compile(r"^Merged PR (\d+):")
_REVERTED: Final = re.compile(r"This reverts commit ([0-9a-f]{40})\b")
_UNDATED: Final = (
    "a pull request tells votes without their times: save its threads (pullRequests/NUMBER/"
    "threads) too"
)


# ---- Pull requests ---- #


def change(pull: PullRequest, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield a change with its first review and approval by others, and the votes inside it."""
    said = repository_named(pull.repository, None)
    repo = repository_name(known.names, said)
    if repo is None:
        yield "changes", without_repository(f"pull request {pull.pull_request_id}")
        return
    key = Key(said or "", pull.pull_request_id)
    labels = None
    if pull.labels is not None:
        labels = [one.name for one in pull.labels if one.name and one.active is not False]
    source = branch_name(pull.source_ref_name)
    head = pull.last_merge_source_commit
    row = {
        "repo": repo,
        "change_id": str(pull.pull_request_id),
        "author": account(pull.created_by),
        "is_bot": True if is_service(pull.created_by) else None,
        "opened_at": known_time(pull.creation_date),
        "head_sha": head.commit_id if head is not None else None,
        "base": branch_name(pull.target_ref_name),
        "labels": labels,
        "title_kind": title_kind(pull.title, source, labels, known.hotfixes),
        "updated_at": known_time(pull.closed_date),
    }
    yield "changes", row | _reviewed(key, account(pull.created_by), known) | _ended(pull)
    if key not in known.voted:
        yield from _votes(pull, repo, reading)


def _reviewed(key: Key, author: str | None, known: Known) -> dict[str, Any]:
    others: list[Given] = [
        one
        for one in known.given.get(key, ())
        if one.reviewer != author and one.reviewer not in known.programs
    ]
    approvals = (one.written_at for one in others if one.state in APPROVALS)
    return {
        "first_review_at": others[0].written_at if others else None,
        "approved_at": next(approvals, None),
    }


def _ended(pull: PullRequest) -> dict[str, Any]:
    status = (pull.status or "").lower()
    is_merged = status == _COMPLETED
    closed_at = known_time(pull.closed_date) if status in {_COMPLETED, _ABANDONED} else None
    # Of an active request it is a commit that only tries out the merge.
    merge = pull.last_merge_commit if is_merged else None
    return {
        "merged_at": closed_at if is_merged else None,
        "closed_at": closed_at,
        "merge_sha": merge.commit_id if merge is not None else None,
    }


def _votes(pull: PullRequest, repo: str, reading: Reading) -> Iterator[Row]:
    """Yield the votes of a request that nothing dates; a group's is that of one of its members."""
    voters = [one for one in pull.reviewers or () if one.vote in VOTES and not one.is_container]
    for number, one in enumerate(voters, 1):
        reading.notes[_UNDATED] += 1
        told = {"repo": repo, "change_id": str(pull.pull_request_id)}
        given = {"reviewer": account(one), "state": VOTES[one.vote or 0]}
        yield "reviews", told | given | {"review_id": f"vote:{number}"}


def thread(record: Thread, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the reviews that the votes and comments of a thread are."""
    comments = record.comments or []
    states = [(one, state_of(record, one)) for one in comments]
    if not any(state for _, state in states):
        said = f"thread {record.id} is a note of the system, and no vote"
        yield "reviews", Refused(NOT_NEEDED, said)
        return
    key = change_of_thread(record, reading.context.label, known)
    repo = repository_name(known.names, key.repo if key is not None else None)
    if key is None or repo is None:
        said = (
            f"thread {record.id} names no pull request that is known; save each request's threads "
            "in a file with pullRequests/NUMBER in its path, and git/pullrequests too"
        )
        yield "reviews", Refused(CHANGE_NOT_KNOWN, said)
        return
    for comment, state in states:
        if comment.is_deleted:
            yield "reviews", Refused(IS_GONE, f"comment {comment.id} was deleted")
        elif state is not None:
            told = {"repo": repo, "change_id": str(key.number), "state": state}
            at = known_time(comment.published_date)
            who = account(giver_of(record, comment, known))
            given = {"review_id": f"{record.id}:{comment.id}", "reviewer": who}
            yield "reviews", told | given | {"at": at, "updated_at": at}


# ---- Commits and their names ---- #


def commit(record: Commit, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield a commit, with the pull request that names it, or that it or its file's path names."""
    repository = repository_id_in(record.url) or ""
    repo = repository_name(known.names, known.repositories.get(repository))
    if repo is None:
        yield "commits", without_repository(f"commit {record.commit_id}")
        return
    named = _MERGED.search(subject_of(record.comment))
    number = int(named[1]) if named else known.change_of.get(record.commit_id.lower())
    number = number or pull_request_in(f"/{reading.context.label}")
    reverted = _REVERTED.search(record.comment or "")
    authored = known_time(record.author.date) if record.author is not None else None
    made = known_time(record.committer.date) if record.committer is not None else None
    yield (
        "commits",
        {
            "repo": repo,
            "sha": record.commit_id,
            # Commits of some requests are no history: all of it would seem to be unlinked.
            "parents": record.parents if repository in known.with_graph else None,
            "author": _author(record.author),
            "authored_at": authored,
            "committed_at": made or authored,
            "is_merge": None if record.parents is None else len(record.parents) > 1,
            "reverts_sha": reverted[1] if reverted else None,
            "change_id": str(number) if number is not None else None,
            "subject_kind": subject_kind(record.comment, known.hotfixes),
        },
    )


def _author(signature: Signature | None) -> str | None:
    """Return name and address as git has them, so that a clone gives the same pseudonym."""
    return None if signature is None else identity(signature.name, signature.email)


def ref(record: Ref, _reading: Reading, known: Known) -> Iterator[Row]:
    """Yield a tag or a branch."""
    repo = repository_name(known.names, known.repositories.get(repository_id_in(record.url) or ""))
    kind = next((k for k in ("tag", "branch") if record.name.startswith(_PREFIXES[k])), None)
    if kind is None:
        said = f"{record.name} is neither a tag nor a branch"
        yield "refs", Refused(NOT_NEEDED, said)
    elif repo is None:
        yield "refs", without_repository(record.name)
    else:
        # A tag with a message is an object of its own, which points at the commit.
        sha = record.peeled_object_id or record.object_id
        yield "refs", {"repo": repo, "kind": kind, "name": branch_name(record.name), "sha": sha}
