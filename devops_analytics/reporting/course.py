"""What stands below a chart over time: what its marks mean, and its points as a table."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from markupsafe import Markup

from devops_analytics.change import RULES
from devops_analytics.display import format_count, format_day, format_interval, format_value
from devops_analytics.metrics import metric
from devops_analytics.reporting.html import Node
from devops_analytics.reporting.tables import Column, table


def marked_note(annotations: pl.DataFrame, first: datetime, last: datetime, zone: ZoneInfo) -> str:
    """Return what the numbered marks between two moments mean; empty without any.

    Args:
        annotations: schema `Annotations`; their order numbers them.
        first: beginning of the chart.
        last: its end.
        zone: the reporting time zone.
    """
    said = [
        f"{number} {row['label']}{_whose(row)}, {_when(row, zone)}"
        for number, row in enumerate(annotations.iter_rows(named=True), start=1)
        if (row["end_at"] or row["start_at"]) >= first and row["start_at"] <= last
    ]
    return f"Marked: {'; '.join(said)}." if said else ""


def process_table(frame: pl.DataFrame) -> Markup:
    """Return the points of a process chart as a table (schema `ProcessPoints`)."""
    declared = metric(frame["metric"][0])
    unit, highest = declared.unit.value, max(frame["value"])
    columns = (
        Column(heading="point"),
        Column(heading="value", kind="number"),
        Column(heading="limits", kind="number"),
        Column(heading="n", kind="number"),
        Column(heading="signal", kind="wide"),
    )
    rows: list[list[Node]] = [
        [
            row["label"],
            format_value(row["value"], unit, beside=highest),
            format_interval(row["low"], row["high"], unit),
            format_count(row["n"]),
            "; ".join(RULES[name] for name in row["signals"]),
        ]
        for row in frame.iter_rows(named=True)
    ]
    caption = f"{declared.name}: {frame['chart'][0]} chart, {frame['label'][0]} to "
    return table(caption + frame["label"][-1], columns, rows)


def _whose(row: dict[str, str | None]) -> str:
    name = row["service"] or row["team"]
    return f" ({name})" if name else ""


def _when(row: dict[str, datetime], zone: ZoneInfo) -> str:
    start = format_day(row["start_at"], zone)
    if row["end_at"] is None:
        return start
    end = format_day(row["end_at"] - timedelta(microseconds=1), zone)
    return start if end == start else f"{start} to {end}"
