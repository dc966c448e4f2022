"""Who is estimated, and from when to when what a metric needs is known of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Final

import polars as pl

from devops_analytics.estimates.kinds import SHOWN, days_text
from devops_analytics.feeds import NO_SERVICE
from devops_analytics.metrics.metric import Column, Metric
from devops_analytics.periods import DAY, Period, Span, intersection, union
from devops_analytics.schema import TABLE_WORDS

_DAYS_IN_A_WEEK: Final = 7

TableSpans = dict[str, dict[str, list[Span]]]
"""Table → service → when the table can speak for the service."""

_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """An organisation, team or service.

    `services` holds for each of its services when everything needed is known; `spans` is when
    that holds for any of them; `tables` is when each needed table is known for any of them.
    """

    name: str
    services: dict[str, list[Span]]
    spans: list[Span]
    tables: dict[str, list[Span]]


def spans_by_table(coverage: pl.DataFrame, needs: Sequence[str], as_of: datetime) -> TableSpans:
    """Return when each needed table can speak for each service, up to `as_of`."""
    spans: TableSpans = {table: {} for table in needs}
    rows = coverage.filter(pl.col("table").is_in(needs)).select(
        "table", "service", "live_from", "live_to"
    )
    for table, service, start, end in rows.iter_rows():
        if start <= as_of:
            spans[table].setdefault(service, []).append((start, min(end, as_of)))
    return spans


def entity(name: str, services: Iterable[str], by_table: TableSpans, as_of: datetime) -> Entity:
    """Return an entity that owns services, with the time that they can be spoken for."""
    always = [(datetime.min.replace(tzinfo=UTC), as_of)]
    live: dict[str, list[Span]] = {}
    for service in services:
        spans = always
        for table in by_table.values():
            spans = intersection(spans, table.get(service, []))
        live[service] = spans
    return Entity(
        name=name,
        services=live,
        spans=union(chain.from_iterable(live.values())),
        tables={
            table: union(chain.from_iterable(spans.get(service, []) for service in live))
            for table, spans in by_table.items()
        },
    )


def spoken_for_all(by_table: TableSpans, services: Iterable[str]) -> TableSpans:
    """Return when each table can speak for anybody, as said of every one of the services."""
    names = list(services)
    return {
        table: dict.fromkeys(names, union(chain.from_iterable(spans.values())))
        for table, spans in by_table.items()
    }


def counted_time(at: pl.Series, metric: Metric, period: Period, as_of: datetime) -> Period:
    """Return the part of a period whose observations count: all of it, or a state's last moment.

    Of a state that is the last snapshot within `state_days` before the end of the period (or the
    as-of time), else the end itself.
    """
    if metric.state_days is None:
        return period
    # The as-of time itself is known, the end of a period is not in it.
    end = min(period.end, as_of + _MICROSECOND)
    inside = at.filter((at >= end - timedelta(days=metric.state_days)) & (at < end))
    latest = inside.max()
    moment = latest if isinstance(latest, datetime) else end - _MICROSECOND
    return Period(label=period.label, start=moment, end=moment + _MICROSECOND)


def clip(spans: Iterable[Span], period: Period) -> list[Span]:
    """Return the part of spans that is in a period; a feed of one moment counts as a part."""
    parts = []
    for start, end in spans:
        part = (max(start, period.start), min(end, period.end))
        if part[0] < part[1] or (start == end and period.start <= start < period.end):
            parts.append(part)
    return parts


def live_days(found: Entity, period: Period) -> float | None:
    """Return the days of a period that an entity can be spoken for; null: not at all."""
    parts = clip(found.spans, period)
    return sum((end - start) / DAY for start, end in parts) if parts else None


def service_weeks(found: Entity, period: Period) -> float:
    """Return the weeks of a period that an entity's services can be spoken for, added up."""
    own = (spans for name, spans in found.services.items() if name != NO_SERVICE)
    parts = [part for spans in own for part in clip(spans, period)]
    return sum((end - start) / DAY for start, end in parts) / _DAYS_IN_A_WEEK


def why_unknown(found: Entity, period: Period, columns: Iterable[Sequence[Column]] = ()) -> str:
    """Say which feeds are missing where an entity can't be spoken for."""
    reasons = []
    for table, spans in found.tables.items():
        words = TABLE_WORDS[table]
        needed = [one[0][1] for one in columns if one[0][0] == table]
        says = f" that says {' and '.join(needed)}" if needed else ""
        if not spans:
            reasons.append(f"no feed of {words}{says}")
        elif not clip(spans, period):
            start, end = spans[0][0], spans[-1][1]
            reasons.append(f"feed of {words}{says} covers {start:%Y-%m-%d} to {end:%Y-%m-%d} only")
    if not reasons and not found.tables:
        return "nothing is known of it by then"
    words = " and ".join(TABLE_WORDS[table] for table in found.tables)
    together = f"no service has {words} at the same time"
    return "; ".join(reasons) or together


def partly_known(found: Entity, period: Period, days: float, as_of: datetime) -> list[str]:
    """Say what is not known of an entity that can be spoken for: services, and days so far."""
    notes = []
    named = [name for name in found.services if name != NO_SERVICE]
    unknown = [name for name in named if not clip(found.services[name], period)]
    if unknown:
        names = ", ".join(unknown[:SHOWN]) + (" …" if len(unknown) > SHOWN else "")
        notes.append(f"{len(unknown)} of {len(named)} services unknown: {names}")
    elapsed = (min(period.end, as_of) - period.start) / DAY
    if elapsed - days >= 1:
        notes.append(f"feed covers {days_text(days)} of {days_text(elapsed)} days")
    return notes
