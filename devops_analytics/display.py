"""How numbers, times and statuses are written: the one place for rounding, units and labels."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from devops_analytics.metrics import Kind, Metric, Unit, metric
from devops_analytics.periods import Period

DASH: Final = "\N{EN DASH}"

STATUS_WORDS: Final = {
    "ok": "known",
    "insufficient": "too few",
    "none": "nothing to measure",
    "unknown": "not known",
    "not_applicable": "does not apply",
    "suppressed": "withheld",
}
"""What people read where there is no number."""


POINTS: Final = "points"
"""Unit of maturity scores (0-100), beside the units of metrics."""

_COMMIT_ID: Final = re.compile(r"\b([0-9a-f]{10})[0-9a-f]{30}\b")
_SINGULAR: Final = {
    Unit.LINES.value: "line",
    Unit.COMMITS.value: "commit",
    Unit.FINDINGS.value: "finding",
    Unit.DAYS_PER_WEEK.value: "day per week",
    Unit.FILES.value: "file",
    Unit.CHANGES.value: "change",
    Unit.BRANCHES.value: "branch",
    Unit.AUTHORS.value: "author",
    POINTS: "point",
}
"""Units that are counted, so that three of them are 3 and not 3.0, with the word for one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """A row of `Measurements`, to be put in words."""

    metric: str
    by: str
    entity: str
    period: str
    period_start: datetime
    period_end: datetime
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    numerator: float | None
    denominator: float | None
    unit: str
    status: str
    method: str | None
    note: str | None


def measurements(frame: pl.DataFrame) -> list[Measurement]:
    """Return the rows of a frame of `Measurements`, in its order."""
    names = list(Measurement.__dataclass_fields__)
    return [Measurement(**row) for row in frame.select(names).iter_rows(named=True)]


# ---- Scales ---- #


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """A unit that people read, and what a value is multiplied by to be in it."""

    factor: float
    unit: str


SECONDS: Final = Scale(factor=3600, unit="s")
MINUTES: Final = Scale(factor=60, unit="min")
HOURS: Final = Scale(factor=1, unit="h")
DAYS: Final = Scale(factor=1 / 24, unit="d")
PER_CENT: Final = Scale(factor=100, unit="%")
PER_DAY: Final = Scale(factor=1, unit="per day")
PER_WEEK: Final = Scale(factor=7, unit="per week")

_TIMES: Final = ((SECONDS, 60), (MINUTES, 60), (HOURS, 48))
"""Scales of time and the number at which the next larger one is easier to read."""


def scale_of(value: float, unit: str) -> Scale:
    """Return the scale on which a value of a metric's unit is easiest to read."""
    if unit == Unit.HOURS.value:
        return _scale_of_hours(value)
    if unit == Unit.SHARE.value:
        return PER_CENT
    if unit == Unit.PER_DAY.value:
        return PER_WEEK if 0 < value < 1 else PER_DAY
    return Scale(factor=1, unit=unit)


def _scale_of_hours(hours: float) -> Scale:
    if hours == 0:
        return MINUTES
    for scale, limit in _TIMES:
        if hours * scale.factor < limit:
            return scale
    return DAYS


# ---- Numbers ---- #


def format_value(value: float, unit: str, *, beside: float | None = None) -> str:
    """Return a value with its unit, such as `5.2 h`, `6.2 %` or `2.3 per week`.

    Args:
        value: in the metric's unit; shares are 0-1.
        unit: the metric's unit, or `points`.
        beside: a value that this one stands beside; a rate is then written on its scale.
    """
    scale = _rate_scale(value, unit, beside)
    number = _digits(value, scale, unit)
    return f"{number} {_unit_after(number, scale)}"


def format_known(value: float | None, unit: str, *, status: str = "ok") -> str:
    """Return a value with its unit; a dash where there is none, a status other than ok in words."""
    if status != "ok":
        return STATUS_WORDS[status]
    return DASH if value is None else format_value(value, unit)


def format_interval(
    low: float | None, high: float | None, unit: str, *, beside: float | None = None
) -> str:
    """Return an interval, such as `4.1–6.9 h`; an open end is said, without both it is empty."""
    if low is None and high is None:
        return ""
    if high is None and low is not None:
        return f"at least {format_value(low, unit, beside=beside)}"
    if low is None and high is not None:
        return f"at most {format_value(high, unit, beside=beside)}"
    reference = beside if beside is not None else high
    ends = [format_value(end, unit, beside=reference) for end in (low, high) if end is not None]
    if ends[0] == ends[1]:
        return ends[0]
    numbers, units = zip(*(end.split(" ", 1) for end in ends), strict=True)
    if units[0] == units[1] or unit in _SINGULAR:
        return f"{numbers[0]}{DASH}{numbers[1]} {units[1]}"
    return f"{ends[0]} {DASH} {ends[1]}"


def _rate_scale(value: float, unit: str, beside: float | None) -> Scale:
    is_rate = unit == Unit.PER_DAY.value
    return scale_of(beside if is_rate and beside is not None else value, unit)


def _unit_after(number: str, scale: Scale) -> str:
    return _SINGULAR.get(scale.unit, scale.unit) if number == "1" else scale.unit


def _digits(value: float, scale: Scale, unit: str) -> str:
    shown = value * scale.factor
    if value == 0:
        return "0"
    if scale is PER_CENT:
        return _per_cent_digits(shown)
    if unit == POINTS:
        return format_count(shown)
    if unit in _SINGULAR:
        return _plain_digits(shown).removesuffix(".0")
    return _plain_digits(shown)


def _plain_digits(number: float) -> str:
    """Return two significant digits below 10, whole numbers from there on."""
    if abs(number) < 1:
        text = f"{number:#.2g}"
        return f"{number:.6f}".rstrip("0") if "e" in text else text
    text = f"{number:.1f}"
    return text if abs(float(text)) < 10 else f"{number:,.0f}"  # noqa: PLR2004 - two digits


def _per_cent_digits(per_cent: float) -> str:
    """Return a percentage; nothing but none is 0 and nothing but all is 100."""
    if per_cent == 100:  # noqa: PLR2004 - all of it
        return "100"
    if per_cent < 0.05:  # noqa: PLR2004 - what one decimal can show
        return "<0.1"
    if per_cent >= 99.95:  # noqa: PLR2004 - what one decimal can show
        return ">99.9"
    text = f"{per_cent:.1f}"
    is_middle = float(text) >= 10 and round(per_cent) < 100  # noqa: PLR2004 - two digits
    return f"{per_cent:.0f}" if is_middle else text


def format_count(count: float) -> str:
    """Return a count with separators of thousands."""
    return f"{count:,.0f}"


def format_counted(count: float, word: str) -> str:
    """Return a count with what it counts: `1 export`, `2 exports`."""
    return f"{format_count(count)} {word}{'' if count == 1 else 's'}"


def format_n(measurement: Measurement) -> str:
    """Return what a number rests on: `n = 212, 12 of them open`, `19 of 306`, `312 in 91 days`.

    Empty where that is not known.
    """
    n, declared = measurement.n, metric(measurement.metric)
    kind = declared.kind
    if n is None or measurement.numerator is None or measurement.denominator is None:
        return ""
    if kind is Kind.PROPORTION:
        return f"{format_count(measurement.numerator)} of {format_count(n)}"
    if kind is Kind.RATE:
        live = "service-weeks" if measurement.unit == Unit.PER_SERVICE_WEEK.value else "days"
        return f"{format_count(n)} in {_plain_digits(measurement.denominator)} live {live}"
    if kind in {Kind.RATIO, Kind.SCORE}:
        return f"n = {format_count(n)}"
    if kind is Kind.SPREAD:
        return f"{format_count(measurement.numerator)} of {format_count(n)} people"
    still_open = n - int(measurement.numerator)
    words = "of which {} may be older" if declared.state_days else "{} of them open"
    ending = f", {words.format(format_count(still_open))}" if still_open else ""
    return f"n = {format_count(n)}{ending}"


# ---- Whole measurements ---- #


def highest_of(found: Iterable[Measurement]) -> float | None:
    """Return the highest value or upper limit of those with a number, to write all beside it."""
    ends = [end for m in found if m.value is not None for end in (m.value, m.high)]
    return max((end for end in ends if end is not None), default=None)


def format_number(measurement: Measurement, *, beside: float | None = None) -> str:
    """Return the headline number, or the words of the status where there is none."""
    if measurement.value is None:
        return STATUS_WORDS[measurement.status]
    return format_value(measurement.value, measurement.unit, beside=beside)


def format_limits(measurement: Measurement, *, beside: float | None = None) -> str:
    """Return the measurement's interval on the scale of its value; empty where it has none."""
    reference = beside if beside is not None else measurement.value
    return format_interval(measurement.low, measurement.high, measurement.unit, beside=reference)


def quantile_name(declared: Metric) -> str:
    """Return what a duration or level is estimated at: `median` or `85th percentile`."""
    return "median" if declared.quantile == 0.5 else f"{declared.quantile:.0%} quantile"  # noqa: PLR2004


def axis_title(declared: Metric, scale: Scale | None = None) -> str:
    """Return what the values of a metric are, for an axis or a column."""
    unit = scale.unit if scale is not None else declared.unit.value
    match declared.kind:
        case Kind.PROPORTION:
            return "share"
        case Kind.DURATION:
            return quantile_name(declared)
        case Kind.LEVEL:
            return f"{quantile_name(declared)}, {unit}"
        case Kind.RATIO:
            return "share"
        case Kind.RATE | Kind.STOCK | Kind.SPREAD:
            return unit
        case Kind.SCORE:
            return f"mean, {unit}"


def measurement_table(frame: pl.DataFrame) -> pl.DataFrame:
    """Return measurements as people read them: metric, entity, period, value, interval, n, note.

    A measurement without a headline number has its status in words as its value.
    """
    rows = [
        (m.metric, m.entity, m.period, format_number(m), format_limits(m), format_n(m), m.note)
        for m in measurements(frame)
    ]
    columns = ("metric", "entity", "period", "value", "interval", "n", "note")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String()), orient="row")


# ---- Times and lists ---- #


def format_day(moment: datetime, zone: ZoneInfo) -> str:
    """Return the day of a moment in a time zone, such as `1 April 2026`."""
    local = moment.astimezone(zone)
    return f"{local.day} {local:%B %Y}"


def format_moment(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment in a time zone, such as `1 April 2026, 06:30 (Europe/London)`."""
    return f"{format_day(moment, zone)}, {moment.astimezone(zone):%H:%M} ({zone.key})"


def format_days(period: Period, zone: ZoneInfo) -> str:
    """Return the first and last day of a period, such as `1 April to 30 June 2026`."""
    first, last = (
        moment.astimezone(zone) for moment in (period.start, period.end - timedelta(seconds=1))
    )
    ending = format_day(last, zone)
    if first.date() == last.date():
        return ending
    if first.year != last.year:
        return f"{format_day(first, zone)} to {ending}"
    beginning = f"{first.day} {first:%B}" if first.month != last.month else str(first.day)
    return f"{beginning} to {ending}"


def format_list(words: Iterable[str], *, joined_by: str = "and") -> str:
    """Return words as a sentence lists them: `a`, `a and b`, `a, b and c`."""
    *rest, last = list(words) or [""]
    return f"{', '.join(rest)} {joined_by} {last}" if rest else last


def format_names(names: Sequence[str], *, most: int = 5) -> str:
    """Return names as a sentence lists them; of many, the first ones and how many more."""
    more = len(names) - most
    if more <= 1:
        return format_list(names)
    return f"{', '.join(names[:most])} and {format_count(more)} more"


def format_key(key: str) -> str:
    """Return a key with its commit ids cut to what tells them apart."""
    return _COMMIT_ID.sub(r"\1…", key)
