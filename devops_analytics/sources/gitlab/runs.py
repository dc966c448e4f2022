"""Pipelines and jobs → pipeline_runs and pipeline_jobs."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from devops_analytics.sources.gitlab.events import (
    JobEvent,
    PipelineEvent,
    job_in,
    jobs_in,
    pipeline_in,
)
from devops_analytics.sources.gitlab.known import Key, Known, Span
from devops_analytics.sources.gitlab.records import Job, Pipeline
from devops_analytics.sources.gitlab.words import (
    STATUS_WORDS,
    UNBEGUN,
    has_ended,
    job_result,
    result_of,
)
from devops_analytics.sources.json_kinds import Reading, Refused, Row
from devops_analytics.sources.moments import moment

REPOSITORY_NOT_KNOWN: Final = "repository_not_known"
PIPELINE_NOT_KNOWN: Final = "pipeline_not_known"

_BY_UPDATE: Final = (
    "a pipeline says neither when it ended nor are all its jobs in the entry's files, so its last "
    "update stands for its end, which may be later: save projects/ID/pipelines/ID too"
)
_WITHOUT_START: Final = (
    "a pipeline says not when it began, nor do its jobs, so its duration is not known: save "
    "projects/ID/pipelines/ID too"
)


def without_repository(what: str) -> Refused:
    """Return why a record that names no project becomes no row."""
    said = (
        f"{what} names no project that is known; save projects/ID into the same entry, or set "
        "`repository` on it"
    )
    return Refused(REPOSITORY_NOT_KNOWN, said)


def run(pipeline: Pipeline, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the run that a pipeline is.

    A job that runs again does so in the same pipeline, so there is one attempt of each, and its
    end moves. The list form has no times of its own: those of its detail form, else of its jobs
    are taken.
    """
    repo = known.repository(pipeline)
    if repo is None:
        yield "pipeline_runs", without_repository(f"pipeline {pipeline.id}")
        return
    key = Key(repo, str(pipeline.id))
    result = result_of(pipeline.status, STATUS_WORDS)
    if result == "failure" and pipeline.yaml_errors:
        result = "error"
    span = known.spans.get(key, Span())
    ended = _end(pipeline, key, span, known, reading)
    began = pipeline.started_at or known.starts.get(key) or span.began
    if began is None and ended is not None and result not in {"skipped", "cancelled", "error"}:
        reading.notes[_WITHOUT_START] += 1
    yield (
        "pipeline_runs",
        {
            "repo": repo,
            "run_id": key.number,
            "attempt": 1,
            "sha": pipeline.sha,
            "branch": pipeline.ref,
            "trigger": pipeline.source or known.sources.get(key),
            "queued_at": pipeline.created_at,
            "started_at": None if result in UNBEGUN else began,
            "finished_at": ended,
            "result": result,
            "updated_at": pipeline.updated_at or pipeline.finished_at or pipeline.created_at,
        },
    )


def _end(pipeline: Pipeline, key: Key, span: Span, known: Known, reading: Reading) -> str | None:
    if not has_ended(pipeline.status, STATUS_WORDS):
        return None
    told = pipeline.finished_at or known.finishes.get((key, pipeline.status))
    if told is None and not span.is_open:
        told = span.ended
    if told is None and pipeline.updated_at:
        reading.notes[_BY_UPDATE] += 1
    return told or pipeline.updated_at


def run_of_event(event: PipelineEvent, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the run of a pipeline's event, and its jobs."""
    yield from run(pipeline_in(event), reading, known)
    for one in jobs_in(event):
        yield from job(one, reading, known)


def job(record: Job, _reading: Reading, known: Known) -> Iterator[Row]:
    """Yield a job.

    It waits from when it could have begun, which is long after it was made where other stages come
    first; only where that is not told its making counts. A job that may fail is a failure still.
    """
    pipeline = record.pipeline
    if pipeline is None:
        said = f"job {record.id} names no pipeline; export it with its `pipeline`"
        yield "pipeline_jobs", Refused(PIPELINE_NOT_KNOWN, said)
        return
    result = job_result(record.status, record.failure_reason)
    has_come = has_ended(record.status, STATUS_WORDS)
    began = None if result in UNBEGUN else record.started_at
    ended = record.finished_at if has_come else None
    commit = record.commit.id if record.commit is not None else None
    yield (
        "pipeline_jobs",
        {
            "run_id": str(pipeline.id),
            "attempt": 1,
            "job_id": str(record.id),
            "repo": known.repository(record, pipeline),
            "name": record.name,
            "sha": pipeline.sha or commit,
            "branch": record.ref or pipeline.ref,
            "runner": _runner(record),
            "queued_at": _queued_at(record),
            "started_at": began,
            "finished_at": ended,
            "result": result,
            "updated_at": ended or began or record.created_at,
        },
    )


def job_of_event(event: JobEvent, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the job of an event."""
    yield from job(job_in(event), reading, known)


def _runner(record: Job) -> str | None:
    runner = record.runner
    tags = record.tag_list or (runner.tags if runner is not None else None) or ()
    return ", ".join(tags) or (runner.runner_type if runner is not None else None)


def _queued_at(record: Job) -> str | None:
    began = moment(record.started_at)
    waited = record.queued_duration
    if began is None or waited is None:
        return record.created_at
    try:
        return (began - timedelta(seconds=waited)).isoformat()
    except (OverflowError, ValueError):
        return record.created_at
