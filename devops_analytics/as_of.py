"""What was known at a moment: later events are not there yet, later times are not known yet."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from devops_analytics.errors import PeriodError
from devops_analytics.schema import AHEAD, EVENT_TIME, TABLES
from devops_analytics.schema_columns import TIME

_ENDS: Final = {
    "pipeline_runs": "finished_at",
    "pipeline_jobs": "finished_at",
    "deployments": "finished_at",
}
"""Tables whose result is only known once this time has passed."""

_BEGINS: Final = {
    "pipeline_runs": ("queued_at", "started_at", "finished_at"),
    "pipeline_jobs": ("queued_at", "started_at", "finished_at"),
    "deployments": ("started_at", "finished_at"),
    "changes": ("opened_at",),
    "incidents": ("started_at", "created_at"),
}
"""Where an event has a length: what dates its beginning, the first that is not null."""


def parse_moment(text: str, zone: ZoneInfo) -> datetime:
    """Return the moment that a day or time means; without an offset it is in the given zone.

    A day is its first moment: as of 2026-07-01 all of June is known and nothing of July.

    Raises:
        PeriodError: it is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise PeriodError(
            f"as-of: found {text!r}; expected a day or a time such as 2026-07-01, "
            "2026-07-01T06:00 or 2026-07-01T06:00Z."
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def as_known_at(tables: Mapping[str, pl.LazyFrame], as_of: datetime) -> dict[str, pl.LazyFrame]:
    """Cut every table to what was known at `as_of`.

    Rows that began later are dropped, later timestamps become null, and the result of something
    that ended later is `in_progress`. A row without any time stays.
    """
    return {name: _cut(name, frame, as_of) for name, frame in tables.items()}


def _cut(table: str, frame: pl.LazyFrame, as_of: datetime) -> pl.LazyFrame:
    begins = _BEGINS.get(table, EVENT_TIME.get(table, ()))
    if not begins:
        return frame
    moment = pl.lit(as_of, dtype=TIME)
    began = pl.coalesce(begins)
    cut = frame.filter(began.is_null() | (began <= moment))
    ends = _ENDS.get(table)
    if ends is not None:
        cut = cut.with_columns(
            result=pl.when(pl.col(ends) > moment)
            .then(pl.lit("in_progress"))
            .otherwise(pl.col("result"))
        )
    times = [
        name
        for name, column in TABLES[table].columns().items()
        if column.dtype == TIME and name not in AHEAD
    ]
    return cut.with_columns(
        pl.when(pl.col(name) <= moment).then(pl.col(name)).alias(name) for name in times
    )


def last_event_at(tables: Mapping[str, pl.LazyFrame]) -> datetime | None:
    """Return the latest time at which any table has an event, null where there is none.

    It is the as-of time when a user names none: the same exports then give the same answer on
    any day.
    """
    latest = pl.concat(
        [
            tables[name].select(
                at=pl.max_horizontal(pl.col(column).max() for column in _event_columns(name)).cast(
                    TIME
                )
            )
            for name in EVENT_TIME
        ]
    )
    found: datetime | None = latest.select(pl.col("at").max()).collect().item()
    return found


def _event_columns(table: str) -> list[str]:
    return [
        name
        for name, column in TABLES[table].columns().items()
        if column.dtype == TIME and name not in AHEAD
    ]
