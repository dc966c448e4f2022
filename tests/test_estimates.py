"""Estimates: observations of entities and periods become measurements that can be defended."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from devops_analytics.config import Definitions
from devops_analytics.errors import UnknownNameError
from devops_analytics.estimates import STATUSES, Measurements, estimate
from devops_analytics.metrics.metric import Better, Kind, Metric, Observations, Unit
from devops_analytics.periods import Period, named_period

UTC_ZONE = ZoneInfo("UTC")
AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def period(text):
    return named_period(text, zone=UTC_ZONE, as_of=AS_OF)


Q1, Q2 = period("2026-Q1"), period("2026-Q2")


def a_metric(kind=Kind.DURATION, unit=Unit.HOURS, needs=("deployments",), quantile=0.5):
    return Metric(
        id="some_metric",
        name="Some metric",
        question="How?",
        family="delivery",
        kind=kind,
        unit=unit,
        better=Better.LOWER,
        definition="What.",
        choices="None.",
        unknown_when="Never.",
        misleads_when="Always.",
        moved_without_improvement="Easily.",
        source="Nobody.",
        needs=needs,
        observe=lambda evidence: evidence.tables["deployments"],
        quantile=quantile,
    )


SHARE = a_metric(Kind.PROPORTION, Unit.SHARE)
RATE = a_metric(Kind.RATE, Unit.PER_DAY)


def observations(values, *, service="a", start=Q2.start, step=timedelta(hours=1), keys="k"):
    """One row each; a value written as text with a `>` is censored."""
    rows = [
        {
            "service": service,
            "at": start + number * step,
            "value": float(str(value).removeprefix(">")),
            "observed": not str(value).startswith(">"),
            "key": f"{keys}{service}{number}",
            "source_ref": "x:1",
        }
        for number, value in enumerate(values)
    ]
    return pl.DataFrame(rows, schema=Observations.create_empty().schema)


def alive(*spans, tables=("deployments",)):
    """Coverage of (service, from, to)."""
    rows = [(table, *span) for table in tables for span in spans]
    time = pl.Datetime("us", "UTC")
    schema = {"table": pl.String, "service": pl.String, "live_from": time, "live_to": time}
    return pl.DataFrame(rows, schema=schema, orient="row")


ALIVE = alive(("a", Q1.start, Q2.end), ("b", Q1.start, Q2.end), ("c", Q1.start, Q2.end))
SERVICES = pl.DataFrame({"service": ["a", "b", "c"], "team": ["red", "red", None]})


def measured(rows, metric=None, *, coverage=ALIVE, periods=(Q2,), by="organisation", **given):
    return estimate(
        rows,
        metric or a_metric(),
        periods=periods,
        by=by,
        services=given.get("services", SERVICES),
        coverage=coverage,
        definitions=given.get("definitions", Definitions()),
        organisation="Org",
        as_of=given.get("as_of", AS_OF),
    )


def one(rows, metric=None, **given):
    return measured(rows, metric, **given).row(0, named=True)


def numbers(row):
    return row["value"], row["low"], row["high"]


def counts(row):
    return row["n"], row["numerator"], row["denominator"]


# ---- Durations and levels ---- #


def test_a_median_of_six_lies_between_the_smallest_and_the_largest():
    row = one(observations([5, 1, 30, 2, 3, 8]))
    # Sorted 1 2 3 5 8 30: (3 + 5) / 2, and ranks 1 and 6.
    assert numbers(row) == (4, 1, 30)
    assert counts(row) == (6, 6, 6)
    assert (row["status"], row["method"], row["unit"], row["note"]) == (
        "ok",
        "order statistics",
        "hours",
        None,
    )


def test_a_median_of_ten_lies_between_the_second_and_the_ninth():
    assert numbers(one(observations(range(1, 11)))) == (5.5, 2, 9)


def test_fewer_than_six_are_listed_instead():
    row = one(observations([12, 0.25, ">40"]))
    assert numbers(row) == (None, None, None)
    assert counts(row) == (3, 2, 3)
    assert (row["status"], row["note"]) == ("insufficient", "only 3: 0.2, 12.0, >40.0 hours")


def test_the_smallest_n_is_a_setting():
    few = observations([1, 2, 3, 4, 5])
    row = one(few, definitions=Definitions(minimum_n=5))
    assert (row["status"], numbers(row), row["note"]) == ("ok", (3, None, None), "no interval")


def test_one_still_open_makes_it_kaplan_meier():
    row = one(observations([1, ">2", 3, 4, 5, ">6"]))
    # 5/6, then of four left 3/4, 2/3: 0.417 at 4, the first at or under a half.
    assert row["value"] == 4
    assert (row["method"], row["status"]) == ("Kaplan-Meier, log-log", "ok")
    assert counts(row) == (6, 4, 6)
    # After 5, with two at risk, survival is 0.208 and its upper limit still above a half.
    assert (row["high"], row["note"]) == (None, "no upper limit: 2 of 6 still open")


def test_more_than_half_still_open_is_no_number_but_a_lower_limit():
    row = one(observations([1, 2, ">10", ">20", ">30", ">40"]))
    assert numbers(row)[0] is None
    assert row["status"] == "insufficient"
    assert row["note"] == "more than half still open; longer than 40.0 hours"
    # The lower limit of the survival is under a half already after the first end:
    # (5/6)^exp(1.96 * sqrt(1/30) / |ln 5/6|) = 0.833^7.12 = 0.27.
    assert (row["low"], row["high"]) == (1, None)


def test_where_nothing_ended_the_longest_wait_is_the_lower_limit():
    row = one(observations([">1", ">2", ">3", ">4", ">5", ">6"]))
    assert (row["value"], row["low"], row["numerator"]) == (None, 6, 0)


@pytest.mark.parametrize(("quantile", "n"), [(0.85, 23), (0.9, 36)])
def test_high_quantiles_need_enough_for_an_upper_limit(quantile, n):
    metric = a_metric(quantile=quantile)
    enough = one(observations(range(1, n + 1)), metric)
    # The rank from zero is quantile * (n - 1), and values begin at 1.
    assert enough["value"] == pytest.approx(quantile * (n - 1) + 1)
    assert (enough["status"], enough["high"] is not None) == ("ok", True)
    too_few = one(observations(range(1, n)), metric)
    assert (too_few["status"], too_few["value"]) == ("insufficient", None)
    assert too_few["note"] == f"only {n - 1}: 1.0, 2.0, 3.0, 4.0, 5.0 … hours"


def test_a_high_quantile_without_upper_limit_is_withheld_whatever_the_settings_say():
    definitions = Definitions(minimum_n_p85=10)
    row = one(observations(range(1, 11)), a_metric(quantile=0.85), definitions=definitions)
    assert (row["status"], row["value"], row["high"]) == ("insufficient", None, None)
    assert row["note"] == "no upper limit; the largest seen is 10.0 hours"


def test_nothing_in_a_live_feed_is_none():
    row = one(observations([]))
    assert row["status"] == "none"
    assert numbers(row) == (None, None, None)
    assert counts(row) == (0, 0, 0)
    assert row["note"] == "nothing to measure in 91 live days"


# ---- Shares ---- #


def test_a_share_has_wilsons_interval():
    row = one(observations([1, 0, 0, 0, 0, 0, 0, 0, 0, 0]), SHARE)
    assert row["value"] == 0.1
    assert (row["low"], row["high"]) == pytest.approx((0.018, 0.404), abs=0.0005)
    assert counts(row) == (10, 1, 10)
    assert (row["status"], row["method"], row["unit"]) == ("ok", "Wilson", "share")


def test_under_six_a_share_has_an_interval_but_no_headline():
    row = one(observations([0, 0, 0, 0, 0]), SHARE)
    assert (row["status"], row["value"], row["note"]) == ("insufficient", None, "0 of 5")
    assert (row["low"], row["high"]) == pytest.approx((0, 0.434), abs=0.0005)
    assert counts(row) == (5, 0, 5)


def test_a_share_of_nothing_is_none():
    row = one(observations([]), SHARE)
    assert (row["status"], row["value"], row["n"]) == ("none", None, 0)


# ---- Rates ---- #


def test_a_rate_is_a_count_per_day_of_live_feed():
    # 12 in 91 days, one a week; exact limits of a count of 12 are 6.2006 and 20.9616.
    row = one(observations([1] * 12, step=timedelta(days=7)), RATE)
    assert row["value"] == 12 / 91
    assert (row["low"], row["high"]) == pytest.approx((6.2006 / 91, 20.9616 / 91), abs=1e-5)
    assert counts(row) == (12, 12, 91)
    assert (row["status"], row["method"], row["unit"]) == ("ok", "exact Poisson", "per day")


def test_a_rate_in_bursts_is_less_sure():
    # 24 in two of 13 weeks: chi-squared 132 over 12 degrees is 11 times what chance makes, and
    # with Student's t of 12 degrees for the estimate 13.6 times: as sure as 1.77 events.
    burst = [observations([1] * 12, start=Q2.start + week * 7 * DAY, keys=f"w{week}")
             for week in (2, 9)]  # fmt: skip
    row = one(pl.concat(burst), RATE, coverage=alive(("a", Q2.start, Q2.end)))
    squared = (2 * (12 - 24 / 13) ** 2 + 11 * (24 / 13) ** 2) / (24 / 13)
    widening = squared / 12 * (stats.t.ppf(0.975, 12) / stats.norm.ppf(0.975)) ** 2
    few = 24 / widening
    assert few == pytest.approx(1.77, abs=0.01)
    assert row["value"] == 24 / 91
    assert row["low"] == pytest.approx(widening * stats.gamma.ppf(0.025, few) / 91)
    assert row["high"] == pytest.approx(widening * stats.gamma.ppf(0.975, few + 1) / 91)
    assert row["method"] == "Poisson, widened for bursts"


def test_a_rate_that_grows_over_the_year_is_no_burst():
    # One a week in one quarter, two a week in the next: each quarter has its own level.
    slow = observations([1] * 13, start=Q1.start + DAY, step=7 * DAY, keys="q1")
    quick = observations([1] * 26, start=Q2.start + DAY, step=3.5 * DAY, keys="q2")
    row = one(pl.concat([slow, quick]), RATE, coverage=alive(("a", Q1.start, Q2.end)))
    assert (row["n"], row["method"]) == (26, "exact Poisson")


def test_a_rate_counts_only_the_days_that_the_feed_was_alive():
    coverage = alive(("a", Q2.start + 30 * DAY, Q2.end))
    row = one(observations([1] * 12, start=Q2.start + 40 * DAY), RATE, coverage=coverage)
    assert (row["value"], row["denominator"]) == (12 / 61, 61)
    assert row["note"] == "2 of 3 services unknown: b, c; feed covers 61 of 91 days"


def test_a_rate_of_nothing_is_none_with_an_upper_limit():
    # None in 91 days: the upper limit of a count of 0 is -ln(0.025) = 3.6889.
    row = one(observations([]), RATE)
    assert (row["status"], row["value"], row["low"]) == ("none", None, 0)
    assert row["high"] == pytest.approx(3.6889 / 91, abs=1e-6)
    assert counts(row) == (0, 0, 91)
    assert row["note"] == "no event in 91 live days"


def test_less_than_a_day_of_live_feed_makes_no_rate():
    coverage = alive(("a", Q2.start, Q2.start + DAY / 2))
    row = one(observations([1] * 5), RATE, coverage=coverage, by="service")
    assert (row["status"], row["value"], row["n"]) == ("insufficient", None, 5)
    assert row["note"].startswith("5 in less than one live day")


def test_live_days_of_several_services_are_their_union():
    coverage = alive(("a", Q2.start, Q2.start + 40 * DAY), ("b", Q2.start + 20 * DAY, Q2.end))
    row = one(observations([1] * 12), RATE, coverage=coverage, by="team")
    assert row["denominator"] == 91


def test_days_of_a_clock_change_are_counted_exactly():
    zone = ZoneInfo("Europe/London")
    march = named_period("2026-03", zone=zone, as_of=AS_OF)
    rows = observations([1] * 12, start=march.start)
    row = one(rows, RATE, periods=[march])
    assert row["denominator"] == 31 - 1 / 24


# ---- Unknown, and partly known ---- #


@pytest.mark.parametrize("metric", [a_metric(), SHARE, RATE])
def test_without_a_feed_all_is_unknown_and_nothing_is_zero(metric):
    row = one(observations([]), metric, coverage=alive())
    assert row["status"] == "unknown"
    assert numbers(row) == counts(row) == (None, None, None)
    assert (row["method"], row["note"]) == (None, "no feed of deployments")


def test_a_feed_that_died_before_the_period_makes_it_unknown():
    coverage = alive(("a", Q1.start, Q1.start + 40 * DAY))
    row = one(observations([]), RATE, coverage=coverage)
    assert row["status"] == "unknown"
    assert row["note"] == "feed of deployments covers 2026-01-01 to 2026-02-10 only"


def test_every_needed_table_must_be_alive():
    metric = a_metric(needs=("deployments", "commits"))
    rows = observations([1, 2, 3, 4, 5, 6])
    row = one(rows, metric)
    assert (row["status"], row["note"]) == (
        "unknown",
        "no feed of commits",
    )
    apart = pl.concat(
        [
            alive(("a", Q2.start, Q2.end)),
            alive(("b", Q2.start, Q2.end), tables=("commits",)),
        ]
    )
    row = one(observations([]), metric, coverage=apart)
    assert row["note"] == "no service has deployments and commits at the same time"
    both = alive(("a", Q2.start, Q2.end), tables=("deployments", "commits"))
    assert one(rows, metric, coverage=both)["status"] == "ok"


def test_what_happened_while_a_needed_feed_was_dead_is_left_out_and_counted():
    coverage = alive(("a", Q2.start, Q2.start + 5 * timedelta(hours=1)), ("b", Q2.start, Q2.end))
    rows = observations([1, 2, 3, 4, 5, 6, 700, 800])
    row = one(rows, coverage=coverage, services=SERVICES.head(2))
    # The sixth lies at the very moment of the feed's last event, which counts.
    assert (row["n"], row["value"]) == (6, 3.5)
    assert row["note"] == "2 outside the time of the feeds left out"


def test_a_feed_may_die_and_come_back():
    coverage = alive(
        ("a", Q2.start, Q2.start + 30 * DAY), ("a", Q2.start + 60 * DAY, Q2.start + 91 * DAY)
    )
    rows = observations([1] * 91, step=DAY)
    row = one(rows, RATE, coverage=coverage, services=SERVICES.head(1))
    # Days 0 to 30 and 60 to 90: 31 each, in 30 + 31 days.
    assert (row["n"], row["denominator"]) == (62, 61)
    assert row["note"] == ("feed covers 61 of 91 days; 29 outside the time of the feeds left out")


def test_a_feed_of_one_event_can_speak_for_that_event():
    moment = Q2.start + 3 * DAY
    row = one(observations([7], start=moment), coverage=alive(("a", moment, moment)), by="service")
    assert (row["status"], row["n"]) == ("insufficient", 1)
    assert row["note"].startswith("only 1: 7.0 hours; feed covers 0.0 of 91 days")


def test_services_that_are_unknown_are_named_up_to_five():
    services = pl.DataFrame({"service": list("abcdefgh"), "team": ["red"] * 8})
    coverage = alive(("a", Q2.start, Q2.end))
    row = one(observations([1] * 6), coverage=coverage, services=services, by="team")
    assert row["status"] == "ok"
    assert row["note"] == "7 of 8 services unknown: b, c, d, e, f …"


def test_a_period_in_progress_says_so():
    as_of = Q2.start + 30 * DAY
    row = one(observations([1] * 6), RATE, as_of=as_of)
    assert (row["denominator"], row["status"]) == (30, "ok")
    assert row["note"] == "period not complete as of 2026-05-01 00:00 UTC"


def test_nothing_is_known_of_a_period_in_the_future():
    row = one(observations([1] * 6), RATE, as_of=Q2.start)
    assert row["status"] == "unknown"
    assert row["note"].endswith("period not complete as of 2026-04-01 00:00 UTC")


# ---- Entities and periods ---- #


def test_every_entity_and_period_has_a_row_in_order():
    rows = pl.concat([observations([1] * 6, service="b"), observations([1] * 6, start=Q1.start)])
    found = measured(rows, periods=[Q2, Q1, Q2], by="service")
    assert found.select("metric", "by", "entity", "period", "status").rows() == [
        ("some_metric", "service", "a", "2026-Q1", "ok"),
        ("some_metric", "service", "a", "2026-Q2", "none"),
        ("some_metric", "service", "b", "2026-Q1", "none"),
        ("some_metric", "service", "b", "2026-Q2", "ok"),
        ("some_metric", "service", "c", "2026-Q1", "none"),
        ("some_metric", "service", "c", "2026-Q2", "none"),
    ]
    assert found["period_start"][0] == Q1.start
    assert found["period_end"][0] == Q1.end


def test_periods_may_overlap():
    rows = observations([1] * 6)
    found = measured(rows, RATE, periods=[period("2026"), Q2, period("2026-04")])
    assert dict(found.select("period", "n").rows()) == {"2026": 6, "2026-Q2": 6, "2026-04": 6}


def test_a_period_holds_its_first_moment_and_not_its_last():
    rows = observations([1, 1, 1], start=Q1.end - DAY, step=DAY)
    found = measured(rows, RATE, periods=[Q1, Q2])
    assert found["n"].to_list() == [1, 2]


def test_a_team_is_estimated_from_the_rows_of_its_services():
    rows = pl.concat(
        [
            observations([1, 2, 3], service="a"),
            observations([10, 20, 30], service="b"),
            observations([9] * 6, service="c"),
        ]
    )
    [team] = measured(rows, by="team").iter_rows(named=True)
    # 1 2 3 10 20 30: the median of the rows; the medians of a and b would say (2 + 20) / 2.
    assert (team["entity"], team["value"], team["n"]) == ("red", 6.5, 6)
    assert one(rows)["n"] == 12


def test_without_teams_there_are_no_rows_of_teams():
    services = SERVICES.with_columns(team=pl.lit(None, pl.String))
    assert measured(observations([1]), by="team", services=services).is_empty()


def test_rows_of_no_service_or_another_count_for_the_organisation_alone():
    rows = pl.concat(
        [
            observations([1] * 6),
            observations([1] * 2, service=None),
            observations([1] * 3, service="unlisted"),
        ]
    )
    assert one(rows, RATE)["n"] == 11
    assert measured(rows, RATE, by="service")["n"].to_list() == [6, 0, 0]


def test_an_organisation_without_services_is_known_by_what_its_feeds_speak_for():
    nobody = SERVICES.head(0)
    coverage = alive(("*", Q2.start, Q2.end))
    row = one(observations([1] * 6, service=None), RATE, services=nobody, coverage=coverage)
    assert (row["status"], row["n"], row["note"]) == ("ok", 6, None)


def test_a_row_that_two_services_share_counts_once_for_their_team():
    shared = observations([1] * 6).with_columns(key=pl.format("run {}", pl.col("at")))
    rows = pl.concat([shared, shared.with_columns(service=pl.lit("b"))])
    assert one(rows, RATE, by="team")["n"] == 6
    assert one(rows, RATE)["n"] == 6
    assert measured(rows, RATE, by="service")["n"].to_list() == [6, 6, 0]


def test_what_is_asked_for_must_be_one_of_three():
    with pytest.raises(UnknownNameError, match="'person'; allowed: organisation, team, service"):
        measured(observations([]), by="person")


# ---- Properties ---- #

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "other", None]),
        st.integers(-24 * 20, 24 * 120),
        st.sampled_from([0.0, 0.5, 1.0, 3.0, 10.0]),
        st.booleans(),
    ),
    max_size=50,
)
KINDS = st.sampled_from([a_metric(), a_metric(quantile=0.85), SHARE, RATE])
BYS = st.sampled_from(["organisation", "team", "service"])
COVERAGES = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(-30, 100), st.integers(0, 100)), max_size=5
).map(
    lambda spans: alive(
        *(
            (name, Q2.start + begin * DAY, Q2.start + (begin + length) * DAY)
            for name, begin, length in spans
        )
    )
)
MONTHS = [period(text) for text in ("2026-04", "2026-05", "2026-Q2", "2026-W20")]


def as_rows(drawn, metric, shift=timedelta(0)):
    is_share = metric.kind is Kind.PROPORTION
    rows = [
        (
            service,
            Q2.start + timedelta(hours=hours) + shift,
            float(value > 1) if is_share else value,
            ended,
            str(number),
            None,
        )
        for number, (service, hours, value, ended) in enumerate(drawn)
    ]
    return pl.DataFrame(rows, schema=Observations.create_empty().schema, orient="row")


@given(drawn=ROWS, metric=KINDS, by=BYS, coverage=COVERAGES)
def test_only_ok_has_a_value_and_limits_enclose_it(drawn, metric, by, coverage):
    found = measured(as_rows(drawn, metric), metric, by=by, coverage=coverage, periods=MONTHS)
    Measurements.validate(found)
    for row in found.iter_rows(named=True):
        assert row["status"] in STATUSES
        assert (row["status"] == "ok") == (row["value"] is not None)
        assert row["status"] == "ok" or row["note"]
        if row["value"] is not None:
            assert row["low"] is None or row["low"] <= row["value"]
            assert row["high"] is None or row["value"] <= row["high"]
        if row["status"] == "unknown":
            assert numbers(row) == counts(row) == (None, None, None)
        if row["status"] == "none":
            assert row["n"] == 0


@settings(max_examples=50)
@given(drawn=ROWS, metric=KINDS, by=BYS, seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(drawn, metric, by, seed):
    rows = as_rows(drawn, metric)
    shuffled = rows.sample(fraction=1, shuffle=True, seed=seed.randint(0, 999))
    assert measured(rows, metric, by=by).equals(measured(shuffled, metric, by=by))


@settings(max_examples=50)
@given(drawn=ROWS, metric=KINDS, by=BYS, coverage=COVERAGES)
def test_shifting_everything_by_a_week_shifts_the_result(drawn, metric, by, coverage):
    week = 7 * DAY
    later = Period(label="later", start=Q2.start + week, end=Q2.end + week)
    shifted = coverage.with_columns(pl.col("live_from", "live_to") + week)
    before = measured(as_rows(drawn, metric), metric, by=by, coverage=coverage)
    after = measured(
        as_rows(drawn, metric, week),
        metric,
        by=by,
        coverage=shifted,
        periods=[later],
        as_of=AS_OF + week,
    )
    same = ["entity", "value", "low", "high", "n", "numerator", "denominator", "status"]
    assert before.select(same).equals(after.select(same))


@given(drawn=ROWS, metric=KINDS)
def test_counts_of_services_add_up_to_those_of_the_organisation(drawn, metric):
    rows = as_rows(drawn, metric)
    inside = [row for row in drawn if 0 <= row[1] < 24 * 91]
    others = sum(1 for service, *_ in inside if service not in ("a", "b", "c"))
    by_service = measured(rows, metric, by="service")
    assert by_service["n"].sum() + others == measured(rows, metric)["n"].sum() == len(inside)


@given(metric=KINDS, by=BYS, coverage=COVERAGES)
def test_no_observations_make_no_number(metric, by, coverage):
    found = measured(observations([]), metric, by=by, coverage=coverage, periods=MONTHS)
    assert found["value"].null_count() == found.height
    assert set(found["status"]) <= {"none", "unknown", "insufficient"}


@settings(max_examples=30)
@given(drawn=ROWS, metric=KINDS, by=BYS, coverage=COVERAGES)
def test_a_period_is_measured_the_same_alone_and_among_others(drawn, metric, by, coverage):
    rows = as_rows(drawn, metric)
    together = measured(rows, metric, by=by, coverage=coverage, periods=MONTHS)
    for each in MONTHS:
        alone = measured(rows, metric, by=by, coverage=coverage, periods=[each])
        assert together.filter(pl.col("period") == each.label).equals(alone)
