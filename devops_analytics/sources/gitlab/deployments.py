"""Deployments and environments → deployments."""

import re
from collections.abc import Iterator
from typing import Any, Final

from devops_analytics.config import environment_kind
from devops_analytics.sources.gitlab.events import DeploymentEvent, deployment_in
from devops_analytics.sources.gitlab.known import Key, Known
from devops_analytics.sources.gitlab.records import Deployment, Environment
from devops_analytics.sources.gitlab.runs import without_repository
from devops_analytics.sources.gitlab.words import (
    DEPLOYMENT_WORDS,
    TIER_WORDS,
    UNBEGUN,
    has_ended,
    result_of,
    trigger_of,
)
from devops_analytics.sources.json_kinds import Reading, Refused, Row
from devops_analytics.sources.repositories import services_of

SERVICE_NOT_KNOWN: Final = "service_not_known"

_COMMIT: Final = re.compile(r"[0-9a-f]{40,64}", re.IGNORECASE)
_BY_UPDATE: Final = (
    "a deployment says not when it ended, nor does its job, so its last update stands for its end"
)


def deployment(record: Deployment, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield a deployment; GitLab's list has no end of its own, so its job's is taken."""
    job = record.deployable
    repo = known.repository(record, job, job.pipeline if job is not None else None)
    if repo is None:
        yield "deployments", without_repository(f"deployment {record.id}")
        return
    services = services_of(known.names, repo)
    if len(services) > 1:
        said = (
            f"deployment {record.id}: {repo} holds several services ({', '.join(services)}); set "
            "`service` on the source entry, with an export for each"
        )
        yield "deployments", Refused(SERVICE_NOT_KNOWN, said)
        return
    place = record.environment
    ref = record.ref
    row = {
        "deployment_id": f"gitlab:{repo}:{record.id}",
        "service": services[0],
        "environment": place.name if place is not None else None,
        "environment_kind": _kind(place, services[0], reading, known),
        "repo": repo,
        "sha": record.sha,
        "ref": None if ref is None or _COMMIT.fullmatch(ref) else ref,
        "trigger": _trigger(record, repo, known),
        "attempt": known.attempts.get(Key(repo, str(record.id))),
        "method": "reported",
    }
    yield "deployments", row | _times(record, repo, reading, known)


def deployment_of_event(event: DeploymentEvent, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the deployment of an event."""
    yield from deployment(deployment_in(event), reading, known)


def told_of(_record: Any, _reading: Reading) -> Iterator[Row]:
    """Yield nothing: other records are told of by this one."""
    return iter(())


def _times(record: Deployment, repo: str, reading: Reading, known: Known) -> dict[str, Any]:
    result = result_of(record.status, DEPLOYMENT_WORDS)
    job = record.deployable
    ended = None
    if has_ended(record.status, DEPLOYMENT_WORDS):
        ended = record.finished_at or (job.finished_at if job is not None else None)
        if ended is None and record.updated_at:
            reading.notes[_BY_UPDATE] += 1
        ended = ended or record.updated_at
    # The deployment of a job is made with its pipeline, maybe days before it begins.
    began = job.started_at if job is not None else record.created_at
    began = began or known.running.get(Key(repo, str(record.id)))
    return {
        "started_at": None if result in UNBEGUN else began,
        "finished_at": ended,
        "result": result,
        "updated_at": record.updated_at or ended or record.created_at,
    }


def _kind(place: Environment | None, service: str, reading: Reading, known: Known) -> str | None:
    """Return what the tier says, where the settings' rules say nothing."""
    if place is None:
        return None
    settings = reading.context.settings
    named = settings.service_aliases.get(service, service)
    if place.name and environment_kind(settings, named, place.name) != "unknown":
        return None
    return TIER_WORDS.get(place.tier or known.tiers.get(place.id or 0) or "")


def _trigger(record: Deployment, repo: str, known: Known) -> str | None:
    job = record.deployable
    if job is None:
        return None
    pipeline = job.pipeline
    if pipeline is None:
        return trigger_of(None)
    return trigger_of(pipeline.source or known.sources.get(Key(repo, str(pipeline.id))))
