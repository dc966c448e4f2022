"""GitLab's words for what pipelines, jobs and deployments came to, and the suite's."""

from typing import Final

STATUS_WORDS: Final = {
    "created": "queued",
    "waiting_for_resource": "queued",
    "preparing": "queued",
    "waiting_for_callback": "queued",
    "pending": "queued",
    # It waits for its time, not for a person.
    "scheduled": "queued",
    "manual": "blocked",
    "running": "in_progress",
    "canceling": "in_progress",
    "success": "success",
    "failed": "failure",
    "canceled": "cancelled",
    "skipped": "skipped",
}
"""Statuses of pipelines and jobs (GitLab's `Ci::HasStatus`)."""

DEPLOYMENT_WORDS: Final = {
    "created": "queued",
    "blocked": "blocked",
    "running": "in_progress",
    "success": "success",
    "failed": "failure",
    "canceled": "cancelled",
    "skipped": "skipped",
}

FAILURE_REASONS: Final = {
    "unknown_failure": "failure",
    "script_failure": "failure",
    "job_execution_timeout": "timeout",
    "stuck_or_timeout_failure": "timeout",
    # What follows never was a verdict on the code.
    "api_failure": "error",
    "runner_system_failure": "error",
    "missing_dependency_failure": "error",
    "runner_unsupported": "error",
    "stale_schedule": "error",
    "archived_failure": "error",
    "unmet_prerequisites": "error",
    "scheduler_failure": "error",
    "data_integrity_failure": "error",
    "forward_deployment_failure": "error",
    "user_blocked": "error",
    "project_deleted": "error",
    "ci_quota_exceeded": "error",
    "no_matching_runner": "error",
    "trace_size_exceeded": "error",
    "builds_disabled": "error",
    "insufficient_bridge_permissions": "error",
    "downstream_bridge_project_not_found": "error",
    "invalid_bridge_trigger": "error",
    "bridge_pipeline_is_child_pipeline": "error",
    "downstream_pipeline_creation_failed": "error",
    "secrets_provider_not_found": "error",
    "reached_max_descendant_pipelines_depth": "error",
}
"""What a failed job came to by the reason of its failure (`Enums::Ci::CommitStatus`)."""

TIER_WORDS: Final = {
    "production": "production",
    "staging": "staging",
    "testing": "test",
    "development": "development",
    "other": "unknown",
}
"""Deployment tiers of environments → what the settings' rules would make of them."""

_BY_PERSON: Final = frozenset({"web", "webide", "chat"})
"""Sources of pipelines that somebody started by hand."""
UNENDED: Final = frozenset({"queued", "blocked", "in_progress"})
UNBEGUN: Final = frozenset({"queued", "blocked"})


def result_of(status: str | None, words: dict[str, str]) -> str | None:
    """Return the suite's word; one that GitLab does not document is returned as it is."""
    return words.get((status or "").strip().lower(), status)


def has_ended(status: str | None, words: dict[str, str]) -> bool:
    """Say whether a documented status is one that ends something."""
    result = words.get((status or "").strip().lower())
    return result is not None and result not in UNENDED


def job_result(status: str | None, failure_reason: str | None) -> str | None:
    """Return what a job came to: of a failed one the reason tells timeouts and errors apart."""
    result = result_of(status, STATUS_WORDS)
    return FAILURE_REASONS.get(failure_reason or "", result) if result == "failure" else result


def trigger_of(source: str | None) -> str:
    """Return what started a deployment by the source of its pipeline."""
    if source == "schedule":
        return "schedule"
    return "person" if source in _BY_PERSON else "pipeline"
