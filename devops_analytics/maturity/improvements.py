"""What would move the scores most: the next step of each indicator, or knowing it at all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from devops_analytics.maturity.dimensions import BEST, DimensionScore, total_weight, weighted_sum
from devops_analytics.maturity.evidence import Finding, Outcome
from devops_analytics.maturity.model import Dimension, Indicator, Model

REACH: Final = "reach"
MEASURE: Final = "measure"
"""What an improvement is: reaching the next anchor, or measuring what is unknown."""

MIDDLE: Final = 50.0
"""Points that unknown evidence is taken to have where nothing of its dimension is known."""

_TOLERANCE: Final = 1e-9

IMPROVEMENTS: Final = pl.Schema(
    {
        "dimension": pl.String(),
        "indicator": pl.String(),
        "kind": pl.String(),
        "gain": pl.Float64(),
        "gain_most": pl.Float64(),
        "value": pl.Float64(),
        "target": pl.Float64(),
        "unit": pl.String(),
        "blocks_level": pl.Int64(),
        "capability": pl.String(),
        "reason": pl.String(),
    }
)
"""One row for each indicator of a dimension that could move it, the largest gain first.

`kind` is `reach` (the next anchor, at `target`) or `measure` (it is unknown). `gain` is in points
of the proven score, the low end of the range. For `measure` it takes the unknown to be like what
is known of its dimension (50 points where nothing is), and `gain_most` takes it to be at its best;
for `reach` both are the same. `blocks_level` is the next level, where this is what blocks it.
"""

MOVES: Final = pl.Schema(
    {
        "indicator": pl.String(),
        "kind": pl.String(),
        "gain": pl.Float64(),
        "gain_most": pl.Float64(),
        "value": pl.Float64(),
        "target": pl.Float64(),
        "unit": pl.String(),
        "capability": pl.String(),
        "reason": pl.String(),
        "moves": pl.List(
            pl.Struct({"lens": pl.String(), "dimension": pl.String(), "gain": pl.Float64()})
        ),
        "blocks": pl.List(
            pl.Struct({"lens": pl.String(), "dimension": pl.String(), "level": pl.Int64()})
        ),
    }
)
"""One row for each indicator: what it would move in all lenses; `gain` adds up its dimensions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Step:
    points: float
    value: float | None


def improvements(
    dimensions: Iterable[tuple[Dimension, DimensionScore]],
    model: Model,
    findings: dict[str, Finding],
) -> pl.DataFrame:
    """Return what would move each dimension (schema `IMPROVEMENTS`)."""
    rows: list[tuple[object, ...]] = []
    for dimension, score in dimensions:
        own = [findings[name] for name in dimension.indicators]
        applicable = [one for one in own if one.outcome is not Outcome.NOT_APPLICABLE]
        rows += [
            row for one in applicable if (row := _row(one, applicable, model, score)) is not None
        ]
    frame = pl.DataFrame(rows, schema=IMPROVEMENTS, orient="row")
    return frame.sort("gain", "gain_most", descending=True, maintain_order=True)


def what_moves_most(found: Sequence[tuple[str, pl.DataFrame]]) -> pl.DataFrame:
    """Return what would move all lenses together, the largest gain first (schema `MOVES`).

    Args:
        found: the lens and its improvements (schema `IMPROVEMENTS`), for each lens.
    """
    frames = [frame.with_columns(lens=pl.lit(lens)) for lens, frame in found]
    if not frames:
        return pl.DataFrame(schema=MOVES)
    blocked = pl.struct("lens", "dimension", level="blocks_level")
    same = ("kind", "value", "target", "unit", "capability", "reason")
    return (
        pl.concat(frames)
        .group_by("indicator", maintain_order=True)
        .agg(
            *(pl.col(name).first() for name in same),
            pl.col("gain", "gain_most").sum(),
            moves=pl.struct("lens", "dimension", "gain"),
            blocks=blocked.filter(pl.col("blocks_level").is_not_null()),
        )
        .select(*MOVES)
        .sort("gain", "gain_most", descending=True, maintain_order=True)
    )


def _row(
    finding: Finding, applicable: Sequence[Finding], model: Model, score: DimensionScore
) -> tuple[object, ...] | None:
    share = (finding.weight or 0.0) / total_weight(applicable)
    indicator, measured = model.indicators[finding.indicator], finding.measured
    if finding.points is not None:
        step = _next_step(indicator, finding.points)
        if step is None:
            return None
        kind, target = REACH, step.value
        gain = most = share * (step.points - finding.points)
    else:
        kind, target = MEASURE, None
        gain, most = share * _typical(applicable), share * BEST
    return (
        score.dimension,
        finding.indicator,
        kind,
        gain,
        most,
        measured.value if measured is not None else None,
        target,
        measured.unit if measured is not None else None,
        _blocked(finding.indicator, score),
        finding.capability,
        finding.reason,
    )


def _next_step(indicator: Indicator, points: float) -> _Step | None:
    """Return the nearest anchor with more points; None where there are no more."""
    better = [(p, value) for value, p in indicator.anchors if p > points + _TOLERANCE]
    if not better:
        return None
    most, value = min(better, key=lambda anchor: anchor[0])
    return _Step(points=most, value=value)


def _typical(applicable: Sequence[Finding]) -> float:
    scored = [one for one in applicable if one.is_scored]
    return weighted_sum(scored, "points") / total_weight(scored) if scored else MIDDLE


def _blocked(indicator: str, score: DimensionScore) -> int | None:
    """Return the next level of the dimension where this indicator is among what blocks it."""
    blocking = next((level for level in score.judged if not level.holds), None)
    return blocking.level if blocking is not None and indicator in blocking.failing else None
