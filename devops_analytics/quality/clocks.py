"""Checks of times: negative and zero lengths, and clocks that run backwards."""

from typing import Final

import polars as pl

from devops_analytics.linking import unplanned_incidents
from devops_analytics.metrics.attribution import hours_between
from devops_analytics.metrics.delivery import incidents_ending_before_start, negative_lead_times
from devops_analytics.metrics.lead_time import change_lead_time
from devops_analytics.metrics.runs import VERDICTS
from devops_analytics.quality.check import (
    Check,
    Material,
    Severity,
    as_found,
    change_key,
    commit_key,
    in_words,
)
from devops_analytics.quality.names import (
    DELIVERY_DATES,
    FROM_AUTHORED,
    LEAD_TIME,
    RECOVERY,
    RESTORE,
)
from devops_analytics.text import filled


def _incidents_backwards(material: Material) -> pl.LazyFrame:
    rows = incidents_ending_before_start(material.evidence)
    return as_found(
        rows,
        "key",
        service="service",
        detail=filled("ends {} before it starts", in_words(pl.col("value"))),
    )


def _commits_deployed_early(material: Material) -> pl.LazyFrame:
    rows = negative_lead_times(material.evidence)
    return as_found(
        rows,
        "key",
        service="service",
        detail=filled("made {} after it was deployed", in_words(pl.col("value"))),
    )


def _commits_deployed_as_made(material: Material) -> pl.LazyFrame:
    rows = change_lead_time(material.evidence).filter(pl.col("observed") & (pl.col("value") == 0))
    detail = pl.lit("its deployment has the very time of the commit")
    return as_found(rows, "key", service="service", detail=detail)


def _older_than_parents(material: Material) -> pl.LazyFrame:
    commits = material.table("commits").select("repo", "sha", "committed_at", "parents")
    parents = commits.select("repo", parent="sha", parent_at="committed_at")
    early = (
        commits.explode("parents", empty_as_null=False, keep_nulls=False)
        .join(parents, left_on=["repo", "parents"], right_on=["repo", "parent"])
        .filter(pl.col("committed_at") < pl.col("parent_at"))
        .group_by("repo", "sha")
        .agg(hours=hours_between("committed_at", "parent_at").max())
    )
    detail = filled("committed {} before its parent", in_words(pl.col("hours")))
    return as_found(early, commit_key(), repo="repo", detail=detail)


def _authored_after_committed(material: Material) -> pl.LazyFrame:
    rows = material.table("commits").filter(pl.col("authored_at") > pl.col("committed_at"))
    hours = hours_between("committed_at", "authored_at")
    detail = filled("written {} after it was committed", in_words(hours))
    return as_found(rows, commit_key(), repo="repo", detail=detail)


def _runs(material: Material) -> pl.LazyFrame:
    """Return runs and jobs with a length: key, repo, result, hours."""
    columns = ("key", "repo", "result", "hours")
    hours = hours_between("started_at", "finished_at")
    run = filled("{}/{}/{}", "repo", "run_id", "attempt")
    job = filled("{}/{}/{}", "run_id", "attempt", "job_id")
    parts = [
        material.table(name).with_columns(key=key, hours=hours).select(columns)
        for name, key in (("pipeline_runs", run), ("pipeline_jobs", job))
    ]
    return pl.concat(parts).drop_nulls("hours")


def _runs_backwards(material: Material) -> pl.LazyFrame:
    rows = _runs(material).filter(pl.col("hours") < 0)
    detail = filled("ends {} before it starts", in_words(pl.col("hours")))
    return as_found(rows, "key", repo="repo", detail=detail)


def _runs_of_no_length(material: Material) -> pl.LazyFrame:
    rows = _runs(material).filter((pl.col("hours") == 0) & pl.col("result").is_in(VERDICTS))
    detail = filled("{} in the moment it started", "result")
    return as_found(rows, "key", repo="repo", detail=detail)


def _deployments_backwards(material: Material) -> pl.LazyFrame:
    rows = material.table("deployments").filter(pl.col("finished_at") < pl.col("started_at"))
    hours = hours_between("finished_at", "started_at")
    detail = filled("finished {} before it started", in_words(hours))
    return as_found(rows, "deployment_id", service="service", detail=detail)


def _changes_backwards(material: Material) -> pl.LazyFrame:
    end = pl.min_horizontal("merged_at", "closed_at")
    rows = (
        material.table("changes")
        .with_columns(hours=hours_between("opened_at", end))
        .filter(pl.col("hours") < 0)
    )
    detail = filled("merged or closed {} before it was opened", in_words(pl.col("hours")))
    return as_found(rows, change_key(), repo="repo", detail=detail)


def _incidents_of_no_length(material: Material) -> pl.LazyFrame:
    incidents = unplanned_incidents(material.evidence.tables)
    rows = incidents.filter(pl.col("resolved_at") == pl.col("start"))
    detail = pl.lit("ends in the moment it starts")
    return as_found(rows, "incident_id", service="service", detail=detail)


CLOCKS: Final = (
    Check(
        id="commits_deployed_as_made",
        title="Commits deployed in the moment they were made",
        severity=Severity.BENDS,
        effect="Their lead time is 0: the deployment carries the commit's time, not its own.",
        what_to_do=(
            "Take deployments from releases, runs or the deploying tool: a tag without a time of "
            "its own has that of its commit."
        ),
        find=_commits_deployed_as_made,
        metrics=LEAD_TIME,
        among="commits",
    ),
    Check(
        id="commits_older_than_parents",
        title="Commits older than their parents",
        severity=Severity.BENDS,
        effect="A clock ran backwards: lead times that start at these commits are off by as much.",
        what_to_do="Set the clocks of the machines that commit; leave history as it is.",
        find=_older_than_parents,
        metrics=LEAD_TIME,
        among="commits",
    ),
    Check(
        id="commits_authored_after_committed",
        title="Commits written after they were committed",
        severity=Severity.BENDS,
        effect="The author's clock was ahead: the lead time from writing is too short by as much.",
        what_to_do="Leave lead_time_start at committed_at, or set the authors' clocks.",
        find=_authored_after_committed,
        metrics=FROM_AUTHORED,
        among="commits",
    ),
    Check(
        id="deployments_ending_before_start",
        title="Deployments that finish before they start",
        severity=Severity.BENDS,
        effect="One of the two times is wrong, and the finish dates the deployment as it stands.",
        what_to_do="Compare the clocks of the machines that report start and finish.",
        find=_deployments_backwards,
        metrics=DELIVERY_DATES,
        among="deployments",
    ),
    Check(
        id="incidents_of_no_length",
        title="Incidents that end in the moment they start",
        severity=Severity.BENDS,
        effect="Their time to restore counts as 0, which often means filled in afterwards.",
        what_to_do="Correct the times in the incident tool, or map the real ones.",
        find=_incidents_of_no_length,
        metrics=(*RESTORE, *RECOVERY),
        among="incidents",
    ),
    Check(
        id="runs_of_no_length",
        title="Pipeline runs and jobs that end in the moment they start",
        severity=Severity.BENDS,
        effect="Their duration counts as 0.",
        what_to_do="Look whether the export has the start in another field.",
        find=_runs_of_no_length,
        metrics=("pipeline_duration",),
        among="runs and jobs",
    ),
    Check(
        id="incidents_ending_before_start",
        title="Incidents that end before they start",
        severity=Severity.LEAVES_OUT,
        effect="Left out of time to restore and recovery time; still counted as incidents.",
        what_to_do="Correct the times in the incident tool and export again.",
        find=_incidents_backwards,
        metrics=(*RESTORE, *RECOVERY, "incident_timestamps_complete"),
        among="incidents",
    ),
    Check(
        id="commits_deployed_before_made",
        title="Commits deployed before they were made",
        severity=Severity.LEAVES_OUT,
        effect="Left out of change lead time: a clock runs backwards or history was rewritten.",
        what_to_do="Compare the clocks of the build machine and of the authors.",
        find=_commits_deployed_early,
        metrics=LEAD_TIME,
        among="commits",
    ),
    Check(
        id="runs_ending_before_start",
        title="Pipeline runs and jobs that end before they start",
        severity=Severity.LEAVES_OUT,
        effect="Left out of pipeline duration; still counted as runs.",
        what_to_do="Compare the clocks of the machines that run pipelines.",
        find=_runs_backwards,
        metrics=("pipeline_duration",),
        among="runs and jobs",
    ),
    Check(
        id="changes_ending_before_opened",
        title="Pull or merge requests that end before they are opened",
        severity=Severity.LEAVES_OUT,
        effect="Left out of the time that changes are open; still counted as changes.",
        what_to_do="Look whether the requests were imported from another tool.",
        find=_changes_backwards,
        metrics=("change_open_time",),
        among="changes",
    ),
)
"""Checks of times."""
