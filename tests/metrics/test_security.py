"""Security: what scans tell, what they don't, and who was never scanned."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devops_analytics import Workspace
from devops_analytics.config import Definitions
from devops_analytics.linking.sightings import findings_from_sightings
from devops_analytics.metrics.metric import Evidence, Observations
from devops_analytics.metrics.scanning import (
    PIPELINE_SCAN_COVERAGE,
    SBOM_COVERAGE,
    SCAN_COVERAGE,
    SCORECARD_SCORE,
)
from devops_analytics.metrics.security import (
    DEPENDENCY_AGE,
    OPEN_FINDINGS,
    OPEN_FINDINGS_AGE,
    OPEN_SERIOUS_FINDINGS,
    SECURITY,
    SUPPRESSED_FINDINGS,
    TIME_TO_FIX,
    TIME_TO_FIX_SERIOUS,
)

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
LAST = AS_OF - timedelta(microseconds=1)
REPOSITORIES = [
    {"service": "web", "repo": "shop", "path_prefix": ""},
    {"service": "pay", "repo": "shop", "path_prefix": ""},
    {"service": "mail", "repo": "post", "path_prefix": ""},
]


def june(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, tzinfo=UTC)


def finding(name: str, **columns: Any) -> dict[str, Any]:
    return {
        "tool": "lighthouse", "repo": "shop", "fingerprint": name, "severity": "high",
        "first_seen_at": june(1), **columns,
    }  # fmt: skip


def scan(at: datetime, **columns: Any) -> dict[str, Any]:
    return {
        "tool": "lighthouse", "repo": "shop", "check": "", "at": at, "succeeded": True,
        "findings": 0, **columns,
    }  # fmt: skip


def at_the_end(metric, evidence: Evidence) -> dict[tuple[str | None, str], float]:
    """The values of the last snapshot by service and key."""
    found = Observations.validate(metric.observe(evidence).collect()).filter(at=evidence.as_of)
    return {(row["service"], row["key"]): row["value"] for row in found.iter_rows(named=True)}


# ---- Findings ---- #


def test_open_findings_are_counted_by_repository(evidence_of) -> None:
    evidence = evidence_of(
        service_repositories=REPOSITORIES,
        scans=[scan(june(25)), scan(june(25), repo="post")],
        findings=[
            finding("open"),
            finding("a note", severity="info"),
            finding("dismissed", suppressed=True),
            finding("fixed", fixed_at=june(20)),
            finding("of unknown severity", severity="unknown"),
            finding("in no repository", repo=""),
        ],
    )
    both = {("web", "shop"): 2.0, ("pay", "shop"): 2.0, ("mail", "post"): 0.0}
    assert at_the_end(OPEN_FINDINGS, evidence) == both
    assert at_the_end(OPEN_SERIOUS_FINDINGS, evidence) == both | {
        ("web", "shop"): 1.0,
        ("pay", "shop"): 1.0,
    }


@pytest.mark.parametrize(
    "failed",
    [
        {"succeeded": False},
        {"succeeded": None},
        {"findings": None},
        {"check": "Branch-Protection"},
        {"at": AS_OF - timedelta(days=35, seconds=1)},
    ],
)
def test_a_scan_that_tells_nothing_or_is_long_ago_does_not_make_a_repository_clean(
    evidence_of, failed
) -> None:
    one = scan(june(25)) | failed
    evidence = evidence_of(service_repositories=REPOSITORIES, scans=[one])
    assert at_the_end(OPEN_FINDINGS, evidence) == {}
    assert set(at_the_end(SCAN_COVERAGE, evidence).values()) == {0.0}


def test_what_is_open_stays_open_when_nobody_scans_any_more(evidence_of) -> None:
    evidence = evidence_of(
        scans=[scan(datetime(2026, 1, 1, tzinfo=UTC), findings=1)],
        findings=[finding("old", first_seen_at=datetime(2026, 1, 1, tzinfo=UTC))],
    )
    assert at_the_end(OPEN_FINDINGS, evidence) == {(None, "shop"): 1.0}


def test_a_tool_that_follows_findings_itself_knows_when_all_are_fixed(evidence_of) -> None:
    evidence = evidence_of(findings=[finding("fixed", fixed_at=june(2))])
    assert at_the_end(OPEN_FINDINGS, evidence) == {(None, "shop"): 0.0}
    assert at_the_end(SCAN_COVERAGE, evidence_of(
        service_repositories=REPOSITORIES, findings=[finding("fixed", fixed_at=june(2))]
    )) == {("web", "shop"): 1.0, ("pay", "shop"): 1.0, ("mail", "post"): 0.0}  # fmt: skip


def test_the_age_of_an_open_finding_runs_from_when_it_was_first_seen(evidence_of) -> None:
    evidence = evidence_of(findings=[finding("open"), finding("fixed", fixed_at=june(2))])
    # From 1 June to 1 July are 30 days.
    assert at_the_end(OPEN_FINDINGS_AGE, evidence) == {(None, "lighthouse shop open"): 720.0}


def test_open_findings_are_censored_not_dropped(evidence_of) -> None:
    evidence = evidence_of(
        findings=[
            finding("fixed", fixed_at=june(3)),
            finding("open"),
            finding("low", severity="low", fixed_at=june(2)),
            finding("dismissed", suppressed=True),
            finding("undated", first_seen_at=None),
            finding("fixed before it was seen", fixed_at=datetime(2026, 5, 1, tzinfo=UTC)),
        ]
    )
    found = TIME_TO_FIX.observe(evidence).collect().sort("key")
    assert found.select("key", "value", "observed").rows() == [
        ("lighthouse shop fixed", 48.0, True),
        ("lighthouse shop low", 24.0, True),
        ("lighthouse shop open", 720.0, False),
    ]
    assert TIME_TO_FIX_SERIOUS.observe(evidence).collect().height == 2


def test_findings_that_a_tool_never_says_to_be_dismissed_are_left_out(evidence_of) -> None:
    evidence = evidence_of(
        findings=[
            finding("dismissed", suppressed=True),
            finding("kept", suppressed=False),
            finding("not said"),
            finding("fixed", suppressed=True, fixed_at=june(2)),
            finding("silent", tool="other"),
        ]
    )
    assert at_the_end(SUPPRESSED_FINDINGS, evidence) == {
        (None, "lighthouse shop dismissed"): 1.0,
        (None, "lighthouse shop kept"): 0.0,
        (None, "lighthouse shop not said"): 0.0,
    }


# ---- Coverage ---- #


def test_a_repository_that_no_scan_ever_saw_counts_where_others_know_it(evidence_of) -> None:
    evidence = evidence_of(
        service_repositories=REPOSITORIES,
        commits=[{"repo": "tools", "sha": "a", "committed_at": june(1)}],
        pipeline_runs=[
            {"repo": "site", "run_id": "1", "attempt": 1, "started_at": june(1),
             "result": "success"},
        ],
        scans=[scan(june(25)), scan(june(25), repo="registry/image")],
    )  # fmt: skip
    assert at_the_end(SCAN_COVERAGE, evidence) == {
        ("web", "shop"): 1.0,
        ("pay", "shop"): 1.0,
        ("mail", "post"): 0.0,
        (None, "tools"): 0.0,
        (None, "site"): 0.0,
    }


def test_a_bill_of_materials_counts_while_it_is_of_late(evidence_of) -> None:
    evidence = evidence_of(
        service_repositories=REPOSITORIES,
        components=[
            {"repo": "shop", "purl": "pkg:npm/a@1", "at": june(20)},
            {"repo": "post", "purl": "pkg:npm/a@1", "at": datetime(2026, 5, 1, tzinfo=UTC)},
        ],
    )
    found = at_the_end(SBOM_COVERAGE, evidence)
    assert found == {("web", "shop"): 1.0, ("pay", "shop"): 1.0, ("mail", "post"): 0.0}


def run(repo: str, name: str, **columns: Any) -> dict[str, Any]:
    return {
        "repo": repo, "run_id": f"{repo}{name}", "attempt": 1, "pipeline": name,
        "started_at": june(20), "result": "success", **columns,
    }  # fmt: skip


def job(repo: str, name: str, **columns: Any) -> dict[str, Any]:
    return {
        "repo": repo, "run_id": repo, "attempt": 1, "job_id": name, "name": name,
        "started_at": june(20), "result": "success", **columns,
    }  # fmt: skip


def test_a_pipeline_scans_by_the_name_of_a_job_that_came_to_its_end(evidence_of) -> None:
    evidence = evidence_of(
        pipeline_runs=[
            run("named", "CodeQL"),
            run("by job", "build"),
            run("found something", "build"),
            run("skips it", "build"),
            run("none", "build"),
            run("jobs not known", "build"),
            run("long ago", "build", started_at=datetime(2026, 1, 1, tzinfo=UTC)),
        ],
        pipeline_jobs=[
            job("by job", "trivy"),
            job("found something", "dependency-check", result="failure"),
            job("skips it", "Semgrep scan", result="skipped"),
            job("skips it", "unit tests"),
            job("none", "unit tests"),
            job("long ago", "trivy", started_at=datetime(2026, 1, 1, tzinfo=UTC)),
        ],
    )
    assert at_the_end(PIPELINE_SCAN_COVERAGE, evidence) == {
        (None, "named"): 1.0,
        (None, "by job"): 1.0,
        (None, "found something"): 1.0,
        (None, "skips it"): 0.0,
        (None, "none"): 0.0,
    }


@pytest.mark.parametrize("name", ["scandinavia-build", "newscast", "breakfast", "release"])
def test_words_that_only_look_like_scanning_are_none(evidence_of, name) -> None:
    evidence = evidence_of(pipeline_runs=[run("r", name)], pipeline_jobs=[job("r", name)])
    assert at_the_end(PIPELINE_SCAN_COVERAGE, evidence) == {(None, "r"): 0.0}


def test_the_latest_scorecard_counts_and_an_inconclusive_one_is_none(evidence_of) -> None:
    card = {"tool": "OpenSSF Scorecard", "findings": None}
    evidence = evidence_of(
        scans=[
            scan(june(1), score=5.0, **card),
            scan(june(22), score=6.5, **card),
            scan(june(22), score=0.0, **card | {"check": "Fuzzing"}),
            scan(june(1), score=7.0, repo="post", **card),
            scan(june(22), score=None, repo="post", **card),
        ]
    )
    assert at_the_end(SCORECARD_SCORE, evidence) == {(None, "shop"): 6.5}


# ---- Dependencies ---- #


def bill(at: datetime, *purls: str, repo: str = "shop") -> list[dict[str, Any]]:
    return [{"repo": repo, "purl": purl, "at": at} for purl in purls]


def test_a_dependency_is_at_least_as_old_as_the_first_bill_and_younger_than_it_is_new(
    evidence_of,
) -> None:
    april, may = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
    evidence = evidence_of(
        components=[
            *bill(april, "pkg:npm/old@1", "pkg:npm/gone@1"),
            *bill(may, "pkg:npm/old@1", "pkg:npm/new@2", "pkg:npm/gone@1"),
            *bill(june(10), "pkg:npm/old@1", "pkg:npm/new@2", "pkg:oci/debian@12", "local@1"),
        ]
    )
    found = DEPENDENCY_AGE.observe(evidence).collect().filter(at=AS_OF).sort("key")
    assert found.select("key", "value", "observed").rows() == [
        ("shop local@1", 21 * 24.0, True),
        ("shop pkg:npm/new@2", 61 * 24.0, True),
        ("shop pkg:npm/old@1", 91 * 24.0, False),
    ]


@pytest.mark.parametrize("metric", SECURITY, ids=lambda metric: metric.id)
def test_nothing_in_gives_nothing_out(metric, evidence_of) -> None:
    assert Observations.validate(metric.observe(evidence_of()).collect()).is_empty()


# ---- Through the whole house ---- #


def opened(**tables: list[dict[str, Any]]) -> Workspace:
    services = {"web": {"repositories": ["shop"]}, "mail": {"repositories": ["post"]}}
    trace = {"source": "sarif:a", "source_ref": "a:1"}
    frames = {name: pl.DataFrame([trace | row for row in rows]) for name, rows in tables.items()}
    return Workspace.from_frames(
        frames, settings={"teams": {"red": {"services": services}}}, as_of=AS_OF
    )


def test_a_scanned_repository_is_clean_and_one_that_never_was_is_unknown() -> None:
    weekly = [scan(june(day)) for day in (1, 8, 15, 22, 29)]
    found = opened(scans=weekly).measure(
        "2026-06", by="service", metrics=["open_findings", "time_to_fix", "scan_coverage"]
    )
    by_key = {(row["metric"], row["entity"]): row for row in found.iter_rows(named=True)}
    assert by_key["open_findings", "web"]["note"] == "only 1: 0.0 findings"
    assert by_key["open_findings", "mail"]["note"] == "no feed of findings of scanners"
    assert by_key["time_to_fix", "web"]["status"] == "none"
    assert by_key["time_to_fix", "mail"]["status"] == "unknown"
    assert by_key["scan_coverage", "web"]["numerator"] == 1
    assert by_key["scan_coverage", "mail"]["note"] == "0 of 1"


def test_scans_that_only_fail_are_no_feed_of_findings() -> None:
    failed = [scan(june(day), succeeded=False) for day in (1, 8, 15, 22, 29)]
    found = opened(scans=failed).measure("2026-06", metrics=["open_findings", "scan_coverage"])
    assert found["status"].to_list() == ["unknown", "unknown"]


def test_the_rows_behind_a_state_are_those_of_its_last_moment() -> None:
    weekly = [scan(june(day)) for day in (1, 8, 15, 22, 29)]
    rows = opened(scans=weekly).rows("open_findings", "2026-06")
    assert rows.select("service", "key", "value", "at").rows() == [("web", "shop", 0.0, LAST)]


# ---- A second time, in pandas ---- #

DAYS = st.integers(0, 29)
REPOS = ("shop", "post")
TOOLS = ("lighthouse", "other")


@st.composite
def scanning(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """Scans that mostly come to their end, and what they saw."""
    scans, sightings = [], []
    for tool in TOOLS:
        for repo in REPOS:
            for day in sorted(draw(st.sets(DAYS, max_size=5))):
                at = june(1) + timedelta(days=day)
                seen = draw(st.sets(st.sampled_from("abc")))
                counted = draw(st.sampled_from([len(seen), len(seen), None]))
                succeeded = draw(st.sampled_from([True, True, False, None]))
                about = {"tool": tool, "repo": repo, "at": at}
                scans.append(about | {"check": "", "succeeded": succeeded, "findings": counted})
                sightings += [
                    about
                    | {
                        "fingerprint": name,
                        "severity": draw(st.sampled_from(["critical", "low", "info"])),
                        "suppressed": draw(st.sampled_from([None, False, True])),
                    }
                    for name in sorted(seen)
                ]
    return {"scans": scans, "sightings": sightings}


def plain_findings(world: dict[str, list[dict[str, Any]]]) -> pd.DataFrame:
    """Findings from single scans, rule by rule."""
    rows = []
    seen = pd.DataFrame(world["sightings"])
    if seen.empty:
        return pd.DataFrame(columns=["tool", "repo", "name", "first", "fixed", "severity", "off"])
    for (tool, repo, name), own in seen.groupby(["tool", "repo", "fingerprint"]):
        last = own.sort_values("at").iloc[-1]
        later = [at for at in plain_telling(world, tool, repo) if at > last["at"]]
        rows.append(
            {
                "tool": tool, "repo": repo, "name": name, "first": own["at"].min(),
                "fixed": min(later, default=None), "severity": last["severity"],
                "off": bool(pd.notna(last["suppressed"]) and last["suppressed"]),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def plain_telling(world: dict[str, list[dict[str, Any]]], tool: str, repo: str) -> list[datetime]:
    """When scans were made that would have seen what there was."""
    saw = {(s["tool"], s["repo"], s["at"]) for s in world["sightings"]}
    return [
        s["at"]
        for s in world["scans"]
        if (s["tool"], s["repo"]) == (tool, repo)
        and s["succeeded"] is True
        and (s["findings"] is not None or (tool, repo, s["at"]) in saw)
    ]


def plain_moments() -> list[datetime]:
    """Ends of the weeks and of the month, and now."""
    mondays = [june(day) for day in (1, 8, 15, 22, 29)]
    return sorted({*(at - timedelta(microseconds=1) for at in [*mondays, AS_OF]), AS_OF})


@settings(max_examples=25)
@given(scanning())
def test_findings_agree_with_a_plain_reading(evidence_of, world) -> None:
    evidence = evidence_of(definitions=Definitions(scan_valid_days=5), **world)
    tables = evidence.tables
    tables["findings"] = findings_from_sightings(tables["scans"], tables["sightings"])
    counted = plain_findings(world)
    counted = counted[(counted["severity"] != "info") & ~counted["off"].astype(bool)]
    times = {
        f"{row.tool} {row.repo} {row.name}": (
            ((AS_OF if pd.isna(row.fixed) else row.fixed) - row.first) / timedelta(hours=1),
            not pd.isna(row.fixed),
        )
        for row in counted.itertuples(index=False)
    }
    found = TIME_TO_FIX.observe(evidence).collect()
    assert {row["key"]: (row["value"], row["observed"]) for row in found.to_dicts()} == times

    counts, ages = {}, {}
    for at in plain_moments():
        for repo in REPOS:
            own = counted[counted["repo"] == repo]
            is_open = [
                row
                for row in own.itertuples(index=False)
                if row.first <= at and (pd.isna(row.fixed) or row.fixed > at)
            ]
            known = any(
                scanned <= at < scanned + timedelta(days=5)
                for tool in TOOLS
                for scanned in plain_telling(world, tool, repo)
            )
            if is_open or known:
                counts[repo, at] = len(is_open)
            for row in is_open:
                hours = (at - row.first) / timedelta(hours=1)
                ages[f"{row.tool} {repo} {row.name}", at] = hours
    for metric, expected in ((OPEN_FINDINGS, counts), (OPEN_FINDINGS_AGE, ages)):
        rows = metric.observe(evidence).collect().to_dicts()
        assert {(row["key"], row["at"]): row["value"] for row in rows} == pytest.approx(expected)
