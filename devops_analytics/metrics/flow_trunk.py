"""Flow towards the trunk and out of it: branches, merges, releases."""

from datetime import timedelta
from typing import Final

import polars as pl

from devops_analytics.metrics.attribution import (
    ATTRIBUTION,
    as_observations,
    by_commit,
    hours_between,
)
from devops_analytics.metrics.changes import by_people
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit
from devops_analytics.metrics.trunk import TRUNK_RULE, brought_in, in_trunk, trunk_commits
from devops_analytics.text import filled

_TRUNK_BASED: Final = "DORA capability 'Trunk-based development'"
_GRAPH: Final = (("commits", "parents"),)
_VERSION: Final = r"v?\d[\d._]*"
"""What of a release's name differs from that of the next one."""

_EARLY: Final = r"(?i)(alpha|beta|rc|pre|dev|snapshot|nightly)"
"""Marks of a version that is not released yet."""

_UNKNOWN: Final = "No live export of commits with their parents covers the period."


def branch_life(evidence: Evidence) -> pl.LazyFrame:
    """Measure how long each merged branch lived, from its first commit to its merge.

    Returns:
        Observations: `at` is the merge, `value` hours, `key` repo@sha of the merge.
    """
    commits = evidence.tables["commits"]
    merges = commits.select("repo", "source_ref", merge_sha="sha", at="committed_at")
    brought = (
        brought_in(evidence)
        .lazy()
        .join(commits.filter(by_people(evidence)), on=["repo", "sha"])
        .select("repo", "sha", "merge_sha", "committed_at")
    )
    lives = (
        brought.group_by("repo", "merge_sha")
        .agg(began_at=pl.col("committed_at").min())
        .join(merges, on=["repo", "merge_sha"])
        .with_columns(
            value=hours_between("began_at", "at"),
            observed=pl.lit(value=True),
            key=filled("{}@{}", "repo", "merge_sha"),
        )
        .filter(pl.col("value") >= 0)
    )
    # A merge itself may touch no file, so the services are those that its branch touched.
    owners = (
        by_commit(brought.select("repo", "sha", "merge_sha"), evidence)
        .select("service", "repo", "merge_sha")
        .unique()
    )
    has_owner = pl.col("service").is_not_null()
    named = owners.filter(has_owner | ~has_owner.any().over("repo", "merge_sha"))
    return as_observations(lives.join(named, on=["repo", "merge_sha"]))


def merges_to_trunk(evidence: Evidence) -> pl.LazyFrame:
    """Return one row per commit of the trunk, with value 1.

    Returns:
        Observations: `at` is committed_at, `key` repo@sha.
    """
    commits = (
        evidence.tables["commits"]
        .join(trunk_commits(evidence).lazy(), on=["repo", "sha"], how="semi")
        .filter(by_people(evidence))
        .with_columns(
            at="committed_at",
            value=pl.lit(1.0),
            observed=pl.lit(value=True),
            key=filled("{}@{}", "repo", "sha"),
        )
    )
    return as_observations(by_commit(commits, evidence))


def open_branches(evidence: Evidence) -> pl.LazyFrame:
    """Mark each branch whose last commit the trunk does not hold.

    Returns:
        Observations: `at` is the last moment that is known, `value` 1 for an open branch and 0
        for a merged one, `key` repo@branch.
    """
    held = in_trunk(evidence).lazy()
    branches = (
        evidence.tables["refs"]
        .filter((pl.col("kind") == "branch") & (pl.col("name") != "HEAD"))
        .drop_nulls("sha")
        .join(held.select("repo").unique(), on="repo", how="semi")
        .join(held.with_columns(held=pl.lit(value=True)), on=["repo", "sha"], how="left")
        .with_columns(pl.col("name").str.strip_prefix("origin/"))
        .group_by("repo", "name")
        .agg(
            pl.col("sha", "source_ref").sort_by("sha").first(),
            value=~pl.col("held").fill_null(value=False).any(),
        )
        .with_columns(
            # A period ends just before its end, and so does what is known.
            at=pl.lit(evidence.as_of - timedelta(microseconds=1)),
            observed=pl.lit(value=True),
            key=filled("{}@{}", "repo", "name"),
        )
    )
    return as_observations(by_commit(branches, evidence))


def release_interval(evidence: Evidence) -> pl.LazyFrame:
    """Measure the time from each release to the next one of its repository and name.

    Returns:
        Observations: `at` is the release, `value` hours, `observed` false for the last release,
        `key` repo@release.
    """
    commits = evidence.tables["commits"].select("repo", "sha", "committed_at")
    name = pl.col("name")
    is_version = name.str.contains(_VERSION) & ~name.str.contains(_EARLY)
    releases = (
        evidence.tables["refs"]
        .filter(pl.col("kind").is_in(("tag", "release")) & is_version)
        # A record of a release names its tag, and often no commit.
        .with_columns(pl.coalesce("sha", pl.col("sha").max().over("repo", "name")))
        .join(commits, on=["repo", "sha"], how="left")
        .with_columns(at=pl.coalesce("created_at", "committed_at"))
        .drop_nulls("at")
        .with_columns(line=name.str.replace_all(_VERSION, ""), what=pl.coalesce("sha", "name"))
        .sort("repo", "line", "at", "kind", "name")
        .unique(["repo", "line", "what"], keep="first", maintain_order=True)
        .with_columns(next_at=pl.col("at").shift(-1).over("repo", "line"))
        .with_columns(
            value=hours_between("at", pl.coalesce("next_at", pl.lit(evidence.as_of))),
            observed=pl.col("next_at").is_not_null(),
            key=filled("{}@{}", "repo", "name"),
        )
    )
    return as_observations(by_commit(releases, evidence))


BRANCH_LIFE: Final = Metric(
    id="branch_life",
    name="Branch life",
    question="How long does work stay on a branch?",
    family="flow",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=(
        "Hours from the first commit of a branch to the merge that brought it into the trunk, in "
        "the period of the merge."
    ),
    choices=(
        f"A branch is what a merge brought into the trunk; {TRUNK_RULE}; by committed_at, so a "
        "rebase makes a branch younger; squashed, rebased and fast-forwarded branches leave no "
        "trace and are left out, as are branches that are not merged yet; commits of bots left out "
        f"unless count_bots is set; negative lives left out; {ATTRIBUTION}."
    ),
    unknown_when=_UNKNOWN,
    misleads_when="Most branches are squashed, so that only unusual ones are seen.",
    moved_without_improvement="Rebasing before the merge.",
    source=f"{_TRUNK_BASED} (branches that live less than a day).",
    needs=("commits",),
    columns=(_GRAPH,),
    observe=branch_life,
)

MERGES_TO_TRUNK: Final = Metric(
    id="merges_to_trunk",
    name="Merges to trunk",
    question="How often does work reach the trunk?",
    family="flow",
    kind=Kind.RATE,
    unit=Unit.PER_DAY,
    better=Better.HIGHER,
    definition=(
        "Commits that landed on the trunk in the period ÷ days for which commits are known."
    ),
    choices=(
        f"A merge, a squashed change and a commit made on the trunk each count once: {TRUNK_RULE}; "
        "by committed_at; calendar days; commits of bots left out unless count_bots is set; "
        f"{ATTRIBUTION}."
    ),
    unknown_when=_UNKNOWN,
    misleads_when=(
        "A rebased branch lands as many commits; bigger teams have more of them; several "
        "repositories are added up."
    ),
    moved_without_improvement="Landing one piece of work in slices that mean nothing alone.",
    source=f"{_TRUNK_BASED} (merging to trunk at least once a day).",
    needs=("commits",),
    columns=(_GRAPH,),
    observe=merges_to_trunk,
)

OPEN_BRANCHES: Final = Metric(
    id="open_branches",
    name="Open branches",
    question="How many branches wait to be merged?",
    family="flow",
    kind=Kind.STOCK,
    unit=Unit.BRANCHES,
    better=Better.LOWER,
    definition=(
        "Branches of the repositories whose last commit the trunk does not hold, at the last "
        "moment that is known."
    ),
    choices=(
        "A branch of that name in the clone and at its remote is one; branches of bots, of "
        "releases and forgotten ones count; a branch that was squashed into the trunk and not "
        "deleted counts as open; a clone tells nothing of branches that are gone, so other times "
        f"are unknown; {ATTRIBUTION}."
    ),
    unknown_when=(
        "No live clone with branches beside the default one is known, or the period ends before "
        "what is known does."
    ),
    misleads_when="The clone was made with one branch only, or old branches are never deleted.",
    moved_without_improvement="Deleting old branches.",
    source=f"{_TRUNK_BASED} (three or fewer active branches).",
    needs=("commits",),
    columns=(_GRAPH,),
    observe=open_branches,
    present_only=True,
)

RELEASE_INTERVAL: Final = Metric(
    id="release_interval",
    name="Time between releases",
    question="How often is there a release?",
    family="flow",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=(
        "Hours (shown as days) from each release to the next one of the same repository and name, "
        "in the period of the first of the two."
    ),
    choices=(
        "A release is a tag or a record of one with a number in its name and no mark of an early "
        "one (rc, beta, pre, dev …); names that differ beside the version (pay-1.2, web-1.2) are "
        "releases of different things; several names of one commit are one release; its time is "
        "when the name was made, else when its commit was; the time since the last is censored; "
        f"{ATTRIBUTION}."
    ),
    unknown_when="No live export of dated tags or releases covers the period.",
    misleads_when=(
        "Several lines of versions are kept up in one repository; every deployment is tagged; a "
        "project that is finished makes no releases."
    ),
    moved_without_improvement="Releases with nothing in them.",
    source="DORA capability 'Working in small batches'; release cadence is this project's proxy.",
    needs=("refs",),
    observe=release_interval,
)

FLOW_TRUNK: Final = (BRANCH_LIFE, MERGES_TO_TRUNK, OPEN_BRANCHES, RELEASE_INTERVAL)
"""What happens around the trunk, in report order."""
