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
    graph of `repo` is known), `is_in_graph` (and `sha` is a commit of it) and `is_part` (the
    service is built from a part of `repo`).
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
    untimed = ended.filter(pl.col("finished_at").is_null())
    timed = _in_order(ended.drop_nulls("finished_at"))
    judged = with_versions(timed, tables, repositories=repositories, known=known)
    lost = judged.filter(pl.col("reason").is_not_null() & pl.col("succeeded")).with_columns(
        named=pl.coalesce("sha", "ref", "artifact")
    )
    parts = repositories.filter(pl.col("path_prefix") != "").select(
        "service", "repo", is_part=pl.lit(value=True)
    )
    return Production(
        deployments=judged.join(
            parts.unique(), on=["service", "repo"], how="left", maintain_order="left"
        ).select(
            *ProductionDeployments.column_names(),
            "has_graph",
            "is_in_graph",
            pl.col("is_part").fill_null(value=False),
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
    """Sort by service, finished_at and deployment_id (services by number: much faster)."""
    services = deployments.select(pl.col("service").unique().sort()).with_row_index("place")
    return (
        deployments.sort("finished_at", "deployment_id")
        .join(services, on="service", how="left", maintain_order="left")
        .sort("place", maintain_order=True)
        .drop("place")
    )


def _ended_in_production(deployments: pl.LazyFrame, settings: Settings) -> pl.DataFrame:
    kind = pl.col("environment_kind")
    candidates = (
        deployments.filter(
            pl.col("result").is_in(ENDED) & ((kind == "production") | kind.is_null())
        )
        .select(_COLUMNS)
        .collect()
    )
    return (
        _kinds_filled(candidates, settings)
        .lazy()
        .filter(kind == "production")
        .with_columns(succeeded=pl.col("result") == "success")
        .drop("environment", "environment_kind", "result")
        .collect()
    )


def _kinds_filled(deployments: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Fill unknown kinds of environment by the settings' rules."""
    unknown = deployments.filter(
        pl.col("environment_kind").is_null() & pl.col("environment").is_not_null()
    )
    if unknown.is_empty():
        return deployments
    pairs = unknown.select("service", "environment").unique()
    kinds = [environment_kind(settings, service, name) for service, name in pairs.iter_rows()]
    return (
        deployments.join(
            pairs.with_columns(by_rule=pl.Series(kinds, dtype=pl.String)),
            on=["service", "environment"],
            how="left",
        )
        .with_columns(environment_kind=pl.coalesce("environment_kind", "by_rule"))
        .drop("by_rule")
    )
