"""The page of the simulation study: what the suite says where the truth is known."""

from functools import cache

from devops_analytics.display import DASH, format_count, format_value
from devops_analytics.metrics import Unit
from devops_analytics.reporting.block import Block
from devops_analytics.reporting.html import Node, joined, paragraphs
from devops_analytics.reporting.page import Page
from devops_analytics.reporting.tables import Column, table
from devops_analytics.simulation import Study, study


@cache
def _study() -> Study:
    """Run the study once for all blocks."""
    return study()


class SimulationPage(Page):
    """How far the suite's numbers can be believed; the workspace plays no part in it."""

    heading = "Simulation"

    def coverage(self) -> Block:
        """Show how often intervals hold the truth."""
        columns = (
            Column(heading="world and method"),
            Column(heading="n", kind="number"),
            Column(heading="held", kind="number"),
            Column(heading="expected", kind="number"),
            Column(heading="mean off by", kind="number"),
            Column(heading="middle off by", kind="number"),
        )
        rows: list[list[Node]] = [
            [
                f"{row['world']}: {row['method']}",
                format_count(row["n"]),
                _percent(row["covered"]),
                _percent(row["expected"]),
                _off(row["bias"]),
                _off(row["middle_bias"]),
            ]
            for row in _study().coverage.iter_rows(named=True)
        ]
        note = paragraphs(
            "Order statistics and Wilson's interval are discrete, so few events can't give exactly "
            "95 %; expected is what the method's own arithmetic says.",
            css_class="note",
        )
        shown = table("How often 95 % intervals hold the truth", columns, rows, cards=True)
        return Block(html=joined((note, shown)))

    def censoring(self) -> Block:
        """Show what open incidents do to the median, by each way of treating them."""
        columns = (
            Column(heading="open incidents are"),
            Column(heading="n", kind="number"),
            Column(heading="median off by", kind="number"),
        )
        rows: list[list[Node]] = [
            [row["treatment"], format_count(row["n"]), _off(row["bias"])]
            for row in _study().censoring.iter_rows(named=True)
        ]
        return Block(html=table("With 30 % of the incidents open", columns, rows, cards=True))

    def false_alarms(self) -> Block:
        """Show how often nothing that changed was called a change."""
        columns = (
            Column(heading="events"),
            Column(heading="verdicts", kind="number"),
            Column(heading="that name a change", kind="number"),
            Column(heading="pages with one or more", kind="number"),
        )
        rows: list[list[Node]] = [
            [
                row["world"],
                format_count(row["verdicts"]),
                _percent(row["false_share"]),
                _percent(row["of_pages"]),
            ]
            for row in _study().false_alarms.iter_rows(named=True)
        ]
        return Block(html=table("Where nothing changes", columns, rows, cards=True))

    def power(self) -> Block:
        """Show how often a change was seen with as many events as it is said to take."""
        columns = (
            Column(heading="change"),
            Column(heading="events in each period", kind="number"),
            Column(heading="said", kind="number"),
            Column(heading="seen", kind="number"),
        )
        rows: list[list[Node]] = [
            [
                row["change"],
                format_count(row["n"]),
                _percent(row["promised"]),
                _percent(row["seen"]),
            ]
            for row in _study().power.iter_rows(named=True)
        ]
        return Block(html=table("Changes that are seen", columns, rows, cards=True))


def _percent(share: float | None) -> str:
    return DASH if share is None else format_value(share, Unit.SHARE.value)


def _off(bias: float) -> str:
    return f"{bias * 100:+.1f} %".replace("-", "−")
