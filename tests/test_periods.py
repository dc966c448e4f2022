"""Periods: what each form means, in the reporting zone, across clock changes and ISO years."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.errors import PeriodError
from devops_analytics.periods import (
    Period,
    containing_week,
    intersection,
    named_period,
    parse_period,
    periods_up_to,
    previous_period,
    union,
    year_before,
)

UTC_ZONE = ZoneInfo("UTC")
LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")
AS_OF = datetime(2026, 10, 12, 9, 30, tzinfo=UTC)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def parsed(text, zone=UTC_ZONE, as_of=AS_OF):
    return parse_period(text, zone=zone, as_of=as_of)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2025", utc(2025, 1, 1), utc(2026, 1, 1)),
        ("2026-Q3", utc(2026, 7, 1), utc(2026, 10, 1)),
        ("2025-Q4", utc(2025, 10, 1), utc(2026, 1, 1)),
        ("2026-09", utc(2026, 9, 1), utc(2026, 10, 1)),
        ("2025-12", utc(2025, 12, 1), utc(2026, 1, 1)),
        ("2026-W38", utc(2026, 9, 14), utc(2026, 9, 21)),
        # Both days of a range count, so it ends with the last one's midnight.
        ("2026-01-01..2026-03-31", utc(2026, 1, 1), utc(2026, 4, 1)),
        ("2026-02-03..2026-02-03", utc(2026, 2, 3), utc(2026, 2, 4)),
    ],
)
def test_each_form_means_a_half_open_span_and_keeps_its_text_as_label(text, start, end):
    assert parsed(text) == Period(label=text, start=start, end=end)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("last-week", "2026-W41"),
        ("last-month", "2026-09"),
        ("last-quarter", "2026-Q3"),
        ("last-year", "2025"),
    ],
)
def test_last_means_the_last_complete_one_and_takes_its_name(text, label):
    # 2026-10-12 is a Monday, in W42 and Q4.
    assert parsed(text) == parsed(label)
    assert parsed(text).label == label


def test_last_month_is_counted_in_the_reporting_zone():
    # 02:00 UTC on 1 October is still 30 September in New York.
    moment = utc(2026, 10, 1, 2)
    assert parsed("last-month", UTC_ZONE, moment).label == "2026-09"
    assert parsed("last-month", NEW_YORK, moment).label == "2026-08"


def test_last_quarter_at_the_first_moment_of_a_quarter_is_the_one_that_just_ended():
    assert parsed("last-quarter", as_of=utc(2026, 7, 1)).label == "2026-Q2"


@pytest.mark.parametrize(
    ("text", "monday"),
    [
        ("2020-W53", date(2020, 12, 28)),  # 2020 begins on a Wednesday and is a leap year
        ("2026-W01", date(2025, 12, 29)),  # its Thursday is 1 January 2026
        ("2025-W01", date(2024, 12, 30)),
        ("2021-W01", date(2021, 1, 4)),
    ],
)
def test_weeks_are_iso_weeks_also_where_they_cross_a_year(text, monday):
    week = parsed(text)
    assert week.start.date() == monday
    assert week.days == 7


def test_2026_has_a_week_53():
    week = parsed("2026-W53", as_of=utc(2027, 6, 1))
    assert (week.start, week.end) == (utc(2026, 12, 28), utc(2027, 1, 4))


def test_a_quarter_in_london_starts_an_hour_early_in_summer_time():
    # British summer time (UTC+1) holds on 1 July and on 1 October.
    quarter = parsed("2026-Q3", LONDON)
    assert (quarter.start, quarter.end) == (utc(2026, 6, 30, 23), utc(2026, 9, 30, 23))
    assert quarter.days == 92


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2025-10-26", 25), ("2026-05-01", 24)]
)
def test_days_of_clock_changes_have_23_or_25_hours(day, hours):
    assert parsed(f"{day}..{day}", LONDON).days == hours / 24


def test_a_month_with_a_clock_change_is_no_whole_number_of_days():
    march = parsed("2026-03", LONDON)
    assert march.days == 31 - 1 / 24


def test_where_midnight_is_skipped_the_day_begins_at_the_jump():
    # In Cairo the clock went from 00:00 to 01:00 on Friday 26 April 2024, at 22:00 UTC.
    day = parsed("2024-04-26..2024-04-26", ZoneInfo("Africa/Cairo"))
    assert day.start == utc(2024, 4, 25, 22)
    assert day.days == 23 / 24


def test_where_midnight_comes_twice_the_day_begins_with_the_first():
    # In Havana the clock went back from 01:00 to 00:00 on 2 November 2025 (UTC-4 to UTC-5).
    day = parsed("2025-11-02..2025-11-02", ZoneInfo("America/Havana"))
    assert day.start == utc(2025, 11, 2, 4)
    assert day.days == 25 / 24


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "allowed: 2026, 2026-Q3"),
        ("Q3", "allowed: 2026, 2026-Q3"),
        ("2026-9", "allowed: 2026, 2026-Q3"),
        ("2026-09-01", "allowed: 2026, 2026-Q3"),
        ("last-decade", "allowed: 2026, 2026-Q3"),
        ("2026-01..2026-03", "allowed: 2026, 2026-Q3"),
        ("2026-Q5", "quarters go from 1 to 4"),
        ("2026-Q0", "quarters go from 1 to 4"),
        ("2026-13", "months go from 1 to 12"),
        ("2025-W53", "weeks of 2025 go from 1 to 52"),
        ("2025-W54", "weeks of 2025 go from 1 to 52"),
        ("2026-W54", "weeks of 2026 go from 1 to 53"),
        ("2026-W00", "weeks of 2026 go from 1 to 53"),
        ("0000", "years go from 1970 to 2199"),
        ("9999", "years go from 1970 to 2199"),
        ("9999-12-31..9999-12-31", "years go from 1970 to 2199"),
        ("2026-02-01..2026-02-30", "there is no day 2026-02-30"),
        ("2026-03-31..2026-01-01", "ends before it starts"),
    ],
)
def test_what_is_no_period_is_refused_with_what_was_found_and_is_allowed(text, expected):
    with pytest.raises(PeriodError) as error:
        parsed(text)
    assert repr(text) in str(error.value)
    assert expected in str(error.value)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("2027", "2025"),
        ("2027-Q1", "2026-Q3"),
        ("2026-11", "2026-09"),
        ("2026-W43", "2026-W41"),
        ("2026-10-13..2026-10-14", "2026-10-10..2026-10-11"),
    ],
)
def test_a_period_in_the_future_is_refused_with_the_last_complete_one(text, last):
    with pytest.raises(PeriodError, match="is in the future as of 2026-10-12 10:30 Europe/London"):
        parsed(text, LONDON)
    with pytest.raises(PeriodError, match=f"the last complete one is {last}"):
        parsed(text)


def test_a_period_of_which_nothing_has_passed_is_in_the_future():
    with pytest.raises(PeriodError, match="the last complete one is 2026-06"):
        parsed("2026-07", as_of=utc(2026, 7, 1))
    assert parsed("2026-07", as_of=utc(2026, 7, 1, 0, 0, 1)).label == "2026-07"


def test_a_period_in_the_future_can_still_be_named():
    assert named_period("2031", zone=UTC_ZONE, as_of=AS_OF).start == utc(2031, 1, 1)


def test_a_period_is_complete_from_its_end_on():
    june = parsed("2026-06")
    assert june.is_complete(utc(2026, 7, 1))
    assert not june.is_complete(utc(2026, 6, 30, 23, 59))


def test_letters_may_be_small_and_spaces_around():
    assert parsed(" 2026-q3 ").label == "2026-Q3"
    assert parsed("2026-w38").label == "2026-W38"


@pytest.mark.parametrize(
    ("text", "previous"),
    [
        ("2026", "2025"),
        ("2026-Q1", "2025-Q4"),
        ("2026-01", "2025-12"),
        ("2026-W01", "2025-W52"),
        ("2021-W01", "2020-W53"),
        # 1 January to 31 March 2026 are 90 days; the 90 before begin on 3 October.
        ("2026-01-01..2026-03-31", "2025-10-03..2025-12-31"),
    ],
)
def test_the_previous_period_has_the_same_grain_and_ends_where_this_one_starts(text, previous):
    this = parsed(text, LONDON)
    before = previous_period(this, zone=LONDON)
    assert before == parsed(previous, LONDON)
    assert before.end == this.start


def test_a_series_of_periods_ends_with_the_one_given():
    labels = [period.label for period in periods_up_to(parsed("2026-Q2"), 4, zone=UTC_ZONE)]
    assert labels == ["2025-Q3", "2025-Q4", "2026-Q1", "2026-Q2"]
    assert periods_up_to(parsed("2026"), 1, zone=UTC_ZONE) == [parsed("2026")]


ZONES = st.sampled_from(
    ["UTC", "Europe/London", "America/St_Johns", "Pacific/Auckland", "America/Sao_Paulo"]
).map(ZoneInfo)
DATES = st.dates(date(1990, 1, 1), date(2025, 12, 31))


@given(day=DATES, zone=ZONES)
def test_every_day_is_in_exactly_one_period_of_each_grain(day, zone):
    iso = day.isocalendar()
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    for text in (
        f"{day.year}",
        f"{day.year}-Q{(day.month + 2) // 3}",
        f"{day:%Y-%m}",
        f"{iso.year}-W{iso.week:02}",
        f"{day}..{day}",
    ):
        period = parsed(text, zone)
        assert period.start <= noon < period.end
        assert period.start.astimezone(zone).date() <= day
        before = previous_period(period, zone=zone)
        assert before.end == period.start
        assert parsed(before.label, zone) == before


@given(year=st.integers(1990, 2025), zone=ZONES)
def test_the_months_and_the_quarters_of_a_year_add_up_to_it(year, zone):
    whole = parsed(f"{year}", zone)
    for grain, count in (("{}-{:02}", 12), ("{}-Q{}", 4)):
        parts = [parsed(grain.format(year, number), zone) for number in range(1, count + 1)]
        assert parts[0].start == whole.start
        assert parts[-1].end == whole.end
        assert all(a.end == b.start for a, b in itertools.pairwise(parts))


MOMENTS = st.integers(0, 20).map(lambda day: utc(2026, 1, 1) + timedelta(days=day))
SPANS = st.lists(st.tuples(MOMENTS, MOMENTS).map(lambda pair: tuple(sorted(pair))), max_size=5)


def inside(spans, moment):
    return any(start <= moment <= end for start, end in spans)


@given(spans=SPANS, others=SPANS)
def test_union_and_intersection_hold_the_moments_that_either_or_both_hold(spans, others):
    halves = [utc(2026, 1, 1) + timedelta(hours=12 * step) for step in range(-1, 43)]
    for moment in halves:
        either = inside(spans, moment) or inside(others, moment)
        both = inside(spans, moment) and inside(others, moment)
        assert inside(union([*spans, *others]), moment) == either
        assert inside(intersection(spans, others), moment) == both


@given(spans=SPANS)
def test_a_union_is_in_order_and_its_spans_do_not_touch(spans):
    merged = union(spans)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(merged))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026", "2025"),
        ("2026-Q1", "2025-Q1"),
        ("2026-03", "2025-03"),
        ("2026-W10", "2025-W10"),
        ("2026-W53", "2026-W01"),  # 2026 has a 53rd week, 2025 has none
        ("2026-02-10..2026-03-09", "2025-02-10..2025-03-09"),
        ("2024-02-29..2024-03-31", "2023-02-28..2023-03-31"),
        ("2024-02-01..2024-02-29", "2023-02-01..2023-02-28"),
    ],
)
def test_the_same_period_a_year_before(text: str, expected: str) -> None:
    as_of = datetime(2027, 6, 1, tzinfo=UTC)
    zone = ZoneInfo("Europe/Amsterdam")
    found = year_before(parse_period(text, zone=zone, as_of=as_of), zone=zone)
    assert found.label == expected


def test_the_week_that_a_moment_is_in_is_that_of_the_zone() -> None:
    late = datetime(2026, 6, 28, 22, 30, tzinfo=UTC)  # Sunday night; Monday in Amsterdam
    assert containing_week(late, zone=ZoneInfo("UTC")).label == "2026-W26"
    assert containing_week(late, zone=ZoneInfo("Europe/Amsterdam")).label == "2026-W27"
