"""Incident → the deployment held responsible for it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from devops_analytics.linking.links import BlamedOn, Links
from devops_analytics.linking.unlinked import unlinked
from devops_analytics.schema_columns import TIME

EXPLICIT_ID: Final = "explicit id"
EXPLICIT_SHA: Final = "explicit sha"
REMEDIATION: Final = "remediation"
WITHIN_WINDOW: Final = "within window"

_FOUND: Final = pl.Schema(
    {"incident_id": pl.String(), "deployment_id": pl.String(), "method": pl.String()}
)


@dataclass(frozen=True, kw_only=True)
class Blame:
    """Incidents with the deployment blamed (schema `BlamedOn`), and those without (`Unlinked`)."""

    blamed_on: pl.DataFrame
    unlinked: pl.DataFrame


def unplanned_incidents(tables: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """Return the incidents that are no planned maintenance, with `start`.

    `start` is when users were first affected, or when the record was made where that isn't known.
    An incident that doesn't say whether it was planned counts as unplanned.
    """
    return incidents_with_start(tables).filter(~pl.col("planned").fill_null(value=False))


def incidents_with_start(tables: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """Return all incidents, planned ones too, with `start` as `unplanned_incidents` has it."""
    return tables["incidents"].with_columns(start=pl.coalesce("started_at", "created_at"))


def blame(
    tables: Mapping[str, pl.LazyFrame],
    *,
    deployments: pl.DataFrame,
    deployed_in: pl.DataFrame,
    remedies: pl.DataFrame,
    window_hours: float | None,
) -> Blame:
    """Find the deployment responsible for each unplanned incident, by the first rule that can.

    1. The deployment that the record names; then the deployment that carried the commit it names
       (of the incident's service; of any service, the earliest, where it has none).
    2. Remediation: the incident began at or after the finish of a deployment that was later put
       right and before the remedy finished, and was still open then or had ended at most the
       window earlier. The remedy that came soonest decides.
    3. The latest successful production deployment of the same service finished at or before the
       incident's start, if that is at most the window earlier.

    Args:
        tables: the canonical tables (incidents are read).
        deployments: production deployments in order (schema `ProductionDeployments`).
        deployed_in: commits with their deployments.
        remedies: deployments that put others right.
        window_hours: the attribution window; None: only what records name counts.
    """
    incidents = (
        unplanned_incidents(tables)
        .select("incident_id", "service", "start", "resolved_at", "deployment_id", "sha")
        .collect()
    )
    rules = [
        _named_deployment(incidents, deployments),
        _named_commit(incidents, deployments, deployed_in),
    ]
    succeeded = deployments.select("deployment_id", "service", "finished_at", "succeeded").filter(
        "succeeded"
    )
    if window_hours is not None:
        window = pl.duration(microseconds=round(window_hours * 3.6e9))
        rules.append(_remedied(incidents, succeeded, remedies, window))
        rules.append(_latest_before(incidents, succeeded, window))
    found = pl.concat(rules).unique("incident_id", keep="first", maintain_order=True)
    finishes = deployments.select("deployment_id", "finished_at")
    blamed_on = (
        found.join(incidents.select("incident_id", "start"), on="incident_id")
        .join(finishes, on="deployment_id")
        .with_columns(
            gap_hours=(pl.col("start") - pl.col("finished_at")).dt.total_microseconds() / 3.6e9
        )
        .select(BlamedOn.column_names())
        .sort("incident_id")
    )
    rest = incidents.join(found, on="incident_id", how="anti")
    return Blame(
        blamed_on=blamed_on,
        unlinked=_unblamed(rest, succeeded, only_named=window_hours is None),
    )


def links_with_window(
    links: Links, tables: Mapping[str, pl.LazyFrame], *, window_hours: float | None
) -> Links:
    """Return the links with incidents attributed within another window (None: only named causes).

    Nothing else is linked anew, so a table of several windows is cheap.
    """
    found = blame(
        tables,
        deployments=links.deployments,
        deployed_in=links.deployed_in,
        remedies=links.remedies,
        window_hours=window_hours,
    )
    others = links.unlinked.filter(pl.col("kind") != "incident")
    return replace(links, blamed_on=found.blamed_on, unlinked=pl.concat([others, found.unlinked]))


def _named_deployment(incidents: pl.DataFrame, deployments: pl.DataFrame) -> pl.DataFrame:
    named = incidents.select("incident_id", "deployment_id").drop_nulls()
    known = deployments.select("deployment_id").join(named, on="deployment_id", how="semi")
    return named.join(known, on="deployment_id", how="semi").with_columns(
        method=pl.lit(EXPLICIT_ID)
    )


def _named_commit(
    incidents: pl.DataFrame, deployments: pl.DataFrame, deployed_in: pl.DataFrame
) -> pl.DataFrame:
    """Find the deployment that carried the commit, else the first one of exactly this commit.

    What the baseline carried came by a deployment that is not known.
    """
    named = incidents.filter(pl.col("sha").is_not_null()).select(
        "incident_id", "service", sha=pl.col("sha").str.to_lowercase()
    )
    if named.is_empty():
        return _FOUND.to_frame()
    carried = deployed_in.filter(~pl.col("is_baseline")).select(
        "service", "sha", "deployment_id", rank=pl.lit(0)
    )
    deployed = deployments.filter("succeeded").select(
        "service", "sha", "deployment_id", rank=pl.lit(1)
    )
    order = deployments.select("deployment_id", "finished_at")
    return (
        named.join(pl.concat([carried, deployed]), on="sha", suffix="_of_deployment")
        .filter(
            pl.col("service").is_null() | (pl.col("service") == pl.col("service_of_deployment"))
        )
        .join(order, on="deployment_id")
        .sort("incident_id", "rank", "finished_at", "deployment_id")
        .unique("incident_id", keep="first", maintain_order=True)
        .select("incident_id", "deployment_id", method=pl.lit(EXPLICIT_SHA))
    )


def _remedied(
    incidents: pl.DataFrame, succeeded: pl.DataFrame, remedies: pl.DataFrame, window: pl.Expr
) -> pl.DataFrame:
    finishes = succeeded.select("deployment_id", "service", "finished_at")
    spans = remedies.join(finishes, on="deployment_id").join(
        finishes.select(remedied_deployment_id="deployment_id", failed_at="finished_at"),
        on="remedied_deployment_id",
    )
    is_due = pl.col("finished_at") <= pl.col("resolved_at") + window
    return (
        _begun_within(incidents, spans)
        .filter(is_due.fill_null(value=True))
        .sort(
            ["incident_id", "finished_at", "deployment_id", "failed_at", "remedied_deployment_id"],
            descending=[False, False, False, True, True],
        )
        .unique("incident_id", keep="first", maintain_order=True)
        .select(
            "incident_id",
            deployment_id="remedied_deployment_id",
            method=pl.lit(REMEDIATION),
        )
    )


def _begun_within(incidents: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """Join each span with the incidents of its service begun from `failed_at` to `finished_at`.

    Incidents are numbered in order, so those of a span are the ones between two numbers: a join on
    the service alone would pair every incident with every remedy.
    """
    ordered = (
        incidents.select("incident_id", "service", "start", "resolved_at")
        .drop_nulls(["service", "start"])
        .sort("service", "start", "incident_id")
        .with_row_index("number")
    )
    lowest = ordered.group_by("service").agg(lowest=pl.col("number").min())
    bounded = spans.join(lowest, on="service")
    for at, bound in (("failed_at", "begin"), ("finished_at", "end")):
        bounded = (
            bounded.sort(at)
            .join_asof(
                ordered.select("service", "start", "number").sort("start"),
                left_on=at,
                right_on="start",
                by="service",
                strategy="backward",
                allow_exact_matches=False,
                check_sortedness=False,
            )
            .with_columns(pl.coalesce(pl.col("number") + 1, "lowest").alias(bound))
            .drop("start", "number")
        )
    return (
        bounded.filter(pl.col("begin") < pl.col("end"))
        .with_columns(number=pl.int_ranges("begin", "end", dtype=pl.UInt32))
        .explode("number")
        .join(ordered.drop("service"), on="number")
    )


def _latest_before(
    incidents: pl.DataFrame, succeeded: pl.DataFrame, window: pl.Expr
) -> pl.DataFrame:
    ordered = succeeded.select("service", "deployment_id", "finished_at").sort(
        "finished_at", "deployment_id"
    )
    return (
        incidents.drop("deployment_id")
        .drop_nulls(["service", "start"])
        .sort("start")
        .join_asof(
            ordered,
            left_on="start",
            right_on="finished_at",
            by="service",
            strategy="backward",
            check_sortedness=False,
        )
        .filter(pl.col("start") - pl.col("finished_at") <= window)
        .select("incident_id", "deployment_id", method=pl.lit(WITHIN_WINDOW))
    )


def _unblamed(rest: pl.DataFrame, succeeded: pl.DataFrame, *, only_named: bool) -> pl.DataFrame:
    begins = succeeded.group_by("service").agg(begin=pl.col("finished_at").min())
    reason = (
        pl.when(only_named)
        .then(pl.lit("not_named"))
        .when(pl.col("service").is_null())
        .then(pl.lit("no_service"))
        .when(pl.col("start").is_null())
        .then(pl.lit("no_start"))
        .when(pl.col("begin").is_null())
        .then(pl.lit("service_not_deployed"))
        .when(pl.col("start") < pl.col("begin"))
        .then(pl.lit("before_first_deployment"))
        .otherwise(pl.lit("outside_window"))
    )
    judged = rest.join(begins, on="service", how="left").with_columns(
        reason=reason, start=pl.col("start").cast(TIME)
    )
    return unlinked(judged.sort("incident_id"), "incident", key="incident_id", at="start")
