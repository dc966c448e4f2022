"""Work across teams, and how many people the knowledge is spread over. Never of a person."""

from typing import Final

import polars as pl

from devops_analytics.metrics.attribution import (
    ATTRIBUTION,
    as_observations,
    by_change,
    by_commit,
)
from devops_analytics.metrics.changes import (
    BOTS_LEFT_OUT,
    by_people,
    counted_changes,
    reviews_by_others,
)
from devops_analytics.metrics.metric import Authored, Better, Evidence, Kind, Metric, Unit
from devops_analytics.text import filled

_TEAMS: Final = 2
"""Fewer teams than this have nobody to work across with."""

_HOME: Final = (
    "a person's home team is derived, as no export declares it: the team that most of their "
    "commits and changes are for, over all that is known; without any, or with as many for two "
    "teams, they have none"
)
_UNKNOWN: Final = "covers the period; nothing to measure where work for one team alone is known"


def cross_team_reviews(evidence: Evidence) -> pl.LazyFrame:
    """Mark each reviewed and merged change that somebody of another team reviewed.

    Returns:
        Observations: `at` is the merge, `value` 1 where a reviewer's home team is not the team
        that owns the service, `key` repo#change.
    """
    homes = _home_teams(evidence).rename({"author": "reviewer"})
    reviewers = (
        reviews_by_others(evidence).select("repo", "change_id", "reviewer").unique().join(
            homes, on="reviewer"
        )
    )  # fmt: skip
    merged = counted_changes(evidence).drop_nulls("merged_at")
    rows = (
        by_change(merged, evidence)
        .join(_owners(evidence), on="service")
        .join(reviewers, on=["repo", "change_id"])
        .group_by("service", "key", "source_ref", at="merged_at")
        .agg(value=(pl.col("home") != pl.col("team")).any())
    )
    return as_observations(rows.with_columns(observed=pl.lit(value=True)))


def outside_contributions(evidence: Evidence) -> pl.LazyFrame:
    """Mark each commit whose author is at home in another team than the service's own.

    Returns:
        Observations: `at` is committed_at, `value` 1 where the author's home team is not the team
        that owns the service, `key` repo@sha.
    """
    rows = (
        _authored(evidence)
        .join(_owners(evidence), on="service")
        .join(_home_teams(evidence), on="author")
        .with_columns(
            at="committed_at",
            value=pl.col("home") != pl.col("team"),
            observed=pl.lit(value=True),
        )
    )
    return as_observations(rows)


def knowledge_spread(evidence: Evidence) -> pl.LazyFrame:
    """Return the commits that changed lines, with whose they are.

    Returns:
        Observations with `author`: `at` is committed_at, `value` lines added and deleted, `key`
        repo@sha.
    """
    lines = (pl.col("lines_added") + pl.col("lines_deleted")).cast(pl.Float64)
    return (
        _authored(evidence)
        .with_columns(at="committed_at", value=lines, observed=pl.lit(value=True))
        .filter(pl.col("value") > 0)
        .select(Authored.column_names())
    )


def _authored(evidence: Evidence) -> pl.LazyFrame:
    """Return the commits of people that are no merges, for each service that they belong to."""
    commits = (
        evidence.tables["commits"]
        .filter(by_people(evidence) & ~pl.col("is_merge").fill_null(value=False))
        .drop_nulls("author")
        .with_columns(key=filled("{}@{}", "repo", "sha"))
    )
    return by_commit(commits, evidence)


def _owners(evidence: Evidence) -> pl.LazyFrame:
    return evidence.tables["services"].select("service", "team").drop_nulls()


def _home_teams(evidence: Evidence) -> pl.LazyFrame:
    """Return author and home: the team that most of their work is for; ties have none.

    Where work for one team alone is known, everybody would be at home there: nobody is then.
    """
    changes = by_change(counted_changes(evidence).drop_nulls("author"), evidence)
    columns = ("service", "author", "key")
    counts = (
        pl.concat([_authored(evidence).select(columns), changes.select(columns)])
        .join(_owners(evidence), on="service")
        .select("author", "team", "key")
        .unique()
        .filter(pl.col("team").n_unique() >= _TEAMS)
        .group_by("author", "team")
        .len()
    )
    return (
        counts.filter(pl.col("len") == pl.col("len").max().over("author"))
        .filter(pl.len().over("author") == 1)
        .select("author", home="team")
    )


CROSS_TEAM_REVIEWS: Final = Metric(
    id="cross_team_reviews",
    name="Cross-team reviews",
    question="Do teams look at each other's work?",
    family="collaboration",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Merged changes reviewed by somebody whose home team is not the team that owns the service "
        "÷ merged changes reviewed by somebody whose home team is known, in the period of the "
        "merge."
    ),
    choices=(
        f"{_HOME[0].upper()}{_HOME[1:]}; any submitted review by somebody other than the author "
        f"counts, also after the merge; {BOTS_LEFT_OUT}; {ATTRIBUTION}."
    ),
    unknown_when=f"No live exports of changes and reviews {_UNKNOWN}.",
    misleads_when=(
        "Many who review write nothing that is known; people changed teams; one team reviews for "
        "all."
    ),
    moved_without_improvement="Asking other teams for approvals without reading.",
    source=(
        "This project's choice, after DORA capability 'Generative organizational culture' "
        "(cross-functional collaboration is encouraged)."
    ),
    needs=("changes", "reviews"),
    columns=((("reviews", "reviewer"),), (("changes", "author"), ("commits", "author"))),
    observe=cross_team_reviews,
)

OUTSIDE_CONTRIBUTIONS: Final = Metric(
    id="outside_contributions",
    name="Contributions from outside the team",
    question="Can others change what a team owns?",
    family="collaboration",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Commits by people whose home team is not the team that owns the service ÷ commits by "
        "people whose home team is known, in the period of committed_at."
    ),
    choices=(
        f"{_HOME[0].upper()}{_HOME[1:]}; merge commits left out; commits of bots left out unless "
        f"count_bots is set; {ATTRIBUTION}."
    ),
    unknown_when=f"No live export of commits with their authors {_UNKNOWN}.",
    misleads_when=(
        "People changed teams; one person commits under several names; a repository is shared "
        "by services of several teams, so that half of its commits are from outside by rule."
    ),
    moved_without_improvement="Sweeping changes of style over everybody's repositories.",
    source=(
        "This project's choice, after inner source, and DORA capability 'Code maintainability' "
        "(changing code that others own)."
    ),
    needs=("commits",),
    columns=((("commits", "author"),),),
    observe=outside_contributions,
)

KNOWLEDGE_SPREAD: Final = Metric(
    id="knowledge_spread",
    name="Spread of knowledge",
    question="How many people would have to leave for half of the knowledge to go?",
    family="collaboration",
    kind=Kind.SPREAD,
    unit=Unit.AUTHORS,
    better=Better.HIGHER,
    definition=(
        "Fewest authors who together made at least half of the lines added and deleted in the 365 "
        "days up to the end of the period."
    ),
    choices=(
        "Of a team or the organisation: over all its services, each author once; merge commits "
        "left out; commits of bots left out unless count_bots is set; withheld where fewer than "
        "minimum_group people made all of them; all lines of a commit count for each service that "
        f"it belongs to; {ATTRIBUTION}."
    ),
    unknown_when="No live export of commits with authors and lines covers the end of the period.",
    misleads_when=(
        "Generated code, lock files or a move are most of the lines; people write in pairs, or "
        "under several names; one who reviews everything knows it too."
    ),
    moved_without_improvement="Many people reformatting files.",
    source=(
        "The 'bus factor' of software engineering, by lines changed; half and a year are this "
        "project's choice."
    ),
    needs=("commits",),
    columns=((("commits", "author"),), (("commits", "lines_added"),)),
    observe=knowledge_spread,
)

ACROSS_TEAMS: Final = (CROSS_TEAM_REVIEWS, OUTSIDE_CONTRIBUTIONS, KNOWLEDGE_SPREAD)
"""Work across teams, in report order."""
