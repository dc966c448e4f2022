"""A pooled share's change split into mix and within: by hand, exactly, with services that go."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics import Workspace
from devops_analytics.errors import UnknownNameError
from devops_analytics.mix import MIX, mix_and_within

Counts = dict[str, tuple[float, float]]


def measured(counts: Counts, **statuses: str) -> pl.DataFrame:
    rows: list[dict[str, Any]] = [
        {
            "metric": "change_fail_rate",
            "entity": service,
            "numerator": hits,
            "denominator": n,
            "status": statuses.get(service, "ok" if n else "none"),
        }
        for service, (hits, n) in counts.items()
    ]
    return pl.DataFrame(rows)


def pooled(counts: Counts) -> float:
    return sum(hits for hits, _ in counts.values()) / sum(n for _, n in counts.values())


def test_a_rate_that_rises_by_mix_alone() -> None:
    # Two services: 2 of 100 and 30 of 100 fail, then 1 of 60 and 42 of 140: 16.0 %, then 21.5 %.
    before: Counts = {"a": (2, 100), "b": (30, 100)}
    now: Counts = {"a": (1, 60), "b": (42, 140)}
    found = mix_and_within(measured(now), measured(before))
    assert found["mix"].sum() == pytest.approx(0.0563, abs=1e-4)
    assert found["within"].sum() == pytest.approx(-0.0013, abs=1e-4)
    assert found["mix"].sum() + found["within"].sum() == pytest.approx(0.215 - 0.16)
    assert found["rate_now"].to_list() == pytest.approx([1 / 60, 0.3])
    assert found["weight_now"].to_list() == pytest.approx([0.3, 0.7])


def test_a_service_that_comes_or_goes_is_mix() -> None:
    before: Counts = {"a": (10, 100), "old": (10, 20), "new": (0, 0)}
    now: Counts = {"a": (10, 100), "old": (0, 0), "new": (0, 50)}
    found = mix_and_within(measured(now), measured(before))
    assert found["within"].to_list() == pytest.approx([0, 0, 0])
    assert found["mix"].sum() == pytest.approx(pooled(now) - pooled(before))


def test_what_is_unknown_in_a_period_is_left_out_of_both() -> None:
    before: Counts = {"a": (10, 100), "b": (30, 100)}
    now: Counts = {"a": (20, 100), "b": (0, 0)}
    found = mix_and_within(measured(now, b="unknown"), measured(before))
    a, b = found.to_dicts()
    assert b["mix"] is b["within"] is b["weight_before"] is None
    assert b["reason"] == "now unknown, before ok"
    assert a["weight_before"] == a["weight_now"] == 1
    assert (a["mix"], a["within"]) == pytest.approx((0, 0.1))


counted = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(
    lambda pair: (float(min(pair)), float(max(pair)))
)


@given(st.lists(st.tuples(counted, counted), min_size=1, max_size=6))
def test_mix_and_within_add_up_to_the_change(pairs: list[tuple[Any, Any]]) -> None:
    before = {f"s{number}": then for number, (then, _) in enumerate(pairs)}
    now = {f"s{number}": today for number, (_, today) in enumerate(pairs)}
    if not all(sum(n for _, n in counts.values()) for counts in (before, now)):
        return
    found = mix_and_within(measured(now), measured(before))
    change = found["mix"].sum() + found["within"].sum()
    assert change == pytest.approx(pooled(now) - pooled(before), abs=1e-12)
    assert dict(found.schema) == MIX


@given(st.lists(counted, min_size=1, max_size=6))
def test_where_no_service_changes_nothing_is_within(counts: list[Any]) -> None:
    same = {f"s{number}": one for number, one in enumerate(counts)}
    found = mix_and_within(measured(same), measured(same))
    assert found["within"].fill_null(0).sum() == pytest.approx(0)
    assert found["mix"].fill_null(0).sum() == pytest.approx(0)


def test_the_demo_adds_up_over_the_services_that_are_known() -> None:
    workspace = Workspace.demo()
    periods = ("2026-Q2", "2026-Q1")
    found = workspace.mix(periods[0], compare_to=periods[1], metric_id="change_fail_rate")
    assert found.height == len(workspace.services)
    gone = found.filter(pl.col("reason").is_not_null())["service"]
    assert "route-planner" in gone.to_list()  # its pipeline's export stops within the quarter
    rates = []
    for period in periods:
        known = workspace.measure(period, by="service", metrics=["change_fail_rate"]).filter(
            pl.col("entity").is_in(gone.implode()).not_()
        )
        rates.append(known["numerator"].sum() / known["denominator"].sum())
    assert found["mix"].sum() + found["within"].sum() == pytest.approx(rates[0] - rates[1])


def test_only_shares_split() -> None:
    with pytest.raises(UnknownNameError, match="change_lead_time is no share"):
        Workspace.demo().mix("2026-Q2", compare_to="2026-Q1", metric_id="change_lead_time")
