"""A trend over periods: Mann and Kendall's test, and Theil and Sen's slope."""

from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from typing import Final

import numpy as np

from devops_analytics.change.effect import p_of, sign
from devops_analytics.estimates.intervals import MEDIAN, Floats, quantile, reach

FEWEST_PERIODS: Final = 5
"""Of four periods not even an unbroken rise has a p under 0.08."""

_EXACT_UP_TO: Final = 10
"""Without ties and up to so many periods the test is exact."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """What values over time come to; `slope` is in their unit per step, null limits: no end."""

    n: int
    tau: float
    p: float
    slope: float
    low: float | None
    high: float | None


def mann_kendall(times: Floats, values: Floats, *, confidence: float) -> Trend:
    """Test whether values rise or fall over time, and estimate by how much per step.

    H. B. Mann, Econometrica 13 (1945) 245-259; ties as in M. G. Kendall, Rank Correlation Methods
    (1975); exact up to ten values without ties. The slope is the median of the slopes of all
    pairs, its limits P. K. Sen's (Journal of the American Statistical Association 63 (1968)
    1379-1389). The test takes neighbours to be independent.

    Args:
        times: when, in steps, all different; gaps between them are allowed.
        values: as many, at least 2.
        confidence: of the slope's interval.
    """
    order = np.argsort(times)
    times, values = times[order], values[order]
    n = len(values)
    pairs = np.array(list(combinations(range(n), 2)))
    rises = values[pairs[:, 1]] - values[pairs[:, 0]]
    score = int(np.sign(rises).sum())
    _, ties = np.unique(values, return_counts=True)
    variance = (_part(n) - sum(_part(int(t)) for t in ties)) / 18
    slopes = np.sort(rises / (times[pairs[:, 1]] - times[pairs[:, 0]]))
    low, high = _limits(slopes, sqrt(variance), confidence)
    is_exact = n <= _EXACT_UP_TO and len(ties) == n
    return Trend(
        n=n,
        tau=_tau(score, len(pairs), ties),
        p=_exact_p(n, score) if is_exact else _normal_p(score, variance),
        slope=quantile(slopes, MEDIAN),
        low=low,
        high=high,
    )


def _part(n: int) -> int:
    return n * (n - 1) * (2 * n + 5)


def _tau(score: int, n_pairs: int, ties: np.ndarray) -> float:
    untied = n_pairs - int((ties * (ties - 1) // 2).sum())
    return score / sqrt(n_pairs * untied) if untied else 0.0


def _normal_p(score: int, variance: float) -> float:
    return p_of((score - sign(score)) / sqrt(variance)) if variance and score else 1.0


def _exact_p(n: int, score: int) -> float:
    """Return the share of all orders of n values whose score is as far from zero."""
    counts = np.ones(1)
    for i in range(2, n + 1):
        counts = np.convolve(counts, np.ones(i))
    scores = 2 * np.arange(len(counts)) - n * (n - 1) // 2
    return float(counts[np.abs(scores) >= abs(score)].sum() / counts.sum())


def _limits(
    slopes: Floats, deviation: float, confidence: float
) -> tuple[float | None, float | None]:
    half = reach(confidence) * deviation
    n = len(slopes)
    lower = round((n - half) / 2)
    upper = round((n + half) / 2)
    return (
        float(slopes[lower - 1]) if lower >= 1 else None,
        float(slopes[upper]) if upper < n else None,
    )
