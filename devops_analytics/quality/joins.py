"""Checks of deployments, and of the changes and commits that they should lead to."""

from typing import Final

import polars as pl

from devops_analytics.quality.check import (
    Check,
    Material,
    Severity,
    as_found,
    change_key,
    on_day,
)
from devops_analytics.quality.links import unlinked_because
from devops_analytics.quality.names import (
    BY_CHANGE,
    CARRIED,
    DELIVERY_DATES,
    FAIL_RATE,
    FREQUENCY,
    LEAD_TIME,
)
from devops_analytics.text import filled


def _runs_of_unknown_commits(material: Material) -> pl.LazyFrame:
    commits = material.table("commits").select("repo", "sha")
    known = commits.select("repo").unique()
    rows = (
        material.table("pipeline_runs")
        .drop_nulls("sha")
        .join(known, on="repo", how="semi")
        .join(commits, on=["repo", "sha"], how="anti")
    )
    run = filled("{}/{}/{}", "repo", "run_id", "attempt")
    return as_found(rows, run, repo="repo", detail=filled("ran on {}", "sha"))


def _rewritten_on_merging(material: Material) -> pl.LazyFrame:
    single = material.table("commits").filter(~pl.col("is_merge")).select("repo", merge_sha="sha")
    is_moved = (pl.col("merge_sha") == pl.col("head_sha")).fill_null(value=False)
    rows = (
        material.table("changes")
        .filter(pl.col("merged_at").is_not_null() & ~is_moved)
        .join(single, on=["repo", "merge_sha"], how="semi")
    )
    detail = filled("merged as the single commit {}", "merge_sha")
    return as_found(rows, change_key(), repo="repo", detail=detail)


def _first_deployments(material: Material) -> pl.LazyFrame:
    links = material.evidence.links
    history = (
        links.deployed_in.lazy()
        .filter("is_baseline")
        .group_by("service", "repo", "deployment_id")
        .agg(n=pl.len())
    )
    first = (
        links.deployments.lazy()
        .filter("succeeded")
        .unique(["service", "repo"], keep="first", maintain_order=True)
        .join(history, on=["service", "repo", "deployment_id"], how="left", nulls_equal=True)
    )
    detail = filled(
        "{}, commits that are history: {}", on_day("finished_at"), pl.col("n").fill_null(0)
    )
    return as_found(first, "deployment_id", service="service", detail=detail)


def _duplicates(material: Material) -> pl.LazyFrame:
    rows = (
        material.evidence.links.deployments.lazy()
        .filter("succeeded")
        .with_columns(
            pl.col(name).shift(1).over("service").alias(f"{name}_before")
            for name in ("deployment_id", "repo", "version", "finished_at")
        )
        .filter(pl.col("version") == pl.col("version_before"))
        .filter(pl.col("repo").eq_missing(pl.col("repo_before")))
    )
    detail = filled(
        "{} again, as {} of {}", "version", "deployment_id_before", on_day("finished_at_before")
    )
    return as_found(rows, "deployment_id", service="service", detail=detail)


def _attempts(material: Material) -> pl.LazyFrame:
    """Return the runs that were tried again: last attempt, attempts exported, first success."""
    runs = material.table("pipeline_runs").select("repo", "run_id", "attempt", "result")
    again = runs.filter(pl.col("attempt") > 1).select("repo", "run_id").unique()
    success = pl.col("attempt").filter(pl.col("result") == "success").min()
    return (
        runs.join(again, on=["repo", "run_id"], how="semi")
        .group_by("repo", "run_id")
        .agg(last=pl.col("attempt").max(), n=pl.col("attempt").n_unique(), succeeded=success)
        .with_columns(key=filled("{}/{}", "repo", "run_id"))
    )


def _moved_dates(material: Material) -> pl.LazyFrame:
    lost = (pl.col("n") < pl.col("last")) & (pl.col("succeeded") == pl.col("last"))
    without = filled("success of attempt {}, of which {} are exported", "last", "n")
    reported = material.table("deployments").filter(
        (pl.col("attempt") > 1) & (pl.col("method") == "reported")
    )
    attempt = filled("is attempt {}", "attempt")
    return pl.concat(
        [
            as_found(_attempts(material).filter(lost), "key", repo="repo", detail=without),
            as_found(reported, "deployment_id", service="service", detail=attempt),
        ]
    )


def _repeated_successes(material: Material) -> pl.LazyFrame:
    again = _attempts(material).filter(pl.col("succeeded") < pl.col("last"))
    detail = filled("succeeded in attempt {}, run again up to {}", "succeeded", "last")
    return as_found(again, "key", repo="repo", detail=detail)


def _repositories_nobody_deploys(material: Material) -> pl.LazyFrame:
    used = pl.concat(
        [
            material.table("service_repositories").select("repo"),
            material.evidence.links.deployments.lazy().select("repo"),
        ]
    )
    rows = material.table("commits").group_by("repo").len().join(used, on="repo", how="anti")
    return as_found(rows, "repo", repo="repo", detail=filled("commits: {}", "len"))


def _deployments(reason: str, title: str, effect: str, what_to_do: str) -> Check:
    """Return the check for production deployments that lead to no commit for a reason."""
    counts_later = effect == COUNTS_LATER
    return Check(
        id=f"deployments_{reason}",
        title=title,
        severity=Severity.BENDS if counts_later else Severity.LEAVES_OUT,
        effect=effect,
        what_to_do=what_to_do,
        find=unlinked_because("deployment", reason),
        metrics=CARRIED,
        among="production deployments",
    )


COUNTS_LATER: Final = (
    "What they carried counts from the next deployment whose commit is known, so lead time is too "
    "long by as much."
)
_NOT_KNOWN: Final = "Lead time of what they carried is not known; they count as deployments."

UNLINKED_DEPLOYMENTS: Final = (
    _deployments(
        "sha_not_in_clone",
        "Deployed commits that are not in the loaded history",
        COUNTS_LATER,
        "Fetch the clone anew with all branches; images built from a branch or fork stay unknown.",
    ),
    _deployments(
        "repository_unknown",
        "Deployments of which no or more than one repository has the version",
        COUNTS_LATER,
        "Map `repo` in the export of deployments, or load the missing repository.",
    ),
    _deployments(
        "no_version",
        "Deployments that name no commit, tag or release",
        COUNTS_LATER,
        "Map `sha` or `ref`, or have the deploying tool write the commit down.",
    ),
    _deployments(
        "ref_not_found",
        "Deployed tags or releases that are not loaded",
        COUNTS_LATER,
        "Load the repository's tags, or take the tag out of the name with `pattern`.",
    ),
    _deployments(
        "ref_is_a_branch",
        "Deployments that name a branch",
        COUNTS_LATER,
        "Have the deploying tool write the commit down: a branch names another one every day.",
    ),
    _deployments(
        "no_repository",
        "Deployments of services without a repository",
        _NOT_KNOWN,
        "Name the service's repositories under its team in the settings.",
    ),
    _deployments(
        "no_commits",
        "Deployments of repositories without loaded commits",
        _NOT_KNOWN,
        "Add the repository's clone, or an export of its commits.",
    ),
    _deployments(
        "statistics_missing",
        "Deployments from a part of a repository whose touched files are not loaded",
        _NOT_KNOWN,
        "Read the clone itself: it tells which files each commit touched.",
    ),
)
"""A check for each reason why a deployment leads to no commit."""

JOINS: Final = (
    *UNLINKED_DEPLOYMENTS,
    Check(
        id="deployments_of_the_same_version",
        title="Deployments of the version that was there already",
        severity=Severity.BENDS,
        effect="Each counts as a deployment: frequency is higher and the fail rate lower by them.",
        what_to_do=(
            "Leave out what is no deployment of code (regions, restarts, configuration) with "
            "`where`; two exports of the same deployments need only one."
        ),
        find=_duplicates,
        metrics=(*FREQUENCY, *FAIL_RATE, "deployments_by_pipeline"),
        among="production deployments",
    ),
    Check(
        id="runs_that_move_a_date",
        title="Re-runs that move a date",
        severity=Severity.BENDS,
        effect=(
            "Earlier attempts are not exported, so the time is that of a later one: deployments "
            "made of such runs are dated too late, and failures before it are not known."
        ),
        what_to_do="Export every attempt (for GitHub: the attempts of each run).",
        find=_moved_dates,
        metrics=(*DELIVERY_DATES, "pipeline_success_rate", "re_run_share"),
        among="runs and deployments",
    ),
    Check(
        id="changes_squashed",
        title="Changes squashed or rebased on merging",
        severity=Severity.BENDS,
        effect="Their commits are made by the merge, so lead time from commits starts there.",
        what_to_do="Read the lead time by change beside it: it starts at the first commit known.",
        find=_rewritten_on_merging,
        metrics=CARRIED,
        among="changes",
    ),
    Check(
        id="changes_merged_by_unknown_commits",
        title="Changes whose merging commit is not loaded",
        severity=Severity.LEAVES_OUT,
        effect="Left out of the lead time by change and of its stages.",
        what_to_do="Fetch the clone anew, or export the changes with their merge commits.",
        find=unlinked_because("change", "merge_commit_unknown"),
        metrics=BY_CHANGE,
        among="changes",
    ),
    Check(
        id="runs_of_unknown_commits",
        title="Pipeline runs of commits that are not loaded",
        severity=Severity.LEAVES_OUT,
        effect="They say of no commit that it was tested; runs for forks and branches are such.",
        what_to_do="Fetch the clone anew with all branches.",
        find=_runs_of_unknown_commits,
        metrics=("trunk_commits_tested",),
        among="pipeline runs",
    ),
    Check(
        id="repositories_nobody_deploys",
        title="Repositories that no service is built from",
        severity=Severity.LEAVES_OUT,
        effect="Their commits are in no delivery metric.",
        what_to_do="Name them under a service in the settings, if they are deployed.",
        find=_repositories_nobody_deploys,
        metrics=LEAD_TIME,
        among="repositories",
    ),
    Check(
        id="runs_repeated_after_success",
        title="Runs that were tried again after they had succeeded",
        severity=Severity.NOTE,
        effect="A deployment made of one is dated by its first success; its pipeline counts each.",
        what_to_do="Nothing, unless the second try deployed something else.",
        find=_repeated_successes,
        metrics=("pipeline_success_rate", "re_run_share"),
        among="pipeline runs",
    ),
    Check(
        id="commits_not_deployed",
        title="Commits that no deployment carries yet",
        severity=Severity.NOTE,
        effect="They count as waiting for as long as that is known.",
        what_to_do="Nothing, if they are new; else see whether the deployments' export is whole.",
        find=unlinked_because("commit", "not_deployed"),
        metrics=CARRIED,
        among="commits",
    ),
    Check(
        id="first_deployments",
        title="First known deployments",
        severity=Severity.NOTE,
        effect="What they carried is history of unknown age, left out of lead time.",
        what_to_do="Export older deployments, if there are any.",
        find=_first_deployments,
        metrics=CARRIED,
        among="production deployments",
    ),
)
"""Checks of links."""
