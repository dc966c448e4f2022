"""A metric over periods, with its interval as a ribbon and gaps where it is not known."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final

import plotly.graph_objects as go
import polars as pl

from devops_analytics.display import (
    STATUS_WORDS,
    Measurement,
    format_counted,
    format_limits,
    format_n,
    format_number,
    measurements,
)
from devops_analytics.figures.base import Axis, annotation, chart, plain, value_axis
from devops_analytics.figures.marks import marked
from devops_analytics.figures.palette import light
from devops_analytics.metrics import Metric, metric

_HEIGHT: Final = 300
_HALF: Final = 0.5
_MOST_LABELS: Final = 8
_HATCHED: Final = frozenset({"unknown"})
"""What nobody knows is hatched; too few and nothing happened are said in words alone."""

_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)


def trend(
    frame: pl.DataFrame,
    *,
    annotations: pl.DataFrame | None = None,
    highlighted: tuple[datetime, datetime] | None = None,
) -> go.Figure | None:
    """Return a metric of one entity over periods.

    Args:
        frame: measurements of one metric and entity, several periods, in time order.
        annotations: what happened (schema `Annotations`); None: nothing is marked.
        highlighted: start and end of a span whose periods get a shaded ground.

    Returns:
        The figure, or None where no period has a number.
    """
    found = measurements(frame)
    known = [m for m in found if m.value is not None]
    if not known:
        return None
    declared = metric(known[0].metric)
    ends = [end for m in known for end in (m.low, m.value, m.high) if end is not None]
    axis = value_axis(ends, declared)
    span = (found[0].period_start, found[-1].period_end)
    shapes, texts = (
        marked(annotations, span, lambda at: _place(found, at))
        if annotations is not None
        else ([], [])
    )
    return chart(
        [*_ribbons(found, axis), _hatching(found), _line(found)],
        title=f"{declared.name}, {known[0].entity}, {found[0].period} to {found[-1].period}",
        alt=_alt(declared, found),
        height=_HEIGHT,
        layout={
            "xaxis": {
                **_labels(found),
                "range": [-_HALF, len(found) - _HALF],
                "showgrid": False,
            },
            "yaxis": {**axis.settings, "side": "left"},
            "yaxis2": {
                "range": [0, 1],
                "overlaying": "y",
                "visible": False,
                "fixedrange": True,
            },
            "bargap": 0,
            "shapes": [*_ground(found, highlighted), *shapes],
            "annotations": [*_gap_words(found), *texts],
            "margin": {"l": 8, "r": 16, "t": 26 if texts else 14, "b": 8},
        },
    )


# ---- Marks ---- #


def _ribbons(found: Sequence[Measurement], axis: Axis) -> Iterator[go.Scatter]:
    """Draw the interval of each run of periods that have one; an open end reaches to the edge."""
    for run in _runs(found, _has_interval):
        # A lone period has no width as a line; a ribbon that reaches a little to both sides has.
        places = [run[0], run[0]] if len(run) == 1 else run
        x = [run[0] - 0.2, run[0] + 0.2] if len(run) == 1 else run
        low = [_end(found[place].low, axis.low) for place in places]
        high = [_end(found[place].high, axis.high) for place in places]
        yield go.Scatter(
            x=[*x, *reversed(x)],
            y=[*low, *reversed(high)],
            mode="lines",
            fill="toself",
            fillcolor=light("accent-soft"),
            line={"width": 0, "color": light("accent-soft")},
            hoverinfo="skip",
        )


def _has_interval(measurement: Measurement) -> bool:
    return measurement.value is not None and (measurement.low, measurement.high) != (None, None)


def _end(end: float | None, otherwise: float) -> float:
    return otherwise if end is None else end


def _line(found: Sequence[Measurement]) -> go.Scatter:
    return go.Scatter(
        x=list(range(len(found))),
        y=[m.value for m in found],
        mode="lines+markers",
        connectgaps=False,
        line={"color": light("accent"), "width": 2.5},
        marker={
            "size": 8,
            "color": light("accent"),
            "line": {"width": 1.5, "color": light("paper")},
        },
        hoverinfo="text",
        hovertext=[_hover(m) for m in found],
        cliponaxis=False,
    )


def _hatching(found: Sequence[Measurement]) -> go.Bar:
    places = [place for place, m in enumerate(found) if m.status in _HATCHED]
    return go.Bar(
        x=places,
        y=[1] * len(places),
        width=1,
        yaxis="y2",
        marker={
            "color": light("paper"),
            "line": {"width": 0},
            "pattern": {
                "shape": "/",
                "fgcolor": light("line"),
                "bgcolor": light("paper"),
                "size": 8,
                "solidity": 0.2,
            },
        },
        hoverinfo="text",
        hovertext=[_hover(found[place]) for place in places],
    )


def _ground(
    found: Sequence[Measurement], highlighted: tuple[datetime, datetime] | None
) -> list[dict[str, Any]]:
    if highlighted is None:
        return []
    start, end = highlighted
    inside = [p for p, m in enumerate(found) if start <= m.period_start and m.period_end <= end]
    if not inside or len(inside) == len(found):
        return []
    return [
        {
            "type": "rect",
            "layer": "below",
            "xref": "x",
            "yref": "paper",
            "x0": inside[0] - _HALF,
            "x1": inside[-1] + _HALF,
            "y0": 0,
            "y1": 1,
            "fillcolor": light("panel"),
            "line": {"width": 0},
        }
    ]


def _place(found: Sequence[Measurement], at: datetime) -> float:
    """Return where a moment is among the periods."""
    place = sum(m.period_end <= at for m in found[:-1])
    m = found[place]
    return place - _HALF + (at - m.period_start) / (m.period_end - m.period_start)


# ---- Words ---- #


def _gap_words(found: Sequence[Measurement]) -> list[dict[str, Any]]:
    """Say in every gap why there is no number."""
    words = []
    for status, run in _status_runs(found):
        middle = (run[0] + run[-1]) / 2
        settings = {
            "xref": "x",
            "yref": "paper",
            "yanchor": "middle",
            "bgcolor": light("paper"),
            "borderpad": 3,
            "textangle": 0 if len(run) > 3 else -90,  # noqa: PLR2004 - room for the words
        }
        words.append(annotation(STATUS_WORDS[status], x=middle, y=0.5, settings=settings))
    return words


def _status_runs(found: Sequence[Measurement]) -> Iterator[tuple[str, list[int]]]:
    for status, group in groupby(enumerate(found), key=lambda pair: pair[1].status):
        if status != "ok":
            yield status, [place for place, _ in group]


def _runs(
    found: Sequence[Measurement], holds: Callable[[Measurement], bool]
) -> Iterator[list[int]]:
    for is_in, group in groupby(enumerate(found), key=lambda pair: holds(pair[1])):
        if is_in:
            yield [place for place, _ in group]


def _hover(measurement: Measurement) -> str:
    parts = (
        f"<b>{plain(measurement.period)}</b>",
        plain(format_number(measurement)),
        plain(format_limits(measurement)),
        plain(format_n(measurement)),
        plain(measurement.note or "")[:160],
    )
    return "<br>".join(part for part in parts if part)


def _labels(found: Sequence[Measurement]) -> dict[str, Any]:
    """Return ticks for the periods, few enough to be read, always with the last one."""
    every = -(-len(found) // _MOST_LABELS)
    places = [p for p in range(len(found)) if (len(found) - 1 - p) % every == 0]
    texts, year = [], ""
    for place in places:
        own, own_year = short_label(found[place].period)
        texts.append(f"{plain(own)}<br>{own_year}" if own_year != year else plain(own))
        year = own_year
    return {"tickmode": "array", "tickvals": places, "ticktext": texts, "tickangle": 0}


def short_label(period: str) -> tuple[str, str]:
    """Return a period's label without its year, and the year: `2026-04` is `Apr`, `2026`."""
    match = re.fullmatch(r"(\d{4})-(\d{2}|Q\d|W\d{2})", period)
    if match is None:
        return period, ""
    year, part = match.groups()
    return (_MONTHS[int(part) - 1] if part.isdigit() else part), year


def _alt(declared: Metric, found: Sequence[Measurement]) -> str:
    known = [m for m in found if m.value is not None]
    first, last = known[0], known[-1]
    text = (
        f"{declared.name} of {first.entity} over {format_counted(len(found), 'period')}: "
        f"{format_number(first)} in {first.period}, "
        f"{format_number(last, beside=first.value)} in {last.period}."
    )
    missing = len(found) - len(known)
    return f"{text} Without a number: {format_counted(missing, 'period')}." if missing else text
