"""Breaks of the trunk's pipelines, and verdicts that change without the code."""

from typing import Final

import polars as pl

from devops_analytics.metrics.attribution import (
    ATTRIBUTION,
    as_observations,
    by_commit,
    hours_between,
)
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit
from devops_analytics.metrics.runs import FAILURES, trunk_verdicts, verdicts
from devops_analytics.text import filled

_PIPELINE: Final = ("repo", "pipeline")


def time_to_green(evidence: Evidence) -> pl.LazyFrame:
    """Measure how long each break of a pipeline on the trunk lasted.

    Returns:
        Observations: `at` is the end of the first failing run, `value` hours to the end of the
        next successful one, `observed` false while there is none, `key` repo/run/attempt of the
        first failing run.
    """
    is_green = pl.col("result") == "success"
    breaks = (
        trunk_verdicts(evidence)
        .sort(*_PIPELINE, "at", "run_id", "attempt")
        .with_columns(
            was_red=(~is_green).shift(1, fill_value=False).over(_PIPELINE),
            green_at=pl.when(is_green).then("at").backward_fill().over(_PIPELINE),
        )
        .filter(~is_green & ~pl.col("was_red"))
        .with_columns(
            value=hours_between("at", pl.coalesce("green_at", pl.lit(evidence.as_of))),
            observed=pl.col("green_at").is_not_null(),
        )
    )
    return as_observations(by_commit(breaks, evidence))


def flaky_rate(evidence: Evidence) -> pl.LazyFrame:
    """Mark each commit that a pipeline failed and later passed.

    Returns:
        Observations: `at` is the first verdict, `value` 1 where a success came after a failure,
        `key` repo@sha pipeline.
    """
    # Attempts that end in the same second come one after the other.
    moment = pl.col("at") + pl.duration(microseconds=pl.col("attempt"))
    failed, passed = (moment.filter(pl.col("result").is_in(one)) for one in (FAILURES, ["success"]))
    judged = (
        verdicts(evidence)
        .drop_nulls("sha")
        .group_by(*_PIPELINE, "sha")
        .agg(
            pl.col("at").min(),
            pl.col("source_ref").sort_by("at", "attempt").first(),
            value=(failed.min() < passed.max()).fill_null(value=False),
        )
        .with_columns(
            key=filled("{}@{} {}", "repo", "sha", pl.col("pipeline").fill_null("")),
            observed=pl.lit(value=True),
        )
    )
    return as_observations(by_commit(judged, evidence))


TIME_TO_GREEN: Final = Metric(
    id="time_to_green",
    name="Time to green",
    question="How long does the trunk stay broken?",
    family="pipelines",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=(
        "Hours from the end of the first failing run of a pipeline on the trunk to the end of its "
        "next successful run there, in the period in which the break began."
    ),
    choices=(
        "Each pipeline of a repository by its name; failed is failure, error or timeout; runs "
        "without a verdict change nothing; still red is censored; a pipeline that is red in its "
        "first known run counts from there; runs for a pull or merge request left out; "
        f"{ATTRIBUTION}."
    ),
    unknown_when="No live export of pipeline runs that names branches covers the period.",
    misleads_when=(
        "Pipelines that nobody looks at stay red for months; a pipeline that was renamed or "
        "removed while red seems red for ever."
    ),
    moved_without_improvement="Re-running until green, or taking the failing step out.",
    source="DORA capability 'Continuous integration' (broken builds are fixed within ten minutes).",
    needs=("pipeline_runs",),
    columns=((("pipeline_runs", "branch"),),),
    observe=time_to_green,
)

FLAKY_RATE: Final = Metric(
    id="flaky_rate",
    name="Flaky rate",
    question="How often does a verdict change though the code did not?",
    family="pipelines",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.LOWER,
    definition=(
        "Commits that a pipeline failed and later passed, with no new commit ÷ commits that the "
        "pipeline gave a verdict on, in the period of the first verdict."
    ),
    choices=(
        "Each commit counts once for each pipeline, on whatever branch and by whatever trigger; "
        "failed is failure, error or timeout; passing first and failing later is not flaky, as "
        f"something beside the code may have broken; {ATTRIBUTION}."
    ),
    unknown_when="No live export of pipeline runs that names their commits covers the period.",
    misleads_when=(
        "Tools that export only a re-run's last attempt, and retries inside a job, hide the first "
        "failure; a failure may have come from what the pipeline needs (a registry, a network)."
    ),
    moved_without_improvement="Retrying inside the job, where no export shows it.",
    source=(
        "DORA capability 'Test automation' (failures that were no real defects); the same commit "
        "failing and then passing as the usual sign of a flaky test."
    ),
    needs=("pipeline_runs",),
    columns=((("pipeline_runs", "sha"),),),
    observe=flaky_rate,
)

PIPELINE_BREAKS: Final = (TIME_TO_GREEN, FLAKY_RATE)
"""Breaks, in report order."""
