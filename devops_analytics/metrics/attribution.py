"""Which services a repository's row belongs to, and the last step from rows to observations."""

import polars as pl

from devops_analytics.linking.paths import touching_commits
from devops_analytics.metrics.metric import Evidence, Observations

ATTRIBUTION = (
    "a row of a repository belongs to every service built from it, once each, and where a service "
    "is a folder of it, to that service if its commit touched the folder"
)
"""The rule in words, for the declarations of the metrics that use it."""


def by_commit(rows: pl.LazyFrame, evidence: Evidence) -> pl.LazyFrame:
    """Add `service` to rows that have `repo` and `sha`, one row for each service.

    A row of no service that is known stays, with a null service.
    """
    return _attributed(rows, evidence, _touching(evidence), on=["repo", "sha"])


def by_change(rows: pl.LazyFrame, evidence: Evidence) -> pl.LazyFrame:
    """Add `service` to rows that have `repo` and `change_id`, one row for each service.

    A change touches what its merging commit and the commits that name it touch.
    """
    touching = _touching(evidence)
    commits = evidence.tables["commits"].select("repo", "sha", "change_id").drop_nulls()
    merges = evidence.tables["changes"].select("repo", "change_id", sha="merge_sha").drop_nulls()
    pairs = pl.concat([commits, merges.select("repo", "sha", "change_id")])
    touched = pairs.join(touching, on=["repo", "sha"]).select("service", "repo", "change_id")
    return _attributed(rows, evidence, touched.unique(), on=["repo", "change_id"])


def as_observations(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return rows that have service, at, value, observed, key and source_ref as observations."""
    return rows.select(
        "service",
        "at",
        pl.col("value").cast(pl.Float64),
        "observed",
        "key",
        "source_ref",
    ).select(Observations.column_names())


def hours_between(start: str, end: str | pl.Expr) -> pl.Expr:
    """Return the hours from one time column to another, negative where the clock ran backwards."""
    last = pl.col(end) if isinstance(end, str) else end
    return (last - pl.col(start)).dt.total_microseconds() / 3.6e9


def _repositories(evidence: Evidence) -> pl.LazyFrame:
    """Return service, repo, path_prefix; a service of a whole repository has no folders in it."""
    prefix = pl.col("path_prefix").str.strip_chars("/")
    pairs = evidence.tables["service_repositories"].select("service", "repo", path_prefix=prefix)
    is_whole = (pl.col("path_prefix") == "").any().over("service", "repo")
    return pairs.filter(~is_whole | (pl.col("path_prefix") == "")).unique()


def _touching(evidence: Evidence) -> pl.LazyFrame:
    return touching_commits(evidence.tables, _repositories(evidence).collect()).lazy()


def _attributed(
    rows: pl.LazyFrame, evidence: Evidence, touched: pl.LazyFrame, *, on: list[str]
) -> pl.LazyFrame:
    whole = _repositories(evidence).filter(pl.col("path_prefix") == "").select("service", "repo")
    numbered = rows.with_row_index("row")
    served = pl.concat(
        [numbered.join(whole, on="repo"), numbered.join(touched, on=on)], how="diagonal"
    )
    others = numbered.join(served, on="row", how="anti").with_columns(
        service=pl.lit(None, dtype=pl.String)
    )
    return pl.concat([served, others], how="diagonal").drop("row")
