"""Observations by week, to see how much more they vary than chance would make them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devops_analytics.estimates.dispersion import Block, Dispersion, dispersion_of_counts
from devops_analytics.estimates.intervals import Floats
from devops_analytics.estimates.live import clip
from devops_analytics.estimates.samples import microseconds
from devops_analytics.periods import DAY, Period, Span

_DAYS_OF_BLOCK: Final = 7
"""Bursts are looked for between weeks, as weekends are no bursts."""

_QUARTER: Final = timedelta(weeks=13)
_QUARTERS: Final = 4
"""How far back bursts are looked for: each quarter has a level of its own, so that a rate that
grows over the year is no burst."""


def year_before(period: Period) -> list[Period]:
    """Return the quarters of the year up to a period's end, the last one first."""
    ends = [period.end - nth * _QUARTER for nth in range(_QUARTERS)]
    return [Period(label=period.label, start=end - _QUARTER, end=end) for end in ends]


def bursts(quarters: Sequence[tuple[Period, NDArray[np.int64]]], spans: list[Span]) -> Dispersion:
    """Return how much more the weeks of quarters vary than chance would make them.

    Args:
        quarters: each with the times of its observations, in microseconds since 1970.
        spans: when the entity can be spoken for.
    """
    return dispersion_of_counts([counts_by_week(at, spans, quarter) for quarter, at in quarters])


def counts_by_week(at: NDArray[np.int64], spans: list[Span], period: Period) -> Block:
    """Return counts of the weeks of a period, and the days that the entity can be spoken for."""
    week, edges = weeks(at, period)
    days = np.zeros(len(edges) - 1)
    for first, last in clip(spans, period):
        inside = np.clip(edges, microseconds(first), microseconds(last))
        days += np.diff(inside) / (DAY.total_seconds() * 1e6)
    return counted(week, len(days)), days


def weeks(at: NDArray[np.int64], period: Period) -> tuple[NDArray[np.int64], Floats]:
    """Return in which stretch of a period each time is, and the ends of the stretches.

    They are of the same length, fill the period, and are at least seven days long.
    """
    start, end = microseconds(period.start), microseconds(period.end)
    n = max(1, int(period.days // _DAYS_OF_BLOCK))
    edges = np.linspace(start, end, n + 1)
    place = np.searchsorted(edges, at, side="right") - 1
    return np.clip(place, 0, n - 1), edges


def counted(week: NDArray[np.int64], n: int = 0) -> Floats:
    """Return how many times fall into each week."""
    return np.asarray(np.bincount(week, minlength=n), dtype=np.float64)
