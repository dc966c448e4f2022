"""Pipelines, steps and deployments of Bitbucket → runs, jobs and deployments."""

from collections.abc import Iterator
from typing import Any, Final

from devops_analytics.sources.bitbucket.known import (
    Known,
    repository_deployed,
    repository_of_pipeline,
)
from devops_analytics.sources.bitbucket.records import (
    Deployment,
    Environment,
    Pipeline,
    Release,
    Step,
    Target,
    plain,
)
from devops_analytics.sources.bitbucket.words import (
    DEPLOYMENT_WORDS,
    PIPELINE_WORDS,
    STEP_WORDS,
    UNBEGUN,
    has_ended,
    result_of,
)
from devops_analytics.sources.json_kinds import Reading, Refused, Row
from devops_analytics.sources.repositories import repository_name, services_of

REPOSITORY_NOT_KNOWN: Final = "repository_not_known"
SERVICE_NOT_KNOWN: Final = "service_not_known"
PIPELINE_NOT_KNOWN: Final = "pipeline_not_known"

_WITHOUT_STATUS: Final = (
    "a deployment does not say how it ended, and neither does its step, so its result is not "
    "known: save the pipelines' steps too, or the deployments with their state.status"
)
_WITHOUT_ENVIRONMENT: Final = (
    "a deployment names its environment by an id only: save "
    "repositories/WORKSPACE/NAME/environments/ too"
)
_OF_A_REQUEST: Final = "pipeline_pullrequest_target"
_KINDS: Final = {"production": "production", "staging": "staging", "test": "test"}


def without_repository(what: str) -> Refused:
    """Return why a record that names no repository is put aside."""
    said = f"{what} names no repository; set `repository` on the [[sources]] entry"
    return Refused(REPOSITORY_NOT_KNOWN, said)


# ---- Pipelines and steps ---- #


def run(pipeline: Pipeline, _reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the run that a pipeline is."""
    repo = repository_name(known.names, repository_of_pipeline(pipeline, known))
    if repo is None:
        yield "pipeline_runs", without_repository(f"pipeline {plain(pipeline.uuid)}")
        return
    result = result_of(pipeline.state, PIPELINE_WORDS)
    began = known.began.get(pipeline.uuid)
    target = pipeline.target
    row = {
        "repo": repo,
        "run_id": plain(pipeline.uuid),
        "attempt": pipeline.run_number,
        "pipeline": _selected(target),
        "trigger": _trigger(pipeline),
        # Only its steps tell when it began; without them it can't be told how long it waited.
        "queued_at": pipeline.created_on if began else None,
        "started_at": None if result in UNBEGUN else began or pipeline.created_on,
        "finished_at": pipeline.completed_on if has_ended(result, PIPELINE_WORDS) else None,
        "result": result,
        "updated_at": pipeline.completed_on or began or pipeline.created_on,
    }
    yield "pipeline_runs", row | _commit(target)


def job(step: Step, _reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the job that a step is; one that ran again is another job of the same run."""
    uuid = step.pipeline.uuid if step.pipeline is not None else None
    if uuid is None:
        said = f"step {plain(step.uuid)} names no pipeline; export it with its `pipeline`"
        yield "pipeline_jobs", Refused(PIPELINE_NOT_KNOWN, said)
        return
    pipeline = known.pipelines.get(uuid)
    said_repo = repository_of_pipeline(pipeline, known) if pipeline is not None else None
    result = result_of(step.state, STEP_WORDS)
    again = f"/{step.run_number}" if (step.run_number or 1) > 1 else ""
    row = {
        "run_id": plain(uuid),
        "attempt": pipeline.run_number if pipeline is not None else None,
        "job_id": f"{plain(step.uuid)}{again}",
        "repo": repository_name(
            known.names, said_repo or known.repositories.get(plain(uuid) or "")
        ),
        "name": step.name,
        "started_at": None if result in UNBEGUN else step.started_on,
        "finished_at": step.completed_on if has_ended(result, STEP_WORDS) else None,
        "result": result,
        "updated_at": step.completed_on or step.started_on,
    }
    yield "pipeline_jobs", row | _commit(pipeline.target if pipeline is not None else None)


def _commit(target: Target | None) -> dict[str, Any]:
    commit = target.commit if target is not None else None
    return {
        "sha": commit.hash if commit is not None else None,
        "branch": (target.ref_name or target.source) if target is not None else None,
    }


def _selected(target: Target | None) -> str | None:
    """Return which pipeline of the repository's file ran, such as `branches: main`."""
    selector = target.selector if target is not None else None
    if selector is None:
        return None
    return ": ".join(text for text in (selector.type, selector.pattern) if text) or None


def _trigger(pipeline: Pipeline) -> str | None:
    if pipeline.target is not None and pipeline.target.type == _OF_A_REQUEST:
        return "pull_request"
    trigger = pipeline.trigger
    if trigger is None:
        return None
    said = trigger.name or (trigger.type or "").removeprefix("pipeline_trigger_")
    return said.lower() or None


# ---- Deployments ---- #


def deployment(record: Deployment, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield a deployment with the result of its step, where it does not say it itself."""
    repo = repository_name(known.names, repository_deployed(record))
    what = f"deployment {plain(record.uuid)}"
    services = services_of(known.names, repo) if repo is not None else ()
    if repo is None:
        yield "deployments", without_repository(what)
        return
    if len(services) > 1:
        said = (
            f"{what}: {repo} holds several services ({', '.join(services)}); set `service` on the "
            "source entry, with an export for each"
        )
        yield "deployments", Refused(SERVICE_NOT_KNOWN, said)
        return
    step = known.steps.get((record.step.uuid if record.step is not None else None) or "")
    row = {
        "deployment_id": f"bitbucket:{plain(record.uuid)}",
        "service": services[0],
        "repo": repo,
        "trigger": _started_by(step, _pipeline_of(record, known)),
        "attempt": step.run_number if step is not None else None,
    }
    place = _environment(record, reading, known)
    yield "deployments", row | place | _what(record, known) | _times(record, reading, known)


def _pipeline_of(record: Deployment, known: Known) -> Pipeline | None:
    release = record.release
    named = release.pipeline.uuid if release is not None and release.pipeline is not None else None
    return known.pipelines.get(named or "")


def _what(record: Deployment, known: Known) -> dict[str, Any]:
    release = record.release or Release()
    sha = release.commit.hash if release.commit is not None else None
    pipeline = _pipeline_of(record, known)
    told = _commit(pipeline.target if pipeline is not None else None)
    return {"sha": sha or told["sha"], "ref": None if sha else told["branch"]}


def _times(record: Deployment, reading: Reading, known: Known) -> dict[str, Any]:
    state = record.state
    result = _result(record, known)
    if result == "unknown":
        reading.notes[_WITHOUT_STATUS] += 1
    started = state.started_on if state is not None else None
    ended = state.completed_on if state is not None else None
    return {
        "started_at": None if result in {"queued", "blocked"} else started,
        "finished_at": ended if has_ended(result, DEPLOYMENT_WORDS) else None,
        "result": result,
        "updated_at": record.last_update_time or ended or started,
    }


def _result(record: Deployment, known: Known) -> str | None:
    """Return what a deployment came to by its own word, else by its step's or its pipeline's.

    That it is completed only says that its step came to an end.
    """
    own = result_of(record.state, DEPLOYMENT_WORDS)
    if own != "unknown":
        return own
    step = known.steps.get((record.step.uuid if record.step is not None else None) or "")
    by_step = result_of(step.state if step is not None else None, STEP_WORDS)
    if by_step is not None and has_ended(by_step, STEP_WORDS):
        return by_step
    pipeline = _pipeline_of(record, known)
    whole = result_of(pipeline.state if pipeline is not None else None, PIPELINE_WORDS)
    # A pipeline may have failed in another of its steps.
    return "success" if whole == "success" else own


def _environment(record: Deployment, reading: Reading, known: Known) -> dict[str, Any]:
    told = record.environment or Environment()
    whole = known.environments.get(told.uuid or "") or told
    name = told.name or whole.name
    if name is None:
        reading.notes[_WITHOUT_ENVIRONMENT] += 1
    kind = told.environment_type or whole.environment_type
    said = (kind.name if kind is not None else None) or ""
    return {"environment": name, "environment_kind": _KINDS.get(said.lower())}


def _started_by(step: Step | None, pipeline: Pipeline | None) -> str | None:
    """Return what started a deployment: its step by hand, or what started the whole pipeline."""
    by_hand = (step.trigger.type if step is not None and step.trigger is not None else None) or ""
    if by_hand.endswith(("_manual", "_redeploy")):
        return "person"
    began = (_trigger(pipeline) if pipeline is not None else None) or ""
    if began in {"manual", "schedule", "scheduled"}:
        return "person" if began == "manual" else "schedule"
    return "pipeline" if by_hand or began else None
