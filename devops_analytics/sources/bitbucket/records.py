"""Records of Bitbucket's REST API: only what is needed, and of people what tells them apart."""

import re
from typing import Final

import msgspec

_ADDRESS: Final = re.compile(r"bitbucket\.org/(?:2\.0/repositories/)?([^/{}%?#]+/[^/{}%?#]+)")
_BY_ID: Final = re.compile(r"/repositories/(?:[^/]+/)?(?:\{|%7B)([0-9a-f-]{36})(?:\}|%7D)")
_PULL_REQUEST: Final = re.compile(r"/pull-?requests/(\d+)")


class Link(msgspec.Struct):
    """An address."""

    href: str | None = None


class Links(msgspec.Struct):
    """The addresses of a record, which name its repository."""

    own: Link | None = msgspec.field(default=None, name="self")
    html: Link | None = None


class Account(msgspec.Struct):
    """Who did something: what tells people from programs, and what to pseudonymise."""

    type: str | None = None
    nickname: str | None = None
    account_id: str | None = None
    uuid: str | None = None


class Repository(msgspec.Struct):
    """A repository, or one inside another record."""

    full_name: str | None = None
    uuid: str | None = None


class Record(msgspec.Struct, kw_only=True):
    """What most records have."""

    repository: Repository | None = None
    links: Links | None = None


class Reference(msgspec.Struct):
    """Something that a record refers to."""

    uuid: str | None = None


class Word(msgspec.Struct):
    """A state, a result, a kind: what is called by one word."""

    name: str | None = None
    type: str | None = None


class State(msgspec.Struct, kw_only=True):
    """How far a pipeline, a step or a deployment is; the latter with its times."""

    name: str | None = None
    result: Word | None = None
    stage: Word | None = None
    status: Word | None = None
    started_on: str | None = None
    completed_on: str | None = None


# ---- Pipelines and deployments ---- #


class CommitHash(msgspec.Struct):
    """A commit that a record names, in full or by its first twelve letters."""

    hash: str | None = None
    links: Links | None = None
    repository: Repository | None = None


class Selector(msgspec.Struct):
    """Which of the pipelines of a repository's file was run."""

    type: str | None = None
    pattern: str | None = None


class Target(msgspec.Struct, kw_only=True):
    """What a pipeline ran on."""

    type: str | None = None
    ref_name: str | None = None
    source: str | None = None
    selector: Selector | None = None
    commit: CommitHash | None = None


class Pipeline(Record, kw_only=True):
    """A run of a pipeline."""

    uuid: str
    run_number: int | None = None
    state: State | None = None
    created_on: str | None = None
    completed_on: str | None = None
    target: Target | None = None
    trigger: Word | None = None


class Step(msgspec.Struct, kw_only=True):
    """A step of a pipeline."""

    uuid: str
    name: str | None = None
    pipeline: Reference | None = None
    run_number: int | None = None
    state: State | None = None
    trigger: Word | None = None
    started_on: str | None = None
    completed_on: str | None = None


class Environment(msgspec.Struct, kw_only=True):
    """An environment, alone or inside a deployment, where it may be told by its id only."""

    uuid: str | None = None
    name: str | None = None
    environment_type: Word | None = None


class Release(msgspec.Struct, kw_only=True):
    """What was deployed: a commit, by a pipeline."""

    url: str | None = None
    pipeline: Reference | None = None
    commit: CommitHash | None = None


class Deployment(Record, kw_only=True):
    """A deployment by a step of a pipeline."""

    uuid: str
    step: Reference | None = None
    environment: Environment | None = None
    release: Release | None = None
    state: State | None = None
    last_update_time: str | None = None


# ---- Pull requests ---- #


class Branch(msgspec.Struct):
    """A branch by its name."""

    name: str | None = None


class End(msgspec.Struct, kw_only=True):
    """Where a pull request comes from or goes to."""

    branch: Branch | None = None
    commit: CommitHash | None = None
    repository: Repository | None = None


class Participant(msgspec.Struct, kw_only=True):
    """What somebody came to in a pull request, and when they last took part in it."""

    user: Account | None = None
    state: str | None = None
    approved: bool | None = None
    participated_on: str | None = None


class PullRequest(Record, kw_only=True):
    """A pull request, as the list has it or in full; its text is not read."""

    id: int
    title: str | None = None
    state: str | None = None
    author: Account | None = None
    created_on: str | None = None
    updated_on: str | None = None
    merge_commit: CommitHash | None = None
    source: End | None = None
    destination: End | None = None
    participants: list[Participant] | None = None


class Asked(msgspec.Struct):
    """The pull request that another record is of."""

    id: int | None = None
    links: Links | None = None


class Judgement(msgspec.Struct):
    """An approval, or that changes are asked for."""

    date: str | None = None
    user: Account | None = None


class Update(msgspec.Struct):
    """A change of a pull request, such as its merge."""

    date: str | None = None
    state: str | None = None


class Comment(msgspec.Struct, kw_only=True):
    """A comment of a pull request; its text is not read."""

    id: int
    created_on: str | None = None
    updated_on: str | None = None
    user: Account | None = None
    deleted: bool = False
    pullrequest: Asked | None = None
    links: Links | None = None


class Activity(msgspec.Struct, kw_only=True):
    """One thing that happened to a pull request."""

    pull_request: Asked
    approval: Judgement | None = None
    changes_requested: Judgement | None = None
    update: Update | None = None
    comment: Comment | None = None


class RawAuthor(msgspec.Struct):
    """Who wrote a commit, as git has them."""

    raw: str | None = None


class Commit(Record, kw_only=True):
    """A commit; its message is read for what it names, and not kept."""

    hash: str
    date: str | None = None
    author: RawAuthor | None = None
    message: str | None = None
    parents: list[CommitHash] | None = None


# ---- Repositories, their names of commits, and issues ---- #


class OneRepository(msgspec.Struct, kw_only=True):
    """A repository by its own record."""

    full_name: str
    uuid: str | None = None


class Ref(msgspec.Struct, kw_only=True):
    """A tag or a branch."""

    name: str
    type: str
    date: str | None = None
    target: CommitHash | None = None
    links: Links | None = None


class Content(msgspec.Struct):
    """The text of an issue, read for what it names as cause, and kept no longer."""

    raw: str | None = None


class Issue(Record, kw_only=True):
    """An issue."""

    id: int
    kind: str | None = None
    state: str | None = None
    priority: str | None = None
    component: Word | None = None
    content: Content | None = None
    created_on: str | None = None
    updated_on: str | None = None


class Changed(msgspec.Struct):
    """What a field of an issue became."""

    new: str | None = None


class Changes(msgspec.Struct):
    """The fields of an issue that were changed."""

    state: Changed | None = None


class IssueReference(Record, kw_only=True):
    """The issue that a change is of."""

    id: int | None = None


class IssueChange(msgspec.Struct, kw_only=True):
    """A change of an issue, which tells when it was closed."""

    created_on: str | None = None
    issue: IssueReference | None = None
    changes: Changes | None = None


# ---- What records name ---- #


def plain(uuid: str | None) -> str | None:
    """Return an id without its braces."""
    return (uuid or "").strip("{}") or None


def repository_at(*addresses: str | None) -> str | None:
    """Return the repository (workspace/name) that the first address of one names."""
    found = (_ADDRESS.search(address or "") for address in addresses)
    return next((one[1] for one in found if one), None)


def hrefs(links: Links | None) -> tuple[str | None, ...]:
    """Return the addresses of a record."""
    return tuple(
        link.href for link in ((links.own, links.html) if links is not None else ()) if link
    )


def repository_of(record: Record) -> str | None:
    """Return the repository that a record names itself, or by its addresses."""
    said = record.repository.full_name if record.repository is not None else None
    return said or repository_at(*hrefs(record.links))


def repository_id(pipeline: Pipeline) -> str | None:
    """Return the id of a pipeline's repository, where it tells no name."""
    if pipeline.repository is not None and pipeline.repository.uuid:
        return plain(pipeline.repository.uuid)
    found = (_BY_ID.search(address or "") for address in hrefs(pipeline.links))
    return next((one[1] for one in found if one), None)


def pull_request_in(text: str) -> int | None:
    """Return the number of the pull request that a path or an address is of."""
    found = _PULL_REQUEST.search(text)
    return int(found[1]) if found else None
