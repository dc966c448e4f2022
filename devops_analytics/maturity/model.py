"""What a maturity model is made of: dimensions, indicators, levels, and the rules of scoring."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from devops_analytics.metrics.metric import Better, Metric

COVERAGE: Final = "measurement_coverage"
"""The special metric that the score computes itself: the share of `of` that can be computed."""

LEVELS: Final = (1, 2, 3, 4, 5)

Text = Annotated[str, Field(min_length=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Points = Annotated[float, Field(ge=0, le=100)]
Status = Literal["ok", "none", "insufficient"]


class Part(BaseModel):
    """A part of the model: unknown keys are errors, values can't be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rules(Part):
    """When a dimension is assessed, and how sure that is (shares 0-1)."""

    minimum_coverage: Share
    high_coverage: Share
    high_measured: Share


class Dimension(Part):
    """A dimension; `beside` must be known for it to be shown, `context` is shown unscored."""

    name: Text
    description: Text
    source: Text
    beside: tuple[str, ...] = ()
    beside_why: str = ""
    context: tuple[str, ...] = ()
    context_why: str = ""


class Indicator(Part):
    """Evidence for one dimension, and what it is worth."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    dimension: str
    evidence_class: Literal["measured", "derived", "attested", "survey"] = Field(alias="class")
    anchors: tuple[tuple[Number, Points], ...] = Field(min_length=2)
    anchors_why: Text
    minimum_n: int = Field(ge=1)
    why: Text
    moved_without_improvement: Text
    source: Text
    name: str = ""
    metric: str | None = None
    item: str | None = None
    better: Better | None = None
    occasions: str | None = None
    of: tuple[str, ...] = ()
    covered: tuple[Status, ...] = ()
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)


class Condition(Part):
    """What must hold of an indicator or metric: its number passes, or its status is allowed."""

    evidence: str
    operator: Literal[">=", "<="] | None = None
    value: Number | None = None
    status: tuple[Status, ...] = ()


class Level(Part):
    """A level of a dimension: a statement in words and its conditions."""

    dimension: str
    level: int = Field(ge=LEVELS[0], le=LEVELS[-1])
    statement: Text
    conditions: tuple[Condition, ...] = ()


class ModelFile(Part):
    """A model as its file holds it, before names and directions are checked."""

    version: Text
    name: Text
    source: Text
    rules: Rules
    dimensions: dict[str, Dimension] = Field(min_length=1)
    indicators: tuple[Indicator, ...] = Field(min_length=1)
    levels: tuple[Level, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A checked model: every name in it is known, anchors run in the direction of improvement.

    `metrics` are all declared metrics by id, so that names and needs are written once.
    """

    version: str
    name: str
    source: str
    rules: Rules
    dimensions: Mapping[str, Dimension]
    indicators: tuple[Indicator, ...]
    levels: tuple[Level, ...]
    metrics: Mapping[str, Metric]

    def indicators_of(self, dimension: str) -> list[Indicator]:
        """Return a dimension's indicators in the model's order."""
        return [one for one in self.indicators if one.dimension == dimension]

    def levels_of(self, dimension: str) -> list[Level]:
        """Return a dimension's levels from the lowest to the highest."""
        own = [one for one in self.levels if one.dimension == dimension]
        return sorted(own, key=lambda one: one.level)

    def indicator(self, name: str) -> Indicator | None:
        """Return the indicator of that id, None where there is none."""
        return next((one for one in self.indicators if one.id == name), None)

    def title(self, name: str) -> str:
        """Return the name in words of an indicator or metric."""
        indicator = self.indicator(name)
        if indicator is None:
            return self.metrics[name].name
        return indicator.name or self.metrics[indicator.metric or ""].name

    def better(self, name: str) -> Better:
        """Return which direction of an indicator or metric is an improvement."""
        indicator = self.indicator(name)
        if indicator is None:
            return self.metrics[name].better
        metric = self.metrics.get(indicator.metric or "")
        return metric.better if metric is not None else indicator.better or Better.HIGHER
