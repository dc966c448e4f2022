"""The page for looking around in JupyterLab."""

import polars as pl

from devops_analytics.display import format_count, measurement_table
from devops_analytics.reporting.block import Block
from devops_analytics.reporting.html import Node
from devops_analytics.reporting.page import Page
from devops_analytics.reporting.tables import Column, table
from devops_analytics.schema import TABLES


class ExplorePage(Page):
    """Tables, measurements and rows to begin with."""

    heading = "Explore"

    def tables(self) -> Block:
        """Show the canonical tables with their numbers of rows and what a row is."""
        columns = (
            Column(heading="table"),
            Column(heading="rows", kind="number"),
            Column(heading="what it holds", kind="wide"),
        )
        counts = pl.collect_all([self.workspace.table(name).select(pl.len()) for name in TABLES])
        rows: list[list[Node]] = [
            [name, format_count(count.item()), str(schema.__doc__).splitlines()[0]]
            for (name, schema), count in zip(TABLES.items(), counts, strict=True)
        ]
        return Block(html=table("Tables, as known at the as-of time", columns, rows))

    def measured_by_service(self, metric_id: str) -> pl.DataFrame:
        """Return a metric of each service as people read it."""
        return measurement_table(self.frame([metric_id], self.period, by="service"))
