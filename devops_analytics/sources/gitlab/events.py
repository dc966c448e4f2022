"""Bodies of GitLab's webhook events, as the records of the REST API that they tell of.

Events have no name for some of what the API tells: the author of a merge request is known where
who acted wrote it, and its merge is as old as the event that tells of it.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from devops_analytics.sources.gitlab.records import (
    Deployment,
    Environment,
    Issue,
    Job,
    MergeRequest,
    Named,
    Person,
    Pipeline,
    Project,
    Release,
    Runner,
)

_COMMIT: Final = re.compile(r"/commit/([0-9a-f]{40,64})")


class Event(msgspec.Struct, kw_only=True):
    """What every event has: the project that it is of."""

    object_kind: str | None = None
    project: Project | None = None

    @property
    def project_id(self) -> int | None:
        """The id of the event's project."""
        return self.project.id if self.project is not None else None


class PipelineEvent(Event, kw_only=True):
    """A pipeline's status changed; `builds` are its jobs so far."""

    object_attributes: Pipeline
    builds: list[Job] | None = None


class JobEvent(Event, kw_only=True):
    """A job's status changed."""

    build_id: int
    build_name: str | None = None
    build_status: str | None = None
    build_failure_reason: str | None = None
    build_created_at: str | None = None
    build_started_at: str | None = None
    build_finished_at: str | None = None
    build_queued_duration: float | None = None
    pipeline_id: int | None = None
    ref: str | None = None
    sha: str | None = None
    runner: Runner | None = None


class DeploymentEvent(Event, kw_only=True):
    """A deployment's status changed."""

    deployment_id: int
    deployable_id: int | None = None
    status: str | None = None
    status_changed_at: str | None = None
    environment: str | None = None
    environment_tier: str | None = None
    commit_url: str | None = None
    ref: str | None = None


class LastCommit(msgspec.Struct, kw_only=True):
    """The head of a request."""

    id: str | None = None


class Request(MergeRequest, kw_only=True):
    """A merge request as its events have it."""

    author_id: int | None = None
    action: str | None = None
    last_commit: LastCommit | None = None


class Draft(msgspec.Struct, kw_only=True):
    """Whether a request was and is a draft."""

    previous: bool | None = None
    current: bool | None = None


class Changes(msgspec.Struct, kw_only=True):
    """What an event says was changed."""

    draft: Draft | None = None


class RequestEvent(Event, kw_only=True):
    """A merge request was opened, changed, approved, merged or closed."""

    object_attributes: Request
    user: Person | None = None
    changes: Changes | None = None


class Item(Issue, kw_only=True):
    """An issue or incident as its events have it."""

    type: str | None = None


class IssueEvent(Event, kw_only=True):
    """An issue or incident was opened, changed or closed."""

    object_attributes: Item


class ReleaseEvent(Event, kw_only=True):
    """A release was made, changed or deleted."""

    tag: str
    action: str | None = None
    created_at: str | None = None
    released_at: str | None = None
    commit: Named | None = None


def pipeline_in(event: PipelineEvent) -> Pipeline:
    """Return the pipeline of an event."""
    found = event.object_attributes
    return msgspec.structs.replace(
        found,
        project_id=event.project_id,
        updated_at=found.updated_at or found.finished_at or found.created_at,
    )


def jobs_in(event: PipelineEvent) -> Iterator[Job]:
    """Yield the jobs of a pipeline's event."""
    pipeline = pipeline_in(event)
    for job in event.builds or ():
        yield msgspec.structs.replace(
            job, project_id=event.project_id, pipeline=pipeline, ref=pipeline.ref
        )


def job_in(event: JobEvent) -> Job:
    """Return the job of an event."""
    named = event.pipeline_id
    pipeline = None if named is None else Pipeline(id=named, sha=event.sha, ref=event.ref)
    return Job(
        id=event.build_id,
        project_id=event.project_id,
        name=event.build_name,
        status=event.build_status,
        failure_reason=event.build_failure_reason,
        ref=event.ref,
        created_at=event.build_created_at,
        started_at=event.build_started_at,
        finished_at=event.build_finished_at,
        queued_duration=event.build_queued_duration,
        runner=event.runner,
        pipeline=pipeline,
    )


def deployment_in(event: DeploymentEvent) -> Deployment:
    """Return the deployment of an event, whose only time is that of its status."""
    commit = _COMMIT.search(event.commit_url or "")
    job = event.deployable_id
    return Deployment(
        id=event.deployment_id,
        project_id=event.project_id,
        ref=event.ref,
        sha=commit[1] if commit else None,
        status=event.status,
        updated_at=event.status_changed_at,
        finished_at=event.status_changed_at,
        environment=Environment(name=event.environment, tier=event.environment_tier),
        deployable=None if job is None else Job(id=job),
    )


def request_in(event: RequestEvent) -> MergeRequest:
    """Return the merge request of an event."""
    found = event.object_attributes
    actor = event.user
    is_author = actor is not None and actor.id is not None and actor.id == found.author_id
    has_closed = found.action in {"merge", "close"}
    head = found.last_commit
    return msgspec.structs.replace(
        found,
        project_id=event.project_id or found.target_project_id,
        author=actor if is_author else None,
        sha=found.sha or (head.id if head is not None else None),
        merged_at=found.updated_at if found.action == "merge" else found.merged_at,
        closed_at=found.updated_at if has_closed else found.closed_at,
    )


def has_left_draft(event: RequestEvent) -> bool:
    """Say whether an event tells that a request is no draft any more."""
    draft = event.changes.draft if event.changes is not None else None
    return draft is not None and draft.previous is True and draft.current is False


def issue_in(event: IssueEvent) -> Issue:
    """Return the issue of an event."""
    found = event.object_attributes
    return msgspec.structs.replace(
        found,
        project_id=event.project_id,
        issue_type=found.issue_type or (found.type or "").lower() or None,
    )


def release_in(event: ReleaseEvent) -> Release:
    """Return the release of an event."""
    return Release(
        tag_name=event.tag,
        project_id=event.project_id,
        created_at=event.created_at,
        released_at=event.released_at,
        commit=event.commit,
    )
