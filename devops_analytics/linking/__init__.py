"""Links between tables: commits and changes to deployments, incidents to deployments, remedies."""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from devops_analytics.config import Settings
from devops_analytics.linking.changes import (
    commits_of_changes,
    deployed_changes,
    merged_changes,
    unlinked_changes,
)
from devops_analytics.linking.commits import carried_commits
from devops_analytics.linking.declared import declared_deployments
from devops_analytics.linking.incidents import blame, links_with_window, unplanned_incidents
from devops_analytics.linking.links import DeployedIn, Links, ProductionDeployments, Waiting
from devops_analytics.linking.production import production_deployments
from devops_analytics.linking.remediation import remedies
from devops_analytics.linking.repositories import histories, repositories_of_services
from devops_analytics.linking.unlinked import unlinked

__all__ = [
    "Links",
    "blame",
    "declared_deployments",
    "link",
    "links_with_window",
    "unplanned_incidents",
]


def link(tables: Mapping[str, pl.LazyFrame], settings: Settings, as_of: datetime) -> Links:
    """Link the tables; what stays unlinked is listed with its reason.

    Args:
        tables: every canonical table, already cut to what was known at `as_of`.
        settings: services, environments, and the choices in `definitions`.
        as_of: the end of the history window, in which commits can wait for a deployment.
    """
    definitions = settings.definitions
    repositories = repositories_of_services(tables, settings)
    known = histories(tables)
    production = production_deployments(tables, settings, repositories=repositories, known=known)
    merged = merged_changes(tables)
    carried = carried_commits(
        tables,
        production.deployments,
        repositories=repositories,
        known=known,
        merged=merged,
        since=_months_before(as_of, definitions.history_months),
    )
    members = commits_of_changes(tables, merged, carried.graphs)
    changes = deployed_changes(
        carried,
        production.deployments,
        repositories=repositories,
        merged=merged,
        members=members,
    )
    deployments = production.deployments.select(ProductionDeployments.column_names())
    repairs = remedies(
        tables, deployments, carried, merged=merged, members=members, deployed_changes=changes
    )
    counts = carried.deployed["counts"]
    counted = carried.deployed if counts.all() else carried.deployed.filter(counts)
    deployed_in = counted.select(DeployedIn.column_names())
    found = blame(
        tables,
        deployments=deployments,
        deployed_in=deployed_in,
        remedies=repairs,
        window_hours=definitions.attribution_window_hours,
    )
    waiting = carried.waiting.filter("counts")
    return Links(
        deployments=deployments,
        deployed_in=deployed_in,
        blamed_on=found.blamed_on,
        remedies=repairs,
        unlinked=pl.concat(
            [
                production.unlinked,
                carried.unlinked,
                found.unlinked,
                _not_deployed(waiting),
                unlinked_changes(carried, merged),
            ]
        ),
        waiting=waiting.select(Waiting.column_names()),
        deployed_changes=changes,
    )


def _not_deployed(waiting: pl.DataFrame) -> pl.DataFrame:
    rows = waiting.with_columns(
        key=pl.concat_str("repo", pl.lit("@"), "sha"), reason=pl.lit("not_deployed")
    )
    return unlinked(rows, "commit", key="key", at="committed_at")


def _months_before(moment: datetime, months: int) -> datetime:
    before: datetime = pl.select(pl.lit(moment).dt.offset_by(f"-{months}mo")).item()
    return before
