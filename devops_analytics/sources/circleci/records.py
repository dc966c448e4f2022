"""Records of CircleCI's API v2: only what is needed, and nobody's name."""

import msgspec


class Named(msgspec.Struct, kw_only=True):
    """Something that a record refers to."""

    id: str | None = None
    slug: str | None = None


class Vcs(msgspec.Struct, kw_only=True):
    """What a pipeline runs on; the message of the commit is not read."""

    revision: str | None = None
    branch: str | None = None
    tag: str | None = None
    target_repository_url: str | None = None
    origin_repository_url: str | None = None


class Trigger(msgspec.Struct, kw_only=True):
    """What started a pipeline; not who."""

    type: str | None = None


class Pipeline(msgspec.Struct, kw_only=True):
    """A pipeline: a commit for which workflows were started."""

    id: str
    number: int | None = None
    project_slug: str | None = None
    state: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    trigger: Trigger | None = None
    vcs: Vcs | None = None


class Workflow(msgspec.Struct, kw_only=True):
    """A workflow of a pipeline."""

    id: str
    pipeline_id: str
    name: str | None = None
    project_slug: str | None = None
    status: str | None = None
    created_at: str | None = None
    stopped_at: str | None = None


class Executor(msgspec.Struct, kw_only=True):
    """What a job runs on."""

    resource_class: str | None = None


class Job(msgspec.Struct, kw_only=True):
    """A job, as its workflow lists it (`id`, `job_number`) or alone (`number`)."""

    id: str | None = None
    job_number: int | None = None
    number: int | None = None
    name: str | None = None
    project_slug: str | None = None
    project: Named | None = None
    status: str | None = None
    queued_at: str | None = None
    started_at: str | None = None
    stopped_at: str | None = None
    executor: Executor | None = None
    latest_workflow: Named | None = None
    workflow_id: str | None = None
    """Not of the API: what people add who save the jobs of several workflows in one file."""


class Insight(msgspec.Struct, kw_only=True):
    """A run of a workflow, as Insights lists it."""

    id: str
    branch: str | None = None
    status: str | None = None
    created_at: str | None = None
    stopped_at: str | None = None


class Listed(msgspec.Struct):
    """A project, or a summary over many runs: nothing is computed from it."""
