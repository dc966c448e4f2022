"""Checks of incidents: which service, which deployment."""

from typing import Final

import polars as pl

from devops_analytics.linking.incidents import EXPLICIT_ID, EXPLICIT_SHA, unplanned_incidents
from devops_analytics.quality.check import Check, Material, Severity, as_found
from devops_analytics.quality.links import unlinked_because
from devops_analytics.quality.names import FAIL_RATE
from devops_analytics.text import filled


def _incidents_without_service(material: Material) -> pl.LazyFrame:
    rows = unplanned_incidents(material.evidence.tables).filter(pl.col("service").is_null())
    return as_found(rows, "incident_id", detail=pl.lit("names no service"))


def _incidents_not_deployed(material: Material) -> pl.LazyFrame:
    found = unlinked_because("incident", "service_not_deployed")(material)
    declared = material.table("services").select("service", declared=pl.lit(value=True))
    word = (
        pl.when(pl.col("declared").is_not_null())
        .then(pl.lit("{} is declared and never deployed"))
        .otherwise(pl.lit("{} is neither declared nor deployed"))
    )
    return found.join(declared.unique(), on="service", how="left").select(
        "key", "service", "repo", detail=word.str.replace("{}", pl.col("service"), literal=True)
    )


def _causes_not_known(material: Material) -> pl.LazyFrame:
    by_name = material.evidence.links.blamed_on.lazy().filter(
        pl.col("method").is_in((EXPLICIT_ID, EXPLICIT_SHA))
    )
    named = pl.coalesce("deployment_id", "sha")
    rows = (
        unplanned_incidents(material.evidence.tables)
        .filter(named.is_not_null())
        .join(by_name, on="incident_id", how="anti")
    )
    return as_found(rows, "incident_id", service="service", detail=filled("names {}", named))


INCIDENTS: Final = (
    Check(
        id="incidents_naming_unknown_causes",
        title="Incidents that name a cause which is not known",
        severity=Severity.BENDS,
        effect="Blamed on the deployment before them instead, or on none.",
        what_to_do="Write the deployment's id or the full commit id into the incident.",
        find=_causes_not_known,
        metrics=(*FAIL_RATE, "incidents_with_explicit_cause"),
        among="incidents",
    ),
    Check(
        id="incidents_of_services_not_deployed",
        title="Incidents of services that are not deployed",
        severity=Severity.LEAVES_OUT,
        effect="Counted for the organisation, blamed on no deployment.",
        what_to_do="Add the name to a service's aliases, or export the service's deployments.",
        find=_incidents_not_deployed,
        metrics=FAIL_RATE,
        among="incidents",
    ),
    Check(
        id="incidents_without_service",
        title="Incidents without a service",
        severity=Severity.LEAVES_OUT,
        effect="Counted for the organisation alone; blamed on no deployment unless they name one.",
        what_to_do="Name the service in the incident tool, or map it.",
        find=_incidents_without_service,
        metrics=FAIL_RATE,
        among="incidents",
    ),
    Check(
        id="incidents_without_start",
        title="Incidents without a start",
        severity=Severity.LEAVES_OUT,
        effect="In no period: left out of every metric.",
        what_to_do="Map started_at or created_at.",
        find=unlinked_because("incident", "no_start"),
        metrics=FAIL_RATE,
        among="incidents",
    ),
    Check(
        id="incidents_before_first_deployment",
        title="Incidents before the service's first known deployment",
        severity=Severity.NOTE,
        effect="Blamed on no deployment.",
        what_to_do="Export older deployments, if there are any.",
        find=unlinked_because("incident", "before_first_deployment"),
        metrics=FAIL_RATE,
        among="incidents",
    ),
    Check(
        id="incidents_outside_window",
        title="Incidents long after the last deployment",
        severity=Severity.NOTE,
        effect="Blamed on no deployment: nothing was deployed within the attribution window.",
        what_to_do="Nothing, unless the records name their causes: then map them.",
        find=unlinked_because("incident", "outside_window"),
        metrics=FAIL_RATE,
        among="incidents",
    ),
)
"""Checks of incidents."""
