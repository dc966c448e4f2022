"""Bitbucket's words for what pipelines, steps and deployments came to, and the suite's."""

from typing import Final

from devops_analytics.sources.bitbucket.records import State

_RESULTS: Final = {
    "SUCCESSFUL": "success",
    "FAILED": "failure",
    "ERROR": "error",
    "STOPPED": "cancelled",
    "EXPIRED": "timeout",
    "PENDING": "queued",
    "IN_PROGRESS": "in_progress",
    # It waits for somebody to start its next step by hand.
    "PAUSED": "blocked",
    "HALTED": "blocked",
    # What it came to is its result.
    "COMPLETED": "unknown",
}
PIPELINE_WORDS: Final = {
    **_RESULTS,
    "RUNNING": "in_progress",
    # As the list of pipelines is asked for.
    "PARSING": "queued",
    "BUILDING": "in_progress",
    "PASSED": "success",
    "SKIPPED": "skipped",
    "UNKNOWN": "unknown",
}
STEP_WORDS: Final = {**_RESULTS, "READY": "queued", "NOT_RUN": "skipped"}
DEPLOYMENT_WORDS: Final = {
    # Its step was not started; by hand or by an earlier step it may be.
    "UNDEPLOYED": "blocked",
    "IN_PROGRESS": "in_progress",
    # What it came to is its status.
    "COMPLETED": "unknown",
    "SUCCESSFUL": "success",
    "FAILED": "failure",
    "STOPPED": "cancelled",
    # Of Data Center only. What was rolled back did not stay.
    "PENDING": "queued",
    "CANCELLED": "cancelled",
    "ROLLED_BACK": "failure",
    "UNKNOWN": "unknown",
}

CLOSED: Final = frozenset({"resolved", "closed", "wontfix"})
"""States of issues that are closed."""
NO_ISSUE: Final = frozenset({"invalid", "duplicate"})
"""States of issues that tell of nothing that happened."""

UNENDED: Final = frozenset({"in_progress", "queued", "blocked"})
UNBEGUN: Final = frozenset({"queued", "skipped"})


def result_of(state: State | None, words: dict[str, str]) -> str | None:
    """Return what the result, else the stage, else the state says.

    A word that Bitbucket does not document is returned as it is.
    """
    if state is None:
        return None
    found = (one.name for one in (state.result, state.status, state.stage) if one is not None)
    said = next((name for name in found if name), state.name)
    return words.get((said or "").strip().upper(), said)


def has_ended(result: str | None, words: dict[str, str]) -> bool:
    """Say whether a result is one of those that nothing comes after."""
    return result in words.values() and result not in UNENDED
