"""Exact intervals in closed form: order statistics, Wilson, Poisson, Student's t.

Every interval is two-sided with equal tails. Only `scipy.special` is used: `scipy.stats` takes a
second to import.
"""

from bisect import bisect_left, bisect_right
from functools import lru_cache
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, bdtrc, gammaincinv, ndtri, stdtrit

Floats = NDArray[np.float64]

MEDIAN: Final = 0.5


@lru_cache
def z_score(confidence: float) -> float:
    """Return how many standard deviations a two-sided normal interval reaches (0.95: 1.96)."""
    return float(ndtri((1 + confidence) / 2))


def reach(confidence: float, degrees: float | None = None) -> float:
    """Return how many standard errors a two-sided interval reaches."""
    if degrees is None:
        return z_score(confidence)
    return float(stdtrit(degrees, (1 + confidence) / 2))


def quantile(ordered: Floats, q: float) -> float:
    """Return a quantile of sorted values, between two neighbours where it falls between them.

    The rank is `q * (n - 1)` from zero, as numpy's and pandas' default; the median of an even
    number of values is the mean of the middle two.
    """
    rank = q * (len(ordered) - 1)
    below = int(rank)
    weight = rank - below
    low = float(ordered[below])
    if weight == 0:
        return low
    high = float(ordered[below + 1])
    if q == MEDIAN:
        return (low + high) / 2
    return min(low + (high - low) * weight, high)


@lru_cache(maxsize=65_536)
def order_statistic_ranks(n: int, q: float, confidence: float) -> tuple[int | None, int | None]:
    """Return the ranks (from 1) of the values that bound a quantile, whatever the distribution.

    The number of values below the true quantile is binomial. The lower rank is the largest with
    at most half of the allowed error below it, the upper rank the smallest with at most half
    above; null where not even the extreme value is far enough out.
    """
    tail = (1 - confidence) / 2
    lower = bisect_right(range(n), tail, key=lambda k: float(bdtr(k, n, q)))
    upper = bisect_left(range(n), -tail, key=lambda k: -float(bdtrc(k, n, q))) + 1
    return (lower or None, upper if upper <= n else None)


def wilson(successes: float, n: float, confidence: float) -> tuple[float, float]:
    """Return Wilson's interval for a share of `successes` in `n` (1 or more)."""
    z = z_score(confidence)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == n else centre + half
    return low, high


def poisson(count: float, confidence: float) -> tuple[float, float]:
    """Return the exact interval for the expected number where `count` events were seen."""
    tail = (1 - confidence) / 2
    low = float(gammaincinv(count, tail)) if count else 0.0
    return low, float(gammaincinv(count + 1, 1 - tail))


def mean_interval(values: Floats, confidence: float) -> tuple[float, float, float]:
    """Return the mean of two or more values with Student's t interval: low, mean, high."""
    n = len(values)
    mean = float(values.mean())
    half = reach(confidence, n - 1) * float(values.std(ddof=1)) / sqrt(n)
    return mean - half, mean, mean + half
