"""How long a change takes from commit to production."""

from dataclasses import replace
from typing import Final

import polars as pl

from devops_analytics.metrics.attribution import as_observations, hours_between
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit
from devops_analytics.metrics.throughput import DORA_GUIDE


def change_lead_time(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per service and commit: hours from the commit to its deployment.

    A commit that waits on the trunk is censored: `at` is when it was committed, `value` how long
    it is known to wait. The start is `definitions.lead_time_start`. History (what the service's
    first deployment carried) and negative times are left out.
    """
    return as_observations(
        pl.concat(
            [
                _deployed(evidence, evidence.definitions.lead_time_start),
                _waiting(evidence, evidence.definitions.lead_time_start),
            ]
        ).filter(pl.col("value") >= 0)
    )


def change_lead_time_from_authored(evidence: Evidence) -> pl.LazyFrame:
    """Return what `change_lead_time` returns, counted from `authored_at`."""
    return as_observations(
        pl.concat([_deployed(evidence, "authored_at"), _waiting(evidence, "authored_at")]).filter(
            pl.col("value") >= 0
        )
    )


def change_lead_time_by_change(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per service and merged change: hours from its first commit to its deployment.

    The start is the first commit that is known to belong to the change, or its opening where
    that is earlier. A change that waits is censored: `at` is its start.
    """
    rows = deployed_changes(evidence)
    waits = pl.col("deployed_at").is_null()
    return as_observations(
        rows.with_columns(
            at=pl.coalesce("deployed_at", "start"),
            value=hours_between("start", pl.coalesce("deployed_at", "known_to")),
            observed=~waits,
            key=pl.concat_str("repo", pl.lit("#"), "change_id"),
        ).filter(pl.col("value") >= 0)
    )


def negative_lead_times(evidence: Evidence) -> pl.LazyFrame:
    """Return the commits that were deployed before they were made, as observations.

    `change_lead_time` leaves them out: a clock ran backwards, or a rebase moved the commit.
    """
    rows = _deployed(evidence, evidence.definitions.lead_time_start)
    return as_observations(rows.filter(pl.col("value") < 0))


def deployed_changes(evidence: Evidence) -> pl.LazyFrame:
    """Return the merged changes of each service that are no history, with all their times.

    Columns: service, repo, change_id, first_commit_at, start, opened_at, ready_at,
    first_review_at, approved_at, merged_at, deployed_at (null: waits), known_to (until when a
    waiting change is known to wait), source_ref. Changes of bots are left out unless the
    definitions count them.
    """
    changes = evidence.tables["changes"].select(
        "repo",
        "change_id",
        "is_bot",
        "opened_at",
        "ready_at",
        "first_review_at",
        "approved_at",
        "merged_at",
        "source_ref",
    )
    if not evidence.definitions.count_bots:
        changes = changes.filter(~pl.col("is_bot").fill_null(value=False))
    finishes = evidence.links.deployments.lazy().select("deployment_id", deployed_at="finished_at")
    linked = evidence.links.deployed_changes.lazy().filter(~pl.col("is_baseline"))
    rows = (
        linked.join(changes, on=["repo", "change_id"])
        .join(finishes, on="deployment_id", how="left")
        .with_columns(start=pl.min_horizontal("opened_at", "first_commit_at"))
    )
    return _known_to(evidence, rows, since="merged_at")


def _deployed(evidence: Evidence, start: str) -> pl.LazyFrame:
    """Return the deployed commits that are no history, with negative values among them."""
    return (
        evidence.links.deployed_in.lazy()
        .filter(~pl.col("is_baseline"))
        .join(_counted_commits(evidence, start), on=["repo", "sha"])
        .select(
            "service",
            at="deployed_at",
            value=hours_between("start", "deployed_at"),
            observed=pl.lit(value=True),
            key=pl.concat_str("repo", pl.lit("@"), "sha"),
            source_ref="source_ref",
        )
    )


def _waiting(evidence: Evidence, start: str) -> pl.LazyFrame:
    rows = evidence.links.waiting.lazy().join(_counted_commits(evidence, start), on=["repo", "sha"])
    return _known_to(evidence, rows, since="committed_at").select(
        "service",
        at="committed_at",
        value=hours_between("start", "known_to"),
        observed=pl.lit(value=False),
        key=pl.concat_str("repo", pl.lit("@"), "sha"),
        source_ref="source_ref",
    )


def _counted_commits(evidence: Evidence, start: str) -> pl.LazyFrame:
    """Return repo, sha, start, committed_at, source_ref of the commits that count."""
    commits = evidence.tables["commits"]
    definitions = evidence.definitions
    if not definitions.count_merge_commits:
        commits = commits.filter(~pl.col("is_merge").fill_null(value=False))
    if not definitions.count_bots:
        commits = commits.filter(~pl.col("is_bot").fill_null(value=False))
    return commits.filter(pl.col(start).is_not_null()).select(
        "repo", "sha", "committed_at", "source_ref", start=start
    )


def _known_to(evidence: Evidence, rows: pl.LazyFrame, *, since: str) -> pl.LazyFrame:
    """Add `known_to`: until when a row of a service and repository is known to wait.

    That is `as_of`, or the first later deployment of which nobody knows what it carried: it may
    have carried the row.
    """
    lost = evidence.links.unlinked.lazy().filter(pl.col("kind") == "deployment").select("key")
    unknown = (
        evidence.links.deployments.lazy()
        .filter("succeeded")
        .join(lost, left_on="deployment_id", right_on="key", how="semi")
        .select("service", deployed_repo="repo", known_to="finished_at")
    )
    pairs = rows.select("service", "repo").unique()
    reaching = (
        pairs.join(unknown, on="service")
        .filter(pl.col("deployed_repo").is_null() | (pl.col("deployed_repo") == pl.col("repo")))
        .select("service", "repo", "known_to")
        .sort("known_to")
    )
    return (
        rows.sort(since)
        .join_asof(
            reaching,
            left_on=since,
            right_on="known_to",
            by=["service", "repo"],
            strategy="forward",
            coalesce=False,
            check_sortedness=False,
        )
        .with_columns(pl.col("known_to").fill_null(evidence.as_of))
    )


CHANGE_LEAD_TIME: Final = Metric(
    id="change_lead_time",
    name="Change lead time",
    question="How long does a change take from commit to production?",
    family="delivery",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=(
        "Hours from a commit to the end of the first successful production deployment that "
        "carried it; the median over commits."
    ),
    choices=(
        "From committed_at (a rebase moves it). Merge commits and bots are left out, and so is "
        "what a service's first known deployment carried. A commit that is on the trunk and not "
        "yet deployed counts as waiting for as long as that is known, not as missing. Zero is "
        "kept; negative times are left out and counted under data quality. A commit of two "
        "services counts for each. Calendar hours."
    ),
    unknown_when=(
        "no feed of deployments or of commits covers the period, or no deployed version leads to "
        "a commit."
    ),
    misleads_when=(
        "branches are squashed or rebased on merging: the clock then starts at the merge; or "
        "tags stand in for deployments that happened later."
    ),
    moved_without_improvement=(
        "Squashing or rebasing just before the merge, or committing late, shortens it."
    ),
    source=DORA_GUIDE,
    needs=("deployments", "commits"),
    observe=change_lead_time,
    dated_by_end=True,
)

CHANGE_LEAD_TIME_P85: Final = replace(
    CHANGE_LEAD_TIME,
    id="change_lead_time_p85",
    name="Change lead time, 85th percentile",
    question="How long do all but the slowest 15 % of changes take from commit to production?",
    definition=(
        "Hours from a commit to the end of the first successful production deployment that "
        "carried it; 85 % of the commits took at most this long."
    ),
    variant_of="change_lead_time",
    quantile=0.85,
)

CHANGE_LEAD_TIME_P90: Final = replace(
    CHANGE_LEAD_TIME,
    id="change_lead_time_p90",
    name="Change lead time, 90th percentile",
    question="How long do all but the slowest tenth of changes take from commit to production?",
    definition=(
        "Hours from a commit to the end of the first successful production deployment that "
        "carried it; 90 % of the commits took at most this long."
    ),
    variant_of="change_lead_time",
    quantile=0.9,
)

CHANGE_LEAD_TIME_FROM_AUTHORED: Final = replace(
    CHANGE_LEAD_TIME,
    id="change_lead_time_from_authored",
    name="Change lead time, from when the change was written",
    question="How long does a change take from first being written to production?",
    definition=(
        "Hours from when a commit was first written to the end of the first successful production "
        "deployment that carried it; the median over commits."
    ),
    choices=(
        "From authored_at, which survives a rebase; otherwise as change lead time. A commit "
        "without authored_at is left out."
    ),
    misleads_when=(
        "branches are squashed on merging: the squashed commit is written at the merge; or "
        "cherry-picks keep the date of the original."
    ),
    moved_without_improvement="Squashing, or resetting the author's date, shortens it.",
    columns=((("commits", "authored_at"),),),
    observe=change_lead_time_from_authored,
    variant_of="change_lead_time",
)

CHANGE_LEAD_TIME_BY_CHANGE: Final = replace(
    CHANGE_LEAD_TIME,
    id="change_lead_time_by_change",
    name="Change lead time, by pull or merge request",
    question="How long does a pull or merge request take from its first commit to production?",
    definition=(
        "Hours from the first commit of a merged change to the end of the first successful "
        "production deployment that carried it; the median over changes."
    ),
    choices=(
        "From the first commit known to belong to the change, or from its opening where no "
        "earlier commit is known (a squash merge hides the branch's commits). Changes of bots "
        "are left out, and so is what was merged before the service's first known deployment. A "
        "merged change that is not yet deployed counts as waiting. Calendar hours."
    ),
    unknown_when=(
        "no feed of deployments or of pull or merge requests covers the period, or no merge is "
        "found in the history."
    ),
    misleads_when=(
        "branches are squashed on merging: the time before the opening is then not seen; or many "
        "changes go to production without a request."
    ),
    moved_without_improvement=(
        "Opening requests late, when the work is done, shortens it where branches are squashed."
    ),
    needs=("deployments", "changes"),
    observe=change_lead_time_by_change,
    variant_of="change_lead_time",
)

LEAD_TIME: Final = (
    CHANGE_LEAD_TIME,
    CHANGE_LEAD_TIME_P85,
    CHANGE_LEAD_TIME_P90,
    CHANGE_LEAD_TIME_FROM_AUTHORED,
    CHANGE_LEAD_TIME_BY_CHANGE,
)
