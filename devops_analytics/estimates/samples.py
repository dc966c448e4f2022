"""The observations of each entity and period: what estimates and comparisons are made of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from devops_analytics.errors import UnknownNameError
from devops_analytics.estimates.intervals import Floats
from devops_analytics.estimates.live import (
    Entity,
    TableSpans,
    entity,
    spans_by_table,
    spoken_for_all,
)
from devops_analytics.feeds import NO_SERVICE
from devops_analytics.metrics.metric import Metric
from devops_analytics.periods import Period, Span

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rows:
    """Observations in time order, each with the index of its entity and of its service."""

    entity: NDArray[np.int64]
    service: NDArray[np.int64]
    at: NDArray[np.int64]
    value: Floats
    observed: NDArray[np.bool_]
    is_live: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """The observations of one entity and period, by value; `left_out` lie outside its feeds.

    `at` is in microseconds since 1970, UTC; `service` is a place in `Samples.services`.
    """

    value: Floats
    observed: NDArray[np.bool_]
    at: NDArray[np.int64]
    service: NDArray[np.int64]
    left_out: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Samples:
    """The observations of a metric, ready to be taken by entity and period."""

    entities: list[Entity]
    services: list[str]
    rows: _Rows

    def cells(self, period: Period) -> Iterator[tuple[Entity, Cell]]:
        """Yield the observations of a period, entity by entity."""
        return zip(self.entities, _cells(self.rows, period, len(self.entities)), strict=True)


def samples(
    observations: pl.DataFrame,
    metric: Metric,
    *,
    by: str,
    services: pl.DataFrame,
    coverage: pl.DataFrame,
    organisation: str,
    as_of: datetime,
    periods: Sequence[Period] | None = None,
) -> Samples:
    """Sort a metric's observations to the entities that they count for; see `estimate`.

    Args:
        observations: over all time (schema `Observations`).
        metric: its declaration; an observation counts while all tables that it needs are alive.
        by: organisation, team or service.
        services: columns service and team (null: nobody's).
        coverage: for which service and time each table can speak (schema `Coverage`).
        organisation: the organisation's name.
        as_of: the moment that the answers are for.
        periods: those that will be asked for; None: any.

    Raises:
        UnknownNameError: `by` is none of the three.
    """
    by_table = spans_by_table(coverage, metric.needs, as_of)
    seen = observations["service"].fill_null(NO_SERVICE).unique().to_list()
    members = _members(by, services, organisation, seen, by_table)
    if metric.feeds_speak_for_all:
        by_table = spoken_for_all(by_table, [NO_SERVICE, *services["service"]])
    entities = [entity(name, owned, by_table, as_of) for name, owned in sorted(members.items())]
    return Samples(
        entities=entities,
        services=[*(name for found in entities for name in found.services), NO_SERVICE],
        rows=_rows(_around(observations, periods), entities, by=by),
    )


def microseconds(moment: datetime) -> int:
    """Return a moment as microseconds since 1970, UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def _around(observations: pl.DataFrame, periods: Sequence[Period] | None) -> pl.DataFrame:
    """Return the observations from the first period's start to the last one's end."""
    if not periods:
        return observations
    start, end = min(one.start for one in periods), max(one.end for one in periods)
    return observations.filter((pl.col("at") >= start) & (pl.col("at") < end))


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
        code=codes,
        is_live=_is_live(codes, chosen["at"].to_physical().to_numpy(), spans),
    )
    if by != "service":
        placed = placed.group_by("entity", *columns).agg(
            pl.col("is_live").any(), pl.col("code").min()
        )
    ordered = placed.sort("at")
    return _Rows(
        entity=ordered["entity"].to_numpy(),
        service=ordered["code"].to_numpy(),
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
        start = np.array([1 if pair is None else microseconds(pair[0]) for pair in pairs])
        end = np.array([0 if pair is None else microseconds(pair[1]) for pair in pairs])
        is_live |= (start[codes] <= at) & (at <= end[codes])
    return is_live


def _cells(rows: _Rows, period: Period, n_entities: int) -> Iterator[Cell]:
    """Yield the observations of a period, entity by entity."""
    bounds = [microseconds(period.start), microseconds(period.end)]
    inside = slice(*np.searchsorted(rows.at, bounds))
    is_live = rows.is_live[inside]
    left_out = np.bincount(rows.entity[inside][~is_live], minlength=n_entities)
    owner = rows.entity[inside][is_live]
    value = rows.value[inside][is_live]
    observed = rows.observed[inside][is_live]
    at, service = rows.at[inside][is_live], rows.service[inside][is_live]
    order = np.lexsort((~observed, value, owner))
    ends = np.searchsorted(owner[order], np.arange(n_entities + 1))
    for index in range(n_entities):
        mine = order[ends[index] : ends[index + 1]]
        yield Cell(
            value=value[mine],
            observed=observed[mine],
            at=at[mine],
            service=service[mine],
            left_out=int(left_out[index]),
        )
