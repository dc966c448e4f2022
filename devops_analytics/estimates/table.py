"""Observations → measurements: the full cross of entities and periods."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import dataframely as dy
import numpy as np
import polars as pl
from numpy.typing import NDArray

from devops_analytics.config import Definitions
from devops_analytics.errors import UnknownNameError
from devops_analytics.estimates.intervals import Floats
from devops_analytics.estimates.kinds import Estimate, estimated, hidden_estimate
from devops_analytics.estimates.live import (
    Entity,
    TableSpans,
    counted_time,
    entity,
    live_days,
    partly_known,
    spans_by_table,
    spoken_for_all,
    why_unknown,
)
from devops_analytics.estimates.measurements import Measurements
from devops_analytics.estimates.suppression import withheld_teams
from devops_analytics.feeds import NO_SERVICE
from devops_analytics.metrics.metric import Kind, Metric
from devops_analytics.periods import Period, Span

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rows:
    """Observations in time order, each with the index of its entity."""

    entity: NDArray[np.int64]
    at: NDArray[np.int64]
    value: Floats
    observed: NDArray[np.bool_]
    is_live: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Cell:
    """The observations of one entity and period, by value; `left_out` lie outside its feeds."""

    value: Floats
    observed: NDArray[np.bool_]
    left_out: int


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
    by_table = spans_by_table(coverage, metric.needs, as_of)
    seen = observations["service"].fill_null(NO_SERVICE).unique().to_list()
    members = _members(by, services, organisation, seen, by_table)
    if metric.feeds_speak_for_all:
        by_table = spoken_for_all(by_table, [NO_SERVICE, *services["service"]])
    entities = [entity(name, owned, by_table, as_of) for name, owned in sorted(members.items())]
    rows = _rows(observations, entities, by=by)
    cells = []
    for period in dict.fromkeys(periods):
        counted = counted_time(observations["at"], metric, period, as_of)
        hidden = _hidden(metric, observations, services, counted, definitions)
        for found, cell in zip(entities, _cells(rows, counted, len(entities)), strict=True):
            if metric.kind is Kind.SCORE and by == "service":
                estimate = _OF_NO_SERVICE
            elif by == "team" and found.name in hidden:
                estimate = hidden_estimate(definitions.minimum_respondents)
            else:
                estimate = _measured(metric, found, cell, counted, as_of, definitions)
            said = _remarks(remarks, counted, period, as_of)
            cells.append((found.name, period, _with_notes(estimate, said)))
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
    return withheld_teams(observations.filter(inside), services, definitions.minimum_respondents)


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


def _members(
    by: str, services: pl.DataFrame, organisation: str, seen: list[str], by_table: TableSpans
) -> dict[str, list[str]]:
    """Return the services of each entity."""
    declared = services.select("service", "team").unique("service").sort("service")
    names = declared["service"].to_list()
    match by:
        case "service":
            return {name: [name] for name in names}
        case "team":
            owned = declared.drop_nulls("team").group_by("team").agg(pl.col("service").sort())
            return dict(owned.iter_rows())
        case "organisation":
            known = {service for spans in by_table.values() for service in spans}
            others = known.intersection(seen) if names else known
            return {organisation: sorted({*names, *others})}
    raise UnknownNameError(f"by: found {by!r}; allowed: organisation, team, service.")


def _rows(observations: pl.DataFrame, entities: list[Entity], *, by: str) -> _Rows:
    """Return the observations of the entities' services.

    For the organisation, those of other services or none count too, where any of its services
    can be spoken for. What several services of an entity share (a run of their one repository)
    is one row in it.
    """
    spans = [live for found in entities for live in found.services.values()]
    owner = [index for index, found in enumerate(entities) for _ in found.services]
    names = [name for found in entities for name in found.services]
    code = pl.col("service").replace_strict(
        names, list(range(len(names))), default=None, return_dtype=pl.Int64
    )
    if by == "organisation":
        code = code.fill_null(len(names))
        spans.append(entities[0].spans)
        owner.append(0)
    columns = ("key", "at", "value", "observed")
    chosen = observations.select(*columns, code=code).drop_nulls("code")
    codes = chosen["code"].to_numpy()
    placed = chosen.select(
        *columns,
        entity=np.array(owner, dtype=np.int64)[codes],
        is_live=_is_live(codes, chosen["at"].to_physical().to_numpy(), spans),
    )
    if by != "service":
        placed = placed.group_by("entity", *columns).agg(pl.col("is_live").any())
    ordered = placed.sort("at")
    return _Rows(
        entity=ordered["entity"].to_numpy(),
        at=ordered["at"].to_physical().to_numpy(),
        value=ordered["value"].to_numpy(),
        observed=ordered["observed"].to_numpy(),
        is_live=ordered["is_live"].to_numpy(),
    )


def _is_live(
    codes: NDArray[np.int64], at: NDArray[np.int64], spans: list[list[Span]]
) -> NDArray[np.bool_]:
    """Say for each observation whether its time is in a span of its service; both ends count."""
    is_live = np.zeros(len(at), dtype=np.bool_)
    for nth in range(max(map(len, spans), default=0)):
        pairs = [live[nth] if nth < len(live) else None for live in spans]
        start = np.array([1 if pair is None else _microseconds(pair[0]) for pair in pairs])
        end = np.array([0 if pair is None else _microseconds(pair[1]) for pair in pairs])
        is_live |= (start[codes] <= at) & (at <= end[codes])
    return is_live


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _cells(rows: _Rows, period: Period, n_entities: int) -> Iterator[_Cell]:
    """Yield the observations of a period, entity by entity."""
    bounds = [_microseconds(period.start), _microseconds(period.end)]
    inside = slice(*np.searchsorted(rows.at, bounds))
    is_live = rows.is_live[inside]
    left_out = np.bincount(rows.entity[inside][~is_live], minlength=n_entities)
    owner = rows.entity[inside][is_live]
    value = rows.value[inside][is_live]
    observed = rows.observed[inside][is_live]
    order = np.lexsort((~observed, value, owner))
    ends = np.searchsorted(owner[order], np.arange(n_entities + 1))
    for index in range(n_entities):
        mine = order[ends[index] : ends[index + 1]]
        yield _Cell(value=value[mine], observed=observed[mine], left_out=int(left_out[index]))


def _measured(
    metric: Metric,
    found: Entity,
    cell: _Cell,
    period: Period,
    as_of: datetime,
    definitions: Definitions,
) -> Estimate:
    days = live_days(found, period)
    notes: list[str] = []
    if days is None:
        estimate = Estimate(status="unknown", note=why_unknown(found, period))
    else:
        estimate = estimated(
            metric, cell.value, cell.observed, live_days=days, definitions=definitions
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
