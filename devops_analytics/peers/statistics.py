"""The statistics that tools use where the suite has one estimator for each kind."""

from zoneinfo import ZoneInfo

import polars as pl

from devops_analytics.peers.peer import Answer, Scope


def median(values: pl.Series) -> Answer:
    """Return the median, interpolated between the two in the middle."""
    return Answer(value=_number(values.median()), n=values.len())


def lower_median(values: pl.Series) -> Answer:
    """Return the median; of the two in the middle, the lower one."""
    return Answer(value=_number(values.quantile(0.5, interpolation="lower")), n=values.len())


def mean(values: pl.Series) -> Answer:
    """Return the mean."""
    return Answer(value=_number(values.mean()), n=values.len())


def median_of_daily_medians(rows: pl.DataFrame, scope: Scope) -> Answer:
    """Return the median of the days' medians of `hours`, each day with the same weight."""
    daily = rows.group_by(_day(scope)).agg(pl.col("hours").median())
    return Answer(value=_number(daily["hours"].median()), n=rows.height)


def ratio(hits: int, n: int) -> Answer:
    """Return hits for each of n, which may be more than one."""
    return Answer(value=hits / n if n else None, n=n)


def deployment_days_a_week(rows: pl.DataFrame, scope: Scope) -> Answer:
    """Return the median number of days with a deployment, of the weeks (Monday first) of a period.

    Weeks without one count as zero; those that the period cuts count as they are.
    """
    days = rows.select(_day(scope)).unique()
    zone = ZoneInfo(scope.evidence.time_zone)
    first, after = (end.astimezone(zone).date() for end in (scope.period.start, scope.period.end))
    weeks = pl.date_range(first, after, interval="1d", closed="left", eager=True)
    counts = (
        weeks.dt.truncate("1w")
        .unique()
        .to_frame("week")
        .join(
            days.group_by(pl.col("day").dt.truncate("1w").alias("week")).agg(n=pl.len()),
            on="week",
            how="left",
        )["n"]
        .fill_null(0)
    )
    return Answer(value=_number(counts.median()), n=rows.height)


def _day(scope: Scope) -> pl.Expr:
    return pl.col("at").dt.convert_time_zone(scope.evidence.time_zone).dt.date().alias("day")


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
