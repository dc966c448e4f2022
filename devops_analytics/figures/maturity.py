"""The dimensions of an assessment as bars, with how far the unknown could move them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go
import polars as pl

from devops_analytics.display import POINTS, format_count, format_interval, format_value
from devops_analytics.figures.base import annotation, chart, plain, row_axis
from devops_analytics.figures.palette import light

_ROW: Final = 46
_BEST: Final = 100


_POINTS_AXIS: Final = "points of 100 (pale: still unknown)"
POSITION_AXIS: Final = "position (pale: still unknown)"


def maturity_bars(
    dimensions: pl.DataFrame, names: Mapping[str, str], *, axis: str = _POINTS_AXIS
) -> go.Figure:
    """Return a bar for each dimension: its score, interval and range.

    The wide pale band is the range (all that is unknown at 0, and at 100). A dimension that is
    not assessed has no bar.

    Args:
        dimensions: `Assessment.dimensions`.
        names: dimension → its name in words.
        axis: what the points are.
    """
    rows = list(dimensions.iter_rows(named=True))
    places = list(range(len(rows)))
    assessed = [(place, row) for place, row in zip(places, rows, strict=True) if _is_known(row)]
    shown = {place: names[row["dimension"]] for place, row in zip(places, rows, strict=True)}
    return chart(
        [_ranges(rows), _scores(assessed, names), _limits(assessed)],
        title="Score by dimension, with what is still unknown",
        alt=_alt(rows, names),
        height=_ROW * len(rows) + 62,
        layout={
            "barmode": "overlay",
            "bargap": 0.35,
            "xaxis": {
                "range": [0, _BEST],
                "tickmode": "array",
                "tickvals": [0, 25, 50, 75, 100],
                "title": {"text": axis},
            },
            "yaxis": row_axis(shown, len(rows), size=14),
            "margin": {"l": 8, "r": 84, "t": 8, "b": 8},
            "annotations": [_words(row, place) for place, row in zip(places, rows, strict=True)],
        },
    )


def _is_known(row: Mapping[str, Any]) -> bool:
    return row["score"] is not None


def _ranges(rows: Sequence[Mapping[str, Any]]) -> go.Bar:
    """Draw how far the score could lie with everything known."""
    known = [(p, row) for p, row in enumerate(rows) if row["range_low"] is not None]
    return go.Bar(
        x=[row["range_high"] - row["range_low"] for _, row in known],
        y=[place for place, _ in known],
        base=[row["range_low"] for _, row in known],
        orientation="h",
        width=0.72,
        marker={"color": light("quiet-soft"), "line": {"width": 0}},
        hoverinfo="text",
        hovertext=[f"range {_span(row, 'range_low', 'range_high')}" for _, row in known],
    )


def _scores(assessed: Sequence[tuple[int, Mapping[str, Any]]], names: Mapping[str, str]) -> go.Bar:
    return go.Bar(
        x=[row["score"] for _, row in assessed],
        y=[place for place, _ in assessed],
        orientation="h",
        width=0.3,
        marker={"color": light("accent"), "line": {"width": 0}},
        hoverinfo="text",
        hovertext=[
            f"<b>{plain(names[row['dimension']])}</b><br>{_score(row)}"
            f"<br>interval {_span(row, 'low', 'high')}"
            f"<br>range {_span(row, 'range_low', 'range_high')}"
            for _, row in assessed
        ],
    )


def _limits(assessed: Sequence[tuple[int, Mapping[str, Any]]]) -> go.Scatter:
    """Draw the interval as a line with its ends."""
    return go.Scatter(
        x=[end for _, row in assessed for end in (row["low"], row["high"], None)],
        y=[at for place, _ in assessed for at in (place, place, None)],
        mode="lines+markers",
        line={"color": light("ink"), "width": 2},
        marker={"symbol": "line-ns-open", "size": 10, "color": light("ink"), "line": {"width": 2}},
        hoverinfo="skip",
        cliponaxis=False,
    )


def _words(row: Mapping[str, Any], place: int) -> dict[str, Any]:
    common = {"xref": "paper", "yref": "y", "yanchor": "middle", "xanchor": "left"}
    if not _is_known(row):
        return annotation(plain(row["status"]), x=0, y=place, settings={**common, "xshift": 6})
    reached = f"level {row['level']}" if row["level"] is not None else format_count(row["score"])
    settings = {**common, "xshift": 8, "font": {"size": 13, "color": light("ink")}}
    return annotation(f"<b>{reached}</b>", x=1, y=place, settings=settings)


def _score(row: Mapping[str, Any]) -> str:
    return f"{format_value(row['score'], POINTS)} of 100"


def _span(row: Mapping[str, Any], low: str, high: str) -> str:
    return format_interval(row[low], row[high], POINTS)


def _alt(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    parts = [
        f"{names[row['dimension']]} {_score(row)}{_level(row)}"
        if _is_known(row)
        else f"{names[row['dimension']]} {row['status']}"
        for row in rows
    ]
    return f"Maturity by dimension: {'; '.join(parts)}."


def _level(row: Mapping[str, Any]) -> str:
    return "" if row["level"] is None else f", level {row['level']}"
