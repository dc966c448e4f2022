"""Issues that a label makes incidents → incidents."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from devops_analytics.sources.github.answers import Export, Refusal
from devops_analytics.sources.github.part import REPOSITORY_NOT_KNOWN, Part
from devops_analytics.sources.github.records import Issue
from devops_analytics.sources.incident_issues import commit_named, deployment_named, severity
from devops_analytics.sources.repositories import Names, repository_name, service_affected

COLUMNS: Final = (
    "incident_id", "service", "severity", "started_at", "created_at", "resolved_at",
    "deployment_id", "sha", "updated_at",
)  # fmt: skip


def incidents(
    export: Export, names: Names, deployed: Collection[str], incident_labels: Sequence[str]
) -> Part:
    """Make rows of a file's issues that have one of the labels that make an incident.

    An issue knows only when it was opened and closed. `deployed` holds the repositories that the
    entry has deployments of: an issue of any other that the settings don't know names no service.
    """
    part = Part(table="incidents", columns=COLUMNS)
    wanted = {label.casefold() for label in incident_labels}
    for found in export.of("issue"):
        issue: Issue = found.record
        labels = label_names(issue)
        repo = repository_name(names, found.repository)
        if issue.pull_request is not None:
            message = f"issue {issue.number} is a pull request; export repos/OWNER/NAME/pulls"
            part.refused.append(Refusal(found.number, "is_a_pull_request", message))
        elif not wanted & {label.casefold() for label in labels}:
            message = (
                f"issue {issue.number} has none of the labels that make an incident "
                f"({', '.join(incident_labels)}); set `incident_labels` for others"
            )
            part.refused.append(Refusal(found.number, "not_an_incident", message))
        elif repo is None:
            part.refused.append(Refusal(found.number, *REPOSITORY_NOT_KNOWN))
        else:
            service = service_affected(names, repo, deployed)
            part.rows.append((found.number, *_row(issue, repo, service, labels)))
    return part


def label_names(issue: Issue) -> list[str]:
    """Return the labels of an issue, which older answers give as plain text."""
    names = (label if isinstance(label, str) else label.name for label in issue.labels or ())
    return [name for name in names if name]


def _row(issue: Issue, repo: str, service: str | None, labels: list[str]) -> tuple[Any, ...]:
    deployment = deployment_named(issue.body)
    return (
        f"github:{repo}:{issue.number}",
        service,
        severity(labels),
        issue.created_at,
        issue.created_at,
        issue.closed_at if issue.state == "closed" else None,
        _deployment_id(deployment, repo) if deployment else None,
        commit_named(issue.body),
        issue.updated_at,
    )


def _deployment_id(named: str, repo: str) -> str:
    return f"github:{repo}:{named}" if named.isdigit() else named
