"""CircleCI's words for what workflows and jobs came to, and the suite's."""

from typing import Final

WORKFLOW_WORDS: Final = {
    "success": "success",
    "running": "in_progress",
    "not_run": "skipped",
    "failed": "failure",
    "error": "error",
    # A job of it failed, but others still run.
    "failing": "in_progress",
    "on_hold": "blocked",
    "canceled": "cancelled",
    "unauthorized": "error",
}
JOB_WORDS: Final = {
    "success": "success",
    "running": "in_progress",
    "not_run": "skipped",
    "failed": "failure",
    # Another job ran in its place; what this one would have come to nobody knows.
    "retried": "unknown",
    "queued": "queued",
    "not_running": "queued",
    "infrastructure_fail": "error",
    "timedout": "timeout",
    "on_hold": "blocked",
    "terminated-unknown": "unknown",
    "blocked": "blocked",
    "canceled": "cancelled",
    "unauthorized": "error",
}
PIPELINE_WORDS: Final = {
    "created": "unknown",
    "errored": "error",
    "setup-pending": "queued",
    "setup": "in_progress",
    "pending": "queued",
}
"""What a pipeline that has no workflows came to."""

UNENDED: Final = frozenset({"in_progress", "queued", "blocked"})
UNBEGUN: Final = frozenset({"queued", "skipped"})


def result_of(status: str | None, words: dict[str, str]) -> str | None:
    """Return the suite's word; one that CircleCI does not document is returned as it is."""
    return words.get((status or "").strip().lower(), status)
