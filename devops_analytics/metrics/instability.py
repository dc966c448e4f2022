"""How often deployments fail, and how much of deploying is repair."""

from dataclasses import replace
from typing import Final

import polars as pl

from devops_analytics.linking.incidents import unplanned_incidents
from devops_analytics.metrics.attribution import as_observations
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit
from devops_analytics.metrics.throughput import DORA_GUIDE

_NEVER_FAIL: Final = ("declared from tags", "declared from releases", "declared from merges")
"""Methods of knowing a deployment by which a failed one is never seen."""


def change_fail_rate(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per successful production deployment: 1 if it failed.

    It failed if an incident is blamed on it or another deployment put it right.
    """
    failed = pl.concat([_blamed(evidence), _remedied(evidence)])
    return _marked(evidence, failed)


def change_fail_rate_by_incident(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per successful production deployment: 1 if an incident is blamed on it."""
    return _marked(evidence, _blamed(evidence))


def change_fail_rate_by_remediation(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per successful production deployment: 1 if another one put it right."""
    return _marked(evidence, _remedied(evidence))


def change_fail_rate_by_pipeline_result(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per production deployment that reached a result: 1 if it didn't succeed.

    What was declared from tags, releases or merges is no attempt: it could not have failed.
    """
    attempts = evidence.links.deployments.lazy().filter(~pl.col("method").is_in(_NEVER_FAIL))
    return as_observations(
        attempts.select(
            "service",
            "source_ref",
            at="finished_at",
            value=~pl.col("succeeded"),
            observed=pl.lit(value=True),
            key="deployment_id",
        )
    )


def deployment_rework_rate(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per successful production deployment: 1 if it was unplanned repair.

    That is a rollback, a revert or a hotfix, or an emergency by the tool's own word that finished
    while an incident of its service was open (or had ended at most the attribution window before).
    """
    repairs = evidence.links.remedies.lazy().select("deployment_id")
    return _marked(evidence, pl.concat([repairs, _emergencies(evidence)]))


def deployments_unclassified(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per successful production deployment: 1 if its content is not known.

    Without a version no rollback can be seen, without commits no revert and no hotfix.
    """
    unlinked = evidence.links.unlinked.lazy().filter(pl.col("kind") == "deployment")
    versionless = evidence.links.deployments.lazy().filter(pl.col("version").is_null())
    return _marked(
        evidence,
        pl.concat([unlinked.select(deployment_id="key"), versionless.select("deployment_id")]),
    )


def failed_deployments(evidence: Evidence) -> pl.LazyFrame:
    """Return deployment_id of every deployment that an incident or a remedy speaks against."""
    return pl.concat([_blamed(evidence), _remedied(evidence)]).unique()


def _blamed(evidence: Evidence) -> pl.LazyFrame:
    return evidence.links.blamed_on.lazy().select("deployment_id")


def _remedied(evidence: Evidence) -> pl.LazyFrame:
    return evidence.links.remedies.lazy().select(deployment_id="remedied_deployment_id")


def _marked(evidence: Evidence, marked: pl.LazyFrame) -> pl.LazyFrame:
    """Return the successful production deployments as observations: 1 if among the marked."""
    return as_observations(
        evidence.links.deployments.lazy()
        .filter("succeeded")
        .join(
            marked.unique().with_columns(is_marked=pl.lit(value=True)),
            on="deployment_id",
            how="left",
        )
        .select(
            "service",
            "source_ref",
            at="finished_at",
            value=pl.col("is_marked").fill_null(value=False),
            observed=pl.lit(value=True),
            key="deployment_id",
        )
    )


def _emergencies(evidence: Evidence) -> pl.LazyFrame:
    """Return deployment_id of unplanned deployments made during an incident of their service."""
    window = pl.duration(microseconds=round(evidence.definitions.attribution_window_hours * 3.6e9))
    incidents = unplanned_incidents(evidence.tables).select("service", "start", "resolved_at")
    is_due = pl.col("finished_at") <= pl.col("resolved_at") + window
    return (
        evidence.links.deployments.lazy()
        .filter(~pl.col("planned"))
        .join(incidents, on="service")
        .filter((pl.col("start") <= pl.col("finished_at")) & is_due.fill_null(value=True))
        .select("deployment_id")
    )


CHANGE_FAIL_RATE: Final = Metric(
    id="change_fail_rate",
    name="Change fail rate",
    question="How many deployments need immediate intervention?",
    family="delivery",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.LOWER,
    definition=(
        "Successful production deployments with a linked incident or remedy ÷ successful "
        "production deployments."
    ),
    choices=(
        "Distinct deployments, so never above 100 %. An incident is linked to the deployment that "
        "its record names, else to one that was put right while the incident went on, else to the "
        "latest deployment of the same service at most the attribution window (24 hours) before "
        "its start. A remedy is a rollback, a revert or a hotfix. Planned maintenance is no "
        "incident. Failed, cancelled and skipped attempts are no deployments."
    ),
    unknown_when="no feed of deployments or no feed of incidents covers the period.",
    misleads_when=(
        "incidents are linked loosely (see the sensitivity table) or rarely recorded; "
        "deployments are few; the newest deployments have not had time to fail."
    ),
    moved_without_improvement=(
        "Recording fewer incidents, or splitting releases into more deployments, lowers it."
    ),
    source=DORA_GUIDE,
    needs=("deployments", "incidents"),
    observe=change_fail_rate,
)

CHANGE_FAIL_RATE_BY_INCIDENT: Final = replace(
    CHANGE_FAIL_RATE,
    id="change_fail_rate_by_incident",
    name="Change fail rate, by incidents alone",
    question="How many deployments are followed by an incident that is blamed on them?",
    definition=(
        "Successful production deployments with a linked incident ÷ successful production "
        "deployments."
    ),
    choices=(
        "As change fail rate, without deployments that were only rolled back, reverted or "
        "followed by a hotfix."
    ),
    observe=change_fail_rate_by_incident,
    variant_of="change_fail_rate",
)

CHANGE_FAIL_RATE_BY_REMEDIATION: Final = replace(
    CHANGE_FAIL_RATE,
    id="change_fail_rate_by_remediation",
    name="Change fail rate, by remedies alone",
    question="How many deployments are rolled back, reverted or followed by a hotfix?",
    definition=(
        "Successful production deployments that a later one put right ÷ successful production "
        "deployments."
    ),
    choices=(
        "A rollback (a version that was in production before the running one ever was) speaks "
        "against the first deployment after that version; a revert against the deployment that "
        "carried the reverted commit; a hotfix (by subject, title, label or branch) against the "
        "last deployment of another version. Deploying the running version again is neither."
    ),
    unknown_when="no feed of deployments covers the period.",
    misleads_when=(
        "failures are repaired in another way than by a deployment; versions or commits are not "
        "known (see deployments of unknown content): without commits only rollbacks are seen."
    ),
    moved_without_improvement=(
        "Repairing without naming it a revert or hotfix, or by configuration, lowers it."
    ),
    source=(
        f"{DORA_GUIDE}, which names rollback and hotfix as likely interventions; detection after "
        "Datadog, change failure detection"
    ),
    needs=("deployments",),
    observe=change_fail_rate_by_remediation,
    variant_of="change_fail_rate",
)

CHANGE_FAIL_RATE_BY_PIPELINE_RESULT: Final = replace(
    CHANGE_FAIL_RATE,
    id="change_fail_rate_by_pipeline_result",
    name="Deployment attempts that did not succeed",
    question="How many attempts to deploy to production fail themselves?",
    definition=(
        "Production deployments that ended in failure, error or timeout ÷ production deployments "
        "that ended in one of these or in success."
    ),
    choices=(
        "Cancelled and skipped attempts are left out, and so are deployments declared from tags, "
        "releases or merges, which cannot fail. A pipeline run that was tried until it "
        "succeeded counts once, as a success."
    ),
    unknown_when="no feed of deployments covers the period.",
    misleads_when=(
        "it is taken for the change fail rate: an attempt that fails reaches no user; or the "
        "export holds successful deployments only."
    ),
    moved_without_improvement="Re-trying until it works, or exporting successes only, lowers it.",
    source=(
        f"{DORA_GUIDE} counts deployments that need intervention, not failed attempts: this "
        "project's variant"
    ),
    needs=("deployments",),
    observe=change_fail_rate_by_pipeline_result,
    variant_of="change_fail_rate",
)

DEPLOYMENT_REWORK_RATE: Final = Metric(
    id="deployment_rework_rate",
    name="Deployment rework rate",
    question="How much of deploying is unplanned repair?",
    family="delivery",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.LOWER,
    definition=(
        "Successful production deployments that were unplanned and made because of an incident or "
        "a bug that users met ÷ successful production deployments."
    ),
    choices=(
        "Unplanned repair is a rollback, a revert or a hotfix (by subject, title, label or "
        "branch), or an emergency change by the tool's own word while an incident of its service "
        "was open or had ended at most the attribution window (24 hours) before. Deploying the "
        "running version again is not."
    ),
    unknown_when="no feed of deployments covers the period.",
    misleads_when=(
        "hotfixes are not marked as such; or the content of many deployments is not known (see "
        "deployments of unknown content): without commits only rollbacks are seen."
    ),
    moved_without_improvement=(
        "Not marking hotfixes, or holding repairs back for the next planned release, lowers it."
    ),
    source=(
        f"{DORA_GUIDE} (as a result of an incident in production); DORA's survey says to address a "
        "user-facing bug: both count here"
    ),
    needs=("deployments",),
    observe=deployment_rework_rate,
)

DEPLOYMENTS_UNCLASSIFIED: Final = replace(
    DEPLOYMENT_REWORK_RATE,
    id="deployments_unclassified",
    name="Deployments of unknown content",
    question="For how many deployments can't we tell whether they were repair?",
    definition=(
        "Successful production deployments whose version or commits are not known ÷ successful "
        "production deployments."
    ),
    choices=(
        "Without a version no rollback can be seen; without commits no revert and no hotfix. The "
        "list of what is not linked gives the reason for each."
    ),
    misleads_when="read as a quality of the software: it is one of the exports.",
    moved_without_improvement="Nothing but exporting versions and commits lowers it.",
    source="This project: the share that deployment rework rate can't classify",
    observe=deployments_unclassified,
    variant_of="deployment_rework_rate",
)

INSTABILITY: Final = (
    CHANGE_FAIL_RATE,
    CHANGE_FAIL_RATE_BY_INCIDENT,
    CHANGE_FAIL_RATE_BY_REMEDIATION,
    CHANGE_FAIL_RATE_BY_PIPELINE_RESULT,
    DEPLOYMENT_REWORK_RATE,
    DEPLOYMENTS_UNCLASSIFIED,
)
