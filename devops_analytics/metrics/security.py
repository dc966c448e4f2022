"""Security: what weaknesses are known, how long they stay, and how much is looked at."""

from typing import Final

import polars as pl

from devops_analytics.metrics.attribution import (
    REPOSITORY_ATTRIBUTION,
    as_observations,
    by_repository,
    hours_between,
)
from devops_analytics.metrics.components import AGE_CHOICES, IMAGES, MODULES, component_age
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit
from devops_analytics.metrics.scanning import (
    PIPELINE_SCAN_COVERAGE,
    SBOM_COVERAGE,
    SCAN_COVERAGE,
    SCORECARD_SCORE,
    followed,
    scanned,
)
from devops_analytics.metrics.states import (
    MONTH_DAYS,
    MONTHLY_SNAPSHOTS,
    SNAPSHOTS,
    WEEK_DAYS,
    at_moments,
    moments,
)
from devops_analytics.text import filled

SERIOUS: Final = ("critical", "high")

_WEAKNESSES: Final = (*SERIOUS, "medium", "low", "unknown")
"""Severities that count; `info` is a remark and no weakness."""


def open_findings(evidence: Evidence) -> pl.LazyFrame:
    """Count the open findings of each repository that is scanned.

    Returns:
        Observations: `at` is a snapshot, `value` findings, `key` the repository. Where none is
        open, 0 if a scan of `scan_valid_days` or a tool that follows findings says so.
    """
    return _counted(evidence, _WEAKNESSES)


def open_serious_findings(evidence: Evidence) -> pl.LazyFrame:
    """Count the critical and high ones of `open_findings`."""
    return _counted(evidence, SERIOUS)


def open_findings_age(evidence: Evidence) -> pl.LazyFrame:
    """Measure since when each open finding has been known.

    Returns:
        Observations: `at` is a snapshot, `value` hours, `key` tool, repository and fingerprint.
    """
    rows = at_moments(_spans(_standing(evidence, _WEAKNESSES)), moments(evidence))
    return _of_findings(rows.with_columns(value=hours_between("from_at", "at")), evidence)


def time_to_fix(evidence: Evidence) -> pl.LazyFrame:
    """Measure how long each finding took from being first seen to being fixed.

    Returns:
        Observations: `at` is when it was first seen, `value` hours, `observed` false while it is
        open, `key` tool, repository and fingerprint.
    """
    return _times_to_fix(evidence, _WEAKNESSES)


def time_to_fix_serious(evidence: Evidence) -> pl.LazyFrame:
    """Return the critical and high ones of `time_to_fix`."""
    return _times_to_fix(evidence, SERIOUS)


def suppressed_findings(evidence: Evidence) -> pl.LazyFrame:
    """Mark each finding that is not fixed and was dismissed.

    Returns:
        Observations: `at` is a snapshot, `value` 1 where it is dismissed, `key` tool, repository
        and fingerprint. Findings of a tool that never says are left out.
    """
    can_say = pl.col("suppressed").is_not_null().any().over("tool")
    rows = at_moments(_spans(_findings(evidence, _WEAKNESSES).filter(can_say)), moments(evidence))
    dismissed = pl.col("suppressed").fill_null(value=False)
    return _of_findings(rows.with_columns(value=dismissed), evidence)


def dependency_age(evidence: Evidence) -> pl.LazyFrame:
    """Return `component_age` of what is neither an image nor a module of infrastructure."""
    return component_age(evidence, ~pl.col("purl").str.contains(f"{IMAGES}|{MODULES}"))


def _findings(evidence: Evidence, severities: tuple[str, ...]) -> pl.LazyFrame:
    return evidence.tables["findings"].filter(
        pl.col("severity").is_in(severities) & pl.col("first_seen_at").is_not_null()
    )


def _standing(evidence: Evidence, severities: tuple[str, ...]) -> pl.LazyFrame:
    """Return findings that nobody dismissed."""
    dismissed = pl.col("suppressed").fill_null(value=False)
    return _findings(evidence, severities).filter(~dismissed)


def _spans(findings: pl.LazyFrame) -> pl.LazyFrame:
    return findings.rename({"first_seen_at": "from_at", "fixed_at": "to_at"})


def _counted(evidence: Evidence, severities: tuple[str, ...]) -> pl.LazyFrame:
    snapshots = moments(evidence)
    looked_at = at_moments(pl.concat([scanned(evidence), followed(evidence)]), snapshots)
    of_repository = _standing(evidence, severities).filter(pl.col("repo") != "")
    found = at_moments(_spans(of_repository), snapshots)
    rows = (
        pl.concat(
            [
                looked_at.select("repo", "at", n=pl.lit(0)),
                found.select("repo", "at", n=pl.lit(1)),
            ]
        )
        .group_by("repo", "at")
        .agg(value=pl.col("n").sum())
        .with_columns(key="repo", observed=pl.lit(value=True), source_ref=pl.lit(None, pl.String))
    )
    return as_observations(by_repository(rows, evidence))


def _times_to_fix(evidence: Evidence, severities: tuple[str, ...]) -> pl.LazyFrame:
    ends = pl.coalesce("fixed_at", pl.lit(evidence.as_of))
    rows = (
        _standing(evidence, severities)
        .with_columns(
            at="first_seen_at",
            observed=pl.col("fixed_at").is_not_null(),
            value=hours_between("first_seen_at", ends),
        )
        .filter(pl.col("value") >= 0)
    )
    return _of_findings(rows, evidence)


def _of_findings(rows: pl.LazyFrame, evidence: Evidence) -> pl.LazyFrame:
    """Return observations of single findings, all observed where nothing else is said."""
    named = rows.with_columns(key=filled("{} {} {}", "tool", "repo", "fingerprint"))
    if "observed" not in rows.collect_schema():
        named = named.with_columns(observed=pl.lit(value=True))
    return as_observations(by_repository(named, evidence))


_COUNTS: Final = (
    "severity as the tool says it, info left out; dismissed findings left out (since when is not "
    "known, so they never counted)"
)
_UNKNOWN: Final = (
    "No live results of a scanner on the repository cover {}; a scan that failed tells nothing."
)
_SEEN: Final = (
    "what single scans saw is open until a later scan of the same tool that came to its end no "
    "longer sees it"
)
OPEN_FINDINGS: Final = Metric(
    id="open_findings",
    name="Open findings",
    question="How many known weaknesses are open?",
    family="security",
    kind=Kind.LEVEL,
    unit=Unit.FINDINGS,
    better=Better.LOWER,
    definition=(
        "Half of the scanned repositories have at most so many open findings at the end of the "
        "period."
    ),
    choices=(
        f"{SNAPSHOTS}; {_COUNTS}; {_SEEN}; a repository counts while it has open findings, or a "
        "scan not older than scan_valid_days says that it has none; "
        f"{REPOSITORY_ATTRIBUTION}."
    ),
    unknown_when=_UNKNOWN.format("the end of the period"),
    misleads_when=(
        "A new scanner sees what was always there; what nobody scans has none; large repositories "
        "have more than small ones."
    ),
    moved_without_improvement="Dismissing findings, scanning less, or splitting repositories.",
    source="This project's choice, after DORA capability 'Pervasive security'.",
    needs=("findings",),
    observe=open_findings,
    state_days=WEEK_DAYS,
)

OPEN_SERIOUS_FINDINGS: Final = Metric(
    id="open_serious_findings",
    name="Open serious findings",
    question="How many known weaknesses are open that are critical or high?",
    family="security",
    kind=Kind.LEVEL,
    unit=Unit.FINDINGS,
    better=Better.LOWER,
    definition=(
        "Half of the scanned repositories have at most so many open findings that are critical or "
        "high at the end of the period."
    ),
    choices=OPEN_FINDINGS.choices,
    unknown_when=OPEN_FINDINGS.unknown_when,
    misleads_when="Tools grade differently, and not by whether the weakness can be reached.",
    moved_without_improvement="Grading findings down, dismissing them, or scanning less.",
    source=OPEN_FINDINGS.source,
    needs=("findings",),
    observe=open_serious_findings,
    variant_of="open_findings",
    state_days=WEEK_DAYS,
)

OPEN_FINDINGS_AGE: Final = Metric(
    id="open_findings_age",
    name="Age of open findings",
    question="For how long have open weaknesses been known?",
    family="security",
    kind=Kind.LEVEL,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition="Half of the findings open at the end of the period were seen at most so long ago.",
    choices=f"{SNAPSHOTS}; {_COUNTS}; {_SEEN}; {REPOSITORY_ATTRIBUTION}.",
    unknown_when=_UNKNOWN.format("the end of the period"),
    misleads_when=(
        "Scanning began lately, so nothing can be old; fixing the young ones first makes it rise."
    ),
    moved_without_improvement="Dismissing the oldest, or changing what identifies a finding.",
    source="This project's choice: the age of work that is not done, beside the time it takes.",
    needs=("findings",),
    observe=open_findings_age,
    state_days=WEEK_DAYS,
)

TIME_TO_FIX: Final = Metric(
    id="time_to_fix",
    name="Time to fix",
    question="How long does it take to fix a known weakness?",
    family="security",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=(
        "Time from when a finding was first seen to when it was fixed, in the period in which it "
        "was first seen."
    ),
    choices=(
        f"Open findings count as lasting at least until now (censored); {_COUNTS}; {_SEEN}, so a "
        f"time is as exact as scans are frequent; {REPOSITORY_ATTRIBUTION}."
    ),
    unknown_when=_UNKNOWN.format("the period"),
    misleads_when=(
        "What the first scan of a repository finds was there before; code that was moved or "
        "deleted counts as fixed."
    ),
    moved_without_improvement="Scanning rarely and fixing just before, or dismissing.",
    source=(
        "This project's choice, after the remediation times of CISA BOD 19-02 (15 and 30 days "
        "for critical and high, from detection)."
    ),
    needs=("findings",),
    observe=time_to_fix,
)

TIME_TO_FIX_SERIOUS: Final = Metric(
    id="time_to_fix_serious",
    name="Time to fix, serious findings",
    question="How long does it take to fix a weakness that is critical or high?",
    family="security",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=(
        "Time from when a critical or high finding was first seen to when it was fixed, in the "
        "period in which it was first seen."
    ),
    choices=TIME_TO_FIX.choices,
    unknown_when=TIME_TO_FIX.unknown_when,
    misleads_when=TIME_TO_FIX.misleads_when,
    moved_without_improvement="Grading findings down, scanning rarely, or dismissing.",
    source=TIME_TO_FIX.source,
    needs=("findings",),
    observe=time_to_fix_serious,
    variant_of="time_to_fix",
)

SUPPRESSED_FINDINGS: Final = Metric(
    id="suppressed_findings",
    name="Dismissed findings",
    question="How much of what scanners find is put aside?",
    family="security",
    kind=Kind.PROPORTION,
    unit=Unit.SHARE,
    better=Better.LOWER,
    definition=(
        "Findings that were dismissed ÷ findings that are not fixed, at the end of the period."
    ),
    choices=(
        f"{SNAPSHOTS}; severity as the tool says it, info left out; dismissed by the tool's own "
        "word or a baseline, and taken to have been so from the start, as the moment is not known; "
        f"findings of a tool that never says are left out; {REPOSITORY_ATTRIBUTION}."
    ),
    unknown_when=_UNKNOWN.format("the end of the period"),
    misleads_when="Dismissing a false alarm is right; a noisy scanner needs much of it.",
    moved_without_improvement="Switching rules off, so that nothing is left to dismiss.",
    source="This project's choice: what is put aside says how far a scanner is believed.",
    needs=("findings",),
    observe=suppressed_findings,
    state_days=WEEK_DAYS,
)

DEPENDENCY_AGE: Final = Metric(
    id="dependency_age",
    name="Dependency age",
    question="For how long have dependencies stood at their version?",
    family="security",
    kind=Kind.DURATION,
    unit=Unit.HOURS,
    better=Better.LOWER,
    definition=(
        "Half of the dependencies listed at the end of the period have stood at their version for "
        "at most so long."
    ),
    choices=(
        f"{MONTHLY_SNAPSHOTS}; {AGE_CHOICES}; images and "
        f"modules of infrastructure have metrics of their own; {REPOSITORY_ATTRIBUTION}."
    ),
    unknown_when="No live export of bills of materials covers the end of the period.",
    misleads_when=(
        "A dependency with no newer version is as old as one that is neglected; bills were made "
        "for a short time only, so little can be known to be old."
    ),
    moved_without_improvement="Updating what has no weakness, for the number.",
    source=(
        "This project's proxy for libyears (Cox et al., ICSE 2015), which need dates of "
        "publication."
    ),
    needs=("components",),
    observe=dependency_age,
    state_days=MONTH_DAYS,
)

SECURITY: Final[tuple[Metric, ...]] = (
    OPEN_FINDINGS,
    OPEN_SERIOUS_FINDINGS,
    OPEN_FINDINGS_AGE,
    TIME_TO_FIX,
    TIME_TO_FIX_SERIOUS,
    SUPPRESSED_FINDINGS,
    SCAN_COVERAGE,
    PIPELINE_SCAN_COVERAGE,
    SCORECARD_SCORE,
    DEPENDENCY_AGE,
    SBOM_COVERAGE,
)
"""The metrics of this family, in report order."""
