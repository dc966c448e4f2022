"""The rows that tools count, made of the same evidence as the suite's own metrics."""

import polars as pl

from devops_analytics.linking.incidents import unplanned_incidents
from devops_analytics.metrics.attribution import hours_between
from devops_analytics.metrics.lead_time import deployed_changes
from devops_analytics.peers.peer import Scope


def deployments(scope: Scope) -> pl.DataFrame:
    """Return the successful production deployments of the period: service, at, deployment_id."""
    found = scope.evidence.links.deployments.filter("succeeded")
    return scope.inside(found.select("service", "deployment_id", at="finished_at"), "at")


def changes(scope: Scope) -> pl.DataFrame:
    """Return the changes first deployed in the period, bots' too.

    Columns: service, at (the deployment's finish), deployment_id, first_authored_at,
    first_commit_at, opened_at, merged_at. `first_authored_at` is of the commits that name the
    change, else of none.
    """
    evidence = scope.counting(count_bots=True).evidence
    authored = (
        evidence.tables["commits"]
        .drop_nulls("change_id")
        .group_by("repo", "change_id")
        .agg(first_authored_at=pl.col("authored_at").min())
    )
    found = (
        deployed_changes(evidence)
        .drop_nulls("deployed_at")
        .join(authored, on=["repo", "change_id"], how="left")
        .select(
            "service",
            "deployment_id",
            "first_authored_at",
            "first_commit_at",
            "opened_at",
            "merged_at",
            at="deployed_at",
        )
        .collect()
    )
    return scope.inside(found, "at")


def commits(scope: Scope) -> pl.DataFrame:
    """Return the commits first deployed in the period, merges and bots' too.

    Columns: service, at, deployment_id, is_merge, hours (from committed to deployed).
    """
    linked = scope.evidence.links.deployed_in.filter(~pl.col("is_baseline"))
    found = (
        linked.lazy()
        .join(
            scope.evidence.tables["commits"].select("repo", "sha", "is_merge", "committed_at"),
            on=["repo", "sha"],
        )
        .select(
            "service",
            "deployment_id",
            pl.col("is_merge").fill_null(value=False),
            at="deployed_at",
            hours=hours_between("committed_at", "deployed_at"),
        )
        .collect()
    )
    return scope.inside(found, "at")


def incidents(scope: Scope) -> pl.DataFrame:
    """Return all unplanned incidents of the services: service, created, resolved_at, incident_id.

    `created` is when the record was made, or the incident began where that is not known.
    """
    found = (
        unplanned_incidents(scope.evidence.tables)
        .select(
            "service",
            "incident_id",
            "resolved_at",
            "start",
            created=pl.coalesce("created_at", "start"),
        )
        .collect()
    )
    return found.filter(pl.col("service").is_in(scope.services))


def resolved(scope: Scope, at: str = "resolved_at") -> pl.DataFrame:
    """Return the incidents that are resolved, in the period by one of their times, with hours."""
    found = scope.inside(incidents(scope).drop_nulls(["resolved_at", "created"]), at)
    return found.with_columns(hours=hours_between("created", "resolved_at"))
