"""Issues that are incidents → incidents."""

from collections.abc import Iterator
from typing import Final

from devops_analytics.sources.gitlab.events import IssueEvent, issue_in
from devops_analytics.sources.gitlab.known import Known
from devops_analytics.sources.gitlab.records import Issue, label_names
from devops_analytics.sources.gitlab.runs import without_repository
from devops_analytics.sources.incident_issues import commit_named, deployment_named, severity
from devops_analytics.sources.json_kinds import Reading, Refused, Row
from devops_analytics.sources.repositories import service_affected

NOT_AN_INCIDENT: Final = "not_an_incident"
WAS_MOVED: Final = "was_moved"

_INCIDENT: Final = "incident"


def incident(record: Issue, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield an incident, by its type or one of the entry's labels.

    It knows only when it was opened and closed.
    """
    labels = label_names(record.labels) or []
    wanted = {label.casefold() for label in reading.entry.incident_labels}
    is_incident = (record.issue_type or "").lower() == _INCIDENT
    if not is_incident and not wanted & {label.casefold() for label in labels}:
        said = (
            f"issue {record.iid} is no incident by its type, and has none of the labels that make "
            f"one ({', '.join(reading.entry.incident_labels)}); set `incident_labels` for others"
        )
        yield "incidents", Refused(NOT_AN_INCIDENT, said)
        return
    if record.moved_to_id is not None:
        said = f"issue {record.iid} was moved to another project, where it is an issue of its own"
        yield "incidents", Refused(WAS_MOVED, said)
        return
    repo = known.repository(record)
    if repo is None:
        yield "incidents", without_repository(f"issue {record.iid}")
        return
    named = deployment_named(record.description)
    yield (
        "incidents",
        {
            "incident_id": f"gitlab:{repo}:{record.iid}",
            "service": service_affected(known.names, repo, known.deployed),
            "severity": _severity(record, labels),
            "started_at": record.created_at,
            "created_at": record.created_at,
            "resolved_at": record.closed_at if record.state == "closed" else None,
            "deployment_id": f"gitlab:{repo}:{named}" if (named or "").isdecimal() else named,
            "sha": commit_named(record.description),
            "updated_at": record.updated_at,
        },
    )


def incident_of_event(event: IssueEvent, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the incident of an event."""
    yield from incident(issue_in(event), reading, known)


def _severity(record: Issue, labels: list[str]) -> str | None:
    said = (record.severity or "").lower()
    return severity(labels) if said in {"", "unknown"} else said
