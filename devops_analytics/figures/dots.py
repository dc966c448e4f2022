"""A metric of several services beside each other, each with its interval."""

from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go
import polars as pl

from devops_analytics.display import (
    STATUS_WORDS,
    Measurement,
    format_count,
    format_counted,
    format_limits,
    format_n,
    format_number,
    highest_of,
    measurements,
)
from devops_analytics.figures.base import Axis, chart, plain, row_axis, value_axis
from devops_analytics.figures.palette import light
from devops_analytics.metrics import Kind, Metric, Unit, metric

MOST_ROWS: Final = 40
MOST_WITHOUT_NUMBER: Final = 12
"""So many services are drawn at most, and so many without a number; the table has all."""

_ROW: Final = 27


def dot_plot(services: pl.DataFrame, whole: pl.DataFrame | None = None) -> go.Figure | None:
    """Return each service's value with its interval, from the lowest to the highest.

    Services without a number stand below, with their status in words.

    Args:
        services: measurements of one metric and period by service.
        whole: one measurement of the same metric and period of the whole (organisation or team),
            drawn above.

    Returns:
        The figure, or None where no service has a number.
    """
    found = measurements(services)
    known = sorted((m for m in found if m.value is not None), key=lambda m: (m.value, m.entity))
    if not known:
        return None
    others = [m for m in found if m.value is None]
    declared = metric(known[0].metric)
    # A rate per day and a stock of a whole are sums of its parts, not one among them.
    is_sum = declared.unit is Unit.PER_DAY or declared.kind is Kind.STOCK
    together = [] if whole is None or is_sum else measurements(whole)
    # Of many, those that most rests on are drawn: neither end of the ranking is cut off.
    largest = sorted(known, key=lambda m: (-(m.n or 0), m.entity))[:MOST_ROWS]
    drawn = [m for m in known if m in largest]
    rows = [*together, *drawn, *others[:MOST_WITHOUT_NUMBER]]
    n_hidden = len(known[MOST_ROWS:]) + len(others[MOST_WITHOUT_NUMBER:])
    ends = [end for m in rows if m.value is not None for end in _ends(m)]
    axis = value_axis(ends, declared)
    longest = max(map(len, _number_texts(rows)))
    return chart(
        [
            _intervals(rows, axis),
            _open_ends(rows, axis),
            _dots(rows, whole=bool(together)),
            _numbers(rows, axis),
            _words(rows, axis),
        ],
        title=f"{declared.name} by service, {known[0].period}{_left_out(n_hidden)}",
        alt=_alt(declared, known, others, n_hidden),
        height=_ROW * len(rows) + 66,
        layout={
            "xaxis": _padded(axis),
            "yaxis": row_axis({row: m.entity for row, m in enumerate(rows)}, len(rows)),
            "margin": {"l": 8, "r": 24 + 7 * longest, "t": 8, "b": 8},
        },
    )


def _padded(axis: Axis) -> dict[str, Any]:
    """Return the axis with room for a dot at zero."""
    if axis.low:
        return axis.settings
    return {**axis.settings, "range": [-0.02 * axis.high, axis.high]}


def _ends(measurement: Measurement) -> list[float]:
    ends = (measurement.low, measurement.value, measurement.high)
    return [end for end in ends if end is not None]


def _intervals(rows: Sequence[Measurement], axis: Axis) -> go.Scatter:
    """Draw each interval as a line; an open end reaches to the edge."""
    x: list[float | None] = []
    y: list[float | None] = []
    for row, m in enumerate(rows):
        if m.value is not None and (m.low is not None or m.high is not None):
            low = axis.low if m.low is None else m.low
            x += [low, axis.high if m.high is None else m.high, None]
            y += [row, row, None]
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": light("accent"), "width": 2.5},
        hoverinfo="skip",
        cliponaxis=False,
    )


def _open_ends(rows: Sequence[Measurement], axis: Axis) -> go.Scatter:
    """Draw an arrow where an interval has no upper end."""
    at = [
        row
        for row, m in enumerate(rows)
        if m.value is not None and m.low is not None and m.high is None
    ]
    return go.Scatter(
        x=[axis.high] * len(at),
        y=at,
        mode="markers",
        marker={"symbol": "triangle-right", "size": 11, "color": light("accent")},
        hoverinfo="skip",
        cliponaxis=False,
    )


def _dots(rows: Sequence[Measurement], *, whole: bool) -> go.Scatter:
    known = [(row, m) for row, m in enumerate(rows) if m.value is not None]
    colours = [light("ink") if whole and row == 0 else light("accent") for row, _ in known]
    return go.Scatter(
        x=[m.value for _, m in known],
        y=[row for row, _ in known],
        mode="markers",
        marker={
            "size": 11,
            "color": colours,
            "symbol": ["diamond" if whole and row == 0 else "circle" for row, _ in known],
            "line": {"width": 1.5, "color": light("paper")},
        },
        hoverinfo="text",
        hovertext=[_hover(m) for _, m in known],
        cliponaxis=False,
    )


def _hover(measurement: Measurement) -> str:
    parts = (
        f"<b>{plain(measurement.entity)}</b>",
        plain(format_number(measurement)),
        plain(format_limits(measurement)),
        plain(format_n(measurement)),
    )
    return "<br>".join(part for part in parts if part)


def _numbers(rows: Sequence[Measurement], axis: Axis) -> go.Scatter:
    """Write each number at the right edge."""
    known = [(row, m) for row, m in enumerate(rows) if m.value is not None]
    texts = [f"   {plain(text)}" for text in _number_texts(rows)]
    return _texts(texts, [row for row, _ in known], axis.high, colour="ink")


def _number_texts(rows: Sequence[Measurement]) -> list[str]:
    """Return the numbers of the rows that have one; of a rate the axis has the unit."""
    known = [m for m in rows if m.value is not None]
    texts = [format_number(m, beside=highest_of(known)) for m in known]
    is_rate = metric(known[0].metric).kind is Kind.RATE
    return [text.partition(" ")[0] if is_rate else text for text in texts]


def _words(rows: Sequence[Measurement], axis: Axis) -> go.Scatter:
    """Write the status of each service without a number at the left edge."""
    others = [(row, m) for row, m in enumerate(rows) if m.value is None]
    texts = [f" {plain(_status(m))}" for _, m in others]
    # On a log axis plotly takes the very edge for outside.
    edge = axis.low + (axis.high - axis.low) * 1e-9
    return _texts(texts, [row for row, _ in others], edge, colour="muted")


def _texts(texts: list[str], rows: list[int], x: float, *, colour: str) -> go.Scatter:
    return go.Scatter(
        x=[x] * len(rows),
        y=rows,
        mode="text",
        text=texts,
        textposition="middle right",
        textfont={"size": 12, "color": light(colour)},
        hoverinfo="skip",
        cliponaxis=False,
    )


def _status(measurement: Measurement) -> str:
    words = STATUS_WORDS[measurement.status]
    sure = format_n(measurement) if measurement.status == "insufficient" else ""
    return f"{words} ({sure})" if sure else words


def _left_out(n_hidden: int) -> str:
    return f" ({format_count(n_hidden)} more in the table)" if n_hidden else ""


def _alt(
    declared: Metric, known: Sequence[Measurement], others: Sequence[Measurement], n_hidden: int
) -> str:
    first, last = known[0], known[-1]
    text = (
        f"{declared.name} of {format_counted(len(known), 'service')} in {first.period}: from "
        f"{format_number(first)} ({first.entity}) to {format_number(last)} ({last.entity})."
    )
    if others:
        text += f" Without a number: {format_counted(len(others), 'more service')}."
    if n_hidden:
        text += f" Not drawn but in the table: {format_count(n_hidden)}."
    return text
