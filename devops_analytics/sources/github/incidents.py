"""Issues that a label makes incidents → incidents."""

import re
from collections.abc import Collection
from typing import Any, Final

from devops_analytics.sources.github.answers import Export, Refusal
from devops_analytics.sources.github.names import (
    Names,
    is_declared,
    repository_name,
    services_of,
)
from devops_analytics.sources.github.part import REPOSITORY_NOT_KNOWN, Part
from devops_analytics.sources.github.records import Issue

COLUMNS: Final = (
    "incident_id", "service", "severity", "started_at", "created_at", "resolved_at",
    "deployment_id", "sha", "updated_at",
)  # fmt: skip

_SEVERITY: Final = re.compile(r"(?:severity|sev)\s*[:/=]\s*(.+)", re.IGNORECASE)
_LEVEL: Final = re.compile(r"(?:sev|severity)[-_ ]?\d|p\d", re.IGNORECASE)
_COMMIT: Final = re.compile(r"root cause:\s*`?([0-9a-f]{7,40})\b", re.IGNORECASE)
_DEPLOYMENT: Final = re.compile(r"caused by deployment:?\s+[`#]?([\w./:-]*\w)", re.IGNORECASE)


def incidents(export: Export, names: Names, deployed: Collection[str]) -> Part:
    """Make rows of a file's issues that have one of the entry's incident labels.

    An issue knows only when it was opened and closed. `deployed` holds the repositories that the
    entry has deployments of: an issue of any other that the settings don't know names no service.
    """
    part = Part(table="incidents", columns=COLUMNS)
    wanted = {label.casefold() for label in names.entry.incident_labels}
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
                f"({', '.join(names.entry.incident_labels)}); set `incident_labels` for others"
            )
            part.refused.append(Refusal(found.number, "not_an_incident", message))
        elif repo is None:
            part.refused.append(Refusal(found.number, *REPOSITORY_NOT_KNOWN))
        else:
            service = _service(names, repo, deployed)
            part.rows.append((found.number, *_row(issue, repo, service, labels)))
    return part


def label_names(issue: Issue) -> list[str]:
    """Return the labels of an issue, which older answers give as plain text."""
    names = (label if isinstance(label, str) else label.name for label in issue.labels or ())
    return [name for name in names if name]


def _service(names: Names, repo: str, deployed: Collection[str]) -> str | None:
    services = services_of(names, repo)
    is_known = is_declared(names, repo) or repo in deployed or not names.services
    return services[0] if is_known and len(services) == 1 else None


def _row(issue: Issue, repo: str, service: str | None, labels: list[str]) -> tuple[Any, ...]:
    text = issue.body or ""
    commit = _COMMIT.search(text)
    deployment = _DEPLOYMENT.search(text)
    return (
        f"github:{repo}:{issue.number}",
        service,
        severity(labels),
        issue.created_at,
        issue.created_at,
        issue.closed_at if issue.state == "closed" else None,
        _deployment_id(deployment[1], repo) if deployment else None,
        commit[1] if commit else None,
        issue.updated_at,
    )


def severity(labels: list[str]) -> str | None:
    """Return the severity that the first label of one names, such as sev1, P1, severity:high."""
    for label in labels:
        named = _SEVERITY.fullmatch(label.strip())
        if named:
            return named[1]
        if _LEVEL.fullmatch(label.strip()):
            return label.strip()
    return None


def _deployment_id(named: str, repo: str) -> str:
    return f"github:{repo}:{named}" if named.isdigit() else named
