"""Records of GitLab's REST API: only what is needed.

Of people there is the login of who wrote a change or reviewed it, and name and address of who
wrote a commit; all become pseudonyms.
"""

import msgspec


class Person(msgspec.Struct, kw_only=True):
    """Who wrote a request or a note."""

    id: int | None = None
    username: str | None = None


class Label(msgspec.Struct, kw_only=True):
    """A label with its details; in events its name is a title."""

    name: str | None = None
    title: str | None = None


class References(msgspec.Struct, kw_only=True):
    """How GitLab refers to a request or an issue."""

    full: str | None = None


class Answer(msgspec.Struct, kw_only=True):
    """What tells the project of a record."""

    project_id: int | None = None
    web_url: str | None = None
    references: References | None = None


class Project(msgspec.Struct, kw_only=True):
    """A project."""

    id: int
    path_with_namespace: str | None = None


class Pipeline(Answer, kw_only=True):
    """A pipeline; its list form has neither start nor finish. Its name may say who started it."""

    id: int
    sha: str | None = None
    ref: str | None = None
    status: str | None = None
    source: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    yaml_errors: str | None = None


class Runner(msgspec.Struct, kw_only=True):
    """What ran a job: its kind, not its name or address."""

    runner_type: str | None = None
    tags: list[str] | None = None


class Named(Answer, kw_only=True):
    """The commit that a job, release or tag names."""

    id: str | None = None


class Job(Answer, kw_only=True):
    """A job, or a trigger job (bridge)."""

    id: int
    name: str | None = None
    status: str | None = None
    failure_reason: str | None = None
    ref: str | None = None
    created_at: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    queued_duration: float | None = None
    tag_list: list[str] | None = None
    runner: Runner | None = None
    pipeline: Pipeline | None = None
    commit: Named | None = None


class Environment(Answer, kw_only=True):
    """An environment of a project."""

    id: int | None = None
    name: str | None = None
    tier: str | None = None


class Deployment(Answer, kw_only=True):
    """A deployment; `deployable` is the job that made it, null where a tool told of it."""

    id: int
    ref: str | None = None
    sha: str | None = None
    status: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    finished_at: str | None = None
    environment: Environment | None = None
    deployable: Job | None = None


class MergeRequest(Answer, kw_only=True):
    """A merge request."""

    id: int
    iid: int
    target_project_id: int | None = None
    title: str | None = None
    state: str | None = None
    draft: bool | None = None
    work_in_progress: bool | None = None
    source_branch: str | None = None
    target_branch: str | None = None
    author: Person | None = None
    labels: list[str | Label] | None = None
    sha: str | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    changes_count: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    merged_at: str | None = None
    closed_at: str | None = None


class Note(msgspec.Struct, kw_only=True):
    """A note on a request or an issue; of its text only GitLab's own sentences are looked for."""

    id: int
    body: str | None = None
    system: bool | None = None
    author: Person | None = None
    project_id: int | None = None
    noteable_type: str | None = None
    noteable_id: int | None = None
    noteable_iid: int | None = None
    created_at: str | None = None
    updated_at: str | None = None


class Discussion(msgspec.Struct, kw_only=True):
    """A thread of notes."""

    notes: list[Note]


class Approval(msgspec.Struct, kw_only=True):
    """Who approved a request, and (in newer GitLab) when."""

    user: Person | None = None
    approved_at: str | None = None


class Approvals(msgspec.Struct, kw_only=True):
    """The approvals of a request; only Premium and Ultimate say which request."""

    id: int | None = None
    iid: int | None = None
    project_id: int | None = None
    approved_by: list[Approval] | None = None


class Issue(Answer, kw_only=True):
    """An issue or incident."""

    iid: int
    state: str | None = None
    issue_type: str | None = None
    description: str | None = None
    labels: list[str | Label] | None = None
    severity: str | None = None
    moved_to_id: int | None = None
    created_at: str | None = None
    updated_at: str | None = None
    closed_at: str | None = None


class Commit(Answer, kw_only=True):
    """A commit as lists of a repository or a request have it."""

    id: str
    parent_ids: list[str] | None = None
    message: str | None = None
    title: str | None = None
    author_name: str | None = None
    author_email: str | None = None
    authored_date: str | None = None
    committed_date: str | None = None
    created_at: str | None = None


class Links(msgspec.Struct, kw_only=True):
    """Addresses of a release."""

    page: str | None = msgspec.field(name="self", default=None)


class Release(Answer, kw_only=True):
    """A release."""

    tag_name: str
    created_at: str | None = None
    released_at: str | None = None
    upcoming_release: bool | None = None
    commit: Named | None = None
    links: Links | None = msgspec.field(name="_links", default=None)


class Tag(Answer, kw_only=True):
    """A tag."""

    name: str
    created_at: str | None = None
    commit: Named | None = None


class Listed(msgspec.Struct):
    """A record that nothing is computed from."""


def label_names(labels: list[str | Label] | None) -> list[str] | None:
    """Return the names of labels; None where the record has none of them."""
    if labels is None:
        return None
    names = (one if isinstance(one, str) else one.name or one.title for one in labels)
    return [name for name in names if name]
