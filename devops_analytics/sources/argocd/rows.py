"""Syncs of an application → deployments."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import msgspec
import polars as pl

from devops_analytics.config import Settings
from devops_analytics.sources.argocd.records import (
    Application,
    Initiator,
    OperationState,
    Origin,
    Sync,
    Synced,
)
from devops_analytics.sources.argocd.targets import Target, target_of, version_of
from devops_analytics.sources.json_kinds import NOT_NEEDED, Reading, Refused, Row
from devops_analytics.sources.people import are_bots

SUCCESS: Final = "success"
IN_PROGRESS: Final = "in_progress"
PHASES: Final = {
    "Running": IN_PROGRESS,
    "Terminating": IN_PROGRESS,
    "Succeeded": SUCCESS,
    "Failed": "failure",
    "Error": "error",
}
"""Phases of a sync (the type OperationPhase of gitops-engine)."""

WITHOUT_TIME: Final = "sync_without_time"

_NO_CHANGE: Final = "skipped"
"""A sync that put out the version that already ran is no deployment."""
_OF_PROJECT: Final = "proj:"
"""What the name of a project's token begins with: programs use them, people their own account."""
_TERMINATED: Final = "operation terminated"
_OLDEST: Final = (
    "the oldest sync of an application's history may have changed nothing, as what ran before it "
    "is not known; taken as a deployment. Raise spec.revisionHistoryLimit, or export more often"
)


def application_rows(one: Application, reading: Reading) -> Iterator[Row]:
    """Yield a row of each sync. Nothing is refused as a whole, as its text may name people."""
    target = target_of(one, reading)
    history = sorted((one.status.history if one.status else None) or (), key=_order)
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
        reading.notes[_OLDEST] += 1
    is_same = before is not None and _content(before) == _content(sync)
    return {
        **_about(one, sync.deploy_started_at or sync.deployed_at, target),
        **version_of(one, sync, target, reading),
        "started_at": sync.deploy_started_at,
        "finished_at": sync.deployed_at,
        "result": _NO_CHANGE if is_same else SUCCESS,
        "trigger": _trigger(sync.initiated_by, reading.context.settings),
        # An export that knows what ran before knows better whether this was a change.
        "updated_at": sync.deploy_started_at if is_oldest else sync.deployed_at,
    }


def _content(sync: Synced) -> list[Any]:
    """Return what a sync put out, whatever the branch or tag that led to it."""
    pairs = sync.pairs() or [(Origin(), sync.revision)]
    return [(msgspec.structs.replace(one, target_revision=None), told) for one, told in pairs]


def _operation_row(
    one: Application, state: OperationState, target: Target, reading: Reading
) -> dict[str, Any] | Refused | None:
    """Return the last sync where it is not in the history, as only those that succeeded are."""
    name = one.metadata.name
    asked = state.operation.sync if state.operation else None
    if asked is None or asked.dry_run or asked.resources:
        said = f"the last operation of {name} is {_kind(asked)}; it is no deployment of the whole"
        return Refused(NOT_NEEDED, said)
    result = _result(state)
    if result == SUCCESS:
        return None
    if not state.started_at:
        return Refused(WITHOUT_TIME, f"the last operation of {name} has no `startedAt`")
    ended = None if result == IN_PROGRESS else state.finished_at
    came = state.sync_result
    versions = came if came is not None and (came.revision or came.revisions) else asked
    initiated = state.operation.initiated_by if state.operation else None
    return {
        **_about(one, state.started_at, target),
        **version_of(one, versions, target, reading),
        "started_at": state.started_at,
        "finished_at": ended,
        "result": result,
        "trigger": _trigger(initiated, reading.context.settings),
        "attempt": (state.retry_count or 0) + 1,
        "updated_at": ended or state.started_at,
    }


def _kind(asked: Sync | None) -> str:
    if asked is None:
        return "no sync"
    return "a dry run" if asked.dry_run else "a sync of some resources alone"


def _result(state: OperationState) -> str | None:
    """Return what the last operation came to; one that was stopped is written as failed."""
    phase = (state.phase or "").strip()
    said = (state.message or "").strip().lower()
    if phase == "Failed" and said.startswith(_TERMINATED):
        return "timeout" if "timeout" in said else "cancelled"
    return PHASES.get(phase, state.phase)


def _about(one: Application, started: str, target: Target) -> dict[str, Any]:
    """Return what identifies a sync: its beginning, which the history tells as well."""
    name = one.metadata.uid or f"{one.metadata.namespace or ''}/{one.metadata.name}"
    return {
        "deployment_id": f"argocd:{name}:{started}",
        "service": target.service,
        "environment": target.environment,
    }


def _trigger(by: Initiator | None, settings: Settings) -> str | None:
    """Return whether a person started it; a project's token and a bot are pipelines."""
    name = (by.username if by else None) or ""
    if by is not None and (by.automated or name.startswith(_OF_PROJECT)):
        return "pipeline"
    if not name:
        return None
    return "pipeline" if _is_bot(name, tuple(settings.people.bot_patterns)) else "person"


@lru_cache(maxsize=4096)
def _is_bot(name: str, patterns: tuple[str, ...]) -> bool:
    return bool(are_bots(pl.Series([name]), patterns).item())
