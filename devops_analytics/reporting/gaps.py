"""Which exports are missing, or have ended, for which services."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from devops_analytics.display import format_day
from devops_analytics.periods import Period

NEVER = "no export"


def missing_feeds(
    coverage: pl.DataFrame,
    services: Sequence[str],
    *,
    tables: Sequence[str],
    period: Period,
    as_of: datetime,
    zone: ZoneInfo,
) -> pl.DataFrame:
    """Return the services for which a table can't speak up to the end of the period.

    A service that appeared during the period lacks nothing, so a late beginning is no gap unless
    the whole table begins late.

    Args:
        coverage: columns table, service, live_from, live_to.
        services: the services to look at.
        tables: the tables to look at.
        period: what must be covered.
        as_of: nothing later can be covered.
        zone: the reporting time zone.

    Returns:
        Columns table, service and state in words, such as `no export` or `until 3 May 2026`.
    """
    end = min(period.end, as_of)
    rows = []
    for table in tables:
        own = coverage.filter(pl.col("table") == table)
        spans = dict(
            own.group_by("service")
            .agg(pl.struct(pl.col("live_from").min(), pl.col("live_to").max()).first())
            .iter_rows()
        )
        begins = min((span["live_from"] for span in spans.values()), default=period.start)
        for service in services:
            state = _state(spans.get(service), begins, period.start, end, zone)
            if state:
                rows.append((table, service, state))
    columns = ("table", "service", "state")
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String()), orient="row")


def _state(
    span: dict[str, datetime] | None,
    begins: datetime,
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
) -> str:
    if span is None:
        return NEVER
    if span["live_to"] < end:
        return f"until {format_day(span['live_to'], zone)}"
    if begins > start:
        return f"from {format_day(begins, zone)}"
    return ""
