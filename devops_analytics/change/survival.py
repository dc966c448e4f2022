"""Two samples of durations of which some are still running, or a quantile that is no median."""

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devops_analytics.change.effect import (
    Effect,
    Limits,
    Mean,
    Scale,
    grouped_mean,
    limits_of_difference,
    p_of,
    satterthwaite,
    sign,
    smallest_p,
)
from devops_analytics.change.ranks import SHORTEST_HOURS
from devops_analytics.estimates.intervals import Floats, order_statistic_ranks, quantile
from devops_analytics.estimates.survival import survival_quantile

Test = tuple[float, float, float]
"""By how much, its standard error, and the degrees of freedom (0: it can't be told)."""

_NO_LIMITS: Final[Limits] = (None, None, None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """Values of one period; `observed` is false where the true one is at least the value."""

    values: Floats
    observed: NDArray[np.bool_]
    groups: NDArray[np.int64]


def compare_quantiles(
    now: Running, before: Running, *, q: float, scale: Scale, confidence: float
) -> Effect:
    """Compare a quantile of two samples, by Kaplan and Meier where some values still run.

    The limits come from each sample's own (see `limits_of_difference`), wider where values belong
    together. The test is the log-rank test where some still run, weighted by the share running
    (R. Peto and J. Peto, Journal of the Royal Statistical Society A 135 (1972) 185-207; variance
    between groups: E. W. Lee, L. J. Wei and D. A. Amato, in Survival Analysis: State of the Art,
    1992, 237-247), else whether the shares above the common quantile differ.
    """
    is_running = not (now.observed.all() and before.observed.all())
    test = _log_rank if is_running else _above_common
    excess, error, degrees = test(now, before, q)
    p = p_of(excess / error, degrees) if error and degrees else 1.0
    value, low, high = _apart(
        _limits(now, q, scale, confidence), _limits(before, q, scale, confidence), scale
    )
    towards = sign(value - (1 if scale == "ratio" else 0)) if value is not None else 0
    return Effect(
        scale=scale,
        value=value,
        low=low,
        high=high,
        p=max(p, smallest_p(*(len(np.unique(sample.groups)) for sample in (now, before)))),
        # Curves that cross are no change in one direction.
        direction=towards if towards == sign(excess) else 0,
        method="Kaplan-Meier, weighted log-rank"
        if is_running
        else "order statistics, shares above",
    )


# ---- Tests ---- #


def _log_rank(now: Running, before: Running, q: float) -> Test:  # noqa: ARG001 - of all quantiles
    """Return how much longer the present lasted than expected if both were alike.

    Every time counts by the share that still runs then: without anything running the test is
    Mann and Whitney's, so that one open incident does not change what is tested. Where rows belong
    together, the variance is multiplied by how much more their residuals vary between groups than
    between rows (the score residuals of Cox's model with one covariate).
    """
    values = np.concatenate([now.values, before.values])
    observed = np.concatenate([now.observed, before.observed])
    is_now = np.arange(len(values)) < len(now.values)
    times, place = np.unique(values, return_inverse=True)
    at_risk = _at_risk(place, np.ones(len(values)), times)
    share = _at_risk(place, is_now, times) / at_risk
    ended = _counted(place, observed, times)
    running = np.cumprod(np.append(1.0, 1 - ended / at_risk))[:-1]
    left = np.divide(at_risk - ended, at_risk - 1, out=np.zeros(len(times)), where=at_risk > 1)
    variance = float((np.square(running) * ended * share * (1 - share) * left).sum())
    excess = float((running * (ended * share - _counted(place, is_now & observed, times))).sum())
    longer, earlier = (
        np.cumsum(weight * ended / at_risk)[place] - weight[place] * observed
        for weight in (running * (1 - share), running * share)
    )
    factor, degrees = _design_effect(
        (longer[is_now], earlier[~is_now]), (now.groups, before.groups)
    )
    return excess, sqrt(variance * factor), degrees


def _design_effect(
    residuals: tuple[Floats, Floats], groups: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> tuple[float, float]:
    """Return how much more sums vary because rows belong together, and the degrees of freedom.

    Few groups tell little of how much they vary: the smaller sample's decide, and the variance is
    raised once more by k / (k - 1). Without either, 9 of 100 stable pairs would be called changes.
    """
    fewest = min(len(np.unique(own)) for own in groups)
    if all(len(np.unique(own)) == len(own) for own in groups):
        return 1.0, sum(map(len, groups)) - 2.0
    if fewest == 1:
        return 1.0, 0.0
    alone = sum(_sum(values, np.arange(len(values))).variance for values in residuals)
    together = sum(
        _sum(values, own).variance for values, own in zip(residuals, groups, strict=True)
    )
    factor = together / alone * fewest / (fewest - 1) if alone else 1.0
    return max(1.0, factor), fewest - 1.0


def _at_risk(place: NDArray[np.intp], counted: NDArray[np.generic], times: Floats) -> Floats:
    return np.asarray(_counted(place, counted, times)[::-1].cumsum()[::-1])


def _counted(place: NDArray[np.intp], counted: NDArray[np.generic], times: Floats) -> Floats:
    found = np.bincount(place, weights=counted, minlength=len(times))
    return np.asarray(found, dtype=np.float64)


def _sum(values: Floats, groups: NDArray[np.int64]) -> Mean:
    mean, n = grouped_mean(values, groups), len(values)
    return Mean(value=mean.value * n, variance=mean.variance * n**2, degrees=mean.degrees)


def _above_common(now: Running, before: Running, q: float) -> Test:
    common = quantile(np.sort(np.concatenate([now.values, before.values])), q)
    one, other = (grouped_mean(_above(sample, common), sample.groups) for sample in (now, before))
    error = sqrt(one.variance + other.variance)
    return one.value - other.value, error, satterthwaite(one, other)


def _above(sample: Running, value: float) -> Floats:
    return np.asarray(sample.values > value, dtype=np.float64)


# ---- Limits ---- #


def _limits(sample: Running, q: float, scale: Scale, confidence: float) -> Limits:
    """Return a sample's quantile with its limits, as logarithms where a ratio is taken."""
    value, low, high = _quantile(sample, q, confidence)
    if value is None:
        return _NO_LIMITS
    middle, spread = _scaled(value, scale), _spread(sample, value)
    ends = (
        None if end is None else middle + (_scaled(end, scale) - middle) * spread
        for end in (low, high)
    )
    return (middle, *ends)  # type: ignore[return-value]


def _quantile(sample: Running, q: float, confidence: float) -> Limits:
    if not sample.observed.all():
        found = survival_quantile(sample.values, sample.observed, q, confidence)
        return found.value, found.low, found.high
    ordered = np.sort(sample.values)
    lower, upper = order_statistic_ranks(len(ordered), q, confidence)
    return (
        quantile(ordered, q),
        None if lower is None else float(ordered[lower - 1]),
        None if upper is None else float(ordered[upper - 1]),
    )


def _spread(sample: Running, value: float) -> float:
    """Return how much wider limits are because rows belong together (at least 1)."""
    above = _above(sample, value)
    alone = grouped_mean(above, np.arange(len(above)))
    together = grouped_mean(above, sample.groups)
    if alone.variance == 0:
        return 1.0
    return sqrt(max(1.0, together.variance / alone.variance))


def _scaled(value: float, scale: Scale) -> float:
    return log(max(value, SHORTEST_HOURS)) if scale == "ratio" else value


def _apart(now: Limits, before: Limits, scale: Scale) -> Limits:
    if now[0] is None or before[0] is None:
        return _NO_LIMITS
    low, high = limits_of_difference(now, before)
    found = (now[0] - before[0], low, high)
    if scale == "difference":
        return found
    value, lowest, highest = (None if end is None else exp(end) for end in found)
    return value, lowest, highest
