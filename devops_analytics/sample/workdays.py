"""Working time of the sample organisation: zone, holidays, seasons, quarters."""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

ZONE_NAME: Final = "Europe/Amsterdam"
ZONE: Final = ZoneInfo(ZONE_NAME)
FIRST_DAY: Final = date(2025, 1, 1)
LAST_DAY: Final = date(2026, 6, 30)
HISTORY_FROM: Final = date(2024, 11, 25)
"""Where the commits begin, some weeks before the other exports."""

HOLIDAYS: Final = frozenset(
    {
        *(date(2024, 12, day) for day in (25, 26)),
        *(
            date(2025, *day)
            for day in ((1, 1), (4, 21), (5, 5), (5, 29), (6, 9), (12, 25), (12, 26))
        ),
        *(date(2026, *day) for day in ((1, 1), (4, 6), (4, 27), (5, 14), (5, 25))),
    }
)
OPENS: Final = 8.5
CLOSES: Final = 17.5
"""Local hours between which people work."""

_WEEKDAY_WEIGHT: Final = (0.95, 1.2, 1.15, 1.1, 0.6)
_SUMMER: Final = (7, 8)


def local(day: date, hour: float) -> datetime:
    """Return an hour of a day in the organisation's zone, in UTC and whole seconds."""
    midnight = datetime.combine(day, time(), tzinfo=ZONE)
    wall = midnight + timedelta(seconds=round(hour * 3600))
    return wall.astimezone(UTC)


START: Final = local(FIRST_DAY, 0)
END: Final = local(LAST_DAY + timedelta(days=1), 0)
"""First moment after the last one that the exports know."""


def is_workday(day: date) -> bool:
    """Return whether people work on a day."""
    return day.weekday() < len(_WEEKDAY_WEIGHT) and day not in HOLIDAYS


def activity(day: date) -> float:
    """Return how busy a workday is against the average one; 0 when nobody works."""
    if not is_workday(day):
        return 0.0
    holiday_weeks = (day.month, day.day) >= (12, 20) or (day.month, day.day) <= (1, 3)
    season = 0.25 if holiday_weeks else 0.65 if day.month in _SUMMER else 1.0
    return _WEEKDAY_WEIGHT[day.weekday()] * season


def days(first: date, last: date) -> Iterator[date]:
    """Yield the days from first to last, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def add_working_hours(moment: datetime, hours: float) -> datetime:
    """Return the moment that comes so many working hours later."""
    wall = moment.astimezone(ZONE)
    day = wall.date()
    hour = wall.hour + wall.minute / 60 + wall.second / 3600
    while True:
        begin = max(hour, OPENS)
        if is_workday(day) and begin < CLOSES:
            if begin + hours <= CLOSES:
                return local(day, begin + hours)
            hours -= CLOSES - begin
        day += timedelta(days=1)
        hour = 0.0


def after(moment: datetime, hours: float) -> datetime:
    """Return the moment so many hours by the clock later, in whole seconds."""
    return moment + timedelta(seconds=round(hours * 3600))


def quarter(moment: datetime) -> str:
    """Return the quarter that a moment falls into by the organisation's own clock."""
    wall = moment.astimezone(ZONE)
    return f"{wall.year}-Q{(wall.month + 2) // 3}"


def lognormal(random: Random, median: float, sigma: float) -> float:
    """Draw from the lognormal distribution with the given median."""
    return random.lognormvariate(math.log(median), sigma)


def poisson(random: Random, mean: float) -> int:
    """Draw a count from the Poisson distribution (Knuth's product of uniforms)."""
    limit = math.exp(-mean)
    count, product = 0, random.random()
    while product > limit:
        count += 1
        product *= random.random()
    return count


def bursts(random: Random, per_week: float, day: date) -> int:
    """Draw how often something happens on a workday, more uneven than chance alone."""
    mean = per_week / 5 * activity(day)
    return poisson(random, mean * random.gammavariate(2.0, 0.5)) if mean else 0
