"""Bamboo's words for what builds and deployments came to and what started them."""

from typing import Final

FINISHED: Final = "finished"

LIFE_CYCLE_WORDS: Final = {
    "Pending": "queued",
    "Queued": "queued",
    "InProgress": "in_progress",
    # Stopped before it came to a verdict, or never begun.
    "NotBuilt": "skipped",
    # What it came to is its state.
    "Finished": "unknown",
}
BUILD_WORDS: Final = {"Successful": "success", "Failed": "failure", "Unknown": "unknown"}
DEPLOYMENT_WORDS: Final = {
    "SUCCESS": "success",
    "FAILED": "failure",
    "UNKNOWN": "unknown",
    # Another version runs there now; what this one came to is not said.
    "REPLACED": "unknown",
    "SKIPPED": "skipped",
    "NEVER": "skipped",
    "QUEUED": "queued",
    "IN PROGRESS": "in_progress",
    "NOT BUILT": "skipped",
}
REASONS: Final = {
    "Manual run": "person",
    "Custom build": "person",
    "Rebuilt": "person",
    "Rerun": "person",
    "Child of": "pipeline",
    "Code changes detected": "pipeline",
    "Changes": "pipeline",
    "Updated": "pipeline",
    "First build for this plan": "pipeline",
    "Specs configuration updated": "pipeline",
    "Scheduled": "schedule",
}
"""How a reason begins, before it names a person or a plan → what started a deployment."""


def _plain(word: str | None) -> str:
    """Return a word as both APIs would write it: `IN_PROGRESS` is `InProgress`."""
    return (word or "").strip().casefold().replace("_", "").replace(" ", "")


_LIFE_CYCLES: Final = {_plain(word): result for word, result in LIFE_CYCLE_WORDS.items()}
_STATES: Final = {_plain(word): result for word, result in (DEPLOYMENT_WORDS | BUILD_WORDS).items()}


def result_of(life_cycle: str | None, state: str | None) -> str | None:
    """Return what a build or deployment came to: its state counts once it is finished.

    A word that Bamboo does not document is returned as it is.
    """
    if _plain(life_cycle) not in {"", FINISHED}:
        return _LIFE_CYCLES.get(_plain(life_cycle), life_cycle)
    return _STATES.get(_plain(state), state)


def reason_of(text: str | None) -> str | None:
    """Return how a reason begins, where that is known to name nobody."""
    said = (text or "").strip()
    return next((reason for reason in REASONS if said.startswith(reason)), None)
