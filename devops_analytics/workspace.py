"""What a user holds: settings and tables, and everything computed from them, lazily and once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import polars as pl

from devops_analytics import __version__
from devops_analytics.benchmarks import place
from devops_analytics.censoring import cut_at_feed_end
from devops_analytics.clone import cache_folder, kept_salt, settings_for_clone, user_cache
from devops_analytics.comparing import BY, Comparing
from devops_analytics.config import DEFAULT_FILE, Settings, read_settings, settings_from
from devops_analytics.errors import ExportError, UnknownNameError
from devops_analytics.estimates import Measurements, counted_time, estimate, rows_behind
from devops_analytics.frames import canonical
from devops_analytics.loading import Progress, load
from devops_analytics.maturity import Assessment, Model, read_model, score
from devops_analytics.metrics import DORA_FIVE, METRICS, Kind, Metric, metric
from devops_analytics.metrics.survey import SURVEY, own_items
from devops_analytics.mix import mix_and_within
from devops_analytics.peers import as_peers, peer, scopes_by
from devops_analytics.periods import Period
from devops_analytics.sample import SAMPLE_END, write_sample
from devops_analytics.schema import TABLES, empty
from devops_analytics.sensitivity import alternatives
from devops_analytics.store import Store, quarantine, read_manifest, scan
from devops_analytics.value import METRICS_OF_VALUE, valued


class Workspace(Comparing):
    """Settings, tables and what is computed from them.

    Make one with `open` (a settings file), `from_git` (a clone) or `from_frames` (dataframes).
    Every result is a Polars frame; `.to_pandas()` is one step away.
    """

    @classmethod
    def open(
        cls,
        config: str | Path = DEFAULT_FILE,
        *,
        as_of: datetime | str | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Open the workspace of a settings file, loading what is new in its exports.

        Raises:
            SettingsError: the settings can't be used.
            ExportError: an export can't be read; what could be read is in the store.
        """
        path = Path(config)
        settings = read_settings(path)
        return cls._stored(
            settings,
            base=path.parent,
            store=Store(path.parent / settings.organisation.store),
            as_of=as_of,
            progress=progress,
            origin=path,
        )

    @classmethod
    def from_git(
        cls,
        clone: str | Path,
        *,
        as_of: datetime | str | None = None,
        progress: Progress | None = None,
        cache: Path | None = None,
    ) -> Self:
        """Open a local clone without a settings file: its version tags are the deployments.

        What was read is kept in the user's cache folder, so the next time only what is new is
        read.

        Raises:
            ExportError: there is no clone, or it has no commits.
        """
        path = Path(clone).expanduser().resolve()
        if not path.is_dir():
            raise ExportError(f"{clone}: no such folder; give the path of a local git clone.")
        folder = cache if cache is not None else cache_folder(path)
        settings = settings_for_clone(path, salt=kept_salt(folder))
        return cls._stored(
            settings,
            base=path.parent,
            store=Store(folder / "store"),
            as_of=as_of,
            progress=progress,
            origin=path,
        )

    @classmethod
    def demo(cls, *, progress: Progress | None = None) -> Self:
        """Open the sample organisation, writing it to the user's cache where it is missing."""
        folder = user_cache() / f"demo-{__version__}"
        if not (folder / DEFAULT_FILE).exists():
            write_sample(folder)
        return cls.open(folder / DEFAULT_FILE, as_of=SAMPLE_END, progress=progress)

    @classmethod
    def _stored(
        cls,
        settings: Settings,
        *,
        base: Path,
        store: Store,
        as_of: datetime | str | None,
        progress: Progress | None,
        origin: Path,
    ) -> Self:
        report = load(settings, base=base, store=store, progress=progress)
        if report.problems:
            raise ExportError("\n".join(report.problems))
        manifest = read_manifest(store)
        return cls(
            settings=settings,
            tables={name: scan(store, manifest, name) for name in TABLES},
            as_of=as_of,
            load_report=report,
            quarantined=quarantine(store, manifest),
            origin=origin,
        )

    @classmethod
    def from_frames(
        cls,
        frames: Mapping[str, Any],
        *,
        settings: Settings | Mapping[str, object] | None = None,
        as_of: datetime | str | None = None,
    ) -> Self:
        """Open canonical tables given as dataframes (pandas, Polars, DuckDB, Arrow …).

        Columns that a frame lacks are null, except the table's key. Columns that are no canonical
        ones are left out.

        Raises:
            UnknownNameError: a table or a key column is not known or not there.
        """
        checked = settings if isinstance(settings, Settings) else settings_from(settings or {})
        tables = {name: empty(name).lazy() for name in TABLES}
        tables.update({name: canonical(name, frame) for name, frame in frames.items()})
        return cls(settings=checked, tables=tables, as_of=as_of)

    # ---- Numbers ---- #

    def rows(
        self,
        metric_id: str,
        period: str | Period,
        *,
        service: str | None = None,
        team: str | None = None,
    ) -> pl.DataFrame:
        """Return the observations behind a number of one period, in time order.

        Raises:
            UnknownNameError: there is no such metric, service or team, or the metric is of people.
        """
        asked = self.period(period)
        declared = metric(metric_id)
        if declared.kind is Kind.SCORE:
            raise UnknownNameError(
                f"{metric_id} is a mean of people's answers: there are no rows to show, only "
                "numbers of groups."
            )
        observed = self.observations(metric_id)
        rows = rows_behind(
            observed,
            declared,
            counted_time(observed["at"], declared, asked, self.as_of),
            coverage=self.coverage_of(declared.needs, columns=declared.columns),
            as_of=self.as_of,
        )
        if service is not None:
            self._check_service(service)
            rows = rows.filter(pl.col("service") == service)
        if team is not None:
            rows = rows.filter(pl.col("service").is_in(self.services_of(team)))
        named = rows.select(pl.lit(metric_id).alias("metric"), pl.all())
        return named.sort("at", "service", "key")

    def measure(
        self,
        period: str | Period | Sequence[str | Period],
        *,
        by: str = "organisation",
        metrics: Sequence[str] | None = None,
        team: str | None = None,
    ) -> pl.DataFrame:
        """Return the measurements (schema `Measurements`) of one or more periods.

        Args:
            period: one period, or several.
            by: organisation, team or service: whose numbers.
            metrics: metric ids; all where None.
            team: only this team, or only its services.

        Raises:
            UnknownNameError: a metric, team or kind of entity is not known.
        """
        if by not in BY:
            raise UnknownNameError(f"by: found {by!r}; allowed: {', '.join(BY)}.")
        asked = [period] if isinstance(period, str | Period) else list(period)
        periods = [self.period(text) for text in asked]
        chosen = [metric(name) for name in metrics] if metrics is not None else list(METRICS)
        observed = [(declared, self.observations(declared.id)) for declared in chosen]
        return self._estimated(observed, periods, by=by, team=team)

    def survey(
        self, period: str | Period, *, by: str = "organisation", team: str | None = None
    ) -> pl.DataFrame:
        """Return the measurements of all items of surveys, those of the settings' own among them.

        Raises:
            UnknownNameError: the team or kind of entity is not known.
        """
        items = (*SURVEY, *own_items(self.settings))
        observed = [(one, one.observe(self.evidence).collect()) for one in items]
        return self._estimated(observed, [self.period(period)], by=by, team=team)

    def _estimated(
        self,
        observed: Sequence[tuple[Metric, pl.DataFrame]],
        periods: list[Period],
        *,
        by: str,
        team: str | None,
    ) -> pl.DataFrame:
        owned = [] if team is None else self.services_of(team)
        inside = pl.col("service").is_in(owned)
        found = []
        for declared, rows in observed:
            if team is None:
                one = self._estimate(rows, declared, periods, by=by, services=self.services)
            elif declared.kind is Kind.SCORE:
                one = self._of_people(rows, declared, periods, by=by, team=team)
            else:
                own = self.services.filter(inside)
                one = self._estimate(rows.filter(inside), declared, periods, by=by, services=own)
            found.append(one)
        return pl.concat(found)

    def _of_people(
        self, rows: pl.DataFrame, declared: Metric, periods: list[Period], *, by: str, team: str
    ) -> pl.DataFrame:
        """Return what is shown of a team's people: it is judged beside all other teams."""
        level = "service" if by == "service" else "team"
        every = self._estimate(rows, declared, periods, by=level, services=self.services)
        shown = self.services_of(team) if by == "service" else [team]
        own = every.filter(pl.col("entity").is_in(shown))
        if by != "organisation":
            return own
        return own.with_columns(
            by=pl.lit(by), entity=pl.lit(self.settings.organisation.name, dtype=pl.String)
        )

    def _estimate(
        self,
        rows: pl.DataFrame,
        declared: Metric,
        periods: list[Period],
        *,
        by: str,
        services: pl.DataFrame,
    ) -> pl.DataFrame:
        return estimate(
            rows,
            declared,
            periods=periods,
            by=by,
            services=services,
            coverage=self.coverage_of(declared.needs, columns=declared.columns),
            definitions=self.settings.definitions,
            organisation=self.settings.organisation.name,
            as_of=self.as_of,
            remarks=declared.remarks(self.evidence).collect() if declared.remarks else None,
        )

    def sensitivity(
        self,
        period: str | Period,
        *,
        metric_id: str = "change_fail_rate",
        by: str = "organisation",
        team: str | None = None,
    ) -> pl.DataFrame:
        """Return how a delivery metric moves with the choices behind it.

        Columns are `choice`, `option`, `is_chosen` and those of `Measurements`; one row for each
        option (`sensitivity.CHOICES`) and named variant, and entity.

        Raises:
            UnknownNameError: there is no such metric.
        """
        frames = []
        for one in alternatives(metric_id, self.evidence):
            rows = one.metric.observe(one.evidence).collect()
            covered = self.coverage_of(one.metric.needs, columns=one.metric.columns)
            cut = cut_at_feed_end(rows, covered, one.metric)
            found = self._estimated([(one.metric, cut)], [self.period(period)], by=by, team=team)
            about = [pl.lit(one.choice).alias("choice"), pl.lit(one.option).alias("option")]
            frames.append(found.select(*about, pl.lit(one.is_chosen).alias("is_chosen"), pl.all()))
        return pl.concat(frames) if frames else self._nothing_chosen()

    def _nothing_chosen(self) -> pl.DataFrame:
        about = {"choice": pl.String(), "option": pl.String(), "is_chosen": pl.Boolean()}
        return pl.DataFrame(schema=about | dict(Measurements.create_empty().schema))

    def score(self, period: str | Period, *, team: str | None = None) -> Assessment:
        """Return the maturity assessment of the organisation, or of one team."""
        asked = self.period(period)
        by = "organisation" if team is None else "team"
        measurements = self.measure(asked, by=by, team=team)
        return score(
            measurements,
            self.model,
            entity=self.settings.organisation.name if team is None else team,
        )

    def value(
        self, period: str | Period, *, compare_to: str | Period, team: str | None = None
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return what outcomes are worth beside a baseline period (`value.VALUE`, `TORNADO`)."""
        by = "organisation" if team is None else "team"
        now, baseline = (
            self.measure(one, by=by, metrics=METRICS_OF_VALUE, team=team)
            for one in (period, compare_to)
        )
        return valued(now, baseline, self.settings.value)

    def placed(
        self, period: str | Period, *, by: str = "service", team: str | None = None
    ) -> pl.DataFrame:
        """Return where values lie among the respondents of DORA's survey (`PLACEMENT`)."""
        return place(self.measure(period, by=by, metrics=DORA_FIVE, team=team))

    def as_tools(
        self,
        period: str | Period,
        tools: Sequence[str],
        *,
        by: str = "organisation",
        team: str | None = None,
    ) -> pl.DataFrame:
        """Return what other tools would show from the same data, beside ours (`peers.AS_PEER`).

        Raises:
            UnknownNameError: a tool's definitions are not known.
        """
        asked = [peer(tool) for tool in tools]
        metrics = list(dict.fromkeys(theirs.metric for one in asked for theirs in one.metrics))
        ours = self.measure(period, by=by, metrics=metrics, team=team)
        services = self.services
        if team is not None:
            services = services.filter(pl.col("service").is_in(self.services_of(team)))
        named = services.with_columns(organisation=pl.lit(self.settings.organisation.name))
        scopes = scopes_by(
            by, named, evidence=self.evidence, period=self.period(period), now=self.as_of
        )
        return as_peers(asked, scopes, ours)

    def mix(
        self,
        period: str | Period,
        *,
        compare_to: str | Period,
        metric_id: str,
        team: str | None = None,
    ) -> pl.DataFrame:
        """Return how a pooled share's change splits into mix and within (`mix.MIX`).

        Raises:
            UnknownNameError: the metric is not known, or no share.
        """
        if metric(metric_id).kind is not Kind.PROPORTION:
            raise UnknownNameError(
                f"{metric_id} is no share: only a pooled share's change splits into mix and within."
            )
        now, before = (
            self.measure(one, by="service", metrics=[metric_id], team=team)
            for one in (period, compare_to)
        )
        return mix_and_within(now, before)

    @cached_property
    def model(self) -> Model:
        """The maturity model."""
        return read_model(None, metrics=METRICS)
