"""Argo CD: applications with the history of their syncs, as JSON or YAML → deployments."""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from devops_analytics.config import Settings
from devops_analytics.sources.argocd_records import (
    Application,
    OperationState,
    Origin,
    Synced,
)
from devops_analytics.sources.json_kinds import (
    NOT_NEEDED,
    Reading,
    Refused,
    Row,
)
from devops_analytics.sources.people import are_bots

WRAPPERS: Final = ("items",)
"""The key that lists of the API, its command and kubectl hold applications under."""

PHASES: Final = {
    "Running": "in_progress",
    "Terminating": "in_progress",
    "Succeeded": "success",
    "Failed": "failure",
    "Error": "error",
}
"""Phases of a sync (the type OperationPhase of gitops-engine)."""

NO_CHANGE: Final = "skipped"
"""A sync that put out the version that already ran is no deployment."""

WITHOUT_TIME: Final = "sync_without_time"

_TITLE: Final = "Argo CD"
_ENVIRONMENT_LABELS: Final = ("app.kubernetes.io/environment", "environment", "env")
_SERVICE_LABEL: Final = "app.kubernetes.io/name"
_PROJECT_TOKEN: Final = "proj:"
"""What the name of a project's token begins with: pipelines use them, as people have their own."""
_TERMINATED: Final = "operation terminated"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.IGNORECASE)
_NO_NAME: Final = re.compile(r"HEAD|.*[*^~<>=\s|].*")
"""No branch or tag: whatever is there now, or a range of versions."""
_FIRST: Final = (
    "the oldest sync of an application's history may have changed nothing, as what ran before it "
    "is not known; taken as a deployment. Raise spec.revisionHistoryLimit, or export more often"
)
_SEVERAL: Final = (
    "a sync is of several repositories, and the settings don't say which of them is the service's; "
    "its commit is not known"
)
_SAMPLE: Final = 1 << 20
_YAML_MARKS: Final = (
    re.compile(rb"^\s*(?:- )?repoURL:", re.MULTILINE),
    re.compile(rb"^\s*destination:", re.MULTILINE),
    re.compile(rb"^\s*(?:- )?(?:deployedAt|operationState|deployStartedAt):", re.MULTILINE),
)


class Target(NamedTuple):
    """What an application deploys: to which service and environment."""

    service: str
    environment: str | None


# ---- Rows ---- #


def _application(one: Application, reading: Reading) -> Iterator[Row]:
    """Yield a row of each sync. Nothing may be refused as a whole: a record may name people."""
    target = _target(one, reading)
    history = sorted((one.status and one.status.history) or (), key=_order)
    before: Synced | None = None
    for sync in history:
        yield "deployments", _history_row(one, sync, before, target, reading)
        before = sync
    state = one.status.operation_state if one.status else None
    if state is not None:
        yield "deployments", _operation_row(one, state, target, reading)
    elif not history:
        said = (
            f"application {one.metadata.name} was never synced, or is exported without its status; "
            "export it with `argocd app get NAME -o json`"
        )
        yield "deployments", Refused(NOT_NEEDED, said)


def _order(sync: Synced) -> tuple[str, int]:
    return sync.deployed_at or "", sync.id or 0


def _history_row(
    one: Application, sync: Synced, before: Synced | None, target: Target, reading: Reading
) -> dict[str, Any] | Refused:
    if not sync.deployed_at:
        said = f"{one.metadata.name}: sync {sync.id} has no `deployedAt`; export its history whole"
        return Refused(WITHOUT_TIME, said)
    is_oldest = before is None and sync.id != 0
    if is_oldest:
        reading.notes[_FIRST] += 1
    is_same = before is not None and _content(before) == _content(sync)
    return {
        **_about(one, sync.deploy_started_at or sync.deployed_at, target),
        **_version(one, sync, target, reading),
        "started_at": sync.deploy_started_at,
        "finished_at": sync.deployed_at,
        "result": NO_CHANGE if is_same else PHASES["Succeeded"],
        "trigger": _trigger(sync.initiated_by, reading.context.settings),
        # An export that knows what ran before knows better whether this was a change.
        "updated_at": sync.deploy_started_at if is_oldest else sync.deployed_at,
    }


def _content(sync: Synced) -> list[Any]:
    """Return what a sync put out, whatever the name that led to it."""
    pairs = sync.pairs() or [(Origin(), sync.revision)]
    return [(msgspec.structs.replace(one, target_revision=None), told) for one, told in pairs]


def _operation_row(
    one: Application, state: OperationState, target: Target, reading: Reading
) -> dict[str, Any] | Refused | None:
    """Return the last sync, if it isn't in the history, as only those that succeeded are there."""
    asked = state.operation.sync if state.operation else None
    name = one.metadata.name
    if asked is None or asked.dry_run or asked.resources:
        what = "no sync" if asked is None else "a dry run" if asked.dry_run else "of some resources"
        said = f"{name}: the last operation is {what}; Argo CD keeps no history of these"
        return Refused(NOT_NEEDED, said)
    result = _result(state)
    if result == PHASES["Succeeded"]:
        return None
    if not state.started_at:
        return Refused(WITHOUT_TIME, f"{name}: the last operation has no `startedAt`")
    has_ended = result != PHASES["Running"]
    came = state.sync_result
    versions = came if came and (came.revision or came.revisions) else asked
    return {
        **_about(one, state.started_at, target),
        **_version(one, versions, target, reading),
        "started_at": state.started_at,
        "finished_at": state.finished_at if has_ended else None,
        "result": result,
        "trigger": _trigger(
            state.operation.initiated_by if state.operation else None, reading.context.settings
        ),
        "attempt": (state.retry_count or 0) + 1,
        "updated_at": (state.finished_at if has_ended else None) or state.started_at,
    }


def _result(state: OperationState) -> str | None:
    """Return what the last operation came to; one that was stopped is written as failed."""
    phase = (state.phase or "").strip()
    said = (state.message or "").strip().lower()
    if phase == "Failed" and said.startswith(_TERMINATED):
        return "timeout" if "timeout" in said else "cancelled"
    return PHASES.get(phase, state.phase)


def _about(one: Application, started: str, target: Target) -> dict[str, Any]:
    """Return what identifies a sync: its beginning, as its entry in the history has that too."""
    about = one.metadata
    name = about.uid or f"{about.namespace or ''}/{about.name}"
    return {
        "deployment_id": f"argocd:{name}:{started}",
        "service": target.service,
        "environment": target.environment,
    }


def _trigger(initiated: msgspec.Raw | None, settings: Settings) -> str | None:
    """Return whether a person started it; a project's token and a bot are pipelines."""
    try:
        by = msgspec.json.decode(initiated, type=dict[str, Any]) if initiated else {}
    except msgspec.DecodeError:
        return None
    if by.get("automated") in {True, "true"}:
        return "pipeline"
    name = by.get("username")
    if not isinstance(name, str) or not name:
        return None
    is_bot = are_bots(msgspec_series(name), settings.people.bot_patterns).item()
    return "pipeline" if is_bot or name.startswith(_PROJECT_TOKEN) else "person"
