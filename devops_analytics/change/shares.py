"""Two shares: Newcombe's interval of the difference, and an exact test."""

from math import sqrt

import numpy as np
from scipy.special import gammaln

from devops_analytics.change.effect import Effect, limits_of_difference, p_of, sign
from devops_analytics.estimates.dispersion import NO_DISPERSION, Dispersion
from devops_analytics.estimates.intervals import wilson


def compare_shares(
    hits: int,
    n: int,
    hits_before: int,
    n_before: int,
    *,
    confidence: float,
    dispersion: Dispersion = NO_DISPERSION,
) -> Effect:
    """Compare `hits` of `n` with an earlier `hits_before` of `n_before` (both n 1 or more).

    The interval of the difference is Newcombe's. The p is Fisher's exact one, its smaller tail
    doubled and half of the observed table counted in it (mid-p: S. Lydersen, M. W. Fagerland and
    P. Laake, Statistics in Medicine 28 (2009) 1159-1175). Where hits come in bursts, both allow
    for it.
    """
    share, before = hits / n, hits_before / n_before
    widening = dispersion.widening(confidence)
    low, high = limits_of_difference(
        (share, *wilson(hits / widening, n / widening, confidence)),
        (before, *wilson(hits_before / widening, n_before / widening, confidence)),
    )
    p = fisher_mid_p(hits, n, hits_before, n_before)
    if dispersion.factor > 1:
        p = max(p, _dispersed_p(share, n, before, n_before, dispersion))
    return Effect(
        scale="difference",
        value=share - before,
        low=low,
        high=high,
        p=p,
        direction=sign(share - before),
        method="Newcombe, Fisher mid-p" + (", bursts" if dispersion.factor > 1 else ""),
    )


def fisher_mid_p(hits: int, n: int, hits_before: int, n_before: int) -> float:
    """Return the two-sided mid-p that two shares are the same."""
    total = hits + hits_before
    possible = np.arange(max(0, total - n_before), min(total, n) + 1)
    logs = (
        _log_choices(n, possible)
        + _log_choices(n_before, total - possible)
        - _log_choices(n + n_before, np.array([total]))
    )
    chances = np.exp(logs)
    own = float(chances[possible == hits].sum())
    lower = float(chances[possible < hits].sum()) + own / 2
    upper = float(chances[possible > hits].sum()) + own / 2
    return min(1.0, 2 * min(lower, upper))


def _log_choices(n: int, k: np.ndarray) -> np.ndarray:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def _dispersed_p(
    share: float, n: int, before: float, n_before: int, dispersion: Dispersion
) -> float:
    """Return the p of the `N - 1` chi-squared test, its variance multiplied by the dispersion."""
    both = n + n_before
    pooled = (share * n + before * n_before) / both
    variance = pooled * (1 - pooled) * (1 / n + 1 / n_before) * both / (both - 1)
    if variance == 0:
        return 1.0
    return p_of((share - before) / sqrt(variance * dispersion.factor), dispersion.degrees)
