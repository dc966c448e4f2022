"""Deployments and their statuses → deployments."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from devops_analytics.sources.github.answers import Export, Found, Refusal
from devops_analytics.sources.github.part import REPOSITORY_NOT_KNOWN, Part
from devops_analytics.sources.github.records import Deployment, Status, repository_of
from devops_analytics.sources.github.words import result_of
from devops_analytics.sources.moments import moments
from devops_analytics.sources.repositories import Names, repository_name, services_of

COLUMNS: Final = (
    "deployment_id", "service", "environment", "repo", "sha", "ref", "started_at", "finished_at",
    "result", "trigger", "method", "updated_at",
)  # fmt: skip
TERMINAL: Final = frozenset({"success", "failure", "error"})
"""States that end a deployment; an inactive one was only replaced by a later one."""

_ID: Final = re.compile(r"/deployments/(\d+)")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}", re.IGNORECASE)
_PIPELINE_APP: Final = "github-actions"


class Key(NamedTuple):
    """A deployment of a repository."""

    repo: str
    deployment: str


class Step(NamedTuple):
    """A status of a deployment with the moment it was given."""

    at: datetime
    order: str
    written_at: str
    state: str


class Outcome(NamedTuple):
    """What the statuses of a deployment come to; times as they were written."""

    result: str | None
    started_at: str | None
    finished_at: str | None
    last_at: str | None


class Joined(NamedTuple):
    """What is known of the deployments of all files of an entry."""

    steps: Mapping[Key, list[Step]]
    moments: Mapping[str, datetime]
    rows: frozenset[Key]
    """Deployments that become rows."""
    refused: frozenset[Key]
    """Deployments that do not."""


def joined(exports: Sequence[Export], names: Names) -> Joined:
    """Bring the deployments of all files and their statuses together."""
    deployments = [found for export in exports for found in export.of("deployment")]
    statuses = [found.record for export in exports for found in export.of("deployment_status")]
    embedded = [one for found in deployments for one in found.record.statuses or ()]
    known = moments(
        [status.created_at for status in (*statuses, *embedded)]
        + [found.record.updated_at for found in deployments]
    )
    steps: dict[Key, dict[Step, None]] = {}
    for status in statuses:
        _place(steps, status_key(status, names), status, known)
    rows: set[Key] = set()
    refused: set[Key] = set()
    for found in deployments:
        key = deployment_key(found, names)
        if key is None:
            continue
        for status in found.record.statuses or ():
            _place(steps, key, status, known)
        (refused if _refusal(found, names, known) else rows).add(key)
    return Joined(
        steps={key: sorted(found) for key, found in steps.items()},
        moments=known,
        rows=frozenset(rows),
        refused=frozenset(refused - rows),
    )


def _place(
    steps: dict[Key, dict[Step, None]],
    key: Key | None,
    status: Status,
    known: Mapping[str, datetime],
) -> None:
    at = known.get(status.created_at or "")
    if key is None or at is None or status.created_at is None:
        return
    # Statuses of one second come in the order of their ids.
    step = Step(at, str(status.id or "").zfill(20), status.created_at, status.state.lower())
    steps.setdefault(key, {})[step] = None


def deployment_key(found: Found, names: Names) -> Key | None:
    """Return what identifies a deployment among all files; None: it names no repository."""
    repo = repository_name(names, found.repository)
    return None if repo is None else Key(repo, str(found.record.id))


def status_key(status: Status, names: Names) -> Key | None:
    """Return the deployment that a status belongs to, by its addresses."""
    repo = repository_name(names, repository_of(status))
    named = _ID.search(status.deployment_url or "") or _ID.search(status.url or "")
    return None if repo is None or named is None else Key(repo, named[1])


def outcome(steps: Sequence[Step]) -> Outcome:
    """Return what statuses, in the order of their times, come to.

    The first success, failure or error is the result and its time the finish. Without one, an
    inactive deployment was replaced before it told its result; else the last status counts.
    """
    if not steps:
        return Outcome("unknown", None, None, None)
    begun = next((step for step in steps if step.state == "in_progress"), None)
    end = next((step for step in steps if step.state in TERMINAL), None)
    was_replaced = any(step.state == "inactive" for step in steps)
    if end is not None and begun is not None and begun.at > end.at:
        begun = None
    if end is not None:
        result = result_of(end.state)
    else:
        result = "unknown" if was_replaced else result_of(steps[-1].state)
    return Outcome(
        result=result,
        started_at=begun.written_at if begun else None,
        finished_at=end.written_at if end else None,
        last_at=steps[-1].written_at,
    )


def deployments(export: Export, names: Names, known: Joined) -> Part:
    """Make rows of a file's deployments; its statuses are absorbed by theirs, of whatever file."""
    part = Part(table="deployments", columns=COLUMNS)
    silent = 0
    for found in export.of("deployment"):
        refusal = _refusal(found, names, known.moments)
        key = deployment_key(found, names)
        if refusal is not None or key is None:
            part.refused.append(refusal or Refusal(found.number, *REPOSITORY_NOT_KNOWN))
            continue
        steps = known.steps.get(key, [])
        silent += not steps
        service = services_of(names, key.repo)[0]
        row = _row(found.record, key, service, outcome(steps), known.moments)
        part.rows.append((found.number, *row))
    if silent:
        part.notes.append(
            f"{silent} deployments have no status in the export, so their result and finish are "
            "unknown: save repos/OWNER/NAME/deployments/ID/statuses too"
        )
    for found in export.of("deployment_status"):
        refusal = _status_refusal(found, names, known)
        if refusal is None:
            part.absorbed.append(found.number)
        else:
            part.refused.append(refusal)
    return part


def _row(
    deployment: Deployment, key: Key, service: str, came: Outcome, known: Mapping[str, datetime]
) -> tuple[Any, ...]:
    ref = deployment.ref
    return (
        f"github:{key.repo}:{key.deployment}",
        service,
        deployment.environment,
        key.repo,
        deployment.sha,
        None if ref is None or _COMMIT.fullmatch(ref) else ref,
        came.started_at or deployment.created_at,
        came.finished_at,
        came.result,
        _trigger(deployment),
        "reported",
        max(
            (text for text in (deployment.updated_at, came.last_at) if text and text in known),
            key=known.__getitem__,
            default=None,
        ),
    )


def _trigger(deployment: Deployment) -> str | None:
    app = deployment.performed_via_github_app
    if app is not None and app.slug == _PIPELINE_APP:
        return "pipeline"
    creator = deployment.creator
    if creator is None or not (creator.login or creator.type):
        return None
    is_bot = creator.type == "Bot" or (creator.login or "").endswith("[bot]")
    return "pipeline" if is_bot else "person"


def _refusal(found: Found, names: Names, known: Mapping[str, datetime]) -> Refusal | None:
    repo = repository_name(names, found.repository)
    if repo is None:
        return Refusal(found.number, *REPOSITORY_NOT_KNOWN)
    services = services_of(names, repo)
    if len(services) > 1:
        return Refusal(
            found.number,
            "service_not_known",
            f"deployment {found.record.id}: {repo} holds several services "
            f"({', '.join(services)}); set `service` on the source entry, with an export for each",
        )
    return _bad_status(found.number, found.record.statuses or (), known)


def _bad_status(
    number: int, statuses: Iterable[Status], known: Mapping[str, datetime]
) -> Refusal | None:
    for status in statuses:
        if (status.created_at or "") not in known:
            return Refusal(
                number,
                "not_a_time",
                f"status {status.id}: created_at: found {status.created_at!r}; expected an ISO "
                "8601 time with an offset",
            )
    return None


def _status_refusal(found: Found, names: Names, known: Joined) -> Refusal | None:
    bad = _bad_status(found.number, [found.record], known.moments)
    key = status_key(found.record, names)
    if bad is not None or key in known.rows:
        return bad
    named = "no deployment" if key is None else f"deployment {key.deployment} of {key.repo}"
    if key in known.refused:
        return Refusal(found.number, "deployment_not_loaded", f"{named} is quarantined itself")
    return Refusal(
        found.number,
        "deployment_not_found",
        f"the status names {named}, which no file of this entry holds; export "
        "repos/OWNER/NAME/deployments into the same entry",
    )
