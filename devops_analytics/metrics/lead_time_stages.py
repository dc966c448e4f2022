"""Where a change spends its time between the first commit and production."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import polars as pl

from devops_analytics.metrics.attribution import as_observations, hours_between
from devops_analytics.metrics.lead_time import deployed_changes
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit
from devops_analytics.metrics.throughput import DORA_GUIDE


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A part of a change's way: from one point to the next."""

    name: str
    begins: str
    ends: str
    title: str
    question: str
    span: str
    gamed: str


STAGES: Final = (
    Stage(
        name="coding",
        begins="started_at",
        ends="opened_at",
        title="coding",
        question="How long is work done before a request is opened?",
        span="a change's first commit to the opening of its request",
        gamed="Opening requests before the work is done, or squashing, shortens it.",
    ),
    Stage(
        name="draft",
        begins="opened_at",
        ends="ready_at",
        title="draft",
        question="How long does an open request stay a draft?",
        span="the opening of a request to the moment it left draft",
        gamed="Never using drafts makes it zero.",
    ),
    Stage(
        name="pickup",
        begins="ready_at",
        ends="first_review_at",
        title="waiting for review",
        question="How long does a request wait for its first review?",
        span="a request's leaving draft to its first review by someone else",
        gamed="A comment without a look at the change ends it.",
    ),
    Stage(
        name="review",
        begins="first_review_at",
        ends="approved_at",
        title="review",
        question="How long does review take until approval?",
        span="the first review to the first approval",
        gamed="Approving without reading makes it zero.",
    ),
    Stage(
        name="merge",
        begins="approved_at",
        ends="merged_at",
        title="waiting for merge",
        question="How long does an approved request wait to be merged?",
        span="the first approval to the merge",
        gamed="Approving late, or merging unfinished work, shortens it.",
    ),
    Stage(
        name="deploy",
        begins="merged_at",
        ends="deployed_at",
        title="waiting for deployment",
        question="How long does merged work wait for production?",
        span="the merge to the end of the first successful production deployment that carried it",
        gamed="Merging late, just before a deployment, shortens it.",
    ),
)
"""The stages in order; `started_at` is the first commit, where one before the opening is known."""

_POINTS: Final = ("started_at", *(stage.ends for stage in STAGES))
_REVIEW: Final = ("opened_at", "ready_at", "first_review_at", "approved_at")


def lead_time_stages(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per service and deployed change: the hours of each stage.

    Columns: service, repo, change_id, a column `<stage>_hours` for each of `STAGES`,
    unaccounted_hours, total_hours, source_ref, at (the deployment's finish). A stage is null
    where one of its ends is not known; its time is then part of `unaccounted_hours`, so the
    stages that are known and the unaccounted rest always add up to the total.

    Coding is only known where a commit before the opening is: a squash merge hides it. A request
    without `ready_at` counts as ready when it was opened. What happened after the merge (a late
    approval) or after the deployment is not part of the way. A point that lies before an earlier
    one (a review of a draft) counts as reached together with it.
    """
    rows = deployed_changes(evidence).filter(
        pl.col("deployed_at").is_not_null() & (pl.col("deployed_at") >= pl.col("start"))
    )
    spans = [
        _microseconds(stage.begins, stage.ends).alias(f"{stage.name}_hours") for stage in STAGES
    ]
    hours = [*(f"{stage.name}_hours" for stage in STAGES), "unaccounted_hours", "total_hours"]
    return (
        _in_order(rows)
        .with_columns(*spans, total_hours=_microseconds("start", "deployed_at"))
        # The rest is taken between whole microseconds, so that nothing is lost to rounding.
        .with_columns(unaccounted_hours=pl.col("total_hours") - pl.sum_horizontal(hours[:-2]))
        .select(
            "service",
            "repo",
            "change_id",
            *(pl.col(name) / 3.6e9 for name in hours),
            "source_ref",
            at="deployed_at",
        )
    )


def _microseconds(start: str, end: str) -> pl.Expr:
    return (pl.col(end) - pl.col(start)).dt.total_microseconds()


def _in_order(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Make the points of each change's way rise, dropping those that are no part of it."""
    end = pl.min_horizontal("merged_at", "deployed_at")
    is_part = [pl.when(pl.col(name) <= end).then(pl.col(name)).alias(name) for name in _REVIEW]
    merged = pl.when(pl.col("merged_at") <= pl.col("deployed_at")).then(pl.col("merged_at"))
    ready = pl.coalesce("ready_at", "opened_at").alias("ready_at")
    started = pl.when(pl.col("first_commit_at") <= pl.col("opened_at")).then(
        pl.col("first_commit_at")
    )
    prepared = rows.with_columns(ready, started_at=started).with_columns(*is_part, merged_at=merged)
    rising = []
    for place, name in enumerate(_POINTS):
        reached = pl.max_horizontal(_POINTS[: place + 1])
        rising.append(pl.when(pl.col(name).is_not_null()).then(reached).alias(name))
    return prepared.with_columns(rising)


def _stage_observations(evidence: Evidence, *, stage: str) -> pl.LazyFrame:
    """Return the known hours of one stage; what waits for deployment is censored there."""
    rows = (
        lead_time_stages(evidence)
        .with_columns(
            value=pl.col(f"{stage}_hours"),
            observed=pl.lit(value=True),
            key=pl.concat_str("repo", pl.lit("#"), "change_id"),
        )
        .drop_nulls("value")
    )
    observed = as_observations(rows)
    return pl.concat([observed, _waiting(evidence)]) if stage == "deploy" else observed


def _waiting(evidence: Evidence) -> pl.LazyFrame:
    rows = deployed_changes(evidence).filter(pl.col("deployed_at").is_null())
    return as_observations(
        rows.with_columns(
            at="merged_at",
            value=hours_between("merged_at", "known_to"),
            observed=pl.lit(value=False),
            key=pl.concat_str("repo", pl.lit("#"), "change_id"),
        ).filter(pl.col("value") >= 0)
    )


_CHOICES: Final = (
    "Merged and deployed changes, without those of bots, at their deployment. A request without a "
    "time of leaving draft counts as ready when opened; an approval after the merge is no part of "
    "the way; a review of a draft counts as made when it left draft. Medians of stages don't add "
    "up to the median of the whole: the stages of each single change do, with a rest that is "
    "shown as unaccounted."
)


def _metric(stage: Stage) -> Metric:
    waiting = (
        " What is merged and not yet deployed counts as waiting." if stage.name == "deploy" else ""
    )
    return _declared(
        name=stage.name,
        title=stage.title,
        question=stage.question,
        definition=f"Hours from {stage.span}; the median over changes.",
        choices=_CHOICES + waiting,
        misleads_when=(
            "one of its two moments is missing for many changes: those are left out here and "
            "their time is unaccounted."
        ),
        gamed=stage.gamed,
    )


def _declared(
    *,
    name: str,
    title: str,
    question: str,
    definition: str,
    choices: str,
    misleads_when: str,
    gamed: str,
) -> Metric:
    observe: Callable[[Evidence], pl.LazyFrame] = partial(_stage_observations, stage=name)
    return Metric(
        id=f"lead_time_stage_{name}",
        name=f"Lead time stage: {title}",
        question=question,
        family="delivery",
        kind=Kind.DURATION,
        unit=Unit.HOURS,
        better=Better.LOWER,
        definition=definition,
        choices=choices,
        unknown_when=(
            "no feed of deployments or of pull or merge requests covers the period, or the "
            "exports hold no such moments."
        ),
        misleads_when=misleads_when,
        moved_without_improvement=gamed,
        source=(
            f"{DORA_GUIDE} (the whole); the split into stages is this project's, with the rest "
            "shown as Faros CE does (unaccounted time)"
        ),
        needs=("deployments", "changes"),
        observe=observe,
        variant_of="change_lead_time_by_change",
        dated_by_end=True,
    )


LEAD_TIME_STAGES: Final = (
    *(_metric(stage) for stage in STAGES),
    _declared(
        name="unaccounted",
        title="unaccounted",
        question="How much of the way to production falls into no stage?",
        definition=(
            "Hours of a change's lead time that belong to no stage because one of the stage's "
            "moments is not known; the median over changes."
        ),
        choices=_CHOICES,
        misleads_when="it is read as waiting: it is time of which nothing is known.",
        gamed="Exporting more of the moments lowers it; that is its purpose.",
    ),
)
"""The stages of change lead time by change, and the rest, in order."""
