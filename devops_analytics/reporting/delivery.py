"""The delivery page: each metric with its services, its course, its variants and its rows."""

import shlex
from typing import Final

import polars as pl

from devops_analytics import figures, story
from devops_analytics.check import unlinked_by_reason
from devops_analytics.display import (
    Measurement,
    format_count,
    format_counted,
    format_key,
    format_number,
    format_value,
    measurements,
)
from devops_analytics.display_changes import Change
from devops_analytics.metrics import METRICS, Metric, Unit, metric
from devops_analytics.metrics.lead_time_stages import LEAD_TIME_STAGES
from devops_analytics.reference import described
from devops_analytics.reporting import beside
from devops_analytics.reporting.block import Block
from devops_analytics.reporting.coverage import coverage_block
from devops_analytics.reporting.html import (
    Node,
    classed,
    definitions,
    details,
    element,
    joined,
    paragraphs,
)
from devops_analytics.reporting.page import HEADLINE_METRICS, Page
from devops_analytics.reporting.stages import stage_shares
from devops_analytics.reporting.tables import (
    MEASURED_COLUMNS,
    Column,
    interval_marks,
    measured_cells,
    nothing,
    number_cell,
    table,
    verdict_cell,
)

_COVERED_TABLES: Final = ("deployments", "commits", "changes", "incidents", "pipeline_runs")
_STAGES: Final = frozenset(stage.id for stage in LEAD_TIME_STAGES)


class DeliveryPage(Page):
    """Software delivery: how often, how fast, how safely, how soon put right."""

    heading = "Delivery"

    def overview(self) -> Block:
        """Show the headline metrics of this period beside the earlier one."""
        return headline_table(self)

    def variants(self, metric_id: str) -> Block:
        """Show the named variants of a metric beside it, each with the choices that make it so."""
        chosen = [metric(metric_id), *variants_of(metric_id)]
        found = measurements(self.frame([one.id for one in chosen], self.period))
        by_id = {m.metric: m for m in found}
        columns = (Column(heading="variant"), *MEASURED_COLUMNS)
        rows = [[_variant_name(one), *measured_cells(by_id[one.id])] for one in chosen]
        caption = f"The same question with other choices, {self.period.label}"
        choices = details(
            "The choices of the variants",
            *(_differences(one, chosen[0]) for one in chosen[1:]),
        )
        html = joined(
            (table(caption, columns, _said_once(rows), cards=True), choices if chosen[1:] else "")
        )
        return Block(html=html, shown=tuple(by_id[one.id] for one in chosen))

    def stages(self) -> Block:
        """Show where the time between first commit and production goes."""
        found = measurements(self.frame([one.id for one in LEAD_TIME_STAGES], self.period))
        if all(m.status == "unknown" for m in found):
            why = f"The stages are not known: {found[0].note}."
            fills = story.what_fills(found[0])
            return Block(html=nothing(f"{why} {fills}"), shown=tuple(found))
        caption = f"Stages of the lead time by change, {self.period.label}"
        columns = (Column(heading="stage"), *MEASURED_COLUMNS)
        rows = [[_stage_name(metric(m.metric)), *measured_cells(m)] for m in found]
        numbers = table(caption, columns, rows)
        shares = stage_shares(
            self.workspace.evidence, self.period, self.services, whole=found[0].entity
        )
        figure = figures.stage_bars(shares)
        if figure is None:
            why = "No chart: no deployed change of the period has a pull or merge request."
            return Block(html=joined((nothing(why), numbers)), shown=tuple(found))
        note = paragraphs(
            "In the chart the parts add up: it shares out all the hours of the deployed changes, "
            "so slow changes weigh more. Medians, in the table, do not add up.",
            css_class="note",
        )
        folded = details("Show the numbers", numbers, _share_table(shares), css_class="numbers")
        return Block(html=joined((note, folded)), figure=figure, shown=tuple(found))

    def sensitivity(self, metric_id: str = "change_fail_rate") -> Block:
        """Show how a metric moves with the choices behind it, one at a time."""
        frame = self.workspace.sensitivity(
            self.period, metric_id=metric_id, by=self.by, team=self.team
        )
        chosen = frame.select("choice", "option", "is_chosen").iter_rows()
        found = measurements(frame.drop("choice", "option", "is_chosen"))
        columns = (Column(heading="choice"), Column(heading="option"), *MEASURED_COLUMNS)
        rows: list[list[Node]] = [
            [
                choice,
                element("strong", f"{option} (as set)") if is_chosen else option,
                *measured_cells(m),
            ]
            for (choice, option, is_chosen), m in zip(chosen, found, strict=True)
        ]
        name = metric(metric_id).name
        caption = f"{name} by the choices behind it, {self.period.label}"
        known = [m for m in found if m.value is not None]
        if not known:
            return Block(html=nothing(f"{name} is not known, whatever is chosen."))
        lowest, highest = (pick(known, key=_value_of) for pick in (min, max))
        said = (
            f"By another of these choices it would be between {format_number(lowest)} and "
            f"{format_number(highest, beside=lowest.value)}."
        )
        shown = table(caption, columns, _said_once(rows), cards=True)
        return Block(html=joined((element("p", said), details("Show the choices", shown))))

    def benchmark(self, metric_id: str) -> Block:
        """Show where each service lies among DORA's respondents."""
        return beside.benchmark(self, metric_id)

    def services_over_time(self, metric_id: str) -> Block:
        """Show a metric of every service over time, side by side on one scale."""
        return beside.services_over_time(self, metric_id)

    def mix(self, metric_id: str) -> Block:
        """Show how a pooled share's change splits into mix and within."""
        return beside.mix(self, metric_id)

    def other_tools(self) -> Block:
        """Show what other tools would show from the same data, and why it differs."""
        return beside.other_tools(self)

    def rows(self, metric_id: str) -> Block:
        """Show how many observations stand behind a metric, and the command that lists them."""
        found = self.workspace.rows(metric_id, self.period, team=self.team)
        censored = found.filter(~pl.col("observed")).height
        ending = f", {format_count(censored)} of them still open" if censored else ""
        words = ["devops-analytics", "rows", metric_id, *self.options()]
        if self.team is not None:
            words += ["--team", self.team]
        command = shlex.join(words)
        counted = format_counted(found.height, "observation")
        text = f"{counted} in the period{ending}. List them with "
        return Block(html=classed("p", "rows", text, element("code", command)))

    def coverage(self) -> Block:
        """Show for which time each export can speak for each service."""
        return coverage_block(self, _COVERED_TABLES)

    def unlinked(self) -> Block:
        """Show what of the period could not be joined, by reason."""
        own = self.workspace.links.unlinked.filter(
            (pl.col("at") >= self.period.start) & (pl.col("at") < self.period.end)
        )
        if self.team is not None:
            own = own.filter(pl.col("service").is_in(self.services))
        if own.is_empty():
            return Block(html=nothing("Everything in the period could be linked."))
        columns = (
            Column(heading="what"),
            Column(heading="count", kind="number"),
            Column(heading="services", kind="number"),
            Column(heading="why", kind="wide"),
            Column(heading="such as", kind="wide"),
        )
        rows: list[list[Node]] = [
            [
                row["kind"],
                format_count(row["count"]),
                format_count(row["services"]),
                row["why"],
                format_key(row["examples"]),
            ]
            for row in unlinked_by_reason(own).iter_rows(named=True)
        ]
        return Block(html=table(f"Not linked, {self.period.label}", columns, rows, cards=True))


def _value_of(measurement: Measurement) -> float:
    return 0.0 if measurement.value is None else measurement.value


def variants_of(metric_id: str) -> list[Metric]:
    """Return the named variants of a metric in report order, without lead time's stages."""
    return [one for one in METRICS if one.variant_of == metric_id and one.id not in _STAGES]


def headline_table(page: Page) -> Block:
    """Return the headline metrics of the page's period beside the earlier one."""
    now = {m.metric: m for m in measurements(page.frame(HEADLINE_METRICS, page.period))}
    before = {m.metric: m for m in measurements(page.frame(HEADLINE_METRICS, page.before))}
    columns = (
        Column(heading="metric"),
        Column(heading=page.period.label, kind="number"),
        Column(heading=page.before.label, kind="earlier"),
        Column(heading="both intervals"),
        Column(heading="change"),
    )
    rows = [_headline_row(now[name], before[name], page.changes[name]) for name in HEADLINE_METRICS]
    caption = (
        f"DORA's five metrics and time to restore, {page.period.label} beside "
        f"{page.before.label}; {page.confidence:.0%} intervals. A verdict allows for all of them "
        "being read together, so an interval that leaves out zero may not be enough"
    ).replace("%", " %")
    shown = tuple(found[name] for name in HEADLINE_METRICS for found in (now, before))
    return Block(html=table(caption, columns, rows, cards=True), shown=shown)


def _headline_row(now: Measurement, before: Measurement, change: Change) -> list[Node]:
    declared = metric(now.metric)
    name = joined((declared.name, classed("span", "question", declared.question)))
    return [
        name,
        number_cell(now),
        number_cell(before, beside=now.value),
        interval_marks(now, before),
        verdict_cell(change),
    ]


def _differences(variant: Metric, headline: Metric) -> Node:
    """Return what a variant's declaration says otherwise than the metric that it varies."""
    pairs = [pair for pair in described(variant) if pair not in described(headline)]
    return joined((classed("p", "variant", variant.name), definitions(pairs, css_class="method")))


def _said_once(rows: list[list[Node]]) -> list[list[Node]]:
    """Return rows whose last cell is not repeated where it is that of the first."""
    first, *others = rows
    note = first[-1]
    return [
        first,
        *([*row[:-1], "as above" if row[-1] and row[-1] == note else row[-1]] for row in others),
    ]


def _variant_name(declared: Metric) -> Node:
    return declared.name if declared.variant_of else joined((declared.name, " (headline)"))


def _stage_name(declared: Metric) -> str:
    return declared.name.removeprefix("Lead time stage: ")


def _share_table(shares: pl.DataFrame) -> Node:
    columns = (
        Column(heading="of"),
        Column(heading="stage"),
        Column(heading="share of the hours", kind="number"),
        Column(heading="mean per change", kind="number"),
        Column(heading="changes", kind="number"),
    )
    rows: list[list[Node]] = [
        [
            row["entity"],
            row["title"],
            format_value(row["share"], Unit.SHARE.value),
            format_value(row["hours"], Unit.HOURS.value),
            format_count(row["n"]),
        ]
        for row in shares.iter_rows(named=True)
    ]
    return table("All hours of the deployed changes, shared out to stages", columns, rows)
