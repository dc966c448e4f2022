"""Sleuth, as its documentation describes it."""

from typing import Final

import polars as pl

from devops_analytics.metrics.attribution import hours_between
from devops_analytics.peers import rows, statistics
from devops_analytics.peers.peer import Answer, Peer, PeerMetric, Scope

_WORKING_DAYS_A_WEEK: Final = 5


def _frequency(scope: Scope) -> Answer:
    n = rows.deployments(scope).height
    return Answer(value=n / (scope.period.days / 7 * _WORKING_DAYS_A_WEEK), n=n)


def _lead_time(scope: Scope) -> Answer:
    start = pl.min_horizontal("first_commit_at", "opened_at")
    found = (
        rows.changes(scope)
        .with_columns(start=start)
        .drop_nulls("start")
        .group_by("deployment_id")
        .agg(pl.col("start").min(), pl.col("at").first())
        .select(hours=hours_between("start", "at"))
    )
    return statistics.mean(found["hours"])


def _fail_rate(scope: Scope) -> Answer:
    """Count every deployment made while its service was in a failed state, and what caused it."""
    found = rows.deployments(scope)
    blamed = scope.evidence.links.blamed_on.select("deployment_id")
    spans = rows.incidents(scope).select(
        "service", "start", end=pl.col("resolved_at").fill_null(scope.now)
    )
    during = found.join(spans, on="service").filter(pl.col("at").is_between("start", "end"))
    failed = pl.concat([blamed, during.select("deployment_id")]).unique()
    return statistics.ratio(found.join(failed, on="deployment_id").height, found.height)


def _restore(scope: Scope) -> Answer:
    """Average over the incidents that began in the period; one that is open runs on."""
    began = scope.inside(rows.incidents(scope).drop_nulls("start"), "start")
    end = pl.col("resolved_at").fill_null(scope.now)
    return statistics.mean(began.select(hours=hours_between("start", end))["hours"])


SLEUTH: Final = Peer(
    id="sleuth",
    name="Sleuth",
    source="Sleuth documentation, accelerate metrics, 2026",
    metrics=(
        PeerMetric(
            metric="deployment_frequency",
            definition="Deployments ÷ working days, five a week.",
            differs="A week has five days, so a number of the same deployments is 1.4 times ours.",
            answer=_frequency,
        ),
        PeerMetric(
            metric="change_lead_time_by_change",
            definition="Deployment: its first commit → its finish, mean over deployments.",
            differs="The mean follows the slowest few; one number per deployment, however large.",
            answer=_lead_time,
        ),
        PeerMetric(
            metric="change_fail_rate",
            definition="Deployments made while their service was failing ÷ deployments.",
            differs="One long incident makes every deployment during it a failed one.",
            answer=_fail_rate,
        ),
        PeerMetric(
            metric="time_to_restore",
            definition="Time in a failed state, mean; what is open runs on to now.",
            differs="The mean follows the longest few; an open incident counts as if it ended now.",
            answer=_restore,
        ),
    ),
)
