"""GitHub's words for what runs, jobs and deployments came to, and the suite's."""

from functools import lru_cache
from typing import Final, NamedTuple

STATUS_WORDS: Final[dict[str, str]] = {
    # Conclusions of runs and jobs. A neutral one passed no verdict; a stale one never came to an
    # end that GitHub heard of.
    "success": "success",
    "failure": "failure",
    "timed_out": "timeout",
    "startup_failure": "error",
    "cancelled": "cancelled",
    "skipped": "skipped",
    "neutral": "skipped",
    "stale": "unknown",
    "action_required": "blocked",
    # Statuses of runs and jobs. Without a conclusion, a completed one could be anything.
    "requested": "queued",
    "queued": "queued",
    "pending": "queued",
    "waiting": "blocked",
    "in_progress": "in_progress",
    "completed": "unknown",
    # States of deployments, besides those above.
    "error": "error",
    "inactive": "unknown",
}
"""Every documented word → one of `schema.RESULTS`."""

NOT_BEGUN: Final = frozenset({"queued", "blocked"})
"""Results of what has not begun to run."""


def result_of(status: str | None, conclusion: str | None = None) -> str | None:
    """Return the result that the conclusion, else the status says.

    A word that GitHub does not document is returned as it is: `conform` counts it as unknown.
    """
    word = (conclusion or status or "").strip().lower()
    return STATUS_WORDS.get(word, word) or None


def has_ended(status: str | None, conclusion: str | None) -> bool:
    """Say whether a run or job came to an end; waiting for somebody's approval is none."""
    result = result_of(status, conclusion)
    if conclusion:
        return result not in NOT_BEGUN
    word = (status or "").strip().lower()
    return word in STATUS_WORDS and result not in {"in_progress", *NOT_BEGUN}


class Came(NamedTuple):
    """What a run or job came to so far."""

    result: str | None
    has_begun: bool
    has_ended: bool


@lru_cache(maxsize=1024)
def came_to(status: str | None, conclusion: str | None) -> Came:
    """Return what status and conclusion of a run or job say."""
    result = result_of(status, conclusion)
    return Came(result, result not in NOT_BEGUN, has_ended(status, conclusion))
