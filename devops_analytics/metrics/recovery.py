"""How long it takes until users are served again."""

from dataclasses import replace
from typing import Final

import polars as pl

from devops_analytics.linking.incidents import incidents_with_start, unplanned_incidents
from devops_analytics.metrics.attribution import as_observations, hours_between
from devops_analytics.metrics.instability import failed_deployments
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit
from devops_analytics.metrics.throughput import DORA_GUIDE


def failed_deployment_recovery_time(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per failed deployment: hours from its finish until it was recovered from.

    That is the end of the last incident blamed on it, or the finish of its first remedy where no
    incident is blamed. Where one of the incidents is open the row is censored at `as_of`.
    """
    return _recovery(_failures(evidence), evidence, start="at")


def failed_deployment_recovery_time_from_incident(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per failed deployment with an incident: hours from the first one's start."""
    failures = _failures(evidence).filter(pl.col("began_at").is_not_null())
    return _recovery(failures, evidence, start="began_at")


def failed_deployment_recovery_time_by_remediation(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per deployment that was put right: hours until its first remedy finished."""
    failures = _failures(evidence).filter(pl.col("remedied_at").is_not_null())
    return _recovery(
        failures.with_columns(recovered_at="remedied_at", is_open=pl.lit(value=False)),
        evidence,
        start="at",
    )


def time_to_restore(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per unplanned incident: hours from its start to its resolution.

    An open incident is censored at `as_of`. Incidents of no known service are kept, those that
    end before they start are left out.
    """
    spans = _spans(unplanned_incidents(evidence.tables), evidence)
    return as_observations(spans.filter(pl.col("value") >= 0))


def incidents_ending_before_start(evidence: Evidence) -> pl.LazyFrame:
    """Return the incidents, planned ones too, that end before they start, as observations.

    `time_to_restore` and the recovery times leave them out.
    """
    spans = _spans(incidents_with_start(evidence.tables), evidence)
    return as_observations(spans.filter(pl.col("value") < 0))


def _spans(incidents: pl.LazyFrame, evidence: Evidence) -> pl.LazyFrame:
    end = pl.col("resolved_at").fill_null(evidence.as_of)
    return incidents.drop_nulls("start").with_columns(
        at="start",
        value=hours_between("start", end),
        observed=pl.col("resolved_at").is_not_null(),
        key="incident_id",
    )


def _failures(evidence: Evidence) -> pl.LazyFrame:
    """Return the failed deployments with what is known of their recovery.

    Columns: deployment_id, service, at, source_ref, began_at (the first blamed incident's start),
    remedied_at (the first remedy's finish), recovered_at (null: not yet), is_open. Incidents that
    end before they start say nothing; a deployment with no other word on its recovery is left
    out.
    """
    links = evidence.links
    finishes = links.deployments.lazy().select("deployment_id", remedied_at="finished_at")
    remedies = (
        links.remedies.lazy()
        .join(finishes, on="deployment_id")
        .group_by(deployment_id="remedied_deployment_id")
        .agg(pl.col("remedied_at").min())
    )
    incidents = unplanned_incidents(evidence.tables).select("incident_id", "start", "resolved_at")
    blamed = (
        links.blamed_on.lazy()
        .join(incidents, on="incident_id")
        .filter((pl.col("resolved_at") >= pl.col("start")).fill_null(value=True))
        .group_by("deployment_id")
        .agg(
            began_at=pl.col("start").min(),
            ended_at=pl.col("resolved_at").max(),
            is_open=pl.col("resolved_at").is_null().any(),
        )
    )
    return (
        links.deployments.lazy()
        .filter("succeeded")
        .join(failed_deployments(evidence), on="deployment_id", how="semi")
        .join(blamed, on="deployment_id", how="left")
        .join(remedies, on="deployment_id", how="left")
        .filter(pl.col("is_open").is_not_null() | pl.col("remedied_at").is_not_null())
        .with_columns(is_open=pl.col("is_open").fill_null(value=False))
        .with_columns(
            at="finished_at",
            recovered_at=pl.when(~pl.col("is_open")).then(pl.coalesce("ended_at", "remedied_at")),
        )
    )


def _recovery(failures: pl.LazyFrame, evidence: Evidence, *, start: str) -> pl.LazyFrame:
    """Return failures as observations; a recovery before the start is left out."""
    end = pl.col("recovered_at").fill_null(evidence.as_of)
    return as_observations(
        failures.with_columns(
            value=hours_between(start, end),
            observed=~pl.col("is_open"),
            key="deployment_id",
        ).filter(pl.col("value") >= 0)
    )


RECOVERY_TIME: Final = Metric(
    id="failed_deployment_recovery_time",
    name="Failed deployment recovery time",
    question="How long does it take to recover from a deployment that fails?",
    family="delivery",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=(
        "Hours from the end of a failed production deployment to the end of the last incident "
        "blamed on it, or to its first remedy where no incident is blamed; the median over failed "
        "deployments."
    ),
    choices=(
        "Failed as in change fail rate. A failure with an incident that is still open counts as "
        "lasting for as long as is known, not as missing. Incidents that end before they start "
        "say nothing. Calendar hours."
    ),
    unknown_when="no feed of deployments or no feed of incidents covers the period.",
    misleads_when=(
        "incidents are closed late, or are linked to a deployment long before their start; "
        "failures are few. A mean of such times says little: they are skewed."
    ),
    moved_without_improvement="Closing incidents early, or recording fewer, shortens it.",
    source=f"{DORA_GUIDE}; it took the place of time to restore in DORA's 2023 report",
    needs=("deployments", "incidents"),
    observe=failed_deployment_recovery_time,
)

RECOVERY_TIME_FROM_INCIDENT: Final = replace(
    RECOVERY_TIME,
    id="failed_deployment_recovery_time_from_incident",
    name="Failed deployment recovery time, from the incident's start",
    question="Once users are affected by a failed deployment, how long until they are served?",
    definition=(
        "Hours from the start of the first incident blamed on a failed production deployment to "
        "the end of the last one; the median over failed deployments with an incident."
    ),
    choices=("As failed deployment recovery time; failures that only a remedy shows are left out."),
    observe=failed_deployment_recovery_time_from_incident,
    variant_of="failed_deployment_recovery_time",
)

RECOVERY_TIME_BY_REMEDIATION: Final = replace(
    RECOVERY_TIME,
    id="failed_deployment_recovery_time_by_remediation",
    name="Failed deployment recovery time, by remedies alone",
    question="How long does a deployment stay that is later rolled back, reverted or hotfixed?",
    definition=(
        "Hours from the end of a production deployment to the end of the first one that put it "
        "right; the median over deployments that were put right."
    ),
    choices=(
        "Failed as in change fail rate by remedies. A failure is only known by its remedy, so "
        "none is waiting. Calendar hours."
    ),
    unknown_when="no feed of deployments covers the period.",
    misleads_when=(
        "a revert comes long after the failure was repaired in another way; or versions and "
        "commits are not known: without commits only rollbacks are seen."
    ),
    moved_without_improvement="Leaving slow repairs unmarked shortens it.",
    source=f"{DORA_GUIDE}; detection after Datadog, change failure detection",
    needs=("deployments",),
    observe=failed_deployment_recovery_time_by_remediation,
    variant_of="failed_deployment_recovery_time",
)

TIME_TO_RESTORE: Final = Metric(
    id="time_to_restore",
    name="Time to restore",
    question="How long do incidents last, whatever caused them?",
    family="delivery",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition="Hours from the start of an unplanned incident to its resolution; the median.",
    choices=(
        "From the start of the effect on users, or from the record where that is not known, to "
        "resolved_at. An open incident counts as lasting for as long as is known, not as missing. "
        "Planned maintenance is no incident; an incident that doesn't say is unplanned. Incidents "
        "of no known service count for the organisation. Incidents that end before they start are "
        "left out and counted under data quality. Calendar hours."
    ),
    unknown_when="no feed of incidents covers the period.",
    misleads_when=(
        "few incidents are compared: with 10 in each period and no change at all, the mean seems "
        "to fall by 10 % or more in 44 % of comparisons; or incidents of unlike severity are mixed."
    ),
    moved_without_improvement=(
        "Closing incidents early, or recording many small ones, shortens it."
    ),
    source=(
        "DORA reports up to 2022 (time to restore service); since 2023 DORA asks for failed "
        "deployment recovery time, see https://dora.dev/insights/dora-metrics-history/"
    ),
    needs=("incidents",),
    observe=time_to_restore,
)

TIME_TO_RESTORE_P85: Final = replace(
    TIME_TO_RESTORE,
    id="time_to_restore_p85",
    name="Time to restore, 85th percentile",
    question="How long do all but the longest 15 % of incidents last?",
    definition=(
        "Hours from the start of an unplanned incident to its resolution; 85 % of the incidents "
        "took at most this long."
    ),
    variant_of="time_to_restore",
    quantile=0.85,
)

TIME_TO_RESTORE_P90: Final = replace(
    TIME_TO_RESTORE,
    id="time_to_restore_p90",
    name="Time to restore, 90th percentile",
    question="How long do all but the longest tenth of incidents last?",
    definition=(
        "Hours from the start of an unplanned incident to its resolution; 90 % of the incidents "
        "took at most this long."
    ),
    variant_of="time_to_restore",
    quantile=0.9,
)

RECOVERY: Final = (
    RECOVERY_TIME,
    RECOVERY_TIME_FROM_INCIDENT,
    RECOVERY_TIME_BY_REMEDIATION,
    TIME_TO_RESTORE,
    TIME_TO_RESTORE_P85,
    TIME_TO_RESTORE_P90,
)
