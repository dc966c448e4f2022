"""Which repositories a service is built from, and what is known of their histories."""

from collections.abc import Mapping

import polars as pl

from devops_analytics.config import Settings

SERVICE_REPOSITORIES = pl.Schema(
    {"service": pl.String(), "repo": pl.String(), "path_prefix": pl.String()}
)


def repositories_of_services(
    tables: Mapping[str, pl.LazyFrame], settings: Settings
) -> pl.DataFrame:
    """Return service, repo and path_prefix (empty: the whole repository), sorted.

    They come from the settings and from the table `service_repositories`; a service that has a
    whole repository has no prefixes in it.
    """
    declared = pl.DataFrame(
        [
            (name, repository.name, repository.path)
            for name, service in settings.services.items()
            for repository in service.repositories
        ],
        schema=SERVICE_REPOSITORIES,
        orient="row",
    )
    given = tables["service_repositories"].select(SERVICE_REPOSITORIES.names()).collect()
    pairs = pl.concat([declared, given]).with_columns(pl.col("path_prefix").str.strip_chars("/"))
    is_whole = (pl.col("path_prefix") == "").any().over("service", "repo")
    return (
        pairs.filter(~is_whole | (pl.col("path_prefix") == ""))
        .unique()
        .sort("service", "repo", "path_prefix")
    )


def histories(tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """Return one row per repository with commits: repo, has_graph (some parents are known)."""
    return (
        tables["commits"]
        .group_by("repo")
        .agg(has_graph=pl.col("parents").is_not_null().any())
        .sort("repo")
        .collect()
    )
