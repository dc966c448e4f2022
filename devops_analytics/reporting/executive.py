"""The executive summary: what leadership reads in two minutes."""

from collections.abc import Sequence

import polars as pl

from devops_analytics import figures, story
from devops_analytics.check import findings_of
from devops_analytics.display import Measurement, format_list, format_names, measurements
from devops_analytics.metrics import metric
from devops_analytics.reporting.block import Block
from devops_analytics.reporting.delivery import headline_table
from devops_analytics.reporting.gaps import missing_feeds
from devops_analytics.reporting.html import Node, classed, element, joined, paragraphs, unbroken
from devops_analytics.reporting.maturity import names_of, score_record
from devops_analytics.reporting.page import HEADLINE_METRICS, Page, method_details
from devops_analytics.reporting.quality import worst_line
from devops_analytics.reporting.tables import Column, nothing, points_cell, table
from devops_analytics.schema import TABLE_WORDS


class ExecutivePage(Page):
    """The five lines, the numbers, the levels, and what is not known."""

    heading = "Executive summary"

    def in_short(self) -> Block:
        """Show the summary in five lines: throughput, speed, instability, maturity, the unknown."""
        found = {m.metric: m for m in measurements(self.frame(HEADLINE_METRICS, self.period))}

        def said(*metric_ids: str) -> str:
            sentences = [
                story.in_short(found[name], confidence=self.confidence) for name in metric_ids
            ]
            changes = [self.changes[name] for name in metric_ids]
            return " ".join([*sentences, story.verdicts_in_short(changes)]).strip()

        assessment = self.workspace.score(self.period, team=self.team)
        rows = list(assessment.dimensions.iter_rows(named=True))
        unknown = story.unknown_line(
            [found[name] for name in HEADLINE_METRICS],
            left_out=self._left_out([m for m in found.values() if m.value is not None]),
            services=len(self.services),
        )
        lines = (
            ("Speed", said("deployment_frequency", "change_lead_time")),
            ("Stability", said("change_fail_rate", "deployment_rework_rate")),
            ("Recovery", said("failed_deployment_recovery_time", "time_to_restore")),
            (
                "Maturity",
                story.maturity_line(rows, names_of(self.workspace.model, assessment.lens)),
            ),
            ("Not known", unknown),
        )
        items = (
            element("li", classed("strong", "topic", topic), " ", unbroken(text))
            for topic, text in lines
        )
        return Block(html=classed("ol", "lines", *items), shown=tuple(found.values()))

    def metrics_table(self) -> Block:
        """Show the headline metrics of this period beside the earlier one."""
        return headline_table(self)

    def methods(self) -> Block:
        """Show how each of the headline metrics is computed."""
        return Block(html=joined(method_details(name) for name in HEADLINE_METRICS))

    def maturity(self) -> Block:
        """Show the dimensions of the assessment, each with what blocks its next level."""
        assessment = self.workspace.score(self.period, team=self.team)
        names = names_of(self.workspace.model, assessment.lens)
        columns = (
            Column(heading="dimension"),
            Column(heading="level", kind="number"),
            Column(heading="points", kind="number"),
            Column(heading="what blocks the next level", kind="wide"),
        )
        rows: list[list[Node]] = [
            [
                names[row["dimension"]],
                row["status"] if row["level"] is None else f"{row['level']} of 5",
                points_cell(row["score"], row["low"], row["high"]),
                row["blocking"] or "Nothing: this is the highest level.",
            ]
            for row in assessment.dimensions.iter_rows(named=True)
        ]
        caption = f"Maturity, {self.period.label}; model version {assessment.model_version}"
        return Block(
            html=table(caption, columns, rows, cards=True),
            figure=figures.maturity_bars(assessment.dimensions, names),
            scores=(score_record(assessment),),
        )

    def unknowns(self) -> Block:
        """Show which headline metrics have no number and why, and which exports would fill them."""
        found = measurements(self.frame(HEADLINE_METRICS, self.period))
        sentences = [element("li", story.without_number(m)) for m in found if m.value is None]
        gaps = self._gaps()
        if not sentences and gaps.is_empty():
            return Block(html=nothing("Every headline metric is known for every service."))
        columns = (
            Column(heading="export"),
            Column(heading="services without it", kind="wide"),
            Column(heading="metrics that leave them out", kind="wide"),
            Column(heading="what would fill it", kind="wide"),
        )
        rows = [
            _gap_row(str(table), own)
            for (table,), own in gaps.group_by("table", maintain_order=True)
        ]
        caption = f"Exports that are missing or end early, {self.period.label}"
        missing = table(caption, columns, rows, cards=True) if rows else ""
        return Block(
            html=joined((classed("ul", "reasons", *sentences) if sentences else "", missing))
        )

    def worst_quality(self) -> Block:
        """Show the most harmful thing that the data-quality checks found, in one line."""
        services = None if self.team is None else self.services
        found = findings_of(self.workspace, services=services)
        return worst_line(found, ending="The data-quality report has them all.")

    def _left_out(self, told: Sequence[Measurement]) -> int:
        """Return how many services at least one of the numbers leaves out."""
        needed = {table for m in told for table in metric(m.metric).needs}
        gaps = self._gaps().filter(pl.col("table").is_in(needed))
        return gaps["service"].n_unique()

    def _gaps(self) -> pl.DataFrame:
        return missing_feeds(
            self.workspace.coverage,
            self.services,
            tables=list(dict.fromkeys(t for name in HEADLINE_METRICS for t in metric(name).needs)),
            period=self.period,
            as_of=self.workspace.as_of,
            zone=self.zone,
        )


def _gap_row(name: str, gaps: pl.DataFrame) -> list[Node]:
    """Return a table's row: whom it lacks and since when, which metrics need it, what fills it."""
    states = gaps.group_by("state", maintain_order=True).agg("service")
    who = [f"{format_names(services)}: {state}" for state, services in states.iter_rows()]
    needing = [metric(one).name.lower() for one in HEADLINE_METRICS if name in metric(one).needs]
    return [
        TABLE_WORDS[name],
        paragraphs(*who),
        format_list(needing),
        story.EXPORTS[name],
    ]
