"""What changed: comparisons, trends and process charts of what is known."""

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import polars as pl

from devops_analytics import change
from devops_analytics.errors import UnknownNameError
from devops_analytics.estimates.suppression import without_withheld
from devops_analytics.known import Known
from devops_analytics.metrics import METRICS, Kind, Metric, metric
from devops_analytics.periods import (
    Period,
    containing_week,
    periods_up_to,
    previous_period,
    year_before,
)

BY: Final = ("organisation", "team", "service")
"""Whose numbers can be asked for."""

PREVIOUS: Final = "previous"
YEAR_BEFORE: Final = "year-before"

WEEKS: Final = 52
"""Points of a process chart."""


class Comparing(Known):
    """What is known, and how it compares over time."""

    @cached_property
    def annotations(self) -> pl.DataFrame:
        """What the settings say happened (schema `Annotations`)."""
        return change.annotations(self.settings, self.services)

    def annotations_about(self, *, team: str | None = None) -> pl.DataFrame:
        """Return the annotations that concern the organisation, or one team."""
        name = self.settings.organisation.name if team is None else team
        by = "organisation" if team is None else "team"
        return change.annotations_about(
            self.annotations, by=by, entity=name, services=self.services
        )

    def baseline(self, period: Period, to: str | Period) -> Period:
        """Return what a period is compared with: `previous`, `year-before`, or a period.

        Raises:
            PeriodError: `to` is none of them.
        """
        zone = self.settings.organisation.zone
        if to == PREVIOUS:
            return previous_period(period, zone=zone)
        return year_before(period, zone=zone) if to == YEAR_BEFORE else self.period(to)

    def compare(
        self,
        period: str | Period,
        *,
        to: str | Period = PREVIOUS,
        by: str = "organisation",
        metrics: Sequence[str] | None = None,
        team: str | None = None,
    ) -> pl.DataFrame:
        """Return what changed since a baseline (schema `Comparisons`).

        The verdicts allow for all rows of the frame being read together.

        Args:
            period: one period.
            to: `previous`, `year-before` or a period such as `2026-Q1`.
            by: organisation, team or service: whose numbers.
            metrics: metric ids; all where None.
            team: only this team, or only its services.

        Raises:
            UnknownNameError: a metric, team or kind of entity is not known.
            PeriodError: a period can't be understood.
        """
        asked = self.period(period)
        observed = self._observed(metrics, team)
        return change.compare(
            observed, self._asked(asked, by=by, team=team, baseline=self.baseline(asked, to))
        )

    def trend(
        self,
        period: str | Period,
        *,
        periods: int = 13,
        by: str = "organisation",
        metrics: Sequence[str] | None = None,
        team: str | None = None,
    ) -> pl.DataFrame:
        """Return whether metrics rose or fell over the periods up to one (schema `Trends`).

        Args:
            period: the last one; the others are of its own length.
            periods: how many.
            by: organisation, team or service: whose numbers.
            metrics: metric ids; all where None.
            team: only this team, or only its services.

        Raises:
            UnknownNameError: a metric, team or kind of entity is not known.
        """
        last = self.period(period)
        among = periods_up_to(last, periods, zone=self.settings.organisation.zone)
        observed = self._observed(metrics, team)
        return change.trends(observed, self._asked(last, by=by, team=team), among)

    def process_chart(
        self,
        metric_id: str,
        period: str | Period,
        *,
        weeks: int = WEEKS,
        team: str | None = None,
        service: str | None = None,
    ) -> pl.DataFrame:
        """Return the process chart of a metric up to a period's end (schema `ProcessPoints`).

        Args:
            metric_id: which metric.
            period: it is judged by what was before it.
            weeks: how many, up to the last that ends within the period.
            team: of one team.
            service: of one service.

        Raises:
            UnknownNameError: a metric, team or service is not known.
        """
        zone = self.settings.organisation.zone
        asked = self.period(period)
        last = containing_week(asked.end, zone=zone)
        among = periods_up_to(previous_period(last, zone=zone), weeks, zone=zone)
        by = "organisation"
        if service is not None:
            self._check_service(service)
            by = "service"
        elif team is not None:
            by = "team"
        (one,) = self._observed([metric_id], team)
        chosen = self._asked(asked, by=by, team=team, service=service)
        return change.process_points(one, chosen, among)

    def needed(
        self,
        period: str | Period,
        *,
        ratio: float,
        by: str = "organisation",
        metrics: Sequence[str] | None = None,
        team: str | None = None,
    ) -> pl.DataFrame:
        """Return how many observations a change of a size takes to be seen (schema `Needed`).

        Args:
            period: it is reckoned from what this one shows.
            ratio: the size: the later value over the present one, such as 0.5 for half.
            by: organisation, team or service: whose numbers.
            metrics: metric ids; all where None.
            team: only this team, or only its services.

        Raises:
            UnknownNameError: a metric, team or kind of entity is not known.
            DevopsAnalyticsError: the ratio is not above zero, or is 1.
        """
        observed = self._observed(metrics, team)
        return change.needed(observed, self._asked(self.period(period), by=by, team=team), ratio)

    # ---- Parts ---- #

    def _observed(self, metrics: Sequence[str] | None, team: str | None) -> list[change.Observed]:
        chosen = [metric(name) for name in metrics] if metrics is not None else METRICS
        return [
            change.Observed(
                metric=declared,
                rows=self._rows_of(declared, team),
                coverage=self.coverage_of(declared.needs, columns=declared.columns),
            )
            for declared in chosen
        ]

    def _rows_of(self, declared: Metric, team: str | None) -> pl.DataFrame:
        """Return the observations of the organisation, or of one team as far as they are shown."""
        rows = self.observations(declared.id)
        if team is None:
            return rows
        if declared.kind is Kind.SCORE:
            fewest = self.settings.definitions.minimum_group
            rows = without_withheld(rows, self.services, fewest)
        return rows.filter(pl.col("service").is_in(self.services_of(team)))

    def _asked(
        self,
        period: Period,
        *,
        by: str,
        team: str | None,
        service: str | None = None,
        baseline: Period | None = None,
    ) -> change.Asked:
        if by not in BY:
            raise UnknownNameError(f"by: found {by!r}; allowed: {', '.join(BY)}.")
        services = self.services
        if team is not None:
            services = services.filter(pl.col("service").is_in(self.services_of(team)))
        if service is not None:
            services = services.filter(pl.col("service") == service)
        return change.Asked(
            period=period,
            baseline=baseline or period,
            by=by,
            services=services,
            annotations=self.annotations,
            definitions=self.settings.definitions,
            organisation=self.settings.organisation.name,
            as_of=self.as_of,
        )
