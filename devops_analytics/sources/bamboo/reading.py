"""Files of a Bamboo entry → drafts, and what a file is recognised by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from devops_analytics.config_tools import BambooSource
from devops_analytics.sources.bamboo.records import Build, Deployment, Listed, Project
from devops_analytics.sources.bamboo.words import FINISHED, REASONS, reason_of, result_of
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
from devops_analytics.sources.moments import iso_from_ms
from devops_analytics.sources.scanners import as_declared
from devops_analytics.sources.source import Context, Draft, Export, Recognition

WRAPPERS: Final = ("results", "result")

SERVICE_NOT_KNOWN: Final = "service_not_known"
UNEXPECTED_KEY: Final = "unexpected_key"

_LISTED: Final = "plan or job"
_PARTS_OF_A_JOB: Final = 4
"""PROJECT-PLAN-JOB-NUMBER; the result of a plan has three parts."""
_WITHOUT_REPOSITORY: Final = (
    "a build names no repository; its plan stands for it. Export it with "
    "expand=results.result.vcsRevisions, or set `repository` on the [[sources]] entry"
)
_WITHOUT_PROJECT: Final = (
    "the environment of a deployment is not in the entry's files, so its name is not known; the "
    "plan that built the version stands for the service. Save deploy/project/all too"
)
_WITHOUT_BUILD: Final = (
    "the build of a deployed version is not in the entry's files, so its commit is not known: "
    "save result/PROJECT-PLAN with expand=results.result.vcsRevisions too"
)
_OPEN: Final = frozenset({"queued", "in_progress"})


class Place(NamedTuple):
    """What is deployed, and where to."""

    project: str | None
    environment: str | None


class Source(NamedTuple):
    """What a build was made of."""

    repo: str | None
    sha: str | None


@dataclass(kw_only=True, slots=True)
class Known:
    """What all files of an entry tell of environments and builds."""

    places: dict[str, Place] = field(default_factory=dict)
    """By the key of the environment, such as `884737-950273`."""
    builds: dict[str, Source] = field(default_factory=dict)
    """By the key of a plan's result, such as `SHOP-WEB-12`."""


# ---- Builds ---- #


def _run(build: Build, reading: Reading) -> Iterator[Row]:
    source = _source(build)
    repo = _repository(source, reading)
    if repo is None:
        reading.notes[_WITHOUT_REPOSITORY] += 1
    plan = build.plan
    branch = plan.short_name if plan is not None and plan.master is not None else None
    whole = plan.master if plan is not None and plan.master is not None else plan
    key = (whole.key if whole is not None else None) or build.build_result_key.rpartition("-")[0]
    named = " - ".join(text for text in (build.project_name, build.plan_name) if text)
    row = {
        "repo": repo or key,
        "run_id": build.build_result_key,
        "pipeline": (whole.name if whole is not None else None) or named or key,
        "sha": source.sha,
        "branch": branch,
        "trigger": reason_of(build.build_reason),
    }
    yield "pipeline_runs", row | _times(build)
    for stage in (build.stages.stage if build.stages is not None else None) or ():
        for job in (stage.results.result if stage.results is not None else None) or ():
            yield from _job(job, reading)


def _job(build: Build, reading: Reading) -> Iterator[Row]:
    parts = build.build_result_key.split("-")
    if len(parts) != _PARTS_OF_A_JOB:
        said = f"found {build.build_result_key!r}; expected the key of a job, PROJECT-PLAN-JOB-1"
        yield "pipeline_jobs", Refused(UNEXPECTED_KEY, said)
        return
    source = _source(build)
    name = build.plan.short_name if build.plan is not None else None
    row = {
        "run_id": "-".join((*parts[:2], parts[3])),
        "job_id": build.build_result_key,
        "repo": _repository(source, reading),
        "name": name or build.plan_name,
        "sha": source.sha,
    }
    yield "pipeline_jobs", row | _times(build)


def _times(build: Build) -> dict[str, Any]:
    result = result_of(build.life_cycle_state, build.state or build.build_state)
    has_ended = _has_ended(build.life_cycle_state, result)
    ended = build.build_completed_time if has_ended else None
    return {
        "queued_at": build.queue_started_time,
        "started_at": build.build_started_time,
        "finished_at": ended,
        "result": result,
        "updated_at": ended or build.build_started_time or build.queue_started_time,
    }


def _has_ended(life_cycle: str | None, result: str | None) -> bool:
    return (life_cycle or FINISHED).strip().casefold() == FINISHED and result not in _OPEN


def _source(build: Build) -> Source:
    """Return the commit, and the repository where only one has it."""
    revisions = build.vcs_revisions.vcs_revision if build.vcs_revisions is not None else None
    found = revisions or []
    sha = build.vcs_revision_key or (found[0].vcs_revision_key if len(found) == 1 else None)
    names = {one.repository_name for one in found if sha and one.vcs_revision_key == sha}
    return Source(names.pop() if len(names) == 1 else None, sha)


def _repository(source: Source, reading: Reading) -> str | None:
    return as_declared(source.repo or reading.entry.repository, reading.context.settings)


# ---- Deployments ---- #


def _deployment(deployment: Deployment, reading: Reading, known: Known) -> Iterator[Row]:
    key = deployment.key
    environment = key.entity_key.key if key is not None and key.entity_key is not None else None
    place = known.places.get(environment or "")
    if place is None:
        reading.notes[_WITHOUT_PROJECT] += 1
    version = deployment.deployment_version
    built = {
        (one.plan_result_key.key or "")
        for one in (version.items if version is not None else None) or ()
        if one.plan_result_key is not None
    } - {""}
    plans = {one.rpartition("-")[0] for one in built}
    plan = plans.pop() if len(plans) == 1 else None
    service = reading.entry.service or (place.project if place is not None else None) or plan
    if service is None:
        said = (
            f"deployment {deployment.id}: neither its project nor its plan is known; save "
            "deploy/project/all into the same entry, or set `service` on it"
        )
        yield "deployments", Refused(SERVICE_NOT_KNOWN, said)
        return
    source = known.builds.get(built.pop()) if len(built) == 1 else None
    if source is None:
        reading.notes[_WITHOUT_BUILD] += 1
    named = version.name if version is not None else None
    row = {
        "deployment_id": f"bamboo:{(key.key if key is not None else None) or deployment.id}",
        "service": service,
        "environment": place.environment if place is not None else None,
        "repo": _repository(source or Source(None, None), reading),
        "sha": source.sha if source is not None else None,
        "artifact": deployment.deployment_version_name or named,
        "trigger": REASONS.get(reason_of(deployment.reason_summary) or ""),
    }
    yield "deployments", row | _deployed(deployment)


def _deployed(deployment: Deployment) -> dict[str, Any]:
    result = result_of(deployment.life_cycle_state, deployment.deployment_state)
    has_ended = _has_ended(deployment.life_cycle_state, result)
    started = iso_from_ms(deployment.started_date)
    ended = iso_from_ms(deployment.finished_date) if has_ended else None
    return {
        "started_at": started,
        "finished_at": ended,
        "result": result,
        "updated_at": ended or started or iso_from_ms(deployment.queued_date),
    }


def _project(_project: Project, _reading: Reading) -> Iterator[Row]:
    """Yield nothing: deployments are told of by it."""
    return iter(())


# ---- Kinds ---- #

_IS_PROJECT: Final = with_keys("id", "key", "name", "environments", "operations")
_IS_DEPLOYMENT: Final = with_keys("id", "deploymentState", "lifeCycleState")


def _is_build(keys: Keys) -> bool:
    return with_keys("buildResultKey", "lifeCycleState")(keys) and not _is_of_job(keys)


def _is_job(keys: Keys) -> bool:
    return with_keys("buildResultKey", "lifeCycleState")(keys) and _is_of_job(keys)


def _is_of_job(keys: Keys) -> bool:
    return bytes(keys["buildResultKey"]).count(b"-") == _PARTS_OF_A_JOB - 1


def _is_listed(keys: Keys) -> bool:
    return with_keys("id", "type", "searchEntity")(keys) or with_keys(
        "shortName", "shortKey", "type", "key"
    )(keys)


def _kinds(known: Known) -> tuple[RecordKind, ...]:
    return (
        RecordKind(name="build", is_one=_is_build, table="pipeline_runs", struct=Build, rows=_run),
        RecordKind(
            name="build of a job", is_one=_is_job, table="pipeline_jobs", struct=Build, rows=_job
        ),
        RecordKind(
            name="deployment",
            is_one=_IS_DEPLOYMENT,
            table="deployments",
            struct=Deployment,
            rows=partial(_deployment, known=known),
        ),
        RecordKind(
            name="deployment project",
            is_one=_IS_PROJECT,
            table="deployments",
            struct=Project,
            rows=_project,
        ),
        RecordKind(name=_LISTED, is_one=_is_listed, table="pipeline_runs", struct=Listed),
    )


# ---- Files ---- #


def read(export: Export, entry: BambooSource, context: Context) -> Iterator[Draft]:
    """Yield drafts of one file's runs, jobs and deployments, as if it were the entry's only one.

    Raises:
        ExportError: nothing in the file is a record of Bamboo.
    """
    kinds = _kinds(_known([export]))
    return read_kinds(export, entry, context, kinds=kinds, wrappers=WRAPPERS, title="Bamboo")


def read_many(
    paths: list[Path], entry: BambooSource, context: Context
) -> Iterator[tuple[Path, Draft]]:
    """Yield the drafts of each file.

    Deployments are told of by their projects and by the builds of their versions, whichever file
    of the entry these are in.

    Raises:
        ExportError: nothing in one of the files is a record of Bamboo.
    """
    kinds = _kinds(_known(paths))
    return read_each(paths, entry, context, kinds=kinds, wrappers=WRAPPERS, title="Bamboo")


def _known(exports: Sequence[Export]) -> Known:
    known = Known()
    kinds = ((_IS_PROJECT, Project), (_is_build, Build))
    for one in records_like(exports, kinds, wrappers=WRAPPERS):
        if isinstance(one, Build):
            known.builds[one.build_result_key] = _source(one)
        else:
            for environment in one.environments or ():
                key = f"{one.id}-{environment.id}"
                known.places[key] = Place(one.name, environment.name)
    return known


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file holds answers of Bamboo, by its first records."""
    found = recognise_kinds(
        export, kinds=_kinds(Known()), wrappers=WRAPPERS, source="bamboo", title="Bamboo"
    )
    if found is None or not found.reason.endswith(_LISTED):
        return found
    said = f"{found.reason}; nothing is computed from these"
    return replace(found, confidence=0.4, reason=said)
