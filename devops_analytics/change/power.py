"""How much it would take to see a change: rows in each of two periods of the same length."""

from math import ceil, log, sqrt
from typing import Final

from scipy.special import ndtr, ndtri

from devops_analytics.estimates.intervals import z_score

POWER: Final = 0.8
"""How often a real change is to be seen."""


def needed_for_shares(
    before: float, now: float, *, confidence: float, power: float = POWER
) -> int | None:
    """Return how many trials in each period it takes to tell two shares apart.

    J. L. Fleiss, Statistical Methods for Rates and Proportions, 2nd ed. 1981, section 3.2, without
    the correction for continuity. None where the shares are the same.
    """
    if before == now:
        return None
    middle = (before + now) / 2
    together = z_score(confidence) * sqrt(2 * middle * (1 - middle))
    apart = float(ndtri(power)) * sqrt(before * (1 - before) + now * (1 - now))
    return ceil(((together + apart) / (before - now)) ** 2)


def needed_for_rates(ratio: float, *, confidence: float, power: float = POWER) -> int | None:
    """Return how many events the earlier period must have to tell a rate of `ratio` times it.

    The variance of the logarithm of a ratio of counts x and `ratio` x is 1/x + 1/(`ratio` x).
    None where the ratio is 1.
    """
    if ratio == 1:
        return None
    reach = z_score(confidence) + float(ndtri(power))
    return ceil(reach**2 * (1 + 1 / ratio) / log(ratio) ** 2)


def needed_for_durations(
    ratio: float, spread: float, *, confidence: float, power: float = POWER
) -> int | None:
    """Return how many durations in each period it takes to tell one `ratio` times as long.

    G. E. Noether, Journal of the American Statistical Association 82 (1987) 645-647, for durations
    whose logarithms are normal with a standard deviation of `spread`. None where the ratio is 1.
    """
    if ratio == 1:
        return None
    superiority = float(ndtr(log(ratio) / (spread * sqrt(2)))) if spread else 1.0
    reach = z_score(confidence) + float(ndtri(power))
    return ceil(reach**2 / (6 * (superiority - 0.5) ** 2))
