"""What a maturity model is made of: indicators, the lenses that refer to them, and the rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from devops_analytics.errors import UnknownNameError
from devops_analytics.metrics.metric import Better, Metric

COVERAGE: Final = "measurement_coverage"
"""The special metric that the score computes itself: the share of `of` that can be computed."""

LEVELS: Final = (1, 2, 3, 4, 5)

Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Points = Annotated[float, Field(ge=0, le=100)]
Status = Literal["ok", "none", "insufficient"]
LevelKey = Annotated[str, Field(pattern=r"^[1-5]$")]


class Part(BaseModel):
    """A part of the model: unknown keys are errors, values can't be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rules(Part):
    """When a dimension is assessed, how sure that is (shares 0-1), and how long words count."""

    minimum_coverage: Share
    high_coverage: Share
    high_measured: Share
    attestation_days: int = Field(ge=1)


class Capability(Part):
    """A capability of DORA's catalogue, with what its page suggests to measure."""

    name: Text
    group: Text
    measure: Text


class Indicator(Part):
    """Evidence, declared once, and what it is worth in every lens that refers to it."""

    id: Name
    evidence_class: Literal["measured", "derived", "attested", "survey"] = Field(alias="class")
    anchors: tuple[tuple[Number, Points], ...] = Field(min_length=2)
    anchors_why: Text
    minimum_n: int = Field(ge=1)
    why: Text
    moved_without_improvement: Text
    source: Text
    capability: str
    name: str = ""
    metric: str | None = None
    occasions: str | None = None
    of: tuple[str, ...] = ()
    covered: tuple[Status, ...] = ()
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    not_applicable: str = ""
    teams_only: str = ""

    @property
    def is_attested(self) -> bool:
        """Whether a person says it, with a link, rather than a record."""
        return self.evidence_class == "attested"


class Condition(Part):
    """What must hold of an indicator or metric: its number passes, or its status is allowed."""

    evidence: str
    operator: Literal[">=", "<="] | None = None
    value: Number | None = None
    status: tuple[Status, ...] = ()


class Level(Part):
    """A level of a dimension: a statement in words and its conditions."""

    statement: Text
    conditions: tuple[Condition, ...] = ()


class Dimension(Part):
    """A dimension of a lens.

    One of `beside` must be known for it to be shown, `context` is shown unscored. `ends` describe
    0 and 100 points where a dimension is a position between two states. With `surveys_only`
    nothing but answers of people may be scored.
    """

    name: Text
    description: Text
    source: Text
    indicators: tuple[str, ...] = Field(min_length=1)
    ends: tuple[Text, Text] | None = None
    surveys_only: bool = False
    beside: tuple[str, ...] = ()
    beside_why: str = ""
    context: tuple[str, ...] = ()
    context_why: str = ""
    levels: dict[LevelKey, Level] = {}


class Lens(Part):
    """A way to look at the evidence: its dimensions."""

    name: Text
    question: Text
    source: Text
    dimensions: dict[Name, Dimension] = Field(min_length=1)


class ModelFile(Part):
    """A model as its files hold it, before names and directions are checked."""

    version: Text
    name: Text
    source: Text
    rules: Rules
    capabilities: dict[Name, Capability]
    indicators: dict[Name, Indicator] = Field(min_length=1)
    lenses: dict[Name, Lens] = Field(min_length=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A checked model: every name in it is known, anchors run in the direction of improvement.

    `metrics` are all declared metrics by id, so that names and needs are written once.
    """

    version: str
    name: str
    source: str
    rules: Rules
    capabilities: Mapping[str, Capability]
    indicators: Mapping[str, Indicator]
    lenses: Mapping[str, Lens]
    metrics: Mapping[str, Metric]

    def lens(self, name: str) -> Lens:
        """Return a lens.

        Raises:
            UnknownNameError: the model has none of that name.
        """
        if name not in self.lenses:
            raise UnknownNameError(
                f"no lens is called {name!r}; lenses of the model: {', '.join(self.lenses)}."
            )
        return self.lenses[name]

    @property
    def metrics_named(self) -> list[str]:
        """The metrics that an assessment reads, in the order of their declarations."""
        named = {
            name
            for one in self.indicators.values()
            for name in (one.metric, one.occasions, *one.of)
        }
        for lens in self.lenses.values():
            for dimension in lens.dimensions.values():
                named |= {*dimension.beside, *dimension.context}
                named |= {
                    condition.evidence
                    for level in dimension.levels.values()
                    for condition in level.conditions
                }
        return [name for name in self.metrics if name in named]

    def title(self, name: str) -> str:
        """Return the name in words of an indicator or metric."""
        indicator = self.indicators.get(name)
        if indicator is None:
            return self.metrics[name].name
        return indicator.name or self.metrics[indicator.metric or ""].name

    def better(self, name: str) -> Better:
        """Return which direction of an indicator or metric is an improvement."""
        indicator = self.indicators.get(name)
        metric = self.metrics.get(name if indicator is None else indicator.metric or "")
        return metric.better if metric is not None else Better.HIGHER
