"""The maturity page: every dimension with its evidence, its levels and what the weights decide."""

from collections.abc import Mapping
from typing import Any, Final

import polars as pl
from markupsafe import Markup

from devops_analytics import figures, story
from devops_analytics.display import (
    POINTS,
    format_count,
    format_interval,
    format_value,
)
from devops_analytics.maturity import Assessment, Model
from devops_analytics.metrics import Unit
from devops_analytics.reporting.block import Block
from devops_analytics.reporting.html import (
    Node,
    classed,
    definitions,
    details,
    element,
    joined,
    paragraphs,
)
from devops_analytics.reporting.page import Page
from devops_analytics.reporting.tables import Column, points_cell, table

_OUTCOMES: Final = {
    "scored": "scored",
    "insufficient": "too few",
    "not_available": "not known",
    "error": "failed",
    "not_supported": "can't be told",
    "not_applicable": "does not apply",
}
_LEVELS: Final = 5
_POINTS_TEXT: Final = (
    "Each indicator's value is turned into 0-100 points along straight lines between its anchors; "
    "the interval of the value gives the points theirs."
)
_DIMENSION_TEXT: Final = (
    "The weighted mean of what is scored. The range puts all that is unknown at 0 and at 100. "
    "Nothing unknown counts as 0 or as best."
)
_LEVELS_TEXT: Final = (
    "A level holds when its statement and all below it hold. There is no grand total."
)


class MaturityPage(Page):
    """CALMS: the dimensions, the evidence behind each, and how sure that is."""

    heading = "Maturity"

    @property
    def assessment(self) -> Assessment:
        """The assessment of the page's organisation or team in its period."""
        return self.workspace.score(self.period, team=self.team)

    def overview(self) -> Block:
        """Show all dimensions in one chart, with what each comes to."""
        dimensions = self.assessment.dimensions
        names = names_of(self.workspace.model)
        columns = (
            Column(heading="dimension"),
            Column(heading="level", kind="number"),
            Column(heading="points", kind="number"),
            Column(heading="range", kind="number"),
            Column(heading="evidence known", kind="number"),
            Column(heading="confidence"),
        )
        rows: list[list[Node]] = [
            [
                names[row["dimension"]],
                row["status"] if row["level"] is None else str(row["level"]),
                points_cell(row["score"], row["low"], row["high"]),
                format_interval(row["range_low"], row["range_high"], POINTS),
                _share(row["coverage"]),
                row["confidence"] or "–",
            ]
            for row in dimensions.iter_rows(named=True)
        ]
        numbers = table(f"Dimensions, {self.period.label}", columns, rows)
        return Block(
            html=details("Show the numbers", numbers, css_class="numbers"),
            figure=figures.maturity_bars(dimensions, names),
        )

    def dimensions(self) -> Block:
        """Show a card for each dimension: level, blocking statement, evidence, statements."""
        assessment = self.assessment
        cards = (self._card(row, assessment) for row in assessment.dimensions.iter_rows(named=True))
        return Block(html=joined(cards))

    def weights(self) -> Block:
        """Show how scores and their order move when weights are drawn at random."""
        found = self.assessment.weights
        names = names_of(self.workspace.model)
        columns = (
            Column(heading="dimension"),
            Column(heading="points", kind="number"),
            Column(heading="with random weights", kind="number"),
            Column(heading="indicators", kind="number"),
        )
        rows: list[list[Node]] = [
            [names[name], format_count(score), format_interval(low, high, POINTS), str(n)]
            for name, score, low, high, n in found.scores.iter_rows()
        ]
        caption = "Scores when the weights of the indicators are drawn at random (95 % of draws)"
        numbers = table(caption, columns, rows, cards=True) if rows else ""
        return Block(html=joined((paragraphs(found.sentence), numbers)))

    def model(self) -> Block:
        """Show how the assessment is made."""
        model = self.workspace.model
        rules = model.rules
        confidence = (
            f"High from {_share(rules.high_coverage)} known, with at least "
            f"{_share(rules.high_measured)} of that measured; else medium."
        )
        pairs = (
            ("Model", f"{model.name}, version {model.version}"),
            ("Source", model.source),
            ("Points", _POINTS_TEXT),
            ("Dimension", _DIMENSION_TEXT),
            ("Assessed", f"From {_share(rules.minimum_coverage)} of the weight known."),
            ("Confidence", confidence),
            ("Levels", _LEVELS_TEXT),
        )
        return Block(html=definitions(pairs, css_class="method"))

    # ---- Parts ---- #

    def _card(self, row: Mapping[str, Any], assessment: Assessment) -> Markup:
        name = row["dimension"]
        dimension = self.workspace.model.dimensions[name]
        level = row["level"]
        shown = (
            classed("p", "number", f"Level {level}")
            if level is not None
            else element("p", classed("span", "status unknown", row["status"]))
        )
        left = classed(
            "div",
            "left",
            shown,
            _steps(level),
        )
        blocking = row["blocking"] or "Nothing blocks: this is the highest level."
        right = classed(
            "div",
            "right",
            classed("p", "sentence", story.dimension_sentence(row, name=dimension.name)),
            paragraphs(blocking, css_class="blocking"),
        )
        return classed(
            "section",
            "dimension",
            element("h3", dimension.name),
            paragraphs(dimension.description, css_class="question"),
            classed("div", "headline", left, right),
            self._evidence(name, assessment.evidence),
            self._statements(name, assessment.levels),
        )

    def _evidence(self, dimension: str, evidence: pl.DataFrame) -> Markup:
        model = self.workspace.model
        own = evidence.filter(pl.col("dimension") == dimension)
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
                        model.title(row["indicator"]),
                        classed("span", "question", _role(row["role"])),
                    )
                ),
                row["class"] or "–",
                _outcome(row),
                points_cell(row["points"], row["points_low"], row["points_high"]),
                row["reason"],
            ]
            for row in own.iter_rows(named=True)
        ]
        name = model.dimensions[dimension].name
        numbers = table(f"Evidence for {name}", columns, rows, cards=True)
        return details(
            "Evidence", numbers, *(_why(row, model) for row in own.iter_rows(named=True))
        )

    def _statements(self, dimension: str, levels: pl.DataFrame) -> Markup:
        columns = (
            Column(heading="level"),
            Column(heading="statement", kind="wide"),
            Column(heading="holds"),
            Column(heading="why not", kind="wide"),
        )
        rows: list[list[Node]] = [
            [str(row["level"]), row["statement"], "yes" if row["holds"] else "no", row["reason"]]
            for row in levels.filter(pl.col("dimension") == dimension).iter_rows(named=True)
        ]
        name = self.workspace.model.dimensions[dimension].name
        return details("Levels", table(f"Levels of {name}", columns, rows, cards=True))


def names_of(model: Model) -> dict[str, str]:
    """Return each dimension's name in words."""
    return {key: dimension.name for key, dimension in model.dimensions.items()}


def _share(share: float) -> str:
    return format_value(share, Unit.SHARE.value)


def _role(role: str) -> str:
    return {"beside": "stands beside it, unscored", "context": "context, unscored"}.get(role, "")


def _outcome(row: Mapping[str, Any]) -> Markup:
    is_told = row["outcome"] == "scored"
    words = _OUTCOMES[row["outcome"]]
    if is_told and row["role"] != "indicator":
        words = "shown"
    return classed("span", "told" if is_told else "status unknown", words)


def _why(row: Mapping[str, Any], model: Model) -> Markup:
    pairs = (
        ("Why it belongs", row["why"]),
        ("Moved without improvement by", row["moved_without_improvement"]),
        ("Source", row["source"]),
    )
    return details(model.title(row["indicator"]), definitions(pairs, css_class="method"))


def _steps(level: int | None) -> Markup:
    """Return the five levels as small steps, those reached filled."""
    steps = (
        classed("span", "step reached" if level is not None and nth <= level else "step")
        for nth in range(1, _LEVELS + 1)
    )
    return element("p", *steps, attributes={"class": "steps", "aria-hidden": "true"})
