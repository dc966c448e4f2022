"""What a comparison of two samples comes to, and what all comparisons share."""

from dataclasses import dataclass
from math import comb, hypot
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtr

from devops_analytics.estimates.intervals import Floats

Scale = Literal["difference", "ratio"]

Limits = tuple[float | None, float | None, float | None]
"""A value with its lower and upper limit; null: none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """How a present sample differs from an earlier one.

    `value`, `low` and `high` are a difference (present minus earlier, in the unit of the values) or
    a ratio (present over earlier), null where it has no end. `direction` is 1 where the present is
    higher, -1 where it is lower, 0 where test and value do not say the same. `p` is two-sided.
    """

    scale: Scale
    value: float | None
    low: float | None
    high: float | None
    p: float
    direction: int
    method: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Mean:
    """A mean whose variance allows for rows that belong together; `degrees` of freedom."""

    value: float
    variance: float
    degrees: int


def grouped_mean(values: Floats, groups: NDArray[np.int64]) -> Mean:
    """Return a mean and its variance between groups.

    Rows of one group (the commits of one deployment) tell little more than one row, so groups are
    what varies: N. A. Obuchowski, Nonparametric analysis of clustered ROC curve data, Biometrics
    53 (1997) 567-578. With one row a group it is the usual variance of a mean.

    Args:
        values: at least one.
        groups: which group each value is of.
    """
    n, mean = len(values), float(values.mean())
    _, place = np.unique(groups, return_inverse=True)
    sums = np.bincount(place, weights=values - mean)
    count = len(sums)
    if count == 1:
        return Mean(value=mean, variance=0.0, degrees=0)
    variance = count / (count - 1) * float(np.square(sums).sum()) / n**2
    return Mean(value=mean, variance=variance, degrees=count - 1)


def satterthwaite(one: Mean, other: Mean) -> float:
    """Return the degrees of freedom of a difference of two means (Welch and Satterthwaite)."""
    both = one.variance + other.variance
    if both == 0 or 0 in {one.degrees, other.degrees}:
        return 0.0
    parts = sum(mean.variance**2 / mean.degrees for mean in (one, other))
    return both**2 / parts


def p_of(statistic: float, degrees: float | None = None) -> float:
    """Return the two-sided p of a normal statistic, or of Student's where degrees are given."""
    tail = ndtr(-abs(statistic)) if degrees is None else stdtr(degrees, -abs(statistic))
    return min(1.0, 2 * float(tail))


def smallest_p(n: int, n_before: int) -> float:
    """Return the smallest two-sided p that a shuffling of two samples of this size can reach."""
    # Far below any p that matters, and the exact number would have thousands of digits.
    return 0.0 if min(n, n_before) > 30 else min(1.0, 2 / comb(n + n_before, n))  # noqa: PLR2004


def sign(number: float) -> int:
    """Return 1, 0 or -1."""
    return (number > 0) - (number < 0)


def limits_of_difference(now: Limits, before: Limits) -> tuple[float | None, float | None]:
    """Return the limits of a difference of two independent estimates from their own limits.

    R. G. Newcombe's method for proportions (Statistics in Medicine 17 (1998) 873-890, method 10),
    which holds for any two estimates: G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008)
    1693-1702.
    """
    value, low, high = now
    other, other_low, other_high = before
    if value is None or other is None:
        return None, None
    lowest = highest = None
    if low is not None and other_high is not None:
        lowest = value - other - hypot(value - low, other_high - other)
    if high is not None and other_low is not None:
        highest = value - other + hypot(high - value, other - other_low)
    return lowest, highest
