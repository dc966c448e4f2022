"""What counts at the end of a period, made of spans and of amounts over the year before it."""

from datetime import datetime, timedelta
from typing import Final

import polars as pl

from devops_analytics.estimates.live import clip, entity, spans_by_table
from devops_analytics.feeds import NO_SERVICE
from devops_analytics.metrics.metric import Kind, Metric, Observations, Unit
from devops_analytics.periods import Period
from devops_analytics.schema_columns import TIME

YEAR: Final = timedelta(days=365)
"""How far back the amounts of a spread go."""

_INSTANT: Final = timedelta(microseconds=1)
_HOUR: Final = 3.6e9
"""Microseconds of an hour."""


def weighed(observations: pl.DataFrame) -> pl.DataFrame:
    """Return the weights of a ratio as values, `observed` where they are in the numerator."""
    return observations.with_columns(value="weight", observed=pl.col("value") > 0)


def at_end(
    observations: pl.DataFrame,
    metric: Metric,
    period: Period,
    *,
    by: str,
    services: pl.DataFrame,
    coverage: pl.DataFrame,
    as_of: datetime,
) -> pl.DataFrame:
    """Return what counts at the last moment of a period that is known, dated by that moment.

    The moment is each service's own: the end of the period, of what is known, or of its feeds.
    Of spans those count that had begun and not ended; a stock counts each as 1, others take its
    age. A spread takes what each author made in the year before, added up over the services of
    the entity that `by` asks for.

    Args:
        observations: all of the metric, over all time.
        metric: its declaration: `at_end`, or a spread.
        period: the period.
        by: organisation, team or service.
        services: columns service and team (null: nobody's).
        coverage: for which service and time each table can speak.
        as_of: the moment that the answers are for.
    """
    if metric.kind is Kind.SPREAD:
        return _amounts(
            _of_the_year(_with_moment(observations, metric, period, coverage, as_of)),
            services,
            by=by,
        )
    return _open(_with_moment(observations, metric, period, coverage, as_of), metric)


def rows_behind(
    observations: pl.DataFrame,
    metric: Metric,
    period: Period,
    *,
    coverage: pl.DataFrame,
    as_of: datetime,
) -> pl.DataFrame:
    """Return the observations that a metric's numbers of a period are made of, but for authors."""
    if metric.at_end:
        return _open(_with_moment(observations, metric, period, coverage, as_of), metric)
    if metric.kind is Kind.SPREAD:
        return _of_the_year(_with_moment(observations, metric, period, coverage, as_of)).select(
            Observations.column_names()
        )
    return observations.filter((pl.col("at") >= period.start) & (pl.col("at") < period.end))


def _with_moment(
    observations: pl.DataFrame,
    metric: Metric,
    period: Period,
    coverage: pl.DataFrame,
    as_of: datetime,
) -> pl.DataFrame:
    """Add owner (the service) and moment, the last one of a period at which it is known."""
    named = observations.with_columns(owner=pl.col("service").fill_null(NO_SERVICE))
    names = named["owner"].unique().to_list()
    by_table = spans_by_table(coverage, metric.needs, as_of)
    whole = entity("", names, by_table, as_of)
    last = {name: clip(spans, period) for name, spans in whole.services.items()}
    rows = [
        (name, min(parts[-1][1], period.end - _INSTANT)) for name, parts in last.items() if parts
    ]
    moments = pl.DataFrame(rows, schema={"owner": pl.String(), "moment": TIME}, orient="row")
    return named.join(moments, on="owner")


def _of_the_year(rows: pl.DataFrame) -> pl.DataFrame:
    in_time = pl.col("at").is_between(pl.col("moment") - YEAR, pl.col("moment"), closed="right")
    return rows.filter(in_time)


def _open(spans: pl.DataFrame, metric: Metric) -> pl.DataFrame:
    ended_at = pl.col("at") + pl.duration(microseconds=(pl.col("value") * _HOUR).round())
    age = (pl.col("moment") - pl.col("at")).dt.total_microseconds() / _HOUR
    return (
        spans.filter(pl.col("at") <= pl.col("moment"))
        .filter(~pl.col("observed") | (ended_at > pl.col("moment")))
        .with_columns(
            at="moment",
            value=age if metric.unit is Unit.HOURS else pl.lit(1.0),
            observed=pl.lit(value=True),
        )
        .select(Observations.column_names())
    )


def _amounts(rows: pl.DataFrame, services: pl.DataFrame, *, by: str) -> pl.DataFrame:
    """Return one row for each author and entity, of the service that is known longest."""
    teams = services.select(owner="service", team="team").unique("owner")
    entity = {
        "service": pl.col("owner"),
        "team": pl.col("team"),
        "organisation": pl.lit("organisation"),
    }[by]
    return (
        rows.join(teams, on="owner", how="left")
        .with_columns(entity=entity)
        .drop_nulls("entity")
        .sort("moment", "owner", descending=[True, False])
        .with_columns(pl.col("service", "moment").first().over("entity"))
        .unique(["entity", "key"], keep="first", maintain_order=True)
        .group_by("entity", "author", maintain_order=True)
        .agg(pl.col("service", "moment").first(), pl.col("value").sum())
        .select(
            "service",
            at="moment",
            value="value",
            observed=pl.lit(value=True),
            key="author",
            source_ref=pl.lit(None, dtype=pl.String),
        )
    )
