"""Workflow runs and jobs → pipeline_runs and pipeline_jobs."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from devops_analytics.sources.github.answers import Export, Found, Refusal
from devops_analytics.sources.github.part import REPOSITORY_NOT_KNOWN, Part
from devops_analytics.sources.github.records import Job, Run
from devops_analytics.sources.github.words import came_to
from devops_analytics.sources.moments import moments
from devops_analytics.sources.repositories import Names, repository_name

RUN_COLUMNS: Final = (
    "repo", "run_id", "attempt", "pipeline", "sha", "branch", "trigger", "queued_at",
    "started_at", "finished_at", "result", "updated_at",
)  # fmt: skip
JOB_COLUMNS: Final = (
    "run_id", "attempt", "job_id", "repo", "name", "sha", "branch", "runner", "queued_at",
    "started_at", "finished_at", "result", "updated_at",
)  # fmt: skip


class Attempt(NamedTuple):
    """One try of a run."""

    run_id: str
    attempt: int


def last_ends(jobs: Sequence[Job]) -> dict[Attempt, str]:
    """Return when the last job of each attempt ended, where all that are known have ended."""
    known = moments(job.completed_at for job in jobs)
    ends: dict[Attempt, list[str | None]] = {}
    for job in jobs:
        ended = job.completed_at if came_to(job.status, job.conclusion).has_ended else None
        attempt = _attempt(job.run_id, job.run_attempt)
        ends.setdefault(attempt, []).append(ended if ended in known else None)
    return {
        attempt: max((end for end in found if end is not None), key=known.__getitem__)
        for attempt, found in ends.items()
        if None not in found
    }


def _attempt(run_id: int | str, attempt: int | None) -> Attempt:
    return Attempt(str(run_id), attempt or 1)


def runs(export: Export, names: Names, ends: Mapping[Attempt, str]) -> Part:
    """Make rows of a file's workflow runs.

    A run has no end of its own: `finished_at` is the end of its last job where the entry has the
    attempt's jobs, else `updated_at`, which may be later. `run_started_at` is when the attempt was
    asked for, so the wait for a runner counts as running.
    """
    part = Part(table="pipeline_runs", columns=RUN_COLUMNS)
    called: dict[str | None, str | None] = {}
    for found in export.of("run"):
        if found.repository not in called:
            called[found.repository] = repository_name(names, found.repository)
        repo = called[found.repository]
        if repo is None:
            part.refused.append(Refusal(found.number, *REPOSITORY_NOT_KNOWN))
        else:
            part.rows.append((found.number, *_run_row(found.record, repo, ends)))
    return part


def _run_row(run: Run, repo: str, ends: Mapping[Attempt, str]) -> tuple[Any, ...]:
    run_id, attempt = str(run.id), run.run_attempt or 1
    came = came_to(run.status, run.conclusion)
    asked = run.created_at if attempt == 1 else run.run_started_at
    end = ends.get(Attempt(run_id, attempt), run.updated_at) if ends else run.updated_at
    return (
        repo,
        run_id,
        attempt,
        run.name or run.path,
        run.head_sha,
        run.head_branch,
        run.event,
        asked or run.created_at,
        run.run_started_at if came.has_begun else None,
        end if came.has_ended else None,
        came.result,
        run.updated_at,
    )


def jobs(export: Export, names: Names) -> Part:
    """Make rows of a file's jobs; the runner is named by its labels, never by its own name."""
    part = Part(table="pipeline_jobs", columns=JOB_COLUMNS)
    part.rows.extend((found.number, *_job_row(found, names)) for found in export.of("job"))
    return part


def _job_row(found: Found, names: Names) -> tuple[Any, ...]:
    job: Job = found.record
    attempt = _attempt(job.run_id, job.run_attempt)
    came = came_to(job.status, job.conclusion)
    # GitHub fills started_at of a waiting job with the time it was made.
    started = job.started_at if came.has_begun else None
    ended = job.completed_at if came.has_ended else None
    return (
        attempt.run_id,
        attempt.attempt,
        str(job.id),
        repository_name(names, found.repository),
        job.name,
        job.head_sha,
        job.head_branch,
        ", ".join(job.labels or ()) or None,
        job.created_at,
        started,
        ended,
        came.result,
        # A job has no time of its last change, but its latest time tells two versions apart.
        ended or started or job.created_at,
    )
