"""GitLab's DORA metrics, as its documentation describes them."""

from typing import Final

from devops_analytics.metrics.attribution import hours_between
from devops_analytics.peers import rows, statistics
from devops_analytics.peers.peer import Answer, Peer, PeerMetric, Scope


def _frequency(scope: Scope) -> Answer:
    n = rows.deployments(scope).height
    return Answer(value=n / scope.period.days, n=n)


def _lead_time(scope: Scope) -> Answer:
    found = rows.changes(scope).with_columns(hours=hours_between("merged_at", "at"))
    return statistics.median_of_daily_medians(found.drop_nulls("hours"), scope)


def _fail_rate(scope: Scope) -> Answer:
    n_incidents = scope.inside(rows.incidents(scope), "created").height
    return statistics.ratio(n_incidents, rows.deployments(scope).height)


def _restore(scope: Scope) -> Answer:
    found = rows.resolved(scope)
    return statistics.median_of_daily_medians(found.rename({"resolved_at": "at"}), scope)


GITLAB: Final = Peer(
    id="gitlab",
    name="GitLab",
    source="GitLab documentation, DORA metrics (doc/user/analytics/dora_metrics.md), 2026",
    metrics=(
        PeerMetric(
            metric="deployment_frequency",
            definition="Successful production deployments ÷ days of the period.",
            differs="Days count whether or not anything is known of them.",
            answer=_frequency,
        ),
        PeerMetric(
            metric="change_lead_time_by_change",
            definition="Merge request: merged → deployed, median of the days' medians.",
            differs=(
                "Starts at the merge, so coding and review are left out; a quiet day weighs as "
                "much as a busy one; what waits for its deployment is left out."
            ),
            answer=_lead_time,
        ),
        PeerMetric(
            metric="change_fail_rate",
            definition="Incidents of the period ÷ deployments of the period.",
            differs="Not linked: any incident counts, whatever its cause; may exceed 100 %.",
            answer=_fail_rate,
        ),
        PeerMetric(
            metric="time_to_restore",
            definition="How long incidents were open, median of the days' medians.",
            differs="Open incidents are left out; a quiet day weighs as much as a busy one.",
            answer=_restore,
        ),
    ),
)
