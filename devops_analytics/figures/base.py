"""What all charts share: layout, axes that people can read, and text that stays text."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log10
from typing import Any, Final

import plotly.graph_objects as go

from devops_analytics.display import (
    DAYS,
    HOURS,
    MINUTES,
    SECONDS,
    Scale,
    axis_title,
    scale_of,
)
from devops_analytics.figures.palette import light
from devops_analytics.metrics import Metric, Unit

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
LOG_FROM: Final = 30
"""Durations that span more than this factor are drawn on a log axis."""

_LONGEST_LABEL: Final = 22
_LOG_TICKS: Final = (
    (1 / 3600, "1 s"),
    (10 / 3600, "10 s"),
    (1 / 60, "1 min"),
    (10 / 60, "10 min"),
    (1, "1 h"),
    (6, "6 h"),
    (24, "1 d"),
    (168, "1 wk"),
    (730.5, "1 mo"),
    (4383, "6 mo"),
    (17_532, "2 yr"),
    (87_660, "10 yr"),
)
_STEPS: Final = tuple(step * 10.0**power for power in range(-6, 9) for step in (1, 2, 5))
_STEPS_OF_TIME: Final[Mapping[Scale, tuple[float, ...]]] = {
    SECONDS: (1, 2, 5, 10, 15),
    MINUTES: (1, 2, 5, 10, 15),
    HOURS: (0.5, 1, 2, 3, 6, 12),
    DAYS: (1, 2, 3, 7, 14, 30, 60, 90, 180, 365, 730, 1825, 3650, 18_250),
}
_INTERVALS: Final = 5
"""An axis has at most so many intervals between ticks, so that a phone can show them."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An axis for a metric's values: plotly's settings, and the ends as values."""

    settings: dict[str, Any]
    low: float
    high: float


def chart(
    traces: Sequence[Any], *, title: str, alt: str, height: int, layout: Mapping[str, Any]
) -> go.Figure:
    """Return a figure in the house's layout.

    Args:
        traces: plotly traces.
        title: what is shown, for a caption.
        alt: what a reader who can't see it should know.
        height: in pixels.
        layout: plotly's settings that differ from the house's.
    """
    axis = {
        "gridcolor": light("line"),
        "linecolor": light("line"),
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "tickfont": {"color": light("muted")},
        "title": {"font": {"size": 12, "color": light("muted")}, "standoff": 8},
    }
    house: dict[str, Any] = {
        "template": {},
        "height": height,
        "font": {"family": FONT, "size": 13, "color": light("ink")},
        "paper_bgcolor": light("paper"),
        "plot_bgcolor": light("paper"),
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "hoverlabel": {
            "bgcolor": light("panel"),
            "bordercolor": light("line"),
            "font": {"family": FONT, "color": light("ink")},
        },
        "xaxis": axis,
        "yaxis": axis,
        "meta": {"title": title, "alt": alt},
    }
    figure = go.Figure(data=list(traces), layout=house)
    figure.update_layout(dict(layout))
    return figure


def row_axis(labels: Mapping[int, str], n_rows: int, *, size: int = 13) -> dict[str, Any]:
    """Return an axis of rows from the top down: place → label, shown as it is."""
    return {
        "tickmode": "array",
        "tickvals": list(labels),
        "ticktext": [label(text) for text in labels.values()],
        "range": [n_rows - 0.5, -0.5],
        "showgrid": False,
        "tickfont": {"color": light("ink"), "size": size},
        "ticklabelstandoff": 6,
    }


def plain(text: str) -> str:
    """Return text so that plotly shows it as it is: no tags, no entities."""
    return html.escape(text, quote=False)


def label(text: str) -> str:
    """Return a name short enough for an axis, shown as it is."""
    short = text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"
    return plain(short)


def annotation(text: str, *, x: float, y: float, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a quiet text without an arrow; `text` is plotly's, see `plain`."""
    return {
        "text": text,
        "x": x,
        "y": y,
        "showarrow": False,
        "font": {"size": 12, "color": light("muted")},
        **settings,
    }


def value_axis(values: Sequence[float], declared: Metric) -> Axis:
    """Return an axis that holds these values of a metric (at least one)."""
    highest = max(values)
    if declared.unit is Unit.HOURS:
        is_wide = min(values) > 0 and highest / min(values) > LOG_FROM
        return _log_axis(values, declared) if is_wide else _time_axis(highest, declared)
    scale = scale_of(highest, declared.unit.value)
    steps = _ticks(highest * scale.factor or 1, _STEPS)
    top = steps[-1] / scale.factor
    if declared.unit is Unit.SHARE:
        top = min(top, 1.0)
    ticks = [step / scale.factor for step in steps if step / scale.factor <= top]
    texts = [
        f"{step:g} %" if declared.unit is Unit.SHARE else f"{step:g}"
        for step in steps[: len(ticks)]
    ]
    return _axis(ticks, texts, 0.0, top, axis_title(declared, scale))


def _time_axis(highest: float, declared: Metric) -> Axis:
    scale = scale_of(highest, declared.unit.value)
    steps = _ticks(highest * scale.factor or 1, _STEPS_OF_TIME[scale])
    ticks = [step / scale.factor for step in steps]
    texts = [f"{step:g} {scale.unit}" if step else "0" for step in steps]
    return _axis(ticks, texts, 0.0, ticks[-1], axis_title(declared))


def _log_axis(values: Sequence[float], declared: Metric) -> Axis:
    low, high = min(values) / 1.3, max(values) * 1.3
    inside = [(value, text) for value, text in _LOG_TICKS if low <= value <= high]
    ticks, texts = zip(*inside, strict=True)
    axis = _axis(list(ticks), list(texts), low, high, f"{axis_title(declared)} (log)")
    ends = {"type": "log", "range": [log10(low), log10(high)]}
    return Axis(settings={**axis.settings, **ends}, low=low, high=high)


def _ticks(highest: float, steps: Sequence[float]) -> list[float]:
    """Return even ticks from 0 to the highest value or just above it."""
    step = next((one for one in steps if highest <= _INTERVALS * one), steps[-1])
    return [nth * step for nth in range(ceil(highest / step) + 1)]


def _axis(ticks: list[float], texts: list[str], low: float, high: float, title: str) -> Axis:
    settings = {
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": texts,
        "range": [low, high],
        "title": {"text": title},
    }
    return Axis(settings=settings, low=low, high=high)
