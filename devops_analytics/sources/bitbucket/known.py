"""What all files of a Bitbucket entry tell of its records together."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

import polars as pl

from devops_analytics.config import Settings
from devops_analytics.config_tools import BitbucketSource
from devops_analytics.sources.bitbucket.records import (
    Account,
    Activity,
    Comment,
    Commit,
    Deployment,
    Environment,
    Issue,
    IssueChange,
    OneRepository,
    Pipeline,
    PullRequest,
    Step,
    hrefs,
    plain,
    pull_request_in,
    repository_at,
    repository_id,
    repository_of,
)
from devops_analytics.sources.bitbucket.server_records import (
    ServerPullRequest,
    repository_changed_there,
)
from devops_analytics.sources.bitbucket.words import CLOSED
from devops_analytics.sources.hotfixes import Hotfixes, hotfixes_of
from devops_analytics.sources.moments import moment
from devops_analytics.sources.people import are_bots, identity
from devops_analytics.sources.repositories import Names, names_of

SHORT: Final = 12
"""So many letters of a commit's id are given where it is not given in full."""


class Key(NamedTuple):
    """A pull request or an issue of a repository."""

    repo: str
    number: int


class Given(NamedTuple):
    """A judgement or a comment, with the moment it was given."""

    at: datetime
    written_at: str
    reviewer: str
    state: str


@dataclass(kw_only=True, slots=True)
class Known:
    """What records of an entry tell of each other."""

    names: Names
    hotfixes: Hotfixes
    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    began: dict[str, str] = field(default_factory=dict)
    """Pipeline → when its first step began."""
    environments: dict[str, Environment] = field(default_factory=dict)
    repositories: dict[str, str] = field(default_factory=dict)
    """By the id of the repository, or of a pipeline of it."""
    deployed: set[str] = field(default_factory=set)
    """Repositories that a deployment is known of."""
    given: dict[Key, list[Given]] = field(default_factory=lambda: defaultdict(list))
    programs: set[str] = field(default_factory=set)
    """Who of those is a program, by its own word or its name."""
    judged: set[Key] = field(default_factory=set)
    """Pull requests whose activity is there."""
    ended: dict[tuple[Key, str], str] = field(default_factory=dict)
    """Pull request and state → when it came to that state."""
    commits: dict[str, Commit] = field(default_factory=dict)
    """By the first letters of the commit's id."""
    with_graph: frozenset[str] = frozenset()
    """Repositories of which every commit's parents are there too."""
    closed: dict[Key, str] = field(default_factory=dict)
    """Issue → when it was closed last."""


def known_of(records: Iterable[Any], entry: BitbucketSource, settings: Settings) -> Known:
    """Bring the records of all files together."""
    known = Known(
        names=names_of(entry, settings),
        hotfixes=hotfixes_of(settings),
    )
    pulls: list[PullRequest] = []
    for record in records:
        if isinstance(record, PullRequest):
            pulls.append(record)
        else:
            _add(record, known)
    for pull in pulls:
        _add_participants(pull, known)
    for found in known.given.values():
        found.sort()
    known.programs |= _called_bots(known, settings.people.bot_patterns)
    _name_repositories(known)
    known.with_graph = _with_graph(known)
    return known


def _add(record: Any, known: Known) -> None:
    match record:
        case Pipeline():
            known.pipelines[record.uuid] = record
        case Step():
            _add_step(record, known)
        case Environment(uuid=str(uuid)):
            known.environments[uuid] = record
        case OneRepository(uuid=str(uuid)):
            known.repositories[plain(uuid) or ""] = record.full_name
        case Deployment():
            _add_deployment(record, known)
        case Activity():
            _add_activity(record, known)
        case Comment():
            _add_comment(record, pull_request_of(record), known)
        case Commit():
            known.commits[record.hash.lower()[:SHORT]] = record
        case IssueChange():
            _add_issue_change(record, known)


# ---- Pipelines ---- #


def _add_step(step: Step, known: Known) -> None:
    known.steps[step.uuid] = step
    pipeline = step.pipeline.uuid if step.pipeline is not None else None
    if pipeline is not None and step.started_on:
        known.began[pipeline] = min(known.began.get(pipeline, step.started_on), step.started_on)


def _add_deployment(deployment: Deployment, known: Known) -> None:
    repo = repository_deployed(deployment)
    if repo is None:
        return
    known.deployed.add(repo)
    release = deployment.release
    if release is not None and release.pipeline is not None and release.pipeline.uuid:
        known.repositories[plain(release.pipeline.uuid) or ""] = repo


def repository_deployed(deployment: Deployment) -> str | None:
    """Return the repository that a deployment is of."""
    release = deployment.release
    commit = release.commit if release is not None else None
    inside = commit.repository.full_name if commit is not None and commit.repository else None
    return (
        repository_of(deployment)
        or inside
        or repository_at(
            *hrefs(commit.links if commit is not None else None),
            release.url if release is not None else None,
        )
    )


def _name_repositories(known: Known) -> None:
    """Name the repositories of ids by those pipelines of which a deployment tells it."""
    for uuid, pipeline in known.pipelines.items():
        named = repository_of(pipeline) or known.repositories.get(plain(uuid) or "")
        by_id = repository_id(pipeline)
        if named is not None and by_id is not None:
            known.repositories.setdefault(by_id, named)


def repository_of_pipeline(pipeline: Pipeline, known: Known) -> str | None:
    """Return the repository of a pipeline by its own word, or by what is known of its id."""
    return (
        repository_of(pipeline)
        or known.repositories.get(plain(pipeline.uuid) or "")
        or known.repositories.get(repository_id(pipeline) or "")
    )


# ---- Pull requests, commits, issues ---- #


def pull_request_of(record: Activity | Comment) -> Key | None:
    """Return the pull request that a comment or another activity is of."""
    asked = record.pull_request if isinstance(record, Activity) else record.pullrequest
    addresses = hrefs(asked.links if asked is not None else None)
    if isinstance(record, Comment):
        addresses = (*addresses, *hrefs(record.links))
    number = asked.id if asked is not None else None
    if number is None:
        number = next((found for one in addresses if (found := pull_request_in(one or ""))), None)
    repo = repository_at(*addresses)
    return None if repo is None or number is None else Key(repo, number)


def _add_activity(activity: Activity, known: Known) -> None:
    key = pull_request_of(activity)
    if key is None:
        return
    known.judged.add(key)
    update = activity.update
    if update is not None and update.date and update.state:
        # A request may be changed after its end: the first word of it dates it.
        end = (key, update.state.upper())
        known.ended[end] = min(known.ended.get(end, update.date), update.date)
    if activity.approval is not None:
        _give(key, activity.approval.date, activity.approval.user, "approved", known)
    if activity.changes_requested is not None:
        asked = activity.changes_requested
        _give(key, asked.date, asked.user, "changes_requested", known)
    if activity.comment is not None:
        _add_comment(activity.comment, key, known)


def _add_comment(comment: Comment, key: Key | None, known: Known) -> None:
    if key is not None and not comment.deleted:
        _give(key, comment.created_on, comment.user, "commented", known)


def _add_participants(pull: PullRequest, known: Known) -> None:
    repo = repository_changed(pull)
    if repo is None:
        return
    key = Key(repo, pull.id)
    if key not in known.judged:
        for one in pull.participants or ():
            state = "approved" if one.approved else one.state
            if state:
                _give(key, one.participated_on, one.user, state, known)


def repository_changed(pull: PullRequest) -> str | None:
    """Return the repository that a pull request goes to."""
    inside = pull.destination.repository if pull.destination is not None else None
    return (inside.full_name if inside is not None else None) or repository_of(pull)


def _give(key: Key, date: str | None, user: Account | None, state: str, known: Known) -> None:
    at = moment(date)
    if at is None or date is None:
        return
    who = account(user) or ""
    if is_app(user):
        known.programs.add(who)
    known.given[key].append(Given(at, date, who, state))


def _called_bots(known: Known, patterns: Sequence[str]) -> set[str]:
    names = {one.reviewer for found in known.given.values() for one in found}
    called = pl.Series(sorted(names), dtype=pl.String)
    return set(called.filter(are_bots(called, patterns)))


def repository_said(record: Any) -> str | None:
    """Return the repository that a record names, whatever its kind."""
    said: str | None = None
    match record:
        case OneRepository():
            said = record.full_name
        case Deployment():
            said = repository_deployed(record)
        case PullRequest():
            said = repository_changed(record)
        case ServerPullRequest():
            said = repository_changed_there(record)
        case Activity() | Comment():
            key = pull_request_of(record)
            said = key.repo if key is not None else None
        case Pipeline() | Commit() | Issue():
            said = repository_of(record)
    return said


def account(user: Account | None) -> str | None:
    """Return what a person is known by: a nickname, which tells programs, and a lasting id."""
    if user is None:
        return None
    return identity(user.nickname, user.account_id or plain(user.uuid))


def is_app(user: Account | None) -> bool:
    """Say whether Bitbucket itself calls an account a program's."""
    return user is not None and user.type == "app_user"


def full_sha(commit_hash: str | None, known: Known) -> str | None:
    """Return the id of a commit in full where a record of it is there, else as it is given."""
    found = known.commits.get((commit_hash or "").lower()[:SHORT])
    return found.hash if found is not None else commit_hash


def _with_graph(known: Known) -> frozenset[str]:
    repos: set[str] = set()
    gaps: set[str] = set()
    for commit in known.commits.values():
        repo = repository_of(commit)
        if repo is None:
            continue
        repos.add(repo)
        above = [parent.hash or "" for parent in commit.parents or ()]
        if commit.parents is None or any(one[:SHORT].lower() not in known.commits for one in above):
            gaps.add(repo)
    return frozenset(repos - gaps)


def _add_issue_change(change: IssueChange, known: Known) -> None:
    issue, state = change.issue, change.changes.state if change.changes is not None else None
    repo = repository_of(issue) if issue is not None else None
    if issue is None or repo is None or issue.id is None or state is None or not change.created_on:
        return
    key = Key(repo, issue.id)
    if (state.new or "").lower() in CLOSED:
        known.closed[key] = max(known.closed.get(key, change.created_on), change.created_on)
