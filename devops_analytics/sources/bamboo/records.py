"""Records of Bamboo's REST API: only what is needed, and nobody's name."""

import msgspec


class Key(msgspec.Struct, rename="camel", kw_only=True):
    """A key, and that of what it is a result of."""

    key: str | None = None
    entity_key: "Key | None" = None


class Plan(msgspec.Struct, rename="camel", kw_only=True):
    """A plan, or the branch of one (which names its master), or a job."""

    key: str | None = None
    name: str | None = None
    short_name: str | None = None
    master: "Plan | None" = None


class VcsRevision(msgspec.Struct, rename="camel", kw_only=True):
    """What was checked out of a repository."""

    repository_name: str | None = None
    vcs_revision_key: str | None = None


class VcsRevisions(msgspec.Struct, rename="camel", kw_only=True):
    """What was checked out of all repositories."""

    vcs_revision: list[VcsRevision] | None = None


class Build(msgspec.Struct, rename="camel", kw_only=True):
    """The result of a plan or of a job."""

    build_result_key: str
    plan: Plan | None = None
    plan_name: str | None = None
    project_name: str | None = None
    life_cycle_state: str | None = None
    state: str | None = None
    build_state: str | None = None
    queue_started_time: str | None = None
    build_started_time: str | None = None
    build_completed_time: str | None = None
    vcs_revision_key: str | None = None
    vcs_revisions: VcsRevisions | None = None
    build_reason: str | None = None
    """Names people: only how it begins is used."""
    stages: "Stages | None" = None


class JobResults(msgspec.Struct, kw_only=True):
    """The results of a stage's jobs."""

    result: list[Build] | None = None


class Stage(msgspec.Struct, kw_only=True):
    """A stage of a plan's result."""

    results: JobResults | None = None


class Stages(msgspec.Struct, kw_only=True):
    """The stages of a plan's result."""

    stage: list[Stage] | None = None


class Environment(msgspec.Struct, kw_only=True):
    """An environment of a deployment project."""

    id: int
    name: str | None = None


class Project(msgspec.Struct, kw_only=True):
    """A deployment project."""

    id: int
    name: str | None = None
    environments: list[Environment] | None = None


class Item(msgspec.Struct, rename="camel", kw_only=True):
    """An artifact of a version."""

    plan_result_key: Key | None = None


class Version(msgspec.Struct, rename="camel", kw_only=True):
    """A version of what is deployed; not who made it."""

    name: str | None = None
    items: list[Item] | None = None


class Deployment(msgspec.Struct, rename="camel", kw_only=True):
    """A deployment's result; times in milliseconds since 1970."""

    id: int
    key: Key | None = None
    deployment_version: Version | None = None
    deployment_version_name: str | None = None
    deployment_state: str | None = None
    life_cycle_state: str | None = None
    started_date: float | None = None
    queued_date: float | None = None
    finished_date: float | None = None
    reason_summary: str | None = None
    """Names people: only how it begins is used."""


class Listed(msgspec.Struct):
    """A plan or a job: nothing is computed from it."""
