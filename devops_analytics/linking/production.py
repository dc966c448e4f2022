"""Production deployments that reached a result, in order, each with its version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from devops_analytics.config import Settings, environment_kind
from devops_analytics.linking.links import ProductionDeployments
from devops_analytics.linking.unlinked import unlinked
from devops_analytics.linking.versions import with_versions

ENDED: Final = ("success", "failure", "error", "timeout")
"""Results that end an attempt; cancelled and skipped attempts are no deployments."""

_COLUMNS: Final = (
    "deployment_id",
    "service",
    "environment",
    "environment_kind",
    "repo",
    "sha",
    "ref",
    "artifact",
    "finished_at",
    "result",
    "planned",
    "method",
    "source_ref",
)


@dataclass(frozen=True, kw_only=True)
class Production:
    """Production deployments and what of them could not be tied to commits.

    `deployments` has the columns of `ProductionDeployments` and, beside them, `has_graph` (the
    graph of `repo` is known) and `is_in_graph` (and `sha` is a commit of it).
    """

    deployments: pl.DataFrame
    unlinked: pl.DataFrame


def production_deployments(
    tables: Mapping[str, pl.LazyFrame],
    settings: Settings,
    *,
    repositories: pl.DataFrame,
    known: pl.DataFrame,
) -> Production:
    """Return the production deployments that reached a result, sorted, with their versions.

    Args:
        tables: the canonical tables.
        settings: decide what is production where the table doesn't say.
        repositories: service, repo, path_prefix.
        known: repo, has_graph of every repository with commits.
    """
    ended = _ended_in_production(tables["deployments"], settings)
    untimed = ended.filter(pl.col("finished_at").is_null()).collect()
    timed = _in_order(ended.drop_nulls("finished_at").collect())
    judged = with_versions(timed, tables, repositories=repositories, known=known)
    lost = judged.filter(pl.col("reason").is_not_null() & pl.col("succeeded")).with_columns(
        named=pl.coalesce("sha", "ref", "artifact")
    )
    return Production(
        deployments=judged.select(
            *ProductionDeployments.column_names(), "has_graph", "is_in_graph"
        ),
        unlinked=pl.concat(
            [
                unlinked(
                    untimed.with_columns(reason=pl.lit("no_finish_time")),
                    "deployment",
                    key="deployment_id",
                    at="finished_at",
                ),
                unlinked(lost, "deployment", key="deployment_id", at="finished_at", detail="named"),
            ]
        ),
    )


def _in_order(deployments: pl.DataFrame) -> pl.DataFrame:
    """Sort by service, finished_at and deployment_id.

    Services are sorted by number and only the keys are moved, which is much faster; so is
    taking rows out of one piece of memory instead of many.
    """
    services = deployments["service"].unique().sort()
    numbers = pl.Series(range(services.len()), dtype=pl.UInt32)
    order = (
        deployments.select(
            "finished_at",
            "deployment_id",
            place=pl.col("service").replace_strict(services, numbers, return_dtype=pl.UInt32),
        )
        .with_row_index("row")
        .sort("finished_at", "deployment_id")
        .sort("place", maintain_order=True)
    )
    return deployments.rechunk()[order["row"]]


def _ended_in_production(deployments: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    kind = pl.col("environment_kind")
    ended = deployments.filter(pl.col("result").is_in(ENDED)).select(_COLUMNS)
    return (
        _kinds_filled(ended, settings)
        .filter(kind == "production")
        .with_columns(succeeded=pl.col("result") == "success")
        .drop("environment", "environment_kind", "result")
    )


def _kinds_filled(deployments: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Fill unknown kinds of environment by the settings' rules."""
    kind = pl.col("environment_kind")
    pairs = (
        deployments.filter(kind.is_null() & pl.col("environment").is_not_null())
        .select("service", "environment")
        .unique()
        .collect()
    )
    if pairs.is_empty():
        return deployments
    kinds = [environment_kind(settings, service, name) for service, name in pairs.iter_rows()]
    return (
        deployments.join(
            pairs.lazy().with_columns(by_rule=pl.Series(kinds, dtype=pl.String)),
            on=["service", "environment"],
            how="left",
        )
        .with_columns(environment_kind=pl.coalesce("environment_kind", "by_rule"))
        .drop("by_rule")
    )
