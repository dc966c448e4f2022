"""How often nothing that changed is called a change, and how often a real change is seen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from devops_analytics.change.multiple import benjamini_hochberg
from devops_analytics.change.power import (
    POWER,
    needed_for_durations,
    needed_for_rates,
    needed_for_shares,
)
from devops_analytics.change.ranks import Sample, compare_ranked
from devops_analytics.change.rates import compare_rates
from devops_analytics.change.shares import compare_shares
from devops_analytics.estimates.dispersion import dispersion_of_counts
from devops_analytics.simulation import worlds
from devops_analytics.simulation.coverage import CONFIDENCE, DAYS, FAIL_RATE, WEEKS
from devops_analytics.simulation.worlds import Floats

SERVICES: Final = 10
"""Services of a page; each has a rate, a share and a duration."""
_A_WEEK: Final = 5.0
"""Deployments of a service, on average."""
_RESTORES: Final = 30

RATE_RATIO: Final = 1.5
SHARE_NOW: Final = 0.25
DURATION_RATIO: Final = 1.5
"""The changes whose power is measured: 1.5 times as often, 15 to 25 %, 1.5 times as long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FalseAlarms:
    """What pages of stable services said: the share of verdicts that named a change, of `pages`.

    `of_pages` is the share of pages with at least one.
    """

    world: str
    pages: int
    verdicts: int
    false_share: float
    of_pages: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Power:
    """How often a change was seen with as many events in each period as it is said to take."""

    change: str
    n: int
    drawn: int
    promised: float
    seen: float


def false_alarms(seed: int, pages: int) -> Iterator[FalseAlarms]:
    """Yield the false alarms where nothing changes, without bursts and with them."""
    for dispersion in (1.0, 3.0):
        random = np.random.default_rng([seed, int(dispersion), 8])
        found = [_page(random, dispersion) for _ in range(pages)]
        named = np.array([(benjamini_hochberg(p) <= 1 - CONFIDENCE).sum() for p in found])
        n_verdicts = sum(map(len, found))
        world = "independent events" if dispersion == 1 else f"in bursts ({dispersion:g}-fold)"
        yield FalseAlarms(
            world=world,
            pages=pages,
            verdicts=n_verdicts,
            false_share=float(named.sum()) / n_verdicts,
            of_pages=float((named > 0).mean()),
        )


def _page(random: np.random.Generator, dispersion: float) -> Floats:
    """Return the p of every comparison on a page where nothing changed."""
    p = []
    for _ in range(SERVICES):
        now, before = (worlds.bursty_counts(random, _A_WEEK, dispersion, WEEKS) for _ in range(2))
        p.append(_rate_p(now, before))
        p.append(_share_p(random, int(now.sum()), int(before.sum()), FAIL_RATE, FAIL_RATE))
        lasts = (worlds.durations(random, _RESTORES) for _ in range(2))
        p.append(_duration_p(*lasts))
    return np.array(p)


def _rate_p(now: Floats, before: Floats) -> float:
    week = np.full(WEEKS, 7.0)
    return compare_rates(
        int(now.sum()),
        DAYS,
        int(before.sum()),
        DAYS,
        confidence=CONFIDENCE,
        dispersion=dispersion_of_counts([(now, week), (before, week)]),
    ).p


def _share_p(
    random: np.random.Generator, n: int, n_before: int, rate: float, rate_before: float
) -> float:
    hits, hits_before = random.binomial(n, rate), random.binomial(n_before, rate_before)
    return compare_shares(hits, n, hits_before, n_before, confidence=CONFIDENCE).p


def _duration_p(now: Floats, before: Floats) -> float:
    samples = (Sample(values=np.sort(one), groups=np.arange(len(one))) for one in (now, before))
    return compare_ranked(*samples, scale="ratio", confidence=CONFIDENCE).p


def powers(seed: int, drawn: int) -> Iterator[Power]:
    """Yield how often each kind of change is seen with the events that it is said to need."""
    random = np.random.default_rng([seed, 9])
    n_events = needed_for_rates(RATE_RATIO, confidence=CONFIDENCE) or 0
    yield _seen(
        f"{RATE_RATIO:g} times as often",
        n_events,
        drawn,
        lambda: _rate_p(
            worlds.bursty_counts(random, n_events * RATE_RATIO / WEEKS, 1, WEEKS),
            worlds.bursty_counts(random, n_events / WEEKS, 1, WEEKS),
        ),
    )
    n_trials = needed_for_shares(FAIL_RATE, SHARE_NOW, confidence=CONFIDENCE) or 0
    yield _seen(
        f"{FAIL_RATE:.0%} to {SHARE_NOW:.0%} failed",
        n_trials,
        drawn,
        lambda: _share_p(random, n_trials, n_trials, SHARE_NOW, FAIL_RATE),
    )
    n_lasts = needed_for_durations(DURATION_RATIO, worlds.SIGMA, confidence=CONFIDENCE) or 0
    yield _seen(
        f"{DURATION_RATIO:g} times as long",
        n_lasts,
        drawn,
        lambda: _duration_p(
            DURATION_RATIO * worlds.durations(random, n_lasts), worlds.durations(random, n_lasts)
        ),
    )


def _seen(change: str, n: int, drawn: int, p_of_one: Callable[[], float]) -> Power:
    seen = sum(p_of_one() <= 1 - CONFIDENCE for _ in range(drawn)) / drawn
    return Power(change=change, n=n, drawn=drawn, promised=POWER, seen=seen)
