"""The fields that are needed of GitHub's records, and the repository that a record names."""

import re
from typing import Any, Final

import msgspec

_REPOSITORY: Final = re.compile(r"/repos/([^/?#]+/[^/?#]+)")
_PAGE: Final = re.compile(r"^https?://[^/]+/([^/?#]+/[^/?#]+)/")


class Account(msgspec.Struct):
    """Who did something; only what tells people from programs, and the name to pseudonymise."""

    login: str | None = None
    type: str | None = None


class RepositoryAnswer(msgspec.Struct):
    """A repository inside another record."""

    full_name: str | None = None


class Branch(msgspec.Struct):
    """The head or the base of a pull request."""

    ref: str | None = None
    sha: str | None = None
    repo: RepositoryAnswer | None = None


class Label(msgspec.Struct):
    """A label of a pull request or an issue."""

    name: str | None = None


class Target(msgspec.Struct):
    """The commit that a tag points at."""

    sha: str | None = None
    url: str | None = None


class App(msgspec.Struct):
    """The app that made a record."""

    slug: str | None = None


class Answer(msgspec.Struct, kw_only=True):
    """What every record may have: addresses, which name its repository."""

    url: str | None = None
    html_url: str | None = None
    repository_url: str | None = None


class Run(Answer, kw_only=True):
    """A workflow run."""

    id: int | str
    run_attempt: int | None = None
    name: str | None = None
    path: str | None = None
    event: str | None = None
    head_branch: str | None = None
    head_sha: str | None = None
    status: str | None = None
    conclusion: str | None = None
    created_at: str | None = None
    run_started_at: str | None = None
    updated_at: str | None = None
    repository: RepositoryAnswer | None = None


class Job(Answer, kw_only=True):
    """A job of a workflow run."""

    id: int | str
    run_id: int | str
    run_url: str | None = None
    run_attempt: int | None = None
    name: str | None = None
    head_branch: str | None = None
    head_sha: str | None = None
    status: str | None = None
    conclusion: str | None = None
    created_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    labels: list[str] | None = None


class Status(Answer, kw_only=True):
    """A status of a deployment."""

    state: str
    id: int | str | None = None
    created_at: str | None = None
    deployment_url: str | None = None


class Deployment(Answer, kw_only=True):
    """A deployment, with its statuses where they were saved into it."""

    id: int | str
    sha: str | None = None
    ref: str | None = None
    environment: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    statuses_url: str | None = None
    creator: Account | None = None
    performed_via_github_app: App | None = None
    statuses: list[Status] | None = None


class PullRequest(Answer, kw_only=True):
    """A pull request, as the list has it or in full."""

    number: int
    title: str | None = None
    user: Account | None = None
    created_at: str | None = None
    updated_at: str | None = None
    merged_at: str | None = None
    closed_at: str | None = None
    merge_commit_sha: str | None = None
    additions: int | None = None
    deletions: int | None = None
    changed_files: int | None = None
    labels: list[Label] | None = None
    head: Branch | None = None
    base: Branch | None = None
    commits: Any = None
    """How many there are, or where they were saved into it, the commits."""


class Review(Answer, kw_only=True):
    """A review of a pull request."""

    id: int | str
    state: str | None = None
    user: Account | None = None
    submitted_at: str | None = None
    updated_at: str | None = None
    pull_request_url: str | None = None


class Signature(msgspec.Struct):
    """Who wrote or made a commit, and when."""

    name: str | None = None
    email: str | None = None
    date: str | None = None


class CommitText(msgspec.Struct):
    """What git itself knows of a commit; the message is read for what it names, and not kept."""

    author: Signature | None = None
    committer: Signature | None = None
    message: str | None = None


class Commit(Answer, kw_only=True):
    """A commit."""

    sha: str
    commit: CommitText
    author: Account | None = None
    parents: list[Target] | None = None


class PushedCommit(msgspec.Struct, kw_only=True):
    """A commit as a push event lists it, without its parents."""

    id: str
    message: str | None = None
    timestamp: str | None = None
    author: Signature | None = None


class Push(Answer, kw_only=True):
    """A push event."""

    commits: list[PushedCommit]


class Issue(Answer, kw_only=True):
    """An issue; the body is read for what it names as cause, and kept no longer."""

    number: int
    state: str | None = None
    body: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    closed_at: str | None = None
    labels: list[Label | str] | None = None
    pull_request: dict[str, msgspec.Raw] | None = None


class Release(Answer, kw_only=True):
    """A release."""

    tag_name: str
    draft: bool = False
    target_commitish: str | None = None
    created_at: str | None = None
    published_at: str | None = None
    updated_at: str | None = None


class Tag(Answer, kw_only=True):
    """A tag, as the list of tags has it."""

    name: str
    commit: Target
    zipball_url: str | None = None


class Rule(msgspec.Struct):
    """The rule of a code scanner that a weakness breaks."""

    id: str | None = None
    severity: str | None = None
    security_severity_level: str | None = None


class Scanner(msgspec.Struct):
    """A code scanner."""

    name: str | None = None


class Location(msgspec.Struct):
    """Where in the code a weakness lies."""

    path: str | None = None


class Instance(msgspec.Struct):
    """A weakness on one branch."""

    location: Location | None = None


class Package(msgspec.Struct):
    """A package that something depends on."""

    name: str | None = None


class Dependency(msgspec.Struct):
    """That a file of a repository names a package."""

    package: Package | None = None
    manifest_path: str | None = None


class Advisory(msgspec.Struct):
    """What is known of a weakness of a package, over all its versions or of some."""

    ghsa_id: str | None = None
    cve_id: str | None = None
    severity: str | None = None


class Alert(Answer, kw_only=True):
    """What alerts of all kinds have."""

    number: int
    state: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    repository: RepositoryAnswer | None = None


class CodeAlert(Alert, kw_only=True):
    """An alert of a code scanner."""

    fixed_at: str | None = None
    dismissed_at: str | None = None
    rule: Rule | None = None
    tool: Scanner | None = None
    most_recent_instance: Instance | None = None
    instances: list[Instance] | None = None


class DependencyAlert(Alert, kw_only=True):
    """An alert of Dependabot."""

    fixed_at: str | None = None
    dismissed_at: str | None = None
    auto_dismissed_at: str | None = None
    dependency: Dependency | None = None
    security_advisory: Advisory | None = None
    security_vulnerability: Advisory | None = None


class SecretAlert(Alert, kw_only=True):
    """An alert of a secret that was pushed; the secret itself is never read."""

    secret_type: str | None = None
    resolution: str | None = None
    resolved_at: str | None = None


def repository_of(record: Answer) -> str | None:
    """Return the repository (owner/name) that a record names itself, or by one of its addresses."""
    inside = getattr(record, "repository", None)
    base = getattr(record, "base", None)
    if base is not None and base.repo is not None:
        inside = base.repo
    if inside is not None and inside.full_name:
        return str(inside.full_name)
    names = ("url", "repository_url", "deployment_url", "run_url", "pull_request_url")
    for name in (*names, "statuses_url", "zipball_url"):
        found = _REPOSITORY.search(getattr(record, name, None) or "")
        if found:
            return found[1]
    found = _PAGE.match(record.html_url or "")
    return found[1] if found else None
