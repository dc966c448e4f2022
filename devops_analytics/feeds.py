"""Feeds: for which service and time each source can speak, so that zero differs from unknown.

A source speaks for a table from its first event to its last. It is taken to be still alive at the
as-of time where its silence since then is no longer than the longest it ever kept between two
events, or than a week; a source with a single event has no such record and ends with it. `covers`
in the settings overrides both ends.

Events are looked at by UTC day, so the longest silence is that between two days with events.

A scan that tells of findings is an event of their feed: a repository that is scanned and has none
is known to have none. One that failed tells nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import dataframely as dy
import polars as pl

from devops_analytics.config import Settings, Source
from devops_analytics.config_sources import MappedSource
from devops_analytics.errors import PeriodError, SettingsError
from devops_analytics.linking.sightings import telling_scans
from devops_analytics.periods import Span, named_period, union
from devops_analytics.schema import ABOUT, EVENT_TIME, Feeds
from devops_analytics.schema_columns import TIME
from devops_analytics.sources import SOURCES

WHOLE: Final = "*"
"""The `service` of the feed that stands for a whole source and table."""

NO_SERVICE: Final = "*"
"""The `service` in the coverage that stands for rows of no known service."""

TOLERATED_SILENCE: Final = timedelta(days=7)
"""A source with at least two events may be silent for as long without counting as dead."""

_BY_SERVICE: Final = [table for table, about in ABOUT.items() if about == "service"]
_BY_REPOSITORY: Final = [table for table, about in ABOUT.items() if about == "repo"]
_BY_TEAM: Final = [table for table, about in ABOUT.items() if about == "team"]
_DATED_BY: Final = {
    "file_changes": ("file_changes", "commits"),
    "findings": ("findings", "scans", "sightings"),
}
"""Tables whose events are dated by other tables too."""

_DAY_US: Final = 86_400_000_000


class Coverage(dy.Schema):
    """For which service and time a table can speak; several rows where there are holes.

    Both ends count: a feed that died has its last event at `live_to`.
    """

    table = dy.String(primary_key=True, description="the canonical table")
    service = dy.String(
        primary_key=True, description="name of the service; `*`: rows of no known service"
    )
    live_from = dy.Datetime(
        time_unit="us", time_zone="UTC", primary_key=True, description="known from"
    )
    live_to = dy.Datetime(time_unit="us", time_zone="UTC", description="known to")


def dated_by(table: str) -> tuple[str, ...]:
    """Return the tables that must be given to know the feeds of one."""
    return _DATED_BY.get(table, (table,))


def feeds(
    tables: Mapping[str, pl.LazyFrame], settings: Settings, as_of: datetime
) -> dy.DataFrame[Feeds]:
    """Say from when to when each source speaks for each table.

    Args:
        tables: canonical tables by name, as known at `as_of`; tables without events are passed
            over, absent ones count as empty. File changes are dated by their commits.
        settings: the settings whose `sources` the rows were read by.
        as_of: the moment that the answers are for.

    Returns:
        One row per source, table and service (or repository), and one with service `*` for the
        whole source and table. A service's feed begins with its own first event and ends with
        the whole's. `live_from` is null where no event is dated (of a whole source: and nothing
        is declared), and where what is declared begins after `as_of`.

    Raises:
        SettingsError: `covers` of a source is no period.
    """
    named = [name for name in EVENT_TIME if name in tables]
    if {"file_changes", "commits"} <= tables.keys():
        named.append("file_changes")
    days = pl.collect_all([_events_by_day(name, tables) for name in named], engine="streaming")
    both = [
        summary
        for name, frame in zip(named, days, strict=True)
        for summary in _summaries(name, frame)
    ]
    found = pl.concat([*both, _silent(settings, both)])
    live = _live(found.filter(pl.col("service") == WHOLE), settings, as_of)
    both_known = pl.col("first_at").is_not_null() & pl.col("live_from").is_not_null()
    own_start = pl.when(both_known).then(pl.max_horizontal("first_at", "live_from"))
    return Feeds.validate(
        found.join(live, on=["source", "table"], how="left")
        .with_columns(
            live_from=pl.when(pl.col("service") == WHOLE).then("live_from").otherwise(own_start)
        )
        .select(Feeds.column_names())
        .sort("source", "table", "service")
    )


def coverage(
    feeds: pl.DataFrame,
    tables: Mapping[str, pl.LazyFrame],
    settings: Settings,
    as_of: datetime,
) -> dy.DataFrame[Coverage]:
    """Say for which service and time each table can speak.

    A source of deployments speaks for the services it mentions, each from its first deployment.
    A source that names repositories speaks for the services built from them (as declared, or as
    deployments say), or for no known service. A source of incidents speaks for every service that
    is declared, deployed or has an incident, and for none. A survey, whose answers are of teams,
    and a source that names no service speak for no known one. Where the settings' entry lists
    `services`, the source speaks for these and no others, over all its time.

    Args:
        feeds: what `feeds` returned.
        tables: canonical tables; `services`, `service_repositories` and `deployments` are looked
            at.
        settings: the settings whose `sources` the rows were read by.
        as_of: the moment that the answers are for.
    """
    whole = feeds.filter(pl.col("service") == WHOLE)
    own = feeds.filter(pl.col("service") != WHOLE)
    listed = _listed(whole, settings, _known_services(own, tables, settings))
    by_list = whole.drop("service").join(listed, on=["source", "table"])
    others = own.join(listed, on=["source", "table"], how="anti")
    by_name = others.filter(pl.col("table").is_in(_BY_SERVICE))
    by_repository = (
        others.filter(pl.col("table").is_in(_BY_REPOSITORY))
        .rename({"service": "repo"})
        .join(_repositories(tables), on="repo", how="left")
        .with_columns(pl.col("service").fill_null(NO_SERVICE))
    )
    nameless = whole.filter(pl.col("table").is_in(_BY_SERVICE)).join(
        by_name, on=["source", "table"], how="anti"
    )
    by_none = (
        pl.concat([whole.filter(pl.col("table").is_in(_BY_TEAM)), nameless])
        .join(listed, on=["source", "table"], how="anti")
        .with_columns(service=pl.lit(NO_SERVICE))
    )
    columns = ("table", "service", "live_from", "live_to")
    parts = (by_list, by_name, by_repository, by_none)
    spoken = pl.concat([part.select(columns) for part in parts])
    return Coverage.validate(_merged(spoken.with_columns(pl.col("live_to").clip(None, as_of))))


def _events_by_day(table: str, tables: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """Return first, last and number of events per source, service and day (null: not dated).

    Categories keep the grouping of ten million rows within a third of the memory.
    """
    if table == "file_changes":
        dates = tables["commits"].select("repo", "sha", at="committed_at")
        rows = tables[table].join(dates, on=["repo", "sha"], how="left")
    else:
        rows = tables[table].with_columns(at=pl.coalesce(EVENT_TIME[table]))
    if table == "findings" and {"scans", "sightings"} <= tables.keys():
        events = ("source", "repo", "at")
        scans = telling_scans(tables["scans"], tables["sightings"])
        rows = pl.concat([rows.select(events), scans.select(events)])
    return (
        rows.select(
            pl.col("source").cast(pl.Categorical()),
            pl.col(ABOUT[table]).cast(pl.Categorical()).alias("service"),
            "at",
            day=pl.col("at").to_physical() // _DAY_US,
        )
        .group_by("source", "service", "day")
        .agg(first_at=pl.col("at").min(), last_at=pl.col("at").max(), rows=pl.len())
        .with_columns(pl.col("source", "service").cast(pl.String))
    )


def _summaries(table: str, days: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the feeds of a table: of whole sources, and of their services."""
    whole = _summary(table, days.with_columns(service=pl.lit(WHOLE)))
    return whole, _summary(table, days.filter(pl.col("service").is_not_null()))


def _summary(table: str, days: pl.DataFrame) -> pl.DataFrame:
    silence = pl.col("first_at") - pl.col("last_at").shift(1)
    return (
        days.group_by("source", "service", "day")
        .agg(pl.col("first_at").min(), pl.col("last_at").max(), pl.col("rows").sum())
        .sort("day")
        .group_by("source", "service")
        .agg(
            pl.col("first_at").min(),
            pl.col("last_at").max(),
            pl.col("rows").sum().cast(pl.Int64),
            longest_gap=silence.max(),
            dated=pl.col("rows").filter(pl.col("day").is_not_null()).sum().cast(pl.Int64),
        )
        .with_columns(table=pl.lit(table))
    )


def _silent(settings: Settings, summaries: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return feeds without a row for sources that declare what they cover, and held nothing."""
    heard = {
        (source, table)
        for summary in summaries
        for source, table in summary.select("source", "table").iter_rows()
    }
    silent = {
        (entry.label, table)
        for entry in settings.sources
        for table in _tables_of(entry)
        if entry.covers is not None and (entry.label, table) not in heard
    }
    rows = [{"source": source, "table": table} for source, table in sorted(silent)]
    return pl.DataFrame(rows, schema={"source": pl.String, "table": pl.String}).select(
        "source",
        pl.lit(WHOLE).alias("service"),
        pl.lit(None, TIME).alias("first_at"),
        pl.lit(None, TIME).alias("last_at"),
        pl.lit(0, pl.Int64).alias("rows"),
        pl.lit(None, pl.Duration("us")).alias("longest_gap"),
        pl.lit(0, pl.Int64).alias("dated"),
        "table",
    )


def _tables_of(entry: Source) -> tuple[str, ...]:
    """Return the tables that an entry feeds even where it holds no row, as far as it says so."""
    if isinstance(entry, MappedSource):
        return (entry.table,)
    tables = SOURCES[entry.kind].tables
    return tables if len(tables) == 1 else ()


def _live(whole: pl.DataFrame, settings: Settings, as_of: datetime) -> pl.DataFrame:
    """Return source, table, live_from and live_to of whole sources."""
    rows = []
    for feed in whole.iter_rows(named=True):
        declared = _covers(settings, feed["source"], feed["table"], as_of)
        start, end = declared or (feed["first_at"], _live_to(feed, as_of))
        known = start is not None and end is not None and start <= end
        rows.append(
            {
                "source": feed["source"],
                "table": feed["table"],
                "live_from": start if known else None,
                "live_to": end if known else None,
            }
        )
    text = pl.String()
    schema = {"source": text, "table": text, "live_from": TIME, "live_to": TIME}
    return pl.DataFrame(rows, schema=schema)


def _live_to(feed: Mapping[str, object], as_of: datetime) -> datetime | None:
    last_at, longest_gap = feed["last_at"], feed["longest_gap"]
    if not isinstance(last_at, datetime):
        return None
    tolerated = timedelta(0)
    if feed["dated"] != 1:
        longest = longest_gap if isinstance(longest_gap, timedelta) else timedelta(0)
        tolerated = max(longest, TOLERATED_SILENCE)
    return as_of if as_of - last_at <= tolerated else last_at


def _entries(settings: Settings, source: str, table: str) -> list[Source]:
    """Return the settings' entries that rows of a source and table come from."""
    return [
        entry
        for entry in settings.sources
        if entry.label == source and table in (_tables_of(entry) or (table,))
    ]


def _covers(settings: Settings, source: str, table: str, as_of: datetime) -> Span | None:
    spans = []
    for entry in _entries(settings, source, table):
        if entry.covers is None:
            continue
        try:
            period = named_period(entry.covers, zone=settings.organisation.zone, as_of=as_of)
        except PeriodError as error:
            raise SettingsError(f"sources: covers of {entry.label}: {error}") from error
        spans.append((period.start, min(period.end, as_of)))
    return (min(start for start, _ in spans), max(end for _, end in spans)) if spans else None


def _listed(whole: pl.DataFrame, settings: Settings, known: list[str]) -> pl.DataFrame:
    """Return source, table, service where a source speaks for services by its entry or nature."""
    rows = []
    for source, table in whole.select("source", "table").iter_rows():
        entries = _entries(settings, source, table)
        names = {name for entry in entries for name in entry.services}
        if not names and table == "incidents":
            names = {*known, NO_SERVICE}
        rows += [{"source": source, "table": table, "service": name} for name in sorted(names)]
    return pl.DataFrame(rows, schema=dict.fromkeys(("source", "table", "service"), pl.String()))


def _known_services(
    own: pl.DataFrame, tables: Mapping[str, pl.LazyFrame], settings: Settings
) -> list[str]:
    seen = own.filter(pl.col("table").is_in(_BY_SERVICE))["service"].to_list()
    declared: list[str] = []
    if "services" in tables:
        declared = tables["services"].select("service").collect()["service"].to_list()
    return sorted({*seen, *declared, *settings.services})


def _repositories(tables: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """Return service and repo: what services are built from, declared or by their deployments."""
    pairs = [
        tables[name].select("service", "repo").drop_nulls().unique()
        for name in ("service_repositories", "deployments")
        if name in tables
    ]
    nothing = pl.LazyFrame(schema={"service": pl.String, "repo": pl.String})
    return pl.concat([nothing, *pairs]).unique().collect()


def _merged(spoken: pl.DataFrame) -> pl.DataFrame:
    """Return the time that any feed speaks for, per table and service."""
    spans: dict[tuple[str, str], list[Span]] = {}
    for table, service, start, end in spoken.drop_nulls().iter_rows():
        if start <= end:
            spans.setdefault((table, service), []).append((start, end))
    rows = [
        {"table": table, "service": service, "live_from": start, "live_to": end}
        for (table, service), found in sorted(spans.items())
        for start, end in union(found)
    ]
    return pl.DataFrame(rows, schema=Coverage.create_empty().schema)
