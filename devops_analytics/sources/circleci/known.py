"""What all files of an entry tell of its pipelines and workflows, for its runs and jobs."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from devops_analytics.sources.circleci.records import Job, Pipeline, Workflow
from devops_analytics.sources.moments import moment


class Run(NamedTuple):
    """A run, and which try of it."""

    run_id: str
    attempt: int


class Span(NamedTuple):
    """When a workflow ran."""

    workflow: str
    began: datetime
    ended: datetime


@dataclass(kw_only=True, slots=True)
class Known:
    """Pipelines and workflows of an entry, each as it was last."""

    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    """Workflow → the run that it is."""
    with_workflows: set[str] = field(default_factory=set)
    """Pipelines that a workflow is known of."""
    spans: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    """Project → when its workflows ran."""


def known_of(pipelines: Iterable[Pipeline], workflows: Iterable[Workflow]) -> Known:
    """Bring the pipelines and workflows of all files together."""
    known = Known()
    for pipeline in pipelines:
        old = known.pipelines.get(pipeline.id)
        if old is None or (pipeline.updated_at or "") >= (old.updated_at or ""):
            known.pipelines[pipeline.id] = pipeline
    for workflow in workflows:
        before = known.workflows.get(workflow.id)
        if before is None or (workflow.stopped_at or "") >= (before.stopped_at or ""):
            known.workflows[workflow.id] = workflow
    _number(known)
    for workflow in known.workflows.values():
        known.with_workflows.add(workflow.pipeline_id)
        began, ended = moment(workflow.created_at), moment(workflow.stopped_at)
        if began is not None and ended is not None and workflow.project_slug:
            known.spans[workflow.project_slug].append(Span(workflow.id, began, ended))
    return known


def _number(known: Known) -> None:
    """Number the tries: a workflow that runs again is another one of its pipeline, called alike."""
    tries: dict[tuple[str, str], list[Workflow]] = defaultdict(list)
    for workflow in known.workflows.values():
        tries[workflow.pipeline_id, workflow.name or workflow.id].append(workflow)
    for (pipeline, name), found in tries.items():
        found.sort(key=lambda one: (one.created_at or "", one.id))
        for attempt, workflow in enumerate(found, 1):
            known.runs[workflow.id] = Run(f"{pipeline}/{name}", attempt)


def workflow_around(job: Job, known: Known) -> str | None:
    """Return the workflow that a job ran in by its times; None where it is not the only one."""
    slug = slug_of(job)
    began, ended = moment(job.started_at), moment(job.stopped_at)
    if slug is None or began is None or ended is None:
        return None
    around = [
        span.workflow
        for span in known.spans.get(slug, ())
        if span.began <= began and ended <= span.ended
    ]
    return around[0] if len(around) == 1 else None


def slug_of(job: Job) -> str | None:
    """Return the project of a job, such as `gh/owner/name`."""
    return job.project_slug or (job.project.slug if job.project is not None else None)
