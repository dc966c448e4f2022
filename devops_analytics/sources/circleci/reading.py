"""Files of a CircleCI entry → drafts, and what a file is recognised by."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from devops_analytics.config_tools import CircleciSource
from devops_analytics.sources.circleci.known import Known, Run, known_of, slug_of, workflow_around
from devops_analytics.sources.circleci.records import (
    Insight,
    Job,
    Listed,
    Pipeline,
    Workflow,
)
from devops_analytics.sources.circleci.words import (
    JOB_WORDS,
    PIPELINE_WORDS,
    UNBEGUN,
    UNENDED,
    WORKFLOW_WORDS,
    result_of,
)
from devops_analytics.sources.json_kinds import (
    Keys,
    Reading,
    RecordKind,
    Refused,
    Row,
    read_each,
    read_kinds,
    recognise_kinds,
    records_like,
    with_keys,
)
from devops_analytics.sources.json_records import first_records
from devops_analytics.sources.scanners import as_declared, repository_of_url
from devops_analytics.sources.source import Context, Draft, Export, Recognition

WRAPPERS: Final = ("items",)

WITHOUT_WORKFLOWS: Final = "pipeline_without_workflows"
WORKFLOW_NOT_KNOWN: Final = "workflow_not_known"
REPOSITORY_NOT_KNOWN: Final = "repository_not_known"

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OPAQUE: Final = "circleci"
"""The slugs of its projects are made of ids and name no repository."""
_SUMMARY: Final = "project or summary"
_BY_TIME: Final = (
    "a job names no workflow; taken as one of the only workflow of its project that ran at that "
    "time. To be sure, save each workflow's jobs in a file with the workflow's id in its name"
)
_WITHOUT_PIPELINE: Final = (
    "the pipeline of a workflow is not in the entry's files, so its commit, branch and trigger "
    "are not known: save project/SLUG/pipeline too"
)


# ---- Rows ---- #


def _workflow(workflow: Workflow, reading: Reading, known: Known) -> Iterator[Row]:
    pipeline = known.pipelines.get(workflow.pipeline_id)
    if pipeline is None:
        reading.notes[_WITHOUT_PIPELINE] += 1
    repo = _repository(pipeline, workflow.project_slug, reading)
    run = known.runs.get(workflow.id) or Run(workflow.id, 1)
    times = _times(workflow.status, WORKFLOW_WORDS, workflow.created_at, workflow.stopped_at)
    told = {"run_id": run.run_id, "attempt": run.attempt, "pipeline": workflow.name}
    row = {"repo": repo} | told | _commit(pipeline) | times
    yield "pipeline_runs", row if repo else _without_repository(workflow.project_slug)


def _pipeline(pipeline: Pipeline, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield nothing where its workflows tell of it, else the run that never came to be."""
    if pipeline.id in known.with_workflows:
        return
    result = result_of(pipeline.state, PIPELINE_WORDS)
    if result != "error":
        said = (
            f"pipeline {pipeline.id} is {pipeline.state!r}, and no file of the entry has a "
            f"workflow of it: save pipeline/{pipeline.id}/workflow too"
        )
        yield "pipeline_runs", Refused(WITHOUT_WORKFLOWS, said)
        return
    repo = _repository(pipeline, pipeline.project_slug, reading)
    row = {
        "repo": repo,
        "run_id": pipeline.id,
        "started_at": pipeline.created_at,
        "finished_at": pipeline.updated_at,
        "result": result,
        "updated_at": pipeline.updated_at,
    }
    told = row | _commit(pipeline)
    yield "pipeline_runs", told if repo else _without_repository(pipeline.project_slug)


def _job(job: Job, reading: Reading, known: Known) -> Iterator[Row]:
    slug = slug_of(job)
    named = _workflow_of(job, reading, known)
    if named is None and (named := workflow_around(job, known)) is not None:
        reading.notes[_BY_TIME] += 1
    number = job.job_number if job.job_number is not None else job.number
    if named is None:
        said = (
            f"job {job.id or number} of {slug} names no workflow; save each workflow's jobs in a "
            "file with the workflow's id in its name, or add `workflow_id` to the records"
        )
        yield "pipeline_jobs", Refused(WORKFLOW_NOT_KNOWN, said)
        return
    workflow = known.workflows.get(named)
    run = known.runs.get(named) or Run(named, 1)
    pipeline = known.pipelines.get(workflow.pipeline_id) if workflow is not None else None
    commit = _commit(pipeline)
    yield (
        "pipeline_jobs",
        {
            "run_id": run.run_id,
            "attempt": run.attempt,
            "job_id": job.id if number is None else str(number),
            "repo": _repository(pipeline, slug, reading),
            "name": job.name,
            "sha": commit["sha"],
            "branch": commit["branch"],
            "runner": job.executor.resource_class if job.executor is not None else None,
            "queued_at": job.queued_at,
            **_times(job.status, JOB_WORDS, job.started_at, job.stopped_at),
        },
    )


def _insight(insight: Insight, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the run of a workflow, where its own record is not there to tell more."""
    if insight.id in known.workflows:
        return
    repo = as_declared(reading.entry.repository, reading.context.settings)
    row = {
        "repo": repo,
        "run_id": insight.id,
        "branch": insight.branch,
        **_times(insight.status, WORKFLOW_WORDS, insight.created_at, insight.stopped_at),
    }
    yield "pipeline_runs", row if repo else _without_repository(None)


def _times(
    status: str | None, words: dict[str, str], began: str | None, stopped: str | None
) -> dict[str, Any]:
    result = result_of(status, words)
    is_known = (status or "").strip().lower() in words
    return {
        "started_at": None if result in UNBEGUN else began,
        "finished_at": stopped if is_known and result not in UNENDED else None,
        "result": result,
        "updated_at": stopped or began,
    }


def _commit(pipeline: Pipeline | None) -> dict[str, Any]:
    vcs = pipeline.vcs if pipeline is not None else None
    trigger = pipeline.trigger if pipeline is not None else None
    return {
        "sha": vcs.revision if vcs is not None else None,
        "branch": (vcs.branch or vcs.tag) if vcs is not None else None,
        "trigger": trigger.type if trigger is not None else None,
    }


def _workflow_of(job: Job, reading: Reading, known: Known) -> str | None:
    """Return the workflow that a job names, or that the path of its file does."""
    named = job.workflow_id or (job.latest_workflow.id if job.latest_workflow is not None else None)
    if named is not None:
        return named
    ids = list(dict.fromkeys(_UUID.findall(reading.context.label.lower())))
    of_workflows = [one for one in ids if one in known.workflows] or ids
    return of_workflows[0] if len(of_workflows) == 1 else None


def _repository(pipeline: Pipeline | None, slug: str | None, reading: Reading) -> str | None:
    """Return the repository by the pipeline's address of it, else by the project's slug."""
    vcs = pipeline.vcs if pipeline is not None else None
    urls = (vcs.target_repository_url, vcs.origin_repository_url) if vcs is not None else ()
    said = next((repo for url in urls if (repo := repository_of_url(url))), None)
    said = said or _repository_of_slug(slug)
    return as_declared(said or reading.entry.repository, reading.context.settings)


def _repository_of_slug(slug: str | None) -> str | None:
    """Return what a slug such as `gh/owner/name` says; nothing where it is made of ids."""
    host, _, name = (slug or "").partition("/")
    return None if host == _OPAQUE else name or None


def _without_repository(slug: str | None) -> Refused:
    said = (
        f"neither the record nor its project ({slug!r}) tells the repository; set `repository` on "
        "the [[sources]] entry"
    )
    return Refused(REPOSITORY_NOT_KNOWN, said)


# ---- Kinds ---- #

_IS_PIPELINE: Final = with_keys("id", "project_slug", "state", "trigger")
_IS_WORKFLOW: Final = with_keys("id", "pipeline_id", "project_slug", "status")
_IS_INSIGHT: Final = with_keys("id", "status", "created_at", "stopped_at", "credits_used")


def _is_job(keys: Keys) -> bool:
    if "pipeline_id" in keys:
        return False
    is_listed = with_keys("id", "name", "project_slug", "status", "type")(keys)
    return is_listed or with_keys("latest_workflow", "project", "status", "number")(keys)


def _is_listed(keys: Keys) -> bool:
    is_project = with_keys("slug", "organization_name", "vcs_info")(keys)
    return is_project or with_keys("name", "metrics", "window_start", "window_end")(keys)


def _kinds(known: Known) -> tuple[RecordKind, ...]:
    return (
        RecordKind(
            name="workflow",
            is_one=_IS_WORKFLOW,
            table="pipeline_runs",
            struct=Workflow,
            rows=partial(_workflow, known=known),
        ),
        RecordKind(
            name="pipeline",
            is_one=_IS_PIPELINE,
            table="pipeline_runs",
            struct=Pipeline,
            rows=partial(_pipeline, known=known),
        ),
        RecordKind(
            name="job",
            is_one=_is_job,
            table="pipeline_jobs",
            struct=Job,
            rows=partial(_job, known=known),
        ),
        RecordKind(
            name="run of a workflow",
            is_one=_IS_INSIGHT,
            table="pipeline_runs",
            struct=Insight,
            rows=partial(_insight, known=known),
        ),
        RecordKind(name=_SUMMARY, is_one=_is_listed, table="pipeline_runs", struct=Listed),
    )


# ---- Files ---- #


def read(export: Export, entry: CircleciSource, context: Context) -> Iterator[Draft]:
    """Yield drafts of one file's runs and jobs, as if it were the entry's only one.

    Raises:
        ExportError: nothing in the file is a record of CircleCI.
    """
    kinds = _kinds(_known([export]))
    return read_kinds(export, entry, context, kinds=kinds, wrappers=WRAPPERS, title="CircleCI")


def read_many(
    paths: list[Path], entry: CircleciSource, context: Context
) -> Iterator[tuple[Path, Draft]]:
    """Yield the drafts of each file; pipelines tell the commits of workflows of any of them.

    Raises:
        ExportError: nothing in one of the files is a record of CircleCI.
    """
    kinds = _kinds(_known(paths))
    return read_each(paths, entry, context, kinds=kinds, wrappers=WRAPPERS, title="CircleCI")


def _known(exports: Sequence[Export]) -> Known:
    kinds = ((_IS_WORKFLOW, Workflow), (_IS_PIPELINE, Pipeline))
    found = list(records_like(exports, kinds, wrappers=WRAPPERS))
    return known_of(
        [one for one in found if isinstance(one, Pipeline)],
        [one for one in found if isinstance(one, Workflow)],
    )


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file holds answers of CircleCI, by its first records."""
    found = recognise_kinds(
        export, kinds=_kinds(Known()), wrappers=WRAPPERS, source="circleci", title="CircleCI"
    )
    if found is None:
        return None
    if found.reason.endswith(_SUMMARY):
        said = f"{found.reason}; nothing is computed from these"
        return replace(found, confidence=0.4, reason=said)
    slugs = {_slug(raw) for raw in first_records(export, wrappers=WRAPPERS)}
    repository = _repository_of_slug(slugs.pop()) if len(slugs) == 1 else None
    return replace(found, suggestion={"repository": repository}) if repository else found


def _slug(raw: bytes) -> str | None:
    try:
        job = msgspec.json.decode(raw, type=Job, strict=False)
    except msgspec.DecodeError:
        return None
    return slug_of(job)
