"""Rows of the tables on what would move the scores, and on what did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from devops_analytics.display import POINTS, format_count, format_value
from devops_analytics.maturity import Model
from devops_analytics.maturity.improvements import MEASURE
from devops_analytics.reporting.html import Node, classed, joined
from devops_analytics.reporting.tables import Column


@dataclass(frozen=True, slots=True)
class Names:
    """The names in words of a model's parts."""

    model: Model

    def dimension(self, lens: str, dimension: str) -> str:
        """Return a dimension's name."""
        return self.model.lenses[lens].dimensions[dimension].name

    def dimensions(self, moves: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return each dimension that an improvement moves, with its lens and gain."""
        return [
            f"{self.dimension(one['lens'], one['dimension'])} "
            f"({self.model.lenses[one['lens']].name}) +{format_count(one['gain'])}"
            for one in moves
        ]

    def indicator(self, indicator: str) -> str:
        """Return an indicator's name."""
        return self.model.title(indicator)

    def capability(self, capability: str | None) -> str:
        """Return a capability's name."""
        return self.model.capabilities[capability or ""].name


MOVE_COLUMNS: Final = (
    Column(heading="what", kind="wide"),
    Column(heading="points", kind="number"),
    Column(heading="what it moves", kind="wide"),
    Column(heading="now", kind="wide"),
)
"""The columns of `move_rows`."""


def move_rows(found: pl.DataFrame, names: Names) -> list[list[Node]]:
    """Return a row for each improvement (schema `maturity.MOVES`)."""
    return [
        [
            joined(
                (names.indicator(row["indicator"]), classed("span", "question", _how(row, names)))
            ),
            _gain(row),
            joined((", ".join(names.dimensions(row["moves"])), _blocked(row["blocks"], names))),
            row["reason"],
        ]
        for row in found.iter_rows(named=True)
    ]


def change_rows(index: pl.DataFrame, lens: str, names: Names) -> list[list[Node]]:
    """Return a row for each dimension of a change index (schema `maturity.CHANGE_INDEX`)."""
    return [
        [
            names.dimension(lens, row["dimension"]),
            _levels(row),
            _points(row),
            ", ".join(names.indicator(one) for one in row["found"] or []) or "–",
            ", ".join(names.indicator(one) for one in row["lost"] or []) or "–",
            ", ".join(names.indicator(one) for one in row["reworded"] or []) or "–",
        ]
        for row in index.iter_rows(named=True)
    ]


def _how(row: Mapping[str, Any], names: Names) -> str:
    """Return what to reach, and the capability that it belongs to."""
    capability = names.capability(row["capability"])
    if row["kind"] == MEASURE:
        return capability
    return f"reach {format_value(row['target'], row['unit'])} · {capability}"


def _gain(row: Mapping[str, Any]) -> Node:
    gain = classed("span", "value", f"+{format_count(row['gain'])}")
    if row["kind"] != MEASURE:
        return gain
    most = format_value(row["gain_most"], POINTS)
    return joined((gain, classed("span", "limits", f"at most {most}")))


def _blocked(blocks: Sequence[Mapping[str, Any]], names: Names) -> Node:
    if not blocks:
        return ""
    held = ", ".join(
        f"{names.dimension(one['lens'], one['dimension'])} level {one['level']}" for one in blocks
    )
    return classed("span", "question", f"stands in the way of {held}")


def _levels(row: Mapping[str, Any]) -> Node:
    before, after = (
        "–" if level is None else str(level) for level in (row["level_before"], row["level_after"])
    )
    if not row["change"]:
        return before if before == after else f"{before} → {after}"
    return joined((f"{before} → {after}", classed("span", "limits", f"{row['change']:+d}")))


def _points(row: Mapping[str, Any]) -> Node:
    if row["points_before"] is None or row["points_after"] is None:
        return "–"
    text = f"{format_count(row['points_before'])} → {format_count(row['points_after'])}"
    return joined((text, classed("span", "limits", f"{row['n_alike']} indicators")))
