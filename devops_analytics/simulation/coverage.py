"""How often intervals hold the truth, and how far off estimates are on average."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import bdtr

from devops_analytics.config import Definitions
from devops_analytics.estimates.dispersion import (
    NO_DISPERSION,
    Dispersion,
    dispersion_of_counts,
)
from devops_analytics.estimates.intervals import order_statistic_ranks
from devops_analytics.estimates.kinds import Estimate, estimated
from devops_analytics.metrics import Metric, metric
from devops_analytics.simulation import worlds
from devops_analytics.simulation.worlds import Floats, Seen

SIZES: Final = (6, 20, 100)
CONFIDENCE: Final = Definitions().confidence
RATE: Final = metric("deployment_frequency")
SHARE: Final = metric("change_fail_rate")
DURATION: Final = metric("time_to_restore")
SCORE: Final = metric("westrum")
RATIO: Final = metric("failed_run_time_share")
FAIL_RATE: Final = 0.15
_FAILING_LASTS: Final = 0.6
WEEKS: Final = 13
DAYS: Final = 7 * WEEKS
OPEN: Final = 0.3
"""Share of incidents that are still open, where some are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """How often an interval held the truth: of `drawn` samples of about `n`, `given` had one.

    `expected` is what the method's own arithmetic says; null where it has none. `bias` is how far
    the mean of the values is off, as a share of the truth, `middle_bias` how far their median is:
    a median of few skewed durations is as often too low as too high, but its errors upwards are
    the larger ones.
    """

    world: str
    method: str
    n: int
    drawn: int
    given: int
    covered: float
    expected: float | None
    bias: float
    middle_bias: float


def coverages(seed: int, drawn: int) -> Iterator[Coverage]:
    """Yield the coverage of every kind of interval, at each of `SIZES`."""
    for n in SIZES:
        yield _durations(np.random.default_rng([seed, n, 1]), n, drawn)
        yield _durations(np.random.default_rng([seed, n, 2]), n, drawn, open_share=OPEN)
        yield _shares(np.random.default_rng([seed, n, 3]), n, drawn)
        yield _shares(np.random.default_rng([seed, n, 4]), n, drawn, spread=0.7)
        yield _rates(np.random.default_rng([seed, n, 5]), n, drawn, dispersion=1)
        yield _rates(np.random.default_rng([seed, n, 6]), n, drawn, dispersion=3)
        yield _scores(np.random.default_rng([seed, n, 10]), n, drawn)
        yield _ratios(np.random.default_rng([seed, n, 11]), n, drawn)


def estimate_of(
    seen: Seen, declared: Metric = DURATION, dispersion: Dispersion = NO_DISPERSION
) -> Estimate:
    """Return what the suite makes of what is seen in `DAYS` days."""
    return estimated(
        declared,
        seen.hours,
        seen.ended,
        live_days=DAYS,
        service_weeks=WEEKS,
        definitions=Definitions(),
        dispersion=dispersion,
    )


def _durations(
    random: np.random.Generator, n: int, drawn: int, *, open_share: float = 0
) -> Coverage:
    window = worlds.window_for(open_share) if open_share else 0

    def sample() -> tuple[Estimate, float]:
        seen = worlds.partly_open(random, n, window) if open_share else worlds.ended(random, n)
        return estimate_of(seen), worlds.MEDIAN_HOURS

    world = f"durations, {open_share:.0%} open" if open_share else "durations, all ended"
    return _summed(world, n, drawn, sample, None if open_share else _exact_median(n))


def _exact_median(n: int) -> float:
    """Return how often the ranks of the median's interval hold it, whatever the distribution."""
    lower, upper = order_statistic_ranks(n, 0.5, CONFIDENCE)
    below = 0.0 if lower is None else float(bdtr(lower - 1, n, 0.5))
    above = 0.0 if upper is None else 1 - float(bdtr(upper - 1, n, 0.5))
    return 1 - below - above


def _shares(random: np.random.Generator, n: int, drawn: int, *, spread: float = 0) -> Coverage:
    rates = worlds.drifting_rates(random, drawn, mean=FAIL_RATE, spread=spread)
    following = iter(rates)

    def sample() -> tuple[Estimate, float]:
        truth = float(next(following))
        hits = random.binomial(n, truth)
        values = np.sort((np.arange(n) < hits).astype(np.float64))
        return estimate_of(_all(values), SHARE), truth

    world = "shares, each another true rate" if spread else f"shares, true rate {FAIL_RATE:.0%}"
    return _summed(world, n, drawn, sample, None if spread else _exact_wilson(n, FAIL_RATE))


def _exact_wilson(n: int, truth: float) -> float:
    held = 0.0
    for hits in range(n + 1):
        values = np.sort((np.arange(n) < hits).astype(np.float64))
        found = estimate_of(_all(values), SHARE)
        if _holds(found, truth):
            held += float(bdtr(hits, n, truth)) - (float(bdtr(hits - 1, n, truth)) if hits else 0)
    return held


def _rates(random: np.random.Generator, n: int, drawn: int, *, dispersion: float) -> Coverage:
    """Count about n deployments in the last of four quarters; bursts show in the weeks of all."""

    def sample() -> tuple[Estimate, float]:
        by_week = worlds.bursty_counts(random, n / WEEKS, dispersion, 4 * WEEKS)
        quarters = [(part, np.full(WEEKS, 7.0)) for part in np.split(by_week, 4)]
        return _rate_of(int(by_week[-WEEKS:].sum()), dispersion_of_counts(quarters)), n / DAYS

    world = "rates, independent" if dispersion == 1 else f"rates, in bursts ({dispersion:g}-fold)"
    return _summed(world, n, drawn, sample, None)


def _scores(random: np.random.Generator, n: int, drawn: int) -> Coverage:
    truth = worlds.true_answer()

    def sample() -> tuple[Estimate, float]:
        return estimate_of(_all(worlds.answers(random, n)), SCORE), truth

    return _summed("means of people's answers", n, drawn, sample, None)


def _ratios(random: np.random.Generator, n: int, drawn: int) -> Coverage:
    """Take the share of the run time that failing runs took; these end earlier than others."""
    failing = FAIL_RATE * _FAILING_LASTS
    truth = failing / (failing + 1 - FAIL_RATE)

    def sample() -> tuple[Estimate, float]:
        failed = random.random(n) < FAIL_RATE
        lasts = worlds.durations(random, n) * np.where(failed, _FAILING_LASTS, 1)
        order = np.argsort(lasts)
        return estimate_of(Seen(hours=lasts[order], ended=failed[order]), RATIO), truth

    return _summed("shares of time", n, drawn, sample, None)


def _rate_of(count: int, dispersion: Dispersion = NO_DISPERSION) -> Estimate:
    return estimate_of(_all(np.ones(count)), RATE, dispersion)


def _all(values: Floats) -> Seen:
    return Seen(hours=values, ended=np.ones(len(values), dtype=bool))


def _holds(found: Estimate, truth: float) -> bool:
    """Say whether an interval holds the truth; an end that is not there is open."""
    low = -np.inf if found.low is None else found.low
    high = np.inf if found.high is None else found.high
    return bool(low - 1e-12 <= truth <= high + 1e-12)


def _summed(
    world: str,
    n: int,
    drawn: int,
    sample: Callable[[], tuple[Estimate, float]],
    expected: float | None,
) -> Coverage:
    n_given, n_held, errors, method = 0, 0, [], ""
    for _ in range(drawn):
        found, truth = sample()
        if found.low is None and found.high is None:
            continue
        n_given += 1
        n_held += _holds(found, truth)
        method = found.method or method
        # A period without an event has no headline, but its rate counts as none here.
        errors.append((0 if found.value is None else found.value) / truth - 1)
    return Coverage(
        world=world,
        method=method,
        n=n,
        drawn=drawn,
        given=n_given,
        covered=n_held / n_given,
        expected=expected,
        bias=float(np.mean(errors)),
        middle_bias=float(np.median(errors)),
    )
