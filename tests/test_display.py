"""Every number is rounded and labelled in one place; what people read is never misleading."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.display import (
    POINTS,
    Measurement,
    axis_title,
    format_counted,
    format_days,
    format_interval,
    format_key,
    format_limits,
    format_list,
    format_moment,
    format_n,
    format_names,
    format_number,
    format_value,
    highest_of,
    measurement_table,
    measurements,
    scale_of,
)
from devops_analytics.estimates import STATUSES, Measurements
from devops_analytics.metrics import METRICS, metric
from devops_analytics.periods import parse_period

LONDON = ZoneInfo("Europe/London")
AS_OF = datetime(2027, 1, 1, tzinfo=UTC)


def measured(metric_id: str, **values: object) -> Measurement:
    given_values = {
        "metric": metric_id,
        "by": "service",
        "entity": "pay",
        "period": "2026-Q2",
        "period_start": datetime(2026, 4, 1, tzinfo=UTC),
        "period_end": datetime(2026, 7, 1, tzinfo=UTC),
        "value": None,
        "low": None,
        "high": None,
        "n": None,
        "numerator": None,
        "denominator": None,
        "unit": metric(metric_id).unit.value,
        "status": "unknown",
        "method": None,
        "note": None,
    }
    return Measurement(**{**given_values, **values})


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0, "hours", "0 min"),
        (10 / 3600, "hours", "10 s"),
        (59.4 / 3600, "hours", "59 s"),
        (0.2, "hours", "12 min"),
        (59.7 / 60, "hours", "60 min"),
        (1.0, "hours", "1.0 h"),
        (5.24, "hours", "5.2 h"),
        (9.96, "hours", "10 h"),
        (31.4, "hours", "31 h"),
        (47.4, "hours", "47 h"),
        (48.0, "hours", "2.0 d"),
        (100.0, "hours", "4.2 d"),
        (24 * 1234.0, "hours", "1,234 d"),
        (0.0, "share", "0 %"),
        (0.0004, "share", "<0.1 %"),
        (0.043, "share", "4.3 %"),
        (0.0996, "share", "10 %"),
        (0.625, "share", "62 %"),
        (0.996, "share", "99.6 %"),
        (0.9999, "share", ">99.9 %"),
        (1.0, "share", "100 %"),
        (3.44, "per day", "3.4 per day"),
        (20.8, "per day", "21 per day"),
        (0.33, "per day", "2.3 per week"),
        (0.01, "per day", "0.070 per week"),
        (0.0, "per day", "0 per day"),
        (1.0, "days per week", "1 day per week"),
        (2.5, "days per week", "2.5 days per week"),
        (3.0, "commits", "3 commits"),
        (1.0, "commits", "1 commit"),
        (1234.0, "lines", "1,234 lines"),
        (48.25, POINTS, "48 points"),
        (8.9, POINTS, "9 points"),
    ],
)
def test_values_are_written_with_two_digits_and_the_unit_that_fits(value, unit, text) -> None:
    assert format_value(value, unit) == text


def test_a_rate_is_written_on_the_scale_of_what_it_stands_beside() -> None:
    assert format_value(0.33, "per day", beside=1.2) == "0.33 per day"
    assert format_value(1.2, "per day", beside=0.33) == "8.4 per week"


@pytest.mark.parametrize(
    ("low", "high", "unit", "text"),
    [
        (4.1, 6.9, "hours", "4.1–6.9 h"),
        (0.2, 72.0, "hours", "12 min – 3.0 d"),
        (0.043, 0.11, "share", "4.3–11 %"),
        (1.0, 2.0, "commits", "1–2 commits"),
        (4.1, None, "hours", "at least 4.1 h"),
        (None, 6.9, "hours", "at most 6.9 h"),
        (None, None, "hours", ""),
        (5.21, 5.23, "hours", "5.2 h"),
    ],
)
def test_intervals_name_their_unit_once_and_say_an_open_end(low, high, unit, text) -> None:
    assert format_interval(low, high, unit) == text


def test_the_limits_of_a_rate_are_on_the_scale_of_its_value() -> None:
    # 0.9 a day is 6.3 a week, so 0.5 and 1.5 a day are 3.5 and 10.5 a week.
    rate = measured("deployment_frequency", value=0.9, low=0.5, high=1.5, status="ok")
    assert format_number(rate) == "6.3 per week"
    assert format_limits(rate) == "3.5–10 per week"


@given(st.floats(min_value=1e-12, max_value=1 - 1e-12))
def test_some_is_never_written_as_none_and_most_never_as_all(share: float) -> None:
    assert format_value(share, "share") not in {"0 %", "0.0 %", "100 %", "100.0 %"}


@given(st.floats(min_value=1e-9, max_value=1e6))
def test_a_time_is_never_off_by_more_than_its_rounding(hours: float) -> None:
    number, unit = format_value(hours, "hours").split(" ")
    factor = {"s": 3600, "min": 60, "h": 1, "d": 1 / 24}[unit]
    assert float(number.replace(",", "")) == pytest.approx(hours * factor, rel=0.051, abs=1e-6)


def test_n_says_what_a_number_rests_on() -> None:
    rests = {"n": 212, "numerator": 200.0, "denominator": 212.0}
    assert format_n(measured("change_lead_time", **rests)) == "n = 212, 12 of them open"
    assert format_n(measured("change_lead_time", **{**rests, "numerator": 212.0})) == "n = 212"
    rests = {"n": 1306, "numerator": 19.0, "denominator": 1306.0}
    assert format_n(measured("change_fail_rate", **rests)) == "19 of 1,306"
    rests = {"n": 312, "numerator": 312.0, "denominator": 91.04}
    assert format_n(measured("deployment_frequency", **rests)) == "312 in 91 live days"
    assert format_n(measured("deployment_frequency")) == ""


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "ok"])
def test_every_status_without_a_number_has_words(status: str) -> None:
    text = format_number(measured("change_lead_time", status=status))
    assert text
    assert not any(sign.isdigit() for sign in text)


def test_a_table_of_measurements_says_the_status_where_there_is_no_value() -> None:
    schema = Measurements.create_empty().schema
    known = measured(
        "change_lead_time",
        value=5.2,
        low=4.1,
        high=6.9,
        n=9,
        numerator=9.0,
        denominator=9.0,
        status="ok",
    )
    rows = [
        {name: getattr(m, name) for name in Measurement.__dataclass_fields__}
        for m in (known, measured("time_to_restore", note="no feed of incidents"))
    ]
    frame = pl.DataFrame(rows, schema=schema)
    assert measurements(frame)[0] == known
    assert measurement_table(frame).rows() == [
        ("change_lead_time", "pay", "2026-Q2", "5.2 h", "4.1–6.9 h", "n = 9", None),
        ("time_to_restore", "pay", "2026-Q2", "not known", "", "", "no feed of incidents"),
    ]


def test_the_highest_counts_only_what_has_a_number() -> None:
    known = measured("change_lead_time", value=2.0, high=3.0, status="ok")
    silent = measured("change_lead_time", high=9.0, status="insufficient")
    assert highest_of([known, silent]) == 3.0
    assert highest_of([silent]) is None


def test_one_of_a_thing_is_not_many() -> None:
    assert format_counted(1, "export") == "1 export"
    assert format_counted(0, "export") == "0 exports"
    assert format_counted(1200, "export") == "1,200 exports"


def test_every_metric_has_a_title_for_its_axis() -> None:
    for declared in METRICS:
        assert axis_title(declared, scale_of(1.5, declared.unit.value))


@pytest.mark.parametrize(
    ("period", "text"),
    [
        ("2026-Q2", "1 April to 30 June 2026"),
        ("2026-05", "1 to 31 May 2026"),
        ("2026-W01", "29 December 2025 to 4 January 2026"),
        ("2026-05-03..2026-05-03", "3 May 2026"),
    ],
)
def test_the_days_of_a_period_are_those_of_the_reporting_zone(period: str, text: str) -> None:
    assert format_days(parse_period(period, zone=LONDON, as_of=AS_OF), LONDON) == text


def test_a_moment_is_told_in_the_reporting_zone() -> None:
    moment = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    assert format_moment(moment, LONDON) == "1 July 2026, 00:30 (Europe/London)"


def test_lists_and_names_read_like_a_sentence() -> None:
    assert format_list([]) == ""
    assert format_list(["a"]) == "a"
    assert format_list(["a", "b", "c"]) == "a, b and c"
    assert format_names(["a", "b", "c"], most=2) == "a, b and c"
    assert format_names(["a", "b", "c", "d"], most=2) == "a, b and 2 more"


def test_commit_ids_in_keys_are_cut() -> None:
    assert format_key("web@" + "0123456789abcdef" * 2 + "01234567") == "web@0123456789…"
    assert format_key("2026-04-01 pay") == "2026-04-01 pay"
