"""The same metric of many services over the same periods, side by side on one scale.

A pooled median hides which service moved; small pictures on one scale show it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go
import polars as pl

from devops_analytics.display import (
    Measurement,
    format_counted,
    format_limits,
    format_n,
    format_number,
    measurements,
)
from devops_analytics.figures.base import Axis, annotation, chart, label, plain, value_axis
from devops_analytics.figures.palette import light
from devops_analytics.metrics import metric

MOST: Final = 24
"""More services than these are too many to compare; those with the most behind them are shown."""

_COLUMNS: Final = 2
_GAP: Final = 0.06
_PANEL: Final = 118
"""Pixels of a row of panels."""


def small_multiples(frame: pl.DataFrame) -> go.Figure | None:
    """Return a metric of each service over periods, a small chart each, all on one scale.

    Args:
        frame: measurements of one metric by service, several periods.

    Returns:
        The figure, or None where fewer than two services have a number in two periods.
    """
    shown = _shown(frame)
    if len(shown) < _COLUMNS:
        return None
    found = [m for own in shown.values() for m in own]
    ends = [end for m in found for end in (m.low, m.value, m.high) if end is not None]
    declared = metric(found[0].metric)
    axis = value_axis(ends, declared)
    n_rows = -(-len(shown) // _COLUMNS)
    traces: list[go.Scatter] = []
    layout: dict[str, Any] = {}
    words: list[dict[str, Any]] = []
    for number, (service, own) in enumerate(shown.items()):
        row, column = divmod(number, _COLUMNS)
        traces.extend(_panel(own, axis, number))
        layout.update(_axes(number, row, column, n_rows, axis, own))
        words.append(_name(service, row, column, n_rows))
    first, last = found[0].period, found[-1].period
    title = f"{declared.name} of {format_counted(len(shown), 'service')}, {first} to {last}"
    return chart(
        traces,
        title=title,
        alt=f"{title}, each on the same scale; the numbers stand in the table by service.",
        height=n_rows * _PANEL + 30,
        layout={**layout, "annotations": words, "margin": {"l": 8, "r": 12, "t": 22, "b": 8}},
    )


def _shown(frame: pl.DataFrame) -> dict[str, list[Measurement]]:
    """Return the services with at least two numbers, by name, at most `MOST` of them."""
    known = (
        frame.group_by("entity")
        .agg(n_known=pl.col("value").count(), n=pl.col("n").sum())
        .filter(pl.col("n_known") > 1)
        .sort("n", "entity", descending=[True, False])
        .head(MOST)["entity"]
    )
    ordered = frame.filter(pl.col("entity").is_in(known.implode())).sort("entity", "period_start")
    found: dict[str, list[Measurement]] = {}
    for m in measurements(ordered):
        found.setdefault(m.entity, []).append(m)
    return found


def _panel(own: Sequence[Measurement], axis: Axis, number: int) -> Iterator[go.Scatter]:
    places = {"xaxis": _of("x", number), "yaxis": _of("y", number)}
    for place, m in enumerate(own):
        if m.value is not None and (m.low, m.high) != (None, None):
            yield go.Scatter(
                x=[place, place],
                y=[axis.low if m.low is None else m.low, axis.high if m.high is None else m.high],
                mode="lines",
                line={"width": 5, "color": light("accent-soft")},
                hoverinfo="skip",
                **places,
            )
    yield go.Scatter(
        x=list(range(len(own))),
        y=[m.value for m in own],
        mode="lines+markers",
        connectgaps=False,
        cliponaxis=False,
        line={"color": light("accent"), "width": 1.5},
        marker={"size": 5, "color": light("accent")},
        hoverinfo="text",
        hovertext=[_hover(m) for m in own],
        **places,
    )


def _axes(
    number: int, row: int, column: int, n_rows: int, axis: Axis, own: Sequence[Measurement]
) -> Mapping[str, Any]:
    left, right = _columns(column)
    top, bottom = _rows(row, n_rows)
    is_first, is_last = column == 0, row == n_rows - 1
    places = [0, len(own) - 1]
    quiet = {"showgrid": True, "gridcolor": light("line"), "zeroline": False, "fixedrange": True}
    across = {
        "domain": [left, right],
        "anchor": _of("y", number),
        "range": [-0.5, len(own) - 0.5],
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "tickmode": "array",
        "tickvals": places if is_last else [],
        "ticktext": [plain(own[place].period) for place in places],
        "tickfont": {"size": 11, "color": light("muted")},
        "linecolor": light("line"),
        "showline": True,
    }
    upwards = {
        **axis.settings,
        **quiet,
        "domain": [bottom, top],
        "anchor": _of("x", number),
        "title": {"text": ""},
        "showticklabels": is_first,
        "tickfont": {"size": 11, "color": light("muted")},
        "automargin": True,
    }
    return {_of("xaxis", number): across, _of("yaxis", number): upwards}


def _name(service: str, row: int, column: int, n_rows: int) -> dict[str, Any]:
    left, _ = _columns(column)
    top, _ = _rows(row, n_rows)
    settings = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    named = annotation(label(service), x=left, y=top, settings=settings)
    return {**named, "font": {"size": 12, "color": light("ink")}}


def _columns(column: int) -> tuple[float, float]:
    width = (1 - _GAP * (_COLUMNS - 1)) / _COLUMNS
    left = column * (width + _GAP)
    return left, left + width


def _rows(row: int, n_rows: int) -> tuple[float, float]:
    """Return top and bottom of a row of panels, with room for the names above it."""
    height = 1 / n_rows
    top = 1 - row * height
    return top, top - height * 0.72


def _of(name: str, number: int) -> str:
    return name if number == 0 else f"{name}{number + 1}"


def _hover(measurement: Measurement) -> str:
    parts = (
        f"<b>{plain(measurement.entity)}</b>, {plain(measurement.period)}",
        plain(format_number(measurement)),
        plain(format_limits(measurement)),
        plain(format_n(measurement)),
    )
    return "<br>".join(part for part in parts if part)
