"""Issues of Bitbucket that their kind or component makes incidents → incidents."""

from collections.abc import Iterator
from typing import Final

from devops_analytics.config_tools import BitbucketSource
from devops_analytics.sources.bitbucket.known import Key, Known
from devops_analytics.sources.bitbucket.pipelines import without_repository
from devops_analytics.sources.bitbucket.records import Issue, plain, repository_of
from devops_analytics.sources.bitbucket.words import CLOSED, NO_ISSUE
from devops_analytics.sources.incident_issues import commit_named, deployment_named
from devops_analytics.sources.json_kinds import Reading, Refused, Row
from devops_analytics.sources.repositories import repository_name, service_affected

NOT_AN_INCIDENT: Final = "not_an_incident"

_BY_ITS_CHANGE: Final = (
    "the export does not say when an issue was closed; taken as when it was changed last, which "
    "may be later: save its changes (issues/NUMBER/changes) too"
)


def incident(issue: Issue, reading: Reading, known: Known) -> Iterator[Row]:
    """Yield the incident that an issue is, if the entry says that its kind or component is one."""
    said = repository_of(issue)
    repo = repository_name(known.names, said)
    refused = _refused(issue, reading.entry)
    if refused is not None or repo is None:
        yield "incidents", refused or without_repository(f"issue {issue.id}")
        return
    text = issue.content.raw if issue.content is not None else None
    deployment = plain(deployment_named(text))
    closed_at = None
    if (issue.state or "").lower() in CLOSED:
        closed_at = known.closed.get(Key(said or "", issue.id))
        if closed_at is None:
            reading.notes[_BY_ITS_CHANGE] += 1
            closed_at = issue.updated_on
    yield (
        "incidents",
        {
            "incident_id": f"bitbucket:{repo}:{issue.id}",
            "service": service_affected(known.names, repo, known.deployed),
            "severity": issue.priority,
            "started_at": issue.created_on,
            "created_at": issue.created_on,
            "resolved_at": closed_at,
            "deployment_id": f"bitbucket:{deployment}" if deployment else None,
            "sha": commit_named(text),
            "updated_at": issue.updated_on,
        },
    )


def _refused(issue: Issue, entry: BitbucketSource) -> Refused | None:
    component = issue.component.name if issue.component is not None else None
    wanted = {label.casefold() for label in entry.incident_labels}
    if not wanted & {(issue.kind or "").casefold(), (component or "").casefold()}:
        said = (
            f"issue {issue.id} is of a kind and a component that make no incident "
            f"({', '.join(entry.incident_labels)}); set `incident_labels` for others"
        )
        return Refused(NOT_AN_INCIDENT, said)
    if (issue.state or "").lower() in NO_ISSUE:
        return Refused(NOT_AN_INCIDENT, f"issue {issue.id} is {issue.state}: nothing happened")
    return None
