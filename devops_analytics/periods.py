"""Periods as people write them, as half-open spans of UTC; and spans of time in general.

Days, weeks, months, quarters and years begin at midnight in the reporting time zone, so a day may
have 23 or 25 hours. Weeks are ISO weeks: they begin on Monday, and `2026-W01` begins in 2025.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from devops_analytics.errors import PeriodError

ALLOWED: Final = (
    "2026, 2026-Q3, 2026-09, 2026-W38, 2026-01-01..2026-03-31 (both days count), last-week, "
    "last-month, last-quarter or last-year"
)
"""The forms that a period may be written in."""

DAY: Final = timedelta(days=1)

Span = tuple[datetime, datetime]
"""A stretch of time: from, to."""

Grain = Literal["year", "quarter", "month", "week"]

_GRAINS: Final[dict[Grain, re.Pattern[str]]] = {
    "year": re.compile(r"([0-9]{4})"),
    "quarter": re.compile(r"([0-9]{4})-Q([0-9])", re.IGNORECASE),
    "month": re.compile(r"([0-9]{4})-([0-9]{2})"),
    "week": re.compile(r"([0-9]{4})-W([0-9]{2})", re.IGNORECASE),
}
_RELATIVE: Final[dict[str, Grain]] = {
    "last-year": "year",
    "last-quarter": "quarter",
    "last-month": "month",
    "last-week": "week",
}
_MONTHS: Final = {"year": 12, "quarter": 3, "month": 1}
_LABELS: Final = {"year": "%Y", "quarter": "%Y-Q{}", "month": "%Y-%m"}
_RANGE: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})")
_YEARS: Final = range(1970, 2200)


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """A named span of time: `start` is in it, `end` is not; both are aware UTC times."""

    label: str
    start: datetime
    end: datetime

    @property
    def days(self) -> float:
        """Its exact length in days of 24 hours (a month with a clock change is no whole number)."""
        return (self.end - self.start) / DAY

    def is_complete(self, as_of: datetime) -> bool:
        """Say whether all of it has passed at `as_of`."""
        return self.end <= as_of


def parse_period(text: str, *, zone: ZoneInfo, as_of: datetime) -> Period:
    """Return the period that a text means and that has begun at `as_of`.

    Args:
        text: `2026`, `2026-Q3`, `2026-09`, `2026-W38` (ISO week), `2026-01-01..2026-03-31` (both
            days count), or `last-week`, `last-month`, `last-quarter`, `last-year`: the last
            complete one at `as_of`, labelled with its own name.
        zone: the reporting time zone.
        as_of: now, as far as the answer goes.

    Raises:
        PeriodError: it is none of these, has no such week, month or day, ends before it starts,
            or nothing of it has passed at `as_of`.
    """
    period = named_period(text, zone=zone, as_of=as_of)
    if period.start >= as_of:
        last = _last_complete(period, zone=zone, as_of=as_of)
        raise PeriodError(
            f"period: {period.label} is in the future as of "
            f"{as_of.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}; the last complete one is "
            f"{last.label}."
        )
    return period


def named_period(text: str, *, zone: ZoneInfo, as_of: datetime) -> Period:
    """Return the period that a text means, whether or not it has begun at `as_of`.

    Raises:
        PeriodError: as for `parse_period`, but for periods in the future.
    """
    written = text.strip()
    relative = _RELATIVE.get(written.lower())
    if relative is not None:
        return _last_of(relative, as_of.astimezone(zone).date(), zone)
    days = _RANGE.fullmatch(written)
    if days is not None:
        first, last = (_day(part, written) for part in days.groups())
        if last < first:
            raise PeriodError(f"period: found {written!r}, which ends before it starts.")
        return _days(first, last + DAY, zone)
    for grain, pattern in _GRAINS.items():
        found = pattern.fullmatch(written)
        if found is not None:
            year, *number = (int(part) for part in found.groups())
            return _containing(grain, _first_day(grain, year, *number, written=written), zone)
    raise PeriodError(f"period: found {text!r}; allowed: {ALLOWED}.")


def previous_period(period: Period, *, zone: ZoneInfo) -> Period:
    """Return the period of the same grain just before; before a range, as many days."""
    first = period.start.astimezone(zone).date()
    grain = _grain(period)
    if grain is not None:
        return _containing(grain, first - DAY, zone)
    return _days(first - (period.end.astimezone(zone).date() - first), first, zone)


def year_before(period: Period, *, zone: ZoneInfo) -> Period:
    """Return the same month, quarter, year, ISO week or days a year before.

    A week is 52 weeks before; the last days of February are each other's.
    """
    first = period.start.astimezone(zone).date()
    after = period.end.astimezone(zone).date()
    grain = _grain(period)
    if grain == "week":
        return _containing(grain, first - 52 * 7 * DAY, zone)
    if grain is not None:
        return _containing(grain, first.replace(year=first.year - 1), zone)
    return _days(_year_earlier(first), _year_earlier(after - DAY) + DAY, zone)


def _year_earlier(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def containing_week(moment: datetime, *, zone: ZoneInfo) -> Period:
    """Return the ISO week that a moment is in."""
    return _containing("week", moment.astimezone(zone).date(), zone)


def periods_up_to(period: Period, n: int, *, zone: ZoneInfo) -> list[Period]:
    """Return `n` (1 or more) periods of the same grain in time order, the last is `period`."""
    periods = [period]
    while len(periods) < n:
        periods.append(previous_period(periods[-1], zone=zone))
    return periods[::-1]


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the time that any of the spans covers, as spans in order that don't touch."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def intersection(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """Return the time that both cover; a span that is one moment is kept where it lies inside."""
    among = list(others)
    shared = (
        (max(start, other_start), min(end, other_end))
        for start, end in spans
        for other_start, other_end in among
    )
    return union((start, end) for start, end in shared if start <= end)


def _grain(period: Period) -> Grain | None:
    for grain, pattern in _GRAINS.items():
        if pattern.fullmatch(period.label):
            return grain
    return None


def _day(text: str, written: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise PeriodError(f"period: found {written!r}, but there is no day {text}.") from error
    _check(day.year, _YEARS, "years", written)
    return day


def _first_day(grain: Grain, year: int, number: int = 1, *, written: str) -> date:
    _check(year, _YEARS, "years", written)
    if grain == "week":
        # 28 December is always in the last ISO week of its year.
        weeks = date(year, 12, 28).isocalendar().week
        _check(number, range(1, weeks + 1), f"weeks of {year}", written)
        return date.fromisocalendar(year, number, 1)
    if grain == "quarter":
        _check(number, range(1, 5), "quarters", written)
        return date(year, 3 * number - 2, 1)
    _check(number, range(1, 13), "months", written)
    return date(year, number, 1)


def _check(number: int, allowed: range, what: str, written: str) -> None:
    if number not in allowed:
        raise PeriodError(
            f"period: found {written!r}; {what} go from {allowed[0]} to {allowed[-1]}."
        )


def _containing(grain: Grain, day: date, zone: ZoneInfo) -> Period:
    """Return the year, quarter, month or ISO week that a day is in."""
    if grain == "week":
        iso = day.isocalendar()
        monday = day - (iso.weekday - 1) * DAY
        return _period(f"{iso.year}-W{iso.week:02}", monday, monday + 7 * DAY, zone)
    length = _MONTHS[grain]
    index = (day.month - 1) // length
    first = date(day.year, index * length + 1, 1)
    months = day.year * 12 + (index + 1) * length
    after = date(months // 12, months % 12 + 1, 1)
    return _period(first.strftime(_LABELS[grain]).format(index + 1), first, after, zone)


def _days(first: date, after: date, zone: ZoneInfo) -> Period:
    return _period(f"{first}..{after - DAY}", first, after, zone)


def _period(label: str, first: date, after: date, zone: ZoneInfo) -> Period:
    return Period(label=label, start=_midnight(first, zone), end=_midnight(after, zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment of a day.

    Where the clock skips or repeats midnight, Python's default (`fold=0`) takes the first of two,
    and the moment of the jump for one that never was.
    """
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _last_of(grain: Grain, today: date, zone: ZoneInfo) -> Period:
    current = _containing(grain, today, zone)
    return previous_period(current, zone=zone)


def _last_complete(period: Period, *, zone: ZoneInfo, as_of: datetime) -> Period:
    today = as_of.astimezone(zone).date()
    grain = _grain(period)
    if grain is not None:
        return _last_of(grain, today, zone)
    length = period.end.astimezone(zone).date() - period.start.astimezone(zone).date()
    return _days(today - length, today, zone)
