"""DORA's figures as data, and where a value lies among a year's respondents."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from devops_analytics.benchmarks import CLUSTERS, DISTRIBUTIONS, PLACEMENT, Distribution, place
from devops_analytics.metrics import DORA_FIVE, METRICS, Better, metric


def measured(metric_id: str, value: float | None, **others: Any) -> pl.DataFrame:
    row = {"metric": metric_id, "by": "service", "entity": "pay", "period": "2026-Q2"}
    status = "ok" if value is not None else "insufficient"
    return pl.DataFrame(
        [{**row, "value": value, "low": None, "high": None, "status": status, **others}],
        schema_overrides={"value": pl.Float64(), "low": pl.Float64(), "high": pl.Float64()},
    )


# Lead time of 2025: 9.4 % under an hour, 15.0 % under a day, 31.9 % under a week.
@pytest.mark.parametrize(
    ("metric_id", "value", "answer", "share"),
    [
        ("change_lead_time", 0.0, "less than one hour", 0.094),
        ("change_lead_time", 1.0, "less than one day", 0.244),
        ("change_lead_time", 23.9, "less than one day", 0.244),
        ("change_lead_time", 24.0, "between one day and one week", 0.563),
        ("change_lead_time", 9_999.0, "more than six months", 1.0),
        ("deployment_frequency", 40.0, "once per day or more often", 0.227),
        ("deployment_frequency", 1.0, "once per day or more often", 0.227),
        ("deployment_frequency", 1 / 7, "between once per day and once per week", 0.446),
        ("deployment_frequency", 0.0, "fewer than once per six months", 1.0),
        ("failed_deployment_recovery_time", 0.5, "less than one hour", 0.213),
        ("change_fail_rate", 0.0, "up to 2 %", 0.085),
        ("change_fail_rate", 0.05, "4 to 8 %", 0.362),
        ("change_fail_rate", 1.0, "more than 64 %", 1.0),
    ],
)
def test_a_value_is_placed_in_an_answer(
    metric_id: str, value: float, answer: str, share: float
) -> None:
    (row,) = place(measured(metric_id, value)).to_dicts()
    assert row["answer"] == answer
    assert row["share_at_or_better"] == pytest.approx(share, abs=0.0015)
    assert row["report_year"] == 2025
    assert row["source"]
    assert row["licence"]
    assert row["reason"] is None


def test_the_limits_are_placed_too() -> None:
    (row,) = place(measured("change_lead_time", 20.0, low=0.5, high=200.0)).to_dicts()
    assert row["answer_at_low"] == "less than one hour"
    assert row["answer_at_high"] == "between one week and one month"


@pytest.mark.parametrize("status", ["unknown", "none", "insufficient", "suppressed"])
def test_without_a_value_there_is_a_reason_and_no_answer(status: str) -> None:
    (row,) = place(measured("change_lead_time", None, status=status)).to_dicts()
    assert row["answer"] is row["share_at_or_better"] is None
    assert status in row["reason"]


def test_rework_rate_and_other_metrics_have_no_band() -> None:
    for metric_id in ("deployment_rework_rate", "time_to_restore", "batch_size"):
        (row,) = place(measured(metric_id, 0.1)).to_dicts()
        assert row["answer"] is None
        assert "no distribution" in row["reason"]


def test_a_pooled_value_says_so() -> None:
    (team,) = place(measured("change_lead_time", 5.0, by="team")).to_dicts()
    (service,) = place(measured("change_lead_time", 5.0)).to_dicts()
    assert "one service" in team["note"]
    assert service["note"] is None


def test_the_columns_are_as_declared() -> None:
    assert dict(place(measured("change_lead_time", 1.0)).schema) == PLACEMENT


def test_every_distribution_is_of_a_metric_and_goes_from_best_to_worst() -> None:
    known = {one.id for one in METRICS}
    for (metric_id, _), spread in DISTRIBUTIONS.items():
        assert metric_id in known
        lows = [one.low for one in spread.bins]
        is_lower_better = metric(metric_id).better is Better.LOWER
        assert lows == sorted(lows, reverse=not is_lower_better)
    assert {name for name, _ in DISTRIBUTIONS} == set(DORA_FIVE) - {"deployment_rework_rate"}


def test_clusters_are_described_from_2018_to_2024_and_never_placed_in() -> None:
    assert sorted(CLUSTERS) == [2018, 2019, 2021, 2022, 2023, 2024]
    assert len(CLUSTERS[2022].clusters) == 3
    assert "cluster" not in PLACEMENT
    assert all(year.source for year in CLUSTERS.values())


@pytest.mark.parametrize(
    ("bins", "said"),
    [
        ([{"label": "a", "to": 1, "share": 0.5}, {"label": "b", "from": 2, "share": 0.5}], "meet"),
        ([{"label": "a", "to": 1, "share": 0.5}, {"label": "b", "from": 1, "share": 0.4}], "100 %"),
        ([{"label": "a", "from": 0, "share": 0.99}], "open ends"),
    ],
)
def test_figures_that_do_not_fit_are_refused(bins: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Distribution(metric="x", report_year=2025, respondents=1, source="s", bins=bins)


@given(
    st.sampled_from(sorted(DISTRIBUTIONS)),
    st.floats(min_value=0, max_value=1e5),
    st.floats(min_value=0, max_value=1e5),
)
def test_a_better_value_is_never_placed_lower(
    which: tuple[str, int], one: float, other: float
) -> None:
    spread = DISTRIBUTIONS[which]
    best, worst = sorted((one, other), reverse=metric(which[0]).better is Better.HIGHER)
    assert spread.level(best) <= spread.level(worst)
    assert 0 < spread.share_at_or_better(spread.level(best)) <= 1
