"""Pipelines: is every change built and tested, does it pass, how long does that take?"""

from typing import Final

import polars as pl

from devops_analytics.metrics.attribution import (
    ATTRIBUTION,
    as_observations,
    by_commit,
    hours_between,
)
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit, Weighted
from devops_analytics.metrics.pipeline_breaks import PIPELINE_BREAKS
from devops_analytics.metrics.runs import (
    FAILURES,
    RUN_KEY,
    WAITING,
    trunk_verdicts,
    verdicts,
)
from devops_analytics.metrics.trunk import TRUNK_RULE, trunk_commits
from devops_analytics.text import filled


def pipeline_success_rate(evidence: Evidence) -> pl.LazyFrame:
    """Mark each verdict of a pipeline on the trunk that was a success.

    Returns:
        Observations: `at` is the run's end, `value` 1 for success and 0 for failure, `key`
        repo/run/attempt.
    """
    runs = trunk_verdicts(evidence).with_columns(
        value=pl.col("result") == "success", observed=pl.lit(value=True)
    )
    return as_observations(by_commit(runs, evidence))


def pipeline_duration(evidence: Evidence) -> pl.LazyFrame:
    """Measure how long each pipeline run took from start to verdict.

    Returns:
        Observations: `at` is the run's end, `value` hours, `key` repo/run/attempt.
    """
    runs = (
        verdicts(evidence)
        .with_columns(value=hours_between("started_at", "finished_at"), observed=pl.lit(value=True))
        .filter(pl.col("value") >= 0)
    )
    return as_observations(by_commit(runs, evidence))


def re_run_share(evidence: Evidence) -> pl.LazyFrame:
    """Mark each pipeline run that was tried again.

    Returns:
        Observations: `at` is the first verdict's time, `value` 1 where there was a second
        attempt, `key` repo/run.
    """
    runs = (
        verdicts(evidence)
        .filter((pl.col("attempt") > 1).any().over("source"))
        .group_by("repo", "run_id")
        .agg(
            pl.col("at").min(),
            pl.col("sha", "source_ref").sort_by("attempt").first(),
            value=pl.col("attempt").max() > 1,
        )
        .with_columns(key=filled("{}/{}", "repo", "run_id"), observed=pl.lit(value=True))
    )
    return as_observations(by_commit(runs, evidence))


def trunk_commits_tested(evidence: Evidence) -> pl.LazyFrame:
    """Mark each commit of the trunk that a pipeline gave a verdict on.

    Returns:
        Observations: `at` is committed_at, `value` 1 where a run on that commit succeeded or
        failed, `key` repo@sha.
    """
    judged = verdicts(evidence).select("repo", "sha").unique().with_columns(tested=True)
    tested = evidence.tables["pipeline_runs"].select("repo").unique()
    commits = (
        evidence.tables["commits"]
        .join(trunk_commits(evidence, of=tested).lazy(), on=["repo", "sha"], how="semi")
        .join(judged, on=["repo", "sha"], how="left")
        .with_columns(
            at="committed_at",
            value=pl.col("tested").fill_null(value=False),
            observed=pl.lit(value=True),
            key=filled("{}@{}", "repo", "sha"),
        )
    )
    return as_observations(by_commit(commits, evidence))


def deployments_by_pipeline(evidence: Evidence) -> pl.LazyFrame:
    """Mark each production deployment that no person started.

    Returns:
        Observations: `at` is its finish, `value` 1 for pipeline or schedule and 0 for a person,
        `key` deployment_id.
    """
    triggers = evidence.tables["deployments"].select("deployment_id", "trigger").drop_nulls()
    deployments = (
        evidence.links.deployments.lazy()
        .join(triggers, on="deployment_id")
        .with_columns(
            at="finished_at",
            value=pl.col("trigger") != "person",
            observed=pl.lit(value=True),
            key="deployment_id",
        )
    )
    return as_observations(deployments)


def pipeline_queue_time(evidence: Evidence) -> pl.LazyFrame:
    """Measure how long each pipeline run waited until anything of it ran.

    Returns:
        Observations: `at` is when it was asked for, `value` hours, `observed` false while it
        waits, `key` repo/run/attempt.
    """
    first_job = (
        evidence.tables["pipeline_jobs"]
        .group_by("run_id", "attempt")
        .agg(job_began_at=pl.col("started_at").min())
    )
    runs = (
        evidence.tables["pipeline_runs"]
        .drop_nulls("queued_at")
        .join(first_job, on=["run_id", "attempt"], how="left")
        .with_columns(
            at="queued_at",
            began_at=pl.coalesce("job_began_at", "started_at"),
            key=RUN_KEY,
        )
        .filter(pl.col("began_at").is_not_null() | pl.col("result").is_in(WAITING))
        .with_columns(
            value=hours_between("at", pl.coalesce("began_at", pl.lit(evidence.as_of))),
            observed=pl.col("began_at").is_not_null(),
        )
        .filter(pl.col("value") >= 0)
    )
    return as_observations(by_commit(runs, evidence))


def failed_run_time_share(evidence: Evidence) -> pl.LazyFrame:
    """Return each pipeline run with a verdict, with its hours as weight.

    Returns:
        Observations with `weight`: `at` is the run's end, `value` 1 for failure and 0 for
        success, `weight` hours from start to end, `key` repo/run/attempt.
    """
    runs = (
        verdicts(evidence)
        .with_columns(
            weight=hours_between("started_at", "finished_at"),
            value=pl.col("result").is_in(FAILURES).cast(pl.Float64),
            observed=pl.lit(value=True),
        )
        .filter(pl.col("weight") >= 0)
    )
    return by_commit(runs, evidence).select(Weighted.column_names())


PIPELINE_SUCCESS_RATE: Final = Metric(
    id="pipeline_success_rate",
    name="Trunk pipeline success rate",
    question="Is the trunk usually in a state that could be deployed?",
    family="pipelines",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition="Successful runs ÷ (successful + failed runs) of every pipeline on the trunk.",
    choices=(
        "Failed is failure, error or timeout; cancelled, skipped, unfinished and unknown results "
        "are no verdict and left out; each attempt that was exported counts; the trunk is the "
        "branch at HEAD where refs tell it, else a branch called main, master or trunk; runs for "
        f"a pull or merge request left out; {ATTRIBUTION}."
    ),
    unknown_when="No live export of pipeline runs covers the period.",
    misleads_when=(
        "Tools that export only a re-run's last attempt hide the red one before it; scheduled and "
        "housekeeping pipelines count like builds."
    ),
    moved_without_improvement="Re-running until green, or taking failing tests out.",
    source="DORA capability 'Continuous integration' (share of builds and tests that succeed).",
    needs=("pipeline_runs",),
    columns=((("pipeline_runs", "branch"),),),
    observe=pipeline_success_rate,
)

PIPELINE_DURATION: Final = Metric(
    id="pipeline_duration",
    name="Pipeline duration",
    question="How long does a developer wait for a verdict?",
    family="pipelines",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition="Hours from a run's start to its success or failure, in the period of its end.",
    choices=(
        "Every pipeline and branch; each exported attempt counts; time in the queue is not in it; "
        "runs without start or end, and those that end before they start, are left out; "
        f"{ATTRIBUTION}."
    ),
    unknown_when="No live export of pipeline runs covers the period.",
    misleads_when="Many short housekeeping pipelines run beside a long build; failures end early.",
    moved_without_improvement="Splitting one pipeline into several that wait for each other.",
    source="DORA capability 'Continuous integration' (tests take minutes, at most about ten).",
    needs=("pipeline_runs",),
    columns=((("pipeline_runs", "started_at"),), (("pipeline_runs", "finished_at"),)),
    observe=pipeline_duration,
)

RE_RUN_SHARE: Final = Metric(
    id="re_run_share",
    name="Re-run share",
    question="How often is a pipeline run tried again instead of believed?",
    family="pipelines",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.LOWER,
    definition="Pipeline runs with more than one attempt ÷ pipeline runs with a verdict.",
    choices=(
        "A run counts once however often it was tried, at its first verdict that was exported; "
        "sources that never show a second attempt can't say and are left out; "
        f"{ATTRIBUTION}."
    ),
    unknown_when="No live export of pipeline runs covers the period.",
    misleads_when="Runs are re-run for good reasons, such as a new deployment of the same commit.",
    moved_without_improvement="Pushing an empty commit instead of re-running.",
    source=(
        "DORA capability 'Test automation' (failures that were no real defects), by a proxy that "
        "is this project's choice."
    ),
    needs=("pipeline_runs",),
    observe=re_run_share,
)

TRUNK_COMMITS_TESTED: Final = Metric(
    id="trunk_commits_tested",
    name="Trunk commits tested",
    question="Is every change to the trunk built and tested?",
    family="pipelines",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Commits of the trunk with a pipeline run on exactly that commit that succeeded or failed "
        "÷ commits of the trunk, in the period of committed_at."
    ),
    choices=(
        f"{TRUNK_RULE[0].upper()}{TRUNK_RULE[1:]}; repositories without any pipeline run or "
        f"without known parents are left out; bots counted; {ATTRIBUTION}."
    ),
    unknown_when="No live exports of commits and of pipeline runs cover the period.",
    misleads_when=(
        "Several commits are pushed at once, as tools then run only for the last; changes tested "
        "before a squash or rebase merge have another commit id on the trunk."
    ),
    moved_without_improvement="A pipeline that tests nothing.",
    source=(
        "DORA capability 'Continuous integration' (share of commits that result in a build and in "
        "automated tests without manual intervention)."
    ),
    needs=("commits", "pipeline_runs"),
    columns=((("commits", "parents"),), (("pipeline_runs", "sha"),)),
    observe=trunk_commits_tested,
)

DEPLOYMENTS_BY_PIPELINE: Final = Metric(
    id="deployments_by_pipeline",
    name="Deployments by pipeline",
    question="Does software reach production without a person doing it?",
    family="pipelines",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Production deployments started by a pipeline or a schedule ÷ production deployments whose "
        "trigger is known, in the period of their finish."
    ),
    choices=(
        "Failed deployments count; cancelled and skipped ones don't; deployments that don't say "
        "what started them are left out."
    ),
    unknown_when="No live export of deployments covers the period.",
    misleads_when="Most deployments don't say what started them; a person starts the pipeline.",
    moved_without_improvement="A pipeline step that waits for a person to press a button.",
    source="DORA capability 'Deployment automation' (level of automation in the pipeline).",
    needs=("deployments",),
    columns=((("deployments", "trigger"),),),
    observe=deployments_by_pipeline,
)

PIPELINE_QUEUE_TIME: Final = Metric(
    id="pipeline_queue_time",
    name="Pipeline queue time",
    question="How long does a run wait before anything of it runs?",
    family="pipelines",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=(
        "Hours from a run being asked for to the start of its first job (of the run, where its "
        "jobs are not known), in the period in which it was asked for."
    ),
    choices=(
        "Every pipeline, branch and exported attempt; what still waits is censored; runs that were "
        "cancelled before they began, and those that began before they were asked for, are left "
        f"out; waiting for a person's approval counts; {ATTRIBUTION}."
    ),
    unknown_when=(
        "No live export of pipeline runs that says when they were asked for and began covers the "
        "period."
    ),
    misleads_when=(
        "Only runs were exported and the tool calls a run started when it is made, as GitHub does: "
        "then the wait for a runner is in the duration; export the jobs too."
    ),
    moved_without_improvement="An empty first job that starts at once.",
    source=(
        "DORA capability 'Continuous integration' (feedback within minutes); taking the wait apart "
        "is this project's choice."
    ),
    needs=("pipeline_runs",),
    columns=(
        (("pipeline_runs", "queued_at"),),
        (("pipeline_runs", "started_at"), ("pipeline_jobs", "started_at")),
    ),
    observe=pipeline_queue_time,
)

FAILED_RUN_TIME_SHARE: Final = Metric(
    id="failed_run_time_share",
    name="Share of pipeline time on failed runs",
    question="How much of the pipelines' time ends in a failure?",
    family="pipelines",
    kind=Kind.RATIO,
    unit=Unit.SHARE,
    better=Better.LOWER,
    definition=(
        "Time of failed runs ÷ time of failed and successful runs, from start to end, in the "
        "period of their end."
    ),
    choices=(
        "Every pipeline and branch; each exported attempt counts; runs without a verdict "
        "(cancelled, skipped) are left out, as are those without start or end and those that end "
        f"before they start; time in the queue is not in it; {ATTRIBUTION}."
    ),
    unknown_when="No live export of pipeline runs with their start and end covers the period.",
    misleads_when=(
        "Failing early is good: a failure that costs little lowers it, though failures are as "
        "many; a failure on a branch has done its work."
    ),
    moved_without_improvement="Re-running until green, so that successes take more of the time.",
    source=(
        "DORA capability 'Continuous integration' (builds and tests that succeed); weighing them "
        "by time is this project's choice."
    ),
    needs=("pipeline_runs",),
    columns=((("pipeline_runs", "started_at"),), (("pipeline_runs", "finished_at"),)),
    observe=failed_run_time_share,
)

PIPELINES: Final[tuple[Metric, ...]] = (
    TRUNK_COMMITS_TESTED,
    PIPELINE_SUCCESS_RATE,
    *PIPELINE_BREAKS,
    PIPELINE_DURATION,
    PIPELINE_QUEUE_TIME,
    RE_RUN_SHARE,
    FAILED_RUN_TIME_SHARE,
    DEPLOYMENTS_BY_PIPELINE,
)
"""The metrics of this family, in report order."""
