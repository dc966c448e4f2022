"""What of the repositories is looked at: scans, scanning pipelines, bills, Scorecard."""

from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from devops_analytics.linking.sightings import telling_scans
from devops_analytics.metrics.attribution import (
    REPOSITORY_ATTRIBUTION,
    as_observations,
    by_repository,
)
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit
from devops_analytics.metrics.states import SNAPSHOTS, WEEK_DAYS, at_moments, moments
from devops_analytics.sources.scorecard import TOOL

_RAN: Final = ("success", "failure")
"""A scanning job that found something fails; one that broke off or was skipped did not scan."""
_SCANS_BY_NAME: Final = (
    r"(?i)code[-_ ]?ql|semgrep|snyk|trivy|grype|gitleaks|trufflehog|checkov|tfsec|\bkics\b|sonar"
    r"|fortify|veracode|checkmarx|bandit|brakeman|gosec|\bzap\b|owasp|osv[-_ ]?scanner|anchore"
    r"|govulncheck|dependency[-_ ]?(?:check|review|scan)|(?:npm|pip|yarn|bundle|cargo)[-_ ]audit"
    r"|secur|\bsast\b|\bdast\b|vulnerab|(?:secret|container|image|licen[cs]e)s?[-_ ]?scan"
)
_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CURRENT: Final = "what is older than scan_valid_days tells nothing of the present"
_KNOWN: Final = (
    "repositories are those that services, commits or pipeline runs tell of, from their first "
    "commit or run on"
)


def scan_coverage(evidence: Evidence) -> pl.LazyFrame:
    """Mark each known repository that a scanner came to its end on within `scan_valid_days`.

    A tool that follows findings itself vouches for a repository from its first finding on.

    Returns:
        Observations: `at` is a snapshot, `value` 1 where it was scanned, `key` the repository.
    """
    return _covered(pl.concat([scanned(evidence), followed(evidence)]), evidence)


def sbom_coverage(evidence: Evidence) -> pl.LazyFrame:
    """Mark each known repository with a bill of materials not older than `scan_valid_days`.

    Returns:
        Observations: `at` is a snapshot, `value` 1 where there is a bill, `key` the repository.
    """
    bills = evidence.tables["components"].select("repo", from_at="at").unique()
    return _covered(_valid(bills, evidence), evidence)


def pipeline_scan_coverage(evidence: Evidence) -> pl.LazyFrame:
    """Mark each repository with pipelines in which a job or pipeline scans, by its name.

    Returns:
        Observations: `at` is a snapshot, `value` 1 where a scan ran within `scan_valid_days`,
        `key` the repository. Where no jobs are known and no pipeline is named so, none.
    """
    runs = _ran(evidence.tables["pipeline_runs"].rename({"pipeline": "name"}))
    jobs = _ran(evidence.tables["pipeline_jobs"])
    scans = pl.concat([runs, jobs]).filter(pl.col("name").str.contains(_SCANS_BY_NAME))
    with_jobs = jobs.select("repo").unique()
    can_say = pl.concat([with_jobs, scans.select("repo")]).unique()
    active = _by_day(runs).join(can_say, on="repo", how="semi")
    snapshots = moments(evidence)
    counted = at_moments(_valid(active, evidence), snapshots).select("repo", "at").unique()
    return _marked(counted, _valid(_by_day(scans), evidence), evidence)


def scorecard_score(evidence: Evidence) -> pl.LazyFrame:
    """Return the latest OpenSSF Scorecard score of each repository, if `scan_valid_days` old.

    Returns:
        Observations: `at` is a snapshot, `value` the score (0-10), `key` the repository.
    """
    whole = (pl.col("tool") == TOOL) & (pl.col("check") == "")
    scores = (
        evidence.tables["scans"]
        .filter(whole & (pl.col("repo") != ""))
        .sort("repo", "at")
        .with_columns(next_at=pl.col("at").shift(-1).over("repo"))
        .select("repo", "next_at", "source_ref", value="score", from_at="at")
    )
    spans = _valid(scores, evidence).with_columns(to_at=pl.min_horizontal("to_at", "next_at"))
    rows = at_moments(spans, moments(evidence)).drop_nulls("value")
    return as_observations(
        by_repository(rows.with_columns(key="repo", observed=pl.lit(value=True)), evidence)
    )


def scanned(evidence: Evidence) -> pl.LazyFrame:
    """Return repo, from_at, to_at: for how long each scan that tells of findings counts."""
    scans = telling_scans(evidence.tables["scans"], evidence.tables["sightings"])
    return _valid(scans.filter(pl.col("repo") != "").select("repo", from_at="at"), evidence)


def followed(evidence: Evidence) -> pl.LazyFrame:
    """Return repo, from_at, to_at (null) of what tools without scans follow by themselves."""
    return (
        evidence.tables["findings"]
        .filter(pl.col("repo") != "")
        .join(evidence.tables["scans"], on=["tool", "repo"], how="anti")
        .group_by("repo")
        .agg(from_at=pl.col("first_seen_at").min())
        .with_columns(to_at=pl.lit(None, pl.Datetime("us", "UTC")))
    )


def _valid(rows: pl.LazyFrame, evidence: Evidence) -> pl.LazyFrame:
    days = timedelta(days=evidence.definitions.scan_valid_days)
    return rows.with_columns(to_at=pl.col("from_at") + days)


def _ran(runs: pl.LazyFrame) -> pl.LazyFrame:
    begun = pl.coalesce("started_at", "queued_at")
    ended = runs.filter(pl.col("result").is_in(_RAN) & pl.col("repo").is_not_null())
    return ended.select("repo", "name", from_at=begun).drop_nulls("from_at")


def _by_day(runs: pl.LazyFrame) -> pl.LazyFrame:
    """Return the last of each repository's runs on a day: millions of runs are a few rows."""
    day = pl.col("from_at").dt.truncate("1d").alias("day")
    return runs.group_by("repo", day).agg(pl.col("from_at").max()).drop("day")


def _covered(spans: pl.LazyFrame, evidence: Evidence) -> pl.LazyFrame:
    known = _known_repositories(evidence).with_columns(to_at=pl.lit(None, pl.Datetime("us", "UTC")))
    return _marked(at_moments(known, moments(evidence)), spans, evidence)


def _marked(counted: pl.LazyFrame, spans: pl.LazyFrame, evidence: Evidence) -> pl.LazyFrame:
    """Return observations of repositories at moments: 1 where a span of theirs holds."""
    held = at_moments(spans, moments(evidence)).select("repo", "at", value=pl.lit(1.0)).unique()
    rows = counted.join(held, on=["repo", "at"], how="left").with_columns(
        pl.col("value").fill_null(0.0),
        key="repo",
        observed=pl.lit(value=True),
        source_ref=pl.lit(None, pl.String),
    )
    return as_observations(by_repository(rows, evidence))


def _known_repositories(evidence: Evidence) -> pl.LazyFrame:
    """Return repo and from_at: since when it is known by something that is no scan."""
    tables = evidence.tables
    begun = pl.coalesce("started_at", "queued_at").min()
    parts = (
        tables["commits"].group_by("repo").agg(from_at=pl.col("committed_at").min()),
        tables["pipeline_runs"].group_by("repo").agg(from_at=begun),
        tables["service_repositories"].select(
            "repo", from_at=pl.lit(None, pl.Datetime("us", "UTC"))
        ),
    )
    firsts = pl.concat(parts).group_by("repo").agg(pl.col("from_at").min())
    return firsts.with_columns(pl.col("from_at").fill_null(_ALWAYS))


SCAN_COVERAGE: Final = Metric(
    id="scan_coverage",
    name="Scan coverage",
    question="Are all repositories scanned for weaknesses?",
    family="security",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Repositories that a scanner came to its end on lately ÷ repositories that are known, at "
        "the end of the period."
    ),
    choices=(
        f"{SNAPSHOTS}; {_CURRENT}; a scan that failed, that only lists "
        "components, or that only gives a score is none; a tool that follows findings by itself "
        "counts from the first it has of a repository; any scanner counts, whatever it looks for; "
        f"{_KNOWN}; {REPOSITORY_ATTRIBUTION}."
    ),
    unknown_when="No live export of a scanner's results covers the end of the period.",
    misleads_when=(
        "Repositories nobody works on any more count; images are scanned under names that are no "
        "repository's; a repository that only its alerts tell of has none."
    ),
    moved_without_improvement="Running a scanner whose findings nobody reads.",
    source=(
        "DORA capability 'Pervasive security' (testing security requirements as a part of the "
        "automated testing process); the share is this project's choice."
    ),
    needs=("findings",),
    observe=scan_coverage,
    state_days=WEEK_DAYS,
    feeds_speak_for_all=True,
)

PIPELINE_SCAN_COVERAGE: Final = Metric(
    id="pipeline_scan_coverage",
    name="Pipelines that scan",
    question="Do pipelines look for weaknesses?",
    family="security",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Repositories in whose pipelines a scan ran lately ÷ repositories whose pipelines ran "
        "lately, at the end of the period."
    ),
    choices=(
        f"{SNAPSHOTS}; {_CURRENT}; a scan is a pipeline or job with a "
        "scanner or a word of scanning in its name that ended in success or failure (one that "
        "finds something fails); a repository without any known job is left out unless one of "
        f"its pipelines is named so; {REPOSITORY_ATTRIBUTION}."
    ),
    unknown_when="No live export of pipeline runs covers the end of the period.",
    misleads_when="Scans are steps inside a job of another name, or run outside of pipelines.",
    moved_without_improvement="Naming a job after a scanner.",
    source=(
        "DORA capability 'Pervasive security'; telling a scan by its name is this project's "
        "heuristic."
    ),
    needs=("pipeline_runs",),
    observe=pipeline_scan_coverage,
    state_days=WEEK_DAYS,
)

SCORECARD_SCORE: Final = Metric(
    id="scorecard_score",
    name="OpenSSF Scorecard score",
    question="How well do repositories keep to the practices of supply chain security?",
    family="security",
    kind=Kind.LEVEL,
    unit=Unit.SCALE_POINTS,
    better=Better.HIGHER,
    definition=(
        "Half of the scored repositories have at most so many points (0-10) at the end of the "
        "period."
    ),
    choices=(
        f"{SNAPSHOTS}; the tool's own aggregate of its checks, the "
        f"latest of each repository; {_CURRENT}; an inconclusive aggregate is none; "
        f"{REPOSITORY_ATTRIBUTION}."
    ),
    unknown_when="No live export of scans covers the end of the period.",
    misleads_when=(
        "Checks that came to nothing are in no aggregate, so a high one may rest on few; checks "
        "and their weights change with the tool's version."
    ),
    moved_without_improvement="Adding the files that checks look for.",
    source="OpenSSF Scorecard, checks.md, 2026-08.",
    needs=("scans",),
    observe=scorecard_score,
    state_days=WEEK_DAYS,
)

SBOM_COVERAGE: Final = Metric(
    id="sbom_coverage",
    name="Bill of materials coverage",
    question="Is it known what software is made of?",
    family="security",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.HIGHER,
    definition=(
        "Repositories with a bill of materials of late ÷ repositories that are known, at the end "
        "of the period."
    ),
    choices=(
        f"{SNAPSHOTS}; {_CURRENT}; a bill has at least one component; "
        f"{_KNOWN}; {REPOSITORY_ATTRIBUTION}."
    ),
    unknown_when="No live export of bills of materials covers the end of the period.",
    misleads_when="Bills are made of images under names that are no repository's.",
    moved_without_improvement="Making bills that nobody compares with what is known to be weak.",
    source=(
        "NTIA, 'The Minimum Elements For a Software Bill of Materials', 2021, as the aim; the "
        "share is this project's choice."
    ),
    needs=("components",),
    observe=sbom_coverage,
    state_days=WEEK_DAYS,
    feeds_speak_for_all=True,
)
