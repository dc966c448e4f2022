"""Checks of feeds: gaps longer than usual, feeds that stopped, months without data."""

from typing import Final

import polars as pl

from devops_analytics.feeds import TOLERATED_SILENCE, WHOLE
from devops_analytics.metrics import METRICS
from devops_analytics.quality.check import Check, Material, Severity, as_found, on_day
from devops_analytics.schema import EVENT_TIME
from devops_analytics.text import filled

USUAL_SHARE: Final = 0.95
TIMES_USUAL: Final = 3
FEWEST_SILENCES: Final = 20

_FEED: Final = ("source", "table")
_EVERY: Final = tuple(metric.id for metric in METRICS)


def event_days(material: Material) -> pl.LazyFrame:
    """Return source, table and day (reporting time zone) of every day with an event."""
    zone = material.evidence.time_zone
    return pl.concat(
        [
            material.table(name)
            .select(
                "source",
                table=pl.lit(name),
                day=pl.coalesce(times).dt.convert_time_zone(zone).dt.date(),
            )
            .drop_nulls("day")
            .unique()
            for name, times in EVENT_TIME.items()
        ]
    )


def feeds_with_gaps(material: Material) -> pl.LazyFrame:
    """Return the feeds with silences longer than a week and than three times the usual.

    Usual is the length that 95 % of the feed's silences between days with events don't exceed;
    a feed with fewer than 20 silences has nothing that is usual.
    """
    gaps = (
        event_days(material)
        .sort("day")
        .with_columns(since=pl.col("day").shift(1).over(_FEED))
        .drop_nulls("since")
        .with_columns(days=(pl.col("day") - pl.col("since")).dt.total_days())
        .with_columns(
            usual=pl.col("days").quantile(USUAL_SHARE, "higher").over(_FEED),
            n=pl.len().over(_FEED),
        )
        .filter(
            (pl.col("n") >= FEWEST_SILENCES)
            & (pl.col("days") > TOLERATED_SILENCE.days)
            & (pl.col("days") > TIMES_USUAL * pl.col("usual"))
        )
        .group_by(_FEED)
        .agg(
            pl.len(),
            pl.col("n", "usual").first(),
            longest=pl.col("days").max(),
            since=pl.col("since").sort_by("days", "since").last(),
            last=pl.col("day").max(),
        )
    )
    detail = filled(
        "gaps: {}, the longest of {} days from {}, the last until {}; 95 % of {} silences have at "
        "most {} days",
        "len",
        "longest",
        "since",
        "last",
        "n",
        pl.col("usual").cast(pl.Int64),
    )
    return as_found(gaps, filled("{} {}", *_FEED), detail=detail)


def feeds_that_stopped(material: Material) -> pl.LazyFrame:
    """Return feeds that can't speak up to the moment that the answers are for, or not at all."""
    speaks = (pl.col("live_to") >= material.as_of).fill_null(value=False)
    stopped = material.feeds.lazy().filter((pl.col("service") == WHOLE) & ~speaks)
    silent = (pl.lit(material.as_of) - pl.col("live_to")).dt.total_days()
    detail = filled("speaks until {}, {} days before the end", on_day("live_to"), silent)
    never = pl.lit("never speaks: none of its events has a time")
    return as_found(stopped, filled("{} {}", *_FEED), detail=pl.coalesce(detail, never))


def months_without_data(material: Material) -> pl.LazyFrame:
    """Return the months between a feed's first and last event that have none."""
    seen = event_days(material).select(*_FEED, month=pl.col("day").dt.truncate("1mo")).unique()
    expected = (
        seen.group_by(_FEED)
        .agg(month=pl.date_range(pl.col("month").min(), pl.col("month").max(), "1mo"))
        .explode("month")
    )
    empty = expected.join(seen, on=[*_FEED, "month"], how="anti")
    month = pl.col("month").dt.strftime("%Y-%m")
    return as_found(
        empty, filled("{} {} {}", *_FEED, month), detail=pl.lit("no event in this month")
    )


SILENCES: Final = (
    Check(
        id="feeds_with_gaps",
        title="Feeds with gaps",
        severity=Severity.LEAVES_OUT,
        effect=(
            "A gap counts as time in which nothing happened; if the export only lacks the records, "
            "rates are too low. A gap is longer than a week and than three times what 95 % of the "
            "feed's silences keep to."
        ),
        what_to_do="Export the missing time again; if nothing happened, there is nothing to do.",
        find=feeds_with_gaps,
        metrics=_EVERY,
        among="feeds",
    ),
    Check(
        id="feeds_that_stopped",
        title="Feeds that stopped",
        severity=Severity.LEAVES_OUT,
        effect="What comes after is not known, in every metric that needs the feed.",
        what_to_do=(
            "Export again up to now; if the source is alive and silent, say so with `covers`."
        ),
        find=feeds_that_stopped,
        metrics=_EVERY,
        among="feeds",
    ),
    Check(
        id="months_without_data",
        title="Months without data in the midst of a feed",
        severity=Severity.NOTE,
        effect="They count as months in which nothing happened.",
        what_to_do="Export them again if something did happen.",
        find=months_without_data,
    ),
)
"""Checks of feeds."""
