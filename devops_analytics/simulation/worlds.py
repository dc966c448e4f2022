"""Organisations whose truth is known, drawn at random, and what an export would say of them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MEDIAN_HOURS: Final = 5.0
SIGMA: Final = 1.2
"""Durations are lognormal: half are under the median, one in twenty takes over seven times it."""


ANSWER_MEAN: Final = 5.0
ANSWER_SPREAD: Final = 1.5
"""Answers on a scale from 1 to 7 are a normal variable, rounded and cut at the ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """Durations as an export tells them: sorted hours, and whether each had ended."""

    hours: Floats
    ended: Bools


def durations(random: np.random.Generator, n: int) -> Floats:
    """Return lognormal durations with a median of `MEDIAN_HOURS`."""
    return MEDIAN_HOURS * np.exp(SIGMA * random.standard_normal(n))


def ended(random: np.random.Generator, n: int) -> Seen:
    """Return durations that have all ended."""
    hours = np.sort(durations(random, n))
    return Seen(hours=hours, ended=np.ones(n, dtype=bool))


def open_share(window: float) -> float:
    """Return which share is still open where events begin evenly over the last `window` hours.

    An event that began x hours ago is open if it lasts longer than x.
    """
    ago = (np.arange(20_000) + 0.5) / 20_000 * window
    return float(ndtr(-np.log(ago / MEDIAN_HOURS) / SIGMA).mean())


def window_for(share: float) -> float:
    """Return over how many hours events must begin so that a share of them is still open."""
    low, high = 0.01, 1e6
    for _ in range(100):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if open_share(middle) > share else (low, middle)
    return low


def partly_open(random: np.random.Generator, n: int, window: float) -> Seen:
    """Return durations of events begun evenly over a window, as they are known at its end."""
    began_ago = random.uniform(0, window, n)
    lasts = durations(random, n)
    hours = np.minimum(lasts, began_ago)
    order = np.argsort(hours)
    return Seen(hours=hours[order], ended=(lasts <= began_ago)[order])


def bursty_counts(random: np.random.Generator, mean: float, dispersion: float, n: int) -> Floats:
    """Return counts of a period whose variance is `dispersion` times their mean (1: Poisson)."""
    if dispersion == 1:
        return random.poisson(mean, n).astype(np.float64)
    shape = mean / (dispersion - 1)
    return random.poisson(random.gamma(shape, dispersion - 1, n)).astype(np.float64)


def answers(random: np.random.Generator, n: int) -> Floats:
    """Return the means of six answers from 1 to 7 of so many people, sorted."""
    drawn = np.clip(np.rint(random.normal(ANSWER_MEAN, ANSWER_SPREAD, (n, 6))), 1, 7)
    return np.sort(drawn.mean(axis=1))


def true_answer() -> float:
    """Return the mean answer of everybody who could be asked."""
    edges = (np.arange(1, 7) + 0.5 - ANSWER_MEAN) / ANSWER_SPREAD
    below = np.concatenate([[0.0], ndtr(edges), [1.0]])
    return float((np.diff(below) * np.arange(1, 8)).sum())


def drifting_rates(random: np.random.Generator, n: int, *, mean: float, spread: float) -> Floats:
    """Return fail rates that wander around a mean, in standard deviations of their log-odds."""
    log_odds = np.log(mean / (1 - mean)) + spread * random.standard_normal(n)
    return np.asarray(1 / (1 + np.exp(-log_odds)))
