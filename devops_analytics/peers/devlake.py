"""Apache DevLake, as its DORA plugin and dashboards compute."""

from typing import Final

import polars as pl

from devops_analytics.metrics.attribution import hours_between
from devops_analytics.peers import rows, statistics
from devops_analytics.peers.peer import Answer, Peer, PeerMetric, Scope


def _lead_time(scope: Scope) -> Answer:
    found = rows.changes(scope)
    parts = [
        hours_between("first_authored_at", "opened_at"),
        hours_between("opened_at", "merged_at"),
        hours_between("merged_at", "at"),
    ]
    # A part that is missing or negative counts as nothing.
    known = [pl.when(part >= 0).then(part).otherwise(0) for part in parts]
    return statistics.lower_median(found.select(hours=pl.sum_horizontal(known))["hours"])


def _linked(scope: Scope) -> pl.DataFrame:
    """Return each incident with the latest deployment before it, however long before."""
    succeeded = scope.evidence.links.deployments.filter("succeeded").select(
        "service", "deployment_id", at="finished_at"
    )
    return (
        rows.incidents(scope)
        .drop_nulls("created")
        .sort("created")
        .join_asof(
            succeeded.sort("at"),
            left_on="created",
            right_on="at",
            by="service",
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .drop_nulls("deployment_id")
    )


def _fail_rate(scope: Scope) -> Answer:
    found = rows.deployments(scope)
    failed = found.join(_linked(scope), on="deployment_id", how="semi")
    return statistics.ratio(failed.height, found.height)


def _recovery(scope: Scope) -> Answer:
    ended = scope.inside(_linked(scope).drop_nulls("resolved_at"), "resolved_at")
    hours = ended.select(hours=hours_between("at", "resolved_at"))["hours"]
    return statistics.lower_median(hours)


def _restore(scope: Scope) -> Answer:
    return statistics.lower_median(rows.resolved(scope)["hours"])


DEVLAKE: Final = Peer(
    id="devlake",
    name="Apache DevLake",
    source="apache/devlake, backend/plugins/dora and grafana/dashboards/mysql/DORA.json, 2026-06",
    metrics=(
        PeerMetric(
            metric="deployment_days_per_week",
            definition="Median number of days with a deployment, of the weeks of the period.",
            differs="Days of all services together; weeks that the period cuts count as whole.",
            answer=lambda scope: statistics.deployment_days_a_week(rows.deployments(scope), scope),
        ),
        PeerMetric(
            metric="change_lead_time_by_change",
            definition=(
                "Pull or merge request: first commit authored → opened → merged → deployed, lower "
                "median."
            ),
            differs=(
                "A part that is missing or negative counts as nothing, so some look faster; what "
                "waits for its deployment is left out; authored_at survives a rebase; bots count."
            ),
            answer=_lead_time,
        ),
        PeerMetric(
            metric="change_fail_rate",
            definition="Deployments with an incident ÷ deployments.",
            differs=(
                "An incident belongs to the latest deployment strictly before it, however long "
                "ago (there, of the whole project). Remedies without an incident don't count."
            ),
            answer=_fail_rate,
        ),
        PeerMetric(
            metric="failed_deployment_recovery_time",
            definition="From the deployment's finish to its incident's resolution, lower median.",
            differs="Open incidents are left out, so an outage that goes on makes it look better.",
            answer=_recovery,
        ),
        PeerMetric(
            metric="time_to_restore",
            definition="From the incident's creation to its resolution, lower median.",
            differs="Open incidents are left out; the clock starts when the record was made.",
            answer=_restore,
        ),
    ),
)
