"""Scans, bills of materials, plans and survey answers in the formats of the tools."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final

from devops_analytics.sample.assurance import (
    BILLED,
    SCORED,
    SEVERITIES,
    WAVES,
    FindingTruth,
    Respondent,
    scan_days,
    scanned_at,
)
from devops_analytics.sample.files import zulu
from devops_analytics.sample.organisation import MAIL_DOMAIN, NAME, OWNER, TEAMS
from devops_analytics.sample.workdays import local
from devops_analytics.sources.survey_items import AGREEMENT, KNOWN_ITEMS

_HOST: Final = "https://github.com"
_SCANNER: Final = "Lighthouse"
_MONTHS: Final = tuple(date(2026, month, 2) for month in range(1, 7))
_DONT_KNOW: Final = "I don't know or NA"

_COMPONENTS: Final = {
    "pkg:npm/parcel-forms@{}": ("4.1.0",) * 6,
    "pkg:npm/map-tiles@{}": ("2.0.3", "2.0.3", "2.0.4", "2.0.4", "2.0.4", "2.0.4"),
    "pkg:npm/http-client@{}": ("1.9.0", "1.9.0", "1.9.0", "1.9.1", "1.9.1", "1.9.2"),
    "pkg:npm/date-words@{}": ("0.8.1",) * 6,
    "pkg:npm/queue-worker@{}": ("3.2.0", "3.3.0", "3.3.0", "3.4.0", "3.4.0", "3.4.0"),
    "pkg:oci/harbour-base@{}": ("12.1", "12.1", "12.1", "12.2", "12.2", "12.2"),
    "pkg:oci/harbour-runtime@{}": ("22.4", "22.4", "22.5", "22.5", "22.6", "22.6"),
    "pkg:terraform/harbour/queue@{}": ("5.0", "5.0", "5.0", "5.0", "6.0", "6.0"),
    "pkg:terraform/harbour/network@{}": ("2.1",) * 6,
}
"""Package URL → the version in each month's bill."""

# ---- Scans ---- #


def sarif_log(repository: str, findings: Sequence[FindingTruth]) -> dict[str, Any]:
    """Return all scans of a repository, week by week; those that broke off have no results."""
    ended = dict.fromkeys(scan_days(repository, succeeded=True), True)
    days = ended | dict.fromkeys(scan_days(repository, succeeded=False), False)
    runs = [_run(repository, scanned_at(day), days[day], findings) for day in sorted(days)]
    return {"version": "2.1.0", "runs": runs}


def _run(
    repository: str,
    at: datetime,
    succeeded: bool,  # noqa: FBT001 - SARIF's own word
    findings: Sequence[FindingTruth],
) -> dict[str, Any]:
    seen = [
        one
        for one in findings
        if one.repository == repository
        and one.first_seen_at <= at
        and (one.fixed_at is None or at < one.fixed_at)
    ]
    rules = [
        {"id": one.rule, "properties": {"security-severity": SEVERITIES[one.severity]}}
        for one in seen
    ]
    return {
        "tool": {"driver": {"name": _SCANNER, "rules": rules}},
        "versionControlProvenance": [{"repositoryUri": f"{_HOST}/{OWNER}/{repository}"}],
        "invocations": [{"executionSuccessful": succeeded, "endTimeUtc": zulu(at)}],
        "results": [_result(one) for one in seen] if succeeded else [],
    }


def _result(finding: FindingTruth) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "message": {"text": "made up"},
        "partialFingerprints": {"sample/v1": finding.rule},
    }
    if finding.is_dismissed:
        result["suppressions"] = [{"kind": "external", "status": "accepted"}]
    else:
        result["suppressions"] = []
    return result


def scorecards() -> Iterator[dict[str, Any]]:
    """Yield OpenSSF Scorecard results: each repository scores a little better every month."""
    for place, repository in enumerate(SCORED):
        for month, day in enumerate(_MONTHS):
            yield {
                "date": day.isoformat(),
                "repo": {"name": f"github.com/{OWNER}/{repository}"},
                "scorecard": {"version": "v5.2.1"},
                "score": round(4.0 + 0.5 * place + 0.1 * month, 1),
                "checks": [{"name": "Code-Review", "score": min(4 + place, 10), "reason": "-"}],
            }


# ---- Bills and plans ---- #


def bills() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the file name and content of each month's bill of each repository."""
    for repository in BILLED:
        for month, day in enumerate(_MONTHS):
            listed = [purl.format(versions[month]) for purl, versions in _COMPONENTS.items()]
            yield (
                f"{repository}-{day:%Y-%m}.cdx.json",
                {
                    "bomFormat": "CycloneDX",
                    "specVersion": "1.6",
                    "metadata": {
                        "timestamp": zulu(local(day, 5)),
                        "component": {"type": "application", "name": f"{OWNER}/{repository}"},
                    },
                    "components": [_component(purl) for purl in listed],
                },
            )


def _component(purl: str) -> dict[str, str]:
    name, version = purl.rsplit("@", 1)
    return {
        "type": "container" if name.startswith("pkg:oci/") else "library",
        "name": name.rsplit("/", 1)[-1],
        "version": version,
        "purl": purl,
    }


def plans(made: Sequence[tuple[datetime, int]]) -> Iterator[dict[str, Any]]:
    """Yield plans as `terraform show -json` prints them, some of which found drift."""
    for at, drifted in made:
        resources = [
            {"mode": "managed", "provider_name": "registry.terraform.io/harbour/cloud"}
            for _ in range(12)
        ]
        drift = [{**one, "change": {"actions": ["update"]}} for one in resources[:drifted]]
        yield {
            "format_version": "1.2",
            "terraform_version": "1.9.5",
            "planned_values": {},
            "resource_changes": drift,
            "prior_state": {"values": {"root_module": {"resources": resources}}},
            "timestamp": zulu(at),
            "complete": True,
            "errored": False,
        } | ({"resource_drift": drift} if drift else {})


# ---- Survey ---- #


def survey_rows(respondents: Sequence[Respondent], wave: str) -> list[dict[str, str]]:
    """Return a wave's sheet: a row for each respondent, a column for each statement."""
    words = {value: label for label, value in reversed(AGREEMENT["1-7"].items())}
    closed, beginning = WAVES[wave]
    return [
        {
            "Response ID": f"{wave}-{one.number:02}",
            "Submitted": closed.isoformat(),
            "Your team": TEAMS[one.team],
            **{
                f"{beginning}, {KNOWN_ITEMS[item].wording}.": words[value].capitalize()
                if value
                else _DONT_KNOW
                for item, value in one.answers.items()
            },
            "Anything else?": "",
        }
        for one in respondents
        if one.wave == wave
    ]


# ---- Attestations ---- #


def attestation_rows() -> list[dict[str, str]]:
    """Return what teams stand up for: one has expired, and one is of what is measured."""
    return [
        {
            "subject": subject,
            "indicator": indicator,
            "at": at,
            "value": value,
            "url": f"https://wiki.{MAIL_DOMAIN}/{indicator}",
            "expires_at": expires_at,
        }
        for subject, indicator, at, value, expires_at in (
            (NAME, "database_changes_automated", "2026-03-02", "80%", ""),
            (NAME, "configuration_in_version_control", "2026-05-11", "0.9", "2027-05-11"),
            (NAME, "environments_on_demand", "2025-04-01", "yes", "2026-03-31"),
            ("tracking", "team_runs_what_it_builds", "2026-04-07", "yes", "2026-12-31"),
            ("checkout", "team_runs_what_it_builds", "2026-04-07", "partly", "2026-12-31"),
            ("platform", "service_levels_reviewed", "2026-06-03", "yes", ""),
            (NAME, "change_fail_rate", "2026-06-30", "yes", ""),
        )
    ]
