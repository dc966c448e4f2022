"""Ratios, stocks, spreads, rates per service-week, and what counts at the end of a period."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devops_analytics.config import Definitions
from devops_analytics.estimates import estimate, rows_behind
from devops_analytics.metrics import metric
from devops_analytics.metrics.metric import Authored, Observations, Weighted
from devops_analytics.periods import named_period

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)
Q1, Q2 = (named_period(text, zone=ZoneInfo("UTC"), as_of=AS_OF) for text in ("2026-Q1", "2026-Q2"))
SERVICES = pl.DataFrame({"service": ["a", "b", "c"], "team": ["red", "red", "blue"]})
WIP, AGE = metric("work_in_progress"), metric("work_in_progress_age")
SPREAD, RATIO = metric("knowledge_spread"), metric("failed_run_time_share")
BRANCHES, INCIDENTS = metric("open_branches"), metric("incidents_per_service_week")


def day(number):
    return Q2.start + number * DAY


def rows(schema, *given):
    """Rows of a schema from (service, at, value, observed or weight or author, key)."""
    made = [
        {"service": service, "at": at, "value": float(value), "observed": True, "key": key}
        | ({"observed": last} if schema is Observations else {})
        | ({"weight": float(last)} if schema is Weighted else {})
        | ({"author": last} if schema is Authored else {})
        for service, at, value, last, key in given
    ]
    return pl.DataFrame(made, schema=schema.create_empty().schema)


def alive(needs, *spans):
    made = [(table, *span) for table in needs for span in spans]
    time = pl.Datetime("us", "UTC")
    schema = {"table": pl.String, "service": pl.String, "live_from": time, "live_to": time}
    return pl.DataFrame(made, schema=schema, orient="row")


def measured(observed, declared, *, by="organisation", periods=(Q2,), spans=None, as_of=AS_OF):
    spans = spans or [(name, Q1.start, AS_OF) for name in "abc"]
    return estimate(
        observed,
        declared,
        periods=periods,
        by=by,
        services=SERVICES,
        coverage=alive(declared.needs, *spans),
        definitions=Definitions(),
        organisation="Org",
        as_of=as_of,
    ).to_dicts()


# ---- Ratios ---- #


def test_a_ratio_weighs_each_row() -> None:
    observed = rows(
        Weighted,
        *[("a", day(n), 0, 1.0, f"green{n}") for n in range(5)],
        ("a", day(9), 1, 5.0, "red"),
    )
    (one,) = measured(observed, RATIO)
    assert one["value"] == pytest.approx(0.5)  # 5 hours of 10
    assert (one["n"], one["numerator"], one["denominator"]) == (6, 5.0, 10.0)
    assert 0 < one["low"] < 0.5 < one["high"] < 1
    # One row decides: as unsure as 6 rows can be, and surer with as many hours in even rows.
    even = rows(Weighted, *[("a", day(n), n % 2, 1.0, str(n)) for n in range(10)])
    (sure,) = measured(even, RATIO)
    assert sure["value"] == pytest.approx(0.5)
    assert sure["high"] - sure["low"] < one["high"] - one["low"]


def test_a_ratio_of_equal_weights_is_nearly_a_proportion() -> None:
    observed = rows(Weighted, *[("a", day(n % 90), n % 4 == 0, 2.0, str(n)) for n in range(400)])
    (one,) = measured(observed, RATIO)
    share = measured(observed.drop("weight"), metric("flaky_rate"))[0]
    assert one["value"] == share["value"] == 0.25
    assert (one["low"], one["high"]) == pytest.approx((share["low"], share["high"]), abs=1e-3)


def test_a_ratio_of_all_or_none_has_an_interval_and_few_rows_have_no_headline() -> None:
    (none,) = measured(rows(Weighted, *[("a", day(n), 0, 1.0, str(n)) for n in range(8)]), RATIO)
    assert (none["value"], none["low"]) == (0.0, 0.0)
    assert none["high"] > 0.2
    (few,) = measured(rows(Weighted, ("a", day(1), 1, 2.0, "k")), RATIO)
    assert (few["status"], few["value"], few["note"]) == ("insufficient", None, "only 1")
    (idle,) = measured(rows(Weighted, *[("a", day(n), 1, 0.0, str(n)) for n in range(8)]), RATIO)
    assert (idle["status"], idle["value"]) == ("none", None)


def test_the_interval_of_a_ratio_holds_its_share_of_the_time() -> None:
    """Lognormal hours, a quarter of which fail, whatever their length: about 95 % coverage."""
    chance = random.Random(20260701)
    held = 0
    for _ in range(300):
        observed = rows(
            Weighted,
            *[
                ("a", day(n % 90), chance.random() < 0.25, chance.lognormvariate(0, 0.8), str(n))
                for n in range(60)
            ],
        )
        (one,) = measured(observed, RATIO)
        held += one["low"] <= 0.25 <= one["high"]
    assert 0.91 <= held / 300 <= 0.99


# ---- Service-weeks ---- #


def test_a_rate_per_service_week_adds_the_services_up() -> None:
    observed = rows(Observations, *[("a", day(n), 1, True, str(n)) for n in range(13)])
    (whole,) = measured(observed, INCIDENTS)
    assert whole["denominator"] == pytest.approx(3 * 13)  # three services, 91 days
    assert whole["value"] == pytest.approx(1 / 3)
    found = {row["entity"]: row for row in measured(observed, INCIDENTS, by="service")}
    assert found["a"]["value"] == pytest.approx(1.0)
    assert found["b"]["status"] == "none"
    assert found["b"]["note"] == "no event in 13 live service-weeks"
    assert found["b"]["high"] == pytest.approx(3.689 / 13, abs=1e-3)


# ---- Stocks ---- #

OPEN = rows(
    Observations,
    ("a", day(-50), 24.0, True, "over long ago"),
    ("a", day(-10), 24.0 * 200, False, "open for long"),
    ("a", day(80), 24.0 * 11, False, "open"),
    ("a", day(80), 24.0 * 11, True, "closed at the end"),
    ("b", day(90), 24.0, False, "young"),
    ("b", day(-1), 24.0 * 20, True, "over the border"),
)


def test_a_stock_is_what_is_open_at_the_end() -> None:
    found = {row["period"]: row for row in measured(OPEN, WIP, periods=(Q1, Q2))}
    assert found["2026-Q1"]["value"] == 2  # open for long, over the border
    # What is closed at the end of the period was still open just before it.
    assert found["2026-Q2"]["value"] == 4
    assert (found["2026-Q2"]["low"], found["2026-Q2"]["denominator"]) == (None, None)
    by_service = {row["entity"]: row["value"] for row in measured(OPEN, WIP, by="service")}
    assert by_service == {"a": 3, "b": 1, "c": 0}
    by_team = {row["entity"]: row["value"] for row in measured(OPEN, WIP, by="team")}
    assert by_team == {"red": 4, "blue": 0}


def test_a_stock_is_unknown_without_a_feed_and_taken_where_the_feed_ends() -> None:
    spans = [("a", Q1.start, day(79)), ("b", Q1.start, Q1.start + DAY)]
    found = {row["entity"]: row for row in measured(OPEN, WIP, by="service", spans=spans)}
    assert found["a"]["value"] == 1  # on day 79 neither of the two of day 80 was there
    assert found["a"]["note"] == "feed covers 79 of 91 days"
    assert (found["b"]["status"], found["b"]["value"]) == ("unknown", None)
    assert (found["c"]["status"], found["c"]["value"]) == ("unknown", None)


def test_ages_are_taken_at_the_end() -> None:
    observed = rows(
        Observations, *[("a", day(80 + n), 24.0 * (11 - n), False, str(n)) for n in range(7)]
    )
    (one,) = measured(observed, AGE)
    assert one["value"] == pytest.approx(24.0 * 8)  # opened 5 to 11 days before the end
    assert one["method"] == "order statistics"


SPANS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(-200, 2000), st.integers(0, 900), st.booleans()),
    max_size=20,
)


@settings(max_examples=60)
@given(spans=SPANS)
def test_stocks_agree_with_pandas(spans) -> None:
    frame = pd.DataFrame(spans, columns=["service", "start", "length", "is_open"])
    hour = timedelta(hours=1)
    observed = rows(
        Observations,
        *[
            (service, Q2.start + start * hour, 3000 if is_open else length, not is_open, str(n))
            for n, (service, start, length, is_open) in enumerate(spans)
        ],
    )
    last = 91 * 24 - 1e-9
    there = frame[
        (frame["start"] <= last) & (frame["is_open"] | (frame["start"] + frame["length"] > last))
    ]
    (one,) = measured(observed, WIP)
    assert one["value"] == len(there)
    assert rows_behind(
        observed, WIP, Q2, coverage=alive(WIP.needs, *[(s, Q1.start, AS_OF) for s in "abc"]),
        as_of=AS_OF,
    ).height == len(there)  # fmt: skip


def test_what_tells_of_the_present_alone_is_unknown_at_other_times() -> None:
    observed = rows(
        Observations,
        ("a", AS_OF - timedelta(microseconds=1), 1, True, "open"),
        ("a", AS_OF - timedelta(microseconds=1), 0, True, "merged"),
    )
    found = {row["period"]: row for row in measured(observed, BRANCHES, periods=(Q1, Q2))}
    assert found["2026-Q1"]["status"] == "unknown"
    assert found["2026-Q1"]["note"] == "the exports tell nothing of this time"
    assert (found["2026-Q2"]["value"], found["2026-Q2"]["n"]) == (1, 2)
    by_service = {
        row["entity"]: row["status"] for row in measured(observed, BRANCHES, by="service")
    }
    assert by_service == {"a": "ok", "b": "unknown", "c": "unknown"}


# ---- Spread ---- #


def made(lines, service="a", at=None):
    return [
        (service, at or day(10), amount, author, f"{service}{author}")
        for author, amount in lines.items()
    ]


def test_the_fewest_people_who_made_half() -> None:
    lines = {"p1": 40, "p2": 30, "p3": 20, "p4": 6, "p5": 4}
    (one,) = measured(rows(Authored, *made(lines)), SPREAD)
    assert (one["value"], one["n"]) == (2, 5)  # 40 of 100 is less than half, 70 is more
    (half,) = measured(rows(Authored, *made(lines | {"p1": 60})), SPREAD)
    assert half["value"] == 1  # 60 of 120 is half


def test_a_small_group_is_withheld_with_its_numbers() -> None:
    few = {"p1": 40, "p2": 30, "p3": 20, "p4": 6}
    (one,) = measured(rows(Authored, *made(few)), SPREAD)
    assert one["status"] == "suppressed"
    assert one["value"] is one["n"] is one["numerator"] is one["denominator"] is None
    assert "p1" not in str(one)


def test_each_author_counts_once_for_a_team_and_commits_once_for_the_organisation() -> None:
    lines = dict.fromkeys(("p1", "p2", "p3", "p4", "p5"), 10)
    shared = rows(Authored, *made(lines), *made(lines, service="b"), *made({"p1": 90}, "c"))
    found = {row["entity"]: row for row in measured(shared, SPREAD, by="team")}
    assert (found["red"]["value"], found["red"]["n"]) == (3, 5)
    assert found["blue"]["status"] == "suppressed"
    (whole,) = measured(shared, SPREAD)
    assert (whole["value"], whole["n"]) == (1, 5)  # p1: 110 of 190
    same = rows(
        Authored,
        *[(name, day(3), 10, f"p{n}", f"k{n}") for name in "ab" for n in range(5)],
        ("a", day(3), 30, "p0", "own"),
    )
    # A commit of both services is one: p0 made 40 of 80, half; counted twice it were 50 of 130.
    assert measured(same, SPREAD)[0]["value"] == 1


def test_the_year_ends_with_the_period() -> None:
    lines = dict.fromkeys(("p1", "p2", "p3", "p4", "p5"), 10)
    before = rows(Authored, *made(lines), *made({"p6": 900}, at=Q2.end - timedelta(days=366)))
    assert measured(before, SPREAD)[0]["n"] == 5
    inside = rows(Authored, *made(lines), *made({"p6": 900}, at=Q2.end - timedelta(days=364)))
    assert measured(inside, SPREAD)[0]["n"] == 6
    (earlier,) = measured(inside, SPREAD, periods=(Q1,))
    assert earlier["status"] == "suppressed"  # of the six, one had made anything by then


LINES = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["p1", "p2", "p3", "p4", "p5", "p6"]),
              st.integers(1, 50)),
    min_size=1, max_size=30,
)  # fmt: skip


@settings(max_examples=40)
@given(lines=LINES)
def test_spread_agrees_with_pandas(lines) -> None:
    observed = rows(
        Authored,
        *[(service, day(5), n, author, str(i)) for i, (service, author, n) in enumerate(lines)],
    )
    frame = pd.DataFrame(lines, columns=["service", "author", "lines"])
    frame["team"] = frame["service"].map({"a": "red", "b": "red", "c": "blue"})
    for by in ("organisation", "team", "service"):
        for row in measured(observed, SPREAD, by=by):
            own = frame if by == "organisation" else frame[frame[by] == row["entity"]]
            totals = own.groupby("author")["lines"].sum().sort_values(ascending=False)
            if len(totals) < 5:
                assert row["status"] == ("suppressed" if len(totals) else "none")
                continue
            reached = totals.cumsum() >= totals.sum() / 2
            assert row["value"] == 1 + int((~reached).sum())
            assert row["n"] == len(totals)


def test_rows_behind_a_spread_name_nobody() -> None:
    observed = rows(Authored, *made({"p1": 4}))
    coverage = alive(SPREAD.needs, ("a", Q1.start, AS_OF))
    found = rows_behind(observed, SPREAD, Q2, coverage=coverage, as_of=AS_OF)
    assert found.columns == Observations.column_names()
    assert found.height == 1


def test_no_setting_allows_a_group_that_is_smaller_than_five() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 5"):
        Definitions(minimum_group=4)
