"""The data-quality page: what is odd in the records, and what that does to the numbers."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import polars as pl
from markupsafe import Markup

from devops_analytics import story
from devops_analytics.check import (
    counted,
    examples_of,
    findings_of,
    material_of,
    quarantine_by_reason,
)
from devops_analytics.display import (
    STATUS_WORDS,
    format_count,
    format_counted,
    format_day,
    format_key,
    format_names,
)
from devops_analytics.feeds import WHOLE
from devops_analytics.loading import totals
from devops_analytics.metrics import METRICS, metric
from devops_analytics.quality import Severity, why, worst
from devops_analytics.reporting.block import Block
from devops_analytics.reporting.coverage import coverage_block
from devops_analytics.reporting.html import (
    Node,
    classed,
    details,
    element,
    joined,
    paragraphs,
    unbroken,
)
from devops_analytics.reporting.page import Page
from devops_analytics.reporting.tables import Column, nothing, table
from devops_analytics.schema import TABLE_WORDS

_NAMED_METRICS: Final = 6

_MEANING: Final = {
    Severity.BENDS: "Numbers are shown that these records make too high or too low.",
    Severity.LEAVES_OUT: "These records are in no number, or not in all that they belong to.",
    Severity.NOTE: "Nothing is wrong by itself; read the numbers with it in mind.",
}


class QualityPage(Page):
    """Named checks of the records, the feeds, and where every record went."""

    heading = "Data quality"

    @cached_property
    def findings(self) -> pl.DataFrame:
        """What the checks found (schema `quality.FINDINGS`), for a team of its services alone."""
        services = None if self.team is None else self.services
        return findings_of(self.workspace, services=services)

    def worst(self) -> Block:
        """Show the finding that matters most, in one line."""
        return worst_line(self.findings, ending="All are below.")

    def coverage(self) -> Block:
        """Show for which time each export can speak for each service."""
        tables = [name for name in TABLE_WORDS if name in self.workspace.coverage["table"].unique()]
        return coverage_block(self, tables)

    def feeds(self) -> Block:
        """Show from when to when each source speaks for each table, and whether it still does."""
        whole = self.workspace.feeds.filter(pl.col("service") == WHOLE).sort("table", "source")
        if whole.is_empty():
            return Block(html=nothing("No source feeds any table."))
        columns = (
            Column(heading="source"),
            Column(heading="table"),
            Column(heading="rows", kind="number"),
            Column(heading="speaks from"),
            Column(heading="speaks until"),
            Column(heading="longest silence", kind="number"),
        )
        rows = [self._feed_row(row) for row in whole.iter_rows(named=True)]
        speaks = (pl.col("live_to") >= self.workspace.as_of).fill_null(value=False)
        stopped = whole.filter(~speaks).height
        text = (
            f"{format_counted(whole.height, 'feed')}: {format_count(whole.height - stopped)} speak "
            f"up to the end, {format_count(stopped)} do not."
        )
        numbers = table("Feeds: outside their time nothing is known", columns, rows)
        folded = details("Show every feed", numbers, css_class="numbers")
        return Block(html=joined((paragraphs(text), folded)))

    def checks(self) -> Block:
        """Show what the checks found, the most harmful first, with examples and what to do."""
        if self.findings.is_empty():
            return Block(html=nothing("The data-quality checks found nothing."))
        parts = [
            joined(
                (
                    element("h3", f"{severity.value[0].upper()}{severity.value[1:]}"),
                    _findings_table(_MEANING[severity], own),
                )
            )
            for severity in Severity
            if (own := self.findings.filter(pl.col("severity") == severity.value)).height
        ]
        return Block(html=joined(parts))

    def why(self) -> Block:
        """Show why metrics of the period are empty or only partly known."""
        found = self._why(by=self.by)
        if found.is_empty():
            return Block(html=nothing("Every metric is wholly known."))
        empty = found.filter("is_empty")
        partial = found.filter(~pl.col("is_empty"))
        text = (
            f"Of {format_count(len(METRICS))} metrics {format_count(empty.height)} have no number "
            f"and {format_count(partial.height)} rest on a part of the records."
        )
        parts = [paragraphs(text)]
        if empty.height:
            parts.append(_empty_table(f"Without a number, {self.period.label}", empty))
        if partial.height:
            parts.append(_partial_table(f"On a part of the records, {self.period.label}", partial))
        return Block(html=joined(parts))

    def why_by_service(self) -> Block:
        """Show which services have no number, by metric and reason."""
        found = self._why(by="service").filter("is_empty")
        if found.is_empty():
            return Block(html=nothing("Every service has a number for every metric."))
        grouped = (
            found.with_columns(reason=pl.col("reasons").list.first())
            .group_by("metric", "status", "reason", maintain_order=True)
            .agg("entity")
        )
        columns = (
            Column(heading="metric"),
            Column(heading="number"),
            _wide("why"),
            _wide("services"),
        )
        rows: list[list[Node]] = [
            [
                metric(row["metric"]).name,
                STATUS_WORDS[row["status"]],
                _capital(row["reason"] or ""),
                format_names(row["entity"]),
            ]
            for row in grouped.iter_rows(named=True)
        ]
        caption = f"Services without a number, {self.period.label}"
        return Block(html=details("Show it by service", table(caption, columns, rows, cards=True)))

    def conservation(self) -> Block:
        """Show that every record read was loaded, kept apart or found twice, file by file."""
        report = self.workspace.load_report
        if report is None:
            return Block(html=nothing("The tables were given as dataframes: no file was read."))
        sums = totals(report.files)
        text = (
            f"Read {format_count(sums['read'])} = loaded {format_count(sums['loaded'])} + "
            f"quarantined {format_count(sums['quarantined'])} + duplicates "
            f"{format_count(sums['duplicates'])}."
        )
        names = ("read", "loaded", "quarantined", "duplicates")
        columns = (
            Column(heading="file"),
            Column(heading="table"),
            Column(heading="state"),
            *(Column(heading=name, kind="number") for name in names),
            Column(heading="notes"),
        )
        rows: list[list[Node]] = [
            [
                row["file"],
                TABLE_WORDS.get(row["table"], row["table"]),
                row["state"],
                *(format_count(row[name]) for name in names),
                row["notes"],
            ]
            for row in report.files.iter_rows(named=True)
        ]
        numbers = table("Every record, file by file", columns, rows)
        unread = [f"{file}: {reason}" for file, reason in report.unread]
        left = details(f"Left unread: {format_counted(len(unread), 'file')}", _listed(unread))
        folded = details("Show every file", numbers, css_class="numbers")
        return Block(html=joined((paragraphs(text), folded, left if unread else "")))

    def quarantine(self) -> Block:
        """Show the records kept apart, by reason."""
        found = quarantine_by_reason(self.workspace.quarantine)
        if found.is_empty():
            return Block(html=nothing("No record is in quarantine."))
        columns = (
            Column(heading="reason"),
            Column(heading="records", kind="number"),
            _wide("file"),
            _wide("such as"),
        )
        rows: list[list[Node]] = [
            [
                joined((row["reason"].replace("_", " "), classed("span", "question", of))),
                format_count(row["count"]),
                row["file"] + (f" and {row['files'] - 1} more" if row["files"] > 1 else ""),
                _with_code(row["example"]),
            ]
            for row in found.iter_rows(named=True)
            if (of := TABLE_WORDS.get(row["table"], row["table"]))
        ]
        command = element("code", "devops-analytics check --quarantine")
        hint = classed("p", "rows", "List the records with ", command)
        caption = "Quarantine by reason"
        return Block(html=joined((table(caption, columns, rows, cards=True), hint)))

    # ---- Parts ---- #

    def _why(self, *, by: str) -> pl.DataFrame:
        names = [declared.id for declared in METRICS]
        own = {name: [name] for name in self.services} if by == "service" else {}
        if by == "team" and self.team is not None:
            own = {self.team: self.services}
        found = self.frame(names, self.period, by=by)
        return why(found, material_of(self.workspace), services=own)

    def _feed_row(self, row: Mapping[str, Any]) -> list[Node]:
        days = [
            format_day(row[end], self.zone) if row[end] is not None else "–"
            for end in ("live_from", "live_to")
        ]
        gap = row["longest_gap"]
        return [
            row["source"],
            TABLE_WORDS[row["table"]],
            format_count(row["rows"]),
            *days,
            f"{gap.days} d" if gap is not None else "–",
        ]


def worst_line(found: pl.DataFrame, *, ending: str) -> Block:
    """Return the finding that matters most as a line, and how many more there are.

    Args:
        found: what `findings` returned.
        ending: where the others are, as a sentence.
    """
    row = worst(found)
    if row is None:
        return Block(html=nothing("The data-quality checks found nothing."))
    more = found.height - 1
    others = f" {format_counted(more, 'more check')} found something. {ending}" if more else ""
    return Block(
        html=classed("p", "quality", _with_code(unbroken(story.quality_line(row))), others)
    )


def _findings_table(caption: str, found: pl.DataFrame) -> Markup:
    columns = (
        Column(heading="check"),
        Column(heading="records", kind="number"),
        _wide("what it means and what to do"),
    )
    rows = [_finding_row(row) for row in found.iter_rows(named=True)]
    return table(caption, columns, rows, cards=True)


def _finding_row(row: Mapping[str, Any]) -> list[Node]:
    among = classed("span", "n", row["among"]) if row["among"] else ""
    such_as = examples_of(row["examples"], row["details"])
    shown = _listed(such_as) if len(such_as) > 1 else ""
    first = unbroken(f"Such as {such_as[0]}")
    return [
        joined((row["title"], classed("span", "question", _touched(row["metrics"])))),
        joined((classed("span", "value", counted(row["count"], row["total"])), among)),
        joined(
            (
                paragraphs(_with_code(row["effect"]), _with_code(row["what_to_do"])),
                details(first, shown) if shown else paragraphs(first),
            )
        ),
    ]


def _touched(metrics: Sequence[str]) -> str:
    """Return which metrics a finding is about, without the variants of those named."""
    if len(metrics) == len(METRICS):
        return "every metric"
    return _headlines(metrics)


def _headlines(metrics: Sequence[str]) -> str:
    """Return the names of metrics; a variant stands behind the one that it varies."""
    declared = [metric(name) for name in metrics]
    own = [one for one in declared if one.variant_of not in metrics]
    names = format_names([one.name for one in own], most=_NAMED_METRICS)
    return names if len(own) == len(declared) else f"{names}, with variants"


def _with_code(text: str) -> Markup:
    """Return text in which what stands between backticks is code."""
    parts = enumerate(text.split("`"))
    return joined(element("code", part) if nth % 2 else part for nth, part in parts)


def _empty_table(caption: str, found: pl.DataFrame) -> Markup:
    """Return which metrics have no number, those with the same reasons in one row."""
    grouped = found.group_by("status", "reasons", maintain_order=True).agg("metric")
    columns = (Column(heading="metrics"), Column(heading="number"), _wide("why"))
    rows: list[list[Node]] = [
        [
            _headlines(row["metric"]),
            classed("span", f"status {row['status']}", STATUS_WORDS[row["status"]]),
            paragraphs(*map(_capital, row["reasons"])),
        ]
        for row in grouped.iter_rows(named=True)
    ]
    return table(caption, columns, rows, cards=True)


def _partial_table(caption: str, found: pl.DataFrame) -> Markup:
    """Return what is missing, and which metrics rest on the rest."""
    grouped = (
        found.explode("reasons", empty_as_null=False, keep_nulls=False)
        .group_by("reasons", maintain_order=True)
        .agg("metric")
        .sort(pl.col("metric").list.len(), descending=True, maintain_order=True)
    )
    columns = (Column(heading="metrics"), _wide("what is missing"))
    rows: list[list[Node]] = [
        [_headlines(names), _capital(reason)] for reason, names in grouped.iter_rows()
    ]
    return table(caption, columns, rows, cards=True)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(texts: Sequence[str]) -> Markup:
    return classed("ul", "reasons", *(element("li", format_key(text)) for text in texts))


def _wide(heading: str) -> Column:
    return Column(heading=heading, kind="wide")
