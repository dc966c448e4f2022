"""One dimension from its evidence: score, interval, coverage, range, confidence and level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from devops_analytics.maturity.evidence import Finding, Measured, Outcome
from devops_analytics.maturity.levels import (
    Judged,
    blocking_sentence,
    judge_levels,
    level_reached,
)
from devops_analytics.maturity.model import Model
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
    model: Model,
    indicators: Sequence[Finding],
    *,
    beside: Sequence[Finding],
    measurements: Mapping[str, Measured],
) -> DimensionScore:
    """Score one dimension.

    The score is the weighted mean of the points of what is scored; low and high are the weighted
    means of the points' lower and upper ends, which is wider than the interval of a mean, as no
    independence is assumed. The range puts all that is unknown at 0 and at 100.

    Args:
        name: the dimension's key in the model.
        model: the model.
        indicators: what every indicator of the model says; other dimensions' serve conditions.
        beside: the unscored metrics of which at least one must be known.
        measurements: the measurements by metric, for conditions that name no indicator.
    """
    own = [one for one in indicators if one.dimension == name]
    applicable = [one for one in own if one.outcome is not Outcome.NOT_APPLICABLE]
    if not applicable:
        reason = "None of its indicators applies."
        return DimensionScore(dimension=name, status=NOT_APPLICABLE, reason=reason)
    scored = [one for one in applicable if one.outcome is Outcome.SCORED]
    total, weight = _weight(applicable), _weight(scored)
    coverage = weight / total
    lacking = _lacking(model, applicable, beside, coverage)
    judged = judge_levels(
        name,
        model,
        {one.indicator: one for one in indicators},
        measurements,
        not_assessed=lacking,
    )
    sums = [_sum(scored, end) for end in ("points", "points_low", "points_high")]
    known = sums[0] / total
    point, low, high = (None, None, None) if lacking else (one / weight for one in sums)
    return DimensionScore(
        dimension=name,
        score=point,
        low=low,
        high=high,
        coverage=coverage,
        range_low=known,
        range_high=known + BEST * (total - weight) / total,
        level=level_reached(judged),
        confidence=None if lacking else _confidence(model, scored, coverage),
        status=NOT_ASSESSED if lacking else ASSESSED,
        blocking=blocking_sentence(judged),
        reason=lacking
        or f"{point:.0f} of 100 points ({low:.0f}{DASH}{high:.0f}) from "
        f"{_counts(applicable, coverage)}.{_unknown(model, applicable)}{_beside(model, beside)}",
        judged=tuple(judged),
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
    if beside and not any(one.outcome is Outcome.SCORED for one in beside):
        return f"Not assessed: none of what must stand beside it is known.{_beside(model, beside)}"
    return ""


def _confidence(model: Model, scored: Sequence[Finding], coverage: float) -> str:
    measured = _weight([one for one in scored if one.evidence_class == "measured"])
    is_high = (
        coverage >= model.rules.high_coverage - _ROUNDING
        and measured / _weight(scored) >= model.rules.high_measured - _ROUNDING
    )
    return "high" if is_high else "medium"


def _weight(findings: Sequence[Finding]) -> float:
    return sum(one.weight or 0.0 for one in findings)


def _sum(scored: Sequence[Finding], end: str) -> float:
    return sum((one.weight or 0.0) * float(getattr(one, end)) for one in scored)


def _share(share: float) -> str:
    return value_in_words(share, Unit.SHARE.value)


def _counts(applicable: Sequence[Finding], coverage: float) -> str:
    n_scored = sum(one.outcome is Outcome.SCORED for one in applicable)
    return f"{n_scored} of {len(applicable)} indicators, {_share(coverage)} of the weight"


def _unknown(model: Model, applicable: Sequence[Finding]) -> str:
    """Return why indicators have no score, those with the same reason together."""
    names: dict[str, list[str]] = {}
    for one in applicable:
        if one.outcome is not Outcome.SCORED:
            names.setdefault(one.reason, []).append(model.title(one.indicator))
    return "".join(f" {', '.join(found)}: {reason}" for reason, found in names.items())


def _beside(model: Model, beside: Sequence[Finding]) -> str:
    return "".join(f" Beside it, {model.title(one.indicator)}: {one.reason}" for one in beside)
