"""Observations → measurements: the full cross of entities and periods."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import dataframely as dy
import numpy as np
import polars as pl
from numpy.typing import NDArray

from devops_analytics.config import Definitions
from devops_analytics.estimates.at_end import at_end, weighed
from devops_analytics.estimates.dispersion import NO_DISPERSION, Dispersion
from devops_analytics.estimates.kinds import Estimate, estimated, hidden_estimate
from devops_analytics.estimates.live import (
    Entity,
    counted_time,
    live_days,
    partly_known,
    service_weeks,
    why_unknown,
)
from devops_analytics.estimates.measurements import Measurements
from devops_analytics.estimates.samples import Cell, Samples, samples
from devops_analytics.estimates.suppression import withheld_teams
from devops_analytics.estimates.weeks import bursts, year_before
from devops_analytics.metrics.metric import Kind, Metric
from devops_analytics.periods import Period


def estimate(
    observations: pl.DataFrame,
    metric: Metric,
    *,
    periods: Sequence[Period],
    by: str,
    services: pl.DataFrame,
    coverage: pl.DataFrame,
    definitions: Definitions,
    organisation: str,
    as_of: datetime,
    remarks: pl.DataFrame | None = None,
) -> dy.DataFrame[Measurements]:
    """Estimate a metric for every entity and period.

    An observation counts where every table that the metric needs is alive for its service; what
    lies outside is left out, and the note counts it. A team or the organisation is estimated from
    the observations of its services, never from their estimates; a row that several of them share
    counts once. Observations of services that are not in `services`, or of none, count for the
    organisation alone. Of a state only the last snapshot counts. A score is of people: of teams
    and the organisation, never of a service, and withheld where too few could be known by it; so
    `observations` and `services` must be those of all teams.

    Args:
        observations: the metric's observations over all time (schema `Observations`).
        metric: its declaration.
        periods: in any order; they may overlap.
        by: organisation, team or service.
        services: columns service and team (null: nobody's).
        coverage: for which service and time each table can speak (schema `Coverage`).
        definitions: confidence and smallest n.
        organisation: the organisation's name.
        as_of: the moment that the answers are for.
        remarks: at and note: what to know of the numbers of the snapshot at a moment.

    Returns:
        One row for every entity and period, also where nothing happened, in the order of entity
        and time.

    Raises:
        UnknownNameError: `by` is none of the three.
    """
    once = partial(
        _estimated,
        metric=metric,
        by=by,
        services=services,
        coverage=coverage,
        definitions=definitions,
        organisation=organisation,
        as_of=as_of,
        remarks=remarks,
    )
    if metric.kind is Kind.RATIO:
        return once(weighed(observations), periods=periods)
    if not (metric.at_end or metric.kind is Kind.SPREAD):
        return once(observations, periods=periods)
    ends = [
        once(
            at_end(
                observations,
                metric,
                period,
                services=services,
                by=by,
                coverage=coverage,
                as_of=as_of,
            ),
            periods=[period],
        )
        for period in dict.fromkeys(periods)
    ]
    return Measurements.validate(pl.concat(ends).sort("entity", "period_start", "period_end"))


def _estimated(
    observations: pl.DataFrame,
    *,
    metric: Metric,
    periods: Sequence[Period],
    by: str,
    services: pl.DataFrame,
    coverage: pl.DataFrame,
    definitions: Definitions,
    organisation: str,
    as_of: datetime,
    remarks: pl.DataFrame | None,
) -> dy.DataFrame[Measurements]:
    asked = dict.fromkeys(periods)
    counted = [counted_time(observations["at"], metric, period, as_of) for period in asked]
    found = samples(
        observations,
        metric,
        by=by,
        services=services,
        coverage=coverage,
        organisation=organisation,
        as_of=as_of,
        periods=[*counted, *_years(metric, counted)],
    )
    cells = []
    for period, part in zip(asked, counted, strict=True):
        hidden = _hidden(metric, observations, services, part, definitions)
        said = _remarks(remarks, part, period, as_of)
        varying = _bursts(metric, found, part)
        for entity, cell in found.cells(part):
            if metric.kind is Kind.SCORE and by == "service":
                estimate = _OF_NO_SERVICE
            elif by == "team" and entity.name in hidden:
                estimate = hidden_estimate(definitions.minimum_group)
            else:
                dispersion = varying.get(entity.name, NO_DISPERSION)
                estimate = _measured(metric, entity, cell, part, as_of, definitions, dispersion)
            cells.append((entity.name, period, _with_notes(estimate, said)))
    return Measurements.validate(_frame(cells, metric, by))


_OF_NO_SERVICE: Final = Estimate(
    status="not_applicable", note="people answer for their team, not for a service"
)


def _hidden(
    metric: Metric,
    observations: pl.DataFrame,
    services: pl.DataFrame,
    counted: Period,
    definitions: Definitions,
) -> frozenset[str]:
    """Return the teams whose numbers are withheld."""
    if metric.kind is not Kind.SCORE:
        return frozenset()
    inside = (pl.col("at") >= counted.start) & (pl.col("at") < counted.end)
    return withheld_teams(observations.filter(inside), services, definitions.minimum_group)


def _remarks(
    remarks: pl.DataFrame | None, counted: Period, period: Period, as_of: datetime
) -> list[str]:
    """Return what to know of all numbers of a period."""
    said: list[str] = []
    if remarks is not None:
        inside = (pl.col("at") >= counted.start) & (pl.col("at") < counted.end)
        said += remarks.filter(inside)["note"].to_list()
    if not period.is_complete(as_of):
        said.append(f"period not complete as of {as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    return said


def _with_notes(estimate: Estimate, said: Sequence[str]) -> Estimate:
    notes = [note for note in (estimate.note, *said) if note]
    return replace(estimate, note="; ".join(notes) or None)


def _years(metric: Metric, periods: Sequence[Period]) -> list[Period]:
    """Return what else is looked at: of a rate, the year before the end of each period."""
    if metric.kind is not Kind.RATE:
        return []
    return [quarter for period in periods for quarter in year_before(period)]


def _bursts(metric: Metric, found: Samples, period: Period) -> dict[str, Dispersion]:
    """Return how much the weeks of each entity vary, of a rate."""
    if metric.kind is not Kind.RATE:
        return {}
    quarters: dict[str, list[tuple[Period, NDArray[np.int64]]]] = {}
    for quarter in year_before(period):
        for entity, cell in found.cells(quarter):
            quarters.setdefault(entity.name, []).append((quarter, cell.at))
    return {entity.name: bursts(quarters[entity.name], entity.spans) for entity in found.entities}


def _measured(
    metric: Metric,
    found: Entity,
    cell: Cell,
    period: Period,
    as_of: datetime,
    definitions: Definitions,
    dispersion: Dispersion,
) -> Estimate:
    if metric.state_days is not None:
        # A feed that ended with the snapshot spoke for it.
        period = replace(period, start=period.start - timedelta(microseconds=1))
    days = live_days(found, period)
    notes: list[str] = []
    if days is None:
        estimate = Estimate(status="unknown", note=why_unknown(found, period, metric.columns))
    else:
        estimate = estimated(
            metric,
            cell.value,
            cell.observed,
            live_days=days,
            service_weeks=service_weeks(found, period),
            definitions=definitions,
            dispersion=dispersion,
        )
        notes = partly_known(found, period, days, as_of)
        if cell.left_out:
            notes.append(f"{cell.left_out} outside the time of the feeds left out")
    return _with_notes(estimate, notes)


def _frame(cells: list[tuple[str, Period, Estimate]], metric: Metric, by: str) -> pl.DataFrame:
    rows = [
        (
            metric.id,
            by,
            name,
            period.label,
            period.start,
            period.end,
            found.value,
            found.low,
            found.high,
            found.n,
            found.numerator,
            found.denominator,
            metric.unit.value,
            found.status,
            found.method,
            found.note,
        )
        for name, period, found in cells
    ]
    schema = Measurements.create_empty().schema
    return pl.DataFrame(rows, schema=schema, orient="row").sort(
        "entity", "period_start", "period_end"
    )
