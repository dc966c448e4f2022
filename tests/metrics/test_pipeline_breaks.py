"""Breaks of the trunk, flaky verdicts, queues, and the time that failures take."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devops_analytics.metrics.metric import Weighted
from devops_analytics.metrics.pipeline_breaks import FLAKY_RATE, TIME_TO_GREEN
from devops_analytics.metrics.pipelines import FAILED_RUN_TIME_SHARE, PIPELINE_QUEUE_TIME

BASE = datetime(2026, 6, 1, tzinfo=UTC)


def at(hour: float) -> datetime:
    return BASE + timedelta(hours=hour)


def run(name: str, hour: float, result: str = "success", **columns: object) -> dict[str, Any]:
    usual = {"attempt": 1, "branch": "main", "pipeline": "build", "sha": name}
    times = {"started_at": at(hour - 1), "finished_at": at(hour)}
    return {"repo": "shop", "run_id": name, "result": result, **usual, **times, **columns}


def test_a_break_lasts_from_the_first_failure_to_the_next_success(evidence_of) -> None:
    evidence = evidence_of(
        as_of=at(100),
        pipeline_runs=[
            run("1", 1, "failure"),  # red from the first run that is known
            run("2", 3),
            run("3", 4, "timeout"),
            run("4", 5, "error"),
            run("5", 6, "cancelled"),
            run("6", 7, branch="feature"),
            run("7", 8, pipeline="deploy"),
            run("8", 9, trigger="pull_request"),
            run("9", 10),
            run("10", 11),
            run("11", 12, "failure"),
        ],
    )
    found = TIME_TO_GREEN.observe(evidence).collect().sort("at")
    assert found.select("key", "value", "observed").rows() == [
        ("shop/1/1", 2.0, True),
        ("shop/3/1", 6.0, True),  # 4 h → 10 h; nothing between is a green build of the trunk
        ("shop/11/1", 88.0, False),
    ]


def test_a_re_run_that_passes_ends_the_break(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        pipeline_runs=[run("1", 1, "failure"), run("1", 2, attempt=2), run("2", 3)]
    )
    assert observed_values(TIME_TO_GREEN, evidence) == {(None, "shop/1/1"): 1}


def test_flaky_is_a_commit_that_failed_and_passed_later(evidence_of, observed_values) -> None:
    evidence = evidence_of(
        pipeline_runs=[
            run("1", 1, "failure", sha="re-run"),
            run("1", 2, sha="re-run", attempt=2),
            run("2", 1, "failure", sha="same second"),
            run("2", 1, sha="same second", attempt=2),
            run("3", 1, "failure", sha="run anew"),
            run("4", 9, sha="run anew", branch="feature"),
            run("5", 1, sha="broke later"),
            run("6", 2, "failure", sha="broke later"),
            run("7", 1, "failure", sha="red"),
            run("8", 1, sha="green"),
            run("9", 1, "failure", sha="another pipeline"),
            run("10", 2, sha="another pipeline", pipeline="deploy"),
            run("11", 2, "cancelled", sha="no verdict"),
            run("12", 2, sha=None),
        ]
    )
    assert observed_values(FLAKY_RATE, evidence) == {
        (None, "shop@re-run build"): 1,
        (None, "shop@same second build"): 1,
        (None, "shop@run anew build"): 1,
        (None, "shop@broke later build"): 0,
        (None, "shop@red build"): 0,
        (None, "shop@green build"): 0,
        (None, "shop@another pipeline build"): 0,
        (None, "shop@another pipeline deploy"): 0,
    }


def test_a_run_waits_until_its_first_job_starts(evidence_of) -> None:
    queued = {"queued_at": at(0), "finished_at": None}
    evidence = evidence_of(
        as_of=at(10),
        pipeline_runs=[
            run("jobs", 5, started_at=at(0), queued_at=at(0)),
            run("alone", 5, started_at=at(2), queued_at=at(0)),
            run("waiting", 5, "queued", started_at=None, **queued),
            run("never began", 5, "cancelled", started_at=None, **queued),
            run("backwards", 5, started_at=at(1), queued_at=at(2)),
            run("not told", 5),
        ],
        pipeline_jobs=[
            {"run_id": "jobs", "attempt": 1, "job_id": "b", "result": "success",
             "started_at": at(4)},
            {"run_id": "jobs", "attempt": 1, "job_id": "a", "result": "success",
             "started_at": at(3)},
        ],
    )  # fmt: skip
    found = PIPELINE_QUEUE_TIME.observe(evidence).collect().sort("key")
    assert found.select("key", "value", "observed").rows() == [
        ("shop/alone/1", 2.0, True),
        ("shop/jobs/1", 3.0, True),
        ("shop/waiting/1", 10.0, False),
    ]


def test_failed_time_weighs_each_verdict_by_its_hours(evidence_of) -> None:
    evidence = evidence_of(
        pipeline_runs=[
            run("green", 3, started_at=at(0)),
            run("red", 3, "failure", started_at=at(2)),
            run("stopped", 3, "cancelled"),
            run("backwards", 3, started_at=at(4)),
            run("no start", 3, started_at=None),
        ]
    )
    found = Weighted.validate(FAILED_RUN_TIME_SHARE.observe(evidence).collect()).sort("key")
    assert found.select("key", "value", "weight").rows() == [
        ("shop/green/1", 0.0, 3.0),
        ("shop/red/1", 1.0, 1.0),
    ]


@pytest.mark.parametrize(
    "metric", [TIME_TO_GREEN, FLAKY_RATE, PIPELINE_QUEUE_TIME, FAILED_RUN_TIME_SHARE]
)
def test_nothing_known_gives_no_observations(metric, evidence_of) -> None:
    assert metric.observe(evidence_of()).collect().is_empty()


# ---- The same a second time, in pandas ---- #


def plain_breaks(runs: list[dict[str, Any]]) -> dict[str, tuple[float, bool]]:
    frame = pd.DataFrame(runs)
    frame = frame[frame["result"].isin(["success", "failure"])]
    found = {}
    for _, one in frame.groupby("pipeline"):
        red = None
        for row in one.sort_values(["finished_at", "run_id", "attempt"]).itertuples():
            if row.result == "failure" and red is None:
                red = row
            elif row.result == "success" and red is not None:
                hours = (row.finished_at - red.finished_at) / timedelta(hours=1)
                found[f"shop/{red.run_id}/{red.attempt}"] = (hours, True)
                red = None
        if red is not None:
            hours = (at(100) - red.finished_at) / timedelta(hours=1)
            found[f"shop/{red.run_id}/{red.attempt}"] = (hours, False)
    return found


def plain_flaky(runs: list[dict[str, Any]]) -> dict[str, float]:
    frame = pd.DataFrame(runs)
    frame = frame[frame["result"].isin(["success", "failure"])]
    found = {}
    for (sha, pipeline), one in frame.groupby(["sha", "pipeline"]):
        ordered = one.sort_values(["finished_at", "attempt"], kind="stable")
        failures = ordered[ordered["result"] == "failure"]
        later = [
            (passed.finished_at, passed.attempt) > (failures.iloc[0].finished_at,
                                                    failures.iloc[0].attempt)
            for passed in ordered[ordered["result"] == "success"].itertuples()
            if len(failures)
        ]  # fmt: skip
        found[f"shop@{sha} {pipeline}"] = float(any(later))
    return found


RUNS = st.lists(
    st.builds(
        lambda number, hour, result, attempt, sha, pipeline: run(
            f"{number:02}", hour, result, attempt=attempt, sha=sha, pipeline=pipeline
        ),
        st.integers(0, 12),
        st.integers(1, 8),
        st.sampled_from(["success", "failure", "failure", "cancelled"]),
        st.integers(1, 3),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["build", "test"]),
    ),
    max_size=14,
    unique_by=lambda row: (row["run_id"], row["attempt"]),
)


@settings(max_examples=60)
@given(runs=RUNS)
def test_breaks_and_flaky_commits_agree_with_pandas(evidence_of, runs) -> None:
    evidence = evidence_of(as_of=at(100), pipeline_runs=runs)
    breaks = TIME_TO_GREEN.observe(evidence).collect()
    flaky = FLAKY_RATE.observe(evidence).collect()
    if not runs:
        assert breaks.is_empty()
        assert flaky.is_empty()
        return
    found = {row["key"]: (row["value"], row["observed"]) for row in breaks.to_dicts()}
    assert found == plain_breaks(runs)
    assert {row["key"]: row["value"] for row in flaky.to_dicts()} == plain_flaky(runs)
