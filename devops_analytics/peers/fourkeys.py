"""Google's Four Keys project, as its queries compute; it is no longer maintained."""

from typing import Final

import polars as pl

from devops_analytics.linking.incidents import EXPLICIT_ID, EXPLICIT_SHA, links_with_window
from devops_analytics.peers import rows, statistics
from devops_analytics.peers.peer import Answer, Peer, PeerMetric, Scope


def _lead_time(scope: Scope) -> Answer:
    found = rows.commits(scope).filter(pl.col("hours") > 0)
    return statistics.median(found["hours"])


def _fail_rate(scope: Scope) -> Answer:
    found = rows.deployments(scope)
    evidence = scope.evidence
    named = links_with_window(evidence.links, evidence.tables, window_hours=None).blamed_on
    joined = named.filter(pl.col("method").is_in((EXPLICIT_ID, EXPLICIT_SHA))).join(
        found, on="deployment_id"
    )
    return statistics.ratio(joined.height, found.height)


def _restore(scope: Scope) -> Answer:
    return statistics.median(rows.resolved(scope, "created")["hours"])


FOUR_KEYS: Final = Peer(
    id="fourkeys",
    name="Four Keys",
    source="dora-team/fourkeys, METRICS.md and queries, 2024-01 (no longer maintained)",
    metrics=(
        PeerMetric(
            metric="deployment_days_per_week",
            definition="Median number of days with a deployment, of the weeks of the period.",
            differs="Shown there as a word: daily from three days a week on.",
            answer=lambda scope: statistics.deployment_days_a_week(rows.deployments(scope), scope),
        ),
        PeerMetric(
            metric="change_lead_time",
            definition="Commit → deployment, median over commits.",
            differs=(
                "Times of zero and below are left out, merges and bots count, and what waits for "
                "its deployment is left out."
            ),
            answer=_lead_time,
        ),
        PeerMetric(
            metric="change_fail_rate",
            definition="Incidents that name a deployed commit ÷ deployments.",
            differs="Counts incidents, so two of one deployment count twice; only named causes.",
            answer=_fail_rate,
        ),
        PeerMetric(
            metric="time_to_restore",
            definition="From the incident's creation to its resolution, median.",
            differs="Open incidents are left out; by the month in which the incident was created.",
            answer=_restore,
        ),
    ),
)
