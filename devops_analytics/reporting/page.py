"""What every page can show of a workspace, a period and perhaps a team."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
from markupsafe import Markup

from devops_analytics import __version__, figures, story
from devops_analytics.config import DEFAULT_FILE
from devops_analytics.display import (
    STATUS_WORDS,
    Measurement,
    format_count,
    format_counted,
    format_days,
    format_limits,
    format_moment,
    format_n,
    format_number,
    highest_of,
    measurements,
)
from devops_analytics.loading import totals
from devops_analytics.metrics import metric
from devops_analytics.periods import Period, named_period, periods_up_to
from devops_analytics.reference import described
from devops_analytics.reporting.block import Block
from devops_analytics.reporting.html import (
    Node,
    classed,
    definitions,
    details,
    element,
    joined,
    paragraphs,
    unbroken,
)
from devops_analytics.reporting.provenance import input_rows, settings_fingerprint
from devops_analytics.reporting.tables import (
    MEASURED_COLUMNS,
    Column,
    measured_cells,
    nothing,
    status,
    table,
)
from devops_analytics.workspace import Workspace

TREND_PERIODS: Final = 13
"""A year of months and the same month a year before."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A workspace, looked at in one period beside another, as a whole or for one team."""

    workspace: Workspace
    period: Period
    before: Period
    team: str | None

    heading = "Report"

    # ---- What is asked for ---- #

    @property
    def by(self) -> str:
        """Whose numbers: organisation or team."""
        return "organisation" if self.team is None else "team"

    @property
    def zone(self) -> ZoneInfo:
        """The reporting time zone."""
        return self.workspace.settings.organisation.zone

    @property
    def confidence(self) -> float:
        """Of every interval, 0-1."""
        return self.workspace.settings.definitions.confidence

    @property
    def services(self) -> list[str]:
        """The services looked at."""
        known = self.workspace.services
        if self.team is not None:
            known = known.filter(pl.col("team") == self.team)
        return known["service"].to_list()

    def frame(
        self, metric_ids: Sequence[str], periods: Period | Sequence[Period], *, by: str = ""
    ) -> pl.DataFrame:
        """Return measurements of the page's organisation or team, or of its services."""
        return self.workspace.measure(
            periods, by=by or self.by, metrics=list(metric_ids), team=self.team
        )

    def measured(self, metric_id: str, period: Period | None = None) -> Measurement:
        """Return the measurement of a metric in the page's period or another."""
        return measurements(self.frame([metric_id], period or self.period))[0]

    def options(self) -> list[str]:
        """Return the options of a command that looks at the same, without the machine's paths."""
        origin = self.workspace.origin
        options = []
        if origin is not None and origin.is_dir():
            options = ["--git", origin.name]
        elif origin is not None and origin.name != DEFAULT_FILE.name:
            options = ["--config", origin.name]
        moment = self.workspace.as_of.isoformat().replace("+00:00", "Z")
        return [*options, "--period", self.period.label, "--as-of", moment]

    # ---- What it shows ---- #

    def title(self) -> Block:
        """Show what the page is about: whose numbers, which period, as of when, from what."""
        organisation = self.workspace.settings.organisation.name
        until = format_moment(self.workspace.as_of, self.zone)
        incomplete = "" if self.period.is_complete(self.workspace.as_of) else ", not complete yet"
        pairs = (
            ("Organisation", organisation),
            ("Team", self._team_name()),
            ("Period", f"{self.period.label}: {format_days(self.period, self.zone)}{incomplete}"),
            ("Compared with", f"{self.before.label}: {format_days(self.before, self.zone)}"),
            ("As of", until),
            ("Loaded", self._loaded()),
        )
        facts = {
            "organisation": organisation,
            "team": self._team_name(),
            "heading": self.heading,
            "period": self.period.label,
            "days": format_days(self.period, self.zone),
            "as_of": until,
            "version": __version__,
        }
        return Block(html=definitions(pairs, css_class="facts"), facts=facts)

    def headline(self, metric_id: str) -> Block:
        """Show a metric's number with how sure it is, in a sentence, and the earlier one."""
        now, before = self.measured(metric_id), self.measured(metric_id, self.before)
        confidence = self.confidence
        left = _large_number(now) if now.value is not None else element("p", status(now))
        right = joined(
            (
                classed("p", "sentence", unbroken(story.headline(now, confidence=confidence))),
                paragraphs(
                    unbroken(story.comparison(now, before, confidence=confidence)),
                    story.remark(now),
                    css_class="beside",
                ),
            )
        )
        html = classed(
            "div", "headline", classed("div", "left", left), classed("div", "right", right)
        )
        return Block(html=html, shown=(now, before))

    def by_service(self, metric_id: str) -> Block:
        """Show a metric of each service, as a chart with its numbers."""
        declared, own = metric(metric_id), self.frame([metric_id], self.period, by="service")
        found = measurements(own)
        if not found:
            return Block(html=nothing("By service: no service is declared or deployed."))
        caption = f"{declared.name} by service, {self.period.label}"
        told = [(m.entity, m) for m in found if m.status != "unknown"]
        numbers = _numbers(caption, "service", told, _untold(found))
        figure = figures.dot_plot(own, self.frame([metric_id], self.period))
        if figure is None:
            why = f"By service, no chart: none of {format_count(len(found))} has a number."
            return Block(html=joined((nothing(why), numbers)), shown=tuple(found))
        return Block(html=numbers, figure=figure, shown=tuple(found))

    def trend(self, metric_id: str) -> Block:
        """Show a metric over thirteen months (or weeks, years …) up to the period's end."""
        declared = metric(metric_id)
        own = self.frame([metric_id], self.trend_periods()).sort("period_start")
        found = measurements(own)
        caption = f"{declared.name}, {found[0].period} to {found[-1].period}"
        numbers = _numbers(caption, "period", [(m.period, m) for m in found])
        figure = figures.trend(own, highlighted=(self.period.start, self.period.end))
        if figure is None:
            why = f"Over time, no chart: none of {len(found)} periods has a number."
            return Block(html=joined((nothing(why), numbers)), shown=tuple(found))
        return Block(html=numbers, figure=figure, shown=tuple(found))

    def method(self, metric_id: str) -> Block:
        """Show how a metric is computed: what its declaration says."""
        return Block(html=method_details(metric_id))

    def provenance(self) -> Block:
        """Show what the page was made from and by what."""
        columns = (
            Column(heading="file"),
            Column(heading="content"),
            Column(heading="table"),
            Column(heading="read", kind="number"),
            Column(heading="loaded", kind="number"),
            Column(heading="quarantined", kind="number"),
            Column(heading="duplicates", kind="number"),
        )
        rows = input_rows(self.workspace)
        caption = "Records read = loaded + quarantined + duplicates"
        settings = self.workspace.settings
        pairs = (
            ("Made by", f"devops-analytics {__version__}"),
            ("Settings", f"fingerprint {settings_fingerprint(settings)}"),
            ("Time zone", settings.organisation.time_zone),
            ("As of", format_moment(self.workspace.as_of, self.zone)),
        )
        inputs = details(format_counted(len(rows), "input"), table(caption, columns, rows))
        html = classed(
            "div", "provenance", definitions(pairs, css_class="facts"), inputs if rows else ""
        )
        return Block(html=html)

    # ---- Parts ---- #

    def _team_name(self) -> str:
        if self.team is None:
            return ""
        declared = self.workspace.settings.teams.get(self.team)
        return declared.name or self.team if declared is not None else self.team

    def _loaded(self) -> str:
        report = self.workspace.load_report
        if report is None:
            return "tables given as dataframes"
        sums = totals(report.files)
        n_files = report.files["file"].n_unique()
        kept_apart = sums["quarantined"]
        ending = f", {format_count(kept_apart)} kept apart" if kept_apart else ""
        return (
            f"{format_counted(sums['loaded'], 'record')} from "
            f"{format_counted(n_files, 'export')}{ending}"
        )

    def trend_periods(self) -> list[Period]:
        """Return months for a quarter or year, else periods of the page's own length."""
        last = self.period
        if last.days > 31.5:  # noqa: PLR2004 - longer than a month
            known = min(last.end, self.workspace.as_of) - timedelta(microseconds=1)
            month = f"{max(known, last.start).astimezone(self.zone):%Y-%m}"
            last = named_period(month, zone=self.zone, as_of=self.workspace.as_of)
        return periods_up_to(last, TREND_PERIODS, zone=self.zone)


def method_details(metric_id: str) -> Markup:
    """Return a metric's declaration, folded."""
    declared = metric(metric_id)
    return details(
        f"How {declared.name[0].lower()}{declared.name[1:]} is computed",
        definitions(described(declared), css_class="method"),
    )


def _large_number(measurement: Measurement) -> Markup:
    number, _, unit = format_number(measurement).partition(" ")
    sure = [format_limits(measurement), format_n(measurement)]
    return joined(
        (
            classed("p", "number", number, " ", classed("span", "unit", unit)),
            paragraphs(*map(unbroken, sure), css_class="sure"),
        )
    )


def _numbers(
    caption: str,
    what: str,
    found: Sequence[tuple[str, Measurement]],
    more: Sequence[Sequence[Node]] = (),
) -> Markup:
    columns = (Column(heading=what), *MEASURED_COLUMNS)
    highest = highest_of(m for _, m in found)
    rows = [[name, *measured_cells(m, beside=highest)] for name, m in found]
    return details("Show the numbers", table(caption, columns, [*rows, *more]), css_class="numbers")


def _untold(found: Sequence[Measurement]) -> list[list[Node]]:
    """Return a row for each reason why services are not known, with their names."""
    names: dict[str, list[str]] = {}
    for m in found:
        if m.status == "unknown":
            names.setdefault((m.note or "").partition(";")[0], []).append(m.entity)
    return [
        [
            services[0] if len(services) == 1 else format_counted(len(services), "service"),
            classed("span", "status unknown", STATUS_WORDS["unknown"]),
            "",
            "",
            reason if len(services) == 1 else f"{reason}: {', '.join(services)}",
        ]
        for reason, services in names.items()
    ]
