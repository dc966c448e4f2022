"""For which time the exports can speak, as a timeline of every table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import plotly.graph_objects as go
import polars as pl

from devops_analytics.display import format_names
from devops_analytics.figures.base import annotation, chart, plain, row_axis
from devops_analytics.figures.palette import light
from devops_analytics.schema import TABLE_WORDS

MOST_ROWS: Final = 60
_ROW: Final = 23


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """A line of the chart: a table's heading (no services), or services with when it speaks."""

    table: str
    services: tuple[str, ...] = ()
    span: tuple[datetime, datetime] | None = None


def coverage_timeline(
    coverage: pl.DataFrame,
    services: Sequence[str],
    *,
    tables: Sequence[str],
    period: tuple[datetime, datetime],
) -> go.Figure | None:
    """Return when each table can speak for each service, as bars over time.

    Services that a table speaks for from the same month to the same day share a bar, which begins
    with the last of them.

    Args:
        coverage: columns table, service, live_from, live_to.
        services: the services to look at.
        tables: the tables to draw, in this order.
        period: start and end of the period that is shaded.

    Returns:
        The figure, or None where no table speaks for any of the services.
    """
    own = coverage.filter(pl.col("table").is_in(tables), pl.col("service").is_in(services))
    ends = [*own["live_from"], *own["live_to"], period[1]]
    if own.is_empty():
        return None
    rows = [row for table in tables for row in _rows(own, table, services)][:MOST_ROWS]
    names = {y: _who(row, services) for y, row in enumerate(rows) if row.services}
    return chart(
        [_bars(rows)],
        title="When the exports can speak: outside the bars nothing is known",
        alt=_alt(own, tables),
        height=_ROW * len(rows) + 60,
        layout={
            "bargap": 0.35,
            "xaxis": {
                "type": "date",
                "tickformat": "%b<br>%Y",
                "nticks": 6,
                "range": [_text(min(ends)), _text(max(ends))],
            },
            "yaxis": row_axis(names, len(rows), size=12),
            "margin": {"l": 8, "r": 20, "t": 8, "b": 8},
            "shapes": [_ground(period)],
            "annotations": [_words(row, y) for y, row in enumerate(rows) if row.span is None],
        },
    )


def _rows(coverage: pl.DataFrame, table: str, services: Sequence[str]) -> list[_Row]:
    own = coverage.filter(pl.col("table") == table)
    groups = (
        own.sort("service")
        .with_columns(
            month=pl.col("live_from").dt.truncate("1mo"), until=pl.col("live_to").dt.date()
        )
        .group_by("month", "until")
        .agg(pl.col("live_from").max(), pl.col("live_to").max(), pl.col("service"))
        .sort("month", "until")
    )
    known = [
        _Row(table=table, services=tuple(names), span=(start, end))
        for start, end, names in groups.select("live_from", "live_to", "service").iter_rows()
    ]
    silent = tuple(sorted(set(services) - set(own["service"])))
    missing = [_Row(table=table, services=silent)] if silent else []
    return [_Row(table=table), *known, *missing]


def _who(row: _Row, services: Sequence[str]) -> str:
    if len(row.services) == 1:
        return row.services[0]
    everyone = "all " if len(row.services) == len(services) else ""
    return f"{everyone}{len(row.services)} services"


def _bars(rows: Sequence[_Row]) -> go.Bar:
    known = [(y, row, *row.span) for y, row in enumerate(rows) if row.span is not None]
    return go.Bar(
        x=[(end - start).total_seconds() * 1000 for _, _, start, end in known],
        base=[_text(start) for _, _, start, _ in known],
        y=[y for y, *_ in known],
        orientation="h",
        width=0.5,
        marker={"color": light("accent"), "line": {"width": 0}},
        hoverinfo="text",
        hovertext=[
            f"<b>{plain(TABLE_WORDS[row.table])}</b><br>{_day(start)} to {_day(end)}"
            f"<br>{plain(format_names(row.services))}"
            for _, row, start, end in known
        ],
    )


def _words(row: _Row, y: int) -> dict[str, Any]:
    """Return a table's heading, or that it says nothing of these services."""
    common = {"xref": "paper", "yref": "y", "xanchor": "left", "yanchor": "middle", "xshift": 4}
    if row.services:
        return annotation("no export", x=0, y=y, settings=common)
    font = {"size": 12, "color": light("ink")}
    words = TABLE_WORDS[row.table]
    text = f"<b>{plain(words[0].upper() + words[1:])}</b>"
    return annotation(text, x=0, y=y, settings={**common, "font": font})


def _ground(period: tuple[datetime, datetime]) -> dict[str, Any]:
    return {
        "type": "rect",
        "layer": "below",
        "xref": "x",
        "yref": "paper",
        "x0": _text(period[0]),
        "x1": _text(period[1]),
        "y0": 0,
        "y1": 1,
        "fillcolor": light("quiet-soft"),
        "line": {"width": 0},
    }


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _day(moment: datetime) -> str:
    return f"{moment:%d %b %Y}"


def _alt(coverage: pl.DataFrame, tables: Sequence[str]) -> str:
    parts = []
    for table in tables:
        own = coverage.filter(pl.col("table") == table)
        if own.is_empty():
            parts.append(f"{TABLE_WORDS[table]} never")
        else:
            first, last = min(own["live_from"]), max(own["live_to"])
            parts.append(f"{TABLE_WORDS[table]} from {first:%B %Y} to {last:%B %Y}")
    return f"When exports can speak: {'; '.join(parts)}."
