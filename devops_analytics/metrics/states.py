"""Snapshots: what held at the ends of weeks and months, for metrics of states."""

from datetime import date
from typing import Final

import polars as pl

from devops_analytics.metrics.metric import Evidence

WEEK_DAYS: Final = 7
"""`state_days` where every week and month has a snapshot."""
MONTH_DAYS: Final = 31
"""`state_days` where every month has one."""
SNAPSHOTS: Final = (
    "The state at the end of the period: at the last moment of a week or month in the reporting "
    "time zone, or as of now"
)
"""The rule in words, for the declarations of the metrics that use it."""
MONTHLY_SNAPSHOTS: Final = (
    "The state at the end of the period, or of the month before it where it ends within one; now, "
    "as of now"
)

_FIRST_DAY: Final = date(2000, 1, 1)
_MOMENT: Final = pl.Datetime("us", "UTC")


def moments(evidence: Evidence, *, monthly: bool = False) -> pl.LazyFrame:
    """Return `at`: the last moments of weeks and months since 2000, and the time asked for.

    Args:
        evidence: its as-of time and reporting time zone.
        monthly: leave the weeks out, where a snapshot has many rows.
    """
    zone = evidence.time_zone
    now = pl.lit(evidence.asked_as_of or evidence.as_of, dtype=_MOMENT)
    today = now.dt.convert_time_zone(zone).dt.date()
    days = pl.select(day=pl.date_range(pl.lit(_FIRST_DAY), today)).lazy()
    begins = pl.col("day").dt.day() == 1
    if not monthly:
        begins |= pl.col("day").dt.weekday() == 1
    # A midnight that the clock skips has no snapshot; the one a week before or after stands in.
    starts = (
        pl.col("day")
        .cast(pl.Datetime("us"))
        .dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        .dt.convert_time_zone("UTC")
    )
    ends = days.filter(begins).select(at=starts - pl.duration(microseconds=1)).drop_nulls()
    return pl.concat([ends, pl.select(at=now).lazy()]).unique().sort("at")


def at_moments(spans: pl.LazyFrame, snapshots: pl.LazyFrame) -> pl.LazyFrame:
    """Return rows with `from_at` and `to_at` (null: still so) once for each moment `at` in them.

    A span holds at its beginning and no longer at its end. One without a beginning is left out.
    """
    ends = pl.col("to_at").fill_null(pl.lit(_LAST, dtype=_MOMENT))
    return (
        spans.drop_nulls("from_at")
        .with_columns(ends_at=ends)
        .join_where(snapshots, pl.col("from_at") <= pl.col("at"), pl.col("at") < pl.col("ends_at"))
        .drop("ends_at")
    )


_LAST: Final = pl.select(pl.datetime(9999, 1, 1, time_zone="UTC")).item()
