"""The assessment of one entity in one period: every dimension with its evidence and levels."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from devops_analytics.errors import PeriodError, UnknownNameError
from devops_analytics.maturity.attested import NOTHING_ATTESTED, Attested
from devops_analytics.maturity.dimensions import DimensionScore, score_dimension
from devops_analytics.maturity.evidence import (
    Finding,
    Measured,
    Role,
    find_evidence,
    read_measurements,
    unscored,
)
from devops_analytics.maturity.improvements import improvements
from devops_analytics.maturity.model import Lens, Model
from devops_analytics.maturity.weights import WeightSensitivity, weight_sensitivity

DIMENSIONS: Final = pl.Schema(
    {
        "dimension": pl.String(),
        "score": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "coverage": pl.Float64(),
        "range_low": pl.Float64(),
        "range_high": pl.Float64(),
        "level": pl.Int64(),
        "confidence": pl.String(),
        "status": pl.String(),
        "blocking": pl.String(),
        "reason": pl.String(),
    }
)
EVIDENCE: Final = pl.Schema(
    {
        "dimension": pl.String(),
        "role": pl.String(),
        "indicator": pl.String(),
        "metric": pl.String(),
        "class": pl.String(),
        "capability": pl.String(),
        "weight": pl.Float64(),
        "outcome": pl.String(),
        "value": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "n": pl.Int64(),
        "unit": pl.String(),
        "points": pl.Float64(),
        "points_low": pl.Float64(),
        "points_high": pl.Float64(),
        "reason": pl.String(),
        "why": pl.String(),
        "moved_without_improvement": pl.String(),
        "source": pl.String(),
    }
)
LEVELS: Final = pl.Schema(
    {
        "dimension": pl.String(),
        "level": pl.Int64(),
        "statement": pl.String(),
        "holds": pl.Boolean(),
        "reason": pl.String(),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    """The maturity of one entity in one period through one lens, without a grand total.

    `dimensions`: one row per dimension. `score`, `low`, `high` (0-100) come from what is scored;
    `coverage` is the scored share of the weight; `range_low` and `range_high` are the score with
    all that is unknown at 0 and at 100, so `range_low` is what is proven. Where `status` is not
    `assessed`, score, interval, level and confidence are null, and `reason` says why. A dimension
    that is a position between two ends has no levels.

    `evidence`: one row per dimension and indicator (`role` indicator), and the metrics shown
    unscored (`beside` and `context`). `levels`: each level's statement, whether it holds by
    itself, and why not. `improvements` (schema `IMPROVEMENTS`): what would move it most.
    `weights`: how scores move when weights are drawn at random. `refused` (schema `REFUSED`):
    attestations that do not count.
    """

    entity: str
    period: str
    lens: str
    model_version: str
    dimensions: pl.DataFrame
    evidence: pl.DataFrame
    levels: pl.DataFrame
    improvements: pl.DataFrame
    weights: WeightSensitivity
    refused: pl.DataFrame


def score(
    measurements: pl.DataFrame,
    model: Model,
    *,
    entity: str,
    lens: str | None = None,
    period: str | None = None,
    attestations: Attested = NOTHING_ATTESTED,
) -> Assessment:
    """Assess one entity in one period by a model, through one of its lenses.

    Args:
        measurements: measurements (schema `Measurements`) of every metric that the model names.
        model: the maturity model.
        entity: whose measurements.
        lens: a lens of the model; its first one where None.
        period: label of the period; may be left out where there is only one.
        attestations: what is attested of the entity in the period.

    Raises:
        UnknownNameError: there are no measurements of that entity, or of several kinds of it, or
            there is no such lens.
        PeriodError: there are none of that period, or several periods and none is named.
    """
    name = next(iter(model.lenses)) if lens is None else lens
    looked = model.lens(name)
    rows, label = _one_entity_and_period(measurements, entity, period)
    known = read_measurements(rows) | dict(attestations.measured)
    findings = find_evidence(model, known, by=rows["by"][0])
    scores = [
        score_dimension(key, one, model, findings, known) for key, one in looked.dimensions.items()
    ]
    levels = [level for one in scores for level in one.judged]
    return Assessment(
        entity=entity,
        period=label,
        lens=name,
        model_version=model.version,
        dimensions=_frame(scores, DIMENSIONS),
        evidence=pl.DataFrame(
            list(_evidence_rows(looked, model, findings, known)), schema=EVIDENCE, orient="row"
        ),
        levels=_frame(levels, LEVELS),
        improvements=improvements(
            zip(looked.dimensions.values(), scores, strict=True), model, findings
        ),
        weights=_weights(looked, scores, findings),
        refused=attestations.refused,
    )


# ---- Rows ---- #


def _one_entity_and_period(
    measurements: pl.DataFrame, entity: str, period: str | None
) -> tuple[pl.DataFrame, str]:
    own = measurements.filter(pl.col("entity") == entity)
    if own.is_empty():
        known = measurements["entity"].unique().sort().to_list()
        raise UnknownNameError(
            f"there are no measurements of {entity!r}; measured: {', '.join(known) or 'nothing'}."
        )
    kinds = own["by"].unique().sort().to_list()
    if len(kinds) > 1:
        raise UnknownNameError(
            f"{entity!r} is measured by {' and by '.join(kinds)}; keep the measurements of one."
        )
    periods = own["period"].unique().sort().to_list()
    if period is None and len(periods) > 1:
        raise PeriodError(
            f"{entity!r} is measured in several periods, name one: {', '.join(periods)}."
        )
    label = periods[0] if period is None else period
    if label not in periods:
        raise PeriodError(
            f"{entity!r} is not measured in {label!r}; measured: {', '.join(periods)}."
        )
    return own.filter(pl.col("period") == label), label


def _frame(rows: Sequence[object], schema: pl.Schema) -> pl.DataFrame:
    values = [[getattr(row, name) for name in schema] for row in rows]
    return pl.DataFrame(values, schema=schema, orient="row")


def _weights(
    lens: Lens, scores: Sequence[DimensionScore], findings: Mapping[str, Finding]
) -> WeightSensitivity:
    assessed = {one.dimension: one.score for one in scores if one.score is not None}
    points = {
        name: [
            found
            for indicator in lens.dimensions[name].indicators
            if (found := findings[indicator].points) is not None
        ]
        for name in assessed
    }
    names = {name: dimension.name for name, dimension in lens.dimensions.items()}
    return weight_sensitivity(points, assessed, names=names)


def _evidence_rows(
    lens: Lens, model: Model, findings: Mapping[str, Finding], known: Mapping[str, Measured]
) -> Iterator[tuple[object, ...]]:
    for name, dimension in lens.dimensions.items():
        for indicator in dimension.indicators:
            yield name, Role.INDICATOR.value, *_evidence_row(findings[indicator])
        for role, why, metrics in (
            (Role.BESIDE, dimension.beside_why, dimension.beside),
            (Role.CONTEXT, dimension.context_why, dimension.context),
        ):
            for metric in metrics:
                yield name, role.value, *_evidence_row(unscored(metric, why, model, known))


def _evidence_row(finding: Finding) -> tuple[object, ...]:
    measured = finding.measured
    numbers: tuple[object, ...] = (None,) * 5
    if measured is not None:
        numbers = (measured.value, measured.low, measured.high, measured.n, measured.unit)
    return (
        finding.indicator,
        finding.metric,
        finding.evidence_class,
        finding.capability,
        finding.weight,
        finding.outcome.value,
        *numbers,
        finding.points,
        finding.points_low,
        finding.points_high,
        finding.reason,
        finding.why,
        finding.moved_without_improvement,
        finding.source,
    )
