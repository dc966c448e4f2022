"""For which time the exports can speak, as a block of a page."""

from collections.abc import Sequence

import polars as pl

from devops_analytics import figures
from devops_analytics.reporting.block import Block
from devops_analytics.reporting.html import Node, details
from devops_analytics.reporting.page import Page
from devops_analytics.reporting.tables import Column, nothing, table


def coverage_block(page: Page, tables: Sequence[str]) -> Block:
    """Return for which time each of some tables can speak for each of a page's services."""
    coverage = page.workspace.coverage
    span = (page.period.start, page.period.end)
    figure = figures.coverage_timeline(coverage, page.services, tables=tables, period=span)
    if figure is None:
        return Block(html=nothing("No export speaks for any of these services."))
    own = (
        coverage.filter(pl.col("service").is_in(page.services), pl.col("table").is_in(tables))
        .sort("table", "service", "live_from")
        .select(
            "table",
            "service",
            known_from=pl.col("live_from").dt.strftime("%Y-%m-%d"),
            known_to=pl.col("live_to").dt.strftime("%Y-%m-%d"),
        )
    )
    rows: list[list[Node]] = [list(row) for row in own.iter_rows()]
    columns = [Column(heading=name.replace("_", " ")) for name in own.columns]
    numbers = table("When each table can speak for each service", columns, rows)
    return Block(html=details("Show the dates", numbers, css_class="numbers"), figure=figure)
