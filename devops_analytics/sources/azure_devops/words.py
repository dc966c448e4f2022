"""Azure DevOps' words for what builds, jobs and deployments came to, and the suite's."""

from collections.abc import Mapping
from typing import Final

BUILD_WORDS: Final = {
    "none": "unknown",
    "notStarted": "queued",
    "postponed": "queued",
    "inProgress": "in_progress",
    "cancelling": "in_progress",
    # What it came to is its result.
    "completed": "unknown",
    "succeeded": "success",
    # A part of it failed, and the build went on.
    "partiallySucceeded": "failure",
    "failed": "failure",
    "canceled": "cancelled",
}
"""Status and result of a build."""
TASK_WORDS: Final = {
    "pending": "queued",
    "inProgress": "in_progress",
    "completed": "unknown",
    "succeeded": "success",
    # It warned.
    "succeededWithIssues": "success",
    "failed": "failure",
    "canceled": "cancelled",
    "skipped": "skipped",
    # Nothing was heard of it any more.
    "abandoned": "error",
    "manuallyQueued": "blocked",
    "dependentOnManualQueue": "blocked",
}
"""State and result of a job, and of a deployment to an environment."""
DEPLOYMENT_WORDS: Final = {
    "undefined": "unknown",
    "notDeployed": "skipped",
    "inProgress": "in_progress",
    "succeeded": "success",
    # A part of it failed; the stages that wait for it don't go on by themselves.
    "partiallySucceeded": "failure",
    "failed": "failure",
}
"""Status of a release's deployment."""
OPERATION_WORDS: Final = {
    "undefined": "unknown",
    "queued": "queued",
    "scheduled": "queued",
    "deferred": "queued",
    "queuedForAgent": "queued",
    "queuedForPipeline": "queued",
    # It waits for people, or for gates to open.
    "pending": "blocked",
    "manualInterventionPending": "blocked",
    "evaluatingGates": "blocked",
    "approved": "in_progress",
    "phaseInProgress": "in_progress",
    # Others of its phases may follow.
    "phaseSucceeded": "in_progress",
    "phasePartiallySucceeded": "in_progress",
    "phaseFailed": "failure",
    # Nobody let it through.
    "rejected": "cancelled",
    "gateFailed": "cancelled",
    "canceled": "cancelled",
    "phaseCanceled": "cancelled",
    "cancelling": "in_progress",
}
"""What a release's deployment is at, where its status has not decided."""
REASONS: Final = {
    "manual": "person",
    "userCreated": "person",
    "automated": "pipeline",
    "redeployTrigger": "pipeline",
    "individualCI": "pipeline",
    "batchedCI": "pipeline",
    "buildCompletion": "pipeline",
    "resourceTrigger": "pipeline",
    "pullRequest": "pipeline",
    "checkInShelveset": "pipeline",
    "validateShelveset": "pipeline",
    "triggered": "pipeline",
    "schedule": "schedule",
    "scheduled": "schedule",
    "scheduleForced": "schedule",
}
"""Why a build or a deployment was started → what started it."""
VOTES: Final = {
    10: "approved",
    5: "approved_with_suggestions",
    -5: "waiting_for_author",
    -10: "rejected",
}
"""What a reviewer's vote says; 0 is none."""
APPROVALS: Final = frozenset({"approved", "approved_with_suggestions"})
OPEN: Final = frozenset(
    {
        "new", "proposed", "approved", "committed", "accepted", "active", "open", "to do", "doing",
        "in progress", "requested", "design", "ready",
    }
)  # fmt: skip
"""States in which work goes on, as Azure's own processes call them."""
REMOVED: Final = "removed"

UNENDED: Final = frozenset({"in_progress", "queued", "blocked"})
UNBEGUN: Final = frozenset({"queued", "skipped"})
_DECIDED: Final = frozenset({"success", "failure"})


def _plain(words: Mapping[str, str]) -> dict[str, str]:
    return {word.casefold(): result for word, result in words.items()}


_BUILDS: Final = _plain(BUILD_WORDS)
_TASKS: Final = _plain(TASK_WORDS)
_DEPLOYMENTS: Final = _plain(DEPLOYMENT_WORDS)
_OPERATIONS: Final = _plain(OPERATION_WORDS)
_STARTS: Final = _plain(REASONS)
_RESULTS: Final = frozenset({*BUILD_WORDS.values(), *TASK_WORDS.values()})


def result_of_build(status: str | None, result: str | None) -> str | None:
    """Return what a build came to: its result, once it is completed.

    A word that Azure DevOps does not document is returned as it is, here and below.
    """
    return _said(_BUILDS, status, result)


def result_of_task(state: str | None, result: str | None) -> str | None:
    """Return what a job came to: its result, once it is completed."""
    return _said(_TASKS, state, result)


def _said(words: dict[str, str], status: str | None, result: str | None) -> str | None:
    own = words.get((status or "").casefold(), status)
    if not result or own in UNENDED:
        return own
    return words.get(result.casefold(), result)


def result_of_deployment(status: str | None, operation: str | None) -> str | None:
    """Return what a release's deployment came to: its status, else what it is at."""
    said = (status or "").casefold()
    if said and said not in _DEPLOYMENTS:
        return status
    own = _DEPLOYMENTS.get(said)
    if own in _DECIDED or not operation:
        return own
    return _OPERATIONS.get(operation.casefold(), operation)


def has_ended(result: str | None) -> bool:
    """Say whether a result is one of those that nothing comes after."""
    return result in _RESULTS and result not in UNENDED


def started_by(reason: str | None) -> str | None:
    """Return what started a build or a deployment; None where its reason is not known."""
    return _STARTS.get((reason or "").casefold())
