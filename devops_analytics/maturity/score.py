"""The assessment of one entity in one period: every dimension with its evidence and levels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from devops_analytics.errors import DevopsAnalyticsError, PeriodError, UnknownNameError
from devops_analytics.maturity.dimensions import DimensionScore, score_dimension
from devops_analytics.maturity.evidence import Finding, find_evidence, read_measurements
from devops_analytics.maturity.model import Model
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
    """The maturity of one entity in one period, without a grand total.

    `dimensions`: one row per dimension. `score`, `low`, `high` (0-100) come from what is scored;
    `coverage` is the scored share of the weight; `range_low` and `range_high` are the score with
    all that is unknown at 0 and at 100. Where `status` is not `assessed`, score, interval, level
    and confidence are null, and `reason` says why.

    `evidence`: one row per indicator (`role` indicator), and the metrics shown unscored (`beside`
    and `context`). `levels`: each level's statement, whether it holds by itself, and why not.
    `weights`: how scores move when weights are drawn at random.
    """

    entity: str
    period: str
    model_version: str
    dimensions: pl.DataFrame
    evidence: pl.DataFrame
    levels: pl.DataFrame
    weights: WeightSensitivity


def score(
    measurements: pl.DataFrame, model: Model, *, entity: str, period: str | None = None
) -> Assessment:
    """Assess one entity in one period by a model.

    Args:
        measurements: measurements (schema `Measurements`) of every metric that the model names.
        model: the maturity model.
        entity: whose measurements.
        period: label of the period; may be left out where there is only one.

    Raises:
        UnknownNameError: there are no measurements of that entity, or of several kinds of it.
        PeriodError: there are none of that period, or several periods and none is named.
    """
    rows, label = _one_entity_and_period(measurements, entity, period)
    known = read_measurements(rows)
    findings = find_evidence(model, known)
    scores = [score_dimension(name, model, findings, known) for name in model.dimensions]
    levels = [level for one in scores for level in one.judged]
    return Assessment(
        entity=entity,
        period=label,
        model_version=model.version,
        dimensions=pl.DataFrame(
            [[getattr(one, name) for name in DIMENSIONS] for one in scores],
            schema=DIMENSIONS,
            orient="row",
        ),
        evidence=pl.DataFrame(
            [_evidence_row(one) for one in findings], schema=EVIDENCE, orient="row"
        ),
        levels=pl.DataFrame(
            [[getattr(level, name) for name in LEVELS] for level in levels],
            schema=LEVELS,
            orient="row",
        ),
        weights=_weights(scores, findings),
    )


def change_index(before: Assessment, after: Assessment) -> pl.DataFrame:
    """Return the levels gained or lost between two assessments of one entity.

    Returns:
        One row per dimension: dimension, level_before, level_after, change (levels gained,
        negative where lost; null where either is not assessed).

    Raises:
        DevopsAnalyticsError: they are of two entities or by two versions of the model.
    """
    for what in ("entity", "model_version"):
        found = getattr(before, what), getattr(after, what)
        if found[0] != found[1]:
            raise DevopsAnalyticsError(
                f"two assessments can be compared only with one {what.replace('_', ' ')}: found "
                f"{found[0]!r} and {found[1]!r}. Score the earlier period again with the same."
            )
    levels = [one.dimensions.select("dimension", "level") for one in (before, after)]
    return (
        levels[1]
        .rename({"level": "level_after"})
        .join(levels[0].rename({"level": "level_before"}), on="dimension", maintain_order="left")
        .select(
            "dimension",
            "level_before",
            "level_after",
            change=pl.col("level_after") - pl.col("level_before"),
        )
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


def _weights(scores: Sequence[DimensionScore], findings: Sequence[Finding]) -> WeightSensitivity:
    assessed = {one.dimension: one.score for one in scores if one.score is not None}
    points: dict[str, list[float]] = {name: [] for name in assessed}
    for one in findings:
        if one.points is not None and one.dimension in points:
            points[one.dimension].append(one.points)
    return weight_sensitivity(points, assessed)


def _evidence_row(finding: Finding) -> tuple[object, ...]:
    measured = finding.measured
    numbers: tuple[object, ...] = (None,) * 5
    if measured is not None:
        numbers = (measured.value, measured.low, measured.high, measured.n, measured.unit)
    return (
        finding.dimension,
        finding.role.value,
        finding.indicator,
        finding.metric,
        finding.evidence_class,
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
