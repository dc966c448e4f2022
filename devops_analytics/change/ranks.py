"""Two samples of durations or levels, all of them ended: ranks, and how far they are apart."""

from dataclasses import dataclass
from math import exp, inf, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devops_analytics.change.effect import (
    Effect,
    Mean,
    Scale,
    grouped_mean,
    p_of,
    satterthwaite,
    sign,
    smallest_p,
)
from devops_analytics.estimates.intervals import MEDIAN, Floats, quantile, reach

SHORTEST_HOURS: Final = 1 / 3600
"""A second: shorter durations count as one where a ratio is taken."""

_MOST: Final = 1500
"""Of more values than these, as many evenly spaced quantiles stand for the sample."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Values of one period, and which of them belong together (the commits of one deployment)."""

    values: Floats
    groups: NDArray[np.int64]

    @property
    def n_groups(self) -> int:
        """How many values there are that tell something of their own."""
        return len(np.unique(self.groups))

    @property
    def is_grouped(self) -> bool:
        """Whether any two values belong together."""
        return self.n_groups < len(self.values)


def compare_ranked(now: Sample, before: Sample, *, scale: Scale, confidence: float) -> Effect:
    """Compare two samples by their ranks.

    The value is Hodges and Lehmann's: the median of all differences between a present and an
    earlier value, or of all ratios. The test is Mann and Whitney's with ties and continuity
    corrected; where values belong together, the variance is that between groups (Obuchowski 1997,
    see `grouped_mean`), taken where the samples are shifted onto each other. The interval holds
    the shifts that the test would not reject.
    """
    x, y = (Sample(values=_scaled(one.values, scale), groups=one.groups) for one in (now, before))
    apart = differences(x.values, y.values)
    shift = quantile(apart, MEDIAN)
    is_grouped = x.is_grouped or y.is_grouped
    error, degrees = _error_of_groups(x, y, shift) if is_grouped else _error(x.values, y.values)
    excess = _excess(x.values, y.values)
    continuity = 0.0 if is_grouped else MEDIAN / (len(x.values) * len(y.values))
    statistic = max(0.0, abs(excess) - continuity) / error if error else inf * abs(sign(excess))
    p = 1.0 if excess == 0 or degrees == 0 else p_of(statistic, degrees)
    half = error * reach(confidence, degrees) if degrees != 0 else MEDIAN
    low, high = _between(apart, half)
    return Effect(
        scale=scale,
        value=_back(shift, scale),
        low=None if low is None else _back(low, scale),
        high=None if high is None else _back(high, scale),
        p=max(p, smallest_p(x.n_groups, y.n_groups)),
        # Of many equal values the ranks may differ though the typical shift is none.
        direction=sign(excess) if sign(shift) == sign(excess) else 0,
        method="Hodges-Lehmann, Mann-Whitney" + (" by group" if is_grouped else ""),
    )


def superiority(values: Floats, others: Floats) -> Floats:
    """Return for each value the share of the others that are below it, half of those equal."""
    return np.asarray(_wins(values, others) / (2 * len(others)), dtype=np.float64)


def _excess(values: Floats, others: Floats) -> float:
    """Return by how much the share of pairs in which a value is higher exceeds one half.

    It is exactly zero where neither side is higher, whichever way the rounding of shares went.
    """
    pairs = len(values) * len(others)
    return (int(_wins(values, others).sum()) - pairs) / (2 * pairs)


def _wins(values: Floats, others: Floats) -> NDArray[np.int64]:
    """Return for each value twice the others that are below it, and once those equal."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, side="left")
    up_to = np.searchsorted(ordered, values, side="right")
    return np.asarray(below + up_to, dtype=np.int64)


def differences(values: Floats, others: Floats) -> Floats:
    """Return all differences between a value and another, sorted."""
    return np.sort(np.subtract.outer(_thinned(values), _thinned(others)), axis=None)


def _thinned(values: Floats) -> Floats:
    ordered = np.sort(values)
    if len(ordered) <= _MOST:
        return ordered
    return np.asarray(np.quantile(ordered, (np.arange(_MOST) + MEDIAN) / _MOST))


def _scaled(values: Floats, scale: Scale) -> Floats:
    if scale == "difference":
        return values
    return np.asarray(np.log(np.maximum(values, SHORTEST_HOURS)))


def _back(value: float, scale: Scale) -> float:
    return exp(value) if scale == "ratio" else value


def _error(x: Floats, y: Floats) -> tuple[float, float | None]:
    """Return the standard error of the share of pairs in which x is higher, nothing being so."""
    n, m = len(x), len(y)
    _, ties = np.unique(np.concatenate([x, y]), return_counts=True)
    both = n + m
    tied = float((ties**3.0 - ties).sum()) / (both * (both - 1)) if both > 1 else 0.0
    return sqrt(max(0.0, both + 1 - tied) / (12 * n * m)), None


def _error_of_groups(x: Sample, y: Sample, shift: float) -> tuple[float, float | None]:
    means: list[Mean] = [
        grouped_mean(superiority(x.values - shift, y.values), x.groups),
        grouped_mean(superiority(y.values, x.values - shift), y.groups),
    ]
    return sqrt(sum(mean.variance for mean in means)), satterthwaite(*means)


def _between(apart: Floats, half: float) -> tuple[float | None, float | None]:
    """Return the differences whose share below is `half` less and more than one half."""
    if half >= MEDIAN:
        return None, None
    last = len(apart) - 1
    rank = int(np.floor((MEDIAN - half) * len(apart)))
    return float(apart[max(0, rank - 1)]), float(apart[min(last, last - rank + 1)])
