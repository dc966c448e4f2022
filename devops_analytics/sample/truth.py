"""What is known of the sample organisation by construction, for tests to check answers against."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from devops_analytics.sample.assurance import Assurance
from devops_analytics.sample.history import History
from devops_analytics.sample.organisation import (
    FORMERLY,
    PEOPLE,
    SERVICES,
)
from devops_analytics.sample.rollouts import Reason, Result
from devops_analytics.sample.workdays import END, quarter
from devops_analytics.sample.world import Exported


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentTruth:
    """An attempt to deploy to production that the exports hold.

    `sha` is None where the service has no commits; `remedies` is the finish of the deployment of
    the same service that it puts right, by a rollback, a revert or a hotfix.
    """

    service: str
    started_at: datetime
    finished_at: datetime
    result: Result
    reason: Reason
    sha: str | None
    remedies: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentTruth:
    """An incident or planned maintenance that the exports hold.

    `caused_by` is the finish of the deployment that made it, None where none did.
    """

    service: str | None
    started_at: datetime
    resolved_at: datetime | None
    planned: bool
    caused_by: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleTruth:
    """What is known by construction.

    `deployments` are those to production, staging not among them; the attempts of one workflow run
    stand there each by itself. `quarantined` counts by file the records that can't become rows, or
    are no such thing (an issue that is no incident, a release that is a draft). `superseded` counts
    by the settings' path the records that another version of the same record replaces.
    `people` are all names, addresses and logins of people: none may be found in anything that the
    program writes.
    """

    as_of: datetime
    teams: Mapping[str, str]
    """Service → team."""
    deployments: tuple[DeploymentTruth, ...]
    incidents: tuple[IncidentTruth, ...]
    commits: Mapping[str, int]
    """Repository → commits in its clone, those of open branches among them."""
    commits_on_main: Mapping[str, int]
    """Repository → commits that its main branch leads to."""
    merged_changes: Mapping[str, int]
    """Repository → merged pull requests."""
    staging_deployments: Mapping[str, int]
    lost_shas: tuple[str, ...]
    """Commits that were deployed and are in no clone."""
    unknown_results: int
    """Deployments with a word that the settings don't explain."""
    quarantined: Mapping[str, int]
    superseded: Mapping[str, int]
    people: frozenset[str]
    assurance: Assurance
    """What scanners, plans of infrastructure and the survey hold."""

    def successes(self) -> Mapping[tuple[str, str], int]:
        """Count successful production deployments by service and quarter (`2026-Q2`)."""
        return Counter(
            (deployment.service, quarter(deployment.finished_at))
            for deployment in self.deployments
            if deployment.result == "success"
        )

    @property
    def open_incidents(self) -> tuple[IncidentTruth, ...]:
        """Incidents that nobody has resolved."""
        return tuple(i for i in self.incidents if i.resolved_at is None)


def truth_of(
    exported: Exported,
    assurance: Assurance,
    *,
    unknown_results: int,
    staging: Mapping[str, int],
    quarantined: Mapping[str, int],
    superseded: Mapping[str, int],
) -> SampleTruth:
    """Return what is known of a world by construction, with what the exports add."""
    world = exported.world
    deployments = _deployments(exported)
    return SampleTruth(
        as_of=END,
        teams={service.name: service.team for service in SERVICES},
        deployments=deployments,
        incidents=_incidents(exported),
        commits={name: len(history.commits) for name, history in world.histories.items()},
        commits_on_main={name: _on_main(history) for name, history in world.histories.items()},
        merged_changes={
            name: sum(change.merged_at is not None for change in changes)
            for name, changes in world.changes.items()
        },
        staging_deployments=staging,
        lost_shas=tuple(
            rollout.sha
            for rollouts in world.rollouts.values()
            for rollout in rollouts
            if rollout.sha is not None
        ),
        unknown_results=unknown_results,
        quarantined=quarantined,
        superseded=superseded,
        people=people(),
        assurance=assurance,
    )


def _on_main(history: History) -> int:
    aside = history.open_branches
    return sum(commit.branch not in aside for commit in history.commits)


def _deployments(exported: Exported) -> tuple[DeploymentTruth, ...]:
    repositories = {service.name: service.repository for service in SERVICES}
    found = [
        DeploymentTruth(
            service=name,
            started_at=rollout.started_at,
            finished_at=rollout.finished_at,
            result=rollout.result,
            reason=rollout.reason,
            sha=exported.deployed_sha(rollout, repository)
            if (repository := repositories[name]) is not None
            else None,
            remedies=rollout.remedies,
        )
        for name, rollouts in exported.world.rollouts.items()
        for rollout in rollouts
    ]
    return tuple(sorted(found, key=lambda d: (d.service, d.finished_at)))


def _incidents(exported: Exported) -> tuple[IncidentTruth, ...]:
    unplanned = [
        IncidentTruth(
            service=trouble.service,
            started_at=trouble.started_at,
            resolved_at=trouble.resolved_at,
            planned=False,
            caused_by=trouble.caused_by,
        )
        for trouble in exported.world.troubles
    ]
    planned = [
        IncidentTruth(
            service=window.service,
            started_at=window.started_at,
            resolved_at=window.ended_at,
            planned=True,
            caused_by=None,
        )
        for window in exported.world.maintenance
    ]
    return tuple(sorted(unplanned + planned, key=lambda i: (i.started_at, i.service or "")))


def people() -> frozenset[str]:
    """Return every name, address and login of a person in the exports."""
    found = {FORMERLY.name, FORMERLY.address}
    for team in PEOPLE.values():
        for person in team:
            found |= {person.name, person.address, person.login}
    return frozenset(found)
