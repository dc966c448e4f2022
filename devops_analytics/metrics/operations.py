"""Operations: what the incident records tell, and how far they can be relied on."""

from typing import Final

import polars as pl

from devops_analytics.linking import unplanned_incidents
from devops_analytics.metrics.attribution import as_observations
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit

_CHOICES = (
    "Unplanned incidents (planned maintenance left out, not said counts as unplanned), in the "
    "period of their start, else of their record's creation; incidents with neither are left out"
)
_UNKNOWN = "No live export of incidents covers the period."


def incident_timestamps_complete(evidence: Evidence) -> pl.LazyFrame:
    """Mark each closed incident whose times suffice to measure detection and restoration.

    Returns:
        Observations: `at` is the start, `value` 1 where start, notice and resolution are there
        and the resolution is not before the start, `key` incident_id.
    """
    noticed = pl.coalesce("detected_at", "acknowledged_at").is_not_null()
    closed = _unplanned(evidence).drop_nulls("resolved_at")
    return as_observations(
        closed.with_columns(value=noticed & (pl.col("resolved_at") >= pl.col("at")))
    )


def incidents_with_explicit_cause(evidence: Evidence) -> pl.LazyFrame:
    """Mark each closed incident whose record names the deployment or commit that caused it.

    Returns:
        Observations: `at` is the start, `value` 1 where a cause is named, `key` incident_id.
    """
    named = pl.coalesce("deployment_id", "sha").is_not_null()
    closed = _unplanned(evidence).drop_nulls("resolved_at")
    return as_observations(closed.with_columns(value=named))


def incidents_reviewed(evidence: Evidence) -> pl.LazyFrame:
    """Mark each closed incident that links to a review.

    Returns:
        Observations: `at` is the start, `value` 1 where a review is linked, `key` incident_id.
    """
    # A source that never links to a review can't say: its nulls are no answer.
    can_say = pl.col("review_url").is_not_null().any().over("source")
    closed = _unplanned(evidence).filter(can_say).drop_nulls("resolved_at")
    return as_observations(closed.with_columns(value=pl.col("review_url").is_not_null()))


def detected_by_monitoring(evidence: Evidence) -> pl.LazyFrame:
    """Mark each incident that monitoring noticed first.

    Returns:
        Observations: `at` is the start, `value` 1 where monitoring detected it and 0 where
        somebody else did, `key` incident_id.
    """
    said = _unplanned(evidence).drop_nulls("detected_by")
    is_monitoring = pl.col("detected_by").str.contains(r"(?i)monitor|alert|alarm|synthetic|probe")
    return as_observations(said.with_columns(value=is_monitoring))


def _unplanned(evidence: Evidence) -> pl.LazyFrame:
    return (
        unplanned_incidents(evidence.tables)
        .drop_nulls("start")
        .with_columns(at="start", observed=pl.lit(value=True), key="incident_id")
    )


INCIDENT_TIMESTAMPS_COMPLETE: Final = Metric(
    id="incident_timestamps_complete",
    name="Incident timestamps complete",
    question="Are incidents recorded well enough to measure them?",
    family="operations",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Closed incidents with a start (or creation), a time of detection or acknowledgement, and "
        "a resolution that is not before the start ÷ closed incidents."
    ),
    choices=f"{_CHOICES}; open incidents left out; what counts is what the export holds.",
    unknown_when=_UNKNOWN,
    misleads_when="The tool knows a time that its export does not show.",
    moved_without_improvement="Filling times in afterwards, by guess.",
    source=(
        "This project's choice, after the VOID reports (incident durations are 'gray data', fuzzy "
        "at both ends)."
    ),
    needs=("incidents",),
    observe=incident_timestamps_complete,
)

INCIDENTS_WITH_EXPLICIT_CAUSE: Final = Metric(
    id="incidents_with_explicit_cause",
    name="Incidents with an explicit cause",
    question="Is it recorded which deployment caused an incident?",
    family="operations",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Closed incidents whose own record names the deployment or commit that caused them ÷ "
        "closed incidents."
    ),
    choices=(
        f"{_CHOICES}; open incidents left out; what counts is what the export holds, so a tool "
        "without such a field gives 0: its incidents are blamed by rule and not by record."
    ),
    unknown_when=_UNKNOWN,
    misleads_when="Many incidents have no deployment as cause, so 100 % is not to be expected.",
    moved_without_improvement="Naming the latest deployment without looking.",
    source=(
        "This project's choice: attribution of failures is the weakest link of every change fail "
        "rate."
    ),
    needs=("incidents",),
    observe=incidents_with_explicit_cause,
)

INCIDENTS_REVIEWED: Final = Metric(
    id="incidents_reviewed",
    name="Incidents reviewed",
    question="Does the organisation look back at what went wrong?",
    family="operations",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition="Closed incidents whose record links to a review ÷ closed incidents.",
    choices=(
        f"{_CHOICES}; open incidents left out; any severity; sources in which no incident ever "
        "links to a review can't say and are left out."
    ),
    unknown_when=_UNKNOWN,
    misleads_when="Reviews are written where the incident tool does not see them.",
    moved_without_improvement="An empty document for every incident.",
    source="This project's choice, after the practice of published incident reviews (postmortems).",
    needs=("incidents",),
    observe=incidents_reviewed,
)

DETECTED_BY_MONITORING: Final = Metric(
    id="detected_by_monitoring",
    name="Detected by monitoring",
    question="Do we notice before our users do?",
    family="operations",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Incidents noticed first by monitoring ÷ incidents whose record says who or what noticed."
    ),
    choices=(
        f"{_CHOICES}; incidents that don't say are left out; monitoring is what the record's text "
        "calls monitoring, alert, alarm, synthetic or probe."
    ),
    unknown_when=_UNKNOWN,
    misleads_when="Only incidents that monitoring opens get a record at all.",
    moved_without_improvement="Opening records only for what an alert has found.",
    source="DORA capability 'Proactive failure notification'.",
    needs=("incidents",),
    observe=detected_by_monitoring,
)

OPERATIONS: Final[tuple[Metric, ...]] = (
    INCIDENT_TIMESTAMPS_COMPLETE,
    INCIDENTS_WITH_EXPLICIT_CAUSE,
    INCIDENTS_REVIEWED,
    DETECTED_BY_MONITORING,
)
"""The metrics of this family, in report order."""
