"""How long something is known to have lasted when nobody knows its end."""

import polars as pl

from devops_analytics.metrics import Metric, Unit


def cut_at_feed_end(rows: pl.DataFrame, coverage: pl.DataFrame, metric: Metric) -> pl.DataFrame:
    """Shorten what is censored to the time its feeds can speak for.

    A commit that waits while the deployments' feed is dead is not known to be still waiting. What
    began after the end of a feed is not known at all and is left out.
    """
    is_event = metric.unit is Unit.HOURS and metric.state_days is None
    if not is_event or rows["observed"].all():
        return rows
    ends = (
        coverage.filter(pl.col("table").is_in(metric.needs))
        .group_by("service", "table")
        .agg(pl.col("live_to").max())
        .group_by("service")
        .agg(pl.col("live_to").min())
    )
    known_hours = (pl.col("live_to") - pl.col("at")).dt.total_microseconds() / 3.6e9
    return (
        rows.join(ends, on="service", how="left", maintain_order="left")
        .with_columns(
            value=pl.when(~pl.col("observed") & (known_hours < pl.col("value")))
            .then(known_hours)
            .otherwise("value")
        )
        .filter(pl.col("observed") | (pl.col("value") >= 0))
        .drop("live_to")
    )
