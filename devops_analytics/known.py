"""What is known of an organisation at a moment: tables, feeds, links; each made once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final

import polars as pl

from devops_analytics import feeds as feeds_room
from devops_analytics.as_of import as_known_at, last_event_at, parse_moment
from devops_analytics.censoring import cut_at_feed_end
from devops_analytics.config import Settings
from devops_analytics.errors import DevopsAnalyticsError, UnknownNameError
from devops_analytics.linking import declared_deployments, link
from devops_analytics.linking.links import Links
from devops_analytics.linking.sightings import findings_from_sightings
from devops_analytics.loading import LoadReport
from devops_analytics.metrics import Evidence, metric
from devops_analytics.metrics.metric import Column
from devops_analytics.ownership import repositories_table, services_table
from devops_analytics.periods import Period, parse_period
from devops_analytics.schema import EVENT_TIME, TABLES
from devops_analytics.sources.source import QUARANTINE

MANY_ROWS: Final = 1_000_000
"""Observations of more rows than these are kept for one metric at a time: each takes a gigabyte for
ten million."""


class Known:
    """Settings and tables, cut to what was known at the as-of time, and what joins them."""

    def __init__(
        self,
        *,
        settings: Settings,
        tables: Mapping[str, pl.LazyFrame],
        as_of: datetime | str | None,
        load_report: LoadReport | None = None,
        quarantined: pl.DataFrame | None = None,
        origin: Path | None = None,
    ) -> None:
        self.settings = settings
        self.load_report = load_report
        self.quarantine = quarantined if quarantined is not None else _nothing_quarantined()
        self.origin = origin
        self._loaded = dict(tables)
        self._as_of = as_of
        self._feeds: dict[str, pl.DataFrame] = {}
        self._coverage: dict[tuple[str, tuple[tuple[Column, ...], ...]], pl.DataFrame] = {}
        self._observations: dict[tuple[object, ...], pl.DataFrame] = {}

    @cached_property
    def end_of_data(self) -> datetime:
        """The last event in any table: nothing later is known."""
        found = last_event_at(self._loaded)
        if found is None:
            raise DevopsAnalyticsError(
                "no table holds an event, so there is nothing to measure. "
                "`devops-analytics check` shows what was read and what was quarantined."
            )
        return found

    @cached_property
    def as_of(self) -> datetime:
        """The moment that the answers are for: as asked, else the end of the data."""
        if self._as_of is None:
            return self.end_of_data
        if isinstance(self._as_of, str):
            return parse_moment(self._as_of, self.settings.organisation.zone)
        return self._as_of

    @cached_property
    def known_until(self) -> datetime:
        """What is still open is known to be open until here."""
        return min(self.as_of, self.end_of_data)

    @cached_property
    def tables(self) -> dict[str, pl.LazyFrame]:
        """Every canonical table, cut to what was known at `as_of`.

        With deployments that the settings declare, and findings that comparing scans makes.
        """
        loaded = dict(self._loaded)
        loaded["services"] = services_table(self.settings, loaded["services"])
        loaded["service_repositories"] = repositories_table(
            self.settings, loaded["service_repositories"]
        )
        tables = as_known_at(loaded, self.as_of)
        declared = declared_deployments(tables, self.settings)
        tables["deployments"] = pl.concat([tables["deployments"], declared], how="vertical")
        found = findings_from_sightings(tables["scans"], tables["sightings"])
        tables["findings"] = pl.concat([tables["findings"], found], how="vertical")
        return tables

    def table(self, name: str) -> pl.LazyFrame:
        """Return a canonical table.

        Raises:
            UnknownNameError: there is no such table.
        """
        if name not in self.tables:
            raise UnknownNameError(f"no table is called {name!r}; tables: {', '.join(TABLES)}.")
        return self.tables[name]

    @cached_property
    def services(self) -> pl.DataFrame:
        """Every service declared or seen in deployments, with its team (null: nobody's)."""
        declared = self.tables["services"].select("service", "team").collect()
        seen = self.links.deployments.select("service").unique()
        others = seen.join(declared, on="service", how="anti").with_columns(
            team=pl.lit(None, dtype=pl.String)
        )
        return pl.concat([declared, others]).sort("service")

    @property
    def teams(self) -> list[str]:
        """Every team that owns a service, in order of name."""
        return self.services["team"].drop_nulls().unique().sort().to_list()

    @property
    def reports_folder(self) -> Path:
        """Where reports go when no folder is named: beside the settings file."""
        folder = Path(self.settings.organisation.reports)
        is_settings = self.origin is not None and self.origin.is_file()
        return self.origin.parent / folder if is_settings and self.origin else folder

    @cached_property
    def feeds(self) -> pl.DataFrame:
        """What is known of each source's coverage in time (schema `Feeds`)."""
        return feeds_room.feeds(self.tables, self.settings, self.as_of)

    @cached_property
    def coverage(self) -> pl.DataFrame:
        """For which service and time each table can speak: table, service, live_from, live_to."""
        return self.coverage_of((*EVENT_TIME, "file_changes"))

    def coverage_of(
        self, tables: Iterable[str], *, columns: Iterable[Sequence[Column]] = ()
    ) -> pl.DataFrame:
        """Return the coverage of some tables; the others, which may be huge, are not read.

        Args:
            tables: the canonical tables.
            columns: as in a metric's declaration: sources that never fill them are no feeds.
        """
        required = tuple(tuple(one) for one in columns)
        frames = []
        for table in tables:
            own = tuple(one for one in required if one[0][0] == table)
            if (table, own) not in self._coverage:
                told = self._feeds_of(table)
                for alternatives in own:
                    told = told.filter(~pl.col("source").is_in(self._silent_on(alternatives)))
                covered = feeds_room.coverage(told, self._built, self.settings, self.as_of)
                self._coverage[table, own] = covered.filter(pl.col("table") == table)
            frames.append(self._coverage[table, own])
        return pl.concat(frames)

    @cached_property
    def _built(self) -> dict[str, pl.LazyFrame]:
        """Which services there are and what they are built from, read once for all coverage."""
        repositories = {
            name: self.tables[name].select("service", "repo").unique()
            for name in ("service_repositories", "deployments")
        }
        lazy = {"services": self.tables["services"].select("service"), **repositories}
        return dict(zip(lazy, (one.lazy() for one in pl.collect_all(lazy.values())), strict=True))

    def _feeds_of(self, table: str) -> pl.DataFrame:
        if table not in self._feeds:
            needed = {name: self.tables[name] for name in feeds_room.dated_by(table)}
            found = feeds_room.feeds(needed, self.settings, self.as_of)
            self._feeds[table] = found.filter(pl.col("table") == table)
        return self._feeds[table]

    def _silent_on(self, alternatives: Sequence[Column]) -> list[str]:
        """Return the sources that hold rows of the first column's table and none of what it says.

        None is silent where another column says the same.
        """
        (table, column), *others = alternatives
        sources = self.tables[table].group_by("source").agg(known=pl.col(column).count())
        told = [self.tables[name].select(pl.col(other).count()) for name, other in others]
        found, *counts = pl.collect_all([sources, *told], engine="streaming")
        if any(count.item() for count in counts):
            return []
        return found.filter(pl.col("known") == 0)["source"].to_list()

    @cached_property
    def links(self) -> Links:
        """Deployments in order and all links between tables."""
        return link(self.tables, self.settings, self.known_until)

    @cached_property
    def evidence(self) -> Evidence:
        """What metrics look at."""
        return Evidence(
            tables=self.tables,
            links=self.links,
            definitions=self.settings.definitions,
            as_of=self.known_until,
            time_zone=self.settings.organisation.time_zone,
            coverage=self.coverage_of(("deployments",)),
            asked_as_of=self.as_of,
        )

    def period(self, text: str | Period) -> Period:
        """Return the period that a text such as `2026-Q3` means in the reporting time zone."""
        if isinstance(text, Period):
            return text
        return parse_period(text, zone=self.settings.organisation.zone, as_of=self.as_of)

    def observations(self, metric_id: str) -> pl.DataFrame:
        """Return every row behind a metric, over all time.

        What is censored is known to last at least until its feeds ended, not longer.
        """
        declared = metric(metric_id)
        which = (declared.observe, declared.needs, declared.columns)
        if which not in self._observations:
            rows = declared.observe(self.evidence).collect()
            covered = self.coverage_of(declared.needs, columns=declared.columns)
            self._keep(which, cut_at_feed_end(rows, covered, declared))
        return self._observations[which]

    def _keep(self, which: tuple[object, ...], rows: pl.DataFrame) -> None:
        """Keep observations for the next question; of the many, only the last ones asked for."""
        if rows.height > MANY_ROWS:
            few = {k: v for k, v in self._observations.items() if v.height <= MANY_ROWS}
            self._observations = few
        self._observations[which] = rows

    def services_of(self, team: str) -> list[str]:
        """Return a team's services.

        Raises:
            UnknownNameError: there is no such team.
        """
        known = self.teams
        if team not in known:
            raise UnknownNameError(
                f"no team is called {team!r}; teams: {', '.join(known) or 'none are declared'}."
            )
        return self.services.filter(pl.col("team") == team)["service"].to_list()

    def _check_service(self, service: str) -> None:
        known = self.services["service"].to_list()
        if service not in known:
            raise UnknownNameError(
                f"no service is called {service!r}; services: {', '.join(known[:20])}"
                f"{' …' if len(known) > 20 else ''}."  # noqa: PLR2004 - a screenful
            )


def _nothing_quarantined() -> pl.DataFrame:
    return pl.DataFrame(schema={"source": pl.String(), **QUARANTINE})
