"""For which time the exports can speak, as a timeline of every table."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import plotly.graph_objects as go
import polars as pl

from devops_analytics.display import TABLE_WORDS, format_list
from devops_analytics.figures.base import chart, label, plain
from devops_analytics.figures.palette import light

MOST_ROWS: Final = 60
_ROW: Final = 20
_GAP: Final = 0.6


def coverage_timeline(
    coverage: pl.DataFrame,
    services: Sequence[str],
    *,
    tables: Sequence[str],
    period: tuple[datetime, datetime],
) -> go.Figure | None:
    """Return when each table can speak for each service, as bars over time.

    Services with the same times in a table share a bar, so that sixty services need few rows.

    Args:
        coverage: columns table, service, live_from, live_to.
        services: the services to look at.
        tables: the tables to draw, in this order.
        period: start and end of the period that is shaded.

    Returns:
        The figure, or None where no table speaks for any of the services.
    """
    rows = _rows(coverage, services, tables)
    if not rows:
        return None
    return chart(
        [_bars(rows)],
        title="When the exports can speak: outside the bars nothing is known",
        alt=_alt(rows, tables),
        height=_ROW * len(rows) + 70,
        layout={
            "bargap": 0.35,
            "xaxis": {
                "type": "date",
                "tickformat": "%b<br>%Y",
                "nticks": 6,
                "hoverformat": "%d %b %Y",
            },
            "yaxis": {
                "tickmode": "array",
                "tickvals": [row["y"] for row in rows],
                "ticktext": [label(row["label"]) for row in rows],
                "range": [rows[-1]["y"] + 0.7, -0.7],
                "showgrid": False,
                "tickfont": {"color": light("ink"), "size": 12},
                "ticklabelstandoff": 6,
            },
            "margin": {"l": 8, "r": 16, "t": 8, "b": 8},
            "shapes": [_ground(period)],
        },
    )


def _rows(
    coverage: pl.DataFrame, services: Sequence[str], tables: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the bars: label, names, start, end, y."""
    rows: list[dict[str, Any]] = []
    y = 0.0
    for table in tables:
        own = coverage.filter(pl.col("table") == table, pl.col("service").is_in(services))
        groups = (
            own.sort("service")
            .group_by("live_from", "live_to")
            .agg(pl.col("service"))
            .sort("live_from", "live_to", pl.col("service").list.first())
        )
        for start, end, names in groups.iter_rows():
            who = "all services" if len(names) == len(services) > 1 else _who(names)
            rows.append(
                {
                    "label": f"{TABLE_WORDS[table].split(' ')[0]}: {who}",
                    "table": table,
                    "names": names,
                    "start": start,
                    "end": end,
                    "y": y,
                }
            )
            y += 1
        y += _GAP if groups.height else 0
    return rows[:MOST_ROWS]


def _who(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} services"


def _bars(rows: Sequence[dict[str, Any]]) -> go.Bar:
    return go.Bar(
        x=[(row["end"] - row["start"]).total_seconds() * 1000 for row in rows],
        base=[_text(row["start"]) for row in rows],
        y=[row["y"] for row in rows],
        orientation="h",
        width=0.62,
        marker={"color": light("accent"), "line": {"width": 0}},
        hoverinfo="text",
        hovertext=[
            f"<b>{plain(TABLE_WORDS[row['table']])}</b><br>{row['start']:%d %b %Y} to "
            f"{row['end']:%d %b %Y}<br>{plain(format_list(row['names'][:6]))}"
            for row in rows
        ],
    )


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


def _alt(rows: Sequence[dict[str, Any]], tables: Sequence[str]) -> str:
    parts = [
        f"{TABLE_WORDS[table]} from {min(row['start'] for row in own):%B %Y} to "
        f"{max(row['end'] for row in own):%B %Y}"
        if (own := [row for row in rows if row["table"] == table])
        else f"{TABLE_WORDS[table]} never"
        for table in tables
    ]
    return f"When exports can speak: {'; '.join(parts)}."
