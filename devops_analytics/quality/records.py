"""Checks of words and names: unknown results, environments, bots, owners, the quarantine."""

from typing import Final

import polars as pl

from devops_analytics.quality.check import (
    Check,
    Material,
    Severity,
    as_found,
    change_key,
    commit_key,
)
from devops_analytics.quality.links import unlinked_because
from devops_analytics.quality.names import DELIVERY_DATES, FAIL_RATE, LEAD_TIME, PIPELINES, RESTORE
from devops_analytics.sources.json_kinds import NOT_NEEDED
from devops_analytics.sources.table import EXCLUDED
from devops_analytics.sources.times import WITHOUT_ZONE
from devops_analytics.text import filled

MEANT: Final = (EXCLUDED, NOT_NEEDED, "not_an_incident", "draft_release")
"""Reasons of records that are kept apart on purpose: they are no findings."""


def _unknown_deployments(material: Material) -> pl.LazyFrame:
    rows = material.table("deployments").filter(pl.col("result") == "unknown")
    detail = filled("in {}", pl.col("environment").fill_null("an environment without a name"))
    return as_found(rows, "deployment_id", service="service", detail=detail)


def _unknown_runs(material: Material) -> pl.LazyFrame:
    is_unknown = pl.col("result") == "unknown"
    runs = material.table("pipeline_runs").filter(is_unknown)
    jobs = material.table("pipeline_jobs").filter(is_unknown)
    run = filled("{}/{}/{}", "repo", "run_id", "attempt")
    job = filled("{}/{}/{}", "run_id", "attempt", "job_id")
    of = pl.col("pipeline").fill_null("pipeline without a name")
    return pl.concat(
        [
            as_found(runs, run, repo="repo", detail=filled("run of {}", of)),
            as_found(jobs, job, repo="repo", detail=pl.lit("job")),
        ]
    )


def _unknown_others(material: Material) -> pl.LazyFrame:
    tests = material.table("test_results").filter(pl.col("result") == "unknown")
    test = filled("{}/{}/{}", "run_id", "case", "number")
    parts = [as_found(tests, test, repo="repo", detail=pl.lit("result of a test case"))]
    for name in ("findings", "sightings"):
        rows = material.table(name).filter(pl.col("severity") == "unknown")
        finding = filled("{}/{}", "tool", "fingerprint")
        parts.append(as_found(rows, finding, repo="repo", detail=pl.lit("severity of a finding")))
    return pl.concat(parts)


def _unnamed_environments(material: Material) -> pl.LazyFrame:
    kind = pl.col("environment_kind").fill_null("unknown")
    rows = material.table("deployments").filter(kind == "unknown")
    name = pl.col("environment").fill_null("not named")
    return as_found(rows, "deployment_id", service="service", detail=filled("environment {}", name))


def _bots(material: Material) -> pl.LazyFrame:
    commits = material.table("commits").filter("is_bot")
    changes = material.table("changes").filter("is_bot")
    return pl.concat(
        [
            as_found(commits, commit_key(), repo="repo", detail=pl.lit("commit")),
            as_found(changes, change_key(), repo="repo", detail=pl.lit("change")),
        ]
    )


def _nobodys_services(material: Material) -> pl.LazyFrame:
    owned = material.table("services").filter(pl.col("team").is_not_null())
    rows = (
        material.table("deployments")
        .group_by("service")
        .len()
        .join(owned, on="service", how="anti")
    )
    detail = filled("deployments: {}", "len")
    return as_found(rows, "service", service="service", detail=detail)


def _planned(material: Material) -> pl.LazyFrame:
    rows = material.table("incidents").filter("planned")
    return as_found(rows, "incident_id", service="service", detail=pl.lit("planned maintenance"))


def _without_zone(material: Material) -> pl.LazyFrame:
    return _quarantined(material, _is_incident_without_zone())


def _others_quarantined(material: Material) -> pl.LazyFrame:
    is_meant = pl.col("reason").is_in(MEANT)
    return _quarantined(material, ~is_meant & ~_is_incident_without_zone())


def _is_incident_without_zone() -> pl.Expr:
    return (pl.col("table") == "incidents") & (pl.col("reason") == WITHOUT_ZONE)


def _quarantined(material: Material, which: pl.Expr) -> pl.LazyFrame:
    rows = material.quarantine.lazy().filter(which)
    record = filled("{} record {}", "file", pl.col("record").cast(pl.String).fill_null("?"))
    return as_found(rows, record, detail=filled("{}: {}", "table", "reason"))


RECORDS: Final = (
    Check(
        id="records_in_quarantine",
        title="Records in quarantine",
        severity=Severity.LEAVES_OUT,
        effect="Kept apart, in no metric; what the settings leave out is not counted here.",
        what_to_do=(
            "devops-analytics check --quarantine lists them by reason, each with what to do; after "
            "a fix in the settings they load again."
        ),
        find=_others_quarantined,
        among="records",
    ),
    Check(
        id="incidents_without_zone",
        title="Incidents whose times have no zone",
        severity=Severity.LEAVES_OUT,
        effect="Kept apart in quarantine: they may be hours off, so they are in no metric.",
        what_to_do="Set `time_zone` on the source, or export times with an offset.",
        find=_without_zone,
        metrics=(*RESTORE, *FAIL_RATE),
        among="records of incidents",
    ),
    Check(
        id="deployments_without_finish",
        title="Production deployments without a finish time",
        severity=Severity.LEAVES_OUT,
        effect="Left out of every delivery metric.",
        what_to_do="Export the deployments' statuses as well, or map finished_at.",
        find=unlinked_because("deployment", "no_finish_time"),
        metrics=DELIVERY_DATES,
        among="deployments",
    ),
    Check(
        id="deployments_with_unknown_result",
        title="Deployments whose result is not known",
        severity=Severity.LEAVES_OUT,
        effect="Left out of every delivery metric; never taken for a success.",
        what_to_do="Map the export's status words, or export the deployments' statuses as well.",
        find=_unknown_deployments,
        metrics=DELIVERY_DATES,
        among="deployments",
    ),
    Check(
        id="environments_no_rule_names",
        title="Deployments to environments that no rule names",
        severity=Severity.LEAVES_OUT,
        effect="Not counted as production.",
        what_to_do="Add a pattern under [environments], or production_environments to the service.",
        find=_unnamed_environments,
        metrics=DELIVERY_DATES,
        among="deployments",
    ),
    Check(
        id="runs_with_unknown_result",
        title="Pipeline runs and jobs whose result is not known",
        severity=Severity.LEAVES_OUT,
        effect="They are no verdict: left out of pipeline metrics.",
        what_to_do="Map the export's status words; the notes of the load say which they are.",
        find=_unknown_runs,
        metrics=(*PIPELINES, "trunk_commits_tested"),
        among="runs and jobs",
    ),
    Check(
        id="services_nobody_owns",
        title="Services that no team owns",
        severity=Severity.NOTE,
        effect="Counted for the organisation, shown under no team.",
        what_to_do="Add them to a team in the settings.",
        find=_nobodys_services,
        among="services",
    ),
    Check(
        id="others_with_unknown_words",
        title="Tests and findings with a word that is not known",
        severity=Severity.NOTE,
        effect="They count as unknown results or severities.",
        what_to_do="The notes of the load say which words they are; map them if possible.",
        find=_unknown_others,
    ),
    Check(
        id="planned_incidents",
        title="Planned maintenance among the incidents",
        severity=Severity.NOTE,
        effect="No incident: left out of every metric.",
        what_to_do="Nothing, if they were planned.",
        find=_planned,
        metrics=(*RESTORE, *FAIL_RATE),
        among="incidents",
    ),
    Check(
        id="bots",
        title="Commits and changes of bots",
        severity=Severity.NOTE,
        effect="Left out of lead time and of change metrics, unless count_bots is set.",
        what_to_do="Correct people.bot_patterns if a person is among them, or a bot is not.",
        find=_bots,
        metrics=(*LEAD_TIME, "batch_size", "review_wait", "change_open_time"),
        among="commits and changes",
    ),
)
"""Checks of records by themselves."""
