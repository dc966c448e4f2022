"""Process charts: which points of a series say more than its usual ups and downs.

The limits are frozen: they come from a baseline and judge what follows. The rules are D. J.
Wheeler's three (Understanding Variation, 1993): a point outside the limits; eight in a row on one
side of the centre; three of four in a row in the outer third of one side.

Stable series show signals too. Of a hundred stable series, about so many show one in what follows
the baseline (independent normal points; simulated by the tests):

| baseline | points after it | series with a signal |
| --- | --- | --- |
| 12 | 6 | 12 |
| 26 | 13 | 17 |
| 39 | 13 | 14 |
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from devops_analytics.estimates.intervals import Floats

FEWEST_IN_BASELINE: Final = 12
"""A baseline of fewer points has no limits worth the name."""

RULES: Final = {
    "outside": "a point outside the limits",
    "run": "eight in a row on one side",
    "outer third": "three of four in the outer third of one side",
}
"""Why a point may be a signal, in words."""

_SIGMAS: Final = 3
_RANGES_PER_SIGMA: Final = 1.128
"""The mean of the difference of two normal values, in standard deviations (d2 for n = 2); hence
2.66 mean moving ranges from centre to limit."""
_RUN: Final = 8
_IN_OUTER_THIRD: Final = 3
_OF: Final = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessChart:
    """Limits and signals of a series, one for each point.

    `centre`, `low` and `high` are NaN where a baseline is too short for limits; `signals` holds the
    names of the rules of `RULES`, empty for none; `in_baseline` says what the limits come from.
    """

    centre: Floats
    low: Floats
    high: Floats
    signals: tuple[tuple[str, ...], ...]
    in_baseline: np.ndarray


def xmr(values: Floats, baselines: Sequence[range]) -> ProcessChart:
    """Return the XmR chart of single values: the centre and 2.66 mean moving ranges to each side.

    Args:
        values: in order of time; durations as logarithms, which alone are roughly symmetric.
        baselines: the places each set of limits comes from; it holds from the first of them up to
            the next baseline.
    """
    return _chart(values, baselines, lambda base: _single(values, base))


def u_chart(counts: Floats, days: Floats, baselines: Sequence[range]) -> ProcessChart:
    """Return the u′ chart of rates: counts in their days (above zero), with limits for bursts.

    Limits are Poisson's, times how much the standardised points of the baseline vary from one to
    the next (D. B. Laney, Improved control charts for attributes, Quality Engineering 14 (2002)
    531-537), yet never narrower than Poisson's. With equal days and many bursts that is the XmR
    chart of the counts.
    """
    return _chart(counts / days, baselines, lambda base: _pooled(counts, days, base))


def p_chart(hits: Floats, n: Floats, baselines: Sequence[range]) -> ProcessChart:
    """Return the p′ chart of shares: hits of n (1 or more), with limits for bursts as `u_chart`."""
    found = _chart(hits / n, baselines, lambda base: _pooled(hits, n, base, is_share=True))
    return replace(found, high=np.minimum(found.high, 1.0))


def _single(values: Floats, base: slice) -> tuple[float, Floats]:
    centre = float(values[base].mean())
    return centre, np.full(len(values), _deviation(values[base]))


def _pooled(
    counts: Floats, among: Floats, base: slice, *, is_share: bool = False
) -> tuple[float, Floats]:
    """Return the level of a baseline and each point's deviation by chance and by bursts."""
    centre = float(counts[base].sum() / among[base].sum())
    by_chance = np.sqrt(centre * (1 - centre if is_share else 1) / among)
    standardised = _standardised(counts / among - centre, by_chance)
    return centre, by_chance * max(1.0, _deviation(standardised[base]))


def _deviation(values: Floats) -> float:
    return float(np.abs(np.diff(values)).mean()) / _RANGES_PER_SIGMA


def _standardised(distance: Floats, deviation: Floats) -> Floats:
    """Return distances in deviations; without any deviation every distance is infinite."""
    far = np.where(distance == 0, 0.0, np.copysign(np.inf, distance))
    return np.divide(distance, deviation, out=far, where=deviation > 0)


def _chart(
    values: Floats,
    baselines: Sequence[range],
    limits_from: Callable[[slice], tuple[float, Floats]],
) -> ProcessChart:
    centre, low, high = (np.full(len(values), np.nan) for _ in range(3))
    signals: list[tuple[str, ...]] = [()] * len(values)
    in_baseline = np.zeros(len(values), dtype=np.bool_)
    ends = [*(base.start for base in baselines[1:]), len(values)]
    for base, end in zip(baselines, ends, strict=True):
        if len(base) < FEWEST_IN_BASELINE:
            continue
        part = slice(base.start, end)
        middle, deviation = limits_from(slice(base.start, base.stop))
        centre[part] = middle
        low[part] = middle - _SIGMAS * deviation[part]
        high[part] = middle + _SIGMAS * deviation[part]
        in_baseline[base.start : base.stop] = True
        signals[part] = signals_of(_standardised(values[part] - middle, deviation[part]))
    return ProcessChart(
        centre=centre, low=low, high=high, signals=tuple(signals), in_baseline=in_baseline
    )


def signals_of(standardised: Floats) -> list[tuple[str, ...]]:
    """Return for each point the rules that it completes.

    Args:
        standardised: distances from the centre in standard deviations, in order of time.
    """
    found = []
    for place, own in enumerate(standardised):
        side = np.sign(own)
        run = np.sign(standardised[max(0, place - _RUN + 1) : place + 1])
        outer = side * standardised[max(0, place - _OF + 1) : place + 1] > _SIGMAS * 2 / 3
        holds = {
            "outside": abs(own) > _SIGMAS,
            "run": side != 0 and len(run) == _RUN and bool((run == side).all()),
            "outer third": side != 0 and bool(outer[-1]) and int(outer.sum()) >= _IN_OUTER_THIRD,
        }
        found.append(tuple(name for name in RULES if holds[name]))
    return found
