"""Operations: what the incident records tell, and how far they can be relied on."""

from typing import Final

import polars as pl

from devops_analytics.linking import unplanned_incidents
from devops_analytics.metrics.attribution import as_observations
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit
from devops_analytics.metrics.response import RESPONSE

_CHOICES = (
    "Unplanned incidents (planned maintenance left out, not said counts as unplanned), in the "
    "period of their start, else of their record's creation; incidents with neither are left out"
)
_CUSTOMERS: Final = r"(?i)customer|client|user|consumer|complaint|support|social"
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


def detected_by_customers(evidence: Evidence) -> pl.LazyFrame:
    """Mark each incident that users or customers noticed first.

    Returns:
        Observations: `at` is the start, `value` 1 where they did and 0 where somebody or
        something else did, `key` incident_id.
    """
    said = _unplanned(evidence).drop_nulls("detected_by")
    told = said.with_columns(value=pl.col("detected_by").str.contains(_CUSTOMERS))
    # A source that never names a customer has no word for them: its other words are no answer.
    return as_observations(told.filter(pl.col("value").any().over("source")))


def incidents_per_service_week(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per incident of a known service, with value 1.

    Returns:
        Observations: `at` is the start, `key` incident_id.
    """
    return as_observations(
        _unplanned(evidence).drop_nulls("service").with_columns(value=pl.lit(1.0))
    )


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
    columns=((("incidents", "review_url"),),),
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
    columns=((("incidents", "detected_by"),),),
    observe=detected_by_monitoring,
)

DETECTED_BY_CUSTOMERS: Final = Metric(
    id="detected_by_customers",
    name="Detected by customers",
    question="How often must our users tell us?",
    family="operations",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.LOWER,
    definition=(
        "Incidents noticed first by users or customers ÷ incidents whose record says who or what "
        "noticed."
    ),
    choices=(
        f"{_CHOICES}; incidents that don't say are left out; customers are what the record's text "
        "calls customer, client, user, consumer, complaint, support or social (media); colleagues "
        "are neither customers nor monitoring; sources that never name customers can't say and are "
        "left out."
    ),
    unknown_when="No live export of incidents that says who noticed covers the period.",
    misleads_when="Support opens the record of what monitoring has found, or the other way round.",
    moved_without_improvement="Not writing down who noticed.",
    source="DORA capability 'Proactive failure notification' (failures reported by users).",
    needs=("incidents",),
    columns=((("incidents", "detected_by"),),),
    observe=detected_by_customers,
)

INCIDENTS_PER_SERVICE_WEEK: Final = Metric(
    id="incidents_per_service_week",
    name="Incidents per service-week",
    question="How often does a service have an incident?",
    family="operations",
    kind=Kind.RATE,
    unit=Unit.PER_SERVICE_WEEK,
    better=Better.LOWER,
    definition=(
        "Incidents of known services ÷ weeks for which incidents are known, added up over the "
        "services."
    ),
    choices=(
        f"{_CHOICES}; any severity; incidents of no known service are left out; every service that "
        "is declared, deployed or has an incident counts, so that teams with many services compare."
    ),
    unknown_when=_UNKNOWN,
    misleads_when="What counts as an incident differs between teams, or changed.",
    moved_without_improvement="Recording fewer incidents; splitting a service into several.",
    source="This project's choice: a count means nothing without the services and time it is of.",
    needs=("incidents",),
    observe=incidents_per_service_week,
)

OPERATIONS: Final[tuple[Metric, ...]] = (
    INCIDENTS_PER_SERVICE_WEEK,
    *RESPONSE,
    DETECTED_BY_MONITORING,
    DETECTED_BY_CUSTOMERS,
    INCIDENT_TIMESTAMPS_COMPLETE,
    INCIDENTS_WITH_EXPLICIT_CAUSE,
    INCIDENTS_REVIEWED,
)
"""The metrics of this family, in report order."""
