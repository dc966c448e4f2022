"""What open incidents do to the median, by each way of treating them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from devops_analytics.simulation import worlds
from devops_analytics.simulation.coverage import OPEN, estimate_of
from devops_analytics.simulation.worlds import Seen

SIZES: Final = (20, 100, 1000)


@dataclass(frozen=True, kw_only=True, slots=True)
class Censoring:
    """How far a way of treating open incidents is off: the mean of its medians beside the truth."""

    treatment: str
    n: int
    drawn: int
    bias: float


def _kept(seen: Seen) -> float | None:
    return estimate_of(seen).value


def _dropped(seen: Seen) -> float | None:
    return float(np.median(seen.hours[seen.ended])) if seen.ended.any() else None


def _closed(seen: Seen) -> float | None:
    return float(np.median(seen.hours))


TREATMENTS: Final[dict[str, Callable[[Seen], float | None]]] = {
    "kept as open (Kaplan-Meier)": _kept,
    "left out": _dropped,
    "counted as if they ended now": _closed,
}


def censorings(seed: int, drawn: int) -> Iterator[Censoring]:
    """Yield the bias of each treatment where `OPEN` of the incidents are open, at each size."""
    window = worlds.window_for(OPEN)
    for n in SIZES:
        random = np.random.default_rng([seed, n, 7])
        samples = [worlds.partly_open(random, n, window) for _ in range(drawn)]
        for treatment, median in TREATMENTS.items():
            values = [value for seen in samples if (value := median(seen)) is not None]
            bias = float(np.mean(values)) / worlds.MEDIAN_HOURS - 1
            yield Censoring(treatment=treatment, n=n, drawn=len(values), bias=bias)
