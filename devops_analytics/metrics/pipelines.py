"""Pipelines: is every change built and tested, does it pass, how long does that take?"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from devops_analytics.linking.graph import NO_PARENT, Graph, read_graphs
from devops_analytics.metrics.attribution import (
    ATTRIBUTION,
    as_observations,
    by_commit,
    hours_between,
)
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit
from devops_analytics.text import filled

FAILURES: Final = ("failure", "error", "timeout")
VERDICTS: Final = ("success", *FAILURES)
"""Results that say something about the commit; cancelled, skipped and unknown ones don't."""

TRUNK_NAMES: Final = ("main", "master", "trunk")
"""Names of the trunk where no export tells which branch is the default one."""

OF_A_CHANGE: Final = r"(?i)(pull|merge)[_ -]?request"
"""Triggers of runs for a change: from a fork its branch may well be called main."""


def pipeline_success_rate(evidence: Evidence) -> pl.LazyFrame:
    """Mark each verdict of a pipeline on the trunk that was a success.

    Returns:
        Observations: `at` is the run's end, `value` 1 for success and 0 for failure, `key`
        repo/run/attempt.
    """
    trunk = (
        _verdicts(evidence)
        .join(_trunk_branches(evidence), on="repo", how="left")
        .with_columns(trunk=pl.col("trunk").fill_null(list(TRUNK_NAMES)))
        .filter(pl.col("branch").is_in(pl.col("trunk")))
        .filter(~pl.col("trigger").str.contains(OF_A_CHANGE).fill_null(value=False))
        .with_columns(value=pl.col("result") == "success", observed=pl.lit(value=True))
    )
    return as_observations(by_commit(trunk, evidence))


def pipeline_duration(evidence: Evidence) -> pl.LazyFrame:
    """Measure how long each pipeline run took from start to verdict.

    Returns:
        Observations: `at` is the run's end, `value` hours, `key` repo/run/attempt.
    """
    runs = (
        _verdicts(evidence)
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
        _verdicts(evidence)
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
    verdicts = _verdicts(evidence).select("repo", "sha").unique().with_columns(tested=True)
    commits = (
        evidence.tables["commits"]
        .join(_trunk(evidence).lazy(), on=["repo", "sha"], how="semi")
        .join(verdicts, on=["repo", "sha"], how="left")
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


def _verdicts(evidence: Evidence) -> pl.LazyFrame:
    """Return the runs that succeeded or failed, with `at` and `key`."""
    return (
        evidence.tables["pipeline_runs"]
        .filter(pl.col("result").is_in(VERDICTS))
        .with_columns(
            at=pl.coalesce("finished_at", "started_at", "queued_at"),
            key=filled("{}/{}/{}", "repo", "run_id", "attempt"),
        )
        .drop_nulls("at")
    )


def _trunk_branches(evidence: Evidence) -> pl.LazyFrame:
    """Return repo and `trunk`, the names of the branches that are at its HEAD."""
    refs = evidence.tables["refs"].drop_nulls("sha")
    heads = refs.filter(pl.col("name") == "HEAD").select("repo", "sha")
    at_head = refs.filter((pl.col("kind") == "branch") & (pl.col("name") != "HEAD"))
    is_usual = pl.col("name").is_in(TRUNK_NAMES)
    return (
        at_head.join(heads, on=["repo", "sha"], how="semi")
        .with_columns(pl.col("name").str.strip_prefix("origin/"))
        .filter(is_usual | ~is_usual.any().over("repo"))
        .group_by("repo")
        .agg(trunk=pl.col("name"))
    )


def _trunk(evidence: Evidence) -> pl.DataFrame:
    """Return repo and sha of the commits on the trunk of repositories that have pipeline runs."""
    known = evidence.tables["commits"].drop_nulls("parents").select("repo").unique()
    tested = evidence.tables["pipeline_runs"].select("repo").unique()
    repos = known.join(tested, on="repo").collect()["repo"].sort().to_list()
    refs = evidence.tables["refs"].filter(pl.col("name") == "HEAD").select("repo", "sha")
    heads = dict(refs.collect().iter_rows())
    trunks = [pl.DataFrame(schema={"repo": pl.String(), "sha": pl.String()})]
    for repo, graph in read_graphs(evidence.tables, repos).items():
        head = graph.number_of(heads[repo]) if heads.get(repo) else None
        tip = _deepest(graph.first_parents) if head is None else head
        trunks.append(graph.commits.select("repo", "sha")[_chain(graph, tip)])
    return pl.concat(trunks)


def _chain(graph: Graph, tip: int) -> list[int]:
    chain = [tip]
    while (parent := graph.first_parents[chain[-1]]) != NO_PARENT:
        chain.append(parent)
    return chain


def _deepest(first_parents: Sequence[int]) -> int:
    """Return the commit with the longest chain of first parents."""
    depths = [0] * len(first_parents)
    for commit in range(len(first_parents)):
        path = [commit]
        while depths[path[-1]] == 0 and (parent := first_parents[path[-1]]) != NO_PARENT:
            path.append(parent)
        depth = max(depths[path[-1]], 1)
        for step, passed in enumerate(reversed(path)):
            depths[passed] = depth + step
    return depths.index(max(depths))


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
        "The trunk is HEAD's chain of first parents, so a merge counts as one commit and what it "
        "brought in does not; where HEAD is not known it is the longest such chain; repositories "
        "without any pipeline run or without known parents are left out; bots counted; "
        f"{ATTRIBUTION}."
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
    observe=deployments_by_pipeline,
)

PIPELINES: Final[tuple[Metric, ...]] = (
    TRUNK_COMMITS_TESTED,
    PIPELINE_SUCCESS_RATE,
    PIPELINE_DURATION,
    RE_RUN_SHARE,
    DEPLOYMENTS_BY_PIPELINE,
)
"""The metrics of this family, in report order."""
