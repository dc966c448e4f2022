"""Kaplan-Meier: quantiles of durations of which some are still running."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devops_analytics.estimates.intervals import Floats, z_score

TOLERANCE: Final = 1e-9
"""A survival of exactly one half must count as reached, whichever way rounding went."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SurvivalQuantile:
    """A quantile and its limits in the unit of the times; null: not reached."""

    value: float | None
    low: float | None
    high: float | None


def survival_quantile(
    times: Floats, observed: NDArray[np.bool_], q: float, confidence: float
) -> SurvivalQuantile:
    """Return the time by which a share `q` has ended, with log-log limits (Greenwood's variance).

    The value is the first event time at which the survival is at most `1 - q`; the limits are
    where the survival's own limits get there. At equal times events come before censorings.
    """
    events, deaths = np.unique(times[observed], return_counts=True)
    at_risk = len(times) - np.searchsorted(np.sort(times), events, side="left")
    survival: Floats = np.cumprod(1 - deaths / at_risk, dtype=np.float64)
    lower, upper = _log_log_limits(survival, deaths, at_risk, z_score(confidence))
    reached = 1 - q + TOLERANCE
    return SurvivalQuantile(
        value=_first(events, survival <= reached),
        low=_first(events, lower <= reached),
        high=_first(events, upper <= reached),
    )


def _log_log_limits(
    survival: Floats, deaths: NDArray[np.intp], at_risk: NDArray[np.intp], z: float
) -> tuple[Floats, Floats]:
    """Return the survival's limits; where nobody survives, 0 and 1, as the variance is unknown."""
    lower, upper = np.zeros_like(survival), np.ones_like(survival)
    some = (at_risk > deaths).cumprod().astype(bool)
    left = survival[some]
    variance = np.cumsum(deaths[some] / (at_risk[some] * (at_risk[some] - deaths[some])))
    reach = np.exp(z * np.sqrt(variance) / np.abs(np.log(left)))
    lower[some] = left**reach
    upper[some] = left ** (1 / reach)
    return lower, upper


def _first(times: Floats, holds: NDArray[np.bool_]) -> float | None:
    return float(times[holds.argmax()]) if holds.any() else None
