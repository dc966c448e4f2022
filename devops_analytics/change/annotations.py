"""What the settings say happened: on charts over time, and between periods."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import dataframely as dy
import polars as pl

from devops_analytics.config import Settings
from devops_analytics.config_annotations import Moment
from devops_analytics.errors import UnknownNameError
from devops_analytics.metrics import metric

_DAY: Final = timedelta(days=1)


class Annotations(dy.Schema):
    """One row for each thing that happened."""

    start_at = dy.Datetime(time_unit="us", time_zone="UTC", description="when it began")
    end_at = dy.Datetime(
        time_unit="us", time_zone="UTC", nullable=True, description="its end; null: a moment"
    )
    label = dy.String(description="what happened")
    team = dy.String(nullable=True, description="whom it concerns; null: not one team alone")
    service = dy.String(nullable=True, description="what it concerns; null: not one service alone")
    redefines = dy.List(dy.String(), description="metrics that mean something else from then on")


def annotations(settings: Settings, services: pl.DataFrame) -> dy.DataFrame[Annotations]:
    """Return what the settings say happened, in order of time; days are of the reporting zone.

    Args:
        settings: with their annotations.
        services: every service with its team.

    Raises:
        UnknownNameError: a team, service or redefined metric is not known.
    """
    zone = settings.organisation.zone
    for one in settings.annotations:
        for what, name in (("team", one.team), ("service", one.service)):
            if name is not None and name not in services[what]:
                known = ", ".join(services[what].drop_nulls().unique().sort()) or "none"
                raise UnknownNameError(
                    f"annotations: {one.label!r}: no {what} is called {name!r}; {what}s: {known}."
                )
    rows = [
        {
            "start_at": _start(one.at or one.start, zone),
            "end_at": None if one.end is None else _end(one.end, zone),
            "label": one.label,
            "team": one.team,
            "service": one.service,
            "redefines": [metric(name).id for name in one.redefines],
        }
        for one in settings.annotations
    ]
    frame = pl.DataFrame(rows, schema=Annotations.create_empty().schema)
    return Annotations.validate(frame.sort("start_at", "label", maintain_order=True))


def annotations_about(
    frame: pl.DataFrame, *, by: str, entity: str, services: pl.DataFrame
) -> pl.DataFrame:
    """Return the annotations that concern an organisation, team or service.

    The organisation has them all; a team its own, its services' and those of nobody alone; a
    service its own, its team's and those of nobody alone.

    Args:
        frame: schema `Annotations`.
        by: organisation, team or service.
        entity: its name.
        services: columns service and team.
    """
    everybody = pl.col("team").is_null() & pl.col("service").is_null()
    if by == "team":
        own = services.filter(pl.col("team") == entity)["service"]
        return frame.filter(
            everybody
            | (pl.col("team") == entity)
            | (pl.col("team").is_null() & pl.col("service").is_in(own.implode()))
        )
    if by == "service":
        team = services.filter(pl.col("service") == entity)["team"]
        return frame.filter(
            everybody
            | (pl.col("service") == entity)
            | (pl.col("service").is_null() & pl.col("team").is_in(team.implode()))
        )
    return frame


def _start(moment: Moment | None, zone: ZoneInfo) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return None if moment is None else _utc(moment, zone)
    return _utc(datetime(moment.year, moment.month, moment.day), zone)  # noqa: DTZ001 - _utc


def _end(moment: Moment, zone: ZoneInfo) -> datetime | None:
    """Return the moment after; a day counts whole."""
    return _start(moment if isinstance(moment, datetime) else moment + _DAY, zone)


def _utc(moment: datetime, zone: ZoneInfo) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
