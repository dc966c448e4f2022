"""The maturity page: five lenses on the same evidence, what would move them, and what did."""

from collections.abc import Iterator
from typing import Final

import polars as pl
from markupsafe import Markup

from devops_analytics import figures, story
from devops_analytics.display import POINTS, format_count, format_interval, format_value
from devops_analytics.maturity import Assessment, Model, change_index, what_moves_most
from devops_analytics.maturity.improvements import MEASURE, REACH
from devops_analytics.metrics import Unit
from devops_analytics.printing import records
from devops_analytics.reporting import beside
from devops_analytics.reporting.block import Block
from devops_analytics.reporting.html import (
    Node,
    classed,
    definitions,
    details,
    element,
    joined,
    paragraphs,
    unbroken,
)
from devops_analytics.reporting.maturity_cards import Cards
from devops_analytics.reporting.maturity_moves import MOVE_COLUMNS, Names, change_rows, move_rows
from devops_analytics.reporting.page import Page
from devops_analytics.reporting.tables import Column, nothing, points_cell, table

_POINTS_TEXT: Final = (
    "Each indicator's value is turned into 0-100 points along straight lines between its anchors; "
    "the interval of the value gives the points theirs."
)
_DIMENSION_TEXT: Final = (
    "The weighted mean of what is scored. The range puts all that is unknown at 0 and at 100; its "
    "low end is what is proven. Nothing unknown counts as 0 or as best."
)
_LEVELS_TEXT: Final = (
    "A level holds when its statement and all below it hold. There is no grand total."
)
_CULTURE_TEXT: Final = (
    "Scored from answers of people only. What people do stands beside it and is never scored as "
    "culture."
)
_MOVES_TEXT: Final = (
    "Points gained if an indicator reached its next anchor, added up over the dimensions that it "
    "serves. How much work that is, and whether the outcome is worth it, is for you to say: a "
    "number moved is no improvement by itself."
)
_KNOWING_TEXT: Final = (
    "What is unknown may be good already. The points are what knowing it would prove if it were "
    "like what is known of its dimension (50 where nothing is)."
)
_CHANGE_TEXT: Final = (
    "Both periods by the same version of the model. Points compare only the indicators that are "
    "scored both times: what is no longer known can't look like an improvement. Waves of a survey "
    "that are worded differently are not compared, nor are levels that rest on them. Levels "
    "follow the estimates; whether a metric moved by more than chance is told in the delivery "
    "report."
)
_SHOWN: Final = 10
"""How many improvements are shown unfolded."""


class MaturityPage(Page):
    """The dimensions of every lens, the evidence behind each, and how sure that is."""

    heading = "Maturity"

    def assessment(self, lens: str) -> Assessment:
        """Return the assessment of the page's organisation or team in its period."""
        return self.workspace.score(self.period, lens=lens, team=self.team)

    @property
    def _assessments(self) -> list[Assessment]:
        return [self.assessment(lens) for lens in self.workspace.model.lenses]

    @property
    def _moves(self) -> pl.DataFrame:
        return what_moves_most([(one.lens, one.improvements) for one in self._assessments])

    @property
    def _names(self) -> Names:
        return Names(self.workspace.model)

    def in_short(self) -> Block:
        """Show in a few lines where it stands, what changed, and what would move it most."""
        model = self.workspace.model
        lens = next(iter(model.lenses))
        names = names_of(model, lens)
        now, before = self.assessment(lens), self._before(lens)
        rows = list(now.dimensions.iter_rows(named=True))
        changes = list(change_index(before, now).iter_rows(named=True))
        lines = [
            (model.lenses[lens].name, story.maturity_line(rows, names)),
            ("Changed", story.change_line(changes, names, before.period)),
        ]
        lines += [
            (f"Holds back {names[row['dimension']]}", row["blocking"])
            for row in rows
            if row["level"] is not None and row["blocking"]
        ]
        lines += [
            (topic, self._move_line(kind))
            for topic, kind in (("Would improve most", REACH), ("Worth knowing", MEASURE))
        ]
        items = (
            element("li", classed("strong", "topic", topic), " ", unbroken(text))
            for topic, text in lines
            if text
        )
        scores = tuple(score_record(one) for one in self._assessments)
        return Block(html=classed("ol", "lines", *items), scores=scores)

    def _move_line(self, kind: str) -> str:
        found = self._moves.filter(kind=kind)
        if found.is_empty():
            return ""
        top = found.row(0, named=True)
        title = self.workspace.model.title(top["indicator"])
        return story.move_line(top, title=title, dimensions=self._names.dimensions(top["moves"]))

    def lenses(self) -> Iterator[Block]:
        """Yield what each lens of the model shows: its question, a chart, a card a dimension."""
        for lens in self.workspace.model.lenses:
            yield from self.lens(lens)

    def lens(self, lens: str) -> Iterator[Block]:
        """Yield what one lens shows: its question, a chart, and a card for each dimension."""
        looked = self.workspace.model.lens(lens)
        head = (element("h2", looked.name), paragraphs(looked.question, css_class="question"))
        yield Block(html=joined(head))
        assessment = self.assessment(lens)
        yield self._overview(assessment)
        cards = Cards(
            model=self.workspace.model,
            assessment=assessment,
            period=self.period.label,
            team=self.team,
        )
        yield Block(html=cards.html())

    def _overview(self, assessment: Assessment) -> Block:
        looked = self.workspace.model.lenses[assessment.lens]
        names = names_of(self.workspace.model, assessment.lens)
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
                _level(row["level"], row["status"]),
                points_cell(row["score"], row["low"], row["high"]),
                format_interval(row["range_low"], row["range_high"], POINTS),
                "–" if row["coverage"] is None else _share(row["coverage"]),
                row["confidence"] or "–",
            ]
            for row in assessment.dimensions.iter_rows(named=True)
        ]
        numbers = table(f"{looked.name}, {self.period.label}", columns, rows)
        is_position = all(one.ends for one in looked.dimensions.values())
        axis = {"axis": figures.POSITION_AXIS} if is_position else {}
        return Block(
            html=details("Show the numbers", numbers, css_class="numbers"),
            figure=figures.maturity_bars(assessment.dimensions, names, **axis),
        )

    def moves(self) -> Block:
        """Show what would move the scores most, the largest gain first, and what is unknown."""
        return Block(
            html=joined(
                (
                    paragraphs(_MOVES_TEXT),
                    self._moves_table("To improve, the largest gain first", REACH),
                    paragraphs(_KNOWING_TEXT),
                    self._moves_table("To find out, the largest gain first", MEASURE),
                )
            )
        )

    def _moves_table(self, caption: str, kind: str) -> Markup:
        rows = move_rows(self._moves.filter(kind=kind), self._names)
        if not rows:
            return nothing(f"{caption.partition(',')[0]}: nothing is left.")
        first = table(caption, MOVE_COLUMNS, rows[:_SHOWN], cards=True)
        more = table(f"{caption}, continued", MOVE_COLUMNS, rows[_SHOWN:], cards=True)
        left = details(f"Show {len(rows) - _SHOWN} more", more) if rows[_SHOWN:] else ""
        return joined((first, left))

    def change_index(self) -> Block:
        """Show the levels gained and lost since the earlier period, and points beside them."""
        columns = (
            Column(heading="dimension"),
            Column(heading="level", kind="number"),
            Column(heading="points on the same evidence", kind="number"),
            Column(heading="newly known", kind="wide"),
            Column(heading="no longer known", kind="wide"),
            Column(heading="asked differently", kind="wide"),
        )
        parts: list[Node] = [paragraphs(_CHANGE_TEXT)]
        for lens, looked in self.workspace.model.lenses.items():
            index = change_index(self._before(lens), self.assessment(lens))
            rows = change_rows(index, lens, self._names)
            caption = f"{looked.name}: {self.before.label} and {self.period.label}"
            parts.append(table(caption, columns, rows, cards=True))
        return Block(html=joined(parts))

    def worth(self) -> Block:
        """Show what the change since the earlier period is worth, as business outcomes."""
        return beside.worth(self)

    def weights(self) -> Block:
        """Show how scores and their order move when weights are drawn at random."""
        model = self.workspace.model
        columns = (
            Column(heading="dimension"),
            Column(heading="points", kind="number"),
            Column(heading="with random weights", kind="number"),
            Column(heading="indicators", kind="number"),
        )
        parts: list[Node] = []
        for one in self._assessments:
            names, found = names_of(model, one.lens), one.weights
            rows: list[list[Node]] = [
                [names[name], format_count(score), format_interval(low, high, POINTS), str(n)]
                for name, score, low, high, n in found.scores.iter_rows()
            ]
            caption = f"{model.lenses[one.lens].name}: scores with random weights (95 % of draws)"
            parts.append(paragraphs(found.sentence))
            parts.append(table(caption, columns, rows, cards=True) if rows else "")
        return Block(html=joined(parts))

    def attestations(self) -> Block:
        """Show the attestations that do not count, and why."""
        refused = self._assessments[0].refused
        if refused.is_empty():
            return Block(html=nothing("Every attestation of the export counts, or there are none."))
        columns = (
            Column(heading="indicator"),
            Column(heading="of"),
            Column(heading="why it does not count", kind="wide"),
            Column(heading="from"),
        )
        rows: list[list[Node]] = [
            [row["indicator"], row["subject"], row["reason"], row["source_ref"] or "–"]
            for row in refused.iter_rows(named=True)
        ]
        return Block(html=table("Attestations that do not count", columns, rows, cards=True))

    def model(self) -> Block:
        """Show how the assessment is made."""
        model = self.workspace.model
        rules = model.rules
        confidence = (
            f"High from {_share(rules.high_coverage)} known, with at least "
            f"{_share(rules.high_measured)} of that measured; else medium."
        )
        attested = (
            "A person says it, with a link to the proof; it counts until the day it names, or for "
            f"{rules.attestation_days} days. What is measured can't be attested."
        )
        pairs = (
            ("Model", f"{model.name}, version {model.version}"),
            ("Source", model.source),
            ("Points", _POINTS_TEXT),
            ("Dimension", _DIMENSION_TEXT),
            ("Assessed", f"From {_share(rules.minimum_coverage)} of the weight known."),
            ("Confidence", confidence),
            ("Levels", _LEVELS_TEXT),
            ("Culture", _CULTURE_TEXT),
            ("Attested", attested),
            *((lens.name, lens.source) for lens in model.lenses.values()),
        )
        return Block(html=definitions(pairs, css_class="method"))

    def _before(self, lens: str) -> Assessment:
        return self.workspace.score(self.before, lens=lens, team=self.team)


def names_of(model: Model, lens: str) -> dict[str, str]:
    """Return the name in words of each dimension of a lens."""
    return {key: dimension.name for key, dimension in model.lenses[lens].dimensions.items()}


def _level(level: int | None, status: str) -> str:
    if level is not None:
        return str(level)
    return "–" if status == "assessed" else status


def _share(share: float) -> str:
    return format_value(share, Unit.SHARE.value)


def score_record(assessment: Assessment) -> dict[str, object]:
    """Return an assessment as a record of JSON."""
    facts = {
        name: getattr(assessment, name) for name in ("lens", "entity", "period", "model_version")
    }
    frames = {
        name: records(getattr(assessment, name))
        for name in ("dimensions", "evidence", "levels", "improvements", "refused")
    }
    return facts | frames
