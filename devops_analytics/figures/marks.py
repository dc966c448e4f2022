"""What happened, marked on charts over time: numbered lines, and grounds for what lasted."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import polars as pl

from devops_analytics.figures.base import annotation
from devops_analytics.figures.palette import light

_ABOVE: Final = 1.0


def marked(
    annotations: pl.DataFrame,
    span: tuple[datetime, datetime],
    place: Callable[[datetime], float | str],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return shapes and texts that mark annotations on a chart.

    What lies outside has no mark, yet keeps its number: the charts of a page number alike.

    Args:
        annotations: schema `Annotations`, in order of time.
        span: what the chart shows.
        place: where a moment of it is on the axis.
    """
    shapes, texts = [], []
    for number, row in enumerate(annotations.iter_rows(named=True), start=1):
        start_at, end_at = row["start_at"], row["end_at"] or row["start_at"]
        if end_at < span[0] or start_at > span[1]:
            continue
        start, end = place(max(start_at, span[0])), place(min(end_at, span[1]))
        shapes.append(_shape(start, end))
        settings = {
            "xref": "x",
            "yref": "paper",
            "yanchor": "bottom",
            "xanchor": "center",
            "font": {"size": 11, "color": light("caution")},
        }
        texts.append(annotation(str(number), x=start, y=_ABOVE, settings=settings))
    return shapes, texts


def _shape(start: float | str, end: float | str) -> dict[str, Any]:
    ends = {"xref": "x", "yref": "paper", "x0": start, "x1": end, "y0": 0, "y1": 1}
    if start == end:
        line = {"color": light("caution"), "width": 1, "dash": "dot"}
        return {"type": "line", "layer": "below", "line": line, **ends}
    return {
        "type": "rect",
        "layer": "below",
        "fillcolor": light("caution-soft"),
        "line": {"color": light("caution"), "width": 1, "dash": "dot"},
        **ends,
    }
