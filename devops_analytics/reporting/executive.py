"""The executive summary: what leadership reads in two minutes."""

import polars as pl

from devops_analytics import figures, story
from devops_analytics.check import unknown_metrics
from devops_analytics.display import measurements
from devops_analytics.metrics import metric
from devops_analytics.quality import findings
from devops_analytics.reporting.block import Block
from devops_analytics.reporting.delivery import HEADLINE_METRICS, headline_table
from devops_analytics.reporting.html import Node, classed, element, joined, paragraphs
from devops_analytics.reporting.maturity import names_of
from devops_analytics.reporting.page import Page, method_details
from devops_analytics.reporting.tables import Column, nothing, points_cell, status, table


class ExecutivePage(Page):
    """The five lines, the numbers, the levels, and what is not known."""

    heading = "Executive summary"

    def in_short(self) -> Block:
        """Show the summary in five lines: throughput, speed, instability, maturity, the unknown."""
        found = {m.metric: m for m in measurements(self.frame(HEADLINE_METRICS, self.period))}

        def said(*metric_ids: str) -> str:
            sentences = [
                story.headline(found[name], confidence=self.confidence) for name in metric_ids
            ]
            return " ".join(sentences)

        assessment = self.workspace.score(self.period, team=self.team)
        rows = list(assessment.dimensions.iter_rows(named=True))
        lines = (
            ("Speed", said("deployment_frequency", "change_lead_time")),
            ("Stability", said("change_fail_rate", "deployment_rework_rate")),
            ("Recovery", said("failed_deployment_recovery_time", "time_to_restore")),
            ("Maturity", story.maturity_line(rows, names_of(self.workspace.model))),
            ("Not known", story.unknown_line([found[name] for name in HEADLINE_METRICS])),
        )
        items = (
            element("li", classed("strong", "topic", topic), " ", text) for topic, text in lines
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
        names = names_of(self.workspace.model)
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
        )

    def unknowns(self) -> Block:
        """Show which of the headline metrics are not known, for whom, why, and what fills them."""
        found = measurements(self.frame(HEADLINE_METRICS, self.period))
        lacking = {row["metric"]: row for row in self._lacking().iter_rows(named=True)}
        rows: list[list[Node]] = []
        for m in found:
            declared, row = metric(m.metric), lacking.get(m.metric)
            why = (m.note or "", story.unknown_services(row) if row is not None else "")
            if m.value is None or row is not None:
                state = status(m) if m.value is None else "known in part"
                rows.append([declared.name, state, paragraphs(*why), story.what_fills(declared)])
        if not rows:
            return Block(html=nothing("Every headline metric is known for every service."))
        columns = (
            Column(heading="metric"),
            Column(heading="state"),
            Column(heading="why", kind="wide"),
            Column(heading="what would fill it", kind="wide"),
        )
        return Block(html=table("What is not known, and why", columns, rows, cards=True))

    def worst_quality(self) -> Block:
        """Show the most harmful thing that the data-quality checks found, in one line."""
        found = findings(self.workspace.evidence)
        if found.is_empty():
            return Block(html=nothing("The data-quality checks found nothing."))
        line = story.quality_line(found.row(0, named=True))
        more = found.height - 1
        ending = (
            f" {more} more {'check' if more == 1 else 'checks'} found something; "
            "devops-analytics check lists them."
            if more
            else ""
        )
        return Block(html=classed("p", "quality", line, ending))

    def _lacking(self) -> pl.DataFrame:
        return unknown_metrics(self.workspace).filter(
            pl.col("metric").is_in(HEADLINE_METRICS) & (self.team is None)
        )
