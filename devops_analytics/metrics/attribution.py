"""Which services a repository's row belongs to, and the last step from rows to observations."""

import polars as pl

from devops_analytics.linking.paths import touching_commits
from devops_analytics.metrics.metric import Evidence, Observations

ATTRIBUTION = (
    "a row of a repository belongs to every service built from it, once each, and where a service "
    "is a folder of it, to that service if its commit touched the folder"
)
"""The rule in words, for the declarations of the metrics that use it."""

REPOSITORY_ATTRIBUTION = "a repository belongs to every service that is built from a part of it"
"""The rule in words for what is known of a whole repository."""


def by_commit(rows: pl.LazyFrame, evidence: Evidence) -> pl.LazyFrame:
    """Add `service` to rows that have `repo` and `sha`, one row for each service.

    A row of no service that is known stays, with a null service.
    """
    repositories = _repositories(evidence)
    return _attributed(rows, repositories, _touching(evidence, repositories), on=["repo", "sha"])


def by_change(rows: pl.LazyFrame, evidence: Evidence) -> pl.LazyFrame:
    """Add `service` to rows that have `repo` and `change_id`, one row for each service.

    A change touches what its merging commit and the commits that name it touch.
    """
    repositories = _repositories(evidence)
    commits = evidence.tables["commits"].select("repo", "sha", "change_id").drop_nulls()
    merges = evidence.tables["changes"].select("repo", "change_id", sha="merge_sha").drop_nulls()
    touched = (
        pl.concat([commits, merges.select("repo", "sha", "change_id")])
        .join(_touching(evidence, repositories), on=["repo", "sha"])
        .select("service", "repo", "change_id")
        .unique()
    )
    return _attributed(rows, repositories, touched, on=["repo", "change_id"])


def by_repository(rows: pl.LazyFrame, evidence: Evidence) -> pl.LazyFrame:
    """Add `service` to rows that have `repo`, one for each service built from any part of it.

    A row of no service that is known stays, with a null service.
    """
    pairs = evidence.tables["service_repositories"].select("service", "repo").unique()
    return rows.join(pairs, on="repo", how="left")


def as_observations(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return rows that have service, at, value, observed, key and source_ref as observations."""
    return rows.with_columns(pl.col("value").cast(pl.Float64)).select(Observations.column_names())


def hours_between(start: str, end: str | pl.Expr) -> pl.Expr:
    """Return the hours from one time column to another, negative where the clock ran backwards."""
    last = pl.col(end) if isinstance(end, str) else end
    return (last - pl.col(start)).dt.total_microseconds() / 3.6e9


def _repositories(evidence: Evidence) -> pl.DataFrame:
    """Return service, repo, path_prefix; a service of a whole repository has no folders in it."""
    prefix = pl.col("path_prefix").str.strip_chars("/")
    pairs = evidence.tables["service_repositories"].select("service", "repo", path_prefix=prefix)
    is_whole = (pl.col("path_prefix") == "").any().over("service", "repo")
    return pairs.filter(~is_whole | (pl.col("path_prefix") == "")).unique().collect()


def _touching(evidence: Evidence, repositories: pl.DataFrame) -> pl.LazyFrame:
    return touching_commits(evidence.tables, repositories).lazy()


def _attributed(
    rows: pl.LazyFrame, repositories: pl.DataFrame, touched: pl.LazyFrame, *, on: list[str]
) -> pl.LazyFrame:
    is_whole = pl.col("path_prefix") == ""
    whole = repositories.filter(is_whole).lazy().select("service", "repo")
    if repositories.filter(~is_whole).is_empty():
        return rows.join(whole, on="repo", how="left")
    others = rows.join(whole, on="repo", how="anti").join(touched, on=on, how="anti")
    return pl.concat(
        [
            rows.join(whole, on="repo"),
            rows.join(touched, on=on),
            others.with_columns(service=pl.lit(None, dtype=pl.String)),
        ],
        how="diagonal",
    )
