"""Response: how fast incidents and alerts are noticed, taken and ended, and when they come."""

from datetime import time
from typing import Final

import polars as pl

from devops_analytics.linking import unplanned_incidents
from devops_analytics.metrics.attribution import as_observations, hours_between
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit

WORK_BEGINS: Final = time(8)
WORK_ENDS: Final = time(18)
"""Working hours, Monday to Friday: PagerDuty's business hours."""

_FRIDAY: Final = 5
_PERIOD: Final = "in the period of the incident's start"
_UNPLANNED: Final = "planned maintenance left out (not said counts as unplanned)"
_VOID: Final = "the VOID reports warn that such times are 'gray data', fuzzy at both ends"


def time_to_detect(evidence: Evidence) -> pl.LazyFrame:
    """Measure how long each incident affected users before anybody noticed.

    Returns:
        Observations: `at` is the start, `value` hours to its detection, `key` incident_id.
    """
    noticed = unplanned_incidents(evidence.tables).drop_nulls(["started_at", "detected_at"])
    return _spans(noticed, evidence, start="started_at", end="detected_at")


def time_to_acknowledge(evidence: Evidence) -> pl.LazyFrame:
    """Measure how long each incident's record waited for somebody to take it.

    Returns:
        Observations: `at` is when the record was made, `value` hours, `observed` false while it
        is open and nobody has taken it, `key` incident_id.
    """
    made = (
        unplanned_incidents(evidence.tables)
        .with_columns(made_at=pl.coalesce("created_at", "detected_at", "started_at"))
        .filter(pl.col("acknowledged_at").is_not_null() | pl.col("resolved_at").is_null())
    )
    return _spans(made, evidence, start="made_at", end="acknowledged_at")


def time_to_mitigate(evidence: Evidence) -> pl.LazyFrame:
    """Measure how long each incident affected users.

    Returns:
        Observations: `at` is the start, `value` hours to its mitigation, `observed` false while
        it is neither mitigated nor resolved, `key` incident_id.
    """
    begun = unplanned_incidents(evidence.tables).filter(
        pl.col("mitigated_at").is_not_null() | pl.col("resolved_at").is_null()
    )
    return _spans(begun, evidence, start="start", end="mitigated_at")


def actionable_alerts(evidence: Evidence) -> pl.LazyFrame:
    """Mark each alert that somebody had to act on.

    Returns:
        Observations: `at` is when it fired, `value` 1 where somebody had to act and 0 where
        nobody had, `key` alert_id.
    """
    told = (
        evidence.tables["alerts"]
        .drop_nulls(["started_at", "actionable"])
        .with_columns(
            at="started_at", value="actionable", observed=pl.lit(value=True), key="alert_id"
        )
    )
    return as_observations(told)


def out_of_hours_interruptions(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per incident whose record was made outside working hours, with value 1.

    Returns:
        Observations: `at` is when the record was made, `key` incident_id.
    """
    local = pl.col("at").dt.convert_time_zone(evidence.time_zone)
    is_work = (local.dt.weekday() <= _FRIDAY) & local.dt.time().is_between(
        WORK_BEGINS, WORK_ENDS, closed="left"
    )
    made = (
        unplanned_incidents(evidence.tables)
        .with_columns(at=pl.coalesce("created_at", "started_at"))
        .drop_nulls("at")
        .filter(~is_work)
        .with_columns(value=pl.lit(1.0), observed=pl.lit(value=True), key="incident_id")
    )
    return as_observations(made)


def _spans(incidents: pl.LazyFrame, evidence: Evidence, *, start: str, end: str) -> pl.LazyFrame:
    """Return hours from start to end, censored where there is no end; negative ones left out."""
    return as_observations(
        incidents.drop_nulls(start)
        .with_columns(
            at=start,
            value=hours_between(start, pl.coalesce(end, pl.lit(evidence.as_of))),
            observed=pl.col(end).is_not_null(),
            key="incident_id",
        )
        .filter(pl.col("value") >= 0)
    )


TIME_TO_DETECT: Final = Metric(
    id="time_to_detect",
    name="Time to detect",
    question="How long are users affected before we notice?",
    family="operations",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=f"Hours from an incident's start to its detection, {_PERIOD}.",
    choices=(
        f"Unplanned incidents that say when they started and when they were noticed; {_UNPLANNED}; "
        "detected before it started left out."
    ),
    unknown_when=(
        "No live export of incidents that says when they started and were detected covers the "
        "period."
    ),
    misleads_when=(
        "The start is the time of the record, so that nothing seems to lie between; a start is "
        "often guessed afterwards."
    ),
    moved_without_improvement="Writing down the detection as the start.",
    source=f"DORA capability 'Monitoring and observability' (time to detect); {_VOID}.",
    needs=("incidents",),
    columns=((("incidents", "started_at"),), (("incidents", "detected_at"),)),
    observe=time_to_detect,
)

TIME_TO_ACKNOWLEDGE: Final = Metric(
    id="time_to_acknowledge",
    name="Time to acknowledge",
    question="How long until somebody takes an incident?",
    family="operations",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=(
        "Hours from an incident's record being made to somebody taking it, in the period in which "
        "it was made."
    ),
    choices=(
        f"{_UNPLANNED[0].upper()}{_UNPLANNED[1:]}; open and not taken is censored; resolved "
        "without having been taken left out; where it is not known when the record was made, from "
        "the detection, else the start; taken before it was made left out."
    ),
    unknown_when=(
        "No live export of incidents that says when they were acknowledged covers the period."
    ),
    misleads_when="Low-urgency incidents may wait for the morning and count like all others.",
    moved_without_improvement="Acknowledging from bed and sleeping on; acknowledging by a program.",
    source=f"DORA capability 'Monitoring and observability' (acknowledged in time); {_VOID}.",
    needs=("incidents",),
    columns=((("incidents", "acknowledged_at"),),),
    observe=time_to_acknowledge,
)

TIME_TO_MITIGATE: Final = Metric(
    id="time_to_mitigate",
    name="Time to mitigate",
    question="How long are users affected?",
    family="operations",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=f"Hours from an incident's start to the end of its effect on users, {_PERIOD}.",
    choices=(
        f"{_UNPLANNED[0].upper()}{_UNPLANNED[1:]}; the start is when users were first affected, "
        "else when the record was made; neither mitigated nor resolved is censored; resolved "
        "without a time of mitigation left out; mitigated before it started left out."
    ),
    unknown_when=(
        "No live export of incidents that says when they were mitigated covers the period."
    ),
    misleads_when="Mitigation is written down for the big incidents only.",
    moved_without_improvement="Calling an incident mitigated early.",
    source=f"This project's choice, beside DORA's recovery time, which ends later; {_VOID}.",
    needs=("incidents",),
    columns=((("incidents", "mitigated_at"),),),
    observe=time_to_mitigate,
)

ACTIONABLE_ALERTS: Final = Metric(
    id="actionable_alerts",
    name="Actionable alerts",
    question="Does an alert mean that somebody has to act?",
    family="operations",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Alerts that somebody had to act on ÷ alerts that say whether somebody had to, in the "
        "period in which they fired."
    ),
    choices="By the export's own word; alerts that don't say are left out; any severity.",
    unknown_when=(
        "No live export of alerts that says whether they were actionable covers the period."
    ),
    misleads_when="It is judged by those who want to be rid of the alert, or only now and then.",
    moved_without_improvement="Calling what was looked at actionable.",
    source=(
        "DORA capability 'Monitoring and observability' (false positives; alerts that nobody can "
        "act on)."
    ),
    needs=("alerts",),
    columns=((("alerts", "actionable"),),),
    observe=actionable_alerts,
)

OUT_OF_HOURS_INTERRUPTIONS: Final = Metric(
    id="out_of_hours_interruptions",
    name="Out-of-hours interruptions",
    question="How often does an incident interrupt an evening, a night or a weekend?",
    family="operations",
    kind=Kind.RATE,
    unit=Unit.PER_DAY,
    better=Better.LOWER,
    definition=(
        "Incidents whose record was made outside Monday to Friday, 08:00 to 18:00 ÷ days for which "
        "incidents are known."
    ),
    choices=(
        f"Reporting time zone; public holidays are working days; {_UNPLANNED}; where it is not "
        "known when the record was made, its start; for a team or service, never for a person."
    ),
    unknown_when="No live export of incidents covers the period.",
    misleads_when=(
        "People live in several time zones, or work in shifts; low-urgency incidents interrupt "
        "nobody; records are written the next morning."
    ),
    moved_without_improvement="Opening the record in the morning.",
    source=(
        "DORA capability 'Monitoring and observability' (alerts outside working hours); hours as "
        "in PagerDuty's analytics (business hours)."
    ),
    needs=("incidents",),
    observe=out_of_hours_interruptions,
)

RESPONSE: Final = (
    TIME_TO_DETECT,
    TIME_TO_ACKNOWLEDGE,
    TIME_TO_MITIGATE,
    ACTIONABLE_ALERTS,
    OUT_OF_HOURS_INTERRUPTIONS,
)
"""Response, in report order."""
