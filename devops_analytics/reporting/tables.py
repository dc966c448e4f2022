"""Tables with caption and scope, cells for measurements, and small pictures of intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from markupsafe import Markup

from devops_analytics.display import (
    STATUS_WORDS,
    Measurement,
    format_count,
    format_interval,
    format_limits,
    format_n,
    format_number,
)
from devops_analytics.display_changes import Change, format_change, format_change_limits
from devops_analytics.metrics import Unit
from devops_analytics.reporting.html import Node, classed, element, joined, paragraphs

_WIDTH: Final = 132
_HEIGHT: Final = 30
_EDGE: Final = 6
_SPREAD: Final = 30
"""Intervals that span more than this factor are drawn on a log scale, as in the charts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column: its heading, and `text`, `number`, `earlier` or `wide` for how it is set."""

    heading: str
    kind: str = "text"


def table(
    caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Node]], *, cards: bool = False
) -> Markup:
    """Return a table whose first column heads the rows.

    How a column is set is said once, as a class of the table such as `number3`, so that a row of
    a long table costs few bytes.

    Args:
        caption: what the table holds.
        columns: one for each cell of a row.
        rows: text or elements.
        cards: on a narrow screen each row becomes a card; otherwise the table scrolls in its box.
    """
    headings = (element("th", column.heading, attributes={"scope": "col"}) for column in columns)
    kinds = [f"{column.kind}{place}" for place, column in enumerate(columns, start=1)]
    built = classed(
        "table",
        " ".join(["cards" if cards else "plain", *(k for k in kinds if not k.startswith("text"))]),
        element("caption", caption),
        element("thead", element("tr", *headings)),
        element("tbody", *(_row(columns, row, cards=cards) for row in rows)),
    )
    attributes = {"class": "table-box"}
    if not cards:
        attributes |= {"tabindex": "0", "role": "region", "aria-label": caption}
    return element("div", built, attributes=attributes)


def _row(columns: Sequence[Column], row: Sequence[Node], *, cards: bool) -> Markup:
    first, *others = row
    cells = (
        element("td", cell, attributes={"data-heading": column.heading} if cards else None)
        for column, cell in zip(columns[1:], others, strict=True)
    )
    return element("tr", element("th", first, attributes={"scope": "row"}), *cells)


# ---- Cells of measurements ---- #


def number_cell(measurement: Measurement, *, beside: float | None = None) -> Markup:
    """Return value, interval and n, or the status and its reason where there is no value."""
    if measurement.value is None:
        return joined((status(measurement), classed("span", "reason", measurement.note or "")))
    reference = beside if beside is not None else measurement.value
    return joined(
        (
            classed("span", "value", format_number(measurement, beside=reference)),
            classed("span", "limits", format_limits(measurement, beside=reference)),
            classed("span", "n", format_n(measurement)),
        )
    )


def status(measurement: Measurement) -> Markup:
    """Return the status in words, marked so that it is not taken for a number."""
    return classed("span", f"status {measurement.status}", STATUS_WORDS[measurement.status])


def verdict_cell(change: Change) -> Markup:
    """Return the verdict on a change with its size and limits, or why there is none."""
    css_class = f"verdict {change.verdict.split()[0]}"
    limits = format_change_limits(change)
    return joined(
        (
            classed("span", css_class, change.verdict),
            classed("span", "limits", format_change(change)),
            classed("span", "limits", f"({limits})" if limits else ""),
            classed("span", "reason", (change.reason or "").partition(";")[0]),
        )
    )


MEASURED_COLUMNS: Final = (
    Column(heading="value", kind="number"),
    Column(heading="interval", kind="number"),
    Column(heading="n", kind="number"),
    Column(heading="what to know", kind="wide"),
)
"""The columns of `measured_cells`."""


def measured_cells(measurement: Measurement, *, beside: float | None = None) -> list[Node]:
    """Return value or status, interval, n and note, as four cells.

    `beside` is a value whose scale a rate is written on.
    """
    if measurement.value is None:
        first: Node = status(measurement)
    else:
        first = format_number(measurement, beside=beside)
    limits = format_limits(measurement, beside=beside)
    return [first, limits, format_n(measurement), measurement.note or ""]


# ---- Small pictures of intervals ---- #


def interval_marks(now: Measurement, before: Measurement) -> Markup:
    """Return this period's interval above the earlier one, drawn to one scale.

    It repeats the numbers beside it, so it is hidden from screen readers; empty where this period
    has no number.
    """
    pairs = [(m, css) for m, css in ((now, "now"), (before, "before")) if m.value is not None]
    if now.value is None:
        return Markup("")
    ends = [end for m, _ in pairs for end in (m.low, m.value, m.high) if end is not None]
    is_log = now.unit == Unit.HOURS.value and min(ends) > 0 and max(ends) / min(ends) > _SPREAD
    low = min(ends) if is_log else 0.0
    marks = [_mark(m, css, low, max(ends), is_log=is_log) for m, css in pairs]
    attributes = {
        "viewBox": f"0 0 {_WIDTH} {_HEIGHT}",
        "width": str(_WIDTH),
        "height": str(_HEIGHT),
        "class": "marks",
        "aria-hidden": "true",
        "focusable": "false",
    }
    zero = {"x1": "1", "x2": "1", "y1": "2", "y2": "28", "class": "zero"}
    start = element("line", attributes=zero) if not is_log else ""
    return element("svg", start, *marks, attributes=attributes)


def _mark(measurement: Measurement, css: str, low: float, high: float, *, is_log: bool) -> Markup:
    y = "9" if css == "now" else "22"

    def x(value: float | None, otherwise: float) -> str:
        place = _place(otherwise if value is None else value, low, high, is_log=is_log)
        return f"{_EDGE + place * (_WIDTH - 2 * _EDGE):.1f}"

    left, right = x(measurement.low, low), x(measurement.high, high)
    line = {"x1": left, "x2": right, "y1": y, "y2": y}
    dot = {"cx": x(measurement.value, low), "cy": y, "r": "5" if css == "now" else "4"}
    return element(
        "g",
        element("line", attributes=line),
        element("circle", attributes=dot),
        attributes={"class": css},
    )


def _place(value: float, low: float, high: float, *, is_log: bool) -> float:
    if high <= low:
        return 0.5
    if is_log:
        return log(value / low) / log(high / low)
    return (value - low) / (high - low)


# ---- Numbers that are no measurements ---- #


def points_cell(value: float | None, low: float | None, high: float | None) -> Node:
    """Return points with their interval, or a dash where there are none."""
    if value is None:
        return "–"
    return joined(
        (
            classed("span", "value", format_count(value)),
            classed("span", "limits", format_interval(low, high, "points")),
        )
    )


def nothing(text: str) -> Markup:
    """Return why a part of a page is empty."""
    return paragraphs(text, css_class="nothing")
