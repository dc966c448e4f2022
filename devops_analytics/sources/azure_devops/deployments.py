"""Deployments of releases, and of pipelines to environments → deployments."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from devops_analytics.sources.azure_devops.builds import commit_of
from devops_analytics.sources.azure_devops.known import Known, repository_built, stage_of, within
from devops_analytics.sources.azure_devops.records import (
    Artifact,
    DefinitionReference,
    Deployment,
    EnvironmentRecord,
    Named,
    Project,
    known_time,
)
from devops_analytics.sources.azure_devops.words import (
    has_ended,
    result_of_deployment,
    result_of_task,
    started_by,
)
from devops_analytics.sources.json_kinds import Reading, Refused, Row
from devops_analytics.sources.moments import moment
from devops_analytics.sources.repositories import repository_name, services_of
from devops_analytics.sources.services import service_of

SERVICE_NOT_KNOWN: Final = "service_not_known"

_PERSON: Final = "person"
_APPROVED: Final = "approved"
_BUILD: Final = "Build"
_GIT: Final = "Git"
_GITHUB: Final = "GitHub"
_NOT_BEGUN: Final = frozenset({"queued", "blocked", "skipped"})
_WORST: Final = (
    "in_progress", "blocked", "queued", "failure", "error", "cancelled", "unknown", "success",
    "skipped",
)  # fmt: skip
"""What jobs come to together: as long as one goes on they all do, and then the worst counts."""
_WITHOUT_BUILD: Final = (
    "the build that a deployment is of is not in the entry's files, so its commit is not known: "
    "save build/builds too"
)
_BY_STAGE: Final = (
    "a deployment names its environment by a number only; its stage stands for it: save "
    "distributedtask/environments too"
)


class Origin(NamedTuple):
    """What was deployed."""

    repo: str | None = None
    sha: str | None = None
    ref: str | None = None
    version: str | None = None


# ---- Releases ---- #


def release(record: Deployment, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the deployment of a release to a stage; each attempt is one."""
    origin = _origin(record, known)
    service = _service(origin.repo, record.release_definition, reading, known)
    if isinstance(service, Refused):
        yield "deployments", service
        return
    result = result_of_deployment(record.deployment_status, record.operation_status)
    started = known_time(record.started_on) or known_time(record.queued_on)
    place = record.release_environment
    yield (
        "deployments",
        {
            "deployment_id": f"azuredevops:release:{record.id}",
            "service": service,
            "environment": place.name if place is not None else None,
            "repo": origin.repo,
            "sha": origin.sha,
            "ref": origin.ref,
            "artifact": origin.version,
            "started_at": None if result in _NOT_BEGUN else started,
            "finished_at": known_time(record.completed_on) if has_ended(result) else None,
            "result": result,
            "trigger": _trigger(record),
            "attempt": record.attempt,
            "updated_at": known_time(record.last_modified_on) or known_time(record.completed_on),
        },
    )


def _trigger(record: Deployment) -> str | None:
    """Return what started a deployment: a person also where one had to let it through."""
    by_hand = any(
        one.is_automated is False and (one.status or "").lower() == _APPROVED
        for one in record.pre_deploy_approvals or ()
    )
    return _PERSON if by_hand else started_by(record.reason)


def _origin(record: Deployment, known: Known) -> Origin:
    """Return what the primary artifact of a release was made of."""
    artifacts = (record.release.artifacts if record.release is not None else None) or []
    chosen = next((one for one in artifacts if one.is_primary), None)
    if chosen is None and len(artifacts) == 1:
        chosen = artifacts[0]
    if chosen is None or chosen.definition_reference is None:
        return Origin()
    said = chosen.definition_reference
    if chosen.type == _BUILD:
        return _of_build(said, known)
    return _of_repository(chosen, said, known)


def _of_build(said: DefinitionReference, known: Known) -> Origin:
    number = str(_id(said.version) or "")
    build = known.builds.get(int(number)) if number.isdecimal() else None
    by_build = commit_of(build)
    named = said.repository.name if said.repository is not None else None
    repo = repository_built(build, known) or (within(_project(said), named) if named else None)
    sha = _id(said.source_version) or by_build["sha"]
    return Origin(
        repo=repository_name(known.names, repo),
        sha=sha,
        ref=None if sha else by_build["branch"],
        version=said.version.name if said.version is not None else None,
    )


def _of_repository(artifact: Artifact, said: DefinitionReference, known: Known) -> Origin:
    named = said.definition.name if said.definition is not None else None
    if artifact.type not in {_GIT, _GITHUB} or named is None:
        version = said.version.name if said.version is not None else None
        return Origin(repo=repository_name(known.names, None), version=version)
    repo = named if artifact.type == _GITHUB else within(_project(said), named)
    return Origin(repo=repository_name(known.names, repo), sha=_id(said.version))


def _id(named: Named | None) -> str | None:
    return str(named.id) if named is not None and named.id else None


def _project(said: DefinitionReference) -> Project | None:
    return Project(name=said.project.name) if said.project is not None else None


def _service(
    repo: str | None, definition: Named | None, reading: Reading, known: Known
) -> str | Refused:
    """Return the service by the repository, else by the definition's name."""
    services = services_of(known.names, repo) if repo is not None else ()
    if len(services) == 1:
        return services[0]
    named = definition.name if definition is not None else None
    settings = reading.context.settings
    declared = reading.entry.service
    if services:
        found = next((one for one in services if one == named), None)
    else:
        found = service_of([named], declared=declared, settings=settings)
    held = f"{repo} holds several services ({', '.join(services)})" if services else "none is named"
    return found or Refused(
        SERVICE_NOT_KNOWN,
        f"a deployment by {named!r}: {held}; set `service` on the source entry, with an export "
        "for each",
    )


# ---- Environments ---- #


def environment(record: EnvironmentRecord, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the deployment that a stage of a pipeline made to an environment.

    Each of its jobs and each machine has a record: the first tells of all, and takes in the others.
    """
    stage = known.stages.get(stage_of(record)) or {record.id: record}
    if record.id != min(stage):
        return
    number = str(_id(record.owner) or "")
    build = known.builds.get(int(number)) if number.isdecimal() else None
    if build is None:
        reading.notes[_WITHOUT_BUILD] += 1
    repo = repository_name(known.names, repository_built(build, known))
    service = _service(repo, record.definition, reading, known)
    if isinstance(service, Refused):
        yield "deployments", service
        return
    yield (
        "deployments",
        {
            "deployment_id": f"azuredevops:environment:{record.id}",
            "service": service,
            "environment": _environment(record, reading, known),
            "repo": repo,
            "trigger": started_by(build.reason) if build is not None else None,
            "attempt": record.stage_attempt,
            "artifact": record.owner.name if record.owner is not None else None,
        }
        | _what(commit_of(build))
        | _times(list(stage.values())),
    )


def _environment(record: EnvironmentRecord, reading: Reading, known: Known) -> str | None:
    name = known.environments.get(record.environment_id)
    if name is None:
        reading.notes[_BY_STAGE] += 1
    return name or record.stage_name


def _what(commit: dict[str, Any]) -> dict[str, Any]:
    return {"sha": commit["sha"], "ref": None if commit["sha"] else commit["branch"]}


def _times(records: list[EnvironmentRecord]) -> dict[str, Any]:
    """Return when the first of some jobs began and the last ended, and the worst that they did."""
    results = {_result(one) for one in records}
    result = next((word for word in _WORST if word in results), next(iter(results)))
    started = _in_order(one.start_time for one in records)
    ended = _in_order(one.finish_time for one in records)
    queued = _in_order(one.queue_time for one in records)
    return {
        "started_at": None if result in _NOT_BEGUN else next(iter(started), None),
        "finished_at": ended[-1] if ended and has_ended(result) else None,
        "result": result,
        "updated_at": next((times[-1] for times in (ended, started, queued) if times), None),
    }


def _result(record: EnvironmentRecord) -> str | None:
    if record.result:
        return result_of_task("completed", record.result)
    return result_of_task("inProgress" if known_time(record.start_time) else "pending", None)


def _in_order(times: Iterable[str | None]) -> list[str]:
    dated = ((moment(text), text) for text in map(known_time, times) if text)
    return [text for at, text in sorted((at, text) for at, text in dated if at is not None)]
