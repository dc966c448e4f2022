"""Named checks of the data behind the numbers: what is odd, how often, which records, what to do.

A record that a check names is not dropped from the tables; where a metric leaves it out, the
check says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from devops_analytics.metrics.delivery import incidents_ending_before_start, negative_lead_times
from devops_analytics.metrics.metric import Evidence
from devops_analytics.text import filled

FOUND: Final = {"key": pl.String(), "service": pl.String(), "detail": pl.String()}
"""What a check returns: the record's key, its service and what is odd about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A named check: `find` returns the odd records with the columns of `FOUND`."""

    id: str
    title: str
    effect: str
    what_to_do: str
    find: Callable[[Evidence], pl.LazyFrame]


def incidents_backwards(evidence: Evidence) -> pl.LazyFrame:
    """Return incidents, planned ones too, whose resolution is earlier than their start."""
    return _backwards(incidents_ending_before_start(evidence), "ends {} hours before it starts")


def commits_backwards(evidence: Evidence) -> pl.LazyFrame:
    """Return commits whose deployment finished before the commit was made."""
    return _backwards(negative_lead_times(evidence), "made {} hours after it was deployed")


def _backwards(observations: pl.LazyFrame, words: str) -> pl.LazyFrame:
    hours = (-pl.col("value")).round(2)
    return observations.select("key", "service", detail=filled(words, hours))


def incidents_without_service(evidence: Evidence) -> pl.LazyFrame:
    """Return incidents that name no service."""
    return (
        evidence.tables["incidents"]
        .filter(pl.col("service").is_null())
        .select(key="incident_id", service="service", detail=pl.lit("names no service"))
    )


def incidents_of_unknown_services(evidence: Evidence) -> pl.LazyFrame:
    """Return incidents of services that are neither declared nor deployed."""
    known = pl.concat(
        [
            evidence.tables["services"].select("service"),
            evidence.tables["deployments"].select("service"),
        ]
    ).unique()
    return (
        evidence.tables["incidents"]
        .filter(pl.col("service").is_not_null())
        .join(known, on="service", how="anti")
        .select(
            key="incident_id",
            service="service",
            detail=pl.lit("names a service that is neither declared nor deployed"),
        )
    )


def planned_incidents(evidence: Evidence) -> pl.LazyFrame:
    """Return records of planned maintenance among the incidents."""
    return (
        evidence.tables["incidents"]
        .filter(pl.col("planned"))
        .select(key="incident_id", service="service", detail=pl.lit("planned maintenance"))
    )


def deployments_without_finish(evidence: Evidence) -> pl.LazyFrame:
    """Return production deployments that ended but do not say when."""
    ended = ["success", "failure", "error", "timeout"]
    return (
        evidence.tables["deployments"]
        .filter(pl.col("environment_kind") == "production")
        .filter(pl.col("finished_at").is_null() & pl.col("result").is_in(ended))
        .select(key="deployment_id", service="service", detail=pl.lit("has no finish time"))
    )


def deployments_with_unknown_result(evidence: Evidence) -> pl.LazyFrame:
    """Return deployments whose result word no source knows."""
    return (
        evidence.tables["deployments"]
        .filter(pl.col("result") == "unknown")
        .select(key="deployment_id", service="service", detail=pl.lit("its result is not known"))
    )


def environments_no_rule_names(evidence: Evidence) -> pl.LazyFrame:
    """Return deployments to environments that no rule calls production, staging, test or dev."""
    return (
        evidence.tables["deployments"]
        .filter(pl.coalesce("environment_kind", pl.lit("unknown")) == "unknown")
        .select(
            key="deployment_id",
            service="service",
            detail=filled("environment {}", pl.coalesce("environment", pl.lit("not named"))),
        )
    )


def services_nobody_owns(evidence: Evidence) -> pl.LazyFrame:
    """Return services that are deployed but belong to no team."""
    owned = evidence.tables["services"].filter(pl.col("team").is_not_null())
    return (
        evidence.tables["deployments"]
        .group_by("service")
        .len()
        .join(owned, on="service", how="anti")
        .select(key="service", service="service", detail=filled("{} deployments", pl.col("len")))
    )


CHECKS: Final = (
    Check(
        id="incidents_ending_before_start",
        title="Incidents that end before they start",
        effect="Left out of time to restore and recovery time; still counted as incidents.",
        what_to_do="Correct the times in the incident tool and export again.",
        find=incidents_backwards,
    ),
    Check(
        id="commits_deployed_before_made",
        title="Commits deployed before they were made",
        effect="Left out of change lead time: a clock runs backwards or history was rewritten.",
        what_to_do="Compare the clocks of the build machine and of the authors.",
        find=commits_backwards,
    ),
    Check(
        id="deployments_without_finish",
        title="Production deployments without a finish time",
        effect="Left out of every delivery metric.",
        what_to_do="Export the deployments' statuses as well, or map finished_at.",
        find=deployments_without_finish,
    ),
    Check(
        id="deployments_with_unknown_result",
        title="Deployments whose result is not known",
        effect="Left out of every delivery metric; never taken for a success.",
        what_to_do="Map the export's status words, or export the deployments' statuses as well.",
        find=deployments_with_unknown_result,
    ),
    Check(
        id="environments_no_rule_names",
        title="Deployments to environments that no rule names",
        effect="Not counted as production.",
        what_to_do="Add a pattern under [environments], or production_environments to the service.",
        find=environments_no_rule_names,
    ),
    Check(
        id="incidents_without_service",
        title="Incidents without a service",
        effect="Counted for the organisation, blamed on no deployment.",
        what_to_do="Name the service in the incident tool, or map it.",
        find=incidents_without_service,
    ),
    Check(
        id="incidents_of_unknown_services",
        title="Incidents of services that are neither declared nor deployed",
        effect="Counted for the organisation, blamed on no deployment.",
        what_to_do="Add the name to a service's aliases.",
        find=incidents_of_unknown_services,
    ),
    Check(
        id="planned_incidents",
        title="Planned maintenance among the incidents",
        effect="No incident: left out of every metric.",
        what_to_do="Nothing, if they were planned.",
        find=planned_incidents,
    ),
    Check(
        id="services_nobody_owns",
        title="Services that no team owns",
        effect="Counted for the organisation, shown under no team.",
        what_to_do="Add them to a team in the settings.",
        find=services_nobody_owns,
    ),
)
"""Every check, the most harmful first."""


def findings(evidence: Evidence) -> pl.DataFrame:
    """Return what the checks found: check, title, count, examples, effect, what_to_do.

    One row for each check that found something, in the order of `CHECKS`.
    """
    rows = []
    for check in CHECKS:
        found = check.find(evidence).sort("key").collect()
        if found.height:
            rows.append(
                {
                    "check": check.id,
                    "title": check.title,
                    "count": found.height,
                    "examples": ", ".join(found["key"].head(3)),
                    "effect": check.effect,
                    "what_to_do": check.what_to_do,
                }
            )
    columns = ("check", "title", "count", "examples", "effect", "what_to_do")
    schema = {name: pl.Int64() if name == "count" else pl.String() for name in columns}
    return pl.DataFrame(rows, schema=schema)
