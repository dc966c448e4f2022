"""Collaboration: is knowledge shared while the work is done? Teams only, never persons."""

from typing import Final

import polars as pl

from devops_analytics.metrics.across_teams import ACROSS_TEAMS
from devops_analytics.metrics.attribution import (
    ATTRIBUTION,
    as_observations,
    by_change,
    by_commit,
)
from devops_analytics.metrics.changes import by_people, with_first_review
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit
from devops_analytics.text import filled


def review_coverage(evidence: Evidence) -> pl.LazyFrame:
    """Mark each merged change that somebody else had reviewed before the merge.

    Returns:
        Observations: `at` is the merge, `value` 1 where a review came first, `key` repo#change.
    """
    merged = (
        with_first_review(evidence.tables["changes"], evidence)
        .filter(pl.col("reviewed_at").is_not_null().any().over("repo"))
        .filter(by_people(evidence))
        .drop_nulls("merged_at")
        .with_columns(
            at="merged_at",
            value=(pl.col("reviewed_at") <= pl.col("merged_at")).fill_null(value=False),
            observed=pl.lit(value=True),
            key=filled("{}#{}", "repo", "change_id"),
        )
    )
    return as_observations(by_change(merged, evidence))


def docs_changed_with_code(evidence: Evidence) -> pl.LazyFrame:
    """Mark each piece of work on source files that touched documentation too.

    Returns:
        Observations: `at` is its last commit's committed_at, `value` 1 where documentation was
        touched, `key` repo#change where its commits name one, else repo@sha.
    """
    touched = (
        evidence.tables["file_changes"]
        .group_by("repo", "sha")
        .agg(source=(pl.col("kind") == "source").any(), docs=(pl.col("kind") == "docs").any())
    )
    change = filled("{}#{}", "repo", "change_id")
    commits = (
        evidence.tables["commits"]
        .filter(by_people(evidence) & ~pl.col("is_merge").fill_null(value=False))
        .select("repo", "sha", "committed_at", "source_ref", "change_id")
        .with_columns(key=pl.coalesce(change, filled("{}@{}", "repo", "sha")))
        .join(touched, on=["repo", "sha"])
    )
    # The whole change is judged first, so that all its services say the same of it.
    work = commits.group_by("key").agg(
        pl.col("source", "docs").any(),
        pl.col("source_ref").sort_by("committed_at", "sha").last(),
        at=pl.col("committed_at").max(),
    )
    has_owner = pl.col("service").is_not_null()
    owners = (
        by_commit(commits.select("repo", "sha", "key"), evidence)
        .filter(has_owner | ~has_owner.any().over("key"))
        .select("service", "key")
        .unique()
    )
    return as_observations(
        work.filter("source")
        .join(owners, on="key")
        .with_columns(value="docs", observed=pl.lit(value=True))
    )


REVIEW_COVERAGE: Final = Metric(
    id="review_coverage",
    name="Review coverage",
    question="Does a second pair of eyes see each change?",
    family="collaboration",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Merged changes that somebody other than the author had reviewed before the merge ÷ merged "
        "changes, in the period of the merge."
    ),
    choices=(
        "Any submitted review counts, not only approvals; reviews after the merge don't; "
        "repositories without any known review are left out, as their exports can't say; changes "
        f"of bots left out unless count_bots is set; {ATTRIBUTION}."
    ),
    unknown_when="No live exports of changes and of reviews cover the period.",
    misleads_when="A program reviews; people review in pairs while they write.",
    moved_without_improvement="Approving without reading.",
    source=(
        "DORA capability 'Streamlining change approval' (do you rely on peer review to manage "
        "changes?)."
    ),
    needs=("changes", "reviews"),
    columns=((("reviews", "at"),),),
    observe=review_coverage,
)

DOCS_CHANGED_WITH_CODE: Final = Metric(
    id="docs_changed_with_code",
    name="Documentation changed with code",
    question="Is documentation written while the code is?",
    family="collaboration",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Changes (commits, where they name no change) that touch source files and documentation ÷ "
        "those that touch source files, in the period of their last commit."
    ),
    choices=(
        "What is source and what documentation follows from the files' paths; merge commits left "
        "out; commits of bots left out unless count_bots is set; documentation anywhere in the "
        f"repository counts; {ATTRIBUTION}."
    ),
    unknown_when="No live exports of commits and of the files they touch cover the period.",
    misleads_when="Documentation lives outside the repositories, or inside the source files.",
    moved_without_improvement="Touching a changelog with every commit.",
    source=(
        "DORA capability 'Documentation quality' as the aim; this share is this project's proxy "
        "for it."
    ),
    needs=("commits", "file_changes"),
    observe=docs_changed_with_code,
)

COLLABORATION: Final[tuple[Metric, ...]] = (
    REVIEW_COVERAGE,
    *ACROSS_TEAMS,
    DOCS_CHANGED_WITH_CODE,
)
"""The metrics of this family, in report order."""
