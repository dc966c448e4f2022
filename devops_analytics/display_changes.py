"""How changes are written: per cent of what was, points of a share, and their limits."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from devops_analytics.display import format_count, format_value
from devops_analytics.metrics import Unit

MINUS: Final = "\N{MINUS SIGN}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A row of `Comparisons`, to be put in words."""

    metric: str
    by: str
    entity: str
    period: str
    baseline: str
    value: float | None
    baseline_value: float | None
    unit: str
    n: int | None
    baseline_n: int | None
    scale: str | None
    change: float | None
    low: float | None
    high: float | None
    p: float | None
    q: float | None
    verdict: str
    method: str | None
    reason: str | None


def changes(frame: pl.DataFrame) -> list[Change]:
    """Return the rows of a frame of `Comparisons`, in its order."""
    names = list(Change.__dataclass_fields__)
    return [Change(**row) for row in frame.select(names).iter_rows(named=True)]


def format_change(change: Change) -> str:
    """Return a change with its sign, such as `+16 %` or `+5.7 points`; empty without one."""
    return "" if change.change is None else _signed(change.change, change)


def format_change_limits(change: Change) -> str:
    """Return the limits of a change, such as `−3 to +40 %`; an open end is said."""
    low, high = (None if end is None else _signed(end, change) for end in (change.low, change.high))
    if low is not None and high is not None:
        number, _, unit = low.partition(" ")
        return f"{number if high.endswith(f' {unit}') else low} to {high}"
    if low is not None:
        return f"at least {low}"
    return f"at most {high}" if high is not None else ""


def comparison_table(frame: pl.DataFrame) -> pl.DataFrame:
    """Return comparisons as people read them: both values, the change, its limits, the verdict."""
    rows = [
        (
            one.metric,
            one.entity,
            _number(one.value, one.unit),
            _number(one.baseline_value, one.unit),
            format_change(one),
            format_change_limits(one),
            one.verdict,
            one.reason or "",
        )
        for one in changes(frame)
    ]
    period, baseline = (frame[name][0] if frame.height else name for name in ("period", "baseline"))
    columns = ("metric", "entity", period, baseline, "change", "interval", "verdict", "reason")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String()), orient="row")


def _number(value: float | None, unit: str) -> str | None:
    return None if value is None else format_value(value, unit)


def _signed(change: float, about: Change) -> str:
    number = change - 1 if about.scale == "ratio" else change
    sign = "+" if number > 0 else MINUS if number < 0 else "±"
    if about.scale == "ratio":
        return f"{sign}{_digits(100 * abs(number))} %"
    if about.unit == Unit.SHARE.value:
        return f"{sign}{_digits(100 * abs(number))} points"
    return f"{sign}{format_value(abs(number), about.unit)}"


def _digits(number: float) -> str:
    """Return one decimal below 10, whole numbers from there on."""
    text = f"{number:.1f}"
    return text.removesuffix(".0") if float(text) < 10 else format_count(number)  # noqa: PLR2004
