"""Pull and merge requests as several families of metrics look at them."""

from typing import Final

import polars as pl

from devops_analytics.metrics.metric import Evidence
from devops_analytics.metrics.trunk import brought_in
from devops_analytics.text import filled

BOTS_LEFT_OUT: Final = "changes of bots left out unless count_bots is set"
"""The rule in words, for the declarations of the metrics that use it."""

APPROVED: Final = ("approved", "approve")
"""States of a review that are an approval, in the tools' own words."""


def by_people(evidence: Evidence) -> pl.Expr:
    """Say of rows with `is_bot` whether they count: those of bots only where the settings say."""
    return pl.lit(evidence.definitions.count_bots) | ~pl.col("is_bot").fill_null(value=False)


def counted_changes(evidence: Evidence) -> pl.LazyFrame:
    """Return the changes that count, with `key`."""
    return (
        evidence.tables["changes"]
        .filter(by_people(evidence))
        .with_columns(key=filled("{}#{}", "repo", "change_id"))
    )


def reviews_by_others(evidence: Evidence) -> pl.LazyFrame:
    """Return the reviews that were given, but for the author's own."""
    authors = evidence.tables["changes"].select("repo", "change_id", "author")
    by_author = (pl.col("reviewer") == pl.col("author")).fill_null(value=False)
    return (
        evidence.tables["reviews"]
        .drop_nulls("at")
        .join(authors, on=["repo", "change_id"], how="left")
        .filter(~by_author)
    )


def with_first_review(changes: pl.LazyFrame, evidence: Evidence) -> pl.LazyFrame:
    """Add `reviewed_at`, the first review by somebody other than the author; null: none known."""
    return _with_first(
        changes, reviews_by_others(evidence), column="first_review_at", as_name="reviewed_at"
    )


def with_first_approval(changes: pl.LazyFrame, evidence: Evidence) -> pl.LazyFrame:
    """Add `agreed_at`, the first approval by somebody other than the author; null: none known."""
    approvals = reviews_by_others(evidence).filter(pl.col("state").is_in(APPROVED))
    return _with_first(changes, approvals, column="approved_at", as_name="agreed_at")


def first_commits(evidence: Evidence) -> pl.LazyFrame:
    """Return repo, change_id and first_commit_at of merged changes with commits of their own.

    Its own are the commits that name it and those that its merge brought into the trunk, but for
    the merging commit, which a squash makes when the work is done.
    """
    commits = evidence.tables["commits"].select("repo", "sha", "change_id", "committed_at")
    merges = (
        evidence.tables["changes"].select("repo", "change_id", "merge_sha").drop_nulls("merge_sha")
    )
    named = commits.drop_nulls("change_id").join(
        merges, left_on=["repo", "sha"], right_on=["repo", "merge_sha"], how="anti"
    )
    brought = (
        brought_in(evidence)
        .lazy()
        .join(merges, on=["repo", "merge_sha"])
        .join(commits.drop("change_id"), on=["repo", "sha"])
    )
    columns = ("repo", "change_id", "committed_at")
    return (
        pl.concat([named.select(columns), brought.select(columns)])
        .group_by("repo", "change_id")
        .agg(first_commit_at=pl.col("committed_at").min())
    )


def _with_first(
    changes: pl.LazyFrame, reviews: pl.LazyFrame, *, column: str, as_name: str
) -> pl.LazyFrame:
    given = reviews.group_by("repo", "change_id").agg(given_at=pl.col("at").min())
    return (
        changes.join(given, on=["repo", "change_id"], how="left")
        .with_columns(pl.min_horizontal(column, "given_at").alias(as_name))
        .drop("given_at")
    )
