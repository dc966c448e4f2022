"""Two rates: the ratio with its exact interval, given how many events there were in all."""

from math import log, sqrt

from scipy.special import betainc, betaincc, betaincinv, ndtri

from devops_analytics.change.effect import Effect, p_of, sign
from devops_analytics.estimates.dispersion import NO_DISPERSION, Dispersion


def compare_rates(
    count: int,
    days: float,
    count_before: int,
    days_before: float,
    *,
    confidence: float,
    dispersion: Dispersion = NO_DISPERSION,
) -> Effect:
    """Compare `count` events in `days` with an earlier `count_before` in `days_before`.

    Given the sum of the two counts, the present one is binomial, so test and interval of the ratio
    are exact (J. Przyborowski and H. Wilenski, Biometrika 31 (1940) 313-323). Where events come in
    bursts, both allow for it. Both days are above zero; without an earlier event the ratio has no
    value but a lower limit.
    """
    widening = dispersion.widening(confidence)
    scale = days_before / days
    low, high = _limits(count / widening, count_before / widening, confidence)
    p = exact_p(count, days, count_before, days_before)
    if dispersion.factor > 1:
        p = max(p, _dispersed_p(count, days, count_before, days_before, dispersion))
    return Effect(
        scale="ratio",
        value=count / count_before * scale if count_before else None,
        low=low * scale,
        high=high * scale if high is not None else None,
        p=p,
        direction=sign(count / days - count_before / days_before),
        method="conditional Poisson" + (", bursts" if dispersion.factor > 1 else ""),
    )


def exact_p(count: float, days: float, count_before: float, days_before: float) -> float:
    """Return the two-sided p that two rates are the same: the smaller tail doubled."""
    share = days / (days + days_before)
    at_least = float(betainc(count, count_before + 1, share)) if count else 1.0
    at_most = float(betaincc(count + 1, count_before, share)) if count_before else 1.0
    return min(1.0, 2 * min(at_least, at_most))


def _limits(count: float, count_before: float, confidence: float) -> tuple[float, float | None]:
    """Return the limits of the ratio of two counts, by Clopper and Pearson's for their share."""
    tail = (1 - confidence) / 2
    low = float(betaincinv(count, count_before + 1, tail)) if count else 0.0
    if not count_before:
        return low / (1 - low), None
    high = float(betaincinv(count + 1, count_before, 1 - tail))
    return low / (1 - low), high / (1 - high)


def _dispersed_p(
    count: int, days: float, count_before: int, days_before: float, dispersion: Dispersion
) -> float:
    """Return the p with the variance multiplied by the dispersion, which is itself an estimate."""
    if count and count_before:
        ratio = log(count / days) - log(count_before / days_before)
        variance = dispersion.factor * (1 / count + 1 / count_before)
        return p_of(ratio / sqrt(variance), dispersion.degrees)
    fewer = exact_p(count / dispersion.factor, days, count_before / dispersion.factor, days_before)
    return p_of(float(ndtri(fewer / 2)), dispersion.degrees)
