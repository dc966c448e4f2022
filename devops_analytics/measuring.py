"""Numbers of what is known: measurements, the rows behind them, and other choices."""

from collections.abc import Sequence

import polars as pl

from devops_analytics.censoring import cut_at_feed_end
from devops_analytics.comparing import BY, Comparing
from devops_analytics.errors import UnknownNameError
from devops_analytics.estimates import Measurements, counted_time, estimate, rows_behind
from devops_analytics.metrics import METRICS, Kind, Metric, metric
from devops_analytics.metrics.survey import SURVEY, own_items
from devops_analytics.periods import Period
from devops_analytics.sensitivity import alternatives


class Measuring(Comparing):
    """What is known, and its numbers."""

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
