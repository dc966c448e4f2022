"""Flow of what is open: work in progress, its age, and how much of its time is waiting."""

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
    first_commits,
    with_first_approval,
    with_first_review,
)
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit

_UNKNOWN: Final = "No live export of pull or merge requests covers the end of the period."
_APPROVALS: Final = (("changes", "approved_at"), ("reviews", "state"))
_REVIEWS: Final = (("changes", "first_review_at"), ("reviews", "at"))


def approval_wait(evidence: Evidence) -> pl.LazyFrame:
    """Measure how long each change waited for its first approval.

    Returns:
        Observations: `at` is when the wait began, `value` hours, `observed` false while the
        change is open and not approved, `key` repo#change.
    """
    starts = pl.coalesce("ready_at", "opened_at")
    agreed_early = pl.col("agreed_at") < starts
    waits = (
        with_first_approval(counted_changes(evidence), evidence)
        .filter(pl.col("agreed_at").is_not_null().any().over("repo"))
        .filter(pl.col("agreed_at").is_not_null() | _ended_at().is_null())
        .with_columns(
            at=pl.when(agreed_early).then("opened_at").otherwise(starts),
            observed=pl.col("agreed_at").is_not_null(),
        )
        .with_columns(value=hours_between("at", pl.coalesce("agreed_at", pl.lit(evidence.as_of))))
        .filter(pl.col("value") >= 0)
    )
    return as_observations(by_change(waits, evidence))


def open_changes(evidence: Evidence) -> pl.LazyFrame:
    """Return from when to when each change was open, merged or not.

    Returns:
        Observations: `at` is when it was opened, `value` hours that it was open, `observed` false
        while it is, `key` repo#change.
    """
    spans = (
        counted_changes(evidence)
        .with_columns(at="opened_at", observed=_ended_at().is_not_null())
        .with_columns(value=hours_between("at", pl.coalesce(_ended_at(), pl.lit(evidence.as_of))))
        .filter(pl.col("value") >= 0)
    )
    return as_observations(by_change(spans, evidence))


def flow_efficiency(evidence: Evidence) -> pl.LazyFrame:
    """Return the share of each merged change's time that is not known to be waiting.

    Returns:
        Observations: `at` is the merge, `value` 1 - known waits ÷ time from its first commit,
        `key` repo#change.
    """
    changes = with_first_approval(with_first_review(counted_changes(evidence), evidence), evidence)
    begins = first_commits(evidence)
    agreed = pl.max_horizontal("agreed_at", "reviewed_at").clip(None, pl.col("merged_at"))
    parts = (
        changes.drop_nulls(["merged_at", "reviewed_at"])
        .filter(pl.col("merged_at") > pl.col("opened_at"))
        .filter(pl.col("reviewed_at").is_between("opened_at", "merged_at"))
        .join(begins, on=["repo", "change_id"])
        .with_columns(
            began=pl.min_horizontal("first_commit_at", "opened_at"),
            ready=pl.max_horizontal("ready_at", "opened_at"),
            agreed=pl.when(pl.col("agreed_at").is_null()).then("merged_at").otherwise(agreed),
        )
        .with_columns(
            for_review=hours_between("ready", "reviewed_at").clip(0),
            for_merge=hours_between("agreed", "merged_at"),
            whole=hours_between("began", "merged_at"),
        )
        .with_columns(
            at="merged_at",
            value=1 - (pl.col("for_review") + pl.col("for_merge")) / pl.col("whole"),
            observed=pl.lit(value=True),
        )
    )
    return as_observations(by_change(parts, evidence))


def _ended_at() -> pl.Expr:
    return pl.min_horizontal("merged_at", "closed_at")


APPROVAL_WAIT: Final = Metric(
    id="approval_wait",
    name="Wait for approval",
    question="How long does a change wait until somebody agrees to it?",
    family="flow",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=(
        "Hours from a change being ready for review to its first approval by somebody other than "
        "its author, in the period in which the wait began."
    ),
    choices=(
        "Ready is when it left draft, else when it was opened (also where the approval came before "
        "it left draft); open and not approved is censored; merged or closed without an approval "
        "is no wait and left out; repositories without any known approval are left out, as their "
        "exports can't say; negative waits left out; calendar time; the author's rework between "
        f"review and approval is in it; {BOTS_LEFT_OUT}; {ATTRIBUTION}."
    ),
    unknown_when="No live export of changes that tells of approvals covers the period.",
    misleads_when="Approval is given beside the tool, or several are needed and the last is late.",
    moved_without_improvement="Approving at once without reading.",
    source=(
        "DORA capability 'Streamlining change approval' (time spent waiting for approval, measured "
        "from local reviewers too)."
    ),
    needs=("changes",),
    columns=(_APPROVALS,),
    observe=approval_wait,
)

WORK_IN_PROGRESS: Final = Metric(
    id="work_in_progress",
    name="Work in progress",
    question="How many changes are open at once?",
    family="flow",
    kind=Kind.STOCK,
    unit=Unit.CHANGES,
    better=Better.LOWER,
    definition="Changes that are open, neither merged nor closed, at the end of the period.",
    choices=(
        "The end of a period that is not over is the last moment that is known; drafts count; "
        f"{BOTS_LEFT_OUT}; {ATTRIBUTION}; a team's or the organisation's number is the sum."
    ),
    unknown_when=_UNKNOWN,
    misleads_when=(
        "Only merged changes were exported, or closing is not in the export: then none, or nearly "
        "all, seem open; work is done before a change is opened; bigger teams have more of it."
    ),
    moved_without_improvement="Opening changes only when they are finished; closing old ones.",
    source="DORA capability 'Work in process limits'.",
    needs=("changes",),
    observe=open_changes,
    at_end=True,
)

WORK_IN_PROGRESS_AGE: Final = Metric(
    id="work_in_progress_age",
    name="Age of work in progress",
    question="How long have the open changes been open?",
    family="flow",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=(
        "Hours since opening of each change that is open, neither merged nor closed, at the end of "
        "the period."
    ),
    choices=(
        "The end of a period that is not over is the last moment that is known; drafts count; an "
        f"age is no length: nothing is censored; {BOTS_LEFT_OUT}; {ATTRIBUTION}."
    ),
    unknown_when=_UNKNOWN,
    misleads_when="Changes that nobody means to finish stay open, or closing is not exported.",
    moved_without_improvement="Closing old changes and opening them anew.",
    source="DORA capability 'Work in process limits'; age of work in progress as in Kanban.",
    needs=("changes",),
    observe=open_changes,
    at_end=True,
)

FLOW_EFFICIENCY: Final = Metric(
    id="flow_efficiency",
    name="Flow efficiency",
    question="How much of a change's time is somebody working on it?",
    family="flow",
    kind=Kind.LEVEL,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Share of the time from a change's first commit to its merge that is not known to be "
        "waiting, for each merged and reviewed change, in the period of its merge."
    ),
    choices=(
        "Known waits are from ready to the first review by somebody else, and from the approval "
        "(the review, where that came later) to the merge; all other time counts as work, so it is "
        "at most what the number says; changes without a known commit beside the merging one are "
        "left out, as what came before their opening is not known; calendar time, nights too; "
        "without a known approval the wait for the merge is taken as none; changes without a "
        f"known review before the merge left out; {BOTS_LEFT_OUT}; {ATTRIBUTION}."
    ),
    unknown_when="No live exports of changes that tell of reviews and of commits cover the period.",
    misleads_when=(
        "Most waits leave no trace: the state of a record is not the work on it. Time after the "
        "merge is not in it."
    ),
    moved_without_improvement="A first remark at once, and then a long silence.",
    source=(
        "Flow efficiency of Lean (touch time ÷ elapsed time); taking it from reviews is this "
        "project's choice."
    ),
    needs=("changes", "commits"),
    columns=(_REVIEWS,),
    observe=flow_efficiency,
)

FLOW_OPEN: Final = (APPROVAL_WAIT, WORK_IN_PROGRESS, WORK_IN_PROGRESS_AGE, FLOW_EFFICIENCY)
"""What is open, in report order."""
