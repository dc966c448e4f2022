"""A card for each dimension: level or position, what blocks, the evidence and where it is from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from markupsafe import Markup

from devops_analytics import story
from devops_analytics.display import format_count, format_value
from devops_analytics.maturity import Assessment, Model
from devops_analytics.maturity.model import COVERAGE, LEVELS, Dimension
from devops_analytics.metrics import Kind
from devops_analytics.reporting.html import (
    Node,
    classed,
    definitions,
    details,
    element,
    joined,
    paragraphs,
)
from devops_analytics.reporting.tables import Column, points_cell, table

_OUTCOMES: Final = {
    "scored": "scored",
    "insufficient": "too few",
    "not_available": "not known",
    "error": "failed",
    "not_supported": "can't be told",
    "not_applicable": "does not apply",
}
_ROLES: Final = {"beside": "stands beside it, unscored", "context": "context, unscored"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Cards:
    """The cards of one assessment."""

    model: Model
    assessment: Assessment
    period: str
    team: str | None

    def html(self) -> Markup:
        """Return a card for each dimension of the lens."""
        rows = self.assessment.dimensions.iter_rows(named=True)
        return joined(self._card(row) for row in rows)

    def _card(self, row: Mapping[str, Any]) -> Markup:
        name = row["dimension"]
        dimension = self.model.lenses[self.assessment.lens].dimensions[name]
        left = classed("div", "left", _headline(row), _steps(row["level"], dimension))
        right = classed(
            "div",
            "right",
            classed("p", "sentence", story.dimension_sentence(row, name=dimension.name)),
            _ends(dimension),
            paragraphs(_blocking(row, dimension), css_class="blocking"),
        )
        return classed(
            "section",
            "dimension",
            element("h3", dimension.name),
            paragraphs(dimension.description, css_class="question"),
            classed("div", "headline", left, right),
            self._evidence(name, dimension),
            self._statements(name, dimension),
        )

    def _evidence(self, name: str, dimension: Dimension) -> Markup:
        own = self.assessment.evidence.filter(pl.col("dimension") == name)
        columns = (
            Column(heading="evidence"),
            Column(heading="class"),
            Column(heading="outcome"),
            Column(heading="points", kind="number"),
            Column(heading="in words", kind="wide"),
        )
        rows: list[list[Node]] = [
            [
                joined(
                    (
                        self.model.title(row["indicator"]),
                        classed("span", "question", _ROLES.get(row["role"], "")),
                    )
                ),
                row["class"] or "–",
                _outcome(row),
                points_cell(row["points"], row["points_low"], row["points_high"]),
                row["reason"],
            ]
            for row in own.iter_rows(named=True)
        ]
        numbers = table(f"Evidence for {dimension.name}", columns, rows, cards=True)
        source = definitions((("Why these", dimension.source),), css_class="method")
        return details(
            "Evidence", numbers, source, *(self._why(row) for row in own.iter_rows(named=True))
        )

    def _why(self, row: Mapping[str, Any]) -> Markup:
        pairs = (
            ("Why it belongs", row["why"]),
            ("Moved without improvement by", row["moved_without_improvement"]),
            ("Points", self._anchors(row)),
            ("Capability", self._capability(row["capability"])),
            ("Source", row["source"]),
            ("Rows behind it", self._rows(row)),
        )
        return details(self.model.title(row["indicator"]), definitions(pairs, css_class="method"))

    def _anchors(self, row: Mapping[str, Any]) -> str:
        """Return the anchors of an indicator in words, with their reason."""
        if row["role"] != "indicator":
            return ""
        indicator = self.model.indicators[row["indicator"]]
        metric = self.model.metrics.get(indicator.metric or "")
        unit = metric.unit.value if metric is not None else "share"
        shown = ", ".join(
            f"{format_value(value, unit)}: {points:g}" for value, points in indicator.anchors
        )
        return f"{shown}; weight {indicator.weight:g}. {indicator.anchors_why}"

    def _capability(self, capability: str | None) -> str:
        if capability is None:
            return ""
        found = self.model.capabilities[capability]
        return f"{found.name} ({found.group}, DORA). {found.measure}"

    def _rows(self, row: Mapping[str, Any]) -> Node:
        """Return how to see the rows behind the number."""
        if row["metric"] in {None, COVERAGE}:
            return ""
        if self.model.metrics[row["metric"]].kind is Kind.SCORE:
            return "They are answers of people, so no rows are shown."
        team = f" --team {self.team}" if self.team is not None else ""
        command = f"devops-analytics rows {row['metric']} --period {self.period}{team}"
        return element("code", command)

    def _statements(self, name: str, dimension: Dimension) -> Markup:
        if not dimension.levels:
            return Markup("")
        columns = (
            Column(heading="level"),
            Column(heading="statement", kind="wide"),
            Column(heading="holds"),
            Column(heading="why not", kind="wide"),
        )
        rows: list[list[Node]] = [
            [str(row["level"]), row["statement"], "yes" if row["holds"] else "no", row["reason"]]
            for row in self.assessment.levels.filter(pl.col("dimension") == name).iter_rows(
                named=True
            )
        ]
        caption = f"Levels of {dimension.name}"
        return details("Levels", table(caption, columns, rows, cards=True))


def _headline(row: Mapping[str, Any]) -> Markup:
    if row["level"] is not None:
        return classed("p", "number", f"Level {row['level']}")
    if row["score"] is not None:
        unit = classed("span", "unit", "of 100")
        return classed("p", "number", format_count(row["score"]), " ", unit)
    return element("p", classed("span", "status unknown", row["status"]))


def _steps(level: int | None, dimension: Dimension) -> Markup:
    """Return the five levels as small steps, those reached filled."""
    if not dimension.levels:
        return Markup("")
    steps = (
        classed("span", "step reached" if level is not None and nth <= level else "step")
        for nth in LEVELS
    )
    return element("p", *steps, attributes={"class": "steps", "aria-hidden": "true"})


def _ends(dimension: Dimension) -> Markup:
    if dimension.ends is None:
        return Markup("")
    pairs = zip(("At 0", "At 100"), dimension.ends, strict=True)
    return definitions(pairs, css_class="method")


def _blocking(row: Mapping[str, Any], dimension: Dimension) -> str:
    if row["blocking"] or row["score"] is None or not dimension.levels:
        return str(row["blocking"] or row["reason"])
    return "Nothing blocks: this is the highest level."


def _outcome(row: Mapping[str, Any]) -> Markup:
    is_told = row["outcome"] == "scored"
    words = _OUTCOMES[row["outcome"]]
    if is_told and row["role"] != "indicator":
        words = "shown"
    return classed("span", "told" if is_told else "status unknown", words)
