"""A worked example for every check: the odd records are found, the plain ones beside them not."""

from datetime import UTC, datetime, timedelta

import pytest

from devops_analytics.linking.unlinked import REASONS
from devops_analytics.metrics import METRICS
from devops_analytics.quality import CHECKS, POPULATIONS, Severity


def t(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


A, B, C, D = (letter * 40 for letter in "abcd")
FEED = {"deployment_id": "d0", "service": "shop", "finished_at": t("05-01")}
BASE = {"repo": "shop", "sha": A, "committed_at": t("05-01 08:00")}
FIRST = {"deployment_id": "d1", "service": "shop", "repo": "shop", "sha": A,
         "finished_at": t("05-01 09:00")}  # fmt: skip


def child(sha: str = B, *, committed_at: datetime, parent: str = A, **others: object) -> dict:
    return {"repo": "shop", "sha": sha, "parents": [parent], "committed_at": committed_at} | others


def deployed(sha: str | None, *, at: datetime, key: str = "d2", **others: object) -> dict:
    return {
        "deployment_id": key, "service": "shop", "repo": "shop", "sha": sha, "finished_at": at,
    } | others  # fmt: skip


def incident(key: str, *, start: datetime | None, end: datetime | None = None, **others) -> dict:
    return {
        "incident_id": key, "service": "shop", "started_at": start, "resolved_at": end,
    } | others  # fmt: skip


TWO_REPOS = {"teams": {"web": {"services": {"shop": {"repositories": ["shop", "lib"]}}}}}
PART = {
    "teams": {"web": {"services": {"shop": {"repositories": [{"name": "shop", "path": "web"}]}}}}
}
BARE = {"teams": {"web": {"services": {"shop": {}}}}}

EXAMPLES = {
    # ---- Deployments ---- #
    "deployments_sha_not_in_clone": (
        {"commits": [BASE], "deployments": [FIRST, deployed(C, at=t("05-02"))]},
        {"d2": f"{C}, 2026-05-02"},
    ),
    "deployments_repository_unknown": (
        {
            "settings": TWO_REPOS,
            "commits": [BASE, {**BASE, "repo": "lib", "sha": B}],
            "deployments": [{**FIRST, "repo": None}, deployed(C, at=t("05-02"), repo=None)],
        },
        {"d2": f"{C}, 2026-05-02"},
    ),
    "deployments_no_version": (
        {"commits": [BASE], "deployments": [FIRST, deployed(None, at=t("05-02"), artifact="x")]},
        {"d2": "x, 2026-05-02"},
    ),
    "deployments_ref_not_found": (
        {"commits": [BASE], "deployments": [FIRST, deployed(None, at=t("05-02"), ref="v9")]},
        {"d2": "v9, 2026-05-02"},
    ),
    "deployments_ref_is_a_branch": (
        {
            "commits": [BASE],
            "refs": [{"repo": "shop", "kind": "branch", "name": "main", "sha": A}],
            "deployments": [FIRST, deployed(None, at=t("05-02"), ref="main")],
        },
        {"d2": "main, 2026-05-02"},
    ),
    "deployments_no_repository": (
        {"settings": BARE, "commits": [BASE], "deployments": [{**FIRST, "repo": None}]},
        {"d1": f"{A}, 2026-05-01"},
    ),
    "deployments_no_commits": ({"deployments": [FIRST]}, {"d1": f"{A}, 2026-05-01"}),
    "deployments_statistics_missing": (
        {"settings": PART, "commits": [BASE], "deployments": [FIRST]},
        {"d1": "2026-05-01"},
    ),
    "deployments_of_the_same_version": (
        {
            "commits": [BASE, child(committed_at=t("05-01 10:00"))],
            "deployments": [
                FIRST,
                deployed(A, at=t("05-02")),
                deployed(B, at=t("05-03"), key="d3"),
                deployed(A, at=t("05-04"), key="d4"),  # a rollback is no repetition
            ],
        },
        {"d2": f"{A} again, as d1 of 2026-05-01"},
    ),
    "first_deployments": (
        {
            "commits": [BASE, child(committed_at=t("05-01 10:00"))],
            "deployments": [FIRST, deployed(B, at=t("05-02"))],
        },
        {"d1": "2026-05-01, commits that are history: 1"},
    ),
    "deployments_without_finish": (
        {
            "commits": [BASE],
            "deployments": [
                FIRST,
                deployed(A, at=None, key="ended"),
                deployed(A, at=None, key="running", result="in_progress"),
            ],
        },
        {"ended": "no time"},
    ),
    "deployments_with_unknown_result": (
        {"deployments": [FEED, {**FEED, "deployment_id": "d1", "result": "unknown"}]},
        {"d1": "in production"},
    ),
    "environments_no_rule_names": (
        {
            "deployments": [
                FEED,
                {**FEED, "deployment_id": "d1", "environment": "blue", "environment_kind": None},
                {**FEED, "deployment_id": "d2", "environment": None, "environment_kind": None},
            ]
        },
        {"d1": "environment blue", "d2": "environment not named"},
    ),
    "services_nobody_owns": (
        {"deployments": [FEED, {**FEED, "deployment_id": "d1", "service": "stray"}]},
        {"stray": "deployments: 1"},
    ),
    # ---- Commits and changes ---- #
    "commits_deployed_as_made": (
        {
            "commits": [
                BASE,
                child(B, committed_at=t("05-02")),
                child(C, committed_at=t("05-03"), parent=B),
            ],
            "deployments": [
                FIRST,
                deployed(B, at=t("05-02")),
                deployed(C, at=t("05-03 01:00"), key="d3"),
            ],
        },
        {f"shop@{B}": "its deployment has the very time of the commit"},
    ),
    "commits_deployed_before_made": (
        {
            "commits": [BASE, child(committed_at=t("05-02 02:00"))],
            "deployments": [FIRST, deployed(B, at=t("05-02"))],
        },
        {f"shop@{B}": "made 2 h after it was deployed"},
    ),
    "commits_older_than_parents": (
        {
            "commits": [
                BASE,
                child(B, committed_at=t("05-01 07:30")),
                child(C, committed_at=t("05-01 08:00")),
            ],
        },
        {f"shop@{B}": "committed 30 min before its parent"},
    ),
    "commits_authored_after_committed": (
        {"commits": [BASE, child(committed_at=t("05-02"), authored_at=t("05-12"))]},
        {f"shop@{B}": "written 10 d after it was committed"},
    ),
    "commits_not_deployed": (
        {
            "commits": [BASE, child(committed_at=t("05-02"))],
            "refs": [{"repo": "shop", "kind": "branch", "name": "HEAD", "sha": B}],
            "deployments": [FIRST],
        },
        {f"shop@{B}": "2026-05-02"},
    ),
    "repositories_nobody_deploys": (
        {"commits": [BASE, {**BASE, "repo": "tools"}, {**BASE, "repo": "tools", "sha": B}]},
        {"tools": "commits: 2"},
    ),
    "changes_squashed": (
        {
            "commits": [
                BASE,
                child(B, committed_at=t("05-02")),
                child(C, committed_at=t("05-02"), is_merge=True),
                child(D, committed_at=t("05-02")),
            ],
            "changes": [
                {"repo": "shop", "change_id": str(number), "opened_at": t("05-01"),
                 "merged_at": t("05-02"), "merge_sha": merge, "head_sha": head}
                for number, (merge, head) in enumerate([(B, "e" * 40), (C, "f" * 40), (D, D)], 1)
            ],
        },
        {"shop#1": f"merged as the single commit {B}"},
    ),
    "changes_merged_by_unknown_commits": (
        {
            "commits": [BASE],
            "deployments": [FIRST],
            "changes": [
                {"repo": "shop", "change_id": str(number), "opened_at": t("05-01"),
                 "merged_at": t("05-02"), "merge_sha": merge}
                for number, merge in enumerate([A, C], 1)
            ],
        },
        {"shop#2": "2026-05-02"},
    ),
    "changes_ending_before_opened": (
        {
            "changes": [
                {"repo": "shop", "change_id": "1", "opened_at": t("05-02"),
                 "merged_at": t("05-01 21:00"), "closed_at": t("05-03")},
                {"repo": "shop", "change_id": "2", "opened_at": t("05-02"),
                 "closed_at": t("05-02")},
            ]
        },
        {"shop#1": "merged or closed 3 h before it was opened"},
    ),
    "bots": (
        {
            "commits": [{**BASE, "is_bot": True}, child(committed_at=t("05-02"), is_bot=False)],
            "changes": [
                {"repo": "shop", "change_id": "1", "opened_at": t("05-02"), "is_bot": True},
                {"repo": "shop", "change_id": "2", "opened_at": t("05-02"), "is_bot": None},
            ],
        },
        {"shop#1": "change", f"shop@{A}": "commit"},
    ),
    # ---- Runs ---- #
    "runs_of_unknown_commits": (
        {
            "commits": [BASE],
            "pipeline_runs": [
                {"repo": "shop", "run_id": "1", "sha": A, "started_at": t("05-01")},
                {"repo": "shop", "run_id": "2", "sha": C, "started_at": t("05-01")},
                {"repo": "other", "run_id": "3", "sha": C, "started_at": t("05-01")},
            ],
        },
        {"shop/2/1": f"ran on {C}"},
    ),
    "runs_that_move_a_date": (
        {
            "pipeline_runs": [
                {"repo": "shop", "run_id": "1", "attempt": 3, "started_at": t("05-01")},
                {"repo": "shop", "run_id": "2", "attempt": 1, "result": "failure",
                 "started_at": t("05-01")},
                {"repo": "shop", "run_id": "2", "attempt": 2, "started_at": t("05-01")},
                {"repo": "shop", "run_id": "3", "started_at": t("05-01")},
            ],
            "deployments": [{**FEED, "attempt": 2}, {**FEED, "deployment_id": "d1", "attempt": 1}],
        },
        {"d0": "is attempt 2", "shop/1": "success of attempt 3, of which 1 are exported"},
    ),
    "runs_repeated_after_success": (
        {
            "pipeline_runs": [
                {"repo": "shop", "run_id": "1", "attempt": attempt, "started_at": t("05-01")}
                for attempt in (1, 2)
            ]
            + [
                {"repo": "shop", "run_id": "2", "attempt": 1, "result": "failure",
                 "started_at": t("05-01")},
                {"repo": "shop", "run_id": "2", "attempt": 2, "started_at": t("05-01")},
            ]
        },
        {"shop/1": "succeeded in attempt 1, run again up to 2"},
    ),
    "runs_ending_before_start": (
        {
            "pipeline_runs": [
                {"repo": "shop", "run_id": "1", "started_at": t("05-01 10:00"),
                 "finished_at": t("05-01 09:58:30")},
                {"repo": "shop", "run_id": "2", "started_at": t("05-01"),
                 "finished_at": t("05-01")},
            ],
            "pipeline_jobs": [
                {"run_id": "1", "job_id": "j", "started_at": t("05-01 10:00"),
                 "finished_at": t("05-01 09:59:20")},
            ],
        },
        {"1/1/j": "ends 40 s before it starts", "shop/1/1": "ends 1.5 min before it starts"},
    ),
    "runs_of_no_length": (
        {
            "pipeline_runs": [
                {"repo": "shop", "run_id": str(number), "result": result,
                 "started_at": t("05-01"), "finished_at": t("05-01")}
                for number, result in enumerate(("success", "skipped", "failure"), 1)
            ]
        },
        {"shop/1/1": "success in the moment it started",
         "shop/3/1": "failure in the moment it started"},
    ),
    "runs_with_unknown_result": (
        {
            "pipeline_runs": [
                {"repo": "shop", "run_id": "1", "pipeline": "ci", "result": "unknown",
                 "started_at": t("05-01")},
                {"repo": "shop", "run_id": "2", "started_at": t("05-01")},
            ],
            "pipeline_jobs": [{"run_id": "1", "job_id": "j", "result": "unknown"}],
        },
        {"1/1/j": "job", "shop/1/1": "run of ci"},
    ),
    "others_with_unknown_words": (
        {
            "deployments": [FEED],
            "test_results": [
                {"run_id": "1", "case": "adds", "result": "unknown"},
                {"run_id": "1", "case": "takes away", "result": "passed"},
            ],
            "findings": [
                {"tool": "scan", "repo": "shop", "fingerprint": "f", "severity": "unknown"},
                {"tool": "scan", "repo": "shop", "fingerprint": "g", "severity": "low"},
            ],
        },
        {"1/adds/1": "result of a test case", "scan/f": "severity of a finding"},
    ),
    "deployments_ending_before_start": (
        {
            "deployments": [
                {**FEED, "started_at": t("05-01 01:00")},
                {**FEED, "deployment_id": "d1", "started_at": t("05-01")},
            ]
        },
        {"d0": "finished 1 h before it started"},
    ),
    # ---- Incidents ---- #
    "incidents_ending_before_start": (
        {
            "incidents": [
                incident("i1", start=t("05-04 10:00"), end=t("05-04 09:30")),
                incident("i2", start=t("05-04"), end=t("05-04")),
                incident("i3", start=t("05-04"), end=t("05-03 19:00"), planned=True),
            ]
        },
        {"i1": "ends 30 min before it starts", "i3": "ends 5 h before it starts"},
    ),
    "incidents_of_no_length": (
        {
            "incidents": [
                incident("i1", start=t("05-04"), end=t("05-04")),
                incident("i2", start=t("05-04"), end=t("05-05")),
                incident("i3", start=t("05-04"), end=t("05-04"), planned=True),
            ]
        },
        {"i1": "ends in the moment it starts"},
    ),
    "incidents_naming_unknown_causes": (
        {
            "commits": [BASE],
            "deployments": [FIRST],
            "incidents": [
                incident("i1", start=t("05-01 10:00"), deployment_id="d1"),
                incident("i2", start=t("05-01 10:00"), deployment_id="d77"),
                incident("i3", start=t("05-01 10:00"), sha=C),
                incident("i4", start=t("05-01 10:00")),
            ],
        },
        {"i2": "names d77", "i3": f"names {C}"},
    ),
    "incidents_of_services_not_deployed": (
        {
            "settings": {"teams": {"web": {"services": {"shop": {}, "idle": {}}}}},
            "deployments": [FEED],
            "incidents": [
                incident("i1", start=t("05-04"), service="idle"),
                incident("i2", start=t("05-04"), service="shp"),
                incident("i3", start=t("05-04")),
            ],
        },
        {"i1": "idle is declared and never deployed",
         "i2": "shp is neither declared nor deployed"},
    ),
    "incidents_without_service": (
        {
            "incidents": [
                incident("i1", start=t("05-04"), service=None),
                incident("i2", start=t("05-04")),
                incident("i3", start=t("05-04"), service=None, planned=True),
            ]
        },
        {"i1": "names no service"},
    ),
    "incidents_without_start": (
        {
            "deployments": [FEED],
            "incidents": [
                incident("i1", start=None, end=t("05-04")),
                incident("i2", start=None, created_at=t("05-04")),
            ],
        },
        {"i1": "no time"},
    ),
    "incidents_before_first_deployment": (
        {"deployments": [FEED], "incidents": [incident("i1", start=t("04-30 23:00"))]},
        {"i1": "2026-04-30"},
    ),
    "incidents_outside_window": (
        {
            "deployments": [FEED],
            "incidents": [
                incident("i1", start=t("05-02 00:01")),
                incident("i2", start=t("05-02")),
            ],
        },
        {"i1": "2026-05-02"},
    ),
    "planned_incidents": (
        {"incidents": [incident("i1", start=t("05-04"), planned=True),
                       incident("i2", start=t("05-04"))]},
        {"i1": "planned maintenance"},
    ),
    # ---- Quarantine ---- #
    "incidents_without_zone": (
        {
            "deployments": [FEED],
            "quarantine": [
                {"file": "i.csv", "table": "incidents", "record": 3,
                 "reason": "time_without_zone"},
                {"file": "d.csv", "table": "deployments", "record": 4,
                 "reason": "time_without_zone"},
            ],
        },
        {"i.csv record 3": "incidents: time_without_zone"},
    ),
    "records_in_quarantine": (
        {
            "deployments": [FEED],
            "quarantine": [
                {"file": "i.csv", "table": "incidents", "record": 3,
                 "reason": "time_without_zone"},
                {"file": "d.csv", "table": "deployments", "record": 4, "reason": "not_a_time"},
                {"file": "d.csv", "table": "deployments", "record": 5,
                 "reason": "excluded_by_settings"},
                {"file": "r.json", "table": "pipeline_runs", "record": None,
                 "reason": "not_json"},
            ],
        },
        {"d.csv record 4": "deployments: not_a_time", "r.json record ?": "pipeline_runs: not_json"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("check_id", EXAMPLES)
def test_a_check_finds_the_odd_records_and_no_others(found_by, check_id) -> None:
    given, expected = EXAMPLES[check_id]
    assert found_by(check_id, **given) == expected


def test_every_check_has_an_example_here() -> None:
    elsewhere = {"feeds_with_gaps", "feeds_that_stopped", "months_without_data"}
    elsewhere |= {check.id for check in CHECKS if check.id.startswith("outliers_")}
    assert {check.id for check in CHECKS} == {*EXAMPLES, *elsewhere}


# ---- Feeds ---- #


def daily(n: int, *, start: datetime, skipped: range = range(0)) -> list[dict]:
    return [
        {**FEED, "deployment_id": f"d{day:03}", "finished_at": start + timedelta(days=day)}
        for day in range(n)
        if day not in skipped
    ]


def test_a_silence_longer_than_usual_is_a_gap(found_by) -> None:
    # From 5 March daily; nothing from 25 March to 9 April, so 16 days lie between two events.
    rows = daily(60, start=t("03-05"), skipped=range(20, 35))
    assert found_by("feeds_with_gaps", deployments=rows, as_of="05-10") == {
        "table:deployments.csv deployments": (
            "gaps: 1, the longest of 16 days from 2026-03-24, the last until 2026-04-09; 95 % of "
            "44 silences have at most 1 days"
        )
    }


@pytest.mark.parametrize(
    ("n", "skipped", "why"),
    [
        (60, range(20, 26), "no longer than a week"),
        (20, range(5, 15), "too few silences to know what is usual"),
    ],
)
def test_what_is_no_gap(found_by, n, skipped, why) -> None:
    rows = daily(n, start=t("03-05"), skipped=skipped)
    assert found_by("feeds_with_gaps", deployments=rows) == {}, why


def test_a_feed_that_is_always_slow_has_no_gaps(found_by) -> None:
    rows = [
        {**FEED, "deployment_id": f"d{n}", "finished_at": t("01-01") + timedelta(days=7 * n)}
        for n in range(25)
        if n != 12
    ]
    assert found_by("feeds_with_gaps", deployments=rows) == {}  # 14 days, where 7 are usual


def test_a_feed_stops_where_it_can_speak_no_longer_or_never_could(found_by) -> None:
    rows = daily(10, start=t("05-01"))
    undated = [{"run_id": "1", "repo": "shop"}]
    found = found_by("feeds_that_stopped", deployments=rows, pipeline_runs=undated, as_of="06-01")
    assert found == {
        "table:deployments.csv deployments": "speaks until 2026-05-10, 22 days before the end",
        "table:pipeline_runs.csv pipeline_runs": "never speaks: none of its events has a time",
    }
    assert found_by("feeds_that_stopped", deployments=rows, as_of="05-15") == {}


def test_months_without_data_are_those_between_the_first_and_the_last_event(found_by) -> None:
    times = ("01-31 23:30", "04-01", "05-31 23:00")
    rows = [
        {**FEED, "deployment_id": f"d{n}", "finished_at": t(text)} for n, text in enumerate(times)
    ]
    utc = found_by("months_without_data", deployments=rows)
    assert [key[-7:] for key in utc] == ["2026-02", "2026-03"]
    # In London the last of them is on 1 June, so that May has none either.
    settings = {"organisation": {"time_zone": "Europe/London"}}
    london = found_by("months_without_data", deployments=rows, settings=settings)
    assert [key[-7:] for key in london] == ["2026-02", "2026-03", "2026-05"]


# ---- Outliers ---- #


def restored(hours: list[float]) -> list[dict]:
    return [
        incident(f"i{n:02}", start=t("05-01"), end=t("05-01") + timedelta(hours=length))
        for n, length in enumerate(hours)
    ]


def test_outliers_lie_three_interquartile_ranges_away_on_a_log_scale(found_by) -> None:
    # 40 incidents of 1, 2 and 4 h: quartiles 1 and 4 h, a range of 4 times, thrice that is 64.
    usual = [1.0, 1.0, 2.0, 4.0, 4.0] * 8
    inside = [4.0 * 64 * 0.99, 1.0 / 64 * 1.01]
    assert found_by("outliers_time_to_restore", incidents=restored([*usual, *inside])) == {}
    outside = [4.0 * 64 * 1.01, 1.0 / 64 * 0.99]
    found = found_by("outliers_time_to_restore", incidents=restored([*usual, *outside]))
    assert found == {
        "i40": "11 d; the middle half of n = 42 is 1 h to 4 h",
        "i41": "56 s; the middle half of n = 42 is 1 h to 4 h",
    }


def test_there_are_no_outliers_among_few_or_equal_values_and_zero_is_none(found_by) -> None:
    few = [1.0, 2.0, 4.0] * 9 + [1000.0]
    assert found_by("outliers_time_to_restore", incidents=restored(few)) == {}
    equal = [2.0] * 40 + [500.0]
    assert found_by("outliers_time_to_restore", incidents=restored(equal)) == {}
    zero = [1.0, 2.0, 4.0] * 12 + [0.0]
    assert found_by("outliers_time_to_restore", incidents=restored(zero)) == {}


def test_counted_outliers_are_written_in_their_unit(found_by) -> None:
    changes = [
        {"repo": "shop", "change_id": f"{n:02}", "opened_at": t("05-01"), "merged_at": t("05-02"),
         "lines_added": lines, "lines_deleted": 0}
        for n, lines in enumerate([10, 20, 40] * 12 + [50_000])
    ]  # fmt: skip
    assert found_by("outliers_batch_size", changes=changes) == {
        "shop#36": "50000 lines; the middle half of n = 37 is 10 lines to 40 lines"
    }


# ---- Declarations ---- #


def test_checks_are_declared_once_and_say_all_that_a_reader_needs() -> None:
    assert len({check.id for check in CHECKS}) == len({check.title for check in CHECKS})
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    known = {metric.id for metric in METRICS}
    for check in CHECKS:
        assert set(check.metrics) <= known, check.id
        assert check.among in {"", *POPULATIONS}, check.id
        assert check.effect.endswith("."), check.id
        assert check.what_to_do.endswith("."), check.id
        assert check.severity is Severity.NOTE or check.metrics or "quarantine" in check.id


def test_every_reason_for_which_something_stays_unlinked_has_a_check() -> None:
    named = {check.id for check in CHECKS}
    checks = {
        "no_finish_time": "deployments_without_finish",
        "not_deployed": "commits_not_deployed",
        "merge_commit_unknown": "changes_merged_by_unknown_commits",
        "no_start": "incidents_without_start",
        "no_service": "incidents_without_service",
        "service_not_deployed": "incidents_of_services_not_deployed",
        "before_first_deployment": "incidents_before_first_deployment",
        "outside_window": "incidents_outside_window",
    }
    asked_for = {"not_named"}  # only where a sensitivity table asks for named causes alone
    for reason in set(REASONS) - asked_for:
        assert checks.get(reason, f"deployments_{reason}") in named, reason
