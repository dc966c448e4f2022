"""What stands beside a number: DORA's respondents, other tools, mix and within, its worth."""

from typing import Final

import polars as pl

from devops_analytics import figures
from devops_analytics.benchmarks import CLUSTERS, DISTRIBUTIONS, Year
from devops_analytics.display import (
    DASH,
    format_count,
    format_known,
    format_value,
    measurements,
)
from devops_analytics.metrics import Unit, metric
from devops_analytics.peers import PEERS
from devops_analytics.reporting.block import Block
from devops_analytics.reporting.html import (
    Node,
    classed,
    details,
    element,
    joined,
    paragraphs,
)
from devops_analytics.reporting.page import Page
from devops_analytics.reporting.tables import Column, nothing, table
from devops_analytics.value import METRICS_OF_VALUE

_RECOVERY: Final = "recovery"
_WORDS_OF_CLUSTER: Final = {
    "deployment_frequency": "deployment_frequency",
    "change_lead_time": "change_lead_time",
    "change_fail_rate": "change_fail_rate",
    "failed_deployment_recovery_time": _RECOVERY,
}
"""Metric → what the published clusters call it."""


def benchmark(page: Page, metric_id: str, *, report_year: int = 2025) -> Block:
    """Show where each service lies among DORA's respondents; clusters as a description only."""
    name = metric(metric_id).name
    spread = DISTRIBUTIONS.get((metric_id, report_year))
    if spread is None:
        return Block(html=nothing(f"{name}: DORA's figures of {report_year} have no distribution."))
    placed = page.workspace.placed(page.period, by="service", team=page.team).filter(
        pl.col("metric") == metric_id, pl.col("answer").is_not_null()
    )
    told = paragraphs(
        f"In {report_year} DORA asked {format_count(spread.respondents)} people about the service "
        "they work on. This describes respondents of a survey, and is no target.",
        *([spread.note] if spread.note else []),
        f"Source: {spread.source}.",
        css_class="note",
    )
    if placed.is_empty():
        why = nothing("No service has a number of this period that could be placed.")
        return Block(html=joined((told, why)))
    columns = (
        Column(heading="answer, best first"),
        Column(heading="gave it", kind="number"),
        Column(heading="or a better one", kind="number"),
        Column(heading="services there", kind="wide"),
        Column(heading="there, but the interval reaches further", kind="wide"),
    )
    rows: list[list[Node]] = [
        [
            one.label,
            format_value(one.share, Unit.SHARE.value),
            format_value(spread.share_at_or_better(level), Unit.SHARE.value),
            *_services_there(placed.filter(pl.col("answer") == one.label)),
        ]
        for level, one in enumerate(spread.bins)
    ]
    caption = f"{name} among the respondents of {report_year}, {page.period.label}"
    return Block(
        html=joined((told, table(caption, columns, rows, cards=True), _clusters(metric_id)))
    )


def _services_there(placed: pl.DataFrame) -> list[Node]:
    """Return the services of an answer: those whose interval lies in it, then the others."""
    unit = metric(placed["metric"][0]).unit.value if placed.height else ""
    sure: list[str] = []
    others: list[str] = []
    for row in placed.iter_rows(named=True):
        named = f"{row['entity']} ({format_value(row['value'], unit)})"
        is_sure = row["answer_at_low"] == row["answer"] == row["answer_at_high"]
        (sure if is_sure else others).append(named)
    return [", ".join(sure) or DASH, ", ".join(others) or DASH]


def _clusters(metric_id: str) -> Node:
    """Return the published clusters of all years, folded: what respondents were like."""
    column = _WORDS_OF_CLUSTER[metric_id]
    columns = (
        Column(heading="year"),
        Column(heading="group"),
        Column(heading="said"),
        Column(heading="share of respondents"),
    )
    rows: list[list[Node]] = [
        [str(year.report_year), one.name, getattr(one, column), one.respondents]
        for year in CLUSTERS.values()
        for one in year.clusters
    ]
    caption = "Groups that DORA found among a year's respondents"
    notes = [_source(year) for year in CLUSTERS.values()]
    return details(
        "The groups of earlier years: descriptions, no levels to reach",
        table(caption, columns, rows),
        paragraphs(*notes, css_class="note"),
    )


def _source(year: Year) -> str:
    return f"{year.report_year}: {year.source}.{f' {year.note}' if year.note else ''}"


def other_tools(page: Page) -> Block:
    """Show what other tools would show from the same data, and why it differs."""
    found = page.workspace.as_tools(page.period, list(PEERS), by=page.by, team=page.team)
    columns = (
        Column(heading="metric"),
        Column(heading="tool"),
        Column(heading="theirs", kind="number"),
        Column(heading="ours", kind="number"),
        Column(heading="their definition, and why it differs", kind="wide"),
    )
    rows: list[list[Node]] = [
        [
            metric(row["metric"]).name,
            PEERS[row["tool"]].name,
            format_known(row["value"], row["unit"]),
            format_known(row["ours"], row["unit"], status=row["our_status"]),
            joined((row["definition"], " ", row["differs"])),
        ]
        for row in found.sort("metric", maintain_order=True).iter_rows(named=True)
    ]
    told = paragraphs(
        "The same exports give other numbers under other definitions. None of these tools shows an "
        "interval, and most leave out what is still open.",
        css_class="note",
    )
    sources = paragraphs(
        *(f"{one.name}: {one.source}." for one in PEERS.values()), css_class="note"
    )
    caption = f"As other tools would count, {page.period.label}"
    shown = table(caption, columns, rows, cards=True)
    return Block(html=joined((told, details("Show the comparison", shown, sources))))


def mix(page: Page, metric_id: str) -> Block:
    """Show how a pooled share's change splits into other weights and changed services."""
    found = page.workspace.mix(
        page.period, compare_to=page.before.label, metric_id=metric_id, team=page.team
    )
    known = found.filter(pl.col("mix").is_not_null() & pl.col("within").is_not_null())
    name = metric(metric_id).name
    if known.is_empty():
        why = "no service is known in both periods"
        return Block(html=nothing(f"{name}: mix and within are not known, as {why}."))
    shift, within = float(known["mix"].sum()), float(known["within"].sum())
    said = (
        f"Of the change of {_points(shift + within)} since {page.before.label}, "
        f"{_points(shift)} come from other services weighing more (mix) and {_points(within)} from "
        "services that changed themselves (within)."
    )
    left_out = found.height - known.height
    note = f" {format_count(left_out)} not known in both periods left out." if left_out else ""
    columns = (
        Column(heading="service"),
        Column(heading=f"weight {page.before.label}", kind="earlier"),
        Column(heading=f"weight {page.period.label}", kind="number"),
        Column(heading=f"rate {page.before.label}", kind="earlier"),
        Column(heading=f"rate {page.period.label}", kind="number"),
        Column(heading="mix", kind="number"),
        Column(heading="within", kind="number"),
    )
    ordered = known.sort((pl.col("mix") + pl.col("within")).abs(), descending=True)
    rows: list[list[Node]] = [
        [
            row["service"],
            *(
                format_known(row[name], Unit.SHARE.value)
                for name in ("weight_before", "weight_now", "rate_before", "rate_now")
            ),
            _points(row["mix"]),
            _points(row["within"]),
        ]
        for row in ordered.iter_rows(named=True)
    ]
    caption = f"{name}: what each service adds to the change, in percentage points"
    numbers = details("Show the services", table(caption, columns, rows), css_class="numbers")
    return Block(html=joined((element("p", said + note), numbers)))


def _points(share: float) -> str:
    return f"{share * 100:+.1f} points".replace("-", "−")


def services_over_time(page: Page, metric_id: str) -> Block:
    """Show a metric of every service over thirteen months, a small chart each on one scale."""
    own = page.frame([metric_id], page.trend_periods(), by="service")
    figure = figures.small_multiples(own)
    if figure is None:
        why = "Services side by side, no chart: fewer than two have numbers of two periods."
        return Block(html=nothing(why))
    return Block(html=joined(()), figure=figure, shown=tuple(measurements(own)))


def worth(page: Page) -> Block:
    """Show what the change since the earlier period is worth, with the user's unit values."""
    outcomes, swings = page.workspace.value(page.period, compare_to=page.before, team=page.team)
    columns = (
        Column(heading="outcome"),
        Column(heading="worst case", kind="number"),
        Column(heading="middle", kind="number"),
        Column(heading="best case", kind="number"),
        Column(heading="moved most by, or why not estimated", kind="wide"),
    )
    first = dict(swings.group_by("outcome").agg(pl.col("factor").first()).iter_rows())
    rows: list[list[Node]] = [
        [
            joined(
                (
                    f"{row['name']}, {row['unit']}",
                    classed("span", "question", f"{row['kind']}: {row['formula']}"),
                )
            ),
            *(_amount(row[end]) for end in ("low", "mid", "high")),
            row["reason"] or _words(first[row["outcome"]]),
        ]
        for row in outcomes.iter_rows(named=True)
    ]
    told = paragraphs(
        f"Beside {page.before.label}, at the volume of work of {page.period.label}; above zero is "
        "better. Money and hours of work are kept apart, as an hour that is free is no saved "
        "money. What changed is measured; that anything caused it is not claimed.",
        css_class="note",
    )
    caption = f"What the change is worth, {page.before.label} to {page.period.label}"
    tornado = _tornado(swings) if swings.height else joined(())
    return Block(html=joined((told, table(caption, columns, rows, cards=True), tornado)))


def _amount(value: float | None) -> str:
    return DASH if value is None else f"{value:,.0f}".replace("-", "−")


def _words(factor: str) -> str:
    """Return a factor in words: a metric's name, or the unit value as it stands in the settings."""
    name, separator, period = factor.partition(", ")
    return f"{metric(name).name}{separator}{period}" if name in METRICS_OF_VALUE else factor


def _tornado(swings: pl.DataFrame) -> Node:
    columns = (
        Column(heading="outcome"),
        Column(heading="factor"),
        Column(heading="at its low end", kind="number"),
        Column(heading="at its high end", kind="number"),
        Column(heading="swing", kind="number"),
    )
    rows: list[list[Node]] = [
        [
            row["outcome"].replace("_", " "),
            _words(row["factor"]),
            *(_amount(row[name]) for name in ("at_low", "at_high", "swing")),
        ]
        for row in swings.iter_rows(named=True)
    ]
    caption = "What each outcome would be with one factor at an end and all others in the middle"
    return details("Which factor moves the answer most", table(caption, columns, rows))
