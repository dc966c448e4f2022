"""What all files of an Azure DevOps entry tell of its records together."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

import polars as pl

from devops_analytics.config import Settings
from devops_analytics.config_tools import AzuredevopsSource
from devops_analytics.sources.azure_devops.records import (
    Build,
    Comment,
    Commit,
    Environment,
    EnvironmentRecord,
    Identity,
    OneRepository,
    Project,
    Properties,
    PullRequest,
    Repository,
    Thread,
    pull_request_in,
    repository_id_in,
)
from devops_analytics.sources.azure_devops.words import VOTES
from devops_analytics.sources.hotfixes import Hotfixes, hotfixes_of
from devops_analytics.sources.moments import moment
from devops_analytics.sources.people import are_bots, identity
from devops_analytics.sources.repositories import Names, names_of

_HOSTED_ELSEWHERE: Final = frozenset({"GitHub", "GitHubEnterprise", "Bitbucket"})
"""Hosts that call a repository `owner/name`, and a build its repository by that."""
_VOTE: Final = "VoteUpdate"
_SYSTEM: Final = "system"
_SERVICE: Final = "build\\"
"""How the names of the accounts begin that builds run as."""


class Key(NamedTuple):
    """A pull request of a repository."""

    repo: str
    number: int


class Stage(NamedTuple):
    """A stage of a run that deploys to an environment, by one job or by several."""

    environment: int
    run: str
    name: str | None
    attempt: int | None


class Given(NamedTuple):
    """A vote or a comment, with the moment it was given."""

    at: datetime
    written_at: str
    reviewer: str
    state: str


@dataclass(kw_only=True, slots=True)
class Known:
    """What records of an entry tell of each other."""

    names: Names
    hotfixes: Hotfixes
    builds: dict[int, Build] = field(default_factory=dict)
    environments: dict[int, str] = field(default_factory=dict)
    stages: dict[Stage, dict[int, EnvironmentRecord]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """What the jobs of each stage deployed, by the record's id."""
    repositories: dict[str, str] = field(default_factory=dict)
    """Id → project/name."""
    given: dict[Key, list[Given]] = field(default_factory=lambda: defaultdict(list))
    voted: set[Key] = field(default_factory=set)
    """Pull requests whose threads tell of votes."""
    programs: set[str] = field(default_factory=set)
    """Who of those who gave any is a program, by the name."""
    pulls: dict[int, str] = field(default_factory=dict)
    """Number of a pull request, which is the only one in its organisation → its repository."""
    people: dict[str, Identity] = field(default_factory=dict)
    """By the id, authors and reviewers of pull requests."""
    change_of: dict[str, int] = field(default_factory=dict)
    """Commit → the pull request that names it as its own."""
    with_graph: frozenset[str] = frozenset()
    """Ids of repositories of which every commit's parents are there too."""


def known_of(
    records: Iterable[tuple[str, Any]], entry: AzuredevopsSource, settings: Settings
) -> Known:
    """Bring the records of all files together, each with the path of its file."""
    known = Known(names=names_of(entry, settings), hotfixes=hotfixes_of(settings))
    threads: list[tuple[str, Thread]] = []
    commits: list[Commit] = []
    for path, record in records:
        if isinstance(record, Thread):
            threads.append((path, record))
        elif isinstance(record, Commit):
            commits.append(record)
        else:
            _add(record, known)
    for path, thread in threads:
        _add_thread(thread, path, known)
    for found in known.given.values():
        found.sort()
    known.programs = _programs(known, settings.people.bot_patterns)
    known.with_graph = _with_graph(commits)
    return known


def _add(record: Any, known: Known) -> None:
    match record:
        case Build():
            known.builds[record.id] = record
        case Environment(name=str(name)):
            known.environments[record.id] = name
        case EnvironmentRecord():
            known.stages[stage_of(record)][record.id] = record
        case OneRepository():
            known.repositories[record.id.lower()] = within(record.project, record.name)
        case PullRequest():
            _add_pull(record, known)


def stage_of(record: EnvironmentRecord) -> Stage:
    """Return the stage that a deployment to an environment is of."""
    run = record.owner.id if record.owner is not None else None
    # Without its run a record stands for itself.
    named = str(run) if run is not None else f"record {record.id}"
    return Stage(record.environment_id, named, record.stage_name, record.stage_attempt)


def within(project: Project | None, name: str) -> str:
    """Return what a repository is called: by its project, as its name is only known there."""
    return f"{project.name}/{name}" if project is not None and project.name else name


def repository_named(repository: Repository | None, project: Project | None) -> str | None:
    """Return the repository that a record names, by the name that its host gives it."""
    if repository is None:
        return None
    if repository.type in _HOSTED_ELSEWHERE:
        return repository.id or repository.name
    if repository.name is None:
        return None
    return within(repository.project or project, repository.name)


def repository_built(build: Build | None, known: Known) -> str | None:
    """Return the repository of a build, by its name or by what is known of its id."""
    if build is None:
        return None
    said = repository_named(build.repository, build.project)
    by_id = build.repository.id if build.repository is not None else None
    return said or known.repositories.get((by_id or "").lower())


def _add_pull(pull: PullRequest, known: Known) -> None:
    repository = pull.repository
    named = repository_named(repository, None)
    if repository is not None and repository.id and named is not None:
        known.repositories.setdefault(repository.id.lower(), named)
    if named is not None:
        known.pulls[pull.pull_request_id] = named
    for person in (pull.created_by, *(pull.reviewers or ())):
        if person is not None and person.id:
            known.people[_plain(person.id)] = person
    for one in (pull.last_merge_source_commit, *(pull.commits or ())):
        if one is not None and one.commit_id:
            known.change_of.setdefault(one.commit_id.lower(), pull.pull_request_id)


def change_of_thread(thread: Thread, path: str, known: Known) -> Key | None:
    """Return the pull request that a thread is of, by its address or the path of its file."""
    own = thread.links.own if thread.links is not None else None
    address = own.href if own is not None else None
    number = pull_request_in(address) or pull_request_in(f"/{path}")
    if number is None:
        return None
    repo = known.repositories.get(repository_id_in(address) or "") or known.pulls.get(number)
    return Key(repo, number) if repo is not None else None


def giver_of(thread: Thread, comment: Comment, known: Known) -> Identity | None:
    """Return who voted or commented; a vote may be written by an account of the system."""
    told = thread.properties or Properties()
    number = told.voter.value if told.voter is not None else None
    by_number = (thread.identities or {}).get(str(number))
    by_id = told.voter_id.value if told.voter_id is not None else None
    voter = by_number or known.people.get(_plain(str(by_id or "")))
    author = comment.author
    return voter or (author if author is not None and not author.is_container else None)


def _plain(identity_id: str) -> str:
    return identity_id.replace("-", "").lower()


def state_of(thread: Thread, comment: Comment) -> str | None:
    """Return what a comment is: a vote, a comment of somebody, or (None) a note of the system."""
    told = thread.properties
    if told is not None and told.kind is not None and told.kind.value == _VOTE:
        value = told.vote.value if told.vote is not None else None
        return next((said for vote, said in VOTES.items() if str(vote) == str(value)), None)
    if (comment.comment_type or "").lower() == _SYSTEM:
        return None
    return "commented"


def _add_thread(thread: Thread, path: str, known: Known) -> None:
    key = change_of_thread(thread, path, known)
    for comment in thread.comments or ():
        state, at = state_of(thread, comment), moment(comment.published_date)
        if key is None or state is None or at is None or comment.is_deleted:
            continue
        if state != "commented":
            known.voted.add(key)
        who = account(giver_of(thread, comment, known)) or ""
        known.given[key].append(Given(at, comment.published_date or "", who, state))


def _programs(known: Known, patterns: Sequence[str]) -> set[str]:
    names = {one.reviewer for found in known.given.values() for one in found}
    called = pl.Series(sorted(names), dtype=pl.String)
    return set(called.filter(are_bots(called, patterns))) | {
        name for name in names if f"<{_SERVICE}" in name.lower()
    }


def account(person: Identity | None) -> str | None:
    """Return what a person is known by; the unique name mostly is the address that git has too."""
    return identity(person.display_name, person.unique_name) if person is not None else None


def is_service(person: Identity | None) -> bool:
    """Say whether an account is one that builds run as."""
    return person is not None and (person.unique_name or "").lower().startswith(_SERVICE)


def _with_graph(commits: Iterable[Commit]) -> frozenset[str]:
    held = {(repository_id_in(one.url) or "", one.commit_id.lower()): one for one in commits}
    gaps = {
        repo
        for (repo, _), one in held.items()
        if one.parents is None or any((repo, sha.lower()) not in held for sha in one.parents)
    }
    return frozenset({repo for repo, _ in held} - gaps)
