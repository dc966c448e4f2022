"""How much more counts vary than chance alone would make them: deployments come in bursts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from devops_analytics.estimates.intervals import Floats, reach

Block = tuple[Floats, Floats]
"""Counts and what they are counts among, both by stretch of time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispersion:
    """Variance over what chance alone makes (1 or more), and how many degrees tell it."""

    factor: float
    degrees: int

    def widening(self, confidence: float) -> float:
        """Return by what counts are divided so that an interval allows for it."""
        if self.factor <= 1:
            return 1.0
        return self.factor * (reach(confidence, self.degrees) / reach(confidence)) ** 2


NO_DISPERSION: Final = Dispersion(factor=1.0, degrees=0)


def dispersion_of_counts(periods: Sequence[Block]) -> Dispersion:
    """Return the dispersion of counts about each period's own rate.

    Pearson's chi-squared over its degrees of freedom (P. McCullagh and J. A. Nelder, Generalized
    Linear Models, 2nd ed. 1989, section 6.2.3).

    Args:
        periods: for each, counts and days of live feed, by stretch of time.
    """
    return _dispersion([_known(*block) for block in periods], binomial=False)


def dispersion_of_shares(periods: Sequence[Block]) -> Dispersion:
    """Return the dispersion of hits about each period's own share.

    Args:
        periods: for each, hits and trials, by stretch of time.
    """
    return _dispersion([_known(*block) for block in periods], binomial=True)


def _known(counts: Floats, among: Floats) -> Block:
    return counts[among > 0], among[among > 0]


def _dispersion(periods: Sequence[Block], *, binomial: bool) -> Dispersion:
    squared, degrees = 0.0, 0
    for counts, among in periods:
        level = float(counts.sum() / among.sum()) if len(counts) else 0.0
        variance = among * level * (1 - level if binomial else 1)
        if len(counts) > 1 and variance[0] > 0:
            squared += float((np.square(counts - among * level) / variance).sum())
            degrees += len(counts) - 1
    if degrees == 0:
        return NO_DISPERSION
    return Dispersion(factor=max(1.0, squared / degrees), degrees=degrees)
