"""Records of Azure DevOps' REST API: only what is needed, and of people what tells them apart."""

import re
from typing import Final

import msgspec

_REPOSITORY_ID: Final = re.compile(r"/repositories/([0-9a-f-]{36})", re.IGNORECASE)
_BUILD: Final = re.compile(r"/builds?/(\d+)", re.IGNORECASE)
_PULL_REQUEST: Final = re.compile(r"/pull-?requests?/(\d+)", re.IGNORECASE)
_NO_TIME: Final = "0001-01-01"
"""How a time begins that Azure DevOps writes where there is none."""


class Identity(msgspec.Struct, rename="camel", kw_only=True):
    """Who did something, to be pseudonymised; groups are called containers."""

    id: str | None = None
    display_name: str | None = None
    unique_name: str | None = None
    is_container: bool | None = None
    vote: int | None = None
    """Of a reviewer of a pull request."""


class Project(msgspec.Struct):
    """The project that something is in."""

    name: str | None = None


class Repository(msgspec.Struct):
    """A repository by its name, or of a build by what its host calls it."""

    id: str | None = None
    name: str | None = None
    type: str | None = None
    project: Project | None = None


class Named(msgspec.Struct):
    """A definition, an owner or an environment."""

    id: int | str | None = None
    name: str | None = None


# ---- Builds ---- #


class Build(msgspec.Struct, rename="camel", kw_only=True):
    """A run of a pipeline."""

    id: int
    status: str | None = None
    result: str | None = None
    reason: str | None = None
    definition: Named | None = None
    project: Project | None = None
    repository: Repository | None = None
    source_branch: str | None = None
    source_version: str | None = None
    queue_time: str | None = None
    start_time: str | None = None
    finish_time: str | None = None
    last_changed_date: str | None = None


class Log(msgspec.Struct):
    """The log of a timeline's record, whose address names the build."""

    url: str | None = None


class TimelineRecord(msgspec.Struct, rename="camel", kw_only=True):
    """A stage, a phase, a job or a task of a build; not the machine that it ran on."""

    id: str
    parent_id: str | None = None
    type: str | None = None
    name: str | None = None
    identifier: str | None = None
    state: str | None = None
    result: str | None = None
    attempt: int | None = None
    start_time: str | None = None
    finish_time: str | None = None
    log: Log | None = None
    url: str | None = None


class Timeline(msgspec.Struct, kw_only=True):
    """All that a build consists of."""

    records: list[TimelineRecord]
    url: str | None = None


# ---- Deployments ---- #


class Approval(msgspec.Struct, rename="camel", kw_only=True):
    """An approval of a deployment; not by whom."""

    is_automated: bool | None = None
    status: str | None = None


class DefinitionReference(msgspec.Struct, rename="camel", kw_only=True):
    """What an artifact was made of."""

    version: Named | None = None
    source_version: Named | None = None
    repository: Named | None = None
    definition: Named | None = None
    project: Named | None = None


class Artifact(msgspec.Struct, rename="camel", kw_only=True):
    """What a release deploys."""

    type: str | None = None
    is_primary: bool | None = None
    definition_reference: DefinitionReference | None = None


class Release(msgspec.Struct, kw_only=True):
    """A release, inside a deployment of it."""

    artifacts: list[Artifact] | None = None


class Deployment(msgspec.Struct, rename="camel", kw_only=True):
    """A deployment of a release to one of its stages."""

    id: int
    attempt: int | None = None
    reason: str | None = None
    release: Release | None = None
    release_definition: Named | None = None
    release_environment: Named | None = None
    deployment_status: str | None = None
    operation_status: str | None = None
    queued_on: str | None = None
    started_on: str | None = None
    completed_on: str | None = None
    last_modified_on: str | None = None
    pre_deploy_approvals: list[Approval] | None = None


class EnvironmentRecord(msgspec.Struct, rename="camel", kw_only=True):
    """A deployment to an environment by a job of a pipeline written in YAML."""

    id: int
    environment_id: int
    definition: Named | None = None
    owner: Named | None = None
    stage_name: str | None = None
    stage_attempt: int | None = None
    result: str | None = None
    queue_time: str | None = None
    start_time: str | None = None
    finish_time: str | None = None


class Environment(msgspec.Struct):
    """An environment."""

    id: int
    name: str | None = None


# ---- Pull requests and commits ---- #


class CommitId(msgspec.Struct, rename="camel", kw_only=True):
    """A commit that a pull request names."""

    commit_id: str | None = None


class Label(msgspec.Struct):
    """A label of a pull request."""

    name: str | None = None
    active: bool | None = None


class PullRequest(msgspec.Struct, rename="camel", kw_only=True):
    """A pull request; its text is not read."""

    pull_request_id: int
    repository: Repository | None = None
    status: str | None = None
    title: str | None = None
    created_by: Identity | None = None
    creation_date: str | None = None
    closed_date: str | None = None
    source_ref_name: str | None = None
    target_ref_name: str | None = None
    last_merge_source_commit: CommitId | None = None
    last_merge_commit: CommitId | None = None
    reviewers: list[Identity] | None = None
    labels: list[Label] | None = None
    commits: list[CommitId] | None = None


class Value(msgspec.Struct):
    """A property's value."""

    value: int | str | None = msgspec.field(default=None, name="$value")


class Properties(msgspec.Struct, kw_only=True):
    """What a thread that the system wrote tells of."""

    kind: Value | None = msgspec.field(default=None, name="CodeReviewThreadType")
    vote: Value | None = msgspec.field(default=None, name="CodeReviewVoteResult")
    voter: Value | None = msgspec.field(default=None, name="CodeReviewVotedByIdentity")
    """Under which key the thread's identities have the voter."""
    voter_id: Value | None = msgspec.field(default=None, name="CodeReviewVotedByTfId")


class Comment(msgspec.Struct, rename="camel", kw_only=True):
    """A comment of a thread; its text is not read."""

    id: int
    author: Identity | None = None
    comment_type: str | None = None
    published_date: str | None = None
    is_deleted: bool | None = None


class Link(msgspec.Struct):
    """An address."""

    href: str | None = None


class Links(msgspec.Struct):
    """The addresses of a thread, which name its pull request and repository."""

    own: Link | None = msgspec.field(default=None, name="self")


class Thread(msgspec.Struct, rename="camel", kw_only=True):
    """A thread of comments of a pull request; votes are told in ones that the system wrote."""

    id: int
    comments: list[Comment] | None = None
    identities: dict[str, Identity] | None = None
    properties: Properties | None = None
    links: Links | None = msgspec.field(default=None, name="_links")


class Signature(msgspec.Struct):
    """Who wrote or made a commit, and when."""

    name: str | None = None
    email: str | None = None
    date: str | None = None


class Commit(msgspec.Struct, rename="camel", kw_only=True):
    """A commit; its message is read for what it names, and not kept."""

    commit_id: str
    author: Signature | None = None
    committer: Signature | None = None
    comment: str | None = None
    parents: list[str] | None = None
    url: str | None = None


class Ref(msgspec.Struct, rename="camel", kw_only=True):
    """A tag or a branch."""

    name: str
    object_id: str
    peeled_object_id: str | None = None
    url: str | None = None


class OneRepository(msgspec.Struct):
    """A repository by its own record."""

    id: str
    name: str
    project: Project | None = None


# ---- Work items ---- #


class Fields(msgspec.Struct, kw_only=True):
    """The fields of a work item; neither its title nor whom it is assigned to."""

    type: str | None = msgspec.field(default=None, name="System.WorkItemType")
    state: str | None = msgspec.field(default=None, name="System.State")
    tags: str | None = msgspec.field(default=None, name="System.Tags")
    area: str | None = msgspec.field(default=None, name="System.AreaPath")
    created: str | None = msgspec.field(default=None, name="System.CreatedDate")
    changed: str | None = msgspec.field(default=None, name="System.ChangedDate")
    resolved: str | None = msgspec.field(default=None, name="Microsoft.VSTS.Common.ResolvedDate")
    closed: str | None = msgspec.field(default=None, name="Microsoft.VSTS.Common.ClosedDate")
    severity: str | None = msgspec.field(default=None, name="Microsoft.VSTS.Common.Severity")
    priority: int | None = msgspec.field(default=None, name="Microsoft.VSTS.Common.Priority")


class WorkItem(msgspec.Struct, kw_only=True):
    """A work item, such as a bug or an incident."""

    id: int
    fields: Fields


# ---- What records name ---- #


def known_time(text: str | None) -> str | None:
    """Return a time as it is written; None where it stands for none."""
    return None if text is None or text.startswith(_NO_TIME) else text


def branch_name(ref: str | None) -> str | None:
    """Return a branch or tag without what says that it is one."""
    return (ref or "").removeprefix("refs/").removeprefix("heads/").removeprefix("tags/") or None


def repository_id_in(address: str | None) -> str | None:
    """Return the id of the repository that an address names."""
    found = _REPOSITORY_ID.search(address or "")
    return found[1].lower() if found else None


def build_in(text: str | None) -> int | None:
    """Return the id of the build that an address or a path names."""
    found = _BUILD.search(text or "")
    return int(found[1]) if found else None


def pull_request_in(text: str | None) -> int | None:
    """Return the number of the pull request that an address or a path names."""
    found = _PULL_REQUEST.search(text or "")
    return int(found[1]) if found else None
