"""Flow: how big the pieces of work are, and how long they wait."""

from typing import Final

import polars as pl

from devops_analytics.metrics.attribution import (
    ATTRIBUTION,
    as_observations,
    by_change,
    hours_between,
)
from devops_analytics.metrics.changes import (
    BOTS_LEFT_OUT,
    counted_changes,
    with_first_review,
)
from devops_analytics.metrics.flow_open import FLOW_OPEN
from devops_analytics.metrics.flow_trunk import FLOW_TRUNK
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit


def batch_size(evidence: Evidence) -> pl.LazyFrame:
    """Count the lines of each merged change.

    Returns:
        Observations: `at` is the merge, `value` lines added and deleted, `key` repo#change.
    """
    lines = pl.col("lines_added") + pl.col("lines_deleted")
    return _sizes(evidence, of_change=lines, of_commit=lines)


def files_per_change(evidence: Evidence) -> pl.LazyFrame:
    """Count the files of each merged change.

    Returns:
        Observations: `at` is the merge, `value` files changed, `key` repo#change.
    """
    return _sizes(evidence, of_change=pl.col("files"), of_commit=pl.col("files"))


def _sizes(evidence: Evidence, *, of_change: pl.Expr, of_commit: pl.Expr) -> pl.LazyFrame:
    """Return the size of each merged change: its own, else that of its squashed commit."""
    # Only a squashed commit names its change; the last commit of a rebase holds a part of it.
    squashed = (
        evidence.tables["commits"]
        .filter(~pl.col("is_merge").fill_null(value=True))
        .select("repo", "change_id", merge_sha="sha", of_commit=of_commit)
    )
    merged = (
        counted_changes(evidence)
        .drop_nulls("merged_at")
        .join(squashed, on=["repo", "change_id", "merge_sha"], how="left")
        .with_columns(
            at="merged_at", value=pl.coalesce(of_change, "of_commit"), observed=pl.lit(value=True)
        )
        .drop_nulls("value")
    )
    return as_observations(by_change(merged, evidence))


def commits_per_deployment(evidence: Evidence) -> pl.LazyFrame:
    """Count the commits that each production deployment was the first to carry.

    Returns:
        Observations: `at` is the deployment's finish, `value` commits, `key` the deployment_id.
    """
    is_merge = evidence.tables["commits"].select("repo", "sha", "is_merge")
    carried = (
        evidence.links.deployed_in.lazy()
        .filter(~pl.col("is_baseline"))
        .join(is_merge, on=["repo", "sha"], how="left")
        .filter(~pl.col("is_merge").fill_null(value=False))
        .group_by("service", "deployment_id")
        .agg(value=pl.len())
    )
    finished = evidence.links.deployments.lazy().select(
        "deployment_id", "service", "source_ref", at="finished_at"
    )
    return as_observations(
        finished.join(carried, on=["service", "deployment_id"]).with_columns(
            key="deployment_id", observed=pl.lit(value=True)
        )
    )


def review_wait(evidence: Evidence) -> pl.LazyFrame:
    """Measure how long each change waited for its first review.

    Returns:
        Observations: `at` is when the wait began, `value` hours, `observed` false while the
        change is open and unreviewed, `key` repo#change.
    """
    starts = pl.coalesce("ready_at", "opened_at")
    reviewed_early = pl.col("reviewed_at") < starts
    waits = (
        with_first_review(counted_changes(evidence), evidence)
        .filter(pl.col("reviewed_at").is_not_null().any().over("repo"))
        .filter(pl.col("reviewed_at").is_not_null() | pl.col("closed_at").is_null())
        .filter(pl.col("reviewed_at").is_not_null() | pl.col("merged_at").is_null())
        .with_columns(
            at=pl.when(reviewed_early).then("opened_at").otherwise(starts),
            observed=pl.col("reviewed_at").is_not_null(),
        )
        .with_columns(value=hours_between("at", pl.coalesce("reviewed_at", pl.lit(evidence.as_of))))
        .filter(pl.col("value") >= 0)
    )
    return as_observations(by_change(waits, evidence))


def change_open_time(evidence: Evidence) -> pl.LazyFrame:
    """Measure how long each change was open before it was merged.

    Returns:
        Observations: `at` is when it was opened, `value` hours, `observed` false while it is
        open, `key` repo#change.
    """
    spans = (
        counted_changes(evidence)
        .filter(pl.col("merged_at").is_not_null() | pl.col("closed_at").is_null())
        .with_columns(at="opened_at", observed=pl.col("merged_at").is_not_null())
        .with_columns(
            value=hours_between("opened_at", pl.coalesce("merged_at", pl.lit(evidence.as_of)))
        )
        .filter(pl.col("value") >= 0)
    )
    return as_observations(by_change(spans, evidence))


BATCH_SIZE: Final = Metric(
    id="batch_size",
    name="Batch size",
    question="How big are the changes that are merged?",
    family="flow",
    kind=Kind.LEVEL,
    unit=Unit.LINES,
    better=Better.LOWER,
    definition="Lines added and deleted by each merged change, in the period of its merge.",
    choices=(
        "Lines as the export gives them, else those of the squashed commit; changes without either "
        f"are left out; {BOTS_LEFT_OUT}; {ATTRIBUTION}."
    ),
    unknown_when="No live export of pull or merge requests covers the period.",
    misleads_when=(
        "Lock files, generated or moved code are in the lines; a rename can look like a rewrite."
    ),
    moved_without_improvement=(
        "Splitting one piece of work into changes that only make sense together."
    ),
    source=(
        "DORA capability 'Working in small batches' names size as what to reduce; counting lines "
        "per change is this project's choice."
    ),
    needs=("changes",),
    columns=((("changes", "lines_added"), ("commits", "lines_added")),),
    observe=batch_size,
)

FILES_PER_CHANGE: Final = Metric(
    id="files_per_change",
    name="Files per change",
    question="How far does a change reach?",
    family="flow",
    kind=Kind.LEVEL,
    unit=Unit.FILES,
    better=Better.LOWER,
    definition="Files touched by each merged change, in the period of its merge.",
    choices=(
        "Files as the export gives them, else those of the squashed commit; changes without either "
        f"are left out; {BOTS_LEFT_OUT}; {ATTRIBUTION}."
    ),
    unknown_when="No live export of changes that says how many files they touch covers the period.",
    misleads_when="Generated files are kept in the repository; a rename touches two folders.",
    moved_without_improvement=(
        "Bigger files, or one piece of work split into changes that only make sense together."
    ),
    source=(
        "DORA capability 'Working in small batches' names size as what to reduce; counting files "
        "per change is this project's choice."
    ),
    needs=("changes",),
    columns=((("changes", "files"), ("commits", "files")),),
    observe=files_per_change,
)

COMMITS_PER_DEPLOYMENT: Final = Metric(
    id="commits_per_deployment",
    name="Commits per deployment",
    question="How much reaches production at once?",
    family="flow",
    kind=Kind.LEVEL,
    unit=Unit.COMMITS,
    better=Better.LOWER,
    definition=(
        "Commits that a successful production deployment was the first to carry, for each "
        "deployment that carried any, in the period of its finish."
    ),
    choices=(
        "Merge commits left out, bots counted; a service's first deployment is its baseline and "
        "left out; deployments without new commits are left out."
    ),
    unknown_when="No live exports of deployments and of commits cover the period.",
    misleads_when=(
        "Squash merging makes one commit of a whole change, so teams that squash look smaller."
    ),
    moved_without_improvement="Squashing more, or deploying the same day's work in slices.",
    source=(
        "DORA capability 'Working in small batches' (regrouping batches before release delays "
        "feedback); counting commits is this project's choice."
    ),
    needs=("deployments", "commits"),
    observe=commits_per_deployment,
)

REVIEW_WAIT: Final = Metric(
    id="review_wait",
    name="Wait for review",
    question="How long does a change wait until somebody looks at it?",
    family="flow",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=(
        "Hours from a change being ready for review to its first review by somebody other than "
        "its author, in the period in which the wait began."
    ),
    choices=(
        "Ready is when it left draft, else when it was opened (also where the review came before "
        "it left draft); open and unreviewed is censored; merged or closed without a review is no "
        "wait and left out (review coverage counts those); repositories without any known review "
        "are left out, as their exports can't say; negative waits left out; calendar time; "
        f"{BOTS_LEFT_OUT}; {ATTRIBUTION}."
    ),
    unknown_when="No live export of changes that tells of reviews covers the period.",
    misleads_when="A program reviews first, or review happens beside the tool.",
    moved_without_improvement="Approving at once without reading.",
    source=(
        "DORA capability 'Streamlining change approval' (time spent waiting for approval, measured "
        "from local reviewers too)."
    ),
    needs=("changes",),
    columns=((("changes", "first_review_at"), ("reviews", "at")),),
    observe=review_wait,
)

CHANGE_OPEN_TIME: Final = Metric(
    id="change_open_time",
    name="Change open time",
    question="How long does a change stay apart from the trunk?",
    family="flow",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition="Hours from opening a change to its merge, in the period in which it was opened.",
    choices=(
        "Drafts count from their opening; closed without a merge is left out; still open is "
        f"censored; negative spans left out; {BOTS_LEFT_OUT}; {ATTRIBUTION}."
    ),
    unknown_when="No live export of pull or merge requests covers the period.",
    misleads_when="Work is opened as a change only when it is finished.",
    moved_without_improvement="Opening changes later.",
    source="DORA capability 'Trunk-based development' (merge to trunk at least once a day).",
    needs=("changes",),
    observe=change_open_time,
)

FLOW: Final[tuple[Metric, ...]] = (
    BATCH_SIZE,
    FILES_PER_CHANGE,
    COMMITS_PER_DEPLOYMENT,
    REVIEW_WAIT,
    CHANGE_OPEN_TIME,
    *FLOW_OPEN,
    *FLOW_TRUNK,
)
"""The metrics of this family, in report order."""
