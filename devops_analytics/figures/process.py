"""A process chart: points in order of time, frozen limits, signals, and where limits begin anew."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import plotly.graph_objects as go
import polars as pl

from devops_analytics.change import RULES
from devops_analytics.display import format_counted, format_list, format_value
from devops_analytics.figures.base import annotation, chart, plain, value_axis
from devops_analytics.figures.marks import marked
from devops_analytics.figures.palette import light
from devops_analytics.metrics import metric

_HEIGHT: Final = 320
_ROOM: Final = 0.02
"""Part of the time shown that is left free on either side."""


def process_chart(
    frame: pl.DataFrame,
    *,
    annotations: pl.DataFrame,
    highlighted: tuple[datetime, datetime] | None = None,
) -> go.Figure | None:
    """Return the process chart of a metric of one entity.

    Args:
        frame: schema `ProcessPoints`.
        annotations: what happened (schema `Annotations`).
        highlighted: start and end of a span with a shaded ground.

    Returns:
        The figure, or None where there are fewer than two points.
    """
    if frame.height < 2:  # noqa: PLR2004 - one point is no course
        return None
    declared = metric(frame["metric"][0])
    ends = [end for name in ("value", "low", "high") for end in frame[name].drop_nulls()]
    axis = value_axis(ends, declared)
    first, last = frame["at"][0], frame["at"][-1]
    room = (last - first) * _ROOM + timedelta(days=3)
    shapes, texts = marked(annotations, (first - room, last + room), _x)
    return chart(
        [*_limits(frame), _line(frame), _signals(frame)],
        title=f"{declared.name}, {frame['entity'][0]}: process chart ({frame['chart'][0]})",
        alt=_alt(frame),
        height=_HEIGHT,
        layout={
            "xaxis": {
                "type": "date",
                "range": [_x(first - room), _x(last + room)],
                "showgrid": False,
                "tickformat": "%b\n%Y",
                "nticks": 6,
            },
            "yaxis": {**axis.settings, "side": "left"},
            "shapes": [*_ground(highlighted, first - room, last + room), *shapes, *_anew(frame)],
            "annotations": [*texts, *_words_anew(frame)],
            "margin": {"l": 8, "r": 16, "t": 26, "b": 8},
        },
    )


# ---- Marks ---- #


def _limits(frame: pl.DataFrame) -> Iterator[go.Scatter]:
    """Draw centre and limits; each set of limits ends where the next begins."""
    parts = frame.with_columns(part=pl.col("is_new_baseline").cum_sum())
    for _, part in parts.group_by("part", maintain_order=True):
        for name, dash in (("low", "dash"), ("centre", "solid"), ("high", "dash")):
            yield go.Scatter(
                x=[_x(at) for at in part["at"]],
                y=part[name].to_list(),
                mode="lines",
                line={"color": light("quiet"), "width": 1.2, "dash": dash, "shape": "hvh"},
                hoverinfo="skip",
            )


def _line(frame: pl.DataFrame) -> go.Scatter:
    return go.Scatter(
        x=[_x(at) for at in frame["at"]],
        y=frame["value"].to_list(),
        mode="lines+markers",
        line={"color": light("accent"), "width": 1.2},
        marker={"size": 6, "color": light("accent")},
        hoverinfo="text",
        hovertext=[_hover(row) for row in frame.iter_rows(named=True)],
        cliponaxis=False,
    )


def _signals(frame: pl.DataFrame) -> go.Scatter:
    found = frame.filter(pl.col("signals").list.len() > 0)
    return go.Scatter(
        x=[_x(at) for at in found["at"]],
        y=found["value"].to_list(),
        mode="markers",
        marker={
            "symbol": "diamond",
            "size": 11,
            "color": light("caution"),
            "line": {"width": 1.5, "color": light("paper")},
        },
        hoverinfo="text",
        hovertext=[_hover(row) for row in found.iter_rows(named=True)],
        cliponaxis=False,
    )


def _ground(
    highlighted: tuple[datetime, datetime] | None, first: datetime, last: datetime
) -> list[dict[str, Any]]:
    if highlighted is None or highlighted[0] >= last or highlighted[1] <= first:
        return []
    return [
        {
            "type": "rect",
            "layer": "below",
            "xref": "x",
            "yref": "paper",
            "x0": _x(max(first, highlighted[0])),
            "x1": _x(min(last, highlighted[1])),
            "y0": 0,
            "y1": 1,
            "fillcolor": light("panel"),
            "line": {"width": 0},
        }
    ]


def _anew(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "type": "line",
            "xref": "x",
            "yref": "paper",
            "x0": _x(at),
            "x1": _x(at),
            "y0": 0,
            "y1": 1,
            "line": {"color": light("quiet"), "width": 1.5},
        }
        for at in frame.filter("is_new_baseline")["at"]
    ]


# ---- Words ---- #


def _words_anew(frame: pl.DataFrame) -> list[dict[str, Any]]:
    settings = {"xref": "x", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "xshift": 4}
    return [
        annotation("new baseline", x=_x(at), y=0.0, settings={**settings, "textangle": -90})
        for at in frame.filter("is_new_baseline")["at"]
    ]


def _x(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _hover(row: dict[str, Any]) -> str:
    unit = metric(row["metric"]).unit.value
    parts = [
        f"<b>{plain(row['label'])}</b>",
        plain(format_value(row["value"], unit)),
        format_counted(row["n"], "observation"),
        *(plain(RULES[name]) for name in row["signals"]),
    ]
    return "<br>".join(parts)


def _alt(frame: pl.DataFrame) -> str:
    declared = metric(frame["metric"][0])
    signals = frame.filter(pl.col("signals").list.len() > 0)["label"].to_list()
    text = (
        f"{declared.name} of {frame['entity'][0]}, {format_counted(frame.height, 'point')} from "
        f"{frame['label'][0]} to {frame['label'][-1]}"
    )
    ending = f" Signals: {format_list(signals)}." if signals else " No signal."
    if frame["centre"][-1] is None:
        return f"{text}, too few for limits."
    unit = declared.unit.value
    ends = [format_value(frame[name][-1], unit) for name in ("centre", "low", "high")]
    return f"{text}; centre {ends[0]}, limits {ends[1]} and {ends[2]}.{ending}"
