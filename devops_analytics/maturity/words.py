"""Numbers in the sentences of an assessment; rounded here, and only here."""

from typing import Final

from devops_analytics.metrics.metric import Unit

DASH: Final = "\N{EN DASH}"
_SINGULAR: Final = {
    Unit.LINES.value: "line",
    Unit.COMMITS.value: "commit",
    Unit.DAYS_PER_WEEK.value: "day per week",
    Unit.FILES.value: "file",
    Unit.CHANGES.value: "change",
    Unit.BRANCHES.value: "branch",
    Unit.AUTHORS.value: "author",
    Unit.FINDINGS.value: "finding",
}
_HOURS_IN_A_DAY: Final = 24


def value_in_words(value: float, unit: str, *, digits: int = 3) -> str:
    """Return a value with its unit: shares as per cent, hours as minutes, hours or days."""
    if unit == Unit.SHARE.value:
        return f"{_number(100 * value, digits)} %"
    if unit == Unit.HOURS.value:
        return _duration(value, digits)
    if value == 1 and unit in _SINGULAR:
        return f"1 {_SINGULAR[unit]}"
    return f"{_number(value, digits)} {unit}"


def estimate_in_words(
    value: float | None, low: float | None, high: float | None, n: int, unit: str
) -> str:
    """Return a value with its interval and n, such as `62 % (55-69), n = 120`."""
    if value is None:
        return f"no value, n = {n}"
    text = value_in_words(value, unit)
    if low == high:
        return f"{text}, n = {n}"
    ends = ["?" if end is None else value_in_words(end, unit) for end in (low, high)]
    units = {end.partition(" ")[2] for end in (*ends, text) if end != "?"}
    if unit != Unit.HOURS.value or len(units) == 1:
        ends = [end.partition(" ")[0] for end in ends]
    return f"{text} ({ends[0]}{DASH}{ends[1]}), n = {n}"


def against_in_words(value: float, needed: float, operator: str, unit: str) -> tuple[str, str]:
    """Return a value and the limit that it misses, with as many digits as tell them apart."""
    sign = {">=": "≥", "<=": "≤"}[operator]
    for digits in (3, 5, 9):
        shown, limit = (value_in_words(number, unit, digits=digits) for number in (value, needed))
        if shown != limit:
            break
    return shown, f"{sign} {limit}"


def _duration(hours: float, digits: int) -> str:
    if 0 < hours < 1:
        return f"{_number(60 * hours, digits)} min"
    if hours < 2 * _HOURS_IN_A_DAY:
        return f"{_number(hours, digits)} h"
    return f"{_number(hours / _HOURS_IN_A_DAY, digits)} d"


def _number(value: float, digits: int) -> str:
    """Return a number with so many significant digits, never in powers of ten."""
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e" in text else text
