"""One dimension from its evidence: score, interval, coverage, range, confidence and level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from devops_analytics.maturity.evidence import Finding, Measured, Outcome, unscored
from devops_analytics.maturity.levels import (
    Judged,
    blocking_sentence,
    judge_levels,
    level_reached,
)
from devops_analytics.maturity.model import Dimension, Model
from devops_analytics.maturity.words import DASH, value_in_words
from devops_analytics.metrics.metric import Unit

ASSESSED: Final = "assessed"
NOT_ASSESSED: Final = "not assessed"
NOT_APPLICABLE: Final = "not applicable"

BEST: Final = 100.0
"""Points of the best evidence; unknown evidence lies between 0 and this."""

_ROUNDING: Final = 1e-9
"""Sums of weights may miss a limit by their last digit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DimensionScore:
    """A dimension as a row of `Assessment.dimensions`, with its levels."""

    dimension: str
    score: float | None = None
    low: float | None = None
    high: float | None = None
    coverage: float | None = None
    range_low: float | None = None
    range_high: float | None = None
    level: int | None = None
    confidence: str | None = None
    status: str
    blocking: str | None = None
    reason: str
    judged: tuple[Judged, ...] = ()


def score_dimension(
    name: str,
    dimension: Dimension,
    model: Model,
    findings: Mapping[str, Finding],
    measurements: Mapping[str, Measured],
) -> DimensionScore:
    """Score one dimension from the findings of the whole model.

    Conditions of its levels may name indicators of other dimensions, and metrics that are none.
    The range puts all that is unknown at 0 and at 100 points.
    """
    own = [findings[one] for one in dimension.indicators]
    applicable = [one for one in own if one.outcome is not Outcome.NOT_APPLICABLE]
    if not applicable:
        reason = "None of its indicators applies."
        return DimensionScore(dimension=name, status=NOT_APPLICABLE, reason=reason)
    beside = [unscored(one, dimension.beside_why, model, measurements) for one in dimension.beside]
    scored = [one for one in applicable if one.is_scored]
    total, weight = total_weight(applicable), total_weight(scored)
    lacking = _lacking(model, applicable, beside, weight / total)
    judged = judge_levels(name, dimension, model, findings, measurements, not_assessed=lacking)
    known = weighted_sum(scored, "points") / total
    result = DimensionScore(
        dimension=name,
        coverage=weight / total,
        range_low=known,
        range_high=known + BEST * (total - weight) / total,
        level=level_reached(judged),
        status=NOT_ASSESSED if lacking else ASSESSED,
        blocking=blocking_sentence(judged),
        reason=lacking,
        judged=tuple(judged),
    )
    return result if lacking else _with_score(result, model, applicable, beside)


def _with_score(
    result: DimensionScore, model: Model, applicable: Sequence[Finding], beside: Sequence[Finding]
) -> DimensionScore:
    """Fill in the weighted means of points, of their lower ends and of their upper ends.

    The means of the ends lie farther apart than the interval of a mean would: no independence of
    the indicators is assumed.
    """
    scored = [one for one in applicable if one.is_scored]
    coverage = total_weight(scored) / total_weight(applicable)
    point, low, high = (
        weighted_sum(scored, end) / total_weight(scored)
        for end in ("points", "points_low", "points_high")
    )
    return replace(
        result,
        score=point,
        low=low,
        high=high,
        confidence=_confidence(model, scored, coverage),
        reason=(
            f"{point:.0f} of 100 points ({low:.0f}{DASH}{high:.0f}) from "
            f"{_counts(applicable, coverage)}.{_unknown(model, applicable)}{_beside(model, beside)}"
        ),
    )


def _lacking(
    model: Model, applicable: Sequence[Finding], beside: Sequence[Finding], coverage: float
) -> str:
    """Return why the dimension is not assessed; empty where it is."""
    needed = model.rules.minimum_coverage
    if coverage < needed - _ROUNDING or not coverage:
        return (
            f"Not assessed: {_counts(applicable, coverage)} known, {_share(needed)} needed."
            f"{_unknown(model, applicable)}"
        )
    if beside and not any(one.is_scored for one in beside):
        return f"Not assessed: none of what must stand beside it is known.{_beside(model, beside)}"
    return ""


def _confidence(model: Model, scored: Sequence[Finding], coverage: float) -> str:
    measured = total_weight([one for one in scored if one.evidence_class == "measured"])
    is_high = (
        coverage >= model.rules.high_coverage - _ROUNDING
        and measured / total_weight(scored) >= model.rules.high_measured - _ROUNDING
    )
    return "high" if is_high else "medium"


def total_weight(findings: Sequence[Finding]) -> float:
    """Return the weight of several indicators together."""
    return sum(one.weight or 0.0 for one in findings)


def weighted_sum(scored: Sequence[Finding], end: str) -> float:
    """Return the sum of points (or of one end of their intervals), each times its weight."""
    return sum((one.weight or 0.0) * float(getattr(one, end)) for one in scored)


def _share(share: float) -> str:
    return value_in_words(share, Unit.SHARE.value)


def _counts(applicable: Sequence[Finding], coverage: float) -> str:
    n_scored = sum(one.is_scored for one in applicable)
    return f"{n_scored} of {len(applicable)} indicators, {_share(coverage)} of the weight"


def _unknown(model: Model, applicable: Sequence[Finding]) -> str:
    """Return why indicators have no score, those with the same reason together."""
    names: dict[str, list[str]] = {}
    for one in applicable:
        if not one.is_scored:
            names.setdefault(one.reason, []).append(model.title(one.indicator))
    return "".join(f" {', '.join(found)}: {reason}" for reason, found in names.items())


def _beside(model: Model, beside: Sequence[Finding]) -> str:
    return "".join(f" Beside it, {model.title(one.indicator)}: {one.reason}" for one in beside)
