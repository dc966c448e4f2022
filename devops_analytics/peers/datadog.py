"""Datadog's DORA metrics, as its documentation describes them."""

from typing import Final

import polars as pl

from devops_analytics.metrics.attribution import hours_between
from devops_analytics.peers import rows, statistics
from devops_analytics.peers.peer import Answer, Peer, PeerMetric, Scope


def _frequency(scope: Scope) -> Answer:
    n = rows.deployments(scope).height
    return Answer(value=n / scope.period.days, n=n)


def _lead_time(scope: Scope) -> Answer:
    found = rows.commits(scope).filter(~pl.col("is_merge"))
    return statistics.median(found["hours"])


def _remedied(scope: Scope) -> pl.DataFrame:
    """Return the deployments of the period that another put right, with the hours it took."""
    links = scope.evidence.links
    finishes = links.deployments.select("deployment_id", remedied_at="finished_at")
    first = (
        links.remedies.join(finishes, on="deployment_id")
        .group_by("remedied_deployment_id")
        .agg(pl.col("remedied_at").min())
    )
    return (
        rows.deployments(scope)
        .join(first, left_on="deployment_id", right_on="remedied_deployment_id")
        .with_columns(hours=hours_between("at", "remedied_at"))
    )


def _fail_rate(scope: Scope) -> Answer:
    return statistics.ratio(_remedied(scope).height, rows.deployments(scope).height)


def _recovery(scope: Scope) -> Answer:
    return statistics.median(_remedied(scope)["hours"])


DATADOG: Final = Peer(
    id="datadog",
    name="Datadog",
    source="Datadog documentation, DORA metrics: calculation, change failure detection, 2026",
    metrics=(
        PeerMetric(
            metric="deployment_frequency",
            definition="Deployments ÷ days of the period.",
            differs="Days count whether or not anything is known of them.",
            answer=_frequency,
        ),
        PeerMetric(
            metric="change_lead_time",
            definition="Commit → deployment, median over commits without merges.",
            differs="Bots count; what waits for its deployment is left out.",
            answer=_lead_time,
        ),
        PeerMetric(
            metric="change_fail_rate",
            definition="Deployments that a rollback, revert or hotfix put right ÷ deployments.",
            differs="A failure that was mended without a deployment is not seen.",
            answer=_fail_rate,
        ),
        PeerMetric(
            metric="failed_deployment_recovery_time",
            definition="From the failed deployment to the one that put it right, median.",
            differs="What is not put right yet is left out.",
            answer=_recovery,
        ),
    ),
)
